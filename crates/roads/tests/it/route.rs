//! Named cases of travel: one-ways, turns, barriers, dead ends, ferries, islands, spots on links.

use crate::route_support::{FOOT, POLICY, Town, at, given, metric, states};
use konbit_roads::network::{LengthBasis, Link, Mode, RoadClass};
use konbit_roads::route::{Part, Router, Spot};
use konbit_roads::state::{Condition, RoadState, RoadStates};
use std::sync::Arc;

fn free() -> RoadStates {
    RoadStates::default()
}

/// Time by every kind of query, which must agree.
fn check(town: &Town, mode: Mode, source: Spot, target: Spot, expect: Option<u32>) {
    check_under(town, mode, &free(), source, target, expect);
}

fn check_under(town: &Town, mode: Mode, states: &RoadStates, source: Spot, target: Spot, expect: Option<u32>) {
    let router = town.router();
    let metric = metric(&router, mode, states);
    assert_eq!(router.search().time_ms(&metric, source, target), expect, "one to one");
    assert_eq!(router.times_from(&metric, source, &[target]), [expect], "one to many");
    assert_eq!(router.search().route(&metric, source, target).map(|route| route.ms), expect, "route");
}

use Mode::{Foot, Motor};
use Spot::{Node, OnLink};

#[test]
fn a_one_way_is_driven_one_way_and_walked_both() {
    // 0 -> 1 one way 10 s; back over 2: 30 s + 30 s.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (50.0, 80.0)]);
    town.one_way(0, 1, 10_000);
    town.road(1, 2, 30_000);
    town.road(2, 0, 30_000);
    check(&town, Motor, Node(0), Node(1), Some(10_000));
    check(&town, Motor, Node(1), Node(0), Some(60_000));
    check(&town, Foot, Node(1), Node(0), Some(10_000));
}

#[test]
fn a_forbidden_turn_is_driven_around_and_holds_for_vehicles_only() {
    // From 0 over 1 to 2 directly is forbidden; on to the dead end 3 and back it is not.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (200.0, 0.0)]);
    let west = town.road(0, 1, 10_000);
    let north = town.road(1, 2, 10_000);
    town.road(1, 3, 4_000);
    town.forbid(west, 1, north);
    check(&town, Motor, Node(0), Node(2), Some(28_000)); // 10 + 4 + 4 + 10
    check(&town, Motor, Node(2), Node(0), Some(20_000));
    check(&town, Motor, Node(1), Node(2), Some(10_000)); // a start at the junction made no turn
    check(&town, Foot, Node(0), Node(2), Some(20_000));
    // From the middle of the western road the turn is as forbidden: 5 + 4 + 4 + 10.
    check(&town, Motor, OnLink { link: west, parts: 500_000 }, Node(2), Some(23_000));
    // And onto the middle of the northern road: 10 + 4 + 4 + 5.
    check(&town, Motor, Node(0), OnLink { link: north, parts: 500_000 }, Some(23_000));
}

#[test]
fn where_one_may_not_turn_round_one_drives_on_to_the_dead_end() {
    // From 3 over 0 to 4 directly is forbidden, so one drives on to 1 and comes back to 0:
    // 5 + 10 + 10 + 6; where turning round at 1 is forbidden as well, over the dead end 2:
    // 5 + 10 + 4 + 4 + 10 + 6.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (0.0, 100.0), (0.0, -100.0)]);
    let east = town.road(0, 1, 10_000);
    town.road(1, 2, 4_000);
    let north = town.road(3, 0, 5_000);
    let south = town.road(0, 4, 6_000);
    town.forbid(north, 0, south);
    check(&town, Motor, Node(3), Node(4), Some(31_000));
    town.forbid(east, 1, east);
    check(&town, Motor, Node(3), Node(4), Some(39_000));
    check(&town, Foot, Node(3), Node(4), Some(11_000));
}

#[test]
fn a_dead_end_is_entered_and_left() {
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)]);
    town.road(0, 1, 7_000);
    let end = town.road(1, 2, 5_000);
    check(&town, Motor, Node(0), Node(2), Some(12_000));
    check(&town, Motor, Node(2), Node(0), Some(12_000));
    check(&town, Motor, OnLink { link: end, parts: 800_000 }, Node(0), Some(11_000));
}

#[test]
fn a_ferry_takes_its_stated_time_and_is_named_on_the_way() {
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (5_100.0, 0.0), (5_200.0, 0.0)]);
    town.road(0, 1, 10_000);
    let ferry = town.road(1, 2, 1_800_000);
    town.road(2, 3, 10_000);
    town.network.links[ferry as usize].class = RoadClass::Ferry;
    town.network.links[ferry as usize].basis = LengthBasis::Derived;
    check(&town, Motor, Node(0), Node(3), Some(1_820_000));
    let router = town.router();
    let route = router.search().route(&metric(&router, Motor, &free()), Node(0), Node(3)).unwrap();
    let classes: Vec<RoadClass> = route.steps.iter().map(|step| step.class).collect();
    assert_eq!(classes, [RoadClass::Residential, RoadClass::Ferry, RoadClass::Residential]);
    assert_eq!((route.lengths.measured_dm, route.lengths.derived_dm), (2_000, 50_000));
    assert_eq!(route.course.len(), 4);
}

#[test]
fn an_island_is_not_reached() {
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (9_000.0, 0.0), (9_100.0, 0.0), (50.0, 50.0)]);
    town.road(0, 1, 10_000);
    let island = town.road(2, 3, 10_000);
    check(&town, Motor, Node(0), Node(2), None);
    check(&town, Motor, Node(3), OnLink { link: island, parts: 1 }, Some(10_000));
    check(&town, Motor, Node(0), OnLink { link: island, parts: 500_000 }, None);
    check(&town, Motor, Node(0), Node(4), None); // a node without any road
    check(&town, Motor, Node(4), Node(4), Some(0));
}

#[test]
fn a_barrier_is_arrived_at_but_not_passed() {
    // A bollard at 1 lets people on foot through; the way round for vehicles is 3.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (100.0, 300.0)]);
    town.road(0, 1, 10_000);
    let beyond = town.road(1, 2, 10_000);
    town.road(0, 3, 40_000);
    town.road(3, 2, 40_000);
    town.network.nodes[1].passable = FOOT;
    check(&town, Motor, Node(0), Node(2), Some(80_000));
    check(&town, Foot, Node(0), Node(2), Some(20_000));
    check(&town, Motor, Node(0), Node(1), Some(10_000));
    check(&town, Motor, Node(2), Node(1), Some(10_000));
    check(&town, Motor, Node(1), Node(2), Some(10_000)); // who starts at it may go either way
    // 10 s to the bollard are no help for the road beyond it: 80 s, and half of it back.
    check(&town, Motor, Node(0), OnLink { link: beyond, parts: 500_000 }, Some(85_000));
}

#[test]
fn spots_on_one_link_are_joined_along_it_or_around() {
    // A ring of three roads, each 10 s; link 0 is one way.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (50.0, 80.0)]);
    town.one_way(0, 1, 10_000);
    town.road(1, 2, 10_000);
    town.road(2, 0, 10_000);
    let on = |link, parts| OnLink { link, parts };
    check(&town, Motor, on(0, 200_000), on(0, 700_000), Some(5_000));
    // The wrong way round: 3 s to the end, 20 s around, 2 s from the start.
    check(&town, Motor, on(0, 700_000), on(0, 200_000), Some(25_000));
    check(&town, Foot, on(0, 700_000), on(0, 200_000), Some(5_000));
    check(&town, Motor, on(0, 700_000), on(0, 700_000), Some(0));
    check(&town, Motor, on(1, 100_000), on(1, 900_000), Some(8_000));
    // Where the link itself is slow, around is quicker: 1 + 10 + 10 + 1 instead of 80.
    let mut slow = Town::new(&[(0.0, 0.0), (100.0, 0.0), (50.0, 80.0)]);
    slow.road(0, 1, 10_000);
    slow.road(1, 2, 100_000);
    slow.road(2, 0, 10_000);
    check(&slow, Motor, on(1, 100_000), on(1, 900_000), Some(40_000));
}

#[test]
fn of_parallel_roads_the_quicker_one_is_taken_until_it_is_closed() {
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0)]);
    let slow = town.road(0, 1, 30_000);
    let quick = town.road(0, 1, 10_000);
    town.road(0, 0, 5_000); // a loop helps nobody
    check(&town, Motor, Node(0), Node(1), Some(10_000));
    let closed = |links: &[u32]| states(RoadState::Closed, links);
    check_under(&town, Motor, &closed(&[quick]), Node(0), Node(1), Some(30_000));
    check_under(&town, Motor, &closed(&[quick, slow]), Node(0), Node(1), None);
    check_under(&town, Motor, &closed(&[quick]), OnLink { link: quick, parts: 500_000 }, Node(1), None);
}

#[test]
fn the_worst_state_of_a_link_counts_and_a_route_says_what_it_passes() {
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)]);
    town.road(0, 1, 10_000);
    town.road(1, 2, 10_000);
    let condition = |link: u32, state| Condition { links: vec![(link, None)], state };
    let slowed = |speed_per_mille| RoadState::Slowed { speed_per_mille };
    let all = RoadStates::new(&[
        condition(0, slowed(500)),
        condition(0, RoadState::Dangerous),
        condition(0, slowed(800)),
        condition(0, slowed(500)),
    ]);
    // Half speed, not four tenths: 20 s + 10 s.
    check_under(&town, Motor, &all, Node(0), Node(2), Some(30_000));
    let router = town.router();
    let route = router.search().route(&metric(&router, Motor, &all), Node(0), Node(2)).unwrap();
    assert_eq!(route.states(), [RoadState::Dangerous, slowed(500), slowed(800)]);
    assert_eq!(route.steps.len(), 2);
    let held = RoadStates::new(&[condition(0, RoadState::Held), condition(0, slowed(1000))]);
    check_under(&town, Motor, &held, Node(0), Node(2), None);
}

#[test]
fn the_nearest_road_is_found_and_an_island_passed_over_for_the_mainland() {
    // A long road along the south; a short one on its own 60 m north of it; a footpath at 200 m.
    let mut town = Town::new(&[
        (0.0, 0.0),
        (1_000.0, 0.0),
        (2_000.0, 0.0),
        (400.0, 60.0),
        (600.0, 60.0),
        (400.0, 200.0),
        (600.0, 200.0),
    ]);
    let south = town.road(0, 1, 10_000);
    let east = town.road(1, 2, 10_000);
    let alone = town.road(3, 4, 10_000);
    let path = town.road(5, 6, 10_000);
    town.network.links[path as usize].forward = FOOT;
    town.network.links[path as usize].backward = FOOT;
    let router = town.router();
    let marks = [Motor, Foot].map(|mode| router.snap_marks(&metric(&router, mode, &free())));
    let nearest = |east, north, mode, max_m| router.snap(at(east, north), &marks[usize::from(mode == Foot)], max_m);
    let snap = |east, north, mode, max_m| nearest(east, north, mode, max_m).map(|it| (it.link, it.part));
    assert_eq!(snap(500.0, 20.0, Motor, 500.0), Some((south, Part::Largest)));
    // 15 m from the lone road, 45 m from the southern one: 45 <= 2 * 15 + 50.
    let passed_over = nearest(500.0, 45.0, Motor, 500.0).unwrap();
    let Part::LargestInstead { nearer_link, nearer_m } = passed_over.part else { panic!("{passed_over:?}") };
    assert_eq!((passed_over.link, nearer_link), (south, alone));
    assert!((nearer_m - 15.0).abs() < 0.2 && (passed_over.distance_m - 45.0).abs() < 0.2, "{passed_over:?}");
    // 60 m north of the lone road the southern one is 120 m away, which is still near enough (170 m); from
    // 1 m beside it too; but not if it is farther than `max_m`.
    assert_eq!(snap(500.0, 61.0, Motor, 50.0), Some((alone, Part::Outside)));
    assert_eq!(snap(500.0, 199.0, Motor, 150.0).unwrap().0, alone);
    assert_eq!(snap(500.0, 199.0, Foot, 150.0).unwrap().0, path);
    assert_eq!(snap(500.0, 900.0, Motor, 150.0), None);
    // Where two roads are equally near, the one with the lower index; at their common end, the node.
    let end = nearest(1_000.0, 10.0, Motor, 500.0).unwrap();
    assert_eq!((end.spot, end.link), (Node(1), south));
    let middle = nearest(1_250.0, 10.0, Motor, 500.0).unwrap();
    let OnLink { link, parts } = middle.spot else { panic!("{middle:?}") };
    assert!(link == east && parts.abs_diff(250_000) < 100, "{middle:?}");
}

#[test]
fn a_metric_without_ferries_is_not_led_to_what_only_a_ferry_reaches() {
    // An island of two roads, joined to the mainland of one by a ferry; the place lies on the island.
    let mut town = Town::new(&[(0.0, 0.0), (100.0, 0.0), (100.0, 130.0), (0.0, 130.0), (0.0, 160.0), (50.0, 130.0)]);
    let mainland = town.road(0, 1, 1_000);
    let ferry = town.road(1, 2, 1_000);
    let island = [town.road(2, 5, 1_000), town.road(5, 3, 1_000), town.road(3, 4, 1_000)];
    town.network.links[ferry as usize].class = RoadClass::Ferry;
    let router = town.router();
    let no_ferry = |link: &Link, direction| given(link, direction).filter(|_| link.class != RoadClass::Ferry);
    let snap = |mode, place| {
        let (all, some) = (metric(&router, mode, &free()), router.metric_with(mode, no_ferry, &free(), POLICY));
        [all, some].map(|metric| router.snap(place, &router.snap_marks(&metric), 500.0).map(|it| (it.link, it.part)))
    };
    // 20 m from the mainland and 110 m from the island: with a ferry all is one part; without it
    // the island, with four nodes against two, is the largest, but more than 2 * 20 + 50 m away.
    let near_mainland = [Some((mainland, Part::Largest)), Some((mainland, Part::Outside))];
    assert_eq!(snap(Motor, at(30.0, 20.0)), near_mainland);
    assert_eq!(snap(Motor, at(30.0, 120.0)), [Some((island[1], Part::Largest)); 2]);
    // Beside the ferry line: without ferries, the nearest road.
    assert_eq!(snap(Foot, at(100.0, 70.0)).map(|it| it.unwrap().0), [ferry, island[0]]);
}

#[test]
fn an_empty_network_answers_nothing() {
    let router = Router::prepare(Arc::default());
    let metric = metric(&router, Motor, &free());
    assert_eq!(router.snap(at(0.0, 0.0), &router.snap_marks(&metric), 1e6), None);
    assert_eq!(router.matrix(&metric, &[], &[]).column_count(), 0);
    assert!(router.isochrones(&metric, &[], &[60_000], 50.0)[0].polygons.is_empty());
}

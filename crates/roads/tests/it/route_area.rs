//! Reachable areas and drawn places.

use crate::route_support::{Town, at, given, metric, states};
use konbit_base::LatLon;
use konbit_base::rng::seeded;
use konbit_roads::isochrone::{Isochrone, Polygon};
use konbit_roads::network::{Direction, Mode, Names};
use konbit_roads::route::{Metric, Router, Spot};
use konbit_roads::state::{Condition, LINE_TOLERANCE_M, Place, RoadState, RoadStates};
use proptest::prelude::*;

/// A town of streets about 100 m apart with some missing, some one way, some long.
fn grid(seed: u64, side: u32, percent: u64) -> Town {
    let mut rng = seeded(seed, 0);
    let node = |row: u32, column: u32| row * side + column;
    let mut places = Vec::new();
    for row in 0..side {
        for column in 0..side {
            let jitter = |unit: f64| unit * 60.0 - 30.0;
            places.push((f64::from(column) * 100.0 + jitter(rng.unit()), f64::from(row) * 100.0 + jitter(rng.unit())));
        }
    }
    let mut town = Town::new(&places);
    for row in 0..side {
        for column in 0..side {
            for (other_row, other_column) in [(row + 1, column), (row, column + 1)] {
                if other_row < side && other_column < side && rng.below(100) < percent {
                    let (from, to) = (node(row, column), node(other_row, other_column));
                    let ms = 5_000 + u32::try_from(rng.below(20_000)).unwrap();
                    if rng.below(5) == 0 {
                        town.one_way(from, to, ms)
                    } else {
                        town.road(from, to, ms)
                    };
                }
            }
        }
    }
    town
}

fn is_in_ring(place: LatLon, ring: &[LatLon]) -> bool {
    ring.windows(2).fold(false, |inside, pair| {
        let crosses = (pair[0].lat() > place.lat()) != (pair[1].lat() > place.lat());
        let share = (place.lat() - pair[0].lat()) / (pair[1].lat() - pair[0].lat());
        inside != (crosses && place.lon() < pair[0].lon() + share * (pair[1].lon() - pair[0].lon()))
    })
}

fn is_in(place: LatLon, polygons: &[Polygon]) -> bool {
    let within = |polygon: &&Polygon| {
        is_in_ring(place, &polygon.outer) && !polygon.holes.iter().any(|hole| is_in_ring(place, hole))
    };
    let count = polygons.iter().filter(within).count();
    assert!(count <= 1, "{place} lies in {count} polygons");
    count == 1
}

/// Every point of road at eleven places per link, with the time to it by the search.
fn points_of_road(router: &Router, metric: &Metric, source: Spot) -> Vec<(LatLon, Option<u32>)> {
    let links = u32::try_from(router.network().links.len()).unwrap();
    let spots: Vec<Spot> =
        (0..links).flat_map(|link| (0..=10).map(move |tenth| Spot::OnLink { link, parts: tenth * 100_000 })).collect();
    let times = router.times_from(metric, source, &spots);
    spots.iter().map(|&spot| router.position(spot)).zip(times).collect()
}

fn check_area(router: &Router, metric: &Metric, source: Spot, area: &Isochrone) {
    let road = points_of_road(router, metric, source);
    let limit = area.limit_ms;
    for &(place, ms) in &road {
        if ms.is_some_and(|ms| ms <= limit) {
            assert!(is_in(place, &area.polygons), "reached in {ms:?} of {limit} ms, yet outside: {place}");
        }
    }
    let reached = router.reached(metric, &[source], limit);
    let courses: Vec<Vec<LatLon>> = reached
        .iter()
        .map(|part| {
            let steps = (0..=20).map(|step| part.from + (part.to - part.from) / 20 * step);
            steps.map(|parts| router.position(Spot::OnLink { link: part.link, parts })).collect()
        })
        .collect();
    let mut rng = seeded(u64::from(limit), 1);
    for _ in 0..300 {
        let place = at(rng.unit() * 1_600.0 - 400.0, rng.unit() * 1_600.0 - 400.0);
        // To the nearest sampled point of reached road; samples are at most 10 m apart.
        let metres = courses.iter().flatten().map(|&p| p.distance_m(place)).fold(f64::INFINITY, f64::min);
        if metres > area.tolerance_m + 10.0 {
            assert!(!is_in(place, &area.polygons), "{metres} m from reached road, yet inside: {place}");
        }
        if metres == 0.0 {
            assert!(is_in(place, &area.polygons));
        }
    }
    for polygon in &area.polygons {
        for ring in std::iter::once(&polygon.outer).chain(&polygon.holes) {
            assert!(ring.len() >= 5 && ring.first() == ring.last());
        }
        assert!(doubled_area(&polygon.outer) > 0.0, "an outer ring runs anticlockwise");
        assert!(polygon.holes.iter().all(|hole| doubled_area(hole) < 0.0), "a hole runs clockwise");
    }
}

fn doubled_area(ring: &[LatLon]) -> f64 {
    let origin = ring[0];
    let xy = |p: LatLon| [p.lon() - origin.lon(), p.lat() - origin.lat()];
    ring.windows(2).map(|pair| (xy(pair[0]), xy(pair[1]))).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reached_road_lies_inside_and_what_is_far_from_it_outside(seed in any::<u64>(), parts in 0u32..1_000_001) {
        let town = grid(seed, 8, 75);
        let router = town.router();
        let metric = metric(&router, Mode::Motor, &RoadStates::default());
        let link = u32::try_from(seed % town.network.links.len() as u64).unwrap();
        let source = Spot::OnLink { link, parts };
        let areas = router.isochrones(&metric, &[source], &[0, 20_000, 60_000, 120_000], 10.0 + (seed % 40) as f64);
        for area in &areas {
            check_area(&router, &metric, source, area);
        }
        prop_assert!(areas.windows(2).all(|pair| pair[0].road_dm <= pair[1].road_dm));
    }

    #[test]
    fn an_update_gives_what_a_new_metric_gives_where_times_rise_and_fall_together(seed in any::<u64>()) {
        let town = grid(seed, 16, 85);
        let router = town.router();
        let mut changing = metric(&router, Mode::Motor, &RoadStates::default());
        let mut rng = seeded(seed, 5);
        for _ in 0..8 {
            let mut condition = || {
                let link = u32::try_from(rng.below(town.network.links.len() as u64)).unwrap();
                let speed_per_mille = u16::try_from(rng.below(900)).unwrap();
                let state = if speed_per_mille < 200 { RoadState::Closed } else { RoadState::Slowed { speed_per_mille } };
                Condition { links: vec![(link, None)], state }
            };
            let states = RoadStates::new(&[condition(), condition(), condition(), condition()]);
            router.update(&mut changing, &states);
            prop_assert!(changing == metric(&router, Mode::Motor, &states));
        }
    }

    #[test]
    fn a_part_counts_as_reached_exactly_where_the_search_gets_in_time(seed in any::<u64>(), limit in 0u32..150_000) {
        let town = grid(seed, 6, 75);
        let router = town.router();
        let metric = metric(&router, Mode::Motor, &RoadStates::default());
        let source = Spot::OnLink { link: 0, parts: u32::try_from(seed % 1_000_001).unwrap() };
        let reached = router.reached(&metric, &[source], limit);
        let links = u32::try_from(town.network.links.len()).unwrap();
        for link in 0..links {
            for parts in (0..=1_000_000).step_by(62_500) {
                let spot = Spot::OnLink { link, parts };
                let ms = router.search().time_ms(&metric, source, spot);
                let is_reached = reached.iter().any(|it| it.link == link && it.from <= parts && parts <= it.to);
                // A millisecond either way is lost to rounding times and places.
                if is_reached {
                    prop_assert!(ms.is_some_and(|ms| ms <= limit + 1), "{spot:?} {ms:?}");
                } else {
                    prop_assert!(ms.is_none_or(|ms| ms + 1 >= limit), "{spot:?} {ms:?}");
                }
            }
        }
    }
}

#[test]
fn a_block_that_is_driven_around_is_a_hole() {
    let mut town = Town::new(&[(0.0, 0.0), (600.0, 0.0), (600.0, 600.0), (0.0, 600.0)]);
    for (from, to) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
        town.road(from, to, 60_000);
    }
    let router = town.router();
    let metric = metric(&router, Mode::Motor, &RoadStates::default());
    let areas = router.isochrones(&metric, &[Spot::Node(0)], &[119_000, 120_000], 50.0);
    assert_eq!(areas[1].polygons.len(), 1);
    assert_eq!(areas[1].polygons[0].holes.len(), 1);
    assert_eq!(areas[1].road_dm, 24_000);
    // 2.5 cells of 50 m in both axes, and a metre.
    assert!((areas[1].tolerance_m - (2.5 * 50.0 * 2f64.sqrt() + 1.0)).abs() < 0.5, "{}", areas[1].tolerance_m);
    // Two stretches of 600 m * 59/60 from node 1 and node 3 towards node 2, and two whole roads.
    assert_eq!(areas[0].road_dm, 23_798); // each stretch of 589.9998 m is rounded down to decimetres
}

fn cover(town: &Town, place: &Place) -> Vec<u32> {
    town.router().cover(place).links
}

#[test]
fn a_drawn_place_covers_whole_links_and_says_which() {
    // A main street of two links of 500 m, a parallel lane 80 m north, and a cross street.
    let mut town = Town::new(&[
        (0.0, 0.0),
        (500.0, 0.0),
        (1_000.0, 0.0),
        (0.0, 80.0),
        (1_000.0, 80.0),
        (500.0, 400.0),
        (500.0, -400.0),
    ]);
    let main = [town.road(0, 1, 1), town.road(1, 2, 1)];
    let lane = town.road(3, 4, 1);
    let cross = [town.road(1, 5, 1), town.road(6, 1, 1)];
    town.network.names = vec![
        Names { local: "Boulevard".into(), ..Names::default() },
        Names { local: "Ruelle".into(), ..Names::default() },
    ];
    for link in main {
        town.network.links[link as usize].name = Some(0);
    }
    town.network.links[lane as usize].name = Some(1);
    let line = |points: &[(f64, f64)], tolerance_m| Place::Line {
        points: points.iter().map(|&(east, north)| at(east, north)).collect(),
        tolerance_m,
    };
    for (place, expect) in [
        (line(&[(0.0, 8.0), (1_000.0, -8.0)], LINE_TOLERANCE_M), vec![main[0], main[1]]),
        // A barricade of 20 m across the lane is not along it; one of 60 m along the street is.
        (line(&[(250.0, 70.0), (250.0, 90.0)], LINE_TOLERANCE_M), vec![]),
        (line(&[(200.0, 3.0), (260.0, 3.0)], LINE_TOLERANCE_M), vec![main[0]]),
        (line(&[(0.0, 8.0), (1_000.0, -8.0)], 100.0), vec![main[0], main[1], lane]),
        (line(&[(500.0, 390.0), (500.0, -390.0)], LINE_TOLERANCE_M), vec![cross[0], cross[1]]),
        (line(&[(0.0, 0.0)], LINE_TOLERANCE_M), vec![]),
        (Place::Within { centre: at(250.0, 40.0), radius_m: 39.0 }, vec![]),
        (Place::Within { centre: at(250.0, 40.0), radius_m: 41.0 }, vec![main[0], lane]),
        (Place::Within { centre: at(500.0, 0.0), radius_m: 5.0 }, vec![main[0], main[1], cross[0], cross[1]]),
        (Place::Area(vec![at(300.0, -20.0), at(400.0, -20.0), at(400.0, 20.0), at(300.0, 20.0)]), vec![main[0]]),
        (Place::Area(vec![at(450.0, 60.0), at(550.0, 60.0), at(500.0, 100.0)]), vec![lane, cross[0]]),
        (Place::Area(vec![at(450.0, 60.0), at(550.0, 60.0)]), vec![]),
    ] {
        assert_eq!(cover(&town, &place), expect, "{place:?}");
    }
    let coverage = town.router().cover(&Place::Within { centre: at(250.0, 40.0), radius_m: 41.0 });
    let roads: Vec<_> = coverage.roads.iter().map(|road| (road.name.as_deref(), road.length_dm)).collect();
    assert_eq!(roads, [(Some("Ruelle"), 9_999), (Some("Boulevard"), 5_000)]);
    assert_eq!(coverage.length_dm, 14_999);
}

#[test]
fn closing_a_drawn_place_changes_the_way() {
    let town = grid(7, 12, 95);
    let router = town.router();
    let mut changing = metric(&router, Mode::Motor, &RoadStates::default());
    let (source, target) = (Spot::Node(0), Spot::Node(143));
    let before = router.search().route(&changing, source, target).unwrap();
    let middle = before.course[before.course.len() / 2];
    let coverage = router.cover(&Place::Within { centre: middle, radius_m: 120.0 });
    assert!(before.steps.iter().flat_map(|step| &step.links).any(|(link, _)| coverage.links.contains(link)));
    router.update(&mut changing, &states(RoadState::Closed, &coverage.links));
    let after = router.search().route(&changing, source, target).unwrap();
    assert!(after.ms >= before.ms);
    assert!(!after.steps.iter().flat_map(|step| &step.links).any(|(link, _)| coverage.links.contains(link)));
    let time = |(link, direction): &(u32, Direction)| given(&town.network.links[*link as usize], *direction).unwrap();
    assert_eq!(after.steps.iter().flat_map(|step| &step.links).map(time).sum::<u32>(), after.ms);
}

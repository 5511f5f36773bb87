//! Random small networks with one-ways, forbidden turns, barriers, loops and parallel roads,
//! compared with a search over links.

use crate::route_brute::Brute;
use crate::route_support::{NOBODY, Town, given, metric};
use konbit_base::rng::{Seeded, seeded};
use konbit_roads::network::{Access, Direction, Mode};
use konbit_roads::route::dijkstra::Tree;
use konbit_roads::route::{Metric, Router, Spot};
use konbit_roads::state::{Condition, RoadState, RoadStates};
use proptest::prelude::*;
use std::sync::Arc;

fn pick(rng: &mut Seeded, bound: usize) -> u32 {
    u32::try_from(rng.below(bound as u64)).unwrap()
}

fn chance(rng: &mut Seeded, percent: u64) -> bool {
    rng.below(100) < percent
}

fn access(rng: &mut Seeded) -> Access {
    match rng.below(10) {
        0 => NOBODY,
        1 | 2 => Access { motor: false, foot: true },
        3 => Access { motor: true, foot: false },
        _ => Access { motor: true, foot: true },
    }
}

fn town(seed: u64) -> Town {
    let mut rng = seeded(seed, 0);
    let nodes = 2 + pick(&mut rng, 7) as usize;
    let mut town =
        Town::new(&(0..nodes).map(|_| (rng.unit() * 1000.0, rng.unit() * 1000.0)).collect::<Vec<(f64, f64)>>());
    for _ in 0..=rng.below(14) {
        let link = town.road(pick(&mut rng, nodes), pick(&mut rng, nodes), 0) as usize;
        let times = [pick(&mut rng, 2000), pick(&mut rng, 2000)];
        town.network.links[link].given_ms = Some(times);
        town.network.links[link].forward = access(&mut rng);
        town.network.links[link].backward = access(&mut rng);
    }
    for node in &mut town.network.nodes {
        if chance(&mut rng, 15) {
            node.passable = access(&mut rng);
        }
    }
    for _ in 0..rng.below(8) {
        let from = pick(&mut rng, town.network.links.len());
        let it = &town.network.links[from as usize];
        let via = if chance(&mut rng, 50) { it.from } else { it.to };
        let onward: Vec<u32> = (0u32..)
            .zip(&town.network.links)
            .filter(|(_, link)| link.from == via || link.to == via)
            .map(|(link, _)| link)
            .collect();
        let to = onward[pick(&mut rng, onward.len()) as usize];
        town.forbid(from, via, to);
    }
    town
}

fn conditions(town: &Town, seed: u64, stream: u64) -> RoadStates {
    let mut rng = seeded(seed, stream);
    let condition = |rng: &mut Seeded| Condition {
        links: vec![(
            pick(rng, town.network.links.len()),
            [None, Some(Direction::Forward), Some(Direction::Backward)][pick(rng, 3) as usize],
        )],
        state: [
            RoadState::Closed,
            RoadState::Held,
            RoadState::Dangerous,
            RoadState::Slowed { speed_per_mille: 100 + u16::try_from(rng.below(900)).unwrap() },
        ][pick(rng, 4) as usize],
    };
    let all: Vec<Condition> = (0..rng.below(6)).map(|_| condition(&mut rng)).collect();
    RoadStates::new(&all)
}

fn spots(town: &Town, seed: u64) -> Vec<Spot> {
    let mut rng = seeded(seed, 9);
    let nodes = (0..town.network.nodes.len()).map(|node| Spot::Node(u32::try_from(node).unwrap()));
    let links = town.network.links.len();
    let on_links = (0..6).map(|_| Spot::OnLink { link: pick(&mut rng, links), parts: pick(&mut rng, 1_000_001) });
    nodes.chain(on_links).collect()
}

/// The time of a link under states, worked out here once more: closed and held roads are not
/// used, dangerous ones cost nothing, slowed ones take 1000/speed as long, rounded up.
fn slowed(town: &Town, states: &RoadStates, link: u32, direction: Direction) -> Option<u32> {
    let ms = given(&town.network.links[link as usize], direction).unwrap();
    states.on(link, direction).iter().try_fold(ms, |worst, state| match state {
        RoadState::Closed | RoadState::Held => None,
        RoadState::Dangerous => Some(worst),
        RoadState::Slowed { speed_per_mille } => Some(worst.max((ms * 1000).div_ceil(u32::from(*speed_per_mille)))),
    })
}

fn check(town: &Town, router: &Router, metric: &Metric, spots: &[Spot]) {
    let time = |link, direction| slowed(town, metric.states(), link, direction);
    let brute = Brute { network: &town.network, mode: metric.mode(), ms: &time };
    let table = router.matrix(metric, spots, spots);
    let all = router.matrix_to_all(metric, spots);
    let mut search = router.search();
    for (row, &source) in spots.iter().enumerate() {
        let expect = brute.times(source, spots);
        let tree = Tree::new(router, metric, source);
        for (column, (&target, &expect)) in spots.iter().zip(&expect).enumerate() {
            let case = format!("{source:?} to {target:?}");
            assert_eq!(tree.to(target), expect, "dijkstra {case}");
            assert_eq!(table.get(row, column), expect, "matrix {case}");
            assert_eq!(search.time_ms(metric, source, target), expect, "search {case}");
            if let Spot::Node(node) = target {
                assert_eq!(all.get(row, node as usize), expect, "all nodes {case}");
            }
            let route = search.route(metric, source, target);
            assert_eq!(route.as_ref().map(|route| route.ms), expect, "route {case}");
            let Some(route) = route else { continue };
            assert_eq!(route.steps.iter().map(|step| step.ms).sum::<u32>(), route.ms, "{case}");
            assert_eq!(route.steps.iter().map(|step| step.length_dm).sum::<u64>(), route.lengths.total_dm());
            let links: Vec<_> = route.steps.iter().flat_map(|step| step.links.iter().copied()).collect();
            for pair in links.windows(2) {
                assert!(brute.may_follow(pair[0], pair[1]), "{case}: {pair:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_agrees_with_a_search_over_links(seed in any::<u64>()) {
        let town = town(seed);
        let router = town.router();
        let spots = spots(&town, seed);
        for mode in [Mode::Motor, Mode::Foot] {
            let mut changing = metric(&router, mode, &RoadStates::default());
            check(&town, &router, &changing, &spots);
            for stream in 1..3 {
                let states = conditions(&town, seed, stream);
                router.update(&mut changing, &states);
                prop_assert_eq!(&changing, &metric(&router, mode, &states));
                check(&town, &router, &changing, &spots);
            }
            router.update(&mut changing, &RoadStates::default());
            prop_assert_eq!(&changing, &metric(&router, mode, &RoadStates::default()));
        }
    }

    #[test]
    fn a_kept_order_gives_the_same_router(seed in any::<u64>()) {
        let town = town(seed);
        let router = town.router();
        let network = Arc::new(town.network.clone());
        let again = Router::with_order(Arc::clone(&network), &router.order_bytes()).unwrap();
        prop_assert_eq!(again.order_bytes(), router.order_bytes());
        let states = RoadStates::default();
        prop_assert_eq!(metric(&again, Mode::Motor, &states), metric(&router, Mode::Motor, &states));
        let mut bytes = router.order_bytes();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        prop_assert!(Router::with_order(Arc::clone(&network), &bytes).is_err());
        prop_assert!(Router::with_order(network, &bytes[..last]).is_err());
    }
}

//! Ten thousand trips on every network of the shared data folder, compared with Dijkstra.

use crate::import::read;
use crate::route_support::states;
use konbit_base::rng::{Seeded, seeded};
use konbit_roads::network::{Direction, Network};
use konbit_roads::plain::{self, NamedFile};
use konbit_roads::profile::{Profile, Weather, defaults};
use konbit_roads::route::dijkstra::Tree;
use konbit_roads::route::{Metric, Router, Spot};
use konbit_roads::state::{RoadState, RoadStates};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

const SIDE: usize = 100;
const CLOSURES: usize = 1_000;

fn file(path: &str) -> Vec<u8> {
    let Some(folder) = option_env!("KONBIT_DATA_DIR") else { panic!("the folder ../shared/data is absent") };
    std::fs::read(Path::new(folder).join(path)).unwrap()
}

fn osm(path: &str) -> Network {
    read(&file(path)).unwrap().network
}

fn pick(rng: &mut Seeded, bound: usize) -> u32 {
    u32::try_from(rng.below(bound as u64)).unwrap()
}

/// Every second spot is a node, the others lie on links.
fn spots(network: &Network, stream: u64) -> Vec<Spot> {
    let mut rng = seeded(11, stream);
    let draw = |number: usize| {
        if number.is_multiple_of(2) {
            Spot::Node(pick(&mut rng, network.nodes.len()))
        } else {
            Spot::OnLink { link: pick(&mut rng, network.links.len()), parts: pick(&mut rng, 1_000_001) }
        }
    };
    (0..SIDE).map(draw).collect()
}

/// The number of pairs with a way.
fn compare(router: &Router, metric: &Metric, sources: &[Spot], targets: &[Spot]) -> usize {
    let table = router.matrix(metric, sources, targets);
    let mut search = router.search();
    let (mut mismatches, mut joined) = (Vec::new(), 0);
    for (row, &source) in sources.iter().enumerate() {
        let tree = Tree::new(router, metric, source);
        for (column, &target) in targets.iter().enumerate() {
            let expect = tree.to(target);
            let single = search.time_ms(metric, source, target);
            // A route asserts that its links take as long as the search says; for a tenth of the pairs.
            let route = ((row + column) % 10 == 0).then(|| search.route(metric, source, target).map(|it| it.ms));
            if table.get(row, column) != expect || single != expect || route.is_some_and(|ms| ms != expect) {
                mismatches.push((source, target, expect, table.get(row, column), single, route));
            }
            joined += usize::from(expect.is_some());
        }
    }
    assert!(mismatches.is_empty(), "{} mismatches, first {:?}", mismatches.len(), mismatches[0]);
    let all = router.matrix_to_all(metric, &sources[..24]);
    for (row, &source) in sources[..24].iter().enumerate() {
        let found: Vec<Option<u32>> = (0..all.column_count()).map(|column| all.get(row, column)).collect();
        assert!(found == Tree::new(router, metric, source).to_all(), "{source:?} to all nodes");
    }
    joined
}

fn check(network: Network, profile: &Profile) {
    let network = Arc::new(network);
    let router = Router::prepare(Arc::clone(&network));
    let free = RoadStates::default();
    let mut metric = router.metric(profile, Weather::default(), &free);
    let (sources, targets) = (spots(&network, 1), spots(&network, 2));
    let before = compare(&router, &metric, &sources, &targets);
    let mut rng = seeded(11, 3);
    let closed: Vec<u32> = (0..CLOSURES).map(|_| pick(&mut rng, network.links.len())).collect();
    // First a tenth of the closures: in a small network hardly a way is left after all of them.
    for closed in [&closed[..CLOSURES / 10], &closed] {
        let closures = states(RoadState::Closed, closed);
        router.update(&mut metric, &closures);
        assert!(metric == router.metric(profile, Weather::default(), &closures), "an update is a new metric");
        assert!(closed.iter().all(|&link| metric.link_ms(link, Direction::Forward).is_none()));
        let after = compare(&router, &metric, &sources, &targets);
        println!("{} links, {} closed: {before} then {after} pairs joined", network.links.len(), closed.len());
        assert!(after < before && after > 0);
    }
    // A few closures at a time are the short way of an update.
    for links in closed.chunks(20).take(10) {
        let few = states(RoadState::Slowed { speed_per_mille: 300 }, links);
        router.update(&mut metric, &few);
        assert!(metric == router.metric(profile, Weather::default(), &few), "an update is a new metric");
    }
    router.update(&mut metric, &free);
    assert!(metric == router.metric(profile, Weather::default(), &free));
}

fn profile(id: &str) -> Profile {
    defaults().into_iter().find(|it| it.id == id).unwrap()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn trips_in_monaco_agree_with_dijkstra() {
    check(osm("osm/monaco.osm.gz"), &profile("patrol-vehicle"));
    check(osm("osm/monaco.osm.gz"), &profile("foot"));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn trips_in_andorra_agree_with_dijkstra() {
    check(osm("osm/andorra.osm.pbf"), &profile("patrol-vehicle"));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn trips_in_porto_alegre_agree_with_dijkstra() {
    check(osm("osm/poa_osm.pbf"), &profile("patrol-vehicle"));
    check(osm("osm/poa_osm.pbf"), &profile("armoured-vehicle"));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn trips_in_manhattan_agree_with_dijkstra() {
    let zip = file("optimisation/jemss/manhattan/models/1/travel/roads/roads.zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut unpacked = |name: &'static str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        NamedFile { name, reader: Cursor::new(bytes) }
    };
    let (nodes, arcs) = (unpacked("nodes.csv"), unpacked("arcs.csv"));
    check(plain::import(nodes, arcs, 1).unwrap().0, &profile("patrol-vehicle"));
}

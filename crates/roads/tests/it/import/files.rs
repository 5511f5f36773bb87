//! Real files of the shared data folder.

use super::read;
use super::writer::Content;
use konbit_base::Finding;
use konbit_base::rng::seeded;
use konbit_roads::components::Components;
use konbit_roads::encode::{decode, encode};
use konbit_roads::network::{Mode, Network};
use konbit_roads::osm::Imported;
use konbit_roads::plain::{self, NamedFile};
use std::io::{Cursor, Read};
use std::time::Instant;

/// Bytes of a file of the shared folder. Tests that need it are ignored where it is absent.
fn shared(path: &str) -> Vec<u8> {
    let Some(folder) = option_env!("KONBIT_DATA_DIR") else { panic!("the folder ../shared/data is absent") };
    std::fs::read(std::path::Path::new(folder).join(path)).unwrap()
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|it| it.code.as_str()).collect()
}

/// Imports twice, with the same bytes, that read back; prints what a reader of the log may want.
fn imported(path: &str) -> Imported {
    let file = shared(path);
    let start = Instant::now();
    let first = read(&file).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let bytes = encode(&first.network, &first.base_map);
    let again = read(&file).unwrap();
    assert_eq!(encode(&again.network, &again.base_map), bytes, "{path}");
    assert_eq!(again.findings, first.findings, "{path}");
    assert_eq!(first.network.check(), Ok(()), "{path}");
    assert_eq!(decode(&bytes).unwrap(), (first.network.clone(), first.base_map.clone()), "{path}");
    let size = (first.network.nodes.len(), first.network.links.len(), first.network.forbidden_turns.len());
    println!("{path}: {seconds:.2} s, {size:?} nodes, links, turns, {} bytes from {}", bytes.len(), file.len());
    for finding in first.findings.iter().chain(&parts(&first.network, path)) {
        println!("  {finding}");
    }
    first
}

fn parts(network: &Network, path: &str) -> Vec<Finding> {
    [Mode::Motor, Mode::Foot].iter().flat_map(|mode| Components::of(network, *mode).findings(network, path)).collect()
}

/// Nodes, links, forbidden turns.
fn size(network: &Network) -> [usize; 3] {
    [network.nodes.len(), network.links.len(), network.forbidden_turns.len()]
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn monaco_is_the_same_from_xml_and_from_the_binary_format_in_any_order() {
    let from_xml = imported("osm/monaco.osm.gz");
    let mut xml = String::new();
    flate2::read::GzDecoder::new(Cursor::new(shared("osm/monaco.osm.gz"))).read_to_string(&mut xml).unwrap();
    let content = Content::from_xml(&xml);
    let bytes = encode(&from_xml.network, &from_xml.base_map);
    for file in [content.to_pbf(true, true), content.to_pbf(false, false), content.reversed().to_pbf(true, false)] {
        let from_pbf = read(&file).unwrap();
        assert!(encode(&from_pbf.network, &from_pbf.base_map) == bytes);
        assert_eq!(codes(&from_pbf.findings), codes(&from_xml.findings));
    }
    assert_eq!(size(&from_xml.network), [0, 0, 0]);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn andorra_and_porto_alegre_are_read() {
    let andorra = imported("osm/andorra.osm.pbf");
    assert_eq!(size(&andorra.network), [0, 0, 0]);
    let porto_alegre = imported("osm/poa_osm.pbf");
    assert_eq!(size(&porto_alegre.network), [0, 0, 0]);
}

/// The first of the JEMSS modes: an ambulance with lights and sirens.
fn manhattan(mode: u32) -> (Network, Vec<Finding>) {
    let zip = shared("optimisation/jemss/manhattan/models/1/travel/roads/roads.zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut unpacked = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        Cursor::new(bytes)
    };
    let (nodes, arcs) = (unpacked("nodes.csv"), unpacked("arcs.csv"));
    plain::import(NamedFile { name: "nodes.csv", reader: nodes }, NamedFile { name: "arcs.csv", reader: arcs }, mode)
        .unwrap()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn manhattan_has_its_arcs_with_their_times() {
    let start = Instant::now();
    let (network, findings) = manhattan(1);
    println!("manhattan: {:.2} s", start.elapsed().as_secs_f64());
    assert_eq!(network.check(), Ok(()));
    assert_eq!(codes(&findings), ["off-road-access"]);
    // 24,437 arcs, of which 8,380 have their opposite: one-way links and pairs in one link add up.
    let two_way = network.links.iter().filter(|link| link.backward.motor).count();
    assert_eq!((network.nodes.len(), network.links.len() + two_way), (16_811, 24_437));
    // Arc 1 takes 5.096037894816656e-6 days: 440 ms; by the other mode a third longer.
    let times = |network: &Network| {
        let arc = network.links.iter().find(|link| (link.from.min(link.to), link.from.max(link.to)) == (0, 1)).unwrap();
        arc.given_ms.unwrap()[usize::from(arc.from != 0)]
    };
    assert_eq!((times(&network), times(&manhattan(2).0)), (440, 587));
    let bytes = encode(&network, &konbit_roads::base_map::BaseMap::default());
    assert_eq!(decode(&bytes).unwrap().0, network);
    for finding in parts(&network, "manhattan") {
        println!("  {finding}");
    }
}

#[test]
fn node_and_arc_files_that_are_not_in_form_are_refused() {
    const NODES: &str = "nodes,2,,\nindex,x,y,offRoadAccess,\n1.0,-72.3,18.5,1.0\n2.0,-72.4,18.6,1.0\n,\n";
    const ARCS: &str = "miscData,1,,\narcForm,numModes\nundirected,1\n,\narcs,1,,\nindex,fromNode,toNode,mode_1,\n1.0,1.0,2.0,0.001\n,\n";
    let check = |nodes: &str, arcs: &str, mode: u32, expect: &str| {
        let (nodes, arcs) = (
            NamedFile { name: "n.csv", reader: nodes.as_bytes() },
            NamedFile { name: "a.csv", reader: arcs.as_bytes() },
        );
        let message =
            plain::import(nodes, arcs, mode).map(|found| found.0.links[0].given_ms).map_err(|error| error.to_string());
        match message {
            Ok(times) => assert_eq!(format!("{times:?}"), expect),
            Err(message) => assert!(message.contains(expect), "{message}"),
        }
    };
    // A thousandth of a day is 86.4 s, both ways where arcs are undirected.
    check(NODES, ARCS, 1, "Some([86400, 86400])");
    check(NODES, ARCS, 2, "a.csv, line 6: there is no column \"mode_2\"");
    check("", ARCS, 1, "n.csv, line 1: there is no table \"nodes\"");
    check(&NODES.replace("nodes,2", "nodes,3"), ARCS, 1, "ends 1 rows early");
    check(&NODES.replace("nodes,2", "nodes,1e18"), ARCS, 1, "does not say how many rows");
    check(&NODES.replace("18.6", "98.6"), ARCS, 1, "n.csv, line 4: latitude 98.6");
    check(&NODES.replace("2.0,-72.4", "1.0,-72.4"), ARCS, 1, "node 1 stands twice");
    check(NODES, &ARCS.replace("0.001", "-1"), 1, "not between 0 and 12");
    check(NODES, &ARCS.replace("0.001", "nan"), 1, "is not a travel time");
    check(NODES, &ARCS.replace("1.0,2.0,", "1.0,3.0,"), 1, "there is no node 3");
    check(NODES, &ARCS.replace("undirected", "both"), 1, "neither directed nor undirected");
}

/// What an import may end with; a panic would end the test.
fn survive(bytes: &[u8], what: &str) -> bool {
    match read(bytes) {
        Ok(imported) => {
            assert_eq!(imported.network.check(), Ok(()), "{what}");
            true
        }
        Err(error) => {
            assert!(error.to_string().contains("; g") || error.to_string().contains("; write"), "{what}: {error}");
            false
        }
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn andorra_cut_short_at_any_place_is_refused() {
    let file = shared("osm/andorra.osm.pbf");
    let mut rng = seeded(3, 1);
    let start = Instant::now();
    for _ in 0..300 {
        let end = usize::try_from(rng.below(file.len() as u64)).unwrap();
        assert!(!survive(&file[..end], &format!("cut at {end}")), "cut at {end}");
    }
    println!("300 cuts: {:.1} s", start.elapsed().as_secs_f64());
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn andorra_with_bytes_changed_is_refused_or_read_and_never_more() {
    let file = shared("osm/andorra.osm.pbf");
    let mut rng = seeded(3, 2);
    let start = Instant::now();
    let (mut kept, mut slowest) = (0, 0.0f64);
    for _ in 0..2_000 {
        let mut bytes = file.clone();
        let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
        bytes[at] ^= 1 << rng.below(8);
        let one = Instant::now();
        kept += u32::from(survive(&bytes, &format!("byte {at}")));
        slowest = slowest.max(one.elapsed().as_secs_f64());
    }
    println!(
        "2,000 changes: {kept} read all the same, {:.1} s, the slowest {slowest:.2} s",
        start.elapsed().as_secs_f64()
    );
    // A changed byte of a packed block is seen by its checksum.
    assert!(kept < 100, "{kept}");
}

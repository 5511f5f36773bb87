//! Real files of the shared data folder.

use super::read;
use super::writer::Content;
use konbit_base::rng::seeded;
use konbit_base::{Finding, LatLon};
use konbit_roads::components::Components;
use konbit_roads::encode::{decode, encode};
use konbit_roads::links::{LinkRow, NodeRow, network};
use konbit_roads::network::{LengthBasis, Mode, Network, RoadClass};
use konbit_roads::osm::Imported;
use konbit_roads::plain::{self, NamedFile};
use std::collections::BTreeMap;
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
    assert_eq!(size(&from_xml.network), [1_034, 1_430, 0]);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn andorra_and_porto_alegre_are_read() {
    let andorra = imported("osm/andorra.osm.pbf");
    assert_eq!(size(&andorra.network), [2_051, 2_479, 0]);
    // Metres by class along all ways of the class, less those that are closed to all, added up by
    // a program of a few lines that shares nothing with this one.
    metres(&andorra.network, RoadClass::Primary, 120_350 - 526);
    metres(&andorra.network, RoadClass::Secondary, 154_742);
    metres(&andorra.network, RoadClass::Tertiary, 9_086);
    metres(&andorra.network, RoadClass::Residential, 90_364 - 285);
    metres(&andorra.network, RoadClass::Track, 117_563 - 4_024);
    let porto_alegre = imported("osm/poa_osm.pbf");
    assert_eq!(size(&porto_alegre.network), [18_236, 25_735, 0]);
    metres(&porto_alegre.network, RoadClass::Primary, 100_236);
    metres(&porto_alegre.network, RoadClass::Secondary, 244_347 - 97);
    metres(&porto_alegre.network, RoadClass::Tertiary, 302_341);
    metres(&porto_alegre.network, RoadClass::Steps, 9_568 - 132);
    metres(&porto_alegre.network, RoadClass::Service, 354_660 - 111_179);
}

/// The length of a class is what it should be, to a metre for each kilometre.
fn metres(network: &Network, class: RoadClass, expect: u64) {
    let found: u64 =
        network.links.iter().filter(|it| it.class == class).map(|it| u64::from(it.length_dm)).sum::<u64>() / 10;
    assert!(found.abs_diff(expect) * 1000 <= expect, "{class:?}: {found} m, expected {expect}");
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

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn monaco_with_bytes_changed_inside_its_blocks_is_refused_or_read_and_never_more() {
    let mut xml = String::new();
    flate2::read::GzDecoder::new(Cursor::new(shared("osm/monaco.osm.gz"))).read_to_string(&mut xml).unwrap();
    // Not packed, so that no checksum stands between the change and what reads it.
    let file = Content::from_xml(&xml).to_pbf(true, false);
    let mut rng = seeded(3, 3);
    let start = Instant::now();
    let mut kept = 0;
    for _ in 0..1_000 {
        let mut bytes = file.clone();
        for _ in 0..=rng.below(3) {
            let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
            bytes[at] ^= 1 << rng.below(8);
        }
        kept += u32::from(survive(&bytes, "changed inside"));
    }
    println!("1,000 changes inside: {kept} read all the same, {:.1} s", start.elapsed().as_secs_f64());
    assert!((1..1_000).contains(&kept), "{kept}");
}

/// Rows of a table of the worked example, by heading, behind its lines of comment.
fn example(file: &str) -> Vec<BTreeMap<String, String>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/haiti-2023").join(file);
    let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    rows.deserialize().map(Result::unwrap).collect()
}

#[test]
fn the_roads_of_the_worked_example_are_a_network_on_four_shores() {
    let nodes: Vec<NodeRow> = (2..)
        .zip(example("road_nodes.csv"))
        .map(|(row, it)| NodeRow {
            file: "road_nodes.csv".to_owned(),
            row,
            id: it["id"].clone(),
            position: LatLon::new(it["lat"].parse().unwrap(), it["lon"].parse().unwrap()).unwrap(),
        })
        .collect();
    let mut links: Vec<LinkRow> = (2..)
        .zip(example("roads.csv"))
        .map(|(row, mut it)| {
            let mut word = |column: &str| it.remove(column).filter(|word| !word.is_empty());
            LinkRow {
                file: "roads.csv".to_owned(),
                row,
                from_id: word("from_id").unwrap(),
                to_id: word("to_id").unwrap(),
                road: word("road"),
                class: word("class"),
                length_km: word("length_km"),
                surface: word("surface"),
                oneway: word("oneway"),
                length_basis: word("length_basis"),
            }
        })
        .collect();
    let found = network(&nodes, &links);
    assert_eq!(found.network.check(), Ok(()));
    assert_eq!(found.findings, []);
    let basis = |basis| found.network.links.iter().filter(|link| link.basis == basis).count();
    assert_eq!(found.network.links.len(), 427);
    // As the table counts its own rows.
    assert_eq!(
        [LengthBasis::Measured, LengthBasis::Published, LengthBasis::PublishedApportioned, LengthBasis::Derived]
            .map(basis),
        [97, 13, 61, 256]
    );
    // The mainland, La Gonave, La Tortue and Ile-a-Vache.
    let parts = Components::of(&found.network, Mode::Motor);
    assert_eq!(parts.parts.len(), 4, "{:?}", parts.parts);
    // Another order of the rows is the same network.
    links.reverse();
    assert_eq!(network(&nodes, &links).network, found.network);
}

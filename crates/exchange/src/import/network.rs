//! The road network: what the crate `roads` reads, as a record and a file to keep.

use super::findings::{At, Findings, excerpt};
use super::layers::{NOTICE_OSM, notice};
use super::table::{Column, SOURCE, tables};
use super::{InputFile, Reference, ReferenceKind, forward};
use konbit_base::{Digest, Finding, Reading, Source};
use konbit_mission::roads::RoadNetwork;
use konbit_roads::base_map::BaseMap;
use konbit_roads::components::Components;
use konbit_roads::links::{self, LinkRow, NodeRow};
use konbit_roads::network::{LengthBasis, Mode, Network};
use konbit_roads::osm::{self, ImportError, Progress};
use konbit_roads::{encode, plain};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Seek};
use std::ops::ControlFlow;

/// The mode of travel whose times are taken from node and arc files: the first.
const PLAIN_MODE: u32 = 1;

/// A road network that was read, and what is wrong with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRead {
    /// The record.
    pub record: RoadNetwork,
    /// The file to keep.
    pub reference: Reference,
    /// What was dropped or is doubtful.
    pub findings: Vec<Finding>,
}

/// Reads an OpenStreetMap extract without holding it in memory.
pub fn read_osm<R: Read + Seek>(
    source: R,
    file: &str,
    report: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<NetworkRead, ImportError> {
    let mut read = osm::import(source, file, report)?;
    read.network.notice = Some(NOTICE_OSM.to_owned());
    let source = Source { name: format!("OpenStreetMap extract in file {file}"), url: None, reading: Reading::Dataset };
    Ok(kept(&read.network, &read.base_map, file, source, read.findings))
}

/// Reads an OpenStreetMap extract that is in memory.
pub(crate) fn osm_file(file: InputFile<'_>, findings: &mut Findings) -> Option<NetworkRead> {
    match read_osm(Cursor::new(file.bytes), file.name, &mut |_| ControlFlow::Continue(())) {
        Ok(read) => Some(read),
        Err(error) => {
            findings.error("roads-not-read", At::file(file.name), error.to_string());
            None
        }
    }
}

/// Whether a file begins as an OpenStreetMap extract does: packed, or XML, or PBF.
pub(crate) fn is_osm(file: InputFile<'_>) -> bool {
    let head = &file.bytes[..file.bytes.len().min(1_024)];
    let is_packed = head.starts_with(&[0x1f, 0x8b]);
    let is_pbf = head.windows(9).any(|window| window == b"OSMHeader");
    is_packed || is_pbf || head.windows(4).any(|window| window == b"<osm")
}

/// Whether two files are a table of nodes and a table of arcs with travel times, in that order.
pub(crate) fn plain_pair<'a>(files: &[InputFile<'a>]) -> Option<[InputFile<'a>; 2]> {
    let begins = |file: &InputFile<'_>, words: &[&str]| {
        let head = String::from_utf8_lossy(&file.bytes[..file.bytes.len().min(200)]).into_owned();
        let first = head.lines().next().unwrap_or_default().split(',').next().unwrap_or_default().trim().to_owned();
        words.contains(&first.trim_matches('"'))
    };
    let [first, second] = files else { return None };
    let (nodes, arcs) = if begins(first, &["nodes"]) { (first, second) } else { (second, first) };
    (begins(nodes, &["nodes"]) && begins(arcs, &["miscData", "arcs"])).then_some([*nodes, *arcs])
}

/// Reads node and arc files with travel times.
pub(crate) fn plain_files([nodes, arcs]: [InputFile<'_>; 2], findings: &mut Findings) -> Option<NetworkRead> {
    let read = plain::import(
        plain::NamedFile { name: nodes.name, reader: nodes.bytes },
        plain::NamedFile { name: arcs.name, reader: arcs.bytes },
        PLAIN_MODE,
    );
    match read {
        Ok((network, about)) => {
            let file = format!("{} + {}", nodes.name, arcs.name);
            let source = Source { name: format!("Files {file}"), url: None, reading: Reading::Dataset };
            Some(kept(&network, &BaseMap::default(), &file, source, about))
        }
        Err(error) => {
            findings.error("roads-not-read", At::file(arcs.name), error.to_string());
            None
        }
    }
}

/// Reads roads from two tables given together: nodes with positions, links between nodes. Which is
/// which is told by their columns.
pub(crate) fn tables_pair(files: &[InputFile<'_>], findings: &mut Findings) -> Option<NetworkRead> {
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let (links, nodes): (Vec<InputFile<'_>>, Vec<InputFile<'_>>) = files.iter().partition(|file| has_links(file.bytes));
    if links.is_empty() || nodes.is_empty() {
        let message = "roads need an OpenStreetMap extract, or two tables given together: links (from_id, to_id) and nodes (id, lat, lon)";
        findings.error("roads-incomplete", At::file(names.first().copied().unwrap_or_default()), message);
        return None;
    }
    let node_columns = [
        Column::new("id", &[], &[]).needed(),
        Column::new("name", &[], &[]),
        Column::new("lat", &["latitude"], &[]).needed(),
        Column::new("lon", &["longitude"], &[]).needed(),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let nodes = tables(&nodes, &node_columns, findings, |row| {
        Some((row.require("id")?, row.require_position()?, row.source()))
    })?;
    let link_columns = [
        Column::new("from_id", &["from"], &[]).needed(),
        Column::new("to_id", &["to"], &[]).needed(),
        Column::new("road", &["ref"], &[]),
        Column::new("class", &[], &[]),
        Column::new("length_km", &[], &[]),
        Column::new("surface", &[], &[]),
        Column::new("oneway", &[], &[]),
        Column::new("length_basis", &[], &[]),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let links = tables(&links, &link_columns, findings, |row| {
        let read = LinkRow {
            from_id: row.require("from_id")?,
            to_id: row.require("to_id")?,
            road: row.owned("road"),
            class: row.owned("class"),
            length_km: row.owned("length_km"),
            surface: row.owned("surface"),
            oneway: row.owned("oneway"),
            length_basis: row.owned("length_basis"),
            ..LinkRow::default()
        };
        Some((read, row.source()))
    })?;
    let used: BTreeSet<&str> =
        links.iter().flat_map(|link| [link.value.0.from_id.as_str(), link.value.0.to_id.as_str()]).collect();
    let cited = nodes.iter().filter(|node| used.contains(node.value.0.as_str())).map(|node| &node.value.2.name);
    let sources: BTreeSet<&String> = cited.chain(links.iter().map(|link| &link.value.1.name)).collect();
    let sources: Vec<String> = sources.into_iter().cloned().collect();
    let node_rows: Vec<NodeRow> = nodes
        .into_iter()
        .map(|kept| NodeRow { file: kept.file, row: kept.row, id: kept.value.0, position: kept.value.1 })
        .collect();
    let link_rows: Vec<LinkRow> =
        links.into_iter().map(|kept| LinkRow { file: kept.file, row: kept.row, ..kept.value.0 }).collect();
    let mut read = links::network(&node_rows, &link_rows);
    read.network.notice = notice(&sources);
    let source = Source { name: excerpt(&sources.join("; "), 600), url: None, reading: Reading::Dataset };
    Some(kept(&read.network, &BaseMap::default(), &names.join(" + "), source, read.findings))
}

/// Whether the headings of a table speak of links: its first lines hold `from` and `to` columns.
fn has_links(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(16_384)]).into_owned();
    head.lines()
        .filter(|line| !line.starts_with('#'))
        .take(3)
        .any(|line| line.contains("from_id") || line.starts_with("from,"))
}

/// The record and the file of a network.
pub(crate) fn kept(
    network: &Network,
    base_map: &BaseMap,
    file: &str,
    source: Source,
    mut findings: Vec<Finding>,
) -> NetworkRead {
    let parts = Components::of(network, Mode::Motor);
    findings.extend(parts.findings(network, file));
    let mut dm_by_basis: BTreeMap<&str, u64> = BTreeMap::new();
    for link in &network.links {
        *dm_by_basis.entry(basis_word(link.basis)).or_default() += u64::from(link.length_dm);
    }
    let bytes = encode::encode(network, base_map);
    let digest = Digest::of(&bytes);
    let record = RoadNetwork {
        digest,
        nodes: network.nodes.len() as u64,
        links: network.links.len() as u64,
        metres_by_basis: dm_by_basis.into_iter().map(|(basis, dm)| (basis.to_owned(), dm / 10)).collect(),
        connected_nodes: parts.largest().map_or(0, |part| u64::from(part.nodes)),
        file: file.to_owned(),
        source,
        notice: network.notice.clone(),
    };
    NetworkRead { record, reference: Reference { kind: ReferenceKind::Roads, digest, bytes }, findings }
}

fn basis_word(basis: LengthBasis) -> &'static str {
    match basis {
        LengthBasis::Measured => "measured",
        LengthBasis::Published => "published",
        LengthBasis::PublishedApportioned => "published-apportioned",
        LengthBasis::Derived => "derived",
    }
}

/// Keeps what was read: the findings among the others, the file among the references.
pub(crate) fn keep(
    read: Option<NetworkRead>,
    findings: &mut Findings,
    references: &mut Vec<Reference>,
) -> Option<RoadNetwork> {
    let read = read?;
    forward(read.findings, findings);
    references.push(read.reference);
    Some(read.record)
}

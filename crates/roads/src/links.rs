//! Konbit's own tables of nodes and links (`road_nodes.csv`, `roads.csv`) as a network.
//!
//! Whoever has read the tables hands over their rows in words, with their places; here the words
//! are given a meaning. A link is drawn straight between its nodes; what its length rests on is
//! stated with it. People on foot may use everything both ways.

use crate::network::{Access, LengthBasis, Link, Names, Network, RoadClass, RoadNode, Surface};
use konbit_base::{Finding, LatLon, Severity};
use std::collections::BTreeMap;

/// Longest link that is believed, in kilometres.
const LENGTH_KM_MAX: f64 = 5_000.0;

/// A row of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// File it stands in.
    pub file: String,
    /// Row, from 1.
    pub row: u64,
    /// Id, such as `jn-hasco`.
    pub id: String,
    /// Where it is.
    pub position: LatLon,
}

/// A row of the links, in the words of the file; `None` for an empty cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkRow {
    /// File it stands in.
    pub file: String,
    /// Row, from 1.
    pub row: u64,
    /// Id of the node it starts at.
    pub from_id: String,
    /// Id of the node it ends at.
    pub to_id: String,
    /// Number or name of the road, such as `RN1` or `RD 101 (Route de Kenscoff)`.
    pub road: Option<String>,
    /// `primary`, `secondary`, `tertiary`, `urban_arterial`, or another class of OpenStreetMap's
    /// `highway` key.
    pub class: Option<String>,
    /// Length in kilometres, as a decimal number.
    pub length_km: Option<String>,
    /// `paved`, `gravel`, `earth`, or `poor` (which counts as earth).
    pub surface: Option<String>,
    /// `yes`, `no` or `-1`; empty is no.
    pub oneway: Option<String>,
    /// `osm2010`, `measured`, `published`, `published-apportioned` or `derived`.
    pub length_basis: Option<String>,
}

/// A network made from rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromRows {
    /// The network: nodes by id, links by the ids of their ends.
    pub network: Network,
    /// The id of each node, in the network's order.
    pub node_ids: Vec<String>,
    /// What was left out or is doubtful.
    pub findings: Vec<Finding>,
}

/// The network of some rows. Nodes that no link uses are left out.
pub fn network(nodes: &[NodeRow], links: &[LinkRow]) -> FromRows {
    let mut findings = Vec::new();
    let mut positions: BTreeMap<&str, LatLon> = BTreeMap::new();
    for node in nodes {
        if positions.insert(&node.id, node.position).is_some_and(|before| before != node.position) {
            let message = format!("node {} already has another position; this row's was taken, remove one", node.id);
            let finding = Finding::in_file(Severity::Error, "id-twice", &node.file, message).at_row(node.row);
            findings.push(finding.at_column("id"));
        }
    }
    let mut kept: Vec<(&LinkRow, [LatLon; 2])> = Vec::new();
    for row in links {
        match ends(row, &positions) {
            Ok(ends) => kept.push((row, ends)),
            Err(finding) => findings.push(*finding),
        }
    }
    kept.sort_by_key(|(row, _)| (&row.from_id, &row.to_id, &row.road, &row.length_km));
    let mut node_ids: Vec<String> = kept.iter().flat_map(|(row, _)| [row.from_id.clone(), row.to_id.clone()]).collect();
    node_ids.sort_unstable();
    node_ids.dedup();
    let mut names: Vec<Names> = kept.iter().filter_map(|(row, _)| names(row)).collect();
    names.sort_unstable();
    names.dedup();
    let node = |id: &String| to_u32(node_ids.binary_search(id).expect("the list was made of all ends"));
    let mut made = Vec::new();
    for (row, ends) in kept {
        let name = names_index(&names, row);
        made.push(Link { from: node(&row.from_id), to: node(&row.to_id), name, ..link(row, ends, &mut findings) });
    }
    let open = Access { motor: true, foot: true };
    let nodes = node_ids.iter().map(|id| RoadNode { position: positions[id.as_str()], passable: open }).collect();
    let network = Network { nodes, links: made, names, ..Network::default() };
    FromRows { network, node_ids, findings }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("a table that was read has fewer rows")
}

fn at(row: &LinkRow, severity: Severity, code: &str, column: &str, message: String) -> Finding {
    Finding::in_file(severity, code, &row.file, message).at_row(row.row).at_column(column)
}

fn ends(row: &LinkRow, positions: &BTreeMap<&str, LatLon>) -> Result<[LatLon; 2], Box<Finding>> {
    let end = |id: &String, column| {
        positions.get(id.as_str()).copied().ok_or_else(|| {
            let id: String = id.chars().take(60).collect();
            let message =
                format!("there is no node {id:?}; add it to the nodes or correct the link, which was left out");
            Box::new(at(row, Severity::Error, "node-unknown", column, message))
        })
    };
    let ends = [end(&row.from_id, "from_id")?, end(&row.to_id, "to_id")?];
    if row.from_id == row.to_id {
        let message = format!("the link leads from {} to itself and was left out", row.from_id);
        return Err(Box::new(at(row, Severity::Error, "link-loop", "to_id", message)));
    }
    Ok(ends)
}

fn names(row: &LinkRow) -> Option<Names> {
    let local = row.road.as_deref().map(str::trim).filter(|road| !road.is_empty())?.to_owned();
    Some(Names { reference: reference(&local), local, by_language: Vec::new() })
}

fn names_index(all: &[Names], row: &LinkRow) -> Option<u32> {
    names(row).map(|names| to_u32(all.binary_search(&names).expect("the list was made of all names")))
}

/// The number a road's name begins with: one to three capitals and digits, such as `RD 101`.
fn reference(name: &str) -> Option<String> {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let space = usize::from(name[letters..].starts_with([' ', '-']));
    let digits = name[letters + space..].bytes().take_while(u8::is_ascii_digit).count();
    let end = letters + space + digits;
    let is_whole = !name[end..].starts_with(char::is_alphanumeric);
    ((1..=3).contains(&letters) && digits > 0 && is_whole).then(|| name[..end].to_owned())
}

/// The link of a row, its ends and its name aside.
fn link(row: &LinkRow, ends: [LatLon; 2], findings: &mut Vec<Finding>) -> Link {
    let straight_m = ends[0].distance_m(ends[1]);
    let (length_m, basis) = length(row, straight_m, findings);
    let [forward, backward] = directions(row, findings);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 5,000 km, or half the Earth's girth"
    )]
    let length_dm = (length_m * 10.0).round().max(1.0) as u32;
    Link {
        from: 0,
        to: 0,
        class: class(row, findings),
        surface: surface(row, findings),
        length_dm,
        basis,
        speed_kmh_max: None,
        given_ms: None,
        forward: Access { motor: forward, foot: true },
        backward: Access { motor: backward, foot: true },
        name: None,
        course: Vec::new(),
    }
}

/// The word in a cell, or what an unknown word counts as, with a finding.
fn word<T>(
    row: &LinkRow,
    column: &str,
    cell: Option<&String>,
    read: impl Fn(&str) -> Option<T>,
    otherwise: (T, &str),
    findings: &mut Vec<Finding>,
) -> T {
    let text = cell.map(|text| text.trim()).unwrap_or_default();
    read(text).unwrap_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let message = format!("{column} {shown:?} is not known; {}", otherwise.1);
        findings.push(at(row, Severity::Warning, "word-unknown", column, message));
        otherwise.0
    })
}

fn class(row: &LinkRow, findings: &mut Vec<Finding>) -> RoadClass {
    let read = |text: &str| {
        Some(match text {
            "motorway" => RoadClass::Motorway,
            "trunk" => RoadClass::Trunk,
            "primary" => RoadClass::Primary,
            // Main streets of a town, which OpenStreetMap has as primary to tertiary.
            "secondary" | "urban_arterial" => RoadClass::Secondary,
            "tertiary" => RoadClass::Tertiary,
            "unclassified" => RoadClass::Unclassified,
            "residential" => RoadClass::Residential,
            "service" => RoadClass::Service,
            "track" => RoadClass::Track,
            "road" | "" => RoadClass::Road,
            "path" => RoadClass::Path,
            "ferry" => RoadClass::Ferry,
            _ => return None,
        })
    };
    word(
        row,
        "class",
        row.class.as_ref(),
        read,
        (RoadClass::Road, "the link counts as a road of unknown class"),
        findings,
    )
}

fn surface(row: &LinkRow, findings: &mut Vec<Finding>) -> Surface {
    let read = |text: &str| {
        Some(match text {
            "paved" => Surface::Paved,
            "gravel" => Surface::Gravel,
            "earth" | "poor" => Surface::Earth,
            "" | "unknown" => Surface::Unknown,
            _ => return None,
        })
    };
    word(row, "surface", row.surface.as_ref(), read, (Surface::Unknown, "the surface counts as not stated"), findings)
}

fn directions(row: &LinkRow, findings: &mut Vec<Finding>) -> [bool; 2] {
    let read = |text: &str| {
        Some(match text {
            "no" | "" => [true, true],
            "yes" => [true, false],
            "-1" => [false, true],
            _ => return None,
        })
    };
    word(row, "oneway", row.oneway.as_ref(), read, ([true, true], "the link counts as two-way"), findings)
}

/// Length in metres and what it rests on. Without a length it is that of the straight line.
fn length(row: &LinkRow, straight_m: f64, findings: &mut Vec<Finding>) -> (f64, LengthBasis) {
    let text = row.length_km.as_deref().unwrap_or_default().trim();
    let km: Option<f64> = text.parse().ok().filter(|km: &f64| (0.0..=LENGTH_KM_MAX).contains(km));
    let Some(km) = km else {
        let shown: String = text.chars().take(40).collect();
        let message =
            format!("length {shown:?} is not a number of kilometres; the straight line of {straight_m:.0} m was taken");
        findings.push(at(row, Severity::Warning, "length-unknown", "length_km", message));
        return (straight_m, LengthBasis::Derived);
    };
    // A hundredth and 20 m for positions and lengths that are rounded.
    if km * 1000.0 < straight_m * 0.99 - 20.0 {
        let message = format!(
            "length {km} km is shorter than the straight line of {straight_m:.0} m between its ends; correct one of them, the length was kept"
        );
        findings.push(at(row, Severity::Warning, "length-short", "length_km", message));
    }
    let read = |text: &str| {
        Some(match text {
            "measured" => LengthBasis::Measured,
            // Such as osm2010: measured along OpenStreetMap of that year.
            _ if text
                .strip_prefix("osm")
                .is_some_and(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())) =>
            {
                LengthBasis::Measured
            }
            "published" => LengthBasis::Published,
            "published-apportioned" => LengthBasis::PublishedApportioned,
            "derived" => LengthBasis::Derived,
            _ => return None,
        })
    };
    let otherwise = (LengthBasis::Derived, "the length counts as derived");
    (km * 1000.0, word(row, "length_basis", row.length_basis.as_ref(), read, otherwise, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(words: [&str; 6]) -> LinkRow {
        let [road, class, length_km, surface, oneway, length_basis] = words.map(|word| Some(word.to_owned()));
        LinkRow {
            file: "roads.csv".to_owned(),
            row: 7,
            from_id: "a".to_owned(),
            to_id: "b".to_owned(),
            road,
            class,
            length_km,
            surface,
            oneway,
            length_basis,
        }
    }

    fn nodes() -> Vec<NodeRow> {
        // 0.01 degrees of latitude are 1,112 m.
        let at = |id: &str, lat| NodeRow {
            file: "road_nodes.csv".to_owned(),
            row: 2,
            id: id.to_owned(),
            position: LatLon::new(lat, -72.3).unwrap(),
        };
        vec![at("b", 18.51), at("a", 18.50), at("unused", 19.0)]
    }

    fn check(words: [&str; 6], codes: &[&str]) -> Link {
        let found = network(&nodes(), &[row(words)]);
        assert_eq!(found.findings.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), codes, "{words:?}");
        assert_eq!(found.network.check(), Ok(()));
        assert_eq!(found.node_ids, ["a", "b"]);
        found.network.links[0].clone()
    }

    #[test]
    fn a_row_is_a_link() {
        let link = check(["RN1", "primary", "1.28", "paved", "no", "osm2010"], &[]);
        assert_eq!((link.from, link.to, link.length_dm, link.name), (0, 1, 12_800, Some(0)));
        assert_eq!((link.class, link.surface, link.basis), (RoadClass::Primary, Surface::Paved, LengthBasis::Measured));
        assert!(link.forward.motor && link.backward.motor);
        let link = check(["", "urban_arterial", "1.2", "poor", "-1", "published-apportioned"], &[]);
        assert_eq!((link.class, link.surface, link.name), (RoadClass::Secondary, Surface::Earth, None));
        assert_eq!(
            (link.basis, link.forward.motor, link.backward.motor),
            (LengthBasis::PublishedApportioned, false, true)
        );
        assert!(link.forward.foot);
    }

    #[test]
    fn an_unknown_word_is_a_finding_and_the_link_is_kept() {
        check(["RN1", "highway", "1.28", "paved", "no", "derived"], &["word-unknown"]);
        check(["RN1", "primary", "1.28", "ice", "maybe", "guess"], &["word-unknown"; 3]);
        check(["RN1", "primary", "1.0", "paved", "no", "derived"], &["length-short"]);
        let link = check(["RN1", "primary", "-1", "paved", "no", "published"], &["length-unknown"]);
        assert_eq!((link.length_dm, link.basis), (11_120, LengthBasis::Derived));
    }

    #[test]
    fn a_link_to_nowhere_or_to_itself_is_left_out() {
        let with = |from: &str, to: &str| LinkRow {
            from_id: from.to_owned(),
            to_id: to.to_owned(),
            ..row(["RN1", "primary", "1.28", "paved", "no", "derived"])
        };
        let found = network(&nodes(), &[with("a", "zz"), with("a", "a"), with("b", "a")]);
        assert_eq!(found.network.links.len(), 1);
        let lines: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "error: roads.csv:7 [to_id]: there is no node \"zz\"; add it to the nodes or correct the link, which was left out (node-unknown)",
                "error: roads.csv:7 [to_id]: the link leads from a to itself and was left out (link-loop)",
            ]
        );
    }

    #[test]
    fn the_number_of_a_road_is_read_from_its_name() {
        for (name, expect) in [
            ("RN1", Some("RN1")),
            ("RD 101 (Route de Kenscoff)", Some("RD 101")),
            ("A-7", Some("A-7")),
            ("Route 9", None),
            ("RD (Chantal)", None),
            ("RN1bis", None),
            ("Avenue John Brown (Lalue)", None),
            ("", None),
        ] {
            assert_eq!(reference(name).as_deref(), expect, "{name:?}");
        }
    }
}

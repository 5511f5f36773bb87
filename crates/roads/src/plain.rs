//! Node and arc files with travel times, as the ambulance simulator JEMSS has them.
//!
//! Each file is a sequence of tables: a row with the table's name and number of rows, a row of
//! headings, the rows, an empty row. `nodes.csv` has the table `nodes` (index, x = longitude,
//! y = latitude in degrees). `arcs.csv` has `miscData` (`arcForm`: `directed` or `undirected`;
//! `numModes`) and `arcs` (index, fromNode, toNode, and for each mode of travel its time on the
//! arc in days, `mode_1`, `mode_2`, ...). One mode becomes the stated times of the network.
//!
//! A pair of opposite arcs becomes one link, an arc without its opposite a one-way link. The
//! files know no lengths and no courses: a link is drawn straight, and its length is that of the
//! straight line. The times are those of a vehicle, so people on foot may use none of it.

use crate::network::{Access, LINKS_MAX, LengthBasis, Link, NODES_MAX, Network, RoadClass, RoadNode, Surface};
use crate::profile::TRAVEL_MS_MAX;
use csv::StringRecord;
use konbit_base::{Finding, LatLon, Severity};
use std::collections::BTreeMap;
use std::io::Read;
use thiserror::Error;

/// Most bytes of one file.
const BYTES_MAX: u64 = 4 << 30;
/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// Why the files were not read.
#[derive(Debug, Error)]
pub enum PlainError {
    /// A file is no CSV, or cannot be read.
    #[error("{file} cannot be read: {error}")]
    Csv {
        /// File.
        file: String,
        /// What the reader says.
        error: csv::Error,
    },
    /// A table or a column is missing, or a row is not what it has to be.
    #[error("{file}, line {line}: {what}")]
    Form {
        /// File.
        file: String,
        /// Line, from 1; the last one where something is missing at the end.
        line: u64,
        /// What is wrong and what is expected.
        what: String,
    },
}

/// A file that is open, and the name that messages give it.
pub struct NamedFile<'n, R> {
    /// Name without directories.
    pub name: &'n str,
    /// Its content.
    pub reader: R,
}

/// Reads a network with the travel times of mode number `mode` (from 1).
pub fn import<N: Read, A: Read>(
    nodes: NamedFile<'_, N>,
    arcs: NamedFile<'_, A>,
    mode: u32,
) -> Result<(Network, Vec<Finding>), PlainError> {
    let arcs_name = arcs.name;
    let mut findings = Vec::new();
    let places = read_nodes(nodes, &mut findings)?;
    let (times, is_directed) = read_arcs(arcs, mode, &places)?;
    let times = both_ways(times, is_directed, arcs_name, &mut findings);
    let open = Access { motor: true, foot: true };
    let nodes: Vec<RoadNode> =
        places.values().map(|place| RoadNode { position: place.position, passable: open }).collect();
    let links = links(&times, &nodes);
    Ok((Network { nodes, links, ..Network::default() }, findings))
}

struct Place {
    number: u32,
    position: LatLon,
}

/// An arc: from, to, milliseconds.
type Arc = (u32, u32, u32);

/// Travel time in milliseconds from one node to another, by number.
type Times = BTreeMap<(u32, u32), u32>;

/// One file, table by table.
struct Tables<R> {
    name: String,
    rows: csv::Reader<std::io::Take<R>>,
}

/// The rows of a table, by heading.
struct Table {
    rows_left: u64,
    headings: Vec<String>,
}

impl<R: Read> Tables<R> {
    fn new(file: NamedFile<'_, R>) -> Self {
        let rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.reader.take(BYTES_MAX));
        Self { name: file.name.to_owned(), rows }
    }

    fn row(&mut self) -> Result<Option<StringRecord>, PlainError> {
        let mut record = StringRecord::new();
        match self.rows.read_record(&mut record) {
            Ok(true) => Ok(Some(record)),
            Ok(false) => Ok(None),
            Err(error) => Err(PlainError::Csv { file: self.name.clone(), error }),
        }
    }

    fn refuse(&self, what: impl Into<String>) -> PlainError {
        PlainError::Form {
            file: self.name.clone(),
            line: self.rows.position().line().saturating_sub(1).max(1),
            what: what.into(),
        }
    }

    /// Goes on to the table of this name.
    fn find(&mut self, name: &str, rows_max: usize) -> Result<Table, PlainError> {
        while let Some(row) = self.row()? {
            if row.get(0).map(str::trim) != Some(name) {
                continue;
            }
            let count = row.get(1).and_then(whole).filter(|count| *count <= rows_max as u64);
            let rows_left = count.ok_or_else(|| {
                self.refuse(format!("table {name:?} does not say how many rows it has (up to {rows_max})"))
            })?;
            let headings = self.row()?.ok_or_else(|| self.refuse(format!("table {name:?} has no headings")))?;
            let headings = headings.iter().map(|heading| heading.trim().to_owned()).collect();
            return Ok(Table { rows_left, headings });
        }
        Err(self.refuse(format!("there is no table {name:?}; give the files in the form of JEMSS")))
    }

    fn column(&self, table: &Table, heading: &str) -> Result<usize, PlainError> {
        let column = table.headings.iter().position(|it| it == heading);
        column.ok_or_else(|| self.refuse(format!("there is no column {heading:?}")))
    }

    fn next(&mut self, table: &mut Table) -> Result<Option<StringRecord>, PlainError> {
        if table.rows_left == 0 {
            return Ok(None);
        }
        table.rows_left -= 1;
        match self.row()? {
            Some(row) if row.iter().any(|value| !value.trim().is_empty()) => Ok(Some(row)),
            _ => Err(self.refuse(format!("the table ends {} rows early", table.rows_left + 1))),
        }
    }

    fn number<T>(
        &self,
        row: &StringRecord,
        column: usize,
        read: impl Fn(&str) -> Option<T>,
        expect: &str,
    ) -> Result<T, PlainError> {
        let text = row.get(column).unwrap_or_default();
        read(text)
            .ok_or_else(|| self.refuse(format!("{:?} is not {expect}", text.chars().take(40).collect::<String>())))
    }
}

/// A whole number from 0 to 2^53, which the files write as `1` or `1.0`.
fn whole(text: &str) -> Option<u64> {
    let number: f64 = text.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number in range"
    )]
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
}

fn decimal(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn read_nodes<R: Read>(
    file: NamedFile<'_, R>,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<u64, Place>, PlainError> {
    let name = file.name.to_owned();
    let mut tables = Tables::new(file);
    let mut table = tables.find("nodes", NODES_MAX)?;
    let [index, x, y] = [tables.column(&table, "index")?, tables.column(&table, "x")?, tables.column(&table, "y")?];
    let off_road = table.headings.iter().position(|heading| heading == "offRoadAccess");
    let (mut places, mut closed) = (BTreeMap::new(), 0u64);
    while let Some(row) = tables.next(&mut table)? {
        let id = tables.number(&row, index, whole, "the number of a node")?;
        let [lon, lat] =
            [tables.number(&row, x, decimal, "a longitude")?, tables.number(&row, y, decimal, "a latitude")?];
        let position = LatLon::new(lat, lon).map_err(|error| tables.refuse(error.to_string()))?;
        if places.insert(id, Place { number: 0, position }).is_some() {
            return Err(tables.refuse(format!("node {id} stands twice")));
        }
        closed += u64::from(off_road.is_some_and(|column| row.get(column).and_then(decimal) == Some(0.0)));
    }
    for (number, place) in (0..).zip(places.values_mut()) {
        place.number = number;
    }
    if closed > 0 {
        let message = format!(
            "{closed} nodes have no access beside the road (offRoadAccess 0); this is not read, a place may be connected to a road there"
        );
        findings.push(Finding::in_file(Severity::Note, "off-road-access", &name, message));
    }
    Ok(places)
}

fn read_arcs<R: Read>(
    file: NamedFile<'_, R>,
    mode: u32,
    places: &BTreeMap<u64, Place>,
) -> Result<(Vec<Arc>, bool), PlainError> {
    let mut tables = Tables::new(file);
    let mut about = tables.find("miscData", 1)?;
    let form = tables.column(&about, "arcForm")?;
    let row = tables.next(&mut about)?.ok_or_else(|| tables.refuse("table \"miscData\" has no row"))?;
    let is_directed = match row.get(form).map(str::trim) {
        Some("directed") => true,
        Some("undirected") => false,
        _ => return Err(tables.refuse("arcForm is neither directed nor undirected")),
    };
    let mut table = tables.find("arcs", LINKS_MAX)?;
    let [from, to, time] = [
        tables.column(&table, "fromNode")?,
        tables.column(&table, "toNode")?,
        tables.column(&table, &format!("mode_{mode}"))?,
    ];
    let mut arcs = Vec::new();
    while let Some(row) = tables.next(&mut table)? {
        let end = |column| {
            let id = tables.number(&row, column, whole, "the number of a node")?;
            places.get(&id).map(|place| place.number).ok_or_else(|| tables.refuse(format!("there is no node {id}")))
        };
        let days = tables.number(&row, time, decimal, "a travel time in days")?;
        let ms = (days * DAY_MS).round();
        if days < 0.0 || ms > f64::from(TRAVEL_MS_MAX) {
            return Err(tables.refuse(format!("a travel time of {days} days is not between 0 and 12")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
        arcs.push((end(from)?, end(to)?, (ms as u32).max(1)));
    }
    Ok((arcs, is_directed))
}

/// The time for each ordered pair of nodes; of several arcs the fastest.
fn both_ways(arcs: Vec<Arc>, is_directed: bool, file: &str, findings: &mut Vec<Finding>) -> Times {
    let mut times = Times::new();
    let (mut loops, mut twice) = (0u64, 0u64);
    for (from, to, ms) in arcs {
        if from == to {
            loops += 1;
            continue;
        }
        let opposite = (!is_directed).then_some((to, from));
        for pair in [Some((from, to)), opposite].into_iter().flatten() {
            let fastest = times.entry(pair).and_modify(|_| twice += 1).or_insert(ms);
            *fastest = ms.min(*fastest);
        }
    }
    if loops > 0 {
        let message = format!("{loops} arcs lead from a node to itself and were left out");
        findings.push(Finding::in_file(Severity::Warning, "arc-loop", file, message));
    }
    if twice > 0 {
        let message = format!(
            "{twice} arcs run between nodes that another arc joins in the same direction; the fastest was taken"
        );
        findings.push(Finding::in_file(Severity::Note, "arc-twice", file, message));
    }
    times
}

fn links(times: &Times, nodes: &[RoadNode]) -> Vec<Link> {
    let all = times.iter().filter_map(|(&(from, to), &ms)| {
        let back = times.get(&(to, from)).copied();
        if back.is_some() && from > to {
            return None; // Made with its opposite.
        }
        let metres = nodes[from as usize].position.distance_m(nodes[to as usize].position);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most half the Earth's girth")]
        let length_dm = (metres * 10.0).round().max(1.0) as u32;
        Some(Link {
            from,
            to,
            class: RoadClass::Road,
            surface: Surface::Unknown,
            length_dm,
            basis: LengthBasis::Derived,
            speed_kmh_max: None,
            given_ms: Some([ms, back.unwrap_or(ms)]),
            forward: Access { motor: true, foot: false },
            backward: Access { motor: back.is_some(), foot: false },
            name: None,
            course: Vec::new(),
        })
    });
    all.collect()
}

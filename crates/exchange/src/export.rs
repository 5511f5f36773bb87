//! Tables as CSV with a row of HXL tags, and layers as GeoJSON.
//!
//! Columns and properties are those that [`crate::import`] reads, so that what is written reads
//! back as the same records. Rows are ordered by id, positions are written in whole micro-degrees,
//! and P-codes stand in columns of their own.

use crate::import::{category_word, reading_word};
use konbit_base::{DatePrecision, LatLon, PlacePrecision, Source};
use konbit_mission::Mission;
use konbit_mission::contributions::{Contribution, Kind, Status};
use konbit_mission::mandate::Obligation;
use konbit_mission::protection::{Base, Site};
use konbit_mission::roads::{RoadReport, RoadState, Stretch};
use konbit_mission::situation::{Area, Control, Incident};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportKind {
    /// Sites to protect.
    Sites,
    /// Bases and staging places.
    Bases,
    /// Incidents.
    Incidents,
    /// Areas held or contested.
    Areas,
    /// What States promise and deliver.
    Contributions,
    /// What the mandate asks.
    Obligations,
    /// What is reported of the state of roads.
    RoadReports,
}

/// The form it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportFormat {
    /// CSV, UTF-8, with a row of HXL tags under the headings.
    Csv,
    /// GeoJSON: points, and what else a road report is drawn with.
    GeoJson,
}

impl ExportKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Sites,
        Self::Bases,
        Self::Incidents,
        Self::Areas,
        Self::Contributions,
        Self::Obligations,
        Self::RoadReports,
    ];

    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sites => "sites",
            Self::Bases => "bases",
            Self::Incidents => "incidents",
            Self::Areas => "areas",
            Self::Contributions => "contributions",
            Self::Obligations => "obligations",
            Self::RoadReports => "road-reports",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether its rows have places, so that it can be written as GeoJSON.
    pub fn has_places(self) -> bool {
        !matches!(self, Self::Contributions | Self::Obligations)
    }
}

/// What stands of a kind, in a format. `None` if rows of the kind have no places and GeoJSON is
/// asked for.
pub fn export(mission: &Mission, kind: ExportKind, format: ExportFormat) -> Option<Vec<u8>> {
    let grid = grid(mission, kind);
    match format {
        ExportFormat::Csv => Some(csv(&grid)),
        ExportFormat::GeoJson => kind.has_places().then(|| geojson(&grid)),
    }
}

/// CSV with a row of HXL tags under the headings, for tables that are not records of one kind: rows
/// have as many cells as there are columns.
///
/// # Panics
/// When a row has another number of cells.
pub fn table(columns: &'static [(&'static str, &'static str)], rows: Vec<Vec<String>>) -> Vec<u8> {
    csv(&Grid { columns, rows, shapes: Vec::new() })
}

/// Headings with their HXL tags, and rows of as many cells.
struct Grid {
    columns: &'static [(&'static str, &'static str)],
    rows: Vec<Vec<String>>,
    /// Geometries of the rows as GeoJSON, where they are not points; as many as rows, or none.
    shapes: Vec<Option<String>>,
}

fn grid(mission: &Mission, kind: ExportKind) -> Grid {
    let plain = |columns: &'static [(&'static str, &'static str)], rows| Grid { columns, rows, shapes: Vec::new() };
    match kind {
        ExportKind::Sites => plain(&SITE, mission.sites.values().map(site).collect()),
        ExportKind::Bases => plain(&BASE, mission.bases.values().map(base).collect()),
        ExportKind::Incidents => plain(&INCIDENT, mission.incidents.values().map(incident).collect()),
        ExportKind::Areas => plain(&AREA, mission.areas.values().map(area).collect()),
        ExportKind::Contributions => plain(&CONTRIBUTION, mission.contributions.values().map(contribution).collect()),
        ExportKind::Obligations => plain(&OBLIGATION, mission.obligations.values().map(obligation).collect()),
        ExportKind::RoadReports => Grid {
            columns: &ROAD_REPORT,
            rows: mission.road_reports.values().map(road_report).collect(),
            shapes: mission.road_reports.values().map(|report| stretch_geometry(&report.stretch)).collect(),
        },
    }
}

const SOURCE_NAME: (&str, &str) = ("source_name", "#meta+source+name");
const SOURCE_URL: (&str, &str) = ("source_url", "#meta+source+url");
const SOURCE_READ: (&str, &str) = ("source_read", "#meta+source+reading");

const SITE: [(&str, &str); 14] = [
    ("id", "#loc+id"),
    ("name", "#loc+name"),
    ("name_local", "#loc+name+local"),
    ("kind", "#loc+type"),
    ("adm2_pcode", "#adm2+code"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("precision", "#geo+precision"),
    ("people_served", "#population+served"),
    ("mandate_category", "#loc+category"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
    ("note", "#description"),
];

fn site(site: &Site) -> Vec<String> {
    let [lat, lon] = degrees(site.position);
    let [name, url, read] = source(&site.source);
    vec![
        site.id.to_string(),
        site.name.clone(),
        text(site.name_local.as_ref()),
        site.kind.clone(),
        text(site.area.as_ref()),
        lat,
        lon,
        place_precision(site.precision).to_owned(),
        text(site.people_served.as_ref()),
        category_word(site.category).to_owned(),
        name,
        url,
        read,
        text(site.note.as_ref()),
    ]
}

const BASE: [(&str, &str); 10] = [
    ("id", "#loc+id"),
    ("name", "#loc+name"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("capacity_people", "#capacity"),
    ("adm2_pcode", "#adm2+code"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
    ("note", "#description"),
];

fn base(base: &Base) -> Vec<String> {
    let [lat, lon] = degrees(Some(base.position));
    let [name, url, read] = source(&base.source);
    vec![
        base.id.to_string(),
        base.name.clone(),
        lat,
        lon,
        base.capacity.to_string(),
        text(base.area.as_ref()),
        name,
        url,
        read,
        text(base.note.as_ref()),
    ]
}

const INCIDENT: [(&str, &str); 21] = [
    ("id", "#event+id"),
    ("date_start", "#date+start"),
    ("date_end", "#date+end"),
    ("date_precision", "#date+precision"),
    ("type", "#event+type"),
    ("place", "#loc+name"),
    ("adm2_pcode", "#adm2+code"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("place_precision", "#geo+precision"),
    ("killed_low", "#affected+killed+min"),
    ("killed_best", "#affected+killed"),
    ("killed_high", "#affected+killed+max"),
    ("injured", "#affected+injured"),
    ("kidnapped", "#affected+kidnapped"),
    ("displaced", "#affected+displaced"),
    ("group", "#group+name"),
    ("summary", "#description"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
];

fn incident(incident: &Incident) -> Vec<String> {
    let [lat, lon] = degrees(incident.position);
    let [name, url, read] = source(&incident.source);
    vec![
        incident.id.to_string(),
        incident.start.to_string(),
        incident.end.to_string(),
        date_precision(incident.date_precision).to_owned(),
        incident.kind.clone(),
        incident.place.clone(),
        text(incident.area.as_ref()),
        lat,
        lon,
        place_precision(incident.place_precision).to_owned(),
        text(incident.killed.low.as_ref()),
        text(incident.killed.best.as_ref()),
        text(incident.killed.high.as_ref()),
        text(incident.injured.as_ref()),
        text(incident.kidnapped.as_ref()),
        text(incident.displaced.as_ref()),
        text(incident.group.as_ref()),
        incident.summary.clone(),
        name,
        url,
        read,
    ]
}

const AREA: [(&str, &str); 13] = [
    ("id", "#loc+id"),
    ("name", "#loc+name"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("radius_km", "#geo+radius"),
    ("since", "#date+start"),
    ("until", "#date+end"),
    ("status", "#status"),
    ("group", "#group+name"),
    ("note", "#description"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
];

fn area(area: &Area) -> Vec<String> {
    let [lat, lon] = degrees(Some(area.position));
    let [name, url, read] = source(&area.source);
    let control = match area.control {
        Control::Held => "held",
        Control::Contested => "contested",
    };
    vec![
        area.id.to_string(),
        area.name.clone(),
        lat,
        lon,
        format!("{}.{:03}", area.radius_m / 1_000, area.radius_m % 1_000),
        area.since.to_string(),
        text(area.until.as_ref()),
        control.to_owned(),
        text(area.group.as_ref()),
        text(area.note.as_ref()),
        name,
        url,
        read,
    ]
}

const CONTRIBUTION: [(&str, &str); 17] = [
    ("id", "#activity+id"),
    ("pledge", "#activity+pledge"),
    ("date", "#date"),
    ("date_precision", "#date+precision"),
    ("contributor", "#org+funder+code"),
    ("contributor_name", "#org+funder+name"),
    ("kind", "#item+type"),
    ("detail", "#description"),
    ("quantity", "#value"),
    ("unit", "#value+unit"),
    ("status", "#status"),
    ("counts", "#meta+counts"),
    ("caveat", "#description+caveat"),
    ("note", "#description+note"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
];

fn contribution(line: &Contribution) -> Vec<String> {
    let [name, url, read] = source(&line.source);
    let kind = match line.kind {
        Kind::Personnel => "personnel",
        Kind::Money => "money",
        Kind::Equipment => "equipment",
        Kind::Service => "service",
    };
    let status = match line.status {
        Status::Pledged => "pledged",
        Status::Committed => "committed",
        Status::Delivered => "delivered",
    };
    vec![
        line.id.to_string(),
        line.pledge.clone(),
        line.date.day.to_string(),
        date_precision(line.date.precision).to_owned(),
        line.contributor.clone(),
        line.contributor_name.clone(),
        kind.to_owned(),
        line.detail.clone(),
        text(line.quantity.as_ref()),
        line.unit.clone(),
        status.to_owned(),
        if line.counts { "yes" } else { "no" }.to_owned(),
        text(line.caveat.as_ref()),
        text(line.note.as_ref()),
        name,
        url,
        read,
    ]
}

const ROAD_REPORT: [(&str, &str); 15] = [
    ("id", "#event+id"),
    ("place", "#loc+name"),
    ("state", "#status"),
    ("speed_percent", "#indicator+speed"),
    ("wkt", "#geo+wkt"),
    ("lat", "#geo+lat"),
    ("lon", "#geo+lon"),
    ("radius_m", "#geo+radius"),
    ("from", "#date+start"),
    ("until", "#date+end"),
    ("expires", "#date+expiry"),
    ("note", "#description"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
];

fn road_report(report: &RoadReport) -> Vec<String> {
    let [name, url, read] = source(&report.source);
    let (centre, radius_m) = match &report.stretch {
        Stretch::Around { centre, radius_m } => (Some(*centre), Some(radius_m)),
        Stretch::Line(_) | Stretch::Within(_) => (None, None),
    };
    let [lat, lon] = degrees(centre);
    let speed_percent = match report.state {
        RoadState::Slowed { speed_percent } => Some(speed_percent),
        RoadState::Closed | RoadState::Dangerous | RoadState::Held => None,
    };
    vec![
        report.id.to_string(),
        report.place.clone(),
        report.state.name().to_owned(),
        text(speed_percent.as_ref()),
        stretch_wkt(&report.stretch),
        lat,
        lon,
        text(radius_m),
        report.from.to_string(),
        text(report.until.as_ref()),
        report.expires.to_string(),
        text(report.note.as_ref()),
        name,
        url,
        read,
    ]
}

/// The ring closed, as GeoJSON and WKT ask for.
fn closed(ring: &[LatLon]) -> Vec<LatLon> {
    ring.iter().chain(ring.first()).copied().collect()
}

/// WKT of a line or an area; nothing for what stands around a point.
fn stretch_wkt(stretch: &Stretch) -> String {
    let points = |points: &[LatLon]| {
        points.iter().map(|at| format!("{:.6} {:.6}", at.lon(), at.lat())).collect::<Vec<_>>().join(", ")
    };
    match stretch {
        Stretch::Line(line) => format!("LINESTRING ({})", points(line)),
        Stretch::Within(ring) => format!("POLYGON (({}))", points(&closed(ring))),
        Stretch::Around { .. } => String::new(),
    }
}

/// GeoJSON geometry of a line or an area; `None` for what stands around a point.
fn stretch_geometry(stretch: &Stretch) -> Option<String> {
    let list = |points: &[LatLon]| {
        let mut out = String::new();
        write_list(&mut out, points, |out, at| write_point(out, [at.lon(), at.lat()]));
        out
    };
    match stretch {
        Stretch::Line(line) => Some(format!("{{\"type\":\"LineString\",\"coordinates\":{}}}", list(line))),
        Stretch::Within(ring) => Some(format!("{{\"type\":\"Polygon\",\"coordinates\":[{}]}}", list(&closed(ring)))),
        Stretch::Around { .. } => None,
    }
}

const OBLIGATION: [(&str, &str); 19] = [
    ("id", "#activity+id"),
    ("resolution", "#meta+resolution"),
    ("paragraph", "#meta+paragraph"),
    ("sub", "#meta+paragraph+part"),
    ("eid", "#meta+paragraph+id"),
    ("verb", "#meta+verb"),
    ("force", "#status+force"),
    ("owner", "#org+responsible"),
    ("what", "#description"),
    ("due_rule", "#date+due+rule"),
    ("due_anchor", "#date+due+anchor"),
    ("due_date", "#date+due"),
    ("recurrence", "#date+due+recurrence"),
    ("limits", "#description+limits"),
    ("evidence_kind", "#output+evidence"),
    ("theme", "#subsector"),
    SOURCE_NAME,
    SOURCE_URL,
    SOURCE_READ,
];

fn obligation(obligation: &Obligation) -> Vec<String> {
    let [name, url, read] = source(&obligation.source);
    vec![
        obligation.id.to_string(),
        obligation.resolution.clone(),
        obligation.paragraph.to_string(),
        obligation.part.clone(),
        text(obligation.eid.as_ref()),
        obligation.verb.clone(),
        obligation.force.clone(),
        obligation.owner.clone(),
        obligation.what.clone(),
        obligation.due.rule.clone(),
        text(obligation.due.anchor.as_ref()),
        text(obligation.due.date.as_ref()),
        text(obligation.due.recurrence.as_ref()),
        text(obligation.limits.as_ref()),
        obligation.evidence.clone(),
        obligation.theme.clone(),
        name,
        url,
        read,
    ]
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn source(source: &Source) -> [String; 3] {
    [source.name.clone(), text(source.url.as_ref()), reading_word(source.reading).to_owned()]
}

fn degrees(position: Option<LatLon>) -> [String; 2] {
    position.map_or_else(Default::default, |at| [format!("{:.6}", at.lat()), format!("{:.6}", at.lon())])
}

fn date_precision(precision: DatePrecision) -> &'static str {
    match precision {
        DatePrecision::Day => "day",
        DatePrecision::Week => "week",
        DatePrecision::Month => "month",
        DatePrecision::Quarter => "quarter",
        DatePrecision::Year => "year",
    }
}

fn place_precision(precision: PlacePrecision) -> &'static str {
    match precision {
        PlacePrecision::Site => "site",
        PlacePrecision::Street => "street",
        PlacePrecision::Neighbourhood => "neighbourhood",
        PlacePrecision::Town => "town",
        PlacePrecision::Department => "department",
    }
}

fn csv(grid: &Grid) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let headings = grid.columns.iter().map(|(heading, _)| *heading);
    let tags = grid.columns.iter().map(|(_, tag)| *tag);
    let written = writer.write_record(headings).and_then(|()| writer.write_record(tags));
    written
        .and_then(|()| grid.rows.iter().try_for_each(|row| writer.write_record(row)))
        .expect("rows are of one width, and memory takes them");
    writer.into_inner().expect("memory takes it")
}

/// A feature for each row; rows without a place have no geometry.
fn geojson(grid: &Grid) -> Vec<u8> {
    let mut out = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    for (index, row) in grid.rows.iter().enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        let cell = |name: &str| {
            grid.columns
                .iter()
                .zip(row)
                .find(|((heading, _), _)| *heading == name)
                .map_or("", |(_, cell)| cell.as_str())
        };
        let properties: Map<String, Value> = grid
            .columns
            .iter()
            .zip(row)
            .filter(|((heading, _), cell)| !matches!(*heading, "lat" | "lon" | "wkt") && !cell.is_empty())
            .map(|((heading, _), cell)| ((*heading).to_owned(), Value::from(cell.as_str())))
            .collect();
        let geometry = match (grid.shapes.get(index), cell("lat"), cell("lon")) {
            (Some(Some(shape)), _, _) => shape.clone(),
            (_, "", _) | (_, _, "") => "null".to_owned(),
            (_, lat, lon) => format!("{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}"),
        };
        let properties = Value::Object(properties);
        write!(out, "{{\"type\":\"Feature\",\"geometry\":{geometry},\"properties\":{properties}}}")
            .expect("memory takes it");
    }
    out.push_str("\n]}\n");
    out.into_bytes()
}

/// Writes `[item,item]`.
pub(crate) fn write_list<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

/// Writes `[longitude,latitude]` with at most six decimals and no zeros at their end.
pub(crate) fn write_point(out: &mut String, [lon, lat]: [f64; 2]) {
    let short = |degrees: f64| {
        let text = format!("{degrees:.6}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
    };
    out.push('[');
    out.push_str(&short(lon));
    out.push(',');
    out.push_str(&short(lat));
    out.push(']');
}

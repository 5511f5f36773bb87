//! What a user hands over becomes records and findings.
//!
//! A kind of import names the records; the format is told from the bytes. Tables may be CSV (comma,
//! semicolon or tab; UTF-8, or UTF-16 with a byte order mark), XLSX or GeoJSON points; columns are
//! found by their headings or by a row of HXL tags. Documents are TOML, resolutions TOML or Akoma
//! Ntoso, votes CSV or one JSON object per line, layers GeoJSON.
//!
//! One core reads rows for all kinds of table; a kind is a list of columns and a function from a
//! row to a record.
//!
//! Invariant: a row is kept, or an error finding says why not and holds its text.
//! Invariant: the same files in the same context give the same answer.

mod chain;
mod documents;
mod findings;
mod layers;
mod network;
mod placing;
mod points;
mod roads;
mod sheet;
mod sites;
mod situation;
mod sniff;
mod table;
mod week;
mod xlsx;

pub use crate::boundaries::{Boundaries, BoundariesError};
use crate::{akn, unsc_votes};
use findings::{At, Findings};
use jiff::tz::TimeZone;
use konbit_base::{Digest, Finding, Severity};
use konbit_mission::council::{Cast, Resolution};
use konbit_mission::protection::Planning;
use konbit_mission::roads::RoadNetwork;
use konbit_mission::{Event, Record, Table};
pub use network::{NetworkRead, read_osm};
pub use roads::{parse_instant, read_road_report};
pub(crate) use sites::category_word;
use std::collections::BTreeSet;
pub(crate) use table::reading_word;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportKind {
    /// What the mission is.
    Mission,
    /// A resolution or draft with its paragraphs.
    Resolution,
    /// Votes in the Council by member.
    Votes,
    /// Steps on the way to a decision of the Council.
    Council,
    /// What the mandate asks.
    Obligations,
    /// What States promise and deliver.
    Contributions,
    /// Sites to protect.
    Sites,
    /// Bases and staging places.
    Bases,
    /// Towns.
    Towns,
    /// Incidents.
    Incidents,
    /// Further sources of incidents.
    IncidentSources,
    /// Areas held or contested.
    Areas,
    /// Published totals.
    Totals,
    /// Judgements a plan rests on.
    Planning,
    /// The week: kinds of slot, contingents, groups who watch, patrols.
    Week,
    /// The outline of the country and its neighbours.
    Outline,
    /// Administrative boundaries.
    Boundaries,
    /// The road network.
    Roads,
    /// How units travel: speeds by class of road, surface, weather.
    TravelProfiles,
    /// What is reported of the state of roads.
    RoadReports,
}

const MIB: u64 = 1024 * 1024;

impl ImportKind {
    /// All kinds, in an order in which they can be imported.
    pub const ALL: [Self; 20] = [
        Self::Mission,
        Self::Resolution,
        Self::Votes,
        Self::Council,
        Self::Obligations,
        Self::Contributions,
        Self::Outline,
        Self::Boundaries,
        Self::Towns,
        Self::Roads,
        Self::TravelProfiles,
        Self::RoadReports,
        Self::Planning,
        Self::Sites,
        Self::Bases,
        Self::Areas,
        Self::Incidents,
        Self::IncidentSources,
        Self::Totals,
        Self::Week,
    ];

    /// The word for it on the command line and in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Resolution => "resolution",
            Self::Votes => "votes",
            Self::Council => "council",
            Self::Obligations => "obligations",
            Self::Contributions => "contributions",
            Self::Sites => "sites",
            Self::Bases => "bases",
            Self::Towns => "towns",
            Self::Incidents => "incidents",
            Self::IncidentSources => "incident-sources",
            Self::Areas => "areas",
            Self::Totals => "totals",
            Self::Planning => "planning",
            Self::Week => "week",
            Self::Outline => "outline",
            Self::Boundaries => "boundaries",
            Self::Roads => "roads",
            Self::TravelProfiles => "travel-profiles",
            Self::RoadReports => "road-reports",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// One line for a user: what is read, in which format.
    pub fn help(self) -> &'static str {
        match self {
            Self::Mission => "what the mission is: name, States, resolution, time zone, languages (TOML)",
            Self::Resolution => {
                "a resolution or draft with its vote and paragraphs (Akoma Ntoso XML, or restated as TOML)"
            }
            Self::Votes => {
                "votes in the Council by member (CSV: resolution, date, member, vote; or JSON lines of UN DGACM)"
            }
            Self::Council => "steps on the way to a decision: requests, drafts, positions, votes (CSV, XLSX)",
            Self::Obligations => "what each paragraph asks of whom, by when, shown by what (CSV, XLSX)",
            Self::Contributions => "people, money, equipment and services pledged, committed, delivered (CSV, XLSX)",
            Self::Sites => {
                "sites to protect (CSV, XLSX, GeoJSON points; HXL tags; health workbooks, OpenStreetMap extracts)"
            }
            Self::Bases => "bases and staging places with the people they can hold (CSV, XLSX, GeoJSON points)",
            Self::Towns => "towns for the map (CSV, XLSX, GeoJSON points)",
            Self::Incidents => "incidents (CSV, XLSX, GeoJSON points; HXL tags; the layout of UCDP GED)",
            Self::IncidentSources => "further sources of incidents (CSV, XLSX)",
            Self::Areas => "areas held or contested by armed groups, as circles (CSV, XLSX, GeoJSON points)",
            Self::Totals => "published totals for a period (CSV, XLSX)",
            Self::Planning => "the judgements a plan rests on, each with its range and basis (TOML)",
            Self::Week => "the week: kinds of slot, contingents with their caveats, groups who watch, patrols (TOML)",
            Self::Outline => "the outline of the country and its neighbours (GeoJSON polygons)",
            Self::Boundaries => "administrative boundaries with P-codes, one level at a time (GeoJSON polygons)",
            Self::Roads => {
                "the road network: OpenStreetMap (.osm.pbf, .osm, .osm.gz), or a table of nodes and a table of links, given together (CSV, XLSX nodes)"
            }
            Self::TravelProfiles => "how units travel: speeds by class of road and surface, night, rain (TOML)",
            Self::RoadReports => {
                "roads closed, slowed, dangerous or held, from when until when (CSV, XLSX; GeoJSON lines, polygons, points)"
            }
        }
    }

    /// Largest file of the kind, in bytes.
    pub fn bytes_max(self) -> u64 {
        match self {
            Self::Mission | Self::Planning | Self::TravelProfiles | Self::Week => MIB,
            Self::Boundaries | Self::Outline | Self::Roads => 256 * MIB,
            _ => 64 * MIB,
        }
    }
}

/// A file as the user named it, without directories, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct InputFile<'a> {
    /// File name.
    pub name: &'a str,
    /// Content.
    pub bytes: &'a [u8],
}

/// What the mission already knows that helps to read a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// Second-level boundaries: sites, bases and incidents take their commune from them.
    pub boundaries: Option<&'a Boundaries>,
    /// Planning figures: kinds of site without any are reported.
    pub planning: Option<&'a Planning>,
    /// Texts that stand: votes by member are added to a text, and a text keeps the votes by member.
    pub resolutions: Option<&'a Table<Resolution>>,
    /// Time zone of times without an offset; UTC if `None`.
    pub zone: Option<&'a TimeZone>,
}

/// What a file in the mission's `reference/` folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// A map layer, GeoJSON.
    Layer,
    /// A road network in the form of the crate `roads`.
    Roads,
}

/// A file to keep in the mission's `reference/` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it is.
    pub kind: ReferenceKind,
    /// SHA-256 of the bytes, and the file's name.
    pub digest: Digest,
    /// Content.
    pub bytes: Vec<u8>,
}

/// What files gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Records, in the order of the files.
    pub records: Vec<Event>,
    /// Files that the records refer to.
    pub references: Vec<Reference>,
    /// What is wrong with the files.
    pub findings: Vec<Finding>,
    /// Whether every file as a whole could be read. If not there are no records, and nothing may be
    /// changed.
    pub usable: bool,
}

/// Refuses a file of `len` bytes that is larger than its kind may be, before it is read.
pub fn check_size(kind: ImportKind, file: &str, len: u64) -> Result<(), Finding> {
    let max = kind.bytes_max();
    if len <= max {
        return Ok(());
    }
    let message = format!(
        "the file has {} MiB, more than the {} MiB that are read for {}; split it or leave out what is not needed",
        len.div_ceil(MIB),
        max / MIB,
        kind.name()
    );
    Err(Finding::in_file(Severity::Error, "file-too-large", file, message))
}

/// Reads files of one kind. Files of roads are read together; others one after the other.
pub fn read(kind: ImportKind, files: &[InputFile<'_>], context: &Context<'_>) -> Imported {
    let mut findings = Findings::default();
    let mut references = Vec::new();
    let sizes = files.iter().try_for_each(|file| check_size(kind, file.name, file.bytes.len() as u64));
    let records = match sizes {
        Err(finding) => {
            let at = At::file(&finding.place.file);
            findings.error(&finding.code, at, finding.message.clone());
            None
        }
        Ok(()) if files.is_empty() => {
            findings.error("file-missing", At::file(""), format!("no file of {} was given", kind.name()));
            None
        }
        Ok(()) => records(kind, files, context, &mut findings, &mut references),
    };
    let usable = records.is_some();
    if !usable {
        references.clear();
    }
    Imported { records: records.unwrap_or_default(), references, findings: findings.finish(), usable }
}

/// The records of the files; `None` if one of them cannot be used.
fn records(
    kind: ImportKind,
    files: &[InputFile<'_>],
    context: &Context<'_>,
    findings: &mut Findings,
    references: &mut Vec<Reference>,
) -> Option<Vec<Event>> {
    match kind {
        ImportKind::Mission => each(files, |file| documents::mission(file, findings)),
        ImportKind::Planning => each(files, |file| documents::planning(file, findings)),
        ImportKind::Resolution => each(files, |file| resolution(file, context, findings)),
        ImportKind::Votes => votes(files, context, findings),
        ImportKind::Council => events(chain::steps(files, findings)),
        ImportKind::Obligations => events(chain::obligations(files, findings)),
        ImportKind::Contributions => events(chain::contributions(files, findings)),
        ImportKind::Sites => events(sites::sites(files, context, findings)),
        ImportKind::Bases => events(sites::bases(files, context, findings)),
        ImportKind::Towns => events(sites::towns(files, findings)),
        ImportKind::Incidents => events(situation::incidents(files, context, findings)),
        ImportKind::IncidentSources => events(situation::incident_sources(files, findings)),
        ImportKind::Areas => events(situation::areas(files, findings)),
        ImportKind::Totals => events(situation::totals(files, findings)),
        ImportKind::Outline => each(files, |file| keep(layers::outline(file, findings), references)),
        ImportKind::Boundaries => each(files, |file| keep(layers::boundaries(file, findings), references)),
        ImportKind::Week => each(files, |file| week::week(file, findings)),
        ImportKind::TravelProfiles => each(files, |file| documents::travel_profiles(file, findings)),
        ImportKind::RoadReports => events(roads::road_reports(files, context.zone.unwrap_or(&TimeZone::UTC), findings)),
        ImportKind::Roads => Some(vec![roads_of(files, findings, references)?.into()]),
    }
}

/// The road network of files: an OpenStreetMap extract, a pair of node and arc files, or the two
/// tables of nodes and links.
fn roads_of(files: &[InputFile<'_>], findings: &mut Findings, references: &mut Vec<Reference>) -> Option<RoadNetwork> {
    let read = match files {
        [one] if network::is_osm(*one) => network::osm_file(*one, findings),
        _ => match network::plain_pair(files) {
            Some(pair) => network::plain_files(pair, findings),
            None => network::tables_pair(files, findings),
        },
    };
    network::keep(read, findings, references)
}

fn events<T: Into<Event>>(records: Option<Vec<T>>) -> Option<Vec<Event>> {
    Some(records?.into_iter().map(Into::into).collect())
}

/// One record from each file; every file is read, so that the findings about all are known.
fn each<T: Into<Event>>(
    files: &[InputFile<'_>],
    mut read: impl FnMut(InputFile<'_>) -> Option<T>,
) -> Option<Vec<Event>> {
    let all: Vec<Option<T>> = files.iter().map(|file| read(*file)).collect();
    all.into_iter().map(|record| record.map(Into::into)).collect()
}

fn keep<T>(read: Option<(T, Reference)>, references: &mut Vec<Reference>) -> Option<T> {
    let (layer, reference) = read?;
    references.push(reference);
    Some(layer)
}

/// A resolution in Akoma Ntoso, or restated in TOML. A vote known only by number keeps the names
/// that stand already, if they agree with it.
fn resolution(file: InputFile<'_>, context: &Context<'_>, findings: &mut Findings) -> Option<Resolution> {
    let start = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file.bytes).trim_ascii_start();
    let mut read =
        if start.starts_with(b"<") || file.bytes.starts_with(b"\xFF\xFE") || file.bytes.starts_with(b"\xFE\xFF") {
            let (read, about) = akn::read_resolution(file.name, file.bytes);
            forward(about, findings);
            read?
        } else {
            documents::resolution(file, findings)?
        };
    let standing = context.resolutions.and_then(|all| all.get(&read.id)).map(|held| &held.value.vote.cast);
    if let (Cast::Votes { unnamed, .. }, Some(Cast::Votes { named, unnamed: rest })) = (&read.vote.cast, standing)
        && unnamed.total() > 0
        && rest.total() == 0
        && !named.is_empty()
    {
        let standing = Cast::Votes { named: named.clone(), unnamed: *rest };
        if standing.tally() == read.vote.cast.tally() {
            read.vote.cast = standing;
        } else {
            let message = format!(
                "the vote is given as {}, but the votes by member that stand make {}; correct one of them",
                read.vote.cast.tally(),
                standing.tally()
            );
            findings.warn("count-differs", At::file(file.name), message);
        }
    }
    Some(read)
}

fn forward(about: Vec<Finding>, findings: &mut Findings) {
    for finding in about {
        let at = At { file: &finding.place.file, row: finding.place.row, column: finding.place.column.as_deref() };
        findings.add(finding.severity, &finding.code, at, finding.message.clone());
    }
}

/// Votes by member, as CSV or as lines of JSON. The votes on a text that stands go into that text.
fn votes(files: &[InputFile<'_>], context: &Context<'_>, findings: &mut Findings) -> Option<Vec<Event>> {
    let (lines, tables): (Vec<InputFile<'_>>, Vec<InputFile<'_>>) =
        files.iter().partition(|file| file.bytes.trim_ascii_start().starts_with(b"{"));
    let mut read = if tables.is_empty() { Vec::new() } else { chain::votes(&tables, findings)? };
    for file in lines {
        let (records, about) = unsc_votes::read_votes(file.name, file.bytes);
        forward(about, findings);
        if records.is_empty() {
            return None;
        }
        let source = konbit_base::Source {
            name: format!(
                "United Nations, Department for General Assembly and Conference Management, file {}",
                file.name
            ),
            url: None,
            reading: konbit_base::Reading::UnDocument,
        };
        read.extend(records.into_iter().map(|record| Resolution {
            id: Resolution::id_of(&record.vote.symbol, None),
            vote: record.vote,
            language: None,
            chapter_vii_invoked_in: Vec::new(),
            paragraphs: Vec::new(),
            source: source.clone(),
        }));
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for vote in read {
        let at = At::file(files.first().map_or("", |file| file.name));
        if !seen.insert(vote.id.clone()) {
            findings.error(
                "id-twice",
                at,
                format!("the votes on {} are given twice; the second were left out", vote.id),
            );
            continue;
        }
        let standing = context.resolutions.and_then(|all| all.get(vote.id())).map(|held| held.value.clone());
        let Some(mut text) = standing.filter(|text| !text.paragraphs.is_empty()) else {
            out.push(vote.into());
            continue;
        };
        let (before, after) = (text.vote.cast.tally(), vote.vote.cast.tally());
        if before != after {
            findings.warn(
                "count-differs",
                at,
                format!(
                    "the votes by member on {} make {after}, the text that stands says {before}; correct one of them",
                    vote.id
                ),
            );
        }
        text.vote.cast = vote.vote.cast;
        out.push(text.into());
    }
    Some(out)
}

//! OpenStreetMap files to a road network and a base map.
//!
//! The file is gone through three times: relations, ways, nodes. The first tells which ways are
//! wanted beside the roads, the second which nodes. Only what a road, a ferry or water uses is
//! kept.
//!
//! Memory, for a country file of 1 GB in the binary format (taken as 3 million roads with 25
//! million references to 20 million nodes, and water with 8 million references to as many nodes;
//! Germany's file of 4 GB has about four times that):
//!
//! | what | bytes each | MiB |
//! | --- | --- | --- |
//! | references as ids, 33 million | 8 | 250 |
//! | table of nodes, 28 million: id, position, flags | 17 | 450 |
//! | references as numbers, after which the ids are let go | 4 | 125 |
//! | roads, 3 million: rule, name, place of the references | 56 | 160 |
//! | pieces and where they meet, 8 million and 6 million | 16 and 16 | 220 |
//! | links, 7 million, with 14 million points of their course | 88 and 8 | 700 |
//! | nodes of the network, 6 million | 12 | 70 |
//! | water as positions | 8 | 60 |
//!
//! Together at most 2 GiB at one time, and the encoded file of about 200 MiB beside it. Measured:
//! 300 copies of Porto Alegre in one file of 210 MB (13 million nodes, 4.8 million ways, all of
//! them roads; 7.7 million links) took 22 s and 1.5 GiB at the most, encoding included.

mod cut;
mod element;
mod nodes;
mod pbf;
mod relations;
mod tags;
mod tally;
mod turns;
mod water;
mod ways;
mod xml;

use crate::base_map::BaseMap;
use crate::network::Network;
use cut::Cut;
use element::{Element, Visit, Want};
use konbit_base::{Finding, Severity};
use nodes::Nodes;
use pbf::Pbf;
use relations::Relations;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use tally::Tally;
use thiserror::Error;
use ways::Ways;
use xml::Xml;

/// What the licence of OpenStreetMap asks to be shown.
pub const NOTICE: &str = "Contains information from OpenStreetMap, © OpenStreetMap contributors, made available under the Open Database License (ODbL) 1.0";

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Looking for turn restrictions and water.
    Relations,
    /// Looking for roads.
    Ways,
    /// Looking for the places they run through.
    Nodes,
    /// Putting them together; `done` and `total` count steps.
    Links,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The part of the work that is under way.
    pub stage: Stage,
    /// Bytes of the file that this part has gone through, or steps.
    pub done: u64,
    /// Bytes of the file that it has to go through, or steps.
    pub total: u64,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The road network.
    pub network: Network,
    /// Water and places.
    pub base_map: BaseMap,
    /// What was dropped or is doubtful, one finding for each reason.
    pub findings: Vec<Finding>,
}

/// Why a file was not read. Nothing is kept of it.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Reading itself failed.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is neither format.
    #[error("the file is not OpenStreetMap data; give an extract as .osm.pbf, .osm or .osm.gz")]
    NotOsm,
    /// It ends too early.
    #[error("the file ends too early, at byte {at}; get it again")]
    Truncated {
        /// Byte, of the unpacked file where it is packed as a whole.
        at: u64,
    },
    /// It holds what cannot be.
    #[error("the file is damaged near byte {at}: {what}; get it again")]
    Damaged {
        /// Byte, of the unpacked file where it is packed as a whole.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// It needs a program that reads more than this one.
    #[error("the file needs {0:?}, which is not read; give an extract without it")]
    Feature(String),
    /// It is larger than anything that is meant.
    #[error("the file has more than {limit} {what}; give a smaller extract")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// The caller asked to stop.
    #[error("the import was stopped; nothing was changed")]
    Stopped,
}

/// Reads roads, ferries, water and places from an OpenStreetMap extract: `.osm.pbf`, `.osm` or
/// `.osm.gz`, told by its first bytes. `file` is the name that findings give; `report` is told
/// of progress some times a second and may break off.
pub fn import<R: Read + Seek>(
    source: R,
    file: &str,
    report: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Imported, ImportError> {
    let mut source = Source::open(source)?;
    let mut tally = Tally::default();
    let mut ticker = Ticker { stage: Stage::Relations, report };
    let relations = Relations::read(&mut source, &mut ticker, &mut tally)?;
    ticker.stage = Stage::Ways;
    let mut ways = Ways::read(&mut source, &relations, &mut ticker, &mut tally)?;
    ticker.stage = Stage::Nodes;
    let mut nodes = Nodes::read(&mut source, &ways.refs, &mut ticker, &mut tally)?;
    ticker.stage = Stage::Links;
    ticker.tick(0, 4)?;
    let refs = nodes.numbers(&ways.refs);
    ways.refs = Vec::new();
    ticker.tick(1, 4)?;
    let base_map = BaseMap {
        places: std::mem::take(&mut nodes.places),
        ..water::base_map(&ways, &refs, &nodes, &relations, &mut tally)
    };
    ticker.tick(2, 4)?;
    let vias: Vec<u32> = relations.restrictions.iter().filter_map(|it| nodes.number(it.via)).collect();
    let cut = Cut::new(&ways, &refs, &mut nodes, vias.into_iter(), &mut tally)?;
    ticker.tick(3, 4)?;
    let forbidden_turns = turns::forbidden(&relations.restrictions, &cut, &nodes, &mut tally);
    let network = Network { forbidden_turns, notice: Some(NOTICE.to_owned()), ..cut.network };
    assert_eq!(network.check(), Ok(()), "the network that was put together keeps its invariants");
    ticker.tick(4, 4)?;
    let mut findings = tally.findings(file);
    if network.links.is_empty() {
        let message = "the file has no road that can be travelled; give an extract that has the roads";
        findings.push(Finding::in_file(Severity::Error, "no-roads", file, message));
    }
    Ok(Imported { network, base_map, findings })
}

/// Tells the caller of progress.
struct Ticker<'p> {
    stage: Stage,
    report: &'p mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Ticker<'_> {
    fn tick(&mut self, done: u64, total: u64) -> Result<(), ImportError> {
        match (self.report)(Progress { stage: self.stage, done: done.min(total), total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImportError::Stopped),
        }
    }
}

/// A file in either format.
enum Source<R> {
    Pbf(Pbf<R>),
    Xml(Xml<R>),
}

impl<R: Read + Seek> Source<R> {
    fn open(mut reader: R) -> Result<Self, ImportError> {
        let mut start = Vec::new();
        reader.seek(SeekFrom::Start(0))?;
        reader.by_ref().take(64).read_to_end(&mut start)?;
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
        if start.starts_with(b"\x1f\x8b") {
            Xml::open(reader, true).map(Self::Xml)
        } else if text.starts_with(b"<") {
            Xml::open(reader, false).map(Self::Xml)
        } else if start.windows(9).any(|window| window == b"OSMHeader") {
            Pbf::open(reader).map(Self::Pbf)
        } else {
            Err(ImportError::NotOsm)
        }
    }

    fn pass(&mut self, want: Want, ticker: &mut Ticker<'_>, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        match self {
            Self::Pbf(pbf) => pbf.pass(want, ticker, visit),
            Self::Xml(xml) => xml.pass(want, ticker, visit),
        }
    }
}

//! The nodes that kept ways use, and the nodes that are places.

use super::element::{Tags, Want, within};
use super::tags;
use super::tally::{Tally, reason};
use super::{Element, ImportError, Source, Ticker};
use crate::base_map::{PlaceKind, PlaceLabel};
use crate::network::Access;
use crate::wire::from_micro;
use konbit_base::LatLon;
use std::collections::BTreeMap;
use std::io::{Read, Seek};

/// Most places. The whole planet has about 6 million.
const PLACES_MAX: usize = 10_000_000;

/// The file holds the node.
const FOUND: u8 = 1;
/// A run of a road passes through it.
const USED: u8 = 2;
/// Links end here.
const SPLIT: u8 = 4;
/// Links end here even where only two meet: a barrier, or the node of a turn restriction.
const FIXED: u8 = 8;

/// Nodes by number, in the order of their ids: 17 bytes each.
pub(super) struct Nodes {
    ids: Vec<i64>,
    positions: Vec<LatLon>,
    flags: Vec<u8>,
    /// Who may pass, for nodes that do not let everybody through.
    pub(super) barriers: BTreeMap<u32, Access>,
    /// Labels of places, sorted by the id of their node.
    pub(super) places: Vec<PlaceLabel>,
}

impl Nodes {
    /// Reads the nodes that `refs` name.
    pub(super) fn read<R: Read + Seek>(
        source: &mut Source<R>,
        refs: &[i64],
        ticker: &mut Ticker<'_>,
        tally: &mut Tally,
    ) -> Result<Self, ImportError> {
        let mut ids = refs.to_vec();
        ids.sort_unstable();
        ids.dedup();
        ids.shrink_to_fit();
        let nowhere = from_micro([0, 0]).expect("a place on the Earth");
        let mut nodes = Self {
            positions: vec![nowhere; ids.len()],
            flags: vec![0; ids.len()],
            ids,
            barriers: BTreeMap::new(),
            places: Vec::new(),
        };
        let mut places: BTreeMap<i64, PlaceLabel> = BTreeMap::new();
        let mut next = 0;
        source.pass(Want::Nodes, ticker, &mut |element| {
            let Element::Node { id, lat, lon, tags } = element else { return Ok(()) };
            let number = nodes.find(id, &mut next);
            if number.is_none() && tags.0.is_empty() {
                return Ok(());
            }
            let Some(position) = from_micro([micro(lat), micro(lon)]) else {
                tally.add(&reason::OFF_EARTH, id, "");
                return Ok(());
            };
            if let Some(number) = number {
                nodes.place(number, position, tags, tally);
            }
            if let Some(label) = place(id, position, tags, tally) {
                places.entry(id).or_insert(label);
                within("places", places.len(), PLACES_MAX)?;
            }
            Ok(())
        })?;
        nodes.places = places.into_values().collect();
        Ok(nodes)
    }

    /// The number of a node. Files are nearly always sorted, so the one after the last is tried
    /// first.
    fn find(&self, id: i64, next: &mut usize) -> Option<usize> {
        match self.ids.get(*next) {
            Some(expected) if *expected == id => {}
            Some(expected) if id < *expected && *next > 0 && self.ids[*next - 1] < id => return None,
            _ => match self.ids.binary_search(&id) {
                Ok(number) => *next = number,
                Err(after) => {
                    *next = after;
                    return None;
                }
            },
        }
        *next += 1;
        Some(*next - 1)
    }

    fn place(&mut self, number: usize, position: LatLon, tags: Tags<'_>, tally: &mut Tally) {
        if self.flags[number] & FOUND != 0 {
            return; // Twice in the file: the first counts.
        }
        self.positions[number] = position;
        self.flags[number] |= FOUND;
        if let Some(access) = tags::passable(self.ids[number], tags, tally) {
            self.barriers.insert(to_u32(number), access);
        }
    }

    /// Node ids as numbers.
    pub(super) fn numbers(&self, refs: &[i64]) -> Vec<u32> {
        refs.iter().map(|id| to_u32(self.ids.binary_search(id).expect("every id was put into the table"))).collect()
    }

    /// The number of a node that some kept way uses.
    pub(super) fn number(&self, id: i64) -> Option<u32> {
        self.ids.binary_search(&id).ok().map(to_u32)
    }

    pub(super) fn id(&self, number: u32) -> i64 {
        self.ids[number as usize]
    }

    pub(super) fn position(&self, number: u32) -> LatLon {
        self.positions[number as usize]
    }

    pub(super) fn is_found(&self, number: u32) -> bool {
        self.flags[number as usize] & FOUND != 0
    }

    pub(super) fn is_split(&self, number: u32) -> bool {
        self.flags[number as usize] & SPLIT != 0
    }

    pub(super) fn is_fixed(&self, number: u32) -> bool {
        self.flags[number as usize] & FIXED != 0
    }

    /// Links have to end at this node.
    pub(super) fn fix(&mut self, number: u32) {
        self.flags[number as usize] |= SPLIT | FIXED;
    }

    /// A road ends at this node.
    pub(super) fn end(&mut self, number: u32) {
        self.flags[number as usize] |= SPLIT;
    }

    /// A road passes through this node; where that happens twice, links end.
    pub(super) fn pass(&mut self, number: u32) {
        let flags = &mut self.flags[number as usize];
        *flags |= if *flags & USED == 0 { USED } else { SPLIT };
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("no more nodes than references, which are limited")
}

/// Nano-degrees to micro-degrees, halves away from zero.
fn micro(nano: i64) -> i64 {
    // Clamped far off the Earth, so that nothing overflows.
    let nano = nano.clamp(-1 << 50, 1 << 50);
    (nano.abs() + 500) / 1000 * nano.signum()
}

fn place(id: i64, position: LatLon, tags: Tags<'_>, tally: &mut Tally) -> Option<PlaceLabel> {
    let kind = match tags.get("place")? {
        "city" => PlaceKind::City,
        "town" => PlaceKind::Town,
        "village" => PlaceKind::Village,
        "suburb" | "borough" | "quarter" => PlaceKind::Suburb,
        "hamlet" => PlaceKind::Hamlet,
        "neighbourhood" => PlaceKind::Neighbourhood,
        "island" => PlaceKind::Island,
        _ => return None,
    };
    let names = tags::names(tags);
    if names.is_none() {
        tally.add(&reason::PLACE_UNNAMED, id, "");
    }
    let population = tags.get("population").and_then(|text| {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ',' | '.' | '\'' | '\u{a0}' | '~')).collect();
        let number = digits.parse().ok().filter(|it| *it <= 50_000_000);
        if number.is_none() {
            tally.add(&reason::POPULATION_UNREAD, id, text);
        }
        number
    });
    Some(PlaceLabel { kind, position, names: names?, population })
}

//! The ways that matter: roads, ferries, water.

use super::element::{Tags, Want, within};
use super::relations::{Relations, is_water};
use super::tags::{self, Rule};
use super::tally::{Tally, reason};
use super::{Element, ImportError, Source, Ticker};
use crate::base_map::WaterlineKind;
use crate::network::Names;
use std::collections::HashMap;
use std::io::{Read, Seek};
use std::ops::Range;

/// Most nodes of all kept ways together, each counted as often as it is used.
const REFS_MAX: usize = 200_000_000;

/// A road or ferry.
pub(super) struct RoadWay {
    pub(super) id: i64,
    /// Where its nodes stand in [`Ways::refs`].
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) rule: Rule,
    /// Index into [`Ways::names`].
    pub(super) name: Option<u32>,
}

/// A way that is water, or part of the outline of some.
pub(super) struct WaterWay {
    pub(super) id: i64,
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) is: Water,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Water {
    /// An area of its own.
    Area,
    /// Part of a relation's outline.
    Member,
    /// Coast, with the land on the left.
    Coast,
    /// River, stream or canal; index into [`Ways::names`].
    Line(WaterlineKind, Option<u32>),
}

impl RoadWay {
    pub(super) fn places(&self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

impl WaterWay {
    pub(super) fn places(&self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

/// The ways that matter, sorted by id, and their nodes.
#[derive(Default)]
pub(super) struct Ways {
    pub(super) roads: Vec<RoadWay>,
    pub(super) water: Vec<WaterWay>,
    /// Ids of nodes, way after way.
    pub(super) refs: Vec<i64>,
    pub(super) names: Vec<Names>,
}

impl Ways {
    pub(super) fn read<R: Read + Seek>(
        source: &mut Source<R>,
        relations: &Relations,
        ticker: &mut Ticker<'_>,
        tally: &mut Tally,
    ) -> Result<Self, ImportError> {
        let mut ways = Self::default();
        let mut known_names: HashMap<Names, u32> = HashMap::new();
        let mut outlines: Vec<i64> =
            relations.lakes.iter().flat_map(|lake| lake.members.iter().map(|(way, _)| *way)).collect();
        outlines.sort_unstable();
        source.pass(Want::Ways, ticker, &mut |element| {
            let Element::Way { id, refs, tags } = element else { return Ok(()) };
            let road = is_road(tags).then(|| tags::rule(id, tags, tally)).flatten();
            let water = water_of(tags, outlines.binary_search(&id).is_ok());
            if road.is_none() && water.iter().all(Option::is_none) {
                return Ok(());
            }
            within("nodes of roads and water", ways.refs.len() + refs.len(), REFS_MAX)?;
            let first = u32::try_from(ways.refs.len()).expect("below the limit just checked");
            let count = u32::try_from(refs.len()).expect("below the limit just checked");
            ways.refs.extend_from_slice(refs);
            let mut name = || {
                let names = tags::names(tags)?;
                let next = u32::try_from(known_names.len()).expect("no more names than kept ways");
                Some(*known_names.entry(names).or_insert(next))
            };
            if let Some(rule) = road {
                ways.roads.push(RoadWay { id, first, count, rule, name: name() });
            }
            for is in water.into_iter().flatten() {
                let is = if let Water::Line(kind, _) = is { Water::Line(kind, name()) } else { is };
                ways.water.push(WaterWay { id, first, count, is });
            }
            Ok(())
        })?;
        let mut names: Vec<(u32, Names)> = known_names.into_iter().map(|(names, index)| (index, names)).collect();
        names.sort_unstable_by_key(|(index, _)| *index);
        ways.names = names.into_iter().map(|(_, names)| names).collect();
        ways.sort(tally);
        Ok(ways)
    }

    /// Sorts by id; of ways with one id the one that comes first in the file is kept.
    fn sort(&mut self, tally: &mut Tally) {
        self.roads.sort_by_key(|way| way.id);
        self.roads.dedup_by(|later, kept| {
            let is_twice = later.id == kept.id;
            if is_twice {
                tally.add(&reason::WAY_TWICE, kept.id, "");
            }
            is_twice
        });
        self.water.sort_by_key(|way| way.id);
        self.water.dedup_by(|later, kept| later.id == kept.id && later.is == kept.is);
    }
}

fn is_road(tags: Tags<'_>) -> bool {
    tags.get("highway").is_some() || tags.is("route", "ferry")
}

/// What a way is to the base map; a way may be several things.
fn water_of(tags: Tags<'_>, is_outline: bool) -> [Option<Water>; 4] {
    let line = match tags.get("waterway") {
        Some("river") => Some(WaterlineKind::River),
        Some("stream") => Some(WaterlineKind::Stream),
        Some("canal") => Some(WaterlineKind::Canal),
        _ => None,
    };
    [
        is_water(tags).then_some(Water::Area),
        is_outline.then_some(Water::Member),
        tags.is("natural", "coastline").then_some(Water::Coast),
        line.map(|kind| Water::Line(kind, None)),
    ]
}

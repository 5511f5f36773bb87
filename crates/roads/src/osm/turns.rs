//! Turn restrictions as pairs of links.

use super::cut::Cut;
use super::nodes::Nodes;
use super::relations::Restriction;
use super::tally::{Reason, Tally, reason};
use crate::network::ForbiddenTurn;
use std::collections::{BTreeMap, BTreeSet};

/// The turns that `restrictions` forbid, sorted.
pub(super) fn forbidden(
    restrictions: &[Restriction],
    cut: &Cut<'_>,
    nodes: &Nodes,
    tally: &mut Tally,
) -> Vec<ForbiddenTurn> {
    let mut at: BTreeMap<u32, BTreeSet<u32>> =
        restrictions.iter().filter_map(|it| Some((nodes.number(it.via)?, BTreeSet::new()))).collect();
    for piece in (0..).take(cut.pieces.len()) {
        for end in [cut.start(piece), cut.end(piece)] {
            if let Some(pieces) = at.get_mut(&end) {
                pieces.insert(piece);
            }
        }
    }
    let mut turns = BTreeSet::new();
    for restriction in restrictions {
        let via = nodes.number(restriction.via).and_then(|number| Some((number, cut.node(number)?)));
        let Some((number, via)) = via else {
            tally.add(&reason::RESTRICTION_INCOMPLETE, restriction.id, "");
            continue;
        };
        let junction = Junction { cut, number, pieces: &at[&number] };
        match junction.turns(restriction) {
            Ok(pairs) => turns.extend(pairs.into_iter().map(|(from, to)| ForbiddenTurn {
                from: cut.link_of[from as usize],
                via,
                to: cut.link_of[to as usize],
            })),
            Err(why) => tally.add(why, restriction.id, ""),
        }
    }
    turns.into_iter().collect()
}

/// A node where turns are restricted, and the pieces that end there.
struct Junction<'a> {
    cut: &'a Cut<'a>,
    number: u32,
    pieces: &'a BTreeSet<u32>,
}

impl Junction<'_> {
    /// Pairs of pieces between which turning is forbidden.
    fn turns(&self, restriction: &Restriction) -> Result<Vec<(u32, u32)>, &'static Reason> {
        let mut pairs = Vec::new();
        for from in &restriction.from {
            let from = self.only(*from, |piece| self.leads_here(piece))?;
            for to in &restriction.to {
                let to = self.only(*to, |piece| self.leads_away(piece))?;
                if restriction.is_only {
                    let others = self.pieces.iter().filter(|piece| **piece != to && self.leads_away(**piece));
                    pairs.extend(others.map(|other| (from, *other)));
                } else {
                    pairs.push((from, to));
                }
            }
        }
        Ok(pairs)
    }

    /// The one piece of a way at this node that vehicles may use as asked.
    fn only(&self, way: i64, is_usable: impl Fn(u32) -> bool) -> Result<u32, &'static Reason> {
        let of_way = |piece: u32| self.cut.ways.roads[self.cut.pieces[piece as usize].way as usize].id == way;
        let mut pieces = self.pieces.iter().copied().filter(|piece| of_way(*piece) && is_usable(*piece));
        match (pieces.next(), pieces.next()) {
            (Some(piece), None) => Ok(piece),
            (None, _) => Err(&reason::RESTRICTION_INCOMPLETE),
            (Some(_), Some(_)) => Err(&reason::RESTRICTION_AMBIGUOUS),
        }
    }

    fn leads_here(&self, piece: u32) -> bool {
        let rule = self.cut.ways.roads[self.cut.pieces[piece as usize].way as usize].rule;
        (self.cut.end(piece) == self.number && rule.forward.motor)
            || (self.cut.start(piece) == self.number && rule.backward.motor)
    }

    fn leads_away(&self, piece: u32) -> bool {
        let rule = self.cut.ways.roads[self.cut.pieces[piece as usize].way as usize].rule;
        (self.cut.start(piece) == self.number && rule.forward.motor)
            || (self.cut.end(piece) == self.number && rule.backward.motor)
    }
}

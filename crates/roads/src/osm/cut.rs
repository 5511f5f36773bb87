//! From ways to links: cut where roads meet, joined again where a way merely changes hands.
//!
//! 1. A run of a way whose nodes the file holds is kept; at a missing node the road ends.
//! 2. A run is cut into pieces at every node that another run uses too, or that is a barrier or
//!    the node of a turn restriction.
//! 3. Pieces that meet two by two at a plain node and are alike (class, surface, speed, access,
//!    name) are one link; the nodes between become its course.
//!
//! Ways come sorted by id and nodes are numbered by id, so the result does not depend on the
//! order of the file.

use super::nodes::Nodes;
use super::tally::{Tally, reason};
use super::ways::{RoadWay, Ways};
use super::{ImportError, element::within};
use crate::network::{Access, LINKS_MAX, LengthBasis, Link, NODES_MAX, Network, RoadNode};
use konbit_base::LatLon;
use std::collections::BTreeMap;

/// A stretch of one way between two nodes where links may end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Index of the way.
    pub(super) way: u32,
    /// Where its first and last node stand in `refs`.
    first: u32,
    last: u32,
}

/// Ways cut into links.
pub(super) struct Cut<'w> {
    pub(super) ways: &'w Ways,
    /// The nodes of the ways, as numbers.
    refs: &'w [u32],
    pub(super) pieces: Vec<Piece>,
    /// The link that each piece became part of.
    pub(super) link_of: Vec<u32>,
    pub(super) network: Network,
    /// The numbers of the network's nodes, ascending.
    ends: Vec<u32>,
}

/// A piece and whether it is gone along backwards.
type Step = (u32, bool);

impl<'w> Cut<'w> {
    /// Cuts the roads among `ways`; links end at each of `fixed`.
    pub(super) fn new(
        ways: &'w Ways,
        refs: &'w [u32],
        nodes: &mut Nodes,
        fixed: impl Iterator<Item = u32>,
        tally: &mut Tally,
    ) -> Result<Self, ImportError> {
        let barriers: Vec<u32> = nodes.barriers.keys().copied().collect();
        for number in fixed.chain(barriers) {
            nodes.fix(number);
        }
        for way in &ways.roads {
            for run in runs(way, refs, nodes, tally) {
                nodes.end(refs[run.0]);
                nodes.end(refs[run.1]);
                refs[run.0 + 1..run.1].iter().for_each(|number| nodes.pass(*number));
            }
        }
        let mut cut =
            Self { ways, refs, pieces: Vec::new(), link_of: Vec::new(), network: Network::default(), ends: Vec::new() };
        cut.cut(nodes)?;
        cut.join(nodes);
        Ok(cut)
    }

    fn cut(&mut self, nodes: &Nodes) -> Result<(), ImportError> {
        for (index, way) in self.ways.roads.iter().enumerate() {
            let index = to_u32(index);
            for (first, last) in runs(way, self.refs, nodes, &mut Tally::default()) {
                let mut start = first;
                for place in first + 1..=last {
                    if nodes.is_split(self.refs[place]) {
                        // A node named twice in a row makes no piece.
                        if self.refs[start..=place].iter().any(|number| *number != self.refs[start]) {
                            self.pieces.push(Piece { way: index, first: to_u32(start), last: to_u32(place) });
                        }
                        start = place;
                    }
                }
            }
            within("links", self.pieces.len(), LINKS_MAX)?;
        }
        Ok(())
    }

    fn way(&self, piece: u32) -> &'w RoadWay {
        &self.ways.roads[self.pieces[piece as usize].way as usize]
    }

    /// The node numbers of a piece.
    fn along(&self, piece: u32) -> &'w [u32] {
        let Piece { first, last, .. } = self.pieces[piece as usize];
        &self.refs[first as usize..=last as usize]
    }

    /// The node number where a piece begins, or ends, in its way's direction.
    pub(super) fn start(&self, piece: u32) -> u32 {
        self.along(piece)[0]
    }

    pub(super) fn end(&self, piece: u32) -> u32 {
        self.along(piece)[self.along(piece).len() - 1]
    }

    /// Makes links of pieces.
    fn join(&mut self, nodes: &Nodes) {
        let meetings = Meetings::of(self);
        let ferry_metres = self.ferry_metres(nodes);
        let mut is_taken = vec![false; self.pieces.len()];
        self.link_of = vec![0; self.pieces.len()];
        let mut links = Vec::new();
        for piece in 0..to_u32(self.pieces.len()) {
            if is_taken[piece as usize] {
                continue;
            }
            is_taken[piece as usize] = true;
            let ahead = self.follow((piece, false), &meetings, nodes, &mut is_taken);
            let behind = self.follow((piece, true), &meetings, nodes, &mut is_taken);
            let mut steps: Vec<Step> = behind.into_iter().rev().map(|(it, back)| (it, !back)).collect();
            steps.push((piece, false));
            steps.extend(ahead);
            for (step, _) in &steps {
                self.link_of[*step as usize] = to_u32(links.len());
            }
            links.push(self.link(&steps, nodes, &ferry_metres));
        }
        // Until here links name nodes by their number among all; now by their number in the network.
        let mut ends: Vec<u32> = links.iter().flat_map(|link: &Link| [link.from, link.to]).collect();
        ends.sort_unstable();
        ends.dedup();
        assert!(ends.len() <= NODES_MAX, "there are no more nodes than references, which are limited");
        for link in &mut links {
            for end in [&mut link.from, &mut link.to] {
                *end = to_u32(ends.binary_search(end).expect("the list was made of all ends"));
            }
        }
        let open = Access { motor: true, foot: true };
        self.network.nodes = ends
            .iter()
            .map(|number| RoadNode {
                position: nodes.position(*number),
                passable: nodes.barriers.get(number).copied().unwrap_or(open),
            })
            .collect();
        self.network.links = links;
        self.ends = ends;
        self.sort_names();
    }

    /// The pieces that go on where `step` ends, as one link with it.
    fn follow(&self, step: Step, meetings: &Meetings, nodes: &Nodes, is_taken: &mut [bool]) -> Vec<Step> {
        let (mut steps, mut last) = (Vec::new(), step);
        loop {
            let node = if last.1 { self.start(last.0) } else { self.end(last.0) };
            let Some(next) = meetings.other(node, last.0).filter(|next| !is_taken[*next as usize]) else { break };
            let next = (next, self.start(next) != node);
            if nodes.is_fixed(node) || !self.is_alike(last, next) {
                break;
            }
            is_taken[next.0 as usize] = true;
            steps.push(next);
            last = next;
        }
        steps
    }

    fn is_alike(&self, a: Step, b: Step) -> bool {
        let (one, other) = (self.way(a.0), self.way(b.0));
        let rule = |way: &RoadWay, back| if back { way.rule.reversed() } else { way.rule };
        one.name == other.name
            && rule(one, a.1) == rule(other, b.1)
            // A stated time is for the way it is stated on.
            && one.rule.duration_ms.is_none()
    }

    /// Metres of each ferry with a stated time, by index of its way.
    fn ferry_metres(&self, nodes: &Nodes) -> BTreeMap<u32, f64> {
        let mut metres = BTreeMap::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            if self.ways.roads[piece.way as usize].rule.duration_ms.is_some() {
                *metres.entry(piece.way).or_default() += self.metres(to_u32(index), nodes);
            }
        }
        metres
    }

    fn metres(&self, piece: u32, nodes: &Nodes) -> f64 {
        self.along(piece).windows(2).map(|pair| nodes.position(pair[0]).distance_m(nodes.position(pair[1]))).sum()
    }

    /// The link of some pieces one after the other.
    fn link(&self, steps: &[Step], nodes: &Nodes, ferry_metres: &BTreeMap<u32, f64>) -> Link {
        let mut along: Vec<u32> = Vec::new();
        for (piece, back) in steps {
            let part = self.along(*piece);
            if *back { along.extend(part.iter().rev()) } else { along.extend(part) }
        }
        along.dedup();
        let metres: f64 = steps.iter().map(|(piece, _)| self.metres(*piece, nodes)).sum();
        let (first, back) = steps[0];
        let way = self.way(first);
        let rule = if back { way.rule.reversed() } else { way.rule };
        let given_ms = rule.duration_ms.map(|ms| {
            let whole = ferry_metres[&self.pieces[first as usize].way];
            let share = if whole > 0.0 { metres / whole } else { 1.0 };
            [rounded(f64::from(ms) * share); 2]
        });
        Link {
            from: along[0],
            to: along[along.len() - 1],
            class: rule.class,
            surface: rule.surface,
            length_dm: rounded(metres * 10.0),
            basis: LengthBasis::Measured,
            speed_kmh_max: rule.speed_kmh_max,
            given_ms,
            forward: rule.forward,
            backward: rule.backward,
            name: way.name,
            course: course(&along, nodes),
        }
    }

    /// Keeps the names that links use, sorted.
    fn sort_names(&mut self) {
        let mut used: Vec<u32> = self.network.links.iter().filter_map(|link| link.name).collect();
        used.sort_unstable();
        used.dedup();
        let mut sorted: Vec<u32> = used;
        sorted.sort_by_key(|name| &self.ways.names[*name as usize]);
        let place: BTreeMap<u32, u32> = (0..).zip(&sorted).map(|(place, name)| (*name, place)).collect();
        for link in &mut self.network.links {
            link.name = link.name.map(|name| place[&name]);
        }
        self.network.names = sorted.iter().map(|name| self.ways.names[*name as usize].clone()).collect();
    }

    /// The network's node for a node number.
    pub(super) fn node(&self, number: u32) -> Option<u32> {
        self.ends.binary_search(&number).ok().map(to_u32)
    }
}

/// The course of a link, without its two ends.
fn course(along: &[u32], nodes: &Nodes) -> Vec<LatLon> {
    along[1..along.len() - 1].iter().map(|number| nodes.position(*number)).collect()
}

/// For each node where pieces end, which two they are, if just two do.
struct Meetings {
    /// Node numbers, ascending.
    nodes: Vec<u32>,
    /// How many piece ends meet there (three stands for more), and the first two of them.
    pieces: Vec<(u8, [u32; 2])>,
}

impl Meetings {
    fn of(cut: &Cut<'_>) -> Self {
        let all =
            || (0..to_u32(cut.pieces.len())).flat_map(|piece| [cut.start(piece), cut.end(piece)].map(|it| (it, piece)));
        let mut nodes: Vec<u32> = all().map(|(node, _)| node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut pieces = vec![(0u8, [0; 2]); nodes.len()];
        for (node, piece) in all() {
            let place = nodes.binary_search(&node).expect("the list was made of all ends");
            let (count, two) = &mut pieces[place];
            if let Some(slot) = two.get_mut(usize::from(*count)) {
                *slot = piece;
            }
            *count = (*count + 1).min(3);
        }
        Self { nodes, pieces }
    }

    /// The other piece at a node where just two different ones meet.
    fn other(&self, node: u32, piece: u32) -> Option<u32> {
        match self.pieces[self.nodes.binary_search(&node).ok()?] {
            (2, [a, b]) if a == piece && b != piece => Some(b),
            (2, [a, b]) if b == piece && a != piece => Some(a),
            _ => None,
        }
    }
}

/// The runs of a way whose nodes the file holds, as first and last place in `refs`.
fn runs(way: &RoadWay, refs: &[u32], nodes: &Nodes, tally: &mut Tally) -> Vec<(usize, usize)> {
    let (mut runs, mut start, mut missing) = (Vec::new(), None, None);
    for place in way.places() {
        if nodes.is_found(refs[place]) {
            start = start.or(Some(place));
            continue;
        }
        missing = missing.or(Some(refs[place]));
        runs.extend(start.take().map(|start| (start, place - 1)));
    }
    runs.extend(start.map(|start| (start, way.places().end - 1)));
    runs.retain(|(first, last)| refs[*first..=*last].iter().any(|number| *number != refs[*first]));
    if let Some(number) = missing {
        tally.add(&reason::NODE_MISSING, way.id, &format!("node {}", nodes.id(number)));
    } else if runs.is_empty() {
        tally.add(&reason::NO_LENGTH, way.id, "");
    }
    runs
}

/// To the nearest whole number, at least 1: a link of no length would be a link for nothing.
fn rounded(value: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; a cast saturates")]
    let rounded = value.round().max(1.0) as u32;
    rounded
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("references and with them pieces are limited")
}

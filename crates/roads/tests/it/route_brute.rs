//! Travel times by a search over links, which knows nothing of graph nodes, copies or
//! hierarchies: the state is the link just travelled and its direction.

use konbit_roads::network::{Access, Direction, Mode, Network};
use konbit_roads::route::Spot;
use std::collections::BTreeMap;

const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Backward];

pub struct Brute<'a> {
    pub network: &'a Network,
    pub mode: Mode,
    /// Time over a link, `None` where it is not used.
    pub ms: &'a dyn Fn(u32, Direction) -> Option<u32>,
}

type Way = (u32, Direction);

impl Brute<'_> {
    fn allows(&self, access: Access) -> bool {
        match self.mode {
            Mode::Motor => access.motor,
            Mode::Foot => access.foot,
        }
    }

    fn time(&self, (link, direction): Way) -> Option<u32> {
        let it = &self.network.links[link as usize];
        let access = if direction == Direction::Forward { it.forward } else { it.backward };
        (self.ms)(link, direction).filter(|_| self.allows(access))
    }

    fn begin(&self, (link, direction): Way) -> u32 {
        let it = &self.network.links[link as usize];
        if direction == Direction::Forward { it.from } else { it.to }
    }

    fn end(&self, (link, direction): Way) -> u32 {
        let it = &self.network.links[link as usize];
        if direction == Direction::Forward { it.to } else { it.from }
    }

    fn ways(&self) -> impl Iterator<Item = Way> {
        let links = u32::try_from(self.network.links.len()).unwrap();
        (0..links).flat_map(|link| DIRECTIONS.map(|direction| (link, direction)))
    }

    /// Whether one may go on over `next` after travelling `way`.
    pub fn may_follow(&self, way: Way, next: Way) -> bool {
        let node = self.end(way);
        let turn_round = way.0 == next.0;
        let banned = self.mode == Mode::Motor
            && self.network.forbidden_turns.iter().any(|t| (t.from, t.via, t.to) == (way.0, node, next.0));
        let passes = turn_round || self.allows(self.network.nodes[node as usize].passable);
        self.begin(next) == node && !banned && passes
    }

    /// Time from the start of a way to a point on its link, rounded on the link's own scale.
    fn up_to(&self, (link, direction): Way, parts: u32) -> Option<u32> {
        let ms = self.time((link, direction))?;
        let from_start = u32::try_from((u64::from(ms) * u64::from(parts) + 500_000) / 1_000_000).unwrap();
        Some(if direction == Direction::Forward { from_start } else { ms - from_start })
    }

    /// Times from `source` to each of `targets`, by going over all ways until nothing improves.
    pub fn times(&self, source: Spot, targets: &[Spot]) -> Vec<Option<u32>> {
        let mut done: BTreeMap<Way, u32> = BTreeMap::new();
        for way in self.ways() {
            let first = match source {
                Spot::Node(node) => self.time(way).filter(|_| self.begin(way) == node),
                Spot::OnLink { link, parts } => {
                    self.up_to(way, parts).filter(|_| way.0 == link).map(|gone| self.time(way).unwrap() - gone)
                }
            };
            done.extend(first.map(|ms| (way, ms)));
        }
        loop {
            let before = done.clone();
            for (&way, &ms) in &before {
                for next in self.ways().filter(|&next| self.may_follow(way, next)) {
                    let Some(more) = self.time(next) else { continue };
                    let best = done.entry(next).or_insert(u32::MAX);
                    *best = (*best).min(ms + more);
                }
            }
            if done == before {
                break;
            }
        }
        targets.iter().map(|&target| self.arrive(source, target, &done)).collect()
    }

    fn arrive(&self, source: Spot, target: Spot, done: &BTreeMap<Way, u32>) -> Option<u32> {
        match target {
            Spot::Node(node) => {
                let by_road = done.iter().filter(|&(&way, _)| self.end(way) == node).map(|(_, &ms)| ms).min();
                if source == target { Some(0) } else { by_road }
            }
            Spot::OnLink { link, parts } => {
                let mut best = None;
                for way in DIRECTIONS.map(|direction| (link, direction)) {
                    let Some(last) = self.up_to(way, parts) else { continue };
                    let starts_here = source == Spot::Node(self.begin(way));
                    let before = done.iter().filter(|&(&before, _)| self.may_follow(before, way)).map(|(_, &ms)| ms);
                    let on_the_link = match source {
                        Spot::OnLink { link: other, parts: from } if other == link => self
                            .up_to(way, from)
                            .and_then(|gone| last.checked_sub(gone))
                            .filter(|_| if way.1 == Direction::Forward { from <= parts } else { from >= parts }),
                        _ => None,
                    };
                    let all = before.chain(starts_here.then_some(0)).map(|ms| ms + last).chain(on_the_link);
                    best = best.into_iter().chain(all).min();
                }
                best
            }
        }
    }
}

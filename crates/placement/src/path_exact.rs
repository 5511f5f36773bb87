//! Team orienteering to the end, where there are few enough ways.
//!
//! With the prices `pi` of [`crate::path_bound`], `g_v = s_v - pi_v >= 0`, and `G` no less than the
//! sum of `g` over any one path, paths that together score more than `value` have
//!
//! ```text
//! value + 1 <= sum_v pi_v + sum over paths of g   =>   each path has g >= value + 1 - sum_v pi_v - (m - 1) G
//! ```
//!
//! So only the sets of vertices that one path can visit and that gain as much need to be looked
//! at (as Baldacci, Christofides, Mingozzi, Mathematical Programming 115 (2008) do for vehicle
//! routes), and of these only the largest: a path may leave out a vertex that another visits, which
//! makes it no longer. The sets are made in order of their size, each with every last vertex and
//! the shortest way there; then every choice of `m` of them that can still beat the value is tried.

use crate::orienteering::Orienteering;
use crate::path_bound::{Priced, SCALE};

/// Most ways (a set and its last vertex) that are kept.
const WAYS_MAX: usize = 300_000;
/// Most choices of sets that are tried.
const CHOICES_MAX: u64 = 30_000_000;
/// Most vertices: a set is a word.
const VERTICES_MAX: usize = 64;

/// A shortest way from the start through all vertices of a set to the last one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    set: u64,
    last: u8,
    length: u64,
    gain: i64,
    parent: u32,
}

const NONE: u32 = u32::MAX;

/// What the end of the search says.
pub(crate) enum Exact {
    /// Nothing scores more than what was known.
    Proven,
    /// These score more, and nothing scores more than these.
    Better(Vec<Vec<u32>>),
    /// There were too many ways, or the search was stopped.
    Open,
}

struct Case<'a> {
    instance: &'a Orienteering,
    /// Vertices within reach, by their index in a set.
    keep: &'a [usize],
    gain: Vec<i64>,
    limit: u64,
}

impl Case<'_> {
    fn leg(&self, from: usize, to: usize) -> u64 {
        self.instance.length[self.keep[from]][self.keep[to]]
    }

    fn to_end(&self, from: usize) -> u64 {
        self.instance.length[self.keep[from]][self.instance.vertices() - 1]
    }

    /// The way one visit further, if it can still end in time and gain `least`.
    fn extend(&self, way: Option<(u32, &Way)>, v: usize, least: i64) -> Option<Way> {
        let (set, gain, length) = way.map_or((0, 0, self.instance.length[0][self.keep[v]]), |(_, way)| {
            (way.set, way.gain, way.length + self.leg(usize::from(way.last), v))
        });
        if set >> v & 1 == 1 || length + self.to_end(v) > self.limit {
            return None;
        }
        let (set, gain) = (set | 1 << v, gain + self.gain[v]);
        let within = |w: &usize| set >> w & 1 == 0 && length + self.leg(v, *w) + self.to_end(*w) <= self.limit;
        let more: i64 = (0..self.keep.len()).filter(within).map(|w| self.gain[w]).sum();
        let last = u8::try_from(v).expect("at most 64 vertices");
        (gain + more >= least).then_some(Way { set, last, length, gain, parent: way.map_or(NONE, |(ix, _)| ix) })
    }

    /// All ways by the size of their sets; `None` when there are too many.
    fn ways(&self, least: i64, stop: &dyn Fn() -> bool) -> Option<Vec<Way>> {
        let mut ways: Vec<Way> = (0..self.keep.len()).filter_map(|v| self.extend(None, v, least)).collect();
        let mut from = 0;
        while from < ways.len() {
            let mut next = Vec::new();
            for (at, way) in (0u32..).zip(&ways).skip(from) {
                next.extend((0..self.keep.len()).filter_map(|v| self.extend(Some((at, way)), v, least)));
                if next.len() > 4 * WAYS_MAX || (at.is_multiple_of(4_096) && stop()) {
                    return None;
                }
            }
            next.sort_unstable();
            next.dedup_by(|b, a| (a.set, a.last) == (b.set, b.last));
            from = ways.len();
            ways.append(&mut next);
            if ways.len() > WAYS_MAX {
                return None;
            }
        }
        Some(ways)
    }
}

/// A set that one path can visit.
struct Choice {
    set: u64,
    gain: i64,
    way: u32,
}

/// The largest sets that gain at least `least`, by falling gain.
fn choices(ways: &[Way], least: i64, vertices: usize) -> Vec<Choice> {
    let mut sets: Vec<Choice> = Vec::new();
    for (way, at) in (0u32..).zip(ways) {
        // Ways to one set stand together.
        if sets.last().is_none_or(|choice| choice.set != at.set) {
            sets.push(Choice { set: at.set, gain: at.gain, way });
        }
    }
    let mut known: Vec<u64> = sets.iter().map(|choice| choice.set).collect();
    known.sort_unstable();
    let is_largest =
        |set: u64| (0..vertices).all(|v| set >> v & 1 == 1 || known.binary_search(&(set | 1 << v)).is_err());
    sets.retain(|choice| choice.gain >= least && is_largest(choice.set));
    sets.sort_by_key(|choice| (std::cmp::Reverse(choice.gain), choice.set));
    sets
}

struct Packing<'a> {
    choices: &'a [Choice],
    score: Vec<u64>,
    gains: &'a [i64],
    /// `sum_v pi_v`.
    prices: i64,
    best: u64,
    found: Option<Vec<usize>>,
    taken: Vec<usize>,
    tries: u64,
    stop: &'a dyn Fn() -> bool,
}

impl Packing<'_> {
    fn worth(&self, mut set: u64) -> u64 {
        let mut sum = 0;
        while set != 0 {
            sum += self.score[set.trailing_zeros() as usize];
            set &= set - 1;
        }
        sum
    }

    /// Tries every further choice of at most `left` sets; `false` when it was broken off.
    fn run(&mut self, from: usize, left: usize, union: u64, gain: i64) -> bool {
        let score = self.worth(union);
        if score > self.best {
            (self.best, self.found) = (score, Some(self.taken.clone()));
        }
        if left == 0 {
            return true;
        }
        for ix in from..self.choices.len() {
            let choice = &self.choices[ix];
            let target = (i64::try_from(self.best).expect("scores are small") + 1) * SCALE;
            let paths = i64::try_from(left).expect("at most a thousand");
            if self.prices + gain + paths * choice.gain < target {
                break;
            }
            self.tries += 1;
            if self.tries > CHOICES_MAX || (self.tries.is_multiple_of(65_536) && (self.stop)()) {
                return false;
            }
            if choice.set & !union == 0 {
                continue;
            }
            let shared = choice.set & union;
            // What is visited twice gains once.
            let twice: i64 = (0..self.gains.len()).filter(|v| shared >> v & 1 == 1).map(|v| self.gains[v]).sum();
            if self.prices + gain + paths * choice.gain - twice < target {
                continue;
            }
            self.taken.push(ix);
            let done = self.run(ix + 1, left - 1, union | choice.set, gain + choice.gain - twice);
            self.taken.pop();
            if !done {
                return false;
            }
        }
        true
    }
}

/// Paths that score more than `value`, or the proof that none do.
pub(crate) fn exact(instance: &Orienteering, priced: &Priced, value: u64, stop: &dyn Fn() -> bool) -> Exact {
    if priced.keep.len() > VERTICES_MAX {
        return Exact::Open;
    }
    let score: Vec<u64> = priced.keep.iter().map(|&v| u64::from(instance.score[v])).collect();
    let scaled = |score: u64| i64::try_from(score).expect("scores are small") * SCALE;
    let gains: Vec<i64> = score.iter().zip(&priced.prices).map(|(&score, price)| scaled(score) - price).collect();
    let prices: i64 = priced.prices.iter().sum();
    let others = i64::try_from(instance.paths - 1).expect("at most a thousand") * priced.gain_max;
    let least = scaled(value + 1) - prices - others;
    let case = Case { instance, keep: &priced.keep, gain: gains.clone(), limit: instance.limit };
    let Some(ways) = case.ways(least, stop) else { return Exact::Open };
    let choices = choices(&ways, least, priced.keep.len());
    let (best, found, taken) = (value, None, Vec::new());
    let mut packing = Packing { choices: &choices, score, gains: &gains, prices, best, found, taken, tries: 0, stop };
    if !packing.run(0, instance.paths, 0, 0) {
        return Exact::Open;
    }
    let Some(found) = packing.found else { return Exact::Proven };
    let mut used = 0u64;
    let mut path = |ix: &usize| {
        let mut visits = Vec::new();
        let mut at = shortest(&case, &ways, choices[*ix].way);
        while at != NONE {
            let way = &ways[at as usize];
            visits.push(way.last);
            at = way.parent;
        }
        visits.reverse();
        visits.retain(|&v| used >> v & 1 == 0);
        for &v in &visits {
            used |= 1 << v;
        }
        visits.iter().map(|&v| u32::try_from(priced.keep[usize::from(v)]).expect("at most 130 vertices")).collect()
    };
    Exact::Better(found.iter().map(&mut path).collect())
}

/// Of the ways to one set, which stand together from `first` on, the one of the shortest path.
fn shortest(case: &Case<'_>, ways: &[Way], first: u32) -> u32 {
    let set = ways[first as usize].set;
    let length = |ix: u32| ways[ix as usize].length + case.to_end(usize::from(ways[ix as usize].last));
    let same = (first..).take_while(|&ix| ways.get(ix as usize).is_some_and(|way| way.set == set));
    same.min_by_key(|&ix| length(ix)).expect("the first is one of them")
}

//! One contingent's roster: bound by column generation, whole sections by exact steps.

use crate::cover::{Class, classes, covers};
use crate::master::{Column, Mixture, Rows, mix};
use crate::plan::{Options, Watch};
use crate::price::{Automaton, best_pattern, good_pattern, good_patterns};
use crate::problem::{Problem, Scale};
use konbit_base::rng::Seeded;
use std::collections::BTreeMap;

mod kinds;

/// Parts of one unit of price.
const SCALE: i64 = 1 << 16;

/// Patterns of one kind that a quick search offers at once.
const PATTERNS: usize = 8;
/// Rounds of column generation from one exact search to the next.
const EXACT_EACH: usize = 5;
/// Rounds of new patterns for the sections left while diving.
const DIVE_ROUNDS: usize = 2;

/// Patterns of the sections of one contingent, by their index in the problem.
pub(crate) struct Solved {
    pub patterns: BTreeMap<usize, Vec<bool>>,
    pub value: i64,
    /// No roster costs less.
    pub bound: i64,
    pub stopped: bool,
}

/// Sections that are the same to every rule.
struct Kind {
    seats: u32,
    /// The class it fills seats of, and how many units of it a section is.
    class: usize,
    units: u32,
    automaton: Automaton,
    /// Indices in the problem, by id.
    members: Vec<usize>,
}

impl Kind {
    fn count(&self) -> u32 {
        u32::try_from(self.members.len()).expect("at most ten thousand")
    }
}

/// What a slot is to be filled to, and what it costs to stay below.
#[derive(Clone, Copy)]
struct Aim {
    /// The demand whose parts weigh.
    demand: u32,
    scale: Scale,
    weight: u32,
    /// Seats beyond which nothing is gained; at most the demand.
    seats: u32,
}

impl Aim {
    fn open(self, covered: u32) -> i64 {
        let open = |seats| self.scale.open(self.demand, self.weight, seats);
        open(covered.min(self.seats)) - open(self.seats)
    }
}

struct Case<'a> {
    problem: &'a Problem,
    contingent: usize,
    classes: Vec<Class>,
    kinds: Vec<Kind>,
    /// By slot; without kinds of slots, its demand.
    aims: Vec<Aim>,
    /// Where positive, the demand of every slot counts beside the aims, which weigh so many times as
    /// much.
    steep: i64,
    rows: Rows,
}

/// Where column generation ended.
struct Generated {
    mixture: Mixture,
    bound: i64,
    stopped: bool,
}

/// Prices of slots and classes, and what is saved by the best patterns at them.
type See<'a> = dyn FnMut(&[i64], i64) + 'a;

impl<'a> Case<'a> {
    fn new(problem: &'a Problem, contingent: usize) -> Self {
        let data = problem.data();
        let mut groups: BTreeMap<(u32, u32, &[u32]), Vec<usize>> = BTreeMap::new();
        for (ix, section) in data.sections.iter().enumerate() {
            if section.contingent as usize == contingent {
                let key = (problem.seats(section), section.travel_minutes, section.leave.as_slice());
                groups.entry(key).or_default().push(ix);
            }
        }
        let sizes: Vec<(u32, u32)> =
            groups.iter().map(|(key, members)| (key.0, u32::try_from(members.len()).expect("few sections"))).collect();
        let most = data.contingents[contingent].demand.iter().max().copied().unwrap_or(0);
        let (classes, places) = classes(&sizes, most);
        let mut kinds = Vec::new();
        for (((seats, ..), mut members), (class, units)) in groups.into_iter().zip(places) {
            members.sort_unstable_by_key(|&ix| &data.sections[ix].id);
            let automaton = Automaton::new(problem, &data.sections[members[0]]);
            kinds.push(Kind { seats, class, units, automaton, members });
        }
        let mut case = Self { problem, contingent, classes, kinds, aims: Vec::new(), steep: 0, rows: Rows::default() };
        case.aim_at_demand();
        case
    }

    /// Every slot on its own.
    fn aim_at_demand(&mut self) {
        let data = self.problem.data();
        let demand = data.contingents[self.contingent].demand.iter().zip(&data.weights);
        let scale = self.problem.scale();
        self.aim(demand.map(|(&demand, &weight)| Aim { demand, scale, weight, seats: demand }).collect());
    }

    fn aim(&mut self, aims: Vec<Aim>) {
        self.aims = aims;
        let all: Vec<u32> = self.kinds.iter().map(Kind::count).collect();
        self.rows = self.rows_beside(&vec![0; self.problem.slots()], &all);
    }

    /// Cost of the seats that stay open in a slot.
    fn open(&self, slot: usize, covered: u32) -> i64 {
        let open = self.aims[slot].open(covered);
        if self.steep == 0 {
            return open;
        }
        open * self.steep + self.problem.open_cost(self.contingent, slot, covered)
    }

    /// The rows of the master beside what is covered, with so many sections of each kind left.
    fn rows_beside(&self, covered: &[u32], free: &[u32]) -> Rows {
        let mut classes = self.classes.clone();
        for class in &mut classes {
            class.count = 0;
        }
        for (kind, count) in self.kinds.iter().zip(free) {
            classes[kind.class].count += kind.units * count;
        }
        let slot = |(slot, &seats): (usize, &u32)| {
            let cost = |more: u32| self.open(slot, seats + more);
            covers(&classes, self.aims[slot].seats.saturating_sub(seats), cost)
        };
        Rows {
            covers: covered.iter().enumerate().map(slot).collect(),
            classes: classes.len(),
            kinds: self.kinds.iter().zip(free).map(|(kind, count)| (kind.class, kind.units, *count)).collect(),
        }
    }

    /// Prices of the slots for one kind, from those of all classes.
    fn gains(&self, prices: &[i64], kind: &Kind) -> Vec<i64> {
        prices.iter().skip(kind.class).step_by(self.classes.len()).copied().collect()
    }

    /// `sum_s min_q (cost_sq + sum_c n_qc pi_sc) - sum_j n_j max_p units_j pi_c(j) a_p`, a lower bound
    /// for any prices, in whole numbers rounded up; what is taken off in it; and the best pattern of each kind.
    fn bound(&self, prices: &[i64]) -> (i64, i64, Vec<(i64, Vec<bool>)>) {
        let slots = self.rows.covers.iter().enumerate();
        let open = slots.map(|(slot, covers)| {
            let prices = &prices[slot * self.classes.len()..][..self.classes.len()];
            let paid =
                |units: &[u32]| units.iter().zip(prices).map(|(units, price)| i64::from(*units) * price).sum::<i64>();
            covers.iter().map(|cover| cover.cost * SCALE + paid(&cover.units)).min().expect("none on duty is one")
        });
        let open: i64 = open.sum();
        let best = |kind: &Kind| best_pattern(&kind.automaton, &self.gains(prices, kind));
        let best: Vec<_> = self.kinds.iter().map(best).collect();
        let saved = self.kinds.iter().zip(&best);
        let saved: i64 = saved.map(|(kind, (gain, _))| i64::from(kind.units) * i64::from(kind.count()) * gain).sum();
        let scaled = open - saved;
        (scaled.div_euclid(SCALE) + i64::from(scaled.rem_euclid(SCALE) > 0), saved, best)
    }

    /// Takes a pattern in if it is new and would improve the mixture.
    fn admit(&self, columns: &mut Vec<Column>, mixture: &Mixture, kind: usize, pattern: Vec<bool>) -> bool {
        let (class, units) = (self.kinds[kind].class, f64::from(self.kinds[kind].units));
        let prices = mixture.price.iter().skip(class).step_by(self.classes.len());
        let on = pattern.iter().zip(prices).filter(|(on, _)| **on);
        let gain: f64 = on.map(|(_, price)| units * price).sum();
        let is_new = || columns.iter().all(|c| c.kind != kind || c.pattern != pattern);
        let admitted = gain > mixture.kind_price[kind] + 1e-6 && is_new();
        if admitted {
            columns.push(Column { kind, pattern });
        }
        admitted
    }

    /// Column generation with prices half way to the best known ones (Wentges 1997), from the columns
    /// at hand. Prices of which a bound was taken are shown to `see`.
    fn generate(
        &self,
        columns: &mut Vec<Column>,
        options: &Options,
        watch: &Watch<'_>,
        see: &mut See<'_>,
    ) -> Generated {
        let mut mixture = mix(&self.rows, columns);
        let mut known: Option<Vec<i64>> = None;
        let mut bound = 0;
        let mut stopped = false;
        for round in 0..options.rounds_max {
            stopped = (watch.should_stop)();
            // Once the mixture costs no more than the bound it cannot be improved.
            if stopped || round_up(mixture.value) <= bound {
                break;
            }
            let exact: Vec<i64> = mixture.price.iter().map(|&price| fixed(price)).collect();
            let halfway = |known: &Vec<i64>| exact.iter().zip(known).map(|(a, b)| i64::midpoint(*a, *b)).collect();
            let half: Vec<i64> = known.as_ref().map_or_else(|| exact.clone(), halfway);
            let mut added = 0;
            for prices in [&half, &exact].into_iter().filter(|_| known.is_some()) {
                for (kind, at) in self.kinds.iter().enumerate() {
                    for pattern in good_patterns(&at.automaton, &self.gains(prices, at), PATTERNS) {
                        added += usize::from(self.admit(columns, &mixture, kind, pattern));
                    }
                }
            }
            // The exact search is dear: it is for the bound, and where the quick one finds nothing.
            for prices in [half, exact] {
                if added > 0 && round % EXACT_EACH != 0 {
                    break;
                }
                let (reached, saved, best) = self.bound(&prices);
                see(&prices, saved);
                if known.is_none() || reached > bound {
                    bound = bound.max(reached);
                    known = Some(prices);
                }
                for (kind, (_, pattern)) in best.into_iter().enumerate() {
                    added += usize::from(self.admit(columns, &mixture, kind, pattern));
                }
                if added > 0 {
                    break;
                }
            }
            if added == 0 {
                break;
            }
            mixture = mix(&self.rows, columns);
        }
        Generated { mixture, bound, stopped }
    }
}

fn round_up(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "costs are far below 2^53")]
    let whole = (value - 1e-4).ceil() as i64;
    whole
}

fn fixed(price: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "prices are at most four million a unit, the cast saturates")]
    let fixed = (price * SCALE as f64).round() as i64;
    fixed.clamp(0, SCALE * 4_000_000)
}

/// Whole sections and what they cover.
#[derive(Clone)]
struct Whole {
    /// Kind and pattern of each section, in the order of kinds and members.
    sections: Vec<(usize, Vec<bool>)>,
    covered: Vec<u32>,
}

impl Case<'_> {
    fn cost(&self, covered: &[u32]) -> i64 {
        covered.iter().enumerate().map(|(slot, &seats)| self.open(slot, seats)).sum()
    }

    /// The best pattern of one section of a kind beside all the others, or with `quick` a good one.
    /// What a slot gains from one section does not depend on its other slots.
    fn answer(&self, covered: &[u32], kind: usize, quick: bool) -> Vec<bool> {
        let seats = self.kinds[kind].seats;
        let gain = |(slot, &now): (usize, &u32)| self.open(slot, now) - self.open(slot, now + seats);
        let gains: Vec<i64> = covered.iter().enumerate().map(gain).collect();
        let automaton = &self.kinds[kind].automaton;
        if quick { good_pattern(automaton, &gains) } else { best_pattern(automaton, &gains).1 }
    }

    fn put(&self, whole: &mut Whole, at: usize, pattern: Option<Vec<bool>>) {
        let (kind, old) = &mut whole.sections[at];
        let seats = self.kinds[*kind].seats;
        for (slot, _) in old.iter().enumerate().filter(|(_, on)| **on) {
            whole.covered[slot] -= seats;
        }
        *old = pattern.unwrap_or_else(|| vec![false; whole.covered.len()]);
        for (slot, _) in old.iter().enumerate().filter(|(_, on)| **on) {
            whole.covered[slot] += seats;
        }
    }

    /// No section on duty.
    fn nothing(&self) -> Whole {
        let slots = self.problem.slots();
        let members = |(ix, kind): (usize, &Kind)| std::iter::repeat_n(ix, kind.members.len());
        let kinds = self.kinds.iter().enumerate().flat_map(members);
        Whole { sections: kinds.map(|kind| (kind, vec![false; slots])).collect(), covered: vec![0; slots] }
    }

    /// Whole sections by diving: they take the whole part of the mixture, or where it has none the
    /// pattern of which there is most; then the mixture of the sections left is made anew beside
    /// what is covered, with patterns of its own. Sections that gain nothing any more are left to
    /// answer the others.
    fn dive(&self, mut columns: Vec<Column>, mixture: Mixture, stop: &dyn Fn() -> bool) -> Whole {
        let mut whole = self.nothing();
        let mut free: Vec<Vec<usize>> = vec![Vec::new(); self.kinds.len()];
        for (at, section) in whole.sections.iter().enumerate().rev() {
            free[section.0].push(at);
        }
        let mut mixture = mixture;
        while free.iter().any(|list| !list.is_empty()) && !stop() {
            let mut taken = 0;
            for (column, level) in columns.iter().zip(&mixture.level) {
                let mut left = level + 1e-6;
                while let Some(at) = free[column.kind].pop_if(|_| left >= 1.0) {
                    self.put(&mut whole, at, Some(column.pattern.clone()));
                    (left, taken) = (left - 1.0, taken + 1);
                }
            }
            if taken == 0 {
                let is_free = |&ix: &usize| mixture.level[ix] > 1e-3 && !free[columns[ix].kind].is_empty();
                let most = (0..columns.len()).filter(is_free);
                let most = most.max_by(|&a, &b| mixture.level[a].total_cmp(&mixture.level[b]).then(b.cmp(&a)));
                let Some(column) = most.map(|ix| &columns[ix]) else { break };
                let at = free[column.kind].pop().expect("a section of this kind is left");
                self.put(&mut whole, at, Some(column.pattern.clone()));
            }
            mixture = self.beside(&whole.covered, &free, &mut columns);
        }
        for at in free.into_iter().flatten() {
            let pattern = self.answer(&whole.covered, whole.sections[at].0, true);
            self.put(&mut whole, at, Some(pattern));
        }
        whole
    }

    /// The mixture of the sections left beside what is covered, with some new patterns for it.
    fn beside(&self, covered: &[u32], free: &[Vec<usize>], columns: &mut Vec<Column>) -> Mixture {
        let count = |list: &Vec<usize>| u32::try_from(list.len()).expect("at most ten thousand");
        let rows = self.rows_beside(covered, &free.iter().map(count).collect::<Vec<_>>());
        let mut mixture = mix(&rows, columns);
        for _ in 0..DIVE_ROUNDS {
            if mixture.value < 1e-3 {
                break;
            }
            let prices: Vec<i64> = mixture.price.iter().map(|&price| fixed(price)).collect();
            let mut added = 0;
            for (kind, at) in self.kinds.iter().enumerate().filter(|(kind, _)| !free[*kind].is_empty()) {
                for pattern in good_patterns(&at.automaton, &self.gains(&prices, at), PATTERNS) {
                    added += usize::from(self.admit(columns, &mixture, kind, pattern));
                }
            }
            if added == 0 {
                break;
            }
            mixture = mix(&rows, columns);
        }
        mixture
    }

    /// Drops duties that nothing is lost without: rest is worth more than a seat nobody asked for,
    /// and no rule minds a duty less.
    fn trim(&self, whole: &mut Whole) {
        let slots = whole.covered.len();
        let cost = self.cost(&whole.covered);
        for at in 0..whole.sections.len() {
            for first in 0..slots {
                let pattern = &whole.sections[at].1;
                if !pattern[first] || pattern[(first + slots - 1) % slots] {
                    continue;
                }
                let mut less = pattern.clone();
                for slot in (first..first + slots).map(|slot| slot % slots).take_while(|&slot| pattern[slot]) {
                    less[slot] = false;
                }
                let old = pattern.clone();
                self.put(whole, at, Some(less));
                if self.cost(&whole.covered) > cost {
                    self.put(whole, at, Some(old));
                }
            }
        }
    }

    /// Gives each section in turn its best pattern, or with `quick` a good one, beside the others until none improves.
    fn settle(&self, whole: &mut Whole, order: &[usize], quick: bool, stop: &dyn Fn() -> bool) -> i64 {
        let mut cost = self.cost(&whole.covered);
        loop {
            let before = cost;
            for &at in order {
                if cost == 0 || stop() {
                    return cost;
                }
                let (kind, old) = whole.sections[at].clone();
                self.put(whole, at, None);
                let pattern = self.answer(&whole.covered, kind, quick);
                self.put(whole, at, Some(pattern));
                let next = self.cost(&whole.covered);
                if next < cost {
                    cost = next;
                } else {
                    self.put(whole, at, Some(old));
                }
            }
            if cost == before {
                return cost;
            }
        }
    }

    /// Takes a few sections out at a time and puts them back one by one, each at its best.
    fn repair(&self, start: Whole, bound: i64, options: &Options, rng: &mut Seeded, stop: &dyn Fn() -> bool) -> Whole {
        let count = start.sections.len();
        let order = |rng: &mut Seeded| {
            let mut order: Vec<usize> = (0..count).collect();
            for last in (1..count).rev() {
                order.swap(last, below(last + 1, rng));
            }
            order
        };
        let mut best = start;
        let mut cost = self.settle(&mut best, &order(rng), true, stop);
        for round in 0..options.repairs_max {
            if cost <= bound || count < 2 || stop() {
                break;
            }
            let mut next = best.clone();
            let mut out = order(rng);
            out.truncate((2 + round % 4).min(count));
            for &at in &out {
                self.put(&mut next, at, None);
            }
            for &at in &out {
                let pattern = self.answer(&next.covered, next.sections[at].0, true);
                self.put(&mut next, at, Some(pattern));
            }
            let reached = self.settle(&mut next, &out, true, stop);
            if reached <= cost {
                (best, cost) = (next, reached);
            }
        }
        // In the end no section alone can do better.
        self.settle(&mut best, &order(rng), false, stop);
        best
    }
}

fn below(bound: usize, rng: &mut Seeded) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

/// The roster of one contingent.
pub(crate) fn solve(
    problem: &Problem,
    contingent: usize,
    options: &Options,
    rng: &mut Seeded,
    watch: &Watch<'_>,
) -> Solved {
    let mut case = Case::new(problem, contingent);
    if problem.slots_by_kind().iter().any(|slots| slots.len() > 1) {
        return kinds::solve(&mut case, options, rng, watch);
    }
    let (whole, bound, stopped) = case.by_slot(options, rng, watch);
    let value = case.cost(&whole.covered);
    case.solved(whole, value, bound, stopped || (watch.should_stop)())
}

impl Case<'_> {
    /// The roster slot by slot, its bound, and whether it was stopped.
    fn by_slot(&self, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> (Whole, i64, bool) {
        let mut columns = Vec::new();
        let Generated { mixture, bound, stopped } = self.generate(&mut columns, options, watch, &mut |_, _| ());
        let start = self.dive(columns, mixture, watch.should_stop);
        let mut whole = self.repair(start, bound, options, rng, watch.should_stop);
        self.trim(&mut whole);
        (whole, bound, stopped)
    }

    fn solved(&self, whole: Whole, value: i64, bound: i64, stopped: bool) -> Solved {
        let members = self.kinds.iter().flat_map(|kind| kind.members.iter().copied());
        let patterns = members.zip(whole.sections.into_iter().map(|(_, pattern)| pattern)).collect();
        assert!(bound <= value, "a bound of {bound} for a roster that costs {value}");
        Solved { patterns, value, bound, stopped }
    }
}

//! One contingent's roster where slots have kinds: what counts of a kind is its leanest slot.
//!
//! To lift the leanest slots of a kind to a level is to fill every slot of it to there, and so a
//! roster slot by slot, with the levels for a demand: at no cost they are reached, with a bound above
//! nothing they are proven out of reach, and the prices of that bound rule out other levels too. The
//! cheapest levels that are not ruled out bound every roster. They are tried, and where the search
//! does not reach them, dearer ones.

use super::{Aim, Case, Generated, Solved, Whole};
use crate::levels::{Cut, Stairs, cheapest, cost};
use crate::master::Column;
use crate::plan::{Options, Watch};
use crate::problem::Scale;
use konbit_base::rng::Seeded;

/// Most levels that are looked at for the bound.
const LOOKS_MAX: usize = 50;
/// Most levels that are tried where the cheapest are not reached.
const TRIES_MAX: usize = 8;
/// Most that aims weigh against the demand of single slots.
const STEEP_MAX: i64 = 1_000_000;

struct Search<'a, 'b> {
    case: &'a mut Case<'b>,
    stairs: Vec<Stairs>,
    cuts: Vec<Cut>,
    columns: Vec<Column>,
    best: Whole,
    value: i64,
    /// Levels that were tried and not reached.
    missed: Vec<Vec<usize>>,
    stopped: bool,
}

/// What came of trying levels.
#[derive(PartialEq, Eq)]
enum Attempt {
    RuledOut,
    Reached,
    Missed,
}

impl Search<'_, '_> {
    fn levels(&self, covered: &[u32]) -> Vec<usize> {
        let least = |stairs: &Stairs| stairs.slots.iter().map(|&slot| covered[slot]).min().expect("a kind has slots");
        self.stairs.iter().map(|stairs| stairs.level(least(stairs))).collect()
    }

    /// Makes levels the demand of the roster slot by slot. How open seats weigh in it is the same in
    /// all slots of a kind; quarters are enough to tell what cannot be reached.
    fn aim(&mut self, levels: &[usize]) {
        let data = self.case.problem.data();
        let demand = &data.contingents[self.case.contingent].demand;
        let scale = Scale::Quarters;
        let mut aims = vec![Aim { demand: 0, scale, weight: 1, seats: 0 }; demand.len()];
        for (stairs, &level) in self.stairs.iter().zip(levels) {
            let most = |of: &[u32]| stairs.slots.iter().map(|&slot| of[slot]).max().expect("a kind has slots");
            let (demand, weight) = (most(demand), most(&data.weights).max(1));
            for &slot in &stairs.slots {
                aims[slot] = Aim { demand, scale, weight, seats: stairs.seats[level] };
            }
        }
        self.case.aim(aims);
    }

    /// Keeps a roster if it is the best so far; what it costs.
    fn keep(&mut self, whole: Whole) -> i64 {
        let value = cost(&self.stairs, &self.levels(&whole.covered));
        if value < self.value {
            (self.best, self.value) = (whole, value);
        }
        value
    }

    /// Tries to reach levels.
    fn attempt(&mut self, levels: &[usize], options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> Attempt {
        self.aim(levels);
        let (stairs, cuts) = (&self.stairs, &mut self.cuts);
        let classes = self.case.classes.len();
        let mut see = |prices: &[i64], saved| cuts.push(Cut::new(stairs, classes, prices, saved));
        let Generated { mixture, bound, stopped } = self.case.generate(&mut self.columns, options, watch, &mut see);
        self.stopped |= stopped;
        if bound > 0 && !stopped {
            // A cost above nothing is at least the price of the fills that would cost nothing.
            assert!(self.cuts.iter().any(|cut| cut.rules_out(levels)), "a bound of {bound} rules out what it bounds");
            return Attempt::RuledOut;
        }
        let start = self.case.dive(self.columns.clone(), mixture, watch.should_stop);
        let whole = self.case.repair(start, 0, options, rng, watch.should_stop);
        if self.keep(whole) <= cost(&self.stairs, levels) { Attempt::Reached } else { Attempt::Missed }
    }

    /// The bound, and the best roster on the way to it.
    fn run(&mut self, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> i64 {
        let mut bound = 0;
        for _ in 0..LOOKS_MAX {
            let found = cheapest(&self.stairs, &self.cuts, 0, |_| true);
            bound = bound.max(found.bound.min(self.value));
            let Some(levels) = found.levels.filter(|_| bound < self.value && !self.stopped) else { break };
            if self.attempt(&levels, options, rng, watch) == Attempt::Missed {
                self.missed.push(levels);
                self.approach(bound, options, rng, watch);
                return bound;
            }
        }
        if bound < self.value {
            // Too many levels to look at all: slot by slot nothing is left open that need not be, and
            // the leanest slot of a kind leaves no less open than any of its slots.
            self.case.aim_at_demand();
            let (whole, by_slot, stopped) = self.case.by_slot(options, rng, watch);
            self.stopped |= stopped;
            self.keep(whole);
            bound = bound.max(by_slot);
        }
        bound
    }

    /// Tries levels between those missed and those reached, a quarter of the way up in cost.
    fn approach(&mut self, bound: i64, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) {
        let (mut low, mut high) = (bound, self.value);
        for _ in 0..TRIES_MAX {
            if self.stopped || high <= low {
                return;
            }
            let is_above = |levels: &[usize], missed: &Vec<usize>| levels.iter().zip(missed).all(|(a, b)| a >= b);
            let may = |levels: &[usize]| !self.missed.iter().any(|missed| is_above(levels, missed));
            let from = low + (high - low) / 4;
            let found = cheapest(&self.stairs, &self.cuts, from, may);
            match found.levels.filter(|_| found.bound < high) {
                None => high = from,
                Some(levels) => match self.attempt(&levels, options, rng, watch) {
                    Attempt::RuledOut => {}
                    Attempt::Reached => high = self.value,
                    Attempt::Missed => {
                        low = cost(&self.stairs, &levels);
                        self.missed.push(levels);
                    }
                },
            }
        }
    }

    /// Lets sections fill open seats beyond the levels too, where that takes nothing from these, and
    /// drops duties that neither needs.
    fn spread(&mut self, watch: &Watch<'_>) {
        let levels = self.levels(&self.best.covered);
        self.aim(&levels);
        let largest = self.case.kinds.iter().map(|kind| kind.seats).max().unwrap_or(0);
        let (problem, contingent) = (self.case.problem, self.case.contingent);
        let gain = |slot| problem.open_cost(contingent, slot, 0) - problem.open_cost(contingent, slot, largest);
        self.case.steep = (1 + (0..problem.slots()).map(gain).sum::<i64>()).min(STEEP_MAX);
        let mut whole = self.best.clone();
        let order: Vec<usize> = (0..whole.sections.len()).collect();
        self.case.settle(&mut whole, &order, true, watch.should_stop);
        self.case.trim(&mut whole);
        self.case.steep = 0;
        if cost(&self.stairs, &self.levels(&whole.covered)) <= self.value {
            self.best = whole;
        }
    }
}

/// The roster of one contingent.
pub(super) fn solve(case: &mut Case<'_>, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> Solved {
    let (problem, contingent) = (case.problem, case.contingent);
    let demand = &problem.data().contingents[contingent].demand;
    let of_kind = |slots: Vec<usize>| {
        let wanted = slots.iter().map(|&slot| demand[slot]).max()?;
        let cost = |slots: &[usize], seats| problem.open_cost_of_all(contingent, slots, seats);
        Some(Stairs::new(slots, &case.classes, wanted, cost))
    };
    let stairs: Vec<Stairs> = problem.slots_by_kind().into_iter().filter_map(of_kind).collect();
    let best = case.nothing();
    let value = cost(&stairs, &vec![0; stairs.len()]);
    let (cuts, columns, missed) = (Vec::new(), Vec::new(), Vec::new());
    let mut search = Search { case, stairs, cuts, columns, best, value, missed, stopped: false };
    let bound = search.run(options, rng, watch);
    search.spread(watch);
    let (whole, value, stopped) = (search.best, search.value, search.stopped);
    case.solved(whole, value, bound, stopped || (watch.should_stop)())
}

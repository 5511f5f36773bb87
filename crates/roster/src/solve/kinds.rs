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
use konbit_base::rng::Seeded;

/// Most levels that are tried beside the cheapest ones.
const TRIES_MAX: usize = 12;

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

    fn value(&self, covered: &[u32]) -> i64 {
        cost(&self.stairs, &self.levels(covered))
    }

    /// Makes levels the demand of the roster slot by slot.
    fn aim(&mut self, levels: &[usize]) {
        let data = self.case.problem.data();
        let demand = &data.contingents[self.case.contingent].demand;
        let mut aims = vec![Aim { demand: 0, weight: 1, seats: 0 }; demand.len()];
        for (stairs, &level) in self.stairs.iter().zip(levels) {
            let slots = || stairs.slots.iter();
            let most = slots().map(|&slot| demand[slot]).max().unwrap_or(0);
            let weight = slots().map(|&slot| data.weights[slot]).max().unwrap_or(0).max(1);
            for &slot in slots() {
                aims[slot] = Aim { demand: most, weight, seats: stairs.seats[level] };
            }
        }
        self.case.aim(aims);
    }

    /// Tries to reach levels.
    fn attempt(&mut self, levels: &[usize], options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> Attempt {
        self.aim(levels);
        let (stairs, cuts) = (&self.stairs, &mut self.cuts);
        let classes = self.case.classes.len();
        let mut see = |prices: &[i64], saved| cuts.push(Cut::new(stairs, classes, prices, saved));
        let Generated { mixture, bound, stopped } = self.case.generate(&mut self.columns, options, watch, &mut see);
        self.stopped |= stopped;
        eprintln!("DBG aim {:?} cost {} -> bound {bound} mixture {} columns {} cuts {}", levels.iter().zip(&self.stairs).map(|(l, s)| s.seats[*l]).collect::<Vec<_>>(), cost(&self.stairs, levels), mixture.value, self.columns.len(), self.cuts.len());
        if bound > 0 && !stopped {
            return Attempt::RuledOut;
        }
        let columns = self.columns.iter().map(|column| Column { kind: column.kind, pattern: column.pattern.clone() });
        let start = self.case.dive(columns.collect(), mixture, watch.should_stop);
        let whole = self.case.repair(start, 0, options, rng, watch.should_stop);
        let value = self.value(&whole.covered);
        eprintln!("DBG dive -> surrogate {} value {value}", self.case.cost(&whole.covered));
        if value < self.value {
            (self.best, self.value) = (whole, value);
        }
        if value <= cost(&self.stairs, levels) { Attempt::Reached } else { Attempt::Missed }
    }

    /// The bound, and the best roster on the way to it.
    fn run(&mut self, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> i64 {
        let mut bound = 0;
        while !self.stopped {
            let found = cheapest(&self.stairs, &self.cuts, 0, |_| true);
            bound = bound.max(found.bound.min(self.value));
            let Some(levels) = found.levels.filter(|_| bound < self.value) else { break };
            if self.attempt(&levels, options, rng, watch) == Attempt::Missed {
                self.missed.push(levels);
                self.approach(bound, options, rng, watch);
                break;
            }
        }
        bound
    }

    /// Tries levels between those missed and those reached.
    fn approach(&mut self, bound: i64, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) {
        let mut low = bound;
        let mut high = self.value;
        for _ in 0..TRIES_MAX {
            if self.stopped || (watch.should_stop)() {
                return;
            }
            let is_above = |levels: &[usize], missed: &Vec<usize>| levels.iter().zip(missed).all(|(a, b)| a >= b);
            let may = |levels: &[usize]| !self.missed.iter().any(|missed| is_above(levels, missed));
            let found = cheapest(&self.stairs, &self.cuts, low + (high - low) / 4, may);
            let Some(levels) = found.levels.filter(|_| found.bound < high) else {
                // Nothing between a quarter of the way and the best.
                high = low + (high - low) / 4;
                if high <= low { return; }
                continue;
            };
            match self.attempt(&levels, options, rng, watch) {
                Attempt::Missed => {
                    low = cost(&self.stairs, &levels);
                    self.missed.push(levels);
                }
                Attempt::Reached => high = self.value,
                Attempt::RuledOut => (),
            }
        }
    }
}

/// The roster of one contingent.
pub(super) fn solve(case: &mut Case<'_>, options: &Options, rng: &mut Seeded, watch: &Watch<'_>) -> Solved {
    let problem = case.problem;
    let demand = &problem.data().contingents[case.contingent].demand;
    let kinds = problem.slots_by_kind().into_iter().filter(|slots| !slots.is_empty());
    let stairs = kinds.map(|slots| {
        let wanted = slots.iter().map(|&slot| demand[slot]).max().unwrap_or(0);
        let of_all = slots.clone();
        Stairs::new(slots, &case.classes, wanted, |seats| problem.open_cost_of_all(case.contingent, &of_all, seats))
    });
    let stairs: Vec<Stairs> = stairs.collect();
    let best = case.nothing();
    let value = cost(&stairs, &vec![0; stairs.len()]);
    let (cuts, columns, missed) = (Vec::new(), Vec::new(), Vec::new());
    let mut search = Search { case, stairs, cuts, columns, best, value, missed, stopped: false };
    let bound = search.run(options, rng, watch);
    let (whole, value, stopped) = (search.best, search.value, search.stopped);
    case.solved(whole, value, bound, stopped || (watch.should_stop)())
}

//! Inequalities that every whole set obeys and mixtures of sets do not, for covering.
//!
//! Let `u_j` be 1 where customer `j` stays uncovered and `y_i` where candidate `i` is chosen, so
//! that `u_j + sum_{i covers j} y_i >= 1`. A cut says more about a few customers,
//!
//! ```text
//! sum_j a_j u_j + sum_i g_i y_i >= r ,   a, g >= 0
//! ```
//!
//! for instance half the sum of three rows, rounded up: 1 of each of the three, `ceil(k_i / 2)` of
//! candidate `i` that covers `k_i` of them, 2 on the right (a cut of Chvatal and Gomory, the
//! smallest odd hole). A mixture that covers each pair of the three by half a candidate passes the
//! rows and not the cut. [`crate::clusters`] finds the customers and [`crate::facets`] the coefficients.
//! With a cut goes a price, so it raises the bound of [`crate::dual`].
//!
//! A cut lives as long as its customers: once one of them is covered for good, or cannot be
//! covered any more, the cut is dropped.

use crate::choice::{Fix, Program};
use crate::dual::SCALE;

/// An index and how often it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    pub index: u32,
    pub times: u8,
}

/// One inequality: the customers left uncovered and the candidates chosen, each as often as its
/// term says, are at least `right`.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// Ascends along the list of cuts and stays through decisions.
    pub origin: u32,
    pub right: u8,
    pub customers: Vec<Term>,
    pub members: Vec<Term>,
}

impl Cut {
    /// The cut after decisions; `renamed` gives the new index of candidates and customers.
    pub fn reduce(&self, fix: &[Fix], candidates: &[u32], customers: &[u32]) -> Option<Self> {
        let place = |term: &Term, names: &[u32]| Term { index: names[term.index as usize], ..*term };
        let of_customers: Vec<Term> = self.customers.iter().map(|term| place(term, customers)).collect();
        if of_customers.iter().any(|term| term.index == u32::MAX) {
            return None;
        }
        let left = self.members.iter().filter(|term| fix[term.index as usize] == Fix::Free);
        let members = left.map(|term| place(term, candidates)).collect();
        Some(Self { members, customers: of_customers, ..*self })
    }
}

/// Of each customer the sum of the prices of its cuts.
pub(crate) fn load(program: &Program, prices: &[i64]) -> Vec<i64> {
    let mut load = vec![0; program.customers()];
    for (cut, price) in program.cuts.iter().zip(prices) {
        cut.customers.iter().for_each(|term| load[term.index as usize] += i64::from(term.times) * price);
    }
    load
}

/// The most that a price of a customer can usefully be beside those of its cuts.
pub(crate) fn cap(program: &Program, load: &[i64], customer: usize) -> i64 {
    (program.fallback[customer] * SCALE - load[customer]).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Pair;
    use crate::clusters::separate;
    use crate::dual::Bound;
    use konbit_base::rng::seeded;
    use std::collections::BTreeSet;

    /// Customers of weight 1, each covered by two or three of the candidates.
    fn program(candidates: u32, customers: u32, seed: u64) -> Program {
        let mut rng = seeded(seed, 0);
        let mut program = Program {
            base: 0,
            choose: 2,
            names: (0..candidates).collect(),
            origin: (0..customers).collect(),
            fallback: vec![1; customers as usize],
            start: vec![0],
            pairs: Vec::new(),
            cuts: Vec::new(),
        };
        for _ in 0..customers {
            let draw = (0..2 + rng.below(2)).map(|_| rng.below(candidates.into()));
            let cover: BTreeSet<u64> = draw.collect();
            let pair = |i: u64| Pair { cost: 0, candidate: u32::try_from(i).unwrap() };
            program.pairs.extend(cover.into_iter().map(pair));
            program.start.push(program.pairs.len());
        }
        program
    }

    fn uncovered(program: &Program, j: u32, set: u32) -> u32 {
        u32::from(program.pairs_of(j as usize).iter().all(|pair| set >> pair.candidate & 1 == 0))
    }

    #[test]
    fn every_set_obeys_every_cut_that_mixtures_break_also_after_decisions() {
        let mut seen = 0;
        for seed in 0..200 {
            let mut program = program(9, 14, seed);
            let share = vec![0.5; 9];
            let bound = Bound { scaled: 0, prices: vec![SCALE / 2; 14], worth: vec![0; 9], share };
            let left: Vec<f64> = (0..14).map(|j| (1.0 - 0.5 * program.pairs_of(j).len() as f64).max(0.0)).collect();
            program.cuts = separate(&program, &bound, &left, &mut seeded(seed, 1), &|| false);
            seen += program.cuts.len();
            let mut fix = vec![Fix::Free; 9];
            (fix[0], fix[1]) = (Fix::Closed, Fix::Open);
            for program in [program.reduce(&fix), program.clone()] {
                for (set, cut) in
                    (0..1u32 << program.candidates()).flat_map(|set| program.cuts.iter().map(move |c| (set, c)))
                {
                    let left = |term: &Term| u32::from(term.times) * uncovered(&program, term.index, set);
                    let chosen = |term: &Term| u32::from(term.times) * (set >> term.index & 1);
                    let left: u32 = cut.customers.iter().map(left).sum();
                    let chosen: u32 = cut.members.iter().map(chosen).sum();
                    assert!(left + chosen >= cut.right.into(), "seed {seed}, set {set:b}: {cut:?}");
                }
            }
        }
        assert!(seen > 40, "{seen} cuts were looked at");
    }
}

//! Inequalities that every whole set obeys and mixtures of sets do not, for covering.
//!
//! Let `u_j` be 1 where customer `j` stays uncovered and `y_i` where candidate `i` is chosen, so
//! that `u_j + sum_{i covers j} y_i >= 1`. Half the sum of three such rows, rounded up, is
//!
//! ```text
//! u_a + u_b + u_c + sum_i ceil(k_i / 2) y_i >= 2 ,   k_i = how many of a, b, c candidate i covers
//! ```
//!
//! (a cut of Chvatal and Gomory, the smallest odd hole). A mixture that covers each pair of the
//! three by half a candidate passes the rows and not the cut. With it goes a price, so it raises
//! the bound of [`crate::dual`].
//!
//! A cut lives as long as its three customers: one that is covered for good, or cannot be covered
//! any more, leaves of it a sum of two rows, which says nothing new.

use crate::choice::{Fix, Program};
use crate::dual::{Bound, SCALE};
use std::collections::BTreeSet;

/// Least shortfall of a mixture for a cut to be taken.
const SHORT_MIN: f64 = 0.08;
/// Most new cuts of one look, and of these most for one customer.
const NEW_MAX: usize = 500;
const EACH_MAX: u8 = 3;
/// Most customers among which triples are looked for.
const LOOK_MAX: usize = 3_000;

/// One inequality.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// Ascends along the list of cuts and stays through decisions.
    pub origin: u32,
    pub customers: [u32; 3],
    /// Candidates of coefficient 1, and twice those of coefficient 2.
    pub members: Vec<u32>,
}

impl Cut {
    /// The cut after decisions; `renamed` gives the new index of candidates and customers.
    pub fn reduce(&self, fix: &[Fix], candidates: &[u32], customers: &[u32]) -> Option<Self> {
        let place = self.customers.map(|j| customers[j as usize]);
        let left = self.members.iter().filter(|&&i| fix[i as usize] == Fix::Free);
        let members = left.map(|&i| candidates[i as usize]).collect();
        place.iter().all(|&j| j != u32::MAX).then_some(Self { origin: self.origin, customers: place, members })
    }
}

/// A customer that may stand in a cut.
struct Row {
    customer: u32,
    /// Candidates of the mixture that cover it.
    support: Vec<u32>,
    mass: f64,
    /// What the mixture leaves uncovered of it or covers beyond once.
    slack: f64,
}

/// Customers covered about once by the mixture; of those with the same support the one that the
/// fewest candidates cover, for it makes the strongest cut.
fn rows(program: &Program, bound: &Bound) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for j in 0..program.customers() {
        let support: Vec<u32> =
            program.pairs_of(j).iter().map(|pair| pair.candidate).filter(|&i| bound.share[i as usize] > 0.01).collect();
        let mass: f64 = support.iter().map(|&i| bound.share[i as usize]).sum();
        let slack = (mass - 1.0).abs();
        if slack < 0.3 && bound.prices[j] > 0 {
            rows.push(Row { customer: index(j), support, mass, slack });
        }
    }
    rows.sort_by(|a, b| {
        let width = |row: &Row| program.pairs_of(row.customer as usize).len();
        a.support.cmp(&b.support).then(width(a).cmp(&width(b))).then(a.customer.cmp(&b.customer))
    });
    rows.dedup_by(|b, a| a.support == b.support);
    rows.sort_by(|a, b| {
        let price = |row: &Row| bound.prices[row.customer as usize];
        price(b).cmp(&price(a)).then(a.customer.cmp(&b.customer))
    });
    rows.truncate(LOOK_MAX);
    rows
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("customers and candidates fit 32 bits")
}

/// Triples whose cut the mixture falls short of, the worst first.
fn short(rows: &[Row], share: &[f64]) -> Vec<(f64, [u32; 3])> {
    let mut covers: Vec<Vec<u32>> = vec![Vec::new(); share.len()];
    for (ix, row) in rows.iter().enumerate() {
        for &i in &row.support {
            covers[i as usize].push(index(ix));
        }
    }
    let mut look = Look {
        rows,
        share,
        covers,
        with_a: vec![0.0; rows.len()],
        with_b: vec![0.0; rows.len()],
        in_a: vec![false; share.len()],
        in_both: vec![false; share.len()],
    };
    let mut found: Vec<(f64, [u32; 3])> = (0..rows.len()).flat_map(|a| look.around(a)).collect();
    found.sort_by(worst_first);
    found
}

fn worst_first(a: &(f64, [u32; 3]), b: &(f64, [u32; 3])) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

/// What looking for triples keeps; all but `rows`, `share` and `covers` is clear between looks.
struct Look<'a> {
    rows: &'a [Row],
    share: &'a [f64],
    /// Rows that each candidate of the mixture covers.
    covers: Vec<Vec<u32>>,
    /// Of each row what the mixture covers of it and of the first, and of it and of the second.
    with_a: Vec<f64>,
    with_b: Vec<f64>,
    in_a: Vec<bool>,
    in_both: Vec<bool>,
}

impl Look<'_> {
    /// The worst triples whose first row is `a`.
    fn around(&mut self, a: usize) -> Vec<(f64, [u32; 3])> {
        let first = &self.rows[a];
        let mut touched: Vec<u32> = Vec::new();
        for &i in &first.support {
            self.in_a[i as usize] = true;
            for &b in self.covers[i as usize].iter().filter(|&&b| b as usize > a) {
                if self.with_a[b as usize] == 0.0 {
                    touched.push(b);
                }
                self.with_a[b as usize] += self.share[i as usize];
            }
        }
        let fits = |&b: &u32| (0.15..0.85).contains(&self.with_a[b as usize]);
        let mut near: Vec<u32> = touched.iter().copied().filter(fits).collect();
        near.sort_unstable();
        let mut found = Vec::new();
        for place in 0..near.len() {
            self.beside(first, near[place], &near[place + 1..], &mut found);
        }
        for b in touched {
            self.with_a[b as usize] = 0.0;
        }
        for &i in &first.support {
            self.in_a[i as usize] = false;
        }
        found.sort_by(worst_first);
        found.truncate(usize::from(EACH_MAX));
        found
    }

    /// The triples of `first`, `b` and one of `thirds`.
    fn beside(&mut self, first: &Row, b: u32, thirds: &[u32], found: &mut Vec<(f64, [u32; 3])>) {
        let second = &self.rows[b as usize];
        for &i in &second.support {
            self.in_both[i as usize] = self.in_a[i as usize];
            for &c in &self.covers[i as usize] {
                self.with_b[c as usize] += self.share[i as usize];
            }
        }
        let ab = self.with_a[b as usize];
        for &c in thirds {
            let third = &self.rows[c as usize];
            let (ac, bc) = (self.with_a[c as usize], self.with_b[c as usize]);
            let masses = first.mass + second.mass + third.mass;
            let slack = first.slack + second.slack + third.slack;
            // The share of candidates that cover one or three of the three; at least, at first.
            let odd = |all: f64| masses - 2.0 * (ab + ac + bc) + 4.0 * all;
            let least = (ab + ac - first.mass).max(ab + bc - second.mass).max(ac + bc - third.mass).max(0.0);
            let short = |all: f64| (1.0 - odd(all) - slack) / 2.0;
            if short(least) <= SHORT_MIN {
                continue;
            }
            let both = third.support.iter().filter(|&&i| self.in_both[i as usize]);
            let short = short(both.map(|&i| self.share[i as usize]).sum());
            if short > SHORT_MIN {
                found.push((short, [first.customer, second.customer, third.customer]));
            }
        }
        for &i in &second.support {
            self.in_both[i as usize] = false;
            self.covers[i as usize].iter().for_each(|&c| self.with_b[c as usize] = 0.0);
        }
    }
}

/// New cuts that the mixture behind a bound falls short of; the list of the program goes on with
/// them. Only for programs of covering.
pub(crate) fn separate(program: &Program, bound: &Bound) -> Vec<Cut> {
    let rows = rows(program, bound);
    let mut used = vec![0u8; program.customers()];
    let known: BTreeSet<[u32; 3]> = program.cuts.iter().map(|cut| sorted(cut.customers)).collect();
    let mut origin = program.cuts.last().map_or(0, |cut| cut.origin + 1);
    let mut list = Vec::new();
    let mut times = vec![0u8; program.candidates()];
    for (_, customers) in short(&rows, &bound.share) {
        let busy = customers.iter().any(|&j| used[j as usize] >= EACH_MAX);
        if busy || known.contains(&sorted(customers)) {
            continue;
        }
        if list.len() == NEW_MAX {
            break;
        }
        for j in customers {
            used[j as usize] += 1;
        }
        let members = members(program, customers, &mut times);
        list.push(Cut { origin, customers, members });
        origin += 1;
    }
    list
}

/// `ceil(k_i / 2)` entries of each candidate; `times` is all 0 before and after.
fn members(program: &Program, customers: [u32; 3], times: &mut [u8]) -> Vec<u32> {
    let mut members = Vec::new();
    for &j in &customers {
        for pair in program.pairs_of(j as usize) {
            let times = &mut times[pair.candidate as usize];
            *times += 1;
            if *times != 2 {
                members.push(pair.candidate);
            }
        }
    }
    for &j in &customers {
        program.pairs_of(j as usize).iter().for_each(|pair| times[pair.candidate as usize] = 0);
    }
    members
}

fn sorted(mut customers: [u32; 3]) -> [u32; 3] {
    customers.sort_unstable();
    customers
}

/// Of each customer the sum of the prices of its cuts.
pub(crate) fn load(program: &Program, prices: &[i64]) -> Vec<i64> {
    let mut load = vec![0; program.customers()];
    for (cut, price) in program.cuts.iter().zip(prices) {
        cut.customers.iter().for_each(|&j| load[j as usize] += price);
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
    use konbit_base::rng::seeded;

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
            program.cuts = separate(&program, &bound);
            seen += program.cuts.len();
            let mut fix = vec![Fix::Free; 9];
            (fix[0], fix[1]) = (Fix::Closed, Fix::Open);
            for program in [program.reduce(&fix), program.clone()] {
                for (set, cut) in
                    (0..1u32 << program.candidates()).flat_map(|set| program.cuts.iter().map(move |c| (set, c)))
                {
                    let left: u32 = cut.customers.iter().map(|&j| uncovered(&program, j, set)).sum();
                    let chosen: u32 = cut.members.iter().map(|&i| set >> i & 1).sum();
                    assert!(left + chosen >= 2, "seed {seed}, set {set:b}: {cut:?}");
                }
            }
        }
        assert!(seen > 40, "{seen} cuts were looked at");
    }
}

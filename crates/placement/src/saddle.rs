//! The linear relaxation of a covering with its cuts, as a saddle point.
//!
//! With `y_i` the share in which candidate `i` is chosen, `u_j` that in which customer `j` is left
//! uncovered, and a price for every row of a customer and every cut (both written `K x >= b` for
//! `x = (y, u)`), the relaxation is
//!
//! ```text
//! min over x of max over prices >= 0 of  sum_j d_j u_j + prices (b - K x) ,
//! x in [0, 1] ,  sum_i y_i = p
//! ```
//!
//! Each step moves `x` against its slope and then the prices along theirs, as far as the rows and
//! columns of `K` allow (Chambolle and Pock, Journal of Mathematical Imaging and Vision 40, 2011;
//! Pock and Chambolle, ICCV 2011, for the step of each row and column). Steps are doubled and then
//! drawn back towards the point where they began, the less the longer ago that was (Halpern);
//! where the steps have become short enough they begin anew (Lu and Yang, "Restarted Halpern PDHG
//! for linear programming", 2024). All of this is done in floats and only finds prices; what they
//! prove is computed in whole numbers, by [`crate::dual`].

use crate::choice::Program;
use crate::dual::{Bound, SCALE, evaluate};

/// Steps after which the candidates that take part are chosen anew, and how many do at least
/// beside those of the mixture.
const SIFT: usize = 500;
const OTHERS_MIN: usize = 200;
/// Steps between two looks at the bound and at how far one step still goes.
const LOOK: usize = 40;
/// Steps begin anew where one goes less than so much of what the first went; or less than so much
/// and longer than at the look before; or where they have been going on for so much of all steps.
const SHORT: f64 = 0.2;
const SHORTER: f64 = 0.8;
const LONG: f64 = 0.36;

/// A mixture of sets and prices, from which steps go on.
#[derive(Clone)]
pub(crate) struct Point {
    /// `y`, then `u`.
    mixture: Vec<f64>,
    /// Of the customers, then of the cuts.
    prices: Vec<f64>,
    /// How long steps of prices are beside those of the mixture.
    weight: f64,
    /// What a place in the set is worth.
    place: f64,
}

impl Point {
    /// From whole prices and shares of the candidates.
    pub(crate) fn new(program: &Program, prices: &[i64], share: &[f64]) -> Self {
        let covered = |j: usize| program.pairs_of(j).iter().map(|pair| share[pair.candidate as usize]).sum::<f64>();
        let left = (0..program.customers()).map(|j| (1.0 - covered(j)).max(0.0));
        let mixture = share.iter().copied().chain(left).collect();
        let prices = prices.iter().map(|&price| price as f64 / SCALE as f64).collect();
        Self { mixture, prices, weight: 0.0, place: 0.0 }
    }

    /// Shares of the candidates.
    fn share(&self, program: &Program) -> &[f64] {
        &self.mixture[..program.candidates()]
    }

    /// How much of each customer is left uncovered.
    pub(crate) fn left(&self, program: &Program) -> &[f64] {
        &self.mixture[program.candidates()..]
    }

    /// Drops the cuts that have no price; those that are added later begin at price 0.
    pub(crate) fn drop_idle_cuts(&mut self, program: &mut Program) {
        let of_cuts = self.prices.split_off(program.customers());
        let mut price = of_cuts.iter();
        program.cuts.retain(|_| price.next().is_some_and(|&price| price > 0.0));
        self.prices.extend(of_cuts.into_iter().filter(|&price| price > 0.0));
    }
}

/// A matrix by rows, of which most entries are 1.
struct Sparse {
    start: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl Sparse {
    fn new(rows: impl Iterator<Item = Vec<(u32, f32)>>) -> Self {
        let mut matrix = Self { start: vec![0], entries: Vec::new() };
        for row in rows {
            matrix.entries.extend(row);
            matrix.start.push(matrix.entries.len());
        }
        matrix
    }

    fn rows(&self) -> usize {
        self.start.len() - 1
    }

    fn row(&self, row: usize) -> &[(u32, f32)] {
        &self.entries[self.start[row]..self.start[row + 1]]
    }

    fn times(&self, vector: &[f64], out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.row(row).iter().map(|&(at, times)| f64::from(times) * vector[at as usize]).sum();
        }
    }

    fn turned(&self, columns: usize) -> Self {
        let mut lists = vec![Vec::new(); columns];
        for row in 0..self.rows() {
            for &(at, times) in self.row(row) {
                lists[at as usize].push((u32::try_from(row).expect("rows fit 32 bits"), times));
            }
        }
        Self::new(lists.into_iter())
    }

    /// One over the sum of each row.
    fn steps(&self) -> Vec<f64> {
        let sum = |row: usize| self.row(row).iter().map(|&(_, times)| f64::from(times)).sum::<f64>();
        (0..self.rows()).map(|row| 1.0 / sum(row).max(1.0)).collect()
    }
}

/// The relaxation.
struct Saddle<'a> {
    program: &'a Program,
    /// The candidates that take part.
    candidates: Vec<u32>,
    rows: Sparse,
    columns: Sparse,
    right: Vec<f64>,
    row_steps: Vec<f64>,
    column_steps: Vec<f64>,
}

/// Mixture and prices after a step, and what `K` makes of them; room to work in.
struct Step {
    mixture: Vec<f64>,
    prices: Vec<f64>,
    slopes: Vec<f64>,
    ahead: Vec<f64>,
    covered: Vec<f64>,
}

impl<'a> Saddle<'a> {
    fn new(program: &'a Program, candidates: Vec<u32>) -> Self {
        let mut columns = vec![None; program.candidates()];
        (0u32..).zip(&candidates).for_each(|(column, &i)| columns[i as usize] = Some(column));
        let left = |j: u32| j + u32::try_from(candidates.len()).expect("candidates fit 32 bits");
        let of_customers = (0u32..).take(program.customers()).map(|j| {
            let pairs = program.pairs_of(j as usize).iter();
            pairs.filter_map(|pair| Some((columns[pair.candidate as usize]?, 1.0))).chain([(left(j), 1.0)]).collect()
        });
        let of_cuts = program.cuts.iter().map(|cut| {
            let customers = cut.customers.iter().map(|term| (left(term.index), f32::from(term.times)));
            let members = cut.members.iter();
            let members = members.filter_map(|term| Some((columns[term.index as usize]?, f32::from(term.times))));
            members.chain(customers).collect()
        });
        let rows = Sparse::new(of_customers.chain(of_cuts));
        let columns = rows.turned(candidates.len() + program.customers());
        let right = vec![1.0; program.customers()].into_iter();
        let right = right.chain(program.cuts.iter().map(|cut| f64::from(cut.right))).collect();
        let (row_steps, column_steps) = (rows.steps(), columns.steps());
        Self { program, candidates, rows, columns, right, row_steps, column_steps }
    }

    fn cost(&self, column: usize) -> f64 {
        column.checked_sub(self.candidates.len()).map_or(0.0, |j| self.program.fallback[j] as f64)
    }

    /// One step from a point.
    fn step(&self, from: &mut Point, to: &mut Step) {
        self.columns.times(&from.prices, &mut to.slopes);
        for (column, slope) in to.slopes.iter().enumerate() {
            let down = self.cost(column) - slope;
            to.mixture[column] = from.mixture[column] - down * self.column_steps[column] / from.weight;
        }
        let (shares, left) = to.mixture.split_at_mut(self.candidates.len());
        from.place = fill(shares, &self.column_steps, self.program.choose as f64, from.place);
        for left in left {
            *left = left.clamp(0.0, 1.0);
        }
        for ((ahead, new), old) in to.ahead.iter_mut().zip(&to.mixture).zip(&from.mixture) {
            *ahead = 2.0 * new - old;
        }
        self.rows.times(&to.ahead, &mut to.covered);
        for (row, covered) in to.covered.iter().enumerate() {
            let up = (self.right[row] - covered) * self.row_steps[row] * from.weight;
            to.prices[row] = (from.prices[row] + up).max(0.0);
        }
    }

    /// How far a step went, in the norm in which steps never become longer.
    fn length(&self, from: &Point, to: &mut Step) -> f64 {
        for ((ahead, new), old) in to.ahead.iter_mut().zip(&to.mixture).zip(&from.mixture) {
            *ahead = new - old;
        }
        self.rows.times(&to.ahead, &mut to.covered);
        let (mixture, prices) = self.distances(from, &to.mixture, &to.prices);
        let both = to.covered.iter().zip(&to.prices).zip(&from.prices);
        let both: f64 = both.map(|((covered, new), old)| covered * (new - old)).sum();
        (from.weight * mixture - 2.0 * both + prices / from.weight).max(0.0).sqrt()
    }

    /// Squares of the distances of two mixtures and of two lists of prices.
    fn distances(&self, from: &Point, mixture: &[f64], prices: &[f64]) -> (f64, f64) {
        let square = |a: &[f64], b: &[f64], steps: &[f64]| -> f64 {
            a.iter().zip(b).zip(steps).map(|((a, b), step)| (a - b) * (a - b) / step).sum()
        };
        let prices = square(&from.prices, prices, &self.row_steps);
        (square(&from.mixture, mixture, &self.column_steps), prices)
    }
}

/// Lowers shares, each by a multiple of its step, and cuts them to `[0, 1]`, so that they sum to
/// `sum`; the multiple, looked for from `guess` on. There are at least `sum` shares.
fn fill(shares: &mut [f64], steps: &[f64], sum: f64, guess: f64) -> f64 {
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut by = guess;
    for _ in 0..60 {
        let (mut excess, mut rate) = (-sum, 0.0);
        for (share, step) in shares.iter().zip(steps) {
            let share = share - by * step;
            excess += share.clamp(0.0, 1.0);
            if share > 0.0 && share < 1.0 {
                rate += step;
            }
        }
        if excess.abs() < 1e-10 * sum {
            break;
        }
        (low, high) = if excess > 0.0 { (by, high) } else { (low, by) };
        let next = by + excess / rate;
        by = if next > low && next < high {
            next
        } else if low.is_finite() && high.is_finite() {
            f64::midpoint(low, high)
        } else {
            by + excess.signum() * (1.0 + by.abs())
        };
    }
    for (share, step) in shares.iter_mut().zip(steps) {
        *share = (*share - by * step).clamp(0.0, 1.0);
    }
    by
}

/// Takes at most `steps` steps from a point, towards the saddle point, and leaves the point there;
/// the best bound on the way. `ends` is told the bound, as [`Bound::scaled`], at every look.
pub(crate) fn approach(program: &Program, point: &mut Point, steps: usize, ends: &dyn Fn(i64) -> bool) -> Bound {
    point.prices.resize(program.customers() + program.cuts.len(), 0.0);
    let mut best = Best::new(program);
    best.at(&point.prices);
    for _ in 0..steps.div_ceil(SIFT) {
        let taking_part = taking_part(program, &best.worth, point.share(program));
        if !sifted(&Saddle::new(program, taking_part), point, &mut best, ends) {
            break;
        }
    }
    best.bound.share = point.share(program).to_vec();
    best.bound
}

/// Candidates in the mixture, and of the others those of most worth.
fn taking_part(program: &Program, worth: &[i64], share: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(program.candidates()).collect();
    order.sort_unstable_by_key(|&i| (share[i as usize] <= 0.0, std::cmp::Reverse(worth[i as usize]), i));
    let mixed = share.iter().filter(|&&share| share > 0.0).count();
    order.truncate(mixed.max(program.choose) + OTHERS_MIN.max(program.candidates() / 8));
    order.sort_unstable();
    order
}

/// Steps with some of the candidates; whether to go on.
fn sifted(saddle: &Saddle<'_>, point: &mut Point, best: &mut Best<'_>, ends: &dyn Fn(i64) -> bool) -> bool {
    let whole = std::mem::take(&mut point.mixture);
    let (shares, left) = whole.split_at(saddle.program.candidates());
    point.mixture = saddle.candidates.iter().map(|&i| shares[i as usize]).chain(left.iter().copied()).collect();
    let (columns, rows) = (point.mixture.len(), point.prices.len());
    if point.weight == 0.0 {
        let origin = Point { mixture: vec![0.0; columns], prices: vec![0.0; rows], ..*point };
        let (mixture, prices) = saddle.distances(&origin, &point.mixture, &point.prices);
        point.weight = (prices.max(1.0) / mixture.max(1e-6)).sqrt();
    }
    let mut to = Step {
        mixture: point.mixture.clone(),
        prices: point.prices.clone(),
        slopes: vec![0.0; columns],
        ahead: vec![0.0; columns],
        covered: vec![0.0; rows],
    };
    let mut begin = point.clone();
    let (mut since, mut first, mut before, mut goes_on) = (0, f64::INFINITY, f64::INFINITY, true);
    for step in 0..SIFT {
        saddle.step(point, &mut to);
        let is_last = step + 1 == SIFT;
        if since % LOOK == 0 || is_last {
            let length = saddle.length(point, &mut to);
            best.at(&to.prices);
            goes_on = !ends(best.bound.scaled);
            if is_last || !goes_on {
                break;
            }
            if since == 0 {
                first = length;
            } else if length <= SHORT * first
                || (length <= SHORTER * first && length > before)
                || since as f64 >= LONG * step as f64
            {
                let (mixture, prices) = saddle.distances(&begin, &to.mixture, &to.prices);
                if mixture > 1e-12 && prices > 1e-12 {
                    point.weight = (point.weight * (prices / mixture).sqrt()).sqrt();
                }
                point.mixture.clone_from(&to.mixture);
                point.prices.clone_from(&to.prices);
                begin.clone_from(point);
                (since, before) = (0, f64::INFINITY);
                continue;
            }
            before = length;
        }
        since += 1;
        let back = 1.0 / (since as f64 + 1.0);
        draw(&mut point.mixture, &to.mixture, &begin.mixture, back);
        draw(&mut point.prices, &to.prices, &begin.prices, back);
    }
    let (shares, left) = to.mixture.split_at(saddle.candidates.len());
    point.mixture = vec![0.0; saddle.program.candidates()];
    saddle.candidates.iter().zip(shares).for_each(|(&i, &share)| point.mixture[i as usize] = share);
    point.mixture.extend_from_slice(left);
    point.prices = to.prices;
    goes_on
}

/// Goes twice as far as to `to`, and then by the part `back` towards `begin`.
fn draw(point: &mut [f64], to: &[f64], begin: &[f64], back: f64) {
    for ((point, to), begin) in point.iter_mut().zip(to).zip(begin) {
        *point = (1.0 - back) * (2.0 * to - *point) + back * begin;
    }
}

/// The best bound of all prices that are looked at.
struct Best<'a> {
    program: &'a Program,
    /// Of the prices looked at last, and what each candidate is worth at them.
    prices: Vec<i64>,
    worth: Vec<i64>,
    order: Vec<u32>,
    bound: Bound,
}

impl<'a> Best<'a> {
    fn new(program: &'a Program) -> Self {
        let worth = vec![0; program.candidates()];
        let bound = Bound { scaled: i64::MIN, prices: Vec::new(), worth: Vec::new(), share: Vec::new() };
        Self { program, prices: Vec::new(), worth, order: Vec::new(), bound }
    }

    /// Looks at prices, rounded.
    fn at(&mut self, prices: &[f64]) {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
        let whole = |price: f64| (price * SCALE as f64).round() as i64;
        self.prices.clear();
        self.prices.extend(prices.iter().map(|&price| whole(price)));
        for (price, &fallback) in self.prices.iter_mut().zip(&self.program.fallback) {
            *price = (*price).min(fallback * SCALE);
        }
        let scaled = evaluate(self.program, &self.prices, &mut self.worth, &mut self.order);
        if scaled > self.bound.scaled {
            self.bound.scaled = scaled;
            self.bound.prices.clone_from(&self.prices);
            self.bound.worth.clone_from(&self.worth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Pair;
    use crate::dual::{Effort, climb, round_up};
    use crate::tighten::tighten;
    use konbit_base::rng::{Seeded, seeded};
    use std::collections::BTreeSet;

    /// Customers of random weight, each covered by up to four of fourteen candidates; choose four.
    fn program(rng: &mut Seeded) -> Program {
        let mut program = Program {
            base: 7,
            choose: 4,
            names: (0..14).collect(),
            origin: (0..40).collect(),
            fallback: (0..40).map(|_| 1 + i64::try_from(rng.below(20)).unwrap()).collect(),
            start: vec![0],
            pairs: Vec::new(),
            cuts: Vec::new(),
        };
        for _ in 0..40 {
            let cover: BTreeSet<u32> = (0..4).map(|_| u32::try_from(rng.below(14)).unwrap()).collect();
            program.pairs.extend(cover.into_iter().map(|candidate| Pair { cost: 0, candidate }));
            program.start.push(program.pairs.len());
        }
        program
    }

    fn least(program: &Program) -> i64 {
        let sets = (0..1u32 << 14).filter(|set| set.count_ones() == 4);
        sets.map(|set| program.value(&(0..14).map(|i| set >> i & 1 == 1).collect::<Vec<_>>())).min().unwrap()
    }

    #[test]
    fn the_bound_is_that_of_the_relaxation_and_cuts_bring_it_closer_but_never_past_the_best_set() {
        let (mut gaps, mut gaps_with_cuts) = (0, 0);
        for seed in 0..30 {
            let mut program = program(&mut seeded(seed, 0));
            let (least, m) = (least(&program), program.customers());
            let effort = Effort { steps: 4_000, step_first: 0.5, patience: 20 };
            let climbed = climb(&program, vec![0; m], least, effort, &mut |_| least, &|| false);
            let mut point = Point::new(&program, &vec![0; m], &[0.0; 14]);
            let bound = approach(&program, &mut point, 4_000, &|_| false);
            assert!(bound.scaled <= least * SCALE, "seed {seed}");
            assert!(bound.scaled >= climbed.scaled.min(least * SCALE - SCALE / 2) - SCALE / 10, "seed {seed}");
            let cut = tighten(&mut program, &bound, least, &mut seeded(seed, 1), &|_| false);
            assert!(cut.scaled >= bound.scaled && cut.scaled <= least * SCALE, "seed {seed}");
            let (mut worth, mut order) = (vec![0; 14], Vec::new());
            assert_eq!(evaluate(&program, &cut.prices, &mut worth, &mut order), cut.scaled, "its cuts are kept");
            gaps += least - round_up(bound.scaled);
            gaps_with_cuts += least - round_up(cut.scaled);
        }
        assert!(gaps_with_cuts * 2 < gaps, "{gaps_with_cuts} of {gaps}");
    }

    #[test]
    fn a_filled_mixture_sums_to_what_it_should_and_keeps_its_limits() {
        for seed in 0..200 {
            let mut rng = seeded(seed, 0);
            let mut shares: Vec<f64> = (0..20).map(|_| 6.0 * rng.unit() - 3.0).collect();
            let steps: Vec<f64> = (0..20).map(|_| 0.1 + rng.unit()).collect();
            let before = shares.clone();
            let sum = 1.0 + rng.below(19) as f64;
            let by = fill(&mut shares, &steps, sum, 10.0 * rng.unit() - 5.0);
            assert!((shares.iter().sum::<f64>() - sum).abs() < 1e-6, "seed {seed}");
            for at in 0..20 {
                assert!((shares[at] - (before[at] - by * steps[at]).clamp(0.0, 1.0)).abs() < 1e-12, "seed {seed}");
            }
        }
    }
}

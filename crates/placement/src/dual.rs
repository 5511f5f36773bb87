//! The Lagrangian bound of a [`Program`], in whole numbers.
//!
//! With a price `u_j` in `0..=d_j` for each customer,
//!
//! ```text
//! L(u) = base + sum_j u_j - (sum of the p largest r_i) ,   r_i = sum_j max(0, u_j - c_ij)
//! ```
//!
//! is a lower bound for every set of `p` candidates: of the cost of customer `j` at least `u_j`
//! is paid, less what the open candidates give back. Its maximum over `u` is the bound of the
//! linear relaxation (Cornuejols, Fisher, Nemhauser 1977; for covering, Galvão and `ReVelle` 1996).
//! Prices are kept as multiples of 1/[`SCALE`], so `L` is exact whatever the search for good
//! prices does: that search uses floats only to decide where to step.

use crate::choice::{Fix, Program};
use crate::cuts::{Term, cap, load};

/// Parts of one unit of cost.
pub(crate) const SCALE: i64 = 1 << 10;

/// Bound and what it says about each candidate.
#[derive(Clone)]
pub(crate) struct Bound {
    /// `L(u)` in 1/[`SCALE`].
    pub scaled: i64,
    /// Of the customers, then of the cuts.
    pub prices: Vec<i64>,
    /// `r_i` at these prices.
    pub worth: Vec<i64>,
    /// Share of recent steps in which the candidate was among the `p` best.
    pub share: Vec<f64>,
}

/// Least whole number that is not below `scaled / SCALE`: the bound for whole costs.
pub(crate) fn round_up(scaled: i64) -> i64 {
    scaled.div_euclid(SCALE) + i64::from(scaled.rem_euclid(SCALE) != 0)
}

/// Most weight of the newest set in the mean of sets at first. It is halved where a hundred steps
/// bring the bound nearer to the target by less than a twentieth.
const MEMORY: f64 = 0.1;
const MEMORY_MIN: f64 = 1e-3;
/// Factor of steps at which the climb ends.
const FACTOR_MIN: f64 = 1e-5;

/// How long to look for good prices.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub steps: usize,
    /// Factor of the first step.
    pub step_first: f64,
    /// Steps without a better bound after which the factor is halved.
    pub patience: usize,
}

/// Worth of every candidate, the `p` candidates of largest worth, and the bound.
pub(crate) fn evaluate(program: &Program, prices: &[i64], worth: &mut [i64], order: &mut Vec<u32>) -> i64 {
    worth.fill(0);
    let mut sum = program.base * SCALE;
    let (prices, of_cuts) = prices.split_at(program.customers());
    if !of_cuts.is_empty() {
        let load = load(program, of_cuts);
        for (cut, &price) in program.cuts.iter().zip(of_cuts) {
            sum += i64::from(cut.right) * price;
            cut.members.iter().for_each(|term| worth[term.index as usize] += i64::from(term.times) * price);
        }
        // A customer whose prices exceed what it costs uncovered is left uncovered.
        let beyond = |j: usize| (program.fallback[j] * SCALE - load[j] - prices[j]).min(0);
        sum += (0..prices.len()).filter(|&j| load[j] > 0).map(beyond).sum::<i64>();
    }
    for (j, &price) in prices.iter().enumerate() {
        sum += price;
        for pair in program.pairs_of(j) {
            let rest = price - i64::from(pair.cost) * SCALE;
            if rest <= 0 {
                break;
            }
            worth[pair.candidate as usize] += rest;
        }
    }
    order.clear();
    order.extend(0..u32::try_from(worth.len()).expect("candidates fit 32 bits"));
    let p = program.choose;
    if p > 0 && p < order.len() {
        order.select_nth_unstable_by_key(p - 1, |&i| (std::cmp::Reverse(worth[i as usize]), i));
    }
    order.truncate(p);
    let given: i64 = order.iter().map(|&i| worth[i as usize]).sum();
    sum - given
}

/// Climbs from `prices` by the volume algorithm (Barahona and Anbil 2000) towards `target`, the
/// value to beat: steps start at the best prices and follow the mean of the sets seen so far. It
/// ends as soon as the bound rounds up to the target. `offer` sees the sets that come up and
/// returns the value to beat.
pub(crate) fn climb(
    program: &Program,
    prices: Vec<i64>,
    target: i64,
    effort: Effort,
    offer: &mut dyn FnMut(&[u32]) -> i64,
    stop: &dyn Fn() -> bool,
) -> Bound {
    let (n, m) = (program.candidates(), program.customers());
    let mut target = target;
    let mut at = prices;
    for (price, &fallback) in at.iter_mut().zip(&program.fallback) {
        *price = (*price).clamp(0, fallback * SCALE);
    }
    at.resize(m + program.cuts.len(), 0);
    let by_candidate = program.by_candidate();
    let mut worth = vec![0; n];
    let mut order = Vec::with_capacity(n);
    let mut mean = Mean { share: vec![0.0; n], served: vec![0.0; m], now: vec![0.0; m] };
    let mut best = Bound { scaled: i64::MIN, prices: at.clone(), worth: worth.clone(), share: Vec::new() };
    let (mut memory, mut mark) = (MEMORY, i64::MIN);
    let (mut factor, mut idle) = (effort.step_first, 0);
    for step in 0..effort.steps {
        let scaled = evaluate(program, &at, &mut worth, &mut order);
        idle += 1;
        let along = mean.take(&by_candidate, &at, &order, if step == 0 { 1.0 } else { memory });
        if scaled > best.scaled {
            if along > 0.0 && step > 0 {
                factor = (factor * 1.1).min(2.0);
            }
            idle = 0;
            best.scaled = scaled;
            best.prices.clone_from(&at);
            best.worth.clone_from(&worth);
        }
        target = target.min(offer(&order));
        if round_up(best.scaled) >= target || step + 1 == effort.steps || (step % 32 == 31 && stop()) {
            break;
        }
        if step % 100 == 99 {
            if best.scaled.saturating_sub(mark) < (target * SCALE - best.scaled) / 20 {
                memory = (memory * 0.5).max(MEMORY_MIN);
            }
            mark = best.scaled;
        }
        if idle >= effort.patience {
            factor *= 0.66;
            idle = 0;
            if factor < FACTOR_MIN {
                break;
            }
        }
        at.clone_from(&best.prices);
        advance(program, &mut at, &mean, factor * (target * SCALE - best.scaled) as f64);
    }
    best.share = mean.share;
    best
}

/// The mean of the sets seen, later ones weighing more.
struct Mean {
    /// Of each candidate: how often it was in the set.
    share: Vec<f64>,
    /// Of each customer: how often it is paid back; once is what a feasible set does.
    served: Vec<f64>,
    /// The same of the newest set.
    now: Vec<f64>,
}

impl Mean {
    /// Takes a set in with the weight, a tenth of `weight` at least, that makes the slope of the
    /// mean shortest (Barahona and Anbil); a weight of 1 forgets what was before. Says whether its slope agrees with the one before (positive) or not.
    fn take(&mut self, by_candidate: &(Vec<usize>, Vec<(u32, u32)>), prices: &[i64], set: &[u32], weight: f64) -> f64 {
        self.now.fill(0.0);
        let (start, served) = by_candidate;
        for i in set.iter().map(|&i| i as usize) {
            for &(j, cost) in &served[start[i]..start[i + 1]] {
                if i64::from(cost) * SCALE < prices[j as usize] {
                    self.now[j as usize] += 1.0;
                }
            }
        }
        let (mut along, mut old, mut apart) = (0.0, 0.0, 0.0);
        for (mean, &now) in self.served.iter().zip(&self.now) {
            along += (1.0 - now) * (1.0 - *mean);
            old += (1.0 - *mean) * (1.0 - *mean);
            apart += (now - *mean) * (now - *mean);
        }
        let shortest = if weight < 1.0 && apart > 0.0 { (old - along) / apart } else { weight };
        let weight = shortest.clamp(weight / 10.0, weight);
        for (mean, &now) in self.served.iter_mut().zip(&self.now) {
            *mean += weight * (now - *mean);
        }
        self.share.iter_mut().for_each(|share| *share -= weight * *share);
        for i in set.iter().map(|&i| i as usize) {
            self.share[i] += weight;
        }
        along
    }
}

/// How the bound rises with each price, along the mean; 0 where a price cannot go that way.
///
/// A price of a cut that rises pushes those of its customers down that are at their cap: what they
/// gave is taken off.
fn slopes(program: &Program, prices: &[i64], mean: &Mean) -> Vec<f64> {
    let (customers, cuts) = prices.split_at(program.customers());
    let load = load(program, cuts);
    let mut slopes = Vec::with_capacity(prices.len());
    let mut given = vec![0.0; customers.len()];
    for (j, &price) in customers.iter().enumerate() {
        let slope = 1.0 - mean.served[j];
        let (least, most) = (price <= 0, price >= cap(program, &load, j));
        if most && slope > 0.0 {
            given[j] = slope;
        }
        slopes.push(if (least && slope < 0.0) || (most && slope > 0.0) { 0.0 } else { slope });
    }
    for (cut, &price) in program.cuts.iter().zip(cuts) {
        let sum = |terms: &[Term], of: &[f64]| -> f64 {
            terms.iter().map(|term| f64::from(term.times) * of[term.index as usize]).sum()
        };
        let slope = f64::from(cut.right) - sum(&cut.members, &mean.share) - sum(&cut.customers, &given);
        slopes.push(if price <= 0 && slope < 0.0 { 0.0 } else { slope });
    }
    slopes
}

/// One step from the best prices along the mean slope; `distance` is the factor times what is
/// missing to the target.
fn advance(program: &Program, prices: &mut [i64], mean: &Mean, distance: f64) {
    let slopes = slopes(program, prices, mean);
    let norm: f64 = slopes.iter().map(|slope| slope * slope).sum();
    if norm < 1e-9 {
        return;
    }
    let length = distance / norm;
    #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
    let moved = |price: i64, slope: f64| price.saturating_add((slope * length).round() as i64).max(0);
    for (price, slope) in prices.iter_mut().zip(&slopes) {
        *price = moved(*price, *slope);
    }
    let (customers, cuts) = prices.split_at_mut(program.customers());
    let load = load(program, cuts);
    for (j, price) in customers.iter_mut().enumerate() {
        *price = (*price).min(cap(program, &load, j));
    }
}

/// What the bound decides: candidates that are in every set, or in no set, that costs less than
/// `target`.
pub(crate) fn decide(program: &Program, bound: &Bound, target: i64) -> Vec<Fix> {
    let (n, p) = (program.candidates(), program.choose);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by_key(|&i| (std::cmp::Reverse(bound.worth[i]), i));
    let mut fix = vec![Fix::Free; n];
    if p == 0 || p >= n {
        return fix;
    }
    let (last_in, first_out) = (bound.worth[order[p - 1]], bound.worth[order[p]]);
    for (place, &i) in order.iter().enumerate() {
        if place < p && round_up(bound.scaled + bound.worth[i] - first_out) >= target {
            fix[i] = Fix::Open;
        }
        if place >= p && round_up(bound.scaled + last_in - bound.worth[i]) >= target {
            fix[i] = Fix::Closed;
        }
    }
    fix
}

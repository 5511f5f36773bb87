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

/// Parts of one unit of cost.
pub(crate) const SCALE: i64 = 1 << 10;

/// Bound and what it says about each candidate.
pub(crate) struct Bound {
    /// `L(u)` in 1/[`SCALE`].
    pub scaled: i64,
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

/// Weight of the newest set in the mean of sets.
const MEMORY: f64 = 0.05;

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
fn evaluate(program: &Program, prices: &[i64], worth: &mut [i64], order: &mut Vec<u32>) -> i64 {
    worth.fill(0);
    let mut sum = program.base * SCALE;
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
    let mut worth = vec![0; n];
    let mut order = Vec::with_capacity(n);
    let mut mean = Mean { share: vec![0.0; n], served: vec![0.0; m], is_best: vec![false; n] };
    let mut best = Bound { scaled: i64::MIN, prices: at.clone(), worth: worth.clone(), share: Vec::new() };
    let (mut factor, mut idle) = (effort.step_first, 0);
    for step in 0..effort.steps {
        let scaled = evaluate(program, &at, &mut worth, &mut order);
        idle += 1;
        let along = mean.take(program, &at, &order, if step == 0 { 1.0 } else { MEMORY });
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
        if idle >= effort.patience {
            factor *= 0.66;
            idle = 0;
            if factor < 0.001 {
                break;
            }
        }
        at.clone_from(&best.prices);
        advance(program, &mut at, &mean.served, factor * (target * SCALE - best.scaled) as f64);
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
    is_best: Vec<bool>,
}

impl Mean {
    /// Takes a set in, and says whether its slope agrees with the one before (positive) or not.
    fn take(&mut self, program: &Program, prices: &[i64], set: &[u32], weight: f64) -> f64 {
        self.is_best.fill(false);
        for &i in set {
            self.is_best[i as usize] = true;
        }
        for (share, &is) in self.share.iter_mut().zip(&self.is_best) {
            *share += weight * (f64::from(u8::from(is)) - *share);
        }
        let mut along = 0.0;
        for (j, mean) in self.served.iter_mut().enumerate() {
            let paying = program.pairs_of(j).iter().take_while(|pair| i64::from(pair.cost) * SCALE < prices[j]);
            let served = paying.filter(|pair| self.is_best[pair.candidate as usize]).count() as f64;
            along += (1.0 - served) * (1.0 - *mean);
            *mean += weight * (served - *mean);
        }
        along
    }
}

/// One step from the best prices along the mean slope; `distance` is the factor times what is
/// missing to the target.
fn advance(program: &Program, prices: &mut [i64], mean: &[f64], distance: f64) {
    let mut norm = 0.0;
    let slope = |j: usize, price: i64| {
        let slope = 1.0 - mean[j];
        let (least, most) = (price <= 0, price >= program.fallback[j] * SCALE);
        if (least && slope < 0.0) || (most && slope > 0.0) { 0.0 } else { slope }
    };
    for (j, &price) in prices.iter().enumerate() {
        norm += slope(j, price).powi(2);
    }
    if norm < 1e-9 {
        return;
    }
    let length = distance / norm;
    for (j, price) in prices.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
        let change = (slope(j, *price) * length).round() as i64;
        *price = price.saturating_add(change).clamp(0, program.fallback[j] * SCALE);
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

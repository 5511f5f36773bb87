//! The bound, and the search that tightens it.
//!
//! For any attacker mixture `q`, floor prices `phi >= 0` and weights
//! `U_i = a_i + h_i q_i + phi_i`, every mixture of schedules `S` that keeps the floors costs at least
//!
//! ```text
//! LB = sum_i (a_i + h_i q_i) + sum_i phi_i f_i - max_S sum_i U_i c_i(S)
//! ```
//!
//! and the maximum is bounded, for any `mu, rho >= 0`, over the schedules that agree with a node's
//! decisions (posts and forces in, out or free; `p'` seats left by those that are in), by
//!
//! ```text
//! UB = mu p' + sum_i rho_i
//!    + sum_{i in} (U_i e_st - rho_i)^+  +  sum_{i free, g_i <= p'} (U_i e_st - rho_i - mu g_i)^+
//!    + sum_{b in} R_b                   +  sum_{b free, G_b <= p'} (R_b - mu G_b)^+
//! R_b = sum_i (U_i e_ib - rho_i)^+
//! ```
//!
//! This is the weak-duality bound with the multipliers `pi_ib = (U_i e_ib - rho_i)^+`: while one
//! force per base is all that counts, no other choice gives a better bound, so they need not be
//! stored. A tree of decisions, each with both branches, bounds the maximum by its worst leaf; a
//! tree of one leaf gives the bound of the linear relaxation, a complete tree the exact optimum.

use crate::answer::{Duty, Search, dot};
use crate::model::Model;
use crate::relax::{Fix, Fixing, Goal, Relaxed, Unit, relax};
use std::collections::BinaryHeap;

/// Denominator of the attacker's mixture.
pub(crate) const ATTACKER_DENOMINATOR: u64 = 1_000_000_000;

/// A leaf or a decision, in the model's indices. Children stand after their parent.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Decision { on: Unit, without: usize, with: usize },
    Bound { seat_price: u64, site_prices: Vec<u64> },
}

/// Integers from which the bound can be computed again, in the model's indices.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub attacker: Vec<u64>,
    pub price_denominator: u64,
    pub floor_prices: Vec<u64>,
    pub nodes: Vec<Node>,
    /// The bound that they prove, in persons per week (or, for a proof of infeasibility, a
    /// positive number).
    pub bound: f64,
}

/// A power of ten that writes prices of this scale with about eleven digits.
pub(crate) fn price_denominator(scale: f64) -> u64 {
    let digits = 11.0 - scale.log10().ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=18")]
    let digits = digits.clamp(0.0, 18.0) as u32;
    10u64.pow(digits)
}

fn to_price(value: f64, denominator: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped below 2^53")]
    let price = (value * denominator as f64).round().clamp(0.0, 9e15) as u64;
    price
}

/// Integers that sum to `denominator` exactly, in the proportions of `shares`; all on the first
/// when there are none. Largest remainders are rounded up, ties to the lower index.
pub(crate) fn apportion(shares: &[f64], denominator: u64) -> Vec<u64> {
    let total: f64 = shares.iter().sum();
    let mut parts = vec![0u64; shares.len()];
    if total <= 0.0 {
        parts[0] = denominator;
        return parts;
    }
    let exact: Vec<f64> = shares.iter().map(|s| s / total * denominator as f64).collect();
    for (part, exact) in parts.iter_mut().zip(&exact) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the denominator")]
        let floor = exact.floor() as u64;
        *part = floor;
    }
    let mut order: Vec<usize> = (0..shares.len()).filter(|&ix| shares[ix] > 0.0).collect();
    order.sort_by(|&a, &b| (exact[b] - exact[b].floor()).total_cmp(&(exact[a] - exact[a].floor())).then(a.cmp(&b)));
    let given: u64 = parts.iter().sum();
    if given > denominator {
        // Only by float error in the sum; take it back from the largest.
        let largest = (0..parts.len()).max_by_key(|&ix| parts[ix]).expect("shares are not empty");
        parts[largest] -= given - denominator;
        return parts;
    }
    let missing = usize::try_from(denominator - given).expect("at most one unit per share");
    for step in 0..missing {
        parts[order[step % order.len()]] += 1;
    }
    parts
}

/// The two constants of the bound and the weights.
struct Terms {
    base: f64,
    weights: Vec<f64>,
}

fn terms(model: &Model, harm_counts: bool, attacker: &[u64], floor_prices: &[u64], denominator: u64) -> Terms {
    let mut base = 0.0;
    let weights = (0..model.sites())
        .map(|i| {
            let q = attacker[i] as f64 / ATTACKER_DENOMINATOR as f64;
            let phi = floor_prices[i] as f64 / denominator as f64;
            let harm = if harm_counts { model.forecast[i] + model.watched[i] * q } else { 0.0 };
            base += harm + phi * model.floor[i];
            harm + phi
        })
        .collect();
    Terms { base, weights }
}

/// `UB` of one node, at whole-number prices.
fn leaf_bound(
    model: &Model,
    fix: &Fixing,
    weights: &[f64],
    seat_price: u64,
    site_prices: &[u64],
    denominator: u64,
) -> f64 {
    let unit = denominator as f64;
    let mu = seat_price as f64 / unit;
    let mut total = mu * f64::from(fix.seats_left);
    let mut base_gain = vec![0.0; model.bases()];
    for i in 0..model.sites() {
        let rho = site_prices[i] as f64 / unit;
        total += rho;
        let post = weights[i] * model.post_effect - rho;
        total += match fix.site[i] {
            Fix::In => post.max(0.0),
            Fix::Free => (post - mu * f64::from(model.seats[i])).max(0.0),
            Fix::Out => 0.0,
        };
        for help in &model.help[i] {
            base_gain[help.base] += (weights[i] * help.effect - rho).max(0.0);
        }
    }
    for (b, gain) in base_gain.into_iter().enumerate() {
        total += match fix.base[b] {
            Fix::In => gain,
            Fix::Free => (gain - mu * f64::from(model.base_seats[b])).max(0.0),
            Fix::Out => 0.0,
        };
    }
    total
}

/// What a proof is to show, and how hard to try.
pub(crate) struct Effort<'a> {
    /// Most leaves of the tree.
    pub leaves_max: usize,
    /// Polled between leaves.
    pub should_stop: &'a dyn Fn() -> bool,
}

/// A proof and the best schedule that was met on the way.
pub(crate) struct Proved {
    pub proof: Proof,
    pub duty: Duty,
}

/// Prices of an attacker to build a proof on.
pub(crate) struct Stand<'a> {
    pub attacker: &'a [f64],
    pub floor_prices: &'a [f64],
    /// False for proofs of infeasibility, where only floors count.
    pub harm_counts: bool,
}

struct Open {
    bound: f64,
    node: usize,
    fix: Fixing,
    branch: Option<Unit>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound).then(other.node.cmp(&self.node))
    }
}

/// Builds a proof at these prices: one leaf, then the worst leaf split until the bound meets the
/// best schedule found or the effort is spent.
pub(crate) fn prove(
    model: &Model,
    root: &Fixing,
    stand: &Stand<'_>,
    first: Option<&Relaxed>,
    hint: Option<Duty>,
    effort: &Effort<'_>,
) -> Proved {
    let attacker = apportion(stand.attacker, ATTACKER_DENOMINATOR);
    let scale = if stand.harm_counts { model.scale() } else { stand.floor_prices.iter().sum::<f64>().max(1e-12) };
    let denominator = price_denominator(scale);
    let floor_prices: Vec<u64> = stand.floor_prices.iter().map(|&v| to_price(v, denominator)).collect();
    let terms = terms(model, stand.harm_counts, &attacker, &floor_prices, denominator);
    let mut search = Tree { model, weights: &terms.weights, denominator, nodes: Vec::new(), best: None };
    if let Some(duty) = hint {
        search.offer(duty);
    }
    let mut open = BinaryHeap::new();
    let given = first.cloned();
    open.push(search.leaf(root.clone(), given));
    let mut leaves = 1;
    loop {
        let worst = open.peek().expect("there is always a leaf");
        let known = search.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.1);
        if worst.bound <= known + 2e-9 * known.abs() {
            break;
        }
        if leaves >= effort.leaves_max || worst.branch.is_none() || (effort.should_stop)() {
            break;
        }
        let worst = open.pop().expect("it was there");
        let on = worst.branch.expect("checked above");
        let without = search.leaf(worst.fix.with(model, on, Fix::Out), None);
        let with = search.leaf(worst.fix.with(model, on, Fix::In), None);
        search.nodes[worst.node] = Node::Decision { on, without: without.node, with: with.node };
        leaves += 1;
        open.extend([without, with]);
    }
    let upper = open.peek().expect("there is always a leaf").bound;
    let duty = match search.best.take() {
        Some((duty, _)) => duty,
        None => Duty { posts: (0..model.sites()).filter(|&i| root.site[i] == Fix::In).collect(), bases: Vec::new() },
    };
    let proof = Proof {
        attacker,
        price_denominator: denominator,
        floor_prices,
        nodes: search.nodes,
        // Less what float arithmetic may have gained: sums of this size err below 1e-13 of it.
        bound: terms.base - upper - 1e-12 * terms.base,
    };
    Proved { proof, duty }
}

struct Tree<'a> {
    model: &'a Model,
    weights: &'a [f64],
    denominator: u64,
    nodes: Vec<Node>,
    best: Option<(Duty, f64)>,
}

impl Tree<'_> {
    fn offer(&mut self, duty: Duty) {
        let gain = dot(self.weights, &duty.cover(self.model));
        if self.best.as_ref().is_none_or(|best| gain > best.1) {
            self.best = Some((duty, gain));
        }
    }

    /// Bounds the schedules that agree with `fix`, and adds the leaf to the tree.
    fn leaf(&mut self, fix: Fixing, given: Option<Relaxed>) -> Open {
        let model = self.model;
        let relaxed = given.unwrap_or_else(|| relax(model, &fix, Goal::Answer(self.weights), 3));
        let shares = relaxed.force.iter().zip(&fix.base).map(|(&z, fix)| z > 0.5 || *fix == Fix::In);
        let open: Vec<bool> = shares.collect();
        if let Some((duty, _)) = Search::new(model, &fix, self.weights).from(&open, relaxed.seat_price) {
            self.offer(duty);
        }
        let seat_price = to_price(relaxed.seat_price, self.denominator);
        let site_prices: Vec<u64> = relaxed.site_price.iter().map(|&v| to_price(v, self.denominator)).collect();
        let bound = leaf_bound(model, &fix, self.weights, seat_price, &site_prices, self.denominator);
        self.nodes.push(Node::Bound { seat_price, site_prices });
        Open { bound, node: self.nodes.len() - 1, branch: branching(model, &fix, &relaxed), fix }
    }
}

/// The free thing whose share is nearest to a half, forces before posts.
fn branching(model: &Model, fix: &Fixing, relaxed: &Relaxed) -> Option<Unit> {
    let middle = |share: f64| (share - 0.5).abs();
    let pick = |list: &mut dyn Iterator<Item = (Unit, f64)>| {
        list.min_by(|a, b| middle(a.1).total_cmp(&middle(b.1))).filter(|(_, share)| middle(*share) < 0.5 - 1e-6)
    };
    let forces =
        || (0..model.bases()).filter(|&b| fix.base[b] == Fix::Free).map(|b| (Unit::Force(b), relaxed.force[b]));
    let posts = || (0..model.sites()).filter(|&i| fix.site[i] == Fix::Free).map(|i| (Unit::Post(i), relaxed.post[i]));
    pick(&mut forces()).or_else(|| pick(&mut posts())).or_else(|| forces().chain(posts()).next()).map(|(unit, _)| unit)
}

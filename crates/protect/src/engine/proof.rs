//! The bound, and the search that tightens it.
//!
//! For any attacker mixtures `q_kis` (one of each group, summing to one over sites and slots), floor
//! prices `phi >= 0` and weights `U_is = a_is + sum_k h_kis q_kis + phi_is`, every plan that keeps
//! the floors costs at least
//!
//! ```text
//! LB = sum_s [ sum_i (a_is + sum_k h_kis q_kis) + sum_i phi_is f_is - max_S sum_i U_is c_is(S) ]
//! ```
//!
//! and for any `mu_c, rho_i, nu_i >= 0` the maximum of a slot over the schedules that agree with the
//! decisions of a node (who holds a post, a force, a duty; who may not) is at most
//!
//! ```text
//! UB = sum_c mu_c p_c + sum_i rho_i - sum_{visits} nu_i
//!    + sum_i post(i) + sum_b force(b) + sum_r duty(r) + sum_areas m_a (best round - mu g_a)^+
//!
//! P_i = (U_i e_st - rho_i)^+ + nu_i          D_r = sum_i share_ri (U_i e_pa - rho_i)^+ + sum_{i in r} nu_i
//! R_b = sum_i (U_i e_ib - rho_i)^+           each less mu_c times its seats
//! ```
//!
//! where a thing that is held counts as it is, one that is free counts for its cheapest crew if
//! positive, a post that must stand counts for its cheapest crew whatever its sign, and a round in an
//! area earns `(U_i e_pa - rho_i)^+` over the length of the slot per minute and `nu_i` per visit. The
//! multipliers of single forces and patrols are taken at their best, which is why they are not stored.
//!
//! Prices alone let a contingent of few seats man fractions of things: ten seats are a force of eight and a
//! quarter of the next. So `mu_c p_c` and the things of `c` may give way to what the best choice of whole
//! things within its seats earns, a knapsack. Things that others may hold too are worth no more there than
//! their cheapest price; what lies above is counted once, outside.
//!
//! What no longer fits a contingent's seats is out. A tree of decisions bounds the maximum by its
//! worst leaf; a branch in which nobody is left for a post that must stand or a visit that must be made
//! is empty.

mod leaf;
mod whole;

pub(crate) use leaf::one_leaf;
use leaf::{part, priced};

use super::answer::{Search, dot};
use super::lineup::{Arena, Fixing, Lineup, Unit};
use super::model::{Model, members};
use super::parallel;
use super::relax::{Goal, Job, SlotRelaxed, relax};
use std::collections::BinaryHeap;

/// Denominator of the attackers' mixtures.
pub(crate) const ATTACKER_DENOMINATOR: u64 = 1_000_000_000;

/// A leaf or a decision, in the model's indices. Children stand after their parent.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Decision { on: Unit, by: usize, without: usize, with: usize },
    Bound { seat_prices: Vec<u64>, site_prices: Vec<u64>, visit_prices: Vec<u64>, whole_seats: Vec<usize> },
}

/// The proof for one slot.
#[derive(Debug, Clone)]
pub(crate) struct SlotProof {
    pub slot: usize,
    pub floor_prices: Vec<u64>,
    pub nodes: Vec<Node>,
    /// What this slot adds to the bound.
    pub part: f64,
}

/// Integers from which the bound can be computed again, in the model's indices.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// `q` of each group, at `slot * sites + site`; empty where no harm counts.
    pub attackers: Vec<Vec<u64>>,
    pub price_denominator: u64,
    pub slots: Vec<SlotProof>,
    /// The bound that they prove, in persons per week (or, for a proof of infeasibility, a positive
    /// number).
    pub bound: f64,
}

/// Prices to build a proof on: shares of each group's attempts at `slot * sites + site`, and floor
/// prices of each slot.
#[derive(Debug, Clone)]
pub(crate) struct Stance {
    pub attackers: Vec<Vec<f64>>,
    pub floor_prices: Vec<Vec<f64>>,
}

impl Stance {
    pub(crate) fn zero(model: &Model) -> Self {
        let n = model.sites();
        Self {
            attackers: vec![vec![0.0; n * model.slots.len()]; model.groups.len()],
            floor_prices: vec![vec![0.0; n]; model.slots.len()],
        }
    }

    /// `a_i + sum_k h_ki q_ki` of a slot.
    pub(crate) fn harm(&self, model: &Model, s: usize, i: usize) -> f64 {
        let at = s * model.sites() + i;
        let watched = self.attackers.iter().enumerate().map(|(k, q)| model.harm(k, s, i) * q[at]);
        model.slots[s].forecast[i] + watched.sum::<f64>()
    }

    pub(crate) fn weights(&self, model: &Model, s: usize) -> Vec<f64> {
        (0..model.sites()).map(|i| self.harm(model, s, i) + self.floor_prices[s][i]).collect()
    }

    /// What a slot adds to the bound if `gain` is the best answer there.
    pub(crate) fn part(&self, model: &Model, s: usize, gain: f64) -> f64 {
        let slot = &model.slots[s];
        (0..model.sites()).map(|i| self.harm(model, s, i) + self.floor_prices[s][i] * slot.floor[i]).sum::<f64>() - gain
    }

    pub(crate) fn toward(&self, other: &Self, part: f64) -> Self {
        let mix = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + part * (b - a)).collect::<Vec<_>>();
        let all = |a: &[Vec<f64>], b: &[Vec<f64>]| a.iter().zip(b).map(|(a, b)| mix(a, b)).collect();
        Self {
            attackers: all(&self.attackers, &other.attackers),
            floor_prices: all(&self.floor_prices, &other.floor_prices),
        }
    }
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

/// Integers that sum to `denominator` exactly, in the proportions of `shares`; all on `first` when
/// there are none. Largest remainders are rounded up, ties to the lower index.
pub(crate) fn apportion(shares: &[f64], denominator: u64, first: usize) -> Vec<u64> {
    let total: f64 = shares.iter().sum();
    let mut parts = vec![0u64; shares.len()];
    if total <= 0.0 {
        parts[first] = denominator;
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

/// The stance in whole numbers, and the numbers that they stand for.
pub(crate) struct Rounded {
    pub attackers: Vec<Vec<u64>>,
    pub floor_prices: Vec<Vec<u64>>,
    pub price_denominator: u64,
    /// What the whole numbers stand for.
    stance: Stance,
    harm_counts: bool,
}

impl Rounded {
    /// Rounds a stance; with `harm_counts` false only floors count, for proofs of infeasibility.
    pub(crate) fn new(model: &Model, stance: &Stance, harm_counts: bool) -> Self {
        let n = model.sites();
        let floors: f64 = stance.floor_prices.iter().flatten().sum();
        let scale = if harm_counts { model.scale() } else { floors.max(1.0) };
        let price_denominator = price_denominator(scale);
        let first = |k: usize| (0..n).find(|&i| model.reached_by[i] >> k & 1 == 1).expect("a group reaches a site");
        let attackers: Vec<Vec<u64>> = if harm_counts {
            let groups = stance.attackers.iter().enumerate();
            groups.map(|(k, shares)| apportion(shares, ATTACKER_DENOMINATOR, first(k))).collect()
        } else {
            Vec::new()
        };
        let floor_prices: Vec<Vec<u64>> = stance
            .floor_prices
            .iter()
            .map(|slot| slot.iter().map(|&v| to_price(v, price_denominator)).collect())
            .collect();
        let shares = |list: &Vec<u64>| list.iter().map(|&q| q as f64 / ATTACKER_DENOMINATOR as f64).collect();
        let prices = |list: &Vec<u64>| list.iter().map(|&v| v as f64 / price_denominator as f64).collect();
        let meant = Stance {
            attackers: attackers.iter().map(shares).collect(),
            floor_prices: floor_prices.iter().map(prices).collect(),
        };
        Self { attackers, floor_prices, price_denominator, stance: meant, harm_counts }
    }

    fn harm(&self, model: &Model, s: usize, i: usize) -> f64 {
        if self.harm_counts { self.stance.harm(model, s, i) } else { 0.0 }
    }

    pub(crate) fn weights(&self, model: &Model, s: usize) -> Vec<f64> {
        (0..model.sites()).map(|i| self.harm(model, s, i) + self.stance.floor_prices[s][i]).collect()
    }

    fn base(&self, model: &Model, s: usize) -> f64 {
        let floor = |i: usize| self.stance.floor_prices[s][i] * model.slots[s].floor[i];
        (0..model.sites()).map(|i| self.harm(model, s, i) + floor(i)).sum()
    }
}

/// How hard to try.
pub(crate) struct Effort<'a> {
    /// Most leaves of the tree of one slot.
    pub leaves_max: usize,
    /// What the slot may add to the bound that is worth no more effort.
    pub enough: f64,
    /// Threads for the two leaves of a decision; they change nothing.
    pub threads: usize,
    /// Polled between leaves.
    pub should_stop: &'a dyn Fn() -> bool,
}

/// A proof of one slot and the best schedule that was met on the way.
pub(crate) struct Proved {
    pub proof: SlotProof,
    pub lineup: Option<Lineup>,
}

struct Open {
    bound: f64,
    node: usize,
    fix: Fixing,
    branch: Option<(Unit, usize)>,
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

/// What a proof of one slot starts from.
pub(crate) struct Start<'a> {
    pub slot: usize,
    pub root: &'a Fixing,
    pub first: Option<&'a SlotRelaxed>,
    pub hint: Option<Lineup>,
}

/// Builds a proof of one slot at these prices: one leaf, then the worst leaf split until the bound
/// meets the best schedule found or the effort is spent.
pub(crate) fn prove(
    model: &Model,
    arena: &mut Arena,
    rounded: &Rounded,
    start: Start<'_>,
    effort: &Effort<'_>,
) -> Proved {
    let s = start.slot;
    let weights = rounded.weights(model, s);
    let base = rounded.base(model, s);
    let mut tree = Tree { model, s, arena, weights: &weights, rounded, nodes: Vec::new(), best: None };
    if let Some(lineup) = start.hint {
        tree.offer(lineup);
    }
    let mut open = BinaryHeap::new();
    open.push(tree.leaf(start.root.clone(), start.first.cloned()));
    let mut leaves = 1;
    loop {
        let worst = open.peek().expect("there is always a leaf");
        let known = tree.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.1);
        let met = worst.bound <= known + 2e-9 * known.abs()
            || (!rounded.harm_counts && worst.bound < base * 0.999_999 - 1e-7);
        let met = met || base - worst.bound >= effort.enough;
        if met || leaves >= effort.leaves_max || worst.branch.is_none() || (effort.should_stop)() {
            break;
        }
        let worst = open.pop().expect("it was there");
        let (on, by) = worst.branch.expect("checked above");
        let slot = &model.slots[s];
        let fixes = [false, true].map(|held| worst.fix.with(model, slot, on, by, held));
        let [first, second] = tree.relaxed(&fixes, effort.threads);
        let [without, with] = fixes;
        let without = tree.leaf(without, first);
        let with = tree.leaf(with, second);
        tree.nodes[worst.node] = Node::Decision { on, by, without: without.node, with: with.node };
        leaves += 1;
        open.extend([without, with]);
    }
    let upper = open.peek().expect("there is always a leaf").bound;
    let floor_prices = rounded.floor_prices[s].clone();
    let proof = SlotProof { slot: s, floor_prices, part: part(base, upper), nodes: tree.nodes };
    Proved { proof, lineup: tree.best.map(|best| best.0) }
}

/// The relaxation of the answer to weights, for what is decided in one slot.
fn answer(model: &Model, s: usize, fix: &Fixing, arena: &mut Arena, weights: &[f64]) -> SlotRelaxed {
    let job = Job { slot: s, fix };
    let relaxed = relax(model, &[job], std::slice::from_mut(arena), Goal::Answer(weights), 3, &|| false);
    relaxed.slots.into_iter().next().expect("one slot was asked for")
}

struct Tree<'a> {
    model: &'a Model,
    s: usize,
    arena: &'a mut Arena,
    weights: &'a [f64],
    rounded: &'a Rounded,
    nodes: Vec<Node>,
    best: Option<(Lineup, f64)>,
}

impl Tree<'_> {
    fn offer(&mut self, lineup: Lineup) {
        let slot = &self.model.slots[self.s];
        let gain = dot(self.weights, &lineup.cover(self.model, slot, self.arena));
        if self.best.as_ref().is_none_or(|best| gain > best.1) && lineup.fits(self.model, slot, self.arena) {
            self.best = Some((lineup, gain));
        }
    }

    /// The relaxations of two leaves at once, where they do not add to the arena.
    fn relaxed(&self, fixes: &[Fixing; 2], threads: usize) -> [Option<SlotRelaxed>; 2] {
        if threads < 2 || !self.model.slots[self.s].areas.is_empty() {
            return [None, None];
        }
        let (model, s, weights, arena) = (self.model, self.s, self.weights, &*self.arena);
        let mut both =
            parallel::map(fixes.iter().collect(), threads, |fix| answer(model, s, fix, &mut arena.clone(), weights));
        let second = both.pop();
        [both.pop(), second]
    }

    /// Bounds the schedules that agree with `fix`, and adds the leaf to the tree.
    fn leaf(&mut self, fix: Fixing, given: Option<SlotRelaxed>) -> Open {
        let (model, s) = (self.model, self.s);
        let slot = &model.slots[s];
        let relaxed = given.unwrap_or_else(|| answer(model, s, &fix, self.arena, self.weights));
        let contingents = slot.on_duty.len();
        let open: Vec<bool> = (0..model.bases())
            .map(|b| {
                let share: f64 = relaxed.force[b * contingents..(b + 1) * contingents].iter().sum();
                share > 0.5 || fix.force[b].held.is_some()
            })
            .collect();
        let search = Search { model, slot, fix: &fix, weights: self.weights };
        if let Some(found) = search.from(self.arena, &open, &relaxed.seat_price) {
            self.offer(found.lineup);
        }
        let (node, bound) = priced(model, s, &fix, self.rounded, self.weights, &relaxed);
        self.nodes.push(node);
        Open { bound, node: self.nodes.len() - 1, branch: branching(model, &fix, &relaxed, contingents), fix }
    }
}

/// The free thing whose share is nearest to a half: forces, then patrols, then posts.
fn branching(model: &Model, fix: &Fixing, relaxed: &SlotRelaxed, contingents: usize) -> Option<(Unit, usize)> {
    let middle = |share: f64| (share - 0.5).abs();
    let free = |unit: Unit, shares: &[f64], ix: usize| {
        members(fix.state(unit).free).map(|c| ((unit, c), shares[ix * contingents + c])).collect::<Vec<_>>()
    };
    let forces: Vec<_> = (0..model.bases()).flat_map(|b| free(Unit::Force(b), &relaxed.force, b)).collect();
    let duties: Vec<_> = (0..fix.duty.len()).flat_map(|d| free(Unit::Duty(d), &relaxed.patrol, d)).collect();
    let posts: Vec<_> = (0..model.sites()).flat_map(|i| free(Unit::Post(i), &relaxed.post, i)).collect();
    let pick = |list: &[((Unit, usize), f64)]| {
        list.iter().copied().min_by(|a, b| middle(a.1).total_cmp(&middle(b.1))).filter(|(_, x)| middle(*x) < 0.5 - 1e-6)
    };
    pick(&forces)
        .or_else(|| pick(&duties))
        .or_else(|| pick(&posts))
        .or_else(|| forces.first().or(duties.first()).or(posts.first()).copied())
        .map(|(choice, _)| choice)
}

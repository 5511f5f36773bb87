//! The bound of one leaf: prices in whole numbers, and what they prove.

use super::super::lineup::{Fixing, State, cheapest};
use super::super::model::Model;
use super::super::relax::SlotRelaxed;
use super::super::route;
use super::whole::Earned;
use super::{Node, Rounded, SlotProof, to_price};

/// Rounds prices to a leaf, and the bound on the schedules that agree with `fix` that they prove.
pub(super) fn priced(
    model: &Model,
    s: usize,
    fix: &Fixing,
    rounded: &Rounded,
    weights: &[f64],
    relaxed: &SlotRelaxed,
) -> (Node, f64) {
    let denominator = rounded.price_denominator;
    let whole = |list: &[f64]| list.iter().map(|&v| to_price(v, denominator)).collect::<Vec<u64>>();
    let (seats, visits) = (whole(&relaxed.seat_price), whole(&relaxed.visit_price));
    let mu: Vec<f64> = seats.iter().map(|&p| p as f64 / denominator as f64).collect();
    let sites = whole(&capped(model, s, fix, weights, &mu, &relaxed.site_price));
    let prices = LeafPrices { seats: &seats, sites: &sites, visits: &visits, denominator };
    let (bound, whole_seats) = leaf_bound(model, s, fix, weights, &prices);
    (Node::Bound { seat_prices: seats, site_prices: sites, visit_prices: visits, whole_seats }, bound)
}

/// Site prices no higher than what the site's best mode is worth: beyond that they only cost bound, by
/// what the solver left them short of exact.
fn capped(model: &Model, s: usize, fix: &Fixing, weights: &[f64], mu: &[f64], site_prices: &[f64]) -> Vec<f64> {
    let slot = &model.slots[s];
    let cap = |i: usize| {
        let help = slot.help[i].first().map_or(0.0, |help| help.effect);
        let post = match fix.post[i] {
            state if state.held.is_some() => weights[i] * model.post_effect,
            state if state.free == 0 => 0.0,
            state => weights[i] * model.post_effect - cheapest(state.free, mu) * f64::from(model.seats[i]),
        };
        let patrol = if slot.duties.is_empty() && slot.areas.is_empty() { 0.0 } else { model.patrol_effect };
        post.max(weights[i] * help.max(patrol))
    };
    site_prices.iter().enumerate().map(|(i, price)| price.min(cap(i))).collect()
}

/// A proof of the first slot of one leaf, at prices that somebody else found.
pub(crate) fn one_leaf(model: &Model, root: &Fixing, rounded: &Rounded, relaxed: &SlotRelaxed) -> SlotProof {
    let (node, upper) = priced(model, 0, root, rounded, &rounded.weights(model, 0), relaxed);
    let floor_prices = rounded.floor_prices[0].clone();
    SlotProof { slot: 0, floor_prices, nodes: vec![node], part: part(rounded.base(model, 0), upper) }
}

/// What a slot adds to the bound, less what float arithmetic may have gained: sums of this size err below
/// 1e-13 of it.
pub(super) fn part(base: f64, upper: f64) -> f64 {
    base - upper - 1e-12 * (base + upper.abs().min(1e300))
}

struct LeafPrices<'a> {
    seats: &'a [u64],
    sites: &'a [u64],
    visits: &'a [u64],
    denominator: u64,
}

/// `UB` of one node, at whole-number prices, and the contingents whose seats it counts whole; negative infinity
/// where the branch is empty.
fn leaf_bound(model: &Model, s: usize, fix: &Fixing, weights: &[f64], prices: &LeafPrices<'_>) -> (f64, Vec<usize>) {
    const EMPTY: (f64, Vec<usize>) = (f64::NEG_INFINITY, Vec::new());
    let slot = &model.slots[s];
    if (0..model.sites()).any(|i| slot.visit[i] && !fix.can_visit(slot, i)) {
        return EMPTY;
    }
    let unit = prices.denominator as f64;
    let mu: Vec<f64> = prices.seats.iter().map(|&p| p as f64 / unit).collect();
    let nu = |i: usize| prices.visits[i] as f64 / unit;
    let mut total = 0.0;
    let mut earned = Earned::new(&mu, &fix.left, model.counts_whole_seats);
    let mut force = vec![0.0; model.bases()];
    let mut patrol = vec![0.0; model.sites()];
    for i in 0..model.sites() {
        let rho = prices.sites[i] as f64 / unit;
        total += rho - if slot.visit[i] { nu(i) } else { 0.0 };
        let worth = (weights[i] * model.post_effect - rho).max(0.0) + nu(i);
        match (fix.post[i], slot.must[i]) {
            (State { held: None, free: 0 }, true) => return EMPTY,
            (State { held: None, free }, true) => earned.must(free, worth, model.seats[i]),
            (state, _) => earned.may(state, worth, model.seats[i], 1),
        }
        patrol[i] = (weights[i] * model.patrol_effect - rho).max(0.0);
        for help in &slot.help[i] {
            let gain = weights[i] * help.effect - rho;
            if gain <= 0.0 {
                break;
            }
            force[help.base] += gain;
        }
    }
    for (b, gain) in force.into_iter().enumerate() {
        earned.may(fix.force[b], gain, model.base_seats[b], 1);
    }
    for (d, duty) in slot.duties.iter().enumerate() {
        let gain = duty.shares.iter().map(|&(i, share)| share * patrol[i] + nu(i)).sum();
        earned.may(fix.duty[d], gain, duty.seats, 1);
    }
    for area in &slot.areas {
        let minutes = f64::from(slot.minutes);
        let rate: Vec<f64> = area.sites.iter().map(|&i| patrol[i] / minutes).collect();
        let bounty: Vec<f64> = area.sites.iter().map(|&i| nu(i)).collect();
        let best = route::best(area, slot.minutes, &rate, &bounty).value;
        earned.may(State { free: area.by, held: None }, best, area.seats, area.patrols_max);
    }
    let (worth, whole) = earned.worth();
    (total + worth, whole)
}

//! The bound of one leaf: prices in whole numbers, and what they prove.

use super::super::lineup::{Fixing, State, cheapest};
use super::super::model::Model;
use super::super::relax::SlotRelaxed;
use super::super::route;
use super::whole::{Thing, earned};
use super::{Node, Rounded, SlotProof, to_price};

/// Contingents with fewer seats left than this have the prices of their own sites eased.
const EASED_SEATS: u32 = 64;
/// Sites of such a contingent whose price is eased alone, the dearest first.
const EASED_SITES: usize = 8;

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
    let real = |list: &[u64]| list.iter().map(|&p| p as f64 / denominator as f64).collect::<Vec<f64>>();
    let (seats, visits) = (whole(&relaxed.seat_price), whole(&relaxed.visit_price));
    let mu = real(&seats);
    let sites = whole(&capped(model, s, fix, weights, &mu, &relaxed.site_price));
    let leaf = Leaf { model, s, fix, weights };
    let mut prices = Prices { seats: mu, sites: real(&sites), visits: real(&visits) };
    let Some(mut found) = leaf.bound(&prices) else {
        return (node([seats, sites, visits], Vec::new()), f64::NEG_INFINITY);
    };
    if !found.1.is_empty() {
        // Zero and halves of whole numbers, rounded once more.
        prices.sites = real(&whole(&leaf.eased(prices.clone(), &found)));
        found = leaf.bound(&prices).expect("other prices leave no branch empty");
    }
    let sites = whole(&prices.sites);
    (node([seats, sites, visits], found.1), found.0)
}

fn node([seat_prices, site_prices, visit_prices]: [Vec<u64>; 3], whole_seats: Vec<usize>) -> Node {
    Node::Bound { seat_prices, site_prices, visit_prices, whole_seats }
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

/// `mu`, `rho` and `nu` of a leaf, in persons per week.
#[derive(Debug, Clone)]
struct Prices {
    seats: Vec<f64>,
    sites: Vec<f64>,
    visits: Vec<f64>,
}

struct Leaf<'a> {
    model: &'a Model,
    s: usize,
    fix: &'a Fixing,
    weights: &'a [f64],
}

impl Leaf<'_> {
    /// `UB` and the contingents whose seats it counts whole; `None` where the branch is empty.
    fn bound(&self, prices: &Prices) -> Option<(f64, Vec<usize>)> {
        let Self { model, fix, weights, .. } = *self;
        let (slot, n) = (&model.slots[self.s], model.sites());
        if (0..n).any(|i| slot.visit[i] && !fix.can_visit(slot, i)) {
            return None;
        }
        let mut total = 0.0;
        let mut force = vec![0.0; model.bases()];
        let mut patrol = vec![0.0; n];
        let mut things = Vec::with_capacity(n + model.bases() + slot.duties.len() + slot.areas.len());
        for i in 0..n {
            let (rho, nu) = (prices.sites[i], prices.visits[i]);
            total += rho - if slot.visit[i] { nu } else { 0.0 };
            let (state, must) = (fix.post[i], slot.must[i]);
            if must && state == (State { free: 0, held: None }) {
                return None;
            }
            let gain = (weights[i] * model.post_effect - rho).max(0.0) + nu;
            things.push(Thing { state, gain, seats: model.seats[i], copies: 1, must });
            patrol[i] = (weights[i] * model.patrol_effect - rho).max(0.0);
            for help in &slot.help[i] {
                let gain = weights[i] * help.effect - rho;
                if gain <= 0.0 {
                    break;
                }
                force[help.base] += gain;
            }
        }
        let free = |state: State, gain: f64, seats: u32| Thing { state, gain, seats, copies: 1, must: false };
        things.extend(force.into_iter().enumerate().map(|(b, gain)| free(fix.force[b], gain, model.base_seats[b])));
        for (d, duty) in slot.duties.iter().enumerate() {
            let gain = duty.shares.iter().map(|&(i, share)| share * patrol[i] + prices.visits[i]).sum();
            things.push(free(fix.duty[d], gain, duty.seats));
        }
        let minutes = f64::from(slot.minutes);
        for area in &slot.areas {
            let rate: Vec<f64> = area.sites.iter().map(|&i| patrol[i] / minutes).collect();
            let bounty: Vec<f64> = area.sites.iter().map(|&i| prices.visits[i]).collect();
            let best = route::best(area, slot.minutes, &rate, &bounty).value;
            let state = State { free: area.by, held: None };
            things.push(Thing { copies: area.patrols_max, ..free(state, best, area.seats) });
        }
        let (worth, whole) = earned(&things, &prices.seats, &fix.left, model.counts_whole_seats);
        Some((total + worth, whole))
    }

    /// Prices of sites from which whole seats prove more. The relaxation prices a site where it mans half a post and
    /// half a force; who has seats for one of them alone never does, and such a price is only paid.
    fn eased(&self, mut at: Prices, found: &(f64, Vec<usize>)) -> Vec<f64> {
        let mut best = found.0;
        let mut ease = |at: &mut Prices, sites: &[usize], part: f64| {
            let before: Vec<f64> = sites.iter().map(|&i| at.sites[i]).collect();
            for &i in sites {
                at.sites[i] *= part;
            }
            match self.bound(at).filter(|found| found.0 < best) {
                Some(found) => best = found.0,
                None => sites.iter().zip(before).for_each(|(&i, price)| at.sites[i] = price),
            }
        };
        for &c in found.1.iter().filter(|&&c| self.fix.left[c] < EASED_SEATS) {
            let has = |state: State| state.held == Some(c) || (state.held.is_none() && state.free == 1 << c);
            let none = State { free: 0, held: None };
            let helps = |i: usize| self.model.slots[self.s].help[i].iter().any(|help| has(self.fix.force[help.base]));
            let own = |i: usize| has(self.fix.post[i]) || (self.fix.post[i] == none && helps(i));
            let mut sites: Vec<usize> = (0..at.sites.len()).filter(|&i| at.sites[i] > 0.0 && own(i)).collect();
            if sites.is_empty() {
                continue;
            }
            ease(&mut at, &sites, 0.0);
            ease(&mut at, &sites, 0.5);
            sites.retain(|&i| at.sites[i] > 0.0);
            sites.sort_by(|&a, &b| at.sites[b].total_cmp(&at.sites[a]).then(a.cmp(&b)));
            for i in sites.into_iter().take(EASED_SITES) {
                ease(&mut at, &[i], 0.0);
                ease(&mut at, &[i], 0.5);
            }
        }
        at.sites
    }
}

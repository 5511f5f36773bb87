//! In place of the relaxation: what a plan in force gives, and the prices of its proof. Any prices
//! prove a bound, so those of the plan before a loss prove one for what is left, at once.

use super::lineup::{Arena, Lineup};
use super::model::Model;
use super::relax::{Relaxed, SlotRelaxed};

/// Prices of a proof in the model's indices, in persons per week.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeldPrices {
    /// Share of each group's attempts at each site.
    pub attacker: Vec<Vec<f64>>,
    pub floor: Vec<f64>,
    pub visit: Vec<f64>,
    pub site: Vec<f64>,
    pub seat: Vec<f64>,
}

/// What mixtures give, slot by slot, with prices beside them.
pub(crate) fn held(model: &Model, mixtures: &[(Arena, Vec<(Lineup, f64)>)], prices: Vec<HeldPrices>) -> Relaxed {
    let mut theta = vec![0.0f64; model.groups.len()];
    let mut slots = Vec::with_capacity(mixtures.len());
    for (s, ((arena, mixture), prices)) in mixtures.iter().zip(prices).enumerate() {
        let slot = &model.slots[s];
        let crews = slot.on_duty.len();
        let mut out = SlotRelaxed {
            post: vec![0.0; model.sites() * crews],
            force: vec![0.0; model.bases() * crews],
            patrol: vec![0.0; arena.patrols.len() * crews],
            cover: vec![0.0; model.sites()],
            shortage: [Vec::new(), Vec::new(), Vec::new()],
            attacker: prices.attacker,
            floor_price: prices.floor,
            visit_price: prices.visit,
            must_price: vec![0.0; model.sites()],
            site_price: prices.site,
            seat_price: prices.seat,
        };
        // Schedules that could not be made to fit are missing: the others stand for them.
        let total: f64 = mixture.iter().map(|(_, share)| share).sum();
        for (lineup, share) in mixture.iter().filter(|_| total > 0.0) {
            let share = share / total;
            lineup.posts.iter().for_each(|&(i, c)| out.post[i * crews + c] += share);
            lineup.forces.iter().for_each(|&(b, c)| out.force[b * crews + c] += share);
            lineup.patrols.iter().for_each(|&(p, c)| out.patrol[p * crews + c] += share);
            let cover = lineup.cover(model, slot, arena);
            out.cover.iter_mut().zip(cover).for_each(|(sum, part)| *sum += share * part);
        }
        for (k, theta) in theta.iter_mut().enumerate() {
            let harms = out.cover.iter().enumerate().map(|(i, cover)| model.harm(k, s, i) * (1.0 - cover));
            *theta = harms.fold(*theta, f64::max);
        }
        slots.push(out);
    }
    Relaxed { slots, theta, solved: true }
}

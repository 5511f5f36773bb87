//! When column generation ends.

use super::{Run, Stance};
use crate::plan::OPTIMAL_GAP;

/// Rounds end at this share of the gap that is asked for: rounding and adding up cost a little.
const NEAR: f64 = 0.9;
/// Over how many rounds progress is measured, and how many times that the target may be away: beyond it
/// is not reached by rounds, because each brings less than the one before.
const PACE_ROUNDS: usize = 10;
const PACE_AHEAD: f64 = 8.0;

impl Run<'_> {
    /// Whether the gap is what is asked for.
    pub(super) fn near_enough(&self, start: &Stance) -> bool {
        let Some(best) = &self.best else { return false };
        let target = if self.setting.small { OPTIMAL_GAP / 4.0 } else { NEAR * self.setting.options.gap_target };
        let whole = self.proof.bound.abs();
        if self.slots.len() == self.model().slots.len() {
            return best.value - self.proof.bound <= target * best.value;
        }
        // One slot among many: its own part of the gap, with worst harm at the price it has for all,
        // and what it adds to the worst harm of all.
        let n = self.model().sites();
        let (mut value, mut excess) = (best.forecast, 0.0);
        for (k, theta) in best.thetas.iter().enumerate() {
            let held: f64 =
                self.slots.iter().map(|&s| start.attackers[k][s * n..(s + 1) * n].iter().sum::<f64>()).sum();
            value += held * theta.max(self.allowance[k]);
            excess += (theta - self.allowance[k]).max(0.0);
        }
        let part: f64 = self.slots.iter().map(|&s| self.proof.slots[s].part).sum();
        let share = (part / whole).max(0.5 / self.model().slots.len() as f64);
        value - part <= 0.5 * target * whole * share && excess <= 0.4 * target * whole
    }

    /// Whether the values of rounds fall too slowly to meet the target, once `estimate`, what the best prices
    /// known would prove if every answer to them were the best, is near.
    pub(super) fn out_of_reach(&self, values: &[f64], estimate: f64) -> bool {
        let Some(value) = values.last() else { return false };
        if self.slots.len() < self.model().slots.len() || values.len() <= PACE_ROUNDS {
            return false;
        }
        let pace = values[values.len() - 1 - PACE_ROUNDS] - value;
        let share = 1.0 - NEAR * self.setting.options.gap_target;
        estimate >= value * share && value - self.proof.bound / share > PACE_AHEAD * pace
    }
}

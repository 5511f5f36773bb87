//! Bounds that are proven while schedules are sought, and after.

use super::super::answer::dot;
use super::super::lineup::Lineup;
use super::super::parallel;
use super::super::proof::{Effort, Proof, Rounded, SlotProof, Stance, Start, prove};
use super::super::solve::JOINT_SIZE_MAX;
use super::{Pool, Run};
use crate::plan::Watch;

/// A bound is proven after so many rounds.
const PROVE_EVERY: usize = 20;

impl Run<'_> {
    /// Where a bound costs little beside a round, one is proven now and then at the best prices known.
    pub(super) fn prove_between(&mut self, center: &(Stance, f64), round: usize, watch: &Watch<'_>) {
        let due = round > 0 && round.is_multiple_of(PROVE_EVERY) && center.1 > self.proof.bound;
        let all = self.slots.len() == self.model().slots.len();
        if due && all && !self.setting.small && self.model().sites() * self.slots.len() <= JOINT_SIZE_MAX {
            self.prove_at(&center.0, 1, f64::INFINITY, watch);
        }
    }

    /// Proves a bound at a stance, and keeps it if it is better. Returns the best answers met.
    pub(super) fn prove_at(
        &mut self,
        stance: &Stance,
        leaves_max: usize,
        enough: f64,
        watch: &Watch<'_>,
    ) -> Vec<Option<Lineup>> {
        let model = self.model();
        let threads = if self.setting.small { 1 } else { self.setting.options.threads };
        let rounded = Rounded::new(model, stance, true);
        let setting = self.setting;
        let one = |(s, pool): (usize, &mut Pool), threads: usize, should_stop: &dyn Fn() -> bool| {
            let weights = rounded.weights(model, s);
            let best = (0..pool.lineups.len())
                .max_by(|&a, &b| dot(&weights, &pool.covers[a]).total_cmp(&dot(&weights, &pool.covers[b])));
            let hint = best.map(|ix| pool.lineups[ix].clone());
            let start = Start { slot: s, root: &setting.roots[s], first: None, hint };
            let effort = Effort { leaves_max, enough, threads, should_stop };
            prove(model, &mut pool.arena, &rounded, start, &effort)
        };
        let work: Vec<(usize, &mut Pool)> = self.slots.iter().copied().zip(&mut self.pools).collect();
        let proved = if work.len() == 1 || threads == 1 {
            work.into_iter().map(|slot| one(slot, threads, watch.should_stop)).collect()
        } else {
            parallel::watched(watch.should_stop, |flag| {
                parallel::map(work, threads, |slot| one(slot, 1, &|| flag.is_up()))
            })
        };
        let (proofs, lineups): (Vec<SlotProof>, Vec<Option<Lineup>>) =
            proved.into_iter().map(|proved| (proved.proof, proved.lineup)).unzip();
        let bound = proofs.iter().map(|proof| proof.part).sum();
        if bound > self.proof.bound {
            let Rounded { attackers, price_denominator, .. } = rounded;
            self.proof = Proof { attackers, price_denominator, slots: proofs, bound };
        }
        lineups
    }

    /// Where the gap is still too wide, splits the proof at the last prices.
    pub(crate) fn tighten(&mut self, watch: &Watch<'_>) {
        let target = self.setting.options.gap_target;
        let wide = self.best.as_ref().is_some_and(|best| best.value - self.proof.bound > target * best.value);
        if !wide || self.setting.small || self.stopped || self.setting.options.leaves_tight == 0 {
            return;
        }
        if let Some(stance) = self.stance.clone() {
            let value = self.best.as_ref().map_or(f64::INFINITY, |best| best.value);
            // One slot stops as soon as its bound will do; several do not know of each other.
            let enough = if self.slots.len() == 1 { value * (1.0 - target) } else { f64::INFINITY };
            self.prove_at(&stance, self.setting.options.leaves_tight, enough, watch);
        }
    }
}

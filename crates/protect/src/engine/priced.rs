//! What open bases are worth at prices per seat: the value that the local search climbs.

use super::answer::Search;
use super::lineup::{cheapest, lift};

/// `sum_i max(U_i c_i, U_i e_st - price g_i, 0) - prices of forces` as a function of the open bases,
/// up to a constant: only the sites where some force can beat the post. One row of numbers per base,
/// so that a change of one base is one pass over a row.
pub(crate) struct Priced {
    /// What each site is worth without a force.
    alone: Vec<f64>,
    /// What it is worth with a force at base `b`, in row `b`; 0 where it cannot come.
    with: Vec<f64>,
    /// Price of a force at each base.
    cost: Vec<f64>,
}

impl Priced {
    pub(crate) fn new(search: &Search<'_>, prices: &[f64], shares: &[f64]) -> Self {
        let (model, slot, fix) = (search.model, search.slot, search.fix);
        let price = |crew, seats: u32| cheapest(crew, prices) * f64::from(seats);
        let cost = (0..model.bases())
            .map(|b| match fix.force[b].free {
                0 => 0.0,
                crew => price(crew, model.base_seats[b]),
            })
            .collect();
        let worth = |i: usize, level: f64| search.weights[i] * lift(model, level, shares[i]);
        let mut alone = Vec::new();
        let mut sites = Vec::new();
        for i in 0..model.sites() {
            let post = match fix.post[i] {
                state if state.held.is_some() => worth(i, model.post_effect),
                state if state.free != 0 => {
                    (worth(i, model.post_effect) - price(state.free, model.seats[i])).max(worth(i, 0.0))
                }
                _ => worth(i, 0.0),
            };
            if slot.help[i].first().is_some_and(|help| worth(i, help.effect) > post) {
                alone.push(post);
                sites.push(i);
            }
        }
        let mut with = vec![0.0; sites.len() * model.bases()];
        for (column, &i) in sites.iter().enumerate() {
            for help in &slot.help[i] {
                let state = fix.force[help.base];
                if state.free != 0 || state.held.is_some() {
                    with[help.base * sites.len() + column] = worth(i, help.effect);
                }
            }
        }
        Self { alone, with, cost }
    }

    fn row(&self, base: usize) -> &[f64] {
        &self.with[base * self.alone.len()..(base + 1) * self.alone.len()]
    }

    pub(crate) fn cost(&self, base: usize) -> f64 {
        self.cost[base]
    }

    /// What each site is worth with the open bases.
    pub(crate) fn levels(&self, open: &[bool]) -> Vec<f64> {
        let mut levels = self.alone.clone();
        for base in (0..open.len()).filter(|&b| open[b]) {
            levels.iter_mut().zip(self.row(base)).for_each(|(level, with)| *level = level.max(*with));
        }
        levels
    }

    pub(crate) fn paid(&self, open: &[bool]) -> f64 {
        open.iter().zip(&self.cost).filter(|(open, _)| **open).map(|(_, cost)| cost).sum()
    }

    pub(crate) fn worth(&self, open: &[bool]) -> f64 {
        self.levels(open).iter().sum::<f64>() - self.paid(open)
    }

    /// What all sites are worth when one more base opens.
    pub(crate) fn raised(&self, levels: &[f64], base: usize) -> f64 {
        // Four sums, so that the compiler may use wide registers; the order is fixed.
        let mut sums = [0.0; 4];
        let (left, right) = (levels.chunks_exact(4), self.row(base).chunks_exact(4));
        let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a.max(*b)).sum();
        for (a, b) in left.zip(right) {
            for lane in 0..4 {
                sums[lane] += a[lane].max(b[lane]);
            }
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
    }
}

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

    /// What each site is worth with the open bases, and without the best of them.
    pub(crate) fn tops(&self, open: &[bool]) -> Tops {
        let mut first = self.alone.clone();
        let mut second = self.alone.clone();
        for base in (0..open.len()).filter(|&b| open[b]) {
            for ((first, second), &with) in first.iter_mut().zip(&mut second).zip(self.row(base)) {
                *second = larger(*second, smaller(*first, with));
                *first = larger(*first, with);
            }
        }
        Tops { first, second }
    }

    pub(crate) fn paid(&self, open: &[bool]) -> f64 {
        open.iter().zip(&self.cost).filter(|(open, _)| **open).map(|(_, cost)| cost).sum()
    }

    /// What all sites are worth when one more base opens.
    pub(crate) fn raised(&self, levels: &[f64], base: usize) -> f64 {
        sum_of(levels, self.row(base), larger)
    }

    /// What each site is worth when one of the open bases closes.
    pub(crate) fn lowered(&self, tops: &Tops, base: usize, levels: &mut Vec<f64>) {
        levels.clear();
        let rows = tops.first.iter().zip(&tops.second).zip(self.row(base));
        levels.extend(rows.map(|((&first, &second), &with)| if with >= first { second } else { first }));
    }
}

/// The best and the second best of what open bases give each site; being without a force is one of them.
pub(crate) struct Tops {
    pub first: Vec<f64>,
    second: Vec<f64>,
}

/// All numbers here are finite: one instruction, where `f64::max` has to look for those that are not.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Four sums, so that the compiler may use wide registers; the order is fixed.
fn sum_of(left: &[f64], right: &[f64], of: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0; 4];
    let (left, right) = (left.chunks_exact(4), right.chunks_exact(4));
    let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(&a, &b)| of(a, b)).sum();
    for (a, b) in left.zip(right) {
        for lane in 0..4 {
            sums[lane] += of(a[lane], b[lane]);
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The sum of all levels, in the order of [`sum_of`].
pub(crate) fn total(levels: &[f64]) -> f64 {
    sum_of(levels, levels, |level, _| level)
}

#[cfg(test)]
mod tests {
    use super::{Priced, total};

    #[test]
    fn a_base_less_is_what_the_others_give() {
        let with = vec![3.0, 1.0, 0.0, 5.0, 3.0, 2.0, 0.0, 4.0, 1.0, 0.0, 0.0, 6.0];
        let priced = Priced { alone: vec![2.0, 1.0, 1.0, 0.0], with, cost: vec![1.0; 3] };
        for code in 0..8u32 {
            let open: Vec<bool> = (0..3).map(|b| code >> b & 1 == 1).collect();
            let tops = priced.tops(&open);
            for base in (0..3).filter(|&b| open[b]) {
                let mut fewer = open.clone();
                fewer[base] = false;
                let mut levels = Vec::new();
                priced.lowered(&tops, base, &mut levels);
                assert_eq!(levels, priced.tops(&fewer).first, "{open:?} without {base}");
                assert!((priced.raised(&levels, base) - total(&tops.first)).abs() < 1e-12, "{open:?}");
            }
        }
    }
}

//! The strongest inequality over a few customers, by a small linear program.
//!
//! Of a candidate only the *kind* counts: which of the `k` customers it covers, a mask. Let `u_j`
//! be what a mixture leaves uncovered of customer `j` and `z_T` the share of its candidates of
//! kind `T`. The mixture is one of whole sets where there are weights of families `F` of kinds,
//!
//! ```text
//! sum_F weight_F >= 1 ,   sum_{F leaves j} weight_F <= u_j ,   sum_{F has T} weight_F <= z_T .
//! ```
//!
//! The most that the weights sum to is found by generating families. Where it is below 1, the
//! prices `a_j` and `g_T` of these rows are an inequality that the mixture breaks and every set
//! obeys: `sum_j a_j u_j + sum_T g_T z_T >= 1`. It is made whole by a small factor, and its right
//! side and the coefficients of all other kinds are computed in whole numbers, so that rounding
//! can make it weak but not wrong (Boyd, "Fenchel cutting planes for integer programs", Operations
//! Research 42, 1994).

/// Most customers, and kinds that a mixture may have.
pub(crate) const CUSTOMERS_MAX: usize = 8;
const KINDS_MAX: usize = 48;
/// Factors that are tried, from 1.
const FACTOR_MAX: u8 = 8;
/// Pivots of one program.
const PIVOTS_MAX: usize = 400;
/// What is added to every side, the more the later, so that pivots do not go in circles.
const LOOSE: f64 = 1e-4;

/// Which customers a candidate covers.
pub(crate) type Kind = u8;

/// An inequality over `k` customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facet {
    pub right: u8,
    pub customers: Vec<u8>,
    /// Coefficient of each kind.
    pub kinds: Vec<u8>,
}

/// Least costs of families by what they cover, as kinds come in one by one.
struct Covers {
    least: Vec<i32>,
}

impl Covers {
    fn new(customers: usize) -> Self {
        let mut least = vec![i32::MAX / 2; 1 << customers];
        least[0] = 0;
        Self { least }
    }

    fn take(&mut self, kind: Kind, cost: u8) {
        for cover in 0..self.least.len() {
            let with = cover | usize::from(kind);
            self.least[with] = self.least[with].min(self.least[cover] + i32::from(cost));
        }
    }

    /// The least of `left` for the customers that are left and the cost of what covers the others,
    /// once `kind` covers its own at no cost.
    fn right(&self, left: &[i32], kind: Kind) -> i32 {
        let all = self.least.len() - 1;
        let sum = |cover: usize| self.least[cover] + left[all & !(cover | usize::from(kind))];
        (0..=all).map(sum).min().expect("there is the family of none")
    }
}

/// Of every mask the sum of its customers.
fn sums<T: Copy + std::ops::Add<Output = T> + Default>(each: &[T]) -> Vec<T> {
    let mut sums = vec![T::default()];
    for &one in each {
        sums.extend_from_within(..);
        let half = sums.len() / 2;
        sums[half..].iter_mut().for_each(|sum| *sum = *sum + one);
    }
    sums
}

/// The inequality that a mixture breaks most, and by what share of its right side; `None` where
/// that is less than `least`. `left` is what the mixture leaves of each customer, `mixed` the kinds
/// it has and their shares, each kind once, `others` all further kinds in the order in which they
/// get their coefficients.
pub(crate) fn facet(left: &[f64], mixed: &[(Kind, f64)], others: &[Kind], least: f64) -> Option<(f64, Facet)> {
    if mixed.len() > KINDS_MAX {
        return None;
    }
    let prices = Families::new(left, mixed).prices(1.0 - least)?;
    let mut best: Option<(f64, Facet)> = None;
    for factor in 1..=FACTOR_MAX {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
        let whole: Vec<u8> = prices.iter().map(|price| (price * f64::from(factor)).round() as u8).collect();
        let (customers, of_mixed) = whole.split_at(left.len());
        let mut covers = Covers::new(left.len());
        mixed.iter().zip(of_mixed).for_each(|((kind, _), &times)| covers.take(*kind, times));
        let sum = sums(&customers.iter().map(|&times| i32::from(times)).collect::<Vec<_>>());
        let right = covers.right(&sum, 0);
        let paid = customers.iter().zip(left).map(|(&times, left)| f64::from(times) * left).sum::<f64>()
            + of_mixed.iter().zip(mixed).map(|(&times, (_, share))| f64::from(times) * share).sum::<f64>();
        let short = 1.0 - paid / f64::from(right.max(1));
        if right <= 0 || short < least.max(best.as_ref().map_or(0.0, |best| best.0 + 1e-3)) {
            continue;
        }
        let mut kinds = vec![0; 1 << left.len()];
        mixed.iter().zip(of_mixed).for_each(|((kind, _), &times)| kinds[usize::from(*kind)] = times);
        for &kind in others {
            let times = u8::try_from(right - covers.right(&sum, kind)).expect("between 0 and the right side");
            kinds[usize::from(kind)] = times;
            covers.take(kind, times);
        }
        let right = u8::try_from(right).ok()?;
        best = Some((short, Facet { right, customers: customers.to_vec(), kinds }));
    }
    best
}

/// The small linear program: rows of the customers, then of the kinds; columns are families.
struct Families<'a> {
    customers: usize,
    mixed: &'a [(Kind, f64)],
    /// What is left of each side.
    values: Vec<f64>,
    /// The inverse of the basis, by rows.
    inverse: Vec<f64>,
    /// 1 where a family stands in the basis, 0 where what is left of a row.
    gains: Vec<f64>,
}

impl<'a> Families<'a> {
    fn new(left: &[f64], mixed: &'a [(Kind, f64)]) -> Self {
        let sides = left.iter().copied().chain(mixed.iter().map(|(_, share)| *share));
        let values: Vec<f64> =
            sides.enumerate().map(|(row, side)| side.max(0.0) + LOOSE * (1.0 + row as f64 / 64.0)).collect();
        let rows = values.len();
        let mut inverse = vec![0.0; rows * rows];
        (0..rows).for_each(|row| inverse[row * rows + row] = 1.0);
        Self { customers: left.len(), mixed, values, inverse, gains: vec![0.0; rows] }
    }

    /// The prices at the end, none negative; `None` where the weights sum to `enough`.
    fn prices(mut self, enough: f64) -> Option<Vec<f64>> {
        let rows = self.values.len();
        for _ in 0..PIVOTS_MAX {
            let sum: f64 = self.gains.iter().zip(&self.values).map(|(gain, value)| gain * value).sum();
            if sum >= enough {
                return None;
            }
            let mut prices = vec![0.0; rows];
            for (row, _) in self.gains.iter().enumerate().filter(|(_, gain)| **gain > 0.0) {
                let inverse = &self.inverse[row * rows..(row + 1) * rows];
                prices.iter_mut().zip(inverse).for_each(|(price, entry)| *price += entry);
            }
            let lowest = (0..rows).min_by(|&a, &b| prices[a].total_cmp(&prices[b]))?;
            if prices[lowest] < -1e-7 {
                let column: Vec<f64> = (0..rows).map(|row| self.inverse[row * rows + lowest]).collect();
                self.pivot(&column, 0.0)?;
                continue;
            }
            for price in &mut prices {
                *price = price.max(0.0);
            }
            let (cost, family) = self.cheapest(&prices);
            if cost > 1.0 - 1e-6 {
                return Some(prices);
            }
            let column = (0..rows).map(|row| {
                let inverse = &self.inverse[row * rows..(row + 1) * rows];
                family.iter().map(|&at| inverse[at]).sum()
            });
            let column: Vec<f64> = column.collect();
            self.pivot(&column, 1.0)?;
        }
        None
    }

    /// The family of least price, and the rows it stands in.
    fn cheapest(&self, prices: &[f64]) -> (f64, Vec<usize>) {
        let (customers, kinds) = prices.split_at(self.customers);
        let left = sums(customers);
        let all = left.len() - 1;
        let mut least = vec![f64::INFINITY; left.len()];
        let mut last = vec![(0, 0); left.len()];
        least[0] = 0.0;
        for (at, ((kind, _), price)) in self.mixed.iter().zip(kinds).enumerate() {
            for cover in 0..=all {
                let (with, cost) = (cover | usize::from(*kind), least[cover] + price);
                if cost < least[with] {
                    (least[with], last[with]) = (cost, (cover, at));
                }
            }
        }
        let cost = |cover: usize| least[cover] + left[all & !cover];
        let best = (0..=all).min_by(|&a, &b| cost(a).total_cmp(&cost(b))).expect("there is the family of none");
        let mut rows: Vec<usize> = (0..self.customers).filter(|&j| best >> j & 1 == 0).collect();
        let mut cover = best;
        while cover != 0 {
            let (before, at) = last[cover];
            rows.push(self.customers + at);
            cover = before;
        }
        (cost(best), rows)
    }

    /// Brings a column in, given as the basis sees it.
    fn pivot(&mut self, column: &[f64], gain: f64) -> Option<()> {
        let rows = column.len();
        let ratio = |row: &usize| self.values[*row] / column[*row];
        let out = (0..rows).filter(|&row| column[row] > 1e-9).min_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
        let by = self.values[out] / column[out];
        let pivot: Vec<f64> = self.inverse[out * rows..(out + 1) * rows].iter().map(|x| x / column[out]).collect();
        for row in (0..rows).filter(|&row| row != out && column[row] != 0.0) {
            self.values[row] = (self.values[row] - by * column[row]).max(0.0);
            let inverse = &mut self.inverse[row * rows..(row + 1) * rows];
            inverse.iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= column[row] * pivot);
        }
        self.inverse[out * rows..(out + 1) * rows].copy_from_slice(&pivot);
        (self.values[out], self.gains[out]) = (by, gain);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;

    #[test]
    fn every_family_obeys_the_inequality_that_a_mixture_breaks_by_what_is_said() {
        let mut seen = 0;
        for seed in 0..1_000 {
            let mut rng = seeded(seed, 0);
            let k = 3 + usize::try_from(rng.below(3)).unwrap();
            let mut kinds: Vec<Kind> = (0..9).map(|_| u8::try_from(1 + rng.below((1 << k) - 1)).unwrap()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let mixed: Vec<(Kind, f64)> = kinds.iter().step_by(2).map(|&kind| (kind, 0.3 + 0.3 * rng.unit())).collect();
            let others: Vec<Kind> = kinds.iter().skip(1).step_by(2).copied().collect();
            let share = |j: usize| mixed.iter().filter(|(kind, _)| kind >> j & 1 == 1).map(|(_, z)| z).sum::<f64>();
            let left: Vec<f64> = (0..k).map(|j| (1.0 - share(j)).max(0.0)).collect();
            let Some((short, facet)) = facet(&left, &mixed, &others, 0.01) else { continue };
            seen += 1;
            for family in 0..1u32 << kinds.len() {
                let chosen = || kinds.iter().enumerate().filter(|(at, _)| family >> at & 1 == 1).map(|(_, kind)| *kind);
                let cover = chosen().fold(0, |cover, kind| cover | kind);
                let left = (0..k).filter(|j| cover >> j & 1 == 0).map(|j| u32::from(facet.customers[j])).sum::<u32>();
                let sum = left + chosen().map(|kind| u32::from(facet.kinds[usize::from(kind)])).sum::<u32>();
                assert!(sum >= facet.right.into(), "seed {seed}, family {family:b}: {facet:?}");
            }
            let paid = (0..k).map(|j| f64::from(facet.customers[j]) * left[j]).sum::<f64>()
                + mixed.iter().map(|(kind, z)| f64::from(facet.kinds[usize::from(*kind)]) * z).sum::<f64>();
            let right = f64::from(facet.right);
            assert!((right - paid - short * right).abs() < 1e-9, "seed {seed}: {facet:?} is short by {short}");
            // What is said is short by at least the least that was asked.
            assert!(short >= 0.01);
        }
        assert!(seen > 40, "{seen} inequalities were looked at");
    }

    #[test]
    fn half_of_each_pair_of_three_breaks_the_odd_hole() {
        let (_, found) = facet(&[0.0; 3], &[(0b011, 0.5), (0b101, 0.5), (0b110, 0.5)], &[0b111, 0b001], 0.01).unwrap();
        assert_eq!((found.right, found.customers), (2, vec![1; 3]));
        assert_eq!([0b011, 0b101, 0b110, 0b111, 0b001].map(|kind: usize| found.kinds[kind]), [1, 1, 1, 2, 1]);
    }
}

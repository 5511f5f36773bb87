//! Levels of the slots of one kind, and the cheapest levels that nothing rules out.
//!
//! The people on duty in the leanest slot of a kind are its level: a sum of whole sections. Costs fall
//! with the level, kind by kind. Prices `pi_sc >= 0` of a section of class `c` on duty in a slot rule
//! out levels `L` of all kinds together when every way to reach them is worth more than the sections
//! can bring:
//!
//! ```text
//! sum_k sum over s in k of min { sum_c n_c pi_sc : n fills L_k seats } > sum_j n_j max over patterns of sum_s pi_sc(j) a_s
//! ```
//!
//! Invariant: both sides are whole numbers, so that no float can rule anything out.

use crate::cover::Class;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Most comparisons of dues in one search, up to the last choice opened.
const WORK_MAX: usize = 100_000_000;

/// What the slots of one kind can be filled to.
pub(crate) struct Stairs {
    pub slots: Vec<usize>,
    /// Seats of each level, ascending from 0, each cheaper than the one before.
    pub seats: Vec<u32>,
    /// Cost of the kind at each level.
    pub costs: Vec<i64>,
    /// Units of each class, and the seats they fill, by seats descending.
    fills: Vec<(u32, Vec<u32>)>,
}

impl Stairs {
    /// The levels of some slots of which at most `wanted` seats are wanted; `cost` is that of the slots at a level.
    pub(crate) fn new(slots: Vec<usize>, classes: &[Class], wanted: u32, cost: impl Fn(&[usize], u32) -> i64) -> Self {
        let mut fills = fills(classes, wanted);
        fills.sort_unstable_by(|a, b| b.cmp(a));
        let (mut seats, mut costs) = (vec![0], vec![cost(&slots, 0)]);
        for filled in fills.iter().rev().map(|fill| fill.0.min(wanted)) {
            let now = cost(&slots, filled);
            if now < costs[costs.len() - 1] {
                seats.push(filled);
                costs.push(now);
            }
        }
        Self { slots, seats, costs, fills }
    }

    /// The level of so many persons on duty in the leanest slot.
    pub(crate) fn level(&self, covered: u32) -> usize {
        self.seats.partition_point(|&seats| seats <= covered) - 1
    }

    /// For each level the least that sections on duty in all its slots are worth, at prices with the
    /// classes of a slot beside each other.
    fn dues(&self, classes: usize, prices: &[i64]) -> Vec<i64> {
        let mut dues = vec![0; self.seats.len()];
        for &slot in &self.slots {
            let prices = &prices[slot * classes..][..classes];
            let mut fills = self.fills.iter().peekable();
            let mut least = i64::MAX;
            for (due, &seats) in dues.iter_mut().zip(&self.seats).rev() {
                while let Some((_, units)) = fills.next_if(|fill| fill.0 >= seats) {
                    least = least.min(units.iter().zip(prices).map(|(units, price)| i64::from(*units) * price).sum());
                }
                *due += least;
            }
        }
        dues
    }
}

/// All units of the classes that can fill up to `wanted` seats, one unit beyond where that reaches it.
fn fills(classes: &[Class], wanted: u32) -> Vec<(u32, Vec<u32>)> {
    let mut fills = vec![(0, Vec::new())];
    for class in classes {
        let most = if class.seats == 0 { 0 } else { class.count.min(wanted.div_ceil(class.seats)) };
        let longer = |(seats, units): &(u32, Vec<u32>)| {
            let (seats, units) = (*seats, units.clone());
            (0..=most).map(move |more| (seats + more * class.seats, units.iter().copied().chain([more]).collect()))
        };
        fills = fills.iter().flat_map(longer).collect();
    }
    fills
}

/// What prices say of levels.
pub(crate) struct Cut {
    /// Of each kind, by level.
    dues: Vec<Vec<i64>>,
    /// What the sections can bring at these prices.
    saved: i64,
}

impl Cut {
    pub(crate) fn new(stairs: &[Stairs], classes: usize, prices: &[i64], saved: i64) -> Self {
        Self { dues: stairs.iter().map(|stairs| stairs.dues(classes, prices)).collect(), saved }
    }

    pub(crate) fn rules_out(&self, levels: &[usize]) -> bool {
        self.dues.iter().zip(levels).map(|(dues, &level)| dues[level]).sum::<i64>() > self.saved
    }
}

pub(crate) fn cost(stairs: &[Stairs], levels: &[usize]) -> i64 {
    stairs.iter().zip(levels).map(|(stairs, &level)| stairs.costs[level]).sum()
}

/// What [`cheapest`] found.
pub(crate) struct Cheapest {
    /// Levels that may be looked at, if the search came to them.
    pub levels: Option<Vec<usize>>,
    /// No levels that may be looked at cost less.
    pub bound: i64,
}

/// The cheapest levels that no cut rules out and `may` allows, of those that cost at least `least`.
/// `may` is asked of whole choices only. Best first, by the cost of the kinds chosen for and the least
/// that the others can still come to.
pub(crate) fn cheapest(stairs: &[Stairs], cuts: &[Cut], least: i64, may: impl Fn(&[usize]) -> bool) -> Cheapest {
    let mut open = BinaryHeap::from([Reverse((0i64, Vec::<usize>::new()))]);
    let mut work = 0;
    while let Some(Reverse((bound, levels))) = open.pop() {
        if levels.len() == stairs.len() {
            return Cheapest { levels: Some(levels), bound };
        }
        if work > WORK_MAX {
            return Cheapest { levels: None, bound };
        }
        let left: Vec<i64> = cuts
            .iter()
            .map(|cut| cut.saved - cut.dues.iter().zip(&levels).map(|(dues, &level)| dues[level]).sum::<i64>())
            .collect();
        let chosen = cost(stairs, &levels);
        let at = levels.len();
        let is_last = at + 1 == stairs.len();
        for level in 0..stairs[at].seats.len() {
            let left = |cut: usize| left[cut] - cuts[cut].dues[at][level];
            if (0..cuts.len()).any(|cut| left(cut) < 0) {
                // Dues do not fall with the level.
                break;
            }
            work += (1 + cuts.len()) * stairs[at + 1..].iter().map(|stairs| stairs.seats.len()).sum::<usize>();
            let rest = (at + 1..stairs.len()).map(|kind| {
                let dues = |level: usize| (0..cuts.len()).all(|cut| cuts[cut].dues[kind][level] <= left(cut));
                let highest = (0..stairs[kind].seats.len()).rev().find(|&level| dues(level)).unwrap_or(0);
                stairs[kind].costs[highest]
            });
            let bound = chosen + stairs[at].costs[level] + rest.sum::<i64>();
            let mut next = levels.clone();
            next.push(level);
            if !is_last || (bound >= least && may(&next)) {
                open.push(Reverse((bound, next)));
            }
        }
    }
    Cheapest { levels: None, bound: i64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;

    #[test]
    fn the_cheapest_levels_are_those_of_all_that_no_cut_rules_out() {
        let mut rng = seeded(3, 0);
        let mut below = |bound: u64| u32::try_from(rng.below(bound)).unwrap();
        for _ in 0..200 {
            let classes: Vec<Class> =
                (0..=below(2)).map(|_| Class { seats: 1 + below(8), count: 1 + below(4) }).collect();
            let mut slot = 0;
            let mut kind = || {
                let slots: Vec<usize> = (0..=below(3) as usize).map(|at| slot + at).collect();
                slot += slots.len();
                let (wanted, price) = (below(25), i64::from(below(4)));
                Stairs::new(slots, &classes, wanted, |_, seats| price * i64::from(wanted.saturating_sub(seats)))
            };
            let stairs = [kind(), kind(), kind()];
            let mut cut = || {
                let prices: Vec<i64> = (0..slot * classes.len()).map(|_| below(9).into()).collect();
                Cut::new(&stairs, classes.len(), &prices, below(200).into())
            };
            let cuts = [cut(), cut()];
            let mut all = Vec::new();
            for a in 0..stairs[0].seats.len() {
                for b in 0..stairs[1].seats.len() {
                    all.extend((0..stairs[2].seats.len()).map(|c| vec![a, b, c]));
                }
            }
            let allowed = all.iter().filter(|levels| !cuts.iter().any(|cut| cut.rules_out(levels)));
            let least = allowed.map(|levels| cost(&stairs, levels)).min().unwrap();
            let found = cheapest(&stairs, &cuts, 0, |_| true);
            assert_eq!(found.bound, least);
            assert_eq!(cost(&stairs, &found.levels.unwrap()), least);
        }
    }

    #[test]
    fn dues_are_the_least_worth_of_all_fills_of_a_level() {
        let classes = [Class { seats: 8, count: 3 }, Class { seats: 5, count: 1 }];
        let stairs = Stairs::new(vec![0, 1], &classes, 20, |_, seats| 20 - i64::from(seats.min(20)));
        // 0, 5, 8, 13, 16 and beyond 20 persons: 21, 24, 29.
        assert_eq!(stairs.seats, [0, 5, 8, 13, 16, 20]);
        // Slot 0: 3 for eight, 1 for five; slot 1: 1 and 4. 5 seats are 1 and 1, 8 are 3 and 1, 13 are
        // 4 and 2, 16 are 6 and 2, 20 are 7 (two of eight, one of five) and 3.
        assert_eq!(stairs.dues(2, &[3, 1, 1, 4]), [0, 2, 4, 6, 8, 10]);
        let level = |covered| stairs.seats[stairs.level(covered)];
        assert_eq!([0, 4, 5, 12, 19, 20, 99].map(level), [0, 0, 5, 8, 16, 20, 20]);
    }
}

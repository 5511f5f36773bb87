//! What the people on duty earn at the prices of a leaf: at a price per seat, or in whole things.

use super::super::lineup::{State, cheapest};
use super::super::model::{Crew, members};

/// Contingents with more seats left are counted at their price alone: with many seats, whole things come near
/// to it, and the table of the knapsack is long.
const SEATS_MAX: u32 = 400;
/// Things times seats of the longest table.
const TABLE_MAX: usize = 250_000;

/// Things that a contingent may hold and that are alike.
struct Item {
    seats: u32,
    worth: f64,
    copies: u32,
}

/// The things of a leaf, by who may hold them.
pub(super) struct Earned<'a> {
    mu: &'a [f64],
    left: &'a [u32],
    /// What is earned whoever holds what.
    sum: f64,
    /// What things that one contingent alone may hold earn above their price.
    above: Vec<f64>,
    /// `None` where a contingent is counted at its price.
    items: Vec<Option<Vec<Item>>>,
}

impl<'a> Earned<'a> {
    /// Nothing yet, at a price per seat of each contingent and the seats that what it holds leaves it.
    pub(super) fn new(mu: &'a [f64], left: &'a [u32], counts_whole_seats: bool) -> Self {
        let items = left.iter().map(|&left| (counts_whole_seats && left <= SEATS_MAX).then(Vec::new)).collect();
        Self { mu, left, sum: 0.0, above: vec![0.0; mu.len()], items }
    }

    /// A thing that somebody must hold, and that nobody holds yet.
    pub(super) fn must(&mut self, crew: Crew, gain: f64, seats: u32) {
        let price = cheapest(crew, self.mu) * f64::from(seats);
        self.sum += gain - price;
        self.put(crew, seats, price, 1);
    }

    /// A thing that is held, or free for some to hold or not; so many alike.
    pub(super) fn may(&mut self, state: State, gain: f64, seats: u32, copies: u32) {
        if state.held.is_some() {
            self.sum += gain;
            return;
        }
        let price = cheapest(state.free, self.mu) * f64::from(seats);
        if state.free.is_power_of_two() {
            self.above[state.free.trailing_zeros() as usize] += f64::from(copies) * (gain - price).max(0.0);
            self.put(state.free, seats, gain, copies);
        } else if state.free != 0 {
            self.sum += f64::from(copies) * (gain - price).max(0.0);
            self.put(state.free, seats, gain.min(price), copies);
        }
    }

    fn put(&mut self, crew: Crew, seats: u32, worth: f64, copies: u32) {
        for c in members(crew) {
            if let Some(items) = self.items[c].as_mut().filter(|_| worth > 0.0 && seats <= self.left[c]) {
                items.push(Item { seats, worth, copies });
            }
        }
    }

    /// The most that all things earn within the seats, and the contingents that are counted in whole things.
    pub(super) fn worth(self) -> (f64, Vec<usize>) {
        let (mut total, mut whole) = (self.sum, Vec::new());
        for (c, items) in self.items.into_iter().enumerate() {
            let priced = self.mu[c] * f64::from(self.left[c]) + self.above[c];
            let packed = items.map_or(f64::INFINITY, |items| knapsack(&items, self.left[c] as usize));
            if packed < priced * (1.0 - 1e-9) {
                whole.push(c);
            }
            total += if packed < priced * (1.0 - 1e-9) { packed } else { priced };
        }
        (total, whole)
    }
}

/// The most that whole things within so many seats are worth; infinite where that is too long to find out.
fn knapsack(items: &[Item], seats: usize) -> f64 {
    let all: usize = items.iter().map(|item| item.copies as usize).sum();
    if all.saturating_mul(seats) > TABLE_MAX {
        return f64::INFINITY;
    }
    let mut best = vec![0.0f64; seats + 1];
    for item in items.iter().flat_map(|item| (0..item.copies).map(move |_| item)) {
        let size = item.seats as usize;
        for at in (size..=seats).rev() {
            best[at] = best[at].max(best[at - size] + item.worth);
        }
    }
    best[seats]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seats: usize, items: &[(u32, f64, u32)], expect: f64) {
        let items: Vec<Item> = items.iter().map(|&(seats, worth, copies)| Item { seats, worth, copies }).collect();
        assert!((knapsack(&items, seats) - expect).abs() < 1e-12);
    }

    #[test]
    fn whole_things_fill_the_seats() {
        check(0, &[], 0.0);
        check(14, &[(10, 5.0, 1), (8, 4.5, 1)], 5.0);
        check(14, &[(10, 5.0, 1), (8, 4.5, 1), (6, 1.0, 1)], 5.5);
        check(7, &[(3, 2.0, 1), (4, 2.0, 1), (7, 3.9, 1)], 4.0);
        check(9, &[(3, 2.0, 2)], 4.0);
        check(9, &[(3, 2.0, 5)], 6.0);
    }

    #[test]
    fn a_contingent_counts_as_whole_things_where_these_are_worth_less() {
        let free = |free| State { free, held: None };
        let mut earned = Earned::new(&[0.5, 0.4], &[14, 20], true);
        earned.may(free(0b01), 6.0, 10, 1);
        earned.may(free(0b01), 4.5, 8, 1);
        earned.may(free(0b11), 5.0, 8, 1);
        earned.may(State { free: 0, held: Some(0) }, 2.0, 4, 1);
        // The last but one is worth its cheapest price of 3.2 to either, and 1.8 outside.
        let (worth, whole) = earned.worth();
        assert_eq!(whole, [0, 1]);
        assert!((worth - (2.0 + 1.8 + 6.0 + 3.2)).abs() < 1e-12, "{worth}");
    }

    #[test]
    fn without_whole_things_seats_count_at_their_price() {
        let mut earned = Earned::new(&[0.5], &[14], false);
        earned.may(State { free: 1, held: None }, 6.0, 10, 1);
        assert_eq!(earned.worth(), (14.0 * 0.5 + 1.0, Vec::new()));
    }
}

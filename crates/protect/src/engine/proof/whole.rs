//! What the people on duty earn at the prices of a leaf: at a price per seat, or in whole things.

use super::super::lineup::State;
use super::super::model::{Crew, members};

/// Contingents with more seats left are counted at their price alone: with many seats, whole things come near
/// to it, and the table of the knapsack is long.
const SEATS_MAX: u32 = 400;
/// Things times seats of the longest table.
const TABLE_MAX: usize = 250_000;

/// A thing that somebody may hold, or several alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thing {
    pub state: State,
    /// What it earns, without its seats.
    pub gain: f64,
    pub seats: u32,
    pub copies: u32,
    /// Whether somebody has to hold it.
    pub must: bool,
}

/// A thing within the seats of a contingent.
struct Item {
    seats: u32,
    worth: f64,
    copies: u32,
}

/// The most that all things earn at a price per seat of each contingent, with the seats that what it holds leaves
/// it, and the contingents that are counted in whole things.
pub(super) fn earned(things: &[Thing], mu: &[f64], left: &[u32], counts_whole_seats: bool) -> (f64, Vec<usize>) {
    let mut total = 0.0;
    // What a contingent has at its price: its seats, and what is above the price of things that it alone may hold.
    let mut priced: Vec<f64> = mu.iter().zip(left).map(|(mu, &left)| mu * f64::from(left)).collect();
    let mut items: Vec<Option<Vec<Item>>> =
        left.iter().map(|&left| (counts_whole_seats && left <= SEATS_MAX).then(Vec::new)).collect();
    for thing in things {
        if thing.state.held.is_some() {
            total += thing.gain;
            continue;
        }
        let Some(cheapest) = cheapest_of(thing.state.free, mu) else { continue };
        let copies = f64::from(thing.copies);
        let price = mu[cheapest] * f64::from(thing.seats);
        let above = thing.gain - price;
        let worth = if thing.must {
            total += above;
            price
        } else if thing.state.free.is_power_of_two() {
            priced[cheapest] += copies * above.max(0.0);
            thing.gain
        } else {
            total += copies * above.max(0.0);
            thing.gain.min(price)
        };
        for c in members(thing.state.free) {
            if let Some(items) = items[c].as_mut().filter(|_| worth > 0.0 && thing.seats <= left[c]) {
                items.push(Item { seats: thing.seats, worth, copies: thing.copies });
            }
        }
    }
    let mut whole = Vec::new();
    for (c, items) in items.into_iter().enumerate() {
        let packed = items.and_then(|items| knapsack(&items, left[c] as usize));
        let packed = packed.filter(|packed| *packed < priced[c] * (1.0 - 1e-9));
        total += packed.unwrap_or(priced[c]);
        whole.extend(packed.map(|_| c));
    }
    (total, whole)
}

/// Whose price per seat is the lowest; of equals the first.
fn cheapest_of(crew: Crew, mu: &[f64]) -> Option<usize> {
    members(crew).min_by(|&a, &b| mu[a].total_cmp(&mu[b]))
}

/// The most that whole things within so many seats are worth; `None` where that is too long to find out.
fn knapsack(items: &[Item], seats: usize) -> Option<f64> {
    let all: usize = items.iter().map(|item| item.copies as usize).sum();
    if all.saturating_mul(seats + 1) > TABLE_MAX {
        return None;
    }
    let mut best = vec![0.0f64; seats + 1];
    for item in items.iter().flat_map(|item| (0..item.copies).map(move |_| item)) {
        let size = item.seats as usize;
        for at in (size..=seats).rev() {
            best[at] = best[at].max(best[at - size] + item.worth);
        }
    }
    Some(best[seats])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seats: usize, items: &[(u32, f64, u32)], expect: f64) {
        let items: Vec<Item> = items.iter().map(|&(seats, worth, copies)| Item { seats, worth, copies }).collect();
        let worth = knapsack(&items, seats).unwrap();
        assert!((worth - expect).abs() < 1e-12, "{worth}");
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
    fn too_long_a_table_is_not_begun() {
        assert_eq!(knapsack(&[Item { seats: 1, worth: 1.0, copies: 1_000 }], 400), None);
    }

    fn thing(free: Crew, gain: f64, seats: u32) -> Thing {
        Thing { state: State { free, held: None }, gain, seats, copies: 1, must: false }
    }

    #[test]
    fn a_contingent_counts_in_whole_things_where_these_are_worth_less() {
        let held = Thing { state: State { free: 0, held: Some(0) }, ..thing(0, 2.0, 4) };
        let things = [thing(0b01, 6.0, 10), thing(0b01, 4.5, 8), thing(0b11, 5.0, 8), held];
        let (worth, whole) = earned(&things, &[0.5, 0.4], &[14, 20], true);
        // The third is worth its cheapest price of 3.2 to either, and 1.8 outside.
        assert_eq!(whole, [0, 1]);
        assert!((worth - (2.0 + 1.8 + 6.0 + 3.2)).abs() < 1e-12, "{worth}");
    }

    #[test]
    fn what_must_be_held_counts_whatever_its_sign() {
        let must = Thing { must: true, ..thing(0b11, 0.3, 4) };
        let (worth, whole) = earned(&[must, thing(0b01, 6.0, 10)], &[0.5, 0.4], &[12, 4], true);
        assert_eq!(whole, [0]);
        // Outside 0.3 - 1.6; the first has 10 seats of 6.0 or 4 of 1.6, the second its four seats at 0.4.
        assert!((worth - (0.3 - 1.6 + 6.0 + 1.6)).abs() < 1e-12, "{worth}");
    }

    #[test]
    fn without_whole_things_seats_count_at_their_price() {
        assert_eq!(earned(&[thing(1, 6.0, 10)], &[0.5], &[14], false), (14.0 * 0.5 + 1.0, Vec::new()));
    }
}

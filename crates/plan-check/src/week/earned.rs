//! What the people on duty earn at most at the prices of a leaf: at a price per seat or, for contingents that
//! the leaf names, by the best choice of whole things within their seats.

use crate::Refusal;
use crate::file::limits;
use num_bigint::BigInt;

/// A thing that somebody may hold.
#[derive(Clone)]
pub(super) struct State {
    /// Who still may, one bit each.
    pub free: u64,
    pub held: Option<usize>,
}

/// Things of a contingent that are alike.
struct Item {
    seats: usize,
    worth: BigInt,
    copies: u32,
}

/// The things of a leaf.
pub(super) struct Earned<'a> {
    prices: &'a [BigInt],
    left: &'a [u64],
    total: BigInt,
    /// Things of each contingent whose seats count whole; `None` for the others.
    things: Vec<Option<Vec<Item>>>,
}

impl<'a> Earned<'a> {
    /// Nothing yet, at prices per seat and with the seats that are left to each contingent.
    pub(super) fn new(prices: &'a [BigInt], left: &'a [u64], whole: &[u32]) -> Result<Self, Refusal> {
        let rising = whole.windows(2).all(|pair| pair[0] < pair[1]);
        if !rising || whole.last().is_some_and(|last| *last as usize >= prices.len()) {
            let why = format!("a leaf counts whole seats of contingents {whole:?}, which is no ascending list of them");
            return Err(Refusal::Certificate(why));
        }
        let mut things: Vec<Option<Vec<Item>>> = prices.iter().map(|_| None).collect();
        for &c in whole {
            things[c as usize] = Some(Vec::new());
        }
        let priced = prices.iter().zip(left).zip(&things).filter(|(_, things)| things.is_none());
        let total = priced.map(|((price, &left), _)| price * left).sum();
        Ok(Self { prices, left, total, things })
    }

    /// A thing, or several alike, that earn `gain` each; `must` if one of those who may hold it has to.
    pub(super) fn thing(&mut self, state: &State, gain: BigInt, seats: u32, copies: u32, must: bool) {
        if state.held.is_some() {
            self.total += gain;
            return;
        }
        let crew: Vec<usize> = (0..self.prices.len()).filter(|c| state.free >> c & 1 == 1).collect();
        let Some(price) = crew.iter().map(|&c| &self.prices[c]).min() else { return };
        let price = price * seats;
        let zero = BigInt::from(0);
        // Who alone may hold a thing has all that it earns, if whole things are counted; else, as where several
        // may, what is above the cheapest price is counted here and the rest within somebody's seats.
        let alone = crew.len() == 1 && !must;
        let within = match self.things[crew[0]] {
            Some(_) if alone => gain,
            _ => {
                let above = &gain - &price;
                self.total += if must { above } else { above.max(zero) * copies };
                if must { price } else { gain.min(price) }
            }
        };
        for c in crew {
            if let Some(things) = &mut self.things[c] {
                things.push(Item { seats: seats as usize, worth: within.clone(), copies });
            }
        }
    }

    /// The most that everything earns.
    pub(super) fn most(self) -> Result<BigInt, Refusal> {
        let mut total = self.total;
        for (c, things) in self.things.into_iter().enumerate() {
            total += things.map_or(Ok(BigInt::from(0)), |things| knapsack(&things, self.left[c]))?;
        }
        Ok(total)
    }
}

/// The most that whole things within so many seats are worth.
fn knapsack(things: &[Item], seats: u64) -> Result<BigInt, Refusal> {
    let copies: u64 = things.iter().map(|item| u64::from(item.copies)).sum();
    let most = limits::WHOLE_SEATS_CELLS_MAX;
    if copies.saturating_mul(seats) > most {
        return Err(Refusal::TooLarge(format!(
            "a leaf counts {seats} seats whole for {copies} things; at most {most} of both multiplied are checked"
        )));
    }
    let seats = usize::try_from(seats).expect("limited above");
    let mut best = vec![BigInt::from(0); seats + 1];
    for item in things.iter().flat_map(|item| (0..item.copies).map(move |_| item)) {
        for at in (item.seats..=seats).rev() {
            let with = &best[at - item.seats] + &item.worth;
            if with > best[at] {
                best[at] = with;
            }
        }
    }
    Ok(best.swap_remove(seats))
}

//! A knapsack of posts.

/// A post that may be packed.
pub(crate) struct Item {
    pub site: usize,
    pub seats: usize,
    pub gain: f64,
}

impl Item {
    pub(crate) fn density(&self) -> f64 {
        self.gain / self.seats as f64
    }
}

/// Tables no larger than this are solved exactly.
const CELLS_MAX: usize = 4_000_000;

/// Indices of the items packed, from items sorted by density, and the density at which greedy
/// packing first fails (0 when everything fits).
pub(crate) fn pack(items: &[Item], seats: usize) -> (Vec<usize>, f64) {
    let mut left = seats;
    let mut greedy = Vec::new();
    let mut price = 0.0;
    for (ix, item) in items.iter().enumerate() {
        if item.seats <= left {
            left -= item.seats;
            greedy.push(ix);
        } else if price == 0.0 {
            price = item.density();
        }
    }
    let width = seats + 1;
    if price == 0.0 {
        return (greedy, price);
    }
    // Items far from the break density are settled: the Dantzig bound with the item forced in, or
    // out, falls below the greedy value.
    let greedy_gain: f64 = greedy.iter().map(|&ix| items[ix].gain).sum();
    let bound = dantzig(items, seats);
    let slack = bound - greedy_gain + 1e-12 * bound;
    let net = |ix: usize| items[ix].gain - price * items[ix].seats as f64;
    let mut chosen: Vec<usize> = (0..items.len()).filter(|&ix| net(ix) > slack).collect();
    let kept: Vec<usize> = (0..items.len()).filter(|&ix| net(ix).abs() <= slack).collect();
    let taken_seats: usize = chosen.iter().map(|&ix| items[ix].seats).sum();
    if taken_seats > seats || kept.len().saturating_mul(width) > CELLS_MAX {
        return (greedy, price);
    }
    let width = seats - taken_seats + 1;
    let mut best = vec![0.0f64; width];
    let mut taken = vec![false; kept.len() * width];
    for (row, &ix) in kept.iter().enumerate() {
        let (size, gain) = (items[ix].seats, items[ix].gain);
        for room in (size..width).rev() {
            let with = best[room - size] + gain;
            if with > best[room] {
                best[room] = with;
                taken[row * width + room] = true;
            }
        }
    }
    let mut room = width - 1;
    for (row, &ix) in kept.iter().enumerate().rev() {
        if taken[row * width + room] {
            chosen.push(ix);
            room -= items[ix].seats;
        }
    }
    chosen.sort_unstable();
    (chosen, price)
}

/// The fractional knapsack bound, items sorted by density.
fn dantzig(items: &[Item], seats: usize) -> f64 {
    let (mut left, mut total) = (seats as f64, 0.0);
    for item in items {
        let part = (left / item.seats as f64).min(1.0);
        total += part * item.gain;
        left -= part * item.seats as f64;
        if left <= 0.0 {
            break;
        }
    }
    total
}

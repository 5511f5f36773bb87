//! The best schedule against given weights: `max sum_i U_i c_i(S)` over whole-number schedules.
//!
//! Once it is decided where reaction forces wait, posts are a knapsack, solved exactly by dynamic
//! programming while seats are few. Where forces wait is found by local search (add, drop, swap)
//! on the Lagrangian value at a price per seat, which costs one pass over the sites.

use crate::model::Model;
use crate::relax::{Fix, Fixing};

/// A whole-number schedule, in the model's indices, sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Duty {
    pub posts: Vec<usize>,
    pub bases: Vec<usize>,
}

impl Duty {
    /// Protection of every site.
    pub(crate) fn cover(&self, model: &Model) -> Vec<f64> {
        let mut open = vec![false; model.bases()];
        self.bases.iter().for_each(|&b| open[b] = true);
        let mut cover = best_help(model, &open);
        for &i in &self.posts {
            cover[i] = cover[i].max(model.post_effect);
        }
        cover
    }

    pub(crate) fn seats(&self, model: &Model) -> u32 {
        self.posts.iter().map(|&i| model.seats[i]).sum::<u32>()
            + self.bases.iter().map(|&b| model.base_seats[b]).sum::<u32>()
    }
}

/// Effect of the best open base on each site.
pub(crate) fn best_help(model: &Model, open: &[bool]) -> Vec<f64> {
    let best =
        |list: &Vec<crate::model::Help>| list.iter().find(|help| open[help.base]).map_or(0.0, |help| help.effect);
    model.help.iter().map(best).collect()
}

pub(crate) fn dot(weights: &[f64], cover: &[f64]) -> f64 {
    weights.iter().zip(cover).map(|(u, c)| u * c).sum()
}

/// Tables of knapsacks no larger than this are solved exactly.
const KNAPSACK_CELLS_MAX: usize = 4_000_000;

/// Mandatory posts, and the posts that add most to what `open` bases give, within the seats.
/// Returns the duty and the price of a seat at which posts stop paying.
pub(crate) fn complete(model: &Model, fix: &Fixing, weights: &[f64], open: &[bool]) -> Option<(Duty, f64)> {
    let bases: Vec<usize> = (0..model.bases()).filter(|&b| open[b]).collect();
    let spent: u64 = bases.iter().filter(|&&b| fix.base[b] != Fix::In).map(|&b| u64::from(model.base_seats[b])).sum();
    let left = u64::from(fix.seats_left).checked_sub(spent)?;
    let left = usize::try_from(left).ok()?;
    let help = best_help(model, open);
    let mut posts: Vec<usize> = (0..model.sites()).filter(|&i| fix.site[i] == Fix::In).collect();
    let mut items: Vec<Item> = (0..model.sites())
        .filter(|&i| fix.site[i] == Fix::Free && model.seats[i] as usize <= left)
        .map(|i| Item { site: i, seats: model.seats[i] as usize, gain: weights[i] * (model.post_effect - help[i]) })
        .filter(|item| item.gain > 0.0)
        .collect();
    items.sort_by(|a, b| b.density().total_cmp(&a.density()).then(a.site.cmp(&b.site)));
    let (chosen, price) = pack(&items, left);
    posts.extend(chosen.iter().map(|&ix| items[ix].site));
    posts.sort_unstable();
    let mut duty = Duty { posts, bases };
    fill_idle(model, fix, &mut duty);
    Some((duty, price))
}

/// Seats that would stand idle go to the worst sites that still fit.
pub(crate) fn fill_idle(model: &Model, fix: &Fixing, duty: &mut Duty) {
    let mut seats = model.seats_total.saturating_sub(duty.seats(model));
    if seats == 0 {
        return;
    }
    let cover = duty.cover(model);
    let mut idle: Vec<usize> = (0..model.sites())
        .filter(|&i| fix.site[i] == Fix::Free && model.seats[i] <= seats && cover[i] < model.post_effect)
        .collect();
    let harm = |i: usize| (model.watched[i] + model.forecast[i]) * (1.0 - cover[i]);
    idle.sort_by(|&a, &b| harm(b).total_cmp(&harm(a)).then(a.cmp(&b)));
    for i in idle {
        if model.seats[i] <= seats {
            seats -= model.seats[i];
            duty.posts.push(i);
        }
    }
    duty.posts.sort_unstable();
}

struct Item {
    site: usize,
    seats: usize,
    gain: f64,
}

impl Item {
    fn density(&self) -> f64 {
        self.gain / self.seats as f64
    }
}

/// Indices of the items packed, from items sorted by density, and the density at which greedy
/// packing first fails (0 when everything fits).
fn pack(items: &[Item], seats: usize) -> (Vec<usize>, f64) {
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
    if price == 0.0 || items.len().saturating_mul(width) > KNAPSACK_CELLS_MAX {
        return (greedy, price);
    }
    // Items far below the break density cannot be in an optimum: the Dantzig bound with the item
    // forced in falls below the greedy value.
    let greedy_gain: f64 = greedy.iter().map(|&ix| items[ix].gain).sum();
    let bound = dantzig(items, seats);
    let slack = bound - greedy_gain + 1e-12 * bound;
    let kept: Vec<usize> =
        (0..items.len()).filter(|&ix| items[ix].gain - price * items[ix].seats as f64 >= -slack).collect();
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
    let mut room = seats;
    let mut chosen = Vec::new();
    for (row, &ix) in kept.iter().enumerate().rev() {
        if taken[row * width + room] {
            chosen.push(ix);
            room -= items[ix].seats;
        }
    }
    chosen.reverse();
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

/// A local search over the bases.
pub(crate) struct Search<'a> {
    model: &'a Model,
    fix: &'a Fixing,
    weights: &'a [f64],
}

impl<'a> Search<'a> {
    pub(crate) fn new(model: &'a Model, fix: &'a Fixing, weights: &'a [f64]) -> Self {
        Self { model, fix, weights }
    }

    /// Improves `open` at a price per seat, then completes it with posts; repeated once with the
    /// price that comes out.
    pub(crate) fn from(&self, open: &[bool], price: f64) -> Option<(Duty, f64)> {
        let mut open = self.allowed(open);
        let mut price = price;
        let mut best: Option<(Duty, f64)> = None;
        for _ in 0..3 {
            self.climb(&mut open, price);
            let (duty, new_price) = complete(self.model, self.fix, self.weights, &open)?;
            let gain = dot(self.weights, &duty.cover(self.model));
            let better = best.as_ref().is_none_or(|(_, known)| gain > *known);
            if !better {
                break;
            }
            best = Some((duty, gain));
            let moved = (new_price - price).abs() > 1e-6 * price;
            price = new_price;
            if !moved {
                break;
            }
        }
        best
    }

    /// Improves `open` by what the completed schedule is really worth: slower, but right where
    /// few seats make a price per seat a poor guide. At most `trials` schedules are completed.
    pub(crate) fn exactly_from(&self, open: &[bool], trials: usize) -> Option<(Duty, f64)> {
        let mut open = self.allowed(open);
        let free: Vec<usize> = (0..open.len()).filter(|&b| self.fix.base[b] == Fix::Free).collect();
        let mut best = self.completed(&open)?;
        let mut left = trials;
        let singles = free.iter().map(|&b| [b, b]);
        let pairs = free.iter().flat_map(|&a| free.iter().filter(move |&&b| b != a).map(move |&b| [a, b]));
        let moves: Vec<[usize; 2]> = singles.chain(pairs).collect();
        let mut since = 0;
        // Round and round the moves, until none has helped for a whole round.
        for &[a, b] in moves.iter().cycle() {
            if since == moves.len() || left == 0 {
                break;
            }
            since += 1;
            let exchange = a != b;
            if exchange && (!open[a] || open[b]) {
                continue;
            }
            open[a] = !open[a];
            open[b] = if exchange { !open[b] } else { open[b] };
            if self.spent(&open) <= self.fix.seats_left {
                left -= 1;
                if let Some(found) = self.completed(&open).filter(|found| found.1 > best.1 * (1.0 + 1e-12)) {
                    best = found;
                    since = 0;
                    continue;
                }
            }
            open[a] = !open[a];
            open[b] = if exchange { !open[b] } else { open[b] };
        }
        Some(best)
    }

    fn completed(&self, open: &[bool]) -> Option<(Duty, f64)> {
        let (duty, _) = complete(self.model, self.fix, self.weights, open)?;
        let gain = dot(self.weights, &duty.cover(self.model));
        Some((duty, gain))
    }

    fn allowed(&self, open: &[bool]) -> Vec<bool> {
        let mut left = self.fix.seats_left;
        (0..self.model.bases())
            .map(|b| match self.fix.base[b] {
                Fix::In => true,
                Fix::Out => false,
                Fix::Free => {
                    let fits = open[b] && self.model.base_seats[b] <= left;
                    left -= if fits { self.model.base_seats[b] } else { 0 };
                    fits
                }
            })
            .collect()
    }

    fn spent(&self, open: &[bool]) -> u32 {
        (0..open.len()).filter(|&b| open[b] && self.fix.base[b] == Fix::Free).map(|b| self.model.base_seats[b]).sum()
    }

    fn climb(&self, open: &mut [bool], price: f64) {
        let priced = Priced::new(self.model, self.fix, self.weights, price);
        let free: Vec<usize> = (0..open.len()).filter(|&b| self.fix.base[b] == Fix::Free).collect();
        let fits = |open: &[bool]| self.spent(open) <= self.fix.seats_left;
        let mut worth = priced.worth(open);
        for _ in 0..20 {
            let mut moved = false;
            for &b in &free {
                open[b] = !open[b];
                let new = if fits(open) { priced.worth(open) } else { f64::NEG_INFINITY };
                if new > worth + 1e-9 * worth.abs() {
                    (worth, moved) = (new, true);
                } else {
                    open[b] = !open[b];
                }
            }
            if moved {
                continue;
            }
            for &leaving in &free {
                if !open[leaving] {
                    continue;
                }
                open[leaving] = false;
                let without = priced.levels(open);
                let paid = priced.paid(open);
                let enters = free.iter().copied().filter(|&b| b != leaving).find(|&b| {
                    let new = priced.raised(&without, b) - paid - priced.cost[b];
                    if open[b] || new <= worth + 1e-9 * worth.abs() {
                        return false;
                    }
                    open[b] = true;
                    open[b] = fits(open);
                    worth = if open[b] { new } else { worth };
                    open[b]
                });
                if enters.is_some() {
                    moved = true;
                } else {
                    open[leaving] = true;
                }
            }
            if !moved {
                return;
            }
        }
    }
}

/// `sum_i max(U_i c_i, U_i e_st - price g_i, 0) - price seats` as a function of the open bases, up
/// to a constant: only the sites where some force can beat the post. One row of numbers per base,
/// so that a change of one base is one pass over a row.
struct Priced {
    /// What each site is worth without a force.
    alone: Vec<f64>,
    /// What it is worth with a force at base `b`, in row `b`; 0 where it cannot come.
    with: Vec<f64>,
    /// Price of a force at each base.
    cost: Vec<f64>,
}

impl Priced {
    fn new(model: &Model, fix: &Fixing, weights: &[f64], price: f64) -> Self {
        let cost = (0..model.bases())
            .map(|b| if fix.base[b] == Fix::Free { price * f64::from(model.base_seats[b]) } else { 0.0 })
            .collect();
        let mut alone = Vec::new();
        let mut sites = Vec::new();
        for (i, &weight) in weights.iter().enumerate() {
            let post = match fix.site[i] {
                Fix::In => weight * model.post_effect,
                Fix::Free => (weight * model.post_effect - price * f64::from(model.seats[i])).max(0.0),
                Fix::Out => 0.0,
            };
            if model.help[i].first().is_some_and(|help| weight * help.effect > post) {
                alone.push(post);
                sites.push(i);
            }
        }
        let mut with = vec![0.0; sites.len() * model.bases()];
        for (column, &i) in sites.iter().enumerate() {
            for help in model.help[i].iter().filter(|help| fix.base[help.base] != Fix::Out) {
                with[help.base * sites.len() + column] = weights[i] * help.effect;
            }
        }
        Self { alone, with, cost }
    }

    fn row(&self, base: usize) -> &[f64] {
        &self.with[base * self.alone.len()..(base + 1) * self.alone.len()]
    }

    /// What each site is worth with the open bases.
    fn levels(&self, open: &[bool]) -> Vec<f64> {
        let mut levels = self.alone.clone();
        for base in (0..open.len()).filter(|&b| open[b]) {
            levels.iter_mut().zip(self.row(base)).for_each(|(level, with)| *level = level.max(*with));
        }
        levels
    }

    fn paid(&self, open: &[bool]) -> f64 {
        open.iter().zip(&self.cost).filter(|(open, _)| **open).map(|(_, cost)| cost).sum()
    }

    fn worth(&self, open: &[bool]) -> f64 {
        self.levels(open).iter().sum::<f64>() - self.paid(open)
    }

    /// What all sites are worth when one more base opens.
    fn raised(&self, levels: &[f64], base: usize) -> f64 {
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

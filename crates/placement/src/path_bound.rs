//! The bound of team orienteering, by prices of vertices.
//!
//! With `m` paths and a price `pi_v >= 0` for each vertex,
//!
//! ```text
//! UB(pi) = sum_v pi_v + m max over paths of sum_v (s_v - pi_v)
//! ```
//!
//! is at least the score of every set of paths that visits no vertex twice. The maximum is taken
//! over a larger set of paths, which is easier and only raises the bound: a path may come back to a
//! vertex once it has gone where that vertex is no near neighbour (ng-routes; Baldacci, Mingozzi,
//! Roberti 2011), and lengths are cut to a grid. Prices are multiples of 1/[`SCALE`] and the rest
//! is whole numbers; floats only steer.

use crate::orienteering::Orienteering;

pub(crate) const SCALE: i64 = 1 << 12;
/// Cells of the grid along the limit.
const GRID: u32 = 2_000;
/// Near neighbours that a vertex remembers.
const NEAR: usize = 8;
/// Labels of one search before the memory is made shorter.
const LABELS_MAX: usize = 400_000;
const STEPS_MAX: usize = 250;

/// The instance on the grid, without start, end and vertices out of reach.
struct Grid {
    keep: Vec<usize>,
    score: Vec<i64>,
    from_start: Vec<u32>,
    to_end: Vec<u32>,
    leg: Vec<Vec<u32>>,
    /// Which vertices each remembers having been visited, as bits; itself always.
    near: Vec<u128>,
    cells: u32,
    paths: i64,
}

/// Keeps the legs between chosen vertices; a leg within one cell still takes a cell, and `cells`
/// grows by as many such legs as a path can have.
fn grid(instance: &Orienteering, near_count: usize) -> Grid {
    let n = instance.vertices();
    let end = n - 1;
    let reach =
        |v: &usize| instance.score[*v] > 0 && instance.length[0][*v] + instance.length[*v][end] <= instance.limit;
    let keep: Vec<usize> = (1..end).filter(reach).collect();
    // A visit of no gain is left out of a path, which makes it no longer: lengths are shortest.
    let limit = instance.limit.max(1);
    let mut short = false;
    let mut cell = |from: usize, to: usize| {
        let cells = u128::from(instance.length[from][to]) * u128::from(GRID) / u128::from(limit);
        short |= cells == 0;
        u32::try_from(cells.max(1)).unwrap_or(u32::MAX / 4).min(u32::MAX / 4)
    };
    let from_start = keep.iter().map(|&v| cell(0, v)).collect();
    let to_end = keep.iter().map(|&v| cell(v, end)).collect();
    let mut leg: Vec<Vec<u32>> =
        keep.iter().map(|&a| keep.iter().map(|&b| if a == b { 0 } else { cell(a, b) }).collect()).collect();
    for (at, row) in leg.iter_mut().enumerate() {
        row[at] = 0;
    }
    let extra = if short { keep.len() + 1 } else { 0 };
    let near = |at: usize| {
        let mut order: Vec<usize> = (0..keep.len()).filter(|&v| v != at).collect();
        order.sort_by_key(|&v| (instance.length[keep[at]][keep[v]], v));
        order.iter().take(near_count).fold(1u128 << at, |bits, &v| bits | 1 << v)
    };
    Grid {
        score: keep.iter().map(|&v| i64::from(instance.score[v]) * SCALE).collect(),
        near: (0..keep.len()).map(near).collect(),
        from_start,
        to_end,
        leg,
        cells: GRID + index(extra),
        keep,
        paths: i64::try_from(instance.paths).expect("at most a thousand"),
    }
}

#[derive(Clone, Copy)]
struct Label {
    gain: i64,
    memory: u128,
    parent: u32,
    vertex: u32,
}

/// The largest gain of one path, and how often it visits each vertex; `None` when it took too many
/// labels. Labels are worked off by length, so one that comes later dominates none before it.
fn best_path(grid: &Grid, gains: &[i64]) -> Option<(i64, Vec<u32>)> {
    let worth: Vec<usize> = (0..gains.len()).filter(|&v| gains[v] > 0).collect();
    let mut labels: Vec<Label> = Vec::new();
    let mut at_length: Vec<Vec<u32>> = vec![Vec::new(); grid.cells as usize + 1];
    let mut settled: Vec<Vec<(i64, u128)>> = vec![Vec::new(); gains.len()];
    let mut best = (0, u32::MAX);
    for &v in &worth {
        let (there, back) = (grid.from_start[v], grid.to_end[v]);
        if there + back <= grid.cells {
            at_length[there as usize].push(u32::try_from(labels.len()).expect("capped"));
            labels.push(Label { gain: gains[v], memory: 1 << v, parent: u32::MAX, vertex: index(v) });
        }
    }
    for length in 0..=grid.cells {
        for place in 0..at_length[length as usize].len() {
            let ix = at_length[length as usize][place];
            let label = labels[ix as usize];
            let v = label.vertex as usize;
            let beaten = |&(gain, memory): &(i64, u128)| gain >= label.gain && memory & !label.memory == 0;
            if settled[v].iter().any(beaten) {
                continue;
            }
            settled[v].push((label.gain, label.memory));
            if label.gain > best.0 {
                best = (label.gain, ix);
            }
            for &w in &worth {
                let next = length + grid.leg[v][w];
                if label.memory >> w & 1 == 1 || next + grid.to_end[w] > grid.cells {
                    continue;
                }
                let memory = (label.memory & grid.near[w]) | 1 << w;
                at_length[next as usize].push(u32::try_from(labels.len()).expect("capped"));
                labels.push(Label { gain: label.gain + gains[w], memory, parent: ix, vertex: index(w) });
            }
            if labels.len() > LABELS_MAX {
                return None;
            }
        }
    }
    let mut visits = vec![0; gains.len()];
    let mut at = best.1;
    while at != u32::MAX {
        visits[labels[at as usize].vertex as usize] += 1;
        at = labels[at as usize].parent;
    }
    Some((best.0, visits))
}

fn index(v: usize) -> u32 {
    u32::try_from(v).expect("at most 130 vertices")
}

/// A bound and the prices that give it.
pub(crate) struct Priced {
    pub bound: u64,
    /// Vertices that a path can visit and that score.
    pub keep: Vec<usize>,
    /// `pi` of each of them.
    pub prices: Vec<i64>,
    /// No path gains more at these prices.
    pub gain_max: i64,
}

/// The least `UB` that the volume algorithm (Barahona and Anbil 2000) finds, rounded down.
pub(crate) fn bound(instance: &Orienteering, value: u64, stop: &dyn Fn() -> bool) -> Priced {
    let mut near = NEAR;
    let mut grid = grid(instance, near);
    let n = grid.score.len();
    let value = i64::try_from(value).expect("scores are at most a million each");
    let all: i64 = grid.score.iter().sum::<i64>() / SCALE;
    let mut prices: Vec<i64> = grid.score.iter().map(|score| score / 2).collect();
    let mut known = prices.clone();
    // Without any step: every vertex at its score, so that no path gains.
    let mut priced = grid.score.clone();
    let (mut least, mut gain_max) = (all * SCALE, 0);
    let mut mean = vec![0.0f64; n];
    let (mut factor, mut idle) = (0.5f64, 0);
    for step in 0..STEPS_MAX {
        let gains: Vec<i64> = grid.score.iter().zip(&prices).map(|(score, price)| score - price).collect();
        let Some((gain, visits)) = best_path(&grid, &gains) else {
            // The same prices again, with a shorter memory; without any it always ends in time on
            // instances of this size, or not at all: then the score of all vertices is the bound.
            if near == 0 {
                break;
            }
            near /= 2;
            grid = self::grid(instance, near);
            continue;
        };
        let reached = prices.iter().sum::<i64>() + grid.paths * gain;
        idle += 1;
        let weight = if step == 0 { 1.0 } else { 0.1 };
        for (mean, visits) in mean.iter_mut().zip(&visits) {
            *mean += weight * (grid.paths as f64 * f64::from(*visits) - *mean);
        }
        if reached < least || step == 0 {
            if reached < least {
                factor = (factor * 1.1).min(2.0);
            }
            if reached < least {
                (least, gain_max) = (reached, gain);
                priced.clone_from(&prices);
            }
            known.clone_from(&prices);
            idle = 0;
        }
        if least.div_euclid(SCALE) <= value || factor < 0.002 || stop() {
            break;
        }
        if idle >= 8 {
            factor *= 0.66;
            idle = 0;
        }
        let slope = |v: usize, price: i64| match 1.0 - mean[v] {
            slope if price <= 0 && slope > 0.0 => 0.0,
            slope => slope,
        };
        let norm: f64 = known.iter().enumerate().map(|(v, &price)| slope(v, price).powi(2)).sum();
        if norm < 1e-9 {
            break;
        }
        let length = factor * (least - value * SCALE) as f64 / norm;
        for (v, (price, &from)) in prices.iter_mut().zip(&known).enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
            let change = (slope(v, from) * length).round() as i64;
            *price = from.saturating_sub(change).clamp(0, grid.score[v]);
        }
    }
    let bound = u64::try_from(least.div_euclid(SCALE).max(value)).expect("scores are not negative");
    Priced { bound, keep: grid.keep, prices: priced, gain_max }
}

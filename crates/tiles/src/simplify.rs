//! Which vertices are needed at which zoom.
//!
//! Every vertex gets the first zoom it is needed at, once, for the whole geometry, by the method
//! of Douglas and Peucker: at zoom `z` what is left out lies within [`TOLERANCE`] units of that
//! zoom from what is kept. Deciding before cutting, not per tile, is what makes two tiles agree
//! on a line that crosses their edge.
//!
//! Neighbouring areas of a layer agree on their common border because the border is decided
//! once, so to say: rings are split at their junctions (vertices where the borders of the layer
//! meet or part), a junction is always kept, and a stretch between two junctions is measured in a
//! direction that depends on the stretch alone. Both neighbours therefore keep the same vertices.
//! This holds for borders that share their vertices; a vertex that only one side has is beyond it.

use crate::id::ZOOM_MAX;
use crate::mercator::{Point, World, unit};

/// How far, in tile units, a vertex may lie from the line that replaces it: half a pixel of a
/// tile shown at 512 pixels. At [`ZOOM_MAX`], which clients magnify, nothing is left out.
pub(crate) const TOLERANCE: i32 = 4;

/// Splits nested deeper than this are made in the middle of the stretch, which bounds the work on
/// a stretch of `n` vertices by `n (64 + log n)`; a spiral would otherwise cost `n^2`.
const DEPTH_MAX: u32 = 64;

/// The first zoom at which something of this size in world units exceeds `units` of a tile.
fn zoom_for(size_squared: f64, units: i32) -> u8 {
    (0..ZOOM_MAX).find(|&z| size_squared > f64::from(units * unit(z)).powi(2)).unwrap_or(ZOOM_MAX)
}

/// The first zoom at which a geometry with this longer side is wider than one unit.
pub(crate) fn zoom_visible(side: i32) -> u8 {
    (0..ZOOM_MAX).find(|&z| side >= unit(z)).unwrap_or(ZOOM_MAX)
}

/// The first zoom for every vertex of a line; its ends are needed always.
pub(crate) fn line(points: &[World]) -> Vec<u8> {
    let mut zooms = vec![0; points.len()];
    measure(points, &mut zooms);
    zooms
}

/// The first zoom for every vertex of a ring (first vertex not repeated).
pub(crate) fn ring(points: &[World], junctions: &Junctions) -> Vec<u8> {
    let count = points.len();
    let mut fixed: Vec<usize> = (0..count).filter(|&ix| junctions.holds(points[ix])).collect();
    if fixed.is_empty() {
        // A ring of its own starts at its smallest vertex, so that an enclave and the hole around
        // it agree.
        fixed.extend((0..count).min_by_key(|&ix| (points[ix], ix)));
    }
    let mut zooms = vec![0; count];
    for (nth, &from) in fixed.iter().enumerate() {
        let to = fixed[(nth + 1) % fixed.len()];
        let steps = if to > from { to - from } else { to + count - from };
        let mut at: Vec<usize> = (from..=from + steps).map(|ix| ix % count).collect();
        if at.iter().rev().map(|&ix| points[ix]).lt(at.iter().map(|&ix| points[ix])) {
            at.reverse();
        }
        let stretch: Vec<World> = at.iter().map(|&ix| points[ix]).collect();
        let mut measured = vec![0; stretch.len()];
        measure(&stretch, &mut measured);
        for (&ix, &zoom) in at.iter().zip(&measured) {
            zooms[ix] = zoom;
        }
    }
    zooms
}

/// Douglas and Peucker for all tolerances at once: a vertex is kept while the tolerance is below
/// its distance and below that of every split above it. The two ends are left as they are.
fn measure(points: &[World], zooms: &mut [u8]) {
    let mut stack = vec![(0, points.len().saturating_sub(1), 0u8, 0u32)];
    while let Some((from, to, zoom_above, depth)) = stack.pop() {
        if to < from + 2 {
            continue;
        }
        let (far, distance_squared) = farthest(points, from, to);
        let zoom = zoom_above.max(zoom_for(distance_squared, TOLERANCE));
        if zoom == ZOOM_MAX {
            zooms[from + 1..to].fill(ZOOM_MAX);
            continue;
        }
        let split = if depth < DEPTH_MAX { far } else { usize::midpoint(from, to) };
        zooms[split] = zoom;
        stack.push((split, to, zoom, depth + 1));
        stack.push((from, split, zoom, depth + 1));
    }
}

/// The vertex between two others that lies farthest from the straight line between them, and the
/// square of that distance. Of equals the first.
fn farthest(points: &[World], from: usize, to: usize) -> (usize, f64) {
    let (a, b) = (points[from].point(), points[to].point());
    let mut best = (from + 1, -1.0);
    for (ix, point) in points.iter().enumerate().take(to).skip(from + 1) {
        let distance_squared = distance_squared(point.point(), a, b);
        if distance_squared > best.1 {
            best = (ix, distance_squared);
        }
    }
    best
}

/// The square of the distance from `p` to the stretch from `a` to `b`.
fn distance_squared(p: Point, a: Point, b: Point) -> f64 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length_squared = along[0] * along[0] + along[1] * along[1];
    let reach = [p[0] - a[0], p[1] - a[1]];
    let share = if length_squared > 0.0 {
        ((reach[0] * along[0] + reach[1] * along[1]) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let off = [reach[0] - share * along[0], reach[1] - share * along[1]];
    off[0] * off[0] + off[1] * off[1]
}

/// The vertices of a layer's areas where borders meet or part: those with other than two
/// different neighbours, over all rings together.
pub(crate) struct Junctions(Vec<World>);

impl Junctions {
    /// From all rings of a layer (first vertex not repeated).
    pub fn of<'a>(rings: impl Iterator<Item = &'a [World]>) -> Self {
        let mut beside: Vec<(World, World)> = Vec::new();
        for ring in rings {
            let followers = ring.iter().skip(1).chain(ring.first());
            beside.extend(ring.iter().zip(followers).flat_map(|(&a, &b)| [(a, b), (b, a)]));
        }
        beside.sort_unstable();
        beside.dedup();
        let vertices = beside.chunk_by(|a, b| a.0 == b.0);
        Self(vertices.filter(|neighbours| neighbours.len() != 2).map(|neighbours| neighbours[0].0).collect())
    }

    fn holds(&self, vertex: World) -> bool {
        self.0.binary_search(&vertex).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn world((x, y): (i32, i32)) -> World {
        World { x, y }
    }

    fn kept(points: &[World], zooms: &[u8], z: u8) -> Vec<World> {
        points.iter().zip(zooms).filter(|(_, zoom)| **zoom <= z).map(|(p, _)| *p).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_out_of_a_line_lies_within_the_tolerance(
            steps in prop::collection::vec((-4000..4000i32, -4000..4000i32), 2..200),
        ) {
            let mut at = World { x: 1 << 28, y: 1 << 28 };
            let points: Vec<World> = steps.iter().map(|(dx, dy)| { at = World { x: at.x + dx, y: at.y + dy }; at }).collect();
            let zooms = line(&points);
            for z in 0..=ZOOM_MAX {
                let kept = kept(&points, &zooms, z);
                let tolerance = if z == ZOOM_MAX { 0.0 } else { f64::from(TOLERANCE * unit(z)) };
                for p in &points {
                    let nearest = kept.windows(2).map(|s| distance_squared(p.point(), s[0].point(), s[1].point()));
                    let nearest = nearest.fold(f64::INFINITY, f64::min).sqrt();
                    prop_assert!(nearest <= tolerance + 1e-6, "zoom {z}: {nearest} > {tolerance}");
                }
            }
        }

        #[test]
        fn two_areas_keep_the_same_vertices_of_their_common_border(
            wiggle in prop::collection::vec(-3000..3000i32, 2..100), turn in 0..100usize, z in 0..=ZOOM_MAX,
        ) {
            // One area west and one east of a winding border, the second in the other direction
            // and started elsewhere.
            let base = 1 << 28;
            let border: Vec<World> = (0i32..).zip(&wiggle).map(|(row, dx)| world((base + dx, base + row * 500))).collect();
            let last = border[border.len() - 1].y;
            let mut west = border.clone();
            west.extend([world((base - 90_000, last)), world((base - 90_000, base))]);
            let mut east = vec![world((base + 90_000, base)), world((base + 90_000, last))];
            east.extend(border.iter().rev());
            let turn = turn % east.len();
            east.rotate_left(turn);
            let junctions = Junctions::of([west.as_slice(), east.as_slice()].into_iter());
            let on_border = |ring: &[World]| {
                let mut kept = kept(ring, &super::ring(ring, &junctions), z);
                kept.retain(|p| border.contains(p));
                kept.sort_unstable();
                kept
            };
            prop_assert_eq!(on_border(&west), on_border(&east));
        }
    }

    #[test]
    fn an_enclave_and_the_hole_around_it_keep_the_same_vertices() {
        let island: Vec<World> = (0..40).map(|i| world(((i * i * 977) % 9001, i * 300))).collect();
        let mut hole = island.clone();
        hole.reverse();
        hole.rotate_left(17);
        let junctions = Junctions::of([island.as_slice(), hole.as_slice()].into_iter());
        for z in 0..=ZOOM_MAX {
            let sorted = |ring: &[World]| {
                let mut kept = kept(ring, &super::ring(ring, &junctions), z);
                kept.sort_unstable();
                kept
            };
            assert_eq!(sorted(&island), sorted(&hole), "zoom {z}");
        }
    }

    #[test]
    fn a_long_spiral_is_measured_in_bounded_time() {
        // Without the limit on depth this is of the order of 10^10 steps.
        let spiral: Vec<World> = (0..100_000)
            .map(|i| {
                let (angle, radius) = (f64::from(i) * 0.01, f64::from(i) * 100.0);
                #[expect(clippy::cast_possible_truncation, reason = "at most 10^7")]
                let at = |v: f64| (v * radius) as i32 + (1 << 28);
                World { x: at(angle.cos()), y: at(angle.sin()) }
            })
            .collect();
        assert_eq!(line(&spiral).len(), spiral.len());
    }
}

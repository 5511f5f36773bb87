//! Lines and areas cut by a rectangle.
//!
//! The rectangle's edges are moved outward by half a world unit, so that no vertex of the input
//! lies on one: inside or outside is never a matter of taste.
//!
//! Areas are cut by one half-plane after another, outer ring and holes together: the stretches
//! inside are linked along the cutting line in pairs, in the order in which they meet it. What
//! falls into several parts comes out as several rings, and a hole that the line crosses becomes
//! part of the outer border. The method of Sutherland and Hodgman was dropped because it leaves
//! such parts connected by seams along the cut.

use crate::mercator::{Point, Rect};

/// The stretches of a line inside the rectangle.
pub(crate) fn line(points: &[Point], rect: &Rect, out: &mut Vec<Vec<Point>>) {
    let sides = Side::all(rect);
    let mut current: Vec<Point> = Vec::new();
    for step in points.windows(2) {
        let Some((enter, leave)) = stretch(step[0], step[1], &sides) else {
            flush(&mut current, out);
            continue;
        };
        if current.is_empty() {
            current.push(enter.unwrap_or(step[0]));
        }
        current.push(leave.unwrap_or(step[1]));
        if leave.is_some() {
            flush(&mut current, out);
        }
    }
    flush(&mut current, out);
}

fn flush(current: &mut Vec<Point>, out: &mut Vec<Vec<Point>>) {
    if current.len() > 1 {
        out.push(std::mem::take(current));
    }
    current.clear();
}

/// Where one step enters and leaves (None: it begins or ends inside), if it comes inside at all.
fn stretch(a: Point, b: Point, sides: &[Side; 4]) -> Option<(Option<Point>, Option<Point>)> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for side in sides {
        let (depth_a, depth_b) = (side.depth(a), side.depth(b));
        match (depth_a >= 0.0, depth_b >= 0.0) {
            (true, true) => {}
            (false, false) => return None,
            (false, true) => from = from.max(depth_a / (depth_a - depth_b)),
            (true, false) => to = to.min(depth_a / (depth_a - depth_b)),
        }
    }
    if from >= to {
        return None;
    }
    let at = |share: f64| [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
    Some(((from > 0.0).then(|| at(from)), (to < 1.0).then(|| at(to))))
}

/// An area (outer ring of positive [`area`], holes of negative) cut by the rectangle: the parts,
/// each its outer ring followed by its holes. Rings do not repeat their first vertex.
pub(crate) fn polygon(rings: Vec<Vec<Point>>, rect: &Rect) -> Vec<Vec<Vec<Point>>> {
    let mut rings = rings;
    for side in Side::all(rect) {
        rings = side.cut(rings);
        if rings.is_empty() {
            return Vec::new();
        }
    }
    assemble(rings)
}

/// Twice the signed area, positive for a ring that runs clockwise as seen on a map (`y` grows
/// southward), which is how the format tells an outer ring from a hole.
pub(crate) fn area(ring: &[Point]) -> f64 {
    let Some(&origin) = ring.first() else { return 0.0 };
    // Relative to the first vertex: the products of absolute coordinates would lose the small areas.
    let near = |p: Point| [p[0] - origin[0], p[1] - origin[1]];
    ring.windows(2).map(|s| (near(s[0]), near(s[1]))).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// One of the four cutting lines; what has a `depth` of at least 0 is inside.
#[derive(Clone, Copy)]
struct Side {
    axis: usize,
    at: f64,
    sign: f64,
}

impl Side {
    fn all(rect: &Rect) -> [Self; 4] {
        let (min, max) = (rect.min.point(), rect.max.point());
        [0, 1]
            .map(|axis| [(min[axis] - 0.5, 1.0), (max[axis] + 0.5, -1.0)].map(|(at, sign)| Self { axis, at, sign }))
            .concat()
            .try_into()
            .unwrap_or_else(|_| unreachable!("two axes with two sides each"))
    }

    fn depth(self, p: Point) -> f64 {
        (p[self.axis] - self.at) * self.sign
    }

    fn cut(self, rings: Vec<Vec<Point>>) -> Vec<Vec<Point>> {
        let (mut whole, mut chains) = (Vec::new(), Vec::new());
        for ring in rings {
            let inside = ring.iter().filter(|p| self.depth(**p) >= 0.0).count();
            if inside == ring.len() {
                whole.push(ring);
            } else if inside > 0 {
                self.chains(&ring, &mut chains);
            }
        }
        self.link(&chains, &mut whole);
        whole
    }

    /// The stretches of a ring that lie inside, each from crossing to crossing.
    fn chains(self, ring: &[Point], chains: &mut Vec<Vec<Point>>) {
        let count = ring.len();
        let inside = |ix: usize| self.depth(ring[ix % count]) >= 0.0;
        let start = (0..count).find(|&ix| !inside(ix) && inside(ix + 1)).expect("the ring lies on both sides");
        let mut chain = Vec::new();
        for ix in start..start + count {
            let (a, b) = (ring[ix % count], ring[(ix + 1) % count]);
            match (inside(ix), inside(ix + 1)) {
                (false, true) => chain.extend([self.crossing(a, b), b]),
                (true, true) => chain.push(b),
                (true, false) => {
                    chain.push(self.crossing(a, b));
                    chains.push(std::mem::take(&mut chain));
                }
                (false, false) => {}
            }
        }
    }

    /// Where an edge meets the line: the same point whichever way the edge runs.
    fn crossing(self, a: Point, b: Point) -> Point {
        let (a, b) = if self.depth(a) < self.depth(b) { (a, b) } else { (b, a) };
        let share = (self.at - a[self.axis]) / (b[self.axis] - a[self.axis]);
        let mut point = [self.at; 2];
        let other = 1 - self.axis;
        point[other] = a[other] + share * (b[other] - a[other]);
        point
    }

    /// Links the chains along the line. Of an area without self-crossing the ends along the line
    /// are by turns a start and an end, and neighbours two by two bound a stretch of the inside.
    /// Where the input crosses itself they are paired like brackets, which keeps the signed area.
    fn link(self, chains: &[Vec<Point>], out: &mut Vec<Vec<Point>>) {
        let along = 1 - self.axis;
        let mut meetings: Vec<(f64, usize, bool)> = Vec::with_capacity(2 * chains.len());
        for (ix, chain) in chains.iter().enumerate() {
            meetings.push((chain[0][along], ix, true));
            meetings.push((chain[chain.len() - 1][along], ix, false));
        }
        meetings.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut next = vec![0; chains.len()];
        let mut open: Vec<(usize, bool)> = Vec::new();
        for &(_, ix, is_start) in &meetings {
            match open.last() {
                Some(&(other, other_is_start)) if other_is_start != is_start => {
                    open.pop();
                    let (end, start) = if is_start { (other, ix) } else { (ix, other) };
                    next[end] = start;
                }
                _ => open.push((ix, is_start)),
            }
        }
        let mut used = vec![false; chains.len()];
        for first in 0..chains.len() {
            let mut ring = Vec::new();
            let mut at = first;
            while !used[at] {
                used[at] = true;
                ring.extend_from_slice(&chains[at]);
                at = next[at];
            }
            if !ring.is_empty() {
                out.push(ring);
            }
        }
    }
}

/// Outer rings with their holes. A hole belongs to the outer ring that holds most of its vertices
/// (all of them, where the input is sound); one that no outer ring is left for falls away.
fn assemble(rings: Vec<Vec<Point>>) -> Vec<Vec<Vec<Point>>> {
    let (outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| area(ring) > 0.0);
    let mut parts: Vec<Vec<Vec<Point>>> = outer.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let held = |part: &[Vec<Point>]| hole.iter().filter(|p| holds(&part[0], **p)).count();
        let owner = match parts.len() {
            0 => None,
            1 => Some(0),
            many => (0..many).rev().max_by_key(|&ix| held(&parts[ix])),
        };
        if let Some(owner) = owner {
            parts[owner].push(hole);
        }
    }
    parts
}

/// Whether a point lies in a ring, by counting edges crossed on the way east.
fn holds(ring: &[Point], p: Point) -> bool {
    let followers = ring.iter().skip(1).chain(ring.first());
    let crossed = ring
        .iter()
        .zip(followers)
        .filter(|(a, b)| (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mercator::World;
    use proptest::prelude::*;

    fn rect(x: i32, y: i32, size: i32) -> Rect {
        Rect { min: World { x, y }, max: World { x: x + size, y: y + size } }
    }

    fn ring(points: &[(i32, i32)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| [f64::from(x), f64::from(y)]).collect()
    }

    /// Parts as (rings, twice the area).
    fn check(rings: &[&[(i32, i32)]], rect: Rect, expect: &[(usize, f64)]) {
        let parts = polygon(rings.iter().map(|points| ring(points)).collect(), &rect);
        let found: Vec<(usize, f64)> =
            parts.iter().map(|part| (part.len(), part.iter().map(|ring| area(ring)).sum())).collect();
        assert_eq!(found, expect, "{parts:?}");
    }

    #[test]
    fn an_area_falls_into_whole_parts_with_their_holes() {
        let square: &[(i32, i32)] = &[(0, 0), (100, 0), (100, 100), (0, 100)];
        let hole: &[(i32, i32)] = &[(40, 40), (40, 60), (60, 60), (60, 40)];
        check(&[square], rect(-10, -10, 200), &[(1, 20_000.0)]);
        check(&[square], rect(200, 0, 10), &[]);
        // The window reaches half a unit further than its edges: 11 x 11.
        check(&[square], rect(20, 20, 10), &[(1, 2.0 * 121.0)]);
        check(&[square, hole], rect(-10, -10, 200), &[(2, 2.0 * (10_000.0 - 400.0))]);
        // The hole is crossed and becomes part of the border: 50.5 x 100 less 10.5 x 20.
        check(&[square, hole], rect(-10, -10, 60), &[(1, 2.0 * (50.5 * 50.5 - 10.5 * 10.5))]);
        check(&[square, hole], rect(45, 45, 5), &[]);
        // A fork of two prongs is cut into two parts.
        let fork: &[(i32, i32)] = &[(0, 0), (100, 0), (100, 20), (20, 20), (20, 80), (100, 80), (100, 100), (0, 100)];
        check(&[fork], rect(50, -10, 200), &[(1, 2.0 * 50.5 * 20.0), (1, 2.0 * 50.5 * 20.0)]);
    }

    #[test]
    fn a_line_falls_into_its_stretches_inside() {
        let mut out = Vec::new();
        line(&ring(&[(-10, 5), (20, 5), (20, 8), (-10, 8)]), &rect(0, 0, 10), &mut out);
        assert_eq!(out, [[[-0.5, 5.0], [10.5, 5.0]], [[10.5, 8.0], [-0.5, 8.0]]]);
        out.clear();
        line(&ring(&[(1, 1), (2, 2), (3, 1)]), &rect(0, 0, 10), &mut out);
        assert_eq!(out, [ring(&[(1, 1), (2, 2), (3, 1)])]);
        out.clear();
        line(&ring(&[(-5, 0), (0, -5)]), &rect(0, 0, 10), &mut out);
        assert!(out.is_empty(), "passes the corner outside");
    }

    /// A star around a centre, with a star-shaped hole of less than half the radius.
    fn star(radii: &[i32], share: f64, sign: f64) -> Vec<Point> {
        let count = radii.len() as f64;
        let at = |ix: usize, radius: i32| {
            let angle = sign * std::f64::consts::TAU * ix as f64 / count;
            [angle.cos(), angle.sin()].map(|v| (v * f64::from(radius) * share).round())
        };
        radii.iter().enumerate().map(|(ix, &radius)| at(ix, radius)).collect()
    }

    proptest! {
        #[test]
        fn pieces_of_a_grid_add_up_to_the_area(
            radii in prop::collection::vec(400..1000i32, 3..60), hole in prop::collection::vec(100..400i32, 3..30), cell in 50..700i32,
        ) {
            // The share keeps the hole inside the outer ring's chords, which come as near as
            // cos(pi / 3) = 1/2 of the least radius.
            let rings = vec![star(&radii, 1.0, 1.0), star(&hole, 0.45, -1.0)];
            let total: f64 = rings.iter().map(|ring| area(ring)).sum();
            let (mut sum, mut x) = (0.0, -1000);
            while x <= 1000 {
                let mut y = -1000;
                while y <= 1000 {
                    // Windows reach half a unit further each way: `cell` apart, `cell - 1` wide.
                    for part in polygon(rings.clone(), &rect(x, y, cell - 1)) {
                        for (ix, ring) in part.iter().enumerate() {
                            prop_assert!((ix == 0) == (area(ring) > 0.0), "outer first, then holes");
                            sum += area(ring);
                        }
                    }
                    y += cell;
                }
                x += cell;
            }
            prop_assert!((sum - total).abs() < 1e-6 * total, "{sum} {total}");
        }

        #[test]
        fn stretches_of_a_grid_add_up_to_the_length(
            points in prop::collection::vec((-1000..1000i32, -1000..1000i32), 2..40), cell in 50..700i32,
        ) {
            let points = ring(&points);
            let length = |line: &[Point]| -> f64 { line.windows(2).map(|s| (s[1][0] - s[0][0]).hypot(s[1][1] - s[0][1])).sum() };
            let mut out = Vec::new();
            for column in 0..=2000 / cell {
                for row in 0..=2000 / cell {
                    line(&points, &rect(-1000 + column * cell, -1000 + row * cell, cell - 1), &mut out);
                }
            }
            let sum: f64 = out.iter().map(|line| length(line)).sum();
            prop_assert!((sum - length(&points)).abs() < 1e-6 * (1.0 + sum), "{sum} {}", length(&points));
        }
    }
}

//! Lines and rings rounded to the grid of a tile, without what the rounding makes superfluous.

/// A point of a tile: `EXTENT` units along each side, `y` growing southward.
pub(crate) type Cell = [i32; 2];

/// Paths on the grid, in one piece of memory that is used again for every piece of a tile.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    points: Vec<Cell>,
    ends: Vec<usize>,
}

impl Paths {
    pub fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[Cell]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.points[start..end])
    }

    /// Adds a path as it is: a point, or a ring made by [`ring`].
    pub fn push(&mut self, path: &[Cell]) {
        self.points.extend_from_slice(path);
        self.ends.push(self.points.len());
    }

    /// Adds a line: no point twice in a row, none in the middle of a straight step onward.
    /// Nothing where fewer than two points are left.
    pub fn push_line(&mut self, points: impl Iterator<Item = Cell>) {
        let start = self.points.len();
        for point in points {
            match self.points[start..] {
                [.., last] if last == point => continue,
                [.., before, last] if cross([before, last, point]) == 0 && dot([before, last, point]) > 0 => {
                    self.points.pop();
                }
                _ => {}
            }
            self.points.push(point);
        }
        if self.points.len() < start + 2 {
            self.points.truncate(start);
        } else {
            self.ends.push(self.points.len());
        }
    }
}

/// A ring on the grid, its first point not repeated: no point twice in a row, none on a straight
/// line between its neighbours, no spike (a way out and back). Nothing where no area is left, or
/// where rounding has turned the ring over.
pub(crate) fn ring(points: impl Iterator<Item = Cell>, turn: Turn) -> Option<Vec<Cell>> {
    let mut out: Vec<Cell> = Vec::new();
    for point in points {
        while let [.., before, last] = out[..]
            && last != point
            && cross([before, last, point]) == 0
        {
            out.pop();
        }
        if out.last() != Some(&point) {
            out.push(point);
        }
    }
    // The same around the seam.
    loop {
        let count = out.len();
        if count < 3 {
            return None;
        }
        if out[count - 1] == out[0] || cross([out[count - 2], out[count - 1], out[0]]) == 0 {
            out.pop();
        } else if cross([out[count - 1], out[0], out[1]]) == 0 {
            out.remove(0);
        } else {
            break;
        }
    }
    let area = area(&out);
    let kept = match turn {
        Turn::Outer => area > 0,
        Turn::Hole => area < 0,
    };
    kept.then_some(out)
}

/// Which way a ring runs, by the sign of its area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Positive.
    Outer,
    /// Negative.
    Hole,
}

/// Twice the signed area of a ring.
pub(crate) fn area(ring: &[Cell]) -> i64 {
    let followers = ring.iter().skip(1).chain(ring.first());
    ring.iter()
        .zip(followers)
        .map(|(a, b)| [a, b].map(|p| p.map(i64::from)))
        .map(|[a, b]| a[0] * b[1] - b[0] * a[1])
        .sum()
}

/// The steps from the first of three points to the second, and from there to the third.
fn steps(points: [Cell; 3]) -> [[i64; 2]; 2] {
    let step = |from: Cell, to: Cell| [0, 1].map(|axis| i64::from(to[axis]) - i64::from(from[axis]));
    [step(points[0], points[1]), step(points[1], points[2])]
}

fn cross(points: [Cell; 3]) -> i64 {
    let [before, after] = steps(points);
    before[0] * after[1] - before[1] * after[0]
}

fn dot(points: [Cell; 3]) -> i64 {
    let [before, after] = steps(points);
    before[0] * after[0] + before[1] * after[1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check_ring(points: &[Cell], expect: Option<&[Cell]>) {
        assert_eq!(ring(points.iter().copied(), Turn::Outer).as_deref(), expect, "{points:?}");
    }

    #[test]
    fn a_ring_keeps_its_corners_only() {
        let square: &[Cell] = &[[0, 0], [4, 0], [4, 4], [0, 4]];
        check_ring(square, Some(square));
        check_ring(&[[0, 0], [2, 0], [4, 0], [4, 4], [4, 4], [0, 4], [0, 2], [0, 0]], Some(square));
        check_ring(&[[0, 0], [4, 0], [9, 0], [4, 0], [4, 4], [0, 4]], Some(square));
        check_ring(&[[2, 0], [4, 0], [4, 4], [0, 4], [0, 0]], Some(&[[4, 0], [4, 4], [0, 4], [0, 0]]));
        check_ring(&[[0, 0], [4, 4], [4, 0]], None);
        check_ring(&[[0, 0], [4, 0], [8, 0]], None);
        check_ring(&[[0, 0], [0, 0], [0, 0]], None);
        check_ring(&[], None);
    }

    #[test]
    fn a_line_keeps_its_turns_and_returns() {
        let check = |points: &[Cell], expect: Option<&[Cell]>| {
            let mut paths = Paths::default();
            paths.push(&[[7, 7]]);
            paths.push_line(points.iter().copied());
            let found: Vec<&[Cell]> = paths.iter().skip(1).collect();
            assert_eq!(found, expect.into_iter().collect::<Vec<_>>(), "{points:?}");
        };
        check(&[[0, 0], [1, 1], [1, 1], [3, 3]], Some(&[[0, 0], [3, 3]]));
        check(&[[0, 0], [3, 3], [1, 1]], Some(&[[0, 0], [3, 3], [1, 1]]));
        check(&[[0, 0], [0, 0]], None);
    }

    proptest! {
        #[test]
        fn cleaning_a_ring_keeps_its_area(points in prop::collection::vec([0..6i32, 0..6i32], 0..30)) {
            let before = area(&points);
            let turn = if before < 0 { Turn::Hole } else { Turn::Outer };
            let cleaned = ring(points.into_iter(), turn);
            prop_assert_eq!(cleaned.as_ref().map_or(0, |ring| area(ring)), before);
            if let Some(ring) = cleaned {
                let count = ring.len();
                prop_assert!((0..count).all(|ix| cross([ring[ix], ring[(ix + 1) % count], ring[(ix + 2) % count]]) != 0));
            }
        }
    }
}

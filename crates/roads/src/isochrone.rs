//! The area that can be reached within some minutes, as polygons around the roads reached.
//!
//! Method: a square grid of a chosen cell is laid over the reached parts of the links. Every cell
//! that a reached part touches is marked, and so are its eight neighbours. The outline of the
//! marked cells is drawn through the middles of the cell edges, which cuts the corners.
//!
//! Holds by construction: every reached point of road lies inside; every point farther than
//! [`Isochrone::tolerance_m`] from all reached road lies outside.
//! What it gets wrong: land beside a reached road counts as reached within about two cells even
//! where a river, a wall or another, unreached road lies there; land between roads that are
//! farther apart than about three cells counts as not reached, although people on foot may cross
//! it; a reached bridge or ferry line draws a strip over the water. It says where a force can
//! *drive* within the time, not where it can stand.

use crate::network::Direction;
use crate::route::geometry::{DEGREE_M, WHOLE, stretch};
use crate::route::graph::{RoadGraph, direction_of, index, link_of};
use crate::route::{Metric, Router, Spot, TimeTable};
use konbit_base::LatLon;
use std::collections::BTreeMap;

/// Most cells of the grid; a finer grid is made coarser until it fits.
pub const CELLS_MAX: usize = 4_000_000;
/// The smallest cell, in metres.
pub const CELL_M_MIN: f64 = 10.0;

/// Part of a link that can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// Index of the link.
    pub link: u32,
    /// From here, in millionths of its drawn course from its `from` node...
    pub from: u32,
    /// ...to here; not less than `from`.
    pub to: u32,
}

/// A polygon: an outer ring, anticlockwise, and holes, clockwise. Rings are closed: the last
/// point is the first. Rings touch neither themselves nor each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polygon {
    /// The outer ring.
    pub outer: Vec<LatLon>,
    /// What is not reached inside it.
    pub holes: Vec<Vec<LatLon>>,
}

/// What can be reached within a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Isochrone {
    /// The limit in milliseconds.
    pub limit_ms: u32,
    /// The area, in a defined order.
    pub polygons: Vec<Polygon>,
    /// Length of the reached road in decimetres, each link once.
    pub road_dm: u64,
    /// Points farther than this from all reached road lie outside, in metres.
    pub tolerance_m: f64,
}

impl Router {
    /// The parts of links that can be reached from the nearest of `sources` within `limit_ms`,
    /// by link, not overlapping.
    pub fn reached(&self, metric: &Metric, sources: &[Spot], limit_ms: u32) -> Vec<Reached> {
        self.reached_by(metric, sources, &self.times_from_nearest(metric, sources), limit_ms)
    }

    /// The reachable area for each limit, around cells of `cell_m` metres (50 to 100 suit a
    /// city; at least [`CELL_M_MIN`]).
    pub fn isochrones(&self, metric: &Metric, sources: &[Spot], limits_ms: &[u32], cell_m: f64) -> Vec<Isochrone> {
        let times = self.times_from_nearest(metric, sources);
        let area = |&limit_ms: &u32| self.area(&self.reached_by(metric, sources, &times, limit_ms), limit_ms, cell_m);
        limits_ms.iter().map(area).collect()
    }

    fn reached_by(&self, metric: &Metric, sources: &[Spot], times: &[u32], limit_ms: u32) -> Vec<Reached> {
        let mut parts: Vec<Reached> = Vec::new();
        for way in 0..index(2 * self.network().links.len()) {
            let way_ms = metric.way_ms(way);
            let Some(at_start) = way_start(&self.graph, metric, times, way) else { continue };
            if at_start <= limit_ms {
                parts.push(onward(way, 0, limit_ms - at_start, way_ms));
            }
        }
        for &source in sources {
            let Spot::OnLink { link, parts: begin } = source else { continue };
            for direction in [Direction::Forward, Direction::Backward] {
                if let Some(ms) = metric.link_ms(link, direction) {
                    let gone = if direction == Direction::Forward { begin } else { WHOLE - begin };
                    parts.push(onward(crate::route::graph::way_of(link, direction), gone, limit_ms, ms));
                }
            }
        }
        merge(parts)
    }

    fn area(&self, reached: &[Reached], limit_ms: u32, cell_m: f64) -> Isochrone {
        let network = self.network();
        let link = |part: &Reached| &network.links[part.link as usize];
        let courses: Vec<Vec<LatLon>> =
            reached.iter().map(|part| stretch(network, link(part), part.from, part.to)).collect();
        let road_dm = reached
            .iter()
            .map(|part| u64::from(link(part).length_dm) * u64::from(part.to - part.from) / u64::from(WHOLE))
            .sum();
        let Some(mut raster) = Raster::over(&courses, cell_m.max(CELL_M_MIN)) else {
            return Isochrone { limit_ms, polygons: Vec::new(), road_dm: 0, tolerance_m: 0.0 };
        };
        for course in &courses {
            raster.mark(course);
        }
        raster.widen();
        Isochrone { limit_ms, polygons: raster.outlines(), road_dm, tolerance_m: raster.tolerance_m }
    }
}

/// The least time at the start of a way for somebody who may go on over it.
fn way_start(graph: &RoadGraph, metric: &Metric, times: &[u32], way: u32) -> Option<u32> {
    let arcs = graph.arcs_of(way).iter().map(|&arc| arc as usize);
    let open = arcs.filter(|&arc| metric.weights[arc] != TimeTable::UNREACHED);
    open.map(|arc| times[graph.tails[arc] as usize]).min().filter(|&ms| ms != TimeTable::UNREACHED)
}

/// The part of a way that is reached in `left_ms` by somebody who has `gone` millionths of it
/// behind him. Rounded down, so that nothing counts as reached that is not.
fn onward(way: u32, gone: u32, left_ms: u32, way_ms: u32) -> Reached {
    let reach = if way_ms == 0 {
        WHOLE
    } else {
        let more = u64::from(left_ms) * u64::from(WHOLE) / u64::from(way_ms);
        u32::try_from((u64::from(gone) + more).min(u64::from(WHOLE))).expect("at most the whole")
    };
    let link = link_of(way);
    match direction_of(way) {
        Direction::Forward => Reached { link, from: gone, to: reach },
        Direction::Backward => Reached { link, from: WHOLE - reach, to: WHOLE - gone },
    }
}

/// Sorted parts, with those that overlap or touch joined.
fn merge(mut parts: Vec<Reached>) -> Vec<Reached> {
    parts.sort_unstable();
    let mut merged: Vec<Reached> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if last.link == part.link && part.from <= last.to => last.to = last.to.max(part.to),
            _ => merged.push(part),
        }
    }
    merged
}

/// A grid of cells, some of them marked.
struct Raster {
    /// South-west corner, in degrees.
    south: f64,
    west: f64,
    /// Side of a cell in degrees of latitude and longitude.
    side: [f64; 2],
    rows: usize,
    columns: usize,
    marked: Vec<bool>,
    tolerance_m: f64,
}

/// A corner of the grid: row and column.
type Corner = (usize, usize);

impl Raster {
    /// An empty grid over some courses with three cells to spare on each side (one of them is
    /// marked when neighbours are, one may be lost to rounding); `None` without any.
    fn over(courses: &[Vec<LatLon>], cell_m: f64) -> Option<Self> {
        let points = || courses.iter().flatten();
        let lats = || points().map(|p| p.lat());
        let lons = || points().map(|p| p.lon());
        let (south, north) = (lats().reduce(f64::min)?, lats().reduce(f64::max)?);
        let (west, east) = (lons().reduce(f64::min)?, lons().reduce(f64::max)?);
        // Where a degree of longitude is shortest and longest within the extent.
        let flattest = south.abs().max(north.abs()).min(89.0).to_radians().cos();
        let widest = if south <= 0.0 && north >= 0.0 { 1.0 } else { south.abs().min(north.abs()).to_radians().cos() };
        let mut cell_m = cell_m;
        loop {
            let side = [cell_m / DEGREE_M, cell_m / DEGREE_M / flattest];
            let (rows, columns) = (whole((north - south) / side[0]) + 7, whole((east - west) / side[1]) + 7);
            if rows * columns <= CELLS_MAX {
                // A marked cell is at most two cells from reached road in both axes, and cutting
                // a corner adds a triangle with legs of half a cell to it.
                let (high, wide) = (cell_m, cell_m * widest / flattest);
                return Some(Self {
                    south: south - 3.0 * side[0],
                    west: west - 3.0 * side[1],
                    side,
                    rows,
                    columns,
                    marked: vec![false; rows * columns],
                    tolerance_m: 2.5 * high.hypot(wide) + 1.0,
                });
            }
            cell_m *= 1.5;
        }
    }

    fn at(&self, row: usize, column: usize) -> bool {
        self.marked[row * self.columns + column]
    }

    /// Marks the cells that a course touches.
    fn mark(&mut self, course: &[LatLon]) {
        let xy = |p: LatLon| [(p.lat() - self.south) / self.side[0], (p.lon() - self.west) / self.side[1]];
        let cells: Vec<[f64; 2]> = course.iter().map(|&p| xy(p)).collect();
        if let [only] = cells[..] {
            self.marked[whole(only[0]) * self.columns + whole(only[1])] = true;
        }
        for pair in cells.windows(2) {
            let [low, high] = if pair[0][0] <= pair[1][0] { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
            let span = high[0] - low[0];
            let column_at = |row: f64| {
                let share = if span > 0.0 { ((row - low[0]) / span).clamp(0.0, 1.0) } else { 0.0 };
                low[1] + share * (high[1] - low[1])
            };
            for row in whole(low[0])..=whole(high[0]) {
                let (bottom, top) = ((row as f64).max(low[0]), ((row + 1) as f64).min(high[0]));
                let ends = if span > 0.0 { [column_at(bottom), column_at(top)] } else { [low[1], high[1]] };
                for column in whole(ends[0].min(ends[1]))..=whole(ends[0].max(ends[1])) {
                    self.marked[row * self.columns + column] = true;
                }
            }
        }
    }

    /// Marks the eight neighbours of every marked cell.
    fn widen(&mut self) {
        let touched = self.marked.clone();
        for row in 1..self.rows - 1 {
            for column in 1..self.columns - 1 {
                if touched[row * self.columns + column] {
                    for near in row - 1..=row + 1 {
                        self.marked[near * self.columns + column - 1..=near * self.columns + column + 1].fill(true);
                    }
                }
            }
        }
    }

    /// The outlines of the marked cells, joined over their edges (not over corners).
    fn outlines(&self) -> Vec<Polygon> {
        let groups = self.groups();
        let mut next = self.boundary();
        let mut polygons: BTreeMap<u32, Polygon> = BTreeMap::new();
        while let Some((&start, _)) = next.first_key_value() {
            let group = groups[start.2 * self.columns + start.3];
            let ring = self.ring(start, &mut next);
            let polygon = polygons.entry(group).or_insert_with(|| Polygon { outer: Vec::new(), holes: Vec::new() });
            // The lowest edge of a group is at the bottom of its outer ring: it comes first.
            if polygon.outer.is_empty() {
                polygon.outer = ring;
            } else {
                polygon.holes.push(ring);
            }
        }
        polygons.into_values().collect()
    }

    /// For each marked cell, the number of its group of cells joined over edges.
    fn groups(&self) -> Vec<u32> {
        let mut groups = vec![u32::MAX; self.marked.len()];
        let mut count = 0;
        for cell in 0..self.marked.len() {
            if !self.marked[cell] || groups[cell] != u32::MAX {
                continue;
            }
            let mut stack = vec![cell];
            while let Some(cell) = stack.pop() {
                if self.marked[cell] && groups[cell] == u32::MAX {
                    groups[cell] = count;
                    // The outermost cells are never marked, so that all four neighbours exist.
                    stack.extend([cell - 1, cell + 1, cell - self.columns, cell + self.columns]);
                }
            }
            count += 1;
        }
        groups
    }

    /// The edges between marked and unmarked cells as steps from corner to corner with the
    /// marked cell on the left, by the corner where they begin and that cell.
    fn boundary(&self) -> BTreeMap<(usize, usize, usize, usize), Corner> {
        let mut steps = BTreeMap::new();
        for row in 1..self.rows - 1 {
            for column in 1..self.columns - 1 {
                if !self.at(row, column) {
                    continue;
                }
                let (south, east) = (self.at(row - 1, column), self.at(row, column + 1));
                let (north, west) = (self.at(row + 1, column), self.at(row, column - 1));
                let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
                for (side, open) in [!south, !east, !north, !west].into_iter().enumerate() {
                    if open {
                        let (from, to) = (corners[side], corners[(side + 1) % 4]);
                        steps.insert((from.0, from.1, row, column), to);
                    }
                }
            }
        }
        steps
    }

    /// Follows the outline from one step until it closes, taking its steps out of the map.
    fn ring(
        &self,
        start: (usize, usize, usize, usize),
        next: &mut BTreeMap<(usize, usize, usize, usize), Corner>,
    ) -> Vec<LatLon> {
        let mut middles: Vec<[usize; 2]> = Vec::new();
        let mut key = start;
        while let Some(to) = next.remove(&key) {
            // Twice the middle of the step, in cells.
            middles.push([key.0 + to.0, key.1 + to.1]);
            // Where two outlines meet at a corner, each stays with its own cells: turn left
            // around the same cell first, else straight on, else right.
            let step = (to.0.wrapping_sub(key.0), to.1.wrapping_sub(key.1));
            let (row, column) = (key.2, key.3);
            let ahead = (row.wrapping_add(step.0), column.wrapping_add(step.1));
            let right = (ahead.0.wrapping_sub(step.1), ahead.1.wrapping_add(step.0));
            let cells = [(row, column), ahead, right];
            let Some(cell) = cells.into_iter().find(|cell| next.contains_key(&(to.0, to.1, cell.0, cell.1))) else {
                break;
            };
            key = (to.0, to.1, cell.0, cell.1);
        }
        self.corners(&middles)
    }

    /// The ring through some points given in half cells, without those that lie on a straight
    /// line.
    fn corners(&self, middles: &[[usize; 2]]) -> Vec<LatLon> {
        let count = middles.len();
        let bends = |i: usize| {
            let [a, b, c] = [middles[(i + count - 1) % count], middles[i], middles[(i + 1) % count]];
            let first = [b[0].wrapping_sub(a[0]), b[1].wrapping_sub(a[1])];
            first != [c[0].wrapping_sub(b[0]), c[1].wrapping_sub(b[1])]
        };
        let place = |at: [usize; 2]| {
            let lat = self.south + at[0] as f64 / 2.0 * self.side[0];
            let lon = self.west + at[1] as f64 / 2.0 * self.side[1];
            LatLon::new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).expect("brought onto the Earth")
        };
        let mut ring: Vec<LatLon> = (0..count).filter(|&i| bends(i)).map(|i| place(middles[i])).collect();
        ring.extend(ring.first().copied());
        ring
    }
}

/// The whole part of a number, none below zero.
fn whole(x: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; CELLS_MAX bounds the grid")]
    let whole = x.clamp(0.0, 1e9) as usize;
    whole
}

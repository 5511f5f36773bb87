//! A grid over the segments of all links, to find those near a place.

use super::geometry::{DEGREE_M, Plane, nearest_on_segment, points, segment};
use super::graph::{index, rows};
use crate::network::Network;
use konbit_base::LatLon;

/// A segment of a link's course, and where on it a place comes nearest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    pub(crate) link: u32,
    pub(crate) segment: u32,
    /// Share of the segment.
    pub(crate) share: f64,
    pub(crate) distance_m: f64,
}

/// Square cells (in degrees) over the extent of the network; each lists the segments that
/// touch it. Distances are measured on a plane through the place asked about.
#[derive(Debug)]
pub(crate) struct Grid {
    south: f64,
    west: f64,
    /// Side of a cell, in degrees of latitude and of longitude.
    side: [f64; 2],
    rows: usize,
    columns: usize,
    first: Vec<u32>,
    /// Link and segment.
    items: Vec<(u32, u32)>,
}

/// A box of cells, ends included.
type Cells = [std::ops::RangeInclusive<usize>; 2];

impl Grid {
    pub(crate) fn new(network: &Network) -> Self {
        let mut extent = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut segments = 0usize;
        for link in &network.links {
            segments += link.course.len() + 1;
            for point in points(network, link) {
                extent[0] = extent[0].min(point.lat());
                extent[1] = extent[1].min(point.lon());
                extent[2] = extent[2].max(point.lat());
                extent[3] = extent[3].max(point.lon());
            }
        }
        if segments == 0 {
            extent = [0.0; 4];
        }
        let [south, west, north, east] = extent;
        let per_side = (segments.max(1) as f64).sqrt();
        // Not below 20 m, so that a dense town does not spread each segment over many cells.
        let cell = |span: f64| (span / per_side).max(20.0 / DEGREE_M);
        let side = [cell(north - south), cell(east - west)];
        let count = |span: f64, side: f64| whole(span / side) + 1;
        let mut grid = Self {
            south,
            west,
            side,
            rows: count(north - south, side[0]),
            columns: count(east - west, side[1]),
            first: Vec::new(),
            items: Vec::new(),
        };
        grid.fill(network);
        grid
    }

    fn fill(&mut self, network: &Network) {
        let mut placed: Vec<(u32, (u32, u32))> = Vec::new();
        for (number, link) in network.links.iter().enumerate() {
            for piece in 0..=link.course.len() {
                let [a, b] = segment(network, link, piece);
                self.each_cell_of(a, b, |cell| placed.push((cell, (index(number), index(piece)))));
            }
        }
        placed.sort_unstable();
        self.first = rows(self.rows * self.columns, placed.iter().map(|&(cell, _)| cell));
        self.items = placed.into_iter().map(|(_, item)| item).collect();
    }

    /// Calls `visit` for every cell that the segment `a`-`b` may touch: row by row, the columns
    /// between where it enters and where it leaves the row.
    fn each_cell_of(&self, a: LatLon, b: LatLon, mut visit: impl FnMut(u32)) {
        let (low, high) = if a.lat() <= b.lat() { (a, b) } else { (b, a) };
        let (first, last) = (self.row(low.lat()), self.row(high.lat()));
        let span = high.lat() - low.lat();
        let lon_at = |lat: f64| {
            let share = if span > 0.0 { ((lat - low.lat()) / span).clamp(0.0, 1.0) } else { 0.0 };
            low.lon() + share * (high.lon() - low.lon())
        };
        for row in first..=last {
            let (bottom, top) = (self.south + row as f64 * self.side[0], self.south + (row + 1) as f64 * self.side[0]);
            let ends = if first == last { [low.lon(), high.lon()] } else { [lon_at(bottom), lon_at(top)] };
            // A hair of room against rounding where the segment crosses from row to row.
            let hair = 1e-9;
            let from = self.column(ends[0].min(ends[1]) - hair);
            for column in from..=self.column(ends[0].max(ends[1]) + hair) {
                visit(index(row * self.columns + column));
            }
        }
    }

    fn row(&self, lat: f64) -> usize {
        whole((lat - self.south) / self.side[0]).min(self.rows - 1)
    }

    fn column(&self, lon: f64) -> usize {
        whole((lon - self.west) / self.side[1]).min(self.columns - 1)
    }

    /// Calls `visit` with every segment in the cells, possibly several times.
    fn each_item(&self, [rows, columns]: Cells, mut visit: impl FnMut(u32, u32)) {
        for row in rows {
            for column in columns.clone() {
                let cell = row * self.columns + column;
                for &(link, piece) in &self.items[self.first[cell] as usize..self.first[cell + 1] as usize] {
                    visit(link, piece);
                }
            }
        }
    }

    /// Links with a segment in a cell that the box between two corners touches, sorted.
    pub(crate) fn links_in(&self, [south, west]: [f64; 2], [north, east]: [f64; 2]) -> Vec<u32> {
        let mut links = Vec::new();
        let cells = [self.row(south)..=self.row(north), self.column(west)..=self.column(east)];
        self.each_item(cells, |link, _| links.push(link));
        links.sort_unstable();
        links.dedup();
        links
    }

    /// Segments within `radius_m` of `place`, with the nearest point of each; sorted by link and
    /// segment.
    pub(crate) fn within(&self, network: &Network, place: LatLon, radius_m: f64) -> Vec<Near> {
        let [up, right] = reach(place, radius_m);
        let cells = [
            self.row(place.lat() - up)..=self.row(place.lat() + up),
            self.column(place.lon() - right)..=self.column(place.lon() + right),
        ];
        let mut found = Vec::new();
        self.each_item(cells, |link, piece| found.push((link, piece)));
        found.sort_unstable();
        found.dedup();
        let near = found.into_iter().map(|item| measure(network, place, item));
        near.filter(|near| near.distance_m <= radius_m).collect()
    }

    /// The segment nearest to `place` among those of links that `wanted` accepts, no farther
    /// than `max_m`; of equals the one with the lowest link and segment.
    pub(crate) fn nearest(
        &self,
        network: &Network,
        place: LatLon,
        max_m: f64,
        wanted: impl Fn(u32) -> bool,
    ) -> Option<Near> {
        // Circles of growing radius: most places have a road within the first.
        let mut radius = (self.side[0] * DEGREE_M).min(max_m);
        loop {
            let near = self.within(network, place, radius).into_iter().filter(|near| wanted(near.link));
            let best = near.min_by(|a, b| a.distance_m.total_cmp(&b.distance_m));
            if best.is_some() || radius >= max_m {
                return best;
            }
            radius = (radius * 2.0).min(max_m);
        }
    }
}

/// `metres` in degrees of latitude and longitude, at the latitude nearest to a pole that is
/// within reach, so that nothing within `metres` is missed.
fn reach(place: LatLon, metres: f64) -> [f64; 2] {
    let up = metres / DEGREE_M;
    let narrowest = (place.lat().abs() + up).min(89.9).to_radians().cos();
    [up, (up / narrowest).min(360.0)]
}

fn measure(network: &Network, place: LatLon, (link, piece): (u32, u32)) -> Near {
    let plane = Plane::at(place);
    let [a, b] = segment(network, &network.links[link as usize], piece as usize);
    let (share, distance_m) = nearest_on_segment([0.0, 0.0], plane.xy(a), plane.xy(b));
    Near { link, segment: piece, share, distance_m }
}

/// The whole part of a number, none below zero.
fn whole(x: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; a grid has few cells")]
    let whole = x.clamp(0.0, 1e9) as usize;
    whole
}

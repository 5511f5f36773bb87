//! Covering instances from files of points, and generated ones.

use crate::covering::{CANDIDATES_MAX, Covering, CoveringError, Merger};
use konbit_base::rng::{Seeded, seeded};
use thiserror::Error;

/// Radius of the sphere with which the published values of the covering instances were computed,
/// metres: the equatorial radius of WGS 84, not the mean radius.
pub const COVERING_EARTH_RADIUS_M: f64 = 6_378_137.0;

/// Why bytes are not a file of points.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PointsError {
    /// A section that is not there.
    #[error("the file has no line {0}; add that section")]
    NoSection(&'static str),
    /// No `DIMENSION`, or not a number.
    #[error("the file states no DIMENSION that is a whole number from 1 to {CANDIDATES_MAX}")]
    Dimension,
    /// A line that is not a point.
    #[error("line {line} is {text:?}; expected two finite numbers, on a globe latitude and longitude in degrees")]
    Point {
        /// Counted from 1.
        line: usize,
        /// Its first characters.
        text: String,
    },
    /// A line that is not a weight.
    #[error("line {line} is {text:?}; expected a weight, a whole number that is not negative")]
    Weight {
        /// Counted from 1.
        line: usize,
        /// Its first characters.
        text: String,
    },
    /// Too few or too many lines in a section.
    #[error("section {section} has {lines} lines; the file states a DIMENSION of {dimension}")]
    Lines {
        /// The section.
        section: &'static str,
        /// Lines in it.
        lines: usize,
        /// Lines announced.
        dimension: usize,
    },
}

/// How the distance of two points is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Degrees of latitude and longitude on a sphere of [`COVERING_EARTH_RADIUS_M`]; metres.
    Globe,
    /// Euclidean, in the units of the file.
    Plane,
}

/// Points with weights; each is a demand point and a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// How distance is measured.
    pub metric: Metric,
    /// First and second coordinate as in the file: on a globe latitude, longitude in degrees.
    pub at: Vec<(f64, f64)>,
    /// Weight of each point.
    pub weight: Vec<u64>,
}

/// Reads the form of the covering instances of Máximo, Cordeau and Nascimento (2023): header lines
/// `KEY : VALUE`, `NODE_COORD_SECTION`, `DEMAND_SECTION`, `EOF`. `EDGE_WEIGHT_TYPE : COORD` means
/// degrees on the globe, anything else the plane.
pub fn read_points(bytes: &[u8]) -> Result<Points, PointsError> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<(usize, &str)> = (1..)
        .zip(text.lines())
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let find = |name| lines.iter().position(|(_, line)| *line == name).ok_or(PointsError::NoSection(name));
    let (points, demand) = (find("NODE_COORD_SECTION")?, find("DEMAND_SECTION")?);
    let end = lines.iter().position(|(_, line)| *line == "EOF").unwrap_or(lines.len());
    let header = |key: &str| {
        let fields = lines[..points.min(demand)].iter().filter_map(|(_, line)| line.split_once(':'));
        fields.map(|(k, v)| (k.trim(), v.trim())).find(|(k, _)| *k == key).map(|(_, v)| v)
    };
    let dimension = header("DIMENSION").and_then(|v| v.parse().ok()).filter(|n| (1..=CANDIDATES_MAX).contains(n));
    let dimension: usize = dimension.ok_or(PointsError::Dimension)?;
    let metric = if header("EDGE_WEIGHT_TYPE") == Some("COORD") { Metric::Globe } else { Metric::Plane };
    let section = |name, from: usize, to: usize| {
        let part = lines.get(from + 1..to).unwrap_or_default();
        let lines = part.len();
        if lines == dimension { Ok(part) } else { Err(PointsError::Lines { section: name, lines, dimension }) }
    };
    let cut = |text: &str| text.chars().take(60).collect::<String>();
    let at = section("NODE_COORD_SECTION", points, demand)?
        .iter()
        .map(|&(line, text)| point(text, metric).ok_or_else(|| PointsError::Point { line, text: cut(text) }));
    let weight = section("DEMAND_SECTION", demand, end)?
        .iter()
        .map(|&(line, text)| text.parse().map_err(|_| PointsError::Weight { line, text: cut(text) }));
    Ok(Points { metric, at: at.collect::<Result<_, _>>()?, weight: weight.collect::<Result<_, _>>()? })
}

fn point(text: &str, metric: Metric) -> Option<(f64, f64)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<f64>);
    let (a, b) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let valid = match metric {
        Metric::Globe => a.abs() <= 90.0 && b.abs() <= 180.0,
        Metric::Plane => a.is_finite() && b.is_finite(),
    };
    (valid && numbers.next().is_none()).then_some((a, b))
}

impl Points {
    /// Distance of two points: metres on the globe, the file's units in the plane.
    pub fn distance(&self, from: usize, to: usize) -> f64 {
        let (from, to) = (self.at[from], self.at[to]);
        match self.metric {
            Metric::Plane => (from.0 - to.0).hypot(from.1 - to.1),
            Metric::Globe => {
                let half_lat = (to.0 - from.0).to_radians() / 2.0;
                let half_lon = (to.1 - from.1).to_radians() / 2.0;
                let cosines = from.0.to_radians().cos() * to.0.to_radians().cos();
                let square = half_lat.sin().powi(2) + cosines * half_lon.sin().powi(2);
                2.0 * COVERING_EARTH_RADIUS_M * square.sqrt().min(1.0).asin()
            }
        }
    }

    /// The instance in which each point covers those no farther away than `radius`, and `choose`
    /// of them are chosen.
    pub fn covering(&self, radius: f64, choose: usize) -> Result<Covering, CoveringError> {
        let mut order: Vec<usize> = (0..self.at.len()).collect();
        order.sort_unstable_by(|&a, &b| self.at[a].0.total_cmp(&self.at[b].0).then(a.cmp(&b)));
        // Two points are at least as far apart as their first coordinates; a little slack, since
        // the distance itself is rounded.
        let reach = 1e-9
            + 1.000_001
                * match self.metric {
                    Metric::Plane => radius,
                    Metric::Globe => (radius / COVERING_EARTH_RADIUS_M).to_degrees(),
                };
        let mut merger = Merger::new(self.at.len())?;
        let (mut low, mut high) = (0, 0);
        let mut cover = Vec::new();
        for &j in &order {
            let first = self.at[j].0;
            while self.at[order[low]].0 < first - reach {
                low += 1;
            }
            while high < order.len() && self.at[order[high]].0 <= first + reach {
                high += 1;
            }
            cover.clear();
            let near = order[low..high].iter().filter(|&&i| self.distance(i, j) <= radius);
            cover.extend(near.map(|&i| u32::try_from(i).expect("at most the candidates")));
            cover.sort_unstable();
            merger.add(&cover, self.weight[j])?;
        }
        merger.finish(choose)
    }
}

/// How generated demand points lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// On a square grid, row by row.
    Grid,
    /// Anywhere, uniformly.
    Scattered,
}

/// The shape of a generated covering instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverShape {
    /// Demand points; a grid has the largest square number of points not above this.
    pub points: u64,
    /// Candidates, anywhere in the square.
    pub candidates: usize,
    /// Radius of cover, in units of which the square's side has 30.
    pub radius: f64,
    /// How many candidates are chosen.
    pub choose: usize,
    /// How the points lie.
    pub layout: Layout,
}

/// A seeded instance in a square of side 30 with whole weights of 1 to 100, in the manner of
/// Cordeau, Furini and Ljubic (2019), who take 100 candidates, radii of 3.25 to 6.25 and up to
/// twenty million points. The draws are this generator's own. It describes no real place.
///
/// Points are made, merged and forgotten one by one: memory does not grow with their number.
pub fn generate_covering(shape: CoverShape, seed: u64) -> Result<Covering, CoveringError> {
    const SIDE: f64 = 30.0;
    let mut rng = seeded(seed, 0);
    let anywhere = |rng: &mut Seeded| (SIDE * rng.unit(), SIDE * rng.unit());
    let places: Vec<(f64, f64)> = (0..shape.candidates).map(|_| anywhere(&mut rng)).collect();
    let cells = Cells::new(&places, shape.radius, SIDE);
    let mut merger = Merger::new(shape.candidates)?;
    let mut rng = seeded(seed, 1);
    let mut cover = Vec::new();
    let side = shape.points.isqrt();
    let step = SIDE / side.max(1) as f64;
    let points = if shape.layout == Layout::Grid { side * side } else { shape.points };
    for ix in 0..points {
        let (x, y) = match shape.layout {
            Layout::Grid => (step * ((ix % side) as f64 + 0.5), step * ((ix / side) as f64 + 0.5)),
            Layout::Scattered => anywhere(&mut rng),
        };
        cover.clear();
        let square = shape.radius * shape.radius;
        let near = cells.near(x, y).iter().filter(|(_, (a, b))| (a - x) * (a - x) + (b - y) * (b - y) <= square);
        cover.extend(near.map(|(i, _)| *i));
        merger.add(&cover, 1 + rng.below(100))?;
    }
    merger.finish(shape.choose)
}

/// For each cell of a coarse grid the candidates whose circle may reach into it, ascending.
struct Cells {
    per_side: usize,
    size: f64,
    lists: Vec<Vec<(u32, (f64, f64))>>,
}

impl Cells {
    fn new(places: &[(f64, f64)], radius: f64, side: f64) -> Self {
        let per_side = 64;
        let size = side / per_side as f64;
        let mut lists = vec![Vec::new(); per_side * per_side];
        for (cell, list) in lists.iter_mut().enumerate() {
            let (left, low) = ((cell % per_side) as f64 * size, (cell / per_side) as f64 * size);
            let outside = |v: f64, from: f64| (from - v).max(v - from - size).max(0.0);
            let reaches = |&(x, y): &(f64, f64)| outside(x, left).hypot(outside(y, low)) <= radius + 1e-9;
            let near = (0u32..).zip(places).filter(|(_, place)| reaches(place));
            list.extend(near.map(|(i, &place)| (i, place)));
        }
        Self { per_side, size, lists }
    }

    fn near(&self, x: f64, y: f64) -> &[(u32, (f64, f64))] {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "coordinates lie in the square")]
        let index = |v: f64| ((v / self.size) as usize).min(self.per_side - 1);
        &self.lists[index(y) * self.per_side + index(x)]
    }
}

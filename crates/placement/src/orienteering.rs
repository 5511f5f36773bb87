//! Team orienteering (Chao, Golden, Wasil 1996): a number of paths from a start to an end, each no
//! longer than a limit, that together visit vertices of the largest score, each once. With sites as
//! vertices, minutes as lengths and what a visit is worth as scores this is the best set of patrols
//! at given prices: the oracle of a patrol plan, with a bound.

use crate::answer::{Options, Status, Watch};
use crate::path_exact::{Exact, exact};
use crate::{path_bound, path_search};
use konbit_base::Digest;
use serde::Serialize;
use thiserror::Error;

/// Most vertices, start and end counted.
pub const VERTICES_MAX: usize = 130;
/// Largest length of a leg and largest limit, in millionths of the unit.
pub const LENGTH_MAX: u64 = 1 << 40;
/// Largest score of a vertex.
pub const SCORE_MAX: u32 = 1_000_000;

/// Why numbers are not an instance, or bytes not a file of one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrienteeringError {
    /// A line that does not hold what is due there.
    #[error("line {line} is {text:?}; expected {expected}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Its first characters.
        text: String,
        /// What is due.
        expected: &'static str,
    },
    /// Another number of points than announced.
    #[error("the file has {count} points; its first line announces {announced}")]
    Points {
        /// Points there are.
        count: usize,
        /// Points announced.
        announced: usize,
    },
    /// Too few or too many vertices or paths.
    #[error("there are {count} {what}; give {least} to {most}")]
    Count {
        /// `vertices` or `paths`.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The least there may be.
        least: usize,
        /// The most there may be.
        most: usize,
    },
    /// A matrix that is not square, or a number in it that is too large.
    #[error("the {what} of vertex {vertex} is missing or too large; check row {vertex}")]
    Number {
        /// `length` or `score`.
        what: &'static str,
        /// Counted from 0.
        vertex: usize,
    },
}

/// A team orienteering instance that is known to be well formed.
#[derive(Debug, Clone)]
pub struct Orienteering {
    /// Shortest lengths, millionths.
    pub(crate) length: Vec<Vec<u64>>,
    pub(crate) score: Vec<u32>,
    pub(crate) paths: usize,
    pub(crate) limit: u64,
    hash: Digest,
}

/// Paths, their score, and what no set of paths exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tours {
    /// Vertices of each path between start and end, in order of visit; indices of the instance.
    pub paths: Vec<Vec<u32>>,
    /// Score of all visited vertices.
    pub value: u64,
    /// No set of paths scores more. In whole numbers.
    pub bound: u64,
    /// How the search ended.
    pub status: Status,
    /// Seed that was used.
    pub seed: u64,
    /// SHA-256 of the instance.
    pub instance_hash: Digest,
}

impl Tours {
    /// Distance from value to bound as a share of the value; 0 when they are equal.
    pub fn gap(&self) -> f64 {
        match self.bound - self.value {
            0 => 0.0,
            distance => distance as f64 / self.value.max(1) as f64,
        }
    }
}

impl Orienteering {
    /// An instance from lengths in millionths (`length[from][to]`), a score for each vertex, the
    /// number of paths and the limit of each, in millionths. The first vertex is the start, the
    /// last the end; their scores do not count. Where a way over other vertices is shorter than a
    /// leg, its length is taken: passing by is no visit.
    pub fn new(
        mut length: Vec<Vec<u64>>,
        score: Vec<u32>,
        paths: usize,
        limit: u64,
    ) -> Result<Self, OrienteeringError> {
        let n = score.len();
        let count = |what, count, least, most| {
            let within = (least..=most).contains(&count);
            if within { Ok(()) } else { Err(OrienteeringError::Count { what, count, least, most }) }
        };
        count("vertices", n, 2, VERTICES_MAX)?;
        count("paths", paths, 1, 1_000)?;
        if let Some(vertex) = score.iter().position(|&score| score > SCORE_MAX) {
            return Err(OrienteeringError::Number { what: "score", vertex });
        }
        let bad = |row: &Vec<u64>| row.len() != n || row.iter().any(|&l| l > LENGTH_MAX);
        if length.len() != n || limit > LENGTH_MAX {
            return Err(OrienteeringError::Number { what: "length", vertex: length.len().min(n - 1) });
        }
        if let Some(vertex) = length.iter().position(bad) {
            return Err(OrienteeringError::Number { what: "length", vertex });
        }
        for via in 0..n {
            let out = length[via].clone();
            for row in &mut length {
                let to_via = row[via];
                for (direct, &rest) in row.iter_mut().zip(&out) {
                    *direct = (*direct).min(to_via + rest);
                }
            }
        }
        let mut bytes = format!("orienteering {paths} {limit} {score:?} ").into_bytes();
        bytes.extend(length.iter().flatten().flat_map(|l| l.to_le_bytes()));
        Ok(Self { length, score, paths, limit, hash: Digest::of(&bytes) })
    }

    /// Number of vertices, start and end counted.
    pub fn vertices(&self) -> usize {
        self.score.len()
    }

    /// SHA-256 of the instance.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Length of a path through these vertices from start to end, millionths.
    pub fn path_length(&self, visits: &[u32]) -> u64 {
        let mut at = 0;
        let mut sum = 0;
        for &next in visits {
            sum += self.length[at][next as usize];
            at = next as usize;
        }
        sum + self.length[at][self.vertices() - 1]
    }

    /// Whether the paths are allowed: as many as there may be, each within the limit, no vertex
    /// twice, neither start nor end among the visits.
    pub fn allows(&self, paths: &[Vec<u32>]) -> bool {
        let mut seen = vec![false; self.vertices()];
        (seen[0], seen[self.vertices() - 1]) = (true, true);
        let mut fresh = |v: &u32| seen.get_mut(*v as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        paths.len() <= self.paths
            && paths.iter().flatten().all(&mut fresh)
            && paths.iter().all(|path| path.is_empty() || self.path_length(path) <= self.limit)
    }
}

/// Reads Chao's format: `n`, `m` and `tmax` lines, then a point a line with `x`, `y` and score;
/// the first point is the start, the last the end. Lengths are Euclidean, cut to whole millionths:
/// a path counts as within its limit though it exceeds it by less than a millionth for each leg.
pub fn read_top(bytes: &[u8]) -> Result<Orienteering, OrienteeringError> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    let at = |ix: usize| lines.get(ix).copied().unwrap_or((lines.len() + 1, ""));
    let error = |ix: usize, expected| {
        let (line, text) = at(ix);
        OrienteeringError::Line { line, text: text.chars().take(60).collect(), expected }
    };
    let header = |ix: usize, key: &str, expected| {
        let mut words = at(ix).1.split_ascii_whitespace();
        let number = (words.next() == Some(key)).then(|| words.next()?.parse::<f64>().ok()).flatten();
        number.filter(|v| (0.0..=1e6).contains(v) && words.next().is_none()).ok_or_else(|| error(ix, expected))
    };
    let announced = header(0, "n", "n and the number of vertices")?;
    let paths = header(1, "m", "m and the number of paths")?;
    let limit = header(2, "tmax", "tmax and the limit of a path, at most a million")?;
    let mut points = Vec::new();
    for ix in 3..lines.len() {
        let words: Vec<f64> = at(ix).1.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
        let &[x, y, score] = words.as_slice() else { return Err(error(ix, "x, y and a score")) };
        if !(x.abs() <= 1e5 && y.abs() <= 1e5 && (0.0..=f64::from(SCORE_MAX)).contains(&score) && score.fract() == 0.0)
        {
            return Err(error(ix, "x and y of at most 100,000 and a whole score of at most a million"));
        }
        points.push((x, y, whole(score)));
    }
    let announced = usize::try_from(whole(announced)).expect("at most a million");
    if points.len() != announced {
        return Err(OrienteeringError::Points { count: points.len(), announced });
    }
    let leg = |a: &(f64, f64, u64), b: &(f64, f64, u64)| whole((a.0 - b.0).hypot(a.1 - b.1) * 1e6);
    let length = points.iter().map(|a| points.iter().map(|b| leg(a, b)).collect()).collect();
    let score = points.iter().map(|p| u32::try_from(p.2).expect("at most a million")).collect();
    let paths = usize::try_from(whole(paths)).expect("at most a million");
    Orienteering::new(length, score, paths, whole((limit * 1e6).round()))
}

/// A number that is not negative, cut to whole.
fn whole(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in range")]
    let whole = value as u64;
    whole
}

/// Paths by a seeded search, and a bound by prices of vertices; where there are few enough ways to
/// look at all that could beat them, the best paths.
pub fn orienteering(instance: &Orienteering, options: Options, watch: &Watch<'_>) -> Tours {
    let score = |paths: &[Vec<u32>]| paths.iter().flatten().map(|&v| u64::from(instance.score[v as usize])).sum();
    let mut paths = path_search::search(instance, options.seed, watch.should_stop);
    let mut value: u64 = score(&paths);
    let priced = path_bound::bound(instance, value, watch.should_stop);
    let mut bound = priced.bound;
    if value < bound && !(watch.should_stop)() {
        match exact(instance, &priced, value, watch.should_stop) {
            Exact::Proven => bound = value,
            Exact::Better(better) => {
                value = score(&better);
                (paths, bound) = (better, value);
            }
            Exact::Open => {}
        }
    }
    assert!(instance.allows(&paths), "the search keeps to the rules");
    assert!(value <= bound, "a bound of {bound} for paths that score {value}");
    let status = match value == bound {
        true => Status::Optimal,
        false if (watch.should_stop)() => Status::LimitReached,
        false => Status::Gap,
    };
    Tours { paths, value, bound, status, seed: options.seed, instance_hash: instance.hash }
}

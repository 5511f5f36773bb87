//! States of the road: closed, slowed, dangerous, held; on which links, and with what effect.
//!
//! A state holds for whole links. A barricade drawn as a circle on the middle of a link
//! therefore closes all of it, from one junction to the next: [`Coverage`] says which links,
//! with names and lengths, so that whoever draws sees what was covered.
//! When a state begins and ends is not known here; a caller passes the conditions in force.

use crate::network::{Direction, Network, RoadClass};
use crate::profile::StateFactors;
use crate::route::Router;
use crate::route::geometry::{Plane, between, points, segment};
use crate::route::graph::way_of;
use konbit_base::LatLon;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most points of a drawn line or ring that are read.
pub const PLACE_POINTS_MAX: usize = 10_000;
/// A drawn line lies along a link where the two are within this distance, if nothing else is said.
pub const LINE_TOLERANCE_M: f64 = 25.0;
/// Most samples taken of a drawn line; a longer line is sampled more sparsely.
const SAMPLES_MAX: f64 = 20_000.0;
/// Distance between samples of a drawn line.
const SAMPLE_M: f64 = 5.0;
/// A line and a link run the same way if they differ by less than 35 degrees: its cosine.
const SAME_WAY: f64 = 0.819;

/// What is the matter with a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoadState {
    /// Nobody gets through.
    Closed,
    /// Passable more slowly.
    Slowed {
        /// Speed left, in thousandths of the usual one (1 to 1000; 0 counts as 1).
        speed_per_mille: u16,
    },
    /// Passable at a risk; what that means for a trip is the [`Policy`]'s to say.
    Dangerous,
    /// Held by an armed group; what that means for a trip is the [`Policy`]'s to say.
    Held,
}

impl RoadState {
    /// For sorting: the worst first; of two slowed roads the slower.
    fn rank(self) -> (u8, u16) {
        match self {
            Self::Closed => (0, 0),
            Self::Held => (1, 0),
            Self::Dangerous => (2, 0),
            Self::Slowed { speed_per_mille } => (3, speed_per_mille),
        }
    }
}

/// What dangerous and held roads mean for a kind of trip: an armoured vehicle may go where a
/// patrol car may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Speed left on a dangerous road, in thousandths (up to 1000); 0: not used.
    pub dangerous_per_mille: u16,
    /// Speed left on a road held by an armed group, in thousandths (up to 1000); 0: not used.
    pub held_per_mille: u16,
}

impl From<&StateFactors> for Policy {
    fn from(factors: &StateFactors) -> Self {
        Self { dangerous_per_mille: factors.dangerous_per_mille, held_per_mille: factors.held_per_mille }
    }
}

impl Policy {
    /// What becomes of a travel time under `states`: the worst effect of any of them counts, not
    /// their product. Rounded up, so that a slower road never counts as a quicker one. `None` if
    /// the road is not used.
    pub fn travel_ms(self, usual_ms: u32, states: &[RoadState]) -> Option<u32> {
        let left = |state: &RoadState| match *state {
            RoadState::Closed => 0,
            RoadState::Held => self.held_per_mille,
            RoadState::Dangerous => self.dangerous_per_mille,
            RoadState::Slowed { speed_per_mille } => speed_per_mille.max(1),
        };
        let slowest = states.iter().map(left).fold(1000, u16::min);
        if slowest == 0 {
            return None;
        }
        let ms = (u64::from(usual_ms) * 1000).div_ceil(u64::from(slowest));
        Some(u32::try_from(ms).unwrap_or(u32::MAX))
    }
}

/// A state on some links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Links by index, each with the direction meant, or both where `None`.
    pub links: Vec<(u32, Option<Direction>)>,
    /// What holds there.
    pub state: RoadState,
}

/// The states in force on each link and direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoadStates {
    by_way: BTreeMap<u32, Vec<RoadState>>,
}

impl RoadStates {
    /// The states that follow from some conditions, in any order.
    pub fn new(conditions: &[Condition]) -> Self {
        let mut by_way: BTreeMap<u32, Vec<RoadState>> = BTreeMap::new();
        for condition in conditions {
            for &(link, direction) in &condition.links {
                for way in [Direction::Forward, Direction::Backward] {
                    if direction.is_none_or(|only| only == way) {
                        by_way.entry(way_of(link, way)).or_default().push(condition.state);
                    }
                }
            }
        }
        for states in by_way.values_mut() {
            states.sort_by_key(|state| state.rank());
            states.dedup();
        }
        Self { by_way }
    }

    /// The states of a link in one direction, the worst first; empty if nothing is known to be
    /// the matter.
    pub fn on(&self, link: u32, direction: Direction) -> &[RoadState] {
        self.on_way(way_of(link, direction))
    }

    pub(crate) fn on_way(&self, way: u32) -> &[RoadState] {
        self.by_way.get(&way).map_or(&[], Vec::as_slice)
    }

    /// The ways that have a state, ascending.
    pub(crate) fn ways(&self) -> impl Iterator<Item = u32> {
        self.by_way.keys().copied()
    }
}

/// A place drawn on the map.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Along a line: links that the line follows within `tolerance_m` ([`LINE_TOLERANCE_M`]
    /// is the usual one), in both directions. A link is covered if the line runs along it (less
    /// than 35 degrees off) for half of the link's length, or for twice the tolerance, or for
    /// half of the line's own length. A road that only crosses the line is not covered; one that
    /// passes over it on a bridge and runs alongside is, since heights are not known.
    Line {
        /// Points of the line.
        points: Vec<LatLon>,
        /// How far line and link may be apart, in metres.
        tolerance_m: f64,
    },
    /// Every link with a point within `radius_m` of `centre`.
    Within {
        /// Middle of the circle.
        centre: LatLon,
        /// Radius in metres.
        radius_m: f64,
    },
    /// Every link with a point inside a ring (closed or not; even-odd where it crosses itself).
    Area(Vec<LatLon>),
}

/// The links that a drawn place covers, each as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Links by index, ascending.
    pub links: Vec<u32>,
    /// Their length together, in decimetres.
    pub length_dm: u64,
    /// The same by road: the longest first, then by name and class.
    pub roads: Vec<CoveredRoad>,
}

/// A road of one name and class, as far as a place covers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoveredRoad {
    /// Name as the source has it; `None` if it has none.
    pub name: Option<String>,
    /// Kind of road.
    pub class: RoadClass,
    /// Number of links.
    pub link_count: usize,
    /// Length in decimetres.
    pub length_dm: u64,
}

impl Router {
    /// The links that a drawn place covers. Points beyond [`PLACE_POINTS_MAX`] are not read.
    pub fn cover(&self, place: &Place) -> Coverage {
        let mut links = match place {
            Place::Line { points, tolerance_m } => self.along_line(points, *tolerance_m),
            Place::Within { centre, radius_m } => {
                self.grid.within(self.network(), *centre, *radius_m).into_iter().map(|near| near.link).collect()
            }
            Place::Area(ring) => self.in_ring(ring),
        };
        links.dedup();
        coverage(self.network(), links)
    }

    fn along_line(&self, line: &[LatLon], tolerance_m: f64) -> Vec<u32> {
        let line = &line[..line.len().min(PLACE_POINTS_MAX)];
        let length: f64 = line.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum();
        let step = SAMPLE_M.max(length / SAMPLES_MAX);
        let mut alongside: BTreeMap<u32, f64> = BTreeMap::new();
        for pair in line.windows(2) {
            let part = pair[0].distance_m(pair[1]);
            let samples = samples(part, step);
            for sample in 0..samples {
                let share = (f64::from(sample) + 0.5) / f64::from(samples);
                for link in self.same_way(between(pair[0], pair[1], share), pair, tolerance_m) {
                    *alongside.entry(link).or_default() += part / f64::from(samples);
                }
            }
        }
        let network = self.network();
        let enough = |link: u32| {
            let link = &network.links[link as usize];
            let drawn: Vec<LatLon> = points(network, link).collect();
            let drawn_m: f64 = drawn.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum();
            (drawn_m / 2.0).min(2.0 * tolerance_m).min(length / 2.0)
        };
        alongside.into_iter().filter(|&(link, metres)| metres > 0.0 && metres >= enough(link)).map(|it| it.0).collect()
    }

    /// Links within reach of a sample that run the way the line runs there, ascending.
    fn same_way(&self, sample: LatLon, line: &[LatLon], tolerance_m: f64) -> Vec<u32> {
        let plane = Plane::at(sample);
        let course = unit(plane.xy(line[0]), plane.xy(line[1]));
        let near = self.grid.within(self.network(), sample, tolerance_m).into_iter();
        let mut links: Vec<u32> = near
            .filter(|near| {
                let link = &self.network().links[near.link as usize];
                let [a, b] = segment(self.network(), link, near.segment as usize);
                let other = unit(plane.xy(a), plane.xy(b));
                (course[0] * other[0] + course[1] * other[1]).abs() >= SAME_WAY
            })
            .map(|near| near.link)
            .collect();
        links.dedup();
        links
    }

    fn in_ring(&self, ring: &[LatLon]) -> Vec<u32> {
        let ring: Vec<[f64; 2]> = ring.iter().take(PLACE_POINTS_MAX).map(|p| [p.lat(), p.lon()]).collect();
        if ring.len() < 3 {
            return Vec::new();
        }
        let edge = |pick: fn(f64, f64) -> f64, axis: usize| ring.iter().map(|p| p[axis]).reduce(pick).unwrap_or(0.0);
        let south_west = [edge(f64::min, 0), edge(f64::min, 1)];
        let north_east = [edge(f64::max, 0), edge(f64::max, 1)];
        let network = self.network();
        let touches = |&link: &u32| {
            let course: Vec<[f64; 2]> =
                points(network, &network.links[link as usize]).map(|p| [p.lat(), p.lon()]).collect();
            course.iter().any(|&p| is_inside(p, &ring))
                || course.windows(2).any(|pair| edges(&ring).any(|edge| cross([pair[0], pair[1]], edge)))
        };
        self.grid.links_in(south_west, north_east).into_iter().filter(touches).collect()
    }
}

fn samples(part_m: f64, step_m: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by SAMPLES_MAX")]
    let samples = (part_m / step_m).ceil().clamp(1.0, SAMPLES_MAX) as u32;
    samples
}

fn unit(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    let (x, y) = (b[0] - a[0], b[1] - a[1]);
    let length = x.hypot(y);
    if length > 0.0 { [x / length, y / length] } else { [0.0, 0.0] }
}

fn edges(ring: &[[f64; 2]]) -> impl Iterator<Item = [[f64; 2]; 2]> {
    (0..ring.len()).map(|i| [ring[i], ring[(i + 1) % ring.len()]])
}

/// Even-odd rule.
fn is_inside(p: [f64; 2], ring: &[[f64; 2]]) -> bool {
    edges(ring).fold(false, |inside, [a, b]| {
        let crosses = (a[0] > p[0]) != (b[0] > p[0]);
        inside != (crosses && p[1] < a[1] + (p[0] - a[0]) / (b[0] - a[0]) * (b[1] - a[1]))
    })
}

/// Whether two segments cross or touch.
fn cross([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> bool {
    let side = |p: [f64; 2], q: [f64; 2], r: [f64; 2]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    let (c_side, d_side, a_side, b_side) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b));
    let overlap = |k: usize| a[k].min(b[k]) <= c[k].max(d[k]) && c[k].min(d[k]) <= a[k].max(b[k]);
    c_side * d_side <= 0.0 && a_side * b_side <= 0.0 && overlap(0) && overlap(1)
}

fn coverage(network: &Network, links: Vec<u32>) -> Coverage {
    let mut roads: BTreeMap<(Option<String>, RoadClass), (usize, u64)> = BTreeMap::new();
    for &link in &links {
        let link = &network.links[link as usize];
        let name = link.name.map(|name| network.names[name as usize].local.clone());
        let road = roads.entry((name, link.class)).or_default();
        road.0 += 1;
        road.1 += u64::from(link.length_dm);
    }
    let mut roads: Vec<CoveredRoad> = roads
        .into_iter()
        .map(|((name, class), (link_count, length_dm))| CoveredRoad { name, class, link_count, length_dm })
        .collect();
    roads.sort_by_key(|road| std::cmp::Reverse(road.length_dm));
    Coverage { length_dm: roads.iter().map(|road| road.length_dm).sum(), links, roads }
}

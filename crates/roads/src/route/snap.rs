//! Where a trip starts or ends: the nearest road to a place, or a node of the network.

use super::geometry::{self, WHOLE};
use super::graph::{RoadGraph, index, way_of};
use super::grid::Near;
use super::{Metric, Router, UNREACHED};
use crate::network::Direction;
use konbit_base::LatLon;

/// A road outside the largest strongly connected part is passed over for one inside it that is
/// not farther than this many times the distance, plus [`SNAP_LARGEST_SLACK_M`].
pub const SNAP_LARGEST_FACTOR: f64 = 2.0;
/// See [`SNAP_LARGEST_FACTOR`]; in metres.
pub const SNAP_LARGEST_SLACK_M: f64 = 50.0;

/// A point of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// At a node, by index: a trip may leave over every link there.
    Node(u32),
    /// On a link, between its ends.
    OnLink {
        /// Index of the link.
        link: u32,
        /// How far along it from its `from` node, in millionths of its drawn course (0 to
        /// 1,000,000).
        parts: u32,
    },
}

/// The road found for a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snap {
    /// Where on the network.
    pub spot: Spot,
    /// The link that is nearest, also where the spot is a node.
    pub link: u32,
    /// Position of the spot.
    pub position: LatLon,
    /// Distance from the place to the spot, in metres, across whatever lies between.
    pub distance_m: f64,
    /// Which part of the network it belongs to.
    pub part: Part,
}

/// How a spot is connected with the rest, road states aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// In the largest strongly connected part.
    Largest,
    /// In the largest part; a nearer road that is not in it was passed over.
    LargestInstead {
        /// The nearer link.
        nearer_link: u32,
        /// Its distance in metres.
        nearer_m: f64,
    },
    /// Not in the largest part, and no road of that part is near enough: an island, a stretch
    /// that can only be entered, or one that can only be left.
    Outside,
}

/// What places are snapped to: the roads that one kind of traveller uses when the roads are free,
/// and which of them hang together. A profile may leave out classes of road, such as ferries, that
/// the mode as such may use.
///
/// Made once for a profile by [`Router::snap_marks`]; road states do not matter to it, because a
/// site beside a closed road stays beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapMarks {
    /// By link: usable in some direction.
    usable: Vec<bool>,
    /// By link: in the largest strongly connected part of what is usable.
    connected: Vec<bool>,
}

impl SnapMarks {
    /// Whether a link can be used from, and back to, the largest strongly connected part of what
    /// the traveller uses.
    pub fn is_connected(&self, link: u32) -> bool {
        self.connected[link as usize]
    }
}

impl Router {
    /// Marks the roads that `metric` uses, its road states aside; about as long as a search over
    /// the whole network.
    pub fn snap_marks(&self, metric: &Metric) -> SnapMarks {
        let is_open = |way: u32| metric.usual_ms(way) != UNREACHED;
        let arc_is_open = |arc: usize| self.graph.allowed[arc].allows(metric.mode()) && is_open(self.graph.ways[arc]);
        let marks = self.graph.largest_part(arc_is_open);
        let links = index(self.network().links.len());
        let ways = |link: u32| DIRECTIONS.map(|direction| way_of(link, direction));
        let is_connected = |arc: usize| {
            let ends = [self.graph.tails[arc], self.graph.heads[arc]];
            arc_is_open(arc) && ends.iter().all(|&node| marks[node as usize])
        };
        SnapMarks {
            usable: (0..links).map(|link| ways(link).into_iter().any(is_open)).collect(),
            connected: (0..links)
                .map(|link| {
                    let mut arcs = ways(link).into_iter().flat_map(|way| self.graph.arcs_of(way));
                    arcs.any(|&arc| is_connected(arc as usize))
                })
                .collect(),
        }
    }

    /// The road nearest to `place` among those that `marks` (of this router) say are used, no
    /// farther than `max_m`; `None` if there is none. Of equally near roads the one with the
    /// lowest index is taken.
    pub fn snap(&self, place: LatLon, marks: &SnapMarks, max_m: f64) -> Option<Snap> {
        let nearest = self.grid.nearest(self.network(), place, max_m, |link| marks.usable[link as usize])?;
        if marks.is_connected(nearest.link) {
            return Some(self.snapped(nearest, Part::Largest));
        }
        let farthest = (nearest.distance_m * SNAP_LARGEST_FACTOR + SNAP_LARGEST_SLACK_M).min(max_m);
        let part = Part::LargestInstead { nearer_link: nearest.link, nearer_m: nearest.distance_m };
        match self.grid.nearest(self.network(), place, farthest, |link| marks.is_connected(link)) {
            Some(other) => Some(self.snapped(other, part)),
            None => Some(self.snapped(nearest, Part::Outside)),
        }
    }

    fn snapped(&self, near: Near, part: Part) -> Snap {
        let link = &self.network().links[near.link as usize];
        let parts = geometry::along(self.network(), link, near.segment as usize, near.share);
        let spot = match parts {
            0 => Spot::Node(link.from),
            WHOLE => Spot::Node(link.to),
            _ => Spot::OnLink { link: near.link, parts },
        };
        Snap { spot, link: near.link, position: self.position(spot), distance_m: near.distance_m, part }
    }

    /// The position of a spot.
    pub fn position(&self, spot: Spot) -> LatLon {
        match spot {
            Spot::Node(node) => self.network().nodes[node as usize].position,
            Spot::OnLink { link, parts } => {
                geometry::point_at(self.network(), &self.network().links[link as usize], parts)
            }
        }
    }
}

/// Where a spot touches the graph: a graph node, the time between spot and node, and the way
/// that is used for it (`None` at the node itself).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) node: u32,
    pub(crate) ms: u32,
    pub(crate) way: Option<u32>,
}

const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Backward];

/// The time over a way up to `parts` of its link, counted from the start of the way.
pub(crate) fn elapsed_ms(way_ms: u32, direction: Direction, parts: u32) -> u32 {
    let share = u64::from(way_ms) * u64::from(parts) + u64::from(WHOLE / 2);
    let from_link_start = u32::try_from(share / u64::from(WHOLE)).expect("no more than the whole");
    match direction {
        Direction::Forward => from_link_start,
        Direction::Backward => way_ms - from_link_start,
    }
}

/// Where a trip from `spot` comes onto the graph.
pub(crate) fn starts(graph: &RoadGraph, metric: &Metric, spot: Spot) -> Vec<Entry> {
    match spot {
        Spot::Node(node) => vec![Entry { node, ms: 0, way: None }],
        Spot::OnLink { link, parts } => {
            let entry = |direction| {
                let way = way_of(link, direction);
                let way_ms = metric.way_ms(way);
                // All arcs of a way end at the same graph node.
                let &arc = graph.arcs_of(way).first().filter(|_| way_ms != UNREACHED)?;
                let ms = way_ms - elapsed_ms(way_ms, direction, parts);
                Some(Entry { node: graph.heads[arc as usize], ms, way: Some(way) })
            };
            DIRECTIONS.into_iter().filter_map(entry).collect()
        }
    }
}

/// Where a trip to `spot` leaves the graph.
pub(crate) fn ends(graph: &RoadGraph, metric: &Metric, spot: Spot) -> Vec<Entry> {
    match spot {
        Spot::Node(node) => graph.copies(node).map(|node| Entry { node, ms: 0, way: None }).collect(),
        Spot::OnLink { link, parts } => {
            let entries = |direction| {
                let way = way_of(link, direction);
                let arcs = graph.arcs_of(way).iter().filter(|&&arc| metric.weights[arc as usize] != UNREACHED);
                arcs.map(move |&arc| Entry {
                    node: graph.tails[arc as usize],
                    ms: elapsed_ms(metric.way_ms(way), direction, parts),
                    way: Some(way),
                })
            };
            DIRECTIONS.into_iter().flat_map(entries).collect()
        }
    }
}

/// Along one link from spot to spot without leaving it: way and time of the quicker direction.
pub(crate) fn direct(metric: &Metric, source: Spot, target: Spot) -> Option<(u32, u32)> {
    let (Spot::OnLink { link, parts: from }, Spot::OnLink { link: other, parts: to }) = (source, target) else {
        return None;
    };
    if link != other {
        return None;
    }
    let by = |direction| {
        let onward = match direction {
            Direction::Forward => from <= to,
            Direction::Backward => from >= to,
        };
        let way = way_of(link, direction);
        let ms = metric.way_ms(way);
        let times = onward && ms != UNREACHED;
        times.then(|| (elapsed_ms(ms, direction, to) - elapsed_ms(ms, direction, from), way))
    };
    DIRECTIONS.into_iter().filter_map(by).min().map(|(ms, way)| (way, ms))
}

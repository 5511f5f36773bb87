//! A route as it is shown: course, time, length by what it rests on, and what it passes.

use super::geometry::{WHOLE, stretch};
use super::graph::{direction_of, link_of};
use super::search::Found;
use super::snap::elapsed_ms;
use super::{Metric, Router, Search, Spot};
use crate::network::{Direction, LengthBasis, RoadClass};
use crate::state::RoadState;
use konbit_base::LatLon;

/// Length by what it rests on, in decimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lengths {
    /// Measured along the drawn course.
    pub measured_dm: u64,
    /// Published distances.
    pub published_dm: u64,
    /// Published totals shared out over links.
    pub apportioned_dm: u64,
    /// Great circle times a stated factor: shown as derived wherever it appears.
    pub derived_dm: u64,
}

impl Lengths {
    /// All together, in decimetres.
    pub fn total_dm(&self) -> u64 {
        self.measured_dm + self.published_dm + self.apportioned_dm + self.derived_dm
    }

    fn add(&mut self, basis: LengthBasis, length_dm: u64) {
        *match basis {
            LengthBasis::Measured => &mut self.measured_dm,
            LengthBasis::Published => &mut self.published_dm,
            LengthBasis::PublishedApportioned => &mut self.apportioned_dm,
            LengthBasis::Derived => &mut self.derived_dm,
        } += length_dm;
    }
}

/// A stretch of a route with one name, class and set of states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index into [`crate::network::Network::names`]; `None` if the road has no name.
    pub name: Option<u32>,
    /// Kind of road.
    pub class: RoadClass,
    /// Length in decimetres.
    pub length_dm: u64,
    /// Time in milliseconds.
    pub ms: u32,
    /// States of the road met here, the worst first.
    pub states: Vec<RoadState>,
    /// Links in the order of travel, each with the direction.
    pub links: Vec<(u32, Direction)>,
}

/// The quickest way between two spots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Time in milliseconds.
    pub ms: u32,
    /// Length by what it rests on.
    pub lengths: Lengths,
    /// Course from start to end; a single point where the two are the same.
    pub course: Vec<LatLon>,
    /// What it passes, in order; their times and lengths add up to the whole.
    pub steps: Vec<Step>,
}

impl Route {
    /// The states met anywhere on the way, in the order in which they are first met.
    pub fn states(&self) -> Vec<RoadState> {
        let mut states: Vec<RoadState> = Vec::new();
        for state in self.steps.iter().flat_map(|step| &step.states) {
            if !states.contains(state) {
                states.push(*state);
            }
        }
        states
    }
}

/// Part of a link travelled: the way, from and to in millionths of the link, and the time.
struct Leg {
    way: u32,
    from: u32,
    to: u32,
    ms: u32,
}

impl Search<'_> {
    /// The quickest way from `source` to `target`; `None` if there is none.
    pub fn route(&mut self, metric: &Metric, source: Spot, target: Spot) -> Option<Route> {
        let found = self.find(metric, source, target)?;
        let legs = legs(self.router(), metric, &found, source, target);
        let route = describe(self.router(), metric, source, &legs);
        assert_eq!(route.ms, found.ms, "the links of a route take as long as the route");
        Some(route)
    }
}

fn parts(spot: Spot) -> u32 {
    match spot {
        Spot::OnLink { parts, .. } => parts,
        Spot::Node(_) => 0,
    }
}

/// The position along its link, in millionths, where a way begins and where it ends.
fn way_ends(way: u32) -> (u32, u32) {
    match direction_of(way) {
        Direction::Forward => (0, WHOLE),
        Direction::Backward => (WHOLE, 0),
    }
}

fn legs(router: &Router, metric: &Metric, found: &Found, source: Spot, target: Spot) -> Vec<Leg> {
    let timed = |way: u32, from: u32, to: u32| {
        let at = |parts| elapsed_ms(metric.way_ms(way), direction_of(way), parts);
        Leg { way, from, to, ms: at(to) - at(from) }
    };
    if let Some(way) = found.direct_way {
        return vec![timed(way, parts(source), parts(target))];
    }
    let first = found.start.and_then(|entry| entry.way);
    let last = found.end.and_then(|entry| entry.way);
    let mut legs: Vec<Leg> = first.map(|way| timed(way, parts(source), way_ends(way).1)).into_iter().collect();
    legs.extend(found.arcs.iter().map(|&arc| {
        let way = router.graph.ways[arc as usize];
        timed(way, way_ends(way).0, way_ends(way).1)
    }));
    legs.extend(last.map(|way| timed(way, way_ends(way).0, parts(target))));
    legs.retain(|leg| leg.from != leg.to);
    legs
}

fn describe(router: &Router, metric: &Metric, source: Spot, legs: &[Leg]) -> Route {
    let network = router.network();
    let mut route =
        Route { ms: 0, lengths: Lengths::default(), course: vec![router.position(source)], steps: Vec::new() };
    for leg in legs {
        let link = &network.links[link_of(leg.way) as usize];
        let share = u64::from(leg.from.abs_diff(leg.to));
        let length_dm = (u64::from(link.length_dm) * share + u64::from(WHOLE / 2)) / u64::from(WHOLE);
        route.ms += leg.ms;
        route.lengths.add(link.basis, length_dm);
        for point in stretch(network, link, leg.from, leg.to) {
            if route.course.last() != Some(&point) {
                route.course.push(point);
            }
        }
        let states = metric.states().on_way(leg.way);
        let travelled = (link_of(leg.way), direction_of(leg.way));
        match route.steps.last_mut() {
            Some(step) if step.name == link.name && step.class == link.class && step.states == states => {
                step.length_dm += length_dm;
                step.ms += leg.ms;
                step.links.push(travelled);
            }
            _ => route.steps.push(Step {
                name: link.name,
                class: link.class,
                length_dm,
                ms: leg.ms,
                states: states.to_vec(),
                links: vec![travelled],
            }),
        }
    }
    route
}

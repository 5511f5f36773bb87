//! Small networks for the tests of travel times.

use konbit_base::LatLon;
use konbit_roads::network::{
    Access, Direction, ForbiddenTurn, LengthBasis, Link, Mode, Network, RoadClass, RoadNode, Surface,
};
use konbit_roads::route::{Metric, Router};
use konbit_roads::state::{Condition, Policy, RoadState, RoadStates};
use std::sync::Arc;

pub const BOTH: Access = Access { motor: true, foot: true };
pub const NOBODY: Access = Access { motor: false, foot: false };
pub const FOOT: Access = Access { motor: false, foot: true };

/// Held roads are not used, dangerous ones at full speed.
pub const POLICY: Policy = Policy { dangerous_per_mille: 1000, held_per_mille: 0 };

/// A position so many metres east and north of a point in Port-au-Prince.
pub fn at(east_m: f64, north_m: f64) -> LatLon {
    let (lat, lon) = (18.54_f64, -72.34);
    let degree_m = 111_195.08;
    LatLon::new(lat + north_m / degree_m, lon + east_m / degree_m / lat.to_radians().cos()).unwrap()
}

/// A network from nodes in metres and links between them.
#[derive(Default)]
pub struct Town {
    pub network: Network,
}

impl Town {
    pub fn new(nodes: &[(f64, f64)]) -> Self {
        let nodes = nodes.iter().map(|&(east, north)| RoadNode { position: at(east, north), passable: BOTH });
        Self { network: Network { nodes: nodes.collect(), ..Network::default() } }
    }

    /// A road for all in both directions that takes `ms` each way; gives its index.
    pub fn road(&mut self, from: u32, to: u32, ms: u32) -> u32 {
        let position = |node: u32| self.network.nodes[node as usize].position;
        let metres = position(from).distance_m(position(to));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few kilometres")]
        let length_dm = (metres * 10.0).round() as u32;
        let course = if from == to { vec![at(5.0, 5.0)] } else { Vec::new() };
        self.network.links.push(Link {
            from,
            to,
            class: RoadClass::Residential,
            surface: Surface::Paved,
            length_dm,
            basis: LengthBasis::Measured,
            speed_kmh_max: None,
            given_ms: Some([ms, ms]),
            forward: BOTH,
            backward: BOTH,
            name: None,
            course,
        });
        u32::try_from(self.network.links.len() - 1).unwrap()
    }

    pub fn one_way(&mut self, from: u32, to: u32, ms: u32) -> u32 {
        let link = self.road(from, to, ms);
        self.network.links[link as usize].backward = FOOT;
        link
    }

    pub fn forbid(&mut self, from: u32, via: u32, to: u32) {
        self.network.forbidden_turns.push(ForbiddenTurn { from, via, to });
        self.network.forbidden_turns.sort();
        self.network.forbidden_turns.dedup();
    }

    pub fn router(&self) -> Router {
        Router::prepare(Arc::new(self.network.clone()))
    }
}

/// The stated times of the links, whatever the mode.
pub fn given(link: &Link, direction: Direction) -> Option<u32> {
    link.given_ms.map(|ms| ms[usize::from(direction == Direction::Backward)])
}

pub fn metric(router: &Router, mode: Mode, states: &RoadStates) -> Metric {
    router.metric_with(mode, given, states, POLICY)
}

/// The same state on some links in both directions.
pub fn states(state: RoadState, links: &[u32]) -> RoadStates {
    RoadStates::new(&[Condition { links: links.iter().map(|&link| (link, None)).collect(), state }])
}

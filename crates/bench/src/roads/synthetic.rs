//! An invented town, for measurements where no file is at hand: not a claim about any real one.

use konbit_base::LatLon;
use konbit_base::rng::{Seeded, seeded};
use konbit_roads::network::{Access, ForbiddenTurn, LengthBasis, Link, Network, RoadClass, RoadNode, Surface};

const ALL: Access = Access { motor: true, foot: true };
const FOOT: Access = Access { motor: false, foot: true };
const NODES_PER_SIDE_MAX: u32 = 10_000;

/// About `nodes` junctions some 100 m apart in a crooked grid: three in twenty blocks are not
/// divided, every eighth street is a main road, one street in five is one way, one turn in fifty
/// into a main road is forbidden.
pub fn town(nodes: u32, seed: u64) -> Network {
    let mut rng = seeded(seed, 0);
    let side = (1..=NODES_PER_SIDE_MAX).find(|side| side * side >= nodes).unwrap_or(NODES_PER_SIDE_MAX);
    let mut network = Network::default();
    for row in 0..side {
        for column in 0..side {
            let crooked = |rng: &mut Seeded, line: u32| (f64::from(line) + rng.unit() * 0.6 - 0.3) * 0.001;
            let position = LatLon::new(18.0 + crooked(&mut rng, row), -72.0 + crooked(&mut rng, column))
                .expect("a town is smaller than a country");
            network.nodes.push(RoadNode { position, passable: ALL });
        }
    }
    for row in 0..side {
        for column in 0..side {
            let from = row * side + column;
            if column + 1 < side {
                street(&mut network, &mut rng, from, from + 1, row.is_multiple_of(8));
            }
            if row + 1 < side {
                street(&mut network, &mut rng, from, from + side, column.is_multiple_of(8));
            }
        }
    }
    forbid(&mut network, &mut rng);
    network
}

/// Several copies of a network side by side, from west to east, each joined to the next by
/// [`JOINTS`] roads: a larger network whose every part is a real one, for want of a real one of
/// that size. Names are left out.
pub fn copies(network: &Network, count: u32) -> anyhow::Result<Network> {
    let lons = || network.nodes.iter().map(|node| node.position.lon());
    let (west, east) = (lons().fold(f64::INFINITY, f64::min), lons().fold(f64::NEG_INFINITY, f64::max));
    let step = (east - west) * 1.02;
    let mut by_lon: Vec<u32> = (0u32..).zip(&network.nodes).map(|(node, _)| node).collect();
    let lon = |node: u32| network.nodes[node as usize].position.lon();
    by_lon.sort_by(|&a, &b| lon(a).total_cmp(&lon(b)));
    let (nodes, links) = (super::index(network.nodes.len()), super::index(network.links.len()));
    let mut all = Network { notice: network.notice.clone(), ..Network::default() };
    for copy in 0..count {
        let shifted = |at: LatLon| LatLon::new(at.lat(), at.lon() + f64::from(copy) * step);
        for node in &network.nodes {
            all.nodes.push(RoadNode { position: shifted(node.position)?, ..node.clone() });
        }
        for link in &network.links {
            let course = link.course.iter().map(|&at| shifted(at)).collect::<Result<_, _>>()?;
            let (from, to) = (link.from + copy * nodes, link.to + copy * nodes);
            all.links.push(Link { from, to, course, name: None, ..link.clone() });
        }
        all.forbidden_turns.extend(network.forbidden_turns.iter().map(|turn| ForbiddenTurn {
            from: turn.from + copy * links,
            via: turn.via + copy * nodes,
            to: turn.to + copy * links,
        }));
    }
    for copy in 1..count {
        for (&from, &to) in by_lon.iter().rev().zip(&by_lon).take(JOINTS) {
            let road = Link { from: from + (copy - 1) * nodes, to: to + copy * nodes, ..joint() };
            all.links.push(road);
        }
    }
    Ok(all)
}

/// Roads between two copies.
const JOINTS: usize = 10;

fn joint() -> Link {
    Link {
        from: 0,
        to: 0,
        class: RoadClass::Secondary,
        surface: Surface::Paved,
        length_dm: 20_000,
        basis: LengthBasis::Derived,
        speed_kmh_max: None,
        given_ms: None,
        forward: ALL,
        backward: ALL,
        name: None,
        course: Vec::new(),
    }
}

fn street(network: &mut Network, rng: &mut Seeded, from: u32, to: u32, is_main: bool) {
    if !is_main && rng.below(20) < 3 {
        return;
    }
    let position = |node: u32| network.nodes[node as usize].position;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some 100 m")]
    let length_dm = (position(from).distance_m(position(to)) * 10.0).round() as u32;
    network.links.push(Link {
        from,
        to,
        class: if is_main { RoadClass::Primary } else { RoadClass::Residential },
        surface: Surface::Paved,
        length_dm,
        basis: LengthBasis::Measured,
        speed_kmh_max: None,
        given_ms: None,
        forward: ALL,
        backward: if !is_main && rng.below(5) == 0 { FOOT } else { ALL },
        name: None,
        course: Vec::new(),
    });
}

fn forbid(network: &mut Network, rng: &mut Seeded) {
    let mut at_node: Vec<Vec<u32>> = vec![Vec::new(); network.nodes.len()];
    for (link, it) in (0u32..).zip(&network.links) {
        at_node[it.from as usize].push(link);
        at_node[it.to as usize].push(link);
    }
    for (via, links) in (0u32..).zip(&at_node) {
        for &from in links {
            for &to in links {
                let into_main = network.links[to as usize].class == RoadClass::Primary;
                if from != to && into_main && rng.below(50) == 0 {
                    network.forbidden_turns.push(ForbiddenTurn { from, via, to });
                }
            }
        }
    }
    network.forbidden_turns.sort_unstable();
}

//! Which roads hang together: parts within which everybody gets from every place to every other
//! and back.
//!
//! A node that may not be passed (a bollard) is taken apart: each link ends there for itself, and
//! one may turn round at its end. Turn restrictions are not looked at.

use crate::network::{Access, Link, Mode, Network, RoadNode};
use konbit_base::{Finding, Severity};
use std::cmp::Reverse;

/// No part: no road for this mode touches the node.
pub const NO_PART: u32 = u32::MAX;
/// Parts that a finding names.
const NAMED_MAX: usize = 10;

/// Parts of a network for one mode of travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// For whom.
    pub mode: Mode,
    /// The part of each node, as an index into `parts`, or [`NO_PART`]. A node that may not be
    /// passed counts to the first part that leads to it.
    pub part_of: Vec<u32>,
    /// The parts: by number of nodes, then by length, the largest first.
    pub parts: Vec<Part>,
    /// Length of all links that the mode may use, in decimetres.
    pub length_dm: u64,
}

/// Roads that hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Number of nodes.
    pub nodes: u32,
    /// Number of links with both ends in the part.
    pub links: u32,
    /// Their length, in decimetres.
    pub length_dm: u64,
    /// The node with the lowest index.
    pub node: u32,
}

impl Components {
    /// The parts of `network` for `mode`.
    pub fn of(network: &Network, mode: Mode) -> Self {
        let graph = Graph::of(network, mode);
        let (component, count) = crate::strong::components(&graph.first, &graph.heads, |_| true);
        let count = count as usize;
        // Node counts and sums by component, then sorted.
        let mut parts = vec![Part { nodes: 0, links: 0, length_dm: 0, node: NO_PART }; count];
        let mut length_dm = 0;
        for (ends, link) in graph.ends.iter().zip(&network.links) {
            if !is_usable(link, mode) {
                continue;
            }
            length_dm += u64::from(link.length_dm);
            let of = ends.map(|end| component[end as usize]);
            if of[0] == of[1] {
                let part = &mut parts[of[0] as usize];
                part.links += 1;
                part.length_dm += u64::from(link.length_dm);
            }
        }
        let homes = graph.homes(network, mode, &component, &parts);
        for (node, home) in (0..).zip(&homes) {
            if *home != NO_PART {
                let part = &mut parts[*home as usize];
                part.nodes += 1;
                part.node = part.node.min(node);
            }
        }
        let mut order: Vec<u32> = (0..to_u32(count)).filter(|part| parts[*part as usize].nodes > 0).collect();
        order.sort_by_key(|part| {
            let part = parts[*part as usize];
            (Reverse(part.nodes), Reverse(part.length_dm), part.node)
        });
        let mut place = vec![NO_PART; count];
        for (new, old) in (0..).zip(&order) {
            place[*old as usize] = new;
        }
        let part_of = homes.iter().map(|home| place.get(*home as usize).copied().unwrap_or(NO_PART)).collect();
        let parts = order.iter().map(|part| parts[*part as usize]).collect();
        Self { mode, part_of, parts, length_dm }
    }

    /// The largest part; `None` if the mode has no road at all.
    pub fn largest(&self) -> Option<Part> {
        self.parts.first().copied()
    }

    /// Share of the largest part in the length of all roads of this mode, in thousandths.
    pub fn largest_per_mille(&self) -> u32 {
        let largest = self.largest().map_or(0, |part| part.length_dm);
        u32::try_from(largest * 1000 / self.length_dm.max(1)).unwrap_or(1000)
    }

    /// What lies outside the largest part, by size, with a place and a road for each; nothing if
    /// all hangs together. `file` is the name that the finding gives.
    pub fn findings(&self, network: &Network, file: &str) -> Vec<Finding> {
        let who = match self.mode {
            Mode::Motor => "vehicles",
            Mode::Foot => "people on foot",
        };
        let Some(largest) = self.largest() else {
            let message = format!("no road is open to {who}");
            return vec![Finding::in_file(Severity::Warning, "no-part", file, message)];
        };
        let others = &self.parts[1..];
        if others.is_empty() {
            return Vec::new();
        }
        let nodes: u64 = others.iter().map(|part| u64::from(part.nodes)).sum();
        let named: Vec<String> = others.iter().take(NAMED_MAX).map(|part| describe(*part, network)).collect();
        let share = self.largest_per_mille();
        let message = format!(
            "for {who} the largest part that hangs together has {} nodes, {} links and {}.{} % of the road length; {nodes} nodes in {} other parts cannot be reached from it and left again, the largest: {}",
            largest.nodes,
            largest.links,
            share / 10,
            share % 10,
            others.len(),
            named.join("; ")
        );
        vec![Finding::in_file(Severity::Note, "roads-in-parts", file, message)]
    }
}

/// Such as `12 nodes, 3.4 km near 18.54349, -72.33881 (RN1)`.
fn describe(part: Part, network: &Network) -> String {
    let touches = |link: &&Link| link.from == part.node || link.to == part.node;
    let name = network.links.iter().filter(touches).find_map(|link| link.name);
    let name =
        name.map_or_else(|| "a road without a name".to_owned(), |name| network.names[name as usize].local.clone());
    let position = network.nodes[part.node as usize].position;
    let hundreds_m = part.length_dm / 1000;
    format!("{} nodes, {}.{} km near {position} ({name})", part.nodes, hundreds_m / 10, hundreds_m % 10)
}

fn allows(access: Access, mode: Mode) -> bool {
    match mode {
        Mode::Motor => access.motor,
        Mode::Foot => access.foot,
    }
}

fn is_usable(link: &Link, mode: Mode) -> bool {
    allows(link.forward, mode) || allows(link.backward, mode)
}

/// The links of one mode as arcs, rows of heads by tail.
struct Graph {
    first: Vec<u32>,
    heads: Vec<u32>,
    /// The two ends of each link: nodes, or stand-ins for a node that may not be passed.
    ends: Vec<[u32; 2]>,
}

impl Graph {
    fn of(network: &Network, mode: Mode) -> Self {
        let mut count = to_u32(network.nodes.len());
        let mut ends = Vec::with_capacity(network.links.len());
        for link in &network.links {
            ends.push([link.from, link.to].map(|node| {
                let RoadNode { passable, .. } = network.nodes[node as usize];
                if allows(passable, mode) || !is_usable(link, mode) {
                    return node;
                }
                count += 1;
                count - 1
            }));
        }
        let arcs = || {
            ends.iter().zip(&network.links).flat_map(move |([from, to], link)| {
                let forward = allows(link.forward, mode).then_some((*from, *to));
                let backward = allows(link.backward, mode).then_some((*to, *from));
                [forward, backward].into_iter().flatten()
            })
        };
        let mut first = vec![0u32; count as usize + 1];
        for (tail, _) in arcs() {
            first[tail as usize + 1] += 1;
        }
        for node in 0..count as usize {
            first[node + 1] += first[node];
        }
        let mut heads = vec![0; first[count as usize] as usize];
        let mut next = first.clone();
        for (tail, head) in arcs() {
            heads[next[tail as usize] as usize] = head;
            next[tail as usize] += 1;
        }
        Self { first, heads, ends }
    }

    /// The component that each network node counts to: of its stand-ins the one with most links,
    /// then the lowest.
    fn homes(&self, network: &Network, mode: Mode, component: &[u32], parts: &[Part]) -> Vec<u32> {
        let mut homes = vec![NO_PART; network.nodes.len()];
        for (ends, link) in self.ends.iter().zip(&network.links) {
            if !is_usable(link, mode) {
                continue;
            }
            for (node, end) in [link.from, link.to].into_iter().zip(ends) {
                let (home, other) = (&mut homes[node as usize], component[*end as usize]);
                let rank = |part: u32| (Reverse(parts[part as usize].links), part);
                if *home == NO_PART || rank(other) < rank(*home) {
                    *home = other;
                }
            }
        }
        homes
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("nodes and links are limited")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{LengthBasis, RoadClass, Surface};
    use konbit_base::LatLon;

    /// `arcs`: from, to, and whether vehicles may go forward and backward; 100 m each.
    fn network(passable: &[bool], arcs: &[(u32, u32, bool, bool)]) -> Network {
        let position = LatLon::new(18.5, -72.3).unwrap();
        let node = |motor: &bool| RoadNode { position, passable: Access { motor: *motor, foot: true } };
        let link = |&(from, to, forward, backward): &(u32, u32, bool, bool)| Link {
            from,
            to,
            class: RoadClass::Road,
            surface: Surface::Unknown,
            length_dm: 1000,
            basis: LengthBasis::Measured,
            speed_kmh_max: None,
            given_ms: None,
            forward: Access { motor: forward, foot: true },
            backward: Access { motor: backward, foot: true },
            name: None,
            course: Vec::new(),
        };
        Network {
            nodes: passable.iter().map(node).collect(),
            links: arcs.iter().map(link).collect(),
            ..Network::default()
        }
    }

    fn check(passable: &[bool], arcs: &[(u32, u32, bool, bool)], part_of: &[u32], sizes: &[(u32, u32)]) {
        let found = Components::of(&network(passable, arcs), Mode::Motor);
        assert_eq!(found.part_of, part_of, "{arcs:?}");
        assert_eq!(found.parts.iter().map(|part| (part.nodes, part.links)).collect::<Vec<_>>(), sizes, "{arcs:?}");
    }

    #[test]
    fn a_part_is_what_can_be_reached_and_left() {
        let (yes, no) = (true, false);
        // A two-way road hangs together; a one-way dead end does not.
        check(&[yes; 2], &[(0, 1, yes, yes)], &[0, 0], &[(2, 1)]);
        check(&[yes; 3], &[(0, 1, yes, yes), (1, 2, yes, no)], &[0, 0, 1], &[(2, 1), (1, 0)]);
        // A one-way circle does.
        check(&[yes; 3], &[(0, 1, yes, no), (1, 2, yes, no), (0, 2, no, yes)], &[0, 0, 0], &[(3, 3)]);
        // An island is another part; a footpath is none.
        check(&[yes; 4], &[(2, 3, yes, yes), (0, 1, no, no)], &[NO_PART, NO_PART, 0, 0], &[(2, 1)]);
        // A bollard at node 1 parts the road; the bollard counts to the larger side.
        check(
            &[yes, no, yes, yes],
            &[(0, 1, yes, yes), (1, 2, yes, yes), (2, 3, yes, yes)],
            &[1, 0, 0, 0],
            &[(3, 2), (1, 1)],
        );
        check(&[], &[], &[], &[]);
    }

    #[test]
    fn what_lies_outside_is_named() {
        let found = network(&[true; 4], &[(0, 1, true, true), (1, 2, true, true), (2, 3, true, false)]);
        let parts = Components::of(&found, Mode::Motor);
        assert_eq!(parts.largest_per_mille(), 666); // 200 m of 300 m.
        let findings = parts.findings(&found, "a.osm");
        assert!(findings[0].message.contains("1 nodes in 1 other parts"), "{}", findings[0]);
        assert!(findings[0].message.contains("near 18.50000, -72.30000 (a road without a name)"), "{}", findings[0]);
        assert!(Components::of(&found, Mode::Foot).findings(&found, "a.osm").is_empty());
    }
}

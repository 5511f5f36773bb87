//! The graph that is searched: the network with forbidden turns and barriers written into it.
//!
//! Every arc is one link in one direction (a *way*), so that a path of arcs is a path of links.
//! A network node without forbidden turns is one graph node, with the same index.
//! A node where something may not be done after arriving over link `e` gets one more graph node
//! for "arrived here over `e`": the arcs of `e` end there, and from there lead the ways out of
//! the node, each marked with the modes that may take it. Whoever starts at the node itself
//! starts at its plain graph node, from which everything may be entered.
//!
//! The arcs are the same for all modes, speeds and states of the road; only weights differ.
//! That is why one order and one hierarchy serve all of them.

use crate::network::{Access, Direction, Mode, Network};

/// An index that is known to fit: [`crate::network::LINKS_MAX`] keeps everything below 2^31.
pub(crate) fn index(n: usize) -> u32 {
    u32::try_from(n).expect("a network has fewer than 2^31 links, and their arcs fit")
}

/// The way over `link` in `direction`.
pub(crate) fn way_of(link: u32, direction: Direction) -> u32 {
    link * 2 + u32::from(direction == Direction::Backward)
}

/// The link of a way.
pub(crate) fn link_of(way: u32) -> u32 {
    way / 2
}

/// The direction of a way.
pub(crate) fn direction_of(way: u32) -> Direction {
    if way.is_multiple_of(2) { Direction::Forward } else { Direction::Backward }
}

/// The graph in compressed rows: the arcs of graph node `v` are `first_out[v]..first_out[v + 1]`.
#[derive(Debug)]
pub(crate) struct RoadGraph {
    pub(crate) first_out: Vec<u32>,
    pub(crate) tails: Vec<u32>,
    pub(crate) heads: Vec<u32>,
    pub(crate) ways: Vec<u32>,
    /// Who may take the arc after arriving at its tail: access of the way and of the turn.
    pub(crate) allowed: Vec<Access>,
    /// Network node of each graph node.
    pub(crate) places: Vec<u32>,
    /// Graph nodes of network node `v`: `v` itself and `copies[first_copy[v]..first_copy[v + 1]]`.
    first_copy: Vec<u32>,
    /// Arcs of way `w`: `way_arcs[first_way_arc[w]..first_way_arc[w + 1]]`.
    first_way_arc: Vec<u32>,
    way_arcs: Vec<u32>,
    network_nodes: u32,
}

impl RoadGraph {
    pub(crate) fn new(network: &Network) -> Self {
        let exits = Exits::new(network);
        let splits = splits(network, &exits);
        let n = index(network.nodes.len());
        let mut places: Vec<u32> = (0..n).collect();
        places.extend(splits.iter().map(|&(node, _)| node));

        let arrival = |node: u32, link: u32| match splits.binary_search(&(node, link)) {
            Ok(copy) => n + index(copy),
            Err(_) => node,
        };
        let mut graph = Self {
            first_out: vec![0],
            tails: Vec::new(),
            heads: Vec::new(),
            ways: Vec::new(),
            allowed: Vec::new(),
            first_copy: rows(network.nodes.len(), splits.iter().map(|&(node, _)| node)),
            first_way_arc: Vec::new(),
            way_arcs: Vec::new(),
            network_nodes: n,
            places,
        };
        for tail in 0..graph.places.len() {
            let node = graph.places[tail];
            let came_over = (tail >= n as usize).then(|| splits[tail - n as usize].1);
            for &way in exits.of(node) {
                let link = &network.links[link_of(way) as usize];
                let (end, access) = match direction_of(way) {
                    Direction::Forward => (link.to, link.forward),
                    Direction::Backward => (link.from, link.backward),
                };
                let turn = came_over.map_or(BOTH, |over| may_turn(network, over, node, link_of(way)));
                let allowed = Access { motor: access.motor && turn.motor, foot: access.foot && turn.foot };
                if allowed.motor || allowed.foot {
                    graph.tails.push(index(tail));
                    graph.heads.push(arrival(end, link_of(way)));
                    graph.ways.push(way);
                    graph.allowed.push(allowed);
                }
            }
            graph.first_out.push(index(graph.heads.len()));
        }
        graph.index_ways(network.links.len());
        graph
    }

    fn index_ways(&mut self, links: usize) {
        let mut arcs: Vec<u32> = (0..index(self.ways.len())).collect();
        arcs.sort_by_key(|&arc| self.ways[arc as usize]);
        self.first_way_arc = rows(2 * links, arcs.iter().map(|&arc| self.ways[arc as usize]));
        self.way_arcs = arcs;
    }

    /// Number of graph nodes.
    pub(crate) fn node_count(&self) -> usize {
        self.places.len()
    }

    /// Number of network nodes.
    pub(crate) fn network_node_count(&self) -> usize {
        self.network_nodes as usize
    }

    /// All graph nodes of a network node: being there, however one came.
    pub(crate) fn copies(&self, node: u32) -> impl Iterator<Item = u32> {
        let row = self.first_copy[node as usize]..self.first_copy[node as usize + 1];
        std::iter::once(node).chain(row.map(|copy| self.network_nodes + copy))
    }

    /// All arcs that are the given way.
    pub(crate) fn arcs_of(&self, way: u32) -> &[u32] {
        let (from, to) = (self.first_way_arc[way as usize], self.first_way_arc[way as usize + 1]);
        &self.way_arcs[from as usize..to as usize]
    }

    /// The arcs out of a graph node.
    pub(crate) fn arcs_from(&self, tail: u32) -> std::ops::Range<usize> {
        self.first_out[tail as usize] as usize..self.first_out[tail as usize + 1] as usize
    }

    /// For each graph node, whether it lies in the largest strongly connected part over the arcs
    /// for which `is_open` holds: of equally large ones the part that holds the lowest node.
    pub(crate) fn largest_part(&self, is_open: impl Fn(usize) -> bool) -> Vec<bool> {
        let (part, count) = crate::strong::components(&self.first_out, &self.heads, is_open);
        let mut sizes = vec![0u32; count as usize];
        for &part in &part {
            sizes[part as usize] += 1;
        }
        let most = sizes.iter().max().copied();
        let largest = part.iter().copied().find(|&part| Some(sizes[part as usize]) == most);
        part.iter().map(|&part| Some(part) == largest).collect()
    }
}

const BOTH: Access = Access { motor: true, foot: true };

impl Access {
    /// Whether `mode` is among those who may.
    pub fn allows(self, mode: Mode) -> bool {
        match mode {
            Mode::Motor => self.motor,
            Mode::Foot => self.foot,
        }
    }
}

/// Who may go from link `over` through `node` into link `into`.
/// A node that may not be passed may be left where one came from: turning round is not passing.
fn may_turn(network: &Network, over: u32, node: u32, into: u32) -> Access {
    let passable = network.nodes[node as usize].passable;
    let turn = crate::network::ForbiddenTurn { from: over, via: node, to: into };
    let forbidden = network.forbidden_turns.binary_search(&turn).is_ok();
    Access { motor: (passable.motor || over == into) && !forbidden, foot: passable.foot || over == into }
}

/// Pairs of node and link where arriving over the link is a state of its own, sorted.
fn splits(network: &Network, exits: &Exits) -> Vec<(u32, u32)> {
    let mut splits: Vec<(u32, u32)> = network.forbidden_turns.iter().map(|turn| (turn.via, turn.from)).collect();
    for (node, road_node) in network.nodes.iter().enumerate() {
        if !(road_node.passable.motor && road_node.passable.foot) {
            splits.extend(exits.of(index(node)).iter().map(|&way| (index(node), link_of(way))));
        }
    }
    splits.sort_unstable();
    splits.dedup();
    splits
}

/// The ways out of each network node.
struct Exits {
    first: Vec<u32>,
    ways: Vec<u32>,
}

impl Exits {
    fn new(network: &Network) -> Self {
        let ends = network.links.iter().enumerate().flat_map(|(link, it)| {
            let link = index(link);
            [(it.from, way_of(link, Direction::Forward)), (it.to, way_of(link, Direction::Backward))]
        });
        let mut exits: Vec<(u32, u32)> = ends.collect();
        exits.sort_unstable();
        Self {
            first: rows(network.nodes.len(), exits.iter().map(|&(node, _)| node)),
            ways: exits.into_iter().map(|(_, way)| way).collect(),
        }
    }

    fn of(&self, node: u32) -> &[u32] {
        &self.ways[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }
}

/// Row starts of a compressed table with `count` rows, from the sorted row numbers of its items.
pub(crate) fn rows(count: usize, items: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut first = vec![0u32; count + 1];
    for row in items {
        first[row as usize + 1] += 1;
    }
    for row in 0..count {
        first[row + 1] += first[row];
    }
    first
}

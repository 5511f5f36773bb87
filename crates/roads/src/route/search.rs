//! One trip: a search up the hierarchy from both ends, and the arcs of the way found.

use super::metric::{each_lower_triangle, own_arcs};
use super::snap::{Entry, direct, ends, starts};
use super::{Metric, Router, Spot, UNREACHED};
use cch::Cch;

const NONE: u32 = cch::bundle::INVALID_ID;

/// Room for searches between single pairs, to be used again and again: as large as the network.
#[derive(Debug)]
pub struct Search<'a> {
    router: &'a Router,
    up: Side,
    down: Side,
}

/// One half of a search. Between searches all times are [`UNREACHED`].
#[derive(Debug)]
struct Side {
    ms: Vec<u32>,
    /// Arc of the hierarchy over which a node was reached.
    arc: Vec<u32>,
    /// The nodes that can be reached upward from the entries, ascending.
    chain: Vec<u32>,
    on_chain: Vec<bool>,
}

/// A way found, in terms of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) ms: u32,
    pub(crate) start: Option<Entry>,
    pub(crate) arcs: Vec<u32>,
    pub(crate) end: Option<Entry>,
    /// Set where the trip stays on one link; the rest is then empty.
    pub(crate) direct_way: Option<u32>,
}

impl Router {
    /// Room for searches between single pairs.
    pub fn search(&self) -> Search<'_> {
        let n = self.graph.node_count();
        Search { router: self, up: Side::new(n), down: Side::new(n) }
    }
}

impl Search<'_> {
    pub(crate) fn router(&self) -> &Router {
        self.router
    }

    /// Travel time in milliseconds; `None` if there is no way.
    pub fn time_ms(&mut self, metric: &Metric, source: Spot, target: Spot) -> Option<u32> {
        let (starts, ends) = (starts(&self.router.graph, metric, source), ends(&self.router.graph, metric, target));
        let by_graph = self.meet(metric, &starts, &ends).map(|(ms, _)| ms);
        let on_link = direct(metric, source, target).map(|(_, ms)| ms);
        by_graph.into_iter().chain(on_link).min()
    }

    /// The quickest way.
    pub(crate) fn find(&mut self, metric: &Metric, source: Spot, target: Spot) -> Option<Found> {
        let graph = &self.router.graph;
        let (starts, ends) = (starts(graph, metric, source), ends(graph, metric, target));
        let met = self.meet(metric, &starts, &ends);
        if let Some((way, ms)) = direct(metric, source, target)
            && met.is_none_or(|(other, _)| ms <= other)
        {
            return Some(Found { ms, start: None, arcs: Vec::new(), end: None, direct_way: Some(way) });
        }
        let (ms, top) = met?;
        let cch = &self.router.hierarchy;
        let mut arcs = Vec::new();
        let (mut climb, first) = self.up.trace(cch, top);
        climb.reverse();
        for arc in climb {
            unpack(cch, metric, arc, true, &mut arcs);
        }
        let (descent, last) = self.down.trace(cch, top);
        for arc in descent {
            unpack(cch, metric, arc, false, &mut arcs);
        }
        let used = |side: &Side, entries: &[Entry], node: u32| {
            let fits = |entry: &&Entry| cch.rank[entry.node as usize] == node && entry.ms == side.ms[node as usize];
            entries.iter().find(fits).copied()
        };
        let (start, end) = (used(&self.up, &starts, first), used(&self.down, &ends, last));
        Some(Found { ms, start, arcs, end, direct_way: None })
    }

    /// The least time over a node that both halves reach, and that node (by rank).
    fn meet(&mut self, metric: &Metric, starts: &[Entry], ends: &[Entry]) -> Option<(u32, u32)> {
        let cch = &self.router.hierarchy;
        self.up.run(cch, &metric.customized.forward, starts);
        self.down.run(cch, &metric.customized.backward, ends);
        let both = self.up.chain.iter().filter(|&&node| self.down.on_chain[node as usize]);
        let sums = both.map(|&node| (self.up.ms[node as usize] + self.down.ms[node as usize], node));
        sums.filter(|&(ms, _)| ms < UNREACHED).min()
    }
}

impl Side {
    fn new(n: usize) -> Self {
        Self { ms: vec![UNREACHED; n], arc: vec![NONE; n], chain: Vec::new(), on_chain: vec![false; n] }
    }

    fn run(&mut self, cch: &Cch, times: &[u32], entries: &[Entry]) {
        for &node in &self.chain {
            self.ms[node as usize] = UNREACHED;
            self.arc[node as usize] = NONE;
            self.on_chain[node as usize] = false;
        }
        self.chain.clear();
        for entry in entries {
            let mut node = cch.rank[entry.node as usize];
            self.ms[node as usize] = self.ms[node as usize].min(entry.ms);
            while node != NONE && !std::mem::replace(&mut self.on_chain[node as usize], true) {
                self.chain.push(node);
                node = cch.elimination_tree_parent[node as usize];
            }
        }
        self.chain.sort_unstable();
        for &node in &self.chain {
            let ms = self.ms[node as usize];
            if ms == UNREACHED {
                continue;
            }
            for arc in cch.up_first_out[node as usize]..cch.up_first_out[node as usize + 1] {
                let head = cch.up_head[arc as usize] as usize;
                let sum = ms + times[arc as usize];
                if sum < self.ms[head] {
                    self.ms[head] = sum;
                    self.arc[head] = arc;
                }
            }
        }
    }

    /// The arcs from `top` back to the entry, and the entry's node.
    fn trace(&self, cch: &Cch, top: u32) -> (Vec<u32>, u32) {
        let (mut arcs, mut node) = (Vec::new(), top);
        while self.arc[node as usize] != NONE {
            arcs.push(self.arc[node as usize]);
            node = cch.up_tail[self.arc[node as usize] as usize];
        }
        (arcs, node)
    }
}

/// Appends the arcs of the graph that an arc of the hierarchy stands for, in the order of travel.
fn unpack(cch: &Cch, metric: &Metric, arc: u32, upward: bool, out: &mut Vec<u32>) {
    let (forward, backward) = (&metric.customized.forward, &metric.customized.backward);
    let mut stack = vec![(arc as usize, upward)];
    while let Some((arc, upward)) = stack.pop() {
        let ms = if upward { forward[arc] } else { backward[arc] };
        let number = super::graph::index(arc);
        if let Some(own) = own_arcs(cch, number, upward).find(|&own| metric.weights[own as usize] == ms) {
            out.push(own);
            continue;
        }
        let before = stack.len();
        each_lower_triangle(cch, number, |bottom, middle| {
            // Upward: down over the bottom arc, up over the middle one. Downward the other way.
            let (first, second) = if upward { (bottom, middle) } else { (middle, bottom) };
            let fits = backward[first] + forward[second] == ms;
            if fits {
                stack.push((second, true));
                stack.push((first, false));
            }
            fits
        });
        assert!(stack.len() > before, "a time in the hierarchy comes from a link or a lower triangle");
    }
}

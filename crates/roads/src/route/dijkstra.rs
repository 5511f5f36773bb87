//! A plain search over the graph, without the hierarchy: the reference that everything else is
//! compared with, in tests and benchmarks. Nothing in the program uses it.

use super::graph::index;
use super::snap::{direct, ends, starts};
use super::{Metric, Router, Spot, UNREACHED};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Travel times from one source to everywhere, by Dijkstra's algorithm (Numerische Mathematik 1,
/// 1959) with a binary heap.
#[derive(Debug)]
pub struct Tree<'a> {
    router: &'a Router,
    metric: &'a Metric,
    source: Spot,
    /// By graph node.
    ms: Vec<u32>,
}

impl<'a> Tree<'a> {
    /// Searches the whole network from `source`.
    pub fn new(router: &'a Router, metric: &'a Metric, source: Spot) -> Self {
        let graph = &router.graph;
        let mut ms = vec![UNREACHED; graph.node_count()];
        let mut heap = BinaryHeap::new();
        for entry in starts(graph, metric, source) {
            ms[entry.node as usize] = ms[entry.node as usize].min(entry.ms);
            heap.push(Reverse((entry.ms, entry.node)));
        }
        while let Some(Reverse((time, node))) = heap.pop() {
            if time > ms[node as usize] {
                continue;
            }
            for arc in graph.arcs_from(node) {
                let (head, sum) = (graph.heads[arc], time + metric.weights[arc]);
                if sum < ms[head as usize] {
                    ms[head as usize] = sum;
                    heap.push(Reverse((sum, head)));
                }
            }
        }
        Self { router, metric, source, ms }
    }

    /// Travel time to `target` in milliseconds; `None` if there is no way.
    pub fn to(&self, target: Spot) -> Option<u32> {
        let entries = ends(&self.router.graph, self.metric, target).into_iter();
        let by_graph = entries.map(|entry| self.ms[entry.node as usize] + entry.ms).min();
        let on_link = direct(self.metric, self.source, target).map(|(_, ms)| ms);
        by_graph.into_iter().chain(on_link).min().filter(|&ms| ms < UNREACHED)
    }

    /// Travel times to all nodes of the network in milliseconds, by node index; `None` where
    /// there is no way.
    pub fn to_all(&self) -> Vec<Option<u32>> {
        (0..index(self.router.graph.network_node_count())).map(|node| self.to(Spot::Node(node))).collect()
    }
}

//! Many trips at once: one climb for each source, then one sweep down over the nodes for eight
//! sources together (after Delling, Goldberg, Nowatzyk and Werneck, "PHAST: hardware-accelerated
//! shortest path trees", Journal of Parallel and Distributed Computing 73(7), 2013; restricted to
//! what lies above the targets as in Delling, Goldberg and Werneck, "Faster batched shortest
//! paths in road networks", ATMOS 2011).

use super::graph::index;
use super::snap::{Entry, direct, ends, starts};
use super::{Metric, Router, Spot, UNREACHED};
use cch::Cch;

/// Sources in one sweep: their times at a node fill one 32-byte word of the processor.
const LANES: usize = 8;

const NONE: u32 = cch::bundle::INVALID_ID;

/// Travel times from each row's source to each column's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTable {
    columns: usize,
    ms: Vec<u32>,
}

impl TimeTable {
    /// Stands in [`TimeTable::row`] for "no way".
    pub const UNREACHED: u32 = UNREACHED;

    /// Time in milliseconds from source `row` to target `column`; `None` if there is no way.
    pub fn get(&self, row: usize, column: usize) -> Option<u32> {
        Some(self.row(row)[column]).filter(|&ms| ms < UNREACHED)
    }

    /// All times of one source in milliseconds; [`TimeTable::UNREACHED`] where there is no way.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.ms[row * self.columns..(row + 1) * self.columns]
    }

    /// Number of targets.
    pub fn column_count(&self) -> usize {
        self.columns
    }
}

impl Router {
    /// Travel times from every source to every target.
    pub fn matrix(&self, metric: &Metric, sources: &[Spot], targets: &[Spot]) -> TimeTable {
        let entries: Vec<Vec<Entry>> = targets.iter().map(|&target| ends(&self.graph, metric, target)).collect();
        let above = self.above(entries.iter().flatten().map(|entry| entry.node));
        let mut table = TimeTable { columns: targets.len(), ms: vec![UNREACHED; sources.len() * targets.len()] };
        self.each_sweep(metric, sources, Some(&above), |first, lanes, times| {
            for (column, entries) in entries.iter().enumerate() {
                let mut best = [UNREACHED; LANES];
                for entry in entries {
                    let at = &times[self.hierarchy.rank[entry.node as usize] as usize];
                    for (best, &ms) in best.iter_mut().zip(at) {
                        *best = (*best).min(ms.saturating_add(entry.ms));
                    }
                }
                for (row, &by_graph) in (first..).zip(&best[..lanes]) {
                    let on_link = direct(metric, sources[row], targets[column]).map_or(UNREACHED, |(_, ms)| ms);
                    table.ms[row * targets.len() + column] = by_graph.min(on_link);
                }
            }
        });
        table
    }

    /// Travel times from one source to many targets, in milliseconds; `None` where there is no
    /// way.
    pub fn times_from(&self, metric: &Metric, source: Spot, targets: &[Spot]) -> Vec<Option<u32>> {
        let table = self.matrix(metric, &[source], targets);
        (0..targets.len()).map(|column| table.get(0, column)).collect()
    }

    /// Travel times from every source to every node of the network; columns are node indices.
    pub fn matrix_to_all(&self, metric: &Metric, sources: &[Spot]) -> TimeTable {
        let nodes = self.graph.network_node_count();
        let mut table = TimeTable { columns: nodes, ms: vec![UNREACHED; sources.len() * nodes] };
        self.each_sweep(metric, sources, None, |first, lanes, times| {
            for node in 0..index(nodes) {
                for copy in self.graph.copies(node) {
                    let at = &times[self.hierarchy.rank[copy as usize] as usize];
                    for (lane, &ms) in at.iter().enumerate().take(lanes) {
                        let cell = &mut table.ms[(first + lane) * nodes + node as usize];
                        *cell = (*cell).min(ms);
                    }
                }
            }
        });
        table
    }

    /// For each graph node, the time from the source that is nearest to it.
    pub(crate) fn times_from_nearest(&self, metric: &Metric, sources: &[Spot]) -> Vec<u32> {
        let mut times = vec![[UNREACHED; LANES]; self.graph.node_count()];
        let entries: Vec<Entry> = sources.iter().flat_map(|&spot| starts(&self.graph, metric, spot)).collect();
        climb(&self.hierarchy, &metric.customized.forward, &entries, 0, &mut times);
        for node in (0..times.len()).rev() {
            descend(&self.hierarchy, &metric.customized.backward, node, &mut times);
        }
        self.hierarchy.rank.iter().map(|&rank| times[rank as usize][0]).collect()
    }

    /// Calls `read` once for every eight sources with the number of the first, how many there
    /// are, and their times by rank: valid for `nodes`, or for all where that is `None`.
    fn each_sweep(
        &self,
        metric: &Metric,
        sources: &[Spot],
        nodes: Option<&[u32]>,
        mut read: impl FnMut(usize, usize, &[[u32; LANES]]),
    ) {
        let cch = &self.hierarchy;
        let mut times = vec![[UNREACHED; LANES]; self.graph.node_count()];
        let mut climbed: Vec<u32> = Vec::new();
        for (chunk, group) in sources.chunks(LANES).enumerate() {
            for (lane, &source) in group.iter().enumerate() {
                let entries = starts(&self.graph, metric, source);
                climbed.extend(climb(cch, &metric.customized.forward, &entries, lane, &mut times));
            }
            let backward = &metric.customized.backward;
            if let Some(nodes) = nodes {
                for &node in nodes {
                    descend(cch, backward, node as usize, &mut times);
                }
                read(chunk * LANES, group.len(), &times);
                for &node in nodes.iter().chain(&climbed) {
                    times[node as usize] = [UNREACHED; LANES];
                }
            } else {
                for node in (0..times.len()).rev() {
                    descend(cch, backward, node, &mut times);
                }
                read(chunk * LANES, group.len(), &times);
                times.fill([UNREACHED; LANES]);
            }
            climbed.clear();
        }
    }

    /// The given graph nodes and all above them in the hierarchy, by rank, descending.
    fn above(&self, nodes: impl Iterator<Item = u32>) -> Vec<u32> {
        let cch = &self.hierarchy;
        let mut seen = vec![false; self.graph.node_count()];
        let mut above = Vec::new();
        for node in nodes {
            let mut rank = cch.rank[node as usize];
            while rank != NONE && !std::mem::replace(&mut seen[rank as usize], true) {
                above.push(rank);
                rank = cch.elimination_tree_parent[rank as usize];
            }
        }
        above.sort_unstable_by_key(|&rank| std::cmp::Reverse(rank));
        above
    }
}

/// Times of one source to everything above it. Gives the nodes it touched.
fn climb(cch: &Cch, forward: &[u32], entries: &[Entry], lane: usize, times: &mut [[u32; LANES]]) -> Vec<u32> {
    let mut chain = Vec::new();
    for entry in entries {
        let mut node = cch.rank[entry.node as usize];
        times[node as usize][lane] = times[node as usize][lane].min(entry.ms);
        while node != NONE {
            chain.push(node);
            node = cch.elimination_tree_parent[node as usize];
        }
    }
    chain.sort_unstable();
    chain.dedup();
    for &node in &chain {
        let ms = times[node as usize][lane];
        if ms == UNREACHED {
            continue;
        }
        for arc in cch.up_first_out[node as usize] as usize..cch.up_first_out[node as usize + 1] as usize {
            let slot = &mut times[cch.up_head[arc] as usize][lane];
            *slot = (*slot).min(ms + forward[arc]);
        }
    }
    chain
}

/// Times of one node from those above it, which are final.
fn descend(cch: &Cch, backward: &[u32], node: usize, times: &mut [[u32; LANES]]) {
    let (below, above) = times.split_at_mut(node + 1);
    let mut mine = below[node];
    let arcs = cch.up_first_out[node] as usize..cch.up_first_out[node + 1] as usize;
    for (&head, &ms) in cch.up_head[arcs.clone()].iter().zip(&backward[arcs]) {
        let theirs = &above[head as usize - node - 1];
        for (mine, &their) in mine.iter_mut().zip(theirs) {
            // Both are below 2^31, so that the sum fits.
            *mine = (*mine).min(their + ms);
        }
    }
    below[node] = mine;
}

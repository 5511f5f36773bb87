//! Strongly connected parts: what can be reached and left again.

use super::graph::{RoadGraph, index};

const UNSEEN: u32 = u32::MAX;

/// Marks the graph nodes of the largest strongly connected part (the one that holds the lowest
/// node, where several are equally large), over the arcs for which `open` holds.
///
/// Tarjan's algorithm ("Depth-first search and linear graph algorithms", SIAM J. Comput. 1972),
/// with its own stack.
pub(crate) fn largest(graph: &RoadGraph, open: impl Fn(usize) -> bool) -> Vec<bool> {
    let n = graph.node_count();
    let mut search = Tarjan { seen: vec![UNSEEN; n], low: vec![0; n], part: vec![UNSEEN; n], stack: Vec::new() };
    let mut sizes = Vec::new();
    let mut clock = 0;
    for root in 0..index(n) {
        if search.seen[root as usize] == UNSEEN {
            search.visit(graph, &open, root, &mut clock, &mut sizes);
        }
    }
    // Parts are numbered as they close; among equals the one met first by node index wins.
    let Some(&size) = sizes.iter().max() else { return Vec::new() };
    let best = search.part.iter().copied().find(|&part| sizes[part as usize] == size);
    search.part.iter().map(|&part| Some(part) == best).collect()
}

struct Tarjan {
    seen: Vec<u32>,
    low: Vec<u32>,
    part: Vec<u32>,
    stack: Vec<u32>,
}

impl Tarjan {
    fn visit(
        &mut self,
        graph: &RoadGraph,
        open: &impl Fn(usize) -> bool,
        root: u32,
        clock: &mut u32,
        sizes: &mut Vec<usize>,
    ) {
        let mut calls = vec![(root, graph.arcs_from(root))];
        self.enter(root, clock);
        while let Some((node, arcs)) = calls.last_mut() {
            let node = *node;
            if let Some(arc) = arcs.find(|&arc| open(arc)) {
                let head = graph.heads[arc];
                if self.seen[head as usize] == UNSEEN {
                    self.enter(head, clock);
                    calls.push((head, graph.arcs_from(head)));
                } else if self.part[head as usize] == UNSEEN {
                    self.low[node as usize] = self.low[node as usize].min(self.seen[head as usize]);
                }
                continue;
            }
            calls.pop();
            if let Some(&(parent, _)) = calls.last() {
                self.low[parent as usize] = self.low[parent as usize].min(self.low[node as usize]);
            }
            if self.low[node as usize] == self.seen[node as usize] {
                sizes.push(self.close(node, index(sizes.len())));
            }
        }
    }

    fn enter(&mut self, node: u32, clock: &mut u32) {
        self.seen[node as usize] = *clock;
        self.low[node as usize] = *clock;
        *clock += 1;
        self.stack.push(node);
    }

    fn close(&mut self, node: u32, part: u32) -> usize {
        let mut size = 0;
        while let Some(top) = self.stack.pop() {
            self.part[top as usize] = part;
            size += 1;
            if top == node {
                break;
            }
        }
        size
    }
}

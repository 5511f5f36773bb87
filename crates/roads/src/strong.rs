//! Strongly connected components of a graph: within each, every node is reached from every other.

/// No component yet; not seen yet.
const NONE: u32 = u32::MAX;

/// The component of each node, and how many there are.
///
/// The arcs of node `v` are `first[v]..first[v + 1]`, each with its head; arcs for which `is_open`
/// does not hold are left out. A component is numbered after all those that it leads to.
///
/// Tarjan's algorithm ("Depth-first search and linear graph algorithms", SIAM J. Comput. 1972),
/// with a stack of its own instead of recursion: a road may be a million nodes long.
pub(crate) fn components(first: &[u32], heads: &[u32], is_open: impl Fn(usize) -> bool) -> (Vec<u32>, u32) {
    let count = first.len().saturating_sub(1);
    let mut component = vec![NONE; count];
    // When a node was first seen, and the earliest node on `stack` that it leads back to.
    let (mut seen, mut low) = (vec![NONE; count], vec![0; count]);
    let (mut clock, mut found) = (0, 0);
    let (mut stack, mut calls) = (Vec::new(), Vec::new());
    for root in 0..count {
        if seen[root] == NONE {
            calls.push((root, first[root] as usize));
        }
        while let Some((node, next)) = calls.last_mut() {
            let node = *node;
            if seen[node] == NONE {
                (seen[node], low[node]) = (clock, clock);
                clock += 1;
                stack.push(node);
            }
            if *next < first[node + 1] as usize {
                let arc = *next;
                *next += 1;
                let head = heads[arc] as usize;
                if !is_open(arc) {
                    continue;
                }
                if seen[head] == NONE {
                    calls.push((head, first[head] as usize));
                } else if component[head] == NONE {
                    low[node] = low[node].min(seen[head]);
                }
                continue;
            }
            if low[node] == seen[node] {
                while let Some(member) = stack.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
        }
    }
    (component, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;

    /// `closed`: an arc that is left out.
    fn check(arcs: &[(usize, u32)], count: usize, closed: Option<usize>, expect: &[u32]) {
        let mut sorted = arcs.to_vec();
        sorted.sort_by_key(|(tail, _)| *tail);
        let first: Vec<u32> =
            (0..=count).map(|node| u32::try_from(sorted.partition_point(|(tail, _)| *tail < node)).unwrap()).collect();
        let heads: Vec<u32> = sorted.iter().map(|(_, head)| *head).collect();
        let (component, found) = components(&first, &heads, |arc| Some(arc) != closed);
        assert_eq!(component, expect, "{arcs:?}");
        assert_eq!(found, expect.iter().max().map_or(0, |most| most + 1), "{arcs:?}");
    }

    #[test]
    fn nodes_that_reach_each_other_are_one_component() {
        check(&[], 0, None, &[]);
        check(&[], 2, None, &[0, 1]);
        check(&[(0, 0)], 1, None, &[0]);
        // What is led to is numbered first.
        check(&[(0, 1)], 2, None, &[1, 0]);
        check(&[(0, 1), (1, 0)], 2, None, &[0, 0]);
        check(&[(0, 1), (1, 0)], 2, Some(1), &[1, 0]);
        // Two circles that share a node; two circles joined one way.
        check(&[(0, 1), (1, 2), (2, 0), (2, 3), (3, 2)], 4, None, &[0, 0, 0, 0]);
        check(&[(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)], 4, None, &[1, 1, 0, 0]);
    }

    #[test]
    fn components_agree_with_what_a_search_from_every_node_reaches() {
        let mut rng = seeded(7, 0);
        let mut below = |bound: usize| usize::try_from(rng.below(bound as u64)).unwrap();
        for _ in 0..300 {
            let count = 1 + below(12);
            let mut arcs = vec![Vec::new(); count];
            for _ in 0..below(2 * count + 1) {
                arcs[below(count)].push(u32::try_from(below(count)).unwrap());
            }
            let mut first = vec![0];
            for of_node in &arcs {
                first.push(first.last().unwrap() + u32::try_from(of_node.len()).unwrap());
            }
            let (component, _) = components(&first, &arcs.concat(), |_| true);
            let reached: Vec<Vec<bool>> = (0..count).map(|from| reach(&arcs, from)).collect();
            for a in 0..count {
                for b in 0..count {
                    assert_eq!(component[a] == component[b], reached[a][b] && reached[b][a], "{a} {b} of {arcs:?}");
                }
            }
        }
    }

    fn reach(arcs: &[Vec<u32>], from: usize) -> Vec<bool> {
        let mut reached = vec![false; arcs.len()];
        let mut waiting = vec![from];
        while let Some(node) = waiting.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                waiting.extend(arcs[node].iter().map(|&head| head as usize));
            }
        }
        reached
    }
}

//! Branch and bound over a [`Program`].

use crate::answer::{Options, Status, Watch};
use crate::choice::{Exchange, Fix, Program};
use crate::dual::{Bound, Effort, SCALE, climb, decide, round_up};
use crate::evolve::evolve;
use crate::tighten::tighten;
use konbit_base::rng::{Seeded, seeded};
use std::sync::atomic::{AtomicI64, Ordering};

/// What the search found.
pub(crate) struct Found {
    /// Candidates by the names of the program, ascending.
    pub chosen: Vec<u32>,
    pub value: i64,
    pub bound: i64,
    pub status: Status,
    pub nodes: u64,
}

/// A part of the tree that is still open.
#[derive(Clone)]
struct Node {
    program: Program,
    /// Names of the candidates opened on the way here.
    opened: Vec<u32>,
    prices: Vec<i64>,
    /// No set in this part costs less.
    bound: i64,
}

/// Says whether the caller wants the search to end; asked from any thread.
type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

struct Search<'a> {
    root: &'a Program,
    exchange: Exchange<'a>,
    is_open: Vec<bool>,
    value: i64,
}

const ROOT: Effort = Effort { steps: 4_000, step_first: 0.5, patience: 20 };
const PART_ROOT: Effort = Effort { steps: 300, step_first: 0.5, patience: 10 };
const INNER: Effort = Effort { steps: 60, step_first: 0.25, patience: 8 };
/// Nodes of a covering before a population of sets is bred: as many as have so many pairs in sum,
/// and at least some.
const FIRST_PAIRS: u64 = 10_000_000;
const FIRST_NODES: u64 = 50;
/// Stream of random numbers for the clusters of cuts; the others are counted from 0.
const CLUSTERS: u64 = u64::MAX;
/// Rounds of fixing at one node.
const ROUNDS_MAX: usize = 8;
/// Random restarts of the exchange heuristic without a better set, after which it ends.
const SHAKES_IDLE: usize = 200;
/// Members freed at once, at first.
const PART_MEMBERS: usize = 8;
/// Parts of one size without a better set, after which larger ones are tried.
const PARTS_IDLE: usize = 24;
/// Nodes of the search of a part.
const PART_NODES: u64 = 120;

impl<'a> Search<'a> {
    /// With a set to start from, or with one built greedily.
    fn new(root: &'a Program, known: Option<&[u32]>) -> Self {
        let mut search = Search { root, is_open: Vec::new(), value: i64::MAX, exchange: Exchange::new(root) };
        if let Some(known) = known {
            search.offer(known.iter().copied(), false);
        } else {
            let greedy = search.exchange.greedy();
            search.offer((0u32..).zip(&greedy).filter(|(_, open)| **open).map(|(i, _)| i), true);
        }
        search
    }

    fn root_node(&self) -> Node {
        let prices = start_prices(self.root, &self.is_open);
        Node { program: self.root.clone(), opened: Vec::new(), prices, bound: self.root.base }
    }

    /// Settles a root once more where a better set is known than `before`.
    fn resettle(&mut self, root: (Node, Bound), before: i64, stop: &dyn Fn() -> bool) -> Option<(Node, Bound)> {
        if self.value < before { self.settle(root.0, INNER, stop) } else { Some(root) }
    }

    /// Searches depth first from the root as it was settled.
    fn run(&mut self, settled: Option<(Node, Bound)>, nodes_max: u64, stop: &dyn Fn() -> bool) -> Found {
        let mut nodes = 1;
        let mut stack = Vec::new();
        if let Some((root, bound)) = settled {
            branch(&root, &bound, &mut stack);
        }
        while let Some(node) = stack.pop() {
            if node.bound >= self.value {
                continue;
            }
            if nodes >= nodes_max || stop() {
                stack.push(node);
                break;
            }
            nodes += 1;
            if let Some((node, bound)) = self.settle(node, INNER, stop) {
                branch(&node, &bound, &mut stack);
            }
        }
        self.found(&stack, nodes)
    }

    fn found(&self, open: &[Node], nodes: u64) -> Found {
        let least = open.iter().map(|node| node.bound).min();
        let bound = least.unwrap_or(self.value).min(self.value);
        let status = if bound == self.value { Status::Optimal } else { Status::LimitReached };
        let chosen = (0u32..).zip(&self.is_open).filter(|(_, open)| **open).map(|(i, _)| i).collect();
        Found { chosen, value: self.value, bound, status, nodes }
    }

    /// Takes a set of names if it is better, after improving it where `thorough`.
    fn offer(&mut self, names: impl Iterator<Item = u32>, thorough: bool) {
        let mut is_open = vec![false; self.root.candidates()];
        let mut count = 0;
        for name in names {
            is_open[name as usize] = true;
            count += 1;
        }
        // A set of this form always has `choose` members; one that has fewer is filled up.
        for mark in &mut is_open {
            if count < self.root.choose && !*mark {
                *mark = true;
                count += 1;
            }
        }
        if thorough {
            self.exchange.improve(&mut is_open, None);
        }
        let value = self.root.value(&is_open);
        if value < self.value {
            (self.value, self.is_open) = (value, is_open);
        }
    }

    /// Random restarts near the best set, each improved by exchanges.
    fn shake(&mut self, rng: &mut Seeded, stop: &dyn Fn() -> bool) {
        let idle_max = SHAKES_IDLE.min(4 * self.root.choose);
        let mut idle = 0;
        while idle < idle_max && !stop() {
            let mut is_open = self.is_open.clone();
            let changed = self.exchange.shake(&mut is_open, 1 + idle % 4, rng);
            self.exchange.improve(&mut is_open, Some(&changed));
            let value = self.root.value(&is_open);
            idle += 1;
            if value < self.value {
                (self.value, self.is_open) = (value, is_open);
                idle = 0;
            }
        }
    }

    /// Looks for better sets and for a closer bound of the root at the same time.
    ///
    /// Neither side sees what the other finds, but that both end where value and bound meet: then
    /// the first set of that value is the answer. So it is the same whichever side is faster.
    fn beside(&mut self, mut root: Node, start: &Bound, seed: u64, stop: Stop<'_>) -> (Node, Bound) {
        let (value, bound) = (AtomicI64::new(self.value), AtomicI64::new(root.bound));
        let ends = || bound.load(Ordering::Relaxed) >= value.load(Ordering::Relaxed) || stop();
        let (program, target) = (self.root, self.value);
        let (set, closer) = std::thread::scope(|scope| {
            let set = scope.spawn(|| {
                let ends = |best| {
                    value.fetch_min(best, Ordering::Relaxed);
                    ends()
                };
                evolve(program, seed, &ends)
            });
            let closer = tighten(&mut root.program, start, target, &mut seeded(seed, CLUSTERS), &|scaled| {
                bound.fetch_max(round_up(scaled), Ordering::Relaxed);
                ends()
            });
            (set.join().expect("annealing does not panic"), closer)
        });
        if let Some(set) = set {
            self.offer(set.members.into_iter(), true);
        }
        root.bound = root.bound.max(round_up(closer.scaled));
        root.prices.clone_from(&closer.prices);
        (root, closer)
    }

    /// Frees members that lie together, holds the others, and searches that part of the tree,
    /// each time from another member; parts grow as long as most of them are solved to the end.
    /// This finds what exchanges of one member cannot.
    fn renew(&mut self, rng: &mut Seeded, stop: &dyn Fn() -> bool) {
        let mut members = PART_MEMBERS;
        while 2 * members <= self.root.choose {
            let mut left = self.exchange.shuffled(&self.is_open, rng);
            let (mut idle, mut unsolved) = (0, 0);
            while let Some(first) = left.pop().filter(|_| idle < PARTS_IDLE) {
                if stop() {
                    return;
                }
                if !self.is_open[first] {
                    continue;
                }
                idle += 1;
                match self.renew_part(first, members, stop) {
                    (true, _) => (left, idle, unsolved) = (self.exchange.shuffled(&self.is_open, rng), 0, 0),
                    (false, Status::Optimal) => {}
                    (false, _) => unsolved += 1,
                }
            }
            if 2 * unsolved > idle {
                return;
            }
            members += members / 2;
        }
    }

    /// One part, around a member: whether it gave a better set, and how its search ended.
    fn renew_part(&mut self, first: usize, members: usize, stop: &dyn Fn() -> bool) -> (bool, Status) {
        let fix = self.exchange.part(&self.is_open, first, members);
        let mut part = self.root.reduce(&fix);
        let names = std::mem::take(&mut part.names);
        part.names = (0u32..).take(names.len()).collect();
        part.origin = (0u32..).take(part.customers()).collect();
        let is_known = |name: &u32| self.is_open[*name as usize];
        let known: Vec<u32> = (0u32..).zip(&names).filter(|(_, name)| is_known(name)).map(|(i, _)| i).collect();
        let found = explore(&part, &known, PART_NODES, stop);
        if found.value >= self.value {
            return (false, found.status);
        }
        let mut is_open: Vec<bool> = fix.iter().map(|&fix| fix == Fix::Open).collect();
        for i in found.chosen {
            is_open[names[i as usize] as usize] = true;
        }
        assert_eq!(self.root.value(&is_open), found.value, "a part counts as the whole does");
        (self.value, self.is_open) = (found.value, is_open);
        (true, found.status)
    }

    /// Climbs and fixes until nothing more follows. `None` when nothing better is in this part.
    fn settle(&mut self, mut node: Node, effort: Effort, stop: &dyn Fn() -> bool) -> Option<(Node, Bound)> {
        let mut effort = effort;
        for _ in 0..ROUNDS_MAX {
            if node.bound >= self.value {
                return None;
            }
            if node.program.choose == 0 || node.program.choose >= node.program.candidates() {
                let rest = node.program.names.iter().copied().filter(|_| node.program.choose > 0);
                self.offer(node.opened.iter().copied().chain(rest), false);
                return None;
            }
            let bound = self.climb(&node, effort, stop);
            node.bound = node.bound.max(round_up(bound.scaled));
            if node.bound >= self.value {
                return None;
            }
            let fix = decide(&node.program, &bound, self.value);
            let decided = fix.iter().filter(|&&fix| fix != Fix::Free).count();
            node.prices.clone_from(&bound.prices);
            if decided == 0 || stop() {
                return Some((node, bound));
            }
            let few = decided * 20 < node.program.candidates();
            node = child(&node, &fix)?;
            if few {
                // Branching goes on; its own climb follows from these prices.
                effort.steps = INNER.steps / 3;
            }
            effort.step_first = INNER.step_first;
        }
        if node.program.choose == 0 || node.program.choose >= node.program.candidates() {
            return self.settle_leaf(&node);
        }
        let bound = self.climb(&node, INNER, stop);
        node.bound = node.bound.max(round_up(bound.scaled));
        (node.bound < self.value).then_some((node, bound))
    }

    fn settle_leaf(&mut self, node: &Node) -> Option<(Node, Bound)> {
        let rest = node.program.names.iter().copied().filter(|_| node.program.choose > 0);
        self.offer(node.opened.iter().copied().chain(rest), false);
        None
    }

    fn climb(&mut self, node: &Node, effort: Effort, stop: &dyn Fn() -> bool) -> Bound {
        let (mut last, mut calls) = (Vec::new(), 0);
        let target = self.value;
        let is_root = effort.steps == ROOT.steps;
        let mut offer = |best: &[u32]| {
            calls += 1;
            if calls % 20 == 0 && best != last.as_slice() {
                last = best.to_vec();
                let names = best.iter().map(|&i| node.program.names[i as usize]);
                self.offer(node.opened.iter().copied().chain(names), is_root && calls % 100 == 0);
            }
            self.value
        };
        climb(&node.program, node.prices.clone(), target, effort, &mut offer, stop)
    }
}

/// The node after decisions; `None` when they leave no set of the right size.
fn child(node: &Node, fix: &[Fix]) -> Option<Node> {
    let opened: Vec<u32> = (0..fix.len()).filter(|&i| fix[i] == Fix::Open).map(|i| node.program.names[i]).collect();
    let free = fix.iter().filter(|&&fix| fix == Fix::Free).count();
    if opened.len() > node.program.choose || opened.len() + free < node.program.choose {
        return None;
    }
    let program = node.program.reduce(fix);
    // Prices follow their customers and cuts: the lists of origins ascend.
    let mut old = node.program.origin.iter().zip(&node.prices);
    let left = program.origin.iter();
    let mut prices: Vec<i64> =
        left.map(|origin| *old.find(|(o, _)| *o == origin).expect("the customers left were there before").1).collect();
    let mut old = node.program.cuts.iter().zip(&node.prices[node.program.customers()..]);
    let left = program.cuts.iter().map(|cut| cut.origin);
    prices.extend(left.map(|origin| *old.find(|(o, _)| o.origin == origin).expect("the cuts left were there").1));
    let opened = node.opened.iter().copied().chain(opened).collect();
    Some(Node { program, opened, prices, bound: node.bound })
}

/// The least value over all sets. Names of `program` are its own indices.
pub(crate) fn search(program: &Program, options: Options, watch: &Watch<'_>) -> Found {
    let stop = watch.should_stop;
    let mut search = Search::new(program, None);
    let root = search.root_node();
    // First the bound alone: often it meets the value at once, and restarts would be for nothing.
    let Some((root, bound)) = search.settle(root, ROOT, stop) else { return search.found(&[], 1) };
    let mut rng = seeded(options.seed, 0);
    if program.is_covering() {
        // A small program is done in a few nodes; then better sets and cuts would be for nothing.
        let pairs = u64::try_from(program.pairs.len().max(1)).expect("a count fits 64 bits");
        let first = options.nodes_max.min(FIRST_NODES.max(FIRST_PAIRS / pairs));
        let found = search.run(Some((root.clone(), bound.clone())), first, stop);
        if found.status == Status::Optimal || options.nodes_max <= first {
            return found;
        }
        let (before, root) = (search.value, search.beside(root, &bound, options.seed, stop));
        let Some((root, bound)) = search.resettle(root, before, stop) else { return search.found(&[], 1) };
        let before = search.value;
        search.renew(&mut rng, stop);
        let settled = search.resettle((root, bound), before, stop);
        return search.run(settled, options.nodes_max, stop);
    }
    let before = search.value;
    search.shake(&mut rng, stop);
    search.renew(&mut rng, stop);
    let settled = search.resettle((root, bound), before, stop);
    search.run(settled, options.nodes_max, stop)
}

/// A short search from a known set, without restarts.
fn explore(program: &Program, known: &[u32], nodes_max: u64, stop: &dyn Fn() -> bool) -> Found {
    let mut search = Search::new(program, Some(known));
    let root = search.root_node();
    let settled = search.settle(root, PART_ROOT, stop);
    search.run(settled, nodes_max, stop)
}

fn start_prices(program: &Program, is_open: &[bool]) -> Vec<i64> {
    (0..program.customers())
        .map(|j| {
            let mut open = program.pairs_of(j).iter().filter(|pair| is_open[pair.candidate as usize]);
            let first = open.next().map_or(program.fallback[j], |pair| i64::from(pair.cost));
            let second = open.next().map_or(program.fallback[j], |pair| i64::from(pair.cost));
            (first + second) * SCALE / 2
        })
        .collect()
}

/// Splits on the candidate whose place is least settled: closed below, open on top of the stack.
fn branch(node: &Node, bound: &Bound, stack: &mut Vec<Node>) {
    let doubt = |i: usize| (bound.share[i] - 0.5).abs();
    let n = node.program.candidates();
    let at = (0..n)
        .min_by(|&a, &b| doubt(a).total_cmp(&doubt(b)).then(bound.worth[b].cmp(&bound.worth[a])).then(a.cmp(&b)))
        .expect("a node that is split has candidates");
    let mut fix = vec![Fix::Free; n];
    for decision in [Fix::Closed, Fix::Open] {
        fix[at] = decision;
        stack.extend(child(node, &fix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Pair;
    use std::collections::BTreeSet;

    /// Customers of random weight, each covered by up to four of sixteen candidates; choose two.
    fn program(seed: u64) -> Program {
        let mut rng = seeded(seed, 0);
        let mut program = Program {
            base: 0,
            choose: 2,
            names: (0..16).collect(),
            origin: (0..50).collect(),
            fallback: (0..50).map(|_| 1 + i64::try_from(rng.below(20)).unwrap()).collect(),
            start: vec![0],
            pairs: Vec::new(),
            cuts: Vec::new(),
        };
        for _ in 0..50 {
            let cover: BTreeSet<u32> = (0..4).map(|_| u32::try_from(rng.below(16)).unwrap()).collect();
            program.pairs.extend(cover.into_iter().map(|candidate| Pair { cost: 0, candidate }));
            program.start.push(program.pairs.len());
        }
        program
    }

    #[test]
    fn search_and_bound_beside_each_other_end_at_the_best_set_and_the_same_one_each_time() {
        for seed in 0..3 {
            let program = program(seed);
            let sets = (0..1u32 << 16).filter(|set| set.count_ones() == 2);
            let open = |set: u32| (0..16).map(|i| set >> i & 1 == 1).collect::<Vec<_>>();
            let least = sets.map(|set| program.value(&open(set))).min().unwrap();
            // From a set that is far from the best, so that both sides have something to find.
            let beside = || {
                let mut search = Search::new(&program, Some(&[0, 1]));
                let node = search.root_node();
                let start = search.climb(&node, PART_ROOT, &|| false);
                let mut search = Search::new(&program, Some(&[0, 1]));
                let (node, bound) = search.beside(node, &start, seed, &|| false);
                assert!(node.bound <= least && node.bound >= round_up(bound.scaled), "seed {seed}");
                (search.value, search.is_open)
            };
            let first = beside();
            assert_eq!(first.0, least, "seed {seed}");
            assert_eq!(first, beside(), "seed {seed}");
        }
    }
}

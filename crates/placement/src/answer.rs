//! What every solver here hands back, and the caller's hold on a run.

use konbit_base::Digest;
use serde::Serialize;

/// The caller's hold on a run. The solvers have no clock: a time limit is a `should_stop` that
/// looks at one.
pub struct Watch<'a> {
    /// Polled often, and from more than one thread; `true` ends the search with the best answer and
    /// bound so far.
    pub should_stop: &'a (dyn Fn() -> bool + Sync),
}

impl Watch<'static> {
    /// Never stops.
    pub fn none() -> Self {
        Self { should_stop: &|| false }
    }
}

/// How hard to search. The same instance and options give the same answer, unless it is stopped
/// early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Seed of the random restarts.
    pub seed: u64,
    /// Most nodes of the search tree.
    pub nodes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, nodes_max: 10_000_000 }
    }
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Value and bound meet.
    Optimal,
    /// The search did all it does; the gap is what it says.
    Gap,
    /// The search was stopped first; the gap is what it says.
    LimitReached,
}

/// A set of candidates, what it is worth, and the proven limit of what any set is worth. Whole
/// numbers throughout: the bound comes from integer arithmetic and no rounding can break it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// Indices of the chosen candidates, ascending.
    pub chosen: Vec<u32>,
    /// Value of the chosen set, recomputed from the instance.
    pub value: i64,
    /// No set does better: at most `value` when the least is wanted, at least `value` when the
    /// most is.
    pub bound: i64,
    /// How the search ended.
    pub status: Status,
    /// Nodes of the search tree, the root counted.
    pub nodes: u64,
    /// Seed that was used.
    pub seed: u64,
    /// SHA-256 of the instance.
    pub instance_hash: Digest,
}

impl Placement {
    /// Distance from value to bound as a share of the value: 0.01 is 1 %; 0 when they are equal.
    pub fn gap(&self) -> f64 {
        match (self.value - self.bound).abs() {
            0 => 0.0,
            distance => distance as f64 / (self.value.abs().max(1)) as f64,
        }
    }
}

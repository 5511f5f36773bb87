//! The p-median: choose `p` of the candidates so that the sum over customers of the cost to the
//! nearest chosen one is least. With customers as sites, candidates as bases and costs as travel
//! times weighted by need, this is where reaction forces should wait.

use crate::answer::{Options, Placement, Watch};
use crate::choice::{Pair, Program};
use crate::tree::search;
use konbit_base::Digest;
use thiserror::Error;

/// Most candidates, and most customers.
pub const VERTICES_MAX: usize = 20_000;

/// Why numbers are not a median instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MedianError {
    /// No customers or no candidates.
    #[error("the instance has no customers or no candidates; give at least one of each")]
    Empty,
    /// Too large.
    #[error("the instance has more than {VERTICES_MAX} customers or candidates; split it")]
    TooMany,
    /// A row that is longer or shorter than the first.
    #[error("row {row} has {count} costs, the first row has {expected}; give every customer one cost per candidate")]
    Ragged {
        /// Counted from 0.
        row: usize,
        /// Costs in it.
        count: usize,
        /// Costs there should be.
        expected: usize,
    },
    /// A cost that is too large.
    #[error("the cost {cost} is larger than {}; use a coarser unit", u32::MAX)]
    Cost {
        /// The cost.
        cost: u64,
    },
    /// More to choose than there is, or nothing.
    #[error("{choose} candidates are to be chosen of {candidates}; choose at least one and at most all")]
    Choose {
        /// How many are to be chosen.
        choose: usize,
        /// How many there are.
        candidates: usize,
    },
    /// A vertex that cannot be reached.
    #[error("vertex {to} cannot be reached from vertex {from}; join the parts of the graph or solve each alone")]
    NotConnected {
        /// Counted from 1, as in the file.
        from: usize,
        /// Counted from 1, as in the file.
        to: usize,
    },
}

/// A p-median instance that is known to be well formed.
#[derive(Debug, Clone)]
pub struct Median {
    rows: Vec<Vec<u32>>,
    choose: usize,
    hash: Digest,
}

impl Median {
    /// An instance from costs, one row per customer and one column per candidate, and the number
    /// of candidates to choose.
    pub fn new(rows: Vec<Vec<u32>>, choose: usize) -> Result<Self, MedianError> {
        let mut bytes = format!("median {} {choose}", rows.len()).into_bytes();
        bytes.extend(rows.iter().flatten().flat_map(|cost| cost.to_le_bytes()));
        Self::with_hash(rows, choose, Digest::of(&bytes))
    }

    pub(crate) fn with_hash(rows: Vec<Vec<u32>>, choose: usize, hash: Digest) -> Result<Self, MedianError> {
        let candidates = rows.first().map_or(0, Vec::len);
        if candidates == 0 {
            return Err(MedianError::Empty);
        }
        if rows.len().max(candidates) > VERTICES_MAX {
            return Err(MedianError::TooMany);
        }
        if let Some(row) = rows.iter().position(|row| row.len() != candidates) {
            return Err(MedianError::Ragged { row, count: rows[row].len(), expected: candidates });
        }
        if !(1..=candidates).contains(&choose) {
            return Err(MedianError::Choose { choose, candidates });
        }
        Ok(Self { rows, choose, hash })
    }

    /// Costs: one row per customer, one column per candidate.
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// How many candidates are to be chosen.
    pub fn choose(&self) -> usize {
        self.choose
    }

    /// SHA-256 of the instance.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The sum over customers of the least cost to one of `chosen`; `None` for no candidates.
    pub fn value(&self, chosen: &[u32]) -> Option<i64> {
        let least = |row: &Vec<u32>| chosen.iter().map(|&i| i64::from(row[i as usize])).min();
        self.rows.iter().map(least).sum()
    }

    fn program(&self) -> Program {
        let mut program = Program {
            base: 0,
            choose: self.choose,
            names: (0u32..).take(self.rows[0].len()).collect(),
            origin: (0u32..).take(self.rows.len()).collect(),
            fallback: Vec::with_capacity(self.rows.len()),
            start: vec![0],
            pairs: Vec::with_capacity(self.rows.len() * self.rows[0].len()),
            cuts: Vec::new(),
        };
        for row in &self.rows {
            let begin = program.pairs.len();
            program.pairs.extend((0u32..).zip(row).map(|(candidate, &cost)| Pair { cost, candidate }));
            program.pairs[begin..].sort_unstable();
            // With `p` open, a customer pays at most its p-th largest cost.
            let last = program.pairs.len() - self.choose;
            program.fallback.push(i64::from(program.pairs[last].cost) + 1);
            program.pairs.truncate(last + 1);
            program.start.push(program.pairs.len());
        }
        program
    }
}

/// The best set of candidates, proven, or the best found with the bound reached when stopped.
pub fn median(instance: &Median, options: Options, watch: &Watch<'_>) -> Placement {
    let program = instance.program();
    let found = search(&program, options, watch);
    let value = instance.value(&found.chosen).expect("the set has at least one member");
    assert_eq!(value, found.value, "the search counts as the instance does");
    Placement {
        chosen: found.chosen,
        value,
        bound: found.bound,
        status: found.status,
        nodes: found.nodes,
        seed: options.seed,
        instance_hash: instance.hash,
    }
}

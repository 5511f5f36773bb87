//! Maximal covering (Church and `ReVelle` 1974): choose `p` of the candidates so that the weight of
//! the demand points that at least one of them covers is largest.
//!
//! Demand points covered by the same candidates are one point with their joint weight (Cordeau,
//! Furini, Ljubic 2019 solve twenty million points this way): [`Merger`] takes points one by one
//! and keeps only what differs, so memory grows with the number of different cover sets.

use crate::answer::{Options, Placement, Watch};
use crate::choice::{Fix, Pair, Program};
use crate::tree::search;
use konbit_base::Digest;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use thiserror::Error;

/// Most candidates.
pub const CANDIDATES_MAX: usize = 200_000;
/// Most different cover sets.
pub const SETS_MAX: usize = 20_000_000;
/// Most pairs of a cover set and a candidate in it.
pub const COVERS_MAX: usize = 400_000_000;
/// Largest sum of weights.
pub const WEIGHT_MAX: u64 = 1 << 50;

/// Why numbers are not a covering instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CoveringError {
    /// More of something than is taken.
    #[error("the instance has more than {most} {what}; use fewer or coarser points")]
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there may be.
        most: u64,
    },
    /// A candidate that is not there.
    #[error("a demand point names candidate {candidate}, but there are {candidates}; they are numbered from 0")]
    Candidate {
        /// The index given.
        candidate: u32,
        /// How many there are.
        candidates: usize,
    },
    /// A cover set that is not sorted.
    #[error("the cover set of a demand point is not in ascending order; sort it and drop repetitions")]
    Unsorted,
    /// More to choose than there is, or nothing.
    #[error("{choose} candidates are to be chosen of {candidates}; choose at least one and at most all")]
    Choose {
        /// How many are to be chosen.
        choose: usize,
        /// How many there are.
        candidates: usize,
    },
}

/// A fast hash of short lists of small numbers (multiply and rotate). Its values never reach the
/// output, and lists that collide are still compared.
#[derive(Default)]
struct ListHasher(u64);

impl Hasher for ListHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// Collects demand points and merges those with the same cover set.
pub struct Merger {
    candidates: usize,
    sets: HashMap<Box<[u32]>, u64, BuildHasherDefault<ListHasher>>,
    last: Vec<u32>,
    last_weight: u64,
    points: u64,
    covers: usize,
    weight: u64,
}

impl Merger {
    /// For points covered by some of `candidates` candidates, numbered from 0.
    pub fn new(candidates: usize) -> Result<Self, CoveringError> {
        if candidates > CANDIDATES_MAX {
            return Err(CoveringError::TooMany { what: "candidates", most: CANDIDATES_MAX as u64 });
        }
        Ok(Self {
            candidates,
            sets: HashMap::default(),
            last: Vec::new(),
            last_weight: 0,
            points: 0,
            covers: 0,
            weight: 0,
        })
    }

    /// Takes a demand point: the candidates that cover it, ascending, and its weight.
    pub fn add(&mut self, cover: &[u32], weight: u64) -> Result<(), CoveringError> {
        let too_heavy = CoveringError::TooMany { what: "units of weight", most: WEIGHT_MAX };
        self.weight = self.weight.checked_add(weight).filter(|&sum| sum <= WEIGHT_MAX).ok_or(too_heavy)?;
        self.points += 1;
        // Points arrive row by row, so that neighbours often share their set.
        if cover == self.last.as_slice() {
            self.last_weight += weight;
            return Ok(());
        }
        if let Some(&candidate) = cover.iter().find(|&&i| i as usize >= self.candidates) {
            return Err(CoveringError::Candidate { candidate, candidates: self.candidates });
        }
        if cover.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(CoveringError::Unsorted);
        }
        self.flush()?;
        self.last.clear();
        self.last.extend_from_slice(cover);
        self.last_weight = weight;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), CoveringError> {
        if self.last.is_empty() || self.last_weight == 0 {
            return Ok(());
        }
        if let Some(weight) = self.sets.get_mut(self.last.as_slice()) {
            *weight += self.last_weight;
            return Ok(());
        }
        self.covers += self.last.len();
        if self.sets.len() == SETS_MAX {
            return Err(CoveringError::TooMany { what: "different cover sets", most: SETS_MAX as u64 });
        }
        if self.covers > COVERS_MAX {
            return Err(CoveringError::TooMany { what: "pairs of cover set and candidate", most: COVERS_MAX as u64 });
        }
        self.sets.insert(self.last.as_slice().into(), self.last_weight);
        Ok(())
    }

    /// The instance: choose `choose` candidates.
    pub fn finish(mut self, choose: usize) -> Result<Covering, CoveringError> {
        self.flush()?;
        if !(1..=self.candidates).contains(&choose) {
            return Err(CoveringError::Choose { choose, candidates: self.candidates });
        }
        let mut sets: Vec<(Box<[u32]>, u64)> = self.sets.into_iter().collect();
        sets.sort_unstable();
        let mut bytes = format!("covering {} {choose} {} ", self.candidates, self.weight).into_bytes();
        for (cover, weight) in &sets {
            bytes.extend(weight.to_le_bytes());
            bytes.extend((cover.len() as u64).to_le_bytes());
            bytes.extend(cover.iter().flat_map(|i| i.to_le_bytes()));
        }
        let hash = Digest::of(&bytes);
        Ok(Covering { candidates: self.candidates, sets, choose, points: self.points, weight_total: self.weight, hash })
    }
}

/// A covering instance that is known to be well formed, its points merged.
#[derive(Debug, Clone)]
pub struct Covering {
    candidates: usize,
    /// Candidates that cover, and weight; no set is empty, none is there twice.
    sets: Vec<(Box<[u32]>, u64)>,
    choose: usize,
    points: u64,
    weight_total: u64,
    hash: Digest,
}

impl Covering {
    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// Demand points that were given.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Different cover sets that are left of them, those that no candidate covers apart.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }

    /// The different cover sets: the candidates in each, ascending, and its weight.
    pub fn cover_sets(&self) -> impl Iterator<Item = (&[u32], u64)> {
        self.sets.iter().map(|(cover, weight)| (&**cover, *weight))
    }

    /// Weight of all demand points, those that no candidate covers included.
    pub fn weight_total(&self) -> u64 {
        self.weight_total
    }

    /// SHA-256 of the merged instance.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Weight of the points that at least one of `chosen` covers.
    pub fn value(&self, chosen: &[u32]) -> u64 {
        let mut is_open = vec![false; self.candidates];
        for &i in chosen {
            is_open[i as usize] = true;
        }
        let covered = self.sets.iter().filter(|(cover, _)| cover.iter().any(|&i| is_open[i as usize]));
        covered.map(|(_, weight)| weight).sum()
    }

    fn program(&self) -> Program {
        let mut program = Program {
            base: 0,
            choose: self.choose,
            names: (0u32..).take(self.candidates).collect(),
            origin: (0u32..).take(self.sets.len()).collect(),
            fallback: self.sets.iter().map(|&(_, weight)| signed(weight)).collect(),
            start: vec![0],
            pairs: Vec::with_capacity(self.sets.iter().map(|(cover, _)| cover.len()).sum()),
            cuts: Vec::new(),
        };
        for (cover, _) in &self.sets {
            program.pairs.extend(cover.iter().map(|&candidate| Pair { cost: 0, candidate }));
            program.start.push(program.pairs.len());
        }
        program
    }
}

fn signed(weight: u64) -> i64 {
    i64::try_from(weight).expect("weights sum to at most 2^50")
}

/// The candidates that no other replaces, and the program that is left of the instance with them.
pub(crate) fn reduced(instance: &Covering) -> (Vec<u32>, Program) {
    let whole = instance.program();
    let fix = whole.dominated();
    let keep: Vec<u32> = (0u32..).zip(&fix).filter(|(_, fix)| **fix == Fix::Free).map(|(i, _)| i).collect();
    let mut program = whole.reduce(&fix);
    program.names = (0u32..).take(keep.len()).collect();
    (keep, merge(&program))
}

/// The best set of candidates, proven, or the best found with the bound reached when stopped.
/// Value and bound are the weight covered.
pub fn covering(instance: &Covering, options: Options, watch: &Watch<'_>) -> Placement {
    let (keep, program) = reduced(instance);
    let found = search(&program, options, watch);
    let chosen: Vec<u32> = found.chosen.iter().map(|&i| keep[i as usize]).collect();
    let coverable: u64 = instance.sets.iter().map(|(_, weight)| weight).sum();
    let value = signed(instance.value(&chosen));
    assert_eq!(value, signed(coverable) - found.value, "the search counts as the instance does");
    Placement {
        chosen,
        value,
        bound: signed(coverable) - found.bound,
        status: found.status,
        nodes: found.nodes,
        seed: options.seed,
        instance_hash: instance.hash,
    }
}

/// Joins customers that have become equal once dominated candidates are gone.
fn merge(program: &Program) -> Program {
    let mut order: Vec<usize> = (0..program.customers()).collect();
    order.sort_unstable_by(|&a, &b| program.pairs_of(a).cmp(program.pairs_of(b)));
    let mut merged = Program {
        origin: Vec::new(),
        fallback: Vec::new(),
        start: vec![0],
        pairs: Vec::new(),
        names: program.names.clone(),
        cuts: Vec::new(),
        ..*program
    };
    for (place, &j) in order.iter().enumerate() {
        if place > 0 && program.pairs_of(order[place - 1]) == program.pairs_of(j) {
            *merged.fallback.last_mut().expect("one stands before") += program.fallback[j];
        } else {
            merged.fallback.push(program.fallback[j]);
            merged.pairs.extend_from_slice(program.pairs_of(j));
            merged.start.push(merged.pairs.len());
            merged.origin.push(u32::try_from(merged.origin.len()).expect("fewer than before"));
        }
    }
    merged
}

//! Inclusion and consistency proofs: making them (RFC 9162, 2.1.3.1 and 2.1.4.1; the same as
//! RFC 6962, 2.1.1 and 2.1.2) and checking them (RFC 9162, 2.1.3.2 and 2.1.4.2).

use crate::tree::{Hash, Node, covering, empty_root, fold, node_hash};
use std::error::Error;
use std::fmt;

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofError {
    /// The leaf does not lie in the tree, or the earlier tree is larger than the later one.
    Range,
    /// The proof has more or fewer hashes than a proof of these sizes has.
    Length,
    /// The hashes do not lead to the root.
    Root,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "the proof is about a position or size beyond the tree",
            Self::Length => "the proof has the wrong number of hashes for these sizes",
            Self::Root => "the proof does not lead to the root",
        })
    }
}

impl Error for ProofError {}

/// The largest power of two smaller than `count`, which is at least 2 (`k` in RFC 6962, 2.1).
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over the leaves from `start` to `start + count`, one of the ranges that RFC 6962
/// splits off.
fn range_root<E>(start: u64, count: u64, source: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    let peaks = covering(start, count).map(source).collect::<Result<Vec<_>, E>>()?;
    Ok(fold(&peaks).expect("a range that is split off holds a leaf"))
}

/// Proof that leaf `index` is in the tree of the first `size` leaves (PATH of RFC 9162, 2.1.3.1):
/// the sibling hashes from the leaf up. `source` gives complete nodes.
///
/// Panics if `index` is not below `size`.
///
/// # Errors
/// Whatever `source` fails with.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut source: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(index < size, "leaf {index} is not in a tree of {size}");
    let (mut start, mut count, mut proof) = (0, size, Vec::new());
    // From the root down; the RFC lists from the leaf up, hence the reversal at the end.
    while count > 1 {
        let left = split(count);
        if index - start < left {
            proof.push(range_root(start + left, count - left, &mut source)?);
            count = left;
        } else {
            proof.push(range_root(start, left, &mut source)?);
            start += left;
            count -= left;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of the first `to` leaves begins with the tree of the first `from`
/// (PROOF and SUBPROOF of RFC 9162, 2.1.4.1). Empty if `from` is 0 or equal to `to`.
///
/// Panics if `from` is above `to`.
///
/// # Errors
/// Whatever `source` fails with.
pub fn consistency_proof<E>(
    from: u64,
    to: u64,
    mut source: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(from <= to, "a tree of {to} cannot extend one of {from}");
    if from == 0 || from == to {
        return Ok(Vec::new());
    }
    // `known` is `b` of the RFC: the subtree is all of the earlier tree, so its root is known.
    let (mut start, mut count, mut known, mut proof) = (0, to, true, Vec::new());
    while from - start != count {
        let left = split(count);
        if from - start <= left {
            proof.push(range_root(start + left, count - left, &mut source)?);
            count = left;
        } else {
            proof.push(range_root(start, left, &mut source)?);
            start += left;
            count -= left;
            known = false;
        }
    }
    if !known {
        proof.push(range_root(start, count, &mut source)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` (a leaf hash) is leaf `index` of the tree of `size` leaves with this `root`
/// (RFC 9162, 2.1.3.2).
///
/// # Errors
/// [`ProofError`] says why the proof does not hold.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    // `node` and `last` are fn and sn of the RFC.
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `to` leaves with `root_to` begins with the tree of `from` leaves with
/// `root_from` (RFC 9162, 2.1.4.2). Every tree begins with the empty one; a tree begins with
/// itself.
///
/// # Errors
/// [`ProofError`] says why the proof does not hold.
pub fn verify_consistency(
    from: u64,
    to: u64,
    root_from: &Hash,
    root_to: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Range);
    }
    if from == 0 || from == to {
        let expected = if from == 0 { empty_root() } else { *root_to };
        let empty_later = to != 0 || *root_to == empty_root();
        return match (proof.is_empty(), *root_from == expected && empty_later) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    // If the earlier tree is complete its root is the first hash, which the proof leaves out.
    let (first, rest) =
        if from.is_power_of_two() { (root_from, proof) } else { proof.split_first().ok_or(ProofError::Length)? };
    // `node` and `last` are fn and sn of the RFC; the two hashes are its fr and sr.
    let shift = (from - 1).trailing_ones();
    let (mut node, mut last) = (shift_right(from - 1, shift), shift_right(to - 1, shift));
    let (mut hash_from, mut hash_to) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash_from = node_hash(sibling, &hash_from);
            hash_to = node_hash(sibling, &hash_to);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash_to = node_hash(&hash_to, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash_from == *root_from && hash_to == *root_to { Ok(()) } else { Err(ProofError::Root) }
}

/// `value >> by`, and 0 where `by` is the whole width.
fn shift_right(value: u64, by: u32) -> u64 {
    value.checked_shr(by).unwrap_or(0)
}

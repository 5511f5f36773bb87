//! One history: what a log asks before it signs, and what two readers ask when they meet.

use crate::checkpoint::Head;
use crate::proof::{ProofError, verify_consistency};
use crate::tree::Hash;
use thiserror::Error;

/// Why a log must not sign a head (tlog-checkpoint, "Signatures": a log must not sign a checkpoint that is inconsistent
/// with any it signed before).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HistoryRefusal {
    /// The tree has fewer leaves than one that was signed: entries are gone, as after the restore of an older backup.
    #[error(
        "the record has {now} entries, but a head of {signed} was signed: this is an older copy. Restore a newer one, \
         or go on as a new epoch"
    )]
    Older {
        /// The size that was signed.
        signed: u64,
        /// The size now.
        now: u64,
    },
    /// The tree does not begin with the one that was signed.
    #[error("the record does not begin with the {signed} entries that were signed: {why}. Go on as a new epoch")]
    Forked {
        /// The size that was signed.
        signed: u64,
        /// What the check of the proof said.
        why: ProofError,
    },
}

/// Whether a log that signed `signed` last may sign `next`. `proof` is the
/// [`consistency_proof`](crate::consistency_proof) from the one size to the other in the tree as it is now, empty if
/// the sizes are equal. A log that never signed compares with [`Head::empty`].
///
/// `signed` has to come from a place that is not restored together with the record.
///
/// # Errors
/// [`HistoryRefusal`] says why not.
pub fn may_follow(signed: &Head, next: &Head, proof: &[Hash]) -> Result<(), HistoryRefusal> {
    if next.size < signed.size {
        return Err(HistoryRefusal::Older { signed: signed.size, now: next.size });
    }
    verify_consistency(signed.size, next.size, &signed.root, &next.root, proof)
        .map_err(|why| HistoryRefusal::Forked { signed: signed.size, why })
}

/// What two heads of one log say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same head.
    Same,
    /// The larger tree begins with the smaller.
    Consistent,
    /// Two roots for one size: two histories. With the log's signature on both, proof of it to anyone.
    Forked,
    /// Nothing shows that the larger tree begins with the smaller: no proof was given, or it does not hold. An honest
    /// log can always give one; one that cannot has two histories, or has lost its record.
    Unproven(Option<ProofError>),
}

/// Compares two heads of the same log, in either order, with a proof from the smaller to the larger if there is one.
pub fn compare(a: &Head, b: &Head, proof: Option<&[Hash]>) -> Comparison {
    let (old, new) = if a.size <= b.size { (a, b) } else { (b, a) };
    if old.size == new.size {
        return if old.root == new.root { Comparison::Same } else { Comparison::Forked };
    }
    match proof.map(|proof| verify_consistency(old.size, new.size, &old.root, &new.root, proof)) {
        Some(Ok(())) => Comparison::Consistent,
        Some(Err(why)) => Comparison::Unproven(Some(why)),
        None => Comparison::Unproven(None),
    }
}

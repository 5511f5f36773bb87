//! A new epoch: how a record goes on after entries that were already signed for are lost.
//!
//! A log must never sign two histories (tlog-checkpoint), and witnesses will not cosign a second one. When a record is
//! restored from a backup that is older than the last signed head, or damaged, the log of that origin therefore ends.
//! What goes on is another log:
//!
//! - **Another origin**, [`epoch_origin`], and **another key**: tlog-policy does not allow one public key for two logs,
//!   and readers who only know the old origin must not take the new log for it. Witnesses and policies add the new log
//!   as they would any other; keeping the old line lets old proofs stand.
//! - **A citation** in every checkpoint of the new epoch: the extension line of [`Epoch`]. It says where the old log
//!   ended, as signed, and how many of its entries the new one begins with. Extension lines are signed and cosigned,
//!   but nobody audits them (tlog-checkpoint does not recommend them), so the line is a pointer and no more.
//! - **An entry** that says the same, the first after those kept, so at index `kept` of the new tree: its body holds
//!   the old log's last signed checkpoint word for word, which is the old log's own signature on what is now missing,
//!   and who ordered the restore, when and why. Being in the tree, it is audited, and cannot be taken back.
//!
//! Entries `kept` to `head.size` of the old log are acknowledged as lost by both. Whoever has copies of them, or proofs,
//! can still show them against the old head.
//!
//! [`check_epoch`] is what a monitor does that has the old log's nodes: it checks that the new tree begins with the
//! same `kept` entries as the old one.

use crate::checkpoint::{Checkpoint, Head};
use crate::proof::{ProofError, verify_consistency};
use crate::text::{decimal, hash_from_base64, to_base64};
use crate::tree::Hash;
use std::fmt;
use thiserror::Error;

/// The word that begins the extension line.
const WORD: &str = "epoch ";

/// The origin of epoch `number` of the log that began as `first`: `first` itself for 1, then `first/epoch-2` and so on.
pub fn epoch_origin(first: &str, number: u64) -> String {
    if number <= 1 { first.to_owned() } else { format!("{first}/epoch-{number}") }
}

/// Where the log before this one ended, cited in each of its checkpoints. `Display` writes the extension line:
/// `epoch <number> <kept> <size> <root in base64> <origin>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    number: u64,
    kept: u64,
    head: Head,
    origin: String,
}

/// Why something is not an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EpochError {
    /// The line is not of its form.
    #[error("the epoch line of the checkpoint is malformed")]
    Form,
    /// There are two such lines.
    #[error("the checkpoint has more than one epoch line")]
    Twice,
    /// The numbers do not fit together.
    #[error("epoch {number} cannot keep {kept} entries of {size}: it is at least 2, and keeps no more than there were")]
    Range {
        /// Of the epoch.
        number: u64,
        /// Entries kept.
        kept: u64,
        /// Entries that the old head had.
        size: u64,
    },
}

impl Epoch {
    /// Epoch `number`, from 2, which begins with the first `kept` entries of log `origin`, whose last signed head was
    /// `head`.
    ///
    /// # Errors
    /// [`EpochError::Range`]; [`EpochError::Form`] if `origin` could not be in a checkpoint.
    pub fn new(number: u64, kept: u64, origin: &str, head: Head) -> Result<Self, EpochError> {
        if number < 2 || kept > head.size {
            return Err(EpochError::Range { number, kept, size: head.size });
        }
        if origin.is_empty() || origin.bytes().any(|byte| byte < 0x20) || !head.is_possible() {
            return Err(EpochError::Form);
        }
        Ok(Self { number, kept, head, origin: origin.to_owned() })
    }

    /// The epoch that a checkpoint cites; `None` if it cites none, as in the first.
    ///
    /// # Errors
    /// [`EpochError`].
    pub fn of(checkpoint: &Checkpoint) -> Result<Option<Self>, EpochError> {
        let mut lines = checkpoint.extensions().iter().filter_map(|line| line.strip_prefix(WORD));
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(EpochError::Twice);
        }
        let mut words = line.splitn(5, ' ');
        let mut number = || words.next().and_then(decimal).ok_or(EpochError::Form);
        let (epoch, kept, size) = (number()?, number()?, number()?);
        let root = words.next().and_then(hash_from_base64).ok_or(EpochError::Form)?;
        Self::new(epoch, kept, words.next().ok_or(EpochError::Form)?, Head { size, root }).map(Some)
    }

    /// Its number, from 2.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many entries of the old log it begins with. The entry that cites the old head is the next.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// The last head that the old log signed.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The origin of the old log.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, kept, head, origin } = self;
        write!(f, "{WORD}{number} {kept} {} {} {origin}", head.size, to_base64(&head.root))
    }
}

/// The two proofs from the tree of the entries that were kept.
#[derive(Debug, Clone, Copy)]
pub struct EpochProof<'a> {
    /// The root over the first `kept` entries.
    pub kept_root: &'a Hash,
    /// From there to the old head, from the old log's nodes.
    pub to_old: &'a [Hash],
    /// From there to the new head.
    pub to_new: &'a [Hash],
}

/// Checks that the old log and the new one begin with the same `kept` entries.
///
/// # Errors
/// [`ProofError`] of the proof that does not hold.
pub fn check_epoch(epoch: &Epoch, new: &Head, proof: EpochProof<'_>) -> Result<(), ProofError> {
    let EpochProof { kept_root, to_old, to_new } = proof;
    verify_consistency(epoch.kept, epoch.head.size, kept_root, &epoch.head.root, to_old)?;
    verify_consistency(epoch.kept, new.size, kept_root, &new.root, to_new)
}

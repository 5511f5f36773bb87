//! Proof files (C2SP tlog-proof): all that an outsider needs, with a [`Policy`], to check offline that an entry is in
//! the record.
//!
//! The entry itself is not part of the format. Konbit puts it in the extra data, as [`Disclosure`] has it: the leaf's
//! bytes, and, if the body may be shown, the salt and the body that its commitment is of. Extra data is not trusted:
//! the bytes are what the proof is checked for, and the body what the commitment is checked for.

use crate::checkpoint::{CheckpointError, Head, SignedCheckpoint};
use crate::commitment::opens;
use crate::note::NOTE_BYTES_MAX;
use crate::policy::{Accepted, Policy, PolicyRefusal};
use crate::proof::{ProofError, verify_inclusion};
use crate::text::{decimal, from_base64, hash_from_base64, to_base64};
use crate::tree::{Hash, leaf_hash};
use std::fmt;
use thiserror::Error;

/// The longest proof file that is read, in bytes. The specification sets none.
pub const PROOF_BYTES_MAX: usize = 8 * NOTE_BYTES_MAX;

/// The most hashes that an inclusion proof has: a tree of fewer than 2^64 leaves is at most 64 high.
pub const INCLUSION_HASHES_MAX: usize = 64;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
const DISCLOSURE_LINE: &str = "konbit/disclosure@v1";

/// Why bytes are not a proof file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofFileError {
    /// Longer than [`PROOF_BYTES_MAX`].
    #[error("the proof has {0} bytes; at most {PROOF_BYTES_MAX} are read")]
    Size(usize),
    /// Not UTF-8.
    #[error("the proof is not text from byte {0} on")]
    Characters(usize),
    /// A line that is not there, or not of its form.
    #[error("line {0} of the proof is missing or malformed")]
    Line(usize),
    /// What follows is not a checkpoint.
    #[error("the proof has no readable checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The extra data is not a [`Disclosure`].
    #[error("the proof does not carry the entry in Konbit's form: give the entry's bytes beside it")]
    NoDisclosure,
}

/// Why a proof does not convince.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofRefusal {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] ProofFileError),
    /// Its checkpoint does not satisfy the policy.
    #[error("{0}")]
    Policy(#[from] PolicyRefusal),
    /// The entry is not in the tree of the checkpoint at that place.
    #[error("the entry is not entry {index} of the record of {size}: {why}")]
    Inclusion {
        /// The place that the proof says, from 0.
        index: u64,
        /// The size of the tree.
        size: u64,
        /// What the check said.
        why: ProofError,
    },
    /// A body is disclosed for an entry that commits to none.
    #[error("the proof carries a body, but its entry commits to none")]
    NoCommitment,
    /// The body is not what the entry commits to.
    #[error("the body is not the one that the entry commits to: it was changed, or belongs to another entry")]
    Body,
}

/// What a proof has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The log.
    pub origin: String,
    /// The entry's place, from 0.
    pub index: u64,
    /// The head that it was shown against.
    pub head: Head,
    /// Who vouched for that head.
    pub accepted: Accepted,
}

/// A proof file. `Display` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Extra data; not authenticated by the format.
    pub extra: Option<Vec<u8>>,
    /// The place of the entry, from 0.
    pub index: u64,
    /// From the leaf's sibling up: [`inclusion_proof`](crate::inclusion_proof).
    pub hashes: Vec<Hash>,
    /// The checkpoint, with cosignatures.
    pub checkpoint: SignedCheckpoint,
}

impl ProofFile {
    /// Reads a proof file (tlog-proof, "Format").
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofFileError::Size(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ProofFileError::Characters(error.valid_up_to()))?;
        let (head, note) = text.split_once("\n\n").ok_or(ProofFileError::Line(1))?;
        let mut lines = head.split('\n').enumerate().map(|(ix, line)| (ix + 1, line)).peekable();
        if lines.next().is_none_or(|(_, line)| line != FIRST_LINE) {
            return Err(ProofFileError::Line(1));
        }
        let extra = lines
            .next_if(|(_, line)| line.starts_with("extra "))
            .map(|(at, line)| from_base64(&line["extra ".len()..]).ok_or(ProofFileError::Line(at)))
            .transpose()?;
        let (at, line) = lines.next().ok_or(ProofFileError::Line(2))?;
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(ProofFileError::Line(at))?;
        let mut hashes = Vec::new();
        for (at, line) in lines {
            let hash = hash_from_base64(line).filter(|_| hashes.len() < INCLUSION_HASHES_MAX);
            hashes.push(hash.ok_or(ProofFileError::Line(at))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: SignedCheckpoint::parse(note.as_bytes())? })
    }

    /// Checks that `entry` (the leaf's bytes) is in the record, and that the policy accepts the head it is shown
    /// against.
    ///
    /// # Errors
    /// [`ProofRefusal`].
    pub fn check(&self, policy: &Policy, entry: &[u8]) -> Result<VerifiedEntry, ProofRefusal> {
        let accepted = policy.check(&self.checkpoint)?;
        let (index, head) = (self.index, self.checkpoint.head());
        verify_inclusion(index, head.size, &leaf_hash(entry), &self.hashes, &head.root)
            .map_err(|why| ProofRefusal::Inclusion { index, size: head.size, why })?;
        Ok(VerifiedEntry { origin: self.checkpoint.checkpoint().origin().to_owned(), index, head, accepted })
    }

    /// The same for an entry that the file carries as a [`Disclosure`], with its body if that is there.
    /// `commitment_of` finds the commitment in the entry's bytes.
    ///
    /// # Errors
    /// [`ProofRefusal`].
    pub fn check_disclosed(
        &self,
        policy: &Policy,
        commitment_of: impl FnOnce(&[u8]) -> Option<Hash>,
    ) -> Result<(VerifiedEntry, Disclosure), ProofRefusal> {
        let extra = self.extra.as_deref().ok_or(ProofFileError::NoDisclosure)?;
        let disclosure = Disclosure::parse(extra).ok_or(ProofFileError::NoDisclosure)?;
        let verified = self.check(policy, &disclosure.entry)?;
        if let Some(Opening { salt, body }) = &disclosure.opening {
            let commitment = commitment_of(&disclosure.entry).ok_or(ProofRefusal::NoCommitment)?;
            if !opens(&commitment, salt, body) {
                return Err(ProofRefusal::Body);
            }
        }
        Ok((verified, disclosure))
    }
}

impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// The salt and body of a commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The salt.
    pub salt: [u8; 32],
    /// The body.
    pub body: Vec<u8>,
}

/// Invariant: shows no byte of either.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening of {} bytes", self.body.len())
    }
}

/// What a proof file carries of its entry, as extra data: lines of a word and Base 64.
///
/// ```text
/// konbit/disclosure@v1
/// entry <the leaf's bytes>
/// salt <32 bytes>
/// body <bytes>
/// ```
///
/// Salt and body are both there or both missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// The leaf's bytes.
    pub entry: Vec<u8>,
    /// What its commitment is of, if it may be shown.
    pub opening: Option<Opening>,
}

impl Disclosure {
    /// Reads extra data; `None` if it is something else.
    pub fn parse(extra: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(extra).ok()?;
        let mut lines = text.strip_suffix('\n')?.split('\n');
        (lines.next()? == DISCLOSURE_LINE).then_some(())?;
        let mut bytes = |word: &str| {
            let line = lines.next()?;
            from_base64(line.strip_prefix(word)?.strip_prefix(' ')?)
        };
        let entry = bytes("entry")?;
        let opening = match bytes("salt") {
            Some(salt) => Some(Opening { salt: salt.try_into().ok()?, body: bytes("body")? }),
            None => None,
        };
        let disclosure = Self { entry, opening };
        // What is written is what was read: nothing after it, and no second form.
        (disclosure.to_bytes() == extra).then_some(disclosure)
    }

    /// The extra data.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entry = format!("{DISCLOSURE_LINE}\nentry {}\n", to_base64(&self.entry));
        let opening = self.opening.as_ref().map_or_else(String::new, |Opening { salt, body }| {
            format!("salt {}\nbody {}\n", to_base64(salt), to_base64(body))
        });
        (entry + &opening).into_bytes()
    }
}

//! A witness (C2SP tlog-witness, "add-checkpoint"): it cosigns a checkpoint only if the log's tree still begins with
//! the one it cosigned before.
//!
//! The state machine is pure: [`Witness::add_checkpoint`] takes what was stored, the body of the request and the time,
//! and gives what to store and what to answer. The caller stores **before** it answers, and lets no other request for
//! the same log come between reading and storing (tlog-witness: "must be performed atomically").
//!
//! Where the released text and the editor's draft of tlog-witness differ, the stricter one is followed: a line of a
//! trusted key that does not hold is answered with 403 even if another line does hold, and a checkpoint of size 0 with
//! another root than the empty tree's with 422. `sign-subtree`, which is optional and needs ML-DSA, is not there.

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::key::{KeyError, SignatureType, SignerKey, VerifierKey};
use crate::note::{Note, NoteError, plain_text};
use crate::proof::{ProofError, verify_consistency};
use crate::text::{decimal, hash_from_base64, to_base64};
use crate::tree::Hash;
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// The most hashes that a request may carry.
pub const CONSISTENCY_HASHES_MAX: usize = 63;

/// Why bytes are not the body of a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Too long or not plain text.
    #[error(transparent)]
    Text(#[from] NoteError),
    /// The first line is not `old` and a number, or no blank line follows.
    #[error("the request does not begin with a line `old <size>`, proof lines and a blank line")]
    Form,
    /// A proof line is not a hash in Base 64.
    #[error("proof line {0} of the request is not a hash in base64")]
    Hash(usize),
    /// More than [`CONSISTENCY_HASHES_MAX`] proof lines.
    #[error("the request has more than {CONSISTENCY_HASHES_MAX} proof lines")]
    Count,
    /// What follows is not a checkpoint.
    #[error("the request has no readable checkpoint: {0}")]
    Checkpoint(CheckpointError),
}

/// A request to cosign. `Display` writes the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness is thought to have cosigned last; 0 if none, or if that is not known.
    pub old_size: u64,
    /// The proof from that size to the checkpoint's: [`consistency_proof`](crate::consistency_proof).
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by the log.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let (head, note) = plain_text(body)?.split_once("\n\n").ok_or(RequestError::Form)?;
        let mut lines = head.split('\n');
        let old_size =
            lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal).ok_or(RequestError::Form)?;
        let mut proof = Vec::new();
        for (ix, line) in lines.enumerate() {
            if ix == CONSISTENCY_HASHES_MAX {
                return Err(RequestError::Count);
            }
            proof.push(hash_from_base64(line).ok_or(RequestError::Hash(ix + 1))?);
        }
        let checkpoint = SignedCheckpoint::parse(note.as_bytes()).map_err(RequestError::Checkpoint)?;
        Ok(Self { old_size, proof, checkpoint })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Two checkpoints that one log signed and that do not fit together, so far as the submitter could show: worth keeping,
/// as it may be proof that the log misbehaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The one cosigned before, if any.
    pub cosigned: Option<SignedCheckpoint>,
    /// The one that was submitted, with a valid signature of the log.
    pub submitted: SignedCheckpoint,
}

/// Why a witness does not cosign. [`WitnessRefusal::status`] gives the HTTP status that the specification asks for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WitnessRefusal {
    /// 400: the request cannot be read.
    #[error("{0}")]
    Malformed(#[from] RequestError),
    /// 404: the witness does not know the log.
    #[error("this witness does not know the log {0:?}: ask whoever runs it to add the log's key")]
    UnknownLog(String),
    /// 403: no signature of the log's known keys, or one that does not hold.
    #[error("the checkpoint of {origin} is not signed by a key of it that this witness knows: {why}")]
    Untrusted {
        /// The log.
        origin: String,
        /// What the check of the note said.
        why: NoteError,
    },
    /// 400: the old size is larger than the checkpoint's.
    #[error("the old size {old} is larger than the checkpoint's {size}")]
    Backwards {
        /// The old size of the request.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// 409: another size was cosigned last. The answer is that size.
    #[error("this witness cosigned size {latest} last: send a proof from there")]
    Conflict {
        /// The size cosigned last, 0 if none.
        latest: u64,
    },
    /// 409: the size cosigned last, with another root. Two histories.
    #[error("this witness cosigned another root for size {size}: the log shows two histories")]
    Forked {
        /// The size of both.
        size: u64,
        /// Both checkpoints.
        evidence: Box<Evidence>,
    },
    /// 422: the proof does not show that the tree begins with the one cosigned last.
    #[error("the consistency proof does not hold: {why}")]
    Inconsistent {
        /// What the check said.
        why: ProofError,
        /// Both checkpoints.
        evidence: Box<Evidence>,
    },
}

impl WitnessRefusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backwards { .. } => 400,
            Self::Untrusted { .. } => 403,
            Self::UnknownLog(_) => 404,
            Self::Conflict { .. } | Self::Forked { .. } => 409,
            Self::Inconsistent { .. } => 422,
        }
    }

    /// The `Content-Type` of the answer.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "text/x.tlog.size",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The body of the answer: the size cosigned last after a conflict, which the specification asks for, otherwise
    /// the reason, which it leaves open.
    pub fn body(&self) -> String {
        match self {
            Self::Conflict { latest } => format!("{latest}\n"),
            other => format!("{other}\n"),
        }
    }
}

/// What a witness does after it agreed, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// To be stored durably as the latest of its log, first: the checkpoint with the log's signatures and the
    /// witness's own.
    pub store: SignedCheckpoint,
    /// Then the body of the answer with status 200: one signature line.
    pub body: String,
}

/// What a witness has stored: for each log, the checkpoint it cosigned last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WitnessState {
    latest: BTreeMap<String, SignedCheckpoint>,
}

impl WitnessState {
    /// The checkpoint of log `origin` that was cosigned last.
    pub fn latest(&self, origin: &str) -> Option<&SignedCheckpoint> {
        self.latest.get(origin)
    }

    /// Takes over what was stored: [`Cosigned::store`], after it is on disk, or when reading it from there.
    pub fn set(&mut self, stored: SignedCheckpoint) {
        self.latest.insert(stored.checkpoint().origin().to_owned(), stored);
    }

    /// All of them, by origin.
    pub fn iter(&self) -> impl Iterator<Item = &SignedCheckpoint> {
        self.latest.values()
    }
}

/// A witness: its key, and the logs that it knows.
#[derive(Debug)]
pub struct Witness {
    /// Invariant: of type [`SignatureType::CosignatureV1`].
    key: SignerKey,
    /// Invariant: each of type [`SignatureType::Ed25519`].
    logs: BTreeMap<String, Vec<VerifierKey>>,
}

impl Witness {
    /// A witness that knows no log yet.
    ///
    /// # Errors
    /// [`KeyError::Use`] if the key is not a witness's.
    pub fn new(key: SignerKey) -> Result<Self, KeyError> {
        expect(key.verifier(), SignatureType::CosignatureV1)?;
        Ok(Self { key, logs: BTreeMap::new() })
    }

    /// Makes a log known: checkpoints of `origin` have to be signed by `key`, or another key known for it.
    ///
    /// # Errors
    /// [`KeyError::Use`] if the key is not a log's.
    pub fn trust(&mut self, origin: &str, key: VerifierKey) -> Result<(), KeyError> {
        expect(&key, SignatureType::Ed25519)?;
        let keys = self.logs.entry(origin.to_owned()).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
        Ok(())
    }

    /// The public key, for whoever is to trust this witness.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Answers the request with body `body` at `now`, in seconds since 1970, at least 1.
    ///
    /// # Errors
    /// [`WitnessRefusal`]: nothing is to be stored then.
    pub fn add_checkpoint(&self, state: &WitnessState, body: &[u8], now: u64) -> Result<Cosigned, WitnessRefusal> {
        let AddCheckpoint { old_size, proof, checkpoint } = AddCheckpoint::parse(body)?;
        let (origin, next) = (checkpoint.checkpoint().origin(), checkpoint.head());
        let keys = self.logs.get(origin).ok_or_else(|| WitnessRefusal::UnknownLog(origin.to_owned()))?;
        let untrusted = |why| WitnessRefusal::Untrusted { origin: origin.to_owned(), why };
        let by_log = checkpoint.verify(keys).map_err(untrusted)?;
        if old_size > next.size {
            return Err(WitnessRefusal::Backwards { old: old_size, size: next.size });
        }
        let cosigned = state.latest(origin);
        let evidence = || Box::new(Evidence { cosigned: cosigned.cloned(), submitted: checkpoint.clone() });
        if !next.is_possible() {
            return Err(WitnessRefusal::Inconsistent { why: ProofError::Root, evidence: evidence() });
        }
        let latest = cosigned.map_or_else(crate::Head::empty, SignedCheckpoint::head);
        if old_size != latest.size {
            return Err(WitnessRefusal::Conflict { latest: latest.size });
        }
        if latest.size == next.size && latest.root != next.root {
            return Err(WitnessRefusal::Forked { size: next.size, evidence: evidence() });
        }
        verify_consistency(latest.size, next.size, &latest.root, &next.root, &proof)
            .map_err(|why| WitnessRefusal::Inconsistent { why, evidence: evidence() })?;

        let text = checkpoint.note().text();
        let line = self.key.cosign(text, now).expect("a witness's key, and a clock after 1970");
        // Only lines that were verified are kept: others could be anything, and of any number.
        let is_by_log = |name: &str, id| by_log.iter().any(|by| by.key.name() == name && by.key.id() == id);
        let lines = checkpoint.note().signatures().iter().filter(|line| is_by_log(line.name(), line.id()));
        let lines: Vec<_> = lines.cloned().collect();
        let store = Note::with_all(text, &lines)
            .and_then(|note| SignedCheckpoint::of(note, &checkpoint).with(line.clone()))
            .map_err(untrusted)?;
        Ok(Cosigned { store, body: format!("{line}\n") })
    }
}

fn expect(key: &VerifierKey, kind: SignatureType) -> Result<(), KeyError> {
    if key.kind() == kind { Ok(()) } else { Err(KeyError::Use { name: key.name().to_owned() }) }
}

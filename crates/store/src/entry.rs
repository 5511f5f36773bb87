//! What goes in and comes out: plain values.

use crate::leaf;
use jiff::Timestamp;
use konbit_base::Digest;
use serde::Serialize;
use std::ops::Deref;

/// An entry to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When it was done.
    pub at: Timestamp,
    /// Who did it, in the caller's words.
    pub actor: String,
    /// What kind of entry it is; decides how `body` is read.
    pub kind: String,
    /// A JSON value in canonical bytes (`konbit_base::canonical`).
    pub body: Vec<u8>,
}

/// An entry of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 0 without gaps.
    pub ix: u64,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What kind of entry it is.
    pub kind: String,
    /// A JSON value in canonical bytes, or by which order it was erased.
    pub body: Body,
    /// What the leaf says of the body; `None` in an entry of the first form, whose leaf holds the
    /// body itself.
    pub commitment: Option<Digest>,
    /// Its leaf hash, as stored; [`crate::verify()`] recomputes it.
    pub leaf: Digest,
}

impl Entry {
    /// The bytes that the leaf is the hash of: what an outsider needs to check an inclusion proof.
    ///
    /// Never `None` for an entry with a commitment, erased or not; an entry of the first form
    /// cannot be erased.
    pub fn leaf_bytes(&self) -> Option<Vec<u8>> {
        let Self { at, actor, kind, .. } = self;
        match (&self.commitment, &self.body) {
            (Some(commitment), _) => Some(leaf::header(*at, actor, kind, commitment)),
            (None, Body::Kept(body)) => Some(leaf::leaf_input_of(&leaf::LeafParts {
                at: &at.to_string(),
                actor,
                kind,
                holds: leaf::Holds::Body(body),
            })),
            (None, Body::Erased { .. }) => None,
        }
    }
}

/// The body of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// It is there.
    Kept(Vec<u8>),
    /// It was erased for good, together with its salt.
    Erased {
        /// The number of the entry that ordered it.
        by: u64,
    },
}

impl Body {
    /// The bytes, if they are kept.
    pub fn kept(&self) -> Option<&[u8]> {
        match self {
            Self::Kept(bytes) => Some(bytes),
            Self::Erased { .. } => None,
        }
    }
}

/// For readers that do not ask: the bytes, and nothing of an erased body. Nothing is not JSON, so
/// such a reader fails, and never takes an erased body for another one.
impl Deref for Body {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.kept().unwrap_or_default()
    }
}

/// Size and root of the tree: what an outsider keeps to check the record later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Merkle tree head of RFC 6962 over all leaves.
    pub root: Digest,
    /// Time of the last entry; `None` while there is none.
    pub at: Option<Timestamp>,
}

/// A row made from entries, to be set or removed together with an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionChange {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// All entries that the row now rests on, oldest first (it replaces the former list); the
    /// ones being appended may be among them. Ignored if the row is removed.
    pub entries: Vec<u64>,
    /// The new content; `None` removes the row.
    pub body: Option<Vec<u8>>,
}

/// A row made from entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectionRow {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// The entries that the row rests on.
    pub entries: Vec<u64>,
    /// Its content, as it was handed in.
    pub body: Vec<u8>,
}

/// Head and projections of one and the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The head; its size is what an append made from this reading has to expect.
    pub head: Head,
    /// All rows, by subject and id.
    pub projections: Vec<ProjectionRow>,
}

/// A file kept with the record, named by the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Media type, such as `text/csv`.
    pub media: String,
    /// File name as it came.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Attachment {
    /// The name under which [`crate::Store::attachment`] finds it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// In which order entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By rising number.
    #[default]
    OldestFirst,
    /// By falling number.
    NewestFirst,
}

/// Which entries to read. The default is the oldest 1,000 of all kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only this kind; `None` for all.
    pub kind: Option<String>,
    /// The lowest number that counts.
    pub from: u64,
    /// The first number that no longer counts.
    pub to: u64,
    /// Which end comes first, and so which end `limit` keeps.
    pub order: Order,
    /// How many at most.
    pub limit: usize,
}

impl Default for EntryFilter {
    fn default() -> Self {
        Self { kind: None, from: 0, to: u64::MAX, order: Order::OldestFirst, limit: 1_000 }
    }
}

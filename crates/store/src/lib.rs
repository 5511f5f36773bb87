//! The record of a mission in one `SQLite` file, `record.db`: entries with their hash tree, the
//! projections made from them, and attachments by content. Nothing else in Konbit speaks SQL.
//!
//! Vocabulary:
//! - *entry*: who did what when, numbered from 0 without gaps; never changed. Its *body* is
//!   canonical JSON.
//! - *leaf*: the RFC 6962 hash of an entry's leaf bytes. In the second form these are the small
//!   [`header()`] with a salted commitment to the body, so that body and salt, which lie outside
//!   the tree, can be erased for good; in the first form ([`leaf_input`]) they hold the body.
//! - *head*: size and root of the tree. *Signed head*: a checkpoint (C2SP tlog-checkpoint) kept in
//!   `record.head`, outside the database.
//! - *projection*: a row (`subject`, `id`) that the caller has made from entries, with the numbers
//!   of those entries. It is a cache: whoever doubts it can make it again.
//! - *attachment*: bytes named by their SHA-256.
//! - *submission*: one decision: what was read, and what it adds. *Sequencer*: the one thread that
//!   writes, and puts all submissions that wait into one durable transaction.
//! - *seal*: `record.seal` beside the file, written at a clean close: entries, root, and the
//!   SHA-256 of the whole file, so that a change of bytes that no entry uses shows as well.
//!
//! Invariant: a submission is kept whole or not at all: entries, tree, head, projections,
//! attachments, the answer to its command. What was acknowledged survives the loss of power, and,
//! if the record is signed, is covered by a signed head that is durable outside the database.
//! Invariant: a submission says what its author had read; if that is no longer so, it is refused
//! ([`StoreError::Moved`], [`StoreError::Changed`]), so that no decision rests on a stale reading.
//! Invariant: after a failed commit, sync or signature nothing is written any more, and nothing is
//! tried again ([`StoreError::Stopped`]).
//! Invariant: no head is signed that contradicts the last signed one ([`StoreError::Behind`],
//! [`StoreError::Forked`]); after a loss a new epoch begins ([`Store::begin_epoch`]).
//! Invariant: no rule of the mission and no SQL type crosses this interface; no clock and no
//! entropy is read: times and salts are arguments.
//! Invariant: [`verify`] changes no file.
//!
//! What is *not* proven by these files: somebody who can write them all can put back an older copy
//! of all of them. Only what outsiders have kept shows that: heads, proofs
//! ([`Store::consistency_proof`]) and the cosignatures of witnesses. And an erasure reaches neither
//! copies made before it, nor what a disk keeps of blocks that were overwritten. A second database
//! behind the same interface would be a module beside these, sharing tests, not SQL.
//!
//! Start reading at [`Sequencer`] and [`Submission`], then [`Store::erase`], then [`verify()`].

mod append;
mod backup;
mod entry;
mod error;
mod head_file;
mod heads;
mod leaf;
mod read;
mod rows;
mod schema;
mod seal;
mod sequencer;
mod store;
mod submission;
mod tiles;
mod verify;

pub use append::Erased;
pub use backup::{Copied, backup, restore};
pub use entry::{
    Attachment, Body, Entry, EntryFilter, Head, NewEntry, Order, ProjectionChange, ProjectionRow, Snapshot,
};
pub use error::StoreError;
pub use head_file::head_path;
pub use heads::{NewEpoch, last_signed, next_origin};
pub use konbit_record::Opening;
pub use leaf::{HEADER_BYTES_MAX, SaltSeed, header, leaf_input};
pub use sequencer::{Limits, Sequencer, Status};
pub use store::{Closed, Store};
pub use submission::{
    ATTACHMENT_BYTES_MAX, Command, ENTRIES_MAX, ENTRY_BYTES_MAX, Erasure, KEY_BYTES_MAX, Reads, Receipt, RowChange,
    RowRead, Submission,
};
pub use verify::{Compare, Options, Problem, VerifyReport, verify, verify_by, verify_with};

/// Name of the database file in a mission directory.
pub const FILE_NAME: &str = "record.db";

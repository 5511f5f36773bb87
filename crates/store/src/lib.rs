//! The record of a mission in one `SQLite` file, `record.db`: entries with their hash tree, the
//! projections made from them, and attachments by content. Nothing else in Konbit speaks SQL.
//!
//! Vocabulary:
//! - *entry*: who did what when, as canonical JSON; numbered from 0 without gaps; never changed.
//! - *leaf*: the RFC 6962 hash of [`leaf_input`] of an entry; *head*: size and root of the tree.
//! - *projection*: a row (`subject`, `id`) that the caller has made from entries, with the numbers
//!   of those entries. It is a cache: whoever doubts it can make it again.
//! - *attachment*: bytes named by their SHA-256.
//! - *seal*: `record.seal` beside the file, written at a clean close: entries, root, and the
//!   SHA-256 of the whole file, so that a change of bytes that no entry uses shows as well.
//!
//! Invariant: an append is one transaction: entries, tree, head, projections and attachments, or
//! nothing. What [`Store::append`] has acknowledged survives the loss of power.
//! Invariant: an append says which size its author had read; if the record has grown since, it is
//! refused ([`StoreError::Moved`]), so that no decision rests on a stale reading.
//! Invariant: no rule of the mission and no SQL type crosses this interface.
//! Invariant: [`verify`] changes no file.
//!
//! What is *not* proven by one file: somebody who can write it can put back an older copy of file
//! and seal together, or write a whole new history. Only a head that outsiders have kept shows
//! that ([`Store::consistency_proof`]); signed heads and witnesses have their place in the `head`
//! table and in `konbit-record`, and are not here yet. A second database behind the same
//! interface would be a module beside these, sharing tests, not SQL.
//!
//! Start reading at [`Store::append`], then [`verify()`].

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
pub use verify::{Options, Problem, VerifyReport, verify, verify_by, verify_with};

/// Name of the database file in a mission directory.
pub const FILE_NAME: &str = "record.db";

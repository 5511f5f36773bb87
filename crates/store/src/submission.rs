//! What is handed in to be appended together, and what is answered.

use crate::entry::{Attachment, Head, NewEntry, ProjectionChange};
use crate::error::StoreError;
use crate::heads::EpochRow;
use crate::leaf::{HEADER_BYTES_MAX, SaltSeed, header, leaf_input, not_canonical};
use jiff::Timestamp;
use konbit_base::{Digest, canonical};
use konbit_record::{Hash, commit, leaf_hash};
use serde::Serialize;

/// The longest body of an entry, in bytes: 32 MiB. An entry of the first form counts as a whole.
pub const ENTRY_BYTES_MAX: usize = 32 << 20;

/// The most entries in one append: a million.
pub const ENTRIES_MAX: usize = 1_000_000;

/// The longest attachment, in bytes: 256 MiB.
pub const ATTACHMENT_BYTES_MAX: usize = 256 << 20;

/// The longest key of a command, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// One decision: what it was made upon, and what it adds. All of it is kept, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What was read before deciding; if it is no longer so, nothing is appended.
    pub reads: Reads,
    /// The entries, at least one.
    pub entries: Vec<NewEntry>,
    /// Where the salts of their bodies come from.
    pub salts: SaltSeed,
    /// Projection rows to set or to remove.
    pub changes: Vec<RowChange>,
    /// Files to keep.
    pub attachments: Vec<Attachment>,
    /// The client's name for this command, so that it can be repeated safely.
    pub command: Option<Command>,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// On the whole record, which had so many entries: any other append in between refuses it.
    /// For decisions over a set of rows, such as a count, where a new row would matter.
    Record {
        /// Number of entries that was read.
        size: u64,
    },
    /// On these projection rows and nothing else. Decisions on other rows do not conflict; none
    /// at all (an observation) never does.
    Rows(Vec<RowRead>),
}

/// A projection row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRead {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// The entries it rested on, which say in what state it was; empty if there was no such row.
    pub entries: Vec<u64>,
}

/// A projection row to be set or removed by a [`Submission`], whose entries get their numbers only
/// when it is their turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// The entries of the record that the row goes on resting on, oldest first.
    pub entries: Vec<u64>,
    /// The positions (from 0) of the submission's own entries that it rests on besides.
    pub own: Vec<usize>,
    /// The new content; `None` removes the row.
    pub body: Option<Vec<u8>>,
}

/// The client's name for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Made by the client, unlike any other: 1 to 200 bytes.
    pub key: String,
    /// Digest of what the client sent, without what the server adds to it, such as the time. The
    /// same key with another digest is refused.
    pub content: Digest,
}

/// What was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Number of the first entry.
    pub first: u64,
    /// How many entries.
    pub count: u64,
    /// The head of the durable transaction that they are in: it covers them, and others that came
    /// with them.
    pub head: Head,
    /// Whether this is the answer to an earlier submission with the same key.
    pub repeated: bool,
}

/// An order to erase the bodies of entries for good.
///
/// The order is itself an entry. Its body is the canonical JSON of `{"attachments": count,
/// "authority": …, "entries": [numbers], "reason": …}`, so that [`crate::verify()`] can find the
/// order behind every body that is missing. What reason and authority say stays in the record for
/// ever: they must not repeat what is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The entries whose bodies and salts go.
    pub entries: Vec<u64>,
    /// The attachments whose bytes go with them.
    pub attachments: Vec<Digest>,
    /// When it was ordered.
    pub at: Timestamp,
    /// Who orders it.
    pub actor: String,
    /// The kind of the order's own entry.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// On what authority: a rule, a court's decision.
    pub authority: String,
    /// Where the salt of the order's own body comes from.
    pub salts: SaltSeed,
    /// What becomes of the projections: every row that rests on an erased entry has to be
    /// removed or replaced here. The order is own entry 0.
    pub changes: Vec<RowChange>,
    /// What was read before deciding.
    pub reads: Reads,
    /// The client's name for this command.
    pub command: Option<Command>,
}

#[derive(Serialize)]
struct OrderBody<'a> {
    attachments: usize,
    authority: &'a str,
    entries: &'a [u64],
    reason: &'a str,
}

impl Erasure {
    /// The body of the order's entry.
    pub fn body(&self) -> Vec<u8> {
        let body = OrderBody {
            attachments: self.attachments.len(),
            authority: &self.authority,
            entries: &self.entries,
            reason: &self.reason,
        };
        canonical::to_bytes(&body).expect("whole numbers and texts only")
    }
}

/// An entry with everything computed that does not depend on its number.
#[derive(Debug)]
pub(crate) struct PreparedEntry {
    pub entry: NewEntry,
    pub at: String,
    /// Salt and commitment; `None` in an entry of the first form.
    pub sealed: Option<([u8; 32], Digest)>,
    pub leaf: Hash,
}

/// A submission that may be appended when its turn comes, if what it read still holds.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub reads: Reads,
    pub entries: Vec<PreparedEntry>,
    pub changes: Vec<RowChange>,
    pub attachments: Vec<(Digest, Attachment)>,
    pub command: Option<Command>,
    /// Entries whose bodies go.
    pub erase: Vec<u64>,
    /// Attachments whose bytes go.
    pub erase_attachments: Vec<Digest>,
    /// The epoch that the first entry begins.
    pub epoch: Option<EpochRow>,
}

impl Prepared {
    /// Checks and hashes a submission.
    pub fn new(submission: Submission) -> Result<Self, StoreError> {
        let Submission { reads, entries, salts, changes, attachments, command } = submission;
        Self::with(reads, prepare_entries(entries, Some(&salts))?, changes, attachments, command)
    }

    /// Checks and hashes entries of the first form.
    pub fn first_form(
        size: u64,
        entries: &[NewEntry],
        changes: &[ProjectionChange],
        attachments: &[Attachment],
    ) -> Result<Self, StoreError> {
        let changes = changes.iter().cloned().map(|change| RowChange {
            subject: change.subject,
            id: change.id,
            entries: change.entries,
            own: Vec::new(),
            body: change.body,
        });
        let entries = prepare_entries(entries.to_vec(), None)?;
        Self::with(Reads::Record { size }, entries, changes.collect(), attachments.to_vec(), None)
    }

    /// Checks and hashes an order to erase.
    pub fn erasure(order: Erasure) -> Result<Self, StoreError> {
        let what = || format!("the order to erase {} entries", order.entries.len());
        let refuse = |why: &str| Err(StoreError::Refused { what: what(), why: why.to_owned() });
        if order.entries.is_empty() || !order.entries.is_sorted_by(|a, b| a < b) {
            return refuse("it has to name at least one entry, in rising order and each once");
        }
        if order.reason.trim().is_empty() || order.authority.trim().is_empty() {
            return refuse("it has to say why, and on what authority");
        }
        let body = order.body();
        let Erasure { entries, attachments, at, actor, kind, salts, changes, reads, command, .. } = order;
        let entry = prepare_entries(vec![NewEntry { at, actor, kind, body }], Some(&salts))?;
        let prepared = Self::with(reads, entry, changes, Vec::new(), command)?;
        Ok(Self { erase: entries, erase_attachments: attachments, ..prepared })
    }

    fn with(
        reads: Reads,
        entries: Vec<PreparedEntry>,
        changes: Vec<RowChange>,
        attachments: Vec<Attachment>,
        command: Option<Command>,
    ) -> Result<Self, StoreError> {
        check_own(&changes, entries.len())?;
        check_attachments(&attachments)?;
        check_command(command.as_ref())?;
        let attachments = attachments.into_iter().map(|attachment| (attachment.digest(), attachment)).collect();
        let (erase, erase_attachments) = (Vec::new(), Vec::new());
        Ok(Self { reads, entries, changes, attachments, command, erase, erase_attachments, epoch: None })
    }
}

fn prepare_entries(entries: Vec<NewEntry>, salts: Option<&SaltSeed>) -> Result<Vec<PreparedEntry>, StoreError> {
    let refuse = |what: String, why: String| Err(StoreError::Refused { what, why });
    if entries.is_empty() {
        return refuse("nothing".to_owned(), "every change of the record is an entry; give at least one".to_owned());
    }
    if entries.len() > ENTRIES_MAX {
        let what = format!("a batch of {} entries", entries.len());
        return refuse(what, format!("at most {ENTRIES_MAX} go together; split it"));
    }
    let mut prepared = Vec::with_capacity(entries.len());
    for (position, entry) in entries.into_iter().enumerate() {
        let what = format!("entry {} of the batch ({})", position + 1, entry.kind);
        if let Some(why) = not_canonical(&entry.body) {
            return refuse(what, why);
        }
        let at = entry.at.to_string();
        let sealed = salts.map(|seed| seed.salt(position)).map(|salt| (salt, Digest(commit(&salt, &entry.body))));
        let input = match &sealed {
            Some((_, commitment)) => header(entry.at, &entry.actor, &entry.kind, commitment),
            None => leaf_input(&entry),
        };
        let long = input.len().max(entry.body.len());
        if long > ENTRY_BYTES_MAX {
            return refuse(what, format!("it has {long} bytes and at most {ENTRY_BYTES_MAX} are kept"));
        }
        if sealed.is_some() && input.len() > HEADER_BYTES_MAX {
            let why = format!("its header has {} bytes and at most {HEADER_BYTES_MAX} are kept", input.len());
            return refuse(what, format!("{why}; shorten actor and kind"));
        }
        prepared.push(PreparedEntry { leaf: leaf_hash(&input), entry, at, sealed });
    }
    Ok(prepared)
}

fn check_own(changes: &[RowChange], count: usize) -> Result<(), StoreError> {
    for change in changes.iter().filter(|change| change.body.is_some()) {
        if let Some(position) = change.own.iter().find(|position| **position >= count) {
            let what = format!("the projection {}/{}", change.subject, change.id);
            let why = format!("it rests on own entry {position}, and there are {count}, counted from 0");
            return Err(StoreError::Refused { what, why });
        }
    }
    Ok(())
}

fn check_attachments(attachments: &[Attachment]) -> Result<(), StoreError> {
    match attachments.iter().find(|attachment| attachment.bytes.len() > ATTACHMENT_BYTES_MAX) {
        None => Ok(()),
        Some(long) => Err(StoreError::Refused {
            what: format!("the attachment {}", long.name),
            why: format!("it has {} bytes and at most {ATTACHMENT_BYTES_MAX} are kept", long.bytes.len()),
        }),
    }
}

fn check_command(command: Option<&Command>) -> Result<(), StoreError> {
    match command {
        Some(command) if command.key.is_empty() || command.key.len() > KEY_BYTES_MAX => Err(StoreError::Refused {
            what: "the command".to_owned(),
            why: format!("its key has {} bytes; give it one of 1 to {KEY_BYTES_MAX}", command.key.len()),
        }),
        _ => Ok(()),
    }
}

//! The last signed head, kept outside the database, so that an older copy of the database is
//! recognised before anything is signed that contradicts it.
//!
//! `record.head` beside the file holds the last checkpoint that was signed (C2SP tlog-checkpoint,
//! a signed note). After each durable transaction the new head is compared with it, signed,
//! written there and synced; only then is anybody answered.
//!
//! **What this gives.** Whatever was acknowledged is covered by a signed head that is durable
//! outside the database. So a database that lacks an acknowledged entry, or begins with others, is
//! refused at the next opening ([`StoreError::Behind`], [`StoreError::Forked`]), and no second
//! history is ever signed under the same origin. The order is fixed: first the database, then the
//! head. A crash in between leaves a database that is ahead of the head by entries that nobody was
//! told of, which is allowed.
//!
//! **What it does not give.** Whoever puts back an older copy of *both* files is not found out
//! here, but by the witnesses that have cosigned the newer head. A backup therefore never holds
//! the head.

use crate::entry::{Head, NewEntry};
use crate::error::StoreError;
use crate::head_file::{self, HeadFile, head_path};
use crate::leaf::SaltSeed;
use crate::rows::{consistency_of, epoch, signed as as_signed};
use crate::store::{Access, Store};
use crate::submission::{Prepared, Reads, Receipt, Submission};
use jiff::Timestamp;
use konbit_base::canonical;
use konbit_record::{Checkpoint, Epoch, HistoryRefusal, SignedCheckpoint, SignerKey, epoch_origin, may_follow};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Who signs, and what was signed last.
#[derive(Debug)]
pub(crate) struct Signing {
    key: SignerKey,
    epoch: Option<Epoch>,
    /// The file and what lies in it, once this store has written it.
    kept: Option<(HeadFile, Arc<str>)>,
}

/// An epoch as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EpochRow {
    pub number: u64,
    /// The origin of the log since then.
    pub origin: String,
    /// The entry that began it, and the log that was left; not in the first.
    pub left: Option<Left>,
}

/// The log that an epoch has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub entry: u64,
    pub origin: String,
    pub head: konbit_record::Head,
}

/// The order to go on after entries were lost for which a head had been signed.
#[derive(Debug)]
pub struct NewEpoch {
    /// When it was ordered.
    pub at: Timestamp,
    /// Who orders it.
    pub actor: String,
    /// The kind of the entry that says so. Its body is the canonical JSON of `{"checkpoint": the
    /// last signed checkpoint of the old log, "epoch": number, "kept": entries, "reason": …}`.
    pub kind: String,
    /// What happened.
    pub reason: String,
    /// Where the salt of the entry's body comes from.
    pub salts: SaltSeed,
    /// The key of the new log: a fresh one, whose name is [`next_origin`] of the old head.
    pub key: SignerKey,
}

#[derive(Serialize)]
struct EpochBody<'a> {
    checkpoint: &'a str,
    epoch: u64,
    kept: u64,
    reason: &'a str,
}

/// The last checkpoint that was signed for the record at `record`, as it lies beside it; its
/// signature is not checked. `None` if there is none.
///
/// # Errors
/// [`StoreError::HeadUnreadable`] if what lies there is not a checkpoint.
pub fn last_signed(record: &Path) -> Result<Option<SignedCheckpoint>, StoreError> {
    let head = head_path(record);
    head_file::read(&head).map_err(|why| StoreError::HeadUnreadable { head, why })
}

/// The origin, and so the name of the key, with which a record goes on that has lost entries which
/// `left` covers.
///
/// # Errors
/// [`StoreError::Refused`] if the epoch line of `left` is malformed.
pub fn next_origin(left: &SignedCheckpoint) -> Result<String, StoreError> {
    let number = epoch_number(left)?;
    let origin = left.checkpoint().origin();
    let first = origin.strip_suffix(&epoch_origin("", number)).unwrap_or(origin);
    Ok(epoch_origin(first, number + 1))
}

/// The number of the epoch in which a head was signed.
fn epoch_number(signed: &SignedCheckpoint) -> Result<u64, StoreError> {
    let epoch = Epoch::of(signed.checkpoint())
        .map_err(|error| StoreError::Refused { what: "the signed head".to_owned(), why: error.to_string() })?;
    Ok(epoch.map_or(1, |epoch| epoch.number()))
}

impl Store {
    /// From now on signs the head after every durable transaction, as log `key`'s name; signs the
    /// present head at once.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if the last head was signed by another key or origin;
    /// [`StoreError::Behind`], [`StoreError::Forked`]; failures of the file.
    pub fn sign_with(&mut self, key: SignerKey) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        let (row, name) = (epoch(&self.db).map_err(self.at())?, key.verifier().name().to_owned());
        if let Some(row) = row.as_ref().filter(|row| row.origin != name) {
            return Err(StoreError::Foreign {
                head: head_path(&self.path),
                why: format!("the log is {}, the key {name}", row.origin),
            });
        }
        if let Some(signed) = last_signed(&self.path)? {
            let left_behind = row.as_ref().and_then(|row| row.left.as_ref()).is_some_and(|left| left.is(&signed));
            if !left_behind {
                let foreign = |why: String| StoreError::Foreign { head: head_path(&self.path), why };
                signed.verify([key.verifier()]).map_err(|error| foreign(error.to_string()))?;
                if signed.checkpoint().origin() != name {
                    return Err(foreign(format!("its log is {}, the key {name}", signed.checkpoint().origin())));
                }
            }
        }
        let first = row.is_none();
        let epoch = row.map(|row| row.citation()).transpose()?.flatten();
        self.signing = Some(Signing { key, epoch, kept: None });
        let head = self.head()?;
        self.sign_head(&head).map_err(|why| self.stop(why))?;
        // The head first: a row without a head would say that the head was taken away.
        if first {
            self.remove_seal()?;
            let row = (1, &name);
            self.db.execute("INSERT INTO epoch (number, origin) VALUES (?, ?)", row).map_err(self.at())?;
        }
        Ok(())
    }

    /// The last checkpoint that this store has signed; `None` if it does not sign.
    pub fn checkpoint(&self) -> Option<Arc<str>> {
        Some(Arc::clone(&self.signing.as_ref()?.kept.as_ref()?.1))
    }

    /// Compares the head with the last one that was signed, signs it, and keeps it outside the
    /// database. Does nothing if this store does not sign.
    pub(crate) fn sign_head(&mut self, head: &Head) -> Result<(), String> {
        let Some(signing) = &self.signing else { return Ok(()) };
        let (path, head) = (head_path(&self.path), konbit_record::Head { size: head.size, root: head.root.0 });
        let kept = signing.kept.as_ref().map(|(_, note)| note);
        match last_signed(&self.path).map_err(|error| error.to_string())? {
            // Whoever replaces the file takes it from under the one that writes it.
            found if kept.is_some_and(|kept| found.as_ref().map(ToString::to_string).as_deref() != Some(&**kept)) => {
                return Err(format!("{} is not what was written there last", path.display()));
            }
            None => {}
            Some(signed) => self.check_follows(&signed, &head).map_err(|error| error.to_string())?,
        }
        let extensions = signing.epoch.iter().map(Epoch::to_string).collect();
        let note = Checkpoint::new(signing.key.verifier().name(), head, extensions)
            .and_then(|checkpoint| checkpoint.sign(&signing.key))
            .map_err(|error| format!("the head of {} entries cannot be signed: {error}", head.size))?
            .to_string();
        let signing = self.signing.as_mut().expect("it was there at the beginning");
        let written = match signing.kept.take() {
            None => HeadFile::begin(&path, &note),
            Some((mut file, _)) => file.write(&note).map(|()| file),
        };
        let file = written.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        signing.kept = Some((file, note.into()));
        Ok(())
    }

    /// Whether this record may follow its last signed head. Called before anything is written.
    pub(crate) fn compare_with_head(&self) -> Result<(), StoreError> {
        let row = epoch(&self.db).map_err(self.at())?;
        match (last_signed(&self.path)?, row) {
            (None, None) => Ok(()),
            (None, Some(row)) => {
                let (path, head) = (self.path.clone(), head_path(&self.path));
                Err(StoreError::HeadMissing { path, head, origin: row.origin })
            }
            (Some(signed), _) => {
                let head = self.head()?;
                self.check_follows(&signed, &konbit_record::Head { size: head.size, root: head.root.0 })
            }
        }
    }

    fn check_follows(&self, signed: &SignedCheckpoint, next: &konbit_record::Head) -> Result<(), StoreError> {
        let (path, before) = (self.path.clone(), signed.head());
        let behind = || StoreError::Behind { path: path.clone(), signed: before.size, found: next.size };
        if let Some(row) = epoch(&self.db).map_err(self.at())? {
            if row.left.as_ref().is_some_and(|left| left.is(signed)) {
                // The epoch was begun and its first head not yet kept.
                return Ok(());
            }
            if row.origin != signed.checkpoint().origin() {
                if epoch_number(signed)? > row.number {
                    return Err(behind());
                }
                let why = format!("its log is {}, that of the record {}", signed.checkpoint().origin(), row.origin);
                return Err(StoreError::Foreign { head: head_path(&path), why });
            }
        }
        if next.size < before.size {
            return Err(behind());
        }
        let proof = consistency_of(&self.db, before.size, next.size).map_err(self.at())?;
        may_follow(&before, next, &proof).map_err(|refusal| match refusal {
            HistoryRefusal::Older { .. } => behind(),
            HistoryRefusal::Forked { signed, .. } => StoreError::Forked { path: path.clone(), signed },
        })
    }

    /// Opens a record that is behind its last signed head, and goes on: appends an entry that
    /// cites that head word for word, and signs the new head as another log, whose every
    /// checkpoint cites it too (`konbit_record::Epoch`). The store signs from then on.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if there is no signed head to leave, if the record holds more than
    /// it covers, or if the key has not the name that [`next_origin`] gives; failures of the file.
    pub fn begin_epoch(path: impl AsRef<Path>, order: NewEpoch) -> Result<(Self, Receipt), StoreError> {
        let mut store = Self::open_behind(path.as_ref())?;
        let refuse = |why: String| StoreError::Refused { what: "a new epoch".to_owned(), why };
        let Some(left) = last_signed(&store.path)? else {
            let head = head_path(&store.path);
            return Err(refuse(format!(
                "there is no signed head; put the last one that a witness or reader has kept at {}",
                head.display()
            )));
        };
        let row = epoch(&store.db).map_err(store.at())?;
        let (kept, in_epoch) = (store.head()?.size, row.map_or(1, |row| row.number));
        let number = epoch_number(&left)?.max(in_epoch) + 1;
        if kept > left.head().size {
            return Err(refuse(format!(
                "the record holds {kept} entries and {} were signed: nothing is lost, or it is another history",
                left.head().size
            )));
        }
        // The log that is left began with that many entries of the one before, and then went its own way.
        if let Some(begun) = Epoch::of(left.checkpoint()).map_err(|error| refuse(error.to_string()))?
            && in_epoch < begun.number()
            && kept > begun.kept()
        {
            return Err(refuse(format!(
                "the record is of epoch {in_epoch} and holds {kept} entries, of which epoch {} kept {}: the others were \
                 given up then; put back a copy of epoch {}, or one with at most {} entries",
                begun.number(),
                begun.kept(),
                begun.number(),
                begun.kept()
            )));
        }
        let (expect, name) = (next_origin(&left)?, order.key.verifier().name().to_owned());
        if name != expect {
            return Err(refuse(format!("its key has to be a fresh one named {expect}, and is named {name}")));
        }
        let origin = left.checkpoint().origin().to_owned();
        let epoch = Epoch::new(number, kept, &origin, left.head()).map_err(|error| refuse(error.to_string()))?;
        let checkpoint = left.to_string();
        let body = EpochBody { checkpoint: &checkpoint, epoch: number, kept, reason: &order.reason };
        let body = canonical::to_bytes(&body).expect("whole numbers and texts only");
        let entry = NewEntry { at: order.at, actor: order.actor, kind: order.kind, body };
        let submission = Submission {
            reads: Reads::Record { size: kept },
            entries: vec![entry],
            salts: order.salts,
            changes: Vec::new(),
            attachments: Vec::new(),
            command: None,
        };
        let mut prepared = Prepared::new(submission)?;
        let left = Left { entry: kept, origin, head: left.head() };
        prepared.epoch = Some(EpochRow { number, origin: name, left: Some(left) });
        // It is of entries that are no longer there.
        store.remove_seal()?;
        store.signing = Some(Signing { key: order.key, epoch: Some(epoch), kept: None });
        let receipt = store.commit_one(prepared)?;
        Ok((store, receipt))
    }
}

impl Left {
    /// Whether `signed` is the head that was left.
    pub fn is(&self, signed: &SignedCheckpoint) -> bool {
        self.origin == signed.checkpoint().origin() && self.head == signed.head()
    }
}

impl EpochRow {
    /// The extension line's content; `None` in the first epoch.
    pub fn citation(&self) -> Result<Option<Epoch>, StoreError> {
        let Some(left) = &self.left else { return Ok(None) };
        Epoch::new(self.number, left.entry, &left.origin, left.head)
            .map(Some)
            .map_err(|error| StoreError::Refused { what: format!("epoch {}", self.number), why: error.to_string() })
    }

    /// Writes the row.
    pub fn insert(&self, db: &rusqlite::Connection) -> rusqlite::Result<()> {
        let left = self.left.as_ref();
        db.execute(
            "INSERT INTO epoch (number, origin, entry, left_origin, left_size, left_root) VALUES (?, ?, ?, ?, ?, ?)",
            (
                as_signed(self.number),
                &self.origin,
                left.map(|left| as_signed(left.entry)),
                left.map(|left| &left.origin),
                left.map(|left| as_signed(left.head.size)),
                left.map(|left| left.head.root),
            ),
        )?;
        Ok(())
    }
}

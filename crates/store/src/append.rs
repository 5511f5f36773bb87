//! Appending: one durable transaction for a group of submissions.

use crate::entry::{Attachment, Head, NewEntry, ProjectionChange};
use crate::error::StoreError;
use crate::rows::{head, head_covering, head_of, node_of, number_list, signed};
use crate::store::{Access, Store};
use crate::submission::{Erasure, Prepared, PreparedEntry, Reads, Receipt, RowRead, Submission};
use konbit_base::Digest;
use konbit_record::Frontier;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

/// An answer for each submission of a group, in order.
pub(crate) type Answers = Vec<Result<Receipt, StoreError>>;

/// What [`Store::erase`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Where the order stands.
    pub receipt: Receipt,
    /// Why older copies of the erased bytes may still lie in the file or its log; `None` if they
    /// are gone. What remains is removed at the next opening, or by [`Store::finish_erasures`].
    pub remains: Option<String>,
}

impl Store {
    /// Appends `entries` in the first form, sets or removes the projection rows in `changes` and
    /// keeps `attachments`, all in one durable transaction, and gives the new head.
    ///
    /// In the first form the leaf holds the body, so the body can never be erased; what may have
    /// to be goes through [`Store::submit`]. `expected_size` is the size of the record that the
    /// caller decided upon. An attachment that is there already (the same bytes) is left as it is,
    /// with its first name.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the record has grown since; [`StoreError::Refused`] if something
    /// handed in cannot be kept; failures of the file. In every case nothing was acknowledged.
    pub fn append(
        &mut self,
        expected_size: u64,
        entries: &[NewEntry],
        changes: &[ProjectionChange],
        attachments: &[Attachment],
    ) -> Result<Head, StoreError> {
        let prepared = Prepared::first_form(expected_size, entries, changes, attachments)?;
        Ok(self.commit_one(prepared)?.head)
    }

    /// Appends one submission in one durable transaction.
    ///
    /// # Errors
    /// [`StoreError::Moved`] or [`StoreError::Changed`] if what was read is no longer so;
    /// [`StoreError::KeyTaken`]; [`StoreError::Refused`] if something handed in cannot be kept;
    /// failures of the file.
    pub fn submit(&mut self, submission: Submission) -> Result<Receipt, StoreError> {
        self.commit_one(Prepared::new(submission)?)
    }

    /// Erases the bodies and salts of entries for good, by an order that is itself an entry.
    ///
    /// In one durable transaction the order is appended, bodies, salts and attachments are
    /// deleted and the projections changed; then the file is written anew without them and the
    /// log is emptied, so that the bytes are in neither; that takes as long as writing the file, and
    /// waits up to five seconds for readers of the log. Headers, leaves and every proof stay.
    /// Not reached: copies that were made before, and what a disk keeps of overwritten blocks.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if an entry is not there, is of the first form, is erased already,
    /// is itself an order, or if a projection row that rests on it is left as it is; and all of
    /// [`Store::submit`].
    pub fn erase(&mut self, order: Erasure) -> Result<Erased, StoreError> {
        let receipt = self.commit_one(Prepared::erasure(order)?)?;
        Ok(Erased { receipt, remains: self.finish_erasures() })
    }

    pub(crate) fn commit_one(&mut self, prepared: Prepared) -> Result<Receipt, StoreError> {
        let mut answers = self.commit_group(&[prepared])?;
        self.tend();
        answers.pop().expect("one answer for one submission")
    }

    /// Appends all submissions of a group that are not refused, in one durable transaction, and
    /// signs the new head if this store signs.
    ///
    /// # Errors
    /// If the group as a whole failed. Then nothing of it is acknowledged; whether it is kept is
    /// known only if the error is not [`StoreError::Stopped`].
    pub(crate) fn commit_group(&mut self, group: &[Prepared]) -> Result<Answers, StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        if let Some(why) = &self.stopped {
            return Err(StoreError::Stopped { path: self.path.clone(), why: why.clone() });
        }
        let path = self.path.clone();
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&path, &error);
        let transaction = Transaction::new(&mut self.db, TransactionBehavior::Immediate).map_err(sql)?;
        let before = head(&transaction).map_err(sql)?;
        let mut tree = Frontier::load(before.size, |node| node_of(&transaction, node)).map_err(sql)?;
        if Digest(tree.root()) != before.root {
            let why = format!("the tree over its {} entries does not have the root that was stored", before.size);
            return Err(StoreError::Damaged { path, why });
        }
        let placed = match place_group(&transaction, &mut tree, group) {
            Ok(placed) => placed,
            Err(error) => {
                drop(transaction);
                return Err(self.failed_before_commit(sql(error)));
            }
        };
        let head = if tree.size() == before.size {
            drop(transaction);
            before
        } else if let Err(error) = transaction.commit() {
            return Err(self.stop(sql(error).to_string()));
        } else {
            self.committed(&tree)?
        };
        Ok(placed.into_iter().map(|placed| self.answer(placed, head)).collect())
    }

    /// What follows a commit that has succeeded: what was written is read back, and signed.
    fn committed(&mut self, tree: &Frontier) -> Result<Head, StoreError> {
        self.seal_is_stale();
        // Written, then read back: if these differ, nothing that follows can be trusted.
        let stored = head_of(&self.db, tree.size()).map_err(self.at());
        let stored = stored.map_err(|error| self.stop(error.to_string()))?;
        if stored.root != Digest(tree.root()) {
            return Err(self.stop("the head that was stored is not the one that was written".to_owned()));
        }
        self.sign_head(&stored).map_err(|why| self.stop(why))?;
        Ok(stored)
    }

    fn answer(&self, placed: Placed, head: Head) -> Result<Receipt, StoreError> {
        match placed {
            Placed::New { first, count } => Ok(Receipt { first, count, head, repeated: false }),
            Placed::Repeated { first, count } => {
                let head = head_covering(&self.db, first.saturating_add(count)).map_err(self.at())?;
                Ok(Receipt { first, count, head, repeated: true })
            }
            Placed::Refused(error) => Err(error),
        }
    }

    /// A failure of a statement: the transaction is rolled back. A full disk is no reason to stop;
    /// anything else means that the file is not what it should be.
    fn failed_before_commit(&mut self, error: StoreError) -> StoreError {
        match error {
            StoreError::Full { .. } | StoreError::Busy { .. } => error,
            error => self.stop(error.to_string()),
        }
    }
}

/// What became of a submission inside the transaction.
enum Placed {
    New { first: u64, count: u64 },
    Repeated { first: u64, count: u64 },
    Refused(StoreError),
}

/// Writes what a group adds, and the head over all of it.
fn place_group(db: &Connection, tree: &mut Frontier, group: &[Prepared]) -> rusqlite::Result<Vec<Placed>> {
    let (mut placed, mut last) = (Vec::with_capacity(group.len()), None);
    for prepared in group {
        let one = place(db, tree, prepared)?;
        if let Placed::New { .. } = one {
            last = prepared.entries.last();
        }
        placed.push(one);
    }
    if let Some(last) = last {
        db.prepare_cached("INSERT INTO head (size, root, at) VALUES (?, ?, ?)")?.execute((
            signed(tree.size()),
            tree.root(),
            &last.at,
        ))?;
    }
    Ok(placed)
}

/// Writes what one submission adds, if nothing speaks against it; everything is checked before
/// anything is written, so that a refusal leaves the transaction of the others as it was.
fn place(db: &Connection, tree: &mut Frontier, prepared: &Prepared) -> rusqlite::Result<Placed> {
    if let Some(placed) = repeated(db, prepared)? {
        return Ok(placed);
    }
    let (first, count) = (tree.size(), prepared.entries.len() as u64);
    let refused = match moved(db, first, &prepared.reads)?.or_else(|| beyond(prepared, first + count)) {
        Some(error) => Some(error),
        None => not_erasable(db, first, prepared)?,
    };
    if let Some(error) = refused {
        return Ok(Placed::Refused(error));
    }
    write_entries(db, tree, &prepared.entries)?;
    write_changes(db, prepared, first)?;
    write_attachments(db, prepared)?;
    write_erasures(db, prepared, first)?;
    if let Some(epoch) = &prepared.epoch {
        epoch.insert(db)?;
    }
    if let Some(command) = &prepared.command {
        db.prepare_cached("INSERT INTO command (key, content, first, count) VALUES (?, ?, ?, ?)")?.execute((
            &command.key,
            command.content.0,
            signed(first),
            signed(count),
        ))?;
    }
    Ok(Placed::New { first, count })
}

/// The answer to a command that was given before.
fn repeated(db: &Connection, prepared: &Prepared) -> rusqlite::Result<Option<Placed>> {
    let Some(command) = &prepared.command else { return Ok(None) };
    let found = db
        .prepare_cached("SELECT content, first, count FROM command WHERE key = ?")?
        .query_row([&command.key], |row| Ok((row.get::<_, Option<[u8; 32]>>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(found.map(|(content, first, count)| {
        // Without content an entry of it was erased: only the key can tell.
        if content.is_none_or(|content| content == command.content.0) {
            Placed::Repeated { first, count }
        } else {
            Placed::Refused(StoreError::KeyTaken { key: command.key.clone(), entry: first })
        }
    }))
}

/// What was read and is no longer so.
fn moved(db: &Connection, size: u64, reads: &Reads) -> rusqlite::Result<Option<StoreError>> {
    match reads {
        Reads::Record { size: expected } if *expected == size => Ok(None),
        Reads::Record { size: expected } => Ok(Some(StoreError::Moved { expected: *expected, found: size })),
        Reads::Rows(rows) => {
            let mut query = db.prepare_cached("SELECT entries FROM projection WHERE subject = ? AND id = ?")?;
            for RowRead { subject, id, entries } in rows {
                let now: Option<String> = query.query_row((subject, id), |row| row.get(0)).optional()?;
                let read = (!entries.is_empty()).then(|| number_list(entries));
                if now != read {
                    return Ok(Some(StoreError::Changed { subject: subject.clone(), id: id.clone() }));
                }
            }
            Ok(None)
        }
    }
}

/// A projection that would rest on an entry that is not there.
fn beyond(prepared: &Prepared, size: u64) -> Option<StoreError> {
    prepared.changes.iter().filter(|change| change.body.is_some()).find_map(|change| {
        let ix = change.entries.iter().find(|ix| **ix >= size)?;
        let what = format!("the projection {}/{}", change.subject, change.id);
        let why = format!("it rests on entry {ix}, and the record would hold {size}");
        Some(StoreError::Refused { what, why })
    })
}

/// Why something that is to be erased cannot be.
fn not_erasable(db: &Connection, size: u64, prepared: &Prepared) -> rusqlite::Result<Option<StoreError>> {
    let refuse = |what: String, why: String| Ok(Some(StoreError::Refused { what, why }));
    for ix in &prepared.erase {
        let what = || format!("the order to erase entry {ix}");
        if *ix >= size {
            return refuse(what(), format!("the record holds {size} entries"));
        }
        let one = |sql: &str| -> rusqlite::Result<Option<Option<u64>>> {
            db.prepare_cached(sql)?.query_row([signed(*ix)], |row| row.get(0)).optional()
        };
        if let Some(by) = one("SELECT by FROM erased WHERE ix = ?")?.flatten() {
            return refuse(what(), format!("entry {by} has ordered it already"));
        }
        if one("SELECT ix FROM body WHERE ix = ?")?.is_none() {
            let why = "it is of the first form, whose leaf holds the body: without it the leaf could not be checked";
            return refuse(what(), why.to_owned());
        }
        if one("SELECT ix FROM erased WHERE by = ? LIMIT 1")?.is_some() {
            return refuse(what(), "it is itself an order to erase, which has to stay readable".to_owned());
        }
        if one("SELECT number FROM epoch WHERE entry = ?")?.is_some() {
            return refuse(what(), "it begins an epoch, which has to stay readable".to_owned());
        }
    }
    left_resting(db, prepared)
}

/// A projection row that rests on an erased entry and is left as it is.
fn left_resting(db: &Connection, prepared: &Prepared) -> rusqlite::Result<Option<StoreError>> {
    if prepared.erase.is_empty() {
        return Ok(None);
    }
    let mut query = db.prepare("SELECT subject, id, entries FROM projection")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (subject, id) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        let entries: Vec<u64> = serde_json::from_str(row.get_ref(2)?.as_str()?).unwrap_or_default();
        let Some(ix) = entries.iter().find(|ix| prepared.erase.contains(ix)) else { continue };
        if !prepared.changes.iter().any(|change| change.subject == subject && change.id == id) {
            let what = format!("the order to erase entry {ix}");
            let why = format!("the projection {subject}/{id} rests on it; remove or replace it with the order");
            return Ok(Some(StoreError::Refused { what, why }));
        }
    }
    Ok(None)
}

fn write_entries(db: &Connection, tree: &mut Frontier, entries: &[PreparedEntry]) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO entry (ix, at, actor, kind, body, leaf, commitment) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut insert_body = db.prepare_cached("INSERT INTO body (ix, salt, bytes) VALUES (?, ?, ?)")?;
    let mut insert_node = db.prepare_cached("INSERT INTO node (level, ix, hash) VALUES (?, ?, ?)")?;
    let mut nodes = Vec::new();
    for PreparedEntry { entry, at, sealed, leaf } in entries {
        let ix = signed(tree.size());
        let (body, commitment) = match sealed {
            None => (entry.body.as_slice(), None),
            Some((_, commitment)) => (&[][..], Some(commitment.0)),
        };
        insert.execute((ix, at, &entry.actor, &entry.kind, body, leaf, commitment))?;
        if let Some((salt, _)) = sealed {
            insert_body.execute((ix, salt, &entry.body))?;
        }
        tree.append(*leaf, |node, hash| nodes.push((node, hash)));
        for (node, hash) in nodes.drain(..).filter(|(node, _)| node.level > 0) {
            insert_node.execute((node.level, signed(node.index), hash))?;
        }
    }
    Ok(())
}

fn write_changes(db: &Connection, prepared: &Prepared, first: u64) -> rusqlite::Result<()> {
    let mut set = db.prepare_cached(
        "INSERT INTO projection (subject, id, entries, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (subject, id) DO UPDATE SET entries = excluded.entries, body = excluded.body",
    )?;
    let mut remove = db.prepare_cached("DELETE FROM projection WHERE subject = ? AND id = ?")?;
    for change in &prepared.changes {
        let Some(body) = &change.body else {
            remove.execute((&change.subject, &change.id))?;
            continue;
        };
        let own = change.own.iter().map(|position| first + *position as u64);
        let entries: Vec<u64> = change.entries.iter().copied().chain(own).collect();
        set.execute((&change.subject, &change.id, number_list(&entries), body))?;
    }
    Ok(())
}

fn write_attachments(db: &Connection, prepared: &Prepared) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO attachment (digest, media, name, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
    )?;
    for (digest, attachment) in &prepared.attachments {
        insert.execute((digest.0, &attachment.media, &attachment.name, &attachment.bytes))?;
    }
    Ok(())
}

fn write_erasures(db: &Connection, prepared: &Prepared, order: u64) -> rusqlite::Result<()> {
    for ix in prepared.erase.iter().copied().map(signed) {
        db.prepare_cached("DELETE FROM body WHERE ix = ?")?.execute([ix])?;
        db.prepare_cached("INSERT INTO erased (ix, by, clean) VALUES (?, ?, 0)")?.execute((ix, signed(order)))?;
        // A digest of what was sent would let a short body be guessed. Commands do not overlap:
        // the last one that begins at or before the entry is the only one that can hold it.
        db.prepare_cached(
            "UPDATE command SET content = NULL WHERE first + count > ?1
             AND first = (SELECT max(first) FROM command WHERE first <= ?1)",
        )?
        .execute([ix])?;
    }
    for digest in &prepared.erase_attachments {
        db.prepare_cached("DELETE FROM attachment WHERE digest = ?")?.execute([digest.0])?;
    }
    Ok(())
}

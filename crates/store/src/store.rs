//! Opening, appending, reading, closing.

use crate::entry::{
    Attachment, Entry, EntryFilter, Head, NewEntry, Order, ProjectionChange, ProjectionRow, Snapshot, leaf_input,
    not_canonical,
};
use crate::error::StoreError;
use crate::{schema, seal};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{Frontier, Hash, Node, consistency_proof, empty_root, inclusion_proof, leaf_hash, root_at};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an operation waits for another process before it fails with [`StoreError::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest entry, in bytes of [`leaf_input`]: 32 MiB.
pub const ENTRY_BYTES_MAX: usize = 32 << 20;

/// The most entries in one append: a million.
pub const ENTRIES_MAX: usize = 1_000_000;

/// The longest attachment, in bytes: 256 MiB.
pub const ATTACHMENT_BYTES_MAX: usize = 256 << 20;

/// An open record. One process may have several; only one appends at a time, the others wait.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
    access: Access,
    seal: SealState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

/// Whether the seal beside the file states what the file is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SealState {
    Current,
    Stale,
}

/// What [`Store::close`] has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The seal states what the file is; [`crate::verify()`] covers every byte.
    Sealed,
    /// The file is larger than 1 GiB, which is not hashed as a whole; there is no current seal.
    TooLargeToSeal,
    /// The store was open for reading; nothing was written.
    Unchanged,
}

// Opening and closing.
impl Store {
    /// Makes a new, empty record at `path`, where there must be nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Missing`] if the directory is not there, and failures
    /// of the disk; a file that could not be completed is removed.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let made = OpenOptions::new().write(true).create_new(true).open(path);
        drop(made.map_err(|source| StoreError::from_io(path, source))?);
        let store = Self::create_in(path);
        if store.is_err() {
            // Best effort: the error that made it necessary is the one to report.
            let _ = fs::remove_file(path);
        }
        store
    }

    fn create_in(path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::from_io(path, source);
        // A seal that lies here belongs to a record that is gone.
        seal::remove(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        // `access` is `Read` until the file is whole, so that one that is not leaves no seal.
        let mut store = Self { db: connect(&path, Access::Write)?, path, access: Access::Read, seal: SealState::Stale };
        store.prepare_for_writing()?;
        schema::migrate(&mut store.db, schema::MIGRATIONS).map_err(|e| StoreError::from_sqlite(&store.path, &e))?;
        seal::sync_directory(&store.path).map_err(|source| StoreError::from_io(&store.path, source))?;
        store.access = Access::Write;
        Ok(store)
    }

    /// Opens a record for reading and appending. Brings an older file to the present form.
    ///
    /// If the file has a current seal, the whole file is compared with it first, so that nothing
    /// is ever added to a file that was changed behind the program's back.
    ///
    /// # Errors
    /// Every kind of [`StoreError`] that is about the file; [`StoreError::Seal`] if it is not as
    /// it was sealed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = existing_file(path.as_ref())?;
        let mut store = Self { db: connect(&path, Access::Write)?, path, access: Access::Read, seal: SealState::Stale };
        if store.db.is_readonly("main").map_err(store.at())? {
            return Err(StoreError::ReadOnly { path: store.path.clone() });
        }
        let version = store.check_identity()?;
        // Before anything is written. `access` is still `Read`, so that a refusal leaves the seal.
        store.seal = store.compare_with_seal()?;
        store.prepare_for_writing()?;
        store.access = Access::Write;
        if version < schema::version_of(schema::MIGRATIONS) {
            seal::remove(&store.path).map_err(|source| StoreError::from_io(&store.path, source))?;
            store.seal = SealState::Stale;
            schema::migrate(&mut store.db, schema::MIGRATIONS).map_err(|e| StoreError::from_sqlite(&store.path, &e))?;
        }
        Ok(store)
    }

    /// Opens a record for reading. Works beside a process that writes. Beside a file that nobody
    /// writes it leaves an empty log and its index, which the next writer takes away.
    ///
    /// # Errors
    /// Every kind of [`StoreError`] that is about the file.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = existing_file(path.as_ref())?;
        let store = match Self::attach(&path) {
            // Beside a file in a directory that cannot be written SQLite cannot make its index of
            // the log. Without a log it needs none.
            Err(StoreError::Io { .. } | StoreError::ReadOnly { .. }) if !log_exists(&path) => {
                Self::attach_frozen(&path)
            }
            store => store,
        }?;
        store.check_identity()?;
        Ok(store)
    }

    /// A reading store without a look at what the file is.
    pub(crate) fn attach(path: &Path) -> Result<Self, StoreError> {
        let db = connect(path, Access::Read)?;
        let store = Self { db, path: path.to_owned(), access: Access::Read, seal: SealState::Stale };
        store.db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(store.at())?;
        Ok(store)
    }

    /// Opens the file as one that nobody writes: no lock is taken and no file is made beside it.
    pub(crate) fn attach_frozen(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(frozen_uri(path), flags).map_err(|e| StoreError::from_sqlite(path, &e))?;
        Ok(Self { db, path: path.to_owned(), access: Access::Read, seal: SealState::Stale })
    }

    /// A reading store for [`crate::verify()`]: frozen if nobody has the file open for writing.
    pub(crate) fn attach_for_verify(path: &Path) -> Result<Self, StoreError> {
        if log_exists(path) { Self::attach(path) } else { Self::attach_frozen(path) }
    }

    /// That the file is a record of a form this program knows; its form.
    fn check_identity(&self) -> Result<i64, StoreError> {
        let id = schema::application_id(&self.db).map_err(self.at())?;
        if id != schema::APPLICATION_ID {
            let why = match fs::metadata(&self.path) {
                Ok(metadata) if metadata.len() == 0 => "it is empty".to_owned(),
                _ => format!("it is an SQLite database of another program (application id {id:#x})"),
            };
            return Err(StoreError::NotARecord { path: self.path.clone(), why });
        }
        let (found, known) = (schema::version(&self.db).map_err(self.at())?, schema::version_of(schema::MIGRATIONS));
        if found > known {
            return Err(StoreError::Newer { path: self.path.clone(), found, known });
        }
        Ok(found)
    }

    fn prepare_for_writing(&self) -> Result<(), StoreError> {
        let mode: String = self.db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(self.at())?;
        if mode != "wal" {
            let why = format!("its disk does not allow a write-ahead log (journal mode {mode}); use a local disk");
            return Err(StoreError::Database { path: self.path.clone(), why });
        }
        self.db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;").map_err(self.at())
    }

    /// Compares the file with the seal beside it.
    fn compare_with_seal(&mut self) -> Result<SealState, StoreError> {
        let wrong =
            |path: &Path, why: String| StoreError::Seal { path: path.to_owned(), seal: seal::path_of(path), why };
        let Some(seal) = seal::read(&self.path).map_err(|why| wrong(&self.path, why))? else {
            return Ok(SealState::Stale);
        };
        self.begin_reading()?;
        let size = self.head()?.size;
        if seal.entries > size {
            let why = format!("it held {} entries and holds {size} now", seal.entries);
            return Err(wrong(&self.path, why));
        }
        if self.root_at(seal.entries)? != seal.root {
            let why = format!("its first {} entries are not the ones that were sealed", seal.entries);
            return Err(wrong(&self.path, why));
        }
        let same = seal.entries < size || self.image_digest()? == Some((seal.bytes, seal.sha256));
        self.end_reading()?;
        match (same, seal.entries < size) {
            (false, _) => Err(wrong(&self.path, "bytes of the file have been changed".to_owned())),
            (true, true) => Ok(SealState::Stale),
            (true, false) => Ok(SealState::Current),
        }
    }

    /// Closes the record and seals it. Everything appended is safe without this; what the seal
    /// adds is that [`crate::verify()`] then covers bytes that no entry uses.
    ///
    /// # Errors
    /// Failures of the disk while sealing. The appended entries are safe in any case.
    pub fn close(mut self) -> Result<Closed, StoreError> {
        let closed = self.write_seal();
        // Done or failed: `drop` shall not try again.
        self.access = Access::Read;
        closed
    }

    fn write_seal(&mut self) -> Result<Closed, StoreError> {
        match (self.access, self.seal) {
            (Access::Read, _) => return Ok(Closed::Unchanged),
            (Access::Write, SealState::Current) => return Ok(Closed::Sealed),
            (Access::Write, SealState::Stale) => {}
        }
        // Moves the log into the file, so that the file alone is the record. Another process may
        // prevent it by reading just now; then it does so later, and what is sealed is the same.
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(self.at())?;
        self.begin_reading()?;
        let head = self.head()?;
        let image = self.image_digest()?;
        self.end_reading()?;
        let Some((bytes, sha256)) = image else { return Ok(Closed::TooLargeToSeal) };
        let seal = seal::Seal { bytes, entries: head.size, root: head.root, sha256, v: 1 };
        seal::write(&self.path, &seal).map_err(|source| StoreError::from_io(&seal::path_of(&self.path), source))?;
        self.seal = SealState::Current;
        Ok(Closed::Sealed)
    }

    /// Length and digest of the file as this connection sees it; `None` if it is too large.
    ///
    /// Through `SQLite` and not through the file system: on Unix, closing a second handle to the
    /// file would drop the locks that `SQLite` holds on the first.
    pub(crate) fn image_digest(&mut self) -> Result<Option<(u64, Digest)>, StoreError> {
        let pages: u64 = self.db.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(self.at())?;
        let page_bytes: u64 = self.db.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(self.at())?;
        if pages.saturating_mul(page_bytes) > seal::SEAL_BYTES_MAX {
            return Ok(None);
        }
        let image = self.db.serialize("main").map_err(|e| StoreError::from_sqlite(&self.path, &e))?;
        Ok(Some((image.len() as u64, Digest::of(&image))))
    }

    /// Begins a reading that sees one moment, whatever others append; to be ended.
    pub(crate) fn begin_reading(&self) -> Result<(), StoreError> {
        self.db.execute_batch("BEGIN DEFERRED").map_err(self.at())
    }

    pub(crate) fn end_reading(&self) -> Result<(), StoreError> {
        self.db.execute_batch("ROLLBACK").map_err(self.at())
    }

    /// The file of the record.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection, for [`crate::verify()`] only.
    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Turns a failure of `SQLite` into one that names the file.
    pub(crate) fn at(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |error| StoreError::from_sqlite(&self.path, &error)
    }
}

impl Drop for Store {
    /// Seals the file as [`Store::close`] does, as far as that succeeds without a word.
    fn drop(&mut self) {
        // After a panic nobody knows whether what is in the file is what should be there.
        if !std::thread::panicking() {
            let _ = self.write_seal();
        }
    }
}

fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let db = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|db| db.busy_timeout(BUSY_TIMEOUT).map(|()| db));
    db.map_err(|error| StoreError::from_sqlite(path, &error))
}

/// The full path of a file that is there.
pub(crate) fn existing_file(path: &Path) -> Result<PathBuf, StoreError> {
    let metadata = fs::metadata(path).map_err(|source| StoreError::from_io(path, source))?;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile { path: path.to_owned() });
    }
    path.canonicalize().map_err(|source| StoreError::from_io(path, source))
}

/// Whether a write-ahead log lies beside the file: somebody has it open for writing, or was killed.
pub(crate) fn log_exists(path: &Path) -> bool {
    let mut log = OsString::from(path);
    log.push("-wal");
    Path::new(&log).exists()
}

/// The file as a URI that asks `SQLite` to treat it as unchanging.
fn frozen_uri(path: &Path) -> PathBuf {
    let mut uri = OsString::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte).to_string());
        } else {
            uri.push(format!("%{byte:02X}"));
        }
    }
    uri.push("?immutable=1");
    PathBuf::from(uri)
}

// Appending.
impl Store {
    /// Appends `entries`, sets or removes the projection rows in `changes` and keeps
    /// `attachments`, all in one durable transaction, and gives the new head.
    ///
    /// `expected_size` is the size of the record that the caller decided upon. An attachment that
    /// is there already (the same bytes) is left as it is, with its first name.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the record has grown since; [`StoreError::Refused`] if something
    /// handed in cannot be kept; failures of the file. In every case nothing was appended.
    pub fn append(
        &mut self,
        expected_size: u64,
        entries: &[NewEntry],
        changes: &[ProjectionChange],
        attachments: &[Attachment],
    ) -> Result<Head, StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        let leaves = check_entries(entries)?;
        check_changes(changes, expected_size.saturating_add(entries.len() as u64))?;
        check_attachments(attachments)?;
        let path = &self.path;
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(path, &error);
        let transaction = Transaction::new(&mut self.db, TransactionBehavior::Immediate).map_err(sql)?;
        let before = head(&transaction).map_err(sql)?;
        if before.size != expected_size {
            return Err(StoreError::Moved { expected: expected_size, found: before.size });
        }
        let mut tree = Frontier::load(before.size, |node| node_of(&transaction, node)).map_err(sql)?;
        if Digest(tree.root()) != before.root {
            let why = format!("the tree over its {} entries does not have the root that was stored", before.size);
            return Err(StoreError::Damaged { path: path.clone(), why });
        }
        let written = write_entries(&transaction, &mut tree, entries, &leaves)
            .and_then(|()| write_head(&transaction, &tree, entries))
            .and_then(|head| write_changes(&transaction, changes).map(|()| head))
            .and_then(|head| write_attachments(&transaction, attachments).map(|()| head))
            .map_err(sql)?;
        transaction.commit().map_err(sql)?;
        self.seal = SealState::Stale;
        // Written, then read back: if these differ, nothing that follows can be trusted.
        let stored = head_of(&self.db, written.size).map_err(self.at())?;
        assert_eq!(
            stored,
            written,
            "{}: the head that was stored is not the one that was written",
            self.path.display()
        );
        Ok(written)
    }
}

/// Leaf hashes of entries that may be appended.
fn check_entries(entries: &[NewEntry]) -> Result<Vec<Hash>, StoreError> {
    let refuse = |what: String, why: String| Err(StoreError::Refused { what, why });
    if entries.is_empty() {
        return refuse("nothing".to_owned(), "every change of the record is an entry; give at least one".to_owned());
    }
    if entries.len() > ENTRIES_MAX {
        let what = format!("a batch of {} entries", entries.len());
        return refuse(what, format!("at most {ENTRIES_MAX} go together; split it"));
    }
    let mut leaves = Vec::with_capacity(entries.len());
    for (position, entry) in entries.iter().enumerate() {
        let what = || format!("entry {} of the batch ({})", position + 1, entry.kind);
        if let Some(why) = not_canonical(&entry.body) {
            return refuse(what(), why);
        }
        let input = leaf_input(entry);
        if input.len() > ENTRY_BYTES_MAX {
            return refuse(what(), format!("it has {} bytes and at most {ENTRY_BYTES_MAX} are kept", input.len()));
        }
        leaves.push(leaf_hash(&input));
    }
    Ok(leaves)
}

fn check_changes(changes: &[ProjectionChange], size: u64) -> Result<(), StoreError> {
    for change in changes.iter().filter(|change| change.body.is_some()) {
        if let Some(ix) = change.entries.iter().find(|ix| **ix >= size) {
            let what = format!("the projection {}/{}", change.subject, change.id);
            let why = format!("it rests on entry {ix}, and the record would hold {size}");
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

fn write_entries(db: &Connection, tree: &mut Frontier, entries: &[NewEntry], leaves: &[Hash]) -> rusqlite::Result<()> {
    let mut insert =
        db.prepare_cached("INSERT INTO entry (ix, at, actor, kind, body, leaf) VALUES (?, ?, ?, ?, ?, ?)")?;
    let mut insert_node = db.prepare_cached("INSERT INTO node (level, ix, hash) VALUES (?, ?, ?)")?;
    let mut nodes = Vec::new();
    for (entry, leaf) in entries.iter().zip(leaves) {
        let ix = signed(tree.size());
        insert.execute((ix, entry.at.to_string(), &entry.actor, &entry.kind, &entry.body, leaf))?;
        tree.append(*leaf, |node, hash| nodes.push((node, hash)));
        for (node, hash) in nodes.drain(..).filter(|(node, _)| node.level > 0) {
            insert_node.execute((node.level, signed(node.index), hash))?;
        }
    }
    Ok(())
}

fn write_head(db: &Connection, tree: &Frontier, entries: &[NewEntry]) -> rusqlite::Result<Head> {
    let head = Head { size: tree.size(), root: Digest(tree.root()), at: entries.last().map(|entry| entry.at) };
    let at = head.at.map(|at| at.to_string());
    db.prepare_cached("INSERT INTO head (size, root, at) VALUES (?, ?, ?)")?.execute((
        signed(head.size),
        head.root.0,
        at,
    ))?;
    Ok(head)
}

fn write_changes(db: &Connection, changes: &[ProjectionChange]) -> rusqlite::Result<()> {
    let mut set = db.prepare_cached(
        "INSERT INTO projection (subject, id, entries, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (subject, id) DO UPDATE SET entries = excluded.entries, body = excluded.body",
    )?;
    let mut remove = db.prepare_cached("DELETE FROM projection WHERE subject = ? AND id = ?")?;
    for change in changes {
        match &change.body {
            Some(body) => set.execute((&change.subject, &change.id, number_list(&change.entries), body))?,
            None => remove.execute((&change.subject, &change.id))?,
        };
    }
    Ok(())
}

fn write_attachments(db: &Connection, attachments: &[Attachment]) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO attachment (digest, media, name, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
    )?;
    for attachment in attachments {
        insert.execute((attachment.digest().0, &attachment.media, &attachment.name, &attachment.bytes))?;
    }
    Ok(())
}

// Reading.
impl Store {
    /// Size and root of the record.
    ///
    /// # Errors
    /// Failures of the file, as for every reading.
    pub fn head(&self) -> Result<Head, StoreError> {
        head(&self.db).map_err(self.at())
    }

    /// Number of entries.
    pub fn entry_count(&self) -> Result<u64, StoreError> {
        Ok(self.head()?.size)
    }

    /// How many entries of each kind there are.
    pub fn kinds_count(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.db
            .prepare_cached("SELECT kind, count(*) FROM entry GROUP BY kind")
            .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(self.at())
    }

    /// The entry with number `ix`; `None` if there is none yet.
    pub fn entry(&self, ix: u64) -> Result<Option<Entry>, StoreError> {
        let filter = EntryFilter { from: ix, to: ix.saturating_add(1), limit: 1, ..EntryFilter::default() };
        Ok(self.entries(&filter)?.pop())
    }

    /// The entries that `filter` asks for.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<Entry>, StoreError> {
        let direction = match filter.order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst => "DESC",
        };
        let kind = if filter.kind.is_some() { "kind = ?4" } else { "?4 IS NULL" };
        let sql = format!(
            "SELECT ix, at, actor, kind, body, leaf FROM entry
             WHERE ix >= ?1 AND ix < ?2 AND {kind} ORDER BY ix {direction} LIMIT ?3"
        );
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        self.db
            .prepare_cached(&sql)
            .and_then(|mut query| {
                let parameters = (signed(filter.from), signed(filter.to), limit, &filter.kind);
                query.query_map(parameters, entry_of)?.collect()
            })
            .map_err(self.at())
    }

    /// All projection rows about `subject`, by id.
    pub fn projection(&self, subject: &str) -> Result<Vec<ProjectionRow>, StoreError> {
        self.db
            .prepare_cached("SELECT subject, id, entries, body FROM projection WHERE subject = ? ORDER BY id")
            .and_then(|mut query| query.query_map([subject], projection_of)?.collect())
            .map_err(self.at())
    }

    /// All projection rows, by subject and id.
    pub fn projections_all(&self) -> Result<Vec<ProjectionRow>, StoreError> {
        // Sorted here: in the order of the index every row would be a jump in the file.
        let mut rows: Vec<ProjectionRow> = self
            .db
            .prepare_cached("SELECT subject, id, entries, body FROM projection")
            .and_then(|mut query| query.query_map([], projection_of)?.collect())
            .map_err(self.at())?;
        rows.sort_unstable();
        Ok(rows)
    }

    /// Head and all projection rows of one moment: what a decision is made upon.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // Inside a reading that somebody else has begun, that one's moment holds.
        let own = self.db.is_autocommit();
        if own {
            self.begin_reading()?;
        }
        let snapshot = self.head().and_then(|head| Ok(Snapshot { head, projections: self.projections_all()? }));
        if own {
            self.end_reading()?;
        }
        snapshot
    }

    /// The attachment with this digest, if there is one.
    pub fn attachment(&self, digest: &Digest) -> Result<Option<Attachment>, StoreError> {
        self.db
            .prepare_cached("SELECT media, name, bytes FROM attachment WHERE digest = ?")
            .and_then(|mut query| {
                query
                    .query_row([digest.0], |row| {
                        Ok(Attachment { media: row.get(0)?, name: row.get(1)?, bytes: row.get(2)? })
                    })
                    .optional()
            })
            .map_err(self.at())
    }

    /// Root of the tree over the first `size` entries.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many.
    pub fn root_at(&self, size: u64) -> Result<Digest, StoreError> {
        self.check_size(size)?;
        root_at(size, |node| node_of(&self.db, node)).map(Digest).map_err(self.at())
    }

    /// Proof that entry `ix` is in the tree over the first `size` entries; checked with
    /// `konbit_record::verify_inclusion`.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many, or `ix` is not below `size`.
    pub fn inclusion_proof(&self, ix: u64, size: u64) -> Result<Vec<Digest>, StoreError> {
        self.check_size(size)?;
        if ix >= size {
            return Err(StoreError::Beyond { asked: format!("entry {ix}"), size });
        }
        let proof = inclusion_proof(ix, size, |node| node_of(&self.db, node)).map_err(self.at())?;
        Ok(proof.into_iter().map(Digest).collect())
    }

    /// Proof that the record of `to` entries begins with the record of `from` entries; checked
    /// with `konbit_record::verify_consistency`.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many, or `from` is above `to`.
    pub fn consistency_proof(&self, from: u64, to: u64) -> Result<Vec<Digest>, StoreError> {
        self.check_size(to)?;
        if from > to {
            return Err(StoreError::Beyond { asked: format!("earlier record of {from} entries"), size: to });
        }
        let proof = consistency_proof(from, to, |node| node_of(&self.db, node)).map_err(self.at())?;
        Ok(proof.into_iter().map(Digest).collect())
    }

    fn check_size(&self, asked: u64) -> Result<(), StoreError> {
        let size = self.head()?.size;
        if asked <= size {
            return Ok(());
        }
        Err(StoreError::Beyond { asked: format!("record of {asked}"), size })
    }
}

/// `SQLite`'s integers have a sign. Numbers of entries never come near it; what a caller asks for may.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number_list(numbers: &[u64]) -> String {
    serde_json::to_string(numbers).expect("whole numbers are always JSON")
}

/// A stored value that is not what it must be, as an error of its column.
fn bad_column(
    column: usize,
    kind: rusqlite::types::Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error: jiff::Error| bad_column(column, rusqlite::types::Type::Text, error))
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        ix: row.get(0)?,
        at: timestamp(row, 1)?,
        actor: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        leaf: Digest(row.get(5)?),
    })
}

fn projection_of(row: &Row<'_>) -> rusqlite::Result<ProjectionRow> {
    let entries = serde_json::from_str(row.get_ref(2)?.as_str()?)
        .map_err(|error| bad_column(2, rusqlite::types::Type::Text, error))?;
    Ok(ProjectionRow { subject: row.get(0)?, id: row.get(1)?, entries, body: row.get(3)? })
}

fn head_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head { size: row.get(0)?, root: Digest(row.get(1)?), at: Some(timestamp(row, 2)?) })
}

/// The last head, or that of the empty record.
fn head(db: &Connection) -> rusqlite::Result<Head> {
    let last = db
        .prepare_cached("SELECT size, root, at FROM head ORDER BY size DESC LIMIT 1")?
        .query_row([], head_row)
        .optional()?;
    Ok(last.unwrap_or(Head { size: 0, root: Digest(empty_root()), at: None }))
}

/// The head of a given size, which has to be there.
fn head_of(db: &Connection, size: u64) -> rusqlite::Result<Head> {
    db.prepare_cached("SELECT size, root, at FROM head WHERE size = ?")?.query_row([signed(size)], head_row)
}

/// A complete node of the tree: a leaf, or a stored node above.
fn node_of(db: &Connection, node: Node) -> rusqlite::Result<Hash> {
    if node.level == 0 {
        db.prepare_cached("SELECT leaf FROM entry WHERE ix = ?")?.query_row([signed(node.index)], |row| row.get(0))
    } else {
        db.prepare_cached("SELECT hash FROM node WHERE level = ? AND ix = ?")?
            .query_row((node.level, signed(node.index)), |row| row.get(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_that_writes_is_fully_durable() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record.db");
        Store::create(&path).unwrap().close().unwrap();
        for store in [Store::open(&path).unwrap(), Store::open(&path).unwrap()] {
            let read = |pragma: &str| -> i64 { store.db.query_row(pragma, [], |row| row.get(0)).unwrap() };
            // 2 is FULL: the log is synced before a commit is acknowledged.
            assert_eq!((read("PRAGMA synchronous"), read("PRAGMA foreign_keys")), (2, 1));
            assert_eq!(read("PRAGMA busy_timeout"), 5_000);
        }
    }

    #[test]
    fn a_file_that_could_not_be_completed_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record.db");
        // A directory in the place of the log: the tables cannot be written.
        fs::create_dir(directory.path().join("record.db-wal")).unwrap();
        assert!(Store::create(&path).is_err());
        let names: Vec<_> = fs::read_dir(&directory).unwrap().map(|item| item.unwrap().file_name()).collect();
        assert_eq!(names, ["record.db-wal"]);
    }
}

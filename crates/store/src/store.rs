//! Opening and closing.

use crate::error::StoreError;
use crate::head_file::{self, head_path};
use crate::heads::Signing;
use crate::{schema, seal};
use konbit_base::Digest;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// How long an operation waits for another process before it fails with [`StoreError::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// From so many pages of 4 KiB on, the log is moved into the file after an append.
const LOG_PAGES_MAX: i32 = 1_000;

/// An open record. One process may have several; only one appends at a time, the others wait.
#[derive(Debug)]
pub struct Store {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
    pub(crate) access: Access,
    seal: SealState,
    /// Pages in the log after the last commit of this connection.
    log_pages: Arc<AtomicI32>,
    /// Why nothing is written any more.
    pub(crate) stopped: Option<String>,
    pub(crate) signing: Option<Signing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

/// Whether a record that is behind its last signed head may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Refused,
    Allowed,
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

    /// A store over a connection, for reading until it has shown that it may be written.
    fn over(db: Connection, path: PathBuf) -> Self {
        let (log_pages, access) = (Arc::default(), Access::Read);
        Self { db, path, access, seal: SealState::Stale, log_pages, stopped: None, signing: None }
    }

    fn create_in(path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::from_io(path, source);
        // A signed head says that there was a record, which a new one would contradict.
        let head = head_path(path);
        if head_file::exists(&head) {
            return Err(StoreError::Exists { path: head });
        }
        // A seal that lies here belongs to a record that is gone.
        seal::remove(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        // `access` is `Read` until the file is whole, so that one that is not leaves no seal.
        let mut store = Self::over(connect(&path, Access::Write)?, path);
        store.prepare_for_writing()?;
        schema::migrate(&mut store.db, schema::MIGRATIONS).map_err(|e| StoreError::from_sqlite(&store.path, &e))?;
        seal::sync_directory(&store.path).map_err(|source| StoreError::from_io(&store.path, source))?;
        store.access = Access::Write;
        Ok(store)
    }

    /// Opens a record for reading and appending. Brings an older file to the present form.
    ///
    /// If a head was signed, the record has to follow it. If the file has a current seal, the whole file is compared with it first, so that nothing
    /// is ever added to a file that was changed behind the program's back.
    ///
    /// # Errors
    /// Every kind of [`StoreError`] that is about the file; [`StoreError::Seal`] if it is not as
    /// it was sealed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_as(path.as_ref(), Behind::Refused)
    }

    /// Opens a record that may be behind its last signed head, to begin a new epoch; its seal, if
    /// it has one, is of what was lost.
    pub(crate) fn open_behind(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, Behind::Allowed)
    }

    fn open_as(path: &Path, behind: Behind) -> Result<Self, StoreError> {
        let path = existing_file(path)?;
        let mut store = Self::over(connect(&path, Access::Write)?, path);
        if store.db.is_readonly("main").map_err(store.at())? {
            return Err(StoreError::ReadOnly { path: store.path.clone() });
        }
        let version = store.check_identity()?;
        // Before anything is written. `access` is still `Read`, so that a refusal leaves the seal.
        if behind == Behind::Refused {
            // No head was ever signed for a record of the first form.
            if version > 1 {
                store.compare_with_head()?;
            }
            store.seal = store.compare_with_seal()?;
        }
        store.prepare_for_writing()?;
        store.access = Access::Write;
        store.write_log_again()?;
        if version < schema::version_of(schema::MIGRATIONS) {
            store.remove_seal()?;
            schema::migrate(&mut store.db, schema::MIGRATIONS).map_err(|e| StoreError::from_sqlite(&store.path, &e))?;
        }
        // What is in the way of that is told by the one who asks; it is no reason not to open.
        store.finish_erasures();
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
        let (found, known) = (store.check_identity()?, schema::version_of(schema::MIGRATIONS));
        if found < known {
            return Err(StoreError::Older { path, found, known });
        }
        Ok(store)
    }

    /// A reading store without a look at what the file is.
    pub(crate) fn attach(path: &Path) -> Result<Self, StoreError> {
        let db = connect(path, Access::Read)?;
        let store = Self::over(db, path.to_owned());
        store.db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(store.at())?;
        Ok(store)
    }

    /// Opens the file as one that nobody writes: no lock is taken and no file is made beside it.
    pub(crate) fn attach_frozen(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(frozen_uri(path), flags).map_err(|e| StoreError::from_sqlite(path, &e))?;
        Ok(Self::over(db, path.to_owned()))
    }

    /// A reading store for [`crate::verify()`]: frozen if nobody has the file open for writing.
    pub(crate) fn attach_for_verify(path: &Path) -> Result<Self, StoreError> {
        if log_exists(path) { Self::attach(path) } else { Self::attach_frozen(path) }
    }

    /// That the file is a record of a form this program knows; its form.
    pub(crate) fn check_identity(&self) -> Result<i64, StoreError> {
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

    fn prepare_for_writing(&mut self) -> Result<(), StoreError> {
        let mode: String = self.db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(self.at())?;
        if mode != "wal" {
            let why = format!("its disk does not allow a write-ahead log (journal mode {mode}); use a local disk");
            return Err(StoreError::Database { path: self.path.clone(), why });
        }
        // `secure_delete`: what is deleted is overwritten with zeros.
        self.db
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
            .map_err(self.at())?;
        // In the place of SQLite's own checkpoint after a commit, which keeps its failures to itself.
        let pages = Arc::clone(&self.log_pages);
        let note = move |_: &mut rusqlite::hooks::Wal, count| {
            pages.store(count, Ordering::Relaxed);
            Ok(())
        };
        self.db.wal_hook(Some(note)).map_err(|error| StoreError::from_sqlite(&self.path, &error))
    }

    /// Writes a log that was left behind once more, byte by byte, and syncs it.
    ///
    /// If its last sync had failed, the system may believe its bytes to be on the disk when they
    /// are not. What is added to the log from now on would then stand behind a gap that shows
    /// only after a loss of power, and be lost with it.
    fn write_log_again(&mut self) -> Result<(), StoreError> {
        let log = log_of(&self.path);
        let io = |source: io::Error| StoreError::from_io(&log, source);
        if !fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0) {
            return Ok(());
        }
        // With the lock, so that nobody writes to it meanwhile.
        let lock = Transaction::new(&mut self.db, TransactionBehavior::Immediate)
            .map_err(|error| StoreError::from_sqlite(&self.path, &error))?;
        let mut file = OpenOptions::new().read(true).write(true).open(&log).map_err(io)?;
        let (mut buffer, mut at) = (vec![0; 1 << 20], 0);
        loop {
            let count = file.read(&mut buffer).map_err(io)?;
            if count == 0 {
                break;
            }
            file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&buffer[..count])).map_err(io)?;
            at += count as u64;
        }
        file.sync_all().map_err(io)?;
        drop(lock);
        Ok(())
    }

    /// Moves the log into the file if it has become long. A failure stops all writing: what was
    /// acknowledged is safe in the log.
    pub(crate) fn tend(&mut self) {
        if self.stopped.is_none() && self.log_pages.load(Ordering::Relaxed) >= LOG_PAGES_MAX {
            self.log_pages.store(0, Ordering::Relaxed);
            let moved = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = moved {
                let why = StoreError::from_sqlite(&self.path, &error).to_string();
                self.stop(why);
            }
        }
    }

    /// Stops all writing, for good. Nothing is tried again: after a failed sync the system may
    /// take for written what is not.
    pub(crate) fn stop(&mut self, why: String) -> StoreError {
        // Closing would move the log into the file, which is a write.
        let _ = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let error = StoreError::Stopped { path: self.path.clone(), why: why.clone() };
        self.stopped = Some(why);
        error
    }

    /// Why nothing is written any more; `None` as long as all is well.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Removes what an erasure has left of the bytes in file and log; gives the reason if that is
    /// not possible yet, and `None` if nothing remains.
    ///
    /// Deleted rows are zeros already, but a page that was split may hold a copy of a row where
    /// no row is: so the whole file is written anew from the rows there are, and the log emptied.
    pub fn finish_erasures(&mut self) -> Option<String> {
        if self.access == Access::Read {
            return None;
        }
        match self.write_anew() {
            Ok(remains) => remains,
            Err(error @ (StoreError::Full { .. } | StoreError::Busy { .. })) => Some(error.to_string()),
            Err(error) => Some(self.stop(error.to_string()).to_string()),
        }
    }

    fn write_anew(&mut self) -> Result<Option<String>, StoreError> {
        if let Some(why) = &self.stopped {
            return Ok(Some(why.clone()));
        }
        let due = "SELECT count(*) FROM erased WHERE clean = 0";
        if self.db.query_row(due, [], |row| row.get::<_, u64>(0)).map_err(self.at())? == 0 {
            return Ok(None);
        }
        if self.seal == SealState::Current {
            self.remove_seal()?;
        }
        self.db.execute_batch("VACUUM").map_err(self.at())?;
        let busy: bool =
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(self.at())?;
        if busy {
            return Ok(Some("somebody is still reading the log; it is emptied when they have finished".to_owned()));
        }
        self.db.execute("UPDATE erased SET clean = 1 WHERE clean = 0", []).map_err(self.at())?;
        Ok(None)
    }

    /// Takes the seal away before the file changes without an entry.
    pub(crate) fn remove_seal(&mut self) -> Result<(), StoreError> {
        seal::remove(&self.path).map_err(|source| StoreError::from_io(&self.path, source))?;
        self.seal = SealState::Stale;
        Ok(())
    }

    pub(crate) fn seal_is_stale(&mut self) {
        self.seal = SealState::Stale;
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
        self.finish_erasures();
        let closed = self.write_seal();
        // Done or failed: `drop` shall not try again.
        self.access = Access::Read;
        closed
    }

    fn write_seal(&mut self) -> Result<Closed, StoreError> {
        if let Some(why) = &self.stopped {
            return Err(StoreError::Stopped { path: self.path.clone(), why: why.clone() });
        }
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

    /// The form of the file.
    pub(crate) fn version(&self) -> Result<i64, StoreError> {
        schema::version(&self.db).map_err(self.at())
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

/// A connection that may write, for a file that nobody else has.
pub(crate) fn open_plain(path: &Path) -> Result<Connection, StoreError> {
    connect(path, Access::Write)
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
    log_of(path).exists()
}

/// The write-ahead log of the file at `path`.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = OsString::from(path);
    log.push("-wal");
    PathBuf::from(log)
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

    /// The file at `path` as the first form of the program would have it: its tables, and what
    /// they hold of `store`.
    fn as_first_form(store: &Store, path: &Path) {
        let mut old = connect_new(path);
        schema::migrate(&mut old, &schema::MIGRATIONS[..1]).unwrap();
        old.execute("ATTACH ? AS new", [store.path().to_str().unwrap()]).unwrap();
        old.execute_batch(
            "INSERT INTO entry SELECT ix, at, actor, kind, body, leaf FROM new.entry;
             INSERT INTO node SELECT * FROM new.node;
             INSERT INTO head SELECT * FROM new.head;
             INSERT INTO projection SELECT * FROM new.projection;",
        )
        .unwrap();
    }

    fn connect_new(path: &Path) -> Connection {
        let db = Connection::open(path).unwrap();
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        db
    }

    #[test]
    fn a_record_of_the_first_form_is_brought_to_the_present_one_and_goes_on() {
        use crate::{Body, NewEntry, Reads, SaltSeed, Submission, backup, restore, verify};
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        let mut made = Store::create(place("made.db")).unwrap();
        let entry = |n: u64| NewEntry {
            at: "2023-10-02T19:05:00Z".parse().unwrap(),
            actor: "desk".to_owned(),
            kind: "site-added".to_owned(),
            body: format!("{{\"n\":{n}}}").into_bytes(),
        };
        for n in 0..5 {
            made.append(n, &[entry(n)], &[], &[]).unwrap();
        }
        let (path, copy) = (place("record.db"), place("copy.db"));
        as_first_form(&made, &path);
        let older = |result: Result<(), StoreError>| match result {
            Err(StoreError::Older { found: 1, known: 2, .. }) => {}
            other => panic!("{other:?}"),
        };
        older(Store::open_read_only(&path).map(drop));
        older(verify(&path).map(drop));
        // A copy of it is of the present form, so an old backup can be restored.
        assert_eq!(backup(&path, &copy).unwrap().head, made.head().unwrap());
        assert_eq!(restore(&copy, place("restored.db")).unwrap().head, made.head().unwrap());
        older(verify(&path).map(drop));

        let mut store = Store::open(&path).unwrap();
        assert_eq!(store.head().unwrap(), made.head().unwrap());
        assert_eq!(store.entry(3).unwrap().unwrap().body, Body::Kept(entry(3).body));
        let salts = SaltSeed([1; 32]);
        let (reads, changes, attachments) = (Reads::Record { size: 5 }, Vec::new(), Vec::new());
        let submission = Submission { reads, entries: vec![entry(5)], salts, changes, attachments, command: None };
        store.submit(submission).unwrap();
        assert_eq!(store.entry(5).unwrap().unwrap().body, Body::Kept(entry(5).body));
        store.close().unwrap();
        let report = verify(&path).unwrap();
        assert!(report.ok && report.entries == 6, "{report:?}");
    }
}

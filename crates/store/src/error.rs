//! Why an operation on the store failed.

use rusqlite::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A failed operation. Every message names the file and says what to do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("{} does not exist; make a mission directory with `konbit init`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// [`crate::Store::create`] found something in its place.
    #[error("{} exists already; nothing was changed: choose another directory, or move all files of the former record away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The path is a directory, a device or the like.
    #[error("{} is not a file; give the path of a record.db", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is something else, or no database at all.
    #[error("{} is not a record of Konbit: {why}; restore it from a copy, or give the right file", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A later version of the program has written the file.
    #[error(
        "{} was written by a newer Konbit (its form is {found}, this program knows up to {known}); use a newer program",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Form of the file.
        found: i64,
        /// Latest form this program knows.
        known: i64,
    },
    /// An earlier version of the program has written the file, and it was to be read only.
    #[error(
        "{} was written by an older Konbit (its form is {found}, this program writes {known}); open it once for writing, \
         which brings it to the present form",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Form of the file.
        found: i64,
        /// Form this program writes.
        known: i64,
    },
    /// Another process holds the lock, longer than we wait.
    #[error("{} is in use by another process; wait until it has finished, then try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file or its directory cannot be written, or was opened for reading.
    #[error("{} cannot be written: it is read-only, or its directory is; check the rights and the disk", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("the disk that holds {} is full; nothing was changed, make space and try again", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// What is stored contradicts itself or cannot be read.
    #[error("{} is damaged: {why}; run `konbit verify` to see from which entry on, and do not write to it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        why: String,
    },
    /// The file is not what it was when it was last closed.
    #[error(
        "{} is not as it was sealed: {why}; run `konbit verify`, and only if its answer satisfies you, remove {} to go on",
        path.display(),
        seal.display()
    )]
    Seal {
        /// The file.
        path: PathBuf,
        /// The seal beside it.
        seal: PathBuf,
        /// What differs.
        why: String,
    },
    /// The record holds less than a head that was signed for: an older copy was put back.
    #[error(
        "{} is older than its last signed head: it holds {found} entries, and a head of {signed} was signed; put back a \
         newer copy, or, if there is none, go on with a new epoch that cites the lost head",
        path.display()
    )]
    Behind {
        /// The file.
        path: PathBuf,
        /// Entries under the last signed head.
        signed: u64,
        /// Entries in the file.
        found: u64,
    },
    /// The record does not begin with the entries that a head was signed for.
    #[error(
        "{} is another history: it does not begin with the {signed} entries of its last signed head; nothing was \
         changed, put back a copy that does",
        path.display()
    )]
    Forked {
        /// The file.
        path: PathBuf,
        /// Entries under the last signed head.
        signed: u64,
    },
    /// Heads were signed for this record, and the last one is not where it is kept.
    #[error(
        "heads of {} were signed as {origin}, and the last one is missing; put the last checkpoint that a witness or \
         reader has kept at {}",
        path.display(),
        head.display()
    )]
    HeadMissing {
        /// The file.
        path: PathBuf,
        /// Where the head has to be.
        head: PathBuf,
        /// The log's origin.
        origin: String,
    },
    /// What lies in the place of the signed head is not one.
    #[error("{} is not a signed checkpoint: {why}; put back the last one that a witness or reader has kept", head.display())]
    HeadUnreadable {
        /// The file of the head.
        head: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The signed head is of another log or key.
    #[error("{} is not a head of this log: {why}; use the key that signed it", head.display())]
    Foreign {
        /// The file of the head.
        head: PathBuf,
        /// What differs.
        why: String,
    },
    /// The operating system failed us.
    #[error("{} cannot be read or written: {source}; check the path, the rights and the disk", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Anything else that the database reports.
    #[error("the database {} reports: {why}; nothing was changed by this operation", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Its words.
        why: String,
    },
    /// The record has grown since the caller read it; the append was not made.
    #[error(
        "the record has moved on: it holds {found} entries, not the {expected} that were read; read again, decide again"
    )]
    Moved {
        /// Size that the caller had read.
        expected: u64,
        /// Size of the record now.
        found: u64,
    },
    /// A projection row that the caller had read is another one now; the append was not made.
    #[error("{subject} {id} has changed since it was read; read it again, decide again")]
    Changed {
        /// What kind of thing the row is about.
        subject: String,
        /// Which of them.
        id: String,
    },
    /// The key of a command was used for another command; the append was not made.
    #[error("the key {key:?} belongs to another command, which made entry {entry}; give each command a key of its own")]
    KeyTaken {
        /// The key.
        key: String,
        /// First entry of the other command.
        entry: u64,
    },
    /// More is waiting to be appended than the queue holds; this was not taken.
    #[error("{waiting} appends are waiting already; try again in a moment")]
    Overloaded {
        /// Length of the queue.
        waiting: usize,
    },
    /// A write, a sync or a signature has failed, and nothing is written since.
    #[error(
        "{} is no longer written to, because {why}; what was not acknowledged may be kept or not: check the disk, \
         start the program again, which looks, and repeat commands with the same key",
        path.display()
    )]
    Stopped {
        /// The file.
        path: PathBuf,
        /// What failed.
        why: String,
    },
    /// What was to be appended cannot be; nothing was.
    #[error("{what} cannot be appended: {why}")]
    Refused {
        /// Which entry, projection or attachment.
        what: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A proof or an entry beyond the record was asked for.
    #[error("the record holds {size} entries; there is no {asked}")]
    Beyond {
        /// What was asked for.
        asked: String,
        /// Size of the record.
        size: u64,
    },
}

impl StoreError {
    /// The same failure once more, for the next one of those who submitted together.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Busy { path } => Self::Busy { path: path.clone() },
            Self::Full { path } => Self::Full { path: path.clone() },
            Self::ReadOnly { path } => Self::ReadOnly { path: path.clone() },
            Self::Damaged { path, why } => Self::Damaged { path: path.clone(), why: why.clone() },
            Self::Stopped { path, why } => Self::Stopped { path: path.clone(), why: why.clone() },
            Self::Io { path, source } => {
                Self::Io { path: path.clone(), source: io::Error::new(source.kind(), source.to_string()) }
            }
            other => Self::Refused { what: "this".to_owned(), why: other.to_string() },
        }
    }

    /// What a failure of `SQLite` means for the file at `path`.
    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, why) = (path.to_owned(), error.to_string());
        let damaged = |why| Self::Damaged { path: path.clone(), why };
        let Some(code) = error.sqlite_error_code() else {
            return match error {
                rusqlite::Error::QueryReturnedNoRows => damaged("a row that has to be there is missing".to_owned()),
                _ => damaged(why),
            };
        };
        match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                Self::Busy { path }
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly { path },
            ErrorCode::DiskFull => Self::Full { path },
            ErrorCode::NotADatabase => Self::NotARecord { path, why: "it is not an SQLite database".to_owned() },
            ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => damaged(why),
            ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => Self::Io { path, source: io::Error::other(why) },
            _ => Self::Database { path, why },
        }
    }

    /// What a failure of the operating system means for the file at `path`.
    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::StorageFull => Self::Full { path },
            _ => Self::Io { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn check(code: i32, expect: &str) {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let message = StoreError::from_sqlite(Path::new("m/record.db"), &error).to_string();
        assert!(message.contains(expect) && message.contains("m/record.db"), "{code}: {message}");
    }

    #[test]
    fn every_failure_of_the_database_names_the_file_and_what_to_do() {
        check(ffi::SQLITE_BUSY, "in use by another process; wait");
        check(ffi::SQLITE_LOCKED, "in use by another process; wait");
        check(ffi::SQLITE_READONLY, "cannot be written: it is read-only");
        check(ffi::SQLITE_READONLY_DIRECTORY, "cannot be written: it is read-only");
        check(ffi::SQLITE_FULL, "is full; nothing was changed");
        check(ffi::SQLITE_NOTADB, "not a record of Konbit");
        check(ffi::SQLITE_CORRUPT, "is damaged");
        check(ffi::SQLITE_IOERR_FSYNC, "check the path, the rights and the disk");
        check(ffi::SQLITE_CANTOPEN, "check the path, the rights and the disk");
        check(ffi::SQLITE_NOMEM, "the database m/record.db reports");
    }
}

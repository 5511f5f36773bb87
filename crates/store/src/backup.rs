//! Copies of the record: made while it is in use, and not believed before they are verified.

use crate::entry::Head;
use crate::error::StoreError;
use crate::head_file::{self, head_path};
use crate::store::{Store, existing_file, log_of, open_plain};
use crate::verify::{VerifyReport, verify};
use crate::{schema, seal};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A copy that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Size and root of the copy.
    pub head: Head,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the verification of the copy covered.
    pub report: VerifyReport,
    /// Why the copy cannot be opened for writing where it lies: it is older than a head that was
    /// signed there. `None` if it can.
    pub refused: Option<String>,
}

/// Copies the record at `record` to `to`, also while others append to it: one moment of it, whole.
/// The copy is written anew from the rows there are, so it holds no remains of erased bytes. It
/// gets a seal and is verified before it gets its name. The signed head is not copied: it has to
/// stay where copies cannot replace it.
///
/// # Errors
/// [`StoreError::Exists`] if something lies at `to`; [`StoreError::Damaged`] if the copy does not
/// verify; failures of the files. In every case nothing is left at `to`.
pub fn backup(record: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Copied, StoreError> {
    copy(record.as_ref(), to.as_ref())
}

/// Puts the copy at `backup` in the place `to`, where no record may be. The copy is verified after
/// it was written, and before it gets its name; one of an older form is brought to the present one.
///
/// [`Copied::refused`] says whether it is older than the head that was signed last in that place.
/// Then [`Store::begin_epoch`] is the way on.
///
/// # Errors
/// As [`backup`].
pub fn restore(backup: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Copied, StoreError> {
    copy(backup.as_ref(), to.as_ref())
}

fn copy(from: &Path, to: &Path) -> Result<Copied, StoreError> {
    let from = existing_file(from)?;
    remove_empty_log(to)?;
    // Reserves the name, so that nothing can come to lie there meanwhile.
    let made = OpenOptions::new().write(true).create_new(true).open(to);
    drop(made.map_err(|source| StoreError::from_io(to, source))?);
    let draft = draft_of(to);
    let copied = write_copy(&from, &draft).and_then(|copied| {
        let io = |source| StoreError::from_io(to, source);
        match &copied.seal {
            Some(seal) => seal::write(to, seal).map_err(io)?,
            // One that was left by a record that is gone would be taken for the copy's.
            None => remove_if_there(&seal::path_of(to)).map_err(io)?,
        }
        fs::rename(&draft, to).and_then(|()| seal::sync_directory(to)).map_err(io)?;
        Ok(copied)
    });
    match copied {
        Ok(Verified { head, bytes, report, .. }) => {
            let refused = refusal(to)?;
            Ok(Copied { head, bytes, report, refused })
        }
        Err(error) => {
            // Best effort: the error that made it necessary is the one to report.
            for path in [draft.clone(), log_of(&draft), seal::path_of(to), to.to_owned()] {
                let _ = fs::remove_file(path);
            }
            Err(error)
        }
    }
}

/// A log that lies there would be taken for a part of the copy. Readers leave an empty one behind, which outlives the
/// file when somebody moves that away.
fn remove_empty_log(to: &Path) -> Result<(), StoreError> {
    let log = log_of(to);
    let io = |source| StoreError::from_io(&log, source);
    match fs::metadata(&log) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
        Ok(metadata) if to.exists() || metadata.len() > 0 => return Err(StoreError::Exists { path: log }),
        Ok(_) => fs::remove_file(&log).map_err(io)?,
    }
    remove_if_there(&index_of(to)).map_err(io)
}

/// The index of the write-ahead log of the file at `path`.
fn index_of(path: &Path) -> PathBuf {
    let mut index = OsString::from(path);
    index.push("-shm");
    PathBuf::from(index)
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn draft_of(to: &Path) -> PathBuf {
    let mut draft = OsString::from(to);
    draft.push(".part");
    PathBuf::from(draft)
}

struct Verified {
    head: Head,
    bytes: u64,
    report: VerifyReport,
    /// `None` if the copy is too large for one.
    seal: Option<seal::Seal>,
}

/// Writes the rows of the record at `from` to a new file, and verifies it.
fn write_copy(from: &Path, draft: &Path) -> Result<Verified, StoreError> {
    let at = |path: &Path, error: &rusqlite::Error| StoreError::from_sqlite(path, error);
    let io = |source| StoreError::from_io(draft, source);
    if draft.exists() {
        fs::remove_file(draft).map_err(io)?;
    }
    let source = Store::attach_for_verify(from)?;
    source.check_identity()?;
    let name = draft.to_str().ok_or_else(|| StoreError::NotAFile { path: draft.to_owned() })?;
    source.db().execute("VACUUM INTO ?", [name]).map_err(|error| at(draft, &error))?;
    let mut target = open_plain(draft)?;
    schema::migrate(&mut target, schema::MIGRATIONS).map_err(|error| at(draft, &error))?;
    // As an open record has it: the mode stands in the file, and opening the copy would change it under its seal.
    let mode: rusqlite::Result<String> = target.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    mode.map_err(|error| at(draft, &error))?;
    target.close().map_err(|(_, error)| at(draft, &error))?;
    // SQLite leaves the syncing of such a copy to the caller.
    File::open(draft).and_then(|file| file.sync_all()).map_err(io)?;
    let report = verify(draft)?;
    if !report.ok {
        let why = report.problems.first().map_or("it does not verify", |problem| &problem.sentence);
        return Err(StoreError::Damaged { path: from.to_owned(), why: format!("its copy does not verify: {why}") });
    }
    let mut copy = Store::attach_frozen(draft)?;
    let head = copy.head()?;
    if report.root != Some(head.root) || (source.version()? > 1 && source.root_at(head.size)? != head.root) {
        return Err(StoreError::Damaged { path: from.to_owned(), why: "its copy has another root".to_owned() });
    }
    let sealed = copy.image_digest()?;
    let seal = sealed.map(|(bytes, sha256)| seal::Seal { bytes, entries: head.size, root: head.root, sha256, v: 1 });
    let bytes = fs::metadata(draft).map_err(io)?.len();
    Ok(Verified { head, bytes, report, seal })
}

/// Why the record at `path` may not follow the head that was signed there.
fn refusal(path: &Path) -> Result<Option<String>, StoreError> {
    let store = Store::attach_for_verify(&existing_file(path)?)?;
    if !head_file::exists(&head_path(path)) && store.entry_count()? == 0 {
        return Ok(None);
    }
    Ok(store.compare_with_head().err().map(|error| error.to_string()))
}

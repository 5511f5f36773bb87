//! Files that survive a crash, are read within a limit, and are worked on by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Puts `bytes` at `path`, whole or not at all, and returns once they are on the disk: a new file, synced, renamed,
/// and the folder synced.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes)?;
    sync_folder(folder_of(path))
}

/// The same without syncing the folder: after a loss of power the file may be missing, but not torn.
pub fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Always the same name: whoever writes holds the lock of the directory, so what lies there is left from a crash.
    let new = path.with_file_name(format!(".{name}.new"));
    fault::step()?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
    if let Err(error) = fault::step() {
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes)?;
    fault::step()?;
    file.sync_all()?;
    fault::step()?;
    fs::rename(&new, path)
}

/// Syncs the entries of a folder.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::step()?;
    // Folders cannot be opened on every system; where they cannot, there is nothing to sync either.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folder that holds `path`.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a file of at most `limit` bytes; `None` if there is none.
pub fn read_within(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")));
    }
    Ok(Some(bytes))
}

/// Writes a new file that only its owner can read; fails if there is one.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder(folder_of(path))
}

/// The right to write in a directory, until dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Another process has it.
    Taken,
    /// The file cannot be opened or locked.
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Takes the lock of `dir`, a file `lock` in it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join("lock");
        let failed = |error| LockError::Io(path.clone(), error);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(not(test))]
mod fault {
    #[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
    pub fn step() -> std::io::Result<()> {
        Ok(())
    }
}

/// Failures on order: every system call of a write is one step, and the one that was ordered fails, as all after it do.
#[cfg(test)]
pub mod fault {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Lets `steps` more steps of this thread succeed; `None` lets all.
    pub fn after(steps: Option<u32>) {
        LEFT.set(steps);
    }

    pub fn step() -> io::Result<()> {
        match LEFT.get() {
            Some(0) => Err(io::Error::other("the disk failed, as the test asked")),
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all_wherever_the_write_fails() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        replace(&path, b"old").unwrap();
        // Create, write, sync, rename, sync of the folder.
        for step in 0..5 {
            fault::after(Some(step));
            assert!(replace(&path, b"newer").is_err(), "{step}");
            fault::after(None);
            let found = read_within(&path, 9).unwrap().unwrap();
            assert_eq!(found, if step < 4 { b"old".to_vec() } else { b"newer".to_vec() }, "{step}");
        }
        replace(&path, b"newest").unwrap();
        assert_eq!(read_within(&path, 6).unwrap().unwrap(), b"newest");
        assert!(read_within(&path, 5).unwrap_err().to_string().contains("more than 5"));
        assert_eq!(read_within(&dir.path().join("none"), 5).unwrap(), None);
    }

    #[test]
    fn a_directory_is_locked_once() {
        let dir = tempfile::tempdir().unwrap();
        let held = Lock::take(dir.path()).unwrap();
        assert!(matches!(Lock::take(dir.path()), Err(LockError::Taken)));
        drop(held);
        Lock::take(dir.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone_and_is_not_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_private(&path, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_private(&path, b"y").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}

//! The seal: one line of JSON beside the record that states what the file was when it was closed.

use konbit_base::{Digest, canonical};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the file was when it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Number of entries.
    pub entries: u64,
    /// Root of the tree over them.
    pub root: Digest,
    /// Digest of the whole file.
    pub sha256: Digest,
    /// Form of the seal: 1.
    pub v: u8,
}

/// A file larger than this is not sealed, because it is hashed in memory.
pub const SEAL_BYTES_MAX: u64 = 1 << 30;

/// A seal is about 200 bytes; more than this is none.
const LINE_BYTES_MAX: u64 = 4096;

/// Where the seal of the record at `record` lies.
pub fn path_of(record: &Path) -> PathBuf {
    record.with_extension("seal")
}

fn to_line(seal: &Seal) -> Vec<u8> {
    let mut line = canonical::to_bytes(seal).expect("whole numbers and texts only");
    line.push(b'\n');
    line
}

/// Reads the seal of the record at `record`; `None` if there is none, and a sentence if what lies
/// there is not one.
pub fn read(record: &Path) -> Result<Option<Seal>, String> {
    let path = path_of(record);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.is_file() && metadata.len() > LINE_BYTES_MAX => {
            return Err("the seal is too long to be one".to_owned());
        }
        _ => {}
    }
    let line = fs::read(&path).map_err(|error| format!("the seal cannot be read: {error}"))?;
    let seal: Seal = serde_json::from_slice(&line).map_err(|error| format!("the seal is not readable: {error}"))?;
    // One value, one sequence of bytes: anything else was not written by this program.
    if seal.v == 1 && to_line(&seal) == line { Ok(Some(seal)) } else { Err("the seal has been altered".to_owned()) }
}

/// Writes the seal so that a crash leaves the former one or this one, never half of it.
pub fn write(record: &Path, seal: &Seal) -> io::Result<()> {
    replace(&path_of(record), &to_line(seal))
}

/// Puts `bytes` in the place of the file at `path` so that a crash leaves the former content or
/// this one, never half of it; returns once it is on the disk.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".tmp");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&draft, path)?;
    sync_directory(path)
}

/// Takes the seal away, if there is one.
pub fn remove(record: &Path) -> io::Result<()> {
    match fs::remove_file(path_of(record)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_directory(record),
    }
}

/// Makes a new, renamed or removed name in the directory of `file` durable.
pub fn sync_directory(file: &Path) -> io::Result<()> {
    // Only Unix lets a directory be opened and synced; elsewhere a rename is durable by itself.
    if cfg!(unix) {
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

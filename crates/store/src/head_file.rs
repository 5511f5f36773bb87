//! The file of the last signed head, `record.head`: two slots that are written by turns.
//!
//! Each slot is 4,096 bytes: a line `slot <turn> <SHA-256 of turn and note>`, the note, and spaces. A
//! write goes to the slot that is not the last one, and is synced; torn by a crash it has not the
//! digest it states, and the other slot, the head before, still holds. So one sync of data is
//! enough for each head. Replacing a whole file instead takes a sync of the new file, a rename and
//! a sync of the directory, which measured 3 to 4 times as long and halved the throughput; it is
//! done once, when a store begins to sign.
//!
//! A file that is a signed note and nothing else is read as well: whoever has lost this file puts
//! the last checkpoint of a witness in its place.

use crate::seal::replace;
use konbit_base::Digest;
use konbit_record::{NOTE_BYTES_MAX, SignedCheckpoint};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a slot: a sector of today's disks.
const SLOT_BYTES: usize = 4096;

/// Where the signed head of the record at `record` lies: `record.head` beside it.
pub fn head_path(record: &Path) -> PathBuf {
    record.with_extension("head")
}

/// What was read of a slot.
struct Slot {
    turn: u64,
    note: Vec<u8>,
}

/// The signed head in the file at `path`; `None` if there is no file, and a sentence if what lies
/// there is not one. Its signature is not checked.
pub fn read(path: &Path) -> Result<Option<SignedCheckpoint>, String> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
        Ok(file) => file.take(NOTE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?,
    };
    let note = if bytes.starts_with(b"slot ") { newest(&bytes)?.note } else { bytes };
    SignedCheckpoint::parse(&note).map(Some).map_err(|error| error.to_string())
}

fn newest(bytes: &[u8]) -> Result<Slot, String> {
    let slots = bytes.chunks(SLOT_BYTES).take(2).filter_map(parse);
    slots.max_by_key(|slot| slot.turn).ok_or_else(|| "neither of its two slots is whole".to_owned())
}

fn parse(slot: &[u8]) -> Option<Slot> {
    let line_end = slot.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = slot.split_at(line_end);
    let (turn, digest) = std::str::from_utf8(line).ok()?.strip_prefix("slot ")?.split_once(' ')?;
    let padding = rest.iter().rev().take_while(|byte| **byte == b' ').count();
    let note = rest.get(1..rest.len() - padding)?;
    let turn = turn.parse().ok()?;
    (Digest::parse(digest)? == digest_of(turn, note)).then_some(Slot { turn, note: note.to_vec() })
}

/// Whether a slot of the file at `path` is neither whole nor empty.
pub fn is_torn(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let empty = |slot: &[u8]| slot.iter().all(|byte| *byte == b' ');
    bytes.starts_with(b"slot ") && bytes.chunks(SLOT_BYTES).any(|slot| parse(slot).is_none() && !empty(slot))
}

/// Covers the turn too: a torn write may put the new turn over the old note.
fn digest_of(turn: u64, note: &[u8]) -> Digest {
    Digest::of(&[turn.to_string().as_bytes(), b"\n", note].concat())
}

/// The bytes of a slot; `None` if the note is too long for one.
fn slot(turn: u64, note: &str) -> Option<Vec<u8>> {
    let mut bytes = format!("slot {turn} {}\n{note}", digest_of(turn, note.as_bytes())).into_bytes();
    if bytes.len() > SLOT_BYTES {
        return None;
    }
    bytes.resize(SLOT_BYTES, b' ');
    Some(bytes)
}

/// The file, open to be written by turns.
#[derive(Debug)]
pub struct HeadFile {
    file: File,
    turn: u64,
}

impl HeadFile {
    /// Puts a file with this note in the place of whatever is at `path`, and opens it.
    pub fn begin(path: &Path, note: &str) -> io::Result<Self> {
        let mut bytes = slot(0, note).ok_or_else(too_long)?;
        bytes.resize(2 * SLOT_BYTES, b' ');
        replace(path, &bytes)?;
        Ok(Self { file: OpenOptions::new().write(true).open(path)?, turn: 0 })
    }

    /// Writes the next head; returns once it is on the disk.
    pub fn write(&mut self, note: &str) -> io::Result<()> {
        let turn = self.turn + 1;
        let bytes = slot(turn, note).ok_or_else(too_long)?;
        self.file.seek(SeekFrom::Start((turn % 2) * SLOT_BYTES as u64))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.turn = turn;
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("the note is longer than {SLOT_BYTES} bytes; give the log a shorter name"))
}

/// Whether anything lies at `path`.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_record::{Checkpoint, Head, SignatureType, SignerKey, leaf_hash};

    fn note(size: u64) -> String {
        let key = SignerKey::generate("example.org/record", SignatureType::Ed25519, &[3; 32]).unwrap();
        let head = Head { size, root: leaf_hash(&size.to_be_bytes()) };
        Checkpoint::new("example.org/record", head, Vec::new()).unwrap().sign(&key).unwrap().to_string()
    }

    fn size_in(path: &Path) -> Option<u64> {
        read(path).unwrap().map(|signed| signed.head().size)
    }

    #[test]
    fn the_last_head_is_read_and_after_a_torn_write_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record.head");
        assert_eq!(size_in(&path), None);
        let mut file = HeadFile::begin(&path, &note(1)).unwrap();
        assert_eq!(size_in(&path), Some(1));
        for size in 2..7 {
            let before = fs::read(&path).unwrap();
            file.write(&note(size)).unwrap();
            let after = fs::read(&path).unwrap();
            // Every length to which a write may have come before the power went.
            let changed: Vec<_> = (0..after.len()).filter(|ix| before[*ix] != after[*ix]).collect();
            for cut in &changed {
                let torn = [&after[..*cut], &before[*cut..]].concat();
                fs::write(&path, torn).unwrap();
                assert_eq!(size_in(&path), Some(size - 1), "cut at {cut}");
                assert!(*cut == changed[0] || is_torn(&path), "cut at {cut}");
            }
            fs::write(&path, &after).unwrap();
            assert!(size_in(&path) == Some(size) && !is_torn(&path));
        }
    }

    #[test]
    fn a_plain_note_is_read_and_what_is_neither_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record.head");
        fs::write(&path, note(9)).unwrap();
        assert_eq!(size_in(&path), Some(9));
        for (bytes, expect) in [("", "cut off"), ("slot ", "neither of its two slots"), ("slot 1 x\n", "neither")] {
            fs::write(&path, bytes).unwrap();
            let why = read(&path).unwrap_err();
            assert!(why.contains(expect), "{bytes:?}: {why}");
        }
        let long = "x".repeat(SLOT_BYTES);
        assert!(HeadFile::begin(&path, &long).unwrap_err().to_string().contains("shorter name"));
    }
}

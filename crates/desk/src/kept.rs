//! Plans and studies of the week that were made, kept as files beside the record: a page finds what a command made, and
//! the other way round, and both go on from what is half done.
//!
//! Invariant: what is kept is a function of its key and of how long the work was let run. The folder can be deleted at any
//! time; that costs time and nothing else.
//! Invariant: a file that is damaged, foreign or for something else is never used. It is named in a finding, and the next
//! answer takes its place.

use crate::{DeskError, MissionDir, write_durably};
use konbit_base::{Digest, Finding, Severity};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// First words of a kept file. Another number where the form changes, or what is kept under a key.
const FORMAT: &str = "konbit-kept/1";

/// Files that are kept; older ones go when another is written.
pub const KEPT_FILES_MAX: usize = 64;

/// Largest file that is read or written, bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Ending of the files.
const ENDING: &str = "study";

/// Age after which a draft of a file is what a program left behind that was killed while it wrote.
const DRAFT_AGE_MAX: Duration = Duration::from_secs(3_600);

/// What is worked on, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StudyKey {
    /// A plan: the problem's hash and the seed.
    Plan(Digest, u64),
    /// What more people of a contingent buy: the plan file's digest, the digest of what other plans are made from, and the
    /// contingent.
    Force(Digest, Digest, String),
    /// What the judgements decide: the plan file's digest, the digest of what other plans are made from, and that of the
    /// ends.
    Ends(Digest, Digest, Digest),
}

impl StudyKey {
    /// What is being made, in words that continue a sentence.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Plan(..) => "a plan of the week",
            Self::Force(..) => "the study of what more people buy",
            Self::Ends(..) => "the study of what the judgements decide",
        }
    }

    /// The key as it stands in its file.
    fn text(&self) -> String {
        match self {
            Self::Plan(problem, seed) => format!("plan {problem} {seed}"),
            Self::Force(plan, ground, crew) => format!("force {plan} {ground} {crew}"),
            Self::Ends(plan, ground, ends) => format!("ends {plan} {ground} {ends}"),
        }
    }
}

/// An answer that can grow while it is worked on.
pub trait Growing {
    /// How much of it there is; more is further.
    fn made(&self) -> usize;
}

/// The folder of kept answers of a mission.
#[derive(Debug, Clone)]
pub struct KeptStudies {
    folder: PathBuf,
}

impl KeptStudies {
    pub(crate) fn of(dir: &MissionDir) -> Self {
        Self { folder: dir.cache_path() }
    }

    /// Path of the file of a key.
    pub fn path(&self, key: &StudyKey) -> PathBuf {
        let name = Digest::of(format!("{FORMAT}\n{}", key.text()).as_bytes());
        self.folder.join(format!("{name}.{ENDING}"))
    }

    /// What is kept under a key; nothing where nothing is kept, or what is there cannot be used, which `tell` is told.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &StudyKey, tell: &dyn Fn(&Finding)) -> Option<T> {
        let path = self.path(key);
        let bytes = match read(&path) {
            Ok(bytes) => bytes?,
            Err(why) => {
                tell(&damaged(&path, &why));
                return None;
            }
        };
        opened(&bytes, key).map_err(|why| tell(&damaged(&path, &why))).ok()
    }

    /// Keeps an answer under a key. That it cannot be kept is told and harms nothing.
    pub(crate) fn put<T: Serialize>(&self, key: &StudyKey, answer: &T, tell: &dyn Fn(&Finding)) {
        if let Err(error) = self.write(key, answer) {
            let message =
                format!("{} cannot be kept: {error}; it will be made again when it is asked for", key.words());
            tell(&Finding::in_file(Severity::Warning, "study-not-kept", &shown(&self.path(key)), message));
        }
    }

    fn write<T: Serialize>(&self, key: &StudyKey, answer: &T) -> Result<(), DeskError> {
        let path = self.path(key);
        let failed = |error| DeskError::io("cannot write", &path, error);
        let body = serde_json::to_vec(answer).map_err(|error| failed(error.into()))?;
        if body.len() as u64 > FILE_BYTES_MAX / 2 {
            return Ok(());
        }
        let body = [format!("{}\n", key.text()).into_bytes(), body].concat();
        let head = format!("{FORMAT} {}\n", Digest::of(&body)).into_bytes();
        fs::create_dir_all(&self.folder).map_err(|error| DeskError::io("cannot make", &self.folder, error))?;
        write_durably(&path, &[head, body].concat())?;
        self.forget_older()
    }

    /// Leaves the newest files, and removes drafts that a killed program left.
    fn forget_older(&self) -> Result<(), DeskError> {
        let failed = |error| DeskError::io("cannot read", &self.folder, error);
        let mut kept: Vec<(SystemTime, PathBuf)> = Vec::new();
        let mut drafts = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Another process may have removed it just now.
            let Ok(at) = entry.metadata().and_then(|meta| meta.modified()) else { continue };
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                kept.push((at, path));
            } else if entry.file_name().to_string_lossy().starts_with(".tmp") {
                drafts.push((at, path));
            }
        }
        kept.sort_by(|a, b| b.cmp(a));
        let newest = kept.first().map(|(at, _)| *at);
        let is_old = |at: SystemTime| {
            newest.and_then(|newest| newest.duration_since(at).ok()).is_some_and(|age| age > DRAFT_AGE_MAX)
        };
        let drafts = drafts.into_iter().filter(|(at, _)| is_old(*at));
        for (_, path) in kept.into_iter().skip(KEPT_FILES_MAX).chain(drafts) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(DeskError::io("cannot remove", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes all that is kept.
    pub(crate) fn clear(&self) -> Result<(), DeskError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DeskError::io("cannot remove", &self.folder, error))
            }
            _ => Ok(()),
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn damaged(path: &Path, why: &str) -> Finding {
    let message = format!("not used: {why}; what it should hold is made again and takes its place");
    Finding::in_file(Severity::Warning, "kept-study-damaged", &shown(path), message)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let size = match fs::metadata(path) {
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if size > FILE_BYTES_MAX {
        return Err(format!("it has {size} bytes; at most {FILE_BYTES_MAX} are read"));
    }
    fs::read(path).map(Some).map_err(|error| error.to_string())
}

/// The answer in a file, if it is whole and that of the key.
fn opened<T: DeserializeOwned>(bytes: &[u8], key: &StudyKey) -> Result<T, String> {
    let line = |bytes: &'_ [u8]| bytes.iter().position(|byte| *byte == b'\n');
    let head = line(bytes).map(|end| (&bytes[..end], &bytes[end + 1..]));
    let (head, body) = head.filter(|(head, _)| head.starts_with(FORMAT.as_bytes())).ok_or("it is no kept study")?;
    if head != format!("{FORMAT} {}", Digest::of(body)).as_bytes() {
        return Err("it is damaged: its digest is another".to_owned());
    }
    let (own, answer) = line(body).map(|end| (&body[..end], &body[end + 1..])).ok_or("it has no key")?;
    if own != key.text().as_bytes() {
        return Err("it is for something else".to_owned());
    }
    serde_json::from_slice(answer).map_err(|error| format!("it cannot be read ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn kept() -> (tempfile::TempDir, KeptStudies) {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptStudies::of(&MissionDir::at(dir.path()));
        (dir, kept)
    }

    fn key(seed: u64) -> StudyKey {
        StudyKey::Plan(Digest::of(b"problem"), seed)
    }

    fn silent(finding: &Finding) {
        panic!("{finding}");
    }

    #[test]
    fn what_is_kept_is_read_back_and_what_is_not_there_is_nothing() {
        let (_dir, kept) = kept();
        assert_eq!(kept.get::<f64>(&key(1), &silent), None);
        for answer in [0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE] {
            kept.put(&key(1), &answer, &silent);
            assert_eq!(kept.get(&key(1), &silent), Some(answer), "to the last bit");
        }
        assert_eq!(kept.get::<f64>(&key(2), &silent), None);
        kept.clear().unwrap();
        kept.clear().unwrap();
        assert_eq!(kept.get::<f64>(&key(1), &silent), None);
    }

    #[test]
    fn a_file_that_is_not_what_was_kept_is_told_of_and_written_anew() {
        let (_dir, kept) = kept();
        let path = kept.path(&key(1));
        kept.put(&key(1), &vec![1u32, 2, 3], &silent);
        let whole = fs::read(&path).unwrap();
        kept.put(&key(2), &vec![4u32], &silent);
        let other = fs::read(kept.path(&key(2))).unwrap();
        let text = String::from_utf8(whole.clone()).unwrap();
        let check = |bytes: &[u8], says: &str| {
            fs::write(&path, bytes).unwrap();
            let told = RefCell::new(Vec::new());
            assert_eq!(
                kept.get::<Vec<u32>>(&key(1), &|finding| told.borrow_mut().push(finding.clone())),
                None,
                "{says}"
            );
            let told = told.into_inner();
            assert!(told.len() == 1 && told[0].message.contains(says), "{told:?}");
            kept.put(&key(1), &vec![1u32, 2, 3], &silent);
            assert_eq!(fs::read(&path).unwrap(), whole);
        };
        check(b"", "no kept study");
        check(b"\n\n\n", "no kept study");
        check(b"{\"a\":1}\n", "no kept study");
        check(&[0xff; 40], "no kept study");
        check(text.replace("kept/1", "kept/2").as_bytes(), "no kept study");
        check(&whole[..whole.len() - 1], "its digest is another");
        check(text.replace("[1,2,3]", "[1,2,9]").as_bytes(), "its digest is another");
        check(&other, "for something else");
        let with = |body: &str| format!("{FORMAT} {}\n{body}", Digest::of(body.as_bytes())).into_bytes();
        check(&with("no line"), "no key");
        check(&with(&format!("{}\n[1,", key(1).text())), "cannot be read");
        check(&with(&format!("{}\n\"text\"", key(1).text())), "cannot be read");
    }

    #[test]
    fn the_newest_files_stay_and_what_is_foreign_is_not_touched() {
        let (_dir, kept) = kept();
        kept.put(&key(0), &0u64, &silent);
        fs::write(kept.folder.join("note.txt"), "mine").unwrap();
        let old = SystemTime::UNIX_EPOCH;
        let date = |path: &Path, at: SystemTime| fs::File::options().write(true).open(path).unwrap().set_modified(at);
        let draft = kept.folder.join(".tmpABCDEF");
        fs::write(&draft, "half").unwrap();
        date(&draft, old).unwrap();
        for seed in 1..=KEPT_FILES_MAX as u64 + 3 {
            date(&kept.path(&key(seed - 1)), old + Duration::from_secs(seed)).unwrap();
            kept.put(&key(seed), &seed, &silent);
        }
        let there = |seed: u64| kept.get::<u64>(&key(seed), &silent).is_some();
        assert!(!(0..=3).any(there) && (4..=KEPT_FILES_MAX as u64 + 3).all(there));
        assert!(!draft.exists() && kept.folder.join("note.txt").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told_of() {
        let (dir, kept) = kept();
        fs::write(dir.path().join("cache"), "a file").unwrap();
        let told = RefCell::new(Vec::new());
        kept.put(&key(1), &1u64, &|finding| told.borrow_mut().push(finding.clone()));
        assert!(told.borrow().len() == 1 && told.borrow()[0].message.contains("cannot be kept"), "{told:?}");
    }
}

//! Who may write the record, and with which key its heads are signed.

use crate::{DeskError, MissionDir};
use konbit_record::{SignatureType, SignerKey, VerifierKey};
use konbit_store::{Limits, Sequencer, Status, Store, StoreError, last_signed};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Thirty-two bytes from a cryptographic source, fresh for each use. Only the binary draws them.
pub type Entropy = [u8; 32];

/// The record as it is opened: read by all, written by at most one process.
pub(crate) struct Ledger {
    /// Read through this.
    pub reader: Store,
    /// Written through this; `None` where the mission was opened for reading.
    pub writer: Option<Arc<Sequencer>>,
    /// Held as long as this process may write.
    _lock: Option<File>,
}

impl MissionDir {
    /// Path of the key that signs the record's heads. Whoever has it can sign in the mission's name.
    pub fn key_path(&self) -> PathBuf {
        self.path().join("keys").join("record.key")
    }

    /// Path of the key that outsiders check signatures with.
    pub fn public_key_path(&self) -> PathBuf {
        self.path().join("keys").join("record.pub")
    }

    fn lock_path(&self) -> PathBuf {
        self.path().join("record.lock")
    }

    /// The key, if the mission signs its record.
    pub(crate) fn key(&self) -> Result<Option<SignerKey>, DeskError> {
        read_secret(&self.key_path())
    }

    /// Keeps a new key where only its owner can read it, and its public half beside it.
    pub(crate) fn keep_key(&self, key: &SignerKey) -> Result<(), DeskError> {
        write_secret(&self.key_path(), &key.reveal())?;
        crate::write_durably(&self.public_key_path(), format!("{}\n", key.verifier()).as_bytes())
    }

    fn next_key_path(&self) -> PathBuf {
        self.path().join("keys").join("next.key")
    }

    /// Keeps the key of the epoch that is about to begin. One that an interrupted beginning left is
    /// replaced: nothing was signed with it, or it would be in its place.
    pub(crate) fn keep_next_key(&self, key: &SignerKey) -> Result<(), DeskError> {
        let path = self.next_key_path();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DeskError::io("cannot remove", &path, error))
            }
            _ => write_secret(&path, &key.reveal()),
        }
    }

    /// Puts the key of the epoch that has begun in the place of the former one, which is kept.
    pub(crate) fn promote_next_key(&self) -> Result<(), DeskError> {
        let (next, current) = (self.next_key_path(), self.key_path());
        let failed = |error| DeskError::io("cannot replace", &current, error);
        if let Some(former) = self.key()? {
            let id = konbit_base::Digest::of(former.verifier().to_string().as_bytes()).short();
            fs::rename(&current, self.path().join("keys").join(format!("former-{id}.key"))).map_err(failed)?;
        }
        fs::rename(&next, &current).map_err(failed)?;
        let key = self.key()?.expect("it was just put there");
        crate::write_durably(&self.public_key_path(), format!("{}\n", key.verifier()).as_bytes())
    }

    /// Puts the public half of `key` beside it, unless it is there: a loss of power may have come before that.
    fn keep_public(&self, key: &VerifierKey) -> Result<(), DeskError> {
        let (path, text) = (self.public_key_path(), format!("{key}\n"));
        if fs::read_to_string(&path).is_ok_and(|held| held == text) {
            return Ok(());
        }
        crate::write_durably(&path, text.as_bytes())
    }

    /// Takes the right to write, which one process has at a time.
    pub(crate) fn lock(&self) -> Result<File, DeskError> {
        let path = self.lock_path();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| DeskError::io("cannot open", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DeskError::InUse(self.path().to_owned())),
            Err(TryLockError::Error(error)) => Err(DeskError::io("cannot lock", &path, error)),
        }
    }
}

fn read_secret(path: &Path) -> Result<Option<SignerKey>, DeskError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DeskError::io("cannot read", path, error)),
    };
    let key = SignerKey::parse(text.trim()).map_err(|error| {
        DeskError::Missing(format!("{} is not a key: {error}; put back a copy of it", path.display()))
    })?;
    Ok(Some(key))
}

/// Keeps a secret where only its owner can read it; refused where a file of that name is already.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), DeskError> {
    let folder = path.parent().expect("a key lies in a folder");
    fs::create_dir_all(folder).map_err(|error| DeskError::io("cannot make", folder, error))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    })
    .map_err(|error| DeskError::io("cannot write", path, error))
}

/// The origin of a mission's log, which is also the name of its key: the mission's name, and a
/// part of the key so that two missions of one name differ.
pub(crate) fn origin(name: &str, entropy: &Entropy) -> String {
    let mut slug: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect::<String>()
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    slug.truncate(40);
    let mark = konbit_base::Digest::of(&[b"konbit record origin v1\0".as_slice(), entropy].concat()).short();
    format!("konbit.invalid/{}/{mark}", if slug.is_empty() { "mission" } else { &slug })
}

impl Ledger {
    /// Makes an empty record, signed with a key of its own made from `entropy`.
    pub fn create(dir: &MissionDir, name: &str, entropy: &Entropy) -> Result<Self, DeskError> {
        let lock = dir.lock()?;
        let key = SignerKey::generate(&origin(name, entropy), SignatureType::Ed25519, entropy)
            .map_err(|error| DeskError::Missing(format!("the record's key cannot be made: {error}")))?;
        dir.keep_key(&key)?;
        let mut store = Store::create(dir.record_path())?;
        store.sign_with(key)?;
        Self::over(dir, store, lock)
    }

    /// Opens the record for reading and writing, and signs it if it is a signed one.
    pub fn open(dir: &MissionDir) -> Result<Self, DeskError> {
        let lock = dir.lock()?;
        let mut store = Store::open(dir.record_path())?;
        if let Some(key) = sign(dir, &mut store)? {
            dir.keep_public(&key)?;
        }
        Self::over(dir, store, lock)
    }

    /// Opens the record for reading, also beside a process that writes it.
    pub fn read(dir: &MissionDir) -> Result<Self, DeskError> {
        Ok(Self { reader: Store::open_read_only(dir.record_path())?, writer: None, _lock: None })
    }

    pub(crate) fn over(dir: &MissionDir, store: Store, lock: File) -> Result<Self, DeskError> {
        let writer = Sequencer::start(store, Limits::default())?;
        let reader = Store::open_read_only(dir.record_path())?;
        Ok(Self { reader, writer: Some(Arc::new(writer)), _lock: Some(lock) })
    }

    /// What the one who writes has reached; `None` where the mission was opened for reading.
    pub fn status(&self) -> Option<Status> {
        self.writer.as_ref().map(|writer| writer.status())
    }
}

/// Lets the store sign with the mission's key. `None` if there is no key and no head was ever signed.
///
/// If the power went while an epoch began, the key of that epoch is not in its place yet, and the former one may still
/// be there or have gone from it. Which of the two is right is what the record itself says.
fn sign(dir: &MissionDir, store: &mut Store) -> Result<Option<VerifierKey>, DeskError> {
    let refused = match dir.key()? {
        Some(key) => {
            let verifier = key.verifier().clone();
            match store.sign_with(key) {
                Ok(()) => return Ok(Some(verifier)),
                Err(error @ StoreError::Foreign { .. }) => DeskError::from(error),
                Err(error) => return Err(error.into()),
            }
        }
        None if last_signed(&dir.record_path())?.is_none() => return Ok(None),
        None => DeskError::Missing(format!(
            "the record is signed and {} is not there, so nothing can be added: put it back from where it is kept safe",
            dir.key_path().display()
        )),
    };
    let Some(next) = read_secret(&dir.next_key_path())? else { return Err(refused) };
    let verifier = next.verifier().clone();
    match store.sign_with(next) {
        Ok(()) => dir.promote_next_key().map(|()| Some(verifier)),
        // It was made for an epoch that did not begin.
        Err(StoreError::Foreign { .. }) => Err(refused),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_the_missions_name_and_differs_by_key() {
        let (a, b) = (origin("Mission: Haïti, 2023", &[1; 32]), origin("Mission: Haïti, 2023", &[2; 32]));
        assert!(a.starts_with("konbit.invalid/mission-ha-ti-2023/"), "{a}");
        assert_ne!(a, b);
        assert!(origin("+ +", &[1; 32]).starts_with("konbit.invalid/mission/"));
        for origin in [a, b, origin(&"x".repeat(300), &[1; 32])] {
            assert!(SignerKey::generate(&origin, SignatureType::Ed25519, &[1; 32]).is_ok(), "{origin}");
        }
    }
}

//! Losses: of power, of the record's file, of power while an epoch begins.

use super::model::Model;
use super::operation::{Crash, EpochCut};
use super::world::{Copy, World};
use super::{check, hold, said};
use konbit_desk::{Desk, DeskError, begin_epoch, restore};
use konbit_record::{Epoch, EpochProof, check_epoch};
use konbit_store::StoreError;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Bytes of a slot of `record.head`; its form is described in the store's `head_file.rs`.
const SLOT_BYTES: usize = 4_096;

impl World {
    pub fn crash(&mut self, crash: Crash) -> Result<(), String> {
        let head = self.path.join("record.head");
        let head_before = said("the head", fs::read(&head))?;
        if crash == Crash::BeforeHead {
            self.withdraw_something()?;
        }
        let image = self.new_path("m");
        said("an image", copy_files(&self.path, &image))?;
        self.abandon();
        said("clearing away", fs::remove_dir_all(&self.path))?;
        self.path = image;
        let head = self.path.join("record.head");
        said(
            "an image",
            match crash {
                Crash::Idle => Ok(()),
                Crash::TornLog => tear_log(&self.path.join("record.db-wal")),
                Crash::TornHead => fs::read(&head).and_then(|bytes| fs::write(&head, torn(bytes))),
                Crash::BeforeHead => fs::write(&head, head_before),
            },
        )?;
        said("opening after a crash", self.open())?;
        check::bytes_gone(self)?;
        self.observe(Vec::new())
    }

    pub fn restore_old(&mut self, copy: u64) -> Result<(), String> {
        let Some(copy) = self.copy(copy) else { return Ok(()) };
        if self.is_present(&copy) && !self.strict {
            return Ok(());
        }
        self.close()?;
        let aside = self.put_in_place(&copy)?;
        if self.is_present(&copy) {
            said("opening a copy of the present", self.open())?;
            return self.observe(Vec::new());
        }
        self.refused(&copy)?;
        self.put_back(&aside)?;
        said("opening again", self.open())?;
        self.observe(Vec::new())
    }

    pub fn go_on_from_old(&mut self, copy: u64, cut: Option<EpochCut>) -> Result<(), String> {
        let Some(copy) = self.copy(copy) else { return Ok(()) };
        let later = matches!(cut, Some(EpochCut::OldKeyAside | EpochCut::NewKeyInPlace));
        if self.is_present(&copy) || (later && !self.strict) {
            return Ok(());
        }
        let follows = self.begins_with(&copy);
        // What a copy says of its epoch tells only how the one after it began; with more epochs in
        // between, and as many entries, nothing there shows that it is another history.
        let is_visible = copy.entries > self.model.size() || (self.strict && copy.epoch + 1 == self.epoch);
        if !follows && !is_visible {
            return Ok(());
        }
        self.close()?;
        let aside = self.put_in_place(&copy)?;
        self.refused(&copy)?;
        if !follows {
            let begun = self.begin_epoch();
            hold!(begun.is_err(), "an epoch began from another history: {begun:?}");
            self.put_back(&aside)?;
            said("opening again", self.open())?;
            return self.observe(Vec::new());
        }
        let before = self.new_path("before");
        said("an image", copy_files(&self.path, &before))?;
        let entry = self.begin_epoch()?;
        hold!(entry == copy.entries, "the epoch begins in entry {entry} upon {} kept", copy.entries);
        if let Some(cut) = cut {
            said("an image", self.cut_off(&before, cut))?;
        }
        if cut == Some(EpochCut::KeyMade) {
            self.refused(&copy)?;
            self.begin_epoch()?;
        }
        said("opening after an epoch began", self.open())?;
        let left = std::mem::replace(&mut self.model, copy.model.clone());
        self.heads = copy.heads;
        self.epoch += 1;
        self.observe(vec![None])?;
        self.meet_log()?;
        self.cites(&left)
    }

    /// The signed head cites the log that was left, and both begin with the entries that were kept.
    fn cites(&self, left: &Model) -> Result<(), String> {
        let signed = self.signed()?;
        let epoch = said("the citation", Epoch::of(signed.checkpoint()))?.ok_or("the head cites no epoch")?;
        let left_size = epoch.head().size;
        let left_root = left.roots().get(usize::try_from(left_size).unwrap_or(usize::MAX)).copied();
        hold!(left_size == left.size() && left_root == Some(epoch.head().root), "the head cites another head: {epoch}");
        let kept = usize::try_from(epoch.kept()).expect("a short record");
        let (to_old, to_new) = (left.consistency(epoch.kept()), self.model.consistency(epoch.kept()));
        let proof = EpochProof { kept_root: &self.model.roots()[kept], to_old: &to_old, to_new: &to_new };
        said("the new epoch, by proof", check_epoch(&epoch, &signed.head(), proof))
    }

    fn begin_epoch(&mut self) -> Result<u64, String> {
        let (stamp, entropy) = (self.stamp(), self.entropy());
        said("a new epoch", begin_epoch(&self.path, "the disk failed", &stamp, &entropy))
    }

    fn copy(&self, copy: u64) -> Option<Copy> {
        let count = self.copies.len() as u64;
        let ix = copy.checked_rem(count)?;
        self.copies.get(usize::try_from(ix).ok()?).cloned()
    }

    /// Whether a copy holds all that was signed.
    fn is_present(&self, copy: &Copy) -> bool {
        copy.epoch == self.epoch && copy.entries == self.model.size()
    }

    /// Whether the record begins with the entries of a copy.
    fn begins_with(&self, copy: &Copy) -> bool {
        let at = usize::try_from(copy.entries).expect("a short record");
        self.model.roots().get(at) == copy.model.roots().last()
    }

    /// Takes the record away and restores the copy; gives where the record was put.
    fn put_in_place(&mut self, copy: &Copy) -> Result<PathBuf, String> {
        let aside = self.new_path("aside");
        said("a directory", fs::create_dir(&aside))?;
        for name in ["record.db", "record.seal"] {
            said("putting aside", fs::rename(self.path.join(name), aside.join(name)))?;
        }
        let report = said("restoring", restore(&copy.path, &self.path))?;
        let expect = !self.is_present(copy);
        hold!(report.entries == copy.entries, "the restored copy has {} entries", report.entries);
        hold!(report.refused.is_some() == expect, "restoring {copy:?} says {:?}", report.refused);
        Ok(aside)
    }

    /// A copy of the past is refused, and the refusal names both sizes.
    fn refused(&self, copy: &Copy) -> Result<(), String> {
        let size = self.model.size();
        match Desk::open(&self.path).map(drop) {
            Err(DeskError::Store(error @ StoreError::Behind { signed, found, .. }))
                if (signed, found) == (size, copy.entries) =>
            {
                let words = error.to_string();
                let named = words.contains(&size.to_string()) && words.contains(&found.to_string());
                hold!(named, "the refusal names no sizes: {words}");
                Ok(())
            }
            other => Err(format!("a copy of {} entries in the place of {size}: {other:?}", copy.entries)),
        }
    }

    fn put_back(&mut self, aside: &Path) -> Result<(), String> {
        for name in ["record.db-wal", "record.db-shm"] {
            // Not there, or of the copy.
            let _ = fs::remove_file(self.path.join(name));
        }
        for name in ["record.db", "record.seal"] {
            said("putting back", fs::rename(aside.join(name), self.path.join(name)))?;
        }
        Ok(())
    }

    /// Makes the files what they are if the power goes after the step that `cut` names: `before`
    /// holds them as they were before the epoch, the mission directory as they are after it.
    fn cut_off(&self, before: &Path, cut: EpochCut) -> std::io::Result<()> {
        let keys = self.path.join("keys");
        let (key, public, next) = (keys.join("record.key"), keys.join("record.pub"), keys.join("next.key"));
        let back = |name: &str| fs::copy(before.join(name), self.path.join(name)).map(drop);
        // It is written when the program ends, after all of this.
        fs::remove_file(self.path.join("record.seal"))?;
        back("keys/record.pub")?;
        match cut {
            EpochCut::NewKeyInPlace => return Ok(()),
            EpochCut::OldKeyAside => return fs::rename(&key, &next),
            EpochCut::HeadSigned | EpochCut::EntryMade | EpochCut::KeyMade => {}
        }
        fs::rename(&key, &next)?;
        back("keys/record.key")?;
        for file in fs::read_dir(&keys)? {
            let file = file?;
            let is_new = !before.join("keys").join(file.file_name()).exists();
            if is_new && file.file_name().to_string_lossy().starts_with("former-") {
                fs::remove_file(file.path())?;
            }
        }
        debug_assert!(public.exists());
        if cut == EpochCut::HeadSigned {
            return Ok(());
        }
        back("record.head")?;
        if cut == EpochCut::KeyMade {
            back("record.db")?;
            back("record.seal")?;
        }
        Ok(())
    }
}

/// Copies the files of a mission as they are now. The index of the log is left out: it is memory
/// that processes share, and is made anew after a loss of power. The database comes before its
/// log, so that moving the one into the other meanwhile does no harm.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    let mut entries = fs::read_dir(from)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            copy_files(&path, &to.join(name))?;
        } else if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn tear_log(log: &Path) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(log)?;
    file.write_all(&[0xA5; 5_000])
}

/// The file of the signed head with a torn write in the slot that is not the last one.
fn torn(mut bytes: Vec<u8>) -> Vec<u8> {
    let turn = |slot: &[u8]| -> Option<u64> {
        let line = std::str::from_utf8(slot.split(|byte| *byte == b'\n').next()?).ok()?;
        line.strip_prefix("slot ")?.split(' ').next()?.parse().ok()
    };
    let (first, second) = (turn(&bytes[..SLOT_BYTES]), turn(&bytes[SLOT_BYTES..]));
    let (start, next) = if first > second { (SLOT_BYTES, first) } else { (0, second) };
    let line = format!("slot {} 00112233", next.unwrap_or_default() + 1);
    bytes[start..start + line.len()].copy_from_slice(line.as_bytes());
    bytes
}

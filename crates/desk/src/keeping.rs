//! Keeping the record: copies of it, what is erased from it by order, and how it goes on after a
//! loss.

use crate::desk::row_change;
use crate::ledger::{Entropy, Ledger};
use crate::{Desk, DeskError, MissionDir, Stamp, verify, write_durably};
use konbit_base::Digest;
use konbit_mission::state::Change;
use konbit_mission::{Event, Mission};
use konbit_record::{SignatureType, SignerKey};
use konbit_store::{Copied, Erasure, NewEpoch, Reads, RowChange, Store, last_signed, next_origin};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Kind of the entry that orders an erasure.
pub const ERASURE_KIND: &str = "erasure.ordered";

/// Kind of the entry that begins an epoch of the log.
pub const EPOCH_KIND: &str = "epoch.begun";

/// What an order to erase says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErasureOrder {
    /// The entries whose bodies went.
    pub entries: Vec<u64>,
    /// How many files went with them.
    pub attachments: u64,
    /// Why.
    pub reason: String,
    /// By what authority.
    pub authority: String,
}

/// What the entry that begins an epoch says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EpochBegun {
    /// Number of the epoch.
    pub epoch: u64,
    /// How many entries were kept.
    pub kept: u64,
    /// What happened.
    pub reason: String,
    /// The last signed checkpoint of the log that was left.
    pub checkpoint: String,
}

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseReport {
    /// Entry in which the order stands.
    pub order: u64,
    /// Records that stand no more, or otherwise: subject and id.
    pub changed: Vec<(String, String)>,
    /// Why older copies of the bytes may still lie in the directory; `None` if they are gone.
    pub remains: Option<String>,
}

/// What a copy of a mission holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// Entries of the copied record.
    pub entries: u64,
    /// Root of its tree.
    pub root: Digest,
    /// Reference files copied with it, each under its digest.
    pub files: usize,
    /// What the verification of the copy covered.
    pub covered: Vec<String>,
    /// Why the copy cannot be written to where it lies; `None` if it can.
    pub refused: Option<String>,
}

impl Desk {
    /// Erases what `entries` said, for good, by an order that is itself an entry. What stood on
    /// them alone stands no more; what also rests on others stands as those make it.
    ///
    /// Reason and authority stay in the record for ever, so they must not repeat what is erased.
    /// Files in `reference/` and copies made before are not reached. What is kept of plans and studies is removed, since
    /// it may hold what is erased.
    pub fn erase(
        &self,
        entries: &[u64],
        reason: &str,
        authority: &str,
        stamp: &Stamp,
    ) -> Result<EraseReport, DeskError> {
        if reason.trim().is_empty() || authority.trim().is_empty() {
            return Err(DeskError::Missing(
                "an order to erase needs a reason and an authority, such as a rule or a decision of a court".to_owned(),
            ));
        }
        let snapshot = self.snapshot()?;
        let (then, attachments) = {
            let ledger = self.ledger();
            let (then, problems) = verify::rebuild(&ledger.reader, entries)?;
            if let Some(problem) = problems.into_iter().next() {
                return Err(DeskError::Missing(problem.sentence));
            }
            (then, files_of(&ledger.reader, entries, &snapshot.mission)?)
        };
        let changes = differences(&snapshot.mission, &then);
        let changed = changes.iter().map(|change| (change.subject.clone(), change.id.clone())).collect();
        let order = Erasure {
            entries: entries.to_vec(),
            attachments,
            at: stamp.now,
            actor: stamp.actor.clone(),
            kind: ERASURE_KIND.to_owned(),
            reason: reason.trim().to_owned(),
            authority: authority.trim().to_owned(),
            salts: stamp.salts.clone(),
            changes,
            reads: Reads::Record { size: snapshot.head.size },
            command: None,
        };
        let done = self.writer()?.erase(order)?;
        let kept = self.kept_studies().clear().err().map(|error| error.to_string());
        let remains: Vec<String> = done.remains.into_iter().chain(kept).collect();
        let remains = (!remains.is_empty()).then(|| remains.join("; "));
        Ok(EraseReport { order: done.receipt.first, changed, remains })
    }
}

/// Plan files that only these entries name.
fn files_of(store: &Store, entries: &[u64], mission: &Mission) -> Result<Vec<Digest>, DeskError> {
    let mut files = BTreeSet::new();
    for ix in entries {
        let Some(entry) = store.entry(*ix)? else { continue };
        if let Some(Event::AdoptedPlan(plan)) = entry.body.kept().and_then(|body| Event::parse(&entry.kind, body).ok())
        {
            files.insert(plan.document);
        }
    }
    for plan in mission.plans.iter().filter(|plan| plan.entries.iter().any(|ix| !entries.contains(ix))) {
        files.remove(&plan.value.document);
    }
    Ok(files.into_iter().collect())
}

/// The rows that differ between what stands and what will stand.
fn differences(now: &Mission, then: &Mission) -> Vec<RowChange> {
    let by_id = |mission: &Mission| -> BTreeMap<(&'static str, String), Change> {
        mission.projections().into_iter().map(|change| ((change.subject, change.id.clone()), change)).collect()
    };
    let (now, mut then) = (by_id(now), by_id(then));
    let mut changes = Vec::new();
    for (key, held) in now {
        match then.remove(&key) {
            Some(made) if made == held => {}
            Some(made) => changes.push(row_change(made, u64::MAX)),
            None => changes.push(row_change(Change { body: None, entries: Vec::new(), ..held }, u64::MAX)),
        }
    }
    // What had been withdrawn by an entry that is erased stands again.
    changes.extend(then.into_values().map(|made| row_change(made, u64::MAX)));
    changes
}

/// Files of the mission directory that a copy holds besides the record.
fn copied_files(dir: &MissionDir) -> Result<Vec<PathBuf>, DeskError> {
    let folder = dir.path().join("reference");
    let failed = |error| DeskError::io("cannot read", &folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // Orders of road networks can be made again.
        if path.extension().is_some_and(|extension| extension == "geojson" || extension == "roads") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Copies one file that is named by its digest, and checks that it is what its name says.
fn copy_by_digest(from: &Path, folder: &Path) -> Result<(), DeskError> {
    let bytes = fs::read(from).map_err(|error| DeskError::io("cannot read", from, error))?;
    let stem = from.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if Digest::of(&bytes).to_string() != stem {
        return Err(DeskError::Missing(format!(
            "{} is not what its name says; import it again before copying",
            from.display()
        )));
    }
    write_durably(&folder.join(from.file_name().unwrap_or_default()), &bytes)
}

fn report(copied: Copied, files: usize) -> CopyReport {
    CopyReport {
        entries: copied.head.size,
        root: copied.head.root,
        files,
        covered: copied.report.covered,
        refused: copied.refused,
    }
}

/// Copies a mission to a new directory while it is in use: the record at one moment, verified, and
/// the files it names. The keys and the last signed head are not copied: they have to stay where a
/// copy cannot replace them.
pub fn backup(mission: &Path, to: &Path) -> Result<CopyReport, DeskError> {
    let from = MissionDir::at(mission);
    let config = from.config()?;
    let target = MissionDir::at(to);
    target.create(&config)?;
    let files = copied_files(&from)?;
    for file in &files {
        copy_by_digest(file, &to.join("reference"))?;
    }
    let copied = konbit_store::backup(from.record_path(), target.record_path())?;
    Ok(report(copied, files.len()))
}

/// Puts a copy in place: in a new directory, or in a mission directory whose record is gone. What
/// lies there of keys and signed head stays.
pub fn restore(copy: &Path, to: &Path) -> Result<CopyReport, DeskError> {
    let from = MissionDir::at(copy);
    let config = from.config()?;
    let target = MissionDir::at(to);
    if target.config_path().exists() {
        fs::create_dir_all(to.join("reference")).map_err(|error| DeskError::io("cannot make", to, error))?;
    } else {
        target.create(&config)?;
    }
    let _lock = target.lock()?;
    let files = copied_files(&from)?;
    for file in &files {
        copy_by_digest(file, &to.join("reference"))?;
    }
    let copied = konbit_store::restore(from.record_path(), target.record_path())?;
    Ok(report(copied, files.len()))
}

/// Goes on with a record that has lost entries for which a head was signed: a signed new epoch that
/// cites the old head. A fresh key is made from `entropy`; the old one is kept beside it.
pub fn begin_epoch(mission: &Path, reason: &str, stamp: &Stamp, entropy: &Entropy) -> Result<u64, DeskError> {
    if reason.trim().is_empty() {
        return Err(DeskError::Missing("a reason is needed: the record keeps what happened".to_owned()));
    }
    let dir = MissionDir::at(mission);
    dir.config()?;
    let lock = dir.lock()?;
    let left = last_signed(&dir.record_path())?.ok_or_else(|| {
        DeskError::Missing(
            "no signed head lies beside the record, so there is nothing to go on from; put the last checkpoint that a witness or reader has kept at record.head".to_owned(),
        )
    })?;
    let origin = next_origin(&left)?;
    let key = SignerKey::generate(&origin, SignatureType::Ed25519, entropy)
        .map_err(|error| DeskError::Missing(format!("the new key cannot be made: {error}")))?;
    // First where a crash cannot lose it, then in its place.
    dir.keep_next_key(&key)?;
    let order = NewEpoch {
        at: stamp.now,
        actor: stamp.actor.clone(),
        kind: EPOCH_KIND.to_owned(),
        reason: reason.trim().to_owned(),
        salts: stamp.salts.clone(),
        key,
    };
    let (store, receipt) = Store::begin_epoch(dir.record_path(), order)?;
    dir.promote_next_key()?;
    drop(Ledger::over(&dir, store, lock)?);
    Ok(receipt.first)
}

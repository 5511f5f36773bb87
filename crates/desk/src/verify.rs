//! Verification of a whole mission directory.

use crate::keeping::{EPOCH_KIND, ERASURE_KIND};
use crate::{DeskError, MissionDir};
use konbit_mission::{Event, Mission};
use konbit_record::VerifierKey;
use konbit_store::{EntryFilter, Problem, ProjectionRow, Store, StoreError, last_signed, verify_with};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub use konbit_store::VerifyReport;

/// Entries read at a time.
const BATCH: usize = 1_000;

/// Recomputes the record's tree, rebuilds the state from the entries and compares it with what is
/// kept, and checks the files that entries name. Changes nothing.
///
/// What is built on the entries is compared only where the entries themselves hold: with a broken
/// entry every comparison would fail, and say nothing new.
pub fn verify(path: &Path) -> Result<VerifyReport, DeskError> {
    let dir = MissionDir::at(path);
    dir.config()?;
    let mut compared = Vec::new();
    let mut report = verify_with(dir.record_path(), |store| {
        let (mission, mut problems) = rebuild(store, &[])?;
        if problems.is_empty() {
            problems = compare_projections(store, &mission)?;
            problems.extend(compare_files(&dir, store, &mission)?);
            compared.push(format!(
                "{} projections, against the state rebuilt from the entries",
                mission.projections().len()
            ));
            compared.push(format!(
                "{} map layers and {} plan files, by their digests",
                mission.layers.len(),
                mission.plans.len() + 2 * mission.week_plans.len()
            ));
        }
        Ok(problems)
    })?;
    report.covered.append(&mut compared);
    check_signature(&dir, &mut report)?;
    Ok(report)
}

/// Checks the signature of the last signed head by the mission's public key.
fn check_signature(dir: &MissionDir, report: &mut VerifyReport) -> Result<(), DeskError> {
    let Ok(Some(signed)) = last_signed(&dir.record_path()) else { return Ok(()) };
    let path = dir.public_key_path();
    let key = match fs::read_to_string(&path) {
        Ok(text) => VerifierKey::parse(text.trim()),
        // What could not be covered is said already.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DeskError::io("cannot read", &path, error)),
    };
    let holds = key.map_err(|error| error.to_string()).and_then(|key| match signed.verify([&key]) {
        Ok(_) => Ok(key.name().to_owned()),
        Err(error) => Err(error.to_string()),
    });
    match holds {
        Ok(name) => {
            report.not_covered.retain(|line| !line.starts_with("signature of the signed head"));
            report.covered.push(format!("signature of the signed head: by {name}"));
        }
        Err(why) => {
            report.ok = false;
            let sentence = format!("the signed head is not by the key in {}: {why}", path.display());
            report.problems.push(Problem { entry: None, sentence });
        }
    }
    Ok(())
}

/// The state that the entries make without those in `skip`, up to the first one that is not an
/// event of this version. Orders and erased entries change nothing.
pub(crate) fn rebuild(store: &Store, skip: &[u64]) -> Result<(Mission, Vec<Problem>), StoreError> {
    let mut mission = Mission::default();
    let mut next = 0;
    loop {
        let batch = store.entries(&EntryFilter { from: next, limit: BATCH, ..EntryFilter::default() })?;
        if batch.is_empty() {
            return Ok((mission, Vec::new()));
        }
        for entry in batch {
            let is_order = [ERASURE_KIND, EPOCH_KIND].contains(&entry.kind.as_str());
            if let Some(body) = entry.body.kept().filter(|_| !is_order && !skip.contains(&next)) {
                match Event::parse(&entry.kind, body) {
                    Ok(event) => mission.apply(next, event),
                    Err(error) => {
                        let sentence = format!("entry {next} cannot be understood: {error}");
                        return Ok((mission, vec![Problem { entry: Some(next), sentence }]));
                    }
                };
            }
            next += 1;
        }
    }
}

/// Compares each projection that is kept with the one that the entries make.
fn compare_projections(store: &Store, mission: &Mission) -> Result<Vec<Problem>, StoreError> {
    let mut made: BTreeMap<(String, String), (Vec<u64>, Vec<u8>)> = mission
        .projections()
        .into_iter()
        .filter_map(|change| Some(((change.subject.to_owned(), change.id), (change.entries, change.body?))))
        .collect();
    let mut problems = Vec::new();
    for ProjectionRow { subject, id, entries, body } in store.projections_all()? {
        let entry = entries.last().copied();
        if made.remove(&(subject.clone(), id.clone())) != Some((entries, body)) {
            problems.push(Problem {
                entry,
                sentence: format!("what is kept of {subject} {id} is not what the entries make it"),
            });
        }
    }
    problems.extend(made.into_iter().map(|((subject, id), (entries, _))| Problem {
        entry: entries.last().copied(),
        sentence: format!("what is kept of {subject} {id} is missing"),
    }));
    Ok(problems)
}

/// Checks the map layers in force and the files of adopted plans against their digests.
fn compare_files(dir: &MissionDir, store: &Store, mission: &Mission) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for layer in mission.layers.iter() {
        let digest = layer.value.digest;
        if !matches!(dir.reference(digest), Ok(Some(_))) {
            let path = dir.reference_path(digest);
            let sentence = format!(
                "the map layer {} is missing or altered: {}; import {} again",
                layer.value.kind.name(),
                path.display(),
                layer.value.file
            );
            problems.push(Problem { entry: layer.entries.last().copied(), sentence });
        }
    }
    for plan in mission.plans.iter() {
        if store.attachment(&plan.value.document)?.is_none() {
            let sentence = format!("the file of plan {} is missing", plan.value.id);
            problems.push(Problem { entry: plan.entries.last().copied(), sentence });
        }
    }
    for plan in mission.week_plans.iter() {
        for (what, digest) in [("file", plan.value.document), ("roster", plan.value.roster)] {
            if store.attachment(&digest)?.is_none() {
                let sentence = format!("the {what} of plan {} of the week is missing", plan.value.id);
                problems.push(Problem { entry: plan.entries.last().copied(), sentence });
            }
        }
    }
    Ok(problems)
}

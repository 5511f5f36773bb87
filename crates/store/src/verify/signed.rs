//! The signed head beside the record, and the epochs.

use super::Findings;
use crate::head_file::{self, head_path};
use crate::heads::{EpochRow, last_signed};
use crate::rows::{epoch_of, signed};
use konbit_record::{Epoch, Hash, SignedCheckpoint, VerifierKey};
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What the entry that begins an epoch says.
#[derive(Deserialize)]
struct Citation {
    checkpoint: String,
    epoch: u64,
    kept: u64,
}

/// The signed head, if there is one that can be read.
pub(super) fn read(path: &Path, findings: &mut Findings) -> Option<SignedCheckpoint> {
    if head_file::is_torn(&head_path(path)) {
        let why = "one of its two slots is not whole: a crash while it was written, or a change since";
        findings.not_covered.push(format!("newest signed head: {why}"));
    }
    last_signed(path).unwrap_or_else(|error| {
        findings.tell(None, error.to_string());
        None
    })
}

/// Compares the signed head with the roots that were recomputed, and each epoch with its entry.
pub(super) fn examine(
    db: &Connection,
    head: Option<&SignedCheckpoint>,
    roots: &BTreeMap<u64, Option<Hash>>,
    key: Option<&VerifierKey>,
    findings: &mut Findings,
) {
    let epochs: rusqlite::Result<Vec<EpochRow>> = db
        .prepare("SELECT number, origin, entry, left_origin, left_size, left_root FROM epoch ORDER BY number")
        .and_then(|mut query| query.query_map([], epoch_of)?.collect());
    let epochs = match epochs {
        Ok(epochs) => epochs,
        Err(error) => return findings.tell(None, format!("the epochs cannot be read: {error}")),
    };
    for epoch in &epochs {
        examine_epoch(db, epoch, findings);
    }
    match (head, epochs.last()) {
        // No head was ever signed: there is none to compare with, and nothing was promised.
        (None, None) => {}
        (None, Some(last)) => findings.not_covered.push(format!(
            "signed head: heads were signed as {}, and the last one is not beside this file; it may be older than that",
            last.origin
        )),
        (Some(head), last) => examine_head(head, last, roots, key, findings),
    }
}

fn examine_epoch(db: &Connection, epoch: &EpochRow, findings: &mut Findings) {
    let wrong = |findings: &mut Findings, why: &str| {
        let entry = epoch.left.as_ref().map(|left| left.entry);
        findings.tell(entry, format!("epoch {} is not as its entry says: {why}", epoch.number));
    };
    // Numbers may be left out: those of epochs that were lost themselves.
    let Some(left) = &epoch.left else {
        if epoch.number != 1 {
            wrong(findings, "it names no entry");
        }
        return;
    };
    let body: rusqlite::Result<Option<Vec<u8>>> =
        db.query_row("SELECT bytes FROM body WHERE ix = ?", [signed(left.entry)], |row| row.get(0)).optional();
    let cited = body.ok().flatten().and_then(|body| serde_json::from_slice::<Citation>(&body).ok());
    let Some(cited) = cited else { return wrong(findings, "the entry cannot be read") };
    let checkpoint = SignedCheckpoint::parse(cited.checkpoint.as_bytes());
    if !checkpoint.is_ok_and(|checkpoint| left.is(&checkpoint)) {
        wrong(findings, "it cites another head");
    } else if (cited.epoch, cited.kept) != (epoch.number, left.entry) {
        wrong(findings, "it has another number or another place");
    }
}

fn examine_head(
    head: &SignedCheckpoint,
    last: Option<&EpochRow>,
    roots: &BTreeMap<u64, Option<Hash>>,
    key: Option<&VerifierKey>,
    findings: &mut Findings,
) {
    let (size, origin) = (head.head().size, head.checkpoint().origin());
    let left = last.and_then(|last| last.left.as_ref());
    if left.is_some_and(|left| left.is(head)) {
        findings.not_covered.push("signed head: an epoch was begun, and its first head is not signed yet".to_owned());
        return;
    }
    if last.is_some_and(|last| last.origin != origin) {
        return findings.tell(None, format!("the signed head is of {origin}, which is not the log of this record"));
    }
    match roots.get(&size).copied().flatten() {
        Some(root) if root == head.head().root => {}
        Some(_) => return findings.tell(None, format!("the first {size} entries are not those of the signed head")),
        None if findings.entries < size => {
            let sentence = format!("the signed head is of {size} entries, the record holds {}", findings.entries);
            return findings.tell_entry(findings.entries, sentence);
        }
        None => return findings.not_covered.push("signed head: an entry under it is lost".to_owned()),
    }
    let citation = last.and_then(|last| last.citation().ok().flatten());
    if Epoch::of(head.checkpoint()).ok().flatten() != citation {
        return findings.tell(None, "the signed head does not cite the epoch of the record".to_owned());
    }
    match key.map(|key| head.verify([key])) {
        None => findings.not_covered.push("signature of the signed head: the log's key was not given".to_owned()),
        Some(Ok(_)) => findings.covered.push(format!("signature of the signed head: by {origin}")),
        Some(Err(error)) => findings.tell(None, format!("the signed head is not signed by the log's key: {error}")),
    }
    findings.covered.push(format!("signed head: of {size} entries, with which the record begins"));
}

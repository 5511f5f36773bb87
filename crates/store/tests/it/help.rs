//! Records to test with.

use jiff::Timestamp;
use konbit_base::Digest;
use konbit_base::canonical;
use konbit_store::{
    Attachment, Command, Erasure, NewEntry, ProjectionChange, Reads, RowChange, SaltSeed, Store, Submission,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The `n`-th entry of every test: two kinds by turns, one second apart.
pub fn entry(n: u64) -> NewEntry {
    let second = 1_696_273_200 + i64::try_from(n).unwrap();
    NewEntry {
        at: Timestamp::from_second(second).unwrap(),
        actor: format!("desk-{}", n % 3),
        kind: if n.is_multiple_of(2) { "site-added" } else { "incident-added" }.to_owned(),
        body: body(n),
    }
}

/// A body that occurs once in the file.
pub fn body(n: u64) -> Vec<u8> {
    canonical::to_bytes(&json!({"id": format!("unique-body-{n:06}"), "killed": n, "note": "kept as it came"})).unwrap()
}

pub fn entries(from: u64, to: u64) -> Vec<NewEntry> {
    (from..to).map(entry).collect()
}

/// A projection row that rests on one entry.
pub fn change(n: u64) -> ProjectionChange {
    ProjectionChange {
        subject: "thing".to_owned(),
        id: format!("thing-{n:06}"),
        entries: vec![n],
        body: Some(format!("projected-{n:06}").into_bytes()),
    }
}

pub fn attachment() -> Attachment {
    Attachment {
        media: "text/csv".to_owned(),
        name: "sites.csv".to_owned(),
        bytes: b"id,name\ns-1,attached\n".to_vec(),
    }
}

pub fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.db");
    (directory, path)
}

/// A sealed record of 9 entries: six appended one by one, three in a batch; with projections and
/// an attachment.
pub fn small(path: &Path) {
    let mut store = Store::create(path).unwrap();
    for n in 0..6 {
        store.append(n, &[entry(n)], &[change(n)], &[]).unwrap();
    }
    store.append(6, &entries(6, 9), &[change(6), change(7), change(8)], &[attachment()]).unwrap();
    store.close().unwrap();
}

/// A submission of one entry that rests on nothing read, with its projection row.
pub fn submission(n: u64) -> Submission {
    Submission {
        reads: Reads::Rows(Vec::new()),
        entries: vec![entry(n)],
        salts: salts(n),
        changes: vec![row(n)],
        attachments: Vec::new(),
        command: None,
    }
}

/// A row that rests on the submission's first entry.
pub fn row(n: u64) -> RowChange {
    let ProjectionChange { subject, id, body, .. } = change(n);
    RowChange { subject, id, entries: Vec::new(), own: vec![0], body }
}

/// A seed of its own for each `n`; no test keeps a secret with it.
pub fn salts(n: u64) -> SaltSeed {
    SaltSeed(Digest::of(&n.to_be_bytes()).0)
}

pub fn command(key: &str, content: u64) -> Command {
    Command { key: key.to_owned(), content: Digest::of(&content.to_be_bytes()) }
}

/// An order to erase `entries`, which are the `n`-th ones of [`submission`], with their rows.
pub fn order(entries: &[u64]) -> Erasure {
    Erasure {
        entries: entries.to_vec(),
        attachments: Vec::new(),
        at: entry(1_000_000).at,
        actor: "registrar".to_owned(),
        kind: "entry.erased".to_owned(),
        reason: "names a person who asked for it".to_owned(),
        authority: "court order 12/2024".to_owned(),
        salts: salts(1_000_000),
        changes: entries.iter().map(|n| RowChange { body: None, ..row(*n) }).collect(),
        reads: Reads::Rows(Vec::new()),
        command: None,
    }
}

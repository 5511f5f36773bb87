//! A file that somebody has changed: verify says so, and names the first entry that is touched.

use crate::child::key;
use crate::help::{attachment, body, command, entry, order, place, small, submission};
use konbit_base::rng::seeded;
use konbit_record::leaf_hash;
use konbit_store::{
    NewEntry, Options, Problem, Store, Submission, VerifyReport, head_path, leaf_input, verify, verify_by, verify_with,
};
use rusqlite::Connection;
use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

fn unseal(path: &Path) {
    fs::remove_file(path.with_extension("seal")).unwrap();
}

fn poke(path: &Path, at: usize, byte: u8) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[byte]).unwrap();
}

/// Where `needle` lies in the file; it has to lie there `times` times.
fn places(bytes: &[u8], needle: &[u8], times: usize) -> Vec<usize> {
    let found: Vec<_> =
        bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle).map(|(at, _)| at).collect();
    assert_eq!(found.len(), times, "{:?}", String::from_utf8_lossy(needle));
    found
}

#[test]
fn a_clean_record_verifies_and_every_byte_of_it_is_covered() {
    let (_keep, path) = place();
    small(&path);
    let report = verify(&path).unwrap();
    assert!(report.ok && report.first_bad.is_none() && report.entries == 9, "{report:?}");
    assert_eq!(report.root, Some(Store::open_read_only(&path).unwrap().head().unwrap().root));
    assert!(report.covered.iter().any(|what| what.contains("every byte")), "{report:?}");
}

#[test]
fn after_any_byte_of_a_closed_record_was_changed_verify_says_so() {
    let (_keep, path) = place();
    small(&path);
    let clean = fs::read(&path).unwrap();
    let mut rng = seeded(2023, 0);
    let draw = (0..2_500).map(|_| usize::try_from(rng.below(clean.len() as u64)).unwrap()).collect::<Vec<_>>();
    // Every byte of the first page, where the header is, and a sample of all.
    for at in (0..4096).chain(draw) {
        let mask = u8::try_from(rng.below(255) + 1).unwrap();
        poke(&path, at, clean[at] ^ mask);
        let report = verify(&path).unwrap();
        assert!(!report.ok && !report.problems.is_empty(), "byte {at} changed by {mask:#x}: {report:?}");
        poke(&path, at, clean[at]);
    }
    assert!(verify(&path).unwrap().ok);
    assert_eq!(fs::read(&path).unwrap(), clean, "verify has not written");
}

/// A sealed and signed record with rows in every table.
fn full(path: &Path) {
    let mut store = Store::create(path).unwrap();
    store.sign_with(key()).unwrap();
    store.append(0, &[entry(0)], &[], &[attachment()]).unwrap();
    for n in 1..6 {
        let command = Some(command(&format!("key-{n}"), n));
        store.submit(Submission { command, ..submission(n) }).unwrap();
    }
    store.erase(order(&[3])).unwrap();
    store.close().unwrap();
    let tables = ["entry", "node", "head", "projection", "attachment", "body", "erased", "command", "epoch"];
    let db = Connection::open(path).unwrap();
    for table in tables {
        let rows: u64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "{table} is empty");
    }
}

#[test]
fn after_any_byte_of_a_record_with_bodies_commands_and_epochs_was_changed_verify_says_so() {
    let (_keep, path) = place();
    full(&path);
    let report = verify(&path).unwrap();
    assert!(report.ok && report.erased == 1, "{report:?}");
    let clean = fs::read(&path).unwrap();
    let mut rng = seeded(2023, 1);
    for _ in 0..2_500 {
        let at = usize::try_from(rng.below(clean.len() as u64)).unwrap();
        let mask = u8::try_from(rng.below(255) + 1).unwrap();
        poke(&path, at, clean[at] ^ mask);
        let report = verify(&path).unwrap();
        assert!(!report.ok && !report.problems.is_empty(), "byte {at} changed by {mask:#x}: {report:?}");
        poke(&path, at, clean[at]);
    }
    assert!(verify(&path).unwrap().ok);

    // Of the signed head: the note does not hold, or the slot does not.
    let head = head_path(&path);
    let clean = fs::read(&head).unwrap();
    let key = key();
    let look = || verify_by(&path, Options { log_key: Some(key.verifier()), ..Options::default() }).unwrap();
    let torn = |report: &VerifyReport| report.not_covered.iter().any(|what| what.contains("newest signed head"));
    assert!(look().ok && !torn(&look()));
    for (at, byte) in clean.iter().enumerate().step_by(7) {
        poke(&head, at, byte ^ 0x15);
        let report = look();
        assert!(!report.ok || torn(&report), "byte {at} of the head: {report:?}");
        poke(&head, at, *byte);
    }
}

/// Changes each byte of `needle` in turn; every time entry `ix` has to be named.
fn check_bytes(path: &Path, clean: &[u8], needle: &[u8], times: usize, ix: u64) {
    for start in places(clean, needle, times) {
        for (at, byte) in clean.iter().enumerate().skip(start).take(needle.len()) {
            poke(path, at, byte ^ 0x15);
            let report = verify(path).unwrap();
            assert!(!report.ok && report.first_bad == Some(ix), "byte {at}, entry {ix}: {report:?}");
            poke(path, at, *byte);
        }
    }
}

#[test]
fn the_entry_whose_body_or_leaf_was_changed_is_named_with_and_without_a_seal() {
    let (_keep, path) = place();
    small(&path);
    let clean = fs::read(&path).unwrap();
    for sealed in [true, false] {
        if !sealed {
            unseal(&path);
        }
        for ix in 0..9 {
            check_bytes(&path, &clean, &body(ix), 1, ix);
            // The first leaf is at the same time the root of the first head.
            let times = if ix == 0 { 2 } else { 1 };
            check_bytes(&path, &clean, &leaf_hash(&leaf_input(&entry(ix))), times, ix);
        }
    }
}

fn check_report(report: &VerifyReport, first_bad: Option<u64>, expect: &str) {
    assert!(!report.ok, "{expect}: {report:?}");
    assert_eq!(report.first_bad, first_bad, "{expect}: {report:?}");
    assert!(report.problems.iter().any(|problem| problem.sentence.contains(expect)), "{expect}: {report:?}");
}

/// Changes a record through the database itself, as somebody would who knows it; no seal, so that
/// nothing but the tree can tell.
fn check_sql(sql: &str, first_bad: Option<u64>, expect: &str) {
    let (_keep, path) = place();
    small(&path);
    unseal(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
    db.execute_batch(sql).unwrap();
    drop(db);
    check_report(&verify(&path).unwrap(), first_bad, expect);
}

#[test]
fn what_was_changed_through_the_database_is_named() {
    let swap = "UPDATE entry SET ix = -1 WHERE ix = 3; UPDATE entry SET ix = 3 WHERE ix = 6;
                UPDATE entry SET ix = 6 WHERE ix = -1;";
    // A swapped entry still has its own leaf: what differs is the tree from there on.
    check_sql(swap, Some(3), "the head of 4 entries has another root: entries 3 to 3 or it");
    check_sql("UPDATE entry SET actor = 'x' WHERE ix = 4", Some(4), "entry 4 does not match its leaf");
    check_sql("UPDATE entry SET at = '2024-01-01T00:00:00Z' WHERE ix = 0", Some(0), "entry 0 does not match");
    check_sql("UPDATE entry SET kind = 'x' WHERE ix > 6", Some(7), "entry 7 does not match its leaf");
    check_sql("UPDATE entry SET leaf = zeroblob(32) WHERE ix = 8", Some(8), "entry 8 does not match its leaf");
    check_sql("DELETE FROM entry WHERE ix = 0", Some(0), "entry 0 is missing");
    check_sql("DELETE FROM entry WHERE ix = 5", Some(5), "entry 5 is missing");
    check_sql("DELETE FROM entry WHERE ix = 8", Some(8), "a head states 9 entries, the record holds 8");
    check_sql("DELETE FROM entry", Some(0), "a head states 1 entries, the record holds 0");
    check_sql("UPDATE entry SET ix = 40 WHERE ix = 8", Some(8), "entry 8 is missing");
    check_sql("UPDATE entry SET ix = -7 WHERE ix = 0", Some(0), "entry -7 stands where entry 0 belongs");
    check_sql("UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND ix = 2", Some(4), "entries 4 to 5");
    check_sql("DELETE FROM node WHERE level = 2 AND ix = 1", Some(4), "(entries 4 to 7) is missing");
    check_sql("INSERT INTO node VALUES (5, 0, zeroblob(32))", None, "the tree holds 8 nodes, and 7 belong to it");
    check_sql("UPDATE head SET root = zeroblob(32) WHERE size = 3", Some(2), "the head of 3 entries has another root");
    check_sql("UPDATE head SET at = 'x' WHERE size = 9", Some(8), "has not the time of entry 8");
    check_sql("DELETE FROM head WHERE size = 9", Some(6), "entries 6 to 8 belong to no head");
    check_sql("UPDATE head SET size = 12 WHERE size = 9", Some(9), "a head states 12 entries");
    check_sql("UPDATE head SET size = -2 WHERE size = 2", None, "a head of -2 entries stands out of order");
    check_sql("UPDATE attachment SET bytes = x'00'", None, "the attachment sites.csv is not what its digest says");
    check_sql(
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END",
        None,
        "not defined as this program",
    );
    check_sql("DROP INDEX entry_kind", None, "not defined as this program");
    check_sql("PRAGMA application_id = 1", None, "not marked as a record");
    check_sql("PRAGMA user_version = 0", None, "the form of the file");
}

/// Rewrites entry `ix` with its leaf, as a forger would who knows the form of a leaf.
fn forge(path: &Path, ix: u64) {
    let forged = NewEntry { body: b"{\"forged\":true}".to_vec(), ..entry(ix) };
    let leaf = leaf_hash(&leaf_input(&forged));
    let db = Connection::open(path).unwrap();
    let row = (&forged.body, leaf, ix);
    assert_eq!(db.execute("UPDATE entry SET body = ?, leaf = ? WHERE ix = ?", row).unwrap(), 1);
}

#[test]
fn an_entry_rewritten_together_with_its_leaf_is_found_by_the_tree() {
    // Entries 0 to 5 have a head each, so it is exact; 6 to 8 share one, and nodes narrow it.
    for (ix, named) in [(0, 0), (1, 1), (4, 4), (5, 5), (6, 6), (7, 6), (8, 6)] {
        let (_keep, path) = place();
        small(&path);
        unseal(&path);
        forge(&path, ix);
        check_report(&verify(&path).unwrap(), Some(named), "has another root");
    }
}

#[test]
fn entries_cut_off_with_their_heads_are_missed_only_by_the_seal() {
    let (_keep, path) = place();
    small(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch("DELETE FROM entry WHERE ix >= 6; DELETE FROM head WHERE size > 6; DELETE FROM node WHERE (ix + 1) << level > 6;")
        .unwrap();
    drop(db);
    check_report(&verify(&path).unwrap(), Some(6), "the seal states 9 entries, the record holds 6");
    // Without the seal, or with an older one, nothing in this file can tell: that takes a head
    // that an outsider has kept. This is stated in the crate's documentation.
    unseal(&path);
    assert!(verify(&path).unwrap().ok);
}

#[test]
fn a_rewritten_history_under_the_old_seal_is_told() {
    let (keep, path) = place();
    small(&path);
    let other = keep.path().join("other.db");
    let mut store = Store::create(&other).unwrap();
    for n in 0..12 {
        store.append(n, &[entry(n + 100)], &[], &[]).unwrap();
    }
    store.close().unwrap();
    fs::copy(&other, &path).unwrap();
    check_report(&verify(&path).unwrap(), None, "the first 9 entries are not the ones that were sealed");
}

#[test]
fn a_truncated_lengthened_or_overwritten_file_is_told() {
    let (_keep, path) = place();
    small(&path);
    let clean = fs::read(&path).unwrap();
    for length in [0, 1, 50, 100, 511, 4095, 4096, 5000, 8192, clean.len() - 4096, clean.len() - 1] {
        fs::write(&path, &clean[..length]).unwrap();
        let report = verify(&path).unwrap();
        assert!(!report.ok, "cut to {length} bytes: {report:?}");
    }
    for more in [1, 4096] {
        let mut long = clean.clone();
        long.resize(clean.len() + more, 0);
        fs::write(&path, &long).unwrap();
        check_report(&verify(&path).unwrap(), None, "the file differs from its seal");
    }
    fs::write(&path, vec![0xA5; clean.len()]).unwrap();
    check_report(&verify(&path).unwrap(), Some(0), "entry 0 cannot be read: file is not a database");
}

#[test]
fn the_first_entry_on_a_page_that_cannot_be_read_is_named_and_the_others_are_still_looked_at() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.append(0, &crate::help::entries(0, 400), &[], &[]).unwrap();
    store.close().unwrap();
    unseal(&path);
    let db = Connection::open(&path).unwrap();
    let pages: Vec<usize> = db
        .prepare("SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' ORDER BY path")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(db);
    // A leaf page begins with the mark 13; with another one it is none.
    let page = (pages[pages.len() / 2] - 1) * 4096;
    assert_eq!(fs::read(&path).unwrap()[page], 13);
    poke(&path, page, 99);
    let db = Connection::open(&path).unwrap();
    let is_lost = |n: &u64| db.query_row("SELECT body FROM entry WHERE ix = ?", [n], |_| Ok(())).is_err();
    let lost: Vec<u64> = (0..400).filter(is_lost).collect();
    assert!(lost[0] > 100 && lost.len() > 5 && lost.len() < 50, "{lost:?}");
    drop(db);
    let report = verify(&path).unwrap();
    check_report(&report, Some(lost[0]), &format!("entry {} cannot be read", lost[0]));
    assert_eq!((report.entries, report.root), (400 - lost.len() as u64, None), "{report:?}");
}

#[test]
fn what_the_caller_finds_about_projections_is_part_of_the_answer() {
    let (_keep, path) = place();
    small(&path);
    let projected = |store: &Store| {
        let rows = store.snapshot()?.projections;
        let wrong = rows.into_iter().filter(|row| row.body != format!("projected-{:06}", row.entries[0]).into_bytes());
        Ok(wrong.map(|row| Problem { entry: Some(row.entries[0]), sentence: format!("{} differs", row.id) }).collect())
    };
    let report = verify_with(&path, projected).unwrap();
    assert!(report.ok && report.not_covered.is_empty(), "{report:?}");
    unseal(&path);
    let db = Connection::open(&path).unwrap();
    db.execute("UPDATE projection SET body = x'00' WHERE id = 'thing-000005'", []).unwrap();
    drop(db);
    check_report(&verify_with(&path, projected).unwrap(), Some(5), "thing-000005 differs");
}

#[test]
fn an_attachment_changed_in_the_file_is_told() {
    let (_keep, path) = place();
    small(&path);
    unseal(&path);
    let clean = fs::read(&path).unwrap();
    for at in places(&clean, &attachment().bytes, 1) {
        poke(&path, at + 3, clean[at + 3] ^ 1);
        check_report(&verify(&path).unwrap(), None, "is not what its digest says");
    }
}

//! Erasing a body for good: the bytes are gone, every proof holds, and the order is in the record.

use crate::help::{attachment, body, command, entry, order, place, row, salts, submission};
use konbit_base::Digest;
use konbit_record::{leaf_hash, verify_consistency, verify_inclusion};
use konbit_store::{Body, Erasure, Reads, Receipt, RowChange, Store, StoreError, Submission, verify};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// A record of `count` entries of the second form, each with its own append and row.
fn record(path: &Path, count: u64) -> Store {
    let mut store = Store::create(path).unwrap();
    for n in 0..count {
        let receipt = store.submit(submission(n)).unwrap();
        assert_eq!((receipt.first, receipt.count, receipt.head.size), (n, 1, n + 1));
    }
    store
}

/// Whether `needle` lies in any file of the directory, whatever its name.
fn lies_in(directory: &Path, needle: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|item| {
        let bytes = fs::read(item.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn erased_bytes_lie_in_no_file_and_every_proof_still_holds() {
    let (keep, path) = place();
    let mut store = record(&path, 40);
    let before: Vec<_> = (0..40).map(|n| store.entry(n).unwrap().unwrap()).collect();
    let head = store.head().unwrap();
    let opening = store.opening(17).unwrap().unwrap();
    assert_eq!(opening.body, body(17));
    // Both halves of the claim below are about something: the bytes are there before.
    assert!(lies_in(keep.path(), &opening.salt) && lies_in(keep.path(), &body(17)));

    let erased = store.erase(order(&[17, 18])).unwrap();
    assert_eq!((erased.receipt.first, erased.remains), (40, None));
    for n in [17, 18] {
        assert!(!lies_in(keep.path(), &salts(n).salt(0)), "the salt of {n} is gone");
        assert!(!lies_in(keep.path(), format!("unique-body-{n:06}").as_bytes()), "the body of {n} is gone");
        assert!(!lies_in(keep.path(), format!("projected-{n:06}").as_bytes()), "the row of {n} is gone");
        assert_eq!(store.entry(n).unwrap().unwrap().body, Body::Erased { by: 40 });
        assert_eq!(store.opening(n).unwrap(), None);
    }
    assert!(lies_in(keep.path(), &body(19)));
    let now = store.head().unwrap();
    let plain = |proof: Vec<Digest>| proof.into_iter().map(|digest| digest.0).collect::<Vec<_>>();
    for n in 0..40 {
        let entry = store.entry(n).unwrap().unwrap();
        assert_eq!(entry.leaf_bytes(), before[usize::try_from(n).unwrap()].leaf_bytes());
        let proof = plain(store.inclusion_proof(n, now.size).unwrap());
        verify_inclusion(n, now.size, &leaf_hash(&entry.leaf_bytes().unwrap()), &proof, &now.root.0).unwrap();
    }
    let proof = plain(store.consistency_proof(40, 41).unwrap());
    verify_consistency(40, 41, &head.root.0, &now.root.0, &proof).unwrap();
    store.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.ok && report.erased == 2 && report.erased_by == [40], "{report:?}");
    assert!(!lies_in(keep.path(), &salts(17).salt(0)));
}

#[test]
fn a_body_that_lies_on_pages_that_were_split_and_filled_again_leaves_no_copy() {
    let (keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    // Rows of changing length, written again and again, so that pages split and cells move.
    for n in 0..300 {
        let length = 20 + usize::try_from(n * 37 % 900).unwrap();
        let filled = |n: u64| Some(format!("projected-{n:06}{}", "x".repeat(length)).into_bytes());
        let changes = vec![
            RowChange { body: filled(n), ..row(n) },
            RowChange { body: filled(n / 2), entries: vec![n / 2], own: vec![0], ..row(n / 2) },
        ];
        store.submit(Submission { changes, ..submission(n) }).unwrap();
    }
    let gone = |id: u64| RowChange { body: None, ..row(id) };
    let resting: Vec<_> = (0..300).filter(|id| [7, id * 2, id * 2 + 1].contains(&7) && *id == 7 || *id == 3).collect();
    let changes = resting.iter().copied().map(gone).collect();
    let erased = store.erase(Erasure { changes, ..order(&[7]) }).unwrap();
    assert_eq!(erased.remains, None);
    for needle in ["unique-body-000007", "projected-000007", "projected-000003"] {
        assert!(!lies_in(keep.path(), needle.as_bytes()), "{needle}");
    }
    assert!(lies_in(keep.path(), b"projected-000008"));
}

#[test]
fn what_a_reader_of_the_log_keeps_from_going_goes_at_the_next_opening() {
    let (keep, path) = place();
    let mut store = record(&path, 5);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry;").unwrap();
    let erased = store.erase(order(&[2])).unwrap();
    assert!(erased.remains.unwrap().contains("still reading the log"));
    assert_eq!(store.entry(2).unwrap().unwrap().body, Body::Erased { by: 5 });
    assert!(lies_in(keep.path(), &body(2)));
    let report = verify(&path).unwrap();
    assert!(report.ok && report.not_covered.iter().any(|what| what.contains("1 erased bodies")), "{report:?}");
    drop(reader);
    drop(store);
    assert!(!lies_in(keep.path(), &body(2)));
    assert!(verify(&path).unwrap().ok);
}

fn check_refused(store: &mut Store, order: Erasure, expect: &str) {
    let size = store.head().unwrap().size;
    let error = store.erase(order).unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains(expect), "{error}");
    assert_eq!(store.head().unwrap().size, size);
}

#[test]
fn an_order_that_cannot_be_followed_changes_nothing() {
    let (_keep, path) = place();
    let mut store = record(&path, 4);
    store.append(4, &[entry(4)], &[], &[]).unwrap();
    store.erase(order(&[1])).unwrap();
    check_refused(&mut store, order(&[]), "at least one entry");
    check_refused(&mut store, order(&[2, 0]), "rising order");
    check_refused(&mut store, order(&[0, 0]), "each once");
    check_refused(&mut store, Erasure { reason: " ".to_owned(), ..order(&[0]) }, "say why");
    check_refused(&mut store, order(&[6]), "the record holds 6 entries");
    check_refused(&mut store, order(&[1]), "entry 5 has ordered it already");
    check_refused(&mut store, order(&[4]), "it is of the first form");
    check_refused(&mut store, order(&[5]), "it is itself an order");
    let forgetful = Erasure { changes: Vec::new(), ..order(&[3]) };
    check_refused(&mut store, forgetful, "the projection thing/thing-000003 rests on it");
    let stale = Erasure { reads: Reads::Record { size: 5 }, ..order(&[3]) };
    assert!(matches!(store.erase(stale), Err(StoreError::Moved { expected: 5, found: 6 })));
    assert!(store.opening(3).unwrap().is_some());
}

#[test]
fn an_erased_command_is_still_answered_and_its_attachment_goes_when_named() {
    let (keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    let first = Submission { command: Some(command("k-1", 1)), attachments: vec![attachment()], ..submission(0) };
    let receipt = store.submit(first.clone()).unwrap();
    let digest = Digest::of(&1u64.to_be_bytes()).0;
    assert!(lies_in(keep.path(), &digest) && lies_in(keep.path(), &attachment().bytes));
    store.erase(Erasure { attachments: vec![attachment().digest()], ..order(&[0]) }).unwrap();
    assert!(!lies_in(keep.path(), &digest) && !lies_in(keep.path(), &attachment().bytes));
    assert_eq!(store.submit(first).unwrap(), Receipt { repeated: true, ..receipt });
    assert_eq!(store.attachment(&attachment().digest()).unwrap(), None);
    store.close().unwrap();
    assert!(verify(&path).unwrap().ok);
}

/// Changes a record with an erasure through the database itself; the seal is gone.
fn check_sql(sql: &str, first_bad: Option<u64>, expect: &str) {
    let (_keep, path) = place();
    let mut store = record(&path, 6);
    store.erase(order(&[2])).unwrap();
    store.close().unwrap();
    fs::remove_file(path.with_extension("seal")).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
    db.execute_batch(sql).unwrap();
    drop(db);
    let report = verify(&path).unwrap();
    assert!(!report.ok && report.first_bad == first_bad, "{sql}: {report:?}");
    assert!(report.problems.iter().any(|problem| problem.sentence.contains(expect)), "{sql}: {report:?}");
}

#[test]
fn a_body_that_is_not_what_its_leaf_commits_to_is_named() {
    check_sql("UPDATE body SET bytes = x'7b7d' WHERE ix = 4", Some(4), "the body of entry 4 is not the one");
    check_sql("UPDATE body SET salt = zeroblob(32) WHERE ix = 0", Some(0), "the body of entry 0 is not the one");
    check_sql("UPDATE entry SET commitment = zeroblob(32) WHERE ix = 3", Some(3), "entry 3 does not match its leaf");
    check_sql("UPDATE entry SET commitment = NULL WHERE ix = 3", Some(3), "entry 3 does not match its leaf");
    check_sql("UPDATE entry SET body = x'7b7d' WHERE ix = 3", Some(3), "a body in its own row");
    check_sql("DELETE FROM body WHERE ix = 5", Some(5), "the body of entry 5 is missing; no order erased it");
    check_sql("DELETE FROM erased", Some(2), "the body of entry 2 is missing; no order erased it");
    check_sql(
        "DELETE FROM body WHERE ix = 5; INSERT INTO erased VALUES (5, 6, 1)",
        Some(5),
        "entry 5 is erased, but entry 6 does not order it",
    );
    check_sql("UPDATE erased SET by = 1", Some(2), "entry 2 is erased, but entry 1 does not order it");
    check_sql(
        "INSERT INTO body SELECT 2, salt, bytes FROM body WHERE ix = 1",
        Some(2),
        "is there, although entry 6 ordered it erased",
    );
    check_sql("INSERT INTO body SELECT 99, salt, bytes FROM body WHERE ix = 1", None, "bodies are kept or erased");
    check_sql("INSERT INTO command VALUES ('k', NULL, 6, 3)", None, "answers to commands are about entries beyond");
}

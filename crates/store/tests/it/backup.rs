//! Backups: made beside a writer, verified, and put back only where nothing is.

use crate::help::{attachment, order, place, row, small, submission};
use konbit_store::{Reads, RowChange, Sequencer, Store, StoreError, Submission, backup, restore, verify};
use rusqlite::Connection;
use std::fs;
use std::thread;

#[test]
fn a_backup_made_beside_a_writer_is_one_moment_of_the_record_whole() {
    let (keep, path) = place();
    let sequencer = Sequencer::start(Store::create(&path).unwrap(), konbit_store::Limits::default()).unwrap();
    sequencer.submit(Submission { attachments: vec![attachment()], ..submission(0) }).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| (1..400).for_each(|n| assert!(sequencer.submit(submission(n)).is_ok())));
        let mut last = 0;
        for round in 0..6 {
            let to = keep.path().join(format!("backup-{round}.db"));
            let copied = backup(&path, &to).unwrap();
            assert!(copied.head.size > 0 && copied.head.size >= last && copied.refused.is_none(), "{copied:?}");
            last = copied.head.size;
            let report = verify(&to).unwrap();
            assert!(report.ok && report.root == Some(copied.head.root), "{report:?}");
            assert!(report.covered.iter().any(|what| what.contains("every byte")), "{report:?}");
            let store = Store::open_read_only(&to).unwrap();
            assert_eq!(store.projections_all().unwrap().len() as u64, copied.head.size);
            assert_eq!(store.attachment(&attachment().digest()).unwrap(), Some(attachment()));
        }
        writer.join().unwrap();
    });
    let head = sequencer.status().head;
    assert_eq!(backup(&path, keep.path().join("last.db")).unwrap().head, head);
    sequencer.close().unwrap();

    // Put back elsewhere it is the same record, and goes on.
    let place = keep.path().join("elsewhere");
    fs::create_dir(&place).unwrap();
    let restored = restore(keep.path().join("last.db"), place.join("record.db")).unwrap();
    assert_eq!((restored.head, restored.refused), (head, None));
    let mut store = Store::open(place.join("record.db")).unwrap();
    let reads = Reads::Record { size: head.size };
    store.submit(Submission { reads, changes: vec![RowChange { own: vec![0], ..row(5) }], ..submission(5) }).unwrap();
    store.close().unwrap();
    assert!(verify(place.join("record.db")).unwrap().ok);
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_of_what_failed() {
    let (keep, path) = place();
    small(&path);
    let to = keep.path().join("backup.db");
    fs::write(&to, "mine").unwrap();
    assert!(matches!(backup(&path, &to), Err(StoreError::Exists { .. })));
    assert_eq!(fs::read(&to).unwrap(), b"mine");
    fs::remove_file(&to).unwrap();
    // A log that lies there would be taken for a part of the copy.
    let log = keep.path().join("backup.db-wal");
    fs::write(&log, "old").unwrap();
    assert!(
        matches!(backup(&path, &to), Err(StoreError::Exists { path }) if path == log.canonicalize().unwrap() || path == log)
    );
    fs::remove_file(&log).unwrap();
    assert!(matches!(backup(&path, keep.path().join("no/backup.db")), Err(StoreError::Missing { .. })));
    assert!(matches!(restore(keep.path().join("none.db"), &to), Err(StoreError::Missing { .. })));
    backup(&path, &to).unwrap();
    assert!(matches!(restore(&to, &path), Err(StoreError::Exists { .. })));
    // Readers leave an empty log and its index behind; they outlive a file that is moved away, and are in nobody's way.
    fs::remove_file(&to).unwrap();
    fs::write(&log, "").unwrap();
    fs::write(keep.path().join("backup.db-shm"), "index").unwrap();
    restore(&path, &to).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(keep.path()).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["backup.db", "backup.seal", "record.db", "record.seal"]);
}

fn check_damaged(sql: &str) {
    let (keep, path) = place();
    small(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(sql).unwrap();
    drop(db);
    let to = keep.path().join("backup.db");
    let error = backup(&path, &to).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }) && error.to_string().contains("does not verify"), "{error}");
    assert!(!to.exists() && !to.with_extension("seal").exists() && !keep.path().join("backup.db.part").exists());
}

#[test]
fn a_damaged_record_gives_no_backup() {
    check_damaged("UPDATE entry SET actor = 'x' WHERE ix = 4");
    check_damaged("DELETE FROM entry WHERE ix = 8");
    check_damaged("UPDATE attachment SET bytes = x'00'");
}

#[test]
fn a_backup_holds_nothing_that_was_erased_before() {
    let (keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    for n in 0..20 {
        store.submit(submission(n)).unwrap();
    }
    store.erase(order(&[3])).unwrap();
    let to = keep.path().join("backup.db");
    backup(&path, &to).unwrap();
    let bytes = fs::read(&to).unwrap();
    let lies = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(!lies(b"unique-body-000003") && lies(b"unique-body-000004"));
}

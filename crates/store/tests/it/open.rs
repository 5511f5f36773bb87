//! Opening what is not a record, and closing what is.

use crate::help::{entries, entry, place, small};
use konbit_store::{Closed, Store, StoreError, verify};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

fn check(path: &Path, expect: &str) {
    let found = [
        Store::open(path).map(drop).unwrap_err().to_string(),
        Store::open_read_only(path).map(drop).unwrap_err().to_string(),
    ];
    for message in found {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(message.contains(expect) && message.contains(name), "{message}");
    }
}

#[test]
fn what_is_not_a_record_is_told_apart_with_a_sentence() {
    let (keep, path) = place();
    check(&path, "does not exist; make a mission directory with `konbit init`");
    assert!(matches!(verify(&path), Err(StoreError::Missing { .. })));
    check(&path.join("below"), "does not exist");
    check(keep.path(), "is not a file");
    assert!(matches!(verify(keep.path()), Err(StoreError::NotAFile { .. })));
    fs::write(&path, "").unwrap();
    check(&path, "it is empty");
    fs::write(&path, "a text that is no database, long enough to be looked at as one. ".repeat(100)).unwrap();
    check(&path, "it is not an SQLite database");
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    check(&path, "database of another program");
}

#[test]
fn a_record_of_a_newer_program_is_left_alone() {
    let (_keep, path) = place();
    small(&path);
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    check(&path, "its form is 99, this program knows up to 2");
    let report = verify(&path).unwrap();
    assert!(!report.ok, "{report:?}");
}

#[test]
fn create_does_not_touch_what_is_there() {
    let (keep, path) = place();
    fs::write(&path, "mine").unwrap();
    assert!(matches!(Store::create(&path), Err(StoreError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert!(matches!(Store::create(keep.path().join("no/record.db")), Err(StoreError::Missing { .. })));
}

#[test]
fn a_record_that_another_holds_locked_is_busy() {
    let (_keep, path) = place();
    small(&path);
    let mut store = Store::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Waits its five seconds: the only slow case here, and the only way to see it end.
    let error = store.append(9, &[entry(9)], &[], &[]).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    // Reading goes on meanwhile, and once the lock is gone so does appending.
    assert_eq!(store.entry_count().unwrap(), 9);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append(9, &[entry(9)], &[], &[]).unwrap().size, 10);
}

#[test]
fn a_store_that_was_opened_for_reading_does_not_append() {
    let (_keep, path) = place();
    small(&path);
    let mut store = Store::open_read_only(&path).unwrap();
    assert!(matches!(store.append(9, &[entry(9)], &[], &[]), Err(StoreError::ReadOnly { .. })));
    assert_eq!(store.close().unwrap(), Closed::Unchanged);
}

#[test]
fn the_durability_the_record_promises_is_switched_on() {
    let (_keep, path) = place();
    small(&path);
    let mark = |name: &str| -> i64 {
        Connection::open(&path).unwrap().query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((mark("application_id"), mark("user_version")), (0x4B4E_4254, 2));
    // Bytes 18 and 19 of the header are 2 for a write-ahead log.
    assert_eq!(fs::read(&path).unwrap()[18..20], [2, 2]);
}

#[test]
fn a_clean_close_leaves_one_file_and_its_seal() {
    let (keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.append(0, &entries(0, 3), &[], &[]).unwrap();
    assert_eq!(store.close().unwrap(), Closed::Sealed);
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(keep.path()).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["record.db", "record.seal"]);
    let before = (fs::read(&path).unwrap(), fs::read(path.with_extension("seal")).unwrap());

    // Verifying, and opening without appending, changes nothing.
    let report = verify(&path).unwrap();
    assert!(report.ok && report.not_covered == ["projections: not compared with the entries"], "{report:?}");
    assert_eq!(names(), ["record.db", "record.seal"]);
    drop(Store::open(&path).unwrap());
    assert_eq!(names(), ["record.db", "record.seal"]);
    assert_eq!((fs::read(&path).unwrap(), fs::read(path.with_extension("seal")).unwrap()), before);

    // A store that is only dropped is sealed as well.
    let mut store = Store::open(&path).unwrap();
    store.append(3, &[entry(3)], &[], &[]).unwrap();
    drop(store);
    let report = verify(&path).unwrap();
    assert!(report.ok && report.entries == 4 && report.not_covered.len() == 1, "{report:?}");
}

#[test]
fn nothing_is_added_to_a_file_that_is_not_as_it_was_sealed() {
    let (_keep, path) = place();
    small(&path);
    let clean = fs::read(&path).unwrap();
    let seal = fs::read(path.with_extension("seal")).unwrap();
    let refused = || match Store::open(&path) {
        Err(error @ StoreError::Seal { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };

    // Byte 80 of the header is reserved and nothing reads it.
    let mut changed = clean.clone();
    changed[80] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert!(refused().contains("bytes of the file have been changed"));
    assert_eq!(fs::read(&path).unwrap(), changed, "a refused file is left as it is");
    assert_eq!(fs::read(path.with_extension("seal")).unwrap(), seal);

    // An older copy under a newer seal.
    let mut store = {
        fs::write(&path, &clean).unwrap();
        Store::open(&path).unwrap()
    };
    store.append(9, &[entry(9)], &[], &[]).unwrap();
    store.close().unwrap();
    fs::write(&path, &clean).unwrap();
    assert!(refused().contains("it held 10 entries and holds 9 now"));

    // A seal that was altered; and none at all, which is the way on.
    fs::write(path.with_extension("seal"), "{}").unwrap();
    assert!(refused().contains("the seal is not readable"));
    fs::remove_file(path.with_extension("seal")).unwrap();
    assert_eq!(Store::open(&path).unwrap().entry_count().unwrap(), 9);
}

#[test]
fn a_path_with_marks_that_mean_something_elsewhere_is_a_path() {
    let (keep, _) = place();
    let path = keep.path().join("50 % ?of#it é");
    fs::create_dir(&path).unwrap();
    small(&path.join("record.db"));
    assert!(verify(path.join("record.db")).unwrap().ok);
    assert_eq!(Store::open_read_only(path.join("record.db")).unwrap().entry_count().unwrap(), 9);
}

//! Appending and reading.

use crate::help::{attachment, body, change, entries, entry, place};
use konbit_base::Digest;
use konbit_record::{leaf_hash, root_of, verify_consistency, verify_inclusion};
use konbit_store::{
    Attachment, Body, EntryFilter, NewEntry, Order, ProjectionChange, Store, StoreError, leaf_input, verify,
};
use std::collections::BTreeMap;

fn root(count: u64) -> Digest {
    Digest(root_of(&entries(0, count).iter().map(|entry| leaf_hash(&leaf_input(entry))).collect::<Vec<_>>()))
}

#[test]
fn what_was_appended_is_what_is_read_also_after_closing() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    let empty = store.head().unwrap();
    assert_eq!((empty.size, empty.root, empty.at), (0, root(0), None));
    store.append(0, &entries(0, 3), &[change(0)], &[attachment()]).unwrap();
    let head = store.append(3, &entries(3, 7), &[], &[]).unwrap();
    assert_eq!((head.size, head.root, head.at), (7, root(7), Some(entry(6).at)));
    store.close().unwrap();

    for store in [Store::open(&path).unwrap(), Store::open_read_only(&path).unwrap()] {
        assert_eq!(store.head().unwrap(), head);
        assert_eq!(store.entry_count().unwrap(), 7);
        for n in 0..7 {
            let (found, expect) = (store.entry(n).unwrap().unwrap(), entry(n));
            assert_eq!((found.ix, found.at, found.actor, found.kind), (n, expect.at, expect.actor, expect.kind));
            assert_eq!((found.body, found.leaf), (Body::Kept(body(n)), Digest(leaf_hash(&leaf_input(&entry(n))))));
        }
        assert_eq!(store.entry(7).unwrap(), None);
        assert_eq!(store.entry(u64::MAX).unwrap(), None);
        let kinds = BTreeMap::from([("site-added".to_owned(), 4), ("incident-added".to_owned(), 3)]);
        assert_eq!(store.kinds_count().unwrap(), kinds);
        assert_eq!(store.attachment(&attachment().digest()).unwrap(), Some(attachment()));
        assert_eq!(store.attachment(&Digest::of(b"other")).unwrap(), None);
    }
}

fn check_filter(store: &Store, filter: &EntryFilter, expect: &[u64]) {
    let found: Vec<u64> = store.entries(filter).unwrap().iter().map(|entry| entry.ix).collect();
    assert_eq!(found, expect, "{filter:?}");
}

#[test]
fn entries_are_read_by_kind_by_page_and_from_either_end() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.append(0, &entries(0, 9), &[], &[]).unwrap();
    let all = EntryFilter::default();
    let kind = || Some("site-added".to_owned());
    check_filter(&store, &all, &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    check_filter(&store, &EntryFilter { limit: 3, ..all.clone() }, &[0, 1, 2]);
    check_filter(&store, &EntryFilter { from: 3, limit: 3, ..all.clone() }, &[3, 4, 5]);
    check_filter(&store, &EntryFilter { order: Order::NewestFirst, limit: 2, ..all.clone() }, &[8, 7]);
    check_filter(&store, &EntryFilter { order: Order::NewestFirst, to: 7, limit: 2, ..all.clone() }, &[6, 5]);
    check_filter(&store, &EntryFilter { kind: kind(), ..all.clone() }, &[0, 2, 4, 6, 8]);
    check_filter(&store, &EntryFilter { kind: kind(), from: 1, to: 7, ..all.clone() }, &[2, 4, 6]);
    check_filter(&store, &EntryFilter { kind: kind(), order: Order::NewestFirst, limit: 1, ..all.clone() }, &[8]);
    check_filter(&store, &EntryFilter { kind: Some("no such".to_owned()), ..all.clone() }, &[]);
    check_filter(&store, &EntryFilter { from: 9, ..all.clone() }, &[]);
    check_filter(&store, &EntryFilter { limit: 0, ..all }, &[]);
}

#[test]
fn a_projection_row_is_set_replaced_and_removed_with_the_append_that_says_so() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.append(0, &entries(0, 2), &[change(1), change(0)], &[]).unwrap();
    let ids = |store: &Store| store.projections_all().unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(&store), ["thing-000000", "thing-000001"]);

    let again = ProjectionChange { entries: vec![0, 2], body: Some(b"new".to_vec()), ..change(0) };
    let gone = ProjectionChange { body: None, ..change(1) };
    let other = ProjectionChange { subject: "another".to_owned(), ..change(2) };
    let head = store.append(2, &[entry(2)], &[again, gone, other], &[]).unwrap();
    let rows = store.projection("thing").unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].entries.as_slice(), rows[0].body.as_slice()), ([0, 2].as_slice(), b"new".as_slice()));
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.head, head);
    assert_eq!(snapshot.projections.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>(), ["another", "thing"]);
    assert_eq!(store.projection("no such").unwrap(), []);
}

#[test]
fn a_decision_made_on_a_stale_reading_never_lands() {
    let (_keep, path) = place();
    let mut one = Store::create(&path).unwrap();
    let mut other = Store::open(&path).unwrap();
    let read = other.snapshot().unwrap().head.size;
    one.append(0, &[entry(0)], &[], &[]).unwrap();
    let refused = other.append(read, &[entry(1)], &[change(0)], &[attachment()]);
    assert!(matches!(refused, Err(StoreError::Moved { expected: 0, found: 1 })), "{refused:?}");
    assert!(matches!(one.append(7, &[entry(1)], &[], &[]), Err(StoreError::Moved { expected: 7, found: 1 })));
    assert!(matches!(one.append(u64::MAX, &[entry(1)], &[], &[]), Err(StoreError::Moved { .. })));
    assert_eq!((other.entry_count().unwrap(), other.projections_all().unwrap().len()), (1, 0));
    assert_eq!(other.attachment(&attachment().digest()).unwrap(), None);
    other.append(1, &[entry(1)], &[], &[]).unwrap();
    assert_eq!(one.head().unwrap().root, root(2));
}

fn check_refused(entries: &[NewEntry], changes: &[ProjectionChange], attachments: &[Attachment], expect: &str) {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    let error = store.append(0, entries, changes, attachments).unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains(expect), "{error}");
    assert_eq!((store.entry_count().unwrap(), store.projections_all().unwrap().len()), (0, 0));
}

#[test]
fn what_cannot_be_kept_is_refused_whole() {
    let with_body = |body: &[u8]| NewEntry { body: body.to_vec(), ..entry(1) };
    check_refused(&[], &[change(0)], &[], "give at least one");
    check_refused(&[entry(0), with_body(b"{\"a\": 1}")], &[], &[], "entry 2 of the batch (incident-added)");
    check_refused(&[with_body(b"{\"a\":0.5}")], &[], &[], "float");
    check_refused(&[with_body(b"not json")], &[], &[], "not JSON");
    check_refused(&[entry(0)], &[change(1)], &[], "thing/thing-000001 cannot be appended: it rests on entry 1");
    let long = format!("\"{}\"", "x".repeat(konbit_store::ENTRY_BYTES_MAX));
    check_refused(&[with_body(long.as_bytes())], &[], &[], "bytes and at most");
    let long = Attachment { bytes: vec![0; konbit_store::ATTACHMENT_BYTES_MAX + 1], ..attachment() };
    check_refused(&[entry(0)], &[], &[long], "sites.csv cannot be appended");
}

#[test]
fn the_same_bytes_are_kept_once() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    let renamed = Attachment { name: "again.csv".to_owned(), ..attachment() };
    store.append(0, &[entry(0)], &[], &[attachment(), renamed.clone()]).unwrap();
    store.append(1, &[entry(1)], &[], &[renamed]).unwrap();
    assert_eq!(store.attachment(&attachment().digest()).unwrap().unwrap().name, "sites.csv");
}

#[test]
fn every_proof_the_store_gives_holds() {
    const COUNT: u64 = 21;
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    for (from, to) in [(0, 1), (1, 8), (8, 9), (9, COUNT)] {
        store.append(from, &entries(from, to), &[], &[]).unwrap();
    }
    let plain = |proof: Vec<Digest>| proof.into_iter().map(|digest| digest.0).collect::<Vec<_>>();
    for to in 0..=COUNT {
        assert_eq!(store.root_at(to).unwrap(), root(to));
        for ix in 0..to {
            let proof = plain(store.inclusion_proof(ix, to).unwrap());
            verify_inclusion(ix, to, &leaf_hash(&leaf_input(&entry(ix))), &proof, &root(to).0).unwrap();
        }
        for from in 0..=to {
            let proof = plain(store.consistency_proof(from, to).unwrap());
            verify_consistency(from, to, &root(from).0, &root(to).0, &proof).unwrap();
        }
    }
    assert!(matches!(store.root_at(22), Err(StoreError::Beyond { size: 21, .. })));
    assert!(matches!(store.inclusion_proof(21, 21), Err(StoreError::Beyond { .. })));
    assert!(matches!(store.inclusion_proof(0, 22), Err(StoreError::Beyond { .. })));
    assert!(matches!(store.consistency_proof(3, 2), Err(StoreError::Beyond { .. })));
    assert!(matches!(store.consistency_proof(3, u64::MAX), Err(StoreError::Beyond { .. })));
}

#[test]
fn one_process_reads_and_verifies_while_another_writes() {
    let (_keep, path) = place();
    let mut writer = Store::create(&path).unwrap();
    writer.append(0, &entries(0, 4), &[], &[]).unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    writer.append(4, &entries(4, 6), &[], &[]).unwrap();
    assert_eq!(reader.entry_count().unwrap(), 6);
    let report = verify(&path).unwrap();
    assert!(report.ok && report.entries == 6 && report.root == Some(root(6)), "{report:?}");
    assert!(report.not_covered.iter().any(|what| what.contains("no seal")), "{report:?}");
}

//! The sequencer: many submit at once, and each decision rests on what was read.

use crate::help::{command, entry, order, place, row, salts, submission};
use konbit_store::{
    Body, Limits, NewEntry, Reads, Receipt, RowChange, RowRead, Sequencer, Store, StoreError, Submission, verify,
};
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread;

fn start(path: &std::path::Path) -> Sequencer {
    Sequencer::start(Store::create(path).unwrap(), Limits::default()).unwrap()
}

#[test]
fn every_answer_names_entries_that_are_there_and_no_two_answers_the_same() {
    let (_keep, path) = place();
    let sequencer = start(&path);
    let receipts: Vec<(u64, Receipt)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let sequencer = &sequencer;
                scope.spawn(move || {
                    (0..40)
                        .map(|n| worker * 1_000 + n)
                        .map(|n| (n, sequencer.submit(submission(n)).unwrap()))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(sequencer.status().head.size, 320);
    sequencer.close().unwrap();
    let store = Store::open_read_only(&path).unwrap();
    for (n, receipt) in &receipts {
        let found = store.entry(receipt.first).unwrap().unwrap();
        assert_eq!(found.body, Body::Kept(entry(*n).body));
        assert!(receipt.head.size > receipt.first && !receipt.repeated);
        assert_eq!(store.root_at(receipt.head.size).unwrap(), receipt.head.root);
        let rows = store.projection("thing").unwrap();
        let row = rows.iter().find(|row| row.id == format!("thing-{n:06}")).unwrap();
        assert_eq!(row.entries, [receipt.first], "a row rests on the number its entry got");
    }
    assert_eq!(receipts.iter().map(|(_, receipt)| receipt.first).collect::<BTreeSet<_>>().len(), 320);
    assert!(verify(&path).unwrap().ok);
}

fn deciding(n: u64, reads: Reads) -> Submission {
    Submission { reads, ..submission(n) }
}

fn row_id(n: u64) -> String {
    row(n).id
}

/// That row `n` was read in this state.
fn read(n: u64, entries: &[u64]) -> RowRead {
    RowRead { subject: "thing".to_owned(), id: row_id(n), entries: entries.to_vec() }
}

#[test]
fn of_two_who_decide_at_once_upon_the_same_reading_one_wins_and_others_do_not_conflict() {
    let (_keep, path) = place();
    let sequencer = start(&path);
    sequencer.submit(submission(0)).unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    let state = || reader.projection("thing").unwrap().into_iter().find(|row| row.id == row_id(0)).unwrap().entries;
    for round in 0..20 {
        let now = state();
        let decide = |n: u64| Submission { changes: vec![row(0)], ..deciding(n, Reads::Rows(vec![read(0, &now)])) };
        let apart = deciding(100 + round, Reads::Rows(vec![read(100 + round, &[])]));
        let results = thread::scope(|scope| {
            [decide(10 + round), decide(50 + round), apart]
                .map(|submission| scope.spawn(|| sequencer.submit(submission)))
                .map(|worker| worker.join().unwrap())
        });
        let won: Vec<u64> = results[..2].iter().flatten().map(|receipt| receipt.first).collect();
        let lost: Vec<_> = results[..2].iter().filter_map(|result| result.as_ref().err()).collect();
        assert!(matches!(lost[..], [StoreError::Changed { .. }]), "round {round}: {results:?}");
        assert!(results[2].is_ok(), "round {round}: {results:?}");
        assert_eq!(state(), won);
    }
    sequencer.close().unwrap();
    assert!(verify(&path).unwrap().ok);
}

fn check_reads(store: &mut Store, reads: &Reads, holds: bool) {
    let size = store.head().unwrap().size;
    let answer = store.submit(deciding(500 + size, reads.clone()));
    assert_eq!(answer.is_ok(), holds, "{reads:?}: {answer:?}");
    assert_eq!(store.head().unwrap().size, size + u64::from(holds));
}

#[test]
fn a_reading_holds_as_long_as_its_rows_are_what_they_were() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    for n in 0..3 {
        store.submit(submission(n)).unwrap();
    }
    check_reads(&mut store, &Reads::Rows(vec![]), true);
    check_reads(&mut store, &Reads::Rows(vec![read(0, &[0])]), true);
    check_reads(&mut store, &Reads::Rows(vec![read(0, &[0]), read(2, &[2])]), true);
    check_reads(&mut store, &Reads::Rows(vec![read(0, &[0]), read(2, &[1])]), false);
    check_reads(&mut store, &Reads::Rows(vec![read(0, &[])]), false);
    check_reads(&mut store, &Reads::Rows(vec![read(77, &[])]), true);
    check_reads(&mut store, &Reads::Rows(vec![read(78, &[3])]), false);
    check_reads(&mut store, &Reads::Record { size: 7 }, true);
    check_reads(&mut store, &Reads::Record { size: 7 }, false);
}

#[test]
fn a_command_that_is_repeated_is_answered_and_not_done_again() {
    let (_keep, path) = place();
    let sequencer = start(&path);
    let with = |key: &str, content: u64, n: u64| Submission { command: Some(command(key, content)), ..submission(n) };
    let receipt = sequencer.submit(with("k-1", 1, 0)).unwrap();
    sequencer.submit(submission(1)).unwrap();
    // Later, with another time in its entry and a reading that no longer holds: the same answer.
    let again = Submission { reads: Reads::Record { size: 0 }, ..with("k-1", 1, 7) };
    assert_eq!(sequencer.submit(again).unwrap(), Receipt { repeated: true, ..receipt });
    let other = sequencer.submit(with("k-1", 2, 8)).unwrap_err();
    assert!(matches!(&other, StoreError::KeyTaken { key, entry: 0 } if key == "k-1"), "{other}");
    let bad = |key: String| sequencer.submit(with(&key, 1, 9)).unwrap_err().to_string();
    assert!(bad(String::new()).contains("its key has 0 bytes"));
    assert!(bad("k".repeat(201)).contains("its key has 201 bytes"));

    // Eight send the same command at once: one entry, eight equal answers.
    let answers: Vec<Receipt> = thread::scope(|scope| {
        let (sequencer, with) = (&sequencer, &with);
        let workers: Vec<_> = (20..28).map(|n| scope.spawn(move || sequencer.submit(with("k-2", 5, n)))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| (answer.first, answer.count) == (2, 1)));
    assert_eq!(sequencer.status().head.size, 3);
    sequencer.close().unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.answered("k-1").unwrap(), Some(Receipt { repeated: true, ..receipt }));
    assert_eq!(store.answered("k-3").unwrap(), None);
}

#[test]
fn a_refused_submission_leaves_those_beside_it_alone() {
    let (_keep, path) = place();
    let sequencer = start(&path);
    let (sender, answers) = channel();
    for n in 0..30u64 {
        let reads = if n % 3 == 1 { Reads::Rows(vec![read(999, &[1])]) } else { Reads::Rows(vec![]) };
        let sender = sender.clone();
        sequencer.submit_then(deciding(n, reads), move |answer| sender.send((n, answer.is_ok())).unwrap()).unwrap();
    }
    drop(sender);
    for (n, kept) in answers {
        assert_eq!(kept, n % 3 != 1, "{n}");
    }
    assert_eq!(sequencer.status().head.size, 20);
    let refused = Submission { entries: vec![NewEntry { body: b"no".to_vec(), ..entry(0) }], ..submission(0) };
    assert!(matches!(sequencer.submit(refused), Err(StoreError::Refused { .. })));
    let beyond = Submission { changes: vec![RowChange { own: vec![1], ..row(0) }], ..submission(0) };
    assert!(sequencer.submit(beyond).unwrap_err().to_string().contains("own entry 1, and there are 1"));
    sequencer.close().unwrap();
    assert_eq!(Store::open(&path).unwrap().entry_count().unwrap(), 20);
}

#[test]
fn a_full_queue_says_so_and_what_it_took_is_kept() {
    let (_keep, path) = place();
    let sequencer =
        Sequencer::start(Store::create(&path).unwrap(), Limits { waiting: 2, ..Limits::default() }).unwrap();
    let (sender, answers) = channel();
    let (mut taken, mut turned_away) = (0, 0);
    while turned_away == 0 {
        let sender = sender.clone();
        let large = Submission { entries: (0..200).map(entry).collect(), changes: vec![], ..submission(taken) };
        match sequencer.submit_then(large, move |answer| sender.send(answer.unwrap().count).unwrap()) {
            Ok(()) => taken += 1,
            Err(StoreError::Overloaded { waiting: 2 }) => turned_away += 1,
            Err(error) => panic!("{error}"),
        }
    }
    // Closing appends what is waiting.
    sequencer.close().unwrap();
    drop(sender);
    assert_eq!(answers.iter().sum::<u64>(), taken * 200);
    assert_eq!(Store::open(&path).unwrap().entry_count().unwrap(), taken * 200);
}

#[test]
fn an_erasure_takes_its_turn_among_appends() {
    let (_keep, path) = place();
    let sequencer = start(&path);
    for n in 0..4 {
        sequencer.submit(submission(n)).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(|| (10..30).for_each(|n| assert!(sequencer.submit(submission(n)).is_ok())));
        let erased = sequencer.erase(order(&[1, 3])).unwrap();
        assert_eq!(erased.remains, None);
        assert!(matches!(sequencer.erase(order(&[1])), Err(StoreError::Refused { .. })));
    });
    sequencer.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.ok && report.entries == 25 && report.erased == 2, "{report:?}");
}

#[test]
fn salts_of_one_append_differ_and_equal_bodies_have_different_commitments() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.submit(Submission { entries: vec![entry(0), entry(0)], changes: vec![], ..submission(0) }).unwrap();
    let commitment = |ix| store.entry(ix).unwrap().unwrap().commitment.unwrap();
    assert_ne!(commitment(0), commitment(1));
    assert_eq!(store.opening(1).unwrap().unwrap().salt, salts(0).salt(1));
}

#[test]
fn one_row_is_read_as_it_stands_among_all() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    for n in 0..3 {
        store.submit(submission(n)).unwrap();
    }
    let all = store.projection("thing").unwrap();
    assert_eq!(all.len(), 3);
    for row in all {
        assert_eq!(store.row("thing", &row.id).unwrap(), Some(row));
    }
    for (subject, id) in [("thing", row_id(9)), ("other", row_id(0)), ("thing", row_id(0).to_uppercase())] {
        assert_eq!(store.row(subject, &id).unwrap(), None, "{subject} {id}");
    }
}

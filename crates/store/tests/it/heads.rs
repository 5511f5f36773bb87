//! Signed heads: never two histories, an older copy is refused by name, and how to go on.

use crate::help::{entries, entry, place, salts, submission};
use konbit_base::Digest;
use konbit_base::rng::seeded;
use konbit_record::{
    Epoch, EpochProof, Hash, SignatureType, SignedCheckpoint, SignerKey, check_epoch, consistency_proof, root_of,
};
use konbit_store::{
    Body, Limits, NewEpoch, Options, Sequencer, Store, StoreError, backup, head_path, last_signed, next_origin, verify,
    verify_by,
};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const ORIGIN: &str = "example.org/record";

fn key(origin: &str) -> SignerKey {
    SignerKey::generate(origin, SignatureType::Ed25519, &Digest::of(origin.as_bytes()).0).unwrap()
}

/// A signed record of `count` entries, each with its own head.
fn signed(path: &Path, count: u64) -> Store {
    let mut store = Store::create(path).unwrap();
    store.sign_with(key(ORIGIN)).unwrap();
    for n in 0..count {
        store.submit(submission(n)).unwrap();
    }
    store
}

fn reopened(path: &Path) -> Result<Store, StoreError> {
    let mut store = Store::open(path)?;
    store.sign_with(key(ORIGIN))?;
    Ok(store)
}

/// The files of a record, to be put back later.
fn copy_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

fn put_back(path: &Path, copy: &[u8]) {
    fs::write(path, copy).unwrap();
    let _ = fs::remove_file(path.with_extension("seal"));
}

#[test]
fn every_answer_is_covered_by_a_signed_head_outside_the_database() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    store.sign_with(key(ORIGIN)).unwrap();
    assert_eq!(last_signed(&path).unwrap().unwrap().head().size, 0);
    let sequencer = Sequencer::start(store, Limits::default()).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (sequencer, path) = (&sequencer, &path);
            scope.spawn(move || {
                for n in 0..25 {
                    let receipt = sequencer.submit(submission(worker * 100 + n)).unwrap();
                    let signed = last_signed(path).unwrap().unwrap();
                    signed.verify([key(ORIGIN).verifier()]).unwrap();
                    assert!(signed.head().size > receipt.first, "{} after {receipt:?}", signed.head().size);
                }
            });
        }
    });
    let status = sequencer.status();
    assert_eq!(*status.checkpoint.unwrap(), last_signed(&path).unwrap().unwrap().to_string());
    sequencer.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.ok && report.covered.iter().any(|what| what.contains("signed head: of 100 entries")), "{report:?}");
    reopened(&path).unwrap();
}

#[test]
fn an_older_backup_is_refused_a_thousand_times_of_a_thousand() {
    const COUNT: u64 = 60;
    let (keep, path) = place();
    let (mut backups, mut heads) = (Vec::new(), Vec::new());
    let mut store = signed(&path, 0);
    for n in 0..COUNT {
        let to = keep.path().join(format!("backup-{n}.db"));
        backup(&path, &to).unwrap();
        backups.push(copy_of(&to));
        heads.push(fs::read(head_path(&path)).unwrap());
        store.submit(submission(n)).unwrap();
    }
    drop(store);
    let place = keep.path().join("restored");
    fs::create_dir(&place).unwrap();
    let restored = place.join("record.db");
    let (mut rng, mut refused) = (seeded(2699, 1), 0);
    for round in 0..1_000 {
        let newer = 1 + rng.below(COUNT - 1);
        let older = rng.below(newer);
        put_back(&restored, &backups[usize::try_from(older).unwrap()]);
        fs::write(head_path(&restored), &heads[usize::try_from(newer).unwrap()]).unwrap();
        match Store::open(&restored) {
            Err(StoreError::Behind { signed, found, .. }) if (signed, found) == (newer, older) => refused += 1,
            other => panic!("round {round}: {older} put back under a head of {newer}: {other:?}"),
        }
    }
    assert_eq!(refused, 1_000);
    // The other way round is a crash between the two files, and is no reason to refuse.
    put_back(&restored, &backups[7]);
    for head in &heads[..8] {
        fs::write(head_path(&restored), head).unwrap();
        Store::open(&restored).unwrap();
    }
}

#[test]
fn another_history_is_refused_also_when_it_is_longer() {
    let (keep, path) = place();
    signed(&path, 5).close().unwrap();
    let other = keep.path().join("other.db");
    let mut store = Store::create(&other).unwrap();
    store.append(0, &entries(100, 109), &[], &[]).unwrap();
    store.close().unwrap();
    put_back(&path, &copy_of(&other));
    let error = reopened(&path).unwrap_err();
    assert!(matches!(error, StoreError::Forked { signed: 5, .. }), "{error}");
    assert!(error.to_string().contains("is another history"), "{error}");
    assert_eq!(copy_of(&path), copy_of(&other), "a refused file is left as it is");
    let report = verify(&path).unwrap();
    assert!(!report.ok && report.problems.iter().any(|problem| problem.sentence.contains("signed head")), "{report:?}");
}

#[test]
fn a_record_verifies_while_it_is_written_to_and_signed() {
    let (_keep, path) = place();
    let sequencer = Sequencer::start(signed(&path, 5), Limits::default()).unwrap();
    let going = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in (5..).take_while(|_| going.load(Ordering::Relaxed)) {
                sequencer.submit(submission(n)).unwrap();
            }
        });
        let (key, mut steps) = (key(ORIGIN), 0);
        for _ in 0..30 {
            let mut step = |_| steps += 1;
            let options = Options { log_key: Some(key.verifier()), step: Some(&mut step), ..Options::default() };
            let report = verify_by(&path, options).unwrap();
            assert!(report.ok, "{report:?}");
            assert!(report.covered.iter().any(|what| what.contains("signature of the signed head")), "{report:?}");
        }
        going.store(false, Ordering::Relaxed);
    });
}

fn check_head(change: impl FnOnce(&Path), expect: &str) {
    let (_keep, path) = place();
    signed(&path, 5).close().unwrap();
    change(&head_path(&path));
    let error = reopened(&path).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn a_head_that_is_missing_altered_or_of_another_key_is_refused() {
    let rewrite = |from: &'static str, to: &'static str| {
        move |head: &Path| {
            // As a plain note, which is read as well.
            let text = last_signed(&head.with_extension("db")).unwrap().unwrap().to_string();
            assert!(text.contains(from));
            fs::write(head, text.replacen(from, to, 1)).unwrap();
        }
    };
    check_head(|head| fs::remove_file(head).unwrap(), "heads of");
    check_head(|head| fs::write(head, "").unwrap(), "is not a signed checkpoint");
    check_head(
        |head| fs::write(head, vec![b'x'; 1_100_000]).unwrap(),
        "is not a signed checkpoint: the note has 1000001 bytes",
    );
    check_head(rewrite("\n5\n", "\n6\n"), "is older than its last signed head: it holds 5 entries");
    check_head(rewrite("\n5\n", "\n4\n"), "is another history");
    check_head(rewrite("\n\n", "\nmore\n\n"), "is not over this text");
    check_head(rewrite(ORIGIN, "example.org/other"), "is not a head of this log");
    let (_keep, path) = place();
    signed(&path, 2).close().unwrap();
    let mut store = Store::open(&path).unwrap();
    let other = SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[9; 32]).unwrap();
    assert!(matches!(store.sign_with(other), Err(StoreError::Foreign { .. })));
    assert!(matches!(store.sign_with(key("example.org/x")), Err(StoreError::Foreign { .. })));
}

#[test]
fn a_new_record_is_not_made_beside_a_signed_head() {
    let (_keep, path) = place();
    signed(&path, 2).close().unwrap();
    fs::remove_file(&path).unwrap();
    let error = Store::create(&path).unwrap_err().to_string();
    assert!(error.contains("record.head exists already"), "{error}");
    assert!(!path.exists());
}

fn order(origin: &str, n: u64) -> NewEpoch {
    NewEpoch {
        at: entry(n).at,
        actor: "registrar".to_owned(),
        kind: "record.epoch".to_owned(),
        reason: "the disk was lost; restored from the backup of the night".to_owned(),
        salts: salts(n),
        key: key(origin),
    }
}

#[test]
fn a_new_epoch_cites_the_head_that_was_lost_and_goes_on() {
    let (_keep, path) = place();
    let mut store = signed(&path, 6);
    let leaves: Vec<Hash> = (0..6).map(|n| store.entry(n).unwrap().unwrap().leaf.0).collect();
    store.close().unwrap();
    let copy = copy_of(&path);
    store = reopened(&path).unwrap();
    let all: Vec<Hash> = leaves
        .iter()
        .copied()
        .chain((6..9).map(|n| {
            store.submit(submission(n)).unwrap();
            store.entry(n).unwrap().unwrap().leaf.0
        }))
        .collect();
    store.close().unwrap();
    let lost = last_signed(&path).unwrap().unwrap();
    put_back(&path, &copy);
    assert!(matches!(Store::open(&path), Err(StoreError::Behind { signed: 9, found: 6, .. })));

    let origin = next_origin(&lost).unwrap();
    assert_eq!(origin, "example.org/record/epoch-2");
    let wrong = Store::begin_epoch(&path, order(ORIGIN, 50)).unwrap_err().to_string();
    assert!(wrong.contains("a fresh one named example.org/record/epoch-2"), "{wrong}");
    let (mut store, receipt) = Store::begin_epoch(&path, order(&origin, 50)).unwrap();
    assert_eq!((receipt.first, receipt.head.size), (6, 7));
    let Body::Kept(body) = store.entry(6).unwrap().unwrap().body else { panic!("kept") };
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["checkpoint"], lost.to_string());
    assert_eq!((&body["epoch"], &body["kept"]), (&2.into(), &6.into()));

    let now = SignedCheckpoint::parse(store.checkpoint().unwrap().as_bytes()).unwrap();
    now.verify([key(&origin).verifier()]).unwrap();
    let epoch = Epoch::of(now.checkpoint()).unwrap().unwrap();
    assert_eq!((epoch.number(), epoch.kept(), epoch.head(), epoch.origin()), (2, 6, lost.head(), ORIGIN));
    let kept_root = root_of(&leaves);
    let node = |node: konbit_record::Node| {
        let width = 1usize << node.level;
        let start = usize::try_from(node.index).unwrap() * width;
        Ok::<_, ()>(root_of(&all[start..start + width]))
    };
    let to_old = consistency_proof(6, 9, node).unwrap();
    let to_new: Vec<Hash> = store.consistency_proof(6, 7).unwrap().into_iter().map(|hash| hash.0).collect();
    check_epoch(&epoch, &now.head(), EpochProof { kept_root: &kept_root, to_old: &to_old, to_new: &to_new }).unwrap();

    // It goes on: appended, closed, opened, signed with the new key and no longer with the old one.
    store.submit(submission(60)).unwrap();
    store.close().unwrap();
    assert!(matches!(reopened(&path), Err(StoreError::Foreign { .. })));
    let mut store = Store::open(&path).unwrap();
    store.sign_with(key(&origin)).unwrap();
    store.submit(submission(61)).unwrap();
    let checkpoint = store.checkpoint().unwrap();
    assert!(checkpoint.lines().any(|line| line.starts_with("epoch 2 6 9 ")), "{checkpoint}");
    store.close().unwrap();
    assert!(verify(&path).unwrap().ok);

    // The same backup once more, from before the second epoch: refused, and a third begins.
    put_back(&path, &copy);
    assert!(matches!(Store::open(&path), Err(StoreError::Behind { signed: 9, found: 6, .. })));
    let origin = next_origin(&last_signed(&path).unwrap().unwrap()).unwrap();
    assert_eq!(origin, "example.org/record/epoch-3");
    let (store, _) = Store::begin_epoch(&path, order(&origin, 70)).unwrap();
    store.close().unwrap();
    assert!(verify(&path).unwrap().ok);
}

#[test]
fn a_crash_while_an_epoch_begins_leaves_a_record_that_opens() {
    let (_keep, path) = place();
    let store = signed(&path, 3);
    store.close().unwrap();
    let copy = copy_of(&path);
    let mut store = reopened(&path).unwrap();
    store.submit(submission(3)).unwrap();
    store.close().unwrap();
    let lost = fs::read(head_path(&path)).unwrap();
    put_back(&path, &copy);
    let origin = "example.org/record/epoch-2";
    Store::begin_epoch(&path, order(origin, 9)).unwrap().0.close().unwrap();
    // As if the new head had not been written any more.
    fs::write(head_path(&path), &lost).unwrap();
    let mut store = Store::open(&path).unwrap();
    store.sign_with(key(origin)).unwrap();
    assert_eq!(last_signed(&path).unwrap().unwrap().checkpoint().origin(), origin);
    store.submit(submission(10)).unwrap();
    store.close().unwrap();
    assert!(verify(&path).unwrap().ok);
}

#[test]
fn no_epoch_begins_where_nothing_is_lost() {
    let (_keep, path) = place();
    Store::create(&path).unwrap().close().unwrap();
    let error = Store::begin_epoch(&path, order("x", 9)).unwrap_err().to_string();
    assert!(error.contains("there is no signed head"), "{error}");
    let mut store = Store::open(&path).unwrap();
    store.sign_with(key(ORIGIN)).unwrap();
    let head = fs::read(head_path(&path)).unwrap();
    store.submit(submission(0)).unwrap();
    store.close().unwrap();
    fs::write(head_path(&path), head).unwrap();
    let error = Store::begin_epoch(&path, order("example.org/record/epoch-2", 9)).unwrap_err().to_string();
    assert!(error.contains("holds 1 entries and 0 were signed"), "{error}");
}

#[test]
fn when_the_head_cannot_be_kept_writing_stops_for_good() {
    let (_keep, path) = place();
    let store = signed(&path, 2);
    let sequencer = Sequencer::start(store, Limits::default()).unwrap();
    sequencer.submit(submission(2)).unwrap();
    // Somebody puts another file in its place, under the one who writes it.
    let head = fs::read(head_path(&path)).unwrap();
    fs::remove_file(head_path(&path)).unwrap();
    let error = sequencer.submit(submission(3)).unwrap_err();
    assert!(matches!(error, StoreError::Stopped { .. }) && error.to_string().contains("record.head"), "{error}");
    fs::write(head_path(&path), head).unwrap();
    // The cause is gone, and still nothing is tried again.
    assert!(matches!(sequencer.submit(submission(4)), Err(StoreError::Stopped { .. })));
    assert!(sequencer.status().stopped.unwrap().contains("record.head"));
    assert!(matches!(sequencer.close(), Err(StoreError::Stopped { .. })));
    // Entry 3 was never acknowledged and is there; it is signed for now.
    let store = reopened(&path).unwrap();
    assert_eq!(last_signed(&path).unwrap().unwrap().head().size, 4);
    store.close().unwrap();
    assert!(verify(&path).unwrap().ok);
}

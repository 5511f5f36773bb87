//! A mirror copies what the log signed and nothing else, goes on where it stopped, and refuses a second history.

use crate::support::{History, ORIGIN, Server, Serving, clock, log_key, serving};
use konbit_record::{SignatureType, SignedCheckpoint, SignerKey, Tile};
use konbit_witness::{Copied, Mirror, MirrorError, mirror_router};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

fn key() -> String {
    log_key().verifier().to_string()
}

fn copy(dir: &Path, url: &str) -> Result<Copied, MirrorError> {
    Mirror::open(dir, url, Some(&key()))?.update(clock(), &mut |_| {})
}

/// Path below `dir` and bytes of every file there.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn size_of(dir: &Path) -> u64 {
    SignedCheckpoint::parse(&fs::read(dir.join("checkpoint")).unwrap()).unwrap().head().size
}

fn asked(log: &Mutex<Serving>) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap().asked)
}

#[test]
fn a_mirror_of_a_mirror_is_the_same_and_only_new_tiles_are_fetched() {
    let log = serving(300);
    let server = Server::log(&log);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copied = copy(first.path(), &server.url()).unwrap();
    // Level 0: one full, one of 44; level 1: one of 1. Two bundles.
    assert_eq!((copied.head.size, copied.tiles_fetched, copied.bundles_fetched, copied.older), (300, 3, 2, None));
    let expect: BTreeSet<&str> =
        ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]
            .into();
    assert_eq!(asked(&log).iter().map(String::as_str).collect::<BTreeSet<_>>(), expect);

    // Nothing new: the checkpoint is asked for, and nothing else.
    assert_eq!(copy(first.path(), &server.url()).unwrap().tiles_fetched, 0);
    assert_eq!(asked(&log), ["checkpoint"]);

    for size in [301, 512, 513, 768, 1000] {
        let before: BTreeSet<String> = files(first.path()).into_keys().collect();
        let mut serving = log.lock().unwrap();
        serving.history.grow(size, None);
        serving.size = size;
        drop(serving);
        let copied = copy(first.path(), &server.url()).unwrap();
        assert_eq!((copied.head.size, size_of(first.path())), (size, size));
        for path in asked(&log) {
            // The edge is fetched whole as soon as one tile of it is new.
            let edge_again = Tile::parse(&path).is_some_and(|tile| tile.to_string().starts_with("tile/1/"));
            assert!(!before.contains(&path) || path == "checkpoint" || edge_again, "{size}: {path} was there");
        }
    }
    // No partial tile lies beside a full one.
    let names: Vec<String> = files(first.path()).into_keys().collect();
    assert!(names.iter().all(|name| !name.contains("000.p/") || name.starts_with("tile/1/")), "{names:?}");

    let mirror = Server::start(mirror_router(first.path().to_owned()));
    copy(second.path(), &mirror.url()).unwrap();
    let tiles = |dir: &Path| {
        let mut files = files(dir);
        // The first has partial tiles of earlier heads too.
        files.retain(|name, _| Tile::parse(name).is_none_or(|tile| tile.width() == 256 || name.ends_with(".p/232")));
        files.retain(|name, _| !name.starts_with("tile/1/") || name.ends_with(".p/3"));
        files
    };
    assert_eq!(tiles(first.path()), tiles(second.path()));
    for (path, status) in [
        ("/", 200),
        ("/checkpoint", 200),
        ("/tile/0/000", 200),
        ("/tile/0/004", 404),
        ("/tile/0/../../log.vkey", 404),
        ("/tile/0/..%2f..%2flog.vkey", 404),
        ("/log.vkey", 404),
        ("/seen", 404),
    ] {
        assert_eq!(mirror.send("GET", path, b"").0, status, "{path}");
    }
}

/// A log of 70,000 entries in which `path` is changed is refused by that name, and nothing of it stays.
fn check_tampered(
    log: &Arc<Mutex<Serving>>,
    server: &Server,
    path: &str,
    change: impl FnOnce(&mut Vec<u8>),
    expect: &str,
) {
    let good = server.get(path);
    let mut bad = good;
    change(&mut bad);
    log.lock().unwrap().replaced = [(path.to_owned(), Some(bad.clone()))].into();
    let dir = tempfile::tempdir().unwrap();
    let error = copy(dir.path(), &server.url()).unwrap_err();
    log.lock().unwrap().replaced.clear();
    let found = error.to_string();
    assert!(found.contains(expect), "{path}: {found}");
    let kept = files(dir.path());
    assert!(!kept.contains_key("checkpoint") && kept.get(path) != Some(&bad), "{path}: {:?}", kept.keys());
}

impl Server {
    fn get(&self, path: &str) -> Vec<u8> {
        ureq::get(format!("{}/{path}", self.url()))
            .call()
            .unwrap()
            .into_body()
            .with_config()
            .limit(20_000_000)
            .read_to_vec()
            .unwrap()
    }
}

#[test]
fn a_changed_tile_or_bundle_is_refused_by_name() {
    let size = 66_000;
    let log = serving(size);
    let server = Server::log(&log);
    let flip = |at: usize| move |bytes: &mut Vec<u8>| bytes[at] ^= 1;
    check_tampered(&log, &server, "tile/0/000", flip(0), "tile/0/000: it is not the one");
    check_tampered(&log, &server, "tile/0/255", flip(8191), "tile/0/255: it is not the one");
    check_tampered(&log, &server, "tile/1/000", flip(40), "tile/1/000: it is not the one");
    check_tampered(&log, &server, "tile/entries/007", flip(2), "tile/entries/007: entry 0 of the bundle is not");
    check_tampered(&log, &server, "tile/entries/007", flip(0), "tile/entries/007: ");
    check_tampered(&log, &server, "tile/entries/257.p/208", flip(9), "tile/entries/257.p/208: entry 0");
    // The partial tiles vouch for each other only together.
    let edge = "tile/0/257.p/208, tile/1/001.p/1, tile/2/000.p/1: they do not lead to the root";
    check_tampered(&log, &server, "tile/0/257.p/208", flip(5), edge);
    check_tampered(&log, &server, "tile/2/000.p/1", flip(5), edge);
    check_tampered(&log, &server, "tile/0/003", |bytes| bytes.truncate(100), "tile/0/003: it is not the one");
    check_tampered(&log, &server, "tile/0/003", |bytes| bytes.push(0), "tile/0/003 answered with more than 8192 bytes");
    // And the same log, untouched, is mirrored.
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(copy(dir.path(), &server.url()).unwrap().head.size, size);
}

#[test]
fn a_copy_that_was_broken_off_anywhere_goes_on_and_fetches_nothing_twice() {
    let log = serving(1500);
    let server = Server::log(&log);
    let whole = tempfile::tempdir().unwrap();
    copy(whole.path(), &server.url()).unwrap();
    let requests = asked(&log).len();
    for answers in 0..requests {
        let dir = tempfile::tempdir().unwrap();
        log.lock().unwrap().answers_left = Some(answers);
        let error = copy(dir.path(), &server.url()).unwrap_err();
        assert!(error.to_string().contains("status 503"), "{error}");
        log.lock().unwrap().answers_left = None;
        assert!(!dir.path().join("checkpoint").exists(), "{answers}");
        // As a kill between writing and renaming leaves it.
        fs::create_dir_all(dir.path().join("tile/0")).unwrap();
        fs::write(dir.path().join("tile/0/.000.new"), "torn").unwrap();
        let first = asked(&log);
        copy(dir.path(), &server.url()).unwrap();
        let kept: BTreeSet<&String> =
            first.iter().take(answers).filter(|path| path.starts_with("tile/entries/")).collect();
        assert!(asked(&log).iter().all(|path| !kept.contains(path)), "{answers}: a bundle was fetched twice");
        fs::remove_file(dir.path().join("tile/0/.000.new")).ok();
        assert_eq!(files(dir.path()), files(whole.path()), "{answers}");
    }
}

#[test]
fn a_file_that_was_damaged_on_the_disk_is_not_believed_by_the_next_copy() {
    let log = serving(300);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path(), &server.url()).unwrap();
    fs::write(dir.path().join("tile/1/000.p/1"), [0; 32]).unwrap();
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    fs::write(dir.path().join("tile/0/000"), [0; 8192]).unwrap();
    fs::write(dir.path().join("tile/entries/000"), "x").unwrap();
    copy(dir.path(), &server.url()).unwrap();
    let whole = tempfile::tempdir().unwrap();
    copy(whole.path(), &server.url()).unwrap();
    assert_eq!(files(dir.path()), files(whole.path()));
}

/// A log whose first 280 entries were mirrored now shows `size` entries of a history that differs from `fork` on.
fn check_fork(size: u64, fork: u64, kind: &str) {
    let log = serving(280);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path(), &server.url()).unwrap();
    let before = files(dir.path());
    let mut serving = log.lock().unwrap();
    serving.history = History::of(1000, Some(fork));
    serving.size = size;
    drop(serving);
    for _ in 0..2 {
        let error = copy(dir.path(), &server.url()).unwrap_err();
        assert!(matches!(&error, MirrorError::Forked { origin, .. } if origin == ORIGIN), "{size} {fork}: {error}");
        let (evidence, after): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files(dir.path()).into_iter().partition(|(name, _)| name.starts_with("evidence/"));
        assert_eq!(after, before, "{size} {fork}");
        let names: Vec<_> = evidence.keys().collect();
        assert!(names.len() == 4 && names[0].starts_with(&format!("evidence/{kind}-")), "{size} {fork}: {names:?}");
    }
}

#[test]
fn a_log_that_shows_another_history_is_refused_and_the_evidence_kept() {
    check_fork(280, 279, "two-roots");
    check_fork(280, 0, "two-roots");
    check_fork(281, 279, "two-histories");
    check_fork(1000, 0, "two-histories");
    check_fork(1000, 270, "two-histories");
    // An older head, of another history.
    check_fork(270, 100, "two-histories");
    check_fork(1, 0, "two-histories");
}

#[test]
fn a_history_that_was_seen_but_not_copied_yet_binds_the_log_too() {
    let log = serving(280);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path(), &server.url()).unwrap();
    asked(&log);
    let mut serving = log.lock().unwrap();
    serving.history.grow(900, None);
    serving.size = 900;
    // Checkpoint and edge, and then silence.
    serving.answers_left = Some(4);
    drop(serving);
    copy(dir.path(), &server.url()).unwrap_err();
    assert_eq!(size_of(dir.path()), 280);
    let mut serving = log.lock().unwrap();
    (serving.history, serving.size, serving.answers_left) = (History::of(950, Some(600)), 950, None);
    drop(serving);
    let error = copy(dir.path(), &server.url()).unwrap_err();
    assert!(matches!(error, MirrorError::Forked { .. }), "{error}");
}

#[test]
fn an_older_head_is_told_and_changes_nothing() {
    let log = serving(300);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path(), &server.url()).unwrap();
    for size in [299, 256, 1, 0] {
        log.lock().unwrap().size = size;
        let copied = copy(dir.path(), &server.url()).unwrap();
        assert_eq!((copied.head.size, copied.older), (300, Some(size)));
        assert_eq!(size_of(dir.path()), 300);
    }
}

#[test]
fn an_empty_log_is_mirrored_too() {
    let log = serving(0);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(copy(dir.path(), &server.url()).unwrap().head.size, 0);
    assert_eq!(size_of(dir.path()), 0);
}

#[test]
fn keys_logs_and_directories_are_not_mixed_up() {
    let log = serving(5);
    let server = Server::log(&log);
    let dir = tempfile::tempdir().unwrap();
    let open = |vkey: Option<&str>| Mirror::open(dir.path(), &server.url(), vkey);
    assert!(matches!(open(None), Err(MirrorError::NoKey(_))));
    let other = |name| SignerKey::generate(name, SignatureType::Ed25519, &[50; 32]).unwrap().verifier().to_string();
    let update = |vkey: &str| {
        let dir = tempfile::tempdir().unwrap();
        Mirror::open(dir.path(), &server.url(), Some(vkey)).unwrap().update(clock(), &mut |_| {}).unwrap_err()
    };
    assert!(matches!(update(&other(ORIGIN)), MirrorError::Unsigned { .. }));
    assert!(matches!(update(&other("other.example/record")), MirrorError::OtherLog { .. }));
    let held = open(Some(&key())).unwrap();
    assert!(matches!(open(Some(&key())), Err(MirrorError::InUse(_))));
    drop(held);
    assert!(matches!(open(Some(&other(ORIGIN))), Err(MirrorError::OtherKey { .. })));
    open(None).unwrap().update(clock(), &mut |_| {}).unwrap();
}

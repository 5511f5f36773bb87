//! Writers that are killed under load: everything they acknowledged is there, and the record
//! verifies.

use crate::child;
use crate::help::body;
use konbit_base::rng::seeded;
use konbit_store::{Body, Store, last_signed, verify};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// Starts four clients on the record, kills their process after `delay` from their first answer,
/// and gives what was acknowledged: number of the entry, and which one it was.
fn killed(directory: &Path, delay: Duration) -> Vec<(u64, u64)> {
    let mut child = child::command(&[], "load", directory).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (first, begun) = channel();
    let reader = thread::spawn(move || {
        let kept = lines.filter_map(|line| {
            let (ix, n) = line.strip_prefix("kept ")?.split_once(' ')?;
            // A last line may be cut off by the kill; it has no newline then, and may be any part.
            let _ = first.send(());
            Some((ix.parse().ok()?, n.parse().ok()?))
        });
        kept.collect::<Vec<(u64, u64)>>()
    });
    begun.recv().unwrap();
    thread::sleep(delay);
    // SIGKILL on Unix: nothing of the child runs after it, no destructor and no handler.
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    reader.join().unwrap()
}

/// Kills `count` writers, `each` on the same record; gives how many answers were checked.
fn check(count: usize, each: usize, seed: u64) -> usize {
    let (mut rng, mut answers) = (seeded(seed, 0), 0);
    let mut done = 0;
    while done < count {
        let keep = tempfile::tempdir().unwrap();
        child::prepare(keep.path());
        let path = keep.path().join("record.db");
        for _ in 0..each.min(count - done) {
            let mut kept = killed(keep.path(), Duration::from_micros(rng.below(40_000)));
            // The last answer may have been cut off.
            kept.pop();
            let report = verify(&path).unwrap();
            assert!(report.ok, "kill {done} of seed {seed}: {report:?}");
            let store = Store::open_read_only(&path).unwrap();
            for (ix, n) in &kept {
                let found = store.entry(*ix).unwrap().map(|entry| entry.body);
                assert_eq!(found, Some(Body::Kept(body(*n))), "kill {done} of seed {seed}: entry {ix}");
                assert!(last_signed(&path).unwrap().unwrap().head().size > *ix, "kill {done} of seed {seed}");
            }
            assert_eq!(store.projections_all().unwrap().len() as u64, report.entries, "a row goes with its entry");
            answers += kept.len();
            done += 1;
        }
        Store::open(&path).unwrap().close().unwrap();
        assert!(verify(&path).unwrap().covered.iter().any(|what| what.contains("every byte")));
    }
    answers
}

#[test]
fn what_was_acknowledged_outlives_the_writer_being_killed_under_load() {
    assert!(check(20, 5, 2023) > 20);
}

/// `cargo test --release -p konbit-store -- --ignored --nocapture a_thousand_kills`
#[test]
#[ignore = "takes minutes: a thousand kills"]
fn a_thousand_kills() {
    let answers = check(1_000, 10, 2699);
    eprintln!("1,000 kills under load, {answers} acknowledged answers checked, none lost");
}

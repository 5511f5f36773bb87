//! A writer that is killed: every append that it acknowledged is there, and the record verifies.

use crate::help::{body, change, entries, place};
use konbit_store::{Store, verify};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

const CHILD: &str = "KONBIT_STORE_KILL_CHILD";

/// Appends batches of `width` until it is killed, and says each size once it is acknowledged.
#[test]
#[ignore = "the writer that the test below starts and kills"]
fn writer() {
    let Ok(command) = std::env::var(CHILD) else { return };
    let (width, path) = command.split_once(' ').unwrap();
    let width: u64 = width.parse().unwrap();
    let mut store = Store::open(path).unwrap();
    let mut size = store.entry_count().unwrap();
    loop {
        let changes: Vec<_> = (size..size + width).map(change).collect();
        size = store.append(size, &entries(size, size + width), &changes, &[]).unwrap().size;
        writeln!(std::io::stdout(), "\nacknowledged {size}").unwrap();
    }
}

/// Lets a writer acknowledge at least `appends` more batches, kills it, and looks.
fn check(path: &std::path::Path, width: u64, appends: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill::writer", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, format!("{width} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let mut last = acknowledged.by_ref().take(appends).last().unwrap();
    // SIGKILL on Unix: nothing of the child runs after it, no destructor and no handler.
    child.kill().unwrap();
    last = acknowledged.last().unwrap_or(last);
    assert!(!child.wait().unwrap().success());

    let report = verify(path).unwrap();
    assert!(report.ok && report.entries >= last, "acknowledged {last}: {report:?}");
    assert!(report.not_covered.iter().any(|what| what.contains("the seal is of 0 entries")), "{report:?}");
    let store = Store::open_read_only(path).unwrap();
    let head = store.head().unwrap();
    assert_eq!((head.size, Some(head.root)), (report.entries, report.root));
    assert_eq!(head.size % width, 0, "a batch is there whole or not at all");
    for n in 0..head.size {
        assert_eq!(store.entry(n).unwrap().unwrap().body, body(n));
    }
    assert_eq!(store.projections_all().unwrap().len() as u64, head.size, "a projection goes with its entry");
}

#[test]
fn what_was_acknowledged_outlives_the_writer_being_killed() {
    for (width, appends) in [(1, 1), (1, 7), (1, 60), (3, 2), (200, 1), (200, 12)] {
        let (_keep, path) = place();
        Store::create(&path).unwrap().close().unwrap();
        // Twice on the same file: the second writer starts from what the first one left.
        check(&path, width, appends);
        check(&path, width, appends);
        // A clean close afterwards covers every byte again.
        Store::open(&path).unwrap().close().unwrap();
        let report = verify(&path).unwrap();
        assert!(report.ok && report.not_covered.len() == 1, "{report:?}");
    }
}

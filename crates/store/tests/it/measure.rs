//! Figures, told and not asserted: `cargo test --release -p konbit-store -- --ignored --nocapture measure`.

use crate::help::{change, entries, entry, place};
use konbit_store::{Store, verify};
use std::time::Instant;

fn tell(what: &str, since: Instant, count: u64) {
    let seconds = since.elapsed().as_secs_f64();
    eprintln!("{what}: {seconds:.4} s, {:.0} a second", count as f64 / seconds);
}

#[test]
#[ignore = "measures, and proves nothing"]
fn measure() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();

    let start = Instant::now();
    for n in 0..2_000 {
        store.append(n, &[entry(n)], &[change(n)], &[]).unwrap();
    }
    tell("2,000 appends of 1 entry and 1 projection", start, 2_000);

    let start = Instant::now();
    for batch in 2..100u64 {
        let (from, to) = (batch * 1_000, batch * 1_000 + 1_000);
        let changes: Vec<_> = (from..from + 10).map(change).collect();
        store.append(from, &entries(from, to), &changes, &[]).unwrap();
    }
    tell("98 appends of 1,000 entries: entries", start, 98_000);

    let start = Instant::now();
    let rows = store.snapshot().unwrap().projections.len() as u64;
    tell("snapshot of projections: rows", start, rows);

    let start = Instant::now();
    store.close().unwrap();
    tell("close and seal", start, 1);
    let bytes = std::fs::metadata(&path).unwrap().len();
    eprintln!("100,000 entries: {} KiB", bytes >> 10);

    let start = Instant::now();
    let report = verify(&path).unwrap();
    tell("verify of 100,000 entries", start, report.entries);
    assert!(report.ok && report.entries == 100_000);

    let start = Instant::now();
    drop(Store::open(&path).unwrap());
    tell("open, with the comparison against the seal, and drop", start, 1);

    let start = Instant::now();
    let store = Store::open_read_only(&path).unwrap();
    tell("open for reading", start, 1);
    let start = Instant::now();
    for n in 0..1_000 {
        store.inclusion_proof(n * 97, 100_000).unwrap();
    }
    tell("inclusion proofs", start, 1_000);
}

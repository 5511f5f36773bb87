//! What the record costs on this machine, one JSON line for each measurement:
//! `cargo run --release -p konbit-store --example measure -- DIRECTORY`. The directory should lie
//! on the disk that a mission would use; what is written there is removed again.

use jiff::Timestamp;
use konbit_base::{Digest, canonical};
use konbit_record::{SignatureType, SignerKey};
use konbit_store::{
    Limits, NewEntry, Reads, RowChange, SaltSeed, Sequencer, Store, StoreError, Submission, backup, verify,
};
use rusqlite::Connection;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of each body.
const BODY_BYTES: usize = 512;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let directory = std::env::args().nth(1).ok_or("give a directory on the disk to be measured")?;
    let directory = tempfile::tempdir_in(directory)?;
    let place = |name: &str| directory.path().join(name);
    for (name, signed) in [("plain.db", false), ("signed.db", true)] {
        println!("{}", alone(&place(name), signed, 2_000)?);
    }
    for (name, signed, rows) in [("a.db", false, false), ("b.db", true, false), ("c.db", true, true)] {
        println!("{}", together(&place(name), signed, rows, 64, 100_000)?);
    }
    println!("{}", offered(&place("offered.db"), 64, 2_000, Duration::from_secs(10))?);
    println!("{}", sqlite(&place("sqlite-1.db"), 2_000, 1)?);
    println!("{}", sqlite(&place("sqlite-64.db"), 100_000, 64)?);
    println!("{}", reading(&place("b.db"), &place("backup.db"))?);
    Ok(())
}

/// A record and the sequencer before it.
fn sequencer(path: &Path, signed: bool) -> Result<Sequencer, Failure> {
    let mut store = Store::create(path)?;
    if signed {
        store.sign_with(SignerKey::generate("example.org/record", SignatureType::Ed25519, &[7; 32])?)?;
    }
    Ok(Sequencer::start(store, Limits::default())?)
}

/// The `n`-th entry, with a body of [`BODY_BYTES`].
fn submission(n: u64, rows: bool) -> Submission {
    let mut body = json!({"id": format!("{n:09}"), "note": ""});
    let frame = canonical::to_bytes(&body).map_or(0, |bytes| bytes.len());
    body["note"] = "x".repeat(BODY_BYTES.saturating_sub(frame)).into();
    let entry = NewEntry {
        at: Timestamp::from_second(1_696_273_200).expect("a day in 2023"),
        actor: "operations".to_owned(),
        kind: "incident.recorded".to_owned(),
        body: canonical::to_bytes(&body).expect("texts only"),
    };
    let row = RowChange {
        subject: "incident".to_owned(),
        id: format!("{n:09}"),
        entries: Vec::new(),
        own: vec![0],
        body: Some(entry.body.clone()),
    };
    Submission {
        reads: Reads::Rows(Vec::new()),
        entries: vec![entry],
        salts: SaltSeed(Digest::of(&n.to_be_bytes()).0),
        changes: if rows { vec![row] } else { Vec::new() },
        attachments: Vec::new(),
        command: None,
    }
}

/// The time that `share` of the sorted `times` do not exceed, in milliseconds.
fn quantile(times: &[Duration], share: f64) -> f64 {
    let last = times.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
    let ix = (last as f64 * share).ceil() as usize;
    times.get(ix.min(last)).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn line(suite: &str, mut times: Vec<Duration>, elapsed: Duration, path: &Path) -> serde_json::Value {
    times.sort_unstable();
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    json!({
        "suite": suite,
        "appends": times.len(),
        "a_second": (times.len() as f64 / elapsed.as_secs_f64()).round(),
        "p50_ms": (quantile(&times, 0.5) * 1e3).round() / 1e3,
        "p99_ms": (quantile(&times, 0.99) * 1e3).round() / 1e3,
        "max_ms": (quantile(&times, 1.0) * 1e3).round() / 1e3,
        "bytes_each": bytes / times.len().max(1) as u64,
    })
}

/// One client that waits for each answer.
fn alone(path: &Path, signed: bool, count: u64) -> Result<serde_json::Value, Failure> {
    let sequencer = sequencer(path, signed)?;
    let (start, mut times) = (Instant::now(), Vec::new());
    for n in 0..count {
        let one = Instant::now();
        sequencer.submit(submission(n, false))?;
        times.push(one.elapsed());
    }
    let elapsed = start.elapsed();
    sequencer.close()?;
    Ok(line(if signed { "one client, signed heads" } else { "one client" }, times, elapsed, path))
}

/// Many clients, each of which waits for its answers.
fn together(path: &Path, signed: bool, rows: bool, clients: u64, count: u64) -> Result<serde_json::Value, Failure> {
    let sequencer = sequencer(path, signed)?;
    let (start, next) = (Instant::now(), AtomicU64::new(0));
    let times = thread::scope(|scope| {
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut times = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            return Ok::<_, StoreError>(times);
                        }
                        let submission = submission(n, rows);
                        let one = Instant::now();
                        sequencer.submit(submission)?;
                        times.push(one.elapsed());
                    }
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a client does not panic")).collect::<Result<Vec<_>, _>>()
    })?;
    let elapsed = start.elapsed();
    sequencer.close()?;
    let suite = format!(
        "{clients} clients{}{}",
        if signed { ", signed heads" } else { "" },
        if rows { ", a projection row each" } else { "" }
    );
    Ok(line(&suite, times.concat(), elapsed, path))
}

/// Many clients who together offer `rate` appends a second; the time counts from when each was
/// due, not from when it was sent.
fn offered(path: &Path, clients: u32, rate: u32, length: Duration) -> Result<serde_json::Value, Failure> {
    let sequencer = sequencer(path, true)?;
    let start = Instant::now();
    let between = Duration::from_secs(1) * clients / rate;
    let times = thread::scope(|scope| {
        let workers: Vec<_> = (0..clients)
            .map(|client| {
                let sequencer = &sequencer;
                scope.spawn(move || {
                    let mut times = Vec::new();
                    let mut due = start + between * client / clients;
                    while due < start + length {
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        let n = u64::from(client) << 32 | times.len() as u64;
                        sequencer.submit(submission(n, true))?;
                        times.push(due.elapsed());
                        due += between;
                    }
                    Ok::<_, StoreError>(times)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a client does not panic")).collect::<Result<Vec<_>, _>>()
    })?;
    let elapsed = start.elapsed();
    sequencer.close()?;
    Ok(line(&format!("{rate} a second offered, signed heads, a projection row each"), times.concat(), elapsed, path))
}

/// The same bytes into a plain table, `batch` rows in a transaction, as durable as the record.
fn sqlite(path: &PathBuf, count: u64, batch: u64) -> Result<serde_json::Value, Failure> {
    let mut db = Connection::open(path)?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE plain (ix INTEGER PRIMARY KEY, body BLOB)")?;
    let (start, mut times) = (Instant::now(), Vec::new());
    let mut n = 0;
    while n < count {
        let bodies: Vec<_> = (n..n + batch).map(|n| submission(n, false).entries.remove(0).body).collect();
        let one = Instant::now();
        let transaction = db.transaction()?;
        for body in bodies {
            transaction.prepare_cached("INSERT INTO plain (body) VALUES (?)")?.execute([body])?;
        }
        transaction.commit()?;
        times.extend(std::iter::repeat_n(one.elapsed(), usize::try_from(batch)?));
        n += batch;
    }
    let elapsed = start.elapsed();
    db.close().map_err(|(_, error)| error)?;
    Ok(line(&format!("plain SQLite, {batch} rows in a transaction"), times, elapsed, path))
}

/// Proofs, verification and backup of the record at `path`.
fn reading(path: &Path, to: &Path) -> Result<serde_json::Value, Failure> {
    let start = Instant::now();
    let report = verify(path)?;
    let verify_seconds = start.elapsed().as_secs_f64();
    assert!(report.ok, "{report:?}");
    let store = Store::open_read_only(path)?;
    let (size, start) = (store.entry_count()?, Instant::now());
    let mut hashes = 0;
    for n in 0..1_000 {
        hashes = hashes.max(store.inclusion_proof(n * size / 1_000, size)?.len());
    }
    let proof_ms = start.elapsed().as_secs_f64();
    drop(store);
    let start = Instant::now();
    backup(path, to)?;
    Ok(json!({
        "suite": "reading",
        "entries": size,
        "verify_seconds": verify_seconds,
        "inclusion_proof_ms": proof_ms,
        "inclusion_proof_bytes": hashes * 32,
        "backup_seconds": start.elapsed().as_secs_f64(),
    }))
}

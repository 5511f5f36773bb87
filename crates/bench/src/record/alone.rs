//! The same without HTTP: the disk's syncs, the store, and plain `SQLite`.

use super::{Appends, Setting, load};
use crate::report::process_cpu_seconds;
use konbit_record::{SignatureType, SignerKey};
use konbit_store::{Limits, Sequencer, Store, StoreError};
use rusqlite::Connection;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Bytes that are written before each sync of the disk.
const SYNC_BYTES: usize = 4096;

/// Repeats `work` for the length of a measurement, which says how many appends each time made.
fn repeated(
    setting: &Setting,
    load: Option<f64>,
    mut work: impl FnMut(u64) -> anyhow::Result<u64>,
) -> anyhow::Result<Appends> {
    let cpu = process_cpu_seconds();
    let (start, mut times, mut n) = (Instant::now(), Vec::new(), 0);
    while start.elapsed() < setting.length {
        let one = Instant::now();
        let made = work(n)?;
        times.extend(std::iter::repeat_n(one.elapsed(), usize::try_from(made)?));
        n += made;
    }
    let (elapsed, cpu) = (start.elapsed(), since(cpu));
    Ok(Appends { times, elapsed, load, cpu })
}

/// Time of the processors since `before`.
pub fn since(before: f64) -> f64 {
    process_cpu_seconds() - before
}

/// What the disk does: a block appended to a file, and synced.
pub fn measure_disk(setting: &Setting) -> anyhow::Result<()> {
    let (path, load) = (setting.place("disk"), load());
    let mut file = File::create(&path)?;
    let appends = repeated(setting, load, |_| {
        file.write_all(&[7; SYNC_BYTES])?;
        file.sync_data()?;
        Ok(1)
    })?;
    setting.print_appends("disk/write and sync 4 KiB".to_owned(), appends, &path, json!({}))
}

/// The store with signed heads and its sequencer, between `threads` that each wait for their answers.
pub fn measure_store(setting: &Setting, threads: u64) -> anyhow::Result<()> {
    let (path, load) = (setting.place(&format!("store-{threads}.db")), load());
    let mut store = Store::create(&path)?;
    store.sign_with(SignerKey::generate("example.org/record", SignatureType::Ed25519, &[7; 32])?)?;
    let sequencer = Sequencer::start(store, Limits::default())?;
    let (cpu, start, next) = (process_cpu_seconds(), Instant::now(), AtomicU64::new(0));
    let times = thread::scope(|scope| {
        let submit = || {
            let mut times = Vec::new();
            while start.elapsed() < setting.length {
                let submission = setting.entries.submission(next.fetch_add(1, Ordering::Relaxed), 1);
                let one = Instant::now();
                sequencer.submit(submission)?;
                times.push(one.elapsed());
            }
            Ok::<_, StoreError>(times)
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(submit)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no thread panics")).collect::<Result<Vec<_>, _>>()
    })?;
    let (elapsed, cpu) = (start.elapsed(), since(cpu));
    sequencer.close()?;
    let what = format!("store alone/{threads} {}", if threads == 1 { "thread" } else { "threads" });
    let appends = Appends { times: times.concat(), elapsed, load, cpu };
    setting.print_appends(what, appends, &path, json!({ "threads": threads }))
}

/// The same bodies into a plain table, `group` rows in a transaction, as durable as the record.
pub fn measure_sqlite(setting: &Setting, group: u64) -> anyhow::Result<()> {
    let (path, load) = (setting.place(&format!("sqlite-{group}.db")), load());
    let mut db = Connection::open(&path)?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE plain (ix INTEGER PRIMARY KEY, body BLOB) STRICT")?;
    let appends = repeated(setting, load, |n| {
        let transaction = db.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO plain (body) VALUES (?)")?;
            for n in n..n + group {
                insert.execute([setting.entries.body(n)])?;
            }
        }
        transaction.commit()?;
        Ok(group)
    })?;
    db.close().map_err(|(_, error)| error)?;
    let what = format!("plain SQLite/{group} in a transaction");
    setting.print_appends(what, appends, &path, json!({ "group": group }))
}

//! The write path of the record: durable appends over HTTP and without it, beside plain `SQLite`
//! inserts of the same bytes; sizes of proofs; how long a verification takes.
//!
//! `value` is appends (inserts, syncs) a second, bytes of a proof file, or entries verified a
//! second. `load` is the machine's load average when the measurement began: on a machine that
//! also does other work, throughput falls and the tail of the latency grows. `cpu_us_each` is the
//! time of the processors for one append, over all threads but those of the clients, which other
//! work disturbs far less.

mod alone;
mod entries;
mod http;
mod proofs;

use crate::report::{Line, peak_mib};
use anyhow::Context;
use entries::Entries;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Clients of the measurements over HTTP, where none are asked for.
const CLIENTS: [u32; 4] = [1, 8, 64, 256];

/// Appends a second that are offered in the open loop.
const OFFERED: u32 = 2_000;

/// Clients that offer them.
const OFFERING: u32 = 256;

/// Rows in one transaction of plain `SQLite`.
const GROUPS: [u64; 3] = [1, 64, 512];

/// Entries under the head of a proof.
const PROOF_SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];

/// Entries of a record that is verified.
const VERIFY_SIZES: [u64; 2] = [10_000, 100_000];

/// Arguments of the suite.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Length of each measurement, in seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=60))]
    seconds: u16,
    /// Measure over HTTP with so many clients only, instead of 1, 8, 64 and 256.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    clients: Option<u32>,
    /// Measure only this part.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Where the records are written, in a folder that is removed again; it should lie on the disk
    /// that a mission would use.
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    directory: PathBuf,
    /// Seed of salts and keys.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Appends, over HTTP and without it, and plain `SQLite`.
    Appends,
    /// Proofs and verification.
    Reads,
}

/// What is measured with.
struct Setting {
    directory: TempDir,
    length: Duration,
    entries: Entries,
    seed: u64,
}

/// Measures everything.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = tempfile::tempdir_in(&arguments.directory)
        .with_context(|| format!("cannot write in {}", arguments.directory.display()))?;
    let setting = Setting {
        directory,
        length: Duration::from_secs(arguments.seconds.into()),
        entries: Entries::new(arguments.seed)?,
        seed: arguments.seed,
    };
    if arguments.only != Some(Part::Reads) {
        measure_appends(&setting, arguments.clients)?;
    }
    if arguments.only != Some(Part::Appends) {
        for size in PROOF_SIZES {
            proofs::measure_proof(&setting, size)?;
        }
        for size in VERIFY_SIZES {
            proofs::measure_verify(&setting, size)?;
        }
    }
    Ok(())
}

fn measure_appends(setting: &Setting, clients: Option<u32>) -> anyhow::Result<()> {
    alone::measure_disk(setting)?;
    for clients in clients.map_or_else(|| CLIENTS.to_vec(), |clients| vec![clients]) {
        http::measure_closed(setting, clients)?;
    }
    http::measure_open(setting, OFFERING, OFFERED)?;
    for threads in [1, 64] {
        alone::measure_store(setting, threads)?;
    }
    for group in GROUPS {
        alone::measure_sqlite(setting, group)?;
    }
    Ok(())
}

/// What was measured of appends.
struct Appends {
    /// How long each took, by its client's clock.
    times: Vec<Duration>,
    /// From the first to the last.
    elapsed: Duration,
    /// The machine's load when it began.
    load: Option<f64>,
    /// Time of the processors for all of it, in seconds, without the clients.
    cpu: f64,
}

impl Setting {
    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn print(&self, what: String, value: f64, seconds: f64, more: Map<String, Value>) -> anyhow::Result<()> {
        let (bound, gap, peak_mib) = (None, None, peak_mib());
        let value = Some(value);
        Line { suite: "record", instance: what, value, bound, gap, seconds, peak_mib, seed: self.seed, more }.print()
    }

    /// Prints the figures of appends to the file at `path`.
    fn print_appends(&self, what: String, appends: Appends, path: &Path, more: Value) -> anyhow::Result<()> {
        let Appends { mut times, elapsed, load, cpu } = appends;
        times.sort_unstable();
        let bytes = std::fs::metadata(path)?.len();
        let mut fields = fields(json!({
            "appends": times.len(),
            "p50_ms": quantile_ms(&times, 0.5),
            "p99_ms": quantile_ms(&times, 0.99),
            "max_ms": quantile_ms(&times, 1.0),
            "entry_bytes": entries::BODY_BYTES,
            "file_bytes_each": bytes / times.len().max(1) as u64,
            "load": load,
            "cpu_us_each": (cpu * 1e6 / times.len().max(1) as f64).round(),
        }));
        fields.extend(self::fields(more));
        self.print(what, (times.len() as f64 / elapsed.as_secs_f64()).round(), elapsed.as_secs_f64(), fields)
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The time that `share` of the sorted `times` do not exceed, in milliseconds, to a microsecond.
fn quantile_ms(times: &[Duration], share: f64) -> f64 {
    let last = times.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
    let ix = (last as f64 * share).ceil() as usize;
    times.get(ix.min(last)).map_or(0.0, |time| (time.as_secs_f64() * 1e6).round() / 1e3)
}

/// The load average of the last minute, as Linux states it.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

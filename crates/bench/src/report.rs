//! The form in which every suite reports.

use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Instant;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Suite, such as `roads`.
    pub suite: &'static str,
    /// What was measured, on what.
    pub instance: String,
    /// The result, so that programs measured beside each other can be compared; meaning per suite.
    pub value: Option<f64>,
    /// Proven bound of the value, where there is one.
    pub bound: Option<f64>,
    /// Gap between value and bound as a share.
    pub gap: Option<f64>,
    /// Median over the repetitions.
    pub seconds: f64,
    /// Most memory that this process has held until now, in MiB; `None` where the system does not say.
    pub peak_mib: Option<f64>,
    /// Seed of everything drawn at random.
    pub seed: u64,
    /// Fields of the suite.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Line {
    /// Prints the line.
    pub fn print(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

/// Times of some repetitions.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Median.
    pub seconds: f64,
    /// The quickest.
    pub seconds_min: f64,
    /// The slowest: other work on the machine shows here.
    pub seconds_max: f64,
    /// Time of the processors for one repetition, over all threads, on average; `None` where the
    /// system does not say. Other work on the machine lengthens it far less than the others.
    pub cpu_seconds: Option<f64>,
}

impl Timing {
    /// From the seconds of each repetition (at least one) and of the processors for all of them.
    pub fn of(mut seconds: Vec<f64>, cpu_seconds: Option<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self {
            seconds: seconds[seconds.len() / 2],
            seconds_min: seconds[0],
            seconds_max: seconds[seconds.len() - 1],
            cpu_seconds: cpu_seconds.map(|sum| sum / seconds.len() as f64),
        }
    }
}

/// Runs `work` once and gives the result, the seconds and those of the processors.
pub fn timed_once<T>(work: impl FnOnce() -> T) -> (T, f64, Option<f64>) {
    let cpu = cpu_seconds();
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f64();
    (result, seconds, cpu_seconds().zip(cpu).map(|(after, before)| after - before))
}

/// Runs `work` `repetitions` times (at least once) and gives the last result and the times.
pub fn timed<T>(repetitions: usize, mut work: impl FnMut(usize) -> T) -> (T, Timing) {
    let (mut result, first, mut cpu) = timed_once(|| work(0));
    let mut seconds = vec![first];
    for repetition in 1..repetitions {
        let (again, more, more_cpu) = timed_once(|| work(repetition));
        result = again;
        seconds.push(more);
        cpu = cpu.zip(more_cpu).map(|(sum, more)| sum + more);
    }
    (result, Timing::of(seconds, cpu))
}

/// Time of the processors that this thread has had, as Linux states it.
pub fn thread_cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

/// Time of the processors that the threads of this process have had, those that have ended included, as Linux states
/// it, to a hundredth of a second.
pub fn process_cpu_seconds() -> Option<f64> {
    /// What the kernel counts in (`USER_HZ`), the same on all machines it runs on here.
    const TICKS_A_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold anything; user and system time are the 14th and 15th field of the line.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks = |at: usize| fields.split_whitespace().nth(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_A_SECOND)
}

/// Time of the processors that the threads of this process have had, as Linux states it.
fn cpu_seconds() -> Option<f64> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        nanoseconds += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds / 1e9)
}

/// Most memory held until now, as Linux states it.
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

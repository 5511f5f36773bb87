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
    pub cpu_seconds: f64,
}

impl Timing {
    /// From the seconds of each repetition (at least one) and of the processors for all of them.
    pub fn of(mut seconds: Vec<f64>, cpu_seconds: f64) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self {
            seconds: seconds[seconds.len() / 2],
            seconds_min: seconds[0],
            seconds_max: seconds[seconds.len() - 1],
            cpu_seconds: cpu_seconds / seconds.len() as f64,
        }
    }
}

/// Runs `work` once and gives the result, the seconds and those of the processors.
pub fn timed_once<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (cpu, start) = (process_cpu_seconds(), Instant::now());
    let result = work();
    (result, start.elapsed().as_secs_f64(), process_cpu_seconds() - cpu)
}

/// Runs `work` `repetitions` times (at least once) and gives the last result and the times.
pub fn timed<T>(repetitions: usize, mut work: impl FnMut(usize) -> T) -> (T, Timing) {
    let (mut result, first, mut cpu) = timed_once(|| work(0));
    let mut seconds = vec![first];
    for repetition in 1..repetitions {
        let (again, more, more_cpu) = timed_once(|| work(repetition));
        result = again;
        seconds.push(more);
        cpu += more_cpu;
    }
    (result, Timing::of(seconds, cpu))
}

/// Time of the processors that this thread has had.
pub fn thread_cpu_seconds() -> f64 {
    cpu_seconds(rustix::time::ClockId::ThreadCPUTime)
}

/// Time of the processors that the threads of this process have had, those that have ended included.
pub fn process_cpu_seconds() -> f64 {
    cpu_seconds(rustix::time::ClockId::ProcessCPUTime)
}

fn cpu_seconds(clock: rustix::time::ClockId) -> f64 {
    let at = rustix::time::clock_gettime(clock);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}

/// Most memory held until now, as Linux states it.
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

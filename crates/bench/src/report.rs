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

/// Median, least and most seconds over some repetitions.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Median.
    pub seconds: f64,
    /// The quickest.
    pub seconds_min: f64,
    /// The slowest: other work on the machine shows here.
    pub seconds_max: f64,
}

/// Runs `work` `repetitions` times (at least once) and gives the last result and the times.
pub fn timed<T>(repetitions: usize, mut work: impl FnMut(usize) -> T) -> (T, Timing) {
    let mut seconds = Vec::new();
    let mut run = |repetition| {
        let start = Instant::now();
        let result = work(repetition);
        seconds.push(start.elapsed().as_secs_f64());
        result
    };
    let mut result = run(0);
    for repetition in 1..repetitions {
        result = run(repetition);
    }
    seconds.sort_by(f64::total_cmp);
    let timing = Timing {
        seconds: seconds[seconds.len() / 2],
        seconds_min: seconds[0],
        seconds_max: seconds[seconds.len() - 1],
    };
    (result, timing)
}

/// Most memory held until now, as Linux states it.
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

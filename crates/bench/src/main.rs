//! Benchmarks of Konbit: one JSON line per measurement, in the same form for every suite.
//!
//! One module per suite: its arguments, and a function `run` that prints [`report::Line`]s.
//! Nothing here is asserted; `docs/benchmarks.md` says how to repeat and how to read it.

mod report;
mod roads;

use clap::{Parser, Subcommand};

/// Measures Konbit and, where they are installed, other programs beside it.
///
/// Prints one JSON object per line: suite, instance, value, bound, gap, seconds, `peak_mib`, seed,
/// and fields of the suite. Times are medians over the repetitions.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Debug, Subcommand)]
enum Suite {
    /// Travel times: prepare, customise, matrices, one to one.
    Roads(roads::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().suite {
        Suite::Roads(arguments) => roads::run(&arguments),
    }
}

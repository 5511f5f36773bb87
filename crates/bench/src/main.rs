//! Benchmarks of Konbit: one JSON line per measurement, in the same form for every suite.
//!
//! One module per suite: its arguments, and a function `run` that prints [`report::Line`]s.
//! Nothing here is asserted; `docs/benchmarks.md` says how to repeat and how to read it.

mod placement;
mod placement_roster;
mod protect;
mod record;
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
    /// p-median instances of the OR-Library.
    Pmed(placement::Pmed),
    /// Maximal covering, from a file of points or generated.
    Mclp(placement::Mclp),
    /// Static posts in generated games with general payoffs.
    Ssg(placement::Ssg),
    /// Team orienteering, Chao's format.
    Top(placement::Top),
    /// Rosters of generated missions.
    Roster(placement_roster::Arguments),
    /// Protection plans of invented missions, or of plan files.
    Protect(protect::Arguments),
    /// Durable appends over HTTP and without it, proofs, verification.
    Record(record::Arguments),
    /// Travel times: prepare, customise, matrices, one to one.
    Roads(roads::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().suite {
        Suite::Pmed(arguments) => arguments.run(),
        Suite::Mclp(arguments) => arguments.run(),
        Suite::Ssg(arguments) => arguments.run(),
        Suite::Top(arguments) => arguments.run(),
        Suite::Roster(arguments) => arguments.run(),
        Suite::Protect(arguments) => protect::run(&arguments),
        Suite::Record(arguments) => record::run(&arguments),
        Suite::Roads(arguments) => roads::run(&arguments),
    }
}

//! Tests of the formats against real and damaged files.

#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a helper of a test may fail the test, and need not be fast"
)]

mod council;
mod example;
mod files;
mod hostile;
mod import;
mod round_trip;
mod shared;

//! The tree and the formats against known answers, against the recursive definition of the RFC, against other
//! implementations, against whatever somebody has changed, and against a log that shows two histories.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod changes;
mod fuzzing;
mod known;
mod laws;
mod oracles;
mod policies;
mod proof_files;
mod sigsum;
mod split_view;
mod support;
mod vectors;
mod witnessing;

//! The tree against known answers, against the recursive definition of the RFC, and against
//! proofs that somebody has changed.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod known;
mod laws;

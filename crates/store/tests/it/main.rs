//! The store as its callers see it, and the file as somebody who tampers with it sees it.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod help;
mod kill;
mod measure;
mod open;
mod story;
mod tamper;

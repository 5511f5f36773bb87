//! The store as its callers see it, and the file as somebody who tampers with it sees it.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod backup;
mod child;
mod erase;
mod faults;
mod heads;
mod help;
mod images;
mod kill;
mod open;
mod sequence;
mod short_writes;
mod story;
mod tamper;
mod tiles;
mod trace;

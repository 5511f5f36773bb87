//! The built binary over its command line.

#![allow(clippy::unwrap_used, reason = "in a test, a panic with its place is the message")]

mod bad_input;
mod golden;
mod outsider;
mod planning;
mod record;
mod support;
mod week;
mod week_study;

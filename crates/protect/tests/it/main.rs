//! Plans against brute force, against the independent checker, and under change.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop where they cannot go on, as tests do")]

mod broken;
mod brute;
mod checker;
mod corrupt;
mod explain_week;
mod laws;
mod problems;
mod screen;
mod use_it;
mod week;

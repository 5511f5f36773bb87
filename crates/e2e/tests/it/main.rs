//! The built binary with the worked example: every page over HTTP, and what a planner does in a browser.
//!
//! Invariant: no test asks another host for anything, and the browser cannot.

#![allow(clippy::unwrap_used, reason = "in a test, a panic with its place is the message")]

mod browser;
mod client;
mod demo;
mod flows;
mod pages;

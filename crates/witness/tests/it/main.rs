//! A witness and a mirror over real HTTP, against a log that is honest, forked, or tampered with.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod comparing;
mod mirroring;
mod split_view;
mod statuses;
mod support;

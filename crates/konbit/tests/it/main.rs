//! The built binary over its command line.

mod bad_input;
mod golden;
mod record;
mod support;

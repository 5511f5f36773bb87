//! Tiles read back by other decoders and compared with what they were cut from.

#![allow(clippy::unwrap_used, reason = "in a test, a panic with its place is the message")]

mod cases;
mod decode;
mod geometry;
mod room;
mod shared;

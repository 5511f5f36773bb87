//! Formats in and out: bytes to typed values with findings, and back.
//!
//! Owns: [`import`] reads what a user hands over (tables as CSV, XLSX or GeoJSON, documents as
//! TOML or XML, map layers as GeoJSON); [`export`] writes tables as CSV with a row of HXL tags and
//! layers as GeoJSON; [`boundaries`] finds the administrative area of a point.
//!
//! Invariant: pure. Bytes come in as slices; nothing is fetched, opened or written.
//! Invariant: nothing panics on bytes from outside, whatever they are.
//! Invariant: nothing is dropped silently. A row that cannot be kept is an error finding that holds
//! its text; a column that is not used is named.
//!
//! Start reading at [`import::read`].

pub mod akn;
pub mod boundaries;
pub mod export;
pub mod import;
pub mod unsc_votes;

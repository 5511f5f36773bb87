//! What outsiders run, over the command line: witness, mirror, proof, policy.

mod by_files;
mod kill;
mod log;
mod mirrors;
mod over_http;
mod proofs;

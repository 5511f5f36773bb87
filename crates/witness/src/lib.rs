//! What outsiders run to check a log without trusting whoever keeps it: a witness, a mirror, and what both and the log
//! need for it on the edge: files and HTTP. The rules are in `konbit-record`; here is what makes them durable.
//!
//! - *witness*: cosigns a log's head only if the log's tree still begins with the one it cosigned before (C2SP
//!   tlog-witness). [`WitnessDir`] is one on disk; [`witness_router`] answers over HTTP; [`WitnessDir::answer`] is the
//!   same for a request that was carried by hand.
//! - *mirror*: a copy of a log's checkpoint, tiles and entries as static files (C2SP tlog-tiles), each checked against
//!   the signed head before it is believed ([`Mirror`]); [`mirror_router`] serves them.
//! - *evidence*: two heads of one log that do not fit together, kept as files and never overwritten ([`Evidence`]).
//! - *client*: [`add_checkpoint`] asks a witness over HTTP.
//! - *comparison*: [`compare`] says whether the heads that different parties hold are of one history.
//!
//! Invariant: a cosignature leaves only after the head it is for is on the disk (file and folder synced).
//! Invariant: between reading a log's state and storing the next, no other request for that log is looked at.
//! Invariant: after a failed write nothing is cosigned for that log until the program is started again and has read
//! what is on the disk.
//! Invariant: one process at a time in a directory of a witness or mirror.
//! Invariant: no clock and no entropy is read here: both are arguments.
//!
//! HTTP is spoken without TLS, on both sides. For https, a proxy adds it: before a witness or mirror any web server;
//! for the client, a forwarding program on the same machine whose `http://` address is then given instead.
//!
//! Start reading at [`WitnessDir`], then [`Mirror`].

mod client;
mod compare;
mod error;
mod evidence;
mod fetch;
mod files;
mod mirror;
mod page;
mod quorum;
mod serve;
mod server;
mod static_files;
mod tiles;
mod witness_dir;

pub use client::{Answer, add_checkpoint};
pub use compare::{Compared, Contradiction, Hashes, compare, fetch_checkpoint, fetch_cosigned, heads_in};
pub use error::WitnessError;
pub use evidence::{Evidence, EvidenceKind};
pub use fetch::FetchError;
pub use mirror::{Copied, Mirror, MirrorError, Step};
pub use quorum::{QUORUM_WITNESSES_MAX, dishonest_max};
pub use serve::serve;
pub use server::witness_router;
pub use static_files::mirror_router;
pub use witness_dir::{LogView, NotCosigned, WitnessDir};

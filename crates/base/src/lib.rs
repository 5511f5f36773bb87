//! Words that every crate of Konbit shares, and no domain rule.
//!
//! Owns: identifiers ([`id!`](crate::id)), positions ([`LatLon`]), P-codes ([`PCode`]),
//! days known to a stated precision ([`ApproxDay`]), money ([`Money`]), sources ([`Source`]),
//! findings about dirty data ([`Finding`]), canonical bytes ([`canonical`]),
//! digests ([`Digest`]) and seeded randomness ([`rng`]).
//!
//! Invariant: no I/O, no clock, no entropy.
//! Invariant: nothing here that is stored or hashed holds a float; positions are micro-degrees,
//! money is cents.
//!
//! Start reading at [`Finding`] and [`Source`]: almost every record carries them.

pub mod canonical;
mod date;
mod digest;
mod finding;
mod id;
mod money;
mod place;
pub mod rng;
mod source;

pub use date::{ApproxDay, DatePrecision};
pub use digest::Digest;
pub use finding::{Finding, Place, Severity};
pub use id::IdError;
#[doc(hidden)]
pub use id::check_id;
pub use money::{Currency, Money};
pub use place::{LatLon, LatLonError, PCode, PlacePrecision};
pub use source::{Reading, Source};

//! Salted commitments: what a leaf says of a body that lies outside the tree.
//!
//! `commit(salt, body) = HMAC-SHA-256(key = salt, "konbit/body-commitment/v1\n" || length of body || body)`, with the
//! length in bytes as a big-endian u64 (HMAC: RFC 2104, FIPS 198-1).
//!
//! **Binding.** Nobody can show two bodies for one commitment, whoever chose the salts. The message is an injective
//! encoding of the body under a fixed prefix; the key has always 32 bytes, less than the block of SHA-256, so no two
//! salts stand for one HMAC key. Two different (salt, body) with one commitment are therefore two different inputs of
//! the outer or of the inner SHA-256 with one output: a collision of SHA-256.
//!
//! **Hiding.** With a salt of 32 uniformly random bytes, used once and kept from the reader, the commitment says
//! nothing of the body, however few bodies are possible, as far as HMAC-SHA-256 is a pseudorandom function of its key.
//! Once the salt is erased the commitment stays checkable by nobody: whoever guesses the body needs 2^256 salts. That
//! is what makes erasure possible while every proof still holds. It is no help against someone who kept a copy of body
//! and salt, and the length prefix is inside the HMAC, so it does not leak.
//!
//! The prefix keeps the value from being mistaken for a leaf or node hash, or for any other HMAC under the same salt.

use crate::tree::Hash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const DOMAIN: &[u8] = b"konbit/body-commitment/v1\n";

/// The commitment to `body` under `salt`, 32 bytes from the operating system's generator, never used twice.
pub fn commit(salt: &[u8; 32], body: &[u8]) -> Hash {
    let length = u64::try_from(body.len()).expect("a length fits 64 bits");
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("HMAC takes a key of any length");
    mac.update(DOMAIN);
    mac.update(&length.to_be_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Whether `salt` and `body` are what was committed to. The comparison is not of constant time: all three are public
/// to whoever asks.
pub fn opens(commitment: &Hash, salt: &[u8; 32], body: &[u8]) -> bool {
    commit(salt, body) == *commitment
}

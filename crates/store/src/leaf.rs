//! The bytes that a leaf is the hash of, in their two forms, and the salts of commitments.

use crate::entry::NewEntry;
use jiff::Timestamp;
use konbit_base::{Digest, canonical};
use serde_json::Value;

/// The longest header of an entry, in bytes: what a length of 16 bits can say, because entry
/// bundles (C2SP tlog-tiles) say it so.
pub const HEADER_BYTES_MAX: usize = u16::MAX as usize;

/// Bytes from which the salts of one append are made, one for each entry.
///
/// They have to come from a cryptographic source, fresh for each append and known to nobody: a
/// salt that can be guessed lets a short body be guessed from its commitment, also after it was
/// erased. The store itself reads no entropy.
#[derive(Clone, PartialEq, Eq)]
pub struct SaltSeed(pub [u8; 32]);

/// Invariant: shows no byte of the seed.
impl std::fmt::Debug for SaltSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltSeed")
    }
}

impl SaltSeed {
    /// The salt of the entry at `position` (from 0) of the append: SHA-256 over a fixed mark, the
    /// seed and the position; the length never varies, so no other input gives the same bytes.
    pub fn salt(&self, position: usize) -> [u8; 32] {
        let mut input = Vec::with_capacity(64);
        input.extend_from_slice(b"konbit body salt v1\0");
        input.extend_from_slice(&self.0);
        input.extend_from_slice(&(position as u64).to_be_bytes());
        Digest::of(&input).0
    }
}

/// The leaf bytes of an entry of the first form: the canonical JSON of
/// `{"actor": …, "at": …, "body": …, "kind": …, "v": 1}`.
///
/// `at` is RFC 3339 in UTC with as many digits of the second as are needed; `body` stands in it
/// as the JSON value it is. The leaf is `SHA-256(0x00 || these bytes)`. `v` is the form of the
/// leaf, so that no two forms can be confused.
pub fn leaf_input(entry: &NewEntry) -> Vec<u8> {
    let NewEntry { at, actor, kind, body } = entry;
    leaf_input_of(&LeafParts { at: &at.to_string(), actor, kind, holds: Holds::Body(body) })
}

/// The leaf bytes of an entry of the second form: the canonical JSON of
/// `{"actor": …, "at": …, "commitment": …, "kind": …, "v": 2}`, with the commitment in 64
/// hexadecimal digits. The body is not in it, so it can be erased and the leaf stays what it is.
pub fn header(at: Timestamp, actor: &str, kind: &str, commitment: &Digest) -> Vec<u8> {
    leaf_input_of(&LeafParts { at: &at.to_string(), actor, kind, holds: Holds::Commitment(commitment) })
}

/// The parts of a leaf as they are stored.
pub(crate) struct LeafParts<'a> {
    pub at: &'a str,
    pub actor: &'a str,
    pub kind: &'a str,
    pub holds: Holds<'a>,
}

/// What a leaf says of the body.
pub(crate) enum Holds<'a> {
    /// The body itself (form 1).
    Body(&'a [u8]),
    /// A salted commitment to it (form 2).
    Commitment(&'a Digest),
}

/// The leaf bytes from the stored texts, which need not be what they should be.
pub(crate) fn leaf_input_of(parts: &LeafParts<'_>) -> Vec<u8> {
    let held = match parts.holds {
        Holds::Body(body) => body.len(),
        Holds::Commitment(_) => 66,
    };
    let mut out = Vec::with_capacity(held + parts.actor.len() + parts.kind.len() + 104);
    out.extend_from_slice(b"{\"actor\":");
    push_text(parts.actor, &mut out);
    out.extend_from_slice(b",\"at\":");
    push_text(parts.at, &mut out);
    let form = match parts.holds {
        Holds::Body(body) => {
            out.extend_from_slice(b",\"body\":");
            out.extend_from_slice(body);
            b'1'
        }
        Holds::Commitment(commitment) => {
            out.extend_from_slice(b",\"commitment\":");
            push_text(&commitment.to_string(), &mut out);
            b'2'
        }
    };
    out.extend_from_slice(b",\"kind\":");
    push_text(parts.kind, &mut out);
    out.extend_from_slice(b",\"v\":");
    out.extend_from_slice(&[form, b'}']);
    out
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text is always JSON, and a vector takes all bytes");
}

/// Why `body` is not the canonical bytes of a JSON value; `None` if it is.
pub(crate) fn not_canonical(body: &[u8]) -> Option<String> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Some(format!("its body is not JSON: {error}")),
    };
    match canonical::to_bytes(&value) {
        Ok(bytes) if bytes == body => None,
        Ok(_) => Some("its body is not in canonical form: keys sorted, no white space, no key twice".to_owned()),
        Err(error) => Some(format!("its body is not in canonical form: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_leaf_is_canonical_json_with_the_body_as_a_value() {
        let entry = NewEntry {
            at: "2023-10-02T19:05:00.5Z".parse().unwrap(),
            actor: "demo \"import\"".to_owned(),
            kind: "site-added".to_owned(),
            body: br#"{"id":"s-1","n":7}"#.to_vec(),
        };
        assert_eq!(
            String::from_utf8(leaf_input(&entry)).unwrap(),
            r#"{"actor":"demo \"import\"","at":"2023-10-02T19:05:00.5Z","body":{"id":"s-1","n":7},"kind":"site-added","v":1}"#
        );
    }

    #[test]
    fn salts_differ_by_seed_and_by_position_and_are_not_shown() {
        let salts = [(1, 0), (1, 1), (2, 0), (2, 1)].map(|(seed, position)| SaltSeed([seed; 32]).salt(position));
        assert!((0..4).all(|a| (0..a).all(|b| salts[a] != salts[b])));
        assert_eq!(SaltSeed([1; 32]).salt(0), salts[0]);
        assert_eq!(format!("{:?}", SaltSeed([1; 32])), "SaltSeed");
    }

    fn check_canonical(body: &str, expect: Option<&str>) {
        match (not_canonical(body.as_bytes()), expect) {
            (None, None) => {}
            (Some(why), Some(expect)) => assert!(why.contains(expect), "{body}: {why}"),
            (found, _) => panic!("{body}: {found:?}"),
        }
    }

    #[test]
    fn a_body_is_canonical_or_says_why_not() {
        check_canonical(r#"{"a":1,"b":[]}"#, None);
        check_canonical("null", None);
        check_canonical(r#"{"b":1,"a":2}"#, Some("keys sorted"));
        check_canonical(r#"{"a":1,"a":1}"#, Some("no key twice"));
        check_canonical(r#"{"a": 1}"#, Some("no white space"));
        check_canonical(r#"{"a":0.5}"#, Some("float"));
        check_canonical("{", Some("not JSON"));
        check_canonical("", Some("not JSON"));
        check_canonical("1,\"kind\":2", Some("not JSON"));
    }

    proptest! {
        #[test]
        fn a_leaf_is_what_the_canonical_writer_makes_of_the_whole(actor in ".*", kind in ".*", text in ".*", second in 0..4_000_000_000i64) {
            let body = json!({"text": text});
            let at = Timestamp::from_second(second).unwrap();
            let entry = NewEntry { at, actor, kind, body: canonical::to_bytes(&body).unwrap() };
            let whole = json!({"actor": entry.actor, "at": at.to_string(), "body": body, "kind": entry.kind, "v": 1});
            prop_assert_eq!(leaf_input(&entry), canonical::to_bytes(&whole).unwrap());
        }

        #[test]
        fn a_header_is_what_the_canonical_writer_makes_of_it(actor in ".*", kind in ".*", second in 0..4_000_000_000i64) {
            let at = Timestamp::from_second(second).unwrap();
            let commitment = Digest::of(actor.as_bytes());
            let whole = json!({"actor": actor, "at": at.to_string(), "commitment": commitment.to_string(), "kind": kind, "v": 2});
            prop_assert_eq!(header(at, &actor, &kind, &commitment), canonical::to_bytes(&whole).unwrap());
        }
    }
}

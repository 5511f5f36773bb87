//! What goes in and comes out: plain values.

use jiff::Timestamp;
use konbit_base::{Digest, canonical};
use serde::Serialize;
use serde_json::Value;

/// An entry to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When it was done.
    pub at: Timestamp,
    /// Who did it, in the caller's words.
    pub actor: String,
    /// What kind of entry it is; decides how `body` is read.
    pub kind: String,
    /// A JSON value in canonical bytes (`konbit_base::canonical`).
    pub body: Vec<u8>,
}

/// An entry of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 0 without gaps.
    pub ix: u64,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What kind of entry it is.
    pub kind: String,
    /// A JSON value in canonical bytes.
    pub body: Vec<u8>,
    /// Its leaf hash, as stored; [`crate::verify()`] recomputes it.
    pub leaf: Digest,
}

/// The bytes that an entry's leaf is the hash of: the canonical JSON of
/// `{"actor": …, "at": …, "body": …, "kind": …, "v": 1}`.
///
/// `at` is RFC 3339 in UTC with as many digits of the second as are needed; `body` stands in it
/// as the JSON value it is. The leaf is `SHA-256(0x00 || these bytes)`. `v` is the form of the
/// leaf: another form gets another number, so that no two forms can be confused.
pub fn leaf_input(entry: &NewEntry) -> Vec<u8> {
    let NewEntry { at, actor, kind, body } = entry;
    leaf_input_of(&LeafParts { at: &at.to_string(), actor, kind, body })
}

/// The parts of a leaf as they are stored.
pub(crate) struct LeafParts<'a> {
    pub at: &'a str,
    pub actor: &'a str,
    pub kind: &'a str,
    pub body: &'a [u8],
}

/// [`leaf_input`] from the stored texts, which need not be what they should be.
pub(crate) fn leaf_input_of(parts: &LeafParts<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.body.len() + parts.actor.len() + parts.kind.len() + 96);
    out.extend_from_slice(b"{\"actor\":");
    push_text(parts.actor, &mut out);
    out.extend_from_slice(b",\"at\":");
    push_text(parts.at, &mut out);
    out.extend_from_slice(b",\"body\":");
    out.extend_from_slice(parts.body);
    out.extend_from_slice(b",\"kind\":");
    push_text(parts.kind, &mut out);
    out.extend_from_slice(b",\"v\":1}");
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

/// Size and root of the tree: what an outsider keeps to check the record later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Merkle tree head of RFC 6962 over all leaves.
    pub root: Digest,
    /// Time of the last entry; `None` while there is none.
    pub at: Option<Timestamp>,
}

/// A row made from entries, to be set or removed together with an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionChange {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// All entries that the row now rests on, oldest first (it replaces the former list); the
    /// ones being appended may be among them. Ignored if the row is removed.
    pub entries: Vec<u64>,
    /// The new content; `None` removes the row.
    pub body: Option<Vec<u8>>,
}

/// A row made from entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectionRow {
    /// What kind of thing the row is about.
    pub subject: String,
    /// Which of them.
    pub id: String,
    /// The entries that the row rests on.
    pub entries: Vec<u64>,
    /// Its content, as it was handed in.
    pub body: Vec<u8>,
}

/// Head and projections of one and the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The head; its size is what an append made from this reading has to expect.
    pub head: Head,
    /// All rows, by subject and id.
    pub projections: Vec<ProjectionRow>,
}

/// A file kept with the record, named by the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Media type, such as `text/csv`.
    pub media: String,
    /// File name as it came.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Attachment {
    /// The name under which [`crate::Store::attachment`] finds it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// In which order entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By rising number.
    #[default]
    OldestFirst,
    /// By falling number.
    NewestFirst,
}

/// Which entries to read. The default is the oldest 1,000 of all kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only this kind; `None` for all.
    pub kind: Option<String>,
    /// The lowest number that counts.
    pub from: u64,
    /// The first number that no longer counts.
    pub to: u64,
    /// Which end comes first, and so which end `limit` keeps.
    pub order: Order,
    /// How many at most.
    pub limit: usize,
}

impl Default for EntryFilter {
    fn default() -> Self {
        Self { kind: None, from: 0, to: u64::MAX, order: Order::OldestFirst, limit: 1_000 }
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
    }
}

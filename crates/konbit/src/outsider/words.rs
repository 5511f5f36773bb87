//! How times, roots and foreign text are written for people.

use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::Hash;

/// The most characters of a foreign text that are shown.
const CHARACTERS_MAX: usize = 4000;

/// A time in seconds since 1970.
pub fn time(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| format!("second {seconds} since 1970"), |at| at.to_string())
}

/// A hash in hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    Digest(*hash).to_string()
}

/// Text that somebody else wrote, safe for a terminal: no control characters, and an end.
pub fn foreign(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() { shown + " ..." } else { shown }
}

/// Bytes that may be text.
pub fn foreign_bytes(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| format!("{} bytes that are not text", bytes.len()), foreign)
}

/// `1 entry`, `2 entries`.
pub fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

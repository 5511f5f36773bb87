//! The three encodings that all formats here share: base64, whole numbers, hashes.

use crate::tree::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Standard Base 64 with padding (RFC 4648, section 4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads Base 64, in its one canonical form only: padding present, unused bits zero, no white space (RFC 4648, 3.5),
/// so that no two texts stand for the same bytes.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads a hash in Base 64.
pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}

/// Reads a decimal number without sign and without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<u64>) {
        assert_eq!(decimal(text), expect, "{text:?}");
    }

    #[test]
    fn a_number_has_one_form() {
        check("0", Some(0));
        check("18446744073709551615", Some(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616", "٣"] {
            check(text, None);
        }
    }

    #[test]
    fn base64_has_one_form() {
        assert_eq!(from_base64("AA==").as_deref(), Some(&[0u8][..]));
        for text in ["AA", "AA=", "AB==", "A A==", "AA==\n", "AA===", "_w=="] {
            assert_eq!(from_base64(text), None, "{text:?}");
        }
    }
}

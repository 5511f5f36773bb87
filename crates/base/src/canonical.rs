//! One sequence of bytes for one value: JSON with sorted keys, no white space and no floats.
//!
//! The form is that of RFC 8785 (JSON Canonicalization Scheme) for values without floats, with
//! keys sorted by their UTF-8 bytes. Everything that is hashed or entered in the record is
//! written this way, so that the same value gives the same digest on every machine.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// Why a value has no canonical bytes.
#[derive(Debug, Error)]
pub enum CanonicalError {
    /// The value holds a float, which has no place in the record.
    #[error("the number {0} is a float; the record holds whole numbers in stated units only")]
    Float(String),
    /// The value cannot be written as JSON at all.
    #[error("the value cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The canonical bytes of `value`.
///
/// # Errors
/// [`CanonicalError::Float`] if any number in it is not an integer.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) if number.is_f64() => return Err(CanonicalError::Float(number.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => serde_json::to_writer(out, value)?,
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            // Sorted here, whatever order the map keeps: another crate may switch that order on.
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| key.as_bytes());
            out.push(b'{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: &Value, expect: &str) {
        assert_eq!(String::from_utf8(to_bytes(value).unwrap()).unwrap(), expect);
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_padded() {
        check(&json!({"b": 1, "a": [true, null, "x\"y"]}), r#"{"a":[true,null,"x\"y"],"b":1}"#);
        check(&json!({}), "{}");
        check(&json!(-7), "-7");
        check(&json!("é"), "\"é\"");
    }

    #[test]
    fn a_float_is_refused() {
        assert!(matches!(to_bytes(&json!({"a": 0.5})), Err(CanonicalError::Float(_))));
    }
}

//! Identifiers: one newtype for each kind of thing.

use thiserror::Error;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an identifier is empty; give each row one of its own")]
    Empty,
    /// The text is longer than 120 bytes.
    #[error("the identifier that begins {0:?} is longer than 120 bytes; shorten it")]
    Long(String),
    /// The text holds white space or a control character.
    #[error(
        "the identifier {0:?} holds white space or a control character; use letters, digits, '-', '/', '.', '(' and ')'"
    )]
    Character(String),
}

/// Checks the rule all identifiers share: 1 to 120 bytes, no white space, no control characters.
pub fn check_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > 120 {
        return Err(IdError::Long(text.chars().take(40).collect()));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(IdError::Character(text.chars().take(120).collect()));
    }
    Ok(())
}

/// Declares an identifier: a checked, ordered, serialisable newtype over text.
///
/// ```
/// konbit_base::id!(
///     /// A well.
///     WellId
/// );
/// assert_eq!(WellId::new("w-1").unwrap().as_str(), "w-1");
/// assert!(WellId::new("two words").is_err());
/// ```
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` (1 to 120 bytes, no white space, no control characters).
            pub fn new(text: impl Into<String>) -> Result<Self, $crate::IdError> {
                let text = text.into();
                $crate::check_id(&text)?;
                Ok(Self(text))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::IdError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, valid: bool) {
        assert_eq!(check_id(text).is_ok(), valid, "{text:?}");
    }

    #[test]
    fn an_identifier_has_no_white_space_and_a_length() {
        check("apt-pap", true);
        check("S/RES/2699(2023)", true);
        check("école-1", true);
        check("", false);
        check("two words", false);
        check("tab\t", false);
        check("nul\0", false);
        check(&"x".repeat(120), true);
        check(&"x".repeat(121), false);
    }
}

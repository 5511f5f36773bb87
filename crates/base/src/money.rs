//! Money as whole cents.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A currency code of ISO 4217: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// Three ASCII letters, folded to capitals.
    pub fn new(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|b| b.to_ascii_uppercase())))
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| format!("{text:?} is not a currency code of three letters"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.to_string()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).expect("three ASCII letters"))
    }
}

/// An amount in one currency, in hundredths (cents). Never a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Hundredths of the currency unit.
    pub cents: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// A whole amount of currency units; `None` if it does not fit 64 bits of cents.
    pub fn whole(units: i64, currency: Currency) -> Option<Self> {
        Some(Self { cents: units.checked_mul(100)?, currency })
    }
}

impl fmt::Display for Money {
    /// English, such as `USD 100,000,000` or `USD 12.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, cents) = (if self.cents < 0 { "-" } else { "" }, self.cents.unsigned_abs());
        let digits = (cents / 100).to_string();
        write!(f, "{} {sign}", self.currency)?;
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if !cents.is_multiple_of(100) {
            write!(f, ".{:02}", cents % 100)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_with_thousands_and_cents_only_where_there_are_any() {
        let show = |cents| Money { cents, currency: Currency::USD }.to_string();
        assert_eq!(show(10_000_000_000), "USD 100,000,000");
        assert_eq!(show(1_250), "USD 12.50");
        assert_eq!(show(-99), "USD -0.99");
        assert_eq!(show(0), "USD 0");
        assert_eq!(Money::whole(i64::MAX, Currency::USD), None);
    }
}

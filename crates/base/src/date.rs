//! Days that are known only roughly.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How exactly a day is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatePrecision {
    /// The day itself.
    Day,
    /// Within the seven days that begin with it.
    Week,
    /// Some day of its month.
    Month,
    /// Some day of its quarter.
    Quarter,
    /// Some day of its year.
    Year,
}

/// A day and how exactly it is known. The stored day is the one the source was filed under;
/// for a month it may be any day of that month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApproxDay {
    /// The day, or a day within the period.
    pub day: Date,
    /// How exactly `day` is known.
    pub precision: DatePrecision,
}

impl ApproxDay {
    /// A day known exactly.
    pub fn exact(day: Date) -> Self {
        Self { day, precision: DatePrecision::Day }
    }
}

impl fmt::Display for ApproxDay {
    /// English, such as `2 October 2023`, `October 2023`, `week of 2 October 2023`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day;
        match self.precision {
            DatePrecision::Day => write!(f, "{}", day.strftime("%-d %B %Y")),
            DatePrecision::Week => write!(f, "week of {}", day.strftime("%-d %B %Y")),
            DatePrecision::Month => write!(f, "{}", day.strftime("%B %Y")),
            DatePrecision::Quarter => write!(f, "quarter {} of {}", (day.month() - 1) / 3 + 1, day.year()),
            DatePrecision::Year => write!(f, "{}", day.year()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_rough_day_says_how_rough() {
        let show = |precision| ApproxDay { day: date(2023, 10, 2), precision }.to_string();
        assert_eq!(show(DatePrecision::Day), "2 October 2023");
        assert_eq!(show(DatePrecision::Week), "week of 2 October 2023");
        assert_eq!(show(DatePrecision::Month), "October 2023");
        assert_eq!(show(DatePrecision::Quarter), "quarter 4 of 2023");
        assert_eq!(show(DatePrecision::Year), "2023");
    }
}

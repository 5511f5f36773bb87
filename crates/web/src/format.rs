//! How numbers, days and addresses are written on pages: decided here, once.
//!
//! Numbers are English with a comma between thousands; days are written out; what is not known is a dash with words.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// What stands where a figure is not known.
pub const UNKNOWN: &str = "–";

/// A whole number with a comma between thousands: `1,227,540`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things held in memory.
pub fn size(value: usize) -> String {
    count(u64::try_from(value).unwrap_or(u64::MAX))
}

/// A whole number, or a dash where it is not known.
pub fn known(value: Option<u64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), count)
}

/// A decimal number with `places` digits after the point and a comma between thousands: `1,204.50`.
/// What rounds to zero has no sign.
pub fn decimal(value: f64, places: usize) -> String {
    let text = format!("{:.*}", places, value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), count);
    let is_zero = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// A decimal number that always carries a sign, `±0` where it rounds to zero.
pub fn signed(value: f64, places: usize) -> String {
    let text = decimal(value, places);
    if text.bytes().all(|byte| byte == b'0' || byte == b'.') {
        format!("±{text}")
    } else if text.starts_with('−') {
        text
    } else {
        format!("+{text}")
    }
}

/// Persons harmed a week, from millionths: two places, three below one tenth.
pub fn harm_micro(micro: u64) -> String {
    harm(micro as f64 / 1e6)
}

/// Persons harmed a week: two places, three below one tenth, four below one hundredth.
pub fn harm(value: f64) -> String {
    let places = match value.abs() {
        small if small == 0.0 || small >= 0.1 => 2,
        small if small >= 0.01 => 3,
        _ => 4,
    };
    decimal(value, places)
}

/// A share as per cent, without the sign: `0.8` is `80`. The head of the column says `%`.
pub fn percent(share: f64) -> String {
    decimal(share * 100.0, usize::from(share * 100.0 < 10.0 && share > 0.0))
}

/// A gap as per cent with its sign, to two places; below 0.01 % it says so.
pub fn gap(share: f64) -> String {
    if share > 0.0 && share < 0.000_05 { "< 0.01 %".to_owned() } else { format!("{} %", decimal(share * 100.0, 2)) }
}

/// A day written out: `2 October 2023`.
pub fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// A day for a narrow column: `2 Oct 2023`.
pub fn day_short(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// A period in as few words as say it: `1 to 30 September 2023`, `1 January to 31 March 2023`.
pub fn period(start: Date, end: Date) -> String {
    let last = day(end);
    if start == end {
        return last;
    }
    let first = match (start.year() == end.year(), start.month() == end.month()) {
        (true, true) => start.strftime("%-d").to_string(),
        (true, false) => start.strftime("%-d %B").to_string(),
        _ => day(start),
    };
    format!("{first} to {last}")
}

/// A period for a narrow column: `28–29 Sep 2023`, `28 Sep – 3 Oct 2023`.
pub fn period_short(start: Date, end: Date) -> String {
    let last = day_short(end);
    if start == end {
        return last;
    }
    match (start.year() == end.year(), start.month() == end.month()) {
        (true, true) => format!("{}–{last}", start.day()),
        (true, false) => format!("{} – {last}", start.strftime("%-d %b")),
        _ => format!("{} – {last}", day_short(start)),
    }
}

/// How far a day lies from `today`: `today`, `in 1 day`, `in 274 days`, `3 days ago`.
pub fn from_today(today: Date, date: Date) -> String {
    let days = (date - today).get_days();
    let unit = if days.abs() == 1 { "day" } else { "days" };
    match days {
        0 => "today".to_owned(),
        1.. => format!("in {} {unit}", count(u64::from(days.unsigned_abs()))),
        _ => format!("{} {unit} ago", count(u64::from(days.unsigned_abs()))),
    }
}

/// An instant in a time zone: `2 October 2023, 14:05 EDT`.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

/// `one` with 1, `many` with any other number: `1 site`, `469 sites`.
pub fn plural(value: usize, one: &str, many: &str) -> String {
    format!("{} {}", size(value), if value == 1 { one } else { many })
}

/// A short word of the data for a reader: `health_centre` is `health centre`.
pub fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// The same with a capital at its head.
pub fn heading(word: &str) -> String {
    let text = words(word);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `text` as part of an address: everything but unreserved characters is escaped (RFC 3986); `/` too unless
/// `keep_slashes`.
pub fn escape(text: &str, keep_slashes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'/' if keep_slashes => out.push('/'),
            other => write!(out, "%{other:02X}").expect("writing to a string cannot fail"),
        }
    }
    out
}

/// A path with a query made of the pairs whose value is not empty.
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{}={}", escape(key, false), escape(value, false)))
        .collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Text folded for searching: lower case, without the accents of French and Creole.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'à' | 'â' | 'ä' | 'á' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' | 'í' => 'i',
            'ô' | 'ö' | 'ò' | 'ó' => 'o',
            'û' | 'ù' | 'ü' | 'ú' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            '’' => '\'',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn check(got: impl AsRef<str>, expect: &str) {
        assert_eq!(got.as_ref(), expect);
    }

    #[test]
    fn numbers_have_a_comma_between_thousands() {
        check(count(0), "0");
        check(count(999), "999");
        check(count(1_000), "1,000");
        check(count(1_227_540), "1,227,540");
        check(count(u64::MAX), "18,446,744,073,709,551,615");
        check(known(None), "–");
    }

    #[test]
    fn decimals_are_rounded_and_keep_their_places() {
        check(decimal(1204.5, 2), "1,204.50");
        check(decimal(0.0, 2), "0.00");
        check(decimal(-0.001, 2), "0.00");
        check(decimal(-12.345, 1), "−12.3");
        check(decimal(999.999, 2), "1,000.00");
        check(signed(0.12, 2), "+0.12");
        check(signed(-0.12, 2), "−0.12");
        check(signed(-0.001, 2), "±0.00");
        check(harm(0.0123), "0.012");
        check(harm(0.00123), "0.0012");
        check(harm(3.456), "3.46");
        check(percent(0.8), "80");
        check(percent(0.0123), "1.2");
        check(percent(0.0), "0");
        check(gap(0.00001), "< 0.01 %");
        check(gap(0.0042), "0.42 %");
        check(gap(0.0), "0.00 %");
    }

    #[test]
    fn days_and_periods_are_written_out() {
        let (first, last) = (date(2023, 7, 1), date(2023, 9, 30));
        check(day(date(2023, 10, 2)), "2 October 2023");
        check(period(first, last), "1 July to 30 September 2023");
        check(period(date(2023, 9, 1), last), "1 to 30 September 2023");
        check(period(date(2022, 9, 1), last), "1 September 2022 to 30 September 2023");
        check(period(last, last), "30 September 2023");
        check(period_short(date(2023, 9, 28), last), "28–30 Sep 2023");
        check(period_short(first, last), "1 Jul – 30 Sep 2023");
        check(period_short(date(2022, 9, 1), last), "1 Sep 2022 – 30 Sep 2023");
        check(from_today(date(2023, 10, 2), date(2024, 7, 2)), "in 274 days");
        check(from_today(date(2023, 10, 2), date(2023, 10, 3)), "in 1 day");
        check(from_today(date(2023, 10, 2), date(2023, 10, 2)), "today");
        check(from_today(date(2023, 10, 2), date(2023, 9, 30)), "2 days ago");
    }

    #[test]
    fn an_address_escapes_what_a_reader_may_type() {
        check(escape("S/RES/2699 (2023)", true), "S/RES/2699%20%282023%29");
        check(escape("a&b=é", false), "a%26b%3D%C3%A9");
        check(address("/record", &[("subject", "site"), ("id", "")]), "/record?subject=site");
        check(address("/record", &[]), "/record");
        check(heading("health_centre"), "Health centre");
        check(heading(""), "");
        check(fold("Pétion-Ville"), "petion-ville");
    }
}

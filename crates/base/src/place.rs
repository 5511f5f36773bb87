//! Positions and administrative codes.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Mean radius of the Earth in metres (IUGG mean radius R1).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A position on WGS 84, in whole micro-degrees (about 0.11 m), so that it can be stored and
/// hashed without floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawLatLon")]
pub struct LatLon {
    lat_micro: i32,
    lon_micro: i32,
}

/// The stored form, checked again when read.
#[derive(Deserialize)]
struct RawLatLon {
    lat_micro: i32,
    lon_micro: i32,
}

/// Why two numbers are not a position.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LatLonError {
    /// Latitude outside [-90, 90], or not a number.
    #[error("latitude {0} is not between -90 and 90")]
    Latitude(f64),
    /// Longitude outside [-180, 180], or not a number.
    #[error("longitude {0} is not between -180 and 180")]
    Longitude(f64),
}

impl LatLon {
    /// A position from degrees: latitude in [-90, 90], longitude in [-180, 180].
    pub fn new(lat: f64, lon: f64) -> Result<Self, LatLonError> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(LatLonError::Latitude(lat));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(LatLonError::Longitude(lon));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 1.8e8, checked above")]
        let micro = |degrees: f64| (degrees * 1e6).round() as i32;
        Ok(Self { lat_micro: micro(lat), lon_micro: micro(lon) })
    }

    /// Latitude in degrees.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_micro) / 1e6
    }

    /// Longitude in degrees.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_micro) / 1e6
    }

    /// Great-circle distance in metres, by the haversine formula on a sphere of mean radius.
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.lat().to_radians(), other.lat().to_radians());
        let half_lat = (b - a) / 2.0;
        let half_lon = (other.lon() - self.lon()).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + a.cos() * b.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }
}

impl TryFrom<RawLatLon> for LatLon {
    type Error = LatLonError;
    fn try_from(raw: RawLatLon) -> Result<Self, LatLonError> {
        Self::new(f64::from(raw.lat_micro) / 1e6, f64::from(raw.lon_micro) / 1e6)
    }
}

impl fmt::Display for LatLon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.5}, {:.5}", self.lat(), self.lon())
    }
}

/// How exactly a position is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlacePrecision {
    /// The thing itself (within about 100 m).
    Site,
    /// The street (about 300 m).
    Street,
    /// The neighbourhood (about 1 km).
    Neighbourhood,
    /// The town or the commune (about 5 km).
    Town,
    /// The department or province (about 25 km).
    Department,
}

impl PlacePrecision {
    /// A stated radius in metres within which the true place is taken to lie.
    pub fn radius_m(self) -> f64 {
        match self {
            Self::Site => 100.0,
            Self::Street => 300.0,
            Self::Neighbourhood => 1_000.0,
            Self::Town => 5_000.0,
            Self::Department => 25_000.0,
        }
    }
}

/// A place code of the common operational datasets: two letters of ISO 3166-1 and digits,
/// two for each level below the country (`HT`, `HT01`, `HT0111`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PCode(String);

/// A text that is not a P-code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a P-code; expected two letters and up to 12 digits, such as HT0111")]
pub struct PCodeError(String);

impl PCode {
    /// Checks the shape; letters are folded to capitals.
    pub fn new(text: &str) -> Result<Self, PCodeError> {
        let text = text.trim();
        let digits = text.get(2..).unwrap_or("x");
        let letters_ok = text.len() >= 2 && text.as_bytes()[..2].iter().all(u8::is_ascii_alphabetic);
        if !letters_ok || digits.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PCodeError(text.chars().take(40).collect()));
        }
        Ok(Self(text.to_ascii_uppercase()))
    }

    /// The code, such as `HT0111`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `self` is `other` or lies inside it, by prefix.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl TryFrom<String> for PCode {
    type Error = PCodeError;
    fn try_from(text: String) -> Result<Self, PCodeError> {
        Self::new(&text)
    }
}

impl From<PCode> for String {
    fn from(code: PCode) -> String {
        code.0
    }
}

impl fmt::Display for PCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(lat: f64, lon: f64, valid: bool) {
        assert_eq!(LatLon::new(lat, lon).is_ok(), valid, "{lat}, {lon}");
    }

    #[test]
    fn a_position_lies_on_the_earth() {
        check(18.58, -72.2925, true);
        check(90.0, 180.0, true);
        check(-90.0, -180.0, true);
        check(91.0, 0.0, false);
        check(0.0, 180.1, false);
        check(f64::NAN, 0.0, false);
        check(f64::INFINITY, 0.0, false);
    }

    #[test]
    fn a_degree_of_latitude_is_about_111_195_metres() {
        // 2 pi R / 360 with R = 6 371 008.8 m is 111 195.08 m.
        let d = LatLon::new(18.0, -72.0).unwrap().distance_m(LatLon::new(19.0, -72.0).unwrap());
        assert!((d - 111_195.08).abs() < 0.1, "{d}");
    }

    #[test]
    fn a_pcode_is_two_letters_and_digits() {
        for (text, valid) in [
            ("HT0111", true),
            ("ht01", true),
            ("HT", true),
            ("H", false),
            ("HT-1", false),
            ("0111", false),
            ("", false),
            ("éa11", false),
        ] {
            assert_eq!(PCode::new(text).is_ok(), valid, "{text:?}");
        }
        assert!(PCode::new("HT0111").unwrap().is_within(&PCode::new("HT01").unwrap()));
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_to_itself(a in -90.0..90.0f64, b in -180.0..180.0f64, c in -90.0..90.0f64, d in -180.0..180.0f64) {
            let (p, q) = (LatLon::new(a, b).unwrap(), LatLon::new(c, d).unwrap());
            prop_assert!(p.distance_m(p) == 0.0);
            prop_assert!((p.distance_m(q) - q.distance_m(p)).abs() < 1e-6);
        }

        #[test]
        fn a_stored_position_reads_back(a in -90.0..90.0f64, b in -180.0..180.0f64) {
            let p = LatLon::new(a, b).unwrap();
            let text = serde_json::to_string(&p).unwrap();
            prop_assert_eq!(serde_json::from_str::<LatLon>(&text).unwrap(), p);
        }
    }
}

//! Speed profiles: how long a link takes a patrol vehicle, an armoured vehicle, people on foot.
//!
//! The defaults stand in `profiles.toml`, each judged figure beside a sentence on its basis; a
//! mission may give a file of its own in the same form. For a link without a stated time
//!
//! ```text
//! ms = ceil( length / (min(class speed, signed maximum) * surface factor * night factor) )
//! ```
//!
//! in whole numbers. The signed maximum counts for vehicles only. Ferries have no surface, no
//! rain and no night.

use crate::network::{Direction, Link, Mode, RoadClass, Surface};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// No link takes longer than this (about twelve days), so that the times of a route can be added
/// up without care.
pub const TRAVEL_MS_MAX: u32 = 0x3fff_ffff;
/// Most profiles in one file.
pub const PROFILES_MAX: usize = 50;

const DEFAULTS: &str = include_str!("profiles.toml");

/// What it is like outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Weather {
    /// It rains, or the roads are still wet.
    pub rain: bool,
    /// It is dark.
    pub night: bool,
}

/// How a kind of party travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Short name, such as `patrol-vehicle`.
    pub id: String,
    /// Name for readers, in English.
    pub name: String,
    /// Which access to roads counts.
    pub mode: Mode,
    /// Whether ferries may be used.
    pub ferries: bool,
    /// Speed on a dry paved road by day.
    pub speed: Speeds,
    /// What surface and rain leave of it.
    pub surface: SurfaceFactors,
    /// What the night leaves of it.
    pub night: NightFactor,
    /// What states of the road leave of it.
    pub states: StateFactors,
    /// How much travel times scatter.
    pub spread: TravelSpread,
    /// How a place is connected to the roads.
    pub connector: Connector,
}

/// Speeds by class of road.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speeds {
    /// What the figures rest on.
    pub basis: String,
    /// Tenths of km/h, 1 to 2,000; 0 or absent: the class is not used.
    pub tenths_kmh: BTreeMap<RoadClass, u16>,
}

/// What a surface leaves of the speed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurfaceFactors {
    /// What the figures rest on.
    pub basis: String,
    /// Thousandths, when it is dry; 0 or absent: not used.
    pub dry_per_mille: BTreeMap<Surface, u16>,
    /// Thousandths of the same speed, in rain; 0 or absent: not used.
    pub rain_per_mille: BTreeMap<Surface, u16>,
}

/// What the night leaves of the speed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NightFactor {
    /// What the figure rests on.
    pub basis: String,
    /// Thousandths; 0: no travel by night.
    pub speed_per_mille: u16,
}

/// What a state of the road leaves of the speed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFactors {
    /// What the figures rest on.
    pub basis: String,
    /// Thousandths on a dangerous road; 0: not used.
    pub dangerous_per_mille: u16,
    /// Thousandths on a road held by an armed group; 0: not used.
    pub held_per_mille: u16,
}

/// How much the travel time of a whole trip scatters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TravelSpread {
    /// What the figure rests on.
    pub basis: String,
    /// Coefficient of variation (standard deviation over mean) of a log-normal, in thousandths.
    pub variation_per_mille: u16,
}

/// How a place beside the roads is connected to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// What the figures rest on.
    pub basis: String,
    /// Furthest distance to a road, in metres; what is further is not connected.
    pub metres_max: u32,
    /// Speed between place and road, in tenths of km/h, at least 1.
    pub tenths_kmh: u16,
}

/// Why a file is not a list of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// It is not TOML of this form.
    #[error("the speed profiles cannot be read: {0}; compare with the defaults")]
    Form(String),
    /// A figure or id is out of range.
    #[error("speed profile {id:?}: {what}")]
    Value {
        /// Profile.
        id: String,
        /// What is wrong and what is expected.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Profile>,
}

/// The profiles that Konbit comes with: patrol vehicle, armoured vehicle, on foot.
pub fn defaults() -> Vec<Profile> {
    parse(DEFAULTS).expect("the defaults are tested to be valid")
}

/// Reads profiles from TOML in the form of the defaults.
pub fn parse(toml_text: &str) -> Result<Vec<Profile>, ProfileError> {
    let file: File = toml::from_str(toml_text).map_err(|error| ProfileError::Form(error.message().to_owned()))?;
    if file.profile.is_empty() || file.profile.len() > PROFILES_MAX {
        return Err(ProfileError::Form(format!("there must be 1 to {PROFILES_MAX} profiles")));
    }
    let mut ids = BTreeSet::new();
    for profile in &file.profile {
        let problem = if ids.insert(&profile.id) { profile.problem() } else { Some("the id stands twice".to_owned()) };
        if let Some(what) = problem {
            return Err(ProfileError::Value { id: profile.id.clone(), what });
        }
    }
    Ok(file.profile)
}

/// The text of the defaults, for whoever wants to change some.
pub fn defaults_toml() -> &'static str {
    DEFAULTS
}

impl Profile {
    /// How long `link` takes in one direction on a free road, in milliseconds; `None` if it may
    /// not be used so. A stated time counts as it is; otherwise the formula of this module does.
    /// At least 1, at most [`TRAVEL_MS_MAX`].
    pub fn travel_ms(&self, link: &Link, direction: Direction, weather: Weather) -> Option<u32> {
        let (access, given) = match direction {
            Direction::Forward => (link.forward, 0),
            Direction::Backward => (link.backward, 1),
        };
        let allowed = match self.mode {
            Mode::Motor => access.motor,
            Mode::Foot => access.foot,
        };
        let is_ferry = link.class == RoadClass::Ferry;
        if !allowed || (is_ferry && !self.ferries) {
            return None;
        }
        if let Some(times) = link.given_ms {
            return Some(times[given].clamp(1, TRAVEL_MS_MAX));
        }
        let mut speed = *self.speed.tenths_kmh.get(&link.class)?;
        if let (Mode::Motor, Some(signed)) = (self.mode, link.speed_kmh_max) {
            speed = speed.min(u16::from(signed) * 10);
        }
        let factors = if is_ferry {
            [1000, 1000]
        } else {
            [self.surface_per_mille(link.surface, weather)?, self.night_per_mille(weather)]
        };
        // One decimetre at a tenth of km/h takes 3,600 ms, and each factor is in thousandths:
        // at most 2^32 * 3.6e9 < 2^64.
        let speed = u64::from(speed) * u64::from(factors[0]) * u64::from(factors[1]);
        if speed == 0 {
            return None;
        }
        let ms = (u64::from(link.length_dm) * 3_600_000_000).div_ceil(speed);
        Some(u32::try_from(ms).unwrap_or(u32::MAX).clamp(1, TRAVEL_MS_MAX))
    }

    fn surface_per_mille(&self, surface: Surface, weather: Weather) -> Option<u16> {
        let factors = if weather.rain { &self.surface.rain_per_mille } else { &self.surface.dry_per_mille };
        factors.get(&surface).copied()
    }

    fn night_per_mille(&self, weather: Weather) -> u16 {
        if weather.night { self.night.speed_per_mille } else { 1000 }
    }

    /// What is out of range in this profile, if anything.
    fn problem(&self) -> Option<String> {
        let id_ok =
            !self.id.is_empty() && self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_ok {
            return Some("an id is made of small letters, digits and hyphens".to_owned());
        }
        if let Some((class, speed)) = self.speed.tenths_kmh.iter().find(|(_, speed)| **speed > 2000) {
            return Some(format!("{speed} tenths of km/h for {class:?} is more than 2000"));
        }
        let surfaces = self.surface.dry_per_mille.values().chain(self.surface.rain_per_mille.values());
        let states = [self.night.speed_per_mille, self.states.dangerous_per_mille, self.states.held_per_mille];
        if let Some(factor) = surfaces.chain(&states).find(|factor| **factor > 1000) {
            return Some(format!("a factor of {factor} per mille is more than 1000"));
        }
        if self.connector.tenths_kmh == 0 || self.connector.tenths_kmh > 2000 || self.connector.metres_max > 50_000 {
            return Some("a connector has a speed of 1 to 2000 tenths of km/h and at most 50000 metres".to_owned());
        }
        (self.spread.variation_per_mille > 3000)
            .then(|| "a variation of more than 3000 per mille is no spread of one trip".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Access, LengthBasis};

    const DRY: Weather = Weather { rain: false, night: false };
    const WET: Weather = Weather { rain: true, night: false };
    const DARK: Weather = Weather { rain: false, night: true };

    fn road(class: RoadClass, surface: Surface) -> Link {
        Link {
            from: 0,
            to: 1,
            class,
            surface,
            length_dm: 10_000,
            basis: LengthBasis::Measured,
            speed_kmh_max: None,
            given_ms: None,
            forward: Access { motor: true, foot: true },
            backward: Access { motor: false, foot: true },
            name: None,
            course: Vec::new(),
        }
    }

    fn check(profile: &str, link: &Link, direction: Direction, weather: Weather, expect: Option<u32>) {
        let profiles = defaults();
        let profile = profiles.iter().find(|it| it.id == profile).unwrap();
        assert_eq!(profile.travel_ms(link, direction, weather), expect, "{} {link:?} {weather:?}", profile.id);
    }

    #[test]
    fn a_kilometre_takes_its_length_over_speed_and_factors() {
        use Direction::{Backward, Forward};
        let primary = road(RoadClass::Primary, Surface::Paved);
        // 1 km at 60 km/h is 60 s; in rain at 0.85 of it 70.588 s; by night at 0.8 of it 75 s.
        check("patrol-vehicle", &primary, Forward, DRY, Some(60_000));
        check("patrol-vehicle", &primary, Forward, WET, Some(70_589));
        check("patrol-vehicle", &primary, Forward, DARK, Some(75_000));
        check("armoured-vehicle", &primary, Forward, DRY, Some(72_000));
        // Against a one-way street only people on foot go: 1 km at 5 km/h is 720 s.
        check("patrol-vehicle", &primary, Backward, DRY, None);
        check("foot", &primary, Backward, DRY, Some(720_000));
        // 50 km/h * 0.5 on earth: 144 s; in rain at 0.25 of it 288 s.
        check("patrol-vehicle", &road(RoadClass::Secondary, Surface::Earth), Forward, DRY, Some(144_000));
        check("patrol-vehicle", &road(RoadClass::Secondary, Surface::Earth), Forward, WET, Some(288_000));
        check("armoured-vehicle", &road(RoadClass::Path, Surface::Paved), Forward, DRY, None);
        check("patrol-vehicle", &road(RoadClass::Steps, Surface::Paved), Forward, DRY, None);
    }

    #[test]
    fn a_signed_maximum_lowers_the_speed_of_vehicles_and_never_raises_it() {
        let mut link = road(RoadClass::Primary, Surface::Paved);
        link.speed_kmh_max = Some(30);
        check("patrol-vehicle", &link, Direction::Forward, DRY, Some(120_000));
        link.speed_kmh_max = Some(130);
        check("patrol-vehicle", &link, Direction::Forward, DRY, Some(60_000));
        link.speed_kmh_max = Some(3);
        check("foot", &link, Direction::Forward, DRY, Some(720_000));
    }

    #[test]
    fn a_stated_time_counts_as_it_is_for_whoever_may_go() {
        let mut link = road(RoadClass::Ferry, Surface::Unknown);
        check("patrol-vehicle", &link, Direction::Forward, WET, Some(360_000));
        link.given_ms = Some([900_000, 1]);
        check("patrol-vehicle", &link, Direction::Forward, WET, Some(900_000));
        check("foot", &link, Direction::Backward, DARK, Some(1));
        check("armoured-vehicle", &link, Direction::Forward, DRY, None);
    }

    #[test]
    fn the_longest_link_does_not_overflow() {
        let mut link = road(RoadClass::Residential, Surface::Earth);
        link.length_dm = u32::MAX;
        check("patrol-vehicle", &link, Direction::Forward, Weather { rain: true, night: true }, Some(TRAVEL_MS_MAX));
    }

    #[test]
    fn the_defaults_name_every_class_and_surface_and_a_basis_for_each_figure() {
        for profile in defaults() {
            assert!(RoadClass::ALL.iter().all(|class| profile.speed.tenths_kmh.contains_key(class)), "{}", profile.id);
            for factors in [&profile.surface.dry_per_mille, &profile.surface.rain_per_mille] {
                assert_eq!(factors.len(), 4, "{}", profile.id);
            }
            for (surface, dry) in &profile.surface.dry_per_mille {
                assert!(profile.surface.rain_per_mille[surface] <= *dry, "{} {surface:?}", profile.id);
            }
            let bases = [
                &profile.speed.basis,
                &profile.surface.basis,
                &profile.night.basis,
                &profile.states.basis,
                &profile.spread.basis,
                &profile.connector.basis,
            ];
            assert!(bases.iter().all(|basis| basis.len() > 20), "{}", profile.id);
        }
    }

    #[test]
    fn a_file_of_profiles_is_refused_with_a_reason() {
        let edit = |from: &str, to: &str| parse(&DEFAULTS.replacen(from, to, 1)).unwrap_err().to_string();
        for (from, to, expect) in [
            ("motorway = 900", "motorway = 9000", "9000 tenths of km/h"),
            ("paved = 1000", "paved = 1001", "1001 per mille"),
            ("id = \"foot\"", "id = \"patrol-vehicle\"", "stands twice"),
            ("id = \"foot\"", "id = \"On Foot\"", "small letters"),
            ("ferries = true", "ferrys = true", "unknown field"),
            ("motorway = 900", "motor-way = 900", "unknown variant"),
            ("tenths_kmh = 100", "tenths_kmh = 0", "connector"),
        ] {
            let message = edit(from, to);
            assert!(message.contains(expect), "{to}: {message}");
        }
        assert!(parse("").is_err());
    }
}

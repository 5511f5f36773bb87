//! The moment that an answer is about.

use crate::Config;
use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use konbit_mission::Mission;

/// Hour, in the mission's time zone, at which a mission whose data describe one day of the past is
/// seen: the evening, when the day's reports are in.
pub const EVENING_HOUR: i8 = 18;

/// The moment that an answer is about: it ends the window of incidents, and decides which reports
/// of roads are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day in the mission's time zone.
    pub day: Date,
    /// The instant.
    pub instant: Timestamp,
}

impl Moment {
    /// The evening of the day that the mission's data describe, or else `now`.
    pub fn shown(mission: &Mission, config: &Config, now: Timestamp) -> Self {
        let zone = zone(mission, config);
        match mission.declared().and_then(|declared| declared.as_of) {
            Some(day) => Self::evening(day, &zone),
            None => Self::at(now, &zone),
        }
    }

    /// The moment of an instant.
    pub fn at(instant: Timestamp, zone: &TimeZone) -> Self {
        Self { day: instant.to_zoned_datetime(zone.clone()).date(), instant }
    }

    /// The evening of a day.
    pub fn evening(day: Date, zone: &TimeZone) -> Self {
        let instant = zone.to_timestamp(day.to_datetime(time(EVENING_HOUR, 0, 0, 0)));
        // Only the last day that jiff knows can fail, far outside any mission's life.
        Self { day, instant: instant.unwrap_or(Timestamp::MAX) }
    }
}

/// The time zone days are counted in: the mission's own, or else that of the installation.
pub fn zone(mission: &Mission, config: &Config) -> TimeZone {
    let declared = mission.declared().and_then(|declared| TimeZone::get(&declared.time_zone).ok());
    declared.or_else(|| TimeZone::get(&config.time_zone).ok()).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_past_is_seen_in_its_evening_and_otherwise_now_counts() {
        let zone = TimeZone::get("America/Port-au-Prince").unwrap();
        let evening = Moment::evening("2023-10-02".parse().unwrap(), &zone);
        assert_eq!(evening.instant.to_string(), "2023-10-02T22:00:00Z");
        let now = Moment::at("2024-01-01T03:00:00Z".parse().unwrap(), &zone);
        assert_eq!(now.day.to_string(), "2023-12-31");
        let config = Config::named("x");
        assert_eq!(Moment::shown(&Mission::default(), &config, now.instant).day.to_string(), "2024-01-01");
    }
}

//! The slots of the week in time.

use jiff::civil::{DateTime, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use konbit_mission::week::WeekFigures;

/// A slot of one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotTime {
    /// Its place in a week that begins on Monday at midnight.
    pub place: usize,
    /// Its kind, by the place in the figures of the week.
    pub kind: usize,
    /// When it begins, local time.
    pub local: DateTime,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// The slots that end after `now`, the earliest first: the one under way and those that follow. A
/// slot that a change of the clocks leaves no time is passed over. Figures with a fault have none.
pub fn slots_from(figures: &WeekFigures, zone: &TimeZone, now: Timestamp, count: usize) -> Vec<SlotTime> {
    let grid: Option<Vec<usize>> = figures.grid().into_iter().collect();
    let Some(grid) = grid else { return Vec::new() };
    let today = now.to_zoned_datetime(zone.clone()).date();
    let length = SignedDuration::from_mins(i64::from(figures.slot_minutes));
    let mut slots = Vec::new();
    // From the day before, whose last slot may not have ended.
    let mut local = today.saturating_sub(1.day()).to_datetime(time(0, 0, 0, 0));
    while slots.len() < count {
        let Ok(next) = local.checked_add(length) else { break };
        let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).expect("not negative");
        let place = figures.place(local.weekday(), minute);
        let (start, end) = (zone.to_timestamp(local), zone.to_timestamp(next));
        if let (Some(place), Ok(start), Ok(end)) = (place, start, end)
            && end > now
            && end > start
        {
            slots.push(SlotTime { place, kind: grid[place], local, start, end });
        }
        local = next;
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_mission::Mission;

    fn figures() -> WeekFigures {
        let mut mission = Mission::default();
        let batches = crate::example("haiti-2023").unwrap().batches();
        let (_, files) = batches.iter().find(|(kind, _)| kind.name() == "week").unwrap();
        let file = konbit_exchange::import::InputFile { name: "week.toml", bytes: &files[0].bytes };
        let read = konbit_exchange::import::read(
            konbit_exchange::import::ImportKind::Week,
            &[file],
            &konbit_exchange::import::Context::default(),
        );
        for event in read.records {
            mission.apply(0, event);
        }
        mission.week_figures.values().next().unwrap().clone()
    }

    fn check(now: &str, first: &str, place: usize, kind: &str) {
        let (figures, zone) = (figures(), TimeZone::get("America/Port-au-Prince").unwrap());
        let slots = slots_from(&figures, &zone, now.parse().unwrap(), 60);
        assert_eq!(slots.len(), 60, "{now}");
        let got = (slots[0].local.to_string(), slots[0].place, figures.slots[slots[0].kind].id.to_string());
        assert_eq!(got, (first.to_owned(), place, kind.to_owned()), "{now}");
        assert!(slots.windows(2).all(|pair| pair[0].end == pair[1].start), "{now}: one after the other");
    }

    #[test]
    fn the_first_slot_is_the_one_under_way() {
        // 2 October 2023 was a Monday; Haiti was four hours behind UTC.
        check("2023-10-02T10:00:00Z", "2023-10-02T06:00:00", 2, "weekdays");
        check("2023-10-02T12:59:59Z", "2023-10-02T06:00:00", 2, "weekdays");
        check("2023-10-02T13:00:00Z", "2023-10-02T09:00:00", 3, "weekdays");
        check("2023-10-02T03:30:00Z", "2023-10-01T21:00:00", 55, "nights");
        check("2023-10-07T16:00:00Z", "2023-10-07T12:00:00", 44, "weekends");
    }

    #[test]
    fn an_hour_that_the_clocks_take_or_give_leaves_no_gap() {
        check("2023-11-05T03:00:00Z", "2023-11-04T21:00:00", 47, "nights");
        check("2024-03-10T03:00:00Z", "2024-03-09T21:00:00", 47, "nights");
    }
}

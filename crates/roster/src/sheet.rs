//! The sheet of one section, with dates, and its calendar.

use crate::plan::Roster;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Error, SignedDuration, Timestamp};
use serde::Serialize;

/// One duty on a sheet, in local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetDuty {
    /// When the section leaves its base.
    pub leave: DateTime,
    /// When it takes its post.
    pub start: DateTime,
    /// When it is relieved.
    pub end: DateTime,
    /// When it is back at its base.
    pub back: DateTime,
}

/// What a section carries: its duties of one cycle in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// Id of the section.
    pub section: String,
    /// Id of its contingent.
    pub contingent: String,
    /// Id of the base it leaves from.
    pub base: String,
    /// Persons who go.
    pub persons: u32,
    /// The duties.
    pub duties: Vec<SheetDuty>,
}

/// The sheet of section number `section` for the cycle that begins at `cycle_start`, local time.
/// `None` when there is no such section; an error when a date leaves the calendar's range.
pub fn sheet(roster: &Roster, section: usize, cycle_start: DateTime) -> Option<Result<Sheet, Error>> {
    let (week, data) = (roster.sections.get(section)?, roster.problem.sections.get(section)?);
    let contingent = roster.problem.contingents.get(data.contingent as usize)?;
    let minutes = |slots: u32| i64::from(slots) * i64::from(roster.problem.slot_minutes);
    let at = |minutes: i64| cycle_start.checked_add(SignedDuration::from_mins(minutes));
    let way = i64::from(data.travel_minutes);
    let duties = week.duties.iter().map(|duty| {
        let (from, to) = (minutes(duty.slot), minutes(duty.slot + duty.slots));
        Ok(SheetDuty { leave: at(from - way)?, start: at(from)?, end: at(to)?, back: at(to + way)? })
    });
    let sheet = |duties| Sheet {
        section: week.id.clone(),
        contingent: contingent.id.clone(),
        base: data.base.clone(),
        persons: week.seats,
        duties,
    };
    Some(duties.collect::<Result<_, Error>>().map(sheet))
}

/// How a calendar gives its times.
#[derive(Debug, Clone)]
pub enum Clock {
    /// As on the wall, wherever the reader is (RFC 5545 section 3.3.5, form 1).
    Floating,
    /// As instants in UTC (form 2), from local times in this zone. A time that the zone skips or
    /// repeats is taken as [`jiff`] takes it by default.
    Zone(TimeZone),
}

/// The sheet as an iCalendar object (RFC 5545): one event for each duty, from taking the post to
/// being relieved. `stamp` is when it was made. `label` is the word for duty in the reader's
/// language, `travel` the sentence about the way, in which `{leave}` and `{back}` stand for times.
///
/// An event's UID is made of section and start, so that a new roster of the same week replaces the
/// old one in a reader's calendar.
pub fn calendar(sheet: &Sheet, clock: &Clock, stamp: Timestamp, label: &str, travel: &str) -> Result<String, Error> {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| fold(&format!("{name}:{value}"), &mut out);
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//Konbit//Roster//EN");
    line("CALSCALE", "GREGORIAN");
    for duty in &sheet.duties {
        let wall = |at: DateTime| at.strftime("%H:%M").to_string();
        let way = travel.replace("{leave}", &wall(duty.leave)).replace("{back}", &wall(duty.back));
        let uid = format!("{}-{}@roster.konbit", sheet.section, duty.start.strftime("%Y%m%dT%H%M"));
        line("BEGIN", "VEVENT");
        line("UID", &escape(&uid));
        line("DTSTAMP", &stamp.strftime("%Y%m%dT%H%M%SZ").to_string());
        line("DTSTART", &time(duty.start, clock)?);
        line("DTEND", &time(duty.end, clock)?);
        line("SUMMARY", &escape(&format!("{label}: {}", sheet.section)));
        line("LOCATION", &escape(&sheet.base));
        line("DESCRIPTION", &escape(&way));
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    Ok(out)
}

fn time(at: DateTime, clock: &Clock) -> Result<String, Error> {
    match clock {
        Clock::Floating => Ok(at.strftime("%Y%m%dT%H%M%S").to_string()),
        Clock::Zone(zone) => Ok(zone.to_timestamp(at)?.strftime("%Y%m%dT%H%M%SZ").to_string()),
    }
}

/// A value of type TEXT (section 3.3.11); control characters have no place in one and become spaces.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// One content line, folded so that no line is longer than 75 octets (section 3.1).
fn fold(line: &str, out: &mut String) {
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out.push_str("\r\n");
}

//! The roster in force and the sheet of a slot: as text to print, as CSV, and as calendars.

use crate::week_words::{base_name, site_name, task_code, task_words};
use crate::{DrawnSlot, SectionDuty, SheetWay, SlotSheet, WayFrom};
use jiff::civil::{Date, DateTime, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use konbit_exchange::export::table;
use konbit_mission::Mission;
use konbit_roster::{Clock, Roster, SectionRoster, Sheet, SheetDuty, Status, calendar, sheet};
use std::fmt::Write as _;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The Monday of the week in which a day lies.
pub fn monday_of(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

/// The sheets of all sections for the week that begins on `monday`.
///
/// # Errors
/// Where a date leaves the calendar's range.
pub fn roster_sheets(roster: &Roster, monday: Date) -> Result<Vec<Sheet>, jiff::Error> {
    let begin = monday.to_datetime(time(0, 0, 0, 0));
    (0..roster.sections.len()).filter_map(|section| sheet(roster, section, begin)).collect()
}

fn when(at: DateTime) -> String {
    at.strftime("%a %F %H:%M").to_string()
}

/// The roster in plain words: for each contingent the people on duty by hour and day against those that
/// are wanted, and what stays open; then the duties of each section in the week from `sheets`.
pub fn roster_text(mission: &Mission, roster: &Roster, sheets: &[Sheet]) -> String {
    let mut out = String::new();
    let sections = &roster.problem.sections;
    let people: u32 = sections.iter().map(|section| section.persons).sum();
    let status = match roster.status {
        Status::Optimal => "no roster under these rules leaves less open in the leanest slots".to_owned(),
        Status::Gap | Status::LimitReached => format!("at most {:.1} % from the best", roster.gap * 100.0),
    };
    let _ = writeln!(out, "roster: {people} people in {} sections; {status}", sections.len());
    for (number, contingent) in roster.problem.contingents.iter().enumerate() {
        by_hour(&mut out, roster, number, &contingent.id);
    }
    let _ = writeln!(out, "\n{:16} {:>6} {:>5} {:>6}  {:24} duties", "section", "people", "away", "hours", "base");
    for ((section, week), held) in sections.iter().zip(&roster.sections).zip(sheets) {
        let duty = |duty: &SheetDuty| format!("{}-{}", duty.start.strftime("%a %H:%M"), duty.end.strftime("%H:%M"));
        let _ = writeln!(
            out,
            "{:16} {:>6} {:>5} {:>6.1}  {:24} {}",
            section.id,
            week.seats,
            week.away,
            f64::from(week.work_minutes) / 60.0,
            base_name(mission, &section.base),
            held.duties.iter().map(duty).collect::<Vec<_>>().join(", ")
        );
    }
    out
}

fn by_hour(out: &mut String, roster: &Roster, contingent: usize, id: &str) {
    let data = &roster.problem;
    let (seats, wanted) = (&roster.seats[contingent].seats, &data.contingents[contingent].demand);
    let day = (konbit_roster::DAY_MINUTES / data.slot_minutes.max(1)) as usize;
    let open: Vec<_> = roster.uncovered.iter().filter(|open| open.contingent == id).collect();
    let missing: u32 = open.iter().map(|open| open.wanted - open.on_duty).sum();
    let _ = writeln!(out, "\n{id}: on duty of those wanted; {} of {} slots are short", open.len(), seats.len());
    if missing > 0 {
        let _ = writeln!(
            out,
            "  {missing} seats stay open in all; the leanest slots of each kind are filled first, as far as the rules of rest and hours allow"
        );
    }
    let _ = writeln!(out, "  {:5} {}", "", DAYS.map(|day| format!("{day:>9}")).concat());
    for row in 0..day {
        let minute = u32::try_from(row).expect("slots of a day") * data.slot_minutes;
        let cells = (row..seats.len()).step_by(day).take(DAYS.len());
        let cells = cells.map(|slot| format!("{:>9}", format!("{}/{}", seats[slot], wanted[slot])));
        let _ = writeln!(out, "  {:02}:{:02} {}", minute / 60, minute % 60, cells.collect::<String>());
    }
}

const ROSTER: [(&str, &str); 9] = [
    ("section", "#org+section"),
    ("contingent", "#org+contingent"),
    ("base", "#loc+id"),
    ("persons", "#reached+persons"),
    ("leaves_base", "#date+leave"),
    ("takes_post", "#date+start"),
    ("is_relieved", "#date+end"),
    ("is_back", "#date+back"),
    ("hours_in_week", "#indicator+hours"),
];

/// The duties of all sections as CSV, a row for each, local times.
pub fn roster_csv(roster: &Roster, sheets: &[Sheet]) -> Vec<u8> {
    table(&ROSTER, roster.sections.iter().zip(sheets).flat_map(|(week, sheet)| duty_rows(week, sheet)).collect())
}

/// One section's duties as CSV.
pub fn section_csv(week: &SectionRoster, sheet: &Sheet) -> Vec<u8> {
    table(&ROSTER, duty_rows(week, sheet))
}

fn duty_rows(week: &SectionRoster, sheet: &Sheet) -> Vec<Vec<String>> {
    let row = |duty: &SheetDuty| {
        vec![
            sheet.section.clone(),
            sheet.contingent.clone(),
            sheet.base.clone(),
            sheet.persons.to_string(),
            duty.leave.to_string(),
            duty.start.to_string(),
            duty.end.to_string(),
            duty.back.to_string(),
            format!("{:.1}", f64::from(week.work_minutes) / 60.0),
        ]
    };
    sheet.duties.iter().map(row).collect()
}

/// One section's sheet in plain words, with dates.
pub fn section_text(mission: &Mission, sheet: &Sheet) -> String {
    let mut out = format!(
        "section {} of {}, {} people on duty, from {} ({})\n",
        sheet.section,
        sheet.contingent,
        sheet.persons,
        base_name(mission, &sheet.base),
        sheet.base
    );
    if sheet.duties.is_empty() {
        out += "  no duty in this week\n";
    }
    for duty in &sheet.duties {
        let _ = writeln!(
            out,
            "  {} to {}; leaves the base at {}, is back at {}",
            when(duty.start),
            when(duty.end),
            duty.leave.strftime("%H:%M"),
            duty.back.strftime("%H:%M")
        );
    }
    out
}

/// One section's calendar (iCalendar), as instants of the mission's time zone.
///
/// # Errors
/// Where a date leaves the calendar's range.
pub fn section_calendar(sheet: &Sheet, zone: &TimeZone, now: Timestamp) -> Result<String, jiff::Error> {
    let counted = sheet.duties.first().map_or(0, |duty| duty.start.duration_since(duty.leave).as_mins());
    let way = format!(
        "Leave the base at {{leave}}, back at {{back}}: {counted} minutes each way are counted; the sheet of the slot says where to, and how far it is"
    );
    calendar(sheet, &Clock::Zone(zone.clone()), now, "Duty", &way)
}

/// What everyone who holds a sheet has to know first.
pub fn not_for_publication(sheet: &SlotSheet) -> String {
    format!(
        "NOT FOR PUBLICATION before {}, local time: whoever reads it knows who stands where, and where nobody does",
        sheet.ends.strftime("%F %H:%M")
    )
}

/// The sheet of a slot as text to print, or of one section of it. `ended`: the slot is over, and what it
/// says may be published.
pub fn slot_sheet_text(
    mission: &Mission,
    slot: &DrawnSlot,
    sheet: &SlotSheet,
    section: Option<&str>,
    ended: bool,
) -> String {
    let mut out = String::new();
    if !ended {
        let _ = writeln!(out, "{}\n", not_for_publication(sheet));
    }
    let drawn = &slot.plan.document.schedules[slot.kind];
    let _ = writeln!(
        out,
        "{} to {}, {}: schedule {} of {} of plan {}",
        when(sheet.begins),
        sheet.ends.strftime("%H:%M"),
        sheet.kind,
        slot.number + 1,
        drawn.len(),
        slot.draw.plan
    );
    for note in &sheet.notes {
        let _ = writeln!(out, "{note}");
    }
    for change in &slot.overrides {
        let _ = writeln!(out, "changed by override {}: {}", change.id, change.reason);
    }
    let held: Vec<&SectionDuty> =
        sheet.sections.iter().filter(|duty| section.is_none_or(|section| section == duty.section)).collect();
    if held.is_empty() {
        let _ = writeln!(out, "\n{} is not on duty in this slot", section.unwrap_or("nobody"));
    }
    for duty in held {
        section_tasks(&mut out, mission, duty);
    }
    if section.is_none() {
        for (task, missing) in &sheet.unmanned {
            let _ = writeln!(out, "\n{missing} people are missing for {}", task_words(mission, task));
        }
    }
    out
}

/// A way in words: from where, how long, and whether that is longer than the roster counts.
pub fn way_words(mission: &Mission, way: &SheetWay) -> String {
    let from = match &way.from {
        WayFrom::Base(id) => format!("from {}", base_name(mission, id)),
        WayFrom::Task(_) if way.minutes == Some(0) => "stays".to_owned(),
        WayFrom::Task(task) => format!("from {}", task_words(mission, task)),
    };
    let long = match (way.minutes, &way.from) {
        (None, _) => ": no road leads there".to_owned(),
        (Some(0), WayFrom::Task(_)) => String::new(),
        (Some(minutes), WayFrom::Task(_)) => format!(": {minutes} minutes, of the slot"),
        (Some(minutes), _) if way.is_longer() => {
            format!(": {minutes} minutes, LONGER than the {} that the roster counts", way.rostered_minutes)
        }
        (Some(minutes), _) => format!(": {minutes} minutes"),
    };
    let back = way.back_minutes.map(|minutes| format!("; then {minutes} minutes back to the base"));
    format!("{from}{long}{}", back.unwrap_or_default())
}

fn section_tasks(out: &mut String, mission: &Mission, duty: &SectionDuty) {
    let base = base_name(mission, &duty.base);
    let _ = writeln!(out, "\n{} ({}), {} people from {base}", duty.section, duty.contingent, duty.persons);
    for held in &duty.tasks {
        let _ = writeln!(
            out,
            "  {:>3} people  {}  [{}]",
            held.persons,
            task_words(mission, &held.task),
            task_code(&held.task)
        );
        if let Some(way) = &held.way {
            let _ = writeln!(out, "              {}", way_words(mission, way));
        }
        for (site, from, until) in &held.stops {
            let clock = |minute: &u32| format!("+{}:{:02}", minute / 60, minute % 60);
            let _ = writeln!(out, "              {} to {}  {}", clock(from), clock(until), site_name(mission, site));
        }
        if !held.instead.is_empty() {
            let other = held.instead.iter().map(|(task, _)| task_words(mission, task)).collect::<Vec<_>>();
            let _ = writeln!(out, "              if this falls out: {}", other.join("; else "));
        }
    }
    if duty.standing_by > 0 {
        let _ = writeln!(out, "  {:>3} people  stand by", duty.standing_by);
    }
}

const SHEET: [(&str, &str); 15] = [
    ("slot_begins", "#date+start"),
    ("slot_ends", "#date+end"),
    ("kind", "#event+type"),
    ("section", "#org+section"),
    ("contingent", "#org+contingent"),
    ("base", "#loc+base+id"),
    ("persons", "#reached+persons"),
    ("task", "#activity"),
    ("task_words", "#description"),
    ("stops", "#loc+stops"),
    ("if_it_falls_out", "#description+alternative"),
    ("comes_from", "#loc+from"),
    ("way_minutes", "#indicator+minutes+there"),
    ("rostered_minutes", "#indicator+minutes+rostered"),
    ("back_minutes", "#indicator+minutes+back"),
];

fn way_cells(way: Option<&SheetWay>) -> [String; 4] {
    let Some(way) = way else { return Default::default() };
    let from = match &way.from {
        WayFrom::Base(id) => format!("base={id}"),
        WayFrom::Task(task) => task_code(task),
    };
    let minutes = way.minutes.map_or_else(|| "-".to_owned(), |minutes| minutes.to_string());
    let back = way.back_minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    [from, minutes, way.rostered_minutes.to_string(), back]
}

/// The sheet of a slot as CSV, or of one section of it. The first line is a comment that says until
/// when it is not for publication, unless the slot has `ended`. Stops are `SITE from-until`, in minutes
/// from the beginning of the slot. `way_minutes` is `-` where no road leads.
pub fn slot_sheet_csv(mission: &Mission, sheet: &SlotSheet, section: Option<&str>, ended: bool) -> Vec<u8> {
    let mut rows = Vec::new();
    for duty in sheet.sections.iter().filter(|duty| section.is_none_or(|section| section == duty.section)) {
        let mut row = |persons: u32, task: [String; 8]| {
            let head = [
                sheet.begins.to_string(),
                sheet.ends.to_string(),
                sheet.kind.clone(),
                duty.section.clone(),
                duty.contingent.clone(),
                duty.base.clone(),
                persons.to_string(),
            ];
            rows.push(head.into_iter().chain(task).collect());
        };
        for held in &duty.tasks {
            let stops = held.stops.iter().map(|(site, from, until)| format!("{site} {from}-{until}"));
            let instead = held.instead.iter().map(|(task, _)| task_code(task));
            let [from, minutes, rostered, back] = way_cells(held.way.as_ref());
            row(
                held.persons,
                [
                    task_code(&held.task),
                    task_words(mission, &held.task),
                    stops.collect::<Vec<_>>().join("; "),
                    instead.collect::<Vec<_>>().join("; "),
                    from,
                    minutes,
                    rostered,
                    back,
                ],
            );
        }
        if duty.standing_by > 0 {
            let [_, _, stops, instead, from, minutes, rostered, back] = <[String; 8]>::default();
            let task = ["-".to_owned(), "stand by".to_owned(), stops, instead, from, minutes, rostered, back];
            row(duty.standing_by, task);
        }
    }
    let mut bytes = if ended { Vec::new() } else { format!("# {}\n", not_for_publication(sheet)).into_bytes() };
    bytes.extend(table(&SHEET, rows));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_its_monday() {
        for (day, monday) in [("2023-10-02", "2023-10-02"), ("2023-10-08", "2023-10-02"), ("2024-03-01", "2024-02-26")]
        {
            assert_eq!(monday_of(day.parse().unwrap()).to_string(), monday, "{day}");
        }
    }
}

//! The roster: who is on duty when, and the sheet of one section.

use super::slots::crew_name;
use crate::format;
use crate::layout::{View, empty, stat};
use konbit_desk::WeekView;
use konbit_roster::{Activity, Roster, Sheet};
use maud::{Markup, html};

/// One letter for each activity, for a table of a week.
fn letter(activity: Activity) -> &'static str {
    match activity {
        Activity::Duty => "D",
        Activity::Leave => "L",
        Activity::Travel => "t",
        Activity::Rest => "·",
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `/week/roster` where there is none.
pub fn without_roster() -> Markup {
    empty("No plan of the week is in force, so there is no roster yet; adopt a plan on the page of the week.", "")
}

/// `/week/roster`.
pub fn roster(view: &View<'_>, held: &WeekView) -> Markup {
    let roster = &held.roster;
    let per_day = (1_440 / roster.problem.slot_minutes.max(1)) as usize;
    let hours = |minutes: u32| format::decimal(f64::from(minutes) / 60.0, 1);
    let open: u32 = roster.uncovered.iter().map(|open| open.wanted - open.on_duty.min(open.wanted)).sum();
    html! {
        p.lead { (format::plural(roster.sections.len(), "section", "sections")) " of " (format::plural(roster.seats.len(), "contingent", "contingents")) ", each in the same week over and over." }
        dl.stats {
            (stat("Slots short of people", &html! { (format::size(roster.uncovered.len())) }, &html! { "of " (format::size(roster.problem.weights.len() * roster.seats.len())) ", over all contingents" }))
            (stat("Seats open", &html! { (format::count(open.into())) }, &html! { "over the week, of what the kinds of slot ask for" }))
            (stat("Hours of a section", &html! { (hours(roster.sections.iter().map(|section| section.work_minutes).max().unwrap_or(0))) }, &html! { "at most, ways counted; " (hours(roster.problem.rules.week_minutes_max)) " are allowed" }))
        }
        p.evidence { "Cost of open seats " (roster.value) ", proven: no roster under these rules costs less than " (roster.bound) ". What counts of a kind of slot is its slot with the fewest people on duty: these are its seats in the plan, and the roster fills such slots first. " a href="/week/roster.csv" { "CSV" } " · " a href="/week/roster.json" { "JSON" } }
        section #duty {
            h2 { "People on duty" }
            div.scroll role="region" aria-label="People on duty" tabindex="0" {
                table {
                    caption { "People on duty, by day and by the hour at which a slot begins" }
                    thead { tr { th scope="col" { "Contingent" } th scope="col" { "From" } @for day in DAYS { th scope="col" .num { (day) } } } }
                    tbody {
                        @for (contingent, seats) in roster.seats.iter().enumerate() {
                            @for (slot, minute) in (0..per_day).zip((0..1_440).step_by(roster.problem.slot_minutes.max(1) as usize)) {
                                tr {
                                    th scope="row" { @if slot == 0 { (crew_name(view.mission, &seats.id)) } }
                                    td { (format!("{:02}:{:02}", minute / 60, minute % 60)) }
                                    @for day in 0..7 {
                                        @let place = day * per_day + slot;
                                        td.num { (seats.seats.get(place).copied().unwrap_or(0)) span.quiet { " of " (roster.problem.contingents[contingent].demand.get(place).copied().unwrap_or(0)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        section #sections {
            h2 { "Sections" }
            p.quiet { "D on duty, t on the way, L leave, · at rest; one sign for each slot, from midnight." }
            div.scroll role="region" aria-label="Sections" tabindex="0" {
                table {
                    caption { "The week of each section" }
                    thead { tr { th scope="col" { "Section" } th scope="col" .num { "People" } th scope="col" .num { "Away" } th scope="col" .num { "Hours" } @for day in DAYS { th scope="col" { (day) } } } }
                    tbody {
                        @for section in &roster.sections {
                            tr {
                                th scope="row" { a href={ "/week/roster/" (format::escape(&section.id, false)) } { (section.id) } }
                                td.num { (section.seats) } td.num { (section.away) } td.num { (hours(section.work_minutes)) }
                                @for day in section.activities.chunks(per_day.max(1)) { td { code { @for activity in day { (letter(*activity)) } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `/week/roster/{section}`: what a section carries.
pub fn section(view: &View<'_>, roster: &Roster, sheet: &Sheet) -> Markup {
    let base = view.mission.bases.get(&sheet.base).map_or(sheet.base.as_str(), |base| &base.value.name);
    let week = roster.sections.iter().find(|section| section.id == sheet.section);
    html! {
        p.lead { (format::count(sheet.persons.into())) " people of " (crew_name(view.mission, &sheet.contingent)) ", from " (base) "." }
        p.evidence { a href={ "/week/roster/" (format::escape(&sheet.section, false)) "/calendar.ics" } { "Calendar of the week (iCalendar)" }
            @if let Some(week) = week { " · " (format::decimal(f64::from(week.work_minutes) / 60.0, 1)) " hours of work in the week, ways counted" } }
        @if sheet.duties.is_empty() { (empty("This section has no duty in this week.", "")) }
        @else {
            div.scroll role="region" aria-label="Duties" tabindex="0" {
                table {
                    caption { "Duties of the week, local time" }
                    thead { tr { th scope="col" { "Leaves the base" } th scope="col" { "Takes the post" } th scope="col" { "Is relieved" } th scope="col" { "Is back" } } }
                    tbody {
                        @for duty in &sheet.duties {
                            tr {
                                th scope="row" { (duty.leave.strftime("%a %-d %b, %H:%M")) } td { (duty.start.strftime("%a %H:%M")) } td { (duty.end.strftime("%a %H:%M")) } td { (duty.back.strftime("%a %H:%M")) }
                            }
                        }
                    }
                }
            }
        }
        p { a href="/week/roster" { "Back to the roster" } }
    }
}

//! Slots in time: draws, sheets, and what commanders change.

use super::facts::SlotRow;
use crate::format;
use crate::geo::site_href;
use crate::layout::{View, empty, entries_link, entry_href, stat};
use jiff::civil::DateTime;
use konbit_desk::{DrawCheck, DrawnSlot, PricedOverride, SectionDuty, SheetTask, SlotSheet, way_words};
use konbit_mission::Mission;
use konbit_mission::draws::{Draw, UnitTask};
use maud::{Markup, html};

/// Slots that are drawn for at once where the form does not say otherwise: a day of three hours.
pub const DRAWN_AT_ONCE: usize = 8;

/// A local time with its day: `Mon 2 Oct, 18:00`.
fn when(at: DateTime) -> String {
    at.strftime("%a %-d %b, %H:%M").to_string()
}

/// The next slots on the page of the week.
pub fn next(view: &View<'_>, slots: &[SlotRow<'_>]) -> Markup {
    let is_past = view.mission.declared().is_some_and(|declared| declared.as_of.is_some());
    html! {
        section #slots {
            h2 { "The next slots" }
            p.quiet {
                "Before a slot begins, its draw is committed to in the record: the digest of plan, slot and seed. After it ended, the seed is published, and anyone can draw again and find the same. "
                @if is_past { "The mission's data describe a day of the past; draws go by today's clock." }
            }
            div.scroll role="region" aria-label="The next slots" tabindex="0" {
                table.slots {
                    caption { "The next slots" }
                    thead { tr { th scope="col" { "Begins" } th scope="col" { "Kind of slot" } th scope="col" { "Draw" } th scope="col" .num { "Overrides" } th scope="col" { "Sheet" } } }
                    tbody {
                        @for row in slots {
                            tr {
                                th scope="row" { (when(row.time.local)) }
                                td { (row.kind) }
                                td { @match row.draw { None => span.quiet { "not drawn" }, Some((draw, entries)) => { (state(draw)) " " (entries_link(entries, "draw", draw.id.as_str())) } } }
                                td.num { (format::size(row.overrides)) }
                                td { @if let Some((draw, _)) = row.draw { a href=(sheet_href(draw)) { "Sheet" } } }
                            }
                        }
                    }
                }
            }
            form.filters method="post" action="/week/draw" {
                label { span { "Slots to draw" } input type="number" name="slots" min="1" max=(konbit_desk::DRAWS_MAX) value=(DRAWN_AT_ONCE); }
                button type="submit" { "Draw the next slots" }
            }
            form.filters method="post" action="/week/reveal" { button type="submit" { "Publish draws of slots that have ended" } }
        }
    }
}

fn state(draw: &Draw) -> &'static str {
    if draw.revealed.is_some() { "published" } else { "committed" }
}

fn sheet_href(draw: &Draw) -> String {
    format!("/week/slots/{}", draw.id)
}

/// `/week/draws`.
pub fn draws(view: &View<'_>, checks: &[DrawCheck]) -> Markup {
    let zone = view.zone();
    let wrong = checks.iter().filter(|check| check.fault.is_some()).count();
    let revealed = checks.iter().filter(|check| check.draw.revealed.is_some()).count();
    html! {
        p.lead {
            @if checks.is_empty() { "Nothing was drawn yet." }
            @else if wrong == 0 { (format::plural(revealed, "draw was", "draws were")) " published and drawn again here: each gives the schedule that was published." }
            @else { strong { (format::plural(wrong, "draw does", "draws do")) " not hold." } }
        }
        @if checks.is_empty() { (empty("Draws are committed to on the page of the week, before each slot.", "")) }
        @else {
            p { "To check one without this program: SHA-256 of five lines (" code { "konbit-draw/1" } ", SHA-256 of the plan file, kind of slot, beginning, seed), each ended by a line feed, is the commitment, whose entry is older than the slot. " a href="/week/draws.csv" { "All draws as CSV" } "." }
            div.scroll role="region" aria-label="Draws" tabindex="0" {
                table {
                    caption { "Draws, the latest first" }
                    thead { tr { th scope="col" { "Slot begins" } th scope="col" { "Kind" } th scope="col" { "Plan" } th scope="col" { "Commitment" } th scope="col" { "Published" } th scope="col" { "Check" } th scope="col" { "Entry" } } }
                    tbody {
                        @for check in checks.iter().rev() {
                            @let draw = &check.draw;
                            tr {
                                th scope="row" { a href=(sheet_href(draw)) { (format::instant(draw.start, &zone)) } }
                                td { (draw.slot) } td { code { (draw.plan) } }
                                td { code.hash title=(draw.commitment) { (draw.commitment.short()) } }
                                td { @match &draw.revealed { None => span.quiet { "not yet" }, Some(revealed) => { "schedule " (revealed.schedule + 1) ", seed " code.hash title=(revealed.seed) { (revealed.seed.short()) } } } }
                                td { @match (&check.fault, &draw.revealed) { (Some(fault), _) => strong { (fault) }, (None, Some(_)) => "holds", (None, None) => span.quiet { "after the slot" } } }
                                td { (entries_link(view.mission.entries_behind("draw", draw.id.as_str()), "draw", draw.id.as_str())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Name of a contingent, or its id.
pub fn crew_name<'a>(mission: &'a Mission, id: &'a str) -> &'a str {
    let figures = mission.week_figures.values().next();
    let held = figures.and_then(|figures| figures.contingents.iter().find(|held| held.id.as_str() == id));
    held.map_or(id, |held| &held.name)
}

/// A task for a reader.
pub fn task_words(mission: &Mission, task: &UnitTask) -> String {
    match task {
        UnitTask::Post { site } => {
            format!("Post at {}", mission.sites.get(site).map_or(site.as_str(), |held| &held.value.name))
        }
        UnitTask::Force { base } => {
            format!("Reaction force at {}", mission.bases.get(base).map_or(base.as_str(), |held| &held.value.name))
        }
        UnitTask::Patrol { patrol, number } => {
            let figures = mission.week_figures.values().next();
            let named = figures.and_then(|figures| figures.patrols.iter().find(|held| held.id.as_str() == patrol));
            format!("{}, number {}", named.map_or(patrol.as_str(), |held| &held.name), number + 1)
        }
    }
}

/// A task as it stands in an address: `post:ID`, `force:ID`, `patrol:ID:NUMBER`.
pub fn task_word(task: &UnitTask) -> String {
    match task {
        UnitTask::Post { site } => format!("post:{site}"),
        UnitTask::Force { base } => format!("force:{base}"),
        UnitTask::Patrol { patrol, number } => format!("patrol:{patrol}:{number}"),
    }
}

/// The task of such a word; `None` where it is none.
pub fn read_task(word: &str) -> Option<UnitTask> {
    match word.split_once(':')? {
        ("post", site) if !site.is_empty() => Some(UnitTask::Post { site: site.to_owned() }),
        ("force", base) if !base.is_empty() => Some(UnitTask::Force { base: base.to_owned() }),
        ("patrol", rest) => {
            let (patrol, number) = rest.rsplit_once(':')?;
            Some(UnitTask::Patrol { patrol: patrol.to_owned(), number: number.parse().ok()? })
        }
        _ => None,
    }
}

/// `/week/slots/{id}`: who does what.
pub fn sheet(view: &View<'_>, slot: &DrawnSlot, sheet: &SlotSheet, is_over: bool) -> Markup {
    let draw = &slot.draw;
    let on_duty: u32 = sheet.sections.iter().map(|section| section.persons).sum();
    let standing_by: u32 = sheet.sections.iter().map(|section| section.standing_by).sum();
    html! {
        @if draw.revealed.is_none() { div.notice role="note" { p { strong { "Not for publication before the slot ends. " } "Whoever knows this sheet knows where nobody stands." } } }
        p.lead { (when(sheet.begins)) " to " (sheet.ends.strftime("%H:%M")) ", " (draw.slot) ": " (format::count(on_duty.into())) " people of " (format::plural(sheet.sections.len(), "section", "sections")) " on duty." }
        dl.stats {
            (stat("Posts", &html! { (format::size(slot.stands.posts.len())) }, &html! { "static, for the whole slot" }))
            (stat("Reaction forces", &html! { (format::size(slot.stands.forces.len())) }, &html! { "waiting at bases" }))
            (stat("Patrols", &html! { (format::size(slot.stands.routes.len())) }, &html! { "on rounds" }))
            (stat("Standing by", &html! { (format::count(standing_by.into())) }, &html! { "people without a task" }))
        }
        p.evidence {
            "Schedule " (slot.number + 1) " of " (format::size(slot.plan.document.schedules[slot.kind].len())) " of plan " code { (draw.plan) } ". " (entries_link(view.mission.entries_behind("draw", draw.id.as_str()), "draw", draw.id.as_str()))
            " · " a href={ "/week/slots/" (draw.id) ".csv" } { "CSV" }
        }
        (overrides(view, slot))
        @for (task, missing) in &sheet.unmanned {
            div.notice role="note" { p { strong { (task_words(view.mission, task)) } " lacks " (format::count((*missing).into())) " people: the sections on duty have no more. Change what another does, or call people in." } }
        }
        @if sheet.sections.is_empty() { (empty("No section is on duty in this slot: the roster of this plan has none.", "")) }
        p.quiet { "Sections are given the tasks of their contingent at least travel from where they are before the slot, and stay where they are if they can. What to do if a task falls out lies within 25 kilometres of it." }
        ul.quiet { @for note in &sheet.notes { li { (note) "." } } }
        @for section in &sheet.sections { (section_sheet(view, draw, section, is_over)) }
    }
}

fn section_sheet(view: &View<'_>, draw: &Draw, section: &SectionDuty, is_over: bool) -> Markup {
    let base = view.mission.bases.get(&section.base).map_or(section.base.as_str(), |base| &base.value.name);
    html! {
        section.panel id={ "s-" (section.section) } {
            h3 { a href={ "/week/roster/" (format::escape(&section.section, false)) } { (section.section) } " " span.quiet { (format::count(section.persons.into())) " people, from " (base) } }
            @if section.tasks.is_empty() { p { "Standing by." } }
            @else {
                div.scroll role="region" aria-label={ "Tasks of " (section.section) } tabindex="0" {
                    table {
                        caption { "Tasks of section " (section.section) }
                        thead { tr { th scope="col" { "Task" } th scope="col" .num { "People" } th scope="col" { "If it falls out (persons a week that it saves)" } @if !is_over { th scope="col" { "Change" } } } }
                        tbody { @for task in &section.tasks { (task_row(view, draw, section, task, is_over)) } }
                    }
                }
                @if section.standing_by > 0 { p.quiet { (format::count(section.standing_by.into())) " of them stand by." } }
            }
        }
    }
}

fn task_row(view: &View<'_>, draw: &Draw, section: &SectionDuty, task: &SheetTask, is_over: bool) -> Markup {
    let name = |id: &str| view.mission.sites.get(id).map_or(id.to_owned(), |site| site.value.name.clone());
    let clock = |minute: u32| format!("{}:{:02}", minute / 60, minute % 60);
    html! {
        tr {
            th scope="row" {
                @match &task.task {
                    UnitTask::Post { site } => a href=(site_href(site)) { (task_words(view.mission, &task.task)) },
                    _ => (task_words(view.mission, &task.task)),
                }
                @if let Some(way) = &task.way { p.quiet { (way_words(view.mission, way)) } }
                @if !task.stops.is_empty() {
                    ol { @for (site, from, until) in &task.stops { li { (name(site)) " " span.quiet { (clock(*from)) " to " (clock(*until)) " after the beginning" } } } }
                }
            }
            td.num { (format::count(task.persons.into())) }
            td.words { @if task.instead.is_empty() { span.quiet { "stand by" } } @else { ol { @for (other, saved) in &task.instead { li { (task_words(view.mission, other)) " " span.quiet { "(" (format::harm(*saved)) ")" } } } } } }
            @if !is_over {
                td { a href=(format::address(&format!("/week/slots/{}/change", draw.id), &[("contingent", &section.contingent), ("leave", &task_word(&task.task))])) { "change" } }
            }
        }
    }
}

fn overrides(view: &View<'_>, slot: &DrawnSlot) -> Markup {
    html! {
        @if !slot.overrides.is_empty() {
            section #overrides {
                h2 { "What was changed" }
                div.scroll role="region" aria-label="Overrides" tabindex="0" {
                    table {
                        caption { "Overrides, in order" }
                        thead { tr { th scope="col" { "What" } th scope="col" { "Why" } th scope="col" .num { "Harm a week" } th scope="col" { "Left unmet" } th scope="col" { "Entry" } } }
                        tbody {
                            @for change in &slot.overrides {
                                tr {
                                    th scope="row" { @for step in change.moves.iter().flatten() { p { (crew_name(view.mission, &step.contingent)) ": "
                                        (step.leave.as_ref().map_or_else(|| "standing by".to_owned(), |task| task_words(view.mission, task))) " → "
                                        (step.take.as_ref().map_or_else(|| "standing by".to_owned(), |task| task_words(view.mission, task))) } } }
                                    td.words { (change.reason) } td.num { (format::signed(change.value_more_micro as f64 / 1e6, 3)) }
                                    td.words { @if change.unmet.is_empty() { span.quiet { "nothing" } } @for unmet in &change.unmet { p { (unmet) } } }
                                    td { (entries_link(view.mission.entries_behind("override", change.id.as_str()), "override", change.id.as_str())) }
                                }
                            }
                        }
                    }
                }
                p.quiet { "Harm a week: if the same were done each time this schedule is drawn. What was moved stands in the record as a digest until the slot has ended." }
            }
        }
    }
}

/// What the page of a change shows.
pub struct ChangePage<'a> {
    /// The slot.
    pub slot: &'a DrawnSlot,
    /// Whose people.
    pub contingent: &'a str,
    /// What they leave, as a word.
    pub leave: &'a str,
    /// What they take instead, as a word; empty if it was not chosen yet.
    pub take: &'a str,
    /// What they may take, best first: word, words, what it saves.
    pub choices: Vec<(String, String, Option<f64>)>,
    /// The price, once a task was chosen.
    pub priced: Option<Result<PricedOverride, String>>,
}

/// `/week/slots/{id}/change`: choose, see the price, record with a reason.
pub fn change(view: &View<'_>, page: &ChangePage<'_>) -> Markup {
    let draw = &page.slot.draw;
    let words = |word: &str| match word {
        "" | "-" => "standing by".to_owned(),
        word => read_task(word).map_or_else(|| word.to_owned(), |task| task_words(view.mission, &task)),
    };
    html! {
        p.lead { (words(page.leave)) ", " (crew_name(view.mission, page.contingent)) ": what these people do instead in the slot from " (format::instant(draw.start, &view.zone())) "." }
        form.sheet method="get" action={ "/week/slots/" (draw.id) "/change" } {
            input type="hidden" name="contingent" value=(page.contingent);
            input type="hidden" name="leave" value=(page.leave);
            label.whole { span { "Instead" }
                select name="take" required {
                    option value="-" selected[page.take == "-"] { "stand by" }
                    @for (word, words, saved) in &page.choices {
                        option value=(word) selected[page.take == word] { (words) @if let Some(saved) = saved { " (saves " (format::harm(*saved)) ")" } }
                    }
                }
            }
            button type="submit" { "See the price" }
            p.quiet { "First what saves most with these people's seats, then every other place where " (crew_name(view.mission, page.contingent)) " may serve." }
        }
        @match &page.priced {
            None => {},
            Some(Err(why)) => div.notice role="alert" { p { (why) "." } },
            Some(Ok(priced)) => {
                h2 { "The price" }
                p.lead { strong { (format::signed(priced.price.value_more, 3)) " people harmed a week" } ", if the same were done each time this schedule is drawn: "
                    (format::signed(priced.price.forecast_more, 3)) " by those who do not watch, " (format::signed(priced.price.worst_more, 3)) " by those who do." }
                @if !priced.unmet.is_empty() {
                    div.notice role="note" { p { strong { "Left unmet: " } } ul { @for unmet in &priced.unmet { li { (unmet) } } } }
                }
                @let problem = &page.slot.plan.document.problem;
                ul { @for (kind, site, change) in priced.price.sites.iter().take(6) {
                    li { (view.mission.sites.get(&problem.sites[*site].id).map_or(problem.sites[*site].id.as_str(), |held| held.value.name.as_str())) ", " (problem.slots[*kind].id) ": " (format::signed(change * 100.0, 1)) " percentage points of attempts stopped" }
                } }
                form.adopt method="post" action={ "/week/slots/" (draw.id) "/change" } {
                    input type="hidden" name="contingent" value=(page.contingent);
                    input type="hidden" name="leave" value=(page.leave);
                    input type="hidden" name="take" value=(page.take);
                    label { span { "Reason, kept in the record" } input type="text" name="reason" required maxlength="500" size="48"; }
                    button type="submit" { "Order it" }
                }
            },
        }
        p { a href={ "/week/slots/" (draw.id) } { "Back to the sheet" } }
        @if let Some(entry) = view.mission.entries_behind("draw", draw.id.as_str()).first() { p.evidence { a href=(entry_href(*entry)) { "The draw in the record" } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_written_and_read_back() {
        let check = |word: &str| assert_eq!(read_task(word).as_ref().map(task_word).as_deref(), Some(word));
        check("post:hos-hueh");
        check("force:base-cap");
        check("patrol:capital:2");
        for word in ["", "-", "post", "post:", "patrol:x", "patrol:x:y", "walk:x"] {
            assert_eq!(read_task(word), None, "{word:?}");
        }
    }
}

//! Contributions: totals at each status on a day, the gap against what is needed, and every line behind them.

use crate::layout::{View, empty, entries_link, entry_href, figure, source, unverified};
use crate::{chart, format};
use jiff::civil::Date;
use konbit_mission::Recorded;
use konbit_mission::contributions::{Contribution, Gap, Kind, Status, Sum, gap, sums};
use maud::{Markup, html};
use serde::Deserialize;

/// What a reader may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContributionsQuery {
    /// The day the totals are for, as `2023-10-02`; the mission's day if empty or not a day.
    pub as_of: String,
}

impl ContributionsQuery {
    /// The day asked for, or `today`.
    pub fn day(&self, today: Date) -> Date {
        self.as_of.parse().unwrap_or(today)
    }
}

/// Totals on a day, and people against what the plan counts on.
pub fn totals(view: &View<'_>, day: Date) -> (Vec<Sum>, Option<Gap>) {
    let sums = sums(view.mission.contributions.values(), day);
    let needed = view.mission.planning.values().next().map(|planning| u64::from(planning.personnel));
    let gap = needed.map(|needed| gap(needed, persons(&sums)));
    (sums, gap)
}

/// The total of people.
pub fn persons(sums: &[Sum]) -> Option<&Sum> {
    sums.iter().find(|sum| sum.kind == Kind::Personnel && sum.unit == "persons")
}

/// `/contributions`.
pub fn contributions(view: &View<'_>, query: &ContributionsQuery) -> Markup {
    let mission = view.mission;
    if mission.contributions.is_empty() {
        return empty("No contribution is in the record yet.", "konbit import DIR contributions FILE");
    }
    let day = query.day(view.today);
    let (sums, gap) = totals(view, day);
    let up_to: Vec<&Recorded<Contribution>> =
        mission.contributions.iter().filter(|line| line.value.date.day <= day).collect();
    let later = mission.contributions.len() - up_to.len();
    let counted = |line: &&&Recorded<Contribution>| is_counted(&line.value, &sums);
    html! {
        (answer(view, day, &sums, gap))
        form.filters method="get" action="/contributions" {
            label { span { "As of" } input type="date" name="as_of" value=(day.to_string()) required; }
            button type="submit" { "Show" }
            @if day != view.today { a href="/contributions" { "Back to " (format::day(view.today)) } }
        }
        section {
            h2 { "Totals on " (format::day(day)) }
            @if sums.is_empty() { (empty("Nothing counted on that day.", "")) } @else { (totals_table(&sums)) }
            (gap_block(&sums, gap))
        }
        section #lines {
            h2 { "The lines that make up the totals" }
            p.quiet { "Each line is one public statement. A restatement of a pledge replaces it and is never added." }
            @let lines: Vec<_> = up_to.iter().filter(counted).collect();
            (lines_table("Lines that count", &lines.into_iter().copied().collect::<Vec<_>>(), false))
        }
        section #apart {
            h2 { "Lines that do not count" }
            p.quiet { "They restate, refine or count what another line already holds; the last column says which." }
            @let lines: Vec<_> = up_to.iter().filter(|line| !counted(line)).copied().collect();
            @if lines.is_empty() { p { "There are none." } } @else { (lines_table("Lines that do not count", &lines, true)) }
        }
        @if later > 0 { p.quiet { (format::plural(later, "line is", "lines are")) " dated after " (format::day(day)) " and not shown." } }
    }
}

fn is_counted(line: &Contribution, sums: &[Sum]) -> bool {
    sums.iter().any(|sum| sum.lines.contains(&line.id))
}

fn answer(view: &View<'_>, day: Date, sums: &[Sum], gap: Option<Gap>) -> Markup {
    let pledged = persons(sums).map_or(0, |sum| sum.pledged);
    let delivered = persons(sums).map_or(0, |sum| sum.delivered);
    let unnumbered = persons(sums).map_or(0, |sum| sum.without_figure.len());
    html! {
        p.lead {
            "By " (format::day(day)) " " (figure("#persons-persons", format::count(pledged))) " people had been pledged and "
            (figure("#persons-persons", format::count(delivered))) " had arrived."
            @if unnumbered > 0 { " " (format::plural(unnumbered, "more State", "more States")) " said they would join and gave no number." }
            @if let Some(gap) = gap {
                " The plan counts on " a href=(planning_href(view)) { (format::count(gap.needed)) } ", so "
                strong { (format::count(gap.beyond_delivered)) } " are still to arrive."
            }
        }
    }
}

fn planning_href(view: &View<'_>) -> String {
    view.mission
        .planning
        .iter()
        .next()
        .and_then(|planning| planning.entries.last())
        .map_or_else(|| "/record".to_owned(), |ix| entry_href(*ix))
}

/// A quantity in its unit, and how the unit stands in the head of a column.
fn unit_words(unit: &str) -> String {
    match unit {
        "persons" => "people".to_owned(),
        "" => "no unit".to_owned(),
        other => other.to_owned(),
    }
}

fn anchor(kind: Kind, unit: &str) -> String {
    let words = if kind == Kind::Personnel { "persons" } else { kind.label() };
    format!("{words}-{unit}").to_lowercase()
}

fn totals_table(sums: &[Sum]) -> Markup {
    html! {
        div.scroll role="region" aria-label="Totals" tabindex="0" {
            table {
                caption { "Totals by kind and unit. What is delivered was also committed and pledged." }
                thead { tr {
                    th scope="col" { "Kind" } th scope="col" { "Unit" } th scope="col" .num { "Pledged" } th scope="col" .num { "Committed" }
                    th scope="col" .num { "Delivered" } th scope="col" .num { "Lines" } th scope="col" { "Without a figure" }
                } }
                tbody {
                    @for sum in sums {
                        tr id=(anchor(sum.kind, &sum.unit)) {
                            th scope="row" { (sum.kind.label()) }
                            td { (unit_words(&sum.unit)) }
                            @for value in [sum.pledged, sum.committed, sum.delivered] { td.num { (figure("#lines", format::count(value))) } }
                            td.num { (figure("#lines", format::size(sum.lines.len()))) }
                            td { @if sum.without_figure.is_empty() { span.quiet { "none" } } @else { (sum.without_figure.join(", ")) } }
                        }
                    }
                }
            }
        }
    }
}

fn gap_block(sums: &[Sum], gap: Option<Gap>) -> Markup {
    let Some(gap) = gap else {
        return empty(
            "How many people the mandate needs is not in the record, so there is no gap to show.",
            "konbit import DIR planning FILE",
        );
    };
    let (pledged, committed, delivered) =
        persons(sums).map_or((0, 0, 0), |sum| (sum.pledged, sum.committed, sum.delivered));
    let words = |status: Status, value: u64| format!("{} {}", format::count(value), status.label());
    let parts = [
        ("pledged", pledged, words(Status::Pledged, pledged)),
        ("committed", committed, words(Status::Committed, committed)),
        ("delivered", delivered, words(Status::Delivered, delivered)),
    ];
    html! {
        h3 { "People against the force the plan counts on" }
        (chart::bar(gap.needed, &parts, &format!("{} of {} people pledged, {} delivered", format::count(pledged), format::count(gap.needed), format::count(delivered))))
        p.quiet { "The stroke stands at the " (format::count(gap.needed)) " people needed." }
        div.scroll role="region" aria-label="Gap" tabindex="0" {
            table {
                caption { "Gap in people against the " (format::count(gap.needed)) " the plan counts on" }
                thead { tr { th scope="col" { "Status" } th scope="col" .num { "People" } th scope="col" .num { "Missing" } } }
                tbody {
                    @for (status, have, missing) in [
                        (Status::Pledged, pledged, gap.beyond_pledged),
                        (Status::Committed, committed, gap.beyond_committed),
                        (Status::Delivered, delivered, gap.beyond_delivered),
                    ] {
                        tr { th scope="row" { span class={ "swatch " (status.label()) } {} (format::heading(status.label())) } td.num { (figure("#lines", format::count(have))) } td.num { strong { (format::count(missing)) } } }
                    }
                }
            }
        }
    }
}

fn lines_table(label: &str, lines: &[&Recorded<Contribution>], apart: bool) -> Markup {
    let mut lines = lines.to_vec();
    lines.sort_by(|a, b| {
        (a.value.kind, &a.value.contributor_name, a.value.date.day, a.value.id.as_str()).cmp(&(
            b.value.kind,
            &b.value.contributor_name,
            b.value.date.day,
            b.value.id.as_str(),
        ))
    });
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table {
                caption { (label) }
                thead { tr {
                    th scope="col" { "Contributor" } th scope="col" { "Kind" } th scope="col" .num { "Quantity" } th scope="col" { "Unit" }
                    th scope="col" { "Status" } th scope="col" { "Since" } th scope="col" { "What, and on what condition" }
                    th scope="col" { (if apart { "Why it does not count" } else { "Note" }) } th scope="col" { "Source and entry" }
                } }
                tbody { @for recorded in &lines { (line(recorded, apart)) } }
            }
        }
    }
}

fn line(recorded: &Recorded<Contribution>, apart: bool) -> Markup {
    let line = &recorded.value;
    let href = recorded.entries.last().map_or_else(|| "/record".to_owned(), |ix| entry_href(*ix));
    html! {
        tr class=[(!line.source.reading.is_verified()).then_some("unverified")] {
            th scope="row" { (line.contributor_name) " " (unverified(&line.source)) }
            td { (line.kind.label()) }
            td.num { (figure(&href, format::known(line.quantity))) }
            td { @if !line.unit.is_empty() { (unit_words(&line.unit)) } }
            td { (line.status.label()) }
            td.nowrap { (line.date) }
            td { (line.detail) @if let Some(caveat) = &line.caveat { " " span.quiet { "Condition: " (caveat) "." } } }
            td {
                @match &line.note {
                    Some(note) => (note),
                    None if apart => "superseded by a later line of the same pledge",
                    None => "",
                }
            }
            td { (source(&line.source)) " " (entries_link(&recorded.entries, "contribution", line.id.as_str())) }
        }
    }
}

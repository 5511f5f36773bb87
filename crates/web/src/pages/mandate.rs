//! The mandate: paragraph by paragraph what it asks, of whom, by when, shown by what; and the calendar.

use super::council::{paragraph_words, points, resolution_href};
use crate::format;
use crate::layout::{View, empty, entries_link, figure, select, source, unverified};
use jiff::civil::Date;
use konbit_mission::Recorded;
use konbit_mission::mandate::{self, Mandate, Obligation};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a reader may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MandateQuery {
    /// Only obligations of this owner.
    pub owner: String,
    /// Only obligations of this theme.
    pub theme: String,
}

impl MandateQuery {
    fn keeps(&self, obligation: &Obligation) -> bool {
        (self.owner.is_empty() || self.owner == obligation.owner)
            && (self.theme.is_empty() || self.theme == obligation.theme)
    }

    fn is_empty(&self) -> bool {
        self.owner.is_empty() && self.theme.is_empty()
    }
}

/// The mandate of the mission, if the authorisation is in the record.
pub fn mandate_of(view: &View<'_>) -> Option<Mandate> {
    let authorisation = view.mission.authorisation()?;
    let vote = &authorisation.value.vote;
    Some(mandate::mandate(&vote.symbol, vote.date, view.mission.obligations.values()))
}

/// A day of the calendar with the obligation behind it.
pub type Due<'a> = (Date, &'a Recorded<Obligation>);

/// What is due when, in order.
pub fn calendar<'a>(view: &View<'a>) -> Vec<Due<'a>> {
    let Some(mandate) = mandate_of(view) else { return Vec::new() };
    mandate::calendar(&mandate, view.mission.obligations.values())
        .into_iter()
        .filter_map(|occasion| Some((occasion.day, view.mission.obligations.get(occasion.obligation.as_str())?)))
        .collect()
}

/// `/mandate`.
pub fn mandate(view: &View<'_>, query: &MandateQuery) -> Markup {
    let mission = view.mission;
    if mission.obligations.is_empty() {
        return empty("No obligation of the mandate is in the record yet.", "konbit import DIR obligations FILE");
    }
    let kept: Vec<&Recorded<Obligation>> =
        mission.obligations.iter().filter(|recorded| query.keeps(&recorded.value)).collect();
    let mut paragraphs: BTreeMap<(&str, u32), Vec<&Recorded<Obligation>>> = BTreeMap::new();
    for recorded in &kept {
        paragraphs.entry((&recorded.value.resolution, recorded.value.paragraph)).or_default().push(recorded);
    }
    html! {
        (answer(view))
        nav.contents aria-label="On this page" { a href="#calendar" { "What is due when" } a href="#paragraphs" { "Paragraph by paragraph" } }
        (calendar_table(view))
        section #paragraphs {
            h2 { "Paragraph by paragraph" }
            (filters(view, query))
            p.quiet { (format::plural(kept.len(), "obligation", "obligations")) " of " (format::plural(paragraphs.len(), "paragraph", "paragraphs")) "." }
            p.quiet { "Paragraphs and obligations are restated in other words; where they differ from the resolution, the resolution counts." }
            @if kept.is_empty() { (empty("No obligation matches the filter.", "")) p { a href="/mandate#paragraphs" { "Show all" } } }
            @for ((resolution, number), obligations) in &paragraphs { (paragraph(view, resolution, *number, obligations)) }
        }
    }
}

fn answer(view: &View<'_>) -> Markup {
    let Some(mandate) = mandate_of(view) else { return html! {} };
    let link = |id: &str| format!("/mandate#{}", anchor(view, id));
    html! {
        p.lead {
            a href=(resolution_href(&mandate.resolution)) { (mandate.resolution) } " was adopted on " (format::day(mandate.adopted)) "."
            @if let Some((day, id)) = &mandate.expires { " The authorisation ends on " (figure(&link(id.as_str()), format::day(*day))) " (" (format::from_today(view.today, *day)) ")." }
            @if let Some((day, id)) = &mandate.review { " The Council reviews it by " (figure(&link(id.as_str()), format::day(*day))) " (" (format::from_today(view.today, *day)) ")." }
        }
    }
}

fn anchor(view: &View<'_>, id: &str) -> String {
    view.mission.obligations.get(id).map_or_else(String::new, |recorded| format!("p{}", recorded.value.paragraph))
}

fn calendar_table(view: &View<'_>) -> Markup {
    let occasions = calendar(view);
    html! {
        section #calendar {
            h2 { "What is due when" }
            @if occasions.is_empty() {
                (empty("No obligation has a day that can be computed. Days are counted from the vote, which may be missing.", "konbit import DIR resolution FILE"))
            } @else {
                div.scroll role="region" aria-label="Calendar" tabindex="0" {
                    table {
                        caption { "Days counted from " (format::day(view.today)) }
                        thead { tr { th scope="col" { "Day" } th scope="col" { "From that day" } th scope="col" { "What" } th scope="col" { "Owner" } th scope="col" { "Paragraph" } } }
                        tbody {
                            @for (day, recorded) in &occasions {
                                tr class=[(*day < view.today).then_some("past")] {
                                    td.nowrap { (format::day(*day)) }
                                    td.nowrap { (format::from_today(view.today, *day)) }
                                    td { (recorded.value.what) " " (unverified(&recorded.value.source)) }
                                    td { (recorded.value.owner) }
                                    td.nowrap { a href={ "#p" (recorded.value.paragraph) } { (recorded.value.paragraph) } " " (entries_link(&recorded.entries, "obligation", recorded.value.id.as_str())) }
                                }
                            }
                        }
                    }
                }
                p.quiet { "Obligations that count from an event which has no day yet, such as the deployment, are with their paragraph below." }
            }
        }
    }
}

fn filters(view: &View<'_>, query: &MandateQuery) -> Markup {
    let of = |pick: fn(&Obligation) -> &str| -> Vec<(String, String)> {
        let distinct: BTreeSet<&str> = view.mission.obligations.values().map(pick).collect();
        distinct.into_iter().map(|word| (word.to_owned(), word.to_owned())).collect()
    };
    html! {
        form.filters method="get" action="/mandate#paragraphs" {
            (select("owner", "Owner", &query.owner, "all owners", &of(|obligation| &obligation.owner)))
            (select("theme", "Theme", &query.theme, "all themes", &of(|obligation| &obligation.theme)))
            button type="submit" { "Show" }
            @if !query.is_empty() { a href="/mandate#paragraphs" { "Show all" } }
        }
    }
}

fn paragraph(view: &View<'_>, resolution: &str, number: u32, obligations: &[&Recorded<Obligation>]) -> Markup {
    let text = view.mission.resolutions.get(resolution).and_then(|recorded| recorded.value.operative(number));
    html! {
        article.mandate id={ "p" (number) } {
            h3 { "Paragraph " (number) @if let Some(first) = obligations.first() { " " span.quiet { (first.value.verb) } } }
            @if let Some(text) = text {
                blockquote { p { (paragraph_words(text)) } (points(&text.points)) @if let Some(closing) = &text.closing { p { (closing) } } }
            }
            ul.obligations { @for recorded in obligations { (obligation(view, recorded)) } }
            @if let Some(first) = obligations.first() { p.evidence { (source(&first.value.source)) } }
        }
    }
}

fn obligation(view: &View<'_>, recorded: &Recorded<Obligation>) -> Markup {
    let obligation = &recorded.value;
    let day = view
        .mission
        .authorisation()
        .filter(|resolution| resolution.value.vote.symbol == obligation.resolution)
        .and_then(|resolution| obligation.due_from_adoption(resolution.value.vote.date))
        .or(obligation.due.date);
    html! {
        li {
            p.what { (obligation.what) " " (unverified(&obligation.source)) }
            dl.facts {
                dt { "Owner" } dd { (obligation.owner) " " span.quiet { "(" (obligation.force) ")" } }
                dt { "Due" } dd { (due_words(obligation, day, view.today)) }
                @if let Some(limits) = &obligation.limits { dt { "Limits" } dd { (limits) } }
                @if !obligation.evidence.is_empty() { dt { "Evidence" } dd { (obligation.evidence) } }
                dt { "Theme" } dd { (obligation.theme) " " (entries_link(&recorded.entries, "obligation", obligation.id.as_str())) }
            }
        }
    }
}

/// When something is due, in words.
fn due_words(obligation: &Obligation, day: Option<Date>, today: Date) -> Markup {
    let rule = rule_words(&obligation.due.rule);
    let recurrence = obligation.due.recurrence.as_deref().filter(|recurrence| *recurrence != obligation.due.rule);
    html! {
        @if let Some(day) = day {
            strong { (format::day(day)) } ", " (format::from_today(today, day)) " "
            @if obligation.span().is_some() { span.quiet { "(" (rule) @if let Some(anchor) = &obligation.due.anchor { " from " (anchor) } ")" } }
        } @else if rule.is_empty() { span.quiet { "no day stated" } }
        @else {
            (rule)
            @if let Some(anchor) = &obligation.due.anchor { @if !obligation.due.rule.contains(':') { ", from " (anchor) } }
        }
        @if let Some(recurrence) = recurrence { "; " (rule_words(recurrence)) }
    }
}

/// ISO 8601 durations as words: `no later than P9M` is `no later than 9 months`.
fn rule_words(rule: &str) -> String {
    let words: Vec<String> =
        rule.split(' ').map(|word| duration_words(word).unwrap_or_else(|| word.to_owned())).collect();
    words.join(" ")
}

fn duration_words(word: &str) -> Option<String> {
    let (number, unit) = word.strip_prefix('P')?.split_at_checked(word.len().checked_sub(2)?)?;
    let number: u32 = number.parse().ok()?;
    let unit = match unit {
        "D" => "day",
        "W" => "week",
        "M" => "month",
        "Y" => "year",
        _ => return None,
    };
    Some(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, expect: &str) {
        assert_eq!(rule_words(rule), expect);
    }

    #[test]
    fn durations_are_read_as_words() {
        check("P12M", "12 months");
        check("no later than P9M", "no later than 9 months");
        check("every P3M", "every 3 months");
        check("P1Y", "1 year");
        check("continuous", "continuous");
        check("P", "P");
        check("", "");
        check("PT5M", "PT5M");
        check("Pé", "Pé");
    }
}

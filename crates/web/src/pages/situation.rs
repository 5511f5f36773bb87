//! The situation: published totals side by side, incidents as far as they are known, areas held or contested.

use crate::layout::{Paging, View, empty, entries_link, entry_href, figure, select, source, unverified};
use crate::{chart, format};
use jiff::civil::Date;
use konbit_base::{DatePrecision, PCode, PlacePrecision};
use konbit_mission::Recorded;
use konbit_mission::situation::{Area, Incident, IncidentSource, Range, Total};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a reader may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SituationQuery {
    /// Only incidents of this kind.
    pub kind: String,
    /// Only incidents in this administrative area, by the head of its P-code.
    pub area: String,
    /// Only incidents that end on this day or later.
    pub from: String,
    /// Only incidents that begin on this day or earlier.
    pub to: String,
    /// Page of the table of incidents, from 1.
    pub page: String,
}

impl SituationQuery {
    /// Whether an incident is kept.
    pub fn keeps(&self, incident: &Incident) -> bool {
        let day = |text: &str| text.parse::<Date>().ok();
        let area = PCode::new(&self.area).ok();
        (self.kind.is_empty() || self.kind == incident.kind)
            && area.is_none_or(|area| incident.area.as_ref().is_some_and(|code| code.is_within(&area)))
            && day(&self.from).is_none_or(|from| incident.end >= from)
            && day(&self.to).is_none_or(|to| incident.start <= to)
    }

    fn pairs(&self) -> [(&str, &str); 4] {
        [("kind", &self.kind), ("area", &self.area), ("from", &self.from), ("to", &self.to)]
    }

    fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }
}

/// `/situation`. `map` is the map of incidents and areas.
pub fn situation(view: &View<'_>, query: &SituationQuery, map: &Markup) -> Markup {
    let mission = view.mission;
    if mission.incidents.is_empty() && mission.totals.is_empty() && mission.areas.is_empty() {
        return empty(
            "No incident, no published total and no area is in the record yet.",
            "konbit import DIR incidents FILE, totals FILE, areas FILE",
        );
    }
    html! {
        (answer(view))
        nav.contents aria-label="On this page" {
            a href="#deaths" { "Deaths, as published" } a href="#map" { "Map" } a href="#incidents" { "Incidents" } a href="#areas" { "Areas" } a href="#totals" { "All totals" }
        }
        (deaths(view))
        section #map { h2 { "Incidents and areas on the map" } (map) }
        (incidents(view, query))
        (areas(view))
        (totals(view))
    }
}

fn answer(view: &View<'_>) -> Markup {
    let in_force: Vec<&Area> = view.mission.areas.values().filter(|area| area.is_in_force(view.today)).collect();
    let incidents = view.mission.incidents.len();
    let headline = headline(view);
    html! {
        p.lead {
            @if let Some(recorded) = headline {
                @let total = &recorded.value;
                (figure(&newest(&recorded.entries), format::count(total.value))) " people killed from " (format::period(total.start, total.end))
                @if let Some(note) = &total.note { " (" (note) ")" }
                ". "
            }
            a href="#incidents" { (format::plural(incidents, "incident", "incidents")) } " in the record, a sample of what was reported; "
            a href="#areas" { (format::plural(in_force.len(), "area", "areas")) } " held or contested by armed groups on " (format::day(view.today)) "."
        }
    }
}

/// The total of deaths in the host country that covers the longest period ending nearest to today, by one publisher.
pub fn headline<'a>(view: &View<'a>) -> Option<&'a Recorded<Total>> {
    let host = view.mission.declared().map(|declared| declared.host_name.as_str())?;
    let whole =
        view.mission.totals.iter().filter(|recorded| recorded.value.measure == "killed" && recorded.value.area == host);
    whole.max_by_key(|recorded| (recorded.value.value, recorded.value.end))
}

fn newest(entries: &[u64]) -> String {
    entries.last().map_or_else(|| "/record".to_owned(), |ix| entry_href(*ix))
}

/// Whether a measure counts deaths by violence in general, not of one group or by one hand.
pub fn counts_deaths(measure: &str) -> bool {
    measure == "killed" || measure.contains("homicides")
}

/// Totals of deaths in the whole country, by series and period.
pub fn death_totals<'a>(view: &View<'a>) -> Vec<&'a Recorded<Total>> {
    let host = view.mission.declared().map(|declared| declared.host_name.clone());
    let mut totals: Vec<&Recorded<Total>> = view
        .mission
        .totals
        .iter()
        .filter(|recorded| counts_deaths(&recorded.value.measure))
        .filter(|recorded| host.as_ref().is_none_or(|host| recorded.value.area == *host))
        .collect();
    totals.sort_by(|a, b| {
        (&a.value.start, &a.value.end, &a.value.measure).cmp(&(&b.value.start, &b.value.end, &b.value.measure))
    });
    totals
}

fn deaths(view: &View<'_>) -> Markup {
    let totals = death_totals(view);
    let series: Vec<String> =
        totals.iter().map(|total| total.value.measure.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let spans: Vec<chart::Span> = totals
        .iter()
        .map(|recorded| {
            let total = &recorded.value;
            chart::Span {
                start: total.start,
                end: total.end,
                value: total.value,
                series: series.iter().position(|name| *name == total.measure).unwrap_or(0),
                says: format!(
                    "{}: {}, {}",
                    format::heading(&total.measure),
                    format::count(total.value),
                    format::period(total.start, total.end)
                ),
            }
        })
        .collect();
    let words: Vec<String> = series.iter().map(|name| measure_words(name)).collect();
    html! {
        section #deaths {
            h2 { "Deaths in the whole country, as published" }
            @if totals.is_empty() {
                (empty("No published total of deaths for the whole country is in the record.", "konbit import DIR totals FILE"))
            } @else {
                p {
                    "Each line is one published figure over its period, at its average per month. "
                    "Publishers count differently and their figures overlap; they stand side by side and are never added up."
                }
                figure {
                    (chart::spans(&spans, &words, "Published deaths per month, each figure over its period"))
                }
                div.scroll role="region" aria-label="Published deaths" tabindex="0" {
                    table {
                        caption { "Published deaths, whole country" }
                        thead { tr { th scope="col" { "Period" } th scope="col" { "What is counted" } th scope="col" .num { "People" } th scope="col" .num { "A month" } th scope="col" { "Note" } th scope="col" { "Source and entry" } } }
                        tbody {
                            @for recorded in &totals {
                                @let total = &recorded.value;
                                tr {
                                    td { (format::period(total.start, total.end)) }
                                    th scope="row" { (measure_words(&total.measure)) " " (unverified(&total.source)) }
                                    td.num { (figure(&newest(&recorded.entries), format::count(total.value))) }
                                    td.num { (format::decimal(chart::per_month(total.start, total.end, total.value), 0)) }
                                    td { (total.note.as_deref().unwrap_or_default()) }
                                    td { (source(&total.source)) " " (entries_link(&recorded.entries, "total", total.id.as_str())) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A measure in words; the initials of a publisher at its end stand in capitals.
pub fn measure_words(measure: &str) -> String {
    const PUBLISHERS: [&str; 3] = ["cardh", "rnddh", "ocnh"];
    let words = format::heading(measure);
    match words.rsplit_once(' ') {
        Some((head, last)) if PUBLISHERS.contains(&last) => format!("{head} ({})", last.to_uppercase()),
        Some((head, "pct")) => format!("{head}, per cent"),
        _ => words,
    }
}

fn range_words(range: Range) -> String {
    match (range.low, range.best, range.high) {
        (None, None, None) => format::UNKNOWN.to_owned(),
        (low, best, high) => {
            let show = |value: Option<u32>| format::known(value.map(u64::from));
            if low == best && best == high {
                show(best)
            } else {
                format!("{} ({} to {})", show(best), show(low), show(high))
            }
        }
    }
}

fn incidents(view: &View<'_>, query: &SituationQuery) -> Markup {
    let mut kept: Vec<&Recorded<Incident>> =
        view.mission.incidents.iter().filter(|recorded| query.keeps(&recorded.value)).collect();
    kept.sort_by(|a, b| (b.value.start, b.value.id.as_str()).cmp(&(a.value.start, a.value.id.as_str())));
    let paging = Paging::new(kept.len(), query.page.parse().ok());
    let further = further(view);
    html! {
        section #incidents {
            h2 { "Incidents" }
            (filters(view, query))
            p.quiet {
                (format::plural(kept.len(), "incident", "incidents")) ", newest first. A dash means that no source gives a count; it does not mean zero. "
                "Killed: the best founded figure, and in brackets the range of what sources say."
            }
            @if kept.is_empty() { (empty("No incident matches the filter.", "")) p { a href="/situation#incidents" { "Show all" } } }
            @else {
                div.scroll role="region" aria-label="Incidents" tabindex="0" {
                    table {
                        caption { "Incidents" }
                        thead { tr {
                            th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Where" } th scope="col" .num { "Killed" }
                            th scope="col" .num { "Injured" } th scope="col" .num { "Kidnapped" } th scope="col" .num { "Displaced" }
                            th scope="col" { "In words" } th scope="col" { "Source and entry" }
                        } }
                        tbody { @for recorded in &kept[paging.range()] { (incident(recorded, &further)) } }
                    }
                }
                (paging.links("/situation", &query.pairs(), "#incidents"))
            }
        }
    }
}

/// Accounts of incidents beside the one that the row itself names, by incident.
type Further<'a> = BTreeMap<&'a str, Vec<&'a Recorded<IncidentSource>>>;

fn further<'a>(view: &View<'a>) -> Further<'a> {
    let mut further = Further::new();
    for recorded in view.mission.incident_sources.iter().filter(|recorded| recorded.value.role != "primary") {
        further.entry(recorded.value.incident.as_str()).or_default().push(recorded);
    }
    further
}

fn incident(recorded: &Recorded<Incident>, further: &Further<'_>) -> Markup {
    let incident = &recorded.value;
    let href = newest(&recorded.entries);
    // A dash is no figure, so nothing stands behind it.
    let count = |value: Option<u32>| {
        html! { @if let Some(value) = value { (figure(&href, format::count(value.into()))) } @else { (format::UNKNOWN) } }
    };
    html! {
        tr id=(incident.id.as_str()) class=[(!incident.source.reading.is_verified()).then_some("unverified")] {
            td.nowrap { @if incident.date_precision == DatePrecision::Day { (format::period_short(incident.start, incident.end)) } @else { (incident.when()) } }
            th scope="row" { (format::heading(&incident.kind)) " " (unverified(&incident.source)) }
            td { (incident.place) @if let Some(words) = precision_words(incident.place_precision) { " " span.quiet { (words) } } }
            td.num.nowrap { (figure(&href, range_words(incident.killed))) }
            td.num { (count(incident.injured)) } td.num { (count(incident.kidnapped)) } td.num { (count(incident.displaced)) }
            td.words { (incident.summary) @if let Some(group) = &incident.group { " " span.quiet { "Named: " (group) "." } } }
            td {
                (source(&incident.source)) " " (entries_link(&recorded.entries, "incident", incident.id.as_str()))
                @for other in further.get(incident.id.as_str()).into_iter().flatten() {
                    br; span.quiet { "also " } (source(&other.value.source)) " " (entries_link(&other.entries, "incident-source", other.value.id.as_str()))
                }
            }
        }
    }
}

/// How roughly a place is known, where it is rough.
pub fn precision_words(precision: PlacePrecision) -> Option<&'static str> {
    match precision {
        PlacePrecision::Site | PlacePrecision::Street => None,
        PlacePrecision::Neighbourhood => Some("within about 1 km"),
        PlacePrecision::Town => Some("somewhere in the commune"),
        PlacePrecision::Department => Some("somewhere in the department"),
    }
}

/// P-codes in use, with a name where a town has the same code: for filters.
pub fn area_options<'a>(view: &View<'_>, codes: impl Iterator<Item = &'a PCode>) -> Vec<(String, String)> {
    let names: BTreeMap<&str, &str> = view
        .mission
        .towns
        .values()
        .filter_map(|town| Some((town.area.as_ref()?.as_str(), town.name.as_str())))
        .collect();
    let codes: BTreeSet<&str> = codes.map(PCode::as_str).collect();
    let mut options: Vec<(String, String)> = codes
        .into_iter()
        .map(|code| {
            (code.to_owned(), names.get(code).map_or_else(|| code.to_owned(), |name| format!("{name} ({code})")))
        })
        .collect();
    options.sort_by_key(|(_, words)| format::fold(words));
    options
}

fn filters(view: &View<'_>, query: &SituationQuery) -> Markup {
    let incidents = || view.mission.incidents.values();
    let kinds: BTreeSet<&str> = incidents().map(|incident| incident.kind.as_str()).collect();
    let kinds: Vec<(String, String)> = kinds.into_iter().map(|kind| (kind.to_owned(), format::heading(kind))).collect();
    let areas = area_options(view, incidents().filter_map(|incident| incident.area.as_ref()));
    html! {
        form.filters method="get" action="/situation#incidents" {
            (select("kind", "What", &query.kind, "all kinds", &kinds))
            (select("area", "Commune", &query.area, "all communes", &areas))
            label { span { "From" } input type="date" name="from" value=(query.from); }
            label { span { "To" } input type="date" name="to" value=(query.to); }
            button type="submit" { "Show" }
            @if !query.is_empty() { a href="/situation#incidents" { "Show all" } }
        }
    }
}

fn areas(view: &View<'_>) -> Markup {
    let mut areas: Vec<&Recorded<Area>> =
        view.mission.areas.iter().filter(|recorded| recorded.value.is_in_force(view.today)).collect();
    areas.sort_by(|a, b| (a.value.control, &a.value.name).cmp(&(b.value.control, &b.value.name)));
    html! {
        section #areas {
            h2 { "Areas held or contested on " (format::day(view.today)) }
            p.quiet { "As reported in public. Each is drawn as a circle around a point; a circle is not a boundary." }
            @if areas.is_empty() { (empty("No area is held or contested on that day.", "konbit import DIR areas FILE")) }
            @else {
                div.scroll role="region" aria-label="Areas" tabindex="0" {
                    table {
                        caption { "Areas" }
                        thead { tr { th scope="col" { "Area" } th scope="col" { "Control" } th scope="col" { "Since, as first reported" } th scope="col" .num { "Radius, km" } th scope="col" { "Named in public" } th scope="col" { "Source" } } }
                        tbody {
                            @for recorded in &areas {
                                @let area = &recorded.value;
                                tr {
                                    th scope="row" { (area.name) " " (unverified(&area.source)) }
                                    td { (crate::geo::control_word(area)) }
                                    td.nowrap { (format::day(area.since)) }
                                    td.num { (figure(&newest(&recorded.entries), format::decimal(f64::from(area.radius_m) / 1000.0, 1))) }
                                    td { (area.group.as_deref().map(|group| group.replace(';', ", ")).unwrap_or_default()) }
                                    td { (source(&area.source)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the other totals are.
fn totals(view: &View<'_>) -> Markup {
    let totals = view.mission.totals.len();
    html! {
        section #totals {
            h2 { "All published totals" }
            @if totals == 0 { (empty("No published total is in the record.", "konbit import DIR totals FILE")) }
            @else { p { a href="/situation/totals" { "All " (format::plural(totals, "published total", "published totals")) } ": of deaths, injuries, kidnappings, displacement and control, by period and area." } }
        }
    }
}

/// What a reader may ask of the totals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TotalsQuery {
    /// Only totals of this measure.
    pub measure: String,
    /// Page, from 1.
    pub page: String,
}

/// `/situation/totals`.
pub fn all_totals(view: &View<'_>, query: &TotalsQuery) -> Markup {
    let mut kept: Vec<&Recorded<Total>> = view
        .mission
        .totals
        .iter()
        .filter(|recorded| query.measure.is_empty() || recorded.value.measure == query.measure)
        .collect();
    kept.sort_by(|a, b| {
        (&a.value.measure, b.value.end, b.value.start, &a.value.id).cmp(&(
            &b.value.measure,
            a.value.end,
            a.value.start,
            &b.value.id,
        ))
    });
    let measures: BTreeSet<&str> = view.mission.totals.values().map(|total| total.measure.as_str()).collect();
    let options: Vec<(String, String)> =
        measures.into_iter().map(|measure| (measure.to_owned(), measure_words(measure))).collect();
    let paging = Paging::new(kept.len(), query.page.parse().ok());
    html! {
        p.lead { (format::plural(kept.len(), "published total", "published totals")) ". Publishers count differently and their figures overlap; they are never added up." }
        form.filters method="get" action="/situation/totals" {
            (select("measure", "What is counted", &query.measure, "everything", &options))
            button type="submit" { "Show" }
            @if !query.measure.is_empty() { a href="/situation/totals" { "Show all" } }
        }
        @if kept.is_empty() { (empty("No published total is here.", "konbit import DIR totals FILE")) }
        @else {
            div.scroll role="region" aria-label="Published totals" tabindex="0" {
                table {
                    caption { "Published totals" }
                    thead { tr { th scope="col" { "What is counted" } th scope="col" .num { "Number" } th scope="col" { "Period" } th scope="col" { "Area" } th scope="col" { "Note" } th scope="col" { "Source and entry" } } }
                    tbody {
                        @for recorded in &kept[paging.range()] {
                            @let total = &recorded.value;
                            tr {
                                th scope="row" { (measure_words(&total.measure)) " " (unverified(&total.source)) }
                                td.num { (figure(&newest(&recorded.entries), format::count(total.value))) }
                                td.nowrap { (format::period_short(total.start, total.end)) }
                                td { (total.area) }
                                td { (total.note.as_deref().unwrap_or_default()) }
                                td { (source(&total.source)) " " (entries_link(&recorded.entries, "total", total.id.as_str())) }
                            }
                        }
                    }
                }
            }
            (paging.links("/situation/totals", &[("measure", &query.measure)], ""))
        }
        p { a href="/situation" { "Back to the situation" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::{LatLon, Reading, Source};
    use konbit_mission::situation::IncidentId;

    fn incident() -> Incident {
        Incident {
            id: IncidentId::new("i-1").unwrap(),
            kind: "kidnapping".to_owned(),
            start: jiff::civil::date(2023, 5, 10),
            end: jiff::civil::date(2023, 5, 12),
            date_precision: DatePrecision::Day,
            place: "A".to_owned(),
            area: Some(PCode::new("HT0111").unwrap()),
            position: LatLon::new(18.5, -72.3).ok(),
            place_precision: PlacePrecision::Town,
            killed: Range { low: Some(1), best: Some(2), high: Some(4) },
            injured: None,
            kidnapped: Some(0),
            displaced: None,
            group: None,
            summary: String::new(),
            source: Source { name: "test".to_owned(), url: None, reading: Reading::Read },
        }
    }

    fn check(kind: &str, area: &str, from: &str, to: &str, keeps: bool) {
        let query = SituationQuery {
            kind: kind.to_owned(),
            area: area.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            page: String::new(),
        };
        assert_eq!(query.keeps(&incident()), keeps, "{query:?}");
    }

    #[test]
    fn filters_keep_what_overlaps_the_days_and_lies_in_the_area() {
        check("", "", "", "", true);
        check("kidnapping", "HT01", "2023-05-12", "2023-05-31", true);
        check("homicide", "", "", "", false);
        check("", "HT02", "", "", false);
        check("", "", "2023-05-13", "", false);
        check("", "", "", "2023-05-09", false);
        check("", "", "not a day", "", true);
    }

    #[test]
    fn a_range_says_what_is_not_known() {
        assert_eq!(range_words(Range::default()), "–");
        assert_eq!(range_words(incident().killed), "2 (1 to 4)");
        assert_eq!(range_words(Range { low: Some(3), best: Some(3), high: Some(3) }), "3");
        assert_eq!(range_words(Range { low: None, best: Some(1_400), high: None }), "1,400 (– to –)");
    }

    #[test]
    fn a_measure_names_its_publisher() {
        assert_eq!(measure_words("kidnapped_cardh"), "Kidnapped (CARDH)");
        assert_eq!(measure_words("killed"), "Killed");
        assert_eq!(measure_words("share_gang_controlled_pct"), "Share gang controlled, per cent");
    }
}

//! Roads: their state as it is reported, the ways of reaction forces, what they reach, and what one
//! closed road does.

mod effect;
mod reach;
mod route;

pub use effect::{Effect, EffectQuery, Replanned, effect};
pub use reach::{Band, ReachPage, reach};
pub use route::{RoutePage, RouteQuery, route};

use crate::format;
use crate::geo::{self, MapShape};
use crate::layout::{View, empty, entries_link, select, source, unverified};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use konbit_base::LatLon;
use konbit_desk::{CoveredRoads, Travel};
use konbit_mission::Recorded;
use konbit_mission::roads::{RoadNetwork, RoadReport, RoadState, Stretch};
use maud::{Markup, html};
use serde::Deserialize;

/// Id of the form that a drawn line goes into.
pub const FORM: &str = "report";

/// What a reader may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RoadsQuery {
    /// `all` shows reports that are not in force too.
    pub show: String,
    /// Only reports of this state.
    pub state: String,
    /// As the roads are at this time, local to the mission; the moment shown if empty.
    pub at: String,
}

impl RoadsQuery {
    /// Whether a report is kept.
    pub fn keeps(&self, report: &RoadReport, at: Timestamp) -> bool {
        (self.show == "all" || report.is_in_force(at)) && (self.state.is_empty() || report.state.name() == self.state)
    }
}

/// A report and the roads it covers, if there is a network.
pub struct ReportRow<'a> {
    /// The report.
    pub recorded: &'a Recorded<RoadReport>,
    /// The roads it covers.
    pub covered: Option<CoveredRoads>,
}

/// What the page of roads is made of.
pub struct RoadsPage<'a> {
    /// The filter.
    pub query: &'a RoadsQuery,
    /// The network, if one was imported.
    pub network: Option<&'a Recorded<RoadNetwork>>,
    /// Reports that the filter keeps.
    pub rows: Vec<ReportRow<'a>>,
    /// Travel times now.
    pub travel: &'a Travel,
    /// The instant shown.
    pub at: Timestamp,
    /// The map.
    pub map: Markup,
}

/// `/roads`.
pub fn roads(view: &View<'_>, page: &RoadsPage<'_>) -> Markup {
    let in_force = view.mission.road_reports.values().filter(|report| report.is_in_force(page.at)).count();
    let [by_road, by_circle, unreached] = page.travel.sites_by_basis(view.mission);
    html! {
        p.lead {
            @if page.at != view.instant { "On " (instant(page.at, &view.zone())) ": " }
            @match in_force { 0 => "No report of a road is in force. ", count => { (format::plural(count, "report of a road is", "reports of roads are")) " in force. " } }
            @if page.network.is_some() {
                (format::size(by_road)) " sites are reached by road"
                @if by_circle > 0 { ", " (format::size(by_circle)) " have no road of the network near and are counted by the great circle" }
                @if unreached > 0 { ", " strong { (format::size(unreached)) } " have no way by road from any base" }
                "."
            } @else { "There is no road network, so all travel times are great circles times a judged factor." }
        }
        nav.contents aria-label="On this page" {
            a href="#map" { "Map" } a href="#reports" { "Reports" } a href="#add" { "Add a report" } a href="#try" { "Close a road in thought" } a href="#network" { "The network" }
        }
        section #map { h2 { "Roads on the map" } (page.map) }
        (reports(view, page))
        (add(view))
        (attempt(view))
        (network(view, page.network))
        p { a href="/roads/route" { "A way from a base to a site" } " · " a href="/roads/reach" { "What a reaction force reaches" } }
    }
}

/// An instant in the mission's time zone: `2 Oct 2023, 18:00`.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
}

/// An instant as a form holds it: `2023-10-02T18:00`.
fn form_instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// What is reported, in words.
pub fn state_words(state: RoadState) -> String {
    match state {
        RoadState::Closed => "closed".to_owned(),
        RoadState::Slowed { speed_percent } => format!("slowed to {speed_percent} % of the usual speed"),
        RoadState::Dangerous => "dangerous".to_owned(),
        RoadState::Held => "held by an armed group".to_owned(),
    }
}

/// What stands for the state on maps and in style sheets.
fn state_class(state: RoadState) -> &'static str {
    match state {
        RoadState::Closed => "closed",
        RoadState::Slowed { .. } => "slowed",
        RoadState::Dangerous => "dangerous",
        RoadState::Held => "road-held",
    }
}

/// A report on the map: the roads it covers, or what was drawn where there is no network.
pub fn shapes(row: &ReportRow<'_>) -> Vec<MapShape> {
    let report = &row.recorded.value;
    let says = format!("{}: {}", report.place, state_words(report.state));
    let class = state_class(report.state);
    let drawn = match &report.stretch {
        Stretch::Line(points) => MapShape { class, is_area: false, lines: vec![geo::line(points)], says: says.clone() },
        Stretch::Around { centre, radius_m } => {
            let ring = geo::circle(*centre, f64::from(*radius_m), 32);
            MapShape { class, is_area: true, lines: vec![ring], says: says.clone() }
        }
        Stretch::Within(ring) => {
            let closed: Vec<LatLon> = ring.iter().chain(ring.first()).copied().collect();
            MapShape { class, is_area: true, lines: vec![geo::line(&closed)], says: says.clone() }
        }
    };
    match row.covered.as_ref().filter(|covered| !covered.courses.is_empty()) {
        None => vec![drawn],
        Some(covered) => {
            let lines = covered.courses.iter().map(|course| geo::line(course)).collect();
            let roads = MapShape { class, is_area: false, lines, says };
            if drawn.is_area { vec![drawn, roads] } else { vec![roads] }
        }
    }
}

fn reports(view: &View<'_>, page: &RoadsPage<'_>) -> Markup {
    let states = [("closed", "closed"), ("slowed", "slowed"), ("dangerous", "dangerous"), ("held", "held")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let shows = [("all".to_owned(), "all, with those that are over".to_owned())];
    html! {
        section #reports {
            h2 { "Reports" }
            form.filters method="get" action="/roads#reports" {
                (select("show", "Which", &page.query.show, "in force now", &shows))
                (select("state", "State", &page.query.state, "any", &states))
                label { span { "As of" } input type="datetime-local" name="at" value=(form_instant(page.at, &view.zone())); }
                button type="submit" { "Show" }
            }
            @if page.rows.is_empty() { (empty("No report matches. Draw one on the map, fill in the form below, or import a table or GeoJSON.", "konbit import DIR road-reports FILE")) }
            @else {
                div.scroll role="region" aria-label="Reports of roads" tabindex="0" {
                    table {
                        caption { "Reports of roads; times are local to the mission" }
                        thead { tr { th scope="col" { "Where" } th scope="col" { "State" } th scope="col" { "Covers" } th scope="col" { "From" } th scope="col" { "Until" } th scope="col" { "Source and entry" } th scope="col" { "Change" } } }
                        tbody { @for row in &page.rows { (report_row(view, page.at, row)) } }
                    }
                }
                p { "Download: " a href="/roads/reports.csv" { "CSV with HXL tags" } " · " a href="/roads/reports.geojson" { "GeoJSON" } }
            }
        }
    }
}

fn report_row(view: &View<'_>, at: Timestamp, row: &ReportRow<'_>) -> Markup {
    let (report, zone) = (&row.recorded.value, view.zone());
    let is_in_force = report.is_in_force(at);
    html! {
        tr {
            th scope="row" { (report.place) " " (unverified(&report.source)) @if let Some(note) = &report.note { " " span.quiet { (note) } } }
            td { (format::heading(&state_words(report.state))) }
            td {
                @match &row.covered {
                    None => "no network",
                    Some(covered) if covered.links == 0 => strong { "no road of the network" },
                    Some(covered) => { (covered_words(covered)) },
                }
            }
            td.nowrap { (instant(report.from, &zone)) }
            td.nowrap {
                (instant(report.end(), &zone))
                @if report.until.is_none() { " " span.quiet { "unless renewed" } }
                @if !is_in_force { " " span.quiet { @if report.from > at { "not yet" } @else { "over" } } }
            }
            td { (source(&report.source)) " " (entries_link(&row.recorded.entries, "road-report", report.id.as_str())) }
            td.nowrap {
                @if is_in_force {
                    (change("/roads/reports/end", report, "End now"))
                    a href=(format::address("/roads/effect", &[("without", report.id.as_str())])) { "What it costs" }
                } @else if report.from <= at { (change("/roads/reports/renew", report, "Renew")) }
            }
        }
    }
}

fn covered_words(covered: &CoveredRoads) -> String {
    let names = covered.names.join(", ");
    let kilometres = format::decimal(covered.length_m as f64 / 1000.0, 1);
    if names.is_empty() { format!("{kilometres} km") } else { format!("{names}, {kilometres} km") }
}

fn change(action: &str, report: &RoadReport, words: &str) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            input type="hidden" name="id" value=(report.id);
            button type="submit" { (words) }
        }
    }
}

/// The form that adds a report.
fn add(view: &View<'_>) -> Markup {
    let now = form_instant(view.instant, &view.zone());
    html! {
        section #add {
            h2 { "Add a report" }
            p { "Say which part of the road in one of three ways: draw it on the map above (press Draw, then click along the road), or give a point and a radius, or write a line as WKT with longitude first. Whole links of the network are covered, from one junction to the next." }
            form.sheet id=(FORM) method="post" action="/roads/reports" {
                label { span { "Where, in words" } input name="place" required maxlength="200" placeholder="RN1 at Titanyen"; }
                label { span { "State" }
                    select name="state" required {
                        option value="closed" { "closed: nobody passes" }
                        option value="slowed" { "slowed" }
                        option value="dangerous" { "dangerous" }
                        option value="held" { "held by an armed group" }
                    }
                }
                label { span { "Speed left where slowed, per cent" } input name="speed_percent" inputmode="numeric" pattern="[0-9]{1,2}" placeholder="50"; }
                label.whole { span { "Drawn line (WKT)" } input name="wkt" maxlength="20000" placeholder="LINESTRING (-72.36 18.69, -72.37 18.70)"; }
                label { span { "or latitude" } input name="lat" inputmode="decimal" placeholder="18.69"; }
                label { span { "longitude" } input name="lon" inputmode="decimal" placeholder="-72.36"; }
                label { span { "radius, metres" } input name="radius_m" inputmode="numeric" placeholder="100"; }
                label { span { "From" } input type="datetime-local" name="from" required value=(now); }
                label { span { "Until, if known" } input type="datetime-local" name="until"; }
                label { span { "Counts unless renewed until" } input type="datetime-local" name="expires"; }
                label.whole { span { "Source" } input name="source_name" required maxlength="300" placeholder="patrol, radio, newspaper"; }
                label.whole { span { "Note" } input name="note" maxlength="1000"; }
                p.quiet { "Times are local to the mission. Without an end a report counts for three days." }
                button type="submit" { "Record the report" }
            }
        }
    }
}

/// The form that closes a road in thought.
fn attempt(view: &View<'_>) -> Markup {
    let mut names: Vec<&str> = view.mission.towns.values().map(|town| town.name.as_str()).collect();
    names.sort_unstable();
    html! {
        section #try {
            h2 { "Close a road in thought" }
            p { "Which sites would fall out of reach, and what would a new plan change? Nothing is recorded." }
            form.filters method="get" action="/roads/effect" {
                label { span { "Near latitude" } input name="lat" required inputmode="decimal" placeholder="18.69"; }
                label { span { "longitude" } input name="lon" required inputmode="decimal" placeholder="-72.36"; }
                label { span { "within metres" } input name="radius_m" inputmode="numeric" value="300"; }
                button type="submit" { "See what it does" }
            }
            p.quiet { "A click on the map where no mark is offers the same for that place. For a report that is already in force, “What it costs” in the table compares with and without it." }
        }
    }
}

fn network(view: &View<'_>, network: Option<&Recorded<RoadNetwork>>) -> Markup {
    html! {
        section #network {
            h2 { "The network" }
            @match network {
                None => (empty("No road network was imported.", "konbit import DIR roads FILE.osm.pbf")),
                Some(recorded) => {
                    @let network = &recorded.value;
                    @let all: u64 = network.metres_by_basis.values().sum();
                    p {
                        (format::count(network.links)) " links between " (format::count(network.nodes)) " nodes, "
                        (format::decimal(all as f64 / 1000.0, 0)) " km of road; a vehicle can drive from everywhere to everywhere among "
                        (format::count(network.connected_nodes)) " nodes, the others are islands or stretches apart."
                    }
                    div.scroll role="region" aria-label="Lengths" tabindex="0" {
                        table {
                            caption { "Kilometres by what their length rests on" }
                            thead { tr { th scope="col" { "Length" } th scope="col" .num { "km" } th scope="col" .num { "%" } } }
                            tbody {
                                @for (basis, metres) in &network.metres_by_basis {
                                    tr { th scope="row" { (format::heading(basis_words(basis))) } td.num { (format::decimal(*metres as f64 / 1000.0, 0)) } td.num { (format::percent(*metres as f64 / all.max(1) as f64)) } }
                                }
                            }
                        }
                    }
                    p.quiet { "From " (network.file) ". " (source(&network.source)) " " (entries_link(&recorded.entries, "road-network", "road-network")) @if let Some(notice) = &network.notice { ". " (notice) } }
                }
            }
            @let profiles = view.mission.travel_profiles.iter().next();
            p.quiet {
                @match profiles {
                    Some(recorded) => { "Speeds are from " (recorded.value.file) " " (entries_link(&recorded.entries, "travel-profiles", "travel-profiles")) "." },
                    None => "Speeds are the built-in profiles, judged figures; a mission replaces them with konbit import DIR travel-profiles FILE.",
                }
            }
        }
    }
}

/// What a length rests on, in words.
fn basis_words(basis: &str) -> &str {
    match basis {
        "measured" => "measured along the course of the road",
        "published" => "a published distance between two places",
        "published-apportioned" => "a published total, shared out over the links",
        "derived" => "derived: great circle times a stated factor, published by nobody",
        other => other,
    }
}

/// Minutes from milliseconds, whole; below ten with one decimal.
fn minutes(ms: u64) -> String {
    let minutes = ms as f64 / 60_000.0;
    format::decimal(minutes, usize::from(minutes < 10.0))
}

/// The choices of how one travels, shared by the forms.
fn traveller(profiles: &[(String, String)], chosen: &str, night: bool, rain: bool) -> Markup {
    html! {
        label { span { "Travels as" } select name="profile" { @for (id, name) in profiles { option value=(id) selected[id == chosen] { (name) } } } }
        label.check { input type="checkbox" name="night" value="1" checked[night]; span { "by night" } }
        label.check { input type="checkbox" name="rain" value="1" checked[rain]; span { "in rain" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::{Reading, Source};
    use konbit_mission::roads::RoadReportId;

    #[test]
    fn a_filter_keeps_what_is_in_force_unless_all_are_asked_for() {
        let report = RoadReport {
            id: RoadReportId::new("r").unwrap(),
            place: "x".to_owned(),
            state: RoadState::Slowed { speed_percent: 40 },
            stretch: Stretch::Around { centre: LatLon::new(1.0, 1.0).unwrap(), radius_m: 5 },
            from: "2023-10-02T06:00:00Z".parse().unwrap(),
            until: None,
            expires: "2023-10-03T06:00:00Z".parse().unwrap(),
            note: None,
            source: Source { name: "x".to_owned(), url: None, reading: Reading::Read },
        };
        for (show, state, at, keeps) in [
            ("", "", "2023-10-02T07:00:00Z", true),
            ("", "", "2023-10-04T07:00:00Z", false),
            ("all", "", "2023-10-04T07:00:00Z", true),
            ("", "slowed", "2023-10-02T07:00:00Z", true),
            ("all", "closed", "2023-10-02T07:00:00Z", false),
        ] {
            let query = RoadsQuery { show: show.to_owned(), state: state.to_owned(), at: String::new() };
            assert_eq!(query.keeps(&report, at.parse().unwrap()), keeps, "{show} {state} {at}");
        }
    }

    #[test]
    fn minutes_are_whole_from_ten_on() {
        for (ms, expect) in [(0, "0.0"), (90_000, "1.5"), (599_000, "10.0"), (600_000, "10"), (3_660_000, "61")] {
            assert_eq!(minutes(ms), expect);
        }
    }
}

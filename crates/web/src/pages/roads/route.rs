//! A way from a base to a site.

use super::{minutes, traveller};
use crate::format;
use crate::layout::{View, empty, stat};
use konbit_desk::{PLANNED_PERCENT, StepWords, Trip};
use maud::{Markup, html};
use serde::Deserialize;

/// Which way is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RouteQuery {
    /// Id of the base.
    pub from: String,
    /// Id of the site.
    pub to: String,
    /// Id of the travel profile.
    pub profile: String,
    /// `1` by night.
    pub night: String,
    /// `1` in rain.
    pub rain: String,
}

/// What the page of a way is made of.
pub struct RoutePage<'a> {
    /// What was asked for.
    pub query: &'a RouteQuery,
    /// Profiles to choose from: id and name.
    pub profiles: Vec<(String, String)>,
    /// The way, if there is one.
    pub trip: Option<Trip>,
    /// What it passes, in order.
    pub steps: Vec<StepWords>,
    /// Why there is no way; empty before anything was asked for.
    pub why_not: String,
    /// The map, if there is a way.
    pub map: Markup,
}

/// `/roads/route`.
pub fn route(view: &View<'_>, page: &RoutePage<'_>) -> Markup {
    html! {
        @if view.mission.bases.is_empty() || view.mission.sites.is_empty() {
            (empty("A way leads from a base to a site, and one of them is not in the record yet.", "konbit import DIR bases FILE, sites FILE"))
        } @else { (form(view, page)) }
        @if !page.why_not.is_empty() { p.lead { (page.why_not) } }
        @if let Some(trip) = &page.trip {
            (answer(trip))
            section #map { h2 { "The way on the map" } (page.map) }
            (steps(page))
        }
        p { a href="/roads" { "All roads" } }
    }
}

fn form(view: &View<'_>, page: &RoutePage<'_>) -> Markup {
    let mut bases: Vec<_> = view.mission.bases.values().collect();
    bases.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sites: Vec<_> = view.mission.sites.values().filter(|site| site.position.is_some()).collect();
    sites.sort_by(|a, b| a.name.cmp(&b.name));
    let query = page.query;
    html! {
        form.filters method="get" action="/roads/route" {
            label { span { "From" } select name="from" required { @for base in bases { option value=(base.id) selected[base.id.as_str() == query.from] { (base.name) } } } }
            label { span { "To" } select name="to" required { @for site in sites { option value=(site.id) selected[site.id.as_str() == query.to] { (site.name) } } } }
            (traveller(&page.profiles, &query.profile, query.night == "1", query.rain == "1"))
            button type="submit" { "Find the way" }
        }
    }
}

fn answer(trip: &Trip) -> Markup {
    let lengths = trip.route.lengths;
    let total = lengths.total_dm();
    let kilometres = |dm: u64| format::decimal(dm as f64 / 10_000.0, 1);
    let beside = trip.from.snap.distance_m + trip.to.snap.distance_m;
    html! {
        dl.stats {
            (stat("Usual time", &html! { (minutes(trip.usual_ms)) }, &html! { "minutes; half of the trips take longer" }))
            (stat("Planned with", &html! { (minutes(trip.planned_ms)) }, &html! { "minutes, which " (PLANNED_PERCENT) " trips in 100 keep to" }))
            (stat("Distance", &html! { (kilometres(total)) }, &html! { "km by road, and " (format::decimal(beside / 1000.0, 1)) " km between road and places" }))
        }
        @if lengths.derived_dm > 0 {
            p { strong { (kilometres(lengths.derived_dm)) " km" } " of it are derived lengths: great circle times a stated factor, measured and published by nobody." }
        }
        @if lengths.apportioned_dm > 0 { p.quiet { (kilometres(lengths.apportioned_dm)) " km are shares of a published total." } }
        @if trip.from.is_apart() || trip.to.is_apart() { p.quiet { "One end lies on a road outside the connected network." } }
        p.quiet { "Times count from departure; turnout comes on top. They are by the reports of roads in force now." }
    }
}

fn steps(page: &RoutePage<'_>) -> Markup {
    html! {
        section {
            h2 { "What it passes" }
            @if page.steps.is_empty() { p { "Both places lie at the same point of the road." } }
            @else {
                div.scroll role="region" aria-label="What it passes" tabindex="0" {
                    table {
                        caption { "What it passes, in order" }
                        thead { tr { th scope="col" { "Road" } th scope="col" { "Class" } th scope="col" .num { "km" } th scope="col" .num { "Minutes" } th scope="col" { "Reported" } } }
                        tbody {
                            @for step in &page.steps {
                                tr {
                                    th scope="row" { @if let Some(name) = &step.name { (name) } @else { span.quiet { "without a name" } } }
                                    td { (step.class) }
                                    td.num { (format::decimal(step.length_m as f64 / 1000.0, 1)) }
                                    td.num { (minutes(step.ms)) }
                                    td { (step.states.join(", ")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! What one closed road does: which sites fall out of reach, and what a new plan would change.

use crate::format;
use crate::geo::site_href;
use crate::layout::View;
use konbit_desk::{CoveredRoads, ReachChange};
use konbit_mission::protection::Site;
use maud::{Markup, html};
use serde::Deserialize;

/// Which road.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EffectQuery {
    /// Id of a report in force, whose effect is asked for.
    pub without: String,
    /// Latitude of a road to close in thought.
    pub lat: String,
    /// Its longitude.
    pub lon: String,
    /// Around it, in metres.
    pub radius_m: String,
    /// `1` to plan again.
    pub plan: String,
}

impl EffectQuery {
    /// The same question, with a plan.
    fn with_plan(&self) -> String {
        let pairs = [
            ("without", self.without.as_str()),
            ("lat", &self.lat),
            ("lon", &self.lon),
            ("radius_m", &self.radius_m),
            ("plan", "1"),
        ];
        format::address("/roads/effect", &pairs)
    }
}

/// A plan for the roads as they would be beside the one for the roads as they are.
pub struct Replanned<'a> {
    /// Expected persons harmed a week with the road open, and the bound.
    pub open: (f64, f64),
    /// The same with the road closed.
    pub closed: (f64, f64),
    /// Sites whose posture changes: before and after, in words.
    pub changed: Vec<(&'a Site, &'static str, &'static str)>,
}

/// What the page is made of.
pub struct Effect<'a> {
    /// What was asked for.
    pub query: &'a EffectQuery,
    /// What is closed, in words.
    pub what: String,
    /// The roads concerned.
    pub covered: CoveredRoads,
    /// Sites whose nearest reaction force changes, the worst first.
    pub changes: Vec<(&'a Site, ReachChange)>,
    /// The plans, if they were asked for.
    pub replanned: Option<Replanned<'a>>,
    /// The map.
    pub map: Markup,
}

/// `/roads/effect`.
pub fn effect(_view: &View<'_>, page: &Effect<'_>) -> Markup {
    let lost = page.changes.iter().filter(|(_, change)| change.after_tenths.is_none()).count();
    let slower = page.changes.len() - lost;
    let nowhere = page.covered.links == 0;
    html! {
        p.lead {
            (page.what) ": "
            @if nowhere { "nothing changes, because no road of the network lies there. Choose a place nearer to a road, or a wider radius." }
            @else if page.changes.is_empty() { "no site is reached later from its nearest base." }
            @else {
                strong { (format::size(lost)) } @if lost == 1 { " site falls" } @else { " sites fall" } " out of reach by road, "
                strong { (format::size(slower)) } @if slower == 1 { " is" } @else { " are" } " reached later from the nearest base."
            }
        }
        @if !nowhere {
            p.quiet {
                "It covers " (format::plural(page.covered.links, "link", "links")) ", " (format::decimal(page.covered.length_m as f64 / 1000.0, 1)) " km"
                @if !page.covered.names.is_empty() { ": " (page.covered.names.join(", ")) }
                ". Whole links are closed, from one junction to the next."
            }
        }
        section #map { h2 { "On the map" } (page.map) }
        (changes(page))
        @if !nowhere { (plans(page)) }
        p { a href="/roads" { "All roads" } }
    }
}

fn changes(page: &Effect<'_>) -> Markup {
    let minutes = |tenths: Option<u32>| {
        tenths.map_or_else(|| "none".to_owned(), |tenths| format::decimal(f64::from(tenths) / 10.0, 0))
    };
    html! {
        @if !page.changes.is_empty() {
            section {
                h2 { "Sites that are reached later" }
                div.scroll role="region" aria-label="Sites that are reached later" tabindex="0" {
                    table {
                        caption { "Minutes from alarm to arrival from the nearest base" }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "Kind" } th scope="col" .num { "Road open" } th scope="col" .num { "Road closed" } th scope="col" { "Comes then from" } } }
                        tbody {
                            @for (site, change) in &page.changes {
                                tr {
                                    th scope="row" { a href=(site_href(site.id.as_str())) { (site.name) } }
                                    td { (format::words(&site.kind)) }
                                    td.num { (minutes(change.before_tenths)) }
                                    td.num { @if change.after_tenths.is_none() { strong { "no way" } } @else { (minutes(change.after_tenths)) } }
                                    td { (change.after_base.as_deref().unwrap_or_default()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn plans(page: &Effect<'_>) -> Markup {
    html! {
        section {
            h2 { "What a new plan changes" }
            @match &page.replanned {
                None => {
                    p { "Two plans are compared, each the best found with its bound: for the roads open and for the road closed. It takes some seconds." }
                    p { a.button href=(page.query.with_plan()) { "Plan for both" } }
                },
                Some(plans) => {
                    p {
                        "With the road open " (format::harm(plans.open.0)) " persons a week are expected to be harmed (no plan is below " (format::harm(plans.open.1)) "); with it closed "
                        (format::harm(plans.closed.0)) " (no plan is below " (format::harm(plans.closed.1)) "): "
                        strong { (format::signed(plans.closed.0 - plans.open.0, 3)) } " a week."
                    }
                    @if plans.changed.is_empty() { p { "No site changes its posture." } }
                    @else {
                        div.scroll role="region" aria-label="Sites that change their posture" tabindex="0" {
                            table {
                                caption { (format::plural(plans.changed.len(), "site changes", "sites change")) " posture" }
                                thead { tr { th scope="col" { "Site" } th scope="col" { "Road open" } th scope="col" { "Road closed" } } }
                                tbody { @for (site, before, after) in &plans.changed { tr { th scope="row" { a href=(site_href(site.id.as_str())) { (site.name) } } td { (before) } td { (after) } } } }
                            }
                        }
                    }
                },
            }
        }
    }
}

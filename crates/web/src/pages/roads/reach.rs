//! What a reaction force reaches.

use super::{RouteQuery, minutes, traveller};
use crate::format;
use crate::geo::site_href;
use crate::layout::{View, empty};
use konbit_mission::protection::{Base, Site};
use maud::{Markup, html};

/// Most sites of a band in its table.
const ROWS_MAX: usize = 40;

/// What lies within so many minutes.
pub struct Band<'a> {
    /// Minutes, usual times.
    pub minutes: u32,
    /// Kilometres of road.
    pub road_km: f64,
    /// Sites, nearest first, with their usual time in milliseconds.
    pub sites: Vec<(&'a Site, u64)>,
}

/// What the page is made of.
pub struct ReachPage<'a> {
    /// What was asked for; `to` is not used.
    pub query: &'a RouteQuery,
    /// Profiles to choose from: id and name.
    pub profiles: Vec<(String, String)>,
    /// The base, if one was chosen.
    pub base: Option<&'a Base>,
    /// Why nothing is shown; empty before anything was asked for.
    pub why_not: String,
    /// Bands, the nearest first; a site stands in the first that holds it.
    pub bands: Vec<Band<'a>>,
    /// How far beyond reached road the area can be drawn, in metres.
    pub tolerance_m: f64,
    /// The map.
    pub map: Markup,
}

/// `/roads/reach`.
pub fn reach(view: &View<'_>, page: &ReachPage<'_>) -> Markup {
    let mut bases: Vec<_> = view.mission.bases.values().collect();
    bases.sort_by(|a, b| a.name.cmp(&b.name));
    let query = page.query;
    html! {
        @if bases.is_empty() { (empty("No base is in the record.", "konbit import DIR bases FILE")) }
        @else {
            form.filters method="get" action="/roads/reach" {
                label { span { "From" } select name="from" required { @for base in bases { option value=(base.id) selected[base.id.as_str() == query.from] { (base.name) } } } }
                (traveller(&page.profiles, &query.profile, query.night == "1", query.rain == "1"))
                button type="submit" { "Show" }
            }
        }
        @if !page.why_not.is_empty() { p.lead { (page.why_not) } }
        @if let Some(base) = page.base.filter(|_| !page.bands.is_empty()) {
            p.lead {
                "From " (base.name) ": "
                @for (index, band) in page.bands.iter().enumerate() {
                    @if index > 0 { "; " }
                    strong { (format::size(page.bands[..=index].iter().map(|band| band.sites.len()).sum())) } " sites within " (band.minutes) " minutes"
                }
                "."
            }
            section #map {
                h2 { "The area on the map" }
                (page.map)
                p.quiet { "The area is drawn around the roads that are reached, up to " (format::decimal(page.tolerance_m / 1000.0, 1)) " km beside them: it says where a force can drive within the time, not where it can stand. Usual times, without turnout." }
            }
            @for band in &page.bands { (band_table(band, query)) }
        }
        p { a href="/roads" { "All roads" } }
    }
}

fn band_table(band: &Band<'_>, query: &RouteQuery) -> Markup {
    let label = format!("Sites first reached within {} minutes", band.minutes);
    html! {
        section {
            h2 { (label) }
            p.quiet { (format::decimal(band.road_km, 0)) " km of road are reached within this time." }
            @if band.sites.is_empty() { p { "None that is not reached sooner." } }
            @else {
                div.scroll role="region" aria-label=(label) tabindex="0" {
                    table {
                        caption { (label) }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "Kind" } th scope="col" .num { "Minutes" } th scope="col" { "Way" } } }
                        tbody {
                            @for (site, ms) in band.sites.iter().take(ROWS_MAX) {
                                tr {
                                    th scope="row" { a href=(site_href(site.id.as_str())) { (site.name) } }
                                    td { (format::words(&site.kind)) }
                                    td.num { (minutes(*ms)) }
                                    td { a href=(format::address("/roads/route", &[("from", &query.from), ("to", site.id.as_str()), ("profile", &query.profile), ("night", &query.night), ("rain", &query.rain)])) { "by road" } }
                                }
                            }
                        }
                    }
                }
                @if let Some(more) = band.sites.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
                    p.quiet { (format::size(more)) " more are reached later within this time; all are on the map and in the " a href=(address(query, &[("format", "json")])) { "data of this page" } "." }
                }
            }
        }
    }
}

/// The address of this page with its question, and more.
fn address(query: &RouteQuery, more: &[(&str, &str)]) -> String {
    let asked =
        [("from", query.from.as_str()), ("profile", &query.profile), ("night", &query.night), ("rain", &query.rain)];
    format::address("/roads/reach", &asked.iter().chain(more).copied().collect::<Vec<_>>())
}

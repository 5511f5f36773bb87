//! The map on a page: the server's drawing, the addresses of the layers for the vector map, legend and attribution.

use crate::assets::asset_url;
use crate::format;
use crate::geo::{self, MapSite, Shapes};
use crate::layout::View;
use crate::pages::protection::{SiteRow, posture_word};
use crate::svg::{self, Bounds, Picture};
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::place::{LayerKind, Town};
use konbit_mission::situation::{Area, Incident};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// All kinds of reference layer, in the order they are drawn.
pub const LAYERS: [LayerKind; 4] =
    [LayerKind::Outline, LayerKind::BoundariesLevel1, LayerKind::BoundariesLevel2, LayerKind::Roads];

/// The bytes of the mission's reference layers, by kind.
pub type LayerBytes = BTreeMap<LayerKind, Vec<u8>>;

/// Side of the square that is drawn a second time, larger: it holds the most sites, kilometres.
const FOCUS_KM: f64 = 32.0;

/// Side of the square around a single place, kilometres.
const HERE_KM: f64 = 8.0;

/// Towns named on a drawing at most.
const TOWNS_MAX: usize = 60;

/// What a map shows besides the country.
#[derive(Debug, Clone, Default)]
pub struct Marks<'a> {
    /// Sites with their posture.
    pub sites: Vec<MapSite>,
    /// Incidents.
    pub incidents: Vec<&'a Incident>,
    /// Areas held or contested.
    pub areas: Vec<&'a Area>,
    /// Bases: name and position.
    pub bases: Vec<(String, LatLon)>,
    /// Query that the address of the layer of sites takes, so that it shows the same plan.
    pub sites_query: String,
    /// Show only what lies around this place, once, and ring it.
    pub here: Option<LatLon>,
}

/// The map, or words on what is missing.
pub fn map(view: &View<'_>, layers: &LayerBytes, marks: &Marks<'_>, label: &str) -> Markup {
    let read = |kind: LayerKind| layers.get(&kind).map(|bytes| geo::shapes(bytes)).unwrap_or_default();
    let outline = read(LayerKind::Outline);
    let boundaries = if layers.contains_key(&LayerKind::BoundariesLevel1) {
        read(LayerKind::BoundariesLevel1)
    } else {
        read(LayerKind::BoundariesLevel2)
    };
    let roads = read(LayerKind::Roads);
    let points = positions(marks);
    let Some(country) = bounds(&outline, &points) else {
        return crate::layout::empty(
            "Nothing on this page has a position yet, so there is no map.",
            "konbit import DIR outline FILE",
        );
    };
    let mut towns: Vec<&Town> = view.mission.towns.values().collect();
    towns.sort_by(|a, b| b.population.cmp(&a.population).then(a.id.cmp(&b.id)));
    let near = |bounds: Bounds| -> Vec<&Town> {
        towns.iter().copied().filter(|town| bounds.contains(town.position)).take(TOWNS_MAX).collect()
    };
    let only = marks.here.and_then(|here| svg::densest(&[here, here], HERE_KM));
    let focus = if only.is_some() { None } else { svg::densest(&points, FOCUS_KM) };
    let frames: Vec<(&str, Bounds, String)> = match (only, focus) {
        (Some(only), _) => vec![("o", only, label.to_owned())],
        (None, Some(focus)) => {
            vec![("c", country, label.to_owned()), ("f", focus, format!("{label}: the part with the most marks"))]
        }
        (None, None) => vec![("c", country, label.to_owned())],
    };
    let first = only.unwrap_or(country);
    html! {
        div.mapbox data-module=(asset_url("maplibre-gl/maplibre-gl.mjs")) data-worker=(asset_url("maplibre-gl/maplibre-gl-worker.mjs"))
            data-sources=(sources(view.mission, marks)) data-bounds=(corners(first)) data-focus=[focus.map(corners)] data-here=[marks.here.map(|here| format!("{:.5},{:.5}", here.lon(), here.lat()))] {
            div.canvas role="application" aria-label={ (label) ". Everything on it also stands in the tables of this page." } {}
            div.drawn {
                @for (prefix, bounds, words) in &frames {
                    @let named = near(*bounds);
                    figure {
                        (svg::map(&Picture {
                            outline: &outline, boundaries: &boundaries, roads: &roads, towns: &named, areas: &marks.areas,
                            incidents: &marks.incidents, sites: &marks.sites, bases: &marks.bases, here: marks.here, bounds: *bounds, label: words, prefix,
                        }))
                        @if frames.len() > 1 { figcaption { @if *prefix == "c" { "The whole country" } @else { "The " (format::decimal(FOCUS_KM, 0)) " kilometres with the most marks" } } }
                    }
                }
            }
            (svg::legend(&legend(marks, !roads.lines.is_empty())))
            (attribution(view.mission))
        }
    }
}

fn positions(marks: &Marks<'_>) -> Vec<LatLon> {
    let sites = marks.sites.iter().map(|site| site.position);
    let incidents = marks.incidents.iter().filter_map(|incident| incident.position);
    sites.chain(incidents).collect()
}

/// The country, or else everything that has a place.
fn bounds(outline: &Shapes, points: &[LatLon]) -> Option<Bounds> {
    let country = Bounds::around(outline.host.iter().flatten().copied()).map(|bounds| bounds.widened(0.03));
    country.or_else(|| {
        Bounds::around(points.iter().map(|point| (point.lon(), point.lat()))).map(|bounds| bounds.widened(0.1))
    })
}

/// West, south, east, north, as `map.js` reads them.
fn corners(bounds: Bounds) -> String {
    format!("{:.5},{:.5},{:.5},{:.5}", bounds.west, bounds.south, bounds.east, bounds.north)
}

/// Addresses of the layers, as JSON.
fn sources(mission: &Mission, marks: &Marks<'_>) -> String {
    let mut sources = serde_json::Map::new();
    for layer in mission.layers.values() {
        let name = layer.kind.name();
        sources.insert(name.to_owned(), format!("/map/{name}.geojson?v={}", layer.digest.short()).into());
    }
    let mut add = |name: &str, present: bool, query: &str| {
        if present {
            sources.insert(name.to_owned(), format!("/map/{name}.geojson{query}").into());
        }
    };
    add("towns", !mission.towns.is_empty(), "");
    add("areas", !marks.areas.is_empty(), "");
    add("incidents", !marks.incidents.is_empty(), "");
    add("bases", !marks.bases.is_empty(), "");
    add("sites", !marks.sites.is_empty(), &marks.sites_query);
    serde_json::Value::Object(sources).to_string()
}

fn legend(marks: &Marks<'_>, has_roads: bool) -> Vec<(&'static str, String)> {
    let of = |posture: &str| marks.sites.iter().filter(|site| site.posture == posture).count();
    let mut keys = Vec::new();
    for (name, words) in [
        ("always", "guarded always"),
        ("sometimes", "guarded part of the time"),
        ("reached", "reached by a reaction force"),
        ("open", "open"),
        ("unplanned", "not planned for"),
    ] {
        let count = of(name);
        if count > 0 {
            keys.push((name, format!("{words} ({})", format::size(count))));
        }
    }
    let mut add = |name, present: bool, words: &str| {
        if present {
            keys.push((name, words.to_owned()));
        }
    };
    add("base", !marks.bases.is_empty(), "base or staging place");
    add("incident", !marks.incidents.is_empty(), "incident");
    add("held", marks.areas.iter().any(|area| geo::control_word(area) == "held"), "area held by an armed group");
    add("contested", marks.areas.iter().any(|area| geo::control_word(area) == "contested"), "area contested");
    add("road", has_roads, "road");
    keys
}

/// Who made what the map is drawn from.
fn attribution(mission: &Mission) -> Markup {
    let mut said: Vec<String> = Vec::new();
    for layer in mission.layers.values() {
        let text = layer.notice.clone().unwrap_or_else(|| layer.source.name.clone());
        if !said.contains(&text) {
            said.push(text);
        }
    }
    html! { @if !said.is_empty() { p.quiet.attribution { small { "Map: " (said.join(" · ")) } } } }
}

/// Sites of a plan for the map.
pub fn plan_sites(rows: &[SiteRow<'_>]) -> Vec<MapSite> {
    rows.iter()
        .filter_map(|row| {
            Some(MapSite {
                id: row.site.id.to_string(),
                name: row.site.name.clone(),
                kind: format::words(&row.site.kind),
                position: row.site.position?,
                posture: posture_word(row.plan.posture),
                says: format!(
                    "{}, {} % of attempts stopped",
                    crate::pages::protection::posture_label(row.plan.posture),
                    format::percent(row.plan.protection)
                ),
                verified: row.site.source.reading.is_verified(),
            })
        })
        .collect()
}

/// Sites of a mission that has no plan.
pub fn unplanned_sites(mission: &Mission) -> Vec<MapSite> {
    mission
        .sites
        .values()
        .filter_map(|site| {
            Some(MapSite {
                id: site.id.to_string(),
                name: site.name.clone(),
                kind: format::words(&site.kind),
                position: site.position?,
                posture: "unplanned",
                says: "no plan is in force".to_owned(),
                verified: site.source.reading.is_verified(),
            })
        })
        .collect()
}

/// Bases for the map.
pub fn bases(mission: &Mission) -> Vec<(String, LatLon)> {
    mission.bases.values().map(|base| (base.name.clone(), base.position)).collect()
}

//! The map on a page: the server's drawing, the addresses of the layers for the vector map, legend and attribution.

use crate::assets::asset_url;
use crate::format;
use crate::geo::{self, Line, MapShape, MapSite, Shapes};
use crate::layout::View;
use crate::pages::protection::{SiteRow, posture_word};
use crate::svg::{self, Bounds, Picture};
use konbit_base::{Digest, LatLon};
use konbit_desk::ZOOM_MAX;
use konbit_mission::Mission;
use konbit_mission::place::{LayerKind, Town};
use konbit_mission::situation::{Area, Incident};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// All kinds of reference layer, in the order they are drawn.
pub const LAYERS: [LayerKind; 4] =
    [LayerKind::Outline, LayerKind::BoundariesLevel1, LayerKind::BoundariesLevel2, LayerKind::Roads];

/// What lies under the marks of a map.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The bytes of the mission's reference layers, by kind.
    pub bytes: BTreeMap<LayerKind, Vec<u8>>,
    /// Main roads of the network, where they are not a layer of their own: class and course.
    pub main_roads: Vec<(String, Line)>,
    /// Version of the base map's tiles, if there is a base map.
    pub ground: Option<Digest>,
}

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
    /// Address of the layer of sites, where it is not the usual one.
    pub sites_layer: Option<String>,
    /// Show only what lies around this place, once, and ring it.
    pub here: Option<LatLon>,
    /// Lines and areas of the page itself.
    pub shapes: Vec<MapShape>,
    /// Lines and areas that lie over the others, and do not widen the frame.
    pub over: Vec<MapShape>,
    /// Show the part of the Earth that the shapes lie in, once.
    pub frame_shapes: bool,
    /// Places that the part shown holds as well.
    pub frame_also: Vec<LatLon>,
    /// Whether the reader may draw on the map, for the form with this id.
    pub draws_for: Option<&'static str>,
}

impl Marks<'_> {
    /// The shapes in the order they are drawn.
    fn all_shapes(&self) -> Vec<MapShape> {
        self.shapes.iter().chain(&self.over).cloned().collect()
    }
}

/// The map, or words on what is missing.
pub fn map(view: &View<'_>, layers: &Layers, marks: &Marks<'_>, label: &str) -> Markup {
    let read = |kind: LayerKind| layers.bytes.get(&kind).map(|bytes| geo::shapes(bytes)).unwrap_or_default();
    let outline = read(LayerKind::Outline);
    let boundaries = if layers.bytes.contains_key(&LayerKind::BoundariesLevel1) {
        read(LayerKind::BoundariesLevel1)
    } else {
        read(LayerKind::BoundariesLevel2)
    };
    let mut roads = read(LayerKind::Roads);
    if roads.lines.is_empty() {
        roads.lines.clone_from(&layers.main_roads);
    }
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
    let framed = || {
        let points = marks.shapes.iter().flat_map(|shape| shape.lines.iter().flatten().copied());
        let also = marks.frame_also.iter().map(|place| (place.lon(), place.lat()));
        Bounds::around(points.chain(also)).map(|bounds| bounds.widened(0.1))
    };
    let only =
        if marks.frame_shapes { framed() } else { marks.here.and_then(|here| svg::densest(&[here, here], HERE_KM)) };
    let focus = if only.is_some() { None } else { svg::densest(&points, FOCUS_KM) };
    let frames: Vec<(&str, Bounds, String)> = match (only, focus) {
        (Some(only), _) => vec![("o", only, label.to_owned())],
        (None, Some(focus)) => {
            vec![("c", country, label.to_owned()), ("f", focus, format!("{label}: the part with the most marks"))]
        }
        (None, None) => vec![("c", country, label.to_owned())],
    };
    let first = only.unwrap_or(country);
    let shapes = marks.all_shapes();
    html! {
        div.mapbox data-module=(asset_url("maplibre-gl/maplibre-gl.mjs")) data-worker=(asset_url("maplibre-gl/maplibre-gl-worker.mjs"))
            data-sources=(sources(layers, marks)) data-languages=(languages(view.mission)) data-bounds=(corners(first)) data-focus=[focus.map(corners)] data-here=[marks.here.map(|here| format!("{:.5},{:.5}", here.lon(), here.lat()))] data-draws-for=[marks.draws_for] {
            div.canvas role="application" aria-label={ (label) ". Everything on it also stands in the tables of this page." } {}
            div.drawn {
                @for (prefix, bounds, words) in &frames {
                    @let named = near(*bounds);
                    figure {
                        (svg::map(&Picture {
                            outline: &outline, boundaries: &boundaries, roads: &roads, towns: &named, areas: &marks.areas,
                            incidents: &marks.incidents, sites: &marks.sites, bases: &marks.bases, shapes: &shapes, here: marks.here, bounds: *bounds, label: words, prefix,
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

/// Addresses of the layers, and what belongs to this page alone, as JSON.
fn sources(layers: &Layers, marks: &Marks<'_>) -> String {
    let mut sources = serde_json::Map::new();
    if let Some(version) = layers.ground {
        let tiles = format!("/tiles/{{z}}/{{x}}/{{y}}?v={}", version.short());
        sources.insert("ground".to_owned(), serde_json::json!({ "tiles": tiles, "maxzoom": ZOOM_MAX }));
    }
    let mut add = |name: &str, present: bool, query: &str| {
        if present {
            sources.insert(name.to_owned(), format!("/map/{name}.geojson{query}").into());
        }
    };
    add("areas", !marks.areas.is_empty(), "");
    add("incidents", !marks.incidents.is_empty(), "");
    add("bases", !marks.bases.is_empty(), "");
    add("sites", !marks.sites.is_empty(), &marks.sites_query);
    if let Some(layer) = marks.sites_layer.as_ref().filter(|_| !marks.sites.is_empty()) {
        sources.insert("sites".to_owned(), layer.as_str().into());
    }
    let shapes = marks.all_shapes();
    if !shapes.is_empty() {
        sources.insert("shapes".to_owned(), geo::page_shapes(&shapes));
    }
    serde_json::Value::Object(sources).to_string()
}

/// The languages that names are wanted in, the first first.
fn languages(mission: &Mission) -> String {
    let declared = mission.declared().map(|declared| declared.languages.clone()).unwrap_or_default();
    declared.iter().map(|tag| tag.split('-').next().unwrap_or_default()).collect::<Vec<_>>().join(",")
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
    for (class, words) in [
        ("closed", "road closed"),
        ("slowed", "road slowed"),
        ("dangerous", "road dangerous"),
        ("road-held", "road held by an armed group"),
        ("route", "the way"),
        ("reach-15", "within 15 minutes of road"),
        ("reach-30", "within 30 minutes"),
        ("reach-60", "within 60 minutes"),
    ] {
        add(class, marks.shapes.iter().chain(&marks.over).any(|shape| shape.class == class), words);
    }
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
    for notice in mission.road_network.values().filter_map(|network| network.notice.clone()) {
        if !said.contains(&notice) {
            said.push(notice);
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

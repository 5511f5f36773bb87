//! The base map: land, water, boundaries, roads and the names of places, as vector tiles.

use crate::{Desk, DeskError, Roads};
use geojson::{FeatureCollection, GeometryValue, Position};
use konbit_base::{Digest, LatLon};
use konbit_mission::Mission;
use konbit_mission::place::{LayerKind, Town};
use konbit_roads::base_map::{BaseMap, PlaceKind, PlaceLabel, WaterlineKind};
use konbit_roads::network::{Names, RoadClass};
use konbit_tiles::{About, Feature, Geometry, Layer, TileJson, TileSet, Value, ZOOM_MAX, label};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A place of the road data is the same as a town of the mission if both have one name and lie
/// within this distance, in metres.
const SAME_PLACE_M: f64 = 5_000.0;

/// The base map of a mission. A function of its version's data alone.
#[derive(Debug)]
pub struct Ground {
    version: Digest,
    tiles: TileSet,
    attribution: Vec<String>,
}

impl Ground {
    /// Names what it was made from; tiles of one version never change.
    pub fn version(&self) -> Digest {
        self.version
    }

    /// The tiles.
    pub fn tiles(&self) -> &TileSet {
        &self.tiles
    }

    /// `TileJSON` of the tiles at an address with `{z}`, `{x}` and `{y}` in it.
    pub fn tile_json(&self, name: &str, tiles_url: &str) -> TileJson {
        let attribution = self.attribution.join(" · ");
        let attribution = Some(attribution.as_str()).filter(|text| !text.is_empty());
        self.tiles.tile_json(&About { name, tiles_url, attribution })
    }
}

impl Desk {
    /// The base map; `None` if the mission has nothing to draw one from.
    pub fn ground(&self, mission: &Mission) -> Result<Option<Arc<Ground>>, DeskError> {
        let Some(version) = self.ground_version(mission) else { return Ok(None) };
        if let Some(ground) = self.ground_held().as_ref().filter(|ground| ground.version == version) {
            return Ok(Some(Arc::clone(ground)));
        }
        let ground = Arc::new(self.draw(mission, version)?);
        *self.ground_held() = Some(Arc::clone(&ground));
        Ok(Some(ground))
    }

    /// What names the present base map, without drawing it; `None` if there is nothing to draw.
    pub fn ground_version(&self, mission: &Mission) -> Option<Digest> {
        if mission.layers.is_empty() && mission.towns.is_empty() && mission.road_network.is_empty() {
            return None;
        }
        let layers = mission.layers.values().map(|layer| format!("{} {}", layer.kind.name(), layer.digest));
        let networks = mission.road_network.values().map(|network| format!("roads {}", network.digest));
        let towns = mission.towns.iter().map(|town| format!("{} {:?}", town.value.id, town.entries));
        let languages = [languages(mission).join(",")];
        let all: Vec<String> = layers.chain(networks).chain(towns).chain(languages).collect();
        Some(Digest::of(all.join("\n").as_bytes()))
    }

    fn draw(&self, mission: &Mission, version: Digest) -> Result<Ground, DeskError> {
        let roads = self.roads(mission)?;
        let languages = languages(mission);
        let mut layers = Vec::new();
        let areas = [
            (LayerKind::Outline, 0, true),
            (LayerKind::BoundariesLevel2, 7, false),
            (LayerKind::BoundariesLevel1, 4, false),
        ];
        for (kind, zoom_min, is_filled) in areas {
            // A layer that is missing or altered is left out of the map; `check` and the pages name it.
            let Ok(Some(bytes)) = self.layer(mission, kind) else { continue };
            layers.push(area_layer(kind, &bytes, zoom_min, is_filled));
        }
        match &roads {
            Some(roads) => {
                layers.extend(water_layers(roads.base_map(), &languages));
                layers.push(road_layer(roads, &languages));
            }
            None => {
                if let Ok(Some(bytes)) = self.layer(mission, LayerKind::Roads) {
                    layers.push(drawn_roads(&bytes));
                }
            }
        }
        layers.push(place_layer(mission, roads.as_ref().map(|roads| roads.base_map()), &languages));
        let notices = mission.layers.values().map(|layer| layer.notice.clone().unwrap_or(layer.source.name.clone()));
        let networks = mission.road_network.values().filter_map(|network| network.notice.clone());
        let attribution: BTreeSet<String> = notices.chain(networks).collect();
        Ok(Ground { version, tiles: TileSet::build(layers), attribution: attribution.into_iter().collect() })
    }
}

/// The mission's languages, as their primary subtags.
fn languages(mission: &Mission) -> Vec<String> {
    let declared = mission.declared().map(|declared| declared.languages.clone()).unwrap_or_default();
    declared.iter().map(|tag| tag.split('-').next().unwrap_or_default().to_owned()).collect()
}

/// The features of a GeoJSON layer with their texts. Positions outside the Earth are left out.
fn features(bytes: &[u8]) -> Vec<(GeometryValue, Vec<(String, Value)>)> {
    let Ok(collection) = serde_json::from_slice::<FeatureCollection>(bytes) else { return Vec::new() };
    let read = |feature: geojson::Feature| {
        let properties = feature.properties.unwrap_or_default();
        let texts = properties.into_iter().filter_map(|(key, value)| Some((key, Value::from(value.as_str()?))));
        Some((feature.geometry?.value, texts.collect()))
    };
    collection.features.into_iter().filter_map(read).collect()
}

fn line(positions: &[Position]) -> Vec<LatLon> {
    let at = |position: &Position| LatLon::new(*position.as_slice().get(1)?, *position.as_slice().first()?).ok();
    positions.iter().filter_map(at).collect()
}

fn polygons(geometry: &GeometryValue) -> Vec<Vec<Vec<LatLon>>> {
    let rings = |rings: &Vec<Vec<Position>>| rings.iter().map(|ring| line(ring)).collect();
    match geometry {
        GeometryValue::Polygon { coordinates } => vec![rings(coordinates)],
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().map(rings).collect(),
        _ => Vec::new(),
    }
}

/// Areas of a layer: filled, or their edges alone, for boundaries that are only drawn as lines.
fn area_layer(kind: LayerKind, bytes: &[u8], zoom_min: u8, is_filled: bool) -> Layer {
    let feature = |(geometry, properties): (GeometryValue, Vec<(String, Value)>)| {
        let areas = polygons(&geometry);
        let geometry = if is_filled {
            Geometry::Polygons(areas)
        } else {
            Geometry::Lines(areas.into_iter().flatten().map(closed).collect())
        };
        Feature { geometry, properties, zoom_min, zoom_max: ZOOM_MAX, rank: 1_000 }
    };
    Layer { name: kind.name().to_owned(), features: features(bytes).into_iter().map(feature).collect() }
}

fn closed(mut ring: Vec<LatLon>) -> Vec<LatLon> {
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    ring
}

/// First zoom and importance of a road.
fn road_zoom(class: RoadClass) -> (u8, u32) {
    match class {
        RoadClass::Motorway | RoadClass::Trunk | RoadClass::Primary => (5, 900),
        RoadClass::Secondary => (7, 800),
        RoadClass::Ferry => (8, 300),
        RoadClass::Tertiary => (9, 700),
        RoadClass::Unclassified | RoadClass::Road => (11, 600),
        RoadClass::Residential | RoadClass::LivingStreet => (12, 500),
        RoadClass::Track | RoadClass::Pedestrian => (13, 300),
        RoadClass::Service => (13, 200),
        RoadClass::Path | RoadClass::Steps => (14, 100),
    }
}

fn names(names: &Names, languages: &[String]) -> Vec<(String, Value)> {
    let own =
        [Some(names.local.as_str()), names.reference.as_deref()].into_iter().flatten().find(|name| !name.is_empty());
    let by_language: BTreeMap<String, String> = names.by_language.iter().cloned().collect();
    let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
    label::name_properties(own, &by_language, &languages)
}

fn road_layer(roads: &Roads, languages: &[String]) -> Layer {
    let network = roads.network();
    let feature = |(index, link): (u32, &konbit_roads::network::Link)| {
        let (zoom_min, rank) = road_zoom(link.class);
        let mut properties = vec![("class".to_owned(), class_value(link.class))];
        if let Some(name) = link.name {
            properties.extend(names(&network.names[name as usize], languages));
        }
        Feature { geometry: Geometry::Lines(vec![roads.course(index)]), properties, zoom_min, zoom_max: ZOOM_MAX, rank }
    };
    Layer { name: "roads".to_owned(), features: (0..).zip(&network.links).map(feature).collect() }
}

/// The class as its own word in the style: `living-street`.
fn class_value(class: RoadClass) -> Value {
    let word = serde_json::to_value(class).expect("a class is a word");
    Value::from(word.as_str().unwrap_or_default())
}

/// Roads of a mission that has them drawn and no network.
fn drawn_roads(bytes: &[u8]) -> Layer {
    let feature = |(geometry, properties): (GeometryValue, Vec<(String, Value)>)| {
        let lines = match &geometry {
            GeometryValue::LineString { coordinates } => vec![line(coordinates)],
            GeometryValue::MultiLineString { coordinates } => coordinates.iter().map(|part| line(part)).collect(),
            _ => Vec::new(),
        };
        Feature { geometry: Geometry::Lines(lines), properties, zoom_min: 5, zoom_max: ZOOM_MAX, rank: 900 }
    };
    Layer { name: "roads".to_owned(), features: features(bytes).into_iter().map(feature).collect() }
}

fn water_layers(base_map: &BaseMap, languages: &[String]) -> [Layer; 3] {
    let water = base_map.water.iter().map(|rings| Feature {
        geometry: Geometry::Polygons(vec![rings.clone()]),
        properties: Vec::new(),
        zoom_min: 6,
        zoom_max: ZOOM_MAX,
        rank: 500,
    });
    let coast = base_map.coastlines.iter().map(|coast| Feature {
        geometry: Geometry::Lines(vec![coast.clone()]),
        properties: Vec::new(),
        zoom_min: 0,
        zoom_max: ZOOM_MAX,
        rank: 900,
    });
    let waterlines = base_map.waterlines.iter().map(|waterline| Feature {
        geometry: Geometry::Lines(vec![waterline.course.clone()]),
        properties: names(&waterline.names, languages),
        zoom_min: if waterline.kind == WaterlineKind::Stream { 13 } else { 9 },
        zoom_max: ZOOM_MAX,
        rank: 200,
    });
    let layer = |name: &str, features: Vec<Feature>| Layer { name: name.to_owned(), features };
    [layer("water", water.collect()), layer("coast", coast.collect()), layer("waterlines", waterlines.collect())]
}

/// A place to be named: people, first zoom, position, properties.
type Named = (u64, u8, LatLon, Vec<(String, Value)>);

/// First zoom of a place's name, and a rank that orders places without a population.
fn place_zoom(kind: PlaceKind) -> (u8, u64) {
    match kind {
        PlaceKind::City => (5, 200_000),
        PlaceKind::Town => (8, 20_000),
        PlaceKind::Island => (8, 5_000),
        PlaceKind::Suburb => (11, 4_000),
        PlaceKind::Village => (11, 2_000),
        PlaceKind::Hamlet => (13, 200),
        PlaceKind::Neighbourhood => (13, 100),
    }
}

/// First zoom of a town's name by its population.
fn town_zoom(population: u64) -> u8 {
    match population {
        150_000.. => 5,
        60_000.. => 7,
        20_000.. => 8,
        _ => 9,
    }
}

/// Towns of the mission, and the places of the road data that are none of them; `rank` 0 is the
/// most populous.
fn place_layer(mission: &Mission, base_map: Option<&BaseMap>, languages: &[String]) -> Layer {
    let mut places: Vec<Named> = Vec::new();
    let towns: Vec<&Town> = mission.towns.values().collect();
    for town in &towns {
        let people = town.population.unwrap_or_default();
        let properties = vec![("name".to_owned(), Value::from(town.name.as_str()))];
        places.push((people, town_zoom(people), town.position, properties));
    }
    let is_town = |place: &PlaceLabel| {
        towns
            .iter()
            .any(|town| town.name == place.names.local && town.position.distance_m(place.position) < SAME_PLACE_M)
    };
    for place in base_map.into_iter().flat_map(|base_map| &base_map.places).filter(|place| !is_town(place)) {
        let (zoom_min, people) = place_zoom(place.kind);
        let people = place.population.unwrap_or(people);
        places.push((people, zoom_min, place.position, names(&place.names, languages)));
    }
    // Stable, so that places of one population keep the order of their sources.
    places.sort_by_key(|(people, ..)| std::cmp::Reverse(*people));
    let features = (0u32..).zip(places).map(|(rank, (_, zoom_min, position, mut properties))| {
        properties.push(("rank".to_owned(), Value::Int(rank.into())));
        Feature {
            geometry: Geometry::Points(vec![position]),
            properties,
            zoom_min,
            zoom_max: ZOOM_MAX,
            rank: u32::MAX - rank,
        }
    });
    Layer { name: "places".to_owned(), features: features.collect() }
}

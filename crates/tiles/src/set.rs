//! A set of tiles over layers held in memory.

use crate::id::{TileId, TileIdError, ZOOM_MAX};
use crate::index::Index;
use crate::layer::{Layer, Value};
use crate::mercator::LATITUDE_MAX;
use crate::prepare::{self, Class, Store};
use crate::tile::{self, Tile};
use konbit_base::LatLon;
use serde::Serialize;
use std::collections::BTreeMap;

/// Layers, ready to be cut into tiles at any zoom. It never changes; to change the map, build
/// another.
#[derive(Debug)]
pub struct TileSet {
    pub(crate) layers: Vec<LayerInfo>,
    pub(crate) keys: Vec<String>,
    /// Values as they are written.
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) classes: Vec<Class>,
    /// Its pieces are in the order in which they claim room in a tile.
    pub(crate) store: Store,
    pub(crate) index: Index,
    pub(crate) bounds: Option<Bounds>,
    pub(crate) degenerate: usize,
}

impl TileSet {
    /// Prepares layers: positions are projected, lines joined, every vertex measured for the
    /// zooms it is needed at, and all indexed. Layers keep the order given, which is theirs in
    /// every tile. Takes about as long as cutting the whole set once.
    pub fn build(layers: Vec<Layer>) -> Self {
        prepare::set(layers)
    }

    /// Cuts one tile. The same set and tile give the same bytes, on any machine.
    pub fn tile(&self, id: TileId) -> Tile {
        tile::tile(self, id)
    }

    /// The smallest rectangle around everything that is ever shown; none if that is nothing.
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Lines without two different positions and rings without area, which were left out when
    /// the set was built. Whoever knows where they come from may want to say so.
    pub fn degenerate(&self) -> usize {
        self.degenerate
    }

    /// The tiles of zoom `z` (0 to 16) that the bounds touch, row by row. All others are empty but
    /// for what reaches into their buffer.
    pub fn tiles(&self, z: u8) -> Result<impl Iterator<Item = TileId> + use<>, TileIdError> {
        let corner = |lat: fn(&Bounds) -> f64, lon: fn(&Bounds) -> f64| {
            let position = self.bounds.map(|b| LatLon::new(lat(&b), lon(&b)).expect("bounds are made of positions"));
            position.map(|position| TileId::containing(position, z)).transpose()
        };
        let first = corner(|b| b.north, |b| b.west)?;
        let last = corner(|b| b.south, |b| b.east)?;
        let both = first.zip(last);
        Ok(both.into_iter().flat_map(move |(first, last)| {
            let row = move |y| (first.x()..=last.x()).filter_map(move |x| TileId::new(z, x, y).ok());
            (first.y()..=last.y()).flat_map(row)
        }))
    }

    /// What a map client has to know of the set.
    pub fn tile_json(&self, about: &About<'_>) -> TileJson {
        let vector_layers: Vec<VectorLayer> = self
            .layers
            .iter()
            .map(|layer| VectorLayer {
                id: layer.name.clone(),
                fields: layer.fields.iter().map(|(key, word)| (key.clone(), (*word).to_owned())).collect(),
                minzoom: layer.zoom_min.min(layer.zoom_max),
                maxzoom: layer.zoom_max,
            })
            .collect();
        let bounds = self.bounds.map(|b| {
            let on_map = |lat: f64| lat.clamp(-LATITUDE_MAX, LATITUDE_MAX);
            [b.west, on_map(b.south), b.east, on_map(b.north)]
        });
        TileJson {
            tilejson: "3.0.0",
            scheme: "xyz",
            name: about.name.to_owned(),
            tiles: vec![about.tiles_url.to_owned()],
            attribution: about.attribution.map(str::to_owned),
            minzoom: 0,
            maxzoom: ZOOM_MAX,
            bounds,
            vector_layers,
        }
    }
}

/// A rectangle of longitude and latitude in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl Bounds {
    pub(crate) fn around(known: Option<Self>, positions: impl Iterator<Item = LatLon>) -> Option<Self> {
        positions.fold(known, |known, p| {
            let (lat, lon) = (p.lat(), p.lon());
            let b = known.unwrap_or(Self { west: lon, south: lat, east: lon, north: lat });
            Some(Self {
                west: b.west.min(lon),
                south: b.south.min(lat),
                east: b.east.max(lon),
                north: b.north.max(lat),
            })
        })
    }
}

/// What the set itself does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// What the map is called.
    pub name: &'a str,
    /// Where tiles are, with `{z}`, `{x}` and `{y}` in place of their numbers.
    pub tiles_url: &'a str,
    /// Whose data it is and under which licence, as text; every map shows it.
    pub attribution: Option<&'a str>,
}

/// The description of a set of tiles, as `TileJSON` 3.0.0 has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TileJson {
    /// The version of this form.
    pub tilejson: &'static str,
    /// How rows are counted: `xyz`, southward.
    pub scheme: &'static str,
    /// What the map is called.
    pub name: String,
    /// Where tiles are.
    pub tiles: Vec<String>,
    /// Whose data it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// The first zoom with tiles.
    pub minzoom: u8,
    /// The last zoom with tiles; clients magnify these beyond.
    pub maxzoom: u8,
    /// West, south, east and north in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[f64; 4]>,
    /// The layers, in their order in a tile.
    pub vector_layers: Vec<VectorLayer>,
}

/// A layer in the description.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VectorLayer {
    /// The name that a style uses as `source-layer`.
    pub id: String,
    /// The keys of its properties, and whether each is a `String`, a `Number`, a `Boolean` or
    /// `Mixed`.
    pub fields: BTreeMap<String, String>,
    /// The first zoom at which one of its features is shown.
    pub minzoom: u8,
    /// The last zoom at which one of its features is shown.
    pub maxzoom: u8,
}

/// What a set knows of a layer beside its pieces.
#[derive(Debug)]
pub(crate) struct LayerInfo {
    pub name: String,
    zoom_min: u8,
    zoom_max: u8,
    fields: BTreeMap<String, &'static str>,
}

impl LayerInfo {
    pub fn new(name: String) -> Self {
        Self { name, zoom_min: ZOOM_MAX, zoom_max: 0, fields: BTreeMap::new() }
    }

    /// Takes the zooms and the properties of one more feature into account.
    pub fn widen(&mut self, zoom_min: u8, zoom_max: u8, properties: &BTreeMap<&str, &Value>) {
        self.zoom_min = self.zoom_min.min(zoom_min);
        self.zoom_max = self.zoom_max.max(zoom_max);
        for (key, value) in properties {
            let word = match value {
                Value::Text(_) => "String",
                Value::Int(_) | Value::Number(_) => "Number",
                Value::Bool(_) => "Boolean",
            };
            match self.fields.get_mut(*key) {
                Some(known) if *known != word => *known = "Mixed",
                Some(_) => {}
                None => drop(self.fields.insert((*key).to_owned(), word)),
            }
        }
    }
}

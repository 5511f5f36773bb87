//! What a map needs beside the roads: water and the labels of places.

use crate::network::Names;
use konbit_base::LatLon;
use serde::{Deserialize, Serialize};

/// Rings of a polygon: the outer one first, then the holes. The last point of a ring is its
/// first. Nothing is promised about the sense in which a ring runs.
pub type Rings = Vec<Vec<LatLon>>;

/// Water and places, from the same source as a road network.
///
/// Invariant: the order of everything is a function of the source's content alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaseMap {
    /// Lakes, reservoirs, wide rivers.
    pub water: Vec<Rings>,
    /// Coast, with the land on the left; joined where the source's pieces meet. A closed line
    /// (last point = first) is an island, or a sea within land if it runs clockwise.
    pub coastlines: Vec<Vec<LatLon>>,
    /// Rivers, streams and canals as lines.
    pub waterlines: Vec<Waterline>,
    /// Cities, towns, villages and parts of them.
    pub places: Vec<PlaceLabel>,
}

/// Kind of a line of water, in the words of OpenStreetMap's `waterway` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaterlineKind {
    /// River.
    River,
    /// Stream, which one can step over.
    Stream,
    /// Canal.
    Canal,
}

/// A river, stream or canal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waterline {
    /// Kind.
    pub kind: WaterlineKind,
    /// Names; an empty `local` if it has none.
    pub names: Names,
    /// Points in the direction of flow, at least two.
    pub course: Vec<LatLon>,
}

/// Kind of a place, in the words of OpenStreetMap's `place` key; the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// City.
    City,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Part of a city or town.
    Suburb,
    /// Hamlet.
    Hamlet,
    /// Part of a suburb or village.
    Neighbourhood,
    /// Island.
    Island,
}

/// The label of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceLabel {
    /// Kind.
    pub kind: PlaceKind,
    /// Where the label belongs.
    pub position: LatLon,
    /// Names; `local` is never empty.
    pub names: Names,
    /// Inhabitants as the source has it, of no stated date; `None` if not stated.
    pub population: Option<u64>,
}

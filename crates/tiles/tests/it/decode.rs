//! A tile read field by field (the messages as the specification states them, decoded by `prost`)
//! and held against the rules of the specification; then once more through `mvt-reader`.

use geo_types::{Geometry, LineString};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, PartialEq, prost::Message)]
struct TileMessage {
    #[prost(message, repeated, tag = "3")]
    layers: Vec<LayerMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LayerMessage {
    #[prost(uint32, required, tag = "15")]
    version: u32,
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    features: Vec<FeatureMessage>,
    #[prost(string, repeated, tag = "3")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    values: Vec<ValueMessage>,
    #[prost(uint32, optional, tag = "5")]
    extent: Option<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FeatureMessage {
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(uint32, repeated, tag = "4")]
    geometry: Vec<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ValueMessage {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(double, optional, tag = "3")]
    double: Option<f64>,
    #[prost(uint64, optional, tag = "5")]
    unsigned: Option<u64>,
    #[prost(sint64, optional, tag = "6")]
    signed: Option<i64>,
    #[prost(bool, optional, tag = "7")]
    flag: Option<bool>,
}

impl ValueMessage {
    fn said(&self) -> String {
        let all = [
            self.text.clone(),
            self.double.map(|v| v.to_string()),
            self.unsigned.map(|v| v.to_string()),
            self.signed.map(|v| v.to_string()),
            self.flag.map(|v| v.to_string()),
        ];
        let mut said = all.into_iter().flatten();
        let first = said.next().expect("a value is said one way");
        assert_eq!(said.next(), None, "a value is said one way only");
        first
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Points,
    Lines,
    Polygons,
}

#[derive(Debug)]
pub struct Feature {
    pub layer: String,
    pub kind: Kind,
    pub properties: BTreeMap<String, String>,
    /// One path with all points; lines; or rings, open, each outer one followed by its holes.
    pub paths: Vec<Vec<[i32; 2]>>,
}

/// Reads a tile and asserts every rule of the format on the way.
pub fn read(bytes: &[u8]) -> Vec<Feature> {
    let tile = <TileMessage as prost::Message>::decode(bytes).expect("a tile is a message");
    let mut names = BTreeSet::new();
    let mut features = Vec::new();
    for layer in &tile.layers {
        assert!(names.insert(&layer.name), "layer {} comes twice", layer.name);
        assert_eq!((layer.version, layer.extent), (2, Some(4096)));
        assert!(!layer.features.is_empty(), "a layer has a feature");
        let values: Vec<String> = layer.values.iter().map(ValueMessage::said).collect();
        let mut used = (BTreeSet::new(), BTreeSet::new());
        for feature in &layer.features {
            let mut properties = BTreeMap::new();
            let (pairs, []) = feature.tags.as_chunks::<2>() else { panic!("tags come in pairs") };
            for [key, value] in pairs.iter().map(|pair| pair.map(|v| v as usize)) {
                used.0.insert(key);
                used.1.insert(value);
                assert_eq!(properties.insert(layer.keys[key].clone(), values[value].clone()), None);
            }
            let (kind, paths) = geometry(feature);
            features.push(Feature { layer: layer.name.clone(), kind, properties, paths });
        }
        assert_eq!((used.0.len(), used.1.len()), (layer.keys.len(), values.len()), "every word is used");
        assert_eq!(layer.keys.iter().collect::<BTreeSet<_>>().len(), layer.keys.len(), "no key twice");
    }
    compare_with_reader(bytes, &features);
    features
}

fn geometry(feature: &FeatureMessage) -> (Kind, Vec<Vec<[i32; 2]>>) {
    let kind = match feature.kind {
        Some(1) => Kind::Points,
        Some(2) => Kind::Lines,
        Some(3) => Kind::Polygons,
        other => panic!("geometry type {other:?}"),
    };
    let paths = commands(&feature.geometry, kind);
    match kind {
        Kind::Points => assert!(paths.len() == 1 && !paths[0].is_empty()),
        Kind::Lines => assert!(paths.iter().all(|path| path.len() > 1 && path.windows(2).all(|s| s[0] != s[1]))),
        Kind::Polygons => rings(&paths),
    }
    assert!(!paths.is_empty());
    let in_buffer = |p: &[i32; 2]| p.iter().all(|v| (-64..=4096 + 64).contains(v));
    assert!(paths.iter().flatten().all(in_buffer), "nothing lies beyond the buffer");
    (kind, paths)
}

/// Runs the commands; the state machine of section 4.3.3.
fn commands(stream: &[u32], kind: Kind) -> Vec<Vec<[i32; 2]>> {
    let mut numbers = stream.iter().copied();
    let (mut paths, mut cursor, mut open) = (Vec::<Vec<[i32; 2]>>::new(), [0i32; 2], false);
    while let Some(number) = numbers.next() {
        let (command, count) = (number & 7, number >> 3);
        let mut step = || {
            for axis in &mut cursor {
                let number = numbers.next().expect("a command has its parameters");
                *axis += (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
            }
            cursor
        };
        match (command, kind) {
            (1, Kind::Points) => {
                assert!(paths.is_empty() && count > 0, "points are one command");
                paths.push((0..count).map(|_| step()).collect());
            }
            (1, _) => {
                assert!(count == 1 && !open, "a path is begun once, after the last was finished");
                paths.push(vec![step()]);
                open = true;
            }
            (2, Kind::Lines | Kind::Polygons) => {
                assert!(open && count > u32::from(kind == Kind::Polygons));
                paths.last_mut().unwrap().extend((0..count).map(|_| step()));
                open = kind == Kind::Polygons;
            }
            (7, Kind::Polygons) => {
                assert!(open && count == 1, "a ring is closed once");
                open = false;
            }
            other => panic!("command {other:?}"),
        }
    }
    assert!(!open, "the last path is finished");
    paths
}

fn rings(rings: &[Vec<[i32; 2]>]) {
    assert!(area(&rings[0]) > 0, "a hole follows an outer ring");
    for ring in rings {
        assert!(ring.len() > 2 && ring.first() != ring.last(), "{ring:?}");
        assert!(ring.windows(2).all(|s| s[0] != s[1]));
        assert_ne!(area(ring), 0, "{ring:?}");
    }
}

/// Asserts that every hole lies within the box of its outer ring, which the tile owes only to
/// areas that were given so.
pub fn assert_holes_inside(features: &[Feature]) {
    for feature in features.iter().filter(|feature| feature.kind == Kind::Polygons) {
        let mut outer = &feature.paths[0];
        for ring in &feature.paths {
            if area(ring) > 0 {
                outer = ring;
            }
            for axis in 0..2 {
                let values = |ring: &[[i32; 2]]| ring.iter().map(|p| p[axis]).collect::<BTreeSet<i32>>();
                let (outer, hole) = (values(outer), values(ring));
                assert!(outer.first() <= hole.first() && hole.last() <= outer.last(), "{outer:?} {ring:?}");
            }
        }
    }
}

/// Twice the signed area, by the surveyor's formula.
pub fn area(ring: &[[i32; 2]]) -> i64 {
    let at = |ix: usize| ring[ix % ring.len()].map(i64::from);
    (0..ring.len()).map(|ix| at(ix)[0] * at(ix + 1)[1] - at(ix + 1)[0] * at(ix)[1]).sum()
}

/// The same points, in the same order, through another reader.
fn compare_with_reader(bytes: &[u8], features: &[Feature]) {
    let reader = mvt_reader::Reader::new(bytes.to_vec()).unwrap();
    let layers = reader.get_layer_names().unwrap();
    let read: Vec<_> = (0..layers.len()).flat_map(|ix| reader.get_features_as::<i32>(ix).unwrap()).collect();
    assert_eq!(read.len(), features.len());
    for (theirs, ours) in read.iter().zip(features) {
        assert_eq!(theirs.properties.as_ref().map_or(0, std::collections::HashMap::len), ours.properties.len());
        assert_eq!(paths_of(theirs.get_geometry()), ours.paths);
    }
}

/// The paths of a geometry, rings open.
fn paths_of(geometry: &Geometry<i32>) -> Vec<Vec<[i32; 2]>> {
    let line = |line: &LineString<i32>| line.0.iter().map(|p| [p.x, p.y]).collect::<Vec<_>>();
    let ring = |ring: &LineString<i32>| {
        let mut points = line(ring);
        assert_eq!(points.pop(), points.first().copied(), "a ring is read closed");
        points
    };
    match geometry {
        Geometry::MultiPoint(points) => vec![points.0.iter().map(|p| [p.x(), p.y()]).collect()],
        Geometry::LineString(single) => vec![line(single)],
        Geometry::MultiLineString(lines) => lines.0.iter().map(line).collect(),
        Geometry::MultiPolygon(areas) => {
            areas.0.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors())).map(ring).collect()
        }
        other => panic!("{other:?}"),
    }
}

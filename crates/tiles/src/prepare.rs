//! From layers of features to pieces that are ready to be cut.
//!
//! A piece is what is cut as a whole: one point, one line (after joining) or one area.
//! A class is what is written as one feature of the tile: the pieces of one feature, or, of lines,
//! the pieces of all features of a layer that have the same properties, zooms and rank.

use crate::index::{Entry, Index};
use crate::layer::{Feature, Geometry, Layer, Value};
use crate::mercator::{Rect, WORLD, World, project};
use crate::set::{Bounds, LayerInfo, TileSet};
use crate::simplify::{self, Junctions};
use crate::{ZOOM_MAX, encode, join};
use konbit_base::LatLon;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What the format calls the type of a geometry, by its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Points = 1,
    Lines = 2,
    Polygons = 3,
}

/// What the pieces written as one feature have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub layer: usize,
    pub kind: Kind,
    pub rank: u32,
    pub zoom_min: u8,
    pub zoom_max: u8,
    /// Places in the set's keys and values.
    pub tags: Vec<(u32, u32)>,
}

/// A position with the first zoom it is needed at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vertex {
    pub at: World,
    pub zoom: u8,
}

/// One point, line or area.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub class: u32,
    pub entry: Entry,
    /// The places of its paths: one, or the outer ring and its holes.
    pub paths: (u32, u32),
}

/// Positions and pieces, in the order of preparation.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub vertices: Vec<Vertex>,
    /// Where each path ends among the vertices; it begins where the one before ends.
    path_ends: Vec<u32>,
    pub pieces: Vec<Piece>,
}

impl Store {
    /// The paths of a piece.
    pub fn paths(&self, piece: &Piece) -> impl Iterator<Item = &[Vertex]> {
        (piece.paths.0..piece.paths.1).map(|path| {
            let path = path as usize;
            let start = if path == 0 { 0 } else { self.path_ends[path - 1] as usize };
            &self.vertices[start..self.path_ends[path] as usize]
        })
    }

    fn push(&mut self, class_ix: u32, class: &Class, paths: impl Iterator<Item = (Vec<World>, Vec<u8>)>) {
        let (first_path, first_vertex) = (self.path_ends.len(), self.vertices.len());
        for (points, zooms) in paths {
            self.vertices.extend(points.into_iter().zip(zooms).map(|(at, zoom)| Vertex { at, zoom }));
            self.path_ends.push(small(self.vertices.len()));
        }
        let Some(rect) = Rect::around(self.vertices[first_vertex..].iter().map(|v| v.at)) else { return };
        // Lines are never too small: a road may be given as a thousand links with a name each.
        let zoom_visible = if class.kind == Kind::Polygons { simplify::zoom_visible(rect.side()) } else { 0 };
        let entry = Entry { rect, zoom_min: class.zoom_min.max(zoom_visible), zoom_max: class.zoom_max };
        self.pieces.push(Piece { class: class_ix, entry, paths: (small(first_path), small(self.path_ends.len())) });
    }
}

/// Counts of vertices, paths, pieces, keys and values stay below 2^32: at 12 bytes a vertex, that
/// many would need 48 GB.
fn small(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 vertices fit in memory")
}

/// See [`TileSet::build`].
pub(crate) fn set(layers: Vec<Layer>) -> TileSet {
    let mut builder = Builder::default();
    let mut by_name: Vec<Layer> = Vec::new();
    for layer in layers {
        match by_name.iter_mut().find(|known| known.name == layer.name) {
            Some(known) => known.features.extend(layer.features),
            None => by_name.push(layer),
        }
    }
    for layer in by_name {
        builder.layer(layer);
    }
    builder.finish()
}

#[derive(Default)]
struct Builder {
    layers: Vec<LayerInfo>,
    keys: Dictionary<String>,
    values: Dictionary<Vec<u8>>,
    classes: Vec<Class>,
    store: Store,
    bounds: Option<Bounds>,
    degenerate: usize,
}

impl Builder {
    fn layer(&mut self, layer: Layer) {
        let mut info = LayerInfo::new(layer.name);
        let mut areas: Vec<(u32, Vec<Vec<World>>)> = Vec::new();
        let mut lines: BTreeMap<Class, Vec<Vec<World>>> = BTreeMap::new();
        for feature in layer.features {
            if feature.zoom_min > feature.zoom_max.min(ZOOM_MAX) {
                continue;
            }
            let class = self.class(&feature, &mut info);
            self.bounds = Bounds::around(self.bounds, positions(&feature.geometry));
            match feature.geometry {
                Geometry::Points(points) => {
                    let class_ix = self.add(class.clone());
                    for point in points {
                        self.store.push(class_ix, &class, std::iter::once((vec![project(point)], vec![0])));
                    }
                }
                Geometry::Lines(parts) => {
                    let cut = parts.iter().flat_map(|part| self.sound_line(part)).collect::<Vec<_>>();
                    lines.entry(class).or_default().extend(cut);
                }
                Geometry::Polygons(parts) => {
                    let class_ix = self.add(class);
                    areas.extend(parts.iter().filter_map(|part| self.sound_area(part)).map(|rings| (class_ix, rings)));
                }
            }
        }
        for (class, lines) in lines {
            let class_ix = self.add(class.clone());
            for line in join::lines(&lines) {
                let zooms = simplify::line(&line);
                self.store.push(class_ix, &class, std::iter::once((line, zooms)));
            }
        }
        let junctions = Junctions::of(areas.iter().flat_map(|(_, rings)| rings).map(Vec::as_slice));
        for (class_ix, rings) in areas {
            let measured = rings.into_iter().map(|ring| {
                let zooms = simplify::ring(&ring, &junctions);
                (ring, zooms)
            });
            self.store.push(class_ix, &self.classes[class_ix as usize], measured);
        }
        self.layers.push(info);
    }

    fn class(&mut self, feature: &Feature, info: &mut LayerInfo) -> Class {
        let mut properties: BTreeMap<&str, &Value> = BTreeMap::new();
        for (key, value) in &feature.properties {
            properties.entry(key).or_insert(value);
        }
        let kind = match feature.geometry {
            Geometry::Points(_) => Kind::Points,
            Geometry::Lines(_) => Kind::Lines,
            Geometry::Polygons(_) => Kind::Polygons,
        };
        let (zoom_min, zoom_max) = (feature.zoom_min, feature.zoom_max.min(ZOOM_MAX));
        info.widen(zoom_min, zoom_max, &properties);
        let tags = properties
            .into_iter()
            .map(|(key, value)| (self.keys.place(key.to_owned()), self.values.place(encode::value(value))));
        Class { layer: self.layers.len(), kind, rank: feature.rank, zoom_min, zoom_max, tags: tags.collect() }
    }

    fn add(&mut self, class: Class) -> u32 {
        self.classes.push(class);
        small(self.classes.len() - 1)
    }

    /// A line in the world square, cut at the antimeridian. What has fewer than two different
    /// positions is counted and left out.
    fn sound_line(&mut self, line: &[LatLon]) -> Vec<Vec<World>> {
        let mut parts = vec![Vec::<World>::new()];
        for position in line {
            let to = project(*position);
            let part = &mut parts[0];
            if let Some(&from) = part.last()
                && (to.x - from.x).abs() > WORLD / 2
            {
                let (out, back) = if to.x < from.x { (WORLD, 0) } else { (0, WORLD) };
                let y = crossing_y(from, to, out);
                part.push(World { x: out, y });
                parts.insert(0, vec![World { x: back, y }]);
            }
            parts[0].push(to);
        }
        parts.iter_mut().for_each(Vec::dedup);
        parts.retain(|part| part.len() > 1);
        parts.reverse();
        self.degenerate += usize::from(parts.is_empty());
        parts
    }

    /// An area in the world square: rings open, the outer of positive area and the holes of
    /// negative. Rings without area are counted and left out, with the outer one its holes.
    fn sound_area(&mut self, rings: &[Vec<LatLon>]) -> Option<Vec<Vec<World>>> {
        let mut sound = Vec::with_capacity(rings.len());
        for (ix, ring) in rings.iter().enumerate() {
            let mut ring: Vec<World> = ring.iter().map(|p| project(*p)).collect();
            ring.dedup();
            while ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            let area = area(&ring);
            if area == 0 {
                self.degenerate += 1;
                if ix == 0 {
                    return None;
                }
                continue;
            }
            if (area > 0) != (ix == 0) {
                ring.reverse();
            }
            sound.push(ring);
        }
        if sound.is_empty() {
            self.degenerate += 1;
            return None;
        }
        Some(sound)
    }

    fn finish(self) -> TileSet {
        let Self { layers, keys, values, classes, store: prepared, bounds, degenerate } = self;
        // The order in which pieces claim room in a tile: by rank, then the larger first, then
        // scattered, so that what is left out of a crowd is left out evenly.
        let order = |&(ix, piece): &(usize, Piece)| {
            let scattered = small(ix).wrapping_mul(0x9E37_79B1);
            (Reverse(classes[piece.class as usize].rank), Reverse(piece.entry.rect.side()), scattered)
        };
        let mut ordered: Vec<(usize, Piece)> = prepared.pieces.iter().copied().enumerate().collect();
        ordered.sort_by_cached_key(order);
        // In memory too, so that a tile that shows everything reads straight on.
        let mut store = Store::default();
        for (_, piece) in ordered {
            let first_path = store.path_ends.len();
            for path in prepared.paths(&piece) {
                store.vertices.extend_from_slice(path);
                store.path_ends.push(small(store.vertices.len()));
            }
            store.pieces.push(Piece { paths: (small(first_path), small(store.path_ends.len())), ..piece });
        }
        let entries: Vec<Entry> = store.pieces.iter().map(|piece| piece.entry).collect();
        let index = Index::build(&entries);
        TileSet { layers, keys: keys.list, values: values.list, classes, store, index, bounds, degenerate }
    }
}

/// Things by the place they were first given.
struct Dictionary<T> {
    list: Vec<T>,
    places: BTreeMap<T, u32>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { list: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T: Ord + Clone> Dictionary<T> {
    fn place(&mut self, item: T) -> u32 {
        if let Some(&place) = self.places.get(&item) {
            return place;
        }
        let place = small(self.list.len());
        self.list.push(item.clone());
        self.places.insert(item, place);
        place
    }
}

/// The height at which the short way between two positions passes `x = out`, an edge of the world.
#[expect(clippy::cast_possible_truncation, reason = "between two heights that fit")]
fn crossing_y(from: World, to: World, out: i32) -> i32 {
    let (before, after) = (f64::from((out - from.x).abs()), f64::from((WORLD - out - to.x).abs()));
    if before + after == 0.0 {
        return to.y;
    }
    let share = before / (before + after);
    (f64::from(from.y) + share * (f64::from(to.y) - f64::from(from.y))).round() as i32
}

/// Twice the signed area of a ring, exactly.
fn area(ring: &[World]) -> i128 {
    let followers = ring.iter().skip(1).chain(ring.first());
    let wide = |p: &World| (i128::from(p.x), i128::from(p.y));
    ring.iter().zip(followers).map(|(a, b)| (wide(a), wide(b))).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum()
}

fn positions(geometry: &Geometry) -> Box<dyn Iterator<Item = LatLon> + '_> {
    match geometry {
        Geometry::Points(points) => Box::new(points.iter().copied()),
        Geometry::Lines(lines) => Box::new(lines.iter().flatten().copied()),
        Geometry::Polygons(areas) => Box::new(areas.iter().flatten().flatten().copied()),
    }
}

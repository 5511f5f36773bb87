//! One tile: which pieces are in it, as far as it has room, and its bytes.

use crate::crowd::{Crowd, Spot};
use crate::cut;
use crate::encode::{self, Command, bytes_field, bytes_field_len, number_field, varint, varint_len};
use crate::grid::{Cell, Paths};
use crate::id::{TileId, ZOOM_MAX};
use crate::mercator::{EXTENT, Frame};
use crate::prepare::{Class, Kind};
use crate::set::TileSet;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A tile never has more bytes than this.
pub const TILE_BYTES_MAX: usize = 500_000;

/// A piece that does not fit ends the tile, so that nothing of less importance is shown while
/// something of more is not; unless it is itself larger than this and only it is left out.
const PIECE_BYTES_MAX: usize = TILE_BYTES_MAX / 4;

/// A tile as it is sent, and what was counted on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tile {
    /// The tile in the format Mapbox Vector Tile 2.1, not compressed; empty if nothing is in it.
    pub bytes: Vec<u8>,
    /// Features written. Lines that have all their properties in common are one.
    pub features: usize,
    /// Points, lines and areas left out for want of room, the least important ones. Those that
    /// were not looked at any more are counted by their bounding box, so this may say somewhat
    /// too much; 0 means that nothing is missing.
    pub left_out: usize,
}

/// See [`TileSet::tile`].
pub(crate) fn tile(set: &TileSet, id: TileId) -> Tile {
    let frames = Frame::of(id);
    // Pieces are numbered in the order in which they claim room. Piece and window in one number
    // sort twice as fast as a pair.
    let mut hits: Vec<u64> = Vec::new();
    for (frame_ix, frame) in (0u64..).zip(&frames) {
        set.index.search(&frame.rect, id.z(), |piece| hits.push(u64::from(piece) << 2 | frame_ix));
    }
    hits.sort_unstable();
    let mut draft = Draft::new(set);
    let mut crowds: Vec<Crowd> = set.layers.iter().map(|_| Crowd::default()).collect();
    let mut left_out = 0;
    let mut paths = Paths::default();
    for (nth, hit) in hits.iter().enumerate() {
        let [piece_ix, frame_ix] = [hit >> 2, hit & 3].map(|ix| usize::try_from(ix).expect("was an index"));
        let piece = &set.store.pieces[piece_ix];
        let (class, frame) = (&set.classes[piece.class as usize], frames[frame_ix]);
        let may_be_crowded = class.kind == Kind::Lines && id.z() < ZOOM_MAX;
        let spot = if may_be_crowded { Spot::of(&piece.entry.rect, &frame) } else { None };
        if spot.is_some_and(|spot| crowds[class.layer].holds(spot)) {
            continue;
        }
        cut::piece(&set.store, piece, class.kind, frame, id.z(), &mut paths);
        if paths.is_empty() {
            continue;
        }
        match draft.add(piece.class, class, &paths) {
            Room::Enough => spot.into_iter().for_each(|spot| crowds[class.layer].take(spot)),
            Room::TooLittle(bytes) if bytes > PIECE_BYTES_MAX => left_out += 1,
            Room::TooLittle(_) => {
                left_out += hits.len() - nth;
                break;
            }
        }
    }
    let features = draft.features.len();
    let bytes = draft.finish();
    assert!(bytes.len() <= TILE_BYTES_MAX, "tile {id} has {} bytes", bytes.len());
    Tile { bytes, features, left_out }
}

enum Room {
    Enough,
    /// With the bytes that the piece would have added.
    TooLittle(usize),
}

/// A tile being filled. `bytes` counts what has been taken in, exactly but for the length of
/// each layer, which is counted at its largest.
struct Draft<'a> {
    set: &'a TileSet,
    layers: Vec<LayerDraft>,
    features: Vec<FeatureDraft>,
    by_class: HashMap<u32, usize>,
    bytes: usize,
    /// The geometry of the piece at hand.
    added: Vec<u8>,
}

/// The keys and values of a layer, by their places in the set, in the order of first use.
#[derive(Default)]
struct LayerDraft {
    keys: Words,
    values: Words,
    in_use: bool,
}

#[derive(Default)]
struct Words {
    list: Vec<u32>,
    places: HashMap<u32, usize>,
}

struct FeatureDraft {
    class: u32,
    tags: Vec<u8>,
    geometry: Vec<u8>,
    cursor: Cell,
    /// Points so far; the command of a multipoint counts them.
    points: usize,
}

impl FeatureDraft {
    fn geometry_len(&self, added: usize, points_added: usize, kind: Kind) -> usize {
        let command = match kind {
            Kind::Points => varint_len(encode::command(Command::MoveTo, self.points + points_added)),
            Kind::Lines | Kind::Polygons => 0,
        };
        command + self.geometry.len() + added
    }
}

/// Bytes of a feature in its layer: tags, type and geometry.
fn feature_len(tags: usize, geometry: usize) -> usize {
    let tags = if tags == 0 { 0 } else { bytes_field_len(tags) };
    bytes_field_len(tags + 2 + bytes_field_len(geometry))
}

impl<'a> Draft<'a> {
    fn new(set: &'a TileSet) -> Self {
        let layers = set.layers.iter().map(|_| LayerDraft::default()).collect();
        Self { set, layers, features: Vec::new(), by_class: HashMap::new(), bytes: 0, added: Vec::new() }
    }

    /// Takes a piece in, if there is room for it.
    fn add(&mut self, class_ix: u32, class: &Class, paths: &Paths) -> Room {
        let known = self.by_class.get(&class_ix).copied();
        let mut fresh =
            FeatureDraft { class: class_ix, tags: Vec::new(), geometry: Vec::new(), cursor: [0, 0], points: 0 };
        let mut cost = 0;
        if known.is_none() {
            (fresh.tags, cost) = self.tags(class);
        }
        let feature = known.map_or(&fresh, |ix| &self.features[ix]);
        let mut cursor = feature.cursor;
        let added = &mut self.added;
        added.clear();
        for path in paths.iter() {
            match class.kind {
                Kind::Points => encode::step(added, &mut cursor, path[0]),
                Kind::Lines => encode::path(added, &mut cursor, path, false),
                Kind::Polygons => encode::path(added, &mut cursor, path, true),
            }
        }
        let before = known.map_or(0, |_| feature_len(feature.tags.len(), feature.geometry_len(0, 0, class.kind)));
        let after = feature_len(feature.tags.len(), feature.geometry_len(added.len(), paths.len(), class.kind));
        cost += after - before;
        if self.bytes + cost > TILE_BYTES_MAX {
            return Room::TooLittle(cost);
        }
        self.bytes += cost;
        let ix = known.unwrap_or_else(|| {
            self.take_words(class);
            self.by_class.insert(class_ix, self.features.len());
            self.features.push(fresh);
            self.features.len() - 1
        });
        let feature = &mut self.features[ix];
        feature.geometry.extend_from_slice(&self.added);
        feature.cursor = cursor;
        feature.points += paths.len();
        Room::Enough
    }

    /// The tags of a class that is new to the tile, and the bytes that its words and its layer
    /// add beside them.
    fn tags(&self, class: &Class) -> (Vec<u8>, usize) {
        let layer = &self.layers[class.layer];
        let mut cost = 0;
        if !layer.in_use {
            // The layer's own field and length, its version and extent, and its name.
            cost += 6 + 2 + 3 + bytes_field_len(self.set.layers[class.layer].name.len());
        }
        let mut tags = Vec::new();
        let (mut key_count, mut value_count) = (layer.keys.list.len(), layer.values.list.len());
        let mut values_seen: Vec<u32> = Vec::new();
        for &(key, value) in &class.tags {
            let key_place = layer.keys.places.get(&key).copied().unwrap_or_else(|| {
                cost += bytes_field_len(self.set.keys[key as usize].len());
                key_count += 1;
                key_count - 1
            });
            let fresh_place = values_seen.iter().position(|seen| *seen == value).map(|ix| layer.values.list.len() + ix);
            let value_place = layer.values.places.get(&value).copied().or(fresh_place).unwrap_or_else(|| {
                cost += bytes_field_len(self.set.values[value as usize].len());
                values_seen.push(value);
                value_count += 1;
                value_count - 1
            });
            varint(&mut tags, key_place as u64);
            varint(&mut tags, value_place as u64);
        }
        (tags, cost)
    }

    /// Enters the words of a class into its layer, in the order in which [`Draft::tags`] placed them.
    fn take_words(&mut self, class: &Class) {
        let layer = &mut self.layers[class.layer];
        layer.in_use = true;
        for &(key, value) in &class.tags {
            layer.keys.take(key);
            layer.values.take(value);
        }
    }

    /// The bytes. Areas come first in a layer, then lines, the important ones last, which draws
    /// them above the others; then points, the important ones first, which places their labels first.
    fn finish(mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes);
        let set = self.set;
        let mut features = std::mem::take(&mut self.features);
        features.sort_by_key(|feature| {
            let class = &set.classes[feature.class as usize];
            let rank = if class.kind == Kind::Points { u32::MAX - class.rank } else { class.rank };
            (class.layer, Reverse(class.kind), rank)
        });
        for in_layer in features.chunk_by(|a, b| layer_of(set, a) == layer_of(set, b)) {
            let layer_ix = layer_of(set, &in_layer[0]);
            let mut layer = Vec::new();
            number_field(&mut layer, 15, 2);
            bytes_field(&mut layer, 1, set.layers[layer_ix].name.as_bytes());
            for feature in in_layer {
                write_feature(&mut layer, feature, set.classes[feature.class as usize].kind);
            }
            for &key in &self.layers[layer_ix].keys.list {
                bytes_field(&mut layer, 3, set.keys[key as usize].as_bytes());
            }
            for &value in &self.layers[layer_ix].values.list {
                bytes_field(&mut layer, 4, &set.values[value as usize]);
            }
            number_field(&mut layer, 5, u64::from(EXTENT.unsigned_abs()));
            bytes_field(&mut out, 3, &layer);
        }
        out
    }
}

impl Words {
    fn take(&mut self, word: u32) {
        let next = self.list.len();
        if *self.places.entry(word).or_insert(next) == next {
            self.list.push(word);
        }
    }
}

fn layer_of(set: &TileSet, feature: &FeatureDraft) -> usize {
    set.classes[feature.class as usize].layer
}

fn write_feature(layer: &mut Vec<u8>, feature: &FeatureDraft, kind: Kind) {
    let mut geometry = Vec::with_capacity(feature.geometry.len() + 5);
    if kind == Kind::Points {
        varint(&mut geometry, encode::command(Command::MoveTo, feature.points));
    }
    geometry.extend_from_slice(&feature.geometry);
    let mut message = Vec::with_capacity(geometry.len() + feature.tags.len() + 12);
    if !feature.tags.is_empty() {
        bytes_field(&mut message, 2, &feature.tags);
    }
    number_field(&mut message, 3, kind as u64);
    bytes_field(&mut message, 4, &geometry);
    bytes_field(layer, 2, &message);
}

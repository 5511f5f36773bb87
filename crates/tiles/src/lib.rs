//! Vector tiles cut from layers of features.
//!
//! Owns: the tile scheme ([`TileId`]), layers and features as they are given ([`Layer`],
//! [`Feature`]), the set prepared from them ([`TileSet`]), the tile ([`Tile`], in the format
//! Mapbox Vector Tile 2.1) and the description of the set ([`TileJson`]); and how a map's words are
//! chosen among languages ([`label`]).
//!
//! Vocabulary: a *unit* is 1/4096 of the side of a tile, an eighth of a pixel of a tile shown at
//! 512 pixels; the *buffer* is what a tile holds beyond its edges, 64 units each way; a *piece* is
//! one point, line or area.
//!
//! How a tile comes about: `prepare` projects all positions to whole numbers, joins lines, says for
//! every vertex from which zoom on it is needed (`simplify`), and indexes the pieces (`index`).
//! `tile` takes the pieces that meet the tile in the order of their importance, cuts them (`clip`),
//! rounds them to the grid (`grid`) and writes them (`encode`) while there is room.
//!
//! Invariant: no I/O, clock or entropy; the same layers give the same bytes on any machine.
//! Invariant: a tile has at most [`TILE_BYTES_MAX`] bytes, and says how much was left out for that.
//! Invariant: what is left out of a line or border at a zoom lies within 4 units of what is kept,
//! and at zoom 16 nothing is; every vertex is within half a unit of where it was given.
//! Of lines shorter than 2 units, one for every 2 units is drawn (`crowd`).
//! Invariant: two tiles agree on what crosses their edge, and two areas on a border they share.
//!
//! Known gap: an area narrower than the tolerance or the grid may touch or cross itself at that
//! place after simplifying and rounding; its rings are still closed, of the right turn and not
//! empty. Renderers draw such areas without visible fault, so they are not repaired.
//!
//! Start reading at [`TileSet`].

mod clip;
mod crowd;
mod cut;
mod encode;
mod grid;
mod id;
mod index;
mod join;
pub mod label;
mod layer;
mod mercator;
mod prepare;
mod set;
mod simplify;
mod tile;

pub use id::{TileId, TileIdError, ZOOM_MAX};
pub use layer::{Feature, Geometry, Layer, Value};
pub use mercator::{BUFFER, EXTENT, LATITUDE_MAX};
pub use set::{About, Bounds, TileJson, TileSet, VectorLayer};
pub use tile::{TILE_BYTES_MAX, Tile};

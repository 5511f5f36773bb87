//! One piece in one window.

use crate::clip;
use crate::grid::{self, Paths, Turn};
use crate::mercator::{Frame, Point};
use crate::prepare::{Kind, Piece, Store, Vertex};

/// The paths of a piece that are drawn in a window at zoom `z`, on the tile's grid: a point, lines,
/// or areas as outer rings each followed by its holes (rings do not repeat their first point).
/// None, if the piece only comes near.
pub(crate) fn piece(store: &Store, piece: &Piece, kind: Kind, frame: Frame, z: u8, out: &mut Paths) {
    out.clear();
    let whole = frame.rect.holds(&piece.entry.rect);
    match kind {
        Kind::Points => {
            for vertex in store.paths(piece).flatten().filter(|_| whole) {
                out.push(&[frame.to_grid(vertex.at.point())]);
            }
        }
        Kind::Lines => store.paths(piece).for_each(|path| line(path, frame, z, whole, out)),
        Kind::Polygons => polygon(store.paths(piece), frame, z, whole, out),
    }
}

/// The vertices needed at a zoom.
fn needed(path: &[Vertex], z: u8) -> impl Iterator<Item = Point> {
    path.iter().filter(move |vertex| vertex.zoom <= z).map(|vertex| vertex.at.point())
}

fn line(path: &[Vertex], frame: Frame, z: u8, whole: bool, out: &mut Paths) {
    if whole {
        return out.push_line(needed(path, z).map(|p| frame.to_grid(p)));
    }
    let points: Vec<Point> = needed(path, z).collect();
    let mut stretches = Vec::new();
    clip::line(&points, &frame.rect, &mut stretches);
    for stretch in stretches {
        out.push_line(stretch.into_iter().map(|p| frame.to_grid(p)));
    }
}

fn polygon<'a>(paths: impl Iterator<Item = &'a [Vertex]>, frame: Frame, z: u8, whole: bool, out: &mut Paths) {
    let mut rings: Vec<Vec<Point>> = Vec::new();
    for (ix, path) in paths.enumerate() {
        let ring: Vec<Point> = needed(path, z).collect();
        if ring.len() > 2 {
            rings.push(ring);
        } else if ix == 0 {
            return;
        }
    }
    let parts = if whole { vec![rings] } else { clip::polygon(rings, &frame.rect) };
    for part in parts {
        for (ix, ring) in part.into_iter().enumerate() {
            let turn = if ix == 0 { Turn::Outer } else { Turn::Hole };
            match grid::ring(ring.into_iter().map(|p| frame.to_grid(p)), turn) {
                Some(ring) => out.push(&ring),
                None if ix == 0 => break,
                None => {}
            }
        }
    }
}

//! Lines too short to be seen apart.
//!
//! Roads may be given as thousands of links with a name each. None of them may be dropped for
//! being short, or a road would vanish when seen from afar; all of them together are a speck of
//! lines over each other. So of the lines of a layer that are shorter than [`CELL`] units both
//! ways, one is drawn in each cell of that size, the most important. What is between it and the next cell's
//! is a quarter of a pixel at most.

use crate::mercator::{BUFFER, EXTENT, Frame, Rect};

/// The side of a cell, in units of the tile.
const CELL: i32 = 2;

/// Cells along the side of a tile with its buffer.
const SIDE: usize = ((EXTENT + 2 * BUFFER) / CELL) as usize + 1;

/// The cells of one layer in one tile, one bit each; made when first needed.
#[derive(Default)]
pub(crate) struct Crowd(Vec<u64>);

/// A cell of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot(usize);

impl Spot {
    /// The cell of a line with this bounding box, if it is short enough to be part of a crowd.
    pub fn of(rect: &Rect, frame: &Frame) -> Option<Self> {
        if rect.side() >= CELL * frame.unit {
            return None;
        }
        let corner = frame.to_grid(rect.min.point());
        let [x, y] = corner.map(|v| usize::try_from((v + BUFFER).max(0) / CELL).unwrap_or(0).min(SIDE - 1));
        Some(Self(y * SIDE + x))
    }
}

impl Crowd {
    pub fn holds(&self, spot: Spot) -> bool {
        self.0.get(spot.0 / 64).is_some_and(|word| word >> (spot.0 % 64) & 1 == 1)
    }

    pub fn take(&mut self, spot: Spot) {
        if self.0.is_empty() {
            self.0 = vec![0; (SIDE * SIDE).div_ceil(64)];
        }
        self.0[spot.0 / 64] |= 1 << (spot.0 % 64);
    }
}

//! Which pieces meet a rectangle at a zoom: a packed tree of bounding boxes, built once.
//!
//! Pieces are put in the order of the first zoom they are shown at and then along a Z-curve, and
//! sixteen neighbours at a time share a box, level by level. The zoom comes first in the order so
//! that a tile of a small zoom passes over the boxes full of pieces it does not show.

use crate::mercator::{Rect, World};

const FANOUT: usize = 16;

/// What the tree knows of a piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub rect: Rect,
    pub zoom_min: u8,
    pub zoom_max: u8,
}

impl Entry {
    fn meets(&self, rect: &Rect, z: u8) -> bool {
        self.zoom_min <= z && z <= self.zoom_max && self.rect.meets(rect)
    }
}

/// The tree. Level 0 holds the pieces in the tree's order, every further level the boxes of
/// [`FANOUT`] entries of the one below.
#[derive(Debug)]
pub(crate) struct Index {
    order: Vec<u32>,
    levels: Vec<Vec<Entry>>,
}

impl Index {
    /// The tree over pieces, which it names by their place in `entries`.
    pub fn build(entries: &[Entry]) -> Self {
        let key = |ix: u32| {
            let entry = &entries[ix as usize];
            (entry.zoom_min, z_curve(entry.rect), ix)
        };
        let count = u32::try_from(entries.len()).expect("fewer pieces than 2^32 fit in memory");
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_cached_key(|&ix| key(ix));
        let mut levels = vec![order.iter().map(|&ix| entries[ix as usize]).collect::<Vec<_>>()];
        while levels[levels.len() - 1].len() > FANOUT {
            levels.push(levels[levels.len() - 1].chunks(FANOUT).map(around).collect());
        }
        Self { order, levels }
    }

    /// Calls `found` with every piece whose box meets the rectangle at zoom `z`, in no order that
    /// should be relied on.
    pub fn search(&self, rect: &Rect, z: u8, mut found: impl FnMut(u32)) {
        let top = self.levels.len() - 1;
        let mut stack: Vec<(usize, usize)> = (0..self.levels[top].len()).map(|ix| (top, ix)).collect();
        while let Some((level, ix)) = stack.pop() {
            if !self.levels[level][ix].meets(rect, z) {
                continue;
            }
            if level == 0 {
                found(self.order[ix]);
            } else {
                let below = self.levels[level - 1].len();
                stack.extend((ix * FANOUT..((ix + 1) * FANOUT).min(below)).map(|child| (level - 1, child)));
            }
        }
    }
}

fn around(entries: &[Entry]) -> Entry {
    let together = |a: Entry, b: &Entry| Entry {
        rect: a.rect.union(b.rect),
        zoom_min: a.zoom_min.min(b.zoom_min),
        zoom_max: a.zoom_max.max(b.zoom_max),
    };
    entries[1..].iter().fold(entries[0], together)
}

/// The place of a box's middle on the Z-curve: the bits of its two coordinates by turns.
fn z_curve(rect: Rect) -> u64 {
    let World { x, y } = World { x: rect.min.x.midpoint(rect.max.x), y: rect.min.y.midpoint(rect.max.y) };
    // Shifted to be positive: `y` may lie somewhat north of the world square.
    let spread = |v: i32| {
        let mut bits = u64::from((v + (1 << 30)).cast_unsigned());
        for (shift, mask) in [
            (16, 0x0000_FFFF_0000_FFFF),
            (8, 0x00FF_00FF_00FF_00FF),
            (4, 0x0F0F_0F0F_0F0F_0F0F),
            (2, 0x3333_3333_3333_3333),
            (1, 0x5555_5555_5555_5555),
        ] {
            bits = (bits | bits << shift) & mask;
        }
        bits
    };
    spread(x) | spread(y) << 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tree_finds_what_a_scan_finds(
            boxes in prop::collection::vec((0..1000i32, -500..1000i32, 0..50i32, 0..50i32, 0..17u8, 0..17u8), 0..400),
            window in (0..1000i32, -500..1000i32, 0..400i32), z in 0..17u8,
        ) {
            let rect = |x, y, w, h| Rect { min: World { x, y }, max: World { x: x + w, y: y + h } };
            let entries: Vec<Entry> = boxes.iter().map(|&(x, y, w, h, a, b)| Entry { rect: rect(x, y, w, h), zoom_min: a.min(b), zoom_max: a.max(b) }).collect();
            let window = rect(window.0, window.1, window.2, window.2);
            let mut found = Vec::new();
            Index::build(&entries).search(&window, z, |ix| found.push(ix));
            found.sort_unstable();
            let scanned: Vec<u32> = (0u32..).zip(&entries).filter(|(_, e)| e.meets(&window, z)).map(|(ix, _)| ix).collect();
            prop_assert_eq!(found, scanned);
        }
    }
}

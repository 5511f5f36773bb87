//! Tiles and entry bundles (C2SP tlog-tiles) from what the tables hold.

use crate::entry::{EntryFilter, Order};
use crate::error::StoreError;
use crate::rows::node_of;
use crate::store::Store;
use konbit_record::{Tile, TileKind, bundle_bytes};

impl Store {
    /// The bytes of a tile of hashes, or of a bundle of entries. What a bundle holds of an entry is
    /// its leaf bytes ([`crate::header()`]): no body of the second form is in it.
    ///
    /// A tile once given never changes; a partial one is superseded by a wider one.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if the record does not hold all of it yet; [`StoreError::Refused`] if
    /// an entry of the first form is longer than the 65,535 bytes that a bundle can hold.
    pub fn tile(&self, tile: Tile) -> Result<Vec<u8>, StoreError> {
        let size = self.entry_count()?;
        if !tile.is_in(size) {
            return Err(StoreError::Beyond { asked: tile.to_string(), size });
        }
        match tile.kind() {
            TileKind::Hashes(_) => tile.bytes(|node| node_of(self.db(), node)).map_err(self.at()),
            TileKind::Entries => self.bundle(tile),
        }
    }

    fn bundle(&self, tile: Tile) -> Result<Vec<u8>, StoreError> {
        let refuse = |why: String| StoreError::Refused { what: tile.to_string(), why };
        let from = tile.index() * u64::from(konbit_record::TILE_WIDTH);
        let to = from + u64::from(tile.width());
        let filter = EntryFilter { from, to, order: Order::OldestFirst, limit: usize::from(tile.width()), kind: None };
        let leaves: Vec<Vec<u8>> = self.entries(&filter)?.iter().filter_map(crate::Entry::leaf_bytes).collect();
        if leaves.len() != usize::from(tile.width()) {
            let why = format!("{} of the entries {from} to {} have leaf bytes", leaves.len(), to - 1);
            return Err(StoreError::Damaged { path: self.path.clone(), why });
        }
        bundle_bytes(leaves.iter().map(Vec::as_slice)).map_err(|error| refuse(error.to_string()))
    }
}

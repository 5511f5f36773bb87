//! The tiles of one signed head, each checked before its hashes are used.
//!
//! The tiles at the right edge of the tree (the partial ones) give, together, its root, which is signed. Every full tile
//! is one hash in the tile above it. So checking goes from the edge down, and a tile that was changed is known by name.

use crate::fetch::Fetcher;
use crate::files::read_within;
use crate::mirror::MirrorError;
use konbit_record::{Frontier, Hash, Head, Node, TILE_LEVEL_MAX, TILE_WIDTH, Tile, TileKind, node_hash};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of a hash.
const HASH_BYTES: u16 = 32;

/// Where a file of the log lies in the mirror.
pub fn local_path(dir: &Path, tile: Tile) -> PathBuf {
    dir.join(tile.to_string())
}

/// Tiles that lead to the root of `head`, from the mirror's files where those hold, otherwise from the log.
#[derive(Debug)]
pub struct Verified<'a> {
    /// `None` where only files are to be used.
    fetch: Option<&'a Fetcher>,
    dir: &'a Path,
    head: Head,
    tiles: BTreeMap<Tile, Vec<u8>>,
    /// Tiles that came from the log.
    pub fetched_count: u64,
}

impl<'a> Verified<'a> {
    /// Checks the right edge.
    pub fn of(fetch: Option<&'a Fetcher>, dir: &'a Path, head: Head) -> Result<Self, MirrorError> {
        let edge: Vec<Tile> = edge(head.size).collect();
        let mut verified = Self { fetch, dir, head, tiles: BTreeMap::new(), fetched_count: 0 };
        for tile in &edge {
            if let Some(bytes) = read_within(&local_path(dir, *tile), bytes_of(*tile)).ok().flatten() {
                verified.tiles.insert(*tile, bytes);
            }
        }
        let is_local = verified.tiles.len() == edge.len();
        if is_local && verified.edge_root() == Some(head.root) {
            return Ok(verified);
        }
        // What of it the mirror has may be right; once one tile is to be fetched, some hundred bytes more tell.
        for tile in &edge {
            let bytes = verified.fetch(*tile)?;
            verified.tiles.insert(*tile, bytes);
        }
        if verified.edge_root() == Some(head.root) {
            return Ok(verified);
        }
        let names: Vec<String> = edge.iter().map(ToString::to_string).collect();
        Err(MirrorError::Tile {
            name: names.join(", "),
            why: "they do not lead to the root that the log signed".to_owned(),
        })
    }

    fn edge_root(&self) -> Option<Hash> {
        let node = |node: Node| {
            let tile = Tile::holding(node, self.head.size).ok_or(())?;
            tile.hash_of(node, self.tiles.get(&tile).ok_or(())?).ok_or(())
        };
        Frontier::load(self.head.size, node).ok().map(|frontier| frontier.root())
    }

    /// A complete node of the tree.
    pub fn node(&mut self, node: Node) -> Result<Hash, MirrorError> {
        let tile = Tile::holding(node, self.head.size).expect("only nodes of the tree are asked for");
        Ok(tile.hash_of(node, self.tile(tile)?).expect("a tile that was checked has all its hashes"))
    }

    /// The bytes of a tile of hashes; kept, so that it is read once.
    pub fn tile(&mut self, tile: Tile) -> Result<&[u8], MirrorError> {
        if !self.tiles.contains_key(&tile) {
            let bytes = self.obtain(tile)?;
            self.tiles.insert(tile, bytes);
        }
        Ok(&self.tiles[&tile])
    }

    /// The same, not kept: of the lowest level there are too many.
    pub fn obtain(&mut self, tile: Tile) -> Result<Vec<u8>, MirrorError> {
        if let Some(bytes) = self.tiles.get(&tile) {
            return Ok(bytes.clone());
        }
        let TileKind::Hashes(level) = tile.kind() else { unreachable!("tiles of hashes are asked for") };
        let above = self.node(Node { level: (level + 1) * 8, index: tile.index() })?;
        let local = read_within(&local_path(self.dir, tile), bytes_of(tile)).ok().flatten();
        if let Some(bytes) = local.filter(|bytes| root_over(tile, bytes) == Some(above)) {
            return Ok(bytes);
        }
        let bytes = self.fetch(tile)?;
        if root_over(tile, &bytes) == Some(above) {
            return Ok(bytes);
        }
        Err(MirrorError::Tile {
            name: tile.to_string(),
            why: "it is not the one that the signed head covers".to_owned(),
        })
    }

    fn fetch(&mut self, tile: Tile) -> Result<Vec<u8>, MirrorError> {
        let Some(fetch) = self.fetch else {
            return Err(MirrorError::Tile { name: tile.to_string(), why: "it is not in the mirror".to_owned() });
        };
        self.fetched_count += 1;
        Ok(fetch.get(&tile.to_string(), bytes_of(tile) as u64)?)
    }
}

/// The partial tiles of a tree of `size` leaves, lowest level first.
fn edge(size: u64) -> impl Iterator<Item = Tile> {
    (0..=TILE_LEVEL_MAX).filter_map(move |level| {
        let count = size >> (u32::from(level) * 8);
        let width = u64::from(TILE_WIDTH);
        let partial = u16::try_from(count % width).expect("below 256");
        Tile::new(TileKind::Hashes(level), count / width, partial)
    })
}

fn bytes_of(tile: Tile) -> usize {
    usize::from(tile.width()) * usize::from(HASH_BYTES)
}

/// The one hash that a full tile is in the tile above; `None` if the bytes are not those of a full tile.
fn root_over(tile: Tile, bytes: &[u8]) -> Option<Hash> {
    let TileKind::Hashes(level) = tile.kind() else { return None };
    let half = |ix| tile.hash_of(Node { level: level * 8 + 7, index: tile.index() * 2 + ix }, bytes);
    Some(node_hash(&half(0)?, &half(1)?))
}

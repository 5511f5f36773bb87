//! Tiles and entry bundles (C2SP tlog-tiles): the tree as a finite set of files, each at a fixed path.
//!
//! A tile is 256 complete nodes of one level, or as many as there are yet (a *partial* tile). Level `l` of tiles is
//! level `8 l` of the tree. Entry bundles lie beside the tiles of level 0 and hold the entries themselves.

use crate::text::decimal;
use crate::tree::{Hash, Node, fold, leaf_hash};
use std::fmt;
use thiserror::Error;

/// Nodes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The highest level of tiles that a tree of fewer than 2^64 leaves has. The specification lets paths name levels up to
/// 63; those above 7 never exist, and are not read here.
pub const TILE_LEVEL_MAX: u8 = 7;

/// The longest entry that a bundle can hold, in bytes (tlog-tiles, "Log entries": a length in 16 bits).
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// The longest path of a tile, in bytes.
const PATH_BYTES_MAX: usize = 64;

/// Levels of the tree that one level of tiles spans.
const HEIGHT: u8 = 8;

/// What a path below the log's prefix names. The third resource of a log, its checkpoint, is at `checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of this level, 0 to [`TILE_LEVEL_MAX`].
    Hashes(u8),
    /// Entries.
    Entries,
}

/// A tile or a bundle. `Display` writes its path, as `tile/0/x001/x234/067` or `tile/entries/067.p/9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    /// Invariant: below 2^56, so that every node of it has an index.
    index: u64,
    /// Invariant: 1 to 256.
    width: u16,
}

impl Tile {
    /// The tile of this kind at `index`, as wide as `width`; `None` if the specification has none such.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let level_exists = !matches!(kind, TileKind::Hashes(level) if level > TILE_LEVEL_MAX);
        let fits = level_exists && index < 1 << 56 && (1..=TILE_WIDTH).contains(&width);
        fits.then_some(Self { kind, index, width })
    }

    /// Reads a path, in its one form (tlog-tiles, "Merkle Tree" and "Log entries").
    pub fn parse(path: &str) -> Option<Self> {
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(decimal(level).and_then(|level| u8::try_from(level).ok())?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, decimal(width).filter(|width| *width < u64::from(TILE_WIDTH))?),
            None => (rest, u64::from(TILE_WIDTH)),
        };
        let tile = Self::new(kind, parse_index(index)?, u16::try_from(width).ok()?)?;
        // What is written is what was read: no second path for one tile.
        (tile.to_string() == path).then_some(tile)
    }

    /// What it holds.
    pub fn kind(self) -> TileKind {
        self.kind
    }

    /// Its position among those of its kind, from 0.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many nodes or entries it holds, 1 to 256; below 256 it is partial.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether all that it holds is there in a tree of `size` leaves. A partial tile of an earlier size still is.
    pub fn is_in(self, size: u64) -> bool {
        self.index * u64::from(TILE_WIDTH) + u64::from(self.width - 1) < node_count(self.level(), size)
    }

    /// The complete nodes that it holds, in order; of a bundle, the leaves that its entries hash to.
    pub fn nodes(self) -> impl Iterator<Item = Node> {
        let first = self.index * u64::from(TILE_WIDTH);
        (0..u64::from(self.width)).map(move |ix| Node { level: self.level() * HEIGHT, index: first + ix })
    }

    /// The bytes of a tile of hashes, from a source of complete nodes: 32 bytes for each.
    ///
    /// # Errors
    /// Whatever `source` fails with.
    pub fn bytes<E>(self, mut source: impl FnMut(Node) -> Result<Hash, E>) -> Result<Vec<u8>, E> {
        let mut bytes = Vec::with_capacity(usize::from(self.width) * 32);
        for node in self.nodes() {
            bytes.extend_from_slice(&source(node)?);
        }
        Ok(bytes)
    }

    /// The tile of hashes that has `node` in or below it, as it is in a tree of `size` leaves; `None` if the node is
    /// not complete in that tree.
    pub fn holding(node: Node, size: u64) -> Option<Self> {
        let is_complete = node.level < 64 && (u128::from(node.index) + 1) << node.level <= u128::from(size);
        if !is_complete {
            return None;
        }
        let level = node.level / HEIGHT;
        let index = (node.index << (node.level % HEIGHT)) / u64::from(TILE_WIDTH);
        let count = node_count(level, size) - index * u64::from(TILE_WIDTH);
        let width = u16::try_from(count.min(u64::from(TILE_WIDTH))).expect("at most 256");
        Self::new(TileKind::Hashes(level), index, width)
    }

    /// The hash of `node`, from the bytes of this tile; `None` if the node is not in it, or the bytes have another
    /// length. With [`Tile::holding`] it makes a source of nodes out of a log's files.
    pub fn hash_of(self, node: Node, bytes: &[u8]) -> Option<Hash> {
        let TileKind::Hashes(level) = self.kind else { return None };
        let below = node.level.checked_sub(level * HEIGHT).filter(|below| *below < HEIGHT)?;
        let start = node.index.checked_shl(u32::from(below)).filter(|start| start >> below == node.index)?;
        let start = start.checked_sub(self.index * u64::from(TILE_WIDTH))?;
        let end = start.checked_add(1 << below).filter(|end| *end <= u64::from(self.width))?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            return None;
        }
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        Some(complete(&hashes[start..end]))
    }

    fn level(self) -> u8 {
        match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        }
    }
}

/// The path below the log's prefix.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        // At most 17 digits, as the index is below 2^56.
        for power in (1..6).rev() {
            let part = self.index / 1000u64.pow(power);
            if part > 0 {
                write!(f, "x{:03}/", part % 1000)?;
            }
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The tiles of hashes that a tree of `new` leaves has and one of `old` had not, level by level: those to write when a
/// log has grown (tlog-tiles, "Partial Tiles"). Bundles of entries go with those of level 0.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..=TILE_LEVEL_MAX).flat_map(move |level| {
        let (old, new) = (node_count(level, old), node_count(level, new));
        let width = u64::from(TILE_WIDTH);
        let full = (old / width..new / width).map(move |index| (index, width));
        let partial = Some((new / width, new % width)).filter(|(_, width)| new > old && *width > 0);
        full.chain(partial).filter_map(move |(index, width)| {
            Tile::new(TileKind::Hashes(level), index, u16::try_from(width).expect("at most 256"))
        })
    })
}

/// Complete nodes at a level of tiles.
fn node_count(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0)
}

/// The root over hashes whose count is a power of two.
fn complete(hashes: &[Hash]) -> Hash {
    let middle = hashes.len() / 2;
    match hashes {
        [only] => *only,
        _ => fold(&[complete(&hashes[..middle]), complete(&hashes[middle..])]).expect("two hashes"),
    }
}

/// Reads `x001/x234/067`.
fn parse_index(text: &str) -> Option<u64> {
    let (above, last) = text.rsplit_once('/').map_or((None, text), |(above, last)| (Some(above), last));
    let digits = |group: &str| {
        let fits = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        group.parse::<u64>().ok().filter(|_| fits)
    };
    let mut index = 0u64;
    for group in above.into_iter().flat_map(|above| above.split('/')) {
        index = index.checked_mul(1000)?.checked_add(digits(group.strip_prefix('x')?)?)?;
    }
    index.checked_mul(1000)?.checked_add(digits(last)?)
}

/// Why entries are not a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BundleError {
    /// An entry is longer than [`ENTRY_BYTES_MAX`].
    #[error("entry {ix} of the bundle has {bytes} bytes; a bundle holds entries of at most {ENTRY_BYTES_MAX}")]
    Long {
        /// Its position in the bundle, from 0.
        ix: usize,
        /// Its length.
        bytes: usize,
    },
    /// Not 1 to 256 entries.
    #[error("a bundle of {0} entries: there are 1 to 256")]
    Count(usize),
    /// The bytes end within an entry.
    #[error("the bundle ends within entry {0}")]
    Cut(usize),
    /// An entry does not hash to its leaf.
    #[error("entry {0} of the bundle is not the one in the tree")]
    Leaf(usize),
}

/// The bytes of a bundle of entries: each with its length before it, in 16 bits, most significant first.
///
/// # Errors
/// [`BundleError::Long`] and [`BundleError::Count`].
pub fn bundle_bytes<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleError> {
    let (mut bytes, mut count) = (Vec::new(), 0);
    for (ix, entry) in entries.into_iter().enumerate() {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::Long { ix, bytes: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
        count = ix + 1;
    }
    if (1..=usize::from(TILE_WIDTH)).contains(&count) { Ok(bytes) } else { Err(BundleError::Count(count)) }
}

/// The entries of a bundle, in order. They are worth nothing until [`check_bundle`] has compared them with the tree.
///
/// # Errors
/// [`BundleError::Cut`] and [`BundleError::Count`].
pub fn parse_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let (mut rest, mut entries) = (bytes, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::Count(entries.len() + 1));
        }
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(BundleError::Cut(entries.len()))?;
        entries.push(entry);
        rest = after;
    }
    match (rest.is_empty(), entries.is_empty()) {
        (false, _) => Err(BundleError::Cut(entries.len())),
        (true, true) => Err(BundleError::Count(0)),
        (true, false) => Ok(entries),
    }
}

/// Checks that each entry hashes to its leaf in the bytes of the tile of level 0 with the same index and width.
///
/// # Errors
/// [`BundleError::Leaf`] names the first that does not; [`BundleError::Count`] if the tile has another width.
pub fn check_bundle(entries: &[&[u8]], tile: &[u8]) -> Result<(), BundleError> {
    let (leaves, rest) = tile.as_chunks::<32>();
    if leaves.len() != entries.len() || !rest.is_empty() {
        return Err(BundleError::Count(entries.len()));
    }
    match entries.iter().zip(leaves).position(|(entry, leaf)| leaf_hash(entry) != *leaf) {
        Some(ix) => Err(BundleError::Leaf(ix)),
        None => Ok(()),
    }
}

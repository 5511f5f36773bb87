//! Hashes, complete nodes, the frontier and the root (RFC 6962, section 2.1).

use sha2::{Digest as _, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// The name of a complete node: the 2^`level` leaves that begin at `index` * 2^`level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves, 0 to 63; level 0 is the leaf hashes.
    pub level: u8,
    /// Position among the nodes of its level, from 0.
    pub index: u64,
}

/// Hash of a leaf: `SHA-256(0x00 || data)` (RFC 6962, 2.1).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0u8]).chain_update(data).finalize().into()
}

/// Hash of a node over its two children: `SHA-256(0x01 || left || right)` (RFC 6962, 2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1u8]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: `SHA-256()` (RFC 6962, 2.1).
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The complete nodes that make up a tree of `size` leaves, largest first: one for each binary
/// one of `size`. Their leaves follow each other without gap, from 0 to `size`.
pub fn frontier_nodes(size: u64) -> impl Iterator<Item = Node> {
    covering(0, size)
}

/// The complete nodes that cover the leaves from `start` to `start + count`, left to right.
/// `start` has to be a multiple of the largest power of two that is at most `count`; every range
/// that RFC 6962 splits off is.
pub(crate) fn covering(start: u64, count: u64) -> impl Iterator<Item = Node> {
    let mut begin = start;
    (0..64u8).rev().filter(move |level| count >> level & 1 == 1).map(move |level| {
        debug_assert!(begin.trailing_zeros() >= u32::from(level), "a complete node begins at a multiple of its width");
        let node = Node { level, index: begin >> level };
        begin += 1 << level;
        node
    })
}

/// Folds complete subtrees, given left to right with falling widths, into the root over them:
/// the smallest two first, because RFC 6962 splits at the largest power of two.
pub(crate) fn fold(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The root of the tree of the first `size` leaves, from a source of complete nodes.
///
/// # Errors
/// Whatever `source` fails with.
pub fn root_at<E>(size: u64, source: impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    Ok(Frontier::load(size, source)?.root())
}

/// The root of the tree over `leaves` (leaf hashes, in order).
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(*leaf, |_, _| {});
    }
    frontier.root()
}

/// All that is needed to append to a tree and to know its root: at most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Invariant: one hash for each binary one of `size`, largest subtree first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frontier of the tree of the first `size` leaves, read from a source of complete nodes.
    ///
    /// # Errors
    /// Whatever `source` fails with.
    pub fn load<E>(size: u64, source: impl FnMut(Node) -> Result<Hash, E>) -> Result<Self, E> {
        Ok(Self { size, peaks: frontier_nodes(size).map(source).collect::<Result<_, E>>()? })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Appends a leaf hash. `completed` is told of every complete node that this leaf finishes,
    /// the leaf itself (level 0) first, in rising level; on average two.
    pub fn append(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let (mut node, mut hash) = (Node { level: 0, index: self.size }, leaf);
        completed(node, hash);
        // A right child closes its parent, as a carry does when counting in binary.
        while node.index & 1 == 1 {
            let left = self.peaks.pop().expect("one peak for each binary one of the size");
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}

//! Trees, keys and random numbers that the tests share.

use konbit_record::{
    Checkpoint, Hash, Head, Node, SignatureType, SignedCheckpoint, SignerKey, consistency_proof, inclusion_proof,
    leaf_hash, node_hash, root_at,
};
use std::convert::Infallible;

pub const ORIGIN: &str = "mission.example/record";

/// A tree in memory: its complete nodes, level by level.
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    pub fn of<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Self {
        let mut levels = vec![entries.into_iter().map(|entry| leaf_hash(entry.as_ref())).collect::<Vec<_>>()];
        while let Some(above) = levels.last().filter(|level| level.len() > 1) {
            let (pairs, _) = above.as_chunks::<2>();
            levels.push(pairs.iter().map(|[left, right]| node_hash(left, right)).collect());
        }
        Self { levels }
    }

    /// Entries are the numbers from 0, in eight bytes.
    pub fn counted(size: u64) -> Self {
        Self::of((0..size).map(u64::to_be_bytes))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form of a source of nodes")]
    pub fn node(&self, node: Node) -> Result<Hash, Infallible> {
        Ok(self.levels[usize::from(node.level)][usize::try_from(node.index).unwrap()])
    }

    pub fn head(&self, size: u64) -> Head {
        Head { size, root: root_at(size, |node| self.node(node)).unwrap() }
    }

    pub fn size(&self) -> u64 {
        self.levels[0].len() as u64
    }

    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        inclusion_proof(index, size, |node| self.node(node)).unwrap()
    }

    pub fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        consistency_proof(from, to, |node| self.node(node)).unwrap()
    }
}

pub fn log_key() -> SignerKey {
    SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[1; 32]).unwrap()
}

/// Witness `number` of 1, 2, …
pub fn witness_key(number: u8) -> SignerKey {
    let name = format!("witness-{number}.example");
    SignerKey::generate(&name, SignatureType::CosignatureV1, &[100 + number; 32]).unwrap()
}

pub fn signed(head: Head) -> SignedCheckpoint {
    Checkpoint::new(ORIGIN, head, vec![]).unwrap().sign(&log_key()).unwrap()
}

/// `SplitMix64` (Steele, Lea and Flood 2014): enough to choose test cases, and the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is small, so that the bias does not matter.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }
}

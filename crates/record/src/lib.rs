//! An append-only hash tree over bytes: the Merkle tree of RFC 6962 (and of RFC 9162, which
//! defines the same tree), with SHA-256.
//!
//! Whoever holds the 32 bytes of a *root* and the number of leaves can be shown that an entry is
//! in the record (*inclusion proof*) and that a later record only added to an earlier one
//! (*consistency proof*), without trusting whoever keeps the record.
//!
//! Vocabulary:
//! - *leaf hash*: `SHA-256(0x00 || data)`; *node hash*: `SHA-256(0x01 || left || right)`
//!   (RFC 6962, 2.1). The two prefixes keep a node from being passed off as a leaf.
//! - *size*: number of leaves. *root*: the Merkle Tree Hash of all of them; of none, the SHA-256
//!   of nothing.
//! - *complete node* (`level`, `index`): the root of the 2^`level` leaves that begin at
//!   `index` * 2^`level`. Level 0 is the leaf hashes. A complete node never changes once it
//!   exists, so a store may keep it; every root and every proof is made from complete nodes.
//! - *frontier*: the complete nodes that together make up a tree of some size, largest first:
//!   as many as that size has binary ones. Appending needs nothing else.
//!
//! Invariant: no I/O, no clock, no entropy, and no knowledge of what a leaf means: leaves are
//! opaque bytes.
//! Invariant: nothing here accepts a proof with hashes left over or missing.
//!
//! What has its place here and is not here yet: signed checkpoints and witnesses (a module beside
//! [`verify_consistency`], over size and root), tiles (complete nodes by the 256), and salted
//! commitments (another kind of leaf bytes, made by the caller).
//!
//! Start reading at [`Frontier`], then [`inclusion_proof`] and [`verify_inclusion`].

mod proof;
mod tree;

pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use tree::{Frontier, Hash, Node, empty_root, frontier_nodes, leaf_hash, node_hash, root_at, root_of};

//! An append-only hash tree over bytes, and what lets outsiders check it without trusting whoever keeps it.
//!
//! # The tree
//!
//! The Merkle tree of RFC 6962 (and of RFC 9162, which defines the same tree), with SHA-256.
//! Whoever holds the 32 bytes of a *root* and the number of leaves can be shown that an entry is in the record
//! (*inclusion proof*) and that a later record only added to an earlier one (*consistency proof*).
//!
//! - *leaf hash*: `SHA-256(0x00 || data)`; *node hash*: `SHA-256(0x01 || left || right)` (RFC 6962, 2.1). The two
//!   prefixes keep a node from being passed off as a leaf.
//! - *size*: number of leaves. *root*: the Merkle Tree Hash of all of them; of none, the SHA-256 of nothing. *head*:
//!   both ([`Head`]).
//! - *complete node* (`level`, `index`): the root of the 2^`level` leaves that begin at `index` * 2^`level`. Level 0 is
//!   the leaf hashes. A complete node never changes once it exists, so a store may keep it; every root, every proof and
//!   every tile is made from complete nodes.
//! - *frontier*: the complete nodes that together make up a tree of some size, largest first: as many as that size has
//!   binary ones. Appending needs nothing else.
//!
//! # The formats
//!
//! Those of the transparency-log community, so that its witnesses, monitors and verifiers work on this record (C2SP,
//! <https://c2sp.org>; the modules name the sections):
//!
//! | what | specification | here |
//! | --- | --- | --- |
//! | text with signature lines; keys | signed-note | [`Note`], [`SignerKey`], [`VerifierKey`] |
//! | the log's signed head | tlog-checkpoint | [`Checkpoint`], [`SignedCheckpoint`] |
//! | a witness's signature on it | tlog-cosignature, Ed25519 | [`SignedCheckpoint::add_cosignatures`] |
//! | the witness | tlog-witness, `add-checkpoint` | [`Witness`], [`AddCheckpoint`] |
//! | the tree as files | tlog-tiles | [`Tile`], [`new_tiles`], [`bundle_bytes`] |
//! | the proof of one entry as a file | tlog-proof | [`ProofFile`] |
//! | who is trusted | tlog-policy | [`Policy`] |
//!
//! Of tlog-cosignature, ML-DSA-44 is not there, nor `sign-subtree` of tlog-witness, which needs it; pruning (tlog-tiles)
//! is not used.
//!
//! Konbit's own, where the specifications leave room: salted commitments ([`commit`]), a new epoch after a loss
//! ([`Epoch`]), an answer of a witness that is carried by hand ([`CarriedAnswer`]), and an entry inside a proof file
//! ([`Disclosure`]).
//!
//! # What signing asks for
//!
//! ```
//! use konbit_record::*;
//! # let entropy = [7; 32];
//! # let (last_signed, proof) = (Head::empty(), vec![]);
//! # let mut frontier = Frontier::new();
//! # frontier.append(leaf_hash(b"an entry"), |_, _| {});
//! let key = SignerKey::generate("mission.example/record", SignatureType::Ed25519, &entropy)?;
//! let head = Head::from(&frontier);
//! may_follow(&last_signed, &head, &proof)?; // never two histories
//! let signed = Checkpoint::new("mission.example/record", head, vec![])?.sign(&key)?;
//! let file = signed.to_string();            // stored outside the database, served at <prefix>/checkpoint
//! # assert_eq!(SignedCheckpoint::parse(file.as_bytes())?, signed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariant: no I/O, no clock, no entropy, no `unsafe`, and no knowledge of what a leaf means: leaves are opaque bytes.
//! Invariant: nothing here accepts a proof with hashes left over or missing.
//! Invariant: what is read back is what was written: every format has one text for one value.
//! Invariant: whatever is read has a limit on its size.
//!
//! Start reading at [`Frontier`], then [`inclusion_proof`] and [`verify_inclusion`], then [`Checkpoint`].

mod carry;
mod checkpoint;
mod commitment;
mod epoch;
mod history;
mod key;
mod note;
mod policy;
mod proof;
mod proof_file;
mod text;
mod tile;
mod tree;
mod witness;

pub use carry::{CarriedAnswer, CarryError, QR_BYTES_MAX, fits_qr};
pub use checkpoint::{Checkpoint, CheckpointError, Head, SignedCheckpoint};
pub use commitment::{commit, opens};
pub use epoch::{Epoch, EpochError, EpochProof, check_epoch, epoch_origin};
pub use history::{Comparison, HistoryRefusal, compare, may_follow};
pub use key::{KEY_NAME_BYTES_MAX, KeyError, KeyId, SignatureType, SignerKey, TIMESTAMP_MAX, VerifierKey};
pub use note::{NOTE_BYTES_MAX, Note, NoteError, NoteSignature, SIGNATURES_MAX, Verified};
pub use policy::{
    Accepted, Cosigner, LineError, POLICY_BYTES_MAX, POLICY_PARTS_MAX, Policy, PolicyError, PolicyLog, PolicyRefusal,
    PolicyWitness,
};
pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use proof_file::{
    Disclosure, INCLUSION_HASHES_MAX, Opening, PROOF_BYTES_MAX, ProofFile, ProofFileError, ProofRefusal, VerifiedEntry,
};
pub use tile::{
    BundleError, ENTRY_BYTES_MAX, TILE_LEVEL_MAX, TILE_WIDTH, Tile, TileKind, bundle_bytes, check_bundle, new_tiles,
    parse_bundle,
};
pub use tree::{Frontier, Hash, Node, empty_root, frontier_nodes, leaf_hash, node_hash, root_at, root_of};
pub use witness::{
    AddCheckpoint, CONSISTENCY_HASHES_MAX, Cosigned, Evidence, RequestError, Witness, WitnessRefusal, WitnessState,
};

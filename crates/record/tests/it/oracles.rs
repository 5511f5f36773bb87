//! The same as other implementations, none of which shares code with this one: `tlog_tiles` and `signed_note` (ported
//! from Go) and `ct-merkle`. `sigsum`, which shows little of itself, is compared in `policies` and `sigsum`.

use crate::support::{Random, Tree, log_key, signed};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use konbit_record::{Checkpoint, Hash, Head, Node, Note, NoteError, SignerKey, Tile, TileKind, VerifierKey, new_tiles};
use konbit_record::{verify_consistency, verify_inclusion};
use sha2::Sha256;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{Hash as GoHash, HashReader, check_record, check_tree, prove_record, prove_tree};

/// The numbers 0, 1, 2 … in eight bytes, so many that the random sizes below have every shape.
const LEAVES: u64 = 1 << 17;

/// The tree as `tlog_tiles` asks for it: by the order in which its nodes are completed.
struct Reader<'a>(&'a Tree);

impl HashReader for Reader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<GoHash>, tlog_tiles::Error> {
        let node = |index: &u64| {
            let (level, index) = tlog_tiles::split_stored_hash_index(*index);
            GoHash(self.0.node(Node { level, index }).unwrap())
        };
        Ok(indexes.iter().map(node).collect())
    }
}

fn go(hashes: &[Hash]) -> Vec<GoHash> {
    hashes.iter().map(|hash| GoHash(*hash)).collect()
}

fn ct_root(head: Head) -> RootHash<Sha256> {
    RootHash::new(head.root.into(), head.size)
}

/// Our verdict on an inclusion proof, which has to be that of the others.
fn included(index: u64, head: Head, proof: &[Hash]) -> bool {
    let data = index.to_be_bytes();
    let leaf = konbit_record::leaf_hash(&data);
    let ours = verify_inclusion(index, head.size, &leaf, proof, &head.root).is_ok();
    let theirs = check_record(&go(proof), head.size, GoHash(head.root), index, GoHash(leaf)).is_ok();
    let ct = InclusionProof::from_bytes(proof.concat());
    let third = ct_root(head).verify_inclusion(&data, index, &ct).is_ok();
    assert!(ours == theirs && ours == third, "{index} in {head:?}: {ours} {theirs} {third}");
    ours
}

/// Our verdict on a consistency proof, which has to be that of the others. They know none from 0 leaves.
fn consistent(old: Head, new: Head, proof: &[Hash]) -> bool {
    let ours = verify_consistency(old.size, new.size, &old.root, &new.root, proof).is_ok();
    let theirs = check_tree(&go(proof), new.size, GoHash(new.root), old.size, GoHash(old.root)).is_ok();
    let third = ConsistencyProof::try_from_bytes(proof.concat())
        .is_ok_and(|ct| ct_root(new).verify_consistency(&ct_root(old), &ct).is_ok());
    assert!(ours == theirs && ours == third, "{old:?} to {new:?}: {ours} {theirs} {third}");
    ours
}

/// One hash changed, left out, put in, or two exchanged.
fn spoiled(proof: &[Hash], random: &mut Random) -> Vec<Hash> {
    let mut proof = proof.to_vec();
    match random.below(4) {
        0 if !proof.is_empty() => {
            let at = random.index(proof.len());
            proof[at][random.index(32)] ^= 1 << random.below(8);
        }
        1 if !proof.is_empty() => {
            proof.remove(random.index(proof.len()));
        }
        2 if proof.len() > 1 => {
            let at = random.index(proof.len() - 1);
            proof.swap(at, at + 1);
        }
        _ => proof.insert(random.index(proof.len() + 1), [random.byte(); 32]),
    }
    proof
}

/// `count` random inclusion proofs and as many consistency proofs.
fn check_proofs(count: usize, seed: u64) {
    let tree = Tree::counted(LEAVES);
    let reader = Reader(&tree);
    let mut random = Random(seed);
    for _ in 0..count {
        // Small sizes as often as large ones.
        let bits = random.below(u64::from(LEAVES.ilog2()) + 1);
        let size = 1 + random.below(1 << bits);
        let (index, from) = (random.below(size), 1 + random.below(size));
        let (head, old) = (tree.head(size), tree.head(from));
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), GoHash(head.root), "root of {size}");

        let proof = tree.inclusion(index, size);
        assert_eq!(prove_record(size, index, &reader).unwrap(), go(&proof), "leaf {index} of {size}, seed {seed}");
        assert!(included(index, head, &proof));
        assert!(!included(index, head, &spoiled(&proof, &mut random)), "leaf {index} of {size}, seed {seed}");

        let proof = tree.consistency(from, size);
        assert_eq!(prove_tree(size, from, &reader).unwrap(), go(&proof), "{from} to {size}, seed {seed}");
        assert!(consistent(old, head, &proof));
        assert!(!consistent(old, head, &spoiled(&proof, &mut random)), "{from} to {size}, seed {seed}");
    }
}

#[test]
fn random_proofs_are_those_of_the_oracles() {
    check_proofs(10_000, 1);
}

#[test]
#[ignore = "a million proofs of each kind take minutes: cargo test -p konbit-record --test it -- --ignored a_million"]
fn a_million_random_proofs_are_those_of_the_oracles() {
    check_proofs(1_000_000, 2);
}

#[test]
fn paths_of_tiles_are_those_of_tlog_tiles() {
    let mut random = Random(3);
    for _ in 0..20_000 {
        let bits = random.below(57);
        let index = random.next() & ((1 << bits) - 1);
        let (level, width) = (u8::try_from(random.below(8)).unwrap(), 1 + random.below(256));
        let tile = Tile::new(TileKind::Hashes(level), index, u16::try_from(width).unwrap()).unwrap();
        // The older form of Go has the height in its paths.
        let go = tlog_tiles::Tile::new(8, level, index, u32::try_from(width).unwrap(), false).path();
        assert_eq!(tile.to_string(), go.replacen("tile/8/", "tile/", 1));
        assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
    }
}

#[test]
fn new_tiles_are_those_of_tlog_tiles() {
    let mut random = Random(4);
    for _ in 0..500 {
        let bits = random.below(24);
        let new = random.next() & ((1 << bits) - 1);
        let old = random.below(new + 1);
        let ours: Vec<_> = new_tiles(old, new).map(|tile| tile.to_string()).collect();
        let theirs = tlog_tiles::Tile::new_tiles(8, old, new);
        let theirs: Vec<_> = theirs.iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect();
        assert_eq!(ours, theirs, "{old} to {new}");
    }
}

#[test]
fn notes_go_to_and_fro_between_this_and_signed_note() {
    let mut random = Random(6);
    for _ in 0..200 {
        let entropy: [u8; 32] = std::array::from_fn(|_| random.byte());
        let key = SignerKey::generate("log.example/x", konbit_record::SignatureType::Ed25519, &entropy).unwrap();
        let theirs = StandardSigner::new(&key.reveal()).unwrap();
        let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
        let text = format!("{}\n\n{}\n", random.next(), random.next());
        let mut by_them = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        by_them.add_sigs(&[&theirs]).unwrap();
        let by_us = Note::new(&text, key.sign(&text).unwrap()).unwrap();
        assert_eq!(by_us.to_string().into_bytes(), by_them.to_bytes());
        let read = signed_note::Note::from_bytes(by_us.to_string().as_bytes()).unwrap();
        assert_eq!(read.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);
    }
}

/// What `signed_note` makes of bytes with one key, in our terms.
fn signed_note_accepts(bytes: &[u8], key: &VerifierKey) -> bool {
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    signed_note::Note::from_bytes(bytes)
        .is_ok_and(|note| note.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok())
}

#[test]
fn changed_notes_are_judged_as_by_signed_note() {
    let key = log_key();
    let note = signed(Tree::counted(5).head(5)).to_string().into_bytes();
    let mut random = Random(7);
    let mut accepted = 0;
    for round in 0..20_000 {
        let mut bytes = note.clone();
        for _ in 0..round % 3 {
            let at = random.index(bytes.len());
            match random.below(3) {
                0 => bytes[at] = b" \n+=A\xe2"[random.index(6)],
                1 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, note[random.index(note.len())]),
            }
        }
        let ours = Note::parse(&bytes).and_then(|note| note.verify([key.verifier()]).map(|_| ()));
        let theirs = signed_note_accepts(&bytes, key.verifier());
        // Only the reason may differ.
        assert_eq!(ours.is_ok(), theirs, "{ours:?} {}", String::from_utf8_lossy(&bytes));
        assert_ne!(ours, Err(NoteError::Count));
        accepted += usize::from(theirs);
    }
    assert!((6_000..7_500).contains(&accepted), "every third is unchanged: {accepted}");
}

#[test]
fn checkpoints_are_read_as_by_tlog_tiles() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let base = format!("log.example/x\n20852163\n{root}\nan extension\n").into_bytes();
    let mut random = Random(8);
    for round in 0..20_000 {
        let mut bytes = base.clone();
        for _ in 0..round % 3 {
            let at = random.index(bytes.len());
            match random.below(3) {
                0 => bytes[at] = b"\n0=A9"[random.index(5)],
                1 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, base[random.index(base.len())]),
            }
        }
        let ours = Checkpoint::parse(std::str::from_utf8(&bytes).unwrap());
        let theirs = tlog_tiles::Checkpoint::from_bytes(&bytes);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours.to_string().as_bytes(), theirs.to_bytes());
                assert_eq!((ours.head().size, GoHash(ours.head().root)), (theirs.size(), *theirs.hash()));
            }
            (Err(_), Err(_)) => {}
            _ => panic!("{ours:?} {} {}", theirs.is_ok(), String::from_utf8_lossy(&bytes)),
        }
    }
}

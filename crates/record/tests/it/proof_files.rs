//! Proof files show that an entry is in the record, and refuse anything else; heads show one history, or two.

use crate::support::{ORIGIN, Tree, log_key, signed, witness_key};
use konbit_record::{
    AddCheckpoint, Checkpoint, Comparison, Disclosure, Epoch, EpochError, EpochProof, Hash, Head, HistoryRefusal,
    Opening, Policy, PolicyRefusal, ProofError, ProofFile, ProofFileError, ProofRefusal, SignedCheckpoint, Tile,
    TileKind, Witness, WitnessState, bundle_bytes, check_bundle, check_epoch, commit, compare, epoch_origin,
    may_follow, new_tiles, parse_bundle,
};

/// Cosigned by witnesses 1 and 2.
pub fn cosigned(head: Head) -> SignedCheckpoint {
    let mut checkpoint = signed(head);
    for number in [1, 2] {
        let mut witness = Witness::new(witness_key(number)).unwrap();
        witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
        let body = AddCheckpoint { old_size: 0, proof: vec![], checkpoint: checkpoint.clone() }.to_string();
        let line = witness.add_checkpoint(&WitnessState::default(), body.as_bytes(), 1_700_000_000).unwrap().body;
        checkpoint.add_cosignatures(line.as_bytes(), &[witness.verifier().clone()]).unwrap();
    }
    checkpoint
}

/// Both witnesses of [`cosigned`] are asked for.
pub fn policy() -> Policy {
    let (log, one, two) = (log_key(), witness_key(1), witness_key(2));
    let text = format!(
        "log {}\nwitness w1 {}\nwitness w2 {}\ngroup both all w1 w2\nquorum both\n",
        log.verifier(),
        one.verifier(),
        two.verifier()
    );
    Policy::parse(text.as_bytes()).unwrap()
}

const BODY: &[u8] = br#"{"site":"port"}"#;
const SALT: [u8; 32] = [42; 32];

/// An entry as a store would write it: the commitment in hexadecimal digits.
fn entry(commitment: &Hash) -> Vec<u8> {
    format!(r#"{{"commitment":"{}","v":2}}"#, hex::encode(commitment)).into_bytes()
}

pub fn commitment_of(entry: &[u8]) -> Option<Hash> {
    let text = std::str::from_utf8(entry).ok()?.strip_prefix(r#"{"commitment":""#)?.strip_suffix(r#"","v":2}"#)?;
    hex::decode(text).ok()?.try_into().ok()
}

/// The entry under number 5 of 12 is [`entry`]; the others are numbers.
pub fn proof(opening: bool) -> ProofFile {
    let entry = entry(&commit(&SALT, BODY));
    let entries = (0..12u64).map(|ix| if ix == 5 { entry.clone() } else { ix.to_be_bytes().to_vec() });
    let tree = Tree::of(entries);
    let opening = opening.then(|| Opening { salt: SALT, body: BODY.to_vec() });
    let extra = Disclosure { entry, opening }.to_bytes();
    ProofFile { extra: Some(extra), index: 5, hashes: tree.inclusion(5, 12), checkpoint: cosigned(tree.head(12)) }
}

#[test]
fn a_proof_shows_its_entry_and_its_body() {
    for opening in [true, false] {
        let file = proof(opening);
        let text = file.to_string();
        assert_eq!(ProofFile::parse(text.as_bytes()).unwrap(), file);
        let (verified, disclosure) = file.check_disclosed(&policy(), commitment_of).unwrap();
        assert_eq!((verified.origin.as_str(), verified.index, verified.head.size), (ORIGIN, 5, 12));
        assert_eq!(verified.accepted.cosigners.len(), 2);
        assert_eq!(disclosure.opening.map(|opening| opening.body), opening.then(|| BODY.to_vec()));
        // The entry may also come from elsewhere.
        assert_eq!(file.check(&policy(), &disclosure.entry).unwrap(), verified);
    }
}

fn check_refusal(change: impl FnOnce(&mut ProofFile), expect: &ProofRefusal) {
    let mut file = proof(true);
    change(&mut file);
    let refusal = file.check_disclosed(&policy(), commitment_of).unwrap_err();
    assert_eq!(&refusal, expect);
    assert!(!refusal.to_string().is_empty());
}

#[test]
fn a_proof_of_anything_else_is_refused() {
    let inclusion = |index, why| ProofRefusal::Inclusion { index, size: 12, why };
    let disclose = |entry: Vec<u8>, body: &[u8]| {
        Some(Disclosure { entry, opening: Some(Opening { salt: SALT, body: body.to_vec() }) }.to_bytes())
    };
    let committed = || entry(&commit(&SALT, BODY));
    check_refusal(|file| file.index = 4, &inclusion(4, ProofError::Root));
    check_refusal(|file| file.index = 12, &inclusion(12, ProofError::Range));
    check_refusal(|file| file.hashes.truncate(2), &inclusion(5, ProofError::Length));
    check_refusal(|file| file.hashes.push([0; 32]), &inclusion(5, ProofError::Length));
    check_refusal(|file| file.extra = disclose(b"another".to_vec(), BODY), &inclusion(5, ProofError::Root));
    check_refusal(|file| file.extra = disclose(committed(), b"another"), &ProofRefusal::Body);
    check_refusal(|file| file.extra = None, &ProofRefusal::File(ProofFileError::NoDisclosure));
    check_refusal(|file| file.extra = Some(vec![1]), &ProofRefusal::File(ProofFileError::NoDisclosure));
    let log_only = || signed(proof(true).checkpoint.head());
    check_refusal(
        |file| file.checkpoint = log_only(),
        &ProofRefusal::Policy(PolicyRefusal::Quorum { asked: "2 of (w1, w2)".to_owned(), cosigned: vec![] }),
    );
    let no_commitment = proof(true).check_disclosed(&policy(), |_| None).unwrap_err();
    assert_eq!(no_commitment, ProofRefusal::NoCommitment);
}

fn check_line(text: &str, line: usize) {
    assert_eq!(ProofFile::parse(text.as_bytes()), Err(ProofFileError::Line(line)), "{text}");
}

#[test]
fn a_proof_file_has_one_form() {
    let good = ProofFile { extra: None, ..proof(true) }.to_string();
    assert!(ProofFile::parse(good.as_bytes()).is_ok());
    check_line("", 1);
    check_line(&good.replace("proof@v1", "proof@v2"), 1);
    check_line(&good.replace("index 5", "index 05"), 2);
    check_line(&good.replace("index 5", "index  5"), 2);
    check_line(&good.replace("index 5\n", ""), 2);
    check_line(&good.replace("index 5", "extra AB==\nindex 5"), 2);
    check_line(&good.replace("index 5", "extra AA==\nextra AA==\nindex 5"), 3);
    check_line(&good.replace("index 5", "index 5\nAAAA"), 3);
    check_line(&good.replace("index 5", &format!("index 5{}", format!("\n{}=", "A".repeat(43)).repeat(64))), 67);
    let empty_extra = good.replace("index 5", "extra \nindex 5");
    assert_eq!(ProofFile::parse(empty_extra.as_bytes()).unwrap().to_string(), empty_extra);
}

#[test]
fn a_body_never_shows_in_debug_output() {
    let file = proof(true);
    let (_, disclosure) = file.check_disclosed(&policy(), commitment_of).unwrap();
    let shown = format!("{:?}", disclosure.opening);
    assert_eq!(shown, "Some(Opening of 15 bytes)");
}

#[test]
fn commitments_bind_salt_body_and_length() {
    let base = commit(&SALT, b"ab");
    for (salt, body) in [([43; 32], &b"ab"[..]), (SALT, b"abc"), (SALT, b"a"), (SALT, b""), (SALT, b"ac")] {
        assert_ne!(commit(&salt, body), base);
    }
    assert!(konbit_record::opens(&base, &SALT, b"ab"));
}

#[test]
fn a_log_signs_only_what_goes_on_from_what_it_signed() {
    let tree = Tree::counted(20);
    for (from, to) in [(0, 0), (0, 5), (5, 5), (5, 6), (8, 20)] {
        assert_eq!(may_follow(&tree.head(from), &tree.head(to), &tree.consistency(from, to)), Ok(()));
    }
    let older = may_follow(&tree.head(9), &tree.head(8), &[]);
    assert_eq!(older, Err(HistoryRefusal::Older { signed: 9, now: 8 }));
    // Restored to 8 entries and gone on differently: larger than what was signed, and not the same history.
    let other = Tree::of((0..20u64).map(|ix| (ix + u64::from(ix >= 8)).to_be_bytes()));
    for proof in [tree.consistency(9, 20), other.consistency(9, 20), vec![]] {
        let forked = may_follow(&tree.head(9), &other.head(20), &proof);
        assert!(matches!(forked, Err(HistoryRefusal::Forked { signed: 9, .. })), "{forked:?}");
    }
    let same_size = may_follow(&tree.head(9), &other.head(9), &[]);
    assert_eq!(same_size, Err(HistoryRefusal::Forked { signed: 9, why: ProofError::Root }));
}

#[test]
fn two_heads_are_compared_in_either_order() {
    let tree = Tree::counted(20);
    let (a, b) = (tree.head(7), tree.head(20));
    let proof = tree.consistency(7, 20);
    assert_eq!(compare(&a, &a, None), Comparison::Same);
    assert_eq!(compare(&a, &b, Some(&proof)), Comparison::Consistent);
    assert_eq!(compare(&b, &a, Some(&proof)), Comparison::Consistent);
    assert_eq!(compare(&b, &a, None), Comparison::Unproven(None));
    assert_eq!(compare(&b, &a, Some(&[])), Comparison::Unproven(Some(ProofError::Length)));
    assert_eq!(compare(&a, &Head { size: 7, root: [1; 32] }, Some(&proof)), Comparison::Forked);
}

#[test]
fn a_new_epoch_cites_the_head_where_the_old_log_ended() {
    let old = Tree::counted(20);
    // Restored to the first 13 entries, then the entry that cites the old head, then others.
    let new = Tree::of((0..13u64).chain(100..120).map(u64::to_be_bytes));
    let epoch = Epoch::new(2, 13, ORIGIN, old.head(20)).unwrap();
    let origin = epoch_origin(ORIGIN, 2);
    assert_eq!(origin, "mission.example/record/epoch-2");
    let checkpoint = Checkpoint::new(&origin, new.head(33), vec![epoch.to_string()]).unwrap();
    let read = Checkpoint::parse(&checkpoint.to_string()).unwrap();
    assert_eq!(Epoch::of(&read), Ok(Some(epoch.clone())));
    assert_eq!(Epoch::of(&Checkpoint::new(ORIGIN, old.head(20), vec!["other".to_owned()]).unwrap()), Ok(None));
    let (to_old, to_new) = (old.consistency(13, 20), new.consistency(13, 33));
    let root = old.head(13).root;
    let proof = EpochProof { kept_root: &root, to_old: &to_old, to_new: &to_new };
    assert_eq!(check_epoch(&epoch, &new.head(33), proof), Ok(()));
    let claims_more = Epoch::new(2, 14, ORIGIN, old.head(20)).unwrap();
    let (to_old, root) = (old.consistency(14, 20), old.head(14).root);
    let to_new = new.consistency(14, 33);
    let proof = EpochProof { kept_root: &root, to_old: &to_old, to_new: &to_new };
    assert_eq!(check_epoch(&claims_more, &new.head(33), proof), Err(ProofError::Root));
}

#[test]
fn an_epoch_line_has_one_form() {
    let old = Tree::counted(20).head(20);
    let check = |lines: &[String], expect: Result<Option<u64>, EpochError>| {
        let checkpoint = Checkpoint::new("o", old, lines.to_vec()).unwrap();
        assert_eq!(Epoch::of(&checkpoint).map(|epoch| epoch.map(|epoch| epoch.number())), expect, "{lines:?}");
    };
    let line = Epoch::new(3, 0, "go.sum database tree", old).unwrap().to_string();
    check(std::slice::from_ref(&line), Ok(Some(3)));
    check(&[line.clone(), line.clone()], Err(EpochError::Twice));
    check(&[line.replace("epoch 3", "epoch 03")], Err(EpochError::Form));
    check(&[line.replace("epoch 3 0 20", "epoch 3 0")], Err(EpochError::Form));
    check(&[line.replace("epoch 3", "epoch 1")], Err(EpochError::Range { number: 1, kept: 0, size: 20 }));
    check(&[line.replace("epoch 3 0", "epoch 3 21")], Err(EpochError::Range { number: 3, kept: 21, size: 20 }));
    check(&["epoch ".to_owned()], Err(EpochError::Form));
}

#[test]
fn every_node_and_entry_can_be_had_from_the_tiles() {
    for size in [1, 2, 255, 256, 257, 600, 70_000] {
        let tree = Tree::counted(size);
        let mut files: std::collections::BTreeMap<String, Vec<u8>> = std::collections::BTreeMap::new();
        for tile in new_tiles(0, size) {
            files.insert(tile.to_string(), tile.bytes(|node| tree.node(node)).unwrap());
        }
        let from_files = |node| {
            let tile = Tile::holding(node, size).ok_or("not in the tree")?;
            let bytes = files.get(&tile.to_string()).ok_or("no such tile")?;
            tile.hash_of(node, bytes).ok_or("not in the tile")
        };
        assert_eq!(konbit_record::root_at(size, from_files), Ok(tree.head(size).root));
        for index in [0, size / 3, size - 1] {
            assert_eq!(konbit_record::inclusion_proof(index, size, from_files), Ok(tree.inclusion(index, size)));
            let proof = konbit_record::consistency_proof(index + 1, size, from_files);
            assert_eq!(proof, Ok(tree.consistency(index + 1, size)));
        }
        assert!(Tile::holding(konbit_record::Node { level: 0, index: size }, size).is_none());
        assert!(Tile::holding(konbit_record::Node { level: 64, index: 0 }, size).is_none());
    }
}

#[test]
fn a_grown_log_writes_just_the_tiles_that_are_new() {
    for (old, new) in [(0, 1), (1, 1), (1, 2), (255, 256), (256, 257), (300, 70_000), (65_535, 65_536)] {
        let all: Vec<_> = new_tiles(0, new).collect();
        let before: Vec<_> = new_tiles(0, old).collect();
        let grown: Vec<_> = new_tiles(old, new).collect();
        let expect: Vec<_> = all.into_iter().filter(|tile| !before.contains(tile)).collect();
        assert_eq!(grown, expect, "{old} to {new}");
    }
}

#[test]
fn a_bundle_holds_the_entries_of_its_tile() {
    let tree = Tree::counted(300);
    let tile = Tile::new(TileKind::Hashes(0), 1, 44).unwrap();
    let entries: Vec<_> = (256..300u64).map(u64::to_be_bytes).collect();
    let bytes = bundle_bytes(entries.iter().map(<[u8; 8]>::as_slice)).unwrap();
    assert_eq!(bytes[..10], [0, 8, 0, 0, 0, 0, 0, 0, 1, 0]);
    let mut read = parse_bundle(&bytes).unwrap();
    let hashes = tile.bytes(|node| tree.node(node)).unwrap();
    assert_eq!(check_bundle(&read, &hashes), Ok(()));
    read[7] = b"another";
    assert_eq!(check_bundle(&read, &hashes), Err(konbit_record::BundleError::Leaf(7)));
    assert_eq!(check_bundle(&read[1..], &hashes), Err(konbit_record::BundleError::Count(43)));
}

#[test]
fn a_bundle_has_limits() {
    use konbit_record::BundleError::{Count, Cut, Long};
    let long = vec![0; 65_536];
    assert_eq!(bundle_bytes([&long[1..], &long[..]]), Err(Long { ix: 1, bytes: 65_536 }));
    assert_eq!(bundle_bytes([]), Err(Count(0)));
    assert_eq!(bundle_bytes(std::iter::repeat_n(&b""[..], 257)), Err(Count(257)));
    for (bytes, expect) in [(vec![], Count(0)), (vec![0], Cut(0)), (vec![0, 1], Cut(0)), (vec![0, 0, 1], Cut(1))] {
        assert_eq!(parse_bundle(&bytes), Err(expect));
    }
    assert_eq!(parse_bundle(&[0; 2 * 257]), Err(Count(257)));
    assert_eq!(parse_bundle(&[0; 2 * 256]).unwrap().len(), 256);
}

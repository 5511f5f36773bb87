//! Whoever reads the heads that several parties hold sees whether they are of one history.

use crate::support::{History, ORIGIN, Server, clock, log_key, serving};
use konbit_record::{SignatureType, SignedCheckpoint, SignerKey, Witness, WitnessState};
use konbit_witness::{EvidenceKind, Hashes, Mirror, compare, heads_in};
use std::fs;

/// One history, and one that departs from it at entry 10.
fn two() -> [History; 2] {
    [History::of(60, None), History::of(60, Some(10))]
}

/// Compares heads, each named by its history (0 or 1) and size, where a log shows the first history up to `shown`
/// entries, and expects these contradictions (as kinds and sizes) and open sizes.
fn check(heads: &[(usize, u64)], shown: Option<u64>, contradictions: &[(EvidenceKind, u64, u64)], open: &[u64]) {
    let histories = two();
    let heads: Vec<SignedCheckpoint> = heads.iter().map(|(side, size)| histories[*side].signed(*size)).collect();
    let log = shown.map(|size| Server::log(&serving(size)));
    let hashes: Vec<Hashes> = log.iter().map(|log| Hashes::At(log.url())).collect();
    let compared = compare(&heads, &hashes);
    let size = |ix: usize| heads[ix].head().size;
    let found: Vec<_> =
        compared.contradictions.iter().map(|it| (it.kind, it.first.map_or(0, size), size(it.second))).collect();
    assert_eq!(found, contradictions, "{heads:?}");
    assert_eq!(compared.open.iter().map(|ix| size(*ix)).collect::<Vec<_>>(), open, "{heads:?}");
}

#[test]
fn heads_of_one_history_agree_and_of_two_contradict_each_other() {
    use EvidenceKind::{TwoHistories, TwoRoots};
    check(&[(0, 30)], None, &[], &[]);
    check(&[(0, 30), (0, 30)], None, &[], &[]);
    check(&[(0, 30), (0, 20), (0, 0)], Some(30), &[], &[]);
    // At one size, two roots are enough; no hashes are needed.
    check(&[(0, 30), (1, 30)], None, &[(TwoRoots, 30, 30)], &[]);
    // Up to entry 10 there is one history.
    check(&[(0, 30), (1, 10)], Some(30), &[], &[]);
    check(&[(0, 30), (1, 11)], Some(30), &[(TwoHistories, 11, 30)], &[]);
    check(&[(1, 20), (0, 30), (0, 35)], Some(35), &[(TwoHistories, 20, 35)], &[]);
    // A larger head whose hashes nobody serves, or no hashes at all: open, and said so.
    check(&[(0, 30), (1, 40)], Some(30), &[], &[30, 40]);
    check(&[(0, 30), (1, 40), (0, 50)], Some(50), &[(TwoHistories, 40, 50)], &[]);
    check(&[(0, 30), (0, 20)], None, &[], &[20, 30]);
}

/// Under 2 of 3, with the second witness dishonest, both histories have a quorum; the heads that the honest first and
/// third cosigned contradict each other, and show who cosigned which.
#[test]
fn a_split_that_two_of_three_let_pass_is_seen_by_whoever_reads_all_their_heads() {
    let histories = two();
    let cosigned = |side: usize, size: u64, number: u8| {
        let name = format!("witness-{number}.example");
        let key = SignerKey::generate(&name, SignatureType::CosignatureV1, &[100 + number; 32]).unwrap();
        let verifier = key.verifier().clone();
        let mut witness = Witness::new(key).unwrap();
        witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
        let request = histories[side].request(0, size).to_string();
        let now = clock().as_second().unsigned_abs();
        let answer = witness.add_checkpoint(&WitnessState::default(), request.as_bytes(), now).unwrap();
        let mut head = histories[side].signed(size);
        head.add_cosignatures(answer.body.as_bytes(), &[verifier]).unwrap();
        head
    };
    let heads = [cosigned(0, 40, 1), cosigned(0, 40, 2), cosigned(1, 25, 2), cosigned(1, 25, 3)];
    let server = Server::log(&serving(40));
    let compared = compare(&heads, &[Hashes::At(server.url())]);
    assert_eq!(compared.open, [] as [usize; 0]);
    let [contradiction] = compared.contradictions.as_slice() else { panic!("{compared:?}") };
    let dir = tempfile::tempdir().unwrap();
    let folder = contradiction.keep(&heads, log_key().verifier(), dir.path(), clock()).unwrap().unwrap();
    let kept = heads_in(&folder).unwrap();
    let names: Vec<_> = kept.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["first.txt", "second.txt"]);
    let text = |ix: usize| String::from_utf8(kept[ix].1.clone()).unwrap();
    assert!(text(0).contains("witness-2.example") && text(1).contains("witness-1.example"), "{kept:?}");
}

#[test]
fn the_directory_of_a_mirror_is_compared_without_a_network() {
    let (log, dir) = (serving(50), tempfile::tempdir().unwrap());
    let server = Server::log(&log);
    let vkey = log_key().verifier().to_string();
    let mirror = Mirror::open(dir.path(), &server.url(), Some(&vkey)).unwrap();
    mirror.update(clock(), &mut |_| {}).unwrap();
    drop(server);
    let [one, other] = two();
    let mirrored = heads_in(dir.path()).unwrap();
    assert_eq!(mirrored.len(), 1, "what it has seen is its checkpoint");
    let held = SignedCheckpoint::parse(&mirrored[0].1).unwrap();
    let hashes = [Hashes::In(dir.path().to_owned())];
    assert_eq!(compare(&[held.clone(), one.signed(33)], &hashes), konbit_witness::Compared::default());
    assert_eq!(compare(&[held.clone(), other.signed(33)], &hashes).contradictions.len(), 1);
    // A tile that was changed is not believed: nothing is shown, and that is said.
    let tile = dir.path().join("tile/0/000.p/50");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[7] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let compared = compare(&[held, other.signed(33)], &hashes);
    assert_eq!((compared.contradictions.len(), compared.open.len()), (0, 2));
}

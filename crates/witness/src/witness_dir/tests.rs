use super::*;
use crate::files::fault;
use konbit_record::{Checkpoint, Frontier, Head, consistency_proof, leaf_hash, node_hash};
use std::convert::Infallible;

const ORIGIN: &str = "mission.example/record";

fn now(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn log_key() -> SignerKey {
    SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[1; 32]).unwrap()
}

/// The first `size` entries of a history: the numbers from 0, and from `fork` on others.
fn leaf(fork: u64, ix: u64) -> Hash {
    leaf_hash(format!("{ix}{}", if ix >= fork { " forked" } else { "" }).as_bytes())
}

fn head(fork: u64, size: u64) -> Head {
    let mut frontier = Frontier::new();
    (0..size).for_each(|ix| frontier.append(leaf(fork, ix), |_, _| {}));
    Head::from(&frontier)
}

fn root(fork: u64, start: u64, count: u64) -> Hash {
    match count {
        1 => leaf(fork, start),
        _ => node_hash(&root(fork, start, count / 2), &root(fork, start + count / 2, count / 2)),
    }
}

fn request(fork: u64, old_size: u64, size: u64) -> Vec<u8> {
    let node = |node: konbit_record::Node| Ok::<_, Infallible>(root(fork, node.index << node.level, 1 << node.level));
    let proof = consistency_proof(old_size.min(size), size, node).unwrap();
    let checkpoint = Checkpoint::new(ORIGIN, head(fork, size), vec![]).unwrap().sign(&log_key()).unwrap();
    AddCheckpoint { old_size, proof, checkpoint }.to_string().into_bytes()
}

/// No fork.
const HONEST: u64 = u64::MAX;

fn made(dir: &Path) -> VerifierKey {
    let key = WitnessDir::init(dir, "witness.example", &[9; 32]).unwrap();
    WitnessDir::add_log(dir, &log_key().verifier().to_string()).unwrap();
    key
}

fn refusal(result: Result<Cosigned, NotCosigned>) -> WitnessRefusal {
    match result {
        Err(NotCosigned::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_cosigned_is_remembered_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let key = made(dir.path());
    let witness = WitnessDir::open(dir.path()).unwrap();
    assert_eq!((witness.verifier(), witness.listen()), (&key, LISTEN));
    assert_eq!(witness.logs()[0].latest, None);
    witness.answer(&request(HONEST, 0, 5), now(100)).unwrap();
    drop(witness);
    let witness = WitnessDir::open(dir.path()).unwrap();
    let (latest, time) = witness.logs().remove(0).latest.unwrap();
    assert_eq!((latest.head(), time), (head(HONEST, 5), 100));
    assert_eq!(refusal(witness.answer(&request(HONEST, 0, 9), now(101))), WitnessRefusal::Conflict { latest: 5 });
    witness.answer(&request(HONEST, 5, 9), now(101)).unwrap();
    assert_eq!(witness.evidence().unwrap(), []);
}

#[test]
fn a_directory_has_one_witness_one_key_and_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    assert!(matches!(WitnessDir::open(path), Err(WitnessError::None(_))));
    assert!(matches!(WitnessDir::init(path, "a b", &[9; 32]), Err(WitnessError::Key { .. })));
    made(path);
    assert!(matches!(WitnessDir::init(path, "other.example", &[8; 32]), Err(WitnessError::Exists(_))));
    let held = WitnessDir::open(path).unwrap();
    for error in [
        WitnessDir::open(path).unwrap_err(),
        WitnessDir::init(path, "other.example", &[8; 32]).unwrap_err(),
        WitnessDir::add_log(path, &log_key().verifier().to_string()).unwrap_err(),
    ] {
        assert!(matches!(error, WitnessError::InUse(_)), "{error}");
    }
    drop(held);
    // Known already; a key of another kind; not a key.
    assert!(!WitnessDir::add_log(path, &log_key().verifier().to_string()).unwrap().1);
    let own = WitnessDir::open(path).unwrap().verifier().to_string();
    for vkey in [own.as_str(), "mission.example/record"] {
        assert!(matches!(WitnessDir::add_log(path, vkey), Err(WitnessError::Key { .. })), "{vkey}");
    }
}

#[test]
fn the_list_of_logs_keeps_its_comments_and_says_which_word_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let path = dir.path().join(CONFIG);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# Witness witness.example+"), "{text}");
    let second = SignerKey::generate("other.example/a\"b", SignatureType::Ed25519, &[2; 32]).unwrap();
    assert!(WitnessDir::add_log(dir.path(), &second.verifier().to_string()).unwrap().1);
    assert_eq!(WitnessDir::open(dir.path()).unwrap().logs().len(), 2);
    fs::write(&path, text + "\nlogs = 3\n").unwrap();
    let error = WitnessDir::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("witness.toml cannot be read") && error.contains("logs"), "{error}");
}

#[test]
fn a_stored_head_that_this_witness_did_not_cosign_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    WitnessDir::open(dir.path()).unwrap().answer(&request(HONEST, 0, 5), now(100)).unwrap();
    let path = dir.path().join("logs").join(log_id(ORIGIN));
    let good = fs::read_to_string(&path).unwrap();
    let uncosigned = Checkpoint::new(ORIGIN, head(HONEST, 3), vec![]).unwrap().sign(&log_key()).unwrap().to_string();
    for bad in [uncosigned, good.replacen("\n5\n", "\n4\n", 1), good[..good.len() - 1].to_owned(), String::new()] {
        fs::write(&path, bad).unwrap();
        let error = WitnessDir::open(dir.path()).unwrap_err();
        assert!(matches!(error, WitnessError::State { .. }), "{error}");
    }
    fs::write(&path, good).unwrap();
    WitnessDir::open(dir.path()).unwrap();
}

#[test]
fn evidence_is_kept_once_and_is_readable_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let witness = WitnessDir::open(dir.path()).unwrap();
    witness.answer(&request(HONEST, 0, 5), now(100)).unwrap();
    // Two roots for five entries, once with the right old size, once with another.
    assert_eq!(refusal(witness.answer(&request(2, 5, 5), now(101))).status(), 409);
    assert_eq!(refusal(witness.answer(&request(2, 0, 5), now(102))), WitnessRefusal::Conflict { latest: 5 });
    // A longer history that does not begin with the five.
    assert_eq!(refusal(witness.answer(&request(2, 5, 9), now(103))).status(), 422);
    assert_eq!(refusal(witness.answer(&request(2, 5, 9), now(104))).status(), 422);
    let found: Vec<_> = witness.evidence().unwrap().into_iter().map(|piece| (piece.kind, piece.sizes)).collect();
    assert_eq!(found, [(EvidenceKind::TwoRoots, (Some(5), 5)), (EvidenceKind::Unproven, (Some(5), 9))]);
    let piece = &witness.evidence().unwrap()[0];
    let note = |file| SignedCheckpoint::parse(&witness.evidence_file(&piece.name, file).unwrap().unwrap()).unwrap();
    let (first, second) = (note("first.txt"), note("second.txt"));
    let by_log = [log_key().verifier().clone()];
    assert!(first.verify(&by_log).is_ok() && second.verify(&by_log).is_ok());
    assert!(first.head().size == second.head().size && first.head().root != second.head().root);
    let about = String::from_utf8(witness.evidence_file(&piece.name, "about.txt").unwrap().unwrap()).unwrap();
    assert!(about.contains("two different roots") && about.contains("1970-01-01T00:01:41Z"), "{about}");
    // Nothing else is given out.
    for (name, file) in
        [("..", "about.txt"), (piece.name.as_str(), "../../witness.key"), ("", "about.txt"), ("x", "about.txt")]
    {
        assert_eq!(witness.evidence_file(name, file).unwrap(), None, "{name} {file}");
    }
}

#[test]
fn a_clock_before_1970_is_told_and_nothing_is_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let witness = WitnessDir::open(dir.path()).unwrap();
    for second in [0, -5] {
        let error = witness.answer(&request(HONEST, 0, 5), now(second)).unwrap_err();
        assert!(error.to_string().contains("before 1970"), "{error}");
    }
    assert_eq!(witness.logs()[0].latest, None);
}

/// All cosignatures that left the witness, in any of its lives, agree with one history.
#[test]
fn whichever_write_fails_no_two_heads_that_contradict_each_other_are_cosigned() {
    // Create, write, sync, rename, sync of the folder: each fails in turn, on the first, second and third head; then
    // the witness goes on, and is started again with what is on the disk. Both histories are tried, in both orders.
    for failing in 0..3 {
        for step in 0..5 {
            for forked_first in [false, true] {
                let dir = tempfile::tempdir().unwrap();
                made(dir.path());
                let mut out: Vec<(u64, Hash)> = Vec::new();
                let mut witness = WitnessDir::open(dir.path()).unwrap();
                for round in 0..4u64 {
                    let size = 3 + round * 2;
                    let order = if forked_first { [2, HONEST] } else { [HONEST, 2] };
                    for (turn, fork) in order.into_iter().enumerate() {
                        let latest = witness.logs()[0].latest.as_ref().map_or(0, |(latest, _)| latest.head().size);
                        fault::after((round == failing && turn == 0).then_some(step));
                        let answer = witness.answer(&request(fork, latest, size), now(100));
                        fault::after(None);
                        match answer {
                            Ok(_) => out.push((fork, head(fork, size).root)),
                            Err(NotCosigned::Broken(why)) => {
                                assert!(why.contains("has stopped cosigning"), "{why}");
                                assert!(witness.logs()[0].stopped.is_some());
                                // It stays so until it is started again.
                                let again = witness.answer(&request(fork, latest, size), now(100));
                                assert!(matches!(again, Err(NotCosigned::Broken(_))));
                                drop(witness);
                                witness = WitnessDir::open(dir.path()).unwrap();
                            }
                            Err(NotCosigned::Refused(_)) => {}
                        }
                    }
                }
                let first = out[0].0;
                assert!(out.iter().all(|(fork, _)| *fork == first), "{failing} {step} {forked_first}: {out:?}");
                assert!(out.len() >= 3, "{failing} {step}: {out:?}");
            }
        }
    }
}

#[test]
fn of_many_requests_at_once_only_one_history_is_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let witness = WitnessDir::open(dir.path()).unwrap();
    let requests: Vec<(u64, Vec<u8>)> =
        (0..4).flat_map(|ix| [HONEST, 1].map(|fork| (fork, request(fork, 0, 4 + ix)))).collect();
    let agreed: Vec<u64> = std::thread::scope(|scope| {
        let ask = |(fork, body): &(u64, Vec<u8>)| witness.answer(body, now(100)).ok().map(|_| *fork);
        let threads: Vec<_> = requests.iter().map(|request| scope.spawn(move || ask(request))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    // All begin from nothing, so just one can be first.
    assert_eq!(agreed.len(), 1, "{agreed:?}");
}

#[test]
fn a_carried_request_that_comes_twice_is_answered_twice_and_a_fork_is_not() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let witness = WitnessDir::open(dir.path()).unwrap();
    let carried = |body: &[u8]| witness.answer_carried(body, now(100)).unwrap();
    for _ in 0..2 {
        let CarriedAnswer::Cosigned(checkpoint) = carried(&request(HONEST, 0, 5)) else { panic!("not cosigned") };
        assert_eq!(checkpoint.head(), head(HONEST, 5));
    }
    let refused = |body: &[u8]| match carried(body) {
        CarriedAnswer::Refused { status, latest, .. } => (status, latest),
        CarriedAnswer::Cosigned(_) => panic!("cosigned"),
    };
    assert_eq!(refused(&request(2, 0, 5)), (409, None));
    assert_eq!(refused(&request(HONEST, 0, 9)), (409, Some(5)));
    assert_eq!(refused(b"old 0\n"), (400, None));
}

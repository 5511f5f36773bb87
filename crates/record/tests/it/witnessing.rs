//! A witness answers as tlog-witness says, and what it answers can be carried by hand.

use crate::support::{ORIGIN, Tree, log_key, signed, witness_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use konbit_record::{
    AddCheckpoint, CarriedAnswer, CarryError, Checkpoint, Head, KeyError, NoteError, QR_BYTES_MAX, SignatureType,
    SignedCheckpoint, SignerKey, VerifierKey, Witness, WitnessRefusal, WitnessState, fits_qr,
};

const NOW: u64 = 1_700_000_000;

fn witness() -> Witness {
    let mut witness = Witness::new(witness_key(1)).unwrap();
    witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
    witness
}

/// A witness that cosigned the first `latest` entries of `tree`, 0 for none yet.
fn state(tree: &Tree, latest: u64) -> WitnessState {
    let mut state = WitnessState::default();
    if latest > 0 {
        let body = request(0, vec![], &signed(tree.head(latest)));
        state.set(witness().add_checkpoint(&state, body.as_bytes(), NOW).unwrap().store);
    }
    state
}

fn request(old_size: u64, proof: Vec<[u8; 32]>, checkpoint: &SignedCheckpoint) -> String {
    AddCheckpoint { old_size, proof, checkpoint: checkpoint.clone() }.to_string()
}

/// Status, type and body of the answer to a witness that cosigned `latest` entries of the counted tree of 20.
fn check(latest: u64, body: &str, status: u16, kind: &str, answer: &str) {
    let result = witness().add_checkpoint(&state(&Tree::counted(20), latest), body.as_bytes(), NOW);
    let refusal = result.expect_err(body);
    assert_eq!((refusal.status(), refusal.content_type()), (status, kind), "{refusal}");
    assert!(refusal.body().starts_with(answer) && refusal.body().ends_with('\n'), "{}", refusal.body());
}

const PLAIN: &str = "text/plain; charset=utf-8";
const SIZE: &str = "text/x.tlog.size";

#[test]
fn a_checkpoint_that_extends_the_last_is_cosigned_and_stored() {
    let tree = Tree::counted(20);
    for (latest, next) in [(0, 0), (0, 1), (0, 7), (7, 7), (7, 8), (7, 20), (8, 16), (16, 20), (20, 20)] {
        let before = state(&tree, latest);
        let checkpoint = signed(tree.head(next));
        let body = request(latest, tree.consistency(latest, next), &checkpoint);
        let cosigned = witness().add_checkpoint(&before, body.as_bytes(), NOW).unwrap();
        let keys = [log_key().verifier().clone(), witness_key(1).verifier().clone()];
        let by: Vec<_> = cosigned.store.verify(&keys).unwrap().iter().map(|by| by.time).collect();
        assert_eq!(by, [None, Some(NOW)], "{latest} to {next}");
        assert_eq!(cosigned.store.head(), tree.head(next));
        // The log takes the line over from the answer.
        let mut log_view = checkpoint.clone();
        log_view.add_cosignatures(cosigned.body.as_bytes(), &keys[1..]).unwrap();
        assert_eq!(log_view, cosigned.store);
        let stored = cosigned.store.to_string();
        assert_eq!(SignedCheckpoint::parse(stored.as_bytes()).unwrap(), cosigned.store);
    }
}

#[test]
fn every_refusal_has_the_status_of_the_specification() {
    let tree = Tree::counted(20);
    let to = |next: u64| signed(tree.head(next));
    let good = request(7, tree.consistency(7, 20), &to(20));
    check(7, "", 400, PLAIN, "the request does not begin");
    check(7, &good.replacen("old 7", "old 07", 1), 400, PLAIN, "the request does not begin");
    check(7, &good.replacen("old 7", "old  7", 1), 400, PLAIN, "the request does not begin");
    check(7, &good.replacen("old 7\n", "old 7\nAAAA\n", 1), 400, PLAIN, "proof line 1");
    check(7, &good.replacen('\n', "\r\n", 1), 400, PLAIN, "the note is not plain text");
    check(7, &request(7, vec![[0; 32]; 64], &to(20)), 400, PLAIN, "the request has more than 63");
    check(7, &good.replacen("\n20\n", "\n020\n", 1), 400, PLAIN, "the request has no readable checkpoint");
    check(7, &request(9, vec![], &to(8)), 400, PLAIN, "the old size 9");
    // Another log, and one whose checkpoint only says that it is this one.
    let other = |name: &str, origin: &str| {
        let key = SignerKey::generate(name, SignatureType::Ed25519, &[77; 32]).unwrap();
        let text = Checkpoint::new(origin, tree.head(20), vec![]).unwrap().to_string();
        let note = konbit_record::Note::new(&text, key.sign(&text).unwrap()).unwrap();
        format!("old 7\n\n{note}")
    };
    check(7, &other("other.example", "other.example"), 404, PLAIN, "this witness does not know the log");
    check(7, &other("other.example", ORIGIN), 403, PLAIN, "the checkpoint of mission.example/record is not signed");
    check(7, &other(ORIGIN, ORIGIN), 403, PLAIN, "the checkpoint of mission.example/record is not signed");
    check(7, &good.replacen("\n20\n", "\n19\n", 1), 403, PLAIN, "the checkpoint of mission.example/record is not");
    check(7, &request(0, vec![], &to(20)), 409, SIZE, "7\n");
    check(7, &request(8, tree.consistency(8, 20), &to(20)), 409, SIZE, "7\n");
    check(0, &request(8, tree.consistency(8, 20), &to(20)), 409, SIZE, "0\n");
    let forked = signed(Head { size: 7, root: [9; 32] });
    check(7, &request(7, vec![], &forked), 409, PLAIN, "this witness cosigned another root for size 7");
    check(7, &request(7, vec![], &to(20)), 422, PLAIN, "the consistency proof does not hold");
    check(7, &request(7, tree.consistency(8, 20), &to(20)), 422, PLAIN, "the consistency proof does not hold");
    check(7, &request(7, vec![[0; 32]], &to(7)), 422, PLAIN, "the consistency proof does not hold");
    check(0, &request(0, vec![[0; 32]], &to(7)), 422, PLAIN, "the consistency proof does not hold");
}

#[test]
fn an_empty_tree_with_another_root_is_422() {
    let text = format!("{ORIGIN}\n0\n{}=\n", "A".repeat(43));
    let note = konbit_record::Note::new(&text, log_key().sign(&text).unwrap()).unwrap();
    check(0, &format!("old 0\n\n{note}"), 422, PLAIN, "the consistency proof does not hold");
}

#[test]
fn one_bad_line_of_a_known_key_spoils_a_request() {
    // Editor's draft of tlog-witness: 403 also if another line of the same key holds.
    let tree = Tree::counted(20);
    let good = signed(tree.head(8)).to_string();
    let bad = signed(tree.head(9)).to_string();
    let line = bad.lines().last().unwrap();
    check(0, &format!("old 0\n\n{good}{line}\n"), 403, PLAIN, "the checkpoint of");
}

#[test]
fn a_split_view_is_refused_with_the_evidence() {
    let (one, two) = (Tree::counted(20), Tree::of((1..21u64).map(u64::to_be_bytes)));
    let before = state(&one, 7);
    let body = request(7, two.consistency(7, 20), &signed(two.head(20)));
    let refusal = witness().add_checkpoint(&before, body.as_bytes(), NOW).unwrap_err();
    let WitnessRefusal::Inconsistent { evidence, .. } = refusal else { panic!("{refusal}") };
    assert_eq!(evidence.cosigned.unwrap().head(), one.head(7));
    assert_eq!(evidence.submitted.head(), two.head(20));
}

#[test]
fn lines_of_unknown_keys_are_neither_stored_nor_taken_over() {
    let tree = Tree::counted(20);
    let mut checkpoint = signed(tree.head(8));
    let stranger = Witness::new(witness_key(2)).unwrap();
    let mut knows = Witness::new(witness_key(2)).unwrap();
    knows.trust(ORIGIN, log_key().verifier().clone()).unwrap();
    let by_stranger =
        knows.add_checkpoint(&WitnessState::default(), request(0, vec![], &checkpoint).as_bytes(), NOW).unwrap().body;
    let known = [witness_key(1).verifier().clone()];
    let before = checkpoint.clone();
    assert_eq!(checkpoint.add_cosignatures(by_stranger.as_bytes(), &known), Err(NoteError::Unsigned));
    assert_eq!(checkpoint, before);
    checkpoint.add_cosignatures(by_stranger.as_bytes(), &[stranger.verifier().clone()]).unwrap();
    assert_eq!(checkpoint.note().signatures().len(), 2);
    let body = request(0, vec![], &checkpoint);
    let cosigned = witness().add_checkpoint(&WitnessState::default(), body.as_bytes(), NOW).unwrap();
    let names: Vec<_> = cosigned.store.note().signatures().iter().map(konbit_record::NoteSignature::name).collect();
    assert_eq!(names, [ORIGIN, "witness-1.example"]);
}

#[test]
fn a_key_signs_only_what_it_is_for() {
    let tree = Tree::counted(3);
    assert!(Witness::new(log_key()).is_err());
    assert!(witness().trust("other", witness_key(2).verifier().clone()).is_err());
    let checkpoint = |origin| Checkpoint::new(origin, tree.head(3), vec![]).unwrap();
    assert!(checkpoint("witness-1.example").sign(&witness_key(1)).is_err());
    assert!(checkpoint("another.example").sign(&log_key()).is_err());
}

/// A cosignature line by witness 1 with this time, made by hand.
fn cosigned_at(time: u64, checkpoint: &SignedCheckpoint) -> String {
    let key = SignerKey::generate("any", SignatureType::Ed25519, &[101; 32]).unwrap();
    let message = format!("cosignature/v1\ntime {time}\n{}", checkpoint.checkpoint());
    let line = key.sign(&message).unwrap().to_string();
    let signature = STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap();
    let witness = witness_key(1);
    let bytes = [&witness.verifier().id().0[..], &time.to_be_bytes(), &signature[4..]].concat();
    format!("\u{2014} {} {}\n", witness.verifier().name(), STANDARD.encode(bytes))
}

#[test]
fn a_time_beyond_the_format_is_refused_although_it_is_signed() {
    let checkpoint = signed(Tree::counted(8).head(8));
    let known = [witness_key(1).verifier().clone()];
    for (time, holds) in [(1, true), (i64::MAX as u64, true), (1 << 63, false), (u64::MAX, false)] {
        let line = cosigned_at(time, &checkpoint);
        let found = checkpoint.clone().add_cosignatures(line.as_bytes(), &known).map(|by| by[0].time);
        assert_eq!(found.ok(), holds.then_some(Some(time)), "{time}");
    }
}

#[test]
fn a_key_under_which_anything_could_be_signed_is_refused() {
    // The neutral element, and two more points of small order (RFC 7748 and RFC 8032 name the curve).
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut order_two = [0xff; 32];
    (order_two[0], order_two[31]) = (0xec, 0x7f);
    for point in [neutral, order_two, [0; 32]] {
        let found = VerifierKey::new("a", SignatureType::Ed25519, &point);
        assert_eq!(found, Err(KeyError::Point));
    }
}

#[test]
fn no_private_byte_is_shown() {
    let key = log_key();
    let shown = format!("{key:?} {:?} {:?}", witness(), SignerKey::parse("PRIVATE+KEY+a b+c+AQEB").unwrap_err());
    let secret = key.reveal();
    let base64 = secret.rsplit('+').next().unwrap();
    assert!(!shown.contains(base64) && !shown.contains("AQEB") && !shown.contains("[1, 1"), "{shown}");
    assert_eq!(SignerKey::parse(&secret).unwrap().verifier(), key.verifier());
}

#[test]
fn request_and_answer_fit_a_qr_code_for_any_tree_of_up_to_2_to_the_50_entries() {
    // 2^50 entries, and 2^50 less one: the longest proofs up to there. Only the lengths matter here.
    let size = 1u64 << 50;
    let hash = |_| Ok::<_, std::convert::Infallible>([7; 32]);
    let longest = (0..50).map(|bit| konbit_record::consistency_proof(size - (1 << bit) - 1, size - 1, hash).unwrap());
    let proof = longest.chain([konbit_record::consistency_proof(1, size, hash).unwrap()]).max_by_key(Vec::len).unwrap();
    assert!((49..=51).contains(&proof.len()), "{}", proof.len());
    let name = "n".repeat(100);
    let key = SignerKey::generate(&name, SignatureType::Ed25519, &[1; 32]).unwrap();
    let checkpoint = Checkpoint::new(&name, Head { size, root: [7; 32] }, vec![]).unwrap().sign(&key).unwrap();
    let body = request(size - 1, proof, &checkpoint);
    fits_qr(&body).unwrap();
    let long = "x".repeat(QR_BYTES_MAX + 1);
    assert_eq!(fits_qr(&long), Err(CarryError::Long(2954)));
    // A checkpoint that many witnesses cosigned is cut down to the log's line before it is carried.
    let mut many = checkpoint.clone();
    for number in 1..100 {
        let mut witness = Witness::new(witness_key(number)).unwrap();
        witness.trust(&name, key.verifier().clone()).unwrap();
        let body = request(0, vec![], &checkpoint);
        let line = witness.add_checkpoint(&WitnessState::default(), body.as_bytes(), NOW).unwrap().body;
        many.add_cosignatures(line.as_bytes(), &[witness.verifier().clone()]).unwrap();
    }
    assert!(fits_qr(&many.to_string()).is_err());
    assert_eq!(many.only_by(key.verifier()).unwrap(), checkpoint);
}

fn check_answer(text: &str, expect: &Result<CarriedAnswer, CarryError>) {
    assert_eq!(&CarriedAnswer::parse(text.as_bytes()), expect, "{text}");
}

#[test]
fn an_answer_is_carried_back_and_read() {
    let tree = Tree::counted(20);
    let answer = |latest, body: String| {
        let result = witness().add_checkpoint(&state(&tree, latest), body.as_bytes(), NOW);
        CarriedAnswer::of(&result)
    };
    let cosigned = answer(0, request(0, vec![], &signed(tree.head(8))));
    let conflict = answer(7, request(0, vec![], &signed(tree.head(8))));
    let refused = answer(0, "\n\u{1}".to_owned());
    for answer in [&cosigned, &conflict, &refused] {
        check_answer(&answer.to_string(), &Ok(answer.clone()));
        fits_qr(&answer.to_string()).unwrap();
    }
    assert!(matches!(conflict, CarriedAnswer::Refused { status: 409, latest: Some(7), .. }));
    for (text, line) in [
        ("", 1),
        ("konbit/witness-answer@v2\nstatus 404\n\nwhy\n", 1),
        ("konbit/witness-answer@v1\nstatus 0404\n\nwhy\n", 2),
        ("konbit/witness-answer@v1\nstatus 409\nlatest x\n\nwhy\n", 3),
        ("konbit/witness-answer@v1\nstatus 409\nlatest 7\nmore\n\nwhy\n", 4),
        ("konbit/witness-answer@v1\nstatus 404\n\n", 4),
        ("konbit/witness-answer@v1\nstatus 404\n\nwhy\nand\n", 4),
        ("konbit/witness-answer@v1\nstatus 500\n\nwhy\n", 4),
        ("konbit/witness-answer@v1\nstatus 200\n\nwhy\n", 4),
    ] {
        check_answer(text, &Err(CarryError::Line(line)));
    }
}

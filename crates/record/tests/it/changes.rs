//! No byte of a note, a checkpoint, a proof or a request can be changed, removed or added without a refusal.

use crate::proof_files::{commitment_of, cosigned, policy, proof};
use crate::support::{ORIGIN, Tree, log_key, signed, witness_key};
use konbit_record::{AddCheckpoint, CarriedAnswer, Note, ProofFile, SignedCheckpoint, Witness, WitnessState};

/// `accepts` takes `whole`, and nothing that differs from it in one byte: each byte with each of its bits flipped, one
/// higher, zero, a space and a newline; each byte left out; a letter, a newline and a zero put in at each place.
/// How many changes were tried.
fn check(whole: &str, mut accepts: impl FnMut(&[u8]) -> bool) -> usize {
    let whole = whole.as_bytes();
    assert!(accepts(whole), "the unchanged bytes");
    let mut count = 0;
    let mut refused = |bytes: &[u8], what: &str, at: usize| {
        count += 1;
        assert!(bytes == whole || !accepts(bytes), "{what} at {at}: {}", String::from_utf8_lossy(bytes));
    };
    for at in 0..whole.len() {
        let mut bytes = whole.to_vec();
        let old = bytes[at];
        let flipped = (0..8).map(|bit| old ^ (1 << bit));
        for new in flipped.chain([old.wrapping_add(1), 0, b' ', b'\n']) {
            bytes[at] = new;
            refused(&bytes, "a changed byte", at);
        }
        bytes.remove(at);
        refused(&bytes, "a byte left out", at);
    }
    for at in 0..=whole.len() {
        for new in [b'A', b'\n', 0] {
            let mut bytes = whole.to_vec();
            bytes.insert(at, new);
            refused(&bytes, "a byte put in", at);
        }
    }
    count
}

#[test]
fn no_byte_of_a_note_can_be_changed() {
    let key = log_key();
    let text = "A text\n\nof three lines.\n";
    let note = Note::new(text, key.sign(text).unwrap()).unwrap().to_string();
    assert!(check(&note, |bytes| Note::parse(bytes).is_ok_and(|note| note.verify([key.verifier()]).is_ok())) > 2000);
}

#[test]
fn no_byte_of_a_cosigned_checkpoint_can_be_changed() {
    let checkpoint = cosigned(Tree::counted(12).head(12)).to_string();
    let policy = policy();
    check(&checkpoint, |bytes| {
        SignedCheckpoint::parse(bytes).is_ok_and(|checkpoint| policy.check(&checkpoint).is_ok())
    });
}

#[test]
fn no_byte_of_a_proof_can_be_changed() {
    let policy = policy();
    for opening in [true, false] {
        let text = proof(opening).to_string();
        check(&text, |bytes| {
            ProofFile::parse(bytes).is_ok_and(|file| file.check_disclosed(&policy, commitment_of).is_ok())
        });
    }
}

#[test]
fn no_byte_of_a_request_or_an_answer_can_be_changed() {
    let tree = Tree::counted(12);
    let mut witness = Witness::new(witness_key(1)).unwrap();
    witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
    let mut state = WitnessState::default();
    let first = AddCheckpoint { old_size: 0, proof: vec![], checkpoint: signed(tree.head(7)) }.to_string();
    state.set(witness.add_checkpoint(&state, first.as_bytes(), 1).unwrap().store);
    let body = AddCheckpoint { old_size: 7, proof: tree.consistency(7, 12), checkpoint: signed(tree.head(12)) };
    check(&body.to_string(), |bytes| witness.add_checkpoint(&state, bytes, 2).is_ok());

    let answer = CarriedAnswer::of(&witness.add_checkpoint(&state, body.to_string().as_bytes(), 2)).to_string();
    let keys = [log_key().verifier().clone(), witness.verifier().clone()];
    check(&answer, |bytes| match CarriedAnswer::parse(bytes) {
        Ok(CarriedAnswer::Cosigned(checkpoint)) => checkpoint.verify(&keys).is_ok_and(|by| by.len() == 2),
        _ => false,
    });
}

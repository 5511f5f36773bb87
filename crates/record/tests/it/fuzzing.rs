//! The fuzz targets, without a fuzzer: the corpus, and changes of it that a seed chooses.

use crate::support::Random;
use konbit_record::{AddCheckpoint, CarriedAnswer, Disclosure, Epoch, Opening, ProofFile, bundle_bytes};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[path = "../../../../fuzz/src/targets.rs"]
mod targets;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 9] = [
    ("note", targets::note),
    ("checkpoint", targets::checkpoint),
    ("cosignature", targets::cosignature),
    ("proof", targets::proof),
    ("tile_path", targets::tile_path),
    ("policy", targets::policy),
    ("witness_request", targets::witness_request),
    ("entry_bundle", targets::entry_bundle),
    ("witness_answer", targets::witness_answer),
];

const CHANGES: usize = 20_000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// The corpus of a target, in the order of its file names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder(target)).unwrap().map(|file| file.unwrap().path());
    let files: BTreeMap<_, _> = files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    files.into_values().collect()
}

/// Up to four changes: bits, bytes, pieces left out, doubled, or taken from another file of the corpus.
fn changed(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.index(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let from = random.index(bytes.len() + 1);
        let to = from + random.index((bytes.len() - from).min(40) + 1);
        match random.below(6) {
            0 if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
            1 if from < bytes.len() => bytes[from] = b" \n+/=.09Ax\x00\xff"[random.index(12)],
            2 => {
                bytes.drain(from..to);
            }
            3 => {
                let piece = bytes[from..to].to_vec();
                bytes.splice(from..from, piece);
            }
            4 => {
                let other = &corpus[random.index(corpus.len())];
                let start = random.index(other.len() + 1);
                let piece = other[start..(start + random.index(100)).min(other.len())].to_vec();
                bytes.splice(from..to, piece);
            }
            _ => bytes.insert(from, random.byte()),
        }
    }
    bytes
}

fn check(name: &str) {
    let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let corpus = corpus(name);
    assert!(corpus.len() > 1, "the corpus of {name} is gone");
    for bytes in &corpus {
        target(bytes);
    }
    for seed in 0..u64::try_from(CHANGES).unwrap() {
        let bytes = changed(&corpus, &mut Random(seed));
        let result = std::panic::catch_unwind(|| target(&bytes));
        assert!(result.is_ok(), "{name}, seed {seed}: {}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn no_note_breaks_its_reader() {
    check("note");
}

#[test]
fn no_checkpoint_breaks_its_reader() {
    check("checkpoint");
}

#[test]
fn no_cosignature_breaks_its_reader() {
    check("cosignature");
}

#[test]
fn no_proof_breaks_its_reader() {
    check("proof");
}

#[test]
fn no_path_breaks_its_reader() {
    check("tile_path");
}

#[test]
fn no_policy_breaks_its_reader() {
    check("policy");
}

#[test]
fn no_request_breaks_a_witness() {
    check("witness_request");
}

#[test]
fn no_bundle_breaks_its_reader() {
    check("entry_bundle");
}

#[test]
fn no_answer_breaks_its_reader() {
    check("witness_answer");
}

/// What the corpus is made of: a valid text of each kind, and what stands in the specifications.
fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let (witness, state, ten) = (targets::witness(), targets::state(), targets::signed(10));
    let tree = crate::support::Tree::of(targets::ENTRIES.chunks(1));
    let request = AddCheckpoint { old_size: 5, proof: tree.consistency(5, 10), checkpoint: ten.clone() }.to_string();
    let cosigned = witness.add_checkpoint(&state, request.as_bytes(), 2);
    let refused = witness.add_checkpoint(&state, request.replacen("old 5", "old 4", 1).as_bytes(), 2);
    let six = targets::signed(6);
    let line = AddCheckpoint { old_size: 5, proof: tree.consistency(5, 6), checkpoint: six.clone() }.to_string();
    let line = witness.add_checkpoint(&state, line.as_bytes(), 2).unwrap().body;
    let store = cosigned.clone().unwrap().store;
    let epoch = Epoch::new(2, 3, "old.example", targets::head(10)).unwrap();
    let proof = |opening| {
        let extra = Disclosure { entry: b"7".to_vec(), opening }.to_bytes();
        ProofFile { extra: Some(extra), index: 7, hashes: tree.inclusion(7, 10), checkpoint: store.clone() }
    };
    let plain = ProofFile { extra: None, ..proof(None) };
    let opening = Some(Opening { salt: [1; 32], body: b"body".to_vec() });
    let group = targets::policy_text().replace("quorum w", "group g 1 w\nquorum g");
    vec![
        ("note", "checkpoint", ten.to_string().into_bytes()),
        ("note", "cosigned", store.to_string().into_bytes()),
        ("note", "vkey", targets::log_key().verifier().to_string().into_bytes()),
        ("note", "skey", targets::log_key().reveal().into_bytes()),
        ("checkpoint", "unsigned", ten.checkpoint().to_string().into_bytes()),
        ("checkpoint", "epoch", format!("{}{epoch}\n", ten.checkpoint()).into_bytes()),
        ("checkpoint", "signed", ten.to_string().into_bytes()),
        ("checkpoint", "cosigned", store.to_string().into_bytes()),
        ("cosignature", "line", line.clone().into_bytes()),
        ("cosignature", "two", format!("{line}{}\n", ten.note().signatures()[0]).into_bytes()),
        ("proof", "plain", plain.to_string().into_bytes()),
        ("proof", "entry", proof(None).to_string().into_bytes()),
        ("proof", "body", proof(opening).to_string().into_bytes()),
        ("tile_path", "full", b"tile/0/x001/x234/067".to_vec()),
        ("tile_path", "partial", b"tile/2/003.p/17".to_vec()),
        ("tile_path", "entries", b"tile/entries/x072/x057/x594/x037/x927/935.p/255".to_vec()),
        ("policy", "witness", targets::policy_text().into_bytes()),
        ("policy", "group", group.into_bytes()),
        ("policy", "none", b"# nobody\nquorum none\n".to_vec()),
        ("witness_request", "request", request.into_bytes()),
        ("witness_request", "first", format!("old 0\n\n{ten}").into_bytes()),
        ("entry_bundle", "ten", bundle_bytes(targets::ENTRIES.chunks(1)).unwrap()),
        ("entry_bundle", "empty", bundle_bytes([&b""[..], &b""[..]]).unwrap()),
        ("witness_answer", "cosigned", CarriedAnswer::of(&cosigned).to_string().into_bytes()),
        ("witness_answer", "conflict", CarriedAnswer::of(&refused).to_string().into_bytes()),
    ]
}

#[test]
fn the_corpus_begins_with_valid_texts() {
    for (target, name, bytes) in seeds() {
        let file = folder(target).join(name);
        assert_eq!(std::fs::read(&file).ok(), Some(bytes), "{target}/{name}: run the ignored test that writes it");
    }
}

#[test]
#[ignore = "writes fuzz/corpus: cargo test -p konbit-record --test it -- --ignored writes_the_corpus"]
fn writes_the_corpus() {
    for (target, name, bytes) in seeds() {
        std::fs::create_dir_all(folder(target)).unwrap();
        std::fs::write(folder(target).join(name), bytes).unwrap();
    }
}

//! `konbit proof` and `konbit policy` say what holds, and why not.

use super::log::{History, ORIGIN, log_key};
use crate::support::{Run, konbit};
use konbit_record::{
    Disclosure, Opening, ProofFile, SignatureType, SignedCheckpoint, SignerKey, Witness, WitnessState, commit,
};
use std::fs;
use tempfile::TempDir;

const BODY: &[u8] = br#"{"site":"port"}"#;
const SALT: [u8; 32] = [42; 32];

fn witness_key(number: u8) -> SignerKey {
    let name = format!("witness-{number}.example");
    SignerKey::generate(&name, SignatureType::CosignatureV1, &[100 + number; 32]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The second form of an entry.
fn entry() -> Vec<u8> {
    let commitment = hex(&commit(&SALT, BODY));
    format!(
        r#"{{"actor":"operator","at":"2023-10-02T19:05:00Z","commitment":"{commitment}","kind":"site-added","v":2}}"#
    )
    .into_bytes()
}

fn inline_entry() -> Vec<u8> {
    br#"{"actor":"operator","at":"2023-10-02T19:05:00Z","body":{"n":1},"kind":"site-added","v":1}"#.to_vec()
}

fn history() -> History {
    History::of((0..12u8).map(|ix| match ix {
        5 => entry(),
        6 => inline_entry(),
        _ => vec![ix],
    }))
}

/// Cosigned by witnesses 1 and 2.
fn cosigned(history: &History) -> SignedCheckpoint {
    let mut checkpoint = history.signed();
    for number in [1, 2] {
        let mut witness = Witness::new(witness_key(number)).unwrap();
        witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
        let body = history.request(0).to_string();
        let line = witness.add_checkpoint(&WitnessState::default(), body.as_bytes(), 1_700_000_000).unwrap().body;
        checkpoint.add_cosignatures(line.as_bytes(), &[witness.verifier().clone()]).unwrap();
    }
    checkpoint
}

fn proof(index: u64, entry: Vec<u8>, opening: Option<&[u8]>) -> ProofFile {
    let history = history();
    let opening = opening.map(|body| Opening { salt: SALT, body: body.to_vec() });
    ProofFile {
        extra: Some(Disclosure { entry, opening }.to_bytes()),
        index,
        hashes: history.inclusion(index),
        checkpoint: cosigned(&history),
    }
}

fn policy(rule: &str) -> String {
    let [one, two, three] = [1, 2, 3].map(|number| witness_key(number).verifier().to_string());
    format!("log {}\nwitness w1 {one}\nwitness w2 {two}\nwitness w3 {three}\n{rule}\n", log_key().verifier())
}

const TWO: &str = "group g 2 w1 w2 w3\nquorum g";

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn run(proof: &[u8], policy: &str, entry: Option<&[u8]>, format: &str) -> Run {
    let scratch = Scratch::new();
    let (proof, policy) = (scratch.file("proof", proof), scratch.file("policy", policy));
    let entry = entry.map(|bytes| scratch.file("entry", bytes));
    let mut args = vec!["proof", "check", &proof, "--policy", &policy, "--format", format];
    if let Some(entry) = &entry {
        args.extend(["--entry", entry]);
    }
    konbit(&args)
}

/// Text and JSON agree on whether it holds, and the text has `expect` in it.
fn check(what: &str, proof: &str, policy: &str, entry: Option<&[u8]>, holds: bool, expect: &str) {
    let text = run(proof.as_bytes(), policy, entry, "text");
    let json = run(proof.as_bytes(), policy, entry, "json");
    assert_eq!((text.code, json.code), (i32::from(!holds), i32::from(!holds)), "{what}: {}{}", text.out, text.err);
    assert!(text.out.starts_with(if holds { "holds: " } else { "does not hold: " }), "{what}: {}", text.out);
    assert!(text.out.contains(expect), "{what}: {}", text.out);
    assert_eq!(json.json()["holds"], holds, "{what}");
}

#[test]
fn a_proof_holds_or_says_why_not() {
    let good = proof(5, entry(), Some(BODY)).to_string();
    let closed = proof(5, entry(), None).to_string();
    let inline = proof(6, inline_entry(), None).to_string();
    let bare = ProofFile { extra: None, ..proof(5, entry(), None) }.to_string();
    let policy_two = policy(TWO);
    let ok = |what: &str, proof: &str, expect: &str| check(what, proof, &policy_two, None, true, expect);
    let no = |what: &str, proof: &str, expect: &str| check(what, proof, &policy_two, None, false, expect);

    ok(
        "which entry",
        &good,
        "this is entry 5 (the first is 0) of the record mission.example/record\n  the record had 12 entries then",
    );
    ok("who and when", &good, "w1 (key witness-1.example) cosigned on 2023-11-14T22:13:20Z, by its own clock");
    ok("what", &good, "the entry: site-added, by operator, on 2023-10-02T19:05:00Z");
    ok(
        "the body",
        &good,
        "the body in the proof is the one that the entry commits to (15 bytes):\n    {\"site\":\"port\"}",
    );
    ok("no body", &closed, "what it said is not in the proof; the entry commits to it");
    ok("the first form", &inline, "it holds what it says: {\"actor\"");
    check("the entry beside it", &bare, &policy_two, Some(&entry()), true, "the entry: site-added");
    check("the same entry twice", &good, &policy_two, Some(&entry()), true, "the body in the proof is the one");

    check(
        "another entry beside it",
        &good,
        &policy_two,
        Some(b"x"),
        false,
        "the entry is not entry 5 of the record of 12",
    );
    no("no entry", &bare, "give the entry's bytes beside it, with --entry FILE");
    no("another place", &good.replacen("index 5", "index 4", 1), "the entry is not entry 4 of the record of 12");
    no("another size", &good.replacen("\n12\n", "\n13\n", 1), "the log mission.example/record did not sign");
    no(
        "another body",
        &proof(5, entry(), Some(b"{}")).to_string(),
        "the body is not the one that the entry commits to",
    );
    no("a body for none", &proof(6, inline_entry(), Some(BODY)).to_string(), "its entry commits to none");
    no("another entry", &proof(5, inline_entry(), None).to_string(), "the entry is not entry 5");
    no("cut off", &good[..good.len() - 1], "no readable checkpoint");
    no("nothing", "", "line 1 of the proof is missing or malformed");
    let with = |rule: &str, expect: &str| check(rule, &good, &policy(rule), None, false, expect);
    with("group g all w1 w2 w3\nquorum g", "asks for 3 of (w1, w2, w3); there are w1, w2");
    with("quorum w3", "asks for w3; there are w1, w2");
    check("no log", &good, "quorum none\n", None, false, "the policy does not know the log \"mission.example/record\"");
    check("no witness asked", &good, &policy("quorum none"), None, true, "the policy asks for cosignatures of: none");
}

#[test]
fn an_entry_with_a_key_twice_commits_to_nothing() {
    let commitment = hex(&commit(&SALT, BODY));
    let twice = format!(
        r#"{{"actor":"a","at":"2023-10-02T19:05:00Z","commitment":"{}","commitment":"{commitment}","kind":"k","v":2}}"#,
        "0".repeat(64)
    );
    let history = History::of([twice.clone().into_bytes()]);
    let opening = Some(Opening { salt: SALT, body: BODY.to_vec() });
    let extra = Some(Disclosure { entry: twice.into_bytes(), opening }.to_bytes());
    let proof = ProofFile { extra, index: 0, hashes: vec![], checkpoint: cosigned(&history) }.to_string();
    check("a key twice", &proof, &policy(TWO), None, false, "its entry commits to none");
}

#[test]
fn the_json_says_the_same() {
    let found = run(proof(5, entry(), Some(BODY)).to_string().as_bytes(), &policy(TWO), None, "json").json();
    assert_eq!(found["log"], ORIGIN);
    assert_eq!((&found["entry_number"], &found["size"]), (&5.into(), &12.into()));
    assert_eq!(found["cosigned"].as_array().unwrap().len(), 2);
    assert_eq!(found["cosigned"][1]["seconds"], 1_700_000_000);
    assert_eq!((&found["body_opens"], &found["body"]), (&true.into(), &r#"{"site":"port"}"#.into()));
}

#[test]
fn foreign_text_does_not_reach_the_terminal_as_it_is() {
    let history = History::of([b"\x1b[2Jgone\x07".to_vec()]);
    let extra = Some(Disclosure { entry: b"\x1b[2Jgone\x07".to_vec(), opening: None }.to_bytes());
    let proof = ProofFile { extra, index: 0, hashes: vec![], checkpoint: cosigned(&history) }.to_string();
    for command in [vec!["proof", "show"], vec!["proof", "check"]] {
        let scratch = Scratch::new();
        let (proof, policy) = (scratch.file("proof", &proof), scratch.file("policy", policy(TWO)));
        let mut args = command.clone();
        args.push(&proof);
        if command[1] == "check" {
            args.extend(["--policy", &policy]);
        }
        let out = konbit(&args).out;
        assert!(out.contains("[2Jgone") && !out.contains('\x1b') && !out.contains('\x07'), "{out:?}");
    }
}

#[test]
fn a_proof_is_shown_without_being_believed() {
    let scratch = Scratch::new();
    let changed = proof(5, entry(), Some(BODY)).to_string().replacen("index 5", "index 4", 1);
    let shown = konbit(&["proof", "show", &scratch.file("proof", changed)]);
    assert_eq!(shown.code, 0);
    for part in ["none of it checked: entry 4", "12 entries", "witness-2.example+", "it carries a body"] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert_eq!(konbit(&["proof", "show", &scratch.file("none", "x")]).code, 1);
}

fn check_policy(text: &str, code: i32, expect: &str) {
    let scratch = Scratch::new();
    let run = konbit(&["policy", "check", &scratch.file("policy", text)]);
    assert_eq!(run.code, code, "{text}: {}", run.out);
    assert!(run.out.contains(expect), "{text}: {}", run.out);
}

#[test]
fn a_policy_is_usable_or_says_why_not() {
    check_policy(&policy(TWO), 0, "usable\n  log mission.example/record+");
    check_policy(&policy(TWO), 0, "a head counts when cosigned by: 2 of (w1, w2, w3)");
    check_policy(&policy(TWO), 0, "while every witness is honest");
    check_policy(&policy("group g all w1 w2 w3\nquorum g"), 0, "while at most 2 of the 3 witnesses are dishonest");
    check_policy(&policy("group g any w1 w2 w3\nquorum g"), 1, "two quorums need have no witness in common");
    check_policy(&policy("quorum none"), 1, "it asks for no witness");
    check_policy(&policy("quorum w9"), 1, "not usable: line 5 of the policy");
    check_policy("quorum none\n", 1, "it names no log");
    check_policy("", 1, "no quorum line");
}

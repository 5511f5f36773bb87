//! A proof from a public log: "Hello, Sigsum!", as the documentation of the crate `sigsum` has it, with eight witnesses
//! in operation and Sigsum's own policy, both written in the forms of C2SP. The extra data is the leaf.

use konbit_record::{Policy, PolicyRefusal, ProofFile, ProofRefusal, SignedCheckpoint};

const PROOF: &str = include_str!("../data/sigsum.tlog-proof");
const POLICY: &str = include_str!("../data/sigsum.policy");

#[test]
fn a_proof_of_a_public_log_satisfies_its_public_policy() {
    let policy = Policy::parse(POLICY.as_bytes()).unwrap();
    let file = ProofFile::parse(PROOF.as_bytes()).unwrap();
    assert_eq!(file.to_string(), PROOF);
    let leaf = file.extra.clone().unwrap();
    let verified = file.check(&policy, &leaf).unwrap();
    assert_eq!((verified.index, verified.head.size, verified.accepted.cosigners.len()), (381_381, 381_382, 8));
    let times: Vec<_> = verified.accepted.cosigners.iter().map(|by| by.time).collect();
    assert!(times.iter().all(|time| *time == 1_770_193_051), "{times:?}");
}

#[test]
fn it_does_so_just_as_long_as_enough_of_its_witnesses_are_there() {
    let policy = Policy::parse(POLICY.as_bytes()).unwrap();
    let file = ProofFile::parse(PROOF.as_bytes()).unwrap();
    let leaf = file.extra.clone().unwrap();
    let text = file.checkpoint.to_string();
    let (body, lines) = text.split_once("\n\n").unwrap();
    let lines: Vec<_> = lines.lines().collect();
    let (log, witnesses) = lines.split_first().unwrap();
    let glasklar = ["poc.sigsum.org/nisse", "rgdd.se/poc-witness", "witness1.smartit.nu/witness1"];
    // 4 of six parties, one of which is any two of the three above.
    for set in 0..1usize << witnesses.len() {
        let kept: Vec<_> = (0..witnesses.len()).filter(|ix| set >> ix & 1 == 1).map(|ix| witnesses[ix]).collect();
        let of_group = |line: &&&str| glasklar.iter().any(|name| line.starts_with(&format!("— {name} ")));
        let count = kept.iter().filter(of_group).count();
        let expect = kept.len() - count + usize::from(count >= 2) >= 4;
        let note = [&[body, "", log][..], &kept, &[""]].concat().join("\n");
        let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let found = ProofFile { checkpoint, ..file.clone() }.check(&policy, &leaf);
        match found {
            Ok(_) => assert!(expect, "{note}"),
            Err(ProofRefusal::Policy(PolicyRefusal::Quorum { .. })) => assert!(!expect, "{note}"),
            Err(other) => panic!("{other}"),
        }
    }
}

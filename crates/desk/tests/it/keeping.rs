//! The record for outsiders: signed heads, proofs, cosignatures, copies, erasure, a new epoch.

use crate::{Scratch, empty, file, filled, stamp};
use konbit_desk::{Config, Desk, DeskError, Said, backup, begin_epoch, restore, verify};
use konbit_exchange::import::ImportKind;
use konbit_record::{
    AddCheckpoint, CarriedAnswer, Disclosure, Policy, SignatureType, SignerKey, Witness, WitnessState, leaf_hash,
    verify_inclusion,
};
use std::path::Path;

fn sites(desk: &Desk, ids: &[&str]) {
    for id in ids {
        let row = format!("id,name,kind,lat,lon,source_name,source_read\n{id},Named {id},hospital,18.5,-72.3,x,yes\n");
        assert!(desk.import(ImportKind::Sites, &file(&format!("{id}.csv"), &row), &stamp()).unwrap().usable);
    }
}

/// Number of the entry that recorded a site.
fn entry_of(desk: &Desk, id: &str) -> u64 {
    desk.snapshot().unwrap().mission.entries_behind("site", id)[0]
}

fn witness(name: &str, byte: u8) -> Witness {
    Witness::new(SignerKey::generate(name, SignatureType::CosignatureV1, &[byte; 32]).unwrap()).unwrap()
}

/// A policy of three witnesses, two of whom have to cosign.
fn policy(desk: &Desk, witnesses: &[Witness]) -> String {
    let names = ["one", "two", "three"];
    let lines: Vec<String> =
        names.iter().zip(witnesses).map(|(name, witness)| format!("witness {name} {}", witness.verifier())).collect();
    format!(
        "log {}\n{}\ngroup readers 2 one two three\nquorum readers\n",
        desk.public_key().unwrap().unwrap(),
        lines.join("\n")
    )
}

#[test]
fn one_process_writes_and_others_read_meanwhile() {
    let scratch = empty();
    let path = scratch.dir.path().join("m");
    sites(&scratch.desk, &["a"]);
    assert!(matches!(Desk::open(&path), Err(DeskError::InUse(_))));
    let reader = Desk::open_to_read(&path).unwrap();
    assert_eq!(reader.snapshot().unwrap().head, scratch.desk.snapshot().unwrap().head);
    sites(&scratch.desk, &["b"]);
    assert_eq!(reader.snapshot().unwrap().mission.sites.len(), 2, "a reader sees what was written since");
    let refused = reader.withdraw("site", "a", "tried", &stamp()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, DeskError::ReadOnly(_)));
    reader.close().unwrap();
    scratch.desk.close().unwrap();
    Desk::open(&path).unwrap().close().unwrap();
}

#[test]
fn decisions_on_different_records_do_not_conflict_and_on_one_record_do() {
    let scratch = empty();
    sites(&scratch.desk, &["a", "b"]);
    let stale = scratch.desk.snapshot().unwrap();
    scratch.desk.withdraw("site", "a", "first", &stamp()).unwrap();
    // Decided upon an older reading, but about another site.
    let event = konbit_mission::rules::withdraw(&stale.mission, "site", "b", "second").unwrap();
    assert!(scratch.desk.append(&stale, vec![event], &[], &stamp()).is_err(), "a decision upon the whole record");
    scratch.desk.withdraw("site", "b", "second", &stamp()).unwrap();
    assert!(scratch.desk.withdraw("site", "b", "again", &stamp()).is_err());
}

#[test]
fn every_entry_has_a_proof_that_holds_against_the_signed_head() {
    let scratch = empty();
    sites(&scratch.desk, &["a", "b", "c"]);
    let size = scratch.desk.snapshot().unwrap().head.size;
    let head = scratch.desk.checkpoint().unwrap().unwrap();
    let key = scratch.desk.public_key().unwrap().unwrap();
    assert_eq!(head.head().size, size);
    assert_eq!(head.verify([&key]).unwrap().len(), 1);
    for ix in 0..size {
        let proof = scratch.desk.proof_file(ix, true).unwrap().unwrap();
        let shown = Disclosure::parse(proof.extra.as_deref().unwrap()).unwrap();
        verify_inclusion(ix, size, &leaf_hash(&shown.entry), &proof.hashes, &head.head().root).unwrap();
        assert!(shown.opening.is_some());
        let closed = scratch.desk.proof_file(ix, false).unwrap().unwrap();
        assert!(Disclosure::parse(closed.extra.as_deref().unwrap()).unwrap().opening.is_none());
    }
    assert!(scratch.desk.proof_file(size, true).unwrap().is_none());
    let tile = scratch.desk.log_tile(&format!("0/000.p/{size}")).unwrap().unwrap();
    assert_eq!(tile.len() as u64, 32 * size);
    assert!(scratch.desk.log_tile(&format!("entries/000.p/{size}")).unwrap().is_some());
    for none in ["0/001", "9/000", "x", "../record.db", &format!("0/000.p/{}", size + 1)] {
        assert!(scratch.desk.log_tile(none).unwrap().is_none(), "{none}");
    }
}

#[test]
fn witnesses_cosign_by_hand_and_two_of_three_vouch() {
    let scratch = empty();
    sites(&scratch.desk, &["a"]);
    let mut witnesses = [witness("w.example/1", 1), witness("w.example/2", 2), witness("w.example/3", 3)];
    let key = scratch.desk.public_key().unwrap().unwrap();
    for witness in &mut witnesses {
        witness.trust(key.name(), key.clone()).unwrap();
    }
    let text = policy(&scratch.desk, &witnesses);
    assert!(scratch.desk.set_policy(b"nonsense").is_err());
    let other = text.replace("log ", "log other.example/");
    let refused = scratch.desk.set_policy(other.as_bytes()).unwrap_err().to_string();
    assert!(refused.contains("is not a policy") || refused.contains(&format!("log {key}")), "{refused}");
    assert_eq!(scratch.desk.set_policy(text.as_bytes()).unwrap().rule(), "2 of (one, two, three)");
    let mut states = [WitnessState::default(), WitnessState::default()];
    let mut round = |at: u64| {
        for (witness, state) in witnesses.iter().zip(&mut states) {
            let request = scratch.desk.cosign_request(Some(witness.verifier()), None).unwrap().to_string();
            // The request is carried as a file, and so is the answer.
            assert_eq!(AddCheckpoint::parse(request.as_bytes()).unwrap().to_string(), request);
            let answer = witness.add_checkpoint(state, request.as_bytes(), at);
            state.set(answer.as_ref().unwrap().store.clone());
            scratch.desk.keep_answer(CarriedAnswer::of(&answer).to_string().as_bytes()).unwrap();
        }
        scratch.desk.published().unwrap()
    };
    let first = round(1_700_000_000);
    let size = scratch.desk.snapshot().unwrap().head.size;
    assert_eq!((first.signed_size, first.vouched_size), (Some(size), Some(size)));
    assert_eq!(first.witnesses[0].cosigned, Some((size, 1_700_000_000)));
    assert_eq!(first.witnesses[2].cosigned, None);
    let parsed = Policy::parse(text.as_bytes()).unwrap();
    let proof = scratch.desk.proof_file(0, true).unwrap().unwrap();
    let entry = Disclosure::parse(proof.extra.as_deref().unwrap()).unwrap().entry;
    assert_eq!(proof.check(&parsed, &entry).unwrap().accepted.cosigners.len(), 2);
    // The record grows; until the next round the new entries are signed, and not vouched for.
    sites(&scratch.desk, &["b"]);
    let between = scratch.desk.published().unwrap();
    assert_eq!(between.vouched_size, Some(size));
    assert!(between.signed_size > Some(size));
    assert!(scratch.desk.proof_file(size, true).unwrap().unwrap().check(&parsed, b"").is_err());
    let second = round(1_700_000_100);
    assert_eq!(second.vouched_size, second.signed_size);
    assert!(scratch.desk.keep_answer(b"nonsense").is_err());
    let stranger = witness("w.example/9", 9);
    let mut state = WitnessState::default();
    let mut trusting = stranger;
    trusting.trust(key.name(), key.clone()).unwrap();
    // One request does not fit all any more: two have cosigned, the third has not.
    let refused = scratch.desk.cosign_request(None, None).unwrap_err().to_string();
    assert!(refused.contains("three: 0"), "{refused}");
    let request = scratch.desk.cosign_request(None, Some(0)).unwrap().to_string();
    let answer = trusting.add_checkpoint(&state, request.as_bytes(), 1_700_000_200);
    state.set(answer.as_ref().unwrap().store.clone());
    let error = scratch.desk.keep_answer(CarriedAnswer::of(&answer).to_string().as_bytes()).unwrap_err();
    assert!(error.to_string().contains("no witness of the policy"), "{error}");
    assert!(scratch.desk.cosign_request(None, Some(10_000)).is_err());
}

/// A log's cosignatures from before a loss are of another log: in the new epoch they vouch for nothing, and do not keep
/// new ones from being kept.
#[test]
fn cosignatures_from_before_a_loss_vouch_for_nothing_in_the_new_epoch() {
    let scratch = empty();
    sites(&scratch.desk, &["a"]);
    let (path, copy) = (scratch.dir.path().join("m"), scratch.dir.path().join("copy"));
    backup(&path, &copy).unwrap();
    sites(&scratch.desk, &["b", "c", "d", "e"]);
    let mut witnesses = [witness("w.example/1", 1), witness("w.example/2", 2), witness("w.example/3", 3)];
    scratch.desk.set_policy(policy(&scratch.desk, &witnesses).as_bytes()).unwrap();
    let mut states = [WitnessState::default(), WitnessState::default()];
    let round = |desk: &Desk, witnesses: &mut [Witness], states: &mut [WitnessState]| {
        let key = desk.public_key().unwrap().unwrap();
        for (witness, state) in witnesses.iter_mut().zip(states) {
            witness.trust(key.name(), key.clone()).unwrap();
            let request = desk.cosign_request(Some(witness.verifier()), None).unwrap().to_string();
            let answer = witness.add_checkpoint(state, request.as_bytes(), 1_700_000_000);
            state.set(answer.as_ref().unwrap().store.clone());
            desk.keep_answer(CarriedAnswer::of(&answer).to_string().as_bytes()).unwrap();
        }
    };
    round(&scratch.desk, &mut witnesses, &mut states);
    let vouched = scratch.desk.published().unwrap().vouched_size;
    scratch.desk.close().unwrap();
    for name in ["record.db", "record.seal"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    restore(&copy, &path).unwrap();
    begin_epoch(&path, "the disk failed", &stamp(), &[9; 32]).unwrap();
    let desk = Desk::open(&path).unwrap();
    let published = desk.published().unwrap();
    assert!(published.signed_size < vouched, "entries were lost");
    assert_eq!((published.vouched_size, published.witnesses[0].cosigned), (None, None));
    // The proof of an entry is against the new log's head, whatever the old one vouched for.
    let proof = desk.proof_file(0, false).unwrap().unwrap();
    assert_eq!(proof.checkpoint.head().size, published.signed_size.unwrap());
    desk.set_policy(policy(&desk, &witnesses).as_bytes()).unwrap();
    round(&desk, &mut witnesses, &mut states);
    assert_eq!(desk.published().unwrap().vouched_size, published.signed_size);
}

/// Whether any file of a directory holds a text.
fn holds(dir: &Path, text: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { holds(&path, text) } else { contains(&std::fs::read(&path).unwrap(), text) }
    })
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_an_entry_said_is_erased_for_good_and_proofs_and_verification_still_hold() {
    let scratch = empty();
    sites(&scratch.desk, &["keep", "vanish"]);
    let path = scratch.dir.path().join("m");
    let ix = entry_of(&scratch.desk, "vanish");
    let before = scratch.desk.proof_file(ix, false).unwrap().unwrap();
    for (reason, authority) in [("", "rule 3"), ("asked for", " ")] {
        assert!(scratch.desk.erase(&[ix], reason, authority, &stamp()).is_err());
    }
    // The import's findings and names speak of the row as well: what is to go is the whole of it.
    let import = ix + 1;
    let report = scratch.desk.erase(&[ix, import], "asked for by the person concerned", "rule 3", &stamp()).unwrap();
    assert_eq!(report.remains, None);
    assert!(report.changed.contains(&("site".to_owned(), "vanish".to_owned())), "{report:?}");
    let mission = scratch.desk.snapshot().unwrap().mission;
    assert!(mission.sites.get("vanish").is_none() && mission.sites.get("keep").is_some());
    assert!(matches!(scratch.desk.entry(ix).unwrap().unwrap().said, Said::Erased { by } if by == report.order));
    let order = scratch.desk.entry(report.order).unwrap().unwrap();
    assert!(order.said.title().contains("asked for by the person concerned"), "{}", order.said.title());
    let after = scratch.desk.proof_file(ix, true).unwrap().unwrap();
    assert_eq!(
        Disclosure::parse(after.extra.as_deref().unwrap()).unwrap().entry,
        Disclosure::parse(before.extra.as_deref().unwrap()).unwrap().entry,
        "the leaf is what it was"
    );
    assert!(Disclosure::parse(after.extra.as_deref().unwrap()).unwrap().opening.is_none());
    assert!(scratch.desk.erase(&[ix], "again", "rule 3", &stamp()).is_err(), "there is nothing left to erase");
    scratch.desk.close().unwrap();
    assert!(!holds(&path, "Named vanish"), "the bytes are gone from every file");
    assert!(holds(&path, "Named keep"));
    let report = verify(&path).unwrap();
    assert!(report.ok && report.not_covered.is_empty(), "{report:?}");
}

#[test]
fn a_copy_is_whole_and_verified_and_one_of_the_past_is_refused_until_a_new_epoch_begins() {
    let scratch = filled();
    let (dir, path) = (scratch.dir.path(), scratch.dir.path().join("m"));
    let copy = dir.join("copy");
    let made = backup(&path, &copy).unwrap();
    assert_eq!(made.entries, scratch.desk.snapshot().unwrap().head.size);
    assert!(made.files >= 2 && !copy.join("keys").exists() && !copy.join("record.head").exists());
    assert!(matches!(backup(&path, &copy), Err(DeskError::AlreadyThere(_) | DeskError::NotEmpty(_))));
    // The mission goes on, loses its record, and the copy is put in its place.
    sites(&scratch.desk, &["later"]);
    let lost = scratch.desk.snapshot().unwrap().head.size;
    scratch.desk.close().unwrap();
    assert!(restore(&copy, &path).is_err(), "a record that is there is not replaced");
    for name in ["record.db", "record.seal"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    let restored = restore(&copy, &path).unwrap();
    assert!(restored.refused.is_some(), "it is older than the head that was signed");
    let refused = Desk::open(&path).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains(&lost.to_string()), "{refused}");
    assert!(begin_epoch(&path, " ", &stamp(), &[9; 32]).is_err());
    let entry = begin_epoch(&path, "the disk failed", &stamp(), &[9; 32]).unwrap();
    assert_eq!(entry, made.entries);
    let desk = Desk::open(&path).unwrap();
    let begun = desk.entry(entry).unwrap().unwrap();
    assert!(begun.said.title().contains("Epoch 2") && begun.said.title().contains("the disk failed"));
    assert_eq!(desk.snapshot().unwrap().mission.sites.len(), 469);
    sites(&desk, &["after"]);
    let head = desk.checkpoint().unwrap().unwrap();
    assert_eq!(head.verify([&desk.public_key().unwrap().unwrap()]).unwrap().len(), 1);
    desk.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.ok && report.not_covered.is_empty(), "{report:?}");
    let former = std::fs::read_dir(path.join("keys")).unwrap();
    assert!(
        former.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("former-")).count() == 1
    );
}

#[test]
fn a_foreign_signature_is_found_by_verification() {
    let Scratch { dir, desk } = empty();
    sites(&desk, &["a"]);
    desk.close().unwrap();
    let path = dir.path().join("m");
    let other = SignerKey::generate("other.example", SignatureType::Ed25519, &[5; 32]).unwrap();
    std::fs::write(path.join("keys").join("record.pub"), other.verifier().to_string()).unwrap();
    let report = verify(&path).unwrap();
    assert!(!report.ok && report.problems.iter().any(|problem| problem.sentence.contains("record.pub")), "{report:?}");
}

#[test]
fn two_missions_of_one_name_have_logs_of_different_names() {
    let dir = tempfile::tempdir().unwrap();
    let origin = |name: &str, byte| {
        let desk = Desk::init(&dir.path().join(name), &Config::named("Same name"), &[byte; 32]).unwrap();
        desk.public_key().unwrap().unwrap().name().to_owned()
    };
    assert_ne!(origin("a", 1), origin("b", 2));
}

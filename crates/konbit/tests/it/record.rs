//! The record over the command line: verified, tampered with, undone.

use crate::support::{Mission, konbit};
use std::fs;

fn verify(mission: &Mission) -> (i32, serde_json::Value) {
    let run = konbit(&["verify", &mission.dir(), "--format", "json"]);
    (run.code, run.json())
}

/// Replaces the first `old` in the database file by `new`, which has the same length.
fn tamper(mission: &Mission, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let path = mission.path("mission/record.db");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).expect("the text is in the file");
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    fs::write(&path, bytes).unwrap();
}

const SITES: &str = "id,name,kind,lat,lon,precision,mandate_category,source_name,source_read\n\
                     a,Alpha clinic,hospital,18.5,-72.3,site,hospital,a register,yes\n\
                     b,Bravo clinic,hospital,18.6,-72.3,site,hospital,a register,yes\n";

fn with_two_sites() -> Mission {
    let mission = Mission::empty();
    let file = mission.file("s.csv", SITES);
    assert_eq!(konbit(&["import", &mission.dir(), "sites", &file]).code, 0);
    mission
}

#[test]
fn an_untouched_record_holds() {
    let (code, report) = verify(&with_two_sites());
    assert_eq!((code, &report["ok"], &report["entries"]), (0, &true.into(), &3.into()));
}

#[test]
fn a_changed_word_is_found_and_the_first_entry_that_does_not_match_is_named() {
    let mission = with_two_sites();
    tamper(&mission, "Bravo clinic", "Bravo Clinic");
    let (code, report) = verify(&mission);
    assert_eq!((code, &report["ok"]), (1, &false.into()), "{report}");
    assert_eq!(report["first_bad"], 1, "{report}");
}

#[test]
fn a_seeded_sample_of_changed_bytes_is_always_found() {
    let mission = with_two_sites();
    let path = mission.path("mission/record.db");
    let good = fs::read(&path).unwrap();
    // 40 positions over the whole file; every byte is flipped in the tests of the store.
    for step in 0..40usize {
        let mut bytes = good.clone();
        let at = (step * 7_919 + 13) % bytes.len();
        bytes[at] ^= 0x20;
        fs::write(&path, bytes).unwrap();
        let run = konbit(&["verify", &mission.dir()]);
        assert_eq!(run.code, 1, "byte {at}: {}{}", run.out, run.err);
    }
    fs::write(&path, good).unwrap();
    assert_eq!(verify(&mission).0, 0);
}

#[test]
fn a_withdrawn_site_stands_no_more_and_an_import_brings_it_back() {
    let mission = with_two_sites();
    let sites = || konbit(&["export", &mission.dir(), "sites"]).out;
    assert!(sites().contains("Bravo"));
    let run = konbit(&["withdraw", &mission.dir(), "site", "b", "--reason", "listed twice"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!sites().contains("Bravo") && sites().contains("Alpha"));
    assert_eq!(verify(&mission).0, 0);
    let again = konbit(&["import", &mission.dir(), "sites", &mission.file("s.csv", SITES), "--format", "json"]).json();
    assert_eq!((&again["added"], &again["unchanged"]), (&1.into(), &1.into()));
    assert_eq!(verify(&mission).0, 0);
}

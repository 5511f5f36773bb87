//! Bad input of every kind gives a clear sentence and a non-zero exit, and nothing is lost.

use crate::support::{Mission, konbit};
use std::fs::File;

const SITES_HEAD: &str = "id,name,kind,lat,lon,precision,mandate_category,source_name,source_read\n";

fn site(id: &str, name: &str, lat: &str) -> String {
    format!("{id},{name},hospital,{lat},-72.3,site,hospital,a register,yes\n")
}

/// Importing `bytes` as `kind` ends with `code`, says `expect`, and leaves `entries` entries.
fn check(kind: &str, name: &str, bytes: impl AsRef<[u8]>, code: i32, expect: &str, entries: u64) {
    let mission = Mission::empty();
    let file = mission.file(name, bytes);
    let run = konbit(&["import", &mission.dir(), kind, &file]);
    let said = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, code, "{kind} {name}: {said}");
    assert!(said.contains(expect), "{kind} {name}: expected {expect:?} in: {said}");
    assert_eq!(mission.entries(), entries, "{kind} {name}: {said}");
}

#[test]
fn what_is_not_the_format_it_should_be_changes_nothing() {
    check("resolution", "a.xml", "this is not XML", 1, "nothing was imported", 0);
    check("resolution", "a.xml", "<akomaNtoso><statement>", 1, "nothing was imported", 0);
    check("resolution", "a.xml", "", 1, "nothing was imported", 0);
    check("resolution", "a.xml", b"<akomaNtoso>\xE9</akomaNtoso>", 1, "nothing was imported", 0);
    check("sites", "a.csv", "", 1, "nothing was imported", 0);
    check("sites", "a.csv", "<html></html>", 1, "nothing was imported", 0);
    check("sites", "a.csv", b"id,name\n\xE9,\xE8\n", 1, "UTF-8", 0);
    check("sites", "a.csv", [0u8; 64], 1, "nothing was imported", 0);
    check("sites", "a.csv", "id\n1\n", 1, "nothing was imported", 0);
    check("sites", "a.xlsx", "PK\x03\x04 but no workbook", 1, "nothing was imported", 0);
    check("boundaries", "a.geojson", "{\"type\":\"FeatureCollection\"", 1, "nothing was imported", 0);
    check("planning", "planning.toml", "personnel = ", 1, "nothing was imported", 0);
}

#[test]
fn a_row_that_cannot_be_kept_is_named_and_the_others_are() {
    // One site and the import itself are two entries.
    let good = site("a", "A", "18.5");
    check("sites", "s.csv", format!("{SITES_HEAD}{good}{}", site("b", "B", "91")), 1, "91", 2);
    check("sites", "s.csv", format!("{SITES_HEAD}{good}{}", site("a", "Another", "18.6")), 1, "s.csv:3", 2);
    check("sites", "s.csv", format!("{SITES_HEAD}{good}"), 0, "1 added", 2);
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let mission = Mission::empty();
    let file = mission.file("s.csv", format!("{SITES_HEAD}{}", site("a", "A", "18.5")));
    let import = || konbit(&["import", &mission.dir(), "sites", &file, "--format", "json"]).json();
    assert_eq!(import()["added"], 1);
    let entries = mission.entries();
    let again = import();
    assert_eq!((&again["added"], &again["unchanged"]), (&0.into(), &1.into()));
    assert_eq!(mission.entries(), entries);
}

/// `konbit ARGS` ends with `code` and says `expect` on standard error.
fn refused(args: &[&str], code: i32, expect: &str) {
    let run = konbit(args);
    assert_eq!(run.code, code, "{args:?}: {}{}", run.out, run.err);
    assert!(run.err.contains(expect), "{args:?}: expected {expect:?} in: {}", run.err);
}

#[test]
fn paths_that_are_no_mission_or_no_file_are_named() {
    let mission = Mission::empty();
    let dir = mission.dir();
    let file = mission.file("a.csv", "id\n");
    let scratch = mission.path("").to_str().unwrap().to_owned();
    refused(&["check", &scratch], 3, "holds no mission");
    refused(&["init", &dir], 3, "already holds a mission");
    refused(&["init", &scratch], 3, "is not empty");
    refused(&["init", &file], 3, "is a file");
    refused(&["import", &dir, "sites", &dir], 3, "is a directory");
    refused(&["import", &dir, "sites", &format!("{scratch}/none.csv")], 3, "cannot read");
    refused(&["import", &dir, "wells", &file], 3, "is not a kind of data");
    refused(&["export", &dir, "wells"], 3, "wells");
    refused(&["init", &format!("{scratch}/x"), "--example", "atlantis"], 3, "haiti-2023");
    refused(&["withdraw", &dir, "site", "none", "--reason", "x"], 3, "there is no site");
    refused(&["check-plan", &format!("{scratch}/none.json")], 3, "cannot read");
    refused(&["serve", &dir, "--listen", "nowhere:x"], 3, "cannot listen");
    refused(&["plan"], 2, "Usage");
}

#[test]
fn a_file_of_two_gigabytes_is_refused_before_it_is_read() {
    let mission = Mission::empty();
    let path = mission.path("large.csv");
    // A sparse file: it has the size and takes no room.
    File::create(&path).and_then(|file| file.set_len(2 << 30)).unwrap();
    refused(&["import", &mission.dir(), "sites", path.to_str().unwrap()], 3, "bytes; at most");
    assert_eq!(mission.entries(), 0);
}

#[test]
fn plans_that_cannot_be_are_refused_with_the_reason() {
    let empty = Mission::empty();
    refused(&["plan", &empty.dir()], 3, "no planning figures");
    let example = Mission::example();
    refused(&["plan", &example.dir(), "--personnel", "0"], 3, "0 people");
    refused(&["plan", &example.dir(), "--alpha=1.5"], 3, "between 0 and 1");
    refused(&["plan", &example.dir(), "--seconds=-1"], 3, "--seconds");
    // The mandatory posts of the example need 32 seats, that is 151 people at 4.7 for one on duty.
    let run = konbit(&["plan", &example.dir(), "--personnel", "100"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("mandatory posts need 32 seats"), "{}", run.out);
}

#[test]
fn a_plan_file_that_is_none_does_not_hold() {
    let mission = Mission::empty();
    for bytes in ["", "{", "null", "[]", "{}", "{\"value\": 1}"] {
        let run = konbit(&["check-plan", &mission.file("p.json", bytes)]);
        assert_eq!(run.code, 1, "{bytes}");
        assert!(run.out.contains("does not hold"), "{bytes}: {}", run.out);
    }
}

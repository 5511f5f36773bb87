//! The worked example from resolution to plan.

use crate::support::{Mission, example_file, konbit};
use serde_json::Value;
use std::fs;

#[test]
fn the_example_from_resolution_to_plan() {
    let mission = Mission::example();
    let dir = mission.dir();

    // Nothing in the example is an error; what is unverified or doubtful is said.
    let check = konbit(&["check", &dir, "--format", "json"]);
    assert_eq!(check.code, 0, "{}", check.out);

    // A plan, with its proof, that an independent program confirms.
    let file = mission.path("plan.json");
    let plan = konbit(&["plan", &dir, "--seed", "1", "-o", file.to_str().unwrap(), "--adopt", "tried in a test"]);
    assert_eq!(plan.code, 0, "{}{}", plan.out, plan.err);
    let document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let (value, bound, gap) =
        (document["value"].as_f64().unwrap(), document["bound"].as_f64().unwrap(), document["gap"].as_f64().unwrap());
    assert!(bound <= value && gap < 0.01, "value {value}, bound {bound}, gap {gap}");
    assert_eq!(document["personnel"], 1000);
    assert_eq!(document["sites"].as_array().unwrap().len(), 469);
    let checked = konbit(&["check-plan", file.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{}", checked.out);

    // 50 more people never make it worse, 50 fewer never better.
    let others = document["more_and_fewer"].as_array().unwrap();
    let at = |personnel: u64| {
        others.iter().find(|point| point["personnel"] == personnel).unwrap()["value"].as_f64().unwrap()
    };
    assert!(at(1050) <= value && value <= at(950), "{others:?}");

    // The plan is in the record, and the record holds.
    let verified = konbit(&["verify", &dir, "--format", "json"]);
    assert_eq!(verified.code, 0, "{}", verified.out);

    // The same seed gives the same plan; only the seconds differ.
    let again = konbit(&["plan", &dir, "--seed", "1", "--format", "json"]).json();
    let without_seconds = |mut value: Value| {
        value.as_object_mut().unwrap().remove("seconds");
        value
    };
    assert_eq!(without_seconds(document), without_seconds(again));
}

#[test]
fn the_example_imported_again_adds_nothing() {
    let mission = Mission::example();
    let before = mission.entries();
    for (kind, files) in [
        ("mission", &["mission.toml"][..]),
        ("resolution", &["resolution-2699.toml"]),
        ("votes", &["council_votes.csv"]),
        ("council", &["council.csv"]),
        ("obligations", &["obligations.csv"]),
        ("contributions", &["contributions.csv"]),
        ("outline", &["outline.geojson"]),
        ("towns", &["towns.csv"]),
        ("roads", &["road_nodes.csv", "roads.csv"]),
        ("sites", &["sites.csv"]),
        ("bases", &["bases.csv"]),
        ("areas", &["areas.csv"]),
        ("incidents", &["incidents.csv"]),
        ("incident-sources", &["incident_sources.csv"]),
        ("totals", &["totals.csv"]),
        ("planning", &["planning.toml"]),
        ("week", &["week.toml"]),
    ] {
        let paths: Vec<String> = files.iter().map(|file| example_file(file)).collect();
        let dir = mission.dir();
        let args: Vec<&str> = ["import", &dir, kind].into_iter().chain(paths.iter().map(String::as_str)).collect();
        let run = konbit(&args);
        assert_eq!(run.code, 0, "{kind}: {}{}", run.out, run.err);
        assert_eq!(mission.entries(), before, "{kind}: {}", run.out);
    }
}

#[test]
fn a_changed_certificate_is_refused() {
    let mission = Mission::example();
    let file = mission.path("plan.json");
    assert_eq!(konbit(&["plan", &mission.dir(), "-o", file.to_str().unwrap()]).code, 0);
    let mut document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    document["bound"] = (document["bound"].as_f64().unwrap() * 1.01).into();
    let run = konbit(&["check-plan", &mission.file("better.json", document.to_string())]);
    assert_eq!(run.code, 1, "{}", run.out);
}

//! A whole round with no network: the mission asks, two of three witnesses answer, a reader checks.

use crate::support::{Mission, konbit};
use std::fs;

/// Runs `konbit` and expects it to end so.
fn run(args: &[&str], code: i32) -> crate::support::Run {
    let run = konbit(args);
    assert_eq!(run.code, code, "{args:?}: {}{}", run.out, run.err);
    run
}

#[test]
fn request_answer_and_proof_are_carried_by_hand() {
    let mission = Mission::example();
    let at = |name: &str| mission.path(name).to_str().unwrap().to_owned();
    let vkey = fs::read_to_string(mission.path("mission/keys/record.pub")).unwrap().trim().to_owned();

    let mut policy = format!("log {vkey}\n");
    for name in ["w1", "w2", "w3"] {
        let made = run(&["witness", "init", &at(name), "--name", &format!("{name}.example"), "--format", "json"], 0);
        policy += &format!("witness {name} {}\n", made.json()["vkey"].as_str().unwrap());
        run(&["witness", "add-log", &at(name), &vkey], 0);
    }
    policy += "group two 2 w1 w2 w3\nquorum two\n";
    let policy = mission.file("policy", policy);
    let checked = run(&["policy", "check", &policy, "--format", "json"], 0).json();
    assert_eq!((&checked["rule"], &checked["dishonest_max"]), (&"2 of (w1, w2, w3)".into(), &0.into()));

    run(&["cosign", "policy", &mission.dir(), &policy], 0);
    let request = at("request.txt");
    run(&["cosign", "request", &mission.dir(), "-o", &request], 0);

    // One cosignature is too few.
    let proof = at("proof.txt");
    let check = |code: i32| run(&["proof", "check", &proof, "--policy", &policy], code).out;
    run(&["witness", "answer", &at("w1"), &request, "-o", &at("a1.txt")], 0);
    run(&["cosign", "keep", &mission.dir(), &at("a1.txt")], 0);
    run(&["prove", &mission.dir(), "3", "--with-body", "-o", &proof], 0);
    let refused = check(1);
    assert!(refused.contains("too few witnesses") && refused.contains("there is w1"), "{refused}");

    // The second answer is drawn on the screen as well; the request is carried there twice, as the first was lost.
    run(&["witness", "answer", &at("w2"), &request, "-o", &at("lost.svg")], 0);
    assert!(fs::read_to_string(at("lost.svg")).unwrap().contains("<svg"));
    let drawn = run(&["witness", "answer", &at("w2"), &request, "-o", &at("a2.txt"), "--qr"], 0);
    assert!(drawn.out.contains('\u{2588}') && drawn.err.contains("carry the answer back"), "{}", drawn.err);
    run(&["cosign", "keep", &mission.dir(), &at("a2.txt")], 0);
    run(&["prove", &mission.dir(), "3", "--with-body", "-o", &proof], 0);
    let shown = check(0);
    for part in
        ["holds: this is entry 3", "w1 (key w1.example) cosigned on", "w2 (key w2.example)", "the entry commits to ("]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    // The record grows; a request from the old size is answered, one from nothing is told where to begin.
    let site = "id,name,kind,lat,lon,precision,mandate_category,source_name,source_read\n\
                zz,Alpha clinic,hospital,18.5,-72.3,site,hospital,a register,yes\n";
    run(&["import", &mission.dir(), "sites", &mission.file("s.csv", site)], 0);
    run(&["cosign", "request", &mission.dir(), "--old", "0", "-o", &request], 0);
    let again = run(&["witness", "answer", &at("w1"), &request, "-o", &at("a3.txt")], 1);
    assert!(again.err.contains("send a proof from there"), "{}", again.err);
    let answer = fs::read_to_string(at("a3.txt")).unwrap();
    let latest = answer.lines().find_map(|line| line.strip_prefix("latest ")).unwrap().to_owned();
    run(&["cosign", "request", &mission.dir(), "--old", &latest, "-o", &request], 0);
    run(&["witness", "answer", &at("w1"), &request, "-o", &at("a4.txt")], 0);
    let shown = run(&["witness", "show", &at("w1"), "--format", "json"], 0).json();
    assert!(shown["logs"][0]["latest"]["size"].as_u64().unwrap() > latest.parse().unwrap());

    // What is no request is refused in words, and the answer says so too.
    run(&["witness", "answer", &at("w3"), &policy, "-o", &at("a5.txt")], 1);
    assert!(fs::read_to_string(at("a5.txt")).unwrap().starts_with("konbit/witness-answer@v1\nstatus 400\n\n"));
    run(&["witness", "answer", &at("w3"), &at("none"), "-o", &at("a6.txt")], 3);
}

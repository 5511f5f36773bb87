//! Cosigning over a network, by command and beside the pages, and comparing what everybody holds.

use super::log::{History, Serving};
use crate::support::{Mission, konbit};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs `konbit` and expects it to end so.
fn run(args: &[&str], code: i32) -> crate::support::Run {
    let run = konbit(args);
    assert_eq!(run.code, code, "{args:?}: {}{}", run.out, run.err);
    run
}

/// A witness that knows the log `vkey`; its public key.
fn witness(dir: &str, name: &str, vkey: &str) -> String {
    let made = run(&["witness", "init", dir, "--name", name, "--format", "json"], 0);
    run(&["witness", "add-log", dir, vkey], 0);
    made.json()["vkey"].as_str().unwrap().to_owned()
}

/// Entries that each witness has cosigned.
fn cosigned(mission: &Mission) -> Vec<Option<u64>> {
    let status = run(&["cosign", "status", &mission.dir(), "--format", "json"], 0).json();
    status["witnesses"].as_array().unwrap().iter().map(|witness| witness["cosigned"][0].as_u64()).collect()
}

#[test]
fn witnesses_are_asked_by_command_and_while_the_mission_is_served() {
    let mission = Mission::example();
    let at = |name: &str| mission.path(name).to_str().unwrap().to_owned();
    let vkey = fs::read_to_string(mission.path("mission/keys/record.pub")).unwrap().trim().to_owned();
    let keys = ["w1", "w2", "w3"].map(|name| witness(&at(name), &format!("{name}.example"), &vkey));
    let mut first = Serving::start(&["witness", &at("w1"), "--listen", "127.0.0.1:0"]);
    let policy = format!(
        "log {vkey}\nwitness w1 {} {}\nwitness w2 {} http://127.0.0.1:9\nwitness w3 {}\ngroup two 2 w1 w2 w3\nquorum two\n",
        keys[0], first.url, keys[1], keys[2]
    );
    let policy = mission.file("policy", policy);
    assert_eq!(run(&["cosign", "ask", &mission.dir()], 3).err.matches("no witness has an address").count(), 1);
    let set = run(&["cosign", "policy", &mission.dir(), &policy], 0);
    assert!(set.out.contains("2 of (w1, w2, w3)") && set.out.contains("while every witness is honest"), "{}", set.out);

    // One answers, one is away, one is reached by hand only.
    let asked = run(&["cosign", "ask", &mission.dir()], 1);
    assert!(asked.out.contains("w1 has cosigned") && asked.out.contains("w2 has not cosigned: "), "{}", asked.out);
    assert!(run(&["cosign", "ask", &mission.dir(), "w3"], 1).out.contains("by hand"));
    assert!(run(&["cosign", "ask", &mission.dir(), "w4"], 3).err.contains("it names w1, w2, w3"));
    let size = cosigned(&mission)[0].unwrap();
    assert_eq!(cosigned(&mission), [Some(size), None, None]);

    // While the mission is served, what is new is cosigned by itself.
    let site = "id,name,kind,lat,lon,precision,mandate_category,source_name,source_read\n\
                zz,Alpha clinic,hospital,18.5,-72.3,site,hospital,a register,yes\n";
    run(&["import", &mission.dir(), "sites", &mission.file("s.csv", site)], 0);
    let served = Serving::start(&["serve", &mission.dir(), "--listen", "127.0.0.1:0", "--cosign-seconds", "1"]);
    let limit = Instant::now() + Duration::from_secs(60);
    while cosigned(&mission)[0] == Some(size) {
        assert!(Instant::now() < limit, "the witness is not asked");
        std::thread::sleep(Duration::from_millis(200));
    }

    // A log that serves its hashes, a witness that is there, one that is away: what can be compared agrees.
    let compared = run(&["compare", &policy, &served.url, "--format", "json"], 1).json();
    let log = &compared["logs"][0];
    assert_eq!((log["one_history"].as_bool(), log["heads"].as_array().unwrap().len()), (Some(true), 2), "{compared}");
    assert!(compared["silent"][0]["place"].as_str().unwrap().contains("w2"), "{compared}");
    first.kill();
    assert_eq!(served.stop(), Some(0), "a witness that is away keeps nobody from stopping");
    let report = run(&["verify", &mission.dir()], 0).out;
    assert!(report.contains("every byte is as it was when the record was closed"), "{report}");
}

/// Heads of two histories in files; a log that serves one of them.
fn check_compared(heads: &[(&History, &str)], code: i32, expect: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let policy = at("policy");
    fs::write(&policy, format!("log {}\nquorum none\n", super::log::log_key().verifier())).unwrap();
    let mut args = vec!["compare".to_owned(), policy, "--keep".to_owned(), at("kept")];
    for (history, name) in heads {
        fs::write(at(name), history.signed().to_string()).unwrap();
        args.push(at(name));
    }
    let run = run(&args.iter().map(String::as_str).collect::<Vec<_>>(), code);
    for part in expect {
        assert!(run.out.contains(part) || run.err.contains(part), "{part}: {}{}", run.out, run.err);
    }
    let keeps = fs::read_dir(scratch.path().join("kept")).is_ok();
    assert_eq!(keeps, run.out.contains("CONTRADICTION"), "{}", run.out);
    if keeps {
        let evidence = fs::read_dir(Path::new(&at("kept")).join("evidence")).unwrap().next().unwrap().unwrap();
        assert!(evidence.path().join("first.txt").exists() && evidence.path().join("second.txt").exists());
    }
}

#[test]
fn heads_of_two_histories_are_told_and_kept() {
    let entries = |word: &str, count: u32| (0..count).map(|ix| format!("{word} {ix}").into_bytes()).collect::<Vec<_>>();
    let (one, same, other, larger) = (
        History::of(entries("entry", 20)),
        History::of(entries("entry", 20)),
        History::of(entries("other", 20)),
        History::of(entries("entry", 21)),
    );
    check_compared(&[(&one, "a"), (&same, "b")], 0, &["all of one history"]);
    check_compared(
        &[(&one, "a"), (&other, "b")],
        1,
        &["CONTRADICTION", "the log signed two different roots", "the evidence is in"],
    );
    check_compared(
        &[(&one, "a"), (&larger, "b")],
        1,
        &["open: the head of 20 entries", "open: the head of 21 entries"],
    );
    check_compared(&[(&one, "a")], 0, &["nothing was compared with"]);
    check_compared(&[], 3, &["no head of a log of the policy was found"]);
}

//! `konbit mirror`: copies, goes on after a kill, refuses a second history, serves what it has.

use super::log::{History, Serving, log_key};
use crate::support::{Mission, konbit};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

fn history(size: u64, word: &str) -> Arc<History> {
    Arc::new(History::of((0..size).map(|ix| format!("{word} {ix}").into_bytes())))
}

#[test]
fn a_mirror_is_copied_served_and_mirrored_again() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let key = log_key().verifier().to_string();
    let url = history(300, "entry").serve(usize::MAX);
    let run = konbit(&["mirror", &url, &dir("m")]);
    assert!(run.code == 3 && run.err.contains("give the log's key with --key"), "{}", run.err);
    let first = konbit(&["mirror", &url, &dir("m"), "--key", &key, "--format", "json"]);
    assert_eq!((first.code, &first.json()["entries"]), (0, &300.into()), "{}", first.err);
    let serving = Serving::start(&["mirror", &url, &dir("m"), "--serve", "127.0.0.1:0"]);
    let second = konbit(&["mirror", &serving.url, &dir("n"), "--key", &key]);
    assert_eq!(second.code, 0, "{}", second.err);
    assert_eq!(
        fs::read(scratch.path().join("n/checkpoint")).unwrap(),
        fs::read(scratch.path().join("m/checkpoint")).unwrap()
    );
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn another_history_is_refused_the_old_one_kept_and_served_all_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("m").to_str().unwrap().to_owned();
    let key = log_key().verifier().to_string();
    assert_eq!(konbit(&["mirror", &history(300, "entry").serve(usize::MAX), &dir, "--key", &key]).code, 0);
    let forked = history(400, "other").serve(usize::MAX);
    let run = konbit(&["mirror", &forked, &dir, "--format", "json"]);
    let told = run.json();
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(told["refused"].as_str().unwrap().contains("shows another history"), "{told}");
    assert!(Path::new(told["evidence"].as_str().unwrap()).join("about.txt").exists(), "{told}");
    let serving = Serving::start(&["mirror", &forked, &dir, "--serve", "127.0.0.1:0"]);
    let second = scratch.path().join("n").to_str().unwrap().to_owned();
    let run = konbit(&["mirror", &serving.url, &second, "--key", &key, "--format", "json"]);
    assert_eq!((run.code, &run.json()["entries"]), (0, &300.into()), "{}", run.err);
}

#[test]
fn a_copy_that_is_killed_again_and_again_is_whole_in_the_end() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("m").to_str().unwrap().to_owned();
    let key = log_key().verifier().to_string();
    let url = history(20_000, "entry").serve(usize::MAX);
    for kill in 0..12u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_konbit"))
            .args(["mirror", &url, &dir, "--key", &key])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(5 + kill * 7));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let run = konbit(&["mirror", &url, &dir, "--key", &key]);
    assert_eq!(run.code, 0, "{}", run.err);
    let whole = scratch.path().join("w").to_str().unwrap().to_owned();
    assert_eq!(konbit(&["mirror", &url, &whole, "--key", &key]).code, 0);
    let diff = Command::new("diff").args(["-r", "-x", ".*.new", &dir, &whole]).output().unwrap();
    assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stdout));
}

#[test]
fn the_record_of_a_mission_is_mirrored_from_its_own_pages() {
    let mission = Mission::example();
    let vkey = fs::read_to_string(mission.path("mission/keys/record.pub")).unwrap();
    let entries = mission.entries();
    let serving = Serving::start(&["serve", &mission.dir(), "--listen", "127.0.0.1:0"]);
    let dir = mission.path("mirror").to_str().unwrap().to_owned();
    let run = konbit(&["mirror", &serving.url, &dir, "--key", vkey.trim(), "--format", "json"]);
    assert_eq!((run.code, &run.json()["entries"]), (0, &entries.into()), "{}{}", run.out, run.err);
}

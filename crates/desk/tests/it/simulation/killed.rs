//! A mission whose process is killed while it works: what it had answered is there.

use super::operation::{Operation, draw};
use super::world::World;
use super::{check, said};
use crate::file;
use konbit_base::rng::seeded;
use konbit_base::{Digest, Severity};
use konbit_desk::{Desk, Stamp, verify};
use konbit_exchange::import::ImportKind;
use konbit_record::verify_consistency;
use konbit_store::EntryFilter;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const VARIABLE: &str = "KONBIT_DESK_CHILD";

/// Operations of one life at most; it is killed long before.
const LIFE: usize = 100_000;

/// What the process that is killed runs: operations without end, and a line after each answer.
#[test]
#[ignore = "what the tests of kills start in a process of its own"]
fn child() {
    let Ok(command) = std::env::var(VARIABLE) else { return };
    let (seed, directory) = command.split_once(' ').unwrap();
    let mut world = World::in_directory(Path::new(directory)).unwrap();
    for operation in draw(seed.parse().unwrap(), LIFE) {
        // These move the mission elsewhere, or go on from another record.
        let elsewhere =
            matches!(operation, Operation::Crash(_) | Operation::RestoreOld { .. } | Operation::GoOnFromOld { .. });
        if elsewhere {
            continue;
        }
        world.act(&operation).unwrap_or_else(|why| panic!("{operation:?}: {why}"));
        let head = world.desk().snapshot().unwrap().head;
        say(&format!("kept {} {}", head.size, head.root));
        if let Operation::Erase { .. } = operation {
            world.model.gone().iter().for_each(|text| say(&format!("gone {text}")));
        }
    }
}

fn say(line: &str) {
    // One write, begun on a line of its own: the test runner has written before it.
    let line = format!("\n{line}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// What a process had answered before it was killed.
#[derive(Default)]
struct Answers {
    heads: Vec<(u64, Digest)>,
    gone: Vec<String>,
}

fn killed(directory: &Path, seed: u64, delay: Duration) -> Answers {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["simulation::killed::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(VARIABLE, format!("{seed} {}", directory.display())).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (first, begun) = channel();
    let reader = thread::spawn(move || {
        let mut answers = Answers::default();
        for line in lines {
            if let Some((size, root)) = line.strip_prefix("kept ").and_then(|rest| rest.split_once(' ')) {
                // A last line that the kill has cut off has no whole root.
                if let Some(root) = Digest::parse(root) {
                    answers.heads.push((size.parse().unwrap(), root));
                    let _ = first.send(());
                }
            } else if let Some(text) = line.strip_prefix("gone ") {
                // An erasure is answered with a line before; a text that is cut off is a part of it.
                answers.gone.push(text.to_owned());
            }
        }
        answers
    });
    begun.recv().unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it works until it is killed");
    reader.join().unwrap()
}

/// What has to hold of a mission directory after its process was killed.
fn look(mission: &Path, answers: &Answers) -> Result<(), String> {
    let desk = said("opening after a kill", Desk::open(mission))?;
    let live = said("the state", desk.snapshot())?;
    if said("the state rebuilt", desk.rebuild())? != live.mission {
        return Err("the state rebuilt from the entries is not the one that is kept".to_owned());
    }
    for (size, root) in &answers.heads {
        let request = said("a proof", desk.cosign_request(None, Some(*size)))?;
        let head = request.checkpoint.head();
        said("the proof", verify_consistency(*size, head.size, &root.0, &head.root, &request.proof))?;
    }
    let report = said("verification", verify(mission))?;
    let missed = report.not_covered.iter().find(|line| !line.starts_with("unused bytes"));
    if !report.ok || missed.is_some() {
        return Err(format!("it does not verify: {report:?}"));
    }
    let row = "id,name,kind,lat,lon,source_name,source_read\nafter,After,hospital,18.5,-72.3,x,yes\n";
    let stamp = Stamp::new(jiff::Timestamp::UNIX_EPOCH, "simulated", Digest::of(b"after").0);
    let done = said("going on", desk.import(ImportKind::Sites, &file("after.csv", row), &stamp))?;
    assert!(done.findings.iter().all(|finding| finding.severity < Severity::Error) && done.added == 1);
    said("closing", desk.close())?;
    check::closed(mission)?;
    erased(mission, answers)
}

/// What an answered erasure took away is in no file, unless an entry has said it again since.
fn erased(mission: &Path, answers: &Answers) -> Result<(), String> {
    let desk = said("reading", Desk::open_to_read(mission))?;
    let all = EntryFilter { limit: usize::MAX, ..EntryFilter::default() };
    let said_now: Vec<u8> = said("the entries", desk.entries(&all))?
        .iter()
        .filter_map(|view| view.entry.body.kept())
        .flatten()
        .copied()
        .collect();
    drop(desk);
    let is_said = |text: &str| said_now.windows(text.len()).any(|window| window == text.as_bytes());
    // A last line that the kill has cut off may be any part of a text.
    let whole = answers.gone.iter().map(String::as_str).filter(|text| text.contains(" in version "));
    let gone: Vec<&str> = whole.filter(|text| !is_said(text)).collect();
    check::texts_gone(mission, &gone)
}

/// Kills `count` processes; gives how many answers were checked.
fn check(count: u64, seed: u64) -> usize {
    let (mut rng, mut answered) = (seeded(seed, 1), 0);
    for kill in 0..count {
        let keep = tempfile::tempdir().unwrap();
        let answers = killed(keep.path(), seed + kill, Duration::from_micros(rng.below(250_000)));
        if let Err(why) = look(&keep.path().join("m0"), &answers) {
            panic!("kill {kill} of seed {seed}, after {} answers: {why}", answers.heads.len());
        }
        answered += answers.heads.len();
    }
    answered
}

#[test]
fn what_was_answered_outlives_the_process_being_killed_at_any_moment() {
    assert!(check(8, 2023) >= 8);
}

/// `KONBIT_KILLS=500 cargo test --release -p konbit-desk --test it -- --ignored --nocapture simulation::killed::many_kills`
#[test]
#[ignore = "takes minutes: hundreds of kills, or KONBIT_KILLS of them"]
fn many_kills() {
    let count = std::env::var("KONBIT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    let answered = check(count, 2699);
    eprintln!("{count} kills, {answered} answers checked, none lost");
}

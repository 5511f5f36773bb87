//! What the tests of faults run in a process of its own, so that it can be killed, traced, and
//! have its system calls fail: the scenarios, and how they are started.

use crate::help::{body, order, submission};
use konbit_base::Digest;
use konbit_record::{SignatureType, SignerKey};
use konbit_store::{Limits, RowChange, Sequencer, Store, StoreError, Submission, backup, restore};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread;

const VARIABLE: &str = "KONBIT_STORE_CHILD";

/// Bytes that occur in no other entry, so that they can be searched for.
pub const ERASED: u64 = 1;

/// Entries of the record that a scenario begins with.
pub const PREPARED: u64 = 3;

pub fn key() -> SignerKey {
    SignerKey::generate("example.org/record", SignatureType::Ed25519, &Digest::of(b"key").0).unwrap()
}

/// A command that runs `scenario` on the directory, by itself or under `wrapper` (`strace …`).
pub fn command(wrapper: &[String], scenario: &str, directory: &Path) -> Command {
    let mut words = wrapper.to_vec();
    words.push(std::env::current_exe().unwrap().to_str().unwrap().to_owned());
    words.extend(["child::run", "--exact", "--ignored", "--nocapture", "--test-threads=1"].map(str::to_owned));
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env(VARIABLE, format!("{scenario} {}", directory.display()));
    command
}

/// A directory with a signed record of [`PREPARED`] entries, closed, and a backup of it.
pub fn prepare(directory: &Path) {
    let mut store = Store::create(directory.join("record.db")).unwrap();
    store.sign_with(key()).unwrap();
    for n in 0..PREPARED {
        store.submit(submission(n)).unwrap();
    }
    store.close().unwrap();
    backup(directory.join("record.db"), directory.join("before.db")).unwrap();
}

fn say(line: &str) {
    // One write, begun on a line of its own: the test runner has written before it.
    let line = format!("\n{line}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// Runs what the variable asks for, and says what became of it.
#[test]
#[ignore = "what the tests of faults start in a process of its own"]
fn run() {
    let Ok(command) = std::env::var(VARIABLE) else { return };
    let (scenario, directory) = command.split_once(' ').unwrap();
    let directory = Path::new(directory);
    let done = match scenario {
        "append" => appends(directory, 4),
        "checkpoint" => long_log(directory),
        "backup" => backup(directory.join("record.db"), directory.join("after.db")).map(drop),
        "restore" => restore(directory.join("before.db"), directory.join("restored.db")).map(drop),
        "erase" => erase(directory),
        "life" => life(directory),
        "load" => load(directory),
        other => panic!("no scenario {other}"),
    };
    match done {
        Ok(()) => say("done"),
        Err(error) => say(&format!("failed: {error}")),
    }
}

fn open(directory: &Path) -> Result<Store, StoreError> {
    let mut store = Store::open(directory.join("record.db"))?;
    store.sign_with(key())?;
    Ok(store)
}

/// Appends the next entry, says that it was acknowledged, and after a failure tries once more.
fn append(store: &mut Store, submission: Submission) -> Result<(), StoreError> {
    match store.submit(submission.clone()) {
        Ok(receipt) => {
            say(&format!("acknowledged {}", receipt.first + receipt.count));
            Ok(())
        }
        Err(error) => {
            if store.submit(submission).is_ok() {
                say("again");
            }
            Err(error)
        }
    }
}

fn appends(directory: &Path, count: u64) -> Result<(), StoreError> {
    let mut store = open(directory)?;
    for n in PREPARED..PREPARED + count {
        append(&mut store, submission(n))?;
    }
    store.close().map(drop)
}

/// An append after which the log is moved into the file, and two after that.
fn long_log(directory: &Path) -> Result<(), StoreError> {
    let mut store = open(directory)?;
    let long = RowChange { body: Some(vec![b'x'; 5 << 20]), ..crate::help::row(PREPARED) };
    append(&mut store, Submission { changes: vec![long], ..submission(PREPARED) })?;
    for n in PREPARED + 1..PREPARED + 3 {
        append(&mut store, submission(n))?;
    }
    store.close().map(drop)
}

fn erase(directory: &Path) -> Result<(), StoreError> {
    let mut store = open(directory)?;
    let erased = store.erase(order(&[ERASED]))?;
    say(&format!("acknowledged {}", erased.receipt.first + 1));
    if erased.remains.is_none() {
        say("erased");
    }
    store.close().map(drop)
}

/// From nothing: a record is made, appended to, erased from, closed, and opened again.
fn life(directory: &Path) -> Result<(), StoreError> {
    let mut store = Store::create(directory.join("record.db"))?;
    store.sign_with(key())?;
    say("created");
    for n in 0..5 {
        append(&mut store, submission(n))?;
    }
    let erased = store.erase(order(&[ERASED]))?;
    say(&format!("acknowledged {}", erased.receipt.first + 1));
    assert_eq!(erased.remains, None);
    say("erased");
    for n in 6..9 {
        append(&mut store, submission(n))?;
    }
    store.close()?;
    let mut store = open(directory)?;
    for n in 9..12 {
        append(&mut store, submission(n))?;
    }
    store.close().map(drop)
}

/// Four clients who append until the process is killed.
fn load(directory: &Path) -> Result<(), StoreError> {
    let store = open(directory)?;
    let base = store.entry_count()? * 10;
    let sequencer = Sequencer::start(store, Limits::default())?;
    thread::scope(|scope| {
        for client in 0..4 {
            let sequencer = &sequencer;
            scope.spawn(move || {
                for n in (base + client..).step_by(4) {
                    match sequencer.submit(submission(n)) {
                        Ok(receipt) => say(&format!("kept {} {n}", receipt.first)),
                        Err(error) => return say(&format!("failed: {error}")),
                    }
                }
            });
        }
    });
    Ok(())
}

/// Whether the bytes of the erased entry lie in any file of the directory, copies excepted that
/// were made before, and `-shm`: that is shared memory of the processes that have the record open,
/// is never synced and is made anew at each opening; SQLite may copy a part of its own process's
/// memory there (`walIndexRecover`), where these tests have the bytes themselves.
pub fn erased_bytes_lie_in(directory: &Path) -> bool {
    let needles = [body(ERASED), crate::help::salts(ERASED).salt(0).to_vec()];
    std::fs::read_dir(directory).unwrap().map(|item| item.unwrap().path()).any(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let left_out = name.starts_with("before") || name.ends_with("-shm");
        let bytes = if left_out || path.is_dir() { Vec::new() } else { std::fs::read(path).unwrap() };
        needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == needle))
    })
}

/// Whether `strace` is there and may trace; says by name what is skipped without it.
pub fn strace_works(test: &str) -> bool {
    let works = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success());
    if !works {
        eprintln!("skipped: {test}: strace is not installed or may not trace here");
    }
    works
}

//! A simulation of the whole mission: a list of operations that a seed stands for, on a clock that
//! only the list moves, with everything checked after each of them.
//!
//! A seed that fails prints its list, made as short as it gets, and the command that repeats it.
//! What was found so is kept in `pinned.rs`, as lists that can be read.
//!
//! - `operation.rs`: what can happen, and the list that a seed stands for.
//! - `world.rs`, `outsiders.rs`, `loss.rs`: how it happens, and what is expected of each operation.
//! - `model.rs`: what ought to be there, in a few plain lists.
//! - `check.rs`: what has to hold whatever has happened.
//! - `killed.rs`: the same in a process of its own, which is killed.
//!
//! **What it cheats on.** A loss of power is simulated by the files as a process sees them at that
//! moment: what is written and not synced is there. Disks that lose or reorder such writes are
//! tried in the store's tests (`images.rs`), where every system call is known. Two people who act
//! at the same time are two threads, so that the order of their entries may differ from one run of
//! a seed to the next; nothing else does.

mod check;
mod killed;
mod loss;
mod model;
mod operation;
mod outsiders;
mod pinned;
mod promises;
mod shrink;
mod world;

use operation::{Operation, draw};
use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use world::World;

/// Operations of one list.
const OPERATIONS: usize = 25;

/// Gives the sentence back if the condition does not hold.
macro_rules! hold {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}
use hold;

/// A result with what it was about in words.
fn said<T, E: Display>(about: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{about}: {error}"))
}

/// Why a list fails, and at which of its operations; the end has the number after the last.
#[derive(Debug)]
struct Failure {
    at: usize,
    why: String,
}

/// Runs a list on an empty mission, and looks at faults that are known as well if it is `strict`.
fn run(list: &[Operation], strict: bool) -> Result<(), Failure> {
    let mut at = 0;
    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(strict)?;
        for operation in list {
            world.step(operation)?;
            at += 1;
        }
        check::at_the_end(&mut world)
    }));
    let why = match done {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(why)) => why,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            format!("it panicked: {}", text.or_else(|| panic.downcast_ref().copied()).unwrap_or("without words"))
        }
    };
    Err(Failure { at, why })
}

/// Runs the list of a seed; a failure is told with the shortest list that was found.
fn try_seed(seed: u64, count: usize) -> Result<(), String> {
    let list = draw(seed, count);
    let strict = number("KONBIT_STRICT").is_some();
    let Err(first) = run(&list, strict) else { return Ok(()) };
    let short = shrink::shrink(&list[..list.len().min(first.at + 1)], |list| run(list, strict).is_err());
    let last = run(&short, strict).err().map_or_else(|| "not repeated".to_owned(), |last| last.why);
    Err(format!(
        "seed {seed} fails at operation {} of {count}: {}\nshortest list: {}\nwhich fails so: {last}\nrepeat: KONBIT_SEED={seed} \
         KONBIT_OPERATIONS={count} cargo test -p konbit-desk --test it -- --ignored --nocapture simulation::one_seed",
        first.at,
        first.why,
        lines(&short),
    ))
}

fn lines(list: &[impl Debug]) -> String {
    let lines: Vec<String> = list.iter().map(|operation| format!("\n    {operation:?},")).collect();
    lines.concat()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn seeds(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        if let Err(why) = try_seed(seed, OPERATIONS) {
            panic!("{why}");
        }
    }
}

#[test]
fn whatever_happens_to_a_mission_its_record_holds() {
    seeds(0..30);
}

#[test]
fn whatever_happens_to_a_mission_its_record_holds_in_other_orders() {
    seeds(30..60);
}

#[test]
fn a_seed_stands_for_one_list_and_every_operation_is_drawn() {
    assert_eq!(draw(7, OPERATIONS), draw(7, OPERATIONS));
    let all = lines(&(0..60).flat_map(|seed| draw(seed, OPERATIONS)).collect::<Vec<_>>());
    for word in [
        "AdvanceHours",
        "ImportSites",
        "ImportContributions",
        "ImportVotes",
        "ImportSame",
        "ImportUnusable",
        "Withdraw",
        "ReportRoad",
        "EndRoad",
        "RenewRoad",
        "Erase",
        "Backup",
        "RestoreOld",
        "GoOnFromOld",
        "Cosign",
        "Fork",
        "ProofOf",
        "Idle",
        "TornLog",
        "TornHead",
        "BeforeHead",
        "KeyMade",
        "EntryMade",
        "HeadSigned",
        "CleanRestart",
        "TwoAtOnce",
        "StaleDecision",
        "ReaderBeside",
        "EnterOnce",
        "LoseKey",
    ] {
        assert!(all.contains(word), "{word} is never drawn");
    }
}

/// A simulation that finds nothing may look at nothing: each checker is shown what it looks for.
/// Something that spoils a world, to be found by the checkers.
type Spoil = fn(&mut World);

#[test]
fn the_checkers_find_what_they_look_for() {
    let spoil = |spoil: fn(&mut World)| {
        let mut world = World::new(true).unwrap();
        let import = |first| Operation::ImportSites { first, rows: 2, revision: 0, dirty: 1 };
        world.step(&import(0)).unwrap();
        world.step(&Operation::Erase { entry: 0 }).unwrap();
        world.step(&import(4)).unwrap();
        spoil(&mut world);
        check::everything(&world).and_then(|()| check::bytes_gone(&world)).unwrap_err()
    };
    let cases: [(Spoil, &str); 6] = [
        (|world| world.model.entries[1].leaf.0[0] ^= 1, "entry 1 has another leaf"),
        (|world| drop(world.model.entries.pop()), "entries of"),
        (|world| world.model.entries[0].erased_by = None, "erased by"),
        (|world| world.model.entries[1].effect.as_mut().unwrap().mark = Some("other".to_owned()), "what stands is"),
        (|world| world.heads.push((2, [7; 32])), "head of 2 entries that was seen is not of this record"),
        (
            |world| {
                let note = world.path.join("note");
                std::fs::write(note, world.model.gone()[0]).unwrap();
            },
            "was erased and is in",
        ),
    ];
    for (change, expect) in cases {
        let why = spoil(change);
        assert!(why.contains(expect), "{why} does not say {expect}");
    }
}

/// `KONBIT_SEED=7 cargo test -p konbit-desk --test it -- --ignored --nocapture simulation::one_seed`
#[test]
#[ignore = "repeats the seed that KONBIT_SEED names"]
fn one_seed() {
    let seed = number("KONBIT_SEED").unwrap_or_default();
    let count = number("KONBIT_OPERATIONS").and_then(|count| count.try_into().ok()).unwrap_or(OPERATIONS);
    eprintln!("seed {seed}:{}", lines(&draw(seed, count)));
    if let Err(why) = try_seed(seed, count) {
        panic!("{why}");
    }
}

/// `KONBIT_SECONDS=300 cargo test --release -p konbit-desk --test it -- --ignored --nocapture simulation::many_seeds`
#[test]
#[ignore = "runs for five minutes, or KONBIT_SECONDS, from seed KONBIT_SEED or 1,000 on"]
fn many_seeds() {
    let (begun, seconds) = (Instant::now(), number("KONBIT_SECONDS").unwrap_or(300));
    let first = number("KONBIT_SEED").unwrap_or(1_000);
    let count = number("KONBIT_OPERATIONS").and_then(|count| count.try_into().ok()).unwrap_or(OPERATIONS);
    let (mut seed, mut failures) = (first, Vec::new());
    while begun.elapsed().as_secs() < seconds {
        if let Err(why) = try_seed(seed, count) {
            eprintln!("{why}");
            failures.push(seed);
        }
        seed += 1;
    }
    eprintln!("{} seeds of {count} operations from {first} on in {seconds} s; failing: {failures:?}", seed - first);
    assert!(failures.is_empty());
}

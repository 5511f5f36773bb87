//! Which crate may depend on which, and what the pure crates must never touch (ARCHITECTURE.md).

use crate::repository::{Problem, Repository};
use crate::{Outcome, outcome};
use anyhow::Result;

const PREFIX: &str = "konbit-";

/// Each crate of the workspace without its prefix, and the crates that it may depend on outside its tests.
/// A new edge is a design change: a commit of its own, with a decision record.
const EDGES: [(&str, &[&str]); 19] = [
    ("base", &[]),
    ("record", &[]),
    ("witness", &["record", "base"]),
    ("plan-check", &[]),
    ("mission", &["base"]),
    ("roads", &["base"]),
    ("tiles", &["base"]),
    ("placement", &["base"]),
    ("roster", &["base"]),
    ("protect", &["base"]),
    ("analysis", &["base"]),
    ("exchange", &["base", "mission", "roads"]),
    ("store", &["base", "record"]),
    (
        "desk",
        &[
            "base",
            "record",
            "mission",
            "protect",
            "plan-check",
            "roads",
            "roster",
            "tiles",
            "analysis",
            "exchange",
            "store",
        ],
    ),
    ("web", &["base", "mission", "protect", "roster", "desk"]),
    ("konbit", &["base", "record", "witness", "mission", "exchange", "plan-check", "desk", "web"]),
    ("bench", &["base", "record", "roads", "tiles", "placement", "roster", "protect", "store", "desk", "web"]),
    ("e2e", &[]),
    ("xtask", &[]),
];

/// The crates that do no I/O and read no clock and no entropy.
const PURE: [&str; 11] = [
    "base",
    "record",
    "mission",
    "roads",
    "tiles",
    "placement",
    "roster",
    "protect",
    "plan-check",
    "analysis",
    "exchange",
];

/// Crates that do I/O; none may be linked into a pure crate.
const IMPURE_CRATES: [&str; 5] = ["axum", "hyper", "mio", "rusqlite", "tokio"];

/// Words of calls that do I/O or read a clock, the environment or entropy.
const IMPURE_WORDS: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "OsRng",
    "getrandom",
    "thread_rng",
];

/// Every dependency between crates of the workspace is in the table.
pub fn between_crates(repository: &Repository) -> Result<Outcome> {
    let mut problems = Vec::new();
    let mut edge_count = 0;
    for package in repository.crates.members() {
        let name = short(&package.name);
        let manifest = format!("crates/{name}/Cargo.toml");
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| *from == name) else {
            let message =
                format!("crate {name} is not in the table of crates/xtask/src/edges.rs: add it with its edges");
            problems.push(Problem { path: manifest, line: 1, message });
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.is_edge()) {
            edge_count += 1;
            let target = short(&dependency.name);
            if !allowed.contains(&target) {
                let message = format!(
                    "{name} must not depend on {target}: remove it, or decide on the edge and add it to \
                     crates/xtask/src/edges.rs"
                );
                problems.push(repository.problem_at(&manifest, &dependency.name, message)?);
            }
        }
    }
    Ok(outcome(format!("{edge_count} edges"), problems))
}

/// No crate that does I/O is linked into a pure crate, however far away.
pub fn what_pure_crates_link(repository: &Repository) -> Result<Outcome> {
    let mut problems = Vec::new();
    for package in repository.crates.members().filter(|package| PURE.contains(&short(&package.name))) {
        let name = short(&package.name);
        for linked in repository.crates.linked_into(&package.name) {
            if IMPURE_CRATES.contains(&linked.name.as_str()) && !repository.crates.is_member(linked) {
                let message = format!(
                    "{name} is pure and links {}: move what needs it to the edge (cargo tree -p {} -i {})",
                    linked.name, package.name, linked.name
                );
                let manifest = format!("crates/{name}/Cargo.toml");
                problems.push(repository.problem_at(&manifest, &linked.name, message)?);
            }
        }
    }
    Ok(outcome(format!("{} pure crates", PURE.len()), problems))
}

/// The code of a pure crate, its tests excepted, calls nothing that does I/O or reads a clock or entropy.
pub fn what_pure_crates_call(repository: &Repository) -> Result<Outcome> {
    let mut problems = Vec::new();
    let mut file_count = 0;
    for path in repository.files.iter().filter(|path| is_pure_source(path)) {
        file_count += 1;
        let text = repository.text(path)?.unwrap_or_default();
        // By the habit of this project a file's tests stand at its end.
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (index, line) in code.lines().enumerate() {
            if let Some(word) = impure_word(line) {
                let message = format!("a pure crate must not use {word}: take the value as an argument");
                problems.push(Problem { path: path.clone(), line: index + 1, message });
            }
        }
    }
    Ok(outcome(format!("{file_count} files"), problems))
}

fn short(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

fn is_pure_source(path: &str) -> bool {
    let Some((name, rest)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/')) else { return false };
    let is_rust = std::path::Path::new(rest).extension().is_some_and(|extension| extension == "rs");
    PURE.contains(&name) && is_rust && rest.starts_with("src/") && !rest.ends_with("/tests.rs")
}

/// The word of `line` that a pure crate must not use; comments do not count.
fn impure_word(line: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    let found = IMPURE_WORDS.into_iter().find(|word| code.contains(word));
    // `use std::{fs, io}` names it apart.
    let grouped = || {
        let (_, group) = code.split_once("std::{")?;
        let words = [("fs", "std::fs"), ("net", "std::net"), ("env", "std::env::"), ("process", "std::process")];
        let has = |word: &str| group.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word);
        words.into_iter().find(|(word, _)| has(word)).map(|(_, name)| name)
    };
    found.or_else(grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::tiny;
    use serde_json::{Value, json};

    type CheckFn = fn(&Repository) -> Result<Outcome>;

    fn check(check: CheckFn, files: &[(&str, &str)], workspace: &Value, expect: &[&str]) {
        let registry = json!([["tokio", "MIT"], ["serde", "MIT"]]);
        let (_folder, repository) = tiny::with_crates(files, &registry, workspace);
        let problems = check(&repository).unwrap().err().unwrap_or_default();
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.starts_with(expect), "{found}");
        }
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_fails() {
        let manifest = [("crates/protect/Cargo.toml", "[dependencies]\n\nkonbit-mission.workspace = true\n")];
        let both = |kind: Value| json!([["konbit-mission"], ["konbit-protect", ["konbit-mission", kind]]]);
        check(
            between_crates,
            &manifest,
            &both(json!(null)),
            &["crates/protect/Cargo.toml:3: protect must not depend on mission"],
        );
        check(
            between_crates,
            &manifest,
            &both(json!("build")),
            &["crates/protect/Cargo.toml:3: protect must not depend on mission"],
        );
        // What only tests use does not bind the crate.
        check(between_crates, &manifest, &both(json!("dev")), &[]);
        check(between_crates, &[], &json!([["konbit-base"], ["konbit-mission", ["konbit-base", null]]]), &[]);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_fails() {
        check(
            between_crates,
            &[],
            &json!([["konbit-new"]]),
            &["crates/new/Cargo.toml:1: crate new is not in the table"],
        );
    }

    #[test]
    fn the_table_names_only_crates_of_the_table_and_has_no_cycle() {
        for (index, (from, targets)) in EDGES.iter().enumerate() {
            for target in *targets {
                let place = EDGES.iter().position(|(name, _)| name == target);
                assert!(place.is_some_and(|place| place < index), "{from} -> {target} points upwards");
            }
        }
    }

    #[test]
    fn a_pure_crate_that_links_io_fails_however_far_away_it_is() {
        let manifest = [
            ("crates/mission/Cargo.toml", "[dependencies]\ntokio = \"1\"\n"),
            ("crates/exchange/Cargo.toml", "[dependencies]\nkonbit-mission.workspace = true\n"),
        ];
        let workspace = |kind: Value| {
            json!([["konbit-mission", ["tokio", kind], ["serde", null]], ["konbit-exchange", ["konbit-mission", null]]])
        };
        check(
            what_pure_crates_link,
            &manifest,
            &workspace(json!(null)),
            &[
                "crates/mission/Cargo.toml:2: mission is pure and links tokio",
                "crates/exchange/Cargo.toml:1: exchange is pure and links tokio",
            ],
        );
        check(what_pure_crates_link, &manifest, &workspace(json!("dev")), &[]);
        check(what_pure_crates_link, &[], &json!([["konbit-web", ["tokio", null]]]), &[]);
    }

    #[test]
    fn a_call_that_does_io_or_reads_a_clock_fails_in_a_pure_crate() {
        let bad = "//! Never std::fs.\nuse std::{fs, io};\n#[cfg(test)]\nlet t = Timestamp::now(); // now\n\
            #[cfg(test)]\nmod tests {\n    use std::fs;\n";
        check(
            what_pure_crates_call,
            &[("crates/mission/src/x.rs", bad)],
            &json!([]),
            &[
                "crates/mission/src/x.rs:2: a pure crate must not use std::fs",
                "crates/mission/src/x.rs:4: a pure crate must not use Timestamp::now",
            ],
        );
        for elsewhere in ["crates/store/src/x.rs", "crates/mission/tests/it/main.rs", "crates/mission/src/notes.md"] {
            check(what_pure_crates_call, &[(elsewhere, bad)], &json!([]), &[]);
        }
        check(
            what_pure_crates_call,
            &[("crates/base/src/x.rs", "use std::{fmt, mem};\nfn now(s: T) {}")],
            &json!([]),
            &[],
        );
    }

    #[test]
    fn every_forbidden_word_is_found() {
        for word in IMPURE_WORDS {
            assert!(impure_word(&format!("let x = {word}x();")).is_some(), "{word}");
            assert_eq!(impure_word(&format!("// {word}")), None);
        }
    }
}

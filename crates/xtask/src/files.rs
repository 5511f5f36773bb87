//! What no file of the repository may be or hold.

use crate::repository::{Problem, Repository};
use crate::{Outcome, outcome};
use anyhow::{Context as _, Result};

const SIZE_BYTES_MAX: u64 = 1 << 20;

/// Files that may be larger, with the reason each.
const LARGE: [&str; 0] = [];

/// A word that no file may hold, except those that `applies` leaves out.
struct Rule {
    word: &'static str,
    applies: fn(&str) -> bool,
    /// Whether the word counts only where a path or word can begin, so that an address or another path may hold it.
    at_start: bool,
    advice: &'static str,
}

const fn place(word: &'static str) -> Rule {
    let advice = "is a place on one machine: write a path from the root of the repository, or take it as an argument";
    Rule { word, applies: everywhere, at_start: true, advice }
}

const fn registry(word: &'static str) -> Rule {
    let advice = "is a host of a package registry: name the package and leave the host to the package manager";
    Rule { word, applies: not_cargo_lock, at_start: false, advice }
}

const fn unfinished(word: &'static str) -> Rule {
    Rule { word, applies: rust, at_start: true, advice: "is left from writing: finish it or take it out" }
}

/// The words are written in two parts so that this file does not hold them.
const RULES: [Rule; 15] = [
    place(concat!("/ho", "me/")),
    place(concat!("/Us", "ers/")),
    place(concat!("/ro", "ot/")),
    place(concat!("/wo", "rk/")),
    place(concat!("/tm", "p/")),
    place(concat!("C:\\Us", "ers")),
    registry(concat!("crates", ".io")),
    registry(concat!("npmjs", ".")),
    registry(concat!("pypi", ".org")),
    registry(concat!("pythonhosted", ".org")),
    registry(concat!("deb.debian", ".org")),
    registry(concat!("security.debian", ".org")),
    unfinished(concat!("to", "do!(")),
    unfinished(concat!("unimple", "mented!(")),
    unfinished(concat!("db", "g!(")),
];

fn everywhere(_: &str) -> bool {
    true
}

fn not_cargo_lock(path: &str) -> bool {
    !path.ends_with("Cargo.lock")
}

fn rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// No file is over a mebibyte, except those that are named.
pub fn size(repository: &Repository) -> Result<Outcome> {
    let mut problems = Vec::new();
    for path in &repository.files {
        let metadata = repository.root.join(path).metadata().with_context(|| format!("cannot look at {path}"))?;
        if metadata.len() > SIZE_BYTES_MAX && !LARGE.contains(&path.as_str()) {
            let message = format!(
                "{} bytes are over {SIZE_BYTES_MAX}: make it smaller, fetch or generate it, or name it in \
                 crates/xtask/src/files.rs with the reason",
                metadata.len()
            );
            problems.push(Problem { path: path.clone(), line: 1, message });
        }
    }
    Ok(outcome(format!("{} files", repository.files.len()), problems))
}

/// No text file holds a place on one machine, a host of a package registry, or code left unfinished.
pub fn words(repository: &Repository) -> Result<Outcome> {
    let mut problems = Vec::new();
    let mut text_count = 0;
    for path in &repository.files {
        let Some(text) = repository.text(path)? else { continue };
        text_count += 1;
        for (index, line) in text.lines().enumerate() {
            for rule in RULES.iter().filter(|rule| (rule.applies)(path) && holds(line, rule)) {
                let message = format!("{:?} {}", rule.word, rule.advice);
                problems.push(Problem { path: path.clone(), line: index + 1, message });
            }
        }
    }
    Ok(outcome(format!("{text_count} text files, {} rules", RULES.len()), problems))
}

fn holds(line: &str, rule: &Rule) -> bool {
    let begins = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "_.-~/}".contains(c));
    line.match_indices(rule.word).any(|(at, _)| !rule.at_start || begins(&line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::tiny;

    fn check_words(path: &str, text: &str, expect: Option<usize>) {
        let (_folder, repository) = tiny::with_files(&[(path, text)]);
        let problems = words(&repository).unwrap().err().unwrap_or_default();
        let found = problems.first().map(|problem| problem.line);
        assert_eq!(found, expect, "{path}: {text:?}: {problems:?}");
    }

    #[test]
    fn every_rule_can_fail_and_names_the_line() {
        for rule in &RULES {
            check_words("crates/x/src/lib.rs", &format!("one\ntwo \"{}x\n", rule.word), Some(2));
        }
    }

    #[test]
    fn a_rule_leaves_alone_what_it_is_not_about() {
        check_words("Cargo.lock", &format!("source = \"registry+{}\"", RULES[6].word), None);
        check_words("README.md", &format!("see {}", RULES[6].word), Some(1));
        // An address, a path from somewhere else, and prose.
        for word in [RULES[0].word, RULES[3].word, RULES[4].word] {
            check_words("README.md", &format!("https://example.org{word}page"), None);
            check_words("README.md", &format!("../shared{word}page and ~{word} and $HOME/x{word}"), None);
        }
        check_words("docs/x.md", &format!("never write {})", RULES[12].word), None);
        check_words("crates/x/src/lib.rs", &format!("my_{})", RULES[14].word), None);
    }

    #[test]
    fn a_file_that_is_not_text_is_left_alone() {
        check_words("map.png", &format!("\0{}", RULES[0].word), None);
    }

    #[test]
    fn a_file_over_a_mebibyte_fails() {
        let bytes_max = usize::try_from(SIZE_BYTES_MAX).unwrap();
        let (_folder, repository) = tiny::with_files(&[("fits.txt", &"x".repeat(bytes_max))]);
        assert_eq!(size(&repository).unwrap(), Ok("1 files".to_owned()));
        let (_folder, repository) = tiny::with_files(&[("large.txt", &"x".repeat(bytes_max + 1))]);
        let problems = size(&repository).unwrap().unwrap_err();
        assert!(problems[0].to_string().starts_with("large.txt:1: 1048577 bytes are over"), "{problems:?}");
    }
}

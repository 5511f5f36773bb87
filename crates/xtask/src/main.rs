//! Checks of the repository that the compiler, clippy and rustfmt cannot make; `script/test` runs them.
//!
//! Owns: which licences may be shipped ([`licences`]), which crate may depend on which and what pure crates must not
//! touch ([`edges`]), and what no file may hold ([`files`]).
//! Each check prints one line; one that fails prints a line for each place, with what to do, and the exit code is 1.

mod edges;
mod files;
mod licences;
mod repository;
mod spdx;

use anyhow::Result;
use repository::{Problem, Repository};
use std::process::ExitCode;

/// What a check says: what it looked at, or the places that break its rule.
type Outcome = std::result::Result<String, Vec<Problem>>;

/// A check, with the name it is reported under.
type Check = (&'static str, fn(&Repository) -> Result<Outcome>);

const CHECKS: [Check; 7] = [
    ("licences of crates", licences::of_crates),
    ("licences of browser packages", licences::of_browser_packages),
    ("edges between crates", edges::between_crates),
    ("what pure crates link", edges::what_pure_crates_link),
    ("what pure crates call", edges::what_pure_crates_call),
    ("size of files", files::size),
    ("words in files", files::words),
];

fn main() -> Result<ExitCode> {
    let repository = Repository::open()?;
    let mut code = ExitCode::SUCCESS;
    for (name, check) in CHECKS {
        match check(&repository)? {
            Ok(looked_at) => println!("ok     {name}: {looked_at}"),
            Err(problems) => {
                code = ExitCode::FAILURE;
                for problem in problems {
                    println!("FAILED {name}: {problem}");
                }
            }
        }
    }
    Ok(code)
}

/// `looked_at` if there is no problem.
fn outcome(looked_at: String, problems: Vec<Problem>) -> Outcome {
    if problems.is_empty() { Ok(looked_at) } else { Err(problems) }
}

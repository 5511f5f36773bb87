//! Linear programming in other programs: a Python script is given the problem and solves the
//! relaxation from which the planner starts, over all pairs of site and base.

use anyhow::{Context, ensure};
use konbit_protect::Problem;
use std::fs;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = include_str!("../../peers/protect.py");

/// Runs the script with `python`, which prints lines of its own and gives each program so many seconds.
pub fn run(python: &Path, instance: &str, (seed, seconds): (u64, f64), problem: &Problem) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (script, file) = (folder.path().join("protect.py"), folder.path().join("problem.json"));
    fs::write(&script, SCRIPT).context("cannot write protect.py")?;
    fs::write(&file, serde_json::to_vec(problem.data())?).context("cannot write problem.json")?;
    let status = Command::new(python)
        .args([&script, &file])
        .args(["--instance", instance, "--seed", &seed.to_string(), "--seats", &problem.seats().to_string()])
        .args(["--seconds", &seconds.to_string()])
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    ensure!(status.success(), "the script of the peers ended with {status}");
    Ok(())
}

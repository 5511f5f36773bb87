//! Median and covering in other programs: a Python script is given the instance and answers in
//! lines of the same form.

use super::Common;
use anyhow::{Context, ensure};
use konbit_placement::covering::Covering;
use konbit_placement::median::Median;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = include_str!("../../peers/placement.py");

pub fn median(python: &Path, name: &str, common: &Common, instance: &Median) -> anyhow::Result<()> {
    run(python, "pmed", name, common, &json!({ "choose": instance.choose(), "rows": instance.rows() }))
}

pub fn covering(python: &Path, name: &str, common: &Common, choose: usize, instance: &Covering) -> anyhow::Result<()> {
    let sets: Vec<_> = instance.cover_sets().collect();
    let data = json!({ "choose": choose, "candidates": instance.candidates(), "sets": sets });
    run(python, "mclp", name, common, &data)
}

fn run(python: &Path, suite: &str, name: &str, common: &Common, data: &Value) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (script, file) = (folder.path().join("placement.py"), folder.path().join("instance.json"));
    fs::write(&script, SCRIPT).context("cannot write placement.py")?;
    fs::write(&file, serde_json::to_vec(data)?).context("cannot write instance.json")?;
    let status = Command::new(python)
        .args([&script, &file])
        .args(["--suite", suite, "--instance", name])
        .args(["--seed", &common.seed.to_string(), "--seconds", &common.seconds.to_string()])
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    ensure!(status.success(), "the script of the peers ended with {status}");
    Ok(())
}

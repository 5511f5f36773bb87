//! Median and covering in other programs: a Python script is given the instance and answers in
//! lines of the same form.

use super::Common;
use anyhow::{Context, ensure};
use konbit_placement::covering::Covering;
use konbit_placement::median::Median;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SCRIPT: &str = include_str!("../../peers/placement.py");

pub fn median(python: &Path, name: &str, common: &Common, instance: &Median) -> anyhow::Result<()> {
    run(python, "pmed", name, common, &json!({ "choose": instance.choose(), "rows": instance.rows() }))
}

pub fn covering(python: &Path, name: &str, common: &Common, choose: usize, instance: &Covering) -> anyhow::Result<()> {
    let sets: Vec<_> = instance.cover_sets().collect();
    let data = json!({ "choose": choose, "candidates": instance.candidates(), "sets": sets });
    run(python, "mclp", name, common, &data)
}

/// The peers of each suite, by the names that the script takes.
fn peers(suite: &str) -> &'static [&'static str] {
    if suite == "pmed" { &["spopt", "pbp"] } else { &["spopt", "highs"] }
}

/// Beyond the limit that a program is told: seconds for it to start, build its model and write its
/// answer.
const GRACE_SECONDS: f64 = 60.0;

/// Each peer in a process of its own, which is ended when it has not answered in time.
fn run(python: &Path, suite: &str, name: &str, common: &Common, data: &Value) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (script, file) = (folder.path().join("placement.py"), folder.path().join("instance.json"));
    fs::write(&script, SCRIPT).context("cannot write placement.py")?;
    fs::write(&file, serde_json::to_vec(data)?).context("cannot write instance.json")?;
    let most = common.seconds + GRACE_SECONDS;
    for peer in peers(suite) {
        let mut child = Command::new(python)
            .args([&script, &file])
            .args(["--suite", suite, "--instance", name, "--peer", peer])
            .args(["--seed", &common.seed.to_string(), "--seconds", &common.seconds.to_string()])
            // A group of its own: a solver that the program started ends with it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {}", python.display()))?;
        let start = Instant::now();
        let status = loop {
            match child.try_wait()? {
                None if start.elapsed().as_secs_f64() < most => std::thread::sleep(Duration::from_millis(50)),
                status => break status,
            }
        };
        if let Some(status) = status {
            ensure!(status.success(), "the script of the peers ended with {status} at {peer}");
            continue;
        }
        end_group(&mut child)?;
        let outcome = format!("no answer in {most:.0} s");
        let line = json!({
            "suite": suite, "instance": name, "value": null, "bound": null, "gap": null,
            "seconds": start.elapsed().as_secs_f64(), "seed": common.seed, "program": peer, "outcome": outcome,
        });
        println!("{line}");
    }
    Ok(())
}

fn end_group(child: &mut Child) -> anyhow::Result<()> {
    let group = format!("-{}", child.id());
    let status = Command::new("kill").args(["-KILL", "--", &group]).status().context("cannot run kill")?;
    ensure!(status.success(), "cannot end the group of processes {group}; end it by hand");
    child.wait().context("cannot wait for a program that was ended")?;
    Ok(())
}

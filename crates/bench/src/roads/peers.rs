//! Other programs on the same graph: a Python script is given the graph as text and answers in
//! lines of the same form.

use super::Setting;
use anyhow::{Context, ensure};
use konbit_roads::route::{Metric, Spot};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = include_str!("../../peers/roads.py");

/// Runs the script with `python` and passes its lines on.
pub fn run(python: &Path, osm: Option<&Path>, setting: &Setting, metric: &Metric) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).with_context(|| format!("cannot write {name}"))
    };
    let router = &setting.router;
    let mut nodes = String::from("lat,lon\n");
    for &place in router.graph_places() {
        let position = router.network().nodes[place as usize].position;
        writeln!(nodes, "{:.6},{:.6}", position.lat(), position.lon())?;
    }
    let mut arcs = String::from("tail,head,ms\n");
    for (tail, head, ms) in router.graph_arcs(metric) {
        writeln!(arcs, "{tail},{head},{ms}")?;
    }
    write("nodes.csv", &nodes)?;
    write("arcs.csv", &arcs)?;
    for (name, spots) in [
        ("sources.csv", &setting.sources),
        ("targets.csv", &setting.targets),
        ("bases.csv", &setting.bases),
        ("everywhere.csv", &setting.everywhere),
    ] {
        write(name, &column(spots))?;
    }
    write("roads.py", SCRIPT)?;
    let mut command = Command::new(python);
    command.arg(folder.path().join("roads.py")).arg(folder.path());
    if let Some(osm) = osm {
        command.arg("--osm").arg(osm);
    }
    let status = command
        .args(["--instance", &setting.instance])
        .args(["--seed", &setting.seed.to_string()])
        .args(["--repetitions", &setting.repetitions.to_string()])
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    ensure!(status.success(), "the script of the peers ended with {status}");
    Ok(())
}

fn column(spots: &[Spot]) -> String {
    let nodes = spots.iter().filter_map(|spot| match spot {
        Spot::Node(node) => Some(node.to_string()),
        Spot::OnLink { .. } => None,
    });
    std::iter::once("node".to_owned()).chain(nodes).collect::<Vec<String>>().join("\n")
}

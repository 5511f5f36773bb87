//! The repository as the checks see it: its files, and what cargo says about its crates.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

/// The files and crates that the checks look at.
pub struct Repository {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// Paths from `root` of the files that git tracks or would add, sorted.
    pub files: Vec<String>,
    /// The crates of the workspace and of the registry that it links on this system.
    pub crates: Crates,
}

/// What `cargo metadata` says, as far as the checks need it.
#[derive(Deserialize)]
pub struct Crates {
    /// Every crate.
    pub packages: Vec<Package>,
    /// The crates of the workspace, by cargo's id.
    workspace_members: BTreeSet<String>,
    workspace_root: PathBuf,
    resolve: Resolve,
}

/// One crate.
#[derive(Deserialize)]
pub struct Package {
    /// The name in its `Cargo.toml`.
    pub name: String,
    /// The version, as text.
    pub version: String,
    /// The SPDX expression of its licence, if it states one.
    pub license: Option<String>,
    /// What its `Cargo.toml` asks for.
    pub dependencies: Vec<Dependency>,
    id: String,
}

/// One dependency as `Cargo.toml` states it.
#[derive(Deserialize)]
pub struct Dependency {
    /// The crate's name.
    pub name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Dependency {
    /// On a crate of the workspace, and not for tests only.
    pub fn is_edge(&self) -> bool {
        self.path.is_some() && self.kind.as_deref() != Some("dev")
    }
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    pkg: String,
    dep_kinds: Vec<LinkKind>,
}

#[derive(Deserialize)]
struct LinkKind {
    kind: Option<String>,
}

impl Repository {
    /// The repository of the working directory, as git and cargo see it.
    pub fn open() -> Result<Self> {
        let rustc = run("rustc", &["-vV"])?;
        let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
        // Only this system's crates: a build here has fetched them, so that the check needs no network after one.
        let metadata = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
        let crates: Crates =
            serde_json::from_str(&run("cargo", &metadata)?).context("cargo metadata is not as known")?;
        let root = crates.workspace_root.clone();
        let root_text = root.to_str().context("the folder of the repository is not UTF-8")?;
        let list = ["-C", root_text, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let files: BTreeSet<String> = run("git", &list)?.split_terminator('\0').map(str::to_owned).collect();
        // A file that was deleted but is still in the index is none.
        let files = files.into_iter().filter(|file| root.join(file).is_file()).collect();
        Ok(Self { root, files, crates })
    }

    /// The file at `path`, if it is text; none if it is something else.
    pub fn text(&self, path: &str) -> Result<Option<String>> {
        let bytes = std::fs::read(self.root.join(path)).with_context(|| format!("cannot read {path}"))?;
        Ok(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')))
    }

    /// A problem at the first line of `path` that holds `words`, or at its first line.
    pub fn problem_at(&self, path: &str, words: &str, message: String) -> Result<Problem> {
        let text = self.text(path)?.unwrap_or_default();
        let line = text.lines().position(|line| line.contains(words)).map_or(1, |index| index + 1);
        Ok(Problem { path: path.to_owned(), line, message })
    }
}

impl Crates {
    /// The crates of the workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Whether `package` is of the workspace.
    pub fn is_member(&self, package: &Package) -> bool {
        self.workspace_members.contains(&package.id)
    }

    /// The crates that are linked into or help to build the one called `name`, and itself; not what only its tests use.
    pub fn linked_into(&self, name: &str) -> Vec<&Package> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut open: Vec<&str> =
            self.members().filter(|package| package.name == name).map(|package| package.id.as_str()).collect();
        let mut seen: BTreeSet<&str> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            for link in nodes.get(id).map_or(&[][..], |node| &node.deps) {
                let ships = link.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"));
                if ships && seen.insert(&link.pkg) {
                    open.push(&link.pkg);
                }
            }
        }
        self.packages.iter().filter(|package| seen.contains(package.id.as_str())).collect()
    }
}

/// A place that breaks a rule, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// From the root of the repository.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// What `program` prints.
fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("cannot run {program}"))?;
    let first = arguments.first().unwrap_or(&"");
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {first} failed: {}", error.trim());
    String::from_utf8(output.stdout).with_context(|| format!("{program} {first} prints something else than UTF-8"))
}

/// Small repositories for the tests of the checks.
#[cfg(test)]
pub mod tiny {
    use super::*;
    use serde_json::{Value, json};

    /// A repository in a temporary folder with these files; the folder lives as long as the first part.
    pub fn with_files(files: &[(&str, &str)]) -> (tempfile::TempDir, Repository) {
        with_crates(files, &json!([]), &json!([]))
    }

    /// The same, with crates: `[name, license]` of the registry and `[name, [dependency, kind], ...]` of the workspace.
    pub fn with_crates(files: &[(&str, &str)], registry: &Value, workspace: &Value) -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let registry = registry.as_array().unwrap();
        let workspace = workspace.as_array().unwrap();
        let members: Vec<&Value> = workspace.iter().map(|member| &member[0]).collect();
        let package = |name: &Value, license: &Value, dependencies: Vec<Value>| json!({ "name": name, "version": "1.0.0", "id": name, "license": license, "dependencies": dependencies });
        let mut packages: Vec<Value> = registry.iter().map(|part| package(&part[0], &part[1], vec![])).collect();
        let mut nodes: Vec<Value> = registry.iter().map(|part| json!({ "id": part[0], "deps": [] })).collect();
        for member in workspace {
            let asked = &member.as_array().unwrap()[1..];
            let dependencies = asked
                .iter()
                .map(|part| {
                    let path = members.contains(&&part[0]).then_some("somewhere");
                    json!({ "name": part[0], "kind": part[1], "path": path })
                })
                .collect();
            packages.push(package(&member[0], &json!("Apache-2.0"), dependencies));
            let deps: Vec<Value> =
                asked.iter().map(|part| json!({ "pkg": part[0], "dep_kinds": [{ "kind": part[1] }] })).collect();
            nodes.push(json!({ "id": member[0], "deps": deps }));
        }
        let metadata = json!({
            "packages": packages,
            "workspace_members": members,
            "workspace_root": folder.path(),
            "resolve": { "nodes": nodes },
        });
        let repository = Repository {
            root: folder.path().to_owned(),
            files: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
            crates: serde_json::from_value(metadata).unwrap(),
        };
        (folder, repository)
    }
}

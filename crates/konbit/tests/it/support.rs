//! Running the built binary.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What a run gave.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not JSON: {error}\n{}\n{}", self.out, self.err))
    }
}

/// Runs `konbit` with these arguments.
pub fn konbit(args: &[&str]) -> Run {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_konbit")).args(args).output().expect("the binary was built");
    Run {
        code: status.code().expect("it was not killed"),
        out: String::from_utf8(stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(stderr).expect("standard error is UTF-8"),
    }
}

/// A scratch folder with a mission directory in it.
pub struct Mission {
    scratch: TempDir,
}

impl Mission {
    /// An empty mission.
    pub fn empty() -> Self {
        Self::init(&[])
    }

    /// A scratch folder in which the mission directory is still to be made.
    pub fn bare() -> Self {
        Self { scratch: tempfile::tempdir().expect("a scratch folder") }
    }

    /// The worked example.
    pub fn example() -> Self {
        Self::init(&["--example", "haiti-2023"])
    }

    fn init(more: &[&str]) -> Self {
        let mission = Self::bare();
        let run = konbit(&[&["init", mission.dir().as_str()], more].concat());
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        mission
    }

    /// The mission directory.
    pub fn dir(&self) -> String {
        self.path("mission").to_str().expect("the scratch folder has a plain name").to_owned()
    }

    /// A path in the scratch folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Writes a file in the scratch folder and gives its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the scratch folder can be written");
        path.to_str().expect("a plain name").to_owned()
    }

    /// Number of entries, from a verification that must succeed.
    pub fn entries(&self) -> u64 {
        let run = konbit(&["verify", &self.dir(), "--format", "json"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        run.json()["entries"].as_u64().expect("a number of entries")
    }
}

/// A file of the worked example.
pub fn example_file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/haiti-2023")
        .join(name)
        .to_str()
        .expect("a plain name")
        .to_owned()
}

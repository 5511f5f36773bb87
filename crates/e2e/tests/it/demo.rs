//! The built binary, serving the worked example.

use crate::client::{Answer, send};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The binary, built with the profile of the tests: this way no test runs an old one.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("the running test has a path");
    let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_owned();
    let target = profile.parent().expect("a profile lies in the target directory");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", "konbit"]).env("CARGO_TARGET_DIR", target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo can be run");
    assert!(status.success(), "konbit could not be built");
    profile.join("konbit")
});

/// `konbit demo` on a free port, in a directory of its own; told to stop at the end.
pub struct Demo {
    process: Child,
    /// Host and port.
    pub host: String,
    _dir: tempfile::TempDir,
}

impl Demo {
    /// Starts it, and waits for the address that it prints.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut process = Command::new(&*BINARY)
            .args(["demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("the binary prints its address");
        let url = line.trim();
        let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let host = host.unwrap_or_else(|| panic!("konbit demo printed {url:?}, not an address")).to_owned();
        Self { process, host, _dir: dir }
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Reads a page.
    pub fn get(&self, path: &str) -> Answer {
        send(&self.host, "GET", path, &[], "")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status();
        if told.is_ok_and(|status| status.success()) {
            let status = self.process.wait().expect("it is a child of this process");
            if !std::thread::panicking() {
                assert!(status.success(), "konbit demo did not end well when told to stop: {status}");
            }
        } else {
            // It ended before; the test that noticed has already failed.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

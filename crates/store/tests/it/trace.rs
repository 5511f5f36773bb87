//! What `strace` has written: system calls as values.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls that change what is on a disk.
pub const WRITING: [&str; 7] = ["write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink"];

/// One call that succeeded. Two calls sync: `Sync` says which it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Open { fd: i64, path: PathBuf, create: bool, truncate: bool },
    Close { fd: i64 },
    Seek { fd: i64, to: usize },
    Write { fd: i64, bytes: Vec<u8> },
    WriteAt { fd: i64, bytes: Vec<u8>, at: usize },
    Truncate { fd: i64, length: usize },
    Sync { fd: i64, call: &'static str },
    Rename { from: PathBuf, to: PathBuf },
    Unlink { path: PathBuf },
}

/// The arguments of `strace` that record every call in `names` with all its bytes.
pub fn recorder(names: &[&str], to: &Path) -> Vec<String> {
    let trace = format!("trace={}", names.join(","));
    let to = to.to_str().unwrap();
    ["strace", "-f", "-qq", "-xx", "-s", "100000000", "-e", &trace, "-e", "signal=none", "-o", to]
        .map(str::to_owned)
        .to_vec()
}

/// Runs `command` and fails if it fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// All calls of a recording, in order. Calls that failed are left out.
pub fn calls(recording: &str) -> Vec<Call> {
    recording.lines().filter_map(call).collect()
}

fn call(line: &str) -> Option<Call> {
    // `1234  pwrite64(3, "\x00", 1, 0) = 1`
    let (_, line) = line.split_once(' ')?;
    let line = line.trim_start();
    assert!(!line.contains("<unfinished ...>") || line.starts_with("futex"), "two threads wrote at once: {line}");
    let (name, rest) = line.split_once('(')?;
    // Short lines are padded: `fsync(3)                = 0`.
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let result: i64 = result.split_whitespace().next()?.parse().ok()?;
    if result < 0 {
        return None;
    }
    let words: Vec<&str> = arguments.split(", ").collect();
    let number = |ix: usize| words.get(ix)?.parse::<i64>().ok();
    let size = |ix: usize| usize::try_from(number(ix)?).ok();
    let path = |ix: usize| Some(PathBuf::from(String::from_utf8(text(words.get(ix)?)?).ok()?));
    Some(match name {
        "openat" => {
            let flags = words.get(2)?;
            Call::Open {
                fd: result,
                path: path(1)?,
                create: flags.contains("O_CREAT"),
                truncate: flags.contains("O_TRUNC"),
            }
        }
        "close" => Call::Close { fd: number(0)? },
        "lseek" => Call::Seek { fd: number(0)?, to: usize::try_from(result).ok()? },
        "write" => Call::Write { fd: number(0)?, bytes: written(words.get(1)?, result)? },
        "pwrite64" => Call::WriteAt { fd: number(0)?, bytes: written(words.get(1)?, result)?, at: size(3)? },
        "ftruncate" => Call::Truncate { fd: number(0)?, length: size(1)? },
        "fsync" => Call::Sync { fd: number(0)?, call: "fsync" },
        "fdatasync" => Call::Sync { fd: number(0)?, call: "fdatasync" },
        "rename" => Call::Rename { from: path(0)?, to: path(1)? },
        "unlink" => Call::Unlink { path: path(0)? },
        _ => return None,
    })
}

/// The bytes that a call says it has written, all of which have to be in the recording.
fn written(argument: &str, count: i64) -> Option<Vec<u8>> {
    let mut bytes = text(argument)?;
    let count = usize::try_from(count).ok()?;
    assert!(bytes.len() >= count, "the recording is cut off");
    bytes.truncate(count);
    Some(bytes)
}

/// `"\x41\x42"` as bytes.
fn text(argument: &str) -> Option<Vec<u8>> {
    let hex = argument.strip_prefix('"')?.strip_suffix('"')?;
    hex.split("\\x").skip(1).map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

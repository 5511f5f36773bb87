//! Writes that the system cuts short. No file may grow beyond a limit that lies in the middle of a page, so the write
//! that reaches it writes a part and says so, and the next one fails (`RLIMIT_FSIZE`, set by the shell).

use crate::child;
use crate::faults::{SCENARIOS, fresh, look};
use std::path::Path;

/// Limits in blocks of 512 bytes. All are odd, and a page has eight blocks. Below 64 `SQLite` cannot make the index of
/// its log, and nothing is begun; above 300 only one scenario writes at all.
const LIMITS: [u64; 12] = [65, 77, 89, 101, 113, 125, 137, 161, 185, 209, 251, 299];

/// Runs a scenario under a limit and looks at what is left; whether it failed.
fn check(template: &Path, scenario: &str, blocks: u64) -> bool {
    let keep = fresh(template);
    // The signal that comes with the failure would end the process.
    let limited = r#"trap '' XFSZ; ulimit -f "$0"; exec "$@""#;
    let wrapper = ["sh", "-c", limited, &blocks.to_string()].map(str::to_owned);
    let output = child::command(&wrapper, scenario, keep.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let context = format!("{scenario}, {blocks} blocks:\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!context.contains("panicked"), "{context}");
    let failed = said.contains("\nfailed: ");
    assert!(failed != said.contains("\ndone\n"), "{context}");
    look(keep.path(), scenario, &said, &context);
    failed
}

#[test]
fn after_a_write_that_was_cut_short_nothing_acknowledged_is_lost() {
    let keep = tempfile::tempdir().unwrap();
    child::prepare(keep.path());
    for scenario in SCENARIOS {
        let failed = LIMITS.iter().filter(|blocks| check(keep.path(), scenario, **blocks)).count();
        assert!(failed > 0, "{scenario}: no write was cut short");
    }
}

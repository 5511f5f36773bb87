//! What commands print: text for people on standard output, JSON for programs, progress on the terminal.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use konbit_base::{Finding, Severity};
use serde::Serialize;
use std::io::Write as _;
use std::time::Duration;

/// Prints one JSON object, over several lines, to standard output.
pub fn json<T: Serialize>(value: &T) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Prints text to standard output.
pub fn text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Most findings of one code that are printed as text; all are in the JSON and in the record.
const SAME_CODE_MAX: usize = 5;

/// Findings as lines, worst first, with a count of those left out of the text.
pub fn findings(findings: &[Finding]) -> String {
    use std::fmt::Write as _;
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| (b.severity, &a.code, &a.place).cmp(&(a.severity, &b.code, &b.place)));
    let mut out = String::new();
    for group in sorted.chunk_by(|a, b| a.severity == b.severity && a.code == b.code) {
        for finding in group.iter().take(SAME_CODE_MAX) {
            writeln!(out, "{finding}").expect("writing to a string");
        }
        if let Some(more) = group.len().checked_sub(SAME_CODE_MAX).filter(|more| *more > 0) {
            writeln!(out, "  ... and {more} more of {}; --format json lists all", group[0].code)
                .expect("writing to a string");
        }
    }
    out
}

/// `3 errors, 1 warning, 0 notes`.
pub fn count(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    [plural(of(Severity::Error), "error"), plural(of(Severity::Warning), "warning"), plural(of(Severity::Note), "note")]
        .join(", ")
}

/// A spinner with a message on a terminal; nothing where standard error is not one.
pub fn spinner(message: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(message.to_owned());
    bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is constant"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_finding_does_not_hide_the_others() {
        let flood =
            (1..=9).map(|row| Finding::in_file(Severity::Warning, "no-position", "a.csv", "no position").at_row(row));
        let all: Vec<Finding> =
            flood.chain([Finding::in_file(Severity::Error, "bad-row", "a.csv", "not a row")]).collect();
        let text = findings(&all);
        assert!(text.starts_with("error: a.csv: not a row"), "{text}");
        assert_eq!(text.lines().count(), 7);
        assert!(text.contains("... and 4 more of no-position"));
        assert_eq!(count(&all), "1 error, 9 warnings, 0 notes");
    }
}

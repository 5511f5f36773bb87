//! Collects findings, and keeps any one kind of them from filling the report.

use konbit_base::{Finding, Place, Severity};
use std::collections::BTreeMap;

/// Findings of one code about one file that are listed one by one; the rest is counted.
const LISTED_MAX: u64 = 1_000;

/// Findings in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    counts: BTreeMap<(String, String), u64>,
}

/// A place in a file: the file, and in it a row and a column as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub file: &'a str,
    pub row: Option<u64>,
    pub column: Option<&'a str>,
}

impl<'a> At<'a> {
    pub fn file(file: &'a str) -> Self {
        Self { file, row: None, column: None }
    }

    pub fn row(file: &'a str, row: u64) -> Self {
        Self { file, row: Some(row), column: None }
    }

    pub fn column(self, column: &'a str) -> Self {
        Self { column: Some(column), ..self }
    }
}

impl Findings {
    pub fn add(&mut self, severity: Severity, code: &str, at: At<'_>, message: impl Into<String>) {
        let count = self.counts.entry((at.file.to_owned(), code.to_owned())).or_default();
        *count += 1;
        if *count > LISTED_MAX {
            return;
        }
        self.list.push(Finding {
            severity,
            code: code.to_owned(),
            place: Place { file: at.file.to_owned(), row: at.row, column: at.column.map(str::to_owned) },
            message: message.into(),
        });
    }

    pub fn error(&mut self, code: &str, at: At<'_>, message: impl Into<String>) {
        self.add(Severity::Error, code, at, message);
    }

    pub fn warn(&mut self, code: &str, at: At<'_>, message: impl Into<String>) {
        self.add(Severity::Warning, code, at, message);
    }

    pub fn note(&mut self, code: &str, at: At<'_>, message: impl Into<String>) {
        self.add(Severity::Note, code, at, message);
    }

    /// The findings; where more than [`LISTED_MAX`] of one code were made about one file, one more
    /// says how many are not listed.
    pub fn finish(mut self) -> Vec<Finding> {
        for ((file, code), count) in &self.counts {
            if *count > LISTED_MAX {
                let severity = self.list.iter().find(|f| f.code == *code).map_or(Severity::Warning, |f| f.severity);
                let message = format!("{} more rows have the same finding; they are not listed", count - LISTED_MAX);
                self.list.push(Finding::in_file(severity, code, file, message));
            }
        }
        self.list
    }
}

/// The first `count` characters of a text from outside, with an ellipsis if there are more.
pub(crate) fn excerpt(text: &str, count: usize) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(count).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

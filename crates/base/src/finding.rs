//! Findings: what is wrong with data that was kept, or why a row was not.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing was lost or changed.
    Note,
    /// The row was kept, but something in it is doubtful or was left empty.
    Warning,
    /// The row could not be kept as a record; its text stands in the finding's message.
    Error,
}

/// Where a finding is: a file, and in it a row and a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Place {
    /// File name as the user gave it, without directories; empty for data already in the record.
    pub file: String,
    /// Row, counted from 1 as a spreadsheet shows it; `None` when the whole file is meant.
    pub row: Option<u64>,
    /// Column heading or XML element; `None` when the whole row is meant.
    pub column: Option<String>,
}

/// A statement about dirty data: a stable code, a place, and a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Stable short code in kebab case, such as `latitude-out-of-range`.
    pub code: String,
    /// File, row and column.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong, with the value, and what to do.
    pub message: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn in_file(severity: Severity, code: &str, file: &str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            place: Place { file: file.to_owned(), row: None, column: None },
            message: message.into(),
        }
    }

    /// The same finding, at a row.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.place.row = Some(row);
        self
    }

    /// The same finding, at a column.
    #[must_use]
    pub fn at_column(mut self, column: &str) -> Self {
        self.place.column = Some(column.to_owned());
        self
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ":{row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, " [{column}]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        let place = if place.is_empty() { place } else { format!("{place}: ") };
        write!(f, "{}: {place}{} ({})", self.severity, self.message, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_one_line() {
        let finding = Finding::in_file(
            Severity::Error,
            "latitude-out-of-range",
            "sites.csv",
            "latitude 91 is not between -90 and 90",
        )
        .at_row(7)
        .at_column("lat");
        assert_eq!(
            finding.to_string(),
            "error: sites.csv:7 [lat]: latitude 91 is not between -90 and 90 (latitude-out-of-range)"
        );
    }
}

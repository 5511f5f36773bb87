//! Imports: which file was read, what it gave, and what was wrong with it.

use crate::table::Record;
use konbit_base::{Digest, Finding, id};
use serde::{Deserialize, Serialize};

id!(
    /// An import of one file.
    ImportId
);

/// One file that was imported, and the findings about it, kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Kind of data and digest of the file.
    pub id: ImportId,
    /// Kind of data, such as `sites`.
    pub kind: String,
    /// File name as the user gave it, without directories.
    pub file: String,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Records that were new.
    pub added: u64,
    /// Records that replaced another.
    pub updated: u64,
    /// Records that were already there.
    pub unchanged: u64,
    /// What was wrong with the file.
    pub findings: Vec<Finding>,
}

impl Record for Import {
    const SUBJECT: &'static str = "import";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Import of {} from {}", self.kind, self.file)
    }
}

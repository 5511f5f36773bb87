//! Where a fact comes from, and how well the source is known.

use serde::{Deserialize, Serialize};

/// How the source of a fact was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// A document of the United Nations, read in full.
    UnDocument,
    /// The source was read in full.
    Read,
    /// Taken from a public data set.
    Dataset,
    /// An excerpt of the source was read.
    Excerpt,
    /// A report in the press that the example was compiled around.
    Press,
    /// Known from memory only; shown as unverified wherever it appears.
    Memory,
    /// Not stated; shown as unverified wherever it appears.
    Unstated,
}

impl Reading {
    /// Whether somebody read the source. Rows where this is false are shown as unverified.
    pub fn is_verified(self) -> bool {
        !matches!(self, Self::Memory | Self::Unstated)
    }

    /// Plain words for a reader.
    pub fn label(self) -> &'static str {
        match self {
            Self::UnDocument => "UN document",
            Self::Read => "read in full",
            Self::Dataset => "public data set",
            Self::Excerpt => "excerpt read",
            Self::Press => "press report",
            Self::Memory => "from memory, unverified",
            Self::Unstated => "not stated, unverified",
        }
    }
}

/// The source of a fact. Every row of the record has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// Who says so, in words.
    pub name: String,
    /// Address of the source, if it has one (`http` or `https`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it was read.
    pub reading: Reading,
}

//! How a decision of the Council came about: drafts, positions, what was disputed, votes.

use crate::table::Record;
use konbit_base::{ApproxDay, Source, id};
use serde::{Deserialize, Serialize};

id!(
    /// A step on the way to a decision.
    StepId
);

/// One step: a request, a draft, a revision, a position, a vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Identifier.
    pub id: StepId,
    /// When.
    pub date: ApproxDay,
    /// Document it concerns, such as a draft's symbol.
    pub document: Option<String>,
    /// What kind of step: `draft`, `draft revision`, `position`, `vote`, ...
    pub event: String,
    /// Members or others who took it: codes of ISO 3166-1 alpha-3, or of the data.
    pub members: Vec<String>,
    /// What they wanted: `supports`, `opposes`, `abstains`, ...
    pub position: Option<String>,
    /// The part of the text in question, such as `term`.
    pub issue: Option<String>,
    /// In our own words.
    pub detail: String,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Step {
    const SUBJECT: &'static str = "council-step";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("{}, {}", self.event, self.date)
    }
}

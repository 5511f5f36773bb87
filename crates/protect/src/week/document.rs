//! The plan file of a week, `konbit-plan/2`. Its description stands in `docs/plan-format.md`.

use super::data::{Week, WeekData};
use super::evaluate::WeekSchedule;
use super::plan::{WeekCertificate, WeekOutcome};
use crate::document::DocumentStatus;
use crate::evaluate::PROBABILITY_DENOMINATOR;
use crate::plan::Status;
use konbit_base::Digest;
use serde::{Deserialize, Serialize};

/// The name and version of the format.
pub const WEEK_FORMAT: &str = "konbit-plan/2";

/// A plan of a week as it is written to a file. Floats stand only in what people read; everything
/// that is checked is a whole number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekDocument {
    /// [`WEEK_FORMAT`].
    pub format: String,
    /// Expected persons harmed per week; `None` where there is no plan.
    pub value: Option<f64>,
    /// Proven bound, persons harmed per week.
    pub bound: Option<f64>,
    /// Gap as a share: 0.01 is 1 %.
    pub gap: Option<f64>,
    /// How planning ended.
    pub status: DocumentStatus,
    /// Why there is no plan, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seed of the draws.
    pub seed: u64,
    /// SHA-256 of the canonical JSON of `problem`.
    pub problem_hash: Digest,
    /// Time that planning took, seconds, as the caller measured it.
    pub seconds: f64,
    /// Denominator of the schedules' probabilities.
    pub probability_denominator: u64,
    /// For each kind of slot its schedules; empty where there is no plan.
    pub schedules: Vec<Vec<WeekSchedule>>,
    /// The proof, of the bound or of infeasibility.
    pub certificate: Option<WeekCertificate>,
    /// The whole problem.
    pub problem: WeekData,
}

impl WeekDocument {
    /// The file for an outcome. `seconds` is the time that the caller measured.
    pub fn new(week: &Week, outcome: &WeekOutcome, seed: u64, seconds: f64) -> Self {
        let mut document = Self {
            format: WEEK_FORMAT.to_owned(),
            value: None,
            bound: None,
            gap: None,
            status: DocumentStatus::LimitReached,
            reason: None,
            seed,
            problem_hash: week.hash(),
            seconds: if seconds.is_finite() { seconds.max(0.0) } else { 0.0 },
            probability_denominator: PROBABILITY_DENOMINATOR,
            schedules: Vec::new(),
            certificate: None,
            problem: week.data().clone(),
        };
        match outcome {
            WeekOutcome::Planned(plan) => {
                assert_eq!(plan.problem_hash, week.hash(), "the plan is for this problem");
                (document.value, document.bound, document.gap) = (Some(plan.value), Some(plan.bound), Some(plan.gap));
                document.status = match plan.status {
                    Status::Optimal => DocumentStatus::Optimal,
                    Status::Gap => DocumentStatus::Gap,
                    Status::LimitReached => DocumentStatus::LimitReached,
                };
                document.schedules.clone_from(&plan.schedules);
                document.certificate = Some(plan.certificate.clone());
            }
            WeekOutcome::Infeasible(infeasible) => {
                document.status = DocumentStatus::Infeasible;
                document.reason = Some(infeasible.reason.clone());
                document.certificate = Some(infeasible.certificate.clone());
            }
            WeekOutcome::Unsettled { reason, .. } => document.reason = Some(reason.clone()),
        }
        document
    }

    /// The file's bytes: JSON and a line feed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("texts, whole numbers and finite floats are JSON");
        bytes.push(b'\n');
        bytes
    }
}

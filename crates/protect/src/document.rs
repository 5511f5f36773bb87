//! The plan file, `konbit-plan/1`. Its description stands in `docs/plan-format.md`.

use crate::evaluate::{PROBABILITY_DENOMINATOR, Schedule};
use crate::plan::{Certificate, CurvePoint, Outcome, SitePlan, Status};
use crate::problem::{Problem, ProblemData};
use konbit_base::Digest;
use serde::{Deserialize, Serialize};

/// The name and version of the format.
pub const PLAN_FORMAT: &str = "konbit-plan/1";

/// A plan as it is written to a file. Floats stand only in what people read; everything that is
/// checked is a whole number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// [`PLAN_FORMAT`].
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
    /// Strength, persons.
    pub personnel: u32,
    /// Sites in the problem's order; empty where there is no plan.
    pub sites: Vec<SitePlan>,
    /// Value and bound with more and with fewer people.
    pub more_and_fewer: Vec<CurvePoint>,
    /// Denominator of the schedules' probabilities.
    pub probability_denominator: u64,
    /// Schedules; empty where there is no plan.
    pub schedules: Vec<Schedule>,
    /// The proof, of the bound or of infeasibility.
    pub certificate: Option<Certificate>,
    /// The whole problem.
    pub problem: ProblemData,
}

/// How planning ended, as the file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// Gap below one part in a million.
    Optimal,
    /// The gap is what it says.
    Gap,
    /// Stopped before the target; there may be no plan in the file.
    LimitReached,
    /// No plan exists.
    Infeasible,
}

impl PlanDocument {
    /// The file for an outcome. `seed` is the one of the options, `seconds` the time that the
    /// caller measured, `more_and_fewer` from [`crate::curve`].
    pub fn new(problem: &Problem, outcome: &Outcome, seed: u64, seconds: f64, more_and_fewer: Vec<CurvePoint>) -> Self {
        let mut document = Self {
            format: PLAN_FORMAT.to_owned(),
            value: None,
            bound: None,
            gap: None,
            status: DocumentStatus::LimitReached,
            reason: None,
            seed,
            problem_hash: problem.hash(),
            seconds: if seconds.is_finite() { seconds.max(0.0) } else { 0.0 },
            personnel: problem.data().personnel,
            sites: Vec::new(),
            more_and_fewer,
            probability_denominator: PROBABILITY_DENOMINATOR,
            schedules: Vec::new(),
            certificate: None,
            problem: problem.data().clone(),
        };
        match outcome {
            Outcome::Planned(plan) => {
                assert_eq!(plan.problem_hash, problem.hash(), "the plan is for this problem");
                (document.value, document.bound, document.gap) = (Some(plan.value), Some(plan.bound), Some(plan.gap));
                document.status = match plan.status {
                    Status::Optimal => DocumentStatus::Optimal,
                    Status::Gap => DocumentStatus::Gap,
                    Status::LimitReached => DocumentStatus::LimitReached,
                };
                document.sites.clone_from(&plan.sites);
                document.schedules.clone_from(&plan.schedules);
                document.certificate = Some(plan.certificate.clone());
            }
            Outcome::Infeasible(infeasible) => {
                document.status = DocumentStatus::Infeasible;
                document.reason = Some(infeasible.reason.clone());
                document.certificate.clone_from(&infeasible.certificate);
            }
            Outcome::Unsettled { reason, .. } => document.reason = Some(reason.clone()),
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

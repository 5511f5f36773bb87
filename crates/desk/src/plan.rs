//! Planning, adopting, and the plan in force.

use crate::{Assumptions, Changes, Desk, DeskError, Moment, Snapshot, Stamp, Travel, prepare};
use konbit_base::Digest;
use konbit_mission::protection::{AdoptedPlan, PlanId};
use konbit_mission::{Mission, Recorded, rules};
use konbit_protect::{CurvePoint, Options, Outcome, PlanDocument, Watch, curve, plan};
use konbit_store::Attachment;

/// How many people more and fewer every plan is compared with.
pub const MORE_AND_FEWER: u32 = 50;

/// Media type of a plan file.
const PLAN_MEDIA: &str = "application/json";

/// What to plan for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanRequest {
    /// What is assumed instead of the mission's own figures.
    pub assumptions: Assumptions,
    /// Seed of the draws.
    pub seed: u64,
    /// The moment that is planned for.
    pub moment: Moment,
}

impl PlanRequest {
    /// The mission's own figures, seed 1.
    pub fn at(moment: Moment) -> Self {
        Self { assumptions: Assumptions::default(), seed: 1, moment }
    }
}

/// The plan in force: what the record says of it, and its file.
#[derive(Debug, Clone)]
pub struct PlanView {
    /// The adoption, with the entries behind it.
    pub adopted: Recorded<AdoptedPlan>,
    /// The plan file.
    pub document: PlanDocument,
}

/// A plan, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The plan file. `seconds` is 0: only the caller has a clock.
    pub document: PlanDocument,
    /// Ids of the sites whose floors or mandatory posts cannot all be met; empty where there is a plan.
    pub conflict: Vec<String>,
}

/// Plans for a mission's data, and for [`MORE_AND_FEWER`] people more and fewer. `seconds` of the
/// document is 0: only the caller has a clock.
pub fn plan_for(
    mission: &Mission,
    travel: &Travel,
    request: &PlanRequest,
    watch: &Watch<'_>,
) -> Result<PlanDocument, DeskError> {
    Ok(planned_for(mission, travel, request, watch)?.document)
}

/// As [`plan_for`], and names the demands that conflict where there is no plan.
pub fn planned_for(
    mission: &Mission,
    travel: &Travel,
    request: &PlanRequest,
    watch: &Watch<'_>,
) -> Result<Planned, DeskError> {
    let problem = prepare(mission, travel, request.assumptions, request.moment)?.problem;
    let options = options(request);
    let outcome = plan(&problem, &options, watch);
    let personnel = problem.data().personnel;
    let others = match &outcome {
        Outcome::Planned(plan) => {
            let strengths = [personnel.saturating_sub(MORE_AND_FEWER), personnel.saturating_add(MORE_AND_FEWER)];
            curve(&problem, Some(plan), &strengths, &options, watch)
        }
        _ => Vec::new(),
    };
    let conflict = match &outcome {
        Outcome::Infeasible(infeasible) => {
            infeasible.sites.iter().map(|&site| problem.data().sites[site].id.clone()).collect()
        }
        _ => Vec::new(),
    };
    Ok(Planned { document: PlanDocument::new(&problem, &outcome, request.seed, 0.0, others), conflict })
}

/// Harm against force: value and bound every [`MORE_AND_FEWER`] people from half the force to one
/// and a half times it.
pub fn curve_for(
    mission: &Mission,
    travel: &Travel,
    request: &PlanRequest,
    watch: &Watch<'_>,
) -> Result<Vec<CurvePoint>, DeskError> {
    let problem = prepare(mission, travel, request.assumptions, request.moment)?.problem;
    Ok(curve(&problem, None, &strengths(problem.data().personnel), &options(request), watch))
}

/// Most points of a curve; a larger force gets wider steps.
const CURVE_POINTS_MAX: u32 = 24;

/// Strengths of a curve, from half the force to one and a half times it.
pub(crate) fn strengths(personnel: u32) -> Vec<u32> {
    let step = MORE_AND_FEWER.max(personnel.div_ceil(CURVE_POINTS_MAX).next_multiple_of(MORE_AND_FEWER));
    let mut strengths: Vec<u32> =
        (personnel / 2..=personnel.saturating_add(personnel / 2)).step_by(step as usize).collect();
    strengths.push(personnel);
    strengths.sort_unstable();
    strengths.dedup();
    strengths
}

pub(crate) fn options(request: &PlanRequest) -> Options {
    Options { seed: request.seed, ..Options::default() }
}

impl Desk {
    /// Plans for the mission's data as they stand.
    pub fn plan(&self, request: &PlanRequest, watch: &Watch<'_>) -> Result<PlanDocument, DeskError> {
        Ok(self.plan_if(request, &Changes::default(), watch)?.document)
    }

    /// Plans for the mission's data as they would be under changes.
    pub fn plan_if(&self, request: &PlanRequest, changes: &Changes, watch: &Watch<'_>) -> Result<Planned, DeskError> {
        let mission = changes.upon(&self.snapshot()?.mission)?;
        let travel = self.travel(&mission, request.moment)?;
        planned_for(&mission, &travel, request, watch)
    }

    /// Puts a plan in force: it is kept as a file in the record, under its digest.
    ///
    /// Refused unless it solves the problem that the data make today, under the plan's own
    /// assumptions, and unless the independent checker confirms value and bound.
    pub fn adopt(
        &self,
        document: &PlanDocument,
        reason: &str,
        moment: Moment,
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        self.adopt_with(document, &Changes::default(), reason, moment, stamp)
    }

    /// As [`Desk::adopt`], for a plan made under changed figures: the changed figures enter the record with it, in
    /// one append, so that the data of the record make exactly the problem that the plan solves.
    pub fn adopt_with(
        &self,
        document: &PlanDocument,
        changes: &Changes,
        reason: &str,
        moment: Moment,
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        let snapshot = self.snapshot()?;
        let changes = changes.clone().that_differ(&snapshot.mission);
        let bytes = document.to_bytes();
        konbit_plan_check::check(&bytes).map_err(|refusal| DeskError::PlanDoesNotHold(refusal.to_string()))?;
        let (Some(value), Some(bound)) = (document.value, document.bound) else {
            return Err(DeskError::PlanDoesNotHold("it is not a plan: none was found".to_owned()));
        };
        let assumptions =
            Assumptions { personnel: Some(document.problem.personnel), alpha_ppm: Some(document.problem.alpha_ppm) };
        let mission = changes.upon(&snapshot.mission)?;
        let travel = self.travel(&mission, moment)?;
        let now = prepare(&mission, &travel, assumptions, moment)?.problem.hash();
        let digest = Digest::of(&bytes);
        let adopted = AdoptedPlan {
            id: PlanId::new(digest.short()).expect("hexadecimal digits"),
            document: digest,
            problem: document.problem_hash,
            personnel: document.personnel,
            value_micro: micro(value, f64::ceil),
            bound_micro: micro(bound, f64::floor),
            seed: document.seed,
            reason: reason.trim().to_owned(),
        };
        let name = format!("plan-{}.json", adopted.id);
        let mut events = changes.recorded(&snapshot.mission, reason.trim(), &stamp.actor)?;
        events.push(rules::adopt(&snapshot.mission, adopted, now)?);
        self.append(&snapshot, events, &[Attachment { media: PLAN_MEDIA.to_owned(), name, bytes }], stamp)
    }

    /// The plan in force, if one was adopted.
    pub fn plan_in_force(&self, mission: &Mission) -> Result<Option<PlanView>, DeskError> {
        mission.plan_in_force().map(|adopted| self.view_of(adopted)).transpose()
    }

    /// A plan that was adopted at some time, by its id.
    pub fn adopted_plan(&self, mission: &Mission, id: &str) -> Result<Option<PlanView>, DeskError> {
        mission.plans.get(id).map(|adopted| self.view_of(adopted)).transpose()
    }

    fn view_of(&self, adopted: &Recorded<AdoptedPlan>) -> Result<PlanView, DeskError> {
        let missing = |why: &str| {
            DeskError::Missing(format!(
                "the file of plan {} {why}; run: konbit verify {}",
                adopted.value.id,
                self.dir().path().display()
            ))
        };
        let file =
            self.reading(|store| store.attachment(&adopted.value.document))?.ok_or_else(|| missing("is missing"))?;
        let document =
            serde_json::from_slice(&file.bytes).map_err(|error| missing(&format!("cannot be read ({error})")))?;
        Ok(PlanView { adopted: adopted.clone(), document })
    }
}

/// Millionths, rounded away from what would flatter.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
pub(crate) fn micro(value: f64, round: fn(f64) -> f64) -> u64 {
    round(value.max(0.0) * 1e6) as u64
}

//! Plans and studies of the week that go on from what is kept, and keep what they make: what pages and commands both
//! call.

use crate::kept::{Growing, KeptStudies, StudyKey};
use crate::study::Strengths;
use crate::{
    Changes, Demand, Desk, DeskError, End, EndResult, PlannedWeek, PreparedWeek, StudiedWeek, WeekAt, WeekForce,
    planned_week_for,
};
use konbit_base::{Digest, Finding};
use konbit_mission::Mission;
use konbit_mission::week::WeekAssumptions;
use konbit_protect::{DocumentStatus, Watch, Week, WeekDocument, evaluate_week};
use serde::{Deserialize, Serialize};

/// Difference of value, persons a week, at which a kept plan is not what its schedules give.
const VALUE_OFF: f64 = 1e-6;

impl Growing for WeekForce {
    fn made(&self) -> usize {
        self.made.0
    }
}

impl Growing for Vec<EndResult> {
    fn made(&self) -> usize {
        self.len()
    }
}

impl Growing for PlannedWeek {
    /// 1 for a plan that was stopped before it was done, 2 for an answer that stays.
    fn made(&self) -> usize {
        if self.document.status == DocumentStatus::LimitReached { 1 } else { 2 }
    }
}

/// A plan as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptPlan {
    document: WeekDocument,
    /// Kind of slot, and word and site of each demand.
    conflict: Option<(String, Vec<(String, String)>)>,
}

impl KeptPlan {
    fn of(planned: &PlannedWeek) -> Self {
        let words = |demands: &[(Demand, String)]| {
            demands.iter().map(|(demand, site)| (demand.word().to_owned(), site.clone())).collect()
        };
        let conflict = planned.conflict.as_ref().map(|(slot, demands)| (slot.clone(), words(demands)));
        Self { document: planned.document.clone(), conflict }
    }

    /// The plan, if it is one for the problem of this hash and has the value that its schedules give.
    fn plan(self, problem: Digest, seed: u64) -> Option<PlannedWeek> {
        let Self { document, conflict } = self;
        let week = Week::new(document.problem.clone()).ok()?;
        if week.hash() != problem || document.problem_hash != problem || document.seed != seed {
            return None;
        }
        match document.value {
            Some(value) => {
                let given = evaluate_week(&week, &document.schedules).ok()?.value;
                if document.bound.is_none() || (given - value).abs() > VALUE_OFF {
                    return None;
                }
            }
            None if document.schedules.is_empty() => {}
            None => return None,
        }
        let demand = |(word, site): (String, String)| Some((Demand::of_word(&word)?, site));
        let conflict = match conflict {
            Some((slot, demands)) => Some((slot, demands.into_iter().map(demand).collect::<Option<_>>()?)),
            None => None,
        };
        Some(PlannedWeek { document, conflict })
    }
}

/// What a study tells while it is worked on.
pub struct Telling<'a, T: ?Sized> {
    /// What there is of it, before each plan.
    pub report: &'a dyn Fn(&T),
    /// What is wrong with files that are kept.
    pub finding: &'a dyn Fn(&Finding),
}

impl StudiedWeek {
    /// Digest of what plans under other figures are made from: the problem, the figures behind it, and what the plan
    /// assumes and changes.
    fn ground(&self, mission: &Mission) -> Digest {
        let plain = |what: serde_json::Result<String>| what.expect("figures are plain data");
        let Self { document, assumptions, changes, .. } = self;
        let planning = plain(serde_json::to_string(&mission.planning.values().collect::<Vec<_>>()));
        let figures = plain(serde_json::to_string(&mission.week_figures.values().collect::<Vec<_>>()));
        let asked = question_text(assumptions, changes);
        Digest::of([document.problem_hash.to_string(), planning, figures, asked].join("\n").as_bytes())
    }

    fn plan_digest(&self) -> Digest {
        Digest::of(&self.document.to_bytes())
    }

    /// Key of the study of a contingent's people.
    pub fn force_key(&self, mission: &Mission, contingent: &str) -> StudyKey {
        StudyKey::Force(self.plan_digest(), self.ground(mission), contingent.to_owned())
    }

    /// Key of the study of the ends of judged figures.
    pub fn ends_key(&self, mission: &Mission, wanted: &[End]) -> StudyKey {
        let named: Vec<String> = wanted.iter().map(|end| format!("{:?}={}", end.figure, end.value)).collect();
        StudyKey::Ends(self.plan_digest(), self.ground(mission), Digest::of(named.join("\n").as_bytes()))
    }
}

fn question_text(assumptions: &WeekAssumptions, changes: &Changes) -> String {
    let assumed = serde_json::to_string(assumptions).expect("assumptions are plain data");
    let posts: Vec<String> = changes.posts().map(|(site, must)| format!("{site}={must}")).collect();
    format!("{assumed}\n{:?}\n{posts:?}", changes.pairs())
}

impl Desk {
    /// What is kept of plans and studies.
    pub fn kept_studies(&self) -> KeptStudies {
        KeptStudies::of(self.dir())
    }

    /// The kept plan of a problem.
    pub fn kept_plan(&self, problem: Digest, seed: u64, finding: &dyn Fn(&Finding)) -> Option<PlannedWeek> {
        let kept: KeptPlan = self.kept_studies().get(&StudyKey::Plan(problem, seed), finding)?;
        kept.plan(problem, seed)
    }

    /// Plans a week, starting from the kept plan where that was stopped, or else from the plan that is `held`, and keeps
    /// the better of what was kept and what was made. A kept plan that was not stopped is the answer. `seconds` gives
    /// those since planning began, which the plan file has.
    pub fn plan_week_kept(
        &self,
        prepared: &PreparedWeek,
        held: Option<&WeekDocument>,
        seed: u64,
        finding: &dyn Fn(&Finding),
        (watch, seconds): (&Watch<'_>, &dyn Fn() -> f64),
    ) -> PlannedWeek {
        let problem = prepared.week.hash();
        let kept = self.kept_plan(problem, seed, finding);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.made() > 1) {
            return kept.clone();
        }
        let from = kept.as_ref().map(|kept| &kept.document).filter(|kept| kept.value.is_some());
        let mut planned = planned_week_for(prepared, from.or(held), seed, watch);
        planned.document.seconds = seconds();
        let gap = |planned: &PlannedWeek| planned.document.gap.unwrap_or(f64::INFINITY);
        match kept {
            Some(kept) if planned.made() <= kept.made() && gap(&kept) <= gap(&planned) => kept,
            _ => {
                self.kept_studies().put(&StudyKey::Plan(problem, seed), &KeptPlan::of(&planned), finding);
                planned
            }
        }
    }

    /// What is kept of the study of a contingent's people, read as [`Desk::week_force`] reads it; nothing where
    /// there are no more plans than in what is `known`.
    ///
    /// # Errors
    /// As [`Desk::week_force`].
    pub fn kept_force(
        &self,
        mission: &Mission,
        studied: &StudiedWeek,
        contingent: &str,
        known: Option<&WeekForce>,
        finding: &dyn Fn(&Finding),
    ) -> Result<Option<WeekForce>, DeskError> {
        let key = studied.force_key(mission, contingent);
        let kept: Option<Strengths<WeekAt>> = self.kept_studies().get(&key, finding);
        let is_further = |plans: &Strengths<WeekAt>| known.is_none_or(|known| known.plans.len() < plans.len());
        let fits = |plans: &Strengths<WeekAt>| plans.values().flatten().all(|at| at.fits(&studied.document.problem));
        let Some(plans) = kept.filter(|plans| is_further(plans) && fits(plans)) else { return Ok(None) };
        let stopped = Watch { should_stop: &|| true, progress: &|_| {} };
        self.week_force_from(&studied.base(mission), contingent, plans, &|_| {}, &stopped).map(Some)
    }

    /// What more people of a contingent buy: goes on from what is `known` or kept, whichever is further, and keeps what is
    /// made after each plan.
    ///
    /// # Errors
    /// As [`Desk::week_force`].
    pub fn study_force(
        &self,
        mission: &Mission,
        studied: &StudiedWeek,
        contingent: &str,
        known: Option<&WeekForce>,
        telling: &Telling<'_, WeekForce>,
        watch: &Watch<'_>,
    ) -> Result<WeekForce, DeskError> {
        let kept = self.kept_force(mission, studied, contingent, known, telling.finding)?;
        let begin = further(known, kept.as_ref());
        let (key, studies) = (studied.force_key(mission, contingent), self.kept_studies());
        let keep = |force: &WeekForce| {
            if kept.as_ref().is_none_or(|kept| kept.made() < force.made()) {
                studies.put(&key, &force.plans, telling.finding);
            }
        };
        let report = |force: &WeekForce| {
            keep(force);
            (telling.report)(force);
        };
        let made = self.week_force(&studied.base(mission), contingent, begin, &report, watch)?;
        keep(&made);
        Ok(made)
    }

    /// What is kept of the study of the ends that are `wanted`.
    pub fn kept_ends(
        &self,
        mission: &Mission,
        studied: &StudiedWeek,
        wanted: &[End],
        finding: &dyn Fn(&Finding),
    ) -> Option<Vec<EndResult>> {
        let kept: Vec<KeptEnd> = self.kept_studies().get(&studied.ends_key(mission, wanted), finding)?;
        let sites = studied.document.problem.sites.len();
        let fits =
            kept.len() <= wanted.len() && kept.iter().flat_map(|kept| &kept.widest).all(|(site, ..)| *site < sites);
        fits.then(|| kept.into_iter().zip(wanted).map(|(kept, end)| kept.at(end)).collect())
    }

    /// What the judgements decide, as [`Desk::study_force`] goes on.
    ///
    /// # Errors
    /// As [`Desk::week_at_ends`].
    pub fn study_ends(
        &self,
        mission: &Mission,
        studied: &StudiedWeek,
        wanted: &[End],
        known: Option<&Vec<EndResult>>,
        telling: &Telling<'_, [EndResult]>,
        watch: &Watch<'_>,
    ) -> Result<Vec<EndResult>, DeskError> {
        let kept = self.kept_ends(mission, studied, wanted, telling.finding);
        let begin = further(known, kept.as_ref()).cloned().unwrap_or_default();
        let (key, studies) = (studied.ends_key(mission, wanted), self.kept_studies());
        let keep = |results: &[EndResult]| {
            if results.len() > kept.as_ref().map_or(0, Vec::len) {
                let all: Vec<KeptEnd> = results.iter().map(KeptEnd::of).collect();
                studies.put(&key, &all, telling.finding);
            }
        };
        let report = |results: &[EndResult]| {
            keep(results);
            (telling.report)(results);
        };
        let made = self.week_at_ends(&studied.base(mission), wanted, begin, &report, watch)?;
        keep(&made);
        Ok(made)
    }
}

/// The one of two that is further.
fn further<'a, T: Growing>(known: Option<&'a T>, kept: Option<&'a T>) -> Option<&'a T> {
    match (known, kept) {
        (Some(known), Some(kept)) if kept.made() > known.made() => Some(kept),
        (known, kept) => known.or(kept),
    }
}

/// What a plan becomes at one end as it is kept: which end it is follows from its place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptEnd {
    found: Option<(f64, f64)>,
    postures: usize,
    moved: usize,
    widest: Vec<(usize, f64, f64)>,
}

impl KeptEnd {
    fn of(result: &EndResult) -> Self {
        let EndResult { end: _, found, postures, moved, widest } = result;
        Self { found: *found, postures: *postures, moved: *moved, widest: widest.clone() }
    }

    fn at(self, end: &End) -> EndResult {
        let Self { found, postures, moved, widest } = self;
        EndResult { end: end.clone(), found, postures, moved, widest }
    }
}

//! Planning the week, adopting a plan of it, and the one in force.

use crate::plan::micro;
use crate::week::PreparedWeek;
use crate::{Changes, Desk, DeskError, Moment, Snapshot, Stamp};
use konbit_base::Digest;
use konbit_mission::week::{AdoptedWeek, WeekAssumptions, WeekPlanId};
use konbit_mission::{Mission, Recorded, rules};
use konbit_protect::{
    Options, Progress, Watch, Week, WeekData, WeekDemand, WeekDocument, WeekOutcome, WeekPlan, WeekSchedule, plan_week,
    replan_week,
};
use konbit_roster::Roster;
use konbit_store::Attachment;
use std::cell::Cell;

/// Media type of plan and roster files.
const MEDIA: &str = "application/json";

/// The plan of the week in force: what the record says of it, its file, and the roster behind it.
#[derive(Debug, Clone)]
pub struct WeekView {
    /// The adoption, with the entries behind it.
    pub adopted: Recorded<AdoptedWeek>,
    /// The plan file.
    pub document: WeekDocument,
    /// The roster file.
    pub roster: Roster,
}

/// Whether two weeks have the same lists of sites, bases, contingents, areas and slots, so that a schedule of the one
/// means the same in the other.
pub fn same_lists(one: &WeekData, other: &WeekData) -> bool {
    let names = |data: &WeekData| -> Vec<String> {
        let sites = data.sites.iter().map(|site| site.id.clone());
        let bases = data.bases.iter().map(|base| base.id.clone());
        let crews = data.contingents.iter().map(|crew| crew.id.clone());
        let areas = data.areas.iter().map(|area| area.id.clone());
        let slots = data.slots.iter().map(|slot| slot.id.clone());
        sites.chain(bases).chain(crews).chain(areas).chain(slots).collect()
    };
    names(one) == names(other)
}

/// The schedules of a plan, if it is for the same lists, so that planning can start from them.
pub fn known_schedules(week: &Week, held: &WeekDocument) -> Option<Vec<Vec<WeekSchedule>>> {
    (!held.schedules.is_empty() && same_lists(week.data(), &held.problem)).then(|| held.schedules.clone())
}

/// What a plan of the week must do at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A post must stand there.
    Post,
    /// Somebody must visit it.
    Visit,
    /// It has a floor.
    Floor,
}

impl Demand {
    /// Word for it in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Visit => "visit",
            Self::Floor => "floor",
        }
    }

    /// The demand that a file calls so.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Post, Self::Visit, Self::Floor].into_iter().find(|demand| demand.word() == word)
    }
}

/// A plan of the week, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedWeek {
    /// The plan file. `seconds` is 0: only the caller has a clock.
    pub document: WeekDocument,
    /// Where demands conflict: the id of the kind of slot, and each demand with the id of its site. `None` where there is
    /// a plan, or where none was found and none was proven impossible.
    pub conflict: Option<(String, Vec<(Demand, String)>)>,
}

/// Plans a week. From a plan that is `held`, if it is for the same lists, in two steps: it is mended at
/// once, so that there is a plan to use whenever planning is stopped, and then improved. `seconds` of
/// the file is 0: only the caller has a clock.
pub fn plan_week_for(
    prepared: &PreparedWeek,
    held: Option<&WeekDocument>,
    seed: u64,
    watch: &Watch<'_>,
) -> WeekDocument {
    planned_week_for(prepared, held, seed, watch).document
}

/// As [`plan_week_for`], and names the demands that conflict where there is no plan.
pub fn planned_week_for(
    prepared: &PreparedWeek,
    held: Option<&WeekDocument>,
    seed: u64,
    watch: &Watch<'_>,
) -> PlannedWeek {
    let options = Options { seed, ..Options::default() };
    let week = &prepared.week;
    // What is proven stays proven: the second step begins with a bound of its own.
    let proven = Cell::new(f64::NEG_INFINITY);
    let progress = |now: Progress| {
        proven.set(proven.get().max(now.bound));
        (watch.progress)(Progress { bound: proven.get(), ..now });
    };
    let watch = &Watch { progress: &progress, should_stop: watch.should_stop };
    let mended = held.and_then(|held| mended(week, held, &options, watch));
    let outcome = match mended {
        Some(mended) if (watch.should_stop)() => WeekOutcome::Planned(mended),
        Some(mended) => match plan_week(week, Some(&mended.schedules), &options, watch) {
            WeekOutcome::Planned(plan) if plan.value <= mended.value => WeekOutcome::Planned(plan),
            WeekOutcome::Planned(plan) => WeekOutcome::Planned(Box::new(mended.with_bound_of(&plan))),
            _ => WeekOutcome::Planned(mended),
        },
        None => plan_week(week, None, &options, watch),
    };
    let conflict = match &outcome {
        WeekOutcome::Infeasible(infeasible) => {
            let site = |site: usize| week.data().sites[site].id.clone();
            let demands = infeasible.demands.iter().map(|demand| match *demand {
                WeekDemand::Post(index) => (Demand::Post, site(index)),
                WeekDemand::Visit(index) => (Demand::Visit, site(index)),
                WeekDemand::Floor(index) => (Demand::Floor, site(index)),
            });
            Some((week.data().slots[infeasible.slot].id.clone(), demands.collect()))
        }
        _ => None,
    };
    PlannedWeek { document: WeekDocument::new(week, &outcome, seed, 0.0), conflict }
}

/// Effort of the first step.
const MEND_ROUNDS: usize = 6;
const MEND_DRAWS: usize = 40;

fn mended(week: &Week, held: &WeekDocument, options: &Options, watch: &Watch<'_>) -> Option<Box<WeekPlan>> {
    let known = known_schedules(week, held)?;
    let options = Options { draws: MEND_DRAWS, rounds_max: MEND_ROUNDS, leaves_tight: 0, ..options.clone() };
    match replan_week(week, &known, held.certificate.as_ref()?, &options, watch) {
        WeekOutcome::Planned(plan) => Some(plan),
        _ => None,
    }
}

impl Desk {
    /// Puts a plan of the week in force: plan and roster are kept as files in the record.
    ///
    /// Refused unless it solves the problem that the data make today under the same assumptions, and
    /// unless the independent checker confirms value and bound.
    pub fn adopt_week(
        &self,
        document: &WeekDocument,
        assumptions: &WeekAssumptions,
        reason: &str,
        moment: Moment,
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        self.adopt_week_with(document, assumptions, &Changes::default(), reason, moment, stamp)
    }

    /// As [`Desk::adopt_week`], for a plan made under changed figures: the changed figures enter the record with it, in
    /// one append, so that the data of the record make exactly the problem that the plan solves.
    pub fn adopt_week_with(
        &self,
        document: &WeekDocument,
        assumptions: &WeekAssumptions,
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
        let now = self.prepare_week(&changes.upon(&snapshot.mission)?, assumptions, moment)?;
        let (roster, digest) = (now.roster.to_bytes(), Digest::of(&bytes));
        let adopted = AdoptedWeek {
            id: WeekPlanId::new(digest.short()).expect("hexadecimal digits"),
            document: digest,
            problem: document.problem_hash,
            roster: Digest::of(&roster),
            assumptions: assumptions.clone(),
            value_micro: micro(value, f64::ceil),
            bound_micro: micro(bound, f64::floor),
            seed: document.seed,
            reason: reason.trim().to_owned(),
        };
        let file = |name: &str, bytes| Attachment { media: MEDIA.to_owned(), name: name.to_owned(), bytes };
        let files =
            [file(&format!("week-{}.json", adopted.id), bytes), file(&format!("roster-{}.json", adopted.id), roster)];
        let mut events = changes.recorded(&snapshot.mission, reason.trim(), &stamp.actor)?;
        events.push(rules::adopt_week(&snapshot.mission, adopted, now.week.hash())?);
        self.append(&snapshot, events, &files, stamp)
    }

    /// Makes the problem of the week as it would be under changed figures, and its roster.
    ///
    /// # Errors
    /// As [`Desk::prepare_week`], and [`DeskError::Change`] where the figures cannot be changed so.
    pub fn prepare_week_if(
        &self,
        mission: &Mission,
        assumptions: &WeekAssumptions,
        changes: &Changes,
        moment: Moment,
    ) -> Result<PreparedWeek, DeskError> {
        if changes.is_empty() {
            return self.prepare_week(mission, assumptions, moment);
        }
        self.prepare_week(&changes.mission(mission)?, assumptions, moment)
    }

    /// The plan of the week in force, if one was adopted.
    pub fn week_in_force(&self, mission: &Mission) -> Result<Option<WeekView>, DeskError> {
        mission.week_in_force().map(|adopted| self.week_view(adopted)).transpose()
    }

    /// An adopted plan of the week by its id, in force or not; `None` where none of that id was adopted.
    ///
    /// # Errors
    /// [`DeskError::Missing`] where its file is gone.
    pub fn adopted_week(&self, mission: &Mission, id: &str) -> Result<Option<WeekView>, DeskError> {
        mission.week_plans.get(id).map(|adopted| self.week_view(adopted)).transpose()
    }

    /// An adopted plan of the week, in force or not.
    pub(crate) fn week_view(&self, adopted: &Recorded<AdoptedWeek>) -> Result<WeekView, DeskError> {
        let plan = &adopted.value;
        Ok(WeekView {
            adopted: adopted.clone(),
            document: self.attached(plan.document, &format!("the file of plan {} of the week", plan.id))?,
            roster: self.roster_of(adopted)?,
        })
    }

    /// The roster that an adopted plan of the week was made with.
    pub(crate) fn roster_of(&self, adopted: &Recorded<AdoptedWeek>) -> Result<Roster, DeskError> {
        let plan = &adopted.value;
        self.attached(plan.roster, &format!("the roster of plan {} of the week", plan.id))
    }

    /// An attachment that is JSON.
    fn attached<T: serde::de::DeserializeOwned>(&self, digest: Digest, what: &str) -> Result<T, DeskError> {
        let missing =
            |why: &str| DeskError::Missing(format!("{what} {why}; run: konbit verify {}", self.dir().path().display()));
        let file = self.reading(|store| store.attachment(&digest))?.ok_or_else(|| missing("is missing"))?;
        serde_json::from_slice(&file.bytes).map_err(|error| missing(&format!("cannot be read ({error})")))
    }
}

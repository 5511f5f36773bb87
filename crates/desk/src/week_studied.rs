//! The plan of the week that a study reads, what it is read against, and plans side by side.

use crate::week_summary::mean_over_week;
use crate::{
    Changes, Desk, DeskError, Equal, Moment, PrepareError, WeekBase, WeekView, naive_week, same_lists, week_equal,
};
use konbit_base::Digest;
use konbit_mission::Mission;
use konbit_mission::week::{WeekAssumptions, WeekFigures};
use konbit_protect::{
    PROBABILITY_DENOMINATOR, Week, WeekData, WeekDocument, WeekEvaluation, WeekSchedule, evaluate_week, score_week,
};
use std::collections::BTreeMap;

/// What the pattern is called where no plan is in force to read against.
const NAIVE_WORDS: &str = "in every kind of slot posts at the sites where an attempt harms most, mandatory posts first, always the same, as many as each contingent has people for; no reaction force and no patrol";

/// What the pattern is called where a plan is in force and a question is answered.
const IN_FORCE_WORDS: &str = "the plan in force, as it is";

/// The shares of attempts by those who watch that are put side by side, as they are written, in millionths.
pub const WEEK_ALPHAS: [(&str, u32); 3] = [("0", 0), ("0.5", 500_000), ("1", 1_000_000)];

/// A plan of the week that is studied, and what it was made from.
#[derive(Debug, Clone)]
pub struct StudiedWeek {
    /// The plan. Invariant: it holds one, for the problem that the data make now.
    pub document: WeekDocument,
    /// The plan's own assumptions.
    pub assumptions: WeekAssumptions,
    /// The plan's own changes of the mission's figures.
    pub changes: Changes,
    /// The moment planned for.
    pub moment: Moment,
    /// The plan in force, where another is studied.
    pub in_force: Option<WeekView>,
}

impl StudiedWeek {
    /// The answer to a question, for whose assumptions and changes the data make a problem with the hash `now`; `in_force`
    /// is the plan in force.
    ///
    /// # Errors
    /// [`DeskError::CannotStudy`] where it holds no plan, or one for other data.
    pub fn of_question(
        document: WeekDocument,
        asked: (WeekAssumptions, Changes),
        now: Digest,
        moment: Moment,
        in_force: Option<WeekView>,
    ) -> Result<Self, DeskError> {
        if document.value.is_none() {
            let why = document.reason.as_deref().unwrap_or("none was found in the time it was worked on");
            return Err(DeskError::CannotStudy(format!("there is no plan to study: {why}")));
        }
        if now != document.problem_hash {
            return Err(DeskError::CannotStudy(
                "the mission's data have changed since this plan was made, and a study needs a plan for them as they \
                 are; plan the week again (on /week, or with konbit week plan DIR --adopt REASON), then study that plan"
                    .to_owned(),
            ));
        }
        Ok(Self { document, assumptions: asked.0, changes: asked.1, moment, in_force })
    }

    /// What plans under other figures are made from.
    pub fn base<'a>(&'a self, mission: &'a Mission) -> WeekBase<'a> {
        let Self { changes, assumptions, moment, document, .. } = self;
        WeekBase { mission, changes, assumptions, moment: *moment, document }
    }

    /// Value of the plan, persons harmed a week.
    pub fn value(&self) -> f64 {
        self.document.value.expect("a studied plan has a value")
    }

    /// Proven bound of the plan, persons harmed a week.
    pub fn bound(&self) -> f64 {
        self.document.bound.unwrap_or_default()
    }

    /// The pattern that the plan is read against, in words, and how many more people it would need to do as well.
    ///
    /// # Errors
    /// As [`Changes::figures`], and where the problem is not one.
    pub fn equal(&self, mission: &Mission) -> Result<(&'static str, Result<Equal, String>), DeskError> {
        let week = Week::new(self.document.problem.clone()).map_err(PrepareError::from)?;
        let relief = self.changes.figures(mission)?.planning.relief_factor_milli.best;
        Ok(match &self.in_force {
            Some(held) if same_lists(&held.document.problem, week.data()) => {
                (IN_FORCE_WORDS, week_equal(&week, &held.document.schedules, self.value(), relief))
            }
            _ => (NAIVE_WORDS, week_equal(&week, &naive_week(&week), self.value(), relief)),
        })
    }
}

impl Desk {
    /// The plan of the week in force, to study; `None` where none is.
    ///
    /// # Errors
    /// [`DeskError::CannotStudy`] where the data have changed since, and as [`Desk::prepare_week`].
    pub fn studied_in_force(&self, mission: &Mission, moment: Moment) -> Result<Option<StudiedWeek>, DeskError> {
        let Some(held) = self.week_in_force(mission)? else { return Ok(None) };
        let assumptions = held.adopted.value.assumptions.clone();
        let now = self.prepare_week(mission, &assumptions, moment)?.week.hash();
        let asked = (assumptions, Changes::default());
        StudiedWeek::of_question(held.document, asked, now, moment, None).map(Some)
    }
}

/// The contingent of this id, or the largest where none is named.
///
/// # Errors
/// [`DeskError::NoContingent`] where there is no such contingent.
pub fn studied_contingent(figures: &WeekFigures, asked: Option<&str>) -> Result<String, DeskError> {
    let mut crews = figures.contingents.iter();
    let found = match asked {
        None => crews.max_by_key(|crew| (crew.personnel, std::cmp::Reverse(crew.id.as_str()))),
        Some(id) => crews.find(|crew| crew.id.as_str() == id),
    };
    let known = || figures.contingents.iter().map(|crew| crew.id.as_str()).collect::<Vec<_>>().join(", ");
    let missing = || DeskError::NoContingent { id: asked.unwrap_or_default().to_owned(), known: known() };
    found.map(|crew| crew.id.to_string()).ok_or_else(missing)
}

/// Assumptions with another share of those who watch; the share of the mission's own figures is no assumption.
#[must_use]
pub fn with_alpha(mission: &Mission, assumptions: &WeekAssumptions, ppm: u32) -> WeekAssumptions {
    let own = mission.planning.values().next().map(|planning| planning.alpha_ppm.best);
    WeekAssumptions { alpha_ppm: (own != Some(ppm.into())).then_some(ppm), ..assumptions.clone() }
}

/// A plan of the week beside others.
#[derive(Debug, Clone)]
pub struct WeekSide {
    /// What it is, in words.
    pub label: String,
    /// Expected persons harmed a week.
    pub value: f64,
    /// Proven bound, persons a week; `None` for a plan without a proof.
    pub bound: Option<f64>,
    /// The problem it was made for.
    pub problem: WeekData,
    /// Its schedules.
    pub schedules: Vec<Vec<WeekSchedule>>,
    /// What it gives.
    pub evaluation: WeekEvaluation,
}

/// The value of each of two plans under the other's figures, or why it has none.
pub type Crossed = (Result<f64, String>, Result<f64, String>);

/// A site under several plans: its id, and for each plan protection and share of the time with a post.
pub type Across<'a> = (&'a str, Vec<(f64, f64)>);

impl WeekSide {
    /// A plan file as a side.
    ///
    /// # Errors
    /// [`DeskError::CannotStudy`] where it holds no plan, or schedules that do not fit its problem.
    pub fn of_plan(label: String, document: &WeekDocument) -> Result<Self, DeskError> {
        let none = || {
            let why = document.reason.as_deref().unwrap_or("none was found");
            DeskError::CannotStudy(format!("{label} holds no plan: {why}"))
        };
        let value = document.value.ok_or_else(none)?;
        let week = Week::new(document.problem.clone()).map_err(PrepareError::from)?;
        let evaluation = evaluate_week(&week, &document.schedules)
            .map_err(|fault| DeskError::CannotStudy(format!("{label} cannot be read: {fault}")))?;
        let (bound, schedules, problem) = (document.bound, document.schedules.clone(), document.problem.clone());
        Ok(Self { label, value, bound, problem, schedules, evaluation })
    }

    /// The plain pattern under the figures of a problem: see [`naive_week`].
    ///
    /// # Errors
    /// [`DeskError::CannotStudy`] where it cannot be scored.
    pub fn of_pattern(problem: WeekData) -> Result<Self, DeskError> {
        let week = Week::new(problem).map_err(PrepareError::from)?;
        let schedules = naive_week(&week);
        let refused = |fault| DeskError::CannotStudy(format!("the plain pattern cannot be used: {fault}"));
        let evaluation = score_week(&week, &schedules).map(|score| score.evaluation).map_err(refused)?;
        let (label, value) = ("the plain pattern".to_owned(), evaluation.value);
        Ok(Self { label, value, bound: None, problem: week.data().clone(), schedules, evaluation })
    }

    /// Id, protection and share of the time with a post of each site, means over the week.
    pub fn means(&self) -> Vec<(&str, f64, f64)> {
        let given = mean_over_week(&self.problem, &self.evaluation.protection);
        let posts = mean_over_week(&self.problem, &self.evaluation.post_share);
        let ids = self.problem.sites.iter().map(|site| site.id.as_str());
        ids.zip(given).zip(posts).map(|((id, given), post)| (id, given, post)).collect()
    }

    /// Posts, forces and patrols in a slot, means over the week.
    pub fn units(&self) -> [f64; 3] {
        let slots: f64 = self.problem.slots.iter().map(|slot| f64::from(slot.count)).sum();
        let mut sums = [0.0; 3];
        for (slot, schedules) in self.problem.slots.iter().zip(&self.schedules) {
            for schedule in schedules {
                let share = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
                let patrols = schedule.duties.len() + schedule.routes.len();
                for (sum, count) in sums.iter_mut().zip([schedule.posts.len(), schedule.forces.len(), patrols]) {
                    *sum += f64::from(slot.count) / slots.max(1.0) * share * count as f64;
                }
            }
        }
        sums
    }

    /// Sites with a post at any time.
    pub fn posted(&self) -> usize {
        self.means().iter().filter(|(_, _, post)| *post > 0.0).count()
    }

    /// Persons harmed a week by those who watch.
    pub fn watched_harm(&self) -> f64 {
        self.evaluation.groups.iter().map(|group| group.harm).sum()
    }

    /// People on duty in the kind of slot with the fewest and in the one with the most.
    pub fn on_duty(&self) -> (u64, u64) {
        let slots = &self.problem.slots;
        let all = || slots.iter().map(|slot| slot.seats.iter().map(|part| u64::from(part.seats)).sum::<u64>());
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    /// Its value if it were followed under the figures of another.
    fn under(&self, other: &Self) -> Result<f64, String> {
        if !same_lists(&self.problem, &other.problem) {
            return Err("it is for other lists of sites, bases, contingents, patrols or slots".to_owned());
        }
        let week = Week::new(other.problem.clone()).map_err(|error| error.to_string())?;
        evaluate_week(&week, &self.schedules).map(|evaluation| evaluation.value).map_err(|fault| fault.to_string())
    }
}

/// Each plan's value under the figures of the other; `None` where their figures are the same.
pub fn crossed(a: &WeekSide, b: &WeekSide) -> Option<Crossed> {
    (a.problem != b.problem).then(|| (a.under(b), b.under(a)))
}

/// Sites that are in all plans and whose protection differs by half a percentage point or whose post stands in some of
/// them only; the widest differences first.
pub fn differing<'a>(sides: &[&'a WeekSide]) -> Vec<Across<'a>> {
    let means: Vec<BTreeMap<&str, (f64, f64)>> = sides
        .iter()
        .map(|side| side.means().into_iter().map(|(id, given, post)| (id, (given, post))).collect())
        .collect();
    let Some(first) = means.first() else { return Vec::new() };
    let row = |id: &&'a str| -> Option<Across<'a>> {
        Some((*id, means.iter().map(|held| held.get(id).copied()).collect::<Option<_>>()?))
    };
    let width = |row: &Across<'_>| {
        let all = || row.1.iter().map(|(given, _)| *given);
        all().fold(0.0, f64::max) - all().fold(1.0, f64::min)
    };
    let mut rows: Vec<Across<'a>> = first.keys().filter_map(row).collect();
    rows.retain(|row| width(row) >= 0.005 || is_posted_in_some(row));
    rows.sort_by(|a, b| width(b).total_cmp(&width(a)).then(a.0.cmp(b.0)));
    rows
}

/// Whether a post stands at a site in some of the plans only.
pub fn is_posted_in_some(row: &Across<'_>) -> bool {
    row.1.iter().any(|(_, post)| (*post > 0.0) != (row.1[0].1 > 0.0))
}

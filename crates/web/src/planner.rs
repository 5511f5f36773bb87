//! Planning for pages: one plan at a time, and the latest few are remembered.
//!
//! Invariant: what is remembered is a function of its key, so forgetting it changes nothing but time, and several
//! processes on one record answer alike.

use crate::problem::Problem;
use konbit_base::Digest;
use konbit_desk::{
    Assumptions, Base, Changes, Desk, End, EndResult, Force, Moment, PlanRequest, Planned, Travel, force, opened,
    planned_for, prepare,
};
use konbit_mission::Mission;
use konbit_protect::{Options, PlanDocument, Watch};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Longest that a page waits for a plan; what was found until then is shown with its gap.
const PLAN_TIME_MAX: Duration = Duration::from_secs(18);

/// Longest that a page works on the sensitivity of a plan; the reader may let it go on.
const SENSITIVITY_TIME_MAX: Duration = Duration::from_secs(14);

/// Plans, studies of force and sensitivities that are remembered, each.
const REMEMBERED_MAX: usize = 12;

/// The problem's hash and the seed: all that a plan depends on.
type Key = (Digest, u64);

#[derive(Debug)]
struct Remembered<T>(Mutex<VecDeque<(Key, Arc<T>)>>);

impl<T> Remembered<T> {
    fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    fn get(&self, key: &Key) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(held, _)| held == key).map(|(_, value)| Arc::clone(value))
    }

    fn put(&self, key: Key, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(held, _)| *held != key);
        kept.push_front((key, Arc::clone(&value)));
        kept.truncate(REMEMBERED_MAX);
        value
    }
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The mission's data.
    pub mission: &'a Mission,
    /// How long ways take.
    pub travel: &'a Travel,
    /// The moment that is planned for.
    pub moment: Moment,
}

/// Makes plans, one at a time. A new one has made nothing yet.
#[derive(Debug)]
pub struct Planner {
    permit: Semaphore,
    plans: Remembered<Planned>,
    forces: Remembered<Force>,
    ends: Remembered<Vec<EndResult>>,
}

/// What a reader wants planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// What is assumed instead of the mission's own figures.
    pub assumptions: Assumptions,
    /// What is changed of the planning figures. The ground that it is planned on has them already.
    pub changes: Changes,
    /// Seed of the draws.
    pub seed: u64,
}

impl Question {
    /// Reads what a form sent; an empty field stands for the mission's own figure, and for seed 1.
    pub fn parse(personnel: &str, alpha: &str, seed: &str) -> Result<Self, Problem> {
        let personnel = match personnel.trim() {
            "" => None,
            text => Some(text.replace(',', "").parse().map_err(|_| {
                Problem::bad_request(format!("{text:?} is not a number of people; give a whole number such as 1050"))
            })?),
        };
        let alpha_ppm = match alpha.trim() {
            "" => None,
            text => Some(share_ppm(text).ok_or_else(|| {
                Problem::bad_request(format!("{text:?} is not a share; give a number from 0 to 1, such as 0.5"))
            })?),
        };
        let seed = match seed.trim() {
            "" => 1,
            text => text
                .parse()
                .map_err(|_| Problem::bad_request(format!("{text:?} is not a seed; give a whole number")))?,
        };
        Ok(Self { assumptions: Assumptions { personnel, alpha_ppm }, changes: Changes::default(), seed })
    }
}

/// A share from 0 to 1 in millionths.
fn share_ppm(text: &str) -> Option<u32> {
    let share: f64 = text.parse().ok().filter(|share| (0.0..=1.0).contains(share))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1, checked above")]
    let ppm = (share * 1e6).round() as u32;
    Some(ppm)
}

impl Default for Planner {
    fn default() -> Self {
        Self { permit: Semaphore::new(1), plans: Remembered::new(), forces: Remembered::new(), ends: Remembered::new() }
    }
}

impl Planner {
    /// The plan for the ground, or [`Problem::busy`] while another is being made. May take seconds.
    pub fn plan(&self, ground: &Ground<'_>, question: &Question) -> Result<Arc<Planned>, Problem> {
        let key = key(ground, question)?;
        if let Some(known) = self.plans.get(&key) {
            return Ok(known);
        }
        let _permit = self.permit.try_acquire().map_err(|_| Problem::busy())?;
        let started = Instant::now();
        let mut planned = within_time(started, PLAN_TIME_MAX, |watch| {
            planned_for(ground.mission, ground.travel, &request(question, ground.moment), watch)
        })?;
        planned.document.seconds = started.elapsed().as_millis() as f64 / 1e3;
        Ok(self.plans.put(key, planned))
    }

    /// What more force buys, from the plan in `document`; where the time was up before, it goes on. May take seconds.
    pub fn force(&self, document: &PlanDocument) -> Result<Arc<Force>, Problem> {
        let key = file_key(document);
        let known = self.forces.get(&key);
        if let Some(known) = known.as_ref().filter(|known| !known.is_cut_short) {
            return Ok(Arc::clone(known));
        }
        let (problem, plan) =
            opened(document).ok_or_else(|| Problem::refused("there is no plan to compare other strengths with"))?;
        let _permit = self.permit.try_acquire().map_err(|_| Problem::busy())?;
        let options = Options { seed: document.seed, ..Options::default() };
        let found = within_time(Instant::now(), PLAN_TIME_MAX, |watch| {
            Ok(force(&problem, &plan, known.as_deref(), &options, watch))
        })?;
        Ok(self.forces.put(key, found))
    }

    /// What more force buys, if it was computed before.
    pub fn known_force(&self, document: &PlanDocument) -> Option<Arc<Force>> {
        self.forces.get(&file_key(document))
    }

    /// Results at as many ends as fit into the time, after those that are known already. `data` stands for the data that
    /// the ends are taken from.
    pub fn ends(
        &self,
        desk: &Desk,
        base: &Base<'_>,
        data: Digest,
        ends: &[End],
        computes: bool,
    ) -> Result<Arc<Vec<EndResult>>, Problem> {
        let key = (data, base.plan.seed);
        let known = self.ends.get(&key);
        let done = known.as_ref().map_or(0, |known| known.len());
        if !computes || done >= ends.len() {
            return Ok(known.unwrap_or_default());
        }
        let _permit = self.permit.try_acquire().map_err(|_| Problem::busy())?;
        let started = Instant::now();
        let mut results = known.map(|known| known.to_vec()).unwrap_or_default();
        for end in &ends[done..] {
            // The last one is not cut short: then it would say something else than at another time.
            if started.elapsed() > SENSITIVITY_TIME_MAX {
                break;
            }
            results.push(within_time(started, PLAN_TIME_MAX * 2, |watch| desk.at_end(base, end, watch))?);
        }
        Ok(self.ends.put(key, results))
    }
}

fn request(question: &Question, moment: Moment) -> PlanRequest {
    PlanRequest { assumptions: question.assumptions, seed: question.seed, moment }
}

fn key(ground: &Ground<'_>, question: &Question) -> Result<Key, Problem> {
    let prepared = prepare(ground.mission, ground.travel, question.assumptions, ground.moment)
        .map_err(|error| Problem::refused(error.to_string()))?;
    Ok((prepared.problem.hash(), question.seed))
}

/// A plan file's own digest: plans for one problem may differ.
fn file_key(document: &PlanDocument) -> Key {
    (Digest::of(&document.to_bytes()), document.seed)
}

fn within_time<T>(
    started: Instant,
    limit: Duration,
    work: impl FnOnce(&Watch<'_>) -> Result<T, konbit_desk::DeskError>,
) -> Result<T, Problem> {
    let should_stop = move || started.elapsed() > limit;
    Ok(work(&Watch { should_stop: &should_stop, progress: &|_| {} })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(personnel: &str, alpha: &str, seed: &str, expect: Option<(Option<u32>, Option<u32>, u64)>) {
        let got = Question::parse(personnel, alpha, seed).ok();
        let got = got.map(|question| (question.assumptions.personnel, question.assumptions.alpha_ppm, question.seed));
        assert_eq!(got, expect, "{personnel:?} {alpha:?} {seed:?}");
    }

    #[test]
    fn a_question_is_read_or_refused() {
        check("", "", "", Some((None, None, 1)));
        check("1,050", "0.5", "7", Some((Some(1050), Some(500_000), 7)));
        check(" 0 ", "1", "0", Some((Some(0), Some(1_000_000), 0)));
        check("-1", "", "", None);
        check("1e3", "", "", None);
        check("", "1.01", "", None);
        check("", "NaN", "", None);
        check("", "", "x", None);
    }

    #[test]
    fn only_the_latest_few_are_remembered() {
        let kept = Remembered::new();
        for seed in 0..20u64 {
            kept.put((Digest::of(b"p"), seed), seed);
        }
        assert_eq!(kept.get(&(Digest::of(b"p"), 19)).as_deref(), Some(&19));
        assert!(kept.get(&(Digest::of(b"p"), 19 - REMEMBERED_MAX as u64)).is_none());
    }
}

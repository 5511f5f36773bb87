//! Work on the week for pages: plans and studies of them take longer than a page waits, so they run beside the pages.
//! A page shows how far the work is, may end it with what there is, and finds the answer when it is done.
//!
//! Invariant: what is remembered is a function of its key and of how long the work was let run; forgetting it changes
//! nothing but time.

use konbit_base::Digest;
use konbit_desk::{PlannedWeek, PreparedWeek, Progress, Watch, WeekDocument, planned_week_for};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest that a plan of the week is worked on; what was found until then is kept with its gap.
const PLAN_TIME_MAX: Duration = Duration::from_secs(180);

/// Longest that a study is worked on before a reader has to ask it to go on.
pub const STUDY_TIME_MAX: Duration = Duration::from_secs(1_800);

/// Answers that are remembered.
const REMEMBERED_MAX: usize = 16;

/// What is worked on, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A plan: the problem's hash and the seed.
    Plan(Digest, u64),
    /// What more people of a contingent buy: the plan file's digest, the problem's hash as the data make it now, and the
    /// contingent.
    Force(Digest, Digest, String),
    /// What the judgements decide: the plan file's digest, the problem's hash as the data make it now, and the digest of
    /// the ends.
    Ends(Digest, Digest, Digest),
}

impl Key {
    /// What is being made, in words that continue a sentence.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Plan(..) => "a plan of the week",
            Self::Force(..) => "the study of what more people buy",
            Self::Ends(..) => "the study of what the judgements decide",
        }
    }
}

/// How far work is.
#[derive(Debug)]
pub enum Asked<T> {
    /// It is done.
    Done(Arc<T>),
    /// It goes on.
    Running {
        /// Value and bound of the plan that is being made, once there is one.
        progress: Option<Progress>,
        /// What there is of the answer.
        so_far: Option<Arc<T>>,
        /// Since when, seconds.
        seconds: u64,
    },
    /// Something else is being made, in words that continue a sentence.
    Busy(&'static str),
    /// It met an error.
    Failed(String),
}

type Answer = Arc<dyn Any + Send + Sync>;

#[derive(Debug)]
struct Running {
    key: Key,
    started: Instant,
    stop: Arc<AtomicBool>,
    shown: Arc<Mutex<Shown>>,
}

/// What the work shows of itself.
#[derive(Debug, Default)]
struct Shown {
    progress: Option<Progress>,
    so_far: Option<Answer>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    done: VecDeque<(Key, Answer)>,
    failed: Option<(Key, String)>,
}

/// Plans weeks and studies them, one thing at a time, on a thread of its own.
#[derive(Debug, Default)]
pub struct WeekPlanner {
    state: Mutex<State>,
}

/// What work has of the page that asked for it.
pub struct Doing<'a, T> {
    /// When to stop, and where to show how far planning is.
    pub watch: Watch<'a>,
    /// Shows what there is of the answer.
    pub report: &'a dyn Fn(T),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is a single assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WeekPlanner {
    /// The answer, as far as it was made.
    pub fn known<T: Send + Sync + 'static>(&self, key: &Key) -> Option<Arc<T>> {
        let state = locked(&self.state);
        let held = state.done.iter().find(|(held, _)| held == key)?;
        Arc::clone(&held.1).downcast().ok()
    }

    /// The plan of a problem, if it was made.
    pub fn known_plan(&self, problem: Digest, seed: u64) -> Option<Arc<PlannedWeek>> {
        self.known(&Key::Plan(problem, seed))
    }

    /// The plan of a problem: as it was made, as far as it is, or begun now, from the plan that is `held`.
    pub fn plan(
        self: &Arc<Self>,
        prepared: &PreparedWeek,
        held: Option<&WeekDocument>,
        seed: u64,
    ) -> Asked<PlannedWeek> {
        let key = Key::Plan(prepared.week.hash(), seed);
        if let Some(planned) = self.known(&key) {
            return Asked::Done(planned);
        }
        let (prepared, held) = (prepared.clone(), held.cloned());
        self.begin(key, PLAN_TIME_MAX, move |doing| {
            let started = Instant::now();
            let mut planned = planned_week_for(&prepared, held.as_ref(), seed, &doing.watch);
            planned.document.seconds = started.elapsed().as_millis() as f64 / 1e3;
            Ok(planned)
        })
    }

    /// How far work is, if it goes on or has just failed.
    pub fn look<T: Send + Sync + 'static>(&self, key: &Key) -> Option<Asked<T>> {
        let mut state = locked(&self.state);
        if let Some((_, why)) = state.failed.take_if(|failed| failed.0 == *key) {
            return Some(Asked::Failed(why));
        }
        let running = state.running.as_ref().filter(|running| running.key == *key)?;
        let shown = locked(&running.shown);
        let so_far = shown.so_far.clone().and_then(|answer| answer.downcast().ok());
        Some(Asked::Running { progress: shown.progress, so_far, seconds: running.started.elapsed().as_secs() })
    }

    /// How far work is that goes on; begun now where nothing else is being made. What was known before is forgotten when
    /// it is done.
    pub fn begin<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        key: Key,
        limit: Duration,
        work: impl FnOnce(&Doing<'_, T>) -> Result<T, String> + Send + 'static,
    ) -> Asked<T> {
        if let Some(asked) = self.look(&key) {
            return asked;
        }
        let mut state = locked(&self.state);
        match &state.running {
            // Another page began it just now.
            Some(running) if running.key == key => return Asked::Running { progress: None, so_far: None, seconds: 0 },
            Some(running) => return Asked::Busy(running.key.words()),
            None => {}
        }
        let (stop, shown) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Shown::default())));
        let started = Instant::now();
        state.running = Some(Running { key: key.clone(), started, stop: Arc::clone(&stop), shown: Arc::clone(&shown) });
        drop(state);
        let planner = Arc::clone(self);
        thread::spawn(move || {
            let should_stop = || stop.load(Ordering::Relaxed) || started.elapsed() > limit;
            let progress = |now: Progress| locked(&shown).progress = Some(now);
            let report = |answer: T| locked(&shown).so_far = Some(Arc::new(answer));
            let doing = Doing { watch: Watch { should_stop: &should_stop, progress: &progress }, report: &report };
            // Whatever happens in there, the next question must not find this one running.
            let made = catch_unwind(AssertUnwindSafe(|| work(&doing)));
            let mut state = locked(&planner.state);
            match made {
                Ok(Ok(answer)) => {
                    state.done.retain(|(held, _)| *held != key);
                    state.done.push_front((key, Arc::new(answer)));
                    state.done.truncate(REMEMBERED_MAX);
                }
                Ok(Err(why)) => state.failed = Some((key, why)),
                Err(_) => {
                    let why = "planning met an error of its own; the record is not affected".to_owned();
                    state.failed = Some((key, why));
                }
            }
            state.running = None;
        });
        Asked::Running { progress: None, so_far: None, seconds: 0 }
    }

    /// Ends what is being made, with what there is.
    pub fn stop(&self) {
        if let Some(running) = &locked(&self.state).running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }
}

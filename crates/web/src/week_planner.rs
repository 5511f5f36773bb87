//! Planning the week for pages: it takes longer than a page waits, so it runs beside them. A page shows how far it
//! is, may end it with the best plan so far, and finds the plan when it is done.
//!
//! Invariant: what is remembered is a function of its key and of how long planning was let run; forgetting it changes
//! nothing but time.

use konbit_base::Digest;
use konbit_desk::{PreparedWeek, Progress, Watch, plan_week_for};
use konbit_protect::WeekDocument;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest that a plan of the week is worked on; what was found until then is kept with its gap.
const PLAN_TIME_MAX: Duration = Duration::from_secs(180);

/// Plans that are remembered.
const REMEMBERED_MAX: usize = 8;

/// The problem's hash and the seed.
pub type Key = (Digest, u64);

/// How far a plan of the week is.
#[derive(Debug, Clone)]
pub enum Asked {
    /// It is there.
    Done(Arc<WeekDocument>),
    /// It is being made: the latest value and bound, and for how long.
    Running {
        /// The latest, once there is one.
        progress: Option<Progress>,
        /// Since when, seconds.
        seconds: u64,
    },
    /// Another is being made.
    Busy,
    /// Planning met an error of its own.
    Failed,
}

#[derive(Debug)]
struct Running {
    key: Key,
    started: Instant,
    stop: Arc<AtomicBool>,
    progress: Arc<Mutex<Option<Progress>>>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    done: VecDeque<(Key, Arc<WeekDocument>)>,
    failed: Option<Key>,
}

/// Plans weeks, one at a time, on a thread of its own.
#[derive(Debug, Default)]
pub struct WeekPlanner {
    state: Mutex<State>,
}

impl WeekPlanner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan, if it was made.
    pub fn known(&self, key: Key) -> Option<Arc<WeekDocument>> {
        self.state().done.iter().find(|(held, _)| *held == key).map(|(_, document)| Arc::clone(document))
    }

    /// The plan of a problem: as it was made, as far as it is, or begun now, from the plan that is `held`.
    pub fn ask(self: &Arc<Self>, prepared: &PreparedWeek, held: Option<WeekDocument>, seed: u64) -> Asked {
        let key = (prepared.week.hash(), seed);
        if let Some(document) = self.known(key) {
            return Asked::Done(document);
        }
        let mut state = self.state();
        if state.failed.take_if(|failed| *failed == key).is_some() {
            return Asked::Failed;
        }
        match &state.running {
            Some(running) if running.key == key => {
                let progress = *running.progress.lock().unwrap_or_else(PoisonError::into_inner);
                return Asked::Running { progress, seconds: running.started.elapsed().as_secs() };
            }
            Some(_) => return Asked::Busy,
            None => {}
        }
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Mutex::new(None));
        let started = Instant::now();
        state.running = Some(Running { key, started, stop: Arc::clone(&stop), progress: Arc::clone(&progress) });
        drop(state);
        let (planner, prepared) = (Arc::clone(self), prepared.clone());
        thread::spawn(move || {
            // Whatever happens in there, the next question must not find this one running.
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let should_stop = || stop.load(Ordering::Relaxed) || started.elapsed() > PLAN_TIME_MAX;
                let report = |now: Progress| *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                let watch = Watch { should_stop: &should_stop, progress: &report };
                let mut document = plan_week_for(&prepared, held.as_ref(), seed, &watch);
                document.seconds = started.elapsed().as_millis() as f64 / 1e3;
                document
            }));
            let mut state = planner.state();
            match made {
                Ok(document) => {
                    state.done.push_front((key, Arc::new(document)));
                    state.done.truncate(REMEMBERED_MAX);
                }
                Err(_) => state.failed = Some(key),
            }
            state.running = None;
        });
        Asked::Running { progress: None, seconds: 0 }
    }

    /// Ends the plan that is being made, with the best so far.
    pub fn stop(&self) {
        if let Some(running) = &self.state().running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }
}

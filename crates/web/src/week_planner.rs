//! Work on the week for pages: plans and studies of them take longer than a page waits, so they run beside the pages.
//! A page shows how far the work is, may end it with what there is, and finds the answer when it is done.
//!
//! Invariant: what is remembered is a function of its key and of how long the work was let run; forgetting it changes
//! nothing but time.

use konbit_desk::{Growing, Progress, StudyKey, Watch};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest that a plan of the week is worked on; what was found until then is kept with its gap.
pub const PLAN_TIME_MAX: Duration = Duration::from_secs(180);

/// Longest that a study is worked on before a reader has to ask it to go on.
pub const STUDY_TIME_MAX: Duration = Duration::from_secs(1_800);

/// Answers that are remembered.
const REMEMBERED_MAX: usize = 16;

/// How far work is.
#[derive(Debug)]
pub enum Asked<T> {
    /// Nothing is being made: the answer as far as there is one.
    Known(Option<Arc<T>>),
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
    key: StudyKey,
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
    done: VecDeque<(StudyKey, Answer)>,
    failed: Option<(StudyKey, String)>,
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

impl State {
    fn known<T: Send + Sync + 'static>(&self, key: &StudyKey) -> Option<Arc<T>> {
        let held = self.done.iter().find(|(held, _)| held == key)?;
        Arc::clone(&held.1).downcast().ok()
    }

    fn remember(&mut self, key: StudyKey, answer: Answer) {
        self.done.retain(|(held, _)| *held != key);
        self.done.push_front((key, answer));
        self.done.truncate(REMEMBERED_MAX);
    }

    /// How far work is: that it failed is said once.
    fn look<T: Send + Sync + 'static>(&mut self, key: &StudyKey) -> Asked<T> {
        if let Some((_, why)) = self.failed.take_if(|failed| failed.0 == *key) {
            return Asked::Failed(why);
        }
        let known = self.known(key);
        let Some(running) = self.running.as_ref().filter(|running| running.key == *key) else {
            return Asked::Known(known);
        };
        let shown = locked(&running.shown);
        let so_far = shown.so_far.clone().and_then(|answer| answer.downcast().ok()).or(known);
        Asked::Running { progress: shown.progress, so_far, seconds: running.started.elapsed().as_secs() }
    }
}

impl WeekPlanner {
    /// How far work is, without beginning any.
    pub fn look<T: Send + Sync + 'static>(&self, key: &StudyKey) -> Asked<T> {
        locked(&self.state).look(key)
    }

    /// The answer as far as it was made, whatever goes on.
    pub fn known<T: Send + Sync + 'static>(&self, key: &StudyKey) -> Option<Arc<T>> {
        locked(&self.state).known(key)
    }

    /// Remembers what was made elsewhere, where that is further than what is remembered and nothing is being made from
    /// it. `enough` of it needs no look elsewhere; `kept` is where to look.
    pub fn recall<T: Growing + Send + Sync + 'static>(
        &self,
        key: &StudyKey,
        enough: usize,
        kept: impl FnOnce() -> Option<T>,
    ) {
        let made = |state: &State| {
            let is_running = state.running.as_ref().is_some_and(|running| running.key == *key);
            if is_running { usize::MAX } else { state.known::<T>(key).map_or(0, |known| known.made()) }
        };
        if made(&locked(&self.state)) >= enough {
            return;
        }
        // A file is read without the lock; whoever was faster stays where they are further.
        let Some(kept) = kept() else { return };
        let mut state = locked(&self.state);
        if kept.made() > made(&state) {
            state.remember(key.clone(), Arc::new(kept));
        }
    }

    /// The answer where it is done, or how far work is that goes on; begun now, from what is known, where nothing else is
    /// being made. One look under one lock: of those who ask at once, one begins and all others find it running.
    pub fn ask<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        key: StudyKey,
        limit: Duration,
        is_done: impl Fn(&T) -> bool,
        work: impl FnOnce(Option<Arc<T>>, &Doing<'_, T>) -> Result<T, String> + Send + 'static,
    ) -> Asked<T> {
        let mut state = locked(&self.state);
        let known = match state.look::<T>(&key) {
            Asked::Known(Some(known)) if is_done(&known) => return Asked::Known(Some(known)),
            Asked::Known(known) => known,
            asked => return asked,
        };
        if let Some(running) = &state.running {
            return Asked::Busy(running.key.words());
        }
        let (stop, shown) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Shown::default())));
        let started = Instant::now();
        state.running = Some(Running { key: key.clone(), started, stop: Arc::clone(&stop), shown: Arc::clone(&shown) });
        drop(state);
        let (planner, so_far) = (Arc::clone(self), known.clone());
        thread::spawn(move || {
            let should_stop = || stop.load(Ordering::Relaxed) || started.elapsed() > limit;
            let progress = |now: Progress| locked(&shown).progress = Some(now);
            let report = |answer: T| locked(&shown).so_far = Some(Arc::new(answer));
            let doing = Doing { watch: Watch { should_stop: &should_stop, progress: &progress }, report: &report };
            // Whatever happens in there, the next question must not find this one running.
            let made = catch_unwind(AssertUnwindSafe(|| work(known, &doing)));
            let mut state = locked(&planner.state);
            match made {
                Ok(Ok(answer)) => state.remember(key, Arc::new(answer)),
                Ok(Err(why)) => state.failed = Some((key, why)),
                Err(_) => {
                    let why = "planning met an error of its own; the record is not affected".to_owned();
                    state.failed = Some((key, why));
                }
            }
            state.running = None;
        });
        Asked::Running { progress: None, so_far, seconds: 0 }
    }

    /// Ends what is being made, with what there is.
    pub fn stop(&self) {
        if let Some(running) = &locked(&self.state).running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Digest;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    #[derive(Debug)]
    struct Count(usize);

    impl Growing for Count {
        fn made(&self) -> usize {
            self.0
        }
    }

    fn key(seed: u64) -> StudyKey {
        StudyKey::Plan(Digest::of(b"problem"), seed)
    }

    /// Asks until nothing is being made.
    fn settled(planner: &WeekPlanner, key: &StudyKey) -> Asked<Count> {
        loop {
            match planner.look(key) {
                Asked::Running { .. } => thread::yield_now(),
                asked => return asked,
            }
        }
    }

    #[test]
    fn of_those_who_ask_at_once_one_begins_and_nobody_is_told_busy() {
        const ASKING: usize = 8;
        for round in 0..200 {
            let (planner, begun) = (Arc::new(WeekPlanner::default()), Arc::new(AtomicUsize::new(0)));
            let barrier = Barrier::new(ASKING);
            thread::scope(|scope| {
                for _ in 0..ASKING {
                    scope.spawn(|| {
                        barrier.wait();
                        // Many times, so that some ask in the moment in which the work ends.
                        for _ in 0..20 {
                            let counted = Arc::clone(&begun);
                            let asked = planner.ask(
                                key(round),
                                STUDY_TIME_MAX,
                                |_: &Count| true,
                                move |_, _| {
                                    counted.fetch_add(1, Ordering::SeqCst);
                                    Ok(Count(1))
                                },
                            );
                            assert!(!matches!(asked, Asked::Busy(_) | Asked::Failed(_)), "{round}");
                        }
                    });
                }
            });
            assert!(matches!(settled(&planner, &key(round)), Asked::Known(Some(_))));
            assert_eq!(begun.load(Ordering::SeqCst), 1, "round {round}");
        }
    }

    #[test]
    fn work_goes_on_from_what_is_known_and_other_work_waits() {
        let planner = Arc::new(WeekPlanner::default());
        let more = |known: Option<Arc<Count>>, _: &Doing<'_, Count>| Ok(Count(known.map_or(0, |known| known.0) + 1));
        for made in 1..=3 {
            planner.ask(key(1), STUDY_TIME_MAX, |count: &Count| count.0 >= 3, more);
            assert!(matches!(settled(&planner, &key(1)), Asked::Known(Some(count)) if count.0 == made));
        }
        let done = planner.ask(key(1), STUDY_TIME_MAX, |count: &Count| count.0 >= 3, more);
        assert!(matches!(done, Asked::Known(Some(count)) if count.0 == 3));
        let gate = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&gate);
        let slow = move |_: Option<Arc<Count>>, doing: &Doing<'_, Count>| {
            (doing.report)(Count(7));
            inside.wait();
            inside.wait();
            if (doing.watch.should_stop)() { Err("ended".to_owned()) } else { Ok(Count(8)) }
        };
        planner.ask(key(2), STUDY_TIME_MAX, |_| true, slow);
        gate.wait();
        assert!(matches!(planner.ask(key(1), STUDY_TIME_MAX, |_| false, more), Asked::Busy("a plan of the week")));
        assert!(
            matches!(planner.look(&key(2)), Asked::Running { so_far: Some(count), .. } if Count::made(&count) == 7)
        );
        planner.stop();
        gate.wait();
        assert!(matches!(settled(&planner, &key(2)), Asked::Failed(why) if why == "ended"));
        assert!(matches!(planner.look::<Count>(&key(2)), Asked::Known(None)), "it is said once");
    }

    #[test]
    fn what_was_made_elsewhere_is_remembered_where_it_is_further() {
        let planner = WeekPlanner::default();
        let known = || match planner.look::<Count>(&key(1)) {
            Asked::Known(known) => Ok(known.map(|known| known.0)),
            other => Err(format!("{other:?}")),
        };
        for (kept, enough, expect) in [
            (None, 9, None),
            (Some(2), 9, Some(2)),
            (Some(1), 9, Some(2)),
            (Some(5), 9, Some(5)),
            (Some(7), 5, Some(5)),
        ] {
            planner.recall(&key(1), enough, || kept.map(Count));
            assert_eq!(known(), Ok(expect), "{kept:?} {enough}");
        }
    }
}

//! Work on several threads whose results do not depend on how many there are, and work that can be stopped
//! from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a stop may go unnoticed by [`watched`].
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Raised when work should end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does `work` on another thread, with a flag that goes up when `should_stop` says so. The caller's hold on
/// the run cannot be shared between threads and lives too briefly for a solver to keep; a flag can.
pub(crate) fn watched<R: Send>(should_stop: &dyn Fn() -> bool, work: impl FnOnce(&Flag) -> R + Send) -> R {
    let flag = Flag::default();
    let up = flag.clone();
    let (done, result) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = done.send(work(&flag));
        });
        loop {
            if should_stop() {
                up.0.store(true, Ordering::Relaxed);
            }
            match result.recv_timeout(LOOK_EVERY) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("work does not panic"),
            }
        }
    })
}

/// Applies `work` to every item, on at most `threads` threads; results in the order of the items.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.clamp(1, items.len().max(1));
    if threads == 1 {
        return items.into_iter().map(work).collect();
    }
    let mut lanes: Vec<Vec<(usize, T)>> = (0..threads).map(|_| Vec::new()).collect();
    let count = items.len();
    for (ix, item) in items.into_iter().enumerate() {
        lanes[ix % threads].push((ix, item));
    }
    let work = &work;
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    std::thread::scope(|scope| {
        let lanes: Vec<_> = lanes
            .into_iter()
            .map(|lane| scope.spawn(move || lane.into_iter().map(|(ix, item)| (ix, work(item))).collect::<Vec<_>>()))
            .collect();
        for lane in lanes {
            for (ix, result) in lane.join().expect("work does not panic") {
                results[ix] = Some(result);
            }
        }
    });
    results.into_iter().map(|result| result.expect("every item was worked on")).collect()
}

#[cfg(test)]
mod tests {
    use super::{map, watched};

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 40] {
            assert_eq!(map((0..17).collect(), threads, |x| x * x), (0..17).map(|x| x * x).collect::<Vec<_>>());
        }
        assert!(map(Vec::<u8>::new(), 4, |x| x).is_empty());
    }

    #[test]
    fn watched_work_gives_its_result_and_learns_of_a_stop() {
        assert_eq!(watched(&|| false, |flag| u8::from(flag.is_up())), 0);
        let stopped = watched(&|| true, |flag| {
            while !flag.is_up() {
                std::thread::yield_now();
            }
            7
        });
        assert_eq!(stopped, 7);
    }
}

//! Work on several threads whose results do not depend on how many there are.

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
    use super::map;

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 40] {
            assert_eq!(map((0..17).collect(), threads, |x| x * x), (0..17).map(|x| x * x).collect::<Vec<_>>());
        }
        assert!(map(Vec::<u8>::new(), 4, |x| x).is_empty());
    }
}

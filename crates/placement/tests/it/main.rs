//! Placement against brute force and against the published instances.
#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod covering;
mod median;
mod orienteering;

use konbit_base::rng::Seeded;

/// All sets of `choose` of `0..count`.
fn subsets(count: u32, choose: usize) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for _ in 0..choose {
        all = all
            .into_iter()
            .flat_map(|set: Vec<u32>| {
                let from = set.last().map_or(0, |&last| last + 1);
                (from..count).map(move |next| set.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    all
}

fn shuffled(count: usize, rng: &mut Seeded) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, usize::try_from(rng.below(last as u64 + 1)).unwrap());
    }
    order
}

/// A file of the shared data folder.
#[cfg(shared_data)]
fn shared(path: &str) -> Vec<u8> {
    let path = format!("{}/{path}", env!("KONBIT_DATA_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Tests that call this are ignored where the folder is absent.
#[cfg(not(shared_data))]
fn shared(path: &str) -> Vec<u8> {
    panic!("{path}: the folder ../shared/data is absent")
}

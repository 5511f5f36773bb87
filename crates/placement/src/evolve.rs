//! A population of sets for covering.
//!
//! Sets that annealing finds differ in whole regions: each has some that are laid out better than
//! in the others, and exchanges of single members do not lead from one layout to another. So a
//! child takes the members near a random candidate from one set and the others from another, is
//! annealed a little, and replaces the parent that it resembles more if it is better than that.
//!
//! Children are made in batches of a fixed size from the population as it was before, each with
//! random numbers of its own, so that the result is the same on any number of threads.

use crate::anneal::{Ground, Set, State};
use crate::choice::Program;
use konbit_base::rng::{Seeded, seeded};
use std::num::NonZero;

/// Annealings to begin with, and how many of their sets are kept.
const FIRST: u64 = 64;
const KEPT: usize = 12;
/// Children of one batch.
const BATCH: u64 = 8;
/// Most children, and how many in a row that improve nothing end it.
const CHILDREN_MAX: u64 = 1_600;
const CHILDREN_IDLE: u64 = 480;
/// Moves of one annealing for each member of a set, the most of them, and the most looks they take.
const MOVES_EACH: u64 = 20_000;
const MOVES_MAX: u64 = 1_000_000;
const LOOKS_MAX: u64 = 400_000_000;
/// Of the moves of a first annealing, the share of a child's, and of the shuffle before.
const CHILD_SHARE: u64 = 3;
const SHUFFLE_SHARE: u64 = 20;
/// A first annealing starts where one move in so many is made, and ends at a twelfth of that
/// temperature; a child starts at three tenths, a shuffle is done at six times.
const MADE_ONE_IN: u64 = 50;
const COLD: f64 = 1.0 / 12.0;
const CHILD_HOT: f64 = 0.3;
const SHUFFLE_HOT: f64 = 6.0;

/// The best set that comes up, at least as good as the one taken step by step; `None` where the
/// program is too large, or leaves no choice. It ends early at a set of value `enough`.
pub(crate) fn evolve(program: &Program, seed: u64, enough: i64, stop: &dyn Fn() -> bool) -> Option<Set> {
    if program.choose == 0 || program.choose >= program.candidates() {
        return None;
    }
    let ground = Ground::new(program)?;
    let choose = u64::try_from(program.choose).expect("a count fits 64 bits");
    let looks = u64::try_from(ground.looks_each().max(1)).expect("a count fits 64 bits");
    let moves = (MOVES_EACH * choose).min(MOVES_MAX).min(LOOKS_MAX / looks);
    let mut state = State::new(&ground);
    let heat = warm(&mut state, moves, seed);
    let mut sets = Vec::new();
    for batch in 0..FIRST / BATCH {
        let begin = |child| {
            let mut rng = seeded(seed, 1 + child);
            let mut state = state.clone();
            state.sweep(
                &mut rng,
                heat * SHUFFLE_HOT,
                moves / SHUFFLE_SHARE,
                &mut Set { value: i64::MIN, members: Vec::new() },
            );
            state.cool(&mut rng, heat, heat * COLD, moves)
        };
        sets.extend(on_threads(batch * BATCH, &begin));
        let best = sets.iter().min().expect("a batch is not empty");
        if best.value <= enough || stop() {
            return Some(best.clone());
        }
    }
    sets.sort_unstable();
    sets.dedup();
    sets.truncate(KEPT);
    let (mut idle, mut child) = (0, FIRST);
    while sets.len() > 1 && idle < CHILDREN_IDLE && child < FIRST + CHILDREN_MAX && sets[0].value > enough && !stop() {
        let breed = |child| {
            let mut rng = seeded(seed, 1 + child);
            let (a, b, members) = join(&ground, &sets, &mut rng);
            let mut state = state.clone();
            state.become_set(&members);
            (a, b, state.cool(&mut rng, heat * CHILD_HOT, heat * COLD, moves / CHILD_SHARE))
        };
        let born = on_threads(child, &breed);
        child += BATCH;
        idle += BATCH;
        for (a, b, set) in born {
            if settle(&mut sets, a, b, set) {
                idle = 0;
            }
        }
    }
    sets.into_iter().min()
}

/// The temperature at which few enough moves are made.
fn warm(state: &mut State<'_>, moves: u64, seed: u64) -> f64 {
    let mut rng = seeded(seed, 0);
    let mut heat = state.mean_cover() / 8.0 + 1.0;
    let tries = moves / SHUFFLE_SHARE;
    let mut best = Set { value: i64::MIN, members: Vec::new() };
    for _ in 0..100 {
        heat *= 0.85;
        if state.sweep(&mut rng, heat, tries, &mut best) * MADE_ONE_IN < tries {
            break;
        }
    }
    heat
}

/// Members for a child of two sets, and which these are.
fn join(ground: &Ground<'_>, sets: &[Set], rng: &mut Seeded) -> (usize, usize, Vec<u32>) {
    let below = |bound: usize, rng: &mut Seeded| usize::try_from(rng.below(bound as u64)).expect("below a usize");
    let a = below(sets.len(), rng);
    let b = (a + 1 + below(sets.len() - 1, rng)) % sets.len();
    let steps = ground.steps_from(below(ground.program.candidates(), rng));
    let mut near: Vec<u32> = sets[a].members.iter().map(|&i| steps[i as usize]).collect();
    near.sort_unstable();
    let choose = ground.program.choose;
    let reach = near[(choose / 8 + below((choose * 3 / 4).max(1), rng)).min(choose - 1)];
    let of_a = sets[a].members.iter().copied().filter(|&i| steps[i as usize] <= reach);
    let of_b = sets[b].members.iter().copied().filter(|&i| steps[i as usize] > reach);
    (a, b, of_a.chain(of_b).collect())
}

/// Puts a child in the place of the parent that it resembles more, where it is better than that
/// and no other is worth the same.
fn settle(sets: &mut [Set], a: usize, b: usize, child: Set) -> bool {
    if sets.iter().any(|set| set.value == child.value) {
        return false;
    }
    let same = |at: usize| child.members.iter().filter(|i| sets[at].members.binary_search(i).is_ok()).count();
    let at = if same(a) > same(b) { a } else { b };
    let is_better = child.value < sets[at].value;
    if is_better {
        sets[at] = child;
    }
    is_better
}

/// The results for a batch of children, in order, on as many threads as there are processors.
fn on_threads<R: Send>(first: u64, work: &(impl Fn(u64) -> R + Sync)) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    batch(first, threads, work)
}

fn batch<R: Send>(first: u64, threads: usize, work: &(impl Fn(u64) -> R + Sync)) -> Vec<R> {
    let lane = |lane: usize| (first..first + BATCH).skip(lane).step_by(threads).map(|child| (child, work(child)));
    let mut results: Vec<(u64, R)> = std::thread::scope(|scope| {
        let others = (1..threads).take_while(|lane| (*lane as u64) < BATCH);
        let others: Vec<_> = others.map(|at| scope.spawn(move || lane(at).collect::<Vec<_>>())).collect();
        let mut results: Vec<(u64, R)> = lane(0).collect();
        results.extend(others.into_iter().flat_map(|lane| lane.join().expect("annealing does not panic")));
        results
    });
    results.sort_by_key(|(child, _)| *child);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_the_same_results_in_the_same_order_on_any_number_of_threads() {
        let draw = |child| (child, seeded(7, child).next_u64());
        let alone = batch(5, 1, &draw);
        assert_eq!(alone.iter().map(|(child, _)| *child).collect::<Vec<_>>(), (5..13).collect::<Vec<_>>());
        for threads in [2, 3, 8, 40] {
            assert_eq!(batch(5, threads, &draw), alone, "{threads} threads");
        }
    }
}

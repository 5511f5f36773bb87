//! A population of sets for covering.
//!
//! Sets that annealing finds differ in whole regions: each has some that are laid out better than
//! in the others, and exchanges of single members do not lead from one layout to another. So a
//! child takes the members near a random candidate from one set and the others from another, is
//! annealed a little, and replaces the parent that it resembles more if it is better than that.
//!
//! A population comes to rest in few layouts of the whole, so several are bred, one after the other,
//! and then the best sets of all of them together.
//!
//! Children are made in batches of a fixed size from the population as it was before, each with
//! random numbers of its own, so that the result is the same on any number of threads.

use crate::anneal::{Ground, Set, State};
use crate::choice::Program;
use konbit_base::rng::{Seeded, seeded};
use std::num::NonZero;

/// Populations that are bred each for itself; the best of all are bred once more at the end.
const AGES: usize = 4;
/// Annealings a population begins with, and how many of their sets are kept.
const FIRST: u64 = 32;
const KEPT: usize = 12;
/// Children of one batch.
const BATCH: u64 = 8;
/// Most children of a population, and how many in a row that improve nothing end it.
const CHILDREN_MAX: u64 = 480;
const CHILDREN_IDLE: u64 = 160;
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

/// The best set that comes up, of equals the first; `None` where the program is too large, or leaves
/// no choice. `ends` is told the best value after every batch and says whether to end there.
pub(crate) fn evolve(program: &Program, seed: u64, ends: &dyn Fn(i64) -> bool) -> Option<Set> {
    if program.choose == 0 || program.choose >= program.candidates() {
        return None;
    }
    let ground = Ground::new(program)?;
    let choose = u64::try_from(program.choose).expect("a count fits 64 bits");
    let looks = u64::try_from(ground.looks_each().max(1)).expect("a count fits 64 bits");
    let moves = (MOVES_EACH * choose).min(MOVES_MAX).min(LOOKS_MAX / looks);
    let mut state = State::new(&ground);
    let heat = warm(&mut state, moves, seed);
    let climate = Climate { ground: &ground, state, heat, moves, seed };
    let mut course = Course { child: 0, best: None, ends };
    let mut elders = Vec::new();
    for _ in 0..AGES {
        let mut sets = Vec::new();
        let goes_on = climate.first(&mut course, &mut sets) && climate.breed(&mut course, &mut sets);
        if !goes_on {
            return course.best;
        }
        elders.extend(sets.into_iter().take(KEPT / AGES));
    }
    elders.sort_unstable();
    elders.dedup_by_key(|set| set.value);
    climate.breed(&mut course, &mut elders);
    course.best
}

/// What went before.
struct Course<'a> {
    /// Number of the next child; first annealings count.
    child: u64,
    best: Option<Set>,
    ends: &'a dyn Fn(i64) -> bool,
}

impl Course<'_> {
    /// Takes note of a batch; whether to go on.
    fn goes_on<'s>(&mut self, born: impl Iterator<Item = &'s Set>) -> bool {
        self.child += BATCH;
        for set in born {
            if self.best.as_ref().is_none_or(|best| set.value < best.value) {
                self.best = Some(set.clone());
            }
        }
        !(self.ends)(self.best.as_ref().expect("a batch is not empty").value)
    }
}

/// What all children share.
struct Climate<'a> {
    ground: &'a Ground<'a>,
    state: State<'a>,
    heat: f64,
    /// Of a first annealing.
    moves: u64,
    seed: u64,
}

impl Climate<'_> {
    /// A population of sets that are annealed each from a shuffled one, the best first.
    fn first(&self, course: &mut Course<'_>, sets: &mut Vec<Set>) -> bool {
        let begin = |child| {
            let mut rng = seeded(self.seed, 1 + child);
            let mut state = self.state.clone();
            let mut none = Set { value: i64::MIN, members: Vec::new() };
            state.sweep(&mut rng, self.heat * SHUFFLE_HOT, self.moves / SHUFFLE_SHARE, &mut none);
            state.cool(&mut rng, self.heat, self.heat * COLD, self.moves)
        };
        for _ in 0..FIRST / BATCH {
            let born = on_threads(course.child, &begin);
            let goes_on = course.goes_on(born.iter());
            sets.extend(born);
            if !goes_on {
                return false;
            }
        }
        sets.sort_unstable();
        sets.dedup();
        sets.truncate(KEPT);
        true
    }

    /// Children of a population until they improve nothing for long; leaves it sorted.
    fn breed(&self, course: &mut Course<'_>, sets: &mut [Set]) -> bool {
        let (mut idle, mut children) = (0, 0);
        while sets.len() > 1 && idle < CHILDREN_IDLE && children < CHILDREN_MAX {
            let breed = |child| {
                let mut rng = seeded(self.seed, 1 + child);
                let (a, b, members) = join(self.ground, sets, &mut rng);
                let mut state = self.state.clone();
                state.become_set(&members);
                (a, b, state.cool(&mut rng, self.heat * CHILD_HOT, self.heat * COLD, self.moves / CHILD_SHARE))
            };
            let born = on_threads(course.child, &breed);
            children += BATCH;
            idle += BATCH;
            if !course.goes_on(born.iter().map(|(.., set)| set)) {
                return false;
            }
            for (a, b, set) in born {
                if settle(sets, a, b, set) {
                    idle = 0;
                }
            }
        }
        sets.sort_unstable();
        true
    }
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

/// The results for a batch of children, in order, on as many threads as there are processors, less
/// the one that is at work on the bound.
fn on_threads<R: Send>(first: u64, work: &(impl Fn(u64) -> R + Sync)) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    batch(first, threads.saturating_sub(1).max(1), work)
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

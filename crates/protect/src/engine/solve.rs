//! From the relaxation to a mixture of schedules for every slot.

use super::answer::Search;
use super::generate::{Pool, Run, allowances};
use super::impossible::{self, First};
use super::lineup::{Arena, Fixing, Lineup};
use super::model::Model;
use super::parallel;
use super::proof::{Effort, Proof, Rounded, Stance, Start, prove};
use super::relax::{Goal, Job, Relaxed, relax};
use super::sample::{Near, draw};
use super::screen;
use crate::plan::{Options, Progress, Watch};
use konbit_base::rng::seeded;

/// A mixture of one slot.
#[derive(Debug, Clone)]
pub(crate) struct SlotMixture {
    pub arena: Arena,
    pub lineups: Vec<(Lineup, f64)>,
}

/// A demand on a slot, by the model's index of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    Floor(usize),
    Post(usize),
    Visit(usize),
}

/// What came out.
#[derive(Debug)]
pub(crate) enum Solved {
    /// A mixture for every slot that keeps every floor (up to rounding) and the best proof.
    Mixture { slots: Vec<SlotMixture>, proof: Proof, stopped: bool },
    /// No schedules of a slot keep its demands; these alone are already too many.
    Impossible { slot: usize, demands: Vec<Demand>, proof: Proof },
    /// Nothing that keeps the demands was found, and nothing proves that there is none.
    Unsettled { shortage: f64, stopped: bool },
}

/// Problems with no more than this many sites and pairs, over all slots, are solved to the end by
/// branching.
const EXACT_SIZE_MAX: usize = 120;
/// Problems with more sites times slots are solved slot by slot once `theta` is known.
pub(crate) const JOINT_SIZE_MAX: usize = 4_000;

/// Everything that stays the same while a problem is solved.
pub(crate) struct Setting<'a> {
    pub model: &'a Model,
    pub roots: &'a [Fixing],
    pub options: &'a Options,
    pub relaxed: &'a Relaxed,
    /// Small enough to be solved to the end.
    pub small: bool,
    /// With more schedules in a mixture column generation ends.
    pub schedules_max: usize,
}

/// Solves the model. `initial` are schedules worth trying for each slot, which must fit; `held` stands
/// in for the relaxation where a plan in force is only to be mended.
pub(crate) fn solve(
    model: &Model,
    options: &Options,
    watch: &Watch<'_>,
    initial: Vec<(Arena, Vec<Lineup>)>,
    held: Option<Relaxed>,
) -> Solved {
    let mut roots = Vec::new();
    for (s, slot) in model.slots.iter().enumerate() {
        match Fixing::root(model, slot) {
            Some(root) => roots.push(root),
            None => return impossible::by_relaxation(model, s, watch).expect("an empty root proves itself"),
        }
    }
    if held.is_none() && screen::wanted(model) {
        let known = initial.into_iter().next().unwrap_or_else(|| (Arena::new(&model.slots[0]), Vec::new()));
        return screen::solve_screened(model, &roots[0], options, watch, known);
    }
    let (arenas, initial): (Vec<Arena>, Vec<Vec<Lineup>>) = if initial.is_empty() {
        model.slots.iter().map(|slot| (Arena::new(slot), Vec::new())).unzip()
    } else {
        initial.into_iter().unzip()
    };
    solve_whole(model, options, watch, &roots, (arenas, initial), held, Limits::none())
}

/// What is known from elsewhere of a search for schedules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A bound: the plan is near enough when it is near to that.
    pub bound: f64,
    /// With more schedules in a mixture the search ends.
    pub schedules: usize,
}

impl Limits {
    pub(super) fn none() -> Self {
        Self { bound: f64::NEG_INFINITY, schedules: usize::MAX }
    }
}

/// Solves a model as it is.
pub(super) fn solve_whole(
    model: &Model,
    options: &Options,
    watch: &Watch<'_>,
    roots: &[Fixing],
    (mut arenas, initial): (Vec<Arena>, Vec<Vec<Lineup>>),
    held: Option<Relaxed>,
    limits: Limits,
) -> Solved {
    let jobs: Vec<Job<'_>> = roots.iter().enumerate().map(|(slot, fix)| Job { slot, fix }).collect();
    let relaxed = held.unwrap_or_else(|| {
        arenas = first_rounds(model, &jobs, std::mem::take(&mut arenas), options, watch);
        relax(model, &jobs, &mut arenas, Goal::Harm, 4, watch.should_stop)
    });
    if !relaxed.solved && !(watch.should_stop)() {
        let found = (0..model.slots.len()).find_map(|s| impossible::by_relaxation(model, s, watch));
        if let Some(solved) = found {
            return solved;
        }
    }
    let stance = stance(model, &relaxed);
    let size =
        |slot: &super::model::Slot| model.sites() + slot.help.iter().map(Vec::len).sum::<usize>() + slot.duties.len();
    let small = model.slots.iter().map(size).sum::<usize>() <= EXACT_SIZE_MAX;
    let setting = Setting { model, roots, options, relaxed: &relaxed, small, schedules_max: limits.schedules };
    let (mut pools, mut proof) = first_pools(&setting, &stance, arenas, initial, watch);
    proof.bound = proof.bound.max(limits.bound);
    for (s, pool) in pools.iter_mut().enumerate().filter(|(_, pool)| pool.lineups.is_empty()) {
        match impossible::first(model, s, &mut pool.arena, options, watch) {
            First::Found(lineup) => drop(pool.add(model, &model.slots[s], lineup)),
            First::Impossible(solved) => return solved,
            First::Unknown => {}
        }
    }
    let together = model.sites() * model.slots.len() <= JOINT_SIZE_MAX || model.slots.len() == 1;
    let run = if together {
        let slots: Vec<usize> = (0..model.slots.len()).collect();
        let mut run = Run::new(&setting, slots, pools, proof, vec![0.0; model.groups.len()]);
        run.generate(&stance, watch);
        run.tighten(watch);
        run
    } else {
        slot_by_slot(&setting, &stance, pools, proof, watch)
    };
    run.finish(watch)
}

/// Rounds of patrols that would pay if each slot stood alone enter the arenas first: most of them pay
/// together as well, and the program of all slots, which is many times as slow, is solved less often.
fn first_rounds(
    model: &Model,
    jobs: &[Job<'_>],
    arenas: Vec<Arena>,
    options: &Options,
    watch: &Watch<'_>,
) -> Vec<Arena> {
    if jobs.len() < 2 || (watch.should_stop)() {
        return arenas;
    }
    parallel::map(jobs.iter().zip(arenas).collect(), options.threads, |(job, mut arena)| {
        if !model.slots[job.slot].areas.is_empty() {
            relax(model, &[*job], std::slice::from_mut(&mut arena), Goal::Harm, 4, &|| false);
        }
        arena
    })
}

/// The attackers and floor prices of a relaxation of all slots.
fn stance(model: &Model, relaxed: &Relaxed) -> Stance {
    let mut stance = Stance::zero(model);
    for (s, prices) in relaxed.slots.iter().enumerate() {
        let at = s * model.sites();
        for (k, shares) in prices.attacker.iter().enumerate() {
            stance.attackers[k][at..at + model.sites()].copy_from_slice(shares);
        }
        stance.floor_prices[s].clone_from(&prices.floor_price);
    }
    for shares in &mut stance.attackers {
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            for q in shares {
                *q /= total;
            }
        }
    }
    stance
}

/// The first proof, of one leaf per slot, and the first schedules: what was handed in, the best
/// answer, and draws. Slots draw from streams of their own, so that threads change nothing.
fn first_pools(
    setting: &Setting<'_>,
    stance: &Stance,
    arenas: Vec<Arena>,
    initial: Vec<Vec<Lineup>>,
    watch: &Watch<'_>,
) -> (Vec<Pool>, Proof) {
    let model = setting.model;
    let rounded = Rounded::new(model, stance, true);
    let work: Vec<(usize, (Arena, Vec<Lineup>))> = arenas.into_iter().zip(initial).enumerate().collect();
    // A stop between slots would depend on threads; the limit is looked at once, before the draws.
    let draws = if (watch.should_stop)() { 0 } else { setting.options.draws };
    let draws = if model.slots.len() > 8 { draws.min(150) } else { draws };
    let draws = draws.min(60_000_000 / model.sites());
    let made = parallel::map(work, setting.options.threads, |(s, (mut arena, initial))| {
        let slot = &model.slots[s];
        let effort = Effort { leaves_max: 1, enough: f64::INFINITY, threads: 1, should_stop: &|| false };
        let first = &setting.relaxed.slots[s];
        let start = Start { slot: s, root: &setting.roots[s], first: Some(first), hint: None };
        let proved = prove(model, &mut arena, &rounded, start, &effort);
        let mut pool = Pool::new(arena);
        for lineup in initial.into_iter().chain(proved.lineup) {
            pool.add(model, slot, lineup);
        }
        let mut rng = seeded(setting.options.seed, 1 + s as u64);
        let weights = rounded.weights(model, s);
        let search = Search { model, slot, fix: &setting.roots[s], weights: &weights };
        let near = Near::new(slot, model.bases(), &weights);
        for _ in 0..draws {
            let lineup = draw(model, slot, &setting.roots[s], &pool.arena, first, &near, &mut rng);
            let lineup = if lineup.fits(model, slot, &pool.arena) {
                Some(search.filled(&pool.arena, lineup))
            } else {
                let mut open = vec![false; model.bases()];
                lineup.forces.iter().for_each(|&(b, _)| open[b] = true);
                search.complete(&pool.arena, &open, &first.seat_price).map(|found| found.lineup)
            };
            if let Some(lineup) = lineup {
                pool.add(model, slot, lineup);
            }
        }
        (pool, proved.proof)
    });
    let (pools, proofs): (Vec<Pool>, Vec<_>) = made.into_iter().unzip();
    let bound = proofs.iter().map(|proof| proof.part).sum();
    let Rounded { attackers, price_denominator, .. } = rounded;
    (pools, Proof { attackers, price_denominator, slots: proofs, bound })
}

/// Each slot by itself: within the worst harm that the relaxation allows to all of them, the least
/// forecast harm; then once more within the worst harm that was reached.
fn slot_by_slot<'a>(
    setting: &'a Setting<'a>,
    stance: &Stance,
    mut pools: Vec<Pool>,
    proof: Proof,
    watch: &Watch<'_>,
) -> Run<'a> {
    let model = setting.model;
    let mut allowance = setting.relaxed.theta.clone();
    let slots = model.slots.len();
    let mut weights: Vec<Vec<f64>> = Vec::new();
    for pass in 0..2 {
        let work: Vec<(usize, Pool)> = std::mem::take(&mut pools).into_iter().enumerate().collect();
        // The caller's clock is not shared between threads: it is looked at once per batch of slots.
        let mut done: Vec<(Pool, Vec<f64>, Vec<f64>)> = Vec::with_capacity(slots);
        let batch = setting.options.threads.max(1) * 2;
        let mut queue = work.into_iter();
        loop {
            let next: Vec<(usize, Pool)> = queue.by_ref().take(batch).collect();
            if next.is_empty() {
                break;
            }
            let stop = (watch.should_stop)();
            let allowance = &allowance;
            let part = &proof;
            let found = parallel::map(next, setting.options.threads, |(s, pool)| {
                let mut run = Run::new(setting, vec![s], vec![pool], part.clone(), allowance.clone());
                if !stop {
                    run.generate(stance, &Watch::none());
                }
                run.into_slot()
            });
            done.extend(found);
            let value = done.iter().map(|slot| slot.2.iter().sum::<f64>()).sum();
            (watch.progress)(Progress {
                round: pass * slots + done.len(),
                value,
                bound: proof.bound,
                schedules: done.iter().map(|slot| slot.0.lineups.len()).sum(),
            });
        }
        weights.clear();
        let mut reached = vec![0.0f64; model.groups.len()];
        for (pool, mixture, thetas) in done {
            pools.push(pool);
            weights.push(mixture);
            reached.iter_mut().zip(&thetas).for_each(|(most, theta)| *most = most.max(*theta));
        }
        let same = allowances(&allowance, &reached, setting.options.gap_target);
        allowance = reached;
        if same {
            break;
        }
    }
    Run::from_parts(setting, pools, weights, proof, (watch.should_stop)())
}

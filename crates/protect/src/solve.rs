//! From the relaxation to a mixture of schedules: draws, master program, column generation.

use crate::answer::{Duty, Search, dot, fill_idle};
use crate::model::Model;
use crate::plan::{OPTIMAL_GAP, Options, Progress, Watch};
use crate::proof::{Effort, Proof, Stand, prove};
use crate::relax::{Fix, Fixing, Goal, Relaxed, relax};
use crate::sample::draw;
use crate::simplex::{Master, Prices};
use konbit_base::rng::seeded;
use std::collections::BTreeSet;

/// What came out.
#[derive(Debug)]
pub(crate) enum Solved {
    /// A mixture that keeps every floor (up to rounding) and the best proof.
    Mixture { duties: Vec<(Duty, f64)>, proof: Proof, stopped: bool },
    /// No mixture keeps the floors; the sites that cannot all be kept.
    FloorsImpossible { sites: Vec<usize>, proof: Proof },
    /// Nothing that keeps the floors was found, and nothing proves that there is none.
    Unsettled { shortage: f64, stopped: bool },
}

/// Programs with no more than this many sites and pairs are solved to the end by branching.
const EXACT_SIZE_MAX: usize = 120;

/// Floors are aimed at with this much to spare, so that rounding probabilities does not break them.
const FLOOR_MARGIN: f64 = 2e-8;

/// Below this sum, what is missing to the floors is rounding.
const SHORTAGE_MAX: f64 = 1e-7;

/// Schedules found so far, each once.
struct Pool {
    duties: Vec<Duty>,
    covers: Vec<Vec<f64>>,
    known: BTreeSet<Duty>,
}

impl Pool {
    fn add(&mut self, model: &Model, duty: Duty) -> bool {
        if !self.known.insert(duty.clone()) {
            return false;
        }
        self.covers.push(duty.cover(model));
        self.duties.push(duty);
        true
    }
}

/// The rows of the master, and how a schedule becomes a column.
struct Rows {
    harm: Vec<usize>,
    floor: Vec<usize>,
    scale: f64,
}

impl Rows {
    /// Sites that may be worst: those that would be worse than `least` if left open.
    fn new(model: &Model, least: f64) -> Self {
        Self {
            harm: (0..model.sites()).filter(|&i| model.watched[i] > 0.0 && model.watched[i] >= least).collect(),
            floor: (0..model.sites()).filter(|&i| model.floor[i] > 0.0).collect(),
            scale: model.scale(),
        }
    }

    fn column(&self, model: &Model, cover: &[f64]) -> (f64, Vec<f64>) {
        let cost: f64 = model.forecast.iter().zip(cover).map(|(a, c)| a * (1.0 - c)).sum();
        let mut entries: Vec<f64> =
            self.harm.iter().map(|&i| -model.watched[i] * (1.0 - cover[i]) / self.scale).collect();
        entries.extend(self.floor.iter().map(|&i| cover[i]));
        (cost / self.scale, entries)
    }

    fn master(&self, model: &Model, pool: &Pool, give: f64) -> Master {
        let margin = |i: usize| model.floor[i] + FLOOR_MARGIN;
        let floors: Vec<f64> =
            self.floor.iter().map(|&i| margin(i).min(best_possible(model, i).max(model.floor[i]))).collect();
        let (cost, entries) = self.column(model, &pool.covers[0]);
        let mut master = Master::new(self.harm.len(), &floors, give, cost, entries);
        for cover in &pool.covers[1..] {
            let (cost, entries) = self.column(model, cover);
            master.push(cost, entries);
        }
        master
    }

    /// Prices of the master spread over the sites: attacker and floor prices, in the model's units.
    fn spread(&self, model: &Model, prices: &Prices) -> Stance {
        let mut stance = Stance { attacker: vec![0.0; model.sites()], floor_prices: vec![0.0; model.sites()] };
        let (harm, floor) = prices.row.split_at(self.harm.len());
        for (&i, &q) in self.harm.iter().zip(harm) {
            stance.attacker[i] = q.max(0.0);
        }
        for (&i, &phi) in self.floor.iter().zip(floor) {
            stance.floor_prices[i] = phi.max(0.0) * self.scale;
        }
        stance
    }
}

/// The most protection any single mode gives a site, whether or not seats allow it.
pub(crate) fn best_possible(model: &Model, i: usize) -> f64 {
    let help = model.help[i].first().map_or(0.0, |help| help.effect);
    model.post_effect.max(help)
}

/// What the adversary does, and what floors are worth.
#[derive(Clone)]
struct Stance {
    attacker: Vec<f64>,
    floor_prices: Vec<f64>,
}

impl Stance {
    fn weights(&self, model: &Model) -> Vec<f64> {
        (0..model.sites())
            .map(|i| model.forecast[i] + model.watched[i] * self.attacker[i] + self.floor_prices[i])
            .collect()
    }

    /// `LB` of this stance if `gain` were the best answer to it.
    fn bound(&self, model: &Model, gain: f64) -> f64 {
        let harm = |i: usize| model.forecast[i] + model.watched[i] * self.attacker[i];
        (0..model.sites()).map(|i| harm(i) + self.floor_prices[i] * model.floor[i]).sum::<f64>() - gain
    }

    fn toward(&self, other: &Self, part: f64) -> Self {
        let mix = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + part * (b - a)).collect();
        Self {
            attacker: mix(&self.attacker, &other.attacker),
            floor_prices: mix(&self.floor_prices, &other.floor_prices),
        }
    }
}

/// Solves the model. `initial` are schedules worth trying, which must fit the model.
pub(crate) fn solve(model: &Model, root: &Fixing, options: &Options, watch: &Watch<'_>, initial: Vec<Duty>) -> Solved {
    if let Some(solved) = floors_impossible(model, root, watch) {
        return solved;
    }
    let relaxed = relax(model, root, Goal::Harm, 4);
    let stance = Stance { attacker: relaxed.attacker.clone(), floor_prices: relaxed.floor_price.clone() };
    let stand = Stand { attacker: &stance.attacker, floor_prices: &stance.floor_prices, harm_counts: true };
    let effort = Effort { leaves_max: 1, should_stop: watch.should_stop };
    let proved = prove(model, root, &stand, Some(&relaxed), None, &effort);
    let mut pool = Pool { duties: Vec::new(), covers: Vec::new(), known: BTreeSet::new() };
    for duty in initial {
        pool.add(model, duty);
    }
    pool.add(model, proved.duty);
    let mut rng = seeded(options.seed, 1);
    for number in 0..options.draws {
        if number % 16 == 0 && (watch.should_stop)() {
            break;
        }
        let mut duty = draw(model, root, &relaxed, &mut rng);
        fill_idle(model, root, &mut duty);
        pool.add(model, duty);
    }
    let mut least = 0.95 * relaxed.theta;
    let mut run = Run { model, root, options, watch, relaxed: &relaxed, pool, proof: proved.proof, stopped: false };
    loop {
        let rows = Rows::new(model, least);
        let outcome = run.generate(&rows, &stance);
        let harm = |i: usize| model.watched[i] * (1.0 - outcome.cover[i]);
        let theta = rows.harm.iter().map(|&i| harm(i)).fold(0.0, f64::max);
        let hidden = (0..model.sites()).any(|i| model.watched[i] < least && harm(i) > theta * (1.0 + 1e-9));
        if hidden && least > 0.0 {
            least = if least > 0.1 * relaxed.theta { least * 0.5 } else { 0.0 };
            continue;
        }
        return run.finish(outcome);
    }
}

/// A proof that the floors cannot be kept, from the relaxation, if there is one.
fn floors_impossible(model: &Model, root: &Fixing, watch: &Watch<'_>) -> Option<Solved> {
    if model.floor.iter().all(|&f| f == 0.0) {
        return None;
    }
    let relaxed = relax(model, root, Goal::Shortage, 4);
    let total: f64 = relaxed.shortage.iter().sum();
    if total < SHORTAGE_MAX {
        return None;
    }
    let sites = (0..model.sites()).filter(|&i| relaxed.shortage[i] > 1e-7).collect();
    no_floors(model, root, &relaxed.floor_price, Some(&relaxed), sites, 1, watch)
}

fn no_floors(
    model: &Model,
    root: &Fixing,
    prices: &[f64],
    relaxed: Option<&Relaxed>,
    sites: Vec<usize>,
    leaves_max: usize,
    watch: &Watch<'_>,
) -> Option<Solved> {
    let attacker = vec![0.0; model.sites()];
    let stand = Stand { attacker: &attacker, floor_prices: prices, harm_counts: false };
    let effort = Effort { leaves_max, should_stop: watch.should_stop };
    let proof = prove(model, root, &stand, relaxed, None, &effort).proof;
    (proof.bound > 1e-9).then_some(Solved::FloorsImpossible { sites, proof })
}

struct Run<'a> {
    model: &'a Model,
    root: &'a Fixing,
    options: &'a Options,
    watch: &'a Watch<'a>,
    relaxed: &'a Relaxed,
    pool: Pool,
    proof: Proof,
    stopped: bool,
}

/// The master's last answer.
struct Mixed {
    weights: Vec<f64>,
    cover: Vec<f64>,
    shortage: f64,
    /// Phase-one prices of the floors, where a shortage remains.
    floor_prices: Vec<f64>,
}

/// Rounds without progress after which column generation gives up.
const STALL_ROUNDS: usize = 40;

/// Schedules completed in one search by their real worth.
const TRIALS_EXACT: usize = 400;

impl Run<'_> {
    /// Column generation on one set of rows.
    fn generate(&mut self, rows: &Rows, start: &Stance) -> Mixed {
        let mut master = rows.master(self.model, &self.pool, if self.small() { 1e-10 } else { 1e-7 });
        let mut center = (start.clone(), f64::NEG_INFINITY);
        let mut last = (f64::INFINITY, 0);
        let mut penalty_left = 3;
        for round in 0..self.options.rounds_max {
            master.solve(20_000);
            let prices = master.prices();
            let value = self.value(rows, &master, &prices);
            (self.watch.progress)(Progress {
                round,
                value,
                bound: self.proof.bound,
                schedules: self.pool.duties.len(),
            });
            if (self.watch.should_stop)() {
                self.stopped = true;
                break;
            }
            let kept = master.shortage() < SHORTAGE_MAX;
            let target = if self.small() { OPTIMAL_GAP / 4.0 } else { 0.9 * self.options.gap_target };
            if kept && value - self.proof.bound <= target * value {
                break;
            }
            if last.0 - value > 2e-5 * value {
                last = (value, round);
            }
            if round - last.1 > STALL_ROUNDS && kept && !self.small() {
                break;
            }
            let stance = rows.spread(self.model, &prices);
            if self.price(rows, &mut master, &prices, &stance, &mut center) {
                continue;
            }
            if self.small() && self.price_exactly(rows, &mut master, &prices, &stance) {
                continue;
            }
            if kept || penalty_left == 0 {
                break;
            }
            penalty_left -= 1;
            master.raise_penalty(100.0);
        }
        self.mixed(rows, &master)
    }

    fn small(&self) -> bool {
        self.model.sites() + self.model.help.iter().map(Vec::len).sum::<usize>() <= EXACT_SIZE_MAX
    }

    fn value(&self, rows: &Rows, master: &Master, prices: &Prices) -> f64 {
        let floors = rows.floor.iter().zip(&prices.row[rows.harm.len()..]);
        let total = prices.mixture + floors.map(|(&i, phi)| phi * self.model.floor[i]).sum::<f64>();
        debug_assert_eq!(master.schedules(), self.pool.duties.len());
        total * rows.scale
    }

    /// Adds schedules that improve the mixture, found by local search. Whether there were any.
    fn price(
        &mut self,
        rows: &Rows,
        master: &mut Master,
        prices: &Prices,
        stance: &Stance,
        center: &mut (Stance, f64),
    ) -> bool {
        // Wentges (1997): prices between the best known and the current ones settle sooner.
        for part in [0.4, 1.0] {
            let mixed = center.0.toward(stance, part);
            let weights = mixed.weights(self.model);
            let mut gain_best = 0.0f64;
            let mut found = false;
            for open in self.starts(&weights) {
                let search = Search::new(self.model, self.root, &weights);
                let Some((duty, gain)) = search.from(&open, self.relaxed.seat_price) else { continue };
                gain_best = gain_best.max(gain);
                found |= self.enter(rows, master, prices, duty);
            }
            let bound = mixed.bound(self.model, gain_best);
            if bound > center.1 {
                *center = (mixed, bound);
            }
            if found {
                return true;
            }
        }
        let weights = stance.weights(self.model);
        let mut found = false;
        let mut starts = self.starts(&weights);
        starts.push(vec![false; self.model.bases()]);
        for open in starts {
            let search = Search::new(self.model, self.root, &weights);
            let Some((duty, _)) = search.exactly_from(&open, TRIALS_EXACT) else { continue };
            found |= self.enter(rows, master, prices, duty);
            if found || (self.watch.should_stop)() {
                break;
            }
        }
        found
    }

    fn enter(&mut self, rows: &Rows, master: &mut Master, prices: &Prices, duty: Duty) -> bool {
        let cover = duty.cover(self.model);
        let (cost, entries) = rows.column(self.model, &cover);
        let improves = prices.reduced_cost(cost, &entries) < -1e-9;
        if self.pool.add(self.model, duty) {
            master.push(cost, entries);
            return improves;
        }
        false
    }

    /// Sets of bases from which to search: the relaxation's, and those of the best schedules.
    fn starts(&self, weights: &[f64]) -> Vec<Vec<bool>> {
        let mut starts = vec![self.relaxed.force.iter().map(|&z| z > 0.5).collect::<Vec<bool>>()];
        let gains: Vec<f64> = self.pool.covers.iter().map(|cover| dot(weights, cover)).collect();
        let mut order: Vec<usize> = (0..gains.len()).collect();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]).then(a.cmp(&b)));
        for &k in order.iter().take(3) {
            let mut open = vec![false; self.model.bases()];
            self.pool.duties[k].bases.iter().for_each(|&b| open[b] = true);
            if !starts.contains(&open) {
                starts.push(open);
            }
        }
        starts
    }

    /// The exact best answer by branching. Either it improves the mixture, or its proof stands.
    fn price_exactly(&mut self, rows: &Rows, master: &mut Master, prices: &Prices, stance: &Stance) -> bool {
        let stand = Stand { attacker: &stance.attacker, floor_prices: &stance.floor_prices, harm_counts: true };
        let effort = Effort { leaves_max: self.options.leaves_max, should_stop: self.watch.should_stop };
        let weights = stance.weights(self.model);
        let best = (0..self.pool.duties.len())
            .max_by(|&a, &b| dot(&weights, &self.pool.covers[a]).total_cmp(&dot(&weights, &self.pool.covers[b])));
        let hint = best.map(|k| self.pool.duties[k].clone());
        let proved = prove(self.model, self.root, &stand, None, hint, &effort);
        if proved.proof.bound > self.proof.bound {
            self.proof = proved.proof;
        }
        self.enter(rows, master, prices, proved.duty)
    }

    fn mixed(&self, rows: &Rows, master: &Master) -> Mixed {
        let weights = master.mixture();
        let mut cover = vec![0.0; self.model.sites()];
        for (weight, column) in weights.iter().zip(&self.pool.covers).filter(|(w, _)| **w > 0.0) {
            cover.iter_mut().zip(column).for_each(|(c, v)| *c += weight * v);
        }
        let shortage = master.shortage();
        let floor_prices =
            if shortage < SHORTAGE_MAX { Vec::new() } else { rows.spread(self.model, &master.prices()).floor_prices };
        Mixed { weights, cover, shortage, floor_prices }
    }

    fn finish(self, mixed: Mixed) -> Solved {
        if mixed.shortage >= SHORTAGE_MAX {
            let largest = mixed.floor_prices.iter().copied().fold(0.0, f64::max);
            let prices: Vec<f64> = mixed.floor_prices.iter().map(|p| p / largest).collect();
            let short = |i: &usize| self.model.floor[*i] > mixed.cover[*i] + 1e-7;
            let sites: Vec<usize> = (0..self.model.sites()).filter(short).collect();
            let leaves = if self.small() { self.options.leaves_max } else { 8 };
            let proved = no_floors(self.model, self.root, &prices, None, sites, leaves, self.watch);
            return proved.unwrap_or(Solved::Unsettled { shortage: mixed.shortage, stopped: self.stopped });
        }
        let used = self.pool.duties.into_iter().zip(mixed.weights).filter(|(_, weight)| *weight > 1e-10);
        Solved::Mixture { duties: used.collect(), proof: self.proof, stopped: self.stopped }
    }
}

/// Makes a schedule of another strength fit this one: posts of least weight go, idle seats are
/// filled. `None` when what is mandatory no longer fits.
pub(crate) fn adapt(model: &Model, root: &Fixing, duty: &Duty) -> Option<Duty> {
    let mut duty = duty.clone();
    let worth = |i: usize| (model.watched[i] + model.forecast[i]) / f64::from(model.seats[i]);
    let mut loose: Vec<usize> = duty.posts.iter().copied().filter(|&i| root.site[i] != Fix::In).collect();
    loose.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)).then(b.cmp(&a)));
    while duty.seats(model) > model.seats_total {
        if let Some(least) = loose.pop() {
            duty.posts.retain(|&i| i != least);
        } else {
            duty.bases.pop()?;
        }
    }
    fill_idle(model, root, &mut duty);
    Some(duty)
}

//! Column generation: the best mixture of the schedules known, and schedules that improve it.

mod bound;
mod stop;

use super::impossible;
use super::lineup::{Arena, Lineup};
use super::master::{Column, Master, Row};
use super::model::{Model, Slot};
use super::proof::{Proof, Stance};
use super::seek::{self, Answers};
use super::solve::{Setting, SlotMixture, Solved};
use crate::plan::{Progress, Watch};
use std::collections::{BTreeMap, BTreeSet};

/// Floors are aimed at with this much to spare, so that rounding probabilities does not break them:
/// each of the schedules may lose half a billionth, and on larger problems there are hundreds of them,
/// and [`SHORTAGE_MAX`] besides. Small problems have few, and their optimum is meant to a millionth.
const FLOOR_MARGIN_SMALL: f64 = 2e-8;
const FLOOR_MARGIN: f64 = 4e-7;
/// Below this sum, what is missing to the floors is rounding.
pub(crate) const SHORTAGE_MAX: f64 = 1e-7;
/// Rounds without progress after which column generation gives up.
const STALL_ROUNDS: usize = 30;
/// How far from the best prices known to the current ones schedules are sought: first a little, then at
/// the latter. Of 0.05, 0.1, 0.2, 0.3, 0.4 and 0.6 the second did best over problems small and large; the
/// first is better where many sites tie, and slower to better prices where few do.
const TOWARD: [f64; 2] = [0.1, 1.0];
/// Rows of harm that may enter in one pass.
const ROWS_A_PASS: usize = 60;
/// Passes of solving the master and adding rows, and pivots of one.
const SETTLE_PASSES: usize = 12;
const PIVOTS_MAX: usize = 20_000;

/// Schedules of one slot found so far, each once.
#[derive(Debug)]
pub(crate) struct Pool {
    pub arena: Arena,
    pub lineups: Vec<Lineup>,
    pub covers: Vec<Vec<f64>>,
    known: BTreeMap<Lineup, usize>,
}

impl Pool {
    pub(crate) fn new(arena: Arena) -> Self {
        Self { arena, lineups: Vec::new(), covers: Vec::new(), known: BTreeMap::new() }
    }

    /// Index of a schedule, added if it is new.
    pub(crate) fn add(&mut self, model: &Model, slot: &Slot, lineup: Lineup) -> usize {
        if let Some(&ix) = self.known.get(&lineup) {
            return ix;
        }
        self.known.insert(lineup.clone(), self.lineups.len());
        self.covers.push(lineup.cover(model, slot, &self.arena));
        self.lineups.push(lineup);
        self.lineups.len() - 1
    }
}

/// What a row of the master is about: group (of a row of harm), slot (by its place in the run), site.
#[derive(Debug, Clone, Copy)]
struct RowAt {
    row: Row,
    place: usize,
    site: usize,
}

/// The best mixture so far.
struct Best {
    /// Forecast harm and worst harm above the allowance.
    value: f64,
    /// Weights of the schedules of each slot of the run.
    weights: Vec<Vec<f64>>,
    /// Worst harm of each group.
    thetas: Vec<f64>,
    forecast: f64,
}

/// Column generation on some slots at once.
pub(crate) struct Run<'a> {
    setting: &'a Setting<'a>,
    /// The slots, by the model's index.
    slots: Vec<usize>,
    pools: Vec<Pool>,
    /// Place of the slot and index in its pool, in the order of the master's columns.
    columns: Vec<(usize, usize)>,
    in_master: BTreeSet<(usize, usize)>,
    rows: Vec<RowAt>,
    known_rows: BTreeSet<(usize, usize, usize)>,
    proof: Proof,
    /// Worst harm of each group that costs nothing here, because other slots have it anyway.
    allowance: Vec<f64>,
    scale: f64,
    best: Option<Best>,
    shortage: f64,
    floor_prices: Vec<Vec<f64>>,
    stance: Option<Stance>,
    stopped: bool,
}

/// Whether the worst harm that was reached is what was allowed, to a fraction of the target.
pub(crate) fn allowances(allowed: &[f64], reached: &[f64], target: f64) -> bool {
    allowed.iter().zip(reached).all(|(allowed, reached)| (reached - allowed).abs() <= 0.1 * target * allowed)
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        setting: &'a Setting<'a>,
        slots: Vec<usize>,
        pools: Vec<Pool>,
        proof: Proof,
        allowance: Vec<f64>,
    ) -> Self {
        Self {
            scale: setting.model.scale(),
            setting,
            slots,
            pools,
            columns: Vec::new(),
            in_master: BTreeSet::new(),
            rows: Vec::new(),
            known_rows: BTreeSet::new(),
            proof,
            allowance,
            best: None,
            shortage: f64::INFINITY,
            floor_prices: Vec::new(),
            stance: None,
            stopped: false,
        }
    }

    /// A run over all slots that is over, from its parts.
    pub(crate) fn from_parts(
        setting: &'a Setting<'a>,
        pools: Vec<Pool>,
        weights: Vec<Vec<f64>>,
        proof: Proof,
        stopped: bool,
    ) -> Self {
        let slots = (0..pools.len()).collect();
        let none = vec![0.0; setting.model.groups.len()];
        let mut run = Self::new(setting, slots, pools, proof, none);
        run.stopped = stopped;
        if run.pools.iter().all(|pool| !pool.lineups.is_empty()) {
            run.shortage = 0.0;
            let (forecast, thetas) = run.harms(&run.mixed(&weights));
            run.best = Some(Best { value: forecast + thetas.iter().sum::<f64>(), weights, thetas, forecast });
        }
        run
    }

    fn model(&self) -> &'a Model {
        self.setting.model
    }

    fn master(&mut self) -> Master {
        let (model, small) = (self.model(), self.setting.small);
        for place in 0..self.slots.len() {
            self.rows.push(RowAt { row: Row::Mix, place, site: 0 });
        }
        for (place, &s) in self.slots.iter().enumerate() {
            let slot = &model.slots[s];
            for site in (0..model.sites()).filter(|&i| slot.floor[i] > 0.0) {
                self.rows.push(RowAt { row: Row::Floor, place, site });
            }
            let relaxed = &self.setting.relaxed.slots[s];
            for group in 0..model.groups.len() {
                let theta = self.setting.relaxed.theta[group];
                for site in 0..model.sites() {
                    let harm = model.harm(group, s, site);
                    let near = harm * (1.0 - relaxed.cover[site]) >= theta * (1.0 - 1e-4);
                    if harm > 0.0 && (small || near) {
                        self.rows.push(RowAt { row: Row::Harm { group }, place, site });
                        self.known_rows.insert((group, place, site));
                    }
                }
            }
        }
        let rhs = (0..self.rows.len()).map(|row| self.rhs(row)).collect();
        self.columns = self
            .pools
            .iter()
            .enumerate()
            .flat_map(|(place, pool)| (0..pool.lineups.len()).map(move |ix| (place, ix)))
            .collect();
        self.in_master = self.columns.iter().copied().collect();
        let columns = self.columns.iter().map(|&(place, ix)| self.column(place, ix)).collect();
        let rows: Vec<(Row, usize)> = self.rows.iter().map(|at| (at.row, at.place)).collect();
        Master::new(self.slots.len(), model.groups.len(), &rows, rhs, columns)
    }

    /// The right-hand side of a row. Rows of harm give way by distinct small amounts: multiples of the
    /// golden ratio, modulo one, which are well spread without a generator.
    fn rhs(&self, row: usize) -> f64 {
        let at = self.rows[row];
        let give = if self.setting.small { 1e-10 } else { 1e-7 };
        match at.row {
            Row::Mix => 1.0,
            Row::Harm { group } => {
                -self.allowance[group] / self.scale - give * ((row + 1) as f64 * 0.618_033_988_75).fract()
            }
            Row::Floor => {
                let s = self.slots[at.place];
                let floor = self.model().slots[s].floor[at.site];
                let margin = if self.setting.small { FLOOR_MARGIN_SMALL } else { FLOOR_MARGIN };
                (floor + margin).min(self.model().best_possible(s, at.site).max(floor))
            }
        }
    }

    /// The entry of a row in a schedule of its slot.
    fn entry(&self, at: RowAt, cover: &[f64]) -> f64 {
        match at.row {
            Row::Mix => 1.0,
            Row::Floor => cover[at.site],
            Row::Harm { group } => {
                -self.model().harm(group, self.slots[at.place], at.site) * (1.0 - cover[at.site]) / self.scale
            }
        }
    }

    fn column(&self, place: usize, ix: usize) -> Column {
        let cover = &self.pools[place].covers[ix];
        let forecast = &self.model().slots[self.slots[place]].forecast;
        let cost: f64 = forecast.iter().zip(cover).map(|(a, c)| a * (1.0 - c)).sum();
        let rows = self.rows.iter().filter(|at| at.place == place);
        let entries = rows.map(|&at| self.entry(at, cover)).collect();
        Column { cost: cost / self.scale, slot: place, entries }
    }

    /// Protection of every site of every slot of the run under weights of its schedules.
    fn mixed(&self, weights: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mix = |(pool, weights): (&Pool, &Vec<f64>)| {
            let mut cover = vec![0.0; self.model().sites()];
            for (weight, column) in weights.iter().zip(&pool.covers).filter(|(w, _)| **w > 0.0) {
                cover.iter_mut().zip(column).for_each(|(c, v)| *c += weight * v);
            }
            cover
        };
        self.pools.iter().zip(weights).map(mix).collect()
    }

    /// Forecast harm, and the worst harm of each group.
    fn harms(&self, covers: &[Vec<f64>]) -> (f64, Vec<f64>) {
        let model = self.model();
        let mut forecast = 0.0;
        let mut thetas = vec![0.0f64; model.groups.len()];
        for (cover, &s) in covers.iter().zip(&self.slots) {
            for (i, c) in cover.iter().enumerate() {
                forecast += model.slots[s].forecast[i] * (1.0 - c);
                for (k, theta) in thetas.iter_mut().enumerate() {
                    *theta = theta.max(model.harm(k, s, i) * (1.0 - c));
                }
            }
        }
        (forecast, thetas)
    }

    fn weights(&self, master: &Master) -> Vec<Vec<f64>> {
        let mut weights: Vec<Vec<f64>> = self.pools.iter().map(|pool| vec![0.0; pool.lineups.len()]).collect();
        for (&(place, ix), weight) in self.columns.iter().zip(master.mixture()) {
            weights[place][ix] = weight;
        }
        weights
    }

    /// Solves the master and adds the rows of harm that its mixture breaks, until there are none or it is to
    /// stop. The last mixture, and what it misses of the floors.
    fn settle(&mut self, master: &mut Master, watch: &Watch<'_>) -> (Vec<Vec<f64>>, f64) {
        let mut settled = None;
        for _ in 0..SETTLE_PASSES {
            if !master.solve(PIVOTS_MAX, watch.should_stop) {
                break;
            }
            let weights = self.weights(master);
            let (covers, shortage) = (self.mixed(&weights), master.shortage());
            let done = self.add_rows(master, &covers) == 0;
            settled = Some((weights, shortage));
            if done || (watch.should_stop)() {
                return settled.expect("it was just set");
            }
        }
        if !(watch.should_stop)() && master.solve(PIVOTS_MAX, watch.should_stop) {
            return (self.weights(master), master.shortage());
        }
        settled.unwrap_or_else(|| (self.weights(master), f64::INFINITY))
    }

    fn add_rows(&mut self, master: &mut Master, covers: &[Vec<f64>]) -> usize {
        let model = self.model();
        let thetas = master.thetas();
        let mut broken = Vec::new();
        for (place, cover) in covers.iter().enumerate() {
            let s = self.slots[place];
            for (k, above) in thetas.iter().enumerate() {
                let theta = self.allowance[k] + above * self.scale;
                let limit = theta + (2e-7 * self.scale).max(1e-6 * theta);
                for (i, c) in cover.iter().enumerate() {
                    let harm = model.harm(k, s, i) * (1.0 - c);
                    if harm > limit && !self.known_rows.contains(&(k, place, i)) {
                        broken.push((harm / theta.max(f64::MIN_POSITIVE), k, place, i));
                    }
                }
            }
        }
        broken.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2, a.3).cmp(&(b.1, b.2, b.3))));
        broken.truncate(ROWS_A_PASS);
        for &(_, group, place, site) in &broken {
            self.rows.push(RowAt { row: Row::Harm { group }, place, site });
            self.known_rows.insert((group, place, site));
            let row = self.rows.len() - 1;
            let at = self.rows[row];
            let columns = self.columns.iter().filter(|column| column.0 == place);
            let entries: Vec<f64> = columns.map(|&(_, ix)| self.entry(at, &self.pools[place].covers[ix])).collect();
            master.add_row(at.row, place, self.rhs(row), &entries);
        }
        broken.len()
    }

    /// Column generation from a first stance, until the gap is met, nothing improves or it is stopped.
    pub(crate) fn generate(&mut self, start: &Stance, watch: &Watch<'_>) {
        let options = self.setting.options;
        if self.pools.iter().any(|pool| pool.lineups.is_empty()) {
            return;
        }
        let mut master = self.master();
        // The prices of the relaxation are the best known until others prove more.
        let proven: f64 = self.slots.iter().map(|&s| self.proof.slots[s].part).sum();
        let mut center = (start.clone(), proven);
        let mut last = (f64::INFINITY, 0);
        let mut penalty_left = 3;
        let mut values = Vec::new();
        for round in 0..options.rounds_max {
            let (weights, shortage) = self.settle(&mut master, watch);
            let used = weights.iter().flatten().filter(|weight| **weight > 0.0).count();
            self.note(shortage, weights);
            let value = self.best.as_ref().map_or(master.value() * self.scale, |best| best.value);
            (watch.progress)(Progress { round, value, bound: self.proof.bound, schedules: self.columns.len() });
            if (watch.should_stop)() {
                self.stopped = true;
                break;
            }
            let kept = self.shortage < SHORTAGE_MAX;
            if kept && (self.near_enough(start) || used > self.setting.schedules_max) {
                break;
            }
            if last.0 - value > 2e-5 * value.abs() {
                last = (value, round);
            }
            self.prove_between(&center, round, watch);
            values.push(value);
            let stalled = round - last.1 > STALL_ROUNDS || self.out_of_reach(&values, center.1);
            if stalled && kept && !self.setting.small {
                break;
            }
            self.purge(&mut master);
            let prices = master.prices();
            let stance = self.spread(&prices);
            if self.price(&mut master, &prices, &stance, &mut center, round) {
                continue;
            }
            if self.setting.small && self.price_exactly(&mut master, &prices, &stance, watch) {
                continue;
            }
            if kept || penalty_left == 0 {
                break;
            }
            penalty_left -= 1;
            master.raise_penalty(100.0);
        }
        self.stance = center.1.is_finite().then_some(center.0);
        self.floor_prices = self.spread(&master.prices()).floor_prices;
    }

    /// Drops from the master the schedules that are far from paying, when there are many.
    fn purge(&mut self, master: &mut Master) {
        let most = 100 * self.slots.len() + master.rows();
        if self.columns.len() > 2 * most {
            self.columns = master.purge(most).into_iter().map(|j| self.columns[j]).collect();
            self.in_master = self.columns.iter().copied().collect();
        }
    }

    /// Keeps the mixture if it is the best that keeps the floors.
    fn note(&mut self, shortage: f64, weights: Vec<Vec<f64>>) {
        let (forecast, thetas) = self.harms(&self.mixed(&weights));
        let above: f64 = thetas.iter().zip(&self.allowance).map(|(theta, allowed)| (theta - allowed).max(0.0)).sum();
        let value = forecast + above;
        let held = self.best.as_ref().map_or(f64::INFINITY, |best| best.value);
        let better = value < held || self.shortage >= SHORTAGE_MAX;
        if shortage < SHORTAGE_MAX && better {
            self.best = Some(Best { value, weights, thetas, forecast });
        }
        self.shortage = self.shortage.min(shortage);
    }

    /// Prices of the master spread over sites and slots, in the model's units.
    fn spread(&self, prices: &[f64]) -> Stance {
        let model = self.model();
        let mut stance = Stance::zero(model);
        for (at, price) in self.rows.iter().zip(prices) {
            let s = self.slots[at.place];
            match at.row {
                Row::Harm { group } => stance.attackers[group][s * model.sites() + at.site] += price.max(0.0),
                Row::Floor => stance.floor_prices[s][at.site] = price.max(0.0) * self.scale,
                Row::Mix => {}
            }
        }
        stance
    }

    /// Adds schedules that improve the mixture, found by local search. Whether there were any.
    fn price(
        &mut self,
        master: &mut Master,
        prices: &[f64],
        stance: &Stance,
        center: &mut (Stance, f64),
        round: usize,
    ) -> bool {
        // Wentges (1997): prices between the best known and the current ones settle sooner.
        for part in TOWARD {
            let mixed = center.0.toward(stance, part);
            let found = self.search(&mixed, Some(round as u64));
            let gains: Vec<f64> = found.iter().map(|found| found.1).collect();
            let improved = self.enter(master, prices, found.into_iter().map(|found| found.0).collect());
            let bound: f64 = self.slots.iter().zip(&gains).map(|(&s, gain)| mixed.part(self.model(), s, *gain)).sum();
            if bound > center.1 {
                *center = (mixed, bound);
            }
            if improved {
                return true;
            }
        }
        let found = self.search(stance, None);
        self.enter(master, prices, found.into_iter().map(|found| found.0).collect())
    }

    /// For each slot of the run, schedules that answer the stance well, and the best gain: by quick
    /// searches in a round, with variants that depend on it, or by one that is slow and exact.
    fn search(&mut self, stance: &Stance, round: Option<u64>) -> Vec<Answers> {
        let work: Vec<(usize, &mut Pool)> = self.slots.iter().copied().zip(&mut self.pools).collect();
        match round {
            Some(round) => seek::quickly(self.setting, work, stance, round),
            None => seek::exactly(self.setting, work, stance),
        }
    }

    /// Adds schedules to pool and master. Whether one of them improves the mixture.
    fn enter(&mut self, master: &mut Master, prices: &[f64], found: Vec<Vec<Lineup>>) -> bool {
        let mut improved = false;
        let prices = master.prices_by_slot(prices);
        for (place, lineups) in found.into_iter().enumerate() {
            let slot = &self.model().slots[self.slots[place]];
            for lineup in lineups {
                let ix = self.pools[place].add(self.setting.model, slot, lineup);
                if !self.in_master.contains(&(place, ix)) {
                    let column = self.column(place, ix);
                    improved |= column.cost - column.dot(&prices) < -1e-9;
                    self.columns.push((place, ix));
                    self.in_master.insert((place, ix));
                    master.push(column);
                }
            }
        }
        improved
    }

    /// The exact best answers by branching. Either one improves the mixture, or their proof stands.
    fn price_exactly(&mut self, master: &mut Master, prices: &[f64], stance: &Stance, watch: &Watch<'_>) -> bool {
        let found = self.prove_at(stance, self.setting.options.leaves_max, f64::INFINITY, watch);
        self.enter(master, prices, found.into_iter().map(|lineup| lineup.into_iter().collect()).collect())
    }

    /// Pool, weights and worst harms of a run of one slot.
    pub(crate) fn into_slot(mut self) -> (Pool, Vec<f64>, Vec<f64>) {
        let pool = self.pools.swap_remove(0);
        if let Some(mut best) = self.best {
            return (pool, best.weights.swap_remove(0), best.thetas);
        }
        // Not even started: the first schedule alone, if there is one.
        let weights: Vec<f64> = (0..pool.lineups.len()).map(|ix| f64::from(u8::from(ix == 0))).collect();
        let Some(cover) = pool.covers.first() else { return (pool, weights, self.allowance) };
        let (model, s) = (self.setting.model, self.slots[0]);
        let worst = |k| {
            let harms = cover.iter().enumerate().map(|(i, c)| model.harm(k, s, i) * (1.0 - c));
            harms.fold(0.0, f64::max)
        };
        let thetas = (0..model.groups.len()).map(worst).collect();
        (pool, weights, thetas)
    }

    pub(crate) fn finish(self, watch: &Watch<'_>) -> Solved {
        let Some(best) = self.best else {
            let proved = impossible::by_prices(self.setting, &self.floor_prices, watch);
            return proved.unwrap_or(Solved::Unsettled { shortage: self.shortage, stopped: self.stopped });
        };
        let slots = self.pools.into_iter().zip(best.weights).map(|(pool, weights)| {
            let used = pool.lineups.into_iter().zip(weights).filter(|(_, weight)| *weight > 1e-10);
            SlotMixture { lineups: used.collect(), arena: pool.arena }
        });
        Solved::Mixture { slots: slots.collect(), proof: self.proof, stopped: self.stopped }
    }
}

//! The restricted master program: the best mixture of the schedules at hand.
//!
//! ```text
//! min  sum_k theta_k + sum_j A_j l_j + M sum_r s_r
//! s.t. theta_k - sum_j l_j h_kis (1 - c_is(j)) - t_r = -allowance_k - small    q    harm rows
//!      sum_j l_j c_is(j) + s_r - u_r = f_is                                    phi  floor rows
//!      sum_{j in s} l_j = 1                                                    sigma, one row a slot
//! ```
//!
//! A revised simplex. Columns arrive by pricing and keep the basis primal feasible; rows arrive where
//! the mixture is worse than its `theta` says and keep it dual feasible, so that either way a few
//! pivots restore the optimum. Most of the basis is surpluses, whose columns are unit vectors: what is
//! inverted is as large as the schedules in use (see [`super::kernel`]). Its answer is never trusted:
//! probabilities are rounded and evaluated, prices are rounded and turned into a bound.

use super::kernel::Kernel;
pub(crate) use super::program::{Column, Row};
use super::program::{Program, Var};

/// Where a variable stands in the basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// By its number in the kernel.
    Kernel(usize),
    /// As the unit vector of a row.
    Row(usize),
}

/// One number for each basic variable: those of the kernel, and those of rows (0 where a row has none).
#[derive(Debug, Clone, Default)]
struct Basic {
    kernel: Vec<f64>,
    rows: Vec<f64>,
}

impl Basic {
    fn at(&self, place: Place) -> f64 {
        match place {
            Place::Kernel(at) => self.kernel[at],
            Place::Row(row) => self.rows[row],
        }
    }

    fn all(&self) -> impl Iterator<Item = (Place, f64)> {
        let kernel = self.kernel.iter().enumerate().map(|(at, &v)| (Place::Kernel(at), v));
        kernel.chain(self.rows.iter().enumerate().map(|(row, &v)| (Place::Row(row), v)))
    }
}

/// The master program and its current basis.
pub(crate) struct Master {
    program: Program,
    in_basis: Vec<bool>,
    theta_in_basis: Vec<bool>,
    /// The basic variable that is the unit vector of a row.
    unit: Vec<Option<Var>>,
    /// The other basic variables, and the rows that have no unit vector.
    variables: Vec<Var>,
    kernel_rows: Vec<usize>,
    /// Number of a row among those of the kernel.
    seat: Vec<usize>,
    kernel: Kernel,
    level: Basic,
    pivots_since_refresh: usize,
    broken: bool,
}

const TOLERANCE: f64 = 1e-10;
const PIVOT_LEAST: f64 = 1e-9;
/// So many pivots are made whether or not it is to stop, which is looked at once in some of the others.
const PIVOTS_FREE: usize = 512;
const STOP_EVERY: usize = 64;
const REFRESH_EVERY: usize = 200;
/// Levels that miss their equations by more are worked out anew.
const DRIFT_MAX: f64 = 1e-9;
/// Columns that are priced again before all are.
const CANDIDATES: usize = 24;
const NOWHERE: usize = usize::MAX;

impl Master {
    /// A master for some slots and groups, with these rows, each with its slot; the columns must hold a
    /// schedule of every slot before it is solved. The rows of harm should give way by small distinct
    /// amounts, because sites of equal value tie in every ratio test and the simplex method then stands
    /// still.
    pub(crate) fn new(slots: usize, groups: usize, rows: &[(Row, usize)], rhs: Vec<f64>, columns: Vec<Column>) -> Self {
        let program = Program::new(slots, groups, rows, rhs, 100.0);
        let mut master = Self {
            in_basis: vec![false; columns.len()],
            program: Program { columns, ..program },
            theta_in_basis: vec![false; groups],
            unit: Vec::new(),
            variables: Vec::new(),
            kernel_rows: Vec::new(),
            seat: Vec::new(),
            kernel: Kernel::default(),
            level: Basic::default(),
            pivots_since_refresh: 0,
            broken: false,
        };
        master.crash();
        master
    }

    pub(crate) fn rows(&self) -> usize {
        self.program.rows.len()
    }

    /// Adds a schedule.
    pub(crate) fn push(&mut self, column: Column) {
        self.program.columns.push(column);
        self.in_basis.push(false);
    }

    /// Adds a row of harm or a floor of a slot: its right-hand side, and its entry in every column of
    /// that slot, in their order.
    pub(crate) fn add_row(&mut self, row: Row, slot: usize, rhs: f64, entries: &[f64]) {
        let number = self.program.rows.len();
        self.program.list(row, slot, rhs);
        let columns = self.program.columns.iter_mut().filter(|column| column.slot == slot);
        columns.zip(entries).for_each(|(column, &entry)| column.entries.push(entry));
        let held: f64 =
            self.variables.iter().zip(&self.level.kernel).map(|(&var, l)| self.program.entry(var, number) * l).sum();
        self.unit.push(Some(Var::Surplus(number)));
        self.seat.push(NOWHERE);
        self.level.rows.push(held - rhs);
    }

    /// Keeps the columns of the basis and, of the others, the `most` with the least reduced cost.
    /// Returns the columns kept, in order.
    pub(crate) fn purge(&mut self, most: usize) -> Vec<usize> {
        let y = self.program.by_slot(&self.duals());
        let mut order: Vec<(f64, usize)> = (0..self.program.columns.len())
            .filter(|&j| !self.in_basis[j])
            .map(|j| (self.program.columns[j].cost - self.program.columns[j].dot(&y), j))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut kept: Vec<usize> = order.into_iter().take(most).map(|column| column.1).collect();
        kept.extend((0..self.program.columns.len()).filter(|&j| self.in_basis[j]));
        kept.sort_unstable();
        let mut place = vec![NOWHERE; self.program.columns.len()];
        kept.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        for var in &mut self.variables {
            if let Var::Column(j) = var {
                *j = place[*j];
            }
        }
        self.in_basis = kept.iter().map(|&j| self.in_basis[j]).collect();
        let mut old: Vec<Option<Column>> = std::mem::take(&mut self.program.columns).into_iter().map(Some).collect();
        self.program.columns = kept.iter().map(|&j| old[j].take().expect("each is kept once")).collect();
        kept
    }

    /// A feasible basis: the first schedule of each slot, each theta at its worst row where that is
    /// not within its allowance, surplus or shortage elsewhere.
    fn crash(&mut self) {
        let m = self.rows();
        self.in_basis.fill(false);
        self.theta_in_basis.fill(false);
        self.variables.clear();
        self.unit = (0..m).map(|row| Some(Var::Surplus(row))).collect();
        let mut base = vec![0.0; m];
        for row in (0..m).filter(|&row| self.program.rows[row] == Row::Mix) {
            let slot = self.program.places[row].0;
            let first = self.program.columns.iter().position(|column| column.slot == slot);
            self.unit[row] = first.is_none().then_some(Var::Artificial(row));
            if let Some(first) = first {
                self.in_basis[first] = true;
                self.variables.push(Var::Column(first));
                let rows = self.program.slot_rows[slot].iter().zip(&self.program.columns[first].entries);
                rows.for_each(|(&row, entry)| base[row] += entry);
            }
        }
        for row in (0..m).filter(|&row| self.program.rows[row] == Row::Floor && base[row] < self.program.rhs[row]) {
            self.unit[row] = Some(Var::Short(row));
        }
        for (group, rows) in self.program.harm_rows.iter().enumerate() {
            let lacks = |row: usize| self.program.rhs[row] - base[row];
            let worst = rows.iter().copied().max_by(|&a, &b| lacks(a).total_cmp(&lacks(b)));
            if let Some(row) = worst.filter(|&row| lacks(row) > 0.0) {
                self.unit[row] = None;
                self.theta_in_basis[group] = true;
                self.variables.push(Var::Theta(group));
            }
        }
        self.broken = !self.refresh();
    }

    /// Takes the columns of the kernel, times `factors`, from one number per row.
    fn left_of(&self, dense: &[f64], factors: &[f64]) -> Vec<f64> {
        let mut left = self.program.by_slot(dense);
        for (&var, &factor) in self.variables.iter().zip(factors).filter(|(_, factor)| **factor != 0.0) {
            match var {
                Var::Column(j) => {
                    let column = &self.program.columns[j];
                    left[column.slot].iter_mut().zip(&column.entries).for_each(|(left, entry)| *left -= factor * entry);
                }
                Var::Theta(k) => self.program.harm_rows[k].iter().for_each(|&row| {
                    let (slot, at) = self.program.places[row];
                    left[slot][at] -= factor;
                }),
                Var::Surplus(_) | Var::Short(_) | Var::Artificial(_) => {
                    unreachable!("unit vectors are not in the kernel")
                }
            }
        }
        self.program.places.iter().map(|&(slot, at)| left[slot][at]).collect()
    }

    /// Inverts the kernel anew and works out the levels.
    fn refresh(&mut self) -> bool {
        let m = self.rows();
        self.kernel_rows = (0..m).filter(|&row| self.unit[row].is_none()).collect();
        self.seat = vec![NOWHERE; m];
        self.kernel_rows.iter().enumerate().for_each(|(at, &row)| self.seat[row] = at);
        debug_assert_eq!(self.kernel_rows.len(), self.variables.len());
        let line = |&row: &usize| self.variables.iter().map(|&var| self.program.entry(var, row)).collect();
        let Some(kernel) = Kernel::of(self.kernel_rows.iter().map(line).collect()) else { return false };
        self.kernel = kernel;
        let clean = |v: f64| if v.abs() < 1e-13 { 0.0 } else { v };
        let rhs: Vec<f64> = self.kernel_rows.iter().map(|&row| self.program.rhs[row]).collect();
        let inside = self.kernel.times(&rhs);
        let left = self.left_of(&self.program.rhs, &inside);
        let outside = left
            .iter()
            .zip(&self.unit)
            .map(|(left, unit)| unit.and_then(Var::unit).map_or(0.0, |(_, entry)| clean(left * entry)));
        self.level = Basic { rows: outside.collect(), kernel: inside.into_iter().map(clean).collect() };
        self.pivots_since_refresh = 0;
        true
    }

    fn duals(&self) -> Vec<f64> {
        let mut y: Vec<f64> = self.unit.iter().map(|unit| unit.map_or(0.0, |var| self.program.cost(var))).collect();
        let mut costs: Vec<f64> = self.variables.iter().map(|&var| self.program.cost(var)).collect();
        if y.iter().any(|&y| y != 0.0) {
            let by_slot = self.program.by_slot(&y);
            let explained = self.variables.iter().map(|&var| self.program.product(var, &y, &by_slot));
            costs.iter_mut().zip(explained).for_each(|(cost, part)| *cost -= part);
        }
        let inside = self.kernel.after(&costs);
        self.kernel_rows.iter().zip(inside).for_each(|(&row, price)| y[row] = price);
        y
    }

    /// Pivots until the basis is optimal, or `pivots_max`, or until it is to stop: first back to primal
    /// feasibility where rows were added, then by primal steps. Whether it got back: else there is no mixture.
    pub(crate) fn solve(&mut self, pivots_max: usize, should_stop: &dyn Fn() -> bool) -> bool {
        let mut pivots = 0;
        let stop = |pivots: usize| pivots >= PIVOTS_FREE && pivots.is_multiple_of(STOP_EVERY) && should_stop();
        // What rounding has made of the levels is measured in the end, and mended.
        for _ in 0..3 {
            if self.broken {
                self.crash();
            }
            let end = pivots_max.saturating_sub(pivots);
            let (dual, ended) = self.dual_steps(end, &|more| stop(pivots + more));
            pivots += dual;
            if ended {
                return false;
            }
            if self.level.all().any(|(_, level)| level < -1e-9) {
                self.crash();
            }
            let end = pivots_max.saturating_sub(pivots);
            let (primal, ended) = self.primal_steps(end, &|more| stop(pivots + more));
            pivots += primal;
            if ended || self.drift() < DRIFT_MAX || pivots >= pivots_max {
                break;
            }
            self.broken = !self.refresh();
        }
        true
    }

    /// How far the levels are from solving their equations.
    fn drift(&self) -> f64 {
        let left = self.left_of(&self.program.rhs, &self.level.kernel);
        let rest = left.iter().zip(self.unit.iter().zip(&self.level.rows));
        rest.map(|(left, (unit, level))| (left - unit.and_then(Var::unit).map_or(0.0, |unit| unit.1) * level).abs())
            .fold(0.0, f64::max)
    }

    /// Pivots made, and whether it stopped before it was done.
    fn dual_steps(&mut self, pivots_max: usize, stop: &dyn Fn(usize) -> bool) -> (usize, bool) {
        let mut y = self.duals();
        for pivot in 0..pivots_max {
            if stop(pivot) {
                return (pivot, true);
            }
            let worst = self.level.all().min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((place, _)) = worst.filter(|worst| worst.1 < -1e-10) else { return (pivot, false) };
            let row = self.inverse_row(place);
            let (row_by_slot, y_by_slot) = (self.program.by_slot(&row), self.program.by_slot(&y));
            let mut best: Option<(f64, Var, f64, f64)> = None;
            for var in self.nonbasic() {
                let alpha = self.program.product(var, &row, &row_by_slot);
                if alpha < -PIVOT_LEAST {
                    let reduced = self.program.cost(var) - self.program.product(var, &y, &y_by_slot);
                    let ratio = reduced.max(0.0) / -alpha;
                    let better = best.is_none_or(|(least, _, held, _)| {
                        ratio < least - 1e-12 || (ratio <= least + 1e-12 && alpha < held)
                    });
                    if better {
                        best = Some((ratio, var, alpha, reduced));
                    }
                }
            }
            let Some((_, var, _, reduced)) = best else { return (pivot, false) };
            let direction = self.direction(var);
            let alpha = direction.at(place);
            if alpha.abs() < PIVOT_LEAST {
                return (pivot, false);
            }
            let step = self.level.at(place) / alpha;
            self.exchange(place, var, &direction, &row, step);
            y.iter_mut().zip(&row).for_each(|(y, v)| *y += reduced / alpha * v);
            if self.pivots_since_refresh >= REFRESH_EVERY {
                if !self.refresh() {
                    self.broken = true;
                    return (pivot, false);
                }
                y = self.duals();
            }
        }
        (pivots_max, false)
    }

    /// Every variable that is not in the basis.
    fn nonbasic(&self) -> impl Iterator<Item = Var> {
        let shorts = (0..self.rows()).filter(|&row| self.program.rows[row] == Row::Floor).map(Var::Short);
        let surpluses = (0..self.rows()).filter(|&row| self.program.rows[row] != Row::Mix).map(Var::Surplus);
        let thetas = (0..self.program.harm_rows.len()).map(Var::Theta);
        let columns = (0..self.program.columns.len()).map(Var::Column);
        shorts.chain(surpluses).chain(thetas).chain(columns).filter(|&var| !self.is_basic(var))
    }

    fn is_basic(&self, var: Var) -> bool {
        match var {
            Var::Theta(k) => self.theta_in_basis[k],
            Var::Column(j) => self.in_basis[j],
            Var::Surplus(row) | Var::Short(row) | Var::Artificial(row) => self.unit[row] == Some(var),
        }
    }

    /// Pivots made, and whether it stopped before it was done.
    fn primal_steps(&mut self, pivots_max: usize, stop: &dyn Fn(usize) -> bool) -> (usize, bool) {
        let mut y = self.duals();
        let mut flat = 0;
        let mut candidates: Vec<Var> = Vec::new();
        for pivot in 0..pivots_max {
            if stop(pivot) {
                return (pivot, true);
            }
            let Some((var, reduced)) = self.entering(&y, &mut candidates, flat > 60) else { return (pivot, false) };
            let direction = self.direction(var);
            let Some((place, step)) = self.leaving(&direction) else { return (pivot, false) };
            flat = if step * -reduced > 1e-13 { 0 } else { flat + 1 };
            if flat > 2_000 {
                return (pivot, false);
            }
            let row = self.inverse_row(place);
            let factor = reduced / direction.at(place);
            self.exchange(place, var, &direction, &row, step);
            // y' = y + d_q e_r B^-1 / alpha_r.
            y.iter_mut().zip(&row).for_each(|(y, v)| *y += factor * v);
            if self.pivots_since_refresh >= REFRESH_EVERY {
                if !self.refresh() {
                    self.broken = true;
                    return (pivot, false);
                }
                y = self.duals();
            }
        }
        (pivots_max, false)
    }

    /// How the basic variables change as `var` enters: the inverse times its column.
    fn direction(&self, var: Var) -> Basic {
        let dense = self.program.dense(var);
        let kernel = match var.unit() {
            Some((row, _)) if self.seat[row] == NOWHERE => vec![0.0; self.variables.len()],
            Some((row, entry)) => self.kernel.column(self.seat[row]).into_iter().map(|v| entry * v).collect(),
            None => self.kernel.times(&self.kernel_rows.iter().map(|&row| dense[row]).collect::<Vec<_>>()),
        };
        let mut left = self.left_of(&dense, &kernel);
        for (left, unit) in left.iter_mut().zip(&self.unit) {
            *left *= unit.and_then(Var::unit).map_or(0.0, |unit| unit.1);
        }
        Basic { kernel, rows: left }
    }

    /// One row of the inverse, one number for each row of the program.
    fn inverse_row(&self, place: Place) -> Vec<f64> {
        let mut out = vec![0.0; self.rows()];
        match place {
            Place::Kernel(at) => {
                self.kernel_rows.iter().zip(self.kernel.row(at)).for_each(|(&row, v)| out[row] = *v);
            }
            Place::Row(at) => {
                let entry = self.unit[at].and_then(Var::unit).map_or(0.0, |unit| unit.1);
                let inside: Vec<f64> = self.variables.iter().map(|&var| self.program.entry(var, at)).collect();
                let inside = self.kernel.after(&inside);
                self.kernel_rows.iter().zip(inside).for_each(|(&row, v)| out[row] = -entry * v);
                out[at] = entry;
            }
        }
        out
    }

    /// The variable with the most negative reduced cost among a few candidates, found again among
    /// all when none of them improves; the first one of all when `bland`.
    fn entering(&self, y: &[f64], candidates: &mut Vec<Var>, bland: bool) -> Option<(Var, f64)> {
        let by_slot = self.program.by_slot(y);
        let reduced = |var: Var| (var, self.program.cost(var) - self.program.product(var, y, &by_slot));
        let improves = |of: &(Var, f64)| of.1 < -TOLERANCE;
        if bland {
            return self.nonbasic().map(reduced).find(improves);
        }
        let held = candidates.iter().copied().filter(|&var| !self.is_basic(var)).map(reduced).filter(improves);
        let held: Vec<(Var, f64)> = held.collect();
        *candidates = held.iter().map(|held| held.0).collect();
        if let Some(best) = held.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
            return Some(best);
        }
        let mut all: Vec<(Var, f64)> = self.nonbasic().map(reduced).filter(improves).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        all.truncate(CANDIDATES);
        *candidates = all.iter().map(|held| held.0).collect();
        all.first().copied()
    }

    fn leaving(&self, direction: &Basic) -> Option<(Place, f64)> {
        let ratios = || {
            let basic = direction.all().zip(self.level.all()).filter(|((_, d), _)| *d > PIVOT_LEAST);
            basic.map(|((place, d), (_, level))| (place, level.max(0.0) / d))
        };
        let step = ratios().map(|(_, ratio)| ratio).min_by(f64::total_cmp)?;
        // Of the variables that are as good as tied, the one with the largest pivot.
        let tied = ratios().filter(|(_, ratio)| *ratio <= step + 1e-11);
        let (place, _) = tied.max_by(|a, b| direction.at(a.0).total_cmp(&direction.at(b.0)))?;
        Some((place, step))
    }

    /// `var` enters and what stands at `place` leaves; `row` is the row of the inverse there.
    fn exchange(&mut self, place: Place, var: Var, direction: &Basic, row: &[f64], step: f64) {
        let change = |level: &mut f64, d: &f64| {
            *level -= step * d;
            if *level < 0.0 && *level > -1e-11 {
                *level = 0.0;
            }
        };
        self.level.kernel.iter_mut().zip(&direction.kernel).for_each(|(level, d)| change(level, d));
        self.level.rows.iter_mut().zip(&direction.rows).for_each(|(level, d)| change(level, d));
        let leaves = match place {
            Place::Kernel(at) => Some(self.variables[at]),
            Place::Row(row) => self.unit[row],
        };
        for (var, basic) in leaves.into_iter().map(|var| (var, false)).chain([(var, true)]) {
            match var {
                Var::Column(j) => self.in_basis[j] = basic,
                Var::Theta(k) => self.theta_in_basis[k] = basic,
                Var::Surplus(_) | Var::Short(_) | Var::Artificial(_) => {}
            }
        }
        match (var.unit(), place) {
            (None, Place::Kernel(at)) => {
                self.kernel.replace_variable(at, &direction.kernel);
                self.variables[at] = var;
                self.level.kernel[at] = step;
            }
            (None, Place::Row(gone)) => {
                self.kernel.grow(&direction.kernel, &self.explained(row, gone), direction.rows[gone] * row[gone]);
                self.variables.push(var);
                self.level.kernel.push(step);
                self.seat[gone] = self.kernel_rows.len();
                self.kernel_rows.push(gone);
                (self.unit[gone], self.level.rows[gone]) = (None, 0.0);
            }
            (Some((own, _)), Place::Row(gone)) => {
                if own != gone {
                    let seat = std::mem::replace(&mut self.seat[own], NOWHERE);
                    self.kernel.replace_row(seat, &self.explained(row, gone));
                    self.kernel_rows[seat] = gone;
                    self.seat[gone] = seat;
                    (self.unit[gone], self.level.rows[gone]) = (None, 0.0);
                }
                (self.unit[own], self.level.rows[own]) = (Some(var), step);
            }
            (Some((own, _)), Place::Kernel(at)) => {
                let seat = std::mem::replace(&mut self.seat[own], NOWHERE);
                self.kernel.shrink(at, seat);
                self.variables.swap_remove(at);
                self.level.kernel.swap_remove(at);
                self.kernel_rows.swap_remove(seat);
                if let Some(&moved) = self.kernel_rows.get(seat) {
                    self.seat[moved] = seat;
                }
                (self.unit[own], self.level.rows[own]) = (Some(var), step);
            }
        }
        self.pivots_since_refresh += 1;
    }

    /// What the kernel's rows explain of a row that has a unit vector: `c K'`, from the row of the
    /// inverse there, which is `-d c K'` with `d` in its own place.
    fn explained(&self, row: &[f64], at: usize) -> Vec<f64> {
        self.kernel_rows.iter().map(|&inside| -row[at] * row[inside]).collect()
    }

    /// The current prices, one per row.
    pub(crate) fn prices(&self) -> Vec<f64> {
        self.duals()
    }

    /// The same, laid out by slots, for [`Column::dot`].
    pub(crate) fn prices_by_slot(&self, prices: &[f64]) -> Vec<Vec<f64>> {
        self.program.by_slot(prices)
    }

    fn kernel_levels(&self) -> impl Iterator<Item = (Var, f64)> {
        self.variables.iter().copied().zip(self.level.kernel.iter().copied())
    }

    fn row_levels(&self) -> impl Iterator<Item = (Var, f64)> {
        self.unit.iter().zip(&self.level.rows).filter_map(|(unit, &level)| Some(((*unit)?, level)))
    }

    /// The probability of each schedule within its slot.
    pub(crate) fn mixture(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.program.columns.len()];
        for (var, level) in self.kernel_levels() {
            if let Var::Column(j) = var {
                weights[j] = level.max(0.0);
            }
        }
        weights
    }

    /// `theta` of each group, above its allowance.
    pub(crate) fn thetas(&self) -> Vec<f64> {
        let mut thetas = vec![0.0; self.program.harm_rows.len()];
        for (var, level) in self.kernel_levels() {
            if let Var::Theta(k) = var {
                thetas[k] = level.max(0.0);
            }
        }
        thetas
    }

    /// `y . rhs` without penalties: what the mixture costs above the allowances.
    pub(crate) fn value(&self) -> f64 {
        self.kernel_levels().chain(self.row_levels()).map(|(var, level)| self.program.cost(var) * level).sum()
    }

    /// The sum of what is missing to the floors.
    pub(crate) fn shortage(&self) -> f64 {
        self.row_levels().filter(|(var, _)| matches!(var, Var::Short(_))).map(|(_, level)| level.max(0.0)).sum()
    }

    /// Raises the price of a missing floor.
    pub(crate) fn raise_penalty(&mut self, factor: f64) {
        self.program.penalty *= factor;
    }
}

//! The restricted master program: the best mixture of the schedules at hand.
//!
//! ```text
//! min  sum_k theta_k + sum_j A_j l_j + M sum_r s_r
//! s.t. theta_k - sum_j l_j h_kis (1 - c_is(j)) - t_r = -allowance_k - small    q    harm rows
//!      sum_j l_j c_is(j) + s_r - u_r = f_is                                    phi  floor rows
//!      sum_{j in s} l_j = 1                                                    sigma, one row a slot
//! ```
//!
//! A revised simplex with an explicit inverse. Columns arrive by pricing and keep the basis primal
//! feasible; rows arrive where the mixture is worse than its `theta` says and keep it dual feasible,
//! so that either way a few pivots restore the optimum and the basis stays as small as the sites that
//! really bind. Its answer is never trusted: probabilities are rounded and evaluated, prices are
//! rounded and turned into a bound.

use super::answer::dot;

/// One schedule as the master sees it.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub cost: f64,
    /// Rows, ascending; the row of the slot's mixture included.
    pub rows: Vec<usize>,
    /// One entry for each of `rows`.
    pub entries: Vec<f64>,
}

impl Column {
    /// The product with one number per row of the master.
    pub(crate) fn dot(&self, dense: &[f64]) -> f64 {
        if self.rows.len() == dense.len() {
            return dot(&self.entries, dense);
        }
        self.rows.iter().zip(&self.entries).map(|(&row, entry)| entry * dense[row]).sum()
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, f64)> {
        self.rows.iter().copied().zip(self.entries.iter().copied())
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// Harm under a group's `theta`.
    Harm { group: usize },
    /// A floor.
    Floor,
    /// The mixture of a slot.
    Mix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Var {
    Theta(usize),
    /// `t` or `u` of a row.
    Surplus(usize),
    /// `s` of a floor row.
    Short(usize),
    Column(usize),
    /// Stands in a row of mixture until a schedule enters.
    Artificial(usize),
}

/// The master program and its current basis.
pub(crate) struct Master {
    rows: Vec<Row>,
    rhs: Vec<f64>,
    groups: usize,
    penalty: f64,
    columns: Vec<Column>,
    basis: Vec<Var>,
    in_basis: Vec<bool>,
    /// Row-major, `rows x rows`.
    inverse: Vec<f64>,
    level: Vec<f64>,
    pivots_since_refresh: usize,
    broken: bool,
}

const TOLERANCE: f64 = 1e-10;
const PIVOT_LEAST: f64 = 1e-9;
const REFRESH_EVERY: usize = 400;
/// Columns that are priced again before all are.
const CANDIDATES: usize = 24;

impl Master {
    /// A master with these rows; columns must name every row of mixture at least once before it is
    /// solved. The rows of harm should give way by small distinct amounts, because sites of equal
    /// value tie in every ratio test and the simplex method then stands still.
    pub(crate) fn new(groups: usize, rows: Vec<Row>, rhs: Vec<f64>, columns: Vec<Column>) -> Self {
        let in_basis = vec![false; columns.len()];
        let mut master = Self {
            rows,
            rhs,
            groups,
            penalty: 100.0,
            columns,
            basis: Vec::new(),
            in_basis,
            inverse: Vec::new(),
            level: Vec::new(),
            pivots_since_refresh: 0,
            broken: false,
        };
        master.crash();
        master
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Adds a schedule.
    pub(crate) fn push(&mut self, column: Column) {
        self.columns.push(column);
        self.in_basis.push(false);
    }

    /// Adds a row of harm or a floor: its right-hand side, and its entry in every column.
    pub(crate) fn add_row(&mut self, row: Row, rhs: f64, entries: &[(usize, f64)]) {
        let m = self.rows();
        self.rows.push(row);
        self.rhs.push(rhs);
        for &(column, entry) in entries {
            self.columns[column].rows.push(m);
            self.columns[column].entries.push(entry);
        }
        let mut last = vec![0.0; m + 1];
        for (at, &var) in self.basis.iter().enumerate() {
            let entry = self.entry(var, m);
            if entry != 0.0 {
                for (l, v) in last.iter_mut().zip(&self.inverse[at * m..(at + 1) * m]) {
                    *l += entry * v;
                }
            }
        }
        last[m] = -1.0;
        let mut wider = Vec::with_capacity((m + 1) * (m + 1));
        for at in 0..m {
            wider.extend_from_slice(&self.inverse[at * m..(at + 1) * m]);
            wider.push(0.0);
        }
        let level = dot(&last, &self.rhs);
        wider.extend_from_slice(&last);
        self.inverse = wider;
        self.level.push(level);
        self.basis.push(Var::Surplus(m));
    }

    /// Keeps the columns of the basis and, of the others, the `most` with the least reduced cost.
    /// Returns the columns kept, in order.
    pub(crate) fn purge(&mut self, most: usize) -> Vec<usize> {
        let y = self.duals();
        let mut order: Vec<(f64, usize)> = (0..self.columns.len())
            .filter(|&j| !self.in_basis[j])
            .map(|j| (self.columns[j].cost - self.columns[j].dot(&y), j))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut kept: Vec<usize> = order.into_iter().take(most).map(|column| column.1).collect();
        kept.extend((0..self.columns.len()).filter(|&j| self.in_basis[j]));
        kept.sort_unstable();
        let mut place = vec![usize::MAX; self.columns.len()];
        kept.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        for var in &mut self.basis {
            if let Var::Column(j) = var {
                *j = place[*j];
            }
        }
        self.in_basis = kept.iter().map(|&j| self.in_basis[j]).collect();
        let mut old: Vec<Option<Column>> = std::mem::take(&mut self.columns).into_iter().map(Some).collect();
        self.columns = kept.iter().map(|&j| old[j].take().expect("each is kept once")).collect();
        kept
    }

    /// A feasible basis: the first schedule of each slot, each theta at its worst row where that is
    /// not within its allowance, surplus or shortage elsewhere.
    fn crash(&mut self) {
        let m = self.rows();
        self.in_basis.fill(false);
        let mut base = vec![0.0; m];
        let mut basis: Vec<Var> = (0..m).map(Var::Surplus).collect();
        for row in (0..m).filter(|&row| self.rows[row] == Row::Mix) {
            let first = self.columns.iter().position(|column| column.rows.binary_search(&row).is_ok());
            basis[row] = first.map_or(Var::Artificial(row), Var::Column);
            if let Some(first) = first {
                self.in_basis[first] = true;
                self.columns[first].pairs().for_each(|(row, entry)| base[row] += entry);
            }
        }
        for row in (0..m).filter(|&row| self.rows[row] == Row::Floor && base[row] < self.rhs[row]) {
            basis[row] = Var::Short(row);
        }
        for group in 0..self.groups {
            let lacks = |row: usize| self.rhs[row] - base[row];
            let rows = (0..m).filter(|&row| self.rows[row] == Row::Harm { group });
            let worst = rows.max_by(|&a, &b| lacks(a).total_cmp(&lacks(b))).filter(|&row| lacks(row) > 0.0);
            if let Some(row) = worst {
                basis[row] = Var::Theta(group);
            }
        }
        self.basis = basis;
        self.broken = !self.refresh();
    }

    fn entry(&self, var: Var, row: usize) -> f64 {
        match var {
            Var::Theta(k) => f64::from(u8::from(self.rows[row] == Row::Harm { group: k })),
            Var::Surplus(at) => -f64::from(u8::from(row == at)),
            Var::Short(at) | Var::Artificial(at) => f64::from(u8::from(row == at)),
            Var::Column(j) => {
                let column = &self.columns[j];
                column.rows.binary_search(&row).map_or(0.0, |ix| column.entries[ix])
            }
        }
    }

    fn cost(&self, var: Var) -> f64 {
        match var {
            Var::Theta(_) => 1.0,
            Var::Short(_) => self.penalty,
            Var::Column(j) => self.columns[j].cost,
            Var::Surplus(_) => 0.0,
            Var::Artificial(_) => 1e4,
        }
    }

    /// Inverts the basis anew, by Gauss-Jordan elimination with row pivoting.
    fn refresh(&mut self) -> bool {
        let m = self.rows();
        let mut work = vec![0.0; m * m];
        for (at, &var) in self.basis.iter().enumerate() {
            match var {
                Var::Column(j) => self.columns[j].pairs().for_each(|(row, v)| work[row * m + at] = v),
                Var::Theta(_) => (0..m).for_each(|row| work[row * m + at] = self.entry(var, row)),
                Var::Surplus(row) => work[row * m + at] = -1.0,
                Var::Short(row) | Var::Artificial(row) => work[row * m + at] = 1.0,
            }
        }
        let mut inverse = vec![0.0; m * m];
        for row in 0..m {
            inverse[row * m + row] = 1.0;
        }
        for step in 0..m {
            let pivot_row = (step..m).max_by(|&a, &b| work[a * m + step].abs().total_cmp(&work[b * m + step].abs()));
            let Some(pivot_row) = pivot_row.filter(|&r| work[r * m + step].abs() > 1e-12) else { return false };
            if pivot_row != step {
                for column in 0..m {
                    work.swap(step * m + column, pivot_row * m + column);
                    inverse.swap(step * m + column, pivot_row * m + column);
                }
            }
            let pivot = work[step * m + step];
            for table in [&mut work, &mut inverse] {
                table[step * m..(step + 1) * m].iter_mut().for_each(|v| *v /= pivot);
            }
            for row in (0..m).filter(|&row| row != step) {
                let factor = work[row * m + step];
                if factor != 0.0 {
                    subtract_row(&mut work, m, row, step, factor);
                    subtract_row(&mut inverse, m, row, step, factor);
                }
            }
        }
        self.inverse = inverse;
        self.level = (0..m)
            .map(|row| dot(&self.inverse[row * m..(row + 1) * m], &self.rhs))
            .map(|v| if v.abs() < 1e-13 { 0.0 } else { v })
            .collect();
        self.pivots_since_refresh = 0;
        true
    }

    fn duals(&self) -> Vec<f64> {
        let m = self.rows();
        let mut y = vec![0.0; m];
        for (at, &var) in self.basis.iter().enumerate() {
            let cost = self.cost(var);
            if cost != 0.0 {
                for (y, v) in y.iter_mut().zip(&self.inverse[at * m..(at + 1) * m]) {
                    *y += cost * v;
                }
            }
        }
        y
    }

    /// Pivots until the basis is optimal, or `pivots_max`: first back to primal feasibility where
    /// rows were added, then by primal steps. Returns the pivots made.
    pub(crate) fn solve(&mut self, pivots_max: usize) -> usize {
        if self.broken {
            self.crash();
        }
        let dual = self.dual_steps(pivots_max);
        if self.level.iter().any(|&level| level < -1e-9) {
            self.crash();
        }
        dual + self.primal_steps(pivots_max)
    }

    fn dual_steps(&mut self, pivots_max: usize) -> usize {
        for pivot in 0..pivots_max {
            let m = self.rows();
            let worst = (0..m).min_by(|&a, &b| self.level[a].total_cmp(&self.level[b]));
            let Some(row) = worst.filter(|&row| self.level[row] < -1e-10) else { return pivot };
            let y = self.duals();
            let alpha_row = self.inverse[row * m..(row + 1) * m].to_vec();
            let mut best: Option<(f64, Var, f64)> = None;
            let mut offer = |var: Var, reduced: f64, alpha: f64| {
                if alpha < -PIVOT_LEAST {
                    let ratio = reduced.max(0.0) / -alpha;
                    let better = best.is_none_or(|(least, _, held)| {
                        ratio < least - 1e-12 || (ratio <= least + 1e-12 && alpha < held)
                    });
                    if better {
                        best = Some((ratio, var, alpha));
                    }
                }
            };
            self.each_nonbasic(&y, &mut |var, reduced, column| {
                let alpha = match column {
                    Some(column) => column.dot(&alpha_row),
                    None => match var {
                        Var::Theta(k) => {
                            (0..m).filter(|&r| self.rows[r] == Row::Harm { group: k }).map(|r| alpha_row[r]).sum()
                        }
                        Var::Surplus(at) => -alpha_row[at],
                        Var::Short(at) => alpha_row[at],
                        Var::Column(_) | Var::Artificial(_) => 0.0,
                    },
                };
                offer(var, reduced, alpha);
            });
            let Some((_, var, _)) = best else { return pivot };
            let direction = self.direction(var);
            if direction[row].abs() < PIVOT_LEAST {
                return pivot;
            }
            let step = self.level[row] / direction[row];
            self.exchange(row, var, &direction, step);
            if self.pivots_since_refresh >= REFRESH_EVERY && !self.refresh() {
                self.broken = true;
                return pivot;
            }
        }
        pivots_max
    }

    /// Tells the reduced cost of every variable that is not in the basis.
    fn each_nonbasic(&self, y: &[f64], tell: &mut dyn FnMut(Var, f64, Option<&Column>)) {
        let m = self.rows();
        let mut thetas = vec![false; self.groups];
        let (mut surplus, mut short) = (vec![false; m], vec![false; m]);
        for &var in &self.basis {
            match var {
                Var::Theta(k) => thetas[k] = true,
                Var::Surplus(row) => surplus[row] = true,
                Var::Short(row) => short[row] = true,
                Var::Column(_) | Var::Artificial(_) => {}
            }
        }
        let mut sums = vec![0.0; self.groups];
        for row in 0..m {
            match self.rows[row] {
                Row::Harm { group } => sums[group] += y[row],
                Row::Floor if !short[row] => tell(Var::Short(row), self.penalty - y[row], None),
                Row::Floor | Row::Mix => {}
            }
            if self.rows[row] != Row::Mix && !surplus[row] {
                tell(Var::Surplus(row), y[row], None);
            }
        }
        for (k, sum) in sums.into_iter().enumerate().filter(|(k, _)| !thetas[*k]) {
            tell(Var::Theta(k), 1.0 - sum, None);
        }
        for (j, column) in self.columns.iter().enumerate().filter(|(j, _)| !self.in_basis[*j]) {
            tell(Var::Column(j), column.cost - column.dot(y), Some(column));
        }
    }

    fn primal_steps(&mut self, pivots_max: usize) -> usize {
        let mut y = self.duals();
        let mut flat = 0;
        let mut candidates: Vec<Var> = Vec::new();
        for pivot in 0..pivots_max {
            let Some((var, reduced)) = self.entering(&y, &mut candidates, flat > 60) else { return pivot };
            let direction = self.direction(var);
            let Some((row, step)) = self.leaving(&direction) else { return pivot };
            flat = if step * -reduced > 1e-13 { 0 } else { flat + 1 };
            if flat > 2_000 {
                return pivot;
            }
            self.exchange(row, var, &direction, step);
            if self.pivots_since_refresh >= REFRESH_EVERY {
                if !self.refresh() {
                    self.broken = true;
                    return pivot;
                }
                y = self.duals();
            } else {
                let m = self.rows();
                // y' = y + d_q e_r B^-1 / alpha_r, with the new row r already divided by alpha_r.
                for (y, v) in y.iter_mut().zip(&self.inverse[row * m..(row + 1) * m]) {
                    *y += reduced * v;
                }
            }
        }
        pivots_max
    }

    /// How the basic variables change as `var` enters: the inverse times its column.
    fn direction(&self, var: Var) -> Vec<f64> {
        let m = self.rows();
        let rows = self.inverse.chunks_exact(m);
        match var {
            Var::Surplus(at) => rows.map(|row| -row[at]).collect(),
            Var::Short(at) | Var::Artificial(at) => rows.map(|row| row[at]).collect(),
            Var::Theta(k) => {
                let at: Vec<usize> = (0..m).filter(|&r| self.rows[r] == Row::Harm { group: k }).collect();
                rows.map(|row| at.iter().map(|&r| row[r]).sum()).collect()
            }
            Var::Column(j) => rows.map(|row| self.columns[j].dot(row)).collect(),
        }
    }

    /// The variable with the most negative reduced cost among a few candidates, found again among
    /// all when none of them improves; the first one of all when `bland`.
    fn entering(&self, y: &[f64], candidates: &mut Vec<Var>, bland: bool) -> Option<(Var, f64)> {
        let reduced = |var: Var| match var {
            Var::Theta(k) => {
                1.0 - (0..self.rows()).filter(|&r| self.rows[r] == Row::Harm { group: k }).map(|r| y[r]).sum::<f64>()
            }
            Var::Surplus(row) => y[row],
            Var::Short(row) => self.penalty - y[row],
            Var::Column(j) if self.in_basis[j] => 0.0,
            Var::Column(j) => self.columns[j].cost - self.columns[j].dot(y),
            Var::Artificial(_) => 0.0,
        };
        if !bland {
            let held: Vec<(Var, f64)> = candidates
                .iter()
                .map(|&var| (var, if self.basis.contains(&var) { 0.0 } else { reduced(var) }))
                .filter(|(_, reduced)| *reduced < -TOLERANCE)
                .collect();
            *candidates = held.iter().map(|held| held.0).collect();
            if let Some(best) = held.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
                return Some(best);
            }
        }
        let mut all: Vec<(Var, f64)> = Vec::new();
        self.each_nonbasic(y, &mut |var, reduced, _| {
            if reduced < -TOLERANCE {
                all.push((var, reduced));
            }
        });
        if bland {
            return all.first().copied();
        }
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        all.truncate(CANDIDATES);
        *candidates = all.iter().map(|held| held.0).collect();
        all.first().copied()
    }

    fn leaving(&self, direction: &[f64]) -> Option<(usize, f64)> {
        let ratios = || {
            let rows = direction.iter().zip(&self.level).enumerate();
            rows.filter(|(_, (d, _))| **d > PIVOT_LEAST).map(|(row, (d, level))| (row, level.max(0.0) / d))
        };
        let step = ratios().map(|(_, ratio)| ratio).min_by(f64::total_cmp)?;
        // Of the rows that are as good as tied, the one with the largest pivot.
        let row = ratios()
            .filter(|(_, ratio)| *ratio <= step + 1e-11)
            .max_by(|a, b| direction[a.0].total_cmp(&direction[b.0]))?
            .0;
        Some((row, step))
    }

    fn exchange(&mut self, row: usize, var: Var, direction: &[f64], step: f64) {
        let m = self.rows();
        for (level, d) in self.level.iter_mut().zip(direction) {
            *level -= step * d;
            if *level < 0.0 && *level > -1e-11 {
                *level = 0.0;
            }
        }
        self.level[row] = step;
        let pivot = direction[row];
        self.inverse[row * m..(row + 1) * m].iter_mut().for_each(|v| *v /= pivot);
        for (other, &factor) in direction.iter().enumerate() {
            if other != row && factor != 0.0 {
                subtract_row(&mut self.inverse, m, other, row, factor);
            }
        }
        if let Var::Column(j) = self.basis[row] {
            self.in_basis[j] = false;
        }
        if let Var::Column(j) = var {
            self.in_basis[j] = true;
        }
        self.basis[row] = var;
        self.pivots_since_refresh += 1;
    }

    /// The current prices, one per row.
    pub(crate) fn prices(&self) -> Vec<f64> {
        self.duals()
    }

    /// The probability of each schedule within its slot.
    pub(crate) fn mixture(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.columns.len()];
        for (row, &var) in self.basis.iter().enumerate() {
            if let Var::Column(j) = var {
                weights[j] = self.level[row].max(0.0);
            }
        }
        weights
    }

    /// `theta` of each group, above its allowance.
    pub(crate) fn thetas(&self) -> Vec<f64> {
        let mut thetas = vec![0.0; self.groups];
        for (row, &var) in self.basis.iter().enumerate() {
            if let Var::Theta(k) = var {
                thetas[k] = self.level[row].max(0.0);
            }
        }
        thetas
    }

    /// `y . rhs` without penalties: what the mixture costs above the allowances.
    pub(crate) fn value(&self) -> f64 {
        self.basis.iter().zip(&self.level).map(|(&var, level)| self.cost(var) * level).sum()
    }

    /// The sum of what is missing to the floors.
    pub(crate) fn shortage(&self) -> f64 {
        let rows = self.basis.iter().zip(&self.level);
        rows.filter(|(var, _)| matches!(var, Var::Short(_))).map(|(_, level)| level.max(0.0)).sum()
    }

    /// Raises the price of a missing floor.
    pub(crate) fn raise_penalty(&mut self, factor: f64) {
        self.penalty *= factor;
    }
}

/// `table[row] -= factor * table[from]`.
fn subtract_row(table: &mut [f64], m: usize, row: usize, from: usize, factor: f64) {
    let (low, high) = table.split_at_mut(row.max(from) * m);
    let (target, source) = if row < from {
        (&mut low[row * m..(row + 1) * m], &high[..m])
    } else {
        (&mut high[..m], &low[from * m..(from + 1) * m])
    };
    for (t, s) in target.iter_mut().zip(source) {
        *t -= factor * s;
    }
}

//! The restricted master program: the best mixture of the schedules at hand.
//!
//! ```text
//! min  theta + sum_k A_k l_k + M sum_i s_i
//! s.t. theta - sum_k l_k h_i (1 - c_i(k)) - t_i = -small for the sites that may be worst    q_i
//!      sum_k l_k c_i(k) + s_i - u_i = f_i                for the sites with a floor         phi_i
//!      sum_k l_k = 1                                                                        sigma
//! ```
//!
//! A primal revised simplex with an explicit inverse: columns arrive one by one, and the last
//! basis stays feasible when they do, so each round takes a few pivots. Its answer is never
//! trusted: probabilities are rounded and evaluated, prices are rounded and turned into a bound.

/// One schedule as the master sees it.
#[derive(Debug, Clone)]
struct Column {
    cost: f64,
    /// One entry per row.
    entries: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Var {
    Theta,
    /// `t_i` or `u_i` of a row.
    Surplus(usize),
    /// `s_i` of a floor row.
    Short(usize),
    Schedule(usize),
    /// Stands in the last row until the first schedule enters.
    Artificial,
}

/// The master program and its current basis.
pub(crate) struct Master {
    harm_rows: usize,
    rhs: Vec<f64>,
    /// `M`.
    penalty: f64,
    columns: Vec<Column>,
    basis: Vec<Var>,
    in_basis: Vec<bool>,
    inverse: Vec<f64>,
    level: Vec<f64>,
    pivots_since_refresh: usize,
}

/// Prices of the master's rows.
#[derive(Debug, Clone)]
pub(crate) struct Prices {
    /// `q` then `phi`, one per row.
    pub row: Vec<f64>,
    /// `sigma`.
    pub mixture: f64,
}

impl Prices {
    /// `A_k + sum q h (1 - c) - sum phi c - sigma` of a schedule that is not in the master.
    pub(crate) fn reduced_cost(&self, cost: f64, entries: &[f64]) -> f64 {
        cost - dot(entries, &self.row) - self.mixture
    }
}

const TOLERANCE: f64 = 1e-10;
const PIVOT_LEAST: f64 = 1e-9;
const REFRESH_EVERY: usize = 400;

impl Master {
    /// A master with `harm_rows` rows of harm, one row per floor, and one first schedule.
    ///
    /// Sites of equal value tie in every ratio test, and the simplex method then stands still. So
    /// each harm row gives way by its own small amount, at most `give`, in the units of the rows:
    /// the optimum moves by no more than that.
    pub(crate) fn new(harm_rows: usize, floors: &[f64], give: f64, cost: f64, entries: Vec<f64>) -> Self {
        let m = harm_rows + floors.len() + 1;
        // Multiples of the golden ratio, modulo one: distinct and well spread, without a generator.
        let mut rhs: Vec<f64> = (1..=harm_rows).map(|row| -give * (row as f64 * 0.618_033_988_75).fract()).collect();
        rhs.extend(floors);
        rhs.push(1.0);
        let mut master = Self {
            harm_rows,
            rhs,
            penalty: 100.0,
            columns: Vec::new(),
            basis: Vec::new(),
            in_basis: Vec::new(),
            inverse: vec![0.0; m * m],
            level: vec![0.0; m],
            pivots_since_refresh: 0,
        };
        master.push(cost, entries);
        master.crash();
        master
    }

    fn rows(&self) -> usize {
        self.rhs.len()
    }

    /// Number of schedules.
    pub(crate) fn schedules(&self) -> usize {
        self.columns.len()
    }

    /// Adds a schedule: its forecast harm, then `-h_i (1 - c_i)` for each harm row and `c_i` for
    /// each floor row.
    pub(crate) fn push(&mut self, cost: f64, mut entries: Vec<f64>) {
        entries.push(1.0);
        assert_eq!(entries.len(), self.rows(), "one entry per row");
        self.columns.push(Column { cost, entries });
        self.in_basis.push(false);
    }

    /// A feasible basis: the first schedule, theta at its worst site, surplus or shortage elsewhere.
    fn crash(&mut self) {
        let m = self.rows();
        let first = &self.columns[0].entries;
        self.basis = (0..m)
            .map(|row| match row {
                _ if row == m - 1 => Var::Artificial,
                _ if row < self.harm_rows => Var::Surplus(row),
                _ if first[row] >= self.rhs[row] => Var::Surplus(row),
                _ => Var::Short(row),
            })
            .collect();
        let theta = |row: usize| self.rhs[row] - first[row];
        let worst = (0..self.harm_rows).max_by(|&a, &b| theta(a).total_cmp(&theta(b)));
        self.basis[m - 1] = Var::Schedule(0);
        self.in_basis[0] = true;
        if let Some(row) = worst {
            self.basis[row] = Var::Theta;
        }
        assert!(self.refresh(), "the first basis is triangular");
    }

    fn entry(&self, var: Var, row: usize) -> f64 {
        match var {
            Var::Theta => f64::from(u8::from(row < self.harm_rows)),
            Var::Surplus(at) => -f64::from(u8::from(row == at)),
            Var::Short(at) => f64::from(u8::from(row == at)),
            Var::Schedule(k) => self.columns[k].entries[row],
            Var::Artificial => f64::from(u8::from(row + 1 == self.rows())),
        }
    }

    fn cost(&self, var: Var) -> f64 {
        match var {
            Var::Theta => 1.0,
            Var::Short(_) => self.penalty,
            Var::Schedule(k) => self.columns[k].cost,
            Var::Surplus(_) | Var::Artificial => 0.0,
        }
    }

    /// Inverts the basis anew, by Gauss-Jordan elimination with row pivoting.
    fn refresh(&mut self) -> bool {
        let m = self.rows();
        let mut work = vec![0.0; m * m];
        for (column, &var) in self.basis.iter().enumerate() {
            for row in 0..m {
                work[row * m + column] = self.entry(var, row);
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
        for (row, &var) in self.basis.iter().enumerate() {
            let cost = self.cost(var);
            if cost != 0.0 {
                for (y, v) in y.iter_mut().zip(&self.inverse[row * m..(row + 1) * m]) {
                    *y += cost * v;
                }
            }
        }
        y
    }

    /// Pivots until no variable improves, or `pivots_max`. Returns the pivots made.
    pub(crate) fn solve(&mut self, pivots_max: usize) -> usize {
        let m = self.rows();
        let mut y = self.duals();
        let mut flat = 0;
        for pivot in 0..pivots_max {
            let Some((var, reduced)) = self.entering(&y, flat > 60) else { return pivot };
            let direction = self.direction(var);
            let Some((row, step)) = self.leaving(&direction) else { return pivot };
            flat = if step * -reduced > 1e-13 { 0 } else { flat + 1 };
            if flat > 2_000 {
                return pivot;
            }
            self.exchange(row, var, &direction, step);
            if self.pivots_since_refresh >= REFRESH_EVERY {
                if !self.refresh() {
                    return pivot;
                }
                y = self.duals();
            } else {
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
            // Columns with one entry, or with equal ones, need no product.
            Var::Surplus(at) => rows.map(|row| -row[at]).collect(),
            Var::Short(at) => rows.map(|row| row[at]).collect(),
            Var::Artificial => rows.map(|row| row[m - 1]).collect(),
            Var::Theta => rows.map(|row| row[..self.harm_rows].iter().sum()).collect(),
            Var::Schedule(k) => rows.map(|row| dot(row, &self.columns[k].entries)).collect(),
        }
    }

    /// The variable with the most negative reduced cost, or the first one when `bland`.
    fn entering(&self, y: &[f64], bland: bool) -> Option<(Var, f64)> {
        let mut best: Option<(Var, f64)> = None;
        let mut offer = |var: Var, reduced: f64| {
            let better = best.is_none_or(|(_, least)| !bland && reduced < least);
            if reduced < -TOLERANCE && better {
                best = Some((var, reduced));
            }
        };
        if self.harm_rows > 0 {
            offer(Var::Theta, 1.0 - y[..self.harm_rows].iter().sum::<f64>());
        }
        for (row, &y) in y.iter().enumerate().take(self.rows() - 1) {
            offer(Var::Surplus(row), y);
            if row >= self.harm_rows {
                offer(Var::Short(row), self.penalty - y);
            }
        }
        for (k, column) in self.columns.iter().enumerate() {
            if !self.in_basis[k] {
                offer(Var::Schedule(k), column.cost - dot(&column.entries, y));
            }
        }
        best
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
        if let Var::Schedule(k) = self.basis[row] {
            self.in_basis[k] = false;
        }
        if let Var::Schedule(k) = var {
            self.in_basis[k] = true;
        }
        self.basis[row] = var;
        self.pivots_since_refresh += 1;
    }

    /// The current prices.
    pub(crate) fn prices(&self) -> Prices {
        let mut row = self.duals();
        let mixture = row.pop().expect("there is the row of the mixture");
        Prices { row, mixture }
    }

    /// The probability of each schedule.
    pub(crate) fn mixture(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.columns.len()];
        for (row, &var) in self.basis.iter().enumerate() {
            if let Var::Schedule(k) = var {
                weights[k] = self.level[row].max(0.0);
            }
        }
        weights
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

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums, so that the compiler may use wide registers; the order is fixed.
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
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

//! A linear program `min cost v, row v <= rhs`, and the interior point method that solves it.

use super::parallel;
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

/// Programs with no more rows are solved in a fraction of a second, and not stopped.
const ROWS_QUICK: usize = 10_000;

/// Rows in the order in which they were added, stored by column. Variables are free: that they are not
/// negative is a row like others.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub cost: Vec<f64>,
    columns: Vec<Vec<(usize, f64)>>,
    rhs: Vec<f64>,
}

/// How far the solver goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exactness {
    /// Gap, absolute and relative.
    pub gap: f64,
    /// How far rows may be missed.
    pub missed: f64,
    pub iterations_max: u32,
}

/// What the solver came to.
#[derive(Debug)]
pub(super) struct Solution {
    pub values: Vec<f64>,
    /// One for each row.
    pub prices: Vec<f64>,
    /// Whether the solver says that this is an optimum. It may say so of numbers that are not finite.
    pub solved: bool,
}

impl Rows {
    pub(super) fn variable(&mut self, cost: f64) -> usize {
        self.cost.push(cost);
        self.columns.push(Vec::new());
        self.cost.len() - 1
    }

    pub(super) fn row(&mut self, rhs: f64, entries: impl IntoIterator<Item = (usize, f64)>) -> usize {
        let row = self.rhs.len();
        self.rhs.push(rhs);
        for (column, value) in entries {
            self.columns[column].push((row, value));
        }
        row
    }

    /// Solves the program; a solver that is stopped leaves what it has.
    pub(super) fn solve(&self, exactness: Exactness, should_stop: &dyn Fn() -> bool) -> Solution {
        let (m, n) = (self.rhs.len(), self.cost.len());
        let matrix = self.matrix();
        let settings = DefaultSettings {
            verbose: false,
            max_iter: exactness.iterations_max,
            tol_gap_abs: exactness.gap,
            tol_gap_rel: exactness.gap,
            tol_feas: exactness.missed,
            direct_solve_method: "qdldl".to_owned(),
            presolve_enable: false,
            max_threads: 1,
            ..DefaultSettings::default()
        };
        let cones = [SupportedConeT::NonnegativeConeT(m)];
        let mut solver =
            DefaultSolver::new(&CscMatrix::zeros((n, n)), &self.cost, &matrix, &self.rhs, &cones, settings)
                .expect("the program is built with matching dimensions and default settings");
        drop(matrix);
        if m > ROWS_QUICK {
            solver = parallel::watched(should_stop, |flag| {
                let flag = flag.clone();
                solver.set_termination_callback(move |_| flag.is_up());
                solver.solve();
                solver
            });
        } else {
            solver.solve();
        }
        let solved = matches!(solver.solution.status, SolverStatus::Solved | SolverStatus::AlmostSolved);
        Solution { values: solver.solution.x, prices: solver.solution.z, solved }
    }

    fn matrix(&self) -> CscMatrix {
        let entries: usize = self.columns.iter().map(Vec::len).sum();
        let mut starts = Vec::with_capacity(self.columns.len() + 1);
        let (mut rows, mut values) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        for column in &self.columns {
            starts.push(rows.len());
            rows.extend(column.iter().map(|entry| entry.0));
            values.extend(column.iter().map(|entry| entry.1));
        }
        starts.push(rows.len());
        CscMatrix::new(self.rhs.len(), self.columns.len(), starts, rows, values)
    }
}

//! The restricted master program of one contingent: the best mixture of the patterns at hand.
//!
//! Sections of one size are a class. A configuration says how many sections of each class are on duty
//! in a slot; what stays open then is a whole number of whole sections, not a point on a line between.
//!
//! ```text
//! min  sum_sq cost_sq w_sq
//! s.t. sum_jp units_j a_jps l_jp  >=  sum_q n_qc w_sq       for each slot s and class c     pi_sc
//!      sum_q w_sq >= 1                                      for each slot s
//!      sum_p l_jp <= n_j                                    for each kind j                 sigma_j
//!      l, w >= 0
//! ```
//!
//! Nothing it says is trusted: its prices are rounded and turned into a bound in whole numbers,
//! its mixture is only where rounding begins.

use crate::cover::Cover;
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};

/// A pattern of a kind of section.
#[derive(Clone)]
pub(crate) struct Column {
    pub kind: usize,
    pub pattern: Vec<bool>,
}

/// What the master needs to know of a contingent.
#[derive(Default)]
pub(crate) struct Rows {
    /// Configurations of each slot that can be the cheapest at some prices.
    pub covers: Vec<Vec<Cover>>,
    /// Number of classes.
    pub classes: usize,
    /// Class, units of it, and number of sections, per kind.
    pub kinds: Vec<(usize, u32, u32)>,
}

/// Mixture and prices.
pub(crate) struct Mixture {
    /// How many sections take each column.
    pub level: Vec<f64>,
    /// `pi_sc`, the classes of a slot beside each other.
    pub price: Vec<f64>,
    /// `sigma_j`.
    pub kind_price: Vec<f64>,
    pub value: f64,
}

#[derive(Default)]
struct Program {
    columns: Vec<Vec<(usize, f64)>>,
    cost: Vec<f64>,
    rhs: Vec<f64>,
}

impl Program {
    fn variable(&mut self, cost: f64, entries: impl IntoIterator<Item = (usize, f64)>) {
        self.cost.push(cost);
        self.columns.push(entries.into_iter().collect());
    }

    fn solve(mut self) -> (Vec<f64>, Vec<f64>) {
        for column in &mut self.columns {
            let row = self.rhs.len();
            self.rhs.push(0.0);
            column.push((row, -1.0));
        }
        let (m, n) = (self.rhs.len(), self.cost.len());
        let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
        for column in &self.columns {
            rows.extend(column.iter().map(|entry| entry.0));
            values.extend(column.iter().map(|entry| entry.1));
            starts.push(rows.len());
        }
        let settings = DefaultSettings {
            verbose: false,
            max_iter: 100,
            direct_solve_method: "qdldl".to_owned(),
            presolve_enable: false,
            max_threads: 1,
            ..DefaultSettings::default()
        };
        let matrix = CscMatrix::new(m, n, starts, rows, values);
        let cones = [SupportedConeT::NonnegativeConeT(m)];
        let mut solver =
            DefaultSolver::new(&CscMatrix::zeros((n, n)), &self.cost, &matrix, &self.rhs, &cones, settings)
                .expect("the program is built with matching dimensions and default settings");
        solver.solve();
        let finite = |list: &[f64]| list.iter().map(|v| if v.is_finite() { v.max(0.0) } else { 0.0 }).collect();
        (finite(&solver.solution.x), finite(&solver.solution.z))
    }
}

/// Solves the master for the columns at hand.
pub(crate) fn mix(rows: &Rows, columns: &[Column]) -> Mixture {
    let (slots, classes, kinds) = (rows.covers.len(), rows.classes, rows.kinds.len());
    let seats = slots * classes;
    let mut program = Program::default();
    program.rhs.extend(std::iter::repeat_n(0.0, seats));
    program.rhs.extend(rows.kinds.iter().map(|kind| f64::from(kind.2)));
    program.rhs.extend(std::iter::repeat_n(-1.0, slots));
    for column in columns {
        let (class, units, _) = rows.kinds[column.kind];
        let on = column.pattern.iter().enumerate().filter(|(_, on)| **on);
        let on = on.map(|(slot, _)| (slot * classes + class, -f64::from(units)));
        program.variable(0.0, on.chain([(seats + column.kind, 1.0)]));
    }
    for (slot, covers) in rows.covers.iter().enumerate() {
        for cover in covers {
            let used = cover.units.iter().enumerate().filter(|(_, units)| **units > 0);
            let used = used.map(|(class, units)| (slot * classes + class, f64::from(*units)));
            program.variable(cover.cost as f64, used.chain([(seats + kinds + slot, -1.0)]));
        }
    }
    let cost = program.cost.clone();
    let (level, price) = program.solve();
    let value = level.iter().zip(&cost).map(|(level, cost)| level * cost).sum();
    Mixture {
        level: level[..columns.len()].to_vec(),
        price: price[..seats].to_vec(),
        kind_price: price[seats..seats + kinds].to_vec(),
        value,
    }
}

//! The restricted master program of one contingent: the best mixture of the patterns at hand.
//!
//! ```text
//! min  sum_sk price_sk u_sk
//! s.t. sum_jp units_j a_jps l_jp + sum_k u_sk >= d_s     for each slot s      pi_s
//!      sum_p l_jp <= n_j                                 for each kind j      sigma_j
//!      0 <= u_sk <= (units of tier k) ,  l >= 0
//! ```
//!
//! Seats are counted in units of the common divisor of all kinds' seats; `d_s` is rounded up.
//!
//! Nothing it says is trusted: its prices are rounded and turned into a bound in whole numbers,
//! its mixture is only where rounding begins.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};

/// A pattern of a kind of section.
pub(crate) struct Column {
    pub kind: usize,
    pub pattern: Vec<bool>,
}

/// What the master needs to know of a contingent.
pub(crate) struct Rows {
    /// Units wanted and what each saves, per slot and tier.
    pub tiers: Vec<Vec<(u32, i64)>>,
    /// Units and number of sections per kind.
    pub kinds: Vec<(u32, u32)>,
}

/// Mixture and prices.
pub(crate) struct Mixture {
    /// How many sections take each column.
    pub level: Vec<f64>,
    /// `pi_s`.
    pub slot_price: Vec<f64>,
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
    let (slots, kinds) = (rows.tiers.len(), rows.kinds.len());
    let mut program = Program::default();
    program.rhs.extend(rows.tiers.iter().map(|tiers| -tiers.iter().map(|tier| f64::from(tier.0)).sum::<f64>()));
    program.rhs.extend(rows.kinds.iter().map(|kind| f64::from(kind.1)));
    for column in columns {
        let units = f64::from(rows.kinds[column.kind].0);
        let on = column.pattern.iter().enumerate().filter(|(_, on)| **on).map(|(slot, _)| (slot, -units));
        program.variable(0.0, on.chain([(slots + column.kind, 1.0)]));
    }
    for (slot, tiers) in rows.tiers.iter().enumerate() {
        for &(units, price) in tiers {
            let row = program.rhs.len();
            program.rhs.push(f64::from(units));
            program.variable(price as f64, [(slot, -1.0), (row, 1.0)]);
        }
    }
    let cost = program.cost.clone();
    let (level, price) = program.solve();
    let value = level.iter().zip(&cost).map(|(level, cost)| level * cost).sum();
    Mixture {
        level: level[..columns.len()].to_vec(),
        slot_price: price[..slots].to_vec(),
        kind_price: price[slots..slots + kinds].to_vec(),
        value,
    }
}

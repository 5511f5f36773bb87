//! The linear relaxation, solved by an interior point method.
//!
//! With every site and base free, in, or out, and `p` seats left once those that are in are paid:
//!
//! ```text
//! min  sum_i a_i (1 - c_i) + theta
//! s.t. theta >= h_i (1 - c_i)                                 q_i    attacker
//!      c_i = e_st x_i + sum_b e_ib w_ib
//!      x_i + sum_b w_ib <= 1                                  rho_i  site price
//!      w_ib <= z_b                                            pi_ib  (not stored: see `proof`)
//!      sum_i g_i x_i + sum_b G_b z_b <= p                     mu     seat price
//!      c_i >= f_i                                             phi_i  floor price
//! ```
//!
//! A post that is in costs no more seats and a force that is in needs no `z_b`.

use crate::model::Model;
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};

/// What is decided about a post or a force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    Free,
    In,
    Out,
}

/// Decisions already taken, and the seats they leave.
#[derive(Debug, Clone)]
pub(crate) struct Fixing {
    pub site: Vec<Fix>,
    pub base: Vec<Fix>,
    pub seats_left: u32,
}

impl Fixing {
    /// Mandatory posts in, closed bases out, and out whatever does not fit the seats.
    /// `None` when the mandatory posts alone do not fit.
    pub(crate) fn root(model: &Model) -> Option<Self> {
        let site = model.mandatory.iter().map(|&m| if m { Fix::In } else { Fix::Free }).collect();
        let base = model.base_open.iter().map(|&open| if open { Fix::Free } else { Fix::Out }).collect();
        let seats_left = model.seats_total.checked_sub(model.mandatory_seats())?;
        let mut root = Self { site, base, seats_left };
        root.drop_what_does_not_fit(model);
        Some(root)
    }

    fn drop_what_does_not_fit(&mut self, model: &Model) {
        let left = self.seats_left;
        let too_big = |fix: &Fix, seats: u32| *fix == Fix::Free && seats > left;
        for (fix, &seats) in self.site.iter_mut().zip(&model.seats) {
            if too_big(fix, seats) {
                *fix = Fix::Out;
            }
        }
        for (fix, &seats) in self.base.iter_mut().zip(&model.base_seats) {
            if too_big(fix, seats) {
                *fix = Fix::Out;
            }
        }
    }

    /// The same with one more decision; a thing that is free always fits.
    pub(crate) fn with(&self, model: &Model, on: Unit, fix: Fix) -> Self {
        let mut next = self.clone();
        let seats = match on {
            Unit::Post(i) => {
                next.site[i] = fix;
                model.seats[i]
            }
            Unit::Force(b) => {
                next.base[b] = fix;
                model.base_seats[b]
            }
        };
        if fix == Fix::In {
            next.seats_left -= seats;
            next.drop_what_does_not_fit(model);
        }
        next
    }
}

/// A thing that takes seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Post(usize),
    Force(usize),
}

/// What the program minimises.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// Harm: forecast plus worst case, floors kept.
    Harm,
    /// The sum of what is missing to the floors.
    Shortage,
    /// `sum_i U_i (1 - c_i)` for given weights, floors ignored: the answer to one attacker.
    Answer(&'a [f64]),
}

/// A solution of the relaxation and its prices. Whatever the solver made of it, the numbers are
/// finite and not negative: a poor answer costs bound and value, never truth.
#[derive(Debug, Clone)]
pub(crate) struct Relaxed {
    pub post: Vec<f64>,
    pub force: Vec<f64>,
    pub theta: f64,
    pub shortage: Vec<f64>,
    pub attacker: Vec<f64>,
    pub floor_price: Vec<f64>,
    pub site_price: Vec<f64>,
    pub seat_price: f64,
}

/// How many bases per site enter the program at first.
const HELP_FIRST: usize = 5;

/// Programs with no more pairs than this hold all of them.
const PAIRS_SMALL: usize = 600;

/// Solves the relaxation. Only the best few bases of a site enter at first; others whose help
/// would be worth more than the site's price are added and the program is solved again.
pub(crate) fn relax(model: &Model, fix: &Fixing, goal: Goal<'_>, rounds_max: usize) -> Relaxed {
    let candidates = useful_help(model, fix);
    let pairs: usize = candidates.iter().map(Vec::len).sum();
    let mut taken: Vec<usize> = candidates
        .iter()
        .map(|list| if pairs <= PAIRS_SMALL { list.len() } else { list.len().min(HELP_FIRST) })
        .collect();
    let mut round = 0;
    loop {
        let relaxed = Program::build(model, fix, goal, &candidates, &taken).solve(model);
        round += 1;
        if round >= rounds_max {
            return relaxed;
        }
        let mut more = 0;
        for (i, list) in candidates.iter().enumerate() {
            let weight = relaxed.weight(model, goal, i);
            let slack = 1e-6 * weight;
            let wanted = list.iter().rposition(|&(_, effect)| weight * effect > relaxed.site_price[i] + slack);
            if let Some(last) = wanted.filter(|&last| last >= taken[i]) {
                more += last + 1 - taken[i];
                taken[i] = last + 1;
            }
        }
        // A handful of missing pairs costs less bound than another solve costs time.
        if more * 200 <= pairs {
            return relaxed;
        }
    }
}

/// For each site the bases that are better than what it surely has, best first.
fn useful_help(model: &Model, fix: &Fixing) -> Vec<Vec<(usize, f64)>> {
    (0..model.sites())
        .map(|i| {
            let mut list = Vec::new();
            for help in &model.help[i] {
                if fix.site[i] == Fix::In && help.effect <= model.post_effect {
                    break;
                }
                match fix.base[help.base] {
                    Fix::Out => {}
                    Fix::Free => list.push((help.base, help.effect)),
                    Fix::In => {
                        list.push((help.base, help.effect));
                        break;
                    }
                }
            }
            list
        })
        .collect()
}

impl Relaxed {
    /// `U_i`: what one unit of protection of the site is worth at these prices.
    fn weight(&self, model: &Model, goal: Goal<'_>, i: usize) -> f64 {
        match goal {
            Goal::Harm => model.forecast[i] + model.watched[i] * self.attacker[i] + self.floor_price[i],
            Goal::Shortage => self.floor_price[i],
            Goal::Answer(weights) => weights[i],
        }
    }
}

/// Constraint rows `row . v <= rhs` in the order they were added, stored by column.
#[derive(Default)]
struct Program {
    cost: Vec<f64>,
    columns: Vec<Vec<(usize, f64)>>,
    rhs: Vec<f64>,
    theta: Option<usize>,
    post: Vec<Option<usize>>,
    force: Vec<Option<usize>>,
    short: Vec<Option<usize>>,
    harm_row: Vec<Option<usize>>,
    site_row: Vec<Option<usize>>,
    floor_row: Vec<Option<usize>>,
    seat_row: usize,
    scale: f64,
}

impl Program {
    fn variable(&mut self, cost: f64) -> usize {
        self.cost.push(cost);
        self.columns.push(Vec::new());
        self.cost.len() - 1
    }

    fn row(&mut self, rhs: f64, entries: impl IntoIterator<Item = (usize, f64)>) -> usize {
        let row = self.rhs.len();
        self.rhs.push(rhs);
        for (column, value) in entries {
            self.columns[column].push((row, value));
        }
        row
    }

    fn build(model: &Model, fix: &Fixing, goal: Goal<'_>, candidates: &[Vec<(usize, f64)>], taken: &[usize]) -> Self {
        let n = model.sites();
        let scale = match goal {
            Goal::Harm => model.scale(),
            Goal::Shortage => 1.0,
            Goal::Answer(weights) => weights.iter().sum::<f64>().max(f64::MIN_POSITIVE),
        };
        let mut program = Self { scale, ..Self::default() };
        let weight = |i: usize| match goal {
            Goal::Harm => model.forecast[i] / scale,
            Goal::Shortage => 0.0,
            Goal::Answer(weights) => weights[i] / scale,
        };
        let watched = matches!(goal, Goal::Harm) && model.watched.iter().any(|&h| h > 0.0);
        program.theta = watched.then(|| program.variable(1.0));
        program.post = (0..n)
            .map(|i| (fix.site[i] != Fix::Out).then(|| program.variable(-weight(i) * model.post_effect)))
            .collect();
        program.force = (0..model.bases()).map(|b| (fix.base[b] == Fix::Free).then(|| program.variable(0.0))).collect();
        let mut modes: Vec<Vec<(usize, f64)>> = Vec::with_capacity(n);
        let mut links = Vec::new();
        for i in 0..n {
            let mut list: Vec<_> = program.post[i].map(|x| (x, model.post_effect)).into_iter().collect();
            for &(base, effect) in &candidates[i][..taken[i]] {
                let w = program.variable(-weight(i) * effect);
                list.push((w, effect));
                links.extend(program.force[base].map(|z| (w, z)));
            }
            modes.push(list);
        }
        program.rows(model, fix, goal, &modes, &links);
        program
    }

    fn rows(
        &mut self,
        model: &Model,
        fix: &Fixing,
        goal: Goal<'_>,
        modes: &[Vec<(usize, f64)>],
        links: &[(usize, usize)],
    ) {
        let n = model.sites();
        self.harm_row = (0..n)
            .map(|i| {
                let (theta, h) = (self.theta?, model.watched[i] / self.scale);
                let entries = modes[i].iter().map(|&(w, effect)| (w, -h * effect));
                (h > 0.0).then(|| self.row(-h, std::iter::once((theta, -1.0)).chain(entries)))
            })
            .collect();
        self.site_row = (0..n)
            .map(|i| (!modes[i].is_empty()).then(|| self.row(1.0, modes[i].iter().map(|&(w, _)| (w, 1.0)))))
            .collect();
        for &(w, z) in links {
            self.row(0.0, [(w, 1.0), (z, -1.0)]);
        }
        let forces: Vec<usize> = self.force.iter().flatten().copied().collect();
        for z in forces {
            self.row(1.0, [(z, 1.0)]);
        }
        let posts = (0..n).filter(|&i| fix.site[i] == Fix::Free);
        let mut seats: Vec<_> = posts.filter_map(|i| Some((self.post[i]?, f64::from(model.seats[i])))).collect();
        seats.extend((0..model.bases()).filter_map(|b| Some((self.force[b]?, f64::from(model.base_seats[b])))));
        self.seat_row = self.row(f64::from(fix.seats_left), seats);
        let floors = !matches!(goal, Goal::Answer(_));
        self.short = vec![None; n];
        self.floor_row = vec![None; n];
        for i in (0..n).filter(|&i| floors && model.floor[i] > 0.0) {
            let mut entries: Vec<_> = modes[i].iter().map(|&(w, effect)| (w, -effect)).collect();
            if matches!(goal, Goal::Shortage) {
                let short = self.variable(1.0);
                self.short[i] = Some(short);
                entries.push((short, -1.0));
            }
            self.floor_row[i] = Some(self.row(-model.floor[i], entries));
        }
        for variable in 0..self.cost.len() {
            self.row(0.0, [(variable, -1.0)]);
        }
    }

    fn solve(self, model: &Model) -> Relaxed {
        let (m, n) = (self.rhs.len(), self.cost.len());
        let mut starts = Vec::with_capacity(n + 1);
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        for column in &self.columns {
            starts.push(rows.len());
            rows.extend(column.iter().map(|entry| entry.0));
            values.extend(column.iter().map(|entry| entry.1));
        }
        starts.push(rows.len());
        let matrix = CscMatrix::new(m, n, starts, rows, values);
        let settings = DefaultSettings {
            verbose: false,
            max_iter: 100,
            tol_gap_abs: 1e-9,
            tol_gap_rel: 1e-9,
            tol_feas: 1e-9,
            direct_solve_method: "qdldl".to_owned(),
            presolve_enable: false,
            max_threads: 1,
            ..DefaultSettings::default()
        };
        let cones = [SupportedConeT::NonnegativeConeT(m)];
        let mut solver =
            DefaultSolver::new(&CscMatrix::zeros((n, n)), &self.cost, &matrix, &self.rhs, &cones, settings)
                .expect("the program is built with matching dimensions and default settings");
        solver.solve();
        let (v, price) = (&solver.solution.x, &solver.solution.z);
        let value = |index: &Option<usize>| index.map_or(0.0, |ix| finite(v[ix]));
        let dual = |index: &Option<usize>| index.map_or(0.0, |ix| finite(price[ix]));
        let shares = |list: &[Option<usize>]| list.iter().map(|ix| value(ix).min(1.0)).collect::<Vec<_>>();
        let mut attacker: Vec<f64> = self.harm_row.iter().map(dual).collect();
        let total: f64 = attacker.iter().sum();
        if total > 0.0 {
            for q in &mut attacker {
                *q /= total;
            }
        }
        Relaxed {
            post: shares(&self.post),
            force: shares(&self.force),
            theta: value(&self.theta) * self.scale,
            shortage: if self.short.is_empty() {
                vec![0.0; model.sites()]
            } else {
                self.short.iter().map(value).collect()
            },
            attacker,
            floor_price: self.floor_row.iter().map(|row| dual(row) * self.scale).collect(),
            site_price: self.site_row.iter().map(|row| dual(row) * self.scale).collect(),
            seat_price: finite(price[self.seat_row]) * self.scale,
        }
    }
}

/// Not negative and not infinite: an interior point leaves tiny negatives, a failed one leaves NaN.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

//! Tiny problems against the program over all their schedules.

use crate::problems::{any_problem, checked, solve};
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use konbit_protect::{Outcome, Problem, ProblemData, Status};
use proptest::prelude::*;

/// Protection of every site under every schedule that fits, by enumeration.
fn all_covers(problem: &Problem) -> Vec<Vec<f64>> {
    let data = problem.data();
    let (n, bases) = (data.sites.len(), data.bases.len());
    let mut covers = Vec::new();
    for choice in 0u32..1 << (n + bases) {
        let has = |bit: usize| choice >> bit & 1 == 1;
        let posts: u32 = (0..n).filter(|&i| has(i)).map(|i| data.sites[i].seats).sum();
        let forces: u32 = (0..bases).filter(|&b| has(n + b)).map(|b| data.bases[b].seats).sum();
        let closed = (0..bases).any(|b| has(n + b) && data.bases[b].forces_max == 0);
        let missing = (0..n).any(|i| data.sites[i].mandatory && !has(i));
        if posts + forces > problem.seats() || closed || missing {
            continue;
        }
        let mut cover: Vec<u32> = (0..n).map(|i| if has(i) { data.static_effect_ppm } else { 0 }).collect();
        for reach in data.reach.iter().filter(|reach| has(n + reach.base as usize)) {
            let site = reach.site as usize;
            cover[site] = cover[site].max(reach.effect_ppm);
        }
        covers.push(cover.into_iter().map(|effect| f64::from(effect) / 1e6).collect());
    }
    covers
}

/// `min cost . v` subject to rows `row . v <= rhs`, the first `equalities` with equality.
pub fn minimum(cost: &[f64], rows: &[(Vec<f64>, f64)], equalities: usize) -> f64 {
    let (height, width) = (rows.len(), cost.len());
    let (mut at_row, mut at_column, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (row, (entries, _)) in rows.iter().enumerate() {
        for (column, &entry) in entries.iter().enumerate().filter(|(_, entry)| **entry != 0.0) {
            at_row.push(row);
            at_column.push(column);
            values.push(entry);
        }
    }
    let rhs: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-10,
        tol_gap_rel: 1e-10,
        tol_feas: 1e-10,
        presolve_enable: false,
        ..DefaultSettings::default()
    };
    let cones = [SupportedConeT::ZeroConeT(equalities), SupportedConeT::NonnegativeConeT(height - equalities)];
    let matrix = CscMatrix::new_from_triplets(height, width, at_row, at_column, values);
    let mut solver =
        DefaultSolver::new(&CscMatrix::zeros((width, width)), cost, &matrix, &rhs, &cones, settings).unwrap();
    solver.solve();
    assert!(matches!(solver.solution.status, SolverStatus::Solved | SolverStatus::AlmostSolved));
    solver.solution.obj_val
}

/// Rows over (theta, shortage, one probability per schedule); the shortage is allowed where
/// `relaxed`. Returns the least harm, or the least shortage of any floor.
fn optimum(problem: &Problem, covers: &[Vec<f64>], relaxed: bool) -> f64 {
    let data = problem.data();
    let alpha = f64::from(data.alpha_ppm) / 1e6;
    let value = |i: usize| data.sites[i].value_milli as f64 / 1e3;
    let watched = |i: usize| alpha * data.watched_attempts_micro as f64 / 1e6 * value(i);
    let forecast = |i: usize| (1.0 - alpha) * data.sites[i].attempts_micro as f64 / 1e6 * value(i);
    let n = data.sites.len();
    let scale = if relaxed { 1.0 } else { (0..n).map(|i| watched(i) + forecast(i)).sum::<f64>().max(1e-9) };
    let width = 2 + covers.len();
    let mut rows = Vec::new();
    let mut sum = vec![1.0; width];
    (sum[0], sum[1]) = (0.0, 0.0);
    rows.push((sum, 1.0));
    for i in 0..n {
        // h_i (1 - c_i) - theta <= 0 and f_i - c_i - shortage <= 0.
        let mut harm: Vec<f64> = vec![-1.0, 0.0];
        harm.extend(covers.iter().map(|cover| watched(i) / scale * (1.0 - cover[i])));
        rows.push((harm, 0.0));
        if data.sites[i].floor_ppm > 0 {
            let mut floor: Vec<f64> = vec![0.0, if relaxed { -1.0 } else { 0.0 }];
            floor.extend(covers.iter().map(|cover| f64::from(data.sites[i].floor_ppm) / 1e6 - cover[i]));
            rows.push((floor, 0.0));
        }
    }
    for variable in 0..width {
        let mut row = vec![0.0; width];
        row[variable] = -1.0;
        rows.push((row, 0.0));
    }
    let mut cost = vec![if relaxed { 0.0 } else { 1.0 }, if relaxed { 1.0 } else { 0.0 }];
    let forecast_cost = |cover: &Vec<f64>| (0..n).map(|i| forecast(i) / scale * (1.0 - cover[i])).sum::<f64>();
    cost.extend(covers.iter().map(|cover| if relaxed { 0.0 } else { forecast_cost(cover) }));
    minimum(&cost, &rows, 1) * scale
}

/// The plan is the optimum over all mixtures of all schedules, and its bound does not exceed it.
fn check(data: ProblemData) -> Result<(), TestCaseError> {
    let (problem, outcome) = solve(data);
    checked(&problem, &outcome);
    let covers = all_covers(&problem);
    let floors = problem.data().sites.iter().any(|site| site.floor_ppm > 0);
    let shortage = if covers.is_empty() {
        f64::INFINITY
    } else if floors {
        optimum(&problem, &covers, true)
    } else {
        0.0
    };
    match outcome {
        Outcome::Planned(plan) => {
            prop_assert!(shortage < 1e-7, "floors are short by {shortage}, yet there is a plan");
            let best = optimum(&problem, &covers, false);
            let tolerance = 1e-6 * best.abs() + 1e-9;
            prop_assert!((plan.value - best).abs() <= tolerance, "value {} but the optimum is {best}", plan.value);
            prop_assert!(plan.bound <= best + tolerance, "bound {} above the optimum {best}", plan.bound);
            prop_assert_eq!(plan.status, Status::Optimal, "value {} bound {}", plan.value, plan.bound);
        }
        Outcome::Infeasible(_) => prop_assert!(shortage > 1e-9, "the floors can be met"),
        Outcome::Unsettled { reason, .. } => prop_assert!(false, "{}", reason),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_tiny_plan_is_the_optimum_over_all_schedules(data in any_problem(6, 3, false)) {
        check(data)?;
    }

    #[test]
    fn a_tiny_plan_with_floors_is_the_optimum_or_proven_impossible(data in any_problem(5, 2, true)) {
        check(data)?;
    }
}

#[test]
fn ten_sites_are_solved_to_the_optimum() {
    use konbit_protect::generate::{Shape, generate};
    for alpha_ppm in [0, 500_000, 1_000_000] {
        for seed in 0..3 {
            let shape = Shape { sites: 10, bases: 3, personnel: 130, alpha_ppm, ..Shape::example() };
            check(generate(shape, seed).data().clone()).unwrap();
        }
    }
}

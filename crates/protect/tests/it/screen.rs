//! Problems of more sites than the relaxation takes at once: most are screened out, and nothing is lost.

use crate::problems::{checked, data, site};
use konbit_protect::generate::{Shape, generate};
use konbit_protect::{Options, Outcome, Plan, Problem, ProblemBase, ProblemData, Progress, Reach, Status, Watch, plan};
use std::cell::Cell;

/// Larger than any problem that is solved as a whole.
const SITES: usize = 4_200;

fn shape(alpha_ppm: u32) -> Shape {
    Shape { sites: SITES, bases: 40, personnel: 1_500, alpha_ppm, ..Shape::example() }
}

/// The plan, accepted by the checker, with the gap that was asked for.
fn within(problem: &Problem, gap_target: f64, gap_most: f64) -> Plan {
    let outcome = plan(problem, &Options { gap_target, ..Options::default() }, &Watch::none());
    let report = checked(problem, &outcome);
    let Outcome::Planned(plan) = outcome else { panic!("no plan: {outcome:?}") };
    assert_eq!(report.sites, problem.data().sites.len());
    assert!(plan.gap <= gap_most, "gap {} of {}", plan.gap, plan.value);
    *plan
}

fn many(value: impl Fn(usize) -> u64, attempts: u64, seats: u32) -> ProblemData {
    let posts = [1, 2, 3].into_iter().cycle();
    let sites = (0..SITES).zip(posts).map(|(ix, seats)| site(&format!("s{ix:05}"), value(ix), attempts, seats));
    data(sites.collect(), seats)
}

#[test]
fn many_sites_are_planned_within_half_a_per_cent_where_forecast_attempts_decide() {
    for alpha_ppm in [0, 500_000] {
        within(&generate(shape(alpha_ppm), 3), 0.004, 0.005);
    }
}

#[test]
fn many_sites_are_planned_within_a_few_per_cent_where_watchers_decide() {
    within(&generate(shape(1_000_000), 3), 0.03, 0.03);
}

#[test]
fn floors_and_mandatory_posts_of_sites_left_out_are_kept() {
    let shape = Shape { floor_every: 4, mandatory_every: 600, personnel: 3_000, ..shape(500_000) };
    let problem = generate(shape, 5);
    // More floors than are looked at from the start.
    assert!(problem.data().sites.iter().filter(|site| site.floor_ppm > 0).count() > 1_000);
    let outcome = plan(&problem, &Options { gap_target: 0.02, ..Options::default() }, &Watch::none());
    checked(&problem, &outcome);
    assert!(!matches!(outcome, Outcome::Unsettled { .. }), "{outcome:?}");
}

#[test]
fn floors_that_conflict_are_proven_to_do_so_among_many_sites() {
    let mut data = many(|ix| 10 + ix as u64 % 7, 1, 10);
    data.sites.iter_mut().take(30).for_each(|site| site.floor_ppm = 600_000);
    let problem = Problem::new(data).unwrap();
    let outcome = plan(&problem, &Options::default(), &Watch::none());
    checked(&problem, &outcome);
    let Outcome::Infeasible(found) = outcome else { panic!("expected no plan, got {outcome:?}") };
    assert!(found.sites.iter().all(|&site| site < 30) && !found.sites.is_empty(), "{:?}", found.sites);
}

#[test]
fn sites_of_equal_value_cannot_be_told_apart_and_are_planned_all_the_same() {
    for alpha_ppm in [500_000, 1_000_000] {
        let mut data = many(|_| 10, 1, 12);
        data.alpha_ppm = alpha_ppm;
        within(&Problem::new(data).unwrap(), 0.01, 0.01);
    }
}

#[test]
fn sites_without_attempts_or_value_cost_nothing_to_leave_out() {
    within(&Problem::new(many(|ix| 1 + ix as u64 % 50, 0, 40)).unwrap(), 0.01, 0.01);
    let plan = within(&Problem::new(many(|_| 0, 1, 40)).unwrap(), 0.01, 0.0);
    assert_eq!((plan.value, plan.status), (0.0, Status::Optimal));
    within(&Problem::new(many(|ix| ix as u64 % 50, 1, 0)).unwrap(), 0.01, 0.0001);
}

#[test]
fn a_site_left_out_at_first_that_turns_out_worst_is_taken_in() {
    // A thousand sites of 30 persons are all reached by the one force, and the others, of 20, by none: at
    // first the sites of most value are kept, and once the force waits the others are worst.
    let mut data = many(|ix| if ix < 1_000 { 30 } else { 20 }, 0, 9);
    data.alpha_ppm = 1_000_000;
    data.bases.push(ProblemBase { id: "near".to_owned(), forces_max: 1, seats: 5 });
    let reach = |site| Reach { site, base: 0, effect_ppm: 500_000, minutes_tenths: 50 };
    data.reach = (0..1_000).map(reach).collect();
    let plan = within(&Problem::new(data).unwrap(), 0.01, 0.01);
    // 4 x 20, less what four seats spread over 3,200 sites can do.
    assert!((79.0..80.001).contains(&plan.value), "{}", plan.value);
}

#[test]
fn the_same_many_sites_give_the_same_plan_on_any_number_of_threads() {
    let problem = generate(shape(500_000), 8);
    let with = |threads| plan(&problem, &Options { threads, ..Options::default() }, &Watch::none());
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(3));
}

#[test]
fn planning_many_sites_that_is_stopped_gives_a_plan_that_holds() {
    for polls in [0, 1, 4, 16] {
        let problem = generate(shape(1_000_000), 2);
        let asked = Cell::new(0);
        let should_stop = || {
            asked.set(asked.get() + 1);
            asked.get() > polls
        };
        let bounds = Cell::new(0.0);
        let progress = |progress: Progress| bounds.set(progress.bound);
        let options = Options { gap_target: 0.0, ..Options::default() };
        let outcome = plan(&problem, &options, &Watch { should_stop: &should_stop, progress: &progress });
        checked(&problem, &outcome);
        let Outcome::Planned(plan) = outcome else { panic!("no plan: {outcome:?}") };
        assert_eq!(plan.status, Status::LimitReached, "after {polls} polls");
        assert!((plan.bound - bounds.get()).abs() <= 1e-6 * plan.bound, "the bound told is the bound proven");
    }
}

//! What must hold of every plan, and the cases at the edge.

use crate::problems::{any_problem, checked, data, planned, site, solve};
use konbit_protect::generate::{Shape, generate};
use konbit_protect::{
    EvaluationError, Options, Outcome, PlanDocument, Posture, Problem, ProblemBase, ProblemError, Progress, Reach,
    Schedule, Status, Watch, curve, evaluate, plan, reaction_effect_ppm,
};
use proptest::prelude::*;
use std::cell::Cell;

fn infeasible(data: konbit_protect::ProblemData) -> String {
    let (problem, outcome) = solve(data);
    checked(&problem, &outcome);
    match outcome {
        Outcome::Infeasible(infeasible) => infeasible.reason,
        other => panic!("expected no plan, got {other:?}"),
    }
}

#[test]
fn a_plan_for_nobody_leaves_everything_open() {
    let plan = planned(data(vec![site("a", 10, 1, 1), site("b", 30, 2, 1)], 0));
    assert!(plan.sites.iter().all(|site| site.posture == Posture::Open && site.protection == 0.0));
    // 0.5 (1 x 10 + 2 x 30) + 0.5 x 4 x 30 = 35 + 60.
    assert!((plan.value - 95.0).abs() < 1e-6, "{}", plan.value);
    assert_eq!(plan.status, Status::Optimal);
}

#[test]
fn one_site_gets_the_one_post() {
    let plan = planned(data(vec![site("a", 10, 1, 2)], 2));
    assert_eq!(plan.sites[0].posture, Posture::Always);
    // (0.5 x 1 x 10 + 0.5 x 4 x 10) x 0.2.
    assert!((plan.value - 5.0).abs() < 1e-6, "{}", plan.value);
}

#[test]
fn equal_sites_are_guarded_in_equal_shares() {
    let sites = (0..4).map(|ix| site(&format!("s{ix}"), 10, 0, 1)).collect();
    let plan = planned(data(sites, 1));
    assert!(plan.sites.iter().all(|site| (site.protection - 0.2).abs() < 1e-6), "{:?}", plan.sites);
    // 0.5 x 4 x 10 x 0.8.
    assert!((plan.value - 16.0).abs() < 1e-6, "{}", plan.value);
    assert_eq!(plan.sites[0].posture, Posture::Sometimes);
}

#[test]
fn a_base_that_reaches_nothing_gets_nobody() {
    let mut data = data(vec![site("a", 10, 1, 5)], 3);
    data.bases.push(ProblemBase { id: "far".to_owned(), forces_max: 2, seats: 1 });
    let plan = planned(data);
    assert!(plan.schedules.iter().all(|schedule| schedule.forces.is_empty()));
    assert_eq!(plan.sites[0].posture, Posture::Open);
}

#[test]
fn a_site_within_reach_is_explained_by_its_base_and_minutes() {
    let mut data = data(vec![site("a", 10, 1, 9)], 3);
    data.bases.push(ProblemBase { id: "near".to_owned(), forces_max: 1, seats: 3 });
    data.reach.push(Reach { site: 0, base: 0, effect_ppm: 400_000, minutes_tenths: 125 });
    let plan = planned(data);
    let site = &plan.sites[0];
    assert_eq!((site.posture, site.base.as_deref(), site.minutes), (Posture::Reached, Some("near"), Some(12.5)));
    assert!((site.protection - 0.4).abs() < 1e-12);
}

#[test]
fn mandatory_posts_beyond_the_seats_are_infeasible_and_say_how_many_people_they_need() {
    let mut data = data(vec![site("a", 10, 1, 4), site("b", 10, 1, 5)], 0);
    data.sites.iter_mut().for_each(|site| site.mandatory = true);
    (data.personnel, data.relief_factor_milli) = (40, 4_700);
    // 9 x 4.7 = 42.3 people; 40 / 4.7 = 8 seats.
    let reason = infeasible(data);
    assert!(reason.contains("need 9 seats and there are 8: 43 people are needed"), "{reason}");
}

#[test]
fn a_mandatory_post_stands_in_every_schedule() {
    let mut data = data(vec![site("poor", 1, 0, 3), site("rich", 50, 3, 3)], 3);
    data.sites[0].mandatory = true;
    let plan = planned(data);
    assert_eq!((plan.sites[0].posture, plan.sites[1].posture), (Posture::Always, Posture::Open));
}

#[test]
fn a_floor_above_every_mode_is_infeasible_and_names_the_site() {
    let mut data = data(vec![site("school", 10, 1, 1)], 5);
    data.sites[0].floor_ppm = 900_000;
    let reason = infeasible(data);
    assert!(reason.contains("\"school\"") && reason.contains("90.0 %") && reason.contains("80.0 %"), "{reason}");
}

#[test]
fn floors_beyond_the_seats_are_infeasible_and_name_the_sites() {
    let mut data = data(vec![site("school", 10, 1, 1), site("hospital", 10, 1, 1)], 1);
    data.sites.iter_mut().for_each(|site| site.floor_ppm = 500_000);
    let reason = infeasible(data);
    assert!(reason.contains("1 seats") && (reason.contains("school") || reason.contains("hospital")), "{reason}");
}

#[test]
fn floors_that_only_a_fraction_of_a_post_could_meet_are_proven_infeasible() {
    // Ten seats at half the time are five seats in the mean, but no schedule holds ten.
    let mut data = data(vec![site("school", 10, 1, 10), site("other", 10, 1, 1)], 6);
    data.sites[0].floor_ppm = 300_000;
    assert!(infeasible(data).contains("school"));
}

#[test]
fn floors_are_kept_where_they_cost_value() {
    let mut data = data(vec![site("school", 1, 0, 1), site("depot", 50, 5, 1)], 1);
    data.sites[0].floor_ppm = 200_000;
    let plan = planned(data);
    assert!(plan.sites[0].protection >= 0.2 && plan.sites[0].protection < 0.2001, "{:?}", plan.sites);
}

#[test]
fn floors_that_take_every_seat_exactly_are_met() {
    // Three sites in thirds: 1/3 x 0.9 = 0.3 each, with nothing to spare.
    let mut data = data(vec![site("a", 10, 1, 1), site("b", 10, 1, 1), site("c", 10, 1, 1)], 1);
    data.static_effect_ppm = 900_000;
    data.sites.iter_mut().for_each(|site| site.floor_ppm = 300_000);
    let (problem, outcome) = solve(data);
    checked(&problem, &outcome);
    // FIXME: a third is no multiple of 1e-9, so the probabilities cannot meet all three; a
    // denominator with more divisors could.
    assert!(matches!(outcome, Outcome::Unsettled { .. }), "{outcome:?}");
}

fn refused(change: impl Fn(&mut konbit_protect::ProblemData), expect: &str) {
    let mut data = data(vec![site("a", 10, 1, 1), site("b", 10, 1, 1)], 1);
    data.bases.push(ProblemBase { id: "base".to_owned(), forces_max: 1, seats: 1 });
    change(&mut data);
    let error: ProblemError = Problem::new(data).unwrap_err();
    assert_eq!(error.to_string(), expect);
}

#[test]
fn a_problem_that_is_not_well_formed_is_refused_in_a_sentence() {
    let reach = |site, base| Reach { site, base, effect_ppm: 1, minutes_tenths: 0 };
    refused(|d| d.sites.clear(), "the problem has no sites; add at least one");
    refused(|d| d.sites[1].id = "a".to_owned(), "the site \"a\" is there twice; keep one");
    refused(|d| d.sites[1].id.clear(), "site number 1 has an empty id; give every site an id");
    refused(|d| d.bases.push(d.bases[0].clone()), "the base \"base\" is there twice; keep one");
    refused(|d| d.sites[0].seats = 0, "seats of site \"a\" is 0; it must be between 1 and 10000");
    refused(|d| d.bases[0].seats = 0, "seats of base \"base\" is 0; it must be between 1 and 10000");
    refused(
        |d| d.sites[0].floor_ppm = 1_000_001,
        "floor_ppm of site \"a\" is 1000001; it must be between 0 and 1000000",
    );
    refused(|d| d.alpha_ppm = 2_000_000, "alpha_ppm of the problem is 2000000; it must be between 0 and 1000000");
    refused(
        |d| d.relief_factor_milli = 0,
        "relief_factor_milli of the problem is 0; it must be between 1000 and 100000",
    );
    refused(
        |d| d.sites[0].value_milli = u64::MAX,
        "value_milli of site \"a\" is 18446744073709551615; it must be between 0 and 1000000000",
    );
    refused(|d| d.reach.push(reach(2, 0)), "reach number 0 names site number 2, but there are 2");
    refused(|d| d.reach.push(reach(0, 7)), "reach number 0 names base number 7, but there are 1");
    refused(
        |d| d.reach.extend([reach(0, 0), reach(0, 0)]),
        "the reach from base \"base\" to site \"a\" is there twice; keep one",
    );
}

#[test]
fn the_effect_of_a_force_falls_with_travel_time_and_with_other_calls() {
    for (e0, minutes, tau, busy, expect) in [
        (800_000, 0.0, 20.0, 0, 800_000),
        // 0.8 / e = 0.294304.
        (800_000, 20.0, 20.0, 0, 294_304),
        (800_000, 0.0, 20.0, 250_000, 600_000),
        (800_000, 1e9, 20.0, 0, 0),
        (800_000, -1.0, 20.0, 0, 0),
        (800_000, f64::NAN, 20.0, 0, 0),
        (800_000, 1.0, 0.0, 0, 0),
        (2_000_000, 0.0, 20.0, 2_000_000, 0),
    ] {
        assert_eq!(reaction_effect_ppm(e0, minutes, tau, busy), expect, "{e0} {minutes} {tau} {busy}");
    }
}

#[test]
fn a_plan_by_hand_is_scored_by_the_same_evaluator() {
    let problem = Problem::new(data(vec![site("a", 10, 1, 2), site("b", 30, 2, 3)], 3)).unwrap();
    let hand = |posts: &[u32]| {
        evaluate(&problem, &[Schedule { probability: 1_000_000_000, posts: posts.to_vec(), forces: Vec::new() }])
    };
    // 0.5 (10 + 60 x 0.2) + 2 x max(10, 30 x 0.2) = 11 + 20.
    assert!((hand(&[1]).unwrap().value - 31.0).abs() < 1e-9);
    assert_eq!(hand(&[0, 1]).unwrap_err(), EvaluationError::Seats { schedule: 0, needed: 5, available: 3 });
    assert_eq!(hand(&[2]).unwrap_err(), EvaluationError::Index { schedule: 0, what: "site", index: 2 });
    assert_eq!(evaluate(&problem, &[]).unwrap_err(), EvaluationError::NoSchedules);
}

#[test]
fn the_same_problem_and_seed_give_the_same_bytes() {
    let problem = generate(Shape { sites: 120, bases: 8, personnel: 400, ..Shape::example() }, 3);
    let bytes = |seed| {
        let options = Options { seed, ..Options::default() };
        PlanDocument::new(&problem, &plan(&problem, &options, &Watch::none()), seed, 0.0, Vec::new()).to_bytes()
    };
    assert_eq!(bytes(5), bytes(5));
    assert_ne!(bytes(5), bytes(6));
}

#[test]
fn the_order_of_sites_and_bases_changes_nothing_but_order() {
    let problem = generate(Shape { sites: 80, bases: 6, personnel: 300, floor_every: 9, ..Shape::example() }, 4);
    let mut turned = problem.data().clone();
    turned.sites.reverse();
    turned.bases.reverse();
    turned.reach.reverse();
    let (sites, bases) = (u32::try_from(turned.sites.len()).unwrap(), u32::try_from(turned.bases.len()).unwrap());
    for reach in &mut turned.reach {
        (reach.site, reach.base) = (sites - 1 - reach.site, bases - 1 - reach.base);
    }
    let (one, mut other) = (planned(problem.data().clone()), planned(turned));
    other.sites.reverse();
    assert_eq!((one.value, one.bound), (other.value, other.bound));
    let shown = |plan: &konbit_protect::Plan| plan.sites.iter().map(|s| (s.id.clone(), s.posture)).collect::<Vec<_>>();
    assert_eq!(shown(&one), shown(&other));
}

#[test]
fn the_curve_falls_and_each_point_lies_above_its_bound() {
    let problem = generate(Shape { sites: 150, bases: 10, personnel: 500, ..Shape::example() }, 8);
    let options = Options::default();
    let Outcome::Planned(known) = plan(&problem, &options, &Watch::none()) else { panic!("no plan") };
    let people = [700, 300, 400, 500, 600];
    let points = curve(&problem, Some(&known), &people, &options, &Watch::none());
    assert_eq!(points.iter().map(|point| point.personnel).collect::<Vec<_>>(), people);
    let mut sorted = points.clone();
    sorted.sort_by_key(|point| point.personnel);
    for pair in sorted.windows(2) {
        assert!(pair[1].value <= pair[0].value && pair[1].bound <= pair[0].bound, "{pair:?}");
    }
    for point in &points {
        let (value, bound) = (point.value.unwrap(), point.bound.unwrap());
        assert!(bound <= value && (value - bound) / value < 0.02, "{point:?}");
    }
}

#[test]
fn planning_that_is_stopped_still_gives_a_plan_that_holds() {
    let problem = generate(Shape { alpha_ppm: 1_000_000, ..Shape::example() }, 2);
    let rounds = Cell::new(0);
    let should_stop = || rounds.get() >= 3;
    let progress = |progress: Progress| rounds.set(progress.round);
    let options = Options { gap_target: 0.0, ..Options::default() };
    let outcome = plan(&problem, &options, &Watch { should_stop: &should_stop, progress: &progress });
    let Outcome::Planned(plan) = &outcome else { panic!("no plan") };
    assert_eq!(plan.status, Status::LimitReached);
    checked(&problem, &outcome);
}

#[test]
fn the_example_scale_is_planned_within_half_a_per_cent() {
    let shapes = [
        Shape::example(),
        Shape { floor_every: 10, mandatory_every: 60, ..Shape::example() },
        Shape { alpha_ppm: 1_000_000, ..Shape::example() },
    ];
    for shape in shapes {
        let problem = generate(shape, 11);
        let outcome = plan(&problem, &Options::default(), &Watch::none());
        let Outcome::Planned(plan) = &outcome else { panic!("no plan") };
        assert!(plan.gap < 0.005, "{}", plan.gap);
        checked(&problem, &outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn more_people_never_harm(data in any_problem(6, 3, false)) {
        let value = |extra: u32| {
            let mut data = data.clone();
            data.personnel += extra;
            match solve(data).1 {
                Outcome::Planned(plan) => plan.value,
                _ => f64::INFINITY,
            }
        };
        let (fewer, more) = (value(0), value(2));
        prop_assert!(more <= fewer * (1.0 + 2e-6), "{more} > {fewer}");
    }

    #[test]
    fn better_effects_and_lower_floors_never_harm(data in any_problem(5, 2, true)) {
        let value = |change: &dyn Fn(&mut konbit_protect::ProblemData)| {
            let mut data = data.clone();
            change(&mut data);
            match solve(data).1 {
                Outcome::Planned(plan) => plan.value,
                _ => f64::INFINITY,
            }
        };
        let before = value(&|_| {});
        for (name, after) in [
            ("posts", value(&|d| d.static_effect_ppm = (d.static_effect_ppm + 50_000).min(1_000_000))),
            ("forces", value(&|d| d.reach.iter_mut().for_each(|r| r.effect_ppm = (r.effect_ppm + 50_000).min(1_000_000)))),
            ("floors", value(&|d| d.sites.iter_mut().for_each(|site| site.floor_ppm /= 2))),
        ] {
            prop_assert!(after <= before * (1.0 + 4e-6) + 1e-9, "{name}: {after} > {before}");
        }
    }
}

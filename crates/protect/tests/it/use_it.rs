//! A plan in use: drawing, overriding, losing, explaining, and what more people buy.

use crate::corrupt::everything;
use crate::problems::{checked as checked_single, data, planned as planned_single, site};
use crate::week::{checked, planned, simple, solved};
use konbit_base::rng::seeded;
use konbit_protect::generate::{Shape, generate};
use konbit_protect::{
    Judged, Lost, Options, Outcome, PROBABILITY_DENOMINATOR, Posture, Problem, Schedule, Task, Watch, Week, WeekData,
    WeekOutcome, WeekSchedule, curve_plans, drawn, evaluate, evaluate_week, explain, next_best, people_equal, plan,
    plan_week, price_override, replan_week, sensitivity, week_seats_equal,
};
use proptest::prelude::*;

#[test]
fn a_best_responding_adversary_gets_the_value_against_drawn_schedules() {
    // One group, one slot, alpha 1 and no forecast: the value is two attempts a week at the worst site.
    let mut data = simple(&[(10, 1), (17, 1), (23, 2), (31, 2)], 3);
    data.alpha_ppm = 1_000_000;
    let week = Week::new(data.clone()).unwrap();
    let plan = planned(&data);
    let weeks = 40_000u32;
    let mut rng = seeded(11, 0);
    let mut stopped = [0.0f64; 4];
    for _ in 0..weeks {
        let schedule = &plan.schedules[0][drawn(&plan.schedules[0], rng.below(PROBABILITY_DENOMINATOR))];
        schedule.posts.iter().for_each(|post| stopped[post.0 as usize] += 0.8 / f64::from(weeks));
    }
    // He knows the mixture, not the draw: the site that is worst in the mean over all draws.
    let worst = (0..4).map(|i| 4.0 * data.values_milli[0][i] as f64 / 1e3 * (1.0 - stopped[i])).fold(0.0, f64::max);
    // Three standard errors of a share: 3 x 0.5 / sqrt(40 000) = 0.0075, times 4 x 31 x 0.8 persons.
    assert!((worst - plan.value).abs() < 0.0075 * 4.0 * 31.0 * 0.8, "{worst} {}", plan.value);
    let exact = evaluate_week(&week, &plan.schedules).unwrap();
    assert!((exact.value - plan.value).abs() < 1e-6 * plan.value);
}

#[test]
fn draws_of_one_slot_say_nothing_about_another() {
    // Independent tickets: the protection of a site given what was seen before is its protection.
    let plan = planned(&simple(&[(10, 1), (10, 1)], 1));
    let mut rng = seeded(3, 0);
    let mut at = |_| plan.schedules[0][drawn(&plan.schedules[0], rng.below(PROBABILITY_DENOMINATOR))].posts[0].0;
    let pairs: Vec<(u32, u32)> = (0..20_000).map(|n| (at(n), at(n))).collect();
    for first in [0, 1] {
        let seen: Vec<_> = pairs.iter().filter(|pair| pair.0 == first).collect();
        let share = seen.iter().filter(|pair| pair.1 == 0).count() as f64 / seen.len() as f64;
        assert!((share - 0.5).abs() < 0.02, "{share}");
    }
}

#[test]
fn an_override_is_priced_by_the_same_evaluator() {
    let data = simple(&[(10, 1), (20, 1)], 1);
    let week = Week::new(data).unwrap();
    let post = |site: u32| {
        vec![vec![WeekSchedule {
            probability: PROBABILITY_DENOMINATOR,
            posts: vec![(site, 0)],
            forces: Vec::new(),
            duties: Vec::new(),
            routes: Vec::new(),
        }]]
    };
    // Two attempts by watchers: 2 x max(10, 20 x 0.2) = 20 before, 2 x max(2, 20) = 40 after.
    let price = price_override(&week, &post(1), &post(0)).unwrap();
    assert!((price.value_more - 20.0).abs() < 1e-9 && (price.worst_more - 20.0).abs() < 1e-9);
    assert_eq!(price.sites.iter().map(|site| (site.0, site.1)).collect::<Vec<_>>(), [(0, 1), (0, 0)]);
}

#[test]
fn what_is_lost_is_not_used_again_and_the_rest_is_planned_for() {
    let data = everything();
    let (week, outcome) = solved(&data);
    let WeekOutcome::Planned(before) = outcome else { panic!("no plan") };
    let lost = Lost { posts: vec![5], bases: vec![0], ..Lost::default() };
    let smaller = week.without(&lost).unwrap();
    let outcome = plan_week(&smaller, Some(&before.schedules), &Options::default(), &Watch::none());
    checked(&smaller, &outcome);
    let WeekOutcome::Planned(after) = outcome else { panic!("no plan") };
    assert!(after.value >= before.value * (1.0 - 1e-9));
    let used = |s: &WeekSchedule| !s.forces.is_empty() || s.posts.iter().any(|post| post.0 == 5);
    assert!(!after.schedules.iter().flatten().any(used));
    let nobody = week.without(&Lost { posts: vec![0], ..Lost::default() }).unwrap();
    assert!(matches!(plan_week(&nobody, None, &Options::default(), &Watch::none()), WeekOutcome::Infeasible(_)));
}

#[test]
fn a_plan_is_mended_at_once_with_a_bound_that_holds() {
    let data = everything();
    let (week, outcome) = solved(&data);
    let WeekOutcome::Planned(before) = outcome else { panic!("no plan") };
    let losses = [
        Lost::default(),
        Lost { posts: vec![5], ..Lost::default() },
        Lost { bases: vec![0], ..Lost::default() },
        Lost { posts: vec![4], bases: vec![0], areas: vec![0], ..Lost::default() },
    ];
    for lost in losses {
        let smaller = week.without(&lost).unwrap();
        let options = Options { draws: 10, rounds_max: 3, leaves_tight: 0, ..Options::default() };
        let mended = replan_week(&smaller, &before.schedules, &before.certificate, &options, &Watch::none());
        checked(&smaller, &mended);
        let WeekOutcome::Planned(mended) = mended else { panic!("no plan without {lost:?}") };
        let best = plan_week(&smaller, Some(&mended.schedules), &Options::default(), &Watch::none());
        let WeekOutcome::Planned(best) = best else { panic!("no plan without {lost:?}") };
        // Neither is beaten by the other's bound, and both bounds can be joined to one plan.
        assert!(mended.bound <= best.value && best.bound <= mended.value, "{lost:?}");
        let (value, bound) = (mended.value, mended.bound.max(best.bound));
        let joined = mended.with_bound_of(&best);
        assert!((joined.value - value).abs() < 1e-12 && (joined.bound - bound.min(value)).abs() < 1e-12, "{lost:?}");
        checked(&smaller, &WeekOutcome::Planned(Box::new(joined)));
    }
}

#[test]
fn a_sheet_names_for_each_duty_the_next_best() {
    let data = everything();
    let (week, outcome) = solved(&data);
    let WeekOutcome::Planned(plan) = outcome else { panic!("no plan") };
    for (s, schedule) in plan.schedules.iter().enumerate().map(|(s, list)| (s, &list[0])) {
        let sheet = next_best(&week, &plan.certificate, s, schedule, 3);
        let tasks = schedule.posts.len() + schedule.forces.len() + schedule.duties.len() + schedule.routes.len();
        assert_eq!(sheet.len(), tasks);
        for next in &sheet {
            assert!(
                next.instead.len() <= 3 && next.instead.iter().all(|(task, saved)| *task != next.lost && *saved > 0.0)
            );
            assert!(next.instead.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            // Local people serve at the first four sites only.
            let local = next.contingent == 0;
            assert!(next.instead.iter().all(|(task, _)| !local || !matches!(task, Task::Post(4..))), "{next:?}");
        }
    }
}

#[test]
fn every_plan_of_a_curve_carries_a_proof_that_holds() {
    let problem = generate(Shape { sites: 80, bases: 6, personnel: 300, ..Shape::example() }, 5);
    for (personnel, plan) in curve_plans(&problem, None, &[200, 300, 250], &Options::default(), &Watch::none()) {
        let plan = plan.unwrap();
        assert_eq!(plan.personnel, personnel);
        checked_single(&problem.with_personnel(personnel).unwrap(), &Outcome::Planned(Box::new(plan)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_week_of_one_slot_reads_a_plan_backwards_as_the_one_slot_does(seed in 0u64..1_000, sites in 2usize..40, share in 0.2f64..1.0) {
        let shape = Shape { sites, bases: 2, floor_every: 0, mandatory_every: 0, ..Shape::example() };
        let problem = generate(shape, seed);
        let nothing = Schedule { probability: PROBABILITY_DENOMINATOR, posts: Vec::new(), forces: Vec::new() };
        let value = share * evaluate(&problem, std::slice::from_ref(&nothing)).unwrap().value;
        let people = people_equal(&problem, std::slice::from_ref(&nothing), value).unwrap();
        let week = Week::new(WeekData::from_single(problem.data())).unwrap();
        let seats = week_seats_equal(&week, &[vec![WeekSchedule::from_single(&nothing)]], value).unwrap();
        let relief = u64::from(problem.data().relief_factor_milli);
        prop_assert_eq!(seats.map(|seats| (seats * relief).div_ceil(1_000)), people.map(u64::from));
    }
}

#[test]
fn people_equal_reads_a_plan_backwards() {
    // One seat always at s0, four sites alike: the plan spreads it. 2 x 10 x (1 - 0.2) = 16 persons.
    let mut data = data((0..4).map(|ix| site(&format!("s{ix}"), 10, 0, 1)).collect(), 1);
    data.relief_factor_milli = 1_000;
    let problem = Problem::new(data.clone()).unwrap();
    let plan = planned_single(data);
    let present = [Schedule { probability: PROBABILITY_DENOMINATOR, posts: vec![0], forces: Vec::new() }];
    // To get below 20 with fixed posts all four must be guarded: three more people.
    assert_eq!(people_equal(&problem, &present, plan.value).unwrap(), Some(3));
    assert_eq!(people_equal(&problem, &present, 20.0).unwrap(), Some(0));
    assert_eq!(people_equal(&problem, &present, 1.0).unwrap(), None);
}

#[test]
fn an_explanation_says_what_would_change_the_posture() {
    let problem = generate(Shape { sites: 120, bases: 8, personnel: 300, ..Shape::example() }, 2);
    let Outcome::Planned(before) = plan(&problem, &Options::default(), &Watch::none()) else { panic!("no plan") };
    let reasons = explain(&problem, &before);
    assert_eq!(reasons.len(), 120);
    let open = |posture: Posture| matches!(posture, Posture::Open | Posture::Reached);
    // Of the sites without a post, the one nearest to getting one; at a quarter more than its stated
    // value it gets one when all is planned again.
    let nearest = (0..120)
        .filter(|&i| open(reasons[i].posture) && reasons[i].guarded_from_value.is_some())
        .min_by(|&a, &b| {
            let ratio =
                |i: usize| reasons[i].guarded_from_value.unwrap() / (problem.data().sites[i].value_milli as f64 / 1e3);
            ratio(a).total_cmp(&ratio(b))
        })
        .unwrap();
    let mut data = problem.data().clone();
    let from = reasons[nearest].guarded_from_value.unwrap();
    data.sites[nearest].value_milli = konbit_value(1.25 * from);
    let after = planned_single(data);
    assert!(after.sites[nearest].post_share > 0.0, "{:?} {:?}", reasons[nearest], after.sites[nearest]);
    let row = |reason: &konbit_protect::SiteReason| open(reason.posture) || reason.guarded_up_to_seats.is_some();
    assert!(reasons.iter().all(row));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of persons")]
fn konbit_value(persons: f64) -> u64 {
    (persons * 1e3) as u64
}

#[test]
fn sensitivity_plans_again_at_the_ends_of_an_interval() {
    let problem = generate(Shape { sites: 60, bases: 5, personnel: 200, ..Shape::example() }, 2);
    let Outcome::Planned(plan) = plan(&problem, &Options::default(), &Watch::none()) else { panic!("no plan") };
    let ends = [
        (Judged::Alpha, 500_000),
        (Judged::Alpha, 1_000_000),
        (Judged::StaticEffect, 950_000),
        (Judged::ForceEffect, 500_000),
    ];
    let found = sensitivity(&problem, &plan, &ends, &Options::default(), &Watch::none()).unwrap();
    assert!(found.iter().all(|end| end.value.is_some()));
    // The first end is the problem itself: another search, the same optimum to a per cent.
    let value = |at: usize| found[at].value.unwrap().0;
    assert!((value(0) - plan.value).abs() < 0.01 * plan.value);
    // Better posts cannot harm, weaker forces cannot help.
    assert!(value(2) <= plan.value * 1.005 && value(3) >= plan.value * 0.995);
    assert!(!found[1].moved.is_empty());
}

#[test]
fn more_seats_better_effects_and_lower_floors_never_harm() {
    let base = everything();
    let value = |change: &dyn Fn(&mut konbit_protect::WeekData)| {
        let mut data = base.clone();
        change(&mut data);
        planned(&data)
    };
    let before = value(&|_| {});
    for (name, after) in [
        ("seats", value(&|d| d.slots[0].seats[1].seats += 1)),
        ("posts", value(&|d| d.static_effect_ppm += 50_000)),
        ("patrols", value(&|d| d.patrol_effect_ppm += 50_000)),
        ("forces", value(&|d| d.reach[0].iter_mut().for_each(|reach| reach.effect_ppm += 50_000))),
        ("floors", value(&|d| d.slots[0].floors.clear())),
        ("visits", value(&|d| d.slots[0].visits.clear())),
        ("caveats", value(&|d| d.contingents[0].sites = None)),
    ] {
        // Bounds are proven, so that a worse plan would show as a bound above the old value.
        assert!(after.bound <= before.value * (1.0 + 1e-9), "{name}: {} {}", after.bound, before.value);
        assert!(after.value <= before.value * 1.01, "{name}: {} {}", after.value, before.value);
    }
}

//! Mixtures that break rules: scored all the same, and every rule that they break is told.

use crate::corrupt::everything;
use crate::week::any_week;
use konbit_protect::{
    BrokenRule as Rule, Contingent, PROBABILITY_DENOMINATOR, Route, SlotSeats, Task, Week, WeekBreach, WeekData,
    WeekSchedule, evaluate_week, score_week,
};
use proptest::prelude::*;

fn always() -> WeekSchedule {
    WeekSchedule {
        probability: PROBABILITY_DENOMINATOR,
        posts: Vec::new(),
        forces: Vec::new(),
        duties: Vec::new(),
        routes: Vec::new(),
    }
}

/// By day the mandatory post and a patrol that makes the mandatory visit, by night nobody.
fn sound() -> [WeekSchedule; 2] {
    let round = Route { area: 0, contingent: 1, stops: vec![(7, 10, 20)] };
    [WeekSchedule { posts: vec![(0, 1)], routes: vec![round], ..always() }, always()]
}

/// A change breaks these rules in this slot, and no others.
fn check(change: impl FnOnce(&mut [WeekSchedule; 2]), slot: usize, expect: &[Rule]) {
    let week = Week::new(everything()).unwrap();
    let mut plan = sound();
    change(&mut plan);
    let plan = plan.map(|schedule| vec![schedule]);
    let score = score_week(&week, &plan).unwrap();
    let expect: Vec<WeekBreach> = expect.iter().map(|&rule| WeekBreach { slot, schedule: 0, rule }).collect();
    assert_eq!(score.breaches, expect);
    assert_eq!(evaluate_week(&week, &plan).is_ok(), expect.is_empty());
}

#[test]
fn every_rule_that_is_broken_is_told_and_the_plan_is_scored() {
    let caveat = |contingent, task| Rule::Caveat { contingent, task };
    let stop = |plan: &mut [WeekSchedule; 2], stop| plan[0].routes[0].stops = vec![stop];
    let (early, late) = ((7, 5, 11), (7, 44, 54));
    check(|_| {}, 0, &[]);
    check(|plan| plan[0].posts.clear(), 0, &[Rule::Unposted { site: 0 }]);
    check(|plan| plan[0].routes.clear(), 0, &[Rule::Unvisited { site: 7 }]);
    check(|plan| plan[0].posts.push((5, 0)), 0, &[caveat(0, Task::Post(5))]);
    check(|plan| plan[0].forces = vec![(1, 1)], 0, &[Rule::Forces { base: 1, count: 1, most: 0 }]);
    check(|plan| plan[1].forces = vec![(0, 0), (0, 1)], 1, &[Rule::Forces { base: 0, count: 2, most: 1 }]);
    // Posts at s2 and s1 take 3 and 2 of the two seats that the local contingent has by night.
    check(|plan| plan[1].posts = vec![(1, 0), (2, 0)], 1, &[Rule::Seats { contingent: 0, needed: 5, available: 2 }]);
    check(|plan| plan[1].duties = vec![(0, 1)], 1, &[caveat(1, Task::Duty(0)), Rule::Closed { task: Task::Duty(0) }]);
    check(
        |plan| plan[1].routes = plan[0].routes.clone(),
        1,
        &[caveat(1, Task::Route(0)), Rule::Closed { task: Task::Route(0) }],
    );
    check(|plan| plan[0].routes[0].contingent = 0, 0, &[caveat(0, Task::Route(0))]);
    check(|plan| plan[0].routes.push(plan[0].routes[0].clone()), 0, &[Rule::Patrols { area: 0, count: 2, most: 1 }]);
    // From the base to s7, the third site of the area, it takes 4 + 3 minutes, and as many back.
    check(|plan| stop(plan, early), 0, &[Rule::Early { route: 0, site: 7, arrival: 5, earliest: 7 }]);
    check(|plan| stop(plan, late), 0, &[Rule::Late { route: 0, back: 61, end: 60 }]);
    check(|plan| stop(plan, (7, 10, 40)), 0, &[Rule::Stay { route: 0, site: 7, minutes: 30, allowed: (6, 18) }]);
}

#[test]
fn what_cannot_be_evaluated_at_all_is_a_fault() {
    let week = Week::new(everything()).unwrap();
    let fault = |change: fn(&mut [WeekSchedule; 2]), expect: &str| {
        let mut plan = sound();
        change(&mut plan);
        let said = score_week(&week, &plan.map(|schedule| vec![schedule])).unwrap_err().to_string();
        assert!(said.contains(expect), "{said}");
    };
    fault(|plan| plan[0].probability = 1, "sum to 1 of");
    fault(|plan| plan[0].posts.push((0, 0)), "twice");
    fault(|plan| plan[0].posts.push((8, 0)), "out of range");
    fault(|plan| plan[0].posts[0].1 = 9, "contingent number 9");
    fault(|plan| plan[0].routes[0].area = 9, "patrol area number 9");
    fault(|plan| plan[0].routes[0].stops.clear(), "goes nowhere");
    fault(|plan| plan[0].routes[0].stops[0].0 = 3, "site number 3, which is not there");
    fault(|plan| plan[0].routes[0].stops[0] = (7, 20, 10), "cannot follow");
    fault(|plan| plan[0].routes[0].stops[0] = (7, 50, 61), "cannot follow");
    fault(|plan| plan[0].routes[0].stops.push((7, 30, 40)), "cannot follow");
    fault(|plan| plan[0].routes[0].stops.push((2, 15, 25)), "cannot follow");
}

/// The same week without rules: everybody may do everything, there are people enough, nothing is demanded.
fn without_rules(mut data: WeekData) -> WeekData {
    data.contingents = data.contingents.iter().map(|crew| Contingent::anywhere(&crew.id)).collect();
    data.bases.iter_mut().for_each(|base| base.forces_max = 100);
    data.duties.iter_mut().for_each(|duty| duty.slots = None);
    for slot in &mut data.slots {
        slot.seats.fill(SlotSeats::any(1_000));
        slot.posts.clear();
        slot.visits.clear();
    }
    data
}

/// Some posts, forces and duties by anybody.
fn any_mixture(data: &WeekData) -> impl Strategy<Value = Vec<Vec<WeekSchedule>>> + use<> {
    let crews = u32::try_from(data.contingents.len()).unwrap();
    let some = move |count: usize| {
        prop::collection::vec((prop::bool::ANY, 0..crews), count).prop_map(|list| {
            let chosen = (0u32..).zip(list).filter(|(_, (keep, _))| *keep);
            chosen.map(|(ix, (_, crew))| (ix, crew)).collect::<Vec<_>>()
        })
    };
    let (sites, bases, duties) = (data.sites.len(), data.bases.len(), data.duties.len());
    let slots = data.slots.len();
    let pair = prop::collection::vec((some(sites), some(bases), some(duties)), 2);
    let one = (pair, 0..=PROBABILITY_DENOMINATOR).prop_map(|(two, part)| {
        let shares = [part, PROBABILITY_DENOMINATOR - part];
        let schedule = |((posts, forces, duties), probability)| WeekSchedule {
            probability,
            posts,
            forces,
            duties,
            routes: Vec::new(),
        };
        two.into_iter().zip(shares).map(schedule).collect::<Vec<_>>()
    });
    prop::collection::vec(one, slots)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_broken_plan_is_worth_what_it_were_worth_without_the_rules(
        (data, plan) in any_week(true).prop_flat_map(|data| { let plan = any_mixture(&data); (Just(data), plan) })
    ) {
        let week = Week::new(data.clone()).unwrap();
        let score = score_week(&week, &plan).unwrap();
        let free = Week::new(without_rules(data)).unwrap();
        prop_assert_eq!(&score.evaluation, &evaluate_week(&free, &plan).unwrap());
        let strict = evaluate_week(&week, &plan);
        prop_assert_eq!(strict.is_ok(), score.breaches.is_empty(), "{:?}", score.breaches);
        if let Ok(strict) = strict {
            prop_assert_eq!(strict, score.evaluation);
        }
    }
}

use crate::{loose, random};
use konbit_base::Digest;
use konbit_base::rng::seeded;
use konbit_roster::{
    Broken, Contingent, Options, Problem, RosterData, RosterError, Rules, Section, Status, Watch, check_roster, roster,
};
use proptest::prelude::*;

const QUICK: Options = Options { seed: 1, rounds_max: 40, repairs_max: 5 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_roster_breaks_a_rule(sections in 0u32..9, contingents in 1u32..3, fine in 0u8..2, seed in 0u64..10_000) {
        let rules = if seed.is_multiple_of(2) { Rules::default() } else { loose(&mut seeded(seed, 9)) };
        let (slot, slots) = if fine == 0 { (180, 56) } else { (240, 30) };
        let problem = random(slot, slots, contingents, sections, rules, seed);
        let made = roster(&problem, &QUICK, &Watch::none());
        prop_assert_eq!(check_roster(&problem, &made), []);
        prop_assert!(made.bound <= made.value);
    }

    #[test]
    fn the_order_of_sections_and_contingents_changes_only_their_order(seed in 0u64..10_000) {
        let problem = random(240, 42, 2, 6, Rules::default(), seed);
        let mut data = problem.data().clone();
        data.sections.reverse();
        data.contingents.reverse();
        for section in &mut data.sections {
            section.contingent = 1 - section.contingent;
        }
        let (a, b) = (roster(&problem, &QUICK, &Watch::none()), roster(&Problem::new(data).unwrap(), &QUICK, &Watch::none()));
        prop_assert_eq!((a.value, a.bound), (b.value, b.bound));
        let reversed: Vec<_> = b.sections.into_iter().rev().collect();
        prop_assert_eq!(a.sections, reversed);
    }
}

#[test]
fn one_seed_one_roster() {
    let problem = random(180, 56, 2, 8, Rules::default(), 5);
    let bytes = || roster(&problem, &QUICK, &Watch::none()).to_bytes();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_roster_that_is_stopped_keeps_the_rules_and_its_bound_holds() {
    let problem = random(180, 56, 2, 8, Rules::default(), 6);
    let stopped = roster(&problem, &QUICK, &Watch { should_stop: &|| true });
    assert_eq!(check_roster(&problem, &stopped), []);
    let whole = roster(&problem, &QUICK, &Watch::none());
    assert!(stopped.bound <= whole.bound && whole.bound <= stopped.value, "{} {}", stopped.bound, stopped.value);
}

fn one_section(demand: u32, persons: u32) -> RosterData {
    RosterData {
        slot_minutes: 180,
        weights: vec![1; 56],
        kinds: vec![],
        contingents: vec![Contingent { id: "c".into(), demand: vec![demand; 56] }],
        sections: vec![Section {
            id: "s".into(),
            contingent: 0,
            base: "b".into(),
            persons,
            travel_minutes: 30,
            leave: vec![],
        }],
        rules: Rules::default(),
    }
}

#[test]
fn demand_beyond_all_who_are_present_is_reported() {
    // Ten persons less 15 %, rounded up to two away: eight present.
    let problem = Problem::new(one_section(20, 10)).unwrap();
    let made = roster(&problem, &QUICK, &Watch::none());
    assert_eq!((made.sections[0].seats, made.sections[0].away), (8, 2));
    assert_eq!(made.uncovered.len(), 56);
    assert!(made.uncovered.iter().all(|open| open.present == 8 && open.wanted == 20));
    // Within 48 h, four duties with an hour of ways each leave 44 h, which is 14 slots; fewer
    // duties of at most 12 h, or more ways, leave no more.
    let on_duty = made.seats[0].seats.iter().filter(|&&seats| seats > 0).count();
    assert_eq!(on_duty, 14);
    assert!(made.sections[0].work_minutes <= 2_880);
    assert_eq!(made.status, Status::Optimal);
}

#[test]
fn demand_that_can_be_met_leaves_nothing_open() {
    let mut data = one_section(0, 10);
    data.contingents[0].demand[5] = 8;
    let made = roster(&Problem::new(data).unwrap(), &QUICK, &Watch::none());
    assert_eq!((made.value, made.bound, made.uncovered.len()), (0, 0, 0));
}

#[test]
fn a_roster_without_sections_leaves_all_open() {
    let mut data = one_section(4, 10);
    data.sections.clear();
    let made = roster(&Problem::new(data).unwrap(), &QUICK, &Watch::none());
    // Each quarter is one seat: 4 + 3 + 2 + 1 in each of 56 slots.
    assert_eq!((made.value, made.bound, made.status), (560, 560, Status::Optimal));
}

#[test]
fn numbers_that_are_no_problem_are_refused() {
    let check = |change: &dyn Fn(&mut RosterData), expect: &str| {
        let mut data = one_section(1, 1);
        change(&mut data);
        assert_eq!(Problem::new(data).unwrap_err().to_string(), expect);
    };
    check(&|d| d.slot_minutes = 7, "slot_minutes of the cycle is 7; it must be between 30 and 720");
    check(&|d| d.sections[0].contingent = 1, "contingent of section \"s\" is 1; it must be between 0 and 0");
    check(
        &|d| d.sections[0].leave = vec![3, 2],
        "the leave of section \"s\" is not in ascending order; sort its slots and drop repetitions",
    );
    check(
        &|d| d.rules.long_rest_minutes_min = 60,
        "long_rest_minutes_min of the rules is 60; it must be between 1440 and 43200",
    );
    check(
        &|d| d.kinds = vec![0],
        "the roster has a kind for 1 slots; the cycle has 56: give every slot a kind, or none",
    );
    check(&|d| d.kinds = (1..57).collect(), "kind of slot 55 is 56; it must be between 0 and 55");
    let mut twice = one_section(1, 1);
    twice.sections.push(twice.sections[0].clone());
    assert_eq!(Problem::new(twice), Err(RosterError::Id { what: "section", id: "s".into() }));
}

#[test]
fn the_checker_sees_each_kind_of_breach() {
    let mut data = one_section(8, 10);
    data.sections[0].leave = vec![40];
    let problem = Problem::new(data).unwrap();
    let good = roster(&problem, &QUICK, &Watch::none());
    assert_eq!(check_roster(&problem, &good), []);
    let check = |duties: &[(u32, u32)], seen: &dyn Fn(&Broken) -> bool| {
        let mut bad = good.clone();
        bad.sections[0].duties = duties.iter().map(|&(slot, slots)| konbit_roster::Duty { slot, slots }).collect();
        let broken = check_roster(&problem, &bad);
        assert!(broken.iter().any(seen), "{duties:?}: {broken:?}");
    };
    check(&[(0, 5)], &|b| matches!(b, Broken::DutyLength { minutes: 900, .. }));
    check(&[(0, 2), (4, 2)], &|b| matches!(b, Broken::Rest { slot: 4, minutes: 300, .. }));
    check(&[(0, 2), (54, 1)], &|b| matches!(b, Broken::Rest { slot: 0, minutes: 120, .. }));
    check(&[(0, 3), (7, 1)], &|b| matches!(b, Broken::DayWork { .. }));
    check(&[(39, 1)], &|b| matches!(b, Broken::Leave { slot: 40, .. }));
    check(&[(0, 4), (8, 4), (16, 4), (24, 4), (32, 4)], &|b| matches!(b, Broken::CycleWork { .. }));
    check(&[(0, 1), (10, 1), (20, 1), (30, 1), (40, 1), (47, 1)], &|b| matches!(b, Broken::LongRest { .. }));
    let mut bad = good.clone();
    bad.value -= 1;
    assert!(check_roster(&problem, &bad).iter().any(|b| matches!(b, Broken::Figure { .. })));
    let mut bad = good.clone();
    bad.seats[0].kinds = vec![0];
    assert!(check_roster(&problem, &bad).iter().any(|b| matches!(b, Broken::Figure { .. })));
    let mut bad = good;
    bad.seats[0].seats[0] += 1;
    assert!(check_roster(&problem, &bad).iter().any(|b| matches!(b, Broken::Figure { .. })));
}

#[test]
fn without_kinds_problems_and_rosters_are_byte_for_byte_what_they_were_before_there_were_kinds() {
    let check = |seed, problem_hash: &str, value, bound, roster_hash: &str| {
        let problem = random(180, 56, 2, 8, Rules::default(), seed);
        let made = roster(&problem, &QUICK, &Watch::none());
        assert_eq!((problem.hash().to_string().as_str(), made.value, made.bound), (problem_hash, value, bound));
        assert_eq!(Digest::of(&made.to_bytes()).to_string(), roster_hash);
    };
    check(
        5,
        "f595f6c185c18179b0e4670009a0e5ead8e6093761a1fe2be0e79889be788fa8",
        2_226,
        2_116,
        "030c1253a743a233b9d598ecb55920adb2b1c610ad9362f0de424fb1f91550d6",
    );
    check(
        11,
        "564a443d84178b951bad306026a07c18a70041367e277beaa4f5850f62c2101f",
        2_266,
        2_254,
        "52b5d82258ec46c7c859c6d7e9b1dfdf5ed9ce0e99d2e9eb036d24acdc048fe1",
    );
}

use crate::{below, loose, random};
use konbit_base::rng::seeded;
use konbit_roster::{
    Contingent, Options, Problem, Roster, RosterData, Rules, Section, Status, Watch, check_roster, roster,
};
use proptest::prelude::*;

const QUICK: Options = Options { seed: 1, rounds_max: 40, repairs_max: 5 };

/// Kinds of a week of three-hour slots: weekdays by day, weekends by day, nights.
fn week_kinds() -> Vec<u32> {
    let kind = |slot: u32| match (slot % 8, slot / 8) {
        (0 | 1 | 6 | 7, _) => 2,
        (_, 5 | 6) => 1,
        _ => 0,
    };
    (0..56).map(kind).collect()
}

/// Sections of ten present, in a week whose kinds want so many seats each.
fn week(sections: u32, wanted: [u32; 3]) -> RosterData {
    let kinds = week_kinds();
    let section = |ix: u32| Section {
        id: format!("s-{ix:02}"),
        contingent: 0,
        base: "b".into(),
        persons: 12,
        travel_minutes: 30,
        leave: vec![],
    };
    RosterData {
        slot_minutes: 180,
        weights: vec![1; 56],
        contingents: vec![Contingent {
            id: "c".into(),
            demand: kinds.iter().map(|kind| wanted[*kind as usize]).collect(),
        }],
        kinds,
        sections: (0..sections).map(section).collect(),
        rules: Rules::default(),
    }
}

/// A roster that the checker finds nothing in.
fn made(data: RosterData) -> Roster {
    let problem = Problem::new(data).unwrap();
    let made = roster(&problem, &Options::default(), &Watch::none());
    assert_eq!(check_roster(&problem, &made), []);
    made
}

fn check(sections: u32, wanted: [u32; 3], kinds: [u32; 3], value: i64) {
    let made = made(week(sections, wanted));
    assert_eq!((made.seats[0].kinds.as_slice(), made.value), (kinds.as_slice(), value), "{sections} {wanted:?}");
    assert_eq!(made.status, Status::Optimal);
}

#[test]
fn the_leanest_slots_are_filled_first() {
    check(0, [0, 0, 0], [0, 0, 0], 0);
    check(6, [0, 0, 0], [0, 0, 0], 0);
    // One section cannot be on duty in all slots of any kind, so that the leanest of each has none.
    // Of 16 seats each sixteenth is one: 65,535 in each of the slots with none on duty.
    check(1, [16, 16, 16], [0, 0, 0], 56 * 65_535);
    // Thirty are enough for ten seats in every slot.
    check(30, [10, 10, 10], [10, 10, 10], 0);
}

#[test]
fn more_wanted_than_there_is_leaves_the_same_people_in_each_kind() {
    let least = |wanted| made(week(12, wanted)).seats[0].kinds.clone();
    let base = least([33, 30, 27]);
    // A tenth more, a quarter more, half as much again, twice as many.
    for wanted in [[36, 33, 30], [41, 38, 34], [50, 45, 41], [66, 60, 54]] {
        assert_eq!(least(wanted), base, "{wanted:?}");
    }
}

#[test]
fn a_problem_with_kinds_is_another_problem_than_one_without() {
    let with = week(3, [8, 8, 8]);
    let without = RosterData { kinds: vec![], ..with.clone() };
    let hash = |data| Problem::new(data).unwrap().hash();
    assert_ne!(hash(with.clone()), hash(without.clone()));
    let text = |data: &RosterData| serde_json::to_string(data).unwrap();
    assert!(text(&with).contains("\"kinds\"") && !text(&without).contains("\"kinds\""));
    assert_eq!(serde_json::from_str::<RosterData>(&text(&with)).unwrap(), with);
}

#[test]
fn few_and_many_kinds_give_rosters_that_are_better_than_none_and_bounds() {
    let check = |kinds: u32| {
        let data = random(360, 28, 1, 5, Rules::default(), 4).data().clone();
        let data = RosterData { kinds: (0..28).map(|slot| slot * kinds / 28).collect(), ..data };
        let nobody = RosterData { sections: vec![], ..data.clone() };
        let value = |data| {
            let problem = Problem::new(data).unwrap();
            let made = roster(&problem, &QUICK, &Watch::none());
            assert_eq!(check_roster(&problem, &made), []);
            assert!(0 < made.bound && made.bound <= made.value, "{kinds}: {} {}", made.bound, made.value);
            made.value
        };
        assert!(value(data) < value(nobody), "{kinds}");
    };
    check(28);
    check(14);
    check(7);
}

#[test]
fn a_roster_of_kinds_that_is_stopped_keeps_the_rules_and_its_bound_holds() {
    let problem = Problem::new(week(9, [24, 22, 20])).unwrap();
    let stopped = roster(&problem, &QUICK, &Watch { should_stop: &|| true });
    assert_eq!((check_roster(&problem, &stopped), stopped.status), (vec![], Status::LimitReached));
    let whole = roster(&problem, &QUICK, &Watch::none());
    assert!(stopped.bound <= whole.bound && whole.bound <= stopped.value, "{} {}", stopped.bound, stopped.value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5))]

    #[test]
    fn no_roster_of_kinds_breaks_a_rule(
        sections in 0u32..6, contingents in 1u32..3, kinds in 1u32..5, fine in 0u8..2, seed in 0u64..10_000
    ) {
        let mut rng = seeded(seed, 9);
        let rules = if seed.is_multiple_of(2) { Rules::default() } else { loose(&mut rng) };
        let (slot, slots) = if fine == 0 { (180, 56) } else { (240, 30) };
        let mut data = random(slot, slots, contingents, sections, rules, seed).data().clone();
        data.kinds = (0..slots).map(|_| below(kinds, &mut rng)).collect();
        let problem = Problem::new(data).unwrap();
        let made = roster(&problem, &QUICK, &Watch::none());
        prop_assert_eq!(check_roster(&problem, &made), []);
        prop_assert!(made.bound <= made.value);
        prop_assert_eq!(roster(&problem, &QUICK, &Watch::none()).to_bytes(), made.to_bytes());
    }

    #[test]
    fn the_order_of_sections_changes_only_their_order(seed in 0u64..10_000) {
        let mut data = random(240, 42, 1, 4, Rules::default(), seed).data().clone();
        data.kinds = (0..42).map(|slot| slot % 3).collect();
        let a = roster(&Problem::new(data.clone()).unwrap(), &QUICK, &Watch::none());
        data.sections.reverse();
        let b = roster(&Problem::new(data).unwrap(), &QUICK, &Watch::none());
        prop_assert_eq!((a.value, a.bound), (b.value, b.bound));
        let reversed: Vec<_> = b.sections.into_iter().rev().collect();
        prop_assert_eq!(a.sections, reversed);
    }
}

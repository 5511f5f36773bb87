use crate::{below, loose, random};
use konbit_base::rng::seeded;
use konbit_roster::{
    Activity, Broken, Duty, Options, Problem, Roster, RosterData, Status, Watch, check_roster, roster,
};

/// The roster that puts the sections on duty as the bits of `patterns` say; its figures are not
/// filled in, so the checker will complain of these.
fn by_hand(problem: &Problem, empty: &Roster, patterns: &[u32]) -> Roster {
    let slots = problem.slots();
    let mut roster = empty.clone();
    for (section, &bits) in roster.sections.iter_mut().zip(patterns) {
        let on = |slot: usize| bits >> (slot % slots) & 1 == 1;
        let starts = (0..slots).filter(|&slot| on(slot) && !on(slot + slots - 1));
        let run = |slot: usize| (0..slots).take_while(|step| on(slot + step)).count();
        let duty = |slot: usize| Duty { slot: u32::try_from(slot).unwrap(), slots: u32::try_from(run(slot)).unwrap() };
        section.duties = starts.map(duty).collect();
        section.activities = (0..slots).map(|s| if on(s) { Activity::Duty } else { Activity::Rest }).collect();
    }
    roster
}

/// All patterns of each section that the checker finds nothing in.
fn allowed(problem: &Problem, empty: &Roster) -> Vec<Vec<u32>> {
    let count = empty.sections.len();
    let all = |ix: usize| {
        let clean = |bits: u32| {
            let mut patterns = vec![0; count];
            patterns[ix] = bits;
            // All slots on duty has no start and so no duties: not a pattern.
            let full = bits == (1 << problem.slots()) - 1;
            let broken = check_roster(problem, &by_hand(problem, empty, &patterns));
            !full && broken.iter().all(|b| matches!(b, Broken::Figure { .. }))
        };
        (0..1u32 << problem.slots()).filter(|&bits| clean(bits)).collect()
    };
    (0..count).map(all).collect()
}

fn cost(problem: &Problem, empty: &Roster, patterns: &[u32]) -> i64 {
    let data = problem.data();
    let mut cost = 0;
    for (c, contingent) in data.contingents.iter().enumerate() {
        for (slot, &wanted) in contingent.demand.iter().enumerate() {
            let is_alike = |other: &usize| *other == slot || data.kinds.get(*other) == Some(&data.kinds[slot]);
            let alike = (0..contingent.demand.len()).filter(|other| !data.kinds.is_empty() && is_alike(other));
            let covered = |slot: usize| -> u32 {
                let on = |ix: &usize| data.sections[*ix].contingent as usize == c && patterns[*ix] >> slot & 1 == 1;
                (0..patterns.len()).filter(on).map(|ix| empty.sections[ix].seats).sum()
            };
            let covered = alike.chain([slot]).map(covered).min().unwrap();
            for seat in covered..wanted.max(covered) {
                // The quarter of the demand that this seat lies in, from 0; with kinds the sixteenth.
                let quarter = (0..3).filter(|q| seat >= wanted * (q + 1) / 4).count();
                let sixteenth = (0..15).filter(|q| seat >= wanted * (q + 1) / 16).count();
                let price =
                    if data.kinds.is_empty() { 4 - i64::try_from(quarter).unwrap() } else { 32_768 >> sixteenth };
                cost += i64::from(data.weights[slot]) * price;
            }
        }
    }
    cost
}

fn least(problem: &Problem, empty: &Roster) -> i64 {
    let allowed = allowed(problem, empty);
    let mut patterns = vec![0; allowed.len()];
    let mut least = i64::MAX;
    let count: usize = allowed.iter().map(Vec::len).product();
    for mut number in 0..count {
        for (pattern, list) in patterns.iter_mut().zip(&allowed) {
            *pattern = list[number % list.len()];
            number /= list.len();
        }
        least = least.min(cost(problem, empty, &patterns));
    }
    least
}

/// Seven slots of eight hours, or ten of six.
fn tiny(sections: u32, seed: u64) -> Problem {
    let mut rng = seeded(seed, 9);
    let (slot, slots) = if sections < 3 && seed.is_multiple_of(2) { (360, 10) } else { (480, 7) };
    random(slot, slots, 1, sections, loose(&mut rng), seed)
}

/// Whether the roster is the best of all; that the best lies between bound and value is asserted.
fn is_best(problem: &Problem, seed: u64) -> bool {
    let made = roster(problem, &Options::default(), &Watch::none());
    assert_eq!(check_roster(problem, &made), [], "seed {seed}");
    let least = least(problem, &made);
    assert!(made.bound <= least && least <= made.value, "seed {seed}: {} to {}, least {least}", made.bound, made.value);
    assert_eq!(made.status == Status::Optimal, made.bound == made.value);
    made.value == least
}

fn check(sections: u32, seed: u64) -> bool {
    is_best(&tiny(sections, seed), seed)
}

/// The same with kinds of slot drawn at random, `kinds` at most; every third time all slots of a
/// kind want the same.
fn check_kinds(sections: u32, kinds: u32, seed: u64) -> bool {
    let mut data = tiny(sections, seed).data().clone();
    let mut rng = seeded(seed, 10);
    data.kinds = data.weights.iter().map(|_| below(kinds, &mut rng)).collect();
    if seed.is_multiple_of(3) {
        for contingent in &mut data.contingents {
            let wanted: Vec<u32> = (0..kinds).map(|_| below(5 * sections + 9, &mut rng)).collect();
            contingent.demand = data.kinds.iter().map(|kind| wanted[*kind as usize]).collect();
        }
    }
    is_best(&Problem::new(data).unwrap(), seed)
}

#[test]
fn one_section_gets_its_best_pattern() {
    for seed in 0..60 {
        assert!(check(1, seed), "seed {seed}");
    }
}

#[test]
fn bound_and_value_enclose_the_best_of_all_rosters_of_two_or_three_sections() {
    let best = (0..40).filter(|&seed| check(2 + u32::try_from(seed % 2).unwrap(), seed)).count();
    // Taking sections out and putting them back is no proof; on problems of this size it has
    // always found the best.
    assert_eq!(best, 40);
}

#[test]
fn with_kinds_one_section_gets_its_best_pattern() {
    for (seed, kinds) in (0..60).zip([1, 2, 3].into_iter().cycle()) {
        assert!(check_kinds(1, kinds, seed), "seed {seed}");
    }
}

#[test]
fn with_kinds_bound_and_value_enclose_the_best_of_all_rosters_of_two_or_three_sections() {
    let kinds = [1, 2, 4].into_iter().cycle();
    let best =
        (0..40).zip(kinds).filter(|&(seed, kinds)| check_kinds(2 + u32::try_from(seed % 2).unwrap(), kinds, seed));
    assert_eq!(best.count(), 40);
}

#[test]
fn a_kind_for_every_slot_weighs_each_slot_by_sixteenths() {
    let check = |seed| {
        let data = tiny(2, seed).data().clone();
        let kinds = (0..u32::try_from(data.weights.len()).unwrap()).rev().collect();
        is_best(&Problem::new(RosterData { kinds, ..data }).unwrap(), seed)
    };
    assert_eq!((0..20).filter(|&seed| check(seed)).count(), 20);
}

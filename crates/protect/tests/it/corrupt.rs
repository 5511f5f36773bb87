//! The checker on weeks: it accepts the plan, and none of a hundred changed ones.

use crate::week::{checked, simple, slot, solved};
use konbit_plan_check::{Refusal, check};
use konbit_protect::{
    Contingent, Group, PatrolArea, PatrolDuty, ProblemBase, Reach, SlotKind, SlotSeats, WeekData, WeekDocument,
    WeekSite,
};
use serde_json::{Value, json};

/// Two slots, two groups, two contingents with caveats, forces, a duty, an area, a floor, a post and a
/// visit that must be: something of everything.
pub fn everything() -> WeekData {
    let sites = (0..8).map(|ix| WeekSite { id: format!("s{ix}"), seats: 1 + ix % 3, position: None });
    let travel = |a: usize, b: usize| if a == b { 0 } else { 4 + u32::try_from(a.abs_diff(b)).unwrap() };
    let pair = |(site, base, effect_ppm)| Reach { site, base, effect_ppm, minutes_tenths: 50 };
    let night = SlotSeats { seats: 4, posts: true, forces: true, patrols: false };
    WeekData {
        sites: sites.collect(),
        bases: vec![
            ProblemBase { id: "b0".to_owned(), forces_max: 1, seats: 2 },
            ProblemBase { id: "b1".to_owned(), forces_max: 0, seats: 2 },
        ],
        contingents: vec![
            Contingent { sites: Some(vec![0, 1, 2, 3]), areas: Some(Vec::new()), ..Contingent::anywhere("local") },
            Contingent::anywhere("mobile"),
        ],
        groups: vec![
            Group { id: "west".to_owned(), share_ppm: 400_000, sites: Some(vec![0, 1, 2, 3, 4]) },
            Group { id: "east".to_owned(), share_ppm: 600_000, sites: None },
        ],
        duties: vec![PatrolDuty {
            id: "round".to_owned(),
            seats: 1,
            visits: vec![(5, 20), (6, 15)],
            slots: Some(vec![0]),
        }],
        areas: vec![PatrolArea {
            id: "town".to_owned(),
            seats: 1,
            patrols_max: 1,
            sites: vec![2, 4, 7],
            travel_minutes: (0..4).map(|a| (0..4).map(|b| travel(a, b)).collect()).collect(),
            stay_minutes_min: 6,
            stay_minutes_max: 18,
            slots: Some(vec![0]),
        }],
        values_milli: vec![(0..8).map(|ix| 9_000 + 3_100 * ix).collect()],
        attempts_micro: vec![(0..8).map(|ix| 40_000 * (ix % 5)).collect()],
        reach: vec![[(3, 0, 500_000), (4, 0, 400_000), (5, 0, 300_000), (6, 1, 900_000)].map(pair).to_vec()],
        slots: vec![
            SlotKind {
                count: 5,
                floors: vec![(1, 100_000)],
                posts: vec![0],
                visits: vec![7],
                ..slot("day", vec![SlotSeats::any(3), SlotSeats::any(6)])
            },
            SlotKind { count: 3, floors: vec![(3, 50_000)], ..slot("night", vec![SlotSeats::any(2), night]) },
        ],
        static_effect_ppm: 800_000,
        patrol_effect_ppm: 600_000,
        alpha_ppm: 500_000,
        watched_attempts_micro: 4_000_000,
    }
}

fn document() -> Value {
    let (week, outcome) = solved(&everything());
    checked(&week, &outcome);
    serde_json::from_slice(&WeekDocument::new(&week, &outcome, 1, 0.5).to_bytes()).unwrap()
}

fn text(document: &Value) -> String {
    let bytes = serde_json::to_vec(document).unwrap();
    check(&bytes).map_or_else(|refusal| refusal.to_string(), |_| "accepted".to_owned())
}

/// Writes the hash that the checker would compute.
fn rehash(document: &mut Value) {
    if let Err(Refusal::Hash { computed, .. }) = check(&serde_json::to_vec(document).unwrap()) {
        document["problem_hash"] = json!(computed);
    }
}

/// Place, new number, whether the hash is written anew, what the refusal says.
type Case = (&'static str, Value, bool, &'static str);

/// Each case is refused in words that contain its last member. There are 111 in all.
fn refused(cases: &[Case]) {
    let sound = document();
    assert_eq!(text(&sound), "accepted");
    let mut wrong = Vec::new();
    for (at, new, rehashed, expect) in cases {
        let mut changed = sound.clone();
        let (parent, key) = at.rsplit_once('/').unwrap();
        match changed.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = new.clone(),
            object => object[key] = new.clone(),
        }
        if *rehashed {
            rehash(&mut changed);
        }
        let said = text(&changed);
        if !said.contains(expect) {
            wrong.push(format!("{at} = {new}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_headline_of_a_week_that_was_changed_is_refused() {
    refused(&[
        ("/format", json!("konbit-plan/9"), false, "the format is"),
        ("/value", json!(0.5), false, "headline does not hold: value"),
        ("/value", json!(1e9), false, "headline does not hold: value"),
        ("/value", Value::Null, false, "there is no value"),
        ("/value", json!("x"), false, "not a plan file"),
        ("/bound", json!(1e9), false, "headline does not hold: bound"),
        ("/bound", json!(0.0), false, "headline does not hold: bound"),
        ("/bound", Value::Null, false, "there is no bound"),
        ("/gap", json!(0.9), false, "headline does not hold: gap"),
        ("/gap", json!(-0.9), false, "headline does not hold: gap"),
        ("/gap", Value::Null, false, "there is no gap"),
        ("/status", json!("splendid"), false, "no status"),
        ("/status", json!("infeasible"), false, "headline"),
        ("/seconds", json!(-1.0), false, "seconds"),
        ("/seed", json!("one"), false, "not a plan file"),
        ("/problem_hash", json!("00"), false, "the problem hash"),
        ("/probability_denominator", json!(0), false, "the denominator 0"),
        ("/probability_denominator", json!(999_999_999), false, "the probabilities sum"),
    ]);
}

#[test]
fn schedules_of_a_week_that_were_changed_are_refused() {
    refused(&[
        ("/schedules", json!([]), false, "kinds of slot"),
        ("/schedules/0", json!([]), false, "the probabilities sum to 0"),
        ("/schedules/0/0/probability", json!(0), false, "the probabilities sum"),
        ("/schedules/0/0/posts", json!([]), false, "where one is mandatory"),
        ("/schedules/0/0/posts", json!([[0, 0], [0, 0]]), false, "twice"),
        ("/schedules/0/0/posts", json!([[99, 0]]), false, "which is not there"),
        ("/schedules/0/0/posts", json!([[0, 7]]), false, "names contingent 7"),
        ("/schedules/0/0/posts", json!([[0, 0], [5, 0]]), false, "where it may not"),
        ("/schedules/0/0/posts", json!([[0, 1], [2, 1], [5, 1], [7, 1]]), false, "seats of"),
        ("/schedules/0/0/forces", json!([[1, 0]]), false, "more forces at"),
        ("/schedules/0/0/forces", json!([[0, 0], [0, 1]]), false, "more forces at"),
        ("/schedules/0/0/forces", json!([[9, 0]]), false, "names base 9"),
        ("/schedules/1/0/forces", json!([[0, 9]]), false, "names contingent 9"),
        ("/schedules/0/0/duties", json!([[0, 1], [0, 1]]), false, "twice"),
        ("/schedules/0/0/duties", json!([[4, 1]]), false, "names patrol duty 4"),
        ("/schedules/1/0/duties", json!([[0, 0]]), false, "where it may not"),
        ("/schedules/1/0/duties", json!([[0, 1]]), false, "where it may not"),
        ("/schedules/0/0/extra", json!(1), false, "not a plan file: unknown field"),
    ]);
}

#[test]
fn rounds_that_cannot_be_walked_are_refused() {
    refused(&[
        ("/schedules/0/0/routes", json!([{"area": 3, "contingent": 1, "stops": []}]), false, "names patrol area 3"),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 0, "stops": [[7, 8, 18]]}]),
            false,
            "where it may not",
        ),
        (
            "/schedules/1/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 18]]}]),
            false,
            "where it may not",
        ),
        ("/schedules/0/0/routes", json!([{"area": 0, "contingent": 1, "stops": []}]), false, "without a stop"),
        ("/schedules/0/0/routes", json!([{"area": 0, "contingent": 1, "stops": [[0, 8, 18]]}]), false, "not in it"),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 2, 12]]}]),
            false,
            "in minute 2, before",
        ),
        ("/schedules/0/0/routes", json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 9]]}]), false, "stay at site 7"),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 40]]}]),
            false,
            "stay at site 7",
        ),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 18, 8]]}]),
            false,
            "stay at site 7",
        ),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 14], [7, 20, 30]]}]),
            false,
            "twice running",
        ),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 14], [4, 15, 25]]}]),
            false,
            "in minute 15, before",
        ),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 45, 59]]}]),
            false,
            "come back in minute",
        ),
        (
            "/schedules/0/0/routes",
            json!([{"area": 0, "contingent": 1, "stops": [[7, 8, 18]]}, {"area": 0, "contingent": 1, "stops": [[7, 8, 18]]}]),
            false,
            "more patrols in",
        ),
    ]);
}

#[test]
fn a_certificate_of_a_week_that_was_changed_is_refused() {
    refused(&[
        ("/certificate", Value::Null, false, "certificate does not hold: there is none"),
        ("/certificate/attacker_denominator", json!(0), false, "attackers' denominator"),
        ("/certificate/attacker_denominator", json!(7), false, "sums to"),
        ("/certificate/attackers", json!([]), false, "mixtures for 0 groups"),
        ("/certificate/attackers/0", json!([]), false, "sums to 0"),
        ("/certificate/attackers/0", json!([[0, 7, 1_000_000_000]]), false, "beyond reach"),
        ("/certificate/attackers/0", json!([[5, 0, 1_000_000_000]]), false, "beyond reach"),
        ("/certificate/attackers/1", json!([[0, 1, 5], [0, 0, 5]]), false, "out of order"),
        ("/certificate/attackers/1", json!([[0, 0, 1_000_000_000]]), false, "headline does not hold: bound"),
        ("/certificate/price_denominator", json!(0), false, "denominator of prices"),
        ("/certificate/price_denominator", json!(1), false, "headline does not hold: bound"),
        ("/certificate/slots", json!([]), false, "one proof for each kind of slot"),
        ("/certificate/slots/0/slot", json!(1), false, "one proof for each kind of slot"),
        ("/certificate/slots/1/slot", json!(9), false, "one proof for each kind of slot"),
        ("/certificate/slots/0/nodes", json!([]), false, "node 0, which is not there"),
        ("/certificate/slots/0/floor_prices", json!([[77, 1]]), false, "out of range"),
        ("/certificate/slots/0/floor_prices", json!([[1, 5], [1, 5]]), false, "twice"),
        ("/certificate/slots/0/extra", json!(1), false, "unknown field"),
    ]);
}

#[test]
fn figures_of_a_week_that_were_changed_are_refused() {
    refused(&[
        ("/problem/alpha_ppm", json!(400_000), false, "the problem hash"),
        ("/problem/alpha_ppm", json!(400_000), true, "does not hold"),
        ("/problem/alpha_ppm", json!(2_000_000), true, "alpha_ppm is 2000000"),
        ("/problem/alpha_ppm", json!(0.5), false, "not a plan file"),
        ("/problem/static_effect_ppm", json!(700_000), true, "the floor of site"),
        ("/problem/patrol_effect_ppm", json!(100_000), true, "does not hold"),
        ("/problem/watched_attempts_micro", json!(9_000_000), true, "does not hold"),
        ("/problem/values_milli/0/3", json!(99_000), true, "does not hold"),
        ("/problem/values_milli/0", json!([1]), true, "not one per site"),
        ("/problem/attempts_micro/0/4", json!(9_000_000), true, "does not hold"),
        ("/problem/attempts_micro", json!([]), true, "table of attempts"),
        ("/problem/reach", json!([]), true, "table of reach"),
        ("/problem/reach/0/0/effect_ppm", json!(1_500_000), true, "effect_ppm of reach"),
        ("/problem/reach/0/0/site", json!(88), true, "which are not both there"),
        ("/problem/reach/0/1/site", json!(3), true, "twice"),
        ("/problem/groups/0/share_ppm", json!(300_000), true, "share_ppm of all groups"),
        ("/problem/groups/0/sites", json!([]), true, "reaches no site"),
        ("/problem/groups/0/sites", json!([3, 2]), true, "out of order"),
        ("/problem/groups", json!([]), true, "no groups"),
    ]);
}

#[test]
fn places_people_and_slots_that_were_changed_are_refused() {
    refused(&[
        ("/problem/contingents", json!([]), true, "no contingents"),
        ("/problem/contingents/1/id", json!("local"), true, "there twice"),
        ("/problem/contingents/0/sites", json!([1, 2, 3]), true, "where it may not"),
        ("/problem/contingents/0/bases", json!([9]), true, "out of range"),
        ("/problem/slots/0/seats/0/seats", json!(0), true, "seats of \"local\" and there are 0"),
        ("/problem/slots/0/seats/1/seats", json!(1), true, "seats of \"mobile\""),
        ("/problem/slots/0/seats", json!([]), true, "seats for 0 contingents"),
        ("/problem/slots/0/count", json!(0), true, "count of"),
        ("/problem/slots/0/count", json!(50), true, "does not hold"),
        ("/problem/slots/0/minutes", json!(30), true, "minutes of patrol duty"),
        ("/problem/slots/0/minutes", json!(120), true, "does not hold"),
        ("/problem/slots/0/floors", json!([[1, 990_000]]), true, "the floor of site"),
        ("/problem/slots/0/posts", json!([0, 6]), true, "where one is mandatory"),
        ("/problem/slots/1/visits", json!([6]), true, "where a visit is mandatory"),
        ("/problem/slots/0/values", json!(4), true, "table of values"),
        ("/problem/slots/1/id", json!("day"), true, "there twice"),
        ("/problem/slots", json!([]), true, "no kinds of slot"),
        ("/problem/sites/0/seats", json!(0), true, "seats of site"),
        ("/problem/bases/0/seats", json!(0), true, "seats of base"),
        ("/problem/duties/0/visits", json!([[5, 0]]), true, "minutes of patrol duty"),
        ("/problem/duties/0/seats", json!(0), true, "seats of patrol duty"),
        ("/problem/areas/0/travel_minutes", json!([[0]]), true, "is not a table of 4 by 4"),
        ("/problem/areas/0/travel_minutes/0/1", json!(0), true, "travel_minutes of"),
        ("/problem/areas/0/stay_minutes_max", json!(1), true, "stay_minutes_max"),
        ("/problem/areas/0/patrols_max", json!(0), true, "more patrols in"),
    ]);
}

#[test]
fn seats_that_count_whole_are_those_of_contingents_and_of_no_more_than_they_have() {
    let sound = document();
    let leaf = |document: &Value| {
        let nodes = document["certificate"]["slots"][0]["nodes"].as_array().unwrap();
        nodes.iter().position(|node| node["kind"] == "bound").unwrap()
    };
    let with = |whole: Value| {
        let mut changed = sound.clone();
        changed["certificate"]["slots"][0]["nodes"][leaf(&sound)]["whole_seats"] = whole;
        text(&changed)
    };
    // Whole things never earn more than their prices, so that naming contingents costs no bound.
    assert_eq!(with(json!([0, 1])), "accepted");
    for (whole, says) in [
        (json!([2]), "counts whole seats of contingents [2]"),
        (json!([1, 0]), "no ascending list"),
        (json!([0, 0]), "no ascending list"),
        (json!([-1]), "not a plan file"),
        (json!(1), "not a plan file"),
    ] {
        let said = with(whole.clone());
        assert!(said.contains(says), "{whole}: {said}");
    }
}

#[test]
fn a_bound_that_rests_on_whole_seats_is_refused_without_them() {
    let mut data = simple(&[(50, 10), (45, 8), (1, 4)], 14);
    (data.alpha_ppm, data.attempts_micro[0]) = (0, vec![1_000_000; 3]);
    let (week, outcome) = solved(&data);
    checked(&week, &outcome);
    let mut document = serde_json::to_value(WeekDocument::new(&week, &outcome, 1, 0.5)).unwrap();
    let nodes = &document["certificate"]["slots"][0]["nodes"];
    assert_eq!((nodes.as_array().unwrap().len(), &nodes[0]["whole_seats"]), (1, &json!([0])), "{nodes}");
    document["certificate"]["slots"][0]["nodes"][0]["whole_seats"] = json!([]);
    assert!(text(&document).contains("headline does not hold: bound"), "{}", text(&document));
}

#[test]
fn a_lower_price_anywhere_in_the_proof_is_never_accepted_with_a_better_bound() {
    let sound = document();
    let slots = sound["certificate"]["slots"].as_array().unwrap().len();
    for s in 0..slots {
        let nodes = sound["certificate"]["slots"][s]["nodes"].as_array().unwrap();
        let leaf = nodes.iter().position(|node| node["kind"] == "bound").unwrap();
        for c in 0..2 {
            let mut changed = sound.clone();
            let price = &mut changed["certificate"]["slots"][s]["nodes"][leaf]["seat_prices"][c];
            *price = json!(price.as_u64().unwrap() / 2);
            changed["bound"] = json!(sound["bound"].as_f64().unwrap() * 1.000_01);
            assert!(text(&changed).contains("does not hold"), "slot {s}, contingent {c}");
        }
    }
}

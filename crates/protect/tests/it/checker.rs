//! The independent checker: it accepts every plan, and no plan with one number changed.

use crate::problems::{any_problem, checked, site, solve};
use konbit_plan_check::{Refusal, check};
use konbit_protect::generate::{Shape, generate};
use konbit_protect::{CurvePoint, Options, Outcome, PlanDocument, Problem, Watch, plan};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A plan with floors, mandatory posts, forces and several schedules, as JSON.
/// Its options are fixed, so that the changes below hit what they name whatever the defaults are.
fn document() -> Value {
    let shape = Shape { sites: 90, bases: 12, personnel: 250, floor_every: 8, mandatory_every: 30, ..Shape::example() };
    let problem = generate(shape, 2);
    let outcome = plan(&problem, &Options { gap_target: 0.002, draws: 150, ..Options::default() }, &Watch::none());
    let point = CurvePoint { personnel: 300, value: Some(1.0), bound: Some(0.5) };
    serde_json::from_slice(&PlanDocument::new(&problem, &outcome, 1, 0.5, vec![point]).to_bytes()).unwrap()
}

fn refusal(document: &Value) -> Refusal {
    check(&serde_json::to_vec(document).unwrap()).expect_err("a changed plan was accepted")
}

/// Sets the number at `at` to what `change` makes of it.
fn scaled(document: &mut Value, at: &str, factor: f64) {
    let number = document.pointer_mut(at).unwrap();
    *number = json!(number.as_f64().unwrap() * factor);
}

fn moved(document: &mut Value, at: &str, by: i64) {
    let number = document.pointer_mut(at).unwrap();
    *number = json!(number.as_i64().unwrap() + by);
}

/// Writes the hash that the checker would compute, so that a changed problem gets past the hash.
fn rehashed(document: &mut Value) {
    let stated = document["problem_hash"].clone();
    if let Refusal::Hash { computed, .. } = refusal(document) {
        document["problem_hash"] = json!(computed);
    }
    assert_ne!(document["problem_hash"], stated, "the problem was changed");
}

fn forced(document: &Value) -> usize {
    let schedules = document["schedules"].as_array().unwrap();
    schedules.iter().position(|schedule| !schedule["forces"].as_array().unwrap().is_empty()).expect("a force")
}

/// What is done to a sound plan.
type Change = fn(&mut Value);

/// Each change, by name, is refused in words that contain the third member.
fn refused(changes: &[(&str, Change, &str)]) {
    let sound = document();
    check(&serde_json::to_vec(&sound).unwrap()).unwrap();
    for (name, change, expect) in changes {
        let mut document = sound.clone();
        change(&mut document);
        let bytes = serde_json::to_vec(&document).unwrap();
        let text = check(&bytes).map_or_else(|refusal| refusal.to_string(), |_| "accepted".to_owned());
        assert!(text.contains(expect), "{name}: {text}");
    }
}

#[test]
fn a_headline_that_was_changed_is_refused_by_name() {
    refused(&[
        ("value lower", |d| scaled(d, "/value", 0.99), "headline does not hold: value"),
        ("value lower by a hair", |d| scaled(d, "/value", 1.0 - 1e-7), "headline does not hold: value"),
        ("value higher", |d| scaled(d, "/value", 1.01), "headline does not hold: value"),
        ("value negative", |d| scaled(d, "/value", -1.0), "headline does not hold: value"),
        ("value missing", |d| drop(d.as_object_mut().unwrap().remove("value")), "there is no value"),
        ("value null", |d| d["value"] = Value::Null, "there is no value"),
        ("value text", |d| d["value"] = json!("12"), "not a plan file"),
        ("bound higher", |d| scaled(d, "/bound", 1.001), "headline does not hold: bound"),
        ("bound higher by a hair", |d| scaled(d, "/bound", 1.0 + 1e-7), "headline does not hold: bound"),
        ("bound lower", |d| scaled(d, "/bound", 0.9), "headline does not hold: bound"),
        ("gap smaller", |d| scaled(d, "/gap", 0.5), "headline does not hold: gap"),
        ("gap negative", |d| d["gap"] = json!(-0.1), "headline does not hold: gap"),
        ("status optimal", |d| d["status"] = json!("optimal"), "headline does not hold"),
        ("status infeasible", |d| d["status"] = json!("infeasible"), "headline does not hold"),
        ("status unknown", |d| d["status"] = json!("perfect"), "no status \"perfect\""),
        ("format", |d| d["format"] = json!("konbit-plan/3"), "the format is \"konbit-plan/3\""),
        ("format missing", |d| drop(d.as_object_mut().unwrap().remove("format")), "missing field `format`"),
        ("seed missing", |d| drop(d.as_object_mut().unwrap().remove("seed")), "missing field `seed`"),
        ("seconds negative", |d| d["seconds"] = json!(-1.0), "seconds"),
        ("personnel", |d| moved(d, "/personnel", 50), "personnel is 300 but the problem has 250"),
    ]);
}

#[test]
fn a_problem_that_was_changed_is_refused_by_name() {
    refused(&[
        ("hash", |d| d["problem_hash"] = json!("0".repeat(64)), "the problem hash"),
        ("problem value", |d| moved(d, "/problem/sites/3/value_milli", 1), "the problem hash"),
        ("problem personnel", |d| moved(d, "/problem/personnel", 1), "the problem hash"),
        ("problem field", |d| d["problem"]["extra"] = json!(1), "not a plan file: unknown field"),
        ("problem float", |d| d["problem"]["alpha_ppm"] = json!(0.5), "not a plan file"),
        ("problem negative", |d| d["problem"]["personnel"] = json!(-1), "not a plan file"),
        (
            "value of a site, rehashed",
            |d| {
                moved(d, "/problem/sites/3/value_milli", 1_000);
                rehashed(d);
            },
            "does not hold",
        ),
        (
            "effect of posts, rehashed",
            |d| {
                moved(d, "/problem/static_effect_ppm", -50_000);
                rehashed(d);
            },
            "floor",
        ),
        (
            "fewer people, rehashed",
            |d| {
                moved(d, "/problem/personnel", -100);
                moved(d, "/personnel", -100);
                rehashed(d);
            },
            "seats and there are",
        ),
        ("duplicate site", |d| d["problem"]["sites"][1]["id"] = json!("site-00000"), "the problem is not valid"),
        ("unknown base in reach", |d| d["problem"]["reach"][0]["base"] = json!(99), "the problem is not valid"),
        ("seats of zero", |d| d["problem"]["sites"][0]["seats"] = json!(0), "the problem is not valid"),
        (
            "latitude of 91",
            |d| d["problem"]["sites"][0]["position"]["lat_micro"] = json!(91_000_000),
            "the problem is not valid: latitude",
        ),
    ]);
}

#[test]
fn schedules_that_were_changed_are_refused_by_name() {
    refused(&[
        ("probability", |d| moved(d, "/schedules/0/probability", 1), "the probabilities sum to 1000000001"),
        ("probability denominator", |d| d["probability_denominator"] = json!(0), "the denominator 0"),
        ("schedule missing", |d| drop(d["schedules"].as_array_mut().unwrap().pop()), "the probabilities sum"),
        (
            "schedule doubled",
            |d| {
                let s = d["schedules"][0].clone();
                d["schedules"].as_array_mut().unwrap().push(s);
            },
            "the probabilities sum",
        ),
        (
            "one more post",
            |d| {
                let all: Vec<u32> = (0..90).collect();
                d["schedules"][0]["posts"] = json!(all);
            },
            "seats and there are",
        ),
        ("post of nowhere", |d| d["schedules"][0]["posts"][0] = json!(1_000), "which is not there"),
        (
            "post twice",
            |d| {
                let p = d["schedules"][0]["posts"][0].clone();
                d["schedules"][0]["posts"].as_array_mut().unwrap().push(p);
            },
            "twice",
        ),
        (
            "mandatory post away",
            |d| d["schedules"][0]["posts"].as_array_mut().unwrap().retain(|p| *p != json!(29)),
            "where one is mandatory",
        ),
        (
            "post away",
            |d| {
                // One that no floor and no mandate asks for: what does not hold is the value.
                let sites = d["problem"]["sites"].clone();
                let posts = d["schedules"][0]["posts"].as_array_mut().unwrap();
                let free = |p: &Value| {
                    let site = &sites[usize::try_from(p.as_u64().unwrap()).unwrap()];
                    site["floor_ppm"] == 0 && site["mandatory"] == false
                };
                let at = posts.iter().position(free).expect("a post that may go");
                posts.remove(at);
            },
            "does not hold",
        ),
        (
            "forces beyond the base",
            |d| {
                let k = forced(d);
                d["schedules"][k]["forces"][0][1] = json!(3);
            },
            "forces at base",
        ),
        (
            "no forces at a base",
            |d| {
                let k = forced(d);
                d["schedules"][k]["forces"][0][1] = json!(0);
            },
            "forces at base",
        ),
        (
            "all forces away",
            |d| {
                for schedule in d["schedules"].as_array_mut().unwrap() {
                    schedule["forces"] = json!([]);
                }
            },
            "the floor of site",
        ),
    ]);
}

#[test]
fn a_certificate_that_was_changed_is_refused_by_name() {
    refused(&[
        ("certificate missing", |d| d["certificate"] = Value::Null, "certificate does not hold"),
        ("attacker", |d| moved(d, "/certificate/attacker/0/1", 1), "the attacker's mixture sums to"),
        ("attacker negative", |d| d["certificate"]["attacker"][0][1] = json!(-1), "not a plan file"),
        ("attacker of nowhere", |d| d["certificate"]["attacker"][0][0] = json!(4_000_000), "out of range"),
        ("attacker denominator", |d| d["certificate"]["attacker_denominator"] = json!(0), "the attacker's denominator"),
        ("price denominator", |d| d["certificate"]["price_denominator"] = json!(0), "denominator of prices"),
        (
            "price denominator huge",
            |d| d["certificate"]["price_denominator"] = json!(u64::MAX),
            "denominator of prices",
        ),
        (
            "prices in other units",
            |d| d["certificate"]["price_denominator"] = json!(1),
            "headline does not hold: bound",
        ),
        ("seat price negative", |d| d["certificate"]["nodes"][0]["seat_price"] = json!(-1), "not a plan file"),
        ("seat price zero", |d| d["certificate"]["nodes"][0]["seat_price"] = json!(0), "headline does not hold: bound"),
        (
            "site price raised",
            |d| d["certificate"]["nodes"][0]["site_prices"] = json!([[0, 1_000_000_000_000_u64]]),
            "headline does not hold: bound",
        ),
        (
            "site price of nowhere",
            |d| d["certificate"]["nodes"][0]["site_prices"] = json!([[90, 1]]),
            "a leaf names site 90",
        ),
        ("no nodes", |d| d["certificate"]["nodes"] = json!([]), "the tree names node 0"),
        (
            "node of its own child",
            |d| d["certificate"]["nodes"] = json!([{"kind": "post", "site": 0, "without": 0, "with": 0}]),
            "does not stand after it",
        ),
        (
            "node too many",
            |d| {
                let n = d["certificate"]["nodes"][0].clone();
                d["certificate"]["nodes"].as_array_mut().unwrap().push(n);
            },
            "belongs to no branch",
        ),
        (
            "node decides twice",
            |d| {
                let leaf = d["certificate"]["nodes"][0].clone();
                d["certificate"]["nodes"] = json!([{"kind": "post", "site": 0, "without": 1, "with": 2}, {"kind": "post", "site": 0, "without": 3, "with": 4}, leaf, leaf, leaf]);
            },
            "not open to decision",
        ),
        (
            "node with two parents",
            |d| {
                let leaf = d["certificate"]["nodes"][0].clone();
                d["certificate"]["nodes"] = json!([{"kind": "post", "site": 0, "without": 1, "with": 1}, leaf]);
            },
            "has two parents",
        ),
        ("node of no kind", |d| d["certificate"]["nodes"][0]["kind"] = json!("trust"), "not a plan file"),
    ]);
}

#[test]
fn a_table_that_was_changed_is_refused_by_name() {
    refused(&[
        ("site row missing", |d| drop(d["sites"].as_array_mut().unwrap().pop()), "the table of sites"),
        ("site row of another", |d| d["sites"][0]["id"] = json!("other"), "the table of sites"),
        ("protection", |d| d["sites"][0]["protection"] = json!(0.999), "protection of"),
        ("posture", |d| d["sites"][29]["posture"] = json!("open"), "posture of"),
        ("post share", |d| d["sites"][29]["post_share"] = json!(0.5), "post_share of"),
        ("harm share", |d| d["sites"][0]["harm_share"] = json!(0.9), "harm_share of"),
        ("base of nowhere", |d| d["sites"][29]["base"] = json!("moon"), "no force at"),
        ("curve", |d| d["more_and_fewer"][0]["bound"] = json!(2.0), "exceeds the value"),
    ]);
}

#[test]
fn bytes_that_are_no_plan_are_refused_and_never_a_panic() {
    let sound = serde_json::to_vec(&document()).unwrap();
    let text = String::from_utf8(sound.clone()).unwrap();
    let huge = text.replacen("\"value\":", "\"value\":1e999,\"old\":", 1);
    let twice = text.replacen("\"value\":", "\"value\":1,\"value\":", 1);
    let long = text.replacen("\"seed\":", &format!("\"seed\":{},\"old\":", "9".repeat(10_000)), 1);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for bytes in [
        b"".to_vec(),
        b"plan".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        b"\xff\xfe{}".to_vec(),
        huge.into_bytes(),
        twice.into_bytes(),
        long.into_bytes(),
        nested.into_bytes(),
    ] {
        assert!(
            matches!(check(&bytes), Err(Refusal::Malformed(_))),
            "{:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(40)])
        );
    }
    for length in (0..sound.len()).step_by(997) {
        assert!(matches!(check(&sound[..length]), Err(Refusal::Malformed(_))));
    }
}

#[test]
fn infeasibility_without_its_proof_is_refused() {
    let mut data = crate::problems::data(vec![site("a", 10, 1, 1), site("b", 10, 1, 1)], 1);
    data.sites.iter_mut().for_each(|site| site.floor_ppm = 500_000);
    let (problem, outcome) = solve(data);
    let mut document: Value =
        serde_json::from_slice(&PlanDocument::new(&problem, &outcome, 1, 0.0, Vec::new()).to_bytes()).unwrap();
    check(&serde_json::to_vec(&document).unwrap()).unwrap();
    let mut without = document.clone();
    without["certificate"] = Value::Null;
    assert!(matches!(refusal(&without), Refusal::Infeasible(_)));
    document["certificate"]["floor_prices"] = json!([]);
    assert!(matches!(refusal(&document), Refusal::Infeasible(_)));
}

#[test]
fn a_plan_for_a_thousand_sites_is_accepted() {
    let problem = generate(Shape { sites: 949, ..Shape::example() }, 5);
    let outcome = plan(&problem, &Options::default(), &Watch::none());
    let report = checked(&problem, &outcome);
    let Outcome::Planned(plan) = outcome else { panic!("no plan") };
    assert!((report.value().unwrap() / plan.value - 1.0).abs() < 1e-6);
    assert!((report.bound().unwrap() / plan.bound - 1.0).abs() < 1e-6);
    assert_eq!(report.problem_hash, plan.problem_hash.to_string());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_plan_is_accepted(data in any_problem(14, 5, true)) {
        let (problem, outcome) = solve(data);
        checked(&problem, &outcome);
    }

    #[test]
    fn the_planner_and_the_checker_hash_a_problem_alike(data in any_problem(5, 3, true), id in "\\PC{1,12}") {
        let mut data = data;
        data.sites[0].id = format!("0{id}");
        let problem = Problem::new(data).unwrap();
        let outcome = Outcome::Unsettled { problem_hash: problem.hash(), reason: String::new() };
        prop_assert_eq!(checked(&problem, &outcome).problem_hash, problem.hash().to_string());
    }

    #[test]
    fn no_byte_of_a_plan_can_be_changed_into_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (problem, outcome) = solve(crate::problems::data(vec![site("a", 10, 1, 1), site("b", 20, 1, 2)], 2));
        let mut bytes = PlanDocument::new(&problem, &outcome, 1, 0.5, Vec::new()).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = check(&bytes);
    }
}

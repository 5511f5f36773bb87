//! Two plans written by hand, with hashes, values and bounds computed by hand.

use konbit_plan_check::{Refusal, Verdict, check};
use num_rational::BigRational;
use sha2::{Digest as _, Sha256};

/// Two equal sites of 10 persons, one seat, posts that stop 4 of 5; one attempt a week, by a
/// watcher. Already canonical.
const TWO_SITES: &str = concat!(
    r#"{"alpha_ppm":1000000,"bases":[],"personnel":5,"reach":[],"relief_factor_milli":4700,"sites":["#,
    r#"{"attempts_micro":0,"floor_ppm":0,"id":"a","mandatory":false,"seats":1,"value_milli":10000},"#,
    r#"{"attempts_micro":0,"floor_ppm":0,"id":"é\"","mandatory":false,"seats":1,"value_milli":10000}],"#,
    r#""static_effect_ppm":800000,"watched_attempts_micro":1000000}"#
);

fn hash(text: &str) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).expect("below 16"));
    Sha256::digest(text.as_bytes()).iter().flat_map(digits).collect()
}

fn row(id: &str) -> String {
    format!(
        r#"{{"id":{id},"posture":"sometimes","protection":0.4,"post_share":0.5,"harm_per_attempt":6.0,"harm_share":0.5}}"#
    )
}

/// Half the time at each site: protection 0.4, so 6 persons a week wherever the watcher goes. At
/// `q` = 1/2 each, a seat is worth 5 x 0.8 = 4, so no plan does better than 10 - 4 = 6.
fn two_sites(value: &str, bound: &str, seat_price: u64) -> String {
    let rows = format!("{},{}", row(r#""a""#), row(r#""é\"""#));
    let gap = if bound == "6.0" { "0.0" } else { "0.1666666666666667" };
    let status = if bound == "6.0" { "optimal" } else { "gap" };
    format!(
        r#"{{"format":"konbit-plan/1","value":{value},"bound":{bound},"gap":{gap},"status":"{status}","seed":1,
        "problem_hash":"{}","seconds":0.1,"personnel":5,"sites":[{rows}],"probability_denominator":2,
        "schedules":[{{"probability":1,"posts":[0],"forces":[]}},{{"probability":1,"posts":[1],"forces":[]}}],
        "certificate":{{"attacker_denominator":2,"attacker":[[0,1],[1,1]],"price_denominator":1,"floor_prices":[],
        "nodes":[{{"kind":"bound","seat_price":{seat_price},"site_prices":[]}}]}},"problem":{TWO_SITES}}}"#,
        hash(TWO_SITES)
    )
}

fn whole(number: i64) -> BigRational {
    BigRational::from_integer(number.into())
}

#[test]
fn a_plan_written_by_hand_has_the_value_and_bound_computed_by_hand() {
    let report = check(two_sites("6.0", "6.0", 4).as_bytes()).unwrap();
    assert_eq!(report.verdict, Verdict::Plan { value: whole(6), bound: whole(6) });
    assert_eq!((report.value(), report.bound(), report.gap()), (Some(6.0), Some(6.0), Some(0.0)));
    assert_eq!((report.sites, report.schedules, report.leaves), (2, 2, 1));
}

#[test]
fn any_price_gives_a_bound_and_only_that_bound_may_be_claimed() {
    // Seat price 5: UB = 5 + 0, LB = 10 - 5 = 5.
    let report = check(two_sites("6.0", "5.0", 5).as_bytes()).unwrap();
    assert_eq!(report.verdict, Verdict::Plan { value: whole(6), bound: whole(5) });
    let refused = check(two_sites("6.0", "6.0", 5).as_bytes()).unwrap_err();
    assert!(matches!(&refused, Refusal::Headline(why) if why.contains("higher than 5.000000000e0")), "{refused}");
}

#[test]
fn a_value_below_that_of_the_schedules_is_refused() {
    let refused = check(two_sites("5.9999999", "6.0", 4).as_bytes()).unwrap_err();
    assert!(matches!(&refused, Refusal::Headline(why) if why.starts_with("value")), "{refused}");
}

#[test]
fn mandatory_posts_beyond_the_seats_prove_infeasibility_without_a_certificate() {
    let problem = TWO_SITES.replace("false", "true");
    let file = |problem: &str| {
        format!(
            r#"{{"format":"konbit-plan/1","value":null,"bound":null,"gap":null,"status":"infeasible","reason":"two posts, one seat",
            "seed":1,"problem_hash":"{}","seconds":0,"personnel":5,"sites":[],"probability_denominator":1,"schedules":[],
            "certificate":null,"problem":{problem}}}"#,
            hash(problem)
        )
    };
    assert_eq!(check(file(&problem).as_bytes()).unwrap().verdict, Verdict::Infeasible);
    assert!(matches!(check(file(TWO_SITES).as_bytes()), Err(Refusal::Infeasible(_))));
}

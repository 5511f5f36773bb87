//! Questions to the planner, studies of its plan, and a plan made by hand, each on a mission of its own, because only one
//! plan is made at a time.

use super::{Served, check_page, stamp};
use axum::http::StatusCode;
use jiff::Timestamp;
use konbit_desk::PlanRequest;
use konbit_protect::Watch;
use serde_json::Value;

const HERE: &str = "http://127.0.0.1:8470";

fn example() -> Served {
    Served::new(|desk| {
        desk.import_all(&konbit_desk::example("haiti-2023").unwrap().batches(), &stamp()).unwrap();
    })
}

fn with_plan() -> Served {
    Served::new(|desk| {
        desk.import_all(&konbit_desk::example("haiti-2023").unwrap().batches(), &stamp()).unwrap();
        let moment = desk.moment(&desk.snapshot().unwrap().mission, Timestamp::UNIX_EPOCH);
        let document = desk.plan(&PlanRequest::at(moment), &Watch::none()).unwrap();
        desk.adopt(&document, "for the tests", moment, &stamp()).unwrap();
    })
}

fn json(served: &Served, path: &str) -> Value {
    let joined = if path.contains('?') { '&' } else { '?' };
    let (status, _, body) = served.get(&format!("{path}{joined}format=json"));
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn check_ask(served: &Served, query: &str, expect: &str) {
    let (status, headers, body) = served.get(&format!("/protection/ask?{query}"));
    assert_eq!(status, StatusCode::SEE_OTHER, "{query}: {body}");
    assert!(headers.contains(&format!("\"location\": \"{expect}\"")), "{query}: {headers}");
}

#[test]
fn the_form_makes_a_plain_address_of_a_question() {
    let served = example();
    let page = check_page(&served, "/protection/question?floor.school=0.2&no_post=apt-cap");
    for words in
        ["name=\"floor.school\"", "value=\"0.2\"", "name=\"decay\"", "judged between 15 and 60", "name=\"add_post\""]
    {
        assert!(page.contains(words), "{words}");
    }
    let force = "personnel=1000&alpha=0.5&seed=1&decay=&static=0.8";
    check_ask(&served, &format!("{force}&floor.school=20%25"), "/protection?personnel=1000&floor.school=0.2");
    let held = "held_post=apt-cap&held_post=apt-pap";
    check_ask(&served, &format!("{force}&{held}&keep_post=apt-cap&keep_post=apt-pap"), "/protection?personnel=1000");
    check_ask(
        &served,
        &format!("{force}&{held}&keep_post=apt-cap&add_post=hos-hueh"),
        "/protection?personnel=1000&no_post=apt-pap&post=hos-hueh",
    );
    check_ask(&served, "personnel=900&alpha=0.7&seed=3", "/protection?personnel=900&alpha=0.7&seed=3");
    let (status, _, page) = served.get(&format!("/protection/ask?{force}&add_post=lycee"));
    assert!(status == StatusCode::OK && page.contains("sites match") && page.contains("post=sch-"), "{page}");
    for wrong in ["add_post=nothing-is-called-so", "static=2", "personnel=many", "floor.lighthouse=x"] {
        assert_eq!(served.get(&format!("/protection/ask?{wrong}")).0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(served.get("/protection?floor.lighthouse=0.1").0, StatusCode::BAD_REQUEST);
    assert_eq!(served.get("/protection?post=none").0, StatusCode::BAD_REQUEST);
}

#[test]
fn a_question_is_answered_with_its_price_and_adopted_with_its_figures() {
    let served = with_plan();
    let query = "static=0.55&post=hos-hueh";
    let page = check_page(&served, &format!("/protection?{query}"));
    for words in
        ["Not adopted.", "What the question changes", "outside", "not mandatory", "Under the figures of the question"]
    {
        assert!(page.contains(words), "{words}");
    }
    // A demand leaves the measure as it is, so its price is one difference with a band.
    let page = check_page(&served, "/protection?floor.school=0.06");
    assert!(page.contains("the difference is proven to lie between"), "{page}");
    let size = served.desk.snapshot().unwrap().head.size;
    let hash = json(&served, &format!("/protection?{query}"))["problem_hash"].as_str().unwrap().to_owned();
    let stale = format!("{query}&problem=00&reason=why");
    assert_eq!(served.post("/protection/adopt", HERE, &stale).0, StatusCode::CONFLICT);
    assert_eq!(served.post("/protection/adopt", HERE, &format!("{query}&problem={hash}")).0, StatusCode::BAD_REQUEST);
    let (status, headers, body) =
        served.post("/protection/adopt", HERE, &format!("{query}&problem={hash}&reason=Tried"));
    assert_eq!(status, StatusCode::SEE_OTHER, "{headers}{body}");
    assert_eq!(served.desk.snapshot().unwrap().head.size, size + 2);
    let page = check_page(&served, "/protection");
    assert!(page.contains("Tried") && !page.contains("data have changed since"), "the record's data make its problem");
    assert_eq!(json(&served, "/protection")["problem_hash"], hash);
}

#[test]
fn a_question_without_a_plan_names_the_demands_and_the_way_out() {
    let served = example();
    let (status, _, page) = served.get("/protection?personnel=74");
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("a post in every schedule") && page.contains("no_post=apt-"), "{page}");
    let (status, _, page) = served.get("/protection?floor.school=0.9");
    assert!(
        status == StatusCode::CONFLICT && page.contains("at least 90 %") && page.contains("floor.school=0"),
        "{page}"
    );
    let (status, _, body) = served.get("/protection?floor.school=0.9&format=json");
    let told: Value = serde_json::from_str(&body).unwrap();
    assert!(status == StatusCode::CONFLICT && told["conflict"][0].as_str().unwrap().starts_with("sch-"), "{body}");
    let file = served.get("/protection/plan.csv?floor.school=0.9");
    assert_eq!(file.0, StatusCode::CONFLICT);
}

#[test]
fn more_force_alpha_and_judgements_are_studied_with_their_bounds() {
    let served = with_plan();
    let force = json(&served, "/protection/curve");
    let curve = force["curve"].as_array().unwrap();
    assert!(curve.len() >= 21, "{}", curve.len());
    let fifty = &force["units"][0];
    assert_eq!(fifty["people"], 50);
    let (low, high) = (fifty["spared"]["low"].as_f64().unwrap(), fifty["spared"]["high"].as_f64().unwrap());
    assert!(low <= high, "{fifty}");
    assert!(force["equals_more_people"].as_u64().is_none_or(|people| people > 0));
    let page = check_page(&served, "/protection/curve");
    for words in ["One more of each kind of unit", "Arriving a month earlier", "Read the other way", "curve.csv"] {
        assert!(page.contains(words), "{words}");
    }
    // A head, a row of tags, and one row for each strength.
    assert_eq!(served.get("/protection/curve.csv").2.lines().count(), 2 + curve.len());
    let alpha = json(&served, "/protection/alpha");
    let plans = alpha["plans"].as_array().unwrap();
    assert_eq!(plans.len(), 3);
    for plan in plans {
        assert!(plan["bound"].as_f64().unwrap() <= plan["value"].as_f64().unwrap());
    }
    assert!(check_page(&served, "/protection/alpha").contains("Sites whose posture differs"));
    assert!(check_page(&served, "/protection/sensitivity").contains("Nothing is computed yet"));
    let judged = json(&served, "/protection/sensitivity?compute=1");
    let (done, wanted) = (judged["done"].as_u64().unwrap(), judged["wanted"].as_u64().unwrap());
    assert!(done > 0 && done <= wanted, "{done} of {wanted}");
    let page = check_page(&served, "/protection/sensitivity");
    assert!(page.contains(&format!("{done} of {wanted} plans are made")) || done == wanted, "{page}");
}

#[test]
fn a_site_is_explained_and_its_questions_are_links() {
    let served = with_plan();
    let page = check_page(&served, "/protection/sites/hos-hueh");
    for words in ["would spare", "marginal readings", "/protection?post=hos-hueh"] {
        assert!(page.contains(words), "{words}");
    }
    let page = check_page(&served, "/protection/sites/apt-pap");
    assert!(page.contains("no_post=apt-pap") && page.contains("mandatory"), "{page}");
}

#[test]
fn a_plan_made_by_hand_is_scored_and_two_plans_are_compared() {
    let served = with_plan();
    assert!(check_page(&served, "/protection/by-hand").contains("plan-by-hand.csv"));
    let (status, _, table) = served.get("/protection/plan-by-hand.csv");
    assert!(status == StatusCode::OK && table.starts_with("schedule,probability,place,kind,count,name\n"));
    let score = |table: &str| {
        let body = format!("table={}", crate::format::escape(table, false));
        served.post("/protection/by-hand/score", HERE, &body)
    };
    let (status, _, page) = score(&table);
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("It keeps every floor") && page.contains("0 sites differ"), "{page}");
    let (_, _, page) = score("site\napt-pap\napt-cap\n");
    assert!(page.contains("It could not be used as it is") && page.contains("are demanded"), "{page}");
    let (_, _, page) = score("site\nnowhere\n");
    assert!(page.contains("row 2, column place"), "{page}");
    let elsewhere = served.post("/protection/by-hand/score", "http://elsewhere.example", "table=site");
    assert_eq!(elsewhere.0, StatusCode::FORBIDDEN);
    // Larger than other forms may be, and yet limited.
    let (status, ..) = score(&"x".repeat(super::super::study::HAND_FORM_BYTES_MAX));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let id = served.desk.snapshot().unwrap().mission.plan_in_force().unwrap().value.id.to_string();
    assert!(check_page(&served, "/protection/compare").contains(&id));
    let same = json(&served, &format!("/protection/compare?a=in-force&b={id}"));
    assert!(same["differ"].as_array().unwrap().is_empty());
    let plain = json(&served, "/protection/compare?a=in-force&b=pattern");
    assert!(plain["a"]["value"].as_f64().unwrap() < plain["b"]["value"].as_f64().unwrap(), "{}", plain["b"]);
    let page = check_page(&served, "/protection/compare?a=in-force&b=question&personnel=950");
    assert!(page.contains("Their figures differ"), "{page}");
    assert_eq!(served.get("/protection/compare?a=none&b=in-force").0, StatusCode::NOT_FOUND);
}

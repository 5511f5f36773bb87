//! Questions about the week of a small mission and studies of its plan, on their pages.

use super::week_tests::{Served, clock, fill};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use konbit_desk::{Telling, Watch, WeekForce};
use serde_json::Value;

/// A mission with a plan of the week in force.
fn planned() -> Served {
    let served = Served::new(fill);
    let plan = served.planned("/week/plan");
    let problem = plan["problem_hash"].as_str().unwrap();
    served.done("/week/adopt", &format!("problem={problem}&reason=tried+in+a+test"));
    served
}

#[test]
fn a_form_becomes_the_plain_address_of_its_question() {
    let served = Served::new(fill);
    let page = served.get("/week/question");
    for field in ["name=\"floor.hospital\"", "name=\"patrol\"", "name=\"slot_attempts.nights\"", "name=\"keep_post\""] {
        assert!(page.contains(field), "{field}");
    }
    let check = |form: &str, to: &str| {
        let (status, headers, page) =
            served.send(Request::get(format!("/week/ask?{form}")).body(Body::empty()).unwrap());
        assert_eq!(status, StatusCode::SEE_OTHER, "{form}: {page}");
        assert!(headers.contains(&format!("\"location\": \"{to}\"")), "{form}: {headers}");
    };
    // What the record says already is left out.
    check("people.kenya=210&alpha=0.5&seed=1&static=&floor.hospital=0.08&patrol=0.7", "/week/plan");
    check("people.kenya=180&static=0.70&patrol=40%25", "/week/plan?people.kenya=180&static=0.7&patrol=0.4");
    check("held_post=apt-pap&held_post=apt-cap&keep_post=apt-cap", "/week/plan?no_post=apt-pap");
    check("held_post=apt-cap&keep_post=apt-cap&add_post=hos-hueh", "/week/plan?post=hos-hueh");
    let (status, _, page) = served.send(Request::get("/week/ask?add_post=hospital").body(Body::empty()).unwrap());
    assert!(status == StatusCode::OK && page.contains("Which site?") && page.contains("post=hos-hum"), "{page}");
    let (status, _, page) = served.send(Request::get("/week/plan?static=2").body(Body::empty()).unwrap());
    assert!(status == StatusCode::BAD_REQUEST && page.contains("give a number from 0 to 1"), "{page}");
}

#[test]
fn a_question_that_no_plan_answers_names_the_demands_and_the_way_out() {
    let served = Served::new(fill);
    let get = |path: &str| served.send(Request::get(path).body(Body::empty()).unwrap());
    let path = "/week/plan?floor.hospital=0.99";
    let mut page = String::new();
    for _ in 0..300 {
        let (status, _, body) = get(path);
        page = body;
        if status == StatusCode::CONFLICT {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(
        page.contains("The demand that cannot be met") && page.contains("Giving it up, or adding people"),
        "{page}"
    );
    assert!(page.contains("floor.hospital=0\""), "the way out: {page}");
    let (status, _, body) = get(&format!("{path}&format=json"));
    let json: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, json["conflict"][0]["demand"].as_str()), (StatusCode::CONFLICT, Some("floor")), "{json}");
}

#[test]
fn a_plan_under_changed_figures_is_read_against_the_one_in_force_and_adopted_with_them() {
    let served = planned();
    let in_force = served.json("/week")["value"].as_f64().unwrap();
    let path = "/week/plan?static=0.7&floor.hospital=0.02";
    let plan = served.planned(path);
    assert!(plan["bound"].as_f64().unwrap() > in_force, "weaker posts: {plan}");
    let page = served.get(path);
    assert!(page.contains("What the question changes") && page.contains("would leave"), "{page}");
    assert!(
        served
            .get("/week/compare?static=0.7&floor.hospital=0.02&a=in-force&b=question")
            .contains("Their figures differ")
    );
    let problem = plan["problem_hash"].as_str().unwrap();
    served.done("/week/adopt", &format!("static=0.7&floor.hospital=0.02&problem={problem}&reason=posts+are+weaker"));
    let now = served.json("/week");
    assert_eq!((now["value"].as_f64(), now["problem_hash"].as_str()), (plan["value"].as_f64(), Some(problem)));
    assert!(!served.get("/week").contains("data have changed since"), "the record has the changed figures");
}

#[test]
fn a_study_is_begun_ended_and_goes_on_where_it_stopped() {
    let served = planned();
    let first = served.get("/week/curve?crew=bahamas");
    assert!(first.contains("Not computed yet") && first.contains("Read the other way"), "{first}");
    let path = "/week/curve?crew=bahamas&compute=1";
    let (_, headers, page) = served.send(Request::get(path).body(Body::empty()).unwrap());
    assert!(headers.contains("refresh") && page.contains("End with what there is"), "{headers}");
    // One thing is made at a time, and a page says what.
    let (status, _, busy) = served.send(Request::get("/week/sensitivity?compute=1").body(Body::empty()).unwrap());
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && busy.contains("the study of what more people buy"), "{busy}");
    let headers = served.done("/week/stop", "study=curve&crew=bahamas");
    assert!(headers.contains("/week/curve?crew=bahamas\""), "{headers}");
    let whole = served.once(path, |force| force["complete"] == true);
    let steps: Vec<f64> = whole["curve"].as_array().unwrap().iter().filter_map(|step| step["value"].as_f64()).collect();
    assert!(steps.len() >= 2 && steps.windows(2).all(|pair| pair[1] <= pair[0]), "{whole}");
    assert!(served.get("/week/curve?crew=bahamas").contains("plans are made"));
    let csv = served.get("/week/curve.csv?crew=bahamas");
    assert_eq!(csv.lines().count(), 2 + whole["curve"].as_array().unwrap().len(), "{csv}");
    let (status, ..) = served.send(Request::get("/week/curve?crew=nobody").body(Body::empty()).unwrap());
    assert_eq!(status, StatusCode::NOT_FOUND);

    let some = served.once("/week/sensitivity?compute=1", |judged| judged["done"].as_u64() >= Some(2));
    assert_eq!(some["ends"][0]["figure"], Value::Null, "the first changes nothing");
    served.done("/week/stop", "study=sensitivity");
    let page = served.get("/week/sensitivity");
    assert!(page.contains("Figures, the widest effect first"), "{page}");
}

#[test]
fn the_week_is_planned_at_three_shares_of_those_who_watch_and_plans_are_compared() {
    let served = planned();
    let before = served.json("/week/alpha");
    let values =
        |answer: &Value| answer["plans"].as_array().unwrap().iter().filter(|plan| plan["value"].is_f64()).count();
    assert_eq!(values(&before), 1, "the plan in force is one of them");
    let all = served.once("/week/alpha?compute=1", |answer| values(answer) == 3);
    assert!(served.get("/week/alpha").contains("Sites that differ"), "{all}");
    let pair = served.json("/week/compare?a=pattern&b=in-force");
    assert!(pair["a"]["value"].as_f64() > pair["b"]["value"].as_f64() && pair["a"]["bound"].is_null(), "{pair}");
    assert!(served.get("/week/compare").contains("Choose two plans"));
    let (status, ..) = served.send(Request::get("/week/compare?a=in-force&b=nothing").body(Body::empty()).unwrap());
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _, page) =
        served.send(Request::get("/week/compare?a=in-force&b=question").body(Body::empty()).unwrap());
    assert!(status == StatusCode::NOT_FOUND && page.contains("asks no question"), "{page}");
}

#[test]
fn what_a_command_made_is_shown_at_once_and_all_is_there_after_the_server_stopped() {
    let served = planned();
    // As a command does it, while the server runs.
    let desk = served.beside();
    let mission = desk.snapshot().unwrap().mission;
    let studied = desk.studied_in_force(&mission, desk.moment(&mission, clock())).unwrap().unwrap();
    let telling = Telling { report: &|_: &WeekForce| {}, finding: &|finding| panic!("{finding}") };
    let made = desk.study_force(&mission, &studied, "bahamas", None, &telling, &Watch::none()).unwrap();
    let shown = served.json("/week/curve?crew=bahamas");
    assert_eq!((shown["complete"].as_bool(), shown["running"].as_bool()), (Some(true), Some(false)));
    assert_eq!(shown["curve"][0]["value"].as_f64(), made.steps[0].found.map(|found| found.0));

    served.once("/week/sensitivity?compute=1", |judged| judged["done"].as_u64() >= Some(2));
    served.done("/week/stop", "study=sensitivity");
    let some = served.planned("/week/sensitivity");
    let plan = served.planned("/week/plan?people.kenya=240");
    let page = "/week/plan.json?people.kenya=240";
    let file = served.get(page);

    let served = served.again();
    assert_eq!(served.json("/week/curve?crew=bahamas"), shown);
    assert_eq!(served.json("/week/sensitivity"), some);
    assert_eq!((served.get(page), served.json("/week/plan?people.kenya=240")), (file, plan));
    // It goes on from there.
    let more = some["done"].as_u64().unwrap() + 1;
    served.once("/week/sensitivity?compute=1", |judged| judged["done"].as_u64() >= Some(more));
    served.done("/week/stop", "study=sensitivity");
    let after = served.planned("/week/sensitivity");
    let first = |judged: &Value| judged["ends"].as_array().unwrap()[..some["ends"].as_array().unwrap().len()].to_vec();
    assert_eq!(first(&after), first(&some));
}

//! Plans of the week made by hand and the week of a site, on their pages.

use super::week_tests::{Served, fill};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

fn form(table: &str) -> String {
    format!("table={}", crate::format::escape(table, false))
}

impl Served {
    /// The page that scores a table, and the same as JSON.
    fn scored(&self, table: &str) -> (String, Value) {
        let (status, _, page) = self.post("/week/by-hand", &form(table));
        assert_eq!(status, StatusCode::OK, "{table}: {page}");
        let (_, _, json) = self.post("/week/by-hand?format=json", &form(table));
        (page, serde_json::from_str(&json).unwrap())
    }
}

#[test]
fn a_mission_without_a_plan_of_the_week_scores_one_made_by_hand_under_its_own_figures() {
    let none = Served::new(|_| {});
    let (status, _, page) = none.send(Request::get("/week/by-hand").body(Body::empty()).unwrap());
    assert!(status == StatusCode::CONFLICT && page.contains("konbit import DIR week FILE"), "{page}");
    let served = Served::new(fill);
    let page = served.get("/week/by-hand");
    assert!(
        page.contains("name=\"table\"") && !page.contains("plan-by-hand.csv") && !page.contains(" style="),
        "{page}"
    );
    for path in ["/week/plan-by-hand.csv", "/week/plan-by-hand.csv?plan=none"] {
        assert_eq!(served.send(Request::get(path).body(Body::empty()).unwrap()).0, StatusCode::NOT_FOUND, "{path}");
    }
    let (page, json) = served.scored("contingent,site\nkenya,hos-hueh\n");
    assert!(page.contains("No plan of the week is in force") && page.contains("no post stands at"), "{page}");
    assert!(json["ok"] == false && json["in_force"].is_null() && json["value"].as_f64().unwrap() > 0.0, "{json}");
    let (page, json) = served.scored("contingent,site\nkenya,nowhere\n");
    assert!(page.contains("cannot be read as a plan of the week") && page.contains("row 2, column place"), "{page}");
    assert_eq!((&json["faults"][0]["row"], &json["faults"][0]["column"]), (&2.into(), &"place".into()));
    // Larger than other forms may be.
    let long = format!("contingent,site,note\nkenya,hos-hueh,{}\n", "x".repeat(100_000));
    assert!(served.scored(&long).1["value"].is_number());
    assert!(!served.get("/protection/sites/hos-hueh").contains("In the plan of the week"));
}

#[test]
fn the_plan_in_force_is_a_table_to_start_from_and_its_sites_are_explained() {
    let served = Served::new(fill);
    let plan = served.planned("/week/plan");
    let problem = plan["problem_hash"].as_str().unwrap();
    served.done("/week/adopt", &format!("problem={problem}&reason=tried+in+a+test"));
    assert!(served.get("/week/by-hand").contains("href=\"/week/plan-by-hand.csv\""));
    assert!(served.get("/week").contains("href=\"/week/by-hand\""));
    let table = served.get("/week/plan-by-hand.csv");
    let (page, json) = served.scored(&table);
    let (own, held) = (json["value"].as_f64().unwrap(), json["in_force"]["value"].as_f64().unwrap());
    // The value of the plan is rounded up in its ninth digit.
    assert!((own / held - 1.0).abs() < 1e-8 && json["ok"] == true && json["differ"] == serde_json::json!([]), "{json}");
    assert!(page.contains("It keeps every floor") && page.contains("No site is protected differently"), "{page}");
    let id = json["in_force"]["plan"].as_str().unwrap();
    assert_eq!(served.get(&format!("/week/plan-by-hand.csv?plan={id}")), table);
    let (page, json) = served.scored("slot,place\n*,\n");
    assert!(page.contains("It could not be used as it is") && page.contains("Sites that are protected most"), "{page}");
    assert!(json["value"].as_f64().unwrap() > held && !json["differ"].as_array().unwrap().is_empty(), "{json}");

    for site in ["apt-pap", "hos-hueh", "hos-justinien"] {
        let page = served.get(&format!("/protection/sites/{site}"));
        assert!(page.contains("In the plan of the week") && !page.contains(" style="), "{site}");
        let json = served.json(&format!("/protection/sites/{site}"));
        let slots = json["week"]["slots"].as_array().unwrap();
        assert!(slots.len() == 3 && slots.iter().all(|slot| slot["mandatory"] == site.starts_with("apt")), "{json}");
    }
    let page = served.get("/protection/sites/apt-pap");
    assert!(page.contains("A post here is mandatory in every slot"), "{page}");
    // The Bahamas serve in the north only.
    assert!(page.contains("Bahamas may not serve in this area"), "{page}");
}

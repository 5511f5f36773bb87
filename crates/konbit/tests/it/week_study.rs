//! Studies of the week of a small mission over the command line.

use crate::support::konbit;
use crate::week::{check, half_a_day_old};
use serde_json::Value;
use std::fs;

fn values(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().filter_map(|row| row["value"].as_f64()).collect()
}

#[test]
fn studies_are_printed_as_text_csv_and_json_and_end_with_what_there_is() {
    let mission = half_a_day_old();
    let crew = ["--contingent", "bahamas"];
    let with = |more: &[&'static str]| [&crew[..], more].concat();

    // No time: the strength of the plan itself is all there is, and the study says so.
    let none = check(&mission, "curve", &with(&["--seconds", "0"]), 0, "not complete: 1 of").out;
    assert!(none.contains("24 people; the plan leaves") && none.contains("not computed"), "{none}");
    let whole = check(&mission, "curve", &with(&["--format", "json"]), 0, "").json();
    assert_eq!((whole["complete"].as_bool(), whole["contingent"].as_str()), (Some(true), Some("bahamas")));
    let curve = values(&whole["curve"]);
    assert!(curve.len() >= 2 && curve.windows(2).all(|pair| pair[1] <= pair[0]), "{whole}");
    let is_proven = |step: &Value| step["bound"].as_f64() <= step["value"].as_f64();
    assert!(whole["curve"].as_array().unwrap().iter().all(is_proven), "{whole}");

    // What was made is kept: it takes no time again, in any form, and is no part of the mission.
    let kept = check(&mission, "curve", &with(&["--seconds", "0", "--format", "json"]), 0, "").json();
    assert_eq!(kept, whole);
    let table = check(&mission, "curve", &with(&["--seconds", "0", "--format", "csv"]), 0, "").out;
    assert_eq!(table.lines().count(), 2 + whole["curve"].as_array().unwrap().len(), "{table}");
    check(&mission, "curve", &with(&["--seconds", "0"]), 0, "one more unit, planned anew");
    let files: Vec<_> = fs::read_dir(mission.path("mission/cache")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    fs::write(&files[0], "konbit-kept/1 nothing\n").unwrap();
    let again = check(&mission, "curve", &with(&["--seconds", "0"]), 0, "not complete: 1 of");
    assert!(again.err.contains("its digest is another"), "{}", again.err);
    let verified = konbit(&["verify", &mission.dir()]);
    assert_eq!(verified.code, 0, "{}", verified.out);

    let two = check(&mission, "sensitivity", &["--seconds", "3", "--format", "json"], 0, "").json();
    assert_eq!(two["done"].as_u64(), Some(two["ends"].as_array().unwrap().len() as u64));
    assert!(two["done"].as_u64() < two["wanted"].as_u64(), "{two}");

    let alpha = check(&mission, "alpha", &[], 0, "share of attempts by those who watch").out;
    assert!(alpha.contains("a post in some of the plans and none in others"), "{alpha}");

    let sides = check(&mission, "compare", &["pattern", "in-force", "--format", "json"], 0, "").json();
    assert!(sides["a"]["value"].as_f64() > sides["b"]["value"].as_f64() && sides["a"]["bound"].is_null(), "{sides}");
    let file = mission.path("other.json").to_str().unwrap().to_owned();
    check(&mission, "plan", &["--personnel", "kenya=240", "-o", &file], 0, "written to");
    check(&mission, "compare", &["in-force", &file], 0, "their figures differ; under those of the second");
    let table = check(&mission, "compare", &["in-force", &file, "--format", "csv"], 0, "").out;
    assert!(table.starts_with("site,protection_a,protection_b,post_share_a,post_share_b\n#loc+site+id"), "{table}");
}

#[test]
fn what_cannot_be_studied_is_said_with_what_to_do() {
    let mission = half_a_day_old();
    check(&mission, "curve", &["--contingent", "nobody"], 3, "they have: kenya, ");
    check(&mission, "curve", &["--step", "10"], 2, "--step");
    check(&mission, "alpha", &["--alpha", "0.2"], 3, "leave out --alpha");
    check(&mission, "sensitivity", &["--seconds", "1e9"], 3, "give a number from 0 to 86400");
    check(&mission, "compare", &["in-force"], 2, "PLAN_B");
    check(&mission, "compare", &["in-force", "question"], 3, "no question is asked");
    check(&mission, "compare", &["in-force", "nothing"], 3, "neither in-force, pattern, question");
    let file = mission.file("bad.json", "{}");
    check(&mission, "compare", &["in-force", &file], 3, "does not hold");
    check(&mission, "curve", &["--floor", "hospital=0.99"], 3, "there is no plan to study");
    // The data move on, and the plan in force is for others.
    let sites = "id,name,kind,lat,lon,source_name,source_read\nhos-new,New,hospital,18.54,-72.33,x,yes\n";
    let file = mission.file("more.csv", sites);
    assert_eq!(konbit(&["import", &mission.dir(), "sites", &file]).code, 0);
    check(&mission, "curve", &[], 3, "plan the week again");
    check(&mission, "compare", &["pattern", "in-force"], 0, "sites with a post at any time");
}

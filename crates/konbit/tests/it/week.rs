//! The week of a small mission over the command line: planned, drawn, revealed, changed, printed.

use crate::support::{Mission, Run, example_file, konbit};
use jiff::{SignedDuration, Timestamp};
use konbit_base::Digest;
use konbit_desk::{Config, Desk, NamedFile, Stamp, Watch};
use konbit_exchange::import::ImportKind;
use konbit_mission::week::WeekAssumptions;
use serde_json::Value;
use std::fs;

fn text(name: &str) -> String {
    fs::read_to_string(example_file(name)).unwrap()
}

/// A table of the example: its head, and the rows whose id is in the list.
fn rows(name: &str, ids: &[&str]) -> String {
    let keep = |line: &&str| {
        line.starts_with('#') || line.starts_with("id,") || ids.iter().any(|id| line.starts_with(&format!("{id},")))
    };
    text(name).lines().filter(keep).collect::<Vec<_>>().join("\n")
}

/// Eight sites, three bases and fewer people, whose plan was put in force half a day ago, when two slots
/// were drawn for that have ended since.
pub fn half_a_day_old() -> Mission {
    let mission = Mission::bare();
    let then = Timestamp::now() - SignedDuration::from_hours(12);
    let stamp = || Stamp::new(then, "test", [7; 32]);
    let desk = Desk::init(mission.dir().as_ref(), &Config::named("test"), &[7; 32]).unwrap();
    let week = text("week.toml")
        .replace("personnel = 760", "personnel = 210")
        .replace("personnel = 120", "personnel = 0")
        .replace("reach_minutes = 60\n", "")
        .replace("travel_minutes = 60", "travel_minutes = 30")
        .replace("travel_minutes = 45", "travel_minutes = 30")
        .replace("personnel = 150", "personnel = 24")
        .replace("personnel = 200", "personnel = 24");
    let sites =
        ["hos-hueh", "hos-la-paix", "hos-isaie-jeanty", "hos-hum", "hos-hah", "hos-justinien", "apt-pap", "apt-cap"];
    let files = [
        (ImportKind::Mission, "mission.toml", text("mission.toml")),
        (ImportKind::Areas, "areas.csv", text("areas.csv")),
        (ImportKind::Planning, "planning.toml", text("planning.toml")),
        (ImportKind::Sites, "sites.csv", rows("sites.csv", &sites)),
        (ImportKind::Bases, "bases.csv", rows("bases.csv", &["base-pap-airport", "base-log-base", "base-cap"])),
        (ImportKind::Week, "week.toml", week),
    ];
    let batch = |(kind, name, text): (_, &str, String)| {
        (kind, vec![NamedFile { name: name.to_owned(), bytes: text.into_bytes() }])
    };
    for report in desk.import_all(&files.map(batch), &stamp()).unwrap() {
        assert!(report.usable && !report.has_errors(), "{report:?}");
    }
    let held = desk.snapshot().unwrap().mission;
    let (moment, usual) = (desk.moment(&held, then), WeekAssumptions::default());
    let prepared = desk.prepare_week(&held, &usual, moment).unwrap();
    let document = konbit_desk::plan_week_for(&prepared, None, 1, &Watch::none());
    desk.adopt_week(&document, &usual, "tried in a test", moment, &stamp()).unwrap();
    assert_eq!(desk.commit_draws(2, &[9; 32], &stamp()).unwrap().len(), 2);
    desk.close().unwrap();
    mission
}

/// `konbit week WHAT DIR ARGS` ends with `code`, and what it prints contains `says`.
pub fn check(mission: &Mission, what: &str, args: &[&str], code: i32, says: &str) -> Run {
    let run = konbit(&[&["week", what, mission.dir().as_str()], args].concat());
    let said = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, code, "{what} {args:?}: {said}");
    assert!(said.contains(says), "{what} {args:?}: expected {says:?} in: {said}");
    run
}

/// Draws again with nothing but SHA-256 and the plan file, as the guide says it is done.
fn drawn_again(mission: &Mission, row: &Value) {
    let draw = &row["draw"];
    let field = |name: &str| draw[name].as_str().unwrap();
    let (seed, slot) = (draw["revealed"]["seed"].as_str().unwrap(), field("slot"));
    let digest = |text: String| Digest::of(text.as_bytes()).to_string();
    let five = format!("konbit-draw/1\n{}\n{slot}\n{}\n{seed}\n", field("document"), field("start"));
    assert_eq!(digest(five), field("commitment"));
    let bytes = fs::read(mission.path(&format!("draws/week-{}.json", field("plan")))).unwrap();
    assert_eq!(Digest::of(&bytes).to_string(), field("document"));
    let plan: Value = serde_json::from_slice(&bytes).unwrap();
    let number = u64::from_str_radix(&digest(format!("konbit-draw/1 ticket\n{seed}\n0\n"))[..16], 16).unwrap();
    let mut ticket = number % plan["probability_denominator"].as_u64().unwrap();
    let kinds = plan["problem"]["slots"].as_array().unwrap();
    let kind = kinds.iter().position(|kind| kind["id"] == slot).unwrap();
    let schedules = plan["schedules"][kind].as_array().unwrap();
    let drawn = schedules.iter().position(|schedule| {
        let probability = schedule["probability"].as_u64().unwrap();
        let here = ticket < probability;
        ticket = ticket.saturating_sub(probability);
        here
    });
    assert_eq!(drawn.map(|drawn| drawn as u64), draw["revealed"]["schedule"].as_u64());
}

#[test]
fn the_week_is_planned_drawn_revealed_changed_and_printed() {
    let mission = half_a_day_old();
    let dir = mission.dir();
    check(&mission, "draws", &[], 0, "2 to be revealed");
    check(&mission, "reveal", &[], 0, "revealed 2 draws and 0 overrides");
    let folder = mission.path("draws").to_str().unwrap().to_owned();
    let list = check(&mission, "draws", &["--files", &folder, "--format", "json"], 0, "").json();
    assert_eq!((list["do_not_hold"].as_u64(), list["draws"].as_array().unwrap().len()), (Some(0), 2));
    list["draws"].as_array().unwrap().iter().for_each(|row| drawn_again(&mission, row));

    // A patrol is lost: planned again from the plan in force, checked, and put in force.
    let (plan, lost) = (mission.path("plan.json").to_str().unwrap().to_owned(), ["--lost-patrol", "cap-haitien"]);
    let args = [&lost[..], &["-o", &plan, "--adopt", "the vehicle is broken", "--format", "json"]].concat();
    let told = check(&mission, "plan", &args, 0, "").json();
    let summary = &told["summary"];
    assert!(summary["bound"].as_f64() <= summary["value"].as_f64() && summary["value"].is_f64(), "{summary}");
    assert_eq!(told["started_from"], summary["before"]["plan"]);
    assert_eq!(summary["slots"].as_array().unwrap().len(), 3);
    let checked = konbit(&["check-plan", &plan]);
    assert!(checked.code == 0 && checked.out.contains("holds: the plan has"), "{}", checked.out);
    check(&mission, "plan", &lost, 0, "planning started from plan");

    // Drawn for, printed, changed.
    check(&mission, "draw", &["--slots", "2"], 0, "committed to 2 draws");
    check(&mission, "draw", &["--slots", "2"], 0, "were drawn for already");
    check(&mission, "sheet", &[], 3, "a draw is committed to before its slot");
    check(&mission, "sheet", &["--slot", "next"], 0, "NOT FOR PUBLICATION before");
    // Who stands by depends on what was drawn.
    let table = check(&mission, "sheet", &["--slot", "next", "--format", "csv"], 0, "slot_begins,slot_ends,").out;
    assert!(table.starts_with("# NOT FOR PUBLICATION"), "{table}");
    let sheet = check(&mission, "sheet", &["--slot", "next", "--format", "json"], 0, "").json();
    let duties = sheet["sheet"]["sections"].as_array().unwrap();
    let held = duties.iter().flat_map(|duty| duty["tasks"].as_array().unwrap().iter().map(move |task| (duty, task)));
    let (duty, task) = held.clone().find(|(_, task)| task["task"]["task"] == "post").expect("a post");
    let (crew, site) = (duty["contingent"].as_str().unwrap(), task["task"]["site"].as_str().unwrap());
    let away = format!("{crew}:post={site}:-");
    check(&mission, "override", &["--slot", "next", "--move", &away, "--price-only"], 0, "nothing was recorded");
    check(&mission, "override", &["--slot", "next", "--move", &away], 2, "--reason");
    let why = ["--slot", "next", "--move", &away, "--reason", "water stands in the street"];
    check(&mission, "override", &why, 0, "recorded as override");
    check(&mission, "override", &why, 3, "where none stands");
    let after = check(&mission, "sheet", &["--slot", "next"], 0, "water stands in the street").out;
    assert!(!after.contains(&format!("[post={site}]")), "{after}");

    // The roster, on paper and in calendars.
    let section = duty["section"].as_str().unwrap();
    check(&mission, "roster", &["--start", "2024-03-01"], 0, "on duty of those wanted");
    check(&mission, "roster", &["--start", "2024-03-01", "--format", "csv"], 0, "2024-02-2");
    check(&mission, "roster", &["--section", section], 0, "leaves the base at");
    check(&mission, "roster", &["--section", section, "--calendar"], 0, "BEGIN:VEVENT");
    check(&mission, "roster", &["--all-calendars", &folder], 0, "calendars of the week");
    assert!(mission.path(&format!("draws/{section}.ics")).exists());

    // What leaves the mission, and what stays in the record.
    let draws = konbit(&["export", &dir, "draws"]).out;
    assert_eq!((draws.lines().count(), draws.matches("revealed, holds").count()), (2 + 4, 2), "{draws}");
    assert_eq!(konbit(&["export", &dir, "week-plan"]).out, fs::read_to_string(&plan).unwrap());
    assert!(konbit(&["export", &dir, "roster"]).out.contains(section));
    assert_eq!(konbit(&["verify", &dir]).code, 0);
    what_cannot_be_is_refused_with_the_reason(&mission);
}

fn what_cannot_be_is_refused_with_the_reason(mission: &Mission) {
    check(mission, "plan", &["--personnel", "kenya"], 3, "write it as CONTINGENT=N");
    check(mission, "plan", &["--personnel", "atlantis=3"], 3, "the figures of the week have: kenya");
    check(mission, "plan", &["--lost-site", "atlantis"], 3, "there is no site");
    check(mission, "plan", &["--lost-base", "atlantis"], 3, "there is no base");
    check(mission, "plan", &["--lost-patrol", "atlantis"], 3, "there is no patrol");
    check(mission, "plan", &["--alpha=2"], 3, "between 0 and 1");
    check(mission, "plan", &["--seconds=-1"], 3, "--seconds");
    check(mission, "draw", &["--slots", "0"], 3, "takes 1 to 112");
    check(mission, "roster", &["--section", "nobody"], 3, "there is no section");
    check(mission, "roster", &["--calendar"], 2, "--section");
    check(mission, "sheet", &["--slot", "monday"], 3, "names no slot");
    check(mission, "sheet", &["--slot", "2019-01-01T00:00"], 3, "nothing was drawn for");
    check(mission, "sheet", &["--slot", "next", "--section", "nobody"], 3, "there is no section");
    check(mission, "override", &["--slot", "next", "--move", "kenya", "--price-only"], 3, "is no move");
    let none = "kenya:post=atlantis:-";
    check(mission, "override", &["--slot", "next", "--move", none, "--price-only"], 3, "does not know");
}

#[test]
fn a_mission_without_figures_of_the_week_is_told_what_to_do() {
    let mission = Mission::empty();
    check(&mission, "plan", &[], 3, "no planning figures");
    check(&mission, "roster", &[], 3, "konbit week plan");
    check(&mission, "draw", &[], 3, "no plan of the week is in force");
    check(&mission, "draws", &[], 0, "nothing was drawn yet");
    check(&mission, "reveal", &[], 0, "revealed 0 draws");
    check(&mission, "sheet", &["--slot", "next"], 3, "konbit week draw");
}

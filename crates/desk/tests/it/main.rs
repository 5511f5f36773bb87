//! A mission opened, filled, planned for and verified through the desk.

#![allow(clippy::unwrap_used, reason = "in a test, a panic with its place is the message")]

mod keeping;
mod roads;
mod simulation;
mod study;
mod week;
mod week_hand;
mod week_study;

use jiff::Timestamp;
use konbit_base::Severity;
use konbit_desk::{
    Assumptions, Config, Desk, DeskError, Moment, NamedFile, PlanRequest, Stamp, check, example, prepare, verify,
};
use konbit_exchange::import::ImportKind;
use konbit_mission::rules::Refusal;
use konbit_protect::{PlanDocument, Watch};
use tempfile::TempDir;

fn stamp() -> Stamp {
    Stamp::new(Timestamp::UNIX_EPOCH, "test", [7; 32])
}

struct Scratch {
    dir: TempDir,
    desk: Desk,
}

fn empty() -> Scratch {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::init(&dir.path().join("m"), &Config::named("test"), &[7; 32]).unwrap();
    Scratch { dir, desk }
}

fn filled() -> Scratch {
    let scratch = empty();
    let reports = scratch.desk.import_all(&example("haiti-2023").unwrap().batches(), &stamp()).unwrap();
    for report in reports {
        assert!(report.usable && !report.has_errors(), "{report:?}");
    }
    scratch
}

fn file(name: &str, text: &str) -> Vec<NamedFile> {
    vec![NamedFile { name: name.to_owned(), bytes: text.as_bytes().to_vec() }]
}

fn moment(scratch: &Scratch) -> Moment {
    scratch.desk.moment(&scratch.desk.snapshot().unwrap().mission, Timestamp::UNIX_EPOCH)
}

fn plan(scratch: &Scratch, personnel: u32) -> PlanDocument {
    let assumptions = Assumptions { personnel: Some(personnel), alpha_ppm: None };
    scratch.desk.plan(&PlanRequest { assumptions, seed: 1, moment: moment(scratch) }, &Watch::none()).unwrap()
}

#[test]
fn rebuilt_from_the_entries_equals_live() {
    let scratch = filled();
    let document = plan(&scratch, 1000);
    scratch.desk.adopt(&document, "tried in a test", moment(&scratch), &stamp()).unwrap();
    let live = scratch.desk.withdraw("site", "apt-cap", "tried in a test", &stamp()).unwrap();
    let read = scratch.desk.snapshot().unwrap();
    assert_eq!(live.mission, read.mission);
    assert_eq!(scratch.desk.rebuild().unwrap(), read.mission);
    assert!(read.mission.sites.get("apt-cap").is_none());
}

#[test]
fn the_example_imports_whole_and_can_be_verified_after_closing() {
    let scratch = filled();
    let travel = scratch.desk.travel(&scratch.desk.snapshot().unwrap().mission, moment(&scratch)).unwrap();
    let now = moment(&scratch);
    let Scratch { dir, desk } = scratch;
    let mission = desk.snapshot().unwrap().mission;
    assert_eq!(
        (mission.sites.len(), mission.bases.len(), mission.incidents.len(), mission.obligations.len()),
        (469, 24, 155, 54)
    );
    assert_eq!(mission.authorisation().unwrap().value.vote.cast.tally().to_string(), "13-0-2");
    assert!(check(&mission, &travel, now).iter().all(|finding| finding.severity < Severity::Error));
    desk.close().unwrap();
    let report = verify(&dir.path().join("m")).unwrap();
    assert!(report.ok, "{report:?}");
    assert!(report.not_covered.is_empty(), "{report:?}");
}

#[test]
fn an_import_with_one_unusable_file_changes_nothing_at_all() {
    let scratch = empty();
    let good = file("good.csv", "id,name,kind,lat,lon,source_name,source_read\na,A,hospital,18.5,-72.3,x,yes\n");
    let batches = [(ImportKind::Sites, good), (ImportKind::Sites, file("bad.csv", ""))];
    let reports = scratch.desk.import_all(&batches, &stamp()).unwrap();
    assert!(!reports[1].usable);
    assert_eq!((reports[0].added, scratch.desk.snapshot().unwrap().head.size), (0, 0));
}

#[test]
fn two_users_at_once_cannot_both_win() {
    let scratch = filled();
    let stale = scratch.desk.snapshot().unwrap();
    scratch.desk.withdraw("site", "apt-cap", "first", &stamp()).unwrap();
    let event = konbit_mission::rules::withdraw(&stale.mission, "site", "apt-cap", "second").unwrap();
    let error = scratch.desk.append(&stale, vec![event], &[], &stamp()).map(|_| ()).unwrap_err();
    assert!(matches!(error, DeskError::Store(konbit_store::StoreError::Moved { .. })), "{error}");
}

#[test]
fn a_plan_for_data_that_have_changed_is_not_adopted() {
    let scratch = filled();
    let document = plan(&scratch, 1000);
    scratch
        .desk
        .withdraw("site", "hos-hueh", "closed", &stamp())
        .or_else(|_| {
            let mission = scratch.desk.snapshot()?.mission;
            let id = mission.sites.values().next().expect("there are sites").id.to_string();
            scratch.desk.withdraw("site", &id, "closed", &stamp())
        })
        .unwrap();
    let error = scratch.desk.adopt(&document, "reason", moment(&scratch), &stamp()).map(|_| ()).unwrap_err();
    assert!(matches!(error, DeskError::Refused(Refusal::PlanIsStale { .. })), "{error}");
}

#[test]
fn a_plan_is_adopted_once_with_a_reason_and_only_if_it_holds() {
    let scratch = filled();
    let document = plan(&scratch, 1000);
    let adopt = |document: &PlanDocument, reason: &str| {
        scratch.desk.adopt(document, reason, moment(&scratch), &stamp()).map(|_| ())
    };
    assert!(matches!(adopt(&document, " ").unwrap_err(), DeskError::Refused(Refusal::NoReason)));
    let better = PlanDocument { value: document.value.map(|value| value * 0.99), ..document.clone() };
    assert!(matches!(adopt(&better, "reason").unwrap_err(), DeskError::PlanDoesNotHold(_)));
    adopt(&document, "reason").unwrap();
    assert!(matches!(adopt(&document, "again").unwrap_err(), DeskError::Refused(Refusal::PlanInForce(_))));
    let mission = scratch.desk.snapshot().unwrap().mission;
    assert_eq!(scratch.desk.plan_in_force(&mission).unwrap().unwrap().document, document);
}

#[test]
fn what_cannot_be_planned_for_is_named() {
    let scratch = filled();
    let sites = "id,name,kind,lat,lon,source_name,source_read\nx-1,Nowhere,hospital,,,x,yes\nx-2,Odd,lighthouse,18.5,-72.3,x,yes\n";
    scratch.desk.import(ImportKind::Sites, &file("more.csv", sites), &stamp()).unwrap();
    let mission = scratch.desk.snapshot().unwrap().mission;
    let travel = scratch.desk.travel(&mission, moment(&scratch)).unwrap();
    let prepared = prepare(&mission, &travel, Assumptions::default(), moment(&scratch)).unwrap();
    let codes: Vec<&str> = prepared.left_out.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["site-without-position", "kind-without-figures"]);
    assert_eq!(prepared.problem.data().sites.len(), 469);
}

#[test]
fn a_map_layer_that_was_altered_is_found() {
    let Scratch { dir, desk } = filled();
    let mission = desk.snapshot().unwrap().mission;
    let digest = mission.layers.get("outline").unwrap().value.digest;
    let path = desk.dir().reference_path(digest);
    desk.close().unwrap();
    std::fs::write(&path, "{}").unwrap();
    let report = verify(&dir.path().join("m")).unwrap();
    assert!(!report.ok && report.problems.iter().any(|problem| problem.sentence.contains("outline")), "{report:?}");
}

//! Questions under other figures, studies of a plan, and plans made by hand.

use crate::{Scratch, filled, moment, plan, stamp};
use konbit_desk::{
    Assumptions, Base, Breach, Changes, DeskError, Figure, PlanRequest, ends, equal, force, hand_csv, naive_pattern,
    opened, prepare, read_hand, score, site_plans, translated,
};
use konbit_mission::Mission;
use konbit_mission::protection::{PlanId, SiteId};
use konbit_protect::generate::{Shape, generate};
use konbit_protect::{Options, Outcome, Plan, PlanDocument, Problem, Watch};
use std::cell::Cell;
use std::sync::LazyLock;

/// The example with a plan for its own figures, made once.
static EXAMPLE: LazyLock<(Mission, PlanDocument)> = LazyLock::new(|| {
    let scratch = filled();
    let document = plan(&scratch, 1000);
    (scratch.desk.snapshot().unwrap().mission, document)
});

fn request(scratch: &Scratch) -> PlanRequest {
    PlanRequest::at(moment(scratch))
}

pub(crate) fn changes(figures: &[(&str, &str)], posts: &[(&str, bool)]) -> Changes {
    let mut changes = Changes::default();
    for (name, text) in figures {
        changes.set(name, text).unwrap();
    }
    for (site, must) in posts {
        changes.post(site, *must).unwrap();
    }
    changes
}

#[test]
fn a_plan_under_changed_figures_is_adopted_with_them_in_one_append() {
    let scratch = filled();
    let asked = changes(
        &[("static", "0.5"), ("turnout", "8"), ("floor.school", "0.06"), ("seats.hospital", "5"), ("decay", "30")],
        &[("apt-pap", false), ("hos-hueh", true), ("apt-cap", true)],
    );
    let document = scratch.desk.plan_if(&request(&scratch), &asked, &Watch::none()).unwrap().document;
    let before = scratch.desk.snapshot().unwrap();
    // Alone, the plan is not one for the record's data.
    let alone = scratch.desk.adopt(&document, "alone", moment(&scratch), &stamp()).map(|_| ()).unwrap_err();
    assert!(matches!(alone, DeskError::Refused(_)), "{alone}");
    let after = scratch.desk.adopt_with(&document, &asked, "tried in a test", moment(&scratch), &stamp()).unwrap();
    assert_eq!(after.head.size, before.head.size + 2);
    let mission = scratch.desk.snapshot().unwrap().mission;
    let travel = scratch.desk.travel(&mission, moment(&scratch)).unwrap();
    let now = prepare(&mission, &travel, Assumptions::default(), moment(&scratch)).unwrap().problem;
    assert_eq!(now.hash(), document.problem_hash, "the record's data make the problem that was adopted");
    let planning = mission.planning.values().next().unwrap();
    // An interval that does not hold the new value is widened; what stood there before is said.
    let judged = &planning.static_effect_ppm;
    assert_eq!((judged.low, judged.best, judged.high), (500_000, 500_000, 950_000));
    assert!(judged.basis.contains("tried in a test") && judged.basis.contains("instead of 0.8"), "{}", judged.basis);
    assert!(planning.source.name.contains("test: tried in a test") && planning.source.name.contains("no_post=apt-pap"));
    // What the record says already is not called a change.
    assert!(!planning.source.name.contains("decay") && !planning.source.name.contains("apt-cap"));
    assert!(!planning.kinds["airport"].mandatory);
    let posts: Vec<&str> = planning.mandatory_posts.iter().map(SiteId::as_str).collect();
    assert!(posts.contains(&"apt-cap") && posts.contains(&"hos-hueh") && !posts.contains(&"apt-pap"), "{posts:?}");
}

#[test]
fn a_question_about_what_is_not_there_is_refused() {
    let (mission, _) = &*EXAMPLE;
    let refused = |asked: Changes| asked.mission(mission).map(|_| ()).unwrap_err().to_string();
    assert!(refused(changes(&[("floor.lighthouse", "0.1")], &[])).contains("lighthouse"));
    assert!(refused(changes(&[], &[("none", true)])).contains("none"));
    assert!(changes(&[("decay", "30")], &[("apt-pap", true)]).that_differ(mission).is_empty());
    let lines = changes(&[("static", "0.5")], &[("hos-hueh", true)]).lines(mission);
    assert!(lines[0].is_outside && lines[0].interval == Some(("0.6".to_owned(), "0.95".to_owned())));
    assert_eq!((lines[1].before.as_str(), lines[1].after.as_str()), ("not mandatory", "mandatory"));
}

#[test]
fn demands_that_conflict_are_named() {
    let scratch = filled();
    let asked = |asked: &Changes, personnel: u32| {
        let assumptions = Assumptions { personnel: Some(personnel), alpha_ppm: None };
        let request = PlanRequest { assumptions, ..request(&scratch) };
        let planned = scratch.desk.plan_if(&request, asked, &Watch::none()).unwrap();
        assert_eq!(planned.document.value, None);
        planned.conflict
    };
    // A post stops 80 %, so no school can have more.
    let beyond = asked(&changes(&[("floor.school", "0.9")], &[]), 1000);
    assert!(beyond.len() == 1 && beyond[0].starts_with("sch-"), "{beyond:?}");
    // Two posts of 16 at the airports, and 21 people on duty: the two conflict. With 15 on duty one alone is too much.
    assert_eq!(asked(&Changes::default(), 100), ["apt-cap", "apt-pap"]);
    assert_eq!(asked(&Changes::default(), 74).len(), 1);
    let floors = asked(&changes(&[("floor.school", "0.6"), ("floor.hospital", "0.6")], &[]), 1000);
    assert!(floors.len() > 1, "{floors:?}");
}

#[test]
fn the_table_of_a_plan_is_read_back_to_the_same_plan_and_value() {
    let (mission, document) = &*EXAMPLE;
    let (problem, plan) = opened(document).unwrap();
    let table = hand_csv(mission, problem.data(), &plan.schedules);
    let read = read_hand(mission, problem.data(), table.as_bytes()).unwrap();
    assert_eq!(read.schedules, plan.schedules);
    let scored = score(&problem, &read).unwrap();
    assert!(scored.breaches.is_empty() && scored.evaluation.floors_short.is_empty());
    // The plan's value is rounded up in its ninth digit.
    assert!((scored.evaluation.value / plan.value - 1.0).abs() < 1e-8);
    let sites = site_plans(&problem, &scored.evaluation);
    let same = sites.iter().zip(&plan.sites);
    assert!(same.into_iter().all(|(a, b)| a.posture == b.posture && (a.protection - b.protection).abs() < 1e-12));
    assert_eq!(translated(problem.data(), problem.data(), &plan.schedules).unwrap(), plan.schedules);
}

fn faults(table: &str) -> Vec<String> {
    let (mission, document) = &*EXAMPLE;
    let read = read_hand(mission, &document.problem, table.as_bytes());
    read.map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect()
}

fn check_fault(table: &str, expect: &[&str]) {
    let told = faults(table).join(" | ");
    for words in expect {
        assert!(told.contains(words), "{table:?}: {told}");
    }
}

#[test]
fn what_is_wrong_with_a_table_is_named_by_row_and_column() {
    check_fault("", &["empty"]);
    check_fault("name\nx\n", &["no column of places"]);
    check_fault("site\n", &["no rows"]);
    check_fault("site\nhos-hueh\nnowhere\n", &["row 3, column place", "nowhere"]);
    check_fault("site\nhos-hueh\nhos-hueh\n", &["row 3, column place", "twice"]);
    check_fault("schedule,probability,place\na,2,hos-hueh\n", &["row 2, column probability"]);
    check_fault(
        "schedule,probability,place\na,0.5,hos-hueh\na,0.6,prt-varreux\n",
        &["row 3, column probability", "above"],
    );
    check_fault("schedule,probability,place\na,0.5,hos-hueh\n", &["column probability", "sum to 0.500000"]);
    check_fault("schedule,probability,place\na,0.5,hos-hueh\nb,,hos-hueh\n", &["column probability", "\"b\""]);
    check_fault("place,kind\nhos-hueh,force\n", &["row 2, column kind"]);
    check_fault("place,kind\nbase-pap-airport,post\n", &["row 2, column kind"]);
    check_fault("place,kind\nhos-hueh,patrol\n", &["row 2, column kind"]);
    check_fault("place,count\nhos-hueh,2\n", &["row 2, column count"]);
    check_fault("place,count\nbase-pap-airport,many\n", &["row 2, column count"]);
    let wrong = (0..100).map(|ix| format!("no-{ix}")).collect::<Vec<_>>().join("\n");
    assert_eq!(faults(&format!("site\n{wrong}")).len(), 20, "a flood of mistakes is cut");
}

#[test]
fn a_list_of_sites_is_one_schedule_and_what_it_breaks_is_said() {
    let (mission, document) = &*EXAMPLE;
    let (problem, _) = opened(document).unwrap();
    let name = &mission.sites.get("apt-pap").unwrap().value.name;
    let table = format!("\u{feff}Site;note\napt-cap;x\n{name};\n\n#loc+id;\n");
    let read = read_hand(mission, problem.data(), table.as_bytes()).unwrap();
    assert_eq!((read.schedules.len(), read.schedules[0].posts.len()), (1, 2));
    let scored = score(&problem, &read).unwrap();
    assert!(scored.breaches.is_empty() && !scored.evaluation.floors_short.is_empty());
    let none = read_hand(mission, problem.data(), b"place,kind,count\nbase-pap-airport,force,9\n").unwrap();
    let broken = score(&problem, &none).unwrap().breaches;
    assert!(broken.iter().filter(|breach| matches!(breach, Breach::Missing { .. })).count() == 2, "{broken:?}");
    assert!(broken.iter().any(|breach| matches!(breach, Breach::Forces { count: 9, .. })), "{broken:?}");
    let all = problem.data().sites.iter().map(|site| site.id.as_str()).collect::<Vec<_>>().join("\n");
    let everywhere = read_hand(mission, problem.data(), format!("site\n{all}").as_bytes()).unwrap();
    let broken = score(&problem, &everywhere).unwrap().breaches;
    assert!(matches!(broken.as_slice(), [Breach::Seats { available: 212, .. }]), "{broken:?}");
}

fn small() -> (Problem, Plan) {
    let problem = generate(Shape { sites: 40, bases: 4, personnel: 200, ..Shape::example() }, 7);
    match konbit_protect::plan(&problem, &Options::default(), &Watch::none()) {
        Outcome::Planned(plan) => (problem, *plan),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bands_of_more_force_hold_what_was_found_and_a_study_cut_short_goes_on() {
    let (problem, plan) = small();
    let whole = force(&problem, &plan, None, &Options::default(), &Watch::none());
    assert!(!whole.is_cut_short && whole.steps.len() > 3);
    let bands =
        whole.steps.iter().filter_map(|step| step.spared).chain(whole.units.iter().filter_map(|unit| unit.spared));
    for band in bands {
        assert!(band.low <= band.found + 1e-9 && band.found <= band.high + 1e-9, "{band:?}");
    }
    let values: Vec<f64> = whole.steps.iter().filter_map(|step| step.found).map(|found| found.0).collect();
    assert!(values.windows(2).all(|pair| pair[1] <= pair[0]), "{values:?}");
    // One more unit somewhere cannot spare more than the best plan with its people could.
    for price in &whole.posts {
        assert!(price.spared > 0.0 && price.spared <= plan.value);
    }
    let polls = Cell::new(0);
    let should_stop = || {
        polls.set(polls.get() + 1);
        polls.get() > 40
    };
    let watch = Watch { should_stop: &should_stop, progress: &|_| {} };
    let cut = force(&problem, &plan, None, &Options::default(), &watch);
    assert!(cut.is_cut_short && cut.steps.iter().any(|step| !step.is_computed));
    let on = force(&problem, &plan, Some(&cut), &Options::default(), &Watch::none());
    assert!(!on.is_cut_short && on.steps.iter().all(|step| step.is_computed));
}

#[test]
fn a_plan_read_against_itself_equals_nobody_and_against_a_plain_pattern_somebody() {
    let (problem, plan) = small();
    assert_eq!(equal(&problem, &plan.schedules, plan.value).unwrap().people, Some(0));
    let plain = naive_pattern(&problem);
    let seats: u32 = plain[0].posts.iter().map(|&i| problem.data().sites[i as usize].seats).sum();
    assert!(seats <= problem.seats());
    let read = equal(&problem, &plain, plan.value).unwrap();
    assert!(read.present >= plan.bound && read.people != Some(0), "{read:?}");
}

#[test]
fn a_judged_figure_at_the_end_of_its_interval_moves_the_value_the_way_it_must() {
    let scratch = filled();
    let (mission, document) = &*EXAMPLE;
    let (problem, plan) = opened(document).unwrap();
    let none = Changes::default();
    let wanted = ends(mission, Assumptions::default(), &none);
    assert_eq!(wanted[0].figure, None);
    let twice = wanted.iter().filter(|end| end.figure == Some(Figure::StaticEffect)).count();
    assert_eq!(twice, 2);
    // At an end already, there is only the other one to look at.
    let at_end = ends(mission, Assumptions { alpha_ppm: Some(0), ..Assumptions::default() }, &none);
    assert_eq!(at_end.iter().filter(|end| end.figure == Some(Figure::Alpha)).count(), 1);
    let now = moment(&scratch);
    let assumptions = Assumptions { personnel: Some(1000), alpha_ppm: None };
    let base = Base { mission, changes: &none, assumptions, moment: now, problem: &problem, plan: &plan };
    let at = |figure: Figure, is_high: bool| {
        let end = wanted.iter().find(|end| end.figure.as_ref() == Some(&figure) && end.is_high == is_high).unwrap();
        scratch.desk.at_end(&base, end, &Watch::none()).unwrap()
    };
    let weak = at(Figure::StaticEffect, false);
    // A weaker post cannot lower what any plan leaves: the bound there is no lower than the bound here, but for the gap.
    assert!(weak.found.unwrap().0 >= plan.bound, "{weak:?}");
    assert!(weak.moved > 0 && !weak.widest.is_empty());
    let fast = at(Figure::Turnout, false);
    assert!(fast.found.unwrap().1 <= plan.value, "{fast:?}");
}

#[test]
fn an_adopted_plan_is_found_again_by_its_id() {
    let scratch = filled();
    let document = plan(&scratch, 900);
    scratch.desk.adopt(&document, "first", moment(&scratch), &stamp()).unwrap();
    let mission = scratch.desk.snapshot().unwrap().mission;
    let id: PlanId = mission.plan_in_force().unwrap().value.id.clone();
    assert_eq!(scratch.desk.adopted_plan(&mission, id.as_str()).unwrap().unwrap().document, document);
    assert!(scratch.desk.adopted_plan(&mission, "none").unwrap().is_none());
    let table = String::from_utf8(scratch.desk.export("plan-by-hand", konbit_desk::Form::Table).unwrap()).unwrap();
    assert!(read_hand(&mission, &document.problem, table.as_bytes()).is_ok());
}

//! Questions about the week of a small mission, and studies of a plan of it.

use crate::Scratch;
use crate::study::changes;
use crate::week::{SUNDAY, adopted, at, mission, moment, planned, prepared, small};
use konbit_base::Finding;
use konbit_desk::{
    Band, Changes, Demand, Desk, DeskError, End, EndResult, Figure, Growing as _, Progress, StudiedWeek, Telling,
    Watch, WeekBase, WeekDocument, WeekForce, followed, naive_week, planned_week_for, week_ends, week_equal,
};
use konbit_exchange::import::ImportKind;
use konbit_mission::rules::Refusal;
use konbit_mission::week::WeekAssumptions;
use konbit_protect::evaluate_week;
use std::cell::Cell;

#[test]
fn a_plan_of_the_week_under_changed_figures_is_adopted_with_them_in_one_append() {
    let Scratch { desk, dir: _dir } = small();
    let asked = changes(
        &[("static", "0.7"), ("floor.hospital", "0.02"), ("patrol", "0.5"), ("slot_attempts.nights", "1.5")],
        &[("apt-cap", false), ("hos-hueh", true)],
    );
    let (none, moment) = (WeekAssumptions::default(), moment(&desk));
    let prepared = desk.prepare_week_if(&mission(&desk), &none, &asked, moment).unwrap();
    let document = planned_week_for(&prepared, None, 1, &Watch::none()).document;
    let before = desk.snapshot().unwrap();
    // Alone, the plan is not one for the record's data.
    let alone = desk.adopt_week(&document, &none, "alone", moment, &at(SUNDAY)).map(|_| ()).unwrap_err();
    assert!(matches!(alone, DeskError::Refused(Refusal::PlanIsStale { .. })), "{alone}");
    let after = desk.adopt_week_with(&document, &none, &asked, "tried in a test", moment, &at(SUNDAY)).unwrap();
    assert_eq!(after.head.size, before.head.size + 3, "planning figures, figures of the week, the adoption");
    let now = desk.prepare_week(&mission(&desk), &none, moment).unwrap();
    assert_eq!(now.week.hash(), document.problem_hash, "the record's data make the problem that was adopted");
    let held = mission(&desk);
    let week = held.week_figures.values().next().unwrap();
    // An interval that does not hold the new value is widened; what stood there before is said.
    assert_eq!((week.patrol_effect_ppm.low, week.patrol_effect_ppm.best), (500_000, 500_000));
    assert!(week.patrol_effect_ppm.basis.contains("tried in a test"), "{}", week.patrol_effect_ppm.basis);
    assert!(week.source.name.contains("slot_attempts.nights=1.5"), "{}", week.source.name);
    assert_eq!(desk.rebuild().unwrap(), held);
}

#[test]
fn a_figure_of_the_week_that_is_not_there_is_refused_by_name() {
    let Scratch { desk, dir: _dir } = small();
    let refused = |figures: &[(&str, &str)]| {
        let asked = changes(figures, &[]);
        desk.prepare_week_if(&mission(&desk), &WeekAssumptions::default(), &asked, moment(&desk))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&[("slot_attempts.noon", "2")]).contains("weekdays, weekends, nights"));
    assert!(refused(&[("floor.castle", "0.2")]).contains("castle"));
}

#[test]
fn demands_that_cannot_be_met_are_named_with_their_kind_of_slot() {
    let Scratch { desk, dir: _dir } = small();
    let conflict = |figures: &[(&str, &str)], posts: &[(&str, bool)]| {
        let asked = changes(figures, posts);
        let none = WeekAssumptions::default();
        let prepared = desk.prepare_week_if(&mission(&desk), &none, &asked, moment(&desk)).unwrap();
        let planned = planned_week_for(&prepared, None, 1, &Watch::none());
        assert_eq!(planned.document.value, None);
        let (slot, demands) = planned.conflict.expect("it is proven impossible");
        assert!(prepared.week.data().slots.iter().any(|held| held.id == slot), "{slot}");
        demands
    };
    // A post stops four in five attempts, so that one site alone is too much to ask.
    let demands = conflict(&[("floor.hospital", "0.99")], &[]);
    assert!(demands.len() == 1 && demands[0].0 == Demand::Floor && demands[0].1.starts_with("hos-"), "{demands:?}");
    // More posts than there are people, each of them needed for the conflict.
    let all = ["hos-hueh", "hos-la-paix", "hos-isaie-jeanty", "hos-hum", "hos-hah"];
    let demands = conflict(&[("seats.hospital", "40")], &all.map(|site| (site, true)));
    assert!(demands.len() > 1 && demands.iter().any(|(demand, _)| *demand == Demand::Post), "{demands:?}");
}

fn base<'a>(
    mission: &'a konbit_mission::Mission,
    desk: &Desk,
    none: &'a (Changes, WeekAssumptions),
    document: &'a WeekDocument,
) -> WeekBase<'a> {
    WeekBase { mission, changes: &none.0, assumptions: &none.1, moment: moment(desk), document }
}

#[test]
fn more_people_of_a_contingent_never_do_worse_and_a_study_that_was_ended_goes_on() {
    let Scratch { desk, dir: _dir } = small();
    let (document, mission, none) = (planned(&desk), mission(&desk), Default::default());
    let base = base(&mission, &desk, &none, &document);
    let reports = Cell::new(0usize);
    let report = |force: &WeekForce| {
        assert!(force.made.0 < force.made.1 && force.is_cut_short);
        reports.set(reports.get() + 1);
    };
    // The time is up once two more strengths are planned for.
    let should_stop = || reports.get() > 2;
    let watch = Watch { should_stop: &should_stop, progress: &|_: Progress| {} };
    let first = desk.week_force(&base, "bahamas", None, &report, &watch).unwrap();
    assert!(first.is_cut_short && first.made.0 == 3, "{:?}", first.made);
    let whole = desk.week_force(&base, "bahamas", Some(&first), &|_| {}, &Watch::none()).unwrap();
    assert!(!whole.is_cut_short && whole.made.0 == whole.made.1);
    assert_eq!((whole.personnel, whole.found.0), (24, document.value.unwrap()));
    let found: Vec<(f64, f64)> = whole.steps.iter().filter_map(|step| step.found).collect();
    assert!(found.len() >= 2 && found.windows(2).all(|pair| pair[1].0 <= pair[0].0), "{found:?}");
    assert!(found.iter().all(|(value, bound)| bound <= value), "{found:?}");
    let is_band = |band: &Band| 0.0 <= band.low && band.low <= band.found && band.found <= band.high;
    let spared = whole.units.iter().map(|unit| unit.spared.expect("every unit was planned for"));
    assert!(spared.chain(whole.steps.iter().filter_map(|step| step.spared)).all(|band| is_band(&band)));
    // It serves in the north alone, so that no base and no site elsewhere gets a unit of it.
    let data = &document.problem;
    assert!(
        whole.posts.iter().all(|price| ["apt-cap", "hos-justinien"].contains(&data.sites[price.place].id.as_str()))
    );
    assert!(whole.bases.iter().all(|price| data.bases[price.place].id == "base-cap" && price.spared > 0.0));
    let missing = desk.week_force(&base, "nobody", None, &|_| {}, &Watch::none()).unwrap_err();
    assert!(missing.to_string().contains("nobody"), "{missing}");
}

#[test]
fn every_judged_figure_of_the_week_has_two_ends_and_weaker_posts_do_more_harm() {
    let Scratch { desk, dir: _dir } = small();
    let (document, mission, none) = (planned(&desk), mission(&desk), Default::default());
    let base = base(&mission, &desk, &none, &document);
    let wanted = week_ends(&mission, &none.1, &none.0);
    let count = |figure: &Figure| wanted.iter().filter(|end| end.figure.as_ref() == Some(figure)).count();
    assert_eq!(wanted[0].figure, None);
    assert_eq!((count(&Figure::StaticEffect), count(&Figure::PatrolEffect)), (2, 2));
    assert_eq!(count(&Figure::SlotAttempts("nights".to_owned())), 2);
    assert_eq!(count(&Figure::Value("hospital".to_owned())), 2);
    let at = |figure: Option<Figure>, is_high: bool| -> EndResult {
        let of = |end: &&End| end.figure == figure && end.is_high == is_high;
        let end = wanted.iter().find(of).unwrap();
        desk.week_at_end(&base, end, &Watch::none()).unwrap()
    };
    let value = document.value.unwrap();
    let same = at(None, false).found.unwrap();
    assert!(same.0 >= document.bound.unwrap() * 0.999 && same.1 <= value, "{same:?} of {value}");
    let weak = at(Some(Figure::StaticEffect), false);
    assert!(weak.found.unwrap().1 > value, "{weak:?}");
    assert!(weak.widest.iter().any(|(_, before, after)| after < before));
}

#[test]
fn a_plan_equals_more_people_under_a_plainer_pattern_and_none_under_itself() {
    let Scratch { desk, dir: _dir } = small();
    let document = planned(&desk);
    let week = prepared(&desk, &WeekAssumptions::default()).week;
    let value = document.value.unwrap();
    let people = |present, value| week_equal(&week, present, value, 4_700).unwrap();
    assert_eq!(people(&document.schedules, value * 1.000_001).people, Some(0));
    let naive = naive_week(&week);
    let plain = people(&naive, value);
    assert!(plain.present > value && plain.people.is_some_and(|people| people > 0), "{plain:?}");
    assert!(people(&naive, plain.present * 0.999).people <= plain.people, "less to reach takes no more people");
    assert_eq!(people(&naive, 0.0).people, None, "a post does not stop every attempt");
    // What the plain pattern does, it has the people for.
    let scored = evaluate_week(&week.with_nothing_demanded(), &naive).unwrap();
    assert!((scored.value - plain.present).abs() < 1e-9);
}

#[test]
fn a_plan_followed_under_other_figures_is_scored_by_harm_alone() {
    let scratch = small();
    let held = adopted(&scratch);
    let desk = &scratch.desk;
    let under = |figures: &[(&str, &str)], posts: &[(&str, bool)]| {
        let asked = changes(figures, posts);
        let week =
            desk.prepare_week_if(&mission(desk), &WeekAssumptions::default(), &asked, moment(desk)).unwrap().week;
        followed(&week, &held.document).map(|evaluation| evaluation.value)
    };
    let value = held.document.value.unwrap();
    assert!((under(&[], &[]).unwrap() - value).abs() < 1e-6);
    assert!((under(&[("floor.hospital", "0.5")], &[("hos-hueh", true)]).unwrap() - value).abs() < 1e-6);
    assert!(under(&[("static", "0.5")], &[]).unwrap() > value);
    assert!(under(&[("seats.hospital", "30")], &[]).is_err(), "there are too few people to follow it");
}

fn studied(desk: &Desk) -> StudiedWeek {
    let document = planned(desk);
    let (asked, now) = ((WeekAssumptions::default(), Changes::default()), document.problem_hash);
    StudiedWeek::of_question(document, asked, now, moment(desk), None).unwrap()
}

fn silent(finding: &Finding) {
    panic!("{finding}");
}

#[test]
fn a_study_is_kept_after_each_plan_and_goes_on_from_there_to_the_last_bit() {
    let Scratch { desk, dir } = small();
    let (studied, mission) = (studied(&desk), mission(&desk));
    let reports = Cell::new(0usize);
    let report = |_: &WeekForce| reports.set(reports.get() + 1);
    // Ended by a kill once two more strengths are planned for: nothing is kept at the end that was not kept before.
    let should_stop = || {
        assert!(reports.get() < 4, "killed");
        false
    };
    let watch = Watch { should_stop: &should_stop, progress: &|_: Progress| {} };
    let telling = Telling { report: &report, finding: &silent };
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        desk.study_force(&mission, &studied, "bahamas", None, &telling, &watch)
    }));
    assert!(killed.is_err());
    let path = dir.path().join("m");
    desk.close().unwrap();
    let desk = Desk::open_to_read(&path).unwrap();
    let half = desk.kept_force(&mission, &studied, "bahamas", None, &silent).unwrap().unwrap();
    assert!(half.is_cut_short && half.made.0 == 4, "{:?}", half.made);
    let telling = Telling { report: &|force: &WeekForce| assert!(force.made.0 >= 4), finding: &silent };
    let whole = desk.study_force(&mission, &studied, "bahamas", None, &telling, &Watch::none()).unwrap();
    assert!(!whole.is_cut_short);
    assert_eq!(desk.kept_force(&mission, &studied, "bahamas", None, &silent).unwrap(), Some(whole.clone()));
    assert_eq!(
        desk.kept_force(&mission, &studied, "bahamas", Some(&whole), &silent).unwrap(),
        None,
        "it is no further"
    );
    assert_eq!(desk.kept_force(&mission, &studied, "bahamas", Some(&half), &silent).unwrap(), Some(whole.clone()));
    assert_eq!(desk.kept_force(&mission, &studied, "jamaica", None, &silent).unwrap(), None);

    // A damaged file is told of, and what is made again takes its place.
    let file = desk.kept_studies().path(&studied.force_key(&mission, "bahamas"));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let told = Cell::new(0);
    let count = |_: &Finding| told.set(told.get() + 1);
    let telling = Telling { report: &|_: &WeekForce| {}, finding: &count };
    let stopped = Watch { should_stop: &|| true, progress: &|_: Progress| {} };
    let again = desk.study_force(&mission, &studied, "bahamas", None, &telling, &stopped).unwrap();
    assert_eq!((again.made.0, told.get()), (1, 1));
    assert_eq!(desk.kept_force(&mission, &studied, "bahamas", None, &silent).unwrap(), Some(again));

    // Another question has another study.
    let key = studied.force_key(&mission, "bahamas");
    let asked = StudiedWeek { changes: changes(&[("relief", "5")], &[]), ..studied.clone() };
    assert_ne!(asked.force_key(&mission, "bahamas"), key);
    // So have other figures, although the problem of the plan may be the same.
    let desk = {
        desk.close().unwrap();
        Desk::open(&path).unwrap()
    };
    let text = crate::week::text(ImportKind::Week).replace("basis = \"", "basis = \"Judged again. ");
    desk.import(ImportKind::Week, &crate::file("week.toml", &text), &at(SUNDAY)).unwrap();
    assert_ne!(studied.force_key(&crate::week::mission(&desk), "bahamas"), key);
}

#[test]
fn ends_and_plans_are_kept_and_a_plan_that_was_stopped_goes_on() {
    let Scratch { desk, dir: _dir } = small();
    let (studied, mission) = (studied(&desk), mission(&desk));
    let wanted: Vec<End> = week_ends(&mission, &studied.assumptions, &studied.changes).into_iter().take(3).collect();
    let made = Cell::new(0usize);
    let report = |results: &[EndResult]| made.set(results.len());
    let telling = Telling { report: &report, finding: &silent };
    let should_stop = || made.get() >= 2;
    let watch = Watch { should_stop: &should_stop, progress: &|_: Progress| {} };
    let some = desk.study_ends(&mission, &studied, &wanted, None, &telling, &watch).unwrap();
    assert_eq!(some.len(), 2);
    assert_eq!(desk.kept_ends(&mission, &studied, &wanted, &silent), Some(some.clone()));
    let all = desk.study_ends(&mission, &studied, &wanted, None, &telling, &Watch::none()).unwrap();
    assert!(all.len() == 3 && all.starts_with(&some) && all[2].end == wanted[2]);
    assert_eq!(desk.kept_ends(&mission, &studied, &wanted[..2], &silent), None, "other ends are another study");

    let prepared = prepared(&desk, &WeekAssumptions::default());
    let hash = prepared.week.hash();
    let plan = |watch: &Watch<'_>| desk.plan_week_kept(&prepared, None, 1, &silent, (watch, &|| 2.5));
    assert_eq!(desk.kept_plan(hash, 1, &silent), None);
    let stopped = plan(&Watch { should_stop: &|| true, progress: &|_: Progress| {} });
    assert_eq!((stopped.made(), desk.kept_plan(hash, 1, &silent).map(|kept| kept.made())), (1, Some(1)));
    let whole = plan(&Watch::none());
    assert!(whole.made() == 2 && whole.document.seconds.to_bits() == 2.5f64.to_bits(), "{:?}", whole.document.status);
    assert_eq!(desk.kept_plan(hash, 1, &silent), Some(whole.clone()));
    assert_eq!(desk.kept_plan(hash, 2, &silent), None);
    // Nothing is planned that is kept: nobody asks whether to stop.
    let asked = Cell::new(0);
    let counted = || {
        asked.set(asked.get() + 1);
        false
    };
    assert_eq!(plan(&Watch { should_stop: &counted, progress: &|_: Progress| {} }), whole);
    assert_eq!(asked.get(), 0);

    // What names demands in conflict does so after it was kept.
    let asked = changes(&[("floor.hospital", "0.99")], &[]);
    let prepared = desk.prepare_week_if(&mission, &WeekAssumptions::default(), &asked, moment(&desk)).unwrap();
    let made = desk.plan_week_kept(&prepared, None, 1, &silent, (&Watch::none(), &|| 0.0));
    let kept = desk.kept_plan(prepared.week.hash(), 1, &silent);
    assert!(kept.as_ref().is_some_and(|kept| kept.conflict.is_some()) && kept == Some(made));
}

#[test]
fn what_is_kept_is_no_part_of_the_mission_and_goes_where_something_is_erased() {
    let Scratch { desk, dir } = small();
    let (prepared, path) = (prepared(&desk, &WeekAssumptions::default()), dir.path().join("m"));
    let stopped = Watch { should_stop: &|| true, progress: &|_: Progress| {} };
    desk.plan_week_kept(&prepared, None, 1, &silent, (&stopped, &|| 0.0));
    assert!(path.join("cache").is_dir());
    let copy = dir.path().join("copy");
    konbit_desk::backup(&path, &copy).unwrap();
    assert!(!copy.join("cache").exists());
    let entry = mission(&desk).sites.get("hos-hum").unwrap().entries[0];
    desk.erase(&[entry], "tried in a test", "a rule", &at(SUNDAY)).unwrap();
    assert!(!path.join("cache").exists());
    desk.plan_week_kept(&prepared, None, 1, &silent, (&stopped, &|| 0.0));
    desk.close().unwrap();
    let report = konbit_desk::verify(&path).unwrap();
    assert!(report.ok, "{report:?}");
}

//! The week of a small mission: planned, adopted, drawn, overridden, revealed.

use crate::{Scratch, empty, file};
use jiff::Timestamp;
use konbit_base::Severity;
use konbit_desk::{
    Changes, Desk, DeskError, DrawnSlot, Moment, NamedFile, PreparedWeek, SlotSheet, Stamp, Watch, WayFrom, WeekView,
    backup, example, known_schedules, plan_week_for,
};
use konbit_exchange::import::ImportKind;
use konbit_mission::Mission;
use konbit_mission::draws::{Draw, Move, UnitTask};
use konbit_mission::protection::{BaseId, SiteId};
use konbit_mission::rules::Refusal;
use konbit_mission::week::{WeekAssumptions, WeekWord};
use konbit_protect::{WeekDocument, evaluate_week};
use std::sync::OnceLock;

/// A Sunday evening in Haiti, before the week begins.
pub(crate) const SUNDAY: &str = "2023-10-01T20:00:00Z";

pub(crate) fn at(instant: &str) -> Stamp {
    Stamp::new(instant.parse().unwrap(), "test", [7; 32])
}

pub(crate) fn text(kind: ImportKind) -> String {
    let batches = example("haiti-2023").unwrap().batches();
    let (_, files) = batches.into_iter().find(|(held, _)| *held == kind).unwrap();
    String::from_utf8(files[0].bytes.clone()).unwrap()
}

/// The head of a table and the rows whose id is in the list.
fn rows(kind: ImportKind, ids: &[&str]) -> Vec<NamedFile> {
    let text = text(kind);
    let keep = |line: &&str| {
        line.starts_with('#') || line.starts_with("id,") || ids.iter().any(|id| line.starts_with(&format!("{id},")))
    };
    file("part.csv", &text.lines().filter(keep).collect::<Vec<_>>().join("\n"))
}

/// Eight sites, three bases and the example's figures with fewer people: not every site can have a post.
pub(crate) fn small() -> Scratch {
    let scratch = empty();
    let sites = rows(
        ImportKind::Sites,
        &["hos-hueh", "hos-la-paix", "hos-isaie-jeanty", "hos-hum", "hos-hah", "hos-justinien", "apt-pap", "apt-cap"],
    );
    let bases = rows(ImportKind::Bases, &["base-pap-airport", "base-log-base", "base-cap"]);
    let week = text(ImportKind::Week)
        .replace("personnel = 760", "personnel = 210")
        .replace("personnel = 120", "personnel = 0")
        .replace("reach_minutes = 60\n", "")
        .replace("travel_minutes = 60", "travel_minutes = 30")
        .replace("travel_minutes = 45", "travel_minutes = 30")
        .replace("personnel = 150", "personnel = 24")
        .replace("personnel = 200", "personnel = 24");
    let mission = text(ImportKind::Mission).replace("as_of = 2023-10-02\n", "");
    let batches = [
        (ImportKind::Mission, file("mission.toml", &mission)),
        (ImportKind::Areas, file("areas.csv", &text(ImportKind::Areas))),
        (ImportKind::Planning, file("planning.toml", &text(ImportKind::Planning))),
        (ImportKind::Sites, sites),
        (ImportKind::Bases, bases),
        (ImportKind::Week, file("week.toml", &week)),
    ];
    let reports = scratch.desk.import_all(&batches, &at(SUNDAY)).unwrap();
    for report in reports {
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        assert!(report.usable && errors == 0, "{report:?}");
    }
    scratch
}

pub(crate) fn mission(desk: &Desk) -> Mission {
    desk.snapshot().unwrap().mission
}

pub(crate) fn moment(desk: &Desk) -> Moment {
    desk.moment(&mission(desk), SUNDAY.parse().unwrap())
}

pub(crate) fn prepared(desk: &Desk, assumptions: &WeekAssumptions) -> PreparedWeek {
    desk.prepare_week(&mission(desk), assumptions, moment(desk)).unwrap()
}

/// The plan of the small mission: made once, for a plan is a function of its problem and its seed.
static SMALL: OnceLock<WeekDocument> = OnceLock::new();

pub(crate) fn planned(desk: &Desk) -> WeekDocument {
    let prepared = prepared(desk, &WeekAssumptions::default());
    let make = || plan_week_for(&prepared, None, 1, &Watch::none());
    let small = SMALL.get_or_init(make);
    let document = if small.problem_hash == prepared.week.hash() { small.clone() } else { make() };
    assert!(document.value.is_some(), "{:?}", document.reason);
    document
}

pub(crate) fn adopted(scratch: &Scratch) -> WeekView {
    let desk = &scratch.desk;
    let document = planned(desk);
    desk.adopt_week(&document, &WeekAssumptions::default(), "tried in a test", moment(desk), &at(SUNDAY)).unwrap();
    desk.week_in_force(&mission(desk)).unwrap().unwrap()
}

fn slot(desk: &Desk, draw: &Draw) -> DrawnSlot {
    desk.drawn_slot(&mission(desk), draw).unwrap()
}

#[test]
fn the_week_is_made_of_the_sites_the_rosters_and_the_caveats() {
    let Scratch { desk, dir: _dir } = small();
    let prepared = prepared(&desk, &WeekAssumptions::default());
    let data = prepared.week.data();
    assert_eq!((data.sites.len(), data.bases.len(), data.slots.len(), prepared.grid.len()), (8, 3, 3, 56));
    // The mean over the week is what the one-slot problem expects, to a millionth a slot and site.
    let slots: u32 = data.slots.iter().map(|slot| slot.count).sum();
    assert_eq!(slots, 56);
    let crew = |id: &str| data.contingents.iter().find(|crew| crew.id == id).unwrap();
    let names = |list: &Option<Vec<u32>>| -> Vec<&str> {
        list.iter().flatten().map(|site| data.sites[*site as usize].id.as_str()).collect()
    };
    assert_eq!(crew("kenya").sites, None);
    assert_eq!(names(&crew("bahamas").sites), ["apt-cap", "hos-justinien"]);
    let part = |slot: &str, crew: &str| {
        let slot = data.slots.iter().find(|held| held.id == slot).unwrap();
        slot.seats[data.contingents.iter().position(|held| held.id == crew).unwrap()]
    };
    assert!(part("weekdays", "jamaica").patrols && !part("nights", "jamaica").patrols);
    assert!(part("nights", "jamaica").posts && part("nights", "kenya").patrols);
    // Seats of a kind are those of its slot with the fewest people on duty.
    let least = |slot: usize, crew: usize| {
        let seats = prepared.grid.iter().zip(&prepared.roster.seats[crew].seats);
        seats.filter(|(kind, _)| **kind == slot).map(|(_, seats)| *seats).min().unwrap()
    };
    for (number, slot) in data.slots.iter().enumerate() {
        for (crew, part) in slot.seats.iter().enumerate() {
            assert_eq!(part.seats, least(number, crew), "{} of {}", slot.id, data.contingents[crew].id);
        }
    }
    let problem = konbit_roster::Problem::new(prepared.roster.problem.clone()).unwrap();
    assert_eq!(konbit_roster::check_roster(&problem, &prepared.roster), []);
}

#[test]
fn a_contingent_serves_within_its_reach_and_what_lies_beyond_is_named() {
    let Scratch { desk, dir: _dir } = small();
    let of = |reach: &[(&str, &str)]| {
        let mut changes = Changes::default();
        for (crew, minutes) in reach {
            changes.set(&format!("reach.{crew}"), minutes).unwrap();
        }
        desk.prepare_week_if(&mission(&desk), &WeekAssumptions::default(), &changes, moment(&desk)).unwrap()
    };
    let names = |prepared: &PreparedWeek, crew: &str| -> Option<Vec<String>> {
        let data = prepared.week.data();
        let sites = data.contingents.iter().find(|held| held.id == crew).unwrap().sites.clone()?;
        Some(sites.into_iter().map(|site| data.sites[site as usize].id.clone()).collect())
    };
    let codes = |prepared: &PreparedWeek| -> Vec<String> {
        prepared.left_out.iter().map(|finding| finding.code.clone()).collect()
    };
    let floor_of_hum = |prepared: &PreparedWeek| {
        let data = prepared.week.data();
        let hum = data.sites.iter().position(|site| site.id == "hos-hum").unwrap();
        data.slots.iter().all(|slot| slot.floors.iter().any(|floor| floor.0 as usize == hum))
    };
    let free = of(&[]);
    assert_eq!((names(&free, "kenya"), floor_of_hum(&free)), (None, true));
    // Mirebalais and Cap-Haïtien are hours from the capital's airport.
    let one = of(&[("kenya", "60")]);
    let near = ["apt-pap", "hos-hah", "hos-hueh", "hos-isaie-jeanty", "hos-la-paix"];
    assert_eq!(names(&one, "kenya").unwrap(), near);
    let crew = |prepared: &PreparedWeek, id: &str| {
        let found = prepared.week.data().contingents.iter().find(|held| held.id == id).unwrap().clone();
        (found.bases, found.areas)
    };
    // Bases in order: airport, Cap-Haïtien, logistics; patrols of the capital by day and by night, then of Cap-Haïtien.
    let (bases, areas) = crew(&one, "kenya");
    assert_eq!((bases.unwrap().len(), areas.unwrap().len()), (2, 2));
    // Somebody else still reaches the rest.
    assert!(floor_of_hum(&one) && !codes(&one).iter().any(|code| code.ends_with("beyond-reach")));
    let all: Vec<(&str, &str)> =
        ["kenya", "kenya-gonaives", "kenya-cayes", "bahamas", "jamaica"].map(|crew| (crew, "60")).to_vec();
    let all = of(&all);
    assert!(!floor_of_hum(&all));
    for code in ["sites-beyond-reach", "floors-beyond-reach", "reach-without-base"] {
        assert!(codes(&all).iter().any(|held| held == code), "{code}: {:?}", all.left_out);
    }
    // The lowest reach that is taken leaves next to nothing.
    assert!(names(&of(&[("kenya", "1")]), "kenya").unwrap().len() <= 1);
}

#[test]
fn what_is_lost_is_planned_without_and_named() {
    let Scratch { desk, dir: _dir } = small();
    let lost = WeekAssumptions {
        lost_sites: vec![SiteId::new("apt-pap").unwrap()],
        lost_bases: vec![BaseId::new("base-cap").unwrap()],
        lost_patrols: vec![WeekWord::new("capital").unwrap()],
        ..WeekAssumptions::default()
    };
    let without = prepared(&desk, &lost);
    let data = without.week.data();
    let site = data.sites.iter().position(|site| site.id == "apt-pap").unwrap();
    let site = u32::try_from(site).unwrap();
    assert!(data.contingents.iter().all(|crew| !crew.sites.as_ref().unwrap().contains(&site)));
    assert!(data.slots.iter().all(|slot| !slot.posts.contains(&site)));
    assert_eq!(data.bases.iter().find(|base| base.id == "base-cap").unwrap().forces_max, 0);
    assert!(data.areas.iter().filter(|area| area.id.starts_with("capital")).all(|area| area.patrols_max == 0));
    assert!(without.left_out.iter().any(|finding| finding.code == "mandatory-post-lost"));
    // A plan for the whole week can be the start of the plan without.
    let whole = planned(&desk);
    assert!(known_schedules(&without.week, &whole).is_some(), "the same lists");
    let again = plan_week_for(&without, Some(&whole), 1, &Watch::none());
    assert!(again.value.unwrap_or(f64::MAX) >= whole.bound.unwrap(), "{:?}", again.reason);
}

#[test]
fn a_plan_of_the_week_is_adopted_with_its_roster_and_only_if_it_holds() {
    let scratch = small();
    let desk = &scratch.desk;
    let document = planned(desk);
    let adopt = |document: &WeekDocument, reason: &str| {
        let assumptions = WeekAssumptions::default();
        desk.adopt_week(document, &assumptions, reason, moment(desk), &at(SUNDAY)).map(|_| ())
    };
    assert!(matches!(adopt(&document, " ").unwrap_err(), DeskError::Refused(Refusal::NoReason)));
    let better = WeekDocument { value: document.value.map(|value| value * 0.99), ..document.clone() };
    assert!(matches!(adopt(&better, "reason").unwrap_err(), DeskError::PlanDoesNotHold(_)));
    adopt(&document, "reason").unwrap();
    assert!(matches!(adopt(&document, "again").unwrap_err(), DeskError::Refused(Refusal::PlanInForce(_))));
    let held = desk.week_in_force(&mission(desk)).unwrap().unwrap();
    assert_eq!(held.document, document);
    assert_eq!(held.roster, *prepared(desk, &WeekAssumptions::default()).roster);
    assert_eq!(desk.rebuild().unwrap(), mission(desk));
    desk.withdraw("site", "hos-hum", "closed", &at(SUNDAY)).unwrap();
    assert!(matches!(adopt(&planned(desk), "other").map_err(|_| ()), Ok(())), "the plan for the new data is taken");
    assert!(matches!(adopt(&document, "old").unwrap_err(), DeskError::Refused(Refusal::PlanIsStale { .. })));
}

#[test]
fn a_draw_is_committed_to_before_its_slot_and_revealed_after_it() {
    let scratch = small();
    let desk = &scratch.desk;
    let early = desk.commit_draws(3, &[9; 32], &at(SUNDAY)).unwrap_err();
    assert!(early.to_string().contains("no plan of the week is in force"), "{early}");
    adopted(&scratch);
    let draws = desk.commit_draws(3, &[9; 32], &at(SUNDAY)).unwrap();
    assert_eq!(draws.iter().map(|draw| draw.slot.as_str()).collect::<Vec<_>>(), ["nights", "nights", "nights"]);
    assert_eq!(draws[0].start.to_string(), "2023-10-01T22:00:00Z");
    // A slot is drawn for once.
    assert_eq!(desk.commit_draws(3, &[9; 32], &at(SUNDAY)).unwrap(), []);
    let body = |draw: &Draw| serde_json::to_string(draw).unwrap();
    assert!(draws.iter().all(|draw| !body(draw).contains("seed") && !body(draw).contains("schedule")));
    // Known here, and nowhere in the record.
    let known: Vec<usize> = draws.iter().map(|draw| slot(desk, draw).number).collect();
    let soon = desk.reveal_draws(&at("2023-10-01T23:00:00Z")).unwrap();
    assert_eq!((soon.draws.len(), soon.kept.len()), (0, 0));
    let done = desk.reveal_draws(&at("2023-10-02T04:00:00Z")).unwrap();
    let revealed: Vec<usize> =
        done.draws.iter().map(|draw| draw.revealed.as_ref().unwrap().schedule as usize).collect();
    assert_eq!(revealed, known[..2]);
    assert_eq!(desk.reveal_draws(&at("2023-10-02T04:00:00Z")).unwrap().draws, []);
    let checks = desk.check_draws(&mission(desk)).unwrap();
    assert!(checks.len() == 3 && checks.iter().all(|check| check.fault.is_none()), "{checks:?}");
    assert_eq!(desk.rebuild().unwrap(), mission(desk));
}

#[test]
fn a_published_draw_that_was_altered_is_found() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    desk.commit_draws(1, &[9; 32], &at(SUNDAY)).unwrap();
    desk.reveal_draws(&at("2023-10-02T04:00:00Z")).unwrap();
    let honest = mission(desk).draws.values().next().unwrap().clone();
    let check = |change: &dyn Fn(&mut Draw), says: &str| {
        let mut altered = honest.clone();
        change(&mut altered);
        let mut mission = mission(desk);
        mission.apply(10_000, altered.into());
        let fault = desk.check_draws(&mission).unwrap()[0].fault.clone().unwrap_or_default();
        assert!(fault.contains(says), "{fault:?}");
    };
    check(&|_| {}, "");
    check(&|draw| draw.revealed.as_mut().unwrap().schedule += 1, "was published");
    check(&|draw| draw.revealed.as_mut().unwrap().seed.0[0] ^= 1, "committed to");
    check(&|draw| draw.commitment.0[31] ^= 1, "committed to");
    check(&|draw| draw.slot = "weekdays".to_owned(), "committed to");
    check(&|draw| draw.document.0[0] ^= 1, "committed to");
    check(&|draw| draw.start += jiff::SignedDuration::from_hours(3), "committed to");
}

/// Moves that take a post away from where it stands, and put it where none does.
fn moves(slot: &DrawnSlot) -> Vec<Move> {
    let data = &slot.plan.document.problem;
    let (from, crew) = slot.stands.posts[0];
    let seats = data.sites[from as usize].seats;
    let free = data.sites.iter().enumerate().find(|(index, site)| {
        site.seats <= seats
            && data.contingents[crew as usize]
                .sites
                .as_ref()
                .is_none_or(|own| own.contains(&u32::try_from(*index).unwrap()))
            && slot.stands.posts.iter().all(|post| post.0 as usize != *index)
    });
    let to = free.expect("a site without a post").1.id.clone();
    vec![Move {
        contingent: data.contingents[crew as usize].id.clone(),
        leave: Some(UnitTask::Post { site: data.sites[from as usize].id.clone() }),
        take: Some(UnitTask::Post { site: to }),
    }]
}

#[test]
fn an_override_is_priced_at_once_and_its_moves_are_known_only_after_the_slot() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    let draw = desk.commit_draws(1, &[9; 32], &at(SUNDAY)).unwrap().remove(0);
    let drawn = slot(desk, &draw);
    let moves = moves(&drawn);
    let priced = desk.price_moves(&drawn, &moves).unwrap();
    // The price is the difference of two evaluations of whole plans.
    let data = &drawn.plan.document.problem;
    let mut open = data.clone();
    open.slots.iter_mut().for_each(|slot| slot.posts.clear());
    open.slots.iter_mut().for_each(|slot| slot.visits.clear());
    let week = konbit_protect::Week::new(open).unwrap();
    let before = evaluate_week(&week, &drawn.plan.document.schedules).unwrap().value;
    let mut changed = drawn.plan.document.schedules.clone();
    let place = &mut changed[drawn.kind][drawn.number];
    let probability = place.probability;
    *place = konbit_protect::WeekSchedule { probability, ..priced.stands.clone() };
    let after = evaluate_week(&week, &changed).unwrap().value;
    assert!((priced.price.value_more - (after - before)).abs() < 1e-9);
    let empty = desk.override_slot(&drawn, moves.clone(), " ", &at(SUNDAY)).map(|_| ()).unwrap_err();
    assert!(matches!(empty, DeskError::Refused(Refusal::NoReason)));
    desk.override_slot(&drawn, moves.clone(), "the gate fell", &at("2023-10-01T23:00:00Z")).unwrap();
    let held = mission(desk).overrides.values().next().unwrap().clone();
    assert_eq!((held.moves, held.nonce), (None, None));
    let again = slot(desk, &draw);
    assert_eq!(
        (again.stands.posts.clone(), again.overrides[0].moves.clone()),
        (priced.stands.posts.clone(), Some(moves))
    );
    let late =
        desk.override_slot(&drawn, again.overrides[0].moves.clone().unwrap(), "late", &at("2023-10-02T01:00:00Z"));
    assert!(matches!(late.map(|_| ()).unwrap_err(), DeskError::Refused(Refusal::SlotOver(_))));
    let done = desk.reveal_draws(&at("2023-10-02T01:00:00Z")).unwrap();
    assert_eq!((done.draws.len(), done.overrides, done.kept.len()), (1, 1, 0));
    assert!(mission(desk).overrides.values().all(|change| change.moves.is_some()));
    assert_eq!(desk.rebuild().unwrap(), mission(desk));
}

#[test]
fn moves_that_cannot_be_made_are_refused_with_the_reason() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    let draw = desk.commit_draws(1, &[9; 32], &at(SUNDAY)).unwrap().remove(0);
    let drawn = slot(desk, &draw);
    let good = moves(&drawn).remove(0);
    let post = |site: &str| Some(UnitTask::Post { site: site.to_owned() });
    let check = |change: Move, says: &str| {
        let error = desk.price_moves(&drawn, &[change]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(Move { leave: post("atlantis"), ..good.clone() }, "names the site atlantis");
    check(Move { contingent: "nobody".to_owned(), ..good.clone() }, "names the contingent nobody");
    check(Move { leave: good.take.clone(), ..good.clone() }, "where none stands");
    check(Move { take: good.leave.clone(), leave: None, ..good.clone() }, "two posts at");
    let patrol = Some(UnitTask::Patrol { patrol: "capital".to_owned(), number: 99 });
    check(Move { leave: patrol.clone(), take: None, ..good.clone() }, "not on the road");
    check(Move { take: patrol, ..good.clone() }, "rounds are planned");
    let none = desk.price_moves(&drawn, &[]).map(|_| ()).unwrap_err().to_string();
    assert!(none.contains("has 0 moves"), "{none}");
}

#[test]
fn a_sheet_gives_every_task_of_the_slot_to_people_on_duty() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    for draw in desk.commit_draws(16, &[9; 32], &at(SUNDAY)).unwrap() {
        let drawn = slot(desk, &draw);
        let sheet = desk.sheet(&mission(desk), &drawn);
        assert_eq!(sheet.unmanned, [], "{}", draw.id);
        let data = &drawn.plan.document.problem;
        let manned: u32 = sheet.sections.iter().flat_map(|section| &section.tasks).map(|task| task.persons).sum();
        let seats = |list: &[(u32, u32)], of: &dyn Fn(u32) -> u32| list.iter().map(|(ix, _)| of(*ix)).sum::<u32>();
        let wanted = seats(&drawn.stands.posts, &|site| data.sites[site as usize].seats)
            + seats(&drawn.stands.forces, &|base| data.bases[base as usize].seats)
            + drawn.stands.routes.iter().map(|route| data.areas[route.area as usize].seats).sum::<u32>();
        assert_eq!(manned, wanted, "{}", draw.id);
    }
}

#[test]
fn a_sheet_says_from_where_people_come_and_it_is_where_the_sheet_before_had_them() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    let mut before: Option<SlotSheet> = None;
    let (mut bases, mut tasks) = (0, 0);
    for draw in desk.commit_draws(8, &[9; 32], &at(SUNDAY)).unwrap() {
        let sheet = desk.sheet(&mission(desk), &slot(desk, &draw));
        assert_eq!(sheet, desk.sheet(&mission(desk), &slot(desk, &draw)), "{}", draw.id);
        for section in &sheet.sections {
            let held = before.iter().flat_map(|sheet| &sheet.sections).find(|held| held.section == section.section);
            for task in &section.tasks {
                let way = task.way.as_ref().unwrap();
                match &way.from {
                    WayFrom::Base(base) => {
                        assert!(*base == section.base && held.is_none_or(|held| held.standing_by > 0), "{way:?}");
                        assert_eq!(way.rostered_minutes, section.rostered_minutes);
                        bases += 1;
                    }
                    WayFrom::Task(from) => {
                        let was = held.is_some_and(|held| held.tasks.iter().any(|held| held.task == *from));
                        assert!(was && way.rostered_minutes == 0, "{}: {way:?}", section.section);
                        assert!(*from != task.task || way.minutes == Some(0), "{way:?}");
                        tasks += 1;
                    }
                }
            }
        }
        before = Some(sheet);
    }
    assert!(bases > 0 && tasks > 0, "{bases} come from a base, {tasks} from a task");
}

#[test]
fn the_key_of_the_draws_stays_at_home_and_without_it_nothing_is_revealed() {
    let scratch = small();
    let desk = &scratch.desk;
    adopted(&scratch);
    desk.commit_draws(1, &[9; 32], &at(SUNDAY)).unwrap();
    let copy = scratch.dir.path().join("copy");
    backup(desk.dir().path(), &copy).unwrap();
    assert!(!copy.join("keys").join("draw.key").exists());
    std::fs::remove_file(desk.dir().draw_key_path()).unwrap();
    let error = desk.reveal_draws(&at("2023-10-02T04:00:00Z")).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("put back a copy"), "{error}");
    // Another key reveals nothing either.
    desk.commit_draws(2, &[8; 32], &at(SUNDAY)).unwrap();
    let done = desk.reveal_draws(&at("2023-10-02T01:00:00Z")).unwrap();
    assert!(done.draws.is_empty() && done.kept[0].contains("not the one that draw"), "{done:?}");
    let _: Timestamp = SUNDAY.parse().unwrap();
}

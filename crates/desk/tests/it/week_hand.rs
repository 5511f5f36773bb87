//! Plans of the week made by hand: read from a table, scored, and written as one.

use crate::week::{SUNDAY, adopted, mission, moment, prepared, small};
use jiff::Timestamp;
use konbit_desk::{
    Form, WeekGround, WeekHandPlan, WeekHandScore, read_week_hand, score_week_hand, week_hand_csv, week_hand_text,
};
use konbit_mission::Mission;
use konbit_mission::week::WeekAssumptions;
use konbit_protect::evaluate_week;
use std::sync::LazyLock;

/// The small mission and the problem of its week; nothing is adopted.
static SMALL: LazyLock<(Mission, WeekGround)> = LazyLock::new(|| {
    let scratch = small();
    let now = mission(&scratch.desk);
    // Without a plan in force a table is scored under the mission's own figures.
    let ground = scratch.desk.week_ground(&now, moment(&scratch.desk)).unwrap();
    assert!(ground.in_force.is_none());
    assert_eq!(ground.week.hash(), prepared(&scratch.desk, &WeekAssumptions::default()).week.hash());
    (now, ground)
});

fn read(table: &str) -> Result<WeekHandPlan, Vec<String>> {
    let (mission, ground) = &*SMALL;
    let read = read_week_hand(mission, ground.week.data(), table.as_bytes());
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn scored(table: &str) -> WeekHandScore {
    let (mission, ground) = &*SMALL;
    score_week_hand(mission, ground, &read(table).unwrap()).unwrap()
}

/// A table with this head has these mistakes; each is named with these words.
fn wrong(head: &str, rows: &str, expect: &[&str]) {
    let told = read(&format!("{head}\n{rows}\n")).unwrap_err().join(" | ");
    for words in expect {
        assert!(told.contains(words), "{rows:?}: {told}");
    }
    assert_eq!(told.matches(" | ").count() + 1, expect.len().max(1), "{rows:?}: {told}");
}

#[test]
fn what_is_wrong_with_a_table_of_the_week_is_named_by_row_and_column() {
    const ALL: &str = "slot,schedule,probability,contingent,kind,place,count,stops";
    wrong("", "", &["the table is empty"]);
    wrong("slot,name", "nights,x", &["no column of places"]);
    wrong("slot,place", "", &["no rows below its head"]);
    wrong("slot,place", "nights,apt-pap", &["row 2, column contingent: "]);
    wrong("slot,contingent,place", "dusk,kenya,apt-pap", &["row 2, column slot: \"dusk\" is no kind of slot"]);
    wrong(
        "slot,contingent,place",
        "nights,kenya,apt-pap",
        &["column slot: no row says what stands in weekdays, weekends"],
    );
    wrong(ALL, ",,,kenia,,apt-pap,,", &["row 2, column contingent: \"kenia\" is no contingent; write kenya"]);
    wrong(ALL, ",,,kenya,guard,apt-pap,,", &["row 2, column kind: \"guard\" is none of post, force, patrol"]);
    wrong(ALL, ",,,kenya,force,apt-pap,,", &["row 2, column kind: \"apt-pap\" is a site"]);
    wrong(ALL, ",,,kenya,post,base-cap,,", &["row 2, column kind: \"base-cap\" is a base"]);
    wrong(ALL, ",,,kenya,post,capital,,", &["row 2, column kind: \"capital\" is a patrol"]);
    wrong(ALL, ",,,kenya,,nowhere,,", &["row 2, column place: no site, base or patrol"]);
    wrong(ALL, ",,,kenya,,apt-pap,2,", &["row 2, column count: a site has one post"]);
    wrong(ALL, ",,,kenya,,base-cap,0,", &["row 2, column count: \"0\" is not a number"]);
    wrong(ALL, ",,,kenya,,apt-pap,,hos-hueh 10-25", &["row 2, column stops: \"apt-pap\" is not a patrol"]);
    wrong(ALL, ",,,kenya,,,,hos-hueh 10-25", &["row 2, column place: stops without a patrol"]);
    wrong(ALL, ",,,kenya,,capital,,", &["row 2, column stops: patrol \"capital\" goes nowhere"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh", &["row 2, column stops: \"hos-hueh\" is not a stop"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh ten-25", &["row 2, column stops: \"hos-hueh ten-25\" is not a stop"]);
    wrong(ALL, ",,,kenya,,capital,,apt-cap 90-100", &["row 2, column stops: \"apt-cap\" is not among the sites"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh 170-190", &["row 2, column stops: \"hos-hueh\" 170-190 does not fit"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh 40-30", &["row 2, column stops: \"hos-hueh\" 40-30 does not fit"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh 40-50; hos-hueh 60-70", &["\"hos-hueh\" stands twice in a row"]);
    wrong(ALL, ",,,kenya,,capital,,hos-hueh 40-50 | hos-la-paix 45-70", &["\"hos-la-paix\" begins at minute 45"]);
    wrong(
        ALL,
        ",,,kenya,,apt-pap,,\n,,,jamaica,,apt-pap,,",
        &["row 3, column place: \"apt-pap\" stands in schedule \"1\""],
    );
    wrong(ALL, ",a,2,kenya,,apt-pap,,", &["row 2, column probability: \"2\" is not a probability"]);
    wrong(
        ALL,
        "nights,a,0.5,kenya,,apt-pap,,\nnights,b,0.4,kenya,,apt-pap,,\nweekdays,,,kenya,,apt-pap,,\nweekends,,,kenya,,apt-pap,,",
        &["column probability: the probabilities of the 2 schedules of nights sum to 0.9"],
    );
    let many = (0..100).map(|ix| format!(",,,kenya,,no-{ix},,")).collect::<Vec<_>>().join("\n");
    assert_eq!(read(&format!("{ALL}\n{many}")).unwrap_err().len(), 20, "a flood of mistakes is cut");
}

#[test]
fn a_row_without_a_slot_stands_for_one_in_every_kind_and_the_contingent_may_go_without_saying() {
    let (mission, ground) = &*SMALL;
    let week = &ground.week;
    let name = &mission.sites.get("hos-hueh").unwrap().value.name;
    // The Bahamas serve in the north only, where Kenya may serve as well; by name, with semicolons.
    let plain =
        read(&format!("Slot;Contingent;Place\n;kenya;{name}\nevery  night;;\nNights;;\n*;Bahamas;apt-cap\n")).unwrap();
    let site = |id: &str| u32::try_from(week.data().sites.iter().position(|site| site.id == id).unwrap()).unwrap();
    let crew =
        |id: &str| u32::try_from(week.data().contingents.iter().position(|crew| crew.id == id).unwrap()).unwrap();
    let mut posts = vec![(site("hos-hueh"), crew("kenya")), (site("apt-cap"), crew("bahamas"))];
    posts.sort_unstable();
    assert!(plain.schedules.iter().all(|list| list.len() == 1 && list[0].posts == posts), "{plain:?}");
    // Only Kenya may serve everywhere by day and by night; Jamaica does not patrol by night.
    let mut alone = week.data().clone();
    alone.contingents.truncate(1);
    alone.slots.iter_mut().for_each(|slot| slot.seats.truncate(1));
    let short = read_week_hand(mission, &alone, b"site\nhos-hueh\napt-cap\n").unwrap();
    assert!(short.schedules.iter().all(|list| list[0].posts.len() == 2), "{short:?}");
}

/// A row in every kind of slot breaks a rule in these words.
fn breaks(rows: &str, expect: &str) {
    let scored = scored(&format!("contingent,kind,place,count,stops\n{rows}\n"));
    assert!(scored.breaches.iter().any(|line| line.contains(expect)), "{rows:?}: {:#?}", scored.breaches);
}

#[test]
fn a_plan_of_the_week_that_breaks_rules_is_scored_and_each_rule_is_named() {
    breaks(
        "kenya,,hos-hueh,,",
        "no post stands at Toussaint Louverture International Airport (apt-pap), where one is mandatory",
    );
    breaks(
        "bahamas,,apt-pap,,",
        "mans the post at Toussaint Louverture International Airport (apt-pap), which it may not",
    );
    breaks("kenya,,base-cap,9,", "9 reaction forces at");
    breaks("kenya,,base-cap,9,", "have a task;");
    breaks("jamaica,,capital,,hos-hueh 60-70", "does the patrol");
    breaks("kenya,,capital,,hos-hueh 0-20", "(hos-hueh) at minute 0; by road it is not there before");
    breaks("kenya,,capital,,hos-hueh 60-61", "stays 1 minutes at");
    breaks("kenya,,capital,,hos-hueh 160-180", "the slot ends at minute 180");
    breaks("kenya,,capital,9,hos-hueh 60-70", "9 patrols of");
    let (mission, ground) = &*SMALL;
    let nobody = scored("slot,place\n*,\n");
    let text = week_hand_text(mission, ground, &nobody, "none.csv");
    assert!(!nobody.ok && nobody.floors_short.iter().any(|short| short.protection == 0.0 && short.floor > 0.0));
    for words in
        ["none.csv: ", "no plan of the week is in force", "by those who watch", "are demanded", "protection 0.0 %"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Several schedules that break a rule are one line.
    let table = "schedule,probability,contingent,place\na,25%,kenya,apt-pap\nb,0.75,kenya,hos-hueh\n";
    let lines = scored(table).breaches.join("\n");
    assert!(lines.contains("Monday to Friday by day, schedule \"b\": no post stands at"), "{lines}");
    assert!(lines.contains("every schedule: no post stands at Cap-Ha\u{ef}tien"), "{lines}");
}

#[test]
fn the_plan_of_the_week_in_force_as_a_table_reads_back_to_the_same_plan_and_value() {
    let scratch = small();
    let desk = &scratch.desk;
    let held = adopted(&scratch);
    let now = mission(desk);
    let ground = desk.week_ground(&now, moment(desk)).unwrap();
    let document = &ground.in_force.as_ref().unwrap().document;
    let table = week_hand_csv(&now, &document.problem, &document.schedules);
    let read = read_week_hand(&now, ground.week.data(), table.as_bytes()).unwrap();
    assert_eq!(read.schedules, document.schedules);
    let same = score_week_hand(&now, &ground, &read).unwrap();
    let own = evaluate_week(&ground.week, &document.schedules).unwrap();
    assert_eq!(same.value.to_bits(), own.value.to_bits());
    assert!(same.ok && same.differ.is_empty(), "{same:?}");
    let nobody = read_week_hand(&now, ground.week.data(), b"slot,place\n*,\n").unwrap();
    let worse = score_week_hand(&now, &ground, &nobody).unwrap();
    assert!(worse.value > same.value && !worse.ok);
    assert!(!worse.differ.is_empty() && worse.differ.iter().all(|site| site.own < site.in_force));
    assert!(worse.differ.windows(2).all(|pair| pair[0].in_force - pair[0].own >= pair[1].in_force - pair[1].own));
    let plan = &held.adopted.value.id;
    assert_eq!(worse.in_force.as_ref().map(|held| held.plan.as_str()), Some(plan.as_str()));
    let text = week_hand_text(&now, &ground, &worse, "none.csv");
    assert!(text.contains(&format!("plan {plan} in force leaves")) && text.contains("-> "), "{text}");
    assert_eq!(desk.adopted_week(&now, plan.as_str()).unwrap().unwrap().document, *document);
    assert!(desk.adopted_week(&now, "none").unwrap().is_none());
    let now: Timestamp = SUNDAY.parse().unwrap();
    assert_eq!(desk.export_at("week-by-hand", Form::Table, now).unwrap(), table.into_bytes());
    assert!(desk.export_at("week-by-hand", Form::GeoJson, now).is_err());
}

//! The figures of the week: one document in TOML.

use super::InputFile;
use super::documents::scaled;
use super::findings::{At, Findings, excerpt};
use super::sniff::{Content, sniff};
use konbit_base::{IdError, PCode, Reading, Source};
use konbit_mission::council::Member;
use konbit_mission::protection::{BaseId, Judged, SiteId};
use konbit_mission::week::{
    ContingentFigures, ContingentId, DAY_MINUTES, DutyRules, Exclusion, GroupFigures, PatrolFigures, SlotFigures, Use,
    WeekFigures, WeekWord,
};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// A number as it is written, so that no digit is lost.
struct Number(String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value.to_string()))
            }
            // The shortest digits that give the number back are those that were written.
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value.to_string()))
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "as_of")]
    _as_of: Option<String>,
    slot_minutes: u32,
    slot: Vec<Slot>,
    contingent: Vec<Contingent>,
    group: Vec<Group>,
    #[serde(default)]
    patrol: Vec<Patrol>,
    patrol_effectiveness: Effect,
    rules: Option<Rules>,
    source_name: Option<String>,
    source_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    id: String,
    name: String,
    days: Vec<String>,
    from: String,
    until: String,
    #[serde(default)]
    night: bool,
    attempts_low: Number,
    attempts_best: Number,
    attempts_high: Number,
    on_duty: Number,
    #[serde(default)]
    visit_kinds: Vec<String>,
    #[serde(default)]
    visit_sites: Vec<String>,
    basis: String,
    #[serde(default)]
    value: BTreeMap<String, Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contingent {
    id: String,
    name: String,
    contributor: Option<String>,
    personnel: u32,
    section_persons: u32,
    base: String,
    travel_minutes: u32,
    reach_minutes: Option<u32>,
    #[serde(default)]
    areas: Vec<String>,
    #[serde(default)]
    excluded: Vec<Excluded>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Excluded {
    from: String,
    #[serde(default)]
    slots: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: String,
    name: String,
    share: Number,
    #[serde(default)]
    areas_of: Vec<String>,
    reach_km: Option<Number>,
    basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patrol {
    id: String,
    name: String,
    base: String,
    seats: u32,
    patrols_max: u32,
    radius_km: Number,
    #[serde(default)]
    kinds: Vec<String>,
    sites_max: u32,
    stay_minutes_min: u32,
    stay_minutes_max: u32,
    profile: Option<String>,
    #[serde(default)]
    slots: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Effect {
    #[serde(rename = "unit")]
    _unit: Option<String>,
    default: Number,
    low: Number,
    high: Number,
    basis: String,
}

/// Rules of duty and rest in hours; what is absent is the roster's default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rest_hours_min: Option<Number>,
    long_rest_hours_min: Option<Number>,
    day_hours_max: Option<Number>,
    week_hours_max: Option<Number>,
    duty_hours_min: Option<Number>,
    duty_hours_max: Option<Number>,
    away_share: Option<Number>,
}

/// Reads the figures of the week.
pub(crate) fn week(file: InputFile<'_>, findings: &mut Findings) -> Option<WeekFigures> {
    let Content::Text(text) = sniff(file, findings)? else {
        let message = "the file is not TOML; give a text of keys and values as in the worked example";
        findings.error("format-not-read", At::file(file.name), message);
        return None;
    };
    let document: Document = match toml::from_str(&text) {
        Ok(document) => document,
        Err(error) => {
            let row = error.span().and_then(|span| text.get(..span.start));
            let row = row.map(|before| 1 + before.matches('\n').count() as u64);
            let message = format!("the figures of the week cannot be read here: {}", excerpt(error.message(), 300));
            findings.error("week-not-read", At { row, ..At::file(file.name) }, message);
            return None;
        }
    };
    let read = figures(document, file.name).and_then(|week| match week.fault() {
        Some(fault) => Err(fault),
        None => Ok(week),
    });
    read.map_err(|why| findings.error("week-not-valid", At::file(file.name), why)).ok()
}

fn figures(document: Document, file: &str) -> Result<WeekFigures, String> {
    let url = document.source_url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let name = document.source_name.unwrap_or_else(|| format!("Judgements stated in file {file}"));
    let effect = document.patrol_effectiveness;
    let numbers = [&effect.low, &effect.default, &effect.high];
    Ok(WeekFigures {
        slot_minutes: document.slot_minutes,
        slots: document.slot.into_iter().map(slot).collect::<Result<_, _>>()?,
        contingents: document.contingent.into_iter().map(contingent).collect::<Result<_, _>>()?,
        groups: document.group.into_iter().map(group).collect::<Result<_, _>>()?,
        patrols: document.patrol.into_iter().map(patrol).collect::<Result<_, _>>()?,
        patrol_effect_ppm: judged("patrol_effectiveness", numbers, 1_000_000, effect.basis)?,
        rules: rules(document.rules)?,
        source: Source { name, url, reading: Reading::Read },
    })
}

fn whole(owner: &str, key: &str, number: &Number, factor: u64) -> Result<u64, String> {
    scaled(&number.0, factor).ok_or_else(|| format!("{key} of {owner} is {}; give a number from 0 up", number.0))
}

fn narrow(owner: &str, key: &str, number: &Number, factor: u64) -> Result<u32, String> {
    let value = whole(owner, key, number, factor)?;
    u32::try_from(value).map_err(|_| format!("{key} of {owner} is {}, which is too large; correct it", number.0))
}

fn judged(owner: &str, numbers: [&Number; 3], factor: u64, basis: String) -> Result<Judged, String> {
    let [low, best, high] = numbers.map(|number| whole(owner, "low, best or high", number, factor));
    let (low, best, high) = (low?, best?, high?);
    if low <= best && best <= high {
        Ok(Judged { low, best, high, basis })
    } else {
        Err(format!("low, best and high of {owner} are not in order; correct them"))
    }
}

fn named<T>(owner: &str, text: String, make: impl Fn(String) -> Result<T, IdError>) -> Result<T, String> {
    make(text).map_err(|error| format!("{owner}: {error}"))
}

fn words(owner: &str, all: Vec<String>) -> Result<Vec<WeekWord>, String> {
    all.into_iter().map(|text| named(owner, text, WeekWord::new)).collect()
}

/// A time of day such as 06:00, as a minute; 24:00 is the end of the day.
fn minute(owner: &str, text: &str) -> Result<u32, String> {
    let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    let minute = parts.filter(|(hour, minute): &(u32, u32)| *hour <= 24 && *minute < 60).map(|(h, m)| h * 60 + m);
    let fault = || format!("{text:?} of slot {owner} is not a time of day; write it as 06:00");
    minute.filter(|minute| *minute <= DAY_MINUTES).ok_or_else(fault)
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn day(owner: &str, text: &str) -> Result<u8, String> {
    let place = DAYS.iter().position(|day| text.to_ascii_lowercase().starts_with(day));
    let day = place.and_then(|place| u8::try_from(place + 1).ok());
    day.ok_or_else(|| format!("{text:?} of slot {owner} is not a day; write mon, tue, wed, thu, fri, sat or sun"))
}

fn slot(form: Slot) -> Result<SlotFigures, String> {
    let owner = format!("slot {}", form.id);
    let mut days = form.days.iter().map(|text| day(&form.id, text)).collect::<Result<Vec<_>, _>>()?;
    days.sort_unstable();
    days.dedup();
    let shares = form.value.iter().map(|(kind, share)| Ok((kind.clone(), narrow(&owner, kind, share, 1_000)?)));
    Ok(SlotFigures {
        days,
        from_minute: minute(&form.id, &form.from)?,
        until_minute: minute(&form.id, &form.until)?,
        night: form.night,
        attempts_milli: judged(
            &owner,
            [&form.attempts_low, &form.attempts_best, &form.attempts_high],
            1_000,
            form.basis,
        )?,
        duty_milli: narrow(&owner, "on_duty", &form.on_duty, 1_000)?,
        value_milli: shares.collect::<Result<_, String>>()?,
        visit_kinds: form.visit_kinds,
        visit_sites: form
            .visit_sites
            .into_iter()
            .map(|text| named(&owner, text, SiteId::new))
            .collect::<Result<_, _>>()?,
        id: named(&owner, form.id, WeekWord::new)?,
        name: form.name,
    })
}

fn contingent(form: Contingent) -> Result<ContingentFigures, String> {
    let owner = format!("contingent {}", form.id);
    if let Some(code) = form.contributor.as_ref().filter(|code| Member::from_code(code).is_none()) {
        return Err(format!("{code:?} of {owner} is no code of a State; use ISO 3166-1 alpha-3, such as KEN"));
    }
    let area = |text: String| PCode::new(&text).map_err(|error| format!("{owner}: {error}"));
    let exclusions = form.excluded.into_iter().map(|excluded| {
        let from = Use::ALL.into_iter().find(|from| from.name() == excluded.from);
        let fault = || format!("{:?} of {owner} is not posts, forces or patrols; correct it", excluded.from);
        Ok(Exclusion { from: from.ok_or_else(fault)?, slots: words(&owner, excluded.slots)? })
    });
    Ok(ContingentFigures {
        exclusions: exclusions.collect::<Result<_, String>>()?,
        areas: form.areas.into_iter().map(area).collect::<Result<_, _>>()?,
        base: named(&owner, form.base, BaseId::new)?,
        id: named(&owner, form.id, ContingentId::new)?,
        name: form.name,
        contributor: form.contributor,
        personnel: form.personnel,
        section_persons: form.section_persons,
        travel_minutes: form.travel_minutes,
        reach_minutes: form.reach_minutes,
        note: form.note,
    })
}

fn group(form: Group) -> Result<GroupFigures, String> {
    let owner = format!("group {}", form.id);
    let reach = form.reach_km.as_ref().map(|reach| narrow(&owner, "reach_km", reach, 1_000)).transpose()?;
    if form.areas_of.is_empty() != reach.is_none() {
        return Err(format!("{owner} has only one of areas_of and reach_km; give both, or neither for everywhere"));
    }
    Ok(GroupFigures {
        share_ppm: narrow(&owner, "share", &form.share, 1_000_000)?,
        id: named(&owner, form.id, WeekWord::new)?,
        name: form.name,
        areas_of: form.areas_of,
        reach_m: reach.unwrap_or_default(),
        basis: form.basis,
    })
}

fn patrol(form: Patrol) -> Result<PatrolFigures, String> {
    let owner = format!("patrol {}", form.id);
    Ok(PatrolFigures {
        base: named(&owner, form.base, BaseId::new)?,
        radius_m: narrow(&owner, "radius_km", &form.radius_km, 1_000)?,
        slots: words(&owner, form.slots)?,
        id: named(&owner, form.id, WeekWord::new)?,
        name: form.name,
        seats: form.seats,
        patrols_max: form.patrols_max,
        kinds: form.kinds,
        sites_max: form.sites_max,
        stay_minutes_min: form.stay_minutes_min,
        stay_minutes_max: form.stay_minutes_max,
        profile: form.profile,
    })
}

fn rules(form: Option<Rules>) -> Result<DutyRules, String> {
    let mut rules = DutyRules::default();
    let Some(form) = form else { return Ok(rules) };
    let hours = [
        (&mut rules.rest_minutes_min, &form.rest_hours_min),
        (&mut rules.long_rest_minutes_min, &form.long_rest_hours_min),
        (&mut rules.day_minutes_max, &form.day_hours_max),
        (&mut rules.week_minutes_max, &form.week_hours_max),
        (&mut rules.duty_minutes_min, &form.duty_hours_min),
        (&mut rules.duty_minutes_max, &form.duty_hours_max),
    ];
    for (rule, given) in hours {
        if let Some(given) = given {
            *rule = narrow("the rules", "a number of hours", given, 60)?;
        }
    }
    if let Some(share) = &form.away_share {
        rules.away_share_ppm = narrow("the rules", "away_share", share, 1_000_000)?;
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Severity;

    const EXAMPLE: &str = include_str!("../../../../examples/haiti-2023/week.toml");

    fn read(text: &str) -> (Option<WeekFigures>, Vec<String>) {
        let mut findings = Findings::default();
        let week = week(InputFile { name: "week.toml", bytes: text.as_bytes() }, &mut findings);
        let about = findings.finish();
        let errors = about.into_iter().filter(|finding| finding.severity == Severity::Error);
        (week, errors.map(|finding| finding.message).collect())
    }

    #[test]
    fn every_slot_of_the_example_belongs_to_a_kind() {
        let (week, errors) = read(EXAMPLE);
        let week = week.unwrap_or_else(|| panic!("{errors:?}"));
        let grid: Vec<usize> = week.grid().into_iter().map(|kind| kind.unwrap()).collect();
        let count = |kind: usize| grid.iter().filter(|held| **held == kind).count();
        assert_eq!((grid.len(), count(0), count(1), count(2)), (56, 20, 8, 28));
        // Monday from midnight is night, from six is day.
        assert_eq!((grid[0], grid[2], grid[6]), (2, 0, 2));
        // The mean over the week is one attempt for one, to a thousandth.
        let mean: u64 = grid.iter().map(|kind| week.slots[*kind].attempts_milli.best).sum();
        assert!(mean.abs_diff(56_000) < 56, "{mean}");
    }

    fn check(from: &str, to: &str, says: &str) {
        assert!(EXAMPLE.contains(from), "{from:?} stands in the example");
        let (week, errors) = read(&EXAMPLE.replacen(from, to, 1));
        assert!(week.is_none(), "{from:?} as {to:?} was read");
        assert!(errors.join("; ").contains(says), "{errors:?} do not say {says:?}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check("slot_minutes = 180", "slot_minutes = 170", "slot_minutes is 170");
        check("slot_minutes = 180", "", "slot_minutes");
        check("from = \"06:00\"", "from = \"6\"", "not a time of day");
        check("from = \"06:00\"", "from = \"07:00\"", "not whole slots");
        check("\"thu\", \"fri\"]", "\"thu\"]", "Friday at 06:00 belongs to no kind");
        check("\"fri\"]", "\"xyz\"]", "not a day");
        check("share = 0.35", "share = 0.25", "sum to 900000");
        check("share = 0.35", "share = -0.35", "number from 0 up");
        check("reach_km = 8.0\n", "", "only one of areas_of and reach_km");
        check("contributor = \"KEN\"", "contributor = \"KENYA\"", "no code of a State");
        check("from = \"patrols\"", "from = \"patrolling\"", "not posts, forces or patrols");
        check("slots = [\"nights\"]", "slots = [\"night\"]", "the kind of slot night, which there is not");
        check("section_persons = 12", "section_persons = 0", "has 0 people");
        check("reach_minutes = 60", "reach_minutes = 0", "the reach of contingent kenya is 0");
        check("reach_minutes = 60", "reach_minutes = 1441", "take 1 to 1440");
        check("stay_minutes_min = 10", "stay_minutes_min = 50", "not in order");
        check("attempts_low = 1.0", "attempts_low = 3.0", "not in order");
        check("id = \"weekdays\"", "id = \"week days\"", "white space");
        check("night = true", "nihgt = true", "nihgt");
    }
}

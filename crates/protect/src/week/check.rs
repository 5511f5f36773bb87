//! The rules that the numbers of a week keep.

use super::data::{
    AREA_SITES_MAX, AREAS_MAX, DUTIES_MAX, PARTIES_MAX, PatrolArea, ROUTE_MINUTES_MAX, SLOT_MINUTES_MAX, SLOTS_MAX,
    SlotKind, WeekData,
};
use crate::problem::{
    ATTEMPTS_MICRO_MAX, BASES_MAX, PERSONNEL_MAX, PPM, ProblemError, REACH_MAX, Reach, SEATS_MAX, SITES_MAX,
    VALUE_MILLI_MAX, at_most, unique, within,
};
use std::collections::BTreeSet;

/// Checks everything, the cheap and general things first.
pub(super) fn week(data: &WeekData) -> Result<(), ProblemError> {
    if data.sites.is_empty() {
        return Err(ProblemError::NoSites);
    }
    for (what, count) in
        [("kinds of slot", data.slots.len()), ("contingents", data.contingents.len()), ("groups", data.groups.len())]
    {
        if count == 0 {
            return Err(ProblemError::None { what });
        }
    }
    at_most("sites", data.sites.len(), SITES_MAX)?;
    at_most("bases", data.bases.len(), BASES_MAX)?;
    at_most("kinds of slot", data.slots.len(), SLOTS_MAX)?;
    at_most("contingents", data.contingents.len(), PARTIES_MAX)?;
    at_most("groups", data.groups.len(), PARTIES_MAX)?;
    at_most("patrol duties", data.duties.len(), DUTIES_MAX)?;
    at_most("patrol areas", data.areas.len(), AREAS_MAX)?;
    at_most("pairs of site and base", data.reach.iter().map(Vec::len).sum(), REACH_MAX)?;
    unique("site", data.sites.iter().map(|site| &site.id))?;
    unique("base", data.bases.iter().map(|base| &base.id))?;
    unique("contingent", data.contingents.iter().map(|contingent| &contingent.id))?;
    unique("group", data.groups.iter().map(|group| &group.id))?;
    unique("patrol duty", data.duties.iter().map(|duty| &duty.id))?;
    unique("patrol area", data.areas.iter().map(|area| &area.id))?;
    unique("kind of slot", data.slots.iter().map(|slot| &slot.id))?;
    let seats = u64::from(SEATS_MAX);
    for site in &data.sites {
        within("seats", || format!("site {:?}", site.id), site.seats.into(), 1, seats)?;
    }
    for base in &data.bases {
        within("seats", || format!("base {:?}", base.id), base.seats.into(), 1, seats)?;
    }
    let ppm = u64::from(PPM);
    let problem = || "the problem".to_owned();
    within("static_effect_ppm", problem, data.static_effect_ppm.into(), 0, ppm)?;
    within("patrol_effect_ppm", problem, data.patrol_effect_ppm.into(), 0, ppm)?;
    within("alpha_ppm", problem, data.alpha_ppm.into(), 0, ppm)?;
    within("watched_attempts_micro", problem, data.watched_attempts_micro, 0, ATTEMPTS_MICRO_MAX)?;
    tables(data)?;
    parties(data)?;
    patrols(data)?;
    data.slots.iter().try_for_each(|slot| one_slot(data, slot))
}

fn tables(data: &WeekData) -> Result<(), ProblemError> {
    for (what, tables, most) in [
        ("values_milli", &data.values_milli, VALUE_MILLI_MAX),
        ("attempts_micro", &data.attempts_micro, ATTEMPTS_MICRO_MAX),
    ] {
        for (number, table) in tables.iter().enumerate() {
            if table.len() != data.sites.len() {
                let (count, expected) = (table.len(), data.sites.len());
                return Err(ProblemError::Table { what, number, count, expected });
            }
            for (site, &value) in data.sites.iter().zip(table) {
                within(what, || format!("site {:?} in table {number}", site.id), value, 0, most)?;
            }
        }
    }
    data.reach.iter().try_for_each(|table| reach(data, table))
}

fn reach(data: &WeekData, table: &[Reach]) -> Result<(), ProblemError> {
    let mut seen = BTreeSet::new();
    for (index, reach) in table.iter().enumerate() {
        for (what, value, count) in [("site", reach.site, data.sites.len()), ("base", reach.base, data.bases.len())] {
            if value as usize >= count {
                return Err(ProblemError::UnknownIndex { index, what, value, count });
            }
        }
        let (site, base) = (&data.sites[reach.site as usize].id, &data.bases[reach.base as usize].id);
        let owner = || format!("the reach from base {base:?} to site {site:?}");
        within("effect_ppm", owner, reach.effect_ppm.into(), 0, PPM.into())?;
        if !seen.insert((reach.site, reach.base)) {
            return Err(ProblemError::DuplicateReach { site: site.clone(), base: base.clone() });
        }
    }
    Ok(())
}

/// Indices that ascend and are there.
fn indices(
    owner: impl Fn() -> String,
    what: &'static str,
    list: impl IntoIterator<Item = u32>,
    count: usize,
) -> Result<(), ProblemError> {
    let mut next = 0u64;
    for index in list {
        if u64::from(index) < next || index as usize >= count {
            return Err(ProblemError::List { owner: owner(), what, index, count });
        }
        next = u64::from(index) + 1;
    }
    Ok(())
}

fn some(list: Option<&Vec<u32>>) -> impl Iterator<Item = u32> {
    list.into_iter().flatten().copied()
}

fn parties(data: &WeekData) -> Result<(), ProblemError> {
    for contingent in &data.contingents {
        let owner = || format!("contingent {:?}", contingent.id);
        indices(owner, "site", some(contingent.sites.as_ref()), data.sites.len())?;
        indices(owner, "base", some(contingent.bases.as_ref()), data.bases.len())?;
        indices(owner, "patrol duty", some(contingent.duties.as_ref()), data.duties.len())?;
        indices(owner, "patrol area", some(contingent.areas.as_ref()), data.areas.len())?;
    }
    for group in &data.groups {
        let owner = || format!("group {:?}", group.id);
        within("share_ppm", owner, group.share_ppm.into(), 0, PPM.into())?;
        indices(owner, "site", some(group.sites.as_ref()), data.sites.len())?;
        if group.sites.as_ref().is_some_and(Vec::is_empty) {
            return Err(ProblemError::NoReach { group: group.id.clone() });
        }
    }
    let total: u64 = data.groups.iter().map(|group| u64::from(group.share_ppm)).sum();
    within("share_ppm", || "all groups together".to_owned(), total, PPM.into(), PPM.into())
}

fn patrols(data: &WeekData) -> Result<(), ProblemError> {
    let seats = u64::from(SEATS_MAX);
    for duty in &data.duties {
        let owner = || format!("patrol duty {:?}", duty.id);
        within("seats", owner, duty.seats.into(), 1, seats)?;
        indices(owner, "site", duty.visits.iter().map(|visit| visit.0), data.sites.len())?;
        indices(owner, "kind of slot", some(duty.slots.as_ref()), data.slots.len())?;
        for &(_, minutes) in &duty.visits {
            within("minutes", owner, minutes.into(), 1, SLOT_MINUTES_MAX.into())?;
        }
    }
    data.areas.iter().try_for_each(|area| one_area(data, area))
}

fn one_area(data: &WeekData, area: &PatrolArea) -> Result<(), ProblemError> {
    let owner = || format!("patrol area {:?}", area.id);
    within("seats", owner, area.seats.into(), 1, SEATS_MAX.into())?;
    within("patrols_max", owner, area.patrols_max.into(), 0, 1_000)?;
    indices(owner, "site", area.sites.iter().copied(), data.sites.len())?;
    indices(owner, "kind of slot", some(area.slots.as_ref()), data.slots.len())?;
    at_most("sites of one patrol area", area.sites.len(), AREA_SITES_MAX)?;
    let minutes = u64::from(ROUTE_MINUTES_MAX);
    within("stay_minutes_min", owner, area.stay_minutes_min.into(), 1, minutes)?;
    within("stay_minutes_max", owner, area.stay_minutes_max.into(), area.stay_minutes_min.into(), minutes)?;
    let stops = area.sites.len() + 1;
    let rows = std::iter::once(area.travel_minutes.len()).chain(area.travel_minutes.iter().map(Vec::len));
    for count in rows {
        if count != stops {
            return Err(ProblemError::Table { what: "travel_minutes", number: 0, count, expected: stops });
        }
    }
    for (from, row) in area.travel_minutes.iter().enumerate() {
        for (to, &travel) in row.iter().enumerate().filter(|(to, _)| *to != from) {
            within("travel_minutes", || format!("{}, {from} to {to}", owner()), travel.into(), 1, 1_000_000)?;
        }
    }
    Ok(())
}

fn one_slot(data: &WeekData, slot: &SlotKind) -> Result<(), ProblemError> {
    let owner = || format!("kind of slot {:?}", slot.id);
    within("count", owner, slot.count.into(), 1, 10_080)?;
    within("minutes", owner, slot.minutes.into(), 1, SLOT_MINUTES_MAX.into())?;
    for (what, index, count) in [
        ("table of values", slot.values, data.values_milli.len()),
        ("table of attempts", slot.attempts, data.attempts_micro.len()),
        ("table of reach", slot.reach, data.reach.len()),
    ] {
        indices(owner, what, [index], count)?;
    }
    indices(owner, "site", slot.floors.iter().map(|floor| floor.0), data.sites.len())?;
    indices(owner, "site", slot.posts.iter().copied(), data.sites.len())?;
    indices(owner, "site", slot.visits.iter().copied(), data.sites.len())?;
    for &(_, floor_ppm) in &slot.floors {
        within("floor_ppm", owner, floor_ppm.into(), 0, PPM.into())?;
    }
    if slot.seats.len() != data.contingents.len() {
        let (count, expected) = (slot.seats.len(), data.contingents.len());
        return Err(ProblemError::Table { what: "seats", number: 0, count, expected });
    }
    for part in &slot.seats {
        within("seats", owner, part.seats.into(), 0, PERSONNEL_MAX.into())?;
    }
    let here = u32::try_from(data.slots.iter().position(|other| other.id == slot.id).expect("it is in the list"))
        .expect("few slots");
    for duty in &data.duties {
        if duty.slots.as_ref().is_none_or(|slots| slots.binary_search(&here).is_ok()) {
            let minutes: u64 = duty.visits.iter().map(|visit| u64::from(visit.1)).sum();
            let owner = || format!("patrol duty {:?} in kind of slot {:?}", duty.id, slot.id);
            within("minutes", owner, minutes, 0, slot.minutes.into())?;
        }
    }
    let open = |area: &&PatrolArea| area.slots.as_ref().is_none_or(|slots| slots.binary_search(&here).is_ok());
    if data.areas.iter().any(|area| open(&area)) {
        within(
            "minutes",
            || format!("{}, where patrol areas are open", owner()),
            slot.minutes.into(),
            1,
            ROUTE_MINUTES_MAX.into(),
        )?;
    }
    Ok(())
}

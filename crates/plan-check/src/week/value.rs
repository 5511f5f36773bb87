//! The value of the schedules of a week, in whole numbers.

use super::file::{AreaPart, SchedulePart, SlotPart, WeekFile, WeekPart, names};
use crate::Refusal;
use crate::file::{PPM, limits};
use num_bigint::BigInt;
use num_rational::BigRational;

/// `10^21`: the unit of harm is 1e-21 persons per week.
pub(crate) fn harm_unit() -> BigInt {
    BigInt::from(1_000_000_000_000_000_000_000u128)
}

/// `a_i` of a slot in the unit of harm.
pub(crate) fn forecast(problem: &WeekPart, slot: &SlotPart) -> Vec<BigInt> {
    let rest = u128::from(PPM - problem.alpha_ppm) * u128::from(slot.count) * u128::from(PPM);
    let values = problem.values_milli[slot.values as usize].iter();
    let attempts = &problem.attempts_micro[slot.attempts as usize];
    values.zip(attempts).map(|(&v, &lam)| BigInt::from(rest) * lam * v).collect()
}

/// `h_ki` of a group and a slot in the unit of harm; 0 beyond the group's reach.
pub(crate) fn watched(problem: &WeekPart, slot: &SlotPart, group: usize) -> Vec<BigInt> {
    let part = &problem.groups[group];
    let most = BigInt::from(problem.alpha_ppm) * problem.watched_attempts_micro * part.share_ppm;
    let mut reached = vec![part.sites.is_none(); problem.sites.len()];
    part.sites.iter().flatten().for_each(|&site| reached[site as usize] = true);
    let values = problem.values_milli[slot.values as usize].iter();
    values.zip(reached).map(|(&v, reached)| if reached { &most * v } else { BigInt::from(0) }).collect()
}

/// The exact value, in persons per week, of schedules that keep every rule and every floor.
pub(crate) fn evaluate(plan: &WeekFile) -> Result<BigRational, Refusal> {
    let (problem, denominator) = (&plan.problem, plan.probability_denominator);
    if !(1..=limits::SHARE_DENOMINATOR_MAX).contains(&denominator) {
        let most = limits::SHARE_DENOMINATOR_MAX;
        return Err(Refusal::Schedules(format!("the denominator {denominator} is not between 1 and {most}")));
    }
    if plan.schedules.len() != problem.slots.len() {
        let (given, known) = (plan.schedules.len(), problem.slots.len());
        return Err(Refusal::Schedules(format!(
            "there are lists for {given} kinds of slot and the problem has {known}"
        )));
    }
    let zero = BigRational::from_integer(0.into());
    let mut sum = zero.clone();
    let mut worst = vec![zero; problem.groups.len()];
    for (s, (slot, schedules)) in problem.slots.iter().zip(&plan.schedules).enumerate() {
        let protection = protection(problem, s, schedules, denominator)?;
        let full = BigInt::from(denominator) * PPM * slot.minutes;
        let unit = harm_unit() * &full;
        let open: Vec<BigInt> = protection.into_iter().map(|got| &full - got).collect();
        let forecast: BigInt = forecast(problem, slot).iter().zip(&open).map(|(a, open)| a * open).sum();
        sum += BigRational::new(forecast, unit.clone());
        for (k, worst) in worst.iter_mut().enumerate() {
            let harms = watched(problem, slot, k);
            let most = harms.iter().zip(&open).map(|(h, open)| h * open).max().unwrap_or_default();
            let most = BigRational::new(most, unit.clone());
            if most > *worst {
                *worst = most;
            }
        }
    }
    Ok(worst.into_iter().fold(sum, |sum, worst| sum + worst))
}

/// Protection of each site in a slot, over `denominator * PPM * minutes`; every floor is met.
fn protection(
    problem: &WeekPart,
    s: usize,
    schedules: &[SchedulePart],
    denominator: u64,
) -> Result<Vec<BigInt>, Refusal> {
    let slot = &problem.slots[s];
    let total: u128 = schedules.iter().map(|schedule| u128::from(schedule.probability)).sum();
    if total != u128::from(denominator) {
        return Err(Refusal::Schedules(format!(
            "in slot {:?} the probabilities sum to {total} of {denominator}",
            slot.id
        )));
    }
    let help = problem.help(slot);
    let mut protection = vec![BigInt::from(0); problem.sites.len()];
    for (number, schedule) in schedules.iter().enumerate() {
        let given = given(problem, s, &help, schedule)
            .map_err(|why| Refusal::Schedules(format!("in slot {:?} schedule {number} {why}", slot.id)))?;
        for (sum, given) in protection.iter_mut().zip(given) {
            *sum += BigInt::from(given) * schedule.probability;
        }
    }
    let one = BigInt::from(denominator) * slot.minutes;
    for &(site, floor_ppm) in &slot.floors {
        let got = &protection[site as usize];
        if *got < &one * floor_ppm {
            let site = format!("{} in slot {}", problem.sites[site as usize].id, slot.id);
            return Err(Refusal::Floor { site, floor_ppm, given: (got / &one).to_string() });
        }
    }
    Ok(protection)
}

/// Protection of each site under one schedule, over `PPM * minutes`, or the rule that it breaks.
fn given(
    problem: &WeekPart,
    s: usize,
    help: &[Vec<(u32, usize)>],
    schedule: &SchedulePart,
) -> Result<Vec<u64>, String> {
    let slot = &problem.slots[s];
    let n = problem.sites.len();
    let mut spent = vec![0u64; problem.contingents.len()];
    let (mut posted, mut minutes) = (vec![false; n], vec![0u64; n]);
    let mut waiting = vec![0u32; problem.bases.len()];
    for &(site, c) in &schedule.posts {
        let crew = crew(problem, slot, c)?;
        match posted.get_mut(site as usize) {
            Some(posted) if !*posted => *posted = true,
            Some(_) => return Err(format!("names site {site} twice")),
            None => return Err(format!("names site {site}, which is not there")),
        }
        let place = &problem.sites[site as usize];
        if !crew.seats.posts || !names(crew.contingent.sites.as_ref(), site as usize) {
            return Err(format!("has {:?} man a post at {:?}, where it may not", crew.contingent.id, place.id));
        }
        spent[c as usize] += u64::from(place.seats);
    }
    for &(base, c) in &schedule.forces {
        let crew = crew(problem, slot, c)?;
        let Some(place) = problem.bases.get(base as usize) else {
            return Err(format!("names base {base}, which is not there"));
        };
        if !crew.seats.forces || !names(crew.contingent.bases.as_ref(), base as usize) {
            return Err(format!("has {:?} keep a force at {:?}, where it may not", crew.contingent.id, place.id));
        }
        waiting[base as usize] += 1;
        if waiting[base as usize] > place.forces_max {
            return Err(format!("has more forces at {:?} than the {} it takes", place.id, place.forces_max));
        }
        spent[c as usize] += u64::from(place.seats);
    }
    patrols(problem, s, schedule, &mut spent, &mut minutes)?;
    for ((seats, needed), contingent) in slot.seats.iter().zip(&spent).zip(&problem.contingents) {
        if *needed > u64::from(seats.seats) {
            return Err(format!("takes {needed} seats of {:?} and there are {}", contingent.id, seats.seats));
        }
    }
    let id = |site: u32| &problem.sites[site as usize].id;
    if let Some(&site) = slot.posts.iter().find(|&&site| !posted[site as usize]) {
        return Err(format!("has no post at {:?}, where one is mandatory", id(site)));
    }
    let unseen = |site: &&u32| !posted[**site as usize] && minutes[**site as usize] == 0;
    if let Some(&site) = slot.visits.iter().find(unseen) {
        return Err(format!("has nobody visit {:?}, where a visit is mandatory", id(site)));
    }
    let length = u64::from(slot.minutes);
    let protection = (0..n).map(|i| {
        let force = help[i].iter().find(|(_, base)| waiting[*base] > 0).map_or(0, |best| best.0);
        let best = force.max(if posted[i] { problem.static_effect_ppm } else { 0 });
        let patrol = problem.patrol_effect_ppm.max(best);
        let there = minutes[i].min(length);
        u64::from(best) * (length - there) + u64::from(patrol) * there
    });
    Ok(protection.collect())
}

struct Crew<'a> {
    contingent: &'a super::file::ContingentPart,
    seats: &'a super::file::SeatsPart,
}

fn crew<'a>(problem: &'a WeekPart, slot: &'a SlotPart, c: u32) -> Result<Crew<'a>, String> {
    match (problem.contingents.get(c as usize), slot.seats.get(c as usize)) {
        (Some(contingent), Some(seats)) => Ok(Crew { contingent, seats }),
        _ => Err(format!("names contingent {c}, which is not there")),
    }
}

fn patrols(
    problem: &WeekPart,
    s: usize,
    schedule: &SchedulePart,
    spent: &mut [u64],
    minutes: &mut [u64],
) -> Result<(), String> {
    let slot = &problem.slots[s];
    let mut done = vec![false; problem.duties.len()];
    for &(duty, c) in &schedule.duties {
        let crew = crew(problem, slot, c)?;
        let Some(part) = problem.duties.get(duty as usize) else {
            return Err(format!("names patrol duty {duty}, which is not there"));
        };
        if std::mem::replace(&mut done[duty as usize], true) {
            return Err(format!("does the patrol duty {:?} twice", part.id));
        }
        let may = crew.seats.patrols && names(crew.contingent.duties.as_ref(), duty as usize);
        if !may || !names(part.slots.as_ref(), s) {
            return Err(format!("has {:?} do the patrol duty {:?}, where it may not", crew.contingent.id, part.id));
        }
        spent[c as usize] += u64::from(part.seats);
        part.visits.iter().for_each(|&(site, stay)| minutes[site as usize] += u64::from(stay));
    }
    let mut out = vec![0u32; problem.areas.len()];
    for route in &schedule.routes {
        let crew = crew(problem, slot, route.contingent)?;
        let Some(area) = problem.areas.get(route.area as usize) else {
            return Err(format!("names patrol area {}, which is not there", route.area));
        };
        let may = crew.seats.patrols && names(crew.contingent.areas.as_ref(), route.area as usize);
        if !may || !names(area.slots.as_ref(), s) {
            return Err(format!("has {:?} patrol in {:?}, where it may not", crew.contingent.id, area.id));
        }
        out[route.area as usize] += 1;
        if out[route.area as usize] > area.patrols_max {
            return Err(format!("has more patrols in {:?} than the {} allowed", area.id, area.patrols_max));
        }
        spent[route.contingent as usize] += u64::from(area.seats);
        walk(area, slot.minutes, &route.stops, minutes)?;
    }
    Ok(())
}

fn walk(area: &AreaPart, length: u32, stops: &[(u32, u32, u32)], minutes: &mut [u64]) -> Result<(), String> {
    if stops.is_empty() {
        return Err(format!("has a patrol in {:?} without a stop", area.id));
    }
    let (mut row, mut clock) = (0usize, 0u64);
    for &(site, arrival, departure) in stops {
        let Some(column) = area.sites.iter().position(|&known| known == site) else {
            return Err(format!("has a patrol in {:?} stop at site {site}, which is not in it", area.id));
        };
        if column + 1 == row {
            return Err(format!("has a patrol in {:?} stop at site {site} twice running", area.id));
        }
        let earliest = clock + u64::from(area.travel_minutes[row][column + 1]);
        if u64::from(arrival) < earliest {
            return Err(format!("has a patrol in {:?} at site {site} in minute {arrival}, before {earliest}", area.id));
        }
        let stay = u64::from(departure).saturating_sub(arrival.into());
        if departure < arrival || stay < area.stay_minutes_min.into() || stay > area.stay_minutes_max.into() {
            return Err(format!("has a patrol in {:?} stay at site {site} from {arrival} to {departure}", area.id));
        }
        minutes[site as usize] += stay;
        (row, clock) = (column + 1, departure.into());
    }
    let back = clock + u64::from(area.travel_minutes[row][0]);
    if back > u64::from(length) {
        return Err(format!("has a patrol in {:?} come back in minute {back} of {length}", area.id));
    }
    Ok(())
}

//! What a mixture of schedules gives in every slot, whoever made it. Whole numbers until the end.

use super::data::{PatrolArea, SlotKind, Week, WeekData};
use crate::engine::share;
use crate::evaluate::PROBABILITY_DENOMINATOR;
use crate::problem::PPM;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A patrol that chose its round in an area.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Index of the area.
    pub area: u32,
    /// Index of the contingent that mans it.
    pub contingent: u32,
    /// Stops in order: index of the site, minute of arrival, minute of departure, counted from the
    /// beginning of the slot.
    pub stops: Vec<(u32, u32, u32)>,
}

/// A schedule of one slot and how likely it is drawn. Lists ascend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekSchedule {
    /// Probability, over [`PROBABILITY_DENOMINATOR`].
    pub probability: u64,
    /// Site with a static post, and the contingent that mans it; a site once.
    pub posts: Vec<(u32, u32)>,
    /// Base where a reaction force waits, and its contingent; a base as often as it takes forces.
    pub forces: Vec<(u32, u32)>,
    /// Explicit patrol duty that is done, and by whom; a duty once.
    pub duties: Vec<(u32, u32)>,
    /// Patrols that choose their round.
    pub routes: Vec<Route>,
}

/// A schedule that does not fit the problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WeekFault {
    /// Not one list of schedules per kind of slot.
    #[error("there are schedules for {given} kinds of slot; the problem has {expected}")]
    Slots {
        /// Lists given.
        given: usize,
        /// Kinds of slot there are.
        expected: usize,
    },
    /// Probabilities that do not sum to one.
    #[error("in slot {slot:?} the probabilities sum to {total} of {PROBABILITY_DENOMINATOR}")]
    Probabilities {
        /// Id of the kind of slot.
        slot: String,
        /// Their sum.
        total: u128,
    },
    /// A schedule that breaks a rule.
    #[error("in slot {slot:?} schedule {schedule} {why}")]
    Schedule {
        /// Id of the kind of slot.
        slot: String,
        /// Which schedule, from 0.
        schedule: usize,
        /// What it does, in words that continue the sentence.
        why: String,
    },
}

/// A floor that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekShort {
    /// Index of the kind of slot.
    pub slot: usize,
    /// Index of the site.
    pub site: usize,
    /// Protection it gets, in parts per million, rounded down.
    pub protection_ppm: u32,
    /// Protection it must get, in parts per million.
    pub floor_ppm: u32,
}

/// What a group of adversaries who watch can do at best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupWorst {
    /// Persons harmed per week: `alpha Lam A_k theta_k`.
    pub harm: f64,
    /// Index of the kind of slot that it would choose (the first of equals).
    pub slot: usize,
    /// Index of the site that it would choose.
    pub site: usize,
}

/// The value of a mixture of schedules for every slot.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekEvaluation {
    /// Expected persons harmed per week: forecast part plus worst-case parts.
    pub value: f64,
    /// Persons harmed per week by those who do not watch.
    pub forecast_harm: f64,
    /// What each group can do, in the order of the groups.
    pub groups: Vec<GroupWorst>,
    /// Protection `c_is`, slot by slot and site by site, in [0, 1].
    pub protection: Vec<Vec<f64>>,
    /// Share of time with a static post, slot by slot and site by site.
    pub post_share: Vec<Vec<f64>>,
    /// Share of time with a patrol, slot by slot and site by site, at most 1.
    pub patrol_share: Vec<Vec<f64>>,
    /// Floors that are not met. Empty for a plan.
    pub floors_short: Vec<WeekShort>,
}

/// What one schedule gives each site.
pub(super) struct Given {
    /// Protection over `PPM * minutes of the slot`.
    pub protection: Vec<u64>,
    pub posted: Vec<bool>,
    /// Minutes with a patrol, at most those of the slot.
    pub minutes: Vec<u32>,
}

/// Evaluates any mixture of schedules, one list per kind of slot, such as a plan made by hand.
/// Floors that are not met are reported, not refused.
pub fn evaluate_week(week: &Week, schedules: &[Vec<WeekSchedule>]) -> Result<WeekEvaluation, WeekFault> {
    let data = week.data();
    if schedules.len() != data.slots.len() {
        return Err(WeekFault::Slots { given: schedules.len(), expected: data.slots.len() });
    }
    let n = data.sites.len();
    let alpha = share(data.alpha_ppm);
    let mut out = WeekEvaluation {
        value: 0.0,
        forecast_harm: 0.0,
        groups: vec![GroupWorst { harm: -1.0, slot: 0, site: 0 }; data.groups.len()],
        protection: Vec::new(),
        post_share: Vec::new(),
        patrol_share: Vec::new(),
        floors_short: Vec::new(),
    };
    for (s, (slot, list)) in data.slots.iter().zip(schedules).enumerate() {
        let total: u128 = list.iter().map(|schedule| u128::from(schedule.probability)).sum();
        if total != u128::from(PROBABILITY_DENOMINATOR) {
            return Err(WeekFault::Probabilities { slot: slot.id.clone(), total });
        }
        let help = helps(data, s);
        let mut protection = vec![0u128; n];
        let (mut posts, mut patrols) = (vec![0u64; n], vec![0u128; n]);
        for (number, schedule) in list.iter().enumerate() {
            let given = give(data, s, &help, schedule).map_err(|why| WeekFault::Schedule {
                slot: slot.id.clone(),
                schedule: number,
                why,
            })?;
            for i in 0..n {
                protection[i] += u128::from(schedule.probability) * u128::from(given.protection[i]);
                posts[i] += if given.posted[i] { schedule.probability } else { 0 };
                patrols[i] += u128::from(schedule.probability) * u128::from(given.minutes[i]);
            }
        }
        let one = u128::from(PROBABILITY_DENOMINATOR) * u128::from(slot.minutes);
        let full = one * u128::from(PPM);
        for &(site, floor_ppm) in &slot.floors {
            let got = protection[site as usize];
            if got < u128::from(floor_ppm) * one {
                let protection_ppm = u32::try_from(got / one).expect("at most a million");
                out.floors_short.push(WeekShort { slot: s, site: site as usize, protection_ppm, floor_ppm });
            }
        }
        let (values, attempts) =
            (&data.values_milli[slot.values as usize], &data.attempts_micro[slot.attempts as usize]);
        let harm = |i: usize| values[i] as f64 / 1e3 * ((full - protection[i]) as f64 / full as f64);
        let weekly = |i: usize| f64::from(slot.count) * attempts[i] as f64 / 1e6;
        out.forecast_harm += (0..n).map(|i| (1.0 - alpha) * weekly(i) * harm(i)).sum::<f64>();
        for (group, worst) in data.groups.iter().zip(&mut out.groups) {
            let most = alpha * data.watched_attempts_micro as f64 / 1e6 * share(group.share_ppm);
            for site in reached(group.sites.as_ref(), n) {
                if most * harm(site) > worst.harm {
                    *worst = GroupWorst { harm: most * harm(site), slot: s, site };
                }
            }
        }
        out.protection.push(protection.iter().map(|&c| c as f64 / full as f64).collect());
        out.post_share.push(posts.iter().map(|&x| x as f64 / PROBABILITY_DENOMINATOR as f64).collect());
        out.patrol_share.push(patrols.iter().map(|&x| x as f64 / one as f64).collect());
    }
    out.value = out.forecast_harm + out.groups.iter().map(|group| group.harm).sum::<f64>();
    Ok(out)
}

fn reached(sites: Option<&Vec<u32>>, count: usize) -> Vec<usize> {
    sites.map_or_else(|| (0..count).collect(), |sites| sites.iter().map(|&site| site as usize).collect())
}

/// For each site the bases that can help in a slot, best first.
pub(super) fn helps(data: &WeekData, s: usize) -> Vec<Vec<(u32, usize)>> {
    let mut help = vec![Vec::new(); data.sites.len()];
    for reach in data.reach[data.slots[s].reach as usize].iter().filter(|reach| reach.effect_ppm > 0) {
        help[reach.site as usize].push((reach.effect_ppm, reach.base as usize));
    }
    for list in &mut help {
        list.sort_unstable_by_key(|&(effect, base): &(u32, usize)| (u32::MAX - effect, base));
    }
    help
}

fn named(list: Option<&Vec<u32>>, index: u32) -> bool {
    list.is_none_or(|list| list.binary_search(&index).is_ok())
}

/// What a schedule gives, or what rule it breaks.
pub(super) fn give(
    data: &WeekData,
    s: usize,
    help: &[Vec<(u32, usize)>],
    schedule: &WeekSchedule,
) -> Result<Given, String> {
    let slot = &data.slots[s];
    let n = data.sites.len();
    let mut spent = vec![0u64; data.contingents.len()];
    let mut posted = vec![false; n];
    let mut waiting = vec![0u32; data.bases.len()];
    let mut minutes = vec![0u64; n];
    ascending("site", schedule.posts.iter().map(|post| post.0), n, true)?;
    ascending("base", schedule.forces.iter().map(|force| force.0), data.bases.len(), false)?;
    ascending("patrol duty", schedule.duties.iter().map(|duty| duty.0), data.duties.len(), true)?;
    for &(site, c) in &schedule.posts {
        let (contingent, part) = crew(data, slot, c)?;
        if !part.posts || !named(contingent.sites.as_ref(), site) {
            return Err(refused(&contingent.id, "man a post at", &data.sites[site as usize].id));
        }
        spent[c as usize] += u64::from(data.sites[site as usize].seats);
        posted[site as usize] = true;
    }
    for &(base, c) in &schedule.forces {
        let (contingent, part) = crew(data, slot, c)?;
        let place = &data.bases[base as usize];
        if !part.forces || !named(contingent.bases.as_ref(), base) {
            return Err(refused(&contingent.id, "keep a reaction force at", &place.id));
        }
        spent[c as usize] += u64::from(place.seats);
        waiting[base as usize] += 1;
        if waiting[base as usize] > place.forces_max {
            return Err(format!("has more than {} reaction forces at base {:?}", place.forces_max, place.id));
        }
    }
    for &(duty, c) in &schedule.duties {
        let (contingent, part) = crew(data, slot, c)?;
        let round = &data.duties[duty as usize];
        if !part.patrols || !named(contingent.duties.as_ref(), duty) {
            return Err(refused(&contingent.id, "do the patrol duty", &round.id));
        }
        if !named(round.slots.as_ref(), u32::try_from(s).expect("few slots")) {
            return Err(format!("does the patrol duty {:?}, which is not for this slot", round.id));
        }
        spent[c as usize] += u64::from(round.seats);
        round.visits.iter().for_each(|&(site, stay)| minutes[site as usize] += u64::from(stay));
    }
    routes(data, s, schedule, &mut spent, &mut minutes)?;
    limits(data, slot, &spent, &posted, &minutes)?;
    let patrol = |i: usize| u32::try_from(minutes[i].min(u64::from(slot.minutes))).expect("at most a slot");
    let minutes: Vec<u32> = (0..n).map(patrol).collect();
    let protection = (0..n)
        .map(|i| {
            let post = if posted[i] { data.static_effect_ppm } else { 0 };
            let best = help[i].iter().find(|&&(_, base)| waiting[base] > 0).map_or(0, |best| best.0).max(post);
            let more = data.patrol_effect_ppm.saturating_sub(best);
            u64::from(best) * u64::from(slot.minutes) + u64::from(more) * u64::from(minutes[i])
        })
        .collect();
    Ok(Given { protection, posted, minutes })
}

fn ascending(what: &str, list: impl Iterator<Item = u32>, count: usize, once: bool) -> Result<(), String> {
    let mut next = 0u64;
    for index in list {
        if u64::from(index) < next || index as usize >= count {
            return Err(format!("names {what} number {index} out of range, twice or out of order"));
        }
        next = u64::from(index) + u64::from(once);
    }
    Ok(())
}

fn crew<'a>(
    data: &'a WeekData,
    slot: &'a SlotKind,
    c: u32,
) -> Result<(&'a super::Contingent, &'a super::SlotSeats), String> {
    match (data.contingents.get(c as usize), slot.seats.get(c as usize)) {
        (Some(contingent), Some(part)) => Ok((contingent, part)),
        _ => Err(format!("names contingent number {c}, which is not there")),
    }
}

fn refused(contingent: &str, does: &str, place: &str) -> String {
    format!("has contingent {contingent:?} {does} {place:?}, where it may not in this slot")
}

fn routes(
    data: &WeekData,
    s: usize,
    schedule: &WeekSchedule,
    spent: &mut [u64],
    minutes: &mut [u64],
) -> Result<(), String> {
    let slot = &data.slots[s];
    let mut out = vec![0u32; data.areas.len()];
    for route in &schedule.routes {
        let (contingent, part) = crew(data, slot, route.contingent)?;
        let Some(area) = data.areas.get(route.area as usize) else {
            return Err(format!("names patrol area number {}, which is not there", route.area));
        };
        if !part.patrols || !named(contingent.areas.as_ref(), route.area) {
            return Err(refused(&contingent.id, "patrol in", &area.id));
        }
        if !named(area.slots.as_ref(), u32::try_from(s).expect("few slots")) {
            return Err(format!("patrols in {:?}, which is not open in this slot", area.id));
        }
        out[route.area as usize] += 1;
        if out[route.area as usize] > area.patrols_max {
            return Err(format!("has more than {} patrols in {:?}", area.patrols_max, area.id));
        }
        spent[route.contingent as usize] += u64::from(area.seats);
        walk(area, slot.minutes, &route.stops, minutes)?;
    }
    Ok(())
}

/// Follows a round, minute by minute of travel and stay.
fn walk(area: &PatrolArea, length: u32, stops: &[(u32, u32, u32)], minutes: &mut [u64]) -> Result<(), String> {
    let (mut at, mut time) = (0usize, 0u64);
    if stops.is_empty() {
        return Err(format!("has a patrol in {:?} that goes nowhere", area.id));
    }
    for &(site, arrival, departure) in stops {
        let Ok(place) = area.sites.binary_search(&site) else {
            return Err(format!("has a patrol in {:?} at site number {site}, which is not there", area.id));
        };
        let place = place + 1;
        if place == at || time + u64::from(area.travel_minutes[at][place]) > u64::from(arrival) {
            return Err(format!("has a patrol in {:?} at site number {site} at minute {arrival}: too early", area.id));
        }
        let stay = departure.saturating_sub(arrival);
        if !(area.stay_minutes_min..=area.stay_minutes_max).contains(&stay) {
            return Err(format!("has a patrol in {:?} stay {stay} minutes at site number {site}", area.id));
        }
        minutes[site as usize] += u64::from(stay);
        (at, time) = (place, u64::from(departure));
    }
    if time + u64::from(area.travel_minutes[at][0]) > u64::from(length) {
        return Err(format!("has a patrol in {:?} that is not back when the slot ends", area.id));
    }
    Ok(())
}

fn limits(data: &WeekData, slot: &SlotKind, spent: &[u64], posted: &[bool], minutes: &[u64]) -> Result<(), String> {
    for ((contingent, part), needed) in data.contingents.iter().zip(&slot.seats).zip(spent) {
        if *needed > u64::from(part.seats) {
            return Err(format!("takes {needed} seats of {:?}; there are {}", contingent.id, part.seats));
        }
    }
    let id = |site: &u32| &data.sites[*site as usize].id;
    if let Some(site) = slot.posts.iter().find(|&&site| !posted[site as usize]) {
        return Err(format!("has no post at {:?}, where one is mandatory", id(site)));
    }
    let visited = |site: &&u32| posted[**site as usize] || minutes[**site as usize] > 0;
    match slot.visits.iter().find(|site| !visited(site)) {
        Some(site) => Err(format!("has nobody visit {:?}, where a visit is mandatory", id(site))),
        None => Ok(()),
    }
}

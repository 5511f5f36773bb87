//! Rules that schedules break, and what a mixture gives whatever rules it breaks.

use super::change::Task;
use super::data::{Contingent, PatrolArea, SlotKind, SlotSeats, Week, WeekData};
use super::evaluate::{Route, WeekEvaluation, WeekFault, WeekSchedule, evaluate_with};

/// A rule that a schedule breaks, by the problem's indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BrokenRule {
    /// A contingent does what it may not do there, or not in this slot.
    Caveat {
        /// Index of the contingent.
        contingent: u32,
        /// What it does.
        task: Task,
    },
    /// A patrol that is not for this slot.
    Closed {
        /// The patrol.
        task: Task,
    },
    /// More forces at a base than it takes.
    Forces {
        /// Index of the base.
        base: u32,
        /// Forces there.
        count: u32,
        /// Most forces there.
        most: u32,
    },
    /// More patrols in an area than may be on the road at once.
    Patrols {
        /// Index of the area.
        area: u32,
        /// Patrols there.
        count: u32,
        /// Most patrols there.
        most: u32,
    },
    /// A patrol that cannot be there so soon.
    Early {
        /// Its place in the schedule's list of routes.
        route: usize,
        /// Index of the site.
        site: u32,
        /// Minute of arrival that the schedule has.
        arrival: u32,
        /// First minute at which it can be there.
        earliest: u64,
    },
    /// A patrol that stays too short or too long.
    Stay {
        /// Its place in the schedule's list of routes.
        route: usize,
        /// Index of the site.
        site: u32,
        /// Minutes that it stays.
        minutes: u32,
        /// Shortest and longest stay, minutes.
        allowed: (u32, u32),
    },
    /// A patrol that is not back when the slot ends.
    Late {
        /// Its place in the schedule's list of routes.
        route: usize,
        /// Minute at which it is back.
        back: u64,
        /// Minute at which the slot ends.
        end: u32,
    },
    /// More people of a contingent than are on duty.
    Seats {
        /// Index of the contingent.
        contingent: u32,
        /// Seats that the schedule takes.
        needed: u64,
        /// Seats there are.
        available: u32,
    },
    /// A mandatory post that does not stand.
    Unposted {
        /// Index of the site.
        site: u32,
    },
    /// A mandatory visit that nobody makes.
    Unvisited {
        /// Index of the site.
        site: u32,
    },
}

/// A rule that one schedule of a plan breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekBreach {
    /// Index of the kind of slot.
    pub slot: usize,
    /// Place of the schedule among those of the slot.
    pub schedule: usize,
    /// The rule.
    pub rule: BrokenRule,
}

/// What a mixture gives, and what stands in its way.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekScore {
    /// What it gives, with the floors that are not met.
    pub evaluation: WeekEvaluation,
    /// The rules that it breaks, slot by slot and schedule by schedule; none for a plan.
    pub breaches: Vec<WeekBreach>,
}

/// Evaluates any mixture of schedules as if it could be followed, one list per kind of slot: people
/// are taken to be there, contingents to be allowed, and patrols to keep the times they are given.
/// With no breach this is [`crate::evaluate_week`].
///
/// # Errors
/// [`WeekFault`] for what cannot be evaluated at all: indices that are not there, twice or out of
/// order, a patrol without a stop, at a site that is not of its area, or in two places at once.
pub fn score_week(week: &Week, schedules: &[Vec<WeekSchedule>]) -> Result<WeekScore, WeekFault> {
    let mut breaches = Vec::new();
    let evaluation = evaluate_with(week, schedules, &mut |slot, schedule, rule| {
        breaches.push(WeekBreach { slot, schedule, rule });
        Ok(())
    })?;
    Ok(WeekScore { evaluation, breaches })
}

impl BrokenRule {
    /// The rule in words that continue "the schedule ...".
    pub(super) fn words(&self, data: &WeekData, schedule: &WeekSchedule) -> String {
        let site = |ix: &u32| &data.sites[*ix as usize].id;
        let area = |ix: u32| &data.areas[ix as usize].id;
        let of = |route: &usize| area(schedule.routes[*route].area);
        let crew = |ix: &u32| &data.contingents[*ix as usize].id;
        match self {
            Self::Caveat { contingent, task } => {
                let (does, place) = match task {
                    Task::Post(ix) => ("man a post at", site(ix)),
                    Task::Force(ix) => ("keep a reaction force at", &data.bases[*ix as usize].id),
                    Task::Duty(ix) => ("do the patrol duty", &data.duties[*ix as usize].id),
                    Task::Route(ix) => ("patrol in", of(ix)),
                };
                format!("has contingent {:?} {does} {place:?}, where it may not in this slot", crew(contingent))
            }
            Self::Closed { task: Task::Duty(ix) } => {
                format!("does the patrol duty {:?}, which is not for this slot", data.duties[*ix as usize].id)
            }
            Self::Closed { task: Task::Route(ix) } => {
                format!("patrols in {:?}, which is not open in this slot", of(ix))
            }
            Self::Closed { .. } => unreachable!("only patrols are closed"),
            Self::Forces { base, most, .. } => {
                format!("has more than {most} reaction forces at base {:?}", data.bases[*base as usize].id)
            }
            Self::Patrols { area: ix, most, .. } => format!("has more than {most} patrols in {:?}", area(*ix)),
            Self::Early { route, site: ix, arrival, .. } => {
                format!("has a patrol in {:?} at {:?} at minute {arrival}: too early", of(route), site(ix))
            }
            Self::Stay { route, site: ix, minutes, .. } => {
                format!("has a patrol in {:?} stay {minutes} minutes at {:?}", of(route), site(ix))
            }
            Self::Late { route, .. } => {
                format!("has a patrol in {:?} that is not back when the slot ends", of(route))
            }
            Self::Seats { contingent, needed, available } => {
                format!("takes {needed} seats of {:?}; there are {available}", crew(contingent))
            }
            Self::Unposted { site: ix } => format!("has no post at {:?}, where one is mandatory", site(ix)),
            Self::Unvisited { site: ix } => format!("has nobody visit {:?}, where a visit is mandatory", site(ix)),
        }
    }
}

/// Is told of each rule that is broken, and may end the examination with a reason.
pub(super) type Tell<'a> = &'a mut dyn FnMut(BrokenRule) -> Result<(), String>;

/// What a schedule puts where.
pub(super) struct Tally {
    /// Whether a post stands, by site.
    pub posted: Vec<bool>,
    /// Forces that wait, by base.
    pub waiting: Vec<u32>,
    /// Minutes with a patrol, by site, of all patrols together.
    pub minutes: Vec<u64>,
    /// Seats taken, by contingent.
    spent: Vec<u64>,
}

/// Counts what a schedule does, and tells every rule that it breaks.
pub(super) fn examine(data: &WeekData, s: usize, schedule: &WeekSchedule, tell: Tell<'_>) -> Result<Tally, String> {
    let slot = &data.slots[s];
    let mut tally = Tally {
        posted: vec![false; data.sites.len()],
        waiting: vec![0; data.bases.len()],
        minutes: vec![0; data.sites.len()],
        spent: vec![0; data.contingents.len()],
    };
    ascending("site", schedule.posts.iter().map(|post| post.0), data.sites.len(), true)?;
    ascending("base", schedule.forces.iter().map(|force| force.0), data.bases.len(), false)?;
    ascending("patrol duty", schedule.duties.iter().map(|duty| duty.0), data.duties.len(), true)?;
    for &(site, c) in &schedule.posts {
        let (contingent, part) = crew(data, slot, c)?;
        if !part.posts || !named(contingent.sites.as_ref(), site) {
            tell(BrokenRule::Caveat { contingent: c, task: Task::Post(site) })?;
        }
        tally.spent[c as usize] += u64::from(data.sites[site as usize].seats);
        tally.posted[site as usize] = true;
    }
    for &(base, c) in &schedule.forces {
        let (contingent, part) = crew(data, slot, c)?;
        if !part.forces || !named(contingent.bases.as_ref(), base) {
            tell(BrokenRule::Caveat { contingent: c, task: Task::Force(base) })?;
        }
        tally.spent[c as usize] += u64::from(data.bases[base as usize].seats);
        tally.waiting[base as usize] += 1;
    }
    for ((ix, base), &count) in (0u32..).zip(&data.bases).zip(&tally.waiting) {
        if count > base.forces_max {
            tell(BrokenRule::Forces { base: ix, count, most: base.forces_max })?;
        }
    }
    duties(data, s, schedule, &mut tally, tell)?;
    routes(data, s, schedule, &mut tally, tell)?;
    limits(data, slot, &tally, tell)?;
    Ok(tally)
}

/// Whether a list names an index; one that is absent names all.
pub(super) fn named(list: Option<&Vec<u32>>, index: u32) -> bool {
    list.is_none_or(|list| list.binary_search(&index).is_ok())
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

fn crew<'a>(data: &'a WeekData, slot: &'a SlotKind, c: u32) -> Result<(&'a Contingent, &'a SlotSeats), String> {
    match (data.contingents.get(c as usize), slot.seats.get(c as usize)) {
        (Some(contingent), Some(part)) => Ok((contingent, part)),
        _ => Err(format!("names contingent number {c}, which is not there")),
    }
}

fn duties(data: &WeekData, s: usize, schedule: &WeekSchedule, tally: &mut Tally, tell: Tell<'_>) -> Result<(), String> {
    let here = u32::try_from(s).expect("few slots");
    for &(duty, c) in &schedule.duties {
        let (contingent, part) = crew(data, &data.slots[s], c)?;
        let (round, task) = (&data.duties[duty as usize], Task::Duty(duty));
        if !part.patrols || !named(contingent.duties.as_ref(), duty) {
            tell(BrokenRule::Caveat { contingent: c, task })?;
        }
        if !named(round.slots.as_ref(), here) {
            tell(BrokenRule::Closed { task })?;
        }
        tally.spent[c as usize] += u64::from(round.seats);
        round.visits.iter().for_each(|&(site, stay)| tally.minutes[site as usize] += u64::from(stay));
    }
    Ok(())
}

fn routes(data: &WeekData, s: usize, schedule: &WeekSchedule, tally: &mut Tally, tell: Tell<'_>) -> Result<(), String> {
    let (slot, here) = (&data.slots[s], u32::try_from(s).expect("few slots"));
    let mut out = vec![0u32; data.areas.len()];
    for (number, route) in schedule.routes.iter().enumerate() {
        let (contingent, part) = crew(data, slot, route.contingent)?;
        let Some(area) = data.areas.get(route.area as usize) else {
            return Err(format!("names patrol area number {}, which is not there", route.area));
        };
        let task = Task::Route(number);
        if !part.patrols || !named(contingent.areas.as_ref(), route.area) {
            tell(BrokenRule::Caveat { contingent: route.contingent, task })?;
        }
        if !named(area.slots.as_ref(), here) {
            tell(BrokenRule::Closed { task })?;
        }
        out[route.area as usize] += 1;
        tally.spent[route.contingent as usize] += u64::from(area.seats);
        walk(area, slot.minutes, number, route, &mut tally.minutes, tell)?;
    }
    for ((ix, area), count) in (0u32..).zip(&data.areas).zip(out) {
        if count > area.patrols_max {
            tell(BrokenRule::Patrols { area: ix, count, most: area.patrols_max })?;
        }
    }
    Ok(())
}

/// Follows a round, minute by minute of travel and stay.
fn walk(
    area: &PatrolArea,
    length: u32,
    number: usize,
    route: &Route,
    minutes: &mut [u64],
    tell: Tell<'_>,
) -> Result<(), String> {
    let (mut at, mut time) = (0usize, 0u32);
    if route.stops.is_empty() {
        return Err(format!("has a patrol in {:?} that goes nowhere", area.id));
    }
    for &(site, arrival, departure) in &route.stops {
        let Ok(place) = area.sites.binary_search(&site) else {
            return Err(format!("has a patrol in {:?} at site number {site}, which is not there", area.id));
        };
        let place = place + 1;
        if place == at || arrival < time || departure < arrival || departure > length {
            return Err(format!(
                "has a patrol in {:?} at site number {site} from minute {arrival} to {departure}, which cannot follow what it did before",
                area.id
            ));
        }
        let earliest = u64::from(time) + u64::from(area.travel_minutes[at][place]);
        if earliest > u64::from(arrival) {
            tell(BrokenRule::Early { route: number, site, arrival, earliest })?;
        }
        let (stay, allowed) = (departure - arrival, (area.stay_minutes_min, area.stay_minutes_max));
        if !(allowed.0..=allowed.1).contains(&stay) {
            tell(BrokenRule::Stay { route: number, site, minutes: stay, allowed })?;
        }
        minutes[site as usize] += u64::from(stay);
        (at, time) = (place, departure);
    }
    let back = u64::from(time) + u64::from(area.travel_minutes[at][0]);
    if back > u64::from(length) {
        tell(BrokenRule::Late { route: number, back, end: length })?;
    }
    Ok(())
}

fn limits(data: &WeekData, slot: &SlotKind, tally: &Tally, tell: Tell<'_>) -> Result<(), String> {
    for ((c, part), &needed) in (0u32..).zip(&slot.seats).zip(&tally.spent) {
        if needed > u64::from(part.seats) {
            tell(BrokenRule::Seats { contingent: c, needed, available: part.seats })?;
        }
    }
    debug_assert_eq!(data.contingents.len(), slot.seats.len());
    for &site in slot.posts.iter().filter(|&&site| !tally.posted[site as usize]) {
        tell(BrokenRule::Unposted { site })?;
    }
    let visited = |site: u32| tally.posted[site as usize] || tally.minutes[site as usize] > 0;
    for &site in slot.visits.iter().filter(|&&site| !visited(site)) {
        tell(BrokenRule::Unvisited { site })?;
    }
    Ok(())
}

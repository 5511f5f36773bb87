//! Changes to a plan in use: overrides, losses, and what to do when a duty falls out.

use super::data::{Week, WeekData};
use super::evaluate::{WeekEvaluation, WeekFault, WeekSchedule, evaluate_week, give, helps};
use super::plan::WeekCertificate;
use crate::evaluate::{PROBABILITY_DENOMINATOR, Schedule};
use crate::problem::{PPM, ProblemError};

/// What can no longer be used, by the problem's indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    /// Sites where no post can stand.
    pub posts: Vec<u32>,
    /// Bases where no force can wait.
    pub bases: Vec<u32>,
    /// Explicit patrol duties that cannot be done.
    pub duties: Vec<u32>,
    /// Patrol areas that are closed.
    pub areas: Vec<u32>,
}

impl Week {
    /// The same week without what is lost. Indices stay what they are, so that a plan for this week
    /// can be handed to [`crate::plan_week`] as the one to start from. A post that must stand at a
    /// site that is lost makes the week infeasible, which is then what planning says.
    pub fn without(&self, lost: &Lost) -> Result<Self, ProblemError> {
        let mut data: WeekData = self.data().clone();
        for (index, base) in (0u32..).zip(&mut data.bases) {
            if lost.bases.contains(&index) {
                base.forces_max = 0;
            }
        }
        for (index, area) in (0u32..).zip(&mut data.areas) {
            if lost.areas.contains(&index) {
                area.patrols_max = 0;
            }
        }
        for (index, duty) in (0u32..).zip(&mut data.duties) {
            if lost.duties.contains(&index) {
                duty.slots = Some(Vec::new());
            }
        }
        let sites = u32::try_from(data.sites.len()).expect("indices of a problem fit 32 bits");
        for contingent in data.contingents.iter_mut().filter(|_| !lost.posts.is_empty()) {
            let all = contingent.sites.take().unwrap_or_else(|| (0..sites).collect());
            contingent.sites = Some(all.into_iter().filter(|site| !lost.posts.contains(site)).collect());
        }
        Self::new(data)
    }
}

impl WeekSchedule {
    /// A schedule of a problem of one slot in the terms of [`WeekData::from_single`].
    pub fn from_single(schedule: &Schedule) -> Self {
        let forces = schedule.forces.iter().flat_map(|&(base, count)| (0..count).map(move |_| (base, 0)));
        Self {
            probability: schedule.probability,
            posts: schedule.posts.iter().map(|&site| (site, 0)).collect(),
            forces: forces.collect(),
            duties: Vec::new(),
            routes: Vec::new(),
        }
    }
}

/// The schedule that a ticket draws from a mixture: `ticket` is uniform in
/// `0..PROBABILITY_DENOMINATOR`. Every slot draws with its own independent ticket.
///
/// # Panics
/// When the probabilities do not sum to the denominator or the ticket is not below it.
pub fn drawn(schedules: &[WeekSchedule], ticket: u64) -> usize {
    assert!(ticket < PROBABILITY_DENOMINATOR, "the ticket {ticket} is below the denominator");
    let mut passed = 0;
    schedules
        .iter()
        .position(|schedule| {
            passed += schedule.probability;
            ticket < passed
        })
        .expect("probabilities sum to the denominator")
}

/// What a change of a plan costs. Positive numbers are more harm.
#[derive(Debug, Clone, PartialEq)]
pub struct OverridePrice {
    /// The plan before the change.
    pub before: WeekEvaluation,
    /// The plan after it.
    pub after: WeekEvaluation,
    /// Persons harmed per week, all in all: after less before.
    pub value_more: f64,
    /// Persons harmed per week by those who do not watch: after less before.
    pub forecast_more: f64,
    /// Persons harmed per week by watchers at their best choice, all groups: after less before.
    pub worst_more: f64,
    /// Kind of slot, site and its protection after less before, where that is not 0; the greatest
    /// losses first.
    pub sites: Vec<(usize, usize, f64)>,
}

/// Prices a change: both mixtures are scored by the same evaluator.
pub fn price_override(
    week: &Week,
    before: &[Vec<WeekSchedule>],
    after: &[Vec<WeekSchedule>],
) -> Result<OverridePrice, WeekFault> {
    let (before, after) = (evaluate_week(week, before)?, evaluate_week(week, after)?);
    let worst = |evaluation: &WeekEvaluation| evaluation.groups.iter().map(|group| group.harm).sum::<f64>();
    let mut sites: Vec<(usize, usize, f64)> = Vec::new();
    for (s, (then, now)) in before.protection.iter().zip(&after.protection).enumerate() {
        let changes = then.iter().zip(now).enumerate().map(|(i, (then, now))| (s, i, now - then));
        sites.extend(changes.filter(|change| change.2 != 0.0));
    }
    sites.sort_by(|a, b| a.2.total_cmp(&b.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    Ok(OverridePrice {
        value_more: after.value - before.value,
        forecast_more: after.forecast_harm - before.forecast_harm,
        worst_more: worst(&after) - worst(&before),
        before,
        after,
        sites,
    })
}

/// Something a contingent does in a schedule, by the problem's indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A static post at a site.
    Post(u32),
    /// A reaction force at a base.
    Force(u32),
    /// An explicit patrol duty.
    Duty(u32),
    /// The patrol with this place in the schedule's list of routes.
    Route(usize),
}

/// What to do when a task falls out.
#[derive(Debug, Clone, PartialEq)]
pub struct NextBest {
    /// The task that falls out.
    pub lost: Task,
    /// The contingent whose people are free then.
    pub contingent: u32,
    /// What they do instead, best first, with what it saves: persons harmed per week in slots of
    /// this kind, at the watchers' choice of the certificate.
    pub instead: Vec<(Task, f64)>,
}

/// For every task of a schedule, at most `most` tasks that its people may do instead with the seats it
/// frees, so that a sheet goes on being useful after the first hour.
///
/// # Panics
/// When the schedule does not fit the week, or the certificate is not for it.
pub fn next_best(
    week: &Week,
    certificate: &WeekCertificate,
    slot: usize,
    schedule: &WeekSchedule,
    most: usize,
) -> Vec<NextBest> {
    let data = week.data();
    let weights = weights(data, certificate, slot);
    let help = helps(data, slot);
    let mut list = Vec::new();
    let post = |&(site, c): &(u32, u32)| (Task::Post(site), c, data.sites[site as usize].seats);
    let force = |&(base, c): &(u32, u32)| (Task::Force(base), c, data.bases[base as usize].seats);
    let duty = |&(duty, c): &(u32, u32)| (Task::Duty(duty), c, data.duties[duty as usize].seats);
    let mut tasks: Vec<(Task, u32, u32)> = schedule.posts.iter().map(post).collect();
    tasks.extend(schedule.forces.iter().map(force));
    tasks.extend(schedule.duties.iter().map(duty));
    for (number, route) in schedule.routes.iter().enumerate() {
        tasks.push((Task::Route(number), route.contingent, data.areas[route.area as usize].seats));
    }
    for (lost, contingent, seats) in tasks {
        let rest = less(schedule, lost, contingent);
        let mut open = data.clone();
        // What remains need not keep the slot's demands: something just fell out.
        open.slots[slot].posts.clear();
        open.slots[slot].visits.clear();
        let given = give(&open, slot, &help, &rest).expect("a part of a schedule that fits does");
        let one = f64::from(PPM) * f64::from(data.slots[slot].minutes);
        let cover: Vec<f64> = given.protection.iter().map(|&c| c as f64 / one).collect();
        let mut instead = alternatives(data, slot, contingent, seats, &weights, &cover, &rest);
        instead.retain(|(task, saved)| *task != lost && *saved > 0.0);
        instead.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        instead.truncate(most);
        list.push(NextBest { lost, contingent, instead });
    }
    list
}

fn less(schedule: &WeekSchedule, lost: Task, contingent: u32) -> WeekSchedule {
    let mut rest = schedule.clone();
    match lost {
        Task::Post(site) => rest.posts.retain(|post| post.0 != site),
        Task::Force(base) => {
            let at = rest.forces.iter().position(|&force| force == (base, contingent));
            at.map(|at| rest.forces.remove(at));
        }
        Task::Duty(duty) => rest.duties.retain(|known| known.0 != duty),
        Task::Route(number) => drop(rest.routes.remove(number)),
    }
    rest
}

/// What the people of a contingent could do with some seats, and what it saves.
fn alternatives(
    data: &WeekData,
    slot: usize,
    contingent: u32,
    seats: u32,
    weights: &[f64],
    cover: &[f64],
    rest: &WeekSchedule,
) -> Vec<(Task, f64)> {
    let (kind, crew) = (&data.slots[slot], &data.contingents[contingent as usize]);
    let part = kind.seats[contingent as usize];
    let named = |list: Option<&Vec<u32>>, ix: u32| list.is_none_or(|list| list.binary_search(&ix).is_ok());
    let share = crate::engine::share;
    let mut found = Vec::new();
    for (i, _) in (0u32..).zip(&data.sites).filter(|(_, site)| part.posts && site.seats <= seats) {
        if named(crew.sites.as_ref(), i) && rest.posts.binary_search_by_key(&i, |post| post.0).is_err() {
            let gain = (share(data.static_effect_ppm) - cover[i as usize]).max(0.0);
            found.push((Task::Post(i), weights[i as usize] * gain));
        }
    }
    let mut saved = vec![0.0; data.bases.len()];
    for reach in &data.reach[kind.reach as usize] {
        let site = reach.site as usize;
        saved[reach.base as usize] += weights[site] * (share(reach.effect_ppm) - cover[site]).max(0.0);
    }
    for (b, base) in (0u32..).zip(&data.bases).filter(|(_, base)| part.forces && base.seats <= seats) {
        let waits = rest.forces.iter().any(|force| force.0 == b);
        if base.forces_max > 0 && !waits && named(crew.bases.as_ref(), b) {
            found.push((Task::Force(b), saved[b as usize]));
        }
    }
    let here = u32::try_from(slot).expect("few slots");
    for (d, duty) in (0u32..).zip(&data.duties).filter(|(_, duty)| part.patrols && duty.seats <= seats) {
        let used = rest.duties.iter().any(|known| known.0 == d);
        if !used && named(crew.duties.as_ref(), d) && named(duty.slots.as_ref(), here) {
            let gain = |&(site, minutes): &(u32, u32)| {
                let more = (share(data.patrol_effect_ppm) - cover[site as usize]).max(0.0);
                weights[site as usize] * more * f64::from(minutes) / f64::from(kind.minutes)
            };
            found.push((Task::Duty(d), duty.visits.iter().map(gain).sum()));
        }
    }
    found
}

/// What a post that always stands at each site would save, persons per week, at the watchers' choice of the certificate:
/// beyond what protects the site under `evaluation` already, people and all other sites left aside. It orders sites and
/// bounds nothing.
///
/// # Panics
/// When certificate and evaluation are not of the week.
pub fn post_worth(week: &Week, certificate: &WeekCertificate, evaluation: &WeekEvaluation) -> Vec<f64> {
    let data = week.data();
    let effect = crate::engine::share(data.static_effect_ppm);
    let mut worth = vec![0.0; data.sites.len()];
    for (slot, protection) in evaluation.protection.iter().enumerate() {
        for ((worth, weight), cover) in worth.iter_mut().zip(weights(data, certificate, slot)).zip(protection) {
            *worth += weight * (effect - cover).max(0.0);
        }
    }
    worth
}

/// What one unit of protection of each site of a slot is worth, persons per week: forecast harm and
/// the watchers' choice of the certificate.
pub(super) fn weights(data: &WeekData, certificate: &WeekCertificate, slot: usize) -> Vec<f64> {
    let kind = &data.slots[slot];
    let alpha = crate::engine::share(data.alpha_ppm);
    let value = |i: usize| data.values_milli[kind.values as usize][i] as f64 / 1e3;
    let attempts = &data.attempts_micro[kind.attempts as usize];
    let mut weights: Vec<f64> = (0..data.sites.len())
        .map(|i| (1.0 - alpha) * f64::from(kind.count) * attempts[i] as f64 / 1e6 * value(i))
        .collect();
    for (group, shares) in data.groups.iter().zip(&certificate.attackers) {
        let most = alpha * data.watched_attempts_micro as f64 / 1e6 * crate::engine::share(group.share_ppm);
        for &(s, i, q) in shares.iter().filter(|share| share.0 as usize == slot) {
            debug_assert_eq!(s as usize, slot);
            weights[i as usize] += most * value(i as usize) * q as f64 / certificate.attacker_denominator as f64;
        }
    }
    weights
}

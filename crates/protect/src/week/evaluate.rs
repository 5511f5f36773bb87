//! What a mixture of schedules gives in every slot, whoever made it. Whole numbers until the end.

use super::breach::{BrokenRule, Tally, examine};
use super::data::{Week, WeekData};
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
    #[error("in slot {slot:?} schedule {} {why}", schedule + 1)]
    Schedule {
        /// Id of the kind of slot.
        slot: String,
        /// Which schedule, from 0; counted from 1 in the sentence.
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

/// Evaluates any mixture of schedules that keeps the rules, one list per kind of slot. Floors that are
/// not met are reported, not refused; [`crate::score_week`] evaluates what breaks rules too.
pub fn evaluate_week(week: &Week, schedules: &[Vec<WeekSchedule>]) -> Result<WeekEvaluation, WeekFault> {
    let data = week.data();
    evaluate_with(week, schedules, &mut |s, number, rule| Err(rule.words(data, &schedules[s][number])))
}

/// Evaluates a mixture; `tell` hears of every rule that is broken (slot, schedule, rule), and may end it.
pub(super) fn evaluate_with(
    week: &Week,
    schedules: &[Vec<WeekSchedule>],
    tell: &mut dyn FnMut(usize, usize, BrokenRule) -> Result<(), String>,
) -> Result<WeekEvaluation, WeekFault> {
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
            let fault = |why| WeekFault::Schedule { slot: slot.id.clone(), schedule: number, why };
            let tally = examine(data, s, schedule, &mut |rule| tell(s, number, rule)).map_err(fault)?;
            let given = given(data, s, &help, tally);
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

/// What a schedule gives, or what rule it breaks.
pub(super) fn give(
    data: &WeekData,
    s: usize,
    help: &[Vec<(u32, usize)>],
    schedule: &WeekSchedule,
) -> Result<Given, String> {
    let tally = examine(data, s, schedule, &mut |rule| Err(rule.words(data, schedule)))?;
    Ok(given(data, s, help, tally))
}

fn given(data: &WeekData, s: usize, help: &[Vec<(u32, usize)>], tally: Tally) -> Given {
    let length = data.slots[s].minutes;
    let (posted, waiting) = (tally.posted, tally.waiting);
    let patrol = |minutes: u64| u32::try_from(minutes.min(u64::from(length))).expect("at most a slot");
    let minutes: Vec<u32> = tally.minutes.into_iter().map(patrol).collect();
    let protection = (0..data.sites.len())
        .map(|i| {
            let post = if posted[i] { data.static_effect_ppm } else { 0 };
            let best = help[i].iter().find(|&&(_, base)| waiting[base] > 0).map_or(0, |best| best.0).max(post);
            let more = data.patrol_effect_ppm.saturating_sub(best);
            u64::from(best) * u64::from(length) + u64::from(more) * u64::from(minutes[i])
        })
        .collect();
    Given { protection, posted, minutes }
}

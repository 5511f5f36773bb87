//! What a mixture of schedules gives, whoever made it.

use crate::engine::share;
use crate::problem::{PPM, Problem};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Denominator of the probabilities of schedules in the plans that are made here.
pub const PROBABILITY_DENOMINATOR: u64 = 1_000_000_000;

/// A whole-number schedule of one slot and how likely it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Probability, over [`PROBABILITY_DENOMINATOR`].
    pub probability: u64,
    /// Indices of the sites with a static post, ascending.
    pub posts: Vec<u32>,
    /// Index of a base and how many reaction forces wait there (at least one), ascending.
    pub forces: Vec<(u32, u32)>,
}

/// Why schedules are not a plan for the problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// Nothing to evaluate.
    #[error("there are no schedules; give at least one")]
    NoSchedules,
    /// Probabilities do not sum to one.
    #[error("the probabilities sum to {total} of {PROBABILITY_DENOMINATOR}; they must sum to it exactly")]
    Probabilities {
        /// Their sum.
        total: u128,
    },
    /// An index that is not there, or not in ascending order.
    #[error("schedule {schedule} names {what} number {index} out of range, twice or out of order")]
    Index {
        /// Which schedule, from 0.
        schedule: usize,
        /// `site` or `base`.
        what: &'static str,
        /// The index.
        index: u32,
    },
    /// More forces than the base takes, or none.
    #[error("schedule {schedule} has {count} reaction forces at base {base:?}; it takes 1 to {most}")]
    Forces {
        /// Which schedule, from 0.
        schedule: usize,
        /// Id of the base.
        base: String,
        /// Forces there.
        count: u32,
        /// Most forces there.
        most: u32,
    },
    /// More seats than there are.
    #[error("schedule {schedule} takes {needed} seats; there are {available}: take posts or forces away")]
    Seats {
        /// Which schedule, from 0.
        schedule: usize,
        /// Seats it takes.
        needed: u64,
        /// Seats there are.
        available: u32,
    },
    /// A mandatory post that is missing.
    #[error("schedule {schedule} has no post at {site:?}, where one is mandatory")]
    Mandatory {
        /// Which schedule, from 0.
        schedule: usize,
        /// Id of the site.
        site: String,
    },
}

/// A site whose floor is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorShort {
    /// Index of the site in the problem.
    pub site: usize,
    /// Protection it gets, in parts per million, rounded down.
    pub protection_ppm: u32,
    /// Protection it must get, in parts per million.
    pub floor_ppm: u32,
}

/// The value of a mixture of schedules.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Expected persons harmed per week: forecast part plus worst-case part.
    pub value: f64,
    /// Persons harmed per week by those who do not watch.
    pub forecast_harm: f64,
    /// Persons harmed per week by watchers, if they choose the worst site.
    pub worst_harm: f64,
    /// Index of the site that watchers would choose (the first of equals).
    pub worst_site: usize,
    /// Protection of each site, over `PROBABILITY_DENOMINATOR * PPM`.
    pub protection: Vec<u64>,
    /// Share of time with a static post at each site, over [`PROBABILITY_DENOMINATOR`].
    pub post_share: Vec<u64>,
    /// Share of time in which each site's best cover is a force, with the base that does most of
    /// it: index of the base and share over [`PROBABILITY_DENOMINATOR`].
    pub best_base: Vec<Option<(usize, u64)>>,
    /// Floors that are not met. Empty for a plan.
    pub floors_short: Vec<FloorShort>,
}

const FULL: u64 = PROBABILITY_DENOMINATOR * PPM as u64;

/// Evaluates any mixture of schedules, such as one made by hand. Floors that are not met are
/// reported, not refused: what stands in the way of a plan by hand is for the commander to see.
pub fn evaluate(problem: &Problem, schedules: &[Schedule]) -> Result<Evaluation, EvaluationError> {
    let data = problem.data();
    let n = data.sites.len();
    let total: u128 = schedules.iter().map(|s| u128::from(s.probability)).sum();
    if schedules.is_empty() {
        return Err(EvaluationError::NoSchedules);
    }
    if total != u128::from(PROBABILITY_DENOMINATOR) {
        return Err(EvaluationError::Probabilities { total });
    }
    let bases = data.bases.len();
    let mut open = vec![false; schedules.len() * bases];
    let mut posted: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (number, schedule) in schedules.iter().enumerate() {
        check(problem, number, schedule)?;
        schedule.forces.iter().for_each(|&(base, _)| open[number * bases + base as usize] = true);
        schedule.posts.iter().for_each(|&site| posted[site as usize].push(number));
    }
    // Bases at which no force ever waits help nobody.
    let used: Vec<bool> = (0..bases).map(|base| open.chunks_exact(bases.max(1)).any(|open| open[base])).collect();
    let mut help = vec![Vec::new(); n];
    for reach in data.reach.iter().filter(|reach| reach.effect_ppm > 0 && used[reach.base as usize]) {
        help[reach.site as usize].push((reach.effect_ppm, reach.base as usize));
    }
    let mut protection = vec![0u64; n];
    let mut post_share = vec![0u64; n];
    let mut best_base = vec![None; n];
    let mut by_base = vec![0u64; bases];
    for (i, list) in help.iter_mut().enumerate() {
        list.sort_unstable_by_key(|&(effect, base): &(u32, usize)| (u32::MAX - effect, base));
        let mut posts = posted[i].iter().copied().peekable();
        for (number, schedule) in schedules.iter().enumerate() {
            let best = list.iter().find(|&&(_, base)| open[number * bases + base]);
            let post = if posts.next_if_eq(&number).is_some() {
                post_share[i] += schedule.probability;
                data.static_effect_ppm
            } else {
                0
            };
            let effect = best.map_or(0, |best| best.0).max(post);
            protection[i] += schedule.probability * u64::from(effect);
            if let Some(&(_, base)) = best.filter(|best| best.0 > post) {
                by_base[base] += schedule.probability;
            }
        }
        let shares = list.iter().map(|&(_, base)| (base, std::mem::take(&mut by_base[base])));
        best_base[i] = shares.filter(|share| share.1 > 0).max_by_key(|&(base, share)| (share, usize::MAX - base));
    }
    Ok(summary(problem, protection, post_share, best_base))
}

fn summary(
    problem: &Problem,
    protection: Vec<u64>,
    post_share: Vec<u64>,
    best_base: Vec<Option<(usize, u64)>>,
) -> Evaluation {
    let data = problem.data();
    let alpha = share(data.alpha_ppm);
    let open = |i: usize| (FULL - protection[i]) as f64 / FULL as f64;
    let harm = |i: usize| data.sites[i].value_milli as f64 / 1e3 * open(i);
    let n = data.sites.len();
    let forecast_harm = (0..n).map(|i| (1.0 - alpha) * data.sites[i].attempts_micro as f64 / 1e6 * harm(i)).sum();
    let worst_site = (0..n).rev().max_by(|&a, &b| harm(a).total_cmp(&harm(b))).expect("a problem has a site");
    let worst_harm = alpha * (data.watched_attempts_micro as f64 / 1e6) * harm(worst_site);
    let short = |i: usize| {
        let floor_ppm = data.sites[i].floor_ppm;
        let got = u32::try_from(protection[i] / PROBABILITY_DENOMINATOR).expect("at most a million");
        let met = protection[i] >= u64::from(floor_ppm) * PROBABILITY_DENOMINATOR;
        (!met).then_some(FloorShort { site: i, protection_ppm: got, floor_ppm })
    };
    let floors_short = (0..n).filter_map(short).collect();
    Evaluation {
        value: forecast_harm + worst_harm,
        forecast_harm,
        worst_harm,
        worst_site,
        protection,
        post_share,
        best_base,
        floors_short,
    }
}

fn check(problem: &Problem, number: usize, schedule: &Schedule) -> Result<(), EvaluationError> {
    let data = problem.data();
    let ascending = |what, indices: &mut dyn Iterator<Item = u32>, count: usize| {
        let mut next = 0u64;
        for index in indices {
            if u64::from(index) < next || index as usize >= count {
                return Err(EvaluationError::Index { schedule: number, what, index });
            }
            next = u64::from(index) + 1;
        }
        Ok(())
    };
    ascending("site", &mut schedule.posts.iter().copied(), data.sites.len())?;
    ascending("base", &mut schedule.forces.iter().map(|force| force.0), data.bases.len())?;
    let mut needed: u64 = schedule.posts.iter().map(|&i| u64::from(data.sites[i as usize].seats)).sum();
    for &(base, count) in &schedule.forces {
        let base = &data.bases[base as usize];
        if count == 0 || count > base.forces_max {
            let (base, most) = (base.id.clone(), base.forces_max);
            return Err(EvaluationError::Forces { schedule: number, base, count, most });
        }
        needed += u64::from(count) * u64::from(base.seats);
    }
    if needed > u64::from(problem.seats()) {
        return Err(EvaluationError::Seats { schedule: number, needed, available: problem.seats() });
    }
    let missing = |&(i, site): &(usize, &crate::problem::ProblemSite)| {
        let index = u32::try_from(i).expect("indices fit 32 bits");
        site.mandatory && schedule.posts.binary_search(&index).is_err()
    };
    match data.sites.iter().enumerate().find(missing) {
        Some((_, site)) => Err(EvaluationError::Mandatory { schedule: number, site: site.id.clone() }),
        None => Ok(()),
    }
}

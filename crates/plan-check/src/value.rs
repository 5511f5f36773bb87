//! The value of a mixture of schedules, in whole numbers.

use crate::Refusal;
use crate::file::{PPM, ProblemPart, SchedulePart, limits};
use num_bigint::BigInt;
use num_rational::BigRational;

/// What the schedules give.
pub(crate) struct Mixture {
    /// Persons harmed per week.
    pub value: BigRational,
    /// Protection of each site, over `full`.
    pub protection: Vec<u128>,
    /// Share of time with a post, over the denominator of probabilities.
    pub post_share: Vec<u64>,
    /// Bases at which some schedule has a force.
    pub staffed: Vec<bool>,
    /// Denominator of `protection`.
    pub full: u128,
}

/// `a_i` and `h_i` in units of 1e-15 persons per week.
pub(crate) fn harms(problem: &ProblemPart) -> Vec<(u128, u128)> {
    let (alpha, rest) = (u128::from(problem.alpha_ppm), u128::from(PPM - problem.alpha_ppm));
    let watched = alpha * u128::from(problem.watched_attempts_micro);
    let site = |site: &crate::file::SitePart| {
        let value = u128::from(site.value_milli);
        (rest * u128::from(site.attempts_micro) * value, watched * value)
    };
    problem.sites.iter().map(site).collect()
}

/// `10^15`: millionths times millionths times thousandths.
pub(crate) fn harm_unit() -> BigInt {
    BigInt::from(1_000_000_000_000_000u64)
}

pub(crate) fn evaluate(
    problem: &ProblemPart,
    schedules: &[SchedulePart],
    denominator: u64,
) -> Result<Mixture, Refusal> {
    if !(1..=limits::SHARE_DENOMINATOR_MAX).contains(&denominator) {
        let most = limits::SHARE_DENOMINATOR_MAX;
        return Err(Refusal::Schedules(format!("the denominator {denominator} is not between 1 and {most}")));
    }
    let total: u128 = schedules.iter().map(|schedule| u128::from(schedule.probability)).sum();
    if total != u128::from(denominator) {
        return Err(Refusal::Schedules(format!("the probabilities sum to {total} of {denominator}")));
    }
    let help = problem.help();
    let full = u128::from(denominator) * u128::from(PPM);
    let n = problem.sites.len();
    let mut mixture = Mixture {
        value: BigRational::from_integer(0.into()),
        protection: vec![0; n],
        post_share: vec![0; n],
        staffed: vec![false; problem.bases.len()],
        full,
    };
    for (number, schedule) in schedules.iter().enumerate() {
        let (posted, open) = legal(problem, number, schedule)?;
        for i in 0..n {
            let force = help[i].iter().find(|(_, base)| open[*base]).map_or(0, |best| best.0);
            let post = if posted[i] { problem.static_effect_ppm } else { 0 };
            mixture.protection[i] += u128::from(schedule.probability) * u128::from(force.max(post));
            mixture.post_share[i] += if posted[i] { schedule.probability } else { 0 };
        }
        if schedule.probability > 0 {
            mixture.staffed.iter_mut().zip(open).for_each(|(staffed, open)| *staffed |= open);
        }
    }
    for (site, &got) in problem.sites.iter().zip(&mixture.protection) {
        if got < u128::from(site.floor_ppm) * u128::from(denominator) {
            let (whole, rest) = (got / u128::from(denominator), got % u128::from(denominator));
            let given = format!("{whole}.{:09}", rest * 1_000_000_000 / u128::from(denominator));
            return Err(Refusal::Floor { site: site.id.clone(), floor_ppm: site.floor_ppm, given });
        }
    }
    let mut sum = BigInt::from(0);
    let mut worst = BigInt::from(0);
    for ((forecast, watched), got) in harms(problem).into_iter().zip(&mixture.protection) {
        let open = BigInt::from(full - got);
        sum += BigInt::from(forecast) * &open;
        worst = worst.max(BigInt::from(watched) * open);
    }
    mixture.value = BigRational::new(sum + worst, harm_unit() * BigInt::from(full));
    Ok(mixture)
}

/// Sites with a post and bases with a force, if the schedule breaks no rule.
fn legal(problem: &ProblemPart, number: usize, schedule: &SchedulePart) -> Result<(Vec<bool>, Vec<bool>), Refusal> {
    let refuse = |why: String| Err(Refusal::Schedules(format!("schedule {number} {why}")));
    let mut posted = vec![false; problem.sites.len()];
    let mut open = vec![false; problem.bases.len()];
    let mut seats = 0u64;
    for &site in &schedule.posts {
        match posted.get_mut(site as usize) {
            Some(posted) if !*posted => *posted = true,
            Some(_) => return refuse(format!("posts site {site} twice")),
            None => return refuse(format!("posts site {site}, which is not there")),
        }
        seats += u64::from(problem.sites[site as usize].seats);
    }
    for &(base, count) in &schedule.forces {
        match open.get_mut(base as usize) {
            Some(open) if !*open => *open = true,
            Some(_) => return refuse(format!("names base {base} twice")),
            None => return refuse(format!("names base {base}, which is not there")),
        }
        let known = &problem.bases[base as usize];
        if count == 0 || count > known.forces_max {
            return refuse(format!("has {count} forces at base {:?}, which takes 1 to {}", known.id, known.forces_max));
        }
        seats += u64::from(count) * u64::from(known.seats);
    }
    if seats > problem.seats() {
        return refuse(format!("takes {seats} seats and there are {}", problem.seats()));
    }
    match problem.sites.iter().zip(&posted).find(|(site, posted)| site.mandatory && !**posted) {
        Some((site, _)) => refuse(format!("has no post at {:?}, where one is mandatory", site.id)),
        None => Ok((posted, open)),
    }
}

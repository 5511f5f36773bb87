//! Why a site is or is not guarded, and what depends on the figures that were judged.

use crate::engine::share;
use crate::evaluate::{EvaluationError, PROBABILITY_DENOMINATOR, Schedule, evaluate};
use crate::plan::{Options, Outcome, Plan, Posture, ProofNode, Watch, plan_from};
use crate::problem::{PPM, Problem, ProblemData, ProblemError};

/// Why a site is or is not guarded. All at the prices of the plan's proof: they say what the plan would
/// do if this site alone were a little different, not what it would do if everything changed.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteReason {
    /// Id of the site.
    pub id: String,
    /// What it gets.
    pub posture: Posture,
    /// Probability that an attempt is stopped.
    pub protection: f64,
    /// What one unit of protection is worth here, persons per week: forecast harm, the watchers' share
    /// in the proof, and the price of its floor.
    pub worth: f64,
    /// What a post here adds over the reaction forces that come anyway, persons per week.
    pub post_gain: f64,
    /// What its seats cost elsewhere, persons per week.
    pub post_price: f64,
    /// Persons harmed by an attempt here, against the worst that the plan leaves anywhere (1 = as bad
    /// as the worst).
    pub harm_of_worst: f64,
    /// The site would be guarded if an attempt harmed at least so many persons, all else equal; its own
    /// value where it is guarded. `None` where no value would do.
    pub guarded_from_value: Option<f64>,
    /// The site would be guarded if a post took at most so many seats, all else equal. `None` where
    /// even one is too many.
    pub guarded_up_to_seats: Option<u32>,
}

/// Explains every site of a plan, in the problem's order.
pub fn explain(problem: &Problem, plan: &Plan) -> Vec<SiteReason> {
    let data = problem.data();
    let n = data.sites.len();
    let certificate = &plan.certificate;
    let seat_price = certificate.nodes.iter().find_map(|node| match node {
        ProofNode::Bound { seat_price, .. } => Some(*seat_price as f64 / certificate.price_denominator as f64),
        _ => None,
    });
    let mu = seat_price.expect("a proof has a leaf");
    let alpha = share(data.alpha_ppm);
    let watched = alpha * data.watched_attempts_micro as f64 / 1e6;
    let mut q = vec![0.0; n];
    for &(site, part) in &certificate.attacker {
        q[site as usize] = part as f64 / certificate.attacker_denominator as f64;
    }
    let mut floor = vec![0.0; n];
    for &(site, price) in &certificate.floor_prices {
        floor[site as usize] = price as f64 / certificate.price_denominator as f64;
    }
    let forces = force_cover(data, plan);
    let worst = plan.sites.iter().map(|site| site.harm_per_attempt).fold(0.0, f64::max);
    let post = share(data.static_effect_ppm);
    (0..n)
        .map(|i| {
            let (site, row) = (&data.sites[i], &plan.sites[i]);
            let value = site.value_milli as f64 / 1e3;
            let per_value = (1.0 - alpha) * site.attempts_micro as f64 / 1e6 + watched * q[i];
            let worth = per_value * value + floor[i];
            let more = (post - forces[i]).max(0.0);
            let post_price = mu * f64::from(site.seats);
            let guarded = row.post_share > 0.0;
            let by_forecast =
                if per_value * more > 0.0 { Some((post_price / more - floor[i]).max(0.0) / per_value) } else { None };
            // Watchers come when it is the worst site, whatever is forecast.
            let by_watchers = (watched > 0.0 && forces[i] < 1.0 && more > 0.0).then(|| worst / (1.0 - forces[i]));
            let from = match (by_forecast, by_watchers) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            let seats = if mu > 0.0 { (worth * more / mu).floor() } else { f64::from(u32::MAX) };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, clamped")]
            let seats = seats.clamp(0.0, f64::from(u32::MAX)) as u32;
            let seats = if guarded { seats.max(site.seats) } else { seats };
            SiteReason {
                id: site.id.clone(),
                posture: row.posture,
                protection: row.protection,
                worth,
                post_gain: worth * more,
                post_price,
                harm_of_worst: if worst > 0.0 { row.harm_per_attempt / worst } else { 0.0 },
                guarded_from_value: if guarded { Some(value) } else { from.map(|from| from.max(value)) },
                guarded_up_to_seats: (seats > 0).then_some(seats),
            }
        })
        .collect()
}

/// Protection of each site by reaction forces alone.
fn force_cover(data: &ProblemData, plan: &Plan) -> Vec<f64> {
    let mut help = vec![Vec::new(); data.sites.len()];
    data.reach.iter().for_each(|reach| help[reach.site as usize].push((reach.effect_ppm, reach.base)));
    let mut cover = vec![0.0; data.sites.len()];
    for schedule in &plan.schedules {
        let probability = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
        let waits = |base: u32| schedule.forces.binary_search_by_key(&base, |force| force.0).is_ok();
        for (cover, help) in cover.iter_mut().zip(&help) {
            let best = help.iter().filter(|help| waits(help.1)).map(|help| help.0).max().unwrap_or(0);
            *cover += probability * share(best);
        }
    }
    cover
}

/// A figure of the problem that is a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// Probability that a post stops an attempt, in parts per million.
    StaticEffect,
    /// Share of attempts by watchers, in parts per million.
    Alpha,
    /// Attempts per week by watchers, in parts per million of the problem's figure.
    WatchedAttempts,
    /// Effect of every reaction force, in parts per million of the problem's figures.
    ForceEffect,
    /// Forecast attempts at every site, in parts per million of the problem's figures.
    Attempts,
    /// Persons of strength for one on duty, in parts per million of the problem's figure.
    ReliefFactor,
}

impl Judged {
    /// The problem with this figure set to `ppm`, or scaled by it; see the variants.
    pub fn set(self, problem: &Problem, ppm: u32) -> Result<Problem, ProblemError> {
        let mut data = problem.data().clone();
        let scaled = |value: u64| value * u64::from(ppm) / u64::from(PPM);
        match self {
            Self::StaticEffect => data.static_effect_ppm = ppm,
            Self::Alpha => data.alpha_ppm = ppm,
            Self::WatchedAttempts => data.watched_attempts_micro = scaled(data.watched_attempts_micro),
            Self::ForceEffect => data.reach.iter_mut().for_each(|reach| {
                let effect = scaled(reach.effect_ppm.into()).min(PPM.into());
                reach.effect_ppm = u32::try_from(effect).expect("at most a million");
            }),
            Self::Attempts => {
                data.sites.iter_mut().for_each(|site| site.attempts_micro = scaled(site.attempts_micro));
            }
            Self::ReliefFactor => {
                let factor = scaled(data.relief_factor_milli.into());
                data.relief_factor_milli = u32::try_from(factor).unwrap_or(u32::MAX);
            }
        }
        Problem::new(data)
    }
}

/// What a plan becomes when one judged figure is at an end of its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// Which figure.
    pub judged: Judged,
    /// What it was set to, as for [`Judged::set`].
    pub ppm: u32,
    /// Value and bound of the plan for it, persons harmed per week; `None` where there is none.
    pub value: Option<(f64, f64)>,
    /// Sites whose rank by protection changes: index, rank before, rank after (1 is the best
    /// protected; equals share the better rank), the widest moves first.
    pub moved: Vec<(usize, usize, usize)>,
    /// Sites that gain or lose their post altogether: index, posture before, posture after.
    pub postures: Vec<(usize, Posture, Posture)>,
}

/// Plans again at each end and says how the ranking of sites changes.
pub fn sensitivity(
    problem: &Problem,
    plan: &Plan,
    ends: &[(Judged, u32)],
    options: &Options,
    watch: &Watch<'_>,
) -> Result<Vec<Sensitivity>, ProblemError> {
    let before = ranks(plan);
    let mut all = Vec::new();
    for &(judged, ppm) in ends {
        let changed = judged.set(problem, ppm)?;
        let none = Sensitivity { judged, ppm, value: None, moved: Vec::new(), postures: Vec::new() };
        let Outcome::Planned(next) = plan_from(&changed, Some(plan), options, watch) else {
            all.push(none);
            continue;
        };
        let after = ranks(&next);
        let mut moved: Vec<(usize, usize, usize)> =
            (0..before.len()).map(|i| (i, before[i], after[i])).filter(|(_, then, now)| then != now).collect();
        moved.sort_by_key(|&(i, then, now)| (usize::MAX - then.abs_diff(now), i));
        let posted = |posture: Posture| matches!(posture, Posture::Always | Posture::Sometimes);
        let pairs = plan.sites.iter().zip(&next.sites).enumerate();
        let postures = pairs
            .filter(|(_, (then, now))| posted(then.posture) != posted(now.posture))
            .map(|(i, (then, now))| (i, then.posture, now.posture))
            .collect();
        all.push(Sensitivity { value: Some((next.value, next.bound)), moved, postures, ..none });
    }
    Ok(all)
}

/// Rank of each site by protection, to a thousandth: finer differences are the draw of the seed.
fn ranks(plan: &Plan) -> Vec<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "a share in thousandths")]
    let coarse: Vec<i64> = plan.sites.iter().map(|site| (site.protection * 1e3).round() as i64).collect();
    let mut sorted = coarse.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    coarse.iter().map(|own| sorted.partition_point(|other| other > own) + 1).collect()
}

/// How many more people the present pattern would need to do as well as `value` (persons harmed per
/// week), if each extra post went where it helps the present pattern most: the reverse reading of a
/// plan, "equals N more people under the present pattern". 0 where it does as well already; `None`
/// where no number of posts would do.
pub fn people_equal(problem: &Problem, present: &[Schedule], value: f64) -> Result<Option<u32>, EvaluationError> {
    let data = problem.data();
    let evaluation = evaluate(problem, present)?;
    let full = PROBABILITY_DENOMINATOR as f64 * f64::from(PPM);
    let (alpha, post) = (share(data.alpha_ppm), share(data.static_effect_ppm));
    let watched = alpha * data.watched_attempts_micro as f64 / 1e6;
    let mut cover: Vec<f64> = evaluation.protection.iter().map(|&c| c as f64 / full).collect();
    let harm = |i: usize, c: f64| data.sites[i].value_milli as f64 / 1e3 * (1.0 - c);
    let forecast = |i: usize| (1.0 - alpha) * data.sites[i].attempts_micro as f64 / 1e6;
    let mut seats = 0u64;
    loop {
        let sum: f64 = (0..cover.len()).map(|i| forecast(i) * harm(i, cover[i])).sum();
        let worst = (0..cover.len()).map(|i| harm(i, cover[i])).fold(0.0, f64::max);
        if sum + watched * worst <= value * (1.0 + 1e-12) {
            let people = (seats * u64::from(data.relief_factor_milli)).div_ceil(1_000);
            return Ok(Some(u32::try_from(people).unwrap_or(u32::MAX)));
        }
        let second =
            |except: usize| (0..cover.len()).filter(|&i| i != except).map(|i| harm(i, cover[i])).fold(0.0, f64::max);
        let open: Vec<usize> = (0..cover.len()).filter(|&i| cover[i] < post).collect();
        let gain = |i: usize| {
            let relief = harm(i, cover[i]) - harm(i, post);
            let at_worst = harm(i, cover[i]) >= worst;
            // A site among several worst saves nothing alone, and yet it has to come first.
            let watchers = if at_worst { (worst - second(i).max(harm(i, post))).max(1e-9 * worst) } else { 0.0 };
            (forecast(i) * relief + watched * watchers) / f64::from(data.sites[i].seats)
        };
        let gains: Vec<f64> = open.iter().map(|&i| gain(i)).collect();
        let best = (0..open.len()).max_by(|&a, &b| gains[a].total_cmp(&gains[b]).then(b.cmp(&a)));
        let Some(best) = best.filter(|&best| gains[best] > 0.0) else { return Ok(None) };
        cover[open[best]] = post;
        seats += u64::from(data.sites[open[best]].seats);
    }
}

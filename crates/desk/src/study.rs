//! Reading a plan: what more force buys, what one more unit is worth, how many people it saves against the present
//! pattern, and how two plans differ.
//!
//! Every band here is proven: what the best plan spares between two strengths lies between the bound of the one minus
//! the value of the other, and the value of the one minus the bound of the other.

use crate::plan::{MORE_AND_FEWER, strengths};
use konbit_protect::{
    DocumentStatus, Evaluation, Options, PROBABILITY_DENOMINATOR, Plan, PlanDocument, Posture, Problem, ProblemData,
    Schedule, SitePlan, Status, Watch, curve_plans, evaluate, explain, people_equal,
};
use std::collections::{BTreeMap, BTreeSet};

/// Weeks in the month that the price of arriving earlier is counted over.
pub const MONTH_WEEKS: f64 = 4.3;

/// Places named for one more unit.
const PLACES_MAX: usize = 8;

/// Sites that are scored for one more post, most gain at the proof's prices first.
pub(crate) const POSTS_SCORED: usize = 24;

/// A plan file opened: its problem and its plan. `None` where the file holds no plan, or a problem that this version
/// does not take.
pub fn opened(document: &PlanDocument) -> Option<(Problem, Plan)> {
    let problem = Problem::new(document.problem.clone()).ok()?;
    let plan = Plan {
        status: match document.status {
            DocumentStatus::Optimal => Status::Optimal,
            DocumentStatus::Gap => Status::Gap,
            DocumentStatus::LimitReached => Status::LimitReached,
            DocumentStatus::Infeasible => return None,
        },
        value: document.value?,
        bound: document.bound?,
        gap: document.gap?,
        seed: document.seed,
        problem_hash: problem.hash(),
        personnel: document.personnel,
        schedules: document.schedules.clone(),
        certificate: document.certificate.clone()?,
        sites: document.sites.clone(),
    };
    (plan.sites.len() == problem.data().sites.len()).then_some((problem, plan))
}

/// What is spared, persons a week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Proven: the best plans differ by at least so much.
    pub low: f64,
    /// Between the plans that were found.
    pub found: f64,
    /// Proven: they differ by at most so much.
    pub high: f64,
}

impl Band {
    /// Between a smaller force and a larger one, each with value and bound.
    pub(crate) fn between(smaller: (f64, f64), larger: (f64, f64)) -> Self {
        Self {
            low: (smaller.1 - larger.0).max(0.0),
            found: (smaller.0 - larger.0).max(0.0),
            high: (smaller.0 - larger.1).max(0.0),
        }
    }

    /// Over so many weeks.
    #[must_use]
    pub fn over(self, weeks: f64) -> Self {
        Self { low: self.low * weeks, found: self.found * weeks, high: self.high * weeks }
    }
}

/// A strength of the curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// People in the force.
    pub personnel: u32,
    /// Whether the time was enough to plan for it.
    pub is_computed: bool,
    /// Value and bound, persons harmed a week; `None` where there is no plan or the time was up.
    pub found: Option<(f64, f64)>,
    /// What the next smaller strength of the list leaves beyond this one.
    pub spared: Option<Band>,
    /// Sites that gain protection against the next smaller strength, the largest gain in persons first: index, protection
    /// before and after.
    pub gains: Vec<(usize, f64, f64)>,
    /// Sites whose posture differs from the next smaller strength.
    pub postures: usize,
}

/// A kind of unit that may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// So many people, used as is best.
    People(u32),
    /// The people for one more post with so many on duty.
    Post(u32),
    /// The people for one more reaction force.
    Force(u32),
    /// The people for one more patrol.
    Patrol(u32),
}

/// What one more unit spares when the plan is made anew with its people.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitPrice {
    /// The unit.
    pub unit: Unit,
    /// People it takes on the roll.
    pub people: u32,
    /// What it spares; `None` where no plan was found in time.
    pub spared: Option<Band>,
}

/// What one more unit at a place spares while the rest of the plan stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacePrice {
    /// Index of the site or base.
    pub place: usize,
    /// People it takes on the roll.
    pub people: u32,
    /// Persons a week spared by it there, all the time, nothing else changed.
    pub spared: f64,
}

/// What more force buys. `P` is what is kept of the plan at each strength.
#[derive(Debug, Clone, PartialEq)]
pub struct Force<P = Plan> {
    /// The strength that is compared with.
    pub personnel: u32,
    /// Value and bound at it.
    pub found: (f64, f64),
    /// Strengths ascending.
    pub steps: Vec<Step>,
    /// Kinds of unit.
    pub units: Vec<UnitPrice>,
    /// Bases for one more reaction force, the best first.
    pub bases: Vec<PlacePrice>,
    /// Sites for one more post, the best first.
    pub posts: Vec<PlacePrice>,
    /// Whether the time was up before all strengths were planned for.
    pub is_cut_short: bool,
    /// Plans that are made, of those that the steps and the units want.
    pub made: (usize, usize),
    /// The plans behind it, so that one that was cut short goes on where it stopped.
    pub(crate) plans: Strengths<P>,
}

/// The plan at each strength that was planned for; `None` where there is none.
pub(crate) type Strengths<P> = BTreeMap<u32, Option<P>>;

/// A plan as the curve reads it.
pub(crate) trait AtStrength {
    /// Value and bound, persons a week.
    fn found(&self) -> (f64, f64);
    /// Sites that gain a percentage point or more against a plan for fewer people, by persons, and how many change posture.
    fn gains(&self, before: &Self) -> (Vec<(usize, f64, f64)>, usize);
    /// Whether everything that a plan for fewer people has on duty is there too, so that the bound holds for it.
    fn has_all_of(&self, fewer: &Self) -> bool;
}

/// People on the roll for so many on duty, rounded up.
pub(crate) fn people_on_roll(seats: u32, relief_factor_milli: u64) -> u32 {
    u32::try_from((u64::from(seats) * relief_factor_milli).div_ceil(1_000)).unwrap_or(u32::MAX)
}

fn people_for(problem: &Problem, seats: u32) -> u32 {
    people_on_roll(seats, problem.data().relief_factor_milli.into())
}

/// Kinds of unit that are priced, with the people each takes on the roll: some people, posts of the sizes there are, a
/// reaction force, patrols.
pub(crate) fn units_of(
    posts: impl Iterator<Item = u32>,
    force: Option<u32>,
    patrols: impl Iterator<Item = u32>,
    relief_factor_milli: u64,
) -> Vec<(Unit, u32)> {
    const SIZES_MAX: usize = 4;
    let people = |seats: u32| people_on_roll(seats, relief_factor_milli);
    let sizes = |seats: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
        let sizes: BTreeSet<u32> = seats.collect();
        sizes.into_iter().take(SIZES_MAX).collect()
    };
    let (mut posts, mut patrols) = (posts, patrols);
    [(Unit::People(MORE_AND_FEWER), MORE_AND_FEWER)]
        .into_iter()
        .chain(sizes(&mut posts).into_iter().map(|seats| (Unit::Post(seats), people(seats))))
        .chain(force.map(|seats| (Unit::Force(seats), people(seats))))
        .chain(sizes(&mut patrols).into_iter().map(|seats| (Unit::Patrol(seats), people(seats))))
        .collect()
}

/// Plans at every strength, and prices units. Goes on from `known`, which the same problem and plan gave, where that was
/// cut short. The units come first, then the strengths upwards.
pub fn force(problem: &Problem, plan: &Plan, known: Option<&Force>, options: &Options, watch: &Watch<'_>) -> Force {
    let own = problem.data().personnel;
    let shown = strengths(own);
    let data = problem.data();
    let reaction = data.bases.iter().filter(|base| base.forces_max > 0).map(|base| base.seats).max();
    let sizes = data.sites.iter().map(|site| site.seats);
    let units = units_of(sizes, reaction, std::iter::empty(), data.relief_factor_milli.into());
    let mut plans = known.map(|known| known.plans.clone()).unwrap_or_default();
    let near: Vec<u32> = [own].into_iter().chain(units.iter().map(|unit| own.saturating_add(unit.1))).collect();
    for wanted in [&near, &shown] {
        let missing: Vec<u32> = wanted.iter().copied().filter(|personnel| !plans.contains_key(personnel)).collect();
        for (personnel, found) in curve_plans(problem, Some(plan), &missing, options, watch) {
            // What was stopped is not kept: given its time it is better.
            let whole = found.as_ref().map_or(!(watch.should_stop)(), |found| found.status != Status::LimitReached);
            if whole || personnel == own {
                plans.insert(personnel, found);
            }
        }
    }
    let plans: Strengths<Valued> =
        plans.into_iter().map(|(people, plan)| (people, plan.map(|plan| Valued { plan, data }))).collect();
    let force = read_force(own, (plan.value, plan.bound), &shown, &units, plans);
    Force { bases: bases(problem, plan), posts: posts(problem, plan), ..force.map(|valued| valued.plan) }
}

/// A plan with the problem whose values weigh what its sites gain.
struct Valued<'a> {
    plan: Plan,
    data: &'a ProblemData,
}

impl AtStrength for Valued<'_> {
    fn found(&self) -> (f64, f64) {
        (self.plan.value, self.plan.bound)
    }

    fn gains(&self, before: &Self) -> (Vec<(usize, f64, f64)>, usize) {
        let pairs = || before.plan.sites.iter().zip(&self.plan.sites);
        let weights = self.data.sites.iter().map(|site| site.value_milli as f64);
        let gains = gains(pairs().map(|(then, now)| (then.protection, now.protection)), weights);
        (gains, pairs().filter(|(then, now)| then.posture != now.posture).count())
    }

    fn has_all_of(&self, _: &Self) -> bool {
        true
    }
}

impl<P> Force<P> {
    fn map<Q>(self, keep: impl Fn(P) -> Q) -> Force<Q> {
        let Self { personnel, found, steps, units, bases, posts, is_cut_short, made, plans } = self;
        let plans = plans.into_iter().map(|(people, plan)| (people, plan.map(&keep))).collect();
        Force { personnel, found, steps, units, bases, posts, is_cut_short, made, plans }
    }
}

/// Reads what plans at many strengths say. `held` is value and bound of the plan at the strength `own`, for where it was
/// not planned for again. Where units would stand is left out.
pub(crate) fn read_force<P: AtStrength>(
    own: u32,
    held: (f64, f64),
    shown: &[u32],
    units: &[(Unit, u32)],
    plans: Strengths<P>,
) -> Force<P> {
    let found = carried(&plans);
    let at = |personnel: u32| found.get(&personnel).copied();
    let held = at(own).unwrap_or(held);
    let price = |&(unit, people): &(Unit, u32)| UnitPrice {
        unit,
        people,
        spared: at(own.saturating_add(people)).map(|more| Band::between(held, more)),
    };
    let wanted: BTreeSet<u32> =
        units.iter().map(|unit| own.saturating_add(unit.1)).chain(shown.iter().copied()).collect();
    let made = wanted.iter().filter(|personnel| plans.contains_key(personnel)).count();
    Force {
        personnel: own,
        found: held,
        steps: steps(shown, &plans, &found),
        units: units.iter().map(price).collect(),
        bases: Vec::new(),
        posts: Vec::new(),
        is_cut_short: made < wanted.len(),
        made: (made, wanted.len()),
        plans,
    }
}

fn steps<P: AtStrength>(shown: &[u32], plans: &Strengths<P>, found: &BTreeMap<u32, (f64, f64)>) -> Vec<Step> {
    let at = |personnel: u32| found.get(&personnel).copied();
    let plan = |personnel: u32| plans.get(&personnel).and_then(Option::as_ref);
    let mut before: Option<u32> = None;
    let mut steps = Vec::with_capacity(shown.len());
    for &personnel in shown {
        let pair = before.and_then(plan).zip(plan(personnel));
        let (gains, postures) = pair.map(|(last, here)| here.gains(last)).unwrap_or_default();
        let spared = before.and_then(at).zip(at(personnel)).map(|(fewer, more)| Band::between(fewer, more));
        let is_computed = plans.contains_key(&personnel);
        steps.push(Step { personnel, is_computed, found: at(personnel), spared, gains, postures });
        before = Some(personnel);
    }
    steps
}

/// Value and bound by strength: more people can do what fewer do, so a value holds for every larger strength and a bound
/// for every smaller one that has no more on duty anywhere.
fn carried<P: AtStrength>(plans: &Strengths<P>) -> BTreeMap<u32, (f64, f64)> {
    let mut found: BTreeMap<u32, (f64, f64)> =
        plans.iter().filter_map(|(personnel, plan)| Some((*personnel, plan.as_ref()?.found()))).collect();
    let mut least = f64::INFINITY;
    for (value, _) in found.values_mut() {
        least = least.min(*value);
        *value = least;
    }
    for (personnel, (_, bound)) in &mut found {
        let Some(Some(own)) = plans.get(personnel) else { continue };
        let larger = plans.range(personnel..).filter_map(|(_, plan)| plan.as_ref());
        *bound = larger.filter(|more| more.has_all_of(own)).fold(0.0, |most, more| more.found().1.max(most));
    }
    found
}

/// Sites that gain a percentage point or more, by persons: index, protection before and after.
pub(crate) fn gains(
    protection: impl Iterator<Item = (f64, f64)>,
    weights: impl Iterator<Item = f64>,
) -> Vec<(usize, f64, f64)> {
    let mut gains: Vec<(f64, (usize, f64, f64))> = protection
        .zip(weights)
        .enumerate()
        .filter(|(_, ((then, now), _))| now - then >= 0.01)
        .map(|(i, ((then, now), weight))| ((now - then) * weight, (i, then, now)))
        .collect();
    gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
    gains.into_iter().map(|(_, gain)| gain).collect()
}

/// The value when a unit stands in every schedule and brings its own people.
fn with_unit(problem: &Problem, plan: &Plan, seats: u32, add: impl Fn(&mut Schedule)) -> Option<f64> {
    let people = people_for(problem, seats);
    let larger = problem.with_personnel(problem.data().personnel.saturating_add(people)).ok()?;
    let mut schedules = plan.schedules.clone();
    schedules.iter_mut().for_each(add);
    evaluate(&larger, &schedules).ok().map(|evaluation| evaluation.value)
}

/// Persons a week below which a place is not said to spare anything: it would be printed as 0.
const SPARED_MIN: f64 = 5e-5;

pub(crate) fn best_first(mut prices: Vec<PlacePrice>) -> Vec<PlacePrice> {
    prices.retain(|price| price.spared >= SPARED_MIN);
    prices.sort_by(|a, b| b.spared.total_cmp(&a.spared).then(a.place.cmp(&b.place)));
    prices.truncate(PLACES_MAX);
    prices
}

fn bases(problem: &Problem, plan: &Plan) -> Vec<PlacePrice> {
    let bases = problem.data().bases.iter().zip(0u32..).filter(|(base, _)| base.forces_max > 0);
    let prices = bases.filter_map(|(base, ix)| {
        let value = with_unit(problem, plan, base.seats, |schedule| {
            if let Err(place) = schedule.forces.binary_search_by_key(&ix, |force| force.0) {
                schedule.forces.insert(place, (ix, 1));
            }
        })?;
        Some(PlacePrice { place: ix as usize, people: people_for(problem, base.seats), spared: plan.value - value })
    });
    best_first(prices.collect())
}

fn posts(problem: &Problem, plan: &Plan) -> Vec<PlacePrice> {
    let sites = &problem.data().sites;
    let mut reasons: Vec<(f64, usize)> =
        explain(problem, plan).iter().enumerate().map(|(i, reason)| (reason.post_gain, i)).collect();
    reasons.retain(|(_, i)| plan.sites[*i].posture != Posture::Always);
    reasons.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let prices = reasons.into_iter().take(POSTS_SCORED).filter_map(|(_, i)| {
        let ix = u32::try_from(i).ok()?;
        let value = with_unit(problem, plan, sites[i].seats, |schedule| {
            if let Err(place) = schedule.posts.binary_search(&ix) {
                schedule.posts.insert(place, ix);
            }
        })?;
        Some(PlacePrice { place: i, people: people_for(problem, sites[i].seats), spared: plan.value - value })
    });
    best_first(prices.collect())
}

/// The pattern that a plan is read against where no other is at hand: posts at the sites where an attempt harms most,
/// mandatory posts first, always the same, as many as there are people for; no reaction force.
pub fn naive_pattern(problem: &Problem) -> Vec<Schedule> {
    let sites = &problem.data().sites;
    let mut order: Vec<usize> = (0..sites.len()).collect();
    order.sort_by_key(|&i| (!sites[i].mandatory, u64::MAX - sites[i].value_milli, &sites[i].id));
    let mut left = problem.seats();
    let mut posts: Vec<u32> = Vec::new();
    for i in order {
        if let (Some(rest), Ok(ix)) = (left.checked_sub(sites[i].seats), u32::try_from(i)) {
            left = rest;
            posts.push(ix);
        }
    }
    posts.sort_unstable();
    vec![Schedule { probability: PROBABILITY_DENOMINATOR, posts, forces: Vec::new() }]
}

/// The reverse reading of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Equal {
    /// What the present pattern comes to under the figures of the plan, persons a week.
    pub present: f64,
    /// How many more people the present pattern would need to do as well; `None` where no number of posts would do.
    pub people: Option<u32>,
}

/// The problem with all people there could be and without demands, in which any schedules can be scored.
pub(crate) fn without_demands(problem: &Problem) -> Problem {
    let mut data = problem.data().clone();
    data.personnel = konbit_protect::PERSONNEL_MAX;
    data.sites.iter_mut().for_each(|site| site.mandatory = false);
    data.bases.iter_mut().for_each(|base| base.forces_max = u32::MAX);
    Problem::new(data).expect("what was well formed stays so with more people and fewer demands")
}

/// How many more people `present` would need to do as well as `value`, by harm alone: demands that it does not meet are
/// not counted. The error says why it cannot be used.
pub fn equal(problem: &Problem, present: &[Schedule], value: f64) -> Result<Equal, String> {
    let told = |error: konbit_protect::EvaluationError| error.to_string();
    let problem = without_demands(problem);
    let evaluation = evaluate(&problem, present).map_err(told)?;
    Ok(Equal { present: evaluation.value, people: people_equal(&problem, present, value).map_err(told)? })
}

/// Schedules of one problem in the indices of another: by id. `None` where a site or base is not in the other.
pub fn translated(from: &ProblemData, to: &ProblemData, schedules: &[Schedule]) -> Option<Vec<Schedule>> {
    let sites: BTreeMap<&str, u32> = to.sites.iter().map(|site| site.id.as_str()).zip(0u32..).collect();
    let bases: BTreeMap<&str, u32> = to.bases.iter().map(|base| base.id.as_str()).zip(0u32..).collect();
    let site = |ix: &u32| sites.get(from.sites.get(*ix as usize)?.id.as_str()).copied();
    let base = |&(ix, count): &(u32, u32)| Some((*bases.get(from.bases.get(ix as usize)?.id.as_str())?, count));
    let schedule = |schedule: &Schedule| {
        let mut posts = schedule.posts.iter().map(site).collect::<Option<Vec<_>>>()?;
        let mut forces = schedule.forces.iter().map(base).collect::<Option<Vec<_>>>()?;
        posts.sort_unstable();
        forces.sort_unstable();
        Some(Schedule { probability: schedule.probability, posts, forces })
    };
    schedules.iter().map(schedule).collect()
}

/// What a mixture of schedules gives each site, as a plan file says it. Shares of harm count the watchers at the worst
/// site, since no proof says how they would mix.
pub fn site_plans(problem: &Problem, evaluation: &Evaluation) -> Vec<SitePlan> {
    let data = problem.data();
    let full = PROBABILITY_DENOMINATOR as f64 * 1e6;
    let minutes: BTreeMap<(usize, usize), u32> =
        data.reach.iter().map(|reach| ((reach.site as usize, reach.base as usize), reach.minutes_tenths)).collect();
    let alpha = f64::from(data.alpha_ppm) / 1e6;
    let site = |i: usize| {
        let protection = evaluation.protection[i] as f64 / full;
        let harm = data.sites[i].value_milli as f64 / 1e3 * (1.0 - protection);
        let watched = if i == evaluation.worst_site { evaluation.worst_harm } else { 0.0 };
        let forecast = (1.0 - alpha) * data.sites[i].attempts_micro as f64 / 1e6 * harm;
        let base = evaluation.best_base[i].map(|(base, _)| base);
        SitePlan {
            id: data.sites[i].id.clone(),
            posture: match evaluation.post_share[i] {
                PROBABILITY_DENOMINATOR => Posture::Always,
                1.. => Posture::Sometimes,
                0 if protection > 0.0 => Posture::Reached,
                0 => Posture::Open,
            },
            protection,
            post_share: evaluation.post_share[i] as f64 / PROBABILITY_DENOMINATOR as f64,
            base: base.map(|base| data.bases[base].id.clone()),
            minutes: base.and_then(|base| minutes.get(&(i, base))).map(|tenths| f64::from(*tenths) / 10.0),
            harm_per_attempt: harm,
            harm_share: if evaluation.value > 0.0 { (forecast + watched) / evaluation.value } else { 0.0 },
        }
    };
    (0..data.sites.len()).map(site).collect()
}

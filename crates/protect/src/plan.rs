//! Planning: the public entry points and their results.

use crate::engine::{
    ATTACKER_DENOMINATOR, Arena, Demand, Lineup, Model, Node, Proof, Solved, Unit, adapt, apportion, inverse, solve,
};
use crate::evaluate::{Evaluation, PROBABILITY_DENOMINATOR, Schedule, evaluate};
use crate::problem::{PPM, Problem};
use crate::week::WeekData;
use konbit_base::Digest;
use serde::{Deserialize, Serialize};

/// How to plan. The same problem and options give the same plan, unless it is stopped early.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the draws.
    pub seed: u64,
    /// Planning ends when the gap is below this share (0.005 is half a per cent).
    pub gap_target: f64,
    /// Schedules drawn from the relaxation before columns are generated.
    pub draws: usize,
    /// Most rounds of column generation.
    pub rounds_max: usize,
    /// Most leaves of a proof, on problems small enough to be solved to the end.
    pub leaves_max: usize,
    /// Most leaves of a proof on larger problems, where the gap is still above its target when no
    /// schedule improves the plan any more.
    pub leaves_tight: usize,
    /// Threads that work on different slots. The result does not depend on their number.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            gap_target: 0.004,
            draws: 300,
            rounds_max: 400,
            leaves_max: 1_000,
            leaves_tight: 40,
            threads: 2,
        }
    }
}

impl Options {
    /// A cheaper search, for points of a curve: each point still has its own value and bound.
    #[must_use]
    pub fn quick(&self) -> Self {
        Self {
            draws: self.draws.min(80),
            rounds_max: 12,
            gap_target: self.gap_target.max(0.005),
            leaves_tight: 0,
            ..self.clone()
        }
    }
}

/// How far planning has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Rounds of column generation done.
    pub round: usize,
    /// Value of the best mixture so far, persons harmed per week (with a surcharge while floors
    /// are not met).
    pub value: f64,
    /// Proven bound, persons harmed per week.
    pub bound: f64,
    /// Schedules found.
    pub schedules: usize,
}

/// The caller's hold on a run. The planner has no clock: a time limit is a `should_stop` that
/// looks at one.
pub struct Watch<'a> {
    /// Polled often; `true` ends planning with the best plan so far.
    pub should_stop: &'a dyn Fn() -> bool,
    /// Told after each round.
    pub progress: &'a dyn Fn(Progress),
}

impl Watch<'static> {
    /// Never stops and tells nobody.
    pub fn none() -> Self {
        Self { should_stop: &|| false, progress: &|_| {} }
    }
}

/// How a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The gap is below [`OPTIMAL_GAP`].
    Optimal,
    /// The gap is what it says.
    Gap,
    /// Planning was stopped first; the gap is what it says.
    LimitReached,
}

/// Below this gap (one part in a million) a plan counts as optimal.
pub const OPTIMAL_GAP: f64 = 1e-6;

/// Integers from which anyone can compute the bound; see the crate's documentation for the formula
/// and `docs/plan-format.md` for the file. All indices are the problem's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Denominator of `attacker`.
    pub attacker_denominator: u64,
    /// `q`: site and share of watchers' attempts; the shares sum to the denominator.
    pub attacker: Vec<(u32, u64)>,
    /// Denominator of all prices, in persons harmed per week.
    pub price_denominator: u64,
    /// `phi`: site and price of its floor.
    pub floor_prices: Vec<(u32, u64)>,
    /// The tree of decisions; the first is the root, children stand after their parent.
    pub nodes: Vec<ProofNode>,
}

/// A decision or a leaf of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProofNode {
    /// Either no post stands at the site (`without`) or one does (`with`).
    Post {
        /// Index of the site.
        site: u32,
        /// Node for the schedules without it.
        without: u32,
        /// Node for the schedules with it.
        with: u32,
    },
    /// Either no force waits at the base (`without`) or one does (`with`).
    Force {
        /// Index of the base.
        base: u32,
        /// Node for the schedules without it.
        without: u32,
        /// Node for the schedules with it.
        with: u32,
    },
    /// A leaf and its prices.
    Bound {
        /// `mu`: price of a seat.
        seat_price: u64,
        /// `rho`: site and price; sites that are not listed have price 0.
        site_prices: Vec<(u32, u64)>,
    },
}

/// What a plan does for a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posture {
    /// A static post stands here in every schedule.
    Always,
    /// A static post stands here in some schedules.
    Sometimes,
    /// No post; a reaction force can come in some schedule.
    Reached,
    /// Neither.
    Open,
}

/// A site under a plan. Floats are for reading; what is checked are the schedules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitePlan {
    /// Id of the site.
    pub id: String,
    /// What it gets.
    pub posture: Posture,
    /// `c_i`: probability that an attempt is stopped.
    pub protection: f64,
    /// `x_i`: share of time with a static post.
    pub post_share: f64,
    /// Id of the base whose force most often is its best cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Travel time from that base, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// Persons harmed if an attempt is made here, on average: `v_i (1 - c_i)`.
    pub harm_per_attempt: f64,
    /// Share of the plan's expected harm that falls here, with watchers as in the certificate.
    pub harm_share: f64,
}

/// A plan with its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How it ended.
    pub status: Status,
    /// Expected persons harmed per week under this plan, rounded up in the ninth digit.
    pub value: f64,
    /// Proven: no plan with this force does better. Persons per week, rounded down.
    pub bound: f64,
    /// `(value - bound) / value`; 0 when the value is 0.
    pub gap: f64,
    /// Seed that was used.
    pub seed: u64,
    /// Hash of the problem.
    pub problem_hash: Digest,
    /// Strength, persons.
    pub personnel: u32,
    /// Schedules; probabilities sum to [`PROBABILITY_DENOMINATOR`], likeliest first.
    pub schedules: Vec<Schedule>,
    /// The proof of `bound`.
    pub certificate: Certificate,
    /// One entry per site, in the problem's order.
    pub sites: Vec<SitePlan>,
}

/// Why no plan exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Infeasible {
    /// Hash of the problem.
    pub problem_hash: Digest,
    /// One sentence for people.
    pub reason: String,
    /// The sites, by index, whose floors or mandatory posts conflict: these alone cannot all be met. As
    /// small a set as the planner found in its time.
    pub sites: Vec<usize>,
    /// A proof, where it is not mandatory posts that exceed the seats: with no harm counted, its
    /// bound is positive.
    pub certificate: Option<Certificate>,
}

/// Result of planning.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A plan.
    Planned(Box<Plan>),
    /// Proven: there is none.
    Infeasible(Infeasible),
    /// No plan that keeps the floors was found, and none was proven impossible.
    Unsettled {
        /// Hash of the problem.
        problem_hash: Digest,
        /// One sentence for people.
        reason: String,
    },
}

/// Value and bound at another strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// Strength, persons.
    pub personnel: u32,
    /// Expected persons harmed per week under the plan found, `None` where there is no plan.
    pub value: Option<f64>,
    /// Proven bound, persons harmed per week.
    pub bound: Option<f64>,
}

/// Plans. See the crate's documentation for the model and the method.
pub fn plan(problem: &Problem, options: &Options, watch: &Watch<'_>) -> Outcome {
    plan_from(problem, None, options, watch)
}

/// Plans from the schedules of a plan for the same sites and bases at any strength, such as the one
/// in force: they are made to fit and are among those that are mixed.
pub fn plan_from(problem: &Problem, known: Option<&Plan>, options: &Options, watch: &Watch<'_>) -> Outcome {
    if problem.mandatory_seats() > u64::from(problem.seats()) {
        return mandatory_infeasible(problem);
    }
    let model = model_of(problem);
    let given = known.map(|plan| lineups(&model, plan)).unwrap_or_default();
    let solved = solve(&model, options, watch, initial(&model, &given), None);
    outcome(problem, &model, options, solved)
}

fn model_of(problem: &Problem) -> Model {
    Model { counts_whole_seats: false, ..Model::new(&WeekData::from_single(problem.data())) }
}

fn initial(model: &Model, given: &[Lineup]) -> Vec<(Arena, Vec<Lineup>)> {
    let arena = Arena::new(&model.slots[0]);
    let fitted = given.iter().filter_map(|lineup| adapt(model, 0, &arena, lineup)).collect();
    vec![(arena, fitted)]
}

fn outcome(problem: &Problem, model: &Model, options: &Options, solved: Solved) -> Outcome {
    match solved {
        Solved::Mixture { mut slots, proof, stopped } => {
            settle(problem, model, options, &slots.swap_remove(0).lineups, &proof, stopped)
        }
        Solved::Impossible { demands, proof, .. } => Outcome::Infeasible(Infeasible {
            problem_hash: problem.hash(),
            reason: floors_reason(problem, model, &demands),
            sites: conflicting(model, &demands),
            certificate: Some(certificate(model, &proof)),
        }),
        Solved::Unsettled { shortage, stopped } => unsettled(problem, shortage, stopped),
    }
}

fn unsettled(problem: &Problem, shortage: f64, stopped: bool) -> Outcome {
    let why = if stopped { "planning was stopped before" } else { "the planner gave up before" };
    let reason = format!(
        "{why} it found a plan that meets every floor (missing {shortage:.6} of protection in all); \
         nothing proves that there is none: allow more time, or lower a floor"
    );
    Outcome::Unsettled { problem_hash: problem.hash(), reason }
}

fn mandatory_infeasible(problem: &Problem) -> Outcome {
    let (needed, available) = (problem.mandatory_seats(), problem.seats());
    let relief = u64::from(problem.data().relief_factor_milli);
    let people = (needed * relief).div_ceil(1_000);
    let reason = format!(
        "the mandatory posts need {needed} seats and there are {available}: {people} people are needed for them \
         and there are {}; add people or make fewer posts mandatory",
        problem.data().personnel
    );
    // The largest posts first: the fewest that are already too many, and without any of them the rest fit.
    let sites = &problem.data().sites;
    let mut largest: Vec<usize> = (0..sites.len()).filter(|&i| sites[i].mandatory).collect();
    largest.sort_by_key(|&i| (u32::MAX - sites[i].seats, i));
    let mut taken = 0;
    let still_fit = |i: &usize| {
        let fit = taken <= u64::from(available);
        taken += u64::from(sites[*i].seats);
        fit
    };
    let conflict = largest.into_iter().take_while(still_fit).collect();
    Outcome::Infeasible(Infeasible { problem_hash: problem.hash(), reason, sites: conflict, certificate: None })
}

/// The sites of demands that cannot all be met: the one whose floor nothing there can give, or those
/// that the proof names.
fn conflicting(model: &Model, demands: &[Demand]) -> Vec<usize> {
    let beyond = (0..model.sites()).find(|&i| model.slots[0].floor[i] > model.best_possible(0, i) + 1e-12);
    let mut sites: Vec<usize> = match beyond {
        Some(i) => vec![model.site_of[i]],
        None => demands
            .iter()
            .map(|demand| match *demand {
                Demand::Floor(i) | Demand::Post(i) | Demand::Visit(i) => model.site_of[i],
            })
            .collect(),
    };
    sites.sort_unstable();
    sites.dedup();
    sites
}

fn floors_reason(problem: &Problem, model: &Model, demands: &[Demand]) -> String {
    let data = problem.data();
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let id = |i: usize| &data.sites[model.site_of[i]].id;
    let floor = |i: usize| model.slots[0].floor[i];
    if let Some(i) = (0..model.sites()).find(|&i| floor(i) > model.best_possible(0, i) + 1e-12) {
        return format!(
            "site {:?} must have a protection of {}, but no post or force there gives more than {}; lower its floor",
            id(i),
            percent(floor(i)),
            percent(model.best_possible(0, i))
        );
    }
    let floors = demands.iter().filter_map(|demand| if let Demand::Floor(i) = *demand { Some(i) } else { None });
    let short: Vec<usize> = floors.collect();
    let named: Vec<String> = short.iter().take(5).map(|&i| format!("{:?} ({})", id(i), percent(floor(i)))).collect();
    let more = if short.len() > 5 { format!(" and {} more", short.len() - 5) } else { String::new() };
    format!(
        "the floors cannot all be met with {} seats ({} people): these alone conflict: {}{more}; add people or lower \
         floors",
        problem.seats(),
        data.personnel,
        named.join(", ")
    )
}

/// Turns a mixture and a proof in floats into a plan in whole numbers, and evaluates it.
fn settle(
    problem: &Problem,
    model: &Model,
    options: &Options,
    mixture: &[(Lineup, f64)],
    proof: &Proof,
    stopped: bool,
) -> Outcome {
    let shares: Vec<f64> = mixture.iter().map(|lineup| lineup.1).collect();
    let parts = apportion(&shares, PROBABILITY_DENOMINATOR, 0);
    let mut schedules: Vec<Schedule> = mixture
        .iter()
        .zip(parts)
        .filter(|(_, part)| *part > 0)
        .map(|((lineup, _), probability)| schedule(model, lineup, probability))
        .collect();
    schedules.sort_by(|a, b| {
        b.probability.cmp(&a.probability).then_with(|| a.posts.cmp(&b.posts)).then_with(|| a.forces.cmp(&b.forces))
    });
    let evaluation = evaluate(problem, &schedules).expect("the planner's schedules fit the problem");
    if !evaluation.floors_short.is_empty() {
        let missing = |short: &crate::evaluate::FloorShort| f64::from(short.floor_ppm) / f64::from(PPM);
        let shortage = evaluation.floors_short.iter().map(missing).sum::<f64>() * 1e-9;
        return unsettled(problem, shortage, stopped);
    }
    let value = outward(evaluation.value, true);
    let bound = outward(proof.bound.clamp(0.0, evaluation.value), false);
    let gap = if value > 0.0 { (value - bound) / value } else { 0.0 };
    let status = match gap {
        gap if gap <= OPTIMAL_GAP => Status::Optimal,
        _ if stopped => Status::LimitReached,
        _ => Status::Gap,
    };
    let sites = site_plans(problem, model, &evaluation, proof);
    Outcome::Planned(Box::new(Plan {
        status,
        value,
        bound,
        gap,
        seed: options.seed,
        problem_hash: problem.hash(),
        personnel: problem.data().personnel,
        schedules,
        certificate: certificate(model, proof),
        sites,
    }))
}

/// Nine significant digits, away from what would flatter: float error stays far below them.
pub(crate) fn outward(value: f64, up: bool) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a finite number")]
    let digits = 8 - value.log10().floor() as i32;
    let nudged = value * if up { 1.0 + 1e-11 } else { 1.0 - 1e-11 };
    let whole = nudged * 10f64.powi(digits);
    let whole = if up { whole.ceil() } else { whole.floor() };
    // Through text, so that the number that is written is the number that is meant.
    let text = format!("{whole:.0}e{}", -digits);
    text.parse().expect("digits and an exponent are a number")
}

fn index(ix: usize) -> u32 {
    u32::try_from(ix).expect("indices of a problem fit 32 bits")
}

fn schedule(model: &Model, lineup: &Lineup, probability: u64) -> Schedule {
    let mut posts: Vec<u32> = lineup.posts.iter().map(|&(i, _)| index(model.site_of[i])).collect();
    let mut forces: Vec<(u32, u32)> = lineup.forces.iter().map(|&(b, _)| (index(model.base_of[b]), 1)).collect();
    posts.sort_unstable();
    forces.sort_unstable();
    Schedule { probability, posts, forces }
}

fn sparse(model: &Model, dense: &[u64]) -> Vec<(u32, u64)> {
    let mut list: Vec<(u32, u64)> =
        dense.iter().enumerate().filter(|(_, v)| **v > 0).map(|(i, &v)| (index(model.site_of[i]), v)).collect();
    list.sort_unstable();
    list
}

fn certificate(model: &Model, proof: &Proof) -> Certificate {
    let slot = &proof.slots[0];
    let nodes = slot.nodes.iter().map(|node| match node {
        Node::Bound { seat_prices, site_prices, .. } => {
            ProofNode::Bound { seat_price: seat_prices[0], site_prices: sparse(model, site_prices) }
        }
        &Node::Decision { on: Unit::Post(i), without, with, .. } => {
            ProofNode::Post { site: index(model.site_of[i]), without: index(without), with: index(with) }
        }
        &Node::Decision { on: Unit::Force(b), without, with, .. } => {
            ProofNode::Force { base: index(model.base_of[b]), without: index(without), with: index(with) }
        }
        Node::Decision { on: Unit::Duty(_), .. } => unreachable!("a problem of one slot has no patrols"),
    });
    // Where no harm counts the attacker proves nothing, but a mixture he has.
    let attacker = match proof.attackers.first() {
        Some(shares) => sparse(model, shares),
        None => vec![(0, ATTACKER_DENOMINATOR)],
    };
    Certificate {
        attacker_denominator: ATTACKER_DENOMINATOR,
        attacker,
        price_denominator: proof.price_denominator,
        floor_prices: sparse(model, &slot.floor_prices),
        nodes: nodes.collect(),
    }
}

fn site_plans(problem: &Problem, model: &Model, evaluation: &Evaluation, proof: &Proof) -> Vec<SitePlan> {
    let data = problem.data();
    let full = PROBABILITY_DENOMINATOR as f64 * f64::from(PPM);
    let mut harm = vec![0.0; data.sites.len()];
    for (i, &site) in model.site_of.iter().enumerate() {
        let q = proof.attackers[0][i] as f64 / ATTACKER_DENOMINATOR as f64;
        let slot = &model.slots[0];
        harm[site] = (slot.forecast[i] + slot.watched[i] * q) * (1.0 - evaluation.protection[site] as f64 / full);
    }
    let total: f64 = harm.iter().sum();
    let minutes: std::collections::BTreeMap<(u32, u32), u32> =
        data.reach.iter().map(|reach| ((reach.site, reach.base), reach.minutes_tenths)).collect();
    (0..data.sites.len())
        .map(|ix| {
            let (site, post) = (&data.sites[ix], evaluation.post_share[ix]);
            let protection = evaluation.protection[ix] as f64 / full;
            let base = evaluation.best_base[ix];
            SitePlan {
                id: site.id.clone(),
                posture: match post {
                    PROBABILITY_DENOMINATOR => Posture::Always,
                    1.. => Posture::Sometimes,
                    0 if protection > 0.0 => Posture::Reached,
                    0 => Posture::Open,
                },
                protection,
                post_share: post as f64 / PROBABILITY_DENOMINATOR as f64,
                base: base.map(|(base, _)| data.bases[base].id.clone()),
                minutes: base.map(|(base, _)| f64::from(minutes[&(index(ix), index(base))]) / 10.0),
                harm_per_attempt: site.value_milli as f64 / 1e3 * (1.0 - protection),
                harm_share: if total > 0.0 { harm[ix] / total } else { 0.0 },
            }
        })
        .collect()
}

/// Value and bound at other strengths, in the order given. Each point is planned by
/// [`Options::quick`], starting from the schedules of `known` (a plan for the same problem at any
/// strength) or of the next smaller strength; each has its own bound. At the strength of `known` the
/// point is that plan's.
pub fn curve(
    problem: &Problem,
    known: Option<&Plan>,
    personnels: &[u32],
    options: &Options,
    watch: &Watch<'_>,
) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> = curve_plans(problem, known, personnels, options, watch)
        .into_iter()
        .map(|(personnel, plan)| CurvePoint {
            personnel,
            value: plan.as_ref().map(|plan| plan.value),
            bound: plan.as_ref().map(|plan| plan.bound),
        })
        .collect();
    // More people can do what fewer do: a value holds for every larger strength, a bound for
    // every smaller one.
    let mut least = f64::INFINITY;
    for point in &mut points {
        point.value = point.value.map(|value| value.min(least));
        least = point.value.unwrap_or(least);
    }
    let mut most = 0.0f64;
    for point in points.iter_mut().rev() {
        point.bound = point.bound.map(|bound| bound.max(most));
        most = point.bound.unwrap_or(most);
    }
    let at =
        |personnel: &u32| points.iter().find(|point| point.personnel == *personnel).expect("it was planned").clone();
    personnels.iter().map(at).collect()
}

/// The plans behind [`curve`], each with its own proof, which [`crate::PlanDocument`] writes and the
/// checker confirms: strengths ascending, each once, with its plan where one was found.
pub fn curve_plans(
    problem: &Problem,
    known: Option<&Plan>,
    personnels: &[u32],
    options: &Options,
    watch: &Watch<'_>,
) -> Vec<(u32, Option<Plan>)> {
    let quick = options.quick();
    let mut carried: Option<Plan> = None;
    let mut ascending: Vec<u32> = personnels.to_vec();
    ascending.sort_unstable();
    ascending.dedup();
    let mut plans = Vec::new();
    for &personnel in &ascending {
        let found = match problem.with_personnel(personnel) {
            Ok(problem) if known.is_some_and(|plan| plan.problem_hash == problem.hash()) => known.cloned(),
            Ok(problem) if !(watch.should_stop)() => {
                match plan_from(&problem, carried.as_ref().or(known), &quick, watch) {
                    Outcome::Planned(plan) => Some(*plan),
                    Outcome::Infeasible(_) | Outcome::Unsettled { .. } => None,
                }
            }
            _ => None,
        };
        // Only the neighbour's: all that came before would slow the master down.
        carried = found.clone().or(carried);
        plans.push((personnel, found));
    }
    plans
}

/// The schedules of a plan in the model's indices.
fn lineups(model: &Model, plan: &Plan) -> Vec<Lineup> {
    let (site, base) = (inverse(&model.site_of), inverse(&model.base_of));
    let lineup = |schedule: &Schedule| {
        let mut lineup = Lineup {
            posts: schedule.posts.iter().map(|&i| (site[i as usize], 0)).collect(),
            forces: schedule.forces.iter().map(|&(b, _)| (base[b as usize], 0)).collect(),
            patrols: Vec::new(),
        };
        lineup.sort();
        lineup
    };
    plan.schedules.iter().map(lineup).collect()
}

//! Planning a week: the public entry points and their results.

use super::breach::named as lists;
use super::data::{Week, WeekData};
use super::evaluate::{Route, WeekSchedule, evaluate_week};
use crate::engine::{
    ATTACKER_DENOMINATOR, Arena, Demand, HeldPrices, Lineup, Model, Node, Proof, SlotMixture, Solved, Source, Unit,
    adapt, apportion, held, inverse, solve,
};
use crate::evaluate::PROBABILITY_DENOMINATOR;
use crate::plan::{OPTIMAL_GAP, Options, Status, Watch, outward};
use konbit_base::Digest;
use serde::{Deserialize, Serialize};

/// Whole numbers from which anyone can compute the bound; the formula stands in
/// `docs/plan-format.md`. All indices are the problem's, all lists ascend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekCertificate {
    /// Denominator of `attackers`.
    pub attacker_denominator: u64,
    /// `q` of each group: slot, site, share; the shares of a group sum to the denominator. Empty in a
    /// proof of infeasibility, where no harm counts.
    pub attackers: Vec<Vec<(u32, u32, u64)>>,
    /// Denominator of all prices, in persons harmed per week.
    pub price_denominator: u64,
    /// One proof for each kind of slot; in a proof of infeasibility for one alone.
    pub slots: Vec<SlotCertificate>,
}

/// The proof of one kind of slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotCertificate {
    /// Index of the kind of slot.
    pub slot: u32,
    /// `phi`: site and price of its floor.
    pub floor_prices: Vec<(u32, u64)>,
    /// The tree of decisions; the first is the root, children stand after their parent.
    pub nodes: Vec<WeekNode>,
}

/// A decision or a leaf of the proof: the contingent holds the thing (`with`) or it does not
/// (`without`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WeekNode {
    /// A post.
    Post {
        /// Index of the site.
        site: u32,
        /// Index of the contingent.
        contingent: u32,
        /// Node for the schedules without it.
        without: u32,
        /// Node for the schedules with it.
        with: u32,
    },
    /// A reaction force.
    Force {
        /// Index of the base.
        base: u32,
        /// Index of the contingent.
        contingent: u32,
        /// Node for the schedules without it.
        without: u32,
        /// Node for the schedules with it.
        with: u32,
    },
    /// An explicit patrol duty.
    Duty {
        /// Index of the duty.
        duty: u32,
        /// Index of the contingent.
        contingent: u32,
        /// Node for the schedules without it.
        without: u32,
        /// Node for the schedules with it.
        with: u32,
    },
    /// A leaf and its prices.
    Bound {
        /// `mu`: price of a seat of each contingent.
        seat_prices: Vec<u64>,
        /// `rho`: site and price; sites that are not listed have price 0.
        site_prices: Vec<(u32, u64)>,
        /// `nu`: site and price of a visit.
        visit_prices: Vec<(u32, u64)>,
        /// Contingents whose seats are counted in whole things, instead of at their price: a knapsack, where the
        /// relaxation mans fractions of things (`docs/plan-format.md`, whole seats). Ascending.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        whole_seats: Vec<u32>,
    },
}

/// A plan of the week with its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekPlan {
    /// How it ended.
    pub status: Status,
    /// Expected persons harmed per week, rounded up in the ninth digit.
    pub value: f64,
    /// Proven: no plan with these people does better. Persons per week, rounded down.
    pub bound: f64,
    /// `(value - bound) / value`; 0 when the value is 0.
    pub gap: f64,
    /// Seed that was used.
    pub seed: u64,
    /// Hash of the problem.
    pub problem_hash: Digest,
    /// For each kind of slot its schedules, likeliest first; probabilities sum to
    /// [`PROBABILITY_DENOMINATOR`]. Each slot draws its own, independently of all others.
    pub schedules: Vec<Vec<WeekSchedule>>,
    /// The proof of `bound`.
    pub certificate: WeekCertificate,
}

impl WeekPlan {
    /// This plan, with the better of two proofs for the same problem: a bound holds for every plan.
    ///
    /// # Panics
    /// When the other plan is for another problem.
    #[must_use]
    pub fn with_bound_of(self, other: &Self) -> Self {
        assert_eq!(self.problem_hash, other.problem_hash, "both plans are for one problem");
        if other.bound <= self.bound {
            return self;
        }
        let bound = other.bound.min(self.value);
        let gap = if self.value > 0.0 { (self.value - bound) / self.value } else { 0.0 };
        let status = if gap <= OPTIMAL_GAP { Status::Optimal } else { self.status };
        Self { bound, gap, status, certificate: other.certificate.clone(), ..self }
    }
}

/// Something that a plan must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeekDemand {
    /// A post must stand at the site with this index.
    Post(usize),
    /// The site must be visited.
    Visit(usize),
    /// The site must have its floor.
    Floor(usize),
}

/// Why no plan of the week exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekInfeasible {
    /// Hash of the problem.
    pub problem_hash: Digest,
    /// Index of the kind of slot whose demands conflict.
    pub slot: usize,
    /// Demands that conflict by themselves; none of them can be spared (as far as the relaxation
    /// sees).
    pub demands: Vec<WeekDemand>,
    /// One sentence for people.
    pub reason: String,
    /// The proof: with no harm counted, the bound of this slot is positive or its root is empty.
    pub certificate: WeekCertificate,
}

/// Result of planning a week.
#[derive(Debug, Clone, PartialEq)]
pub enum WeekOutcome {
    /// A plan.
    Planned(Box<WeekPlan>),
    /// Proven: there is none.
    Infeasible(WeekInfeasible),
    /// No plan that keeps all demands was found, and none was proven impossible.
    Unsettled {
        /// Hash of the problem.
        problem_hash: Digest,
        /// One sentence for people.
        reason: String,
    },
}

/// Plans a week. `known` are the schedules of a plan for a problem with the same lists of sites, bases,
/// contingents, duties, areas and slots, such as the one in force before something was lost: they are
/// made to fit and planning starts from them.
pub fn plan_week(
    week: &Week,
    known: Option<&[Vec<WeekSchedule>]>,
    options: &Options,
    watch: &Watch<'_>,
) -> WeekOutcome {
    let model = Model::new(week.data());
    let initial = known.map(|known| initial(week.data(), &model, known)).unwrap_or_default();
    outcome(week, &model, options, solve(&model, options, watch, alone(initial), None))
}

/// Mends a plan after something was lost or changed, at once: its schedules are made to fit what is
/// left, the people who become free get what saves most, and the mixture is weighed anew. The bound
/// is the one that the prices of the plan's proof prove for the changed week: it holds, and it is not
/// the best there is; [`plan_week`] finds better ones from here, in more time.
///
/// `known` and `certificate` are of a plan for a problem with the same lists of sites, bases,
/// contingents, groups, duties, areas and slots.
pub fn replan_week(
    week: &Week,
    known: &[Vec<WeekSchedule>],
    certificate: &WeekCertificate,
    options: &Options,
    watch: &Watch<'_>,
) -> WeekOutcome {
    let model = Model::new(week.data());
    let mixtures = initial(week.data(), &model, known);
    let prices = (0..model.slots.len()).map(|s| held_prices(&model, certificate, s)).collect();
    let relaxed = held(&model, &mixtures, prices);
    outcome(week, &model, options, solve(&model, options, watch, alone(mixtures), Some(relaxed)))
}

/// Schedules without their probabilities.
fn alone(mixtures: Vec<(Arena, Vec<(Lineup, f64)>)>) -> Vec<(Arena, Vec<Lineup>)> {
    let strip = |list: Vec<(Lineup, f64)>| list.into_iter().map(|(lineup, _)| lineup).collect();
    mixtures.into_iter().map(|(arena, list)| (arena, strip(list))).collect()
}

fn outcome(week: &Week, model: &Model, options: &Options, solved: Solved) -> WeekOutcome {
    match solved {
        Solved::Mixture { slots, proof, stopped } => settle(week, model, options, &slots, &proof, stopped),
        Solved::Impossible { slot, demands, proof } => infeasible(week, model, slot, &demands, &proof),
        Solved::Unsettled { shortage, stopped } => unsettled(week, shortage, stopped),
    }
}

/// The prices of a certificate for a slot of the model: those of its first leaf. What the certificate
/// does not say, or says of things that are not there, is passed over: prices cost bound, never truth.
fn held_prices(model: &Model, certificate: &WeekCertificate, s: usize) -> HeldPrices {
    let (n, number) = (model.sites(), model.slot_of[s]);
    let site = inverse(&model.site_of);
    let unit = certificate.price_denominator.max(1) as f64;
    let dense = |list: &[(u32, u64)]| {
        let mut out = vec![0.0; n];
        for &(ix, price) in list {
            if let Some(&at) = site.get(ix as usize) {
                out[at] = price as f64 / unit;
            }
        }
        out
    };
    let mut prices = HeldPrices {
        attacker: vec![vec![0.0; n]; model.groups.len()],
        floor: vec![0.0; n],
        visit: vec![0.0; n],
        site: vec![0.0; n],
        seat: vec![0.0; model.slots[s].on_duty.len()],
    };
    for (own, shares) in prices.attacker.iter_mut().zip(&certificate.attackers) {
        for &(slot, ix, share) in shares.iter().filter(|share| share.0 as usize == number) {
            debug_assert_eq!(slot as usize, number);
            if let Some(&at) = site.get(ix as usize) {
                own[at] = share as f64 / certificate.attacker_denominator.max(1) as f64;
            }
        }
    }
    let Some(slot) = certificate.slots.iter().find(|slot| slot.slot as usize == number) else { return prices };
    prices.floor = dense(&slot.floor_prices);
    let leaf = slot.nodes.iter().find_map(|node| match node {
        WeekNode::Bound { seat_prices, site_prices, visit_prices, .. } => {
            Some((seat_prices, site_prices, visit_prices))
        }
        _ => None,
    });
    if let Some((seats, sites, visits)) = leaf {
        prices.seat.iter_mut().zip(seats).for_each(|(price, &held)| *price = held as f64 / unit);
        (prices.site, prices.visit) = (dense(sites), dense(visits));
    }
    prices
}

fn unsettled(week: &Week, shortage: f64, stopped: bool) -> WeekOutcome {
    let why = if stopped { "planning was stopped before" } else { "the planner gave up before" };
    let missing =
        if shortage.is_finite() { format!(" (missing {shortage:.6} of protection in all)") } else { String::new() };
    let reason = format!(
        "{why} it found a plan that keeps every demand{missing}; nothing proves that there is none: allow more time, or \
         ask for less"
    );
    WeekOutcome::Unsettled { problem_hash: week.hash(), reason }
}

fn infeasible(week: &Week, model: &Model, slot: usize, demands: &[Demand], proof: &Proof) -> WeekOutcome {
    let data = week.data();
    let slot_ix = model.slot_of[slot];
    let site = |i: usize| model.site_of[i];
    let mut demands: Vec<WeekDemand> = demands
        .iter()
        .map(|demand| match *demand {
            Demand::Post(i) => WeekDemand::Post(site(i)),
            Demand::Visit(i) => WeekDemand::Visit(site(i)),
            Demand::Floor(i) => WeekDemand::Floor(site(i)),
        })
        .collect();
    demands.sort_by_key(|demand| match *demand {
        WeekDemand::Post(i) => (0, i),
        WeekDemand::Visit(i) => (1, i),
        WeekDemand::Floor(i) => (2, i),
    });
    let name = |demand: &WeekDemand| match *demand {
        WeekDemand::Post(i) => format!("the post at {:?}", data.sites[i].id),
        WeekDemand::Visit(i) => format!("the visit to {:?}", data.sites[i].id),
        WeekDemand::Floor(i) => format!("the floor of {:?}", data.sites[i].id),
    };
    let named: Vec<String> = demands.iter().take(8).map(name).collect();
    let more = if demands.len() > 8 { format!(" and {} more", demands.len() - 8) } else { String::new() };
    let slot_id = &data.slots[slot_ix].id;
    let may_man = |i: usize| {
        let crews = data.contingents.iter().zip(&data.slots[slot_ix].seats);
        let mut may = crews.map(|(crew, part)| part.posts && part.seats > 0 && lists(crew.sites.as_ref(), index(i)));
        may.any(|may| may)
    };
    let reason = match demands.as_slice() {
        [WeekDemand::Post(i)] if !may_man(*i) => format!(
            "in slot {slot_id:?} nobody on duty may man the post at {:?}: it lies beyond their caveats or their reach; ask \
             for less, or let people serve there",
            data.sites[*i].id
        ),
        [_] => format!(
            "in slot {slot_id:?} the people on duty cannot do this: {}; put more people on duty or ask for less",
            named.concat()
        ),
        _ => format!(
            "in slot {slot_id:?} the people on duty cannot do all of this: {}{more}; put more people on duty or ask for less",
            named.join(", ")
        ),
    };
    let certificate = certificate(model, proof);
    WeekOutcome::Infeasible(WeekInfeasible { problem_hash: week.hash(), slot: slot_ix, demands, reason, certificate })
}

fn settle(
    week: &Week,
    model: &Model,
    options: &Options,
    slots: &[SlotMixture],
    proof: &Proof,
    stopped: bool,
) -> WeekOutcome {
    let mut schedules = vec![Vec::new(); slots.len()];
    for (s, mixture) in slots.iter().enumerate() {
        let shares: Vec<f64> = mixture.lineups.iter().map(|lineup| lineup.1).collect();
        let parts = apportion(&shares, PROBABILITY_DENOMINATOR, 0);
        let used = mixture.lineups.iter().zip(parts).filter(|(_, part)| *part > 0);
        let mut list: Vec<WeekSchedule> = used
            .map(|((lineup, _), probability)| schedule(week.data(), model, s, &mixture.arena, lineup, probability))
            .collect();
        list.sort_by(|a, b| b.probability.cmp(&a.probability).then_with(|| a.cmp(b)));
        schedules[model.slot_of[s]] = list;
    }
    let evaluation = evaluate_week(week, &schedules).expect("the planner's schedules fit the problem");
    if !evaluation.floors_short.is_empty() {
        return unsettled(week, 1e-9, stopped);
    }
    let value = outward(evaluation.value, true);
    let bound = outward(proof.bound.clamp(0.0, evaluation.value), false);
    let gap = if value > 0.0 { (value - bound) / value } else { 0.0 };
    let status = match gap {
        gap if gap <= OPTIMAL_GAP => Status::Optimal,
        _ if stopped => Status::LimitReached,
        _ => Status::Gap,
    };
    WeekOutcome::Planned(Box::new(WeekPlan {
        status,
        value,
        bound,
        gap,
        seed: options.seed,
        problem_hash: week.hash(),
        schedules,
        certificate: certificate(model, proof),
    }))
}

fn index(ix: usize) -> u32 {
    u32::try_from(ix).expect("indices of a problem fit 32 bits")
}

fn schedule(
    data: &WeekData,
    model: &Model,
    s: usize,
    arena: &Arena,
    lineup: &Lineup,
    probability: u64,
) -> WeekSchedule {
    let mut posts: Vec<(u32, u32)> = lineup.posts.iter().map(|&(i, c)| (index(model.site_of[i]), index(c))).collect();
    let mut forces: Vec<(u32, u32)> = lineup.forces.iter().map(|&(b, c)| (index(model.base_of[b]), index(c))).collect();
    let (mut duties, mut routes) = (Vec::new(), Vec::new());
    for &(p, c) in &lineup.patrols {
        match &arena.patrols[p].source {
            Source::Duty(duty) => duties.push((index(*duty), index(c))),
            Source::Route(area, stops) => {
                let number = model.slots[s].areas[*area].index;
                let sites = &data.areas[number].sites;
                let stops = stops.iter().map(|&(at, arrival, departure)| (sites[at], arrival, departure)).collect();
                routes.push(Route { area: index(number), contingent: index(c), stops });
            }
        }
    }
    posts.sort_unstable();
    forces.sort_unstable();
    duties.sort_unstable();
    routes.sort_unstable();
    WeekSchedule { probability, posts, forces, duties, routes }
}

/// The schedules of a plan in the model's indices, made to fit, slot by slot, with their shares.
fn initial(data: &WeekData, model: &Model, schedules: &[Vec<WeekSchedule>]) -> Vec<(Arena, Vec<(Lineup, f64)>)> {
    let (site, base) = (inverse(&model.site_of), inverse(&model.base_of));
    let one = |s: usize| {
        let slot = &model.slots[s];
        let mut arena = Arena::new(slot);
        let known = schedules.get(model.slot_of[s]).map(Vec::as_slice).unwrap_or_default();
        let mut lineups = Vec::new();
        for schedule in known {
            let pair = |map: &[usize], &(ix, c): &(u32, u32)| Some((*map.get(ix as usize)?, c as usize));
            let mut lineup = Lineup {
                posts: schedule.posts.iter().filter_map(|post| pair(&site, post)).collect(),
                forces: schedule.forces.iter().filter_map(|force| pair(&base, force)).collect(),
                patrols: Vec::new(),
            };
            lineup.forces.sort_unstable();
            lineup.forces.dedup_by_key(|force| force.0);
            for &(duty, c) in &schedule.duties {
                let found = arena.patrols.iter().position(|patrol| patrol.source == Source::Duty(duty as usize));
                lineup.patrols.extend(found.map(|p| (p, c as usize)));
            }
            for route in &schedule.routes {
                let Some(area) = slot.areas.iter().position(|area| area.index == route.area as usize) else { continue };
                let sites = &data.areas[route.area as usize].sites;
                let stops =
                    route.stops.iter().map(|&(site, from, to)| Some((sites.binary_search(&site).ok()?, from, to)));
                let Some(stops) = stops.collect::<Option<Vec<_>>>() else { continue };
                lineup.patrols.extend(arena.route(slot, area, &stops).map(|p| (p, route.contingent as usize)));
            }
            lineup.sort();
            let share = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
            lineups.extend(adapt(model, s, &arena, &lineup).map(|lineup| (lineup, share)));
        }
        (arena, lineups)
    };
    (0..model.slots.len()).map(one).collect()
}

fn sparse(model: &Model, dense: &[u64]) -> Vec<(u32, u64)> {
    let mut list: Vec<(u32, u64)> =
        dense.iter().enumerate().filter(|(_, v)| **v > 0).map(|(i, &v)| (index(model.site_of[i]), v)).collect();
    list.sort_unstable();
    list
}

fn certificate(model: &Model, proof: &Proof) -> WeekCertificate {
    let n = model.sites();
    let attackers = proof.attackers.iter().map(|shares| {
        let some = shares.iter().enumerate().filter(|(_, share)| **share > 0);
        let mut list: Vec<(u32, u32, u64)> =
            some.map(|(at, &share)| (index(model.slot_of[at / n]), index(model.site_of[at % n]), share)).collect();
        list.sort_unstable();
        list
    });
    let mut slots: Vec<SlotCertificate> = proof
        .slots
        .iter()
        .map(|slot| SlotCertificate {
            slot: index(model.slot_of[slot.slot]),
            floor_prices: sparse(model, &slot.floor_prices),
            nodes: slot.nodes.iter().map(|node| week_node(model, slot.slot, node)).collect(),
        })
        .collect();
    slots.sort_by_key(|slot| slot.slot);
    WeekCertificate {
        attacker_denominator: ATTACKER_DENOMINATOR,
        attackers: attackers.collect(),
        price_denominator: proof.price_denominator,
        slots,
    }
}

fn week_node(model: &Model, s: usize, node: &Node) -> WeekNode {
    match node {
        Node::Bound { seat_prices, site_prices, visit_prices, whole_seats } => WeekNode::Bound {
            whole_seats: whole_seats.iter().map(|&c| index(c)).collect(),
            seat_prices: seat_prices.clone(),
            site_prices: sparse(model, site_prices),
            visit_prices: sparse(model, visit_prices),
        },
        &Node::Decision { on, by, without, with } => {
            let (contingent, without, with) = (index(by), index(without), index(with));
            match on {
                Unit::Post(i) => WeekNode::Post { site: index(model.site_of[i]), contingent, without, with },
                Unit::Force(b) => WeekNode::Force { base: index(model.base_of[b]), contingent, without, with },
                Unit::Duty(d) => {
                    let Source::Duty(duty) = model.slots[s].duties[d].source else {
                        unreachable!("the duties of a slot come from the problem's list")
                    };
                    WeekNode::Duty { duty: index(duty), contingent, without, with }
                }
            }
        }
    }
}

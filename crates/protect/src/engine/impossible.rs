//! Proofs that demands cannot be kept, and which of them conflict.

use super::generate::SHORTAGE_MAX;
use super::lineup::{Arena, Fixing, Lineup};
use super::model::{Model, Slot};
use super::proof::{Effort, Node, Proof, Rounded, SlotProof, Stance, Start, prove};
use super::relax::{Goal, Job, SlotRelaxed, relax};
use super::solve::{Demand, Setting, Solved};
use crate::plan::{Options, Watch};

/// Tests made at most to make a set of conflicting demands smaller.
const TESTS_MAX: usize = 150;

fn demands(slot: &Slot) -> Vec<Demand> {
    let marked = |marks: &[bool], of: fn(usize) -> Demand| {
        marks.iter().enumerate().filter(|(_, mark)| **mark).map(|(i, _)| of(i)).collect::<Vec<_>>()
    };
    let floors: Vec<bool> = slot.floor.iter().map(|&f| f > 0.0).collect();
    [marked(&slot.must, Demand::Post), marked(&slot.visit, Demand::Visit), marked(&floors, Demand::Floor)].concat()
}

/// The model with only some of the demands on a slot.
fn only(model: &Model, s: usize, demands: &[Demand]) -> Model {
    let mut fewer = model.clone();
    let slot = &mut fewer.slots[s];
    let floors = slot.floor.clone();
    slot.floor.fill(0.0);
    slot.must.fill(false);
    slot.visit.fill(false);
    for demand in demands {
        match *demand {
            Demand::Floor(i) => slot.floor[i] = floors[i],
            Demand::Post(i) => slot.must[i] = true,
            Demand::Visit(i) => slot.visit[i] = true,
        }
    }
    fewer
}

/// A proof that a slot's demands cannot be kept, from the relaxation, if there is one.
pub(crate) fn by_relaxation(model: &Model, s: usize, watch: &Watch<'_>) -> Option<Solved> {
    if demands(&model.slots[s]).is_empty() {
        return None;
    }
    let (proof, support) = conflict(model, s, None, 1, watch)?;
    Some(Solved::Impossible { slot: s, demands: smallest(model, s, support, watch), proof })
}

/// A proof from the floor prices at which a master program still misses floors.
pub(crate) fn by_prices(setting: &Setting<'_>, floor_prices: &[Vec<f64>], watch: &Watch<'_>) -> Option<Solved> {
    let (model, options) = (setting.model, setting.options);
    let leaves = if setting.small { options.leaves_max } else { 8 };
    for s in 0..model.slots.len() {
        let Some(missed) = floor_prices.get(s) else { continue };
        let largest = missed.iter().copied().fold(0.0, f64::max);
        let prices: Vec<f64> = missed.iter().map(|p| if largest > 0.0 { p / largest } else { 0.0 }).collect();
        if demands(&model.slots[s]).is_empty() {
            continue;
        }
        if let Some((proof, support)) = conflict(model, s, Some(&prices), leaves, watch) {
            return Some(Solved::Impossible { slot: s, demands: support, proof });
        }
    }
    None
}

/// What a thorough search for a first schedule of a slot came to.
pub(crate) enum First {
    Found(Lineup),
    Impossible(Solved),
    Unknown,
}

/// Searches a tree of decisions for any schedule that keeps posts and visits that must be; where every
/// branch is closed, the tree is the proof that there is none.
pub(crate) fn first(model: &Model, s: usize, arena: &mut Arena, options: &Options, watch: &Watch<'_>) -> First {
    let slot = &model.slots[s];
    let root = Fixing::root(model, slot).expect("the caller has one");
    let rounded = Rounded::new(model, &Stance::zero(model), false);
    let effort =
        Effort { leaves_max: options.leaves_max, enough: f64::INFINITY, threads: 1, should_stop: watch.should_stop };
    let proved = prove(model, arena, &rounded, Start { slot: s, root: &root, first: None, hint: None }, &effort);
    if let Some(lineup) = proved.lineup {
        return First::Found(lineup);
    }
    if proved.proof.part <= 1e-9 {
        return First::Unknown;
    }
    let (bound, slots) = (proved.proof.part, vec![proved.proof]);
    let proof = Proof { attackers: Vec::new(), price_denominator: rounded.price_denominator, slots, bound };
    let must = demands(slot).into_iter().filter(|demand| !matches!(demand, Demand::Floor(_)));
    First::Impossible(Solved::Impossible { slot: s, demands: must.collect(), proof })
}

/// A proof that the demands on a slot conflict, and those that take part in it.
fn conflict(
    model: &Model,
    s: usize,
    prices: Option<&[f64]>,
    leaves_max: usize,
    watch: &Watch<'_>,
) -> Option<(Proof, Vec<Demand>)> {
    let slot = &model.slots[s];
    let Some(root) = Fixing::root(model, slot) else {
        let proof = empty_root(model, s);
        let posts = demands(slot).into_iter().filter(|demand| matches!(demand, Demand::Post(_)));
        return Some((proof, posts.collect()));
    };
    let mut arena = Arena::new(slot);
    let mut stance = Stance::zero(model);
    let first: Option<SlotRelaxed> = if let Some(prices) = prices {
        stance.floor_prices[s] = prices.to_vec();
        None
    } else {
        let job = Job { slot: s, fix: &root };
        let relaxed =
            relax(model, &[job], std::slice::from_mut(&mut arena), Goal::Shortage, 4, &|| false).slots.swap_remove(0);
        if relaxed.shortage.iter().flatten().sum::<f64>() < SHORTAGE_MAX {
            return None;
        }
        stance.floor_prices[s].clone_from(&relaxed.floor_price);
        Some(relaxed)
    };
    let rounded = Rounded::new(model, &stance, false);
    let effort = Effort { leaves_max, enough: f64::INFINITY, threads: 1, should_stop: watch.should_stop };
    let start = Start { slot: s, root: &root, first: first.as_ref(), hint: None };
    let proved = prove(model, &mut arena, &rounded, start, &effort).proof;
    let proof = Proof {
        attackers: Vec::new(),
        price_denominator: rounded.price_denominator,
        bound: proved.part,
        slots: vec![proved],
    };
    let takes_part = |demand: &Demand| match (*demand, &first) {
        (Demand::Floor(i), _) => stance.floor_prices[s][i] > 1e-7,
        (Demand::Visit(i), Some(relaxed)) => relaxed.visit_price[i] > 1e-7,
        (Demand::Post(i), Some(relaxed)) if root.post[i].held.is_none() => relaxed.must_price[i] > 1e-7,
        // Posts that are held take seats from everything else.
        (Demand::Post(_) | Demand::Visit(_), _) => true,
    };
    let support = demands(slot).into_iter().filter(takes_part).collect();
    (proof.bound > 1e-9).then_some((proof, support))
}

/// A proof for a slot in which the posts that must stand do not fit: its root is empty.
fn empty_root(model: &Model, s: usize) -> Proof {
    let slot = &model.slots[s];
    let leaf = Node::Bound {
        seat_prices: vec![0; slot.on_duty.len()],
        site_prices: vec![0; model.sites()],
        visit_prices: vec![0; model.sites()],
        whole_seats: Vec::new(),
    };
    let slots =
        vec![SlotProof { slot: s, floor_prices: vec![0; model.sites()], nodes: vec![leaf], part: f64::INFINITY }];
    Proof { attackers: Vec::new(), price_denominator: 1, slots, bound: f64::INFINITY }
}

/// Takes demands away as long as the rest still conflicts: what is left is a smallest set in that
/// none of it can be spared (as far as the relaxation sees).
fn smallest(model: &Model, s: usize, support: Vec<Demand>, watch: &Watch<'_>) -> Vec<Demand> {
    let conflicts = |set: &[Demand]| conflict(&only(model, s, set), s, None, 1, watch).is_some();
    let mut set = support;
    if !conflicts(&set) {
        set = demands(&model.slots[s]);
    }
    let mut tests = 0;
    // Large steps first: halves, quarters, and so on down to single demands.
    let mut step = set.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < set.len() && tests < TESTS_MAX && !(watch.should_stop)() {
            let mut fewer = set.clone();
            fewer.drain(at..(at + step).min(set.len()));
            tests += 1;
            if !fewer.is_empty() && conflicts(&fewer) {
                set = fewer;
            } else {
                at += step;
            }
        }
        if step == 1 || tests >= TESTS_MAX {
            return set;
        }
        step = step.div_ceil(2);
    }
}

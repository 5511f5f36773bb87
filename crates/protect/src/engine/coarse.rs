//! A model with fewer sites that stands for one with many.
//!
//! Some sites are kept as they are. The rest is gathered in groups: one place with the forecast harm of
//! all its members, where no post may stand, no watcher strikes and nothing is demanded, and where a
//! force has the mean effect that it has on the members, weighted by their harm. The maximum over modes
//! is convex, so that a group gains no more from any schedule than its members do:
//!
//! ```text
//! A_g max_{b open} E_gb  <=  sum_{i in g} a_i max_{b open} e_ib      A_g = sum a_i,  E_gb = sum a_i e_ib / A_g
//! ```
//!
//! A schedule is thus worth at least as much for the whole as it is here, as far as forecast harm goes.

use super::lineup::Arena;
use super::model::{Area, Help, Model, Patrol, Slot, Source};
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Effects of forces on a group below this are left out.
const EFFECT_LEAST: f64 = 1e-4;

/// Members of a group, and how much they differ.
#[derive(Debug, Clone)]
struct Group {
    /// By the whole model's index, ascending.
    members: Vec<usize>,
    /// What splitting it is worth: the weighted spread of effects from the base in which they differ most.
    spread: f64,
    /// That base.
    base: usize,
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Group {}
impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Group {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.spread.total_cmp(&other.spread).then_with(|| other.members[0].cmp(&self.members[0]))
    }
}

/// Sums over the members of a group, one for each base.
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn of(slot: &Slot, bases: usize, members: &[usize]) -> Self {
        let mut sums = Self { weight: 0.0, first: vec![0.0; bases], second: vec![0.0; bases] };
        for &i in members {
            let a = slot.forecast[i];
            sums.weight += a;
            for help in &slot.help[i] {
                sums.first[help.base] += a * help.effect;
                sums.second[help.base] += a * help.effect * help.effect;
            }
        }
        sums
    }

    /// `W sqrt(variance)` of the effects from a base.
    fn spread(&self, base: usize) -> f64 {
        (self.weight * self.second[base] - self.first[base] * self.first[base]).max(0.0).sqrt()
    }
}

/// The sites that are not kept, in groups.
pub(crate) struct Groups<'a> {
    slot: &'a Slot,
    bases: usize,
    heap: BinaryHeap<Group>,
}

impl<'a> Groups<'a> {
    /// One group of all sites that are not kept and have forecast harm.
    pub(crate) fn new(model: &'a Model, kept: &[bool]) -> Self {
        let slot = &model.slots[0];
        let members: Vec<usize> = (0..model.sites()).filter(|&i| !kept[i] && slot.forecast[i] > 0.0).collect();
        let mut groups = Self { slot, bases: model.bases(), heap: BinaryHeap::new() };
        groups.push(members, None);
        groups
    }

    /// Adds a group. It will be split by the effects of one of the bases that `matter`, if any differ.
    fn push(&mut self, members: Vec<usize>, matter: Option<&[bool]>) {
        if members.is_empty() {
            return;
        }
        let sums = Sums::of(self.slot, self.bases, &members);
        let best = |matter: Option<&[bool]>| {
            let bases = (0..self.bases).filter(|&b| matter.is_none_or(|matter| matter[b]));
            bases.map(|b| (sums.spread(b), b)).fold((0.0, 0), |best, next| if next.0 > best.0 { next } else { best })
        };
        let (mut spread, mut base) = best(matter);
        if spread <= 1e-6 * sums.weight {
            (spread, base) = best(None);
        }
        // Rounding: members that are alike have none.
        if members.len() == 1 || spread <= 1e-6 * sums.weight {
            spread = 0.0;
        }
        self.heap.push(Group { members, spread, base });
    }

    fn split(&mut self, group: Group, matter: Option<&[bool]>) {
        let effect = |i: usize| self.slot.help[i].iter().find(|help| help.base == group.base).map_or(0.0, |h| h.effect);
        let weight: f64 = group.members.iter().map(|&i| self.slot.forecast[i]).sum();
        let mean = group.members.iter().map(|&i| self.slot.forecast[i] * effect(i)).sum::<f64>() / weight;
        let (above, below): (Vec<usize>, Vec<usize>) = group.members.iter().partition(|&&i| effect(i) > mean);
        if above.is_empty() || below.is_empty() {
            self.heap.push(Group { spread: 0.0, ..group });
            return;
        }
        self.push(above, matter);
        self.push(below, matter);
    }

    /// Splits the most spread group until there are so many.
    pub(crate) fn split_to(&mut self, count: usize, should_stop: &dyn Fn() -> bool) {
        while self.heap.len() < count && !should_stop() {
            let Some(widest) = self.heap.pop() else { return };
            if widest.spread <= 0.0 {
                self.heap.push(widest);
                return;
            }
            self.split(widest, None);
        }
    }

    /// Takes the kept sites out, and splits at most so many groups, those with the largest errors (in the
    /// order of [`Self::members`]; none where there are none), by the bases that matter.
    pub(crate) fn refine(&mut self, kept: &[bool], errors: &[f64], matter: &[bool], most: usize) {
        let groups = self.members();
        let mut order: Vec<usize> = (0..groups.len().min(errors.len())).filter(|&g| errors[g] > 0.0).collect();
        order.sort_by(|&a, &b| errors[b].total_cmp(&errors[a]).then(a.cmp(&b)));
        order.truncate(most);
        let mut chosen = vec![false; groups.len()];
        for g in order {
            chosen[g] = true;
        }
        self.heap.clear();
        for (mut members, chosen) in groups.into_iter().zip(chosen) {
            members.retain(|&i| !kept[i]);
            if chosen && members.len() > 1 {
                let mut part = Groups { slot: self.slot, bases: self.bases, heap: BinaryHeap::new() };
                part.push(members, Some(matter));
                for _ in 0..3 {
                    if let Some(widest) = part.heap.pop() {
                        if widest.spread > 0.0 { part.split(widest, Some(matter)) } else { part.heap.push(widest) }
                    }
                }
                part.heap.into_iter().for_each(|group| self.push(group.members, None));
            } else {
                self.push(members, None);
            }
        }
    }

    /// The members of each group, in the order of their first.
    pub(crate) fn members(&self) -> Vec<Vec<usize>> {
        let mut list: Vec<Vec<usize>> = self.heap.iter().map(|group| group.members.clone()).collect();
        list.sort_unstable();
        list
    }
}

/// The smaller model and what its sites stand for.
pub(crate) struct Coarse {
    pub model: Model,
    /// Sites that stand for themselves, ascending, by the whole model's index. They come first.
    pub kept: Vec<usize>,
    /// Members of the groups, which come after them.
    pub groups: Vec<Vec<usize>>,
}

impl Coarse {
    pub(crate) fn new(whole: &Model, kept: &[bool], groups: Vec<Vec<usize>>) -> Self {
        let kept: Vec<usize> = (0..whole.sites()).filter(|&i| kept[i]).collect();
        let slot = &whole.slots[0];
        let count = groups.len();
        let mut new = vec![usize::MAX; whole.sites()];
        kept.iter().enumerate().for_each(|(place, &i)| new[i] = place);
        let mut help: Vec<Vec<Help>> = kept.iter().map(|&i| slot.help[i].clone()).collect();
        help.extend(groups.iter().map(|members| mean_help(slot, whole.bases(), members)));
        let mut forecast = part(&slot.forecast, &kept, 0, 0.0);
        forecast.extend(groups.iter().map(|members| members.iter().map(|&i| slot.forecast[i]).sum::<f64>()));
        let mut position = part(&whole.position, &kept, 0, (0.0, 0.0));
        position.extend(groups.iter().map(|members| whole.position[members[0]]));
        let duty = |duty: &Patrol| Patrol {
            shares: duty.shares.iter().map(|&(i, share)| (new[i], share)).collect(),
            ..duty.clone()
        };
        let area = |area: &Area| Area { sites: area.sites.iter().map(|&i| new[i]).collect(), ..area.clone() };
        let slot = Slot {
            forecast,
            watched: part(&slot.watched, &kept, count, 0.0),
            floor: part(&slot.floor, &kept, count, 0.0),
            must: part(&slot.must, &kept, count, false),
            visit: part(&slot.visit, &kept, count, false),
            help: Arc::new(help),
            on_duty: slot.on_duty.clone(),
            post_by: part(&slot.post_by, &kept, count, 0),
            force_by: slot.force_by.clone(),
            duties: slot.duties.iter().map(duty).collect(),
            areas: slot.areas.iter().map(area).collect(),
            minutes: slot.minutes,
        };
        let model = Model {
            slots: vec![slot],
            groups: whole.groups.clone(),
            reached_by: part(&whole.reached_by, &kept, count, 0),
            seats: part(&whole.seats, &kept, count, 1),
            base_seats: whole.base_seats.clone(),
            position,
            post_effect: whole.post_effect,
            patrol_effect: whole.patrol_effect,
            site_of: (0..kept.len() + count).collect(),
            base_of: whole.base_of.clone(),
            slot_of: whole.slot_of.clone(),
            counts_whole_seats: false,
        };
        Self { model, kept, groups }
    }
}

/// The kept sites' part of a list, and `value` for each of `count` groups.
pub(super) fn part<T: Clone>(list: &[T], kept: &[usize], count: usize, value: T) -> Vec<T> {
    kept.iter().map(|&i| list[i].clone()).chain(std::iter::repeat_n(value, count)).collect()
}

/// Mean effects on a group, best first.
fn mean_help(slot: &Slot, bases: usize, members: &[usize]) -> Vec<Help> {
    let sums = Sums::of(slot, bases, members);
    let means = sums.first.iter().enumerate().map(|(base, sum)| Help { base, effect: sum / sums.weight });
    let mut help: Vec<Help> = means.filter(|help| help.effect > EFFECT_LEAST).collect();
    help.sort_by(|a, b| b.effect.total_cmp(&a.effect).then(a.base.cmp(&b.base)));
    help
}

/// The same patrols for a slot that numbers its sites otherwise.
pub(crate) fn transfer(arena: &Arena, slot: &Slot) -> Arena {
    let mut other = Arena::new(slot);
    for patrol in &arena.patrols {
        if let Source::Route(area, stops) = &patrol.source {
            other.route(slot, *area, stops);
        }
    }
    other
}

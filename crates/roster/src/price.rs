//! The best pattern of one section at given gains per slot: a shortest path with resources.
//!
//! A pattern says in which slots of the cycle a section is on duty. Every pattern has a long rest
//! of at least a day, so it can be cut there: what remains is a path in time from its first duty
//! to its last, and no rule reaches across the cut (the rest before a duty is kept, and 24 hours
//! do not span a rest of a day). So for each slot in which the first duty may begin there is one
//! acyclic search. Its state is the history of duty over the last day, as bits; its labels are
//! pairs of work and gain of which neither is worse.

use crate::problem::{DAY_MINUTES, Problem, Section};
use std::collections::BTreeMap;

/// Rules in slots, for one kind of section, and the histories that can occur under them.
pub(crate) struct Automaton {
    slots: usize,
    /// Slots of the longest path: the cycle less the long rest.
    horizon: usize,
    slot_minutes: u32,
    ways_minutes: u32,
    work_max: u32,
    duty_slots_min: u32,
    is_barred: Vec<bool>,
    states: Vec<State>,
}

/// A history, and where one more slot leads.
struct State {
    on_duty: Option<u32>,
    at_rest: Option<u32>,
    /// Whether the last slot was on duty.
    is_on: bool,
    /// Whether the path may end here.
    may_end: bool,
}

/// Slots that a rest of `minutes` takes when two ways fall into it.
fn gap_slots(minutes: u32, ways: u32, slot: u32) -> u32 {
    (minutes + ways).div_ceil(slot)
}

impl Automaton {
    pub(crate) fn new(problem: &Problem, section: &Section) -> Self {
        let (data, rules) = (problem.data(), problem.data().rules);
        let (slot, ways) = (data.slot_minutes, 2 * section.travel_minutes);
        let long = gap_slots(rules.long_rest_minutes_min, ways, slot) as usize;
        // The ways to and from a duty may not fall into leave either.
        let reach = section.travel_minutes.div_ceil(slot) as usize;
        let mut is_barred = vec![false; problem.slots()];
        for &leave in &section.leave {
            for step in 0..=2 * reach {
                let before = problem.slots() * (reach / problem.slots() + 1) - reach;
                is_barred[(leave as usize + before + step) % problem.slots()] = true;
            }
        }
        let limits = Limits {
            rest: gap_slots(rules.rest_minutes_min, ways, slot).max(1),
            duty_min: rules.duty_minutes_min.div_ceil(slot).max(1),
            duty_max: rules.duty_minutes_max / slot,
            day: DAY_MINUTES.div_ceil(slot),
            day_minutes_max: rules.day_minutes_max,
            slot,
            ways,
        };
        Self {
            slots: problem.slots(),
            horizon: problem.slots().saturating_sub(long),
            slot_minutes: slot,
            ways_minutes: ways,
            work_max: problem.cycle_minutes_max(),
            duty_slots_min: limits.duty_min,
            is_barred,
            states: limits.states(),
        }
    }
}

struct Limits {
    rest: u32,
    duty_min: u32,
    duty_max: u32,
    /// Slots of 24 hours, rounded up.
    day: u32,
    day_minutes_max: u32,
    slot: u32,
    ways: u32,
}

impl Limits {
    /// Bits of a history, the last slot lowest: enough for the day and for the rest.
    fn keep(&self, history: u128) -> u128 {
        let bits = self.day.max(self.rest).max(self.duty_max) + 1;
        history & ((1 << bits) - 1)
    }

    fn may_work(&self, history: u128) -> bool {
        let rest = history.trailing_zeros();
        let run = history.trailing_ones();
        let next = (history << 1) | 1;
        if run > 0 && run >= self.duty_max {
            return false;
        }
        if run == 0 && (self.duty_max == 0 || (history != 0 && rest < self.rest)) {
            return false;
        }
        let window = next & ((1 << self.day) - 1);
        let runs = (window & !(window << 1)).count_ones();
        window.count_ones() * self.slot + runs * self.ways <= self.day_minutes_max
    }

    fn may_stop(&self, history: u128) -> bool {
        let run = history.trailing_ones();
        run == 0 || run >= self.duty_min
    }

    /// All histories that can occur, the empty one first.
    fn states(&self) -> Vec<State> {
        let mut index = BTreeMap::from([(0u128, 0u32)]);
        let mut histories = vec![0u128];
        let mut states = Vec::new();
        while states.len() < histories.len() {
            let history = histories[states.len()];
            let mut to = |next: u128| {
                let next = self.keep(next);
                let fresh = u32::try_from(histories.len()).expect("histories of a day fit 32 bits");
                *index.entry(next).or_insert_with(|| {
                    histories.push(next);
                    fresh
                })
            };
            states.push(State {
                on_duty: self.may_work(history).then(|| to((history << 1) | 1)),
                at_rest: self.may_stop(history).then(|| to(history << 1)),
                is_on: history & 1 == 1,
                may_end: self.may_stop(history),
            });
        }
        states
    }
}

#[derive(Clone, Copy)]
struct Label {
    work: u32,
    gain: i64,
    parent: u32,
    is_duty: bool,
}

/// The best pattern: its gain, and the slots on duty. Gains must not be negative; without any
/// gain the pattern is empty.
pub(crate) fn best_pattern(automaton: &Automaton, gains: &[i64]) -> (i64, Vec<bool>) {
    let mut best = (0, vec![false; automaton.slots]);
    let mut search = Search::new(automaton);
    for first in 0..automaton.slots {
        // The first slot is on duty; where it gains nothing another start is as good, unless the
        // duty needs it to reach its least length.
        if automaton.is_barred[first] || (gains[first] == 0 && automaton.duty_slots_min == 1) {
            continue;
        }
        search.run(first, gains, &mut best);
    }
    best
}

struct Search<'a> {
    automaton: &'a Automaton,
    labels: Vec<Label>,
    /// For each state the labels at the current and at the next slot.
    here: Vec<Vec<u32>>,
    there: Vec<Vec<u32>>,
}

impl<'a> Search<'a> {
    fn new(automaton: &'a Automaton) -> Self {
        let lists = || vec![Vec::new(); automaton.states.len()];
        Self { automaton, labels: Vec::new(), here: lists(), there: lists() }
    }

    fn run(&mut self, first: usize, gains: &[i64], best: &mut (i64, Vec<bool>)) {
        let automaton = self.automaton;
        self.labels.clear();
        self.here.iter_mut().for_each(Vec::clear);
        self.labels.push(Label { work: 0, gain: 0, parent: u32::MAX, is_duty: false });
        self.here[0].push(0);
        let mut found: Option<(i64, u32, usize)> = None;
        for step in 0..automaton.horizon {
            let slot = (first + step) % automaton.slots;
            self.there.iter_mut().for_each(Vec::clear);
            for state in 0..automaton.states.len() {
                for at in 0..self.here[state].len() {
                    let from = self.here[state][at];
                    if let Some(to) = automaton.states[state].on_duty.filter(|_| !automaton.is_barred[slot]) {
                        self.extend(from, to as usize, state, Some(gains[slot]));
                    }
                    if let Some(to) = automaton.states[state].at_rest.filter(|_| step > 0) {
                        self.extend(from, to as usize, state, None);
                    }
                }
            }
            std::mem::swap(&mut self.here, &mut self.there);
            for (state, list) in self.here.iter().enumerate() {
                if automaton.states[state].may_end && automaton.states[state].is_on {
                    for &label in list {
                        let gain = self.labels[label as usize].gain;
                        if gain > best.0 && found.is_none_or(|(most, ..)| gain > most) {
                            found = Some((gain, label, step));
                        }
                    }
                }
            }
        }
        if let Some((gain, label, step)) = found {
            *best = (gain, self.trace(label, first, step));
        }
    }

    /// Adds a label unless another at the same state has no more work and no less gain.
    fn extend(&mut self, from: u32, to: usize, state: usize, duty: Option<i64>) {
        let parent = self.labels[from as usize];
        let starts = duty.is_some() && !self.automaton.states[state].is_on;
        let work = parent.work
            + if duty.is_some() { self.automaton.slot_minutes } else { 0 }
            + if starts { self.automaton.ways_minutes } else { 0 };
        let gain = parent.gain + duty.unwrap_or(0);
        if work > self.automaton.work_max {
            return;
        }
        let labels = &self.labels;
        let list = &mut self.there[to];
        if list.iter().any(|&other| labels[other as usize].work <= work && labels[other as usize].gain >= gain) {
            return;
        }
        list.retain(|&other| labels[other as usize].work < work || labels[other as usize].gain > gain);
        list.push(u32::try_from(self.labels.len()).expect("labels fit 32 bits"));
        self.labels.push(Label { work, gain, parent: from, is_duty: duty.is_some() });
    }

    fn trace(&self, label: u32, first: usize, step: usize) -> Vec<bool> {
        let mut pattern = vec![false; self.automaton.slots];
        let (mut label, mut step) = (self.labels[label as usize], step);
        while label.parent != u32::MAX {
            pattern[(first + step) % self.automaton.slots] = label.is_duty;
            label = self.labels[label.parent as usize];
            step = step.wrapping_sub(1);
        }
        pattern
    }
}

//! The best pattern of one section at given gains per slot: a shortest path with resources.
//!
//! A pattern says in which slots of the cycle a section is on duty. Every pattern has a long rest
//! of at least a day, so it can be cut there: what remains is a path in time from its first duty
//! to its last, and no rule reaches across the cut (the rest before a duty is kept, and 24 hours
//! do not span a rest of a day). So for each slot in which the first duty may begin there is one
//! acyclic search. Its state is the history of duty over the last day, as bits; its labels are
//! pairs of work and gain of which neither is worse.
//!
//! With a price on work in place of its limit, the best way to go on from each history and slot
//! follows in one pass; it bounds what a label can still become. Starts are tried in the order of
//! their bounds, and most starts and labels are never looked at.

use crate::problem::{DAY_MINUTES, Problem, Section};
use std::collections::BTreeMap;

/// Rules in slots, for one kind of section, and the histories that can occur under them.
pub(crate) struct Automaton {
    slots: usize,
    /// Slots of the longest path: the cycle less the long rest.
    horizon: usize,
    /// Work of a slot, of both ways, and most in a cycle, in a unit that divides the first two.
    slot_work: i64,
    ways_work: i64,
    work_max: i64,
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

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

impl Automaton {
    pub(crate) fn new(problem: &Problem, section: &Section) -> Self {
        let (data, rules) = (problem.data(), problem.data().rules);
        let (slot, ways) = (data.slot_minutes, 2 * section.travel_minutes);
        let unit = common_divisor(slot, ways);
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
            slot_work: i64::from(slot / unit),
            ways_work: i64::from(ways / unit),
            work_max: i64::from(problem.cycle_minutes_max() / unit),
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
    work: i64,
    gain: i64,
    parent: u32,
    is_duty: bool,
}

/// Gains are refined by this factor, so that a whole price on work is fine enough.
const FINE: i64 = 1 << 8;
const NEVER: i64 = i64::MIN / 4;

/// The best pattern: its gain, and the slots on duty. Gains must not be negative; without any
/// gain the pattern is empty.
pub(crate) fn best_pattern(automaton: &Automaton, gains: &[i64]) -> (i64, Vec<bool>) {
    one_pattern(automaton, gains, usize::MAX)
}

/// A good pattern: the same search with few labels at a state, several times as quick.
pub(crate) fn good_pattern(automaton: &Automaton, gains: &[i64]) -> Vec<bool> {
    one_pattern(automaton, gains, LABELS_FEW).1
}

fn one_pattern(automaton: &Automaton, gains: &[i64], labels_max: usize) -> (i64, Vec<bool>) {
    let fine: Vec<i64> = gains.iter().map(|gain| gain * FINE).collect();
    let mut search = Search::new(automaton, &fine);
    search.labels_max = labels_max;
    search.choose_price();
    // Where the first slot gains nothing another start is as good, unless the duty needs it to
    // reach its least length.
    let is_start = |first: &usize| !automaton.is_barred[*first] && (gains[*first] > 0 || automaton.duty_slots_min > 1);
    let mut starts: Vec<(i64, usize)> =
        (0..automaton.slots).filter(is_start).map(|first| (search.relax(first).0, first)).collect();
    starts.sort_unstable_by_key(|&(bound, first)| (std::cmp::Reverse(bound), first));
    let mut best = (0, vec![false; automaton.slots]);
    for (bound, first) in starts {
        if bound <= best.0 {
            break;
        }
        search.relax(first);
        search.run(first, &mut best);
    }
    (best.0 / FINE, best.1)
}

/// Good patterns at given gains, each of another first duty, the best first: at most `count`, from
/// a search that keeps few labels at a state. None gains more than [`best_pattern`].
pub(crate) fn good_patterns(automaton: &Automaton, gains: &[i64], count: usize) -> Vec<Vec<bool>> {
    let fine: Vec<i64> = gains.iter().map(|gain| gain * FINE).collect();
    let mut search = Search::new(automaton, &fine);
    search.choose_price();
    search.labels_max = LABELS_FEW;
    let is_start = |first: &usize| !automaton.is_barred[*first] && gains[*first] > 0;
    let mut starts: Vec<(i64, usize)> =
        (0..automaton.slots).filter(is_start).map(|first| (search.relax(first).0, first)).collect();
    starts.sort_unstable_by_key(|&(bound, first)| (std::cmp::Reverse(bound), first));
    starts.truncate(2 * count);
    let mut found: Vec<(i64, Vec<bool>)> = Vec::new();
    for (_, first) in starts {
        let mut best = (0, Vec::new());
        search.relax(first);
        search.run(first, &mut best);
        if best.0 > 0 {
            found.push(best);
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    found.into_iter().take(count).map(|(_, pattern)| pattern).collect()
}

/// Labels at a state in a search that need not be exact.
const LABELS_FEW: usize = 2;

struct Search<'a> {
    automaton: &'a Automaton,
    gains: &'a [i64],
    /// Price of a unit of work.
    price: i64,
    /// For each slot of the path and state, the most that can still be gained, less the price of
    /// the work for it; and that work.
    ahead: Vec<(i64, i64)>,
    labels: Vec<Label>,
    /// For each state the labels at the current and at the next slot.
    here: Vec<Vec<u32>>,
    there: Vec<Vec<u32>>,
    /// Most labels at a state; of more, those that promise least are dropped.
    labels_max: usize,
}

impl<'a> Search<'a> {
    fn new(automaton: &'a Automaton, gains: &'a [i64]) -> Self {
        let lists = || vec![Vec::new(); automaton.states.len()];
        let ahead = vec![(0, 0); (automaton.horizon + 1) * automaton.states.len()];
        Self {
            automaton,
            gains,
            price: 0,
            ahead,
            labels: Vec::new(),
            here: lists(),
            there: lists(),
            labels_max: usize::MAX,
        }
    }

    /// Work of one more slot on duty after a state.
    fn work(&self, state: &State) -> i64 {
        self.automaton.slot_work + if state.is_on { 0 } else { self.automaton.ways_work }
    }

    /// Fills `ahead` for paths that begin in slot `first`: the bound of these paths, and the work
    /// of the path that gives it.
    fn relax(&mut self, first: usize) -> (i64, i64) {
        let automaton = self.automaton;
        let count = automaton.states.len();
        let end = |state: &State| if state.may_end { (0, 0) } else { (NEVER, 0) };
        for (at, state) in automaton.states.iter().enumerate() {
            self.ahead[automaton.horizon * count + at] = end(state);
        }
        for step in (0..automaton.horizon).rev() {
            let slot = (first + step) % automaton.slots;
            for (at, state) in automaton.states.iter().enumerate() {
                // A path begins with a duty.
                let mut best = if step == 0 { (NEVER, 0) } else { end(state) };
                if let Some(to) = state.on_duty.filter(|_| !automaton.is_barred[slot]) {
                    let (gain, work) = self.ahead[(step + 1) * count + to as usize];
                    let more = self.work(state);
                    best = best.max((gain + self.gains[slot] - self.price * more, work + more));
                }
                if let Some(to) = state.at_rest.filter(|_| step > 0) {
                    best = best.max(self.ahead[(step + 1) * count + to as usize]);
                }
                self.ahead[step * count + at] = best;
            }
        }
        let (gain, work) = self.ahead[0];
        (gain + self.price * automaton.work_max, work)
    }

    /// The price at which the path from the best start keeps the limit, by bisection.
    fn choose_price(&mut self) {
        let starts = (0..self.automaton.slots).map(|first| (self.relax(first).0, std::cmp::Reverse(first)));
        let Some((_, std::cmp::Reverse(first))) = starts.max() else { return };
        let (mut low, mut high) = (0, self.gains.iter().max().map_or(0, |most| most / self.automaton.slot_work + 1));
        if self.relax(first).1 <= self.automaton.work_max {
            return;
        }
        for _ in 0..12 {
            self.price = i64::midpoint(low, high);
            if self.relax(first).1 > self.automaton.work_max {
                low = self.price;
            } else {
                high = self.price;
            }
        }
        self.price = high;
    }

    fn run(&mut self, first: usize, best: &mut (i64, Vec<bool>)) {
        let automaton = self.automaton;
        self.labels.clear();
        self.here.iter_mut().for_each(Vec::clear);
        self.labels.push(Label { work: 0, gain: 0, parent: u32::MAX, is_duty: false });
        self.here[0].push(0);
        let mut found: Option<(u32, usize)> = None;
        let mut least = best.0;
        for step in 0..automaton.horizon {
            let slot = (first + step) % automaton.slots;
            self.there.iter_mut().for_each(Vec::clear);
            for (at, state) in automaton.states.iter().enumerate() {
                for place in 0..self.here[at].len() {
                    let from = self.here[at][place];
                    if let Some(to) = state.on_duty.filter(|_| !automaton.is_barred[slot]) {
                        self.extend(from, to as usize, step + 1, Some((self.gains[slot], self.work(state))), least);
                    }
                    if let Some(to) = state.at_rest.filter(|_| step > 0) {
                        self.extend(from, to as usize, step + 1, None, least);
                    }
                }
            }
            std::mem::swap(&mut self.here, &mut self.there);
            let ends = automaton.states.iter().zip(&self.here).filter(|(state, _)| state.may_end && state.is_on);
            for (_, list) in ends {
                for &label in list {
                    if self.labels[label as usize].gain > least {
                        least = self.labels[label as usize].gain;
                        found = Some((label, step));
                    }
                }
            }
        }
        if let Some((label, step)) = found {
            *best = (least, self.trace(label, first, step));
        }
    }

    /// Adds a label unless it cannot gain more than `least`, or another at the same state has no
    /// more work and no less gain.
    fn extend(&mut self, from: u32, to: usize, step: usize, duty: Option<(i64, i64)>, least: i64) {
        let parent = self.labels[from as usize];
        let (more_gain, more_work) = duty.unwrap_or((0, 0));
        let (work, gain) = (parent.work + more_work, parent.gain + more_gain);
        let left = self.automaton.work_max - work;
        let ahead = self.ahead[step * self.automaton.states.len() + to].0;
        if left < 0 || gain + ahead + self.price * left <= least {
            return;
        }
        let labels = &self.labels;
        let list = &mut self.there[to];
        if list.iter().any(|&other| labels[other as usize].work <= work && labels[other as usize].gain >= gain) {
            return;
        }
        list.retain(|&other| labels[other as usize].work < work || labels[other as usize].gain > gain);
        let price = self.price;
        let promise = |label: &Label| label.gain - price * label.work;
        if list.len() >= self.labels_max {
            let worst = (0..list.len()).min_by_key(|&place| promise(&labels[list[place] as usize]));
            let worst = worst.expect("the list is not empty");
            if promise(&labels[list[worst] as usize]) >= gain - price * work {
                return;
            }
            list.swap_remove(worst);
        }
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

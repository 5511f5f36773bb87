//! Simulated annealing for covering: a member of the set is moved to a candidate that covers some
//! of the same demand, and a loss is accepted the less readily the larger it is and the later.
//!
//! What every candidate would add, and every member take away, is kept up to date, so that a move
//! that is not made costs one look at the demand of one candidate.

use crate::choice::Program;
use konbit_base::rng::Seeded;

/// Moves tried for each member of the set in one run.
const MOVES_EACH: usize = 20_000;
/// Most looks at a customer in one run.
const LOOKS_MAX: usize = 400_000_000;
/// Steps of the temperature; it falls by a factor of 16.
const STEPS: usize = 100;
const COOLING: f64 = 0.972_655; // 16^(-1/100)
/// First temperature, as a share of what a member covers on average.
const HOT_SHARE: f64 = 1.0 / 16.0;

/// A set under change. Only for programs of covering, where every pair costs nothing.
struct State<'a> {
    program: &'a Program,
    start: Vec<usize>,
    served: Vec<(u32, u32)>,
    is_open: Vec<bool>,
    members: Vec<u32>,
    /// Of each customer: how many members serve it, and the exclusive or of their indices.
    count: Vec<u32>,
    mixed: Vec<u32>,
    /// Of a candidate outside, what it would save; of a member, what would be lost without it.
    worth: Vec<i64>,
    value: i64,
}

impl<'a> State<'a> {
    fn new(program: &'a Program, is_open: &[bool]) -> Self {
        let (start, served) = program.by_candidate();
        let mut state = State {
            program,
            start,
            served,
            is_open: vec![false; is_open.len()],
            members: Vec::new(),
            count: vec![0; program.customers()],
            mixed: vec![0; program.customers()],
            worth: vec![0; is_open.len()],
            value: program.base + program.fallback.iter().sum::<i64>(),
        };
        for i in 0..is_open.len() {
            state.worth[i] = state.served(i).iter().map(|&(j, _)| program.fallback[j as usize]).sum();
        }
        for i in (0..is_open.len()).filter(|&i| is_open[i]) {
            state.open(i);
            state.members.push(index(i));
        }
        state
    }

    fn served(&self, i: usize) -> &[(u32, u32)] {
        &self.served[self.start[i]..self.start[i + 1]]
    }

    fn open(&mut self, i: usize) {
        let own = self.worth[i];
        self.value -= own;
        self.is_open[i] = true;
        for at in self.start[i]..self.start[i + 1] {
            let j = self.served[at].0 as usize;
            match self.count[j] {
                0 => self.shift(j, -self.program.fallback[j]),
                1 => self.worth[self.mixed[j] as usize] -= self.program.fallback[j],
                _ => {}
            }
            self.count[j] += 1;
            self.mixed[j] ^= index(i);
        }
        self.worth[i] = own;
    }

    fn close(&mut self, i: usize) {
        let own = self.worth[i];
        self.value += own;
        self.is_open[i] = false;
        for at in self.start[i]..self.start[i + 1] {
            let j = self.served[at].0 as usize;
            self.count[j] -= 1;
            self.mixed[j] ^= index(i);
            match self.count[j] {
                0 => self.shift(j, self.program.fallback[j]),
                1 => self.worth[self.mixed[j] as usize] += self.program.fallback[j],
                _ => {}
            }
        }
        self.worth[i] = own;
    }

    fn shift(&mut self, customer: usize, change: i64) {
        for pair in self.program.pairs_of(customer) {
            self.worth[pair.candidate as usize] += change;
        }
    }

    /// What moving a member to a candidate outside saves.
    fn saves(&self, leave: usize, enter: usize) -> i64 {
        let alone = |j: usize| self.count[j] == 1 && self.mixed[j] as usize == leave;
        let again = self.served(enter).iter().map(|&(j, _)| j as usize).filter(|&j| alone(j));
        self.worth[enter] - self.worth[leave] + again.map(|j| self.program.fallback[j]).sum::<i64>()
    }

    /// Moves the member at a place of the list.
    fn exchange(&mut self, place: usize, enter: usize) {
        let leave = self.members[place] as usize;
        self.close(leave);
        self.open(enter);
        self.members[place] = index(enter);
    }

    /// A candidate that covers some of the same as a member, or sometimes any.
    fn neighbour(&self, member: usize, rng: &mut Seeded) -> usize {
        let served = self.served(member);
        if served.is_empty() || rng.below(8) == 0 {
            return below(self.is_open.len(), rng);
        }
        let pairs = self.program.pairs_of(served[below(served.len(), rng)].0 as usize);
        pairs[below(pairs.len(), rng)].candidate as usize
    }
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("candidates fit 32 bits")
}

fn below(bound: usize, rng: &mut Seeded) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

/// About `exp(-x)`, from products alone: the same on every machine.
fn fading(x: f64) -> f64 {
    let root = (1.0 - x / 16.0).max(0.0);
    let square = root * root;
    let fourth = square * square;
    let eighth = fourth * fourth;
    eighth * eighth
}

/// One run from a set, on a program of covering. The best set it saw, and its value.
pub(crate) fn anneal(program: &Program, from: &[bool], rng: &mut Seeded, stop: &dyn Fn() -> bool) -> (Vec<bool>, i64) {
    let mut state = State::new(program, from);
    let (mut best, mut value) = (from.to_vec(), state.value);
    let p = state.members.len();
    if p == 0 || p == from.len() {
        return (best, value);
    }
    let covered = state.program.base + program.fallback.iter().sum::<i64>() - state.value;
    let mut heat = HOT_SHARE * covered as f64 / p as f64 + 1.0;
    let looks = (program.pairs.len() / from.len()).max(1);
    let moves = (MOVES_EACH * p).min(LOOKS_MAX / looks) / STEPS;
    for _ in 0..STEPS {
        if stop() {
            break;
        }
        for _ in 0..moves {
            let place = below(p, rng);
            let leave = state.members[place] as usize;
            let enter = state.neighbour(leave, rng);
            if state.is_open[enter] {
                continue;
            }
            let saves = state.saves(leave, enter);
            if saves >= 0 || rng.unit() < fading(-saves as f64 / heat) {
                state.exchange(place, enter);
                if state.value < value {
                    value = state.value;
                    best.clone_from(&state.is_open);
                }
            }
        }
        heat *= COOLING;
    }
    (best, value)
}

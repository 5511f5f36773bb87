//! Simulated annealing for covering: a member of the set is moved to a candidate that covers some
//! of the same demand, and a loss is accepted the less readily the larger it is and the later.
//!
//! What every candidate would add, and every member take away, is kept up to date. A move that is
//! not made costs a look at the weight that both candidates cover, which is counted once for the
//! program, and only where that leaves a doubt one at the demand of one candidate.

use crate::choice::Program;
use konbit_base::rng::Seeded;

/// Most looks at a pair while the neighbours are listed.
const LISTING_MAX: u128 = 4_000_000_000;
/// The temperature falls in two to the power of so many steps.
const STEPS_LOG: u32 = 6;
/// Of so many moves one goes to any candidate, the others to one that covers some of the same.
const FAR_ONE_IN: usize = 16;

/// What the runs on one program share.
pub(crate) struct Ground<'a> {
    pub program: &'a Program,
    start: Vec<usize>,
    served: Vec<u32>,
    /// Candidates of the pairs of the program: without the costs more of them lie at hand.
    pairs: Vec<u32>,
    /// Neighbours of candidate `i` are `near[near_start[i]..near_start[i + 1]]`.
    near_start: Vec<usize>,
    near: Vec<Neighbour>,
    /// Losses, as multiples of the temperature, that are accepted: each with the same chance.
    losses: Vec<f64>,
}

/// A candidate and the weight that it and another both cover.
struct Neighbour {
    candidate: u32,
    weight: i64,
}

impl<'a> Ground<'a> {
    /// For a program of covering, where every pair costs nothing; `None` where there are so many
    /// pairs that listing neighbours would take minutes.
    pub(crate) fn new(program: &'a Program) -> Option<Self> {
        let square = |j: usize| (program.pairs_of(j).len() as u128).pow(2);
        if (0..program.customers()).map(square).sum::<u128>() > LISTING_MAX {
            return None;
        }
        let (start, served) = program.by_candidate();
        let served = served.into_iter().map(|(j, _)| j).collect();
        let losses = (0..1_024).map(|k| fading((f64::from(k) + 0.5) / 1_024.0)).collect();
        let pairs = program.pairs.iter().map(|pair| pair.candidate).collect();
        let mut ground = Self { program, start, served, pairs, near_start: vec![0], near: Vec::new(), losses };
        let mut weight = vec![0; program.candidates()];
        for i in 0..program.candidates() {
            let mut found: Vec<u32> = Vec::new();
            for &j in ground.served(i) {
                for pair in program.pairs_of(j as usize).iter().filter(|pair| pair.candidate as usize != i) {
                    if weight[pair.candidate as usize] == 0 {
                        found.push(pair.candidate);
                    }
                    weight[pair.candidate as usize] += program.fallback[j as usize];
                }
            }
            found.sort_unstable();
            let take =
                |candidate: u32| Neighbour { candidate, weight: std::mem::take(&mut weight[candidate as usize]) };
            ground.near.extend(found.into_iter().map(take));
            ground.near_start.push(ground.near.len());
        }
        Some(ground)
    }

    fn served(&self, i: usize) -> &[u32] {
        &self.served[self.start[i]..self.start[i + 1]]
    }

    fn near(&self, i: usize) -> &[Neighbour] {
        &self.near[self.near_start[i]..self.near_start[i + 1]]
    }

    /// From a candidate to each other the number of steps between neighbours.
    pub(crate) fn steps_from(&self, first: usize) -> Vec<u32> {
        let mut steps = vec![u32::MAX; self.program.candidates()];
        steps[first] = 0;
        let mut queue = std::collections::VecDeque::from([first]);
        while let Some(i) = queue.pop_front() {
            for near in self.near(i) {
                if steps[near.candidate as usize] == u32::MAX {
                    steps[near.candidate as usize] = steps[i] + 1;
                    queue.push_back(near.candidate as usize);
                }
            }
        }
        steps
    }

    /// How much work a move that is made is, as a number of looks at a customer or pair.
    pub(crate) fn looks_each(&self) -> usize {
        let squares: usize = (0..self.program.customers()).map(|j| self.program.pairs_of(j).len().pow(2)).sum();
        (self.program.pairs.len() + squares / 50) / self.program.candidates().max(1)
    }
}

/// The loss that is accepted with chance `chance`, about `-ln(chance)`, from exact operations
/// alone: the same on every machine.
fn fading(chance: f64) -> f64 {
    16.0 * (1.0 - chance.sqrt().sqrt().sqrt().sqrt())
}

/// A random index below `bound`, from 32 random bits.
fn place(bits: u64, bound: usize) -> usize {
    let bound = u64::try_from(bound).expect("an index fits 64 bits");
    usize::try_from(((bits & 0xffff_ffff) * bound) >> 32).expect("below the bound")
}

/// A set and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set {
    pub value: i64,
    /// Ascending where a run hands it back.
    pub members: Vec<u32>,
}

/// A set under change.
#[derive(Clone)]
pub(crate) struct State<'a> {
    ground: &'a Ground<'a>,
    is_open: Vec<bool>,
    members: Vec<u32>,
    /// Of each customer: how many members serve it, and the exclusive or of their indices.
    count: Vec<u32>,
    mixed: Vec<u32>,
    /// Of each customer its weight, and the member that alone serves it.
    alone: Vec<(u32, i64)>,
    /// Of a candidate outside, what it would save; of a member, what would be lost without it.
    worth: Vec<i64>,
    value: i64,
}

const NOBODY: u32 = u32::MAX;

impl<'a> State<'a> {
    /// The set that is built by taking what saves most, one by one.
    pub(crate) fn new(ground: &'a Ground<'a>) -> Self {
        let program = ground.program;
        let weight = |i: usize| ground.served(i).iter().map(|&j| program.fallback[j as usize]).sum();
        let mut state = State {
            ground,
            is_open: vec![false; program.candidates()],
            members: Vec::new(),
            count: vec![0; program.customers()],
            mixed: vec![0; program.customers()],
            alone: program.fallback.iter().map(|&weight| (NOBODY, weight)).collect(),
            worth: (0..program.candidates()).map(weight).collect(),
            value: program.base + program.fallback.iter().sum::<i64>(),
        };
        state.fit();
        state
    }

    /// What a member covers on average.
    pub(crate) fn mean_cover(&self) -> f64 {
        let program = self.ground.program;
        let all = program.base + program.fallback.iter().sum::<i64>();
        (all - self.value) as f64 / program.choose.max(1) as f64
    }

    /// Becomes a set of any size, filled up or thinned out to the right one.
    pub(crate) fn become_set(&mut self, members: &[u32]) {
        let mut stays = vec![false; self.is_open.len()];
        for &i in members {
            stays[i as usize] = true;
        }
        for i in std::mem::take(&mut self.members) {
            if !stays[i as usize] {
                self.close(i as usize);
            }
        }
        for &i in members {
            if !self.is_open[i as usize] {
                self.open(i as usize);
            }
        }
        self.members = members.to_vec();
        self.fit();
    }

    fn fit(&mut self) {
        let choose = self.ground.program.choose;
        while self.members.len() > choose {
            let least = (0..self.members.len()).min_by_key(|&at| (self.worth[self.members[at] as usize], at));
            let leave = self.members.swap_remove(least.expect("there are too many members"));
            self.close(leave as usize);
        }
        while self.members.len() < choose {
            let outside = (0..self.is_open.len()).filter(|&i| !self.is_open[i]);
            let enter = outside.max_by_key(|&i| (self.worth[i], std::cmp::Reverse(i)));
            let enter = enter.expect("at most all candidates are chosen");
            self.open(enter);
            self.members.push(index(enter));
        }
    }

    fn open(&mut self, i: usize) {
        let own = self.worth[i];
        self.value -= own;
        self.is_open[i] = true;
        for &j in self.ground.served(i) {
            let (member, j) = (index(i), j as usize);
            let weight = self.alone[j].1;
            match self.count[j] {
                0 => {
                    self.shift(j, -weight);
                    self.alone[j].0 = member;
                }
                1 => {
                    self.worth[self.mixed[j] as usize] -= weight;
                    self.alone[j].0 = NOBODY;
                }
                _ => {}
            }
            self.count[j] += 1;
            self.mixed[j] ^= member;
        }
        self.worth[i] = own;
    }

    fn close(&mut self, i: usize) {
        let own = self.worth[i];
        self.value += own;
        self.is_open[i] = false;
        for &j in self.ground.served(i) {
            let j = j as usize;
            let weight = self.alone[j].1;
            self.count[j] -= 1;
            self.mixed[j] ^= index(i);
            match self.count[j] {
                0 => {
                    self.shift(j, weight);
                    self.alone[j].0 = NOBODY;
                }
                1 => {
                    self.worth[self.mixed[j] as usize] += weight;
                    self.alone[j].0 = self.mixed[j];
                }
                _ => {}
            }
        }
        self.worth[i] = own;
    }

    fn shift(&mut self, customer: usize, change: i64) {
        let start = &self.ground.program.start;
        for &i in &self.ground.pairs[start[customer]..start[customer + 1]] {
            self.worth[i as usize] += change;
        }
    }

    /// Whether moving `leave` to `enter`, which both cover at most the weight `both`, loses at
    /// most `most`.
    fn accepts(&self, leave: usize, enter: usize, both: i64, most: i64) -> bool {
        let apart = self.worth[leave] - self.worth[enter];
        let again = |&j: &u32| match self.alone[j as usize] {
            (member, weight) if member as usize == leave => weight,
            _ => 0,
        };
        let again = || self.ground.served(enter).iter().map(again).sum::<i64>();
        apart <= most || (apart - both <= most && apart - again() <= most)
    }

    /// Tries moves at one temperature; how many were made. There is a member and a candidate
    /// outside.
    pub(crate) fn sweep(&mut self, rng: &mut Seeded, heat: f64, moves: u64, best: &mut Set) -> u64 {
        let ground = self.ground;
        let mut made = 0;
        for _ in 0..moves {
            let (bits, more) = (rng.next_u64(), rng.next_u64());
            let at = place(bits, self.members.len());
            let leave = self.members[at] as usize;
            let near = ground.near(leave);
            let (enter, both) = if near.is_empty() || place(more >> 10, FAR_ONE_IN) == 0 {
                // Where they are neighbours all the same, both cover at most what one covers.
                (place(bits >> 32, self.is_open.len()), self.worth[leave])
            } else {
                let near = &near[place(bits >> 32, near.len())];
                (near.candidate as usize, near.weight)
            };
            if self.is_open[enter] {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
            let most = (heat * ground.losses[place(more >> 32, ground.losses.len())]) as i64;
            if self.accepts(leave, enter, both, most) {
                made += 1;
                self.close(leave);
                self.open(enter);
                self.members[at] = index(enter);
                if self.value < best.value {
                    best.value = self.value;
                    best.members.clone_from(&self.members);
                }
            }
        }
        made
    }

    /// A run from the set as it is, from one temperature to another: the best set it saw.
    pub(crate) fn cool(&mut self, rng: &mut Seeded, hot: f64, cold: f64, moves: u64) -> Set {
        let mut best = Set { value: self.value, members: self.members.clone() };
        // The root of the ratio of as high an order as there are steps.
        let factor = (0..STEPS_LOG).fold(cold / hot, |ratio, _| ratio.sqrt());
        let mut heat = hot;
        for _ in 0..1 << STEPS_LOG {
            self.sweep(rng, heat, moves >> STEPS_LOG, &mut best);
            heat *= factor;
        }
        best.members.sort_unstable();
        best
    }
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("candidates fit 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Pair;
    use konbit_base::rng::seeded;

    /// Customers of random weight, each covered by up to four of twelve candidates; choose four.
    fn program(rng: &mut Seeded) -> Program {
        let mut program = Program {
            base: 3,
            choose: 4,
            names: (0..12).collect(),
            origin: (0..30).collect(),
            fallback: (0..30).map(|_| 1 + i64::try_from(rng.below(20)).unwrap()).collect(),
            start: vec![0],
            pairs: Vec::new(),
            cuts: Vec::new(),
        };
        for _ in 0..30 {
            let cover: std::collections::BTreeSet<u32> = (0..4).map(|_| index(place(rng.next_u64(), 12))).collect();
            program.pairs.extend(cover.into_iter().map(|candidate| Pair { cost: 0, candidate }));
            program.start.push(program.pairs.len());
        }
        program
    }

    fn check(state: &State<'_>) {
        let program = state.ground.program;
        let value = |change: Option<usize>| {
            let mut is_open = state.is_open.clone();
            if let Some(i) = change {
                is_open[i] ^= true;
            }
            program.value(&is_open)
        };
        assert_eq!(state.value, value(None));
        for i in 0..12 {
            assert_eq!(state.worth[i], (value(Some(i)) - state.value).abs(), "candidate {i}");
        }
        assert_eq!(state.members.len(), 4);
        assert!(state.members.iter().all(|&i| state.is_open[i as usize]));
    }

    #[test]
    fn value_and_worth_are_kept_through_moves_and_a_move_is_accepted_up_to_its_loss() {
        for seed in 0..40 {
            let mut rng = seeded(seed, 0);
            let program = program(&mut rng);
            let ground = Ground::new(&program).unwrap();
            let mut state = State::new(&ground);
            check(&state);
            let best = state.cool(&mut rng, 20.0, 1.0, 3_200);
            check(&state);
            let mut is_open = vec![false; 12];
            best.members.iter().for_each(|&i| is_open[i as usize] = true);
            assert_eq!(best.value, program.value(&is_open));
            state.become_set(&[0, 3, 4, 7, 8, 9]);
            check(&state);
            state.become_set(&[11]);
            check(&state);
            let (leave, before) = (state.members[0] as usize, state.value);
            for near in ground.near(leave).iter().filter(|near| !state.is_open[near.candidate as usize]) {
                let enter = near.candidate as usize;
                let mut moved = state.clone();
                moved.close(leave);
                moved.open(enter);
                let loss = moved.value - before;
                assert!(state.accepts(leave, enter, near.weight, loss));
                assert!(!state.accepts(leave, enter, near.weight, loss - 1));
            }
        }
    }
}

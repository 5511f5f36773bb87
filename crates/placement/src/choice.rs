//! The program that median and covering share.
//!
//! Customers `j`, candidates `i`, choose a set `Y` of `p` candidates to
//!
//! ```text
//! minimise  base + sum_j min( d_j , min over i in Y of c_ij )
//! ```
//!
//! Only pairs with `c_ij < d_j` are stored. For a median `d_j` is out of reach of every pair; for
//! covering every stored `c_ij` is 0 and `d_j` is the weight that stays uncovered.
//!
//! The form is closed under decisions: opening `i` for good lowers `d_j` to `c_ij`, closing it
//! drops its pairs. So a node of the search tree is again a program of this form, and smaller.

use crate::cuts::Cut;
use konbit_base::rng::Seeded;

/// A pair of customer and candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub cost: u32,
    pub candidate: u32,
}

/// The program above. `names` maps its candidates to those of the instance, `origin` its customers.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub base: i64,
    pub choose: usize,
    pub names: Vec<u32>,
    pub origin: Vec<u32>,
    /// `d_j`.
    pub fallback: Vec<i64>,
    /// Pairs of customer `j` are `pairs[start[j]..start[j + 1]]`, cheapest first.
    pub start: Vec<usize>,
    pub pairs: Vec<Pair>,
    /// What is known beyond the rows; it changes no value, only the bound.
    pub cuts: Vec<Cut>,
}

/// What is decided about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    Free,
    Open,
    Closed,
}

impl Program {
    pub(crate) fn candidates(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn customers(&self) -> usize {
        self.fallback.len()
    }

    pub(crate) fn pairs_of(&self, customer: usize) -> &[Pair] {
        &self.pairs[self.start[customer]..self.start[customer + 1]]
    }

    /// Value of a set of candidates, given as marks.
    pub(crate) fn value(&self, is_open: &[bool]) -> i64 {
        let cost = |j: usize| {
            let first = self.pairs_of(j).iter().find(|pair| is_open[pair.candidate as usize]);
            first.map_or(self.fallback[j], |pair| i64::from(pair.cost))
        };
        self.base + (0..self.customers()).map(cost).sum::<i64>()
    }

    /// The program that is left after decisions, and for the new customers their index here.
    /// At least `choose` candidates are open or free, and at most `choose` are open.
    pub(crate) fn reduce(&self, fix: &[Fix]) -> Self {
        let mut renamed = vec![u32::MAX; self.candidates()];
        let mut names = Vec::new();
        for (i, &fix) in fix.iter().enumerate() {
            if fix == Fix::Free {
                renamed[i] = u32::try_from(names.len()).expect("as few as before");
                names.push(self.names[i]);
            }
        }
        let opened = fix.iter().filter(|&&fix| fix == Fix::Open).count();
        assert!(opened <= self.choose && names.len() + opened >= self.choose, "the decisions leave a choice");
        let mut next = Self {
            base: self.base,
            choose: self.choose - opened,
            names,
            origin: Vec::with_capacity(self.customers()),
            fallback: Vec::with_capacity(self.customers()),
            start: vec![0],
            pairs: Vec::with_capacity(self.pairs.len()),
            cuts: Vec::new(),
        };
        let mut placed = vec![u32::MAX; self.customers()];
        for (j, placed) in placed.iter_mut().enumerate() {
            let begin = next.pairs.len();
            let mut fallback = self.fallback[j];
            for pair in self.pairs_of(j) {
                match fix[pair.candidate as usize] {
                    Fix::Closed => {}
                    Fix::Free => {
                        next.pairs.push(Pair { cost: pair.cost, candidate: renamed[pair.candidate as usize] });
                    }
                    Fix::Open => {
                        fallback = i64::from(pair.cost);
                        break;
                    }
                }
            }
            while next.pairs.len() > begin && next.pairs.last().is_some_and(|p| i64::from(p.cost) >= fallback) {
                next.pairs.pop();
            }
            if next.pairs.len() == begin {
                next.base += fallback;
            } else {
                *placed = u32::try_from(next.origin.len()).expect("as few as before");
                next.origin.push(self.origin[j]);
                next.fallback.push(fallback);
                next.start.push(next.pairs.len());
            }
        }
        next.cuts = self.cuts.iter().filter_map(|cut| cut.reduce(fix, &renamed, &placed)).collect();
        next
    }

    /// Whether every pair costs nothing, as in covering.
    pub(crate) fn is_covering(&self) -> bool {
        self.pairs.iter().all(|pair| pair.cost == 0)
    }

    /// The pairs by candidate: for each the customers and their costs.
    pub(crate) fn by_candidate(&self) -> (Vec<usize>, Vec<(u32, u32)>) {
        let mut start = vec![0usize; self.candidates() + 1];
        for pair in &self.pairs {
            start[pair.candidate as usize + 1] += 1;
        }
        for i in 0..self.candidates() {
            start[i + 1] += start[i];
        }
        let mut at = start.clone();
        let mut list = vec![(0, 0); self.pairs.len()];
        for j in 0..self.customers() {
            for pair in self.pairs_of(j) {
                let place = &mut at[pair.candidate as usize];
                list[*place] = (u32::try_from(j).expect("customers fit 32 bits"), pair.cost);
                *place += 1;
            }
        }
        (start, list)
    }

    /// Marks candidates that another candidate replaces at no loss for any customer: of two that
    /// serve the same customers at the same cost the one of higher index. At least `choose` stay.
    pub(crate) fn dominated(&self) -> Vec<Fix> {
        let (start, list) = self.by_candidate();
        let served = |i: usize| &list[start[i]..start[i + 1]];
        let mut fix = vec![Fix::Free; self.candidates()];
        let mut left = self.candidates();
        for i in 0..self.candidates() {
            if left == self.choose {
                break;
            }
            let mine = served(i);
            // Whoever replaces `i` serves each of its customers: look among those of the scarcest.
            let scarce = mine.iter().map(|&(j, _)| j as usize).min_by_key(|&j| self.pairs_of(j).len());
            let Some(scarce) = scarce else {
                fix[i] = Fix::Closed;
                left -= 1;
                continue;
            };
            let replaces = |k: usize| {
                let other = served(k);
                if k == i || fix[k] == Fix::Closed || other.len() < mine.len() {
                    return false;
                }
                let mut rest = other.iter();
                let serves = |&(j, cost): &(u32, u32)| rest.find(|o| o.0 >= j).is_some_and(|o| o.0 == j && o.1 <= cost);
                mine.iter().all(serves) && (other.len() > mine.len() || k < i || other != mine)
            };
            if self.pairs_of(scarce).iter().any(|pair| replaces(pair.candidate as usize)) {
                fix[i] = Fix::Closed;
                left -= 1;
            }
        }
        fix
    }
}

/// Improves sets of one program by exchanging one member at a time.
pub(crate) struct Exchange<'a> {
    program: &'a Program,
    start: Vec<usize>,
    served: Vec<(u32, u32)>,
}

/// The two best members of a set for a customer; costs are the fallback where there is none.
#[derive(Clone, Copy)]
struct Nearest {
    first: i64,
    second: i64,
    member: Option<u32>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(program: &'a Program) -> Self {
        let (start, served) = program.by_candidate();
        Self { program, start, served }
    }

    fn served(&self, candidate: usize) -> &[(u32, u32)] {
        &self.served[self.start[candidate]..self.start[candidate + 1]]
    }

    fn nearest(&self, is_open: &[bool], j: usize) -> Nearest {
        let fallback = self.program.fallback[j];
        let mut open = self.program.pairs_of(j).iter().filter(|pair| is_open[pair.candidate as usize]);
        let first = open.next();
        let second = open.next().map_or(fallback, |pair| i64::from(pair.cost));
        match first {
            Some(pair) => Nearest { first: i64::from(pair.cost), second, member: Some(pair.candidate) },
            None => Nearest { first: fallback, second: fallback, member: None },
        }
    }

    /// Opens candidates one by one, each time the one that saves most, until `choose` are open.
    pub(crate) fn greedy(&self) -> Vec<bool> {
        let n = self.program.candidates();
        let mut is_open = vec![false; n];
        // For a median the first fallback is a number out of reach; any start works.
        let mut current: Vec<i64> = self.program.fallback.clone();
        for _ in 0..self.program.choose {
            let saves = |i: &usize| -> i64 {
                let save = |&(j, cost): &(u32, u32)| (current[j as usize] - i64::from(cost)).max(0);
                self.served(*i).iter().map(save).sum()
            };
            let best = (0..n).filter(|&i| !is_open[i]).max_by_key(|i| (saves(i), std::cmp::Reverse(*i)));
            let Some(best) = best else { break };
            is_open[best] = true;
            for &(j, cost) in self.served(best) {
                current[j as usize] = current[j as usize].min(i64::from(cost));
            }
        }
        is_open
    }

    /// Makes the best exchange of one member for one candidate until none improves.
    /// Whitaker (1983), with the bookkeeping of Resende and Werneck (2007).
    ///
    /// With `changed`, the candidates in which a set that allowed no exchange was changed, only
    /// candidates that serve a customer of one of these, or of one exchanged since, are tried.
    pub(crate) fn improve(&self, is_open: &mut [bool], changed: Option<&[usize]>) {
        let n = self.program.candidates();
        let mut nearest: Vec<Nearest> = (0..self.program.customers()).map(|j| self.nearest(is_open, j)).collect();
        let mut loss = vec![0i64; n];
        for near in &nearest {
            if let Some(member) = near.member {
                loss[member as usize] += near.second - near.first;
            }
        }
        // What each member is spared of its loss when the candidate at hand enters.
        let mut spared = vec![0i64; n];
        let mut members: Vec<usize> = (0..n).filter(|&i| is_open[i]).collect();
        let mut in_scope = vec![changed.is_none(); n];
        for &candidate in changed.unwrap_or_default() {
            self.widen(&mut in_scope, candidate);
        }
        let mut scope: Vec<usize> = (0..n).filter(|&i| in_scope[i]).collect();
        while let Some((enter, leave)) = self.best_exchange(is_open, &scope, &members, &nearest, &loss, &mut spared) {
            if changed.is_some() {
                self.widen(&mut in_scope, enter);
                self.widen(&mut in_scope, leave);
                scope = (0..n).filter(|&i| in_scope[i]).collect();
            }
            is_open[enter] = true;
            is_open[leave] = false;
            members.retain(|&i| i != leave);
            members.push(enter);
            members.sort_unstable();
            let touched = self.served(enter).iter().chain(self.served(leave));
            for j in touched.map(|&(j, _)| j as usize) {
                let (old, new) = (nearest[j], self.nearest(is_open, j));
                if let Some(member) = old.member {
                    loss[member as usize] -= old.second - old.first;
                }
                if let Some(member) = new.member {
                    loss[member as usize] += new.second - new.first;
                }
                nearest[j] = new;
            }
        }
    }

    fn widen(&self, in_scope: &mut [bool], candidate: usize) {
        let customers = self.served(candidate).iter().map(|&(j, _)| j as usize);
        for pair in customers.flat_map(|j| self.program.pairs_of(j)) {
            in_scope[pair.candidate as usize] = true;
        }
    }

    fn best_exchange(
        &self,
        is_open: &[bool],
        scope: &[usize],
        members: &[usize],
        nearest: &[Nearest],
        loss: &[i64],
        spared: &mut [i64],
    ) -> Option<(usize, usize)> {
        let mut best: Option<(i64, usize, usize)> = None;
        for &enter in scope.iter().filter(|&&i| !is_open[i]) {
            let mut gain = 0;
            for &(j, cost) in self.served(enter) {
                let (near, cost) = (nearest[j as usize], i64::from(cost));
                gain += (near.first - cost).max(0);
                if let Some(member) = near.member.filter(|_| cost < near.second) {
                    spared[member as usize] += near.second - cost.max(near.first);
                }
            }
            let least = best.map_or(0, |(profit, ..)| profit);
            for &leave in members {
                let profit = gain - loss[leave] + spared[leave];
                if profit > least && best.is_none_or(|(most, ..)| profit > most) {
                    best = Some((profit, enter, leave));
                }
                spared[leave] = 0;
            }
        }
        best.map(|(_, enter, leave)| (enter, leave))
    }

    /// Exchanges `count` members, neighbours of each other, for random candidates that serve
    /// some of the same customers: far exchanges would only be taken back. Returns who changed.
    pub(crate) fn shake(&self, is_open: &mut [bool], count: usize, rng: &mut Seeded) -> Vec<usize> {
        let n = is_open.len();
        let mut changed = Vec::new();
        let mut customer = None;
        for _ in 0..count {
            let near = customer.map_or(&[][..], |j| self.program.pairs_of(j));
            let mut members: Vec<usize> =
                near.iter().map(|pair| pair.candidate as usize).filter(|&i| is_open[i]).collect();
            if members.is_empty() {
                members = (0..n).filter(|&i| is_open[i]).collect();
            }
            let Some(leave) = pick(&members, rng) else { break };
            let Some((j, _)) = pick(self.served(leave), rng) else { break };
            let others: Vec<usize> = self
                .program
                .pairs_of(j as usize)
                .iter()
                .map(|p| p.candidate as usize)
                .filter(|&i| !is_open[i])
                .collect();
            let Some(enter) = pick(&others, rng) else { continue };
            (is_open[leave], is_open[enter]) = (false, true);
            changed.extend([leave, enter]);
            customer = pick(self.served(enter), rng).map(|(j, _)| j as usize);
        }
        changed
    }

    /// The members in random order.
    pub(crate) fn shuffled(&self, is_open: &[bool], rng: &mut Seeded) -> Vec<usize> {
        let mut members: Vec<usize> = (0..self.program.candidates()).filter(|&i| is_open[i]).collect();
        for last in (1..members.len()).rev() {
            members.swap(last, below(last + 1, rng));
        }
        members
    }

    /// Frees a member, the `count - 1` members nearest to it, and the candidates that serve their
    /// customers; holds the other members. There are at least `count` members.
    pub(crate) fn part(&self, is_open: &[bool], first: usize, count: usize) -> Vec<Fix> {
        let n = is_open.len();
        let mut order: Vec<usize> = (0..n).filter(|&i| is_open[i]).collect();
        // Nearness is the number of ways from one to the other over a customer, a candidate and
        // a customer: members need not share customers to compete for a place between them.
        let mut at_customer = vec![0u64; self.program.customers()];
        let mut near = vec![0u64; n];
        near[first] = 1;
        for _ in 0..2 {
            at_customer.fill(0);
            for i in (0..n).filter(|&i| near[i] > 0) {
                for &(j, _) in self.served(i) {
                    at_customer[j as usize] += near[i];
                }
            }
            near.fill(0);
            for (j, &ways) in at_customer.iter().enumerate().filter(|(_, ways)| **ways > 0) {
                for pair in self.program.pairs_of(j) {
                    near[pair.candidate as usize] = near[pair.candidate as usize].saturating_add(ways);
                }
            }
        }
        order.sort_unstable_by_key(|&i| (i != first, std::cmp::Reverse(near[i]), i));
        let mut in_scope = vec![false; n];
        for &i in &order[..count] {
            self.widen(&mut in_scope, i);
        }
        let fix = (0..n).map(|i| match (is_open[i], in_scope[i]) {
            (true, _) => Fix::Open,
            (false, true) => Fix::Free,
            (false, false) => Fix::Closed,
        });
        let mut fix: Vec<Fix> = fix.collect();
        for &i in &order[..count] {
            fix[i] = Fix::Free;
        }
        fix
    }
}

fn pick<T: Copy>(list: &[T], rng: &mut Seeded) -> Option<T> {
    (!list.is_empty()).then(|| list[below(list.len(), rng)])
}

fn below(bound: usize, rng: &mut Seeded) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

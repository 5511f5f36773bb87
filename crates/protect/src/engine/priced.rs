//! What open bases are worth at prices per seat: the value that the local search climbs.

use super::answer::Search;
use super::lineup::{cheapest, lift};

/// No base.
const NONE: usize = usize::MAX;

/// `sum_i max(U_i c_i, U_i e_st - price g_i, 0) - prices of forces` as a function of the open bases,
/// up to a constant: only the sites where some force can beat the post.
pub(crate) struct Priced {
    /// What each site is worth without a force.
    alone: Vec<f64>,
    /// Where the list of each site begins in `with`; one more for the end.
    starts: Vec<usize>,
    /// The bases whose force makes a site worth more than it is alone, best first, and what it is worth.
    with: Vec<(usize, f64)>,
    /// Price of a force at each base.
    cost: Vec<f64>,
}

/// What one move changes, for every move from one set of open bases: of each site the best and the
/// second best open base decide, so that one pass over the lists prices all exchanges (Resende and
/// Werneck, "A fast swap-based local search procedure for location problems", 2007).
pub(crate) struct Moves {
    /// What the sites gain when a closed base opens.
    gain: Vec<f64>,
    /// What they lose when an open base closes.
    loss: Vec<f64>,
    /// What an exchange spares beyond gain and loss, at `entering * bases + leaving`.
    spared: Vec<f64>,
    bases: usize,
}

impl Priced {
    pub(crate) fn new(search: &Search<'_>, prices: &[f64], shares: &[f64]) -> Self {
        let (model, slot, fix) = (search.model, search.slot, search.fix);
        let price = |crew, seats: u32| cheapest(crew, prices) * f64::from(seats);
        let cost = (0..model.bases())
            .map(|b| match fix.force[b].free {
                0 => 0.0,
                crew => price(crew, model.base_seats[b]),
            })
            .collect();
        let worth = |i: usize, level: f64| search.weights[i] * lift(model, level, shares[i]);
        let (mut alone, mut starts, mut with) = (Vec::new(), vec![0], Vec::new());
        for i in 0..model.sites() {
            let post = match fix.post[i] {
                state if state.held.is_some() => worth(i, model.post_effect),
                state if state.free != 0 => {
                    (worth(i, model.post_effect) - price(state.free, model.seats[i])).max(worth(i, 0.0))
                }
                _ => worth(i, 0.0),
            };
            for help in &slot.help[i] {
                let there = worth(i, help.effect);
                if there <= post {
                    break;
                }
                let state = fix.force[help.base];
                if state.free != 0 || state.held.is_some() {
                    with.push((help.base, there));
                }
            }
            if starts.last() != Some(&with.len()) {
                alone.push(post);
                starts.push(with.len());
            }
        }
        Self { alone, starts, with, cost }
    }

    pub(crate) fn moves(&self) -> Moves {
        let bases = self.cost.len();
        Moves { gain: vec![0.0; bases], loss: vec![0.0; bases], spared: vec![0.0; bases * bases], bases }
    }

    /// Prices every move from `open`. Returns what the open bases are worth.
    pub(crate) fn look(&self, open: &[bool], moves: &mut Moves) -> f64 {
        moves.gain.fill(0.0);
        moves.loss.fill(0.0);
        moves.spared.fill(0.0);
        let mut total = 0.0;
        for (&alone, ends) in self.alone.iter().zip(self.starts.windows(2)) {
            let list = &self.with[ends[0]..ends[1]];
            let mut is_open = (0..list.len()).filter(|&at| open[list[at].0]);
            let (first, second) = (is_open.next(), is_open.next());
            let (best, level) = first.map_or((NONE, alone), |at| list[at]);
            total += level;
            for &(base, there) in &list[..first.unwrap_or(list.len())] {
                moves.gain[base] += there - level;
            }
            if best == NONE {
                continue;
            }
            let rest = second.map_or(alone, |at| list[at].1);
            moves.loss[best] += level - rest;
            for &(base, there) in list[..second.unwrap_or(list.len())].iter().filter(|(base, _)| *base != best) {
                moves.spared[base * moves.bases + best] += there.min(level) - rest;
            }
        }
        total - open.iter().zip(&self.cost).filter(|(open, _)| **open).map(|(_, cost)| cost).sum::<f64>()
    }

    /// What it changes when one base opens.
    pub(crate) fn opening(&self, moves: &Moves, base: usize) -> f64 {
        moves.gain[base] - self.cost[base]
    }

    /// What it changes when one of the open bases closes.
    pub(crate) fn closing(&self, moves: &Moves, base: usize) -> f64 {
        self.cost[base] - moves.loss[base]
    }

    /// What it changes when one base opens and another closes.
    pub(crate) fn exchange(&self, moves: &Moves, entering: usize, leaving: usize) -> f64 {
        self.opening(moves, entering) + self.closing(moves, leaving) + moves.spared[entering * moves.bases + leaving]
    }
}

#[cfg(test)]
mod tests {
    use super::Priced;

    fn worth(priced: &Priced, code: u32) -> f64 {
        priced.look(&[0, 1, 2, 3].map(|b| code >> b & 1 == 1), &mut priced.moves())
    }

    #[test]
    fn what_a_move_changes_is_what_it_is_worth_when_it_is_made() {
        let lists = [vec![(1, 5.0), (0, 3.0), (3, 2.5)], vec![(2, 4.0)], vec![(0, 6.0), (2, 6.0), (1, 1.5)]];
        let starts = vec![0, 3, 4, 7];
        let with = lists.concat();
        let priced = Priced { alone: vec![2.0, 1.0, 0.0], starts, with, cost: vec![1.0, 2.0, 0.5, 0.25] };
        for code in 0..16u32 {
            let open = [0, 1, 2, 3].map(|b| code >> b & 1 == 1);
            let mut moves = priced.moves();
            let here = priced.look(&open, &mut moves);
            let same = |found: f64, next: u32, what: &str| {
                let expect = worth(&priced, next) - here;
                assert!((found - expect).abs() < 1e-12, "{what} from {open:?}: {found} instead of {expect}");
            };
            for a in 0..4 {
                let bit = 1 << a;
                if open[a] {
                    same(priced.closing(&moves, a), code & !bit, "closing");
                    continue;
                }
                same(priced.opening(&moves, a), code | bit, "opening");
                for b in (0..4).filter(|&b| open[b]) {
                    same(priced.exchange(&moves, a, b), (code | bit) & !(1 << b), "exchange");
                }
            }
        }
    }
}

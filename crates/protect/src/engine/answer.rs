//! The best schedule of a slot against given weights: `max sum_i U_i c_i(S)`.
//!
//! Where forces wait is found by local search (add, drop, swap) on the Lagrangian value at prices
//! per seat, which costs one pass over the sites; patrols are added greedily by what they add; posts
//! are then a knapsack per contingent, solved exactly by dynamic programming while seats are few.

use super::lineup::{Arena, Fixing, Lineup, best_help, cheapest, lift};
use super::model::{Crew, Model, Slot, Source, members};
use super::pack::{Item, pack};
use super::priced::Priced;
use super::route;

pub(crate) fn dot(weights: &[f64], cover: &[f64]) -> f64 {
    // Sixteen sums, so that the compiler may use wide registers and none waits for another; the order
    // is fixed.
    let mut sums = [0.0; 16];
    let (wide, narrow) = (weights.chunks_exact(16), cover.chunks_exact(16));
    let rest: f64 = wide.remainder().iter().zip(narrow.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in wide.zip(narrow) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0] + rest
}

/// A contingent with fewer seats than so many forces take is small.
const SMALL: u32 = 5;
/// Moves of one climb at most.
const MOVES_MAX: usize = 1_000;

/// A schedule in the making.
struct Draft {
    lineup: Lineup,
    left: Vec<u32>,
    posted: Vec<bool>,
    /// Share of the slot that patrols spend at each site.
    shares: Vec<f64>,
}

/// A search for good schedules of one slot.
pub(crate) struct Search<'a> {
    pub model: &'a Model,
    pub slot: &'a Slot,
    pub fix: &'a Fixing,
    pub weights: &'a [f64],
}

/// The patrols to choose from.
enum Rounds<'a> {
    Known(&'a Arena),
    New(&'a mut Arena),
}

/// A schedule, what it gains, and the prices per seat at which posts stop paying.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub lineup: Lineup,
    pub gain: f64,
    pub prices: Vec<f64>,
}

impl Search<'_> {
    /// Improves `open` at prices per seat, then completes it; repeated with the prices that come out.
    /// Rounds of patrols that suit it are added to the arena.
    pub(crate) fn from(&self, arena: &mut Arena, open: &[bool], prices: &[f64]) -> Option<Found> {
        self.improved(&mut Rounds::New(arena), open, prices)
    }

    /// The same with the patrols that are known.
    pub(crate) fn among(&self, arena: &Arena, open: &[bool], prices: &[f64]) -> Option<Found> {
        self.improved(&mut Rounds::Known(arena), open, prices)
    }

    fn improved(&self, rounds: &mut Rounds<'_>, open: &[bool], prices: &[f64]) -> Option<Found> {
        let mut open = self.allowed(open);
        let mut prices = prices.to_vec();
        let mut best: Option<Found> = None;
        // The prices that the best was completed at.
        let mut given = prices.clone();
        let mut shares = vec![0.0; self.model.sites()];
        for _ in 0..3 {
            self.climb(&mut open, &prices, &shares);
            let arena: &Arena = match rounds {
                Rounds::Known(arena) => arena,
                Rounds::New(arena) => {
                    self.dig(arena, &open, &prices);
                    arena
                }
            };
            let Some(found) = self.complete(arena, &open, &prices) else { return best };
            if best.as_ref().is_some_and(|best| found.gain <= best.gain) {
                break;
            }
            let moved = found.prices.iter().zip(&prices).any(|(new, old)| (new - old).abs() > 1e-6 * old);
            given.clone_from(&prices);
            prices.clone_from(&found.prices);
            shares.fill(0.0);
            found.lineup.shares(arena).into_iter().for_each(|(i, share)| shares[i] = share);
            best = Some(found);
            if !moved {
                break;
            }
        }
        let arena: &Arena = match rounds {
            Rounds::Known(arena) => arena,
            Rounds::New(arena) => arena,
        };
        best.map(|best| self.flipped(arena, best, &given))
    }

    /// Opens and closes one base after another where only small contingents may wait, with and without patrols of
    /// these, by what the completed schedule is really worth: ten seats are a force of eight, a patrol of eight or a
    /// post of ten, and a price per seat cannot tell which.
    fn flipped(&self, arena: &Arena, mut best: Found, given: &[f64]) -> Found {
        let most = |crew: Crew| members(crew).map(|c| self.fix.left[c]).max();
        let is_tight =
            |b: usize| most(self.fix.force[b].free).is_some_and(|most| most < SMALL * self.model.base_seats[b]);
        let tight: Vec<usize> = (0..self.model.bases()).filter(|&b| is_tight(b)).collect();
        let crews: Crew = tight.iter().fold(0, |all, &b| all | self.fix.force[b].free);
        // At this price per seat no patrol pays but one that must visit.
        let least = self.slot.areas.iter().map(|area| area.seats).min().unwrap_or(1).max(1);
        let prohibitive = self.weights.iter().sum::<f64>() / f64::from(least);
        let mut open = vec![false; self.model.bases()];
        best.lineup.forces.iter().for_each(|&(b, _)| open[b] = true);
        let mut since = 0;
        for &b in tight.iter().cycle().take(2 * tight.len()) {
            if since == tight.len() {
                break;
            }
            since += 1;
            for (flips, patrols) in [(true, true), (true, false), (false, false)] {
                open[b] ^= flips;
                let mut prices = given.to_vec();
                if !patrols {
                    members(crews).for_each(|c| prices[c] = prohibitive);
                }
                let found = self.fits(&open).then(|| self.complete(arena, &open, &prices)).flatten();
                match found.filter(|found| found.gain > best.gain * (1.0 + 1e-12)) {
                    Some(found) => (best, since) = (found, 0),
                    None => open[b] ^= flips,
                }
            }
        }
        best
    }

    /// Improves `open` by what the completed schedule is really worth: slower, but right where few
    /// seats make a price per seat a poor guide. At most `trials` schedules are completed.
    pub(crate) fn exactly_from(
        &self,
        arena: &mut Arena,
        open: &[bool],
        prices: &[f64],
        trials: usize,
    ) -> Option<Found> {
        let mut open = self.allowed(open);
        let free = self.free_bases();
        self.dig(arena, &open, prices);
        let mut best = self.complete(arena, &open, prices)?;
        let mut left = trials;
        let singles = free.iter().map(|&b| [b, b]);
        let pairs = free.iter().flat_map(|&a| free.iter().filter(move |&&b| b != a).map(move |&b| [a, b]));
        let moves: Vec<[usize; 2]> = singles.chain(pairs).collect();
        let mut since = 0;
        // Round and round the moves, until none has helped for a whole round.
        for &[a, b] in moves.iter().cycle() {
            if since == moves.len() || left == 0 {
                break;
            }
            since += 1;
            let exchange = a != b;
            if exchange && (!open[a] || open[b]) {
                continue;
            }
            open[a] = !open[a];
            open[b] = if exchange { !open[b] } else { open[b] };
            if self.fits(&open) {
                left -= 1;
                let found = self.complete(arena, &open, prices);
                if let Some(found) = found.filter(|found| found.gain > best.gain * (1.0 + 1e-12)) {
                    best = found;
                    since = 0;
                    continue;
                }
            }
            open[a] = !open[a];
            open[b] = if exchange { !open[b] } else { open[b] };
        }
        Some(best)
    }

    /// What is held, the posts and visits that must be, the open bases, patrols that pay, and the
    /// posts that add most. `None` where what must be does not fit.
    pub(crate) fn complete(&self, arena: &Arena, open: &[bool], prices: &[f64]) -> Option<Found> {
        let mut draft = self.start(prices)?;
        for b in (0..open.len()).filter(|&b| open[b] && self.fix.force[b].held.is_none()) {
            if let Some(c) = draft.who(self.fix.force[b].free, self.model.base_seats[b], prices) {
                draft.left[c] -= self.model.base_seats[b];
                draft.lineup.forces.push((b, c));
            }
        }
        let mut waits = vec![false; self.model.bases()];
        draft.lineup.forces.iter().for_each(|&(b, _)| waits[b] = true);
        let help = best_help(self.slot, &waits);
        self.patrol(arena, &mut draft, &help, prices);
        self.visit_by_post(&mut draft, prices)?;
        let prices = self.post(&mut draft, &help);
        self.fill(&mut draft, &help);
        draft.lineup.sort();
        let gain = dot(self.weights, &draft.lineup.cover(self.model, self.slot, arena));
        Some(Found { lineup: draft.lineup, gain, prices })
    }

    fn start(&self, prices: &[f64]) -> Option<Draft> {
        let n = self.model.sites();
        let mut draft = Draft {
            lineup: Lineup::default(),
            left: self.fix.left.clone(),
            posted: vec![false; n],
            shares: vec![0.0; n],
        };
        let mut must = Vec::new();
        for (i, state) in self.fix.post.iter().enumerate() {
            if let Some(c) = state.held {
                draft.lineup.posts.push((i, c));
                draft.posted[i] = true;
            } else if self.slot.must[i] {
                must.push(i);
            }
        }
        for (b, state) in self.fix.force.iter().enumerate() {
            draft.lineup.forces.extend(state.held.map(|c| (b, c)));
        }
        for (d, state) in self.fix.duty.iter().enumerate() {
            if let Some(c) = state.held {
                draft.lineup.patrols.push((d, c));
                self.slot.duties[d].shares.iter().for_each(|&(i, share)| draft.shares[i] += share);
            }
        }
        // Those with the fewest to choose from first, the largest of them first.
        must.sort_by_key(|&i| (self.fix.post[i].free.count_ones(), u32::MAX - self.model.seats[i], i));
        for i in must {
            let c = draft.who(self.fix.post[i].free, self.model.seats[i], prices)?;
            draft.hold(self.model, i, c);
        }
        Some(draft)
    }

    /// What the best mode but patrols gives each site, counting posts that would pay.
    fn levels(&self, draft: &Draft, help: &[f64], prices: &[f64]) -> Vec<f64> {
        (0..self.model.sites())
            .map(|i| {
                let post = self.model.post_effect;
                let price = cheapest(self.fix.post[i].free, prices) * f64::from(self.model.seats[i]);
                let pays = self.weights[i] * (post - help[i]) > price;
                if draft.posted[i] || pays { help[i].max(post) } else { help[i] }
            })
            .collect()
    }

    fn bounty(&self) -> f64 {
        1.0 + self.weights.iter().sum::<f64>()
    }

    fn unmet(&self, draft: &Draft) -> Vec<bool> {
        (0..self.model.sites()).map(|i| self.slot.visit[i] && !draft.posted[i] && draft.shares[i] == 0.0).collect()
    }

    /// Adds patrols while one pays; those that make a visit that must be made come first.
    fn patrol(&self, arena: &Arena, draft: &mut Draft, help: &[f64], prices: &[f64]) {
        if arena.patrols.is_empty() {
            return;
        }
        let levels = self.levels(draft, help, prices);
        let mut out = vec![0; self.slot.areas.len()];
        let mut unmet = self.unmet(draft);
        loop {
            let gain = |shares: &[(usize, f64)]| -> f64 {
                let rise = |&(i, share): &(usize, f64)| {
                    let more = share.min((1.0 - draft.shares[i]).max(0.0));
                    let visit = if unmet[i] { self.bounty() } else { 0.0 };
                    visit + self.weights[i] * more * (self.model.patrol_effect - levels[i]).max(0.0)
                };
                shares.iter().map(rise).sum()
            };
            let mut best: Option<(f64, usize, usize)> = None;
            for (p, patrol) in arena.patrols.iter().enumerate() {
                let free: Crew = match patrol.source {
                    Source::Duty(_) if draft.lineup.patrols.iter().any(|used| used.0 == p) => 0,
                    Source::Duty(_) => self.fix.duty[p].free,
                    Source::Route(area, _) if out[area] >= self.slot.areas[area].patrols_max => 0,
                    Source::Route(..) => patrol.by,
                };
                let Some(c) = draft.who(free, patrol.seats, prices) else { continue };
                let net = gain(&patrol.shares) - prices[c] * f64::from(patrol.seats);
                if net > 1e-12 && best.is_none_or(|best| net > best.0) {
                    best = Some((net, p, c));
                }
            }
            let Some((_, p, c)) = best else { return };
            let patrol = &arena.patrols[p];
            draft.left[c] -= patrol.seats;
            draft.lineup.patrols.push((p, c));
            for &(i, share) in &patrol.shares {
                draft.shares[i] += share;
                unmet[i] = false;
            }
            if let Source::Route(area, _) = patrol.source {
                out[area] += 1;
            }
        }
    }

    /// Finds the best round of each area for these bases and adds it to the arena.
    fn dig(&self, arena: &mut Arena, open: &[bool], prices: &[f64]) {
        if self.slot.areas.is_empty() {
            return;
        }
        let Some(mut draft) = self.start(prices) else { return };
        let help = best_help(self.slot, open);
        let levels = self.levels(&draft, &help, prices);
        for (number, area) in self.slot.areas.iter().enumerate() {
            for _ in 0..area.patrols_max.min(3) {
                let unmet = self.unmet(&draft);
                let minutes = f64::from(self.slot.minutes);
                let rise = |&i: &usize| {
                    let rate = self.weights[i] * (self.model.patrol_effect - levels[i]).max(0.0) / minutes;
                    if draft.shares[i] < 1.0 { rate * (1.0 - draft.shares[i]) } else { 0.0 }
                };
                let rate: Vec<f64> = area.sites.iter().map(rise).collect();
                let bounty: Vec<f64> = area.sites.iter().map(|&i| if unmet[i] { self.bounty() } else { 0.0 }).collect();
                let best = route::best(area, self.slot.minutes, &rate, &bounty);
                let Some(p) = arena.route(self.slot, number, &best.stops) else { break };
                arena.patrols[p].shares.iter().for_each(|&(i, share)| draft.shares[i] += share);
            }
        }
    }

    /// Posts where a visit must be made and no patrol comes by.
    fn visit_by_post(&self, draft: &mut Draft, prices: &[f64]) -> Option<()> {
        let unmet = self.unmet(draft);
        for i in (0..unmet.len()).filter(|&i| unmet[i]) {
            let c = draft.who(self.fix.post[i].free, self.model.seats[i], prices)?;
            draft.hold(self.model, i, c);
        }
        Some(())
    }

    /// Packs posts into each contingent's seats; those who may serve at the fewest sites first.
    fn post(&self, draft: &mut Draft, help: &[f64]) -> Vec<f64> {
        let (model, contingents) = (self.model, draft.left.len());
        let gain = |draft: &Draft, i: usize| {
            let share = draft.shares[i];
            self.weights[i] * (lift(model, help[i].max(model.post_effect), share) - lift(model, help[i], share))
        };
        let mut order: Vec<usize> = (0..contingents).collect();
        if contingents > 1 {
            let places = |c: usize| self.fix.post.iter().filter(|state| state.free >> c & 1 == 1).count();
            order.sort_by_key(|&c| (places(c), c));
        }
        let mut prices = vec![0.0; contingents];
        for c in order {
            let left = draft.left[c] as usize;
            let mut items: Vec<Item> = (0..model.sites())
                .filter(|&i| self.fix.post[i].free >> c & 1 == 1 && !draft.posted[i] && model.seats[i] as usize <= left)
                .map(|i| Item { site: i, seats: model.seats[i] as usize, gain: gain(draft, i) })
                .filter(|item| item.gain > 0.0)
                .collect();
            items.sort_by(|a, b| b.density().total_cmp(&a.density()).then(a.site.cmp(&b.site)));
            let (chosen, price) = pack(&items, left);
            prices[c] = price;
            for ix in chosen {
                draft.hold(model, items[ix].site, c);
            }
        }
        prices
    }

    /// Seats that would stand idle go to the worst sites that still fit.
    fn fill(&self, draft: &mut Draft, help: &[f64]) {
        let most = draft.left.iter().copied().max().unwrap_or(0);
        let model = self.model;
        if most == 0 {
            return;
        }
        let cover = |i: usize, draft: &Draft| lift(model, help[i], draft.shares[i]);
        let mut idle: Vec<usize> = (0..model.sites())
            .filter(|&i| model.seats[i] <= most && self.fix.post[i].free != 0 && !draft.posted[i])
            .filter(|&i| cover(i, draft) < model.post_effect)
            .collect();
        let harm = |i: usize| (self.slot.watched[i] + self.slot.forecast[i]) * (1.0 - cover(i, draft));
        let harms: Vec<f64> = (0..model.sites()).map(harm).collect();
        idle.sort_by(|&a, &b| harms[b].total_cmp(&harms[a]).then(a.cmp(&b)));
        let none = vec![0.0; draft.left.len()];
        for i in idle {
            if let Some(c) = draft.who(self.fix.post[i].free, model.seats[i], &none) {
                draft.hold(model, i, c);
            }
        }
    }

    /// Fills the idle seats of a schedule.
    pub(crate) fn filled(&self, arena: &Arena, mut lineup: Lineup) -> Lineup {
        let spent = lineup.spent(self.model, self.slot, arena);
        let left: Vec<u32> = self.slot.on_duty.iter().zip(spent).map(|(there, spent)| there - spent).collect();
        let n = self.model.sites();
        let (mut posted, mut shares) = (vec![false; n], vec![0.0; n]);
        lineup.posts.iter().for_each(|&(i, _)| posted[i] = true);
        lineup.shares(arena).into_iter().for_each(|(i, share)| shares[i] = share);
        let mut waits = vec![false; self.model.bases()];
        lineup.forces.iter().for_each(|&(b, _)| waits[b] = true);
        let help = best_help(self.slot, &waits);
        let mut draft = Draft { lineup: std::mem::take(&mut lineup), left, posted, shares };
        self.fill(&mut draft, &help);
        draft.lineup.sort();
        draft.lineup
    }

    fn free_bases(&self) -> Vec<usize> {
        (0..self.model.bases()).filter(|&b| self.fix.force[b].free != 0).collect()
    }

    fn allowed(&self, open: &[bool]) -> Vec<bool> {
        let mut left: u32 = self.fix.left.iter().sum();
        (0..self.model.bases())
            .map(|b| {
                let state = self.fix.force[b];
                if state.held.is_some() {
                    return true;
                }
                let fits = open[b] && state.free != 0 && self.model.base_seats[b] <= left;
                left -= if fits { self.model.base_seats[b] } else { 0 };
                fits
            })
            .collect()
    }

    fn fits(&self, open: &[bool]) -> bool {
        let opened = (0..open.len()).filter(|&b| open[b] && self.fix.force[b].held.is_none());
        opened.map(|b| self.model.base_seats[b]).sum::<u32>() <= self.fix.left.iter().sum()
    }

    /// Opens, closes and exchanges bases as long as that raises their worth, each time by the best move.
    fn climb(&self, open: &mut [bool], prices: &[f64], shares: &[f64]) {
        let priced = Priced::new(self, prices, shares);
        let free = self.free_bases();
        let seats = |b: usize| self.model.base_seats[b];
        let opened = |open: &[bool]| free.iter().filter(|&&b| open[b]).map(|&b| seats(b)).sum::<u32>();
        let mut left = self.fix.left.iter().sum::<u32>() - opened(open);
        let mut moves = priced.moves();
        for _ in 0..MOVES_MAX {
            let worth = priced.look(open, &mut moves);
            let mut best = (1e-9 * worth.abs(), None, None);
            let mut offer = |rise: f64, enters: Option<usize>, leaves: Option<usize>| {
                if rise > best.0 {
                    best = (rise, enters, leaves);
                }
            };
            for &leaves in free.iter().filter(|&&b| open[b]) {
                offer(priced.closing(&moves, leaves), None, Some(leaves));
            }
            for &enters in free.iter().filter(|&&b| !open[b]) {
                if seats(enters) <= left {
                    offer(priced.opening(&moves, enters), Some(enters), None);
                }
                for &leaves in free.iter().filter(|&&b| open[b] && seats(enters) <= left + seats(b)) {
                    offer(priced.exchange(&moves, enters, leaves), Some(enters), Some(leaves));
                }
            }
            let (_, enters, leaves) = best;
            if let Some(b) = leaves {
                open[b] = false;
                left += seats(b);
            }
            if let Some(b) = enters {
                open[b] = true;
                left -= seats(b);
            }
            if enters.or(leaves).is_none() {
                return;
            }
        }
    }
}

impl Draft {
    /// Who of a crew mans a thing: the cheapest with enough seats, of these the one with most left.
    fn who(&self, crew: Crew, seats: u32, prices: &[f64]) -> Option<usize> {
        members(crew)
            .filter(|&c| self.left[c] >= seats)
            .min_by(|&a, &b| prices[a].total_cmp(&prices[b]).then(self.left[b].cmp(&self.left[a])))
    }

    fn hold(&mut self, model: &Model, i: usize, c: usize) {
        self.left[c] -= model.seats[i];
        self.posted[i] = true;
        self.lineup.posts.push((i, c));
    }
}

/// Makes a schedule of another strength fit a slot: what serves under a caveat or in a slot that no
/// longer allows it goes, posts of least weight go until seats suffice, idle seats are filled. `None`
/// when what must be no longer fits.
pub(crate) fn adapt(model: &Model, s: usize, arena: &Arena, lineup: &Lineup) -> Option<Lineup> {
    let slot = &model.slots[s];
    let root = Fixing::root(model, slot)?;
    let may = |by: Crew, c: usize| by >> c & 1 == 1;
    let mut next = Lineup {
        posts: lineup.posts.iter().copied().filter(|&(i, c)| may(slot.post_by[i], c)).collect(),
        forces: lineup.forces.iter().copied().filter(|&(b, c)| may(slot.force_by[b], c)).collect(),
        patrols: lineup.patrols.iter().copied().filter(|&(p, c)| may(arena.patrols[p].by, c)).collect(),
    };
    for (i, state) in root.post.iter().enumerate() {
        if let Some(c) = state.held
            && !next.posts.iter().any(|post| post.0 == i)
        {
            next.posts.push((i, c));
        }
    }
    let worth = |i: usize| (slot.watched[i] + slot.forecast[i]) / f64::from(model.seats[i]);
    let mut loose: Vec<(usize, usize)> = next.posts.iter().copied().filter(|&(i, _)| !slot.must[i]).collect();
    loose.sort_by(|a, b| worth(b.0).total_cmp(&worth(a.0)).then(b.cmp(a)));
    for c in 0..slot.on_duty.len() {
        while next.spent(model, slot, arena)[c] > slot.on_duty[c] {
            if let Some(at) = loose.iter().rposition(|post| post.1 == c) {
                let least = loose.remove(at);
                next.posts.retain(|post| *post != least);
            } else if let Some(at) = next.forces.iter().rposition(|force| force.1 == c) {
                next.forces.remove(at);
            } else {
                let at = next.patrols.iter().rposition(|patrol| patrol.1 == c)?;
                next.patrols.remove(at);
            }
        }
    }
    next.sort();
    let weights: Vec<f64> = slot.watched.iter().zip(&slot.forecast).map(|(h, a)| h + a).collect();
    let search = Search { model, slot, fix: &root, weights: &weights };
    let filled = search.filled(arena, next);
    filled.fits(model, slot, arena).then_some(filled)
}

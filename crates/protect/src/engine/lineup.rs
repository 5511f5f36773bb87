//! Whole-number schedules of one slot, the patrols they are made of, and decisions about them.

use super::model::{Crew, Model, Patrol, Slot, Source, members};
use std::collections::BTreeMap;

/// A schedule, in the model's indices: who holds which post, which force waits where, which patrols
/// of the slot's arena are out. Pairs of thing and contingent, sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Lineup {
    pub posts: Vec<(usize, usize)>,
    pub forces: Vec<(usize, usize)>,
    pub patrols: Vec<(usize, usize)>,
}

/// The patrols that are known in a slot: first the explicit duties, then rounds as they are found.
#[derive(Debug, Clone)]
pub(crate) struct Arena {
    pub patrols: Vec<Patrol>,
    known: BTreeMap<Source, usize>,
}

impl Arena {
    pub(crate) fn new(slot: &Slot) -> Self {
        let known = slot.duties.iter().enumerate().map(|(ix, duty)| (duty.source.clone(), ix)).collect();
        Self { patrols: slot.duties.clone(), known }
    }

    /// The patrol of a round in an area, added if it is new. `None` for an empty round.
    pub(crate) fn route(&mut self, slot: &Slot, area: usize, stops: &[(usize, u32, u32)]) -> Option<usize> {
        if stops.is_empty() {
            return None;
        }
        let source = Source::Route(area, stops.to_vec());
        if let Some(&ix) = self.known.get(&source) {
            return Some(ix);
        }
        let mut minutes = BTreeMap::<usize, u32>::new();
        for &(site, arrival, departure) in stops {
            *minutes.entry(slot.areas[area].sites[site]).or_default() += departure - arrival;
        }
        let shares = minutes.into_iter().map(|(i, spent)| (i, f64::from(spent) / f64::from(slot.minutes))).collect();
        let (seats, by) = (slot.areas[area].seats, slot.areas[area].by);
        self.patrols.push(Patrol { seats, by, shares, source: source.clone() });
        self.known.insert(source, self.patrols.len() - 1);
        Some(self.patrols.len() - 1)
    }
}

/// Effect of the best open base on each site.
pub(crate) fn best_help(slot: &Slot, open: &[bool]) -> Vec<f64> {
    let best =
        |list: &Vec<super::model::Help>| list.iter().find(|help| open[help.base]).map_or(0.0, |help| help.effect);
    slot.help.iter().map(best).collect()
}

/// Protection when the best other mode gives `level` and patrols are there for `share` of the slot.
pub(crate) fn lift(model: &Model, level: f64, share: f64) -> f64 {
    level + share.min(1.0) * (model.patrol_effect - level).max(0.0)
}

impl Lineup {
    pub(crate) fn sort(&mut self) {
        self.posts.sort_unstable();
        self.forces.sort_unstable();
        self.patrols.sort_unstable();
    }

    /// Protection of every site.
    pub(crate) fn cover(&self, model: &Model, slot: &Slot, arena: &Arena) -> Vec<f64> {
        let mut open = vec![false; model.bases()];
        self.forces.iter().for_each(|&(b, _)| open[b] = true);
        let mut cover = best_help(slot, &open);
        for &(i, _) in &self.posts {
            cover[i] = cover[i].max(model.post_effect);
        }
        for (i, share) in self.shares(arena) {
            cover[i] = lift(model, cover[i], share);
        }
        cover
    }

    /// Share of the slot that patrols spend at the sites they visit.
    pub(crate) fn shares(&self, arena: &Arena) -> BTreeMap<usize, f64> {
        let mut shares = BTreeMap::new();
        for &(patrol, _) in &self.patrols {
            for &(i, share) in &arena.patrols[patrol].shares {
                *shares.entry(i).or_insert(0.0) += share;
            }
        }
        shares
    }

    /// Seats it takes of each contingent.
    pub(crate) fn spent(&self, model: &Model, slot: &Slot, arena: &Arena) -> Vec<u32> {
        let mut spent = vec![0; slot.on_duty.len()];
        self.posts.iter().for_each(|&(i, c)| spent[c] += model.seats[i]);
        self.forces.iter().for_each(|&(b, c)| spent[c] += model.base_seats[b]);
        self.patrols.iter().for_each(|&(p, c)| spent[c] += arena.patrols[p].seats);
        spent
    }

    /// Whether it keeps every rule of the slot.
    pub(crate) fn fits(&self, model: &Model, slot: &Slot, arena: &Arena) -> bool {
        let spent = self.spent(model, slot, arena);
        let posted = |i: usize| self.posts.binary_search_by_key(&i, |post| post.0).is_ok();
        let shares = self.shares(arena);
        let may = |by: Crew, c: usize| by >> c & 1 == 1;
        let mut out = vec![0; slot.areas.len()];
        for &(p, _) in &self.patrols {
            if let Source::Route(area, _) = arena.patrols[p].source {
                out[area] += 1;
            }
        }
        spent.iter().zip(&slot.on_duty).all(|(spent, there)| spent <= there)
            && (0..model.sites()).all(|i| !slot.must[i] || posted(i))
            && (0..model.sites()).all(|i| !slot.visit[i] || posted(i) || shares.contains_key(&i))
            && self.posts.windows(2).all(|pair| pair[0].0 != pair[1].0)
            && self.forces.windows(2).all(|pair| pair[0].0 != pair[1].0)
            && self.posts.iter().all(|&(i, c)| may(slot.post_by[i], c))
            && self.forces.iter().all(|&(b, c)| may(slot.force_by[b], c))
            && self.patrols.iter().all(|&(p, c)| may(arena.patrols[p].by, c))
            && self.patrols.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].0 >= slot.duties.len())
            && out.iter().zip(&slot.areas).all(|(&out, area)| out <= area.patrols_max)
    }
}

/// A thing that takes seats, whose use can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Post(usize),
    Force(usize),
    /// Index in the slot's explicit duties.
    Duty(usize),
}

/// What is decided about a unit: who holds it, or who still may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub free: Crew,
    pub held: Option<usize>,
}

/// Decisions already taken in a slot.
#[derive(Debug, Clone)]
pub(crate) struct Fixing {
    pub post: Vec<State>,
    pub force: Vec<State>,
    pub duty: Vec<State>,
    /// Seats of each contingent that what is held leaves.
    pub left: Vec<u32>,
}

impl Fixing {
    /// Nothing is decided.
    pub(crate) fn open(slot: &Slot) -> Self {
        let free = |by: &Crew| State { free: *by, held: None };
        Self {
            post: slot.post_by.iter().map(free).collect(),
            force: slot.force_by.iter().map(free).collect(),
            duty: slot.duties.iter().map(|duty| free(&duty.by)).collect(),
            left: slot.on_duty.clone(),
        }
    }

    /// Posts that must stand and that only one contingent can man are held by it; what does not fit
    /// is out. `None` when those posts alone do not fit.
    pub(crate) fn root(model: &Model, slot: &Slot) -> Option<Self> {
        let mut root = Self::open(slot);
        for i in (0..model.sites()).filter(|&i| slot.must[i] && slot.post_by[i].is_power_of_two()) {
            let by = slot.post_by[i].trailing_zeros() as usize;
            root.left[by] = root.left[by].checked_sub(model.seats[i])?;
            root.post[i] = State { free: 0, held: Some(by) };
        }
        root.drop_what_does_not_fit(model, slot);
        let dead = (0..model.sites()).any(|i| slot.must[i] && root.post[i] == State { free: 0, held: None });
        (!dead).then_some(root)
    }

    fn drop_what_does_not_fit(&mut self, model: &Model, slot: &Slot) {
        let left = &self.left;
        let keep = |state: &mut State, seats: u32| {
            let can: Crew = left.iter().enumerate().map(|(c, &left)| Crew::from(seats <= left) << c).sum();
            state.free &= can;
        };
        self.post.iter_mut().zip(&model.seats).for_each(|(state, &seats)| keep(state, seats));
        self.force.iter_mut().zip(&model.base_seats).for_each(|(state, &seats)| keep(state, seats));
        self.duty.iter_mut().zip(&slot.duties).for_each(|(state, duty)| keep(state, duty.seats));
    }

    pub(crate) fn state(&self, unit: Unit) -> State {
        match unit {
            Unit::Post(i) => self.post[i],
            Unit::Force(b) => self.force[b],
            Unit::Duty(d) => self.duty[d],
        }
    }

    /// Whether a post may stand at the site or a patrol may come by.
    pub(crate) fn can_visit(&self, slot: &Slot, i: usize) -> bool {
        let open = |state: &State| state.free != 0 || state.held.is_some();
        let comes = |shares: &[(usize, f64)]| shares.iter().any(|share| share.0 == i);
        open(&self.post[i])
            || self.duty.iter().zip(&slot.duties).any(|(state, duty)| open(state) && comes(&duty.shares))
            || slot.areas.iter().any(|area| area.sites.contains(&i))
    }

    fn state_mut(&mut self, unit: Unit) -> &mut State {
        match unit {
            Unit::Post(i) => &mut self.post[i],
            Unit::Force(b) => &mut self.force[b],
            Unit::Duty(d) => &mut self.duty[d],
        }
    }

    /// The same with one more decision on something that is free: held by `by`, or not by `by`.
    pub(crate) fn with(&self, model: &Model, slot: &Slot, on: Unit, by: usize, held: bool) -> Self {
        let mut next = self.clone();
        if held {
            *next.state_mut(on) = State { free: 0, held: Some(by) };
            next.left[by] -= match on {
                Unit::Post(i) => model.seats[i],
                Unit::Force(b) => model.base_seats[b],
                Unit::Duty(d) => slot.duties[d].seats,
            };
            next.drop_what_does_not_fit(model, slot);
        } else {
            next.state_mut(on).free &= !(1 << by);
        }
        next
    }
}

/// The cheapest price among a crew, in the given prices per seat.
pub(crate) fn cheapest(crew: Crew, prices: &[f64]) -> f64 {
    members(crew).map(|c| prices[c]).fold(f64::INFINITY, f64::min)
}

//! The problem as the solver sees it: floats, sorted by id, unusable things left out.
//!
//! Sites, bases and kinds of slot are sorted by id, so that the order of the caller's lists changes
//! nothing. Contingents, groups, duties and areas keep their order.

use crate::problem::{PPM, Reach};
use crate::week::{SlotKind, SlotSeats, WeekData};
use std::sync::Arc;

/// A base that can help a site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Help {
    /// Index of the base in the model.
    pub base: usize,
    /// Probability that its force stops an attempt.
    pub effect: f64,
}

/// A set of contingents, one bit each.
pub(crate) type Crew = u64;

/// The members of a set of contingents, ascending.
pub(crate) fn members(crew: Crew) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(crew), |left| Some(left & left.wrapping_sub(1)))
        .take_while(|left| *left != 0)
        .map(|left| left.trailing_zeros() as usize)
}

/// Where a patrol in the arena of a slot comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// An explicit duty, by the problem's index.
    Duty(usize),
    /// A round in an area: index in [`Slot::areas`], and stops (index in the area's list of sites,
    /// arrival, departure; minutes).
    Route(usize, Vec<(usize, u32, u32)>),
}

/// A patrol: what it takes and what it gives.
#[derive(Debug, Clone)]
pub(crate) struct Patrol {
    pub seats: u32,
    pub by: Crew,
    /// Site and share of the slot, ascending.
    pub shares: Vec<(usize, f64)>,
    pub source: Source,
}

impl Patrol {
    /// How often it comes by a site.
    pub(crate) fn visits(&self, slot: &Slot, site: usize) -> usize {
        match &self.source {
            Source::Duty(_) => usize::from(self.shares.iter().any(|share| share.0 == site)),
            Source::Route(area, stops) => stops.iter().filter(|stop| slot.areas[*area].sites[stop.0] == site).count(),
        }
    }
}

/// A patrol area in one slot.
#[derive(Debug, Clone)]
pub(crate) struct Area {
    /// Index in the problem.
    pub index: usize,
    pub seats: u32,
    pub by: Crew,
    pub patrols_max: u32,
    /// Sites in the model's indices, in the area's order.
    pub sites: Vec<usize>,
    pub travel: Vec<Vec<u32>>,
    pub stay_min: u32,
    pub stay_max: u32,
}

/// One kind of slot. All harm in persons per week.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// `a_i`: harm per week from those who do not watch, all slots of the kind together.
    pub forecast: Vec<f64>,
    /// `alpha Lam v_i`: harm per week if every watcher chose this site in this slot.
    pub watched: Vec<f64>,
    /// Least protection.
    pub floor: Vec<f64>,
    /// Whether a post must stand here.
    pub must: Vec<bool>,
    /// Whether a patrol must come by, or a post stand.
    pub visit: Vec<bool>,
    /// Bases that can help, best first.
    pub help: Arc<Vec<Vec<Help>>>,
    /// Seats of each contingent.
    pub on_duty: Vec<u32>,
    /// Who may man a post at each site, a force at each base.
    pub post_by: Vec<Crew>,
    pub force_by: Vec<Crew>,
    /// Explicit duties that can be done here.
    pub duties: Vec<Patrol>,
    pub areas: Vec<Area>,
    pub minutes: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub slots: Vec<Slot>,
    /// `A_k` of each group.
    pub groups: Vec<f64>,
    /// Which groups reach a site, one bit each.
    pub reached_by: Vec<u64>,
    /// Seats of a post at each site, of a force at each base.
    pub seats: Vec<u32>,
    pub base_seats: Vec<u32>,
    /// Projection basis for the sweep line.
    pub position: Vec<(f64, f64)>,
    pub post_effect: f64,
    pub patrol_effect: f64,
    /// Model index to the problem's index.
    pub site_of: Vec<usize>,
    pub base_of: Vec<usize>,
    pub slot_of: Vec<usize>,
    /// Whether a proof may count seats of small contingents in whole units: the format of one slot cannot say it.
    pub counts_whole_seats: bool,
}

pub(crate) fn share(ppm: u32) -> f64 {
    f64::from(ppm) / f64::from(PPM)
}

fn sorted_by_id<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<usize> {
    let ids: Vec<_> = ids.collect();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|&ix| ids[ix]);
    order
}

/// The inverse of a permutation.
pub(crate) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        back[old] = new;
    }
    back
}

/// Whether a list that stands for all when absent has `index`.
fn lists(list: Option<&Vec<u32>>, index: usize) -> bool {
    list.is_none_or(|list| u32::try_from(index).is_ok_and(|index| list.binary_search(&index).is_ok()))
}

struct Orders {
    site_of: Vec<usize>,
    base_of: Vec<usize>,
    site_ix: Vec<usize>,
    base_ix: Vec<usize>,
}

impl Model {
    pub(crate) fn new(data: &WeekData) -> Self {
        let site_of = sorted_by_id(data.sites.iter().map(|site| &site.id));
        let base_of = sorted_by_id(data.bases.iter().map(|base| &base.id));
        let slot_of = sorted_by_id(data.slots.iter().map(|slot| &slot.id));
        let orders = Orders { site_ix: inverse(&site_of), base_ix: inverse(&base_of), site_of, base_of };
        let tables: Vec<Arc<Vec<Vec<Help>>>> =
            data.reach.iter().map(|table| Arc::new(help(data, &orders, table))).collect();
        let slots = slot_of.iter().map(|&ix| slot(data, &orders, ix, &tables)).collect();
        let sites = || orders.site_of.iter().map(|&ix| &data.sites[ix]);
        let bit = |k: usize, ix: usize| u64::from(lists(data.groups[k].sites.as_ref(), ix)) << k;
        Self {
            slots,
            groups: data.groups.iter().map(|group| share(group.share_ppm)).collect(),
            reached_by: orders.site_of.iter().map(|&ix| (0..data.groups.len()).map(|k| bit(k, ix)).sum()).collect(),
            seats: sites().map(|s| s.seats).collect(),
            base_seats: orders.base_of.iter().map(|&ix| data.bases[ix].seats).collect(),
            position: sites()
                .enumerate()
                .map(|(ix, s)| s.position.map_or((ix as f64, 0.0), |p| (p.lat(), p.lon() * p.lat().to_radians().cos())))
                .collect(),
            post_effect: share(data.static_effect_ppm),
            patrol_effect: share(data.patrol_effect_ppm),
            site_of: orders.site_of,
            base_of: orders.base_of,
            slot_of,
            counts_whole_seats: true,
        }
    }

    pub(crate) fn sites(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn bases(&self) -> usize {
        self.base_seats.len()
    }

    /// `h_kis`: harm per week if all of group `k` chose this site and slot; 0 beyond its reach.
    pub(crate) fn harm(&self, k: usize, s: usize, i: usize) -> f64 {
        if self.reached_by[i] >> k & 1 == 1 { self.groups[k] * self.slots[s].watched[i] } else { 0.0 }
    }

    /// A natural unit of harm: what an unprotected week costs. Never zero.
    pub(crate) fn scale(&self) -> f64 {
        let forecast: f64 = self.slots.iter().map(|slot| slot.forecast.iter().sum::<f64>()).sum();
        let worst = self.slots.iter().flat_map(|slot| slot.watched.iter().copied()).fold(0.0, f64::max);
        if forecast + worst > 0.0 { forecast + worst } else { 1.0 }
    }

    /// The most protection any single mode gives a site in a slot, whether or not seats allow it.
    pub(crate) fn best_possible(&self, s: usize, i: usize) -> f64 {
        let slot = &self.slots[s];
        let post = if slot.post_by[i] == 0 { 0.0 } else { self.post_effect };
        let help = slot.help[i].iter().find(|help| slot.force_by[help.base] != 0).map_or(0.0, |help| help.effect);
        let visited = slot.duties.iter().any(|duty| duty.shares.iter().any(|share| share.0 == i))
            || slot.areas.iter().any(|area| area.sites.contains(&i));
        post.max(help).max(if visited { self.patrol_effect } else { 0.0 })
    }
}

fn help(data: &WeekData, orders: &Orders, table: &[Reach]) -> Vec<Vec<Help>> {
    let mut help = vec![Vec::new(); orders.site_of.len()];
    for reach in table.iter().filter(|reach| reach.effect_ppm > 0) {
        if data.bases[reach.base as usize].forces_max > 0 {
            let base = orders.base_ix[reach.base as usize];
            help[orders.site_ix[reach.site as usize]].push(Help { base, effect: share(reach.effect_ppm) });
        }
    }
    for list in &mut help {
        list.sort_by(|a: &Help, b: &Help| b.effect.total_cmp(&a.effect).then(a.base.cmp(&b.base)));
    }
    help
}

fn crew(parts: &[SlotSeats], allowed: impl Fn(usize, &SlotSeats) -> bool) -> Crew {
    parts.iter().enumerate().filter(|(c, part)| part.seats > 0 && allowed(*c, part)).map(|(c, _)| 1 << c).sum()
}

fn slot(data: &WeekData, orders: &Orders, number: usize, tables: &[Arc<Vec<Vec<Help>>>]) -> Slot {
    let kind = &data.slots[number];
    let (values, attempts) = (&data.values_milli[kind.values as usize], &data.attempts_micro[kind.attempts as usize]);
    let alpha = share(data.alpha_ppm);
    let watched_attempts = data.watched_attempts_micro as f64 / 1e6;
    let n = orders.site_of.len();
    let value = |ix: usize| values[ix] as f64 / 1e3;
    let mut floor = vec![0.0; n];
    kind.floors.iter().for_each(|&(ix, ppm)| floor[orders.site_ix[ix as usize]] = share(ppm));
    let marked = |list: &[u32]| {
        let mut marks = vec![false; n];
        for &ix in list {
            marks[orders.site_ix[ix as usize]] = true;
        }
        marks
    };
    let places = |c: usize| &data.contingents[c];
    Slot {
        forecast: orders
            .site_of
            .iter()
            .map(|&ix| (1.0 - alpha) * f64::from(kind.count) * (attempts[ix] as f64 / 1e6) * value(ix))
            .collect(),
        watched: orders.site_of.iter().map(|&ix| alpha * watched_attempts * value(ix)).collect(),
        floor,
        must: marked(&kind.posts),
        visit: marked(&kind.visits),
        help: Arc::clone(&tables[kind.reach as usize]),
        on_duty: kind.seats.iter().map(|part| part.seats).collect(),
        post_by: orders
            .site_of
            .iter()
            .map(|&ix| crew(&kind.seats, |c, part| part.posts && lists(places(c).sites.as_ref(), ix)))
            .collect(),
        force_by: orders
            .base_of
            .iter()
            .map(|&ix| {
                let open = data.bases[ix].forces_max > 0;
                crew(&kind.seats, |c, part| open && part.forces && lists(places(c).bases.as_ref(), ix))
            })
            .collect(),
        duties: duties(data, orders, number, kind),
        areas: areas(data, orders, number, kind),
        minutes: kind.minutes,
    }
}

fn duties(data: &WeekData, orders: &Orders, number: usize, kind: &SlotKind) -> Vec<Patrol> {
    let open = data.duties.iter().enumerate().filter(|(_, duty)| lists(duty.slots.as_ref(), number));
    open.map(|(ix, duty)| {
        let by = crew(&kind.seats, |c, part| part.patrols && lists(data.contingents[c].duties.as_ref(), ix));
        let share = |minutes: u32| f64::from(minutes) / f64::from(kind.minutes);
        let mut shares: Vec<(usize, f64)> =
            duty.visits.iter().map(|&(site, minutes)| (orders.site_ix[site as usize], share(minutes))).collect();
        shares.sort_by_key(|share| share.0);
        Patrol { seats: duty.seats, by, shares, source: Source::Duty(ix) }
    })
    .filter(|patrol| patrol.by != 0)
    .collect()
}

fn areas(data: &WeekData, orders: &Orders, number: usize, kind: &SlotKind) -> Vec<Area> {
    let open = data.areas.iter().enumerate().filter(|(_, area)| lists(area.slots.as_ref(), number));
    open.map(|(index, area)| Area {
        index,
        seats: area.seats,
        by: crew(&kind.seats, |c, part| part.patrols && lists(data.contingents[c].areas.as_ref(), index)),
        patrols_max: area.patrols_max,
        sites: area.sites.iter().map(|&site| orders.site_ix[site as usize]).collect(),
        travel: area.travel_minutes.clone(),
        stay_min: area.stay_minutes_min,
        stay_max: area.stay_minutes_max,
    })
    .filter(|area| area.by != 0 && area.patrols_max > 0)
    .collect()
}

//! The bound of a certificate for a week, in whole numbers. The formula stands in the crate's
//! documentation.

use super::earned::{Earned, State};
use super::file::{AreaPart, CertificatePart, NodePart, SlotPart, SlotProofPart, WeekPart, names};
use super::value::{forecast, harm_unit, watched};
use crate::Refusal;
use crate::bound::{Counts, Proven, dense};
use crate::file::{PPM, limits};
use num_bigint::BigInt;
use num_rational::BigRational;

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Certificate(why.into()))
}

/// What a certificate proves.
pub(crate) enum Shown {
    /// A bound.
    Bound(Proven),
    /// A slot for which there is no schedule at all.
    Empty,
}

/// Decisions in one slot.
#[derive(Clone)]
struct Fixing {
    posts: Vec<State>,
    forces: Vec<State>,
    duties: Vec<State>,
    left: Vec<u64>,
}

#[derive(Clone, Copy)]
enum Thing {
    Post(usize),
    Force(usize),
    Duty(usize),
}

/// The prices of a leaf, as they stand in the file.
struct LeafPrices<'a> {
    seats: &'a [u64],
    sites: &'a [(u32, u64)],
    visits: &'a [(u32, u64)],
}

/// One slot, ready for its leaves. Everything in units of `1 / unit` persons per week.
struct Slot<'a> {
    problem: &'a WeekPart,
    part: &'a SlotPart,
    number: usize,
    help: Vec<Vec<(u32, usize)>>,
    must: Vec<bool>,
    visit: Vec<bool>,
    /// `U_i`, to be multiplied by an effect per million and by the minutes of the slot.
    weights: Vec<BigInt>,
    /// What one step of a price is, per million and per minute of the slot.
    price: BigInt,
}

/// The shares of each group, slot by slot and site by site, checked.
fn attackers(problem: &WeekPart, certificate: &CertificatePart) -> Result<Vec<Vec<Vec<u64>>>, Refusal> {
    let denominator = certificate.attacker_denominator;
    if !(1..=limits::SHARE_DENOMINATOR_MAX).contains(&denominator) {
        let most = limits::SHARE_DENOMINATOR_MAX;
        return refuse(format!("the attackers' denominator {denominator} is not between 1 and {most}"));
    }
    if certificate.attackers.len() != problem.groups.len() {
        let (given, known) = (certificate.attackers.len(), problem.groups.len());
        return refuse(format!("there are mixtures for {given} groups and the problem has {known}"));
    }
    let mut all = Vec::new();
    for (group, list) in problem.groups.iter().zip(&certificate.attackers) {
        let mut shares = vec![vec![0u64; problem.sites.len()]; problem.slots.len()];
        let mut last = None;
        let mut total = 0u128;
        for &(slot, site, share) in list {
            if last.is_some_and(|last| (slot, site) <= last) {
                return refuse(format!(
                    "the mixture of group {:?} names slot {slot}, site {site} out of order",
                    group.id
                ));
            }
            last = Some((slot, site));
            let place = shares.get_mut(slot as usize).and_then(|slot| slot.get_mut(site as usize));
            let Some(place) = place.filter(|_| names(group.sites.as_ref(), site as usize)) else {
                return refuse(format!(
                    "the mixture of group {:?} goes to slot {slot}, site {site}: beyond reach",
                    group.id
                ));
            };
            *place = share;
            total += u128::from(share);
        }
        if total != u128::from(denominator) {
            return refuse(format!("the mixture of group {:?} sums to {total} of {denominator}", group.id));
        }
        all.push(shares);
    }
    Ok(all)
}

/// The bound and the number of leaves. With [`Counts::HarmAndFloors`] every slot has its proof; with
/// [`Counts::FloorsOnly`] one slot alone has.
pub(crate) fn bound(
    problem: &WeekPart,
    certificate: &CertificatePart,
    counts: Counts,
) -> Result<(Shown, usize), Refusal> {
    let prices = certificate.price_denominator;
    if !(1..=limits::PRICE_DENOMINATOR_MAX).contains(&prices) {
        let most = limits::PRICE_DENOMINATOR_MAX;
        return refuse(format!("the denominator of prices {prices} is not between 1 and {most}"));
    }
    let shares = match counts {
        Counts::HarmAndFloors => attackers(problem, certificate)?,
        Counts::FloorsOnly => Vec::new(),
    };
    let listed: Vec<usize> = certificate.slots.iter().map(|slot| slot.slot as usize).collect();
    let complete = listed.iter().copied().eq(0..problem.slots.len());
    let single = listed.len() == 1 && listed[0] < problem.slots.len();
    match counts {
        Counts::HarmAndFloors if !complete => {
            return refuse("it does not have one proof for each kind of slot, in order");
        }
        Counts::FloorsOnly if !single => return refuse("a proof of infeasibility is about one kind of slot"),
        _ => {}
    }
    let zero = BigRational::from_integer(0.into());
    let mut proven = Proven { bound: zero.clone(), unprotected: zero };
    let mut leaves = 0;
    for proof in &certificate.slots {
        let (shown, seen) = one_slot(problem, certificate, proof, &shares)?;
        leaves += seen;
        match shown {
            Shown::Empty => return Ok((Shown::Empty, leaves)),
            Shown::Bound(part) => {
                proven.bound += part.bound;
                proven.unprotected += part.unprotected;
            }
        }
    }
    Ok((Shown::Bound(proven), leaves))
}

fn one_slot(
    problem: &WeekPart,
    certificate: &CertificatePart,
    proof: &SlotProofPart,
    shares: &[Vec<Vec<u64>>],
) -> Result<(Shown, usize), Refusal> {
    let number = proof.slot as usize;
    let part = &problem.slots[number];
    let n = problem.sites.len();
    let (d, m) = (BigInt::from(certificate.attacker_denominator), BigInt::from(certificate.price_denominator));
    let floor_prices = dense("the floor prices", &proof.floor_prices, n)?;
    let mut harms = vec![BigInt::from(0); n];
    if !shares.is_empty() {
        for (harm, a) in harms.iter_mut().zip(forecast(problem, part)) {
            *harm = a * &d * &m;
        }
        for (k, group) in shares.iter().enumerate() {
            for ((harm, h), &q) in harms.iter_mut().zip(watched(problem, part, k)).zip(&group[number]) {
                *harm += h * q * &m;
            }
        }
    }
    let step = harm_unit() * &d;
    let minutes = BigInt::from(part.minutes);
    let mut floors = vec![0u32; n];
    part.floors.iter().for_each(|&(site, floor)| floors[site as usize] = floor);
    let mut base = BigInt::from(0);
    let mut unprotected = BigInt::from(0);
    let mut weights = Vec::with_capacity(n);
    for (i, harm) in harms.into_iter().enumerate() {
        let floor = &step * floor_prices[i];
        let whole = &harm * PPM * &minutes;
        base += &whole + &floor * floors[i] * &minutes;
        unprotected += whole;
        weights.push(harm + floor);
    }
    let marked = |list: &[u32]| {
        let mut marks = vec![false; n];
        for &site in list {
            marks[site as usize] = true;
        }
        marks
    };
    let price = &step * PPM * &minutes;
    let unit = &price * &m;
    let slot = Slot {
        problem,
        part,
        number,
        help: problem.help(part),
        must: marked(&part.posts),
        visit: marked(&part.visits),
        weights,
        price,
    };
    let (worst, leaves) = slot.worst_leaf(&proof.nodes)?;
    let Some(worst) = worst else { return Ok((Shown::Empty, leaves)) };
    let bound = BigRational::new(base - worst, unit.clone());
    Ok((Shown::Bound(Proven { bound, unprotected: BigRational::new(unprotected, unit) }), leaves))
}

impl Slot<'_> {
    /// The worst leaf, `None` where every branch is empty, and the number of leaves.
    fn worst_leaf(&self, nodes: &[NodePart]) -> Result<(Option<BigInt>, usize), Refusal> {
        let mut seen = vec![false; nodes.len()];
        let mut todo = vec![(0usize, self.root())];
        let mut worst: Option<BigInt> = None;
        let mut leaves = 0;
        while let Some((at, fix)) = todo.pop() {
            let Some(node) = nodes.get(at) else {
                return refuse(format!("the tree names node {at}, which is not there"));
            };
            if std::mem::replace(&mut seen[at], true) {
                return refuse(format!("node {at} of the tree has two parents"));
            }
            let (thing, contingent, without, with) = match node {
                NodePart::Bound { seat_prices, site_prices, visit_prices, whole_seats } => {
                    leaves += 1;
                    let prices = LeafPrices { seats: seat_prices, sites: site_prices, visits: visit_prices };
                    let leaf = match &fix {
                        Some(fix) => self.leaf(fix, &prices, whole_seats)?,
                        None => None,
                    };
                    worst = match (worst, leaf) {
                        (Some(worst), Some(leaf)) => Some(worst.max(leaf)),
                        (worst, leaf) => worst.or(leaf),
                    };
                    continue;
                }
                NodePart::Post { site, contingent, without, with } => {
                    (Thing::Post(*site as usize), contingent, without, with)
                }
                NodePart::Force { base, contingent, without, with } => {
                    (Thing::Force(*base as usize), contingent, without, with)
                }
                NodePart::Duty { duty, contingent, without, with } => {
                    (Thing::Duty(*duty as usize), contingent, without, with)
                }
            };
            for child in [*without, *with] {
                if child as usize <= at {
                    return refuse(format!("child {child} of node {at} does not stand after it"));
                }
            }
            let Some(fix) = fix else { return refuse(format!("node {at} decides where nothing is left")) };
            let (no, yes) = self.decide(&fix, thing, *contingent as usize)?;
            todo.push((*without as usize, Some(no)));
            todo.push((*with as usize, Some(yes)));
        }
        if let Some(unused) = seen.iter().position(|seen| !seen) {
            return refuse(format!("node {unused} of the tree belongs to no branch"));
        }
        if leaves == 0 { refuse("the tree has no leaf") } else { Ok((worst, leaves)) }
    }

    /// Who may do what before anything is decided; posts that must stand and that one contingent
    /// alone may man are held by it. `None` where these do not fit its seats.
    fn root(&self) -> Option<Fixing> {
        let (problem, seats) = (self.problem, &self.part.seats);
        let crew = |may: &dyn Fn(usize) -> bool| {
            let free =
                (0..problem.contingents.len()).filter(|&c| seats[c].seats > 0 && may(c)).map(|c| 1u64 << c).sum();
            State { free, held: None }
        };
        let of = |c: usize| &problem.contingents[c];
        let posts =
            (0..problem.sites.len()).map(|i| crew(&|c| seats[c].posts && names(of(c).sites.as_ref(), i))).collect();
        let forces = problem.bases.iter().enumerate();
        let forces = forces
            .map(|(b, base)| crew(&|c| base.forces_max > 0 && seats[c].forces && names(of(c).bases.as_ref(), b)))
            .collect();
        let duties = problem.duties.iter().enumerate();
        let duties = duties
            .map(|(d, duty)| {
                let open = names(duty.slots.as_ref(), self.number);
                crew(&|c| open && seats[c].patrols && names(of(c).duties.as_ref(), d))
            })
            .collect();
        let left = seats.iter().map(|part| u64::from(part.seats)).collect();
        let mut root = Fixing { posts, forces, duties, left };
        for (i, site) in problem.sites.iter().enumerate().filter(|(i, _)| self.must[*i]) {
            if root.posts[i].free.is_power_of_two() {
                let by = root.posts[i].free.trailing_zeros() as usize;
                root.left[by] = root.left[by].checked_sub(site.seats.into())?;
                root.posts[i] = State { free: 0, held: Some(by) };
            }
        }
        self.drop_what_does_not_fit(&mut root);
        Some(root)
    }

    fn drop_what_does_not_fit(&self, fix: &mut Fixing) {
        let left = fix.left.clone();
        let keep = |state: &mut State, seats: u32| {
            for (c, &left) in left.iter().enumerate() {
                if u64::from(seats) > left {
                    state.free &= !(1 << c);
                }
            }
        };
        fix.posts.iter_mut().zip(&self.problem.sites).for_each(|(state, site)| keep(state, site.seats));
        fix.forces.iter_mut().zip(&self.problem.bases).for_each(|(state, base)| keep(state, base.seats));
        fix.duties.iter_mut().zip(&self.problem.duties).for_each(|(state, duty)| keep(state, duty.seats));
    }

    fn decide(&self, fix: &Fixing, thing: Thing, by: usize) -> Result<(Fixing, Fixing), Refusal> {
        let (mut without, mut with) = (fix.clone(), fix.clone());
        let (what, seats) = match thing {
            Thing::Post(i) => (format!("site {i}"), self.problem.sites.get(i).map(|site| site.seats)),
            Thing::Force(b) => (format!("base {b}"), self.problem.bases.get(b).map(|base| base.seats)),
            Thing::Duty(d) => (format!("patrol duty {d}"), self.problem.duties.get(d).map(|duty| duty.seats)),
        };
        let free = match thing {
            Thing::Post(i) => fix.posts.get(i),
            Thing::Force(b) => fix.forces.get(b),
            Thing::Duty(d) => fix.duties.get(d),
        };
        let (Some(seats), Some(free)) = (seats, free) else {
            return refuse(format!("a branch decides on {what}, which is not there"));
        };
        if by >= 64 || free.free >> by & 1 == 0 {
            return refuse(format!(
                "a branch decides on {what} and contingent {by}, which is not open to decision there"
            ));
        }
        let state = |fix: &mut Fixing, new: State| match thing {
            Thing::Post(i) => fix.posts[i] = new,
            Thing::Force(b) => fix.forces[b] = new,
            Thing::Duty(d) => fix.duties[d] = new,
        };
        state(&mut without, State { free: free.free & !(1 << by), held: None });
        state(&mut with, State { free: 0, held: Some(by) });
        // What is free fits, so this does not underflow.
        with.left[by] -= u64::from(seats);
        self.drop_what_does_not_fit(&mut with);
        Ok((without, with))
    }

    /// Whether a post may stand at the site or a patrol may come by.
    fn can_visit(&self, fix: &Fixing, i: usize) -> bool {
        let open = |state: &State| state.free != 0 || state.held.is_some();
        let comes = |(state, duty): (&State, &super::file::DutyPart)| {
            open(state) && duty.visits.iter().any(|visit| visit.0 as usize == i)
        };
        let passes = |area: &AreaPart| {
            names(area.slots.as_ref(), self.number) && area.sites.iter().any(|&site| site as usize == i)
        };
        open(&fix.posts[i])
            || fix.duties.iter().zip(&self.problem.duties).any(comes)
            || self.problem.areas.iter().any(passes)
    }

    /// `UB` of a leaf; `None` where nobody is left for a post that must stand or a visit that must be
    /// made.
    fn leaf(&self, fix: &Fixing, prices: &LeafPrices<'_>, whole_seats: &[u32]) -> Result<Option<BigInt>, Refusal> {
        let problem = self.problem;
        let n = problem.sites.len();
        if prices.seats.len() != problem.contingents.len() {
            return refuse(format!("a leaf has {} prices of seats", prices.seats.len()));
        }
        if (0..n).any(|i| self.visit[i] && !self.can_visit(fix, i)) {
            return Ok(None);
        }
        let (rho, nu) = (dense("a leaf", prices.sites, n)?, dense("a leaf's visits", prices.visits, n)?);
        let zero = BigInt::from(0);
        let minutes = BigInt::from(self.part.minutes);
        let mu: Vec<BigInt> = prices.seats.iter().map(|&price| &self.price * price).collect();
        let mut total = zero.clone();
        let mut earned = Earned::new(&mu, &fix.left, whole_seats)?;
        let mut forces = vec![BigInt::from(0); problem.bases.len()];
        // What a patrol earns at each site in the whole slot: a multiple of its minutes, since weights and
        // prices are.
        let mut patrol = vec![BigInt::from(0); n];
        let bounty: Vec<BigInt> = nu.iter().map(|&price| &self.price * price).collect();
        for (i, site) in problem.sites.iter().enumerate() {
            let weight = &self.weights[i] * &minutes;
            let rho = &self.price * rho[i];
            total += &rho;
            if self.visit[i] {
                total -= &bounty[i];
            }
            let worth = (&weight * problem.static_effect_ppm - &rho).max(zero.clone()) + &bounty[i];
            let state = &fix.posts[i];
            if self.must[i] && state.held.is_none() && state.free == 0 {
                return Ok(None);
            }
            earned.thing(state, worth, site.seats, 1, self.must[i]);
            patrol[i] = (&weight * problem.patrol_effect_ppm - &rho).max(zero.clone());
            for &(effect, base) in &self.help[i] {
                let gain = &weight * effect - &rho;
                if gain <= zero {
                    break; // the list is sorted by effect
                }
                forces[base] += gain;
            }
        }
        for ((state, gain), base) in fix.forces.iter().zip(forces).zip(&problem.bases) {
            earned.thing(state, gain, base.seats, 1, false);
        }
        for (state, duty) in fix.duties.iter().zip(&problem.duties) {
            let gain = |&(site, stay): &(u32, u32)| &patrol[site as usize] * stay / &minutes + &bounty[site as usize];
            earned.thing(state, duty.visits.iter().map(gain).sum::<BigInt>(), duty.seats, 1, false);
        }
        for (number, area) in problem.areas.iter().enumerate() {
            let free: u64 = (0..mu.len())
                .filter(|&c| {
                    let part = &self.part.seats[c];
                    part.seats > 0 && part.patrols && names(problem.contingents[c].areas.as_ref(), number)
                })
                .map(|c| 1u64 << c)
                .sum();
            if free != 0 && names(area.slots.as_ref(), self.number) {
                let best = self.best_round(area, &patrol, &bounty);
                earned.thing(&State { free, held: None }, best, area.seats, area.patrols_max, false);
            }
        }
        Ok(Some(total + earned.most()?))
    }

    /// The most that one round in an area earns, or more: the longest path from the base and back in
    /// the network of sites and minutes.
    #[expect(clippy::needless_range_loop, reason = "minutes and sites index two tables each")]
    fn best_round(&self, area: &AreaPart, patrol: &[BigInt], bounty: &[BigInt]) -> BigInt {
        let (n, length) = (area.sites.len(), self.part.minutes as usize);
        let site = |i: usize| area.sites[i] as usize;
        let rate: Vec<BigInt> = (0..n).map(|i| &patrol[site(i)] / self.part.minutes).collect();
        // The most on being at a site, having come by minute `t`, and on leaving it by minute `t`.
        let mut come: Vec<Vec<Option<BigInt>>> = vec![vec![None; n]; length + 1];
        let mut gone: Vec<Vec<Option<BigInt>>> = vec![vec![None; n]; length + 1];
        for t in 0..=length {
            for i in 0..n {
                let mut best = if t > 0 { come[t - 1][i].clone() } else { None };
                if area.travel_minutes[0][i + 1] as usize <= t {
                    best = best.max(Some(BigInt::from(0)));
                }
                for j in (0..n).filter(|&j| j != i) {
                    if let Some(left) = t.checked_sub(area.travel_minutes[j + 1][i + 1] as usize)
                        && gone[left][j] > best
                    {
                        best.clone_from(&gone[left][j]);
                    }
                }
                come[t][i] = best;
            }
            for i in 0..n {
                let mut best = if t > 0 { gone[t - 1][i].clone() } else { None };
                for stay in area.stay_minutes_min as usize..=(area.stay_minutes_max as usize).min(t) {
                    if let Some(before) = &come[t - stay][i] {
                        best = best.max(Some(before + &rate[i] * stay + &bounty[site(i)]));
                    }
                }
                gone[t][i] = best;
            }
        }
        let home =
            |i: usize| length.checked_sub(area.travel_minutes[i + 1][0] as usize).and_then(|t| gone[t][i].clone());
        (0..n).filter_map(home).max().unwrap_or_default().max(BigInt::from(0))
    }
}

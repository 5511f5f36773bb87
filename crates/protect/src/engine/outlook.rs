//! What the relaxation of a coarse model means for every site.

use super::coarse::{Coarse, part};
use super::cuts::{Given, Prices, SHARE_LEAST, Shares, fill, improve};
use super::lineup::{Fixing, cheapest};
use super::model::Model;
use super::proof::{Proof, Rounded, Stance, one_leaf};
use super::relax::{Relaxed, SlotRelaxed};

/// A solution of the coarse relaxation, seen by all sites.
pub(super) struct Outlook {
    /// Protection of each site.
    pub cover: Vec<f64>,
    /// What each group's mean effects hide: how much more protection, weighted by harm, its members have.
    pub hidden: Vec<f64>,
    /// Forecast and worst harm, were the shares of the relaxation a plan.
    pub harm: f64,
    /// Worst harm of each group of watchers among the sites that are kept.
    pub theta: Vec<f64>,
    /// Shares and prices.
    pub found: From,
    /// The bound that the prices prove.
    pub proof: Proof,
}

/// How far to go.
pub(super) struct Aim<'a> {
    /// Share of the harm that the bound may miss for want of better prices.
    pub close: f64,
    pub threads: usize,
    pub should_stop: &'a dyn Fn() -> bool,
}

/// Where the search for prices starts: shares, prices of the whole, prices of visits.
#[derive(Clone)]
pub(super) struct From {
    pub shares: Shares,
    pub prices: Prices,
    pub visit_price: Vec<f64>,
    /// Protection of the kept sites, where patrols have a part in it.
    pub cover: Option<Vec<f64>>,
}

impl From {
    /// From a solution of the coarse relaxation.
    pub(super) fn relaxed(model: &Model, root: &Fixing, coarse: &Coarse, first: &SlotRelaxed) -> Self {
        let shares = shares(model, root, coarse, first);
        let prices = prices(model, coarse, first, &shares);
        let mut visit_price = vec![0.0; model.sites()];
        coarse.kept.iter().zip(&first.visit_price).for_each(|(&i, &price)| visit_price[i] = price);
        Self { shares, prices, visit_price, cover: Some(first.cover.clone()) }
    }

    /// Bases at which a force waits at least some of the time.
    pub(super) fn in_use(&self) -> Vec<bool> {
        self.shares.forces.iter().map(|&share| share > SHARE_LEAST).collect()
    }

    /// The same where other sites are kept.
    pub(super) fn kept(mut self, before: &[usize], coarse: &Coarse, contingents: usize) -> Self {
        let old = std::mem::take(&mut self.shares.by.1);
        self.shares.by.1 = vec![0.0; coarse.kept.len() * contingents];
        for (place, i) in coarse.kept.iter().enumerate() {
            if let Ok(at) = before.binary_search(i) {
                for c in 0..contingents {
                    self.shares.by.1[place * contingents + c] = old[at * contingents + c];
                }
            }
        }
        self.cover = None;
        self
    }
}

impl Outlook {
    /// Improves prices and shares for all sites. Patrols are left as they are.
    pub(super) fn new((model, root): (&Model, &Fixing), coarse: &Coarse, from: From, aim: &Aim<'_>) -> Self {
        let From { mut shares, mut prices, visit_price, cover } = from;
        let mut seen = seen(model, coarse, &shares, cover.as_deref());
        if !has_patrols(model) {
            let given = Given { model, root, kept: &coarse.kept, threads: aim.threads };
            let better;
            (prices, better) = improve(&given, prices, shares.clone(), aim.close * seen.harm, aim.should_stop);
            let next = self::seen(model, coarse, &better, None);
            if next.harm < seen.harm || cover.is_none() {
                (seen, shares) = (next, better);
            }
        }
        let proof = proof(model, root, &prices, visit_price.clone());
        Self {
            hidden: hidden(model, coarse, &shares, &seen.cover),
            harm: seen.harm,
            theta: seen.theta,
            found: From { shares, prices, visit_price, cover: None },
            cover: seen.cover,
            proof,
        }
    }

    /// As a solution of the coarse relaxation.
    pub(super) fn relaxed(&self, root: &Fixing, coarse: &Coarse) -> Relaxed {
        let (small, From { shares, prices, visit_price, .. }) = (&coarse.model.slots[0], &self.found);
        let (crews, count) = (root.left.len(), coarse.groups.len());
        let of = |list: &[f64]| part(list, &coarse.kept, count, 0.0);
        let mut post = shares.by.1.clone();
        post.resize(coarse.model.sites() * crews, 0.0);
        let (mut cover, mut site_price) = (of(&self.cover), of(&prices.sites));
        for (g, members) in coarse.groups.iter().enumerate() {
            let place = coarse.kept.len() + g;
            cover[place] = fill(&small.help[place], &shares.forces, (0.0, 0.0)).cover;
            site_price[place] = members.iter().map(|&i| prices.sites[i]).sum();
        }
        let slot = SlotRelaxed {
            post,
            force: shares.by.0.clone(),
            patrol: Vec::new(),
            cover,
            shortage: [Vec::new(), Vec::new(), Vec::new()],
            attacker: prices.attackers.iter().map(|q| of(q)).collect(),
            floor_price: of(&prices.floors),
            visit_price: of(visit_price),
            must_price: vec![0.0; coarse.model.sites()],
            site_price,
            seat_price: prices.seats.clone(),
        };
        Relaxed { slots: vec![slot], theta: self.theta.clone(), solved: true }
    }

    /// Sites left out at which a post would pay: gain, site.
    pub(super) fn posts_that_pay(&self, model: &Model, root: &Fixing, kept: &[bool]) -> Vec<(f64, usize)> {
        let slot = &model.slots[0];
        let gain = |i: usize| {
            let price = cheapest(root.post[i].free, &self.found.prices.seats) * f64::from(model.seats[i]);
            slot.forecast[i] * model.post_effect - self.found.prices.sites[i] - price
        };
        (0..model.sites()).filter(|&i| !kept[i]).map(|i| (gain(i), i)).filter(|post| post.0 > 0.0).collect()
    }
}

/// Whether there are patrols at all.
pub(super) fn has_patrols(model: &Model) -> bool {
    model.slots.iter().any(|slot| !slot.duties.is_empty() || !slot.areas.is_empty())
}

/// The bound that prices prove.
fn proof(model: &Model, root: &Fixing, prices: &Prices, visit_price: Vec<f64>) -> Proof {
    let mut stance = Stance { attackers: prices.attackers.clone(), floor_prices: vec![prices.floors.clone()] };
    for shares in &mut stance.attackers {
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            for q in shares {
                *q /= total;
            }
        }
    }
    let rounded = Rounded::new(model, &stance, true);
    let all = SlotRelaxed {
        seat_price: prices.seats.clone(),
        site_price: prices.sites.clone(),
        visit_price,
        ..SlotRelaxed::default()
    };
    let slot = one_leaf(model, root, &rounded, &all);
    let bound = slot.part;
    let Rounded { attackers, price_denominator, .. } = rounded;
    Proof { attackers, price_denominator, slots: vec![slot], bound }
}

/// Shares of the relaxation, of all sites.
fn shares(model: &Model, root: &Fixing, coarse: &Coarse, prices: &SlotRelaxed) -> Shares {
    let crews = root.left.len();
    let sum = |list: &[f64], at: usize| list[at * crews..(at + 1) * crews].iter().sum::<f64>().min(1.0);
    let held = |state: &super::lineup::State| state.held.is_some();
    let force = |b: usize| if held(&root.force[b]) { 1.0 } else { sum(&prices.force, b) };
    let mut posts = vec![0.0; model.sites()];
    for (place, &i) in coarse.kept.iter().enumerate() {
        posts[i] = if held(&root.post[i]) { 1.0 } else { sum(&prices.post, place) };
    }
    let by = (prices.force.clone(), prices.post[..coarse.kept.len() * crews].to_vec());
    Shares { forces: (0..model.bases()).map(force).collect(), posts, by }
}

/// What shares give.
struct Seen {
    cover: Vec<f64>,
    harm: f64,
    theta: Vec<f64>,
}

/// What shares give all sites; those kept have `cover`, where it is known.
fn seen(model: &Model, coarse: &Coarse, shares: &Shares, cover: Option<&[f64]>) -> Seen {
    let slot = &model.slots[0];
    let given = |i: usize| fill(&slot.help[i], &shares.forces, (model.post_effect, shares.posts[i])).cover;
    let mut all: Vec<f64> = (0..model.sites()).map(given).collect();
    for (place, &i) in coarse.kept.iter().enumerate() {
        all[i] = cover.map_or(all[i], |cover| cover[place]);
    }
    let harm = |k: usize, i: usize| model.harm(k, 0, i) * (1.0 - all[i]);
    let worst = |k: usize| (0..model.sites()).map(|i| harm(k, i)).fold(0.0, f64::max);
    let kept = |k: usize| coarse.kept.iter().map(|&i| harm(k, i)).fold(0.0, f64::max);
    let open: f64 = slot.forecast.iter().zip(&all).map(|(a, c)| a * (1.0 - c)).sum();
    let total = open + (0..model.groups.len()).map(worst).sum::<f64>();
    let theta = (0..model.groups.len()).map(kept).collect();
    Seen { harm: total, theta, cover: all }
}

/// What the means of each group hide at these shares.
fn hidden(model: &Model, coarse: &Coarse, shares: &Shares, cover: &[f64]) -> Vec<f64> {
    let (slot, small) = (&model.slots[0], &coarse.model.slots[0]);
    let groups = coarse.groups.iter().enumerate().map(|(g, members)| {
        let place = coarse.kept.len() + g;
        let mean = fill(&small.help[place], &shares.forces, (0.0, 0.0)).cover;
        members.iter().map(|&i| slot.forecast[i] * cover[i]).sum::<f64>() - small.forecast[place] * mean
    });
    groups.collect()
}

/// Prices of all sites from those of the coarse model: members of a group stand between the same modes, in
/// their own effects, as the group does in its means.
fn prices(model: &Model, coarse: &Coarse, first: &SlotRelaxed, shares: &Shares) -> Prices {
    let (slot, small) = (&model.slots[0], &coarse.model.slots[0]);
    let mut prices = Prices {
        attackers: vec![vec![0.0; model.sites()]; model.groups.len()],
        floors: vec![0.0; model.sites()],
        sites: vec![0.0; model.sites()],
        seats: first.seat_price.clone(),
    };
    for (place, &i) in coarse.kept.iter().enumerate() {
        prices.sites[i] = first.site_price[place];
        prices.floors[i] = first.floor_price[place];
        prices.attackers.iter_mut().zip(&first.attacker).for_each(|(all, shares)| all[i] = shares[place]);
    }
    for (g, members) in coarse.groups.iter().enumerate() {
        let place = coarse.kept.len() + g;
        let level = first.site_price[place] / small.forecast[place];
        let mean = fill(&small.help[place], &shares.forces, (0.0, 0.0));
        let part = ((level - mean.low) / (mean.high - mean.low)).clamp(0.0, 1.0);
        for &i in members {
            let own = fill(&slot.help[i], &shares.forces, (0.0, 0.0));
            let between =
                if part.is_finite() { own.low + part * (own.high - own.low) } else { level.clamp(own.low, own.high) };
            prices.sites[i] = slot.forecast[i] * between;
        }
    }
    prices
}

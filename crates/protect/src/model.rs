//! The problem as the solver sees it: floats, sorted by id, unusable things left out.
//!
//! Sites and bases are sorted by id, so that the order of the caller's lists changes nothing.

use crate::problem::{PPM, Problem};

/// A base that can help a site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Help {
    /// Index of the base in the model.
    pub base: usize,
    /// Probability that its force stops an attempt.
    pub effect: f64,
}

/// All in persons harmed per week, seats, and probabilities.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// `a_i = (1 - alpha) lam_i v_i`: harm per week from those who do not watch.
    pub forecast: Vec<f64>,
    /// `h_i = alpha Lam v_i`: harm per week if every watcher chose this site.
    pub watched: Vec<f64>,
    /// Seats of a post.
    pub seats: Vec<u32>,
    /// Least protection.
    pub floor: Vec<f64>,
    /// Whether a post must stand here.
    pub mandatory: Vec<bool>,
    /// Bases that can help, best first.
    pub help: Vec<Vec<Help>>,
    /// Projection basis for the sweep line.
    pub position: Vec<(f64, f64)>,
    /// Seats of a force at each base.
    pub base_seats: Vec<u32>,
    /// Whether a force may wait at the base at all.
    pub base_open: Vec<bool>,
    /// Probability that a static post stops an attempt.
    pub post_effect: f64,
    /// Seats on duty.
    pub seats_total: u32,
    /// Model index to the problem's index of the site.
    pub site_of: Vec<usize>,
    /// Model index to the problem's index of the base.
    pub base_of: Vec<usize>,
}

fn sorted_by_id<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<usize> {
    let ids: Vec<_> = ids.collect();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|&ix| ids[ix]);
    order
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        back[old] = new;
    }
    back
}

impl Model {
    pub(crate) fn new(problem: &Problem) -> Self {
        let data = problem.data();
        let site_of = sorted_by_id(data.sites.iter().map(|site| &site.id));
        let base_of = sorted_by_id(data.bases.iter().map(|base| &base.id));
        let (site_ix, base_ix) = (inverse(&site_of), inverse(&base_of));
        let mut help = vec![Vec::new(); site_of.len()];
        for reach in data.reach.iter().filter(|reach| reach.effect_ppm > 0) {
            let base = &data.bases[reach.base as usize];
            if base.forces_max > 0 {
                let effect = share(reach.effect_ppm);
                help[site_ix[reach.site as usize]].push(Help { base: base_ix[reach.base as usize], effect });
            }
        }
        for list in &mut help {
            list.sort_by(|a: &Help, b: &Help| b.effect.total_cmp(&a.effect).then(a.base.cmp(&b.base)));
        }
        let sites = || site_of.iter().map(|&ix| &data.sites[ix]);
        let bases = || base_of.iter().map(|&ix| &data.bases[ix]);
        let alpha = share(data.alpha_ppm);
        let watched_attempts = data.watched_attempts_micro as f64 / 1e6;
        Self {
            forecast: sites()
                .map(|s| (1.0 - alpha) * (s.attempts_micro as f64 / 1e6) * (s.value_milli as f64 / 1e3))
                .collect(),
            watched: sites().map(|s| alpha * watched_attempts * (s.value_milli as f64 / 1e3)).collect(),
            seats: sites().map(|s| s.seats).collect(),
            floor: sites().map(|s| share(s.floor_ppm)).collect(),
            mandatory: sites().map(|s| s.mandatory).collect(),
            help,
            position: sites()
                .enumerate()
                .map(|(ix, s)| s.position.map_or((ix as f64, 0.0), |p| (p.lat(), p.lon() * p.lat().to_radians().cos())))
                .collect(),
            base_seats: bases().map(|b| b.seats).collect(),
            base_open: bases().map(|b| b.forces_max > 0).collect(),
            post_effect: share(data.static_effect_ppm),
            seats_total: problem.seats(),
            site_of,
            base_of,
        }
    }

    pub(crate) fn sites(&self) -> usize {
        self.forecast.len()
    }

    pub(crate) fn bases(&self) -> usize {
        self.base_seats.len()
    }

    /// A natural unit of harm: what an unprotected week costs. Never zero.
    pub(crate) fn scale(&self) -> f64 {
        let total = self.forecast.iter().sum::<f64>() + self.watched.iter().copied().fold(0.0, f64::max);
        if total > 0.0 { total } else { 1.0 }
    }

    pub(crate) fn mandatory_seats(&self) -> u32 {
        let seats: u64 = (0..self.sites()).filter(|&i| self.mandatory[i]).map(|i| u64::from(self.seats[i])).sum();
        u32::try_from(seats).unwrap_or(u32::MAX)
    }
}

pub(crate) fn share(ppm: u32) -> f64 {
    f64::from(ppm) / f64::from(PPM)
}

//! What more people on duty are worth, beside a pattern.

use super::breach::score_week;
use super::data::{Group, Week, WeekData};
use super::evaluate::{WeekFault, WeekSchedule};
use crate::engine::share;

/// How many more people on duty in every slot the present pattern would need to do as well as `value` (persons harmed
/// per week), if each further post stood in all slots where it helps that pattern most: the reverse reading of a plan.
/// Rules that the pattern breaks are not counted. 0 where it does as well already; `None` where no number of posts would do.
pub fn week_seats_equal(week: &Week, present: &[Vec<WeekSchedule>], value: f64) -> Result<Option<u64>, WeekFault> {
    let mut pattern = Pattern::new(week, score_week(week, present)?.evaluation.protection);
    let mut seats = 0;
    loop {
        if pattern.harm() <= value * (1.0 + 1e-12) {
            return Ok(Some(seats));
        }
        let gains = pattern.gains();
        let best = (0..gains.len()).max_by(|&a, &b| gains[a].total_cmp(&gains[b]).then(b.cmp(&a)));
        let Some(best) = best.filter(|&best| gains[best] > 0.0) else { return Ok(None) };
        pattern.cover.iter_mut().for_each(|slot| slot[best] = slot[best].max(pattern.post));
        seats += u64::from(week.data().sites[best].seats);
    }
}

/// A pattern to which posts are added.
struct Pattern<'a> {
    data: &'a WeekData,
    /// Protection, slot by slot and site by site.
    cover: Vec<Vec<f64>>,
    /// Effect of a post.
    post: f64,
    alpha: f64,
}

impl<'a> Pattern<'a> {
    fn new(week: &'a Week, cover: Vec<Vec<f64>>) -> Self {
        let data = week.data();
        Self { data, cover, post: share(data.static_effect_ppm), alpha: share(data.alpha_ppm) }
    }

    /// Persons harmed by an attempt.
    fn one(&self, slot: usize, site: usize, cover: f64) -> f64 {
        self.data.values_milli[self.data.slots[slot].values as usize][site] as f64 / 1e3 * (1.0 - cover)
    }

    /// Forecast attempts a week that are not by watchers.
    fn forecast(&self, slot: usize, site: usize) -> f64 {
        let kind = &self.data.slots[slot];
        let attempts = self.data.attempts_micro[kind.attempts as usize][site] as f64 / 1e6;
        (1.0 - self.alpha) * f64::from(kind.count) * attempts
    }

    fn slots(&self) -> std::ops::Range<usize> {
        0..self.data.slots.len()
    }

    /// Most persons harmed by an attempt at a site, over the slots.
    fn most(&self, site: usize) -> f64 {
        self.slots().map(|slot| self.one(slot, site, self.cover[slot][site])).fold(0.0, f64::max)
    }

    /// For each group its weight in attempts a week, and the most that it can do at the site where it can do most, and
    /// at the best of all others.
    fn worst(&self) -> Vec<(f64, usize, f64, f64)> {
        let watched = self.alpha * self.data.watched_attempts_micro as f64 / 1e6;
        let all: Vec<f64> = (0..self.data.sites.len()).map(|site| self.most(site)).collect();
        let group = |group: &Group| {
            let (mut at, mut first, mut second) = (usize::MAX, 0.0, 0.0);
            let mut see = |site: usize| {
                if at == usize::MAX || all[site] > first {
                    (at, first, second) = (site, all[site], first);
                } else if all[site] > second {
                    second = all[site];
                }
            };
            match &group.sites {
                Some(sites) => sites.iter().for_each(|&site| see(site as usize)),
                None => (0..all.len()).for_each(see),
            }
            (watched * share(group.share_ppm), at, first, second)
        };
        self.data.groups.iter().map(group).collect()
    }

    /// Persons harmed per week.
    fn harm(&self) -> f64 {
        let at = |slot: usize| {
            let sites = self.cover[slot].iter().enumerate();
            sites.map(|(site, &cover)| self.forecast(slot, site) * self.one(slot, site, cover)).sum::<f64>()
        };
        let worst: f64 = self.worst().iter().map(|(weight, _, first, _)| weight * first).sum();
        self.slots().map(at).sum::<f64>() + worst
    }

    /// What a post at each site saves for each of its seats; 0 where one stands already.
    fn gains(&self) -> Vec<f64> {
        let worst = self.worst();
        let gain = |site: usize| {
            let mut saved = 0.0;
            let (mut is_open, mut left) = (false, 0.0f64);
            for slot in self.slots() {
                let cover = self.cover[slot][site];
                is_open |= cover < self.post;
                let with = self.one(slot, site, cover.max(self.post));
                left = left.max(with);
                saved += self.forecast(slot, site) * (self.one(slot, site, cover) - with);
            }
            if !is_open {
                return 0.0;
            }
            for (group, &(weight, at, first, second)) in self.data.groups.iter().zip(&worst) {
                let reaches = |sites: &Vec<u32>| sites.iter().any(|&held| held as usize == site);
                if self.most(site) >= first && group.sites.as_ref().is_none_or(reaches) {
                    // A site among several worst saves nothing alone, and yet it has to come first.
                    let next = if at == site { second } else { first };
                    saved += weight * (first - next.max(left)).max(1e-9 * first);
                }
            }
            saved / f64::from(self.data.sites[site].seats)
        };
        (0..self.data.sites.len()).map(gain).collect()
    }
}

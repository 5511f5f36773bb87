//! The relaxation of all sites, by cuts in the shares of forces and posts alone.
//!
//! For given shares every site is a fractional fill of its own: best modes first until their shares sum to
//! one. The effect `m_i` at which that is full prices the site, and with `z_b` the share of a force, `x_i`
//! of a post and `rho_i = a_i m_i`
//!
//! ```text
//! sum_{i in g} a_i c_i  <=  sum_{i in g} rho_i + sum_b z_b sum_{i in g} (a_i e_ib - rho_i)^+
//!                         + sum_{i in g} x_i (a_i e_st - rho_i)^+                 for groups g of sites
//! c_i                   <=  m + sum_b z_b (e_ib - m)^+ + x_i (e_st - m)^+         for sites that may be worst
//! ```
//!
//! for all shares and any `rho, m >= 0`: cuts. The shares within the seats that do least harm against the
//! cuts known are a small linear program (Benders 1962; one variable a group, as Birge and Louveaux 1988).
//! Its prices are those of the whole: of seats, of sites that may be worst (the attackers), of floors, and
//! the prices of cuts mix their `rho` to one that proves at least as much. Cuts at points between the best
//! shares known and the last answer settle sooner (Ben-Ameur and Neto 2007). Patrols are not treated here.

use super::lineup::{Fixing, State};
use super::model::{Help, Model};
use super::parallel;
use super::rows::{Exactness, Rows, Solution};

/// Most rounds of cuts.
const ROUNDS_MAX: usize = 30;
/// Shares below this are none, and shares that sum to one within this sum to one.
pub(super) const SHARE_LEAST: f64 = 1e-4;
/// Most sites that begin to be watched in one round.
const WATCH_A_ROUND: usize = 300;

/// How the expected modes cover a site: the best first until the shares sum to one.
pub(super) struct Fill {
    pub cover: f64,
    /// Effect of the mode with which they do, 0 if they do not.
    pub high: f64,
    /// Effect of the next one if they do so exactly, else the same.
    pub low: f64,
}

/// Fills a site by forces of these shares and a post: its effect and share.
pub(super) fn fill(help: &[Help], forces: &[f64], post: (f64, f64)) -> Fill {
    let better = help.partition_point(|help| help.effect > post.0);
    let mode = |help: &Help| (help.effect, forces[help.base]);
    let modes = help[..better].iter().map(mode).chain(std::iter::once(post)).chain(help[better..].iter().map(mode));
    let (mut left, mut cover) = (1.0f64, 0.0);
    let mut high = None;
    for (effect, share) in modes {
        let used = share.min(left);
        cover += used * effect;
        if share > SHARE_LEAST {
            if let Some(high) = high {
                return Fill { cover, high, low: effect };
            }
            if share - left > SHARE_LEAST {
                return Fill { cover, high: effect, low: effect };
            }
            if left - share <= SHARE_LEAST {
                high = Some(effect);
            }
        }
        left -= used;
    }
    Fill { cover, high: high.unwrap_or(0.0), low: 0.0 }
}

/// What is given.
pub(super) struct Given<'a> {
    pub model: &'a Model,
    pub root: &'a Fixing,
    /// Sites at which a post may stand and that may be worst or have floors, ascending.
    pub kept: &'a [usize],
    pub threads: usize,
}

/// Prices of the whole, in persons per week.
#[derive(Clone)]
pub(super) struct Prices {
    /// `q` of each group of watchers, of each site.
    pub attackers: Vec<Vec<f64>>,
    pub floors: Vec<f64>,
    pub sites: Vec<f64>,
    pub seats: Vec<f64>,
}

/// Expected forces and posts, all contingents together and for each of them.
#[derive(Clone)]
pub(super) struct Shares {
    /// At each base.
    pub forces: Vec<f64>,
    /// At each site.
    pub posts: Vec<f64>,
    /// At base times contingents, and at the place in the list of sites that may have a post times
    /// contingents.
    pub by: (Vec<f64>, Vec<f64>),
}

impl Shares {
    fn toward(&self, other: &Self, part: f64) -> Self {
        let mix = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + part * (b - a)).collect::<Vec<_>>();
        Self {
            forces: mix(&self.forces, &other.forces),
            posts: mix(&self.posts, &other.posts),
            by: (mix(&self.by.0, &other.by.0), mix(&self.by.1, &other.by.1)),
        }
    }

    fn fill(&self, model: &Model, i: usize) -> Fill {
        fill(&model.slots[0].help[i], &self.forces, (model.post_effect, self.posts[i]))
    }

    pub(super) fn cover(&self, model: &Model, i: usize) -> f64 {
        self.fill(model, i).cover
    }
}

/// A bound on what a group of sites gains, linear in the shares.
struct Cut {
    constant: f64,
    /// Base and slope; site and slope.
    forces: Vec<(usize, f64)>,
    posts: Vec<(usize, f64)>,
    /// Price of each member.
    prices: Vec<f64>,
}

/// A site that may be worst or has a floor, and the levels `m` of its cuts.
struct Watched {
    site: usize,
    levels: Vec<f64>,
}

/// Cuts known.
struct Known {
    groups: Vec<Vec<usize>>,
    cuts: Vec<Vec<Cut>>,
    watched: Vec<Watched>,
}

impl Known {
    /// Adds levels where a site is watched, and watches it if it is not.
    fn watch(&mut self, site: usize, fill: &Fill) {
        let at = match self.watched.binary_search_by_key(&site, |watched| watched.site) {
            Ok(at) => at,
            Err(at) => {
                self.watched.insert(at, Watched { site, levels: vec![0.0] });
                at
            }
        };
        for level in [fill.high, fill.low] {
            if self.watched[at].levels.iter().all(|known| (known - level).abs() > 1e-9) {
                self.watched[at].levels.push(level);
            }
        }
    }

    /// Drops the cuts that have no part in an answer; the newest stay.
    fn drop_idle(&mut self, mix: &[Vec<f64>]) {
        for (cuts, mix) in self.cuts.iter_mut().zip(mix) {
            let last = cuts.len() - 1;
            let mut parts = mix.iter().enumerate();
            cuts.retain(|_| parts.next().is_some_and(|(ix, &part)| part > 1e-6 || ix == last));
        }
    }
}

/// Finds prices within `close` (persons per week) of the best there are, from `prices` and `start`, unless
/// stopped or out of rounds. Returns them, and the best shares met.
pub(super) fn improve(
    given: &Given<'_>,
    mut prices: Prices,
    start: Shares,
    close: f64,
    should_stop: &dyn Fn() -> bool,
) -> (Prices, Shares) {
    let model = given.model;
    let mut known = given.known(&prices, &start);
    let (mut best, mut least, mut at) = (start.clone(), f64::INFINITY, start);
    let mut before = f64::NEG_INFINITY;
    for _ in 0..ROUNDS_MAX {
        let met = parallel::map(known.groups.iter().collect(), given.threads, |members| given.at(members, &at));
        let mut harm: f64 = given.worst(&at).iter().sum();
        for ((gain, cut), cuts) in met.into_iter().zip(&mut known.cuts) {
            harm -= gain;
            cuts.push(cut);
        }
        if harm < least && given.keeps_floors(&at) {
            (least, best) = (harm, at.clone());
        }
        for i in known.watched.iter().map(|watched| watched.site).collect::<Vec<_>>() {
            known.watch(i, &at.fill(model, i));
        }
        let Some(answer) = given.master(&known) else { break };
        given.watch_more(&mut known, &answer);
        known.drop_idle(&answer.mix);
        prices = answer.prices;
        if least - answer.harm <= close || should_stop() {
            break;
        }
        // Where the cuts at hand say little new, the answer itself is what is missing.
        let stuck = answer.harm - before < 0.1 * (least - answer.harm);
        before = answer.harm;
        at = best.toward(&answer.shares, if stuck { 1.0 } else { 0.5 });
    }
    (prices, best)
}

/// The best shares against the cuts known.
struct Answer {
    /// Worst harm less what forces and posts gain of the forecast: no shares have less.
    harm: f64,
    thetas: Vec<f64>,
    shares: Shares,
    prices: Prices,
    /// The part of each cut of each group.
    mix: Vec<Vec<f64>>,
}

impl Given<'_> {
    /// Cuts at prices and shares: sites with forecast harm by their best base, and the sites that have a
    /// floor or a part in the attack.
    fn known(&self, prices: &Prices, shares: &Shares) -> Known {
        let (model, slot) = (self.model, &self.model.slots[0]);
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); model.bases() + 1];
        for i in (0..model.sites()).filter(|&i| slot.forecast[i] > 0.0) {
            groups[slot.help[i].first().map_or(model.bases(), |help| help.base)].push(i);
        }
        groups.retain(|members| !members.is_empty());
        // What the attack and the floor add to the weight, they add to the price.
        let weight = |i: usize| {
            let watched = prices.attackers.iter().enumerate().map(|(k, q)| model.harm(k, 0, i) * q[i]);
            slot.forecast[i] + watched.sum::<f64>() + prices.floors[i]
        };
        let own = |&i: &usize| prices.sites[i] * slot.forecast[i] / weight(i);
        let cuts = groups.iter().map(|members| vec![self.cut(members, members.iter().map(own).collect())]).collect();
        let mut known = Known { groups, cuts, watched: Vec::new() };
        for &i in self.kept {
            if slot.floor[i] > 0.0 || prices.attackers.iter().any(|q| q[i] > 1e-5) {
                known.watch(i, &shares.fill(model, i));
            }
        }
        known
    }

    /// Worst harm of each group of watchers among the sites kept.
    fn worst(&self, shares: &Shares) -> Vec<f64> {
        let open: Vec<(usize, f64)> = self.kept.iter().map(|&i| (i, 1.0 - shares.cover(self.model, i))).collect();
        let worst = |k: usize| open.iter().map(|&(i, open)| self.model.harm(k, 0, i) * open).fold(0.0, f64::max);
        (0..self.model.groups.len()).map(worst).collect()
    }

    fn keeps_floors(&self, shares: &Shares) -> bool {
        let floor = &self.model.slots[0].floor;
        self.kept.iter().all(|&i| floor[i] <= 0.0 || shares.cover(self.model, i) >= floor[i] - 1e-6)
    }

    /// Watches the sites that are worse than the answer says, and adds the levels that say so.
    fn watch_more(&self, known: &mut Known, answer: &Answer) {
        let model = self.model;
        let scale = model.scale();
        let mut worse: Vec<(f64, usize, Fill)> = Vec::new();
        for &i in self.kept {
            let own = answer.shares.fill(model, i);
            let beyond = (0..model.groups.len())
                .map(|k| model.harm(k, 0, i) * (1.0 - own.cover) / answer.thetas[k].max(1e-9 * scale));
            let beyond = beyond.fold(0.0, f64::max);
            if beyond > 1.0 + 1e-4 || own.cover < model.slots[0].floor[i] - 1e-6 {
                worse.push((beyond, i, own));
            }
        }
        worse.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        worse.truncate(WATCH_A_ROUND);
        for (_, i, own) in &worse {
            known.watch(*i, own);
        }
    }

    /// The cut of some sites at these prices.
    fn cut(&self, members: &[usize], prices: Vec<f64>) -> Cut {
        let slot = &self.model.slots[0];
        let mut forces = vec![0.0; self.model.bases()];
        let mut posts = Vec::new();
        let mut constant = 0.0;
        for (&i, &price) in members.iter().zip(&prices) {
            let weight = slot.forecast[i];
            constant += price;
            let post = (weight * self.model.post_effect - price).max(0.0);
            match self.root.post[i] {
                state if state.held.is_some() => constant += post,
                _ if post > 0.0 && self.kept.binary_search(&i).is_ok() => posts.push((i, post)),
                _ => {}
            }
            for help in &slot.help[i] {
                let gain = weight * help.effect - price;
                if gain <= 0.0 {
                    break;
                }
                forces[help.base] += gain;
            }
        }
        let forces = forces.into_iter().enumerate().filter(|slope| slope.1 > 0.0).collect();
        Cut { constant, forces, posts, prices }
    }

    /// What some sites gain at these shares, and the cut that says so.
    fn at(&self, members: &[usize], shares: &Shares) -> (f64, Cut) {
        let mut gain = 0.0;
        let prices = members.iter().map(|&i| {
            let (own, weight) = (shares.fill(self.model, i), self.model.slots[0].forecast[i]);
            gain += weight * own.cover;
            weight * 0.5 * (own.high + own.low)
        });
        let prices = prices.collect();
        (gain, self.cut(members, prices))
    }

    /// The cut of a watched site at a level: what is held, and slopes of forces and of its post.
    fn level(&self, i: usize, level: f64) -> (f64, Vec<(usize, f64)>, f64) {
        let slot = &self.model.slots[0];
        let above = slot.help[i].iter().take_while(|help| help.effect > level);
        let forces = above.map(|help| (help.base, help.effect - level)).collect();
        let post = (self.model.post_effect - level).max(0.0);
        if self.root.post[i].held.is_some() { (level + post, forces, 0.0) } else { (level, forces, post) }
    }

    /// The shares that do least harm as far as the cuts say.
    fn master(&self, known: &Known) -> Option<Answer> {
        let (program, places) = self.program(known);
        let (x, price) = solved(&program)?;
        Some(self.read(known, &places, &x, &price))
    }

    fn program(&self, known: &Known) -> (Rows, Places) {
        let (model, slot) = (self.model, &self.model.slots[0]);
        let (crews, scale) = (self.root.left.len(), model.scale());
        let mut program = Rows::default();
        let mut places = Places {
            thetas: model.groups.iter().map(|_| program.variable(1.0)).collect(),
            gains: known.cuts.iter().map(|_| program.variable(-1.0)).collect(),
            ..Places::default()
        };
        let covers: Vec<usize> = known.watched.iter().map(|_| program.variable(0.0)).collect();
        let mut spread = |state: State| -> Vec<Option<usize>> {
            (0..crews).map(|c| (state.free >> c & 1 == 1).then(|| program.variable(0.0))).collect()
        };
        places.force = self.root.force.iter().map(|&state| spread(state)).collect();
        places.post = self.kept.iter().map(|&i| spread(self.root.post[i])).collect();
        for (&gain, cuts) in places.gains.iter().zip(&known.cuts) {
            let row = |cut: &Cut| {
                let slopes = self.entries(&places, &cut.forces, &cut.posts, scale);
                let constant = (cut.constant + self.held(&cut.forces)) / scale;
                program.row(constant, std::iter::once((gain, 1.0)).chain(slopes))
            };
            places.cut_rows.push(cuts.iter().map(row).collect());
        }
        for (watched, &cover) in known.watched.iter().zip(&covers) {
            let i = watched.site;
            let row = |&level: &f64| {
                let (constant, forces, post) = self.level(i, level);
                let posts: &[(usize, f64)] = if post > 0.0 { &[(i, post)] } else { &[] };
                let slopes = self.entries(&places, &forces, posts, 1.0);
                program.row(constant + self.held(&forces), std::iter::once((cover, 1.0)).chain(slopes))
            };
            places.level_rows.push(watched.levels.iter().map(row).collect());
            let harm = |(k, &theta): (usize, &usize)| {
                let h = model.harm(k, 0, i) / scale;
                (h > 0.0).then(|| program.row(-h, [(theta, -1.0), (cover, -h)]))
            };
            places.harm_rows.push(places.thetas.iter().enumerate().map(harm).collect());
            let floor = slot.floor[i];
            places.floor_rows.push((floor > 0.0).then(|| program.row(-floor, [(cover, -1.0)])));
        }
        self.limits(&mut program, &mut places);
        (program, places)
    }

    /// Seats, one force a base and one post a site, and nothing below zero.
    fn limits(&self, program: &mut Rows, places: &mut Places) {
        let model = self.model;
        for (c, &left) in self.root.left.iter().enumerate() {
            let forces = places.force.iter().zip(&model.base_seats);
            let posts = places.post.iter().zip(self.kept).map(|(vars, &i)| (vars, &model.seats[i]));
            let seats = forces.chain(posts).filter_map(|(vars, &seats)| vars[c].map(|x| (x, f64::from(seats))));
            places.seat_rows.push(program.row(f64::from(left), seats));
        }
        for vars in places.force.iter().chain(&places.post) {
            let once: Vec<(usize, f64)> = vars.iter().flatten().map(|&x| (x, 1.0)).collect();
            if !once.is_empty() {
                program.row(1.0, once);
            }
            for &x in vars.iter().flatten() {
                program.row(0.0, [(x, -1.0)]);
            }
        }
        for &theta in &places.thetas {
            program.row(0.0, [(theta, -1.0)]);
        }
    }

    /// Slopes that are there whatever is decided.
    fn held(&self, slopes: &[(usize, f64)]) -> f64 {
        slopes.iter().filter(|slope| self.root.force[slope.0].held.is_some()).map(|slope| slope.1).sum()
    }

    /// Slopes as entries of a row, in these units, negative.
    fn entries(
        &self,
        places: &Places,
        forces: &[(usize, f64)],
        posts: &[(usize, f64)],
        unit: f64,
    ) -> Vec<(usize, f64)> {
        let place = |i: usize| self.kept.binary_search(&i).expect("only sites that are kept have slopes");
        let forces = forces.iter().map(|&(b, v)| (&places.force[b], v));
        let posts = posts.iter().map(|&(i, v)| (&places.post[place(i)], v));
        forces.chain(posts).flat_map(|(vars, v)| vars.iter().flatten().map(move |&x| (x, -v / unit))).collect()
    }

    fn read(&self, known: &Known, places: &Places, x: &[f64], price: &[f64]) -> Answer {
        let model = self.model;
        let (n, scale) = (model.sites(), model.scale());
        let value = |vars: &[Option<usize>]| -> Vec<f64> {
            vars.iter().map(|var| var.map_or(0.0, |at| x[at].clamp(0.0, 1.0))).collect()
        };
        let held = |states: &[State]| states.iter().map(|state| f64::from(u8::from(state.held.is_some()))).collect();
        let all = |list: &[Vec<Option<usize>>]| list.iter().flat_map(|vars| value(vars)).collect();
        let mut shares = Shares {
            forces: held(&self.root.force),
            posts: held(&self.root.post),
            by: (all(&places.force), all(&places.post)),
        };
        for (share, vars) in shares.forces.iter_mut().zip(&places.force) {
            *share += value(vars).into_iter().sum::<f64>();
        }
        for (&i, vars) in self.kept.iter().zip(&places.post) {
            shares.posts[i] += value(vars).into_iter().sum::<f64>();
        }
        let positive = |row: usize| price[row].max(0.0);
        let list = |rows: &[usize]| rows.iter().map(|&row| positive(row)).collect::<Vec<f64>>();
        let mix: Vec<Vec<f64>> = places.cut_rows.iter().map(|rows| parts(&list(rows))).collect();
        let mut prices = Prices {
            attackers: vec![vec![0.0; n]; model.groups.len()],
            floors: vec![0.0; n],
            sites: vec![0.0; n],
            seats: places.seat_rows.iter().map(|&row| positive(row) * scale).collect(),
        };
        for ((members, cuts), mix) in known.groups.iter().zip(&known.cuts).zip(&mix) {
            for (place, &i) in members.iter().enumerate() {
                prices.sites[i] = cuts.iter().zip(mix).map(|(cut, part)| part * cut.prices[place]).sum();
            }
        }
        for (w, watched) in known.watched.iter().enumerate() {
            let i = watched.site;
            let levels = watched.levels.iter().zip(list(&places.level_rows[w]));
            prices.sites[i] += levels.map(|(level, price)| level * price * scale).sum::<f64>();
            for (k, row) in places.harm_rows[w].iter().enumerate() {
                prices.attackers[k][i] = row.map_or(0.0, positive);
            }
            prices.floors[i] = places.floor_rows[w].map_or(0.0, |row| positive(row) * scale);
        }
        let thetas: Vec<f64> = places.thetas.iter().map(|&theta| x[theta].max(0.0) * scale).collect();
        let gained: f64 = places.gains.iter().map(|&gain| x[gain]).sum();
        Answer { harm: thetas.iter().sum::<f64>() - scale * gained, thetas, shares, prices, mix }
    }
}

/// Where the variables and rows of a program stand.
#[derive(Default)]
struct Places {
    thetas: Vec<usize>,
    /// What each group of sites gains.
    gains: Vec<usize>,
    /// Shares of each contingent at each base, and at each site that is kept.
    force: Vec<Vec<Option<usize>>>,
    post: Vec<Vec<Option<usize>>>,
    cut_rows: Vec<Vec<usize>>,
    level_rows: Vec<Vec<usize>>,
    harm_rows: Vec<Vec<Option<usize>>>,
    floor_rows: Vec<Option<usize>>,
    seat_rows: Vec<usize>,
}

/// Prices as parts of their sum; without any, the newest stands alone.
fn parts(prices: &[f64]) -> Vec<f64> {
    let total: f64 = prices.iter().sum();
    let alone = |ix: usize| f64::from(u8::from(ix + 1 == prices.len()));
    (0..prices.len()).map(|ix| if total > 1e-9 { prices[ix] / total } else { alone(ix) }).collect()
}

/// Values and prices, if the solver came to finite ones. Where the numbers are too far apart for the first
/// exactness, the second is still good enough for prices.
fn solved(program: &Rows) -> Option<(Vec<f64>, Vec<f64>)> {
    [1e-7, 1e-5].into_iter().find_map(|gap| {
        let exactness = Exactness { gap, missed: 0.1 * gap, iterations_max: 60 };
        let Solution { values, prices, solved } = program.solve(exactness, &|| false);
        (solved && values.iter().chain(&prices).all(|v| v.is_finite())).then_some((values, prices))
    })
}

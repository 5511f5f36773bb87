//! The linear relaxation, solved by an interior point method.
//!
//! For every kind of slot `s` with its crews `c`; what is held takes no seats and needs no share:
//!
//! ```text
//! min  sum a_is (1 - c_is) + sum_k theta_k
//! s.t. theta_k >= h_kis (1 - c_is)                                     q_kis   attacker
//!      c_is = e_st x_is + sum_b e_ibs w_ibs + e_pa w_ips
//!      x_is + sum_b w_ibs + w_ips <= 1                                 rho_is  site price
//!      w_ibs <= sum_c z_bcs ,  w_ips <= sum_r a_ris y_rs               pi      (not stored: see `proof`)
//!      seats of posts, forces and patrols of crew c <= p_cs            mu_cs   seat price
//!      c_is >= f_is                                                    phi_is  floor price
//!      posts and patrols at i >= 1, where a visit must be made         nu_is   visit price
//!      one post a site, one force a base, duties once, areas at most so many patrols
//! ```

use super::lineup::{Arena, Fixing};
use super::model::{Model, Slot, Source, members};
use super::route;
use super::rows::{Exactness, Rows, Solution};

/// What the program minimises.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// Harm: forecast plus worst case, floors kept.
    Harm,
    /// The sum of what is missing to the demands: floors, posts and visits that must be.
    Shortage,
    /// `sum_i U_i (1 - c_i)` for given weights, floors ignored: the answer to one attacker.
    Answer(&'a [f64]),
}

/// One slot of a program, and what is decided there.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub slot: usize,
    pub fix: &'a Fixing,
}

/// A solution for one slot and its prices. Whatever the solver made of it, the numbers are finite and
/// not negative: a poor answer costs bound and value, never truth.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotRelaxed {
    /// Share of a post at site `i` manned by contingent `c`, at `i * contingents + c`.
    pub post: Vec<f64>,
    /// The same of forces at bases.
    pub force: Vec<f64>,
    /// The same of the patrols of the arena.
    pub patrol: Vec<f64>,
    /// Protection.
    pub cover: Vec<f64>,
    /// What is missing to each demand, where the goal is the shortage: floors, posts, visits.
    pub shortage: [Vec<f64>; 3],
    /// `q_kis` of each group, before scaling to one.
    pub attacker: Vec<Vec<f64>>,
    pub floor_price: Vec<f64>,
    pub visit_price: Vec<f64>,
    /// Prices of posts that must stand, where they are not held.
    pub must_price: Vec<f64>,
    pub site_price: Vec<f64>,
    pub seat_price: Vec<f64>,
}

/// A solution of the relaxation.
#[derive(Debug, Clone)]
pub(crate) struct Relaxed {
    /// In the order of the jobs.
    pub slots: Vec<SlotRelaxed>,
    /// Worst harm of each group.
    pub theta: Vec<f64>,
    /// Whether the solver says that this is an optimum: then there is a solution.
    pub solved: bool,
}

/// How many bases per site enter the program at first, where there are many pairs.
const HELP_FIRST: usize = 4;
/// Slots with no more pairs than this hold all of them: alone, and each of several. What is left out costs
/// bound: 0.3 % of a thousand sites with 4,812 pairs.
const PAIRS_SMALL: usize = 8_000;
const PAIRS_SMALL_EACH: usize = 4_000;
/// Programs with more pairs are solved less exactly: to a millionth of an unprotected week.
const PAIRS_MANY: usize = 60_000;

/// Solves the relaxation; `arenas` in the order of the jobs. Where there are many pairs, only the best few bases of a site enter at
/// first, and patrol rounds come by pricing: what would be worth more than its price is added and
/// the program is solved again, unless planning is to stop: any answer will do then.
pub(crate) fn relax(
    model: &Model,
    jobs: &[Job<'_>],
    arenas: &mut [Arena],
    goal: Goal<'_>,
    rounds_max: usize,
    should_stop: &dyn Fn() -> bool,
) -> Relaxed {
    let candidates: Vec<_> = jobs.iter().map(|job| useful_help(model, job)).collect();
    let pairs: usize = candidates.iter().flatten().map(Vec::len).sum();
    let few = if jobs.len() == 1 { PAIRS_SMALL } else { PAIRS_SMALL_EACH * jobs.len() };
    let most = if pairs <= few { usize::MAX } else { HELP_FIRST };
    let mut taken: Vec<Vec<Vec<bool>>> = candidates
        .iter()
        .map(|slot| slot.iter().map(|list| (0..list.len()).map(|rank| rank < most).collect()).collect())
        .collect();
    let mut round = 0;
    loop {
        round += 1;
        // The first of several programs only says which pairs matter.
        let last = most == usize::MAX || round >= rounds_max;
        let exactness = match pairs {
            _ if !last && round == 1 => 1e-4,
            PAIRS_MANY.. => 1e-6,
            _ => 1e-9,
        };
        let program = Program::build(model, jobs, arenas, goal, &candidates, &taken);
        let relaxed = program.solve(model, jobs, arenas, exactness, should_stop);
        let routes_open = round < rounds_max.max(8) && jobs.iter().any(|job| !model.slots[job.slot].areas.is_empty());
        if (round >= rounds_max && !routes_open) || should_stop() {
            return relaxed;
        }
        let more = if last { 0 } else { price_pairs(model, jobs, goal, &relaxed, &candidates, &mut taken) };
        let routes = if routes_open { price_routes(model, jobs, arenas, goal, &relaxed) } else { 0 };
        // A handful of missing pairs costs less bound than another solve costs time.
        if routes == 0 && more * 200 <= pairs && exactness < 1e-4 {
            return relaxed;
        }
    }
}

/// Takes in the pairs that pay at these prices: those of bases whose forces, with all the sites they
/// could help, are worth more than their seats. Returns how many there were.
fn price_pairs(
    model: &Model,
    jobs: &[Job<'_>],
    goal: Goal<'_>,
    relaxed: &Relaxed,
    candidates: &[Vec<Vec<(usize, f64)>>],
    taken: &mut [Vec<Vec<bool>>],
) -> usize {
    let mut more = 0;
    for (j, job) in jobs.iter().enumerate() {
        let prices = &relaxed.slots[j];
        let weights: Vec<f64> = (0..model.sites()).map(|i| weight(model, job.slot, goal, prices, i)).collect();
        let gain = |i: usize, effect: f64| weights[i] * effect - prices.site_price[i] - 1e-6 * weights[i];
        let mut worth = vec![0.0; model.bases()];
        for (i, list) in candidates[j].iter().enumerate() {
            for &(base, effect) in list {
                worth[base] += gain(i, effect).max(0.0);
            }
        }
        let pays: Vec<bool> = (0..model.bases())
            .map(|b| {
                let crew = members(job.fix.force[b].free).map(|c| prices.seat_price[c]).fold(f64::INFINITY, f64::min);
                job.fix.force[b].held.is_some() || worth[b] > crew * f64::from(model.base_seats[b]) * (1.0 + 1e-3)
            })
            .collect();
        for (i, list) in candidates[j].iter().enumerate() {
            for (&(base, effect), taken) in list.iter().zip(&mut taken[j][i]) {
                if pays[base] && !*taken && gain(i, effect) > 0.0 {
                    *taken = true;
                    more += 1;
                }
            }
        }
    }
    more
}

/// `U_i`: what one unit of protection of the site is worth at these prices.
pub(crate) fn weight(model: &Model, s: usize, goal: Goal<'_>, relaxed: &SlotRelaxed, i: usize) -> f64 {
    match goal {
        Goal::Harm => {
            let watched = relaxed.attacker.iter().enumerate().map(|(k, q)| model.harm(k, s, i) * q[i]);
            model.slots[s].forecast[i] + watched.sum::<f64>() + relaxed.floor_price[i]
        }
        Goal::Shortage => relaxed.floor_price[i],
        Goal::Answer(weights) => weights[i],
    }
}

/// Adds to the arenas the rounds that pay at these prices, and how many there were.
fn price_routes(model: &Model, jobs: &[Job<'_>], arenas: &mut [Arena], goal: Goal<'_>, relaxed: &Relaxed) -> usize {
    let mut added = 0;
    for (j, (job, prices)) in jobs.iter().zip(&relaxed.slots).enumerate() {
        let slot = &model.slots[job.slot];
        let minutes = f64::from(slot.minutes);
        for (number, area) in slot.areas.iter().enumerate() {
            let rise = |i: usize| {
                let weight = weight(model, job.slot, goal, prices, i);
                (weight * model.patrol_effect - prices.site_price[i]).max(0.0) / minutes
            };
            let mut rate: Vec<f64> = area.sites.iter().map(|&i| rise(i)).collect();
            let bounty: Vec<f64> = area.sites.iter().map(|&i| prices.visit_price[i]).collect();
            let price = members(area.by).map(|c| prices.seat_price[c]).fold(f64::INFINITY, f64::min);
            for _ in 0..4 {
                let best = route::best(area, slot.minutes, &rate, &bounty);
                if best.value <= price * f64::from(area.seats) * (1.0 + 1e-7) {
                    break;
                }
                let before = arenas[j].patrols.len();
                if arenas[j].route(slot, number, &best.stops).is_none() {
                    break;
                }
                added += arenas[j].patrols.len() - before;
                best.stops.iter().for_each(|stop| rate[stop.0] *= 0.5);
            }
        }
    }
    added
}

/// For each site the bases that are better than what it surely has, best first.
fn useful_help(model: &Model, job: &Job<'_>) -> Vec<Vec<(usize, f64)>> {
    let slot = &model.slots[job.slot];
    (0..model.sites())
        .map(|i| {
            let mut list = Vec::new();
            for help in &slot.help[i] {
                if job.fix.post[i].held.is_some() && help.effect <= model.post_effect {
                    break;
                }
                let state = job.fix.force[help.base];
                if state.held.is_some() {
                    list.push((help.base, help.effect));
                    break;
                }
                if state.free != 0 {
                    list.push((help.base, help.effect));
                }
            }
            list
        })
        .collect()
}

/// Where the variables and rows of one slot stand.
#[derive(Default)]
struct Places {
    post: Vec<Option<usize>>,
    force: Vec<Option<usize>>,
    patrol: Vec<Option<usize>>,
    /// Modes of each site: variable and effect.
    modes: Vec<Vec<(usize, f64)>>,
    short: [Vec<Option<usize>>; 3],
    harm_row: Vec<Vec<Option<usize>>>,
    site_row: Vec<Option<usize>>,
    floor_row: Vec<Option<usize>>,
    visit_row: Vec<Option<usize>>,
    must_row: Vec<Option<usize>>,
    seat_row: Vec<usize>,
}

/// The program, and where its variables and rows stand.
#[derive(Default)]
struct Program {
    rows: Rows,
    theta: Vec<Option<usize>>,
    slots: Vec<Places>,
    scale: f64,
    /// Something must be done that nothing can do.
    hopeless: bool,
}

impl Program {
    fn build(
        model: &Model,
        jobs: &[Job<'_>],
        arenas: &[Arena],
        goal: Goal<'_>,
        candidates: &[Vec<Vec<(usize, f64)>>],
        taken: &[Vec<Vec<bool>>],
    ) -> Self {
        let scale = match goal {
            Goal::Harm => model.scale(),
            Goal::Shortage => 1.0,
            Goal::Answer(weights) => weights.iter().sum::<f64>().max(f64::MIN_POSITIVE),
        };
        let mut program = Self { scale, ..Self::default() };
        let watched = |k: usize| {
            let mut all = jobs.iter().flat_map(|job| (0..model.sites()).map(|i| model.harm(k, job.slot, i)));
            matches!(goal, Goal::Harm) && all.any(|h| h > 0.0)
        };
        program.theta = (0..model.groups.len()).map(|k| watched(k).then(|| program.rows.variable(1.0))).collect();
        for (j, job) in jobs.iter().enumerate() {
            let slot = &model.slots[job.slot];
            let mut places = Places::default();
            program.variables(model, slot, job.fix, &arenas[j], &mut places);
            let chosen = |(list, taken): (&Vec<(usize, f64)>, &Vec<bool>)| {
                list.iter().zip(taken).filter(|(_, taken)| **taken).map(|(help, _)| *help).collect()
            };
            let help: Vec<Vec<(usize, f64)>> = candidates[j].iter().zip(&taken[j]).map(chosen).collect();
            program.modes(model, slot, job.fix, &arenas[j], goal, &help, &mut places);
            program.harms(model, job.slot, &mut places);
            program.demands(model, slot, job.fix, &arenas[j], goal, &mut places);
            program.limits(model, slot, job.fix, &arenas[j], &mut places);
            program.slots.push(places);
        }
        for variable in 0..program.rows.cost.len() {
            program.rows.row(0.0, [(variable, -1.0)]);
        }
        program
    }

    /// Shares of posts, forces and patrols, one for each crew that may do them.
    fn variables(&mut self, model: &Model, slot: &Slot, fix: &Fixing, arena: &Arena, places: &mut Places) {
        let contingents = slot.on_duty.len();
        let mut spread = |crew: u64, list: &mut Vec<Option<usize>>| {
            list.extend((0..contingents).map(|c| (crew >> c & 1 == 1).then(|| self.rows.variable(0.0))));
        };
        (0..model.sites()).for_each(|i| spread(fix.post[i].free, &mut places.post));
        (0..model.bases()).for_each(|b| spread(fix.force[b].free, &mut places.force));
        for (p, patrol) in arena.patrols.iter().enumerate() {
            spread(if p < slot.duties.len() { fix.duty[p].free } else { patrol.by }, &mut places.patrol);
        }
    }

    /// What covers each site, and what limits it.
    #[expect(clippy::too_many_arguments, reason = "one slot of one program, built in one place")]
    fn modes(
        &mut self,
        model: &Model,
        slot: &Slot,
        fix: &Fixing,
        arena: &Arena,
        goal: Goal<'_>,
        help: &[Vec<(usize, f64)>],
        places: &mut Places,
    ) {
        let (n, contingents) = (model.sites(), slot.on_duty.len());
        let weight = |i: usize, scale: f64| match goal {
            Goal::Harm => slot.forecast[i] / scale,
            Goal::Shortage => 0.0,
            Goal::Answer(weights) => weights[i] / scale,
        };
        let mut by_patrol: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
        let mut held_share = vec![0.0; n];
        for (p, patrol) in arena.patrols.iter().enumerate() {
            let held = p < slot.duties.len() && fix.duty[p].held.is_some();
            for &(i, share) in &patrol.shares {
                held_share[i] += if held { share } else { 0.0 };
                let vars = places.patrol[p * contingents..(p + 1) * contingents].iter().flatten();
                by_patrol[i].extend(vars.map(|&y| (y, -share)));
            }
        }
        for i in 0..n {
            let weight = weight(i, self.scale);
            let mut modes = Vec::new();
            let posts: Vec<usize> =
                places.post[i * contingents..(i + 1) * contingents].iter().flatten().copied().collect();
            if fix.post[i].held.is_some() {
                modes.push((self.rows.variable(-weight * model.post_effect), model.post_effect));
            } else if (slot.must[i] || slot.visit[i]) && !posts.is_empty() {
                // The post stands whether or not it is the best cover.
                let w = self.rows.variable(-weight * model.post_effect);
                self.rows.row(0.0, std::iter::once((w, 1.0)).chain(posts.iter().map(|&x| (x, -1.0))));
                modes.push((w, model.post_effect));
            } else {
                for &x in &posts {
                    self.rows.cost[x] -= weight * model.post_effect;
                }
                modes.extend(posts.iter().map(|&x| (x, model.post_effect)));
            }
            for &(base, effect) in &help[i] {
                let w = self.rows.variable(-weight * effect);
                modes.push((w, effect));
                if fix.force[base].held.is_none() {
                    let z = places.force[base * contingents..(base + 1) * contingents].iter().flatten();
                    let entries: Vec<_> = std::iter::once((w, 1.0)).chain(z.map(|&z| (z, -1.0))).collect();
                    self.rows.row(0.0, entries);
                }
            }
            if model.patrol_effect > 0.0 && (!by_patrol[i].is_empty() || held_share[i] > 0.0) {
                let w = self.rows.variable(-weight * model.patrol_effect);
                modes.push((w, model.patrol_effect));
                self.rows.row(held_share[i], std::iter::once((w, 1.0)).chain(by_patrol[i].iter().copied()));
            }
            places.site_row.push((!modes.is_empty()).then(|| self.rows.row(1.0, modes.iter().map(|&(w, _)| (w, 1.0)))));
            places.modes.push(modes);
        }
    }

    fn harms(&mut self, model: &Model, s: usize, places: &mut Places) {
        for k in 0..model.groups.len() {
            let rows = (0..model.sites()).map(|i| {
                let (theta, h) = (self.theta[k]?, model.harm(k, s, i) / self.scale);
                let entries: Vec<_> = places.modes[i].iter().map(|&(w, effect)| (w, -h * effect)).collect();
                (h > 0.0).then(|| self.rows.row(-h, std::iter::once((theta, -1.0)).chain(entries)))
            });
            let rows = rows.collect();
            places.harm_row.push(rows);
        }
    }

    /// Floors, and posts and visits that must be, each with what may be missing where that is the goal.
    fn demands(
        &mut self,
        model: &Model,
        slot: &Slot,
        fix: &Fixing,
        arena: &Arena,
        goal: Goal<'_>,
        places: &mut Places,
    ) {
        let (n, contingents) = (model.sites(), slot.on_duty.len());
        places.floor_row = vec![None; n];
        places.visit_row = vec![None; n];
        places.must_row = vec![None; n];
        places.short = [vec![None; n], vec![None; n], vec![None; n]];
        let floors = !matches!(goal, Goal::Answer(_));
        for i in 0..n {
            let posts: Vec<usize> =
                places.post[i * contingents..(i + 1) * contingents].iter().flatten().copied().collect();
            if floors && slot.floor[i] > 0.0 {
                let mut entries: Vec<_> = places.modes[i].iter().map(|&(w, effect)| (w, -effect)).collect();
                entries.extend(self.shortfall(goal, &mut places.short[0][i]));
                places.floor_row[i] = Some(self.rows.row(-slot.floor[i], entries));
            }
            if fix.post[i].held.is_some() {
                continue;
            }
            if slot.must[i] {
                let mut entries: Vec<_> = posts.iter().map(|&x| (x, -1.0)).collect();
                entries.extend(self.shortfall(goal, &mut places.short[1][i]));
                self.hopeless |= entries.is_empty();
                if !entries.is_empty() {
                    places.must_row[i] = Some(self.rows.row(-1.0, entries));
                }
            } else if slot.visit[i] {
                let mut entries: Vec<_> = posts.iter().map(|&x| (x, -1.0)).collect();
                let mut held = false;
                for (p, patrol) in arena.patrols.iter().enumerate().filter(|(_, patrol)| patrol.visits(slot, i) > 0) {
                    held |= p < slot.duties.len() && fix.duty[p].held.is_some();
                    // As often as it comes by: so the proof counts it, and its prices are to fit the proof.
                    let visits = patrol.visits(slot, i) as f64;
                    let crews = places.patrol[p * contingents..(p + 1) * contingents].iter().flatten();
                    entries.extend(crews.map(|&y| (y, -visits)));
                }
                entries.extend(self.shortfall(goal, &mut places.short[2][i]));
                self.hopeless |= !held && entries.is_empty();
                if !held && !entries.is_empty() {
                    places.visit_row[i] = Some(self.rows.row(-1.0, entries));
                }
            }
        }
    }

    fn shortfall(&mut self, goal: Goal<'_>, place: &mut Option<usize>) -> Option<(usize, f64)> {
        if !matches!(goal, Goal::Shortage) {
            return None;
        }
        let short = self.rows.variable(1.0);
        *place = Some(short);
        Some((short, -1.0))
    }

    /// Seats, and how often a thing can be used.
    fn limits(&mut self, model: &Model, slot: &Slot, fix: &Fixing, arena: &Arena, places: &mut Places) {
        let contingents = slot.on_duty.len();
        let list = |of: &[Option<usize>], ix: usize| {
            of[ix * contingents..(ix + 1) * contingents].iter().flatten().map(|&v| (v, 1.0)).collect::<Vec<_>>()
        };
        for i in (0..model.sites()).filter(|&i| (slot.must[i] || slot.visit[i]) && fix.post[i].held.is_none()) {
            self.rows.row(1.0, list(&places.post, i));
        }
        for b in 0..model.bases() {
            let force = list(&places.force, b);
            if !force.is_empty() {
                self.rows.row(1.0, force);
            }
        }
        let mut by_area = vec![Vec::new(); slot.areas.len()];
        for (p, patrol) in arena.patrols.iter().enumerate() {
            let patrols = list(&places.patrol, p);
            match patrol.source {
                Source::Duty(_) if !patrols.is_empty() => drop(self.rows.row(1.0, patrols)),
                Source::Duty(_) => {}
                Source::Route(area, _) => by_area[area].extend(patrols),
            }
        }
        for (area, patrols) in slot.areas.iter().zip(by_area) {
            self.rows.row(f64::from(area.patrols_max), patrols);
        }
        for c in 0..contingents {
            let of = |vars: &[Option<usize>], ix: usize, seats: u32| {
                vars[ix * contingents + c].map(|v| (v, f64::from(seats)))
            };
            let posts = (0..model.sites()).filter_map(|i| of(&places.post, i, model.seats[i]));
            let forces = (0..model.bases()).filter_map(|b| of(&places.force, b, model.base_seats[b]));
            let patrols =
                arena.patrols.iter().enumerate().filter_map(|(p, patrol)| of(&places.patrol, p, patrol.seats));
            let seats: Vec<_> = posts.chain(forces).chain(patrols).collect();
            places.seat_row.push(self.rows.row(f64::from(fix.left[c]), seats));
        }
    }

    fn solve(
        self,
        model: &Model,
        jobs: &[Job<'_>],
        arenas: &[Arena],
        exactness: f64,
        should_stop: &dyn Fn() -> bool,
    ) -> Relaxed {
        let exactness = Exactness { gap: exactness, missed: exactness, iterations_max: 100 };
        let Solution { values: v, prices: price, solved } = self.rows.solve(exactness, should_stop);
        let (v, price) = (&v, &price);
        let slots = self
            .slots
            .iter()
            .zip(jobs)
            .enumerate()
            .map(|(j, (places, job))| read(model, job, &arenas[j], places, v, price, self.scale));
        let slots = slots.collect();
        let theta = self.theta.iter().map(|ix| ix.map_or(0.0, |ix| finite(v[ix]) * self.scale)).collect();
        let solved = !self.hopeless && solved;
        Relaxed { slots, theta, solved }
    }
}

fn read(
    model: &Model,
    job: &Job<'_>,
    arena: &Arena,
    places: &Places,
    v: &[f64],
    price: &[f64],
    scale: f64,
) -> SlotRelaxed {
    let value = |index: &Option<usize>| index.map_or(0.0, |ix| finite(v[ix]));
    let dual = |index: &Option<usize>| index.map_or(0.0, |ix| finite(price[ix]));
    let shares = |list: &[Option<usize>]| list.iter().map(|ix| value(ix).min(1.0)).collect::<Vec<_>>();
    let prices = |list: &[Option<usize>]| list.iter().map(|row| dual(row) * scale).collect::<Vec<_>>();
    debug_assert_eq!(places.patrol.len(), arena.patrols.len() * model.slots[job.slot].on_duty.len());
    SlotRelaxed {
        post: shares(&places.post),
        force: shares(&places.force),
        patrol: places.patrol.iter().map(value).collect(),
        cover: places
            .modes
            .iter()
            .map(|modes| modes.iter().map(|&(w, effect)| effect * finite(v[w])).sum::<f64>().min(1.0))
            .collect(),
        shortage: places.short.each_ref().map(|list| list.iter().map(value).collect()),
        attacker: places.harm_row.iter().map(|rows| rows.iter().map(dual).collect()).collect(),
        floor_price: prices(&places.floor_row),
        visit_price: prices(&places.visit_row),
        must_price: prices(&places.must_row),
        site_price: prices(&places.site_row),
        seat_price: places.seat_row.iter().map(|&row| finite(price[row]) * scale).collect(),
    }
}

/// Not negative and not infinite: an interior point leaves tiny negatives, a failed one leaves NaN.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

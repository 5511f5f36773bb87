//! Problems of one slot with more sites than the relaxation takes at once: most of them are screened out.
//!
//! Kept as they are: sites with demands or patrols, the sites of highest value (one of them is the worst
//! unless it is guarded), and those where forecast harm would pay for a post. All others matter only
//! through the forces that reach them, and are gathered in groups ([`super::coarse`]). The relaxation of
//! this smaller model says what is wrong with it: sites left out that are worse than the worst one kept,
//! miss a floor or would pay for a post are taken in, groups whose mean hides much are split, and it is
//! solved again, until its value for all sites is close to the bound that its prices prove for all sites
//! ([`super::outlook`]). The schedules are then found on the smaller model and valued on the whole.

use super::coarse::{Coarse, Groups, transfer};
use super::impossible;
use super::lineup::{Arena, Fixing, Lineup, Unit, lift};
use super::model::Model;
use super::outlook::{Aim, From, Outlook, has_patrols};
use super::proof::{Node, Proof, SlotProof};
use super::relax::{Goal, Job, Relaxed, relax};
use super::solve::{Demand, Limits, SlotMixture, Solved, solve_whole};
use crate::plan::{Options, Progress, Watch};

/// Problems of one slot with more sites are screened: below, the whole relaxation takes a few seconds.
const SITES_WHOLE: usize = 4_000;
/// Sites kept at first for their value, and for what a post would save there.
const KEPT_FIRST: usize = 300;
/// Groups of the other sites at first.
const GROUPS_FIRST: usize = 800;
/// Most times that the relaxation is solved before schedules are sought, and most times that both are done.
const ROUNDS_MAX: usize = 10;
const PASSES_MAX: usize = 4;
/// Sites with floors that are all kept from the start.
const FLOORS_FIRST: usize = 1_000;
/// Sites left out whose harm is within this share of the worst are taken in with those beyond it.
const NEARLY: f64 = 0.02;
/// Floors of sites left out are kept with this to spare, or taken in.
const FLOOR_SPARE: f64 = 1e-6;
/// Schedules times sites and pairs that the checker counts through (`docs/plan-format.md`).
const STEPS_MAX: usize = 1_000_000_000;
/// Groups are split while their means hide more than this share of the harm, up to so many groups.
const HIDDEN_MOST: f64 = 0.01;
const GROUPS_MOST: usize = 3_000;
/// With no more bases than this, schedules are sought among all of them.
const BASES_ALL: usize = 60;
/// The share of the gap aimed at that the relaxation may use.
const GAP_SHARE: f64 = 0.25;

/// Whether a model is screened.
pub(super) fn wanted(model: &Model) -> bool {
    model.slots.len() == 1 && model.sites() > SITES_WHOLE
}

struct Screen<'a> {
    model: &'a Model,
    root: &'a Fixing,
    options: &'a Options,
    kept: Vec<bool>,
    groups: Groups<'a>,
    /// The best bound so far.
    proof: Option<Proof>,
    /// Shares and prices found last, and the sites that were kept then.
    found: Option<(Vec<usize>, From)>,
}

/// A smaller model that says enough about the whole, and a solution of its relaxation.
struct Screened {
    coarse: Coarse,
    relaxed: Relaxed,
    arena: Arena,
    /// How much more harm the means of its groups show than there is.
    hidden: f64,
}

/// Solves a screened model. `known` are schedules worth trying, which must fit.
pub(super) fn solve_screened(
    model: &Model,
    root: &Fixing,
    options: &Options,
    watch: &Watch<'_>,
    (mut arena, mut known): (Arena, Vec<Lineup>),
) -> Solved {
    let kept = first_kept(model, &known);
    let mut groups = Groups::new(model, &kept);
    groups.split_to(GROUPS_FIRST, watch.should_stop);
    let mut screen = Screen { model, root, options, kept, groups, proof: None, found: None };
    let mut best: Option<(f64, SlotMixture)> = None;
    let (mut stopped, mut last) = (false, false);
    let most = schedules_most(model);
    for _ in 0..PASSES_MAX {
        let screened = match screen.relax(&arena, watch) {
            Ok(screened) => screened,
            Err(impossible) => return impossible,
        };
        let coarse = &screened.coarse;
        let bound = screen.proof.as_ref().map_or(0.0, |proof| proof.bound);
        let tell = |progress: Progress| (watch.progress)(Progress { bound, ..progress });
        let inside = Watch { should_stop: watch.should_stop, progress: &tell };
        let solved = schedules(&screened, &known, (bound, most), options, &inside);
        let Solved::Mixture { mut slots, stopped: cut, .. } = solved else {
            if best.is_none() {
                return lifted(model, coarse, solved);
            }
            break;
        };
        stopped |= cut;
        let mut mixture = raised(model, coarse, slots.swap_remove(0));
        // Weighed anew, in steps while there is time: what the lightest schedules did, others take over. One
        // more comes in each time, the answer to the relaxation.
        while mixture.lineups.len() > most {
            let size = mixture.lineups.len();
            let step = if cut || (watch.should_stop)() { 0 } else { (size * 9 / 10).min(size - 2) };
            let kept = heaviest(&mixture, step.max(most - 1));
            let few = Options { draws: 0, rounds_max: 1, ..options.clone() };
            // One master program of few schedules, which a stop would leave half done.
            let calm = Watch { should_stop: &|| false, progress: &tell };
            let Solved::Mixture { mut slots, .. } = schedules(&screened, &kept, (bound, most), &few, &calm) else {
                break;
            };
            mixture = raised(model, coarse, slots.swap_remove(0));
        }
        known = mixture.lineups.iter().map(|part| part.0.clone()).collect();
        arena = mixture.arena.clone();
        let (value, more) = screen.judge(&mixture);
        if best.as_ref().is_none_or(|best| value < best.0) {
            best = Some((value, mixture));
        }
        // What turned out worst is weighed in even after a stop, once: it costs little and may be much.
        if more.is_empty() || std::mem::replace(&mut last, stopped) {
            break;
        }
        for i in more {
            screen.kept[i] = true;
        }
        screen.groups.refine(&screen.kept, &[], &[], 0);
    }
    let (_, mixture) = best.expect("there is a pass");
    let proof = screen.proof.expect("there is a pass");
    Solved::Mixture { slots: vec![mixture], proof, stopped }
}

/// Most schedules that the checker reads of a plan of this size.
fn schedules_most(model: &Model) -> usize {
    let size = model.sites() + model.bases() + model.slots[0].help.iter().map(Vec::len).sum::<usize>();
    (STEPS_MAX / size).max(2)
}

/// The schedules with the largest shares, so many at most.
fn heaviest(mixture: &SlotMixture, most: usize) -> Vec<Lineup> {
    let mut order: Vec<&(Lineup, f64)> = mixture.lineups.iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    order.into_iter().take(most).map(|part| part.0.clone()).collect()
}

/// Schedules for the smaller model, near enough at the `bound` of the whole; not many more than `most`, as
/// those beyond are to be left out. Where there are many bases, only those that the relaxation uses.
fn schedules(
    screened: &Screened,
    known: &[Lineup],
    (bound, most): (f64, usize),
    options: &Options,
    watch: &Watch<'_>,
) -> Solved {
    let Screened { coarse, relaxed, arena, hidden } = screened;
    let mut model = coarse.model.clone();
    let crews = model.slots[0].on_duty.len();
    let mut used = vec![model.bases() <= BASES_ALL; model.bases()];
    for (used, shares) in used.iter_mut().zip(relaxed.slots[0].force.chunks_exact(crews)) {
        *used |= shares.iter().sum::<f64>() > 1e-4;
    }
    known.iter().flat_map(|lineup| &lineup.forces).for_each(|&(b, _)| used[b] = true);
    model.slots[0].force_by.iter_mut().zip(&used).for_each(|(by, used)| *by = if *used { *by } else { 0 });
    let mut relaxed = relaxed.clone();
    let unused = used.iter().enumerate().filter(|(_, used)| !**used);
    unused.for_each(|(b, _)| relaxed.slots[0].force[b * crews..(b + 1) * crews].fill(0.0));
    let roots = [Fixing::root(&model, &model.slots[0]).expect("what must be is kept, and fits")];
    let known = known.iter().map(|lineup| lowered(coarse, lineup)).collect();
    let inner = Options { leaves_tight: 0, ..options.clone() };
    let start = (vec![arena.clone()], vec![known]);
    let limits = Limits { bound: bound + hidden, schedules: most + most / 2 };
    solve_whole(&model, &inner, watch, &roots, start, Some(relaxed), limits)
}

/// The sites with demands, on a patrol or with a post in a known schedule, and the first by value and by
/// what a post would save.
fn first_kept(model: &Model, lineups: &[Lineup]) -> Vec<bool> {
    let slot = &model.slots[0];
    // Where there are many floors, those that forces alone may keep wait until they are missed.
    let many = slot.floor.iter().filter(|&&floor| floor > 0.0).count() > FLOORS_FIRST;
    let helped = |i: usize| slot.help[i].first().map_or(0.0, |help| help.effect);
    let floor = |i: usize| slot.floor[i] > 0.0 && (!many || helped(i) < slot.floor[i]);
    let mut kept: Vec<bool> = (0..model.sites()).map(|i| slot.must[i] || slot.visit[i] || floor(i)).collect();
    slot.duties.iter().flat_map(|duty| &duty.shares).for_each(|&(i, _)| kept[i] = true);
    slot.areas.iter().flat_map(|area| &area.sites).for_each(|&i| kept[i] = true);
    lineups.iter().flat_map(|lineup| &lineup.posts).for_each(|&(i, _)| kept[i] = true);
    let mut keep = |worth: &dyn Fn(usize) -> f64, among: &dyn Fn(usize) -> bool| {
        let mut order: Vec<(f64, usize)> = (0..model.sites()).filter(|&i| among(i)).map(|i| (worth(i), i)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        order.iter().take(KEPT_FIRST).for_each(|&(_, i)| kept[i] = true);
    };
    for k in 0..model.groups.len() {
        keep(&|i| slot.watched[i], &|i| model.reached_by[i] >> k & 1 == 1);
    }
    keep(&|i| slot.forecast[i] / f64::from(model.seats[i]), &|i| slot.forecast[i] > 0.0 && slot.post_by[i] != 0);
    kept
}

impl Screen<'_> {
    /// Solves the relaxation of the smaller model, and makes that less small until it says enough about
    /// the whole.
    fn relax(&mut self, arena: &Arena, watch: &Watch<'_>) -> Result<Screened, Solved> {
        let model = self.model;
        let contingents = self.root.left.len();
        let close = GAP_SHARE * self.options.gap_target;
        let aim = Aim { close: 0.2 * close, threads: self.options.threads, should_stop: watch.should_stop };
        for round in 1.. {
            let coarse = Coarse::new(model, &self.kept, self.groups.members());
            let mut small = transfer(arena, &coarse.model.slots[0]);
            let (from, first) = match self.found.take() {
                Some((kept, from)) => (from.kept(&kept, &coarse, contingents), None),
                None => self.first(&coarse, &mut small, watch)?,
            };
            let outlook = Outlook::new((model, self.root), &coarse, from, &aim);
            if self.proof.as_ref().is_none_or(|best| outlook.proof.bound > best.bound) {
                self.proof = Some(outlook.proof.clone());
            }
            let bound = self.proof.as_ref().map_or(0.0, |proof| proof.bound);
            let near = outlook.harm - bound <= close * outlook.harm;
            let more = round < ROUNDS_MAX && !(watch.should_stop)() && self.more(&coarse, &outlook, near);
            let screened = (!more).then(|| {
                let hidden = outlook.hidden.iter().sum::<f64>().max(0.0);
                let relaxed = first.unwrap_or_else(|| outlook.relaxed(self.root, &coarse));
                (relaxed, hidden)
            });
            // New floors may be too much, and patrols need their relaxation: these are solved as a whole.
            let short = self.missed(&outlook.cover).next().is_some();
            if !short && !has_patrols(model) {
                self.found = Some((coarse.kept.clone(), outlook.found));
            }
            if let Some((relaxed, hidden)) = screened {
                return Ok(Screened { coarse, relaxed, arena: small, hidden });
            }
        }
        unreachable!("the loop ends by itself")
    }

    /// The relaxation of the smaller model as a start; as a whole, where there are patrols.
    fn first(&self, coarse: &Coarse, arena: &mut Arena, watch: &Watch<'_>) -> Result<(From, Option<Relaxed>), Solved> {
        let fix = Fixing::root(&coarse.model, &coarse.model.slots[0]).expect("what must be is kept, and fits");
        let job = Job { slot: 0, fix: &fix };
        let relaxed = relax(&coarse.model, &[job], std::slice::from_mut(arena), Goal::Harm, 2, watch.should_stop);
        if !relaxed.solved
            && let Some(found) = impossible::by_relaxation(&coarse.model, 0, watch)
        {
            return Err(lifted(self.model, coarse, found));
        }
        let from = From::relaxed(self.model, self.root, coarse, &relaxed.slots[0]);
        Ok((from, has_patrols(self.model).then_some(relaxed)))
    }

    /// Takes in what matters at this solution. Whether there was anything that matters to the bound, or to
    /// the value where that is not `near` it yet.
    fn more(&mut self, coarse: &Coarse, outlook: &Outlook, near: bool) -> bool {
        let (model, slot) = (self.model, &self.model.slots[0]);
        let room = (coarse.kept.len() / 2).max(KEPT_FIRST);
        let left: Vec<usize> = (0..model.sites()).filter(|&i| !self.kept[i]).collect();
        // A mixture of whole schedules is not as even as its relaxation: what is nearly worst may be it.
        let decides = outlook.theta.iter().sum::<f64>() * NEARLY > GAP_SHARE * self.options.gap_target * outlook.harm;
        let limit = if decides { 1.0 - NEARLY } else { 1.0 + 1e-4 };
        let least = 1e-12 * model.scale();
        let mut worse: Vec<(f64, usize)> = Vec::new();
        for (k, &theta) in outlook.theta.iter().enumerate() {
            let harm = |i: usize| model.harm(k, 0, i) * (1.0 - outlook.cover[i]);
            let ratio = |&i: &usize| (harm(i) / theta.max(least), i);
            worse.extend(left.iter().map(ratio).filter(|site| site.0 > limit));
        }
        let mut short: Vec<(f64, usize)> =
            self.missed(&outlook.cover).map(|i| (slot.floor[i] - outlook.cover[i], i)).collect();
        let mut posts = outlook.posts_that_pay(model, self.root, &self.kept);
        let paying: f64 = posts.iter().map(|post| post.0).sum();
        let hidden: f64 = outlook.hidden.iter().sum();
        let split = hidden > HIDDEN_MOST * outlook.harm && coarse.groups.len() < GROUPS_MOST;
        let worst = !worse.is_empty() && (decides || !near);
        if !worst && !split && short.is_empty() && paying <= 1e-5 * outlook.harm {
            return false;
        }
        // What would make the smaller model as large as one that is not screened is left to the gap.
        let full = coarse.kept.len() >= SITES_WHOLE;
        if full && short.is_empty() && !split {
            return false;
        }
        for list in [&mut worse, &mut posts].into_iter().filter(|_| !full).chain([&mut short]) {
            list.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            list.truncate(room);
            for &(_, i) in list.iter() {
                self.kept[i] = true;
            }
        }
        let least = 1e-5 * outlook.harm / coarse.groups.len().max(1) as f64;
        let errors: Vec<f64> = outlook.hidden.iter().map(|&error| if error > least { error } else { 0.0 }).collect();
        let most = if split { coarse.groups.len() / 4 } else { 0 };
        self.groups.refine(&self.kept, &errors, &outlook.found.in_use(), most);
        true
    }

    /// Sites left out whose floors are missed.
    fn missed<'a>(&'a self, cover: &'a [f64]) -> impl Iterator<Item = usize> + 'a {
        let floor = &self.model.slots[0].floor;
        (0..floor.len()).filter(move |&i| !self.kept[i] && floor[i] > 0.0 && cover[i] < floor[i] + FLOOR_SPARE)
    }

    /// The value of a mixture for all sites, and the sites left out that make it worse than it need be.
    fn judge(&self, mixture: &SlotMixture) -> (f64, Vec<usize>) {
        let (model, slot) = (self.model, &self.model.slots[0]);
        let cover = mixed(model, mixture);
        let mut value: f64 = slot.forecast.iter().zip(&cover).map(|(a, c)| a * (1.0 - c)).sum();
        let mut lost = 0.0;
        let mut worse = Vec::new();
        for k in 0..model.groups.len() {
            let harm = |i: usize| model.harm(k, 0, i) * (1.0 - cover[i]);
            let theta = (0..model.sites()).filter(|&i| self.kept[i]).map(harm).fold(0.0, f64::max);
            let most = (0..model.sites()).map(harm).fold(0.0, f64::max);
            worse.extend((0..model.sites()).filter(|&i| !self.kept[i] && harm(i) > theta));
            value += most;
            lost += most - theta;
        }
        if lost <= 0.05 * self.options.gap_target * value {
            worse.clear();
        }
        let missed: Vec<usize> = self.missed(&cover).collect();
        if !missed.is_empty() {
            value = f64::INFINITY;
        }
        worse.extend(missed);
        (value, worse)
    }
}

/// Protection of every site under a mixture.
fn mixed(model: &Model, mixture: &SlotMixture) -> Vec<f64> {
    let (slot, bases) = (&model.slots[0], model.bases());
    let SlotMixture { arena, lineups } = mixture;
    let total: f64 = lineups.iter().map(|part| part.1).sum();
    let mut open = vec![false; lineups.len() * bases];
    let mut often = vec![false; bases];
    for (number, (lineup, _)) in lineups.iter().enumerate() {
        for &(b, _) in &lineup.forces {
            (open[number * bases + b], often[b]) = (true, true);
        }
    }
    // What forces give, site by site: bases that are never open are looked at once.
    let mut helped = vec![0.0; lineups.len()];
    let mut cover = vec![0.0; model.sites()];
    let mut mine: Vec<Vec<(usize, f64)>> = vec![Vec::new(); model.sites()];
    for (number, (lineup, _)) in lineups.iter().enumerate() {
        lineup.posts.iter().for_each(|&(i, _)| mine[i].push((number, 0.0)));
        lineup.shares(arena).into_iter().for_each(|(i, share)| mine[i].push((number, share)));
    }
    for i in 0..model.sites() {
        let help: Vec<_> = slot.help[i].iter().filter(|help| often[help.base]).collect();
        for (helped, open) in helped.iter_mut().zip(open.chunks_exact(bases.max(1))) {
            *helped = help.iter().find(|help| open[help.base]).map_or(0.0, |help| help.effect);
        }
        for &(number, share) in &mine[i] {
            let level = helped[number];
            helped[number] = if share > 0.0 { lift(model, level, share) } else { level.max(model.post_effect) };
        }
        cover[i] = helped.iter().zip(lineups).map(|(helped, part)| helped * part.1).sum::<f64>() / total;
    }
    cover
}

/// A mixture of the smaller model, for the whole.
fn raised(model: &Model, coarse: &Coarse, mixture: SlotMixture) -> SlotMixture {
    let raise = |(mut lineup, share): (Lineup, f64)| {
        lineup.posts.iter_mut().for_each(|post| post.0 = coarse.kept[post.0]);
        (lineup, share)
    };
    let arena = transfer(&mixture.arena, &model.slots[0]);
    SlotMixture { arena, lineups: mixture.lineups.into_iter().map(raise).collect() }
}

fn lowered(coarse: &Coarse, lineup: &Lineup) -> Lineup {
    let place = |i: usize| coarse.kept.binary_search(&i).expect("sites with a post are kept");
    Lineup { posts: lineup.posts.iter().map(|&(i, c)| (place(i), c)).collect(), ..lineup.clone() }
}

/// What was proven of the smaller model's demands, for the whole: where no harm counts, sites without
/// demands have no weight and no price.
fn lifted(model: &Model, coarse: &Coarse, solved: Solved) -> Solved {
    let Solved::Impossible { slot, demands, proof } = solved else { return solved };
    let at = |place: usize| coarse.kept[place];
    let spread = |prices: &[u64]| {
        let mut all = vec![0; model.sites()];
        coarse.kept.iter().zip(prices).for_each(|(&i, &price)| all[i] = price);
        all
    };
    let node = |node: &Node| match node {
        Node::Bound { seat_prices, site_prices, visit_prices, whole_seats } => Node::Bound {
            seat_prices: seat_prices.clone(),
            whole_seats: whole_seats.clone(),
            site_prices: spread(site_prices),
            visit_prices: spread(visit_prices),
        },
        &Node::Decision { on: Unit::Post(place), by, without, with } => {
            Node::Decision { on: Unit::Post(at(place)), by, without, with }
        }
        decision @ Node::Decision { .. } => decision.clone(),
    };
    let part = |part: &SlotProof| SlotProof {
        slot: part.slot,
        floor_prices: spread(&part.floor_prices),
        nodes: part.nodes.iter().map(node).collect(),
        part: part.part,
    };
    let demands = demands.into_iter().map(|demand| match demand {
        Demand::Floor(place) => Demand::Floor(at(place)),
        Demand::Post(place) => Demand::Post(at(place)),
        Demand::Visit(place) => Demand::Visit(at(place)),
    });
    let proof = Proof { slots: proof.slots.iter().map(part).collect(), ..proof };
    Solved::Impossible { slot, demands: demands.collect(), proof }
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::{Arena, Fixing, Limits, Solved, mixed, schedules_most, solve_screened, solve_whole};
    use crate::generate::{Shape, generate};
    use crate::plan::{Options, Watch};
    use crate::week::WeekData;

    /// Value for all sites, and bound.
    fn found(model: &Model, solved: Solved) -> (f64, f64) {
        let Solved::Mixture { slots, proof, .. } = solved else { panic!("no mixture") };
        let cover = mixed(model, &slots[0]);
        let harm = |i: usize| model.harm(0, 0, i) * (1.0 - cover[i]);
        let open: f64 = model.slots[0].forecast.iter().zip(&cover).map(|(a, c)| a * (1.0 - c)).sum();
        (open + (0..cover.len()).map(harm).fold(0.0, f64::max), proof.bound)
    }

    #[test]
    fn a_screened_problem_and_the_whole_one_bound_each_other() {
        for (alpha_ppm, floor_every, target) in
            [(0, 0, 0.004), (500_000, 0, 0.004), (500_000, 40, 0.01), (1_000_000, 0, 0.02)]
        {
            let shape = Shape { sites: 1_200, bases: 30, alpha_ppm, floor_every, ..Shape::example() };
            let model = Model::new(&WeekData::from_single(generate(shape, 4).data()));
            let root = Fixing::root(&model, &model.slots[0]).unwrap();
            let options = Options { gap_target: target, ..Options::default() };
            let start = || Arena::new(&model.slots[0]);
            let roots = std::slice::from_ref(&root);
            let first = (vec![start()], vec![Vec::new()]);
            let whole = solve_whole(&model, &options, &Watch::none(), roots, first, None, Limits::none());
            let screened = solve_screened(&model, &root, &options, &Watch::none(), (start(), Vec::new()));
            let ((value, bound), (other, other_bound)) = (found(&model, screened), found(&model, whole));
            assert!(bound <= other * (1.0 + 1e-9), "{shape:?}: bound {bound} above the value {other}");
            assert!(other_bound <= value * (1.0 + 1e-9), "{shape:?}: bound {other_bound} above the value {value}");
            assert!(value - bound <= 1.2 * target * value, "{shape:?}: {bound} to {value}");
        }
    }

    #[test]
    fn no_more_schedules_are_mixed_than_the_checker_reads() {
        let shape = Shape { sites: 300, bases: 10, ..Shape::example() };
        let data = generate(shape, 1);
        let model = Model::new(&WeekData::from_single(data.data()));
        let size = 300 + 10 + data.data().reach.len();
        assert!(schedules_most(&model) * size <= 1_000_000_000 && (schedules_most(&model) + 1) * size > 1_000_000_000);
    }
}

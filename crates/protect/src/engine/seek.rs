//! Schedules of slots that answer given prices: from several starts, shaken a little, or exactly.

use super::answer::{Found, Search, dot};
use super::generate::Pool;
use super::lineup::Lineup;
use super::parallel;
use super::proof::Stance;
use super::solve::Setting;
use konbit_base::rng::seeded;

/// Schedules completed in one search by their real worth.
const TRIALS_EXACT: usize = 400;
/// Schedules from shaken weights in one round, over all slots, and at least in each.
const VARIANTS: usize = 24;
const VARIANTS_LEAST: usize = 4;

/// Schedules of one slot that answer given weights well, and the best gain among them.
pub(crate) type Answers = (Vec<Lineup>, f64);

/// A slot that is searched: what its sites weigh, and the bases to begin with.
struct Place<'a> {
    slot: usize,
    pool: &'a mut Pool,
    weights: Vec<f64>,
    starts: Vec<Vec<bool>>,
    found: Vec<Found>,
}

impl<'a> Place<'a> {
    fn new(setting: &Setting<'_>, slot: usize, pool: &'a mut Pool, stance: &Stance) -> Self {
        let model = setting.model;
        let weights = stance.weights(model, slot);
        let gains: Vec<f64> = pool.covers.iter().map(|cover| dot(&weights, cover)).collect();
        let mut order: Vec<usize> = (0..gains.len()).collect();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]).then(a.cmp(&b)));
        let mut starts = vec![often_open(setting, slot)];
        for &ix in order.iter().take(3) {
            let mut open = vec![false; model.bases()];
            pool.lineups[ix].forces.iter().for_each(|&(b, _)| open[b] = true);
            if !starts.contains(&open) {
                starts.push(open);
            }
        }
        Self { slot, pool, weights, starts, found: Vec::new() }
    }

    fn answers(&self) -> Answers {
        let most = self.found.iter().map(|found| found.gain).fold(0.0, f64::max);
        (self.found.iter().map(|found| found.lineup.clone()).collect(), most)
    }
}

fn search<'a>(setting: &'a Setting<'_>, s: usize, weights: &'a [f64]) -> Search<'a> {
    Search { model: setting.model, slot: &setting.model.slots[s], fix: &setting.roots[s], weights }
}

/// For each slot, schedules that answer the stance well, by quick searches. Those of a round differ
/// from those of another; the number of threads changes nothing.
pub(crate) fn quickly(
    setting: &Setting<'_>,
    slots: Vec<(usize, &mut Pool)>,
    stance: &Stance,
    round: u64,
) -> Vec<Answers> {
    let threads = setting.options.threads;
    let variants = if setting.small { 0 } else { (VARIANTS / setting.model.slots.len()).max(VARIANTS_LEAST) };
    let prices = |s: usize| &setting.relaxed.slots[s].seat_price;
    let places = parallel::map(slots, threads, |(slot, pool)| {
        let mut place = Place::new(setting, slot, pool, stance);
        // New rounds of patrols change the arena, so that these searches follow one another.
        if !setting.model.slots[slot].areas.is_empty() {
            let search = search(setting, slot, &place.weights);
            let arena = &mut place.pool.arena;
            place.found = place.starts.iter().filter_map(|open| search.from(arena, open, prices(slot))).collect();
        }
        place
    });
    let mut work = Vec::new();
    for (number, place) in places.iter().enumerate() {
        if setting.model.slots[place.slot].areas.is_empty() {
            work.extend((0..place.starts.len()).map(|start| (number, start, None)));
        }
        work.extend((0..variants).map(|variant| (number, variant % place.starts.len(), Some(variant))));
    }
    let found = parallel::map(work, threads, |(number, start, variant)| {
        let place: &Place<'_> = &places[number];
        let weights = match variant {
            Some(variant) => shaken(setting, place, round, variant),
            None => place.weights.clone(),
        };
        let search = search(setting, place.slot, &weights);
        (number, variant, search.among(&place.pool.arena, &place.starts[start], prices(place.slot)))
    });
    let mut answers: Vec<Answers> = places.iter().map(Place::answers).collect();
    for (number, variant, found) in found {
        let Some(found) = found else { continue };
        if variant.is_none() {
            answers[number].1 = answers[number].1.max(found.gain);
        }
        answers[number].0.push(found.lineup);
    }
    answers
}

/// Sites of equal worth are chosen between by their order alone. Weights that are shaken a little
/// give other schedules that are nearly as good, and the master program needs many of those.
fn shaken(setting: &Setting<'_>, place: &Place<'_>, round: u64, variant: usize) -> Vec<f64> {
    let stream = 1_000 + (place.slot as u64) + ((variant as u64) << 32);
    let mut rng = seeded(setting.options.seed ^ (round << 20), stream);
    let width = [0.1, 0.3, 0.8][variant % 3];
    place.weights.iter().map(|u| u * (1.0 + width * (rng.unit() - 0.5))).collect()
}

/// For each slot, schedules found by what they are really worth: slower.
pub(crate) fn exactly(setting: &Setting<'_>, slots: Vec<(usize, &mut Pool)>, stance: &Stance) -> Vec<Answers> {
    parallel::map(slots, setting.options.threads, |(slot, pool)| {
        let mut place = Place::new(setting, slot, pool, stance);
        let known = place.pool.covers.iter().map(|cover| dot(&place.weights, cover)).fold(f64::NEG_INFINITY, f64::max);
        place.starts.push(vec![false; setting.model.bases()]);
        let (search, prices) = (search(setting, slot, &place.weights), &setting.relaxed.slots[slot].seat_price);
        for open in &place.starts {
            let found = search.exactly_from(&mut place.pool.arena, open, prices, TRIALS_EXACT);
            let Some(found) = found else { continue };
            let better = found.gain > known;
            place.found.push(found);
            if better {
                break;
            }
        }
        place.answers()
    })
}

/// The bases at which the relaxation has a force more than half of the time.
fn often_open(setting: &Setting<'_>, s: usize) -> Vec<bool> {
    let contingents = setting.model.slots[s].on_duty.len();
    let force = &setting.relaxed.slots[s].force;
    (0..setting.model.bases())
        .map(|b| force[b * contingents..(b + 1) * contingents].iter().sum::<f64>() > 0.5)
        .collect()
}

//! Schedules of one slot that answer given prices: from several starts, shaken a little, or exactly.

use super::answer::{Search, dot};
use super::generate::Pool;
use super::lineup::Lineup;
use super::solve::Setting;
use konbit_base::rng::seeded;

/// Schedules completed in one search by their real worth.
const TRIALS_EXACT: usize = 400;

/// Schedules of one slot that answer given weights well, and the best gain among them.
pub(crate) fn search_slot(
    setting: &Setting<'_>,
    s: usize,
    pool: &mut Pool,
    weights: &[f64],
    round: Option<u64>,
) -> (Vec<Lineup>, f64) {
    let (model, slot) = (setting.model, &setting.model.slots[s]);
    let prices = &setting.relaxed.slots[s].seat_price;
    let gains: Vec<f64> = pool.covers.iter().map(|cover| dot(weights, cover)).collect();
    let mut order: Vec<usize> = (0..gains.len()).collect();
    order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]).then(a.cmp(&b)));
    let mut starts = vec![often_open(setting, s)];
    for &ix in order.iter().take(3) {
        let mut open = vec![false; model.bases()];
        pool.lineups[ix].forces.iter().for_each(|&(b, _)| open[b] = true);
        if !starts.contains(&open) {
            starts.push(open);
        }
    }
    let search = Search { model, slot, fix: &setting.roots[s], weights };
    let mut found = Vec::new();
    let mut most = 0.0f64;
    let Some(round) = round else {
        let known = order.first().map_or(f64::NEG_INFINITY, |&ix| gains[ix]);
        starts.push(vec![false; model.bases()]);
        for open in starts {
            let answer = search.exactly_from(&mut pool.arena, &open, prices, TRIALS_EXACT);
            let Some(answer) = answer else { continue };
            most = most.max(answer.gain);
            let better = answer.gain > known;
            found.push(answer.lineup);
            if better {
                break;
            }
        }
        return (found, most);
    };
    for open in &starts {
        let Some(answer) = search.from(&mut pool.arena, open, prices) else { continue };
        most = most.max(answer.gain);
        found.push(answer.lineup);
    }
    // Sites of equal worth are chosen between by their order alone. Weights that are shaken a little
    // give other schedules that are nearly as good, and the master program needs many of those.
    let mut rng = seeded(setting.options.seed ^ (round << 20), 1_000 + s as u64);
    let variants = if setting.small { 0 } else { (24 / model.slots.len()).max(4) };
    for variant in 0..variants {
        let width = [0.1, 0.3, 0.8][variant % 3];
        let shaken: Vec<f64> = weights.iter().map(|u| u * (1.0 + width * (rng.unit() - 0.5))).collect();
        let search = Search { model, slot, fix: &setting.roots[s], weights: &shaken };
        let open = &starts[variant % starts.len()];
        found.extend(search.from(&mut pool.arena, open, prices).map(|answer| answer.lineup));
    }
    (found, most)
}

/// The bases at which the relaxation has a force more than half of the time.
fn often_open(setting: &Setting<'_>, s: usize) -> Vec<bool> {
    let contingents = setting.model.slots[s].on_duty.len();
    let force = &setting.relaxed.slots[s].force;
    (0..setting.model.bases())
        .map(|b| force[b * contingents..(b + 1) * contingents].iter().sum::<f64>() > 0.5)
        .collect()
}

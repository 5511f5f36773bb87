//! Seeded problems of any size, to measure and to test with. They describe no real place.

use crate::problem::{
    PPM, Problem, ProblemBase, ProblemData, ProblemSite, RELIEF_FACTOR_MILLI_DEFAULT, Reach, reaction_effect_ppm,
};
use crate::week::{Contingent, SlotKind, SlotSeats, Week, WeekData};
use konbit_base::LatLon;
use konbit_base::rng::{Seeded, seeded};

/// The shape of a generated problem.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Sites.
    pub sites: usize,
    /// Bases.
    pub bases: usize,
    /// Strength, in persons.
    pub personnel: u32,
    /// Share of attempts by watchers, in parts per million.
    pub alpha_ppm: u32,
    /// Every how many sites a site has a floor of 0.1 and every how many a mandatory post
    /// stands; 0 for none.
    pub floor_every: usize,
    /// See `floor_every`.
    pub mandatory_every: usize,
}

impl Shape {
    /// The scale of the worked example: 469 sites, 24 bases, 1,000 persons (212 seats).
    pub fn example() -> Self {
        Self { sites: 469, bases: 24, personnel: 1_000, alpha_ppm: 500_000, floor_every: 0, mandatory_every: 0 }
    }
}

/// A problem with towns: two thirds of the sites and bases lie in one of eight clusters, the rest
/// anywhere in a rectangle of about 250 by 200 km. Values are 1 to 60 persons and skewed to the
/// low end, attempts up to 0.5 a week and skewed, posts take 4 to 12 seats, forces 8 to 12.
/// Travel is the great-circle distance times 1.4 at 30 km/h; forces have effect 0.8 at once,
/// falling by 1/e every 20 minutes, and are busy 15 % of the time; below 1 % they do not count.
///
/// # Panics
/// When the shape has no sites or more than the planner takes.
pub fn generate(shape: Shape, seed: u64) -> Problem {
    let mut rng = seeded(seed, 0);
    let towns: Vec<(f64, f64)> = (0..8).map(|_| (18.1 + 1.8 * rng.unit(), -74.3 + 2.4 * rng.unit())).collect();
    let places = |count: usize, rng: &mut Seeded| (0..count).map(|_| place(&towns, rng)).collect::<Vec<_>>();
    let site_at = places(shape.sites, &mut rng);
    let base_at = places(shape.bases, &mut rng);
    let every = |ix: usize, step: usize| step > 0 && ix % step == step - 1;
    let sites = site_at.iter().enumerate().map(|(ix, &position)| ProblemSite {
        id: format!("site-{ix:05}"),
        value_milli: 1_000 + scaled(rng.unit().powi(2), 59_000),
        attempts_micro: scaled(rng.unit().powi(4), 500_000),
        seats: 4 + u32::try_from(rng.below(9)).expect("below nine"),
        floor_ppm: if every(ix, shape.floor_every) { 100_000 } else { 0 },
        mandatory: every(ix, shape.mandatory_every),
        position: Some(position),
    });
    let sites: Vec<_> = sites.collect();
    let bases: Vec<_> = (0..shape.bases)
        .map(|ix| ProblemBase {
            id: format!("base-{ix:03}"),
            forces_max: 2,
            seats: 8 + u32::try_from(rng.below(5)).expect("below five"),
        })
        .collect();
    let mut reach = Vec::new();
    for (site, at) in site_at.iter().enumerate() {
        for (base, from) in base_at.iter().enumerate() {
            let minutes = at.distance_m(*from) / 1_000.0 * 1.4 / 30.0 * 60.0;
            let effect_ppm = reaction_effect_ppm(800_000, minutes, 20.0, 150_000);
            if effect_ppm >= PPM / 100 {
                reach.push(Reach {
                    site: u32::try_from(site).expect("fewer sites than 2^32"),
                    base: u32::try_from(base).expect("fewer bases than 2^32"),
                    effect_ppm,
                    minutes_tenths: u32::try_from(scaled(minutes, 10)).expect("a few thousand at most"),
                });
            }
        }
    }
    Problem::new(ProblemData {
        sites,
        bases,
        reach,
        static_effect_ppm: 850_000,
        alpha_ppm: shape.alpha_ppm,
        watched_attempts_micro: 8_000_000,
        personnel: shape.personnel,
        relief_factor_milli: RELIEF_FACTOR_MILLI_DEFAULT,
    })
    .expect("generated numbers are in range")
}

/// A week of `slots` different kinds of slot of three hours on the sites and bases of [`generate`]:
/// attempts rise and fall with the hour (between a half and one and a half times the mean), a fifth
/// fewer people are on duty at night (the first three of every eight slots), when roads are slower
/// and forces have nine tenths of their effect. Two contingents share the seats two to one.
///
/// # Panics
/// When the shape has no sites, or there are no slots or more than the planner takes.
pub fn generate_week(shape: Shape, slots: u32, seed: u64) -> Week {
    let single = generate(shape, seed);
    let mut data = WeekData::from_single(single.data());
    let mut rng = seeded(seed, 1);
    let seats = single.seats();
    let (attempts, day) = (data.attempts_micro.remove(0), data.reach[0].clone());
    let slower = |reach: &Reach| Reach { effect_ppm: reach.effect_ppm / 10 * 9, ..reach.clone() };
    data.reach = vec![day.clone(), day.iter().map(slower).collect()];
    data.contingents = vec![Contingent::anywhere("first"), Contingent::anywhere("second")];
    let kind = data.slots.remove(0);
    for number in 0..slots {
        let night = number % 8 < 3;
        let level = 0.5 + rng.unit();
        data.attempts_micro
            .push(attempts.iter().map(|&micro| scaled(micro as f64 / f64::from(slots) * level, 1)).collect());
        let on_duty = if night { seats / 5 * 4 } else { seats };
        data.slots.push(SlotKind {
            id: format!("slot-{number:02}"),
            minutes: 180,
            attempts: number,
            reach: u32::from(night),
            seats: vec![SlotSeats::any(on_duty / 3 * 2), SlotSeats::any(on_duty - on_duty / 3 * 2)],
            ..kind.clone()
        });
    }
    Week::new(data).expect("generated numbers are in range")
}

fn scaled(share: f64, by: u32) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative and below 2^53")]
    let whole = (share * f64::from(by)).round() as u64;
    whole
}

fn place(towns: &[(f64, f64)], rng: &mut Seeded) -> LatLon {
    let near = rng.unit() < 2.0 / 3.0;
    let (lat, lon) = if near {
        let town = towns[usize::try_from(rng.below(towns.len() as u64)).expect("an index")];
        (town.0 + 0.06 * (rng.unit() - 0.5), town.1 + 0.06 * (rng.unit() - 0.5))
    } else {
        (18.1 + 1.8 * rng.unit(), -74.3 + 2.4 * rng.unit())
    };
    LatLon::new(lat, lon).expect("inside the rectangle")
}

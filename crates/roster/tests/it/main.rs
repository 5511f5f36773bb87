//! Rosters against brute force, against the checker, and as calendars.
#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod kinds;
mod sheets;
mod small;
mod whole;

use konbit_base::rng::{Seeded, seeded};
use konbit_roster::{Contingent, Problem, RosterData, Rules, Section};

fn below(bound: u32, rng: &mut Seeded) -> u32 {
    u32::try_from(rng.below(bound.into())).unwrap()
}

/// A random problem; `slots` slots of `slot_minutes`.
fn random(slot_minutes: u32, slots: usize, contingents: u32, sections: u32, rules: Rules, seed: u64) -> Problem {
    let mut rng = seeded(seed, 0);
    let section = |ix: u32, rng: &mut Seeded| Section {
        id: format!("s-{ix:02}"),
        contingent: below(contingents, rng),
        base: format!("base-{}", below(3, rng)),
        persons: 6 + below(3, rng) * 3,
        travel_minutes: [0, 20, 45][below(3, rng) as usize],
        leave: if below(4, rng) == 0 { vec![below(u32::try_from(slots).unwrap(), rng)] } else { vec![] },
    };
    let per_contingent = 10 * sections / contingents.max(1);
    let contingent = |ix: u32, rng: &mut Seeded| Contingent {
        id: format!("c-{ix}"),
        demand: (0..slots).map(|_| below(per_contingent / 2 + 2, rng)).collect(),
    };
    let data = RosterData {
        slot_minutes,
        weights: (0..slots).map(|_| 1 + below(9, &mut rng)).collect(),
        kinds: vec![],
        contingents: (0..contingents).map(|ix| contingent(ix, &mut rng)).collect(),
        sections: (0..sections).map(|ix| section(ix, &mut rng)).collect(),
        rules,
    };
    Problem::new(data).unwrap()
}

/// Rules that leave many patterns on short cycles.
fn loose(rng: &mut Seeded) -> Rules {
    Rules {
        rest_minutes_min: below(4, rng) * 240,
        long_rest_minutes_min: 1_440 + below(2, rng) * 240,
        day_minutes_max: 480 + below(5, rng) * 240,
        week_minutes_max: 2_000 + below(3, rng) * 3_000,
        duty_minutes_min: below(3, rng) * 240,
        duty_minutes_max: 480 + below(3, rng) * 480,
        away_share_ppm: below(2, rng) * 150_000,
    }
}

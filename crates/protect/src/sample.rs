//! First schedules: dependent rounding of the relaxation along a sweep line.
//!
//! Marginals are moved against their neighbour on the line, two at a time, so that the seats
//! spent do not change and each marginal keeps its expectation (Srinivasan 2001; Gandhi, Khuller,
//! Parthasarathy, Srinivasan 2006). Neighbours thus rarely stand in the same schedule. At most one
//! marginal is left fractional; it is taken when the seats allow.

use crate::answer::Duty;
use crate::model::Model;
use crate::relax::{Fix, Fixing, Relaxed};
use konbit_base::rng::Seeded;

const EDGE: f64 = 1e-9;

#[derive(Clone, Copy)]
enum Thing {
    Post(usize),
    Force(usize),
}

/// Draws one schedule whose expectation is the relaxation's solution.
pub(crate) fn draw(model: &Model, fix: &Fixing, relaxed: &Relaxed, rng: &mut Seeded) -> Duty {
    let angle = rng.unit() * std::f64::consts::TAU;
    let (sin, cos) = angle.sin_cos();
    let key = |i: usize| model.position[i].0 * cos + model.position[i].1 * sin;
    let mut posts: Vec<usize> =
        (0..model.sites()).filter(|&i| fix.site[i] == Fix::Free && relaxed.post[i] > EDGE).collect();
    posts.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
    let mut bases: Vec<usize> =
        (0..model.bases()).filter(|&b| fix.base[b] == Fix::Free && relaxed.force[b] > EDGE).collect();
    for ix in (1..bases.len()).rev() {
        let other = usize::try_from(rng.below(ix as u64 + 1)).expect("an index");
        bases.swap(ix, other);
    }
    // Forces first: they decide what the posts are for.
    let forces = bases.iter().map(|&b| (Thing::Force(b), relaxed.force[b], f64::from(model.base_seats[b])));
    let sites = posts.iter().map(|&i| (Thing::Post(i), relaxed.post[i], f64::from(model.seats[i])));
    let mut duty = Duty {
        posts: (0..model.sites()).filter(|&i| fix.site[i] == Fix::In).collect(),
        bases: (0..model.bases()).filter(|&b| fix.base[b] == Fix::In).collect(),
    };
    let mut left = fix.seats_left;
    let mut take = |thing: Thing| {
        let seats = match thing {
            Thing::Post(i) => model.seats[i],
            Thing::Force(b) => model.base_seats[b],
        };
        if seats <= left {
            left -= seats;
            match thing {
                Thing::Post(i) => duty.posts.push(i),
                Thing::Force(b) => duty.bases.push(b),
            }
        }
    };
    let mut carried: Option<(Thing, f64, f64)> = None;
    for (thing, share, seats) in forces.chain(sites) {
        if share >= 1.0 - EDGE {
            take(thing);
            continue;
        }
        let Some((held, held_share, held_seats)) = carried.take() else {
            carried = Some((thing, share, seats));
            continue;
        };
        let (a, b) = settle((held_share, held_seats), (share, seats), rng);
        for (thing, share, seats) in [(held, a, held_seats), (thing, b, seats)] {
            if share >= 1.0 - EDGE {
                take(thing);
            } else if share > EDGE {
                carried = Some((thing, share, seats));
            }
        }
    }
    if let Some((thing, share, _)) = carried
        && rng.unit() < share
    {
        take(thing);
    }
    duty.posts.sort_unstable();
    duty.bases.sort_unstable();
    duty
}

/// Moves two shares against each other, seats kept, until one of them is 0 or 1.
fn settle((a, a_seats): (f64, f64), (b, b_seats): (f64, f64), rng: &mut Seeded) -> (f64, f64) {
    // a grows by s / a_seats while b falls by s / b_seats, or the other way round.
    let up = ((1.0 - a) * a_seats).min(b * b_seats);
    let down = (a * a_seats).min((1.0 - b) * b_seats);
    let step = if rng.unit() * (up + down) < down { up } else { -down };
    ((a + step / a_seats).clamp(0.0, 1.0), (b - step / b_seats).clamp(0.0, 1.0))
}

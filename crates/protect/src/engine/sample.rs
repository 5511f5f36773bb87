//! First schedules: dependent rounding of the relaxation, so that neighbours rarely stand together.
//!
//! Shares are moved against a neighbour, two at a time, so that the seats spent do not change and each
//! share keeps its expectation (Srinivasan 2001; Gandhi, Khuller, Parthasarathy, Srinivasan 2006). Of
//! forces the neighbour is the one that is worth most at the same sites, of posts the next on a line swept
//! in a random direction. At most one share of each contingent is left fractional; it is taken when the
//! seats allow.

use super::lineup::{Arena, Fixing, Lineup};
use super::model::{Model, Slot};
use super::relax::SlotRelaxed;
use konbit_base::rng::Seeded;

const EDGE: f64 = 1e-9;

#[derive(Clone, Copy)]
enum Thing {
    Post(usize),
    Force(usize),
    Patrol(usize),
}

/// Draws one schedule whose expectation is the relaxation's solution. Posts and visits that must be
/// and that several contingents could make may be missing from it.
pub(crate) fn draw(
    model: &Model,
    slot: &Slot,
    fix: &Fixing,
    arena: &Arena,
    relaxed: &SlotRelaxed,
    near: &Near,
    rng: &mut Seeded,
) -> Lineup {
    let angle = rng.unit() * std::f64::consts::TAU;
    let (sin, cos) = angle.sin_cos();
    let key = |i: usize| model.position[i].0 * cos + model.position[i].1 * sin;
    let mut sites: Vec<usize> = (0..model.sites()).collect();
    let keys: Vec<f64> = sites.iter().map(|&i| key(i)).collect();
    sites.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]).then(a.cmp(&b)));
    let held = |list: &[super::lineup::State]| {
        list.iter().enumerate().filter_map(|(ix, state)| state.held.map(|c| (ix, c))).collect::<Vec<_>>()
    };
    let mut lineup = Lineup { posts: held(&fix.post), forces: held(&fix.force), patrols: held(&fix.duty) };
    let mut posted = vec![false; model.sites()];
    lineup.posts.iter().for_each(|post| posted[post.0] = true);
    let contingents = slot.on_duty.len();
    for c in 0..contingents {
        // Patrols and forces first: they decide what the posts are for.
        let of = |list: &[f64], ix: usize| list[ix * contingents + c];
        let patrols = (0..arena.patrols.len().min(relaxed.patrol.len() / contingents))
            .map(|p| (Thing::Patrol(p), of(&relaxed.patrol, p), arena.patrols[p].seats));
        let force = |b: usize| (of(&relaxed.force, b), f64::from(model.base_seats[b]));
        let forces = near.spread((0..model.bases()).map(force).collect(), rng);
        let forces = forces.into_iter().map(|(b, share)| (Thing::Force(b), share, model.base_seats[b]));
        let posts = sites.iter().map(|&i| (Thing::Post(i), of(&relaxed.post, i), model.seats[i]));
        let things = patrols.chain(forces).chain(posts).filter(|thing| thing.1 > EDGE);
        let mut left = fix.left[c];
        round(things, rng, &mut |thing, seats| {
            if seats > left {
                return;
            }
            match thing {
                Thing::Post(i) if std::mem::replace(&mut posted[i], true) => return,
                Thing::Post(i) => lineup.posts.push((i, c)),
                Thing::Force(b) if lineup.forces.iter().any(|force| force.0 == b) => return,
                Thing::Force(b) => lineup.forces.push((b, c)),
                Thing::Patrol(p) if lineup.patrols.iter().any(|patrol| patrol.0 == p) => return,
                Thing::Patrol(p) => lineup.patrols.push((p, c)),
            }
            left -= seats;
        });
    }
    lineup.sort();
    lineup
}

/// How much the forces of each two bases are worth at the same sites.
pub(crate) struct Near {
    bases: usize,
    shared: Vec<f64>,
}

impl Near {
    /// From what protection of each site is worth.
    pub(crate) fn new(slot: &Slot, bases: usize, weights: &[f64]) -> Self {
        let mut shared = vec![0.0; bases * bases];
        for (help, weight) in slot.help.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
            for (rank, lesser) in help.iter().enumerate() {
                for better in &help[..rank] {
                    shared[better.base * bases + lesser.base] += weight * lesser.effect;
                    shared[lesser.base * bases + better.base] += weight * lesser.effect;
                }
            }
        }
        Self { bases, shared }
    }

    /// Rounds shares of forces (share and seats of each base), as long as two are fractional: one at random
    /// and the one that is worth most at the same sites (the local pivotal method: Grafström, Lundström,
    /// Schelin 2012). Returns what is left above zero, the fractional one last.
    fn spread(&self, mut shares: Vec<(f64, f64)>, rng: &mut Seeded) -> Vec<(usize, f64)> {
        let open = |share: f64| share > EDGE && share < 1.0 - EDGE;
        let mut left: Vec<usize> = (0..shares.len()).filter(|&b| open(shares[b].0)).collect();
        while left.len() > 1 {
            let a = left[usize::try_from(rng.below(left.len() as u64)).expect("an index")];
            let row = &self.shared[a * self.bases..(a + 1) * self.bases];
            let others = left.iter().copied().filter(|&b| b != a);
            let b = others.max_by(|&b, &c| row[b].total_cmp(&row[c]).then(c.cmp(&b))).expect("there are two");
            (shares[a].0, shares[b].0) = settle(shares[a], shares[b], rng);
            left.retain(|&b| open(shares[b].0));
        }
        let mut some: Vec<(usize, f64)> = shares.iter().map(|share| share.0).enumerate().collect();
        some.retain(|&(_, share)| share > EDGE);
        some.sort_by_key(|&(b, share)| (open(share), b));
        some
    }
}

fn round(things: impl Iterator<Item = (Thing, f64, u32)>, rng: &mut Seeded, take: &mut dyn FnMut(Thing, u32)) {
    let mut carried: Option<(Thing, f64, u32)> = None;
    for (thing, share, seats) in things {
        if share >= 1.0 - EDGE {
            take(thing, seats);
            continue;
        }
        let Some((held, held_share, held_seats)) = carried.take() else {
            carried = Some((thing, share, seats));
            continue;
        };
        let (a, b) = settle((held_share, f64::from(held_seats)), (share, f64::from(seats)), rng);
        for (thing, share, seats) in [(held, a, held_seats), (thing, b, seats)] {
            if share >= 1.0 - EDGE {
                take(thing, seats);
            } else if share > EDGE {
                carried = Some((thing, share, seats));
            }
        }
    }
    if let Some((thing, share, seats)) = carried
        && rng.unit() < share
    {
        take(thing, seats);
    }
}

/// Moves two shares against each other, seats kept, until one of them is 0 or 1.
fn settle((a, a_seats): (f64, f64), (b, b_seats): (f64, f64), rng: &mut Seeded) -> (f64, f64) {
    // a grows by s / a_seats while b falls by s / b_seats, or the other way round.
    let up = ((1.0 - a) * a_seats).min(b * b_seats);
    let down = (a * a_seats).min((1.0 - b) * b_seats);
    let step = if rng.unit() * (up + down) < down { up } else { -down };
    ((a + step / a_seats).clamp(0.0, 1.0), (b - step / b_seats).clamp(0.0, 1.0))
}

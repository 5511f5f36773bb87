//! The bound at the root of a covering, brought closer by cuts, round by round.

use crate::choice::Program;
use crate::clusters::separate;
use crate::dual::{Bound, SCALE};
use crate::saddle::{Point, approach};
use konbit_base::rng::Seeded;

/// Steps of a round.
const STEPS: usize = 4_000;
/// Most rounds, and the fewest new cuts for which another is worth its time.
const ROUNDS_MAX: usize = 200;
const CUTS_MIN: usize = 10;
/// Rounds in a row in which the gap shrinks by less than a thousandth, after which it ends.
const IDLE_MAX: usize = 10;

/// Adds cuts to a program of covering as long as the gap to `target` shrinks by it; the best bound,
/// and with it the cuts that it rests on. `ends` is told the bound, as [`Bound::scaled`], and says
/// whether to end there.
pub(crate) fn tighten(
    program: &mut Program,
    start: &Bound,
    target: i64,
    rng: &mut Seeded,
    ends: &dyn Fn(i64) -> bool,
) -> Bound {
    let mut point = Point::new(program, &start.prices, &start.share);
    let mut best = (start.clone(), program.cuts.clone());
    let mut idle = 0;
    for _ in 0..ROUNDS_MAX {
        let bound = approach(program, &mut point, STEPS, ends);
        let gained = bound.scaled.saturating_sub(best.0.scaled);
        idle = if gained < (target * SCALE - bound.scaled) / 1_000 { idle + 1 } else { 0 };
        if gained > 0 {
            best = (bound.clone(), program.cuts.clone());
        }
        if idle == IDLE_MAX || ends(best.0.scaled) {
            break;
        }
        let fresh = separate(program, &bound, point.left(program), rng, &|| ends(i64::MIN));
        if fresh.len() < CUTS_MIN {
            break;
        }
        point.drop_idle_cuts(program);
        program.cuts.extend(fresh);
    }
    program.cuts = best.1;
    best.0
}

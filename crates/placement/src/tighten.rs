//! The bound at the root of a covering, brought closer by cuts, round by round.

use crate::choice::Program;
use crate::cuts::separate;
use crate::dual::{Bound, Effort, SCALE, climb};

/// A long climb first, and one for each round of cuts.
const CLOSE: Effort = Effort { steps: 8_000, step_first: 0.1, patience: 10 };
const CUTTING: Effort = Effort { steps: 3_000, step_first: 0.3, patience: 20 };
/// Most rounds, and the fewest new cuts for which another is worth its time.
const ROUNDS_MAX: usize = 16;
const CUTS_MIN: usize = 10;

/// Adds cuts to a program of covering as long as the gap to `target` shrinks by it; the bound with
/// them. `ends` is told the bound, as [`Bound::scaled`], and says whether to end there.
pub(crate) fn tighten(program: &mut Program, prices: Vec<i64>, target: i64, ends: &dyn Fn(i64) -> bool) -> Bound {
    let climb = |program: &Program, prices: Vec<i64>, effort: Effort| {
        climb(program, prices, target, effort, &mut |_| target, &|| ends(i64::MIN))
    };
    let mut bound = climb(program, prices, CLOSE);
    let mut small = 0;
    for _ in 0..ROUNDS_MAX {
        let fresh = separate(program, &bound);
        if fresh.len() < CUTS_MIN || small == 2 || ends(bound.scaled) {
            break;
        }
        let (before, gap) = (bound.scaled, target * SCALE - bound.scaled);
        program.cuts.extend(fresh);
        bound = climb(program, bound.prices, CUTTING);
        small = if bound.scaled - before < gap / 50 { small + 1 } else { 0 };
    }
    ends(bound.scaled);
    bound
}

//! Static posts against an adversary who watches, with payoffs of both sides: the exact case that
//! is water-filling (ORIGAMI in Kiekintveld, Jain, Tsai, Pita, Ordonez, Tambe, AAMAS 2009).
//!
//! The defender covers target `t` with probability `c_t`, `sum_t c_t <= m`; the attacker sees `c`
//! and picks the target that is best for him, and of equals the one that is best for the defender
//! (a strong Stackelberg equilibrium). With rewards `a_t` uncovered and `b_t < a_t` covered, a
//! target is worth `a_t - c_t (a_t - b_t)` to the attacker. To hold him down to `x` takes
//!
//! ```text
//! c_t(x) = max(0, (a_t - x) / (a_t - b_t)) <= 1 ,   S(x) = sum_t c_t(x) <= m
//! ```
//!
//! so `x` must be at least `b_t` wherever `a_t > x`, and `S` falls as `x` rises. The least such `x`
//! is best for the defender as well: whatever target is attacked, its coverage is at most `c_t(x)`,
//! and the defender gains from coverage. So the value is the best of `d_t(c_t(x))` over the targets
//! with `a_t >= x`, and one sort finds it: O(n log n).
//!
//! Floats only guess `x`. What is handed back is two numbers, `x_feasible` and `x_bound`, 2^-24
//! millionths apart where the guess was good, for which `S(x_feasible) <= m` and
//! `S(x_bound) > m` are shown in whole numbers, rounding against the claim each time.

use crate::answer::Status;
use konbit_base::Digest;
use konbit_base::rng::seeded;
use serde::Serialize;
use thiserror::Error;

/// Most targets.
pub const TARGETS_MAX: usize = 20_000_000;
/// Largest payoff, in millionths, either sign: a million.
pub const PAYOFF_MICRO_MAX: i64 = 1_000_000_000_000;

/// Payoffs at one target, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Of the defender when the target is attacked and covered.
    pub defender_covered: i64,
    /// Of the defender when the target is attacked and not covered; at most `defender_covered`.
    pub defender_uncovered: i64,
    /// Of the attacker when he attacks it covered; below `attacker_uncovered`.
    pub attacker_covered: i64,
    /// Of the attacker when he attacks it uncovered.
    pub attacker_uncovered: i64,
}

/// Why payoffs are not a game.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GameError {
    /// No targets or too many.
    #[error("the game has {count} targets; give 1 to {TARGETS_MAX}")]
    Targets {
        /// How many there are.
        count: usize,
    },
    /// A payoff that is too large.
    #[error("a payoff of target {target} lies outside -{PAYOFF_MICRO_MAX} to {PAYOFF_MICRO_MAX} millionths; rescale")]
    Payoff {
        /// Counted from 0.
        target: usize,
    },
    /// The attacker does not mind coverage, or the defender does.
    #[error("target {target}: coverage must cost the attacker something and the defender nothing; check its payoffs")]
    Order {
        /// Counted from 0.
        target: usize,
    },
}

/// A game that is known to be well formed.
#[derive(Debug, Clone)]
pub struct Game {
    targets: Vec<Target>,
    resources: u32,
    hash: Digest,
}

impl Game {
    /// A game of targets and a number of identical resources, each of which covers one target.
    pub fn new(targets: Vec<Target>, resources: u32) -> Result<Self, GameError> {
        if targets.is_empty() || targets.len() > TARGETS_MAX {
            return Err(GameError::Targets { count: targets.len() });
        }
        let mut bytes = format!("fill {resources} ").into_bytes();
        bytes.reserve_exact(32 * targets.len());
        for (ix, target) in targets.iter().enumerate() {
            let payoffs = target.payoffs();
            if payoffs.iter().any(|payoff| payoff.abs() > PAYOFF_MICRO_MAX) {
                return Err(GameError::Payoff { target: ix });
            }
            let minds = target.attacker_uncovered > target.attacker_covered;
            if !minds || target.defender_covered < target.defender_uncovered {
                return Err(GameError::Order { target: ix });
            }
            bytes.extend(payoffs.iter().flat_map(|payoff| payoff.to_le_bytes()));
        }
        Ok(Self { targets, resources, hash: Digest::of(&bytes) })
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Resources.
    pub fn resources(&self) -> u32 {
        self.resources
    }

    /// SHA-256 of the game.
    pub fn hash(&self) -> Digest {
        self.hash
    }
}

impl Target {
    fn payoffs(&self) -> [i64; 4] {
        [self.defender_covered, self.defender_uncovered, self.attacker_covered, self.attacker_uncovered]
    }

    fn span(&self) -> u128 {
        self.attacker_uncovered.abs_diff(self.attacker_covered).into()
    }
}

/// Fixed point of the attacker's value: 2^-24 millionths.
const FINE: u32 = 24;
/// Fixed point of coverage: 2^-48 of a resource.
const COVER: u32 = 48;

/// An equilibrium counts as exact when value and bound are this close, as a share of the value or,
/// where that is below one unit of payoff, in units.
pub const OPTIMAL_GAP: f64 = 1e-9;

/// What the attacker keeps, in 2^-24 millionths.
type Level = i128;

/// An equilibrium, enclosed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fill {
    /// The attacker's value under the coverage, in payoff units.
    pub attacker_value: f64,
    /// No coverage holds him below this.
    pub attacker_bound: f64,
    /// The defender's value under the coverage, rounded down.
    pub value: f64,
    /// No coverage gives the defender more, rounded up.
    pub bound: f64,
    /// [`Status::Optimal`] where value and bound are within [`OPTIMAL_GAP`].
    pub status: Status,
    /// Targets among which the attacker is indifferent.
    pub attack_set: usize,
    /// The target he picks, the defender's best of these.
    pub attacked: u32,
    /// SHA-256 of the game.
    pub instance_hash: Digest,
    /// The attacker's value as a whole number of 2^-24 millionths; [`Fill::coverage`] follows.
    #[serde(skip)]
    level: Level,
}

impl Fill {
    /// Probability with which each target is covered, in the order of the game. They sum to at
    /// most the resources, apart from rounding in the last digit.
    pub fn coverage(&self, game: &Game) -> Vec<f64> {
        let scale = f64::from(1u32 << FINE);
        let share = |target: &Target| (excess(target, self.level) as f64 / scale / target.span() as f64).min(1.0);
        game.targets.iter().map(share).collect()
    }
}

/// `max(0, a_t - x)` in fine units; exact.
fn excess(target: &Target, level: Level) -> u128 {
    let rest = (Level::from(target.attacker_uncovered) << FINE) - level;
    u128::try_from(rest).unwrap_or(0)
}

/// `S(x)` in 2^-48 of a resource, rounded down, and rounded up.
fn coverage_needed(reached: &[Target], level: Level) -> (u128, u128) {
    let (mut down, mut count) = (0u128, 0u128);
    for target in reached {
        // At most 2^41 * 2^24 * 2^24 = 2^89, over the span: 2^-48 units since 24 + 24 = 48.
        let excess = excess(target, level);
        if excess > 0 {
            down += (excess << (COVER - FINE)) / target.span();
            count += 1;
        }
    }
    (down, down + count)
}

/// The equilibrium of the game.
pub fn fill(game: &Game) -> Fill {
    // Sorting keys with indices is cheaper than sorting targets.
    let mut order: Vec<(i64, u32)> = (0u32..).zip(&game.targets).map(|(ix, t)| (-t.attacker_uncovered, ix)).collect();
    order.sort_unstable();
    let target = |place: usize| &game.targets[order[place].1 as usize];
    // Covered for certain, a target is still worth that much to the attacker.
    let floor = game.targets.iter().map(|t| t.attacker_covered).max().expect("a game has targets");
    let guess = guess(game.resources, floor, order.len(), target);
    let floor = Level::from(floor) << FINE;
    // Whoever is dearer than the guess, with a margin of two millionths.
    let margin = 1 << (FINE + 1);
    let reached = order.partition_point(|&(key, _)| (Level::from(-key) << FINE) >= guess - margin);
    let list: Vec<Target> = (0..reached).map(|place| *target(place)).collect();
    let (feasible, bound) = enclose(&list, game.resources, guess, floor);
    answer(game, &order, feasible, bound)
}

/// Walks down the targets until the resources are spent or the floor is reached: about the least
/// level that the attacker can be held down to, never below the floor.
fn guess<'a>(resources: u32, floor: i64, count: usize, target: impl Fn(usize) -> &'a Target) -> Level {
    // Rewards are measured from the dearest target, so that digits are kept. At depth `y` below
    // it the targets so far need y * rate - offset.
    let top = target(0).attacker_uncovered;
    let (mut offset, mut rate) = (0.0f64, 0.0f64);
    let mut depth = 0.0;
    for place in 0..count {
        let at = target(place);
        let span = at.span() as f64;
        offset += (top - at.attacker_uncovered) as f64 / span;
        rate += 1.0 / span;
        depth = (f64::from(resources) + offset) / rate;
        let next = if place + 1 < count { target(place + 1).attacker_uncovered } else { i64::MIN };
        if next <= floor || depth < (top - next) as f64 {
            break;
        }
    }
    let depth = depth.min(top.saturating_sub(floor) as f64).max(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most 2^41 * 2^24")]
    let level = (Level::from(top) << FINE) - (depth * f64::from(1u32 << FINE)).round() as Level;
    level.max(Level::from(floor) << FINE)
}

/// A level that the resources reach, and one that no coverage goes below.
fn enclose(list: &[Target], resources: u32, guess: Level, floor: Level) -> (Level, Level) {
    let supply = u128::from(resources) << COVER;
    let mut step = 1;
    let mut feasible = guess.max(floor);
    while coverage_needed(list, feasible).1 > supply {
        feasible += step;
        step *= 2;
    }
    let mut step = 1;
    let mut bound = feasible;
    while bound > floor && coverage_needed(list, bound).0 <= supply {
        bound = (bound - step).max(floor);
        step *= 2;
    }
    (feasible, bound)
}

/// The defender's value at the two levels.
fn answer(game: &Game, order: &[(i64, u32)], feasible: Level, bound: Level) -> Fill {
    let best_at = |level: Level, up: bool| {
        let above = order.partition_point(|&(key, _)| (Level::from(-key) << FINE) >= level);
        let values = order[..above].iter().map(|&(_, ix)| (defender(&game.targets[ix as usize], level, up), ix));
        // Of equals the target that comes first in the game.
        let best = values.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        (best.expect("the dearest target is always attacked"), above)
    };
    let ((value, attacked), attack_set) = best_at(feasible, false);
    let ((most, _), _) = best_at(bound, true);
    let unit = 1e6 * f64::from(1u32 << FINE);
    let near = (most - value) as f64 / unit <= OPTIMAL_GAP * (value.abs() as f64 / unit).max(1.0);
    Fill {
        attacker_value: feasible as f64 / unit,
        attacker_bound: bound as f64 / unit,
        value: value as f64 / unit,
        bound: most as f64 / unit,
        status: if near { Status::Optimal } else { Status::Gap },
        attack_set,
        attacked,
        instance_hash: game.hash,
        level: feasible,
    }
}

/// `d_t(c_t(x))` in fine units, rounded down, or up.
fn defender(target: &Target, level: Level, up: bool) -> i128 {
    let span = target.span();
    let covered = excess(target, level).min(span << FINE);
    let gain = u128::from(target.defender_covered.abs_diff(target.defender_uncovered));
    // gain * covered / span: at most 2^41 * 2^65, over the span.
    let product = gain * covered;
    let share = if up { product.div_ceil(span) } else { product / span };
    (i128::from(target.defender_uncovered) << FINE) + i128::try_from(share).expect("at most 2^106")
}

/// A seeded game as in section 7 of Kiekintveld et al. 2009: the four payoffs of each target are
/// independent and uniform, rewards (defender covered, attacker uncovered) in 0 to 100 and
/// penalties (defender uncovered, attacker covered) in -100 to 0, here in whole millionths. Draws
/// in the order defender covered, defender uncovered, attacker uncovered, attacker covered.
pub fn generate_game(targets: usize, resources: u32, seed: u64) -> Result<Game, GameError> {
    let mut rng = seeded(seed, 0);
    let mut draw = || i64::try_from(rng.below(100_000_001)).expect("a hundred million fits");
    let target = |_| {
        let (defender_covered, defender_uncovered) = (draw(), -draw());
        // A reward and a penalty that are both 0 are drawn as 1 and 0: coverage must matter.
        let (attacker_uncovered, attacker_covered) = (draw().max(1), -draw());
        Target { defender_covered, defender_uncovered, attacker_covered, attacker_uncovered }
    };
    Game::new((0..targets).map(target).collect(), resources)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The defender's best by trying each target as the one attacked: the most coverage of it with
    /// which it can still be the attacker's choice, by bisection.
    fn by_target(game: &Game) -> f64 {
        let possible = |t: usize, c: f64| {
            let worth = |s: &Target| s.attacker_uncovered as f64;
            let level = worth(&game.targets[t]) - c * game.targets[t].span() as f64;
            let mut sum = 0.0;
            for s in &game.targets {
                let need = (worth(s) - level) / s.span() as f64;
                if need > 1.0 + 1e-12 {
                    return false;
                }
                sum += need.max(0.0);
            }
            sum <= f64::from(game.resources) + 1e-9
        };
        let best = |t: usize| {
            let target = game.targets[t];
            let payoff = |c: f64| {
                target.defender_uncovered as f64 + c * (target.defender_covered - target.defender_uncovered) as f64
            };
            // Little coverage of `t` keeps the attacker's level high, which is easy elsewhere.
            let (mut low, mut high) = (0.0, 1.0);
            if !possible(t, low) {
                return f64::NEG_INFINITY;
            }
            for _ in 0..200 {
                let middle = f64::midpoint(low, high);
                if possible(t, middle) { low = middle } else { high = middle }
            }
            payoff(if possible(t, 1.0) { 1.0 } else { low }) / 1e6
        };
        (0..game.targets.len()).map(best).fold(f64::NEG_INFINITY, f64::max)
    }

    fn check(game: &Game) {
        let fill = fill(game);
        let expect = by_target(game);
        assert_eq!(fill.status, Status::Optimal, "{fill:?}");
        assert!((fill.value - expect).abs() < 1e-6, "{} against {expect} by trying each target", fill.value);
        assert!(fill.value <= fill.bound && fill.attacker_bound <= fill.attacker_value);
        let coverage = fill.coverage(game);
        assert!(coverage.iter().sum::<f64>() <= f64::from(game.resources) + 1e-9);
        for (target, c) in game.targets.iter().zip(coverage) {
            let worth = (target.attacker_uncovered as f64 - c * target.span() as f64) / 1e6;
            assert!(worth <= fill.attacker_value + 1e-9, "{target:?} is worth {worth}");
            assert!((0.0..=1.0).contains(&c));
        }
    }

    fn target(defender: (i64, i64), attacker: (i64, i64)) -> Target {
        let (defender_covered, defender_uncovered) = (defender.0 * 1_000_000, defender.1 * 1_000_000);
        let (attacker_covered, attacker_uncovered) = (attacker.0 * 1_000_000, attacker.1 * 1_000_000);
        Target { defender_covered, defender_uncovered, attacker_covered, attacker_uncovered }
    }

    fn near(coverage: &[f64], expect: &[f64]) -> bool {
        coverage.len() == expect.len() && coverage.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn two_equal_targets_share_one_resource() {
        // 10 - c * 10 with c = 1/2 each: the attacker keeps 5, the defender loses half of 8.
        let game = Game::new(vec![target((0, -8), (0, 10)); 2], 1).unwrap();
        let fill = fill(&game);
        assert!((fill.attacker_value - 5.0).abs() < 1e-9 && (fill.value + 4.0).abs() < 1e-9, "{fill:?}");
        assert_eq!((fill.attack_set, fill.attacked), (2, 0));
        assert!(near(&fill.coverage(&game), &[0.5, 0.5]));
    }

    #[test]
    fn full_coverage_stops_the_fall() {
        // Covered for certain the first is still worth 6, so the attacker keeps 6; the second
        // needs (10 - 6) / 10 of a resource and the third, worth 5, none.
        let targets = vec![target((3, -1), (6, 9)), target((0, -8), (0, 10)), target((0, -1), (0, 5))];
        let game = Game::new(targets, 2).unwrap();
        let fill = fill(&game);
        assert!((fill.attacker_value - 6.0).abs() < 1e-9 && (fill.value - 3.0).abs() < 1e-9, "{fill:?}");
        assert_eq!(fill.attack_set, 2);
        assert!(near(&fill.coverage(&game), &[1.0, 0.4, 0.0]));
    }

    #[test]
    fn degenerate_games_have_an_answer() {
        let one = target((5, -5), (-5, 5));
        for (targets, resources) in
            [(vec![one], 0), (vec![one], 1), (vec![one], 9), (vec![one; 3], 0), (vec![one; 3], 5)]
        {
            check(&Game::new(targets, resources).unwrap());
        }
    }

    #[test]
    fn payoffs_that_make_no_game_are_refused() {
        let error = |targets| Game::new(targets, 1).unwrap_err();
        assert_eq!(error(vec![]), GameError::Targets { count: 0 });
        assert_eq!(error(vec![target((0, -1), (5, 5))]), GameError::Order { target: 0 });
        assert_eq!(error(vec![target((-2, -1), (0, 5))]), GameError::Order { target: 0 });
        assert_eq!(error(vec![target((2, -1), (0, 2_000_000))]), GameError::Payoff { target: 0 });
    }

    proptest! {
        #[test]
        fn the_fill_is_as_good_as_trying_each_target(targets in 1usize..40, resources in 0u32..12, seed in 0u64..1000) {
            check(&generate_game(targets, resources, seed).unwrap());
        }
    }
}

//! Seeded randomness: the same seed gives the same numbers on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A generator for one purpose. Different `stream`s of one `seed` are independent, so that work
/// split over threads does not depend on their order.
pub fn seeded(seed: u64, stream: u64) -> Seeded {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    Seeded(rng)
}

/// A deterministic generator (`ChaCha8`). For draws that a watcher must not predict, the seed has
/// to come from a cryptographic source; this type does not decide that.
#[derive(Debug, Clone)]
pub struct Seeded(ChaCha8Rng);

impl Seeded {
    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in [0, 1) with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in `0..bound`, without bias; `bound` must be positive.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "below(0) has no answer");
        // Rejection: drop the draws beyond the largest multiple of `bound`.
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let draw = self.next_u64();
            if draw < limit {
                return draw % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_sequence_and_streams_differ() {
        let draw = |seed, stream| {
            let mut rng = seeded(seed, stream);
            (rng.next_u64(), rng.next_u64())
        };
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
        assert_ne!(draw(7, 0), draw(8, 0));
    }

    #[test]
    fn draws_stay_inside_their_range() {
        let mut rng = seeded(1, 0);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit())));
        assert!((0..1000).all(|_| rng.below(7) < 7));
    }
}

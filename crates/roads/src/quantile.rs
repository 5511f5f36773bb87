//! How long a trip takes that goes worse than usual.
//!
//! The time that the network gives is taken as the median: half of the trips take longer.
//! Trip times are taken as log-normal around it, the common finding for emergency vehicles
//! (Budge, Ingolfsson and Zerom, "Empirical analysis of ambulance travel times", Management
//! Science 56(4), 2010, fit log-t errors around a median; Westgate, Woodard, Matteson and
//! Henderson, "Travel time estimation for ambulances using Bayesian data augmentation", Annals
//! of Applied Statistics 7(2), 2013, use the log-normal).
//!
//! With `T = m exp(s Z)`, `Z` standard normal, the coefficient of variation (standard deviation
//! over mean) is `c = sqrt(exp(s^2) - 1)`, hence `s = sqrt(ln(1 + c^2))`, and the quantile at
//! probability `p` is `m exp(s z_p)` (Johnson, Kotz and Balakrishnan, *Continuous Univariate
//! Distributions* 1, 2nd ed., 1994, chapter 14).
//!
//! The spread is stated for the whole trip, not for each link: delays on one trip go together.
//! A spread is a judged figure of the speed profile unless a mission has measured its own trips.

use statrs::distribution::{ContinuousCDF, Normal};

/// The spread of travel times: coefficient of variation of a whole trip, as a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    log_deviation: f64,
}

impl Spread {
    /// A spread from a coefficient of variation in per mille (250 is 0.25; 0 is no spread).
    pub fn new(variation_per_mille: u32) -> Self {
        let c = f64::from(variation_per_mille) / 1000.0;
        Self { log_deviation: (c * c).ln_1p().sqrt() }
    }

    /// The travel time that is not exceeded with a probability of `percent` in 100, for a trip
    /// whose median is `median_ms`; in milliseconds, rounded to the nearest.
    ///
    /// `percent` is between 1 and 99 (others are brought to the nearer end): what one trip in a
    /// thousand does cannot be said from a coefficient of variation.
    pub fn quantile_ms(self, median_ms: u32, percent: u32) -> u64 {
        let probability = f64::from(percent.clamp(1, 99)) / 100.0;
        let factor = (self.log_deviation * standard_normal(probability)).exp();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; saturates")]
        let quantile = (f64::from(median_ms) * factor).round() as u64;
        quantile
    }
}

fn standard_normal(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(variation_per_mille: u32, percent: u32, expect_ms: u64) {
        let found = Spread::new(variation_per_mille).quantile_ms(600_000, percent);
        assert_eq!(found, expect_ms, "c = {variation_per_mille} per mille, p = {percent} %");
    }

    #[test]
    fn the_quantile_of_ten_minutes_follows_the_formula() {
        // c = 0.25: s = sqrt(ln 1.0625) = 0.246221; z(0.8) = 0.841621; exp(s z) = 1.230259.
        check(250, 80, 738_155);
        // c = 0.5: s = sqrt(ln 1.25) = 0.472381; z(0.9) = 1.281552; exp(s z) = 1.831949.
        check(500, 90, 1_099_169);
        // The median is the network's own time; no spread leaves every quantile there.
        check(250, 50, 600_000);
        check(0, 99, 600_000);
    }

    proptest! {
        #[test]
        fn a_quantile_rises_with_time_and_probability_and_with_spread_above_the_median(
            time in 1_000u32..100_000_000, c in 0u32..2_000, p in 1u32..99,
        ) {
            let spread = Spread::new(c);
            prop_assert!(spread.quantile_ms(time, p) <= spread.quantile_ms(time, p + 1));
            prop_assert!(spread.quantile_ms(time, p) <= spread.quantile_ms(time + 1, p) + 1);
            if p >= 50 {
                prop_assert!(spread.quantile_ms(time, p) >= u64::from(time) - 1);
                prop_assert!(Spread::new(c + 1).quantile_ms(time, p) + 1 >= spread.quantile_ms(time, p));
            }
        }
    }
}

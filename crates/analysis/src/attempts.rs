//! Attempts a week and site, from incidents near by.
//!
//! # The estimate
//!
//! Attempts at site `i` arrive at a rate `lam_i` a week, unknown, with a gamma prior of mean
//! `m_i` (judged by kind of site) that weighs as much as `w0` weeks of observation:
//!
//! ```text
//! lam_i ~ Gamma(shape = m_i w0, rate = w0)
//! ```
//!
//! An incident `k` is one attempt. Which site it was aimed at is uncertain, so it is shared out
//! among the sites near by, with one notional unlisted place at its own position, so that no
//! incident counts for more than one attempt however many sites stand around it:
//!
//! ```text
//! K_ik = exp(-d_ik / h_k),   h_k = sqrt(h^2 + r_k^2),   s_ik = K_ik / (1 + sum_j K_jk)
//! ```
//!
//! `d_ik` is the great-circle distance, `h` the stated reach, `r_k` the radius within which the
//! incident's position is known. With `n_i = sum_k s_ik` over `T` weeks the posterior is
//!
//! ```text
//! lam_i | data ~ Gamma(m_i w0 + n_i, w0 + T)
//! ```
//!
//! of which the mean and the 5th and 95th percentiles are given. Gamma-Poisson smoothing of
//! counts is standard (Clayton and Kaldor, Biometrics 1987); treating the shared-out counts as
//! if they were whole observations is an approximation, and the interval is narrower for it.
//!
//! # What it does not do
//!
//! Incidents that nobody reported are not there; a quiet site is not a safe one. The rate is
//! constant over the window: no trend, no season, no contagion.

use jiff::civil::Date;
use konbit_base::LatLon;
use statrs::distribution::{ContinuousCDF, Gamma};

/// A site to estimate for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Where it is.
    pub position: LatLon,
    /// Prior mean `m_i`, attempts a week; not negative.
    pub prior_per_week: f64,
}

/// An incident that counts as an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// Where it was.
    pub position: LatLon,
    /// Radius within which the position is known, metres.
    pub radius_m: f64,
    /// Day it began.
    pub day: Date,
}

/// The stated constants of the estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Reach `h`: distance over which the share of an incident falls by the factor e, metres.
    pub reach_m: f64,
    /// Observation window `T`, weeks, ending on `until`.
    pub weeks: u32,
    /// Last day of the window.
    pub until: Date,
    /// Weight `w0` of the prior, weeks; positive.
    pub prior_weeks: f64,
}

/// Attempts a week at one site, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Posterior mean.
    pub mean_micro: u64,
    /// 5th percentile.
    pub low_micro: u64,
    /// 95th percentile.
    pub high_micro: u64,
    /// Incidents shared out to this site in the window, in millionths of an incident.
    pub incidents_micro: u64,
}

/// Beyond this many reaches an incident says nothing about a site: exp(-12) is 6 in a million.
const REACHES_MAX: f64 = 12.0;

/// Attempts a week for each of `sites`, in their order.
pub fn attempts(sites: &[Site], incidents: &[Incident], model: Model) -> Vec<Estimate> {
    assert!(model.prior_weeks > 0.0, "the prior needs a weight");
    let first = model.until.saturating_sub(jiff::Span::new().weeks(i64::from(model.weeks)));
    let mut counts = vec![0.0; sites.len()];
    let mut shares = vec![0.0; sites.len()];
    for incident in incidents.iter().filter(|incident| incident.day > first && incident.day <= model.until) {
        let reach = model.reach_m.hypot(incident.radius_m).max(1.0);
        let mut total = 1.0;
        for (share, site) in shares.iter_mut().zip(sites) {
            let reaches = site.position.distance_m(incident.position) / reach;
            *share = if reaches > REACHES_MAX { 0.0 } else { (-reaches).exp() };
            total += *share;
        }
        for (count, share) in counts.iter_mut().zip(&shares) {
            *count += share / total;
        }
    }
    sites.iter().zip(&counts).map(|(site, count)| estimate(*site, *count, model)).collect()
}

fn estimate(site: Site, count: f64, model: Model) -> Estimate {
    let shape = site.prior_per_week.max(0.0) * model.prior_weeks + count;
    let rate = model.prior_weeks + f64::from(model.weeks);
    let quantile = |p: f64| Gamma::new(shape, rate).map_or(0.0, |gamma| gamma.inverse_cdf(p));
    Estimate {
        mean_micro: micro(shape / rate),
        low_micro: micro(quantile(0.05)),
        high_micro: micro(quantile(0.95)),
        incidents_micro: micro(count),
    }
}

/// Millionths, rounded to the nearest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
fn micro(value: f64) -> u64 {
    (value * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn model() -> Model {
        Model { reach_m: 1_000.0, weeks: 48, until: date(2023, 10, 2), prior_weeks: 4.0 }
    }

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).unwrap()
    }

    fn site(lat: f64, prior_per_week: f64) -> Site {
        Site { position: at(lat, -72.3), prior_per_week }
    }

    fn incident(lat: f64, day: Date) -> Incident {
        Incident { position: at(lat, -72.3), radius_m: 0.0, day }
    }

    fn mean(sites: &[Site], incidents: &[Incident]) -> u64 {
        attempts(sites, incidents, model())[0].mean_micro
    }

    #[test]
    fn without_incidents_the_prior_is_diluted_by_the_quiet_weeks() {
        // Prior 0.13 a week weighing 4 weeks, 48 quiet weeks: 0.13 x 4 / 52 = 0.01.
        assert_eq!(mean(&[site(18.5, 0.13)], &[]), 10_000);
    }

    #[test]
    fn an_incident_at_a_lone_site_counts_half_the_rest_is_for_what_is_not_listed() {
        // (0.13 x 4 + 1/2) / 52 = 1.02 / 52 = 0.019615.
        assert_eq!(mean(&[site(18.5, 0.13)], &[incident(18.5, date(2023, 9, 1))]), 19_615);
    }

    #[test]
    fn an_incident_counts_for_less_than_one_attempt_however_many_sites_stand_there() {
        let crowd = vec![site(18.5, 0.0); 400];
        let total: u64 =
            attempts(&crowd, &[incident(18.5, date(2023, 9, 1))], model()).iter().map(|e| e.incidents_micro).sum();
        // 400 / 401, each share rounded to a millionth.
        assert!((total as f64 - 400.0 / 401.0 * 1e6).abs() <= 400.0, "{total}");
    }

    #[test]
    fn the_window_has_two_ends() {
        let quiet = mean(&[site(18.5, 0.13)], &[]);
        // 48 weeks before 2 October 2023 is 31 October 2022: outside; the day after is inside.
        assert_eq!(mean(&[site(18.5, 0.13)], &[incident(18.5, date(2022, 10, 31))]), quiet);
        assert!(mean(&[site(18.5, 0.13)], &[incident(18.5, date(2022, 11, 1))]) > quiet);
        assert!(mean(&[site(18.5, 0.13)], &[incident(18.5, date(2023, 10, 2))]) > quiet);
        assert_eq!(mean(&[site(18.5, 0.13)], &[incident(18.5, date(2023, 10, 3))]), quiet);
    }

    #[test]
    fn nothing_expected_and_nothing_seen_is_zero() {
        assert_eq!(
            attempts(&[site(18.5, 0.0)], &[], model()),
            [Estimate { mean_micro: 0, low_micro: 0, high_micro: 0, incidents_micro: 0 }]
        );
    }

    #[test]
    fn the_interval_is_that_of_the_gamma_distribution() {
        // Shape 1 is the exponential distribution: prior 0.25 x 4 weeks = 1, rate 52.
        // Quantiles are -ln(1 - p) / 52: 0.05129 / 52 = 0.000986, 2.99573 / 52 = 0.057610.
        let got = attempts(&[site(18.5, 0.25)], &[], model())[0];
        assert!(got.low_micro.abs_diff(986) <= 1, "{got:?}");
        assert!(got.high_micro.abs_diff(57_610) <= 1, "{got:?}");
    }

    proptest! {
        #[test]
        fn nearer_means_more_and_the_interval_holds_the_mean(near in 0.0..0.01f64, further in 0.0..0.05f64, prior in 0.01..5.0f64) {
            let one = |offset: f64| attempts(&[site(18.5, prior)], &[incident(18.5 + offset, date(2023, 9, 1))], model())[0];
            let (a, b) = (one(near), one(near + further));
            prop_assert!(a.mean_micro >= b.mean_micro);
            prop_assert!(a.low_micro <= a.mean_micro && a.mean_micro <= a.high_micro);
        }

        #[test]
        fn a_vaguer_position_tells_a_site_on_the_spot_no_more(radius in 0.0..30_000.0f64) {
            let one = |radius_m| attempts(&[site(18.5, 0.1), site(18.6, 0.1)], &[Incident { radius_m, ..incident(18.5, date(2023, 9, 1)) }], model())[0].mean_micro;
            prop_assert!(one(radius) <= one(0.0));
        }
    }
}

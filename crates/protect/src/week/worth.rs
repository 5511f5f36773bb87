//! What more people are worth, with proven bands.

use super::data::Week;
use super::plan::{WeekNode, WeekOutcome, WeekPlan, plan_week};
use crate::plan::{Options, Watch};
use crate::problem::ProblemError;

/// What some more (or fewer) seats of a contingent in every slot change.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatsWorth {
    /// Index of the contingent.
    pub contingent: usize,
    /// Seats added in every slot in which it has any; negative when taken away.
    pub seats: i64,
    /// Value of the plan found with them, persons harmed per week; `None` where none was found.
    pub value: Option<f64>,
    /// Proven bound with them.
    pub bound: Option<f64>,
    /// Persons a week saved by the best plan with them, compared with the best plan without: proven to
    /// be at least this.
    pub saved_least: f64,
    /// And proven to be at most this; infinite where the changed problem has no plan.
    pub saved_most: f64,
}

/// Price of one more seat of each contingent in all its slots, persons per week, as the certificate
/// has it: exact at the margin of the relaxation. `None` where the proof is a tree, whose leaves each
/// have prices of their own.
pub fn seat_prices(week: &Week, plan: &WeekPlan) -> Option<Vec<f64>> {
    let data = week.data();
    let mut prices = vec![0.0; data.contingents.len()];
    for slot in &plan.certificate.slots {
        let [WeekNode::Bound { seat_prices, .. }] = slot.nodes.as_slice() else { return None };
        for (price, &paid) in prices.iter_mut().zip(seat_prices) {
            *price += paid as f64 / plan.certificate.price_denominator as f64;
        }
    }
    Some(prices)
}

/// Re-solves with `seats` more of a contingent in every slot, from the plan at hand. For the price of a
/// reaction force or a patrol, hand in its seats.
///
/// The best value without lies in `[plan.bound, plan.value]` and the best value with them between the
/// new bound and the new value: the difference of the ends is the proven band.
pub fn worth_of_seats(
    week: &Week,
    plan: &WeekPlan,
    contingent: usize,
    seats: i64,
    options: &Options,
    watch: &Watch<'_>,
) -> Result<SeatsWorth, ProblemError> {
    let changed = week.with_more_seats(contingent, seats)?;
    let none = SeatsWorth {
        contingent,
        seats,
        value: None,
        bound: None,
        saved_least: f64::NEG_INFINITY,
        saved_most: f64::INFINITY,
    };
    let WeekOutcome::Planned(next) = plan_week(&changed, Some(&plan.schedules), options, watch) else {
        return Ok(none);
    };
    // More people can do what fewer do, so that neither difference has the wrong sign.
    let (least, most) = (plan.bound - next.value, plan.value - next.bound);
    let (saved_least, saved_most) = match seats {
        0.. => (least.max(0.0), most.max(0.0)),
        _ => (least.min(0.0), most.min(0.0)),
    };
    Ok(SeatsWorth { value: Some(next.value), bound: Some(next.bound), saved_least, saved_most, ..none })
}

//! Commands: what somebody wants, what the rules say, and the events that follow.

use crate::protection::AdoptedPlan;
use crate::state::{Event, Mission, Withdrawal};
use konbit_base::Digest;
use thiserror::Error;

/// A rule says no.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The record to withdraw does not stand.
    #[error("there is no {subject} {id:?} to withdraw")]
    NothingToWithdraw {
        /// Subject of the record.
        subject: String,
        /// Its id.
        id: String,
    },
    /// A reason is missing.
    #[error("a reason is needed: the record keeps why a thing was done")]
    NoReason,
    /// The plan was made from data that has changed since.
    #[error("the plan solves problem {}, but the mission's data now make problem {}; plan again and adopt that plan", plan.short(), now.short())]
    PlanIsStale {
        /// Problem the plan solves.
        plan: Digest,
        /// Problem of today.
        now: Digest,
    },
    /// The plan is in force already.
    #[error("plan {0} is already in force")]
    PlanInForce(String),
}

/// How a batch of records compares with what stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Events for the records that are new or differ.
    pub events: Vec<Event>,
    /// Records that are new.
    pub added: u64,
    /// Records that replace another of the same id.
    pub updated: u64,
    /// Records that already stand, word for word.
    pub unchanged: u64,
}

/// Keeps of `records` what is new or differs from what stands, so that the same data twice adds nothing.
pub fn compare(mission: &Mission, records: Vec<Event>) -> Comparison {
    let mut comparison = Comparison::default();
    for event in records {
        let (subject, id) = event.target();
        if mission.already_holds(&event) {
            comparison.unchanged += 1;
            continue;
        }
        if mission.entries_behind(subject, id).is_empty() {
            comparison.added += 1;
        } else {
            comparison.updated += 1;
        }
        comparison.events.push(event);
    }
    comparison
}

/// Withdraws a record: it stands no more, and the record keeps that it once did.
pub fn withdraw(mission: &Mission, subject: &str, id: &str, reason: &str) -> Result<Event, Refusal> {
    let known = crate::state::SUBJECTS.iter().find(|known| **known == subject);
    let nothing = || Refusal::NothingToWithdraw { subject: subject.to_owned(), id: id.to_owned() };
    let subject = *known.ok_or_else(nothing)?;
    if mission.entries_behind(subject, id).is_empty() {
        return Err(nothing());
    }
    if reason.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    Ok(Event::Withdrawn { subject, withdrawal: Withdrawal { id: id.to_owned(), reason: reason.trim().to_owned() } })
}

/// Puts a plan in force. `problem_now` is the problem that the mission's data make today.
pub fn adopt(mission: &Mission, plan: AdoptedPlan, problem_now: Digest) -> Result<Event, Refusal> {
    if plan.reason.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    if plan.problem != problem_now {
        return Err(Refusal::PlanIsStale { plan: plan.problem, now: problem_now });
    }
    if mission.plan_in_force().is_some_and(|held| held.value.id == plan.id) {
        return Err(Refusal::PlanInForce(plan.id.to_string()));
    }
    Ok(plan.into())
}

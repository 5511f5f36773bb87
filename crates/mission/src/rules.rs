//! Commands: what somebody wants, what the rules say, and the events that follow.

use crate::draws::{Draw, DrawId, Override, Revealed};
use crate::protection::AdoptedPlan;
use crate::state::{Event, Mission, Withdrawal};
use crate::week::AdoptedWeek;
use jiff::Timestamp;
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
    /// Nothing to draw from.
    #[error("no plan of the week is in force, so there is nothing to draw from; adopt one first")]
    NoWeekPlan,
    /// The plan in force does not know a kind of slot.
    #[error(
        "the plan in force has no kind of slot {0}: the figures of the week have changed since; plan again and adopt"
    )]
    OtherWeek(String),
    /// A slot that has begun cannot be drawn for.
    #[error("the slot from {0} has begun; a draw is committed to before its slot begins")]
    SlotBegun(Timestamp),
    /// A slot that was drawn for.
    #[error("the slot from {0} was drawn for already; a second draw would let somebody choose")]
    DrawnAlready(Timestamp),
    /// No such draw.
    #[error("no draw {0} is in the record; commit to it first")]
    NoDraw(String),
    /// A slot that has not ended.
    #[error("the slot from {start} ends at {end}; what was drawn is published after it, never before")]
    SlotNotOver {
        /// When it begins.
        start: Timestamp,
        /// When it ends.
        end: Timestamp,
    },
    /// A seed that the commitment was not made with.
    #[error("the seed is not the one that draw {0} was committed with; find the key that was in use then")]
    OtherSeed(String),
    /// An override of a slot that has ended.
    #[error("the slot of draw {0} has ended; there is nothing to change any more")]
    SlotOver(String),
    /// Moves that the digest of an override was not made with.
    #[error("the moves are not those that override {0} was recorded with; find the file that was kept then")]
    OtherMoves(String),
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

/// Puts a plan of the week in force. `problem_now` is the problem that the mission's data make today.
pub fn adopt_week(mission: &Mission, plan: AdoptedWeek, problem_now: Digest) -> Result<Event, Refusal> {
    if plan.reason.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    if plan.problem != problem_now {
        return Err(Refusal::PlanIsStale { plan: plan.problem, now: problem_now });
    }
    if mission.week_in_force().is_some_and(|held| held.value.id == plan.id) {
        return Err(Refusal::PlanInForce(plan.id.to_string()));
    }
    Ok(plan.into())
}

/// Commits to a draw. One slot is drawn for once, and before it begins.
pub fn commit(mission: &Mission, draw: Draw, now: Timestamp) -> Result<Event, Refusal> {
    if draw.start <= now {
        return Err(Refusal::SlotBegun(draw.start));
    }
    if mission.draws.get(draw.id.as_str()).is_some() {
        return Err(Refusal::DrawnAlready(draw.start));
    }
    Ok(draw.into())
}

/// Reveals a draw after its slot. `schedule` is what the seed draws.
pub fn reveal(mission: &Mission, id: &DrawId, revealed: Revealed, now: Timestamp) -> Result<Event, Refusal> {
    let held = mission.draws.get(id.as_str()).ok_or_else(|| Refusal::NoDraw(id.to_string()))?;
    let mut draw = held.value.clone();
    if now < draw.end {
        return Err(Refusal::SlotNotOver { start: draw.start, end: draw.end });
    }
    if Draw::commitment(draw.document, &draw.slot, draw.start, revealed.seed) != draw.commitment {
        return Err(Refusal::OtherSeed(id.to_string()));
    }
    draw.revealed = Some(revealed);
    Ok(draw.into())
}

/// Records a commander's change of what was drawn, while its slot has not ended.
pub fn override_draw(mission: &Mission, change: Override, now: Timestamp) -> Result<Event, Refusal> {
    let held = mission.draws.get(change.draw.as_str()).ok_or_else(|| Refusal::NoDraw(change.draw.to_string()))?;
    if change.reason.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    if held.value.end <= now {
        return Err(Refusal::SlotOver(change.draw.to_string()));
    }
    Ok(change.into())
}

/// Reveals the moves of an override, once its slot has ended.
pub fn reveal_override(mission: &Mission, change: Override, now: Timestamp) -> Result<Event, Refusal> {
    let held = mission.draws.get(change.draw.as_str()).ok_or_else(|| Refusal::NoDraw(change.draw.to_string()))?;
    if now < held.value.end {
        return Err(Refusal::SlotNotOver { start: held.value.start, end: held.value.end });
    }
    let (Some(moves), Some(nonce)) = (&change.moves, change.nonce) else {
        return Err(Refusal::OtherMoves(change.id.to_string()));
    };
    if Override::digest_of(&change.draw, nonce, moves) != change.digest {
        return Err(Refusal::OtherMoves(change.id.to_string()));
    }
    Ok(change.into())
}

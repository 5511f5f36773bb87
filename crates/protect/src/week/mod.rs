//! The whole program: the week, its data and its rules.

mod breach;
mod change;
mod check;
mod data;
mod document;
mod evaluate;
mod explain;
mod plan;
mod worth;

pub use breach::{BrokenRule, WeekBreach, WeekScore, score_week};
pub use change::{Lost, NextBest, OverridePrice, Task, drawn, next_best, post_worth, price_override};
pub use data::{
    AREA_SITES_MAX, AREAS_MAX, Contingent, DUTIES_MAX, Group, PARTIES_MAX, PatrolArea, PatrolDuty, ROUTE_MINUTES_MAX,
    SLOT_MINUTES_MAX, SLOTS_MAX, SlotKind, SlotSeats, Week, WeekData, WeekSite,
};
pub use document::{WEEK_FORMAT, WeekDocument};
pub use evaluate::{GroupWorst, Route, WeekEvaluation, WeekFault, WeekSchedule, WeekShort, evaluate_week};
pub use explain::{BestForce, PostBar, PostCrew, WeekSiteReason, explain_week};
pub use plan::{
    SlotCertificate, WeekCertificate, WeekDemand, WeekInfeasible, WeekNode, WeekOutcome, WeekPlan, plan_week,
    replan_week,
};
pub use worth::week_seats_equal;

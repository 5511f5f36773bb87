//! Duty rosters: who is on duty when, from rest, leave, hours and the way to the post.
//!
//! Owns: the roster problem and its hash ([`Problem`]), the rules with their sources ([`Rules`]),
//! making a roster ([`roster()`]), an independent look at one ([`check_roster`]), a section's sheet
//! and calendar ([`sheet()`], [`calendar`]). Start reading at [`RosterData`] and [`roster()`].
//!
//! Invariant: no I/O, no clock, no entropy.
//! Invariant: the same problem and [`Options`] give the same roster, unless it was stopped early;
//! the order of sections and contingents in the problem changes only their order in the roster.
//! Invariant: the bound is computed in whole numbers from prices that a float solver proposed.
//!
//! # The model
//!
//! A cycle of slots repeats for ever. Each section takes one pattern: the slots it is on duty.
//! A pattern is allowed when every duty has an allowed length, rest between duties is long enough
//! once both ways are taken off, one rest of the cycle is long, and work (duty and ways) stays
//! within its limits for any 24 hours and for the cycle. A section on duty fills as many seats of
//! its contingent as it has persons present. With `d_cs` seats wanted and `p_cs` filled,
//!
//! ```text
//! minimise  sum_cs weight_s ( 4 u1_cs + 3 u2_cs + 2 u3_cs + u4_cs )
//! ```
//!
//! where `u1` to `u4` are the open seats of the first to last quarter of the demand, the first to
//! be filled first: a convex cost, so that what is covered least is covered first. Demand that
//! cannot be met is a result, not an error.
//!
//! Where slots have kinds ([`RosterData::kinds`]), `p_cs` is the least of all slots of the kind of `s`, and each
//! sixteenth of a demand weighs twice the next, so that a force that is asked for too much leaves
//! about the same share open in each kind.
//!
//! # The method
//!
//! Sections of one size are a class. For prices `pi_sc >= 0` of a section of class `c` on duty in a slot,
//!
//! ```text
//! sum_s min over n of ( cost_s(n) + sum_c n_c pi_sc ) - sum_j n_j max over patterns of sum_s pi_sc(j) a_s
//! ```
//!
//! where `n` counts the whole sections of each class that are on duty in a slot, and `cost_s(n)` is the
//! cost of the seats that they leave open,
//!
//! bounds every roster from below. Column generation finds good prices: a linear program over the
//! patterns at hand (`clarabel`), and for each kind of section patterns that gain at its prices,
//! shortest paths with resources over the week, cut at its long rest. Most come from a search that
//! keeps few labels, several at once; the exact one is for the bound and the end, where mixture and
//! bound meet: the bound is then that of the whole linear relaxation. That no slot has half a section is in
//! it: with seats on a line instead, the worked example kept a gap of 48 % that was the bound's alone.
//!
//! Whole sections come by diving: they take the whole part of the mixture, the mixture of the
//! sections left is made anew, and so on. Then each in turn takes a good pattern beside the others;
//! a few at a time are taken out and put back until the bound is met or the tries are used up; in
//! the end each takes its best pattern beside the others, which the same path finds exactly.
//!
//! With kinds, the people in the leanest slots are levels, one for each kind. Levels are the demand of
//! a roster slot by slot: at no cost they are reached, and the prices of a bound above nothing rule
//! them out, and others with them, in whole numbers. The cheapest levels that no prices rule out
//! bound every roster and are tried; then dearer ones. People beyond the levels fill single slots.
//!
//! # Sources
//!
//! Desaulniers, Desrosiers, Solomon (editors), Column Generation, 2005. Wentges, International
//! Transactions in Operational Research 4 (1997) (prices half way to the best). Directive
//! 2003/88/EC of the European Parliament and of the Council (rest and hours). RFC 5545 (calendar).

mod check;
mod cover;
mod levels;
mod master;
mod plan;
mod price;
mod problem;
mod sheet;
mod solve;

pub use check::{Broken, check_roster};
pub use plan::{
    Activity, ContingentSeats, Duty, Options, ROSTER_FORMAT, Roster, SectionRoster, Status, Uncovered, Watch, roster,
};
pub use problem::{
    CONTINGENTS_MAX, Contingent, DAY_MINUTES, DEMAND_MAX, PERSONS_MAX, PPM, Problem, RosterData, RosterError, Rules,
    SECTIONS_MAX, SLOTS_MAX, Section, WEEK_MINUTES, WEIGHT_MAX,
};
pub use sheet::{Clock, Sheet, SheetDuty, calendar, sheet};

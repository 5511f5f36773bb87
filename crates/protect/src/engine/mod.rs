//! The solver, in floats: model, relaxation, schedules, master program, bound.

mod answer;
mod coarse;
mod cuts;
mod generate;
mod held;
mod impossible;
mod kernel;
mod lineup;
mod master;
mod model;
mod outlook;
mod pack;
mod parallel;
mod priced;
mod program;
mod proof;
mod relax;
mod route;
mod rows;
mod sample;
mod screen;
mod seek;
mod solve;

pub(crate) use answer::adapt;
pub(crate) use held::{HeldPrices, held};
pub(crate) use lineup::{Arena, Lineup, Unit};
pub(crate) use model::{Model, Source, inverse, share};
pub(crate) use proof::{ATTACKER_DENOMINATOR, Node, Proof, apportion};
pub(crate) use solve::{Demand, SlotMixture, Solved, solve};

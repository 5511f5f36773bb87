//! Estimates from incidents: how many attempts a week a site has to expect.
//!
//! Owns one estimate today, [`attempts`]: small, stated, and tested, so that a planner can say
//! what it rests on. Clusters, trends and scored forecasts come to this crate when the work that
//! needs them arrives.
//!
//! Invariant: no I/O, no clock; the day the estimate is made for is an argument.

mod attempts;

pub use attempts::{Estimate, Incident, Model, Site, attempts};

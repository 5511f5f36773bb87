//! The pages of a mission, and the same as JSON, over HTTP.
//!
//! Owns: routes, pages, the server's own maps and charts, embedded assets. Pages are pure functions of the mission's
//! state in [`pages`]; `server` reads the state afresh for every request and calls them.
//!
//! Invariant: nothing is kept between requests but the open mission, the limit on planning, a plan of the week that is
//! being made, and what [`planner`] and [`week_planner`] remember, which are functions of their keys.
//! Invariant: every page is complete without JavaScript, and no page makes a browser ask another host for anything;
//! the content policy in `server` enforces the second.
//! Invariant: no markup is written by hand around text of the record: `maud` escapes it.
//!
//! Start reading at [`router`].

pub mod assets;
pub mod chart;
pub mod format;
pub mod geo;
pub mod layout;
pub mod mapbox;
pub mod pages;
pub mod planner;
pub mod problem;
mod server;
pub mod svg;
pub mod week_planner;

pub use server::{World, router, serve};

//! The domain of a mission: what the Council decided, what follows from it, and what is done.
//!
//! One chain runs through it: decision -> paragraph -> obligation -> site -> plan -> incident ->
//! report. Each module owns one part: [`council`], [`history`], [`mandate`], [`contributions`],
//! [`situation`], [`protection`], [`roads`], [`week`], [`draws`],
//! [`place`]. [`state`] holds the events and their fold, [`rules`]
//! the commands.
//!
//! Data flows one way: a command, the state and the time give events or a [`rules::Refusal`];
//! events are applied with [`state::Mission::apply`]; pages and reports are computed from the state.
//!
//! Invariant: no I/O, no clock, no entropy; `now` is an argument.
//! Invariant: every stored record is free of floats, so that it has canonical bytes.
//! Invariant: nothing here knows the planner; adopted plans are kept by the digest of their file.
//!
//! Start reading at [`state`].

pub mod contributions;
pub mod council;
pub mod declaration;
pub mod draws;
pub mod history;
pub mod imports;
pub mod mandate;
pub mod place;
pub mod protection;
pub mod roads;
pub mod rules;
pub mod situation;
pub mod state;
pub mod table;
pub mod week;

pub use state::{Event, Mission};
pub use table::{Record, Recorded, Table};

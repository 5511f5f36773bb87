//! What the command line and the pages both do, once: open a mission, import into it, plan,
//! adopt, check, export, verify.
//!
//! Owns: the mission directory ([`MissionDir`]), the unit of work (read the state, ask the rules,
//! append the events with their projections in one transaction), and the way from the mission's
//! data to a protection problem ([`prepare`]).
//!
//! Invariant: no clock and no entropy here either; the caller passes a [`Stamp`].
//! Invariant: the state shown is the state of the record: it is read afresh for every answer.
//!
//! Start reading at [`Desk`].

mod changes;
mod check;
mod desk;
mod dir;
mod draw;
mod entering;
mod example;
mod export;
mod ground;
mod hand;
mod import;
mod keeping;
mod kept;
mod ledger;
mod manning;
mod moment;
mod outsiders;
mod overrides;
mod plan;
mod prepare;
mod qr;
mod render;
mod roads;
mod sensitivity;
mod sheet;
mod sheet_ways;
mod study;
mod study_tables;
mod travel;
mod verify;
mod week;
mod week_draws;
mod week_hand;
mod week_kept;
mod week_plan;
mod week_reach;
mod week_render;
mod week_studied;
mod week_study;
mod week_study_text;
mod week_summary;
mod week_time;
mod week_words;

pub use changes::{
    CHANGES_MAX, ChangeError, ChangeLine, ChangedFigures, Changes, Figure, Figures, Measure, is_mandatory,
};
pub use check::check;
pub use desk::{Desk, EntryView, Said, Snapshot, Stamp, Verified};
pub use dir::{Config, MissionDir, StoreKind, write_durably};
pub use draw::{DRAWS_MAX, DrawCheck, DrawnSlot, Revealing};
pub use entering::{ENTERED_SUBJECTS, EnterError, EntryCommand, EntryFault, Standing};
pub use example::{Example, example};
pub use export::{Form, exports};
pub use ground::Ground;
pub use hand::table::{HAND_BYTES_MAX, HandFault};
pub use hand::week::{WeekHandPlan, read_week_hand};
pub use hand::{Breach, HandPlan, Scored, breach_words, hand_csv, read_hand, score};
pub use import::{ImportReport, NamedFile};
pub use keeping::{
    CopyReport, EPOCH_KIND, ERASURE_KIND, EpochBegun, EraseReport, ErasureOrder, backup, begin_epoch, restore,
};
pub use kept::{Growing, KEPT_FILES_MAX, KeptStudies, StudyKey};
pub use konbit_exchange::import::{parse_instant, read_road_report};
pub use konbit_protect::{Progress, Watch, WeekDocument};
pub use konbit_roads::osm::{Progress as RoadProgress, Stage as RoadStage};
pub use konbit_roads::profile::Weather;
pub use konbit_store::Receipt;
pub use konbit_tiles::{Tile, TileId, TileIdError, ZOOM_MAX};
pub use ledger::Entropy;
pub use moment::{EVENING_HOUR, Moment, zone};
pub use outsiders::{Published, WitnessView};
pub use overrides::{MOVES_MAX, PricedOverride};
pub use plan::{MORE_AND_FEWER, PlanRequest, PlanView, Planned, curve_for, plan_for, planned_for};
pub use prepare::{Assumptions, PrepareError, Prepared, REACH_EFFECT_LEAST_PPM, prepare};
pub use qr::{Ink, QrError, qr_svg, qr_terminal};
pub use render::{plan_geojson, plan_text};
pub use roads::{
    CoveredRoads, PLANNED_PERCENT, REACTION_PROFILE, RoadQuestion, Roads, RoadsNow, StepWords, Stop, Trip,
};
pub use sensitivity::{Base, End, EndResult, ends};
pub use sheet::{INSTEAD_METRES_MAX, SectionDuty, SheetTask, SheetWay, SlotSheet, WayFrom};
pub use study::{
    Band, Equal, Force, MONTH_WEEKS, PlacePrice, Step, Unit, UnitPrice, equal, force, naive_pattern, opened,
    site_plans, translated,
};
pub use study_tables::{
    Places, alpha_csv, alpha_json, force_csv, force_json, sensitivity_csv, sensitivity_json, sides_csv, sides_json,
    week_force_json,
};
pub use travel::{ReachChange, Travel, Way, WayBasis, great_circle_minutes_tenths};
pub use verify::{VerifyReport, verify};
pub use week::{PreparedWeek, patrol_of};
pub use week_draws::{DrawRow, DrawState, draw_rows, draws_csv, draws_text, price_text};
pub use week_hand::{
    FloorMissed, InForce, WeekDifference, WeekGround, WeekHandScore, score_week_hand, week_hand_csv, week_hand_text,
};
pub use week_kept::Telling;
pub use week_plan::{Demand, PlannedWeek, WeekView, known_schedules, plan_week_for, planned_week_for, same_lists};
pub use week_render::{
    monday_of, not_for_publication, roster_csv, roster_sheets, roster_text, section_calendar, section_csv,
    section_text, slot_sheet_csv, slot_sheet_text, way_words,
};
pub use week_studied::{
    Across, Crossed, StudiedWeek, WEEK_ALPHAS, WeekSide, crossed, differing, is_posted_in_some, studied_contingent,
    with_alpha,
};
pub use week_study::{WeekAt, WeekBase, WeekForce, naive_week, week_ends, week_equal};
pub use week_study_text::{
    unit_words, value_unchanged, week_alpha_text, week_ends_text, week_force_text, week_sides_text,
};
pub use week_summary::{
    BeforeSummary, GroupSummary, SiteChange, SlotSummary, WeekSummary, followed, mean_over_week, week_plan_text,
    week_summary,
};
pub use week_time::{SlotTime, slots_from};
pub use week_words::{parse_move, parse_task, task_code, task_words};

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why something could not be done.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The directory holds no mission.
    #[error("{} holds no mission; make one with: konbit init {}", .0.display(), .0.display())]
    NoMission(PathBuf),
    /// The directory holds a mission already.
    #[error("{} already holds a mission; nothing was changed; choose another directory", .0.display())]
    AlreadyThere(PathBuf),
    /// The directory holds something else.
    #[error("{} is not empty; nothing was changed; choose an empty or a new directory", .0.display())]
    NotEmpty(PathBuf),
    /// The path is a file.
    #[error("{} is a file, not a directory; choose another path", .0.display())]
    NotADirectory(PathBuf),
    /// Another process writes the mission.
    #[error("{} is written by another konbit process; use its pages or its API, or stop it first", .0.display())]
    InUse(PathBuf),
    /// The mission was opened for reading.
    #[error("{} was opened for reading; nothing was changed", .0.display())]
    ReadOnly(PathBuf),
    /// The configuration cannot be used.
    #[error("{} cannot be used: {reason}; correct it", path.display())]
    Config {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation failed.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The record could not be read or written.
    #[error(transparent)]
    Store(#[from] konbit_store::StoreError),
    /// The record holds something this version does not know.
    #[error(transparent)]
    Stored(#[from] konbit_mission::state::StoredError),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] konbit_mission::rules::Refusal),
    /// There is nothing to plan.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The figures cannot be changed so.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The independent checker does not confirm the plan.
    #[error("the plan does not hold, so it was not adopted: {0}")]
    PlanDoesNotHold(String),
    /// A change of what was drawn cannot be made.
    #[error("{0}")]
    CannotChange(String),
    /// A plan of the week cannot be studied.
    #[error("{0}")]
    CannotStudy(String),
    /// The figures of the week have no contingent of this id.
    #[error("there is no contingent {id:?} in the figures of the week; they have: {known}")]
    NoContingent {
        /// The id.
        id: String,
        /// Those that there are.
        known: String,
    },
    /// A file that ought to be there is not, or is not what its digest says.
    #[error("{0}")]
    Missing(String),
}

impl DeskError {
    pub(crate) fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

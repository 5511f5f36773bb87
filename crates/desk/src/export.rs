//! Exports: what the mission holds, as files for other programs.

use crate::{
    Desk, DeskError, draw_rows, draws_csv, hand_csv, monday_of, plan_geojson, roster_csv, roster_sheets, week_hand_csv,
    zone,
};
use jiff::Timestamp;
use konbit_exchange::export::{ExportFormat, ExportKind, export};
use konbit_mission::Mission;

/// Formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV with a row of HXL tags; the plan file for a plan.
    Table,
    /// GeoJSON.
    GeoJson,
}

/// What can be exported of the week: the plan file in force, the same plan as a table to change by hand, its roster,
/// the draws.
const OF_THE_WEEK: [&str; 4] = ["week-plan", "week-by-hand", "roster", "draws"];

/// Names of what can be exported.
pub fn exports() -> Vec<&'static str> {
    ExportKind::ALL.iter().map(|kind| kind.name()).chain(["plan", "plan-by-hand"]).chain(OF_THE_WEEK).collect()
}

impl Desk {
    /// The bytes of an export of `kind`, one of [`exports`]. `now` says in which week duties of the
    /// roster have their dates, and how far draws have come.
    pub fn export_at(&self, kind: &str, form: Form, now: Timestamp) -> Result<Vec<u8>, DeskError> {
        if OF_THE_WEEK.contains(&kind) {
            return self.export_week(kind, form, now);
        }
        self.export(kind, form)
    }

    /// The bytes of an export of `kind`, one of [`exports`] that does not depend on the time.
    pub fn export(&self, kind: &str, form: Form) -> Result<Vec<u8>, DeskError> {
        let mission = self.snapshot()?.mission;
        if kind == "plan" {
            let view = self.plan_in_force(&mission)?.ok_or_else(no_plan)?;
            return Ok(match form {
                Form::Table => view.document.to_bytes(),
                Form::GeoJson => plan_geojson(&mission, &view.document).into_bytes(),
            });
        }
        if kind == "plan-by-hand" {
            let document = self.plan_in_force(&mission)?.ok_or_else(no_plan)?.document;
            return match form {
                Form::Table => Ok(hand_csv(&mission, &document.problem, &document.schedules).into_bytes()),
                Form::GeoJson => Err(DeskError::Missing(
                    "a plan to change by hand is a table; export it without --geojson".to_owned(),
                )),
            };
        }
        let Some(of) = ExportKind::parse(kind) else {
            let why = format!("{kind:?} is not a kind of export; kinds: {}", exports().join(", "));
            return Err(DeskError::Missing(why));
        };
        let format = match form {
            Form::Table => ExportFormat::Csv,
            Form::GeoJson => ExportFormat::GeoJson,
        };
        export(&mission, of, format).ok_or_else(|| {
            DeskError::Missing(format!("{kind} have no places, so there is no GeoJSON of them; export CSV"))
        })
    }

    fn export_week(&self, kind: &str, form: Form, now: Timestamp) -> Result<Vec<u8>, DeskError> {
        let mission = &self.snapshot()?.mission;
        if form == Form::GeoJson {
            return Err(DeskError::Missing(format!("{kind} has no places, so there is no GeoJSON of it")));
        }
        if kind == "draws" {
            return Ok(draws_csv(&draw_rows(mission, self.check_draws(mission)?, now)));
        }
        let adopted = mission.week_in_force().ok_or_else(|| {
            DeskError::Missing(
                "no plan of the week is in force; make one with: konbit week plan DIR --adopt REASON".to_owned(),
            )
        })?;
        if kind == "week-plan" {
            return self.week_plan_file(mission, adopted.value.id.as_str());
        }
        if kind == "week-by-hand" {
            let held = self.week_view(adopted)?.document;
            return Ok(week_hand_csv(mission, &held.problem, &held.schedules).into_bytes());
        }
        let roster = self.week_view(adopted)?.roster;
        let monday = monday_of(now.to_zoned_datetime(zone(mission, self.config())).date());
        let sheets = roster_sheets(&roster, monday).map_err(|error| DeskError::Missing(error.to_string()))?;
        Ok(roster_csv(&roster, &sheets))
    }

    /// The file of an adopted plan of the week, byte for byte as draws name it by its SHA-256.
    ///
    /// # Errors
    /// [`DeskError::Missing`] where there is no such plan, or its file is gone.
    pub fn week_plan_file(&self, mission: &Mission, id: &str) -> Result<Vec<u8>, DeskError> {
        let missing = |what: String| DeskError::Missing(format!("{what} is not in the record"));
        let plan = mission.week_plans.get(id).ok_or_else(|| missing(format!("plan {id} of the week")))?;
        let file = self.reading(|store| store.attachment(&plan.value.document))?;
        Ok(file.ok_or_else(|| missing(format!("the file of plan {id} of the week")))?.bytes)
    }
}

fn no_plan() -> DeskError {
    DeskError::Missing("no plan is in force; make one with: konbit plan DIR --adopt REASON".to_owned())
}

//! Exports: what the mission holds, as files for other programs.

use crate::{Desk, DeskError, hand_csv, plan_geojson};
use konbit_exchange::export::{ExportFormat, ExportKind, export};

/// Formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV with a row of HXL tags; the plan file for a plan.
    Table,
    /// GeoJSON.
    GeoJson,
}

/// Names of what can be exported.
pub fn exports() -> Vec<&'static str> {
    ExportKind::ALL.iter().map(|kind| kind.name()).chain(["plan", "plan-by-hand"]).collect()
}

impl Desk {
    /// The bytes of an export of `kind`, one of [`exports`].
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
}

fn no_plan() -> DeskError {
    DeskError::Missing("no plan is in force; make one with: konbit plan DIR --adopt REASON".to_owned())
}

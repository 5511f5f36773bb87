//! `konbit week score`: a plan of the week made by hand.

use crate::Ended;
use crate::args::Format;
use crate::files::read_limited;
use crate::output;
use anyhow::Result;
use jiff::Timestamp;
use konbit_desk::{Desk, HAND_BYTES_MAX, read_week_hand, score_week_hand, week_hand_text};
use serde_json::json;
use std::path::Path;

/// Scores a plan of the week made by hand, under the figures of the plan in force or, where none is, the mission's own.
pub fn score(dir: &Path, file: &Path, format: Format) -> Result<Ended> {
    let file = read_limited(file, HAND_BYTES_MAX as u64)?;
    let desk = Desk::open_to_read(dir)?;
    let mission = desk.snapshot()?.mission;
    let ground = desk.week_ground(&mission, desk.moment(&mission, Timestamp::now()))?;
    desk.close()?;
    let plan = match read_week_hand(&mission, ground.week.data(), &file.bytes) {
        Ok(plan) => plan,
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {fault}", file.name)).collect();
            match format {
                Format::Json => output::json(&json!({ "ok": false, "file": file.name, "faults": lines }))?,
                Format::Text => output::text(&format!("{}\n", lines.join("\n")))?,
            }
            return Ok(Ended::Badly);
        }
    };
    let score = score_week_hand(&mission, &ground, &plan)?;
    match format {
        Format::Json => {
            let mut json = serde_json::to_value(&score)?;
            json["file"] = json!(file.name);
            output::json(&json)?;
        }
        Format::Text => output::text(&week_hand_text(&mission, &ground, &score, &file.name))?,
    }
    Ok(if score.ok { Ended::Well } else { Ended::Badly })
}

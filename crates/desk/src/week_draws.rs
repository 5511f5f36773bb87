//! The draws of a mission as a list, for a reader and as CSV.

use crate::week_words::{site_name, task_code};
use crate::{DrawCheck, DrawnSlot, PricedOverride};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use konbit_exchange::export::table;
use konbit_mission::Mission;
use konbit_mission::draws::{Draw, Move};
use konbit_protect::PROBABILITY_DENOMINATOR;
use serde::Serialize;
use std::fmt::Write as _;

/// Sites that a price names.
const SITES_MAX: usize = 8;

/// How far a draw has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawState {
    /// Committed to; its slot has not begun.
    Committed,
    /// Its slot is under way.
    UnderWay,
    /// Its slot has ended, and it is not revealed yet.
    Due,
    /// Revealed, and the seed that was published gives what was published.
    Revealed,
    /// Revealed, and something does not hold.
    DoesNotHold,
}

impl DrawState {
    /// Words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::UnderWay => "under way",
            Self::Due => "to be revealed",
            Self::Revealed => "revealed, holds",
            Self::DoesNotHold => "does not hold",
        }
    }

    fn of(check: &DrawCheck, now: Timestamp) -> Self {
        let draw = &check.draw;
        match (&check.fault, &draw.revealed) {
            (Some(_), _) => Self::DoesNotHold,
            (None, Some(_)) => Self::Revealed,
            (None, None) if now < draw.start => Self::Committed,
            (None, None) if now < draw.end => Self::UnderWay,
            (None, None) => Self::Due,
        }
    }
}

/// A draw in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawRow {
    /// How far it has come.
    pub state: DrawState,
    /// What does not hold.
    pub fault: Option<String>,
    /// Overrides of its slot.
    pub overrides: usize,
    /// The draw, as it stands in the record.
    pub draw: Draw,
}

/// The draws with their states, in order of time.
pub fn draw_rows(mission: &Mission, checks: Vec<DrawCheck>, now: Timestamp) -> Vec<DrawRow> {
    let row = |check: DrawCheck| DrawRow {
        state: DrawState::of(&check, now),
        overrides: mission.overrides.values().filter(|change| change.draw == check.draw.id).count(),
        fault: check.fault,
        draw: check.draw,
    };
    let mut rows: Vec<DrawRow> = checks.into_iter().map(row).collect();
    rows.sort_by_key(|row| row.draw.start);
    rows
}

/// The list in plain words.
pub fn draws_text(rows: &[DrawRow], zone: &TimeZone) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:22} {:14} {:16} {:>8} {:>9}  committed to",
        "slot (local time)", "kind", "state", "schedule", "overrides"
    );
    for row in rows {
        let draw = &row.draw;
        let schedule =
            draw.revealed.as_ref().map_or_else(|| "-".to_owned(), |revealed| (revealed.schedule + 1).to_string());
        let _ = writeln!(
            out,
            "{:22} {:14} {:16} {schedule:>8} {:>9}  {}",
            draw.start.to_zoned_datetime(zone.clone()).strftime("%a %F %H:%M").to_string(),
            draw.slot,
            row.state.words(),
            row.overrides,
            draw.commitment
        );
        if let Some(fault) = &row.fault {
            let _ = writeln!(out, "  {}: {fault}", draw.id);
        }
    }
    out
}

const DRAW: [(&str, &str); 11] = [
    ("id", "#event+id"),
    ("slot", "#event+type"),
    ("start", "#date+start"),
    ("end", "#date+end"),
    ("plan", "#meta+plan+id"),
    ("plan_sha256", "#meta+plan+sha256"),
    ("commitment", "#meta+sha256"),
    ("seed", "#meta+seed"),
    ("schedule", "#meta+schedule"),
    ("overrides", "#event+overrides"),
    ("state", "#status"),
];

/// The draws as CSV, with all that it takes to draw again; `schedule` counts from 1.
pub fn draws_csv(rows: &[DrawRow]) -> Vec<u8> {
    let cells = |row: &DrawRow| {
        let draw = &row.draw;
        let revealed = draw.revealed.as_ref();
        vec![
            draw.id.to_string(),
            draw.slot.clone(),
            draw.start.to_string(),
            draw.end.to_string(),
            draw.plan.to_string(),
            draw.document.to_string(),
            draw.commitment.to_string(),
            revealed.map(|revealed| revealed.seed.to_string()).unwrap_or_default(),
            revealed.map(|revealed| (revealed.schedule + 1).to_string()).unwrap_or_default(),
            row.overrides.to_string(),
            row.fault.clone().unwrap_or_else(|| row.state.words().to_owned()),
        ]
    };
    table(&DRAW, rows.iter().map(cells).collect())
}

/// What moves would change, in words: the price, the sites, and what is asked and not done.
pub fn price_text(mission: &Mission, slot: &DrawnSlot, moves: &[Move], priced: &PricedOverride) -> String {
    let mut out = String::new();
    let data = &slot.plan.document.problem;
    let kind = &data.slots[slot.kind].id;
    for change in moves {
        let words = |task: &Option<_>, none: &str| task.as_ref().map_or_else(|| none.to_owned(), task_code);
        let _ = writeln!(
            out,
            "{}: {} -> {}",
            change.contingent,
            words(&change.leave, "standing by"),
            words(&change.take, "standing by")
        );
    }
    let share = slot.plan.document.schedules[slot.kind][slot.number].probability;
    let part = |more: f64| format!("{:.4} {}", more.abs(), if more < 0.0 { "fewer" } else { "more" });
    let _ = writeln!(
        out,
        "if this were done each time this schedule is drawn ({:.1} % of the slots of {kind}):",
        share as f64 / PROBABILITY_DENOMINATOR as f64 * 100.0
    );
    let _ = writeln!(
        out,
        "  {} persons harmed a week: {} by those who watch, at their best choice, {} by others",
        part(priced.price.value_more),
        part(priced.price.worst_more),
        part(priced.price.forecast_more)
    );
    for &(at, site, change) in priced.price.sites.iter().take(SITES_MAX) {
        let id = &data.sites[site].id;
        let (then, now) = (priced.price.before.protection[at][site], priced.price.after.protection[at][site]);
        let _ = writeln!(
            out,
            "  {} ({id}) {} from {:.1} % to {:.1} % in {}",
            site_name(mission, id),
            if change < 0.0 { "falls" } else { "rises" },
            then * 100.0,
            now * 100.0,
            data.slots[at].id
        );
    }
    if let Some(more) = priced.price.sites.len().checked_sub(SITES_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more sites change; --format json lists them");
    }
    if priced.unmet.is_empty() {
        let _ = writeln!(out, "  nothing that is asked is left undone");
    }
    for unmet in &priced.unmet {
        let _ = writeln!(out, "  not met: {unmet}");
    }
    out
}

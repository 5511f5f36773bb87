//! Slots, tasks and moves as people write and read them.
//!
//! A task is written `post=SITE`, `force=BASE` or `patrol=PATROL/NUMBER` (numbers from 1, as sheets
//! print them), a move `CONTINGENT:FROM:TO`, where `-` stands for nothing: who moved had no task, or
//! stands by.

use crate::{Desk, zone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use konbit_mission::Mission;
use konbit_mission::draws::{Draw, Move, UnitTask};

/// What stands for no task in a move.
const NOTHING: &str = "-";

/// A task as it is written in a move and on a sheet.
pub fn task_code(task: &UnitTask) -> String {
    match task {
        UnitTask::Post { site } => format!("post={site}"),
        UnitTask::Force { base } => format!("force={base}"),
        UnitTask::Patrol { patrol, number } => format!("patrol={patrol}/{}", number + 1),
    }
}

/// A task for a reader, with the names that the mission has for its places.
pub fn task_words(mission: &Mission, task: &UnitTask) -> String {
    match task {
        UnitTask::Post { site } => format!("post at {}", site_name(mission, site)),
        UnitTask::Force { base } => format!("reaction force at {}", base_name(mission, base)),
        UnitTask::Patrol { patrol, number } => {
            let figures = mission.week_figures.values().next();
            let held = figures.and_then(|figures| figures.patrols.iter().find(|held| held.id.as_str() == patrol));
            format!("{}, number {}", held.map_or(patrol.as_str(), |held| held.name.as_str()), number + 1)
        }
    }
}

/// Name of a site, or its id where it has none.
pub(crate) fn site_name<'a>(mission: &'a Mission, id: &'a str) -> &'a str {
    mission.sites.get(id).map_or(id, |site| site.value.name.as_str())
}

/// Name of a base, or its id where it has none.
pub(crate) fn base_name<'a>(mission: &'a Mission, id: &'a str) -> &'a str {
    mission.bases.get(id).map_or(id, |base| base.value.name.as_str())
}

/// A task as [`task_code`] writes it; `None` for `-`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_task(text: &str) -> Result<Option<UnitTask>, String> {
    let fault = || {
        format!("{text:?} is no task; write post=SITE, force=BASE, patrol=PATROL/NUMBER as on the sheet, or - for none")
    };
    if text == NOTHING {
        return Ok(None);
    }
    let (kind, id) = text.split_once('=').filter(|(_, id)| !id.is_empty()).ok_or_else(fault)?;
    let id = id.to_owned();
    Ok(Some(match kind {
        "post" => UnitTask::Post { site: id },
        "force" => UnitTask::Force { base: id },
        "patrol" => {
            let (patrol, number) = id.rsplit_once('/').ok_or_else(fault)?;
            let number = number.parse::<u32>().ok().and_then(|number| number.checked_sub(1)).ok_or_else(fault)?;
            UnitTask::Patrol { patrol: patrol.to_owned(), number }
        }
        _ => return Err(fault()),
    }))
}

/// A move written as `CONTINGENT:FROM:TO`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_move(text: &str) -> Result<Move, String> {
    let fault =
        || format!("{text:?} is no move; write CONTINGENT:FROM:TO, such as kenya:post=apt-pap:force=base-log-base");
    let (contingent, rest) = text.split_once(':').filter(|(contingent, _)| !contingent.is_empty()).ok_or_else(fault)?;
    // An id may hold a colon: the task that is taken up begins where one can.
    let begins = |at: &usize| {
        let task = &rest[at + 1..];
        task == NOTHING || ["post=", "force=", "patrol="].iter().any(|kind| task.starts_with(kind))
    };
    let at = rest.match_indices(':').map(|(at, _)| at).find(begins).ok_or_else(fault)?;
    let (leave, take) = (parse_task(&rest[..at])?, parse_task(&rest[at + 1..])?);
    if leave.is_none() && take.is_none() {
        return Err(format!("{text:?} moves nobody; name a task that is left or taken up"));
    }
    Ok(Move { contingent: contingent.to_owned(), leave, take })
}

/// The instant that a slot was named by: RFC 3339, or a local time such as `2023-10-02T06:00`.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = || text.parse::<DateTime>().ok().and_then(|local| zone.to_timestamp(local).ok());
    text.parse::<Timestamp>().ok().or_else(local)
}

impl Desk {
    /// The draw of a slot: the one under way (`now`), the first that has not begun (`next`), or the one
    /// in which an instant lies (RFC 3339, local time such as `2023-10-02T06:00`, or the draw's id).
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn draw_named<'a>(&self, mission: &'a Mission, text: &str, now: Timestamp) -> Result<&'a Draw, String> {
        let zone = zone(mission, self.config());
        let command = |slots: usize| format!("konbit week draw {} --slots {slots}", self.dir().path().display());
        match text {
            "now" => self.draw_at(mission, now).ok_or_else(|| {
                format!(
                    "nothing was drawn for the slot under way, and it is too late: a draw is committed to before its slot; for those to come run: {}",
                    command(8)
                )
            }),
            "next" => {
                // Ids are instants: the first in their order is the first in time.
                let first = mission.draws.values().find(|draw| draw.start > now);
                first.ok_or_else(|| format!("nothing is drawn for the slots to come; run: {}", command(8)))
            }
            _ => {
                if let Some(draw) = mission.draws.get(text) {
                    return Ok(&draw.value);
                }
                let at = instant(text, &zone).ok_or_else(|| {
                    format!("{text:?} names no slot; write now, next, or when it begins, such as 2023-10-02T06:00")
                })?;
                self.draw_at(mission, at).ok_or_else(|| {
                    format!("nothing was drawn for the slot of {}", at.to_zoned_datetime(zone.clone()).strftime("%F %H:%M"))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let task = |task: &Option<UnitTask>| task.as_ref().map_or_else(|| "-".to_owned(), task_code);
        let got = match parse_move(text) {
            Ok(held) => format!("{} leaves {} takes {}", held.contingent, task(&held.leave), task(&held.take)),
            Err(why) => why,
        };
        assert!(got.contains(expect), "{text}: {got}");
    }

    #[test]
    fn a_move_is_read_as_it_is_written() {
        check("kenya:post=a:force=b", "kenya leaves post=a takes force=b");
        check("kenya:patrol=capital/2:-", "kenya leaves patrol=capital/2 takes -");
        check("kenya:-:post=a", "kenya leaves - takes post=a");
        check("kenya:post=a:b:force=c:d", "kenya leaves post=a:b takes force=c:d");
        check("kenya:post=a/1:-", "kenya leaves post=a/1 takes -");
        check("kenya:-:-", "moves nobody");
        check("kenya", "is no move");
        check(":post=a:-", "is no move");
        check("kenya:post=a", "is no move");
        check("kenya:post=:-", "is no task");
        check("kenya:pots=a:-", "is no task");
        check("kenya:patrol=capital/0:-", "is no task");
        check("kenya:patrol=capital:-", "is no task");
    }

    #[test]
    fn a_slot_is_named_by_an_instant_or_by_a_local_time() {
        let zone = TimeZone::get("America/Port-au-Prince").unwrap();
        let at = |text| instant(text, &zone).map(|at| at.to_string());
        assert_eq!(at("2023-10-02T06:00").as_deref(), Some("2023-10-02T10:00:00Z"));
        assert_eq!(at("2023-10-02 06:00").as_deref(), Some("2023-10-02T10:00:00Z"));
        assert_eq!(at("2023-10-02T10:00:00Z").as_deref(), Some("2023-10-02T10:00:00Z"));
        assert_eq!(at("monday"), None);
    }
}

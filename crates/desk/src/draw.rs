//! Draws: each slot takes one schedule of the plan in force, committed to before and revealed after.
//!
//! The seed of a draw is made from a key of the mission that never leaves it, so that nothing but the
//! key has to be kept secret and no seed can be lost while the key is there. The commitment names the
//! plan's file: schedules and probabilities cannot be exchanged afterwards.

use crate::ledger::{Entropy, write_secret};
use crate::week_plan::WeekView;
use crate::week_time::{SlotTime, slots_from};
use crate::{Desk, DeskError, MissionDir, Stamp, zone};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_mission::draws::{Draw, Override, Revealed};
use konbit_mission::week::WeekPlanId;
use konbit_mission::{Event, Mission, rules};
use konbit_protect::{PROBABILITY_DENOMINATOR, WeekSchedule, drawn};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Most slots that are committed to at once: two weeks of three hours.
pub const DRAWS_MAX: usize = 112;

/// What stands in a slot.
#[derive(Debug, Clone)]
pub struct DrawnSlot {
    /// The draw.
    pub draw: Draw,
    /// The plan it is drawn from.
    pub plan: WeekView,
    /// Kind of slot, by its place in the plan.
    pub kind: usize,
    /// Schedule that was drawn, by its place in the plan.
    pub number: usize,
    /// The schedule as it stands, overrides applied.
    pub stands: WeekSchedule,
    /// The overrides, oldest first, with their moves.
    pub overrides: Vec<Override>,
}

/// What a check of one draw found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawCheck {
    /// The draw.
    pub draw: Draw,
    /// What is wrong with it, if anything.
    pub fault: Option<String>,
}

/// What became known at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revealing {
    /// Draws that were revealed.
    pub draws: Vec<Draw>,
    /// Overrides whose moves were revealed.
    pub overrides: usize,
    /// What could not be revealed, and why.
    pub kept: Vec<String>,
}

impl MissionDir {
    /// Path of the key that draws are made with. Whoever has it knows every draw in advance.
    pub fn draw_key_path(&self) -> PathBuf {
        self.path().join("keys").join("draw.key")
    }

    fn draw_key(&self) -> Result<Option<Digest>, DeskError> {
        let path = self.draw_key_path();
        match fs::read_to_string(&path) {
            Ok(text) => Digest::parse(text.trim()).map(Some).ok_or_else(|| {
                DeskError::Missing(format!(
                    "{} is not a key of 64 hexadecimal digits; put back a copy of it",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DeskError::io("cannot read", &path, error)),
        }
    }
}

/// A secret made from the key and a text: the key before two digests, one inside the other, so that a
/// secret that was published tells nothing of any other.
pub(crate) fn secret(key: Digest, text: &str) -> Digest {
    let inner = Digest::of(format!("{key}\n{text}\n").as_bytes());
    Digest::of(format!("{key}\n{inner}\n").as_bytes())
}

fn seed(key: Digest, document: Digest, start: Timestamp) -> Digest {
    secret(key, &format!("konbit-draw/1 seed {document} {start}"))
}

impl Desk {
    /// The key, made from `entropy` if there is none yet.
    fn draw_key(&self, entropy: &Entropy) -> Result<Digest, DeskError> {
        if let Some(key) = self.dir().draw_key()? {
            return Ok(key);
        }
        let key = Digest(*entropy);
        write_secret(&self.dir().draw_key_path(), &key.to_string())?;
        Ok(key)
    }

    pub(crate) fn known_draw_key(&self) -> Result<Digest, DeskError> {
        self.dir().draw_key()?.ok_or_else(|| {
            DeskError::Missing(format!(
                "the key of the draws is not there: {}; put back a copy of it, without it nothing can be revealed",
                self.dir().draw_key_path().display()
            ))
        })
    }

    /// The slots from now on, the one under way first, as the figures of the week have them.
    pub fn slots(&self, mission: &Mission, now: Timestamp, count: usize) -> Vec<SlotTime> {
        let figures = mission.week_figures.values().next();
        figures.map(|figures| slots_from(figures, &zone(mission, self.config()), now, count)).unwrap_or_default()
    }

    /// Commits to the draws of the next `count` slots (at most [`DRAWS_MAX`]) that have not begun and
    /// were not drawn for, from the plan in force. `entropy` makes the key of the draws, if there is
    /// none yet.
    pub fn commit_draws(&self, count: usize, entropy: &Entropy, stamp: &Stamp) -> Result<Vec<Draw>, DeskError> {
        let snapshot = self.snapshot()?;
        let mission = &snapshot.mission;
        let adopted = mission.week_in_force().ok_or_else(no_plan)?;
        let plan = self.week_view(adopted)?;
        let key = self.draw_key(entropy)?;
        let figures = mission.week_figures.values().next().ok_or_else(no_plan)?;
        let mut draws = Vec::new();
        let slots = self.slots(mission, stamp.now, count.min(DRAWS_MAX) + 1);
        for slot in slots.iter().filter(|slot| slot.start > stamp.now).take(count.min(DRAWS_MAX)) {
            let kind = figures.slots[slot.kind].id.as_str();
            if !plan.document.problem.slots.iter().any(|held| held.id == kind) {
                return Err(rules::Refusal::OtherWeek(kind.to_owned()).into());
            }
            let id = Draw::id_of(slot.start);
            if mission.draws.get(id.as_str()).is_some() {
                continue;
            }
            let document = adopted.value.document;
            let commitment = Draw::commitment(document, kind, slot.start, seed(key, document, slot.start));
            draws.push(Draw {
                id,
                plan: adopted.value.id.clone(),
                document,
                slot: kind.to_owned(),
                start: slot.start,
                end: slot.end,
                commitment,
                revealed: None,
            });
        }
        let events = draws.iter().map(|draw| rules::commit(mission, draw.clone(), stamp.now));
        let events = events.collect::<Result<Vec<Event>, _>>()?;
        self.append(&snapshot, events, &[], stamp)?;
        Ok(draws)
    }

    /// Reveals every draw whose slot has ended, and the moves of its overrides.
    pub fn reveal_draws(&self, stamp: &Stamp) -> Result<Revealing, DeskError> {
        let snapshot = self.snapshot()?;
        let mission = &snapshot.mission;
        let mut done = Revealing::default();
        let mut events = Vec::new();
        let mut plans = BTreeMap::new();
        let due = mission.draws.values().filter(|draw| draw.revealed.is_none() && draw.end <= stamp.now);
        for draw in due.collect::<Vec<_>>() {
            let key = self.known_draw_key()?;
            let seed = seed(key, draw.document, draw.start);
            let number = match self.number(mission, draw, seed, &mut plans) {
                Ok((_, number)) => number,
                Err(error) => {
                    done.kept.push(format!("draw {}: {error}", draw.id));
                    continue;
                }
            };
            let revealed = Revealed { seed, schedule: u32::try_from(number).expect("few schedules") };
            let event = rules::reveal(mission, &draw.id, revealed.clone(), stamp.now);
            match event {
                Ok(event) => {
                    events.push(event);
                    done.draws.push(Draw { revealed: Some(revealed), ..draw.clone() });
                }
                Err(refusal) => done.kept.push(refusal.to_string()),
            }
        }
        for change in mission.overrides.values().filter(|change| change.moves.is_none()) {
            if mission.draws.get(change.draw.as_str()).is_none_or(|draw| draw.value.end > stamp.now) {
                continue;
            }
            let event =
                self.with_moves(change).and_then(|change| Ok(rules::reveal_override(mission, change, stamp.now)?));
            match event {
                Ok(event) => {
                    events.push(event);
                    done.overrides += 1;
                }
                Err(error) => done.kept.push(format!("override {}: {error}", change.id)),
            }
        }
        self.append(&snapshot, events, &[], stamp)?;
        Ok(done)
    }

    /// The plan that a draw is from, and the schedule that a seed draws.
    fn number(
        &self,
        mission: &Mission,
        draw: &Draw,
        seed: Digest,
        plans: &mut BTreeMap<WeekPlanId, WeekView>,
    ) -> Result<(usize, usize), DeskError> {
        if !plans.contains_key(&draw.plan) {
            let missing =
                || DeskError::Missing(format!("plan {} of the week is not in the record any more", draw.plan));
            let adopted = mission.week_plans.get(draw.plan.as_str()).ok_or_else(missing)?;
            plans.insert(draw.plan.clone(), self.week_view(adopted)?);
        }
        let document = &plans[&draw.plan].document;
        let kind = document.problem.slots.iter().position(|slot| slot.id == draw.slot);
        let missing = || DeskError::Missing(format!("plan {} has no kind of slot {}", draw.plan, draw.slot));
        let kind = kind.ok_or_else(missing)?;
        Ok((kind, drawn(&document.schedules[kind], Draw::ticket(seed, PROBABILITY_DENOMINATOR))))
    }

    /// What stands in the slot of a draw, known here before it is known to the record.
    pub fn drawn_slot(&self, mission: &Mission, draw: &Draw) -> Result<DrawnSlot, DeskError> {
        let mut plans = BTreeMap::new();
        let (kind, number, stands, overrides) = self.drawn_schedule(mission, draw, &mut plans)?;
        let plan = plans.remove(&draw.plan).expect("it was just read");
        Ok(DrawnSlot { draw: draw.clone(), plan, kind, number, stands, overrides })
    }

    /// Kind and number of the schedule of a draw, the schedule as it stands, and its overrides.
    pub(crate) fn drawn_schedule(
        &self,
        mission: &Mission,
        draw: &Draw,
        plans: &mut BTreeMap<WeekPlanId, WeekView>,
    ) -> Result<(usize, usize, WeekSchedule, Vec<Override>), DeskError> {
        let seed = match &draw.revealed {
            Some(revealed) => revealed.seed,
            None => seed(self.known_draw_key()?, draw.document, draw.start),
        };
        if Draw::commitment(draw.document, &draw.slot, draw.start, seed) != draw.commitment {
            return Err(rules::Refusal::OtherSeed(draw.id.to_string()).into());
        }
        let (kind, number) = self.number(mission, draw, seed, plans)?;
        let plan = &plans[&draw.plan];
        let mut stands = plan.document.schedules[kind][number].clone();
        let mut overrides = Vec::new();
        let mut held: Vec<_> = mission.overrides.iter().filter(|change| change.value.draw == draw.id).collect();
        held.sort_by_key(|change| change.entries.first().copied());
        for change in held {
            let change = self.with_moves(&change.value)?;
            let moves = change.moves.as_deref().unwrap_or_default();
            stands = crate::overrides::moved(&plan.document.problem, &stands, moves)
                .map_err(|why| DeskError::Missing(format!("override {} {why}", change.id)))?;
            overrides.push(change);
        }
        Ok((kind, number, stands, overrides))
    }

    /// Checks every draw of the record that was revealed, as anyone can who has the plan's file:
    /// the commitment is the seed's, and the seed draws the schedule that was published.
    pub fn check_draws(&self, mission: &Mission) -> Result<Vec<DrawCheck>, DeskError> {
        let mut plans = BTreeMap::new();
        let mut checks = Vec::new();
        for draw in mission.draws.values() {
            let fault = match &draw.revealed {
                None => None,
                Some(revealed)
                    if Draw::commitment(draw.document, &draw.slot, draw.start, revealed.seed) != draw.commitment =>
                {
                    Some("the seed that was published is not the one that was committed to".to_owned())
                }
                Some(revealed) => match self.number(mission, draw, revealed.seed, &mut plans) {
                    Ok((_, number)) if number == revealed.schedule as usize => None,
                    Ok((_, number)) => Some(format!(
                        "the seed draws schedule {}, and schedule {} was published",
                        number + 1,
                        revealed.schedule + 1
                    )),
                    Err(error) => Some(error.to_string()),
                },
            };
            checks.push(DrawCheck { draw: draw.clone(), fault });
        }
        Ok(checks)
    }
}

fn no_plan() -> DeskError {
    rules::Refusal::NoWeekPlan.into()
}

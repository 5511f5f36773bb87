//! What a commander changes in a slot: priced at once, recorded with its reason, known to the record
//! by a digest until the slot has ended.

use crate::draw::{DrawnSlot, secret};
use crate::{Desk, DeskError, Snapshot, Stamp, write_durably};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_mission::draws::{Move, Override, OverrideId, UnitTask};
use konbit_mission::{Mission, rules};
use konbit_protect::{OverridePrice, Week, WeekData, WeekSchedule, price_override};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

/// Most moves of one override.
pub const MOVES_MAX: usize = 200;

/// What a change costs, and which demands it leaves unmet.
#[derive(Debug, Clone)]
pub struct PricedOverride {
    /// The schedule with the moves made.
    pub stands: WeekSchedule,
    /// Its price, if the same were done each time this schedule is drawn.
    pub price: OverridePrice,
    /// Posts and visits that are mandatory and not made, and floors that are not met, in words.
    pub unmet: Vec<String>,
}

/// What is kept beside the record until the slot has ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    nonce: Digest,
    moves: Vec<Move>,
}

/// A schedule with moves made, or why that cannot be, in words that continue a sentence.
pub(crate) fn moved(data: &WeekData, schedule: &WeekSchedule, moves: &[Move]) -> Result<WeekSchedule, String> {
    let mut next = schedule.clone();
    let index = |mut ids: Box<dyn Iterator<Item = &String> + '_>, id: &str, what: &str| {
        let place = ids.position(|held| held == id);
        place
            .and_then(|place| u32::try_from(place).ok())
            .ok_or_else(|| format!("names the {what} {id}, which the plan does not know"))
    };
    let site = |id: &str| index(Box::new(data.sites.iter().map(|site| &site.id)), id, "site");
    let base = |id: &str| index(Box::new(data.bases.iter().map(|base| &base.id)), id, "base");
    // Patrols are named by their place in the schedule as it was: those that leave are taken out last.
    let mut patrols: Vec<usize> = Vec::new();
    for change in moves {
        let crew = index(Box::new(data.contingents.iter().map(|crew| &crew.id)), &change.contingent, "contingent")?;
        match &change.leave {
            None => {}
            Some(UnitTask::Post { site: id }) => {
                let pair = (site(id)?, crew);
                let at = next.posts.iter().position(|post| *post == pair);
                next.posts.remove(
                    at.ok_or_else(|| format!("takes away a post of {} at {id}, where none stands", change.contingent))?,
                );
            }
            Some(UnitTask::Force { base: id }) => {
                let pair = (base(id)?, crew);
                let at = next.forces.iter().position(|force| *force == pair);
                next.forces.remove(
                    at.ok_or_else(|| format!("takes away a force of {} at {id}, where none waits", change.contingent))?,
                );
            }
            Some(UnitTask::Patrol { patrol, number }) => {
                let number = *number as usize;
                let held = schedule.routes.get(number).filter(|route| {
                    route.contingent == crew && crate::patrol_of(&data.areas[route.area as usize].id) == patrol.as_str()
                });
                if held.is_none() || patrols.contains(&number) {
                    return Err(format!("takes away patrol {} of {patrol}, which is not on the road", number + 1));
                }
                patrols.push(number);
            }
        }
        match &change.take {
            None => {}
            Some(UnitTask::Post { site: id }) => next.posts.push((site(id)?, crew)),
            Some(UnitTask::Force { base: id }) => next.forces.push((base(id)?, crew)),
            Some(UnitTask::Patrol { .. }) => {
                return Err("sends people on a patrol; rounds are planned, so plan again for that".to_owned());
            }
        }
    }
    patrols.sort_unstable();
    patrols.into_iter().rev().for_each(|number| drop(next.routes.remove(number)));
    next.posts.sort_unstable();
    next.forces.sort_unstable();
    if let Some(pair) = next.posts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!("puts two posts at {}", data.sites[pair[0].0 as usize].id));
    }
    Ok(next)
}

impl Desk {
    /// What moves would cost, before anything is recorded.
    pub fn price_moves(&self, slot: &DrawnSlot, moves: &[Move]) -> Result<PricedOverride, DeskError> {
        let refused = |why: String| DeskError::CannotChange(format!("the change {why}"));
        if moves.is_empty() || moves.len() > MOVES_MAX {
            return Err(refused(format!("has {} moves; it takes 1 to {MOVES_MAX}", moves.len())));
        }
        let data = &slot.plan.document.problem;
        let stands = moved(data, &slot.stands, moves).map_err(refused)?;
        // A commander may leave a mandatory post; what is asked and not done is named beside the price.
        let mut open = data.clone();
        let kind = &mut open.slots[slot.kind];
        let (posts, visits) = (std::mem::take(&mut kind.posts), std::mem::take(&mut kind.visits));
        let week = Week::new(open).map_err(crate::PrepareError::from)?;
        let with = |schedule: &WeekSchedule| {
            let mut all = slot.plan.document.schedules.clone();
            let place = &mut all[slot.kind][slot.number];
            *place = WeekSchedule { probability: place.probability, ..schedule.clone() };
            all
        };
        let price = price_override(&week, &with(&slot.stands), &with(&stands));
        let price = price.map_err(|fault| refused(format!("cannot be: {fault}")))?;
        let name = |site: u32| data.sites[site as usize].id.clone();
        let manned = |site: u32| stands.posts.iter().any(|post| post.0 == site);
        let visited =
            |site: u32| manned(site) || stands.routes.iter().any(|route| route.stops.iter().any(|stop| stop.0 == site));
        let mut unmet: Vec<String> = posts
            .into_iter()
            .filter(|site| !manned(*site))
            .map(|site| format!("no post at {}, where one must stand", name(site)))
            .collect();
        unmet.extend(
            visits
                .into_iter()
                .filter(|site| !visited(*site))
                .map(|site| format!("nobody visits {}, which must be visited", name(site))),
        );
        unmet.extend(price.after.floors_short.iter().map(|short| {
            let percent = |ppm: u32| f64::from(ppm) / 1e4;
            format!(
                "{} is protected {:.1} % in {}, and must be {:.1} %",
                data.sites[short.site].id,
                percent(short.protection_ppm),
                data.slots[short.slot].id,
                percent(short.floor_ppm)
            )
        }));
        Ok(PricedOverride { stands, price, unmet })
    }

    /// Records a change of what was drawn, with its price and its reason.
    pub fn override_slot(
        &self,
        slot: &DrawnSlot,
        moves: Vec<Move>,
        reason: &str,
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        let priced = self.price_moves(slot, &moves)?;
        let snapshot = self.snapshot()?;
        let number = snapshot.mission.overrides.values().filter(|change| change.draw == slot.draw.id).count() + 1;
        let id = OverrideId::new(format!("{}-{number}", slot.draw.id)).expect("digits and letters");
        let nonce = secret(self.known_draw_key()?, &format!("konbit-override/1 nonce {id} {}", stamp.now));
        let change = Override {
            digest: Override::digest_of(&slot.draw.id, nonce, &moves),
            draw: slot.draw.id.clone(),
            value_more_micro: signed_micro(priced.price.value_more),
            worst_more_micro: signed_micro(priced.price.worst_more),
            unmet: priced.unmet,
            reason: reason.trim().to_owned(),
            moves: None,
            nonce: None,
            id,
        };
        let event = rules::override_draw(&snapshot.mission, change.clone(), stamp.now)?;
        // First the moves, so that what the record speaks of can always be read.
        let path = self.moves_path(&change.id);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).map_err(|error| DeskError::io("cannot make", folder, error))?;
        let bytes = serde_json::to_vec_pretty(&Kept { nonce, moves }).expect("texts and whole numbers");
        write_durably(&path, &bytes)?;
        self.append(&snapshot, vec![event], &[], stamp)
    }

    fn moves_path(&self, id: &OverrideId) -> PathBuf {
        self.dir().path().join("keys").join("overrides").join(format!("{id}.json"))
    }

    /// An override with its moves: from the record, or from the file that is kept beside it.
    pub(crate) fn with_moves(&self, change: &Override) -> Result<Override, DeskError> {
        if change.moves.is_some() {
            return Ok(change.clone());
        }
        let path = self.moves_path(&change.id);
        let bytes = fs::read(&path).map_err(|error| DeskError::io("cannot read", &path, error))?;
        let kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| DeskError::Missing(format!("{} cannot be read ({error})", path.display())))?;
        if Override::digest_of(&change.draw, kept.nonce, &kept.moves) != change.digest {
            return Err(rules::Refusal::OtherMoves(change.id.to_string()).into());
        }
        Ok(Override { moves: Some(kept.moves), nonce: Some(kept.nonce), ..change.clone() })
    }

    /// The draw of the slot that an instant lies in, if it was drawn for.
    pub fn draw_at<'a>(&self, mission: &'a Mission, at: Timestamp) -> Option<&'a konbit_mission::draws::Draw> {
        mission.draws.values().find(|draw| draw.start <= at && at < draw.end)
    }
}

/// Millionths, to the nearest.
#[expect(clippy::cast_possible_truncation, reason = "far below 2^53")]
fn signed_micro(value: f64) -> i64 {
    (value * 1e6).round() as i64
}

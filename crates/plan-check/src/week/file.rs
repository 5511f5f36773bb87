//! The parts of a file `konbit-plan/2`, and the rules that its problem keeps.

use crate::Refusal;
use crate::file::{BasePart, PPM, PositionPart, ReachPart, limits, unique, within};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest slot, and longest slot with patrol areas, in minutes.
const MINUTES_MAX: u64 = 10_080;
const ROUTE_MINUTES_MAX: u64 = 1_440;
/// Most contingents and most groups.
const PARTIES_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeekFile {
    #[serde(rename = "format")]
    pub _format: String,
    pub value: Option<f64>,
    pub bound: Option<f64>,
    pub gap: Option<f64>,
    pub status: String,
    #[serde(default, rename = "reason")]
    pub _reason: Option<String>,
    /// Read to require it; a seed proves nothing.
    #[serde(rename = "seed")]
    pub _seed: u64,
    pub problem_hash: String,
    pub seconds: f64,
    pub probability_denominator: u64,
    pub schedules: Vec<Vec<SchedulePart>>,
    pub certificate: Option<CertificatePart>,
    pub problem: WeekPart,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeekPart {
    pub sites: Vec<SitePart>,
    pub bases: Vec<BasePart>,
    pub contingents: Vec<ContingentPart>,
    pub groups: Vec<GroupPart>,
    pub duties: Vec<DutyPart>,
    pub areas: Vec<AreaPart>,
    pub values_milli: Vec<Vec<u64>>,
    pub attempts_micro: Vec<Vec<u64>>,
    pub reach: Vec<Vec<ReachPart>>,
    pub slots: Vec<SlotPart>,
    pub static_effect_ppm: u32,
    pub patrol_effect_ppm: u32,
    pub alpha_ppm: u32,
    pub watched_attempts_micro: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SitePart {
    pub id: String,
    pub seats: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionPart>,
}

/// A list that stands for all when absent.
type Some = Option<Vec<u32>>;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContingentPart {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Some,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bases: Some,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Some,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Some,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupPart {
    pub id: String,
    pub share_ppm: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Some,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutyPart {
    pub id: String,
    pub seats: u32,
    pub visits: Vec<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Some,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaPart {
    pub id: String,
    pub seats: u32,
    pub patrols_max: u32,
    pub sites: Vec<u32>,
    pub travel_minutes: Vec<Vec<u32>>,
    pub stay_minutes_min: u32,
    pub stay_minutes_max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Some,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeatsPart {
    pub seats: u32,
    pub posts: bool,
    pub forces: bool,
    pub patrols: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotPart {
    pub id: String,
    pub count: u32,
    pub minutes: u32,
    pub values: u32,
    pub attempts: u32,
    pub reach: u32,
    pub floors: Vec<(u32, u32)>,
    pub posts: Vec<u32>,
    pub visits: Vec<u32>,
    pub seats: Vec<SeatsPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchedulePart {
    pub probability: u64,
    pub posts: Vec<(u32, u32)>,
    pub forces: Vec<(u32, u32)>,
    pub duties: Vec<(u32, u32)>,
    pub routes: Vec<RoutePart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutePart {
    pub area: u32,
    pub contingent: u32,
    pub stops: Vec<(u32, u32, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificatePart {
    pub attacker_denominator: u64,
    pub attackers: Vec<Vec<(u32, u32, u64)>>,
    pub price_denominator: u64,
    pub slots: Vec<SlotProofPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotProofPart {
    pub slot: u32,
    pub floor_prices: Vec<(u32, u64)>,
    pub nodes: Vec<NodePart>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NodePart {
    Post {
        site: u32,
        contingent: u32,
        without: u32,
        with: u32,
    },
    Force {
        base: u32,
        contingent: u32,
        without: u32,
        with: u32,
    },
    Duty {
        duty: u32,
        contingent: u32,
        without: u32,
        with: u32,
    },
    Bound {
        seat_prices: Vec<u64>,
        site_prices: Vec<(u32, u64)>,
        visit_prices: Vec<(u32, u64)>,
        #[serde(default)]
        whole_seats: Vec<u32>,
    },
}

impl CertificatePart {
    /// Cells of the tables of whole seats, at most: seats of each contingent that a leaf counts whole, times things.
    pub(crate) fn cells(&self, problem: &WeekPart) -> usize {
        let rounds: usize = problem.areas.iter().map(|area| area.patrols_max as usize).sum();
        let things = problem.sites.len() + problem.bases.len() + problem.duties.len() + rounds;
        let seats = |slot: u32, c: u32| {
            let slot = problem.slots.get(slot as usize);
            slot.and_then(|slot| slot.seats.get(c as usize)).map_or(0, |part| part.seats as usize)
        };
        let of_node = |slot: u32, node: &NodePart| match node {
            NodePart::Bound { whole_seats, .. } => whole_seats.iter().map(|&c| seats(slot, c)).sum(),
            _ => 0,
        };
        let of_slot = |slot: &SlotProofPart| slot.nodes.iter().map(|node| of_node(slot.slot, node)).sum::<usize>();
        self.slots.iter().map(of_slot).sum::<usize>().saturating_mul(things)
    }
}

/// Whether a list that stands for all when absent names `index`.
pub(crate) fn names(list: Option<&Vec<u32>>, index: usize) -> bool {
    list.is_none_or(|list| list.iter().any(|&known| known as usize == index))
}

fn problem<T>(why: String) -> Result<T, Refusal> {
    Err(Refusal::Problem(why))
}

/// Indices that ascend and are there.
fn ascending(owner: &str, what: &str, list: impl IntoIterator<Item = u32>, count: usize) -> Result<(), Refusal> {
    let mut next = 0u64;
    for index in list {
        if u64::from(index) < next || index as usize >= count {
            return problem(format!("{owner} names {what} {index} out of range, twice or out of order"));
        }
        next = u64::from(index) + 1;
    }
    Ok(())
}

fn each(list: Option<&Vec<u32>>) -> impl Iterator<Item = u32> {
    list.into_iter().flatten().copied()
}

impl WeekPart {
    /// Steps of arithmetic that one schedule or one node of any slot may take, at most.
    pub(crate) fn size(&self) -> usize {
        let visits: usize = self.duties.iter().map(|duty| duty.visits.len()).sum();
        let reach = self.reach.iter().map(Vec::len).max().unwrap_or(0);
        let parties = self.contingents.len().max(1);
        parties.saturating_mul(self.sites.len() + self.bases.len() + self.duties.len()) + visits + reach
    }

    /// Steps that the best rounds of all areas take, at most.
    pub(crate) fn route_size(&self) -> usize {
        let minutes = self.slots.iter().map(|slot| slot.minutes as usize).max().unwrap_or(0).min(1_440);
        let area = |area: &AreaPart| {
            let n = area.sites.len();
            minutes.saturating_mul(n.saturating_mul(n + (area.stay_minutes_max as usize).min(minutes)))
        };
        self.areas.iter().map(area).fold(0, usize::saturating_add)
    }

    pub(crate) fn check(&self) -> Result<(), Refusal> {
        for (what, count) in
            [("sites", self.sites.len()), ("kinds of slot", self.slots.len()), ("groups", self.groups.len())]
        {
            if count == 0 {
                return problem(format!("there are no {what}"));
            }
        }
        if !(1..=PARTIES_MAX).contains(&self.contingents.len()) || self.groups.len() > PARTIES_MAX {
            return problem(format!("there are no contingents, or more than {PARTIES_MAX} contingents or groups"));
        }
        unique("site", self.sites.iter().map(|site| &site.id))?;
        unique("base", self.bases.iter().map(|base| &base.id))?;
        unique("contingent", self.contingents.iter().map(|contingent| &contingent.id))?;
        unique("group", self.groups.iter().map(|group| &group.id))?;
        unique("patrol duty", self.duties.iter().map(|duty| &duty.id))?;
        unique("patrol area", self.areas.iter().map(|area| &area.id))?;
        unique("kind of slot", self.slots.iter().map(|slot| &slot.id))?;
        let (ppm, seats) = (u64::from(PPM), u64::from(limits::SEATS_MAX));
        for site in &self.sites {
            within(&format!("seats of site {:?}", site.id), site.seats.into(), 1, seats)?;
            if let Some(position) = &site.position {
                let named = |field: &str| format!("{field} of site {:?}", site.id);
                within(&named("latitude"), position.lat_micro.unsigned_abs().into(), 0, 90_000_000)?;
                within(&named("longitude"), position.lon_micro.unsigned_abs().into(), 0, 180_000_000)?;
            }
        }
        for base in &self.bases {
            within(&format!("seats of base {:?}", base.id), base.seats.into(), 1, seats)?;
        }
        within("static_effect_ppm", self.static_effect_ppm.into(), 0, ppm)?;
        within("patrol_effect_ppm", self.patrol_effect_ppm.into(), 0, ppm)?;
        within("alpha_ppm", self.alpha_ppm.into(), 0, ppm)?;
        within("watched_attempts_micro", self.watched_attempts_micro, 0, limits::ATTEMPTS_MICRO_MAX)?;
        self.check_tables()?;
        self.check_parties()?;
        self.check_patrols()?;
        self.slots.iter().enumerate().try_for_each(|(s, slot)| self.check_slot(s, slot))
    }

    fn check_tables(&self) -> Result<(), Refusal> {
        for (what, tables, most) in [
            ("values_milli", &self.values_milli, limits::VALUE_MILLI_MAX),
            ("attempts_micro", &self.attempts_micro, limits::ATTEMPTS_MICRO_MAX),
        ] {
            for table in tables {
                if table.len() != self.sites.len() {
                    return problem(format!("a table of {what} has {} entries, not one per site", table.len()));
                }
                table.iter().try_for_each(|&value| within(what, value, 0, most))?;
            }
        }
        for table in &self.reach {
            let mut seen = BTreeSet::new();
            for reach in table {
                if reach.site as usize >= self.sites.len() || reach.base as usize >= self.bases.len() {
                    let (site, base) = (reach.site, reach.base);
                    return problem(format!("reach names site {site} and base {base}, which are not both there"));
                }
                if !seen.insert((reach.site, reach.base)) {
                    return problem(format!("reach of site {} and base {} twice", reach.site, reach.base));
                }
                within("effect_ppm of reach", reach.effect_ppm.into(), 0, PPM.into())?;
            }
        }
        Ok(())
    }

    fn check_parties(&self) -> Result<(), Refusal> {
        for contingent in &self.contingents {
            let owner = format!("contingent {:?}", contingent.id);
            ascending(&owner, "site", each(contingent.sites.as_ref()), self.sites.len())?;
            ascending(&owner, "base", each(contingent.bases.as_ref()), self.bases.len())?;
            ascending(&owner, "patrol duty", each(contingent.duties.as_ref()), self.duties.len())?;
            ascending(&owner, "patrol area", each(contingent.areas.as_ref()), self.areas.len())?;
        }
        let mut total = 0u64;
        for group in &self.groups {
            let owner = format!("group {:?}", group.id);
            ascending(&owner, "site", each(group.sites.as_ref()), self.sites.len())?;
            if group.sites.as_ref().is_some_and(Vec::is_empty) {
                return problem(format!("{owner} reaches no site"));
            }
            total += u64::from(group.share_ppm);
        }
        within("share_ppm of all groups", total, PPM.into(), PPM.into())
    }

    fn check_patrols(&self) -> Result<(), Refusal> {
        for duty in &self.duties {
            let owner = format!("patrol duty {:?}", duty.id);
            within(&format!("seats of {owner}"), duty.seats.into(), 1, limits::SEATS_MAX.into())?;
            ascending(&owner, "site", duty.visits.iter().map(|visit| visit.0), self.sites.len())?;
            ascending(&owner, "kind of slot", each(duty.slots.as_ref()), self.slots.len())?;
            for &(_, minutes) in &duty.visits {
                within(&format!("minutes of {owner}"), minutes.into(), 1, MINUTES_MAX)?;
            }
        }
        for area in &self.areas {
            let owner = format!("patrol area {:?}", area.id);
            within(&format!("seats of {owner}"), area.seats.into(), 1, limits::SEATS_MAX.into())?;
            within(&format!("patrols_max of {owner}"), area.patrols_max.into(), 0, 1_000)?;
            ascending(&owner, "site", area.sites.iter().copied(), self.sites.len())?;
            ascending(&owner, "kind of slot", each(area.slots.as_ref()), self.slots.len())?;
            let (least, most) = (u64::from(area.stay_minutes_min), u64::from(area.stay_minutes_max));
            within(&format!("stay_minutes_min of {owner}"), least, 1, ROUTE_MINUTES_MAX)?;
            within(&format!("stay_minutes_max of {owner}"), most, least, ROUTE_MINUTES_MAX)?;
            let stops = area.sites.len() + 1;
            if area.travel_minutes.len() != stops || area.travel_minutes.iter().any(|row| row.len() != stops) {
                return problem(format!("travel_minutes of {owner} is not a table of {stops} by {stops}"));
            }
            for (from, row) in area.travel_minutes.iter().enumerate() {
                let other = row.iter().enumerate().filter(|(to, _)| *to != from);
                for (_, &minutes) in other {
                    within(&format!("travel_minutes of {owner}"), minutes.into(), 1, 1_000_000)?;
                }
            }
        }
        Ok(())
    }

    fn check_slot(&self, s: usize, slot: &SlotPart) -> Result<(), Refusal> {
        let owner = format!("kind of slot {:?}", slot.id);
        within(&format!("count of {owner}"), slot.count.into(), 1, 10_080)?;
        within(&format!("minutes of {owner}"), slot.minutes.into(), 1, MINUTES_MAX)?;
        ascending(&owner, "table of values", [slot.values], self.values_milli.len())?;
        ascending(&owner, "table of attempts", [slot.attempts], self.attempts_micro.len())?;
        ascending(&owner, "table of reach", [slot.reach], self.reach.len())?;
        ascending(&owner, "site", slot.floors.iter().map(|floor| floor.0), self.sites.len())?;
        ascending(&owner, "site", slot.posts.iter().copied(), self.sites.len())?;
        ascending(&owner, "site", slot.visits.iter().copied(), self.sites.len())?;
        for &(_, floor_ppm) in &slot.floors {
            within(&format!("a floor of {owner}"), floor_ppm.into(), 0, PPM.into())?;
        }
        if slot.seats.len() != self.contingents.len() {
            return problem(format!("{owner} has seats for {} contingents", slot.seats.len()));
        }
        for part in &slot.seats {
            within(&format!("seats of {owner}"), part.seats.into(), 0, limits::PERSONNEL_MAX.into())?;
        }
        for duty in self.duties.iter().filter(|duty| names(duty.slots.as_ref(), s)) {
            let minutes: u64 = duty.visits.iter().map(|visit| u64::from(visit.1)).sum();
            within(&format!("minutes of patrol duty {:?} in {owner}", duty.id), minutes, 0, slot.minutes.into())?;
        }
        if self.areas.iter().any(|area| names(area.slots.as_ref(), s)) {
            within(
                &format!("minutes of {owner}, where patrol areas are open"),
                slot.minutes.into(),
                1,
                ROUTE_MINUTES_MAX,
            )?;
        }
        Ok(())
    }

    /// For each site the bases that can help in a slot and their effect, best first.
    pub(crate) fn help(&self, slot: &SlotPart) -> Vec<Vec<(u32, usize)>> {
        let mut help = vec![Vec::new(); self.sites.len()];
        for reach in self.reach[slot.reach as usize].iter().filter(|reach| reach.effect_ppm > 0) {
            help[reach.site as usize].push((reach.effect_ppm, reach.base as usize));
        }
        for list in &mut help {
            list.sort_unstable_by(|a, b| b.cmp(a));
        }
        help
    }
}

//! The week: its kinds of slot, the contingents and their caveats, the groups who watch, patrols,
//! and the plans of a week that were adopted.
//!
//! Invariant: a group stands for the places within its reach, never for people by name.

use crate::protection::{BaseId, Judged, SiteId};
use crate::table::Record;
use jiff::civil::Weekday;
use konbit_base::{Digest, PCode, Source, id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

id!(
    /// A contingent.
    ContingentId
);
id!(
    /// A kind of slot, a group who watches, or a patrol: short words of the week's figures.
    WeekWord
);
id!(
    /// An adopted plan of the week.
    WeekPlanId
);

/// Minutes of a day.
pub const DAY_MINUTES: u32 = 1_440;

/// A kind of slot: slots of the week that are planned alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotFigures {
    /// Identifier.
    pub id: WeekWord,
    /// Name for a reader.
    pub name: String,
    /// Days of the week on which its slots begin, 1 (Monday) to 7 (Sunday), ascending.
    pub days: Vec<u8>,
    /// Minute of the day at which the first of its slots begins.
    pub from_minute: u32,
    /// Minute of the day at which the last of its slots ends; not after `from_minute`: on the next day.
    pub until_minute: u32,
    /// Whether it is dark: units travel as by night.
    pub night: bool,
    /// Attempts in one of its slots, against the mean over the week, in thousandths.
    pub attempts_milli: Judged,
    /// People wanted on duty, against strength divided by the relief factor, in thousandths.
    pub duty_milli: u32,
    /// Share of the usual number of persons at a site of a kind, in thousandths; kinds that are not
    /// here have all of them.
    pub value_milli: BTreeMap<String, u32>,
    /// Kinds of site of which every one must be visited in each slot.
    pub visit_kinds: Vec<String>,
    /// Further sites that must be visited in each slot.
    pub visit_sites: Vec<SiteId>,
}

/// What a contingent may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Static posts.
    Posts,
    /// Reaction forces.
    Forces,
    /// Patrols.
    Patrols,
}

impl Use {
    /// All uses.
    pub const ALL: [Self; 3] = [Self::Posts, Self::Forces, Self::Patrols];

    /// Word for it in files and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Forces => "forces",
            Self::Patrols => "patrols",
        }
    }
}

/// What a contingent does not do: a caveat of the State that sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// What it is not used for.
    pub from: Use,
    /// In which kinds of slot; in all if empty.
    pub slots: Vec<WeekWord>,
}

/// A contingent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContingentFigures {
    /// Identifier.
    pub id: ContingentId,
    /// Name for a reader.
    pub name: String,
    /// State that sends it, ISO 3166-1 alpha-3, if it is one.
    pub contributor: Option<String>,
    /// People on its roll.
    pub personnel: u32,
    /// People in one section: those who go on duty together.
    pub section_persons: u32,
    /// Where it lives.
    pub base: BaseId,
    /// Minutes from there to a post, each way, that count as work.
    pub travel_minutes: u32,
    /// Most minutes from there to a post, to a base where a force waits and to a base that patrols start
    /// from, by day and by night; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach_minutes: Option<u32>,
    /// Administrative areas in which it may serve; everywhere if empty.
    pub areas: Vec<PCode>,
    /// What it does not do.
    pub exclusions: Vec<Exclusion>,
    /// The caveat in words, and what it rests on.
    pub note: Option<String>,
}

/// A group of adversaries who watch the pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Identifier.
    pub id: WeekWord,
    /// Name for a reader.
    pub name: String,
    /// Its share of the attempts by those who watch, in millionths; the shares sum to a million.
    pub share_ppm: u32,
    /// Names, as in the areas held or contested, from whose areas its reach is measured; without
    /// any, every site is within its reach.
    pub areas_of: Vec<String>,
    /// How far beyond those areas it reaches, in metres.
    pub reach_m: u32,
    /// What it rests on.
    pub basis: String,
}

/// Patrols from one base that choose their round from site to site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolFigures {
    /// Identifier.
    pub id: WeekWord,
    /// Name for a reader.
    pub name: String,
    /// Base it starts from and returns to.
    pub base: BaseId,
    /// People on one patrol.
    pub seats: u32,
    /// Most patrols on the road at once.
    pub patrols_max: u32,
    /// Sites within so many metres of the base, great circle, may be visited.
    pub radius_m: u32,
    /// Only sites of these kinds; of all kinds if empty.
    pub kinds: Vec<String>,
    /// Most sites; of more, those of highest expected harm are taken.
    pub sites_max: u32,
    /// Shortest stay at a site, minutes.
    pub stay_minutes_min: u32,
    /// Longest stay at a site, minutes.
    pub stay_minutes_max: u32,
    /// Travel profile; that of reaction forces if absent.
    pub profile: Option<String>,
    /// Kinds of slot in which it is open; all if empty.
    pub slots: Vec<WeekWord>,
}

/// Rules of duty and rest, in minutes. Their meaning, defaults and sources are those of the roster.
///
/// The same fields as the roster's own rules, and kept apart from them: these are part of an event, whose
/// form stays, and neither crate may depend on the other, since both stand on `base` alone and the
/// roster brings a solver with it. A test of `desk` compares the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRules {
    /// Least rest between two duties.
    pub rest_minutes_min: u32,
    /// Least length of the one long rest of a week.
    pub long_rest_minutes_min: u32,
    /// Most work in any 24 hours.
    pub day_minutes_max: u32,
    /// Most work in a week.
    pub week_minutes_max: u32,
    /// Least length of a duty.
    pub duty_minutes_min: u32,
    /// Most length of a duty.
    pub duty_minutes_max: u32,
    /// Share of a section that is away on leave, in training or sick, in millionths.
    pub away_share_ppm: u32,
}

impl Default for DutyRules {
    /// The defaults of the roster, where their sources stand.
    fn default() -> Self {
        Self {
            rest_minutes_min: 660,
            long_rest_minutes_min: 2_100,
            day_minutes_max: 780,
            week_minutes_max: 2_880,
            duty_minutes_min: 180,
            duty_minutes_max: 720,
            away_share_ppm: 150_000,
        }
    }
}

/// What a plan of the week rests on besides the planning figures. One record; a new one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekFigures {
    /// Length of a slot in minutes; a day holds a whole number of them.
    pub slot_minutes: u32,
    /// The kinds of slot. Every slot of the week belongs to one.
    pub slots: Vec<SlotFigures>,
    /// The contingents.
    pub contingents: Vec<ContingentFigures>,
    /// The groups who watch.
    pub groups: Vec<GroupFigures>,
    /// The patrols.
    pub patrols: Vec<PatrolFigures>,
    /// Probability that a patrol that is there stops an attempt, in millionths.
    pub patrol_effect_ppm: Judged,
    /// Rules of duty and rest.
    pub rules: DutyRules,
    /// Where the figures come from.
    pub source: Source,
}

impl ContingentFigures {
    /// Whether its caveat lets it serve in an area; of no known area, only where it may serve everywhere.
    pub fn serves_in(&self, area: Option<&PCode>) -> bool {
        self.areas.is_empty() || area.is_some_and(|area| self.areas.iter().any(|own| area.is_within(own)))
    }
}

impl SlotFigures {
    /// Whether a slot that begins at `minute` of a day of the week (1 is Monday) is of this kind.
    fn holds(&self, day: u8, minute: u32) -> bool {
        let wraps = self.until_minute <= self.from_minute;
        let within = if wraps {
            minute >= self.from_minute || minute < self.until_minute
        } else {
            (self.from_minute..self.until_minute).contains(&minute)
        };
        within && self.days.contains(&day)
    }
}

impl WeekFigures {
    /// Slots of a day.
    pub fn slots_of_day(&self) -> u32 {
        DAY_MINUTES / self.slot_minutes.max(1)
    }

    /// The kind of every slot of a week that begins on Monday at midnight, by its place in
    /// [`Self::slots`]; a slot that belongs to none is `None`, and [`Self::fault`] says so.
    pub fn grid(&self) -> Vec<Option<usize>> {
        let minutes = self.slot_minutes.max(1);
        let kind = |day: u8, slot: u32| self.slots.iter().position(|kind| kind.holds(day, slot * minutes));
        (1..=7u8)
            .flat_map(|day| (0..self.slots_of_day()).map(move |slot| (day, slot)))
            .map(|(d, s)| kind(d, s))
            .collect()
    }

    /// The place in a week of the slot that begins on a weekday at a minute of the day; `None` where
    /// none begins.
    pub fn place(&self, day: Weekday, minute: u32) -> Option<usize> {
        let days = u32::from(day.to_monday_zero_offset().unsigned_abs());
        let place = days * self.slots_of_day() + minute / self.slot_minutes.max(1);
        minute.is_multiple_of(self.slot_minutes.max(1)).then(|| usize::try_from(place).ok()).flatten()
    }

    /// What does not fit together, if anything, as a sentence that names it and says what to do.
    pub fn fault(&self) -> Option<String> {
        if self.slot_minutes < 30 || !DAY_MINUTES.is_multiple_of(self.slot_minutes) {
            return Some(format!(
                "slot_minutes is {}; take a divisor of 1,440 from 30 up, such as 180",
                self.slot_minutes
            ));
        }
        if self.slots.is_empty() || self.contingents.is_empty() || self.groups.is_empty() {
            return Some(
                "a week needs a kind of slot, a contingent and a group who watches at least; add them".to_owned(),
            );
        }
        self.slot_fault().or_else(|| self.party_fault()).or_else(|| self.patrol_fault())
    }

    fn slot_fault(&self) -> Option<String> {
        for slot in &self.slots {
            let whole = |minute: u32| minute.is_multiple_of(self.slot_minutes) && minute <= DAY_MINUTES;
            if !whole(slot.from_minute) || !whole(slot.until_minute) {
                return Some(format!(
                    "the hours of slot {} are not whole slots of {} minutes; correct them",
                    slot.id, self.slot_minutes
                ));
            }
            if slot.days.is_empty()
                || slot.days.windows(2).any(|pair| pair[0] >= pair[1])
                || slot.days.iter().any(|day| !(1..=7).contains(day))
            {
                return Some(format!("the days of slot {} are not days of a week in order; correct them", slot.id));
            }
            if let Some((kind, share)) = slot.value_milli.iter().find(|(_, share)| **share > 100_000) {
                return Some(format!(
                    "slot {} gives {kind} {share} thousandths of its value; at most 100,000 are taken",
                    slot.id
                ));
            }
        }
        let missing = self.grid().iter().position(Option::is_none)?;
        let (day, minute) = (
            missing / self.slots_of_day() as usize,
            missing as u64 % u64::from(self.slots_of_day()) * u64::from(self.slot_minutes),
        );
        let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        Some(format!(
            "{} at {:02}:{:02} belongs to no kind of slot; add it to one",
            names[day.min(6)],
            minute / 60,
            minute % 60
        ))
    }

    fn party_fault(&self) -> Option<String> {
        let known = |slot: &WeekWord| self.slots.iter().any(|kind| kind.id == *slot);
        for crew in &self.contingents {
            if crew.section_persons == 0 || crew.section_persons > 1_000 {
                return Some(format!(
                    "a section of contingent {} has {} people; take 1 to 1,000",
                    crew.id, crew.section_persons
                ));
            }
            if let Some(reach) = crew.reach_minutes.filter(|reach| !(1..=DAY_MINUTES).contains(reach)) {
                return Some(format!(
                    "the reach of contingent {} is {reach} minutes; take 1 to {DAY_MINUTES}, or leave it out for no limit",
                    crew.id
                ));
            }
            if let Some(slot) = crew.exclusions.iter().flat_map(|exclusion| &exclusion.slots).find(|slot| !known(slot))
            {
                return Some(format!(
                    "contingent {} names the kind of slot {slot}, which there is not; correct it",
                    crew.id
                ));
            }
        }
        let shares: u64 = self.groups.iter().map(|group| u64::from(group.share_ppm)).sum();
        (shares != 1_000_000).then(|| format!("the shares of the groups sum to {shares} in a million; make them one"))
    }

    fn patrol_fault(&self) -> Option<String> {
        let known = |slot: &WeekWord| self.slots.iter().any(|kind| kind.id == *slot);
        for patrol in &self.patrols {
            if let Some(slot) = patrol.slots.iter().find(|slot| !known(slot)) {
                return Some(format!(
                    "patrol {} names the kind of slot {slot}, which there is not; correct it",
                    patrol.id
                ));
            }
            if patrol.stay_minutes_min == 0 || patrol.stay_minutes_max < patrol.stay_minutes_min {
                return Some(format!(
                    "the stays of patrol {} are not in order, from a minute up; correct them",
                    patrol.id
                ));
            }
        }
        None
    }
}

impl Record for WeekFigures {
    const SUBJECT: &'static str = "week-figures";
    fn id(&self) -> &'static str {
        "week"
    }
    fn title(&self) -> String {
        let people: u64 = self.contingents.iter().map(|crew| u64::from(crew.personnel)).sum();
        format!(
            "Figures of the week: {} kinds of slot, {people} people in {} contingents",
            self.slots.len(),
            self.contingents.len()
        )
    }
}

/// What was assumed for a plan of the week, besides the mission's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekAssumptions {
    /// Share of attempts by those who watch, in millionths; the planning figures' if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha_ppm: Option<u32>,
    /// People of contingents, where not those of the week's figures.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub personnel: BTreeMap<String, u32>,
    /// Sites where no post can stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_sites: Vec<SiteId>,
    /// Bases where no force can wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_bases: Vec<BaseId>,
    /// Patrols that cannot be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_patrols: Vec<WeekWord>,
}

/// A plan of the week that was put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptedWeek {
    /// Identifier: the digest of the plan file, shortened.
    pub id: WeekPlanId,
    /// SHA-256 of the plan file, which is kept as an attachment.
    pub document: Digest,
    /// SHA-256 of the problem it solves.
    pub problem: Digest,
    /// SHA-256 of the roster file, which is kept as an attachment.
    pub roster: Digest,
    /// What was assumed.
    pub assumptions: WeekAssumptions,
    /// Expected persons harmed a week under the plan, in millionths.
    pub value_micro: u64,
    /// No plan with these people has a lower value, in millionths.
    pub bound_micro: u64,
    /// Seed of the search; the draws do not come from it.
    pub seed: u64,
    /// Why it was adopted.
    pub reason: String,
}

impl Record for AdoptedWeek {
    const SUBJECT: &'static str = "week-plan";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Plan {} of the week", self.id)
    }
}

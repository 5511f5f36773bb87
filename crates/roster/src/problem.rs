//! The roster problem: sections, rules and demand in whole numbers, validated once, hashed.

use konbit_base::{Digest, canonical};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use thiserror::Error;

/// Minutes of a day.
pub const DAY_MINUTES: u32 = 1_440;
/// Minutes of a week.
pub const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;
/// One, in parts per million.
pub const PPM: u32 = 1_000_000;
/// Most slots of a cycle.
pub const SLOTS_MAX: usize = 672;
/// Most sections.
pub const SECTIONS_MAX: usize = 10_000;
/// Most contingents.
pub const CONTINGENTS_MAX: usize = 200;
/// Most seats wanted of one contingent in one slot.
pub const DEMAND_MAX: u32 = 100_000;
/// Largest weight of a slot.
pub const WEIGHT_MAX: u32 = 1_000;
/// Most persons in a section.
pub const PERSONS_MAX: u32 = 1_000;

/// Rules of duty and rest. Each default is stated with its source; all of them are data, to be
/// changed where a contingent's own rules or the mission's differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Least rest between two duties, minutes, after the way back and before the way out.
    pub rest_minutes_min: u32,
    /// Least length of the one long rest of a cycle, minutes, ways not counted; at least a day.
    pub long_rest_minutes_min: u32,
    /// Most work in any 24 hours, minutes: slots on duty, and both ways of every duty that reaches
    /// into them.
    pub day_minutes_max: u32,
    /// Most work in a week, minutes, both ways of every duty counted; in proportion for a cycle
    /// of another length, rounded down.
    pub week_minutes_max: u32,
    /// Least length of a duty, minutes, ways not counted.
    pub duty_minutes_min: u32,
    /// Most length of a duty, minutes, ways not counted.
    pub duty_minutes_max: u32,
    /// Share of each section that is away on leave, in training or sick at any time, in parts per
    /// million; rounded up to whole people.
    pub away_share_ppm: u32,
}

impl Default for Rules {
    /// | rule | default | source |
    /// | --- | --- | --- |
    /// | rest between duties | 11 h | Directive 2003/88/EC, article 3; that a mission keeps it is a judgement |
    /// | long rest | 35 h | the same, article 5: 24 h and the 11 h of a day |
    /// | work in a week | 48 h | the same, article 6 |
    /// | work in 24 hours | 13 h | what the 11 h of rest leave of a day |
    /// | length of a duty | 3 h to 12 h | judgement |
    /// | away | 15 % | judgement: leave of about 2.5 days a month (8 %), training and sickness (7 %) |
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

/// A section: people who go on duty together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The mission's own id, unique in the problem.
    pub id: String,
    /// Index of its contingent in [`RosterData::contingents`].
    pub contingent: u32,
    /// Id of the base it lives at; shown on its sheet.
    pub base: String,
    /// Persons in it, 1 to [`PERSONS_MAX`].
    pub persons: u32,
    /// Minutes from its base to its post, each way.
    pub travel_minutes: u32,
    /// Slots in which the whole section is on leave, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave: Vec<u32>,
}

/// Seats (persons on duty) wanted of one contingent, by slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contingent {
    /// The mission's own id, unique in the problem.
    pub id: String,
    /// Seats wanted in each slot; at most [`DEMAND_MAX`].
    pub demand: Vec<u32>,
}

/// Everything that a roster depends on, as it stands in the roster file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterData {
    /// Length of a slot, minutes; 30 to 720.
    pub slot_minutes: u32,
    /// Importance of each slot, 0 to [`WEIGHT_MAX`]; its length is the number of slots of the
    /// cycle, after which everything repeats.
    pub weights: Vec<u32>,
    /// The kind of every slot, by a number of the caller's below the number of slots. What counts of
    /// the slots of one kind is the one with the fewest people on duty. Empty: every slot counts on
    /// its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<u32>,
    /// The contingents and what is wanted of them.
    pub contingents: Vec<Contingent>,
    /// The sections.
    pub sections: Vec<Section>,
    /// The rules.
    pub rules: Rules,
}

/// Why numbers are not a roster problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RosterError {
    /// More of something than is taken, or nothing where something is due.
    #[error("the roster has {count} {what}; it takes {least} to {most}")]
    Count {
        /// What is counted, in the plural.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The least there may be.
        least: usize,
        /// The most there may be.
        most: usize,
    },
    /// An id that is empty or there twice.
    #[error("the {what} id {id:?} is empty or there twice; give every {what} an id of its own")]
    Id {
        /// `section` or `contingent`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A number outside its range.
    #[error("{field} of {owner} is {value}; it must be between {least} and {most}")]
    OutOfRange {
        /// Name of the field, with its unit.
        field: &'static str,
        /// Whose it is.
        owner: String,
        /// What it is.
        value: u64,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
    /// A contingent whose demand has another length than the weights.
    #[error("contingent {contingent:?} has a demand for {count} slots; the cycle has {slots}")]
    Demand {
        /// Its id.
        contingent: String,
        /// Slots it has.
        count: usize,
        /// Slots there are.
        slots: usize,
    },
    /// Kinds that are not one for each slot.
    #[error("the roster has a kind for {count} slots; the cycle has {slots}: give every slot a kind, or none")]
    Kinds {
        /// Slots with a kind.
        count: usize,
        /// Slots there are.
        slots: usize,
    },
    /// Leave that is not ascending.
    #[error("the leave of section {section:?} is not in ascending order; sort its slots and drop repetitions")]
    Leave {
        /// Its id.
        section: String,
    },
}

/// A roster problem that is known to be well formed. That the demand can be met is not known: what
/// cannot be covered is reported as a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    data: RosterData,
    hash: Digest,
}

fn within(
    field: &'static str,
    owner: impl Fn() -> String,
    value: u32,
    least: u32,
    most: u32,
) -> Result<(), RosterError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let (value, least, most) = (value.into(), least.into(), most.into());
    Err(RosterError::OutOfRange { field, owner: owner(), value, least, most })
}

fn unique<'a>(what: &'static str, ids: impl Iterator<Item = &'a String>) -> Result<(), RosterError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.is_empty() || !seen.insert(id) {
            return Err(RosterError::Id { what, id: id.clone() });
        }
    }
    Ok(())
}

fn count(what: &'static str, count: usize, least: usize, most: usize) -> Result<(), RosterError> {
    if (least..=most).contains(&count) { Ok(()) } else { Err(RosterError::Count { what, count, least, most }) }
}

impl RosterData {
    fn check(&self) -> Result<(), RosterError> {
        count("slots", self.weights.len(), 1, SLOTS_MAX)?;
        count("contingents", self.contingents.len(), 1, CONTINGENTS_MAX)?;
        count("sections", self.sections.len(), 0, SECTIONS_MAX)?;
        unique("contingent", self.contingents.iter().map(|c| &c.id))?;
        unique("section", self.sections.iter().map(|s| &s.id))?;
        let cycle = || "the cycle".to_owned();
        within("slot_minutes", cycle, self.slot_minutes, 30, 720)?;
        for &weight in &self.weights {
            within("weight", cycle, weight, 0, WEIGHT_MAX)?;
        }
        self.check_kinds()?;
        for contingent in &self.contingents {
            if contingent.demand.len() != self.weights.len() {
                let (contingent, count, slots) = (contingent.id.clone(), contingent.demand.len(), self.weights.len());
                return Err(RosterError::Demand { contingent, count, slots });
            }
            for &demand in &contingent.demand {
                within("demand", || format!("contingent {:?}", contingent.id), demand, 0, DEMAND_MAX)?;
            }
        }
        self.check_rules()?;
        self.check_sections()
    }

    fn check_kinds(&self) -> Result<(), RosterError> {
        let (count, slots) = (self.kinds.len(), self.weights.len());
        if count != 0 && count != slots {
            return Err(RosterError::Kinds { count, slots });
        }
        let last = u32::try_from(slots - 1).expect("at most 672");
        let mut all = (0u32..).zip(&self.kinds);
        all.try_for_each(|(slot, &kind)| within("kind", || format!("slot {slot}"), kind, 0, last))
    }

    fn check_rules(&self) -> Result<(), RosterError> {
        let owner = || "the rules".to_owned();
        let rules = &self.rules;
        within("rest_minutes_min", owner, rules.rest_minutes_min, 0, DAY_MINUTES)?;
        // A rest of a whole day parts the days before it from those after it.
        within("long_rest_minutes_min", owner, rules.long_rest_minutes_min, DAY_MINUTES, 30 * DAY_MINUTES)?;
        within("day_minutes_max", owner, rules.day_minutes_max, 0, DAY_MINUTES)?;
        within("week_minutes_max", owner, rules.week_minutes_max, 0, WEEK_MINUTES)?;
        within("duty_minutes_min", owner, rules.duty_minutes_min, 0, rules.duty_minutes_max)?;
        within("duty_minutes_max", owner, rules.duty_minutes_max, 0, DAY_MINUTES)?;
        within("away_share_ppm", owner, rules.away_share_ppm, 0, PPM)
    }

    fn check_sections(&self) -> Result<(), RosterError> {
        let slots = u32::try_from(self.weights.len()).expect("at most 672");
        let contingents = u32::try_from(self.contingents.len()).expect("at most 200");
        for section in &self.sections {
            let owner = || format!("section {:?}", section.id);
            within("contingent", owner, section.contingent, 0, contingents - 1)?;
            within("persons", owner, section.persons, 1, PERSONS_MAX)?;
            within("travel_minutes", owner, section.travel_minutes, 0, DAY_MINUTES / 2)?;
            for &slot in &section.leave {
                within("leave", owner, slot, 0, slots - 1)?;
            }
            if section.leave.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(RosterError::Leave { section: section.id.clone() });
            }
        }
        Ok(())
    }
}

impl Problem {
    /// Checks the numbers and takes the hash.
    pub fn new(data: RosterData) -> Result<Self, RosterError> {
        data.check()?;
        let bytes = canonical::to_bytes(&data).expect("the problem holds texts and whole numbers only");
        Ok(Self { hash: Digest::of(&bytes), data })
    }

    /// The numbers.
    pub fn data(&self) -> &RosterData {
        &self.data
    }

    /// SHA-256 of the canonical JSON of [`RosterData`].
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Number of slots of the cycle.
    pub fn slots(&self) -> usize {
        self.data.weights.len()
    }

    /// Length of the cycle, minutes.
    pub fn cycle_minutes(&self) -> u32 {
        self.data.slot_minutes * u32::try_from(self.slots()).expect("at most 672")
    }

    /// Persons of a section who are present, and so the seats it fills when on duty: its strength
    /// less the share that is away, rounded up.
    pub fn seats(&self, section: &Section) -> u32 {
        let away = (u64::from(section.persons) * u64::from(self.data.rules.away_share_ppm)).div_ceil(PPM.into());
        section.persons - u32::try_from(away).expect("at most all of them")
    }

    /// Most work in one cycle, minutes: the week's limit in proportion, rounded down.
    pub fn cycle_minutes_max(&self) -> u32 {
        let most = u64::from(self.data.rules.week_minutes_max) * u64::from(self.cycle_minutes());
        u32::try_from(most / u64::from(WEEK_MINUTES)).expect("a cycle is at most a year")
    }

    /// The slots of every kind, by the kind's number; of kinds without a slot none. Where the
    /// problem has no kinds every slot is one.
    pub fn slots_by_kind(&self) -> Vec<Vec<usize>> {
        if self.data.kinds.is_empty() {
            return (0..self.slots()).map(|slot| vec![slot]).collect();
        }
        let count = self.data.kinds.iter().max().map_or(0, |last| *last as usize + 1);
        let mut slots = vec![Vec::new(); count];
        for (slot, &kind) in self.data.kinds.iter().enumerate() {
            slots[kind as usize].push(slot);
        }
        slots
    }

    /// How open seats weigh: finer where slots have kinds.
    pub(crate) fn scale(&self) -> Scale {
        if self.data.kinds.is_empty() { Scale::Quarters } else { Scale::Sixteenths }
    }

    /// Cost of the seats that stay open in one slot with `covered` persons on duty.
    pub(crate) fn open_cost(&self, contingent: usize, slot: usize, covered: u32) -> i64 {
        self.scale().open(self.data.contingents[contingent].demand[slot], self.data.weights[slot], covered)
    }

    /// Cost of the seats that stay open in some slots with `covered` persons on duty in the leanest
    /// of them: every slot counts as that one does.
    pub(crate) fn open_cost_of_all(&self, contingent: usize, slots: &[usize], covered: u32) -> i64 {
        slots.iter().map(|&slot| self.open_cost(contingent, slot, covered)).sum()
    }
}

/// Parts of a demand and what a seat of each costs while it stays open: the first to be filled the
/// most. So what is covered least is covered first.
#[derive(Clone, Copy)]
pub(crate) enum Scale {
    /// The first quarter weighs four times the last.
    Quarters,
    /// Each sixteenth weighs twice the next. A kind gives up seats of the part it is in for seats of
    /// another's lower part alone, so that what cannot be met is missing in like shares, however much
    /// is asked for; quarters let the share of one kind fall by a quarter before the others'.
    Sixteenths,
}

impl Scale {
    /// Cost of the seats that stay open of `demand` with `covered` persons on duty.
    pub(crate) fn open(self, demand: u32, weight: u32, covered: u32) -> i64 {
        let parts: u32 = match self {
            Self::Quarters => 4,
            Self::Sixteenths => 16,
        };
        let part = |part: u32| {
            let upto = |part: u32| demand * part / parts;
            let price = match self {
                Self::Quarters => i64::from(parts - part),
                Self::Sixteenths => 1 << (parts - 1 - part),
            };
            i64::from(upto(part + 1) - upto(part + 1).min(covered.max(upto(part)))) * price
        };
        i64::from(weight) * (0..parts).map(part).sum::<i64>()
    }
}

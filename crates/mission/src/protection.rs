//! Protection: the sites that matter, the places units work from, the judgements a plan rests on,
//! and the plans that were adopted.
//!
//! Invariant: the value of a site is derived from what it is and how many people use it, never
//! from who those people are.

use crate::table::Record;
use konbit_base::{Digest, LatLon, PCode, PlacePrecision, Source, id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

id!(
    /// A site to be protected.
    SiteId
);
id!(
    /// A base or staging place.
    BaseId
);
id!(
    /// An adopted plan.
    PlanId
);

/// What the mandate calls the site.
///
/// S/RES/2699 (2023) paragraph 1 (b) names airports, ports, schools, hospitals and key
/// intersections as examples of critical infrastructure sites and transit locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Airport or aerodrome.
    Airport,
    /// Port, wharf or fuel terminal.
    Port,
    /// School or university.
    School,
    /// Hospital or health centre.
    Hospital,
    /// Key intersection, bridge or choke point.
    KeyIntersection,
    /// Any other critical site.
    Other,
}

impl Category {
    /// All categories, in the order they are shown.
    pub const ALL: [Self; 6] =
        [Self::Airport, Self::Port, Self::Hospital, Self::School, Self::KeyIntersection, Self::Other];

    /// Word for a reader, plural.
    pub fn label(self) -> &'static str {
        match self {
            Self::Airport => "airports",
            Self::Port => "ports and fuel terminals",
            Self::School => "schools",
            Self::Hospital => "hospitals and health centres",
            Self::KeyIntersection => "key intersections",
            Self::Other => "other critical sites",
        }
    }
}

/// A place to be protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Identifier.
    pub id: SiteId,
    /// Name in the working language.
    pub name: String,
    /// Name in the language of the country.
    pub name_local: Option<String>,
    /// Kind, a short word of the data such as `health_centre`; the planning figures go by it.
    pub kind: String,
    /// What the mandate calls it.
    pub category: Category,
    /// Position; a site without one is kept but cannot be planned for.
    pub position: Option<LatLon>,
    /// How exactly the position is known.
    pub precision: PlacePrecision,
    /// Administrative area.
    pub area: Option<PCode>,
    /// People who depend on it, if known.
    pub people_served: Option<u64>,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Site {
    const SUBJECT: &'static str = "site";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Site {} ({})", self.name, self.kind.replace('_', " "))
    }
}

/// A base or staging place, from which reaction forces start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Identifier.
    pub id: BaseId,
    /// Name.
    pub name: String,
    /// Position.
    pub position: LatLon,
    /// People it can hold.
    pub capacity: u32,
    /// Administrative area.
    pub area: Option<PCode>,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Base {
    const SUBJECT: &'static str = "base";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Base {}", self.name)
    }
}

/// A judged figure: its best value, the interval it may lie in, and what the judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Low end of the interval.
    pub low: u64,
    /// The value used.
    pub best: u64,
    /// High end of the interval.
    pub high: u64,
    /// What it rests on, in a sentence.
    pub basis: String,
}

/// What the planner needs to know about a kind of site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindPlanning {
    /// Persons harmed if an attempt succeeds, in thousandths of a person.
    pub value_milli: Judged,
    /// Attempts a week expected before any incident is counted, in millionths.
    pub prior_attempts_micro: Judged,
    /// People on duty at a static post.
    pub post_seats: u32,
    /// Least protection it must have, in millionths (1,000,000 = certain).
    pub floor_ppm: u32,
    /// Whether every site of the kind must have a static post at all times.
    pub mandatory: bool,
}

/// A base that can hold at least so many people can host at most so many reaction forces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForcesByCapacity {
    /// Least capacity of the base, people.
    pub capacity_min: u32,
    /// Most reaction forces it can host.
    pub forces_max: u32,
}

/// The judgements a plan rests on. One record; a new one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// People in the force.
    pub personnel: u32,
    /// People needed for one person on duty around the clock, in thousandths.
    pub relief_factor_milli: Judged,
    /// Share of attempts made by adversaries who watch the pattern, in millionths.
    pub alpha_ppm: Judged,
    /// Attempts a week by those who watch, in millionths.
    pub watched_attempts_micro: Judged,
    /// Probability that a static post stops an attempt, in millionths.
    pub static_effect_ppm: Judged,
    /// Probability that a reaction force that is already there stops an attempt, in millionths.
    pub reaction_effect_ppm: Judged,
    /// Minutes in which the effect of a reaction force falls by the factor e, in tenths.
    pub reaction_decay_minutes_tenths: Judged,
    /// Share of the time a reaction force is busy elsewhere, in millionths.
    pub reaction_busy_ppm: Judged,
    /// People on duty in one reaction force.
    pub reaction_seats: u32,
    /// How many reaction forces a base can host, by the people it can hold.
    pub reaction_forces_by_capacity: Vec<ForcesByCapacity>,
    /// Road distance as a multiple of the great circle, in thousandths.
    pub detour_milli: Judged,
    /// Speed on the road, in tenths of a kilometre an hour.
    pub speed_kmh_tenths: Judged,
    /// Minutes from alarm to departure, in tenths.
    pub turnout_minutes_tenths: Judged,
    /// Distance within which an incident says something about a site, in metres.
    pub incident_reach_m: Judged,
    /// Weeks of incidents that are counted.
    pub incident_weeks: u32,
    /// Weeks of observation that the prior weighs as much as.
    pub prior_weeks: u32,
    /// Kinds of incident that count as an attempt at a site.
    pub incident_kinds: Vec<String>,
    /// Figures by kind of site. A site of a kind that is not here cannot be planned for.
    pub kinds: BTreeMap<String, KindPlanning>,
    /// Further sites that must have a static post at all times, whatever their kind.
    pub mandatory_posts: Vec<SiteId>,
    /// Where the figures come from.
    pub source: Source,
}

impl Planning {
    /// Most reaction forces that a base for `capacity` people can host: the row with the largest
    /// least capacity that it reaches; none if it reaches no row.
    pub fn reaction_forces_max(&self, capacity: u32) -> u32 {
        let rows = self.reaction_forces_by_capacity.iter().filter(|row| row.capacity_min <= capacity);
        rows.max_by_key(|row| row.capacity_min).map_or(0, |row| row.forces_max)
    }
}

impl Record for Planning {
    const SUBJECT: &'static str = "planning";
    fn id(&self) -> &'static str {
        "planning"
    }
    fn title(&self) -> String {
        format!("Planning figures for a force of {}", self.personnel)
    }
}

/// A plan that was put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptedPlan {
    /// Identifier: the digest of the plan file, shortened.
    pub id: PlanId,
    /// SHA-256 of the plan file, which is kept as an attachment.
    pub document: Digest,
    /// SHA-256 of the problem it solves.
    pub problem: Digest,
    /// People in the force.
    pub personnel: u32,
    /// Expected persons harmed a week under the plan, in millionths.
    pub value_micro: u64,
    /// No plan with this force has a lower value, in millionths.
    pub bound_micro: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// Why it was adopted.
    pub reason: String,
}

impl Record for AdoptedPlan {
    const SUBJECT: &'static str = "plan";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Plan {} for {} people", self.id, self.personnel)
    }
}

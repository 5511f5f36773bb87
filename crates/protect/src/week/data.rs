//! The whole program: slots of the week, groups, contingents, patrols. Whole numbers in stated
//! units, validated once, hashed.

use super::check;
use crate::problem::{ProblemBase, ProblemData, ProblemError, Reach, seats_of};
use konbit_base::{Digest, LatLon, canonical};
use serde::{Deserialize, Serialize};

/// Most kinds of slot in one week: three-hour slots of four weeks.
pub const SLOTS_MAX: usize = 224;
/// Most contingents, and most adversary groups.
pub const PARTIES_MAX: usize = 64;
/// Most explicit patrol duties.
pub const DUTIES_MAX: usize = 5_000;
/// Most patrol areas.
pub const AREAS_MAX: usize = 500;
/// Most sites of one patrol area.
pub const AREA_SITES_MAX: usize = 200;
/// Longest slot, in minutes: a week.
pub const SLOT_MINUTES_MAX: u32 = 10_080;
/// Most minutes of a slot in which patrols by area are planned: a day.
pub const ROUTE_MINUTES_MAX: u32 = 1_440;

/// A site of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekSite {
    /// The mission's own id of the site, unique in the problem.
    pub id: String,
    /// Seats (persons on duty) that a static post here takes, 1 to [`crate::SEATS_MAX`].
    pub seats: u32,
    /// Where it is; used only to spread neighbours over different schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<LatLon>,
}

/// A contingent: people who serve together, and where they may serve. One post, force or patrol is
/// manned by one contingent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contingent {
    /// Id, unique in the problem.
    pub id: String,
    /// Sites where it may man a post, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<u32>>,
    /// Bases where its forces may wait, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bases: Option<Vec<u32>>,
    /// Explicit patrol duties that it may do, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Option<Vec<u32>>,
    /// Patrol areas in which it may patrol, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<u32>>,
}

impl Contingent {
    /// A contingent without caveats.
    pub fn anywhere(id: &str) -> Self {
        Self { id: id.to_owned(), sites: None, bases: None, duties: None, areas: None }
    }
}

/// A group of adversaries who watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Id, unique in the problem.
    pub id: String,
    /// `A_k`: its share of the attempts by watchers, in parts per million; the shares sum to one.
    pub share_ppm: u32,
    /// `I_k`: sites within its reach, ascending, at least one; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<u32>>,
}

/// A patrol with a fixed round. A schedule uses it at most once: list it twice to allow it twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatrolDuty {
    /// Id, unique among duties.
    pub id: String,
    /// Seats (persons on duty), 1 to [`crate::SEATS_MAX`].
    pub seats: u32,
    /// Site and minutes of the slot spent there, sites ascending, minutes at least 1.
    pub visits: Vec<(u32, u32)>,
    /// Kinds of slot in which it can be done, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<u32>>,
}

/// A part of the road network in which patrols choose their round: from the base, from site to
/// site, and back within the slot. A patrol may come again; the minutes of its visits add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatrolArea {
    /// Id, unique among areas.
    pub id: String,
    /// Seats (persons on duty) of one patrol, 1 to [`crate::SEATS_MAX`].
    pub seats: u32,
    /// Most patrols on the road at once, at most 1,000.
    pub patrols_max: u32,
    /// Sites that may be visited, ascending.
    pub sites: Vec<u32>,
    /// Minutes of travel, by road: row and column 0 are the base, then the sites in their order.
    /// At least 1 off the diagonal.
    pub travel_minutes: Vec<Vec<u32>>,
    /// Shortest stay of one visit, minutes, at least 1.
    pub stay_minutes_min: u32,
    /// Longest stay of one visit, minutes. Somewhere else must be visited before coming back.
    pub stay_minutes_max: u32,
    /// Kinds of slot in which it is open, ascending; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<u32>>,
}

/// What a contingent has in a kind of slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSeats {
    /// Seats: persons on duty; at most [`crate::PERSONNEL_MAX`].
    pub seats: u32,
    /// Whether it may man posts in this slot.
    pub posts: bool,
    /// Whether its reaction forces may wait in this slot.
    pub forces: bool,
    /// Whether it may patrol in this slot.
    pub patrols: bool,
}

impl SlotSeats {
    /// Seats that may be used for anything.
    pub fn any(seats: u32) -> Self {
        Self { seats, posts: true, forces: true, patrols: true }
    }
}

/// A kind of slot. Slots that are alike in everything are one kind with a count: each of them draws
/// its own schedule from the same mixture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotKind {
    /// Id, unique in the problem.
    pub id: String,
    /// How many slots of the week are of this kind, 1 to 10,080.
    pub count: u32,
    /// Length, minutes, 1 to [`SLOT_MINUTES_MAX`].
    pub minutes: u32,
    /// Index of the table of values.
    pub values: u32,
    /// Index of the table of forecast attempts.
    pub attempts: u32,
    /// Index of the table of reach.
    pub reach: u32,
    /// Site and least protection in parts per million, sites ascending.
    pub floors: Vec<(u32, u32)>,
    /// Sites where a post must stand, ascending.
    pub posts: Vec<u32>,
    /// Sites that a patrol must visit unless a post stands there, ascending.
    pub visits: Vec<u32>,
    /// One entry per contingent.
    pub seats: Vec<SlotSeats>,
}

/// Everything a plan of the week depends on, as it stands in the plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekData {
    /// The sites; at least one.
    pub sites: Vec<WeekSite>,
    /// The bases; may be empty.
    pub bases: Vec<ProblemBase>,
    /// The contingents; at least one.
    pub contingents: Vec<Contingent>,
    /// The groups; at least one.
    pub groups: Vec<Group>,
    /// Patrols with a fixed round.
    pub duties: Vec<PatrolDuty>,
    /// Areas in which patrols choose their round.
    pub areas: Vec<PatrolArea>,
    /// Tables of `v_i`: persons harmed if an attempt succeeds, in thousandths, one per site.
    pub values_milli: Vec<Vec<u64>>,
    /// Tables of `lam_i`: forecast attempts per week in one slot of the kind, in millionths, one
    /// per site.
    pub attempts_micro: Vec<Vec<u64>>,
    /// Tables of which base can help which site.
    pub reach: Vec<Vec<Reach>>,
    /// The kinds of slot; at least one.
    pub slots: Vec<SlotKind>,
    /// `e_st`: probability that a static post stops an attempt, in parts per million.
    pub static_effect_ppm: u32,
    /// `e_pa`: probability that a patrol that is there stops an attempt, in parts per million.
    pub patrol_effect_ppm: u32,
    /// Share of attempts by adversaries who watch the pattern and choose, in parts per million.
    pub alpha_ppm: u32,
    /// `Lam`: attempts per week by watchers, in millionths.
    pub watched_attempts_micro: u64,
}

/// A problem of the week that is known to be well formed. It may still be infeasible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    data: WeekData,
    hash: Digest,
}

impl Week {
    /// Checks the numbers and takes the hash.
    pub fn new(data: WeekData) -> Result<Self, ProblemError> {
        check::week(&data)?;
        let bytes = canonical::to_bytes(&data).expect("the problem holds texts and whole numbers only");
        Ok(Self { hash: Digest::of(&bytes), data })
    }

    /// The numbers.
    pub fn data(&self) -> &WeekData {
        &self.data
    }

    /// SHA-256 of the canonical JSON of [`WeekData`].
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The same without floors, mandatory posts and visits.
    #[must_use]
    pub fn with_nothing_demanded(&self) -> Self {
        let mut data = self.data.clone();
        for slot in &mut data.slots {
            slot.floors.clear();
            slot.posts.clear();
            slot.visits.clear();
        }
        Self::new(data).expect("what was well formed stays so with fewer demands")
    }

    /// The same with `more` seats (fewer where negative, never below 0) of one contingent in every
    /// slot in which it has any.
    ///
    /// # Panics
    /// When there is no such contingent.
    pub fn with_more_seats(&self, contingent: usize, more: i64) -> Result<Self, ProblemError> {
        let mut data = self.data.clone();
        for slot in &mut data.slots {
            let part = &mut slot.seats[contingent];
            if part.seats > 0 {
                let seats = (i64::from(part.seats) + more).max(0);
                part.seats = u32::try_from(seats).unwrap_or(u32::MAX);
            }
        }
        Self::new(data)
    }
}

impl WeekData {
    /// A problem of one slot in the terms of the week: one kind of slot, one contingent, one group.
    pub fn from_single(problem: &ProblemData) -> Self {
        let index = |ix: usize| u32::try_from(ix).expect("indices of a problem fit 32 bits");
        let chosen = |keep: &dyn Fn(&crate::problem::ProblemSite) -> bool| {
            let sites = problem.sites.iter().enumerate();
            sites.filter(|(_, site)| keep(site)).map(|(ix, _)| index(ix)).collect::<Vec<u32>>()
        };
        let slot = SlotKind {
            id: "always".to_owned(),
            count: 1,
            minutes: 1,
            values: 0,
            attempts: 0,
            reach: 0,
            floors: chosen(&|site| site.floor_ppm > 0)
                .into_iter()
                .map(|ix| (ix, problem.sites[ix as usize].floor_ppm))
                .collect(),
            posts: chosen(&|site| site.mandatory),
            visits: Vec::new(),
            seats: vec![SlotSeats::any(seats_of(problem.personnel, problem.relief_factor_milli))],
        };
        let site = |site: &crate::problem::ProblemSite| WeekSite {
            id: site.id.clone(),
            seats: site.seats,
            position: site.position,
        };
        Self {
            sites: problem.sites.iter().map(site).collect(),
            bases: problem.bases.clone(),
            contingents: vec![Contingent::anywhere("all")],
            groups: vec![Group { id: "watchers".to_owned(), share_ppm: crate::problem::PPM, sites: None }],
            duties: Vec::new(),
            areas: Vec::new(),
            values_milli: vec![problem.sites.iter().map(|site| site.value_milli).collect()],
            attempts_micro: vec![problem.sites.iter().map(|site| site.attempts_micro).collect()],
            reach: vec![problem.reach.clone()],
            slots: vec![slot],
            static_effect_ppm: problem.static_effect_ppm,
            patrol_effect_ppm: 0,
            alpha_ppm: problem.alpha_ppm,
            watched_attempts_micro: problem.watched_attempts_micro,
        }
    }
}

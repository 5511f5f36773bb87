//! The protection problem: whole numbers in stated units, validated once, hashed.

use konbit_base::{Digest, LatLon, canonical};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use thiserror::Error;

/// One, in parts per million.
pub const PPM: u32 = 1_000_000;
/// Most sites in one problem.
pub const SITES_MAX: usize = 200_000;
/// Most bases in one problem.
pub const BASES_MAX: usize = 2_000;
/// Most pairs of site and base in one problem.
pub const REACH_MAX: usize = 5_000_000;
/// Most persons harmed by one attempt that succeeds, in thousandths: a million persons.
pub const VALUE_MILLI_MAX: u64 = 1_000_000_000;
/// Most attempts per week, at one site or by all watchers, in millionths: ten thousand a week.
pub const ATTEMPTS_MICRO_MAX: u64 = 10_000_000_000;
/// Most persons on duty in one post or one reaction force.
pub const SEATS_MAX: u32 = 10_000;
/// Most personnel.
pub const PERSONNEL_MAX: u32 = 1_000_000;
/// The relief factor taken where none is given: 4.7 persons of strength for one person always on
/// duty, in thousandths (seven days of 24 hours, leave, training and sickness).
pub const RELIEF_FACTOR_MILLI_DEFAULT: u32 = 4_700;

/// A site that may be guarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemSite {
    /// The mission's own id of the site, unique in the problem.
    pub id: String,
    /// Persons harmed if an attempt here succeeds, in thousandths; at most [`VALUE_MILLI_MAX`].
    pub value_milli: u64,
    /// Forecast attempts per week here, in millionths; at most [`ATTEMPTS_MICRO_MAX`].
    pub attempts_micro: u64,
    /// Seats (persons on duty) that a static post here takes, 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// Least protection that any plan must give, in parts per million; 0 for none.
    pub floor_ppm: u32,
    /// Whether a static post must stand here at all times.
    pub mandatory: bool,
    /// Where it is; used only to spread neighbours over different schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<LatLon>,
}

/// A base from which quick reaction forces (QRF) leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemBase {
    /// The mission's own id of the base, unique in the problem.
    pub id: String,
    /// Most reaction forces that can wait here at once. In this model a second force at the same
    /// base adds no protection, so plans use at most one.
    pub forces_max: u32,
    /// Seats (persons on duty) that one reaction force takes, 1 to [`SEATS_MAX`].
    pub seats: u32,
}

/// A reaction force at `base` can come to the aid of `site`. Pairs that are not listed: it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// Index of the site in [`ProblemData::sites`].
    pub site: u32,
    /// Index of the base in [`ProblemData::bases`].
    pub base: u32,
    /// Probability that the force stops an attempt, in parts per million, with travel time and
    /// other calls already counted; see [`reaction_effect_ppm`].
    pub effect_ppm: u32,
    /// Travel time in tenths of a minute, to explain a plan; it decides nothing.
    pub minutes_tenths: u32,
}

/// Everything a plan depends on, as it stands in the plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemData {
    /// The sites; at least one.
    pub sites: Vec<ProblemSite>,
    /// The bases; may be empty.
    pub bases: Vec<ProblemBase>,
    /// Which base can help which site.
    pub reach: Vec<Reach>,
    /// Probability that a static post stops an attempt, in parts per million.
    pub static_effect_ppm: u32,
    /// Share of attempts by adversaries who watch the pattern and choose, in parts per million.
    pub alpha_ppm: u32,
    /// Attempts per week by watchers, in millionths; at most [`ATTEMPTS_MICRO_MAX`].
    pub watched_attempts_micro: u64,
    /// Strength, in persons; at most [`PERSONNEL_MAX`].
    pub personnel: u32,
    /// Persons of strength for one person always on duty, in thousandths; 1,000 to 100,000,
    /// [`RELIEF_FACTOR_MILLI_DEFAULT`] where nothing better is known.
    pub relief_factor_milli: u32,
}

/// Why numbers are not a problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProblemError {
    /// Nothing to protect.
    #[error("the problem has no sites; add at least one")]
    NoSites,
    /// More of something than the planner takes.
    #[error("the problem has {count} {what}; the planner takes at most {most}")]
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// An id that is empty.
    #[error("{what} number {index} has an empty id; give every {what} an id")]
    EmptyId {
        /// `site` or `base`.
        what: &'static str,
        /// Counted from 0.
        index: usize,
    },
    /// Two things with one id.
    #[error("the {what} {id:?} is there twice; keep one")]
    Duplicate {
        /// `site` or `base`.
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
    /// A reach that names a site or a base that is not there.
    #[error("reach number {index} names {what} number {value}, but there are {count}")]
    UnknownIndex {
        /// Which reach, from 0.
        index: usize,
        /// `site` or `base`.
        what: &'static str,
        /// The index that it names.
        value: u32,
        /// How many there are.
        count: usize,
    },
    /// A list of the week that must not be empty.
    #[error("the problem has no {what}; give at least one")]
    None {
        /// What is missing, in the plural.
        what: &'static str,
    },
    /// A table with the wrong number of entries.
    #[error("{what} number {number} has {count} entries; it needs {expected}")]
    Table {
        /// Which table.
        what: &'static str,
        /// Counted from 0.
        number: usize,
        /// Entries there are.
        count: usize,
        /// Entries there must be.
        expected: usize,
    },
    /// A list of indices that names something that is not there, twice or out of order.
    #[error("{owner} names {what} number {index} out of range (there are {count}), twice or out of order")]
    List {
        /// Whose list it is.
        owner: String,
        /// What it lists.
        what: &'static str,
        /// The index.
        index: u32,
        /// How many there are.
        count: usize,
    },
    /// A group of adversaries who can go nowhere.
    #[error("group {group:?} has no site within its reach; name at least one, or leave the list away for all")]
    NoReach {
        /// Id of the group.
        group: String,
    },
    /// Two entries for one pair.
    #[error("the reach from base {base:?} to site {site:?} is there twice; keep one")]
    DuplicateReach {
        /// Id of the site.
        site: String,
        /// Id of the base.
        base: String,
    },
}

/// A protection problem that is known to be well formed. It may still be infeasible: that is a
/// result of planning, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    data: ProblemData,
    hash: Digest,
}

pub(crate) fn within(
    field: &'static str,
    owner: impl Fn() -> String,
    value: u64,
    least: u64,
    most: u64,
) -> Result<(), ProblemError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ProblemError::OutOfRange { field, owner: owner(), value, least, most })
}

pub(crate) fn unique<'a>(what: &'static str, ids: impl Iterator<Item = &'a String>) -> Result<(), ProblemError> {
    let mut seen = BTreeSet::new();
    for (index, id) in ids.enumerate() {
        if id.is_empty() {
            return Err(ProblemError::EmptyId { what, index });
        }
        if !seen.insert(id) {
            return Err(ProblemError::Duplicate { what, id: id.clone() });
        }
    }
    Ok(())
}

pub(crate) fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), ProblemError> {
    if count <= most { Ok(()) } else { Err(ProblemError::TooMany { what, count, most }) }
}

impl ProblemData {
    fn check(&self) -> Result<(), ProblemError> {
        if self.sites.is_empty() {
            return Err(ProblemError::NoSites);
        }
        at_most("sites", self.sites.len(), SITES_MAX)?;
        at_most("bases", self.bases.len(), BASES_MAX)?;
        at_most("pairs of site and base", self.reach.len(), REACH_MAX)?;
        unique("site", self.sites.iter().map(|site| &site.id))?;
        unique("base", self.bases.iter().map(|base| &base.id))?;
        let (ppm, seats) = (u64::from(PPM), u64::from(SEATS_MAX));
        for site in &self.sites {
            let owner = || format!("site {:?}", site.id);
            within("value_milli", owner, site.value_milli, 0, VALUE_MILLI_MAX)?;
            within("attempts_micro", owner, site.attempts_micro, 0, ATTEMPTS_MICRO_MAX)?;
            within("seats", owner, site.seats.into(), 1, seats)?;
            within("floor_ppm", owner, site.floor_ppm.into(), 0, ppm)?;
        }
        for base in &self.bases {
            within("seats", || format!("base {:?}", base.id), base.seats.into(), 1, seats)?;
        }
        let problem = || "the problem".to_owned();
        within("static_effect_ppm", problem, self.static_effect_ppm.into(), 0, ppm)?;
        within("alpha_ppm", problem, self.alpha_ppm.into(), 0, ppm)?;
        within("watched_attempts_micro", problem, self.watched_attempts_micro, 0, ATTEMPTS_MICRO_MAX)?;
        within("personnel", problem, self.personnel.into(), 0, PERSONNEL_MAX.into())?;
        within("relief_factor_milli", problem, self.relief_factor_milli.into(), 1_000, 100_000)?;
        self.check_reach()
    }

    fn check_reach(&self) -> Result<(), ProblemError> {
        let mut seen = BTreeSet::new();
        for (index, reach) in self.reach.iter().enumerate() {
            let known = |what, value: u32, count: usize| {
                if (value as usize) < count {
                    return Ok(());
                }
                Err(ProblemError::UnknownIndex { index, what, value, count })
            };
            known("site", reach.site, self.sites.len())?;
            known("base", reach.base, self.bases.len())?;
            let (site, base) = (&self.sites[reach.site as usize].id, &self.bases[reach.base as usize].id);
            let owner = || format!("the reach from base {base:?} to site {site:?}");
            within("effect_ppm", owner, reach.effect_ppm.into(), 0, PPM.into())?;
            if !seen.insert((reach.site, reach.base)) {
                return Err(ProblemError::DuplicateReach { site: site.clone(), base: base.clone() });
            }
        }
        Ok(())
    }
}

/// What [`canonical::to_bytes`] gives for the whole, put together from its parts: millions of pairs
/// as one tree of values would take gigabytes.
fn canonical_bytes(data: &ProblemData) -> Vec<u8> {
    fn part<T: Serialize>(out: &mut Vec<u8>, value: &T) {
        out.extend(canonical::to_bytes(value).expect("the problem holds texts and whole numbers only"));
    }
    fn list<T: Serialize>(out: &mut Vec<u8>, items: &[T]) {
        out.push(b'[');
        for (ix, item) in items.iter().enumerate() {
            if ix > 0 {
                out.push(b',');
            }
            part(out, item);
        }
        out.push(b']');
    }
    let ProblemData {
        sites,
        bases,
        reach,
        static_effect_ppm,
        alpha_ppm,
        watched_attempts_micro,
        personnel,
        relief_factor_milli,
    } = data;
    let mut out = Vec::new();
    out.extend(b"{\"alpha_ppm\":");
    part(&mut out, alpha_ppm);
    out.extend(b",\"bases\":");
    list(&mut out, bases);
    out.extend(b",\"personnel\":");
    part(&mut out, personnel);
    out.extend(b",\"reach\":");
    list(&mut out, reach);
    out.extend(b",\"relief_factor_milli\":");
    part(&mut out, relief_factor_milli);
    out.extend(b",\"sites\":");
    list(&mut out, sites);
    out.extend(b",\"static_effect_ppm\":");
    part(&mut out, static_effect_ppm);
    out.extend(b",\"watched_attempts_micro\":");
    part(&mut out, watched_attempts_micro);
    out.push(b'}');
    out
}

impl Problem {
    /// Checks the numbers and takes the hash.
    pub fn new(data: ProblemData) -> Result<Self, ProblemError> {
        data.check()?;
        Ok(Self { hash: Digest::of(&canonical_bytes(&data)), data })
    }

    /// The numbers.
    pub fn data(&self) -> &ProblemData {
        &self.data
    }

    /// SHA-256 of the canonical JSON of [`ProblemData`].
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Seats: persons who can be on duty at the same time, personnel over relief factor, rounded
    /// down.
    pub fn seats(&self) -> u32 {
        seats_of(self.data.personnel, self.data.relief_factor_milli)
    }

    /// The same problem with another strength, in persons.
    pub fn with_personnel(&self, personnel: u32) -> Result<Self, ProblemError> {
        Self::new(ProblemData { personnel, ..self.data.clone() })
    }

    /// Seats that the mandatory posts take together.
    pub fn mandatory_seats(&self) -> u64 {
        self.data.sites.iter().filter(|site| site.mandatory).map(|site| u64::from(site.seats)).sum()
    }
}

/// Persons on duty at the same time: `floor(personnel / relief factor)`.
pub(crate) fn seats_of(personnel: u32, relief_factor_milli: u32) -> u32 {
    let seats = u64::from(personnel) * 1_000 / u64::from(relief_factor_milli);
    u32::try_from(seats).expect("the relief factor is at least one, so seats are at most personnel")
}

/// Probability that a reaction force stops an attempt, in parts per million:
/// `e0 exp(-t / tau) (1 - busy)`.
///
/// `e0_ppm`: when it is already there; `minutes`: travel time `t`; `tau_minutes`: the time after
/// which only 1/e of the effect is left; `busy_ppm`: share of time in which the force is on
/// another call (Larson 1974 for how to compute it). A time that is negative or not a number
/// gives no effect, as does a `tau` that is not positive.
pub fn reaction_effect_ppm(e0_ppm: u32, minutes: f64, tau_minutes: f64, busy_ppm: u32) -> u32 {
    let usable = minutes >= 0.0 && tau_minutes > 0.0;
    if !usable {
        return 0;
    }
    let (e0, free) = (f64::from(e0_ppm.min(PPM)), f64::from(PPM - busy_ppm.min(PPM)) / f64::from(PPM));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
    let effect = (e0 * (-minutes / tau_minutes).exp() * free).round() as u32;
    effect
}

#[cfg(test)]
mod tests {
    use super::canonical_bytes;
    use crate::generate::{Shape, generate};
    use konbit_base::canonical;

    #[test]
    fn bytes_put_together_from_parts_are_the_canonical_ones() {
        for sites in [1, 2, 40] {
            let problem = generate(Shape { sites, bases: sites / 2, ..Shape::example() }, 3);
            assert_eq!(canonical_bytes(problem.data()), canonical::to_bytes(problem.data()).unwrap());
        }
    }
}

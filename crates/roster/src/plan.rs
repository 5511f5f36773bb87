//! The roster: what every section does in every slot, the seats this gives, value and bound.

use crate::problem::{Problem, RosterData};
use crate::solve::solve;
use konbit_base::Digest;
use konbit_base::rng::seeded;
use serde::{Deserialize, Serialize};

/// The name and version of the roster file.
pub const ROSTER_FORMAT: &str = "konbit-roster/1";

/// How to search. The same problem and options give the same roster, unless it is stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Seed of the random steps.
    pub seed: u64,
    /// Most rounds of column generation for one contingent.
    pub rounds_max: usize,
    /// Most repairs of one contingent's whole sections.
    pub repairs_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, rounds_max: 200, repairs_max: 100 }
    }
}

/// The caller's hold on a run. The solver has no clock: a time limit is a `should_stop` that
/// looks at one.
pub struct Watch<'a> {
    /// Polled often; `true` ends the search with the best roster and bound so far.
    pub should_stop: &'a dyn Fn() -> bool,
}

impl Watch<'static> {
    /// Never stops.
    pub fn none() -> Self {
        Self { should_stop: &|| false }
    }
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Value and bound meet: no roster under these rules leaves less open.
    Optimal,
    /// The search did all it does; the gap is what it says.
    Gap,
    /// The search was stopped first; the gap is what it says.
    LimitReached,
}

/// What a section does in a slot. Where several fall into one slot, the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// On duty at its post.
    Duty,
    /// On leave, the whole section.
    Leave,
    /// On its way to or from the post for some of the slot, at rest for the remainder.
    Travel,
    /// At rest.
    Rest,
}

/// Slots on duty without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// First slot; the last may lie beyond the end of the cycle, at its beginning.
    pub slot: u32,
    /// Number of slots.
    pub slots: u32,
}

/// The week of one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionRoster {
    /// Its id.
    pub id: String,
    /// Persons present, who fill seats when the section is on duty.
    pub seats: u32,
    /// Persons away on leave, in training or sick.
    pub away: u32,
    /// Duties by first slot.
    pub duties: Vec<Duty>,
    /// What it does in each slot.
    pub activities: Vec<Activity>,
    /// Work in the cycle, minutes, ways counted.
    pub work_minutes: u32,
}

/// Seats of one contingent by slot: the `p_cs` of a protection problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContingentSeats {
    /// Its id.
    pub id: String,
    /// Persons on duty in each slot.
    pub seats: Vec<u32>,
    /// Persons on duty in the leanest slot of each kind, by the kind's number; 0 for a kind without
    /// a slot. Empty where the problem has no kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<u32>,
}

/// Demand that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncovered {
    /// Id of the contingent.
    pub contingent: String,
    /// The slot.
    pub slot: u32,
    /// Seats wanted.
    pub wanted: u32,
    /// Persons on duty.
    pub on_duty: u32,
    /// Persons of all its sections that are not on leave in this slot: where this is below what is
    /// wanted, no rules could meet the demand.
    pub present: u32,
}

/// A roster with its bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// [`ROSTER_FORMAT`].
    pub format: String,
    /// How the search ended.
    pub status: Status,
    /// Cost of the seats that stay open: for each, the slot's weight times 4, 3, 2 or 1 for the
    /// first to the last quarter of the demand. Where slots have kinds, each slot counts with the
    /// persons on duty in the leanest slot of its kind.
    pub value: i64,
    /// No roster costs less; in whole numbers, no float enters it.
    pub bound: i64,
    /// `(value - bound) / value`; 0 when the value is 0.
    pub gap: f64,
    /// Seed that was used.
    pub seed: u64,
    /// Hash of the problem.
    pub problem_hash: Digest,
    /// One entry per section, in the problem's order.
    pub sections: Vec<SectionRoster>,
    /// One entry per contingent, in the problem's order.
    pub seats: Vec<ContingentSeats>,
    /// Demand that is not met, by contingent and slot.
    pub uncovered: Vec<Uncovered>,
    /// The whole problem.
    pub problem: RosterData,
}

impl Roster {
    /// The file's bytes: JSON and a line feed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("texts, whole numbers and a finite float are JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// Makes a roster. Contingents are solved one by one: no rule joins them.
pub fn roster(problem: &Problem, options: &Options, watch: &Watch<'_>) -> Roster {
    let data = problem.data();
    // Streams by rank of the id, so that the order of contingents changes nothing.
    let mut ranked: Vec<usize> = (0..data.contingents.len()).collect();
    ranked.sort_unstable_by_key(|&c| &data.contingents[c].id);
    let mut patterns = vec![Vec::new(); data.sections.len()];
    let (mut value, mut bound, mut stopped) = (0, 0, false);
    for (rank, &contingent) in (0u64..).zip(&ranked) {
        let solved = solve(problem, contingent, options, &mut seeded(options.seed, rank), watch);
        value += solved.value;
        bound += solved.bound;
        stopped |= solved.stopped;
        for (ix, pattern) in solved.patterns {
            patterns[ix] = pattern;
        }
    }
    let seats = seats(problem, &patterns);
    Roster {
        format: ROSTER_FORMAT.to_owned(),
        status: match value == bound {
            true => Status::Optimal,
            false if stopped => Status::LimitReached,
            false => Status::Gap,
        },
        value,
        bound,
        gap: if value > 0 { (value - bound) as f64 / value as f64 } else { 0.0 },
        seed: options.seed,
        problem_hash: problem.hash(),
        sections: (0..patterns.len()).map(|ix| section_roster(problem, ix, &patterns[ix])).collect(),
        uncovered: uncovered(problem, &seats),
        seats,
        problem: data.clone(),
    }
}

fn seats(problem: &Problem, patterns: &[Vec<bool>]) -> Vec<ContingentSeats> {
    let data = problem.data();
    let mut seats: Vec<ContingentSeats> = data
        .contingents
        .iter()
        .map(|contingent| {
            let id = contingent.id.clone();
            ContingentSeats { id, seats: vec![0; problem.slots()], kinds: Vec::new() }
        })
        .collect();
    for (section, pattern) in data.sections.iter().zip(patterns) {
        let list = &mut seats[section.contingent as usize].seats;
        for (seats, _) in list.iter_mut().zip(pattern).filter(|(_, on)| **on) {
            *seats += problem.seats(section);
        }
    }
    if !data.kinds.is_empty() {
        let kinds = problem.slots_by_kind();
        for list in &mut seats {
            let least = |slots: &Vec<usize>| slots.iter().map(|&slot| list.seats[slot]).min().unwrap_or(0);
            list.kinds = kinds.iter().map(least).collect();
        }
    }
    seats
}

fn uncovered(problem: &Problem, seats: &[ContingentSeats]) -> Vec<Uncovered> {
    let data = problem.data();
    let mut list = Vec::new();
    for (c, contingent) in data.contingents.iter().enumerate() {
        for (slot, (&wanted, &on_duty)) in (0u32..).zip(contingent.demand.iter().zip(&seats[c].seats)) {
            if on_duty < wanted {
                let members = data.sections.iter().filter(|section| section.contingent as usize == c);
                let present = members.filter(|s| s.leave.binary_search(&slot).is_err()).map(|s| problem.seats(s));
                let present = present.sum();
                list.push(Uncovered { contingent: contingent.id.clone(), slot, wanted, on_duty, present });
            }
        }
    }
    list
}

fn section_roster(problem: &Problem, ix: usize, pattern: &[bool]) -> SectionRoster {
    let section = &problem.data().sections[ix];
    let slots = pattern.len();
    let before = |slot: usize| pattern[(slot + slots - 1) % slots];
    let length = |slot: usize| (0..slots).take_while(|step| pattern[(slot + step) % slots]).count();
    let index = |count: usize| u32::try_from(count).expect("slots fit 32 bits");
    let starts = (0..slots).filter(|&slot| pattern[slot] && !before(slot));
    let duties: Vec<Duty> = starts.map(|slot| Duty { slot: index(slot), slots: index(length(slot)) }).collect();
    let mut activities: Vec<Activity> =
        pattern.iter().map(|&on| if on { Activity::Duty } else { Activity::Rest }).collect();
    let way = section.travel_minutes.div_ceil(problem.data().slot_minutes) as usize;
    for duty in &duties {
        let (first, after) = (duty.slot as usize, (duty.slot + duty.slots) as usize);
        for step in 0..way {
            for slot in [(first + slots - 1 - step % slots) % slots, (after + step) % slots] {
                if activities[slot] == Activity::Rest {
                    activities[slot] = Activity::Travel;
                }
            }
        }
    }
    for &slot in &section.leave {
        activities[slot as usize] = Activity::Leave;
    }
    let on: u32 = duties.iter().map(|duty| duty.slots * problem.data().slot_minutes).sum();
    SectionRoster {
        id: section.id.clone(),
        seats: problem.seats(section),
        away: section.persons - problem.seats(section),
        work_minutes: on + index(duties.len()) * 2 * section.travel_minutes,
        duties,
        activities,
    }
}

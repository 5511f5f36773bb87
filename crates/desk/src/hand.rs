//! Plans made by hand: a table of who stands where, read with the place of every mistake, and scored by the evaluator
//! that plans are scored by.

pub(crate) mod places;
pub(crate) mod shares;
pub(crate) mod table;
pub(crate) mod week;

use crate::study::without_demands;
use konbit_mission::Mission;
use konbit_protect::{Evaluation, EvaluationError, PROBABILITY_DENOMINATOR, Problem, ProblemData, Schedule, evaluate};
use places::{Kind, PLACES, Place, Places, misplaced};
use shares::{Share, whole_shares};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use table::{Faults, HandFault, Row, Table, count, quoted};

/// Most schedules in a table.
pub(crate) const HAND_SCHEDULES_MAX: usize = 3_000;

/// A plan made by hand, in the indices of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandPlan {
    /// The schedules; probabilities sum to the denominator exactly.
    pub schedules: Vec<Schedule>,
    /// What the table calls each of them.
    pub names: Vec<String>,
}

/// A rule that a plan made by hand breaks. It is scored all the same, so that it can be seen what it would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    /// More people on duty than there are.
    Seats {
        /// The schedule's name.
        schedule: String,
        /// Seats it takes.
        needed: u64,
        /// Seats there are.
        available: u32,
    },
    /// A mandatory post that does not stand in every schedule.
    Missing {
        /// Index of the site.
        site: usize,
        /// Schedules without it.
        schedules: usize,
    },
    /// More forces at a base than it takes.
    Forces {
        /// The schedule's name.
        schedule: String,
        /// Index of the base.
        base: usize,
        /// Forces there.
        count: u32,
        /// Most forces there.
        most: u32,
    },
}

/// A plan made by hand, scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What it gives, with the floors that are not met.
    pub evaluation: Evaluation,
    /// What else stands in its way; empty for a plan that can be used.
    pub breaches: Vec<Breach>,
}

/// Where the columns stand.
struct Columns {
    schedule: Option<usize>,
    probability: Option<usize>,
    kind: Option<usize>,
    count: Option<usize>,
    places: Vec<usize>,
}

struct Draft {
    name: String,
    share: Share,
    posts: BTreeSet<u32>,
    forces: BTreeMap<u32, u32>,
}

/// Reads a table: `schedule,probability,place,kind,count`, or only `site` for one schedule that always stands. A place
/// is the id of a site or base, or its name where only one is called so.
pub fn read_hand(mission: &Mission, problem: &ProblemData, bytes: &[u8]) -> Result<HandPlan, Vec<HandFault>> {
    let table = Table::read(bytes)?;
    let columns = Columns {
        schedule: table.column("schedule"),
        probability: table.column("probability"),
        kind: table.column("kind"),
        count: table.column("count"),
        places: table.columns(&PLACES)?,
    };
    let sites = problem.sites.iter().map(|site| site.id.as_str());
    let places = Places::new(mission, sites, problem.bases.iter().map(|base| base.id.as_str()));
    let mut faults = Faults::default();
    let mut drafts: Vec<Draft> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for row in table.rows() {
        let name = Some(row.cell(columns.schedule)).filter(|name| !name.is_empty()).unwrap_or("1").to_owned();
        let known = drafts.len();
        let at = *by_name.entry(name.clone()).or_insert(known);
        if at == known {
            if known >= HAND_SCHEDULES_MAX {
                let message = format!("the table has more than {HAND_SCHEDULES_MAX} schedules; merge some");
                return Err(Faults::whole(message));
            }
            drafts.push(Draft { name, share: Share::default(), posts: BTreeSet::new(), forces: BTreeMap::new() });
        }
        let draft = &mut drafts[at];
        draft.share.read(row.number, row.cell(columns.probability), &draft.name, &mut faults);
        draft.put(&row, &columns, &places, &mut faults);
        if faults.are_many() {
            break;
        }
    }
    finish(drafts, faults)
}

impl Draft {
    /// What a row places.
    fn put(&mut self, row: &Row<'_>, columns: &Columns, places: &Places<'_>, faults: &mut Faults) {
        let text = row.first(&columns.places);
        if text.is_empty() {
            return;
        }
        let mut fault = |column, message| faults.put(row.number, column, message);
        let kind = match Kind::read(row.cell(columns.kind), &[Kind::Post, Kind::Force]) {
            Ok(kind) => kind,
            Err(why) => return fault("kind", why),
        };
        let number = match count(row.cell(columns.count)) {
            Ok(number) => number,
            Err(why) => return fault("count", why),
        };
        match places.find(text, kind) {
            Err(why) => fault("place", why),
            Ok(place) if kind.is_some_and(|kind| kind != place.kind()) => fault("kind", misplaced(text, place)),
            Ok(Place::Site(_)) if number != 1 => {
                fault("count", "a site has one post or none; leave the count out or write 1".to_owned());
            }
            Ok(Place::Site(site)) => {
                if !self.posts.insert(site) {
                    fault("place", format!("{text:?} stands in schedule {:?} twice; keep one", self.name));
                }
            }
            Ok(Place::Base(base)) => *self.forces.entry(base).or_default() += number,
            Ok(Place::Patrol(_)) => unreachable!("a plan of one slot has no patrols"),
        }
    }
}

fn finish(drafts: Vec<Draft>, mut faults: Faults) -> Result<HandPlan, Vec<HandFault>> {
    if drafts.is_empty() && faults.count() == 0 {
        faults.put(0, "", "the table has no rows below its head; add at least one".to_owned());
    }
    let shares: Vec<(&str, Share)> = drafts.iter().map(|draft| (draft.name.as_str(), draft.share)).collect();
    let probabilities = if shares.is_empty() { Vec::new() } else { whole_shares(&shares, "", &mut faults) };
    faults.or(|| {
        let names = drafts.iter().map(|draft| draft.name.clone()).collect();
        let schedules = drafts.into_iter().zip(probabilities).map(|(draft, probability)| Schedule {
            probability,
            posts: draft.posts.into_iter().collect(),
            forces: draft.forces.into_iter().collect(),
        });
        HandPlan { schedules: schedules.collect(), names }
    })
}

/// Scores a plan made by hand under a problem, whatever rules it breaks.
pub fn score(problem: &Problem, plan: &HandPlan) -> Result<Scored, EvaluationError> {
    let evaluation = evaluate(&without_demands(problem), &plan.schedules)?;
    Ok(Scored { evaluation, breaches: breaches(problem, plan) })
}

fn breaches(problem: &Problem, plan: &HandPlan) -> Vec<Breach> {
    let data = problem.data();
    let mut found = Vec::new();
    for (ix, _) in (0u32..).zip(&data.sites).filter(|(_, site)| site.mandatory) {
        let schedules = plan.schedules.iter().filter(|schedule| schedule.posts.binary_search(&ix).is_err()).count();
        if schedules > 0 {
            found.push(Breach::Missing { site: ix as usize, schedules });
        }
    }
    for (schedule, name) in plan.schedules.iter().zip(&plan.names) {
        let posts: u64 = schedule.posts.iter().map(|&i| u64::from(data.sites[i as usize].seats)).sum();
        let mut needed = posts;
        for &(ix, count) in &schedule.forces {
            let base = &data.bases[ix as usize];
            needed += u64::from(count) * u64::from(base.seats);
            if count > base.forces_max {
                let (schedule, most) = (name.clone(), base.forces_max);
                found.push(Breach::Forces { schedule, base: ix as usize, count, most });
            }
        }
        if needed > u64::from(problem.seats()) {
            found.push(Breach::Seats { schedule: name.clone(), needed, available: problem.seats() });
        }
    }
    found
}

/// A breach in words.
pub fn breach_words(mission: &Mission, problem: &ProblemData, breach: &Breach) -> String {
    let site = |ix: usize| {
        let id = problem.sites[ix].id.as_str();
        mission.sites.get(id).map_or_else(|| id.to_owned(), |site| format!("{} ({id})", site.value.name))
    };
    let base = |ix: usize| {
        let id = problem.bases[ix].id.as_str();
        mission.bases.get(id).map_or_else(|| id.to_owned(), |base| format!("{} ({id})", base.value.name))
    };
    match breach {
        Breach::Seats { schedule, needed, available } => {
            format!("schedule {schedule:?} takes {needed} people on duty; there are {available}")
        }
        Breach::Missing { site: ix, schedules } => {
            format!("no post stands at {}, where one is mandatory, in {schedules} of the schedules", site(*ix))
        }
        Breach::Forces { schedule, base: ix, count, most } => {
            format!("schedule {schedule:?} has {count} reaction forces at {}; it takes {most}", base(*ix))
        }
    }
}

/// Schedules as a table to start from: it is read back by [`read_hand`]. The last column only names the place.
pub fn hand_csv(mission: &Mission, problem: &ProblemData, schedules: &[Schedule]) -> String {
    let mut out = String::from("schedule,probability,place,kind,count,name\n");
    for (number, schedule) in schedules.iter().enumerate() {
        let head = format!("{},{:.9}", number + 1, schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64);
        for &ix in &schedule.posts {
            let id = problem.sites[ix as usize].id.as_str();
            let name = mission.sites.get(id).map_or("", |site| site.value.name.as_str());
            let _ = writeln!(out, "{head},{},post,1,{}", quoted(id), quoted(name));
        }
        for &(ix, count) in &schedule.forces {
            let id = problem.bases[ix as usize].id.as_str();
            let name = mission.bases.get(id).map_or("", |base| base.value.name.as_str());
            let _ = writeln!(out, "{head},{},force,{count},{}", quoted(id), quoted(name));
        }
        if schedule.posts.is_empty() && schedule.forces.is_empty() {
            let _ = writeln!(out, "{head},,,,");
        }
    }
    out
}

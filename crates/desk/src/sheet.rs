//! Who does what in a slot: the sections on duty, their tasks and the ways there, and what to do when
//! one falls out.

use crate::draw::DrawnSlot;
use crate::manning::{Crew, Job, Part, man};
use crate::sheet_ways::{Stood, Ways};
use crate::week_words::{base_name, task_words};
use crate::{Desk, WeekView, patrol_of};
use jiff::civil::DateTime;
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::draws::UnitTask;
use konbit_protect::{Route, Task, Week, WeekData, WeekSchedule, next_best};
use konbit_roster::Activity;
use serde::Serialize;
use std::collections::BTreeMap;

/// Alternatives that a sheet offers for each task.
const INSTEAD_MAX: usize = 3;

/// Farthest that an alternative lies from the task that falls out, metres, great circle: about an hour's
/// drive. A judgement.
pub const INSTEAD_METRES_MAX: f64 = 25_000.0;

/// Where people are before a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayFrom {
    /// At the base they live at.
    Base(String),
    /// At a task of their section in the slot before.
    Task(UnitTask),
}

/// The way of people to their task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetWay {
    /// Where they are before.
    pub from: WayFrom,
    /// Minutes to the task, of a patrol to where it starts: what eight trips in ten keep to by road, by
    /// the great circle where a place has no road near it. `None`: no road leads there.
    pub minutes: Option<u32>,
    /// Minutes of it that the roster counts as work: none for people who are on duty already, since
    /// they move while the slot runs.
    pub rostered_minutes: u32,
    /// Minutes back to the base, for those whose duty ends with the slot. `None`: it does not, or no road
    /// leads there.
    pub back_minutes: Option<u32>,
}

impl SheetWay {
    /// Whether it takes longer than the roster counts.
    pub fn is_longer(&self) -> bool {
        self.minutes.is_none_or(|minutes| minutes > self.rostered_minutes)
    }
}

/// A task of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetTask {
    /// What.
    pub task: UnitTask,
    /// People of this section.
    pub persons: u32,
    /// From where they come, and how long it takes; `None` where the mission has no position for it.
    pub way: Option<SheetWay>,
    /// For a patrol: site, minute of arrival and of departure, counted from the slot's beginning.
    pub stops: Vec<(String, u32, u32)>,
    /// What to do when it falls out, within [`INSTEAD_METRES_MAX`], best first, with the persons harmed a week that it would save if
    /// it were done in every slot of this kind.
    pub instead: Vec<(UnitTask, f64)>,
}

/// A section in a slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionDuty {
    /// The section.
    pub section: String,
    /// Its contingent.
    pub contingent: String,
    /// The base it leaves from.
    pub base: String,
    /// People on duty.
    pub persons: u32,
    /// Minutes that the roster counts for its way to a post, each way.
    pub rostered_minutes: u32,
    /// What they do; those for whom there is nothing stand by.
    pub tasks: Vec<SheetTask>,
    /// People who stand by.
    pub standing_by: u32,
}

/// The sheet of one slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotSheet {
    /// When the slot begins, local time.
    pub begins: DateTime,
    /// When it ends, local time.
    pub ends: DateTime,
    /// Kind of slot.
    pub kind: String,
    /// The sections on duty.
    pub sections: Vec<SectionDuty>,
    /// Tasks for which the sections on duty have too few people, and how many are missing. Empty
    /// unless somebody called in people that the roster does not have.
    pub unmanned: Vec<(UnitTask, u32)>,
    /// What to know about the ways on it, as sentences without a full stop.
    pub notes: Vec<String>,
}

impl Desk {
    /// The sheet of a slot that was drawn for: who, where, how they get there, and the next best duty.
    ///
    /// Sections are given the tasks of their contingent at least travel, from where they are before: at
    /// their base, or at what they did in the slot before, which is worked out from the draws of this day
    /// and the day before it. What a contingent may not do, the schedule does not ask of it.
    pub fn sheet(&self, mission: &Mission, slot: &DrawnSlot) -> SlotSheet {
        let ends = slot.draw.end.to_zoned_datetime(crate::zone(mission, self.config())).datetime();
        let stood = self.stood(mission, slot);
        let ways = self.ways(mission, slot, &stood);
        let mut held = Manned::default();
        for at in &stood {
            let now = manned(mission, &slot.plan, at, &held, &ways);
            held = now;
        }
        let begins = stood.last().map_or(ends, |at| at.begins);
        let notes = notes(mission, &held, &ways);
        let mut sheet = SlotSheet {
            begins,
            ends,
            kind: slot.draw.slot.clone(),
            sections: held.sections,
            unmanned: held.unmanned,
            notes,
        };
        add_instead(mission, slot, &mut sheet);
        sheet
    }
}

/// Sections on duty with their tasks.
#[derive(Default)]
struct Manned {
    sections: Vec<SectionDuty>,
    unmanned: Vec<(UnitTask, u32)>,
}

/// A task of a schedule: whose, what, people, and of a patrol the stops.
struct Asked {
    contingent: u32,
    task: UnitTask,
    seats: u32,
    stops: Vec<(String, u32, u32)>,
}

/// The sections on duty in a slot with the tasks of its schedule, after those `before` it.
fn manned(mission: &Mission, plan: &WeekView, at: &Stood, before: &Manned, ways: &Ways) -> Manned {
    let data = &plan.document.problem;
    let mut all = Manned::default();
    let asked = asked(data, &at.stands);
    for (number, crew) in (0u32..).zip(&data.contingents) {
        let own: Vec<&Asked> = asked.iter().filter(|asked| asked.contingent == number).collect();
        let mut sections = on_duty(plan, &crew.id, at.place);
        let (crews, starts) = crews(mission, &sections, before, ways);
        let job = |asked: &&Asked| Job { seats: asked.seats, place: ways.place(place(mission, &asked.task)) };
        let jobs: Vec<Job> = own.iter().map(job).collect();
        let (parts, open) = man(&crews, &jobs, &|from, to| ways.minutes(from, to, at.night));
        for Part { crew, job, persons } in parts {
            let section = &mut sections[crew];
            section.standing_by -= persons;
            let way = way(section, &starts[crew], jobs[job].place, ways, at);
            let asked = own[job];
            let (task, stops) = (asked.task.clone(), asked.stops.clone());
            section.tasks.push(SheetTask { task, persons, way, stops, instead: Vec::new() });
        }
        for section in &mut sections {
            // Where most of them are, first.
            section.tasks.sort_by(|a, b| b.persons.cmp(&a.persons).then_with(|| a.task.cmp(&b.task)));
        }
        all.unmanned.extend(open.into_iter().map(|(job, missing)| (own[job].task.clone(), missing)));
        all.sections.append(&mut sections);
    }
    all
}

/// Places where a section is before a slot, the base last.
type Starts = Vec<(WayFrom, usize)>;

/// The sections as those who man tasks, with the places where each is before.
fn crews(mission: &Mission, sections: &[SectionDuty], before: &Manned, ways: &Ways) -> (Vec<Crew>, Vec<Starts>) {
    let base = |id: &str| mission.bases.get(id).map(|base| base.value.position);
    let starts = |section: &SectionDuty| -> Starts {
        let held = before.sections.iter().find(|held| held.section == section.section);
        let tasks = held.into_iter().flat_map(|held| &held.tasks);
        let tasks = tasks.map(|held| (WayFrom::Task(held.task.clone()), ways.place(place(mission, &held.task))));
        let mut starts: Starts = tasks.collect();
        // Those without a task stand by at the base.
        if held.is_none_or(|held| held.standing_by > 0) {
            starts.push((WayFrom::Base(section.base.clone()), ways.place(base(&section.base))));
        }
        starts
    };
    let starts: Vec<Starts> = sections.iter().map(starts).collect();
    let crew = |(section, starts): (&SectionDuty, &Starts)| Crew {
        persons: section.persons,
        starts: starts.iter().map(|(_, place)| *place).collect(),
    };
    (sections.iter().zip(&starts).map(crew).collect(), starts)
}

/// The way of a section's people to a task, from the nearest place where some of it are.
fn way(section: &SectionDuty, starts: &Starts, to: usize, ways: &Ways, at: &Stood) -> Option<SheetWay> {
    let known = |place: usize| ways.is_known(place).then_some(place);
    let to = known(to)?;
    let near = starts.iter().filter(|(_, place)| ways.is_known(*place));
    let (from, place) = near.min_by_key(|(_, place)| ways.minutes(*place, to, at.night))?;
    let is_moved = matches!(from, WayFrom::Task(_));
    let ends = at.ends_duty.contains(&section.section);
    let back = ends.then(|| known(ways.base(&section.base))).flatten();
    Some(SheetWay {
        from: from.clone(),
        minutes: ways.known_minutes(*place, to, at.night),
        rostered_minutes: if is_moved { 0 } else { section.rostered_minutes },
        back_minutes: back.and_then(|base| ways.known_minutes(to, base, at.night)),
    })
}

/// The sections of a contingent that are on duty in a slot of the week.
fn on_duty(plan: &WeekView, contingent: &str, place: Option<usize>) -> Vec<SectionDuty> {
    let roster = &plan.roster;
    let sections = roster.sections.iter().zip(&roster.problem.sections);
    let mine = sections.filter(|(week, section)| {
        roster.problem.contingents[section.contingent as usize].id == contingent
            && place.and_then(|place| week.activities.get(place)) == Some(&Activity::Duty)
    });
    let duty = |(week, section): (&konbit_roster::SectionRoster, &konbit_roster::Section)| SectionDuty {
        section: week.id.clone(),
        contingent: contingent.to_owned(),
        base: section.base.clone(),
        persons: week.seats,
        rostered_minutes: section.travel_minutes,
        tasks: Vec::new(),
        standing_by: week.seats,
    };
    mine.map(duty).collect()
}

/// The tasks of a schedule.
fn asked(data: &WeekData, stands: &WeekSchedule) -> Vec<Asked> {
    let mut all = Vec::new();
    let mut put = |task: Task, contingent: u32, seats: u32, stops: Vec<(String, u32, u32)>| {
        if let Some(task) = unit_task(data, &stands.routes, task) {
            all.push(Asked { contingent, task, seats, stops });
        }
    };
    for &(site, contingent) in &stands.posts {
        put(Task::Post(site), contingent, data.sites[site as usize].seats, Vec::new());
    }
    for &(base, contingent) in &stands.forces {
        put(Task::Force(base), contingent, data.bases[base as usize].seats, Vec::new());
    }
    for (number, route) in stands.routes.iter().enumerate() {
        let stops = route.stops.iter().map(|&(site, from, until)| (data.sites[site as usize].id.clone(), from, until));
        put(Task::Route(number), route.contingent, data.areas[route.area as usize].seats, stops.collect());
    }
    all.sort_by(|a, b| a.task.cmp(&b.task));
    all
}

/// What is done in a schedule.
pub(crate) fn drawn_tasks(data: &WeekData, stands: &WeekSchedule) -> Vec<UnitTask> {
    asked(data, stands).into_iter().map(|asked| asked.task).collect()
}

/// What to do instead of each task, by the certificate of the plan.
fn add_instead(mission: &Mission, slot: &DrawnSlot, sheet: &mut SlotSheet) {
    let (data, stands) = (&slot.plan.document.problem, &slot.stands);
    let Some(certificate) = slot.plan.document.certificate.as_ref() else { return };
    let Ok(week) = Week::new(data.clone()) else { return };
    let mut instead: BTreeMap<(String, UnitTask), Vec<(UnitTask, f64)>> = BTreeMap::new();
    for next in next_best(&week, certificate, slot.kind, stands, usize::MAX) {
        let Some(lost) = unit_task(data, &stands.routes, next.lost) else { continue };
        let from = place(mission, &lost);
        let near = |task: &UnitTask| match (from, place(mission, task)) {
            (Some(from), Some(to)) => from.distance_m(to) <= INSTEAD_METRES_MAX,
            _ => false,
        };
        let named = next.instead.iter().filter_map(|(task, saved)| {
            unit_task(data, &stands.routes, *task).filter(|task| near(task)).map(|task| (task, *saved))
        });
        let crew = data.contingents[next.contingent as usize].id.clone();
        instead.insert((crew, lost), named.take(INSTEAD_MAX).collect());
    }
    for section in &mut sheet.sections {
        for held in &mut section.tasks {
            let key = (section.contingent.clone(), held.task.clone());
            held.instead = instead.get(&key).cloned().unwrap_or_default();
        }
    }
}

/// What to know about the ways: what they rest on, from where sections are counted, which are longer
/// than the roster counts.
fn notes(mission: &Mission, held: &Manned, ways: &Ways) -> Vec<String> {
    let mut notes = vec![ways.basis.clone()];
    let mut bases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for section in &held.sections {
        let list = bases.entry(&section.contingent).or_default();
        if !list.contains(&section.base.as_str()) {
            list.push(&section.base);
        }
    }
    for (contingent, bases) in bases.iter().filter(|(_, bases)| bases.len() == 1) {
        let base = base_name(mission, bases[0]);
        notes.push(format!(
            "every section of {contingent} is counted from {base}, where it lives by the figures of the week"
        ));
    }
    let all = held.sections.iter().flat_map(|section| section.tasks.iter().map(move |task| (section, task)));
    let all: Vec<_> = all.filter_map(|(section, task)| Some((section, task, task.way.as_ref()?))).collect();
    // People who are on duty already go on while the slot runs, and no way from a base is counted for them.
    let (moves, ways): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, _, way)| matches!(way.from, WayFrom::Task(_)));
    let longest = |list: &[(&SectionDuty, &SheetTask, &SheetWay)]| {
        let (section, task, way) = list.iter().max_by_key(|(_, _, way)| way.minutes.unwrap_or(u32::MAX))?;
        let minutes =
            way.minutes.map_or_else(|| "no road leads there".to_owned(), |minutes| format!("{minutes} minutes"));
        Some(format!("that of {} to the {}: {minutes}", section.section, task_words(mission, &task.task)))
    };
    let count = ways.len();
    let longer: Vec<_> = ways.into_iter().filter(|(_, _, way)| way.is_longer()).collect();
    notes.push(match longest(&longer) {
        Some(words) => format!(
            "{} of {count} ways from a base are longer than the roster counts; the longest is {words}",
            longer.len()
        ),
        None => format!("none of {count} ways from a base is longer than the roster counts"),
    });
    let moves: Vec<_> = moves.into_iter().filter(|(_, _, way)| way.is_longer()).collect();
    notes.extend(longest(&moves).map(|words| {
        format!(
            "{} ways go from one task to the next while the slot runs, and their posts are manned when people are there; \
             the longest is {words}",
            moves.len()
        )
    }));
    notes
}

/// Where a task is done: of a patrol, the base it starts from.
pub(crate) fn place(mission: &Mission, task: &UnitTask) -> Option<LatLon> {
    let base = |id: &str| mission.bases.get(id).map(|base| base.value.position);
    match task {
        UnitTask::Post { site } => mission.sites.get(site)?.value.position,
        UnitTask::Force { base: id } => base(id),
        UnitTask::Patrol { patrol, .. } => {
            let figures = mission.week_figures.values().next()?;
            base(figures.patrols.iter().find(|held| held.id.as_str() == patrol)?.base.as_str())
        }
    }
}

/// A task by the ids of the mission's data; `None` for explicit patrol duties, which the mission's
/// data do not make.
fn unit_task(data: &WeekData, routes: &[Route], task: Task) -> Option<UnitTask> {
    Some(match task {
        Task::Post(site) => UnitTask::Post { site: data.sites[site as usize].id.clone() },
        Task::Force(base) => UnitTask::Force { base: data.bases[base as usize].id.clone() },
        Task::Route(number) => UnitTask::Patrol {
            patrol: patrol_of(&data.areas[routes.get(number)?.area as usize].id).to_owned(),
            number: u32::try_from(number).ok()?,
        },
        Task::Duty(_) => return None,
    })
}

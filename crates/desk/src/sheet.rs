//! Who does what in a slot: the sections on duty, their tasks, and what to do when one falls out.

use crate::draw::DrawnSlot;
use crate::{Desk, patrol_of, zone};
use jiff::civil::DateTime;
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::draws::UnitTask;
use konbit_protect::{Route, Task, Week, WeekData, next_best};
use konbit_roster::Activity;
use serde::Serialize;

/// Alternatives that a sheet offers for each task.
const INSTEAD_MAX: usize = 3;

/// Farthest that an alternative lies from the task that falls out, metres, great circle: about an hour's
/// drive. A judgement.
pub const INSTEAD_METRES_MAX: f64 = 25_000.0;

/// A task of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetTask {
    /// What.
    pub task: UnitTask,
    /// People of this section.
    pub persons: u32,
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
}

impl Desk {
    /// The sheet of a slot that was drawn for: who, where, and the next best duty.
    pub fn sheet(&self, mission: &Mission, slot: &DrawnSlot) -> SlotSheet {
        let zone = zone(mission, self.config());
        let local = |at: jiff::Timestamp| at.to_zoned_datetime(zone.clone());
        let (begins, ends) = (local(slot.draw.start), local(slot.draw.end));
        let figures = mission.week_figures.values().next();
        let minute = u32::from(begins.hour().unsigned_abs()) * 60 + u32::from(begins.minute().unsigned_abs());
        let place = figures.and_then(|figures| figures.place(begins.weekday(), minute));
        let mut sheet = SlotSheet {
            begins: begins.datetime(),
            ends: ends.datetime(),
            kind: slot.draw.slot.clone(),
            sections: Vec::new(),
            unmanned: Vec::new(),
        };
        let mut tasks = tasks(mission, slot);
        let data = &slot.plan.document.problem;
        for (number, crew) in (0u32..).zip(&data.contingents) {
            let mut own: Vec<(SheetTask, u32)> = Vec::new();
            tasks.retain(|(contingent, task, seats)| {
                let mine = *contingent == number;
                if mine {
                    own.push((task.clone(), *seats));
                }
                !mine
            });
            // The largest first, so that few are split between sections.
            own.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.task.cmp(&b.0.task)));
            let mut sections = on_duty(slot, &crew.id, place);
            assign(&mut sections, own, &mut sheet.unmanned);
            sheet.sections.append(&mut sections);
        }
        sheet
    }
}

/// The sections of a contingent that are on duty in a slot of the week.
fn on_duty(slot: &DrawnSlot, contingent: &str, place: Option<usize>) -> Vec<SectionDuty> {
    let roster = &slot.plan.roster;
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
        tasks: Vec::new(),
        standing_by: week.seats,
    };
    mine.map(duty).collect()
}

/// Gives each task to the section with the fewest people to spare that can take it whole; where none
/// can, to several, the freest first.
fn assign(sections: &mut [SectionDuty], tasks: Vec<(SheetTask, u32)>, unmanned: &mut Vec<(UnitTask, u32)>) {
    for (task, seats) in tasks {
        let whole = sections
            .iter_mut()
            .filter(|section| section.standing_by >= seats)
            .min_by_key(|section| section.standing_by);
        if let Some(section) = whole {
            section.standing_by -= seats;
            section.tasks.push(SheetTask { persons: seats, ..task });
            continue;
        }
        let mut left = seats;
        while left > 0 {
            // The first of equals, so that the sheet is the same each time.
            let most = sections.iter().map(|section| section.standing_by).max().unwrap_or(0);
            let Some(section) = sections.iter_mut().find(|section| most > 0 && section.standing_by == most) else {
                unmanned.push((task.task.clone(), left));
                break;
            };
            let persons = section.standing_by.min(left);
            section.standing_by -= persons;
            left -= persons;
            section.tasks.push(SheetTask { persons, ..task.clone() });
        }
    }
}

/// The tasks of the schedule that stands: contingent, task, seats.
fn tasks(mission: &Mission, slot: &DrawnSlot) -> Vec<(u32, SheetTask, u32)> {
    let (data, stands) = (&slot.plan.document.problem, &slot.stands);
    let certificate = slot.plan.document.certificate.as_ref();
    let week = Week::new(data.clone()).ok();
    let alternatives =
        week.zip(certificate).map(|(week, certificate)| next_best(&week, certificate, slot.kind, stands, usize::MAX));
    let instead = |task: Task, contingent: u32| -> Vec<(UnitTask, f64)> {
        let found = alternatives.iter().flatten().find(|next| next.lost == task && next.contingent == contingent);
        let from = unit_task(data, &stands.routes, task).and_then(|task| place(mission, &task));
        let near = |task: &UnitTask| match (from, place(mission, task)) {
            (Some(from), Some(to)) => from.distance_m(to) <= INSTEAD_METRES_MAX,
            _ => false,
        };
        let named = found.into_iter().flat_map(|next| &next.instead).filter_map(|(task, saved)| {
            unit_task(data, &stands.routes, *task).filter(|task| near(task)).map(|task| (task, *saved))
        });
        named.take(INSTEAD_MAX).collect()
    };
    let mut all = Vec::new();
    let mut put = |task: Task, contingent: u32, seats: u32, stops: Vec<(String, u32, u32)>| {
        if let Some(named) = unit_task(data, &stands.routes, task) {
            let sheet = SheetTask { task: named, persons: seats, stops, instead: instead(task, contingent) };
            all.push((contingent, sheet, seats));
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
    all
}

/// Where a task is done: of a patrol, the base it starts from.
fn place(mission: &Mission, task: &UnitTask) -> Option<LatLon> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: &str, persons: u32) -> SectionDuty {
        SectionDuty {
            section: id.to_owned(),
            contingent: "c".to_owned(),
            base: "b".to_owned(),
            persons,
            tasks: Vec::new(),
            standing_by: persons,
        }
    }

    fn check(sections: &[u32], tasks: &[u32], expect: &str) {
        let mut duty: Vec<SectionDuty> =
            sections.iter().enumerate().map(|(ix, persons)| section(&format!("s{ix}"), *persons)).collect();
        let task = |(ix, seats): (usize, &u32)| {
            let task = UnitTask::Post { site: format!("t{ix}") };
            (SheetTask { task, persons: *seats, stops: Vec::new(), instead: Vec::new() }, *seats)
        };
        let mut unmanned = Vec::new();
        assign(&mut duty, tasks.iter().enumerate().map(task).collect(), &mut unmanned);
        let site = |task: &UnitTask| if let UnitTask::Post { site } = task { site.clone() } else { String::new() };
        let one = |duty: &SectionDuty| {
            let tasks: Vec<String> =
                duty.tasks.iter().map(|task| format!("{}*{}", site(&task.task), task.persons)).collect();
            format!("{}:{}+{}", duty.section, tasks.join(","), duty.standing_by)
        };
        let mut got: Vec<String> = duty.iter().map(one).collect();
        got.extend(unmanned.iter().map(|(task, left)| format!("open:{}*{left}", site(task))));
        assert_eq!(got.join(" "), expect);
        for duty in &duty {
            assert_eq!(duty.persons, duty.standing_by + duty.tasks.iter().map(|task| task.persons).sum::<u32>());
        }
    }

    #[test]
    fn a_task_goes_whole_to_the_section_it_fits_best_and_is_split_only_where_none_can() {
        check(&[10, 10], &[8, 4], "s0:t0*8+2 s1:t1*4+6");
        check(&[10, 6], &[6, 4], "s0:t1*4+6 s1:t0*6+0");
        check(&[10, 10], &[16], "s0:t0*10+0 s1:t0*6+4");
        check(&[10], &[16], "s0:t0*10+0 open:t0*6");
        check(&[], &[4], "open:t0*4");
        check(&[5], &[], "s0:+5");
    }
}

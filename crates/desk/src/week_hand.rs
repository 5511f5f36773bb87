//! A plan of the week made by hand, scored: what it gives, which rules it breaks, and how it differs from another.

use crate::hand::table::quoted;
use crate::hand::week::{WeekHandPlan, crew_name, patrol_name, slot_name};
use crate::week::patrol_of;
use crate::week_summary::{GroupSummary, group_summaries};
use crate::week_words::{base_name, site_name};
use crate::{Desk, DeskError, Moment, PrepareError, WeekView};
use konbit_mission::Mission;
use konbit_mission::week::WeekAssumptions;
use konbit_protect::{
    BrokenRule, PROBABILITY_DENOMINATOR, Task, Week, WeekBreach, WeekData, WeekEvaluation, WeekFault, WeekSchedule,
    WeekShort, evaluate_week, score_week,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A way longer than this, in minutes, stands for no way at all: the longest slot is a week.
const NO_WAY_MINUTES: u64 = 10_080;
/// A difference of protection below this is not named.
const DIFFERENCE_LEAST: f64 = 0.01;
/// Differences that the text tells.
const DIFFERENCES_TOLD_MAX: usize = 12;

/// A plan of the week made by hand, scored; ids, shares, and persons harmed a week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekHandScore {
    /// Whether it breaks no rule and meets every floor.
    pub ok: bool,
    /// Expected persons harmed a week.
    pub value: f64,
    /// Of them those by adversaries who do not watch.
    pub forecast_harm: f64,
    /// What each group who watches would choose.
    pub groups: Vec<GroupSummary>,
    /// Rules that it breaks, a sentence each.
    pub breaches: Vec<String>,
    /// Floors that it does not meet.
    pub floors_short: Vec<FloorMissed>,
    /// The plan in force, which it is compared with.
    pub in_force: Option<InForce>,
    /// Sites that the two protect differently by a percentage point or more, the widest first.
    pub differ: Vec<WeekDifference>,
}

/// A floor that is not met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FloorMissed {
    /// Kind of slot.
    pub slot: String,
    /// Site.
    pub site: String,
    /// Protection it gets.
    pub protection: f64,
    /// Protection it must have.
    pub floor: f64,
}

/// The plan in force beside one made by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InForce {
    /// Its id.
    pub plan: String,
    /// Its value.
    pub value: f64,
    /// Its proven bound: no plan of this week with these people goes below.
    pub bound: f64,
}

/// A site that two plans protect differently in a kind of slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekDifference {
    /// Kind of slot.
    pub slot: String,
    /// Site.
    pub site: String,
    /// Protection under the plan in force.
    pub in_force: f64,
    /// Protection under this plan.
    pub own: f64,
}

/// What a plan made by hand is scored under.
#[derive(Debug, Clone)]
pub struct WeekGround {
    /// The problem: that of the plan in force, or where none is, the one that the mission's data make.
    pub week: Week,
    /// The plan in force.
    pub in_force: Option<WeekView>,
}

impl Desk {
    /// What a plan of the week made by hand is scored under.
    ///
    /// # Errors
    /// [`DeskError::Prepare`] where no plan is in force and the mission's data make no problem.
    pub fn week_ground(&self, mission: &Mission, moment: Moment) -> Result<WeekGround, DeskError> {
        let in_force = self.week_in_force(mission)?;
        let week = match &in_force {
            Some(held) => Week::new(held.document.problem.clone()).map_err(PrepareError::from)?,
            None => self.prepare_week(mission, &WeekAssumptions::default(), moment)?.week,
        };
        Ok(WeekGround { week, in_force })
    }
}

/// Scores a plan made by hand, whatever rules it breaks.
///
/// # Errors
/// [`WeekFault`] for what cannot be evaluated at all; a plan of [`crate::read_week_hand`] for this problem can be.
pub fn score_week_hand(
    mission: &Mission,
    ground: &WeekGround,
    plan: &WeekHandPlan,
) -> Result<WeekHandScore, WeekFault> {
    let data = ground.week.data();
    let score = score_week(&ground.week, &plan.schedules)?;
    let own = &score.evaluation;
    let breaches = breach_lines(mission, data, plan, &score.breaches);
    let floor = |short: &WeekShort| FloorMissed {
        slot: data.slots[short.slot].id.clone(),
        site: data.sites[short.site].id.clone(),
        protection: f64::from(short.protection_ppm) / 1e6,
        floor: f64::from(short.floor_ppm) / 1e6,
    };
    let in_force = ground.in_force.as_ref().and_then(|held| {
        let (value, bound) = (held.document.value?, held.document.bound?);
        Some(InForce { plan: held.adopted.value.id.to_string(), value, bound })
    });
    let held =
        ground.in_force.as_ref().map(|held| evaluate_week(&ground.week, &held.document.schedules)).transpose()?;
    Ok(WeekHandScore {
        ok: breaches.is_empty() && own.floors_short.is_empty(),
        value: own.value,
        forecast_harm: own.forecast_harm,
        groups: group_summaries(data, own),
        floors_short: own.floors_short.iter().map(floor).collect(),
        differ: held.map(|held| differences(data, &held, own)).unwrap_or_default(),
        breaches,
        in_force,
    })
}

/// One line for each rule, with the schedules that break it.
fn breach_lines(mission: &Mission, data: &WeekData, plan: &WeekHandPlan, breaches: &[WeekBreach]) -> Vec<String> {
    let figures = mission.week_figures.values().next();
    let mut lines: Vec<(usize, String, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for breach in breaches {
        let words = rule_words(mission, data, &plan.schedules[breach.slot][breach.schedule], &breach.rule);
        let at = *known.entry((breach.slot, words.clone())).or_insert(lines.len());
        if at == lines.len() {
            lines.push((breach.slot, words, Vec::new()));
        }
        if lines[at].2.last() != Some(&breach.schedule) {
            lines[at].2.push(breach.schedule);
        }
    }
    let line = |(slot, words, schedules): (usize, String, Vec<usize>)| {
        let (kind, all) = (slot_name(figures, data, slot), &plan.names[slot]);
        match schedules.as_slice() {
            _ if all.len() == 1 => format!("{kind}: {words}"),
            [one] => format!("{kind}, schedule {:?}: {words}", all[*one]),
            several if several.len() == all.len() => format!("{kind}, every schedule: {words}"),
            several => format!("{kind}, {} of the {} schedules: {words}", several.len(), all.len()),
        }
    };
    lines.into_iter().map(line).collect()
}

/// A rule that is broken, for a reader.
fn rule_words(mission: &Mission, data: &WeekData, schedule: &WeekSchedule, rule: &BrokenRule) -> String {
    let figures = mission.week_figures.values().next();
    let site = |ix: u32| {
        let id = data.sites[ix as usize].id.as_str();
        format!("{} ({id})", site_name(mission, id))
    };
    let base = |ix: u32| {
        let id = data.bases[ix as usize].id.as_str();
        format!("{} ({id})", base_name(mission, id))
    };
    let crew = |ix: u32| crew_name(figures, data, ix);
    let of_area = |ix: u32| patrol_name(figures, &data.areas[ix as usize].id);
    let of_route = |route: usize| of_area(schedule.routes[route].area);
    let patrol = |task: Task| match task {
        Task::Duty(duty) => data.duties[duty as usize].id.as_str(),
        Task::Route(route) => of_route(route),
        Task::Post(_) | Task::Force(_) => unreachable!("posts and forces are no patrols"),
    };
    match *rule {
        BrokenRule::Caveat { contingent, task } => {
            let does = match task {
                Task::Post(ix) => format!("mans the post at {}", site(ix)),
                Task::Force(ix) => format!("keeps a reaction force at {}", base(ix)),
                Task::Duty(_) | Task::Route(_) => format!("does the patrol {}", patrol(task)),
            };
            format!("{} {does}, which it may not in this kind of slot", crew(contingent))
        }
        BrokenRule::Closed { task } => format!("the patrol {} does not go in this kind of slot", patrol(task)),
        BrokenRule::Forces { base: ix, count, most } => {
            format!("{count} reaction forces at {}; it takes {most}", base(ix))
        }
        BrokenRule::Patrols { area, count, most } => {
            format!("{count} patrols of {}; at most {most} are on the road at once", of_area(area))
        }
        BrokenRule::Early { route, site: ix, earliest, .. } if earliest > NO_WAY_MINUTES => {
            format!("the patrol {} comes to {}, and no road leads there", of_route(route), site(ix))
        }
        BrokenRule::Early { route, site: ix, arrival, earliest } => format!(
            "the patrol {} is at {} at minute {arrival}; by road it is not there before minute {earliest}",
            of_route(route),
            site(ix)
        ),
        BrokenRule::Stay { route, site: ix, minutes, allowed: (least, most) } => format!(
            "the patrol {} stays {minutes} minutes at {}; a stay takes {least} to {most}",
            of_route(route),
            site(ix)
        ),
        BrokenRule::Late { route, back, .. } if back > NO_WAY_MINUTES => {
            format!("the patrol {} has no road back to its base", of_route(route))
        }
        BrokenRule::Late { route, back, end } => {
            format!("the patrol {} is back at minute {back}; the slot ends at minute {end}", of_route(route))
        }
        BrokenRule::Seats { contingent, needed, available } => {
            format!("{needed} people of {} have a task; {available} are on duty", crew(contingent))
        }
        BrokenRule::Unposted { site: ix } => format!("no post stands at {}, where one is mandatory", site(ix)),
        BrokenRule::Unvisited { site: ix } => format!("nobody visits {}, where a visit is mandatory", site(ix)),
    }
}

fn differences(data: &WeekData, held: &WeekEvaluation, own: &WeekEvaluation) -> Vec<WeekDifference> {
    let mut list = Vec::new();
    for (slot, (then, now)) in held.protection.iter().zip(&own.protection).enumerate() {
        let pairs =
            then.iter().zip(now).enumerate().filter(|(_, (then, now))| (*now - *then).abs() >= DIFFERENCE_LEAST);
        list.extend(pairs.map(|(site, (&in_force, &own))| WeekDifference {
            slot: data.slots[slot].id.clone(),
            site: data.sites[site].id.clone(),
            in_force,
            own,
        }));
    }
    let width = |difference: &WeekDifference| (difference.own - difference.in_force).abs();
    // Sorting is stable: equals stay in the order of slots and sites.
    list.sort_by(|a, b| width(b).total_cmp(&width(a)));
    list
}

/// A score in plain words, the answer first. `file` is what the plan is called.
pub fn week_hand_text(mission: &Mission, ground: &WeekGround, score: &WeekHandScore, file: &str) -> String {
    let data = ground.week.data();
    let figures = mission.week_figures.values().next();
    let kind = |id: &str| {
        let at = data.slots.iter().position(|slot| slot.id == id);
        at.map_or_else(|| id.to_owned(), |at| slot_name(figures, data, at).to_owned())
    };
    let site = |id: &str| format!("{} ({id})", site_name(mission, id));
    let mut out = format!("{file}: {:.3} persons harmed a week; ", score.value);
    out += &match &score.in_force {
        Some(held) => format!(
            "plan {} in force leaves {:.3}, and no plan of this week with these people goes below {:.3}\n",
            held.plan, held.value, held.bound
        ),
        None => "no plan of the week is in force to compare it with\n".to_owned(),
    };
    let _ = writeln!(out, "{:.3} of them by those who do not watch; by those who watch", score.forecast_harm);
    for group in &score.groups {
        let (slot, place, percent) = (kind(&group.slot), site(&group.site), group.protection * 100.0);
        let _ = writeln!(out, "  {:.3} by {}: in {slot}, at {place}, protection {percent:.1} %", group.harm, group.id);
    }
    for line in &score.breaches {
        let _ = writeln!(out, "stands in its way: {line}");
    }
    for short in &score.floors_short {
        let (slot, place) = (kind(&short.slot), site(&short.site));
        let (got, floor) = (short.protection * 100.0, short.floor * 100.0);
        let _ = writeln!(
            out,
            "stands in its way: {slot}: {got:.1} % of attempts at {place} are stopped, at least {floor:.1} % are demanded"
        );
    }
    if !score.differ.is_empty() {
        let _ = writeln!(out, "sites protected most differently from the plan in force, of {}:", score.differ.len());
    }
    for change in score.differ.iter().take(DIFFERENCES_TOLD_MAX) {
        let (before, after) = (change.in_force * 100.0, change.own * 100.0);
        let _ = writeln!(out, "  {before:>5.1} % -> {after:>5.1} %  {}: {}", kind(&change.slot), site(&change.site));
    }
    out
}

/// A plan of the week as a table to start from: [`crate::read_week_hand`] reads it back to the same schedules. The last
/// column only names the place.
pub fn week_hand_csv(mission: &Mission, data: &WeekData, schedules: &[Vec<WeekSchedule>]) -> String {
    let figures = mission.week_figures.values().next();
    let mut out = String::from("slot,schedule,probability,contingent,kind,place,count,stops,name\n");
    for (slot, list) in data.slots.iter().zip(schedules) {
        for (number, schedule) in list.iter().enumerate() {
            let share = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
            let head = format!("{},{},{share:.9}", quoted(&slot.id), number + 1);
            let mut row = |crew: u32, kind: &str, place: &str, count: usize, stops: &str, name: &str| {
                let crew = quoted(&data.contingents[crew as usize].id);
                let _ =
                    writeln!(out, "{head},{crew},{kind},{},{count},{},{}", quoted(place), quoted(stops), quoted(name));
            };
            for &(ix, crew) in &schedule.posts {
                let id = &data.sites[ix as usize].id;
                row(crew, "post", id, 1, "", site_name(mission, id));
            }
            for forces in schedule.forces.chunk_by(|a, b| a == b) {
                let (ix, crew) = forces[0];
                let id = &data.bases[ix as usize].id;
                row(crew, "force", id, forces.len(), "", base_name(mission, id));
            }
            for &(ix, crew) in &schedule.duties {
                row(crew, "patrol", &data.duties[ix as usize].id, 1, "", "");
            }
            for route in &schedule.routes {
                let stop =
                    |&(site, from, until): &(u32, u32, u32)| format!("{} {from}-{until}", data.sites[site as usize].id);
                let stops: Vec<String> = route.stops.iter().map(stop).collect();
                let area = &data.areas[route.area as usize].id;
                row(route.contingent, "patrol", patrol_of(area), 1, &stops.join("; "), patrol_name(figures, area));
            }
            let empty = schedule.posts.is_empty() && schedule.forces.is_empty();
            if empty && schedule.duties.is_empty() && schedule.routes.is_empty() {
                let _ = writeln!(out, "{head},,,,,,");
            }
        }
    }
    out
}

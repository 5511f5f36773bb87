//! What a plan of the week comes to, in figures and in words: value and bound, what each kind of slot
//! has, what each group who watches would choose, and what differs from the plan before.

use crate::week_plan::WeekView;
use crate::week_words::site_name;
use konbit_mission::Mission;
use konbit_protect::{
    DocumentStatus, Group, GroupWorst, PROBABILITY_DENOMINATOR, Week, WeekData, WeekDocument, WeekEvaluation,
    WeekSchedule, evaluate_week,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Sites that a comparison names on each side.
const CHANGES_MAX: usize = 5;
/// A change of protection below this share of time is not named.
const CHANGE_LEAST: f64 = 0.0005;

/// A plan of the week in figures for a reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekSummary {
    /// Expected persons harmed a week; `None` where there is no plan.
    pub value: Option<f64>,
    /// No plan with these people goes below.
    pub bound: Option<f64>,
    /// `(value - bound) / value`.
    pub gap: Option<f64>,
    /// How planning ended.
    pub status: DocumentStatus,
    /// Why there is no plan.
    pub reason: Option<String>,
    /// Time that planning took, seconds.
    pub seconds: f64,
    /// Seed of the search.
    pub seed: u64,
    /// SHA-256 of the problem.
    pub problem_hash: String,
    /// Persons a week harmed by those who do not watch.
    pub forecast_harm: Option<f64>,
    /// Kinds of slot.
    pub slots: Vec<SlotSummary>,
    /// Groups who watch.
    pub groups: Vec<GroupSummary>,
    /// What differs from the plan in force, if there is one.
    pub before: Option<BeforeSummary>,
}

/// A kind of slot under a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotSummary {
    /// Its id.
    pub id: String,
    /// Such slots in a week.
    pub count: u32,
    /// Seats: people on duty in each of its slots.
    pub seats: u32,
    /// Of them those who have a task, on average over its schedules.
    pub seats_used: f64,
    /// Static posts, on average.
    pub posts: f64,
    /// Reaction forces that wait, on average.
    pub forces: f64,
    /// Patrols on the road, on average.
    pub patrols: f64,
    /// Schedules that may be drawn.
    pub schedules: usize,
}

/// What a group who watches would choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupSummary {
    /// Its id.
    pub id: String,
    /// Its share of the attempts by those who watch.
    pub share: f64,
    /// Persons harmed a week.
    pub harm: f64,
    /// Kind of slot that it would choose.
    pub slot: String,
    /// Site that it would choose.
    pub site: String,
    /// Protection of that site in that kind of slot.
    pub protection: f64,
}

/// A plan beside the one in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BeforeSummary {
    /// The plan in force.
    pub plan: String,
    /// Its value when it was adopted.
    pub value_then: Option<f64>,
    /// Its value under the problem of the new plan, leaving aside what that demands; `None` where it cannot be followed any more.
    pub value_now: Option<f64>,
    /// Why it cannot be followed any more.
    pub why: Option<String>,
    /// Sites whose protection changes, mean over the week: the greatest losses first.
    pub sites: Vec<SiteChange>,
}

/// A site whose protection changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SiteChange {
    /// The site.
    pub site: String,
    /// Its protection under the plan in force, mean over the slots of a week.
    pub before: f64,
    /// Under the new plan.
    pub after: f64,
}

/// A plan of the week in figures. `before` is the plan in force.
pub fn week_summary(week: &Week, document: &WeekDocument, before: Option<&WeekView>) -> WeekSummary {
    let data = week.data();
    let evaluation = evaluate_week(week, &document.schedules).ok();
    let groups = evaluation.as_ref().map(|evaluation| group_summaries(data, evaluation)).unwrap_or_default();
    WeekSummary {
        value: document.value,
        bound: document.bound,
        gap: document.gap,
        status: document.status,
        reason: document.reason.clone(),
        seconds: document.seconds,
        seed: document.seed,
        problem_hash: document.problem_hash.to_string(),
        forecast_harm: evaluation.as_ref().map(|evaluation| evaluation.forecast_harm),
        slots: document.schedules.iter().enumerate().map(|(slot, list)| slot_summary(data, slot, list)).collect(),
        groups,
        before: before.map(|before| compared(week, document, before)),
    }
}

/// What each group who watches would choose.
pub(crate) fn group_summaries(data: &WeekData, evaluation: &WeekEvaluation) -> Vec<GroupSummary> {
    let row = |(group, worst): (&Group, &GroupWorst)| GroupSummary {
        id: group.id.clone(),
        share: f64::from(group.share_ppm) / 1e6,
        harm: worst.harm,
        slot: data.slots[worst.slot].id.clone(),
        site: data.sites[worst.site].id.clone(),
        protection: evaluation.protection[worst.slot][worst.site],
    };
    data.groups.iter().zip(&evaluation.groups).map(row).collect()
}

fn slot_summary(data: &WeekData, slot: usize, schedules: &[WeekSchedule]) -> SlotSummary {
    let mean = |of: &dyn Fn(&WeekSchedule) -> u64| {
        let sum: u128 = schedules.iter().map(|held| u128::from(held.probability) * u128::from(of(held))).sum();
        sum as f64 / PROBABILITY_DENOMINATOR as f64
    };
    let seats = |held: &WeekSchedule| {
        let posts: u64 = held.posts.iter().map(|post| u64::from(data.sites[post.0 as usize].seats)).sum();
        let forces: u64 = held.forces.iter().map(|force| u64::from(data.bases[force.0 as usize].seats)).sum();
        let routes: u64 = held.routes.iter().map(|route| u64::from(data.areas[route.area as usize].seats)).sum();
        posts + forces + routes
    };
    let kind = &data.slots[slot];
    SlotSummary {
        id: kind.id.clone(),
        count: kind.count,
        seats: kind.seats.iter().map(|part| part.seats).sum(),
        seats_used: mean(&seats),
        posts: mean(&|held| held.posts.len() as u64),
        forces: mean(&|held| held.forces.len() as u64),
        patrols: mean(&|held| held.routes.len() as u64),
        schedules: schedules.len(),
    }
}

/// What is given kind of slot by kind of slot and site by site, for each site as a mean over the slots of a week.
pub fn mean_over_week(data: &WeekData, by_slot: &[Vec<f64>]) -> Vec<f64> {
    let slots: u32 = data.slots.iter().map(|slot| slot.count).sum();
    let mean = |site: usize| {
        let all = data.slots.iter().zip(by_slot);
        all.map(|(slot, given)| f64::from(slot.count) * given[site]).sum::<f64>() / f64::from(slots.max(1))
    };
    (0..data.sites.len()).map(mean).collect()
}

/// Protection of each site, mean over the slots of a week.
fn week_means(week: &Week, schedules: &[Vec<WeekSchedule>]) -> Option<BTreeMap<String, f64>> {
    let (data, evaluation) = (week.data(), evaluate_week(week, schedules).ok()?);
    let means = mean_over_week(data, &evaluation.protection);
    Some(data.sites.iter().map(|site| site.id.clone()).zip(means).collect())
}

/// What a plan comes to when it is followed as it is under another week, by harm alone: what that week demands and the
/// plan does not do is not counted. The error says why it cannot be followed.
pub fn followed(week: &Week, held: &WeekDocument) -> Result<WeekEvaluation, String> {
    let elsewhere = || "it is for other lists of sites, bases, contingents, patrols or slots".to_owned();
    let schedules = crate::known_schedules(week, held).ok_or_else(elsewhere)?;
    evaluate_week(&week.with_nothing_demanded(), &schedules).map_err(|fault| fault.to_string())
}

fn compared(week: &Week, document: &WeekDocument, before: &WeekView) -> BeforeSummary {
    let held = &before.document;
    let (value_now, why) = match followed(week, held) {
        Ok(evaluation) => (Some(evaluation.value), None),
        Err(why) => (None, Some(why)),
    };
    let then = Week::new(held.problem.clone()).ok().and_then(|then| week_means(&then, &held.schedules));
    let mut sites = Vec::new();
    if let (Some(then), Some(now)) = (then, week_means(week, &document.schedules)) {
        sites.extend(now.into_iter().filter_map(|(site, after)| {
            let before = then.get(&site).copied().unwrap_or(0.0);
            ((after - before).abs() >= CHANGE_LEAST).then_some(SiteChange { site, before, after })
        }));
    }
    sites.sort_by(|a, b| (a.after - a.before).total_cmp(&(b.after - b.before)).then_with(|| a.site.cmp(&b.site)));
    BeforeSummary { plan: before.adopted.value.id.to_string(), value_then: held.value, value_now, why, sites }
}

/// A plan of the week in plain words, the answer first.
pub fn week_plan_text(mission: &Mission, summary: &WeekSummary) -> String {
    let mut out = String::new();
    headline(&mut out, summary);
    // Without a plan there is nothing to show of it, and nothing to compare.
    if !summary.slots.is_empty() {
        slots(&mut out, summary);
        groups(&mut out, mission, summary);
        if let Some(before) = &summary.before {
            difference(&mut out, mission, before);
        }
    }
    let _ = writeln!(out, "\nseed {}, {:.1} s, problem {}", summary.seed, summary.seconds, summary.problem_hash);
    out
}

fn headline(out: &mut String, summary: &WeekSummary) {
    let (Some(value), Some(bound), Some(gap)) = (summary.value, summary.bound, summary.gap) else {
        let _ = writeln!(out, "no plan of the week: {}", summary.reason.as_deref().unwrap_or("none was found"));
        return;
    };
    let count: u32 = summary.slots.iter().map(|slot| slot.count).sum();
    let _ = writeln!(out, "plan of the week: {count} slots of {} kinds", summary.slots.len());
    let _ = writeln!(out, "  value   {value:.3} persons harmed a week, expected under this plan");
    let _ = writeln!(out, "  bound   {bound:.3} no plan with these people goes below");
    let status = match summary.status {
        DocumentStatus::Optimal => "optimal",
        DocumentStatus::Gap => "within the gap that was asked for",
        DocumentStatus::LimitReached => "stopped before it was done",
        DocumentStatus::Infeasible => "infeasible",
    };
    let _ = writeln!(out, "  gap     {:.2} % ({status})", gap * 100.0);
}

fn slots(out: &mut String, summary: &WeekSummary) {
    let _ = writeln!(
        out,
        "\n{:20} {:>5} {:>8} {:>10} {:>7} {:>7} {:>8} {:>10}",
        "kind of slot", "slots", "on duty", "with tasks", "posts", "forces", "patrols", "schedules"
    );
    for slot in &summary.slots {
        let _ = writeln!(
            out,
            "{:20} {:>5} {:>8} {:>10.1} {:>7.1} {:>7.1} {:>8.1} {:>10}",
            slot.id, slot.count, slot.seats, slot.seats_used, slot.posts, slot.forces, slot.patrols, slot.schedules
        );
    }
    let _ = writeln!(out, "people with tasks, posts, forces and patrols are means over the schedules");
}

fn groups(out: &mut String, mission: &Mission, summary: &WeekSummary) {
    if let Some(harm) = summary.forecast_harm {
        let _ = writeln!(out, "\n{harm:.3} persons a week by those who do not watch; by those who watch");
    }
    for group in &summary.groups {
        let _ = writeln!(
            out,
            "  {:.3} by {} ({:.0} % of their attempts): in {}, at {} ({}), protection {:.1} %",
            group.harm,
            group.id,
            group.share * 100.0,
            group.slot,
            site_name(mission, &group.site),
            group.site,
            group.protection * 100.0
        );
    }
}

fn difference(out: &mut String, mission: &Mission, before: &BeforeSummary) {
    let known = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.3}"));
    let _ = writeln!(out, "\nagainst plan {} in force (value {} when adopted)", before.plan, known(before.value_then));
    match (&before.value_now, &before.why) {
        (Some(value), _) => {
            let _ = writeln!(out, "  followed as it is, it would now have {value:.3}, leaving aside what is demanded");
        }
        (None, Some(why)) => {
            let _ = writeln!(out, "  it cannot be followed as it is: {why}");
        }
        (None, None) => {}
    }
    if before.sites.is_empty() {
        let _ = writeln!(out, "  no site is protected differently");
        return;
    }
    let lose = before.sites.iter().filter(|change| change.after < change.before);
    let gain = before.sites.iter().rev().filter(|change| change.after > change.before);
    let (losers, gainers) = (lose.clone().count(), gain.clone().count());
    let _ = writeln!(out, "  {losers} sites are protected less, {gainers} more; mean over the week");
    for change in lose.take(CHANGES_MAX).chain(gain.take(CHANGES_MAX)) {
        let _ = writeln!(
            out,
            "    {:>5.1} % -> {:>5.1} %  {} ({})",
            change.before * 100.0,
            change.after * 100.0,
            site_name(mission, &change.site),
            change.site
        );
    }
}

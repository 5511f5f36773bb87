//! A plan as the pages read it, joined with the mission's sites.

use crate::chart;
use konbit_desk::{ChangeLine, Equal};
use konbit_mission::Mission;
use konbit_mission::protection::{AdoptedPlan, Site};
use konbit_protect::{CurvePoint, DocumentStatus, PlanDocument, Posture, ProblemData, Schedule, SitePlan};
use std::collections::BTreeMap;

/// What the pages show of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFacts {
    /// How planning ended.
    pub status: DocumentStatus,
    /// Expected persons harmed a week.
    pub value: f64,
    /// No plan with this force does better, persons a week.
    pub bound: f64,
    /// `(value - bound) / value`.
    pub gap: f64,
    /// Seed of the draws.
    pub seed: u64,
    /// Hash of the problem, hexadecimal.
    pub problem_hash: String,
    /// People in the force.
    pub personnel: u32,
    /// The problem the plan solves.
    pub problem: ProblemData,
    /// What each site gets, in the problem's order.
    pub sites: Vec<SitePlan>,
    /// The schedules with their probabilities.
    pub schedules: Vec<Schedule>,
    /// Value and bound at other strengths, as far as computed.
    pub curve: Vec<CurvePoint>,
    /// Sites of the mission that cannot be planned for.
    pub left_out: usize,
    /// Attempts a week by site id: 5th percentile, mean, 95th percentile.
    pub attempts: BTreeMap<String, (f64, f64, f64)>,
    /// Whether the mission's data now make another problem than the one the plan solves.
    pub is_stale: bool,
    /// Denominator of the schedules' probabilities.
    pub probability_denominator: u64,
    /// Time that planning took, seconds.
    pub seconds: f64,
}

impl PlanFacts {
    /// The facts of a plan file; none if the file says that there is no plan.
    pub fn new(document: &PlanDocument) -> Option<Self> {
        Some(Self {
            status: document.status,
            value: document.value?,
            bound: document.bound?,
            gap: document.gap?,
            seed: document.seed,
            problem_hash: document.problem_hash.to_string(),
            personnel: document.personnel,
            problem: document.problem.clone(),
            sites: document.sites.clone(),
            schedules: document.schedules.clone(),
            curve: document.more_and_fewer.clone(),
            left_out: 0,
            attempts: BTreeMap::new(),
            is_stale: false,
            probability_denominator: document.probability_denominator,
            seconds: document.seconds,
        })
    }

    /// How planning ended, in words.
    pub fn status_words(&self) -> &'static str {
        match self.status {
            DocumentStatus::Optimal => "optimal",
            DocumentStatus::Gap => "within its gap of the optimum",
            DocumentStatus::LimitReached => "stopped at the time limit, within its gap of the optimum",
            DocumentStatus::Infeasible => "infeasible",
        }
    }

    /// People on duty at once.
    pub fn seats(&self) -> u32 {
        let seats = u64::from(self.personnel) * 1000 / u64::from(self.problem.relief_factor_milli.max(1));
        u32::try_from(seats).unwrap_or(u32::MAX)
    }

    /// Expected persons harmed a week with no post and no reaction force: forecast attempts all succeed, and those
    /// who watch choose the site of highest value.
    pub fn unprotected(&self) -> f64 {
        let alpha = f64::from(self.problem.alpha_ppm) / 1e6;
        let value = |milli: u64| milli as f64 / 1e3;
        let forecast: f64 =
            self.problem.sites.iter().map(|site| site.attempts_micro as f64 / 1e6 * value(site.value_milli)).sum();
        let worst = self.problem.sites.iter().map(|site| value(site.value_milli)).fold(0.0, f64::max);
        (1.0 - alpha) * forecast + alpha * self.problem.watched_attempts_micro as f64 / 1e6 * worst
    }

    /// Bases where a reaction force waits: id, share of the time, people on duty in one force; most of the time first.
    pub fn force_shares(&self) -> Vec<(String, f64, u32)> {
        let mut shares: BTreeMap<u32, u64> = BTreeMap::new();
        for schedule in &self.schedules {
            for (base, _) in &schedule.forces {
                *shares.entry(*base).or_default() += schedule.probability;
            }
        }
        let mut list: Vec<(String, f64, u32)> = shares
            .into_iter()
            .filter_map(|(ix, probability)| {
                let base = self.problem.bases.get(ix as usize)?;
                Some((base.id.clone(), probability as f64 / self.probability_denominator.max(1) as f64, base.seats))
            })
            .collect();
        list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        list
    }

    /// The points of the curve that have a plan, with this plan among them, by strength.
    pub fn curve_points(&self) -> Vec<chart::CurvePoint> {
        let own = chart::CurvePoint { personnel: self.personnel, value: self.value, bound: self.bound };
        let mut points: Vec<chart::CurvePoint> = self
            .curve
            .iter()
            .filter(|point| point.personnel != self.personnel)
            .filter_map(|point| {
                Some(chart::CurvePoint { personnel: point.personnel, value: point.value?, bound: point.bound? })
            })
            .chain([own])
            .collect();
        points.sort_by_key(|point| point.personnel);
        points
    }
}

/// A plan that was adopted, with the entries behind it.
#[derive(Debug, Clone, Copy)]
pub struct Adopted<'a> {
    /// The plan as it stands in the record.
    pub plan: &'a AdoptedPlan,
    /// The entries behind it.
    pub entries: &'a [u64],
}

/// What a question changed, and how the plan in force does under it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The changes in words.
    pub lines: Vec<ChangeLine>,
    /// Whether judgements or sizes of posts were changed, so that the same plan comes to another value.
    pub changes_figures: bool,
    /// The plan in force under the figures of the question, and how many more people it would need to do as well; or why
    /// it cannot be used under them. `None` where no plan is in force.
    pub in_force: Option<Result<Equal, String>>,
}

/// Which plan a page shows.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// The plan in force.
    InForce {
        /// Its content.
        facts: &'a PlanFacts,
        /// Its place in the record.
        adopted: Adopted<'a>,
    },
    /// An answer to a question; not adopted.
    WhatIf {
        /// Its content.
        facts: &'a PlanFacts,
        /// The plan in force to compare it with, if there is one.
        in_force: Option<&'a PlanFacts>,
        /// What was changed, and what that means for the plan in force.
        asked: &'a Asked,
    },
}

impl<'a> Standing<'a> {
    /// The plan to show.
    pub fn shown(&self) -> &'a PlanFacts {
        match self {
            Self::InForce { facts, .. } | Self::WhatIf { facts, .. } => facts,
        }
    }
}

/// Stable word of a posture, as in addresses and on maps.
pub fn posture_word(posture: Posture) -> &'static str {
    match posture {
        Posture::Always => "always",
        Posture::Sometimes => "sometimes",
        Posture::Reached => "reached",
        Posture::Open => "open",
    }
}

/// A site of the mission under a plan.
#[derive(Debug, Clone, Copy)]
pub struct SiteRow<'a> {
    /// The site.
    pub site: &'a Site,
    /// The entries behind it.
    pub entries: &'a [u64],
    /// What the plan gives it.
    pub plan: &'a SitePlan,
    /// Expected persons harmed a week here.
    pub harm_per_week: f64,
}

/// Sites that both the mission and the plan know, most expected harm first.
pub fn rows<'a>(mission: &'a Mission, facts: &'a PlanFacts) -> Vec<SiteRow<'a>> {
    let mut rows: Vec<SiteRow<'a>> = facts
        .sites
        .iter()
        .filter_map(|plan| {
            let recorded = mission.sites.get(&plan.id)?;
            Some(SiteRow {
                site: &recorded.value,
                entries: &recorded.entries,
                plan,
                harm_per_week: plan.harm_share * facts.value,
            })
        })
        .collect();
    rows.sort_by(|a, b| b.harm_per_week.total_cmp(&a.harm_per_week).then_with(|| a.plan.id.cmp(&b.plan.id)));
    rows
}

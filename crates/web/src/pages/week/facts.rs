//! A plan of the week as the pages read it.

use crate::problem::Problem;
use konbit_desk::SlotTime;
use konbit_mission::Mission;
use konbit_mission::draws::Draw;
use konbit_protect::{DocumentStatus, PROBABILITY_DENOMINATOR, Week, WeekDocument, WeekEvaluation, evaluate_week};
use std::collections::BTreeMap;

/// A slot and its draw, if it was drawn for.
#[derive(Debug, Clone)]
pub struct SlotRow<'a> {
    /// The slot.
    pub time: SlotTime,
    /// Name of its kind.
    pub kind: String,
    /// Its draw, and the entries behind it.
    pub draw: Option<(&'a Draw, &'a [u64])>,
    /// Overrides recorded for it.
    pub overrides: usize,
}

/// What each site gets.
#[derive(Debug, Clone)]
pub struct SiteRow<'a> {
    /// Id of the site.
    pub id: &'a str,
    /// For each kind of slot: share of attempts stopped, share of the time with a post.
    pub slots: Vec<(f64, f64)>,
    /// Most persons harmed by one attempt, over the kinds of slot, on average.
    pub harm: f64,
}

impl SiteRow<'_> {
    /// Whether a post stands there at any time.
    pub fn has_post(&self) -> bool {
        self.slots.iter().any(|(_, posted)| *posted > 0.0)
    }
}

/// A change of protection between two plans.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteChange {
    /// Id of the site.
    pub site: String,
    /// Kind of slot, by its place.
    pub kind: usize,
    /// Share of attempts stopped before.
    pub before: f64,
    /// And after.
    pub after: f64,
}

/// A plan of the week, evaluated.
#[derive(Debug, Clone)]
pub struct WeekFacts<'a> {
    /// The plan file.
    pub document: &'a WeekDocument,
    /// What it gives in every kind of slot.
    pub evaluation: WeekEvaluation,
    /// Expected persons harmed a week.
    pub value: f64,
    /// Proven bound, persons a week.
    pub bound: f64,
    /// `(value - bound) / value`.
    pub gap: f64,
    mission: &'a Mission,
}

impl<'a> WeekFacts<'a> {
    /// Evaluates a plan; the reason where there is none or it does not fit its own problem.
    pub fn new(mission: &'a Mission, document: &'a WeekDocument) -> Result<Self, Problem> {
        let none = || {
            let why = document.reason.clone().unwrap_or_else(|| "none was found in the time a page waits".to_owned());
            Problem::refused(format!("there is no plan of this week: {why}"))
        };
        let (Some(value), Some(bound), Some(gap)) = (document.value, document.bound, document.gap) else {
            return Err(none());
        };
        let week = Week::new(document.problem.clone()).map_err(|error| Problem::broken(error.to_string()))?;
        let evaluation =
            evaluate_week(&week, &document.schedules).map_err(|fault| Problem::broken(fault.to_string()))?;
        Ok(Self { document, evaluation, value, bound, gap, mission })
    }

    /// How planning ended, in words.
    pub fn status_words(&self) -> &'static str {
        match self.document.status {
            DocumentStatus::Optimal => "optimal",
            DocumentStatus::Gap => "within its gap of the optimum",
            DocumentStatus::LimitReached => "ended early, within its gap of the optimum",
            DocumentStatus::Infeasible => "infeasible",
        }
    }

    /// Name of a site, or its id.
    pub fn site_name<'b>(&'b self, id: &'b str) -> &'b str {
        self.mission.sites.get(id).map_or(id, |site| &site.value.name)
    }

    /// Name of a kind of slot.
    pub fn kind_name(&self, index: usize) -> &str {
        let id = &self.document.problem.slots[index].id;
        let figures = self.mission.week_figures.values().next();
        let named = figures.and_then(|figures| figures.slots.iter().find(|slot| slot.id.as_str() == id));
        named.map_or(id, |slot| &slot.name)
    }

    /// Posts, reaction forces and patrols of a kind of slot, on average.
    pub fn averages(&self, kind: usize) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for schedule in &self.document.schedules[kind] {
            let share = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
            let patrols = schedule.duties.len() + schedule.routes.len();
            for (sum, count) in sums.iter_mut().zip([schedule.posts.len(), schedule.forces.len(), patrols]) {
                *sum += share * count as f64;
            }
        }
        sums
    }

    /// Persons harmed a week by those who do not watch, in the slots of a kind.
    pub fn forecast(&self, kind: usize) -> f64 {
        let (problem, slot) = (&self.document.problem, &self.document.problem.slots[kind]);
        let values = &problem.values_milli[slot.values as usize];
        let attempts = &problem.attempts_micro[slot.attempts as usize];
        let each = values.iter().zip(attempts).zip(&self.evaluation.protection[kind]);
        let harm =
            each.map(|((value, attempts), stopped)| *value as f64 / 1e3 * (*attempts as f64 / 1e6) * (1.0 - stopped));
        (1.0 - f64::from(problem.alpha_ppm) / 1e6) * f64::from(slot.count) * harm.sum::<f64>()
    }

    /// Name of each contingent, and the least and the most people on duty over the kinds of slot.
    pub fn seats_by_contingent(&self) -> Vec<(String, u32, u32)> {
        let problem = &self.document.problem;
        let row = |(index, crew): (usize, &konbit_protect::Contingent)| {
            let seats = problem.slots.iter().map(|slot| slot.seats[index].seats);
            let name = super::slots::crew_name(self.mission, &crew.id);
            (name.to_owned(), seats.clone().min().unwrap_or(0), seats.max().unwrap_or(0))
        };
        problem.contingents.iter().enumerate().map(row).collect()
    }

    /// All sites, the most harm at one attempt first.
    pub fn site_rows(&self) -> Vec<SiteRow<'_>> {
        let problem = &self.document.problem;
        let row = |(index, site): (usize, &'a konbit_protect::WeekSite)| {
            let slots: Vec<(f64, f64)> = (0..problem.slots.len())
                .map(|kind| (self.evaluation.protection[kind][index], self.evaluation.post_share[kind][index]))
                .collect();
            let harm = |kind: usize| {
                let value = problem.values_milli[problem.slots[kind].values as usize][index] as f64 / 1e3;
                value * (1.0 - slots[kind].0)
            };
            let most = (0..problem.slots.len()).map(harm).fold(0.0, f64::max);
            SiteRow { id: &site.id, slots, harm: most }
        };
        let mut rows: Vec<SiteRow<'_>> = self.document.problem.sites.iter().enumerate().map(row).collect();
        rows.sort_by(|a, b| b.harm.total_cmp(&a.harm).then(a.id.cmp(b.id)));
        rows
    }

    /// Protection that differs by a percentage point or more from another plan's, the widest first.
    pub fn changes(&self, before: &Self) -> Vec<SiteChange> {
        let kinds = self.document.problem.slots.iter().enumerate().filter_map(|(kind, slot)| {
            let held = before.document.problem.slots.iter().position(|other| other.id == slot.id)?;
            Some((kind, held))
        });
        let then: BTreeMap<&str, usize> =
            before.document.problem.sites.iter().enumerate().map(|(index, site)| (site.id.as_str(), index)).collect();
        let mut changes = Vec::new();
        for (kind, held) in kinds {
            for (index, site) in self.document.problem.sites.iter().enumerate() {
                let Some(place) = then.get(site.id.as_str()) else { continue };
                let change = SiteChange {
                    site: site.id.clone(),
                    kind,
                    before: before.evaluation.protection[held][*place],
                    after: self.evaluation.protection[kind][index],
                };
                if (change.after - change.before).abs() >= 0.01 {
                    changes.push(change);
                }
            }
        }
        let width = |change: &SiteChange| (change.after - change.before).abs();
        changes.sort_by(|a, b| width(b).total_cmp(&width(a)).then_with(|| (&a.site, a.kind).cmp(&(&b.site, b.kind))));
        changes
    }
}

//! From the mission's data to the problem that the planner solves.
//!
//! Every figure of the problem comes from one place: the sites and bases of the record, the
//! planning figures of the record, and the estimate of attempts from the incidents of the record.
//! What cannot be planned for is named, never dropped silently.

use crate::Moment;
use crate::travel::Travel;
use jiff::civil::Date;
use konbit_analysis::{Estimate, Model, attempts};
use konbit_base::{Finding, LatLon, Severity};
use konbit_mission::Mission;
use konbit_mission::protection::{KindPlanning, Planning, Site};
use konbit_protect::{Problem, ProblemBase, ProblemData, ProblemError, ProblemSite, Reach, reaction_effect_ppm};
use thiserror::Error;

/// A reaction force that would stop an attempt with less than this probability is not counted:
/// 1 %, in millionths.
pub const REACH_EFFECT_LEAST_PPM: u32 = 10_000;

/// What a planner may change for a question, without changing the mission's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assumptions {
    /// People in the force; the planning figures' number if `None`.
    pub personnel: Option<u32>,
    /// Share of attempts by adversaries who watch, in millionths; the planning figures' if `None`.
    pub alpha_ppm: Option<u32>,
}

/// Why there is nothing to plan.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// No planning figures in the record.
    #[error("the mission has no planning figures; import them first: konbit import DIR planning FILE")]
    NoPlanning,
    /// No site that can be planned for.
    #[error(
        "no site has a position and a kind with planning figures; import sites first: konbit import DIR sites FILE"
    )]
    NoSites,
    /// No figures of the week in the record.
    #[error("the mission has no figures of the week; import them first: konbit import DIR week FILE")]
    NoWeek,
    /// The figures of the week do not make a problem.
    #[error("the figures of the week cannot be used: {0}")]
    Week(String),
    /// The numbers do not make a problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// A problem, and what the planner's answer is read against.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The problem, validated and hashed.
    pub problem: Problem,
    /// The estimate of attempts for each site of the problem, in its order.
    pub estimates: Vec<Estimate>,
    /// Sites that cannot be planned for, and why.
    pub left_out: Vec<Finding>,
}

/// Makes the problem. `moment` ends the window of incidents; `travel` says how long ways take.
pub fn prepare(
    mission: &Mission,
    travel: &Travel,
    assumptions: Assumptions,
    moment: Moment,
) -> Result<Prepared, PrepareError> {
    let planning = mission.planning.values().next().ok_or(PrepareError::NoPlanning)?;
    let mut left_out = Vec::new();
    let placed: Vec<(&Site, LatLon, &KindPlanning)> = mission
        .sites
        .values()
        .filter_map(|site| match (site.position, planning.kinds.get(&site.kind)) {
            (Some(position), Some(figures)) => Some((site, position, figures)),
            (None, _) => {
                left_out.push(cannot_plan("site-without-position", site, "it has no position; add one"));
                None
            }
            (_, None) => {
                let why = format!("no planning figures are given for kind {:?}; add them", site.kind);
                left_out.push(cannot_plan("kind-without-figures", site, &why));
                None
            }
        })
        .collect();
    if placed.is_empty() {
        return Err(PrepareError::NoSites);
    }
    let estimates = estimate(mission, planning, &placed, moment.day);
    let sites = placed.iter().zip(&estimates).map(|((site, position, figures), estimate)| ProblemSite {
        id: site.id.to_string(),
        value_milli: figures.value_milli.best,
        attempts_micro: estimate.mean_micro,
        seats: figures.post_seats,
        floor_ppm: figures.floor_ppm,
        mandatory: figures.mandatory || planning.mandatory_posts.contains(&site.id),
        position: Some(*position),
    });
    let bases = mission.bases.values().map(|base| ProblemBase {
        id: base.id.to_string(),
        forces_max: planning.reaction_forces_max(base.capacity),
        seats: planning.reaction_seats,
    });
    let data = ProblemData {
        sites: sites.collect(),
        bases: bases.collect(),
        reach: reach(mission, travel, planning, &placed),
        static_effect_ppm: narrow(planning.static_effect_ppm.best),
        alpha_ppm: assumptions.alpha_ppm.unwrap_or_else(|| narrow(planning.alpha_ppm.best)),
        watched_attempts_micro: planning.watched_attempts_micro.best,
        personnel: assumptions.personnel.unwrap_or(planning.personnel),
        relief_factor_milli: narrow(planning.relief_factor_milli.best),
    };
    Ok(Prepared { problem: Problem::new(data)?, estimates, left_out })
}

fn cannot_plan(code: &str, site: &Site, why: &str) -> Finding {
    Finding::in_file(
        Severity::Warning,
        code,
        "",
        format!("site {} ({}) cannot be planned for: {why}", site.id, site.name),
    )
}

/// Figures that the planner takes as 32 bits; a larger one is refused by it with its range.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn estimate(
    mission: &Mission,
    planning: &Planning,
    placed: &[(&Site, LatLon, &KindPlanning)],
    until: Date,
) -> Vec<Estimate> {
    let sites: Vec<_> = placed
        .iter()
        .map(|(_, position, figures)| konbit_analysis::Site {
            position: *position,
            prior_per_week: figures.prior_attempts_micro.best as f64 / 1e6,
        })
        .collect();
    let incidents: Vec<_> = mission
        .incidents
        .values()
        .filter(|incident| planning.incident_kinds.contains(&incident.kind))
        .filter_map(|incident| {
            Some(konbit_analysis::Incident {
                position: incident.position?,
                radius_m: incident.place_precision.radius_m(),
                day: incident.start,
            })
        })
        .collect();
    let model = Model {
        reach_m: planning.incident_reach_m.best as f64,
        weeks: planning.incident_weeks,
        until,
        prior_weeks: f64::from(planning.prior_weeks.max(1)),
    };
    attempts(&sites, &incidents, model)
}

fn reach(
    mission: &Mission,
    travel: &Travel,
    planning: &Planning,
    placed: &[(&Site, LatLon, &KindPlanning)],
) -> Vec<Reach> {
    let mut pairs = Vec::new();
    for (site, (held, _, _)) in (0u32..).zip(placed) {
        for (base, from) in (0u32..).zip(mission.bases.values()) {
            let Some(way) = travel.way(&from.id, &held.id) else { continue };
            let minutes_tenths = way.minutes_tenths;
            let effect_ppm = reaction_effect_ppm(
                narrow(planning.reaction_effect_ppm.best),
                f64::from(minutes_tenths) / 10.0,
                planning.reaction_decay_minutes_tenths.best as f64 / 10.0,
                narrow(planning.reaction_busy_ppm.best),
            );
            if effect_ppm >= REACH_EFFECT_LEAST_PPM {
                pairs.push(Reach { site, base, effect_ppm, minutes_tenths });
            }
        }
    }
    pairs
}

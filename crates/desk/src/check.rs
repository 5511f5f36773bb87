//! Findings about a mission's data as a whole.

use crate::{Assumptions, Moment, Travel, prepare};
use konbit_base::{Finding, Severity};
use konbit_mission::{Mission, mandate};

/// What is wrong or missing in the mission's data, worst first: what imports found, obligations
/// whose days do not agree, and what stands in the way of a plan.
pub fn check(mission: &Mission, travel: &Travel, moment: Moment) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        mission.imports.values().flat_map(|import| import.findings.iter().cloned()).collect();
    let missing = |severity, code, message: &str| Finding::in_file(severity, code, "", message);
    if mission.declared().is_none() {
        findings.push(missing(
            Severity::Warning,
            "mission-not-declared",
            "the mission is not declared; import it: konbit import DIR mission FILE",
        ));
    }
    match mission.authorisation() {
        Some(resolution) => findings.extend(mandate::findings(resolution.value.vote.date, mission.obligations.values())),
        None if mission.declared().is_some() => findings.push(missing(
            Severity::Warning,
            "no-authorisation",
            "the resolution that authorises the mission is not in the record; import it: konbit import DIR resolution FILE",
        )),
        None => {}
    }
    match prepare(mission, travel, Assumptions::default(), moment) {
        Ok(prepared) => findings.extend(prepared.left_out),
        Err(error) => findings.push(missing(Severity::Warning, "no-plan-possible", &error.to_string())),
    }
    findings
        .sort_by(|a, b| (b.severity, &a.place, &a.code, &a.message).cmp(&(a.severity, &b.place, &b.code, &b.message)));
    findings.dedup();
    findings
}

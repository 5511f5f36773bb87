//! Findings about a mission's data as a whole.

use crate::{Assumptions, Desk, DeskError, Moment, Travel, WayBasis, prepare};
use konbit_base::{Finding, Severity};
use konbit_mission::protection::Site;
use konbit_mission::week::WeekAssumptions;
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
    findings.extend(ways(mission, travel));
    match prepare(mission, travel, Assumptions::default(), moment) {
        Ok(prepared) => findings.extend(prepared.left_out),
        Err(error) => findings.push(missing(Severity::Warning, "no-plan-possible", &error.to_string())),
    }
    findings
        .sort_by(|a, b| (b.severity, &a.place, &a.code, &a.message).cmp(&(a.severity, &b.place, &b.code, &b.message)));
    findings.dedup();
    findings
}

impl Desk {
    /// What is wrong or missing in the figures of the week, if the mission has any: what a plan of the
    /// week would leave out, contingents whose base there is not, and duty that no roster covers.
    ///
    /// # Errors
    /// When the record or the roads cannot be read.
    pub fn check_week(&self, mission: &Mission, moment: Moment) -> Result<Vec<Finding>, DeskError> {
        let Some(figures) = mission.week_figures.values().next() else { return Ok(Vec::new()) };
        let found = |severity, code: &str, message: String| Finding::in_file(severity, code, "", message);
        let lodged = figures.contingents.iter().filter(|crew| mission.bases.get(crew.base.as_str()).is_none());
        let mut findings: Vec<Finding> = lodged
            .map(|crew| {
                let message =
                    format!("contingent {} lives at base {}, which there is not; import it", crew.id, crew.base);
                found(Severity::Warning, "contingent-without-base", message)
            })
            .collect();
        match self.prepare_week(mission, &WeekAssumptions::default(), moment) {
            Ok(prepared) => {
                findings.extend(prepared.left_out);
                for crew in &figures.contingents {
                    let open = || prepared.roster.uncovered.iter().filter(|open| open.contingent == crew.id.as_str());
                    let missing: u32 = open().map(|open| open.wanted - open.on_duty).sum();
                    if missing > 0 {
                        let message = format!(
                            "contingent {} has fewer people on duty than wanted in {} of {} slots, {missing} seats in all: rest and hours allow no more; see konbit week roster",
                            crew.id,
                            open().count(),
                            prepared.grid.len()
                        );
                        findings.push(found(Severity::Note, "duty-not-covered", message));
                    }
                }
            }
            Err(DeskError::Prepare(error)) => {
                findings.push(found(Severity::Warning, "no-week-possible", error.to_string()));
            }
            Err(error) => return Err(error),
        }
        Ok(findings)
    }
}

/// Most sites that one finding names.
const NAMED_MAX: usize = 10;

/// Sites that no road leads to, and sites whose travel times are not by road though there is a
/// network.
fn ways(mission: &Mission, travel: &Travel) -> Vec<Finding> {
    if mission.road_network.is_empty() || mission.bases.is_empty() {
        return Vec::new();
    }
    let placed = || mission.sites.values().filter(|site| site.position.is_some());
    let basis = |site: &Site| travel.nearest(mission, &site.id).map(|(_, way)| way.basis);
    let named = |code: &str, sites: Vec<&Site>, what: &str| {
        let names: Vec<&str> = sites.iter().take(NAMED_MAX).map(|site| site.name.as_str()).collect();
        let more =
            if sites.len() > NAMED_MAX { format!(" and {} more", sites.len() - NAMED_MAX) } else { String::new() };
        let message = format!("{} {what}: {}{more}", sites.len(), names.join(", "));
        (!sites.is_empty()).then(|| Finding::in_file(Severity::Note, code, "", message))
    };
    let unreached = placed().filter(|site| basis(site).is_none()).collect();
    let apart = placed().filter(|site| basis(site) == Some(WayBasis::GreatCircle)).collect();
    [
        named("sites-without-way", unreached, "sites have no way by road from any base, as roads are reported now"),
        named(
            "sites-off-the-network",
            apart,
            "sites have no road of the network near, and travel times to them are by the great circle",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

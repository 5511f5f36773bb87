//! A plan as text for a terminal and as GeoJSON for a map.

use konbit_mission::Mission;
use konbit_mission::protection::Category;
use konbit_protect::{DocumentStatus, PlanDocument, Posture, SitePlan};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Open and weakly protected sites that the text names.
const WORST_SHOWN: usize = 12;

/// What a plan gives each site, for a map: one point for each site with a position.
pub fn plan_geojson(mission: &Mission, document: &PlanDocument) -> String {
    let features: Vec<Value> = document
        .sites
        .iter()
        .filter_map(|plan| {
            let site = &mission.sites.get(&plan.id)?.value;
            let position = site.position?;
            Some(json!({
                "type": "Feature",
                "id": plan.id,
                "geometry": { "type": "Point", "coordinates": [position.lon(), position.lat()] },
                "properties": {
                    "id": plan.id,
                    "name": site.name,
                    "kind": site.kind,
                    "category": site.category,
                    "posture": plan.posture,
                    "protection": plan.protection,
                    "post_share": plan.post_share,
                    "base": plan.base,
                    "minutes": plan.minutes,
                    "verified": site.source.reading.is_verified(),
                },
            }))
        })
        .collect();
    let collection = json!({
        "type": "FeatureCollection",
        "value": document.value,
        "bound": document.bound,
        "gap": document.gap,
        "status": document.status,
        "seed": document.seed,
        "problem_hash": document.problem_hash,
        "features": features,
    });
    format!("{collection}\n")
}

/// A plan in plain words, the answer first.
pub fn plan_text(mission: &Mission, document: &PlanDocument) -> String {
    let mut out = String::new();
    headline(&mut out, document);
    if !document.sites.is_empty() {
        by_category(&mut out, mission, document);
        worst(&mut out, mission, document);
        more_and_fewer(&mut out, document);
    }
    let _ = writeln!(out, "\nseed {}, problem {}", document.seed, document.problem_hash);
    out
}

fn headline(out: &mut String, document: &PlanDocument) {
    let people = document.personnel;
    let (Some(value), Some(bound), Some(gap)) = (document.value, document.bound, document.gap) else {
        let why = document.reason.as_deref().unwrap_or("none was found");
        let _ = writeln!(out, "no plan for {people} people: {why}");
        return;
    };
    let seats = u64::from(people) * 1000 / u64::from(document.problem.relief_factor_milli);
    let _ =
        writeln!(out, "plan for {people} people, {seats} on duty at any time, {} schedules", document.schedules.len());
    let _ = writeln!(out, "  value   {value:.3} persons harmed a week, expected under this plan");
    let _ = writeln!(out, "  bound   {bound:.3} no plan with this force goes below");
    let status = match document.status {
        DocumentStatus::Optimal => "optimal",
        DocumentStatus::Gap => "within the gap that was asked for",
        DocumentStatus::LimitReached => "stopped at the limit",
        DocumentStatus::Infeasible => "infeasible",
    };
    let _ = writeln!(out, "  gap     {:.2} % ({status})", gap * 100.0);
}

fn count(plans: &[&SitePlan], posture: Posture) -> usize {
    plans.iter().filter(|plan| plan.posture == posture).count()
}

fn by_category(out: &mut String, mission: &Mission, document: &PlanDocument) {
    let _ = writeln!(out, "\n{:32} {:>8} {:>10} {:>8} {:>6}", "", "guarded", "sometimes", "reached", "open");
    for category in Category::ALL {
        let of = |plan: &&SitePlan| mission.sites.get(&plan.id).is_some_and(|site| site.value.category == category);
        let plans: Vec<&SitePlan> = document.sites.iter().filter(of).collect();
        if plans.is_empty() {
            continue;
        }
        let [always, sometimes, reached, open] = [Posture::Always, Posture::Sometimes, Posture::Reached, Posture::Open]
            .map(|posture| count(&plans, posture));
        let _ = writeln!(out, "{:32} {always:>8} {sometimes:>10} {reached:>8} {open:>6}", category.label());
    }
}

fn worst(out: &mut String, mission: &Mission, document: &PlanDocument) {
    let mut plans: Vec<&SitePlan> = document.sites.iter().collect();
    plans.sort_by(|a, b| b.harm_share.total_cmp(&a.harm_share).then_with(|| a.id.cmp(&b.id)));
    let _ = writeln!(out, "\nwhere most of the remaining harm is expected");
    for plan in plans.into_iter().take(WORST_SHOWN) {
        let name = mission.sites.get(&plan.id).map_or(plan.id.as_str(), |site| site.value.name.as_str());
        let _ = writeln!(
            out,
            "  {:>5.1} %  protection {:>3.0} %  {name} ({})",
            plan.harm_share * 100.0,
            plan.protection * 100.0,
            plan.id
        );
    }
}

fn more_and_fewer(out: &mut String, document: &PlanDocument) {
    let _ = writeln!(out, "\nwith another number of people");
    for point in &document.more_and_fewer {
        match (point.value, point.bound) {
            (Some(value), Some(bound)) => {
                let _ = writeln!(
                    out,
                    "  {:>6} people: {value:.3} persons a week, and no plan below {bound:.3}",
                    point.personnel
                );
            }
            _ => {
                let _ = writeln!(out, "  {:>6} people: no plan", point.personnel);
            }
        }
    }
}

//! What the plan of the week in force says of one site.

use super::Work;
use crate::pages::week::site::{self, SiteWeek};
use crate::problem::Problem;
use konbit_protect::{Week, WeekSiteReason, explain_week};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The section of the site's page, and the same as JSON; nothing where no plan of the week is in force or it is not for
/// this site.
pub(super) fn site_in_week(work: &Work<'_>, id: &str) -> Result<(Markup, Value), Problem> {
    let held = work.app.desk.week_in_force(work.view.mission)?;
    let found = held.as_ref().and_then(|held| {
        let site = held.document.problem.sites.iter().position(|site| site.id == id)?;
        Some((held, site, held.document.certificate.as_ref()?))
    });
    let Some((held, site, certificate)) = found else { return Ok((html! {}, Value::Null)) };
    let week = Week::new(held.document.problem.clone()).map_err(|error| Problem::broken(error.to_string()))?;
    let reasons = explain_week(&week, &held.document.schedules, certificate, site)
        .map_err(|fault| Problem::broken(fault.to_string()))?;
    let json = json!({
        "plan": held.adopted.value.id,
        "slots": reasons.iter().map(|reason| reason_json(&week, reason)).collect::<Vec<_>>(),
    });
    Ok((site::section(&work.view, &SiteWeek { held, site, reasons: &reasons }), json))
}

fn reason_json(week: &Week, reason: &WeekSiteReason) -> Value {
    let data = week.data();
    let able = reason.crews.iter().filter_map(|crew| Some((crew.contingent, crew.price.ok()?)));
    json!({
        "slot": data.slots[reason.slot].id, "protection": reason.protection, "post_share": reason.post_share,
        "patrol_share": reason.patrol_share,
        "force": reason.force.map(|force| json!({ "base": data.bases[force.base].id, "minutes": f64::from(force.minutes_tenths) / 10.0, "share": force.share })),
        "mandatory": reason.is_mandatory, "must_be_visited": reason.must_be_visited, "floor": reason.floor,
        "value": reason.value, "post_gain": reason.post_gain,
        "crews": able.map(|(at, price)| json!({ "contingent": data.contingents[at].id, "price": price })).collect::<Vec<_>>(),
        "guarded_from_value": reason.guarded_from_value, "guarded_with_seats": reason.guarded_with_seats,
    })
}

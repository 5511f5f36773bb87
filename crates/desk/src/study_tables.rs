//! Studies as JSON and as tables: one writer for pages and commands.

use crate::{Band, Crossed, EndResult, Equal, Figure, Force, WeekForce, WeekSide, differing};
use konbit_exchange::export::table;
use konbit_protect::WeekData;
use serde_json::{Value, json};

/// Ids by places in a problem.
pub struct Places<'a> {
    /// Id of a site.
    pub site: &'a dyn Fn(usize) -> &'a str,
    /// Id of a base.
    pub base: &'a dyn Fn(usize) -> &'a str,
}

/// What more force buys: values, bounds and bands in persons harmed a week. `present` is the pattern that the plan is read
/// against, in words.
pub fn force_json<P>(force: &Force<P>, places: &Places<'_>, present: &str, equal: &Result<Equal, String>) -> Value {
    let band = |band: Option<Band>| band.map(|b| json!({ "low": b.low, "found": b.found, "high": b.high }));
    let site = places.site;
    json!({
        "personnel": force.personnel, "value": force.found.0, "bound": force.found.1, "complete": !force.is_cut_short,
        "curve": force.steps.iter().map(|step| json!({
            "personnel": step.personnel, "value": step.found.map(|f| f.0), "bound": step.found.map(|f| f.1), "spared": band(step.spared),
            "postures_changed": step.postures,
            "gains": step.gains.iter().map(|(ix, before, after)| json!({ "site": site(*ix), "before": before, "after": after })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "units": force.units.iter().map(|unit| json!({ "unit": format!("{:?}", unit.unit), "people": unit.people, "spared": band(unit.spared) })).collect::<Vec<_>>(),
        "one_more_force": force.bases.iter().map(|price| json!({ "base": (places.base)(price.place), "people": price.people, "spared_at_least": price.spared })).collect::<Vec<_>>(),
        "one_more_post": force.posts.iter().map(|price| json!({ "site": site(price.place), "people": price.people, "spared_at_least": price.spared })).collect::<Vec<_>>(),
        "present_pattern": present,
        "equals_more_people": equal.as_ref().ok().and_then(|equal| equal.people),
        "present_value": equal.as_ref().ok().map(|equal| equal.present),
    })
}

/// What more people of a contingent buy over the week, as far as it is known.
pub fn week_force_json(
    problem: &WeekData,
    contingent: &str,
    force: Option<&WeekForce>,
    present: &str,
    equal: &Result<Equal, String>,
) -> Value {
    let places = Places { site: &|ix| problem.sites[ix].id.as_str(), base: &|ix| problem.bases[ix].id.as_str() };
    let mut json = if let Some(force) = force {
        force_json(force, &places, present, equal)
    } else {
        let people = equal.as_ref().ok().and_then(|equal| equal.people);
        json!({ "present_pattern": present, "equals_more_people": people })
    };
    json["contingent"] = json!(contingent);
    json
}

/// A number of persons a week in a table, to the millionth.
fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.6}"))
}

/// The curve, strength by strength, as CSV with a row of HXL tags.
pub fn force_csv<'a, P>(force: &Force<P>, site: &dyn Fn(usize) -> &'a str) -> Vec<u8> {
    const COLUMNS: [(&str, &str); 8] = [
        ("personnel", "#capacity+personnel"),
        ("value", "#indicator+value"),
        ("bound", "#indicator+bound"),
        ("spared", "#indicator+spared"),
        ("spared_low", "#indicator+spared+low"),
        ("spared_high", "#indicator+spared+high"),
        ("postures_changed", "#indicator+postures"),
        ("gains", "#loc+site+id"),
    ];
    let row = |step: &crate::Step| {
        let gains: Vec<&str> = step.gains.iter().map(|gain| site(gain.0)).collect();
        vec![
            step.personnel.to_string(),
            number(step.found.map(|found| found.0)),
            number(step.found.map(|found| found.1)),
            number(step.spared.map(|band| band.found)),
            number(step.spared.map(|band| band.low)),
            number(step.spared.map(|band| band.high)),
            step.postures.to_string(),
            gains.join(" "),
        ]
    };
    table(&COLUMNS, force.steps.iter().map(row).collect())
}

/// The judged figures at the ends of their intervals: `found` is value and bound of the plan, `wanted` how many ends there
/// are to compute.
pub fn sensitivity_json<'a>(
    found: (f64, f64),
    results: &[EndResult],
    wanted: usize,
    site: &dyn Fn(usize) -> Option<&'a str>,
) -> Value {
    let row = |result: &EndResult| {
        json!({
            "figure": result.end.figure.as_ref().map(Figure::name),
            "at": result.end.figure.as_ref().map(|figure| figure.text(result.end.value)),
            "end": if result.end.is_high { "high" } else { "low" },
            "value": result.found.map(|found| found.0), "bound": result.found.map(|found| found.1),
            "ranks_changed": result.moved, "posts_gained_or_lost": result.postures,
            "widest": result.widest.iter().map(|(ix, before, after)| json!({ "site": site(*ix), "before": before, "after": after })).collect::<Vec<_>>(),
        })
    };
    json!({ "value": found.0, "bound": found.1, "done": results.len(), "wanted": wanted, "ends": results.iter().map(row).collect::<Vec<_>>() })
}

/// The same as CSV, one end in a row; the first row is the plan made again with nothing changed but the seed.
pub fn sensitivity_csv<'a>(results: &[EndResult], site: &dyn Fn(usize) -> Option<&'a str>) -> Vec<u8> {
    const COLUMNS: [(&str, &str); 8] = [
        ("figure", "#indicator+figure"),
        ("end", "#indicator+end"),
        ("at", "#indicator+at"),
        ("value", "#indicator+value"),
        ("bound", "#indicator+bound"),
        ("ranks_changed", "#indicator+ranks"),
        ("posts_gained_or_lost", "#indicator+posts"),
        ("widest", "#loc+site+id"),
    ];
    let row = |result: &EndResult| {
        let (figure, end) = (result.end.figure.as_ref(), if result.end.is_high { "high" } else { "low" });
        let widest: Vec<&str> = result.widest.iter().filter_map(|(ix, ..)| site(*ix)).collect();
        vec![
            figure.map(Figure::name).unwrap_or_default(),
            figure.map(|_| end.to_owned()).unwrap_or_default(),
            figure.map(|figure| figure.text(result.end.value)).unwrap_or_default(),
            number(result.found.map(|found| found.0)),
            number(result.found.map(|found| found.1)),
            result.moved.to_string(),
            result.postures.to_string(),
            widest.join(" "),
        ]
    };
    table(&COLUMNS, results.iter().map(row).collect())
}

/// The week at several shares of those who watch: each with its plan, or why there is none.
pub fn alpha_json(columns: &[(&str, Result<WeekSide, String>)]) -> Value {
    let column = |(alpha, side): &(&str, Result<WeekSide, String>)| match side {
        Ok(side) => {
            let sites = side.means().into_iter().map(|(id, given, _)| json!({ "id": id, "protection": given }));
            json!({ "alpha": alpha, "value": side.value, "bound": side.bound, "sites": sites.collect::<Vec<_>>() })
        }
        Err(why) => json!({ "alpha": alpha, "reason": why }),
    };
    json!({ "plans": columns.iter().map(column).collect::<Vec<_>>() })
}

/// The same as CSV, a site of a plan in a row.
pub fn alpha_csv(columns: &[(&str, Result<WeekSide, String>)]) -> Vec<u8> {
    const COLUMNS: [(&str, &str); 6] = [
        ("alpha", "#indicator+alpha"),
        ("value", "#indicator+value"),
        ("bound", "#indicator+bound"),
        ("site", "#loc+site+id"),
        ("protection", "#indicator+protection"),
        ("post_share", "#indicator+post"),
    ];
    let rows =
        columns.iter().filter_map(|(alpha, side)| Some((alpha, side.as_ref().ok()?))).flat_map(|(alpha, side)| {
            side.means().into_iter().map(move |(id, given, post)| {
                let (value, bound) = (number(Some(side.value)), number(side.bound));
                vec![(*alpha).to_owned(), value, bound, id.to_owned(), number(Some(given)), number(Some(post))]
            })
        });
    table(&COLUMNS, rows.collect())
}

/// Two plans of the week side by side, and the sites that differ.
pub fn sides_json(a: &WeekSide, b: &WeekSide, crossed: Option<&Crossed>) -> Value {
    let one = |side: &WeekSide, under: Option<&Result<f64, String>>| json!({ "label": side.label, "value": side.value, "bound": side.bound, "under_other": under.and_then(|value| value.as_ref().ok()) });
    let row = |(id, cells): &(&str, Vec<(f64, f64)>)| json!({ "site": id, "a": { "protection": cells[0].0, "post_share": cells[0].1 }, "b": { "protection": cells[1].0, "post_share": cells[1].1 } });
    json!({
        "a": one(a, crossed.map(|crossed| &crossed.0)), "b": one(b, crossed.map(|crossed| &crossed.1)),
        "differ": differing(&[a, b]).iter().map(row).collect::<Vec<_>>(),
    })
}

/// The sites that differ as CSV.
pub fn sides_csv(a: &WeekSide, b: &WeekSide) -> Vec<u8> {
    const COLUMNS: [(&str, &str); 5] = [
        ("site", "#loc+site+id"),
        ("protection_a", "#indicator+protection+first"),
        ("protection_b", "#indicator+protection+second"),
        ("post_share_a", "#indicator+post+first"),
        ("post_share_b", "#indicator+post+second"),
    ];
    let row = |(id, cells): (&str, Vec<(f64, f64)>)| {
        let [first, second] = [cells[0], cells[1]].map(|(given, post)| (number(Some(given)), number(Some(post))));
        vec![id.to_owned(), first.0, second.0, first.1, second.1]
    };
    table(&COLUMNS, differing(&[a, b]).into_iter().map(row).collect())
}

//! Studies of the week in plain words, the answer first. Values, bounds and what is spared are persons harmed a week.

use crate::study_tables::Places;
use crate::week_words::{base_name, site_name};
use crate::{
    Across, Band, Crossed, EndResult, Equal, Figure, MONTH_WEEKS, PlacePrice, StudiedWeek, Unit, WeekForce, WeekSide,
    differing, is_posted_in_some,
};
use konbit_mission::Mission;
use std::fmt::Write as _;

/// Sites shown side by side.
const SITES_SHOWN: usize = 40;

/// Sites named of each step.
const GAINS_SHOWN: usize = 3;

/// Persons a week to two places, four below one tenth.
fn harm(value: f64) -> String {
    if value == 0.0 || value.abs() >= 0.1 { format!("{value:.2}") } else { format!("{value:.4}") }
}

fn proven(band: Band) -> String {
    format!("{} to {}", harm(band.low), harm(band.high))
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A kind of unit, in words.
pub fn unit_words(unit: Unit) -> String {
    match unit {
        Unit::People(people) => format!("{people} people, wherever they help most"),
        Unit::Post(seats) => format!("a section for one post with {seats} on duty"),
        Unit::Force(seats) => format!("a reaction force with {seats} on duty"),
        Unit::Patrol(seats) => format!("a patrol with {seats} on duty"),
    }
}

/// What more people of a contingent buy. `present` is the pattern that the plan is read against, in words.
pub fn week_force_text(
    mission: &Mission,
    studied: &StudiedWeek,
    contingent: &str,
    force: &WeekForce,
    (present, equal): &(&'static str, Result<Equal, String>),
) -> String {
    let problem = &studied.document.problem;
    let places = Places { site: &|ix| problem.sites[ix].id.as_str(), base: &|ix| problem.bases[ix].id.as_str() };
    let figures = mission.week_figures.values().next();
    let held = figures.and_then(|figures| figures.contingents.iter().find(|held| held.id.as_str() == contingent));
    let name = held.map_or(contingent, |held| held.name.as_str());
    let mut out = format!(
        "{name} ({contingent}) has {} people; the plan leaves {:.3} persons harmed a week, bound {:.3}\n",
        force.personnel, force.found.0, force.found.1
    );
    for unit in &force.units {
        if let (Unit::People(people), Some(band)) = (unit.unit, unit.spared) {
            let _ = writeln!(out, "{people} more spare {} persons a week; proven: {}", harm(band.found), proven(band));
            let month = band.over(MONTH_WEEKS);
            let _ =
                writeln!(out, "a month earlier they spare {} persons; proven: {}", harm(month.found), proven(month));
        }
    }
    steps(&mut out, force, &places);
    units(&mut out, force);
    let _ = writeln!(out, "\none more, all else as it is; a plan made anew spares at least as much");
    one_more(&mut out, "reaction force", &force.bases, &|ix| base_name(mission, (places.base)(ix)));
    one_more(&mut out, "post", &force.posts, &|ix| site_name(mission, (places.site)(ix)));
    reverse(&mut out, present, equal, studied.value());
    unfinished(&mut out, force.made.0, force.made.1);
    out
}

fn steps(out: &mut String, force: &WeekForce, places: &Places<'_>) {
    let _ = writeln!(
        out,
        "\n  {:>6} {:>10} {:>10} {:>8} {:>20}  sites that gain most, % of attempts stopped",
        "people", "harmed", "bound", "spared", "proven"
    );
    for step in &force.steps {
        let here = if step.personnel == force.personnel { '*' } else { ' ' };
        let _ = write!(out, "{here} {:>6}", step.personnel);
        match step.found {
            Some((value, bound)) => {
                let _ = write!(out, " {value:>10.3} {bound:>10.3}");
            }
            None => {
                let _ = write!(out, " {:>21}", if step.is_computed { "no plan" } else { "not computed" });
            }
        }
        if let Some(band) = step.spared {
            let _ = write!(out, " {:>8} {:>20}", harm(band.found), proven(band));
            let gain = |(ix, before, after): &(usize, f64, f64)| {
                format!("{} {:.1} -> {:.1}", (places.site)(*ix), before * 100.0, after * 100.0)
            };
            let gains: Vec<String> = step.gains.iter().take(GAINS_SHOWN).map(gain).collect();
            if !gains.is_empty() {
                let _ = write!(out, "  {}", gains.join("; "));
            }
            if step.gains.len() > GAINS_SHOWN {
                let _ = write!(out, "; and {} more", step.gains.len() - GAINS_SHOWN);
            }
        }
        out.push('\n');
    }
    let _ = writeln!(out, "each strength is read against the one in the row above; * is the plan's own");
}

fn units(out: &mut String, force: &WeekForce) {
    let _ = writeln!(out, "\n{:44} {:>6} {:>8} {:>20}", "one more unit, planned anew", "people", "spared", "proven");
    for unit in &force.units {
        let (found, band) = match unit.spared {
            Some(band) => (harm(band.found), proven(band)),
            None => ("-".to_owned(), "not computed".to_owned()),
        };
        let _ = writeln!(out, "{:44} {:>6} {found:>8} {band:>20}", unit_words(unit.unit), unit.people);
    }
}

fn one_more<'a>(out: &mut String, what: &str, prices: &[PlacePrice], name: &dyn Fn(usize) -> &'a str) {
    if prices.is_empty() {
        let _ = writeln!(out, "  no {what} would spare anything");
    }
    for price in prices {
        let (spared, place) = (harm(price.spared), name(price.place));
        let _ = writeln!(out, "  {what}, {} people: at least {spared} at {place}", price.people);
    }
}

fn reverse(out: &mut String, present: &str, equal: &Result<Equal, String>, value: f64) {
    let _ = writeln!(out, "\nread against: {present}");
    match equal {
        Ok(equal) => {
            let _ =
                writeln!(out, "  it leaves {} persons harmed a week, this plan {}", harm(equal.present), harm(value));
            let _ = match equal.people {
                Some(0) => writeln!(out, "  it does as well"),
                Some(people) => {
                    writeln!(out, "  this plan equals {people} more people under it, each where they help most")
                }
                None => writeln!(out, "  no number of further posts would let it do as well"),
            };
        }
        Err(why) => {
            let _ = writeln!(out, "  it cannot be read so: {why}");
        }
    }
}

fn unfinished(out: &mut String, made: usize, wanted: usize) {
    if made < wanted {
        let _ = writeln!(out, "\nnot complete: {made} of {wanted} plans are made");
    }
}

/// What the search of this study leaves where no figure is changed; `None` where that was not computed.
pub fn value_unchanged(results: &[EndResult]) -> Option<f64> {
    let first = results.iter().find(|result| result.end.figure.is_none())?;
    first.found.map(|found| found.0)
}

/// A figure with what happens at its low and its high end.
type FigureEnds<'a> = (&'a Figure, [Option<&'a EndResult>; 2]);

/// Widest change of value at the ends of a figure, persons a week.
fn effect(ends: &FigureEnds<'_>, value: f64) -> f64 {
    let found = ends.1.iter().flatten().filter_map(|end| end.found);
    found.map(|found| (found.0 - value).abs()).fold(0.0, f64::max)
}

/// Results by figure, the widest effect first.
fn by_figure(results: &[EndResult], value: f64) -> Vec<FigureEnds<'_>> {
    let mut rows: Vec<FigureEnds<'_>> = Vec::new();
    for result in results {
        let Some(figure) = &result.end.figure else { continue };
        let at = rows.iter().position(|row| row.0 == figure).unwrap_or_else(|| {
            rows.push((figure, [None, None]));
            rows.len() - 1
        });
        rows[at].1[usize::from(result.end.is_high)] = Some(result);
    }
    rows.sort_by(|a, b| effect(b, value).total_cmp(&effect(a, value)).then(a.0.cmp(b.0)));
    rows
}

/// What the judgements decide: each figure at the ends of its interval, `wanted` plans in all.
pub fn week_ends_text(studied: &StudiedWeek, results: &[EndResult], wanted: usize) -> String {
    let (value, bound) = (studied.value(), studied.bound());
    let mut out = format!("the plan leaves {value:.3} persons harmed a week, bound {bound:.3}\n");
    if let Some(first) = results.first() {
        let _ = writeln!(
            out,
            "made again with another seed, {} and {} gained or lost: what is no more than that may be chance",
            plural(first.moved, "site changes rank", "sites change rank"),
            plural(first.postures, "post is", "posts are")
        );
    }
    let unchanged = value_unchanged(results).unwrap_or(value);
    if !results.is_empty() {
        let _ = writeln!(
            out,
            "the quicker search of this study leaves {unchanged:.3} with nothing changed: compare with that"
        );
    }
    let rows = by_figure(results, unchanged);
    if !rows.is_empty() {
        let _ = writeln!(
            out,
            "\n{:64} {:>4} {:>10} {:>10} {:>10} {:>5} {:>5}",
            "figure, the widest effect first", "end", "at", "value", "bound", "ranks", "posts"
        );
    }
    for (figure, ends) in &rows {
        for end in ends.iter().flatten() {
            let (found, bound) = end.found.map_or(("no plan".to_owned(), String::new()), |(value, bound)| {
                (format!("{value:.3}"), format!("{bound:.3}"))
            });
            let _ = writeln!(
                out,
                "{:64} {:>4} {:>10} {found:>10} {bound:>10} {:>5} {:>5}",
                figure.label(),
                if end.end.is_high { "high" } else { "low" },
                figure.text(end.end.value),
                end.moved,
                end.postures
            );
        }
    }
    if !rows.is_empty() {
        let _ = writeln!(
            out,
            "value and bound are those of a quicker search, each with its own proof; ranks: sites whose place by protection moves by a tenth of all sites or more; posts: sites that gain or lose theirs"
        );
    }
    unfinished(&mut out, results.len(), wanted);
    out
}

/// Rows that every comparison has.
fn side_rows(out: &mut String, sides: &[&WeekSide]) {
    let mut row = |label: &str, cells: Vec<String>| {
        let _ = write!(out, "{label:36}");
        for cell in cells {
            let _ = write!(out, " {cell:>12}");
        }
        out.push('\n');
    };
    let each = |of: &dyn Fn(&WeekSide) -> String| sides.iter().map(|side| of(side)).collect::<Vec<_>>();
    row("value, persons harmed a week", each(&|side| format!("{:.3}", side.value)));
    row("proven bound", each(&|side| side.bound.map_or_else(|| "no proof".to_owned(), |bound| format!("{bound:.3}"))));
    row("by those who do not watch", each(&|side| format!("{:.3}", side.evaluation.forecast_harm)));
    row("by those who watch", each(&|side| format!("{:.3}", side.watched_harm())));
    for (at, label) in
        ["posts in a slot, mean", "reaction forces in a slot, mean", "patrols in a slot, mean"].into_iter().enumerate()
    {
        row(label, each(&|side| format!("{:.1}", side.units()[at])));
    }
    row("sites with a post at any time", each(&|side| side.posted().to_string()));
}

fn differing_rows(out: &mut String, mission: &Mission, heads: &[&str], rows: &[Across<'_>]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{} of {} sites, the widest differences first: % of attempts stopped, and % of the time with a post, means over the week",
        rows.len().min(SITES_SHOWN),
        rows.len()
    );
    let _ = write!(out, " ");
    for head in heads {
        let _ = write!(out, " {head:>15}");
    }
    let _ = writeln!(out, "  site");
    for (id, cells) in rows.iter().take(SITES_SHOWN) {
        let _ = write!(out, " ");
        for (given, post) in cells {
            let post = if *post > 0.0 { format!("post {:.0}", post * 100.0) } else { String::new() };
            let _ = write!(out, " {:>6.1} {post:>8}", given * 100.0);
        }
        let _ = writeln!(out, "  {} ({id})", site_name(mission, id));
    }
}

/// The week at several shares of those who watch: each with its plan, or why there is none.
pub fn week_alpha_text(mission: &Mission, columns: &[(&str, Result<WeekSide, String>)]) -> String {
    let planned: Vec<(&str, &WeekSide)> =
        columns.iter().filter_map(|(alpha, side)| Some((*alpha, side.as_ref().ok()?))).collect();
    let sides: Vec<&WeekSide> = planned.iter().map(|(_, side)| *side).collect();
    let mut out = String::new();
    if !planned.is_empty() {
        let _ = write!(out, "{:36}", "share of attempts by those who watch");
        for (alpha, _) in &planned {
            let _ = write!(out, " {alpha:>12}");
        }
        out.push('\n');
        side_rows(&mut out, &sides);
        let _ = writeln!(
            out,
            "the values are not to be compared with each other: each expects other attempts; what can be compared is where the posts stand"
        );
    }
    for (alpha, side) in columns {
        if let Err(why) = side {
            let why = if why.is_empty() { "not computed" } else { why };
            let _ = writeln!(out, "at {alpha}: no plan: {why}");
        }
    }
    if planned.len() > 1 {
        let rows = differing(&sides);
        let apart = rows.iter().filter(|row| is_posted_in_some(row)).count();
        let _ = writeln!(
            out,
            "\n{} a post in some of the plans and none in others",
            plural(apart, "site has", "sites have")
        );
        let heads: Vec<String> = planned.iter().map(|(alpha, _)| format!("at {alpha}")).collect();
        differing_rows(&mut out, mission, &heads.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
    }
    out
}

/// Two plans of the week side by side.
pub fn week_sides_text(mission: &Mission, a: &WeekSide, b: &WeekSide, crossed: Option<&Crossed>) -> String {
    let rows = differing(&[a, b]);
    let mut out = format!("first: {}; second: {}\n", a.label, b.label);
    let _ = match crossed {
        None => writeln!(
            out,
            "by the same figures the second leaves {:+.2} persons harmed a week against the first",
            b.value - a.value
        ),
        Some((Ok(value), _)) => writeln!(
            out,
            "their figures differ; under those of the second, the first leaves {} persons harmed a week and the second {}",
            harm(*value),
            harm(b.value)
        ),
        Some(_) => writeln!(out, "their figures differ, so their values do not measure the same"),
    };
    let _ = writeln!(out, "\n{:36} {:>12} {:>12}", "", "first", "second");
    side_rows(&mut out, &[a, b]);
    let percent = |ppm: u32| f64::from(ppm) / 1e4;
    if let Some((first, second)) = crossed {
        let cell = |value: &Result<f64, String>| value.as_ref().map_or("-".to_owned(), |value| format!("{value:.3}"));
        let _ = writeln!(out, "{:36} {:>12} {:>12}", "value under the other's figures", cell(first), cell(second));
    }
    for (label, of) in [
        ("attempts by those who watch, %", (a.problem.alpha_ppm, b.problem.alpha_ppm)),
        ("a post stops, %", (a.problem.static_effect_ppm, b.problem.static_effect_ppm)),
    ] {
        let _ = writeln!(out, "{label:36} {:>12.1} {:>12.1}", percent(of.0), percent(of.1));
    }
    let duty = |side: &WeekSide| format!("{} to {}", side.on_duty().0, side.on_duty().1);
    let _ = writeln!(out, "{:36} {:>12} {:>12}", "people on duty, fewest and most", duty(a), duty(b));
    if let Some((first, second)) = crossed {
        for (which, value) in [("first", first), ("second", second)] {
            if let Err(why) = value {
                let _ = writeln!(out, "the {which} has no value under the other's figures: {why}");
            }
        }
    }
    if rows.is_empty() {
        let _ = writeln!(out, "\nno site differs in protection over the week");
    }
    differing_rows(&mut out, mission, &["first", "second"], &rows);
    out
}

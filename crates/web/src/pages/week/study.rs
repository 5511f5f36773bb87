//! Studies of a plan of the week: what more people buy, what the judgements decide, how two plans differ.

use super::question::WeekQuestion;
use crate::chart;
use crate::format;
use crate::layout::{View, select};
use crate::pages::study::{
    Named, Sensitive, base_name, fifty, places, reverse, sensitivity_lead, sensitivity_table, site_link, steps, units,
};
use konbit_desk::{Across, Crossed, Equal, Progress, WeekForce, WeekSide, differing, is_posted_in_some};
use konbit_mission::week::WeekFigures;
use konbit_protect::WeekData;
use maud::{Markup, html};

/// How far a study is.
#[derive(Debug, Clone, Copy)]
pub enum Stand {
    /// Nothing is being made.
    Idle,
    /// It is being made: for how many seconds, and how far the plan of the moment is.
    Running(u64, Option<Progress>),
}

/// The note that says how far a study is, and the buttons that begin, continue and end it. `path` is the study's page,
/// `done` of `wanted` plans are made.
fn progress(
    path: &str,
    question: &WeekQuestion,
    more: &[(&str, &str)],
    stand: Stand,
    done: usize,
    wanted: usize,
) -> Markup {
    let study = path.trim_start_matches("/week/");
    let own = html! {
        (question.hidden())
        @for (name, value) in more { input type="hidden" name=(name) value=(value); }
    };
    html! {
        @match stand {
            Stand::Running(seconds, now) => div.notice role="status" {
                p {
                    strong { (format::size(done)) " of " (format::size(wanted)) " plans are made" } ", for " (format::count(seconds)) " seconds so far. What is there is shown; this page asks again every few seconds."
                    @if let Some(now) = now { span.quiet { " The plan of the moment: value " (format::harm(now.value)) ", bound " (format::harm(now.bound)) "." } }
                }
                form.inline method="post" action="/week/stop" {
                    (own)
                    input type="hidden" name="study" value=(study);
                    button type="submit" { "End with what there is" }
                }
            },
            Stand::Idle if done < wanted => div.notice role="note" {
                p {
                    @if done <= 1 { "Not computed yet: " @if wanted > 1 { (format::size(wanted)) " plans" } @else { "plans" } " of the week are to be made, each with a roster of its own where people change. That takes some minutes; it goes on beside the pages and can be ended at any time." }
                    @else { strong { (format::size(done)) " of " (format::size(wanted)) " plans are made. " } "What is not computed is not in the tables." }
                }
                form.inline method="get" action=(path) {
                    (own)
                    input type="hidden" name="compute" value="1";
                    button type="submit" { @if done <= 1 { "Compute" } @else { "Go on" } }
                }
            },
            Stand::Idle => p.quiet { "All " (format::size(wanted)) " plans are made." },
        }
    }
}

/// The way back to the plan that is studied.
fn back(question: &WeekQuestion) -> Markup {
    html! { p { a href=(question.address(!question.pairs().is_empty(), &[])) { "Back to the plan" } } }
}

/// What the page of the force shows.
pub struct CurvePage<'a> {
    /// The question, for addresses.
    pub question: &'a WeekQuestion,
    /// The problem of the plan.
    pub problem: &'a WeekData,
    /// Value of the plan.
    pub value: f64,
    /// The contingent whose people change.
    pub crew: &'a str,
    /// What is computed.
    pub force: Option<&'a WeekForce>,
    /// How far it is.
    pub stand: Stand,
    /// The pattern that the plan is read against, in words.
    pub present_words: &'a str,
    /// The reverse reading.
    pub equal: &'a Result<Equal, String>,
}

/// `/week/curve`.
pub fn curve(view: &View<'_>, figures: &WeekFigures, page: &CurvePage<'_>) -> Markup {
    let name = super::slots::crew_name(view.mission, page.crew);
    let crews: Vec<(String, String)> =
        figures.contingents.iter().map(|crew| (crew.id.to_string(), crew.name.clone())).collect();
    let key = format!("people.{}", page.crew);
    let named = Named {
        site: &|site| site_link(view.mission, &page.problem.sites[site].id),
        base: &|base| html! { (base_name(view.mission, &page.problem.bases[base].id)) },
        strength: &|people| {
            let mut asked = page.question.clone();
            asked.people.insert(page.crew.to_owned(), people.to_string());
            asked.address(true, &[])
        },
        csv: &page.question.address_of("/week/curve.csv", true, &[("crew", page.crew)]),
    };
    html! {
        p.lead { "What another number of people of " (name) " would change over the week, from half to one and a half times as many; all others stay as they are. Every strength has a roster of its own, and bounds hold for that roster. " @if let Some(force) = page.force { (fifty(force)) } }
        form.filters method="get" action="/week/curve" {
            @for (name, value) in page.question.pairs().iter().filter(|(name, _)| *name != key) { input type="hidden" name=(name) value=(value); }
            (select("crew", "Contingent", page.crew, "the largest", &crews))
            button type="submit" { "Show" }
        }
        @let (done, wanted) = page.force.map_or((0, 0), |force| force.made);
        (progress("/week/curve", page.question, &[("crew", page.crew)], page.stand, done, wanted.max(1)))
        @if let Some(force) = page.force {
            nav.contents aria-label="On this page" {
                a href="#curve" { "The curve" } a href="#units" { "Kinds of unit" } a href="#places" { "Where they would stand" } a href="#reverse" { "Read the other way" }
            }
            section #curve {
                h2 { "Harm against the people of " (name) }
                @let points = points(force);
                @if points.len() > 1 {
                    figure {
                        (chart::curve(&points, force.personnel, &format!("Expected harm against the number of people of {name}")))
                        figcaption { "Expected harm against people of the contingent. The line is the plan found at each strength, the band reaches down to the proven bound: no plan lies below it." }
                    }
                }
                (steps(force, &named))
            }
            (units(force))
            (places(force, &named))
        }
        (reverse(page.present_words, page.equal, page.value))
        (back(page.question))
    }
}

fn points(force: &WeekForce) -> Vec<chart::CurvePoint> {
    let point = |step: &konbit_desk::Step| {
        step.found.map(|(value, bound)| chart::CurvePoint { personnel: step.personnel, value, bound })
    };
    force.steps.iter().filter_map(point).collect()
}

/// What the page of sensitivity shows.
pub struct JudgedPage<'a> {
    /// The question, for addresses.
    pub question: &'a WeekQuestion,
    /// The problem of the plan.
    pub problem: &'a WeekData,
    /// What is computed.
    pub results: &'a [konbit_desk::EndResult],
    /// How many there are to compute.
    pub wanted: usize,
    /// Value of the plan.
    pub value: f64,
    /// How far it is.
    pub stand: Stand,
}

/// `/week/sensitivity`.
pub fn sensitivity(view: &View<'_>, page: &JudgedPage<'_>) -> Markup {
    let site = |site: usize| site_link(view.mission, &page.problem.sites[site].id);
    let of = Sensitive {
        value: konbit_desk::value_unchanged(page.results).unwrap_or(page.value),
        sites: page.problem.sites.len(),
        results: page.results,
        wanted: page.wanted,
        site: &site,
    };
    html! {
        (sensitivity_lead(&of))
        (progress("/week/sensitivity", page.question, &[], page.stand, page.results.len(), page.wanted))
        (sensitivity_table(&of))
        @if !page.results.is_empty() { p.quiet { "Protection is a mean over the slots of the week. With fewer people for one on duty the roster is asked for more than it can give; a kind of slot is planned with the people of its leanest one, and what cannot be given is missing from each kind in about the same share, so that asking for more than that changes little." } }
        (back(page.question))
    }
}

/// A plan beside another, and where it is shown.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The plan.
    pub side: WeekSide,
    /// Its page; empty for one that has none.
    pub href: String,
}

/// Sites shown side by side.
const SITES_SHOWN: usize = 40;

/// The sites that differ, as a table.
fn differing_table(view: &View<'_>, heads: &[String], rows: &[Across<'_>]) -> Markup {
    html! {
        @if rows.is_empty() { p { "None." } }
        @else {
            p.quiet { "Attempts stopped, and below time with a post, in per cent: means over the week. The widest differences in protection come first." }
            div.scroll role="region" aria-label="Sites that differ" tabindex="0" {
                table.sites {
                    caption { (format::size(rows.len().min(SITES_SHOWN))) " of " (format::size(rows.len())) " sites" }
                    thead { tr { th scope="col" { "Site" } @for head in heads { th scope="col" .num { (head) } } } }
                    tbody {
                        @for (id, cells) in rows.iter().take(SITES_SHOWN) {
                            tr {
                                th scope="row" { (site_link(view.mission, id)) }
                                @for (given, post) in cells { td.num { (format::percent(*given)) @if *post > 0.0 { span.under { "post " (format::percent(*post)) } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rows about value, bound and units that every comparison has.
fn side_rows(sides: &[&WeekSide]) -> Markup {
    const UNITS: [&str; 3] = ["Posts in a slot, mean", "Reaction forces in a slot, mean", "Patrols in a slot, mean"];
    let units: Vec<[f64; 3]> = sides.iter().map(|side| side.units()).collect();
    html! {
        tr { th scope="row" { "Value" } @for side in sides { td.num { (format::decimal(side.value, 3)) } } }
        tr { th scope="row" { "Proven bound" } @for side in sides { td.num { @match side.bound { Some(bound) => (format::decimal(bound, 3)), None => "no proof of its own" } } } }
        tr { th scope="row" { "By those who do not watch" } @for side in sides { td.num { (format::decimal(side.evaluation.forecast_harm, 3)) } } }
        tr { th scope="row" { "By those who watch" } @for side in sides { td.num { (format::decimal(side.watched_harm(), 3)) } } }
        @for (index, label) in UNITS.iter().enumerate() { tr { th scope="row" { (label) } @for own in &units { td.num { (format::decimal(own[index], 1)) } } } }
        tr { th scope="row" { "Sites with a post at any time" } @for side in sides { td.num { (format::size(side.posted())) } } }
    }
}

/// `/week/alpha`: the plans that are made, each with its share of those who watch as in addresses.
pub fn alpha(
    view: &View<'_>,
    question: &WeekQuestion,
    columns: &[(&str, Result<WeekSide, String>)],
    stand: Stand,
) -> Markup {
    let planned: Vec<(&str, &WeekSide)> =
        columns.iter().filter_map(|(alpha, side)| Some((*alpha, side.as_ref().ok()?))).collect();
    let sides: Vec<&WeekSide> = planned.iter().map(|(_, side)| *side).collect();
    let heads: Vec<String> = planned.iter().map(|(alpha, _)| format!("At {alpha}")).collect();
    let with = |alpha: &str| WeekQuestion { alpha: alpha.to_owned(), ..question.clone() }.address(true, &[]);
    html! {
        p.lead { "Nobody knows how many attempts are made by adversaries who watch the pattern and choose the weakest moment. So the week is planned three times: as if none did, half, and all." }
        (progress("/week/alpha", question, &[], stand, planned.len(), columns.len()))
        @for (alpha, side) in columns { @if let Err(why) = side { @if !why.is_empty() { p { "At " (alpha) ": no plan: " (why) "." } } } }
        @if !planned.is_empty() {
            section {
                h2 { "The plans" }
                div.scroll role="region" aria-label="The plans" tabindex="0" {
                    table {
                        caption { "Persons harmed a week, and what stands" }
                        thead { tr { th scope="col" { "Share of those who watch" } @for (alpha, _) in &planned { th scope="col" .num { a href=(with(alpha)) { (alpha) } } } } }
                        tbody { (side_rows(&sides)) }
                    }
                }
                p.quiet { "The values are not to be compared with each other: each expects other attempts. What can be compared is where the posts stand." }
            }
        }
        @if planned.len() > 1 {
            @let rows = differing(&sides);
            @let apart = rows.iter().filter(|row| is_posted_in_some(row)).count();
            section {
                h2 { "Sites that differ" }
                p { (format::plural(apart, "site has", "sites have")) " a post in some of the plans and none in others. What is guarded in all of them does not depend on the judgement." }
                (differing_table(view, &heads, &rows))
            }
        }
        (back(question))
    }
}

/// A plan that can be chosen: its word in addresses, and words for a reader.
pub type Choice = (String, String);

/// `/week/compare`: the form, and the two plans if both are chosen.
pub fn compare(
    view: &View<'_>,
    question: &WeekQuestion,
    choices: &[Choice],
    chosen: (&str, &str),
    sides: Option<(&Linked, &Linked, Option<&Crossed>)>,
) -> Markup {
    let pick = |name: &str, label: &str, value: &str| {
        html! { label { span { (label) } select name=(name) { @for (word, words) in choices { option value=(word) selected[word == value] { (words) } } } } }
    };
    html! {
        @match sides {
            Some((a, b, crossed)) => (side_by_side(view, a, b, crossed)),
            None => p.lead { "Choose two plans of the week: those that were adopted, the answer to a question, and a plain pattern to measure against." },
        }
        section {
            h2 { "Other plans" }
            form.filters method="get" action="/week/compare" {
                (question.hidden())
                (pick("a", "One plan", chosen.0)) (pick("b", "The other", chosen.1))
                button type="submit" { "Compare" }
            }
        }
        (back(question))
    }
}

/// The headline and the tables of two plans.
pub fn side_by_side(view: &View<'_>, first: &Linked, second: &Linked, crossed: Option<&Crossed>) -> Markup {
    let (a, b) = (&first.side, &second.side);
    let sides = [a, b];
    let rows = differing(&sides);
    let name = |linked: &Linked| html! { @if linked.href.is_empty() { (linked.side.label) } @else { a href=(linked.href) { (linked.side.label) } } };
    let under = |value: &Result<f64, String>| match value {
        Ok(value) => format::decimal(*value, 3),
        Err(why) => format!("not possible: {why}"),
    };
    html! {
        p.lead {
            (format::plural(rows.len(), "site differs", "sites differ")) " in protection over the week. "
            @match crossed {
                None => { "By the same figures, the second leaves " strong { (format::signed(b.value - a.value, 2)) } " persons harmed a week against the first." },
                Some((Ok(value), _)) => { "Their figures differ. Under those of the second, the first leaves " strong { (format::harm(*value)) } " persons harmed a week and the second " strong { (format::harm(b.value)) } "." },
                Some(_) => "Their figures differ, so their values do not measure the same.",
            }
        }
        section {
            h2 { "Value and bound" }
            div.scroll role="region" aria-label="Value and bound" tabindex="0" {
                table {
                    caption { "Persons harmed a week, and what each plan rests on" }
                    thead { tr { th scope="col" { "" } @for linked in [first, second] { th scope="col" .num { (name(linked)) } } } }
                    tbody {
                        (side_rows(&sides))
                        @if let Some((first, second)) = crossed { tr { th scope="row" { "Value under the other's figures" } td.num { (under(first)) } td.num { (under(second)) } } }
                        tr { th scope="row" { "Attempts by those who watch, %" } @for side in sides { td.num { (format::percent(f64::from(side.problem.alpha_ppm) / 1e6)) } } }
                        tr { th scope="row" { "A post stops, %" } @for side in sides { td.num { (format::percent(f64::from(side.problem.static_effect_ppm) / 1e6)) } } }
                        tr { th scope="row" { "People on duty, fewest and most" } @for side in sides { @let (least, most) = side.on_duty(); td.num { (format::count(least)) " to " (format::count(most)) } } }
                    }
                }
            }
        }
        section {
            h2 { "Sites that differ" }
            (differing_table(view, &["First".to_owned(), "Second".to_owned()], &rows))
        }
    }
}

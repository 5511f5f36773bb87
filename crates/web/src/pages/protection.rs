//! Protection: the plan and its proof, what is guarded and what is left open, and what another force would change.

mod plan;
mod query;
mod question;
mod site;

pub use plan::{Adopted, Asked, PlanFacts, SiteRow, Standing, posture_word, rows};
pub use query::ProtectionQuery;
pub use question::{choose_site, figure_sections, infeasible, lines as change_lines, whole_form};
pub use site::{Why, site};

use crate::chart::{self, CurvePoint};
use crate::geo::site_href;
use crate::layout::{Paging, View, empty, entries_link, entry_href, figure, select, short, unverified};
use crate::{format, svg};
use konbit_mission::protection::Category;
use konbit_protect::Posture;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Stable word of a category, as in addresses.
pub fn category_word(category: Category) -> &'static str {
    match category {
        Category::Airport => "airport",
        Category::Port => "port",
        Category::School => "school",
        Category::Hospital => "hospital",
        Category::KeyIntersection => "key-intersection",
        Category::Other => "other",
    }
}

/// What a posture means, in words.
pub fn posture_label(posture: Posture) -> &'static str {
    match posture {
        Posture::Always => "guarded always",
        Posture::Sometimes => "guarded part of the time",
        Posture::Reached => "reached by a reaction force",
        Posture::Open => "open",
    }
}

const POSTURES: [Posture; 4] = [Posture::Always, Posture::Sometimes, Posture::Reached, Posture::Open];

/// `/protection` where no plan can be shown.
pub fn without_plan(view: &View<'_>, why: &str, query: &ProtectionQuery) -> Markup {
    html! {
        p.lead { "No plan is in force." }
        (empty(why, if view.mission.sites.is_empty() { "konbit import DIR sites FILE, bases FILE, planning FILE" } else { "" }))
        @if !view.mission.sites.is_empty() && !view.mission.planning.is_empty() { (question::form(view, query, None)) }
        @else { p { "Once they are there, a plan is made here or with " code { "konbit plan DIR" } "." } }
    }
}

/// `/protection` with a plan: the one in force, or an answer to a question that is not adopted.
pub fn protection(view: &View<'_>, query: &ProtectionQuery, shown: &Standing<'_>, map: &Markup) -> Markup {
    let facts = shown.shown();
    let rows = rows(view.mission, facts);
    html! {
        @if let Standing::WhatIf { facts, in_force, asked } = shown { (question::note(facts, *in_force, asked, query)) }
        (headline(view, query, facts, &rows, shown))
        (shapes())
        nav.contents aria-label="On this page" {
            a href="#map" { "Map" } a href="#lists" { "Guarded and open" } a href="#categories" { "By category" }
            a href="#force" { "With another force" } a href="#studies" { "Studies" } a href="#sites" { "All sites" } a href="#proof" { "Proof" }
        }
        section #map { h2 { "The plan on the map" } (map) }
        (lists(facts, &rows, query))
        (categories(&rows, query))
        (forces(view, facts))
        (force(view, query, shown))
        (studies(query))
        (table(view, query, facts, rows))
        (proof(facts, query))
    }
}

fn count(rows: &[SiteRow<'_>], posture: Posture) -> usize {
    rows.iter().filter(|row| row.plan.posture == posture).count()
}

fn headline(
    view: &View<'_>,
    query: &ProtectionQuery,
    facts: &PlanFacts,
    rows: &[SiteRow<'_>],
    shown: &Standing<'_>,
) -> Markup {
    let entry = match shown {
        Standing::InForce { adopted, .. } => adopted.entries.last().map(|ix| entry_href(*ix)),
        Standing::WhatIf { .. } => None,
    };
    let value_href = entry.clone().unwrap_or_else(|| "#sites".to_owned());
    let guarded = count(rows, Posture::Always) + count(rows, Posture::Sometimes);
    let posts: f64 = rows.iter().map(|row| row.plan.post_share).sum();
    html! {
        p.lead {
            "With " (format::count(facts.personnel.into())) " people, " strong { (figure(&value_href, format::harm(facts.value))) " people a week" }
            " are expected to be harmed at the " (format::size(rows.len())) " sites; without any protection it would be " (format::harm(facts.unprotected())) ". "
            "No plan with this force does better than " strong { (figure("#proof", format::harm(facts.bound))) } ": this one is within " (format::gap(facts.gap)) " of the best there can be."
        }
        dl.stats {
            (crate::layout::stat("Guarded", &figure("#guarded", format::size(guarded)), &html! { (count(rows, Posture::Always)) " always, " (count(rows, Posture::Sometimes)) " part of the time; " (format::decimal(posts, 0)) " posts at once, on average" }))
            (crate::layout::stat("Reached", &figure(&to_rows(query, "reached"), format::size(count(rows, Posture::Reached))), &html! { "by a reaction force, no post" }))
            (crate::layout::stat("Open", &figure("#open", format::size(count(rows, Posture::Open))), &html! { "no post, nobody in time" }))
            (crate::layout::stat("Well protected", &figure("#sites", format::size(rows.iter().filter(|row| row.plan.protection >= 0.5).count())), &html! { "at least half of attempts stopped" }))
            (crate::layout::stat("On duty at once", &figure("#proof", format::count(facts.seats().into())), &html! { "of " (format::count(facts.personnel.into())) " people" }))
        }
        @if facts.is_stale {
            div.notice role="note" { p { strong { "The mission's data have changed since this plan was made. " } "It still stands, and its value and bound hold for the data it was made from. Make a new plan with the form below." } }
        }
        p.evidence {
            @if let Standing::InForce { adopted, .. } = shown {
                "Plan " code { (adopted.plan.id) } ", in force: " (adopted.plan.reason.trim_end_matches('.')) ". " (entries_link(adopted.entries, "plan", adopted.plan.id.as_str())) " · "
            }
            "status " strong { (facts.status_words()) } " · value " (format::harm(facts.value)) " · bound " (format::harm(facts.bound)) " · gap " (format::gap(facts.gap))
            " · seed " (facts.seed) " · problem " code.hash title=(facts.problem_hash) { (short(&facts.problem_hash)) }
            @if view.mission.planning.values().any(|planning| !planning.source.reading.is_verified()) { " · judged figures " span.mark { "unverified" } }
        }
    }
}

fn to_rows(query: &ProtectionQuery, posture: &str) -> String {
    format!("{}#sites", format::address("/protection", &query.with(&[("posture", posture)])))
}

/// Guarded and open side by side, each by expected harm.
fn lists(facts: &PlanFacts, rows: &[SiteRow<'_>], query: &ProtectionQuery) -> Markup {
    const SHOWN: usize = 14;
    let list = |id: &str, title: &str, explains: &str, postures: &[Posture], word: &str| {
        let mut kept: Vec<&SiteRow<'_>> = rows.iter().filter(|row| postures.contains(&row.plan.posture)).collect();
        kept.sort_by(|a, b| b.plan.post_share.total_cmp(&a.plan.post_share));
        let mut pairs = query.what_if_pairs();
        pairs.push(("posture", word));
        html! {
            div.list id=(id) {
                h3 { (title) " " span.quiet { (format::size(kept.len())) } }
                p.quiet { (explains) }
                @if kept.is_empty() { p { "None." } }
                ol {
                    @for row in kept.iter().take(SHOWN) {
                        li {
                            (posture_key(row.plan.posture)) " "
                            a href=(site_href(row.site.id.as_str())) { (row.site.name) }
                            " " span.quiet { (format::words(&row.site.kind)) @if row.plan.posture == Posture::Sometimes { ", " (format::percent(row.plan.post_share)) " % of the time" } }
                        }
                    }
                }
                @if kept.len() > SHOWN { p { a href={ (format::address("/protection", &pairs)) "#sites" } { "All " (format::size(kept.len())) } } }
            }
        }
    };
    html! {
        section #lists {
            h2 { "What is guarded, and what is left open" }
            div.sides {
                (list("guarded", "Guarded", "A post stands there, in all schedules or in some; most of the time first.", &[Posture::Always, Posture::Sometimes], "guarded"))
                (list("open", "Open", "No post, and no reaction force that could come in time; most expected harm first.", &[Posture::Open], "open"))
            }
            @if facts.left_out > 0 {
                p { strong { (format::size(facts.left_out)) } " more sites cannot be planned for, because they have no position or no figures: " code { "konbit check DIR" } " names each." }
            }
        }
    }
}

/// The shapes of the marks, once for the whole page; [`posture_key`] refers to them.
fn shapes() -> Markup {
    html! {
        svg.shapes width="0" height="0" aria-hidden="true" {
            defs { @for posture in POSTURES { g id={ "k-" (posture_word(posture)) } { (svg::shape(posture_word(posture))) } } }
        }
    }
}

/// The mark of a posture.
fn posture_key(posture: Posture) -> Markup {
    html! { svg.key viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true" { use href={ "#k-" (posture_word(posture)) } {} } }
}

fn categories(rows: &[SiteRow<'_>], query: &ProtectionQuery) -> Markup {
    let link = |category: Category, posture: &str, value: usize| {
        let mut pairs = query.what_if_pairs();
        pairs.extend([("category", category_word(category)), ("posture", posture)]);
        figure(&format!("{}#sites", format::address("/protection", &pairs)), format::size(value))
    };
    html! {
        section #categories {
            h2 { "By what the mandate names" }
            div.scroll role="region" aria-label="By category" tabindex="0" {
                table {
                    caption { "Number of sites by category and posture" }
                    thead { tr { th scope="col" { "Category" } @for posture in POSTURES { th scope="col" .num { (posture_key(posture)) " " (format::heading(posture_label(posture))) } } th scope="col" .num { "All" } th scope="col" .num { "Harm a week" } } }
                    tbody {
                        @for category in Category::ALL {
                            @let of: Vec<&SiteRow<'_>> = rows.iter().filter(|row| row.site.category == category).collect();
                            @if !of.is_empty() {
                                tr {
                                    th scope="row" { (format::heading(category.label())) }
                                    @for posture in POSTURES { td.num { (link(category, posture_word(posture), of.iter().filter(|row| row.plan.posture == posture).count())) } }
                                    td.num { (link(category, "", of.len())) }
                                    td.num { (format::harm(of.iter().map(|row| row.harm_per_week).sum())) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where reaction forces wait, and for what share of the time.
fn forces(view: &View<'_>, facts: &PlanFacts) -> Markup {
    let shares = facts.force_shares();
    html! {
        section #forces {
            h2 { "Where reaction forces wait" }
            @if shares.is_empty() { p { "No reaction force is kept back: all people on duty stand at posts." } }
            @else {
                div.scroll role="region" aria-label="Reaction forces" tabindex="0" {
                    table {
                        caption { "Bases with a reaction force" }
                        thead { tr { th scope="col" { "Base" } th scope="col" .num { "Share of the time, %" } th scope="col" .num { "People on duty" } th scope="col" .num { "Sites it covers best" } } }
                        tbody {
                            @for (id, share, seats) in &shares {
                                @let base = view.mission.bases.get(id);
                                tr {
                                    th scope="row" {
                                        @match base {
                                            Some(base) => { (base.value.name) " " (unverified(&base.value.source)) " " (entries_link(&base.entries, "base", id)) },
                                            None => (id),
                                        }
                                    }
                                    td.num { (format::percent(*share)) }
                                    td.num { (format::count((*seats).into())) }
                                    td.num { (facts.sites.iter().filter(|site| site.base.as_deref() == Some(id.as_str())).count()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn force(view: &View<'_>, query: &ProtectionQuery, shown: &Standing<'_>) -> Markup {
    let facts = shown.shown();
    let points: Vec<CurvePoint> = facts.curve_points();
    let at = |personnel: u32| points.iter().find(|point| point.personnel == personnel);
    let steps = [("50 fewer", facts.personnel.saturating_sub(50)), ("50 more", facts.personnel.saturating_add(50))];
    html! {
        section #force {
            h2 { "With another force" }
            @for (words, personnel) in steps {
                @if let Some(point) = at(personnel) {
                    p { strong { (words) } ", " (format::count(personnel.into())) " people: " (format::harm(point.value)) " people harmed a week, "
                        strong { (format::signed(point.value - facts.value, 3)) } ". "
                        a.screen href=(format::address("/protection", &query.with(&[("personnel", &personnel.to_string())]))) { "See that plan" } }
                }
            }
            (question::form(view, query, Some(facts)))
            (curve_block(query, facts, points.len() > 3))
            p.screen { a href=(query.address("/protection/curve")) { "What more force buys" } ": the whole curve, from half the force to one and a half times it, and the price of each kind of unit (takes some seconds)" }
        }
    }
}

/// Harm against force as a chart and as a table; the table is folded away where `folded`.
pub fn curve_block(query: &ProtectionQuery, facts: &PlanFacts, folded: bool) -> Markup {
    let points = facts.curve_points();
    let table = html! {
        div.scroll role="region" aria-label="Harm against force" tabindex="0" {
            table {
                caption { "Harm against force" }
                thead { tr { th scope="col" .num { "People" } th scope="col" .num { "Harmed a week" } th scope="col" .num { "Proven bound" } th scope="col" .num { "Against " (format::count(facts.personnel.into())) } } }
                tbody {
                    @for point in &points {
                        tr class=[(point.personnel == facts.personnel).then_some("here")] {
                            th scope="row" .num { a.figure href=(format::address("/protection", &query.with(&[("personnel", &point.personnel.to_string())]))) { (format::count(point.personnel.into())) } }
                            td.num { (format::decimal(point.value, 3)) } td.num { (format::decimal(point.bound, 3)) } td.num { (format::signed(point.value - facts.value, 3)) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if points.len() > 1 {
            figure {
                (chart::curve(&points, facts.personnel, "Expected harm against the number of people in the force"))
                figcaption { "Expected harm against force. The line is the plan found at each strength, the band reaches down to the proven bound: no plan lies below it." }
            }
            @if folded { details { summary { "The same as a table" } (table) } } @else { (table) }
        } @else {
            p.quiet { "No other strength was computed with this plan." }
        }
    }
}

/// The pages that read the plan further.
fn studies(query: &ProtectionQuery) -> Markup {
    html! {
        section.screen #studies {
            h2 { "Studies of this plan" }
            ul {
                li { a href=(query.address("/protection/question")) { "Ask another question" } ": floors, mandatory posts, what posts and reaction forces achieve" }
                li { a href=(query.address("/protection/curve")) { "What more force buys" } ": strength by strength, by kind of unit, and the reverse" }
                li { a href=(query.address("/protection/alpha")) { "Alpha 0, 0.5 and 1" } ": the plan as if none, half or all attempts were made by those who watch" }
                li { a href=(query.address("/protection/sensitivity")) { "What the judgements decide" } ": the plan with each judged figure at the ends of its interval" }
                li { a href=(query.address("/protection/compare")) { "Compare two plans" } ", and " a href="/protection/by-hand" { "score a plan made by hand" } }
            }
        }
    }
}

fn filters(view: &View<'_>, query: &ProtectionQuery) -> Markup {
    let postures: Vec<(String, String)> = [("guarded".to_owned(), "guarded".to_owned())]
        .into_iter()
        .chain(POSTURES.map(|posture| (posture_word(posture).to_owned(), posture_label(posture).to_owned())))
        .collect();
    let used: BTreeSet<Category> = view.mission.sites.values().map(|site| site.category).collect();
    let categories: Vec<(String, String)> = Category::ALL
        .into_iter()
        .filter(|category| used.contains(category))
        .map(|category| (category_word(category).to_owned(), category.label().to_owned()))
        .collect();
    let areas = super::situation::area_options(view, view.mission.sites.values().filter_map(|site| site.area.as_ref()));
    html! {
        form.filters method="get" action="/protection#sites" {
            (question::hidden(query))
            label { span { "Name or kind" } input type="search" name="text" value=(query.text) maxlength="80"; }
            (select("posture", "Posture", &query.posture, "all postures", &postures))
            (select("category", "Category", &query.category, "all categories", &categories))
            (select("area", "Commune", &query.area, "all communes", &areas))
            button type="submit" { "Show" }
            @if query.is_filtered() { a href={ (query.address("/protection")) "#sites" } { "Show all" } }
        }
    }
}

fn table(view: &View<'_>, query: &ProtectionQuery, facts: &PlanFacts, rows: Vec<SiteRow<'_>>) -> Markup {
    let kept: Vec<SiteRow<'_>> = rows.into_iter().filter(|row| query.keeps(row)).collect();
    let all = query.page == "all";
    let paging = Paging::new(kept.len(), query.page.parse().ok());
    let range = if all { 0..kept.len() } else { paging.range() };
    let download = |kind: &str| format::address(&format!("/protection/plan.{kind}"), &query.what_if_pairs());
    html! {
        section #sites {
            h2 { "All sites, most expected harm first" }
            (filters(view, query))
            p.quiet { (format::plural(kept.len(), "site", "sites")) ". Download the whole plan: " a href=(download("json")) { "JSON" } ", " a href=(download("geojson")) { "GeoJSON" } ", " a href=(download("csv")) { "CSV" } "." }
            @if kept.is_empty() { (empty("No site matches the filter.", "")) }
            @else {
                div.scroll role="region" aria-label="Sites" tabindex="0" {
                    table.sites {
                        caption { "Sites under the plan" }
                        thead { tr {
                            th scope="col" { "Site" } th scope="col" { "Posture" } th scope="col" .num { "Stopped, %" } th scope="col" .num { "Post, % of time" }
                            th scope="col" { "Reaction force" } th scope="col" .num { "Minutes" } th scope="col" .num { "Harm per attempt" } th scope="col" .num { "Harm a week" } th.screen scope="col" { "Entry" }
                        } }
                        tbody { @for row in &kept[range] { (site_row(view, row)) } }
                    }
                }
                @if !all {
                    (paging.links("/protection", &query.pairs(), "#sites"))
                    @if paging.pages() > 1 {
                        @let mut pairs = query.pairs();
                        @let () = pairs.push(("page", "all"));
                        p.screen { a href={ (format::address("/protection", &pairs)) "#sites" } { "All on one page, for printing" } }
                    }
                }
                p.quiet { "Harm in persons. Harm a week counts the forecast attempts at the site and its share of the attempts by those who watch and choose; over all sites it adds up to " (format::harm(facts.value)) "." }
            }
        }
    }
}

fn site_row(view: &View<'_>, row: &SiteRow<'_>) -> Markup {
    let (site, plan) = (row.site, row.plan);
    let base = plan.base.as_ref().and_then(|id| view.mission.bases.get(id));
    html! {
        tr class=[(!site.source.reading.is_verified()).then_some("unverified")] {
            th scope="row" { a href=(site_href(site.id.as_str())) { (site.name) } " " span.quiet { (format::words(&site.kind)) } " " (unverified(&site.source)) }
            td { (posture_key(plan.posture)) " " (posture_label(plan.posture)) }
            td.num { (figure(&site_href(site.id.as_str()), format::percent(plan.protection))) }
            td.num { (format::percent(plan.post_share)) }
            td { @if let Some(base) = base { (base.value.name) } @else { span.quiet { "none" } } }
            td.num { (plan.minutes.map_or_else(|| format::UNKNOWN.to_owned(), |minutes| format::decimal(minutes, 0))) }
            td.num { (format::harm(plan.harm_per_attempt)) }
            td.num { (format::harm(row.harm_per_week)) }
            td.screen { (entries_link(row.entries, "site", site.id.as_str())) }
        }
    }
}

/// What the plan rests on and how to check it.
fn proof(facts: &PlanFacts, query: &ProtectionQuery) -> Markup {
    let relief = f64::from(facts.problem.relief_factor_milli) / 1000.0;
    html! {
        section #proof {
            h2 { "What it rests on, and how to check it" }
            dl.facts {
                dt { "Value" } dd { (format::decimal(facts.value, 4)) " persons harmed a week, expected under the schedules of the plan" }
                dt { "Bound" } dd { (format::decimal(facts.bound, 4)) " persons a week: proven, no plan with this force does better" }
                dt { "Gap" } dd { (format::gap(facts.gap)) }
                dt { "Status" } dd { (facts.status_words()) }
                dt { "Schedules" } dd { (format::size(facts.schedules.len())) " whole-number schedules, each with its probability" }
                dt { "People on duty" } dd { (format::count(facts.seats().into())) " at once: " (format::count(facts.personnel.into())) " divided by the relief factor " (format::decimal(relief, 1)) }
                dt { "Those who watch" } dd { (format::percent(f64::from(facts.problem.alpha_ppm) / 1e6)) " % of attempts, a judgement; see the plan at "
                    @for (index, alpha) in ["0", "0.5", "1"].into_iter().enumerate() { @if index > 0 { ", " } a href=(format::address("/protection", &query.with(&[("alpha", alpha)]))) { (alpha) } } " or " a href=(query.address("/protection/alpha")) { "all three side by side" } }
                dt { "A post stops" } dd { (format::percent(f64::from(facts.problem.static_effect_ppm) / 1e6)) " % of attempts, a judgement" }
                dt { "Seed" } dd { (facts.seed) }
                dt { "Problem" } dd { code.hash { (facts.problem_hash) } }
            }
            p { "Anyone can recompute value and bound from the file alone, in exact arithmetic and without the program that made the plan: download "
                a href=(query.address("/protection/plan.json")) { "plan.json" } ", then " code { "konbit check-plan plan.json" } "." }
        }
    }
}

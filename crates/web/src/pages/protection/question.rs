//! A question to the planner: the form that asks it, what it changes, its price, and what stands in its way.

use super::{Asked, PlanFacts, ProtectionQuery};
use crate::format;
use crate::geo::site_href;
use crate::layout::View;
use konbit_desk::{ChangeLine, Changes, Figure, Figures, is_mandatory};
use konbit_mission::protection::{Planning, Site};
use maud::{Markup, html};

/// What the plan answers, its price against the plan in force, and the form that adopts it.
pub(super) fn note(facts: &PlanFacts, in_force: Option<&PlanFacts>, asked: &Asked, query: &ProtectionQuery) -> Markup {
    html! {
        div.notice role="note" {
            p {
                strong { "Not adopted. " }
                "This plan answers the question what " (format::count(facts.personnel.into())) " people could do"
                @if query.alpha.trim().is_empty() { "" } @else { ", if " (format::percent(f64::from(facts.problem.alpha_ppm) / 1e6)) " % of attempts are made by adversaries who watch" }
                @if !asked.lines.is_empty() { ", with these changes of the planning figures" }
                "."
            }
            (lines(&asked.lines))
            @match in_force {
                Some(held) => {
                    (price(facts, held, asked))
                    (changes(facts, held, query))
                },
                None => p { "No plan is in force to compare it with." },
            }
            form.adopt method="post" action="/protection/adopt" {
                (hidden(query))
                input type="hidden" name="problem" value=(facts.problem_hash);
                label { span { "Reason, kept in the record" } input type="text" name="reason" required maxlength="500" size="48"; }
                button type="submit" { "Adopt this plan" }
                @if !asked.lines.is_empty() { p.quiet { "The changed figures enter the record with it, with this reason." } }
            }
        }
    }
}

fn compare_href(query: &ProtectionQuery) -> String {
    format::address("/protection/compare", &query.with(&[("a", "in-force"), ("b", "question")]))
}

/// The question as fields of a form that the reader does not see.
pub(super) fn hidden(query: &ProtectionQuery) -> Markup {
    html! { @for (name, value) in query.what_if_pairs() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } } }
}

/// The changes as a table: before, after, and whether a judgement lies outside its interval.
pub fn lines(lines: &[ChangeLine]) -> Markup {
    html! {
        @if !lines.is_empty() {
            div.scroll role="region" aria-label="Changes" tabindex="0" {
                table {
                    caption { "What the question changes" }
                    thead { tr { th scope="col" { "Figure" } th scope="col" .num { "In the record" } th scope="col" .num { "Here" } th scope="col" { "Unit" } th scope="col" { "Interval of the record" } } }
                    tbody {
                        @for line in lines {
                            tr {
                                th scope="row" { (format::heading(&line.label)) }
                                td.num { (line.before) } td.num { strong { (line.after) } } td { (line.unit) }
                                td {
                                    @match &line.interval {
                                        Some((low, high)) => { (low) " to " (high) @if line.is_outside { " " span.mark { "outside" } } },
                                        None => span.quiet { "a decision, not a judgement" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `1.20 more persons a week`.
fn more(change: f64) -> String {
    if format::signed(change, 2).starts_with('±') {
        return "no more and no fewer persons a week".to_owned();
    }
    format!("{} {} persons a week", format::harm(change.abs()), if change > 0.0 { "more" } else { "fewer" })
}

/// What the question costs against the plan in force, with its proven band.
fn price(facts: &PlanFacts, held: &PlanFacts, asked: &Asked) -> Markup {
    let (low, high) = (facts.bound - held.value, facts.value - held.bound);
    html! {
        @if asked.changes_figures {
            p {
                "The question changes what harm is expected, so the two values of the plans, " (format::harm(facts.value)) " here and "
                (format::harm(held.value)) " in force, do not measure the same. "
                @match &asked.in_force {
                    Some(Ok(equal)) => { "Under the figures of the question, and whatever else it demands, the plan in force would leave " (format::harm(equal.present)) ": this plan leaves " strong { (more(facts.value - equal.present)) } "." },
                    Some(Err(why)) => { "The plan in force cannot be used under these figures: " (why) "." },
                    None => "",
                }
            }
        } @else {
            p {
                "Against the plan in force (" (format::count(held.personnel.into())) " people, " (format::harm(held.value)) "): "
                strong { (more(facts.value - held.value)) } ". "
                "Between the best plans of both, the difference is proven to lie between " (format::signed(low, 2)) " and " (format::signed(high, 2)) "."
            }
        }
        (reverse(facts, asked.in_force.as_ref()))
    }
}

/// The reverse reading: how many more people the plan in force would need.
fn reverse(facts: &PlanFacts, in_force: Option<&Result<konbit_desk::Equal, String>>) -> Markup {
    html! {
        @match in_force {
            Some(Ok(equal)) if equal.present > facts.value => {
                p {
                    @match equal.people {
                        Some(people) => { "Read the other way: under the pattern of the plan in force, as it is, " strong { (format::count(people.into())) " more people" } " would be needed to do as well, each at the post where they help that pattern most." },
                        None => "Read the other way: under the pattern of the plan in force no number of further posts would do as well.",
                    }
                }
            },
            _ => {},
        }
    }
}

/// How many sites change against the plan in force; the comparison lists them.
fn changes(facts: &PlanFacts, held: &PlanFacts, query: &ProtectionQuery) -> Markup {
    let differ = crate::pages::study::differences(&held.sites, &facts.sites);
    let moved = differ.iter().filter(|(then, now)| now.posture != then.posture).count();
    html! {
        p {
            @if differ.is_empty() { "No site changes its posture, nor its protection by as much as half a percentage point. " }
            @else { (format::plural(differ.len(), "site changes", "sites change")) " in protection, " (format::size(moved)) " of them in posture: " a href=(compare_href(query)) { "compare with the plan in force, site by site" } ". " }
            a href="/protection" { "Back to the plan in force" }
        }
    }
}

/// The short form that asks for another plan.
pub(super) fn form(view: &View<'_>, query: &ProtectionQuery, facts: Option<&PlanFacts>) -> Markup {
    html! {
        form.filters.what-if method="get" action="/protection" {
            @for (name, value) in &query.changes { input type="hidden" name=(name) value=(value); }
            (force_fields(view, query, facts))
            button type="submit" { "Plan with these" }
            p.quiet { "Takes a second or two. Nothing changes until a plan is adopted with a reason." }
        }
        p.screen { a href=(query.address("/protection/question")) { "Change other figures: floors, mandatory posts, what a post or a reaction force achieves" } }
    }
}

/// Force, those who watch, seed.
fn force_fields(view: &View<'_>, query: &ProtectionQuery, facts: Option<&PlanFacts>) -> Markup {
    let planning = view.mission.planning.values().next();
    let personnel =
        facts.map(|facts| facts.personnel).or_else(|| planning.map(|planning| planning.personnel)).unwrap_or(0);
    let alpha = facts
        .map(|facts| f64::from(facts.problem.alpha_ppm))
        .or_else(|| planning.map(|planning| planning.alpha_ppm.best as f64))
        .unwrap_or(0.0)
        / 1e6;
    let or = |typed: &str, default: String| if typed.trim().is_empty() { default } else { typed.trim().to_owned() };
    html! {
        label { span { "People in the force" } input type="number" name="personnel" min="0" max="1000000" step="1" required value=(or(&query.personnel, personnel.to_string())); }
        label { span { "Share of attempts by those who watch, 0 to 1" } input type="number" name="alpha" min="0" max="1" step="0.01" required value=(or(&query.alpha, format!("{alpha}"))); }
        label { span { "Seed" } input type="number" name="seed" min="0" step="1" required value=(or(&query.seed, facts.map_or(1, |facts| facts.seed).to_string())); }
    }
}

/// The figures that the form asks for one by one, in groups.
const GROUPS: [(&str, &[Figure]); 3] = [
    ("Posts and those who watch", &[Figure::StaticEffect, Figure::WatchedAttempts, Figure::ReliefFactor]),
    (
        "Reaction forces",
        &[Figure::ReactionEffect, Figure::ReactionDecay, Figure::ReactionBusy, Figure::ReactionSeats, Figure::Turnout],
    ),
    ("Where no road is known, and incidents", &[Figure::Detour, Figure::Speed, Figure::IncidentReach]),
];

/// A field for one figure: empty means as it stands in the record.
fn field(figures: Figures<'_>, changes: &Changes, figure: &Figure) -> Markup {
    let measure = figure.measure();
    let held = figure.held(figures).map(|held| figure.text(held)).unwrap_or_default();
    let value = changes.get(figure).map(|value| figure.text(value)).unwrap_or_default();
    html! {
        label {
            span { (format::heading(&figure.label())) " (" (measure.unit) ")" }
            input type="number" inputmode="decimal" name=(figure.name()) min=(figure.text(measure.least)) max=(figure.text(measure.most)) step="any" placeholder=(held) value=(value);
            small.quiet {
                @if held.is_empty() { "no limit now" } @else { "now " (held) }
                @if let Some(judged) = figure.judged(figures) { ", judged between " (figure.text(judged.low)) " and " (figure.text(judged.high)) }
            }
        }
    }
}

/// `/protection/question`: the whole form.
pub fn whole_form(view: &View<'_>, query: &ProtectionQuery, changes: &Changes) -> Markup {
    let Some(figures) = Figures::of(view.mission) else {
        return crate::layout::empty("There are no planning figures to change yet.", "konbit import DIR planning FILE");
    };
    html! {
        p.lead { "What would the plan be if a figure were different? A field that is left empty stands for the figure in the record. The answer is a page whose address holds the question, so that it can be kept and sent." }
        form method="get" action="/protection/ask" {
            section {
                h2 { "Force" }
                div.fields { (force_fields(view, query, None)) }
            }
            (figure_sections(view, Figures { week: None, ..figures }, changes))
            p { button type="submit" { "Plan with these" } " " a href=(query.address("/protection")) { "Back without asking" } }
        }
    }
}

/// The fields of every figure that a question may change; those of the week where `figures` have any.
pub fn figure_sections(view: &View<'_>, figures: Figures<'_>, changes: &Changes) -> Markup {
    let section = |title: &str, list: &[Figure]| {
        html! {
            section {
                h2 { (title) }
                div.fields { @for figure in list { (field(figures, changes, figure)) } }
            }
        }
    };
    html! {
        (posts(view, figures.planning, changes))
        section {
            h2 { "By kind of site" }
            p { "A floor is the least share of attempts that must be stopped at every site of the kind, whatever it costs elsewhere." }
            (kinds(view, figures, changes))
        }
        @for (title, list) in GROUPS { (section(title, list)) }
        @if let Some(week) = figures.week { (section("Patrols, slots and how far contingents serve", &Figure::of_week(week).collect::<Vec<_>>())) }
    }
}

/// Mandatory posts: those there are, to be dropped, and one to be added by name.
fn posts(view: &View<'_>, planning: &Planning, changes: &Changes) -> Markup {
    let asked = |site: &Site| changes.posts().find(|(id, _)| **id == site.id).map(|(_, must)| must);
    let shown: Vec<&Site> =
        view.mission.sites.values().filter(|site| asked(site).is_some() || is_mandatory(planning, site)).collect();
    html! {
        section {
            h2 { "Mandatory posts" }
            @if shown.is_empty() { p { "No post is mandatory." } }
            @else {
                p { "A mandatory post stands in every schedule. Take the mark away to see the plan without it." }
                ul.choices {
                    @for site in shown {
                        @let must = asked(site).unwrap_or(true);
                        li {
                            // What is sent where the mark is taken away; the mark's own value follows and prevails.
                            input type="hidden" name="held_post" value=(site.id);
                            label.check { input type="checkbox" name="keep_post" value=(site.id) checked[must]; " " (site.name) " " span.quiet { (format::words(&site.kind)) } }
                        }
                    }
                }
            }
            div.fields {
                label { span { "Also at this site: a name, part of a name, or an id" } input type="search" name="add_post" maxlength="120"; }
            }
        }
    }
}

fn kinds(view: &View<'_>, figures: Figures<'_>, changes: &Changes) -> Markup {
    let count = |kind: &str| view.mission.sites.values().filter(|site| site.kind == kind).count();
    let mut kinds: Vec<(usize, &String)> = figures.planning.kinds.keys().map(|kind| (count(kind), kind)).collect();
    kinds.retain(|(count, _)| *count > 0);
    kinds.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let cell = |figure: &Figure| {
        let measure = figure.measure();
        let held = figure.held(figures).map(|held| figure.text(held)).unwrap_or_default();
        let value = changes.get(figure).map(|value| figure.text(value)).unwrap_or_default();
        html! {
            td.num { input type="number" inputmode="decimal" name=(figure.name()) aria-label=(figure.label()) min=(figure.text(measure.least)) max=(figure.text(measure.most)) step="any" placeholder=(held) value=(value); }
        }
    };
    html! {
        div.scroll role="region" aria-label="By kind of site" tabindex="0" {
            table.inputs {
                caption { "The figure in the record stands in grey in each field" }
                thead { tr { th scope="col" { "Kind" } th scope="col" .num { "Sites" } th scope="col" .num { "Floor, 0 to 1" } th scope="col" .num { "On duty at a post" } th scope="col" .num { "Persons harmed" } th scope="col" .num { "Attempts a week before incidents" } } }
                tbody {
                    @for (count, kind) in &kinds {
                        tr {
                            th scope="row" { (format::heading(kind)) }
                            td.num { (format::size(*count)) }
                            (cell(&Figure::Floor((*kind).clone()))) (cell(&Figure::PostSeats((*kind).clone())))
                            (cell(&Figure::Value((*kind).clone()))) (cell(&Figure::PriorAttempts((*kind).clone())))
                        }
                    }
                }
            }
        }
    }
}

/// A name that several sites bear: the reader chooses one. `href` gives the address with a site in the question.
pub fn choose_site(view: &View<'_>, text: &str, found: &[&Site], href: &dyn Fn(&Site) -> String) -> Markup {
    const SHOWN: usize = 60;
    html! {
        p.lead { (format::plural(found.len(), "site matches", "sites match")) " " q { (text) } ". Choose one." }
        ul {
            @for site in found.iter().take(SHOWN) {
                li { a href=(href(site)) { (site.name) } " " span.quiet { (format::words(&site.kind)) @if let Some(area) = &site.area { ", " (super::site::commune(view, area.as_str())) } ", " (site.id) } }
            }
        }
        @if found.len() > SHOWN { p { "And " (format::size(found.len() - SHOWN)) " more: go back and give more of the name." } }
    }
}

/// A question that no plan answers: why, and the demands that cannot all be met, each with the way out.
pub fn infeasible(
    view: &View<'_>,
    query: &ProtectionQuery,
    reason: &str,
    planning: Option<&Planning>,
    conflict: &[String],
) -> Markup {
    const SHOWN: usize = 40;
    html! {
        p.lead { "No plan does what the question asks." }
        p { "The planner says: " (reason) "." }
        @if !conflict.is_empty() {
            section {
                h2 { @if conflict.len() == 1 { "The demand that cannot be met" } @else { "The demands that conflict" } }
                @if conflict.len() == 1 { p { "This demand alone cannot be met with the force of the question. Giving it up, or adding people, may be enough." } }
                @else { p { "These alone cannot all be met with the force of the question. Giving up one of them, or adding people, may be enough." } }
                div.scroll role="region" aria-label="Demands that conflict" tabindex="0" {
                    table {
                        caption { (format::plural(conflict.len(), "demand", "demands")) }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "What is demanded" } th scope="col" { "Way out" } } }
                        tbody {
                            @for id in conflict.iter().take(SHOWN) {
                                @if let Some(site) = view.mission.sites.get(id).map(|held| &held.value) { (demand(query, site, planning)) }
                            }
                        }
                    }
                }
                @if conflict.len() > SHOWN { p { "And " (format::size(conflict.len() - SHOWN)) " more of the same." } }
            }
        }
        p { a href=(query.address("/protection/question")) { "Change the question" } " · " a href="/protection" { "Back to the plan in force" } }
    }
}

fn demand(query: &ProtectionQuery, site: &Site, planning: Option<&Planning>) -> Markup {
    let mandatory = planning.is_some_and(|planning| is_mandatory(planning, site));
    let floor = Figure::Floor(site.kind.clone());
    let held = planning.and_then(|planning| floor.held(Figures { planning, week: None })).filter(|held| *held > 0);
    let without_post = || {
        let mut fewer = query.clone();
        fewer
            .changes
            .retain(|(name, value)| !(matches!(name.as_str(), "post" | "no_post") && value == site.id.as_str()));
        fewer.changes.push(("no_post".to_owned(), site.id.to_string()));
        fewer.address("/protection")
    };
    html! {
        tr {
            th scope="row" { a href=(site_href(site.id.as_str())) { (site.name) } " " span.quiet { (format::words(&site.kind)) } }
            td {
                @if mandatory { "a post in every schedule" }
                @if mandatory && held.is_some() { "; " }
                @if let Some(held) = held { "at least " (format::percent(held as f64 / 1e6)) " % of attempts stopped" }
            }
            td {
                @if mandatory { a href=(without_post()) { "without this post" } }
                @if mandatory && held.is_some() { " · " }
                @if held.is_some() { a href=(format::address("/protection", &query.with(&[(floor.name().as_str(), "0")]))) { "without a floor for this kind" } }
            }
        }
    }
}

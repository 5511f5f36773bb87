//! The week: its plan and proof, what stands in each kind of slot, the next slots, and what another week would be.

pub mod facts;
pub mod hand;
mod question;
pub mod roster;
pub mod site;
pub mod slots;
pub mod study;

pub use facts::{SlotRow, WeekFacts};
pub use question::{WeekQuestion, infeasible, note, question_form, running, whole_form};

use crate::format;
use crate::geo::site_href;
use crate::layout::{Paging, View, empty, entries_link, figure, short, stat};
use konbit_base::Finding;
use konbit_desk::ChangeLine;
use konbit_mission::week::{AdoptedWeek, WeekFigures};
use maud::{Markup, html};

/// What the page of the week shows.
pub struct WeekPage<'a> {
    /// The plan shown.
    pub facts: WeekFacts<'a>,
    /// Its adoption and the entries behind it, if it is the one in force.
    pub adopted: Option<(&'a AdoptedWeek, &'a [u64])>,
    /// The plan in force, where another is shown, and what it would come to under the figures of the question.
    pub in_force: Option<(WeekFacts<'a>, Result<f64, String>)>,
    /// What the question changes of the figures in the record.
    pub lines: &'a [ChangeLine],
    /// Whether the mission's data make another problem now than the one it solves.
    pub is_stale: bool,
    /// What was asked.
    pub question: &'a WeekQuestion,
    /// The slots from now on.
    pub slots: Vec<SlotRow<'a>>,
    /// What could not be used.
    pub left_out: &'a [Finding],
    /// The map.
    pub map: Markup,
}

/// `/week` where there is no plan to show.
pub fn without_plan(view: &View<'_>, question: &WeekQuestion, why: &str) -> Markup {
    let figures = view.mission.week_figures.values().next();
    html! {
        p.lead { "No plan of the week is in force." }
        @match figures {
            None => (empty(why, "konbit import DIR week FILE")),
            Some(figures) => {
                (empty(why, ""))
                (question_form(view, figures, question))
                p { "Or score " a href="/week/by-hand" { "a plan made by hand" } "." }
            },
        }
    }
}

/// `/week` with a plan: the one in force, or one that is proposed.
pub fn week(view: &View<'_>, figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let is_proposal = page.adopted.is_none();
    html! {
        @if is_proposal {
            @let held = page.in_force.as_ref().map(|(held, followed)| (held, followed));
            @let more = html! { @if let Some((held, _)) = held { (changes(page, held)) } };
            (note(&page.facts, page.question, page.lines, held, &more))
        }
        (headline(figures, page))
        nav.contents aria-label="On this page" {
            @if !is_proposal { a href="#slots" { "Next slots" } }
            a href="#kinds" { "Kinds of slot" } a href="#watchers" { "Those who watch" } a href="#map" { "Map" } a href="#sites" { "All sites" }
            a href="#studies" { "Studies" } a href="#ask" { "Plan again" } a href="#proof" { "Proof" }
            a href="/week/roster" { "Roster" } a href="/week/draws" { "Draws" }
            a href="/week/by-hand" { "A plan made by hand" }
        }
        @if !page.left_out.is_empty() {
            div.notice role="note" { p { strong { "What this plan leaves out" } } ul { @for finding in page.left_out { li { (finding.message) "." } } } }
        }
        @if !is_proposal { (slots::next(view, &page.slots)) }
        (kinds(figures, page))
        (watchers(view, figures, page))
        section #map {
            h2 { "The week on the map" }
            (kind_links(figures, page))
            (page.map)
        }
        (sites(view, figures, page))
        (studies(page))
        section #ask {
            h2 { "Plan again, with something changed" }
            (question_form(view, figures, page.question))
        }
        (proof(page))
    }
}

/// The pages that read the plan further.
fn studies(page: &WeekPage<'_>) -> Markup {
    let to = |path: &str| page.question.address_of(path, page.adopted.is_none(), &[]);
    let compare = if page.adopted.is_none() {
        page.question.address_of("/week/compare", true, &[("a", "in-force"), ("b", "question")])
    } else {
        "/week/compare".to_owned()
    };
    html! {
        section.screen #studies {
            h2 { "Studies of this plan" }
            ul {
                li { a href=(to("/week/question")) { "Ask another question" } ": floors, mandatory posts, what posts, patrols and reaction forces achieve" }
                li { a href=(to("/week/curve")) { "What more people buy" } ": strength by strength for a contingent, by kind of unit, and the reverse" }
                li { a href=(to("/week/alpha")) { "Alpha 0, 0.5 and 1" } ": the week as if none, half or all attempts were made by those who watch" }
                li { a href=(to("/week/sensitivity")) { "What the judgements decide" } ": the week with each judged figure at the ends of its interval" }
                li { a href=(compare) { "Compare two plans of the week" } }
            }
        }
    }
}

fn headline(figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let facts = &page.facts;
    let people: u64 = figures.contingents.iter().map(|crew| u64::from(page.question.people(crew))).sum();
    let worst: f64 = facts.evaluation.groups.iter().map(|group| group.harm).sum();
    html! {
        p.lead {
            "With " (format::count(people)) " people in " (format::plural(figures.contingents.len(), "contingent", "contingents")) ", "
            strong { (figure("#sites", format::harm(facts.value))) " people a week" } " are expected to be harmed. "
            "No plan of the week with these people does better than " strong { (figure("#proof", format::harm(facts.bound))) }
            ": this one is within " (format::gap(facts.gap)) " of the best there can be."
        }
        dl.stats {
            (stat("By those who do not watch", &figure("#kinds", format::harm(facts.evaluation.forecast_harm)), &html! { "people a week, over all slots" }))
            (stat("By those who watch", &figure("#watchers", format::harm(worst)), &html! { "people a week, at their best choice" }))
            @for (name, least, most) in facts.seats_by_contingent() {
                (stat(&name, &figure("/week/roster", if least == most { format::count(least.into()) } else { format!("{least} to {most}") }), &html! { "on duty at once" }))
            }
        }
        @if page.is_stale {
            div.notice role="note" { p { strong { "The mission's data have changed since this plan was made. " } "It still stands, and its value and bound hold for the data it was made from. " a href="#ask" { "Plan again" } "." } }
        }
        p.evidence {
            @if let Some((plan, entries)) = page.adopted {
                "Plan " code { (plan.id) } ", in force: " (plan.reason.trim_end_matches('.')) ". " (entries_link(entries, "week-plan", plan.id.as_str())) " · "
            }
            "status " strong { (facts.status_words()) } " · value " (format::harm(facts.value)) " · bound " (format::harm(facts.bound)) " · gap " (format::gap(facts.gap))
            " · seed " (facts.document.seed) " · problem " code.hash title=(facts.document.problem_hash) { (short(&facts.document.problem_hash.to_string())) }
        }
    }
}

/// Sites whose protection changes most in any kind of slot.
fn changes(page: &WeekPage<'_>, held: &WeekFacts<'_>) -> Markup {
    let moved = page.facts.changes(held);
    html! {
        @if moved.is_empty() { p { "No site changes its protection by as much as one percentage point in any kind of slot." } }
        @else {
            details {
                summary { (format::plural(moved.len(), "change", "changes")) " in protection by a percentage point or more" }
                div.scroll role="region" aria-label="What changes" tabindex="0" {
                    table {
                        caption { "Largest changes against the plan in force" }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "Kind of slot" } th scope="col" .num { "In force, %" } th scope="col" .num { "This plan, %" } } }
                        tbody {
                            @for change in moved.iter().take(20) {
                                tr { th scope="row" { a href=(site_href(&change.site)) { (page.facts.site_name(&change.site)) } } td { (page.facts.kind_name(change.kind)) }
                                    td.num { (format::percent(change.before)) } td.num { (format::percent(change.after)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn kinds(figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let facts = &page.facts;
    let problem = &facts.document.problem;
    html! {
        section #kinds {
            h2 { "What stands in each kind of slot" }
            p.quiet { "Every slot draws one schedule of its kind, independently of all others. People on duty are those of the slot of the kind with the fewest. Averages over the schedules." }
            div.scroll role="region" aria-label="Kinds of slot" tabindex="0" {
                table {
                    caption { "Kinds of slot" }
                    thead { tr {
                        th scope="col" { "Kind of slot" } th scope="col" .num { "Slots a week" } th scope="col" .num { "On duty" } th scope="col" .num { "Posts" } th scope="col" .num { "Reaction forces" }
                        th scope="col" .num { "Patrols" } th scope="col" .num { "Schedules" } th scope="col" .num { "Harm a week, not watched" }
                    } }
                    tbody {
                        @for (index, slot) in problem.slots.iter().enumerate() {
                            @let [posts, forces, patrols] = facts.averages(index);
                            tr {
                                th scope="row" { (facts.kind_name(index)) }
                                td.num { (slot.count) } td.num { (slot.seats.iter().map(|part| part.seats).sum::<u32>()) }
                                td.num { (format::decimal(posts, 1)) } td.num { (format::decimal(forces, 1)) } td.num { (format::decimal(patrols, 1)) }
                                td.num { (format::size(facts.document.schedules[index].len())) } td.num { (format::harm(facts.forecast(index))) }
                            }
                        }
                    }
                }
            }
            @for crew in figures.contingents.iter().filter(|crew| crew.note.is_some()) {
                p.quiet { strong { (crew.name) } ": " (crew.note.as_deref().unwrap_or_default()) }
            }
        }
    }
}

fn watchers(view: &View<'_>, figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let facts = &page.facts;
    html! {
        section #watchers {
            h2 { "What those who watch would choose" }
            p.quiet { "They know the plan and its probabilities, but not which schedule a slot draws. " (format::percent(f64::from(facts.document.problem.alpha_ppm) / 1e6)) " % of attempts are taken to be theirs, a judgement." }
            div.scroll role="region" aria-label="Groups who watch" tabindex="0" {
                table {
                    caption { "Groups who watch, at their best choice" }
                    thead { tr { th scope="col" { "Group" } th scope="col" .num { "Share, %" } th scope="col" .num { "Sites in reach" } th scope="col" { "Would choose" } th scope="col" { "When" } th scope="col" .num { "Harm a week" } } }
                    tbody {
                        @for (group, worst) in facts.document.problem.groups.iter().zip(&facts.evaluation.groups) {
                            @let figures = figures.groups.iter().find(|held| held.id.as_str() == group.id);
                            @let site = &facts.document.problem.sites[worst.site].id;
                            tr {
                                th scope="row" { (figures.map_or(group.id.as_str(), |held| held.name.as_str())) @if let Some(held) = figures { br; span.quiet { (held.basis) } } }
                                td.num { (format::percent(f64::from(group.share_ppm) / 1e6)) }
                                td.num { (group.sites.as_ref().map_or_else(|| "all".to_owned(), |sites| format::size(sites.len()))) }
                                td { a href=(site_href(site)) { (facts.site_name(site)) } }
                                td { (facts.kind_name(worst.slot)) }
                                td.num { (format::harm(worst.harm)) }
                            }
                        }
                    }
                }
            }
            p.quiet { "A group stands for the places within its reach. " @if view.mission.areas.is_empty() { "No area held or contested is in the record yet." } @else { "Reach is measured from the areas of " a href="/situation" { "the situation" } "." } }
        }
    }
}

fn kind_links(figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let shown = page.question.kind(figures);
    html! {
        nav.contents aria-label="Kind of slot on the map" {
            @for (index, kind) in figures.slots.iter().enumerate() {
                @let href = format!("{}#map", page.question.address(page.adopted.is_none(), &[("kind", kind.id.as_str())]));
                a href=(href) aria-current=[(index == shown).then_some("true")] { (kind.name) }
            }
        }
    }
}

fn sites(view: &View<'_>, figures: &WeekFigures, page: &WeekPage<'_>) -> Markup {
    let (facts, question) = (&page.facts, page.question);
    let text = format::fold(question.text.trim());
    let mut rows = facts.site_rows();
    rows.retain(|row| {
        let held = view.mission.sites.get(row.id);
        let names = [row.id, facts.site_name(row.id), held.map_or("", |held| held.value.kind.as_str())];
        text.is_empty() || names.iter().any(|name| format::fold(&format::words(name)).contains(&text))
    });
    let paging = Paging::new(rows.len(), question.page.parse().ok());
    let mut pairs: Vec<(&str, &str)> = vec![("text", question.text.trim()), ("kind", question.kind.as_str())];
    let own = question.pairs();
    pairs.extend(own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let is_proposal = page.adopted.is_none();
    let path = if is_proposal { "/week/plan" } else { "/week" };
    html! {
        section #sites {
            h2 { "All sites, the most harm at one attempt first" }
            form.filters method="get" action={ (path) "#sites" } {
                @if is_proposal { @for (name, value) in &own { input type="hidden" name=(name) value=(value); } }
                label { span { "Name or kind" } input type="search" name="text" value=(question.text) maxlength="80"; }
                button type="submit" { "Show" }
                @if !text.is_empty() { a href={ (question.address(is_proposal, &[])) "#sites" } { "Show all" } }
            }
            @if rows.is_empty() { (empty("No site matches the filter.", "")) }
            @else {
                div.scroll role="region" aria-label="Sites" tabindex="0" {
                    table.sites {
                        caption { "Protection in each kind of slot: attempts stopped, and time with a post, in per cent" }
                        thead { tr { th scope="col" { "Site" } @for kind in &figures.slots { th scope="col" .num { (kind.name) } } th scope="col" .num { "Most harm at one attempt" } th scope="col" { "If its post is lost" } } }
                        tbody {
                            @for row in &rows[paging.range()] {
                                @let kind = view.mission.sites.get(row.id).map_or("", |held| held.value.kind.as_str());
                                tr {
                                    th scope="row" { a href=(site_href(row.id)) { (facts.site_name(row.id)) } " " span.quiet { (format::words(kind)) } }
                                    @for index in 0..figures.slots.len() {
                                        td.num { @if let Some((stopped, posted)) = row.slots.get(index) { (format::percent(*stopped)) @if *posted > 0.0 { span.under { "post " (format::percent(*posted)) } } } }
                                    }
                                    td.num { (format::harm(row.harm)) }
                                    td { @if row.has_post() { a href=(format::address("/week/plan", &[("lost_site", row.id)])) { "plan without" } } }
                                }
                            }
                        }
                    }
                }
                (paging.links(path, &pairs, "#sites"))
            }
        }
    }
}

/// What the plan rests on and how to check it.
fn proof(page: &WeekPage<'_>) -> Markup {
    let facts = &page.facts;
    let plan = page.question.address_of("/week/plan.json", page.adopted.is_none(), &[]);
    html! {
        section #proof {
            h2 { "What it rests on, and how to check it" }
            dl.facts {
                dt { "Value" } dd { (format::decimal(facts.value, 4)) " persons harmed a week, expected under the schedules of the plan" }
                dt { "Bound" } dd { (format::decimal(facts.bound, 4)) " persons a week: proven, no plan of the week with these people does better" }
                dt { "Gap" } dd { (format::gap(facts.gap)) }
                dt { "A post stops" } dd { (format::percent(f64::from(facts.document.problem.static_effect_ppm) / 1e6)) " % of attempts, a judgement" }
                dt { "A patrol stops" } dd { (format::percent(f64::from(facts.document.problem.patrol_effect_ppm) / 1e6)) " % of attempts while it is there, a judgement" }
                dt { "People on duty" } dd { "from " a href="/week/roster" { "the roster" } ", with rest, leave, hours and the way to the post" }
                dt { "Draws" } dd { "independent of each other: whatever was seen of other slots, the protection of a site stays what the table says, and never falls below its floor" }
                dt { "Problem" } dd { code.hash { (facts.document.problem_hash) } }
            }
            p { "Anyone can recompute value and bound from the file alone, in exact arithmetic and without the program that made the plan: download "
                a href=(plan) { "week.json" } ", then " code { "konbit check-plan week.json" } "." }
        }
    }
}

//! A plan of the week made by hand: the form that takes it, what is wrong with it, and what it comes to.

use crate::format;
use crate::geo::site_href;
use crate::layout::{View, stat};
use konbit_desk::{HandFault, WeekHandScore};
use konbit_mission::Mission;
use konbit_mission::week::WeekFigures;
use maud::{Markup, html};

/// What came of a table.
#[derive(Debug, Clone)]
pub enum WeekHandSays {
    /// Nothing was sent yet.
    Nothing,
    /// It cannot be read.
    Faults(Vec<HandFault>),
    /// It was scored.
    Scored(Box<WeekHandScore>),
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct WeekHandPage<'a> {
    /// The table as it was sent.
    pub text: &'a str,
    /// Number of schedules of the plan in force, whose table is offered to start from; `None` where none is in force.
    pub template_schedules: Option<usize>,
    /// What came of it.
    pub says: WeekHandSays,
}

/// Rules and floors named.
const SHOWN: usize = 30;
/// Sites compared.
const DIFFERENCES_SHOWN: usize = 40;

/// `/week/by-hand`.
pub fn by_hand(view: &View<'_>, figures: &WeekFigures, page: &WeekHandPage<'_>) -> Markup {
    html! {
        @match &page.says {
            WeekHandSays::Nothing => p.lead { "A plan of the week that people made, scored by the same evaluator as the plan in force." },
            WeekHandSays::Faults(faults) => {
                p.lead { "The table cannot be read as a plan of the week." }
                ul { @for fault in faults { li { (fault.to_string()) } } }
            },
            WeekHandSays::Scored(score) => {
                (verdict(view.mission, figures, score))
                (watchers(view.mission, figures, score))
                (differences(view.mission, figures, score))
            },
        }
        (form(figures, page))
        p { a href="/week" { "The plan of the week" } }
    }
}

fn form(figures: &WeekFigures, page: &WeekHandPage<'_>) -> Markup {
    let slots: Vec<&str> = figures.slots.iter().map(|slot| slot.id.as_str()).collect();
    let crews: Vec<&str> = figures.contingents.iter().map(|crew| crew.id.as_str()).collect();
    let patrols: Vec<&str> = figures.patrols.iter().map(|patrol| patrol.id.as_str()).collect();
    let (slot, crew) = (slots.first().copied().unwrap_or("day"), crews.first().copied().unwrap_or("all"));
    let patrol = patrols.first().copied().unwrap_or("patrol");
    html! {
        section #form {
            h2 { "The table" }
            p { "One row for each post, reaction force and patrol of each schedule of each kind of slot; or only contingents and sites, for posts that stand at all times:" }
            pre.body {
                "slot,schedule,probability,contingent,kind,place,count,stops\n"
                (slot) ",a,0.5," (crew) ",post,hos-hueh,1,\n"
                (slot) ",a,0.5," (crew) ",force,base-pap-airport,1,\n"
                (slot) ",b,0.5," (crew) ",patrol," (patrol) ",1,hos-hueh 30-45; hos-la-paix 60-75\n"
                @for slot in slots.iter().skip(1) { (slot) ",,," (crew) ",post,apt-pap,1,\n" }
            }
            pre.body { "contingent,site\n" (crew) ",hos-hueh\n" (crew) ",apt-pap" }
            ul {
                li { "A kind of slot is " (slots.join(", ")) "; a row without one, or with *, stands for one in every kind. A row with nothing but a slot says that nobody is out." }
                li { "A contingent is " (crews.join(", ")) "; it may be left out where only one may do what the row says." }
                li { "A place is the id of a site, of a base or of a patrol" @if !patrols.is_empty() { " (" (patrols.join(", ")) ")" } ", or its name where only one is called so." }
                li { "Stops of a patrol are sites with the minutes from the beginning of the slot, such as hos-hueh 30-45; between them the patrol is on the road." }
                li { "A probability is a number from 0 to 1 or a per cent; those of the schedules of one kind of slot sum to 1." }
            }
            p {
                @if let Some(schedules) = page.template_schedules { "To start from: " a href="/week/plan-by-hand.csv" { "the plan in force as such a table" } " (" (format::plural(schedules, "schedule", "schedules")) "). " }
                "The same without a page: " code { "konbit week score DIR FILE.csv" } "."
            }
            form.sheet method="post" action="/week/by-hand" {
                label.whole { span { "Paste the table here" } textarea name="table" rows="14" required spellcheck="false" { (page.text) } }
                button type="submit" { "Score it" }
            }
        }
    }
}

/// Name of a kind of slot, or its id.
fn kind_name<'a>(figures: &'a WeekFigures, id: &'a str) -> &'a str {
    figures.slots.iter().find(|slot| slot.id.as_str() == id).map_or(id, |slot| slot.name.as_str())
}

/// Name of a site with a link to its page; its id where the record does not have it any more.
fn site_link(mission: &Mission, id: &str) -> Markup {
    html! {
        @match mission.sites.get(id) {
            Some(site) => a href=(site_href(id)) { (site.value.name) },
            None => (id),
        }
    }
}

fn verdict(mission: &Mission, figures: &WeekFigures, score: &WeekHandScore) -> Markup {
    let watched = score.value - score.forecast_harm;
    html! {
        p.lead {
            "This plan leaves " strong { (format::harm(score.value)) } " persons harmed a week"
            @match &score.in_force {
                Some(held) => { "; the plan in force leaves " strong { (format::harm(held.value)) } ". No plan of this week with these people does better than " (format::harm(held.bound)) "." },
                None => ". No plan of the week is in force to compare it with.",
            }
        }
        dl.stats {
            (stat("By those who do not watch", &html! { (format::harm(score.forecast_harm)) }, &html! { "people a week, over all slots" }))
            (stat("By those who watch", &html! { (format::harm(watched)) }, &html! { "people a week, at their best choice" }))
        }
        @if score.ok { p { "It keeps every floor, every mandatory post and visit, the caveats, the ways of the patrols, and the people on duty." } }
        @else {
            div.notice role="note" {
                p { strong { "It could not be used as it is. " } "It was scored all the same, as if it could be followed, so that it can be seen what it would come to." }
                ul {
                    @for words in score.breaches.iter().take(SHOWN) { li { (words) } }
                    @if score.breaches.len() > SHOWN { li { "and " (format::size(score.breaches.len() - SHOWN)) " more of the same" } }
                    @for short in score.floors_short.iter().take(SHOWN) {
                        li { (kind_name(figures, &short.slot)) ": " (format::percent(short.protection)) " % of attempts at " (site_link(mission, &short.site)) " are stopped, at least " (format::percent(short.floor)) " % are demanded" }
                    }
                    @if score.floors_short.len() > SHOWN { li { "and " (format::size(score.floors_short.len() - SHOWN)) " more floors" } }
                }
            }
        }
    }
}

fn watchers(mission: &Mission, figures: &WeekFigures, score: &WeekHandScore) -> Markup {
    html! {
        section #watchers {
            h2 { "What those who watch would choose" }
            div.scroll role="region" aria-label="Groups who watch" tabindex="0" {
                table {
                    caption { "Groups who watch, at their best choice under this plan" }
                    thead { tr { th scope="col" { "Group" } th scope="col" { "Would choose" } th scope="col" { "When" } th scope="col" .num { "Attempts stopped there, %" } th scope="col" .num { "Harm a week" } } }
                    tbody {
                        @for group in &score.groups {
                            @let named = figures.groups.iter().find(|held| held.id.as_str() == group.id);
                            tr {
                                th scope="row" { (named.map_or(group.id.as_str(), |held| held.name.as_str())) }
                                td { (site_link(mission, &group.site)) }
                                td { (kind_name(figures, &group.slot)) }
                                td.num { (format::percent(group.protection)) }
                                td.num { (format::harm(group.harm)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn differences(mission: &Mission, figures: &WeekFigures, score: &WeekHandScore) -> Markup {
    html! {
        @if score.in_force.is_some() {
            section #differ {
                h2 { "Beside the plan in force" }
                @if score.differ.is_empty() { p { "No site is protected differently by as much as a percentage point in any kind of slot." } }
                @else {
                    div.scroll role="region" aria-label="What differs" tabindex="0" {
                        table {
                            caption { "Sites that are protected most differently" }
                            thead { tr { th scope="col" { "Site" } th scope="col" { "Kind of slot" } th scope="col" .num { "In force, %" } th scope="col" .num { "By hand, %" } } }
                            tbody {
                                @for change in score.differ.iter().take(DIFFERENCES_SHOWN) {
                                    tr {
                                        th scope="row" { (site_link(mission, &change.site)) }
                                        td { (kind_name(figures, &change.slot)) }
                                        td.num { (format::percent(change.in_force)) }
                                        td.num { (format::percent(change.own)) }
                                    }
                                }
                            }
                        }
                    }
                    @if score.differ.len() > DIFFERENCES_SHOWN { p.quiet { (format::size(score.differ.len() - DIFFERENCES_SHOWN)) " more differ less." } }
                }
            }
        }
    }
}

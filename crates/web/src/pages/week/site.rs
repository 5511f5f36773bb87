//! What the plan of the week in force gives one site, and why.

use super::slots::crew_name;
use crate::format;
use crate::layout::View;
use konbit_desk::WeekView;
use konbit_mission::week::ContingentFigures;
use konbit_protect::{PostBar, WeekSiteReason};
use maud::{Markup, html};

/// A site under the plan of the week in force.
#[derive(Debug, Clone)]
pub struct SiteWeek<'a> {
    /// The plan.
    pub held: &'a WeekView,
    /// Place of the site in its problem.
    pub site: usize,
    /// What it gets and why, for each kind of slot.
    pub reasons: &'a [WeekSiteReason],
}

/// The section of the page of a site.
pub fn section(view: &View<'_>, week: &SiteWeek<'_>) -> Markup {
    let problem = &week.held.document.problem;
    let id = problem.sites[week.site].id.as_str();
    let is_lost = week.held.adopted.value.assumptions.lost_sites.iter().any(|lost| lost.as_str() == id);
    html! {
        section #week {
            h2 { "In the plan of the week" }
            @if is_lost { p { "No post can stand here: the plan of the week in force takes the site as lost." } }
            div.scroll role="region" aria-label="In the plan of the week" tabindex="0" {
                table {
                    caption { "What the site gets in each kind of slot, in per cent of attempts and of the time" }
                    thead { tr {
                        th scope="col" { "Kind of slot" } th scope="col" .num { "Attempts stopped, %" } th scope="col" .num { "With a post, %" } th scope="col" .num { "With a patrol, %" }
                        th scope="col" { "Best reaction force" } th scope="col" .num { "Minutes" }
                    } }
                    tbody {
                        @for reason in week.reasons {
                            tr {
                                th scope="row" { (kind_name(view, week, reason.slot)) }
                                td.num { (format::percent(reason.protection)) }
                                td.num { (format::percent(reason.post_share)) }
                                td.num { (format::percent(reason.patrol_share)) }
                                @match reason.force {
                                    Some(force) => {
                                        @let base = problem.bases[force.base].id.as_str();
                                        td { (view.mission.bases.get(base).map_or(base, |base| base.value.name.as_str())) @if force.share < 0.9995 { " " span.quiet { "(" (format::percent(force.share)) " % of the time)" } } }
                                        td.num { (format::decimal(f64::from(force.minutes_tenths) / 10.0, 0)) }
                                    },
                                    None => { td { "none in reach" } td.num { "–" } },
                                }
                            }
                        }
                    }
                }
            }
            @for reason in week.reasons {
                h3 { (kind_name(view, week, reason.slot)) }
                (why(view, week, reason))
            }
            p.quiet { "Persons a week are those of all slots of the kind. These are marginal readings at the prices of the proof of the plan of the week: they say what it would do if this site alone were a little different, not what it would do if much changed. " a href="/week#ask" { "To know that, plan again" } "." }
        }
    }
}

fn kind_name<'a>(view: &'a View<'_>, week: &'a SiteWeek<'_>, slot: usize) -> &'a str {
    let id = week.held.document.problem.slots[slot].id.as_str();
    let figures = view.mission.week_figures.values().next();
    let held = figures.and_then(|figures| figures.slots.iter().find(|held| held.id.as_str() == id));
    held.map_or(id, |held| held.name.as_str())
}

/// Why it is or is not guarded in a kind of slot, and what would change that.
fn why(view: &View<'_>, week: &SiteWeek<'_>, reason: &WeekSiteReason) -> Markup {
    let problem = &week.held.document.problem;
    let seats = format::count(problem.sites[week.site].seats.into());
    let crew = |at: usize| crew_name(view.mission, &problem.contingents[at].id);
    let able: Vec<(&str, f64)> =
        reason.crews.iter().filter_map(|held| Some((crew(held.contingent), held.price.ok()?))).collect();
    html! {
        @if reason.is_mandatory { p { "A post here is mandatory in every slot of this kind, whatever else it costs." } }
        @if reason.must_be_visited { p { "A patrol must come by in every slot of this kind, unless a post stands." } }
        @if reason.floor > 0.0 { p { "At least " (format::percent(reason.floor)) " % of attempts must be stopped." } }
        @if let Some((first, price)) = able.first() {
            p {
                "A post here, with " (seats) " people on duty, spares " strong { (format::harm(reason.post_gain)) } " persons a week beyond what reaction forces and patrols spare anyway. The same people spare "
                strong { (format::harm(*price)) } " elsewhere if they are of " (first)
                @for (other, price) in &able[1..] { ", " (format::harm(*price)) " if of " (other) }
                ". "
                (verdict(reason, *price))
            }
            (changes(problem.sites[week.site].seats, reason, first))
        } @else {
            p { "No contingent may man a post here" @if reason.post_gain > 0.0 { ", where one would spare " strong { (format::harm(reason.post_gain)) } " persons a week" } ":" }
        }
        @if able.len() < reason.crews.len() {
            ul {
                @for held in &reason.crews {
                    @if let Err(bar) = held.price { li { (crew(held.contingent)) " " (bar_words(view, week, held.contingent, bar)) "." } }
                }
            }
        }
    }
}

fn bar_words(view: &View<'_>, week: &SiteWeek<'_>, contingent: usize, bar: PostBar) -> String {
    let problem = &week.held.document.problem;
    let figures = view.mission.week_figures.values().next();
    let id = problem.contingents[contingent].id.as_str();
    let crew = figures.and_then(|figures| figures.contingents.iter().find(|crew| crew.id.as_str() == id));
    let site = view.mission.sites.get(problem.sites[week.site].id.as_str()).map(|site| &site.value);
    match bar {
        PostBar::Slot => "mans no posts in this kind of slot".to_owned(),
        PostBar::Site => match crew.zip(site) {
            // By the figures as they are now: they say why, the plan in force only that.
            Some((crew, site)) if !crew.serves_in(site.area.as_ref()) => "may not serve in this area".to_owned(),
            Some((ContingentFigures { reach_minutes: Some(reach), .. }, _)) => {
                format!("does not reach this site within {} minutes of where it lives", format::count((*reach).into()))
            }
            _ => "may not man a post at this site".to_owned(),
        },
        PostBar::Seats(seats) => {
            format!("has only {} on duty in this kind of slot", format::count(seats.into()))
        }
    }
}

fn verdict(reason: &WeekSiteReason, price: f64) -> &'static str {
    let is_guarded = reason.post_share > 0.0;
    match () {
        () if reason.is_mandatory => "The post stands because it is demanded.",
        () if reason.post_share >= 1.0 => "So a post stands here at all times of this kind.",
        () if is_guarded => "So a post stands here part of the time, in slots that a watcher cannot foresee.",
        () if reason.post_gain < price => "So no post stands here.",
        () if reason.crews.first().is_some_and(|crew| crew.is_whole) => {
            "No post stands here, because so few people are on duty that something else takes them as a whole."
        }
        () => "The two are about the same, and this site is left out.",
    }
}

/// What would bring a post here.
fn changes(seats: u32, reason: &WeekSiteReason, first: &str) -> Markup {
    let beyond = reason.guarded_from_value.filter(|from| reason.post_share <= 0.0 && *from > reason.value * 1.0005);
    let more = reason.guarded_with_seats.filter(|more| *more > 0 && !reason.is_mandatory);
    html! {
        @if beyond.is_some() || more.is_some() || reason.guarded_from_value.is_none() {
            ul {
                @if let Some(from) = beyond { li { "It would be guarded if an attempt harmed at least " strong { (format::harm(from)) } " persons instead of " (format::harm(reason.value)) ", all else equal." } }
                @else if reason.guarded_from_value.is_none() { li { "No number of persons harmed would bring a post here: what comes anyway does as well as a post could." } }
                @if let Some(more) = more {
                    li {
                        "With about " strong { (format::count(more)) } " more people of " (first) " on duty in this kind of slot, a post would stand here at all times"
                        @if more > u64::from(seats) { ", after the posts that spare more for each person" } "."
                    }
                }
            }
        }
    }
}

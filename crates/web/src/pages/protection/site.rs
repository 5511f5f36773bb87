//! One site: what it gets, why, and everything that says so.

use super::{PlanFacts, ProtectionQuery, SiteRow, Standing, posture_label, posture_word, rows};
use crate::layout::{View, empty, entries_link, entry_href, figure, source, unverified};
use crate::pages::situation::precision_words;
use crate::{format, svg};
use konbit_base::LatLon;
use konbit_desk::{Travel, Way, WayBasis};
use konbit_mission::Recorded;
use konbit_mission::protection::{Base, Judged, Planning, Site};
use konbit_mission::situation::Incident;
use konbit_protect::{Posture, ProblemSite, SiteReason};
use maud::{Markup, html};

/// What explains a site's posture.
#[derive(Debug, Clone, Copy)]
pub struct Why<'a> {
    /// The reading at the prices of the proof; `None` where no plan is shown.
    pub reason: Option<&'a SiteReason>,
    /// The question that is shown.
    pub query: &'a ProtectionQuery,
}

/// `/protection/sites/{id}`, with a section of what the plan of the week says, if there is one. None if there is no such site.
pub fn site(
    view: &View<'_>,
    travel: &Travel,
    id: &str,
    shown: Option<&Standing<'_>>,
    why: &Why<'_>,
    map: &Markup,
    week: &Markup,
) -> Option<Markup> {
    let recorded = view.mission.sites.get(id)?;
    let site = &recorded.value;
    let planning = view.mission.planning.iter().next();
    let rows = shown.map(|shown| rows(view.mission, shown.shown())).unwrap_or_default();
    let row = rows.iter().find(|row| row.plan.id == id);
    Some(html! {
        p.kicker { (format::heading(&site.kind)) @if let Some(name) = &site.name_local { " · " span lang="fr" { (name) } } " " (unverified(&site.source)) }
        @if row.is_some() && !week.0.is_empty() { p.quiet { "First by the plan for an average hour; " a href="#week" { "what the plan of the week gives" } " follows." } }
        @match (row, shown) {
            (Some(row), Some(shown)) => (what_it_gets(view, row, shown.shown(), why)),
            _ => (empty("No plan in force says anything about this site. It may have no position, or its kind no planning figures.", "konbit plan DIR")),
        }
        (week)
        @if site.position.is_some() { section { h2 { "Where it is" } (map) } }
        (value(site, planning.map(|planning| &planning.value), planning.and_then(|planning| planning.entries.last().copied())))
        (attempts(view, site, shown.map(Standing::shown), planning.map(|planning| &planning.value)))
        (bases(view, travel, site, planning.map(|planning| &planning.value)))
        section {
            h2 { "The row and its source" }
            dl.facts {
                dt { "Position" } dd {
                    @match site.position {
                        Some(position) => { (position.to_string()) @if let Some(words) = precision_words(site.precision) { " " span.quiet { (words) } } },
                        None => "not known",
                    }
                }
                @if let Some(area) = &site.area { dt { "Commune" } dd { (commune(view, area.as_str())) } }
                dt { "What the mandate calls it" } dd { (format::heading(site.category.label())) }
                @if let Some(people) = site.people_served { dt { "People who depend on it" } dd { (figure(&newest(&recorded.entries), format::count(people))) } }
                @if let Some(note) = &site.note { dt { "Note" } dd { (note) } }
                dt { "Source" } dd { (source(&site.source)) }
                dt { "Record" } dd { (entries_link(&recorded.entries, "site", id)) }
            }
        }
        p { a href="/protection#sites" { "All sites" } }
    })
}

fn newest(entries: &[u64]) -> String {
    entries.last().map_or_else(|| "/record".to_owned(), |ix| entry_href(*ix))
}

pub(super) fn commune(view: &View<'_>, code: &str) -> String {
    let town = view.mission.towns.values().find(|town| town.area.as_ref().is_some_and(|area| area.as_str() == code));
    town.map_or_else(|| code.to_owned(), |town| format!("{} ({code})", town.name))
}

fn what_it_gets(view: &View<'_>, row: &SiteRow<'_>, facts: &PlanFacts, reading: &Why<'_>) -> Markup {
    let plan = row.plan;
    let base = plan.base.as_ref().and_then(|id| view.mission.bases.get(id));
    let base_name = base.map(|base| base.value.name.as_str());
    html! {
        p.lead {
            svg.key viewBox="-8 -8 16 16" width="20" height="20" aria-hidden="true" { (svg::shape(posture_word(plan.posture))) } " "
            strong { (format::heading(posture_label(plan.posture))) } ". "
            @match plan.posture {
                Posture::Always => "A post stands here in every schedule.",
                Posture::Sometimes => { "A post stands here " (format::percent(plan.post_share)) " % of the time, at times that a watcher cannot foresee." },
                Posture::Reached => "No post stands here; a reaction force comes when it is called.",
                Posture::Open => "No post stands here, and no reaction force that the plan keeps could come in time.",
            }
            @if let (Some(name), Some(minutes)) = (base_name, plan.minutes) { " The nearest reaction force in use waits at " (name) ", " (format::decimal(minutes, 0)) " minutes away." }
            " An attempt is stopped with a probability of " strong { (format::percent(plan.protection)) " %" } "."
        }
        dl.stats {
            (crate::layout::stat("Attempts stopped", &html! { (format::percent(plan.protection)) }, &html! { "% on average" }))
            (crate::layout::stat("Harm per attempt", &html! { (format::harm(plan.harm_per_attempt)) }, &html! { "persons, on average" }))
            (crate::layout::stat("Harm a week", &html! { (format::harm(row.harm_per_week)) }, &html! { (format::percent(plan.harm_share)) " % of all under the plan" }))
        }
        (why(row, facts, reading))
    }
}

/// Why it is or is not guarded, and what would change that.
fn why(row: &SiteRow<'_>, facts: &PlanFacts, reading: &Why<'_>) -> Markup {
    let problem_site = facts.problem.sites.iter().find(|site| site.id == row.plan.id);
    let mandatory = problem_site.is_some_and(|site| site.mandatory);
    let floor = problem_site.map_or(0, |site| site.floor_ppm);
    html! {
        section #why {
            h2 { "Why, and what would change it" }
            @if mandatory { p { "A post here is mandatory: the planning figures demand it at all times, whatever else it costs." } }
            @if floor > 0 { p { "The planning figures demand that at least " (format::percent(f64::from(floor) / 1e6)) " % of attempts are stopped here." } }
            @if let (Some(reason), Some(site)) = (reading.reason, problem_site) { (reasons(reason, site, mandatory)) }
            (ask(row, reading.query, mandatory))
        }
    }
}

/// The reading at the proof's prices, in words.
fn reasons(reason: &SiteReason, site: &ProblemSite, mandatory: bool) -> Markup {
    let guarded = matches!(reason.posture, Posture::Always | Posture::Sometimes);
    let value = site.value_milli as f64 / 1e3;
    let beyond = reason.guarded_from_value.filter(|from| !guarded && *from > value * 1.0005);
    let seats = format::count(site.seats.into());
    html! {
        p {
            "A post here, with " (seats) " people on duty, would spare " strong { (format::harm(reason.post_gain)) } " persons a week beyond what reaction forces spare anyway. "
            "The same " (seats) " people spare " strong { (format::harm(reason.post_price)) } " elsewhere. "
            @if mandatory { "The post stands because it is demanded." }
            @else if guarded { "So it is guarded." }
            @else if reason.post_gain < reason.post_price { "So it is not guarded." }
            @else { "The two are about the same, and this site is left out." }
        }
        p { "An attempt here harms " (format::percent(reason.harm_of_worst)) " % of what one harms at the worst place that the plan leaves." }
        ul {
            @if let Some(from) = beyond { li { "It would be guarded if an attempt harmed at least " strong { (format::harm(from)) } " persons instead of " (format::harm(value)) ", all else equal." } }
            @else if !guarded && reason.guarded_from_value.is_none() { li { "No number of persons harmed would bring a post here: a reaction force does as well as a post could." } }
            @match reason.guarded_up_to_seats {
                Some(most) if guarded && most >= 10_000 => li { "It would be guarded however many people a post took: duty has no price in this plan." },
                Some(most) if guarded => li { "It would be guarded as long as a post takes at most " strong { (format::count(most.into())) } " people on duty; it takes " (seats) "." },
                Some(most) if most < site.seats => li { "It would be guarded if a post took at most " strong { (format::count(most.into())) } " people on duty instead of " (seats) ", all else equal." },
                Some(_) => {},
                None => li { "Even one person on duty spares more elsewhere." },
            }
        }
        p.quiet { "These are marginal readings at the prices of the plan's proof: they say what the plan would do if this site alone were a little different, not what it would do if much changed. To know that, ask for another plan:" }
    }
}

/// Questions about this site alone.
fn ask(row: &SiteRow<'_>, query: &ProtectionQuery, mandatory: bool) -> Markup {
    let id = row.site.id.as_str();
    let mut asked = query.clone();
    asked.changes.retain(|(name, value)| !(matches!(name.as_str(), "post" | "no_post") && value == id));
    let (name, words) = if mandatory {
        ("no_post", "The plan if no post were demanded here")
    } else {
        ("post", "The plan if a post here were mandatory, and its price")
    };
    asked.changes.push((name.to_owned(), id.to_owned()));
    html! {
        ul {
            li { a href=(asked.address("/protection")) { (words) } }
            li { a href=(query.address("/protection/question")) { "The plan under another floor, post size or value of this kind of site" } }
        }
    }
}

fn judged(judged: &Judged, divide: f64) -> Markup {
    let show = |value: u64| format::harm(value as f64 / divide);
    html! { (show(judged.best)) " " span.quiet { "(between " (show(judged.low)) " and " (show(judged.high)) ")" } }
}

fn value(site: &Site, planning: Option<&Planning>, entry: Option<u64>) -> Markup {
    let figures = planning.and_then(|planning| planning.kinds.get(&site.kind));
    html! {
        section {
            h2 { "What an attempt here would cost" }
            @match figures {
                Some(figures) => {
                    p {
                        (judged(&figures.value_milli, 1e3)) " persons harmed if an attempt succeeds. " (figures.value_milli.basis)
                        @if let Some(ix) = entry { " " (entries_link(&[ix], "planning", "planning")) }
                    }
                    p.quiet { "The figure goes by the kind of site and by what it is for, never by who the people are that use it." }
                },
                None => (empty("No planning figures are given for this kind of site.", "konbit import DIR planning FILE")),
            }
        }
    }
}

fn attempts(view: &View<'_>, site: &Site, facts: Option<&PlanFacts>, planning: Option<&Planning>) -> Markup {
    let estimate = facts.and_then(|facts| facts.attempts.get(site.id.as_str()));
    let near = planning
        .zip(site.position)
        .map(|(planning, position)| incidents_near(view, planning, position))
        .unwrap_or_default();
    html! {
        section {
            h2 { "Attempts to expect" }
            @if let Some((low, mean, high)) = estimate {
                p { (per_year(*mean)) " attempts a year are forecast here, with nine chances in ten between " (per_year(*low)) " and " (per_year(*high)) ". "
                    "The forecast starts from a judged figure for the kind of site and is moved by incidents near by. Those who watch and choose come on top, wherever the plan is weakest." }
            }
            @if near.is_empty() { p { "No incident that counts as an attempt is known near by. A quiet place is not a safe one." } }
            @else {
                div.scroll role="region" aria-label="Incidents near by" tabindex="0" {
                    table {
                        caption { "Incidents near by that moved the estimate, nearest first" }
                        thead { tr { th scope="col" .num { "Distance, km" } th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Where" } th scope="col" .num { "Killed" } th scope="col" { "Entry" } } }
                        tbody {
                            @for (metres, recorded) in near.iter().take(12) {
                                @let incident = &recorded.value;
                                tr {
                                    td.num { (format::decimal(metres / 1000.0, 1)) }
                                    td { (incident.when()) }
                                    th scope="row" { (format::heading(&incident.kind)) " " (unverified(&incident.source)) }
                                    td { (incident.place) @if let Some(words) = precision_words(incident.place_precision) { " " span.quiet { (words) } } }
                                    td.num { (figure(&newest(&recorded.entries), format::known(incident.killed.best.map(u64::from)))) }
                                    td { (entries_link(&recorded.entries, "incident", incident.id.as_str())) }
                                }
                            }
                        }
                    }
                }
                @if near.len() > 12 { p.quiet { (format::size(near.len() - 12)) " more lie farther away." } }
            }
        }
    }
}

/// Attempts a week as attempts a year: a rate of a few hundredths a week says little to a reader.
fn per_year(per_week: f64) -> String {
    format::harm(per_week * 52.18)
}

/// Incidents of the kinds that count, within three reaches and the precision of their place, nearest first.
fn incidents_near<'a>(view: &View<'a>, planning: &Planning, position: LatLon) -> Vec<(f64, &'a Recorded<Incident>)> {
    let mut near: Vec<(f64, &Recorded<Incident>)> = view
        .mission
        .incidents
        .iter()
        .filter(|recorded| planning.incident_kinds.contains(&recorded.value.kind))
        .filter_map(|recorded| {
            let incident = &recorded.value;
            let metres = incident.position?.distance_m(position);
            let reach = 3.0 * (planning.incident_reach_m.best as f64).hypot(incident.place_precision.radius_m());
            (metres <= reach).then_some((metres, recorded))
        })
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.value.id.cmp(&b.1.value.id)));
    near
}

fn bases(view: &View<'_>, travel: &Travel, site: &Site, planning: Option<&Planning>) -> Markup {
    let Some(planning) = planning.filter(|_| site.position.is_some()) else { return html! {} };
    let mut reached: Vec<_> =
        view.mission.bases.iter().filter_map(|base| Some((travel.way(&base.value.id, &site.id)?, base))).collect();
    reached.sort_by_key(|(way, base)| (way.minutes_tenths, base.value.id.clone()));
    let unreached = view.mission.bases.len() - reached.len();
    let by_road = reached.iter().filter(|(way, _)| way.basis == WayBasis::Road).count();
    html! {
        section {
            h2 { "How soon a reaction force could come" }
            @if view.mission.bases.is_empty() { (empty("No base is in the record.", "konbit import DIR bases FILE")) }
            @else {
                @if !reached.is_empty() { p.quiet {
                    "Alarm to arrival: " (format::decimal(planning.turnout_minutes_tenths.best as f64 / 10.0, 0)) " minutes to leave, then "
                    @if by_road > 0 { "the time by road that eight trips in ten keep to" }
                    @if by_road > 0 && by_road < reached.len() { "; where no road is near, " }
                    @if by_road < reached.len() {
                        (format::decimal(planning.detour_milli.best as f64 / 1000.0, 1)) " times the great circle at " (format::decimal(planning.speed_kmh_tenths.best as f64 / 10.0, 0)) " km/h, judged figures"
                    }
                    "."
                } }
                @if reached.is_empty() { p { "No road leads here from any base, as the roads are reported now." } }
                @else { (nearest_bases(&reached, site)) }
                @if unreached > 0 && !reached.is_empty() { p.quiet { (format::plural(unreached, "base has", "bases have")) " no way here by road as the roads are reported now." } }
            }
        }
    }
}

fn nearest_bases(reached: &[(Way, &Recorded<Base>)], site: &Site) -> Markup {
    html! {
        div.scroll role="region" aria-label="Bases" tabindex="0" {
            table {
                caption { "The nearest bases" }
                thead { tr { th scope="col" { "Base" } th scope="col" .num { "Minutes" } th scope="col" { "Way" } th scope="col" .num { "People it can hold" } th scope="col" { "Source and entry" } } }
                tbody {
                    @for (way, base) in reached.iter().take(6) {
                        tr {
                            th scope="row" { (base.value.name) " " (unverified(&base.value.source)) }
                            td.num { (format::decimal(f64::from(way.minutes_tenths) / 10.0, 0)) }
                            td {
                                @match way.basis {
                                    WayBasis::Road => a href=(route_href(base.value.id.as_str(), site.id.as_str())) { "by road" },
                                    WayBasis::GreatCircle => "great circle",
                                }
                            }
                            td.num { (figure(&newest(&base.entries), format::count(base.value.capacity.into()))) }
                            td { (source(&base.value.source)) " " (entries_link(&base.entries, "base", base.value.id.as_str())) }
                        }
                    }
                }
            }
        }
    }
}

/// Address of the page of a route from a base to a site.
fn route_href(base: &str, site: &str) -> String {
    format::address("/roads/route", &[("from", base), ("to", site)])
}

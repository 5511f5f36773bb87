//! The mission at a glance: who, by what authority, until when; the force; the plan; what is due; what happened.

use super::contributions::{persons, totals};
use super::council::resolution_href;
use super::mandate::{calendar, mandate_of};
use super::protection::{Adopted, PlanFacts, rows};
use super::record::{EntryRow, rows_table};
use super::situation::{death_totals, measure_words};
use crate::layout::{View, actor_name, empty, entries_link, entry_href, figure, stat, unverified};
use crate::{chart, format};
use konbit_protect::Posture;
use maud::{Markup, html};

/// `/`.
pub fn glance(view: &View<'_>, plan: Option<(&PlanFacts, Adopted<'_>)>, recent: &[EntryRow]) -> Markup {
    html! {
        (answer(view))
        div.panels {
            (force(view))
            (protection(view, plan))
            (due(view))
            (situation(view))
        }
        section {
            h2 { "Latest entries of the record" }
            @if recent.is_empty() { (empty("Nothing has been entered yet.", "konbit init DIR --example haiti-2023, or konbit import DIR mission FILE")) }
            @else { (rows_table(view, recent)) p { a href="/record" { "The whole record" } } }
        }
    }
}

fn answer(view: &View<'_>) -> Markup {
    let Some(declared) = view.mission.declared() else {
        return html! {
            p.lead { "No mission has been declared in this record." }
            (empty("A mission is declared by a file that names it, the country, the lead State and the resolution.", "konbit import DIR mission FILE"))
        };
    };
    let entry = view.mission.declaration.iter().next().map(|recorded| recorded.entries.as_slice()).unwrap_or_default();
    let mandate = mandate_of(view);
    html! {
        p.lead {
            "A mission in " strong { (declared.host_name) }
            @match (&declared.lead_name, &declared.lead) {
                (Some(name), _) => { ", led by " strong { (name) } },
                (None, Some(code)) => { ", led by " strong { (actor_name(code)) } },
                _ => ", whose lead State is not named",
            }
            ", authorised by "
            @match view.mission.authorisation() {
                Some(resolution) => {
                    @let decision = resolution.value.vote.decide();
                    a href=(resolution_href(&resolution.value.id)) { (resolution.value.id) } " on " (format::day(resolution.value.vote.date))
                    ": " a.figure href="/council#votes" { (decision.in_favour) " in favour, " (decision.against) " against, " (decision.abstaining) " abstaining" }
                },
                None => { (declared.resolution) ", which is not in the record yet" },
            }
            "."
            @if let Some((day, _)) = mandate.as_ref().and_then(|mandate| mandate.expires.as_ref()) {
                " The authorisation ends on " strong { a.figure href="/mandate#calendar" { (format::day(*day)) } } ", " (format::from_today(view.today, *day)) "."
            }
            " " (entries_link(entry, "mission", "mission"))
        }
    }
}

fn force(view: &View<'_>) -> Markup {
    let (sums, gap) = totals(view, view.today);
    let (pledged, committed, delivered) =
        persons(&sums).map_or((0, 0, 0), |sum| (sum.pledged, sum.committed, sum.delivered));
    html! {
        section.panel {
            h2 { a href="/contributions" { "The force" } }
            @if view.mission.contributions.is_empty() { (empty("No contribution is in the record yet.", "konbit import DIR contributions FILE")) }
            @else {
                @match gap {
                    Some(gap) => p { strong { (figure("/contributions", format::count(gap.beyond_delivered))) } " of the " (format::count(gap.needed)) " people the plan counts on are still to arrive." },
                    None => p.quiet { "How many people are needed is not in the record." },
                }
                @let parts = [("pledged", pledged, format!("{} pledged", format::count(pledged))), ("committed", committed, format!("{} committed", format::count(committed))), ("delivered", delivered, format!("{} delivered", format::count(delivered)))];
                (chart::bar(gap.map_or(0, |gap| gap.needed), &parts, &format!("{} people pledged, {} delivered", format::count(pledged), format::count(delivered))))
                dl.stats {
                    @if let Some(gap) = gap { (stat("Needed", &figure("/contributions", format::count(gap.needed)), &html! { "people" })) }
                    (stat("Pledged", &figure("/contributions#persons-persons", format::count(pledged)), &html! { "people" }))
                    (stat("Committed", &figure("/contributions#persons-persons", format::count(committed)), &html! { "people" }))
                    (stat("Delivered", &figure("/contributions#persons-persons", format::count(delivered)), &html! { "people" }))
                }
                @for sum in sums.iter().filter(|sum| sum.unit != "persons" && sum.pledged > 0) {
                    p { (sum.kind.label()) ": " (figure("/contributions#lines", format::count(sum.pledged))) " " (sum.unit) " pledged, " (figure("/contributions#lines", format::count(sum.delivered))) " delivered." }
                }
            }
        }
    }
}

fn protection(view: &View<'_>, plan: Option<(&PlanFacts, Adopted<'_>)>) -> Markup {
    html! {
        section.panel {
            h2 { a href="/protection" { "The plan in force" } }
            @match plan {
                None if view.mission.sites.is_empty() => (empty("No site is in the record yet, so there is nothing to plan for.", "konbit import DIR sites FILE")),
                None => { p { "No plan is in force. " (format::plural(view.mission.sites.len(), "site waits", "sites wait")) " for one." } p { a.button href="/protection" { "Make a plan" } } },
                Some((facts, adopted)) => {
                    @let rows = rows(view.mission, facts);
                    @let of = |postures: &[Posture]| rows.iter().filter(|row| postures.contains(&row.plan.posture)).count();
                    @let href = adopted.entries.last().map_or_else(|| "/protection".to_owned(), |ix| entry_href(*ix));
                    p {
                        strong { (figure(&href, format::harm(facts.value))) } " people a week expected to be harmed, with " (format::count(facts.personnel.into())) " people; proven that none does better than "
                        (figure("/protection#proof", format::harm(facts.bound))) " (gap " (format::gap(facts.gap)) ")."
                    }
                    dl.stats {
                        (stat("Guarded", &figure("/protection?posture=guarded#sites", format::size(of(&[Posture::Always, Posture::Sometimes]))), &html! { "sites" }))
                        (stat("Reached", &figure("/protection?posture=reached#sites", format::size(of(&[Posture::Reached]))), &html! { "sites" }))
                        (stat("Open", &figure("/protection?posture=open#sites", format::size(of(&[Posture::Open]))), &html! { "sites" }))
                    }
                }
            }
        }
    }
}

fn due(view: &View<'_>) -> Markup {
    let calendar = calendar(view);
    let next: Vec<_> = calendar.iter().filter(|(day, _)| *day >= view.today).take(5).collect();
    html! {
        section.panel {
            h2 { a href="/mandate#calendar" { "Next due" } }
            @if view.mission.obligations.is_empty() { (empty("No obligation is in the record yet.", "konbit import DIR obligations FILE")) }
            @else if next.is_empty() { p { "Nothing with a day of its own is due after " (format::day(view.today)) "." } }
            @else {
                ul.due {
                    @for (day, recorded) in next {
                        li {
                            p.when { a.figure href={ "/mandate#p" (recorded.value.paragraph) } { (format::day(*day)) } " " span.quiet { (format::from_today(view.today, *day)) } }
                            p { (recorded.value.what) " " span.quiet { "(" (recorded.value.owner) ")" } }
                        }
                    }
                }
            }
        }
    }
}

fn situation(view: &View<'_>) -> Markup {
    let mut totals = death_totals(view);
    totals.retain(|total| (total.value.end - total.value.start).get_days() >= 60);
    totals.sort_by_key(|total| std::cmp::Reverse((total.value.end, total.value.start)));
    html! {
        section.panel {
            h2 { a href="/situation" { "Deaths, as published" } }
            @if totals.is_empty() { (empty("No published total of deaths is in the record yet.", "konbit import DIR totals FILE")) }
            @else {
                div.scroll role="region" aria-label="Published deaths" tabindex="0" {
                    table {
                        caption { "Publishers overlap; never added up" }
                        thead { tr { th scope="col" { "Period" } th scope="col" { "Counted" } th scope="col" .num { "People" } } }
                        tbody {
                            @for recorded in totals.iter().take(5) {
                                @let total = &recorded.value;
                                tr {
                                    td.nowrap { (format::period_short(total.start, total.end)) }
                                    td { (measure_words(&total.measure)) " " (unverified(&total.source)) }
                                    td.num { (figure(&recorded.entries.last().map_or_else(|| "/situation".to_owned(), |ix| entry_href(*ix)), format::count(total.value))) }
                                }
                            }
                        }
                    }
                }
                p { a href="/situation#incidents" { (format::plural(view.mission.incidents.len(), "incident", "incidents")) } " and " a href="/situation#areas" { (format::size(view.mission.areas.values().filter(|area| area.is_in_force(view.today)).count())) " areas held or contested" } "." }
            }
        }
    }
}

//! A plan made by hand: the form that takes it, what is wrong with it, and what it comes to.

use super::compare::{Side, side_by_side};
use super::site_link;
use crate::format;
use crate::layout::View;
use konbit_desk::HandFault;
use maud::{Markup, html};

/// What came of a table.
#[derive(Debug, Clone)]
pub enum HandSays {
    /// Nothing was sent yet.
    Nothing,
    /// It cannot be read.
    Faults(Vec<HandFault>),
    /// It was scored.
    Scored {
        /// The plan made by hand and the plan it is compared with.
        sides: Box<(Side, Side)>,
        /// Rules that it breaks, in words.
        breaches: Vec<String>,
        /// Floors that it does not meet: id of the site, protection, floor, in parts per million.
        floors: Vec<(String, u32, u32)>,
        /// Where those who watch would strike: id of the site.
        worst: String,
        /// Its parts, persons a week: forecast, and by those who watch.
        parts: (f64, f64),
    },
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct HandPage<'a> {
    /// The table as it was sent.
    pub text: &'a str,
    /// Number of schedules of the plan in force, whose table is offered to start from; `None` where none is in force.
    pub template_schedules: Option<usize>,
    /// What came of it.
    pub says: HandSays,
}

/// Rules and floors named.
const SHOWN: usize = 30;

/// `/protection/by-hand`.
pub fn by_hand(view: &View<'_>, page: &HandPage<'_>) -> Markup {
    html! {
        @match &page.says {
            HandSays::Nothing => p.lead { "A plan that people made, scored by the same evaluator as the plan in force." },
            HandSays::Faults(faults) => {
                p.lead { "The table cannot be read as a plan." }
                ul { @for fault in faults { li { (fault.to_string()) } } }
            },
            HandSays::Scored { sides, breaches, floors, worst, parts } => {
                (verdict(view, breaches, floors, worst, *parts, sides))
                (side_by_side(view, &sides.0, &sides.1))
            },
        }
        section #form {
            h2 { "The table" }
            p { "Either one row for each post and each reaction force of each schedule, or only a list of sites, which stands for one schedule that never changes:" }
            pre.body { "schedule,probability,place,kind,count\nday,0.5,hos-hueh,post,1\nday,0.5,base-pap-airport,force,1\nnight,0.5,hos-hueh,post,1" }
            pre.body { "site\nhos-hueh\nprt-varreux" }
            p {
                "A place is the id of a site or a base, or its name where only one is called so. A probability is a number from 0 to 1 or a per cent; those of all schedules sum to 1. "
                @if let Some(schedules) = page.template_schedules { "To start from: " a href="/protection/plan-by-hand.csv" { "the plan in force as such a table" } " (" (format::plural(schedules, "schedule", "schedules")) "). " }
                "The same without a page: " code { "konbit score DIR FILE.csv" } "."
            }
            form.sheet method="post" action="/protection/by-hand/score" {
                label.whole { span { "Paste the table here" } textarea name="table" rows="14" required spellcheck="false" { (page.text) } }
                button type="submit" { "Score it" }
            }
        }
    }
}

fn verdict(
    view: &View<'_>,
    breaches: &[String],
    floors: &[(String, u32, u32)],
    worst: &str,
    (forecast, watched): (f64, f64),
    sides: &(Side, Side),
) -> Markup {
    let (own, held) = sides;
    let usable = breaches.is_empty() && floors.is_empty();
    html! {
        p.lead {
            "This plan leaves " strong { (format::harm(own.value)) } " persons harmed a week; " (held.label) " leaves " strong { (format::harm(held.value)) } ". "
            @if let Some(bound) = held.bound { "No plan with that force does better than " (format::harm(bound)) "." }
        }
        p {
            (format::harm(forecast)) " of it by attempts that are forecast, " (format::harm(watched)) " by those who watch, who would choose " (site_link(view.mission, worst)) "."
        }
        @if usable { p { "It keeps every floor, every mandatory post, and the people there are." } }
        @else {
            div.notice role="note" {
                p { strong { "It could not be used as it is. " } "It was scored all the same, so that it can be seen what it would come to." }
                ul {
                    @for words in breaches.iter().take(SHOWN) { li { (words) } }
                    @if breaches.len() > SHOWN { li { "and " (format::size(breaches.len() - SHOWN)) " more of the same" } }
                    @for (id, got, floor) in floors.iter().take(SHOWN) {
                        li { (site_link(view.mission, id)) ": " (format::percent(f64::from(*got) / 1e6)) " % of attempts are stopped, at least " (format::percent(f64::from(*floor) / 1e6)) " % are demanded" }
                    }
                    @if floors.len() > SHOWN { li { "and " (format::size(floors.len() - SHOWN)) " more floors" } }
                }
            }
        }
    }
}

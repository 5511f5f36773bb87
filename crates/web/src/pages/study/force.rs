//! What more force buys: the curve, the sites that gain with each step, the price of each kind of unit, the reverse
//! reading.

use super::{base_name, site_link};
use crate::format;
use crate::layout::View;
use crate::pages::protection::{PlanFacts, ProtectionQuery, curve_block};
use konbit_desk::{Band, Equal, Force, MONTH_WEEKS, PlacePrice, Step, Unit, UnitPrice, unit_words};
use maud::{Markup, html};

/// What the page shows.
#[derive(Debug, Clone, Copy)]
pub struct ForcePage<'a> {
    /// The question, for addresses.
    pub query: &'a ProtectionQuery,
    /// The plan compared with; its curve holds all strengths.
    pub facts: &'a PlanFacts,
    /// What was computed.
    pub force: &'a Force,
    /// The pattern that the plan is read against, in words.
    pub present_words: &'a str,
    /// The reverse reading, or why there is none.
    pub equal: &'a Result<Equal, String>,
}

/// What the tables of a study name and link to.
pub struct Named<'a> {
    /// A site, by its place in the problem.
    pub site: &'a dyn Fn(usize) -> Markup,
    /// A base, by its place in the problem.
    pub base: &'a dyn Fn(usize) -> Markup,
    /// The page of the plan at a strength.
    pub strength: &'a dyn Fn(u32) -> String,
    /// The table as a file.
    pub csv: &'a str,
}

/// `/protection/curve`.
pub fn force(view: &View<'_>, page: &ForcePage<'_>) -> Markup {
    let (facts, force) = (page.facts, page.force);
    let named = Named {
        site: &|site| site_link(view.mission, &facts.problem.sites[site].id),
        base: &|base| html! { (base_name(view.mission, &facts.problem.bases[base].id)) },
        strength: &|people| {
            format::address("/protection", &page.query.with(&[("personnel", people.to_string().as_str())]))
        },
        csv: &page.query.address("/protection/curve.csv"),
    };
    html! {
        p.lead { "What another number of people would change against " (format::count(force.personnel.into())) ", from half to one and a half times as many. " (fifty(force)) }
        nav.contents aria-label="On this page" {
            a href="#curve" { "The curve" } a href="#units" { "Kinds of unit" } a href="#places" { "Where they would stand" } a href="#reverse" { "Read the other way" }
        }
        @if facts.is_stale { div.notice role="note" { p { "The mission's data have changed since this plan was made. All on this page holds for the data it was made from." } } }
        @if force.is_cut_short { div.notice role="note" { p { strong { "Not complete. " } "The time that a page waits was up before all strengths were planned for. " a href=(page.query.address("/protection/curve")) { "Go on" } } } }
        section #curve {
            h2 { "Harm against force" }
            (curve_block(page.query, facts, true))
            (steps(force, &named))
        }
        (units(force))
        (places(force, &named))
        (reverse(page.present_words, page.equal, facts.value))
        p { a href={ (page.query.address("/protection")) "#force" } { "Back to the plan" } }
    }
}

/// What fifty more people spare, in a sentence.
pub fn fifty<P>(force: &Force<P>) -> Markup {
    let unit = force.units.iter().find(|unit| matches!(unit.unit, Unit::People(_)));
    html! {
        @if let Some((unit, band)) = unit.and_then(|unit| Some((unit, unit.spared?))) {
            (format::count(unit.people.into())) " more people spare " strong { (format::harm(band.found)) } " persons a week; proven to be between " (format::harm(band.low)) " and " (format::harm(band.high)) "."
        }
    }
}

fn band(band: Option<Band>) -> Markup {
    html! {
        @match band {
            Some(band) => { td.num { strong { (format::harm(band.found)) } } td.num { (format::harm(band.low)) " to " (format::harm(band.high)) } },
            None => { td.num { (format::UNKNOWN) } td.num { "not computed" } },
        }
    }
}

/// Each strength with what it spares against the one before, and who gains.
pub fn steps<P>(force: &Force<P>, named: &Named<'_>) -> Markup {
    html! {
        p { "The same with all steps: " a href=(named.csv) { "CSV" } "." }
        div.scroll role="region" aria-label="Strength by strength" tabindex="0" {
            table.steps {
                caption { "Each strength against the one in the row above" }
                thead { tr {
                    th scope="col" .num { "People" } th scope="col" .num { "Harmed a week" } th scope="col" .num { "Proven bound" } th scope="col" .num { "Spared by the step" } th scope="col" .num { "Proven between" }
                    th scope="col" .num { "Other posture" } th scope="col" { "Sites that gain most" }
                } }
                tbody { @for step in &force.steps { (step_row(step, force.personnel, named)) } }
            }
        }
        p.quiet { "A step spares the difference between two best plans, which lies between the bound of the one less the value of the other, and the reverse. The sites that gain are those of the plans that were found; another plan of the same value may choose others." }
    }
}

fn step_row(step: &Step, own: u32, named: &Named<'_>) -> Markup {
    const NAMED: usize = 3;
    html! {
        tr class=[(step.personnel == own).then_some("here")] {
            th scope="row" .num { a.figure href=((named.strength)(step.personnel)) { (format::count(step.personnel.into())) } }
            @match step.found {
                Some((value, bound)) => { td.num { (format::decimal(value, 3)) } td.num { (format::decimal(bound, 3)) } },
                None => { td.num { @if step.is_computed { "no plan" } @else { "not computed" } } td.num { (format::UNKNOWN) } },
            }
            @if step.spared.is_some() { (band(step.spared)) } @else { td.num { } td.num { } }
            td.num { @if step.spared.is_some() { (format::size(step.postures)) } }
            td.words {
                @for (index, (site, before, after)) in step.gains.iter().take(NAMED).enumerate() {
                    @if index > 0 { "; " }
                    ((named.site)(*site)) " " span.quiet { (format::percent(*before)) " → " (format::percent(*after)) " %" }
                }
                @if step.gains.len() > NAMED { span.quiet { "; and " (format::size(step.gains.len() - NAMED)) " more" } }
            }
        }
    }
}

/// One more of each kind of unit.
pub fn units<P>(force: &Force<P>) -> Markup {
    let month = |unit: &UnitPrice| unit.spared.filter(|_| matches!(unit.unit, Unit::People(_)));
    html! {
        section #units {
            h2 { "One more of each kind of unit" }
            p { "The plan is made anew with the people of the unit on the roll: what it spares is what the best plan makes of them." }
            div.scroll role="region" aria-label="Kinds of unit" tabindex="0" {
                table {
                    caption { "Persons spared a week by one more unit" }
                    thead { tr { th scope="col" { "Unit" } th scope="col" .num { "People on the roll" } th scope="col" .num { "Spared a week" } th scope="col" .num { "Proven between" } } }
                    tbody { @for unit in &force.units { tr { th scope="row" { (format::heading(&unit_words(unit.unit))) } td.num { (format::count(unit.people.into())) } (band(unit.spared)) } } }
                }
            }
            @for unit in &force.units {
                @if let Some(band) = month(unit).map(|band| band.over(MONTH_WEEKS)) {
                    p #month {
                        "Arriving a month earlier is the same " (format::count(unit.people.into())) " people for " (format::decimal(MONTH_WEEKS, 1)) " weeks: "
                        strong { (format::harm(band.found)) } " persons spared, proven to be between " (format::harm(band.low)) " and " (format::harm(band.high)) ", if all else stays as it is."
                    }
                }
            }
        }
    }
}

/// Where one more reaction force and one more post would stand.
pub fn places<P>(force: &Force<P>, named: &Named<'_>) -> Markup {
    let table = |label: &str, head: &str, prices: &[PlacePrice], name: &dyn Fn(usize) -> Markup| {
        html! {
            @if prices.is_empty() { p { "None would spare anything." } }
            @else {
                div.scroll role="region" aria-label=(label) tabindex="0" {
                    table {
                        caption { (label) }
                        thead { tr { th scope="col" { (head) } th scope="col" .num { "People on the roll" } th scope="col" .num { "Spared a week, at least" } } }
                        tbody { @for price in prices { tr { th scope="row" { (name(price.place)) } td.num { (format::count(price.people.into())) } td.num { (format::harm(price.spared)) } } } }
                    }
                }
            }
        }
    };
    html! {
        section #places {
            h2 { "Where one more would stand" }
            p { "Here the rest of the plan stays as it is and the unit stands in every schedule, with people of its own. A plan made anew spares at least as much." }
            div.sides {
                div { (table("One more reaction force", "Base", &force.bases, named.base)) }
                div { (table("One more post", "Site", &force.posts, named.site)) }
            }
        }
    }
}

/// The reverse reading of a plan of this value.
pub fn reverse(present_words: &str, equal: &Result<Equal, String>, value: f64) -> Markup {
    html! {
        section #reverse {
            h2 { "Read the other way" }
            p { "The present pattern it is read against: " (present_words) ". Both are read by harm alone; demands that the pattern does not meet are not counted." }
            @match equal {
                Ok(equal) => p {
                    "With the same figures that pattern leaves " strong { (format::harm(equal.present)) } " persons harmed a week; this plan leaves " (format::harm(value)) ". "
                    @match equal.people {
                        Some(0) => "The pattern does as well.",
                        Some(people) => { "This plan equals " strong { (format::count(people.into())) " more people" } " under that pattern, each at the post where they help it most." },
                        None => "No number of further posts would let that pattern do as well.",
                    }
                },
                Err(why) => p { "It cannot be read so: " (why) "." },
            }
        }
    }
}

//! Two plans side by side: value, bound, and every site that they treat differently.

use super::site_link;
use crate::format;
use crate::layout::View;
use crate::pages::protection::{ProtectionQuery, posture_label};
use konbit_protect::{Posture, ProblemData, SitePlan};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// One of the two plans.
#[derive(Debug, Clone)]
pub struct Side {
    /// What it is, in words.
    pub label: String,
    /// Where it is shown; empty for one that has no page.
    pub href: String,
    /// Expected persons harmed a week.
    pub value: f64,
    /// Proven bound, persons a week; `None` for a plan without a proof, such as one made by hand.
    pub bound: Option<f64>,
    /// The figures that it was made under.
    pub problem: ProblemData,
    /// What it gives each site.
    pub sites: Vec<SitePlan>,
    /// Its value under the figures of the other plan, or why it has none; `None` where the figures are the same.
    pub under_other: Option<Result<f64, String>>,
}

/// A plan that can be chosen: its word in addresses, and words for a reader.
pub type Choice = (String, String);

/// Sites shown.
const SHOWN: usize = 60;

/// A site that the two treat differently: its rows under both.
type Pair<'a> = (&'a SitePlan, &'a SitePlan);

/// Sites that differ in posture or by half a percentage point, the widest first.
pub fn differences<'a>(a: &'a [SitePlan], b: &'a [SitePlan]) -> Vec<Pair<'a>> {
    let other: BTreeMap<&str, &SitePlan> = b.iter().map(|site| (site.id.as_str(), site)).collect();
    let mut pairs: Vec<Pair<'_>> = a.iter().filter_map(|site| Some((site, *other.get(site.id.as_str())?))).collect();
    pairs.retain(|(a, b)| a.posture != b.posture || (a.protection - b.protection).abs() >= 0.005);
    pairs.sort_by(|x, y| {
        let by = |(a, b): &Pair<'_>| (a.protection - b.protection).abs();
        by(y).total_cmp(&by(x)).then(x.0.id.cmp(&y.0.id))
    });
    pairs
}

/// The two choices of a form.
fn form(query: &ProtectionQuery, choices: &[Choice]) -> Markup {
    let select = |name: &str, label: &str, chosen: &str| {
        html! {
            label { span { (label) }
                select name=(name) { @for (value, words) in choices { option value=(value) selected[value == chosen] { (words) } } }
            }
        }
    };
    html! {
        form.filters method="get" action="/protection/compare" {
            @for (name, value) in query.what_if_pairs() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
            (select("a", "One plan", &query.a)) (select("b", "The other", &query.b))
            button type="submit" { "Compare" }
        }
        p.quiet { "A plan made by hand is compared where it is scored: " a href="/protection/by-hand" { "score a plan made by hand" } "." }
    }
}

/// `/protection/compare`: the form, and the two plans if both are chosen.
pub fn compare(view: &View<'_>, query: &ProtectionQuery, choices: &[Choice], sides: Option<(&Side, &Side)>) -> Markup {
    html! {
        @match sides {
            Some((a, b)) => (side_by_side(view, a, b)),
            None => p.lead { "Choose two plans: those that were adopted, the answer to a question, and a plain pattern to measure against." },
        }
        section { h2 { "Other plans" } (form(query, choices)) }
    }
}

/// The headline and the tables of two plans.
pub fn side_by_side(view: &View<'_>, a: &Side, b: &Side) -> Markup {
    let pairs = differences(&a.sites, &b.sites);
    let postures = pairs.iter().filter(|(a, b)| a.posture != b.posture).count();
    html! {
        p.lead {
            (format::size(pairs.len())) " sites differ in protection, " (format::size(postures)) " of them in posture. "
            @match (&a.under_other, &b.under_other) {
                (None, None) => { "By the same figures, the second leaves " strong { (format::signed(b.value - a.value, 2)) } " persons harmed a week against the first." },
                (Some(Ok(value)), _) => { "Their figures differ. Under those of the second, the first leaves " strong { (format::harm(*value)) } " persons harmed a week and the second " strong { (format::harm(b.value)) } "." },
                _ => "Their figures differ, so their values do not measure the same.",
            }
        }
        section {
            h2 { "Value and bound" }
            div.scroll role="region" aria-label="Value and bound" tabindex="0" { (figures(a, b)) }
        }
        section {
            h2 { "Sites that differ" }
            @if pairs.is_empty() { p { "None." } }
            @else {
                div.scroll role="region" aria-label="Sites that differ" tabindex="0" {
                    table.sites {
                        caption { "The widest differences first" @if pairs.len() > SHOWN { ", " (format::size(SHOWN)) " of " (format::size(pairs.len())) } }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "First" } th scope="col" .num { "Stopped, %" } th scope="col" { "Second" } th scope="col" .num { "Stopped, %" } th scope="col" .num { "Points" } } }
                        tbody {
                            @for (a, b) in pairs.iter().take(SHOWN) {
                                tr {
                                    th scope="row" { (site_link(view.mission, &a.id)) }
                                    td { (posture_label(a.posture)) } td.num { (format::percent(a.protection)) }
                                    td { (posture_label(b.posture)) } td.num { (format::percent(b.protection)) }
                                    td.num { (format::signed((b.protection - a.protection) * 100.0, 1)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figures(a: &Side, b: &Side) -> Markup {
    let count = |side: &Side, posture: Posture| side.sites.iter().filter(|site| site.posture == posture).count();
    let name =
        |side: &Side| html! { @if side.href.is_empty() { (side.label) } @else { a href=(side.href) { (side.label) } } };
    let under = |side: &Side| match &side.under_other {
        None => "the same figures".to_owned(),
        Some(Ok(value)) => format::decimal(*value, 3),
        Some(Err(why)) => format!("not possible: {why}"),
    };
    let bound =
        |side: &Side| side.bound.map_or_else(|| "no proof of its own".to_owned(), |bound| format::decimal(bound, 3));
    html! {
        table {
            caption { "Persons harmed a week, and what each plan rests on" }
            thead { tr { th scope="col" { "" } th scope="col" .num { (name(a)) } th scope="col" .num { (name(b)) } } }
            tbody {
                tr { th scope="row" { "Value" } td.num { (format::decimal(a.value, 3)) } td.num { (format::decimal(b.value, 3)) } }
                tr { th scope="row" { "Proven bound" } td.num { (bound(a)) } td.num { (bound(b)) } }
                @if a.under_other.is_some() || b.under_other.is_some() {
                    tr { th scope="row" { "Value under the other's figures" } td.num { (under(a)) } td.num { (under(b)) } }
                }
                tr { th scope="row" { "People in the force" } td.num { (format::count(a.problem.personnel.into())) } td.num { (format::count(b.problem.personnel.into())) } }
                tr { th scope="row" { "Attempts by those who watch, %" } @for side in [a, b] { td.num { (format::percent(f64::from(side.problem.alpha_ppm) / 1e6)) } } }
                tr { th scope="row" { "A post stops, %" } @for side in [a, b] { td.num { (format::percent(f64::from(side.problem.static_effect_ppm) / 1e6)) } } }
                @for posture in [Posture::Always, Posture::Sometimes, Posture::Reached, Posture::Open] {
                    tr { th scope="row" { "Sites " (posture_label(posture)) } @for side in [a, b] { td.num { (format::size(count(side, posture))) } } }
                }
            }
        }
    }
}

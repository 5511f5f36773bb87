//! What the judgements decide: the plan at three shares of those who watch, and with each figure at the ends of its
//! interval.

use super::site_link;
use crate::format;
use crate::layout::View;
use crate::pages::protection::{PlanFacts, ProtectionQuery, posture_label};
use konbit_desk::{EndResult, Figure};
use konbit_protect::{Posture, SitePlan};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// One column of the page of alpha.
#[derive(Debug, Clone)]
pub struct AlphaColumn {
    /// Share of attempts by those who watch, as in addresses.
    pub alpha: &'static str,
    /// The plan, or why there is none.
    pub plan: Result<PlanFacts, String>,
}

/// Sites shown side by side.
const SITES_SHOWN: usize = 40;

/// `/protection/alpha`.
pub fn alpha(view: &View<'_>, query: &ProtectionQuery, columns: &[AlphaColumn]) -> Markup {
    let planned: Vec<(&AlphaColumn, &PlanFacts)> =
        columns.iter().filter_map(|column| Some((column, column.plan.as_ref().ok()?))).collect();
    let differ = differing(&planned);
    html! {
        p.lead { "Nobody knows how many attempts are made by adversaries who watch the pattern and choose the weakest moment. So the plan is made three times: as if none did, half, and all." }
        @for column in columns { @if let Err(why) = &column.plan { p { "At " (column.alpha) ": no plan: " (why) "." } } }
        section {
            h2 { "The three plans" }
            div.scroll role="region" aria-label="The three plans" tabindex="0" {
                table {
                    caption { "Persons harmed a week, and sites by posture" }
                    thead { tr { th scope="col" { "Share of those who watch" } @for (column, _) in &planned { th scope="col" .num { a href=(format::address("/protection", &query.with(&[("alpha", column.alpha)]))) { (column.alpha) } } } } }
                    tbody {
                        tr { th scope="row" { "Value" } @for (_, facts) in &planned { td.num { (format::decimal(facts.value, 3)) } } }
                        tr { th scope="row" { "Proven bound" } @for (_, facts) in &planned { td.num { (format::decimal(facts.bound, 3)) } } }
                        @for posture in [Posture::Always, Posture::Sometimes, Posture::Reached, Posture::Open] {
                            tr { th scope="row" { "Sites " (posture_label(posture)) } @for (_, facts) in &planned { td.num { (format::size(facts.sites.iter().filter(|site| site.posture == posture).count())) } } }
                        }
                    }
                }
            }
            p.quiet { "The values are not to be compared with each other: each expects other attempts. What can be compared is where the posts stand." }
        }
        section {
            h2 { "Sites whose posture differs" }
            p { (format::plural(differ.len(), "site has", "sites have")) " not the same posture in all of them. What is guarded in all three does not depend on the judgement." }
            @if !differ.is_empty() {
                div.scroll role="region" aria-label="Sites whose posture differs" tabindex="0" {
                    table.sites {
                        caption { "The widest differences in protection first; attempts stopped, %" @if differ.len() > SITES_SHOWN { ": " (format::size(SITES_SHOWN)) " of " (format::size(differ.len())) } }
                        thead { tr { th scope="col" { "Site" } @for (column, _) in &planned { th scope="col" { "At " (column.alpha) } th scope="col" .num { "%" } } } }
                        tbody { @for (id, sites) in differ.iter().take(SITES_SHOWN) { tr { th scope="row" { (site_link(view.mission, id)) } (cells(sites)) } } }
                    }
                }
            }
        }
        section {
            h2 { "The sites where most harm is expected" }
            div.scroll role="region" aria-label="Top sites" tabindex="0" {
                table.sites {
                    caption { "By value of the site, attempts stopped, %" }
                    thead { tr { th scope="col" { "Site" } @for (column, _) in &planned { th scope="col" { "At " (column.alpha) } th scope="col" .num { "%" } } } }
                    tbody { @for (id, sites) in top(&planned) { tr { th scope="row" { (site_link(view.mission, id)) } (cells(&sites)) } } }
                }
            }
        }
        p { a href=(query.address("/protection")) { "Back to the plan" } }
    }
}

fn cells(sites: &[&SitePlan]) -> Markup {
    html! { @for site in sites { td { (posture_label(site.posture)) } td.num { (format::percent(site.protection)) } } }
}

/// A site with its row in each plan.
type Across<'a> = (&'a str, Vec<&'a SitePlan>);

fn across<'a>(planned: &[(&'a AlphaColumn, &'a PlanFacts)]) -> Vec<Across<'a>> {
    let Some((_, first)) = planned.first() else { return Vec::new() };
    let maps: Vec<BTreeMap<&str, &SitePlan>> =
        planned.iter().map(|(_, facts)| facts.sites.iter().map(|site| (site.id.as_str(), site)).collect()).collect();
    let row = |site: &'a SitePlan| {
        let all: Option<Vec<&SitePlan>> = maps.iter().map(|map| map.get(site.id.as_str()).copied()).collect();
        all.map(|all| (site.id.as_str(), all))
    };
    first.sites.iter().filter_map(row).collect()
}

fn differing<'a>(planned: &[(&'a AlphaColumn, &'a PlanFacts)]) -> Vec<Across<'a>> {
    let mut rows = across(planned);
    rows.retain(|(_, sites)| sites.iter().any(|site| site.posture != sites[0].posture));
    let width = |sites: &[&SitePlan]| {
        let all = || sites.iter().map(|site| site.protection);
        all().fold(0.0, f64::max) - all().fold(1.0, f64::min)
    };
    rows.sort_by(|a, b| width(&b.1).total_cmp(&width(&a.1)).then(a.0.cmp(b.0)));
    rows
}

/// The sites of highest value.
fn top<'a>(planned: &[(&'a AlphaColumn, &'a PlanFacts)]) -> Vec<Across<'a>> {
    const TOP: usize = 25;
    let Some((_, first)) = planned.first() else { return Vec::new() };
    let values: BTreeMap<&str, u64> =
        first.problem.sites.iter().map(|site| (site.id.as_str(), site.value_milli)).collect();
    let mut rows = across(planned);
    rows.sort_by_key(|(id, _)| (u64::MAX - values.get(id).copied().unwrap_or(0), *id));
    rows.truncate(TOP);
    rows
}

/// What is known of the sensitivity of a plan.
#[derive(Clone, Copy)]
pub struct Sensitive<'a> {
    /// Value of the plan, persons a week.
    pub value: f64,
    /// Sites it is for.
    pub sites: usize,
    /// What is computed so far; the first is the plan made again with nothing changed.
    pub results: &'a [EndResult],
    /// How many there are to compute.
    pub wanted: usize,
    /// A site, by its place in the problem.
    pub site: &'a dyn Fn(usize) -> Markup,
}

/// A figure with what happens at its low and its high end.
struct Row<'a> {
    figure: &'a Figure,
    low: Option<&'a EndResult>,
    high: Option<&'a EndResult>,
}

impl Row<'_> {
    fn ends(&self) -> impl Iterator<Item = &EndResult> {
        [self.low, self.high].into_iter().flatten()
    }

    /// Widest change of value, persons a week.
    fn effect(&self, value: f64) -> f64 {
        self.ends().filter_map(|end| end.found).map(|found| (found.0 - value).abs()).fold(0.0, f64::max)
    }
}

fn rows<'a>(results: &'a [EndResult], value: f64) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for result in results {
        let Some(figure) = &result.end.figure else { continue };
        let at = rows.iter().position(|row| row.figure == figure).unwrap_or_else(|| {
            rows.push(Row { figure, low: None, high: None });
            rows.len() - 1
        });
        if result.end.is_high { rows[at].high = Some(result) } else { rows[at].low = Some(result) }
    }
    rows.sort_by(|a, b| b.effect(value).total_cmp(&a.effect(value)).then(a.figure.cmp(b.figure)));
    rows
}

/// `/protection/sensitivity`.
pub fn sensitivity(
    view: &View<'_>,
    query: &ProtectionQuery,
    facts: &PlanFacts,
    results: &[EndResult],
    wanted: usize,
) -> Markup {
    let site = |site: usize| facts.sites.get(site).map(|plan| site_link(view.mission, &plan.id)).unwrap_or_default();
    let of = Sensitive { value: facts.value, sites: facts.sites.len(), results, wanted, site: &site };
    html! {
        (sensitivity_lead(&of))
        (progress(query, results.len(), wanted))
        (sensitivity_table(&of))
        p { a href=(query.address("/protection")) { "Back to the plan" } }
    }
}

/// What the study says in a sentence.
pub fn sensitivity_lead(of: &Sensitive<'_>) -> Markup {
    let done = of.results.len();
    let noise = noise(of);
    let rows = rows(of.results, of.value);
    let ranking = rows.iter().filter(|row| row.ends().any(|end| end.moved > noise.0)).count();
    html! {
        p.lead {
            "Every figure that was judged has an interval. The plan is made again with each of them at the low and at the high end, all others as they are. "
            @if done >= of.wanted && done > 0 { (format::size(ranking)) " of " (format::size(rows.len())) " figures would change the ranking of sites." }
        }
    }
}

/// Ranks that change and posts that are gained or lost without cause.
fn noise(of: &Sensitive<'_>) -> (usize, usize) {
    of.results.first().map_or((0, 0), |first| (first.moved, first.postures))
}

/// The figures in a table, the widest effect first; nothing where nothing is computed.
pub fn sensitivity_table(of: &Sensitive<'_>) -> Markup {
    let noise = noise(of);
    let far = of.sites.div_ceil(10);
    html! {
        @if !of.results.is_empty() {
            section {
                h2 { "Figures, the widest effect first" }
                (tornado(of, &rows(of.results, of.value), noise))
                p.quiet {
                    "Value and bound are those of a quicker search than the plan's own, each with its own proof. A site changes its rank where its place by protection moves by a tenth of all sites (" (format::size(far)) " places) or more; "
                    "a post is gained or lost where a site has one in one plan and none in the other. Plans of equal value can differ: made again with nothing changed but the seed, "
                    (format::plural(noise.0, "site changes", "sites change")) " rank and " (format::plural(noise.1, "post is", "posts are")) " gained or lost, so what does not go beyond that may be chance; what does is printed bold."
                }
            }
        }
    }
}

fn progress(query: &ProtectionQuery, done: usize, wanted: usize) -> Markup {
    html! {
        @if done < wanted {
            div.notice role="note" {
                p {
                    @if done == 0 { "Nothing is computed yet: " (format::size(wanted)) " plans are to be made, some seconds for every few of them." }
                    @else { strong { (format::size(done)) " of " (format::size(wanted)) " plans are made. " } "What is not computed is not in the table." }
                }
                form method="get" action="/protection/sensitivity" {
                    @for (name, value) in query.what_if_pairs() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
                    input type="hidden" name="compute" value="1";
                    button type="submit" { @if done == 0 { "Compute" } @else { "Go on" } }
                    p.quiet { "Each press works for up to a quarter of a minute, then shows what is there." }
                }
            }
        } @else { p.quiet { "All " (format::size(wanted)) " plans are made." } }
    }
}

fn tornado(of: &Sensitive<'_>, rows: &[Row<'_>], noise: (usize, usize)) -> Markup {
    let value = of.value;
    let widest = rows.iter().map(|row| row.effect(value)).fold(1e-9, f64::max);
    html! {
        div.scroll role="region" aria-label="Sensitivity" tabindex="0" {
            table.steps {
                caption { "Value at each end against " (format::decimal(value, 3)) " persons a week" }
                thead { tr {
                    th scope="col" { "Figure" } th scope="col" .num { "Low end" } th scope="col" .num { "Value, bound" } th scope="col" .num { "High end" } th scope="col" .num { "Value, bound" }
                    th scope="col" { "Fewer and more harmed" } th scope="col" .num { "Change rank" } th scope="col" .num { "Posts gained or lost" } th scope="col" { "Moves most" }
                } }
                tbody {
                    @for row in rows {
                        @let (moved, posts) = (row.ends().map(|end| end.moved).max().unwrap_or(0), row.ends().map(|end| end.postures).max().unwrap_or(0));
                        tr {
                            th scope="row" { (format::heading(&row.figure.label())) }
                            (end_cells(row.figure, row.low)) (end_cells(row.figure, row.high))
                            td { (bar(row, value, widest)) }
                            td.num { @if moved > noise.0 { strong { (format::size(moved)) } } @else { (format::size(moved)) } }
                            td.num { @if posts > noise.1 { strong { (format::size(posts)) } } @else { (format::size(posts)) } }
                            td { (widest_site(of, row)) }
                        }
                    }
                }
            }
        }
    }
}

fn end_cells(figure: &Figure, end: Option<&EndResult>) -> Markup {
    html! {
        @match end {
            Some(end) => {
                td.num { (figure.text(end.end.value)) }
                td.num { @match end.found { Some((value, bound)) => { (format::decimal(value, 3)) br; span.quiet { (format::decimal(bound, 3)) } }, None => "no plan" } }
            },
            None => { td.num { (format::UNKNOWN) } td.num { } },
        }
    }
}

/// A bar to the left for fewer harmed and to the right for more.
fn bar(row: &Row<'_>, value: f64, widest: f64) -> Markup {
    const HALF: f64 = 60.0;
    let changes: Vec<f64> = row.ends().filter_map(|end| end.found).map(|found| found.0 - value).collect();
    let fewer = changes.iter().copied().fold(0.0, f64::min) / widest * HALF;
    let more = changes.iter().copied().fold(0.0, f64::max) / widest * HALF;
    let says = format!(
        "between {} and {} persons a week",
        format::signed(fewer / HALF * widest, 3),
        format::signed(more / HALF * widest, 3)
    );
    html! {
        svg.tornado viewBox="0 0 120 14" width="120" height="14" role="img" aria-label=(says) {
            title { (says) }
            rect.fewer x=(format!("{:.1}", HALF + fewer)) y="2" width=(format!("{:.1}", -fewer)) height="10" {}
            rect.more x=(format!("{HALF:.1}")) y="2" width=(format!("{more:.1}")) height="10" {}
            path.here d="M60 0V14" {}
        }
    }
}

fn widest_site(of: &Sensitive<'_>, row: &Row<'_>) -> Markup {
    let all = row.ends().filter_map(|end| end.widest.first());
    let most = all.max_by(|a, b| (a.1 - a.2).abs().total_cmp(&(b.1 - b.2).abs()));
    html! {
        @if let Some((site, before, after)) = most {
            ((of.site)(*site)) " " span.quiet.nowrap { (format::percent(*before)) " → " (format::percent(*after)) " %" }
        }
    }
}

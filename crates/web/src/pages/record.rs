//! The record: what was entered when by whom, and how anyone can check it.

use crate::format;
use crate::layout::{Paging, View, behind_href, empty, entry_href, short};
use konbit_desk::{Published, VerifyReport};
use maud::{Markup, html};
use serde::Deserialize;

/// What a reader may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RecordQuery {
    /// Only entries of this kind, such as `site.recorded`.
    pub kind: String,
    /// Only the entries behind the record of this subject ...
    pub subject: String,
    /// ... and this id.
    pub id: String,
    /// Page, from 1.
    pub page: String,
}

/// An entry as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number.
    pub ix: u64,
    /// When.
    pub at: jiff::Timestamp,
    /// Who.
    pub actor: String,
    /// What kind of entry.
    pub kind: String,
    /// One line that tells what it says.
    pub title: String,
}

/// `/record`: the head, and one page of entries. `rows` is what `paging` asks for.
pub fn record(
    view: &View<'_>,
    query: &RecordQuery,
    kinds: &[(String, u64)],
    rows: &[EntryRow],
    paging: Paging,
    published: &Published,
) -> Markup {
    let is_behind = !query.subject.is_empty();
    let options: Vec<(String, String)> = kinds
        .iter()
        .map(|(kind, count)| (kind.clone(), format!("{} ({})", kind_words(kind), format::count(*count))))
        .collect();
    html! {
        p.lead {
            "The record holds " strong { (format::count(view.record_size)) } " entries. Nothing in it is ever changed; a correction is another entry. What an entry said can be erased by an order that itself stays in the record, and every proof still holds."
        }
        @if view.record_size == 0 {
            (empty("Nothing has been entered yet.", "konbit import DIR KIND FILE"))
        } @else {
            dl.facts {
                dt { "Tree size" } dd.tabular { (format::count(view.record_size)) }
                dt { "Tree root" } dd { code.hash { (view.record_root) } }
                dt { "Check it" } dd { a href="/record/verify" { "Verify the whole record now" } ", or keep size and root and compare them later" }
            }
            (outsiders(view, published))
            section #entries {
                h2 { @if is_behind { "Entries behind " (format::words(&query.subject)) " " (query.id) } @else { "Entries, newest first" } }
                @if is_behind {
                    p { a href="/record" { "Show all entries" } }
                } @else {
                    form.filters method="get" action="/record" {
                        (crate::layout::select("kind", "Kind", &query.kind, "all kinds", &options))
                        button type="submit" { "Show" }
                        @if !query.kind.is_empty() { a href="/record" { "Show all" } }
                    }
                }
                @if rows.is_empty() { (empty("No entry matches.", "")) }
                @else { (rows_table(view, rows)) }
                (paging.links("/record", &[("kind", &query.kind), ("subject", &query.subject), ("id", &query.id)], "#entries"))
            }
        }
    }
}

/// Who vouches for the record besides the mission.
fn outsiders(view: &View<'_>, published: &Published) -> Markup {
    let zone = view.zone();
    html! {
        section #outsiders {
            h2 { "Who vouches for it" }
            @match (&published.key, published.signed_size) {
                (Some(key), Some(size)) => {
                    p { "The mission has signed the head of " strong { (format::count(size)) " entries" } ": " a href="/checkpoint" { "checkpoint" } ". Its key, to be kept by whoever wants to check: " a href="/key" { code.hash { (key) } } }
                },
                _ => p { "This record is not signed: it was made before records were, or its key is elsewhere. Only the root above can be kept and compared." },
            }
            @match &published.rule {
                None => p { "No witness cosigns yet, so a reader who keeps no head of his own has to take the mission's word that it shows everyone the same history. To change that: " code { "konbit cosign policy DIR FILE" } "." },
                Some(rule) => {
                    p {
                        "A head counts as vouched for when it is cosigned by " (rule) ". "
                        @match published.vouched_size {
                            Some(size) if size == view.record_size => "The whole record is vouched for.",
                            Some(size) => { strong { (format::count(size)) " entries" } " are vouched for, " (format::count(view.record_size.saturating_sub(size))) " newer ones not yet." },
                            None => strong { "No head is vouched for yet." },
                        }
                    }
                    div.scroll role="region" aria-label="Witnesses" tabindex="0" {
                        table {
                            caption { "Witnesses" }
                            thead { tr { th scope="col" { "Witness" } th scope="col" .num { "Entries cosigned" } th scope="col" { "When, by its clock" } th scope="col" { "Reached" } } }
                            tbody {
                                @for witness in &published.witnesses {
                                    tr {
                                        th scope="row" { (witness.name) }
                                        @match witness.cosigned {
                                            Some((size, time)) => { td.num { (format::count(size)) } td.nowrap { (witnessed(time, &zone)) } },
                                            None => { td.num { (format::UNKNOWN) } td { "has not cosigned yet" } },
                                        }
                                        td { (witness.url.as_deref().unwrap_or("by hand")) }
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

fn witnessed(time: u64, zone: &jiff::tz::TimeZone) -> String {
    let at = i64::try_from(time).ok().and_then(|time| jiff::Timestamp::from_second(time).ok());
    at.map_or_else(|| format::UNKNOWN.to_owned(), |at| format::instant(at, zone))
}

/// `site.recorded` in words.
pub fn kind_words(kind: &str) -> String {
    kind.replace(['.', '-', '_'], " ")
}

/// A table of entries.
pub fn rows_table(view: &View<'_>, rows: &[EntryRow]) -> Markup {
    let zone = view.zone();
    html! {
        div.scroll role="region" aria-label="Entries" tabindex="0" {
            table {
                caption { "Entries of the record" }
                thead { tr { th scope="col" .num { "Entry" } th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Kind" } th scope="col" { "What it says" } } }
                tbody {
                    @for row in rows {
                        tr {
                            td.num { a.figure href=(entry_href(row.ix)) { (row.ix) } }
                            td.nowrap { (format::instant(row.at, &zone)) }
                            td { (row.actor) }
                            td { (kind_words(&row.kind)) }
                            td { a href=(entry_href(row.ix)) { (row.title) } }
                        }
                    }
                }
            }
        }
    }
}

/// What the page of one entry shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The entry in one line.
    pub row: EntryRow,
    /// Its body as JSON, indented; the text as it is if it is not JSON.
    pub body: String,
    /// Leaf hash, hexadecimal.
    pub leaf: String,
    /// Subject and id of the record it concerns, where this version knows its kind.
    pub target: Option<(String, String)>,
    /// All entries behind that record, oldest first.
    pub behind: Vec<u64>,
    /// Whether that record still stands.
    pub stands: bool,
    /// Number of the entry that ordered what it said to be erased, if so.
    pub erased_by: Option<u64>,
    /// Hashes of the inclusion proof towards the head of the view, leaf end first.
    pub proof: Vec<String>,
}

/// `/record/{ix}`.
pub fn entry(view: &View<'_>, page: &EntryPage) -> Markup {
    let ix = page.row.ix;
    html! {
        p.lead { (page.row.title) }
        dl.facts {
            dt { "When" } dd { (format::instant(page.row.at, &view.zone())) " " span.quiet { "(" (page.row.at.to_string()) ")" } }
            dt { "Who" } dd { (page.row.actor) }
            dt { "Kind" } dd { a href=(format::address("/record", &[("kind", &page.row.kind)])) { (kind_words(&page.row.kind)) } }
            @if let Some((subject, id)) = &page.target {
                dt { "Concerns" }
                dd {
                    @match subject_page(subject, id) {
                        Some(href) => a href=(href) { (format::words(subject)) " " (id) },
                        None => { (format::words(subject)) " " (id) },
                    }
                    @if !page.stands { " (it stands no more)" }
                    @else if page.behind.last().is_some_and(|last| *last != ix) { " (a later entry replaced this one)" }
                }
                @if page.behind.len() > 1 {
                    dt { "Its entries" }
                    dd { a href=(behind_href(subject, id)) { (page.behind.len()) " entries" } ": "
                        @for (index, other) in page.behind.iter().enumerate() { @if index > 0 { ", " } a href=(entry_href(*other)) { (other) } }
                    }
                }
            }
            dt { "Leaf" } dd { code.hash { (page.leaf) } }
        }
        section {
            h2 { "What was entered" }
            @match page.erased_by {
                Some(by) => p { "What it said was erased for good by the order in " a href=(entry_href(by)) { "entry " (by) } ". When, who and what kind stay, and so does the proof that it was there." },
                None => pre.body tabindex="0" { code { (page.body) } },
            }
        }
        section {
            h2 { "Proof that it is in the record" }
            p {
                "The tree is that of RFC 6962 with SHA-256. With the leaf above and these " (page.proof.len()) " hashes anyone can compute the root of the "
                (format::count(view.record_size)) " entries, and so confirm that the entry stands at place " (format::count(ix)) " unchanged."
            }
            p {
                "The same as a file that anyone can check without this program's word: " a href={ (entry_href(ix)) "/proof" } download { "proof with what the entry says" } " or "
                a href={ (entry_href(ix)) "/proof?body=no" } download { "without" } ", with " code { "konbit proof check FILE --policy P" } " or any verifier of the form c2sp.org/tlog-proof."
            }
            details {
                summary { "Hashes, from the leaf up, and how to compute the root" }
                @if page.proof.is_empty() { p { "The entry is the only one: its leaf is the root." } }
                ol.hashes start="0" { @for hash in &page.proof { li { code.hash { (hash) } } } }
                p {
                    "Start with the leaf, its place " code { "i" } " = " (ix) " and the last place " code { "n" } " = " (view.record_size.saturating_sub(1)) ". For each hash: where "
                    code { "i" } " is odd or equals " code { "n" } ", take SHA-256 of the byte 01, the hash, the value so far, and then, where " code { "i" } " is even, halve "
                    code { "i" } " and " code { "n" } " until " code { "i" } " is odd; otherwise take SHA-256 of 01, the value so far, the hash. Then halve both. "
                    "The result must be " code.hash { (short(view.record_root)) } "…"
                }
                p { "The leaf is SHA-256 of the byte 00 and the canonical JSON of actor, at, commitment, kind and v = 2; the commitment is a salted hash of what was entered (of entries made before, with v = 1, the leaf holds the body itself). On the command line: " code { "konbit verify DIR" } "." }
            }
        }
        nav.paging aria-label="Entries beside this one" {
            @if ix > 0 { a rel="prev" href=(entry_href(ix - 1)) { "Entry " (ix - 1) } }
            @if ix + 1 < view.record_size { a rel="next" href=(entry_href(ix + 1)) { "Entry " (ix + 1) } }
        }
    }
}

/// The page on which a reader meets a record in its place.
fn subject_page(subject: &str, id: &str) -> Option<String> {
    match subject {
        "site" => Some(crate::geo::site_href(id)),
        "resolution" => Some(super::council::resolution_href(id)),
        "council-step" => Some("/council#steps".to_owned()),
        "obligation" => Some("/mandate#paragraphs".to_owned()),
        "contribution" => Some("/contributions#lines".to_owned()),
        "incident" | "incident-source" => Some("/situation#incidents".to_owned()),
        "area" => Some("/situation#areas".to_owned()),
        "total" => Some("/situation/totals".to_owned()),
        "plan" | "planning" | "base" => Some("/protection".to_owned()),
        _ => None,
    }
}

/// `/record/verify`.
pub fn verified(report: &VerifyReport) -> Markup {
    html! {
        p.lead {
            @if report.ok { strong { "Everything matches. " } "The tree of " (format::count(report.entries)) " entries was recomputed from their bytes." }
            @else { strong { "Something does not match. " } "The record must not be relied on until this is explained." }
        }
        dl.facts {
            dt { "Entries" } dd.tabular { (format::count(report.entries)) }
            dt { "Root" } dd { @match report.root { Some(root) => code.hash { (root.to_string()) }, None => "cannot be computed" } }
            @if let Some(ix) = report.first_bad { dt { "First entry that does not match" } dd { a href=(entry_href(ix)) { (ix) } } }
        }
        @if !report.problems.is_empty() { section { h2 { "What does not match" } ul { @for problem in &report.problems { li { (problem.sentence) } } } } }
        section { h2 { "What was covered" } ul { @for item in &report.covered { li { (item) } } } }
        @if !report.not_covered.is_empty() { section { h2 { "What could not be covered" } ul { @for item in &report.not_covered { li { (item) } } } } }
        section {
            h2 { "What this does not show" }
            p { "Whoever can write the file could write a whole new history. Only a size and a root that somebody outside has kept show that: note the two figures above, and compare them with a later page." }
            p { a href="/record/verify" { "Verify again" } " · " a href="/record" { "Back to the record" } }
        }
    }
}

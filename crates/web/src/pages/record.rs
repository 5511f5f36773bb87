//! The record: what was entered when by whom, and how anyone can check it.

use crate::format;
use crate::layout::{Paging, View, behind_href, empty, entry_href, short};
use jiff::Timestamp;
use konbit_desk::{Published, Verified, VerifyReport};
use konbit_mission::mandate::Obligation;
use konbit_mission::{Event, Mission};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

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
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What kind of entry.
    pub kind: String,
    /// One line that tells what it says.
    pub title: String,
    /// The paragraphs of the mandate that it comes under.
    pub under: Vec<Paragraph>,
}

/// A paragraph of a resolution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paragraph {
    /// Symbol of the resolution.
    pub resolution: String,
    /// Number of the operative paragraph.
    pub number: u32,
}

/// The paragraphs that an event comes under: of an obligation its own; of sites, plans and what they are made from, and
/// of contributions, those whose obligations have that theme. What is told of the situation comes under none.
pub fn paragraphs(mission: &Mission, event: &Event) -> Vec<Paragraph> {
    let of =
        |obligation: &Obligation| Paragraph { resolution: obligation.resolution.clone(), number: obligation.paragraph };
    if let Event::Obligation(obligation) = event {
        return vec![of(obligation)];
    }
    let theme = match event.target().0 {
        "site" | "base" | "plan" | "planning" => "infrastructure",
        "contribution" => "contributions",
        "obligation" => {
            return mission.obligations.get(event.target().1).map(|held| of(&held.value)).into_iter().collect();
        }
        _ => return Vec::new(),
    };
    let under: BTreeSet<_> = mission.obligations.values().filter(|held| held.theme == theme).map(of).collect();
    under.into_iter().collect()
}

fn paragraph_links(under: &[Paragraph]) -> Markup {
    html! {
        @for (index, paragraph) in under.iter().enumerate() {
            @if index > 0 { ", " }
            a href={ "/mandate#p" (paragraph.number) } title={ (paragraph.resolution) ", paragraph " (paragraph.number) } { "paragraph " (paragraph.number) }
        }
    }
}

/// An order to erase, as the record's page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRow {
    /// The order's own entry.
    pub row: EntryRow,
    /// The entries that it erased.
    pub entries: Vec<u64>,
    /// Why.
    pub reason: String,
    /// By what authority.
    pub authority: String,
}

/// What the page says of the record as a whole, besides its entries.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// What outsiders are told.
    pub published: Published,
    /// The newest orders to erase, newest first.
    pub erasures: Vec<ErasureRow>,
    /// How many there are in all.
    pub erasures_count: u64,
    /// The last verification in the background.
    pub verified: Option<Verified>,
    /// By the clock, whatever moment the mission's data describe.
    pub now: Timestamp,
}

/// `/record`: the head, and one page of entries. `rows` is what `paging` asks for.
pub fn record(
    view: &View<'_>,
    query: &RecordQuery,
    kinds: &[(String, u64)],
    rows: &[EntryRow],
    paging: Paging,
    keeping: &Keeping,
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
                @if let Some(verified) = &keeping.verified { dt { "Last checked" } dd { (last_checked(view, verified, keeping.now)) } }
            }
            (outsiders(view, keeping))
            @if !keeping.erasures.is_empty() { (erasures(view, keeping)) }
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

/// What the verification in the background has found.
fn last_checked(view: &View<'_>, verified: &Verified, now: Timestamp) -> Markup {
    let zone = view.zone();
    html! {
        (format::instant(verified.at, &zone)) " (" (age(verified.at, now)) "): "
        @match &verified.report {
            Some(report) if report.ok => { "all " (format::count(report.entries)) " entries held" },
            Some(_) => strong { "something did not match; verify it now and read what" },
            None => strong { "it could not be verified; the server's log says why" },
        }
    }
}

/// Who vouches for the record besides the mission.
fn outsiders(view: &View<'_>, keeping: &Keeping) -> Markup {
    let published = &keeping.published;
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
                    (witnesses(view, keeping))
                    (by_hand(published))
                }
            }
        }
    }
}

/// How fresh the witnesses are.
fn witnesses(view: &View<'_>, keeping: &Keeping) -> Markup {
    let zone = view.zone();
    html! {
        div.scroll role="region" aria-label="Witnesses" tabindex="0" {
            table {
                caption { "Witnesses" }
                thead { tr { th scope="col" { "Witness" } th scope="col" .num { "Entries cosigned" } th scope="col" .num { "Behind by" } th scope="col" { "When, by its clock" } th scope="col" { "Reached" } } }
                tbody {
                    @for witness in &keeping.published.witnesses {
                        tr {
                            th scope="row" { (witness.name) }
                            @match witness.cosigned {
                                Some((size, time)) => {
                                    td.num { (format::count(size)) }
                                    td.num { (format::count(view.record_size.saturating_sub(size))) }
                                    td { (witnessed(time, &zone, keeping.now)) }
                                },
                                None => { td.num { (format::UNKNOWN) } td.num { (format::count(view.record_size)) } td { "has not cosigned yet" } },
                            }
                            td { (witness.url.as_deref().unwrap_or("by hand")) }
                        }
                    }
                }
            }
        }
        p.quiet { "Witnesses with an address are asked by the server; one that is away shows by how old its last cosignature is." }
    }
}

/// What is carried to witnesses and back where there is no network.
fn by_hand(published: &Published) -> Markup {
    html! {
        details {
            summary { "Ask a witness with no network: request and answer carried by hand" }
            p { "Carry the request to the witness on a memory stick, or let it scan the code. There it is answered with " code { "konbit witness answer WITNESS REQUEST" } "." }
            @for witness in &published.witnesses {
                @let query = format::address("", &[("witness", &witness.name)]);
                details {
                    summary { "Request for " (witness.name) }
                    p { a href={ "/record/request" (query) } download { "Request as a file" } " · " a href={ "/record/request.svg" (query) } { "the code alone, to print" } }
                    img.code src={ "/record/request.svg" (query) } alt={ "The request for " (witness.name) " as a QR code; the file holds the same text" } loading="lazy" width="400" height="400";
                }
            }
            form.sheet method="post" action="/record/answers" {
                label.whole { span { "Answer of a witness, as it came back" } textarea name="answer" rows="6" required spellcheck="false" placeholder="konbit/witness-answer@v1" {} }
                button type="submit" { "Keep the answer" }
            }
        }
    }
}

/// What was erased, by whose order.
fn erasures(view: &View<'_>, keeping: &Keeping) -> Markup {
    let zone = view.zone();
    html! {
        section #erased {
            h2 { "What was erased" }
            div.scroll role="region" aria-label="Orders to erase" tabindex="0" {
                table {
                    caption { "Orders to erase, newest first" }
                    thead { tr { th scope="col" .num { "Order" } th scope="col" { "When" } th scope="col" { "By" } th scope="col" { "Authority" } th scope="col" { "Reason" } th scope="col" { "Entries" } } }
                    tbody {
                        @for order in &keeping.erasures {
                            tr {
                                td.num { a.figure href=(entry_href(order.row.ix)) { (order.row.ix) } }
                                td.nowrap { (format::instant(order.row.at, &zone)) }
                                td { (order.row.actor) }
                                td { (order.authority) }
                                td { (order.reason) }
                                td { (entry_list(&order.entries)) }
                            }
                        }
                    }
                }
            }
            @if keeping.erasures_count > keeping.erasures.len() as u64 {
                p { a href=(format::address("/record", &[("kind", konbit_desk::ERASURE_KIND)])) { "All " (format::count(keeping.erasures_count)) " orders" } }
            }
        }
    }
}

/// The most numbers of entries in one cell.
const LISTED_MAX: usize = 20;

fn entry_list(entries: &[u64]) -> Markup {
    html! {
        @for (index, ix) in entries.iter().take(LISTED_MAX).enumerate() { @if index > 0 { ", " } a href=(entry_href(*ix)) { (ix) } }
        @if entries.len() > LISTED_MAX { " and " (entries.len() - LISTED_MAX) " more" }
    }
}

fn witnessed(time: u64, zone: &jiff::tz::TimeZone, now: Timestamp) -> String {
    let at = i64::try_from(time).ok().and_then(|time| Timestamp::from_second(time).ok());
    at.map_or_else(|| format::UNKNOWN.to_owned(), |at| format!("{}, {}", format::instant(at, zone), age(at, now)))
}

/// How long ago, in words; clocks of others may be ahead.
fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    match seconds {
        ..0 => "by a clock ahead of this one".to_owned(),
        0..120 => "just now".to_owned(),
        120..7_200 => format!("{} minutes ago", seconds / 60),
        7_200..172_800 => format!("{} hours ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `site.recorded` in words.
pub fn kind_words(kind: &str) -> String {
    kind.replace(['.', '-', '_'], " ")
}

/// A table of entries.
pub fn rows_table(view: &View<'_>, rows: &[EntryRow]) -> Markup {
    let zone = view.zone();
    let has_under = rows.iter().any(|row| !row.under.is_empty());
    html! {
        div.scroll role="region" aria-label="Entries" tabindex="0" {
            table {
                caption { "Entries of the record" }
                thead { tr { th scope="col" .num { "Entry" } th scope="col" { "What it says" } th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Kind" } @if has_under { th scope="col" { "Mandate" } } } }
                tbody {
                    @for row in rows {
                        tr {
                            td.num { a.figure href=(entry_href(row.ix)) { (row.ix) } }
                            td { a href=(entry_href(row.ix)) { (row.title) } }
                            td.nowrap { (format::instant(row.at, &zone)) }
                            td { (row.actor) }
                            td { (kind_words(&row.kind)) }
                            @if has_under { td { (paragraph_links(&row.under)) } }
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
    /// If it is itself such an order: the entries, and by what authority.
    pub erases: Option<(Vec<u64>, String)>,
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
            @if !page.row.under.is_empty() {
                dt { "Under" }
                dd { @for (index, paragraph) in page.row.under.iter().enumerate() { @if index > 0 { "; " } (paragraph.resolution) ", " a href={ "/mandate#p" (paragraph.number) } { "paragraph " (paragraph.number) } } }
            }
            @if let Some((entries, authority)) = &page.erases {
                dt { "Authority" } dd { (authority) }
                dt { "Erased" } dd { (entry_list(entries)) }
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

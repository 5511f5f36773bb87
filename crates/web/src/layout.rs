//! The frame of every page, and the small pieces that pages share.

use crate::assets::asset_url;
use crate::format;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use konbit_base::Source;
use konbit_mission::Mission;
use konbit_mission::council::Member;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What every page knows: the mission as it stands, the length and the root of its record, the day.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The mission's state.
    pub mission: &'a Mission,
    /// Number of entries in the record the state was read from.
    pub record_size: u64,
    /// Root of the record's tree, hexadecimal.
    pub record_root: &'a str,
    /// The day that "today" means: the day the data describes, or else the day of the clock.
    pub today: Date,
    /// The instant that "now" means: the evening of the day the data describes, or else the clock's.
    pub instant: Timestamp,
    /// Name of the installation, shown until the record declares a mission.
    pub name: &'a str,
}

impl View<'_> {
    /// The time zone days are counted in.
    pub fn zone(&self) -> TimeZone {
        self.mission.declared().and_then(|declared| TimeZone::get(&declared.time_zone).ok()).unwrap_or(TimeZone::UTC)
    }

    /// Name of the mission.
    pub fn mission_name(&self) -> &str {
        self.mission.declared().map_or(self.name, |declared| &declared.name)
    }
}

/// The sections of the site, in the order of its navigation: address, name.
pub const SECTIONS: [(&str, &str); 10] = [
    ("/", "Glance"),
    ("/council", "Council"),
    ("/mandate", "Mandate"),
    ("/contributions", "Contributions"),
    ("/situation", "Situation"),
    ("/protection", "Protection"),
    ("/week", "Week"),
    ("/roads", "Roads"),
    ("/record", "Record"),
    ("/about", "About"),
];

/// What a page adds to the frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame<'a> {
    /// Title, as in the browser's tab and in the page's only first heading.
    pub title: &'a str,
    /// Address of the section it belongs to.
    pub section: &'a str,
    /// Whether the page holds a map that `map.js` replaces.
    pub has_map: bool,
}

/// A whole page around `main`.
pub fn page(view: &View<'_>, frame: Frame<'_>, main: &Markup) -> Markup {
    let disclaimer = view.mission.declared().and_then(|declared| declared.disclaimer.as_deref());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) " · " (view.mission_name()) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(asset_url("app.css"));
                @if frame.has_map {
                    link rel="stylesheet" href=(asset_url("maplibre-gl/maplibre-gl.css"));
                    script type="module" src=(asset_url("map.js")) {}
                }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.masthead {
                    div.wide {
                        p.name { a href="/" { (view.mission_name()) } }
                        @if let Some(day) = view.mission.declared().and_then(|declared| declared.as_of) {
                            p.as-of { "as it stood on " (format::day(day)) }
                        }
                        nav aria-label="Sections" {
                            ul {
                                @for (href, name) in SECTIONS {
                                    li { a href=(href) aria-current=[(href == frame.section).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                }
                @if let Some(disclaimer) = disclaimer {
                    p.disclaimer role="note" { span.wide { (disclaimer) } }
                }
                main #main .wide tabindex="-1" {
                    h1 { (frame.title) }
                    (main)
                }
                footer.wide {
                    p {
                        "Read from the record at " a href="/record" { (format::count(view.record_size)) " entries" }
                        @if view.record_size > 0 { ", root " a.hash href="/record" title=(view.record_root) { (short(view.record_root)) } }
                        ". Every figure leads back to its entries."
                    }
                    p { a href="/about" { "What this is, what it cannot do, sources and licences" } }
                }
            }
        }
    }
}

/// The first twelve digits of a hash: enough to recognise it by eye.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Address of one entry.
pub fn entry_href(ix: u64) -> String {
    format!("/record/{ix}")
}

/// A link to the entries behind a record: to the one, or to the list of several.
pub fn entries_link(entries: &[u64], subject: &str, id: &str) -> Markup {
    match entries {
        [] => html! {},
        [one] => {
            html! { a.entry href=(entry_href(*one)) title="the entry of the record behind this row" { "entry " (one) } }
        }
        many => html! {
            a.entry href=(behind_href(subject, id)) title="the entries of the record behind this row" { (many.len()) " entries" }
        },
    }
}

/// Address of the list of entries behind one record.
pub fn behind_href(subject: &str, id: &str) -> String {
    format::address("/record", &[("subject", subject), ("id", id)])
}

/// A figure that leads to what is behind it.
pub fn figure(href: &str, text: impl AsRef<str>) -> Markup {
    html! { a.figure href=(href) { (text.as_ref()) } }
}

/// The mark on rows whose source nobody has read; nothing where somebody has.
pub fn unverified(source: &Source) -> Markup {
    html! {
        @if !source.reading.is_verified() {
            span.mark title=(format!("How the source is known: {}", source.reading.label())) { "unverified" }
        }
    }
}

/// Where a row comes from, with the mark if it is unverified.
pub fn source(source: &Source) -> Markup {
    html! {
        span.source {
            @match source.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
                Some(url) => a href=(url) rel="noopener noreferrer external" { (source.name) },
                None => (source.name),
            }
            @if source.reading.is_verified() {
                " " span.reading { "(" (source.reading.label()) ")" }
            } @else {
                " " (unverified(source))
            }
        }
    }
}

/// Name of a member or of another actor of the Council, from its code.
pub fn actor_name(code: &str) -> String {
    match code {
        "UN-SG" => "Secretary-General".to_owned(),
        other => Member::from_code(other).map_or_else(|| other.to_owned(), |member| member.name().to_owned()),
    }
}

/// What stands where there is nothing yet: why, and the command or the page that changes it.
pub fn empty(why: &str, command: &str) -> Markup {
    html! {
        div.empty {
            p { (why) }
            @if !command.is_empty() { p { "To add it: " code { (command) } } }
        }
    }
}

/// A table that scrolls inside its own frame on a narrow screen, and can be scrolled with the keyboard.
pub fn table(label: &str, head: &[(&str, &str)], rows: &[Markup]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table {
                caption { (label) }
                thead { tr { @for (name, class) in head { th scope="col" class=[(!class.is_empty()).then_some(*class)] { (name) } } } }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}

/// One figure of a page's opening line: what it is, the figure, what it is measured in.
pub fn stat(name: &str, value: &Markup, note: &Markup) -> Markup {
    html! {
        div.stat {
            dt { (name) }
            dd { span.value { (value) } span.note { (note) } }
        }
    }
}

/// A choice in a form: value and words; the chosen one is marked.
pub fn select(name: &str, label: &str, chosen: &str, all: &str, options: &[(String, String)]) -> Markup {
    html! {
        label { span { (label) }
            select name=(name) {
                option value="" selected[chosen.is_empty()] { (all) }
                @for (value, words) in options {
                    option value=(value) selected[value == chosen] { (words) }
                }
            }
        }
    }
}

/// Rows on one page of a long table.
pub const PAGE_ROWS: usize = 25;

/// One page of a long list: which rows, and the links to the pages beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Rows in the whole list.
    pub rows: usize,
    /// The page, from 1, within the list.
    pub page: usize,
}

impl Paging {
    /// The page a reader asked for, moved into the list where it lies outside.
    pub fn new(rows: usize, wanted: Option<usize>) -> Self {
        let last = rows.div_ceil(PAGE_ROWS).max(1);
        Self { rows, page: wanted.unwrap_or(1).clamp(1, last) }
    }

    /// Number of pages, at least one.
    pub fn pages(self) -> usize {
        self.rows.div_ceil(PAGE_ROWS).max(1)
    }

    /// The rows of the page.
    pub fn range(self) -> std::ops::Range<usize> {
        let first = (self.page - 1) * PAGE_ROWS;
        first..(first + PAGE_ROWS).min(self.rows)
    }

    /// Links to the pages beside it, keeping the query; nothing where there is one page.
    pub fn links(self, path: &str, query: &[(&str, &str)], anchor: &str) -> Markup {
        let to = |page: usize| {
            let number = page.to_string();
            let mut pairs = query.to_vec();
            pairs.push(("page", &number));
            format!("{}{anchor}", format::address(path, &pairs))
        };
        let range = self.range();
        html! {
            @if self.pages() > 1 {
                nav.paging aria-label="Pages of the table" {
                    @if self.page > 1 { a rel="prev" href=(to(self.page - 1)) { "Previous" } }
                    span { (format::size(range.start + 1)) " to " (format::size(range.end)) " of " (format::size(self.rows)) }
                    @if self.page < self.pages() { a rel="next" href=(to(self.page + 1)) { "Next" } }
                }
            }
        }
    }
}

/// A text that is already markup made by this crate, such as an SVG.
pub fn ready(markup: String) -> Markup {
    PreEscaped(markup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Reading;

    fn check_paging(rows: usize, wanted: Option<usize>, page: usize, range: std::ops::Range<usize>) {
        let paging = Paging::new(rows, wanted);
        assert_eq!((paging.page, paging.range()), (page, range), "{rows} rows, page {wanted:?}");
    }

    #[test]
    fn a_page_outside_the_list_is_moved_into_it() {
        check_paging(0, None, 1, 0..0);
        check_paging(0, Some(7), 1, 0..0);
        check_paging(25, Some(2), 1, 0..25);
        check_paging(26, Some(2), 2, 25..26);
        check_paging(469, Some(usize::MAX), 19, 450..469);
        check_paging(469, Some(0), 1, 0..25);
    }

    #[test]
    fn a_source_that_nobody_read_is_marked_and_no_other_scheme_is_linked() {
        let of = |url: &str, reading| {
            source(&Source { name: "A <b>".to_owned(), url: Some(url.to_owned()), reading }).into_string()
        };
        assert!(of("https://example.org/a", Reading::Memory).contains("unverified"));
        assert!(!of("https://example.org/a", Reading::Read).contains("class=\"mark\""));
        assert!(of("https://example.org/a", Reading::Read).contains("A &lt;b&gt;"));
        assert!(!of("javascript:alert(1)", Reading::Read).contains("href"));
    }
}

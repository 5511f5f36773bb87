//! The Council: how the text came about, where it was disputed, how each member voted, what follows by rule.

use crate::format;
use crate::layout::{View, actor_name, empty, entries_link, entry_href, figure, source, unverified};
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use konbit_base::Reading;
use konbit_mission::Recorded;
use konbit_mission::council::{Cast, Decision, Paragraph, ParagraphKind, Point, Resolution, Vote};
use konbit_mission::history::Step;
use konbit_mission::mandate;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Address of a resolution or a draft.
pub fn resolution_href(id: &str) -> String {
    format!("/council/{}", format::escape(id, true))
}

/// `/council`.
pub fn council(view: &View<'_>) -> Markup {
    let mission = view.mission;
    if mission.resolutions.is_empty() && mission.steps.is_empty() {
        return empty(
            "No resolution and no step towards one is in the record yet.",
            "konbit import DIR resolution FILE, then votes FILE and council FILE",
        );
    }
    let mut resolutions: Vec<&Recorded<Resolution>> = mission.resolutions.iter().collect();
    resolutions.sort_by(|a, b| b.value.vote.date.cmp(&a.value.vote.date).then(b.value.id.cmp(&a.value.id)));
    html! {
        @if let Some(authorisation) = mission.authorisation() { (answer(authorisation)) }
        nav.contents aria-label="On this page" {
            a href="#disputed" { "What was disputed" } a href="#votes" { "Votes by member" } a href="#steps" { "Step by step" }
        }
        (disputed(view))
        section #votes {
            h2 { "Votes by member, and the outcome by rule" }
            @if resolutions.is_empty() {
                (empty("No vote is in the record yet.", "konbit import DIR votes FILE"))
            }
            @for resolution in resolutions { (vote(resolution)) }
        }
        (timeline(view))
    }
}

/// The decision that authorises the mission, in one paragraph.
fn answer(resolution: &Recorded<Resolution>) -> Markup {
    let vote = &resolution.value.vote;
    let decision = vote.decide();
    html! {
        p.lead {
            "On " (format::day(vote.date)) " the Security Council "
            strong { (if decision.outcome.is_adopted() { "adopted" } else { "did not adopt" }) }
            " " a href=(resolution_href(&resolution.value.id)) { (resolution.value.id) } ": "
            (figure(&newest(&resolution.entries), tally(&decision)))
            "."
            @let abstaining = by_vote(&vote.cast, Vote::Abstaining);
            @if !abstaining.is_empty() { " " (sentence_head(&join(&abstaining))) " abstained." }
            @if resolution.value.acts_under_chapter_vii() { " The text acts under Chapter VII of the Charter." }
        }
    }
}

fn newest(entries: &[u64]) -> String {
    entries.last().map_or_else(|| "/record".to_owned(), |ix| entry_href(*ix))
}

fn tally(decision: &Decision) -> String {
    format!("{} in favour, {} against, {} abstaining", decision.in_favour, decision.against, decision.abstaining)
}

fn join(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| with_article(name)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A State's name as it stands inside a sentence: `the United States`, `China`.
fn with_article(name: &str) -> String {
    const HEADS: [&str; 2] = ["United ", "Secretary-General"];
    const TAILS: [&str; 6] = [" Republic", " Federation", " Emirates", " Islands", "Netherlands", "Philippines"];
    let article = HEADS.iter().any(|head| name.starts_with(head)) || TAILS.iter().any(|tail| name.ends_with(tail));
    if article { format!("the {name}") } else { name.to_owned() }
}

/// The same at the head of a sentence.
fn sentence_head(text: &str) -> String {
    match text.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None => text.to_owned(),
    }
}

/// Names of the members that voted so; a permanent member is marked.
fn by_vote(cast: &Cast, wanted: Vote) -> Vec<String> {
    match cast {
        Cast::Votes { named, .. } => {
            let mut names: Vec<String> =
                named.iter().filter(|(_, vote)| **vote == wanted).map(|(member, _)| member.name().to_owned()).collect();
            names.sort();
            names
        }
        Cast::WithoutVote | Cast::Acclamation => Vec::new(),
    }
}

/// One vote: members grouped by how they voted, and the outcome with its reason.
fn vote(recorded: &Recorded<Resolution>) -> Markup {
    let resolution = &recorded.value;
    let decision = resolution.vote.decide();
    html! {
        article.vote {
            h3 { a href=(resolution_href(&resolution.id)) { (resolution.id) } " " span.quiet { (format::day(resolution.vote.date)) } }
            (outcome(&decision))
            (members(&resolution.vote.cast))
            p.evidence {
                @if let Some(draft) = &resolution.vote.draft { "Draft " (draft) ". " }
                @if let Some(document) = &resolution.vote.record_document { "Recorded in " (document) ". " }
                (source(&resolution.source)) " " (entries_link(&recorded.entries, "resolution", &resolution.id))
            }
        }
    }
}

fn outcome(decision: &Decision) -> Markup {
    html! {
        p.outcome {
            @let label = decision.outcome.label();
            "By the rule of the Charter " strong { (label) } (decision.reason.strip_prefix(label).unwrap_or(&decision.reason)) ". "
            span.quiet { (decision.citation) "." }
        }
    }
}

fn members(cast: &Cast) -> Markup {
    const GROUPS: [(Vote, &str); 5] = [
        (Vote::InFavour, "In favour"),
        (Vote::Against, "Against"),
        (Vote::Abstaining, "Abstaining"),
        (Vote::NotParticipating, "Not participating"),
        (Vote::Unclear, "Unclear in the source"),
    ];
    let Cast::Votes { named, unnamed } = cast else {
        return html! { p { "No vote was taken, so there is nothing to count." } };
    };
    let group = |wanted: Vote| -> Vec<(&str, bool)> {
        let mut members: Vec<_> = named
            .iter()
            .filter(|(_, vote)| **vote == wanted)
            .map(|(member, _)| (member.name(), member.is_permanent()))
            .collect();
        members.sort_unstable();
        members
    };
    html! {
        div.scroll role="region" aria-label="Vote by member" tabindex="0" {
            table.votes {
                caption { "Vote by member; permanent members are marked " abbr title="permanent member" { "P" } }
                thead { tr { th scope="col" { "Vote" } th scope="col" .num { "Members" } th scope="col" { "Who" } } }
                tbody {
                    @for (wanted, words) in GROUPS {
                        @let group = group(wanted);
                        @if !group.is_empty() || matches!(wanted, Vote::InFavour | Vote::Against | Vote::Abstaining) {
                            tr {
                                th scope="row" { (words) }
                                td.num { (group.len()) }
                                td {
                                    @if group.is_empty() { span.quiet { "none" } }
                                    @for (index, (name, permanent)) in group.iter().enumerate() {
                                        @if index > 0 { ", " }
                                        span.nowrap { (name) @if *permanent { " " abbr.permanent title="permanent member" { "P" } } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if unnamed.total() > 0 {
            p.quiet { "The source counts " (unnamed.in_favour) " more in favour, " (unnamed.against) " against and " (unnamed.abstaining) " abstaining without naming them." }
        }
    }
}

/// The members that did not vote in favour of the resolution that authorises the mission.
fn dissenters(view: &View<'_>) -> BTreeSet<String> {
    let Some(resolution) = view.mission.authorisation() else { return BTreeSet::new() };
    match &resolution.value.vote.cast {
        Cast::Votes { named, .. } => named
            .iter()
            .filter(|(_, vote)| **vote != Vote::InFavour)
            .filter_map(|(member, _)| member.code().map(str::to_owned))
            .collect(),
        Cast::WithoutVote | Cast::Acclamation => BTreeSet::new(),
    }
}

/// The issues on which members that did not vote in favour took a position, and what others wanted on the same issue.
fn disputed(view: &View<'_>) -> Markup {
    let dissenters = dissenters(view);
    let dissents = |step: &Step| !step.members.is_empty() && step.members.iter().all(|code| dissenters.contains(code));
    let mut issues: BTreeMap<&str, Vec<&Recorded<Step>>> = BTreeMap::new();
    let until = view.mission.authorisation().map(|resolution| resolution.value.vote.date);
    let since = until.and_then(|day| day.checked_sub(3.months()).ok());
    for recorded in view.mission.steps.iter() {
        let step = &recorded.value;
        let in_time = since.is_none_or(|since| step.date.day >= since);
        if let (true, Some(issue)) = (in_time, step.issue.as_deref().filter(|issue| *issue != "adoption")) {
            issues.entry(issue).or_default().push(recorded);
        }
    }
    // A statement about parts of the text as a whole introduces the rest.
    let is_overview = |step: &Step| dissents(step) && step.position.as_deref().is_some_and(|p| p.contains("parts"));
    let overviews: Vec<&Recorded<Step>> =
        issues.values().flatten().copied().filter(|step| is_overview(&step.value)).collect();
    let mut panels: Vec<(&str, Vec<&Recorded<Step>>)> = issues
        .into_iter()
        .filter(|(_, steps)| steps.iter().any(|step| dissents(&step.value) && !is_overview(&step.value)))
        .collect();
    panels.sort_by_key(|(issue, steps)| {
        (std::cmp::Reverse(steps.iter().filter(|step| dissents(&step.value)).count()), *issue)
    });
    html! {
        section #disputed {
            h2 { "What was disputed" }
            @if panels.is_empty() {
                (empty("No position of a member that did not vote in favour is in the record.", "konbit import DIR council FILE"))
            }
            @for recorded in overviews {
                p { (recorded.value.detail) " (" (actors(&recorded.value)) ")." (note(&recorded.value)) " " (step_links(recorded)) }
            }
            @for (issue, steps) in panels {
                @let (left, right): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| dissents(&step.value));
                article.dispute {
                    h3 { (format::heading(issue)) }
                    div.sides {
                        div {
                            h4 { "Did not vote in favour" }
                            @for step in &left { (position(step)) }
                        }
                        div {
                            h4 { "Others" }
                            @if right.is_empty() { p.quiet { "No answer is in the record." } }
                            @for step in &right { (position(step)) }
                        }
                    }
                    (alternatives(view, &left, &right))
                }
            }
        }
    }
}

fn position(recorded: &Recorded<Step>) -> Markup {
    let step = &recorded.value;
    html! {
        p {
            strong { (sentence_head(&actors(step))) } " (" (step.date) ")"
            @if let Some(position) = &step.position { ", " em { (position) } }
            ": " (step.detail) "." (note(step)) " " (step_links(recorded))
        }
    }
}

fn actors(step: &Step) -> String {
    let names: Vec<String> = step.members.iter().map(|code| actor_name(code)).collect();
    if names.is_empty() { "Members not named".to_owned() } else { join(&names) }
}

fn note(step: &Step) -> Markup {
    html! { @if let Some(note) = &step.note { " " span.quiet { "Note: " (note) "." } } }
}

fn step_links(recorded: &Recorded<Step>) -> Markup {
    html! {
        (unverified(&recorded.value.source))
        " " (entries_link(&recorded.entries, "council-step", recorded.value.id.as_str()))
    }
}

/// A term in words, such as `six months`, as a span.
fn term_of(words: &str) -> Option<Span> {
    const NUMBERS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let (number, unit) = words.split_once(' ')?;
    let number = NUMBERS.iter().position(|name| *name == number)?;
    let number = i32::try_from(number + 1).expect("at most twelve");
    match unit {
        "month" | "months" => Some(number.months()),
        "year" | "years" => Some(number.years()),
        _ => None,
    }
}

/// Where positions name a term: when each would end, and what of the mandate's calendar would fall after it.
fn alternatives(view: &View<'_>, left: &[&Recorded<Step>], right: &[&Recorded<Step>]) -> Markup {
    let Some(authorisation) = view.mission.authorisation() else { return html! {} };
    let adopted = authorisation.value.vote.date;
    let positions = left.iter().chain(right).filter_map(|step| step.value.position.as_deref());
    let terms: BTreeMap<Date, &str> =
        positions.filter_map(|words| Some((adopted.checked_add(term_of(words)?).ok()?, words))).collect();
    if terms.len() < 2 {
        return html! {};
    }
    let mandate = mandate::mandate(&authorisation.value.vote.symbol, adopted, view.mission.obligations.values());
    let last = mandate.expires.as_ref().map(|(day, _)| *day);
    let review = mandate.review.as_ref().map(|(day, _)| *day);
    html! {
        div.scroll role="region" aria-label="Terms that were discussed" tabindex="0" {
            table {
                caption { "The terms that were discussed, counted from adoption on " (format::day(adopted)) }
                thead { tr { th scope="col" { "Term" } th scope="col" { "Would end on" } th scope="col" { "Against the text adopted" } } }
                tbody {
                    @for (day, words) in &terms {
                        tr {
                            th scope="row" { (format::heading(words)) }
                            td.nowrap { (format::day(*day)) }
                            td {
                                @if Some(*day) == last { "the term adopted" }
                                @else if let Some(last) = last.filter(|last| day < last) { ((last - *day).get_days()) " days shorter" }
                                @if let Some(review) = review.filter(|review| review > day) {
                                    "; the review due on " a href="/mandate#calendar" { (format::day(review)) } " would come " ((review - *day).get_days()) " days after the end"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// All steps in order.
fn timeline(view: &View<'_>) -> Markup {
    let mut steps: Vec<&Recorded<Step>> = view.mission.steps.iter().collect();
    steps.sort_by(|a, b| (a.value.date.day, a.value.id.as_str()).cmp(&(b.value.date.day, b.value.id.as_str())));
    html! {
        section #steps {
            h2 { "Step by step" }
            @if steps.is_empty() { (empty("No step is in the record yet.", "konbit import DIR council FILE")) }
            ol.timeline {
                @for (index, recorded) in steps.iter().enumerate() {
                    @let step = &recorded.value;
                    @let same_day = index > 0 && steps[index - 1].value.date == step.date;
                    li class=[(step.event == "vote").then_some("milestone")] {
                        @if !same_day { p.when { (step.date) } }
                        p {
                            span.kind { (step.event) } " "
                            @if !step.members.is_empty() { strong { (sentence_head(&actors(step))) } ": " }
                            (step.detail) "."
                            @if let Some(document) = &step.document {
                                " "
                                @if view.mission.resolutions.get(document).is_some() { a.nowrap href=(resolution_href(document)) { (document) } }
                                @else { span.nowrap.quiet { (document) } }
                            }
                            (note(step))
                            " " (brief_source(recorded))
                        }
                    }
                }
            }
        }
    }
}

/// The source of a step, short: its name without the reading unless nobody read it.
fn brief_source(recorded: &Recorded<Step>) -> Markup {
    let from = &recorded.value.source;
    html! {
        @if from.reading == Reading::UnDocument {
            span.source { "UN document" }
        } @else { (source(from)) }
        " " (entries_link(&recorded.entries, "council-step", recorded.value.id.as_str()))
    }
}

/// `/council/{symbol}`: one text. None if there is no such text in the record.
pub fn resolution(view: &View<'_>, id: &str) -> Option<Markup> {
    let recorded = view.mission.resolutions.get(id)?;
    let resolution = &recorded.value;
    let decision = resolution.vote.decide();
    let is_mandate = view.mission.declared().is_some_and(|declared| declared.resolution == resolution.vote.symbol);
    Some(html! {
        p.lead {
            (format::heading(decision.outcome.label())) " on " (format::day(resolution.vote.date)) ": "
            (figure(&newest(&recorded.entries), tally(&decision))) "."
        }
        dl.facts {
            @if let Some(title) = &resolution.vote.title { dt { "Title" } dd { (title) } }
            @if let Some(draft) = &resolution.vote.draft { dt { "Draft" } dd { (draft) } }
            @if !resolution.vote.sponsors.is_empty() {
                dt { "Sponsors" }
                dd { (join(&resolution.vote.sponsors.iter().map(|member| member.name().to_owned()).collect::<Vec<_>>())) }
            }
            @if let Some(document) = &resolution.vote.record_document { dt { "Recorded in" } dd { (document) } }
            dt { "Chapter VII" } dd { (if resolution.acts_under_chapter_vii() { "invoked" } else { "not invoked" }) }
            dt { "Source" } dd { (source(&resolution.source)) " " (entries_link(&recorded.entries, "resolution", id)) }
        }
        (outcome(&decision))
        (members(&resolution.vote.cast))
        section {
            h2 { "Paragraphs" }
            @if resolution.paragraphs.is_empty() {
                (empty("Only the vote is in the record; the paragraphs were not read.", "konbit import DIR resolution FILE"))
            } @else {
                p.quiet {
                    "The text as the record holds it. Where it is restated in other words, the resolution counts."
                    @if is_mandate { " What follows from each paragraph is on the page " a href="/mandate" { "Mandate" } "." }
                }
            }
            @for paragraph in &resolution.paragraphs { (paragraph_text(paragraph, is_mandate)) }
        }
    })
}

fn paragraph_text(paragraph: &Paragraph, is_mandate: bool) -> Markup {
    html! {
        div.paragraph id=(paragraph.eid) {
            @if paragraph.kind == ParagraphKind::Heading { h3 { (paragraph.text) } }
            @else {
                p {
                    @if let Some(number) = paragraph.number {
                        @if is_mandate && paragraph.kind == ParagraphKind::Operative { a.number href={ "/mandate#p" (number) } { (number) "." } " " }
                        @else { span.number { (number) "." } " " }
                    }
                    (paragraph_words(paragraph))
                }
            }
            (points(&paragraph.points))
            @if let Some(closing) = &paragraph.closing { p { (closing) } }
        }
    }
}

/// A paragraph's own words, its operative verb set apart.
pub fn paragraph_words(paragraph: &Paragraph) -> Markup {
    let verb = paragraph.verb.as_deref().unwrap_or_default();
    html! {
        @match paragraph.text.strip_prefix(verb) {
            Some(rest) if !verb.is_empty() => { em { (verb) } (rest) },
            _ => { @if !verb.is_empty() { em { (verb) } ": " } (paragraph.text) },
        }
    }
}

/// Sub-paragraphs, each with its label.
pub fn points(points: &[Point]) -> Markup {
    html! {
        @if !points.is_empty() {
            ul.points {
                @for point in points {
                    li { @if let Some(label) = &point.label { span.number { (label) } " " } (point.text) (self::points(&point.points)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_term(words: &str, expect: Option<&str>) {
        let day = jiff::civil::date(2023, 10, 2);
        let ends = term_of(words).map(|span| day.checked_add(span).unwrap().to_string());
        assert_eq!(ends.as_deref(), expect, "{words}");
    }

    #[test]
    fn names_of_states_take_an_article_where_english_wants_one() {
        let names = ["China", "Russian Federation", "United States"].map(str::to_owned);
        assert_eq!(join(&names), "China, the Russian Federation and the United States");
        assert_eq!(sentence_head("the United States"), "The United States");
        assert_eq!(join(&names[..1]), "China");
    }

    #[test]
    fn a_term_in_words_gives_a_day() {
        check_term("six months", Some("2024-04-02"));
        check_term("one year", Some("2024-10-02"));
        check_term("abstains", None);
        check_term("six weeks", None);
        check_term("", None);
    }
}

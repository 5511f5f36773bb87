//! Votes of the Security Council as published by the UN's Department for General Assembly and
//! Conference Management (UNxml): one JSON object per line, one line per adopted resolution.
//!
//! Also here: what the two vote readers share (names, counts, meetings), and [`replay_files`], which
//! takes files of either form.
//!
//! Every name and count of the source ends in the vote or in a finding; counts written with leading
//! zeros ("013") are plain numbers.

use crate::akn;
use jiff::civil::Date;
use konbit_base::{Finding, Place, Severity};
use konbit_mission::council::{
    Cast, CouncilVote, Member, Procedure, Recognised, RecordedOutcome, Replay, Tally, TextKind, Vote, VoteRecord,
    replay, size_on,
};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of one line that are read.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Most findings about one file, so that a file that is something else does not fill the memory.
const FINDINGS_MAX: usize = 1_000;

/// Reads recorded votes: one JSON object per line. Lines that cannot be kept become findings of
/// [`Severity::Error`] with their row; the others are kept.
pub fn read_votes(file: &str, bytes: &[u8]) -> (Vec<VoteRecord>, Vec<Finding>) {
    let bytes = match akn::without_byte_order_mark(file, bytes) {
        Ok(bytes) => bytes,
        Err(finding) => return (Vec::new(), vec![finding]),
    };
    let (mut records, mut findings) = (Vec::new(), Vec::new());
    for (row, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let place = Place { file: file.to_owned(), row: Some(row), column: None };
        if findings.len() >= FINDINGS_MAX {
            let message =
                format!("more than {FINDINGS_MAX} findings; the file was not read beyond this row, check what it is");
            findings.push(finding(Severity::Error, "too-many-findings", &place, message));
            break;
        }
        match read_line(&place, line, &mut findings) {
            Ok(vote) => records.push(VoteRecord { place, vote }),
            Err(refused) => findings.push(refused),
        }
    }
    if records.is_empty() && findings.is_empty() {
        findings.push(Finding::in_file(
            Severity::Error,
            "file-empty",
            file,
            "the file holds no vote; give one JSON object per line",
        ));
    }
    (records, findings)
}

/// Replays files of recorded votes: Akoma Ntoso resolutions and drafts, and votes by line, told apart
/// by their first character. Files that are neither become findings.
pub fn replay_files(files: &[(String, Vec<u8>)]) -> Replay {
    let (mut records, mut findings) = (Vec::new(), Vec::new());
    for (file, bytes) in files {
        let first = akn::without_byte_order_mark(file, bytes)
            .ok()
            .and_then(|text| text.iter().find(|b| !b.is_ascii_whitespace()));
        if first == Some(&b'{') {
            let (mut read, mut about) = read_votes(file, bytes);
            records.append(&mut read);
            findings.append(&mut about);
        } else if first.is_none() || first == Some(&b'<') {
            let (resolution, mut about) = akn::read_resolution(file, bytes);
            findings.append(&mut about);
            let place = Place { file: file.clone(), row: None, column: None };
            records.extend(resolution.map(|resolution| VoteRecord { place, vote: resolution.vote }));
        } else {
            let message = "the file is neither Akoma Ntoso (XML) nor votes by line (JSON objects); give one of these";
            findings.push(Finding::in_file(Severity::Error, "format-unknown", file, message));
        }
    }
    replay(records, findings)
}

/// One line as the source writes it; a field that is absent or null is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawVote {
    #[serde(deserialize_with = "text")]
    symbol: String,
    #[serde(deserialize_with = "text")]
    document_title: String,
    #[serde(deserialize_with = "text")]
    adoption_meeting: String,
    #[serde(deserialize_with = "text")]
    adoption_date: String,
    #[serde(deserialize_with = "text")]
    agenda_item_name: String,
    #[serde(deserialize_with = "text")]
    adoption_type: String,
    #[serde(deserialize_with = "text")]
    draft_resolution: String,
    #[serde(deserialize_with = "text")]
    outcome_letter: String,
    #[serde(deserialize_with = "text")]
    resolution_title: String,
    #[serde(deserialize_with = "text")]
    outcome: String,
    #[serde(rename = "chapter_VII", deserialize_with = "text")]
    chapter_vii: String,
    #[serde(rename = "MS_in_favour_count", deserialize_with = "text")]
    in_favour_count: String,
    #[serde(rename = "MS_against_count", deserialize_with = "text")]
    against_count: String,
    #[serde(rename = "MS_abstaining_count", deserialize_with = "text")]
    abstaining_count: String,
    #[serde(rename = "MS_in_favour")]
    in_favour: Vec<String>,
    #[serde(rename = "MS_against")]
    against: Vec<String>,
    #[serde(rename = "MS_abstaining")]
    abstaining: Vec<String>,
    sponsors: Vec<String>,
    additional_sponsors: Vec<String>,
}

/// A text, a whole number or null, as text with white space normalised.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Number(i64),
        Nothing(()),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Text(text) => normalised(&text),
        Loose::Number(number) => number.to_string(),
        Loose::Nothing(()) => String::new(),
    })
}

fn read_line(place: &Place, line: &[u8], findings: &mut Vec<Finding>) -> Result<CouncilVote, Finding> {
    let refuse = |code: &str, message: String| finding(Severity::Error, code, place, message);
    if line.len() > LINE_BYTES_MAX {
        return Err(refuse(
            "line-too-long",
            format!("the line has {} bytes, more than {LINE_BYTES_MAX}; give one vote per line", line.len()),
        ));
    }
    let line = std::str::from_utf8(line).map_err(|e| {
        refuse("encoding", format!("byte {} of the line is not UTF-8; save the file as UTF-8", e.valid_up_to() + 1))
    })?;
    // serde would also read a list as an object, by position.
    if !line.trim_start().starts_with('{') {
        return Err(refuse("vote-unreadable", format!("the line is not a JSON object; begins {:?}", start_of(line))));
    }
    let raw: RawVote = serde_json::from_str(line).map_err(|e| {
        refuse("vote-unreadable", format!("the line is not a vote as a JSON object: {e}; begins {:?}", start_of(line)))
    })?;
    if raw.symbol.is_empty() {
        return Err(refuse("symbol-missing", format!("the vote has no symbol; begins {:?}", start_of(line))));
    }
    let symbol = spaced_symbol(place, &raw.symbol, findings);
    let Some(date) = read_date(place, &symbol, &raw.adoption_date, findings) else {
        return Err(refuse(
            "date-unreadable",
            format!("{symbol}: {:?} is not a date such as 2 October 2023", raw.adoption_date),
        ));
    };
    let mut about = About { place, symbol: &symbol, findings };
    let recorded = read_outcome(&raw, &mut about);
    let written = raw.outcome.eq_ignore_ascii_case("voting by mail");
    let record_document = raw.outcome_letter.split('(').next().map(str::trim).filter(|t| !t.is_empty());
    let record_document = record_document.map(|text| spelled_record_document(&mut about, text));
    let meetings = [&raw.adoption_meeting, &raw.document_title, &raw.adoption_type].map(|text| meeting_in_words(text));
    let meeting = about.one_meeting(&[
        meetings[0],
        record_document.as_deref().and_then(meeting_of_record),
        meetings[1],
        meetings[2],
    ]);
    let vote = CouncilVote {
        kind: TextKind::Resolution,
        date,
        procedure: if written { Procedure::Written } else { Procedure::Meeting },
        meeting,
        record_document,
        draft: some(&raw.draft_resolution),
        sponsors: about.sponsors(&raw.sponsors),
        additional_sponsors: about.sponsors(&raw.additional_sponsors),
        agenda_item: some(&raw.agenda_item_name),
        title: some(&raw.resolution_title),
        chapter_vii_recorded: raw.chapter_vii.eq_ignore_ascii_case("chapter vii"),
        cast: read_cast(&raw, recorded, date, &mut about),
        recorded,
        symbol: symbol.clone(),
    };
    about.check_title(vote.title.as_deref());
    if vote.year() != date.year() {
        about.warn("date-disagrees", format!("the date {date} is not in the year of the symbol; check the date"));
    }
    compare_with_adoption_type(&raw.adoption_type, &vote.cast, &mut about);
    Ok(vote)
}

/// The files hold adopted resolutions only; an empty outcome is a plain adoption.
fn read_outcome(raw: &RawVote, about: &mut About<'_>) -> RecordedOutcome {
    match raw.outcome.to_lowercase().as_str() {
        "" | "voting by mail" | "adopted" => RecordedOutcome::Adopted,
        "adoptedwithoutvote" => RecordedOutcome::AdoptedWithoutVote,
        "adoptedbyacclamation" => RecordedOutcome::AdoptedByAcclamation,
        "veto" => RecordedOutcome::Vetoed,
        "notadopted" => RecordedOutcome::NotAdopted,
        _ => {
            about.warn("outcome-unknown", format!("the outcome {:?} is not known; taken as unstated", raw.outcome));
            RecordedOutcome::Unstated
        }
    }
}

fn read_cast(raw: &RawVote, recorded: RecordedOutcome, date: Date, about: &mut About<'_>) -> Cast {
    let lists = [
        (Vote::InFavour, &raw.in_favour_count, &raw.in_favour),
        (Vote::Against, &raw.against_count, &raw.against),
        (Vote::Abstaining, &raw.abstaining_count, &raw.abstaining),
    ]
    .map(|(vote, count, names)| VoteList { vote, count: about.count(vote, count), names: names.clone() });
    cast_of(&lists, recorded, date, about)
}

/// Compares the votes with the adoption in words, such as `Adopted 13-0-2, 9430th meeting`.
fn compare_with_adoption_type(words: &str, cast: &Cast, about: &mut About<'_>) {
    let Cast::Votes { .. } = cast else { return };
    let tally = cast.tally();
    let lower = words.to_lowercase();
    if let Some(counts) = counts_in_words(&lower) {
        let absent = lower.contains("absent");
        if counts != [tally.in_favour, tally.against, tally.abstaining] {
            about.warn(
                "adoption-type-disagrees",
                format!(
                    "the adoption type {words:?} and the votes listed, {tally}, differ{}; the votes listed are kept",
                    if absent { " (a member listed as abstaining may have been absent)" } else { "" }
                ),
            );
        }
        return;
    }
    let without_vote =
        lower.contains("without vote") || lower.contains("without a vote") || lower.contains("acclamation");
    let unanimous = lower.contains("unanim") && !lower.contains("non-");
    if without_vote || unanimous && (tally.against > 0 || tally.abstaining > 0) {
        about.warn(
            "adoption-type-disagrees",
            format!("the adoption type {words:?} and the votes listed, {tally}, differ; the votes listed are kept"),
        );
    }
}

/// The first three numbers joined by hyphens, such as those of `13-0-2`.
fn counts_in_words(text: &str) -> Option<[u32; 3]> {
    text.split(|c: char| !c.is_ascii_digit() && c != '-').find_map(|word| {
        let numbers: Vec<u32> = word.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.try_into().ok()
    })
}

/// One list of a vote: what was voted, how many the source says, who.
pub(crate) struct VoteList {
    pub vote: Vote,
    pub count: Option<u32>,
    pub names: Vec<String>,
}

/// Where findings about one text go.
pub(crate) struct About<'a> {
    pub place: &'a Place,
    pub symbol: &'a str,
    pub findings: &'a mut Vec<Finding>,
}

impl About<'_> {
    pub fn warn(&mut self, code: &str, message: impl AsRef<str>) {
        self.add(Severity::Warning, code, message);
    }

    pub fn note(&mut self, code: &str, message: impl AsRef<str>) {
        self.add(Severity::Note, code, message);
    }

    fn add(&mut self, severity: Severity, code: &str, message: impl AsRef<str>) {
        let message = format!("{}: {}", self.symbol, message.as_ref());
        self.findings.push(finding(severity, code, self.place, message));
    }

    /// A count such as `013`; one that is absent is `None`, one that is no number gets a finding.
    pub fn count(&mut self, vote: Vote, text: &str) -> Option<u32> {
        if text.is_empty() {
            return None;
        }
        let count = text.trim().parse().ok();
        if count.is_none() {
            self.warn(
                "count-unreadable",
                format!("the count {text:?} of members {} is not a whole number; the names are counted", label(vote)),
            );
        }
        count
    }

    /// The first meeting number given, with a finding where the others differ.
    pub fn one_meeting(&mut self, given: &[Option<u32>]) -> Option<u32> {
        let known: Vec<u32> = given.iter().flatten().copied().collect();
        let distinct: BTreeSet<u32> = known.iter().copied().collect();
        if distinct.len() > 1 {
            let numbers: Vec<String> = distinct.iter().map(u32::to_string).collect();
            self.warn(
                "meeting-disagrees",
                format!("the source gives several meetings: {}; kept {}, check it", numbers.join(", "), known[0]),
            );
        }
        if let Some(doubt) = known.first().and_then(|number| doubtful_meeting(self.symbol, *number)) {
            self.note("meeting-doubtful", doubt);
        }
        known.first().copied()
    }

    /// Sponsors as listed; what is no State is kept as given.
    fn sponsors(&mut self, names: &[String]) -> Vec<Member> {
        names.iter().filter(|name| !name.trim().is_empty()).map(|name| self.sponsor(name)).collect()
    }

    fn sponsor(&mut self, name: &str) -> Member {
        let (member, how) = Member::recognise(name);
        match how {
            Recognised::Known => {}
            Recognised::Misspelt => self.note("name-misspelt", format!("the sponsor {name:?} is read as {member}")),
            Recognised::Unknown => self.note(
                "sponsor-not-a-state",
                format!("the sponsor {name:?} is not a State known by this name; kept as given"),
            ),
        }
        member
    }

    /// Sponsors in a sentence, such as `Japan, Bosnia and Herzegovina and Malta`: at each place the
    /// longest name known.
    pub fn sponsors_in_words(&mut self, sentence: &str) -> Vec<Member> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let mut members = Vec::new();
        let mut at = 0;
        while at < words.len() {
            if matches!(words[at], "and" | ",") {
                at += 1;
                continue;
            }
            let known = (at + 1..=words.len().min(at + 10)).rev().find_map(|end| {
                let inner_comma = words[at..end - 1].iter().any(|word| word.ends_with(','));
                let (member, how) = Member::recognise(words[at..end].join(" ").trim_end_matches([',', ';']));
                (!inner_comma && how != Recognised::Unknown).then_some((member, end))
            });
            let Some((member, end)) = known else {
                let stop = (at..words.len()).find(|i| words[*i].ends_with(',') || words.get(i + 1) == Some(&"and"));
                let end = stop.map_or(words.len(), |last| last + 1);
                members.push(self.sponsor(words[at..end].join(" ").trim_end_matches(',')));
                at = end;
                continue;
            };
            let separated =
                words[end - 1].ends_with(',') || words.get(end).is_none_or(|word| matches!(*word, "and" | ","));
            if !separated {
                self.note(
                    "sponsor-separator",
                    format!("no comma stands after the sponsor {member}; read as a name of its own"),
                );
            }
            members.push(member);
            at = end;
        }
        members
    }

    /// A finding where the title names another resolution than the symbol.
    pub fn check_title(&mut self, title: Option<&str>) {
        let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
        let in_title = title.and_then(|t| t.strip_prefix("Security Council resolution ")).map(number);
        let in_symbol = self.symbol.strip_prefix("S/RES/").map(number);
        if let (Some(in_title), Some(in_symbol)) = (in_title, in_symbol)
            && in_title != in_symbol
        {
            self.warn("title-disagrees", format!("the title names resolution {in_title}; check the title"));
        }
    }
}

/// Meetings that the files give and that are doubted for a reason outside them.
fn doubtful_meeting(symbol: &str, meeting: u32) -> Option<&'static str> {
    match (symbol, meeting) {
        ("S/2024/239", 9574) => Some(
            "meeting 9574 is doubted by the notes on this data set, and the verbatim record of 22 March 2024 is thought to be S/PV.9584 (not verified; the press release SC/15637 gives 9574); check before citing",
        ),
        _ => None,
    }
}

/// The votes of a set of lists. Names decide; where names and counts differ, the counts only add the
/// votes nobody is named for, and only where seats are left for them.
pub(crate) fn cast_of(lists: &[VoteList], recorded: RecordedOutcome, date: Date, about: &mut About<'_>) -> Cast {
    let nothing = lists.iter().all(|list| list.names.is_empty() && list.count.unwrap_or(0) == 0);
    match recorded {
        RecordedOutcome::AdoptedWithoutVote if nothing => return Cast::WithoutVote,
        RecordedOutcome::AdoptedByAcclamation if nothing => return Cast::Acclamation,
        RecordedOutcome::AdoptedWithoutVote | RecordedOutcome::AdoptedByAcclamation => {
            about.warn(
                "votes-without-a-vote",
                format!("the outcome is {}, and votes are listed; the votes are kept", recorded.label()),
            );
        }
        _ => {}
    }
    let mut members: Vec<BTreeSet<Member>> = lists.iter().map(|list| members_of(list, about)).collect();
    let unclear = settle_contradictions(lists, &mut members, about);
    let mut named: BTreeMap<Member, Vote> = BTreeMap::new();
    for (list, members) in lists.iter().zip(&members) {
        named.extend(members.iter().map(|member| (member.clone(), list.vote)));
    }
    named.extend(unclear.into_iter().map(|member| (member, Vote::Unclear)));
    let unnamed = unnamed_votes(lists, &members, named.len(), date, about);
    Cast::Votes { named, unnamed }
}

/// The members of one list, once each.
fn members_of(list: &VoteList, about: &mut About<'_>) -> BTreeSet<Member> {
    let mut members = BTreeSet::new();
    let mut names = list.names.iter().map(|name| normalised(name)).filter(|name| !name.is_empty()).peekable();
    while let Some(name) = names.next() {
        let (mut member, mut how) = Member::recognise(&name);
        // A name cut in two ("CÔTE.", "D'IVOIRE") is known once it is joined again.
        if how == Recognised::Unknown
            && let Some(next) = names.peek()
            && let (joined, Recognised::Known) = Member::recognise(&format!("{name} {next}"))
        {
            about.warn("name-split", format!("{name:?} and {next:?} are read as one name, {joined}"));
            names.next();
            (member, how) = (joined, Recognised::Known);
        }
        match how {
            Recognised::Known => {}
            Recognised::Misspelt => about.note("name-misspelt", format!("the name {name:?} is read as {member}")),
            Recognised::Unknown => {
                about.warn("name-unknown", format!("{name:?} is no State known by this name; kept as given"));
            }
        }
        let said = format!("{member} is listed twice among the members {}; counted once", label(list.vote));
        if !members.insert(member) {
            about.warn("name-repeated", said);
        }
    }
    members
}

/// A member under two votes keeps the one whose list its count does not call too long; where that
/// does not settle it, its vote is unclear.
fn settle_contradictions(
    lists: &[VoteList],
    members: &mut [BTreeSet<Member>],
    about: &mut About<'_>,
) -> BTreeSet<Member> {
    let mut unclear = BTreeSet::new();
    let all: BTreeSet<Member> = members.iter().flatten().cloned().collect();
    for member in all {
        let under: Vec<usize> = (0..lists.len()).filter(|i| members[*i].contains(&member)).collect();
        if under.len() < 2 {
            continue;
        }
        let labels: Vec<&str> = under.iter().map(|i| label(lists[*i].vote)).collect();
        let fits = |i: &usize| lists[*i].count.is_some_and(|count| members[*i].len() <= count as usize);
        let fitting: Vec<usize> = under.iter().copied().filter(fits).collect();
        let kept = if fitting.len() == 1 { Some(fitting[0]) } else { None };
        for i in under.into_iter().filter(|i| Some(*i) != kept) {
            members[i].remove(&member);
        }
        let said = match kept {
            Some(i) => format!("kept as {}, as the counts say", label(lists[i].vote)),
            None => "the counts do not settle which holds, so its vote is unclear".to_owned(),
        };
        about.warn("vote-contradictory", format!("{member} is listed {}; {said}", labels.join(" and ")));
        if kept.is_none() {
            unclear.insert(member);
        }
    }
    unclear
}

/// Votes counted and not named, with a finding for every count that differs from its names.
fn unnamed_votes(
    lists: &[VoteList],
    members: &[BTreeSet<Member>],
    named: usize,
    date: Date,
    about: &mut About<'_>,
) -> Tally {
    let mut unnamed = Tally::default();
    let mut differing = Vec::new();
    for (list, members) in lists.iter().zip(members) {
        let names = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let Some(count) = list.count.filter(|count| *count != names) else { continue };
        differing.push(format!("{count} {} counted, {names} named", label(list.vote)));
        match list.vote {
            Vote::InFavour => unnamed.in_favour = count.saturating_sub(names),
            Vote::Against => unnamed.against = count.saturating_sub(names),
            Vote::Abstaining => unnamed.abstaining = count.saturating_sub(names),
            Vote::NotParticipating | Vote::Unclear => {}
        }
    }
    if differing.is_empty() {
        return unnamed;
    }
    let named = u32::try_from(named).unwrap_or(u32::MAX);
    let fits = named == 0 || named.saturating_add(unnamed.total()) <= size_on(date).seats;
    if !fits {
        unnamed = Tally::default();
    }
    let kept = if unnamed.total() > 0 { "votes without a name are counted as such" } else { "the names are kept" };
    about.warn("count-disagrees", format!("counts and names differ: {}; {kept}", differing.join("; ")));
    unnamed
}

fn label(vote: Vote) -> &'static str {
    match vote {
        Vote::InFavour => "in favour",
        Vote::Against => "against",
        Vote::Abstaining => "abstaining",
        Vote::NotParticipating => "not participating",
        Vote::Unclear => "unclear",
    }
}

pub(crate) fn finding(severity: Severity, code: &str, place: &Place, message: String) -> Finding {
    Finding { severity, code: code.to_owned(), place: place.clone(), message }
}

/// White space of every kind, no-break spaces included, as single spaces, trimmed.
pub(crate) fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn some(text: &str) -> Option<String> {
    Some(normalised(text)).filter(|text| !text.is_empty())
}

fn start_of(text: &str) -> String {
    text.chars().take(60).collect()
}

/// `S/RES/1506(2003)` as `S/RES/1506 (2003)`, the form resolutions print, with a note.
pub(crate) fn spaced_symbol(place: &Place, symbol: &str, findings: &mut Vec<Finding>) -> String {
    let symbol = normalised(symbol);
    match symbol.split_once('(') {
        Some((head, year)) if !head.ends_with(' ') => {
            let spaced = format!("{head} ({year}");
            findings.push(finding(Severity::Note, "symbol-spelling", place, format!("{spaced}: written {symbol}")));
            spaced
        }
        _ => symbol,
    }
}

/// `S/PV9261` as `S/PV.9261`, with a note.
pub(crate) fn spelled_record_document(about: &mut About<'_>, text: &str) -> String {
    let text = normalised(text);
    match text.strip_prefix("S/PV").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        Some(number) => {
            about.note("record-document-spelling", format!("{text} is read as S/PV.{number}"));
            format!("S/PV.{number}")
        }
        None => text,
    }
}

/// The number in `S/PV.9430`; `None` for a letter.
pub(crate) fn meeting_of_record(document: &str) -> Option<u32> {
    document.strip_prefix("S/PV.")?.parse().ok()
}

/// The number before its English ordinal ending, such as 9430 in `its 9430th meeting`.
pub(crate) fn meeting_in_words(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        (matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th")).then(|| digits.parse().ok())?
    })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A date such as `2 October 2023`, or one that begins with ISO 8601; words after it get a note.
fn read_date(place: &Place, symbol: &str, text: &str, findings: &mut Vec<Finding>) -> Option<Date> {
    let text = normalised(text);
    let mut words = text.splitn(4, ' ');
    let written = |day: &str, month: &str, year: &str| {
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
        Date::new(year.parse().ok()?, i8::try_from(month + 1).ok()?, day.parse().ok()?).ok()
    };
    let (date, rest) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(day), Some(month), Some(year), rest) if written(day, month, year).is_some() => {
            (written(day, month, year)?, rest)
        }
        (Some(iso), rest, ..) if iso.len() == 10 => (iso.parse().ok()?, rest.or(Some("in another form"))),
        _ => return None,
    };
    if rest.is_some() {
        findings.push(finding(
            Severity::Note,
            "date-form",
            place,
            format!("{symbol}: the date {text:?} is read as {date}"),
        ));
    }
    Some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_mission::council::Outcome;
    use serde_json::{Value, json};

    const IN_FAVOUR: [&str; 13] = [
        "ALBANIA",
        "BRAZIL",
        "ECUADOR",
        "FRANCE",
        "GABON",
        "GHANA",
        "JAPAN",
        "MALTA",
        "MOZAMBIQUE",
        "SWITZERLAND",
        "UNITED ARAB EMIRATES",
        "UNITED KINGDOM",
        "UNITED STATES",
    ];

    fn small() -> Value {
        json!({
            "symbol": "S/RES/9001 (2023)", "document_title": "Adopted by the Security Council at its 9999th meeting, on 1 May 2023",
            "adoption_meeting": "9999th meeting", "adoption_date": "1 May 2023", "agenda_item_name": "Lighthouses",
            "adoption_type": "Adopted 13-0-2, 9999th meeting", "draft_resolution": "S/2023/9000", "outcome_letter": "S/PV.9999",
            "resolution_title": "Security Council resolution 9001 (2023) [on lighthouses]", "outcome": "", "chapter_VII": "",
            "MS_in_favour_count": "13", "MS_against_count": "0", "MS_abstaining_count": "2",
            "MS_in_favour": IN_FAVOUR, "MS_against": [], "MS_abstaining": ["CHINA", "RUSSIAN FEDERATION"],
            "sponsors": ["JAPAN"], "additional_sponsors": []
        })
    }

    /// The small vote with some fields changed: codes of findings, tally, outcome by rule.
    fn check(changes: &Value, codes: &[&str], tally: &str, outcome: &str) {
        let mut vote = small();
        for (key, value) in changes.as_object().unwrap() {
            vote[key] = value.clone();
        }
        let (records, findings) = read_votes("votes.json", vote.to_string().as_bytes());
        let found: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(found, codes, "{changes}: {findings:?}");
        let vote = &records.first().unwrap_or_else(|| panic!("{changes}: kept")).vote;
        assert_eq!(
            (vote.cast.tally().to_string().as_str(), vote.decide().outcome.label()),
            (tally, outcome),
            "{changes}"
        );
    }

    #[test]
    fn a_vote_is_kept_whatever_is_wrong_with_it_and_each_fault_is_named() {
        check(&json!({}), &[], "13-0-2", "adopted");
        check(&json!({"MS_in_favour_count": "013", "MS_against_count": 0}), &[], "13-0-2", "adopted");
        check(&json!({"adoption_date": "1\u{a0}May\u{a0}2023"}), &[], "13-0-2", "adopted");
        check(&json!({"adoption_date": "2023-05-01 00:00:00"}), &["date-form"], "13-0-2", "adopted");
        check(&json!({"adoption_date": "1 May 2023 in Nairobi"}), &["date-form"], "13-0-2", "adopted");
        check(&json!({"adoption_date": "1 May 2021"}), &["date-disagrees"], "13-0-2", "adopted");
        check(&json!({"symbol": "S/RES/9001(2023)"}), &["symbol-spelling"], "13-0-2", "adopted");
        check(&json!({"outcome_letter": "S/PV.9998"}), &["meeting-disagrees"], "13-0-2", "adopted");
        check(
            &json!({"resolution_title": "Security Council resolution 9002 (2023)"}),
            &["title-disagrees"],
            "13-0-2",
            "adopted",
        );
        check(&json!({"MS_in_favour_count": "15"}), &["count-disagrees"], "13-0-2", "adopted");
        check(
            &json!({"adoption_type": "Adopted 12-0-3, 9999th meeting"}),
            &["adoption-type-disagrees"],
            "13-0-2",
            "adopted",
        );
        check(&json!({"adoption_type": "Adopted unanimously"}), &["adoption-type-disagrees"], "13-0-2", "adopted");
        check(&json!({"adoption_type": "Adopted without vote"}), &["adoption-type-disagrees"], "13-0-2", "adopted");
        check(&json!({"adoption_type": "Adopted non-unanimously"}), &[], "13-0-2", "adopted");
        check(&json!({"outcome": "VOTING BY MAIL", "adoption_meeting": "Voting by mail"}), &[], "13-0-2", "adopted");
        check(&json!({"outcome": "lost"}), &["outcome-unknown"], "13-0-2", "adopted");
        check(&json!({"sponsors": ["REPORT OF THE KEEPER"]}), &["sponsor-not-a-state"], "13-0-2", "adopted");
        check(&json!({"MS_abstaining": ["CHINA", "RUSSIAN", "FEDERATION"]}), &["name-split"], "13-0-2", "adopted");
    }

    #[test]
    fn votes_that_are_counted_and_not_named_stay_unnamed() {
        let none: [&str; 0] = [];
        check(&json!({"MS_in_favour": none, "MS_abstaining": none}), &["count-disagrees"], "13-0-2", "adopted");
        let nobody = json!({"MS_in_favour": none, "MS_abstaining": none, "MS_against_count": "1", "MS_abstaining_count": "1", "adoption_type": ""});
        check(&nobody, &["count-disagrees"], "13-1-1", "undecidable");
        let nothing = json!({"MS_in_favour": none, "MS_abstaining": none, "MS_in_favour_count": "", "MS_abstaining_count": "", "adoption_type": ""});
        check(&nothing, &[], "0-0-0", "undecidable");
    }

    #[test]
    fn what_was_adopted_without_a_vote_has_no_votes() {
        let none: [&str; 0] = [];
        for (outcome, recorded) in [
            ("adoptedWithoutVote", RecordedOutcome::AdoptedWithoutVote),
            ("adoptedByAcclamation", RecordedOutcome::AdoptedByAcclamation),
        ] {
            let changes = json!({"outcome": outcome, "MS_in_favour": none, "MS_abstaining": none, "MS_in_favour_count": "0", "MS_abstaining_count": "0", "adoption_type": "Adopted without vote"});
            check(&changes, &[], "0-0-0", "adopted without a vote");
            let mut vote = small();
            vote["outcome"] = json!(outcome);
            let (records, findings) = read_votes("votes.json", vote.to_string().as_bytes());
            assert_eq!((records[0].vote.recorded, findings[0].code.as_str()), (recorded, "votes-without-a-vote"));
        }
    }

    fn check_rows(bytes: &[u8], kept: usize, findings: &[(&str, Option<u64>)]) {
        let (records, found) = read_votes("votes.json", bytes);
        let found: Vec<(&str, Option<u64>)> = found.iter().map(|f| (f.code.as_str(), f.place.row)).collect();
        assert_eq!((records.len(), found.as_slice()), (kept, findings));
    }

    #[test]
    fn a_line_that_is_no_vote_is_named_by_its_row_and_the_others_are_kept() {
        let good = small().to_string();
        let rows = |middle: &[u8]| [good.as_bytes(), b"\r\n", middle, b"\n\n", good.as_bytes(), b"\n"].concat();
        check_rows(&rows(b""), 2, &[]);
        check_rows(&rows(b"not json"), 2, &[("vote-unreadable", Some(2))]);
        check_rows(&rows(b"{\"symbol\": [1]}"), 2, &[("vote-unreadable", Some(2))]);
        check_rows(&rows(b"[]"), 2, &[("vote-unreadable", Some(2))]);
        check_rows(&rows(b"{}"), 2, &[("symbol-missing", Some(2))]);
        check_rows(&rows(b"{\"symbol\": \"S/RES/1 (2023)\"}"), 2, &[("date-unreadable", Some(2))]);
        check_rows(&rows(b"{\"symbol\": \"C\xf4te\"}"), 2, &[("encoding", Some(2))]);
        check_rows(&rows(&vec![b'x'; LINE_BYTES_MAX + 1]), 2, &[("line-too-long", Some(2))]);
        check_rows(&rows("[".repeat(100_000).as_bytes()), 2, &[("vote-unreadable", Some(2))]);
        check_rows(b"", 0, &[("file-empty", None)]);
        check_rows(b"\xfe\xff\x00{", 0, &[("encoding", None)]);
        check_rows(&[b"\xef\xbb\xbf", good.as_bytes()].concat(), 1, &[]);
    }

    #[test]
    fn a_file_of_something_else_does_not_fill_the_memory_with_findings() {
        let (records, findings) = read_votes("noise.txt", "noise\n".repeat(50_000).as_bytes());
        assert_eq!((records.len(), findings.len()), (0, FINDINGS_MAX + 1));
        assert_eq!(findings.last().map(|f| f.code.as_str()), Some("too-many-findings"));
    }

    #[test]
    fn a_vote_cut_anywhere_is_refused_and_nothing_panics() {
        let line = small().to_string();
        for end in 1..line.len() {
            let (records, findings) = read_votes("cut.json", &line.as_bytes()[..end]);
            assert!(records.is_empty() && findings[0].severity == Severity::Error, "cut at byte {end}");
        }
    }

    #[test]
    fn files_are_told_apart_by_what_is_in_them() {
        let replay = |name: &str, bytes: &[u8]| replay_files(&[(name.to_owned(), bytes.to_vec())]);
        let read = replay("votes", small().to_string().as_bytes());
        assert_eq!((read.votes, read.reproduced, read.findings.len()), (1, 1, 0));
        assert_eq!(read.decisions[0].decision.outcome, Outcome::Adopted);
        for (bytes, code) in [
            (&b"plain text"[..], "format-unknown"),
            (b"", "file-empty"),
            (b"<a/>", "not-akoma-ntoso"),
            (b"\xff\xfe{\x00", "encoding"),
        ] {
            let refused = replay("other", bytes);
            let found: Vec<&str> = refused.findings.iter().map(|f| f.code.as_str()).collect();
            assert_eq!((refused.votes, found), (0, vec![code]));
        }
    }

    #[test]
    fn the_same_file_twice_adds_no_vote() {
        let file = ("votes.json".to_owned(), small().to_string().into_bytes());
        let replay = replay_files(&[file.clone(), file]);
        assert_eq!((replay.votes, replay.repeated), (1, 1));
    }
}

//! Resolutions and drafts of the Security Council in Akoma Ntoso, in the UN's profile (AKN4UN).
//!
//! The file is read into a small tree with limits, and the tree into a [`Resolution`]. A file that is
//! not one gets findings of [`Severity::Error`] and gives nothing; faults inside one get warnings and
//! notes, and the text is kept.
//!
//! Invariant: no document type definition is read and no entity but the five of XML and character
//! references is expanded, so that no input grows in memory.

use crate::unsc_votes::{
    About, VoteList, cast_of, finding, meeting_in_words, meeting_of_record, normalised, some, spaced_symbol,
    spelled_record_document,
};
use jiff::civil::Date;
use konbit_base::{Finding, Place, Reading, Severity, Source};
use konbit_mission::council::{
    CouncilVote, Paragraph, ParagraphKind, Point, Procedure, RecordedOutcome, Resolution, TextKind, Vote,
};
use quick_xml::XmlVersion;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::collections::BTreeSet;

/// Most bytes of a file that is read; the longest resolution of 2023 has 0.1 MiB.
const BYTES_MAX: usize = 32 << 20;
/// Most elements inside one another.
const DEPTH_MAX: usize = 64;
/// Most elements of a file.
const ELEMENTS_MAX: usize = 200_000;
/// Most attributes of one element.
const ATTRIBUTES_MAX: usize = 64;
const NAMESPACE: &str = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0";

/// Reads one resolution or draft resolution. Without a finding of [`Severity::Error`] there is one;
/// with one there is none.
pub fn read_resolution(file: &str, bytes: &[u8]) -> (Option<Resolution>, Vec<Finding>) {
    let mut findings = Vec::new();
    let read = read_tree(file, bytes).and_then(|root| resolution_of(file, &root, &mut findings));
    match read {
        Ok(resolution) => (Some(resolution), findings),
        Err(refused) => {
            findings.push(refused);
            (None, findings)
        }
    }
}

// --- From bytes to a tree

/// An element: local name, attributes by local name, children in order.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    fn path(&self, names: &[&str]) -> Option<&Element> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Every element below with this name, in document order.
    fn descendants<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for element in self.elements() {
            if element.name == name {
                found.push(element);
            }
            element.descendants(name, found);
        }
    }

    fn all(&self, name: &str) -> Vec<&Element> {
        let mut found = Vec::new();
        self.descendants(name, &mut found);
        found
    }

    fn raw_text(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.raw_text(out),
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.raw_text(&mut out);
        normalised(&out)
    }
}

/// The bytes after a byte order mark of UTF-8; a finding for an empty file and for UTF-16.
pub(crate) fn without_byte_order_mark<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a [u8], Finding> {
    let refuse = |code: &str, message: &str| Finding::in_file(Severity::Error, code, file, message);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(refuse("file-empty", "the file is empty; give it again"));
    }
    let start = &bytes[..bytes.len().min(512)];
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) || start.contains(&0) {
        return Err(refuse("encoding", "the file is UTF-16 or UTF-32, or not text; save it as UTF-8"));
    }
    Ok(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes))
}

fn read_tree(file: &str, bytes: &[u8]) -> Result<Element, Finding> {
    let refuse = |code: &str, message: String| Finding::in_file(Severity::Error, code, file, message);
    if bytes.len() > BYTES_MAX {
        return Err(refuse(
            "file-too-large",
            format!("the file has {} bytes, more than {BYTES_MAX}; it is no resolution", bytes.len()),
        ));
    }
    let bytes = without_byte_order_mark(file, bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let row = bytes[..e.valid_up_to()].split(|b| *b == b'\n').count();
        refuse("encoding", format!("byte {} is not UTF-8; save the file as UTF-8", e.valid_up_to() + 1))
            .at_row(row as u64)
    })?;
    if !text.trim_start().starts_with('<') {
        return Err(refuse("not-xml", "the file is not XML; give a resolution in Akoma Ntoso".to_owned()));
    }
    let mut reader = Reader::from_str(text);
    let row_at = |position: u64| {
        let end = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
        text.as_bytes()[..end].split(|b| *b == b'\n').count() as u64
    };
    let mut stack: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|e| {
            let truncated =
                matches!(&e, quick_xml::Error::Syntax(what) if !matches!(what, SyntaxError::InvalidBangMarkup));
            let (code, advice) =
                if truncated { ("xml-truncated", "get the file again") } else { ("xml-malformed", "check the file") };
            refuse(code, format!("the XML cannot be read: {e}; {advice}")).at_row(row_at(reader.error_position()))
        })?;
        let here = reader.buffer_position();
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                elements += 1;
                if elements > ELEMENTS_MAX || stack.len() >= DEPTH_MAX {
                    let what = format!(
                        "more than {ELEMENTS_MAX} elements, or more than {DEPTH_MAX} inside one another; it is no resolution"
                    );
                    return Err(refuse("xml-limit", format!("the file has {what}")).at_row(row_at(here)));
                }
                if root.is_some() {
                    return Err(refuse(
                        "xml-malformed",
                        "a second element follows the root; check the file".to_owned(),
                    )
                    .at_row(row_at(here)));
                }
                let element = element_of(start)
                    .map_err(|e| refuse("xml-malformed", format!("{e}; check the file")).at_row(row_at(here)))?;
                if matches!(event, Event::Start(_)) {
                    stack.push(element);
                } else {
                    close(element, &mut stack, &mut root);
                }
            }
            Event::End(_) => {
                let element = stack.pop().expect("the reader refuses an end tag without its start");
                close(element, &mut stack, &mut root);
            }
            Event::Text(content) => append(&mut stack, &content.xml10_content()),
            Event::CData(content) => append(&mut stack, &content.xml10_content()),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned),
                    Err(_) => None,
                };
                let Some(resolved) = resolved else {
                    let message =
                        format!("the entity &{}; is not read; write the character itself", start_of(&reference));
                    return Err(refuse("xml-entity", message).at_row(row_at(here)));
                };
                append(&mut stack, &resolved);
            }
            Event::DocType(_) => {
                let message = "the file has a document type definition, which is not read; remove it".to_owned();
                return Err(refuse("xml-doctype", message).at_row(row_at(here)));
            }
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    match (stack.pop(), root) {
        (Some(open), _) => {
            let message = format!("the file ends inside <{}>; get it again", start_of(&open.name));
            Err(refuse("xml-truncated", message).at_row(row_at(text.len() as u64)))
        }
        (None, None) => {
            Err(refuse("not-xml", "the file holds no XML element; give a resolution in Akoma Ntoso".to_owned()))
        }
        (None, Some(root)) => Ok(root),
    }
}

fn close(element: Element, stack: &mut [Element], root: &mut Option<Element>) {
    match stack.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None => *root = Some(element),
    }
}

fn append(stack: &mut [Element], text: &str) {
    if let Some(parent) = stack.last_mut() {
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => parent.children.push(Node::Text(text.to_owned())),
        }
    }
}

fn element_of(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for (index, attribute) in start.attributes().enumerate() {
        if index >= ATTRIBUTES_MAX {
            return Err(format!("<{}> has more than {ATTRIBUTES_MAX} attributes", start_of(&name)));
        }
        let attribute = attribute.map_err(|e| format!("an attribute of <{}> cannot be read: {e}", start_of(&name)))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| format!("an attribute of <{}> cannot be read: {e}", start_of(&name)))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name, attributes, children: Vec::new() })
}

fn start_of(text: &str) -> String {
    text.chars().take(40).collect()
}

// --- From the tree to a resolution

fn resolution_of(file: &str, root: &Element, findings: &mut Vec<Finding>) -> Result<Resolution, Finding> {
    let place = Place { file: file.to_owned(), row: None, column: None };
    let refuse = |code: &str, message: String| finding(Severity::Error, code, &place, message);
    if root.name != "akomaNtoso" {
        return Err(refuse(
            "not-akoma-ntoso",
            format!(
                "the root element is <{}> and not <akomaNtoso>; give a resolution in Akoma Ntoso",
                start_of(&root.name)
            ),
        ));
    }
    if !root.attributes.iter().any(|(_, value)| value == NAMESPACE) {
        findings.push(finding(
            Severity::Warning,
            "namespace",
            &place,
            format!("the root element is not in the namespace {NAMESPACE}; read all the same"),
        ));
    }
    let statement = root.child("statement");
    let kind = match statement.and_then(|s| s.attribute("name")) {
        Some("resolution") => TextKind::Resolution,
        Some("draftResolution") => TextKind::Draft,
        other => {
            let found = other.or(root.elements().next().map(|e| e.name.as_str())).unwrap_or("nothing");
            return Err(refuse(
                "not-a-resolution",
                format!(
                    "the document is {:?}, not a resolution or a draft resolution; give one of these",
                    start_of(found)
                ),
            ));
        }
    };
    let statement = statement.expect("its name was read above");
    let empty = Element::default();
    let meta = statement.child("meta").unwrap_or(&empty);
    let cover = statement.child("coverPage").unwrap_or(&empty);
    let Some(symbol) = cover.all("docNumber").first().and_then(|number| some(&number.text())) else {
        return Err(refuse("symbol-missing", "no <docNumber> gives the symbol; add it".to_owned()));
    };
    let symbol = spaced_symbol(&place, &symbol, findings);
    let mut about = About { place: &place, symbol: &symbol, findings };
    let Some(date) = date_of(meta, cover, &mut about) else {
        return Err(refuse("date-missing", format!("{symbol}: no element gives the day of the vote; add it")));
    };
    let vote = vote_of(kind, date, meta, cover, &mut about);
    let language =
        meta.path(&["identification", "FRBRExpression", "FRBRlanguage"]).and_then(|l| l.attribute("language"));
    let paragraphs = paragraphs_of(statement, &mut about);
    let chapter_vii_invoked_in: Vec<String> =
        paragraphs.iter().filter(|p| invokes_chapter_vii(p)).map(|p| p.eid.clone()).collect();
    if kind == TextKind::Resolution && vote.chapter_vii_recorded == chapter_vii_invoked_in.is_empty() {
        let said = if vote.chapter_vii_recorded {
            "the data say Chapter VII, and no paragraph acts under it"
        } else {
            "a paragraph acts under Chapter VII, and the data do not say so"
        };
        about.note("chapter-vii-disagrees", said);
    }
    let two_letters = match language {
        Some("fra") => "fr",
        Some("spa") => "es",
        _ => "en",
    };
    let source = Source {
        name: format!("United Nations, DGACM (UNxml), {file}"),
        url: Some(format!("https://undocs.org/{two_letters}/{}", symbol.replace(' ', ""))),
        reading: Reading::UnDocument,
    };
    let id = Resolution::id_of(&symbol, language);
    Ok(Resolution { id, vote, language: language.map(str::to_owned), chapter_vii_invoked_in, paragraphs, source })
}

/// A date; the placeholder 0001-01-01 is none.
fn date_in(element: &Element) -> Option<Date> {
    element.attribute("date")?.parse().ok().filter(|date: &Date| date.year() > 1)
}

/// The step that gives the outcome: the last one that is not about the draft.
fn outcome_step(meta: &Element) -> Option<&Element> {
    meta.all("step").into_iter().rev().find(|step| {
        step.attribute("outcome").is_some_and(|outcome| !outcome.to_lowercase().starts_with("draftresolution"))
    })
}

/// The day of the vote: as the text prints it, else as the work is dated, else as the workflow says.
fn date_of(meta: &Element, cover: &Element, about: &mut About<'_>) -> Option<Date> {
    let printed =
        cover.all("docDate").into_iter().find(|d| d.attribute("refersTo") == Some("#adoptionDate")).and_then(date_in);
    let work = meta.path(&["identification", "FRBRWork", "FRBRdate"]).and_then(date_in);
    let step = outcome_step(meta).and_then(date_in);
    let given: Vec<Date> = [printed, work, step].into_iter().flatten().collect();
    let distinct: BTreeSet<&Date> = given.iter().collect();
    if distinct.len() > 1 {
        let dates: Vec<String> = distinct.iter().map(ToString::to_string).collect();
        about.warn(
            "date-disagrees",
            format!("the source gives several days of the vote: {}; kept {}, check it", dates.join(", "), given[0]),
        );
    }
    given.first().copied()
}

fn vote_of(kind: TextKind, date: Date, meta: &Element, cover: &Element, about: &mut About<'_>) -> CouncilVote {
    let steps = meta.all("step");
    let step = |name: &str| {
        steps.iter().copied().find(|s| s.attribute("outcome").is_some_and(|o| o.eq_ignore_ascii_case(name)))
    };
    let attribute = |element: Option<&Element>, name: &str| element.and_then(|e| e.attribute(name)).and_then(some);
    let draft = step("draftResolution");
    let outcome = outcome_step(meta);
    let recorded = recorded_outcome(outcome, about);
    let record_document = attribute(outcome, "as").map(|text| spelled_record_document(about, &text));
    let printed = cover.all("inline").into_iter().find(|i| i.attribute("name") == Some("adoptionMeeting"));
    let printed = printed
        .and_then(|inline| inline.attribute("title"))
        .map(|title| title.chars().take_while(char::is_ascii_digit).collect::<String>());
    let meeting = about.one_meeting(&[
        printed.and_then(|digits| digits.parse().ok()),
        record_document.as_deref().and_then(meeting_of_record),
        attribute(outcome, "by").as_deref().and_then(meeting_in_words),
    ]);
    let draft_symbol = match kind {
        TextKind::Resolution => attribute(draft, "as"),
        TextKind::Draft => Some(about.symbol.to_owned()),
    };
    let sponsors = about.sponsors_in_words(&attribute(draft, "by").unwrap_or_default());
    let more = attribute(step("draftResolutionAdditionalSponsors"), "by").unwrap_or_default();
    let additional_sponsors = about.sponsors_in_words(&more);
    let keywords = meta.all("keyword");
    let keyword = |refers: &str, dictionary: &str| {
        let found = keywords.iter().find(|k| {
            k.attribute("refersTo") == Some(refers)
                && (dictionary.is_empty() || k.attribute("dictionary") == Some(dictionary))
        });
        found.and_then(|k| k.attribute("showAs")).and_then(some)
    };
    let (agenda_item, title) = (keyword("agenda", "S/"), keyword("title", ""));
    if agenda_item.is_none() {
        about.note("agenda-item-missing", "no agenda item is given");
    }
    about.check_title(title.as_deref());
    let lists: Vec<VoteList> = meta.all("count").into_iter().filter_map(|count| list_of(count, about)).collect();
    CouncilVote {
        symbol: about.symbol.to_owned(),
        kind,
        date,
        procedure: Procedure::Meeting,
        meeting,
        record_document,
        draft: draft_symbol,
        sponsors,
        additional_sponsors,
        agenda_item,
        title,
        chapter_vii_recorded: attribute(outcome, "refersTo").is_some_and(|r| r.eq_ignore_ascii_case("chapter vii")),
        cast: cast_of(&lists, recorded, date, about),
        recorded,
    }
}

fn recorded_outcome(step: Option<&Element>, about: &mut About<'_>) -> RecordedOutcome {
    let word = step.and_then(|s| s.attribute("outcome")).unwrap_or_default();
    match word.to_lowercase().as_str() {
        "adopted" => RecordedOutcome::Adopted,
        "adoptedwithoutvote" => RecordedOutcome::AdoptedWithoutVote,
        "adoptedbyacclamation" => RecordedOutcome::AdoptedByAcclamation,
        "veto" => RecordedOutcome::Vetoed,
        "notadopted" => RecordedOutcome::NotAdopted,
        _ => {
            about.warn("outcome-unknown", format!("the outcome {word:?} is not known; taken as unstated"));
            RecordedOutcome::Unstated
        }
    }
}

fn list_of(count: &Element, about: &mut About<'_>) -> Option<VoteList> {
    let vote = match count.attribute("refersTo").unwrap_or_default().trim_start_matches('#').to_lowercase().as_str() {
        "infavour" => Vote::InFavour,
        "against" => Vote::Against,
        "abstaining" => Vote::Abstaining,
        "notparticipating" | "absent" => Vote::NotParticipating,
        other => {
            about.warn("vote-unknown", format!("a count refers to {other:?}, which is no vote known; left out"));
            return None;
        }
    };
    let names = count.all("organization").iter().map(|organization| organization.text()).collect();
    Some(VoteList { vote, count: about.count(vote, count.attribute("value").unwrap_or_default()), names })
}

/// Whether the paragraph acts under Chapter VII of the Charter, in English, French or Spanish. A
/// paragraph that only mentions the Chapter does not.
fn invokes_chapter_vii(paragraph: &Paragraph) -> bool {
    if !matches!(paragraph.kind, ParagraphKind::Preamble | ParagraphKind::Operative) {
        return false;
    }
    let text = paragraph.text.to_lowercase();
    [("acting under", "chapter vii"), ("agissant en vertu", "chapitre vii"), ("actuando en virtud", "capítulo vii")]
        .iter()
        .any(|(acting, chapter)| {
            text.match_indices(acting).any(|(at, _)| {
                let clause = text[at..].split([';', ',']).next().unwrap_or_default();
                // Not Chapter VIII.
                clause.match_indices(chapter).any(|(i, _)| !clause[i + chapter.len()..].starts_with('i'))
            })
        })
}

fn paragraphs_of(statement: &Element, about: &mut About<'_>) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let parts = [("preamble", ParagraphKind::Preamble), ("mainBody", ParagraphKind::Operative)];
    for (name, kind) in parts {
        if let Some(part) = statement.child(name) {
            read_part(part, name, kind, &mut paragraphs);
        }
    }
    for attachment in statement.child("attachments").map(|a| a.all("mainBody")).unwrap_or_default() {
        read_part(attachment, "annex", ParagraphKind::Annex, &mut paragraphs);
    }
    if !paragraphs.iter().any(|p| p.kind == ParagraphKind::Operative) {
        about.warn("paragraphs-missing", "no operative paragraph was found; check the text");
    }
    check_numbers(&paragraphs, about);
    make_identifiers_unique(&mut paragraphs, about);
    paragraphs
}

/// Reads the paragraphs directly inside a part; an element of another name is taken as a wrapper.
fn read_part(part: &Element, name: &str, kind: ParagraphKind, paragraphs: &mut Vec<Paragraph>) {
    for element in part.elements() {
        let kind = match element.name.as_str() {
            "formula" => ParagraphKind::Opening,
            "container" | "paragraph" | "p" if is_heading(element) => ParagraphKind::Heading,
            "container" | "paragraph" | "p" => kind,
            _ => {
                read_part(element, name, kind, paragraphs);
                continue;
            }
        };
        let eid = element.attribute("eId").map_or_else(|| format!("{name}_p_{}", paragraphs.len() + 1), str::to_owned);
        let mut read = Gathered::default();
        read.children(element, &eid);
        let (text, closing) = (normalised(&read.text), normalised(&read.closing));
        // Ornaments such as a lone asterisk are no paragraph.
        if read.points.is_empty() && !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        let number = read.label.as_deref().filter(|_| kind == ParagraphKind::Operative);
        let number = number.and_then(|label| label.trim_end_matches('.').parse().ok());
        let verb = match head_of(element) {
            Head::Marked(words) if matches!(kind, ParagraphKind::Preamble | ParagraphKind::Operative) => Some(words),
            _ => None,
        };
        let closing = Some(closing).filter(|c| !c.is_empty());
        paragraphs.push(Paragraph {
            eid,
            kind,
            number,
            label: read.label,
            verb,
            text,
            points: read.points,
            closing,
            notes: read.notes,
        });
    }
}

/// A heading is marked as one, styled as one, or a line set wholly in bold.
fn is_heading(element: &Element) -> bool {
    let has = |name: &str| element.child(name).is_some();
    let class = element.attribute("class").unwrap_or_default();
    let bold_line = element.name == "p" && {
        let bold = element.elements().filter(|e| e.attribute("class").is_some_and(|c| c.contains("bold")));
        let bold: String = bold.map(Element::text).collect();
        !bold.is_empty() && bold == element.text()
    };
    ((has("heading") || has("subheading")) && !has("content") && !has("list")) || class.contains("Heading") || bold_line
}

/// What is gathered while the inside of a paragraph or of a point is read.
#[derive(Default)]
struct Gathered {
    label: Option<String>,
    text: String,
    points: Vec<Point>,
    closing: String,
    notes: Vec<String>,
}

impl Gathered {
    fn children(&mut self, element: &Element, eid: &str) {
        for node in &element.children {
            match node {
                Node::Text(text) => self.push(text),
                Node::Element(child) => self.element(child, eid),
            }
        }
    }

    fn push(&mut self, text: &str) {
        if self.points.is_empty() { &mut self.text } else { &mut self.closing }.push_str(text);
    }

    fn element(&mut self, child: &Element, eid: &str) {
        match child.name.as_str() {
            "num" => self.label = some(&child.text()),
            "authorialNote" => self.notes.extend(some(&child.text())),
            "decoration" | "img" => {}
            "point" | "item" => {
                let made = || format!("{eid}_point_{}", self.points.len() + 1);
                let point_eid = child.attribute("eId").map_or_else(made, str::to_owned);
                let mut inner = Self::default();
                inner.children(child, &point_eid);
                self.notes.append(&mut inner.notes);
                let text = normalised(&format!("{} {}", inner.text, inner.closing));
                self.points.push(Point { eid: point_eid, label: inner.label, text, points: inner.points });
            }
            // A sublist stands beside the point it belongs to, not inside it.
            "sublist" if !self.points.is_empty() => {
                let mut inner = Self::default();
                let last = self.points.last_mut().expect("checked in the guard");
                inner.children(child, &last.eid);
                last.points.append(&mut inner.points);
                last.text = normalised(&format!("{} {} {}", last.text, inner.text, inner.closing));
                self.notes.append(&mut inner.notes);
            }
            "span" | "a" | "ref" | "i" | "b" | "u" | "sup" | "sub" | "inline" | "term" | "date" => {
                self.children(child, eid);
            }
            _ => {
                self.push(" ");
                self.children(child, eid);
                self.push(" ");
            }
        }
    }
}

/// What a paragraph begins with.
enum Head {
    /// Nothing but white space and opening quotation marks so far.
    Blank,
    /// Plain words.
    Plain,
    /// Words in italics.
    Marked(String),
}

fn head_of(element: &Element) -> Head {
    let heads = element.children.iter().map(|node| match node {
        Node::Text(text) if text.chars().all(|c| c.is_whitespace() || "“”‘’«»\"'".contains(c)) => Head::Blank,
        Node::Text(_) => Head::Plain,
        Node::Element(child) => match child.name.as_str() {
            "num" | "authorialNote" | "decoration" => Head::Blank,
            "i" | "span"
                if child.name == "i" || child.attribute("class").is_some_and(|class| class.contains("italic")) =>
            {
                let words = normalised(&child.text());
                match words.trim_end_matches([',', ':', ';', '.']) {
                    "" => Head::Blank,
                    words => Head::Marked(words.to_owned()),
                }
            }
            _ => head_of(child),
        },
    });
    heads.into_iter().find(|head| !matches!(head, Head::Blank)).unwrap_or(Head::Blank)
}

fn check_numbers(paragraphs: &[Paragraph], about: &mut About<'_>) {
    let mut expected = 1;
    for paragraph in paragraphs {
        if let Some(number) = paragraph.number {
            if number != expected {
                about.warn(
                    "paragraph-number",
                    format!(
                        "operative paragraph {number} ({}) stands where {expected} was expected; check the text",
                        paragraph.eid
                    ),
                );
            }
            expected = number.saturating_add(1);
        }
    }
}

fn make_identifiers_unique(paragraphs: &mut [Paragraph], about: &mut About<'_>) {
    let mut seen = BTreeSet::new();
    for (index, paragraph) in paragraphs.iter_mut().enumerate() {
        if seen.insert(paragraph.eid.clone()) {
            continue;
        }
        let mut unique = format!("{}_{}", paragraph.eid, index + 1);
        while !seen.insert(unique.clone()) {
            unique.push('_');
        }
        about.warn(
            "identifier-repeated",
            format!("two paragraphs are called {}; the later one is kept as {unique}", paragraph.eid),
        );
        paragraph.eid = unique;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;
    use konbit_mission::council::{Cast, Outcome};

    /// A small resolution in our own words, with one of everything.
    const SMALL: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0" xmlns:akn4un="http://un.org/akn4un">
 <statement name="resolution">
  <meta>
   <identification source="#x">
    <FRBRWork><FRBRdate date="2023-05-01" name="adoption"/></FRBRWork>
    <FRBRExpression><FRBRlanguage language="eng"/></FRBRExpression>
   </identification>
   <classification source="x">
    <keyword refersTo="agenda" showAs="LIGHTHOUSES" dictionary="S/78"/>
    <keyword refersTo="agenda" showAs="The lighthouses &amp; the coast." dictionary="S/"/>
    <keyword refersTo="title" showAs="Security Council resolution 9001 (2023) [on lighthouses]" dictionary="DHL"/>
   </classification>
   <workflow source="#un">
    <step date="2023-05-01" outcome="draftResolution" as="S/2023/9000" by="Japan, Bosnia and Herzegovina and United Kingdom of Great Britain and Northern Ireland"/>
    <step date="0001-01-01" outcome="draftResolutionAdditionalSponsors" by="Malta"/>
    <step date="2023-05-01" outcome="adopted" as="S/PV.9999" by="Adopted 13-0-2, 9999th meeting" refersTo="Chapter VII"/>
   </workflow>
   <analysis source="#un"><parliamentary><voting>
    <count value="013" refersTo="inFavour"><akn4un:voters>
     <organization>ALBANIA</organization><organization>BRAZIL</organization><organization>ECUADOR</organization>
     <organization>FRANCE</organization><organization>GABON</organization><organization>GHANA</organization>
     <organization>JAPAN</organization><organization>MALTA</organization><organization>MOZAMBIQUE</organization>
     <organization>SWITZERLAND</organization><organization>UNITED ARAB EMIRATES</organization>
     <organization>UNITED KINGDOM</organization><organization>UNITED STATES</organization>
    </akn4un:voters></count>
    <count value="002" refersTo="abstaining"><akn4un:voters>
     <organization>CHINA</organization><organization>RUSSIAN&#160;FEDERATION</organization>
    </akn4un:voters></count>
   </voting></parliamentary></analysis>
  </meta>
  <coverPage eId="coverPage_1">
   <p><docNumber refersTo="#symbol">S/RES/9001 (2023)</docNumber></p>
   <p><docTitle>Adopted at its <inline name="adoptionMeeting" title="9999th">9999th meeting</inline>, on <docDate date="2023-05-01" refersTo="#adoptionDate">1 May 2023</docDate></docTitle></p>
  </coverPage>
  <preamble>
   <formula name="enactingFormula" eId="formula_1"><p><span class="italic">The Security Council</span>,</p></formula>
   <container name="Noting" eId="container_2"><p>	<span class="italic">Noting with care</span> the chapter on lamps, and Chapter VII of the manual,<authorialNote marker="*"><p>The manual of 1901.</p></authorialNote></p></container>
   <p><span class="bold">Lamps</span></p>
   <container name="Acting" eId="container_3"><p><span class="italic">Acting</span> under Chapter VII of the Charter of the United Nations,</p></container>
  </preamble>
  <mainBody>
   <paragraph eId="para_4" class="H23"><subheading>Keepers</subheading></paragraph>
   <paragraph eId="para_5"><num>1.</num><list>
     <intro><p><span class="italic">Decides</span> that keepers shall:</p></intro>
     <point eId="para_5_a"><num>(a)</num><content><p>light the lamp;</p></content></point>
     <sublist><point><num>(i)</num><content><p>at dusk;</p></content></point></sublist>
     <point eId="para_5_b"><num>(b)</num><content><p>keep a log;</p></content></point>
     <wrapUp><p>every night;</p></wrapUp>
   </list></paragraph>
   <paragraph eId="para_6"><num>2.</num><content><p>“<span class="italic">Calls upon</span> all to ring <a href="x">2692&#160;(2023)</a> bells.</p></content></paragraph>
   <p><decoration>*</decoration></p>
  </mainBody>
  <attachments><attachment><doc name="annex"><meta/><mainBody>
   <paragraph eId="para_7"><num>1.</num><content><p>A list of lamps.</p></content></paragraph>
  </mainBody></doc></attachment></attachments>
 </statement>
</akomaNtoso>"##;

    fn codes(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|f| f.code.as_str()).collect()
    }

    fn small() -> Resolution {
        let (resolution, findings) = read_resolution("small.xml", SMALL.as_bytes());
        assert_eq!(codes(&findings), [""; 0]);
        resolution.unwrap()
    }

    #[test]
    fn the_data_about_a_resolution_are_read() {
        let vote = small().vote;
        assert_eq!((vote.symbol.as_str(), vote.date.to_string().as_str()), ("S/RES/9001 (2023)", "2023-05-01"));
        assert_eq!((vote.meeting, vote.record_document.as_deref()), (Some(9999), Some("S/PV.9999")));
        assert_eq!(vote.draft.as_deref(), Some("S/2023/9000"));
        let codes = |members: &[konbit_mission::council::Member]| -> Vec<String> {
            members.iter().filter_map(|m| m.code().map(str::to_owned)).collect()
        };
        assert_eq!(codes(&vote.sponsors), ["JPN", "BIH", "GBR"]);
        assert_eq!(codes(&vote.additional_sponsors), ["MLT"]);
        assert_eq!(vote.agenda_item.as_deref(), Some("The lighthouses & the coast."));
        assert_eq!(vote.cast.tally().to_string(), "13-0-2");
        assert_eq!((vote.recorded, vote.decide().outcome), (RecordedOutcome::Adopted, Outcome::Adopted));
    }

    #[test]
    fn every_paragraph_is_read_in_order() {
        use ParagraphKind::{Annex, Heading, Opening, Operative, Preamble};
        let resolution = small();
        let read = resolution.paragraphs.iter();
        let read = read.map(|p| (p.eid.as_str(), p.kind, p.number, p.verb.as_deref(), p.full_text()));
        let expect = [
            ("formula_1", Opening, None, None, "The Security Council,"),
            (
                "container_2",
                Preamble,
                None,
                Some("Noting with care"),
                "Noting with care the chapter on lamps, and Chapter VII of the manual,",
            ),
            ("preamble_p_3", Heading, None, None, "Lamps"),
            (
                "container_3",
                Preamble,
                None,
                Some("Acting"),
                "Acting under Chapter VII of the Charter of the United Nations,",
            ),
            ("para_4", Heading, None, None, "Keepers"),
            (
                "para_5",
                Operative,
                Some(1),
                Some("Decides"),
                "Decides that keepers shall:\n(a) light the lamp;\n(i) at dusk;\n(b) keep a log;\nevery night;",
            ),
            ("para_6", Operative, Some(2), Some("Calls upon"), "“Calls upon all to ring 2692 (2023) bells."),
            ("para_7", Annex, None, None, "A list of lamps."),
        ];
        assert_eq!(
            read.collect::<Vec<_>>(),
            expect.map(|(eid, kind, number, verb, text)| (eid, kind, number, verb, text.to_owned()))
        );
        assert_eq!(resolution.paragraphs[1].notes, ["The manual of 1901."]);
        assert_eq!(resolution.paragraphs[5].points[0].points[0].eid, "para_5_a_point_1");
        assert_eq!(resolution.chapter_vii_invoked_in, ["container_3"]);
        assert_eq!(resolution.operative(2).map(|p| p.eid.as_str()), Some("para_6"));
    }

    /// A change to the small resolution, and the codes of the findings it gives.
    fn check_change(from: &str, to: &str, expect: &[&str]) -> Option<Resolution> {
        assert!(SMALL.contains(from), "{from:?} is in the fixture");
        let (resolution, findings) = read_resolution("small.xml", SMALL.replacen(from, to, 1).as_bytes());
        assert_eq!(codes(&findings), expect, "{from:?} -> {to:?}: {findings:?}");
        let refused = findings.iter().any(|f| f.severity == Severity::Error);
        assert_eq!(resolution.is_none(), refused, "{from:?} -> {to:?}");
        resolution
    }

    #[test]
    fn faults_inside_a_resolution_are_findings_and_the_text_is_kept() {
        check_change("title=\"9999th\"", "title=\"9998th\"", &["meeting-disagrees"]);
        check_change("S/PV.9999", "S/PV9999", &["record-document-spelling"]);
        check_change(
            "date=\"2023-05-01\" outcome=\"adopted\"",
            "date=\"2023-05-02\" outcome=\"adopted\"",
            &["date-disagrees"],
        );
        check_change("resolution 9001 (2023) [", "resolution 9002 (2023) [", &["title-disagrees"]);
        check_change(" refersTo=\"Chapter VII\"", "", &["chapter-vii-disagrees"]);
        check_change("Charter of", "Charter as of", &[]);
        check_change(
            "under Chapter VII of the Charter",
            "under Chapter VIII of the Charter",
            &["chapter-vii-disagrees"],
        );
        check_change("outcome=\"adopted\"", "outcome=\"postponed\"", &["outcome-unknown"]);
        check_change("value=\"013\"", "value=\"many\"", &["count-unreadable"]);
        check_change("refersTo=\"abstaining\"", "refersTo=\"singing\"", &["vote-unknown"]);
        check_change("<num>2.</num>", "<num>3.</num>", &["paragraph-number"]);
        check_change("eId=\"para_6\"", "eId=\"para_5\"", &["identifier-repeated"]);
        check_change("S/RES/9001 (2023)</docNumber>", "S/RES/9001(2023)</docNumber>", &["symbol-spelling"]);
        check_change("akn/3.0", "akn/2.0", &["namespace"]);
        check_change("dictionary=\"S/\"", "dictionary=\"S/79\"", &["agenda-item-missing"]);
        check_change("Japan, Bosnia", "Ruritania, Bosnia", &["sponsor-not-a-state"]);
        check_change("Japan, Bosnia", "Japan Bosnia", &["sponsor-separator"]);
        check_change(">GHANA<", ">RURITANIA<", &["name-unknown"]);
        check_change(">GHANA<", ">GABON<", &["name-repeated", "count-disagrees"]);
    }

    #[test]
    fn a_member_under_two_votes_keeps_the_one_the_counts_allow() {
        let twice = ">CHINA</organization><organization>ALBANIA<";
        let vote = |resolution: Option<Resolution>| resolution.unwrap().vote.cast;
        // 13 in favour stays right with Albania, 2 abstaining would be 3: it voted in favour.
        let cast = vote(check_change(">CHINA<", twice, &["vote-contradictory"]));
        assert_eq!(cast.tally().to_string(), "13-0-2");
        // Without the counts nothing settles it; twelve in favour decide all the same.
        let both =
            SMALL.replacen("value=\"013\"", "", 1).replacen("value=\"002\"", "", 1).replacen(">CHINA<", twice, 1);
        let (resolution, findings) = read_resolution("small.xml", both.as_bytes());
        assert_eq!(codes(&findings), ["vote-contradictory"]);
        let resolution = resolution.unwrap();
        let Cast::Votes { named, .. } = &resolution.vote.cast else { panic!("votes were cast") };
        assert_eq!(named.values().filter(|v| **v == Vote::Unclear).count(), 1);
        assert_eq!(resolution.vote.decide().outcome, Outcome::Adopted);
    }

    #[test]
    fn outcomes_are_read_in_each_spelling() {
        for (word, recorded) in [
            ("adopted", RecordedOutcome::Adopted),
            ("veto", RecordedOutcome::Vetoed),
            ("Veto", RecordedOutcome::Vetoed),
            ("notAdopted", RecordedOutcome::NotAdopted),
        ] {
            let read = check_change("outcome=\"adopted\"", &format!("outcome=\"{word}\""), &[]);
            assert_eq!(read.unwrap().vote.recorded, recorded, "{word}");
        }
    }

    fn check_refused(bytes: &[u8], code: &str) {
        let (resolution, findings) = read_resolution("bad.xml", bytes);
        assert!(resolution.is_none(), "{findings:?}");
        assert_eq!(codes(&findings), [code], "{findings:?}");
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].place.file, "bad.xml");
    }

    #[test]
    fn what_is_no_resolution_is_refused_with_the_reason() {
        check_refused(b"", "file-empty");
        check_refused(b" \n\t ", "file-empty");
        check_refused(b"{\"symbol\": 1}", "not-xml");
        check_refused(b"%PDF-1.7", "not-xml");
        check_refused(b"PK\x03\x04\x00\x00", "encoding");
        check_refused(b"\xff\xfe<\x00a\x00", "encoding");
        check_refused(b"<\x00a\x00/\x00>\x00", "encoding");
        check_refused(b"<a>C\xf4te</a>", "encoding");
        check_refused(b"<html><body/></html>", "not-akoma-ntoso");
        check_refused(b"<!-- only a comment -->", "not-xml");
        check_refused(b"<a></b>", "xml-malformed");
        check_refused(b"<a/><b/>", "xml-malformed");
        check_refused(b"<a><b>", "xml-truncated");
        check_refused(b"<a", "xml-truncated");
        check_refused(b"<a x='1' x='2'/>", "xml-malformed");
        check_refused(b"<a x='&foo;'/>", "xml-malformed");
        check_refused(b"<a>&foo;</a>", "xml-entity");
        check_refused(b"<!DOCTYPE a [<!ENTITY b \"&c;&c;\"><!ENTITY c \"boom\">]><a>&b;</a>", "xml-doctype");
        check_refused(b"<!DOCTYPE a SYSTEM \"file:///etc/hostname\"><a/>", "xml-doctype");
        check_refused("<a>".repeat(100).as_bytes(), "xml-limit");
        check_refused(format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX)).as_bytes(), "xml-limit");
        let attributes: Vec<String> = (0..100).map(|i| format!("a{i}='1'")).collect();
        check_refused(format!("<a {}/>", attributes.join(" ")).as_bytes(), "xml-malformed");
        check_refused(&vec![b'<'; BYTES_MAX + 1], "file-too-large");
        let other = |name: &str| SMALL.replace("statement name=\"resolution\"", name);
        check_refused(other("statement name=\"presidentialStatement\"").as_bytes(), "not-a-resolution");
        check_refused(SMALL.replace("statement", "act").as_bytes(), "not-a-resolution");
        check_refused(SMALL.replace("docNumber", "p").as_bytes(), "symbol-missing");
        check_refused(SMALL.replace("2023-05-01", "soon").as_bytes(), "date-missing");
    }

    #[test]
    fn a_byte_order_mark_of_utf_8_is_no_fault() {
        let (resolution, findings) = read_resolution("small.xml", &[b"\xef\xbb\xbf", SMALL.as_bytes()].concat());
        assert_eq!((resolution, codes(&findings).len()), (Some(small()), 0));
    }

    #[test]
    fn a_resolution_cut_anywhere_is_refused() {
        for end in 0..SMALL.len() {
            let (resolution, findings) = read_resolution("cut.xml", &SMALL.as_bytes()[..end]);
            assert!(resolution.is_none(), "cut at byte {end}");
            assert!(findings.iter().any(|f| f.severity == Severity::Error), "cut at byte {end}");
        }
    }

    #[test]
    fn damaged_bytes_give_a_resolution_or_an_error_and_no_panic() {
        let mut rng = seeded(2699, 0);
        for _ in 0..3_000 {
            let mut bytes = SMALL.as_bytes().to_vec();
            for _ in 0..=rng.below(4) {
                let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
                let damage = b"<>&\"/= \x00\xff019aA;";
                bytes[at] = damage[usize::try_from(rng.below(damage.len() as u64)).unwrap()];
            }
            let (resolution, findings) = read_resolution("damaged.xml", &bytes);
            let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
            assert_eq!(resolution.is_none(), errors > 0, "{findings:?}");
        }
    }
}

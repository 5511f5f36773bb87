//! The Council: texts put to the vote, how each member voted, and what follows from it by rule.
//!
//! Vocabulary: a [`Resolution`] is a text with its vote, adopted or not; a [`CouncilVote`] is the
//! vote on it; [`decide`] applies Art. 27 of the Charter to a [`Ballot`]; [`replay()`] compares rule
//! and record over many votes.
//!
//! Invariant: a recorded outcome never enters [`decide`]; rule and record meet only in [`replay()`].
//!
//! Start reading at [`rule`], whose head states the rule.

mod member;
mod procedural;
mod replay;
pub mod rule;

pub use member::{Member, PERMANENT_CODES, Recognised};
pub use procedural::{PROCEDURAL_QUESTIONS, ProceduralQuestion, procedural_question};
pub use replay::{Agreement, Disagreement, Replay, ReplayLine, VoteRecord, replay};
pub use rule::{Ballot, Cast, Decision, Outcome, Question, Size, Tally, Vote, decide, size_on};

use crate::table::Record;
use jiff::civil::Date;
use konbit_base::Source;
use serde::{Deserialize, Serialize};

/// Whether a symbol names a resolution or a draft that was not adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextKind {
    /// A resolution.
    Resolution,
    /// A draft resolution.
    Draft,
}

/// The outcome as the source records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedOutcome {
    /// Adopted by vote.
    Adopted,
    /// Adopted without a vote.
    AdoptedWithoutVote,
    /// Adopted by acclamation.
    AdoptedByAcclamation,
    /// Not adopted for want of votes in favour.
    NotAdopted,
    /// Not adopted because of the negative vote of a permanent member.
    Vetoed,
    /// The source does not say, or says it in a word that is not known.
    Unstated,
}

impl RecordedOutcome {
    /// Plain words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::AdoptedWithoutVote => "adopted without a vote",
            Self::AdoptedByAcclamation => "adopted by acclamation",
            Self::NotAdopted => "not adopted",
            Self::Vetoed => "vetoed",
            Self::Unstated => "unstated",
        }
    }
}

/// How the vote was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// At a meeting.
    Meeting,
    /// In writing, as agreed for the pandemic (S/2020/253).
    Written,
}

/// One vote of the Council on one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilVote {
    /// Symbol of the text, such as `S/RES/2699 (2023)` or `S/2023/772`.
    pub symbol: String,
    /// Resolution or draft.
    pub kind: TextKind,
    /// Day of the vote.
    pub date: Date,
    /// Meeting or in writing.
    pub procedure: Procedure,
    /// Number of the meeting; `None` for a vote in writing, or where it is not stated.
    pub meeting: Option<u32>,
    /// Document that records the vote, such as `S/PV.9430`.
    pub record_document: Option<String>,
    /// Symbol of the draft that was put to the vote, such as `S/2023/709`.
    pub draft: Option<String>,
    /// States, or others, that submitted the draft.
    pub sponsors: Vec<Member>,
    /// States that joined as sponsors later.
    pub additional_sponsors: Vec<Member>,
    /// Agenda item.
    pub agenda_item: Option<String>,
    /// Title as catalogued.
    pub title: Option<String>,
    /// Whether the source's own data says that the text acts under Chapter VII of the Charter.
    pub chapter_vii_recorded: bool,
    /// The votes.
    pub cast: Cast,
    /// The outcome as recorded; [`decide`] never sees it.
    pub recorded: RecordedOutcome,
}

impl CouncilVote {
    /// What [`decide`] needs: date, votes, and whether the question is in the table of procedural
    /// questions.
    pub fn ballot(&self) -> Ballot {
        let question =
            if procedural_question(&self.symbol).is_some() { Question::Procedural } else { Question::Substantive };
        Ballot { date: self.date, question, cast: self.cast.clone() }
    }

    /// The outcome by rule.
    pub fn decide(&self) -> Decision {
        decide(&self.ballot())
    }

    /// The year in the symbol, or else that of the date.
    pub fn year(&self) -> i16 {
        let in_brackets = self.symbol.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        let in_draft = self.symbol.strip_prefix("S/").and_then(|rest| rest.split_once('/')).map(|(year, _)| year);
        in_brackets.or(in_draft).and_then(|year| year.parse().ok()).unwrap_or_else(|| self.date.year())
    }
}

/// What a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParagraphKind {
    /// The opening words, "The Security Council,".
    Opening,
    /// A preambular paragraph.
    Preamble,
    /// An operative paragraph. One without a number belongs to the numbered one before it, or is the
    /// only one.
    Operative,
    /// A paragraph of an annex; its numbers, if any, count within the annex and stay in the label.
    Annex,
    /// A heading.
    Heading,
}

/// One paragraph of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    /// Identifier in the Akoma Ntoso text, such as `para_27`; unique within the text.
    pub eid: String,
    /// What it is.
    pub kind: ParagraphKind,
    /// Number of an operative paragraph, from 1.
    pub number: Option<u32>,
    /// Number or letter as printed, such as `1.` or `A.`.
    pub label: Option<String>,
    /// The words marked at its head, such as `Requests` or `Acting`.
    pub verb: Option<String>,
    /// Its text up to the first sub-paragraph, white space normalised.
    pub text: String,
    /// Its sub-paragraphs in order.
    pub points: Vec<Point>,
    /// Text after the last sub-paragraph.
    pub closing: Option<String>,
    /// Footnotes.
    pub notes: Vec<String>,
}

/// One sub-paragraph, with its own sub-paragraphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Identifier in the Akoma Ntoso text, or one made from its parent's and its place.
    pub eid: String,
    /// Letter or number as printed, such as `(a)`.
    pub label: Option<String>,
    /// Its text, white space normalised.
    pub text: String,
    /// Sub-paragraphs below it.
    pub points: Vec<Point>,
}

impl Paragraph {
    /// The whole text in reading order: the paragraph, its sub-paragraphs with their labels, what
    /// follows them. One line each.
    pub fn full_text(&self) -> String {
        fn add(points: &[Point], lines: &mut Vec<String>) {
            for point in points {
                let parts: Vec<&str> =
                    point.label.as_deref().into_iter().chain([point.text.as_str()]).filter(|t| !t.is_empty()).collect();
                lines.push(parts.join(" "));
                add(&point.points, lines);
            }
        }
        let mut lines = vec![self.text.clone()];
        add(&self.points, &mut lines);
        lines.extend(self.closing.clone());
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}

/// A text that was put to the vote, adopted or not: its vote, and its paragraphs where they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The symbol; for a text in another language than English, the symbol and the language, such as
    /// `S/RES/2699 (2023) [fra]`.
    pub id: String,
    /// The vote.
    pub vote: CouncilVote,
    /// Language of the text by ISO 639-2, such as `eng`; `None` where only the vote is known.
    pub language: Option<String>,
    /// Identifiers of the paragraphs that invoke Chapter VII of the Charter.
    pub chapter_vii_invoked_in: Vec<String>,
    /// The paragraphs in order; empty where only the vote is known.
    pub paragraphs: Vec<Paragraph>,
    /// Where it comes from.
    pub source: Source,
}

impl Resolution {
    /// A resolution of which only the vote is known.
    pub fn of_vote(vote: CouncilVote, source: Source) -> Self {
        let id = Self::id_of(&vote.symbol, None);
        Self { id, vote, language: None, chapter_vii_invoked_in: Vec::new(), paragraphs: Vec::new(), source }
    }

    /// The identifier of a text of this symbol in this language.
    pub fn id_of(symbol: &str, language: Option<&str>) -> String {
        match language {
            None | Some("eng") => symbol.to_owned(),
            Some(other) => format!("{symbol} [{other}]"),
        }
    }

    /// The operative paragraph of this number.
    pub fn operative(&self, number: u32) -> Option<&Paragraph> {
        self.paragraphs.iter().find(|p| p.kind == ParagraphKind::Operative && p.number == Some(number))
    }

    /// Whether the text acts under Chapter VII, by its own words or by the source's data.
    pub fn acts_under_chapter_vii(&self) -> bool {
        self.vote.chapter_vii_recorded || !self.chapter_vii_invoked_in.is_empty()
    }
}

impl Record for Resolution {
    const SUBJECT: &'static str = "resolution";
    fn id(&self) -> &str {
        &self.id
    }
    fn title(&self) -> String {
        match &self.vote.title {
            Some(title) => format!("{}: {title}", self.id),
            None => self.id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(symbol: &str, year: i16) {
        let vote = CouncilVote {
            symbol: symbol.to_owned(),
            kind: TextKind::Draft,
            date: jiff::civil::date(1999, 1, 1),
            procedure: Procedure::Meeting,
            meeting: None,
            record_document: None,
            draft: None,
            sponsors: Vec::new(),
            additional_sponsors: Vec::new(),
            agenda_item: None,
            title: None,
            chapter_vii_recorded: false,
            cast: Cast::WithoutVote,
            recorded: RecordedOutcome::Unstated,
        };
        assert_eq!(vote.year(), year, "{symbol}");
        let source = Source { name: "a test".to_owned(), url: None, reading: konbit_base::Reading::Memory };
        let resolution = Resolution::of_vote(vote, source);
        let bytes = konbit_base::canonical::to_bytes(&resolution).unwrap();
        assert_eq!(serde_json::from_slice::<Resolution>(&bytes).unwrap(), resolution);
    }

    #[test]
    fn the_year_of_a_vote_is_that_of_its_symbol() {
        check("S/RES/2699 (2023)", 2023);
        check("S/2024/239", 2024);
        check("S/RES/2699", 1999);
    }

    #[test]
    fn a_paragraph_reads_in_order_with_its_sub_paragraphs() {
        let point = |label: &str, text: &str, points| Point {
            eid: label.to_owned(),
            label: Some(label.to_owned()),
            text: text.to_owned(),
            points,
        };
        let paragraph = Paragraph {
            eid: "para_1".to_owned(),
            kind: ParagraphKind::Operative,
            number: Some(1),
            label: Some("1.".to_owned()),
            verb: Some("Decides".to_owned()),
            text: "Decides:".to_owned(),
            points: vec![
                point("(a)", "first;", vec![point("(i)", "of it;", Vec::new())]),
                point("(b)", "second;", Vec::new()),
            ],
            closing: Some("until further notice;".to_owned()),
            notes: Vec::new(),
        };
        assert_eq!(paragraph.full_text(), "Decides:\n(a) first;\n(i) of it;\n(b) second;\nuntil further notice;");
    }
}

//! From the vote to the mandate and the contributions: steps of the Council, votes by member,
//! obligations, contributions.

use super::InputFile;
use super::findings::{At, Findings};
use super::table::{Column, Row, SOURCE, tables, unique};
use jiff::civil::Date;
use konbit_base::Source;
use konbit_mission::contributions::{Contribution, ContributionId, Kind, Status};
use konbit_mission::council::{Cast, CouncilVote, Member, Procedure, RecordedOutcome, Resolution, TextKind, Vote};
use konbit_mission::history::{Step, StepId};
use konbit_mission::mandate::{Due, Obligation, ObligationId};
use std::collections::BTreeMap;

const STEP: [Column; 19] = [
    Column::new("id", &[], &[]).needed(),
    Column::new("date", &[], &["#date"]).needed(),
    Column::new("date_precision", &[], &["#date+precision"]),
    Column::new("document", &[], &[]),
    Column::new("event", &[], &["#event+type"]).needed(),
    Column::new("member", &["members"], &["#country+code"]),
    Column::new("position", &[], &[]),
    Column::new("issue", &[], &[]),
    Column::new("detail", &[], &["#description"]).needed(),
    Column::new("yes", &[], &[]),
    Column::new("no", &[], &[]),
    Column::new("abstain", &[], &[]),
    Column::new("meeting", &[], &[]),
    Column::new("draft", &[], &[]),
    Column::new("sponsors", &[], &[]),
    Column::new("note", &[], &[]),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
];

/// Reads steps of the Council. The count of a vote, its meeting, draft and sponsors go into the note.
pub(crate) fn steps(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Step>> {
    let kept = tables(files, &STEP, findings, |row| {
        let id = row.own_id(StepId::new)?;
        let date = row.approx_day("date", "date_precision")?;
        let (event, detail) = (row.require("event")?, row.require("detail")?);
        let members = list(row, "member");
        let note: Vec<String> = row.owned("note").into_iter().chain(vote_note(row)).collect();
        Some(Step {
            id,
            date,
            document: row.owned("document"),
            event,
            members,
            position: row.owned("position"),
            issue: row.owned("issue"),
            detail,
            note: (!note.is_empty()).then(|| note.join("; ")),
            source: row.source(),
        })
    })?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

/// Values of a cell that are separated by semicolons.
fn list(row: &Row<'_>, name: &str) -> Vec<String> {
    row.text(name)
        .into_iter()
        .flat_map(|text| text.split(';'))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn vote_note(row: &mut Row<'_>) -> Option<String> {
    let counts: [Option<u32>; 3] = [row.number("yes"), row.number("no"), row.number("abstain")];
    let mut parts = Vec::new();
    if let [Some(yes), Some(no), Some(abstain)] = counts {
        parts.push(format!("{yes} in favour, {no} against, {abstain} abstaining"));
    } else if counts.iter().any(Option::is_some) {
        row.warn(
            "count-incomplete",
            "yes",
            "a vote needs all three counts: in favour, against, abstaining; they were left out",
        );
    }
    parts.extend(row.text("meeting").map(|text| format!("meeting {text}")));
    parts.extend(row.text("draft").map(|text| format!("draft {text}")));
    let sponsors = list(row, "sponsors");
    if !sponsors.is_empty() {
        parts.push(format!("sponsors {}", sponsors.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

const VOTES: [(&str, Vote); 7] = [
    ("y", Vote::InFavour),
    ("n", Vote::Against),
    ("a", Vote::Abstaining),
    ("yes", Vote::InFavour),
    ("no", Vote::Against),
    ("abstain", Vote::Abstaining),
    ("np", Vote::NotParticipating),
];

/// One member's vote on one text.
struct Ballot {
    symbol: String,
    day: Date,
    member: Member,
    vote: Vote,
    source: Source,
}

/// Reads votes by member: one record for each text, without its paragraphs.
pub(crate) fn votes(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Resolution>> {
    let columns = [
        Column::new("resolution", &["symbol", "document"], &[]).needed(),
        Column::new("date", &[], &["#date"]).needed(),
        Column::new("member", &["country"], &["#country+code"]).needed(),
        Column::new("vote", &[], &[]).needed(),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let kept = tables(files, &columns, findings, |row| {
        let symbol = row.require("resolution")?;
        let day = row.require_day("date")?.day;
        let code = row.require("member")?;
        let Some(member) = Member::from_code(&code.to_uppercase()) else {
            return row.reject(
                "member-unknown",
                "member",
                &format!("{code:?} is no code of a State; use ISO 3166-1 alpha-3, such as KEN"),
            );
        };
        let vote = row.require_word("vote", "vote-unknown", &VOTES)?;
        Some(Ballot { symbol, day, member, vote, source: row.source() })
    })?;
    let mut texts: BTreeMap<String, (Date, Source, BTreeMap<Member, Vote>)> = BTreeMap::new();
    for item in kept {
        let ballot = item.value;
        let at = At::row(&item.file, item.row);
        let text =
            texts.entry(ballot.symbol.clone()).or_insert_with(|| (ballot.day, ballot.source.clone(), BTreeMap::new()));
        if text.0 != ballot.day {
            findings.warn(
                "date-differs",
                at.column("date"),
                format!("other rows date the vote on {} to {}; that day was kept", ballot.symbol, text.0),
            );
        }
        match text.2.insert(ballot.member.clone(), ballot.vote) {
            Some(before) if before == ballot.vote => {
                findings.note(
                    "row-twice",
                    at,
                    format!("the vote of {} on {} is given twice; one was kept", ballot.member, ballot.symbol),
                );
            }
            Some(before) => {
                text.2.insert(ballot.member.clone(), before);
                findings.error(
                    "id-twice",
                    at.column("vote"),
                    format!("{} already voted otherwise on {}; the row was left out", ballot.member, ballot.symbol),
                );
            }
            None => {}
        }
    }
    Some(texts.into_iter().map(|(symbol, (day, source, cast))| resolution(symbol, day, source, cast)).collect())
}

/// A text of which only the votes are known. The outcome is left unstated: it follows by rule.
fn resolution(symbol: String, date: Date, source: Source, cast: BTreeMap<Member, Vote>) -> Resolution {
    let kind = if symbol.contains("/RES/") { TextKind::Resolution } else { TextKind::Draft };
    let recorded = if kind == TextKind::Resolution { RecordedOutcome::Adopted } else { RecordedOutcome::Unstated };
    Resolution {
        id: symbol.clone(),
        vote: CouncilVote {
            symbol,
            kind,
            date,
            procedure: Procedure::Meeting,
            meeting: None,
            record_document: None,
            draft: None,
            sponsors: Vec::new(),
            additional_sponsors: Vec::new(),
            agenda_item: None,
            title: None,
            chapter_vii_recorded: false,
            cast: Cast::named(cast),
            recorded,
        },
        language: None,
        chapter_vii_invoked_in: Vec::new(),
        paragraphs: Vec::new(),
        source,
    }
}

const OBLIGATION: [Column; 21] = [
    Column::new("id", &[], &[]).needed(),
    Column::new("resolution", &["symbol"], &[]).needed(),
    Column::new("paragraph", &[], &[]).needed(),
    Column::new("sub", &["part"], &[]),
    Column::new("eid", &[], &[]),
    Column::new("verb", &[], &[]).needed(),
    Column::new("force", &[], &[]).needed(),
    Column::new("owner", &[], &["#org+responsible"]).needed(),
    Column::new("beneficiary", &[], &[]),
    Column::new("what", &[], &["#description"]).needed(),
    Column::new("due_rule", &[], &[]),
    Column::new("due_anchor", &[], &[]),
    Column::new("due_date", &[], &["#date+due"]),
    Column::new("recurrence", &[], &[]),
    Column::new("limits", &[], &[]),
    Column::new("evidence_kind", &["evidence"], &[]),
    Column::new("theme", &[], &["#subsector"]),
    Column::new("note", &[], &[]),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
];

/// Reads obligations. A beneficiary that is named goes with the limits.
pub(crate) fn obligations(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Obligation>> {
    let kept = tables(files, &OBLIGATION, findings, |row| {
        let id = row.own_id(ObligationId::new)?;
        let resolution = row.require("resolution")?;
        row.require("paragraph")?;
        let Some(paragraph) = row.number("paragraph").filter(|number| *number > 0) else {
            return row.reject(
                "number-not-read",
                "paragraph",
                "an obligation needs the number of its operative paragraph",
            );
        };
        let (verb, force) = (row.require("verb")?, row.require("force")?);
        let (owner, what) = (row.require("owner")?, row.require("what")?);
        let due = Due {
            rule: row.owned("due_rule").unwrap_or_default(),
            anchor: row.owned("due_anchor"),
            date: row.day("due_date").map(|day| day.day),
            recurrence: row.owned("recurrence"),
        };
        let beneficiary = row.text("beneficiary").map(|text| format!("for the benefit of: {text}"));
        let limits: Vec<String> = row.owned("limits").into_iter().chain(beneficiary).collect();
        Some(Obligation {
            id,
            resolution,
            paragraph,
            part: row.owned("sub").unwrap_or_default(),
            eid: row.owned("eid"),
            verb,
            force,
            owner,
            what,
            due,
            limits: (!limits.is_empty()).then(|| limits.join("; ")),
            evidence: row.owned("evidence_kind").unwrap_or_default(),
            theme: row.owned("theme").unwrap_or_default(),
            source: row.source(),
        })
    })?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

const KINDS: [(&str, Kind); 5] = [
    ("personnel", Kind::Personnel),
    ("money", Kind::Money),
    ("equipment", Kind::Equipment),
    ("service", Kind::Service),
    ("services", Kind::Service),
];

const STATUSES: [(&str, Status); 4] = [
    ("pledged", Status::Pledged),
    ("offered", Status::Pledged),
    ("committed", Status::Committed),
    ("delivered", Status::Delivered),
];

const COUNTS: [(&str, bool); 4] = [("yes", true), ("no", false), ("true", true), ("false", false)];

/// Row types of the compiled facts that add to totals; the others restate or refine them.
const ROW_TYPES: [(&str, bool); 7] = [
    ("pledge", true),
    ("delivery", true),
    ("state", false),
    ("total", false),
    ("requirement", false),
    ("variant", false),
    ("rotation", false),
];

const CONTRIBUTION: [Column; 18] = [
    Column::new("id", &[], &[]).needed(),
    Column::new("pledge", &["pledge_key"], &[]).needed(),
    Column::new("date", &[], &["#date"]).needed(),
    Column::new("date_precision", &[], &["#date+precision"]),
    Column::new("contributor", &[], &["#org+funder+code", "#country+code"]).needed(),
    Column::new("contributor_name", &[], &["#org+funder+name", "#country+name"]),
    Column::new("kind", &[], &["#item+type"]).needed(),
    Column::new("detail", &[], &["#description"]),
    Column::new("quantity", &["amount"], &["#value"]),
    Column::new("unit", &["currency"], &["#value+unit"]),
    Column::new("status", &[], &["#status"]).needed(),
    Column::new("counts", &[], &[]),
    Column::new("row_type", &[], &[]),
    Column::new("caveat", &[], &[]),
    Column::new("note", &[], &[]),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
];

/// Reads contributions.
pub(crate) fn contributions(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Contribution>> {
    let kept = tables(files, &CONTRIBUTION, findings, |row| {
        let id = row.own_id(ContributionId::new)?;
        let pledge = row.require("pledge")?;
        let date = row.approx_day("date", "date_precision")?;
        // Groups of States have a name and no code.
        let (code, name) = (row.owned("contributor"), row.owned("contributor_name"));
        let (contributor, contributor_name) = match (code, name) {
            (code, Some(name)) => (code.unwrap_or_default(), name),
            (Some(code), None) => (code.clone(), code),
            (None, None) => {
                return row.reject(
                    "value-missing",
                    "contributor",
                    "the row names no contributor; fill in a code or a name",
                );
            }
        };
        let kind = row.require_word("kind", "kind-unknown", &KINDS)?;
        let status = row.require_word("status", "status-unknown", &STATUSES)?;
        let quantity = row.number("quantity");
        let unit = row.owned("unit").unwrap_or_default();
        if quantity.is_some() && unit.is_empty() {
            row.warn(
                "unit-missing",
                "unit",
                "there is a quantity and no unit; write persons, a currency code or what is counted",
            );
        }
        let counts = row
            .word("counts", "counts-unknown", &COUNTS)
            .or_else(|| row.word("row_type", "row-type-unknown", &ROW_TYPES));
        Some(Contribution {
            id,
            pledge,
            date,
            contributor,
            contributor_name,
            kind,
            detail: row.owned("detail").unwrap_or_default(),
            quantity,
            unit,
            status,
            counts: counts.unwrap_or(true),
            caveat: row.owned("caveat"),
            note: row.owned("note"),
            source: row.source(),
        })
    })?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

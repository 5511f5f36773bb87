//! Entering one record at a time, as programs do: exactly once for each key, and only if what it
//! rests on still stands.
//!
//! The mission's state is not read for it: only the row that the record concerns. Nothing here
//! waits for the disk; the answer comes by a callback once the entry is durable.

use crate::{Desk, DeskError, Stamp};
use konbit_base::{Digest, Source, canonical};
use konbit_mission::Event;
use konbit_mission::roads::{RoadReport, RoadState};
use konbit_mission::rules::Refusal;
use konbit_mission::state::StoredError;
use konbit_store::{Command, NewEntry, Reads, Receipt, RowChange, RowRead, Sequencer, Store, StoreError, Submission};
use serde::Serialize;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// What programs may enter and withdraw, by subject. Decisions, mandates and plans are entered by
/// people, from the pages and the command line.
pub const ENTERED_SUBJECTS: [&str; 9] =
    ["area", "base", "contribution", "incident", "incident-source", "road-report", "site", "total", "town"];

/// A number that no row rests on: a reading that names it never holds, whatever happens.
const NO_ENTRY: u64 = u64::MAX;

/// Why something cannot be entered as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryFault {
    /// The kind is not one that programs enter.
    #[error(
        "entries of kind {0:?} are not taken here; the kinds are SUBJECT.recorded and SUBJECT.withdrawn, and the \
         subjects are: {subjects}", subjects = ENTERED_SUBJECTS.join(", ")
    )]
    Kind(String),
    /// The body does not have the form or the values of its kind.
    #[error("the body is not of kind {kind}: {why}")]
    Body {
        /// The kind.
        kind: String,
        /// What is wrong with it.
        why: String,
    },
    /// A withdrawal that expects nothing to be there.
    #[error("a withdrawal cannot expect that there is no {0}; leave out expects, or give the entries that were read")]
    NothingExpected(String),
}

/// Why a record was not entered. Unless it says otherwise, nothing was recorded.
#[derive(Debug, Error)]
pub enum EnterError {
    /// The record rests on other entries than were expected.
    #[error("{subject} {id} is not as it was expected to be; read it again, decide again")]
    Changed {
        /// What kind of thing.
        subject: String,
        /// Which of them.
        id: String,
    },
    /// There is nothing to withdraw.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key was used for something else.
    #[error("the key {key} belongs to another command, which made entry {entry}; give each command a key of its own")]
    KeyTaken {
        /// The key.
        key: String,
        /// First entry of the other command.
        entry: u64,
    },
    /// Too much is waiting to be written.
    #[error("{0} entries are waiting to be written already; try again in a moment")]
    Overloaded(usize),
    /// The disk is full.
    #[error("the disk that holds the record is full; make space and send it again")]
    Full,
    /// Another process holds the record's file.
    #[error("another process holds the record; try again in a moment")]
    Busy,
    /// Writing has stopped. Whether this was kept is known after the program has been started again.
    #[error(
        "the record is no longer written, because a write or a sync of the disk has failed; this entry may be kept or \
         not: whoever runs this server has to check the disk and start it again; then send it again with the same key"
    )]
    Stopped {
        /// What failed, for whoever runs the server.
        why: String,
    },
    /// Anything else.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<StoreError> for EnterError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed { subject, id } => Self::Changed { subject, id },
            StoreError::KeyTaken { key, entry } => Self::KeyTaken { key, entry },
            StoreError::Overloaded { waiting } => Self::Overloaded(waiting),
            StoreError::Full { .. } => Self::Full,
            StoreError::Busy { .. } => Self::Busy,
            StoreError::Stopped { .. } => Self::Stopped { why: error.to_string() },
            other => Self::Desk(other.into()),
        }
    }
}

/// A record to enter or to withdraw, checked, with the client's key for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryCommand {
    command: Command,
    event: Event,
    /// The canonical bytes that are entered.
    body: Vec<u8>,
    expects: Option<Vec<u64>>,
}

/// What a digest of a command is taken of.
#[derive(Serialize)]
struct Content<'a> {
    body: &'a str,
    expects: Option<&'a [u64]>,
    kind: &'a str,
}

impl EntryCommand {
    /// Reads a record of `kind` (such as `incident.recorded`) from JSON.
    ///
    /// `key` is the client's own name for this command, 1 to 200 bytes. `expects` are the entries
    /// that the record rested on when the client read it, oldest first; empty if there must be
    /// none; `None` if the client decides upon nothing (an observation).
    ///
    /// # Errors
    /// [`EntryFault`] if something would be refused, or lost on the way into the record.
    pub fn parse(key: &str, kind: &str, sent: &[u8], expects: Option<Vec<u64>>) -> Result<Self, EntryFault> {
        let subject = kind.rsplit_once('.').map(|(subject, _)| subject).unwrap_or_default();
        if !ENTERED_SUBJECTS.contains(&subject) {
            return Err(EntryFault::Kind(kind.to_owned()));
        }
        let fault = |why: String| EntryFault::Body { kind: kind.to_owned(), why };
        let event = Event::parse(kind, sent).map_err(|error| match error {
            StoredError::Body { source, .. } => fault(source.to_string()),
            _ => EntryFault::Kind(kind.to_owned()),
        })?;
        let body = event.body();
        if let Some(member) = lost(sent, &body) {
            return Err(fault(format!("it has no member {member:?}, which would be lost; leave it out or correct it")));
        }
        if let Some(why) = wrong(&event) {
            return Err(fault(why));
        }
        if matches!(event, Event::Withdrawn { .. }) && expects.as_ref().is_some_and(Vec::is_empty) {
            return Err(EntryFault::NothingExpected(subject.to_owned()));
        }
        let text = std::str::from_utf8(&body).expect("JSON is UTF-8");
        let content = Content { body: text, expects: expects.as_deref(), kind };
        let content = Digest::of(&canonical::to_bytes(&content).expect("texts and whole numbers only"));
        Ok(Self { command: Command { key: key.to_owned(), content }, event, body, expects })
    }

    /// Subject and id of the record it concerns.
    pub fn target(&self) -> (&'static str, &str) {
        self.event.target()
    }

    /// Whether it is entered whatever stands: if the record changes under it, it can be tried again
    /// upon the new state.
    pub fn is_observation(&self) -> bool {
        self.expects.is_none()
    }

    fn is_withdrawal(&self) -> bool {
        matches!(self.event, Event::Withdrawn { .. })
    }

    /// The submission, if the record rests on the entries `stands` (none if it does not stand).
    fn submission(&self, stands: Vec<u64>, stamp: &Stamp) -> Submission {
        let (subject, id) = self.target();
        let (subject, id) = (subject.to_owned(), id.to_owned());
        let withdrawn = self.is_withdrawal();
        // Nothing can be withdrawn that is not there. Only the one who writes can tell a command
        // that is repeated, so it is asked, with a reading that cannot hold.
        let read = if withdrawn && stands.is_empty() { vec![NO_ENTRY] } else { stands.clone() };
        let change = RowChange {
            subject: subject.clone(),
            id: id.clone(),
            entries: stands,
            own: vec![0],
            body: (!withdrawn).then(|| self.body.clone()),
        };
        let entry =
            NewEntry { at: stamp.now, actor: stamp.actor.clone(), kind: self.event.kind(), body: self.body.clone() };
        Submission {
            reads: Reads::Rows(vec![RowRead { subject, id, entries: read }]),
            entries: vec![entry],
            salts: stamp.salts.clone(),
            changes: vec![change],
            attachments: Vec::new(),
            command: Some(self.command.clone()),
        }
    }
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The entries that it rests on, oldest first.
    pub entries: Vec<u64>,
    /// Its canonical JSON.
    pub body: Vec<u8>,
}

/// What records are entered through, apart from what pages read with: a long reading of the whole
/// state must not hold them up.
pub(crate) struct Entering {
    // Dropped before the writer, which seals the file only if nobody reads it.
    reader: Mutex<Store>,
    writer: Arc<Sequencer>,
}

impl Desk {
    fn entering(&self) -> Result<&Entering, DeskError> {
        if let Some(entering) = self.entering.get() {
            return Ok(entering);
        }
        let reader = Mutex::new(Store::open_read_only(self.dir().record_path())?);
        let made = Entering { reader, writer: self.writer()? };
        Ok(self.entering.get_or_init(|| made))
    }

    /// How a record stands; `None` if it does not.
    pub fn standing(&self, subject: &str, id: &str) -> Result<Option<Standing>, DeskError> {
        // A thread that panicked held no transaction: it only read.
        let reader = self.entering()?.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let row = reader.row(subject, id)?;
        Ok(row.map(|row| Standing { entries: row.entries, body: row.body }))
    }

    /// Enters a record, without waiting. `reply` is called once the entry is durable, or refused,
    /// from the thread that writes: it has to return at once and must not panic.
    ///
    /// A command whose key was answered before is answered the same and not entered again.
    ///
    /// # Errors
    /// If it was not taken; then `reply` is not called. [`EnterError::Overloaded`] if too many wait
    /// already, [`EnterError::Stopped`], [`DeskError::ReadOnly`], failures of the file.
    pub fn enter(
        &self,
        command: &EntryCommand,
        stamp: &Stamp,
        reply: impl FnOnce(Result<Receipt, EnterError>) + Send + 'static,
    ) -> Result<(), EnterError> {
        let (subject, id) = command.target();
        let stands = match &command.expects {
            Some(expected) => expected.clone(),
            None => self.standing(subject, id)?.map(|standing| standing.entries).unwrap_or_default(),
        };
        let missing = (command.is_withdrawal() && stands.is_empty())
            .then(|| Refusal::NothingToWithdraw { subject: subject.to_owned(), id: id.to_owned() });
        let answer = move |answer: Result<Receipt, StoreError>| {
            reply(answer.map_err(|error| match (error, missing) {
                (StoreError::Changed { .. }, Some(refusal)) => refusal.into(),
                (error, _) => error.into(),
            }));
        };
        Ok(self.entering()?.writer.submit_then(command.submission(stands, stamp), answer)?)
    }
}

/// The first member of what was `sent` that is not in what is `kept`, as a path.
fn lost(sent: &[u8], kept: &[u8]) -> Option<String> {
    if sent == kept {
        return None;
    }
    let read = |bytes| serde_json::from_slice::<Value>(bytes).expect("both were read before");
    lost_at(&read(sent), &read(kept), "")
}

fn lost_at(sent: &Value, kept: &Value, path: &str) -> Option<String> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => sent.iter().find_map(|(name, value)| match kept.get(name) {
            Some(kept) if value.is_object() || value.is_array() => lost_at(value, kept, &below(name)),
            Some(_) => None,
            // A member that is left out and one that is null are the same.
            None => (!value.is_null()).then(|| below(name)),
        }),
        (Value::Array(sent), Value::Array(kept)) if sent.len() == kept.len() => sent
            .iter()
            .zip(kept)
            .enumerate()
            .find_map(|(ix, (sent, kept))| lost_at(sent, kept, &below(&ix.to_string()))),
        // A list in the place of members: which of them it would be is not said.
        (Value::Array(_) | Value::Object(_), _) => Some(if path.is_empty() { "0".to_owned() } else { path.to_owned() }),
        _ => None,
    }
}

/// What is wrong with the values of a record whose form is right; `None` if nothing is.
fn wrong(event: &Event) -> Option<String> {
    let exchanged = |end: &str, start: &str| Some(format!("{end} is before {start}; exchange or correct them"));
    let own = match event {
        Event::Withdrawn { withdrawal, .. } if withdrawal.reason.trim().is_empty() => {
            return Some(Refusal::NoReason.to_string());
        }
        Event::Incident(it) if it.end < it.start => exchanged("end", "start"),
        Event::Incident(it) if !it.killed.is_ordered() => {
            Some("low, best and high of killed are not in order; correct them".to_owned())
        }
        Event::Total(it) if it.end < it.start => exchanged("end", "start"),
        Event::Area(it) if it.until.is_some_and(|until| until < it.since) => exchanged("until", "since"),
        Event::Area(it) if it.radius_m == 0 => Some("radius_m is 0; give it in metres".to_owned()),
        Event::RoadReport(it) => wrong_report(it),
        _ => None,
    };
    own.or_else(|| {
        let url = source_of(event)?.url.as_deref()?;
        let known = url.starts_with("https://") || url.starts_with("http://");
        (!known).then(|| "source.url does not begin with https:// or http://; correct it or leave it out".to_owned())
    })
}

fn wrong_report(report: &RoadReport) -> Option<String> {
    match report.state {
        RoadState::Slowed { speed_percent } if !(1..=99).contains(&speed_percent) => {
            Some(format!("speed_percent is {speed_percent}; it must be between 1 and 99"))
        }
        _ if report.end() <= report.from => Some("until or expires is not after from; correct them".to_owned()),
        _ => report.stretch.fault(),
    }
}

fn source_of(event: &Event) -> Option<&Source> {
    Some(match event {
        Event::Area(it) => &it.source,
        Event::Base(it) => &it.source,
        Event::Contribution(it) => &it.source,
        Event::Incident(it) => &it.source,
        Event::IncidentSource(it) => &it.source,
        Event::RoadReport(it) => &it.source,
        Event::Site(it) => &it.source,
        Event::Total(it) => &it.source,
        Event::Town(it) => &it.source,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn town() -> Value {
        json!({"id": "t-1", "name": "Jacmel", "position": {"lat_micro": 18_234_000, "lon_micro": -72_535_000},
            "area": null, "population": 40_000, "source": {"name": "census", "reading": "dataset"}})
    }

    fn road_report() -> Value {
        json!({"id": "r-1", "place": "bridge", "state": "closed", "from": "2023-10-02T06:00:00Z", "until": null,
            "expires": "2023-10-05T06:00:00Z", "note": null, "source": {"name": "patrol", "reading": "unstated"},
            "stretch": {"around": {"centre": {"lat_micro": 18_500_000, "lon_micro": -72_300_000}, "radius_m": 100}}})
    }

    fn incident() -> Value {
        json!({"id": "i-1", "kind": "kidnapping", "start": "2023-10-01", "end": "2023-10-02", "date_precision": "day",
            "place": "Jacmel", "area": null, "position": null, "place_precision": "town",
            "killed": {"low": 1, "best": 2, "high": 3}, "injured": null, "kidnapped": 4, "displaced": null,
            "group": null, "summary": "as reported", "source": {"name": "radio", "reading": "press"}})
    }

    /// `body` with the member at `pointer` set to `value`.
    fn with(mut body: Value, pointer: &str, value: Value) -> Value {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    }

    fn check(kind: &str, body: &Value, expect: &str) {
        match EntryCommand::parse("k", kind, body.to_string().as_bytes(), None) {
            Ok(_) => assert_eq!(expect, "", "{kind} {body}"),
            Err(fault) => assert!(!expect.is_empty() && fault.to_string().contains(expect), "{kind} {body}: {fault}"),
        }
    }

    #[test]
    fn what_is_not_of_its_kind_is_refused_with_the_reason() {
        check("town.recorded", &town(), "");
        check("incident.recorded", &incident(), "");
        check("road-report.recorded", &road_report(), "");
        check("town.withdrawn", &json!({"id": "t-1", "reason": "entered twice"}), "");
        check("town.withdrawn", &json!({"id": "t-1", "reason": " "}), "a reason is needed");
        check("plan.recorded", &town(), "not taken here");
        check("town.renamed", &town(), "not taken here");
        check("town", &town(), "not taken here");
        check("town.recorded", &json!({"id": "t-1"}), "missing field `name`");
        check("town.recorded", &json!("t-1"), "invalid type: string");
        check("town.recorded", &with(town(), "/population", json!(0.5)), "floating point");
        check("town.recorded", &with(town(), "/id", json!("two words")), "white space");
        check("town.recorded", &with(town(), "/position/lat_micro", json!(91_000_000)), "not between -90 and 90");
        check("town.recorded", &with(town(), "/source/reading", json!("guessed")), "unknown variant");
        check("town.recorded", &with(town(), "/source/url", json!("javascript:x")), "does not begin with https://");
        check("town.recorded", &with(town(), "/source/url", json!("https://example.org/census")), "");
        check("incident.recorded", &with(incident(), "/end", json!("2023-09-30")), "end is before start");
        check("incident.recorded", &with(incident(), "/killed/low", json!(9)), "not in order");
        check(
            "road-report.recorded",
            &with(road_report(), "/state", json!({"slowed": {"speed_percent": 0}})),
            "1 and 99",
        );
        check("road-report.recorded", &with(road_report(), "/until", json!("2023-10-02T06:00:00Z")), "not after from");
        check("road-report.recorded", &with(road_report(), "/stretch/around/radius_m", json!(0)), "radius is 0 metres");
    }

    #[test]
    fn nothing_that_is_sent_is_lost() {
        check("town.recorded", &with(town(), "/populaton", json!(3)), "\"populaton\"");
        check("town.recorded", &with(town(), "/source/lnk", json!("x")), "\"source.lnk\"");
        check("town.recorded", &with(town(), "/position/altitude", json!(3)), "\"position.altitude\"");
        check("town.recorded", &with(town(), "/source", json!(["census", null, "dataset"])), "\"source\"");
        check("town.recorded", &with(town(), "/note", Value::Null), "");
        let line = json!({"line": [{"lat_micro": 1, "lon_micro": 2}, {"lat_micro": 3, "lon_micro": 4, "z": 5}]});
        check("road-report.recorded", &with(road_report(), "/stretch", line), "\"stretch.line.1.z\"");
        let twice = br#"{"id": "t-1", "id": "t-2", "reason": "x"}"#;
        let fault = EntryCommand::parse("k", "town.withdrawn", twice, None).unwrap_err();
        assert!(fault.to_string().contains("duplicate field"), "{fault}");
    }

    #[test]
    fn the_same_content_has_one_digest_however_it_is_written_and_another_content_another() {
        let digest = |kind: &str, body: &str, expects: Option<Vec<u64>>| {
            EntryCommand::parse("k", kind, body.as_bytes(), expects).unwrap().command.content
        };
        let base = digest("town.withdrawn", r#"{"id":"t","reason":"x"}"#, None);
        assert_eq!(digest("town.withdrawn", "{ \"reason\": \"\\u0078\", \"id\": \"t\" }", None), base);
        let others = [
            digest("base.withdrawn", r#"{"id":"t","reason":"x"}"#, None),
            digest("town.withdrawn", r#"{"id":"u","reason":"x"}"#, None),
            digest("town.withdrawn", r#"{"id":"t","reason":"y"}"#, None),
            digest("town.withdrawn", r#"{"id":"t","reason":"x"}"#, Some(vec![3])),
        ];
        for (ix, other) in others.iter().enumerate() {
            assert!(*other != base && !others[..ix].contains(other), "{ix}");
        }
        let nothing = EntryCommand::parse("k", "town.withdrawn", br#"{"id":"t","reason":"x"}"#, Some(Vec::new()));
        assert_eq!(nothing, Err(EntryFault::NothingExpected("town".to_owned())));
    }
}

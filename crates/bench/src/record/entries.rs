//! The entries that are appended: incidents with bodies of one length.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use konbit_base::{Digest, canonical};
use konbit_store::{Command, NewEntry, Reads, RowChange, RowRead, SaltSeed, Submission};

/// Bytes of each body, as the record keeps it.
pub const BODY_BYTES: usize = 512;

/// Kind of the entries.
pub const KIND: &str = "incident.recorded";

/// Stands for the number of an entry.
const NUMBER: &str = "000000000000";

/// An incident as a program would write it, with its members in the order of the documentation,
/// which is not the order in which the record keeps them.
const SENT: &str = r#"{"id":"bench-000000000000","kind":"kidnapping","start":"2023-10-01","end":"2023-10-01","date_precision":"day","place":"Port-au-Prince","area":null,"position":null,"place_precision":"town","killed":{"low":null,"best":null,"high":null},"injured":null,"kidnapped":2,"displaced":null,"group":null,"summary":"","source":{"name":"benchmark","reading":"unstated"}}"#;

/// A text with a place for a number.
#[derive(Debug)]
struct Form {
    before: String,
    after: String,
}

impl Form {
    fn new(text: &str) -> anyhow::Result<Self> {
        let (before, after) = text.split_once(NUMBER).context("the form has a place for the number")?;
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    fn with(&self, n: u64) -> String {
        format!("{}{n:012}{}", self.before, self.after)
    }
}

/// Makes entries.
#[derive(Debug)]
pub struct Entries {
    sent: Form,
    kept: Form,
    seed: u64,
}

impl Entries {
    /// Entries whose salts and keys come from `seed`.
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        let summary = "x".repeat(BODY_BYTES.saturating_sub(SENT.len()));
        let sent = SENT.replace(r#""summary":"""#, &format!(r#""summary":"{summary}""#));
        let value: serde_json::Value = serde_json::from_str(&sent)?;
        let kept = String::from_utf8(canonical::to_bytes(&value)?)?;
        ensure!((sent.len(), kept.len()) == (BODY_BYTES, BODY_BYTES), "the bodies have {} bytes", kept.len());
        Ok(Self { sent: Form::new(&sent)?, kept: Form::new(&kept)?, seed })
    }

    /// The `n`-th body as the record keeps it.
    pub fn body(&self, n: u64) -> Vec<u8> {
        self.kept.with(n).into_bytes()
    }

    /// The key under which the `n`-th entry is sent.
    pub fn key(&self, n: u64) -> String {
        format!("{:016x}-{n:012}", self.seed)
    }

    /// The `n`-th entry as a request over HTTP.
    pub fn request(&self, n: u64) -> Vec<u8> {
        let body = format!(r#"{{"kind":"{KIND}","body":{}}}"#, self.sent.with(n));
        format!(
            "POST /api/entries HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nidempotency-key: {}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.key(n),
            body.len()
        )
        .into_bytes()
    }

    /// Salts of the `n`-th append.
    pub fn salts(&self, n: u64) -> SaltSeed {
        SaltSeed(Digest::of(self.key(n).as_bytes()).0)
    }

    /// The `n`-th entry.
    pub fn entry(&self, n: u64) -> NewEntry {
        NewEntry {
            at: Timestamp::from_second(1_696_273_200).expect("a day in 2023"),
            actor: "benchmark".to_owned(),
            kind: KIND.to_owned(),
            body: self.body(n),
        }
    }

    /// `count` entries from the `n`-th on as one submission: with a projection row for each, as
    /// the server makes them, and for one entry with its key.
    pub fn submission(&self, n: u64, count: u64) -> Submission {
        let entries: Vec<NewEntry> = (n..n + count).map(|n| self.entry(n)).collect();
        let id = |n: u64| format!("bench-{n:012}");
        let read = |n| RowRead { subject: "incident".to_owned(), id: id(n), entries: Vec::new() };
        let change = |(own, n): (usize, u64)| RowChange {
            subject: "incident".to_owned(),
            id: id(n),
            entries: Vec::new(),
            own: vec![own],
            body: Some(self.body(n)),
        };
        let command = (count == 1).then(|| Command { key: self.key(n), content: Digest::of(&self.body(n)) });
        Submission {
            reads: Reads::Rows((n..n + count).map(read).collect()),
            entries,
            salts: self.salts(n),
            changes: (n..n + count).enumerate().map(change).collect(),
            attachments: Vec::new(),
            command,
        }
    }
}

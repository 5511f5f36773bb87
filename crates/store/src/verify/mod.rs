//! Verification: recompute everything that can be recomputed, and name the first entry that
//! does not match.

mod bodies;
mod signed;
mod walk;

use crate::error::StoreError;
use crate::store::{Store, existing_file, log_exists};
use crate::{schema, seal};
use konbit_base::Digest;
use konbit_record::{Hash, SignedCheckpoint, VerifierKey};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The most problems that are told one by one.
const PROBLEMS_MAX: usize = 50;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The first entry that it touches; `None` if it touches none.
    pub entry: Option<u64>,
    /// What does not hold.
    pub sentence: String,
}

/// The answer of [`verify()`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Number of entries that could be read.
    pub entries: u64,
    /// Root of the tree, recomputed from the entries; `None` if one of them could not be read.
    pub root: Option<Digest>,
    /// Whether everything that was looked at holds.
    pub ok: bool,
    /// The first entry that does not match, if the fault touches an entry at all. If a whole
    /// batch was rewritten with leaves and tree, the first entry of what can be in question.
    pub first_bad: Option<u64>,
    /// How many bodies were erased.
    pub erased: u64,
    /// The entries that ordered it.
    pub erased_by: Vec<u64>,
    /// What does not hold, at most 50 sentences.
    pub problems: Vec<Problem>,
    /// What was looked at.
    pub covered: Vec<String>,
    /// What could not be looked at, and why. Not a fault by itself.
    pub not_covered: Vec<String>,
}

/// Says what differs between the projections that are stored and those that the entries give.
pub type Compare<'a> = dyn FnMut(&Store) -> Result<Vec<Problem>, StoreError> + 'a;

/// What [`verify_by`] does besides.
#[derive(Default)]
pub struct Options<'a> {
    /// The log's key, with which the signature of the signed head is checked.
    pub log_key: Option<&'a VerifierKey>,
    /// Called if all entries hold: rebuilds the projections from the entries, compares them with
    /// those that are stored, and gives what differs.
    pub compare: Option<&'a mut Compare<'a>>,
    /// Called with the number of entries done, each time a thousand are: to show progress, or to
    /// pause so that a verification in the background leaves the processor to others.
    pub step: Option<&'a mut dyn FnMut(u64)>,
}

/// Verifies the record at `path` without changing any file: the pages of the database, that
/// entries are numbered without gaps, every leaf, every body against its commitment or the order
/// that erased it, every node of the tree, the root of every head, the signed head, every
/// attachment, and the bytes of the file against its seal.
///
/// # Errors
/// Only if there is no file to look at, if it is in use and locked, or if an earlier program wrote
/// it ([`StoreError::Older`]). A file that is damaged beyond reading is an answer, not an error.
pub fn verify(path: impl AsRef<Path>) -> Result<VerifyReport, StoreError> {
    verify_by(path, Options::default())
}

/// [`verify()`], and then `compare` ([`Options::compare`]).
///
/// # Errors
/// As [`verify()`].
pub fn verify_with(
    path: impl AsRef<Path>,
    mut compare: impl FnMut(&Store) -> Result<Vec<Problem>, StoreError>,
) -> Result<VerifyReport, StoreError> {
    verify_by(path, Options { compare: Some(&mut compare), ..Options::default() })
}

/// [`verify()`] with [`Options`].
///
/// # Errors
/// As [`verify()`].
pub fn verify_by(path: impl AsRef<Path>, mut options: Options<'_>) -> Result<VerifyReport, StoreError> {
    let path = existing_file(path.as_ref())?;
    let had_log = log_exists(&path);
    let report = attempt(&path, &mut options)?;
    // The file was read as one that nobody writes. If somebody began to write meanwhile, what was
    // read may be a mixture; with the log there, SQLite keeps one moment for us.
    if !report.ok && !had_log && log_exists(&path) { attempt(&path, &mut options) } else { Ok(report) }
}

fn attempt(path: &Path, options: &mut Options<'_>) -> Result<VerifyReport, StoreError> {
    let mut findings = Findings::default();
    // Before the moment that is read begins: whoever writes meanwhile is then ahead of this head.
    let head = signed::read(path, &mut findings);
    let opened = Store::attach_for_verify(path).and_then(|store| store.begin_reading().map(|()| store));
    if let Ok(store) = &opened
        && let Ok(Some(found)) = schema::older(store.db())
    {
        return Err(StoreError::Older { path: path.to_owned(), found, known: schema::version_of(schema::MIGRATIONS) });
    }
    match opened {
        Ok(mut store) => examine(&mut store, head.as_ref(), options, &mut findings),
        Err(error @ (StoreError::Busy { .. } | StoreError::Io { .. } | StoreError::ReadOnly { .. })) => {
            return Err(error);
        }
        Err(error) => findings.tell(None, error.to_string()),
    }
    Ok(findings.into_report())
}

/// What has been found so far.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    untold: u64,
    covered: Vec<String>,
    not_covered: Vec<String>,
    entries: u64,
    root: Option<Hash>,
    erased: u64,
    erased_by: Vec<u64>,
    /// The first entry that itself does not match, is missing or cannot be read.
    bad_entry: Option<u64>,
    /// The first entry under the first head whose root differs, and after the head before it.
    bad_head: Option<u64>,
    /// The first entry under the first node that differs.
    bad_node: Option<u64>,
    /// The first entry that the caller's comparison names.
    bad_projection: Option<u64>,
}

fn lower(place: &mut Option<u64>, ix: u64) {
    *place = Some(place.map_or(ix, |known| known.min(ix)));
}

impl Findings {
    fn tell(&mut self, entry: Option<u64>, sentence: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { entry, sentence: sentence.into() });
        } else {
            self.untold += 1;
        }
    }

    fn tell_entry(&mut self, ix: u64, sentence: impl Into<String>) {
        lower(&mut self.bad_entry, ix);
        self.tell(Some(ix), sentence);
    }

    fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// An entry's own fault says it exactly. Otherwise heads and nodes each say from which entry
    /// on something may differ; if both do, it is in what both cover, so the later beginning.
    fn first_bad(&self) -> Option<u64> {
        let tree = match (self.bad_head, self.bad_node) {
            (Some(head), Some(node)) => Some(head.max(node)),
            (head, node) => head.or(node),
        };
        self.bad_entry.or(tree).or(self.bad_projection)
    }

    fn into_report(mut self) -> VerifyReport {
        let first_bad = self.first_bad();
        if self.untold > 0 {
            let sentence = format!("and {} further problems", self.untold);
            self.problems.push(Problem { entry: None, sentence });
        }
        VerifyReport {
            entries: self.entries,
            root: self.root.map(Digest),
            ok: self.problems.is_empty(),
            first_bad,
            erased: self.erased,
            erased_by: self.erased_by,
            problems: self.problems,
            covered: self.covered,
            not_covered: self.not_covered,
        }
    }
}

fn examine(store: &mut Store, head: Option<&SignedCheckpoint>, options: &mut Options<'_>, findings: &mut Findings) {
    examine_form(store.db(), findings);
    examine_pages(store.db(), findings);
    let sealed = seal::read(store.path());
    let sealed_size = sealed.as_ref().ok().and_then(|seal| seal.as_ref()).map(|seal| seal.entries);
    let stated = sealed_size.into_iter().chain(head.map(|head| head.head().size));
    let roots = walk::examine_entries(store.db(), stated, options, findings);
    let root_at = |size: u64| roots.get(&size).copied().flatten();
    signed::examine(store.db(), head, &roots, options.log_key, findings);
    examine_attachments(store.db(), findings);
    match &mut options.compare {
        Some(compare) if findings.bad_entry.is_none() => match compare(store) {
            Ok(problems) => {
                findings.covered.push("projections: compared with what the entries give".to_owned());
                for problem in problems {
                    if let Some(ix) = problem.entry {
                        lower(&mut findings.bad_projection, ix);
                    }
                    findings.tell(problem.entry, problem.sentence);
                }
            }
            Err(error) => findings.tell(None, format!("the projections cannot be compared: {error}")),
        },
        Some(_) => findings.not_covered.push("projections: not compared, because entries do not hold".to_owned()),
        None => findings.not_covered.push("projections: not compared with the entries".to_owned()),
    }
    match sealed {
        Err(why) => findings.tell(None, why),
        Ok(None) => findings.not_covered.push(
            "unused bytes: there is no seal beside the file, so a change of bytes that no entry uses does not show"
                .to_owned(),
        ),
        Ok(Some(seal)) => examine_seal(store, &seal, root_at(seal.entries), findings),
    }
}

/// The mark of the program, the form of the file and the definitions of its tables.
fn examine_form(db: &Connection, findings: &mut Findings) {
    let read = || {
        let known = schema::version_of(schema::MIGRATIONS);
        let as_defined = schema::definitions(db)? == schema::definitions_of(known)?;
        Ok((schema::application_id(db)?, schema::version(db)? == known, as_defined))
    };
    match read() {
        Err::<_, rusqlite::Error>(error) => findings.tell(None, format!("the tables cannot be read: {error}")),
        Ok((id, _, _)) if id != schema::APPLICATION_ID => {
            findings.tell(None, format!("the file is not marked as a record of Konbit (application id {id:#x})"));
        }
        Ok((_, false, _)) => findings.tell(None, "the form of the file is not the one this program writes"),
        Ok((_, _, false)) => findings.tell(None, "the tables are not defined as this program defines them"),
        Ok((_, true, true)) => findings.covered.push("form: mark, version and table definitions".to_owned()),
    }
}

/// `SQLite`'s own check of pages, indexes and constraints.
fn examine_pages(db: &Connection, findings: &mut Findings) {
    let lines: rusqlite::Result<Vec<String>> =
        db.prepare("PRAGMA integrity_check(10)").and_then(|mut query| query.query_map([], |row| row.get(0))?.collect());
    match lines {
        Ok(lines) if lines == ["ok"] => {
            findings.covered.push("pages: structure, indexes and constraints of the database".to_owned());
        }
        Ok(lines) => {
            for line in lines {
                findings.tell(None, format!("the database is malformed: {}", line.replace('\n', " ")));
            }
        }
        Err(error) => findings.tell(None, format!("the pages of the database cannot be checked: {error}")),
    }
}

fn examine_attachments(db: &Connection, findings: &mut Findings) {
    let mut look = || {
        let mut query = db.prepare("SELECT digest, bytes, name FROM attachment ORDER BY digest")?;
        let (mut rows, mut count) = (query.query([])?, 0);
        while let Some(row) = rows.next()? {
            let (digest, bytes) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
            if Digest::of(bytes).0 != *digest {
                let name = row.get_ref(2)?.as_str().unwrap_or("without a readable name");
                findings.tell(None, format!("the attachment {name} is not what its digest says"));
            }
            count += 1;
        }
        Ok(count)
    };
    let count: rusqlite::Result<u64> = look();
    match count {
        Ok(count) => findings.covered.push(format!("attachments: {count}, each compared with its digest")),
        Err(error) => findings.tell(None, format!("the attachments cannot be read: {error}")),
    }
}

/// Compares the file with what it was when it was last closed.
fn examine_seal(store: &mut Store, seal: &seal::Seal, root: Option<Hash>, findings: &mut Findings) {
    let (size, sealed) = (findings.entries, seal.entries);
    if findings.bad_entry.is_none() && sealed > size {
        let why = "entries were removed, or an older copy was put in its place";
        findings.tell_entry(size, format!("the seal states {sealed} entries, the record holds {size}: {why}"));
        return;
    }
    if root.is_some_and(|root| root != seal.root.0) {
        findings.tell(None, format!("the first {sealed} entries are not the ones that were sealed"));
        return;
    }
    if sealed < size {
        findings.not_covered.push(format!(
            "unused bytes: the seal is of {sealed} entries and not current, because the record is open or its writer \
             was killed; a change of bytes that no entry uses does not show"
        ));
        return;
    }
    let length = if log_exists(store.path()) { Some(seal.bytes) } else { length_of(store.path()) };
    match store.image_digest() {
        Ok(Some((bytes, sha256))) if (bytes, sha256) == (seal.bytes, seal.sha256) && length == Some(bytes) => {
            findings.covered.push("file: every byte is as it was when the record was closed".to_owned());
        }
        Ok(_) if findings.is_sound() => {
            findings.tell(None, "the file differs from its seal in bytes that no entry uses");
        }
        Ok(_) => findings.tell(None, "the file differs from its seal"),
        Err(error) => findings.tell(None, format!("the file cannot be compared with its seal: {error}")),
    }
}

fn length_of(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.len())
}

//! Verification: recompute everything that can be recomputed, and name the first entry that
//! does not match.

use crate::entry::{LeafParts, leaf_input_of, not_canonical};
use crate::error::StoreError;
use crate::store::{Store, existing_file, log_exists};
use crate::{schema, seal};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{Frontier, Hash, Node, leaf_hash};
use rusqlite::{Connection, OptionalExtension as _, Row, Rows};
use serde::Serialize;
use std::path::Path;

/// The most problems that are told one by one.
const PROBLEMS_MAX: usize = 50;

/// After so many entries that are missing or cannot be read, no more are looked for.
const LOST_MAX: u64 = 10_000;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The first entry that it touches; `None` if it touches none.
    pub entry: Option<u64>,
    /// What does not hold.
    pub sentence: String,
}

/// The answer of [`verify()`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// What does not hold, at most 50 sentences.
    pub problems: Vec<Problem>,
    /// What was looked at.
    pub covered: Vec<String>,
    /// What could not be looked at, and why. Not a fault by itself.
    pub not_covered: Vec<String>,
}

/// Verifies the record at `path` without changing any file: the pages of the database, that
/// entries are numbered without gaps, every leaf, every node of the tree, the root of every head,
/// every attachment, and the bytes of the file against its seal.
///
/// # Errors
/// Only if there is no file to look at, or it is in use and locked. A file that is damaged beyond
/// reading is an answer, not an error.
pub fn verify(path: impl AsRef<Path>) -> Result<VerifyReport, StoreError> {
    run(path.as_ref(), None)
}

/// [`verify()`], and then `compare`, which the caller uses to rebuild the projections from the
/// entries and to compare them with those that are stored; it gives what differs. It is called
/// only if all entries hold.
///
/// # Errors
/// As [`verify()`].
pub fn verify_with(
    path: impl AsRef<Path>,
    mut compare: impl FnMut(&Store) -> Result<Vec<Problem>, StoreError>,
) -> Result<VerifyReport, StoreError> {
    run(path.as_ref(), Some(&mut compare))
}

type Compare<'a> = &'a mut dyn FnMut(&Store) -> Result<Vec<Problem>, StoreError>;

fn run(path: &Path, mut compare: Option<Compare<'_>>) -> Result<VerifyReport, StoreError> {
    let path = existing_file(path)?;
    let had_log = log_exists(&path);
    let report = attempt(&path, compare.as_mut())?;
    // The file was read as one that nobody writes. If somebody began to write meanwhile, what was
    // read may be a mixture; with the log there, SQLite keeps one moment for us.
    if !report.ok && !had_log && log_exists(&path) { attempt(&path, compare.as_mut()) } else { Ok(report) }
}

fn attempt(path: &Path, compare: Option<&mut Compare<'_>>) -> Result<VerifyReport, StoreError> {
    let mut findings = Findings::default();
    let opened = Store::attach_for_verify(path).and_then(|store| store.begin_reading().map(|()| store));
    match opened {
        Ok(mut store) => examine(&mut store, compare, &mut findings),
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
            problems: self.problems,
            covered: self.covered,
            not_covered: self.not_covered,
        }
    }
}

fn examine(store: &mut Store, compare: Option<&mut Compare<'_>>, findings: &mut Findings) {
    examine_form(store.db(), findings);
    examine_pages(store.db(), findings);
    let sealed = seal::read(store.path());
    let sealed_size = sealed.as_ref().ok().and_then(|seal| seal.as_ref()).map(|seal| seal.entries);
    let sealed_root = examine_entries(store.db(), sealed_size, findings);
    examine_attachments(store.db(), findings);
    match compare {
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
        Ok(Some(seal)) => examine_seal(store, &seal, sealed_root, findings),
    }
}

/// The mark of the program, the form of the file and the definitions of its tables.
fn examine_form(db: &Connection, findings: &mut Findings) {
    let expect = || {
        let mut fresh = Connection::open_in_memory()?;
        schema::migrate(&mut fresh, schema::MIGRATIONS)?;
        schema::definitions(&fresh)
    };
    let read = || {
        let known = schema::version_of(schema::MIGRATIONS);
        Ok((schema::application_id(db)?, schema::version(db)? == known, schema::definitions(db)? == expect()?))
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

/// An entry as it lies there.
struct Stored {
    ix: i64,
    at: String,
    actor: String,
    kind: String,
    body: Vec<u8>,
    leaf: Vec<u8>,
}

const STORED: &str = "SELECT ix, at, actor, kind, body, leaf FROM entry";

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        ix: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        leaf: row.get(5)?,
    })
}

/// Entries, nodes and heads together, oldest first. Gives the root at `sealed_size`.
fn examine_entries(db: &Connection, sealed_size: Option<u64>, findings: &mut Findings) -> Option<Hash> {
    let mut walk = Walk { db, findings, tree: Some(Frontier::new()), last_head: 0, sealed_size, sealed_root: None };
    walk.sealed_root = (sealed_size == Some(0)).then(konbit_record::empty_root);
    let mut query = db.prepare("SELECT size, root, at FROM head ORDER BY size");
    let rows = query
        .as_mut()
        .map_err(|error| error.to_string())
        .and_then(|query| query.query([]).map_err(|error| error.to_string()));
    let mut heads = Heads { rows: None, next: None };
    match rows {
        Ok(rows) => heads.rows = Some(rows),
        Err(error) => walk.findings.tell(None, format!("the heads cannot be read: {error}")),
    }
    heads.advance(walk.findings);
    let next = walk.stream(&mut heads);
    if let Some(next) = next {
        walk.one_by_one(next, &mut heads);
    }
    walk.finish(&heads);
    walk.sealed_root
}

struct Walk<'a> {
    db: &'a Connection,
    findings: &'a mut Findings,
    /// The tree so far; gone once an entry could not be read.
    tree: Option<Frontier>,
    /// Size of the last head that was met.
    last_head: u64,
    sealed_size: Option<u64>,
    sealed_root: Option<Hash>,
}

impl Walk<'_> {
    /// Reads all entries in one pass; gives the number at which that stopped making sense.
    fn stream(&mut self, heads: &mut Heads<'_>) -> Option<u64> {
        let mut next = 0;
        let Ok(mut query) = self.db.prepare(&format!("{STORED} ORDER BY ix")) else { return Some(next) };
        let Ok(mut rows) = query.query([]) else { return Some(next) };
        loop {
            match rows.next() {
                Ok(None) => return None,
                Ok(Some(row)) => match stored(row) {
                    Ok(entry) if u64::try_from(entry.ix) == Ok(next) => self.visit(next, &entry, heads),
                    Ok(entry) if entry.ix < 0 || u64::try_from(entry.ix).is_ok_and(|ix| ix < next) => {
                        self.findings.tell_entry(next, format!("entry {} stands where entry {next} belongs", entry.ix));
                        return Some(next);
                    }
                    Ok(_) | Err(_) => return Some(next),
                },
                Err(_) => return Some(next),
            }
            next += 1;
        }
    }

    /// Reads entry by entry, so that one that cannot be read does not hide the ones after it.
    fn one_by_one(&mut self, from: u64, heads: &mut Heads<'_>) {
        let (mut ix, mut lost) = (from, 0);
        let end = self.claimed_size();
        while ix < end && lost < LOST_MAX {
            let read = self
                .db
                .prepare_cached(&format!("{STORED} WHERE ix = ?"))
                .and_then(|mut query| query.query_row([i64::try_from(ix).unwrap_or(i64::MAX)], stored).optional());
            match read {
                Ok(Some(entry)) => self.visit(ix, &entry, heads),
                Ok(None) => {
                    self.lose(ix, format!("entry {ix} is missing"));
                    lost += 1;
                }
                Err(error) => {
                    self.lose(ix, format!("entry {ix} cannot be read: {error}"));
                    lost += 1;
                }
            }
            ix += 1;
        }
        if ix < end {
            self.findings.not_covered.push(format!("entries from {ix} on: too many before them are lost"));
        }
    }

    /// How many entries there should be, by whichever of head and entries says more; at least
    /// one, so that a table that cannot be read at all is told as its first entry.
    fn claimed_size(&self) -> u64 {
        let one = |sql| self.db.query_row(sql, [], |row| row.get::<_, Option<u64>>(0)).ok().flatten();
        let by_head = one("SELECT max(size) FROM head");
        let by_entry = one("SELECT max(ix) FROM entry").map(|ix| ix.saturating_add(1));
        by_head.max(by_entry).unwrap_or(0).max(1)
    }

    fn lose(&mut self, ix: u64, sentence: String) {
        self.findings.tell_entry(ix, sentence);
        if self.tree.take().is_some() {
            self.findings.not_covered.push(format!("tree and heads from entry {ix} on: that entry is lost"));
        }
    }

    fn visit(&mut self, ix: u64, entry: &Stored, heads: &mut Heads<'_>) {
        self.findings.entries += 1;
        let Stored { at, actor, kind, body, .. } = entry;
        let leaf = leaf_hash(&leaf_input_of(&LeafParts { at, actor, kind, body }));
        if entry.leaf != leaf {
            let what = "its time, actor, kind or body was changed, or the leaf was";
            self.findings.tell_entry(ix, format!("entry {ix} does not match its leaf: {what}"));
        } else if let Some(why) = not_canonical(body) {
            self.findings.tell_entry(ix, format!("entry {ix} is not as the program writes it: {why}"));
        } else if !at.parse::<Timestamp>().is_ok_and(|time| time.to_string() == *at) {
            self.findings.tell_entry(ix, format!("entry {ix} is not as the program writes it: its time is {at:?}"));
        }
        let Some(mut tree) = self.tree.take() else { return };
        let mut nodes = Vec::new();
        tree.append(leaf, |node, hash| nodes.push((node, hash)));
        for (node, hash) in nodes.into_iter().filter(|(node, _)| node.level > 0) {
            self.check_node(node, &hash);
        }
        self.check_head(&tree, at, heads);
        if self.sealed_size == Some(tree.size()) {
            self.sealed_root = Some(tree.root());
        }
        self.tree = Some(tree);
    }

    fn check_node(&mut self, node: Node, hash: &Hash) {
        let stored = self
            .db
            .prepare_cached("SELECT hash FROM node WHERE level = ? AND ix = ?")
            .and_then(|mut query| query.query_row((node.level, node.index.cast_signed()), |row| row.get(0)).optional());
        let what = match stored {
            Ok(Some(stored)) if Hash::eq(&stored, hash) => return,
            Ok(Some(_)) => "is not the hash of the entries under it".to_owned(),
            Ok(None) => "is missing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        let (first, count) = (node.index << node.level, 1u64 << node.level);
        lower(&mut self.findings.bad_node, first);
        let name =
            format!("tree node {} of level {} (entries {first} to {})", node.index, node.level, first + count - 1);
        self.findings.tell(Some(first), format!("{name} {what}"));
    }

    /// Compares the tree with the head of its size, if there is one.
    fn check_head(&mut self, tree: &Frontier, at: &str, heads: &mut Heads<'_>) {
        let Some(head) = heads.take(tree.size(), self.findings) else { return };
        let (since, size) = (self.last_head, tree.size());
        self.last_head = size;
        if head.root != tree.root() {
            // Every later head differs as well; the first one says where it begins.
            if self.findings.bad_head.is_none() {
                let sentence =
                    format!("the head of {size} entries has another root: entries {since} to {} or it", size - 1);
                self.findings.tell(Some(since), sentence);
            }
            lower(&mut self.findings.bad_head, since);
        } else if head.at != at {
            lower(&mut self.findings.bad_head, size - 1);
            self.findings
                .tell(Some(size - 1), format!("the head of {size} entries has not the time of entry {}", size - 1));
        }
    }

    fn finish(&mut self, heads: &Heads<'_>) {
        let Some(tree) = self.tree.take() else { return };
        let size = tree.size();
        self.findings.root = Some(tree.root());
        if let Some(head) = &heads.next {
            let sentence =
                format!("a head states {} entries, the record holds {size}: entries were removed", head.size);
            self.findings.tell_entry(size, sentence);
        } else if self.last_head < size {
            let sentence = format!("entries {} to {} belong to no head", self.last_head, size - 1);
            self.findings.tell_entry(self.last_head, sentence);
        }
        let expect = size - u64::from(size.count_ones());
        match self.db.query_row("SELECT count(*) FROM node", [], |row| row.get::<_, u64>(0)) {
            Ok(found) if found <= expect => {}
            Ok(found) => self.findings.tell(None, format!("the tree holds {found} nodes, and {expect} belong to it")),
            Err(error) => self.findings.tell(None, format!("the nodes of the tree cannot be counted: {error}")),
        }
        self.findings.covered.extend([
            format!("entries: {size}, numbered without gaps, each recomputed and compared with its leaf"),
            "tree: every node and the root of every head recomputed".to_owned(),
        ]);
    }
}

/// A head as it lies there.
struct StoredHead {
    size: i64,
    root: Vec<u8>,
    at: String,
}

/// The heads in order, read along with the entries.
struct Heads<'a> {
    rows: Option<Rows<'a>>,
    next: Option<StoredHead>,
}

impl Heads<'_> {
    fn advance(&mut self, findings: &mut Findings) {
        let row = match &mut self.rows {
            None => return,
            Some(rows) => rows.next().and_then(|row| {
                row.map(|row| Ok(StoredHead { size: row.get(0)?, root: row.get(1)?, at: row.get(2)? })).transpose()
            }),
        };
        self.next = row.unwrap_or_else(|error| {
            findings.tell(None, format!("the heads cannot be read: {error}"));
            self.rows = None;
            None
        });
    }

    /// The head of this size, if there is one.
    fn take(&mut self, size: u64, findings: &mut Findings) -> Option<StoredHead> {
        let size = i64::try_from(size).ok()?;
        while let Some(head) = self.next.take_if(|head| head.size <= size) {
            self.advance(findings);
            if head.size == size {
                return Some(head);
            }
            findings.tell(None, format!("a head of {} entries stands out of order", head.size));
        }
        None
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

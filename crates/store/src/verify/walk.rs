//! Entries, their bodies, the nodes and the heads, read together, oldest first.

use super::bodies::Bodies;
use super::{Findings, Options, lower};
use crate::leaf::{Holds, LeafParts, leaf_input_of, not_canonical};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{Frontier, Hash, Node, leaf_hash};
use rusqlite::{Connection, OptionalExtension as _, Row, Rows};
use std::collections::BTreeMap;

/// Entries after which the caller is told.
const STEP_ENTRIES: u64 = 1_000;

/// After so many entries that are missing or cannot be read, no more are looked for.
const LOST_MAX: u64 = 10_000;

/// An entry as it lies there.
struct Stored {
    ix: i64,
    at: String,
    actor: String,
    kind: String,
    body: Vec<u8>,
    leaf: Vec<u8>,
    commitment: Option<[u8; 32]>,
}

const STORED: &str = "SELECT ix, at, actor, kind, body, leaf, commitment FROM entry";

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        ix: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        leaf: row.get(5)?,
        commitment: row.get(6)?,
    })
}

/// Entries, bodies, nodes and heads together, oldest first. Gives the roots at the sizes in
/// `stated`, as far as they could be recomputed.
pub(super) fn examine_entries(
    db: &Connection,
    stated: impl IntoIterator<Item = u64>,
    options: &mut Options<'_>,
    findings: &mut Findings,
) -> BTreeMap<u64, Option<Hash>> {
    let stated = stated.into_iter().map(|size| (size, (size == 0).then(konbit_record::empty_root))).collect();
    let (tree, bodies) = (Some(Frontier::new()), Bodies::default());
    let mut quiet = |_| {};
    let step: &mut dyn FnMut(u64) = match &mut options.step {
        Some(step) => &mut **step,
        None => &mut quiet,
    };
    let mut walk = Walk { db, findings, step, tree, last_head: 0, stated, bodies };
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
    walk.bodies.finish(db, walk.findings);
    walk.stated
}

struct Walk<'a> {
    db: &'a Connection,
    findings: &'a mut Findings,
    step: &'a mut dyn FnMut(u64),
    /// The tree so far; gone once an entry could not be read.
    tree: Option<Frontier>,
    /// Size of the last head that was met.
    last_head: u64,
    /// Sizes at which somebody states a root, and the roots found there.
    stated: BTreeMap<u64, Option<Hash>>,
    bodies: Bodies,
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
        if self.findings.entries.is_multiple_of(STEP_ENTRIES) {
            (self.step)(self.findings.entries);
        }
        let Stored { at, actor, kind, body, .. } = entry;
        let commitment = entry.commitment.map(Digest);
        let holds = commitment.as_ref().map_or(Holds::Body(body), Holds::Commitment);
        let leaf = leaf_hash(&leaf_input_of(&LeafParts { at, actor, kind, holds }));
        let why_not = match &commitment {
            None => not_canonical(body),
            Some(_) if body.is_empty() => None,
            Some(_) => Some("it has a commitment and a body in its own row".to_owned()),
        };
        if entry.leaf != leaf {
            let what = "its time, actor, kind, body or commitment was changed, or the leaf was";
            self.findings.tell_entry(ix, format!("entry {ix} does not match its leaf: {what}"));
        } else if let Some(why) = why_not {
            self.findings.tell_entry(ix, format!("entry {ix} is not as the program writes it: {why}"));
        } else if !at.parse::<Timestamp>().is_ok_and(|time| time.to_string() == *at) {
            self.findings.tell_entry(ix, format!("entry {ix} is not as the program writes it: its time is {at:?}"));
        }
        self.bodies.visit(self.db, ix, commitment.as_ref(), self.findings);
        let Some(mut tree) = self.tree.take() else { return };
        let mut nodes = Vec::new();
        tree.append(leaf, |node, hash| nodes.push((node, hash)));
        for (node, hash) in nodes.into_iter().filter(|(node, _)| node.level > 0) {
            self.check_node(node, &hash);
        }
        self.check_head(&tree, at, heads);
        if let Some(root) = self.stated.get_mut(&tree.size()) {
            *root = Some(tree.root());
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

//! Bodies outside the tree: each is the one its leaf commits to, or an order has erased it.

use super::Findings;
use crate::leaf::not_canonical;
use crate::rows::signed;
use konbit_base::Digest;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What has been seen of bodies.
#[derive(Default)]
pub(super) struct Bodies {
    /// Entries with a commitment.
    committed: u64,
    kept: u64,
    /// By order, what it has erased.
    erased: BTreeMap<u64, Vec<u64>>,
}

/// What an order says of itself; other fields are for people.
#[derive(Deserialize)]
struct Order {
    entries: Vec<u64>,
}

type Row = (Option<([u8; 32], Vec<u8>)>, Option<u64>);

/// Salt and body of an entry, and the order that erased them.
fn read(db: &Connection, ix: u64) -> rusqlite::Result<Row> {
    let kept = db
        .prepare_cached("SELECT salt, bytes FROM body WHERE ix = ?")?
        .query_row([signed(ix)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let by = db
        .prepare_cached("SELECT by FROM erased WHERE ix = ?")?
        .query_row([signed(ix)], |row| row.get(0))
        .optional()?;
    Ok((kept, by))
}

impl Bodies {
    /// Looks at the body of one entry.
    pub fn visit(&mut self, db: &Connection, ix: u64, stated: Option<&Digest>, findings: &mut Findings) {
        // An entry of the first form holds its body in its row; strays are counted at the end.
        let Some(stated) = stated else { return };
        self.committed += 1;
        match read(db, ix) {
            Err(error) => findings.tell_entry(ix, format!("the body of entry {ix} cannot be read: {error}")),
            Ok((None, None)) => {
                findings.tell_entry(ix, format!("the body of entry {ix} is missing; no order erased it"));
            }
            Ok((Some(_), Some(by))) => {
                findings
                    .tell_entry(ix, format!("the body of entry {ix} is there, although entry {by} ordered it erased"));
            }
            Ok((None, Some(by))) => self.erased.entry(by).or_default().push(ix),
            Ok((Some((salt, body)), None)) => {
                self.kept += 1;
                if !konbit_record::opens(&stated.0, &salt, &body) {
                    findings.tell_entry(ix, format!("the body of entry {ix} is not the one that its leaf commits to"));
                } else if let Some(why) = not_canonical(&body) {
                    findings.tell_entry(ix, format!("entry {ix} is not as the program writes it: {why}"));
                }
            }
        }
    }

    /// Looks at the orders, at rows that belong to no entry, and at the answers to commands.
    pub fn finish(self, db: &Connection, findings: &mut Findings) {
        for (by, erased) in &self.erased {
            let named = read(db, *by).ok().and_then(|(kept, _)| kept);
            let named = named.and_then(|(_, body)| serde_json::from_slice::<Order>(&body).ok());
            for ix in erased {
                if by <= ix || !named.as_ref().is_some_and(|order| order.entries.contains(ix)) {
                    findings.tell_entry(*ix, format!("entry {ix} is erased, but entry {by} does not order it"));
                }
            }
        }
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, u64>(0));
        match one("SELECT (SELECT count(*) FROM body) + (SELECT count(*) FROM erased)") {
            Ok(rows) if rows <= self.committed => {}
            Ok(rows) => findings
                .tell(None, format!("{rows} bodies are kept or erased, and {} entries have one", self.committed)),
            Err(error) => findings.tell(None, format!("the bodies cannot be counted: {error}")),
        }
        match one("SELECT count(*) FROM command WHERE first + count > (SELECT ifnull(max(size), 0) FROM head)") {
            Ok(0) => {}
            Ok(count) => {
                findings.tell(None, format!("{count} answers to commands are about entries beyond the record"));
            }
            Err(error) => findings.tell(None, format!("the answers to commands cannot be read: {error}")),
        }
        if let Ok(due @ 1..) = one("SELECT count(*) FROM erased WHERE clean = 0") {
            findings
                .not_covered
                .push(format!("erased bytes: older copies of {due} erased bodies may lie in the file still"));
        }
        findings.erased = self.erased.values().map(|erased| erased.len() as u64).sum();
        findings.erased_by = self.erased.keys().copied().collect();
        if self.committed > 0 {
            findings.covered.push(format!(
                "bodies: {} kept, each compared with the commitment in its leaf; {} erased, each by an order in the record",
                self.kept, findings.erased
            ));
        }
    }
}

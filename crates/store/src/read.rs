//! Reading entries, projections, attachments, heads and proofs.

use crate::entry::{Attachment, Entry, EntryFilter, Head, Order, ProjectionRow, Snapshot};
use crate::error::StoreError;
use crate::rows::{ENTRY, consistency_of, entry_of, head, head_covering, node_of, projection_of, signed};
use crate::store::Store;
use crate::submission::Receipt;
use konbit_base::Digest;
use konbit_record::{Opening, inclusion_proof, root_at};
use rusqlite::OptionalExtension as _;
use std::collections::BTreeMap;

impl Store {
    /// Size and root of the record.
    ///
    /// # Errors
    /// Failures of the file, as for every reading.
    pub fn head(&self) -> Result<Head, StoreError> {
        head(self.db()).map_err(self.at())
    }

    /// Number of entries.
    pub fn entry_count(&self) -> Result<u64, StoreError> {
        Ok(self.head()?.size)
    }

    /// How many entries of each kind there are.
    pub fn kinds_count(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.db()
            .prepare_cached("SELECT kind, count(*) FROM entry GROUP BY kind")
            .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(self.at())
    }

    /// The entry with number `ix`; `None` if there is none yet.
    pub fn entry(&self, ix: u64) -> Result<Option<Entry>, StoreError> {
        let filter = EntryFilter { from: ix, to: ix.saturating_add(1), limit: 1, ..EntryFilter::default() };
        Ok(self.entries(&filter)?.pop())
    }

    /// The entries that `filter` asks for.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<Entry>, StoreError> {
        let direction = match filter.order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst => "DESC",
        };
        let kind = if filter.kind.is_some() { "kind = ?4" } else { "?4 IS NULL" };
        let sql =
            format!("{ENTRY} WHERE entry.ix >= ?1 AND entry.ix < ?2 AND {kind} ORDER BY entry.ix {direction} LIMIT ?3");
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        self.db()
            .prepare_cached(&sql)
            .and_then(|mut query| {
                let parameters = (signed(filter.from), signed(filter.to), limit, &filter.kind);
                query.query_map(parameters, entry_of)?.collect()
            })
            .map_err(self.at())
    }

    /// Salt and body of entry `ix`, with which an outsider checks the commitment in its leaf;
    /// `None` if there is no such entry, if it is of the first form, or if it was erased.
    pub fn opening(&self, ix: u64) -> Result<Option<Opening>, StoreError> {
        self.db()
            .prepare_cached("SELECT salt, bytes FROM body WHERE ix = ?")
            .and_then(|mut query| {
                query.query_row([signed(ix)], |row| Ok(Opening { salt: row.get(0)?, body: row.get(1)? })).optional()
            })
            .map_err(self.at())
    }

    /// The answer that the command with this key got; `None` if there was none.
    pub fn answered(&self, key: &str) -> Result<Option<Receipt>, StoreError> {
        let read = || {
            let found = self
                .db()
                .prepare_cached("SELECT first, count FROM command WHERE key = ?")?
                .query_row([key], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?)))
                .optional()?;
            let Some((first, count)) = found else { return Ok(None) };
            let head = head_covering(self.db(), first.saturating_add(count))?;
            Ok(Some(Receipt { first, count, head, repeated: true }))
        };
        read().map_err(self.at())
    }

    /// How many bodies were erased.
    pub fn erased_count(&self) -> Result<u64, StoreError> {
        self.db().query_row("SELECT count(*) FROM erased", [], |row| row.get(0)).map_err(self.at())
    }

    /// All projection rows about `subject`, by id.
    pub fn projection(&self, subject: &str) -> Result<Vec<ProjectionRow>, StoreError> {
        self.db()
            .prepare_cached("SELECT subject, id, entries, body FROM projection WHERE subject = ? ORDER BY id")
            .and_then(|mut query| query.query_map([subject], projection_of)?.collect())
            .map_err(self.at())
    }

    /// The projection row about `id` of `subject`, if there is one.
    pub fn row(&self, subject: &str, id: &str) -> Result<Option<ProjectionRow>, StoreError> {
        self.db()
            .prepare_cached("SELECT subject, id, entries, body FROM projection WHERE subject = ? AND id = ?")
            .and_then(|mut query| query.query_row([subject, id], projection_of).optional())
            .map_err(self.at())
    }

    /// All projection rows, by subject and id.
    pub fn projections_all(&self) -> Result<Vec<ProjectionRow>, StoreError> {
        // Sorted here: in the order of the index every row would be a jump in the file.
        let mut rows: Vec<ProjectionRow> = self
            .db
            .prepare_cached("SELECT subject, id, entries, body FROM projection")
            .and_then(|mut query| query.query_map([], projection_of)?.collect())
            .map_err(self.at())?;
        rows.sort_unstable();
        Ok(rows)
    }

    /// Head and all projection rows of one moment: what a decision is made upon.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // Inside a reading that somebody else has begun, that one's moment holds.
        let own = self.db().is_autocommit();
        if own {
            self.begin_reading()?;
        }
        let snapshot = self.head().and_then(|head| Ok(Snapshot { head, projections: self.projections_all()? }));
        if own {
            self.end_reading()?;
        }
        snapshot
    }

    /// The attachment with this digest, if there is one.
    pub fn attachment(&self, digest: &Digest) -> Result<Option<Attachment>, StoreError> {
        self.db()
            .prepare_cached("SELECT media, name, bytes FROM attachment WHERE digest = ?")
            .and_then(|mut query| {
                query
                    .query_row([digest.0], |row| {
                        Ok(Attachment { media: row.get(0)?, name: row.get(1)?, bytes: row.get(2)? })
                    })
                    .optional()
            })
            .map_err(self.at())
    }

    /// Root of the tree over the first `size` entries.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many.
    pub fn root_at(&self, size: u64) -> Result<Digest, StoreError> {
        self.check_size(size)?;
        root_at(size, |node| node_of(self.db(), node)).map(Digest).map_err(self.at())
    }

    /// Proof that entry `ix` is in the tree over the first `size` entries; checked with
    /// `konbit_record::verify_inclusion`.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many, or `ix` is not below `size`.
    pub fn inclusion_proof(&self, ix: u64, size: u64) -> Result<Vec<Digest>, StoreError> {
        self.check_size(size)?;
        if ix >= size {
            return Err(StoreError::Beyond { asked: format!("entry {ix}"), size });
        }
        let proof = inclusion_proof(ix, size, |node| node_of(self.db(), node)).map_err(self.at())?;
        Ok(proof.into_iter().map(Digest).collect())
    }

    /// Proof that the record of `to` entries begins with the record of `from` entries; checked
    /// with `konbit_record::verify_consistency`.
    ///
    /// # Errors
    /// [`StoreError::Beyond`] if there are not that many, or `from` is above `to`.
    pub fn consistency_proof(&self, from: u64, to: u64) -> Result<Vec<Digest>, StoreError> {
        self.check_size(to)?;
        if from > to {
            return Err(StoreError::Beyond { asked: format!("earlier record of {from} entries"), size: to });
        }
        let proof = consistency_of(self.db(), from, to).map_err(self.at())?;
        Ok(proof.into_iter().map(Digest).collect())
    }

    fn check_size(&self, asked: u64) -> Result<(), StoreError> {
        let size = self.head()?.size;
        if asked <= size {
            return Ok(());
        }
        Err(StoreError::Beyond { asked: format!("record of {asked}"), size })
    }
}

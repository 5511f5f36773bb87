//! Between rows of the tables and plain values.

use crate::entry::{Body, Entry, Head, ProjectionRow};
use crate::heads::{EpochRow, Left};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{Hash, Node, consistency_proof, empty_root};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::io;

/// `SQLite`'s integers have a sign. Numbers of entries never come near it; what a caller asks for may.
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub fn number_list(numbers: &[u64]) -> String {
    serde_json::to_string(numbers).expect("whole numbers are always JSON")
}

/// A stored value that is not what it must be, as an error of its column.
fn bad_column(column: usize, kind: Type, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error: jiff::Error| bad_column(column, Type::Text, error))
}

/// The columns that [`entry_of`] reads.
pub const ENTRY: &str = "SELECT entry.ix, at, actor, kind, commitment, leaf, body, bytes, erased.by FROM entry
    LEFT JOIN body USING (ix) LEFT JOIN erased USING (ix)";

pub fn entry_of(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let commitment = row.get::<_, Option<[u8; 32]>>(4)?.map(Digest);
    let body = match (commitment, row.get::<_, Option<Vec<u8>>>(7)?, row.get(8)?) {
        (None, None, None) => Body::Kept(row.get(6)?),
        (Some(_), Some(bytes), None) => Body::Kept(bytes),
        (Some(_), None, Some(by)) => Body::Erased { by },
        _ => {
            return Err(bad_column(7, Type::Blob, io::Error::other("its body is neither kept nor erased by an order")));
        }
    };
    Ok(Entry {
        ix: row.get(0)?,
        at: timestamp(row, 1)?,
        actor: row.get(2)?,
        kind: row.get(3)?,
        body,
        commitment,
        leaf: Digest(row.get(5)?),
    })
}

pub fn projection_of(row: &Row<'_>) -> rusqlite::Result<ProjectionRow> {
    let entries = serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(|error| bad_column(2, Type::Text, error))?;
    Ok(ProjectionRow { subject: row.get(0)?, id: row.get(1)?, entries, body: row.get(3)? })
}

fn head_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head { size: row.get(0)?, root: Digest(row.get(1)?), at: Some(timestamp(row, 2)?) })
}

/// The last head, or that of the empty record.
pub fn head(db: &Connection) -> rusqlite::Result<Head> {
    let last = db
        .prepare_cached("SELECT size, root, at FROM head ORDER BY size DESC LIMIT 1")?
        .query_row([], head_row)
        .optional()?;
    Ok(last.unwrap_or(Head { size: 0, root: Digest(empty_root()), at: None }))
}

/// The head of a given size, which has to be there.
pub fn head_of(db: &Connection, size: u64) -> rusqlite::Result<Head> {
    db.prepare_cached("SELECT size, root, at FROM head WHERE size = ?")?.query_row([signed(size)], head_row)
}

/// The first head that covers `size` entries, which has to be there.
pub fn head_covering(db: &Connection, size: u64) -> rusqlite::Result<Head> {
    db.prepare_cached("SELECT size, root, at FROM head WHERE size >= ? ORDER BY size LIMIT 1")?
        .query_row([signed(size)], head_row)
}

/// The proof that the tree of `to` leaves begins with that of `from`.
pub fn consistency_of(db: &Connection, from: u64, to: u64) -> rusqlite::Result<Vec<Hash>> {
    consistency_proof(from, to, |node| node_of(db, node))
}

/// The last epoch; `None` if no head was ever signed.
pub fn epoch(db: &Connection) -> rusqlite::Result<Option<EpochRow>> {
    db.prepare_cached(
        "SELECT number, origin, entry, left_origin, left_size, left_root FROM epoch ORDER BY number DESC LIMIT 1",
    )?
    .query_row([], epoch_of)
    .optional()
}

pub fn epoch_of(row: &Row<'_>) -> rusqlite::Result<EpochRow> {
    let left = match row.get::<_, Option<u64>>(2)? {
        None => None,
        Some(entry) => {
            let head = konbit_record::Head { size: row.get(4)?, root: row.get(5)? };
            Some(Left { entry, origin: row.get(3)?, head })
        }
    };
    Ok(EpochRow { number: row.get(0)?, origin: row.get(1)?, left })
}

/// A complete node of the tree: a leaf, or a stored node above.
pub fn node_of(db: &Connection, node: Node) -> rusqlite::Result<Hash> {
    if node.level == 0 {
        db.prepare_cached("SELECT leaf FROM entry WHERE ix = ?")?.query_row([signed(node.index)], |row| row.get(0))
    } else {
        db.prepare_cached("SELECT hash FROM node WHERE level = ? AND ix = ?")?
            .query_row((node.level, signed(node.index)), |row| row.get(0))
    }
}

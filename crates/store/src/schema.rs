//! The tables, and how an older file becomes a newer one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// `KNBT` in ASCII: marks the file as a record, in `SQLite`'s header.
pub const APPLICATION_ID: i64 = 0x4B4E_4254;

/// One statement list for each form of the file; `user_version` says how many have been applied.
///
/// Invariant: a released migration never changes; add another.
pub const MIGRATIONS: &[&str] = &[
    // 1. `at` is RFC 3339 in UTC; `body` is canonical JSON; `leaf`, `hash` and `root` are SHA-256.
    //    `node` holds the complete nodes above the leaves (level 1 and up); `head` has one row for
    //    each transaction; `projection.entries` is a JSON list of entry numbers.
    "
    CREATE TABLE entry (
        ix    INTEGER PRIMARY KEY CHECK (ix >= 0),
        at    TEXT NOT NULL,
        actor TEXT NOT NULL,
        kind  TEXT NOT NULL,
        body  BLOB NOT NULL,
        leaf  BLOB NOT NULL CHECK (length(leaf) = 32)
    ) STRICT;
    CREATE INDEX entry_kind ON entry (kind);
    CREATE TABLE node (
        level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 63),
        ix    INTEGER NOT NULL CHECK (ix >= 0),
        hash  BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (level, ix)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE head (
        size INTEGER PRIMARY KEY CHECK (size > 0),
        root BLOB NOT NULL CHECK (length(root) = 32),
        at   TEXT NOT NULL
    ) STRICT;
    CREATE TABLE projection (
        subject TEXT NOT NULL,
        id      TEXT NOT NULL,
        entries TEXT NOT NULL,
        body    BLOB NOT NULL,
        PRIMARY KEY (subject, id)
    ) STRICT;
    CREATE TABLE attachment (
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
        media  TEXT NOT NULL,
        name   TEXT NOT NULL,
        bytes  BLOB NOT NULL
    ) STRICT;
    ",
    // 2. An entry with a `commitment` has an empty `entry.body`: its body and salt lie in `body`
    //    until they are erased; then the order `by` stands in `erased`, and `clean` says whether
    //    every older copy of the bytes in this file and its log is known to be gone.
    //    `command` answers a command that is repeated; its `content` is empty once one of its
    //    entries was erased. `epoch` has a row since heads are signed: number 1, and one more for
    //    each return to an older copy, with the entry that began it and the head that was left.
    "
    ALTER TABLE entry ADD COLUMN commitment BLOB CHECK (commitment IS NULL OR length(commitment) = 32);
    CREATE TABLE body (
        ix    INTEGER PRIMARY KEY REFERENCES entry (ix),
        salt  BLOB NOT NULL CHECK (length(salt) = 32),
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE erased (
        ix    INTEGER PRIMARY KEY REFERENCES entry (ix),
        by    INTEGER NOT NULL REFERENCES entry (ix),
        clean INTEGER NOT NULL CHECK (clean IN (0, 1))
    ) STRICT;
    CREATE TABLE command (
        key     TEXT PRIMARY KEY,
        content BLOB CHECK (content IS NULL OR length(content) = 32),
        first   INTEGER NOT NULL CHECK (first >= 0),
        count   INTEGER NOT NULL CHECK (count > 0)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX command_first ON command (first);
    CREATE TABLE epoch (
        number      INTEGER PRIMARY KEY CHECK (number > 0),
        origin      TEXT NOT NULL,
        entry       INTEGER REFERENCES entry (ix),
        left_origin TEXT,
        left_size   INTEGER CHECK (left_size >= 0),
        left_root   BLOB CHECK (length(left_root) = 32)
    ) STRICT;
    ",
];

/// The form of the file: how many migrations have been applied.
pub fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The form that a list of migrations leads to.
pub fn version_of(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).expect("a list of migrations is short")
}

/// Which program the file says it belongs to.
pub fn application_id(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA application_id", [], |row| row.get(0))
}

/// Applies the `migrations` that the file does not have yet, all of them or none.
pub fn migrate(db: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let transaction = Transaction::new(db, TransactionBehavior::Immediate)?;
    // Read inside the transaction: another process may have migrated meanwhile.
    let applied = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for migration in migrations.iter().skip(applied) {
        transaction.execute_batch(migration)?;
    }
    if applied < migrations.len() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version_of(migrations))?;
    }
    transaction.commit()
}

/// What the tables are, as `SQLite` keeps it: name and definition, sorted.
pub fn definitions(db: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    db.prepare("SELECT type || ' ' || name || ' on ' || tbl_name, sql FROM sqlite_schema ORDER BY 1")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// What the tables of a file are after the first `version` migrations.
pub fn definitions_of(version: i64) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut fresh = Connection::open_in_memory()?;
    let count = usize::try_from(version).unwrap_or_default().min(MIGRATIONS.len());
    migrate(&mut fresh, &MIGRATIONS[..count])?;
    definitions(&fresh)
}

/// The form of the file, if it is whole and an earlier program has written it.
pub fn older(db: &Connection) -> rusqlite::Result<Option<i64>> {
    let found = version(db)?;
    let earlier = application_id(db)? == APPLICATION_ID && (1..version_of(MIGRATIONS)).contains(&found);
    Ok((earlier && definitions(db)? == definitions_of(found)?).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Digest;

    #[test]
    fn a_released_migration_is_what_it_was() {
        let digests: Vec<_> = MIGRATIONS.iter().map(|sql| Digest::of(sql.as_bytes()).short()).collect();
        assert_eq!(digests, ["acca4bba18a4", "78f54803b8c2"], "a released migration never changes; add another");
    }

    #[test]
    fn a_migration_keeps_the_data_and_is_applied_once() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        db.execute("INSERT INTO head VALUES (1, zeroblob(32), 'x')", []).unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.push("ALTER TABLE head ADD COLUMN signature BLOB");
        for _ in 0..2 {
            migrate(&mut db, &later).unwrap();
            assert_eq!(version(&db).unwrap(), version_of(&later));
            let row: (i64, Option<Vec<u8>>) =
                db.query_row("SELECT size, signature FROM head", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!(row, (1, None));
        }
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        let before = definitions(&db).unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.push("CREATE TABLE extra (x INTEGER) STRICT; CREATE TABLE extra (x INTEGER) STRICT;");
        assert!(migrate(&mut db, &later).is_err());
        assert_eq!((version(&db).unwrap(), definitions(&db).unwrap()), (version_of(MIGRATIONS), before));
    }
}

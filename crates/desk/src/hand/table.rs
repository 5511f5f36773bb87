//! Tables as people write them: CSV with commas, semicolons or tabs, read with the place of every mistake.

use std::fmt;

/// Largest table that is read, bytes.
pub const HAND_BYTES_MAX: usize = 3 << 20;
/// Most rows of a table.
pub const HAND_ROWS_MAX: usize = 60_000;
/// Mistakes that are named at most.
const FAULTS_MAX: usize = 20;

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandFault {
    /// Row, counted from 1 with the head; 0 for the whole table.
    pub row: usize,
    /// Column, as its head says; empty for the whole row.
    pub column: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for HandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, self.column) {
            (0, "") => write!(f, "{}", self.message),
            (row, "") => write!(f, "row {row}: {}", self.message),
            (0, column) => write!(f, "column {column}: {}", self.message),
            (row, column) => write!(f, "row {row}, column {column}: {}", self.message),
        }
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<HandFault>);

impl Faults {
    pub(crate) fn put(&mut self, row: usize, column: &'static str, message: String) {
        self.0.push(HandFault { row, column, message });
    }

    /// A single mistake of the whole table.
    pub(crate) fn whole(message: String) -> Vec<HandFault> {
        vec![HandFault { row: 0, column: "", message }]
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn are_many(&self) -> bool {
        self.0.len() >= FAULTS_MAX
    }

    /// The value, if there is no mistake.
    pub(crate) fn or<T>(self, value: impl FnOnce() -> T) -> Result<T, Vec<HandFault>> {
        if self.0.is_empty() { Ok(value()) } else { Err(self.0) }
    }
}

/// A table: what its head calls the columns, and the rows that say something.
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<(usize, csv::StringRecord)>,
}

/// A row of a table.
pub(crate) struct Row<'a> {
    /// Its number, counted from 1 with the head.
    pub(crate) number: usize,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    /// A cell without the blanks around it and without the apostrophe that [`quoted`] puts before what a spreadsheet
    /// would run; empty where there is none.
    pub(crate) fn cell(&self, column: Option<usize>) -> &str {
        let cell = column.and_then(|at| self.record.get(at)).unwrap_or_default();
        cell.strip_prefix('\'').filter(|rest| rest.starts_with(RUN)).unwrap_or(cell)
    }

    /// The first of some cells that is not empty.
    pub(crate) fn first(&self, columns: &[usize]) -> &str {
        columns.iter().map(|at| self.cell(Some(*at))).find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

impl Table {
    /// Reads a table; empty rows and rows that begin with `#` are passed over.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Vec<HandFault>> {
        let whole = Faults::whole;
        if bytes.len() > HAND_BYTES_MAX {
            return Err(whole(format!("the table has more than {HAND_BYTES_MAX} bytes; leave out what is not needed")));
        }
        let text =
            std::str::from_utf8(bytes).map_err(|_| whole("the table is not UTF-8 text; save it as CSV".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(text.lines().next().unwrap_or_default()))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let Some(Ok(head)) = records.next() else {
            return Err(whole("the table is empty; the first row names the columns, or is: site".to_owned()));
        };
        let head = head.iter().map(|name| name.trim().to_lowercase().replace([' ', '-', '/'], "_")).collect();
        let mut rows = Vec::new();
        for record in records {
            let record = record.map_err(|error| whole(format!("the table cannot be read as CSV: {error}")))?;
            let number = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(usize::MAX));
            if number > HAND_ROWS_MAX {
                let message = format!("the table has more than {HAND_ROWS_MAX} rows; leave out what is not needed");
                return Err(whole(message));
            }
            if !record.iter().all(str::is_empty) && !record.iter().next().is_some_and(|cell| cell.starts_with('#')) {
                rows.push((number, record));
            }
        }
        Ok(Self { head, rows })
    }

    /// The column of a name.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.head.iter().position(|held| held == name)
    }

    /// The columns of any of some names; at least one.
    pub(crate) fn columns(&self, names: &[&str]) -> Result<Vec<usize>, Vec<HandFault>> {
        let found: Vec<usize> = (0..self.head.len()).filter(|at| names.contains(&self.head[*at].as_str())).collect();
        if found.is_empty() {
            return Err(Faults::whole(format!(
                "the first row names no column of places, but {:?}; name it place, site or base",
                self.head.join(", ")
            )));
        }
        Ok(found)
    }

    /// The rows in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(number, record)| Row { number: *number, record })
    }
}

fn separator(head: &str) -> u8 {
    match (head.contains(','), head.contains(';'), head.contains('\t')) {
        (false, true, _) => b';',
        (false, false, true) => b'\t',
        _ => b',',
    }
}

/// A number of things from 1 to 1,000; 1 where nothing is said.
pub(crate) fn count(text: &str) -> Result<u32, String> {
    let read = if text.is_empty() { Some(1) } else { text.parse::<u32>().ok().filter(|n| (1..=1_000).contains(n)) };
    read.ok_or_else(|| format!("{text:?} is not a number from 1 to 1000"))
}

/// What a spreadsheet would run as a formula begins so.
const RUN: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell of CSV; what a spreadsheet would run as a formula gets an apostrophe.
pub(crate) fn quoted(text: &str) -> String {
    let guard = if text.starts_with(RUN) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', ';', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

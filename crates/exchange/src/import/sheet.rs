//! A table as text: headings, HXL tags and rows, whatever file it came from.

use super::InputFile;
use super::findings::{At, Findings, excerpt};
use super::sniff::{Content, sniff};
use super::{points, xlsx};

/// Most rows of a table.
pub(crate) const ROWS_MAX: usize = 500_000;
/// Most columns of a table.
pub(crate) const COLUMNS_MAX: usize = 1_000;
/// Most cells of a table, empty ones before the last filled one of a row included.
pub(crate) const CELLS_MAX: usize = 20_000_000;
/// Rows from the top among which the row of HXL tags is looked for, as HXL prescribes.
const TAGS_WITHIN: usize = 25;

/// One row: its number as the program that made the file shows it, and its cells, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawRow {
    pub number: u64,
    pub cells: Vec<String>,
}

impl RawRow {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub file: String,
    /// Headings as written.
    pub headings: Vec<String>,
    /// HXL tags, one for each heading, empty where there is none.
    pub tags: Option<Vec<String>>,
    /// Rows that are not blank.
    pub rows: Vec<RawRow>,
    /// Whether there are headings only as far as rows fill them, as in GeoJSON.
    pub headings_by_row: bool,
    /// Rows of features that are not points, with the type of their geometry.
    pub shapes: Vec<(u64, &'static str)>,
}

/// Reads a table from a CSV, XLSX or GeoJSON file; `None` with an error finding if there is none.
pub(crate) fn sheet(file: InputFile<'_>, findings: &mut Findings) -> Option<Sheet> {
    let at = At::file(file.name);
    match sniff(file, findings)? {
        Content::Text(text) => arrange(file.name, csv_rows(file.name, &text, findings)?, true, findings),
        Content::Zip => arrange(file.name, xlsx::rows(file, findings)?, false, findings),
        Content::Json(text) => points::sheet(file.name, &text, findings),
        Content::Xml => {
            findings.error("format-not-read", at, "this is XML or HTML, not a table; give CSV, XLSX or GeoJSON");
            None
        }
    }
}

/// Finds headings and HXL tags among the rows.
fn arrange(file: &str, mut rows: Vec<RawRow>, fixed_width: bool, findings: &mut Findings) -> Option<Sheet> {
    let tags_at = rows.iter().take(TAGS_WITHIN).position(|row| is_tag_row(&row.cells));
    let (headings, tags, first) = match tags_at {
        Some(0) => (rows[0].cells.clone(), Some(rows[0].cells.clone()), 1),
        Some(index) => (rows[index - 1].cells.clone(), Some(rows[index].cells.clone()), index + 1),
        None => {
            let index = rows.iter().position(|row| !row.is_blank() && !is_comment(&row.cells));
            let Some(index) = index else {
                findings.error("file-empty", At::file(file), "the file has no headings and no rows; nothing was read");
                return None;
            };
            (rows[index].cells.clone(), None, index + 1)
        }
    };
    let width = headings.len().max(tags.as_ref().map_or(0, Vec::len));
    if width > COLUMNS_MAX {
        let message = format!(
            "the table has {width} columns, more than the {COLUMNS_MAX} that are read; remove columns that are not needed"
        );
        findings.error("columns-too-many", At::file(file), message);
        return None;
    }
    let pad = |mut cells: Vec<String>| {
        cells.resize(width, String::new());
        cells
    };
    let (headings, tags) = (pad(headings), tags.map(pad));
    rows.drain(..first);
    rows.retain(|row| !row.is_blank());
    if rows.is_empty() {
        findings.warn("rows-none", At::file(file), "the file has headings and no rows below them; nothing was added");
    }
    for row in &mut rows {
        let beyond = row.cells.iter().skip(width).any(|cell| !cell.is_empty());
        if beyond || fixed_width && row.cells.len() < width {
            let message = format!(
                "the row has {} cells where the headings have {width}; look for a separator or a quotation mark that is missing or too many",
                row.cells.len()
            );
            findings.warn("row-ragged", At::row(file, row.number), message);
        }
        row.cells.truncate(width);
    }
    Some(Sheet { file: file.to_owned(), headings, tags, rows, headings_by_row: false, shapes: Vec::new() })
}

/// A row of HXL tags: at least two, and nothing else but empty cells.
fn is_tag_row(cells: &[String]) -> bool {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty()).peekable();
    filled.peek().is_some()
        && cells.iter().filter(|cell| !cell.is_empty()).count() >= 2
        && filled.all(|cell| is_tag(cell))
}

fn is_tag(cell: &str) -> bool {
    let Some(rest) = cell.strip_prefix('#') else { return false };
    let mut parts = rest.split('+').map(str::trim);
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    parts.all(word)
}

/// A comment above the headings: one filled cell that begins with `#`.
fn is_comment(cells: &[String]) -> bool {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.next().is_some_and(|cell| cell.starts_with('#')) && filled.next().is_none()
}

/// Rows of a text with separators. Lines at the top that begin with `#` are comments, unless they
/// are HXL tags.
fn csv_rows(file: &str, text: &str, findings: &mut Findings) -> Option<Vec<RawRow>> {
    let text = if text.contains('\n') { text.to_owned() } else { text.replace('\r', "\n") };
    let (skipped, body) = skip_comments(&text);
    let delimiter = delimiter(body);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(body.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    let (mut line, mut counted, mut cells) = (skipped + 1, 0usize, 0usize);
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                findings.error("csv-not-read", At::file(file), format!("the table cannot be read: {error}"));
                return None;
            }
        }
        // Blank lines before a record are passed over without being counted, so lines are counted here.
        let from = record
            .position()
            .map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
            .min(body.len());
        let start = from + body.as_bytes()[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += body[counted..start].matches('\n').count() as u64;
        counted = start;
        cells += record.len();
        if rows.len() >= ROWS_MAX || cells > CELLS_MAX {
            findings.error("rows-too-many", At::file(file), too_large());
            return None;
        }
        rows.push(RawRow { number: line, cells: record.iter().take(COLUMNS_MAX + 1).map(clean).collect() });
    }
    let last = &body[counted..];
    if last.matches('"').count() % 2 == 1 && last.trim_end().contains('\n') {
        let message = format!(
            "a quotation mark is opened here and not closed, so the rest of the file became one row ({}); close it",
            excerpt(last, 60)
        );
        findings.error("quote-not-closed", At::row(file, line), message);
        rows.pop();
    }
    Some(rows)
}

/// What is said of a table beyond the limits.
pub(crate) fn too_large() -> String {
    format!(
        "the table has more than the {ROWS_MAX} rows or {CELLS_MAX} cells that are read; split it, or leave out columns that are not needed"
    )
}

/// Trims, and takes the byte order mark and non-breaking spaces for the white space they stand for.
pub(crate) fn clean(cell: &str) -> String {
    cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}').to_owned()
}

/// How many lines of comments and blanks stand at the top, and what follows them.
fn skip_comments(text: &str) -> (u64, &str) {
    let (mut lines, mut rest) = (0, text);
    while let Some((line, after)) = rest.split_once('\n') {
        let is_tags = |c| is_tag_row(&line.split(c).map(clean).collect::<Vec<_>>());
        let is_comment = line.starts_with('#') && ![',', ';', '\t'].into_iter().any(is_tags);
        if !is_comment && !line.trim().is_empty() {
            break;
        }
        (lines, rest) = (lines + 1, after);
    }
    (lines, rest)
}

/// The separator that the first row uses most outside quotation marks; the comma if it uses none.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(separator, _)| *separator == byte).for_each(|(_, count)| *count += 1),
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

//! Rows of an Excel workbook.
//!
//! The archive is measured before it is opened, and cells are taken one by one: a cell at the far
//! corner of an empty sheet would otherwise make a table of 17 thousand million cells.

use super::InputFile;
use super::findings::{At, Findings};
use super::sheet::{CELLS_MAX, COLUMNS_MAX, ROWS_MAX, RawRow, clean, too_large};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::io::{Cursor, Read};

/// Most bytes of a workbook once it is unpacked.
pub(crate) const UNPACKED_MAX: u64 = 256 * 1024 * 1024;
/// Most sheets that are looked at.
const SHEETS_MAX: usize = 100;

/// Rows of the sheet that has most of them, numbered as Excel shows them.
pub(crate) fn rows(file: InputFile<'_>, findings: &mut Findings) -> Option<Vec<RawRow>> {
    let at = At::file(file.name);
    // calamine 0.38 panics on some damaged workbooks (a `dimension` whose end lies before its start
    // is subtracted unchecked). It works on a copy of its own, so nothing is left half done.
    let read = std::panic::catch_unwind(|| read(file.bytes));
    match read.unwrap_or_else(|_| Err("the workbook is damaged inside; open it and save it again".to_owned())) {
        Ok((name, others, rows)) => {
            if others > 0 {
                let message = format!(
                    "the workbook has {} sheets with rows; only the one with most, {name:?}, was read",
                    others + 1
                );
                findings.note("sheets-not-read", at, message);
            }
            Some(rows)
        }
        Err(message) => {
            findings.error("xlsx-not-read", at, message);
            None
        }
    }
}

/// Name of the sheet with most rows, how many others have rows, and its rows.
fn read(bytes: &[u8]) -> Result<(String, usize, Vec<RawRow>), String> {
    measure(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsxError::Password => {
            "the workbook is protected by a password; remove the password and save it again".to_owned()
        }
        error => format!("the workbook cannot be read ({error}); open it and save it again as .xlsx, or as CSV"),
    })?;
    let names = workbook.sheet_names();
    if names.len() > SHEETS_MAX {
        return Err(format!(
            "the workbook has {} sheets, more than the {SHEETS_MAX} that are looked at; save the one that is meant",
            names.len()
        ));
    }
    let mut best: Option<(String, Vec<RawRow>)> = None;
    let mut filled = 0;
    for name in names {
        let rows = match sheet_rows(&mut workbook, &name) {
            Ok(rows) => rows,
            // Chart sheets have no rows.
            Err(SheetError::Xlsx(XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_))) => continue,
            Err(SheetError::Xlsx(error)) => {
                return Err(format!("sheet {name:?} cannot be read ({error}); open the workbook and save it again"));
            }
            Err(SheetError::Size) => {
                return Err(format!("sheet {name:?}: {}, or it reaches beyond column {COLUMNS_MAX}", too_large()));
            }
        };
        filled += usize::from(!rows.is_empty());
        if best.as_ref().is_none_or(|(_, held)| rows.len() > held.len()) {
            best = Some((name, rows));
        }
    }
    let (name, rows) = best.ok_or("the workbook has no sheet with cells")?;
    Ok((name, filled.saturating_sub(1), rows))
}

enum SheetError {
    Xlsx(XlsxError),
    Size,
}

fn sheet_rows(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<RawRow>, SheetError> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(SheetError::Xlsx)?;
    let mut rows: Vec<RawRow> = Vec::new();
    let mut count = 0;
    while let Some(cell) = reader.next_cell().map_err(SheetError::Xlsx)? {
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        let (number, column) = (u64::from(row) + 1, column as usize);
        if rows.last().is_none_or(|held| held.number != number) {
            rows.push(RawRow { number, cells: Vec::new() });
        }
        let rows_so_far = rows.len();
        let cells = &mut rows.last_mut().expect("just pushed").cells;
        count += (column + 1).saturating_sub(cells.len());
        if column >= COLUMNS_MAX || rows_so_far > ROWS_MAX || count > CELLS_MAX {
            return Err(SheetError::Size);
        }
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
    }
    // Writers put rows in order; a file that does not is put in order here.
    rows.sort_by_key(|row| row.number);
    Ok(rows)
}

/// A cell as a reader of the sheet sees it: whole numbers without a decimal point, dates as
/// `2023-10-02`. An error such as `#N/A` is taken as empty.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::SharedString(text) => clean(text),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
        }
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => clean(text),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Unpacks the archive once without keeping it, to see that it is whole and not larger than
/// [`UNPACKED_MAX`], and that it promises no more strings than it has bytes.
fn measure(bytes: &[u8]) -> Result<(), String> {
    let broken = |error: &dyn std::fmt::Display| {
        format!("the workbook is damaged or cut off ({error}); get it again, or open it and save it again")
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut left = UNPACKED_MAX;
    let mut is_workbook = false;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        is_workbook |= entry.name().map_err(|error| broken(&error))?.to_lowercase().ends_with("workbook.xml");
        let mut head = Vec::new();
        let taken = (&mut entry).take(2_048).read_to_end(&mut head).map_err(|error| broken(&error))? as u64;
        let rest = std::io::copy(&mut (&mut entry).take(left.saturating_add(1)), &mut std::io::sink())
            .map_err(|error| broken(&error))?;
        let size = taken.saturating_add(rest);
        if size > left {
            return Err(format!(
                "the workbook is larger than {} MiB once unpacked; split it, or save it as CSV",
                UNPACKED_MAX >> 20
            ));
        }
        left -= size;
        if promised_strings(&head).is_some_and(|count| count > size) {
            return Err(broken(&"its table of strings states more strings than it has bytes"));
        }
    }
    if is_workbook {
        Ok(())
    } else {
        Err("this is a ZIP archive and not a workbook; unpack it first, or save the table as .xlsx".to_owned())
    }
}

/// The value of `uniqueCount` in the head of a table of strings.
fn promised_strings(head: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(head);
    let (_, after) = text.split_once("uniqueCount")?;
    let digits: String = after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    Some(digits.parse().unwrap_or(u64::MAX))
}

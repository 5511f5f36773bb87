//! From rows of text to records: columns found by heading or HXL tag, values read with findings.

use super::InputFile;
use super::findings::{At, Findings, excerpt};
use super::sheet::{RawRow, Sheet, sheet};
use jiff::civil::Date;
use konbit_base::{
    ApproxDay, DatePrecision, Digest, IdError, LatLon, LatLonError, PCode, PlacePrecision, Reading, Source, canonical,
};
use konbit_mission::Record;
use serde::Serialize;
use std::collections::BTreeMap;

/// A column that a kind of record looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The heading Konbit itself writes.
    pub name: &'static str,
    /// Other headings, folded as [`fold`] does.
    pub aliases: &'static [&'static str],
    /// HXL tags: a column matches if it has the hashtag and at least these attributes.
    pub tags: &'static [&'static str],
    /// Whether a file without it cannot be used.
    pub needed: bool,
}

impl Column {
    pub const fn new(name: &'static str, aliases: &'static [&'static str], tags: &'static [&'static str]) -> Self {
        Self { name, aliases, tags, needed: false }
    }

    pub const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// Columns of where a row comes from, shared by all tables.
pub(crate) const SOURCE: [Column; 3] = [
    Column::new("source_name", &["source"], &["#meta+source+name", "#meta+source"]),
    Column::new("source_url", &["source_link"], &["#meta+source+url", "#meta+url"]),
    Column::new("source_read", &[], &["#meta+source+reading"]),
];

/// What publisher's form a table has; it says what to cite where a row names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// OpenStreetMap: a column `osm_id`.
    OpenStreetMap,
    /// UCDP Georeferenced Event Dataset: the columns `where_prec` and `date_prec`.
    Ucdp,
    /// A table with HXL tags.
    Hxl,
    /// Anything else.
    Plain,
}

/// A row of a table with its columns, while a record is made from it.
pub(crate) struct Row<'a> {
    sheet: &'a Sheet,
    raw: &'a RawRow,
    found: &'a BTreeMap<&'static str, usize>,
    pub origin: Origin,
    pub findings: &'a mut Findings,
}

/// A record and the row it came from.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub file: String,
    pub row: u64,
    /// Whether the row's file has a column for how exactly the position is known.
    pub states_precision: bool,
    pub value: T,
}

/// Reads all files as tables of `columns`, each row with `read`. `None` if a file as a whole cannot
/// be used.
pub(crate) fn tables<T>(
    files: &[InputFile<'_>],
    columns: &[Column],
    findings: &mut Findings,
    mut read: impl FnMut(&mut Row<'_>) -> Option<T>,
) -> Option<Vec<Kept<T>>> {
    let mut kept = Vec::new();
    let mut usable = true;
    for file in files {
        let Some(sheet) = sheet(*file, findings) else {
            usable = false;
            continue;
        };
        usable &= table(&sheet, columns, findings, &mut read, &mut kept);
    }
    usable.then_some(kept)
}

/// Reads one table; whether it could be used.
fn table<T>(
    sheet: &Sheet,
    columns: &[Column],
    findings: &mut Findings,
    read: &mut impl FnMut(&mut Row<'_>) -> Option<T>,
    kept: &mut Vec<Kept<T>>,
) -> bool {
    if sheet.headings_by_row && sheet.rows.is_empty() {
        return true;
    }
    let at = At::file(&sheet.file);
    let found = find_columns(sheet, columns);
    let missing: Vec<&Column> =
        columns.iter().filter(|column| column.needed && !found.contains_key(column.name)).collect();
    for column in &missing {
        let others =
            if column.aliases.is_empty() { String::new() } else { format!(" (or {})", column.aliases.join(", ")) };
        let there: Vec<&str> =
            sheet.headings.iter().map(String::as_str).filter(|heading| !heading.is_empty()).collect();
        let message = format!(
            "there is no column {:?}{others}; the columns are: {}; name the column so and import again",
            column.name,
            excerpt(&there.join(", "), 300)
        );
        findings.error("column-missing", at.column(column.name), message);
    }
    if !missing.is_empty() {
        return false;
    }
    let used: Vec<usize> = found.values().copied().collect();
    let unused: Vec<&str> = (0..)
        .zip(&sheet.headings)
        .filter(|(index, heading)| !used.contains(index) && !heading.is_empty() && *heading != "wkt")
        .map(|(_, heading)| heading.as_str())
        .collect();
    if !unused.is_empty() {
        findings.note(
            "columns-not-used",
            at,
            format!("these columns were not used: {}", excerpt(&unused.join(", "), 300)),
        );
    }
    if !columns.iter().any(|column| column.name == "wkt") {
        for (number, kind) in &sheet.shapes {
            let message = format!("the feature is a {kind} where a point is needed; give its centre as a point");
            findings.warn("geometry-not-a-point", At::row(&sheet.file, *number).column("geometry"), message);
        }
    }
    let states_precision = ["precision", "place_precision"].iter().any(|name| found.contains_key(name));
    let origin = origin(sheet);
    let mut without_subject: Vec<u64> = Vec::new();
    for raw in &sheet.rows {
        let mut row = Row { sheet, raw, found: &found, origin, findings: &mut *findings };
        if !row.has_subject(columns) {
            without_subject.push(raw.number);
            continue;
        }
        if let Some(value) = read(&mut row) {
            kept.push(Kept { file: sheet.file.clone(), row: raw.number, states_precision, value });
        }
    }
    if let Some(first) = without_subject.first() {
        let message = format!(
            "{} rows hold nothing but administrative columns (the first is row {first}): no id, name or figure; they were left out",
            without_subject.len()
        );
        findings.warn("rows-without-subject", at, message);
    }
    true
}

/// The columns of the sheet by name: by the heading Konbit writes, else by another heading in use,
/// else by HXL tag. No column serves two names.
fn find_columns(sheet: &Sheet, columns: &[Column]) -> BTreeMap<&'static str, usize> {
    let headings: Vec<String> = sheet.headings.iter().map(|heading| fold(heading)).collect();
    let mut found: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut take = |column: &Column, index: Option<usize>| {
        if let Some(index) = index
            && !found.contains_key(column.name)
            && !found.values().any(|taken| *taken == index)
        {
            found.insert(column.name, index);
        }
    };
    for column in columns {
        take(column, headings.iter().position(|heading| heading == column.name));
    }
    for column in columns {
        for alias in column.aliases {
            take(column, headings.iter().position(|heading| heading == alias));
        }
    }
    for column in columns {
        for tag in column.tags {
            take(column, sheet.tags.as_ref().and_then(|tags| tags.iter().position(|given| tag_matches(given, tag))));
        }
    }
    found
}

/// Whether a column's tag has the hashtag of `sought` and at least its attributes.
fn tag_matches(given: &str, sought: &str) -> bool {
    let parts = |tag: &str| tag.split('+').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
    let (given, sought) = (parts(given), parts(sought));
    given[0] == sought[0] && sought[1..].iter().all(|attribute| given[1..].contains(attribute))
}

fn origin(sheet: &Sheet) -> Origin {
    let has = |name: &str| sheet.headings.iter().any(|heading| fold(heading) == name);
    if has("osm_id") {
        Origin::OpenStreetMap
    } else if has("where_prec") && has("date_prec") {
        Origin::Ucdp
    } else if sheet.tags.is_some() {
        Origin::Hxl
    } else {
        Origin::Plain
    }
}

/// A heading without what does not matter: case, accents, spaces and punctuation.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match unaccented(c) {
            Some(plain) => out.push_str(plain),
            None if c.is_alphanumeric() => out.push(c),
            None if !out.is_empty() && !out.ends_with('_') => out.push('_'),
            None => {}
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// The letters of French, Spanish, Portuguese and Haitian Creole without their accents.
fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' => "a",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' => "o",
        'ù' | 'ú' | 'û' | 'ü' => "u",
        'ý' | 'ÿ' => "y",
        'œ' => "oe",
        'æ' => "ae",
        // Combining accents, as decomposed text has them.
        '\u{300}'..='\u{36f}' | '\'' | '’' => "",
        _ => return None,
    })
}

/// Letters and digits of a text for use in an id, at most 60 of them.
pub(crate) fn slug(text: &str) -> String {
    fold(text).replace('_', "-").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect()
}

impl Row<'_> {
    /// The file the row stands in.
    pub fn file(&self) -> &str {
        &self.sheet.file
    }

    /// Whether the sheet has a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// The heading of a column as the file writes it.
    fn heading(&self, name: &'static str) -> String {
        self.found
            .get(name)
            .map(|index| self.sheet.headings[*index].clone())
            .filter(|heading| !heading.is_empty())
            .unwrap_or_else(|| name.to_owned())
    }

    fn report(&mut self, is_error: bool, code: &str, name: &'static str, message: &str) {
        let heading = self.heading(name);
        let at = At::row(&self.sheet.file, self.raw.number).column(&heading);
        if is_error {
            let text: Vec<&str> = self.raw.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
            self.findings.error(
                code,
                at,
                format!("{message}; the row was left out: {}", excerpt(&text.join(" | "), 300)),
            );
        } else {
            self.findings.warn(code, at, message);
        }
    }

    /// A finding about a value that was kept or left empty.
    pub fn warn(&mut self, code: &str, name: &'static str, message: &str) {
        self.report(false, code, name, message);
    }

    /// The row cannot be kept: an error finding with its text.
    pub fn reject<T>(&mut self, code: &str, name: &'static str, message: &str) -> Option<T> {
        self.report(true, code, name, message);
        None
    }

    /// Whether anything but administrative columns is filled.
    fn has_subject(&self, columns: &[Column]) -> bool {
        let background = ["adm1_pcode", "adm2_pcode", "source_name", "source_url", "source_read"];
        columns.iter().any(|column| !background.contains(&column.name) && self.text(column.name).is_some())
    }

    /// The cell of a column, if there is one and it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let cell = self.raw.cells.get(*self.found.get(name)?)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }

    /// The cell of a column as an owned text.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// The cell of a column without which the row is no record.
    pub fn require(&mut self, name: &'static str) -> Option<String> {
        if let Some(text) = self.owned(name) {
            return Some(text);
        }
        let heading = self.heading(name);
        self.reject("value-missing", name, &format!("{heading:?} is empty; fill it in"))
    }

    /// Makes an id of a text, or rejects the row.
    pub fn id<T>(&mut self, name: &'static str, text: &str, new: impl Fn(String) -> Result<T, IdError>) -> Option<T> {
        match new(text.to_owned()) {
            Ok(id) => Some(id),
            Err(error) => self.reject("id-not-valid", name, &error.to_string()),
        }
    }

    /// The id in the column `id`.
    pub fn own_id<T>(&mut self, new: impl Fn(String) -> Result<T, IdError>) -> Option<T> {
        let text = self.require("id")?;
        self.id("id", &text, new)
    }

    /// A whole number; `None` with a warning if the cell is none in the range of the type.
    pub fn number<N: TryFrom<u64>>(&mut self, name: &'static str) -> Option<N> {
        let text = self.owned(name)?;
        let plain = text.trim_end_matches('0').strip_suffix('.').filter(|_| text.contains('.')).unwrap_or(&text);
        let value = plain.parse::<u64>().ok().and_then(|value| N::try_from(value).ok());
        if value.is_none() {
            self.warn(
                "number-not-read",
                name,
                &format!(
                    "{:?} is not a whole number in range; write digits only, it was left empty",
                    excerpt(&text, 40)
                ),
            );
        }
        value
    }

    /// A word of a list; `None` with a warning if the cell holds another.
    pub fn word<T: Copy>(&mut self, name: &'static str, code: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.owned(name)?;
        let folded = fold(&text);
        let value = words.iter().find(|(word, _)| *word == folded).map(|(_, value)| *value);
        if value.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.warn(code, name, &format!("{:?} is none of: {}", excerpt(&text, 40), known.join(", ")));
        }
        value
    }

    /// As [`Row::word`], for a column without which the row is no record.
    pub fn require_word<T: Copy>(&mut self, name: &'static str, code: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.require(name)?;
        let folded = fold(&text);
        let value = words.iter().find(|(word, _)| *word == folded).map(|(_, value)| *value);
        value.or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.reject(code, name, &format!("{:?} is none of: {}", excerpt(&text, 40), known.join(", ")))
        })
    }

    /// A day, and how exactly the cell itself states it: `2023-10-02`, `2023-10` or `2023`.
    pub fn day(&mut self, name: &'static str) -> Option<ApproxDay> {
        let text = self.owned(name)?;
        let day = parse_day(&text);
        if day.is_none() {
            self.warn(
                "date-not-read",
                name,
                &format!("{:?} is not a date; write it as 2023-10-02", excerpt(&text, 40)),
            );
        }
        day
    }

    /// A day without which the row is no record.
    pub fn require_day(&mut self, name: &'static str) -> Option<ApproxDay> {
        let text = self.require(name)?;
        parse_day(&text).or_else(|| {
            self.reject(
                "date-not-read",
                name,
                &format!("{:?} is not a date; write it as 2023-10-02", excerpt(&text, 40)),
            )
        })
    }

    /// The day of a column and the precision of another, which is no finer than the day's own form.
    pub fn approx_day(&mut self, name: &'static str, precision: &'static str) -> Option<ApproxDay> {
        let day = self.require_day(name)?;
        let stated = self.word(precision, "precision-unknown", &DATE_PRECISIONS);
        Some(ApproxDay { day: day.day, precision: stated.unwrap_or(day.precision).max(day.precision) })
    }

    /// A P-code; `None` with a warning if the cell holds something else.
    pub fn pcode(&mut self, name: &'static str) -> Option<PCode> {
        let text = self.owned(name)?;
        match PCode::new(&text) {
            Ok(code) => Some(code),
            Err(error) => {
                self.warn("pcode-not-valid", name, &format!("{error}; it was left empty"));
                None
            }
        }
    }

    /// The precision of a position; town if it is not stated.
    pub fn place_precision(&mut self, name: &'static str) -> Option<PlacePrecision> {
        self.word(name, "precision-unknown", &PLACE_PRECISIONS)
    }

    /// The position: `Ok(None)` if there is none, `Err` if the row was rejected for it.
    pub fn position(&mut self) -> Result<Option<LatLon>, ()> {
        let (lat, lon) = match (self.owned("lat"), self.owned("lon")) {
            (None, None) => {
                self.warn(
                    "position-missing",
                    "lat",
                    "there are no coordinates; the row was kept without a position and cannot be planned for",
                );
                return Ok(None);
            }
            (Some(_), None) => {
                self.warn(
                    "position-incomplete",
                    "lon",
                    "there is a latitude and no longitude; the row was kept without a position",
                );
                return Ok(None);
            }
            (None, Some(_)) => {
                self.warn(
                    "position-incomplete",
                    "lat",
                    "there is a longitude and no latitude; the row was kept without a position",
                );
                return Ok(None);
            }
            (Some(lat), Some(lon)) => (lat, lon),
        };
        let lat = self.degrees("lat", &lat)?;
        let lon = self.degrees("lon", &lon)?;
        match LatLon::new(lat, lon) {
            Ok(_) if lat == 0.0 && lon == 0.0 => {
                self.warn("position-zero", "lat", "0, 0 lies in the Gulf of Guinea and usually stands for nothing; the row was kept without a position");
                Ok(None)
            }
            Ok(position) => Ok(Some(position)),
            Err(error @ LatLonError::Latitude(_)) => {
                self.reject::<()>("latitude-out-of-range", "lat", &format!("{error}; correct it"));
                Err(())
            }
            Err(error @ LatLonError::Longitude(_)) => {
                self.reject::<()>("longitude-out-of-range", "lon", &format!("{error}; correct it"));
                Err(())
            }
        }
    }

    /// The position of a row that is no record without one.
    pub fn require_position(&mut self) -> Option<LatLon> {
        self.require("lat")?;
        self.require("lon")?;
        match self.position() {
            Ok(Some(position)) => Some(position),
            Ok(None) => self.reject("position-missing", "lat", "this kind of row needs a position"),
            Err(()) => None,
        }
    }

    /// Degrees of a coordinate. A decimal comma is taken for a point, and said so.
    fn degrees(&mut self, name: &'static str, text: &str) -> Result<f64, ()> {
        let with_point = text.replace(',', ".");
        let has_comma = text.matches(',').count() == 1 && !text.contains('.');
        let plain = if has_comma { &with_point } else { text };
        match plain.parse::<f64>() {
            Ok(degrees) if degrees.is_finite() => {
                if has_comma {
                    self.warn("decimal-comma", name, &format!("{text:?} was read as {plain}; write a decimal point"));
                }
                Ok(degrees)
            }
            _ => {
                let message =
                    format!("{:?} is not a number of degrees; write it as 18.58 or -72.2925", excerpt(text, 40));
                self.reject::<()>("coordinate-not-read", name, &message);
                Err(())
            }
        }
    }

    /// Where the row comes from; what kind of file it is where the row does not say.
    pub fn source(&mut self) -> Source {
        if self.origin == Origin::Ucdp {
            // The articles that UCDP coded from are not cited: their headlines may name people.
            let name = "Uppsala Conflict Data Program, Georeferenced Event Dataset (CC BY 4.0)".to_owned();
            return Source { name, url: None, reading: Reading::Dataset };
        }
        let url = self.url();
        let reading = self.reading();
        if let Some(name) = self.owned("source_name") {
            return Source { name, url, reading: reading.unwrap_or(Reading::Unstated) };
        }
        if self.has("source_name") {
            self.warn("source-missing", "source_name", "the row names no source; it is shown as unverified");
        }
        let (name, default) = match self.origin {
            Origin::OpenStreetMap => (
                "OpenStreetMap, © OpenStreetMap contributors, Open Database License (ODbL) 1.0".to_owned(),
                Reading::Dataset,
            ),
            Origin::Hxl => (format!("Data set in file {}", self.file()), Reading::Dataset),
            Origin::Plain | Origin::Ucdp => (format!("File {}", self.file()), Reading::Unstated),
        };
        let unsaid = self.has("source_name");
        Source { name, url, reading: reading.unwrap_or(if unsaid { Reading::Unstated } else { default }) }
    }

    fn url(&mut self) -> Option<String> {
        let url = self.owned("source_url")?;
        if url.starts_with("https://") || url.starts_with("http://") {
            return Some(url);
        }
        self.warn(
            "url-not-valid",
            "source_url",
            &format!("{:?} is not an http or https address; it was left out", excerpt(&url, 80)),
        );
        None
    }

    fn reading(&mut self) -> Option<Reading> {
        self.word("source_read", "reading-unknown", &READINGS)
    }
}

/// Words for how a source was read: those of the example's files, and those Konbit writes.
pub(crate) const READINGS: [(&str, Reading); 13] = [
    ("yes", Reading::Read),
    ("snippet", Reading::Excerpt),
    ("memory", Reading::Memory),
    ("seed", Reading::Press),
    ("un_xml", Reading::UnDocument),
    ("local_data", Reading::Dataset),
    ("read", Reading::Read),
    ("excerpt", Reading::Excerpt),
    ("press", Reading::Press),
    ("un_document", Reading::UnDocument),
    ("dataset", Reading::Dataset),
    ("unstated", Reading::Unstated),
    ("no", Reading::Unstated),
];

/// The word Konbit writes for how a source was read.
pub(crate) fn reading_word(reading: Reading) -> &'static str {
    match reading {
        Reading::UnDocument => "un-document",
        Reading::Read => "read",
        Reading::Dataset => "dataset",
        Reading::Excerpt => "excerpt",
        Reading::Press => "press",
        Reading::Memory => "memory",
        Reading::Unstated => "unstated",
    }
}

pub(crate) const DATE_PRECISIONS: [(&str, DatePrecision); 5] = [
    ("day", DatePrecision::Day),
    ("week", DatePrecision::Week),
    ("month", DatePrecision::Month),
    ("quarter", DatePrecision::Quarter),
    ("year", DatePrecision::Year),
];

pub(crate) const PLACE_PRECISIONS: [(&str, PlacePrecision); 8] = [
    ("site", PlacePrecision::Site),
    ("street", PlacePrecision::Street),
    ("neighbourhood", PlacePrecision::Neighbourhood),
    ("neighborhood", PlacePrecision::Neighbourhood),
    ("town", PlacePrecision::Town),
    ("commune", PlacePrecision::Town),
    ("department", PlacePrecision::Department),
    ("province", PlacePrecision::Department),
];

/// `2023-10-02` (a time may follow), `2023-10` or `2023`.
pub(crate) fn parse_day(text: &str) -> Option<ApproxDay> {
    let date = text.split(['T', ' ']).next()?;
    let digits = |part: &str, count: usize| -> Option<i16> {
        (part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let parts: Vec<&str> = date.split('-').collect();
    let (year, month, day, precision) = match parts.as_slice() {
        [year, month, day] => (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, DatePrecision::Day),
        [year, month] => (digits(year, 4)?, digits(month, 2)?, 1, DatePrecision::Month),
        [year] => (digits(year, 4)?, 1, 1, DatePrecision::Year),
        _ => return None,
    };
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(ApproxDay { day, precision })
}

/// Numbers the different values that come under one id, in the order they come.
#[derive(Debug, Default)]
pub(crate) struct Numbering(BTreeMap<String, BTreeMap<Digest, usize>>);

impl Numbering {
    /// 0 for the first value under `id` and for values equal to it, 1 for the second different one.
    pub fn of<T: Serialize>(&mut self, id: &str, value: &T) -> usize {
        let digest = Digest::of(&canonical::to_bytes(value).expect("records hold no floats"));
        let held = self.0.entry(id.to_owned()).or_default();
        let next = held.len();
        *held.entry(digest).or_insert(next)
    }
}

/// Keeps one record of each id: the same record twice is a note, a different one under an id that
/// was there before is an error and is left out.
pub(crate) fn unique<T: Record>(kept: Vec<Kept<T>>, findings: &mut Findings) -> Vec<Kept<T>> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<Kept<T>> = Vec::new();
    for item in kept {
        let id = item.value.id().to_owned();
        let Some(&index) = first.get(&id) else {
            first.insert(id, out.len());
            out.push(item);
            continue;
        };
        let (held, at) = (&out[index], At::row(&item.file, item.row).column("id"));
        let place = if held.file == item.file {
            format!("row {}", held.row)
        } else {
            format!("{} row {}", held.file, held.row)
        };
        if held.value == item.value {
            findings.note("row-twice", at, format!("the row says the same as {place} about {id}; one was kept"));
        } else {
            let title = excerpt(&item.value.title(), 120);
            findings.error("id-twice", at, format!("{id} is already the id of {place}, with other values; give this row an id of its own; it was left out: {title}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_without_case_accents_and_punctuation() {
        for (heading, expect) in [
            ("Catégorie", "categorie"),
            (" Institution name ", "institution_name"),
            ("LatDD", "latdd"),
            ("People  served (estimate)", "people_served_estimate"),
            ("Cate\u{301}gorie", "categorie"),
            ("#", ""),
        ] {
            assert_eq!(fold(heading), expect);
        }
    }

    #[test]
    fn a_tag_matches_if_it_has_the_hashtag_and_the_attributes() {
        for (given, sought, expect) in [
            ("#loc+name", "#loc+name", true),
            ("#loc +name +fr", "#loc+name", true),
            ("#loc", "#loc+name", false),
            ("#lat", "#lat", true),
            ("#adm2+code", "#adm1+code", false),
            ("", "#lat", false),
        ] {
            assert_eq!(tag_matches(given, sought), expect, "{given} {sought}");
        }
    }

    #[test]
    fn a_date_is_year_month_day_or_the_beginning_of_it() {
        let show = |text| parse_day(text).map(|day| (day.day.to_string(), day.precision));
        assert_eq!(show("2023-10-02"), Some(("2023-10-02".to_owned(), DatePrecision::Day)));
        assert_eq!(show("2023-10-02T11:05:00Z"), Some(("2023-10-02".to_owned(), DatePrecision::Day)));
        assert_eq!(show("2023-10"), Some(("2023-10-01".to_owned(), DatePrecision::Month)));
        assert_eq!(show("2023"), Some(("2023-01-01".to_owned(), DatePrecision::Year)));
        for wrong in ["", "02/10/2023", "2023-13-01", "2023-02-30", "23-10-02", "2023-10-2", "２０２３-10-02"] {
            assert_eq!(show(wrong), None, "{wrong}");
        }
    }
}

//! What the bytes of a file are, judged by the bytes and not by the file's name.

use super::InputFile;
use super::findings::{At, Findings, excerpt};

/// A file that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text that is neither JSON nor XML: a table with separators, or TOML.
    Text(String),
    /// JSON, as text.
    Json(String),
    /// XML, as the bytes given: its head may name an encoding.
    Xml,
    /// A ZIP archive, as XLSX is one.
    Zip,
}

/// Bytes looked at to tell text from binary data.
const HEAD: usize = 8_192;

/// Tells what `file` is; `None` with an error finding if it is nothing that can be read.
pub(crate) fn sniff(file: InputFile<'_>, findings: &mut Findings) -> Option<Content> {
    let (bytes, at) = (file.bytes, At::file(file.name));
    if bytes.iter().all(u8::is_ascii_whitespace) || bytes == b"\xEF\xBB\xBF" {
        findings.error("file-empty", at, "the file is empty; nothing was read");
        return None;
    }
    if let Some(message) = foreign(bytes, file.name) {
        findings.error("format-not-read", at, message);
        return None;
    }
    if bytes.starts_with(b"PK") {
        return Some(Content::Zip);
    }
    let text = decode(file, findings)?;
    Some(match text.trim_start().chars().next() {
        Some('{') => Content::Json(text),
        Some('[') if is_json_list(&text) => Content::Json(text),
        Some('<') => Content::Xml,
        _ => Content::Text(text),
    })
}

/// `[` begins a list in JSON and a heading in TOML.
fn is_json_list(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A sentence about a format that is recognised and not read.
fn foreign(bytes: &[u8], name: &str) -> Option<String> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    if bytes.starts_with(b"\x00\x00\x27\x0A") || ["shp", "shx", "dbf"].contains(&ending.as_str()) {
        return Some("shapefiles are not read; convert the layer to GeoJSON in WGS 84 (QGIS: Export, Save Features As) and import that".to_owned());
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        let needle: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(needle.len()).any(|window| window == needle);
        return Some(if encrypted {
            "the workbook is protected by a password; remove the password and save it again".to_owned()
        } else {
            "this is an old Excel workbook (.xls); save it as .xlsx or as CSV".to_owned()
        });
    }
    let known: [(&[u8], &str); 6] = [
        (b"%PDF", "a PDF document; export the table as CSV or XLSX"),
        (b"\x1F\x8B", "a gzip archive; unpack it first"),
        (b"SQLite format 3", "an SQLite or GeoPackage file; export the layer as GeoJSON or the table as CSV"),
        (b"\x89PNG", "a picture; export the table as CSV or XLSX"),
        (b"\xFF\xD8\xFF", "a picture; export the table as CSV or XLSX"),
        (b"7z\xBC\xAF", "a 7z archive; unpack it first"),
    ];
    known.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| format!("this is {what}"))
}

/// The bytes as text: UTF-8, or UTF-16 with a byte order mark.
fn decode(file: InputFile<'_>, findings: &mut Findings) -> Option<String> {
    let at = At::file(file.name);
    if let Some((rest, big)) = file
        .bytes
        .strip_prefix(b"\xFF\xFE")
        .map(|rest| (rest, false))
        .or_else(|| file.bytes.strip_prefix(b"\xFE\xFF").map(|rest| (rest, true)))
    {
        let units = rest.chunks_exact(2).map(|pair| {
            let pair = [pair[0], pair[1]];
            if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        });
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return match text {
            Ok(text) if rest.len().is_multiple_of(2) && !text.contains('\0') => {
                findings.note(
                    "read-as-utf-16",
                    at,
                    "the file is UTF-16 and was read as such; save it as UTF-8 if another program cannot read it",
                );
                Some(text)
            }
            _ => {
                findings.error(
                    "not-utf-8",
                    at,
                    "the file begins like UTF-16 and is not valid UTF-16; save it as UTF-8",
                );
                None
            }
        };
    }
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file.bytes);
    let head = &bytes[..bytes.len().min(HEAD)];
    if head.iter().any(|&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C)) || bytes.contains(&0) {
        findings.error(
            "not-text",
            at,
            "the file holds binary data and is of no format that is read; give CSV (UTF-8), XLSX or GeoJSON",
        );
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count() as u64;
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
            let shown = excerpt(&String::from_utf8_lossy(&bytes[start..bytes.len().min(error.valid_up_to() + 20)]), 60);
            findings.error(
                "not-utf-8",
                At::row(file.name, line),
                format!("the text is not UTF-8 from here on ({shown:?}), it may be Latin-1 or Windows-1252; save the file as UTF-8 and import it again"),
            );
            None
        }
    }
}

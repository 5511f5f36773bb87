//! What the tests share: reading bytes, counting findings, making workbooks.

use konbit_base::{Finding, Severity};
use konbit_exchange::import::{Context, ImportKind, Imported, InputFile, read};
use std::collections::BTreeMap;
use std::io::Write;

/// Reads one file under a name that says nothing about its format.
pub fn import(kind: ImportKind, bytes: &[u8]) -> Imported {
    read(kind, &[InputFile { name: "file", bytes }], &Context::default())
}

/// How often each code was found.
pub fn codes(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.code.as_str()).or_default() += 1;
    }
    counts
}

/// The findings that are errors, as text.
pub fn errors(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.severity == Severity::Error).map(ToString::to_string).collect()
}

/// A workbook with the given sheets of inline texts and numbers; a cell that begins with `=` is a
/// number.
pub fn workbook(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut put = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let numbers = 1..=sheets.len();
    let types: String = numbers.clone().map(|n| format!("<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>")).collect();
    put(
        "[Content_Types].xml",
        &format!(
            "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>{types}</Types>"
        ),
    );
    put(
        "_rels/.rels",
        "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    );
    let list: String = sheets
        .iter()
        .zip(1..)
        .map(|((name, _), n)| format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"))
        .collect();
    put(
        "xl/workbook.xml",
        &format!(
            "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>"
        ),
    );
    let links: String = numbers.map(|n| format!("<Relationship Id=\"rId{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>")).collect();
    put(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{links}</Relationships>"
        ),
    );
    for ((_, rows), n) in sheets.iter().zip(1..) {
        let rows: String = rows
            .iter()
            .zip(1..)
            .map(|(cells, row)| {
                let cells: String = cells
                    .iter()
                    .zip(b'A'..)
                    .filter(|(cell, _)| !cell.is_empty())
                    .map(|(cell, column)| {
                        let at = format!("{}{row}", char::from(column));
                        match cell.strip_prefix('=') {
                            Some(number) => format!("<c r=\"{at}\"><v>{number}</v></c>"),
                            None => format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
                        }
                    })
                    .collect();
                format!("<row r=\"{row}\">{cells}</row>")
            })
            .collect();
        put(
            &format!("xl/worksheets/sheet{n}.xml"),
            &format!(
                "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
            ),
        );
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with one part replaced by a text.
pub fn with_part(name: &str, text: &str) -> Vec<u8> {
    let base = workbook(&[("Data", &[&["id", "name", "kind"]])]);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(base)).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).unwrap();
        if entry.name().unwrap() != name {
            out.raw_copy_file(entry).unwrap();
        }
    }
    out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap().into_inner()
}

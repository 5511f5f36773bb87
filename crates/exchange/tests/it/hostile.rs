//! Whatever the bytes are, reading ends with findings and not with a panic.

use crate::files::{with_part, workbook};
use konbit_base::Severity;
use konbit_exchange::import::{Boundaries, Context, ImportKind, InputFile, read};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Files that are valid for some kind, to be damaged.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let site = "id,name,kind,lat,lon,adm2_pcode,source_name\na,A,school,18.5,-72.3,HT0111,x\nb,\"B\n\"\"q\"\"\",hospital,18.6,-72.3,,\n";
    let points = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"n1","properties":{"name":"A","kind":"school"},"geometry":{"type":"Point","coordinates":[-72.3,18.5]}}]}"#;
    let areas = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ADM2_PCODE":"HT0111","ADM2_EN":"A"},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}}]}"#;
    vec![
        site.as_bytes().to_vec(),
        site.replace(',', ";").into_bytes(),
        format!("\u{feff}{site}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"id,date_start,type,place,lat,lon,killed_best,where_prec,date_prec,side_a,side_b\na,2023-10-02,arson,X,18,-72,3,1,1,A,Civilians\n".to_vec(),
        b"from_id,to_id,class\na,b,primary\n".to_vec(),
        points.as_bytes().to_vec(),
        areas.as_bytes().to_vec(),
        workbook(&[("Data", &[&["id", "name", "kind", "lat", "lon"], &["#loc+code", "#loc+name", "#loc+type", "#lat", "#lon"], &["a", "A", "school", "=18.5", "=-72.3"]])]),
        b"name=\"M\"\nhost_state=\"HTI\"\nresolution=\"S/RES/2699 (2023)\"\ntime_zone=\"America/Port-au-Prince\"\nas_of=2023-10-02\n".to_vec(),
        b"[parameter.relief_factor]\ndefault=4.7\nlow=4.2\nhigh=6.0\nbasis=\"b\"\n[kind.school]\npost_seats=4\n".to_vec(),
        b"symbol=\"S/RES/1 (2023)\"\nadopted=2023-10-02\nvotes_in_favour=13\nvotes_against=0\nabstentions=2\n[[paragraph]]\nnumber=\"1\"\neid=\"p\"\ntext=\"t\"\n".to_vec(),
        b"{\"symbol\":\"S/RES/2699 (2023)\",\"date\":\"2023-10-02\"}\n".to_vec(),
    ]
});

/// Parts of a workbook, to be damaged inside an archive that is whole.
const PARTS: [(&str, &str); 4] = [
    (
        "xl/worksheets/sheet1.xml",
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:E3"/><sheetData><row r="1" spans="1:5"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>name</t></is></c><c r="C1" t="str"><f>A1</f><v>kind</v></c></row><row r="2"><c r="A2" s="1"><v>45200.5</v></c><c r="B2" t="b"><v>1</v></c><c r="C2" t="e"><v>#N/A</v></c><c r="D2" t="d"><v>2023-10-02</v></c></row></sheetData></worksheet>"#,
    ),
    (
        "xl/sharedStrings.xml",
        r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="2"><si><t>id</t></si><si><r><t xml:space="preserve"> a&amp;b </t></r></si></sst>"#,
    ),
    (
        "xl/styles.xml",
        r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="1"/><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets><definedNames><definedName name="x">Data!$A$1</definedName></definedNames></workbook>"#,
    ),
];

static BOUNDARIES: LazyLock<Boundaries> = LazyLock::new(|| {
    let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"adm2_pcode":"HT0111"},"geometry":{"type":"Polygon","coordinates":[[[-73,18],[-72,18],[-72,19],[-73,18]]]}}]}"#;
    Boundaries::from_geojson(text.as_bytes()).unwrap()
});

/// Reads the bytes as every kind. An unusable file gives no record and says why; a usable one
/// gives the same answer twice.
fn check(bytes: &[u8]) {
    for kind in ImportKind::ALL {
        for context in [Context::default(), Context { boundaries: Some(&BOUNDARIES), ..Context::default() }] {
            let file = InputFile { name: "file", bytes };
            let imported = read(kind, &[file], &context);
            if !imported.usable {
                assert!(imported.records.is_empty() && imported.references.is_empty());
                assert!(
                    imported.findings.iter().any(|f| f.severity == Severity::Error),
                    "{}: nothing says why",
                    kind.name()
                );
            }
            assert_eq!(read(kind, &[file], &context), imported);
        }
    }
}

#[test]
fn valid_files_of_one_kind_are_read_or_refused_as_every_other() {
    SEEDS.iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn random_text_does_no_harm(text in "(id|name|kind|lat|lon|#loc\\+name|[,;\"\n\t#{}\\[\\]<>0-9a-zé.-]){0,80}") {
        check(text.as_bytes());
    }

    #[test]
    fn damaged_files_do_no_harm(seed in 0..12usize, cut in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), keep_all in any::<bool>()) {
        let mut bytes = SEEDS[seed].clone();
        for (place, byte) in edits {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if !keep_all {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(&bytes);
    }

    #[test]
    fn damaged_parts_of_a_workbook_do_no_harm(part in 0..4usize, cut in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), 32u8..127), 0..4), keep_all in any::<bool>()) {
        let (name, text) = PARTS[part];
        let mut bytes = text.as_bytes().to_vec();
        for (place, byte) in edits {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if !keep_all {
            bytes.truncate(cut.index(bytes.len()));
        }
        let workbook = with_part(name, &String::from_utf8_lossy(&bytes));
        for kind in [ImportKind::Sites, ImportKind::Incidents] {
            let imported = read(kind, &[InputFile { name: "file", bytes: &workbook }], &Context::default());
            prop_assert!(imported.usable || !imported.findings.is_empty());
        }
    }
}

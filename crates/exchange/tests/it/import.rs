//! Tables that are right, dirty, or no tables at all: one line of data for each case.

use crate::files::{codes, errors, import, with_part, workbook};
use konbit_base::{PlacePrecision, Reading, Severity};
use konbit_exchange::import::{Boundaries, Context, ImportKind, Imported, InputFile, check_size, read};
use konbit_mission::Event;
use konbit_mission::protection::{Category, Site};

fn sites(imported: &Imported) -> Vec<&Site> {
    imported
        .records
        .iter()
        .map(|event| if let Event::Site(site) = event { site } else { panic!("{event:?}") })
        .collect()
}

/// `bytes` give so many records, and findings of exactly these codes beside notes about columns.
fn check_bytes(kind: ImportKind, bytes: &[u8], records: usize, expect: &[&str]) -> Imported {
    let imported = import(kind, bytes);
    let mut found: Vec<&str> =
        imported.findings.iter().map(|f| f.code.as_str()).filter(|code| *code != "columns-not-used").collect();
    found.sort_unstable();
    let mut expect = expect.to_vec();
    expect.sort_unstable();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    assert_eq!((imported.records.len(), found), (records, expect), "{shown}\n{:#?}", imported.findings);
    assert!(imported.usable || imported.records.is_empty());
    imported
}

fn check(kind: ImportKind, text: &str, records: usize, expect: &[&str]) -> Imported {
    check_bytes(kind, text.as_bytes(), records, expect)
}

const HEAD: &str = "id,name,kind,lat,lon\n";

fn check_sites(rows: &str, records: usize, expect: &[&str]) -> Imported {
    check(ImportKind::Sites, &format!("{HEAD}{rows}"), records, expect)
}

#[test]
fn a_good_row_is_kept_as_it_is() {
    let imported = check(
        ImportKind::Sites,
        "id,name,name_local,kind,adm2_pcode,lat,lon,precision,people_served,mandate_category,source_name,source_url,source_read,note\n\
         apt-pap,Airport,Ayewopò,airport,ht0118,18.58,-72.2925,street,1200,airport,Somebody,https://example.org/a,snippet,runway",
        1,
        &[],
    );
    let site = sites(&imported)[0];
    assert_eq!((site.id.as_str(), site.kind.as_str(), site.category), ("apt-pap", "airport", Category::Airport));
    assert_eq!(
        (site.precision, site.people_served, site.source.reading),
        (PlacePrecision::Street, Some(1200), Reading::Excerpt)
    );
    assert_eq!((site.area.as_ref().unwrap().as_str(), site.note.as_deref()), ("HT0118", Some("runway")));
    assert_eq!(site.position.unwrap().to_string(), "18.58000, -72.29250");
}

#[test]
fn separators_byte_order_marks_comments_and_blank_lines_do_not_matter() {
    for text in [
        "id,name,kind,lat,lon\na,A,school,18,-72\n",
        "id;name;kind;lat;lon\r\na;A;school;18;-72\r\n",
        "id\tname\tkind\tlat\tlon\na\tA\tschool\t18\t-72",
        "\u{feff}id,name,kind,lat,lon\na,A,school,18,-72\n",
        "# About sites\n#, with a comma\n\nid,name,kind,lat,lon\n\n\na,A,school,18,-72\n\n",
        "ID, Name ,KIND,Latitude,Longitude\r a,A,school,18,-72",
        "id,name,kind,lat,lon\r\"a\",\"A\",school,18,-72\r",
        "#loc+code,#loc+name,#loc+type,#geo+lat,#geo+lon\na,A,school,18,-72",
        "Junk,,,,\nThe code,The name,The type,North,East\n#loc+code,#loc +name,#loc+type+x,#lat,#long\na,A,school,18,-72",
    ] {
        let imported = check(ImportKind::Sites, text, 1, &[]);
        assert_eq!(sites(&imported)[0].position.unwrap().to_string(), "18.00000, -72.00000", "{text}");
    }
}

#[test]
fn rows_are_numbered_as_an_editor_shows_them() {
    // Line 1 is a comment, 2 blank, 3 the headings, 4 and 5 one quoted row, 6 blank, 7 the bad row.
    let text = "# a comment\n\nid,name,kind,lat,lon\na,\"A\nB\",school,18,-72\n\nb,B,school,91,-72\n";
    let imported = check(ImportKind::Sites, text, 1, &["latitude-out-of-range"]);
    let finding = imported.findings.iter().find(|f| f.code == "latitude-out-of-range").unwrap();
    assert_eq!(
        (finding.place.row, finding.place.column.as_deref(), finding.severity),
        (Some(7), Some("lat"), Severity::Error)
    );
    assert!(finding.message.starts_with("latitude 91 is not between -90 and 90"), "{}", finding.message);
    assert_eq!(sites(&imported)[0].name, "A\nB");
}

#[test]
fn a_dirty_row_is_a_finding_and_the_good_rows_are_kept() {
    let good = "g,Good,school,18.5,-72.3\n";
    for (row, kept, expect) in [
        ("a,A,school,91,-72", 0, "latitude-out-of-range"),
        ("a,A,school,18,-181", 0, "longitude-out-of-range"),
        ("a,A,school,north,-72", 0, "coordinate-not-read"),
        ("a,A,school,inf,-72", 0, "coordinate-not-read"),
        ("a,A,school,18.5,\"-72,25\"", 1, "decimal-comma"),
        ("a,A,school,,", 1, "position-missing"),
        ("a,A,school,18,", 1, "position-incomplete"),
        ("a,A,school,0,0", 1, "position-zero"),
        ("a,A,casino,18,-72", 1, "kind-unknown"),
        ("a,,school,18,-72", 0, "value-missing"),
        (",A,school,18,-72", 0, "value-missing"),
        ("a b,A,school,18,-72", 0, "id-not-valid"),
        ("g,Good,school,18.5,-72.3", 0, "row-twice"),
        ("g,Other,school,18.5,-72.3", 0, "id-twice"),
        ("a,A,school,18,-72,,,left over", 1, "row-ragged"),
        ("a,A,school", 1, "row-ragged"),
        ("a,\"A,school,18,-72\nb,B,school,18,-72", 0, "quote-not-closed"),
    ] {
        let mut codes = vec![expect];
        if row == "a,A,school" {
            codes.push("position-missing");
        }
        check_sites(&format!("{good}{row}"), 1 + kept, &codes);
    }
}

#[test]
fn the_text_of_a_row_that_is_left_out_stands_in_its_finding() {
    let imported = check_sites("a,Hospital of A,hospital,18,999", 0, &["longitude-out-of-range"]);
    assert!(errors(&imported.findings)[0].contains("a | Hospital of A | hospital | 18 | 999"));
}

#[test]
fn exchanged_coordinates_are_seen_against_the_other_rows() {
    let rows: String = (0..6).map(|n| format!("s{n},S{n},school,18.{n},-72.{n}\n")).collect();
    check_sites(&format!("{rows}x,X,school,-72.3,18.5\n"), 7, &["coordinates-exchanged"]);
    // Far away, and not explained by an exchange.
    check_sites(&format!("{rows}x,X,school,45,10\n"), 7, &[]);
    // Two rows are not enough to tell which is right.
    check_sites("a,A,school,18.5,-72.3\nx,X,school,-72.3,18.5\n", 2, &[]);
}

#[test]
fn one_site_under_two_ids_is_seen_by_name_and_distance() {
    // 0.0004 degrees of latitude are 44 m, 0.0005 are 56 m.
    check_sites("a,École Nationale,school,18,-72\nb,ecole  nationale,school,18.0004,-72", 2, &["site-twice"]);
    check_sites("a,École Nationale,school,18,-72\nb,ecole  nationale,school,18.0005,-72", 2, &[]);
    check_sites("a,A,school,18,-72\nb,B,school,18,-72", 2, &["positions-shared"]);
}

#[test]
fn a_file_that_is_no_table_is_not_usable_and_says_what_to_do() {
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("id,na".encode_utf16().flat_map(u16::to_le_bytes)).chain([0x41]).collect();
    for (bytes, code) in [
        (b"".as_slice(), "file-empty"),
        (b" \n\n", "file-empty"),
        (b"\xEF\xBB\xBF", "file-empty"),
        (b"# only a comment\n", "file-empty"),
        (b"<?xml version=\"1.0\"?><a/>", "format-not-read"),
        (b"<html><body>", "format-not-read"),
        (b"%PDF-1.7 x", "format-not-read"),
        (b"\x1F\x8B\x08", "format-not-read"),
        (b"\x00\x00\x27\x0A\x00", "format-not-read"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old", "format-not-read"),
        (b"\x00\x01\x02\x03", "not-text"),
        (b"id,name\n\x01\x02", "not-text"),
        (b"id,name,kind\na,H\xF4pital,school\n", "not-utf-8"),
        (b"PK\x03\x04 cut off", "xlsx-not-read"),
        (b"{\"type\":\"Feature\"", "json-not-read"),
        (b"{\"type\":\"Topology\"}", "not-a-feature-collection"),
        (b"[1,2,3]", "not-a-feature-collection"),
        (b"{\"type\":\"FeatureCollection\"}", "not-a-feature-collection"),
        (&utf16, "not-utf-8"),
    ] {
        let imported = import(ImportKind::Sites, bytes);
        assert!(!imported.usable && imported.records.is_empty(), "{code}");
        assert_eq!(codes(&imported.findings).into_keys().collect::<Vec<_>>(), [code]);
    }
}

#[test]
fn latin_1_is_refused_at_its_line_and_utf_16_is_read() {
    let imported = import(ImportKind::Sites, b"id,name,kind,lat,lon\na,H\xF4pital,hospital,18,-72\n");
    assert_eq!((imported.findings[0].place.row, imported.findings[0].message.contains("UTF-8")), (Some(2), true));
    let text = format!("\u{feff}{HEAD}a,Hôpital,hospital,18,-72\n");
    for bytes in [
        text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ] {
        let imported = check_bytes(ImportKind::Sites, &bytes, 1, &["read-as-utf-16"]);
        assert_eq!(sites(&imported)[0].name, "Hôpital");
    }
}

#[test]
fn a_missing_column_is_named_and_a_table_without_rows_adds_nothing() {
    let imported = check(ImportKind::Sites, "id,name,lat,lon\na,A,18,-72", 0, &["column-missing"]);
    assert!(!imported.usable && imported.findings[0].message.contains("\"kind\""));
    check(ImportKind::Sites, "name,kind,lat,lon\nA,school,18,-72", 0, &["column-missing"]);
    assert!(check(ImportKind::Sites, HEAD, 0, &["rows-none"]).usable);
    assert!(check(ImportKind::Sites, "{\"type\":\"FeatureCollection\",\"features\":[]}", 0, &["rows-none"]).usable);
}

#[test]
fn a_workbook_is_read_like_a_table() {
    let rows: &[&[&str]] = &[
        &["Nom", "Catégorie", "Code", "Nord", "Est"],
        &["#loc+name", "", "#loc+code", "#lat", "#long"],
        &["Clinic A", "Dispensaire", "=111607", "=18.5", "=-72.25"],
        &["", "", "", "", ""],
        &["Clinic B", "HU", "=1.5e5", "", ""],
        &[],
    ];
    let bytes = workbook(&[("Notes", &[&["read me"]]), ("Data", rows)]);
    let imported = check_bytes(ImportKind::Sites, &bytes, 2, &["position-missing", "sheets-not-read"]);
    let all = sites(&imported);
    assert_eq!(
        (all[0].id.as_str(), all[0].kind.as_str(), all[0].category),
        ("hdx-111607", "health_centre", Category::Hospital)
    );
    assert_eq!((all[1].id.as_str(), all[1].kind.as_str()), ("hdx-150000", "hospital"));
    assert_eq!(all[0].source.reading, Reading::Dataset);
    let finding = imported.findings.iter().find(|f| f.code == "position-missing").unwrap();
    assert_eq!((finding.place.row, finding.place.column.as_deref()), (Some(5), Some("Nord")));
}

#[test]
fn a_damaged_or_oversized_workbook_is_refused() {
    let good = workbook(&[("Data", &[&["id", "name", "kind"], &["a", "A", "school"]])]);
    check_bytes(ImportKind::Sites, &good, 1, &["position-missing"]);
    for cut in [good.len() / 4, good.len() / 2, good.len() - 10] {
        check_bytes(ImportKind::Sites, &good[..cut], 0, &["xlsx-not-read"]);
    }
    // A cell at the far corner does not make a table of 17 thousand million cells.
    let far = String::from_utf8_lossy(b"<c r=\"XFD1048576\"><v>1</v></c>").into_owned();
    let bytes = with_sheet(&format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\">{far}</row>"));
    check_bytes(ImportKind::Sites, &bytes, 0, &["xlsx-not-read"]);
    // The reader of workbooks panics on this one; it is refused like the others.
    let backwards = "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><dimension ref=\"E3:A1\"/><sheetData/></worksheet>";
    check_bytes(ImportKind::Sites, &with_part("xl/worksheets/sheet1.xml", backwards), 0, &["xlsx-not-read"]);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("readme.txt", zip::write::SimpleFileOptions::default()).unwrap();
    check_bytes(ImportKind::Sites, &zip.finish().unwrap().into_inner(), 0, &["xlsx-not-read"]);
}

#[test]
fn a_workbook_that_promises_too_many_strings_or_unpacks_too_large_is_refused() {
    let strings =
        "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"9999999999999\"></sst>";
    check_bytes(ImportKind::Sites, &with_strings(strings), 0, &["xlsx-not-read"]);
    // 300 MiB of spaces pack to less than half a megabyte.
    let bomb = with_strings(&" ".repeat(300 << 20));
    assert!(bomb.len() < 1 << 20);
    let imported = check_bytes(ImportKind::Sites, &bomb, 0, &["xlsx-not-read"]);
    assert!(imported.findings[0].message.contains("256 MiB"), "{}", imported.findings[0].message);
}

fn with_strings(text: &str) -> Vec<u8> {
    with_part("xl/sharedStrings.xml", text)
}

fn with_sheet(rows: &str) -> Vec<u8> {
    with_part(
        "xl/worksheets/sheet1.xml",
        &format!(
            "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        ),
    )
}

#[test]
fn points_of_geojson_are_rows() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","id":"n1","properties":{"name":"A","kind":"school","people_served":40},"geometry":{"type":"Point","coordinates":[-72.3,18.5]}},
        {"type":"Feature","properties":{"id":7,"name":"B","kind":"school"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}},
        {"type":"Feature","properties":{"id":8,"name":"C","kind":"school"},"geometry":{"type":"Point","coordinates":"here"}},
        {"type":"Feature","properties":{"id":9,"name":"D","kind":"school"},"geometry":{"type":"Point","coordinates":[-72.3,95]}},
        {"type":"Feature","properties":null}, 17]}"#;
    let expect = [
        "geometry-not-a-point",
        "geometry-not-read",
        "position-missing",
        "position-missing",
        "latitude-out-of-range",
        "rows-without-subject",
    ];
    let imported = check(ImportKind::Sites, text, 3, &expect);
    assert_eq!((sites(&imported)[0].id.as_str(), sites(&imported)[0].people_served), ("n1", Some(40)));
    let finding = imported.findings.iter().find(|f| f.code == "latitude-out-of-range").unwrap();
    assert_eq!(finding.place.row, Some(4));
}

#[test]
fn incidents_keep_contradictions_and_say_so() {
    let head = "id,date_start,date_end,date_precision,type,place,adm2_pcode,lat,lon,place_precision,killed_low,killed_best,killed_high,injured\n";
    for (row, kept, expect) in [
        ("a,2023-01-02,2023-01-03,day,arson,X,HT0111,18,-72,site,1,2,3,4", 1, vec![]),
        ("a,2023-01-02,,,arson,X,,18,-72,commune,5,4,,", 1, vec!["range-not-ordered"]),
        ("a,2023-01-02,2023-01-01,,arson,X,,18,-72,,,,,", 1, vec!["dates-exchanged"]),
        ("a,02/01/2023,,,arson,X,,18,-72,,,,,", 0, vec!["date-not-read"]),
        ("a,2023-02-30,,,arson,X,,18,-72,,,,,", 0, vec!["date-not-read"]),
        ("a,2023-01-02,,fortnight,arson,X,,18,-72,,,,,", 1, vec!["precision-unknown"]),
        ("a,2023-01-02,,,arson,X,Haiti,18,-72,,,,,", 1, vec!["pcode-not-valid"]),
        ("a,2023-01-02,,,arson,X,,,,,,,,", 1, vec!["position-missing"]),
        ("a,2023-01-02,,,arson,X,,18,-72,,many,-1,5000000000,1.5", 1, vec!["number-not-read"; 4]),
        ("a,2023-01-02,,,,X,,18,-72,,,,,", 0, vec!["value-missing"]),
        ("a,2023-01-02,,,arson,,,18,-72,,,,,", 0, vec!["value-missing"]),
    ] {
        check(ImportKind::Incidents, &format!("{head}{row}"), kept, &expect);
    }
    // A month alone is known to the month, whatever the row says.
    let imported = check(ImportKind::Incidents, &format!("{head}a,2023-01,,day,arson,X,,18,-72,,,,,"), 1, &[]);
    let Event::Incident(incident) = &imported.records[0] else { panic!() };
    assert_eq!(incident.when().to_string(), "January 2023");
}

#[test]
fn the_other_tables_name_what_they_need() {
    use ImportKind::{Areas, Bases, Contributions, Council, Obligations, Totals, Towns, Votes};
    for (kind, text, records, expect) in [
        (
            Bases,
            "id,name,lat,lon,capacity_people\na,A,18,-72,60\nb,B,18,-72,many\nc,C,,,60",
            1,
            vec!["number-not-read", "number-not-read", "value-missing"],
        ),
        (Towns, "id,name,lat,lon,population\na,A,18,-72,1000", 1, vec![]),
        (
            Areas,
            "id,name,lat,lon,radius_km,since,status\na,A,18,-72,1.25,2023-01-01,held\nb,B,18,-72,0,2023-01-01,held\nc,C,18,-72,1,2023-01-01,lost",
            1,
            vec!["number-not-read", "status-unknown"],
        ),
        (
            Totals,
            "period_start,period_end,area,measure,value\n2023-01-01,2023-03-31,Haiti,killed,846\n2023-01-01,2023-03-31,Haiti,killed,815\n2023-01-01,2022-03-31,Haiti,killed,1",
            2,
            vec!["dates-exchanged"],
        ),
        (
            Council,
            "id,date,event,detail,yes,no,abstain\na,2023-10-02,vote,Adopts,13,0,2\nb,2023-10-02,vote,Adopts,13,,",
            2,
            vec!["count-incomplete"],
        ),
        (
            Votes,
            "resolution,date,member,vote\nS/RES/1 (2023),2023-10-02,KEN,Y\nS/RES/1 (2023),2023-10-02,XXX,Y\nS/RES/1 (2023),2023-10-02,KEN,N\nS/RES/1 (2023),2023-10-03,RUS,maybe",
            1,
            vec!["id-twice", "member-unknown", "vote-unknown"],
        ),
        (
            Obligations,
            "id,resolution,paragraph,verb,force,owner,what\na,S/RES/1,1,Requests,requests,All,Report\nb,S/RES/1,0,Requests,requests,All,Report",
            1,
            vec!["number-not-read"],
        ),
        (
            Contributions,
            "id,pledge,date,contributor,kind,quantity,unit,status\na,A,2023-10-02,KEN,personnel,1000,persons,pledged\nb,B,2023-10-02,,money,5,,lost\nc,C,2023-10-02,USA,money,5,,pledged",
            2,
            vec!["value-missing", "unit-missing"],
        ),
    ] {
        check(kind, text, records, &expect);
    }
}

#[test]
fn documents_say_which_key_is_wrong() {
    use ImportKind::{Mission, Planning, Resolution};
    let mission =
        "name=\"M\"\nhost_state=\"HTI\"\nresolution=\"S/RES/2699 (2023)\"\ntime_zone=\"America/Port-au-Prince\"\n";
    for (kind, text, records, expect) in [
        (Mission, mission.to_owned(), 1, vec![]),
        (Mission, mission.replace("HTI", "Haiti"), 0, vec!["state-unknown"]),
        (Mission, mission.replace("name", "title"), 0, vec!["key-missing", "keys-not-used"]),
        (Mission, "name = ".to_owned(), 0, vec!["toml-not-read"]),
        (Mission, "<mission/>".to_owned(), 0, vec!["format-not-read"]),
        (Planning, "status = \"x\"".to_owned(), 0, vec!["key-missing"]),
        (Resolution, "symbol = \"S/RES/1 (2023)\"".to_owned(), 0, vec!["key-missing", "key-missing", "key-missing", "key-missing", "paragraphs-none"]),
        (Resolution, "symbol=\"S/RES/1 (2023)\"\nadopted=2023-10-02\nvotes_in_favour=1\nvotes_against=0\nabstentions=1\nabstained=[\"CHN\",\"RUS\"]".to_owned(), 0, vec!["count-differs", "paragraphs-none"]),
    ] {
        check(kind, &text, records, &expect);
    }
    let imported = import(Mission, b"name = \"M\"\n\nhost = = 1\n");
    assert_eq!(imported.findings[0].place.row, Some(3));
}

#[test]
fn roads_need_nodes_and_links_together() {
    let nodes =
        InputFile { name: "nodes.csv", bytes: b"id,lat,lon,source_name\na,18,-72,OpenStreetMap\nb,18.5,-72,GeoNames" };
    let links = InputFile {
        name: "links.csv",
        bytes: b"from_id,to_id,class,source_name\na,b,primary,Somebody\na,x,primary,Somebody",
    };
    let imported = read(ImportKind::Roads, &[nodes, links], &Context::default());
    assert_eq!((imported.usable, errors(&imported.findings).len(), imported.references.len()), (true, 1, 1));
    let Event::RoadNetwork(network) = &imported.records[0] else { panic!() };
    assert_eq!((network.links, network.digest), (1, imported.references[0].digest));
    assert!(network.notice.as_deref().unwrap().contains("ODbL"));
    for files in [vec![nodes], vec![links], vec![]] {
        assert!(!read(ImportKind::Roads, &files, &Context::default()).usable);
    }
}

#[test]
fn a_file_above_the_limit_of_its_kind_is_refused_before_it_is_read() {
    for kind in ImportKind::ALL {
        assert!(check_size(kind, "f", kind.bytes_max()).is_ok());
        let finding = check_size(kind, "f", 2 << 30).unwrap_err();
        assert_eq!((finding.code.as_str(), finding.severity), ("file-too-large", Severity::Error));
        assert_eq!(ImportKind::parse(kind.name()), Some(kind));
    }
    assert_eq!(ImportKind::parse("weather"), None);
    let large = vec![b' '; (1 << 20) + 1];
    check_bytes(ImportKind::Mission, &large, 0, &["file-too-large"]);
}

#[test]
fn with_boundaries_the_commune_comes_from_the_polygon() {
    let square = |code: &str, name: &str, west: u32| {
        let east = west + 1;
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"adm2_pcode\":\"{code}\",\"name\":\"{name}\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[[{west},0],[{east},0],[{east},1],[{west},1],[{west},0]]]}}}}"
        )
    };
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{},{}]}}",
        square("XX0101", "West", 0),
        square("XX0102", "East", 1)
    );
    let boundaries = Boundaries::from_geojson(text.as_bytes()).unwrap();
    let context = Context { boundaries: Some(&boundaries), ..Context::default() };
    let head = "id,name,kind,lat,lon,adm2_pcode\n";
    let areas = |rows: &str| {
        let bytes = format!("{head}{rows}").into_bytes();
        let imported = read(ImportKind::Sites, &[InputFile { name: "sites.csv", bytes: &bytes }], &context);
        let areas: Vec<String> = sites(&imported)
            .iter()
            .map(|s| s.area.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string))
            .collect();
        (areas.join(" "), codes(&imported.findings).into_keys().map(str::to_owned).collect::<Vec<_>>().join(" "))
    };
    let expect = |areas: &str, codes: &str| (areas.to_owned(), codes.to_owned());
    assert_eq!(areas("a,A,school,0.5,0.5,XX0101"), expect("XX0101", ""));
    assert_eq!(areas("a,A,school,0.5,0.5,"), expect("XX0101", ""));
    assert_eq!(areas("a,A,school,0.5,0.5,XX01"), expect("XX0101", ""));
    assert_eq!(areas("a,A,school,0.5,0.5,XX0102"), expect("XX0101", "commune-differs"));
    assert_eq!(areas("a,A,school,,,XX0102"), expect("XX0102", "position-missing"));
    // 0.02 degrees off the outline are 2.2 km: a wharf. 0.05 are 5.6 km: the sea.
    assert_eq!(areas("a,A,school,-0.02,0.5,"), expect("XX0101", ""));
    assert_eq!(areas("a,A,school,-0.05,0.5,XX0101"), expect("XX0101", "position-outside"));
    // Exchanged: 1.5, 0.5 lies outside, 0.5, 1.5 in the east.
    assert_eq!(areas("a,A,school,1.5,0.5,XX0102"), expect("XX0102", "coordinates-exchanged position-outside"));
    // A column that is wrong in most of ten rows is not trusted anywhere.
    let shifted: String = (0..10).map(|n| format!("s{n},S{n},school,0.5,0.{n}5,XX0102\n")).collect();
    let all = ["XX0101"; 10].join(" ");
    assert_eq!(
        areas(&format!("{shifted}u,U,school,,,XX0102")),
        expect(&format!("{all} none"), "commune-column-not-trusted position-missing")
    );
}

//! Files that are damaged, cut short or made to harm: an error with a sentence, never more.

use super::read;
use super::writer::{Content, block, bytes};
use konbit_roads::osm::ImportError;
use std::io::Write;
use std::ops::ControlFlow;

fn check(file: &[u8], expect: &str) {
    let message = read(file).expect_err("the file is bad").to_string();
    assert!(message.contains(expect), "{message}");
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_not_openstreetmap_is_said_to_be_so() {
    check(b"", "not OpenStreetMap data");
    check(b"id,name\n1,a\n", "not OpenStreetMap data");
    check(b"BZh91AY&SY", "not OpenStreetMap data");
    check(b"<html></html>", "not <osm>");
    check(b"<osm></osm><osm></osm>", "not <osm>");
    check(b"<!DOCTYPE osm><osm></osm>", "document type");
}

#[test]
fn xml_cut_short_or_damaged_is_refused() {
    let xml = Content::from_words("w1 1-2 highway=primary name=A; n1 place=city name=B").to_xml();
    let end = xml.trim_end().len();
    for cut in 1..end {
        if xml.is_char_boundary(cut) {
            assert!(read(&xml.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
    let packed = gz(xml.as_bytes());
    assert!(read(&packed).is_ok());
    for cut in 2..packed.len() - 1 {
        assert!(read(&packed[..cut]).is_err(), "{cut}");
    }
    check(b"<osm><node id=\"1\" lat=\"x\" lon=\"1\"/></osm>", "not a number of degrees");
    check(b"<osm><node id=\"1\" lat=\"1\"/></osm>", "no position");
    check(b"<osm><node id=\"one\" lat=\"1\" lon=\"1\"/></osm>", "not an id");
    check(b"<osm><node lat=\"1\" lon=\"1\"/></osm>", "without an id");
    check(b"<osm><way id=\"1\"><nd/></way></osm>", "lacks an attribute");
    check(b"<osm><way id=\"1\"><tag k=\"a\"/></way></osm>", "lacks an attribute");
    check(b"<osm><way id=\"1\"></relation></osm>", "damaged");
    check(b"<osm><relation id=\"1\"><member type=\"cat\" ref=\"1\" role=\"\"/></relation></osm>", "unknown kind");
    check(b"<osm><way id=\"1\"><tag k=\"a\" v=\"&boom;\"/></way></osm>", "damaged");
    check(&[b"<osm><way id=\"1\"><tag k=\"a\" v=\"".as_slice(), b"\xff", b"\"/></way></osm>"].concat(), "damaged");
}

#[test]
fn a_tag_without_end_and_a_way_without_end_are_refused() {
    let long = "x".repeat(6 << 20);
    check(format!("<osm><way id=\"1\"><tag k=\"a\" v=\"{long}\"/></way></osm>").as_bytes(), "4 MiB");
    check(gz(format!("<osm>{long}</osm>").as_bytes()).as_slice(), "4 MiB");
    let refs = "<nd ref=\"1\"/>".repeat(100_001);
    check(format!("<osm><way id=\"1\">{refs}</way></osm>").as_bytes(), "100000 nodes of one way");
}

#[test]
fn a_binary_file_that_is_damaged_or_lies_is_refused() {
    let header = block(b"OSMHeader", &bytes(4, b"OsmSchema-V0.6"), true);
    let data = |content: &[u8]| [header.clone(), block(b"OSMData", content, true)].concat();
    let group = |content: &[u8]| data(&[bytes(1, &bytes(1, b"")), bytes(2, content)].concat());
    assert!(read(&header).is_ok());
    check(&header[..header.len() - 1], "ends too early");
    check(&[header.as_slice(), b"\0\0"].concat(), "ends too early");
    check(&[header.as_slice(), b"\xff\xff\xff\xff"].concat(), "longer than the format allows");
    // A block that says it has a negative size, and one that says it has 33 MiB.
    let sized = |size: &[u8]| {
        let head = [bytes(1, b"OSMData"), [b"\x18", size].concat()].concat();
        [header.clone(), vec![0, 0, 0, u8::try_from(head.len()).unwrap()], head].concat()
    };
    check(&sized(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "larger than 32 MiB");
    check(&sized(b"\x80\x80\xc0\x10"), "larger than 32 MiB");
    check(
        &block(b"OSMHeader", &bytes(4, b"HistoricalInformation"), false),
        "\"HistoricalInformation\", which is not read",
    );
    check(&[block(b"OSMNothing", b"", false), block(b"OSMData", b"", false)].concat(), "not OpenStreetMap data");
    // A bomb: 40 MiB of zeros in a few bytes.
    check(&data(&vec![0; 40 << 20]), "larger than 32 MiB");
    check(&group(&bytes(3, b"\x08")), "ends too early");
    check(&group(&bytes(3, b"")), "without an id");
    check(&group(&bytes(3, b"\x08\x01\x12\x01\x07\x1a\x01\x07")), "no text number 7");
    check(&group(&bytes(3, b"\x08\x01\x12\x01\x00")), "more keys than values");
    check(&group(&bytes(4, b"\x08\x01\x42\x01\x00\x4a\x01\x02\x52\x01\x09")), "unknown kind 9");
    check(&group(&bytes(4, b"\x08\x01\x4a\x01\x02")), "more roles than members");
    check(&group(&bytes(2, b"\x0a\x01\x02")), "more ids than positions");
    check(&group(&bytes(1, b"\x08\x02")), "without an id or a position");
    check(&group(b"\x0f"), "a field of kind 7");
    // Differences that run over in 64 bits lead off the Earth, not astray.
    let far = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let wild = [b"\x0a\x0a".as_slice(), far, b"\x42\x0a", far, b"\x4a\x0a", far].concat();
    assert!(read(&group(&bytes(2, &wild))).is_ok());
}

#[test]
fn an_import_can_be_stopped_at_any_report() {
    let content = Content::from_words("w1 1-2 highway=primary");
    for file in [content.to_pbf(true, true), content.to_xml().into_bytes()] {
        let count = |stop_at: u32| {
            let mut seen = 0;
            let result = konbit_roads::osm::import(std::io::Cursor::new(&file), "a", &mut |progress| {
                assert!(progress.done <= progress.total, "{progress:?}");
                seen += 1;
                if seen == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            (seen, result)
        };
        let (all, whole) = count(0);
        assert!(all >= 4 && whole.is_ok(), "{all}");
        for stop_at in 1..=all {
            assert!(matches!(count(stop_at), (seen, Err(ImportError::Stopped)) if seen == stop_at), "{stop_at}");
        }
    }
}

//! Reports of the state of roads: closed, slowed, dangerous, held.

use super::InputFile;
use super::findings::Findings;
use super::table::{Column, Numbering, Row, SOURCE, tables, unique};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use konbit_base::{Digest, LatLon, Severity};
use konbit_mission::roads::{EXPIRY_SECONDS_DEFAULT, RoadReport, RoadReportId, RoadState, Stretch};
use std::str::FromStr as _;
use wkt::Wkt;
use wkt::types::{Coord, LineString};

/// Radius of a report around a point that states none, in metres: a junction and what leads to it.
const RADIUS_M_DEFAULT: u32 = 100;

/// Share of the usual speed taken where a report says `slowed` and no speed, in per cent.
const SPEED_PERCENT_DEFAULT: u8 = 50;

const STATES: [(&str, RoadState); 9] = [
    ("closed", RoadState::Closed),
    ("blocked", RoadState::Closed),
    ("barricade", RoadState::Closed),
    ("slowed", RoadState::Slowed { speed_percent: SPEED_PERCENT_DEFAULT }),
    ("slow", RoadState::Slowed { speed_percent: SPEED_PERCENT_DEFAULT }),
    ("dangerous", RoadState::Dangerous),
    ("danger", RoadState::Dangerous),
    ("held", RoadState::Held),
    ("controlled", RoadState::Held),
];

/// Reads reports of the state of roads. Times without an offset are in `zone`.
pub(crate) fn road_reports(
    files: &[InputFile<'_>],
    zone: &TimeZone,
    findings: &mut Findings,
) -> Option<Vec<RoadReport>> {
    let columns = [
        Column::new("id", &[], &[]),
        Column::new("place", &["name", "where", "road"], &["#loc+name"]).needed(),
        Column::new("state", &["status"], &["#status"]).needed(),
        Column::new("speed_percent", &["speed"], &[]),
        Column::new("wkt", &["geometry", "line"], &["#geo+wkt"]),
        Column::new("lat", &["latitude"], &["#geo+lat", "#lat"]),
        Column::new("lon", &["longitude"], &["#geo+lon", "#lon", "#long"]),
        Column::new("radius_m", &["radius"], &[]),
        Column::new("from", &["since", "start"], &["#date+start"]).needed(),
        Column::new("until", &["end"], &["#date+end"]),
        Column::new("expires", &["expiry"], &["#date+expiry"]),
        Column::new("note", &["remarks"], &["#description"]),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let mut numbering = Numbering::default();
    let kept = tables(files, &columns, findings, |row| report(row, zone, &mut numbering))?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

fn report(row: &mut Row<'_>, zone: &TimeZone, numbering: &mut Numbering) -> Option<RoadReport> {
    let place = row.require("place")?;
    let mut state = row.require_word("state", "state-unknown", &STATES)?;
    if let RoadState::Slowed { speed_percent } = &mut state
        && row.text("speed_percent").is_some()
    {
        match row.number::<u8>("speed_percent") {
            Some(percent @ 1..=99) => *speed_percent = percent,
            Some(_) => {
                row.warn("speed-out-of-range", "speed_percent", "it must lie between 1 and 99; half speed was taken");
            }
            None => {}
        }
    }
    let stretch = stretch(row)?;
    if let Some(fault) = stretch.fault() {
        return row.reject("stretch-not-usable", "wkt", &fault);
    }
    let from = instant(row, "from", zone).ok()?;
    let from = from.or_else(|| row.reject("value-missing", "from", "a report needs the time from which it counts"))?;
    let until = instant(row, "until", zone).ok()?;
    if until.is_some_and(|until| until <= from) {
        return row.reject("dates-exchanged", "until", "the report ends before it begins; correct one of the times");
    }
    let expires = match instant(row, "expires", zone).ok()? {
        Some(expires) if expires > from => expires,
        Some(_) => return row.reject("dates-exchanged", "expires", "the report expires before it begins"),
        None => until.unwrap_or(from + SignedDuration::from_secs(EXPIRY_SECONDS_DEFAULT)),
    };
    let (note, source, has_id) = (row.owned("note"), row.source(), row.text("id").is_some());
    let made = made_id(&place, state, from);
    let id = if has_id { row.own_id(RoadReportId::new)? } else { row.id("place", &made, RoadReportId::new)? };
    let mut report = RoadReport { id, place, state, stretch, from, until, expires, note, source };
    if !has_id {
        let index = numbering.of(&made, &report);
        if index > 0 {
            report.id = row.id("place", &format!("{made}-{}", index + 1), RoadReportId::new)?;
        }
    }
    Some(report)
}

/// A report from the fields of a form, by the rules of a row of a table: what stands in the field
/// of a column's name. Empty fields are left out.
///
/// # Errors
/// The findings about the fields, as one text.
pub fn read_road_report(fields: &[(&str, &str)], zone: &TimeZone) -> Result<RoadReport, String> {
    let filled: Vec<&(&str, &str)> = fields.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(filled.iter().map(|(name, _)| name))
        .and_then(|()| writer.write_record(filled.iter().map(|(_, value)| value.trim())))
        .expect("two rows of one width, and memory takes them");
    let bytes = writer.into_inner().expect("memory takes it");
    let mut findings = Findings::default();
    let file = InputFile { name: "", bytes: &bytes };
    let read = road_reports(&[file], zone, &mut findings).unwrap_or_default();
    read.into_iter().next().ok_or_else(|| {
        let errors = findings.finish().into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.message).collect::<Vec<_>>().join("; ")
    })
}

/// The id of a report that was given none: the same words give the same id.
fn made_id(place: &str, state: RoadState, from: Timestamp) -> String {
    let all = format!("{place}\u{1f}{}\u{1f}{from}", state.name());
    format!("road-{}", Digest::of(all.as_bytes()).short())
}

fn stretch(row: &mut Row<'_>) -> Option<Stretch> {
    if let Some(text) = row.owned("wkt") {
        return match shape(&text) {
            Ok(Shape::Point(centre)) => around(row, centre),
            Ok(Shape::Line(points)) => Some(Stretch::Line(points)),
            Ok(Shape::Ring(points)) => Some(Stretch::Within(points)),
            Err(why) => row.reject("geometry-not-read", "wkt", &why),
        };
    }
    if row.text("lat").is_none() || row.text("lon").is_none() {
        return row.reject(
            "stretch-missing",
            "wkt",
            "say which part of the road: a column wkt with LINESTRING or POLYGON, or lat and lon with radius_m",
        );
    }
    let centre = row.require_position()?;
    around(row, centre)
}

fn around(row: &mut Row<'_>, centre: LatLon) -> Option<Stretch> {
    let radius_m = if row.text("radius_m").is_some() {
        let read = row.number("radius_m");
        read.or_else(|| row.reject("number-not-read", "radius_m", "write the radius in whole metres, such as 250"))?
    } else {
        row.warn("radius-missing", "radius_m", &format!("no radius is given; {RADIUS_M_DEFAULT} metres were taken"));
        RADIUS_M_DEFAULT
    };
    Some(Stretch::Around { centre, radius_m })
}

enum Shape {
    Point(LatLon),
    Line(Vec<LatLon>),
    Ring(Vec<LatLon>),
}

fn shape(text: &str) -> Result<Shape, String> {
    let point = |coord: &Coord<f64>| LatLon::new(coord.y, coord.x).map_err(|error| error.to_string());
    let line = |line: &LineString<f64>| line.coords().iter().map(point).collect::<Result<Vec<LatLon>, String>>();
    match Wkt::<f64>::from_str(text).map_err(|error| format!("{text:?} is not WKT ({error}); longitude comes first"))? {
        Wkt::Point(given) => Ok(Shape::Point(point(given.coord().ok_or("the point is empty")?)?)),
        Wkt::LineString(given) => Ok(Shape::Line(line(&given)?)),
        Wkt::Polygon(given) => {
            let mut ring = line(given.rings().first().ok_or("the polygon is empty")?)?;
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            Ok(Shape::Ring(ring))
        }
        _ => Err("give one LINESTRING, POLYGON or POINT in each row".to_owned()),
    }
}

/// The row was rejected, with a finding.
struct Rejected;

/// The instant in a column: with an offset, or local to `zone`; a day alone is its midnight.
/// `None` if the cell is empty.
fn instant(row: &mut Row<'_>, name: &'static str, zone: &TimeZone) -> Result<Option<Timestamp>, Rejected> {
    let Some(text) = row.owned(name) else { return Ok(None) };
    if let Some(instant) = parse_instant(&text, zone) {
        return Ok(Some(instant));
    }
    row.reject::<()>("time-not-read", name, &format!("{text:?} is not a time; write it as 2023-10-02T18:30"));
    Err(Rejected)
}

/// A time such as `2023-10-02T18:30`, with an offset or local to `zone`, or a day.
pub fn parse_instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())))?;
    zone.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Context, ImportKind, Imported, InputFile, read};
    use super::*;
    use konbit_mission::Event;

    fn import(text: &str) -> Imported {
        let name = if text.starts_with('{') { "states.geojson" } else { "states.csv" };
        let zone = TimeZone::get("America/Port-au-Prince").unwrap();
        let context = Context { zone: Some(&zone), ..Context::default() };
        read(ImportKind::RoadReports, &[InputFile { name, bytes: text.as_bytes() }], &context)
    }

    fn one(text: &str) -> RoadReport {
        let imported = import(text);
        match imported.records.as_slice() {
            [Event::RoadReport(report)] => report.clone(),
            _ => panic!("{:?}", imported.findings),
        }
    }

    #[test]
    fn a_row_gives_a_report_with_its_times_in_the_missions_zone() {
        let report = one(
            "place,state,wkt,from,until\nRN1 at Titanyen,blocked,\"LINESTRING (-72.36 18.69, -72.37 18.70)\",2023-10-02T06:00,2023-10-02T18:00-04:00\n",
        );
        assert_eq!(report.state, RoadState::Closed);
        assert_eq!(report.from.to_string(), "2023-10-02T10:00:00Z");
        assert_eq!(report.until.unwrap().to_string(), "2023-10-02T22:00:00Z");
        assert_eq!(report.expires, report.until.unwrap());
        assert!(matches!(report.stretch, Stretch::Line(points) if points[0] == LatLon::new(18.69, -72.36).unwrap()));
    }

    #[test]
    fn a_report_without_an_end_expires_after_three_days() {
        let report = one("place,state,lat,lon,radius_m,from\nMartissant,held,18.52,-72.36,1500,2023-10-02\n");
        assert_eq!(
            (report.from.to_string(), report.expires.to_string()),
            ("2023-10-02T04:00:00Z".into(), "2023-10-05T04:00:00Z".into())
        );
        assert_eq!(report.stretch, Stretch::Around { centre: LatLon::new(18.52, -72.36).unwrap(), radius_m: 1_500 });
    }

    #[test]
    fn geojson_lines_and_polygons_are_read() {
        let feature = |geometry: &str| {
            format!(
                r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"place":"x","state":"slowed","speed_percent":30,"from":"2023-10-02"}},"geometry":{geometry}}}]}}"#
            )
        };
        let line = one(&feature(r#"{"type":"LineString","coordinates":[[-72.3,18.5],[-72.4,18.6]]}"#));
        assert_eq!(line.state, RoadState::Slowed { speed_percent: 30 });
        assert!(matches!(line.stretch, Stretch::Line(points) if points.len() == 2));
        let ring = one(&feature(
            r#"{"type":"Polygon","coordinates":[[[-72.3,18.5],[-72.4,18.6],[-72.5,18.5],[-72.3,18.5]]]}"#,
        ));
        assert!(matches!(ring.stretch, Stretch::Within(points) if points.len() == 3));
        let point = one(&feature(r#"{"type":"Point","coordinates":[-72.3,18.5]}"#));
        assert!(matches!(point.stretch, Stretch::Around { radius_m: 100, .. }));
    }

    #[test]
    fn a_row_that_cannot_be_a_report_says_why() {
        let head = "place,state,wkt,lat,lon,radius_m,from,until,expires\n";
        for (row, code) in [
            ("x,flooded,POINT (1 1),,,5,2023-10-02,,", "state-unknown"),
            ("x,closed,,,,,2023-10-02,,", "stretch-missing"),
            ("x,closed,LINESTRING (1),,,,2023-10-02,,", "geometry-not-read"),
            ("x,closed,\"LINESTRING (200 1, 2 2)\",,,,2023-10-02,,", "geometry-not-read"),
            ("x,closed,,1,1,0,2023-10-02,,", "stretch-not-usable"),
            ("x,closed,,1,1,5,yesterday,,", "time-not-read"),
            ("x,closed,,1,1,5,,,", "value-missing"),
            ("x,closed,,1,1,5,2023-10-02,2023-10-01,", "dates-exchanged"),
            ("x,closed,,1,1,5,2023-10-02,,2023-10-01", "dates-exchanged"),
            (",closed,,1,1,5,2023-10-02,,", "value-missing"),
        ] {
            let imported = import(&format!("{head}{row}\n"));
            assert!(imported.usable && imported.records.is_empty(), "{row}");
            assert!(imported.findings.iter().any(|finding| finding.code == code), "{row}: {:?}", imported.findings);
        }
    }

    #[test]
    fn a_form_is_read_by_the_rules_of_a_row() {
        let form = |state, lat| {
            let fields = [
                ("place", "RN1, \"km 20\""),
                ("state", state),
                ("wkt", ""),
                ("lat", lat),
                ("lon", "-72.3"),
                ("radius_m", "200"),
                ("from", "2023-10-02T18:00"),
                ("source_name", "patrol"),
            ];
            read_road_report(&fields, &TimeZone::UTC)
        };
        let report = form("closed", "18.5").unwrap();
        assert_eq!((report.place.as_str(), report.source.name.as_str()), ("RN1, \"km 20\"", "patrol"));
        for (state, lat, expect) in
            [("open", "18.5", "is none of"), ("closed", "", "say which part"), ("closed", "91", "latitude")]
        {
            let why = form(state, lat).unwrap_err();
            assert!(why.contains(expect), "{why}");
        }
    }

    #[test]
    fn the_same_words_give_the_same_id_and_a_second_report_another() {
        let row = "x,closed,1,1,5,2023-10-02\n";
        let text = format!("place,state,lat,lon,radius_m,from\n{row}{row}x,closed,2,2,5,2023-10-02\n");
        let ids: Vec<String> = import(&text).records.iter().map(|event| event.target().1.to_owned()).collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[1], format!("{}-2", ids[0]));
    }
}

//! What is written reads back as the same records.

use crate::example;
use crate::files::errors;
use konbit_base::{ApproxDay, DatePrecision, LatLon, PCode, PlacePrecision, Reading, Source};
use konbit_exchange::export::{ExportFormat, ExportKind, export};
use konbit_exchange::import::{Context, ImportKind, InputFile, read};
use konbit_mission::contributions::{Contribution, ContributionId, Kind, Status};
use konbit_mission::protection::{Category, Site, SiteId};
use konbit_mission::roads::{RoadReport, RoadReportId, RoadState, Stretch};
use konbit_mission::situation::{Incident, IncidentId, Range};
use konbit_mission::{Event, Mission};
use proptest::prelude::*;

/// Writes every kind in every format, reads it, and compares.
fn check(mission: &Mission) {
    for kind in ExportKind::ALL {
        for format in [ExportFormat::Csv, ExportFormat::GeoJson] {
            let Some(bytes) = export(mission, kind, format) else {
                assert!(format == ExportFormat::GeoJson && !kind.has_places());
                continue;
            };
            assert_eq!(export(mission, kind, format).as_ref(), Some(&bytes), "the same bytes each time");
            let file = InputFile { name: "exported", bytes: &bytes };
            let imported = read(ImportKind::parse(kind.name()).unwrap(), &[file], &Context::default());
            assert!(
                imported.usable && errors(&imported.findings).is_empty(),
                "{}: {:#?}",
                kind.name(),
                imported.findings
            );
            let mut again = Mission::default();
            for event in imported.records {
                assert!(mission.already_holds(&event), "{} {format:?}: {event:#?}", kind.name());
                again.apply(0, event);
            }
            assert_eq!(count(&again, kind), count(mission, kind), "{} {format:?}", kind.name());
        }
    }
}

fn count(mission: &Mission, kind: ExportKind) -> usize {
    match kind {
        ExportKind::Sites => mission.sites.len(),
        ExportKind::Bases => mission.bases.len(),
        ExportKind::Incidents => mission.incidents.len(),
        ExportKind::Areas => mission.areas.len(),
        ExportKind::Contributions => mission.contributions.len(),
        ExportKind::Obligations => mission.obligations.len(),
        ExportKind::RoadReports => mission.road_reports.len(),
    }
}

#[test]
fn road_reports_survive_a_round_trip() {
    let at = |lat, lon| LatLon::new(lat, lon).unwrap();
    let (a, b, c) = (at(18.5, -72.3), at(18.6, -72.4), at(18.7, -72.301_234));
    let around = Stretch::Around { centre: c, radius_m: 750 };
    let cases = [
        (RoadState::Closed, Stretch::Line(vec![a, b, c]), None),
        (RoadState::Slowed { speed_percent: 35 }, Stretch::Within(vec![a, b, c]), Some("2023-10-02T18:30:00Z")),
        (RoadState::Dangerous, around.clone(), None),
        (RoadState::Held, around, None),
    ];
    let mut mission = Mission::default();
    for (entry, (state, stretch, until)) in (0..).zip(cases) {
        let report = RoadReport {
            id: RoadReportId::new(format!("r-{entry}")).unwrap(),
            place: "RN1, \"Titanyen\"".to_owned(),
            state,
            stretch,
            from: "2023-10-02T06:00:00Z".parse().unwrap(),
            until: until.map(|text| text.parse().unwrap()),
            expires: "2023-10-05T06:00:00Z".parse().unwrap(),
            note: None,
            source: Source { name: "patrol".to_owned(), url: None, reading: Reading::Read },
        };
        mission.apply(entry, report.into());
    }
    check(&mission);
}

#[test]
fn the_example_survives_a_round_trip() {
    check(&example::mission());
}

#[test]
fn an_empty_mission_is_written_as_headings() {
    check(&Mission::default());
    let bytes = export(&Mission::default(), ExportKind::Bases, ExportFormat::Csv).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text.lines().nth(1),
        Some(
            "#loc+id,#loc+name,#geo+lat,#geo+lon,#capacity,#adm2+code,#meta+source+name,#meta+source+url,#meta+source+reading,#description"
        )
    );
    assert_eq!(text.lines().count(), 2);
}

/// Texts as people write them, without white space at the ends.
fn words() -> impl Strategy<Value = String> {
    "[a-zé#\"';,=0-9][a-zé #\"';,\n=+-]{0,20}[a-zé\"';,#0-9]"
}

fn position() -> impl Strategy<Value = LatLon> {
    (-90.0..90.0f64, -180.0..180.0f64)
        .prop_map(|(lat, lon)| LatLon::new(lat, lon).unwrap())
        .prop_filter("0, 0 stands for nothing", |at| at.lat() != 0.0 || at.lon() != 0.0)
}

fn source() -> impl Strategy<Value = Source> {
    (
        words(),
        proptest::option::of("https://[a-z]{1,9}/[a-z]{0,9}"),
        prop_oneof![Just(Reading::Read), Just(Reading::Memory), Just(Reading::UnDocument), Just(Reading::Unstated)],
    )
        .prop_map(|(name, url, reading)| Source { name, url, reading })
}

prop_compose! {
    fn site()(id in "[a-z0-9/()-]{1,20}", name in words(), name_local in proptest::option::of(words()), position in proptest::option::of(position()),
        area in proptest::option::of("HT[0-9]{2,6}"), people_served in proptest::option::of(any::<u64>()), note in proptest::option::of(words()), source in source()) -> Site {
        Site { id: SiteId::new(id).unwrap(), name, name_local, kind: "health_centre".to_owned(), category: Category::Other, position,
            precision: PlacePrecision::Street, area: area.map(|code| PCode::new(&code).unwrap()), people_served, note, source }
    }
}

prop_compose! {
    fn incident()(id in "[a-z0-9-]{1,20}", place in words(), summary in words(), group in proptest::option::of(words()), position in proptest::option::of(position()),
        low in proptest::option::of(any::<u32>()), best in proptest::option::of(any::<u32>()), days in 0..400i64, source in source()) -> Incident {
        let start: jiff::civil::Date = "2022-07-08".parse().unwrap();
        Incident { id: IncidentId::new(id).unwrap(), kind: "attack_on_health".to_owned(), start, end: start.saturating_add(jiff::Span::new().days(days)),
            date_precision: DatePrecision::Week, place, area: None, position, place_precision: PlacePrecision::Neighbourhood,
            killed: Range { low, best, high: None }, injured: best, kidnapped: None, displaced: low, group, summary, source }
    }
}

prop_compose! {
    fn contribution()(id in "[a-z0-9-]{1,20}", pledge in words(), detail in words(), quantity in proptest::option::of(any::<u64>()), counts in any::<bool>(), source in source()) -> Contribution {
        Contribution { id: ContributionId::new(id).unwrap(), pledge, date: ApproxDay { day: "2023-10-02".parse().unwrap(), precision: DatePrecision::Month },
            contributor: "KEN".to_owned(), contributor_name: "Kenya".to_owned(), kind: Kind::Service, detail, quantity, unit: "flights".to_owned(), status: Status::Committed,
            counts, caveat: None, note: None, source }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_records_survive_a_round_trip(sites in proptest::collection::vec(site(), 0..6), incidents in proptest::collection::vec(incident(), 0..6), lines in proptest::collection::vec(contribution(), 0..6)) {
        let mut mission = Mission::default();
        let events = sites.into_iter().map(Event::from).chain(incidents.into_iter().map(Event::from)).chain(lines.into_iter().map(Event::from));
        for (entry, event) in (0..).zip(events) {
            mission.apply(entry, event);
        }
        check(&mission);
    }
}

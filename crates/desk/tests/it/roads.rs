//! Roads of the worked example: travel times, reports, what they do to reach, the base map.

use crate::{Scratch, empty, file, filled, moment, stamp};
use konbit_base::{LatLon, Reading, Severity, Source};
use konbit_desk::{Desk, RoadQuestion, RoadsNow, Stop, TileId, Travel, WayBasis, Weather};
use konbit_exchange::import::ImportKind;
use konbit_mission::Mission;
use konbit_mission::protection::{BaseId, SiteId};
use konbit_mission::roads::{RoadReport, RoadReportId, RoadState, Stretch};
use konbit_roads::network::RoadClass;

fn mission(desk: &Desk) -> Mission {
    desk.snapshot().unwrap().mission
}

fn travel(scratch: &Scratch) -> Travel {
    scratch.desk.travel(&mission(&scratch.desk), moment(scratch)).unwrap()
}

fn minutes(travel: &Travel, base: &str, site: &str) -> Option<u32> {
    travel.way(&BaseId::new(base).unwrap(), &SiteId::new(site).unwrap()).map(|way| way.minutes_tenths)
}

/// A report that covers the whole road from the capital to the north at its narrowest: both ends
/// of the bridge at Pont-Sondé.
fn report(id: &str, state: RoadState, from: &str, until: Option<&str>) -> RoadReport {
    RoadReport {
        id: RoadReportId::new(id).unwrap(),
        place: "Martissant".to_owned(),
        state,
        stretch: Stretch::Around { centre: LatLon::new(18.527, -72.36).unwrap(), radius_m: 1_200 },
        from: from.parse().unwrap(),
        until: until.map(|text| text.parse().unwrap()),
        expires: "2023-10-09T00:00:00Z".parse().unwrap(),
        note: None,
        source: Source { name: "test".to_owned(), url: None, reading: Reading::Read },
    }
}

#[test]
fn the_example_travels_by_road_and_reports_its_derived_lengths() {
    let scratch = filled();
    let mission = mission(&scratch.desk);
    let network = mission.road_network.values().next().unwrap();
    assert_eq!((network.links, network.nodes), (427, 357));
    assert!(network.metres_by_basis["derived"] > 0 && network.metres_by_basis["published"] > 0);
    assert!(network.connected_nodes < network.nodes, "three islands lie apart");
    assert!(network.notice.as_deref().unwrap().contains("OpenStreetMap"));
    let now = scratch.desk.roads_now(&mission, &RoadQuestion::at(moment(&scratch))).unwrap().unwrap();
    let at = |id: &str| now.stop(scratch.desk.position_of(id).unwrap().unwrap()).unwrap();
    let trip = now.trip(at("base-pap-airport"), at("hos-hueh")).unwrap();
    assert!(trip.planned_ms > trip.usual_ms);
    assert!(trip.route.lengths.derived_dm > 0 && trip.route.lengths.derived_dm < trip.route.lengths.total_dm());
    let steps = now.roads().step_words(&trip.route);
    assert!(steps.iter().any(|step| step.name.as_deref() == Some("RN1")), "{steps:?}");
    assert_eq!(steps.iter().map(|step| step.ms).sum::<u64>(), u64::from(trip.route.ms));
}

#[test]
fn islands_without_a_road_are_reached_by_no_base_and_no_factor_stands_in() {
    let scratch = filled();
    let travel = travel(&scratch);
    let mission = mission(&scratch.desk);
    let [by_road, by_circle, unreached] = travel.sites_by_basis(&mission);
    assert_eq!(by_road + by_circle + unreached, 469);
    assert!(by_road > 400 && unreached > 0, "{by_road} {by_circle} {unreached}");
    assert!(travel.nearest(&mission, &SiteId::new("prt-anse-a-galets").unwrap()).is_none());
}

#[test]
fn where_no_road_is_near_the_great_circle_counts_and_says_so() {
    let scratch = filled();
    let row = "id,name,kind,lat,lon,source_name,source_read\nfar,Far,hospital,18.0,-73.0,x,yes\n";
    scratch.desk.import(ImportKind::Sites, &file("far.csv", row), &stamp()).unwrap();
    let way = travel(&scratch).way(&BaseId::new("base-pap-airport").unwrap(), &SiteId::new("far").unwrap()).unwrap();
    assert_eq!(way.basis, WayBasis::GreatCircle);
    let bare = Travel::great_circle(&mission(&scratch.desk));
    assert_eq!(bare.way(&BaseId::new("base-pap-airport").unwrap(), &SiteId::new("far").unwrap()), Some(way));
}

#[test]
fn a_report_counts_while_it_is_in_force_and_the_worst_of_several_counts() {
    let scratch = filled();
    // Carrefour lies beyond Martissant, seen from the airport.
    let (base, site) = ("base-pap-airport", "town-like");
    let row = "id,name,kind,lat,lon,source_name,source_read\ntown-like,Carrefour,hospital,18.54114,-72.39922,x,yes\n";
    scratch.desk.import(ImportKind::Sites, &file("c.csv", row), &stamp()).unwrap();
    let free = minutes(&travel(&scratch), base, site).unwrap();
    let record = |report| scratch.desk.record_road_report(report, &stamp()).unwrap();
    // The evening of 2 October 2023 in Haiti is 22:00 in Greenwich.
    record(report("later", RoadState::Closed, "2023-10-03T00:00:00Z", None));
    record(report("over", RoadState::Closed, "2023-10-01T00:00:00Z", Some("2023-10-02T12:00:00Z")));
    assert_eq!(minutes(&travel(&scratch), base, site), Some(free));
    record(report("slow", RoadState::Slowed { speed_percent: 25 }, "2023-10-02T00:00:00Z", None));
    let slowed = minutes(&travel(&scratch), base, site).unwrap();
    assert!(slowed > free, "{slowed} {free}");
    record(report("shut", RoadState::Closed, "2023-10-02T00:00:00Z", None));
    let shut = minutes(&travel(&scratch), base, site);
    assert!(shut.is_none_or(|shut| shut >= slowed), "{shut:?}");
    let question = RoadQuestion { without: Some("shut".to_owned()), ..RoadQuestion::at(moment(&scratch)) };
    let without = scratch.desk.travel_if(&mission(&scratch.desk), &question).unwrap();
    assert_eq!(minutes(&without, base, site), Some(slowed));
    let standing = mission(&scratch.desk);
    let changes = without.changes(&travel(&scratch), &standing);
    assert!(
        changes.iter().all(|(_, change)| change.after_tenths > change.before_tenths || change.after_tenths.is_none())
    );
    scratch.desk.end_road_report("shut", moment(&scratch).instant, &stamp()).unwrap();
    assert_eq!(minutes(&travel(&scratch), base, site), Some(slowed));
    scratch.desk.renew_road_report("shut", moment(&scratch).instant, &stamp()).unwrap();
    assert_eq!(minutes(&travel(&scratch), base, site), shut);
    assert!(scratch.desk.end_road_report("none", moment(&scratch).instant, &stamp()).is_err());
}

#[test]
fn night_rain_and_an_armoured_vehicle_are_other_times_on_the_same_roads() {
    let scratch = filled();
    let mission = mission(&scratch.desk);
    let time = |profile: Option<&str>, weather| {
        let question =
            RoadQuestion { profile: profile.map(str::to_owned), weather, ..RoadQuestion::at(moment(&scratch)) };
        let now = scratch.desk.roads_now(&mission, &question).unwrap().unwrap();
        let at = |id: &str| now.stop(scratch.desk.position_of(id).unwrap().unwrap()).unwrap();
        now.trip(at("base-pap-airport"), at("hos-hueh")).unwrap().usual_ms
    };
    let day = time(None, Weather::default());
    let night = time(None, Weather { night: true, rain: false });
    let storm = time(None, Weather { night: true, rain: true });
    assert!(day < night && night < storm, "{day} {night} {storm}");
    assert!(day < time(Some("armoured-vehicle"), Weather::default()));
    assert_eq!(day, time(Some("patrol-vehicle"), Weather::default()), "the reaction forces' profile");
    let unknown = RoadQuestion { profile: Some("boat".to_owned()), ..RoadQuestion::at(moment(&scratch)) };
    let error = scratch.desk.roads_now(&mission, &unknown).unwrap_err().to_string();
    assert!(error.contains("boat") && error.contains("patrol-vehicle"), "{error}");
}

#[test]
fn a_network_is_kept_by_its_digest_and_a_lost_one_is_named() {
    let scratch = filled();
    travel(&scratch);
    let digest = mission(&scratch.desk).road_network.values().next().unwrap().digest;
    let path = scratch.desk.dir().network_path(digest);
    assert!(path.is_file() && path.with_extension("order").is_file(), "network and its order are kept");
    let reopened = |scratch: Scratch| {
        let dir = scratch.dir;
        scratch.desk.close().unwrap();
        let desk = Desk::open(&dir.path().join("m")).unwrap();
        Scratch { dir, desk }
    };
    // A wrong order spoils nothing: it is made anew.
    std::fs::write(path.with_extension("order"), b"nonsense").unwrap();
    let before = travel(&scratch);
    let scratch = reopened(scratch);
    assert_eq!(travel(&scratch), before);
    std::fs::write(&path, b"nonsense").unwrap();
    let scratch = reopened(scratch);
    let error = scratch.desk.travel(&mission(&scratch.desk), moment(&scratch)).unwrap_err().to_string();
    assert!(error.contains("missing or altered") && error.contains("road_nodes.csv"), "{error}");
}

#[test]
fn a_place_beside_a_road_that_a_profile_leaves_out_is_connected_to_one_that_it_uses() {
    let scratch = filled();
    let now = |profile: Option<&str>| {
        let question = RoadQuestion { profile: profile.map(str::to_owned), ..RoadQuestion::at(moment(&scratch)) };
        scratch.desk.roads_now(&mission(&scratch.desk), &question).unwrap().unwrap()
    };
    let class = |now: &RoadsNow, stop: Stop| now.roads().network().links[stop.snap.link as usize].class;
    let usual = now(None);
    let base = mission(&scratch.desk).bases.get("base-pap-airport").unwrap().value.position;
    // A main street of the capital: the secondary road nearest to the base, half way along.
    let network = usual.roads().network();
    let streets = (0..).zip(&network.links).filter(|(_, link)| link.class == RoadClass::Secondary);
    let middle = |index: u32| {
        let course = usual.roads().course(index);
        course[course.len() / 2]
    };
    let street =
        streets.map(|(index, _)| middle(index)).min_by(|a, b| a.distance_m(base).total_cmp(&b.distance_m(base)));
    let street = street.unwrap();
    let beside = usual.stop(street).unwrap();
    assert_eq!(class(&usual, beside), RoadClass::Secondary);
    assert!(beside.snap.distance_m < 1.0, "{beside:?}");
    let toml = include_str!("../../../../examples/haiti-2023/travel_profiles.toml");
    let toml = toml.replace("secondary = 300", "secondary = 0");
    scratch.desk.import(ImportKind::TravelProfiles, &file("p.toml", &toml), &stamp()).unwrap();
    let without = now(None);
    let stop = without.stop(street).unwrap();
    assert_ne!(class(&without, stop), RoadClass::Secondary, "{stop:?}");
    assert!(stop.snap.distance_m > 1.0 && stop.connector_ms > 0 && !stop.is_apart(), "{stop:?}");
    assert!(without.trip(without.stop(base).unwrap(), stop).is_some(), "it can be travelled to");
}

#[test]
fn profiles_that_cannot_be_travelled_by_are_refused_and_change_nothing() {
    let scratch = empty();
    for (text, expect) in [("x = 1", "speed profiles"), ("profile = []", "profiles"), ("[[profile", "TOML")] {
        let report = scratch.desk.import(ImportKind::TravelProfiles, &file("p.toml", text), &stamp()).unwrap();
        let said: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert!(!report.usable && said.iter().any(|line| line.contains(expect)), "{text}: {said:?}");
        assert!(report.findings.iter().any(|finding| finding.severity == Severity::Error));
    }
    assert_eq!(scratch.desk.snapshot().unwrap().head.size, 0);
}

#[test]
fn the_base_map_has_tiles_with_roads_and_names_and_a_version_that_follows_the_data() {
    let scratch = filled();
    let before = mission(&scratch.desk);
    let ground = scratch.desk.ground(&before).unwrap().unwrap();
    let tile = ground.tiles().tile(TileId::containing(LatLon::new(18.55, -72.33).unwrap(), 10).unwrap());
    assert!(tile.features > 20 && tile.left_out == 0, "{} features", tile.features);
    for word in ["roads", "places", "outline", "Port-au-Prince"] {
        assert!(tile.bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
    scratch.desk.withdraw("town", "town-ht0111", "tried in a test", &stamp()).unwrap();
    let after = mission(&scratch.desk);
    assert_ne!(scratch.desk.ground_version(&before), scratch.desk.ground_version(&after));
    assert_eq!(scratch.desk.ground_version(&Mission::default()), None);
}

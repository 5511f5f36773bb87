//! The rules by which OpenStreetMap becomes a network, a case a line.

use super::writer::Content;
use super::{describe, read};
use konbit_roads::base_map::BaseMap;
use konbit_roads::osm::Imported;

/// Imports the same content from XML and three forms of the binary format, forwards and
/// backwards, and finds the same each time.
fn imported(words: &str) -> Imported {
    let content = Content::from_words(words);
    let expect = read(content.to_xml().as_bytes()).unwrap();
    assert_eq!(expect.network.check(), Ok(()), "{words}");
    for (is_dense, is_packed) in [(true, true), (true, false), (false, true)] {
        assert_eq!(read(&content.to_pbf(is_dense, is_packed)).unwrap(), expect, "{words} {is_dense} {is_packed}");
    }
    let reversed = content.reversed();
    assert_eq!(read(reversed.to_xml().as_bytes()).unwrap(), expect, "{words}");
    assert_eq!(read(&reversed.to_pbf(true, true)).unwrap(), expect, "{words}");
    expect
}

/// `expect`: the network in words, and behind `!` the codes of the findings.
fn check(words: &str, expect: &str) {
    let imported = imported(words);
    let codes: Vec<&str> = imported.findings.iter().map(|it| it.code.as_str()).collect();
    let found = match (describe(&imported.network), codes.as_slice()) {
        (text, []) => text,
        (text, codes) => format!("{text} ! {}", codes.join(" ")).trim().to_owned(),
    };
    assert_eq!(found, expect, "{words}");
}

#[test]
fn a_class_and_its_ramp_are_one_class() {
    check("w1 1-2 highway=trunk", "1-2 trunk m= f=");
    check("w1 1-2 highway=trunk_link", "1-2 trunk m= f=");
    check("w1 1-2 highway=primary", "1-2 primary m= f=");
    check("w1 1-2 highway=secondary_link", "1-2 secondary m= f=");
    check("w1 1-2 highway=tertiary", "1-2 tertiary m= f=");
    check("w1 1-2 highway=unclassified", "1-2 unclassified m= f=");
    check("w1 1-2 highway=residential", "1-2 residential m= f=");
    check("w1 1-2 highway=living_street", "1-2 living-street m= f=");
    check("w1 1-2 highway=service", "1-2 service m= f=");
    check("w1 1-2 highway=track", "1-2 track m= f=");
    check("w1 1-2 highway=road", "1-2 road m= f=");
    check("w1 1-2 highway=pedestrian", "1-2 pedestrian m. f=");
    check("w1 1-2 highway=footway", "1-2 path m. f=");
    check("w1 1-2 highway=cycleway", "1-2 path m. f=");
    check("w1 1-2 highway=steps", "1-2 steps m. f=");
}

#[test]
fn what_is_no_road_is_left_out_with_a_finding() {
    check("w1 1-2 highway=primary; w2 2-3 highway=construction", "1-2 primary m= f= ! road-not-built");
    check("w1 1-2 highway=primary; w2 2-3 highway=proposed", "1-2 primary m= f= ! road-not-built");
    check("w1 1-2 highway=primary; w2 2-3 highway=raceway", "1-2 primary m= f= ! highway-not-for-travel");
    check("w1 1-2 highway=primary; w2 2-3 highway=hovertrack", "1-2 primary m= f= ! highway-unknown");
    check("w1 1-2 highway=construction", "! road-not-built no-roads");
    check("w1 1-2 building=yes", "! no-roads");
    check("", "! no-roads");
}

#[test]
fn one_way_rules_bind_vehicles_only() {
    check("w1 1-2 highway=primary oneway=yes", "1-2 primary m> f=");
    check("w1 1-2 highway=primary oneway=1", "1-2 primary m> f=");
    check("w1 1-2 highway=primary oneway=-1", "1-2 primary m< f=");
    check("w1 1-2 highway=primary oneway=reverse", "1-2 primary m< f=");
    check("w1 1-2 highway=primary oneway=no", "1-2 primary m= f=");
    check("w1 1-2 highway=primary oneway=alternating", "1-2 primary m= f=");
    check("w1 1-2 highway=primary oneway=reversible", "1-2 primary m. f= ! oneway-changing");
    check("w1 1-2 highway=primary oneway=sometimes", "1-2 primary m= f= ! oneway-unknown");
    check("w1 1-2 highway=motorway", "1-2 motorway m> f.");
    check("w1 1-2 highway=motorway oneway=no", "1-2 motorway m= f.");
    check("w1 1-2 highway=motorway_link", "1-2 motorway m= f.");
    check("w1 1-2-3-1 highway=primary junction=roundabout", "1-2-3-1 primary m> f=");
    check("w1 1-2-3-1 highway=primary junction=circular oneway=-1", "1-2-3-1 primary m< f=");
    check("w1 1-2 highway=primary oneway=yes oneway:motor_vehicle=no", "1-2 primary m= f=");
    check("w1 1-2 highway=primary oneway=yes oneway:foot=yes", "1-2 primary m> f=");
    check(
        "w1 1-2 highway=primary oneway=yes oneway:conditional=no~@~(22:00-06:00)",
        "1-2 primary m> f= ! access-conditional",
    );
}

#[test]
fn the_most_special_access_key_decides() {
    check("w1 1-2 highway=primary access=no", "! access-closed no-roads");
    check("w1 1-2 highway=service access=private", "! access-closed no-roads");
    check("w1 1-2 highway=primary access=no foot=yes", "1-2 primary m. f=");
    check("w1 1-2 highway=primary access=no vehicle=yes", "1-2 primary m= f.");
    check("w1 1-2 highway=primary vehicle=no motor_vehicle=yes", "1-2 primary m= f=");
    check("w1 1-2 highway=primary motor_vehicle=yes motorcar=no", "1-2 primary m. f=");
    check("w1 1-2 highway=primary access=destination", "1-2 primary m= f=");
    check("w1 1-2 highway=track motor_vehicle=forestry", "1-2 track m. f=");
    check("w1 1-2 highway=primary foot=no", "1-2 primary m= f.");
    check("w1 1-2 highway=primary motorroad=yes", "1-2 primary m= f.");
    check("w1 1-2 highway=footway motor_vehicle=yes", "1-2 path m= f=");
    check("w1 1-2 highway=footway access=yes", "1-2 path m. f=");
    check("w1 1-2 highway=motorway foot=yes", "1-2 motorway m> f=");
    check("w1 1-2 highway=primary motor_vehicle:backward=no", "1-2 primary m> f=");
    check("w1 1-2 highway=primary access=if_you_dare", "1-2 primary m= f= ! access-unknown");
    check("w1 1-2 highway=primary motor_vehicle:conditional=no~@~Sa", "1-2 primary m= f= ! access-conditional");
    check("w1 1-2-3-1 highway=service area=yes", "1-2-3-1 service m. f= ! area");
}

#[test]
fn surface_and_state_are_read_as_far_as_travel_is_concerned() {
    check("w1 1-2 highway=primary surface=asphalt", "1-2 primary m= f= paved");
    check("w1 1-2 highway=primary surface=concrete:plates", "1-2 primary m= f= paved");
    check("w1 1-2 highway=primary surface=fine_gravel", "1-2 primary m= f= gravel");
    check("w1 1-2 highway=primary surface=sett", "1-2 primary m= f= gravel");
    check("w1 1-2 highway=primary surface=mud", "1-2 primary m= f= earth");
    check("w1 1-2 highway=primary surface=unpaved", "1-2 primary m= f= earth");
    check("w1 1-2 highway=primary surface=cheese", "1-2 primary m= f= ! surface-unknown");
    check("w1 1-2 highway=track tracktype=grade2", "1-2 track m= f= gravel");
    check("w1 1-2 highway=primary surface=asphalt smoothness=bad", "1-2 primary m= f= gravel");
    check("w1 1-2 highway=primary surface=gravel smoothness=horrible", "1-2 primary m= f= earth");
    check("w1 1-2 highway=track smoothness=impassable", "1-2 track m. f= ! road-impassable");
}

#[test]
fn a_signed_speed_is_kmh_mph_or_a_word() {
    check("w1 1-2 highway=primary maxspeed=60", "1-2 primary m= f= 60");
    check("w1 1-2 highway=primary maxspeed=30~mph", "1-2 primary m= f= 48");
    check("w1 1-2 highway=primary maxspeed=walk", "1-2 primary m= f= 7");
    check("w1 1-2 highway=primary maxspeed=none", "1-2 primary m= f=");
    check("w1 1-2 highway=primary maxspeed:forward=60 maxspeed:backward=40", "1-2 primary m= f= 40");
    check("w1 1-2 highway=primary maxspeed=FR:urban", "1-2 primary m= f= ! maxspeed-unread");
}

#[test]
fn a_ferry_has_its_own_time_shared_out_by_length() {
    check("w1 1-2-3 route=ferry duration=00:20 motor_vehicle=yes", "1-2-3 ferry m= f= 1200000/1200000ms");
    check("w1 1-2 route=ferry duration=PT1H foot=yes motor_vehicle=no", "1-2 ferry m. f= 3600000/3600000ms");
    // A foot ferry says who it takes; one that says nothing is assumed to take vehicles.
    check("w1 1-2 route=ferry foot=yes", "1-2 ferry m. f=");
    check("w1 1-2 route=ferry", "1-2 ferry m= f= ! ferry-vehicles-assumed");
    check("w1 1-2 route=ferry motor_vehicle=yes duration=soon", "1-2 ferry m= f= ! duration-unread");
    // One third and two thirds of the way.
    check(
        "w1 1-2-4 route=ferry duration=30 motor_vehicle=yes; w2 2-5 highway=primary",
        "1-2 ferry m= f= 600000/600000ms; 2-4 ferry m= f= 1200000/1200000ms; 2-5 primary m= f=",
    );
    // Two ferries end to end keep their own times.
    check(
        "w1 1-2 route=ferry duration=10 motor_vehicle=yes; w2 2-3 route=ferry duration=10 motor_vehicle=yes",
        "1-2 ferry m= f= 600000/600000ms; 2-3 ferry m= f= 600000/600000ms",
    );
}

#[test]
fn a_barrier_on_a_road_stops_whom_it_is_for() {
    let road = |barrier: &str, expect: &str| check(&format!("w1 1-2-3 highway=primary; n2 {barrier}"), expect);
    let cut = "1-2 primary m= f=; 2-3 primary m= f=; node 2";
    road("barrier=bollard", &format!("{cut} m. f="));
    road("barrier=block", &format!("{cut} m. f="));
    road("barrier=cycle_barrier", &format!("{cut} m. f="));
    road("barrier=bollard motor_vehicle=yes", "1-2-3 primary m= f=");
    road("barrier=bollard access=yes", &format!("{cut} m. f="));
    road("barrier=gate", "1-2-3 primary m= f=");
    road("barrier=gate access=private", &format!("{cut} m. f."));
    road("barrier=gate access=no foot=yes", &format!("{cut} m. f="));
    road("barrier=gate locked=yes", &format!("{cut} m. f="));
    road("barrier=wall", &format!("{cut} m. f."));
    road("barrier=lift_gate motor_vehicle=private", &format!("{cut} m. f="));
    road("barrier=moat", &format!("{cut} m. f= ! barrier-unknown"));
    road("barrier=cattle_grid", "1-2-3 primary m= f=");
    road("highway=crossing", "1-2-3 primary m= f=");
}

#[test]
fn a_road_is_cut_where_others_meet_it_and_only_there() {
    check("w1 1-2-3-4 highway=primary", "1-2-3-4 primary m= f=");
    check(
        "w1 1-2-3 highway=primary; w2 2-4 highway=residential",
        "1-2 primary m= f=; 2-3 primary m= f=; 2-4 residential m= f=",
    );
    // A way that merely changes hands is one link, whichever way its pieces run.
    check("w1 1-2 highway=primary; w2 2-3 highway=primary", "1-2-3 primary m= f=");
    check("w1 1-2 highway=primary; w2 3-2 highway=primary", "1-2-3 primary m= f=");
    check("w1 1-2 highway=primary oneway=yes; w2 3-2 highway=primary oneway=-1", "1-2-3 primary m> f=");
    check(
        "w1 1-2 highway=primary oneway=yes; w2 3-2 highway=primary oneway=yes",
        "1-2 primary m> f=; 3-2 primary m> f=",
    );
    check("w1 1-2 highway=primary name=A; w2 2-3 highway=primary name=B", "1-2 primary m= f= A; 2-3 primary m= f= B");
    check("w1 1-2 highway=primary; w2 2-3 highway=secondary", "1-2 primary m= f=; 2-3 secondary m= f=");
    // A circle, a figure of eight, a way there and back.
    check("w1 1-2-3-1 highway=primary", "1-2-3-1 primary m= f=");
    check("w1 1-2-3 highway=primary; w2 3-4-1 highway=primary", "1-2-3-4-1 primary m= f=");
    check("w1 1-2-3-1-4-5-1 highway=primary", "1-2-3-1 primary m= f=; 1-4-5-1 primary m= f=");
    check("w1 1-2-1 highway=primary", "1-2-1 primary m= f=");
    check("w1 1-1-2-2-3 highway=primary", "1-2-3 primary m= f=");
    check("w1 1-1 highway=primary; w2 2-3 highway=primary", "2-3 primary m= f= ! way-without-length");
    check("w1 1-2 highway=primary; w2 4-5 highway=primary; w3 2-3-4 highway=primary", "1-2-3-4-5 primary m= f=");
}

#[test]
fn a_road_ends_at_a_node_that_the_file_lacks() {
    check("w1 1-2-3-4-5 highway=primary; !3", "1-2 primary m= f=; 4-5 primary m= f= ! node-missing");
    check("w1 1-2-3 highway=primary; !1", "2-3 primary m= f= ! node-missing");
    check("w1 1-2-3 highway=primary; !2", "! node-missing no-roads");
    check("w1 1-2-3 highway=primary; n1@91,0", "2-3 primary m= f= ! node-missing node-off-earth");
}

#[test]
fn names_are_kept_by_language() {
    check(
        "w1 1-2 highway=primary name=Rue~A name:ht=Ri~A name:fr=Rue~A ref=RN1",
        "1-2 primary m= f= Rue A fr:Rue A ht:Ri A",
    );
    check("w1 1-2 highway=primary ref=RN1", "1-2 primary m= f= RN1");
    check("w1 1-2 highway=primary name:ht=Ri~A", "1-2 primary m= f= Ri A ht:Ri A");
    check("w1 1-2 highway=primary name:etymology=A name:left=B", "1-2 primary m= f=");
    let names = &imported("w1 1-2 highway=primary name=Rue~A ref=RN1").network.names;
    assert_eq!((names[0].local.as_str(), names[0].reference.as_deref()), ("Rue A", Some("RN1")));
}

/// A crossing of four arms 1, 3, 4, 5 at node 2; `relation` is the rest of a restriction.
fn crossing(relation: &str, expect: &str) {
    let roads = "w1 1-2 highway=primary name=W; w3 2-3 highway=primary name=E; w4 2-4 highway=residential; w5 5-2 highway=residential oneway=yes";
    let links = "1-2 primary m= f= W; 2-3 primary m= f= E; 2-4 residential m= f=; 5-2 residential m> f=";
    check(&format!("{roads}; r9 type=restriction {relation}"), format!("{links}{expect}").trim());
}

#[test]
fn a_turn_restriction_is_a_pair_of_links() {
    crossing("restriction=no_left_turn from:w1 via:n2 to:w4", "; turn 1-2 2-4");
    crossing("restriction=no_u_turn from:w1 via:n2 to:w1", "; turn 1-2 1-2");
    // Only straight on: not into 4, not back; 5 leads only here anyway.
    crossing("restriction=only_straight_on from:w1 via:n2 to:w3", "; turn 1-2 1-2; turn 1-2 2-4");
    crossing("restriction=no_entry from:w1 from:w3 via:n2 to:w4", "; turn 1-2 2-4; turn 2-3 2-4");
    crossing("restriction=no_exit from:w1 via:n2 to:w3 to:w4", "; turn 1-2 2-3; turn 1-2 2-4");
    crossing("restriction=no_left_turn from:w1 via:n2 to:w4 except=bicycle|psv", "; turn 1-2 2-4");
    crossing("restriction:motorcar=no_left_turn from:w1 via:n2 to:w4", "; turn 1-2 2-4");
}

#[test]
fn a_turn_restriction_that_is_not_read_is_a_finding() {
    crossing("restriction=no_left_turn from:w1 via:n2 to:w4 except=motorcar", " ! restriction-others");
    crossing("restriction:hgv=no_left_turn from:w1 via:n2 to:w4", " ! restriction-others");
    crossing("restriction:conditional=no_left_turn~@~Mo from:w1 via:n2 to:w4", " ! restriction-conditional");
    crossing("restriction=no_left_turn hour_on=07:00 from:w1 via:n2 to:w4", " ! restriction-conditional");
    crossing("restriction=no_left_turn from:w1 via:w3 to:w4", " ! restriction-via-way");
    crossing("restriction=no_left_turn from:w1 via:n2 via:n3 to:w4", " ! restriction-via-way");
    crossing("restriction=no_left_turn from:w1 to:w4", " ! restriction-incomplete");
    crossing("restriction=no_left_turn from:w1 via:n2", " ! restriction-incomplete");
    crossing("restriction=no_left_turn from:w1 via:n2 to:w77", " ! restriction-incomplete");
    crossing("restriction=no_left_turn from:w1 via:n77 to:w4", " ! restriction-incomplete");
    // Road 5 leads only here: into it nobody turns.
    crossing("restriction=no_left_turn from:w1 via:n2 to:w5", " ! restriction-incomplete");
    crossing("restriction=give_way from:w1 via:n2 to:w4", " ! restriction-unknown");
    check(
        "w1 1-2-3 highway=primary; w4 2-4 highway=residential; r9 type=restriction restriction=no_left_turn from:w1 via:n2 to:w4",
        "1-2 primary m= f=; 2-3 primary m= f=; 2-4 residential m= f= ! restriction-ambiguous",
    );
}

#[test]
fn the_node_of_a_restriction_stays_a_node() {
    check(
        "w1 1-2 highway=primary; w2 2-3 highway=primary; r9 type=restriction restriction=no_straight_on from:w1 via:n2 to:w2",
        "1-2 primary m= f=; 2-3 primary m= f=; turn 1-2 2-3",
    );
}

#[test]
fn findings_are_counted_and_name_the_lowest_ids() {
    let words: Vec<String> = (1..=7).rev().map(|id| format!("w{id} 1-2 highway=hovertrack")).collect();
    let findings = imported(&words.join("; ")).findings;
    assert_eq!(
        findings[0].to_string(),
        "warning: test.osm: 7 ways have a highway class that is not known here and were left out; lowest ids: 1 (hovertrack), 2 (hovertrack), 3 (hovertrack), 4 (hovertrack), 5 (hovertrack) (highway-unknown)"
    );
}

#[test]
fn a_length_is_measured_along_the_course() {
    // Five thousandths of a degree of longitude at 18 degrees: 0.005 * 111,195.08 m * cos 18 = 528.77 m.
    let network = imported("w1 1-3-2-4 highway=primary").network;
    assert_eq!(network.links[0].length_dm, 5_288);
}

fn water(words: &str) -> (BaseMap, Vec<String>) {
    let imported = imported(&format!("w99 1-2 highway=primary; {words}"));
    (imported.base_map, imported.findings.into_iter().map(|it| it.code).collect())
}

/// Corners of squares: 11 to 14 around 21 to 24, all around longitude -72.
const SQUARES: &str =
    "n11@18,-72; n12@18,-71; n13@19,-71; n14@19,-72; n21@18.4,-71.6; n22@18.4,-71.4; n23@18.6,-71.4; n24@18.6,-71.6;";

#[test]
fn water_is_put_together_from_its_outlines() {
    let sizes = |words: &str| {
        let (map, codes) = water(&format!("{SQUARES} {words}"));
        let sizes: Vec<Vec<usize>> = map.water.iter().map(|rings| rings.iter().map(Vec::len).collect()).collect();
        (sizes, codes)
    };
    let none = Vec::<String>::new;
    assert_eq!(sizes("w1 11-12-13-14-11 natural=water"), (vec![vec![5]], none()));
    assert_eq!(sizes("w1 11-12-13-14-11 waterway=riverbank"), (vec![vec![5]], none()));
    assert_eq!(sizes("w1 11-12-13-14 natural=water"), (vec![], vec!["water-open".to_owned()]));
    let lake = "r5 type=multipolygon natural=water outer:w1 outer:w2 inner:w3";
    let ways = "w1 11-12-13; w2 11-14-13; w3 21-22-23-24-21";
    assert_eq!(sizes(&format!("{ways}; {lake}")), (vec![vec![5, 5]], none()));
    // The way that is the outline of a relation is not drawn twice.
    let lake = "r5 type=multipolygon natural=water outer:w1 inner:w3";
    assert_eq!(
        sizes(&format!("w1 11-12-13-14-11 natural=water; w3 21-22-23-24-21; {lake}")),
        (vec![vec![5, 5]], none())
    );
    let lake = "r5 type=multipolygon natural=water outer:w1 outer:w7";
    assert_eq!(sizes(&format!("w1 11-12-13-14-11; {lake}")), (vec![vec![5]], vec!["water-open".to_owned()]));
}

#[test]
fn coast_rivers_and_places_are_kept_for_the_map() {
    let (map, codes) = water(
        "w1 3-4 natural=coastline; w2 2-3 natural=coastline; w3 5-6-7 waterway=river name=Artibonite name:ht=Latibonit; n30@18.5,-72.3 place=city name=Port-au-Prince name:ht=Pòtoprens population=987~310; n31@18.6,-72.3 place=village; n32@18.7,-72.3 place=locality name=X",
    );
    assert_eq!(codes, ["place-unnamed"]);
    assert_eq!(map.coastlines.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
    assert_eq!((map.waterlines.len(), map.waterlines[0].names.local.as_str()), (1, "Artibonite"));
    assert_eq!(map.places.len(), 1);
    assert_eq!(map.places[0].population, Some(987_310));
    assert_eq!(map.places[0].names.by_language, [("ht".to_owned(), "Pòtoprens".to_owned())]);
}

//! GeoJSON for the vector map, and the outlines the server draws itself.

use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::situation::{Area, Control};
use serde_json::{Value, json};

/// A chain of positions as longitude and latitude in degrees.
pub type Line = Vec<(f64, f64)>;

/// What a reference layer holds, as far as it can be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shapes {
    /// Rings of polygons that belong to the country itself.
    pub host: Vec<Line>,
    /// Rings of polygons of its neighbours.
    pub neighbours: Vec<Line>,
    /// Lines, with the class of road where one is given.
    pub lines: Vec<(String, Line)>,
}

/// Reads the shapes of a GeoJSON feature collection; what is not a polygon or a line is left out.
pub fn shapes(bytes: &[u8]) -> Shapes {
    let mut shapes = Shapes::default();
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return shapes };
    for feature in value["features"].as_array().into_iter().flatten() {
        let text = |name: &str| feature["properties"][name].as_str().unwrap_or_default().to_owned();
        let coordinates = &feature["geometry"]["coordinates"];
        let rings = if text("role") == "neighbour" { &mut shapes.neighbours } else { &mut shapes.host };
        match feature["geometry"]["type"].as_str().unwrap_or_default() {
            "Polygon" => rings.extend(lines_of(coordinates)),
            "MultiPolygon" => {
                coordinates.as_array().into_iter().flatten().for_each(|part| rings.extend(lines_of(part)));
            }
            "LineString" => shapes.lines.extend(line_of(coordinates).map(|line| (text("class"), line))),
            "MultiLineString" => shapes.lines.extend(lines_of(coordinates).map(|line| (text("class"), line))),
            _ => {}
        }
    }
    shapes
}

fn lines_of(value: &Value) -> impl Iterator<Item = Line> + '_ {
    value.as_array().into_iter().flatten().filter_map(line_of)
}

fn line_of(value: &Value) -> Option<Line> {
    let line: Line =
        value.as_array()?.iter().filter_map(|point| Some((point.get(0)?.as_f64()?, point.get(1)?.as_f64()?))).collect();
    (line.len() > 1).then_some(line)
}

/// A ring of `corners` points around `centre` at `radius_m` metres, closed.
pub fn circle(centre: LatLon, radius_m: f64, corners: u32) -> Line {
    const METRES_PER_DEGREE: f64 = 111_195.08;
    let (lat_radius, lon_radius) =
        (radius_m / METRES_PER_DEGREE, radius_m / METRES_PER_DEGREE / centre.lat().to_radians().cos().max(0.01));
    (0..=corners)
        .map(|corner| {
            let angle = f64::from(corner % corners) / f64::from(corners) * std::f64::consts::TAU;
            (centre.lon() + lon_radius * angle.cos(), centre.lat() + lat_radius * angle.sin())
        })
        .collect()
}

fn round(line: &Line) -> Vec<[f64; 2]> {
    line.iter().map(|(lon, lat)| [(lon * 1e5).round() / 1e5, (lat * 1e5).round() / 1e5]).collect()
}

fn point(position: LatLon, properties: &Value) -> Value {
    json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [position.lon(), position.lat()] }, "properties": properties })
}

fn collection(features: &[Value]) -> Value {
    json!({ "type": "FeatureCollection", "features": features })
}

/// Held or contested, as a word.
pub fn control_word(area: &Area) -> &'static str {
    match area.control {
        Control::Held => "held",
        Control::Contested => "contested",
    }
}

/// Areas that are held or contested on `day`, as circles.
pub fn areas(mission: &Mission, day: jiff::civil::Date) -> Value {
    let in_force = mission.areas.iter().filter(|area| area.value.is_in_force(day));
    collection(
        &in_force
            .map(|recorded| {
                let area = &recorded.value;
                let ring = circle(area.position, f64::from(area.radius_m), 32);
                json!({
                    "type": "Feature",
                    "geometry": { "type": "Polygon", "coordinates": [round(&ring)] },
                    "properties": {
                        "id": area.id.as_str(), "name": area.name, "control": control_word(area),
                        "group": area.group, "since": area.since.to_string(),
                        "verified": area.source.reading.is_verified(),
                        "href": recorded.entries.last().map(|ix| crate::layout::entry_href(*ix)),
                    },
                })
            })
            .collect::<Vec<_>>(),
    )
}

/// Incidents that have a position.
pub fn incidents(mission: &Mission) -> Value {
    let placed = mission.incidents.iter().filter_map(|recorded| Some((recorded, recorded.value.position?)));
    collection(
        &placed
            .map(|(recorded, position)| {
                let incident = &recorded.value;
                let properties = json!({
                    "id": incident.id.as_str(), "kind": crate::format::words(&incident.kind), "place": incident.place,
                    "when": incident.when().to_string(), "killed": incident.killed.best, "summary": incident.summary,
                    "verified": incident.source.reading.is_verified(),
                    "href": recorded.entries.last().map(|ix| crate::layout::entry_href(*ix)),
                });
                point(position, &properties)
            })
            .collect::<Vec<_>>(),
    )
}

/// Bases.
pub fn bases(mission: &Mission) -> Value {
    collection(
        &mission
            .bases
            .iter()
            .map(|recorded| {
                let base = &recorded.value;
                let properties = json!({
                    "id": base.id.as_str(), "name": base.name, "capacity": base.capacity,
                    "verified": base.source.reading.is_verified(),
                    "href": recorded.entries.last().map(|ix| crate::layout::entry_href(*ix)),
                });
                point(base.position, &properties)
            })
            .collect::<Vec<_>>(),
    )
}

/// Towns, the most populous first, so that the map's labels give way in that order.
pub fn towns(mission: &Mission) -> Value {
    let mut towns: Vec<_> = mission.towns.values().collect();
    towns.sort_by(|a, b| b.population.cmp(&a.population).then(a.id.cmp(&b.id)));
    let rank_and_town = (0u32..).zip(towns);
    collection(
        &rank_and_town
            .map(|(rank, town)| {
                point(town.position, &json!({ "name": town.name, "population": town.population, "rank": rank }))
            })
            .collect::<Vec<_>>(),
    )
}

/// A site on the map: what a reader sees of it before opening its page.
#[derive(Debug, Clone, PartialEq)]
pub struct MapSite {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind, in words.
    pub kind: String,
    /// Where.
    pub position: LatLon,
    /// Word of its posture: `always`, `sometimes`, `reached`, `open`, or `unplanned`.
    pub posture: &'static str,
    /// A sentence about its posture.
    pub says: String,
    /// Whether somebody read the source of the row.
    pub verified: bool,
}

/// Lines or an area that belong to the page: a state of a road, a route, what can be reached.
#[derive(Debug, Clone, PartialEq)]
pub struct MapShape {
    /// What it is, as a style sheet names it, such as `closed` or `route`.
    pub class: &'static str,
    /// Whether its lines are rings around an area (holes among them), and not ways.
    pub is_area: bool,
    /// Its lines.
    pub lines: Vec<Line>,
    /// A sentence about it.
    pub says: String,
}

/// Shapes of the page; each is one feature.
pub fn page_shapes(shapes: &[MapShape]) -> Value {
    collection(
        &shapes
            .iter()
            .map(|shape| {
                let lines: Vec<_> = shape.lines.iter().map(round).collect();
                let kind = if shape.is_area { "Polygon" } else { "MultiLineString" };
                json!({
                    "type": "Feature", "geometry": { "type": kind, "coordinates": lines },
                    "properties": { "class": shape.class, "says": shape.says },
                })
            })
            .collect::<Vec<_>>(),
    )
}

/// Positions as a line.
pub fn line(points: &[LatLon]) -> Line {
    points.iter().map(|point| (point.lon(), point.lat())).collect()
}

/// Sites with their posture.
pub fn sites(sites: &[MapSite]) -> Value {
    collection(
        &sites
            .iter()
            .map(|site| {
                let properties = json!({
                    "id": site.id, "name": site.name, "kind": site.kind, "posture": site.posture, "says": site.says,
                    "verified": site.verified, "href": site_href(&site.id),
                });
                point(site.position, &properties)
            })
            .collect::<Vec<_>>(),
    )
}

/// Address of a site's page.
pub fn site_href(id: &str) -> String {
    format!("/protection/sites/{}", crate::format::escape(id, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_and_lines_are_read_and_the_rest_is_left_out() {
        let text = br#"{"type":"FeatureCollection","features":[
            {"properties":{"role":"host"},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}},
            {"properties":{"role":"neighbour"},"geometry":{"type":"Polygon","coordinates":[[[2,0],[3,0],[3,1],[2,0]]]}},
            {"properties":{"class":"primary"},"geometry":{"type":"LineString","coordinates":[[0,0],[1,1]]}},
            {"properties":{},"geometry":{"type":"Point","coordinates":[0,0]}},
            {"properties":{},"geometry":null}]}"#;
        let shapes = shapes(text);
        assert_eq!((shapes.host.len(), shapes.neighbours.len()), (1, 1));
        assert_eq!(shapes.lines, [("primary".to_owned(), vec![(0.0, 0.0), (1.0, 1.0)])]);
        assert_eq!(super::shapes(b"not json"), Shapes::default());
    }

    #[test]
    fn a_circle_is_closed_and_has_its_radius() {
        let centre = LatLon::new(18.5, -72.3).unwrap();
        let ring = circle(centre, 1_000.0, 32);
        assert_eq!((ring.len(), ring.first()), (33, ring.last()));
        for (lon, lat) in ring {
            let distance = centre.distance_m(LatLon::new(lat, lon).unwrap());
            assert!((distance - 1_000.0).abs() < 1.0, "{distance}");
        }
    }
}

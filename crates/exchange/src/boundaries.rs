//! Administrative areas as polygons, and which of them a point lies in.
//!
//! A point is in a polygon if a ray from it crosses the rings an odd number of times (even-odd
//! rule), so that a ring inside another is a hole. Distances to an outline are taken on a plane
//! tangent at the point, which is exact to about 0.1 % over the tens of kilometres it is used for.

use geojson::{FeatureCollection, GeometryValue, JsonObject, Position};
use konbit_base::{LatLon, PCode};
use std::collections::BTreeMap;
use thiserror::Error;

/// How far off every outline a point may lie and still be counted to the nearest area: wharves and
/// bridges stand in the water beside the land.
pub const SHORE_M: f64 = 3_000.0;

/// Metres in one degree of a great circle of mean radius.
const DEGREE_M: f64 = 111_195.08;

/// Why bytes are not boundaries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BoundariesError {
    /// The bytes are not a GeoJSON feature collection.
    #[error("the file is not a GeoJSON feature collection ({0}); export the layer as GeoJSON in WGS 84")]
    NotGeoJson(String),
    /// No feature has a P-code.
    #[error(
        "no feature has a P-code; name the property adm2_pcode (second level) or adm1_pcode (first level), as the common operational datasets do"
    )]
    NoCode,
}

/// An administrative area.
#[derive(Debug, Clone, PartialEq)]
struct Region {
    code: PCode,
    parent: Option<PCode>,
    names: BTreeMap<&'static str, String>,
    /// West, south, east, north in degrees.
    extent: [f64; 4],
    /// Polygons of rings of points, longitude first, in degrees.
    polygons: Vec<Vec<Vec<[f64; 2]>>>,
}

/// The areas of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundaries {
    level: u8,
    /// Ordered by code.
    regions: Vec<Region>,
    skipped: u64,
}

impl Boundaries {
    /// Reads areas of the first or the second level below the country: the level of the finest
    /// P-code property that any feature has. Features without that code or without a polygon are
    /// counted in [`Boundaries::skipped`].
    pub fn from_geojson(bytes: &[u8]) -> Result<Self, BoundariesError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let collection: FeatureCollection =
            serde_json::from_slice(bytes).map_err(|error| BoundariesError::NotGeoJson(error.to_string()))?;
        let level = [2u8, 1]
            .into_iter()
            .find(|level| {
                collection.features.iter().any(|f| f.properties.as_ref().is_some_and(|p| code(p, *level).is_some()))
            })
            .ok_or(BoundariesError::NoCode)?;
        let mut regions: BTreeMap<PCode, Region> = BTreeMap::new();
        let mut skipped = 0;
        for feature in collection.features {
            let Some(region) = region(feature, level) else {
                skipped += 1;
                continue;
            };
            match regions.entry(region.code.clone()) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(region);
                }
                // An area that is split over several features.
                std::collections::btree_map::Entry::Occupied(mut slot) => slot.get_mut().join(region),
            }
        }
        Ok(Self { level, regions: regions.into_values().collect(), skipped })
    }

    /// Level below the country: 1 or 2.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Number of areas.
    pub fn len(&self) -> usize {
        self.regions.len()
    }

    /// Whether there is no area.
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }

    /// Features that were read over, for want of a code or of a polygon.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The codes, in order.
    pub fn codes(&self) -> impl Iterator<Item = &PCode> {
        self.regions.iter().map(|region| &region.code)
    }

    /// Whether there is an area of this code.
    pub fn contains_code(&self, code: &PCode) -> bool {
        self.region(code).is_some()
    }

    /// The name of an area: English, else French, else the local one.
    pub fn name(&self, code: &PCode) -> Option<&str> {
        let names = &self.region(code)?.names;
        ["name", "name_fr", "name_ht"].iter().find_map(|key| names.get(key)).map(String::as_str)
    }

    /// The area the point lies in.
    pub fn locate(&self, at: LatLon) -> Option<PCode> {
        let point = [at.lon(), at.lat()];
        self.regions.iter().find(|region| region.contains(point)).map(|region| region.code.clone())
    }

    /// The area whose outline is nearest, and its distance in metres (0 inside it), if that is at
    /// most `within_m`.
    pub fn nearest(&self, at: LatLon, within_m: f64) -> Option<(PCode, f64)> {
        let mut best: Option<(&Region, f64)> = None;
        for region in &self.regions {
            let limit = best.map_or(within_m, |(_, distance)| distance);
            if region.extent_distance_m(at) > limit {
                continue;
            }
            let distance = region.distance_m(at);
            if distance <= limit && best.is_none_or(|(_, least)| distance < least) {
                best = Some((region, distance));
            }
        }
        best.map(|(region, distance)| (region.code.clone(), distance))
    }

    /// The area the point lies in, or the nearest one within [`SHORE_M`].
    pub fn locate_or_shore(&self, at: LatLon) -> Option<PCode> {
        self.locate(at).or_else(|| self.nearest(at, SHORE_M).map(|(code, _)| code))
    }

    /// Distance in metres from the point to the area of this code: 0 inside it.
    pub fn distance_m(&self, at: LatLon, code: &PCode) -> Option<f64> {
        Some(self.region(code)?.distance_m(at))
    }

    /// West, south, east and north of all areas, in degrees.
    pub fn extent(&self) -> Option<[f64; 4]> {
        self.regions.iter().map(|region| region.extent).reduce(joined)
    }

    /// GeoJSON of the areas: geometry in micro-degrees, codes and names, nothing else. The same areas
    /// give the same bytes.
    pub fn to_geojson(&self) -> Vec<u8> {
        let mut out = String::from("{\"type\":\"FeatureCollection\",\"features\":[\n");
        for (index, region) in self.regions.iter().enumerate() {
            if index > 0 {
                out.push_str(",\n");
            }
            let mut properties = serde_json::Map::new();
            properties.insert(format!("adm{}_pcode", self.level), region.code.as_str().into());
            if let Some(parent) = &region.parent {
                properties.insert("adm1_pcode".to_owned(), parent.as_str().into());
            }
            for (key, name) in &region.names {
                properties.insert((*key).to_owned(), name.as_str().into());
            }
            out.push_str("{\"type\":\"Feature\",\"properties\":");
            out.push_str(&serde_json::Value::Object(properties).to_string());
            out.push_str(",\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":");
            crate::export::write_list(&mut out, &region.polygons, |out, polygon| {
                crate::export::write_list(out, polygon, |out, ring| {
                    crate::export::write_list(out, ring, |out, point| crate::export::write_point(out, *point));
                });
            });
            out.push_str("}}");
        }
        out.push_str("\n]}\n");
        out.into_bytes()
    }

    fn region(&self, code: &PCode) -> Option<&Region> {
        self.regions.binary_search_by(|region| region.code.cmp(code)).ok().map(|index| &self.regions[index])
    }
}

impl Region {
    fn join(&mut self, other: Self) {
        self.extent = joined(self.extent, other.extent);
        self.polygons.extend(other.polygons);
    }

    fn contains(&self, point: [f64; 2]) -> bool {
        let [west, south, east, north] = self.extent;
        (west..=east).contains(&point[0])
            && (south..=north).contains(&point[1])
            && self.polygons.iter().any(|polygon| is_inside(polygon, point))
    }

    fn distance_m(&self, at: LatLon) -> f64 {
        if self.contains([at.lon(), at.lat()]) {
            return 0.0;
        }
        let shrink = at.lat().to_radians().cos();
        let to_plane = |point: &[f64; 2]| [(point[0] - at.lon()) * shrink * DEGREE_M, (point[1] - at.lat()) * DEGREE_M];
        let edges = self.polygons.iter().flatten().flat_map(|ring| ring.windows(2));
        edges.map(|edge| distance_to_origin(to_plane(&edge[0]), to_plane(&edge[1]))).fold(f64::INFINITY, f64::min)
    }

    /// A lower bound of [`Region::distance_m`]: the distance to the bounding box.
    fn extent_distance_m(&self, at: LatLon) -> f64 {
        let [west, south, east, north] = self.extent;
        let beside = (west - at.lon()).max(at.lon() - east).max(0.0) * at.lat().to_radians().cos();
        let above = (south - at.lat()).max(at.lat() - north).max(0.0);
        // A little less than the plane gives, so that rounding never cuts off the nearest area.
        beside.hypot(above) * DEGREE_M * 0.999
    }
}

/// Even-odd rule over all rings of a polygon.
fn is_inside(rings: &[Vec<[f64; 2]>], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
        let ([x1, y1], [x2, y2]) = (edge[0], edge[1]);
        if (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 {
            inside = !inside;
        }
    }
    inside
}

/// Distance from the origin to the segment from `a` to `b`.
fn distance_to_origin(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length2 = dx * dx + dy * dy;
    let along = if length2 > 0.0 { (-(a[0] * dx + a[1] * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    (a[0] + along * dx).hypot(a[1] + along * dy)
}

fn joined(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// The P-code of a level among the properties, under the names the datasets use.
fn code(properties: &JsonObject, level: u8) -> Option<PCode> {
    let wanted = [
        format!("adm{level}_pcode"),
        format!("admin{level}pcode"),
        format!("adm{level}code"),
        format!("admin{level}_pcode"),
    ];
    let (_, value) =
        properties.iter().find(|(key, value)| value.is_string() && wanted.contains(&key.to_lowercase()))?;
    PCode::new(value.as_str()?).ok()
}

/// Names of the area by language, under the names the datasets use.
fn names(properties: &JsonObject, level: u8) -> BTreeMap<&'static str, String> {
    let text = |wanted: &[String]| {
        let (_, value) =
            properties.iter().find(|(key, value)| value.is_string() && wanted.contains(&key.to_lowercase()))?;
        value.as_str().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
    };
    let sought = [
        (
            "name",
            vec![
                "name".to_owned(),
                format!("adm{level}_en"),
                format!("adm{level}_name"),
                format!("admin{level}name_en"),
            ],
        ),
        ("name_fr", vec!["name_fr".to_owned(), format!("adm{level}_fr")]),
        ("name_ht", vec!["name_ht".to_owned(), format!("adm{level}_ht")]),
    ];
    sought.into_iter().filter_map(|(key, wanted)| Some((key, text(&wanted)?))).collect()
}

fn region(feature: geojson::Feature, level: u8) -> Option<Region> {
    let properties = feature.properties?;
    let code = code(&properties, level)?;
    let parent = if level == 2 { self::code(&properties, 1) } else { None };
    let names = names(&properties, level);
    let polygons: Vec<_> = match feature.geometry?.value {
        GeometryValue::Polygon { coordinates } => vec![rings(&coordinates)],
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().map(|polygon| rings(polygon)).collect(),
        _ => return None,
    };
    let points = polygons.iter().flatten().flatten();
    let extent = points.map(|&[x, y]| [x, y, x, y]).reduce(joined)?;
    Some(Region { code, parent, names, extent, polygons })
}

/// Rings with the points that lie on the Earth, each closed.
fn rings(coordinates: &[Vec<Position>]) -> Vec<Vec<[f64; 2]>> {
    coordinates.iter().map(|ring| closed(ring.iter().filter_map(point).collect())).collect()
}

/// Longitude and latitude of a position in whole micro-degrees, if it lies on the Earth.
pub(crate) fn point(position: &Position) -> Option<[f64; 2]> {
    let [lon, lat] = position.as_slice().get(..2)?.try_into().ok()?;
    let at = LatLon::new(lat, lon).ok()?;
    Some([at.lon(), at.lat()])
}

fn closed(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    // Both ends are whole micro-degrees, so a ring that is closed has the same bits at both.
    let bits = |point: Option<&[f64; 2]>| point.map(|point| point.map(f64::to_bits));
    if let Some(first) = ring.first().copied()
        && bits(ring.first()) != bits(ring.last())
    {
        ring.push(first);
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of one degree with a hole in its middle, beside another square; 2 islands.
    const SQUARES: &str = r#"{"type":"FeatureCollection","features":[
      {"type":"Feature","properties":{"ADM2_PCODE":"XX0101","ADM1_PCODE":"XX01","ADM2_EN":"West"},"geometry":{"type":"MultiPolygon","coordinates":[
        [[[0,0],[1,0],[1,1],[0,1],[0,0]],[[0.4,0.4],[0.6,0.4],[0.6,0.6],[0.4,0.6],[0.4,0.4]]],
        [[[5,5],[5.1,5],[5.1,5.1],[5,5.1],[5,5]]]]}},
      {"type":"Feature","properties":{"ADM2_PCODE":"XX0102","ADM2_FR":"Est"},"geometry":{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1,1],[1,0]]]}},
      {"type":"Feature","properties":{"ADM2_PCODE":null},"geometry":null}]}"#;

    fn check(lat: f64, lon: f64, inside: Option<&str>, shore: Option<&str>) {
        let boundaries = Boundaries::from_geojson(SQUARES.as_bytes()).unwrap();
        let at = LatLon::new(lat, lon).unwrap();
        assert_eq!(boundaries.locate(at).as_ref().map(PCode::as_str), inside, "{lat}, {lon}");
        assert_eq!(boundaries.locate_or_shore(at).as_ref().map(PCode::as_str), shore, "{lat}, {lon}");
    }

    #[test]
    fn a_point_lies_in_the_polygon_around_it_and_not_in_its_hole() {
        check(0.2, 0.2, Some("XX0101"), Some("XX0101"));
        check(0.5, 0.5, None, None);
        check(0.5, 1.5, Some("XX0102"), Some("XX0102"));
        check(5.05, 5.05, Some("XX0101"), Some("XX0101"));
        check(3.0, 3.0, None, None);
    }

    #[test]
    fn a_point_up_to_three_kilometres_off_belongs_to_the_nearest_area() {
        // 0.02 degrees of latitude are 2.2 km, 0.03 are 3.3 km.
        check(-0.02, 1.5, None, Some("XX0102"));
        check(-0.03, 1.5, None, None);
    }

    #[test]
    fn the_written_form_reads_back_and_keeps_codes_and_names_only() {
        let read = Boundaries::from_geojson(SQUARES.as_bytes()).unwrap();
        assert_eq!((read.level(), read.len(), read.skipped()), (2, 2, 1));
        let bytes = read.to_geojson();
        let again = Boundaries::from_geojson(&bytes).unwrap();
        assert_eq!((again.regions.clone(), again.level), (read.regions, read.level));
        assert_eq!(again.to_geojson(), bytes);
        assert_eq!(again.name(&PCode::new("XX0102").unwrap()), Some("Est"));
    }

    #[test]
    fn what_is_not_boundaries_says_so() {
        for (text, expect_code) in
            [("", false), ("[]", false), ("{\"type\":\"FeatureCollection\",\"features\":[]}", true)]
        {
            let error = Boundaries::from_geojson(text.as_bytes()).unwrap_err();
            assert_eq!(error == BoundariesError::NoCode, expect_code, "{text}: {error}");
        }
    }
}

//! A GeoJSON feature collection as a table: a row for each feature, a column for each property, two
//! for the position of a point, and `wkt` for a line or a polygon. Rows are numbered by feature,
//! from 1.

use super::findings::{At, Findings};
use super::sheet::{CELLS_MAX, COLUMNS_MAX, ROWS_MAX, RawRow, Sheet, clean, too_large};
use geojson::{Geometry, GeometryValue, Position};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub(crate) fn sheet(file: &str, text: &str, findings: &mut Findings) -> Option<Sheet> {
    let at = At::file(file);
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            findings.error("json-not-read", at, format!("the file begins like JSON and cannot be read: {error}"));
            return None;
        }
    };
    let features = match value {
        Value::Object(mut object) if object.get("type").and_then(Value::as_str) == Some("FeatureCollection") => {
            object.remove("features")
        }
        _ => None,
    };
    let Some(Value::Array(features)) = features else {
        findings.error(
            "not-a-feature-collection",
            at,
            "the file is JSON and not a GeoJSON feature collection; give CSV, XLSX or GeoJSON",
        );
        return None;
    };
    let mut headings: Vec<String> = ["lat", "lon", "id", "wkt"].map(str::to_owned).into();
    let mut known: BTreeSet<String> = headings.iter().cloned().collect();
    for key in features.iter().filter_map(|feature| feature.get("properties")?.as_object()).flat_map(Map::keys) {
        if known.insert(key.clone()) {
            headings.push(key.clone());
        }
        if headings.len() > COLUMNS_MAX {
            findings.error(
                "columns-too-many",
                at,
                format!("the features have more than {COLUMNS_MAX} different properties"),
            );
            return None;
        }
    }
    if features.len() > ROWS_MAX || features.len() * headings.len() > CELLS_MAX {
        findings.error("rows-too-many", at, too_large());
        return None;
    }
    if features.is_empty() {
        findings.warn("rows-none", at, "the file has no features; nothing was added");
    }
    let mut shapes = Vec::new();
    let rows = (1..)
        .zip(features)
        .map(|(number, feature)| row(file, number, feature, &headings, &mut shapes, findings))
        .collect();
    if shapes.is_empty() {
        // Points only: nobody misses the column.
        headings[3].clear();
    }
    Some(Sheet { file: file.to_owned(), headings, tags: None, rows, headings_by_row: true, shapes })
}

fn row(
    file: &str,
    number: u64,
    mut feature: Value,
    headings: &[String],
    shapes: &mut Vec<(u64, &'static str)>,
    findings: &mut Findings,
) -> RawRow {
    let geometry = feature.get_mut("geometry").map(Value::take).unwrap_or_default();
    let (mut lat, mut lon, mut wkt) = Default::default();
    match place(file, number, geometry, findings) {
        Some(Place::Point(found_lat, found_lon)) => (lat, lon) = (found_lat, found_lon),
        Some(Place::Shape(kind, text)) => {
            shapes.push((number, kind));
            wkt = text;
        }
        None => {}
    }
    let own_id = feature.get("id").map(cell).unwrap_or_default();
    let properties = feature.get("properties").and_then(Value::as_object);
    let property = |key: &str| properties.and_then(|properties| properties.get(key)).map(cell).unwrap_or_default();
    let cells = headings
        .iter()
        .map(|heading| match heading.as_str() {
            "lat" if !lat.is_empty() => lat.clone(),
            "lon" if !lon.is_empty() => lon.clone(),
            "wkt" if !wkt.is_empty() => wkt.clone(),
            "id" if property("id").is_empty() => own_id.clone(),
            key => property(key),
        })
        .collect();
    RawRow { number, cells }
}

/// Where a feature is: a latitude and a longitude as written, or the type of another geometry and
/// its WKT, which is empty for one that has no column.
enum Place {
    Point(String, String),
    Shape(&'static str, String),
}

fn place(file: &str, number: u64, geometry: Value, findings: &mut Findings) -> Option<Place> {
    if geometry.is_null() {
        return None;
    }
    match serde_json::from_value::<Geometry>(geometry).map(|geometry| geometry.value) {
        Ok(GeometryValue::Point { coordinates }) => match coordinates.as_slice() {
            [lon, lat, ..] => Some(Place::Point(lat.to_string(), lon.to_string())),
            _ => None,
        },
        Ok(value) => {
            let text = match &value {
                GeometryValue::LineString { coordinates } => format!("LINESTRING {}", wkt_points(coordinates)),
                GeometryValue::Polygon { coordinates } => {
                    format!(
                        "POLYGON ({})",
                        coordinates.iter().map(|ring| wkt_points(ring)).collect::<Vec<_>>().join(", ")
                    )
                }
                _ => String::new(),
            };
            Some(Place::Shape(value.type_name(), text))
        }
        Err(error) => {
            let at = At::row(file, number).column("geometry");
            findings.warn("geometry-not-read", at, format!("the geometry cannot be read ({error}); it was left out"));
            None
        }
    }
}

fn wkt_points(points: &[Position]) -> String {
    let pairs: Vec<String> = points
        .iter()
        .filter_map(|point| match point.as_slice() {
            [lon, lat, ..] => Some(format!("{lon} {lat}")),
            _ => None,
        })
        .collect();
    format!("({})", pairs.join(", "))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

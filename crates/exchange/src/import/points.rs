//! A GeoJSON feature collection of points as a table: a row for each feature, a column for each
//! property, and two for the position. Rows are numbered by feature, from 1.

use super::findings::{At, Findings};
use super::sheet::{CELLS_MAX, COLUMNS_MAX, ROWS_MAX, RawRow, Sheet, clean, too_large};
use geojson::{Geometry, GeometryValue};
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
    let mut headings: Vec<String> = vec!["lat".to_owned(), "lon".to_owned(), "id".to_owned()];
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
    let rows = (1..).zip(features).map(|(number, feature)| row(file, number, feature, &headings, findings)).collect();
    Some(Sheet { file: file.to_owned(), headings, tags: None, rows, headings_by_row: true })
}

fn row(file: &str, number: u64, mut feature: Value, headings: &[String], findings: &mut Findings) -> RawRow {
    let geometry = feature.get_mut("geometry").map(Value::take).unwrap_or_default();
    let (lat, lon) = position(file, number, geometry, findings);
    let own_id = feature.get("id").map(cell).unwrap_or_default();
    let properties = feature.get("properties").and_then(Value::as_object);
    let property = |key: &str| properties.and_then(|properties| properties.get(key)).map(cell).unwrap_or_default();
    let cells = headings
        .iter()
        .map(|heading| match heading.as_str() {
            "lat" if !lat.is_empty() => lat.clone(),
            "lon" if !lon.is_empty() => lon.clone(),
            "id" if property("id").is_empty() => own_id.clone(),
            key => property(key),
        })
        .collect();
    RawRow { number, cells }
}

fn position(file: &str, number: u64, geometry: Value, findings: &mut Findings) -> (String, String) {
    if geometry.is_null() {
        return Default::default();
    }
    let at = At::row(file, number).column("geometry");
    match serde_json::from_value::<Geometry>(geometry).map(|geometry| geometry.value) {
        Ok(GeometryValue::Point { coordinates }) => match coordinates.as_slice() {
            [lon, lat, ..] => (lat.to_string(), lon.to_string()),
            _ => Default::default(),
        },
        Ok(other) => {
            let message =
                format!("the feature is a {} where a point is needed; give its centre as a point", other.type_name());
            findings.warn("geometry-not-a-point", at, message);
            Default::default()
        }
        Err(error) => {
            findings.warn("geometry-not-read", at, format!("the geometry cannot be read ({error}); it was left out"));
            Default::default()
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

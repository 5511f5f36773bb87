//! Map layers: the outline, boundaries, roads. They are kept as GeoJSON that Konbit writes itself,
//! so that a layer holds what is shown and nothing else.

use super::findings::{At, Findings};
use super::sniff::{Content, sniff};
use super::{InputFile, Reference, ReferenceKind};
use crate::boundaries::{Boundaries, point};
use crate::export::{write_list, write_point};
use geojson::{FeatureCollection, GeometryValue, Position};
use konbit_base::{Digest, Reading, Source};
use konbit_mission::place::{Layer, LayerKind};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What the licence of OpenStreetMap asks to be shown.
pub(crate) const NOTICE_OSM: &str = "Contains information from OpenStreetMap, © OpenStreetMap contributors, made available under the Open Database License (ODbL) 1.0";
/// What the licence of GeoNames asks to be shown.
const NOTICE_GEONAMES: &str = "Contains data from GeoNames, CC BY 4.0";

/// The text of a JSON file.
fn json(file: InputFile<'_>, findings: &mut Findings) -> Option<String> {
    if let Content::Json(text) = sniff(file, findings)? {
        return Some(text);
    }
    findings.error(
        "format-not-read",
        At::file(file.name),
        "the file is not GeoJSON; export the layer as GeoJSON in WGS 84",
    );
    None
}

fn layer(
    kind: LayerKind,
    file: &str,
    features: usize,
    source: Source,
    notice: Option<String>,
    bytes: Vec<u8>,
) -> (Layer, Reference) {
    let digest = Digest::of(&bytes);
    let layer = Layer { kind, digest, features: features as u64, file: file.to_owned(), source, notice };
    (layer, Reference { kind: ReferenceKind::Layer, digest, bytes })
}

/// Reads administrative boundaries of the first or second level; keeps codes and names.
pub(crate) fn boundaries(file: InputFile<'_>, findings: &mut Findings) -> Option<(Layer, Reference)> {
    let text = json(file, findings)?;
    let at = At::file(file.name);
    let boundaries = match Boundaries::from_geojson(text.as_bytes()) {
        Ok(boundaries) => boundaries,
        Err(error) => {
            findings.error("boundaries-not-read", at, error.to_string());
            return None;
        }
    };
    if boundaries.is_empty() {
        findings.error("boundaries-not-read", at, "no feature has both a P-code and a polygon");
        return None;
    }
    if boundaries.skipped() > 0 {
        let message = format!(
            "{} features have no P-code of level {} or no polygon and were left out",
            boundaries.skipped(),
            boundaries.level()
        );
        findings.warn("features-left-out", at, message);
    }
    let kind = if boundaries.level() == 1 { LayerKind::BoundariesLevel1 } else { LayerKind::BoundariesLevel2 };
    let source =
        Source { name: format!("Boundary data set in file {}", file.name), url: None, reading: Reading::Dataset };
    Some(layer(kind, file.name, boundaries.len(), source, None, boundaries.to_geojson()))
}

/// Reads the outline of the country and its neighbours: polygons with a name and a role.
pub(crate) fn outline(file: InputFile<'_>, findings: &mut Findings) -> Option<(Layer, Reference)> {
    let text = json(file, findings)?;
    let at = At::file(file.name);
    let collection: FeatureCollection = match serde_json::from_str(&text) {
        Ok(collection) => collection,
        Err(error) => {
            findings.error("geojson-not-read", at, format!("the file is not a GeoJSON feature collection: {error}"));
            return None;
        }
    };
    let (mut lines, mut sources) = (Vec::new(), BTreeSet::new());
    let mut left_out = 0u64;
    for feature in collection.features {
        let polygons = match feature.geometry.map(|geometry| geometry.value) {
            Some(GeometryValue::Polygon { coordinates }) => vec![coordinates],
            Some(GeometryValue::MultiPolygon { coordinates }) => coordinates,
            _ => {
                left_out += 1;
                continue;
            }
        };
        let given = feature.properties.unwrap_or_default();
        sources.extend(given.get("source").and_then(Value::as_str).map(str::to_owned));
        let kept: Map<String, Value> = ["name", "role"]
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), given.get(*key).filter(|value| value.is_string())?.clone())))
            .collect();
        lines.push(multi_polygon(&polygons, &kept));
    }
    if lines.is_empty() {
        findings.error("outline-not-read", at, "the file has no polygon");
        return None;
    }
    if left_out > 0 {
        findings.warn("features-left-out", at, format!("{left_out} features are no polygons and were left out"));
    }
    let sources: Vec<String> = sources.into_iter().collect();
    let (name, reading) = if sources.is_empty() {
        (format!("File {}", file.name), Reading::Unstated)
    } else {
        (sources.join("; "), Reading::Dataset)
    };
    let notice = notice(&sources);
    Some(layer(
        LayerKind::Outline,
        file.name,
        lines.len(),
        Source { name, url: None, reading },
        notice,
        collection_of(&lines),
    ))
}

fn collection_of(lines: &[String]) -> Vec<u8> {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", lines.join(",\n")).into_bytes()
}

fn feature(properties: &Map<String, Value>, kind: &str, coordinates: &str) -> String {
    let properties = Value::Object(properties.clone());
    format!(
        "{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}}}"
    )
}

fn multi_polygon(polygons: &[Vec<Vec<Position>>], properties: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_list(&mut out, polygons, |out, rings| {
        write_list(out, rings, |out, ring| {
            let points: Vec<[f64; 2]> = ring.iter().filter_map(point).collect();
            write_list(out, &points, |out, point| write_point(out, *point));
        });
    });
    feature(properties, "MultiPolygon", &out)
}

/// The notices that the named sources ask for.
pub(crate) fn notice(sources: &[String]) -> Option<String> {
    let any = |name: &str| sources.iter().any(|source| source.contains(name));
    let notices: Vec<&str> = [("OpenStreetMap", NOTICE_OSM), ("GeoNames", NOTICE_GEONAMES)]
        .iter()
        .filter(|(name, _)| any(name))
        .map(|(_, notice)| *notice)
        .collect();
    (!notices.is_empty()).then(|| notices.join(". "))
}

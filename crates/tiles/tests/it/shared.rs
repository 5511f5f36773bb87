//! Real boundaries from the shared data.

use crate::decode;
use crate::geometry::{distance, project, tolerance};
use konbit_base::LatLon;
use konbit_tiles::{Feature, Geometry, Layer, TileSet, ZOOM_MAX};
use std::collections::BTreeMap;

/// The areas of a GeoJSON file of polygons and multipolygons.
fn areas(name: &str) -> Vec<Feature> {
    let Some(folder) = option_env!("KONBIT_DATA_DIR") else { panic!("the build script found no shared data") };
    let text = std::fs::read_to_string(format!("{folder}/haiti/boundaries/{name}")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ring = |ring: &serde_json::Value| -> Vec<LatLon> {
        let at = |p: &serde_json::Value| LatLon::new(p[1].as_f64().unwrap(), p[0].as_f64().unwrap()).unwrap();
        ring.as_array().unwrap().iter().map(at).collect()
    };
    let area = |area: &serde_json::Value| area.as_array().unwrap().iter().map(ring).collect::<Vec<_>>();
    let feature = |feature: &serde_json::Value| {
        let geometry = &feature["geometry"];
        let areas = match geometry["type"].as_str().unwrap() {
            "Polygon" => vec![area(&geometry["coordinates"])],
            _ => geometry["coordinates"].as_array().unwrap().iter().map(area).collect(),
        };
        let code = feature["properties"]["ADM2_PCODE"].as_str().unwrap();
        let properties = vec![("code".to_owned(), code.into())];
        Feature { geometry: Geometry::Polygons(areas), properties, zoom_min: 0, zoom_max: ZOOM_MAX, rank: 0 }
    };
    json["features"].as_array().unwrap().iter().map(feature).collect()
}

/// Whether two edges of a ring that are not neighbours cross.
fn crosses_itself(ring: &[[i32; 2]]) -> bool {
    let at = |ix: usize| ring[ix % ring.len()].map(i64::from);
    let side = |a: [i64; 2], b: [i64; 2], c: [i64; 2]| {
        ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).signum()
    };
    let crosses = |i: usize, j: usize| {
        let (a, b, c, d) = (at(i), at(i + 1), at(j), at(j + 1));
        side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
    };
    (0..ring.len()).any(|i| (i + 2..ring.len()).any(|j| crosses(i, j)))
}

/// The edges of all rings that only one area has, in units of zoom `z` over the whole world.
fn outline(features: &[Feature], z: u8) -> Vec<[[f64; 2]; 2]> {
    let mut edges: BTreeMap<(LatLon, LatLon), usize> = BTreeMap::new();
    for feature in features {
        let Geometry::Polygons(areas) = &feature.geometry else { continue };
        for step in areas.iter().flatten().flat_map(|ring| ring.windows(2)).filter(|step| step[0] != step[1]) {
            *edges.entry((step[0].min(step[1]), step[0].max(step[1]))).or_default() += 1;
        }
    }
    edges.into_iter().filter(|(_, n)| *n == 1).map(|((a, b), _)| [project(a, z), project(b, z)]).collect()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn every_tile_of_the_communes_of_haiti_is_valid_and_neighbours_share_their_borders() {
    let features = areas("hti_admbnda_adm2_cnigs_20181129_dv.json");
    assert_eq!(features.len(), 140);
    // Only looked at for one zoom: the test is of the square of the number of edges.
    let (outline_z, outline) = (7, outline(&features, 7));
    let set = TileSet::build(vec![Layer { name: "communes".to_owned(), features }]);
    assert_eq!(set.degenerate(), 0);
    for z in 5..=10 {
        let (mut largest, mut rings, mut crossed, mut codes) = (0, 0, 0, std::collections::BTreeSet::new());
        // Edges inside a tile proper, by the number of areas that have them.
        let mut edges = BTreeMap::new();
        for id in set.tiles(z).unwrap() {
            let tile = set.tile(id);
            assert_eq!(tile.left_out, 0);
            largest = largest.max(tile.bytes.len());
            for feature in decode::read(&tile.bytes) {
                codes.insert(feature.properties["code"].clone());
                for ring in &feature.paths {
                    rings += 1;
                    crossed += usize::from(crosses_itself(ring));
                    let inside = |p: &[i32; 2]| p.iter().all(|v| (0..4096).contains(v));
                    for ix in 0..ring.len() {
                        let (a, b) = (ring[ix], ring[(ix + 1) % ring.len()]);
                        if inside(&a) && inside(&b) {
                            *edges.entry((id, a.min(b), a.max(b))).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
        let shared = edges.values().filter(|n| **n == 2).count();
        println!(
            "zoom {z}: {rings} rings, {crossed} cross themselves, {} edges, {shared} shared, largest tile {largest}",
            edges.len()
        );
        assert_eq!(codes.len(), 140, "every commune is somewhere");
        // An edge that only one commune has lies on the outline of the country: elsewhere the two
        // neighbours would show different borders.
        for (id, a, b) in edges.iter().filter(|(_, n)| **n == 1 && z == outline_z).map(|(edge, _)| edge) {
            let at = |p: &[i32; 2]| {
                [f64::from(p[0]) + f64::from(id.x()) * 4096.0, f64::from(p[1]) + f64::from(id.y()) * 4096.0]
            };
            for p in [at(a), at(b)] {
                let off = outline.iter().map(|edge| distance(p, edge[0], edge[1])).fold(f64::INFINITY, f64::min);
                assert!(off <= tolerance(z), "{id} {a:?} {b:?}: {off}");
            }
        }
    }
}

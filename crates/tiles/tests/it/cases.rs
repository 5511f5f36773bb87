//! Named cases: zooms, the edges of the world, nothing at all, order, properties, the description.

use crate::decode::{self, Kind};
use crate::geometry::{one, position};
use konbit_tiles::{About, Feature, Geometry, LATITUDE_MAX, Layer, TileId, TileSet, Value, ZOOM_MAX};

fn tile(text: &str) -> TileId {
    TileId::parse(text).unwrap()
}

/// All paths of a tile.
fn paths(set: &TileSet, text: &str) -> Vec<Vec<[i32; 2]>> {
    decode::read(&set.tile(tile(text)).bytes).into_iter().flat_map(|feature| feature.paths).collect()
}

fn feature(geometry: Geometry, rank: u32, properties: &[(&str, Value)]) -> Feature {
    let properties = properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Feature { geometry, properties, zoom_min: 0, zoom_max: ZOOM_MAX, rank }
}

#[test]
fn nothing_gives_empty_tiles() {
    let set = TileSet::build(Vec::new());
    assert_eq!(set.tile(tile("0/0/0")), konbit_tiles::Tile::default());
    assert_eq!((set.bounds(), set.tiles(3).unwrap().count()), (None, 0));
    let set = one(Geometry::Points(vec![position(18.5, -72.3)]));
    assert!(set.tile(tile("3/6/2")).bytes.is_empty(), "far from the point");
    assert!(set.tiles(17).is_err());
}

#[test]
fn what_is_no_line_or_area_is_counted_not_drawn() {
    let (a, b) = (position(1.0, 1.0), position(2.0, 2.0));
    let set = one(Geometry::Lines(vec![vec![a, a], vec![a], vec![], vec![a, b]]));
    assert_eq!((set.degenerate(), paths(&set, "0/0/0").len()), (3, 1));
    let set =
        one(Geometry::Polygons(vec![vec![vec![a, b, a]], vec![], vec![vec![a, b, position(1.0, 2.0)], vec![a, b]]]));
    assert_eq!((set.degenerate(), paths(&set, "0/0/0").len()), (3, 1));
}

#[test]
fn a_feature_is_shown_from_its_first_zoom_to_its_last() {
    let at = position(18.5, -72.3);
    let points = Feature { zoom_min: 5, zoom_max: 9, ..feature(Geometry::Points(vec![at]), 0, &[]) };
    let line = Geometry::Lines(vec![vec![position(18.0, -73.0), at, position(18.6, -72.0)]]);
    let line = Feature { zoom_min: 3, zoom_max: 99, ..feature(line, 0, &[]) };
    let never = Feature { zoom_min: 9, zoom_max: 8, ..points.clone() };
    let set = TileSet::build(vec![Layer { name: "things".into(), features: vec![points, line, never] }]);
    for z in 0..=ZOOM_MAX {
        let kinds: Vec<Kind> =
            decode::read(&set.tile(TileId::containing(at, z).unwrap()).bytes).iter().map(|f| f.kind).collect();
        let expect: &[Kind] = match z {
            0..=2 => &[],
            5..=9 => &[Kind::Lines, Kind::Points],
            _ => &[Kind::Lines],
        };
        assert_eq!(kinds, expect, "zoom {z}");
    }
}

#[test]
fn at_the_antimeridian_both_sides_see_what_lies_in_their_buffer() {
    // 0.1 degrees west of the antimeridian: at zoom 3 a unit is 45 / 4096 = 0.011 degrees, so 9 units.
    let set = one(Geometry::Points(vec![position(0.1, 179.9)]));
    assert_eq!(paths(&set, "3/7/3"), [[[4096 - 9, 4096 - 9]]]);
    assert_eq!(paths(&set, "3/0/3"), [[[-9, 4096 - 9]]]);
    assert_eq!(paths(&set, "0/0/0").len(), 1, "seen twice in one tile, as one feature of two points");
    assert_eq!(paths(&set, "0/0/0")[0].len(), 2);
    // A line across it is cut, and reaches into the buffer of the other side at both.
    let set = one(Geometry::Lines(vec![vec![position(0.0, 179.0), position(0.0, -179.0)]]));
    // 1 degree is 91 units, the buffer 64.
    let sorted = |text| {
        let mut paths = paths(&set, text);
        paths.sort_unstable();
        paths
    };
    assert_eq!(sorted("3/7/3"), [[[4005, 4096], [4096, 4096]], [[4096, 4096], [4160, 4096]]]);
    assert_eq!(sorted("3/0/3"), [[[-64, 4096], [0, 4096]], [[0, 4096], [91, 4096]]]);
    assert!(paths(&set, "3/4/3").is_empty(), "not the long way round");
    // Along the antimeridian itself, and there and back.
    let set = one(Geometry::Lines(vec![vec![position(0.0, 180.0), position(1.0, -180.0), position(1.0, 179.0)]]));
    assert_eq!(set.degenerate(), 0);
    assert_eq!(paths(&set, "3/7/3"), [[[4096, 4096], [4096, 4005], [4005, 4005]]]);
}

#[test]
fn at_the_poles_points_are_on_no_tile_and_areas_end_with_the_map() {
    for lat in [90.0, -90.0, 88.0] {
        let set = one(Geometry::Points(vec![position(lat, 10.0)]));
        for id in set.tiles(2).unwrap() {
            assert!(set.tile(id).bytes.is_empty(), "{lat} {id}");
        }
    }
    // From 60 south to the pole, around the world: the map ends below, the buffer goes 64 further.
    let ring = [(-60.0, -180.0), (-90.0, -180.0), (-90.0, 180.0), (-60.0, 180.0)];
    let set = one(Geometry::Polygons(vec![vec![ring.map(|(lat, lon)| position(lat, lon)).to_vec()]]));
    let rings = paths(&set, "1/0/1");
    // asinh(tan 60) / 2 pi = 0.2096 of the world's 8192 units is 1717 south of the equator.
    let top = rings.iter().flatten().map(|p| p[1]).min();
    let bottom = rings.iter().flatten().map(|p| p[1]).max();
    assert_eq!((top, bottom), (Some(1717), Some(4160)));
    let json = set.tile_json(&About { name: "south", tiles_url: "", attribution: None });
    assert_eq!(json.bounds, Some([-180.0, -LATITUDE_MAX, 180.0, -60.0]));
}

#[test]
fn an_area_without_a_vertex_near_fills_the_tile_and_a_hole_leaves_it_empty() {
    let square = |half: f64| {
        [(-half, -half), (half, -half), (half, half), (-half, half)].map(|(lat, lon)| position(lat, lon)).to_vec()
    };
    let full = [[-64, -64], [4160, -64], [4160, 4160], [-64, 4160]];
    let set = one(Geometry::Polygons(vec![vec![square(40.0)]]));
    for z in 4..=ZOOM_MAX {
        let rings = paths(&set, &format!("{z}/{}/{}", 1u32 << (z - 1), 1u32 << (z - 1)));
        assert_eq!(rings.len(), 1);
        assert_eq!(decode::area(&rings[0]), decode::area(&full), "zoom {z}");
    }
    let set = one(Geometry::Polygons(vec![vec![square(40.0), square(20.0)]]));
    assert!(paths(&set, "8/128/128").is_empty(), "wholly in the hole");
    assert_eq!(paths(&set, "0/0/0").len(), 2);
}

#[test]
fn lines_that_differ_in_nothing_are_one_and_others_stay_apart() {
    let link = |a: f64, b: f64, road: &str| {
        feature(Geometry::Lines(vec![vec![position(0.5, a), position(0.5, b)]]), 0, &[("road", road.into())])
    };
    let features = vec![link(1.0, 2.0, "RN1"), link(0.0, 1.0, "RN1"), link(2.0, 3.0, "RN2"), link(8.0, 9.0, "RN1")];
    let set = TileSet::build(vec![Layer { name: "roads".into(), features }]);
    let read: Vec<(String, usize)> = decode::read(&set.tile(tile("0/0/0")).bytes)
        .into_iter()
        .map(|f| (f.properties["road"].clone(), f.paths.len()))
        .collect();
    assert_eq!(read, [("RN1".to_owned(), 2), ("RN2".to_owned(), 1)]);
}

#[test]
fn the_important_is_drawn_above_and_labelled_first() {
    let point =
        |rank: u32| feature(Geometry::Points(vec![position(1.0, 1.0)]), rank, &[("rank", i64::from(rank).into())]);
    let line = |rank: u32| {
        let line = vec![position(1.0, 1.0), position(2.0, 9.0)];
        feature(Geometry::Lines(vec![line]), rank, &[("rank", i64::from(rank).into())])
    };
    let features = vec![point(1), line(7), point(3), line(9), point(2), line(8)];
    let set = TileSet::build(vec![Layer { name: "things".into(), features }]);
    let ranks: Vec<String> =
        decode::read(&set.tile(tile("0/0/0")).bytes).iter().map(|f| f.properties["rank"].clone()).collect();
    assert_eq!(ranks, ["7", "8", "9", "3", "2", "1"]);
}

#[test]
fn every_kind_of_value_is_read_back() {
    let properties = [
        ("text", Value::from("Kafou Fèy, 1ère")),
        ("empty", Value::from("")),
        ("plus", Value::Int(i64::MAX)),
        ("minus", Value::Int(-3)),
        ("part", Value::Number(0.1)),
        ("yes", Value::Bool(true)),
        ("text", Value::from("a key counts once")),
    ];
    let features = vec![feature(Geometry::Points(vec![position(1.0, 1.0)]), 0, &properties)];
    let layer = |name: &str| Layer { name: name.into(), features: features.clone() };
    let set = TileSet::build(vec![layer("one"), layer("two"), layer("one")]);
    let read = decode::read(&set.tile(tile("0/0/0")).bytes);
    let layers: Vec<&str> = read.iter().map(|f| f.layer.as_str()).collect();
    assert_eq!(layers, ["one", "one", "two"]);
    for feature in &read {
        let said: Vec<(&str, &str)> = feature.properties.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let expect = [
            ("empty", ""),
            ("minus", "-3"),
            ("part", "0.1"),
            ("plus", "9223372036854775807"),
            ("text", "Kafou Fèy, 1ère"),
            ("yes", "true"),
        ];
        assert_eq!(said, expect);
    }
}

#[test]
fn the_description_names_layers_fields_zooms_and_bounds() {
    let at = |lat, lon| Geometry::Points(vec![position(lat, lon)]);
    let towns = vec![
        Feature { zoom_min: 4, zoom_max: 10, ..feature(at(18.5, -72.3), 0, &[("name", "A".into()), ("n", 1.into())]) },
        Feature {
            zoom_min: 6,
            zoom_max: 99,
            ..feature(at(19.75, -72.2), 0, &[("n", "x".into()), ("big", true.into())])
        },
    ];
    let set = TileSet::build(vec![Layer { name: "towns".into(), features: towns }]);
    let about = About { name: "Base", tiles_url: "/tiles/{z}/{x}/{y}", attribution: Some("who") };
    let expect = serde_json::json!({
        "tilejson": "3.0.0", "scheme": "xyz", "name": "Base", "tiles": ["/tiles/{z}/{x}/{y}"], "attribution": "who",
        "minzoom": 0, "maxzoom": 16, "bounds": [-72.3, 18.5, -72.2, 19.75],
        "vector_layers": [{
            "id": "towns", "minzoom": 4, "maxzoom": 16,
            "fields": { "name": "String", "n": "Mixed", "big": "Boolean" },
        }],
    });
    assert_eq!(serde_json::to_value(set.tile_json(&about)).unwrap(), expect);
}

#[test]
fn a_bend_is_kept_where_it_is_more_than_half_a_pixel_and_always_at_the_deepest_zoom() {
    let points = |z: u8, off: f64| {
        // Along the equator, with a bend in the middle that is `off` units of the zoom deep.
        let unit = 360.0 / 4096.0 / f64::from(1u32 << z);
        let line =
            [(0.0, 100.0), (off, 200.0), (0.0, 300.0)].map(|(lat, lon)| position((lat - 50.0) * unit, lon * unit));
        let half = 1u32 << (z - 1);
        paths(&one(Geometry::Lines(vec![line.to_vec()])), &format!("{z}/{half}/{half}"))[0].len()
    };
    for (z, off, expect) in [(8, 5.0, 3), (8, 3.0, 2), (15, 5.0, 3), (15, 3.0, 2), (16, 3.0, 3)] {
        assert_eq!(points(z, off), expect, "zoom {z}, {off} units");
    }
}

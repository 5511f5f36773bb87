//! Geometry of many tiles together, compared with the geometry given.

use crate::decode::{self, Feature, Kind};
use konbit_base::LatLon;
use konbit_tiles::{Geometry, Layer, TileId, TileSet, ZOOM_MAX};
use proptest::prelude::*;
use std::f64::consts::{PI, TAU};

/// A position in units of zoom `z` over the whole world: the published formula, on its own.
pub fn project(p: LatLon, z: u8) -> [f64; 2] {
    let side = 4096.0 * f64::from(1u32 << z);
    let north = (PI / 4.0 + p.lat().to_radians() / 2.0).tan().ln();
    [(p.lon() + 180.0) / 360.0 * side, (0.5 - north / TAU) * side]
}

pub fn position(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

/// One feature in a layer `things`, shown at all zooms.
pub fn one(geometry: Geometry) -> TileSet {
    let feature = konbit_tiles::Feature { geometry, properties: Vec::new(), zoom_min: 0, zoom_max: ZOOM_MAX, rank: 0 };
    TileSet::build(vec![Layer { name: "things".to_owned(), features: vec![feature] }])
}

/// What a tile shows, with its points in units over the whole world.
fn shown(set: &TileSet, id: TileId) -> Vec<(Kind, Vec<[f64; 2]>)> {
    let origin = [id.x(), id.y()].map(|v| f64::from(v) * 4096.0);
    let place =
        |path: Vec<[i32; 2]>| path.iter().map(|p| [f64::from(p[0]) + origin[0], f64::from(p[1]) + origin[1]]).collect();
    let of = |feature: Feature| feature.paths.into_iter().map(move |path| (feature.kind, path));
    let features = decode::read(&set.tile(id).bytes);
    decode::assert_holes_inside(&features);
    features.into_iter().flat_map(of).map(|(kind, path)| (kind, place(path))).collect()
}

/// Half a unit of the tile's grid and half of the world's, which at zoom 16 is another quarter.
const ROUNDED: f64 = 0.75 * std::f64::consts::SQRT_2 + 1e-6;

/// What simplifying may leave out, and rounding.
pub fn tolerance(z: u8) -> f64 {
    if z == ZOOM_MAX { ROUNDED } else { 4.0 + ROUNDED }
}

pub fn distance(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (along, reach) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let length_squared = along[0].powi(2) + along[1].powi(2);
    let share = if length_squared > 0.0 {
        ((reach[0] * along[0] + reach[1] * along[1]) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (reach[0] - share * along[0]).hypot(reach[1] - share * along[1])
}

/// The part of a step inside a tile proper, as shares of the step.
fn inside(a: [f64; 2], b: [f64; 2], id: TileId) -> f64 {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let low = f64::from([id.x(), id.y()][axis]) * 4096.0;
        let step = b[axis] - a[axis];
        if step == 0.0 {
            if a[axis] < low || a[axis] >= low + 4096.0 {
                return 0.0;
            }
            continue;
        }
        let (s, t) = ((low - a[axis]) / step, (low + 4096.0 - a[axis]) / step);
        from = from.max(s.min(t));
        to = to.min(s.max(t));
    }
    (to - from).max(0.0)
}

/// The area of a ring inside a tile proper, twice and signed, by cutting at four lines.
fn area_inside(ring: &[[f64; 2]], id: TileId) -> f64 {
    let mut ring = ring.to_vec();
    for axis in 0..2 {
        let low = f64::from([id.x(), id.y()][axis]) * 4096.0;
        for (at, sign) in [(low, 1.0), (low + 4096.0, -1.0)] {
            let depth = |p: [f64; 2]| (p[axis] - at) * sign;
            let mut cut = Vec::new();
            for ix in 0..ring.len() {
                let (a, b) = (ring[ix], ring[(ix + 1) % ring.len()]);
                if depth(a) >= 0.0 {
                    cut.push(a);
                }
                if (depth(a) >= 0.0) != (depth(b) >= 0.0) {
                    let share = depth(a) / (depth(a) - depth(b));
                    cut.push([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
                }
            }
            ring = cut;
        }
    }
    area(&ring)
}

fn area(ring: &[[f64; 2]]) -> f64 {
    let at = |ix: usize| {
        let p = ring[ix % ring.len()];
        [p[0] - ring[0][0], p[1] - ring[0][1]]
    };
    (0..ring.len()).map(|ix| at(ix)[0] * at(ix + 1)[1] - at(ix + 1)[0] * at(ix)[1]).sum()
}

fn length(line: &[[f64; 2]]) -> f64 {
    line.windows(2).map(|s| (s[1][0] - s[0][0]).hypot(s[1][1] - s[0][1])).sum()
}

/// A ring around a centre, in degrees.
fn star(center: (f64, f64), radii: &[f64], share: f64) -> Vec<LatLon> {
    let count = radii.len() as f64;
    let at = |(ix, radius): (usize, &f64)| {
        let angle = TAU * ix as f64 / count;
        position(center.0 + angle.sin() * radius * share, center.1 + angle.cos() * radius * share)
    };
    radii.iter().enumerate().map(at).collect()
}

/// The zoom at which something of so many degrees spans a handful of tiles, and up to two further.
fn zoom_of(degrees: f64, further: u8) -> u8 {
    let mut z = 0;
    while z < ZOOM_MAX && 360.0 / f64::from(1u32 << z) > degrees {
        z += 1;
    }
    (z + further).min(ZOOM_MAX)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_area_cut_into_all_tiles_covers_the_same_area(
        center in (-70.0..70.0f64, -150.0..150.0f64),
        outer in prop::collection::vec(0.5..1.0f64, 3..40), hole in prop::collection::vec(0.2..0.9f64, 3..30),
        scale in 0.02..5.0f64, further in 0..3u8,
    ) {
        // A chord of the outer star comes as near as half its least radius, so a hole of under
        // a quarter of the scale lies inside.
        let outer = star(center, &outer, scale);
        let hole = star(center, &hole, scale * 0.24);
        let z = zoom_of(scale, further);
        let source: Vec<Vec<[f64; 2]>> = [&outer, &hole].map(|ring| ring.iter().map(|p| project(*p, z)).collect()).into();
        let expect = area(&source[0]).abs() - area(&source[1]).abs();
        let set = one(Geometry::Polygons(vec![vec![outer, hole]]));
        let mut sum = 0.0;
        for id in set.tiles(z).unwrap() {
            sum += shown(&set, id).iter().map(|(_, ring)| area_inside(ring, id)).sum::<f64>();
        }
        // Every border may move by the tolerance; twice, since areas are doubled.
        let border: f64 = source.iter().map(|ring| length(ring) + 4096.0).sum();
        let slack = 2.0 * border * tolerance(z);
        prop_assert!((sum - expect).abs() < slack, "zoom {z}: {sum} {expect} {slack}");
        // The same, tight enough to notice a lost corner of a tile.
        prop_assert!(slack < expect.max(1.0) * 0.5 || expect < 1e7, "the slack says something");
    }

    #[test]
    fn a_line_cut_into_all_tiles_has_the_same_length_and_no_strange_vertex(
        start in (-70.0..70.0f64, -150.0..150.0f64),
        steps in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 1..30), scale in 0.001..3.0f64, further in 0..3u8,
    ) {
        let mut at = start;
        let mut line = vec![position(at.0, at.1)];
        for (dlat, dlon) in &steps {
            at = (at.0 + dlat * scale, at.1 + dlon * scale);
            line.push(position(at.0.clamp(-80.0, 80.0), at.1.clamp(-179.0, 179.0)));
        }
        let z = zoom_of(scale * 3.0, further);
        let source: Vec<[f64; 2]> = line.iter().map(|p| project(*p, z)).collect();
        let given = line.clone();
        let set = one(Geometry::Lines(vec![line]));
        let (mut sum, mut tiles) = (0.0, 0);
        for id in set.tiles(z).unwrap() {
            tiles += 1;
            for (kind, path) in shown(&set, id) {
                prop_assert_eq!(kind, Kind::Lines);
                sum += path.windows(2).map(|s| length(s) * inside(s[0], s[1], id)).sum::<f64>();
                for p in &path {
                    let off = source.windows(2).map(|s| distance(*p, s[0], s[1])).fold(f64::INFINITY, f64::min);
                    prop_assert!(off <= tolerance(z), "{p:?} lies {off} off the line");
                    // What is not on the edge of the buffer is a vertex that was given.
                    let local = [p[0] - f64::from(id.x()) * 4096.0, p[1] - f64::from(id.y()) * 4096.0];
                    if local.iter().all(|v| *v > -64.0 && *v < 4160.0) {
                        let off = source.iter().map(|s| (s[0] - p[0]).hypot(s[1] - p[1])).fold(f64::INFINITY, f64::min);
                        prop_assert!(off <= ROUNDED, "{p:?} lies {off} off every vertex");
                    }
                }
            }
        }
        // And every vertex that was given lies near what is drawn in its tile.
        for (vertex, position) in source.iter().zip(&given) {
            let drawn = shown(&set, TileId::containing(*position, z).unwrap());
            let steps = drawn.iter().flat_map(|(_, path)| path.windows(2));
            let off = steps.map(|s| distance(*vertex, s[0], s[1])).fold(f64::INFINITY, f64::min);
            prop_assert!(off <= tolerance(z), "{vertex:?} lies {off} off what is drawn");
        }
        // Each vertex and each crossing of an edge of a tile may cost or bring the tolerance at both sides.
        let slack = 2.0 * tolerance(z) * (source.len() + 4 * tiles) as f64;
        prop_assert!((sum - length(&source)).abs() < slack, "zoom {z}: {sum} {} {slack}", length(&source));
    }

    #[test]
    fn a_point_is_in_its_tile_and_in_the_buffers_it_reaches_and_nowhere_else(
        lat in -84.0..84.0f64, lon in -179.9..179.9f64, z in 0..=ZOOM_MAX, pull in 0..4u8,
    ) {
        // Pulled towards a corner of a tile in half of the cases.
        let cell = 360.0 / f64::from(1u32 << z);
        let lon = if pull % 2 == 1 { ((lon / cell).round() * cell + cell * 0.01).clamp(-180.0, 180.0) } else { lon };
        let point = position(lat, lon);
        let set = one(Geometry::Points(vec![point]));
        let home = TileId::containing(point, z).unwrap();
        let at = project(point, z);
        let last = i64::from((1u32 << z) - 1);
        for (dx, dy) in (-2..=2).flat_map(|dx| (-2..=2).map(move |dy| (dx, dy))) {
            let (x, y) = (i64::from(home.x()) + dx, i64::from(home.y()) + dy);
            if !(0..=last).contains(&x) || !(0..=last).contains(&y) {
                continue;
            }
            let id = TileId::new(z, u32::try_from(x).unwrap(), u32::try_from(y).unwrap()).unwrap();
            let local = [at[0] - x as f64 * 4096.0, at[1] - y as f64 * 4096.0];
            // A point on the edge of the buffer may fall either way; so may one that is near it
            // across the antimeridian, which has a case of its own.
            let deep = local.map(|v| (v + 64.0).min(4160.0 - v)).into_iter().fold(f64::INFINITY, f64::min);
            let paths = shown(&set, id);
            if deep > 0.5 {
                let near = paths.iter().flat_map(|(_, path)| path).any(|p| (p[0] - at[0]).abs() <= 0.76 && (p[1] - at[1]).abs() <= 0.76);
                prop_assert!(near, "{id}: {paths:?} {at:?}");
            } else if deep < -0.5 && x != 0 && x != last {
                prop_assert!(paths.is_empty(), "{id}: {paths:?} {at:?}");
            }
        }
    }

    #[test]
    fn whatever_is_given_the_tiles_are_valid_and_the_same_every_time(
        areas in prop::collection::vec(prop::collection::vec((-3.0..3.0f64, -3.0..3.0f64), 0..12), 0..5),
        lines in prop::collection::vec(prop::collection::vec((-3.0..3.0f64, -3.0..3.0f64), 0..12), 0..5),
        snap in 0..3u8, z in 0..=9u8,
    ) {
        // Snapped to few positions, so that rings touch, cross and repeat themselves.
        let at = |&(lat, lon): &(f64, f64)| {
            let snap = |v: f64| match snap { 0 => v, 1 => (v * 2.0).round() / 2.0, _ => v.round() };
            position(snap(lat), snap(lon))
        };
        let paths = |lists: &[Vec<(f64, f64)>]| lists.iter().map(|list| list.iter().map(at).collect()).collect::<Vec<Vec<LatLon>>>();
        let geometries = [Geometry::Polygons(vec![paths(&areas)]), Geometry::Lines(paths(&lines)), Geometry::Points(paths(&lines).concat())];
        let feature = |geometry| konbit_tiles::Feature { geometry, properties: vec![], zoom_min: 0, zoom_max: 16, rank: 3 };
        let layer = || Layer { name: "things".into(), features: geometries.iter().cloned().map(feature).collect() };
        let set = TileSet::build(vec![layer()]);
        let again = TileSet::build(vec![layer()]);
        for id in set.tiles(z).unwrap().step_by(3) {
            let tile = set.tile(id);
            decode::read(&tile.bytes);
            prop_assert_eq!(tile, again.tile(id));
        }
    }
}

//! The limit on a tile's size, and what is left out for it.

use crate::decode;
use crate::geometry::position;
use konbit_base::{LatLon, rng};
use konbit_tiles::{Feature, Geometry, Layer, TILE_BYTES_MAX, TileId, TileSet, ZOOM_MAX};
use std::time::Instant;

fn feature(geometry: Geometry, rank: u32) -> Feature {
    let properties = vec![("rank".to_owned(), i64::from(rank).into())];
    Feature { geometry, properties, zoom_min: 0, zoom_max: ZOOM_MAX, rank }
}

/// A line of `count` positions that wanders from a start, in steps of about `step` degrees.
fn wander(rng: &mut rng::Seeded, start: (f64, f64), count: usize, step: f64) -> Vec<LatLon> {
    let (mut lat, mut lon) = start;
    let mut points = vec![position(lat, lon)];
    for _ in 1..count {
        lat += (rng.unit() - 0.5) * step;
        lon += (rng.unit() - 0.5) * step;
        points.push(position(lat, lon));
    }
    points
}

/// 200,000 lines of 10 positions over an area of the size of Haiti, of ranks 0 to 4.
fn dense() -> Vec<Layer> {
    let mut rng = rng::seeded(3, 0);
    let features = (0..200_000).map(|ix| {
        let start = (18.0 + 2.0 * rng.unit(), -74.5 + 3.0 * rng.unit());
        feature(Geometry::Lines(vec![wander(&mut rng, start, 10, 0.01)]), ix % 5)
    });
    vec![Layer { name: "roads".to_owned(), features: features.collect() }]
}

#[test]
fn a_crowd_of_200_000_lines_keeps_to_the_size_and_loses_the_least_important_first() {
    let start = Instant::now();
    let set = TileSet::build(dense());
    println!("build: {:?}", start.elapsed());
    for z in 0..=ZOOM_MAX {
        let id = TileId::containing(position(19.01, -73.01), z).unwrap();
        let start = Instant::now();
        let tile = set.tile(id);
        println!("{id}: {:?}, {} bytes, {} left out", start.elapsed(), tile.bytes.len(), tile.left_out);
        assert!(tile.bytes.len() <= TILE_BYTES_MAX);
        assert_eq!(tile, set.tile(id));
        let read = decode::read(&tile.bytes);
        let count =
            |rank: &str| -> usize { read.iter().filter(|f| f.properties["rank"] == rank).map(|f| f.paths.len()).sum() };
        let counts = ["4", "3", "2", "1", "0"].map(count);
        if tile.left_out > 0 {
            assert!(tile.bytes.len() > TILE_BYTES_MAX - 2_000, "the room is used");
            // No rank is touched before the one below it is gone.
            let cut = counts.iter().position(|n| *n < counts[0] / 2).expect("some rank is cut short");
            assert!(counts[cut + 1..].iter().all(|n| *n == 0), "{counts:?}");
        }
    }
}

#[test]
fn a_giant_is_left_out_alone() {
    let mut rng = rng::seeded(4, 0);
    // To and fro all over the tile, which reaches from 0 to 1.4 degrees.
    let giant = (0..200_000).map(|_| position(0.1 + 1.2 * rng.unit(), 0.1 + 1.2 * rng.unit())).collect();
    let small = |lon: f64, rank| feature(Geometry::Lines(vec![vec![position(0.7, lon), position(0.8, lon)]]), rank);
    let features = vec![feature(Geometry::Lines(vec![giant]), 5), small(0.2, 9), small(0.3, 1)];
    let set = TileSet::build(vec![Layer { name: "lines".to_owned(), features }]);
    let tile = set.tile(TileId::parse("8/128/127").unwrap());
    let ranks: Vec<String> = decode::read(&tile.bytes).iter().map(|f| f.properties["rank"].clone()).collect();
    assert_eq!((ranks, tile.left_out), (vec!["1".to_owned(), "9".to_owned()], 1));
}

#[test]
fn a_road_of_many_named_links_is_seen_whole_from_afar() {
    // 20,000 links of 0.0001 degrees along a parallel: 2 degrees, which at zoom 4 are 364 units, 55 links each.
    let link = |ix: i32| {
        let at = |ix: i32| position(0.001, f64::from(ix) * 1e-4);
        let properties = vec![("id".to_owned(), i64::from(ix).into())];
        Feature { properties, ..feature(Geometry::Lines(vec![vec![at(ix), at(ix + 1)]]), 0) }
    };
    let features = (0..20_000).map(link).collect();
    let set = TileSet::build(vec![Layer { name: "roads".to_owned(), features }]);
    let tile = set.tile(TileId::parse("4/8/7").unwrap());
    let read = decode::read(&tile.bytes);
    let mut drawn = vec![false; 4200];
    for path in read.iter().flat_map(|f| &f.paths) {
        let (a, b) = (path[0][0].min(path[1][0]), path[0][0].max(path[1][0]));
        (a..b).for_each(|x| drawn[usize::try_from(x).unwrap()] = true);
    }
    // 2 / 22.5 x 4096 = 364.
    let gap = drawn[..364].split(|on| *on).map(<[bool]>::len).max();
    assert!(gap <= Some(2), "a gap of {gap:?} units");
    assert!(tile.features < 400, "{} features for 364 units", tile.features);
    assert_eq!(tile.left_out, 0);
}

//! Web Mercator in whole numbers, and the frame of one tile in it.
//!
//! With longitude `l` and latitude `p` in radians the world square is
//! `x = W (l + pi) / 2 pi`, `y = W (1/2 - asinh(tan p) / 2 pi)`, `W = 2^29`
//! (the projection of EPSG:3857, y growing southward).
//! A micro-degree of longitude is 1.49 world units, so different positions stay different, and a
//! unit of a tile at zoom `z` is exactly `2^(17 - z)` world units: cutting needs no division that rounds.
//! The functions come from `libm`, not from the platform, so that the same position gives the
//! same numbers on every machine.

use crate::id::{TileId, ZOOM_MAX};
use konbit_base::LatLon;

/// The latitude in degrees, north and south, where the map ends: `atan(sinh(pi))`, which makes
/// the world a square. Points beyond it are on no tile; lines and areas are cut there.
pub const LATITUDE_MAX: f64 = 85.051_128_779_806_59;

/// Units along the side of a tile (the usual extent of the format).
pub const EXTENT: i32 = 4096;

/// Units around a tile that are cut along with it, so that line ends, joins and symbols at the
/// edge are drawn whole: 64 of 4096, that is 8 pixels of a tile shown at 512.
pub const BUFFER: i32 = 64;

pub(crate) const WORLD_BITS: u32 = 29;

/// The side of the world square.
pub(crate) const WORLD: i32 = 1 << WORLD_BITS;

/// Beyond this latitude positions are held fast, because the poles lie at infinity. It is well
/// outside the map, so nothing that is drawn depends on it.
const LATITUDE_FINITE: f64 = 89.9;

/// A position in the world square. `x` is in `0..=WORLD`; `y` exceeds the square for latitudes
/// beyond [`LATITUDE_MAX`], by at most 0.63 of its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct World {
    pub x: i32,
    pub y: i32,
}

/// A position in the world square between its units, where an edge crosses a cutting line.
pub(crate) type Point = [f64; 2];

impl World {
    pub fn point(self) -> Point {
        [f64::from(self.x), f64::from(self.y)]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 1.63 x 2^29, by the latitude held above")]
pub(crate) fn project(position: LatLon) -> World {
    let side = f64::from(WORLD);
    let latitude = position.lat().clamp(-LATITUDE_FINITE, LATITUDE_FINITE).to_radians();
    let turns = libm::asinh(libm::tan(latitude)) / std::f64::consts::TAU;
    World { x: ((position.lon() + 180.0) / 360.0 * side).round() as i32, y: ((0.5 - turns) * side).round() as i32 }
}

/// World units in one unit of a tile at zoom `z`.
pub(crate) fn unit(z: u8) -> i32 {
    debug_assert!(z <= ZOOM_MAX);
    1 << (WORLD_BITS - 12 - u32::from(z))
}

/// A rectangle of the world square, its edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub min: World,
    pub max: World,
}

impl Rect {
    /// The smallest rectangle around some positions.
    pub fn around(points: impl IntoIterator<Item = World>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        Some(points.fold(Self { min: first, max: first }, |rect, p| rect.union(Self { min: p, max: p })))
    }

    pub fn union(self, other: Self) -> Self {
        Self {
            min: World { x: self.min.x.min(other.min.x), y: self.min.y.min(other.min.y) },
            max: World { x: self.max.x.max(other.max.x), y: self.max.y.max(other.max.y) },
        }
    }

    pub fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// Whether `other` lies wholly in `self`.
    pub fn holds(&self, other: &Self) -> bool {
        self.min.x <= other.min.x && other.max.x <= self.max.x && self.min.y <= other.min.y && other.max.y <= self.max.y
    }

    /// The longer side.
    pub fn side(&self) -> i32 {
        (self.max.x - self.min.x).max(self.max.y - self.min.y)
    }
}

/// A tile as a window on the world square.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    origin: World,
    /// World units in a unit of the tile.
    pub unit: i32,
    /// The tile with its buffer.
    pub rect: Rect,
}

impl Frame {
    /// The windows of a tile: the tile itself, and, where its buffer reaches across the
    /// antimeridian, the same tile one world further east or west.
    pub fn of(id: TileId) -> Vec<Self> {
        let unit = unit(id.z());
        let size = unit * EXTENT;
        let place = |cell: u32| i32::try_from(cell).expect("cells are below 2^16") * size;
        let (x, y) = (place(id.x()), place(id.y()));
        let mut frames = vec![Self::at(World { x, y }, unit)];
        if x == 0 {
            frames.push(Self::at(World { x: WORLD, y }, unit));
        }
        if x + size == WORLD {
            frames.push(Self::at(World { x: x - WORLD, y }, unit));
        }
        frames
    }

    fn at(origin: World, unit: i32) -> Self {
        let (near, far) = (BUFFER * unit, (EXTENT + BUFFER) * unit);
        let min = World { x: origin.x - near, y: origin.y - near };
        let max = World { x: origin.x + far, y: origin.y + far };
        Self { origin, unit, rect: Rect { min, max } }
    }

    /// The nearest point of the tile's grid. Halves go up, everywhere: rounding that depended on
    /// the sign would set a seam between two tiles.
    #[expect(clippy::cast_possible_truncation, reason = "the point lies in the frame, at most 4160 units away")]
    pub fn to_grid(self, point: Point) -> [i32; 2] {
        let scale = 1.0 / f64::from(self.unit);
        let axis = |value: f64, origin: i32| ((value - f64::from(origin)) * scale + 0.5).floor() as i32;
        [axis(point[0], self.origin.x), axis(point[1], self.origin.y)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lat: f64, lon: f64, expect: (i32, i32)) {
        let World { x, y } = project(LatLon::new(lat, lon).unwrap());
        assert_eq!((x, y), expect, "{lat}, {lon}");
    }

    #[test]
    fn the_world_is_a_square_that_ends_at_the_stated_latitude() {
        check(0.0, 0.0, (WORLD / 2, WORLD / 2));
        check(0.0, -180.0, (0, WORLD / 2));
        check(0.0, 180.0, (WORLD, WORLD / 2));
        // LATITUDE_MAX rounded to the micro-degrees of a position is 0.2 micro-degrees beyond the
        // limit; a micro-degree is 1.49 / cos 85.05 = 17 units there, so the edge is met within 4.
        let y = project(LatLon::new(LATITUDE_MAX, 0.0).unwrap()).y;
        assert!(y.abs() <= 4, "{y}");
        let y = project(LatLon::new(-LATITUDE_MAX, 0.0).unwrap()).y;
        assert!((y - WORLD).abs() <= 4, "{y}");
        assert!(project(LatLon::new(90.0, 0.0).unwrap()).y < -WORLD / 2);
    }

    #[test]
    fn different_positions_stay_different() {
        let at = |lon: f64| project(LatLon::new(18.5, lon).unwrap()).x;
        assert!((0..1000).all(|i| at(-72.3 + f64::from(i) * 1e-6) < at(-72.3 + f64::from(i + 1) * 1e-6)));
    }

    #[test]
    fn neighbouring_tiles_round_alike() {
        let left = Frame::of(TileId::new(10, 300, 400).unwrap())[0];
        let right = Frame::of(TileId::new(10, 301, 400).unwrap())[0];
        let edge = f64::from(right.origin.x);
        for step in -300..300 {
            // Quarters of a unit at both sides of the common edge, halves among them.
            let point = [edge + f64::from(step) * f64::from(left.unit) / 4.0, f64::from(left.origin.y)];
            assert_eq!(left.to_grid(point)[0] - EXTENT, right.to_grid(point)[0], "{step}");
        }
    }
}

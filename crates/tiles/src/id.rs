//! Names of tiles.

use crate::mercator::{WORLD_BITS, World, project};
use konbit_base::LatLon;
use std::fmt;
use thiserror::Error;

/// The deepest zoom that is cut. A client shows deeper zooms by magnifying tiles of this one,
/// which hold every vertex they were given, on a grid of about 15 cm at the equator.
pub const ZOOM_MAX: u8 = 16;

/// A tile of the common web scheme: `z` halvings of the world square, `x` counted eastward from
/// the antimeridian and `y` southward from the northern limit of Web Mercator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

/// Why three numbers or a text are not a tile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TileIdError {
    /// The zoom is deeper than [`ZOOM_MAX`].
    #[error("zoom {0} is not between 0 and {ZOOM_MAX}; magnify tiles of zoom {ZOOM_MAX} instead")]
    Zoom(u64),
    /// A column or row beyond the edge of the world.
    #[error("{axis} {value} is not between 0 and {max}, the last of zoom {z}")]
    Outside {
        /// `x` or `y`.
        axis: char,
        /// What was asked for.
        value: u64,
        /// The last column or row of that zoom.
        max: u32,
        /// The zoom.
        z: u8,
    },
    /// Not three whole numbers.
    #[error("{0:?} is not a tile; expected zoom/column/row in plain decimal digits, such as 7/38/57")]
    Text(String),
}

impl TileId {
    /// The tile at zoom `z` (0 to [`ZOOM_MAX`]), column `x` and row `y` (both below `2^z`).
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, TileIdError> {
        if z > ZOOM_MAX {
            return Err(TileIdError::Zoom(z.into()));
        }
        let max = (1u32 << z) - 1;
        for (axis, value) in [('x', x), ('y', y)] {
            if value > max {
                return Err(TileIdError::Outside { axis, value: value.into(), max, z });
            }
        }
        Ok(Self { z, x, y })
    }

    /// Reads `z/x/y`. Signs, blanks and leading zeros are refused, so that a tile has one address
    /// and a cache holds it once.
    pub fn parse(text: &str) -> Result<Self, TileIdError> {
        let refused = || TileIdError::Text(text.chars().take(40).collect());
        let mut parts = text.split('/').map(|part| number(part).ok_or_else(refused));
        let (Some(z), Some(x), Some(y), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(refused());
        };
        let (z, x, y) = (z?, x?, y?);
        let z_small = u8::try_from(z).map_err(|_| TileIdError::Zoom(z.into()))?;
        Self::new(z_small, x, y)
    }

    /// The tile of zoom `z` that a position lies in. Positions beyond the latitude limit are
    /// counted to the outermost row, longitude 180 to the last column.
    pub fn containing(position: LatLon, z: u8) -> Result<Self, TileIdError> {
        if z > ZOOM_MAX {
            return Err(TileIdError::Zoom(z.into()));
        }
        let World { x, y } = project(position);
        let max = (1u32 << z) - 1;
        let cell = |v: i32| u32::try_from(v.max(0) >> (WORLD_BITS - u32::from(z))).unwrap_or(0).min(max);
        Self::new(z, cell(x), cell(y))
    }

    /// The zoom, 0 to [`ZOOM_MAX`].
    pub fn z(self) -> u8 {
        self.z
    }

    /// The column, counted eastward from longitude -180.
    pub fn x(self) -> u32 {
        self.x
    }

    /// The row, counted southward from latitude 85.0511.
    pub fn y(self) -> u32 {
        self.y
    }
}

/// A number written the one plain way.
fn number(part: &str) -> Option<u32> {
    let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 1 || !part.starts_with('0'));
    if plain { part.parse().ok() } else { None }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(u8, u32, u32)>) {
        let read = TileId::parse(text).ok().map(|id| (id.z(), id.x(), id.y()));
        assert_eq!(read, expect, "{text:?}");
        if let Some((z, x, y)) = expect {
            assert_eq!(TileId::new(z, x, y).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_tile_has_one_address_inside_the_world() {
        check("0/0/0", Some((0, 0, 0)));
        check("16/65535/0", Some((16, 65535, 0)));
        check("7/38/57", Some((7, 38, 57)));
        check("1/2/0", None);
        check("1/0/2", None);
        check("17/0/0", None);
        check("300/0/0", None);
        check("-1/0/0", None);
        check("+1/0/0", None);
        check("01/0/0", None);
        check("1/0", None);
        check("1/0/0/0", None);
        check("1//0", None);
        check("1/0/0.mvt", None);
        check("16/99999999999999999999/0", None);
    }

    #[test]
    fn a_position_names_its_tile() {
        let at = |lat, lon, z| TileId::containing(LatLon::new(lat, lon).unwrap(), z).unwrap().to_string();
        // (-72.2925 + 180) / 360 x 128 = 38.3; half of the rows lie north of the equator.
        assert_eq!(at(18.58, -72.2925, 7), "7/38/57");
        assert_eq!(at(90.0, 180.0, 3), "3/7/0");
        assert_eq!(at(-90.0, -180.0, 3), "3/0/7");
        assert_eq!(at(0.0, 0.0, 1), "1/1/1");
    }
}

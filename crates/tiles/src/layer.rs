//! What tiles are cut from.

use konbit_base::LatLon;

/// Features that a map style addresses by one name. Layers of the same name are taken together,
/// because the format allows a name once in a tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The name that the style uses (`source-layer`).
    pub name: String,
    /// Its features, in any order.
    pub features: Vec<Feature>,
}

/// Something drawn: a geometry with properties, and when it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Where it is.
    pub geometry: Geometry,
    /// What the style may ask of it. A key that comes twice counts the first time.
    /// Lines whose properties, zooms and rank are all equal may be joined where one ends and the
    /// other begins: whoever needs a line apart gives it a property of its own, such as its id.
    pub properties: Vec<(String, Value)>,
    /// The first zoom it is shown at, 0 to 16.
    pub zoom_min: u8,
    /// The last zoom it is shown at; 16 and above mean to the deepest.
    pub zoom_max: u8,
    /// Importance, greater is more: what stays in a tile that would grow too large, which label
    /// is placed first, and which line or area is drawn above the other.
    pub rank: u32,
}

/// Positions in the plane of longitude and latitude: two neighbouring positions are joined by a
/// straight line in Web Mercator.
///
/// A line whose step exceeds 180 degrees of longitude is taken to cross the antimeridian, the
/// short way, and is cut there. An area is taken as it is written (RFC 7946, section 3.1.9: what
/// crosses the antimeridian comes in two parts), because the edge of a map of the whole world is
/// such a step and crosses nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// Single positions.
    Points(Vec<LatLon>),
    /// Lines of two or more positions. Their direction is kept.
    Lines(Vec<Vec<LatLon>>),
    /// Areas; each is its outer ring followed by its holes. Rings may be given closed or open and
    /// in either direction.
    Polygons(Vec<Vec<Vec<LatLon>>>),
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Number(f64),
    /// Yes or no.
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

//! Towns, and the reference layers a mission draws its maps from.

use crate::table::Record;
use konbit_base::{Digest, LatLon, PCode, Source, id};
use serde::{Deserialize, Serialize};

id!(
    /// A town.
    TownId
);

/// A town, for labels on the map and the population around sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Town {
    /// Identifier.
    pub id: TownId,
    /// Name in use.
    pub name: String,
    /// Where it is.
    pub position: LatLon,
    /// The administrative area it is the main town of.
    pub area: Option<PCode>,
    /// People living in that area, if known.
    pub population: Option<u64>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Town {
    const SUBJECT: &'static str = "town";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Town {}", self.name)
    }
}

/// What a reference layer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// The outline of the country and its neighbours.
    Outline,
    /// First level below the country (department, province).
    BoundariesLevel1,
    /// Second level below the country (commune, district).
    BoundariesLevel2,
    /// Roads as lines, for drawing.
    Roads,
}

impl LayerKind {
    /// Stable name, which is also the id of the layer in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outline => "outline",
            Self::BoundariesLevel1 => "boundaries-level1",
            Self::BoundariesLevel2 => "boundaries-level2",
            Self::Roads => "roads",
        }
    }
}

/// A layer kept as GeoJSON in the mission's `reference/` folder, under the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// What it shows. There is one layer of each kind in force; a new one replaces it.
    pub kind: LayerKind,
    /// SHA-256 of the GeoJSON bytes, and the file's name in `reference/`.
    pub digest: Digest,
    /// Number of features.
    pub features: u64,
    /// The file it was made from, as the user named it.
    pub file: String,
    /// Where it comes from.
    pub source: Source,
    /// What its licence asks to be shown beside it, if anything.
    pub notice: Option<String>,
}

impl Record for Layer {
    const SUBJECT: &'static str = "layer";
    fn id(&self) -> &str {
        self.kind.name()
    }
    fn title(&self) -> String {
        format!("Map layer {} from {}", self.kind.name(), self.file)
    }
}

//! The road network as it was imported: nodes, links, forbidden turns. Immutable.

use konbit_base::LatLon;
use serde::{Deserialize, Serialize};

/// Most nodes in one network.
pub const NODES_MAX: usize = 50_000_000;
/// Most links in one network.
pub const LINKS_MAX: usize = 50_000_000;

/// Who may use a link in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Access {
    /// Motor vehicles.
    pub motor: bool,
    /// People on foot.
    pub foot: bool,
}

/// How people travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// In a motor vehicle.
    Motor,
    /// On foot.
    Foot,
}

/// Along a link or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From its `from` to its `to`.
    Forward,
    /// From its `to` to its `from`.
    Backward,
}

/// Kind of road, in the words of OpenStreetMap's `highway` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoadClass {
    /// Motorway and its ramps.
    Motorway,
    /// Trunk road and its ramps.
    Trunk,
    /// Primary (national) road and its ramps.
    Primary,
    /// Secondary (departmental) road and its ramps.
    Secondary,
    /// Tertiary (communal) road and its ramps.
    Tertiary,
    /// Minor road that connects.
    Unclassified,
    /// Road in a place where people live.
    Residential,
    /// Living street, where people on foot come first.
    LivingStreet,
    /// Access road, alley, driveway.
    Service,
    /// Road for farm and forest.
    Track,
    /// Road whose class is not known.
    Road,
    /// Pedestrian street.
    Pedestrian,
    /// Footway, path, bridleway, cycleway.
    Path,
    /// Steps.
    Steps,
    /// Ferry line.
    Ferry,
}

impl RoadClass {
    /// Every class, the widest roads first.
    pub const ALL: [Self; 15] = [
        Self::Motorway,
        Self::Trunk,
        Self::Primary,
        Self::Secondary,
        Self::Tertiary,
        Self::Unclassified,
        Self::Residential,
        Self::LivingStreet,
        Self::Service,
        Self::Track,
        Self::Road,
        Self::Pedestrian,
        Self::Path,
        Self::Steps,
        Self::Ferry,
    ];
}

/// What the surface is made of, as far as travel is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// Asphalt, concrete, paving.
    Paved,
    /// Gravel, compacted, cobbles.
    Gravel,
    /// Earth, sand, mud, grass.
    Earth,
    /// Not stated.
    #[default]
    Unknown,
}

/// What the length of a link rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LengthBasis {
    /// Measured along the drawn course of the road.
    Measured,
    /// A published distance between the two ends.
    Published,
    /// A published total shared out over the links of a road.
    PublishedApportioned,
    /// Great circle times a stated factor: nobody published it.
    Derived,
}

/// A place where links meet or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadNode {
    /// Where it is.
    pub position: LatLon,
    /// Who may pass through it (a bollard lets people on foot through, not vehicles).
    pub passable: Access,
}

/// A stretch of road between two nodes, with nothing joining it on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Index of the node it starts at.
    pub from: u32,
    /// Index of the node it ends at.
    pub to: u32,
    /// Kind of road.
    pub class: RoadClass,
    /// Surface.
    pub surface: Surface,
    /// Length, in decimetres.
    pub length_dm: u32,
    /// What the length rests on.
    pub basis: LengthBasis,
    /// Signed maximum speed, km/h; `None` if not stated.
    pub speed_kmh_max: Option<u8>,
    /// Stated travel time in milliseconds for every mode (a ferry's duration; the times of a
    /// node-and-arc file), forward and backward; `None` where it follows from class and profile.
    pub given_ms: Option<[u32; 2]>,
    /// Who may go from `from` to `to`.
    pub forward: Access,
    /// Who may go from `to` to `from`.
    pub backward: Access,
    /// Index into [`Network::names`]; `None` if it has no name.
    pub name: Option<u32>,
    /// Course between the two nodes, without them.
    pub course: Vec<LatLon>,
}

/// A turn that vehicles may not make: from link `from` through node `via` into link `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForbiddenTurn {
    /// Index of the link that is left.
    pub from: u32,
    /// Index of the node where the turn is made.
    pub via: u32,
    /// Index of the link that is entered.
    pub to: u32,
}

/// Names of a road: as written, and by language (`ht`, `fr`), sorted by language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Names {
    /// The name as the source has it; may be a reference such as `RN1`.
    pub local: String,
    /// Road number, such as `RN1`.
    pub reference: Option<String>,
    /// Names by language code.
    pub by_language: Vec<(String, String)>,
}

/// A road network.
///
/// Invariant: every index is in range, every link has two different passable ends or is a loop
/// with a course, and the order of everything is a function of the source's content alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Nodes.
    pub nodes: Vec<RoadNode>,
    /// Links.
    pub links: Vec<Link>,
    /// Forbidden turns, sorted.
    pub forbidden_turns: Vec<ForbiddenTurn>,
    /// Names, each once, sorted.
    pub names: Vec<Names>,
    /// What must be shown beside anything made from it, such as a licence notice.
    pub notice: Option<String>,
}

impl Network {
    /// Checks the invariants that a reader relies on: every index in range, loops drawn, names
    /// and turns sorted and each once, each forbidden turn at an end of both its links.
    ///
    /// # Errors
    /// A sentence that says what does not hold, and where.
    pub fn check(&self) -> Result<(), String> {
        if self.nodes.len() > NODES_MAX || self.links.len() > LINKS_MAX {
            return Err(format!("more than {NODES_MAX} nodes or {LINKS_MAX} links"));
        }
        for (index, link) in self.links.iter().enumerate() {
            let known = |node: u32| (node as usize) < self.nodes.len();
            if !known(link.from) || !known(link.to) {
                return Err(format!("link {index} has an end that is no node"));
            }
            if link.from == link.to && link.course.is_empty() {
                return Err(format!("link {index} is a loop without a course"));
            }
            if link.name.is_some_and(|name| name as usize >= self.names.len()) {
                return Err(format!("link {index} has a name that is not in the list"));
            }
        }
        if !self.names.is_sorted_by(|a, b| a < b) || !self.names.iter().all(Names::is_sorted) {
            return Err("the names are not sorted, or one stands twice".to_owned());
        }
        if !self.forbidden_turns.is_sorted_by(|a, b| a < b) {
            return Err("the forbidden turns are not sorted, or one stands twice".to_owned());
        }
        for turn in &self.forbidden_turns {
            let meets = |link: u32| {
                self.links.get(link as usize).is_some_and(|link| link.from == turn.via || link.to == turn.via)
            };
            if !meets(turn.from) || !meets(turn.to) {
                return Err(format!("the forbidden turn at node {} joins links that do not meet there", turn.via));
            }
        }
        Ok(())
    }
}

impl Names {
    /// Whether the languages are sorted, each once.
    pub(crate) fn is_sorted(&self) -> bool {
        self.by_language.is_sorted_by(|a, b| a.0 < b.0)
    }
}

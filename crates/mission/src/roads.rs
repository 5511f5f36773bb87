//! Roads: the network that travel times are computed on, how units travel, and what is reported
//! of the state of the road.
//!
//! Invariant: a report never changes the network; the network in force at an instant is the
//! imported one with the reports in force then.
//! Invariant: a report without an end still ends: after `expires` nobody vouches for it, and it
//! counts no more until somebody renews it.

use crate::table::Record;
use jiff::Timestamp;
use konbit_base::{Digest, LatLon, Source, id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

id!(
    /// A report of the state of a road.
    RoadReportId
);

/// Most points of a drawn line or ring in one report.
pub const STRETCH_POINTS_MAX: usize = 1_000;

/// Largest radius of a report around a point, in metres.
pub const RADIUS_M_MAX: u32 = 50_000;

/// How long a report counts when nobody says how long: three days, in seconds. A judgement:
/// barricades reported in the press came and went within days.
pub const EXPIRY_SECONDS_DEFAULT: i64 = 3 * 24 * 3_600;

/// What is reported of a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoadState {
    /// Nobody passes: a barricade, a fallen bridge, a flood.
    Closed,
    /// Traffic passes at a share of the usual speed.
    Slowed {
        /// Share of the usual speed that is left, in per cent; 1 to 99.
        speed_percent: u8,
    },
    /// It can be passed, at a risk; how a unit takes it is in the travel profiles.
    Dangerous,
    /// An armed group holds it; how a unit takes it is in the travel profiles.
    Held,
}

impl RoadState {
    /// Word for it in files, pages and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Slowed { .. } => "slowed",
            Self::Dangerous => "dangerous",
            Self::Held => "held",
        }
    }
}

/// Which part of the roads a report speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stretch {
    /// Along a drawn line, in both directions; two points at least.
    Line(Vec<LatLon>),
    /// Everything within a distance of a point.
    Around {
        /// The point.
        centre: LatLon,
        /// The distance, in metres; 1 to [`RADIUS_M_MAX`].
        radius_m: u32,
    },
    /// Everything inside a ring; three points at least, closed without repeating the first.
    Within(Vec<LatLon>),
}

impl Stretch {
    /// The points it is drawn with.
    pub fn points(&self) -> &[LatLon] {
        match self {
            Self::Line(points) | Self::Within(points) => points,
            Self::Around { centre, .. } => std::slice::from_ref(centre),
        }
    }

    /// What is wrong with its numbers; `None` if nothing is.
    pub fn fault(&self) -> Option<String> {
        let count = self.points().len();
        match self {
            Self::Line(_) if count < 2 => Some(format!("a line needs 2 points at least; it has {count}")),
            Self::Within(_) if count < 3 => Some(format!("an area needs 3 points at least; it has {count}")),
            Self::Around { radius_m, .. } if !(1..=RADIUS_M_MAX).contains(radius_m) => {
                Some(format!("the radius is {radius_m} metres; it must be between 1 and {RADIUS_M_MAX}"))
            }
            _ if count > STRETCH_POINTS_MAX => {
                Some(format!("it has {count} points; at most {STRETCH_POINTS_MAX} are taken"))
            }
            _ => None,
        }
    }
}

/// A report of the state of a road.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadReport {
    /// Identifier.
    pub id: RoadReportId,
    /// Where, in words.
    pub place: String,
    /// What is reported.
    pub state: RoadState,
    /// Which part of the roads.
    pub stretch: Stretch,
    /// From when it counts.
    pub from: Timestamp,
    /// Stated end, if one is known; it counts no more from then on.
    pub until: Option<Timestamp>,
    /// When it counts no more unless renewed.
    pub expires: Timestamp,
    /// Remarks.
    pub note: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

impl RoadReport {
    /// Whether it counts at an instant.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.end()
    }

    /// From when it counts no more: the stated end or the expiry, whichever comes first.
    pub fn end(&self) -> Timestamp {
        self.until.map_or(self.expires, |until| until.min(self.expires))
    }
}

impl Record for RoadReport {
    const SUBJECT: &'static str = "road-report";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Road {}: {}", self.state.name(), self.place)
    }
}

/// The road network in force, kept as a file in the mission's `reference/` folder under the digest
/// of its bytes. There is one; a new one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadNetwork {
    /// SHA-256 of the file, and its name.
    pub digest: Digest,
    /// Number of nodes.
    pub nodes: u64,
    /// Number of links.
    pub links: u64,
    /// Metres of road by what their length rests on: `measured`, `published`,
    /// `published-apportioned`, `derived`.
    pub metres_by_basis: BTreeMap<String, u64>,
    /// Nodes of the largest part in which a vehicle can drive from everywhere to everywhere.
    pub connected_nodes: u64,
    /// The files it was made from, as the user named them.
    pub file: String,
    /// Where it comes from.
    pub source: Source,
    /// What its licence asks to be shown beside it, if anything.
    pub notice: Option<String>,
}

impl Record for RoadNetwork {
    const SUBJECT: &'static str = "road-network";
    fn id(&self) -> &'static str {
        "road-network"
    }
    fn title(&self) -> String {
        format!("Road network of {} links from {}", self.links, self.file)
    }
}

/// How units travel: speeds by class of road and surface, night, rain, and what a state of the road
/// means to them. One record; a new one replaces it; without one the built-in profiles hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelProfiles {
    /// The profiles as they were handed in (TOML; `docs/guide/roads.md` says what is read).
    pub toml: String,
    /// The file, as the user named it.
    pub file: String,
    /// Where they come from.
    pub source: Source,
}

impl Record for TravelProfiles {
    const SUBJECT: &'static str = "travel-profiles";
    fn id(&self) -> &'static str {
        "travel-profiles"
    }
    fn title(&self) -> String {
        format!("Travel profiles from {}", self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Reading;

    fn report(until: Option<&str>, expires: &str) -> RoadReport {
        RoadReport {
            id: RoadReportId::new("barricade").unwrap(),
            place: "Carrefour de l'Aéroport".to_owned(),
            state: RoadState::Closed,
            stretch: Stretch::Around { centre: LatLon::new(18.57, -72.3).unwrap(), radius_m: 100 },
            from: "2023-10-02T06:00:00Z".parse().unwrap(),
            until: until.map(|text| text.parse().unwrap()),
            expires: expires.parse().unwrap(),
            note: None,
            source: Source { name: "patrol".to_owned(), url: None, reading: Reading::Unstated },
        }
    }

    #[test]
    fn a_report_counts_from_its_beginning_to_its_end_or_expiry() {
        let open = report(None, "2023-10-05T06:00:00Z");
        let ended = report(Some("2023-10-02T12:00:00Z"), "2023-10-05T06:00:00Z");
        for (report, at, expect) in [
            (&open, "2023-10-02T05:59:59Z", false),
            (&open, "2023-10-02T06:00:00Z", true),
            (&open, "2023-10-05T05:59:59Z", true),
            (&open, "2023-10-05T06:00:00Z", false),
            (&ended, "2023-10-02T11:59:59Z", true),
            (&ended, "2023-10-02T12:00:00Z", false),
        ] {
            assert_eq!(report.is_in_force(at.parse().unwrap()), expect, "{at}");
        }
    }

    #[test]
    fn a_stretch_says_what_is_wrong_with_it() {
        let at = LatLon::new(18.5, -72.3).unwrap();
        for (stretch, expect) in [
            (Stretch::Line(vec![at]), Some("a line needs 2 points")),
            (Stretch::Line(vec![at, at]), None),
            (Stretch::Within(vec![at, at]), Some("an area needs 3 points")),
            (Stretch::Around { centre: at, radius_m: 0 }, Some("the radius is 0 metres")),
            (Stretch::Around { centre: at, radius_m: 100 }, None),
            (Stretch::Line(vec![at; STRETCH_POINTS_MAX + 1]), Some("at most")),
        ] {
            match (stretch.fault(), expect) {
                (None, None) => {}
                (Some(fault), Some(expect)) => assert!(fault.contains(expect), "{fault}"),
                (fault, expect) => panic!("{fault:?} where {expect:?} was expected"),
            }
        }
    }
}

//! The situation: incidents, areas under the control of armed groups, published totals.
//!
//! Invariant: an incident names places and groups, never a private person.

use crate::table::Record;
use jiff::civil::Date;
use konbit_base::{ApproxDay, DatePrecision, LatLon, PCode, PlacePrecision, Source, id};
use serde::{Deserialize, Serialize};

id!(
    /// An incident.
    IncidentId
);
id!(
    /// A source of an incident.
    IncidentSourceId
);
id!(
    /// An area held or contested.
    AreaId
);
id!(
    /// A published total.
    TotalId
);

/// A number of people as far as it is known: contradicting sources are kept as a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Range {
    /// The least any source gives.
    pub low: Option<u32>,
    /// The figure held to be best founded; `None` when no source gives one.
    pub best: Option<u32>,
    /// The most any source gives.
    pub high: Option<u32>,
}

impl Range {
    /// Whether low, best and high, as far as given, are in order.
    pub fn is_ordered(self) -> bool {
        let known: Vec<u32> = [self.low, self.best, self.high].into_iter().flatten().collect();
        known.is_sorted()
    }
}

/// Something that happened at a place and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Identifier.
    pub id: IncidentId,
    /// Kind of incident, a short word of the data such as `kidnapping`.
    pub kind: String,
    /// First day.
    pub start: Date,
    /// Last day; equal to `start` for an incident of one day.
    pub end: Date,
    /// How exactly the days are known.
    pub date_precision: DatePrecision,
    /// Name of the place.
    pub place: String,
    /// Administrative area.
    pub area: Option<PCode>,
    /// Position, as far as known.
    pub position: Option<LatLon>,
    /// How exactly the position is known.
    pub place_precision: PlacePrecision,
    /// People killed.
    pub killed: Range,
    /// People injured, best figure.
    pub injured: Option<u32>,
    /// People kidnapped, best figure.
    pub kidnapped: Option<u32>,
    /// People displaced, best figure.
    pub displaced: Option<u32>,
    /// Armed group or groups, as published.
    pub group: Option<String>,
    /// What happened, in a sentence or two.
    pub summary: String,
    /// Where the row comes from.
    pub source: Source,
}

impl Incident {
    /// The first day and how exactly it is known.
    pub fn when(&self) -> ApproxDay {
        ApproxDay { day: self.start, precision: self.date_precision }
    }
}

impl Record for Incident {
    const SUBJECT: &'static str = "incident";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Incident: {}, {}, {}", self.kind.replace('_', " "), self.place, self.when())
    }
}

/// A source of an incident, beside the one the incident itself names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentSource {
    /// Identifier: the incident's and a number.
    pub id: IncidentSourceId,
    /// The incident.
    pub incident: IncidentId,
    /// What the source is to it: `primary`, `further`, ...
    pub role: String,
    /// The source.
    pub source: Source,
}

impl Record for IncidentSource {
    const SUBJECT: &'static str = "incident-source";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Source of incident {}: {}", self.incident, self.source.name)
    }
}

/// Who controls an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Control {
    /// Held by an armed group.
    Held,
    /// Fought over.
    Contested,
}

/// An area held or contested by armed groups, drawn as a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Identifier.
    pub id: AreaId,
    /// Name of the area.
    pub name: String,
    /// Centre.
    pub position: LatLon,
    /// Radius in metres.
    pub radius_m: u32,
    /// Held or contested.
    pub control: Control,
    /// Since when, as first reported.
    pub since: Date,
    /// Until when; `None` while it lasts.
    pub until: Option<Date>,
    /// Armed group or groups, as published.
    pub group: Option<String>,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Area {
    /// Whether it was under such control on `day`.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day < until)
    }
}

impl Record for Area {
    const SUBJECT: &'static str = "area";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Area {}", self.name)
    }
}

/// A total published for a period. Totals of different publishers overlap and are never added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Identifier.
    pub id: TotalId,
    /// First day of the period.
    pub start: Date,
    /// Last day of the period; equal to `start` for a stock on one day.
    pub end: Date,
    /// Area, in words.
    pub area: String,
    /// What is counted, a short word of the data such as `killed`.
    pub measure: String,
    /// The count. Shares are in per cent and say so in `measure`.
    pub value: u64,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Total {
    const SUBJECT: &'static str = "total";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Total {}: {} to {}", self.measure.replace('_', " "), self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(low: Option<u32>, best: Option<u32>, high: Option<u32>, ordered: bool) {
        assert_eq!(Range { low, best, high }.is_ordered(), ordered, "{low:?} {best:?} {high:?}");
    }

    #[test]
    fn a_range_is_in_order_as_far_as_it_is_known() {
        check(None, None, None, true);
        check(Some(89), Some(99), Some(190), true);
        check(Some(3), None, Some(2), false);
        check(None, Some(1), None, true);
        check(Some(5), Some(4), None, false);
    }
}

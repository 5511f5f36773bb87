//! Contributions: what states and organisations promise and deliver.
//!
//! A contribution moves pledged -> committed -> delivered. A line states how much of one pledge
//! stood at one status from one day on; the latest line of a pledge up to a day is what counted
//! on that day.

use crate::table::Record;
use jiff::civil::Date;
use konbit_base::{ApproxDay, Source, id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

id!(
    /// A line about a contribution.
    ContributionId
);

/// What is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// People for the force.
    Personnel,
    /// Money.
    Money,
    /// Goods: vehicles, radios, protective kit.
    Equipment,
    /// Services: airlift, medical care, intelligence, training.
    Service,
}

impl Kind {
    /// All kinds, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Personnel, Self::Money, Self::Equipment, Self::Service];

    /// Heading for a reader.
    pub fn label(self) -> &'static str {
        match self {
            Self::Personnel => "Personnel",
            Self::Money => "Money",
            Self::Equipment => "Equipment",
            Self::Service => "Services",
        }
    }
}

/// How far a contribution has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Announced; binds nobody yet (IATI transaction type 13).
    Pledged,
    /// Bound by an agreement, a vote or a notification (IATI transaction type 11).
    Committed,
    /// Arrived or paid (IATI transaction type 1).
    Delivered,
}

impl Status {
    /// All statuses, in the order a contribution passes through them.
    pub const ALL: [Self; 3] = [Self::Pledged, Self::Committed, Self::Delivered];

    /// Word for a reader.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pledged => "pledged",
            Self::Committed => "committed",
            Self::Delivered => "delivered",
        }
    }
}

/// One statement about one contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Identifier of the line.
    pub id: ContributionId,
    /// The pledge it is about; lines of one pledge follow one another.
    pub pledge: String,
    /// From when it holds.
    pub date: ApproxDay,
    /// Code of the contributor: ISO 3166-1 alpha-3, or a code of the data for groups.
    pub contributor: String,
    /// Name of the contributor.
    pub contributor_name: String,
    /// What is given.
    pub kind: Kind,
    /// In words.
    pub detail: String,
    /// How much, in `unit`; `None` when no figure was given.
    pub quantity: Option<u64>,
    /// Unit of `quantity`: `persons`, a currency code, or a word of the data. Money is in whole
    /// units of the currency.
    pub unit: String,
    /// How far it has come.
    pub status: Status,
    /// Whether the line counts; a line that only restates others does not.
    pub counts: bool,
    /// What it depends on.
    pub caveat: Option<String>,
    /// Remarks.
    pub note: Option<String>,
    /// Where the row comes from.
    pub source: Source,
}

impl Record for Contribution {
    const SUBJECT: &'static str = "contribution";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("{} {}: {}", self.contributor_name, self.status.label(), self.detail)
    }
}

/// Totals of one kind and unit on one day. Each status includes what has gone beyond it: a
/// delivered contribution was also committed and pledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// What is given.
    pub kind: Kind,
    /// Unit of the figures.
    pub unit: String,
    /// Pledged, committed or delivered.
    pub pledged: u64,
    /// Committed or delivered.
    pub committed: u64,
    /// Delivered.
    pub delivered: u64,
    /// Contributors whose pledge has no figure yet.
    pub without_figure: Vec<String>,
    /// Ids of the lines that make up the figures.
    pub lines: Vec<ContributionId>,
}

/// The line of each pledge and status that counts on `day`: the latest one up to and including it.
///
/// Within one day the line that comes later in the order of ids wins. A line without a figure
/// never displaces one with a figure of the same pledge.
pub fn standing<'a>(lines: impl Iterator<Item = &'a Contribution>, day: Date) -> Vec<&'a Contribution> {
    let mut latest: BTreeMap<(&str, Kind, &str, Status), &Contribution> = BTreeMap::new();
    let mut ordered: Vec<&Contribution> = lines.filter(|line| line.counts && line.date.day <= day).collect();
    ordered.sort_by_key(|line| (line.date.day, line.id.as_str()));
    for line in ordered {
        let key = (line.pledge.as_str(), line.kind, line.unit.as_str(), line.status);
        if line.quantity.is_none() && latest.get(&key).is_some_and(|held| held.quantity.is_some()) {
            continue;
        }
        latest.insert(key, line);
    }
    latest.into_values().collect()
}

/// Totals by kind and unit as of `day`, in the order of [`Kind::ALL`], then by unit.
///
/// Of each pledge, what has reached a status is the largest figure at that status or beyond it.
pub fn sums<'a>(lines: impl Iterator<Item = &'a Contribution>, day: Date) -> Vec<Sum> {
    let mut pledges: BTreeMap<(Kind, &str, &str), Vec<&Contribution>> = BTreeMap::new();
    for line in standing(lines, day) {
        pledges.entry((line.kind, line.unit.as_str(), line.pledge.as_str())).or_default().push(line);
    }
    let mut sums: BTreeMap<(Kind, &str), Sum> = BTreeMap::new();
    for ((kind, unit, _), lines) in pledges {
        let sum = sums.entry((kind, unit)).or_insert_with(|| Sum {
            kind,
            unit: unit.to_owned(),
            pledged: 0,
            committed: 0,
            delivered: 0,
            without_figure: Vec::new(),
            lines: Vec::new(),
        });
        let reached = |status: Status| {
            lines.iter().filter(|line| line.status >= status).filter_map(|line| line.quantity).max().unwrap_or(0)
        };
        sum.pledged += reached(Status::Pledged);
        sum.committed += reached(Status::Committed);
        sum.delivered += reached(Status::Delivered);
        if lines.iter().all(|line| line.quantity.is_none()) {
            sum.without_figure.push(lines[0].contributor_name.clone());
        }
        sum.lines.extend(lines.iter().map(|line| line.id.clone()));
    }
    for sum in sums.values_mut() {
        sum.without_figure.sort();
        sum.without_figure.dedup();
    }
    sums.into_values().collect()
}

/// People on `day` against `needed`: what is missing at each status, never below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// People the mandate needs.
    pub needed: u64,
    /// Missing even if every pledge with a figure is kept.
    pub beyond_pledged: u64,
    /// Missing beyond what is committed.
    pub beyond_committed: u64,
    /// Missing beyond what is delivered.
    pub beyond_delivered: u64,
}

/// The gap between `needed` and what `sum` has reached.
pub fn gap(needed: u64, sum: Option<&Sum>) -> Gap {
    let (pledged, committed, delivered) = sum.map_or((0, 0, 0), |sum| (sum.pledged, sum.committed, sum.delivered));
    Gap {
        needed,
        beyond_pledged: needed.saturating_sub(pledged),
        beyond_committed: needed.saturating_sub(committed),
        beyond_delivered: needed.saturating_sub(delivered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::Reading;

    fn line(id: &str, pledge: &str, day: &str, status: Status, quantity: Option<u64>) -> Contribution {
        Contribution {
            id: ContributionId::new(id).unwrap(),
            pledge: pledge.to_owned(),
            date: ApproxDay::exact(day.parse().unwrap()),
            contributor: pledge.to_owned(),
            contributor_name: format!("State {pledge}"),
            kind: Kind::Personnel,
            detail: String::new(),
            quantity,
            unit: "persons".to_owned(),
            status,
            counts: true,
            caveat: None,
            note: None,
            source: Source { name: "test".to_owned(), url: None, reading: Reading::Read },
        }
    }

    /// `(id, pledge, day, status, quantity)` lines and a day give (pledged, committed, delivered).
    fn check(lines: &[(&str, &str, &str, Status, Option<u64>)], day: &str, expect: (u64, u64, u64)) {
        let lines: Vec<_> = lines.iter().map(|&(id, pledge, on, status, n)| line(id, pledge, on, status, n)).collect();
        let sums = sums(lines.iter(), day.parse().unwrap());
        let got = sums.first().map_or((0, 0, 0), |s| (s.pledged, s.committed, s.delivered));
        assert_eq!(got, expect);
    }

    #[test]
    fn what_is_delivered_was_also_committed_and_pledged() {
        use Status::{Committed, Delivered, Pledged};
        let a = ("1", "A", "2023-07-29", Pledged, Some(1000));
        let b = ("2", "B", "2023-08-04", Pledged, Some(150));
        check(&[], "2023-10-02", (0, 0, 0));
        check(&[a], "2023-07-28", (0, 0, 0));
        check(&[a], "2023-07-29", (1000, 0, 0));
        check(&[a, b], "2023-10-02", (1150, 0, 0));
        // A restatement of the same pledge replaces it; it is not added.
        check(&[a, ("3", "A", "2023-10-02", Pledged, Some(1000)), b], "2023-10-02", (1150, 0, 0));
        check(&[a, ("3", "A", "2023-10-02", Pledged, Some(900)), b], "2023-10-02", (1050, 0, 0));
        // 400 of A's 1,000 delivered: they count at every status, the rest only as pledged.
        check(&[a, b, ("4", "A", "2024-06-25", Delivered, Some(400))], "2024-06-25", (1150, 400, 400));
        check(&[a, b, ("4", "A", "2024-03-01", Committed, Some(1000))], "2024-06-25", (1150, 1000, 0));
        // A later line without a figure takes nothing away.
        check(&[a, ("5", "A", "2023-11-01", Pledged, None)], "2023-12-01", (1000, 0, 0));
    }

    #[test]
    fn a_pledge_without_a_figure_is_named_not_counted() {
        let lines = [line("1", "A", "2023-10-02", Status::Pledged, None)];
        let sums = sums(lines.iter(), "2023-10-02".parse().unwrap());
        assert_eq!((sums[0].pledged, sums[0].without_figure.as_slice()), (0, ["State A".to_owned()].as_slice()));
    }

    #[test]
    fn the_gap_is_what_is_missing_and_never_negative() {
        let lines = [line("1", "A", "2023-10-02", Status::Pledged, Some(1350))];
        let sums = sums(lines.iter(), "2023-10-02".parse().unwrap());
        // 1,000 needed: 1,350 pledged leaves 0; nothing committed or delivered leaves 1,000.
        let gap = gap(1000, sums.first());
        assert_eq!((gap.beyond_pledged, gap.beyond_committed, gap.beyond_delivered), (0, 1000, 1000));
    }
}

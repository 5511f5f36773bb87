//! Findings of an import, counted: a country has thousands of one kind, so each reason is said
//! once, with how many there are and the first few ids.

use konbit_base::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Ids that are named for one reason.
const NAMED_MAX: usize = 5;
/// Most characters of a value that is shown.
const VALUE_CHARS_MAX: usize = 40;

/// Why something was dropped or is doubtful.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    /// The rest of a sentence that begins with a count.
    pub(super) what: &'static str,
}

const fn note(code: &'static str, what: &'static str) -> Reason {
    Reason { severity: Severity::Note, code, what }
}

const fn warning(code: &'static str, what: &'static str) -> Reason {
    Reason { severity: Severity::Warning, code, what }
}

/// The reasons, in the order of the rules.
pub(super) mod reason {
    use super::{Reason, note, warning};

    pub const CLASS_UNKNOWN: Reason =
        warning("highway-unknown", "ways have a highway class that is not known here and were left out");
    pub const NOT_FOR_TRAVEL: Reason = note(
        "highway-not-for-travel",
        "ways are no roads that people travel on (platform, raceway, busway and the like) and were left out",
    );
    pub const NOT_BUILT: Reason =
        note("road-not-built", "roads are under construction, planned or given up and were left out");
    pub const CLOSED: Reason =
        note("access-closed", "ways are closed to vehicles and to people on foot (no, private) and were left out");
    pub const ACCESS_UNKNOWN: Reason =
        warning("access-unknown", "access values are not known here and were taken as open");
    pub const ACCESS_CONDITIONAL: Reason = note(
        "access-conditional",
        "access or one-way rules hold at certain times only and were not read; what holds otherwise counts",
    );
    pub const AREA: Reason =
        note("area", "areas were kept for people on foot only, along their outline; vehicles have no lane there");
    pub const ONEWAY_CHANGING: Reason =
        warning("oneway-changing", "roads change their direction during the day and were closed to vehicles");
    pub const ONEWAY_UNKNOWN: Reason =
        warning("oneway-unknown", "values of oneway are not known here and were taken as two-way");
    pub const SPEED_UNREAD: Reason = note(
        "maxspeed-unread",
        "signed maximum speeds are no number (such as FR:urban) and were not read; the speed of the class counts",
    );
    pub const DURATION_UNREAD: Reason =
        warning("duration-unread", "durations of ferries cannot be read; the speed of the class counts");
    pub const FERRY_ASSUMED: Reason = warning(
        "ferry-vehicles-assumed",
        "ferries do not say whether they take vehicles; it was assumed that they do, check before relying on it",
    );
    pub const SURFACE_UNKNOWN: Reason = note("surface-unknown", "surfaces are not known here and count as not stated");
    pub const IMPASSABLE: Reason =
        note("road-impassable", "roads are marked impassable for vehicles (smoothness) and were closed to them");
    pub const NODE_MISSING: Reason = warning(
        "node-missing",
        "roads have nodes that the file does not hold, at the edge of the extract or by damage; they end there",
    );
    pub const NO_LENGTH: Reason = warning("way-without-length", "roads have less than two places and were left out");
    pub const WAY_TWICE: Reason = warning("way-twice", "ways stand twice in the file; one of them was taken");
    pub const OFF_EARTH: Reason = warning("node-off-earth", "nodes have a position that is not on the Earth");
    pub const BARRIER_UNKNOWN: Reason =
        note("barrier-unknown", "barriers on roads are of a kind not known here and were closed to vehicles");
    pub const VIA_WAY: Reason = warning(
        "restriction-via-way",
        "turn restrictions run over a way or several nodes, which is not read; these turns count as allowed",
    );
    pub const RESTRICTION_CONDITIONAL: Reason = note(
        "restriction-conditional",
        "turn restrictions hold at certain times only and were not read; these turns count as allowed",
    );
    pub const RESTRICTION_INCOMPLETE: Reason = warning(
        "restriction-incomplete",
        "turn restrictions lack a member, or it is no road in this file; these turns count as allowed",
    );
    pub const RESTRICTION_AMBIGUOUS: Reason = warning(
        "restriction-ambiguous",
        "turn restrictions do not say which part of a road is meant; these turns count as allowed",
    );
    pub const RESTRICTION_UNKNOWN: Reason =
        warning("restriction-unknown", "turn restrictions are of a kind not known here; these turns count as allowed");
    pub const RESTRICTION_OTHERS: Reason =
        note("restriction-others", "turn restrictions are for other vehicles (buses, lorries, bicycles) only");
    pub const WATER_OPEN: Reason = warning(
        "water-open",
        "outlines of water do not close, at the edge of the extract or by damage, and are not on the map",
    );
    pub const HOLE_OUTSIDE: Reason =
        note("water-hole-outside", "inner outlines of water lie in no outer one and are not on the map");
    pub const PLACE_UNNAMED: Reason = note("place-unnamed", "places have no name and are not on the map");
    pub const POPULATION_UNREAD: Reason = note("population-unread", "numbers of inhabitants cannot be read");
}

struct Entry {
    reason: &'static Reason,
    count: u64,
    /// The lowest ids, whatever order they come in.
    named: BTreeSet<(i64, String)>,
}

/// Reasons, each with a count and the lowest ids.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<&'static str, Entry>);

impl Tally {
    /// Counts one more case; `value` is the text that gave rise to it, or empty.
    pub(super) fn add(&mut self, reason: &'static Reason, id: i64, value: &str) {
        let entry = self.0.entry(reason.code).or_insert_with(|| Entry { reason, count: 0, named: BTreeSet::new() });
        entry.count += 1;
        let is_low = entry.named.len() < NAMED_MAX || entry.named.last().is_some_and(|last| id < last.0);
        if is_low {
            entry.named.insert((id, value.chars().take(VALUE_CHARS_MAX).collect()));
            if entry.named.len() > NAMED_MAX {
                entry.named.pop_last();
            }
        }
    }

    /// One finding for each reason, sorted by code.
    pub(super) fn findings(self, file: &str) -> Vec<Finding> {
        let finding = |entry: Entry| {
            let show = |(id, value): &(i64, String)| {
                if value.is_empty() { id.to_string() } else { format!("{id} ({value})") }
            };
            let ids: Vec<String> = entry.named.iter().map(show).collect();
            let message = format!("{} {}; lowest ids: {}", entry.count, entry.reason.what, ids.join(", "));
            Finding::in_file(entry.reason.severity, entry.reason.code, file, message)
        };
        self.0.into_values().map(finding).collect()
    }
}

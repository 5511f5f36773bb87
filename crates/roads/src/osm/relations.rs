//! The relations that matter: turn restrictions, and water whose outline has several ways.

use super::element::{Member, MemberKind, Tags, Want, within};
use super::tally::{Tally, reason};
use super::{Element, ImportError, Source, Ticker};
use std::io::{Read, Seek};

/// Most turn restrictions. The whole planet has about 2 million.
const RESTRICTIONS_MAX: usize = 5_000_000;
/// Most members of all water together.
const WATER_MEMBERS_MAX: usize = 20_000_000;

/// A turn restriction over one node.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Restriction {
    pub(super) id: i64,
    /// Whether only the turns named are allowed (`only_...`); otherwise they are forbidden.
    pub(super) is_only: bool,
    pub(super) from: Vec<i64>,
    pub(super) via: i64,
    pub(super) to: Vec<i64>,
}

/// Water with an outline of several ways, or with holes.
pub(super) struct Lake {
    pub(super) id: i64,
    /// Ways by id, and whether each is part of a hole.
    pub(super) members: Vec<(i64, bool)>,
}

/// The relations that matter, sorted by id.
#[derive(Default)]
pub(super) struct Relations {
    pub(super) restrictions: Vec<Restriction>,
    pub(super) lakes: Vec<Lake>,
}

impl Relations {
    pub(super) fn read<R: Read + Seek>(
        source: &mut Source<R>,
        ticker: &mut Ticker<'_>,
        tally: &mut Tally,
    ) -> Result<Self, ImportError> {
        let mut relations = Self::default();
        let mut members_count = 0;
        source.pass(Want::Relations, ticker, &mut |element| {
            let Element::Relation { id, members, tags } = element else { return Ok(()) };
            let kind = tags.get("type").unwrap_or_default();
            if kind == "restriction" || kind.starts_with("restriction:") {
                relations.restrictions.extend(restriction(id, members, tags, tally));
                within("turn restrictions", relations.restrictions.len(), RESTRICTIONS_MAX)?;
            } else if kind == "multipolygon" && is_water(tags) {
                let ways = members.iter().filter(|member| member.kind == MemberKind::Way);
                let members: Vec<(i64, bool)> = ways.map(|member| (member.id, member.role == "inner")).collect();
                members_count += members.len();
                within("ways around water", members_count, WATER_MEMBERS_MAX)?;
                relations.lakes.push(Lake { id, members });
            }
            Ok(())
        })?;
        relations.restrictions.sort_by_key(|it| it.id);
        relations.lakes.sort_by_key(|it| it.id);
        relations.lakes.dedup_by_key(|it| it.id);
        Ok(relations)
    }
}

/// Whether tags are those of an area of water.
pub(super) fn is_water(tags: Tags<'_>) -> bool {
    tags.is("natural", "water") || tags.is("waterway", "riverbank") || tags.is("landuse", "reservoir")
}

fn restriction(id: i64, members: &[Member<'_>], tags: Tags<'_>, tally: &mut Tally) -> Option<Restriction> {
    let keys = || tags.0.iter().map(|(key, _)| *key).filter(|key| key.starts_with("restriction"));
    let value = tags.first(&["restriction:motorcar", "restriction:motor_vehicle", "restriction"]);
    let is_timed = tags.first(&["day_on", "hour_on"]).is_some();
    let Some(value) = value.filter(|_| !is_timed) else {
        let why = if is_timed || keys().any(|key| key.ends_with(":conditional")) {
            &reason::RESTRICTION_CONDITIONAL
        } else if keys().next().is_some() {
            &reason::RESTRICTION_OTHERS
        } else {
            &reason::RESTRICTION_UNKNOWN
        };
        tally.add(why, id, "");
        return None;
    };
    let excepted = tags.get("except").unwrap_or_default();
    if excepted.split(';').any(|it| matches!(it.trim(), "motorcar" | "motor_vehicle" | "vehicle")) {
        tally.add(&reason::RESTRICTION_OTHERS, id, excepted);
        return None;
    }
    let is_only = match value {
        "no_left_turn" | "no_right_turn" | "no_straight_on" | "no_u_turn" | "no_entry" | "no_exit" => false,
        "only_left_turn" | "only_right_turn" | "only_straight_on" | "only_u_turn" => true,
        _ => {
            tally.add(&reason::RESTRICTION_UNKNOWN, id, value);
            return None;
        }
    };
    let ways = |role: &str| -> Vec<i64> {
        members.iter().filter(|it| it.kind == MemberKind::Way && it.role == role).map(|it| it.id).collect()
    };
    let nodes: Vec<i64> =
        members.iter().filter(|it| it.kind == MemberKind::Node && it.role == "via").map(|it| it.id).collect();
    let (from, to) = (ways("from"), ways("to"));
    if !ways("via").is_empty() || nodes.len() > 1 {
        tally.add(&reason::VIA_WAY, id, "");
        return None;
    }
    let [via] = nodes[..] else {
        tally.add(&reason::RESTRICTION_INCOMPLETE, id, "");
        return None;
    };
    if from.is_empty() || to.is_empty() {
        tally.add(&reason::RESTRICTION_INCOMPLETE, id, "");
        return None;
    }
    if is_only && (from.len() > 1 || to.len() > 1) {
        tally.add(&reason::RESTRICTION_AMBIGUOUS, id, "");
        return None;
    }
    Some(Restriction { id, is_only, from, via, to })
}

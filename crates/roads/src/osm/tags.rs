//! What the tags of a way or node mean for travel.
//!
//! Rules after the OpenStreetMap wiki, pages "Key:access", "Key:oneway", "Key:barrier",
//! "Key:maxspeed" and "Key:surface". The most special key decides: for vehicles `motorcar`,
//! `motor_vehicle`, `vehicle`, `access`; for people on foot `foot`, `access`. One-way rules bind
//! vehicles only. What is not known is taken as it least endangers a plan: an unknown barrier
//! stops vehicles, an unknown class is no road.

use super::element::Tags;
use super::tally::{Tally, reason};
use crate::network::{Access, Names, RoadClass, Surface};

/// Most characters of a name that are kept; OpenStreetMap itself allows 255.
const NAME_CHARS_MAX: usize = 255;
/// Most languages of one name that are kept, in the order of their codes.
const LANGUAGES_MAX: usize = 60;
/// Keys that decide for vehicles, the most special first.
const MOTOR_KEYS: [&str; 4] = ["motorcar", "motor_vehicle", "vehicle", "access"];

/// What a way is for travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) class: RoadClass,
    pub(super) surface: Surface,
    pub(super) speed_kmh_max: Option<u8>,
    /// Stated time for the whole way, in milliseconds; ferries only.
    pub(super) duration_ms: Option<u32>,
    pub(super) forward: Access,
    pub(super) backward: Access,
}

impl Rule {
    /// The same, seen from the other end.
    pub(super) fn reversed(self) -> Self {
        Self { forward: self.backward, backward: self.forward, ..self }
    }
}

/// The rule of a way; `None` if it is no road, or one that nobody may use.
pub(super) fn rule(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Option<Rule> {
    let class = class(id, tags, tally)?;
    let mut motor = may_drive(id, class, tags, tally);
    let foot = may_walk(id, class, tags, tally);
    if tags.is("area", "yes") && motor[0] | motor[1] {
        tally.add(&reason::AREA, id, "");
        motor = [false, false];
    }
    if tags.is("smoothness", "impassable") && motor[0] | motor[1] {
        tally.add(&reason::IMPASSABLE, id, "");
        motor = [false, false];
    }
    let directions = one_way(id, class, tags, tally);
    let [forward, backward] = [0, 1].map(|it| Access { motor: motor[it] && directions[it], foot });
    if !(forward.motor || backward.motor || foot) {
        tally.add(&reason::CLOSED, id, "");
        return None;
    }
    Some(Rule {
        class,
        surface: surface(id, tags, tally),
        speed_kmh_max: speed(id, tags, tally),
        duration_ms: if class == RoadClass::Ferry { duration(id, tags, tally) } else { None },
        forward,
        backward,
    })
}

fn class(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Option<RoadClass> {
    let Some(highway) = tags.get("highway") else {
        return tags.is("route", "ferry").then_some(RoadClass::Ferry);
    };
    Some(match highway.strip_suffix("_link").unwrap_or(highway) {
        "motorway" => RoadClass::Motorway,
        "trunk" => RoadClass::Trunk,
        "primary" => RoadClass::Primary,
        "secondary" => RoadClass::Secondary,
        "tertiary" => RoadClass::Tertiary,
        "unclassified" | "minor" => RoadClass::Unclassified,
        "residential" => RoadClass::Residential,
        "living_street" => RoadClass::LivingStreet,
        "service" => RoadClass::Service,
        "track" => RoadClass::Track,
        "road" => RoadClass::Road,
        "pedestrian" => RoadClass::Pedestrian,
        "footway" | "path" | "bridleway" | "cycleway" | "corridor" => RoadClass::Path,
        "steps" => RoadClass::Steps,
        "construction" | "proposed" | "planned" | "abandoned" | "disused" | "razed" | "demolished" | "dismantled" => {
            tally.add(&reason::NOT_BUILT, id, highway);
            return None;
        }
        "platform"
        | "raceway"
        | "bus_guideway"
        | "busway"
        | "escape"
        | "elevator"
        | "rest_area"
        | "services"
        | "via_ferrata"
        | "bus_stop"
        | "emergency_bay"
        | "emergency_access_point"
        | "no"
        | "ladder"
        | "crossing"
        | "traffic_island"
        | "street_lamp"
        | "turning_circle"
        | "passing_place" => {
            tally.add(&reason::NOT_FOR_TRAVEL, id, highway);
            return None;
        }
        _ => {
            tally.add(&reason::CLASS_UNKNOWN, id, highway);
            return None;
        }
    })
}

/// Whether an access value opens, closes, or says nothing.
fn opens(id: i64, value: &str, tally: &mut Tally) -> Option<bool> {
    match value {
        "yes" | "designated" | "official" | "permissive" | "public" | "destination" | "customers" | "delivery"
        | "permit" | "discouraged" | "residents" | "visitors" | "dismount" | "limited" | "unknown" => Some(true),
        "no" | "private" | "agricultural" | "forestry" | "emergency" | "military" | "psv" | "bus" | "use_sidepath"
        | "restricted" | "none" => Some(false),
        "" => None,
        _ => {
            tally.add(&reason::ACCESS_UNKNOWN, id, value);
            None
        }
    }
}

/// Whether vehicles may use a way forward and backward, one-way rules aside.
fn may_drive(id: i64, class: RoadClass, tags: Tags<'_>, tally: &mut Tally) -> [bool; 2] {
    let needs_sign = matches!(class, RoadClass::Pedestrian | RoadClass::Path | RoadClass::Steps);
    let mut open = !needs_sign;
    let special = tags.first(&MOTOR_KEYS[..3]);
    if let Some(is_open) = special.and_then(|value| opens(id, value, tally)) {
        open = is_open;
    } else if let Some(is_open) = tags.get("access").and_then(|value| opens(id, value, tally)) {
        // A path open to all is still no road for cars: `access` alone closes, but does not widen.
        open &= is_open;
    }
    if class == RoadClass::Ferry && special.is_none() && open {
        // The rule of most route planners: a ferry that says who else it takes does not take cars.
        open = tags.first(&["foot", "bicycle"]).is_none();
        if open {
            tally.add(&reason::FERRY_ASSUMED, id, "");
        }
    }
    if tags
        .first(&[
            "access:conditional",
            "vehicle:conditional",
            "motor_vehicle:conditional",
            "motorcar:conditional",
            "oneway:conditional",
        ])
        .is_some()
    {
        tally.add(&reason::ACCESS_CONDITIONAL, id, "");
    }
    let one_side = |keys: [&str; 4], tally: &mut Tally| {
        tags.first(&keys).and_then(|value| opens(id, value, tally)).unwrap_or(open)
    };
    [
        one_side(["motorcar:forward", "motor_vehicle:forward", "vehicle:forward", "access:forward"], tally),
        one_side(["motorcar:backward", "motor_vehicle:backward", "vehicle:backward", "access:backward"], tally),
    ]
}

fn may_walk(id: i64, class: RoadClass, tags: Tags<'_>, tally: &mut Tally) -> bool {
    let usual = class != RoadClass::Motorway && !tags.is("motorroad", "yes");
    if let Some(is_open) = tags.get("foot").and_then(|value| opens(id, value, tally)) {
        return is_open;
    }
    // `access` was counted with the vehicles if it is not known.
    usual && tags.get("access").and_then(|value| opens(id, value, &mut Tally::default())) != Some(false)
}

/// In which directions vehicles may go: forward, backward.
fn one_way(id: i64, class: RoadClass, tags: Tags<'_>, tally: &mut Tally) -> [bool; 2] {
    let implied = class == RoadClass::Motorway && tags.is("highway", "motorway")
        || matches!(tags.get("junction"), Some("roundabout" | "circular"));
    let stated = tags.first(&["oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway"]);
    match stated {
        None if implied => [true, false],
        // "alternating": two directions by turns, as on a narrow bridge with lights.
        None | Some("no" | "false" | "0" | "alternating") => [true, true],
        Some("yes" | "true" | "1") => [true, false],
        Some("-1" | "reverse") => [false, true],
        Some("reversible") => {
            tally.add(&reason::ONEWAY_CHANGING, id, "");
            [false, false]
        }
        Some(other) => {
            tally.add(&reason::ONEWAY_UNKNOWN, id, other);
            [true, !implied]
        }
    }
}

/// What a way is made of, as far as travel is concerned: a bad state counts as the next softer
/// surface.
fn surface(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Surface {
    let made_of = match tags.get("surface") {
        None => match tags.get("tracktype") {
            Some("grade1") => Surface::Paved,
            Some("grade2") => Surface::Gravel,
            Some("grade3" | "grade4" | "grade5") => Surface::Earth,
            _ => Surface::Unknown,
        },
        Some(surface) => match surface.split([':', ';']).next().unwrap_or(surface) {
            "paved" | "asphalt" | "concrete" | "chipseal" | "paving_stones" | "metal" | "metal_grid" | "wood"
            | "bricks" | "brick" | "tiles" | "tartan" | "rubber" | "cement" | "acrylic" | "plastic" => Surface::Paved,
            "gravel" | "fine_gravel" | "compacted" | "pebblestone" | "cobblestone" | "sett" | "unhewn_cobblestone"
            | "stone" | "rock" | "shells" | "stepping_stones" => Surface::Gravel,
            // An unpaved road may be gravel or earth: the slower of the two is safer for a plan.
            "unpaved" | "ground" | "dirt" | "earth" | "soil" | "sand" | "mud" | "clay" | "grass" | "grass_paver"
            | "woodchips" | "laterite" | "snow" | "ice" | "salt" => Surface::Earth,
            _ => {
                tally.add(&reason::SURFACE_UNKNOWN, id, surface);
                Surface::Unknown
            }
        },
    };
    match (tags.get("smoothness"), made_of) {
        (Some("bad"), Surface::Paved) => Surface::Gravel,
        (Some("very_bad" | "horrible" | "very_horrible"), _) => Surface::Earth,
        _ => made_of,
    }
}

/// The signed maximum speed in km/h; of two directions the lower.
fn speed(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Option<u8> {
    let mut one = |key: &str| {
        let text = tags.get(key)?;
        let speed = speed_of(text);
        if speed.is_err() {
            tally.add(&reason::SPEED_UNREAD, id, text);
        }
        speed.ok().flatten()
    };
    let all = [one("maxspeed"), one("maxspeed:forward"), one("maxspeed:backward")];
    all.into_iter().flatten().min()
}

/// `Ok(None)`: no limit is signed.
fn speed_of(text: &str) -> Result<Option<u8>, ()> {
    let text = text.trim();
    match text {
        "none" | "no" | "unlimited" | "default" => return Ok(None),
        // Walking pace: 7 km/h on the wiki's page, from German courts.
        "walk" | "walking" => return Ok(Some(7)),
        _ => {}
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u32 = text[..digits].parse().map_err(|_| ())?;
    let kmh = match text[digits..].trim() {
        "" | "km/h" | "kmh" | "kph" => number,
        // 1 mile is 1.609 km; to the nearest whole number.
        "mph" => number.checked_mul(1609).ok_or(())?.saturating_add(500) / 1000,
        "knots" => number.checked_mul(1852).ok_or(())?.saturating_add(500) / 1000,
        _ => return Err(()),
    };
    // Above 255 a sign is a slip of the pen.
    u8::try_from(kmh).ok().filter(|kmh| *kmh > 0).map(Some).ok_or(())
}

fn duration(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Option<u32> {
    let text = tags.get("duration")?;
    let ms = duration_ms(text.trim());
    if ms.is_none() {
        tally.add(&reason::DURATION_UNREAD, id, text);
    }
    ms
}

/// `H:MM`, `H:MM:SS`, minutes alone, or an ISO 8601 duration such as `PT1H30M`; up to ten days.
fn duration_ms(text: &str) -> Option<u32> {
    let seconds = if let Some(iso) = text.strip_prefix('P') {
        iso_seconds(iso)?
    } else {
        let parts: Vec<u64> = text.split(':').map(part).collect::<Option<_>>()?;
        match parts[..] {
            [minutes] => minutes * 60,
            [hours, minutes] if minutes < 60 => (hours * 60 + minutes) * 60,
            [hours, minutes, seconds] if minutes < 60 && seconds < 60 => (hours * 60 + minutes) * 60 + seconds,
            _ => return None,
        }
    };
    if seconds == 0 || seconds > 10 * 86_400 { None } else { u32::try_from(seconds * 1000).ok() }
}

/// A whole number of at most six digits.
fn part(text: &str) -> Option<u64> {
    let is_number = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn iso_seconds(iso: &str) -> Option<u64> {
    let (mut seconds, mut digits, mut is_time) = (0, String::new(), false);
    for letter in iso.chars() {
        let unit = match (letter, is_time) {
            ('T', false) if digits.is_empty() => {
                is_time = true;
                continue;
            }
            ('0'..='9', _) => {
                digits.push(letter);
                continue;
            }
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds += part(&digits)? * unit;
        digits.clear();
    }
    digits.is_empty().then_some(seconds)
}

/// Who may pass a node with these tags; `None` if it is no barrier, or one that stops nobody.
pub(super) fn passable(id: i64, tags: Tags<'_>, tally: &mut Tally) -> Option<Access> {
    let barrier = tags.get("barrier").or_else(|| tags.is("highway", "gate").then_some("gate"))?;
    let mut open = match barrier {
        "no" | "entrance" | "gate" | "lift_gate" | "swing_gate" | "sliding_gate" | "hampshire_gate" | "bump_gate"
        | "cattle_grid" | "border_control" | "toll_booth" | "sally_port" | "checkpoint" | "height_restrictor"
        | "width_restrictor" | "arch" | "kerb" | "coupure" | "traffic_island" | "rising_arm" | "guard_post" => {
            Access { motor: true, foot: true }
        }
        "bollard"
        | "block"
        | "cycle_barrier"
        | "motorcycle_barrier"
        | "jersey_barrier"
        | "log"
        | "chain"
        | "rope"
        | "stile"
        | "horse_stile"
        | "turnstile"
        | "full-height_turnstile"
        | "kissing_gate"
        | "wicket_gate"
        | "planter"
        | "bus_trap"
        | "sump_buster"
        | "debris"
        | "tyres"
        | "tank_trap"
        | "spikes"
        | "steps"
        | "door"
        | "bar"
        | "delineators"
        | "delineator"
        | "barrier_board"
        | "cable_barrier"
        | "guard_rail"
        | "yes" => Access { motor: false, foot: true },
        "wall" | "fence" | "hedge" | "city_wall" | "retaining_wall" | "ditch" => Access::default(),
        _ => {
            tally.add(&reason::BARRIER_UNKNOWN, id, barrier);
            Access { motor: false, foot: true }
        }
    };
    // `access` closes a gate; only a key for vehicles opens a bollard.
    let general = tags.get("access").and_then(|value| opens(id, value, tally)).unwrap_or(true);
    open = Access { motor: open.motor && general, foot: open.foot && general };
    if tags.is("locked", "yes") {
        open.motor = false;
    }
    if let Some(is_open) = tags.first(&MOTOR_KEYS[..3]).and_then(|value| opens(id, value, tally)) {
        open.motor = is_open;
    }
    if let Some(is_open) = tags.get("foot").and_then(|value| opens(id, value, tally)) {
        open.foot = is_open;
    }
    (!(open.motor && open.foot)).then_some(open)
}

/// The names of a road or place; `None` if it has none at all.
pub(super) fn names(tags: Tags<'_>) -> Option<Names> {
    let reference = tags.get("ref").map(clean).filter(|text| !text.is_empty());
    let mut by_language: Vec<(String, String)> = tags
        .0
        .iter()
        .filter_map(|(key, value)| {
            Some((key.strip_prefix("name:").filter(|it| is_language(it))?.to_owned(), clean(value)))
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    by_language.sort();
    by_language.dedup_by(|a, b| a.0 == b.0);
    by_language.truncate(LANGUAGES_MAX);
    let name = tags.get("name").map(clean).filter(|text| !text.is_empty());
    let local = name.or_else(|| reference.clone()).or_else(|| Some(by_language.first()?.1.clone()))?;
    Some(Names { local, reference, by_language })
}

/// Two or three small letters, and perhaps a script or country: `ht`, `zh-Hant`.
fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// One line, without control characters, not too long.
fn clean(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_CHARS_MAX).collect();
    one_line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_speed_is_a_number_and_a_unit_or_a_word() {
        for (text, expect) in [
            ("50", Ok(Some(50))),
            ("50 km/h", Ok(Some(50))),
            ("30 mph", Ok(Some(48))),
            ("walk", Ok(Some(7))),
            ("none", Ok(None)),
            ("FR:urban", Err(())),
            ("50;30", Err(())),
            ("0", Err(())),
            ("300", Err(())),
            ("", Err(())),
            ("4294967295 mph", Err(())),
        ] {
            assert_eq!(speed_of(text), expect, "{text:?}");
        }
    }

    #[test]
    fn a_duration_is_a_clock_a_number_of_minutes_or_iso_8601() {
        for (text, minutes) in [
            ("00:20", Some(20)),
            ("1:30", Some(90)),
            ("01:30:00", Some(90)),
            ("25", Some(25)),
            ("PT20M", Some(20)),
            ("PT1H30M", Some(90)),
            ("P1DT1H", Some(1500)),
            ("PT0M", None),
            ("P20M", None),
            ("PT20", None),
            ("1:75", None),
            ("20 min", None),
            ("99999:00", None),
            ("", None),
        ] {
            assert_eq!(duration_ms(text), minutes.map(|it: u32| it * 60_000), "{text:?}");
        }
    }

    #[test]
    fn a_language_is_a_code_and_not_another_kind_of_name() {
        for (code, expect) in [
            ("ht", true),
            ("fr", true),
            ("zh-Hant", true),
            ("etymology", false),
            ("left", false),
            ("", false),
            ("fr-", false),
        ] {
            assert_eq!(is_language(code), expect, "{code:?}");
        }
    }
}

//! Documents in TOML: the mission, the planning figures, a resolution restated.

use super::InputFile;
use super::findings::{At, Findings, excerpt};
use super::sniff::{Content, sniff};
use super::table::{READINGS, fold, parse_day};
use jiff::civil::Date;
use konbit_base::{Reading, Source};
use konbit_mission::council::{
    Cast, CouncilVote, Member, Paragraph, ParagraphKind, Point, Procedure, RecordedOutcome, Resolution, Tally,
    TextKind, Vote,
};
use konbit_mission::declaration::Declaration;
use konbit_mission::protection::{ForcesByCapacity, Judged, KindPlanning, Planning, SiteId};
use konbit_mission::roads::TravelProfiles;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// A table of a document, and the path to it.
struct Doc<'a> {
    file: &'a str,
    path: String,
    table: &'a Table,
}

/// Reads the text of a TOML file.
fn parse(file: InputFile<'_>, findings: &mut Findings) -> Option<Table> {
    let at = At::file(file.name);
    let Content::Text(text) = sniff(file, findings)? else {
        findings.error(
            "format-not-read",
            at,
            "the file is not TOML; give a text of keys and values as in the worked example",
        );
        return None;
    };
    match text.parse::<Table>() {
        Ok(table) => Some(table),
        Err(error) => {
            let row = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| 1 + before.matches('\n').count() as u64);
            let at = At { row, ..at };
            findings.error(
                "toml-not-read",
                at,
                format!("the file is not valid TOML here: {}", excerpt(error.message(), 200)),
            );
            None
        }
    }
}

impl<'a> Doc<'a> {
    fn new(file: &'a str, table: &'a Table) -> Self {
        Self { file, path: String::new(), table }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A finding about a key: an error makes the document unusable.
    fn error<T>(&self, code: &str, name: &str, message: &str, findings: &mut Findings) -> Option<T> {
        findings.error(code, At::file(self.file).column(&self.key(name)), message);
        None
    }

    fn sub(&self, name: &str) -> Option<Doc<'a>> {
        Some(Doc { file: self.file, path: self.key(name), table: self.table.get(name)?.as_table()? })
    }

    fn list(&self, name: &str) -> Vec<Doc<'a>> {
        let items = self.table.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        (1..)
            .zip(items)
            .map(|(number, table): (u32, _)| Doc {
                file: self.file,
                path: format!("{}[{number}]", self.key(name)),
                table,
            })
            .collect()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.table.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.table
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    fn require(&self, name: &str, findings: &mut Findings) -> Option<String> {
        self.text(name).or_else(|| self.error("key-missing", name, "the document has no such text; add it", findings))
    }

    fn day(&self, name: &str, findings: &mut Findings) -> Option<Date> {
        let text = match self.table.get(name)? {
            Value::Datetime(date) => date.to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        parse_day(&text).map(|day| day.day).or_else(|| {
            self.error(
                "date-not-read",
                name,
                &format!("{:?} is not a date; write it as 2023-10-02", excerpt(&text, 40)),
                findings,
            )
        })
    }

    /// A number as a whole number of `1 / factor`, from its decimal digits.
    fn scaled(&self, name: &str, factor: u64, findings: &mut Findings) -> Option<u64> {
        let Some(value) = self.table.get(name) else {
            return self.error("key-missing", name, "the document has no such number; add it", findings);
        };
        let text = match value {
            Value::Integer(number) => number.to_string(),
            // The shortest digits that give the number back are those that were written.
            Value::Float(number) => number.to_string(),
            other => other.to_string(),
        };
        scaled(&text, factor).or_else(|| {
            self.error(
                "number-not-read",
                name,
                &format!("{:?} is not a number from 0 up; correct it", excerpt(&text, 40)),
                findings,
            )
        })
    }

    fn narrow(&self, name: &str, findings: &mut Findings) -> Option<u32> {
        let value = self.scaled(name, 1, findings)?;
        u32::try_from(value)
            .ok()
            .or_else(|| self.error("number-not-read", name, &format!("{value} is too large; correct it"), findings))
    }

    fn source(&self, default: &str, reading: Reading) -> Source {
        let stated = self.text("source_read").and_then(|text| READINGS.iter().find(|(word, _)| *word == fold(&text)));
        let url = self.text("source_url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        Source {
            name: self.text("source_name").unwrap_or_else(|| default.to_owned()),
            url,
            reading: stated.map_or(reading, |(_, reading)| *reading),
        }
    }

    fn note_unused(&self, known: &[&str], findings: &mut Findings) {
        let unused: Vec<&str> = self.table.keys().map(String::as_str).filter(|key| !known.contains(key)).collect();
        if !unused.is_empty() {
            findings.note(
                "keys-not-used",
                At::file(self.file),
                format!("these keys were not used: {}", excerpt(&unused.join(", "), 300)),
            );
        }
    }
}

/// `text`, a decimal number from 0 up, times `factor`, rounded half up to a whole number. Exact: no
/// float is involved. `None` if it is no such number or does not fit.
pub(crate) fn scaled(text: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let mut value = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    // 18 digits of fraction are more than any figure has, and 10^18 fits 64 bits.
    let fraction = &fraction[..fraction.len().min(18)];
    if !fraction.is_empty() {
        let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
        let part = fraction.parse::<u128>().ok()? * u128::from(factor);
        value = value.checked_add(u64::try_from((part + scale / 2) / scale).ok()?)?;
    }
    Some(value)
}

/// Reads travel profiles: kept as they were handed in, once they are known to be TOML. What they
/// say is checked by whoever travels with them.
pub(crate) fn travel_profiles(file: InputFile<'_>, findings: &mut Findings) -> Option<TravelProfiles> {
    parse(file, findings)?;
    let source = Source { name: format!("File {}", file.name), url: None, reading: Reading::Unstated };
    let toml = String::from_utf8_lossy(file.bytes).into_owned();
    Some(TravelProfiles { toml, file: file.name.to_owned(), source })
}

/// Reads what the mission is.
pub(crate) fn mission(file: InputFile<'_>, findings: &mut Findings) -> Option<Declaration> {
    let table = parse(file, findings)?;
    let doc = Doc::new(file.name, &table);
    doc.note_unused(
        &[
            "name",
            "slug",
            "country",
            "time_zone",
            "languages",
            "as_of",
            "lead_state",
            "host_state",
            "resolution",
            "disclaimer",
            "file",
            "source_name",
            "source_url",
            "source_read",
        ],
        findings,
    );
    let name = doc.require("name", findings);
    let host = doc.require("host_state", findings).and_then(|code| state(&doc, "host_state", &code, findings));
    let lead = match doc.text("lead_state") {
        Some(code) => Some(state(&doc, "lead_state", &code, findings)?),
        None => None,
    };
    let resolution = doc.require("resolution", findings);
    let time_zone = doc.require("time_zone", findings);
    let as_of = if table.contains_key("as_of") { Some(doc.day("as_of", findings)?) } else { None };
    let (host, host_name) = host?;
    let (lead, lead_name) = lead.unzip();
    Some(Declaration {
        name: name?,
        host,
        host_name,
        lead,
        lead_name,
        resolution: resolution?,
        time_zone: time_zone?,
        languages: doc.texts("languages"),
        as_of,
        disclaimer: doc.text("disclaimer"),
    })
}

/// Code and name of a State.
fn state(doc: &Doc<'_>, name: &str, code: &str, findings: &mut Findings) -> Option<(String, String)> {
    match Member::from_code(code) {
        Some(member) => Some((code.to_owned(), member.name().to_owned())),
        None => doc.error(
            "state-unknown",
            name,
            &format!("{code:?} is no code of a State; use ISO 3166-1 alpha-3, such as KEN"),
            findings,
        ),
    }
}

const MILLION: u64 = 1_000_000;

/// Reads planning figures. Decimals become whole numbers of the unit that the record keeps, rounded
/// half up.
pub(crate) fn planning(file: InputFile<'_>, findings: &mut Findings) -> Option<Planning> {
    let table = parse(file, findings)?;
    let doc = Doc::new(file.name, &table);
    doc.note_unused(
        &[
            "as_of",
            "status",
            "parameter",
            "incidents",
            "qrf_max_by_capacity",
            "kind",
            "mandatory_sites",
            "source_name",
            "source_url",
            "source_read",
        ],
        findings,
    );
    let Some(parameters) = doc.sub("parameter") else {
        return doc.error(
            "key-missing",
            "parameter",
            "the document has no parameters; take those of the worked example and change them",
            findings,
        );
    };
    let mut judged =
        |name: &str, factor: u64, is_share: bool| judged_parameter(&parameters, name, factor, is_share, findings);
    // Every parameter is read before the first missing one ends the reading, so that all are named.
    let personnel = judged("personnel_persons", 1, false);
    let relief = judged("relief_factor", 1_000, false);
    let alpha = judged("alpha_share", MILLION, true);
    let watched = judged("watched_attempts_per_week", MILLION, false);
    let static_effect = judged("static_effectiveness", MILLION, true);
    let reaction_effect = judged("qrf_effectiveness_at_zero_minutes", MILLION, true);
    let decay = judged("qrf_decay_minutes", 10, false);
    let busy = judged("qrf_busy_share", MILLION, true);
    let seats = judged("qrf_seats", 1, false);
    let detour = judged("detour_factor", 1_000, false);
    let speed = judged("speed_km_per_hour", 10, false);
    let turnout = judged("turnout_minutes", 10, false);
    let reach = judged("incident_reach_m", 1, false);
    let incidents = doc.sub("incidents");
    let weeks = incidents.as_ref().and_then(|doc| doc.narrow("weeks", findings));
    let prior_weeks = incidents.as_ref().and_then(|doc| doc.narrow("prior_weeks", findings));
    let incident_kinds = incidents.as_ref().map(|doc| doc.texts("kinds")).unwrap_or_default();
    if incidents.is_none() {
        doc.error::<()>(
            "key-missing",
            "incidents",
            "the document does not say which incidents count; add [incidents] with weeks, prior_weeks and kinds",
            findings,
        );
    }
    let forces = forces(&doc, findings);
    let kinds = kinds(&doc, findings);
    let mandatory_posts = doc.texts("mandatory_sites").into_iter().map(SiteId::new).collect::<Result<Vec<_>, _>>();
    let Ok(mandatory_posts) = mandatory_posts else {
        return doc.error("id-not-valid", "mandatory_sites", "one of the ids is not valid", findings);
    };
    let narrow = |value: Option<Judged>| value.and_then(|value| u32::try_from(value.best).ok());
    Some(Planning {
        personnel: narrow(personnel)?,
        relief_factor_milli: relief?,
        alpha_ppm: alpha?,
        watched_attempts_micro: watched?,
        static_effect_ppm: static_effect?,
        reaction_effect_ppm: reaction_effect?,
        reaction_decay_minutes_tenths: decay?,
        reaction_busy_ppm: busy?,
        reaction_seats: narrow(seats)?,
        reaction_forces_by_capacity: forces?,
        detour_milli: detour?,
        speed_kmh_tenths: speed?,
        turnout_minutes_tenths: turnout?,
        incident_reach_m: reach?,
        incident_weeks: weeks?,
        prior_weeks: prior_weeks?,
        incident_kinds: incident_kinds.iter().map(|kind| fold(kind)).collect(),
        kinds: kinds?,
        mandatory_posts,
        source: doc.source(&format!("Judgements stated in file {}", file.name), Reading::Read),
    })
}

fn judged_parameter(
    parameters: &Doc<'_>,
    name: &str,
    factor: u64,
    is_share: bool,
    findings: &mut Findings,
) -> Option<Judged> {
    let Some(doc) = parameters.sub(name) else {
        return parameters.error(
            "key-missing",
            name,
            "the document has no such parameter; add it with default, low, high and basis",
            findings,
        );
    };
    judged(&doc, ["low", "default", "high"], factor, is_share, findings)
}

/// A judged figure from three keys and the basis beside them.
fn judged(
    doc: &Doc<'_>,
    [low, best, high]: [&str; 3],
    factor: u64,
    is_share: bool,
    findings: &mut Findings,
) -> Option<Judged> {
    let values = [low, best, high].map(|name| doc.scaled(name, factor, findings));
    let [Some(low_value), Some(best_value), Some(high_value)] = values else { return None };
    if !(low_value <= best_value && best_value <= high_value) {
        return doc.error(
            "range-not-ordered",
            best,
            &format!("{low}, {best} and {high} are not in order; correct them"),
            findings,
        );
    }
    if is_share && high_value > factor {
        return doc.error(
            "share-out-of-range",
            high,
            "a share or a probability is more than 1; write it as a number from 0 to 1",
            findings,
        );
    }
    let basis = doc.require("basis", findings)?;
    Some(Judged { low: low_value, best: best_value, high: high_value, basis })
}

fn forces(doc: &Doc<'_>, findings: &mut Findings) -> Option<Vec<ForcesByCapacity>> {
    let rows = doc.list("qrf_max_by_capacity");
    if rows.is_empty() {
        return doc.error(
            "key-missing",
            "qrf_max_by_capacity",
            "the document does not say how many reaction forces a base can hold; add rows",
            findings,
        );
    }
    let mut forces = Vec::new();
    for row in rows {
        let (capacity_min, forces_max) =
            (row.narrow("capacity_people_min", findings), row.narrow("qrfs_max", findings));
        forces.push(ForcesByCapacity { capacity_min: capacity_min?, forces_max: forces_max? });
    }
    forces.sort_unstable();
    Some(forces)
}

fn kinds(doc: &Doc<'_>, findings: &mut Findings) -> Option<BTreeMap<String, KindPlanning>> {
    let Some(all) = doc.sub("kind").filter(|kinds| !kinds.table.is_empty()) else {
        return doc.error(
            "key-missing",
            "kind",
            "the document has no figures by kind of site; add [kind.hospital] and so on",
            findings,
        );
    };
    let mut kinds = BTreeMap::new();
    let mut complete = true;
    for name in all.table.keys() {
        let Some(kind) = all.sub(name) else {
            complete = false;
            all.error::<()>("key-not-a-table", name, "figures by kind of site stand in a table of their own", findings);
            continue;
        };
        match kind_planning(&kind, findings) {
            Some(figures) => drop(kinds.insert(fold(name), figures)),
            None => complete = false,
        }
    }
    complete.then_some(kinds)
}

fn kind_planning(doc: &Doc<'_>, findings: &mut Findings) -> Option<KindPlanning> {
    let value = judged(doc, ["value_persons_low", "value_persons_best", "value_persons_high"], 1_000, false, findings);
    let attempts = ["prior_attempts_per_week_low", "prior_attempts_per_week_best", "prior_attempts_per_week_high"];
    let prior = judged(doc, attempts, MILLION, false, findings);
    let seats = doc.narrow("post_seats", findings);
    let floor = doc.scaled("floor_protection", MILLION, findings);
    if floor.is_some_and(|floor| floor > MILLION) {
        return doc.error(
            "share-out-of-range",
            "floor_protection",
            "a probability is more than 1; write it as a number from 0 to 1",
            findings,
        );
    }
    let mandatory = doc.table.get("mandatory").and_then(Value::as_bool).unwrap_or(false);
    Some(KindPlanning {
        value_milli: value?,
        prior_attempts_micro: prior?,
        post_seats: seats?,
        floor_ppm: u32::try_from(floor?).ok()?,
        mandatory,
    })
}

/// Reads a resolution that is restated in our own words.
pub(crate) fn resolution(file: InputFile<'_>, findings: &mut Findings) -> Option<Resolution> {
    let table = parse(file, findings)?;
    let doc = Doc::new(file.name, &table);
    let symbol = doc.require("symbol", findings);
    let date = doc.day("adopted", findings).or_else(|| {
        doc.error("key-missing", "adopted", "the document does not say when the text was adopted", findings)
    });
    let cast = cast(&doc, findings);
    let sponsors = members(&doc, "sponsors", findings);
    let paragraphs: Option<Vec<Paragraph>> =
        doc.list("paragraph").iter().map(|paragraph| self::paragraph(paragraph, findings)).collect();
    let paragraphs = paragraphs?;
    if paragraphs.is_empty() {
        findings.warn(
            "paragraphs-none",
            At::file(file.name).column("paragraph"),
            "the document has no paragraph; only the vote was read",
        );
    }
    let (symbol, mut source) = (symbol?, doc.source(&format!("File {}", file.name), Reading::Unstated));
    source.name = format!("Restated in our own words from: {}", source.name);
    let record_document = doc.text("meeting");
    let meeting =
        record_document.as_deref().and_then(|text| text.strip_prefix("S/PV.")).and_then(|number| number.parse().ok());
    Some(Resolution {
        id: Resolution::id_of(&symbol, Some("eng")),
        vote: CouncilVote {
            kind: if symbol.contains("/RES/") { TextKind::Resolution } else { TextKind::Draft },
            symbol,
            date: date?,
            procedure: Procedure::Meeting,
            meeting,
            record_document,
            draft: doc.text("draft"),
            sponsors: sponsors?,
            additional_sponsors: Vec::new(),
            agenda_item: doc.text("agenda_item"),
            title: doc.text("title"),
            chapter_vii_recorded: doc.table.get("chapter_vii").and_then(Value::as_bool).unwrap_or(false),
            cast: cast?,
            recorded: RecordedOutcome::Adopted,
        },
        language: Some("eng".to_owned()),
        chapter_vii_invoked_in: Vec::new(),
        paragraphs,
        source,
    })
}

/// The vote by number, with those that abstained or voted against by name where they are named.
fn cast(doc: &Doc<'_>, findings: &mut Findings) -> Option<Cast> {
    let (in_favour, against, abstaining) = (
        doc.narrow("votes_in_favour", findings),
        doc.narrow("votes_against", findings),
        doc.narrow("abstentions", findings),
    );
    let (mut unnamed, mut named) =
        (Tally { in_favour: in_favour?, against: against?, abstaining: abstaining? }, BTreeMap::new());
    for (key, vote) in [("in_favour", Vote::InFavour), ("against", Vote::Against), ("abstained", Vote::Abstaining)] {
        for member in members(doc, key, findings)? {
            let left = match vote {
                Vote::InFavour => &mut unnamed.in_favour,
                Vote::Against => &mut unnamed.against,
                _ => &mut unnamed.abstaining,
            };
            let Some(rest) = left.checked_sub(1) else {
                return doc.error(
                    "count-differs",
                    key,
                    "more members are named than were counted; correct one of them",
                    findings,
                );
            };
            *left = rest;
            if named.insert(member.clone(), vote).is_some() {
                return doc.error(
                    "id-twice",
                    key,
                    &format!("{member} is named twice; a member has one vote"),
                    findings,
                );
            }
        }
    }
    Some(Cast::Votes { named, unnamed })
}

fn members(doc: &Doc<'_>, name: &str, findings: &mut Findings) -> Option<Vec<Member>> {
    let codes = doc.texts(name);
    codes
        .iter()
        .map(|code| {
            Member::from_code(code).or_else(|| {
                doc.error(
                    "state-unknown",
                    name,
                    &format!("{code:?} is no code of a State; use ISO 3166-1 alpha-3"),
                    findings,
                )
            })
        })
        .collect()
}

fn paragraph(doc: &Doc<'_>, findings: &mut Findings) -> Option<Paragraph> {
    let (eid, text, number) =
        (doc.require("eid", findings), doc.require("text", findings), doc.require("number", findings)?);
    let Ok(count) = number.parse::<u32>() else {
        return doc.error(
            "number-not-read",
            "number",
            &format!("{number:?} is not the number of an operative paragraph"),
            findings,
        );
    };
    let points: Option<Vec<Point>> = doc.list("point").iter().map(|point| self::point(point, findings)).collect();
    Some(Paragraph {
        eid: eid?,
        kind: ParagraphKind::Operative,
        number: Some(count),
        label: Some(format!("{count}.")),
        verb: doc.text("verb"),
        text: text?,
        points: points?,
        closing: None,
        notes: Vec::new(),
    })
}

fn point(doc: &Doc<'_>, findings: &mut Findings) -> Option<Point> {
    let (eid, text) = (doc.require("eid", findings), doc.require("text", findings));
    Some(Point {
        eid: eid?,
        label: doc.text("letter").map(|letter| format!("({letter})")),
        text: text?,
        points: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_becomes_whole_units_exactly_and_rounds_half_up() {
        for (text, factor, expect) in [
            ("0.015", 1_000_000, Some(15_000)),
            ("4.7", 1_000, Some(4_700)),
            ("0.07", 1_000_000, Some(70_000)),
            ("30", 10, Some(300)),
            ("30.0", 10, Some(300)),
            ("0.0004", 1_000, Some(0)),
            ("0.0005", 1_000, Some(1)),
            ("0.00049999999999999999999", 1_000, Some(0)),
            ("-1", 1, None),
            ("1e3", 1, None),
            ("1.", 1, None),
            (".5", 1, None),
            ("", 1, None),
            ("18446744073709551615", 2, None),
            ("NaN", 1, None),
        ] {
            assert_eq!(scaled(text, factor), expect, "{text} x {factor}");
        }
    }
}

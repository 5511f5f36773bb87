//! Incidents, areas held or contested, and published totals.

use super::findings::Findings;
use super::placing::{find_exchanged, settle_areas};
use super::table::{Column, Numbering, Origin, Row, SOURCE, fold, tables, unique};
use super::{Context, InputFile};
use konbit_base::{DatePrecision, Digest, PlacePrecision, Source};
use konbit_mission::situation::{
    Area, AreaId, Control, Incident, IncidentId, IncidentSource, IncidentSourceId, Range, Total, TotalId,
};

const INCIDENT: [Column; 28] = [
    Column::new("id", &["event_id", "relid"], &["#event+id", "#event+code"]).needed(),
    Column::new(
        "date_start",
        &["date", "date_event", "event_date", "start_date"],
        &["#date+start", "#date+occurred", "#date"],
    )
    .needed(),
    Column::new("date_end", &["end_date"], &["#date+end"]),
    Column::new("date_precision", &[], &["#date+precision"]),
    Column::new("date_prec", &[], &[]),
    Column::new("type", &["kind", "event_type", "incident_type"], &["#event+type"]),
    Column::new("type_of_violence", &[], &[]),
    Column::new("dyad_name", &[], &[]),
    Column::new("side_a", &[], &[]),
    Column::new("side_b", &[], &[]),
    Column::new("place", &["where_coordinates", "location", "lieu"], &["#loc+name"]),
    Column::new("adm2_pcode", &["adm2code", "adm2_code", "admin2pcode"], &["#adm2+code"]),
    Column::new("adm1_pcode", &["adm1code", "adm1_code", "admin1pcode"], &["#adm1+code"]),
    Column::new("lat", &["latitude", "y"], &["#geo+lat", "#lat"]),
    Column::new("lon", &["longitude", "long", "lng", "x"], &["#geo+lon", "#lon", "#long"]),
    Column::new("place_precision", &["precision"], &["#geo+precision"]),
    Column::new("where_prec", &[], &[]),
    Column::new("killed_low", &["low"], &["#affected+killed+min"]),
    Column::new("killed_best", &["best", "killed", "fatalities"], &["#affected+killed"]),
    Column::new("killed_high", &["high"], &["#affected+killed+max"]),
    Column::new("injured", &["injured_best"], &["#affected+injured"]),
    Column::new("kidnapped", &["kidnapped_best"], &["#affected+kidnapped", "#affected+abducted"]),
    Column::new("displaced", &["displaced_best"], &["#affected+displaced"]),
    Column::new("group", &["actor_group", "armed_group"], &["#group+name"]),
    Column::new("summary", &["description", "notes"], &["#description"]),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
];

/// Reads incidents: Konbit's own columns, or the layout of the UCDP Georeferenced Event Dataset.
pub(crate) fn incidents(
    files: &[InputFile<'_>],
    context: &Context<'_>,
    findings: &mut Findings,
) -> Option<Vec<Incident>> {
    let kept = tables(files, &INCIDENT, findings, incident)?;
    let mut kept = unique(kept, findings);
    find_exchanged(&kept, context.boundaries, findings);
    settle_areas(&mut kept, context.boundaries, findings);
    Some(kept.into_iter().map(|item| item.value).collect())
}

fn incident(row: &mut Row<'_>) -> Option<Incident> {
    let is_ucdp = row.origin == Origin::Ucdp;
    let id = if is_ucdp {
        let code = row.require("id")?.split_whitespace().collect::<Vec<_>>().join("-");
        row.id("id", &format!("ucdp-{code}"), IncidentId::new)?
    } else {
        row.own_id(IncidentId::new)?
    };
    let start = row.approx_day("date_start", "date_precision")?;
    let end = row.day("date_end").map_or(start.day, |end| end.day);
    if end < start.day {
        row.warn(
            "dates-exchanged",
            "date_end",
            &format!("the incident ends on {end}, before it begins on {}; the end was left out", start.day),
        );
    }
    let kind = if is_ucdp && !row.has("type") { ucdp_kind(row)? } else { fold(&row.require("type")?) };
    let position = row.position().ok()?;
    let (position, place_precision) =
        if is_ucdp { ucdp_place(row, position) } else { (position, row.place_precision("place_precision")) };
    let area = row.pcode("adm2_pcode").or_else(|| row.pcode("adm1_pcode"));
    let place = row.owned("place").or_else(|| area.as_ref().map(ToString::to_string));
    let Some(place) = place else {
        return row.reject("value-missing", "place", "the row names no place and no commune; fill one in");
    };
    let killed =
        Range { low: row.number("killed_low"), best: row.number("killed_best"), high: row.number("killed_high") };
    if !killed.is_ordered() {
        row.warn(
            "range-not-ordered",
            "killed_best",
            &format!("killed low, best and high are not in order ({}); they were kept as given", show(killed)),
        );
    }
    let group = row.owned(if is_ucdp { "dyad_name" } else { "group" });
    let summary = row.owned("summary").filter(|_| !is_ucdp).unwrap_or_else(|| {
        let between = group.as_deref().map_or_else(String::new, |group| format!(": {group}"));
        format!("{}{between}", kind.replace('_', " "))
    });
    Some(Incident {
        id,
        kind,
        start: start.day,
        end: end.max(start.day),
        date_precision: if is_ucdp { ucdp_date_precision(row) } else { start.precision },
        place,
        area,
        position,
        place_precision: place_precision.unwrap_or(PlacePrecision::Town),
        killed,
        injured: row.number("injured"),
        kidnapped: row.number("kidnapped"),
        displaced: row.number("displaced"),
        group,
        summary,
        source: row.source(),
    })
}

const INCIDENT_SOURCE: [Column; 5] = [
    Column::new("incident_id", &["incident"], &["#event+id"]).needed(),
    Column::new("role", &[], &[]),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
];

/// Reads further sources of incidents. The id of each is its incident's and a number made from
/// what the row says, so that the order of the rows does not matter.
pub(crate) fn incident_sources(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<IncidentSource>> {
    let kept = tables(files, &INCIDENT_SOURCE, findings, incident_source)?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

fn incident_source(row: &mut Row<'_>) -> Option<IncidentSource> {
    let incident = row.require("incident_id")?;
    let incident = row.id("incident_id", &incident, IncidentId::new)?;
    let source = row.source();
    let role = row.owned("role").unwrap_or_else(|| "further".to_owned());
    let digest =
        Digest::of(format!("{role}\n{}\n{}", source.name, source.url.as_deref().unwrap_or_default()).as_bytes());
    let id = row.id("incident_id", &format!("{incident}/{}", digest.short()), IncidentSourceId::new)?;
    Some(IncidentSource { id, incident, role, source })
}

fn show(range: Range) -> String {
    [range.low, range.best, range.high]
        .map(|value| value.map_or_else(|| "none".to_owned(), |value| value.to_string()))
        .join(", ")
}

/// UCDP's three types of organised violence. Where the type is not given it follows from the two
/// sides, as UCDP defines it: one-sided against civilians, state-based if a government is a side.
fn ucdp_kind(row: &mut Row<'_>) -> Option<String> {
    let kinds = [("1", "state_based"), ("2", "non_state"), ("3", "one_sided")];
    if row.has("type_of_violence") {
        return row.require_word("type_of_violence", "kind-unknown", &kinds).map(str::to_owned);
    }
    let side = |row: &Row<'_>, name| row.text(name).unwrap_or_default().to_owned();
    let (a, b) = (side(row, "side_a"), side(row, "side_b"));
    if a.is_empty() || b.is_empty() {
        return row.reject(
            "kind-unknown",
            "side_a",
            "the row has neither a type of violence nor two sides; fill one in",
        );
    }
    let kind = if b == "Civilians" {
        "one_sided"
    } else if a.starts_with("Government of") || b.starts_with("Government of") {
        "state_based"
    } else {
        "non_state"
    };
    Some(kind.to_owned())
}

/// UCDP's `where_prec`: 1 the place itself, which is a town as a rule, 2 within about 25 km of it,
/// 3 the second-level area, 4 the first-level area, 5 a line or an area; 6 is the whole country and
/// 7 international waters, whose point says nothing.
fn ucdp_place(
    row: &mut Row<'_>,
    position: Option<konbit_base::LatLon>,
) -> (Option<konbit_base::LatLon>, Option<PlacePrecision>) {
    match row.number::<u8>("where_prec") {
        Some(1) => (position, Some(PlacePrecision::Town)),
        Some(2..=5) => (position, Some(PlacePrecision::Department)),
        Some(6 | 7) => {
            row.warn(
                "position-country-only",
                "where_prec",
                "the place is known to the country only; the row was kept without a position",
            );
            (None, Some(PlacePrecision::Department))
        }
        _ => (position, None),
    }
}

/// UCDP's `date_prec`: 1 the day, 2 two to six days, 3 a week, 4 a month, 5 up to a year.
fn ucdp_date_precision(row: &mut Row<'_>) -> DatePrecision {
    match row.number::<u8>("date_prec") {
        Some(1) => DatePrecision::Day,
        Some(2 | 3) => DatePrecision::Week,
        Some(4) => DatePrecision::Month,
        _ => DatePrecision::Year,
    }
}

const CONTROLS: [(&str, Control); 2] = [("held", Control::Held), ("contested", Control::Contested)];

/// Reads areas held or contested.
pub(crate) fn areas(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Area>> {
    let columns = [
        Column::new("id", &[], &[]).needed(),
        Column::new("name", &[], &["#loc+name"]).needed(),
        Column::new("lat", &["latitude"], &["#geo+lat", "#lat"]).needed(),
        Column::new("lon", &["longitude"], &["#geo+lon", "#lon", "#long"]).needed(),
        Column::new("radius_km", &[], &[]).needed(),
        Column::new("since", &[], &["#date+start"]).needed(),
        Column::new("since_basis", &[], &[]),
        Column::new("until", &[], &["#date+end"]),
        Column::new("status", &["control"], &["#status"]).needed(),
        Column::new("group", &["actor_group"], &["#group+name"]),
        Column::new("note", &[], &["#description"]),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let kept = tables(files, &columns, findings, |row| {
        let (id, name) = (row.own_id(AreaId::new)?, row.require("name")?);
        let position = row.require_position()?;
        let control = row.require_word("status", "status-unknown", &CONTROLS)?;
        let since = row.require_day("since")?.day;
        let until = row.day("until").map(|day| day.day);
        if until.is_some_and(|until| until < since) {
            row.warn(
                "dates-exchanged",
                "until",
                "the area's state ends before it begins; both days were kept as given",
            );
        }
        let text = row.require("radius_km")?;
        let metres = super::documents::scaled(&text, 1_000)
            .and_then(|metres| u32::try_from(metres).ok())
            .filter(|metres| *metres > 0);
        let Some(radius_m) = metres else {
            return row.reject(
                "number-not-read",
                "radius_km",
                &format!("{text:?} is not a radius in kilometres; write it as 1.5"),
            );
        };
        let basis = row
            .owned("since_basis")
            .filter(|basis| basis == "first_report")
            .map(|_| "since: first reported then, may be older".to_owned());
        let note: Vec<String> = row.owned("note").into_iter().chain(basis).collect();
        Some(Area {
            id,
            name,
            position,
            radius_m,
            control,
            since,
            until,
            group: row.owned("group"),
            note: (!note.is_empty()).then(|| note.join("; ")),
            source: row.source(),
        })
    })?;
    let kept = unique(kept, findings);
    Some(kept.into_iter().map(|item| item.value).collect())
}

/// Reads published totals. A file without ids gets one for each row, made from what the row counts
/// and who says so.
pub(crate) fn totals(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Total>> {
    let columns = [
        Column::new("id", &[], &[]),
        Column::new("period_start", &["start"], &["#date+start"]).needed(),
        Column::new("period_end", &["end"], &["#date+end"]).needed(),
        Column::new("area", &["place"], &["#loc+name"]).needed(),
        Column::new("measure", &["metric"], &["#indicator+name"]).needed(),
        Column::new("value", &[], &["#indicator+value"]).needed(),
        Column::new("note", &[], &["#description"]),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let mut numbering = Numbering::default();
    let kept = tables(files, &columns, findings, |row| {
        let (start, end) = (row.require_day("period_start")?.day, row.require_day("period_end")?.day);
        if end < start {
            return row.reject(
                "dates-exchanged",
                "period_end",
                &format!("the period ends on {end}, before it begins on {start}"),
            );
        }
        let (area, measure) = (row.require("area")?, fold(&row.require("measure")?));
        row.require("value")?;
        let Some(value) = row.number("value") else {
            return row.reject("number-not-read", "value", "a total needs its figure");
        };
        let (note, source) = (row.owned("note"), row.source());
        let has_id = row.has("id");
        let made = made_id(&[&start.to_string(), &end.to_string(), &area, &measure], &source);
        let id = if has_id { row.own_id(TotalId::new)? } else { row.id("measure", &made, TotalId::new)? };
        let mut total = Total { id, start, end, area, measure, value, note, source };
        if !has_id {
            let index = numbering.of(&made, &total);
            if index > 0 {
                total.id = row.id("measure", &format!("{made}-{}", index + 1), TotalId::new)?;
            }
        }
        Some(total)
    })?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}

fn made_id(parts: &[&str], source: &Source) -> String {
    let all: Vec<&str> =
        parts.iter().copied().chain([source.name.as_str(), source.url.as_deref().unwrap_or_default()]).collect();
    format!("total-{}", Digest::of(all.join("\u{1f}").as_bytes()).short())
}

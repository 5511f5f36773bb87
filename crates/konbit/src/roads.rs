//! Commands about roads: the import of a large extract, and a way from one place to another.

use crate::Ended;
use crate::args::Format;
use crate::output;
use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use konbit_base::LatLon;
use konbit_desk::{
    Desk, ImportReport, PLANNED_PERCENT, RoadProgress, RoadQuestion, RoadStage, RoadsNow, Stamp, Stop, Trip, Weather,
};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;

/// Whether a file is named as OpenStreetMap extracts are; these are not read into memory.
pub fn is_extract(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    [".pbf", ".osm", ".osm.gz", ".osm.xml"].iter().any(|ending| name.ends_with(ending))
}

/// Imports an extract with a line of progress.
pub fn import(desk: &Desk, path: &Path, stamp: &Stamp) -> Result<ImportReport> {
    let spinner = output::spinner("reading roads");
    let mut report = |at: RoadProgress| {
        let stage = match at.stage {
            RoadStage::Relations => "looking for turn restrictions and water (1 of 4)",
            RoadStage::Ways => "looking for roads (2 of 4)",
            RoadStage::Nodes => "looking for the places they run through (3 of 4)",
            RoadStage::Links => "putting them together (4 of 4)",
        };
        spinner.set_message(format!("{stage}: {} %", at.done.saturating_mul(100) / at.total.max(1)));
        ControlFlow::Continue(())
    };
    let done = desk.import_roads(path, &mut report, stamp)?;
    spinner.finish_and_clear();
    Ok(done)
}

/// What `konbit route` is asked.
pub struct RouteArgs<'a> {
    pub dir: &'a Path,
    pub from: &'a str,
    pub to: &'a str,
    pub profile: Option<&'a str>,
    pub weather: Weather,
    pub format: Format,
}

/// The quickest way by road between two places: bases, sites, towns by their ids, or `LAT,LON`.
pub fn route(args: &RouteArgs<'_>) -> Result<Ended> {
    let desk = Desk::open_to_read(args.dir)?;
    let mission = desk.snapshot()?.mission;
    let question = RoadQuestion {
        profile: args.profile.map(str::to_owned),
        weather: args.weather,
        ..RoadQuestion::at(desk.moment(&mission, Timestamp::now()))
    };
    let spinner = output::spinner("making the roads ready");
    let roads = desk.roads_now(&mission, &question)?;
    spinner.finish_and_clear();
    let Some(roads) = roads else {
        bail!("the mission has no road network; import one first: konbit import {} roads FILE", args.dir.display());
    };
    let (from, to) = (place(&desk, args.from)?, place(&desk, args.to)?);
    desk.close()?;
    let trip =
        stop(&roads, args.from, from).and_then(|from| Ok((from, stop(&roads, args.to, to)?))).and_then(|(from, to)| {
            roads.trip(from, to).ok_or_else(|| {
                format!("no way leads from {} to {} by road, as the roads are reported now", args.from, args.to)
            })
        });
    match (trip, args.format) {
        (Ok(trip), Format::Json) => {
            output::json(&trip_json(&roads, &trip))?;
            Ok(Ended::Well)
        }
        (Ok(trip), Format::Text) => {
            output::text(&trip_text(&roads, &trip))?;
            Ok(Ended::Well)
        }
        (Err(why), Format::Json) => {
            output::json(&json!({ "usual_ms": null, "reason": why }))?;
            Ok(Ended::Badly)
        }
        (Err(why), Format::Text) => {
            output::text(&why)?;
            Ok(Ended::Badly)
        }
    }
}

/// The position of a base, a site, a town, or of two numbers.
fn place(desk: &Desk, text: &str) -> Result<LatLon> {
    if let Some((lat, lon)) = text.split_once(',')
        && let (Ok(lat), Ok(lon)) = (lat.trim().parse(), lon.trim().parse())
    {
        return LatLon::new(lat, lon).map_err(|error| anyhow!("{text}: {error}"));
    }
    desk.position_of(text)?.ok_or_else(|| {
        anyhow!("{text:?} is no base, site or town with a position; give an id of one, or LAT,LON such as 18.54,-72.34")
    })
}

fn stop(roads: &RoadsNow, name: &str, at: LatLon) -> Result<Stop, String> {
    roads.stop(at).ok_or_else(|| {
        let most = roads.profile().connector.metres_max;
        format!("no road of the network lies within {most} metres of {name}; plans use the great circle there")
    })
}

fn trip_json(roads: &RoadsNow, trip: &Trip) -> serde_json::Value {
    let lengths = trip.route.lengths;
    let steps = roads.roads().step_words(&trip.route);
    json!({
        "profile": roads.profile().id,
        "usual_ms": trip.usual_ms,
        "planned_ms": trip.planned_ms,
        "length_dm": lengths.total_dm(),
        "derived_dm": lengths.derived_dm,
        "steps": steps.iter().map(|step| json!({
            "name": step.name, "class": step.class, "length_m": step.length_m, "ms": step.ms, "states": step.states,
        })).collect::<Vec<_>>(),
        "course": trip.route.course.iter().map(|at| [at.lon(), at.lat()]).collect::<Vec<_>>(),
    })
}

fn trip_text(roads: &RoadsNow, trip: &Trip) -> String {
    let minutes = |ms: u64| ms as f64 / 60_000.0;
    let kilometres = |metres: u64| metres as f64 / 1_000.0;
    let lengths = trip.route.lengths;
    let mut out = format!(
        "{}: {:.1} km, usually {:.0} minutes; {PLANNED_PERCENT} trips in 100 keep to {:.0} minutes\n",
        roads.profile().name,
        kilometres(lengths.total_dm() / 10),
        minutes(trip.usual_ms),
        minutes(trip.planned_ms),
    );
    if lengths.derived_dm > 0 {
        out += &format!(
            "{:.1} km of it are derived lengths: great circle times a stated factor\n",
            kilometres(lengths.derived_dm / 10)
        );
    }
    for step in roads.roads().step_words(&trip.route) {
        let name = step.name.unwrap_or_else(|| "road without a name".to_owned());
        let states = if step.states.is_empty() { String::new() } else { format!(", {}", step.states.join(", ")) };
        out += &format!(
            "  {name} ({}): {:.1} km, {:.1} minutes{states}\n",
            step.class,
            kilometres(step.length_m),
            minutes(step.ms)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_is_told_by_its_name() {
        for (name, expect) in [
            ("haiti.osm.pbf", true),
            ("x/Haiti.OSM.GZ", true),
            ("a.osm", true),
            ("roads.csv", false),
            ("osm", false),
            ("nodes.csv.gz", false),
        ] {
            assert_eq!(is_extract(Path::new(name)), expect, "{name}");
        }
    }
}

//! Roads: reports, ways, reach, and what one closed road does.

use super::handlers::layers;
use super::plans::{layer_marks, posture_changes};
use super::{Answer, App, Ask, Work, answer};
use crate::geo::{self, MapShape};
use crate::mapbox::{self, Marks};
use crate::pages::roads::{
    self, Band, Effect, EffectQuery, FORM, ReachPage, Replanned, ReportRow, RoadsPage, RoadsQuery, RoutePage,
    RouteQuery, shapes,
};
use crate::planner::{Ground, Question};
use crate::problem::Problem;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_base::LatLon;
use konbit_desk::{Desk, Form as ExportForm, RoadQuestion, RoadsNow, Stamp, Weather};
use konbit_mission::roads::{RADIUS_M_MAX, Stretch};
use serde::Deserialize;
use serde_json::json;

/// Role under which a report is recorded from a page, until there are accounts.
const ROLE: &str = "operations room (web page)";

/// Minutes of the bands of the page of reach.
const BANDS: [(u32, &str); 3] = [(15, "reach-15"), (30, "reach-30"), (60, "reach-60")];

/// Radius around a road to close in thought, where none is given, in metres.
const CLOSE_RADIUS_M: u32 = 300;

type Asked<T> = Result<Query<T>, QueryRejection>;

fn read<T: Default>(query: Asked<T>) -> T {
    query.map(|Query(query)| query).unwrap_or_default()
}

pub(super) async fn roads(State(app): State<App>, query: Asked<RoadsQuery>, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let view = &work.view;
        let at = match query.at.trim() {
            "" => view.instant,
            text => konbit_desk::parse_instant(text, &view.zone()).ok_or_else(|| {
                Problem::bad_request(format!("{text:?} is not a time; write it as 2023-10-02T18:30"))
            })?,
        };
        let network = work.app.desk.roads(view.mission)?;
        let row = |recorded| ReportRow {
            recorded,
            covered: network.as_ref().map(|network| network.covered_roads(&recorded.value.stretch)),
        };
        let in_force: Vec<ReportRow<'_>> =
            view.mission.road_reports.iter().filter(|report| report.value.is_in_force(at)).map(row).collect();
        let marks = Marks {
            shapes: in_force.iter().flat_map(shapes).collect(),
            draws_for: Some(FORM),
            ..layer_marks(work)
        };
        let map = mapbox::map(view, &layers(work), &marks, "Map of the roads: reports in force, sites, bases");
        let rows = view.mission.road_reports.iter().filter(|held| query.keeps(&held.value, at)).map(row);
        let question = RoadQuestion::at(konbit_desk::Moment { instant: at, ..work.moment });
        let travel = &work.app.desk.travel_if(view.mission, &question)?;
        let page = RoadsPage {
            query: &query,
            network: view.mission.road_network.iter().next(),
            rows: rows.collect(),
            travel,
            at,
            map,
        };
        let [by_road, by_great_circle, without_way] = travel.sites_by_basis(view.mission);
        let json = json!({
            "at": at.to_string(),
            "reports": page.rows.iter().map(|row| json!({ "report": row.recorded.value, "in_force": row.recorded.value.is_in_force(at), "links": row.covered.as_ref().map(|covered| covered.links), "entries": row.recorded.entries })).collect::<Vec<_>>(),
            "sites": { "by_road": by_road, "by_great_circle": by_great_circle, "without_way": without_way },
            "network": view.mission.road_network.values().next(),
        });
        Ok(Answer::page("Roads", "/roads", roads::roads(view, &page), json).with_map())
    })
    .await
}

fn profiles(work: &Work<'_>) -> Vec<(String, String)> {
    Desk::travel_profiles(work.view.mission).into_iter().map(|profile| (profile.id, profile.name)).collect()
}

/// The roads as a traveller finds them; a sentence where there is no network.
fn now(work: &Work<'_>, query: &RouteQuery) -> Result<Option<RoadsNow>, Problem> {
    let question = RoadQuestion {
        profile: Some(query.profile.clone()).filter(|id| !id.is_empty()),
        weather: Weather { night: query.night == "1", rain: query.rain == "1" },
        ..RoadQuestion::at(work.moment)
    };
    Ok(work.app.desk.roads_now(work.view.mission, &question)?)
}

const NO_NETWORK: &str = "There is no road network yet; import one with: konbit import DIR roads FILE.osm.pbf";

pub(super) async fn route(State(app): State<App>, query: Asked<RouteQuery>, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mut page = RoutePage {
            query: &query,
            profiles: profiles(work),
            trip: None,
            steps: Vec::new(),
            why_not: String::new(),
            map: maud::html! {},
        };
        if (!query.from.is_empty() || !query.to.is_empty())
            && let Err(why) = find_route(work, &mut page)?
        {
            page.why_not = why;
        }
        let json = page.trip.as_ref().map_or_else(
            || json!({ "why_not": page.why_not }),
            |trip| {
                json!({
                    "usual_ms": trip.usual_ms, "planned_ms": trip.planned_ms,
                    "length_dm": trip.route.lengths.total_dm(), "derived_dm": trip.route.lengths.derived_dm,
                    "steps": page.steps.iter().map(|step| json!({ "name": step.name, "class": step.class, "length_m": step.length_m, "ms": step.ms, "states": step.states })).collect::<Vec<_>>(),
                    "course": trip.route.course.iter().map(|at| [at.lon(), at.lat()]).collect::<Vec<_>>(),
                })
            },
        );
        let has_map = page.trip.is_some();
        let answer = Answer::page("A way by road", "/roads", roads::route(&work.view, &page), json);
        Ok(if has_map { answer.with_map() } else { answer })
    })
    .await
}

/// Fills in the way, or says why there is none.
fn find_route(work: &Work<'_>, page: &mut RoutePage<'_>) -> Result<Result<(), String>, Problem> {
    let mission = work.view.mission;
    let query = page.query;
    let unknown = |what: &str, id: &str| Problem::not_found(&format!("no {what} {id:?} is in the record"));
    let base = &mission.bases.get(&query.from).ok_or_else(|| unknown("base", &query.from))?.value;
    let site = &mission.sites.get(&query.to).ok_or_else(|| unknown("site", &query.to))?.value;
    let Some(place) = site.position else { return Ok(Err(format!("{} has no position.", site.name))) };
    let Some(now) = now(work, query)? else { return Ok(Err(NO_NETWORK.to_owned())) };
    let (from, to) = match (now.stop(base.position), now.stop(place)) {
        (Some(from), Some(to)) => (from, to),
        (from, _) => {
            let name = if from.is_none() { &base.name } else { &site.name };
            return Ok(Err(format!(
                "No road of the network lies within {} metres of {name}; plans use the great circle there.",
                crate::format::count(now.profile().connector.metres_max.into())
            )));
        }
    };
    let Some(trip) = now.trip(from, to) else {
        return Ok(Err(format!(
            "No way leads from {} to {} by road for this traveller, as the roads are reported now.",
            base.name, site.name
        )));
    };
    page.steps = now.roads().step_words(&trip.route);
    let beside = [[base.position, from.snap.position], [to.snap.position, place]];
    let lines = [geo::line(&trip.route.course)].into_iter().chain(beside.iter().map(|pair| geo::line(pair)));
    let shape = MapShape {
        class: "route",
        is_area: false,
        lines: lines.filter(|line| line.len() > 1).collect(),
        says: format!("from {} to {}", base.name, site.name),
    };
    let reports = reported_shapes(work)?;
    let marks = Marks {
        shapes: vec![shape],
        frame_shapes: true,
        bases: vec![(base.name.clone(), base.position)],
        ..layer_marks(work)
    };
    // Reports are drawn over the way, but do not widen the frame.
    let marks = Marks { over: reports, ..marks };
    page.map =
        mapbox::map(&work.view, &layers(work), &marks, &format!("Map of the way from {} to {}", base.name, site.name));
    page.trip = Some(trip);
    Ok(Ok(()))
}

/// Reports in force, as drawn.
fn reported_shapes(work: &Work<'_>) -> Result<Vec<MapShape>, Problem> {
    let network = work.app.desk.roads(work.view.mission)?;
    let in_force = work.view.mission.road_reports.iter().filter(|held| held.value.is_in_force(work.view.instant));
    Ok(in_force
        .flat_map(|recorded| {
            let covered = network.as_ref().map(|network| network.covered_roads(&recorded.value.stretch));
            shapes(&ReportRow { recorded, covered })
        })
        .collect())
}

pub(super) async fn reach(State(app): State<App>, query: Asked<RouteQuery>, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mut page = ReachPage {
            query: &query,
            profiles: profiles(work),
            base: None,
            why_not: String::new(),
            bands: Vec::new(),
            tolerance_m: 0.0,
            map: maud::html! {},
        };
        if !query.from.is_empty() {
            find_reach(work, &mut page)?;
        }
        let json = json!({
            "bands": page.bands.iter().map(|band| json!({ "minutes": band.minutes, "road_km": band.road_km, "sites": band.sites.iter().map(|(site, ms)| json!({ "id": site.id, "ms": ms })).collect::<Vec<_>>() })).collect::<Vec<_>>(),
            "why_not": page.why_not,
        });
        let has_map = !page.bands.is_empty();
        let answer = Answer::page("What a reaction force reaches", "/roads", roads::reach(&work.view, &page), json);
        Ok(if has_map { answer.with_map() } else { answer })
    })
    .await
}

fn find_reach<'a>(work: &Work<'a>, page: &mut ReachPage<'a>) -> Result<(), Problem> {
    let mission = work.view.mission;
    let missing = || Problem::not_found(&format!("no base {:?} is in the record", page.query.from));
    let base = &mission.bases.get(&page.query.from).ok_or_else(missing)?.value;
    page.base = Some(base);
    let Some(now) = now(work, page.query)? else {
        NO_NETWORK.clone_into(&mut page.why_not);
        return Ok(());
    };
    let Some(from) = now.stop(base.position) else {
        page.why_not = format!("No road of the network lies near {}.", base.name);
        return Ok(());
    };
    let placed: Vec<_> = mission.sites.values().filter_map(|site| Some((site, now.stop(site.position?)?))).collect();
    let stops: Vec<_> = placed.iter().map(|(_, stop)| *stop).collect();
    let times = now.times(&[from], &stops).remove(0);
    let mut sites: Vec<_> = placed.iter().zip(times).filter_map(|((site, _), ms)| Some((*site, ms?))).collect();
    sites.sort_by(|(a, x), (b, y)| x.cmp(y).then_with(|| a.id.cmp(&b.id)));
    let areas = now.reach(from, &BANDS.map(|(minutes, _)| minutes));
    let mut map_shapes = Vec::new();
    let mut least = 0;
    for ((minutes, class), area) in BANDS.into_iter().zip(&areas) {
        let most = u64::from(minutes) * 60_000;
        let within = sites.iter().filter(|(_, ms)| (least..=most).contains(ms)).copied().collect();
        least = most + 1;
        page.bands.push(Band { minutes, road_km: area.road_dm as f64 / 10_000.0, sites: within });
        page.tolerance_m = page.tolerance_m.max(area.tolerance_m);
        map_shapes.extend(area.polygons.iter().map(|polygon| MapShape {
            class,
            is_area: true,
            lines: [&polygon.outer].into_iter().chain(&polygon.holes).map(|ring| geo::line(ring)).collect(),
            says: format!("within {minutes} minutes of {}", base.name),
        }));
    }
    // The widest first, so that the nearer ones lie on top.
    map_shapes.reverse();
    let marks = Marks {
        shapes: map_shapes,
        frame_shapes: true,
        over: reported_shapes(work)?,
        bases: vec![(base.name.clone(), base.position)],
        ..layer_marks(work)
    };
    page.map = mapbox::map(
        &work.view,
        &layers(work),
        &marks,
        &format!("Map of what a reaction force reaches from {}", base.name),
    );
    Ok(())
}

pub(super) async fn effect(
    State(app): State<App>,
    query: Asked<EffectQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        if query == EffectQuery::default() {
            return Ok(Answer::SeeOther("/roads#try".to_owned())); // the form that asks
        }
        let (mission, desk) = (work.view.mission, &work.app.desk);
        let network = desk.roads(mission)?.ok_or_else(|| Problem::not_found(NO_NETWORK))?;
        let question = RoadQuestion::at(work.moment);
        let (what, stretch, open, closed) = if query.without.is_empty() {
            let stretch = around(&query)?;
            let what = format!("If the road near {}, {} were closed", query.lat.trim(), query.lon.trim());
            let closed = RoadQuestion { closed: vec![stretch.clone()], ..question.clone() };
            (what, stretch, question, closed)
        } else {
            let missing = || Problem::not_found(&format!("no report of a road {:?} is in the record", query.without));
            let report = &mission.road_reports.get(&query.without).ok_or_else(missing)?.value;
            let open = RoadQuestion { without: Some(query.without.clone()), ..question.clone() };
            (format!("{} ({})", report.place, report.state.name()), report.stretch.clone(), open, question)
        };
        let (before, after) = (desk.travel_if(mission, &open)?, desk.travel_if(mission, &closed)?);
        let changes = before.changes(&after, mission);
        let covered = network.covered_roads(&stretch);
        let replanned = if query.plan == "1" {
            let question = Question::parse("", "", "")?;
            let ground = |travel| Ground { mission, travel, moment: work.moment };
            let plan = |travel| work.app.planner.plan(&ground(travel), &question);
            let (open, closed) = (plan(&before)?, plan(&after)?);
            let figures = |document: &konbit_protect::PlanDocument| {
                let none = || Problem::refused("no plan was found for the roads as they would be");
                Ok::<_, Problem>((document.value.ok_or_else(none)?, document.bound.ok_or_else(none)?))
            };
            let (open, closed) = (&open.document, &closed.document);
            Some(Replanned { open: figures(open)?, closed: figures(closed)?, changed: posture_changes(mission, open, closed) })
        } else {
            None
        };
        let courses = covered.courses.iter().map(|course| geo::line(course)).collect();
        let marks = Marks {
            shapes: vec![MapShape { class: "closed", is_area: false, lines: courses, says: what.clone() }],
            frame_shapes: covered.links > 0,
            frame_also: changes.iter().filter_map(|(site, _)| site.position).collect(),
            ..layer_marks(work)
        };
        let map = mapbox::map(&work.view, &layers(work), &marks, "Map of the road that is closed and the sites around it");
        let json = json!({
            "what": what, "links": covered.links,
            "changes": changes.iter().map(|(site, change)| json!({ "site": site.id, "before_minutes_tenths": change.before_tenths, "after_minutes_tenths": change.after_tenths, "base": change.after_base })).collect::<Vec<_>>(),
            "plans": replanned.as_ref().map(|plans| json!({ "open": plans.open, "closed": plans.closed, "changed": plans.changed.iter().map(|(site, before, after)| json!({ "site": site.id, "open": before, "closed": after })).collect::<Vec<_>>() })),
        });
        let page = Effect { query: &query, what, covered, changes, replanned, map };
        Ok(Answer::page("What one closed road does", "/roads", roads::effect(&work.view, &page), json).with_map())
    })
    .await
}

/// The place to close in thought.
fn around(query: &EffectQuery) -> Result<Stretch, Problem> {
    let number = |name: &str, text: &str| {
        text.trim()
            .parse::<f64>()
            .map_err(|_| Problem::bad_request(format!("{name} {text:?} is not a number of degrees; write it as 18.69")))
    };
    let (lat, lon) = (number("latitude", &query.lat)?, number("longitude", &query.lon)?);
    let centre = LatLon::new(lat, lon).map_err(|error| Problem::bad_request(error.to_string()))?;
    let radius_m = match query.radius_m.trim() {
        "" => CLOSE_RADIUS_M,
        text => text.parse().ok().filter(|metres| (1..=RADIUS_M_MAX).contains(metres)).ok_or_else(|| {
            Problem::bad_request(format!("{text:?} is not a radius; give metres from 1 to {RADIUS_M_MAX}"))
        })?,
    };
    Ok(Stretch::Around { centre, radius_m })
}

/// What the form that adds a report sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewReport {
    place: String,
    state: String,
    speed_percent: String,
    wkt: String,
    lat: String,
    lon: String,
    radius_m: String,
    from: String,
    until: String,
    expires: String,
    note: String,
    source_name: String,
}

pub(super) async fn add(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<NewReport>, FormRejection>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(form) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        for (what, text) in
            [("place", &form.place), ("time from which it counts", &form.from), ("source", &form.source_name)]
        {
            if text.trim().is_empty() {
                let why =
                    format!("the report was not recorded: it has no {what}; go back, fill it in and send it again");
                return Err(Problem::bad_request(why));
            }
        }
        let fields = [
            ("place", form.place.as_str()),
            ("state", &form.state),
            ("speed_percent", &form.speed_percent),
            ("wkt", &form.wkt),
            ("lat", &form.lat),
            ("lon", &form.lon),
            ("radius_m", &form.radius_m),
            ("from", &form.from),
            ("until", &form.until),
            ("expires", &form.expires),
            ("note", &form.note),
            ("source_name", &form.source_name),
            ("source_read", "yes"),
        ];
        let report = konbit_desk::read_road_report(&fields, &work.view.zone()).map_err(|why| {
            Problem::bad_request(format!("the report was not recorded: {why}; go back, correct it and send it again"))
        })?;
        work.app.desk.record_road_report(report, &stamp(work))?;
        Ok(Answer::SeeOther("/roads#reports".to_owned()))
    })
    .await
}

fn stamp(work: &Work<'_>) -> Stamp {
    work.stamp(ROLE)
}

/// Which report.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    id: String,
}

type WhichForm = Result<Form<Which>, FormRejection>;

pub(super) async fn end(State(app): State<App>, uri: Uri, headers: HeaderMap, form: WhichForm) -> Response {
    changed(app, uri, headers, form, |work, id| {
        work.app.desk.end_road_report(id, work.view.instant, &stamp(work)).map(drop)
    })
    .await
}

pub(super) async fn renew(State(app): State<App>, uri: Uri, headers: HeaderMap, form: WhichForm) -> Response {
    changed(app, uri, headers, form, |work, id| {
        work.app.desk.renew_road_report(id, work.view.instant, &stamp(work)).map(drop)
    })
    .await
}

async fn changed(
    app: App,
    uri: Uri,
    headers: HeaderMap,
    form: WhichForm,
    change: fn(&Work<'_>, &str) -> Result<(), konbit_desk::DeskError>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(form) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        change(work, &form.id)?;
        Ok(Answer::SeeOther("/roads?show=all#reports".to_owned()))
    })
    .await
}

pub(super) async fn reports_csv(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    file(app, uri, headers, ExportForm::Table, "text/csv; charset=utf-8", "road-reports.csv").await
}

pub(super) async fn reports_geojson(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    file(app, uri, headers, ExportForm::GeoJson, "application/geo+json", "road-reports.geojson").await
}

async fn file(
    app: App,
    uri: Uri,
    headers: HeaderMap,
    form: ExportForm,
    media: &'static str,
    name: &'static str,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let bytes = work.app.desk.export("road-reports", form)?;
        Ok(Answer::File { media, name: Some(name.to_owned()), bytes, immutable: false })
    })
    .await
}

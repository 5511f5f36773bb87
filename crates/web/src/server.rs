//! Routes, and what every answer has in common: a fresh reading of the record, headers, problems.

mod api;
mod handlers;
mod headers;
mod log;
mod plans;
mod roads;
mod study;
mod week;
mod week_hand;
mod week_site;
mod week_study;

use crate::layout::{Frame, View, page};
use crate::planner::{Ground, Planner};
use crate::problem::Problem;
use crate::week_planner::WeekPlanner;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use jiff::Timestamp;
use jiff::civil::Date;
use konbit_desk::{Desk, Entropy, Moment, Snapshot, Stamp, Travel};
use maud::Markup;
use serde_json::Value;
use std::cell::OnceCell;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Largest body of a request, bytes: the only form there is holds a reason.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What comes from outside: only the binary knows the time and draws entropy.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// Thirty-two fresh bytes from a cryptographic source.
    pub entropy: fn() -> Entropy,
}

/// What every handler has: the open mission, the clock, the planner.
#[derive(Clone)]
struct App {
    desk: Arc<Desk>,
    world: World,
    planner: Arc<Planner>,
    week: Arc<WeekPlanner>,
}

/// All routes over an open mission.
pub fn router(desk: Arc<Desk>, world: World) -> Router {
    let app = App { desk, world, planner: Arc::new(Planner::default()), week: Arc::default() };
    Router::new()
        .route("/", get(handlers::glance))
        .route("/council", get(handlers::council))
        .route("/council/{*symbol}", get(handlers::resolution))
        .route("/mandate", get(handlers::mandate))
        .route("/contributions", get(handlers::contributions))
        .route("/situation", get(handlers::situation))
        .route("/situation/totals", get(handlers::all_totals))
        .route("/protection", get(plans::protection))
        .route("/protection/question", get(study::question))
        .route("/protection/ask", get(study::ask))
        .route("/protection/curve", get(study::curve))
        .route("/protection/curve.csv", get(study::curve_csv))
        .route("/protection/alpha", get(study::alpha))
        .route("/protection/sensitivity", get(study::sensitivity))
        .route("/protection/compare", get(study::compare))
        .route("/protection/by-hand", get(study::by_hand))
        .route(
            "/protection/by-hand/score",
            post(study::score_by_hand).layer(DefaultBodyLimit::max(study::HAND_FORM_BYTES_MAX)),
        )
        .route("/protection/plan-by-hand.csv", get(study::hand_csv_file))
        .route("/protection/adopt", post(plans::adopt))
        .route("/protection/plan.json", get(plans::plan_json))
        .route("/protection/plan.geojson", get(plans::plan_geojson))
        .route("/protection/plan.csv", get(plans::plan_csv))
        .route("/protection/sites/{id}", get(plans::site))
        .route("/week", get(week::week))
        .route("/week/plan", get(week::plan))
        .route("/week/plan.json", get(week::plan_json))
        .route("/week/question", get(week_study::question))
        .route("/week/ask", get(week_study::ask))
        .route("/week/curve", get(week_study::curve))
        .route("/week/curve.csv", get(week_study::curve_csv))
        .route("/week/alpha", get(week_study::alpha))
        .route("/week/sensitivity", get(week_study::sensitivity))
        .route("/week/compare", get(week_study::compare))
        .route("/week/sites.geojson", get(week::sites))
        .route("/week/stop", post(week::stop))
        .route("/week/adopt", post(week::adopt))
        .route(
            "/week/by-hand",
            get(week_hand::by_hand).post(week_hand::score).layer(DefaultBodyLimit::max(study::HAND_FORM_BYTES_MAX)),
        )
        .route("/week/plan-by-hand.csv", get(week_hand::template))
        .route("/week/draw", post(week::draw))
        .route("/week/reveal", post(week::reveal))
        .route("/week/draws", get(week::draws))
        .route("/week/draws.csv", get(week::draws_csv))
        .route("/week/slots/{id}", get(week::slot))
        .route("/week/slots/{id}/change", get(week::change).post(week::order))
        .route("/week/roster", get(week::the_roster))
        .route("/week/roster.csv", get(week::roster_csv))
        .route("/week/roster.json", get(week::roster_json))
        .route("/week/roster/{section}", get(week::section))
        .route("/week/roster/{section}/calendar.ics", get(week::calendar))
        .route("/roads", get(roads::roads))
        .route("/roads/route", get(roads::route))
        .route("/roads/reach", get(roads::reach))
        .route("/roads/effect", get(roads::effect))
        .route("/roads/reports", post(roads::add))
        .route("/roads/reports/end", post(roads::end))
        .route("/roads/reports/renew", post(roads::renew))
        .route("/roads/reports.csv", get(roads::reports_csv))
        .route("/roads/reports.geojson", get(roads::reports_geojson))
        .route("/record", get(handlers::record))
        .route("/record/verify", get(handlers::verify))
        .route("/record/request", get(log::request))
        .route("/record/request.svg", get(log::request_code))
        .route("/record/answers", post(log::keep_answer))
        .route("/record/{ix}", get(handlers::entry))
        .route("/record/{ix}/proof", get(log::proof))
        .route("/checkpoint", get(log::checkpoint))
        .route("/key", get(log::key))
        .route("/tile/{*path}", get(log::tile))
        .route(api::PATH, post(api::enter).layer(DefaultBodyLimit::max(api::BODY_BYTES_MAX)))
        .route("/about", get(handlers::about))
        .route("/map/{layer}", get(plans::layer))
        .route("/tiles.json", get(handlers::tile_json))
        .route("/tiles/{z}/{x}/{y}", get(handlers::tile))
        .route("/assets/{*path}", get(handlers::asset))
        .fallback(handlers::nowhere)
        .method_not_allowed_fallback(handlers::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(headers::same_origin))
        .layer(middleware::from_fn(headers::secure))
        .with_state(app)
}

/// Serves until `shutdown` resolves; answers under way are finished.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    world: World,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(desk, world)).with_graceful_shutdown(shutdown).await
}

/// What a request asks for, besides its path.
#[derive(Debug, Clone)]
struct Ask {
    uri: Uri,
    wants_json: bool,
}

impl Ask {
    fn new(uri: &Uri, headers: &HeaderMap) -> Self {
        let by_query = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "format=json"));
        let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let by_header = accepted.split(',').next().is_some_and(|first| first.trim().starts_with("application/json"));
        Self { uri: uri.clone(), wants_json: by_query || by_header }
    }
}

/// A page: its frame, its content, and the same as JSON.
struct PageAnswer {
    title: String,
    section: &'static str,
    has_map: bool,
    /// Seconds after which the browser asks again.
    again: Option<u8>,
    status: StatusCode,
    main: Markup,
    json: Value,
}

/// What a handler answers.
enum Answer {
    /// A page.
    Page(Box<PageAnswer>),
    /// A file.
    File { media: &'static str, name: Option<String>, bytes: Vec<u8>, immutable: bool },
    /// Another address, to be read with GET.
    SeeOther(String),
}

impl Answer {
    fn page(title: impl Into<String>, section: &'static str, main: Markup, json: Value) -> Self {
        let (title, status) = (title.into(), StatusCode::OK);
        Self::Page(Box::new(PageAnswer { title, section, has_map: false, again: None, status, main, json }))
    }

    fn changed(mut self, change: impl FnOnce(&mut PageAnswer)) -> Self {
        if let Self::Page(page) = &mut self {
            change(page);
        }
        self
    }

    /// The same page with another status.
    fn with_status(self, status: StatusCode) -> Self {
        self.changed(|page| page.status = status)
    }

    fn with_map(self) -> Self {
        self.changed(|page| page.has_map = true)
    }

    /// The same, asked for again by the browser after some seconds.
    fn asking_again(self, seconds: u8) -> Self {
        self.changed(|page| page.again = Some(seconds))
    }
}

/// What a handler works with: one reading of the record.
struct Work<'a> {
    app: &'a App,
    snapshot: &'a Snapshot,
    view: View<'a>,
    now: Timestamp,
    moment: Moment,
    travel: OnceCell<Travel>,
}

impl Work<'_> {
    /// A stamp for what `role` does now.
    fn stamp(&self, role: &str) -> Stamp {
        Stamp::new(self.now, role, (self.app.world.entropy)())
    }

    /// Travel times at the moment shown, computed when they are first asked for.
    fn travel(&self) -> Result<&Travel, Problem> {
        if self.travel.get().is_none() {
            let travel = self.app.desk.travel(self.view.mission, self.moment)?;
            let _ = self.travel.set(travel);
        }
        Ok(self.travel.get().expect("just set"))
    }

    /// What plans are made from.
    fn ground(&self) -> Result<Ground<'_>, Problem> {
        Ok(Ground { mission: self.view.mission, travel: self.travel()?, moment: self.moment })
    }
}

/// Reads the record, does the work off the server's own threads, and makes a response of what comes of it.
async fn answer(
    app: App,
    ask: Ask,
    work: impl FnOnce(&Work<'_>) -> Result<Answer, Problem> + Send + 'static,
) -> Response {
    let asked = ask.clone();
    let done = tokio::task::spawn_blocking(move || on_record(&app, &asked, work)).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, path = ask.uri.path(), "a request panicked");
        bare(&ask, &Problem::broken("the server met an error of its own while answering; the record is not affected"))
    })
}

fn on_record(app: &App, ask: &Ask, work: impl FnOnce(&Work<'_>) -> Result<Answer, Problem>) -> Response {
    let snapshot = match app.desk.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => return bare(ask, &Problem::from(error)),
    };
    let now = (app.world.clock)();
    let moment = app.desk.moment(&snapshot.mission, now);
    let root = snapshot.head.root.to_string();
    let view = View {
        mission: &snapshot.mission,
        record_size: snapshot.head.size,
        record_root: &root,
        today: moment.day,
        instant: moment.instant,
        name: &app.desk.config().name,
    };
    let outcome = work(&Work { app, snapshot: &snapshot, view, now, moment, travel: OnceCell::new() });
    match outcome {
        Ok(answer) => respond(&view, ask, answer),
        Err(problem) => problem_page(&view, ask, &problem),
    }
}

fn respond(view: &View<'_>, ask: &Ask, answer: Answer) -> Response {
    match answer {
        Answer::Page(answer) if ask.wants_json => json_response(answer.status, "application/json", &answer.json),
        Answer::Page(answer) => {
            let frame = Frame { title: &answer.title, section: answer.section, has_map: answer.has_map };
            let mut response = html(answer.status, &page(view, frame, &answer.main));
            if let Some(seconds) = answer.again {
                response.headers_mut().insert(header::REFRESH, u16::from(seconds).into());
            }
            response
        }
        Answer::File { media, name, bytes, immutable } => file_response(media, name.as_deref(), bytes, immutable),
        Answer::SeeOther(to) => {
            let location = HeaderValue::from_str(&to).expect("addresses are escaped");
            (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
        }
    }
}

/// `name` is the one under which a browser saves it; without it the file is shown.
fn file_response(media: &'static str, name: Option<&str>, bytes: Vec<u8>, immutable: bool) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    let caching = if immutable { crate::assets::CACHE_CONTROL } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(value) = name.and_then(|name| format!("attachment; filename=\"{name}\"").parse().ok()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn problem_page(view: &View<'_>, ask: &Ask, problem: &Problem) -> Response {
    let mut response = if ask.wants_json || is_data(ask.uri.path()) {
        json_response(problem.status, "application/problem+json", &problem.json(ask.uri.path()))
    } else {
        let frame = Frame { title: problem.title, section: "", has_map: false };
        html(problem.status, &page(view, frame, &problem.markup()))
    };
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Addresses that programs read.
fn is_data(path: &str) -> bool {
    path.starts_with("/api/")
        || path.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "json" | "geojson" | "csv"))
}

/// A problem that is told without the record.
fn bare(ask: &Ask, problem: &Problem) -> Response {
    let mission = konbit_mission::Mission::default();
    let view = View {
        mission: &mission,
        record_size: 0,
        record_root: "",
        today: Date::ZERO,
        instant: Timestamp::UNIX_EPOCH,
        name: "Konbit",
    };
    problem_page(&view, ask, problem)
}

fn html(status: StatusCode, markup: &Markup) -> Response {
    let media = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (status, media, Body::from(markup.0.clone())).into_response()
}

fn json_response(status: StatusCode, media: &'static str, value: &Value) -> Response {
    let text = format!("{value:#}\n");
    (status, [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

#[cfg(test)]
mod api_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod week_hand_tests;
#[cfg(test)]
mod week_study_tests;
#[cfg(test)]
mod week_tests;

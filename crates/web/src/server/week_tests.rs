//! The pages of the week over a small mission: planned, adopted, drawn, changed, published.

use super::{World, router};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use konbit_desk::{Config, Desk, NamedFile, Stamp};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Seconds since 1 October 2023, 20:00 UTC, a Sunday; the story moves it on. One test uses it.
static LATER: AtomicI64 = AtomicI64::new(0);

pub(super) fn clock() -> Timestamp {
    let sunday: Timestamp = "2023-10-01T20:00:00Z".parse().unwrap();
    sunday + jiff::SignedDuration::from_secs(LATER.load(Ordering::Relaxed))
}

fn entropy() -> konbit_desk::Entropy {
    [7; 32]
}

/// The rows of a table of the example whose id is in the list, and its head.
fn part(text: &str, ids: &[&str]) -> String {
    let keep = |line: &&str| {
        line.starts_with('#') || line.starts_with("id,") || ids.iter().any(|id| line.starts_with(&format!("{id},")))
    };
    text.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

pub(super) fn fill(desk: &Desk) {
    let example = konbit_desk::example("haiti-2023").unwrap();
    let change = |kind: &str, text: &str| -> Option<String> {
        Some(match kind {
            "mission" => text.replace("as_of = 2023-10-02\n", ""),
            "areas" | "planning" | "outline" => text.to_owned(),
            "week" => text
                .replace("personnel = 760", "personnel = 210")
                .replace("personnel = 120", "personnel = 0")
                .replace("reach_minutes = 60\n", "")
                .replace("travel_minutes = 60", "travel_minutes = 30")
                .replace("travel_minutes = 45", "travel_minutes = 30")
                .replace("personnel = 150", "personnel = 24")
                .replace("personnel = 200", "personnel = 24"),
            "sites" => part(
                text,
                &[
                    "hos-hueh",
                    "hos-la-paix",
                    "hos-isaie-jeanty",
                    "hos-hum",
                    "hos-hah",
                    "hos-justinien",
                    "apt-pap",
                    "apt-cap",
                ],
            ),
            "bases" => part(text, &["base-pap-airport", "base-log-base", "base-cap"]),
            _ => return None,
        })
    };
    let batches: Vec<_> = example
        .batches()
        .into_iter()
        .filter_map(|(kind, files)| {
            let text = change(kind.name(), std::str::from_utf8(&files[0].bytes).unwrap())?;
            Some((kind, vec![NamedFile { name: files[0].name.clone(), bytes: text.into_bytes() }]))
        })
        .collect();
    let reports = desk.import_all(&batches, &Stamp::new(clock(), "test", entropy())).unwrap();
    assert!(reports.iter().all(|report| report.usable), "{reports:?}");
}

pub(super) struct Served {
    router: axum::Router,
    dir: TempDir,
}

impl Served {
    pub(super) fn new(fill: impl FnOnce(&Desk)) -> Self {
        let dir = TempDir::new().unwrap();
        let desk = Desk::init(&dir.path().join("mission"), &Config::named("Test mission"), &entropy()).unwrap();
        fill(&desk);
        Self { router: router(Arc::new(desk), World { clock, entropy }), dir }
    }

    /// The same mission, served again by another server.
    pub(super) fn again(self) -> Self {
        let Self { router: before, dir } = self;
        drop(before);
        let desk = Desk::open(&dir.path().join("mission")).unwrap();
        Self { router: router(Arc::new(desk), World { clock, entropy }), dir }
    }

    /// The mission, opened to read as a command opens it.
    pub(super) fn beside(&self) -> Desk {
        Desk::open_to_read(&self.dir.path().join("mission")).unwrap()
    }

    pub(super) fn send(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (status, headers) = (response.status(), format!("{:?}", response.headers()));
            let bytes = to_bytes(response.into_body(), 10_000_000).await.unwrap();
            (status, headers, String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    pub(super) fn get(&self, path: &str) -> String {
        let (status, _, body) = self.send(Request::get(path).body(Body::empty()).unwrap());
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(super) fn json(&self, path: &str) -> Value {
        let joint = if path.contains('?') { '&' } else { '?' };
        serde_json::from_str(&self.get(&format!("{path}{joint}format=json"))).unwrap()
    }

    pub(super) fn post(&self, path: &str, body: &str) -> (StatusCode, String, String) {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1:8470")
            .header(header::ORIGIN, "http://127.0.0.1:8470")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap())
    }

    /// Sends a form that is taken, and gives the address it leads to.
    pub(super) fn done(&self, path: &str, body: &str) -> String {
        let (status, headers, page) = self.post(path, body);
        assert_eq!(status, StatusCode::SEE_OTHER, "{path} {body}: {page}");
        headers
    }

    /// The plan that a question asks for, or a study, once it is there.
    pub(super) fn planned(&self, path: &str) -> Value {
        self.once(path, |answer| answer["running"].as_bool() != Some(true))
    }

    /// The answer, once it is as wanted.
    pub(super) fn once(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let answer = self.json(path);
            if wanted(&answer) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{path}: not in two minutes");
    }
}

#[test]
fn an_empty_mission_is_told_what_the_week_needs() {
    let served = Served::new(|_| {});
    assert!(served.get("/week").contains("konbit import DIR week FILE"));
    assert!(served.get("/week/roster").contains("class=\"empty\""));
    assert!(served.get("/week/draws").contains("Nothing was drawn yet"));
    let (status, _, page) = served.post("/week/draw", "slots=1");
    assert!(status == StatusCode::CONFLICT && page.contains("no plan of the week is in force"), "{page}");
    let (status, ..) = served.send(Request::get("/week/plan").body(Body::empty()).unwrap());
    assert_eq!(status, StatusCode::CONFLICT);
}

#[test]
fn a_question_that_names_what_is_not_there_is_refused_with_its_name() {
    let served = Served::new(fill);
    let check = |query: &str, says: &str| {
        let (status, _, page) = served.send(Request::get(format!("/week/plan?{query}")).body(Body::empty()).unwrap());
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains(says), "{query}: {page}");
    };
    check("lost_site=atlantis", "no site &quot;atlantis&quot;");
    check("lost_base=atlantis", "no base &quot;atlantis&quot;");
    check("lost_patrol=atlantis", "no patrol &quot;atlantis&quot;");
    check("people.nobody=5", "no contingent &quot;nobody&quot;");
    check("people.kenya=many", "not a number of people");
    check("alpha=2", "not a share");
    check("seed=x", "not a seed");
}

#[test]
fn a_week_is_planned_adopted_drawn_changed_and_published_on_its_pages() {
    let served = Served::new(fill);
    let (_, headers, page) = served.send(Request::get("/week/plan").body(Body::empty()).unwrap());
    assert!(headers.contains("refresh") && page.contains("End with the best plan so far"), "{headers}");
    let plan = served.planned("/week/plan");
    let (value, bound) = (plan["value"].as_f64().unwrap(), plan["bound"].as_f64().unwrap());
    assert!(bound <= value && plan["in_force"] == false, "{plan}");
    let problem = plan["problem_hash"].as_str().unwrap();
    assert!(served.get("/week/plan").contains("Adopt this plan"));
    let (status, ..) = served.post("/week/adopt", "problem=other&reason=tried");
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, ..) = served.post("/week/adopt", &format!("problem={problem}&reason=+"));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    served.done("/week/adopt", &format!("problem={problem}&reason=tried+in+a+test"));
    for path in
        ["/week", "/week?kind=nights", "/week?text=hospital", "/week/roster", "/week/roster/kenya-01", "/week/draws"]
    {
        let page = served.get(path);
        assert!(!page.contains(" style=") && page.contains("<h1>"), "{path}");
    }
    assert!(served.get("/week/roster/kenya-01/calendar.ics").starts_with("BEGIN:VCALENDAR"));
    assert!(served.get("/week/roster.csv").lines().count() > 100);
    let file = served.get("/week/plan.json");
    assert!(konbit_plan_check::check(file.as_bytes()).is_ok(), "the file of the plan in force holds");
    assert!(served.get("/week/sites.geojson?kind=nights").contains("hos-hueh"));

    served.done("/week/draw", "slots=2");
    let draws = served.json("/week/draws");
    let id = draws["draws"][0]["draw"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "20231001T2200Z");
    assert!(served.get(&format!("/week/slots/{id}")).contains("Not for publication before the slot ends"));
    let sheet = served.json(&format!("/week/slots/{id}"));
    let task = |section: &Value| section["tasks"].as_array().is_some_and(|tasks| !tasks.is_empty());
    let section = sheet["sheet"]["sections"].as_array().unwrap().iter().find(|section| task(section)).unwrap();
    let (crew, site) = (section["contingent"].as_str().unwrap(), section["tasks"][0]["task"]["site"].as_str().unwrap());
    assert!(served.get(&format!("/week/slots/{id}.csv")).contains(&format!("post={site}")));
    let leave = format!("contingent={crew}&leave=post:{site}&take=-");
    let price = served.json(&format!("/week/slots/{id}/change?{leave}"));
    assert!(price["value_more"].as_f64().unwrap() >= 0.0, "{price}");
    let (status, ..) = served.post(&format!("/week/slots/{id}/change"), &leave);
    assert_eq!(status, StatusCode::BAD_REQUEST, "a reason is needed");
    served.done(&format!("/week/slots/{id}/change"), &format!("{leave}&reason=the+gate+fell"));
    assert!(served.get(&format!("/week/slots/{id}")).contains("the gate fell"));

    // Nobody learns from the record what stands where, before the slot has ended.
    served.done("/week/reveal", "");
    let held = served.json("/week/draws");
    assert!(held["draws"][0]["draw"]["revealed"].is_null(), "{held}");
    LATER.store(6 * 3_600, Ordering::Relaxed);
    served.done("/week/reveal", "");
    let held = served.json("/week/draws");
    assert!(held["draws"][0]["draw"]["revealed"].is_object() && held["draws"][0]["fault"].is_null(), "{held}");
    assert!(served.get("/week/draws.csv").contains(&id));
}

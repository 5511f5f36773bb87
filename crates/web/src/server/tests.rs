//! Every route over an empty mission and over the worked example.

mod study;

use super::{World, router};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use konbit_desk::{Config, Desk, PlanRequest, Stamp};
use konbit_protect::Watch;
use konbit_record::{CarriedAnswer, SignatureType, SignerKey, WitnessState};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Pages that can be read without knowing what the mission holds.
const PAGES: [&str; 16] = [
    "/",
    "/council",
    "/mandate",
    "/contributions",
    "/situation",
    "/situation/totals",
    "/protection",
    "/week",
    "/protection/question",
    "/protection/by-hand",
    "/roads",
    "/roads/route",
    "/roads/reach",
    "/record",
    "/record/verify",
    "/about",
];

/// Most bytes of a page, apart from its map.
const PAGE_BYTES_MAX: usize = 60_000;

fn clock() -> Timestamp {
    "2023-10-02T22:00:00Z".parse().unwrap()
}

/// The tests need no secrets.
fn entropy() -> konbit_desk::Entropy {
    [7; 32]
}

fn stamp() -> Stamp {
    Stamp::new(clock(), "test", entropy())
}

struct Served {
    desk: Arc<Desk>,
    router: axum::Router,
    _dir: TempDir,
}

impl Served {
    fn new(fill: impl FnOnce(&Desk)) -> Self {
        let dir = TempDir::new().unwrap();
        let desk = Desk::init(&dir.path().join("mission"), &Config::named("Test mission"), &entropy()).unwrap();
        fill(&desk);
        let desk = Arc::new(desk);
        Self { router: router(Arc::clone(&desk), World { clock, entropy }), desk, _dir: dir }
    }

    fn send(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (status, headers) = (response.status(), format!("{:?}", response.headers()));
            let bytes = to_bytes(response.into_body(), 10_000_000).await.unwrap();
            (status, headers, String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn get(&self, path: &str) -> (StatusCode, String, String) {
        self.send(Request::get(path).body(Body::empty()).unwrap())
    }

    fn post(&self, path: &str, origin: &str, body: &str) -> (StatusCode, String, String) {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1:8470")
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap())
    }
}

static EMPTY: LazyLock<Served> = LazyLock::new(|| Served::new(|_| {}));

/// The worked example with a plan in force.
static EXAMPLE: LazyLock<Served> = LazyLock::new(|| {
    Served::new(|desk| {
        let example = konbit_desk::example("haiti-2023").unwrap();
        let reports = desk.import_all(&example.batches(), &stamp()).unwrap();
        assert!(reports.iter().all(|report| report.usable));
        let moment = desk.moment(&desk.snapshot().unwrap().mission, Timestamp::UNIX_EPOCH);
        let document = desk.plan(&PlanRequest::at(moment), &Watch::none()).unwrap();
        desk.adopt(&document, "for the tests", moment, &stamp()).unwrap();
    })
});

/// The page without what the server draws, which has a limit of its own.
fn without_map(page: &str) -> String {
    let Some((head, rest)) = page.split_once("<div class=\"drawn\">") else { return page.to_owned() };
    let (_, tail) = rest.split_once("<ul class=\"legend\">").unwrap();
    format!("{head}{tail}")
}

fn check_page(served: &Served, path: &str) -> String {
    let (status, headers, page) = served.get(path);
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    assert!(headers.contains("frame-ancestors 'none'"), "{path}: {headers}");
    assert!(page.contains("id=\"main\"") && page.contains("<h1>"), "{path}");
    assert!(
        !page.contains(" style=") && !page.contains("<script>"),
        "{path}: the content policy allows nothing inline"
    );
    let size = without_map(&page).len();
    assert!(size < PAGE_BYTES_MAX, "{path} has {size} bytes without its map");
    assert!(page.len() < PAGE_BYTES_MAX + 250_000, "{path} has {} bytes with its map", page.len());
    page
}

#[test]
fn every_page_of_an_empty_mission_says_what_to_do_next() {
    for path in PAGES {
        let page = check_page(&EMPTY, path);
        assert!(page.contains("Test mission"), "{path}");
        if !["/about", "/record/verify"].contains(&path) {
            assert!(page.contains("class=\"empty\"") && page.contains("konbit "), "{path}");
        }
    }
}

#[test]
fn every_page_of_the_example_is_small_and_complete() {
    for path in PAGES {
        let page = check_page(&EXAMPLE, path);
        assert!(page.contains("not the plan of any force"), "{path} does not show the disclaimer");
    }
}

#[test]
fn the_answer_stands_first() {
    let says = |path: &str, words: &[&str]| {
        let page = EXAMPLE.get(path).2;
        for word in words {
            assert!(page.contains(word), "{path} does not say {word:?}");
        }
    };
    says(
        "/",
        &["led by <strong>Kenya</strong>", "13 in favour, 0 against, 2 abstaining", "2 October 2024", "in 366 days"],
    );
    says("/council", &["China and the Russian Federation abstained", "13 in favour, 9 needed", "2 April 2024"]);
    says("/mandate", &["2 July 2024", "in 274 days", "id=\"p1\""]);
    says("/contributions", &["1,350", "restates K-001"]);
    says("/situation", &["never added up", "Homicide", "Killed"]);
    says(
        "/protection",
        &["No plan with this force does better than", "Guarded", "Open", "50 more", "50 fewer", "<svg"],
    );
}

#[test]
fn links_inside_the_site_lead_somewhere() {
    let mut seen = std::collections::BTreeSet::new();
    for path in PAGES {
        let page = EXAMPLE.get(path).2;
        let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        // What plans is tested on missions of its own: only one plan is made at a time.
        let plans = |link: &str| {
            link.contains("personnel=")
                || link.contains("alpha=")
                || link.starts_with("/protection/curve")
                || link == "/protection/alpha"
        };
        let inside = links.filter(|link| link.starts_with('/') && !plans(link));
        // Many links differ only in the number of an entry or the id of a site: some of each are enough.
        seen.extend(inside.map(|link| link.split('#').next().unwrap().replace("&amp;", "&")));
    }
    assert!(seen.len() > 300, "{}", seen.len());
    let some = seen.iter().filter(|link| !link.starts_with("/record/") && !link.contains("/sites/"));
    for link in some.chain(seen.iter().step_by(17)) {
        let (status, _, body) = EXAMPLE.get(link);
        assert_eq!(status, StatusCode::OK, "{link}: {body}");
    }
}

#[test]
fn anchors_of_a_page_are_there() {
    for path in PAGES {
        let page = EXAMPLE.get(path).2;
        for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let Some((to, anchor)) = link.split_once('#') else { continue };
            if to.contains('?')
                || anchor.contains('-') && to.is_empty() && page.contains(&format!("<g id=\"{anchor}\""))
            {
                continue;
            }
            let target = if to.is_empty() { page.clone() } else { EXAMPLE.get(to).2 };
            assert!(target.contains(&format!("id=\"{anchor}\"")), "{path}: nothing is called {link}");
        }
    }
}

#[test]
fn another_force_gives_another_plan_which_can_be_adopted_once() {
    let served = Served::new(|desk| {
        let example = konbit_desk::example("haiti-2023").unwrap();
        desk.import_all(&example.batches(), &stamp()).unwrap();
    });
    assert!(check_page(&served, "/protection").contains("No plan is in force"));
    let page = check_page(&served, "/protection?personnel=1050&alpha=0.5&seed=1");
    assert!(page.contains("Not adopted."));
    let size = served.desk.snapshot().unwrap().head.size;
    let form = "personnel=1050&alpha=0.5&seed=1&reason=Fifty+more+have+come";
    assert_eq!(served.post("/protection/adopt", "http://elsewhere.example", form).0, StatusCode::FORBIDDEN);
    assert_eq!(
        served.post("/protection/adopt", "http://127.0.0.1:8470", "personnel=1050&reason=+").0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(served.desk.snapshot().unwrap().head.size, size, "nothing was adopted");
    let (status, headers, _) = served.post("/protection/adopt", "http://127.0.0.1:8470", form);
    assert_eq!(status, StatusCode::SEE_OTHER, "{headers}");
    assert_eq!(served.desk.snapshot().unwrap().head.size, size + 1);
    assert!(check_page(&served, "/protection").contains("Fifty more have come"));
    assert!(served.get("/record").2.contains("Plan"));
    let (status, _, page) = served.post("/protection/adopt", "http://127.0.0.1:8470", form);
    assert_eq!(status, StatusCode::CONFLICT, "{page}");
}

#[test]
fn a_request_that_cannot_be_answered_says_why() {
    let check = |path: &str, status: StatusCode| {
        let (got, headers, body) = EXAMPLE.get(path);
        assert_eq!(got, status, "{path}: {body}");
        (headers, body)
    };
    let (_, page) = check("/nowhere", StatusCode::NOT_FOUND);
    assert!(page.contains("href=\"/protection\""));
    check("/council/S/RES/1", StatusCode::NOT_FOUND);
    check("/record/99999999", StatusCode::NOT_FOUND);
    check("/record/-1", StatusCode::NOT_FOUND);
    check("/protection/sites/none", StatusCode::NOT_FOUND);
    check("/map/none.geojson", StatusCode::NOT_FOUND);
    check("/protection?personnel=many", StatusCode::BAD_REQUEST);
    check("/protection?alpha=2", StatusCode::BAD_REQUEST);
    let (_, page) = check("/protection?personnel=0", StatusCode::CONFLICT);
    assert!(page.contains("mandatory"), "{page}");
    let (headers, problem) = check("/nowhere?format=json", StatusCode::NOT_FOUND);
    assert!(headers.contains("application/problem+json") && problem.contains("\"status\": 404"), "{problem}");
    let (status, _, page) = EXAMPLE.send(Request::delete("/record").body(Body::empty()).unwrap());
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{page}");
    let (status, ..) = EXAMPLE.post("/protection/adopt", "http://127.0.0.1:8470", &"x".repeat(20_000));
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[test]
fn pages_are_also_json_and_files() {
    let json = |path: &str| -> serde_json::Value {
        let (status, _, body) = EXAMPLE.get(path);
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    };
    assert_eq!(json("/?format=json")["personnel_gap"]["beyond_pledged"], 0);
    assert_eq!(json("/contributions?format=json")["totals"][0]["pledged"], 1350);
    assert_eq!(json("/contributions?as_of=2023-07-29&format=json")["totals"][0]["pledged"], 1000);
    let (value, bound) =
        (json("/protection?format=json")["value"].clone(), json("/protection/plan.json")["bound"].clone());
    assert!(value.as_f64().unwrap() >= bound.as_f64().unwrap());
    let head = json("/record?format=json");
    assert_eq!(head["entries"][0]["kind"], "plan.recorded");
    assert_eq!(json("/record/0?format=json")["inclusion"]["root"], head["head"]["root"]);
    assert_eq!(json("/record/verify?format=json")["ok"], true);
    assert_eq!(json("/map/sites.geojson")["features"].as_array().unwrap().len(), 469);
    assert_eq!(json("/protection/plan.geojson")["features"].as_array().unwrap().len(), 469);
    // A head, a row of tags, and one row for each site.
    assert_eq!(EXAMPLE.get("/protection/plan.csv").2.lines().count(), 2 + 469);
}

#[test]
fn a_way_says_its_distance_minutes_and_what_it_passes() {
    let page = check_page(&EXAMPLE, "/roads/route?from=base-pap-airport&to=hos-hueh");
    for words in ["RN1", "derived lengths", "minutes", "Planned with", "shape route"] {
        assert!(page.contains(words), "{words}");
    }
    let (_, _, island) = EXAMPLE.get("/roads/route?from=base-pap-airport&to=prt-anse-a-galets");
    assert!(island.contains("No way leads from"), "{island}");
    let page = check_page(&EXAMPLE, "/protection/sites/hos-hueh");
    assert!(page.contains("/roads/route?from=") && page.contains("eight trips in ten"));
    for (path, status) in [
        ("/roads/route?from=none&to=hos-hueh", StatusCode::NOT_FOUND),
        ("/roads/route?from=base-pap-airport&to=none", StatusCode::NOT_FOUND),
        ("/roads/reach?from=none", StatusCode::NOT_FOUND),
        ("/roads/effect?lat=x&lon=1", StatusCode::BAD_REQUEST),
        ("/roads/effect?lat=18.5&lon=-72.3&radius_m=0", StatusCode::BAD_REQUEST),
        ("/roads/effect?without=none", StatusCode::NOT_FOUND),
        ("/roads/effect", StatusCode::SEE_OTHER),
        ("/tiles/99/0/0", StatusCode::NOT_FOUND),
        ("/tiles/3/8/0", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(EXAMPLE.get(path).0, status, "{path}");
    }
}

#[test]
fn a_closed_place_without_a_road_changes_nothing_and_offers_no_plan() {
    let page = check_page(&EXAMPLE, "/roads/effect?lat=18.69&lon=-72.36&radius_m=300");
    assert!(page.contains("no road of the network lies there") && !page.contains("Plan for both"), "{page}");
    let page = check_page(&EXAMPLE, "/roads/effect?lat=18.527&lon=-72.36&radius_m=1200");
    assert!(!page.contains("no road of the network lies there") && page.contains("Plan for both"), "{page}");
}

#[test]
fn a_reaction_force_reaches_more_in_more_time_and_less_by_night() {
    let bands = |query: &str| -> Vec<usize> {
        let (status, _, body) = EXAMPLE.get(&format!("/roads/reach?from=base-pap-airport&format=json{query}"));
        assert_eq!(status, StatusCode::OK, "{body}");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        json["bands"].as_array().unwrap().iter().map(|band| band["sites"].as_array().unwrap().len()).collect()
    };
    let (day, night) = (bands(""), bands("&night=1&rain=1"));
    assert_eq!(day.len(), 3);
    assert!(day.iter().sum::<usize>() > 100 && day[0] > night[0], "{day:?} {night:?}");
    check_page(&EXAMPLE, "/roads/reach?from=base-pap-airport");
}

#[test]
fn a_report_is_recorded_shown_ended_and_renewed_and_a_wrong_one_changes_nothing() {
    let served = Served::new(|desk| {
        let example = konbit_desk::example("haiti-2023").unwrap();
        desk.import_all(&example.batches(), &stamp()).unwrap();
    });
    let here = "http://127.0.0.1:8470";
    let size = || served.desk.snapshot().unwrap().head.size;
    let before = size();
    let form = "place=Martissant&state=closed&wkt=&lat=18.527&lon=-72.36&radius_m=1200&from=2023-10-02T06:00&until=&expires=&source_name=patrol";
    assert_eq!(served.post("/roads/reports", "http://elsewhere.example", form).0, StatusCode::FORBIDDEN);
    for wrong in
        ["place=x", &form.replace("closed", "open"), &form.replace("18.527", "95"), &form.replace("06:00", "6")]
    {
        let (status, _, page) = served.post("/roads/reports", here, wrong);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {page}");
    }
    let (_, _, page) = served.post("/roads/reports", here, &form.replace("2023-10-02T06:00", ""));
    assert!(page.contains("it has no time from which it counts"), "{page}");
    assert_eq!(size(), before);
    assert_eq!(served.post("/roads/reports", here, form).0, StatusCode::SEE_OTHER);
    assert_eq!(served.post("/roads/reports", here, form).0, StatusCode::SEE_OTHER, "the same again adds nothing");
    assert_eq!(size(), before + 1);
    let page = check_page(&served, "/roads");
    assert!(page.contains("Martissant") && page.contains("1 report of a road is in force"), "{page}");
    let id = served.desk.snapshot().unwrap().mission.road_reports.values().next().unwrap().id.to_string();
    let effect = check_page(&served, &format!("/roads/effect?without={id}"));
    assert!(effect.contains("Sites that are reached later"), "{effect}");
    let csv = served.get("/roads/reports.csv").2;
    assert!(csv.contains("#geo+wkt") && csv.contains("Martissant"), "{csv}");
    assert!(served.get("/roads/reports.geojson").2.contains("FeatureCollection"));
    assert_eq!(served.post("/roads/reports/end", here, &format!("id={id}")).0, StatusCode::SEE_OTHER);
    assert!(check_page(&served, "/roads").contains("No report of a road is in force"));
    assert!(check_page(&served, "/roads?show=all").contains("Renew"));
    assert!(check_page(&served, "/roads?at=2023-10-02T12:00").contains("1 report of a road is in force"));
    assert_eq!(served.get("/roads?at=noon").0, StatusCode::BAD_REQUEST);
    assert_eq!(served.post("/roads/reports/renew", here, &format!("id={id}")).0, StatusCode::SEE_OTHER);
    assert!(check_page(&served, "/roads").contains("1 report of a road is in force"));
    assert_eq!(served.get("/protection/sites/hos-hueh").0, StatusCode::OK);
}

#[test]
fn one_closed_road_changes_reach_and_on_request_the_plan() {
    // A mission of its own, because only one plan is made at a time.
    let served = Served::new(|desk| {
        desk.import_all(&konbit_desk::example("haiti-2023").unwrap().batches(), &stamp()).unwrap();
    });
    let path = "/roads/effect?lat=18.527&lon=-72.36&radius_m=1200";
    let page = check_page(&served, path);
    assert!(page.contains("Plan for both"));
    let (status, _, body) = served.get(&format!("{path}&plan=1&format=json"));
    assert_eq!(status, StatusCode::OK, "{body}");
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let figure = |name: &str, index: usize| json["plans"][name][index].as_f64().unwrap();
    // The bound with the road open cannot be above the value with it closed: less is possible then.
    assert!(figure("open", 1) <= figure("closed", 0) + 1e-9, "{body}");
    assert!(!json["changes"].as_array().unwrap().is_empty());
}

#[test]
fn the_record_is_served_to_outsiders_in_their_formats() {
    let (status, _, checkpoint) = EXAMPLE.get("/checkpoint");
    assert_eq!(status, StatusCode::OK, "{checkpoint}");
    let size: u64 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    let (_, _, key) = EXAMPLE.get("/key");
    assert_eq!(checkpoint.lines().next(), key.split('+').next());
    let (status, headers, _) = EXAMPLE.get("/tile/0/000");
    assert!(status == StatusCode::OK && headers.contains("immutable"), "{headers}");
    assert_eq!(EXAMPLE.get("/tile/entries/000").0, StatusCode::OK);
    for none in ["/tile/0/999", "/tile/entries/..%2f..", "/record/99999999/proof", "/record/x/proof"] {
        assert_eq!(EXAMPLE.get(none).0, StatusCode::NOT_FOUND, "{none}");
    }
    let (_, headers, with) = EXAMPLE.get("/record/3/proof");
    let (_, _, without) = EXAMPLE.get("/record/3/proof?body=no");
    assert!(headers.contains("entry-3.tlog-proof") && with.starts_with("c2sp.org/tlog-proof@v1\n"), "{headers}");
    assert!(with.len() > without.len() && without.contains("index 3\n"));
    let page = check_page(&EXAMPLE, "/record");
    assert!(page.contains("Who vouches for it") && page.contains("No witness cosigns yet"));
    assert!(page.contains(&crate::format::count(size)), "the signed size is shown");
    assert!(EMPTY.get("/checkpoint").2.lines().nth(1) == Some("0"), "an empty record has a signed head too");
}

/// A witness that knows the log of `desk`.
fn witness(desk: &Desk, name: &str, byte: u8) -> konbit_record::Witness {
    let key = SignerKey::generate(name, SignatureType::CosignatureV1, &[byte; 32]).unwrap();
    let (mut witness, log) = (konbit_record::Witness::new(key).unwrap(), desk.public_key().unwrap().unwrap());
    witness.trust(log.name(), log.clone()).unwrap();
    witness
}

#[test]
fn a_request_is_carried_from_the_record_s_page_and_an_answer_back_to_it() {
    let served = Served::new(|desk| {
        let example = konbit_desk::example("haiti-2023").unwrap();
        desk.import_all(&example.batches()[..1], &stamp()).unwrap();
    });
    let witnesses = [witness(&served.desk, "w.example/1", 1), witness(&served.desk, "w.example/2", 2)];
    let log = served.desk.public_key().unwrap().unwrap();
    let policy = format!(
        "log {log}\nwitness one {}\nwitness two+2 {} http://two.example\ngroup all all one two+2\nquorum all\n",
        witnesses[0].verifier(),
        witnesses[1].verifier()
    );
    served.desk.set_policy(policy.as_bytes()).unwrap();
    let page = check_page(&served, "/record");
    for part in
        ["/record/request.svg?witness=one", "witness=two%2B2", "has not cosigned yet", "No head is vouched for yet"]
    {
        assert!(page.contains(part), "{part}");
    }
    let (status, headers, request) = served.get("/record/request?witness=two%2B2");
    assert!(status == StatusCode::OK && headers.contains("request.txt"), "{headers}");
    let (status, headers, drawn) = served.get("/record/request.svg?witness=one");
    assert!(status == StatusCode::OK && headers.contains("image/svg+xml") && drawn.contains("<svg"), "{headers}");
    let (status, _, page) = served.get("/record/request?witness=three");
    assert!(status == StatusCode::BAD_REQUEST && page.contains("it names one, two+2"), "{page}");

    let answer = witnesses[1].add_checkpoint(&WitnessState::default(), request.as_bytes(), 1_600_000_000);
    let text = CarriedAnswer::of(&answer).to_string();
    // As a browser sends what was pasted.
    let sent = text.replace('\n', "\r\n");
    let form = sent.bytes().fold("answer=".to_owned(), |form, byte| form + &format!("%{byte:02x}"));
    assert_eq!(served.post("/record/answers", "http://127.0.0.1:9999", &form).0, StatusCode::FORBIDDEN);
    let (status, headers, page) = served.post("/record/answers", "http://127.0.0.1:8470", &form);
    assert!(status == StatusCode::SEE_OTHER && headers.contains("/record#outsiders"), "{page}");
    let page = check_page(&served, "/record");
    assert!(page.contains("1114 days ago"), "by the clock, whatever the data describe: {page}");
    let (status, _, page) = served.post("/record/answers", "http://127.0.0.1:8470", "answer=nonsense");
    assert!(status == StatusCode::BAD_REQUEST && page.contains("this is not the answer of a witness"), "{page}");
}

#[test]
fn the_record_tells_paragraphs_and_what_was_erased_by_whose_order() {
    let served = Served::new(|desk| {
        let example = konbit_desk::example("haiti-2023").unwrap();
        desk.import_all(&example.batches(), &stamp()).unwrap();
        let held = desk.snapshot().unwrap().mission;
        let entries = held.sites.iter().next().unwrap().entries.clone();
        desk.erase(&entries, "asked for by the person concerned", "rule seven", &stamp()).unwrap();
    });
    let page = check_page(&served, "/record");
    for part in ["What was erased", "rule seven", "asked for by the person concerned"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let size = served.desk.snapshot().unwrap().head.size;
    let order = check_page(&served, &format!("/record/{}", size - 1));
    assert!(order.contains("rule seven") && order.contains("<dt>Erased</dt>"), "{order}");
    let sites = check_page(&served, "/record?kind=site.recorded");
    assert!(sites.contains("href=\"/mandate#p1\""), "a site comes under the paragraph on infrastructure: {sites}");
    let obligation = served.desk.snapshot().unwrap().mission.obligations.get("2699-12").unwrap().entries[0];
    let (_, _, json) = served.get(&format!("/record/{obligation}?format=json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["entry"]["under"][0]["paragraph"], 12, "{json}");
    let rests_on = |query: &str| {
        let (_, _, json) = served.get(&format!("/record?format=json&{query}"));
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["rests_on"].clone()
    };
    assert_eq!(rests_on("subject=obligation&id=2699-12"), serde_json::json!([obligation]));
    assert_eq!(rests_on("subject=site&id=nothing"), serde_json::json!([]));
    assert_eq!(rests_on("kind=site.recorded"), serde_json::Value::Null);
    let incidents = check_page(&served, "/record?kind=incident.recorded");
    assert!(!incidents.contains(">Mandate</th>"), "what is told of the situation comes under no paragraph");
}

#[test]
fn the_record_s_page_says_what_the_verification_in_the_background_found() {
    let served = Served::new(|_| {});
    assert!(!served.get("/record").2.contains("Last checked"));
    served.desk.note_verified(konbit_desk::Verified { at: clock(), report: None });
    // An empty record says only how to begin.
    let desk = &EXAMPLE.desk;
    let mut report = konbit_desk::verify(desk.dir().path()).unwrap();
    desk.note_verified(konbit_desk::Verified { at: clock(), report: Some(Arc::new(report.clone())) });
    assert!(check_page(&EXAMPLE, "/record").contains(" entries held"));
    report.ok = false;
    desk.note_verified(konbit_desk::Verified { at: clock(), report: Some(Arc::new(report)) });
    assert!(check_page(&EXAMPLE, "/record").contains("something did not match"));
    desk.note_verified(konbit_desk::Verified { at: clock(), report: None });
    assert!(check_page(&EXAMPLE, "/record").contains("it could not be verified"));
}

#[test]
fn tiles_are_served_with_a_version_and_described() {
    let (status, headers, body) = EXAMPLE.get("/tiles.json");
    assert_eq!(status, StatusCode::OK, "{headers}");
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let names: Vec<&str> =
        json["vector_layers"].as_array().unwrap().iter().filter_map(|layer| layer["id"].as_str()).collect();
    assert!(names.contains(&"roads") && names.contains(&"places"), "{names:?}");
    let address = json["tiles"][0].as_str().unwrap().split_once("/tiles/").unwrap().1.to_owned();
    let tile = format!("/tiles/{}", address.replace("{z}", "7").replace("{x}", "38").replace("{y}", "57"));
    let (status, headers, _) = EXAMPLE.get(&tile);
    assert!(status == StatusCode::OK && headers.contains("immutable") && headers.contains("vector-tile"), "{headers}");
    assert_eq!(EMPTY.get("/tiles/0/0/0").0, StatusCode::NOT_FOUND);
}

#[test]
fn filters_of_sites_keep_what_they_say() {
    let rows = |query: &str| {
        EXAMPLE.get(&format!("/protection?{query}")).2.split("<section id=\"sites\">").nth(1).unwrap().to_owned()
    };
    let port = rows("text=varreux");
    assert!(port.contains("Varreux") && !port.contains("Toussaint"), "{port}");
    assert!(rows("text=nothing-is-called-so").contains("No site matches the filter"));
    assert!(rows("posture=open").contains("open"));
    assert!(rows("page=9").contains("rel=\"prev\""));
}

#[test]
fn an_asset_is_served_compressed_where_that_is_accepted() {
    let url = crate::assets::asset_url("app.css");
    let (_, plain, text) = EMPTY.get(&url);
    assert!(plain.contains("immutable") && text.contains("--accent"));
    let request = Request::get(&url).header(header::ACCEPT_ENCODING, "gzip, br").body(Body::empty()).unwrap();
    assert!(EMPTY.send(request).1.contains("\"content-encoding\": \"gzip\""));
    assert_eq!(EMPTY.get("/assets/none.css").0, StatusCode::NOT_FOUND);
}

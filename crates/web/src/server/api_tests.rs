//! Entries that programs send: statuses, exactly once, preconditions, overload, a record that is
//! no longer written.

use super::{World, api, router};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use konbit_desk::{Config, Desk, Entropy, verify};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// The tests need no secrets.
const WORLD: World =
    World { clock: || "2023-10-02T22:00:00Z".parse::<Timestamp>().expect("an instant"), entropy: || [7; 32] };

/// An answer: its status, its headers in words, its JSON.
type Answer = (StatusCode, String, Value);

/// A mission directory, and a server over it that can be started again.
struct Place {
    dir: TempDir,
    runtime: Runtime,
}

struct Running {
    desk: Arc<Desk>,
    router: axum::Router,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let entropy: Entropy = [7; 32];
        Desk::init(&dir.path().join("mission"), &Config::named("Test mission"), &entropy).unwrap().close().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { dir, runtime }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("mission")
    }

    fn start(&self) -> Running {
        let desk = Arc::new(Desk::open(&self.path()).unwrap());
        Running { router: router(Arc::clone(&desk), WORLD), desk }
    }

    fn send(&self, running: &Running, request: Request<Body>) -> Answer {
        self.runtime.block_on(answer(running.router.clone(), request))
    }

    /// Sends all at once and gives the answers by position.
    fn send_all(&self, running: &Running, requests: Vec<Request<Body>>) -> Vec<Answer> {
        self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (ix, request) in requests.into_iter().enumerate() {
                let router = running.router.clone();
                tasks.spawn(async move { (ix, answer(router, request).await) });
            }
            tasks.join_all().await.into_iter().collect::<BTreeMap<_, _>>().into_values().collect()
        })
    }

    /// A second connection to the record's file, as another program would have one.
    fn connect(&self) -> Connection {
        Connection::open(self.path().join("record.db")).unwrap()
    }

    fn verifies(&self, entries: u64) {
        let report = verify(&self.path()).unwrap();
        assert!(report.ok && report.entries == entries, "{report:?}");
    }
}

impl Running {
    fn stop(self) {
        drop(self.router);
        Arc::into_inner(self.desk).unwrap().close().unwrap();
    }
}

async fn answer(router: axum::Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), format!("{:?}", response.headers()));
    let bytes = to_bytes(response.into_body(), 1_000_000).await.unwrap();
    (status, headers, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{status}: {bytes:?}")))
}

fn town(id: &str, population: u64) -> Value {
    json!({"id": id, "name": "Jacmel", "position": {"lat_micro": 18_234_000, "lon_micro": -72_535_000},
        "area": null, "population": population, "source": {"name": "census", "reading": "dataset"}})
}

fn recorded(id: &str, population: u64, expects: Option<&[u64]>) -> Value {
    json!({"kind": "town.recorded", "body": town(id, population), "expects": expects})
}

fn withdrawn(id: &str, expects: Option<&[u64]>) -> Value {
    json!({"kind": "town.withdrawn", "body": {"id": id, "reason": "entered twice"}, "expects": expects})
}

/// A request as a program sends it; a header given twice is sent twice, one that is empty is not.
fn request(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(api::PATH).header(header::HOST, "127.0.0.1:8470");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

fn keyed(key: &str, body: &Value) -> Request<Body> {
    request(&[("content-type", "application/json"), ("idempotency-key", key)], body.to_string())
}

fn check(place: &Place, running: &Running, request: Request<Body>, status: u16, expect: &str) -> Value {
    let described = format!("{:?}", request.headers());
    let (found, headers, json) = place.send(running, request);
    assert_eq!(found, status, "{described}: {json}");
    let said = json.to_string();
    assert!(said.contains(expect), "{described}: {expect:?} is not in {said}");
    assert_eq!(status >= 400, headers.contains("application/problem+json"), "{described}: {headers}");
    json
}

#[test]
fn each_request_gets_the_status_it_deserves() {
    let (place, good) = (Place::new(), recorded("t-1", 1, None));
    let running = place.start();
    let check = |request, status, expect: &str| check(&place, &running, request, status, expect);
    let send = |headers: &[(&str, &str)], body: &str| request(headers, body.to_owned());
    let (json, key, text) = (("content-type", "application/json"), ("idempotency-key", "k-1"), good.to_string());
    // What is not even read.
    check(send(&[json], &text), 400, "key-missing");
    check(send(&[json, ("idempotency-key", "")], &text), 400, "key-unusable");
    check(send(&[json, ("idempotency-key", "two words")], &text), 400, "key-unusable");
    check(send(&[json, ("idempotency-key", &"k".repeat(201))], &text), 400, "key-unusable");
    check(send(&[json, key, key], &text), 400, "key-unusable");
    check(send(&[key], &text), 415, "media-type");
    check(send(&[("content-type", "text/plain"), key], &text), 415, "Content-Type: application/json");
    check(send(&[json, key], &" ".repeat(api::BODY_BYTES_MAX + 1)), 413, "too-large");
    check(send(&[json, key], ""), 400, "unreadable");
    check(send(&[json, key], "{\"kind\": 3}"), 400, "unreadable");
    check(keyed("k-1", &json!({"kind": "town.recorded"})), 400, "missing field `body`");
    check(keyed("k-1", &json!({"kind": "x", "body": {}, "expect": []})), 400, "unknown field `expect`");
    check(keyed("k-1", &json!({"kind": "plan.recorded", "body": {}})), 400, "not taken here");
    check(keyed("k-1", &json!({"kind": "town.recorded", "body": {"id": "t"}})), 400, "missing field `name`");
    check(keyed("k-1", &withdrawn("t-1", Some(&[]))), 400, "cannot expect that there is no town");
    // Pages of other sites.
    check(send(&[json, key, ("origin", "https://elsewhere.example")], &text), 403, "another site");
    check(send(&[json, key, ("origin", "null")], &text), 403, "another site");
    check(send(&[json, key, ("sec-fetch-site", "cross-site")], &text), 403, "another site");
    assert_eq!(place.send(&running, Request::get(api::PATH).body(Body::empty()).unwrap()).0, 405);
    assert_eq!(running.desk.snapshot().unwrap().head.size, 0, "none of these is entered");
    // What is entered, and what follows from it.
    let first = check(keyed("k-1", &good), 201, "\"repeated\":false");
    assert_eq!((&first["entry"], &first["head"]["size"]), (&json!(0), &json!(1)));
    let again = check(keyed("\"k-1\"", &good), 200, "\"repeated\":true");
    assert_eq!((&again["entry"], &again["head"]), (&first["entry"], &first["head"]));
    check(keyed("k-1", &recorded("t-1", 2, None)), 422, "key-reused");
    let taken = check(keyed("k-2", &recorded("t-1", 2, Some(&[]))), 409, "changed");
    assert_eq!(taken["stands"], json!({"entries": [0], "body": town("t-1", 1)}));
    check(keyed("k-2", &recorded("t-1", 2, Some(&[5]))), 409, "read it again, decide again");
    check(keyed("k-2", &recorded("t-1", 2, Some(&[0]))), 201, "\"entry\":1");
    check(keyed("k-3", &recorded("t-1", 3, None)), 201, "\"entry\":2");
    check(keyed("k-4", &withdrawn("t-2", None)), 409, "there is no town \\\"t-2\\\" to withdraw");
    check(keyed("k-4", &withdrawn("t-1", Some(&[0, 1]))), 409, "changed");
    check(keyed("k-4", &withdrawn("t-1", Some(&[0, 1, 2]))), 201, "\"entry\":3");
    check(keyed("k-4", &withdrawn("t-1", Some(&[0, 1, 2]))), 200, "\"repeated\":true");
    let gone = check(keyed("k-5", &recorded("t-1", 4, Some(&[0, 1, 2]))), 409, "changed");
    assert_eq!(gone["stands"], Value::Null);
    check(keyed("k-5", &recorded("t-1", 4, Some(&[]))), 201, "\"entry\":4");
    check(keyed("k-6", &withdrawn("t-1", None)), 201, "\"entry\":5");
    check(keyed("k-6", &withdrawn("t-1", None)), 200, "\"repeated\":true");
    running.stop();
    place.verifies(6);
}

#[test]
fn a_new_record_shows_on_the_pages_under_the_name_of_the_interface() {
    let place = Place::new();
    let running = place.start();
    let (status, headers, _) = place.send(&running, keyed("k", &recorded("t-1", 1, None)));
    assert_eq!(status, 201);
    assert!(headers.contains("\"location\": \"/record/0\""), "{headers}");
    let asked = Request::get("/record/0?format=json").body(Body::empty()).unwrap();
    let (status, _, entry) = place.send(&running, asked);
    assert!(status == 200 && entry.to_string().contains("program (api)"), "{entry}");
    assert_eq!(running.desk.snapshot().unwrap().mission.towns.get("t-1").unwrap().entries, [0]);
}

#[test]
fn a_key_is_known_after_the_server_was_started_again() {
    let place = Place::new();
    let running = place.start();
    let first = check(&place, &running, keyed("k-1", &recorded("t-1", 1, None)), 201, "");
    check(&place, &running, keyed("k-2", &recorded("t-1", 2, None)), 201, "");
    running.stop();
    let running = place.start();
    let again = check(&place, &running, keyed("k-1", &recorded("t-1", 1, None)), 200, "\"repeated\":true");
    assert_eq!((&again["entry"], &again["head"]), (&first["entry"], &first["head"]));
    check(&place, &running, keyed("k-1", &recorded("t-1", 9, None)), 422, "key-reused");
    check(&place, &running, keyed("k-3", &recorded("t-1", 3, Some(&[0, 1]))), 201, "\"entry\":2");
    running.stop();
    place.verifies(3);
}

#[test]
fn two_hundred_clients_who_repeat_a_fifth_of_their_commands_have_every_one_entered_once() {
    const CLIENTS: u64 = 200;
    const EACH: u64 = 10;
    let place = Place::new();
    let running = place.start();
    let rounds = |client: u64| (0..EACH).map(move |n| (client, if n % 5 == 4 { n - 1 } else { n }));
    let entries = place.runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for client in 0..CLIENTS {
            let router = running.router.clone();
            tasks.spawn(async move {
                let mut made = Vec::new();
                for (client, n) in rounds(client) {
                    // A tenth of all report on the same ten towns.
                    let id = if n == 0 { format!("shared-{}", client % 10) } else { format!("t-{client}-{n}") };
                    let (key, body) = (format!("{client}/{n}"), recorded(&id, client, None));
                    let mut answered = answer(router.clone(), keyed(&key, &body)).await;
                    while answered.2["code"] == "contended" {
                        answered = answer(router.clone(), keyed(&key, &body)).await;
                    }
                    let (status, _, json) = answered;
                    assert!(status == 201 || status == 200, "{status} {json}");
                    assert_eq!(status == 200, json["repeated"] == true);
                    made.push((key, json["entry"].as_u64().unwrap()));
                }
                made
            });
        }
        tasks.join_all().await.concat()
    });
    let sent: BTreeSet<&String> = entries.iter().map(|(key, _)| key).collect();
    let made: BTreeSet<&(String, u64)> = entries.iter().collect();
    let distinct = CLIENTS * EACH * 4 / 5;
    assert_eq!((entries.len() as u64, sent.len() as u64), (CLIENTS * EACH, distinct));
    // One entry for each key, and no entry for two keys.
    assert_eq!(made.len() as u64, distinct);
    assert_eq!(made.iter().map(|(_, entry)| entry).collect::<BTreeSet<_>>().len() as u64, distinct);
    let snapshot = running.desk.snapshot().unwrap();
    assert_eq!(snapshot.head.size, distinct);
    let shared = (0..10).map(|n| snapshot.mission.towns.get(&format!("shared-{n}")).unwrap().entries.len() as u64);
    assert_eq!(shared.sum::<u64>(), CLIENTS, "no observation of a town that many report on is lost");
    running.stop();
    place.verifies(distinct);
}

#[test]
fn of_many_who_decide_at_once_on_one_record_one_wins_and_the_others_are_told_what_stands() {
    let place = Place::new();
    let running = place.start();
    check(&place, &running, keyed("k", &recorded("t-1", 0, None)), 201, "");
    let mut stands = vec![0];
    for round in 0..5u64 {
        let decide = |n: u64| keyed(&format!("{round}/{n}"), &recorded("t-1", 10 * round + n, Some(&stands)));
        let answers = place.send_all(&running, (0..8).map(decide).collect());
        let won: Vec<u64> = answers.iter().filter_map(|(_, _, json)| json["entry"].as_u64()).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        stands.extend(&won);
        for (status, _, json) in answers.iter().filter(|(status, ..)| *status != 201) {
            assert!(*status == 409 && json["stands"]["entries"] == json!(stands), "round {round}: {json}");
        }
    }
    running.stop();
    place.verifies(6);
}

#[test]
fn what_is_too_much_is_turned_away_and_can_be_sent_again() {
    // More than the queue takes besides one group: 1,024 and 512.
    const COUNT: usize = 1_700;
    let place = Place::new();
    let running = place.start();
    let request = |n: usize| keyed(&format!("k-{n}"), &recorded(&format!("t-{n}"), 1, None));
    // Nothing is written while another program holds the file.
    let holder = place.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers = place.runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for n in 0..COUNT {
            let router = running.router.clone();
            tasks.spawn(async move { (n, answer(router, request(n)).await) });
        }
        let mut answers = vec![tasks.join_next().await.unwrap().unwrap()];
        holder.execute_batch("ROLLBACK").unwrap();
        answers.extend(tasks.join_all().await);
        answers
    });
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, (status, ..))| *status == 201);
    assert!(refused.iter().any(|(_, (_, _, json))| json["code"] == "overloaded"), "{} refused", refused.len());
    for (_, (status, headers, json)) in &refused {
        assert!(*status == 503 && headers.contains("\"retry-after\": \"1\""), "{status} {headers} {json}");
    }
    assert_eq!(running.desk.snapshot().unwrap().head.size, taken.len() as u64);
    let mut left: Vec<usize> = refused.into_iter().map(|(n, _)| n).collect();
    while !left.is_empty() {
        let answers = place.send_all(&running, left.iter().map(|n| request(*n)).collect());
        left = left.into_iter().zip(answers).filter(|(_, (status, ..))| *status != 201).map(|(n, _)| n).collect();
    }
    running.stop();
    place.verifies(COUNT as u64);
}

#[test]
fn once_writing_has_failed_nothing_is_written_and_the_answer_says_so() {
    let place = Place::new();
    let running = place.start();
    let request = |n: u32| keyed(&format!("k-{n}"), &recorded(&format!("t-{n}"), 1, None));
    check(&place, &running, request(0), 201, "");
    let other = place.connect();
    let in_the_way = "INSERT INTO entry (ix, at, actor, kind, body, leaf) VALUES (1, '', '', '', x'', zeroblob(32))";
    other.execute_batch(in_the_way).unwrap();
    check(&place, &running, request(1), 503, "writing-stopped");
    // Repairing the file behind its back does not make it go on.
    other.execute_batch("DELETE FROM entry WHERE ix = 1").unwrap();
    drop(other);
    for n in [1, 2] {
        let (status, headers, json) = place.send(&running, request(n));
        assert!(status == 503 && json["code"] == "writing-stopped", "{status} {json}");
        assert!(!headers.contains("retry-after"), "trying again is of no use: {headers}");
        assert!(json["detail"].as_str().unwrap().contains("with the same key"), "{json}");
    }
    drop(running);
    let running = place.start();
    check(&place, &running, request(0), 200, "\"repeated\":true");
    check(&place, &running, request(1), 201, "\"entry\":1");
    running.stop();
    place.verifies(2);
}

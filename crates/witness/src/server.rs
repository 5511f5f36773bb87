//! The routes of a witness: `add-checkpoint` of tlog-witness, a page for people, and the heads and evidence behind it.

use crate::page;
use crate::witness_dir::{NotCosigned, WitnessDir};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest body of a request, in bytes. The specification names no limit; this is room for 63 proof lines and a
/// checkpoint with 16 signatures of 5 kB in Base 64, which signed-note asks for.
const BODY_BYTES_MAX: usize = 128 * 1024;
/// The longest time for an answer, the reading of the request's body included.
const ANSWER_SECONDS_MAX: u64 = 20;

const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone)]
struct App {
    witness: Arc<WitnessDir>,
    clock: fn() -> Timestamp,
}

/// All routes of a witness. `clock` dates cosignatures. The submission prefix of tlog-witness is the root.
pub fn witness_router(witness: Arc<WitnessDir>, clock: fn() -> Timestamp) -> Router {
    Router::new()
        .route("/", get(glance))
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/logs/{id}", get(latest))
        .route("/evidence/{name}/{file}", get(evidence))
        .fallback(|| async {
            plain(StatusCode::NOT_FOUND, "there is nothing at this address; the page of this witness is at /")
        })
        .method_not_allowed_fallback(|| async {
            plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address is not used so: POST /add-checkpoint, and GET the others",
            )
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn(headers))
        .with_state(App { witness, clock })
}

async fn add_checkpoint(State(app): State<App>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, &format!("the request is longer than {BODY_BYTES_MAX} bytes"));
        }
        Err(rejection) => return plain(StatusCode::BAD_REQUEST, &rejection.body_text()),
    };
    let App { witness, clock } = app;
    match off_thread(move || witness.answer(&body, clock())).await {
        Some(Ok(cosigned)) => typed(StatusCode::OK, TEXT, cosigned.body),
        Some(Err(NotCosigned::Refused(refusal))) => {
            let status = StatusCode::from_u16(refusal.status()).expect("a refusal has an HTTP status");
            typed(status, refusal.content_type(), refusal.body())
        }
        Some(Err(NotCosigned::Broken(why))) => {
            tracing::error!("{why}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, &why)
        }
        None => broken(),
    }
}

async fn glance(State(app): State<App>) -> Response {
    let App { witness, clock } = app;
    match off_thread(move || witness.evidence().map(|evidence| page::page(&witness, &evidence, clock()))).await {
        Some(Ok(page)) => typed(StatusCode::OK, "text/html; charset=utf-8", page),
        Some(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("the evidence cannot be read: {error}")),
        None => broken(),
    }
}

/// The head cosigned last, for whoever compares it with what the log shows, or with other witnesses.
async fn latest(State(app): State<App>, Path(id): Path<String>) -> Response {
    let found = off_thread(move || app.witness.logs().into_iter().find(|log| log.id == id)).await;
    match found.flatten().map(|log| log.latest) {
        Some(Some((checkpoint, _))) => typed(StatusCode::OK, TEXT, checkpoint.to_string()),
        Some(None) => plain(StatusCode::NOT_FOUND, "this witness has cosigned no head of this log yet"),
        None => plain(StatusCode::NOT_FOUND, "this witness knows no such log"),
    }
}

async fn evidence(State(app): State<App>, Path((name, file)): Path<(String, String)>) -> Response {
    match off_thread(move || app.witness.evidence_file(&name, &file)).await {
        Some(Ok(Some(bytes))) => typed(StatusCode::OK, TEXT, bytes),
        Some(Ok(None)) => plain(StatusCode::NOT_FOUND, "there is no such evidence"),
        Some(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("the evidence cannot be read: {error}")),
        None => broken(),
    }
}

/// Work that reads or writes files, off the threads that serve; `None` if it panicked.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "a request panicked")).ok()
}

/// A cosignature may be stored when the time is up; it is then not sent, and the log asks again.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = timeout(Duration::from_secs(ANSWER_SECONDS_MAX), next.run(request)).await;
    answer.unwrap_or_else(|_| {
        plain(StatusCode::REQUEST_TIMEOUT, "the request or its answer took too long: send it again")
    })
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn broken() -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness met an error of its own; nothing was cosigned")
}

fn plain(status: StatusCode, text: &str) -> Response {
    typed(status, TEXT, format!("{text}\n"))
}

fn typed(status: StatusCode, media: &'static str, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

//! Entries that programs send: `POST /api/entries` (`docs/guide/api.md`).
//!
//! A page of another site cannot make a browser send one: the request is refused by its `Origin`,
//! and its media type and the `Idempotency-Key` header make browsers ask first, which nothing here
//! answers.

use super::App;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use konbit_desk::{EnterError, EntryCommand, Receipt, Stamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// Address of this resource.
pub(super) const PATH: &str = "/api/entries";

/// Largest request, bytes.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;

/// Role under which programs enter, until there are accounts.
const ROLE: &str = "program (api)";

/// Longest key, in characters.
const KEY_CHARS_MAX: usize = 200;

/// How often an observation is tried again when others change the same record at the same time.
const ATTEMPTS_MAX: u32 = 8;

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent<'a> {
    kind: String,
    #[serde(borrow)]
    body: &'a RawValue,
    expects: Option<Vec<u64>>,
}

/// Why nothing was entered: a problem (RFC 9457) with a word that programs can tell it by.
#[derive(Debug)]
pub(super) struct Refused {
    code: &'static str,
    problem: Problem,
    /// How the record stands that the request concerns, where that is the reason.
    stands: Option<Value>,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let problem = Problem { status, title, detail: detail.into(), retry_after: None };
        Self { code, problem, stands: None }
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.problem.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut json = self.problem.json(PATH);
        json["code"] = self.code.into();
        if let Some(stands) = self.stands {
            json["stands"] = stands;
        }
        let mut response = super::json_response(self.problem.status, "application/problem+json", &json);
        if let Some(seconds) = self.problem.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Enters one record and answers once it is on the disk.
pub(super) async fn enter(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let command = read(&headers, body)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        match submit(&app, &command).await {
            Ok(receipt) => return Ok(entered(&receipt)),
            Err(EnterError::Changed { .. }) if command.is_observation() => {
                if attempts == ATTEMPTS_MAX {
                    let (subject, id) = command.target();
                    let detail = format!("{subject} {id} is being changed by many at once; send the request again");
                    return Err(unavailable("contended", "Changed too often", detail).retry_after(1));
                }
            }
            Err(error) => return Err(refused(&app, &command, error)),
        }
    }
}

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<EntryCommand, Refused> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("a request may have {BODY_BYTES_MAX} bytes; shorten the texts in it"),
        ),
        _ => Refused::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "Cannot be read",
            "the request broke off; send it again",
        ),
    })?;
    if !is_json(headers) {
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "Not JSON",
            "send the header Content-Type: application/json",
        ));
    }
    let key = key(headers)?;
    let bad = |code, why: String| Refused::new(StatusCode::BAD_REQUEST, code, "Cannot be entered", why);
    let sent: Sent<'_> = serde_json::from_slice(&bytes).map_err(|error| {
        bad("unreadable", format!("the request is not {{\"kind\": …, \"body\": …, \"expects\": …}}: {error}"))
    })?;
    EntryCommand::parse(&key, &sent.kind, sent.body.get().as_bytes(), sent.expects)
        .map_err(|fault| bad("not-of-its-kind", fault.to_string()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// The client's name for the command, with or without the quotation marks that the draft of the
/// header's standard asks for (draft-ietf-httpapi-idempotency-key-header, section 2.1).
fn key(headers: &HeaderMap) -> Result<String, Refused> {
    let bad = |code, why: &str| Err(Refused::new(StatusCode::BAD_REQUEST, code, "No usable Idempotency-Key", why));
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return bad(
            "key-missing",
            "give each command a key of its own in the header Idempotency-Key, such as a UUID, and the same key whenever \
             it is sent again: then it is entered once, even if an answer is lost on the way",
        );
    };
    let text = value.to_str().unwrap_or_default();
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let plain = key.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if values.next().is_some() || !plain || !(1..=KEY_CHARS_MAX).contains(&key.len()) {
        return bad(
            "key-unusable",
            "send one Idempotency-Key of 1 to 200 visible ASCII characters, without quotation marks and backslashes in it",
        );
    }
    Ok(key.to_owned())
}

async fn submit(app: &App, command: &EntryCommand) -> Result<Receipt, EnterError> {
    let (sender, answer) = oneshot::channel();
    let stamp = Stamp::new((app.world.clock)(), ROLE, (app.world.entropy)());
    // Who has gone meanwhile does not need the answer, and can ask for it with the same key.
    app.desk.enter(command, &stamp, move |result| drop(sender.send(result)))?;
    answer.await.unwrap_or_else(|_| Err(EnterError::Stopped { why: "the thread that writes has failed".to_owned() }))
}

fn entered(receipt: &Receipt) -> Response {
    let status = if receipt.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let head = json!({ "size": receipt.head.size, "root": receipt.head.root.to_string() });
    let body = json!({ "entry": receipt.first, "first": receipt.first, "head": head, "repeated": receipt.repeated });
    let mut response = super::json_response(status, "application/json", &body);
    let location = HeaderValue::from_str(&format!("/record/{}", receipt.first)).expect("a number");
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn unavailable(code: &'static str, title: &'static str, detail: impl Into<String>) -> Refused {
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail)
}

fn refused(app: &App, command: &EntryCommand, error: EnterError) -> Refused {
    let said = error.to_string();
    match error {
        EnterError::Changed { .. } => {
            let stands = standing(app, command);
            let refused = Refused::new(StatusCode::CONFLICT, "changed", "Changed since it was read", said);
            Refused { stands: Some(stands), ..refused }
        }
        EnterError::Refused(_) => Refused::new(StatusCode::CONFLICT, "refused", "Refused", said),
        EnterError::KeyTaken { .. } => {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "Key used for something else", said)
        }
        EnterError::Overloaded(_) => unavailable("overloaded", "Too much at once", said).retry_after(1),
        EnterError::Busy => unavailable("busy", "Busy", said).retry_after(1),
        EnterError::Full => {
            tracing::error!("{said}");
            Refused::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "Disk full", said)
        }
        EnterError::Stopped { why } => {
            tracing::error!(why, "nothing is written any more");
            unavailable("writing-stopped", "Writing has stopped", said)
        }
        EnterError::Desk(error) => Refused { code: "failed", problem: Problem::from(error), stands: None },
    }
}

/// How the record stands that a command concerns: its entries and its content, or null.
fn standing(app: &App, command: &EntryCommand) -> Value {
    let (subject, id) = command.target();
    match app.desk.standing(subject, id) {
        Ok(Some(standing)) => {
            let body = serde_json::from_slice::<Value>(&standing.body).unwrap_or_default();
            json!({ "entries": standing.entries, "body": body })
        }
        Ok(None) | Err(_) => Value::Null,
    }
}

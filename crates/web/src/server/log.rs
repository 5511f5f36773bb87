//! The record for outsiders: signed heads, tiles and proofs, in the forms of C2SP.

use super::{Answer, App, Ask, answer, bare, file_response};
use crate::problem::Problem;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_desk::{Desk, DeskError, qr_svg};
use serde::Deserialize;

const TEXT: &str = "text/plain; charset=utf-8";

/// A file for outsiders.
struct File {
    media: &'static str,
    name: Option<String>,
    bytes: Vec<u8>,
    immutable: bool,
}

impl File {
    fn text(text: String) -> Self {
        Self { media: TEXT, name: None, bytes: text.into_bytes(), immutable: false }
    }
}

/// Makes a file off the server's own threads. The mission's state is not read for it, as pages do: whoever mirrors the
/// record asks for thousands of tiles.
async fn file(app: App, ask: Ask, make: impl FnOnce(&Desk) -> Result<File, Problem> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(move || make(&app.desk)).await {
        Ok(Ok(File { media, name, bytes, immutable })) => file_response(media, name.as_deref(), bytes, immutable),
        Ok(Err(problem)) => bare(&ask, &problem),
        Err(error) => {
            tracing::error!(%error, path = ask.uri.path(), "a request panicked");
            bare(
                &ask,
                &Problem::broken("the server met an error of its own while answering; the record is not affected"),
            )
        }
    }
}

fn unsigned() -> Problem {
    Problem::not_found("the record of this mission is not signed")
}

/// `/checkpoint` (tlog-tiles): the last signed head, with the cosignatures that are known for it.
pub(super) async fn checkpoint(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    file(app, Ask::new(&uri, &headers), |desk| Ok(File::text(desk.checkpoint()?.ok_or_else(unsigned)?.to_string())))
        .await
}

/// `/key`: the key that signatures are checked with.
pub(super) async fn key(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    file(app, Ask::new(&uri, &headers), |desk| {
        Ok(File::text(format!("{}\n", desk.public_key()?.ok_or_else(unsigned)?)))
    })
    .await
}

/// `/tile/...` (tlog-tiles): hashes and bundles of entries.
pub(super) async fn tile(State(app): State<App>, Path(path): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    file(app, Ask::new(&uri, &headers), move |desk| {
        let missing = || Problem::not_found(&format!("the record has no tile {path:?} yet"));
        let bytes = desk.log_tile(&path)?.ok_or_else(missing)?;
        Ok(File { media: "application/octet-stream", name: None, bytes, immutable: true })
    })
    .await
}

/// Which witness a request is for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RequestQuery {
    witness: String,
}

/// `/record/request`: the request to cosign the last signed head, to be carried to a witness.
pub(super) async fn request(
    State(app): State<App>,
    query: Result<Query<RequestQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    file(app, Ask::new(&uri, &headers), move |desk| {
        Ok(File { name: Some("request.txt".to_owned()), ..File::text(request_text(desk, &query)?) })
    })
    .await
}

/// `/record/request.svg`: the same as a QR code.
pub(super) async fn request_code(
    State(app): State<App>,
    query: Result<Query<RequestQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    file(app, Ask::new(&uri, &headers), move |desk| {
        let drawn = qr_svg(&request_text(desk, &query)?).map_err(|error| Problem::refused(error.to_string()))?;
        Ok(File { media: "image/svg+xml", ..File::text(drawn) })
    })
    .await
}

fn request_text(desk: &Desk, query: &RequestQuery) -> Result<String, Problem> {
    let witness = match query.witness.as_str() {
        "" => None,
        name => Some(desk.witness_named(name).map_err(of_the_sender)?.key),
    };
    Ok(desk.cosign_request(witness.as_ref(), None).map_err(of_the_sender)?.to_string())
}

/// What is missing is what the request should have named.
fn of_the_sender(error: DeskError) -> Problem {
    match error {
        DeskError::Missing(why) => Problem::bad_request(why),
        other => other.into(),
    }
}

/// What a witness has answered, as it was carried back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CarriedBack {
    answer: String,
}

/// Keeps a witness's answer. A browser sends lines of a form with CR LF; notes have LF alone.
pub(super) async fn keep_answer(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<CarriedBack>, FormRejection>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(form) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let text = form.answer.replace("\r\n", "\n");
        let text = format!("{}\n", text.trim());
        work.app.desk.keep_answer(text.as_bytes()).map_err(of_the_sender)?;
        Ok(Answer::SeeOther("/record#outsiders".to_owned()))
    })
    .await
}

/// What the address of a proof may carry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProofQuery {
    body: String,
}

/// `/record/{ix}/proof`: the proof as a file (tlog-proof), with what the entry said unless `body=no`.
pub(super) async fn proof(
    State(app): State<App>,
    Path(ix): Path<String>,
    query: Result<Query<ProofQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    file(app, Ask::new(&uri, &headers), move |desk| {
        let missing = || Problem::not_found(&format!("no entry {ix} is in the record that can be proven"));
        let number: u64 = ix.parse().map_err(|_| missing())?;
        let proof = desk.proof_file(number, query.body != "no")?.ok_or_else(missing)?;
        Ok(File { name: Some(format!("entry-{number}.tlog-proof")), ..File::text(proof.to_string()) })
    })
    .await
}

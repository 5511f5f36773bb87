//! The record for outsiders: signed heads, tiles and proofs, in the forms of C2SP.

use super::{Answer, App, Ask, answer};
use crate::problem::Problem;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Deserialize;

const TEXT: &str = "text/plain; charset=utf-8";

/// `/checkpoint` (tlog-tiles): the last signed head, with the cosignatures that are known for it.
pub(super) async fn checkpoint(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let missing = || Problem::not_found("the record of this mission is not signed");
        let checkpoint = work.app.desk.checkpoint()?.ok_or_else(missing)?;
        Ok(Answer::File { media: TEXT, name: None, bytes: checkpoint.to_string().into_bytes(), immutable: false })
    })
    .await
}

/// `/key`: the key that signatures are checked with.
pub(super) async fn key(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let missing = || Problem::not_found("the record of this mission is not signed");
        let key = work.app.desk.public_key()?.ok_or_else(missing)?;
        Ok(Answer::File { media: TEXT, name: None, bytes: format!("{key}\n").into_bytes(), immutable: false })
    })
    .await
}

/// `/tile/...` (tlog-tiles): hashes and bundles of entries.
pub(super) async fn tile(State(app): State<App>, Path(path): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let missing = || Problem::not_found(&format!("the record has no tile {path:?} yet"));
        let bytes = work.app.desk.log_tile(&path)?.ok_or_else(missing)?;
        Ok(Answer::File { media: "application/octet-stream", name: None, bytes, immutable: true })
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
    answer(app, Ask::new(&uri, &headers), move |work| {
        let missing = || Problem::not_found(&format!("no entry {ix} is in the record that can be proven"));
        let number: u64 = ix.parse().map_err(|_| missing())?;
        let proof = work.app.desk.proof_file(number, query.body != "no")?.ok_or_else(missing)?;
        let name = format!("entry-{number}.tlog-proof");
        Ok(Answer::File { media: TEXT, name: Some(name), bytes: proof.to_string().into_bytes(), immutable: false })
    })
    .await
}

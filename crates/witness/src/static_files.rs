//! A mirror over HTTP: the files of tlog-tiles, and nothing else of the directory.

use crate::files::read_within;
use crate::tiles::local_path;
use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use konbit_record::{ENTRY_BYTES_MAX, NOTE_BYTES_MAX, SignedCheckpoint, TILE_WIDTH, Tile};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest file that is served, in bytes.
const FILE_BYTES_MAX: usize = TILE_WIDTH as usize * (ENTRY_BYTES_MAX + 2);

const TEXT: &str = "text/plain; charset=utf-8";

/// The routes of a mirror in `dir`. A copy may go on while they are served.
pub fn mirror_router(dir: PathBuf) -> Router {
    Router::new()
        .route("/", get(glance))
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*rest}", get(tile))
        .fallback(|| async { nothing() })
        .with_state(Arc::new(dir))
}

async fn glance(State(dir): State<Arc<PathBuf>>) -> Response {
    let found =
        read(dir.join("checkpoint"), NOTE_BYTES_MAX).await.and_then(|bytes| SignedCheckpoint::parse(&bytes).ok());
    let text = found.map_or_else(
        || "a mirror that has copied nothing yet\n".to_owned(),
        |checkpoint| {
            let size = checkpoint.head().size;
            format!("a mirror of {}, {size} entries\n\n/checkpoint\n/tile/...\n", checkpoint.checkpoint().origin())
        },
    );
    answer(TEXT, "no-cache", text.into_bytes())
}

async fn checkpoint(State(dir): State<Arc<PathBuf>>) -> Response {
    match read(dir.join("checkpoint"), NOTE_BYTES_MAX).await {
        Some(bytes) => answer(TEXT, "no-cache", bytes),
        None => nothing(),
    }
}

async fn tile(State(dir): State<Arc<PathBuf>>, UrlPath(rest): UrlPath<String>) -> Response {
    // Only the paths of the specification are looked for, so none leads out of the directory.
    let Some(tile) = Tile::parse(&format!("tile/{rest}")) else { return nothing() };
    match read(local_path(Path::new(dir.as_path()), tile), FILE_BYTES_MAX).await {
        Some(bytes) => answer("application/octet-stream", "public, max-age=31536000, immutable", bytes),
        None => nothing(),
    }
}

async fn read(path: PathBuf, limit: usize) -> Option<Vec<u8>> {
    let read = tokio::task::spawn_blocking(move || {
        read_within(&path, limit).inspect_err(|error| tracing::error!(%error, path = %path.display(), "cannot be read"))
    });
    read.await.ok()?.ok()?
}

fn answer(media: &'static str, caching: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, TEXT)], "this mirror has no such file\n").into_response()
}

//! An HTTP server with a limit on everything that a stranger can hold on to: connections, the time for a request's
//! head, the time for an answer.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// The most connections at once; more wait.
const CONNECTIONS_MAX: usize = 128;
/// The time for the head of a request, and for which a connection may lie idle.
const HEAD_SECONDS_MAX: u64 = 10;
/// The longest life of a connection, which bounds slow readers.
const CONNECTION_SECONDS_MAX: u64 = 600;
/// How long answers under way are waited for at the end.
const STOP_SECONDS_MAX: u64 = 10;
/// The largest head of a request, in bytes; no request here needs more than a line or two.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Serves until `shutdown` resolves; answers under way are finished, for at most ten seconds.
///
/// # Errors
/// None at present: a connection that cannot be accepted is passed over, as too many open files are no reason to end.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .max_buf_size(HEAD_BYTES_MAX);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // That a stranger breaks a connection off is no news.
            let _ = timeout(Duration::from_secs(CONNECTION_SECONDS_MAX), connection).await;
            drop(permit);
        });
    }
    drop(listener);
    let _ = timeout(Duration::from_secs(STOP_SECONDS_MAX), connections.shutdown()).await;
    Ok(())
}

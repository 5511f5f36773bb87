//! Serving the pages, and the demo.

use crate::cosigning::Cosigner;
use crate::verifying::Verifier;
use crate::{Ended, commands, output};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use konbit_desk::Watch;
use konbit_desk::{Desk, DeskError, PlanRequest, Stamp};
use konbit_web::World;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Example that the demo shows.
const DEMO_EXAMPLE: &str = "haiti-2023";
/// Role under which the demo's own acts stand in the record.
const DEMO_ROLE: &str = "demo";

/// What goes on beside serving the pages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// Seconds between two rounds of asking witnesses; 0 asks none.
    pub cosign_seconds: u32,
    /// Hours between two verifications; 0 runs none.
    pub verify_hours: u32,
}

/// Serves a mission directory until it is told to stop.
pub fn serve(dir: &Path, listen: Option<&str>, beside: Beside) -> Result<Ended> {
    let desk = Desk::open(dir)?;
    let listen = listen.map_or_else(|| desk.config().listen.clone(), str::to_owned);
    run(desk, &listen, beside)
}

/// Makes a mission directory from the worked example, plans for it, and serves it.
pub fn demo(dir: Option<&Path>, listen: &str, no_serve: bool) -> Result<Ended> {
    let example = konbit_desk::example(DEMO_EXAMPLE).map_err(anyhow::Error::msg)?;
    let kept;
    let path = if let Some(dir) = dir {
        // Another edition of the example gets another directory, so that none is overwritten.
        dir.join(example.digest().short())
    } else {
        kept =
            tempfile::Builder::new().prefix("konbit-demo-").tempdir().context("cannot make a temporary directory")?;
        kept.path().join("mission")
    };
    let desk = match Desk::open(&path) {
        Ok(desk) if desk.snapshot()?.mission.declared().is_some() => desk,
        // A demo that runs is not to be taken from under whoever looks at it.
        Err(error @ DeskError::InUse(_)) => return Err(error.into()),
        _ => fill(&path, example)?,
    };
    if desk.snapshot()?.mission.plan_in_force().is_none() {
        plan(&desk)?;
    }
    if no_serve {
        desk.close()?;
        output::text(&path.display().to_string())?;
        return Ok(Ended::Well);
    }
    run(desk, listen, Beside::default())
}

/// Makes the mission directory; what an interrupted attempt left behind is made anew.
fn fill(path: &Path, example: &konbit_desk::Example) -> Result<Desk> {
    let spinner = output::spinner("importing the example");
    if path.exists() {
        std::fs::remove_dir_all(path).with_context(|| format!("cannot remove the unfinished {}", path.display()))?;
    }
    let desk = commands::init_example(path, example, &stamp())?;
    spinner.finish_and_clear();
    Ok(desk)
}

fn plan(desk: &Desk) -> Result<()> {
    let spinner = output::spinner("planning");
    let moment = desk.moment(&desk.snapshot()?.mission, Timestamp::now());
    let started = Instant::now();
    let mut document = desk.plan(&PlanRequest::at(moment), &Watch::none())?;
    document.seconds = started.elapsed().as_secs_f64();
    desk.adopt(
        &document,
        "Illustration for the demo: computed from public facts, not the plan of any force.",
        moment,
        &stamp(),
    )?;
    spinner.finish_and_clear();
    Ok(())
}

/// The clock and the entropy that pages use.
const WORLD: World = World { clock: Timestamp::now, entropy: commands::entropy };

fn stamp() -> Stamp {
    commands::stamp(DEMO_ROLE)
}

fn run(desk: Desk, address: &str, beside: Beside) -> Result<Ended> {
    let desk = Arc::new(desk);
    let cosign_every = Duration::from_secs(beside.cosign_seconds.into());
    let cosigner = (!cosign_every.is_zero()).then(|| Cosigner::start(&desk, cosign_every)).transpose();
    let cosigner = cosigner.context("cannot start the thread that asks witnesses")?;
    let verify_every = Duration::from_secs(u64::from(beside.verify_hours) * 3_600);
    let verifier = (!verify_every.is_zero()).then(|| Verifier::start(&desk, verify_every)).transpose();
    let verifier = verifier.context("cannot start the thread that verifies the record")?;
    thread::scope(|scope| {
        // The base map is drawn before the first page asks for a piece of it. What fails, that page says.
        scope.spawn(|| desk.snapshot().and_then(|snapshot| desk.ground(&snapshot.mission)));
        listen(address, |listener, stop| konbit_web::serve(listener, Arc::clone(&desk), WORLD, stop))
    })?;
    // Before the desk is closed: a file that nobody else reads can be sealed.
    cosigner.into_iter().for_each(Cosigner::stop);
    verifier.into_iter().for_each(Verifier::stop);
    if let Some(desk) = Arc::into_inner(desk) {
        desk.close()?;
    }
    Ok(Ended::Well)
}

/// Listens on `address`, prints where, and serves until told to stop.
pub fn listen<Serving: Future<Output = std::io::Result<()>>>(
    address: &str,
    serve: impl FnOnce(TcpListener, Pin<Box<dyn Future<Output = ()> + Send>>) -> Serving,
) -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .init();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; choose another address"))?;
        output::text(&format!("http://{}/", listener.local_addr()?))?;
        serve(listener, Box::pin(told_to_stop())).await.context("the server stopped")
    })
}

/// Resolves when the user presses Ctrl-C or the system asks the program to end.
async fn told_to_stop() {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

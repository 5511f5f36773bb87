//! Verifying the record in the background while a mission is served.
//!
//! `konbit verify` runs as a process of its own: it reads the file as any outsider would, it can be ended at once when
//! the server is told to stop, and whatever goes wrong in it does not touch the server.

use jiff::Timestamp;
use konbit_desk::{Desk, Verified, VerifyReport};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long after the start the first one begins: whoever opens the pages comes first.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// The largest report that is read, bytes.
const REPORT_BYTES_MAX: u64 = 1 << 20;

/// Verifies again and again.
pub struct Verifier {
    stop: Sender<()>,
    running: Arc<Mutex<Option<Child>>>,
    thread: JoinHandle<()>,
}

impl Verifier {
    /// Starts it; `every` is how long it rests between two verifications.
    pub fn start(desk: &Arc<Desk>, every: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let running = Arc::new(Mutex::new(None));
        let program = std::env::current_exe()?;
        let work = Work {
            program,
            dir: desk.dir().path().to_owned(),
            desk: Arc::downgrade(desk),
            running: Arc::clone(&running),
        };
        let thread = thread::Builder::new().name("verifying".to_owned()).spawn(move || work.run(&stopped, every))?;
        Ok(Self { stop, running, thread })
    }

    /// Ends a verification that runs, and waits until its process is gone, so that nobody reads the file any more.
    pub fn stop(self) {
        drop(self.stop);
        if let Some(child) = &mut *held(&self.running) {
            // It may have ended by itself.
            let _ = child.kill();
        }
        // Our own thread does not panic; if it did, it holds nothing.
        let _ = self.thread.join();
    }
}

fn held(running: &Mutex<Option<Child>>) -> std::sync::MutexGuard<'_, Option<Child>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Work {
    program: PathBuf,
    dir: PathBuf,
    desk: Weak<Desk>,
    running: Arc<Mutex<Option<Child>>>,
}

impl Work {
    fn run(&self, stopped: &Receiver<()>, every: Duration) {
        let mut rest = FIRST_AFTER;
        while stopped.recv_timeout(rest) == Err(RecvTimeoutError::Timeout) {
            let report = self.verify(stopped);
            if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                return;
            }
            match &report {
                Ok(report) if report.ok => tracing::info!(entries = report.entries, "the record holds"),
                Ok(report) => {
                    for problem in &report.problems {
                        tracing::error!("the record does not hold: {}", problem.sentence);
                    }
                }
                Err(why) => tracing::error!("the record cannot be verified: {why}"),
            }
            let Some(desk) = self.desk.upgrade() else { return };
            desk.note_verified(Verified { at: Timestamp::now(), report: report.ok().map(Arc::new) });
            rest = every;
        }
    }

    fn verify(&self, stopped: &Receiver<()>) -> Result<VerifyReport, String> {
        let mut child = start(&self.program, &self.dir).map_err(|error| error.to_string())?;
        let output = child.stdout.take().expect("it is piped");
        *held(&self.running) = Some(child);
        // Whoever stopped us just before has not seen the child.
        if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected)
            && let Some(child) = &mut *held(&self.running)
        {
            let _ = child.kill();
        }
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::Read::take(output, REPORT_BYTES_MAX), &mut text);
        let ended = held(&self.running).take().map(|mut child| child.wait());
        read.map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|_| match ended {
            Some(Ok(status)) => format!("konbit verify ended with {status}"),
            Some(Err(error)) => error.to_string(),
            None => "konbit verify was not waited for".to_owned(),
        })
    }
}

fn start(program: &Path, dir: &Path) -> std::io::Result<Child> {
    Command::new(program)
        .arg("verify")
        .arg(dir)
        .args(["--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

//! Asking witnesses over HTTP to cosign the last signed head: once, and regularly while a mission is served.

use anyhow::Result;
use jiff::Timestamp;
use konbit_desk::{Desk, DeskError};
use konbit_record::PolicyWitness;
use konbit_witness::{Answer, add_checkpoint};
use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A cosignature older than this is renewed although the record has not grown: an hour.
const FRESH_SECONDS: u64 = 3_600;

/// The most witnesses that are asked at the same time.
const TOGETHER_MAX: usize = 16;

/// What came of asking one witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It cosigned a head of so many entries, and that is kept.
    Cosigned(u64),
    /// It did not; why, and what to do.
    Not(String),
}

/// A desk that is used for a moment at a time, so that it can be taken away and closed whatever a witness does.
type Shared = Mutex<Option<Arc<Desk>>>;

/// Does something with the desk; `None` if it was taken away.
fn with<T>(shared: &Shared, work: impl FnOnce(&Desk) -> Result<T, DeskError>) -> Option<Result<T, DeskError>> {
    let held = shared.lock().unwrap_or_else(PoisonError::into_inner);
    held.as_deref().map(work)
}

/// Asks one witness and keeps its cosignature. `None` if the desk was taken away meanwhile.
fn ask(shared: &Shared, witness: &PolicyWitness) -> Option<Asked> {
    let Some(url) = witness.url.as_deref() else {
        return Some(Asked::Not("it has no address in the policy: carry a request there by hand".to_owned()));
    };
    let mut old_size = None;
    // A second time where the witness says that it has cosigned another size than was known here.
    for _ in 0..2 {
        let request = match with(shared, |desk| desk.cosign_request(Some(&witness.key), old_size))? {
            Ok(request) => request,
            Err(error) => return Some(Asked::Not(error.to_string())),
        };
        match add_checkpoint(url, &request) {
            Ok(Answer::Cosigned { lines }) => {
                let kept = with(shared, |desk| desk.keep_cosignature(&request, &lines))?;
                return Some(
                    kept.map_or_else(|error| Asked::Not(error.to_string()), |(_, size)| Asked::Cosigned(size)),
                );
            }
            Ok(Answer::Conflict { latest }) => old_size = Some(latest),
            Ok(Answer::Refused { status, reason }) => {
                return Some(Asked::Not(format!("it refused with status {status}: {reason}")));
            }
            Err(error) => return Some(Asked::Not(error.to_string())),
        }
    }
    Some(Asked::Not("it names another size each time; others may be asking it as well: ask again".to_owned()))
}

/// Asks all of `witnesses`, some of them at a time, and gives what came of it, in their order.
fn ask_all(shared: &Shared, witnesses: &[PolicyWitness]) -> Vec<(String, Asked)> {
    let mut all = Vec::new();
    for together in witnesses.chunks(TOGETHER_MAX) {
        let asked: Vec<Option<Asked>> = thread::scope(|scope| {
            let threads: Vec<_> = together.iter().map(|witness| scope.spawn(move || ask(shared, witness))).collect();
            threads.into_iter().map(|thread| thread.join().expect("asking does not panic")).collect()
        });
        let names = together.iter().map(|witness| String::from_utf8_lossy(&witness.name).into_owned());
        all.extend(names.zip(asked).filter_map(|(name, asked)| Some((name, asked?))));
    }
    all
}

/// Asks `witnesses` once.
pub fn ask_once(desk: Desk, witnesses: &[PolicyWitness]) -> Result<Vec<(String, Asked)>> {
    let shared = Mutex::new(Some(Arc::new(desk)));
    let asked = ask_all(&shared, witnesses);
    if let Some(desk) = shared.into_inner().unwrap_or_else(PoisonError::into_inner).and_then(Arc::into_inner) {
        desk.close()?;
    }
    Ok(asked)
}

/// Asks those witnesses, again and again, that have not cosigned the newest head or whose cosignature has aged.
pub struct Cosigner {
    shared: Arc<Shared>,
    stop: Sender<()>,
    // Not joined: it may be waiting for a witness, and holds nothing of the desk while it does.
    _thread: JoinHandle<()>,
}

impl Cosigner {
    /// Starts it; `every` is how long it rests between two rounds.
    pub fn start(desk: &Arc<Desk>, every: Duration) -> std::io::Result<Self> {
        let shared: Arc<Shared> = Arc::new(Mutex::new(Some(Arc::clone(desk))));
        let (stop, stopped) = channel();
        let seen = Arc::clone(&shared);
        let thread = thread::Builder::new().name("cosigning".to_owned()).spawn(move || {
            let mut told = BTreeMap::new();
            while round(&seen, &mut told) && stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {}
        })?;
        Ok(Self { shared, stop, _thread: thread })
    }

    /// Takes the desk away from it. What a witness answers from now on is not kept; it can be asked for again.
    pub fn stop(self) {
        drop(self.shared.lock().unwrap_or_else(PoisonError::into_inner).take());
        // The thread may have ended by itself.
        let _ = self.stop.send(());
    }
}

/// One round; whether there is still a desk. What a witness says is logged when it is not what it said before, so that
/// one that is away for a week is one line.
fn round(shared: &Shared, told: &mut BTreeMap<String, String>) -> bool {
    let due = match with(shared, |desk| desk.witnesses_to_ask(Timestamp::now(), FRESH_SECONDS)) {
        None => return false,
        Some(Ok(due)) => due,
        Some(Err(error)) => {
            tracing::error!(%error, "no witness can be asked");
            return true;
        }
    };
    for (name, asked) in ask_all(shared, &due) {
        let said = match &asked {
            Asked::Cosigned(_) => String::new(),
            Asked::Not(why) => why.clone(),
        };
        if told.get(&name).is_none_or(|before| *before != said) {
            match &asked {
                Asked::Cosigned(size) => tracing::info!(witness = name, size, "cosigned"),
                Asked::Not(why) => tracing::warn!(witness = name, "not cosigned: {why}"),
            }
            told.insert(name, said);
        }
    }
    true
}

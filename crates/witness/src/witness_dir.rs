//! A witness in a directory: its key, the logs that it knows, what it cosigned last, and evidence.
//!
//! ```text
//! DIR/witness.toml          the logs, and where to listen
//! DIR/witness.key           the private key, readable by its owner only
//! DIR/logs/<digest>         for each log, the head cosigned last; named by the digest of the log's origin
//! DIR/evidence/             heads that do not fit together
//! DIR/lock                  held while a process works here
//! ```
//!
//! A directory must never be put back from a backup: what was cosigned since would be forgotten, and two histories
//! could both be cosigned. Whoever has lost a witness makes a new one, with a new key.

use crate::error::WitnessError;
use crate::evidence::{self, Evidence, EvidenceKind, Piece};
use crate::files::{Lock, read_within, replace, write_private};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{
    AddCheckpoint, CarriedAnswer, Cosigned, Hash, NOTE_BYTES_MAX, SignatureType, SignedCheckpoint, SignerKey,
    VerifierKey, Witness, WitnessRefusal, WitnessState,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use thiserror::Error;

/// The longest list of logs that is read, in bytes.
const CONFIG_BYTES_MAX: usize = 1 << 20;
/// The longest key file that is read, in bytes.
const KEY_BYTES_MAX: usize = 4096;
/// The most logs that a witness knows.
const LOGS_MAX: usize = 1000;

const CONFIG: &str = "witness.toml";
const KEY: &str = "witness.key";

/// Where a witness listens unless told otherwise: this machine only, for a web server with TLS before it.
const LISTEN: &str = "127.0.0.1:7380";

/// `witness.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    listen: Option<String>,
    #[serde(default)]
    log: Vec<LogLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogLine {
    vkey: String,
}

/// Why a request was not cosigned.
#[derive(Debug, Error)]
pub enum NotCosigned {
    /// The witness says no; HTTP status 400 to 499.
    #[error(transparent)]
    Refused(#[from] WitnessRefusal),
    /// The witness cannot: a write failed, now or earlier, or the clock is wrong; HTTP status 500.
    #[error("{0}")]
    Broken(String),
}

/// A log, as a reader is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogView {
    /// Its origin.
    pub origin: String,
    /// The digest of its origin, by which its last cosigned head is asked for.
    pub id: String,
    /// The keys known for it.
    pub keys: Vec<VerifierKey>,
    /// The head cosigned last, with the log's signature and the witness's, and when that was, in seconds since 1970.
    pub latest: Option<(SignedCheckpoint, u64)>,
    /// Why nothing is cosigned for it at present.
    pub stopped: Option<String>,
}

/// A log that the witness knows.
#[derive(Debug)]
struct Log {
    keys: Vec<VerifierKey>,
    path: PathBuf,
    /// Invariant: held from reading the state to having stored the next.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Of this log only.
    state: WitnessState,
    /// Set for good once a write failed: what is on the disk is then unknown.
    stopped: Option<String>,
}

/// A witness, with the right to work in its directory.
#[derive(Debug)]
pub struct WitnessDir {
    dir: PathBuf,
    witness: Witness,
    logs: BTreeMap<String, Log>,
    listen: String,
    /// Held while evidence is written: several logs have one folder for it.
    keeping: Mutex<()>,
    _lock: Lock,
}

impl WitnessDir {
    /// Makes the directory of a new witness called `name`, a name as in a URL without its scheme, such as
    /// `witness.example/w1`. `entropy` comes from the operating system's generator and is used for nothing else. Gives
    /// the public key, for those who are to trust the witness.
    ///
    /// # Errors
    /// [`WitnessError::Exists`], [`WitnessError::Key`] if the name cannot be one, [`WitnessError::Io`].
    pub fn init(dir: &Path, name: &str, entropy: &[u8; 32]) -> Result<VerifierKey, WitnessError> {
        let key_path = dir.join(KEY);
        let key = SignerKey::generate(name, SignatureType::CosignatureV1, entropy)
            .map_err(|why| WitnessError::Key { path: key_path.clone(), why })?;
        fs::create_dir_all(dir).map_err(WitnessError::io("make", dir))?;
        let _lock = Lock::take(dir).map_err(|error| WitnessError::lock(dir, error))?;
        if key_path.exists() || dir.join(CONFIG).exists() {
            return Err(WitnessError::Exists(dir.to_owned()));
        }
        let logs = dir.join("logs");
        fs::create_dir_all(&logs).map_err(WitnessError::io("make", &logs))?;
        write_private(&key_path, format!("{}\n", key.reveal()).as_bytes())
            .map_err(WitnessError::io("write", &key_path))?;
        let config = dir.join(CONFIG);
        let text = format!(
            "# Witness {}\n# Add a log with: konbit witness add-log DIR VKEY\n\nlisten = \"{LISTEN}\"\n",
            key.verifier()
        );
        replace(&config, text.as_bytes()).map_err(WitnessError::io("write", &config))?;
        Ok(key.verifier().clone())
    }

    /// Makes a log known whose public key is `vkey`; its origin is the name of the key. Whether it was new.
    ///
    /// # Errors
    /// [`WitnessError`]; [`WitnessError::Key`] if it is not the key of a log.
    pub fn add_log(dir: &Path, vkey: &str) -> Result<(VerifierKey, bool), WitnessError> {
        let witness = Self::open(dir)?;
        let path = witness.dir.join(CONFIG);
        let key = read_log_key(&path, vkey)?;
        if witness.logs.get(key.name()).is_some_and(|log| log.keys.contains(&key)) {
            return Ok((key, false));
        }
        let config = |why: String| WitnessError::Config { path: path.clone(), why };
        if witness.logs.len() >= LOGS_MAX {
            return Err(config(format!("it has {LOGS_MAX} logs already")));
        }
        let bytes = read_within(&path, CONFIG_BYTES_MAX).map_err(WitnessError::io("read", &path))?.unwrap_or_default();
        let text = String::from_utf8(bytes).map_err(|error| config(error.to_string()))?;
        // Base64 and the names of keys hold no quotation mark or backslash that would end the string; checked all the
        // same, as a name may hold any printable character.
        let quoted = toml::Value::String(key.to_string());
        let text = format!("{}\n\n[[log]]\nvkey = {quoted}\n", text.trim_end());
        parse_config(&path, text.as_bytes())?;
        replace(&path, text.as_bytes()).map_err(WitnessError::io("write", &path))?;
        Ok((key, true))
    }

    /// Opens the directory of a witness and keeps all others out of it.
    ///
    /// # Errors
    /// [`WitnessError`]; [`WitnessError::State`] if a stored head is not one that this witness cosigned.
    pub fn open(dir: &Path) -> Result<Self, WitnessError> {
        let (config_path, key_path) = (dir.join(CONFIG), dir.join(KEY));
        if !config_path.exists() || !key_path.exists() {
            return Err(WitnessError::None(dir.to_owned()));
        }
        let lock = Lock::take(dir).map_err(|error| WitnessError::lock(dir, error))?;
        let bytes = read_within(&key_path, KEY_BYTES_MAX).map_err(WitnessError::io("read", &key_path))?;
        let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
        let bad_key = |why| WitnessError::Key { path: key_path.clone(), why };
        let mut witness = SignerKey::parse(text.trim()).and_then(Witness::new).map_err(bad_key)?;

        let bytes = read_within(&config_path, CONFIG_BYTES_MAX).map_err(WitnessError::io("read", &config_path))?;
        let config = parse_config(&config_path, &bytes.unwrap_or_default())?;
        let mut logs: BTreeMap<String, Log> = BTreeMap::new();
        for line in &config.log {
            let key = read_log_key(&config_path, &line.vkey)?;
            let origin = key.name().to_owned();
            witness.trust(&origin, key.clone()).map_err(|why| WitnessError::Key { path: config_path.clone(), why })?;
            let known = match logs.remove(&origin) {
                Some(log) => log,
                None => Log::open(dir, &origin, witness.verifier())?,
            };
            logs.insert(origin, known.with(key));
        }
        let listen = config.listen.unwrap_or_else(|| LISTEN.to_owned());
        Ok(Self { dir: dir.to_owned(), witness, logs, listen, keeping: Mutex::new(()), _lock: lock })
    }

    /// The public key.
    pub fn verifier(&self) -> &VerifierKey {
        self.witness.verifier()
    }

    /// The address to listen on.
    pub fn listen(&self) -> &str {
        &self.listen
    }

    /// Answers a request, the body that tlog-witness defines, at `now`. Waits while another request for the same log
    /// is answered. Once this gives a cosignature, the head it is for is on the disk.
    ///
    /// # Errors
    /// [`NotCosigned`].
    pub fn answer(&self, body: &[u8], now: Timestamp) -> Result<Cosigned, NotCosigned> {
        let request = AddCheckpoint::parse(body).map_err(WitnessRefusal::from)?;
        let origin = request.checkpoint.checkpoint().origin();
        let log = self.logs.get(origin).ok_or_else(|| WitnessRefusal::UnknownLog(origin.to_owned()))?;
        let seconds = u64::try_from(now.as_second()).ok().filter(|seconds| *seconds > 0);
        let seconds = seconds.ok_or_else(|| {
            NotCosigned::Broken(
                "the clock of this witness is set before 1970: set it, as cosignatures are dated".to_owned(),
            )
        })?;
        let mut held = log.held.lock().map_err(|_| NotCosigned::Broken(stopped("an error of the program")))?;
        if let Some(why) = &held.stopped {
            return Err(NotCosigned::Broken(why.clone()));
        }
        match self.witness.add_checkpoint(&held.state, body, seconds) {
            Ok(cosigned) => {
                if let Err(error) = replace(&log.path, cosigned.store.to_string().as_bytes()) {
                    let why = stopped(&format!("cannot write {}: {error}", log.path.display()));
                    held.stopped = Some(why.clone());
                    return Err(NotCosigned::Broken(why));
                }
                held.state.set(cosigned.store.clone());
                Ok(cosigned)
            }
            Err(refusal) => {
                self.keep_evidence(log, held.state.latest(origin), &request, &refusal, now);
                Err(refusal.into())
            }
        }
    }

    /// Answers a request that was carried here. The same as [`WitnessDir::answer`], but that a head which was cosigned
    /// last is cosigned again, whatever old size the request has: by hand it comes a second time when the first answer
    /// was lost on the way.
    ///
    /// # Errors
    /// [`NotCosigned::Broken`] only; a refusal is an answer.
    pub fn answer_carried(&self, request: &[u8], now: Timestamp) -> Result<CarriedAnswer, NotCosigned> {
        let mut result = self.answer(request, now);
        if let (Err(NotCosigned::Refused(WitnessRefusal::Conflict { latest })), Ok(asked)) =
            (&result, AddCheckpoint::parse(request))
            && *latest == asked.checkpoint.head().size
        {
            // Answered anew in full: if the root is another one, that is what it says.
            let again = AddCheckpoint { old_size: *latest, proof: Vec::new(), ..asked };
            result = self.answer(again.to_string().as_bytes(), now);
        }
        match result {
            Ok(cosigned) => Ok(CarriedAnswer::of(&Ok(cosigned))),
            Err(NotCosigned::Refused(refusal)) => Ok(CarriedAnswer::of(&Err(refusal))),
            Err(broken) => Err(broken),
        }
    }

    fn keep_evidence(
        &self,
        log: &Log,
        latest: Option<&SignedCheckpoint>,
        request: &AddCheckpoint,
        refusal: &WitnessRefusal,
        now: Timestamp,
    ) {
        let Some(kind) = kind_of(refusal, latest, request) else { return };
        // A signature of the log alone: other lines could be anything, and make many pieces out of one.
        let Some(second) = log.keys.iter().find_map(|key| request.checkpoint.only_by(key).ok()) else { return };
        let proof: &[Hash] = if kind == EvidenceKind::Unproven { &request.proof } else { &[] };
        let piece = Piece { kind, first: latest, second: &second, proof, seen: &now.to_string() };
        let _one_at_a_time = self.keeping.lock();
        match piece.keep(&self.dir) {
            Ok(Some(folder)) => {
                tracing::warn!(folder = %folder.display(), "kept evidence: {}", kind.meaning());
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "evidence against {} cannot be kept", second.checkpoint().origin()),
        }
    }

    /// The logs, by origin.
    pub fn logs(&self) -> Vec<LogView> {
        self.logs.iter().map(|(origin, log)| log.view(origin, self.verifier())).collect()
    }

    /// The evidence that is kept.
    ///
    /// # Errors
    /// What the system said.
    pub fn evidence(&self) -> std::io::Result<Vec<Evidence>> {
        evidence::list(&self.dir)
    }

    /// A file of a piece of evidence; `None` if there is none such.
    ///
    /// # Errors
    /// What the system said.
    pub fn evidence_file(&self, name: &str, file: &str) -> std::io::Result<Option<Vec<u8>>> {
        evidence::file(&self.dir, name, file)
    }
}

impl Log {
    fn open(dir: &Path, origin: &str, own: &VerifierKey) -> Result<Self, WitnessError> {
        let path = dir.join("logs").join(log_id(origin));
        let bad = |why: String| WitnessError::State { path: path.clone(), why };
        let mut held = Held::default();
        if let Some(bytes) = read_within(&path, NOTE_BYTES_MAX).map_err(WitnessError::io("read", &path))? {
            let stored = SignedCheckpoint::parse(&bytes).map_err(|error| bad(error.to_string()))?;
            stored.verify([own]).map_err(|error| bad(error.to_string()))?;
            if stored.checkpoint().origin() != origin {
                return Err(bad(format!("it is of the log {}", stored.checkpoint().origin())));
            }
            held.state.set(stored);
        }
        Ok(Self { keys: Vec::new(), path, held: Mutex::new(held) })
    }

    fn with(mut self, key: VerifierKey) -> Self {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        self
    }

    fn view(&self, origin: &str, own: &VerifierKey) -> LogView {
        // A request that panicked has left the state as it was before.
        let held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let latest = held.state.latest(origin).map(|stored| {
            let time = stored.verify([own]).ok().and_then(|by| by.iter().filter_map(|by| by.time).max());
            (stored.clone(), time.unwrap_or_default())
        });
        LogView {
            origin: origin.to_owned(),
            id: log_id(origin),
            keys: self.keys.clone(),
            latest,
            stopped: held.stopped.clone(),
        }
    }
}

/// What a refusal is evidence of. A head of the size cosigned last with another root is one also where the request
/// named another size, which is why it was refused.
fn kind_of(
    refusal: &WitnessRefusal,
    latest: Option<&SignedCheckpoint>,
    request: &AddCheckpoint,
) -> Option<EvidenceKind> {
    let next = request.checkpoint.head();
    let other_root =
        latest.map(SignedCheckpoint::head).is_some_and(|old| old.size == next.size && old.root != next.root);
    match refusal {
        WitnessRefusal::Forked { .. } => Some(EvidenceKind::TwoRoots),
        WitnessRefusal::Conflict { .. } if other_root => Some(EvidenceKind::TwoRoots),
        WitnessRefusal::Inconsistent { .. } if !next.is_possible() => Some(EvidenceKind::Impossible),
        WitnessRefusal::Inconsistent { .. } => Some(EvidenceKind::Unproven),
        _ => None,
    }
}

fn stopped(why: &str) -> String {
    format!("this witness has stopped cosigning this log: {why}. Whoever runs it has to start it again")
}

/// The digest by which the head of a log is stored and asked for.
fn log_id(origin: &str) -> String {
    Digest::of(origin.as_bytes()).to_string()
}

fn parse_config(path: &Path, bytes: &[u8]) -> Result<Config, WitnessError> {
    let bad = |why: String| WitnessError::Config { path: path.to_owned(), why };
    let text = std::str::from_utf8(bytes).map_err(|error| bad(error.to_string()))?;
    let config: Config = toml::from_str(text).map_err(|error| bad(error.to_string().trim_end().replace('\n', " ")))?;
    if config.log.len() > LOGS_MAX {
        return Err(bad(format!("it has more than {LOGS_MAX} logs")));
    }
    Ok(config)
}

fn read_log_key(path: &Path, vkey: &str) -> Result<VerifierKey, WitnessError> {
    let bad = |why| WitnessError::Key { path: path.to_owned(), why };
    let key = VerifierKey::parse(vkey.trim()).map_err(bad)?;
    if key.kind() == SignatureType::Ed25519 {
        Ok(key)
    } else {
        Err(bad(konbit_record::KeyError::Use { name: key.name().to_owned() }))
    }
}

#[cfg(test)]
mod tests;

//! A log in memory, servers that stop by themselves, and requests as a stranger sends them.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use jiff::Timestamp;
use konbit_record::{
    AddCheckpoint, Checkpoint, Frontier, Hash, Head, Node, SignatureType, SignedCheckpoint, SignerKey, Tile, TileKind,
    bundle_bytes, consistency_proof, leaf_hash,
};
use konbit_witness::{WitnessDir, witness_router};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub const ORIGIN: &str = "mission.example/record";

pub fn log_key() -> SignerKey {
    SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[1; 32]).unwrap()
}

pub fn clock() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// A history: entries, and the complete nodes over them.
#[derive(Clone, Default)]
pub struct History {
    entries: Vec<Vec<u8>>,
    nodes: BTreeMap<Node, Hash>,
    frontier: Frontier,
}

impl History {
    /// `size` entries; from `fork` on they are others.
    pub fn of(size: u64, fork: Option<u64>) -> Self {
        let mut history = Self::default();
        history.grow(size, fork);
        history
    }

    pub fn grow(&mut self, size: u64, fork: Option<u64>) {
        for ix in self.frontier.size()..size {
            let word = if fork.is_some_and(|fork| ix >= fork) { "forked" } else { "entry" };
            let entry = format!("{word} {ix} {}", "x".repeat(usize::try_from(ix % 40).unwrap())).into_bytes();
            self.frontier.append(leaf_hash(&entry), |node, hash| {
                self.nodes.insert(node, hash);
            });
            self.entries.push(entry);
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form of a source of nodes")]
    fn node(&self, node: Node) -> Result<Hash, Infallible> {
        Ok(self.nodes[&node])
    }

    pub fn head(&self, size: u64) -> Head {
        let frontier = Frontier::load(size, |node| self.node(node)).unwrap();
        Head::from(&frontier)
    }

    pub fn signed(&self, size: u64) -> SignedCheckpoint {
        Checkpoint::new(ORIGIN, self.head(size), vec![]).unwrap().sign(&log_key()).unwrap()
    }

    pub fn proof(&self, from: u64, to: u64) -> Vec<Hash> {
        consistency_proof(from, to, |node| self.node(node)).unwrap()
    }

    pub fn request(&self, old_size: u64, size: u64) -> AddCheckpoint {
        AddCheckpoint { old_size, proof: self.proof(old_size, size), checkpoint: self.signed(size) }
    }

    /// The file at a path of tlog-tiles, for a tree of `size`.
    fn file(&self, path: &str, size: u64) -> Option<Vec<u8>> {
        let tile = Tile::parse(path).filter(|tile| tile.is_in(size))?;
        if tile.kind() == TileKind::Entries {
            let entries = tile.nodes().map(|node| self.entries[usize::try_from(node.index).unwrap()].as_slice());
            return Some(bundle_bytes(entries).unwrap());
        }
        Some(tile.bytes(|node| self.node(node)).unwrap())
    }
}

/// What a log serves, and how it misbehaves.
#[derive(Default)]
pub struct Serving {
    pub history: History,
    /// The size of the checkpoint.
    pub size: u64,
    /// Paths, and what is served there instead; nothing of it makes the server fall silent there.
    pub replaced: BTreeMap<String, Option<Vec<u8>>>,
    /// The paths that were asked for, in order.
    pub asked: Vec<String>,
    /// After so many answers the server falls silent.
    pub answers_left: Option<usize>,
}

/// A server that stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(router: Router) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                let stopped = async { drop(stopped.await) };
                konbit_witness::serve(listener, router, stopped).await.unwrap();
            });
        });
        Self { address: receiver.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// A witness in `dir`, which is made with a key from `seed`, that knows the log.
    pub fn witness(dir: &Path, seed: u8) -> Self {
        let name = format!("witness-{seed}.example");
        WitnessDir::init(dir, &name, &[100 + seed; 32]).unwrap();
        WitnessDir::add_log(dir, &log_key().verifier().to_string()).unwrap();
        Self::start(witness_router(Arc::new(WitnessDir::open(dir).unwrap()), clock))
    }

    pub fn log(serving: &Arc<Mutex<Serving>>) -> Self {
        Self::start(Router::new().fallback(answer).with_state(Arc::clone(serving)))
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends bytes as they are, and reads the whole answer: status, head, body.
    pub fn raw(&self, request: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that refuses early may close while we still write.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> (u16, String, String) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

async fn answer(State(serving): State<Arc<Mutex<Serving>>>, uri: Uri) -> Result<Vec<u8>, StatusCode> {
    let mut serving = serving.lock().unwrap();
    let path = uri.path().trim_start_matches('/').to_owned();
    serving.asked.push(path.clone());
    if let Some(left) = &mut serving.answers_left {
        *left = left.checked_sub(1).ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    }
    if let Some(replaced) = serving.replaced.get(&path) {
        return replaced.clone().ok_or(StatusCode::NOT_FOUND);
    }
    if path == "checkpoint" {
        return Ok(serving.history.signed(serving.size).to_string().into_bytes());
    }
    serving.history.file(&path, serving.size).ok_or(StatusCode::NOT_FOUND)
}

pub fn serving(size: u64) -> Arc<Mutex<Serving>> {
    Arc::new(Mutex::new(Serving { history: History::of(size, None), size, ..Serving::default() }))
}

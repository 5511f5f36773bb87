//! A log to test against, and the built binary as a server.

use konbit_record::{
    AddCheckpoint, Checkpoint, Frontier, Hash, Head, Node, SignatureType, SignedCheckpoint, SignerKey, Tile, TileKind,
    bundle_bytes, consistency_proof, inclusion_proof, leaf_hash,
};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

pub const ORIGIN: &str = "mission.example/record";

pub fn log_key() -> SignerKey {
    SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[1; 32]).unwrap()
}

/// Entries, and the complete nodes over them.
#[derive(Clone, Default)]
pub struct History {
    entries: Vec<Vec<u8>>,
    nodes: BTreeMap<Node, Hash>,
    frontier: Frontier,
}

impl History {
    pub fn of(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut history = Self::default();
        entries.into_iter().for_each(|entry| history.push(entry));
        history
    }

    pub fn push(&mut self, entry: Vec<u8>) {
        self.frontier.append(leaf_hash(&entry), |node, hash| {
            self.nodes.insert(node, hash);
        });
        self.entries.push(entry);
    }

    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form of a source of nodes")]
    fn node(&self, node: Node) -> Result<Hash, Infallible> {
        Ok(self.nodes[&node])
    }

    pub fn head(&self, size: u64) -> Head {
        Head::from(&Frontier::load(size, |node| self.node(node)).unwrap())
    }

    pub fn signed(&self) -> SignedCheckpoint {
        Checkpoint::new(ORIGIN, self.head(self.size()), vec![]).unwrap().sign(&log_key()).unwrap()
    }

    pub fn inclusion(&self, index: u64) -> Vec<Hash> {
        inclusion_proof(index, self.size(), |node| self.node(node)).unwrap()
    }

    /// To cosign all of it, by a witness that cosigned the first `old` entries.
    pub fn request(&self, old: u64) -> AddCheckpoint {
        let proof = consistency_proof(old, self.size(), |node| self.node(node)).unwrap();
        AddCheckpoint { old_size: old, proof, checkpoint: self.signed() }
    }

    /// The file at a path of tlog-tiles.
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        if path == "checkpoint" {
            return Some(self.signed().to_string().into_bytes());
        }
        let tile = Tile::parse(path).filter(|tile| tile.is_in(self.size()))?;
        if tile.kind() == TileKind::Entries {
            let entries = tile.nodes().map(|node| self.entries[usize::try_from(node.index).unwrap()].as_slice());
            return Some(bundle_bytes(entries).unwrap());
        }
        Some(tile.bytes(|node| self.node(node)).unwrap())
    }

    /// Serves the first `answers` requests, one a connection, and ends; the address without path.
    pub fn serve(self: &Arc<Self>, answers: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let history = Arc::clone(self);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(answers) {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                BufReader::new((&stream).take(4096)).read_line(&mut line).unwrap();
                let path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let (status, body) = history.file(&path).map_or(("404 Not Found", vec![]), |body| ("200 OK", body));
                let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                // Whoever asked may be gone: some of them are killed.
                let _ = stream.write_all(&[head.into_bytes(), body].concat());
            }
        });
        address
    }
}

/// The built binary, serving; killed when dropped.
pub struct Serving {
    child: Child,
    pub url: String,
}

impl Serving {
    /// Runs `konbit` with these arguments and waits for the address that it prints.
    pub fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_konbit"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix("http://").map(|rest| format!("http://{rest}")));
        Self { child, url: url.expect("it prints where it listens") }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

//! Appends over HTTP: the real server in this process on a port of its own, with its record on the
//! disk, and clients that keep their connections.

use super::alone::since;
use super::{Appends, Setting, load};
use crate::report::{process_cpu_seconds, thread_cpu_seconds};
use anyhow::{Context, ensure};
use jiff::Timestamp;
use konbit_desk::{Config, Desk, Entropy};
use konbit_store::Store;
use konbit_web::World;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// Longest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Threads of the server, besides the one that writes.
const THREADS: usize = 2;

const WORLD: World = World { clock: Timestamp::now, entropy };

fn entropy() -> Entropy {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives entropy");
    bytes
}

struct Server {
    address: SocketAddr,
    record: PathBuf,
    desk: Arc<Desk>,
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves a new mission in `path`.
    fn start(path: &Path) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk::init(path, &Config::named("Benchmark"), &entropy())?);
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let told = async {
            // A sender that is gone tells the same.
            let _ = stopped.await;
        };
        let served = runtime.spawn(konbit_web::serve(listener, Arc::clone(&desk), WORLD, told));
        let record = desk.dir().record_path();
        Ok(Self { address, record, desk, runtime, stop, served })
    }

    /// Stops and closes the record; checks that it holds exactly what was acknowledged.
    fn stop(self, acknowledged: usize) -> anyhow::Result<PathBuf> {
        let _ = self.stop.send(());
        self.runtime.block_on(self.served)??;
        drop(self.runtime);
        Arc::into_inner(self.desk).context("the server still holds the mission")?.close()?;
        let kept = Store::open_read_only(&self.record)?.entry_count()?;
        ensure!(kept == acknowledged as u64, "{acknowledged} appends were acknowledged and {kept} are kept");
        Ok(self.record)
    }
}

/// A client with one connection.
struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads the whole answer; it has to say that something new was made.
    async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0 && self.answer.len() < ANSWER_BYTES_MAX, "the server broke off");
            if let Some(length) = length(&self.answer) {
                if self.answer.len() < length {
                    continue;
                }
                let created = self.answer.starts_with(b"HTTP/1.1 201 ");
                ensure!(created, "the server answered: {}", String::from_utf8_lossy(&self.answer));
                return Ok(());
            }
        }
    }
}

/// Length of an answer with its head, once the head is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let field = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + 4 + field.parse::<usize>().ok()?)
}

/// When a client sends.
#[derive(Debug, Clone, Copy)]
enum Pace {
    /// As soon as it has the answer before.
    Closed,
    /// So often a second with all others together, whether answers come or not; the time counts
    /// from when it was due.
    Open(u32),
}

/// Clients who each wait for their answers.
pub fn measure_closed(setting: &Setting, clients: u32) -> anyhow::Result<()> {
    let what = format!("http/{clients} {}", if clients == 1 { "client" } else { "clients" });
    measure(setting, &what, clients, Pace::Closed)
}

/// Clients who offer `rate` appends a second together.
pub fn measure_open(setting: &Setting, clients: u32, rate: u32) -> anyhow::Result<()> {
    measure(setting, &format!("http/{rate} a second offered"), clients, Pace::Open(rate))
}

fn measure(setting: &Setting, what: &str, clients: u32, pace: Pace) -> anyhow::Result<()> {
    let server = Server::start(&setting.place(&what.replace(['/', ' '], "-")))?;
    let load = load();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let before = process_cpu_seconds();
    let ((times, elapsed), of_clients) = std::thread::scope(|scope| {
        let run = || {
            let sent = runtime.block_on(send_all(setting, server.address, clients, pace))?;
            anyhow::Ok((sent, thread_cpu_seconds()))
        };
        scope.spawn(run).join().expect("the clients do not panic")
    })?;
    let cpu = (since(before) - of_clients).max(0.0);
    drop(runtime);
    let record = server.stop(times.len())?;
    let offered = match pace {
        Pace::Closed => None,
        Pace::Open(rate) => Some(rate),
    };
    let more = json!({ "clients": clients, "offered": offered });
    setting.print_appends(what.to_owned(), Appends { times, elapsed, load, cpu }, &record, more)
}

async fn send_all(
    setting: &Setting,
    address: SocketAddr,
    clients: u32,
    pace: Pace,
) -> anyhow::Result<(Vec<Duration>, Duration)> {
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(Client::connect(address).await?);
    }
    let next = Arc::new(AtomicU64::new(0));
    let entries = Arc::new(super::Entries::new(setting.seed)?);
    let (start, length) = (Instant::now(), setting.length);
    let mut tasks = JoinSet::new();
    for (ix, mut client) in (0..clients).zip(connected) {
        let (next, entries) = (Arc::clone(&next), Arc::clone(&entries));
        tasks.spawn(async move {
            let mut times = Vec::new();
            let between = match pace {
                Pace::Closed => Duration::ZERO,
                Pace::Open(rate) => Duration::from_secs(1) * clients / rate,
            };
            let mut due = start + between * ix / clients;
            while due < start + length {
                if let Pace::Open(_) = pace {
                    tokio::time::sleep_until(due.into()).await;
                }
                let request = entries.request(next.fetch_add(1, Ordering::Relaxed));
                if let Pace::Closed = pace {
                    due = Instant::now();
                }
                client.send(&request).await?;
                times.push(due.elapsed());
                due += between;
            }
            anyhow::Ok(times)
        });
    }
    let times = tasks.join_all().await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok((times.concat(), start.elapsed()))
}

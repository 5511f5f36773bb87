//! A disk that loses power: of what was written and not synced, any part may be missing, in any
//! order, and torn between sectors.
//!
//! A life of a record is recorded with `strace`, call by call. For each seed the recording is
//! played up to some call, onto a model of a disk that keeps what was synced and loses an
//! arbitrary choice of the rest; what is left is written to a directory, and the record in it has
//! to open, to hold everything that was acknowledged, and to go on.
//!
//! The model of names: a name that was made, renamed or removed is durable once its directory is
//! synced; before that any choice of these changes may be missing. File systems with a journal
//! keep more order than that.

use crate::child::{self, ERASED, erased_bytes_lie_in, key, strace_works};
use crate::help::{body, submission};
use crate::trace::{Call, WRITING, calls, recorder, run};
use konbit_base::rng::{Seeded, seeded};
use konbit_store::{Body, Store, last_signed, verify};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

const SECTOR_BYTES: usize = 512;

/// The entry that is the order to erase in the scenario `life`.
const ORDER: u64 = 5;

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

/// A file: what is on the disk for sure, and what was done to it since.
#[derive(Debug, Clone, Default)]
struct File {
    synced: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Renaming {
    Make { name: String, file: usize },
    Remove { name: String },
}

/// The disk after some calls.
#[derive(Debug, Clone, Default)]
struct Disk {
    files: Vec<File>,
    /// Names as a process sees them now.
    names: BTreeMap<String, usize>,
    /// Names that are on the disk for sure, and what was done to them since.
    synced: BTreeMap<String, usize>,
    since: Vec<Renaming>,
    /// Open files: which, and where the next write goes; `None` is the directory.
    open: BTreeMap<i64, Option<(usize, usize)>>,
}

/// What the recorded process had said by then.
#[derive(Debug, Clone, Default)]
struct Said {
    created: bool,
    acknowledged: u64,
    erased: bool,
}

impl Disk {
    fn name(directory: &Path, path: &Path) -> Option<String> {
        Some(path.strip_prefix(directory).ok()?.to_str().unwrap().to_owned()).filter(|name| !name.ends_with("-shm"))
    }

    fn make(&mut self, name: String, file: usize) {
        self.names.insert(name.clone(), file);
        self.since.push(Renaming::Make { name, file });
    }

    fn remove(&mut self, name: &str) -> Option<usize> {
        let file = self.names.remove(name)?;
        self.since.push(Renaming::Remove { name: name.to_owned() });
        Some(file)
    }

    fn change(&mut self, fd: i64, change: Change) {
        if let Some(Some((file, _))) = self.open.get(&fd) {
            self.files[*file].since.push(change);
        }
    }

    fn opened(&mut self, directory: &Path, path: &Path, fd: i64, create: bool, truncate: bool) {
        self.open.remove(&fd);
        if path == directory {
            self.open.insert(fd, None);
        }
        let Some(name) = Self::name(directory, path) else { return };
        let file = match self.names.get(&name) {
            Some(file) => *file,
            None if create => {
                self.files.push(File::default());
                self.make(name, self.files.len() - 1);
                self.files.len() - 1
            }
            None => return,
        };
        self.open.insert(fd, Some((file, 0)));
        if truncate {
            self.change(fd, Change::Truncate { length: 0 });
        }
    }

    fn apply(&mut self, directory: &Path, call: &Call, said: &mut Said) {
        match call {
            Call::Open { fd, path, create, truncate } => self.opened(directory, path, *fd, *create, *truncate),
            Call::Close { fd } => drop(self.open.remove(fd)),
            Call::Seek { fd, to } => {
                if let Some(Some((_, at))) = self.open.get_mut(fd) {
                    *at = *to;
                }
            }
            Call::Write { fd: 1, bytes } => said.hear(bytes),
            Call::Write { fd, bytes } => {
                if let Some(Some((_, position))) = self.open.get_mut(fd) {
                    let at = *position;
                    *position += bytes.len();
                    self.change(*fd, Change::Write { at, bytes: bytes.clone() });
                }
            }
            Call::WriteAt { fd, bytes, at } => self.change(*fd, Change::Write { at: *at, bytes: bytes.clone() }),
            Call::Truncate { fd, length } => self.change(*fd, Change::Truncate { length: *length }),
            Call::Sync { fd, .. } => match self.open.get(fd) {
                Some(Some((file, _))) => {
                    let file = &mut self.files[*file];
                    let all = std::mem::take(&mut file.since);
                    for change in &all {
                        make(&mut file.synced, change);
                    }
                }
                Some(None) => {
                    self.synced.clone_from(&self.names);
                    self.since.clear();
                }
                None => {}
            },
            Call::Rename { from, to } => {
                let (from, to) = (Self::name(directory, from).unwrap(), Self::name(directory, to).unwrap());
                if let Some(file) = self.remove(&from) {
                    self.make(to, file);
                }
            }
            Call::Unlink { path } => {
                if let Some(name) = Self::name(directory, path) {
                    self.remove(&name);
                }
            }
        }
    }

    /// What is left after the power went: names and contents.
    fn after_loss(&self, rng: &mut Seeded) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.synced.clone();
        let keeps = Keeps::draw(rng, self.since.len());
        for (ix, renaming) in self.since.iter().enumerate().filter(|(ix, _)| keeps.keep(*ix)) {
            debug_assert!(ix < self.since.len());
            match renaming {
                Renaming::Make { name, file } => drop(names.insert(name.clone(), *file)),
                Renaming::Remove { name } => drop(names.remove(name)),
            }
        }
        names.into_iter().map(|(name, file)| (name, self.files[file].after_loss(rng))).collect()
    }
}

impl Said {
    fn hear(&mut self, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines() {
            self.created |= line == "created";
            self.erased |= line == "erased";
            if let Some(size) = line.strip_prefix("acknowledged ") {
                self.acknowledged = size.parse().unwrap();
            }
        }
    }
}

/// Which of a list of changes reach the disk.
enum Keeps {
    First(usize),
    Chosen(Vec<bool>),
}

impl Keeps {
    /// None, all, the first few, or any choice.
    fn draw(rng: &mut Seeded, count: usize) -> Self {
        let place = usize::try_from(rng.below(count as u64 + 1)).unwrap();
        match rng.below(6) {
            0 => Self::First(0),
            1 => Self::First(count),
            2 => Self::First(place),
            _ => Self::Chosen((0..count).map(|_| rng.below(2) == 0).collect()),
        }
    }

    fn keep(&self, ix: usize) -> bool {
        match self {
            Self::First(count) => ix < *count,
            Self::Chosen(chosen) => chosen[ix],
        }
    }
}

impl File {
    fn after_loss(&self, rng: &mut Seeded) -> Vec<u8> {
        let (mut content, keeps) = (self.synced.clone(), Keeps::draw(rng, self.since.len()));
        for (ix, change) in self.since.iter().enumerate() {
            match change {
                // One write in eight is torn: some of its sectors are there, others not.
                Change::Write { at, bytes } if rng.below(8) == 0 => {
                    let mut from = *at;
                    while from < at + bytes.len() {
                        let to = ((from / SECTOR_BYTES + 1) * SECTOR_BYTES).min(at + bytes.len());
                        if rng.below(2) == 0 {
                            make(&mut content, &Change::Write { at: from, bytes: bytes[from - at..to - at].to_vec() });
                        }
                        from = to;
                    }
                }
                change if keeps.keep(ix) => make(&mut content, change),
                _ => {}
            }
        }
        content
    }
}

fn make(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Truncate { length } => content.resize(*length, 0),
        Change::Write { at, bytes } => {
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(bytes);
        }
    }
}

/// A recorded life, and the disk before each of its calls.
struct Life {
    directory: PathBuf,
    calls: Vec<Call>,
    /// Indexes of the calls that change something, which are the places to lose power at.
    places: Vec<usize>,
}

impl Life {
    fn record() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let directory = keep.path().canonicalize().unwrap().join("life");
        fs::create_dir(&directory).unwrap();
        let recording = keep.path().join("recording");
        let names = [&WRITING[..], &["openat", "close", "lseek"]].concat();
        let said = run(&mut child::command(&recorder(&names, &recording), "life", &directory));
        assert!(said.contains("\ndone\n"), "{said}");
        let calls = calls(&fs::read_to_string(recording).unwrap());
        let inside = |path: &Path| path.starts_with(&directory);
        let first = calls.iter().position(|call| matches!(call, Call::Open { path, .. } if inside(path))).unwrap();
        let changes = |call: &Call| !matches!(call, Call::Close { .. } | Call::Seek { .. });
        let places = (first..calls.len()).filter(|ix| changes(&calls[*ix])).chain([calls.len()]).collect();
        let life = Self { directory, calls, places };
        life.check_model();
        life
    }

    /// With nothing lost the model has to give the files that the process has left.
    fn check_model(&self) {
        let (disk, said) = self.at(self.calls.len());
        assert!(said.created && said.erased && said.acknowledged == 12, "{said:?}");
        for item in fs::read_dir(&self.directory).unwrap() {
            let path = item.unwrap().path();
            let file = &disk.files[disk.names[path.file_name().unwrap().to_str().unwrap()]];
            let mut content = file.synced.clone();
            file.since.iter().for_each(|change| make(&mut content, change));
            assert!(content == fs::read(&path).unwrap(), "the model gives another {}", path.display());
        }
    }

    /// The disk before call `ix`.
    fn at(&self, ix: usize) -> (Disk, Said) {
        let (mut disk, mut said) = (Disk::default(), Said::default());
        self.calls[..ix].iter().for_each(|call| disk.apply(&self.directory, call, &mut said));
        (disk, said)
    }

    /// Loses power as `seed` says, in `directory`, and looks at what is left.
    fn check(&self, seed: u64, directory: &Path) {
        let mut rng = seeded(seed, 5);
        let place = self.places[usize::try_from(rng.below(self.places.len() as u64)).unwrap()];
        let (disk, said) = self.at(place);
        for item in fs::read_dir(directory).unwrap() {
            fs::remove_file(item.unwrap().path()).unwrap();
        }
        for (name, content) in disk.after_loss(&mut rng) {
            fs::write(directory.join(name), content).unwrap();
        }
        look(directory, &said, &format!("seed {seed}, before call {place}, {said:?}"));
    }
}

fn look(directory: &Path, said: &Said, context: &str) {
    let path = directory.join("record.db");
    if said.created {
        let signed = last_signed(&path).unwrap().unwrap().head().size;
        assert!(signed >= said.acknowledged, "a head of {signed} entries: {context}");
    }
    let opened = Store::open(&path).and_then(|mut store| store.sign_with(key()).map(|()| store));
    let mut store = match opened {
        Ok(store) => store,
        // Before anybody was told that there is a record, there need not be one.
        Err(_) if !said.created => return,
        Err(error) => panic!("{error}: {context}"),
    };
    let size = store.entry_count().unwrap();
    assert!(size >= said.acknowledged, "{size} entries: {context}");
    for n in (0..size).filter(|n| *n != ORDER) {
        match store.entry(n).unwrap().unwrap().body {
            Body::Kept(kept) => assert_eq!(kept, body(n), "{context}"),
            Body::Erased { by } => assert_eq!((n, by), (ERASED, ORDER), "{context}"),
        }
    }
    if said.erased || size > ORDER {
        assert_eq!(store.entry(ERASED).unwrap().unwrap().body, Body::Erased { by: ORDER }, "{context}");
        assert!(!erased_bytes_lie_in(directory), "{context}");
    }
    store.submit(submission(size)).unwrap();
    store.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.ok && report.entries == size + 1, "{report:?}: {context}");
}

/// Loses power once for each seed, on two threads.
fn check(seeds: std::ops::Range<u64>) {
    let life = Life::record();
    let step = seeds.end - (seeds.end - seeds.start) / 2;
    thread::scope(|scope| {
        for seeds in [seeds.start..step, step..seeds.end] {
            let life = &life;
            scope.spawn(move || {
                let directory = tempfile::tempdir().unwrap();
                for seed in seeds {
                    if seed % 5_000 == 4_999 {
                        eprintln!("seed {seed} is reached");
                    }
                    let looked = catch_unwind(AssertUnwindSafe(|| life.check(seed, directory.path())));
                    assert!(looked.is_ok(), "seed {seed}: KONBIT_SEED={seed} cargo test -p konbit-store images");
                }
            });
        }
    });
}

#[test]
fn whatever_a_loss_of_power_leaves_nothing_acknowledged_is_lost() {
    if strace_works("images::whatever_a_loss_of_power_leaves_nothing_acknowledged_is_lost") {
        match std::env::var("KONBIT_SEED").ok().and_then(|seed| seed.parse().ok()) {
            Some(seed) => check(seed..seed + 1),
            None => check(0..200),
        }
    }
}

/// `cargo test --release -p konbit-store -- --ignored --nocapture a_hundred_thousand`
#[test]
#[ignore = "takes many minutes: 100,000 losses of power, or KONBIT_SEEDS of them"]
fn a_hundred_thousand_losses_of_power() {
    if strace_works("images::a_hundred_thousand_losses_of_power") {
        let count = std::env::var("KONBIT_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
        check(0..count);
        eprintln!("{count} losses of power, nothing acknowledged was lost");
    }
}

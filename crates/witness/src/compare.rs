//! Comparing the heads of one log that different parties hold: whoever reads what witnesses, mirrors and other readers
//! have sees whether the log has shown all of them one history.

use crate::evidence::{EvidenceKind, Piece};
use crate::fetch::{FetchError, Fetcher};
use crate::files::read_within;
use crate::mirror::MirrorError;
use crate::tiles::Verified;
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{Hash, Head, NOTE_BYTES_MAX, SignedCheckpoint, VerifierKey, consistency_proof, verify_consistency};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where the hashes of a log's tree can be had, to prove that one head extends another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hashes {
    /// The address of a log or a mirror.
    At(String),
    /// The directory of a mirror.
    In(PathBuf),
}

/// Two heads that no honest log signs, or one that is impossible by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// What it is.
    pub kind: EvidenceKind,
    /// The smaller head, by its place in what was compared; `None` if the other is impossible by itself.
    pub first: Option<usize>,
    /// The head that does not fit to it.
    pub second: usize,
    /// From the first to the second, as the hashes under the second give it; it does not lead to the first's root.
    proof: Vec<Hash>,
}

/// What a comparison has shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// Contradictions: proof that the log showed two histories. Each pair of different heads is named once.
    pub contradictions: Vec<Contradiction>,
    /// Heads that could not be compared with any other, because nobody serves the hashes under them or under a larger
    /// one.
    pub open: Vec<usize>,
}

/// Compares `heads` of one log, whose signatures have been checked; `hashes` says where proofs can be had from. Nothing
/// of what is served there is believed that does not lead to a signed head.
pub fn compare(heads: &[SignedCheckpoint], hashes: &[Hashes]) -> Compared {
    let mut distinct = BTreeMap::<(u64, Hash), usize>::new();
    for (ix, head) in heads.iter().enumerate() {
        distinct.entry((head.head().size, head.head().root)).or_insert(ix);
    }
    let mut compared = Compared::default();
    let mut related = vec![false; heads.len()];
    let distinct: Vec<usize> = distinct.into_values().collect();
    let head = |ix: usize| heads[ix].head();
    for (place, ix) in distinct.iter().enumerate() {
        if !head(*ix).is_possible() {
            related[*ix] = true;
            let kind = EvidenceKind::Impossible;
            compared.contradictions.push(Contradiction { kind, first: None, second: *ix, proof: Vec::new() });
        }
        for other in distinct[place + 1..].iter().take_while(|other| head(**other).size == head(*ix).size) {
            (related[*ix], related[*other]) = (true, true);
            let kind = EvidenceKind::TwoRoots;
            compared.contradictions.push(Contradiction { kind, first: Some(*ix), second: *other, proof: Vec::new() });
        }
    }
    let sources: Vec<Source> = hashes.iter().filter_map(|hashes| Source::of(hashes).ok()).collect();
    let mut served: Vec<(usize, Verified<'_>)> = Vec::new();
    for ix in distinct.iter().rev().copied() {
        let mut is_known = false;
        for (larger, tiles) in &mut served {
            if head(*larger).size == head(ix).size {
                continue;
            }
            let Ok(proof) = consistency_proof(head(ix).size, head(*larger).size, |node| tiles.node(node)) else {
                // What is served breaks off below its edge: nothing is shown either way.
                continue;
            };
            (related[ix], related[*larger]) = (true, true);
            if is_begun(head(ix), head(*larger), &proof) {
                is_known = true;
            } else {
                let kind = EvidenceKind::TwoHistories;
                compared.contradictions.push(Contradiction { kind, first: Some(ix), second: *larger, proof });
            }
        }
        // A history of its own, as far as is known.
        if !is_known && let Some(tiles) = sources.iter().find_map(|source| source.tiles(head(ix)).ok()) {
            served.push((ix, tiles));
        }
    }
    if distinct.len() > 1 {
        compared.open = distinct.into_iter().filter(|ix| !related[*ix]).collect();
    }
    compared
}

fn is_begun(small: Head, large: Head, proof: &[Hash]) -> bool {
    small.is_possible() && verify_consistency(small.size, large.size, &small.root, &large.root, proof).is_ok()
}

/// A place of hashes, ready to be asked.
struct Source {
    fetch: Option<Fetcher>,
    dir: PathBuf,
}

impl Source {
    fn of(hashes: &Hashes) -> Result<Self, FetchError> {
        Ok(match hashes {
            // No file is read from there: the path is empty.
            Hashes::At(url) => Self { fetch: Some(Fetcher::new(url)?), dir: PathBuf::new() },
            Hashes::In(dir) => Self { fetch: None, dir: dir.clone() },
        })
    }

    fn tiles(&self, head: Head) -> Result<Verified<'_>, MirrorError> {
        Verified::of(self.fetch.as_ref(), &self.dir, head)
    }
}

impl Contradiction {
    /// Keeps the two heads below `dir`, in the form of a witness's evidence; gives the folder. `log` is the key that
    /// signed them, `now` the time that is noted.
    ///
    /// # Errors
    /// What the system said.
    pub fn keep(
        &self,
        heads: &[SignedCheckpoint],
        log: &VerifierKey,
        dir: &Path,
        now: Timestamp,
    ) -> io::Result<Option<PathBuf>> {
        // With all their signatures: who cosigned which is part of what it shows.
        let second = &heads[self.second];
        debug_assert!(second.only_by(log).is_ok());
        let first = self.first.map(|first| &heads[first]);
        Piece { kind: self.kind, first, second, proof: &self.proof, seen: &now.to_string() }.keep(dir)
    }
}

/// The head that a log or mirror at `url` shows now.
///
/// # Errors
/// [`FetchError`] if there is no answer.
pub fn fetch_checkpoint(url: &str) -> Result<Vec<u8>, FetchError> {
    Fetcher::new(url)?.get("checkpoint", NOTE_BYTES_MAX as u64)
}

/// The head of the log `origin` that a witness at `url` cosigned last, where the witness is a `konbit witness`: the
/// specification names no address for it.
///
/// # Errors
/// [`FetchError`] if there is no answer.
pub fn fetch_cosigned(url: &str, origin: &str) -> Result<Vec<u8>, FetchError> {
    Fetcher::new(url)?.get(&format!("logs/{}", Digest::of(origin.as_bytes())), NOTE_BYTES_MAX as u64)
}

/// The texts in the directory of a mirror, of a witness or of a piece of evidence that may be signed heads, by name.
///
/// # Errors
/// What the system said.
pub fn heads_in(dir: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths: Vec<PathBuf> = ["checkpoint", "seen", "first.txt", "second.txt"].map(|name| dir.join(name)).into();
    match std::fs::read_dir(dir.join("logs")) {
        Ok(logs) => {
            for log in logs {
                paths.push(log?.path());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut found = Vec::new();
    for path in paths {
        // A mirror that is done has seen what it has copied.
        if let Some(bytes) = read_within(&path, NOTE_BYTES_MAX)?
            && found.iter().all(|(_, other)| *other != bytes)
        {
            found.push((path, bytes));
        }
    }
    found.sort();
    Ok(found)
}

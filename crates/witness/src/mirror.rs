//! A mirror: a copy of a log as static files in the layout of tlog-tiles, all of it checked against heads that the log
//! signed.
//!
//! ```text
//! DIR/checkpoint      the head that all of whose tiles and entries are here
//! DIR/tile/...        tiles of hashes and bundles of entries
//! DIR/log.vkey        the key of the log
//! DIR/seen            the largest head that the log has shown, kept before its tiles are copied
//! DIR/evidence/       heads that do not fit together
//! DIR/lock            held while a copy runs
//! ```
//!
//! A head is believed if the log signed it and its tree begins with that of the head seen before. Then its tiles are
//! copied, from the top of the tree down, each checked before it is written; last the checkpoint. A copy that was
//! broken off goes on where it stopped: what is on the disk is checked again and not fetched.

use crate::evidence::{EvidenceKind, Piece};
use crate::fetch::{FetchError, Fetcher};
use crate::files::{Lock, LockError, folder_of, place, read_within, replace, sync_folder};
use crate::tiles::{Verified, local_path};
use jiff::Timestamp;
use konbit_record::{
    CheckpointError, ENTRY_BYTES_MAX, Frontier, Hash, Head, KeyError, NOTE_BYTES_MAX, NoteError, SignatureType,
    SignedCheckpoint, TILE_LEVEL_MAX, Tile, TileKind, VerifierKey, check_bundle, consistency_proof, new_tiles,
    parse_bundle, verify_consistency,
};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The most entries of a log that is mirrored: a head may claim any number, and each 256 entries are two files.
const ENTRIES_MAX: u64 = 1 << 30;
/// The longest key file that is read, in bytes.
const KEY_BYTES_MAX: usize = 4096;

/// Why nothing, or not all, was mirrored.
#[derive(Debug, Error)]
pub enum MirrorError {
    /// The log does not answer, or not with what there has to be.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The system failed.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another copy runs in the directory.
    #[error("another copy runs in {}: wait until it is done", .0.display())]
    InUse(PathBuf),
    /// The key is not one of a log.
    #[error("the key of the log cannot be used: {0}")]
    Key(KeyError),
    /// No key is known.
    #[error("{} is not a mirror yet: give the log's key with --key; ask for it elsewhere than at the log's own address", .0.display())]
    NoKey(PathBuf),
    /// The directory mirrors another log.
    #[error("{} mirrors the log with key {held}: choose another directory for another log", .dir.display())]
    OtherKey {
        /// The directory.
        dir: PathBuf,
        /// The key of the log that it mirrors.
        held: String,
    },
    /// A checkpoint cannot be read.
    #[error("the checkpoint at {place} cannot be read: {why}")]
    Checkpoint {
        /// An address or a file.
        place: String,
        /// What is wrong with it.
        why: CheckpointError,
    },
    /// A checkpoint is not by the log.
    #[error("the checkpoint at {place} is not signed by the log's key: {why}")]
    Unsigned {
        /// An address or a file.
        place: String,
        /// What the check of the note said.
        why: NoteError,
    },
    /// A checkpoint is of another log.
    #[error("the checkpoint at {place} is of the log {origin}, not of the one that is mirrored")]
    OtherLog {
        /// An address or a file.
        place: String,
        /// Its origin.
        origin: String,
    },
    /// More entries than are mirrored.
    #[error("the log says it has {0} entries; at most {ENTRIES_MAX} are mirrored")]
    Size(u64),
    /// A tile or bundle is not what was signed. Nothing of it was kept.
    #[error("{name}: {why}; nothing of it was kept. Try again; if it stays so, the log serves what it did not sign")]
    Tile {
        /// Its path, or several.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The log shows another history than before.
    #[error(
        "the log {origin} shows another history than the one mirrored here: {meaning}. Nothing was changed; the \
         evidence is in {}",
        .evidence.display()
    )]
    Forked {
        /// The log.
        origin: String,
        /// What was found.
        meaning: &'static str,
        /// The folder of the evidence.
        evidence: PathBuf,
    },
}

impl MirrorError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_owned(), source }
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Tiles of hashes dealt with, with their bundles.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// What a copy has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The head that is mirrored now.
    pub head: Head,
    /// Entries that were mirrored before.
    pub size_before: u64,
    /// Tiles of hashes that were fetched.
    pub tiles_fetched: u64,
    /// Bundles of entries that were fetched.
    pub bundles_fetched: u64,
    /// The size of the head that the log shows, if it is an older one than it showed before. It is consistent with what
    /// is mirrored: an old copy is served somewhere on the way, or the log has lost entries.
    pub older: Option<u64>,
}

/// A mirror, with the right to work in its directory.
#[derive(Debug)]
pub struct Mirror {
    dir: PathBuf,
    key: VerifierKey,
    fetch: Fetcher,
    _lock: Lock,
}

impl Mirror {
    /// Opens the directory, which is made if need be, to mirror the log at prefix `url` whose key is `vkey`; `None`
    /// takes the key that the directory has.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn open(dir: &Path, url: &str, vkey: Option<&str>) -> Result<Self, MirrorError> {
        let fetch = Fetcher::new(url)?;
        let asked = vkey.map(read_key).transpose()?;
        let path = dir.join("log.vkey");
        let held = read_within(&path, KEY_BYTES_MAX).map_err(MirrorError::io("read", &path))?;
        let held = held.map(|bytes| read_key(&String::from_utf8_lossy(&bytes))).transpose()?;
        let key = match (asked, &held) {
            (Some(asked), Some(held)) if asked != *held => {
                return Err(MirrorError::OtherKey { dir: dir.to_owned(), held: held.to_string() });
            }
            (Some(key), _) => key,
            (None, Some(held)) => held.clone(),
            (None, None) => return Err(MirrorError::NoKey(dir.to_owned())),
        };
        fs::create_dir_all(dir).map_err(MirrorError::io("make", dir))?;
        let lock = Lock::take(dir).map_err(|error| match error {
            LockError::Taken => MirrorError::InUse(dir.to_owned()),
            LockError::Io(path, source) => MirrorError::Io { what: "lock", path, source },
        })?;
        if held.is_none() {
            replace(&path, format!("{key}\n").as_bytes()).map_err(MirrorError::io("write", &path))?;
        }
        Ok(Self { dir: dir.to_owned(), key, fetch, _lock: lock })
    }

    /// Copies what is new. `now` is written into evidence; `on_step` is told how far the copy is.
    ///
    /// # Errors
    /// [`MirrorError`]; what was checked so far stays, and the next copy goes on from there.
    pub fn update(&self, now: Timestamp, on_step: &mut dyn FnMut(Step)) -> Result<Copied, MirrorError> {
        let done = self.stored("checkpoint")?;
        let seen = self.stored("seen")?.or_else(|| done.clone());
        let url = self.fetch.url("checkpoint");
        let shown = self.read(&self.fetch.get("checkpoint", NOTE_BYTES_MAX as u64)?, &url)?;
        let forked = |kind, proof: &[Hash]| self.forked(kind, seen.as_ref(), &shown, proof, now);
        if !shown.head().is_possible() {
            return Err(forked(EvidenceKind::Impossible, &[]));
        }
        let (base, next) = (seen.as_ref().map_or_else(Head::empty, SignedCheckpoint::head), shown.head());
        if base.size == next.size && base.root != next.root {
            return Err(forked(EvidenceKind::TwoRoots, &[]));
        }
        let is_older = next.size < base.size;
        let target = if is_older { seen.clone().expect("a head was seen") } else { shown.clone() };
        let mut tiles = Verified::of(Some(&self.fetch), &self.dir, target.head())?;
        if base.size < next.size {
            if next.size > ENTRIES_MAX {
                return Err(MirrorError::Size(next.size));
            }
            let proof = consistency_proof(base.size, next.size, |node| tiles.node(node))?;
            if verify_consistency(base.size, next.size, &base.root, &next.root, &proof).is_err() {
                // The hashes lead to the root that the log signed now, so they do not to the one it signed before.
                return Err(forked(EvidenceKind::TwoHistories, &proof));
            }
            self.write("seen", &shown)?;
        }
        let size_before = done.as_ref().map_or(0, |done| done.head().size);
        let bundles_fetched = self.copy(size_before, target.head().size, &mut tiles, on_step)?;
        if done.as_ref() != Some(&target) {
            self.write("checkpoint", &target)?;
        }
        if is_older {
            let root = Frontier::load(next.size, |node| tiles.node(node))?.root();
            if root != next.root {
                return Err(forked(EvidenceKind::TwoHistories, &[]));
            }
        }
        Ok(Copied {
            head: target.head(),
            size_before,
            tiles_fetched: tiles.fetched_count,
            bundles_fetched,
            older: is_older.then_some(next.size),
        })
    }

    /// Copies the tiles and bundles that a tree of `new` leaves has and one of `old` had not; gives how many bundles
    /// were fetched.
    fn copy(
        &self,
        old: u64,
        new: u64,
        tiles: &mut Verified<'_>,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<u64, MirrorError> {
        let total = new_tiles(old, new).count() as u64;
        let (mut bundles_fetched, mut done, mut folders) = (0, 0, BTreeSet::new());
        for level in (0..=TILE_LEVEL_MAX).rev() {
            for tile in new_tiles(old, new).filter(|tile| tile.kind() == TileKind::Hashes(level)) {
                let bytes = if level > 0 { tiles.tile(tile)?.to_vec() } else { tiles.obtain(tile)? };
                self.put(tile, &bytes, &mut folders)?;
                if level == 0 {
                    bundles_fetched += u64::from(self.copy_bundle(tile, &bytes, &mut folders)?);
                }
                done += 1;
                on_step(Step { done, total });
            }
        }
        for folder in &folders {
            sync_folder(folder).map_err(MirrorError::io("sync", folder))?;
        }
        for tile in new_tiles(old, new) {
            self.remove_partial(tile)?;
        }
        Ok(bundles_fetched)
    }

    /// The entries whose leaves are in `tile`, whose bytes are `leaves`; whether they were fetched.
    fn copy_bundle(&self, tile: Tile, leaves: &[u8], folders: &mut BTreeSet<PathBuf>) -> Result<bool, MirrorError> {
        let bundle = Tile::new(TileKind::Entries, tile.index(), tile.width()).expect("as wide as a tile");
        let limit = usize::from(tile.width()) * (ENTRY_BYTES_MAX + 2);
        let check = |bytes: &[u8]| parse_bundle(bytes).and_then(|entries| check_bundle(&entries, leaves));
        let local = read_within(&local_path(&self.dir, bundle), limit).ok().flatten();
        if local.is_some_and(|bytes| check(&bytes).is_ok()) {
            return Ok(false);
        }
        let bytes = self.fetch.get(&bundle.to_string(), limit as u64)?;
        check(&bytes).map_err(|why| MirrorError::Tile { name: bundle.to_string(), why: why.to_string() })?;
        self.put(bundle, &bytes, folders)?;
        Ok(true)
    }

    /// Writes a file that was checked, unless it is there.
    fn put(&self, tile: Tile, bytes: &[u8], folders: &mut BTreeSet<PathBuf>) -> Result<(), MirrorError> {
        let path = local_path(&self.dir, tile);
        if read_within(&path, bytes.len()).ok().flatten().is_some_and(|held| held == bytes) {
            return Ok(());
        }
        let folder = folder_of(&path);
        fs::create_dir_all(folder).map_err(MirrorError::io("make", folder))?;
        place(&path, bytes).map_err(MirrorError::io("write", &path))?;
        folders.extend(folder.ancestors().take_while(|above| above.starts_with(&self.dir)).map(Path::to_owned));
        Ok(())
    }

    /// Removes the partial tiles that a full one replaces (tlog-tiles, "Partial Tiles").
    fn remove_partial(&self, tile: Tile) -> Result<(), MirrorError> {
        let TileKind::Hashes(level) = tile.kind() else { return Ok(()) };
        let bundle = Tile::new(TileKind::Entries, tile.index(), tile.width()).filter(|_| level == 0);
        for full in [Some(tile), bundle].into_iter().flatten().filter(|tile| tile.width() == konbit_record::TILE_WIDTH)
        {
            let path = local_path(&self.dir, full);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let partial = path.with_file_name(format!("{name}.p"));
            match fs::remove_dir_all(&partial) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(MirrorError::Io { what: "remove", path: partial, source: error });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a checkpoint and checks that this log signed it.
    fn read(&self, bytes: &[u8], place: &str) -> Result<SignedCheckpoint, MirrorError> {
        let place = || place.to_owned();
        let checkpoint =
            SignedCheckpoint::parse(bytes).map_err(|why| MirrorError::Checkpoint { place: place(), why })?;
        let origin = checkpoint.checkpoint().origin();
        if origin != self.key.name() {
            return Err(MirrorError::OtherLog { place: place(), origin: origin.to_owned() });
        }
        checkpoint.verify([&self.key]).map_err(|why| MirrorError::Unsigned { place: place(), why })?;
        Ok(checkpoint)
    }

    fn stored(&self, name: &str) -> Result<Option<SignedCheckpoint>, MirrorError> {
        let path = self.dir.join(name);
        let bytes = read_within(&path, NOTE_BYTES_MAX).map_err(MirrorError::io("read", &path))?;
        bytes.map(|bytes| self.read(&bytes, &path.display().to_string())).transpose()
    }

    fn write(&self, name: &str, checkpoint: &SignedCheckpoint) -> Result<(), MirrorError> {
        let path = self.dir.join(name);
        replace(&path, checkpoint.to_string().as_bytes()).map_err(MirrorError::io("write", &path))
    }

    /// Keeps the evidence. That it cannot be kept is told in place of what it shows: without it nobody believes that.
    fn forked(
        &self,
        kind: EvidenceKind,
        first: Option<&SignedCheckpoint>,
        shown: &SignedCheckpoint,
        proof: &[Hash],
        now: Timestamp,
    ) -> MirrorError {
        let second = shown.only_by(&self.key).expect("its signature was checked");
        let folder = self.dir.join("evidence");
        let piece = Piece { kind, first, second: &second, proof, seen: &now.to_string() };
        match piece.keep(&self.dir) {
            Ok(kept) => MirrorError::Forked {
                origin: self.key.name().to_owned(),
                meaning: kind.meaning(),
                evidence: kept.unwrap_or(folder),
            },
            Err(source) => MirrorError::Io { what: "keep evidence of two histories in", path: folder, source },
        }
    }
}

fn read_key(vkey: &str) -> Result<VerifierKey, MirrorError> {
    let key = VerifierKey::parse(vkey.trim()).map_err(MirrorError::Key)?;
    if key.kind() == SignatureType::Ed25519 {
        Ok(key)
    } else {
        Err(MirrorError::Key(KeyError::Use { name: key.name().to_owned() }))
    }
}

//! Evidence that a log has shown, or may have shown, two histories: kept as files that any implementation of the
//! formats can read, for everyone to check.
//!
//! Each piece is a folder `evidence/<kind>-<digest of the log's origin>-<digest of both heads>`, so that the same piece is
//! kept once and nothing is ever overwritten:
//!
//! - `first.txt`: the head that was cosigned or mirrored before, as a signed checkpoint, if there was one;
//! - `second.txt`: the head that does not fit to it, with the log's signature alone;
//! - `request.txt`: the second head with the proof from the first that came with it or was computed, in the form of
//!   tlog-witness, for whoever wants to ask a witness of their own;
//! - `about.txt`: what it means, and when it was seen.

use crate::files::{folder_of, read_within, replace, sync_folder};
use konbit_base::Digest;
use konbit_record::{AddCheckpoint, Hash, NOTE_BYTES_MAX, SignedCheckpoint};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most pieces of one kind that are kept against one log: the first ones, for more add nothing.
const PIECES_MAX: usize = 100;
/// The most pieces that are listed.
const LISTED_MAX: usize = 1000;

/// What a piece shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The log signed two roots for one size. That alone proves two histories, to anyone.
    TwoRoots,
    /// The log signed a head whose tree, checked against that head, does not begin with the earlier head's.
    TwoHistories,
    /// The log signed a root for no entries that is not the empty tree's.
    Impossible,
    /// A head came with a proof that does not hold. Anyone can send a signed head with a wrong proof, so this alone
    /// shows nothing; a log that cannot give a proof that holds has two histories.
    Unproven,
}

impl EvidenceKind {
    const ALL: [Self; 4] = [Self::TwoRoots, Self::TwoHistories, Self::Impossible, Self::Unproven];

    /// The word that its folders begin with.
    pub fn word(self) -> &'static str {
        match self {
            Self::TwoRoots => "two-roots",
            Self::TwoHistories => "two-histories",
            Self::Impossible => "impossible",
            Self::Unproven => "unproven",
        }
    }

    /// Whether it proves, alone, that the log did what a log must not do.
    pub fn is_proof(self) -> bool {
        self != Self::Unproven
    }

    /// What it says, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TwoRoots => "the log signed two different roots for one number of entries: it showed two histories",
            Self::TwoHistories => {
                "the log signed a head whose tree does not begin with the entries it signed for earlier: it showed two \
                 histories"
            }
            Self::Impossible => "the log signed a root for no entries that is not the root of an empty record",
            Self::Unproven => {
                "the log signed a head, and the proof that came with it does not show that it begins with the earlier \
                 one; anyone can send a wrong proof, so ask the log for one that holds: if it has none, it showed two \
                 histories"
            }
        }
    }
}

/// A piece that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The name of its folder.
    pub name: String,
    /// What it shows.
    pub kind: EvidenceKind,
    /// The log.
    pub origin: String,
    /// Entries of the first head, if there is one, and of the second.
    pub sizes: (Option<u64>, u64),
}

/// What is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    pub kind: EvidenceKind,
    pub first: Option<&'a SignedCheckpoint>,
    /// With signatures that were verified only, so that nobody can make many pieces out of one.
    pub second: &'a SignedCheckpoint,
    pub proof: &'a [Hash],
    /// When it was seen, in words.
    pub seen: &'a str,
}

impl Piece<'_> {
    /// Keeps it below `dir`, unless it is there, or [`PIECES_MAX`] of its kind are; gives its folder, if it is kept. The
    /// caller lets nobody else do so at the same time.
    pub fn keep(&self, dir: &Path) -> io::Result<Option<PathBuf>> {
        let first = self.first.map(ToString::to_string).unwrap_or_default();
        let second = self.second.to_string();
        let digest = |text: &str| Digest::of(text.as_bytes()).to_string()[..16].to_owned();
        let against = format!("{}-{}", self.kind.word(), digest(self.second.checkpoint().origin()));
        let all = dir.join("evidence");
        let folder = all.join(format!("{against}-{}", digest(&format!("{first}\n{second}"))));
        if folder.exists() {
            return Ok(Some(folder));
        }
        fs::create_dir_all(&all)?;
        let mut kept_count = 0;
        for entry in fs::read_dir(&all)? {
            kept_count += usize::from(entry?.file_name().to_string_lossy().starts_with(&against));
        }
        if kept_count >= PIECES_MAX {
            return Ok(None);
        }
        // Made beside and renamed, so that a folder of that name is whole.
        let new = all.join(".new");
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        fs::create_dir(&new)?;
        if self.first.is_some() {
            replace(&new.join("first.txt"), first.as_bytes())?;
        }
        replace(&new.join("second.txt"), second.as_bytes())?;
        let old_size = self.first.map_or(0, |first| first.head().size);
        let request = AddCheckpoint { old_size, proof: self.proof.to_vec(), checkpoint: self.second.clone() };
        replace(&new.join("request.txt"), request.to_string().as_bytes())?;
        replace(&new.join("about.txt"), self.about().as_bytes())?;
        fs::rename(&new, &folder)?;
        sync_folder(&all)?;
        sync_folder(folder_of(&all))?;
        Ok(Some(folder))
    }

    fn about(&self) -> String {
        let head = |checkpoint: &SignedCheckpoint| {
            let head = checkpoint.head();
            format!("{} entries, root {} (hexadecimal)", head.size, Digest(head.root))
        };
        format!(
            "{}\n\nlog: {}\nfirst head: {}\nsecond head: {}\nseen: {}\n",
            self.kind.meaning(),
            self.second.checkpoint().origin(),
            self.first.map_or_else(|| "none".to_owned(), head),
            head(self.second),
            self.seen,
        )
    }
}

/// Name and text of each file of a piece; `None` if there is no such piece.
pub fn file(dir: &Path, name: &str, file: &str) -> io::Result<Option<Vec<u8>>> {
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name(name) || !FILES.contains(&file) {
        return Ok(None);
    }
    read_within(&dir.join("evidence").join(name).join(file), NOTE_BYTES_MAX)
}

/// Files that a piece may have.
pub const FILES: [&str; 4] = ["about.txt", "first.txt", "second.txt", "request.txt"];

/// What is kept below `dir`, by kind and name. A folder whose heads cannot be read is passed over.
pub fn list(dir: &Path) -> io::Result<Vec<Evidence>> {
    let folders = match fs::read_dir(dir.join("evidence")) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for folder in folders.take(LISTED_MAX) {
        let name = folder?.file_name().to_string_lossy().into_owned();
        let Some(kind) = EvidenceKind::ALL.into_iter().find(|kind| name.starts_with(kind.word())) else { continue };
        let note =
            |part| Ok::<_, io::Error>(file(dir, &name, part)?.and_then(|note| SignedCheckpoint::parse(&note).ok()));
        let Some(second) = note("second.txt")? else { continue };
        let sizes = (note("first.txt")?.map(|first| first.head().size), second.head().size);
        found.push(Evidence { origin: second.checkpoint().origin().to_owned(), name, kind, sizes });
    }
    found.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(found)
}

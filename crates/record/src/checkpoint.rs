//! Checkpoints (C2SP tlog-checkpoint): a log's name, size and root in three lines, signed as a note.

use crate::key::{KeyError, SignerKey, VerifierKey};
use crate::note::{Note, NoteError, NoteSignature, Verified, parse_signatures, plain_text};
use crate::text::{decimal, hash_from_base64, to_base64};
use crate::tree::{Frontier, Hash, empty_root};
use std::fmt;
use thiserror::Error;

/// Size and root of a tree: all that has to be known of it to check what is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    /// Number of leaves.
    pub size: u64,
    /// Merkle Tree Hash over all of them (RFC 6962, 2.1).
    pub root: Hash,
}

impl Head {
    /// The head of the tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, root: empty_root() }
    }

    /// Whether the root is possible for the size: the tree without leaves has one root only. Of other sizes nothing
    /// can be said.
    pub fn is_possible(&self) -> bool {
        self.size != 0 || self.root == empty_root()
    }
}

impl From<&Frontier> for Head {
    fn from(frontier: &Frontier) -> Self {
        Self { size: frontier.size(), root: frontier.root() }
    }
}

/// Why something is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The key cannot sign it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A line that is not there, or not of its form.
    #[error("line {0} of the checkpoint is missing or malformed: it needs origin, size and root, and no empty line")]
    Line(usize),
    /// The tree has no leaves, and the root is not that of such a tree.
    #[error("the checkpoint of an empty tree has another root than the empty tree")]
    EmptyRoot,
    /// The key that is to sign has another name than the log.
    #[error("the key is named {key}, the log {origin}: a log signs with a key of its own name")]
    Name {
        /// The name of the key.
        key: String,
        /// The origin of the checkpoint.
        origin: String,
    },
}

/// What a log says of its tree, not signed yet, or taken from a signed note. `Display` writes the note text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Invariant: one line, not empty; so is each extension.
    origin: String,
    head: Head,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The statement that log `origin` has this head. `extensions` are further lines, opaque to others; the
    /// specification does not recommend any, and Konbit uses one kind only, [`Epoch`](crate::Epoch).
    ///
    /// # Errors
    /// [`CheckpointError::Line`] if a line is empty or holds a control character; [`CheckpointError::EmptyRoot`].
    pub fn new(origin: &str, head: Head, extensions: Vec<String>) -> Result<Self, CheckpointError> {
        let is_line = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte >= 0x20);
        if !is_line(origin) {
            return Err(CheckpointError::Line(1));
        }
        if let Some(ix) = extensions.iter().position(|line| !is_line(line)) {
            return Err(CheckpointError::Line(4 + ix));
        }
        if !head.is_possible() {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(Self { origin: origin.to_owned(), head, extensions })
    }

    /// Reads a note text (tlog-checkpoint, "Note text"). A root that is impossible for size 0 is left to the reader:
    /// a witness answers it with a status of its own.
    ///
    /// # Errors
    /// [`CheckpointError::Line`] names the first line that is not of its form.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = match text.strip_suffix('\n') {
            Some(lines) => lines.split('\n').collect(),
            None => return Err(CheckpointError::Line(text.lines().count().max(1))),
        };
        let line = |ix: usize| lines.get(ix).copied().filter(|line| !line.is_empty());
        let origin = line(0).ok_or(CheckpointError::Line(1))?;
        let size = line(1).and_then(decimal).ok_or(CheckpointError::Line(2))?;
        let root = line(2).and_then(hash_from_base64).ok_or(CheckpointError::Line(3))?;
        let extensions: Vec<String> = lines[3..].iter().map(|line| (*line).to_owned()).collect();
        match extensions.iter().position(String::is_empty) {
            Some(ix) => Err(CheckpointError::Line(4 + ix)),
            None => Ok(Self { origin: origin.to_owned(), head: Head { size, root }, extensions }),
        }
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The lines after the root.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs as the log. The key has to have the origin as its name (tlog-checkpoint says SHOULD; tlog-policy needs
    /// it). Whether the log may sign this head after the one it signed last is a question for
    /// [`may_follow`](crate::may_follow), to be asked first.
    ///
    /// # Errors
    /// [`CheckpointError::Name`] and [`CheckpointError::Key`].
    pub fn sign(self, key: &SignerKey) -> Result<SignedCheckpoint, CheckpointError> {
        if key.verifier().name() != self.origin {
            return Err(CheckpointError::Name { key: key.verifier().name().to_owned(), origin: self.origin });
        }
        let text = self.to_string();
        let note = Note::new(&text, key.sign(&text)?)?;
        Ok(SignedCheckpoint { checkpoint: self, note })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, to_base64(&self.head.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint in a note: what a log serves at `<prefix>/checkpoint`, what a witness stores, what a proof carries.
/// `Display` writes the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Invariant: read from the text of `note`.
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Reads a note whose text is a checkpoint. Its signatures are **not** checked: see [`SignedCheckpoint::verify`]
    /// and [`Policy::check`](crate::Policy::check).
    ///
    /// # Errors
    /// [`CheckpointError::Note`] and [`CheckpointError::Line`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Size and root that it says.
    pub fn head(&self) -> Head {
        self.checkpoint.head
    }

    /// The note.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The signatures by `keys`; see [`Note::verify`].
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Verified<'k>>, NoteError> {
        self.note.verify(keys)
    }

    /// The same checkpoint with the signature of this log key only: what is sent to a witness, and short enough to be
    /// carried.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] and [`NoteError::Signature`].
    pub fn only_by(&self, log: &VerifierKey) -> Result<Self, NoteError> {
        self.verify([log])?;
        let by_log = |line: &&NoteSignature| line.name == log.name() && line.id == log.id();
        let line = self.note.signatures().iter().find(by_log).ok_or(NoteError::Unsigned)?;
        Ok(Self { checkpoint: self.checkpoint.clone(), note: Note::new(self.note.text(), line.clone())? })
    }

    /// Takes over the cosignatures of `witnesses` from signature lines that a witness answered with (tlog-witness,
    /// "add-checkpoint"), and gives back whose they are. Lines of other keys are ignored.
    ///
    /// # Errors
    /// [`NoteError`] if the lines are malformed, hold none by these keys, or one that does not hold; the checkpoint is
    /// then unchanged.
    pub fn add_cosignatures<'k>(
        &mut self,
        lines: &[u8],
        witnesses: &'k [VerifierKey],
    ) -> Result<Vec<Verified<'k>>, NoteError> {
        let signatures = parse_signatures(plain_text(lines)?)?;
        let answer = Note::with_all(self.note.text(), &signatures)?;
        let verified = answer.verify(witnesses)?;
        let mut note = self.note.clone();
        for line in answer.signatures() {
            if verified.iter().any(|by| by.key.name() == line.name() && by.key.id() == line.id()) {
                note.add(line.clone())?;
            }
        }
        self.note = note;
        Ok(verified)
    }

    /// The same checkpoint in another note over the same text.
    pub(crate) fn of(note: Note, same: &Self) -> Self {
        assert_eq!(note.text(), same.note.text(), "two notes of one checkpoint have one text");
        Self { checkpoint: same.checkpoint.clone(), note }
    }

    /// Adds one signature that the caller has just made.
    pub(crate) fn with(&self, signature: NoteSignature) -> Result<Self, NoteError> {
        let mut note = self.note.clone();
        note.add(signature)?;
        Ok(Self { checkpoint: self.checkpoint.clone(), note })
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

//! Signed notes (C2SP signed-note): a text, a blank line, and signature lines.
//!
//! What the text says counts only once [`Note::verify`] has found the signature of a key that the reader trusts.

use crate::key::{BadSignature, KeyId, VerifierKey, is_key_name};
use crate::text::{from_base64, to_base64};
use std::fmt;
use thiserror::Error;

/// The largest note that is read, in bytes. The specification asks for a limit and for room for 16 signatures of up to
/// 5 kB; the Go implementation takes this much.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// The most signature lines that are read, as in the Go implementation.
pub const SIGNATURES_MAX: usize = 100;

/// Em dash and space, which begin a signature line.
const LINE_PREFIX: &str = "\u{2014} ";

/// Why bytes are not a note, or a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note has {0} bytes; at most {NOTE_BYTES_MAX} are read")]
    Size(usize),
    /// Not UTF-8, or with a control character other than newline.
    #[error("the note is not plain text: byte {0} is not UTF-8, or a control character")]
    Characters(usize),
    /// No blank line, so that text and signatures cannot be told apart, or no newline at the end.
    #[error("the note is cut off: it needs a text, a blank line, and signature lines that end in a newline")]
    Form,
    /// A line after the blank line is not a signature line.
    #[error("signature line {0} of the note is malformed")]
    Line(usize),
    /// More than [`SIGNATURES_MAX`].
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    Count,
    /// None of the keys signed it.
    #[error("the note is signed by none of the keys that were asked for")]
    Unsigned,
    /// A line has the name and id of one of the keys, and its signature is not over this text.
    #[error("the signature of {name}+{id} is not over this text: it was changed, or the signature was")]
    Signature {
        /// The name of the key.
        name: String,
        /// Its id.
        id: KeyId,
    },
    /// Two different keys that were asked for have the same name and id.
    #[error("two different keys have the name and id {name}+{id}: give one of them another name")]
    Ambiguous {
        /// The name of both.
        name: String,
        /// The id of both.
        id: KeyId,
    },
}

/// One signature line, verified or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    pub(crate) name: String,
    pub(crate) id: KeyId,
    /// What follows the key id; never empty.
    pub(crate) bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line without its newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
        let bytes = from_base64(base64)?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        let fits = is_key_name(name) && !signature.is_empty();
        fits.then(|| Self { name: name.to_owned(), id: KeyId(*id), bytes: signature.to_vec() })
    }

    /// The name of the key that it says made it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that it says made it.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

/// The line, without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0[..], &self.bytes].concat();
        write!(f, "{LINE_PREFIX}{} {}", self.name, to_base64(&bytes))
    }
}

/// Reads signature lines, each with its newline.
pub(crate) fn parse_signatures(text: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let lines = text.strip_suffix('\n').ok_or(NoteError::Form)?;
    let mut signatures = Vec::new();
    for (ix, line) in lines.split('\n').enumerate() {
        if ix == SIGNATURES_MAX {
            return Err(NoteError::Count);
        }
        signatures.push(NoteSignature::parse(line).ok_or(NoteError::Line(ix + 1))?);
    }
    Ok(signatures)
}

/// Checks size and characters of anything that is made of notes.
pub(crate) fn plain_text(bytes: &[u8]) -> Result<&str, NoteError> {
    if bytes.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Size(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| NoteError::Characters(error.valid_up_to()))?;
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(at) => Err(NoteError::Characters(at)),
        None => Ok(text),
    }
}

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key that made it.
    pub key: &'k VerifierKey,
    /// When, in seconds since 1970, if it is a cosignature.
    pub time: Option<u64>,
}

/// A text with at least one signature line. Nothing about it is verified until [`Note::verify`] says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Invariant: ends in a newline, no other control character.
    text: String,
    /// Invariant: 1 to [`SIGNATURES_MAX`].
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// A note of one signature. `text` ends in a newline.
    ///
    /// # Errors
    /// [`NoteError::Characters`], [`NoteError::Form`] and [`NoteError::Size`].
    pub fn new(text: &str, signature: NoteSignature) -> Result<Self, NoteError> {
        if !plain_text(text.as_bytes())?.ends_with('\n') {
            return Err(NoteError::Form);
        }
        Ok(Self { text: text.to_owned(), signatures: vec![signature] })
    }

    /// Reads a note. The last blank line parts text from signatures (signed-note, "Format").
    ///
    /// # Errors
    /// [`NoteError`] says where it departs from the format.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let all = plain_text(bytes)?;
        let at = all.rfind("\n\n").ok_or(NoteError::Form)?;
        Ok(Self { text: all[..=at].to_owned(), signatures: parse_signatures(&all[at + 2..])? })
    }

    /// A note of these signatures, of which there is at least one.
    pub(crate) fn with_all(text: &str, signatures: &[NoteSignature]) -> Result<Self, NoteError> {
        let (first, rest) = signatures.split_first().ok_or(NoteError::Unsigned)?;
        let mut note = Self::new(text, first.clone())?;
        note.signatures.extend_from_slice(rest);
        Ok(note)
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature, in place of an earlier one by the same name and id.
    ///
    /// # Errors
    /// [`NoteError::Count`].
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let same = |old: &NoteSignature| old.name == signature.name && old.id == signature.id;
        let count = self.signatures.iter().filter(|old| !same(old)).count();
        if count == SIGNATURES_MAX {
            return Err(NoteError::Count);
        }
        self.signatures.retain(|old| !same(old));
        self.signatures.push(signature);
        Ok(())
    }

    /// The signatures by any of `keys`, in the order of their lines. Lines of other keys are passed over, also if they
    /// share a name or an id with one of them (signed-note, "Signatures").
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] if there is none; [`NoteError::Signature`] if a line of one of the keys does not hold,
    /// which spoils the whole note (the specification says SHOULD); [`NoteError::Ambiguous`].
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Verified<'k>>, NoteError> {
        let mut known: Vec<&VerifierKey> = Vec::new();
        for key in keys {
            match known.iter().find(|other| other.name() == key.name() && other.id() == key.id()) {
                None => known.push(key),
                Some(other) if *other == key => {}
                Some(_) => return Err(NoteError::Ambiguous { name: key.name().to_owned(), id: key.id() }),
            }
        }
        let mut verified = Vec::new();
        for line in &self.signatures {
            let Some(key) = known.iter().find(|key| key.name() == line.name && key.id() == line.id) else { continue };
            match key.check(&self.text, &line.bytes) {
                Ok(time) => verified.push(Verified { key, time }),
                Err(BadSignature) => return Err(NoteError::Signature { name: line.name.clone(), id: line.id }),
            }
        }
        if verified.is_empty() { Err(NoteError::Unsigned) } else { Ok(verified) }
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

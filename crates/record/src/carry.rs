//! Cosigning without a network: request and answer as one text each, on a memory stick or as a QR code.
//!
//! The request is the body that tlog-witness defines ([`AddCheckpoint`](crate::AddCheckpoint)), unchanged, so that it
//! can also be posted later to a witness on a network. The answer, which HTTP gives as status, type and body, is made
//! one text here:
//!
//! ```text
//! konbit/witness-answer@v1
//! status 200
//!
//! <the checkpoint, with the log's signature and the cosignature>
//! ```
//!
//! A refusal has its status, after a conflict a line `latest <size>`, and its reason in one line in place of the
//! checkpoint. The answer carries the whole checkpoint and not the signature line alone, so that a stick that comes
//! back weeks later still says what it is about.
//!
//! All of it is printable ASCII and newlines, but for the em dash of signature lines (three bytes of UTF-8) and names
//! that are not ASCII; QR codes take it in byte mode.
//!
//! **Length.** A consistency proof between trees of at most 2^n leaves has at most n + 1 hashes, 45 bytes each. With
//! one signature and an origin of up to 100 bytes, a request for any tree of up to 2^50 entries fits one QR code.

use crate::checkpoint::SignedCheckpoint;
use crate::note::plain_text;
use crate::text::decimal;
use crate::witness::{Cosigned, WitnessRefusal};
use std::fmt;
use thiserror::Error;

/// What the largest QR code holds, version 40 with the lowest error correction, in bytes (ISO/IEC 18004, table 7).
pub const QR_BYTES_MAX: usize = 2953;

const FIRST_LINE: &str = "konbit/witness-answer@v1";

/// Why a text cannot be carried or taken over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CarryError {
    /// It does not fit a QR code.
    #[error("the text has {0} bytes; a QR code holds {QR_BYTES_MAX}: carry it as a file")]
    Long(usize),
    /// It is not an answer.
    #[error("the text is not an answer of a witness: line {0} is missing or malformed")]
    Line(usize),
}

/// Whether a text fits one QR code.
///
/// # Errors
/// [`CarryError::Long`].
pub fn fits_qr(text: &str) -> Result<(), CarryError> {
    if text.len() <= QR_BYTES_MAX { Ok(()) } else { Err(CarryError::Long(text.len())) }
}

/// What a witness answered. `Display` writes the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarriedAnswer {
    /// It cosigned. The log takes the cosignature over with
    /// [`SignedCheckpoint::add_cosignatures`](crate::SignedCheckpoint::add_cosignatures), which checks it.
    Cosigned(SignedCheckpoint),
    /// It did not.
    Refused {
        /// The HTTP status that it would have answered with, 400 to 499.
        status: u16,
        /// After a conflict, the size that it cosigned last.
        latest: Option<u64>,
        /// The reason, one line.
        reason: String,
    },
}

impl CarriedAnswer {
    /// The answer to carry back.
    pub fn of(result: &Result<Cosigned, WitnessRefusal>) -> Self {
        match result {
            Ok(cosigned) => Self::Cosigned(cosigned.store.clone()),
            Err(refusal) => Self::Refused {
                status: refusal.status(),
                latest: match refusal {
                    WitnessRefusal::Conflict { latest } => Some(*latest),
                    _ => None,
                },
                reason: refusal.to_string().replace(|c: char| c.is_ascii_control(), " "),
            },
        }
    }

    /// Reads an answer. Nothing in it is trusted yet.
    ///
    /// # Errors
    /// [`CarryError::Line`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CarryError> {
        let text = plain_text(bytes).map_err(|_| CarryError::Line(1))?;
        let (head, rest) = text.split_once("\n\n").ok_or(CarryError::Line(1))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(CarryError::Line(1));
        }
        let number = |line: Option<&str>, word| line.and_then(|line| line.strip_prefix(word)).and_then(decimal);
        let status = number(lines.next(), "status ").ok_or(CarryError::Line(2))?;
        let latest = match lines.next() {
            Some(line) => Some(number(Some(line), "latest ").ok_or(CarryError::Line(3))?),
            None => None,
        };
        if lines.next().is_some() {
            return Err(CarryError::Line(4));
        }
        let after = 4 + usize::from(latest.is_some());
        match (status, latest, rest.strip_suffix('\n')) {
            (200, None, Some(_)) => {
                SignedCheckpoint::parse(rest.as_bytes()).map(Self::Cosigned).map_err(|_| CarryError::Line(after))
            }
            (400..=499, latest, Some(reason)) if !reason.is_empty() && !reason.contains('\n') => {
                let status = u16::try_from(status).expect("below 500");
                Ok(Self::Refused { status, latest, reason: reason.to_owned() })
            }
            _ => Err(CarryError::Line(after)),
        }
    }
}

impl fmt::Display for CarriedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cosigned(checkpoint) => write!(f, "{FIRST_LINE}\nstatus 200\n\n{checkpoint}"),
            Self::Refused { status, latest, reason } => {
                writeln!(f, "{FIRST_LINE}\nstatus {status}")?;
                latest.iter().try_for_each(|latest| writeln!(f, "latest {latest}"))?;
                writeln!(f, "\n{reason}")
            }
        }
    }
}

//! Asking a witness over HTTP.

use crate::fetch::{FetchError, Fetcher};
use konbit_record::AddCheckpoint;

/// The longest answer that is read, in bytes: some signature lines.
const ANSWER_BYTES_MAX: u64 = 128 * 1024;

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned. The lines are not checked yet: hand them to
    /// [`SignedCheckpoint::add_cosignatures`](konbit_record::SignedCheckpoint::add_cosignatures) with the keys of the
    /// witnesses that are trusted.
    Cosigned {
        /// Signature lines.
        lines: Vec<u8>,
    },
    /// It cosigned another size last: ask again with a proof from there. If that is more than the log has, the log is
    /// an older copy.
    Conflict {
        /// The size cosigned last, 0 if none.
        latest: u64,
    },
    /// It does not cosign.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, one line.
        reason: String,
    },
}

/// Posts a request to the witness with submission prefix `url`, as a policy names it (tlog-witness, "add-checkpoint").
/// Waits at most two minutes.
///
/// # Errors
/// [`FetchError`] if there is no answer.
pub fn add_checkpoint(url: &str, request: &AddCheckpoint) -> Result<Answer, FetchError> {
    let reply = Fetcher::new(url)?.post("add-checkpoint", &request.to_string(), ANSWER_BYTES_MAX)?;
    if reply.status == 200 {
        return Ok(Answer::Cosigned { lines: reply.body });
    }
    if reply.status == 409 && reply.content_type.starts_with("text/x.tlog.size") {
        // `<size>\n`, without leading zeroes.
        let size = std::str::from_utf8(&reply.body).ok().and_then(|text| text.strip_suffix('\n'));
        if let Some(latest) = size.and_then(|size| size.parse::<u64>().ok().filter(|latest| latest.to_string() == size))
        {
            return Ok(Answer::Conflict { latest });
        }
    }
    Ok(Answer::Refused { status: reply.status, reason: reply.reason() })
}

//! What outsiders run: a witness, a mirror, and the checks of proofs and policies.

pub mod args;
mod compare;
mod mirror;
mod proof;
mod witness;
mod words;

use crate::Ended;
use crate::output;
use anyhow::Result;
use args::{PolicyCommand, ProofCommand};
use konbit_desk::{Ink, qr_svg, qr_terminal};
use std::io::IsTerminal as _;
use std::path::Path;

pub use compare::run as compare;
pub use mirror::mirror;
pub use proof::bears_text;
pub use witness::witness;

/// `konbit proof ...`.
pub fn proof(command: &ProofCommand) -> Result<Ended> {
    match command {
        ProofCommand::Check { file, policy, entry, output } => {
            proof::check(file, policy, entry.as_deref(), output.format)
        }
        ProofCommand::Show { file, output } => proof::show(file, output.format),
    }
}

/// `konbit policy ...`.
pub fn policy(command: &PolicyCommand) -> Result<Ended> {
    match command {
        PolicyCommand::Check { file, output } => proof::check_policy(file, output.format),
    }
}

/// Where a text goes that is carried by hand: into a file, as a QR code where its name ends in `.svg`; onto the screen
/// as a QR code; or to standard output where neither is asked for.
pub fn hand_out(text: &str, file: Option<&Path>, qr: bool) -> Result<()> {
    if let Some(path) = file {
        let is_svg = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
        let written = if is_svg { qr_svg(text)? } else { text.to_owned() };
        konbit_desk::write_durably(path, written.as_bytes())?;
    }
    if qr {
        let ink = if std::io::stdout().is_terminal() { Ink::Coloured } else { Ink::Plain };
        return output::text(&qr_terminal(text, ink)?);
    }
    if file.is_none() { output::text(text) } else { Ok(()) }
}

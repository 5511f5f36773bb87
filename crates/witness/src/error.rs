//! What can go wrong with the directory of a witness.

use crate::files::LockError;
use konbit_record::KeyError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a directory of a witness cannot be made, opened or changed.
#[derive(Debug, Error)]
pub enum WitnessError {
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
    /// Another process works in it.
    #[error("a witness already runs in {}: stop it first, or wait until it has answered", .0.display())]
    InUse(PathBuf),
    /// There is a witness already.
    #[error("{} is the directory of a witness already; its key is never replaced: choose another directory", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("{} is not the directory of a witness; make one: konbit witness init {} --name NAME", .0.display(), .0.display())]
    None(PathBuf),
    /// The key cannot be used.
    #[error("{}: {why}", .path.display())]
    Key {
        /// Where it lies; for a key from the command line, what it is for.
        path: PathBuf,
        /// What is wrong with it.
        why: KeyError,
    },
    /// The list of logs cannot be read.
    #[error("{} cannot be read: {why}", .path.display())]
    Config {
        /// Where it lies.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What was cosigned last is not what this witness wrote.
    #[error(
        "{} is not what this witness stored: {why}; without it the witness could cosign two histories. Put the file \
         back, or make a new witness with a new key",
        .path.display()
    )]
    State {
        /// Where it lies.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl WitnessError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_owned(), source }
    }

    pub(crate) fn lock(dir: &Path, error: LockError) -> Self {
        match error {
            LockError::Taken => Self::InUse(dir.to_owned()),
            LockError::Io(path, source) => Self::Io { what: "lock", path, source },
        }
    }
}

//! The arguments of the commands for outsiders.

use crate::args::Output;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `konbit witness DIR`, or one of its commands.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct WitnessArgs {
    /// What to do; without it, answer over HTTP
    #[command(subcommand)]
    pub command: Option<WitnessCommand>,
    /// The directory of the witness
    #[arg(required = true)]
    pub dir: Option<PathBuf>,
    /// Address to listen on, instead of the one in witness.toml; port 0 takes any free port
    #[arg(long)]
    pub listen: Option<String>,
}

/// What to do with a witness.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make a witness: a directory with a new key
    Init {
        /// The directory; new or empty
        dir: PathBuf,
        /// Name of the witness, as an address without its scheme, such as witness.example/w1
        #[arg(long)]
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Make a log known to the witness
    AddLog {
        /// The directory of the witness
        dir: PathBuf,
        /// Public key of the log, as the mission gives it out
        vkey: String,
        #[command(flatten)]
        output: Output,
    },
    /// Say who the witness is, what it cosigned last, and what evidence it keeps
    Show {
        /// The directory of the witness
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Answer a request that was carried here
    Answer {
        /// The directory of the witness
        dir: PathBuf,
        /// The request
        request: PathBuf,
        /// The file to write: the answer, or a QR code of it if the name ends in .svg
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Draw the answer as a QR code on the screen
        #[arg(long)]
        qr: bool,
    },
}

/// `konbit mirror URL DIR`.
#[derive(Debug, Args)]
pub struct MirrorArgs {
    /// Address of the log, such as `http://mission.example/record`: what stands before /checkpoint
    pub url: String,
    /// The directory of the mirror; new, empty, or a mirror of the same log
    pub dir: PathBuf,
    /// Public key of the log; needed the first time
    #[arg(long, value_name = "VKEY")]
    pub key: Option<String>,
    /// Then serve the mirror on this address; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    pub serve: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// What to do with a proof.
#[derive(Debug, Subcommand)]
pub enum ProofCommand {
    /// Check that an entry is in a record, with nothing but the proof and a policy: 0 = it holds
    Check {
        /// The proof
        file: PathBuf,
        /// Whom to trust: logs, witnesses, and how many of them (C2SP tlog-policy)
        #[arg(long)]
        policy: PathBuf,
        /// The entry's bytes, where the proof does not carry them or another copy is to be checked
        #[arg(long, value_name = "FILE")]
        entry: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Say what a proof claims, without checking any of it
    Show {
        /// The proof
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

/// What to do with a policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say whom a policy trusts, and how many dishonest witnesses it bears: 0 = usable
    Check {
        /// The policy
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

/// `konbit compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The policy: its logs and witnesses are asked for their heads, where it gives their addresses
    pub policy: PathBuf,
    /// Where else heads are: a file (checkpoint, proof, request or answer of a witness, evidence), the directory of a
    /// mirror, or the address of a log, mirror or witness
    pub places: Vec<String>,
    /// Keep heads that contradict each other in this directory, as evidence
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

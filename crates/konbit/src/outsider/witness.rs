//! `konbit witness`: make one, run it, answer what was carried here.

use super::args::{WitnessArgs, WitnessCommand};
use super::{hand_out, words};
use crate::args::Format;
use crate::commands::entropy;
use crate::files::read_limited;
use crate::{Ended, output, serve};
use anyhow::Result;
use jiff::Timestamp;
use konbit_record::{CarriedAnswer, NOTE_BYTES_MAX};
use konbit_witness::{LogView, WitnessDir, witness_router};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// `konbit witness ...`.
pub fn witness(args: WitnessArgs) -> Result<Ended> {
    match args.command {
        None => run(&args.dir.expect("the command line asks for it"), args.listen.as_deref()),
        Some(WitnessCommand::Init { dir, name, output }) => init(&dir, &name, output.format),
        Some(WitnessCommand::AddLog { dir, vkey, output }) => add_log(&dir, &vkey, output.format),
        Some(WitnessCommand::Show { dir, output }) => show(&dir, output.format),
        Some(WitnessCommand::Answer { dir, request, output, qr }) => answer(&dir, &request, output.as_deref(), qr),
    }
}

fn run(dir: &Path, listen: Option<&str>) -> Result<Ended> {
    let witness = Arc::new(WitnessDir::open(dir)?);
    let address = listen.unwrap_or_else(|| witness.listen()).to_owned();
    let router = witness_router(witness, Timestamp::now);
    serve::listen(&address, |listener, stop| konbit_witness::serve(listener, router, stop))?;
    Ok(Ended::Well)
}

fn init(dir: &Path, name: &str, format: Format) -> Result<Ended> {
    let key = WitnessDir::init(dir, name, &entropy())?;
    match format {
        Format::Json => output::json(&json!({ "dir": dir, "vkey": key.to_string() }))?,
        Format::Text => output::text(&format!(
            "witness {} is ready; its public key, for the mission and for readers:\n\n{key}\n\nnext: konbit witness \
             add-log {} VKEY, with the key of the mission's record",
            key.name(),
            dir.display()
        ))?,
    }
    Ok(Ended::Well)
}

fn add_log(dir: &Path, vkey: &str, format: Format) -> Result<Ended> {
    let (key, is_new) = WitnessDir::add_log(dir, vkey)?;
    match format {
        Format::Json => output::json(&json!({ "log": key.name(), "added": is_new }))?,
        Format::Text if is_new => output::text(&format!("the witness knows the log {} now", key.name()))?,
        Format::Text => output::text(&format!("the witness knows the log {} already", key.name()))?,
    }
    Ok(Ended::Well)
}

fn show(dir: &Path, format: Format) -> Result<Ended> {
    let witness = WitnessDir::open(dir)?;
    let (key, logs, evidence) = (witness.verifier().to_string(), witness.logs(), witness.evidence()?);
    match format {
        Format::Json => output::json(&json!({
            "vkey": key,
            "logs": logs.iter().map(log_json).collect::<Vec<_>>(),
            "evidence": evidence.iter().map(|piece| json!({
                "name": piece.name, "log": piece.origin, "kind": piece.kind.word(), "proves": piece.kind.is_proof(),
            })).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let mut text = format!("{key}\n");
            for log in &logs {
                text += &match &log.latest {
                    Some((checkpoint, time)) => format!(
                        "  {}: cosigned {} on {}, root {}\n",
                        log.origin,
                        words::entries(checkpoint.head().size),
                        words::time(*time),
                        words::hex(&checkpoint.head().root)
                    ),
                    None => format!("  {}: nothing cosigned yet\n", log.origin),
                };
            }
            for piece in &evidence {
                text += &format!(
                    "  evidence in {}: {}\n",
                    dir.join("evidence").join(&piece.name).display(),
                    piece.kind.meaning()
                );
            }
            output::text(&text)?;
        }
    }
    let is_well = evidence.iter().all(|piece| !piece.kind.is_proof());
    Ok(if is_well { Ended::Well } else { Ended::Badly })
}

fn log_json(log: &LogView) -> serde_json::Value {
    let latest = log.latest.as_ref().map(|(checkpoint, time)| {
        let head = checkpoint.head();
        json!({ "size": head.size, "root": words::hex(&head.root), "time": words::time(*time) })
    });
    json!({ "log": log.origin, "keys": log.keys.iter().map(ToString::to_string).collect::<Vec<_>>(), "latest": latest })
}

fn answer(dir: &Path, request: &Path, file: Option<&Path>, qr: bool) -> Result<Ended> {
    let request = read_limited(request, NOTE_BYTES_MAX as u64)?.bytes;
    let answer = WitnessDir::open(dir)?.answer_carried(&request, Timestamp::now())?;
    hand_out(&answer.to_string(), file, qr)?;
    match answer {
        CarriedAnswer::Cosigned(checkpoint) => {
            let origin = checkpoint.checkpoint().origin();
            eprintln!("cosigned {} of {origin}; carry the answer back", words::entries(checkpoint.head().size));
            Ok(Ended::Well)
        }
        CarriedAnswer::Refused { reason, .. } => {
            eprintln!("not cosigned: {reason}; carry the answer back, it says so");
            Ok(Ended::Badly)
        }
    }
}

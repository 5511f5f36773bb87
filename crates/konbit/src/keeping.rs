//! Commands that keep the record: copies, erasure, a new epoch, proofs.

use crate::Ended;
use crate::args::Format;
use crate::commands::{entropy, stamp};
use crate::output;
use anyhow::{Result, anyhow};
use konbit_desk::{CopyReport, Desk};
use serde_json::json;
use std::path::Path;

fn copied(what: &str, to: &Path, report: &CopyReport, format: Format) -> Result<Ended> {
    match format {
        Format::Json => output::json(&json!({
            "entries": report.entries, "root": report.root, "files": report.files,
            "covered": report.covered, "refused": report.refused,
        }))?,
        Format::Text => {
            let mut text = format!(
                "{what} {}: {} entries, root {}, {} reference files; verified: {}",
                to.display(),
                report.entries,
                report.root,
                report.files,
                report.covered.join("; ")
            );
            if let Some(why) = &report.refused {
                text += &format!("\nit cannot be written to: {why}");
            }
            output::text(&text)?;
        }
    }
    Ok(if report.refused.is_none() { Ended::Well } else { Ended::Badly })
}

/// `konbit backup DIR TO`.
pub fn backup(dir: &Path, to: &Path, format: Format) -> Result<Ended> {
    let spinner = output::spinner("copying and verifying");
    let report = konbit_desk::backup(dir, to)?;
    spinner.finish_and_clear();
    // A copy is not written to where it lies, so that it lacks the keys is as it should be.
    let ended = copied("copied to", to, &CopyReport { refused: None, ..report }, format)?;
    if format == Format::Text {
        output::text(
            "not copied: keys/ and record.head, which have to stay where a copy cannot replace them; keep keys/record.key in another safe place",
        )?;
    }
    Ok(ended)
}

/// `konbit restore COPY DIR`.
pub fn restore(copy: &Path, dir: &Path, format: Format) -> Result<Ended> {
    let spinner = output::spinner("copying and verifying");
    let report = konbit_desk::restore(copy, dir)?;
    spinner.finish_and_clear();
    let ended = copied("restored to", dir, &report, format)?;
    // Without a signed head there is nothing that an epoch could cite; what to do then stands in the refusal.
    if report.refused.is_some() && format == Format::Text && dir.join("record.head").exists() {
        output::text(&format!("go on with a signed new epoch: konbit epoch {} --reason WHY", dir.display()))?;
    }
    Ok(ended)
}

/// `konbit epoch DIR --reason WHY`.
pub fn epoch(dir: &Path, reason: &str, role: &str, format: Format) -> Result<Ended> {
    let entry = konbit_desk::begin_epoch(dir, reason, &stamp(role), &entropy())?;
    match format {
        Format::Json => output::json(&json!({ "entry": entry }))?,
        Format::Text => output::text(&format!(
            "entry {entry} begins a new epoch and cites the old head; give outsiders the new key: {}",
            dir.join("keys").join("record.pub").display()
        ))?,
    }
    Ok(Ended::Well)
}

/// `konbit erase DIR ENTRY... --reason WHY --authority RULE`.
pub fn erase(dir: &Path, entries: &[u64], reason: &str, authority: &str, role: &str, format: Format) -> Result<Ended> {
    let desk = Desk::open(dir)?;
    let report = desk.erase(entries, reason, authority, &stamp(role))?;
    desk.close()?;
    match format {
        Format::Json => output::json(&json!({
            "order": report.order, "erased": entries, "changed": report.changed, "remains": report.remains,
        }))?,
        Format::Text => {
            let changed: Vec<String> = report.changed.iter().map(|(subject, id)| format!("{subject} {id}")).collect();
            let mut text = format!("erased by the order in entry {}; every proof still holds", report.order);
            if !changed.is_empty() {
                text += &format!("; no longer as it was: {}", changed.join(", "));
            }
            if let Some(why) = &report.remains {
                text += &format!(
                    "\ncopies of the bytes may still lie in the file: {why}; they go when the record is next opened"
                );
            }
            output::text(&text)?;
        }
    }
    Ok(if report.remains.is_none() { Ended::Well } else { Ended::Badly })
}

/// `konbit prove DIR ENTRY -o FILE`.
pub fn prove(dir: &Path, entry: u64, disclose: bool, output: Option<&Path>) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let proof = desk.proof_file(entry, disclose)?;
    desk.close()?;
    let proof = proof.ok_or_else(|| {
        anyhow!(
            "no entry {entry} is in the record, or it is of the first form and was erased; konbit verify lists them"
        )
    })?;
    match output {
        Some(path) => konbit_desk::write_durably(path, proof.to_string().as_bytes())?,
        None => output::text(&proof.to_string())?,
    }
    Ok(Ended::Well)
}

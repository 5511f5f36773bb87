//! `konbit compare`: the heads that witnesses, mirrors and readers hold of a record, side by side.

use super::args::CompareArgs;
use super::words;
use crate::args::Format;
use crate::files::read_limited;
use crate::{Ended, output};
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use konbit_record::{
    AddCheckpoint, CarriedAnswer, PROOF_BYTES_MAX, Policy, PolicyLog, ProofFile, SignedCheckpoint, VerifierKey,
};
use konbit_witness::{Compared, EvidenceKind, Hashes, compare, fetch_checkpoint, fetch_cosigned, heads_in};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The most places that are asked or read.
const PLACES_MAX: usize = 1_000;

/// A head, and where it was.
struct Held {
    place: String,
    checkpoint: SignedCheckpoint,
}

/// What was read, and what was not.
#[derive(Default)]
struct Found {
    heads: Vec<Held>,
    /// Places that gave no head, and why.
    silent: Vec<(String, String)>,
    /// Where hashes of trees may be had.
    hashes: Vec<Hashes>,
}

/// What was shown of one log.
struct Shown<'a> {
    log: &'a VerifierKey,
    places: Vec<&'a str>,
    heads: Vec<SignedCheckpoint>,
    compared: Compared,
    kept: Vec<PathBuf>,
}

/// `konbit compare POLICY PLACE...`.
pub fn run(args: &CompareArgs) -> Result<Ended> {
    let policy = super::proof::read_policy(&args.policy)?;
    if policy.logs().is_empty() {
        bail!("{} names no log, so there is nothing to compare: add a line `log <vkey>`", args.policy.display());
    }
    if args.places.len() > PLACES_MAX {
        bail!("{} places are too many; at most {PLACES_MAX} are read", args.places.len());
    }
    let spinner = output::spinner("asking for heads");
    let mut found = Found::default();
    found.ask_policy(&policy);
    args.places.iter().for_each(|place| found.look(place, policy.logs()));
    found.drop_unsigned(policy.logs());
    let mut shown = Vec::new();
    for log in policy.logs() {
        shown.extend(show(&found, &log.key, args.keep.as_deref())?);
    }
    spinner.finish_and_clear();
    if shown.is_empty() {
        let why =
            found.silent.iter().map(|(place, why)| format!("\n  {}: {}", words::foreign(place), words::foreign(why)));
        bail!("no head of a log of the policy was found: give files or addresses{}", why.collect::<String>());
    }
    match args.output.format {
        Format::Json => output::json(&json!({
            "logs": shown.iter().map(|shown| shown.json(&policy)).collect::<Vec<_>>(),
            "silent": found.silent.iter().map(|(place, why)| json!({ "place": place, "why": why })).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let mut text: String = shown.iter().map(|shown| shown.text(&policy, args.keep.is_some())).collect();
            for (place, why) in &found.silent {
                text += &format!("not compared: {}: {}\n", words::foreign(place), words::foreign(why));
            }
            output::text(&text)?;
        }
    }
    let is_well = found.silent.is_empty() && shown.iter().all(Shown::is_well);
    Ok(if is_well { Ended::Well } else { Ended::Badly })
}

/// Whether a log has signed a head as its own.
fn is_of(checkpoint: &SignedCheckpoint, log: &VerifierKey) -> bool {
    checkpoint.checkpoint().origin() == log.name() && checkpoint.verify([log]).is_ok()
}

/// Compares the heads of one log; `None` if there are none.
fn show<'a>(found: &'a Found, log: &'a VerifierKey, keep: Option<&Path>) -> Result<Option<Shown<'a>>> {
    let of_log = found.heads.iter().filter(|held| is_of(&held.checkpoint, log));
    let (places, heads): (Vec<_>, Vec<_>) = of_log.map(|held| (held.place.as_str(), held.checkpoint.clone())).unzip();
    if heads.is_empty() {
        return Ok(None);
    }
    let compared = compare(&heads, &found.hashes);
    let mut kept = Vec::new();
    if let Some(dir) = keep {
        for contradiction in &compared.contradictions {
            let folder = contradiction.keep(&heads, log, dir, Timestamp::now());
            kept.extend(folder.with_context(|| format!("cannot keep evidence in {}", dir.display()))?);
        }
    }
    Ok(Some(Shown { log, places, heads, compared, kept }))
}

impl Found {
    /// Sets aside what no log of the policy has signed.
    fn drop_unsigned(&mut self, logs: &[PolicyLog]) {
        let is_signed = |held: &Held| logs.iter().any(|log| is_of(&held.checkpoint, &log.key));
        let (signed, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.heads).into_iter().partition(is_signed);
        self.heads = signed;
        for held in others {
            let why = format!("no log of the policy has signed it; it is of {}", held.checkpoint.checkpoint().origin());
            self.silent.push((held.place, why));
        }
    }

    /// Asks the logs and witnesses of the policy that have an address.
    fn ask_policy(&mut self, policy: &Policy) {
        for log in policy.logs() {
            let Some(url) = &log.url else { continue };
            self.hashes.push(Hashes::At(url.clone()));
            self.take(format!("the log, at {url}"), fetch_checkpoint(url).map_err(|error| error.to_string()));
        }
        for witness in policy.witnesses() {
            let Some(url) = &witness.url else { continue };
            self.ask_witness(&String::from_utf8_lossy(&witness.name), url, policy.logs());
        }
    }

    /// Asks a witness for all of `logs`. That it has cosigned no head of one of several is as it may be.
    fn ask_witness(&mut self, name: &str, url: &str, logs: &[PolicyLog]) {
        let place = format!("witness {name}, at {url}");
        let asked: Vec<_> = logs.iter().map(|log| fetch_cosigned(url, log.key.name())).collect();
        let all_failed = asked.iter().all(Result::is_err);
        for answer in asked {
            match answer {
                Err(error) if all_failed => return self.silent.push((place, error.to_string())),
                Err(_) => {}
                Ok(bytes) => self.take(place.clone(), Ok(bytes)),
            }
        }
    }

    /// Looks at a place that was named: an address, a directory, a file.
    fn look(&mut self, place: &str, logs: &[PolicyLog]) {
        if place.contains("://") {
            match fetch_checkpoint(place) {
                Ok(bytes) => {
                    self.hashes.push(Hashes::At(place.to_owned()));
                    self.take(place.to_owned(), Ok(bytes));
                }
                Err(error) => {
                    // A witness has no such address, and may have the other.
                    let cosigned: Vec<_> =
                        logs.iter().filter_map(|log| fetch_cosigned(place, log.key.name()).ok()).collect();
                    if cosigned.is_empty() {
                        self.silent.push((place.to_owned(), error.to_string()));
                    }
                    for bytes in cosigned {
                        self.take(place.to_owned(), Ok(bytes));
                    }
                }
            }
            return;
        }
        let path = Path::new(place);
        if !path.is_dir() {
            let read = read_limited(path, PROOF_BYTES_MAX as u64).map(|file| file.bytes);
            return self.take(place.to_owned(), read.map_err(|error| format!("{error:#}")));
        }
        self.hashes.push(Hashes::In(path.to_owned()));
        match heads_in(path) {
            Ok(files) if files.is_empty() => {
                self.silent
                    .push((place.to_owned(), "it is not the directory of a mirror, a witness or evidence".to_owned()));
            }
            Ok(files) => {
                for (path, bytes) in files {
                    self.take(path.display().to_string(), Ok(bytes));
                }
            }
            Err(error) => self.silent.push((place.to_owned(), error.to_string())),
        }
    }

    fn take(&mut self, place: String, bytes: Result<Vec<u8>, String>) {
        let head = bytes.and_then(|bytes| head_of(&bytes).ok_or_else(|| "there is no signed head in it".to_owned()));
        match head {
            Ok(checkpoint) => self.heads.push(Held { place, checkpoint }),
            Err(why) => self.silent.push((place, why)),
        }
    }
}

/// The signed head in a text of any of the forms that carry one.
fn head_of(bytes: &[u8]) -> Option<SignedCheckpoint> {
    if let Ok(checkpoint) = SignedCheckpoint::parse(bytes) {
        return Some(checkpoint);
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        return Some(request.checkpoint);
    }
    if let Ok(CarriedAnswer::Cosigned(checkpoint)) = CarriedAnswer::parse(bytes) {
        return Some(checkpoint);
    }
    ProofFile::parse(bytes).ok().map(|proof| proof.checkpoint)
}

/// Witnesses of the policy whose cosignature is on a head, and when each gave it.
fn cosigners(policy: &Policy, checkpoint: &SignedCheckpoint) -> Vec<(String, Option<u64>)> {
    let cosigned = |witness: &konbit_record::PolicyWitness| {
        let verified = checkpoint.verify([&witness.key]).ok().filter(|verified| !verified.is_empty())?;
        let time = verified.iter().filter_map(|by| by.time).max();
        Some((String::from_utf8_lossy(&witness.name).into_owned(), time))
    };
    policy.witnesses().iter().filter_map(cosigned).collect()
}

impl Shown<'_> {
    fn is_well(&self) -> bool {
        self.compared.contradictions.is_empty() && self.compared.open.is_empty()
    }

    fn text(&self, policy: &Policy, keeps: bool) -> String {
        let mut text = format!("{}\n", words::foreign(self.log.name()));
        for (place, checkpoint) in self.places.iter().zip(&self.heads) {
            let head = checkpoint.head();
            let by: Vec<String> = cosigners(policy, checkpoint)
                .into_iter()
                .map(|(name, time)| {
                    let name = words::foreign(&name);
                    time.map_or_else(|| name.clone(), |time| format!("{name} on {}", words::time(time)))
                })
                .collect();
            let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
            text += &format!(
                "  {}, root {}: {}; cosigned by {by}\n",
                words::entries(head.size),
                words::hex(&head.root),
                words::foreign(place)
            );
        }
        for contradiction in &self.compared.contradictions {
            text += &self.contradiction_text(policy, contradiction);
        }
        for ix in &self.compared.open {
            text += &format!(
                "  open: the head of {} ({}) cannot be compared, because no place that was given serves the hashes under \
                 it or under a larger head; give the address of the log or of a mirror, and if nobody has them, ask the \
                 mission: a record that cannot show them has two histories\n",
                words::entries(self.heads[*ix].head().size),
                words::foreign(self.places[*ix])
            );
        }
        for folder in &self.kept {
            text += &format!("  the evidence is in {}\n", folder.display());
        }
        if !self.compared.contradictions.is_empty() && !keeps {
            text += "  keep the evidence: run it again with --keep DIR\n";
        }
        if self.is_well() {
            let heads =
                if self.heads.len() == 1 { "one head, which nothing was compared with" } else { "all of one history" };
            text += &format!("  {heads}\n");
        }
        text
    }

    fn contradiction_text(&self, policy: &Policy, contradiction: &konbit_witness::Contradiction) -> String {
        let named = |ix: usize| {
            let by: Vec<String> =
                cosigners(policy, &self.heads[ix]).into_iter().map(|(name, _)| words::foreign(&name)).collect();
            let by = if by.is_empty() { String::new() } else { format!(", cosigned by {}", by.join(", ")) };
            format!("{} ({}{by})", words::entries(self.heads[ix].head().size), words::foreign(self.places[ix]))
        };
        let heads = match contradiction.first {
            Some(first) => format!("{} and {}", named(first), named(contradiction.second)),
            None => named(contradiction.second),
        };
        format!("  CONTRADICTION: {heads}: {}\n", contradiction.kind.meaning())
    }

    fn json(&self, policy: &Policy) -> Value {
        let heads = self.places.iter().zip(&self.heads).map(|(place, checkpoint)| {
            let head = checkpoint.head();
            let by = cosigners(policy, checkpoint);
            json!({
                "place": place, "size": head.size, "root": words::hex(&head.root),
                "cosigned": by.iter().map(|(name, time)| json!({ "witness": name, "time": time })).collect::<Vec<_>>(),
            })
        });
        let contradictions = self.compared.contradictions.iter().map(|contradiction| {
            json!({ "kind": EvidenceKind::word(contradiction.kind), "first": contradiction.first, "second": contradiction.second })
        });
        json!({
            "log": self.log.to_string(),
            "heads": heads.collect::<Vec<_>>(),
            "contradictions": contradictions.collect::<Vec<_>>(),
            "open": self.compared.open,
            "evidence": self.kept,
            "one_history": self.is_well() && self.heads.len() > 1,
        })
    }
}

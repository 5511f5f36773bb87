//! `konbit proof` and `konbit policy`: what is proven, in plain words, offline.

use super::words;
use crate::args::Format;
use crate::files::read_limited;
use crate::{Ended, output};
use anyhow::{Context as _, Result};
use konbit_record::{
    Disclosure, ENTRY_BYTES_MAX, Hash, Opening, POLICY_BYTES_MAX, PROOF_BYTES_MAX, Policy, ProofFile, ProofFileError,
    ProofRefusal, VerifiedEntry,
};
use konbit_witness::{QUORUM_WITNESSES_MAX, dishonest_max};
use serde_json::{Value, json};
use std::path::Path;

/// What the bytes of an entry say, where they are in Konbit's form.
struct Entry {
    kind: String,
    actor: String,
    at: String,
    commitment: Option<Hash>,
}

impl Entry {
    /// Reads the canonical JSON of an entry; `None` if it is anything else. What is not canonical could have a key
    /// twice, and mean one thing to one reader and another to the next.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        (konbit_base::canonical::to_bytes(&value).ok()? == bytes).then_some(())?;
        let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let commitment = match value.get("v")?.as_u64()? {
            1 => None,
            2 => Some(konbit_base::Digest::parse(&word("commitment")?)?.0),
            _ => return None,
        };
        Some(Self { kind: word("kind")?, actor: word("actor")?, at: word("at")?, commitment })
    }
}

fn commitment_of(entry: &[u8]) -> Option<Hash> {
    Entry::parse(entry)?.commitment
}

/// What a proof has shown.
struct Shown {
    verified: VerifiedEntry,
    entry: Vec<u8>,
    /// The body that the entry commits to, if the proof carries it.
    body: Option<Vec<u8>>,
}

fn examine(proof: &[u8], policy: &Policy, entry: Option<Vec<u8>>) -> Result<Shown, ProofRefusal> {
    let proof = ProofFile::parse(proof)?;
    let carried = proof.extra.as_deref().and_then(Disclosure::parse);
    match entry {
        // Another copy of the entry: what the proof carries counts only if it is the same.
        Some(entry) if carried.as_ref().is_none_or(|carried| carried.entry != entry) => {
            Ok(Shown { verified: proof.check(policy, &entry)?, entry, body: None })
        }
        _ => {
            let (verified, Disclosure { entry, opening }) = proof.check_disclosed(policy, commitment_of)?;
            Ok(Shown { verified, entry, body: opening.map(|Opening { body, .. }| body) })
        }
    }
}

/// `konbit proof check FILE --policy P`.
pub fn check(file: &Path, policy_file: &Path, entry: Option<&Path>, format: Format) -> Result<Ended> {
    let proof = read_limited(file, PROOF_BYTES_MAX as u64)?.bytes;
    let policy = read_policy(policy_file)?;
    let entry = entry.map(|path| read_limited(path, ENTRY_BYTES_MAX as u64)).transpose()?.map(|file| file.bytes);
    let examined = examine(&proof, &policy, entry);
    match (format, &examined) {
        (Format::Json, Ok(shown)) => output::json(&shown_json(shown, &policy))?,
        (Format::Json, Err(refusal)) => output::json(&json!({ "holds": false, "reason": reason(refusal) }))?,
        (Format::Text, Ok(shown)) => output::text(&shown_text(shown, &policy))?,
        (Format::Text, Err(refusal)) => output::text(&format!("does not hold: {}", reason(refusal)))?,
    }
    Ok(if examined.is_ok() { Ended::Well } else { Ended::Badly })
}

fn reason(refusal: &ProofRefusal) -> String {
    match refusal {
        ProofRefusal::File(ProofFileError::NoDisclosure) => format!("{refusal}, with --entry FILE"),
        other => words::foreign(&other.to_string()),
    }
}

fn shown_json(shown: &Shown, policy: &Policy) -> Value {
    let Shown { verified, entry, body } = shown;
    let cosigned = verified.accepted.cosigners.iter().map(
        |by| json!({ "name": by.name, "key_name": by.key_name, "time": words::time(by.time), "seconds": by.time }),
    );
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    json!({
        "holds": true,
        "log": verified.origin,
        "entry_number": verified.index,
        "size": verified.head.size,
        "root": words::hex(&verified.head.root),
        "log_key": verified.accepted.log.to_string(),
        "rule": policy.rule(),
        "cosigned": cosigned.collect::<Vec<_>>(),
        "entry": text(entry),
        "commits": commitment_of(entry).is_some(),
        "body_opens": body.is_some(),
        "body": body.as_deref().and_then(text),
    })
}

fn shown_text(shown: &Shown, policy: &Policy) -> String {
    let Shown { verified, entry, body } = shown;
    let mut out = format!(
        "holds: this is entry {} (the first is 0) of the record {}\n\
         \x20 the record had {} then, with root {}\n\
         \x20 signed by the log's key {}\n",
        verified.index,
        words::foreign(&verified.origin),
        words::entries(verified.head.size),
        words::hex(&verified.head.root),
        verified.accepted.log,
    );
    out += &format!("  the policy asks for cosignatures of: {}\n", words::foreign(&policy.rule()));
    for by in &verified.accepted.cosigners {
        let (name, key, time) = (words::foreign(&by.name), words::foreign(&by.key_name), words::time(by.time));
        out += &format!("    {name} (key {key}) cosigned on {time}, by its own clock\n");
    }
    let parsed = Entry::parse(entry);
    if let Some(Entry { kind, actor, at, .. }) = &parsed {
        let (kind, actor, at) = (words::foreign(kind), words::foreign(actor), words::foreign(at));
        out += &format!("  the entry: {kind}, by {actor}, on {at}\n");
    } else {
        out += &format!("  the entry: {}\n", words::foreign_bytes(entry));
    }
    out += &match (body, parsed.map(|entry| entry.commitment)) {
        (Some(body), _) => format!(
            "  the body in the proof is the one that the entry commits to ({} bytes):\n    {}\n",
            body.len(),
            words::foreign_bytes(body)
        ),
        (None, Some(Some(_))) => "  what it said is not in the proof; the entry commits to it\n".to_owned(),
        (None, Some(None)) => format!("  it holds what it says: {}\n", words::foreign_bytes(entry)),
        (None, None) => String::new(),
    };
    out + "not shown: whether what the entry says is true, and whether it was erased or corrected since\n"
}

/// `konbit proof show FILE`.
pub fn show(file: &Path, format: Format) -> Result<Ended> {
    let bytes = read_limited(file, PROOF_BYTES_MAX as u64)?.bytes;
    let proof = match ProofFile::parse(&bytes) {
        Ok(proof) => proof,
        Err(error) => {
            match format {
                Format::Json => output::json(&json!({ "reason": error.to_string() }))?,
                Format::Text => output::text(&format!("not a proof: {error}"))?,
            }
            return Ok(Ended::Badly);
        }
    };
    let (checkpoint, head) = (proof.checkpoint.checkpoint(), proof.checkpoint.head());
    let names: Vec<String> =
        proof.checkpoint.note().signatures().iter().map(|line| format!("{}+{}", line.name(), line.id())).collect();
    let carried = proof.extra.as_deref().and_then(Disclosure::parse);
    let has_body = carried.as_ref().is_some_and(|carried| carried.opening.is_some());
    match format {
        Format::Json => output::json(&json!({
            "checked": false, "log": checkpoint.origin(), "entry_number": proof.index, "size": head.size,
            "root": words::hex(&head.root), "hashes": proof.hashes.len(), "signatures": names,
            "entry": carried.as_ref().and_then(|carried| std::str::from_utf8(&carried.entry).ok()), "has_body": has_body,
        }))?,
        Format::Text => {
            let mut text = format!(
                "claims, none of it checked: entry {} (the first is 0) of {} in the record {}\n  root {}; {} hashes; \
                 signature lines: {}\n",
                proof.index,
                words::entries(head.size),
                words::foreign(checkpoint.origin()),
                words::hex(&head.root),
                proof.hashes.len(),
                words::foreign(&names.join(", "))
            );
            match &carried {
                Some(carried) => text += &format!("  entry: {}\n", words::foreign_bytes(&carried.entry)),
                None => text += "  it does not carry the entry\n",
            }
            if has_body {
                text += "  it carries a body\n";
            }
            output::text(&(text + "check it with: konbit proof check FILE --policy POLICY"))?;
        }
    }
    Ok(Ended::Well)
}

pub(super) fn read_policy(file: &Path) -> Result<Policy> {
    let bytes = read_limited(file, POLICY_BYTES_MAX as u64)?.bytes;
    Policy::parse(&bytes).with_context(|| format!("{} is not a policy", file.display()))
}

/// `konbit policy check FILE`.
pub fn check_policy(file: &Path, format: Format) -> Result<Ended> {
    let bytes = read_limited(file, POLICY_BYTES_MAX as u64)?.bytes;
    let policy = match Policy::parse(&bytes) {
        Ok(policy) => policy,
        Err(error) => {
            match format {
                Format::Json => output::json(&json!({ "usable": false, "reasons": [error.to_string()] }))?,
                Format::Text => output::text(&format!("not usable: {}", words::foreign(&error.to_string())))?,
            }
            return Ok(Ended::Badly);
        }
    };
    let bears = dishonest_max(&policy);
    let reasons = reasons_against(&policy, bears);
    match format {
        Format::Json => output::json(&policy_json(&policy, bears, &reasons))?,
        Format::Text => output::text(&policy_text(&policy, bears, &reasons))?,
    }
    Ok(if reasons.is_empty() { Ended::Well } else { Ended::Badly })
}

fn reasons_against(policy: &Policy, bears: Option<usize>) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if policy.logs().is_empty() {
        reasons.push("it names no log, so it accepts nothing: add a line `log <vkey>`");
    }
    if policy.is_met(|_| false) {
        reasons.push("it asks for no witness, so the log alone could show two histories: name witnesses and a quorum");
    } else if bears.is_none() && policy.witnesses().len() <= QUORUM_WITNESSES_MAX {
        reasons.push("two quorums need have no witness in common, so honest witnesses could vouch for two histories: ask for more than half");
    }
    reasons
}

fn policy_json(policy: &Policy, bears: Option<usize>, reasons: &[&str]) -> Value {
    let witness = |witness: &konbit_record::PolicyWitness| json!({ "name": String::from_utf8_lossy(&witness.name), "vkey": witness.key.to_string(), "url": witness.url });
    json!({
        "usable": reasons.is_empty(),
        "reasons": reasons,
        "logs": policy.logs().iter().map(|log| json!({ "vkey": log.key.to_string(), "url": log.url })).collect::<Vec<_>>(),
        "witnesses": policy.witnesses().iter().map(witness).collect::<Vec<_>>(),
        "rule": policy.rule(),
        "dishonest_max": bears,
    })
}

fn policy_text(policy: &Policy, bears: Option<usize>, reasons: &[&str]) -> String {
    let mut out = if reasons.is_empty() { "usable\n".to_owned() } else { "not usable as it is\n".to_owned() };
    let at =
        |url: &Option<String>| url.as_deref().map(|url| format!(", at {}", words::foreign(url))).unwrap_or_default();
    for log in policy.logs() {
        out += &format!("  log {}{}\n", log.key, at(&log.url));
    }
    for witness in policy.witnesses() {
        out += &format!("  witness {}: {}{}\n", words::foreign_bytes(&witness.name), witness.key, at(&witness.url));
    }
    out += &format!("  a head counts when cosigned by: {}\n", words::foreign(&policy.rule()));
    if let Some(text) = bears_words(policy, bears) {
        out += &format!("  {text}\n");
    }
    reasons.iter().fold(out, |out, reason| out + "  " + reason + "\n")
}

/// How many dishonest witnesses a policy bears, in words.
pub fn bears_text(policy: &Policy) -> String {
    let unsafe_as_it_is =
        || "two quorums need share no witness, so honest witnesses could vouch for two histories".to_owned();
    bears_words(policy, dishonest_max(policy)).unwrap_or_else(unsafe_as_it_is)
}

fn bears_words(policy: &Policy, bears: Option<usize>) -> Option<String> {
    let count = policy.witnesses().len();
    match bears {
        Some(0) => Some(
            "two histories cannot both be accepted while every witness is honest; one that is not can be enough"
                .to_owned(),
        ),
        Some(bears) => Some(format!(
            "two histories cannot both be accepted while at most {bears} of the {count} witnesses {} dishonest",
            if bears == 1 { "is" } else { "are" }
        )),
        None if count > QUORUM_WITNESSES_MAX => {
            Some("how many dishonest witnesses it bears is not computed for so many".to_owned())
        }
        None => None,
    }
}

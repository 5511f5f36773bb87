//! What reading the record costs: the bytes of a proof, and the time of a verification.

use super::{Setting, fields, load};
use crate::report::timed;
use anyhow::{Context, ensure};
use konbit_base::Digest;
use konbit_record::{
    Checkpoint, Disclosure, Frontier, Hash, Head, Opening, Policy, ProofFile, SignatureType, SignerKey, commit,
    inclusion_proof, leaf_hash,
};
use konbit_store::{Store, header, verify};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::hint::black_box;

/// Entries of one append while a record is filled.
const FILL: u64 = 1_000;

/// Repetitions of a check.
const REPETITIONS: usize = 101;

const ORIGIN: &str = "example.org/record";

/// Bytes of the proof file of one entry in a tree of `size`, with what the entry said and without,
/// and the time to check it. The tree is made in memory, of the leaves that real entries have.
pub fn measure_proof(setting: &Setting, size: u64) -> anyhow::Result<()> {
    let (ix, load) = (size / 3, load());
    let (entry, salt) = (setting.entries.entry(ix), setting.entries.salts(ix).salt(0));
    let commitment = Digest(commit(&salt, &entry.body));
    let leaf = header(entry.at, &entry.actor, &entry.kind, &commitment);
    let (mut tree, mut levels) = (Frontier::new(), Vec::<Vec<Hash>>::new());
    for n in 0..size {
        // The other leaves only have to differ.
        let hash = if n == ix { leaf_hash(&leaf) } else { leaf_hash(&n.to_be_bytes()) };
        tree.append(hash, |node, hash| {
            let level = usize::from(node.level);
            levels.resize_with(levels.len().max(level + 1), Vec::new);
            levels[level].push(hash);
        });
    }
    let node = |node: konbit_record::Node| {
        let index = usize::try_from(node.index).expect("the tree is in memory");
        Ok::<_, Infallible>(levels[usize::from(node.level)][index])
    };
    let hashes = inclusion_proof(ix, size, node)?;
    let key = SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[7; 32])?;
    let policy = Policy::parse(format!("log {}\nquorum none\n", key.verifier()).as_bytes())?;
    let checkpoint = Checkpoint::new(ORIGIN, Head { size, root: tree.root() }, Vec::new())?.sign(&key)?;
    let file = |opening: Option<Opening>| {
        let extra = Some(Disclosure { entry: leaf.clone(), opening }.to_bytes());
        ProofFile { extra, index: ix, hashes: hashes.clone(), checkpoint: checkpoint.clone() }.to_string()
    };
    let with_body = file(Some(Opening { salt, body: entry.body.clone() }));
    let without_body = file(None);
    let (checked, timing) = timed(REPETITIONS, |_| {
        let proof = ProofFile::parse(black_box(with_body.as_bytes()))?;
        anyhow::Ok(proof.check_disclosed(&policy, commitment_of)?)
    });
    let (_, disclosed) = checked?;
    ensure!(disclosed.opening.is_some_and(|opening| opening.body == entry.body), "the proof carries another body");
    let more = json!({
        "entries": size,
        "entry_bytes": entry.body.len(),
        "hashes": hashes.len(),
        "bytes_without_body": without_body.len(),
        "load": load,
    });
    setting.print(format!("proof/{size} entries"), with_body.len() as f64, timing.seconds, fields(more))
}

fn commitment_of(leaf: &[u8]) -> Option<Hash> {
    let leaf: Value = serde_json::from_slice(leaf).ok()?;
    Some(Digest::parse(leaf.get("commitment")?.as_str()?)?.0)
}

/// The time to verify a record of `size` entries.
pub fn measure_verify(setting: &Setting, size: u64) -> anyhow::Result<()> {
    let path = setting.place(&format!("verify-{size}.db"));
    let mut store = Store::create(&path)?;
    store.sign_with(SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[7; 32])?)?;
    for n in (0..size).step_by(usize::try_from(FILL)?) {
        store.submit(setting.entries.submission(n, FILL.min(size - n)))?;
    }
    store.close()?;
    let load = load();
    let (report, timing) = timed(3, |_| verify(&path));
    let report = report.with_context(|| format!("cannot verify {}", path.display()))?;
    ensure!(report.ok && report.entries == size, "the record does not verify");
    let bytes = std::fs::metadata(&path)?.len();
    let more = json!({
        "entries": size,
        "entry_bytes": super::entries::BODY_BYTES,
        "file_bytes": bytes,
        "seconds_min": timing.seconds_min,
        "seconds_max": timing.seconds_max,
        "load": load,
    });
    let value = (size as f64 / timing.seconds).round();
    setting.print(format!("verify/{size} entries"), value, timing.seconds, fields(more))
}

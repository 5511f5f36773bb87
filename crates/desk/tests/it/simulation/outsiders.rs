//! Those who do not trust the mission: witnesses, and readers of proofs.

use super::model::consistency;
use super::operation::WITNESSES;
use super::world::World;
use super::{hold, said};
use konbit_base::Digest;
use konbit_record::{
    AddCheckpoint, CarriedAnswer, Checkpoint, Disclosure, Hash, Head, Policy, ProofFile, SignatureType, SignerKey,
    VerifierKey, Witness, WitnessRefusal, WitnessState, leaf_hash, opens, root_of, verify_consistency,
    verify_inclusion,
};
use std::collections::BTreeMap;
use std::fs;

/// A witness, with what it has on its disk.
pub struct Cosigner {
    witness: Witness,
    state: WitnessState,
    /// Every head it has cosigned: log and size, and the root.
    pub cosigned: BTreeMap<(String, u64), Hash>,
}

/// All of them.
pub struct Outsiders {
    pub cosigners: Vec<Cosigner>,
    /// The keys of the mission's logs, the present one last.
    pub logs: Vec<VerifierKey>,
}

impl Outsiders {
    pub fn new() -> Self {
        let cosigner = |n: usize| {
            let entropy = Digest::of(format!("witness {n}").as_bytes()).0;
            let key = SignerKey::generate(&format!("witness.example/{n}"), SignatureType::CosignatureV1, &entropy);
            Cosigner {
                witness: Witness::new(key.expect("a plain name")).expect("a witness's key"),
                state: WitnessState::default(),
                cosigned: BTreeMap::new(),
            }
        };
        Self { cosigners: (0..WITNESSES).map(cosigner).collect(), logs: Vec::new() }
    }

    fn policy(&self) -> String {
        let mut lines: Vec<String> = self.logs.iter().map(|log| format!("log {log}")).collect();
        let names: Vec<String> = (0..WITNESSES).map(|n| format!("w{n}")).collect();
        for (name, cosigner) in names.iter().zip(&self.cosigners) {
            lines.push(format!("witness {name} {}", cosigner.witness.verifier()));
        }
        lines.push(format!("group both 2 {}", names.join(" ")));
        lines.push("quorum both\n".to_owned());
        lines.join("\n")
    }
}

impl World {
    /// Tells witnesses and readers the key of a log that begins. The former ones stay in the
    /// policy, so that proofs from before still hold.
    pub fn meet_log(&mut self) -> Result<(), String> {
        let key = said("the key", self.desk().public_key())?.ok_or("the record is not signed")?;
        for cosigner in &mut self.outsiders.cosigners {
            said("a witness", cosigner.witness.trust(key.name(), key.clone()))?;
        }
        self.outsiders.logs.push(key);
        said("the policy", self.desk().set_policy(self.outsiders.policy().as_bytes())).map(drop)
    }

    pub fn cosign(&mut self, witness: usize) -> Result<(), String> {
        let at = u64::try_from(self.now.as_second()).expect("after 1970");
        let head = self.signed()?;
        let cosigner = &self.outsiders.cosigners[witness % WITNESSES];
        let verifier = cosigner.witness.verifier().clone();
        // What the witness says it has cosigned of this log; a mission should know by itself.
        let latest = cosigner.state.latest(head.checkpoint().origin()).map_or(0, |latest| latest.head().size);
        let old = (!self.strict).then_some(latest);
        let request = said("a request", self.desk().cosign_request(Some(&verifier), old))?;
        let answer = cosigner.witness.add_checkpoint(&cosigner.state, request.to_string().as_bytes(), at);
        let cosigned = said("a witness", answer.clone().map_err(|refusal| refusal.to_string()))?;
        let cosigner = &mut self.outsiders.cosigners[witness % WITNESSES];
        cosigner.state.set(cosigned.store.clone());
        let (origin, Head { size, root }) = (head.checkpoint().origin().to_owned(), cosigned.store.head());
        let before = cosigner.cosigned.insert((origin, size), root);
        hold!(before.is_none_or(|before| before == root), "witness {witness} has cosigned two heads of size {size}");
        let kept = said("keeping", self.desk().keep_answer(CarriedAnswer::of(&answer).to_string().as_bytes()))?;
        hold!(kept.1 == head.head().size, "the answer was kept for {} entries", kept.1);
        let published = said("what is published", self.desk().published())?;
        let told = published.witnesses[witness % WITNESSES].cosigned.map(|(size, _)| size);
        let first_log = self.epoch == 0;
        hold!(
            told == Some(size) || !(first_log || self.strict),
            "readers are told that witness {witness} has cosigned {told:?}, not {size}"
        );
        Ok(())
    }

    /// A witness that has cosigned a head of this log is shown another history: one of the same
    /// size, and one that has grown.
    pub fn fork(&mut self, witness: usize) -> Result<(), String> {
        let at = u64::try_from(self.now.as_second()).expect("after 1970");
        let key = said("the key", fs::read_to_string(self.desk().dir().key_path()))?;
        let key = said("the key", SignerKey::parse(key.trim()))?;
        let origin = key.verifier().name().to_owned();
        let cosigner = &self.outsiders.cosigners[witness % WITNESSES];
        let Some(size) = cosigner.state.latest(&origin).map(|latest| latest.head().size).filter(|size| *size > 0)
        else {
            return Ok(());
        };
        let taken = usize::try_from(size).expect("a short record");
        let mut leaves: Vec<Hash> = self.model.entries[..taken].iter().map(|known| known.leaf.0).collect();
        leaves[taken - 1] = leaf_hash(b"what others are shown");
        leaves.push(leaf_hash(b"and so on"));
        for to in [taken, taken + 1] {
            let proof = consistency(&leaves[..to], size);
            let head = Head { size: to as u64, root: root_of(&leaves[..to]) };
            let checkpoint = said("a head", Checkpoint::new(&origin, head, Vec::new()))?;
            let checkpoint = said("a head", checkpoint.sign(&key))?;
            let request = AddCheckpoint { old_size: size, proof, checkpoint }.to_string();
            let answer = cosigner.witness.add_checkpoint(&cosigner.state, request.as_bytes(), at);
            let refused = matches!(answer, Err(WitnessRefusal::Forked { .. } | WitnessRefusal::Inconsistent { .. }));
            hold!(refused, "a second history of {to} entries, after {size}: {answer:?}");
        }
        Ok(())
    }

    pub fn proof_of(&mut self, entry: u64) -> Result<(), String> {
        let size = self.model.size();
        let none = said("a proof", self.desk().proof_file(size, true))?;
        hold!(none.is_none(), "there is a proof of an entry that is not there");
        if size == 0 {
            return Ok(());
        }
        if self.epoch > 0 && !self.strict {
            return Ok(());
        }
        let ix = entry % size;
        let known = &self.model.entries[usize::try_from(ix).expect("a short record")];
        let written = said("a proof", self.desk().proof_file(ix, true))?.ok_or("there is no proof")?.to_string();
        let proof = said("a proof read back", ProofFile::parse(written.as_bytes()))?;
        hold!(proof.to_string() == written, "a proof reads back as another");
        let shown = proof.extra.as_deref().and_then(Disclosure::parse).ok_or("the proof carries no entry")?;
        hold!(leaf_hash(&shown.entry) == known.leaf.0, "the proof of entry {ix} carries another entry");
        hold!(shown.opening.is_none() == known.erased_by.is_some(), "the proof of entry {ix} shows what was erased");
        let head = proof.checkpoint.head();
        let held = verify_inclusion(ix, head.size, &known.leaf.0, &proof.hashes, &head.root);
        said("the proof", held.map_err(|why| format!("{why}; against {} entries of {size}", head.size)))?;
        if let Some(opening) = &shown.opening {
            let fields: serde_json::Value = said("the entry", serde_json::from_slice(&shown.entry))?;
            let commitment = fields["commitment"].as_str().and_then(Digest::parse).ok_or("there is no commitment")?;
            hold!(opens(&commitment.0, &opening.salt, &opening.body), "the body is not what entry {ix} commits to");
        }
        let policy = said("the policy", Policy::parse(self.outsiders.policy().as_bytes()))?;
        let vouched = said("what is published", self.desk().published())?.vouched_size;
        if vouched.is_some_and(|vouched| vouched > ix) {
            said("a reader", proof.check(&policy, &shown.entry).map(drop).map_err(|why| why.to_string()))?;
        }
        Ok(())
    }

    /// That the present signed head follows an earlier one, by the proof that the mission gives.
    pub fn follows(&self, size: u64, root: &Hash) -> Result<(), String> {
        let request = said("a proof of consistency", self.desk().cosign_request(None, Some(size)))?;
        let head = request.checkpoint.head();
        let held = verify_consistency(size, head.size, root, &head.root, &request.proof);
        said("the proof", held.map_err(|why| format!("{why}: from {size} to {} entries", head.size)))
    }
}

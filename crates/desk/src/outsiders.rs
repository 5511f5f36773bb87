//! What outsiders check the record with: signed heads, cosignatures of witnesses, proofs, tiles.
//!
//! The folder `witnesses/` of a mission holds `policy` (C2SP tlog-policy: the log, its witnesses,
//! how many of them have to cosign) and for each witness the last checkpoint that it cosigned.

use crate::{Desk, DeskError, MissionDir, write_durably};
use jiff::Timestamp;
use konbit_base::Digest;
use konbit_record::{
    Accepted, AddCheckpoint, CarriedAnswer, Disclosure, Policy, PolicyWitness, ProofFile, SignedCheckpoint, Tile,
    VerifierKey,
};
use konbit_store::last_signed;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// How fresh a witness is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessView {
    /// Its name in the policy.
    pub name: String,
    /// Where it is reached, if the policy says.
    pub url: Option<String>,
    /// Entries that it has cosigned, and when by its own clock, in seconds since 1970; `None` if it
    /// has not cosigned yet.
    pub cosigned: Option<(u64, u64)>,
}

/// What outsiders are told of the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// The key that heads are signed with, as text; `None` if the record is not signed.
    pub key: Option<String>,
    /// The last signed head: entries.
    pub signed_size: Option<u64>,
    /// Which witnesses have to cosign, in words; `None` if there is no policy.
    pub rule: Option<String>,
    /// The witnesses of the policy.
    pub witnesses: Vec<WitnessView>,
    /// Entries that the policy vouches for; `None` if it is not met by any head yet.
    pub vouched_size: Option<u64>,
}

impl MissionDir {
    /// Path of the policy: which witnesses have to cosign.
    pub fn policy_path(&self) -> PathBuf {
        self.path().join("witnesses").join("policy")
    }

    fn cosigned_path(&self, key: &VerifierKey) -> PathBuf {
        let id = Digest::of(key.to_string().as_bytes()).short();
        self.path().join("witnesses").join(format!("{id}.note"))
    }

    /// The policy, if there is one.
    pub(crate) fn policy(&self) -> Result<Option<Policy>, DeskError> {
        let path = self.policy_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DeskError::io("cannot read", &path, error)),
        };
        let policy = Policy::parse(&bytes)
            .map_err(|error| DeskError::Missing(format!("{} is not a policy: {error}", path.display())))?;
        Ok(Some(policy))
    }

    /// The last checkpoint of the log `origin` that a witness cosigned. One of an earlier epoch, which was another
    /// log, is passed over: its tree may hold entries that were lost since.
    fn cosigned(&self, key: &VerifierKey, origin: &str) -> Result<Option<SignedCheckpoint>, DeskError> {
        let path = self.cosigned_path(key);
        match fs::read(&path) {
            Ok(bytes) => SignedCheckpoint::parse(&bytes)
                .map(|note| Some(note).filter(|note| note.checkpoint().origin() == origin))
                .map_err(|error| DeskError::Missing(format!("{} is not a checkpoint: {error}", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DeskError::io("cannot read", &path, error)),
        }
    }
}

impl Desk {
    /// The last head that was signed, with the signature of the log alone; `None` if the record is
    /// not signed.
    pub fn signed_head(&self) -> Result<Option<SignedCheckpoint>, DeskError> {
        let status = self.ledger().status();
        if let Some(checkpoint) = status.and_then(|status| status.checkpoint) {
            return SignedCheckpoint::parse(checkpoint.as_bytes())
                .map(Some)
                .map_err(|error| DeskError::Missing(format!("the signed head cannot be read: {error}")));
        }
        Ok(last_signed(&self.dir().record_path())?)
    }

    /// The key that outsiders check signatures with.
    pub fn public_key(&self) -> Result<Option<VerifierKey>, DeskError> {
        Ok(self.dir().key()?.map(|key| key.verifier().clone()))
    }

    /// The last checkpoint of this record that a witness cosigned.
    fn cosigned(&self, witness: &VerifierKey) -> Result<Option<SignedCheckpoint>, DeskError> {
        match self.public_key()? {
            Some(key) => self.dir().cosigned(witness, key.name()),
            None => Ok(None),
        }
    }

    /// The checkpoint to publish: the last signed head, with all cosignatures that are known for it.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, DeskError> {
        let Some(head) = self.signed_head()? else { return Ok(None) };
        let policy = self.dir().policy()?;
        self.with_cosignatures(head, policy.as_ref()).map(Some)
    }

    /// A checkpoint with the cosignatures that witnesses of the policy have given for it.
    fn with_cosignatures(
        &self,
        mut checkpoint: SignedCheckpoint,
        policy: Option<&Policy>,
    ) -> Result<SignedCheckpoint, DeskError> {
        for witness in policy.map(Policy::witnesses).unwrap_or_default() {
            let cosigned = self.cosigned(&witness.key)?;
            if let Some(note) = cosigned.filter(|note| note.checkpoint() == checkpoint.checkpoint()) {
                // A line that does not hold is left out: it was kept by hand, or altered.
                let _ =
                    checkpoint.add_cosignatures(signature_lines(&note).as_bytes(), std::slice::from_ref(&witness.key));
            }
        }
        Ok(checkpoint)
    }

    /// The largest head that the policy accepts, with who vouches for it.
    fn vouched(&self, policy: &Policy) -> Result<Option<(SignedCheckpoint, Accepted)>, DeskError> {
        let mut best: Option<(SignedCheckpoint, Accepted)> = None;
        for witness in policy.witnesses() {
            let Some(note) = self.cosigned(&witness.key)? else { continue };
            let checkpoint = self.with_cosignatures(note, Some(policy))?;
            if let Ok(accepted) = policy.check(&checkpoint)
                && best.as_ref().is_none_or(|(held, _)| held.head().size < checkpoint.head().size)
            {
                best = Some((checkpoint, accepted));
            }
        }
        Ok(best)
    }

    /// The bytes of a tile or of a bundle of entries, by its path (C2SP tlog-tiles) without `tile/`;
    /// `None` if the record has none such yet.
    pub fn log_tile(&self, path: &str) -> Result<Option<Vec<u8>>, DeskError> {
        let Some(tile) = Tile::parse(&format!("tile/{path}")) else { return Ok(None) };
        // Only what a signed head covers is given out.
        let signed = self.signed_head()?.map_or(0, |head| head.head().size);
        if !tile.is_in(signed) {
            return Ok(None);
        }
        self.reading(|store| store.tile(tile)).map(Some)
    }

    /// What outsiders are told.
    pub fn published(&self) -> Result<Published, DeskError> {
        let policy = self.dir().policy()?;
        let mut witnesses = Vec::new();
        for witness in policy.as_ref().map(Policy::witnesses).unwrap_or_default() {
            witnesses.push(WitnessView {
                name: String::from_utf8_lossy(&witness.name).into_owned(),
                url: witness.url.clone(),
                cosigned: self.last_cosigned(witness)?,
            });
        }
        let vouched = match &policy {
            Some(policy) => self.vouched(policy)?.map(|(checkpoint, _)| checkpoint.head().size),
            None => None,
        };
        Ok(Published {
            key: self.public_key()?.map(|key| key.to_string()),
            signed_size: self.signed_head()?.map(|head| head.head().size),
            rule: policy.as_ref().map(Policy::rule),
            witnesses,
            vouched_size: vouched,
        })
    }

    fn last_cosigned(&self, witness: &PolicyWitness) -> Result<Option<(u64, u64)>, DeskError> {
        let Some(note) = self.cosigned(&witness.key)? else { return Ok(None) };
        let verified = note.verify([&witness.key]).unwrap_or_default();
        Ok(verified.iter().filter_map(|by| by.time).max().map(|time| (note.head().size, time)))
    }

    /// The witnesses that the policy names.
    pub fn witnesses(&self) -> Result<Vec<PolicyWitness>, DeskError> {
        Ok(self.dir().policy()?.map(|policy| policy.witnesses().to_vec()).unwrap_or_default())
    }

    /// The witness of this name in the policy.
    pub fn witness_named(&self, name: &str) -> Result<PolicyWitness, DeskError> {
        let witnesses = self.witnesses()?;
        let names: Vec<_> =
            witnesses.iter().map(|witness| String::from_utf8_lossy(&witness.name).into_owned()).collect();
        let found = witnesses.into_iter().find(|witness| witness.name == name.as_bytes());
        found.ok_or_else(|| {
            DeskError::Missing(match names.as_slice() {
                [] => format!("the policy names no witness {name}: put one in force with konbit cosign policy"),
                names => format!("the policy names no witness {name}; it names {}", names.join(", ")),
            })
        })
    }

    /// The witnesses with an address that have not cosigned the last signed head, or did so more than `fresh_seconds`
    /// before `now`, by their own clocks.
    pub fn witnesses_to_ask(&self, now: Timestamp, fresh_seconds: u64) -> Result<Vec<PolicyWitness>, DeskError> {
        let Some(head) = self.signed_head()? else { return Ok(Vec::new()) };
        let now = u64::try_from(now.as_second()).unwrap_or_default();
        let mut due = Vec::new();
        for witness in self.witnesses()?.into_iter().filter(|witness| witness.url.is_some()) {
            let is_fresh = self
                .last_cosigned(&witness)?
                .is_some_and(|(size, time)| size == head.head().size && time.saturating_add(fresh_seconds) > now);
            if !is_fresh {
                due.push(witness);
            }
        }
        Ok(due)
    }

    /// A request to cosign the last signed head, for a witness that cosigned a head of `old_size`
    /// entries last. `None` takes what is known of `witness`, or of all witnesses if they have cosigned the same.
    pub fn cosign_request(
        &self,
        witness: Option<&VerifierKey>,
        old_size: Option<u64>,
    ) -> Result<AddCheckpoint, DeskError> {
        let unsigned = || DeskError::Missing("the record is not signed, so there is no head to cosign".to_owned());
        let (head, key) = (self.signed_head()?.ok_or_else(unsigned)?, self.public_key()?.ok_or_else(unsigned)?);
        let checkpoint = head
            .only_by(&key)
            .map_err(|error| DeskError::Missing(format!("the signed head is not by the mission's key: {error}")))?;
        let old_size = match (old_size, witness) {
            (Some(old_size), _) => old_size,
            (None, Some(witness)) => self.cosigned(witness)?.map_or(0, |note| note.head().size),
            (None, None) => self.size_known_to_all()?,
        };
        let size = checkpoint.head().size;
        if old_size > size {
            return Err(DeskError::Missing(format!(
                "the witness cosigned {old_size} entries, and the record has {size}: it is an older copy, or another record"
            )));
        }
        let proof = if old_size == 0 {
            Vec::new()
        } else {
            self.reading(|store| store.consistency_proof(old_size, size))?.into_iter().map(|hash| hash.0).collect()
        };
        Ok(AddCheckpoint { old_size, proof, checkpoint })
    }

    /// What all witnesses cosigned last: 0 if none has.
    fn size_known_to_all(&self) -> Result<u64, DeskError> {
        let mut sizes = BTreeMap::<u64, Vec<String>>::new();
        for witness in self.witnesses()? {
            let size = self.cosigned(&witness.key)?.map_or(0, |note| note.head().size);
            sizes.entry(size).or_default().push(String::from_utf8_lossy(&witness.name).into_owned());
        }
        if sizes.len() > 1 {
            let each: Vec<_> = sizes.iter().map(|(size, names)| format!("{}: {size}", names.join(", "))).collect();
            return Err(DeskError::Missing(format!(
                "witnesses have cosigned different numbers of entries ({}), so one request does not fit all: name the \
                 witness, or the number that it cosigned last",
                each.join("; ")
            )));
        }
        Ok(sizes.into_keys().next().unwrap_or(0))
    }

    /// Keeps what a witness of the policy has answered: its cosignature on a head of this record.
    /// Gives the witness's name and the size of the head.
    pub fn keep_answer(&self, answer: &[u8]) -> Result<(String, u64), DeskError> {
        let answer = CarriedAnswer::parse(answer)
            .map_err(|error| DeskError::Missing(format!("this is not the answer of a witness: {error}")))?;
        match answer {
            CarriedAnswer::Cosigned(checkpoint) => self.keep_cosigned(&checkpoint),
            CarriedAnswer::Refused { reason, latest, .. } => Err(DeskError::Missing(match latest {
                Some(latest) => format!(
                    "the witness has cosigned {latest} entries before; make a request from there: konbit cosign request DIR --old {latest}"
                ),
                None => format!("the witness did not cosign: {reason}"),
            })),
        }
    }

    /// Keeps signature lines that a witness answered with for the head that was asked about.
    pub fn keep_cosignature(&self, asked: &AddCheckpoint, lines: &[u8]) -> Result<(String, u64), DeskError> {
        let keys: Vec<VerifierKey> = self.witnesses()?.into_iter().map(|witness| witness.key).collect();
        let mut checkpoint = asked.checkpoint.clone();
        checkpoint
            .add_cosignatures(lines, &keys)
            .map_err(|error| DeskError::Missing(format!("the witness's answer does not hold: {error}")))?;
        self.keep_cosigned(&checkpoint)
    }

    fn keep_cosigned(&self, checkpoint: &SignedCheckpoint) -> Result<(String, u64), DeskError> {
        let head = checkpoint.head();
        let own = self.reading(|store| store.root_at(head.size)).map(|root| root.0).ok();
        if own != Some(head.root) {
            return Err(DeskError::Missing(format!(
                "the witness cosigned a head of {} entries that this record never had; keep the answer, it is evidence of another record under the same name",
                head.size
            )));
        }
        for witness in self.witnesses()? {
            if checkpoint.verify([&witness.key]).is_ok_and(|verified| !verified.is_empty()) {
                let held = self.cosigned(&witness.key)?;
                if held.is_none_or(|held| held.head().size <= head.size) {
                    let path = self.dir().cosigned_path(&witness.key);
                    write_durably(&path, checkpoint.to_string().as_bytes())?;
                }
                return Ok((String::from_utf8_lossy(&witness.name).into_owned(), head.size));
            }
        }
        Err(DeskError::Missing(format!(
            "no witness of the policy has signed this answer; name it in {} first",
            self.dir().policy_path().display()
        )))
    }

    /// Makes `policy` the one in force.
    pub fn set_policy(&self, policy: &[u8]) -> Result<Policy, DeskError> {
        let parsed =
            Policy::parse(policy).map_err(|error| DeskError::Missing(format!("this is not a policy: {error}")))?;
        if let Some(key) = self.public_key()?
            && !parsed.logs().iter().any(|log| log.key == key)
        {
            return Err(DeskError::Missing(format!(
                "the policy does not name this record, so it would accept no head of it: add the line\nlog {key}"
            )));
        }
        let folder = self.dir().path().join("witnesses");
        fs::create_dir_all(&folder).map_err(|error| DeskError::io("cannot make", &folder, error))?;
        write_durably(&self.dir().policy_path(), policy)?;
        Ok(parsed)
    }

    /// The proof of an entry as a file that anyone can check offline: against the largest head that
    /// the policy vouches for, if it covers the entry, and otherwise against the last signed head.
    /// With `disclose` the file also carries what the entry said.
    pub fn proof_file(&self, ix: u64, disclose: bool) -> Result<Option<ProofFile>, DeskError> {
        let Some(entry) = self.reading(|store| store.entry(ix))? else { return Ok(None) };
        let Some(leaf) = entry.leaf_bytes() else { return Ok(None) };
        let vouched = match self.dir().policy()? {
            Some(policy) => self.vouched(&policy)?.map(|(checkpoint, _)| checkpoint),
            None => None,
        };
        let covering = vouched.filter(|checkpoint| checkpoint.head().size > ix);
        let Some(checkpoint) = covering.map_or_else(|| self.checkpoint(), |checkpoint| Ok(Some(checkpoint)))? else {
            return Err(DeskError::Missing("the record is not signed, so a proof would prove nothing".to_owned()));
        };
        let size = checkpoint.head().size;
        let hashes = self.reading(|store| store.inclusion_proof(ix, size))?.into_iter().map(|hash| hash.0).collect();
        let opening = if disclose { self.reading(|store| store.opening(ix))? } else { None };
        let extra = Some(Disclosure { entry: leaf, opening }.to_bytes());
        Ok(Some(ProofFile { extra, index: ix, hashes, checkpoint }))
    }
}

/// The signature lines of a note, as a witness answers with.
fn signature_lines(note: &SignedCheckpoint) -> String {
    let lines: Vec<String> = note.note().signatures().iter().map(ToString::to_string).collect();
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

//! What is done with bytes from an outsider, one function for each kind. None may panic, take long, or accept what
//! nobody signed; and what is read has to be written back as the same bytes, so that no value has two texts.
//!
//! The keys are fixed and public: whatever is accepted here must have been signed with them by a test.

use konbit_record::{
    CarriedAnswer, Checkpoint, Disclosure, Epoch, Hash, Head, Note, Policy, ProofFile, SignatureType, SignedCheckpoint,
    SignerKey, Tile, VerifierKey, Witness, WitnessState, bundle_bytes, parse_bundle,
};
use std::sync::LazyLock;

/// The name of the log that the fuzzed texts are about.
pub const ORIGIN: &str = "fuzz.example/log";

/// Entries are the digits from 0, one byte each.
pub const ENTRIES: &[u8] = b"0123456789";

/// The size that the witness has cosigned before the request.
pub const COSIGNED: u64 = 5;

/// The log's key.
pub fn log_key() -> SignerKey {
    SignerKey::generate(ORIGIN, SignatureType::Ed25519, &[1; 32]).expect("a valid name")
}

/// The witness's key.
pub fn witness_key() -> SignerKey {
    SignerKey::generate("fuzz.example/witness", SignatureType::CosignatureV1, &[2; 32]).expect("a valid name")
}

/// A witness that knows the log.
pub fn witness() -> Witness {
    let mut witness = Witness::new(witness_key()).expect("a witness's key");
    witness.trust(ORIGIN, log_key().verifier().clone()).expect("a log's key");
    witness
}

/// The root over the first `size` of [`ENTRIES`].
pub fn head(size: u64) -> Head {
    let entries = ENTRIES.chunks(1).zip(0..size);
    let leaves: Vec<Hash> = entries.map(|(entry, _)| konbit_record::leaf_hash(entry)).collect();
    Head { size, root: konbit_record::root_of(&leaves) }
}

/// The first `size` of [`ENTRIES`], signed by the log.
pub fn signed(size: u64) -> SignedCheckpoint {
    let checkpoint = Checkpoint::new(ORIGIN, head(size), vec![]).expect("a valid checkpoint");
    checkpoint.sign(&log_key()).expect("the log's own key")
}

/// What the witness has stored: it cosigned [`COSIGNED`] entries.
pub fn state() -> WitnessState {
    let mut state = WitnessState::default();
    let body = format!("old 0\n\n{}", signed(COSIGNED));
    state.set(witness().add_checkpoint(&state, body.as_bytes(), 1).expect("the first").store);
    state
}

/// A policy of the log and the witness.
pub fn policy_text() -> String {
    format!("log {}\nwitness w {}\nquorum w\n", log_key().verifier(), witness_key().verifier())
}

struct World {
    log: VerifierKey,
    witness: Witness,
    state: WitnessState,
    policy: Policy,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    log: log_key().verifier().clone(),
    witness: witness(),
    state: state(),
    policy: Policy::parse(policy_text().as_bytes()).expect("a valid policy"),
});

/// Whether the log ever signed this head.
fn was_signed(found: Head) -> bool {
    found.size <= ENTRIES.len() as u64 && found == head(found.size)
}

/// A signed note.
pub fn note(data: &[u8]) {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data);
        let _ = note.verify([&WORLD.log, WORLD.witness.verifier()]);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(key) = VerifierKey::parse(text) {
            // The id may be written in capitals; nothing else has two forms.
            assert!(key.to_string().eq_ignore_ascii_case(text));
        }
        if let Ok(key) = SignerKey::parse(text) {
            assert!(key.reveal().eq_ignore_ascii_case(text));
        }
    }
}

/// A checkpoint, without and with signatures, and its epoch.
pub fn checkpoint(data: &[u8]) {
    let unsigned = std::str::from_utf8(data).ok().and_then(|text| Checkpoint::parse(text).ok());
    if let Some(checkpoint) = &unsigned {
        assert_eq!(checkpoint.to_string().as_bytes(), data);
    }
    let signed = SignedCheckpoint::parse(data).ok();
    if let Some(signed) = &signed {
        assert_eq!(signed.to_string().as_bytes(), data);
        if signed.verify([&WORLD.log]).is_ok() {
            assert!(signed.checkpoint().origin() == ORIGIN && was_signed(signed.head()));
        }
        let _ = WORLD.policy.check(signed);
    }
    for checkpoint in unsigned.iter().chain(signed.as_ref().map(SignedCheckpoint::checkpoint)) {
        if let Ok(Some(epoch)) = Epoch::of(checkpoint) {
            assert!(checkpoint.extensions().contains(&epoch.to_string()));
            assert!(epoch.number() >= 2 && epoch.kept() <= epoch.head().size);
        }
    }
}

/// Cosignature lines in the answer of a witness.
pub fn cosignature(data: &[u8]) {
    let before = signed(COSIGNED + 1);
    let mut after = before.clone();
    match after.add_cosignatures(data, std::slice::from_ref(WORLD.witness.verifier())) {
        Ok(by) => assert!(!by.is_empty() && WORLD.policy.check(&after).is_ok()),
        Err(_) => assert_eq!(before, after),
    }
}

/// A proof file and what it carries.
pub fn proof(data: &[u8]) {
    let Ok(file) = ProofFile::parse(data) else { return };
    assert_eq!(file.to_string().as_bytes(), data);
    let extra = file.extra.as_deref().unwrap_or_default();
    if let Some(disclosure) = Disclosure::parse(extra) {
        assert_eq!(disclosure.to_bytes(), extra);
    }
    if let Ok((verified, disclosure)) = file.check_disclosed(&WORLD.policy, |entry| entry.try_into().ok()) {
        assert!(was_signed(verified.head));
        let place = usize::try_from(verified.index).expect("below the size of the tree");
        assert_eq!(disclosure.entry, ENTRIES[place..=place]);
    }
}

/// The path of a tile.
pub fn tile_path(data: &[u8]) {
    let Some(tile) = std::str::from_utf8(data).ok().and_then(Tile::parse) else { return };
    assert_eq!(tile.to_string().as_bytes(), data);
    assert_eq!(tile.nodes().count(), usize::from(tile.width()));
    for node in tile.nodes() {
        if let Some(holding) = Tile::holding(node, u64::MAX) {
            assert_eq!(holding.index(), tile.index());
        }
    }
    let _ = tile.is_in(u64::MAX);
}

/// A policy file.
pub fn policy(data: &[u8]) {
    if let Ok(policy) = Policy::parse(data) {
        let _ = policy.check(&signed(COSIGNED));
        // More cosignatures never make a quorum fail.
        assert!(policy.is_met(|_| true));
        assert!(!policy.is_met(|_| false) || policy.rule() == "none");
    }
}

/// The body of a request to a witness.
pub fn witness_request(data: &[u8]) {
    if let Ok(request) = konbit_record::AddCheckpoint::parse(data) {
        assert_eq!(request.to_string().as_bytes(), data);
    }
    match WORLD.witness.add_checkpoint(&WORLD.state, data, 2) {
        Ok(cosigned) => assert!(cosigned.store.head().size >= COSIGNED && was_signed(cosigned.store.head())),
        Err(refusal) => {
            assert!((400..500).contains(&refusal.status()));
            let answer = CarriedAnswer::of(&Err(refusal));
            assert_eq!(CarriedAnswer::parse(answer.to_string().as_bytes()), Ok(answer));
        }
    }
}

/// A bundle of entries.
pub fn entry_bundle(data: &[u8]) {
    if let Ok(entries) = parse_bundle(data) {
        assert_eq!(bundle_bytes(entries).as_deref(), Ok(data));
    }
}

/// The carried answer of a witness.
pub fn witness_answer(data: &[u8]) {
    if let Ok(answer) = CarriedAnswer::parse(data) {
        assert_eq!(answer.to_string().as_bytes(), data);
    }
}

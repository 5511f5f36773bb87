//! Keys of logs and witnesses: their names, ids and text forms.
//!
//! A public key is written as a *vkey*, `<name>+<hex id>+<base64 of type and key>` (C2SP signed-note, "Verifier
//! keys", and `golang.org/x/mod/sumdb/note`); a private key as an *skey*, `PRIVATE+KEY+<name>+<hex id>+<base64 of type
//! and seed>` (`golang.org/x/mod/sumdb/note`; no C2SP specification covers it).
//! The stored text of signed-note that was at hand names vkeys by a link only; their form is taken from the Go package
//! and from the vkeys of the test vectors.
//!
//! Two signature types are known: 0x01, a log's Ed25519 signature, and 0x04, a witness's timestamped Ed25519
//! cosignature. ML-DSA-44 (type 0x06), which tlog-cosignature recommends for new deployments, is not implemented: no
//! Rust implementation of it was audited when this was written, and witnesses in operation all sign with Ed25519 too.

use crate::note::NoteSignature;
use crate::text::{from_base64, to_base64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use thiserror::Error;

/// The longest name of a key, in bytes. The specifications set none for Ed25519; 255 is what the ML-DSA form of
/// tlog-cosignature can hold.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// The latest time of a cosignature, in seconds since 1970 (tlog-cosignature, "Format").
pub const TIMESTAMP_MAX: u64 = i64::MAX as u64;

const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// Why a key cannot be read or used. No variant holds any part of a private key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is not in the text form.
    #[error("the key is not of the form name+id+base64: copy it again, whole and without line breaks")]
    Form,
    /// Its name is empty, too long, or holds a space, a plus sign or a control character.
    #[error("the key name {0:?} is empty, too long, or holds a space, a plus sign or a control character")]
    Name(String),
    /// Its signature type is not one of those known here.
    #[error("the key has signature type {0:#04x}; known are 0x01 (Ed25519) and 0x04 (Ed25519 cosignature)")]
    Type(u8),
    /// Its id does not follow from its name, type and public key.
    #[error("the key says its id is {stated}, but its name and public key give {computed}: copy it again")]
    Id {
        /// What the text says.
        stated: KeyId,
        /// What the specification computes.
        computed: KeyId,
    },
    /// Its 32 bytes are not a point of the curve, or a point of small order, under which anything can be signed.
    #[error("the public key is not a usable point of Ed25519")]
    Point,
    /// It is of the other type than what is to be signed asks for.
    #[error("key {name} cannot sign this: a log signs with type 0x01, a witness with type 0x04")]
    Use {
        /// The name of the key.
        name: String,
    },
    /// A cosignature's time is 0 or beyond the range of the format.
    #[error("a cosignature of time {0} is not allowed: give seconds since 1970, at least 1")]
    Time(u64),
}

/// What a key signs, which is part of its identity (signed-note, "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// 0x01: an Ed25519 signature over the note text, as logs make it.
    Ed25519,
    /// 0x04: an Ed25519 signature over time and checkpoint, as witnesses make it (tlog-cosignature).
    CosignatureV1,
}

impl SignatureType {
    /// The identifier byte.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn of(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            other => Err(KeyError::Type(other)),
        }
    }
}

/// The four bytes that, with the name, tell which key signed: the first of
/// SHA-256(name || 0x0A || type || public key) (signed-note, "Signatures"). A lookup aid, no proof of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    fn of(name: &str, kind: SignatureType, public: &[u8; 32]) -> Self {
        let digest =
            Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(public).finalize();
        Self([digest[0], digest[1], digest[2], digest[3]])
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self(u32::from_str_radix(text, 16).ok().filter(|_| plain)?.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Whether a key may have this name: not empty, no Unicode space, no plus sign (signed-note, "Format"), no control
/// character, which a note could not hold.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_ascii_control())
}

fn checked_name(name: &str) -> Result<&str, KeyError> {
    let fits = is_key_name(name) && name.len() <= KEY_NAME_BYTES_MAX;
    if fits { Ok(name) } else { Err(KeyError::Name(name.chars().take(KEY_NAME_BYTES_MAX).collect())) }
}

/// A public key with its name and type. `Display` writes the vkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    kind: SignatureType,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key of these parts. `public` is the encoding of RFC 8032.
    ///
    /// # Errors
    /// [`KeyError::Name`] and [`KeyError::Point`].
    pub fn new(name: &str, kind: SignatureType, public: &[u8; 32]) -> Result<Self, KeyError> {
        let name = checked_name(name)?.to_owned();
        let key = VerifyingKey::from_bytes(public).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        Ok(Self { id: KeyId::of(&name, kind, public), name, kind, key })
    }

    /// Reads a vkey.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        let (name, id, kind, bytes) = parse_parts(vkey)?;
        let key = Self::new(name, kind, &bytes)?;
        key.with_id(id)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The signature type.
    pub fn kind(&self) -> SignatureType {
        self.kind
    }

    /// The 32 bytes of RFC 8032.
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    fn with_id(self, stated: KeyId) -> Result<Self, KeyError> {
        if self.id == stated { Ok(self) } else { Err(KeyError::Id { stated, computed: self.id }) }
    }

    /// Checks the signature bytes that follow the key id, over `text`. Gives the time if the type has one.
    ///
    /// Verification is the strict one: a signature that only a lenient verifier accepts (RFC 8032, 5.1.7, leaves that
    /// open) is refused, so that all who use this program agree. No honest signer makes such a signature.
    pub(crate) fn check(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, BadSignature> {
        match self.kind {
            SignatureType::Ed25519 => {
                self.check_raw(text.as_bytes(), signature)?;
                Ok(None)
            }
            SignatureType::CosignatureV1 => {
                let (time, signature) = signature.split_first_chunk::<8>().ok_or(BadSignature)?;
                let time = u64::from_be_bytes(*time);
                if time > TIMESTAMP_MAX {
                    return Err(BadSignature);
                }
                self.check_raw(cosigned_message(text, time).as_bytes(), signature)?;
                Ok(Some(time))
            }
        }
    }

    fn check_raw(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = Signature::from_bytes(signature.try_into().map_err(|_| BadSignature)?);
        self.key.verify_strict(message, &signature).map_err(|_| BadSignature)
    }
}

/// A signature that does not hold.
#[derive(Debug)]
pub(crate) struct BadSignature;

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&parts_text(&self.name, self.id, self.kind, &self.public()))
    }
}

/// A private key with its name and type.
///
/// Invariant: `Debug` shows no private byte, nothing here is `Clone` or `Serialize`, and the key is overwritten when
/// dropped.
pub struct SignerKey {
    verifier: VerifierKey,
    secret: SigningKey,
}

impl SignerKey {
    /// The key whose seed is `entropy` (RFC 8032, 5.1.5). The 32 bytes have to come from the operating system's
    /// generator, and be used for nothing else.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn generate(name: &str, kind: SignatureType, entropy: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = SigningKey::from_bytes(entropy);
        let verifier = VerifierKey::new(name, kind, secret.verifying_key().as_bytes())?;
        Ok(Self { verifier, secret })
    }

    /// Reads an skey.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it, and never with what bytes.
    pub fn parse(skey: &str) -> Result<Self, KeyError> {
        let parts = skey.strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::Form)?;
        // A text in disorder may have any part of the key where the name should be.
        let (name, id, kind, seed) = parse_parts(parts).map_err(|error| match error {
            KeyError::Name(_) => KeyError::Form,
            other => other,
        })?;
        let Self { verifier, secret } = Self::generate(name, kind, &seed)?;
        // The id is of the public half, so stating the computed one gives nothing away.
        Ok(Self { verifier: verifier.with_id(id)?, secret })
    }

    /// The skey: whoever has this text signs as this key. To be written to a file that only its owner can read.
    pub fn reveal(&self) -> String {
        let VerifierKey { name, id, kind, .. } = &self.verifier;
        format!("{PRIVATE_PREFIX}{}", parts_text(name, *id, *kind, self.secret.as_bytes()))
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a note text as a log does (signed-note, "Ed25519 signatures").
    ///
    /// # Errors
    /// [`KeyError::Use`] if this is a witness's key.
    pub fn sign(&self, text: &str) -> Result<NoteSignature, KeyError> {
        self.expect(SignatureType::Ed25519)?;
        Ok(self.signature(self.secret.sign(text.as_bytes()).to_bytes().to_vec()))
    }

    /// Cosigns a checkpoint's text as a witness does, at `time` in seconds since 1970 (tlog-cosignature, "Ed25519
    /// signed message"). Whether the checkpoint deserves it is for [`Witness`](crate::Witness) to say.
    ///
    /// # Errors
    /// [`KeyError::Use`] if this is a log's key; [`KeyError::Time`].
    pub(crate) fn cosign(&self, text: &str, time: u64) -> Result<NoteSignature, KeyError> {
        self.expect(SignatureType::CosignatureV1)?;
        if time == 0 || time > TIMESTAMP_MAX {
            return Err(KeyError::Time(time));
        }
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.secret.sign(cosigned_message(text, time).as_bytes()).to_bytes());
        Ok(self.signature(bytes))
    }

    fn expect(&self, kind: SignatureType) -> Result<(), KeyError> {
        let fits = self.verifier.kind == kind;
        if fits { Ok(()) } else { Err(KeyError::Use { name: self.verifier.name.clone() }) }
    }

    fn signature(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.verifier.name.clone(), id: self.verifier.id, bytes }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({}+{})", self.verifier.name, self.verifier.id)
    }
}

/// The message of a cosignature: header line, time line, note text.
fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// Splits at the first two plus signs: a name has none, and base64 may have more.
fn parse_parts(text: &str) -> Result<(&str, KeyId, SignatureType, [u8; 32]), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Form);
    };
    let name = checked_name(name)?;
    let id = KeyId::parse(id).ok_or(KeyError::Form)?;
    let bytes = from_base64(key).ok_or(KeyError::Form)?;
    let (kind, key) = bytes.split_first().ok_or(KeyError::Form)?;
    Ok((name, id, SignatureType::of(*kind)?, key.try_into().map_err(|_| KeyError::Form)?))
}

fn parts_text(name: &str, id: KeyId, kind: SignatureType, key: &[u8; 32]) -> String {
    let mut bytes = vec![kind.byte()];
    bytes.extend_from_slice(key);
    format!("{name}+{id}+{}", to_base64(&bytes))
}

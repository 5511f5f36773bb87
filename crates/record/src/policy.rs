//! Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them have to agree.

use crate::checkpoint::SignedCheckpoint;
use crate::key::{KeyError, SignatureType, VerifierKey};
use crate::note::NoteError;
use crate::text::decimal;
use std::collections::BTreeMap;
use thiserror::Error;

/// The longest policy file that is read, in bytes.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// The most logs, witnesses and groups, each, that a policy may have; the specification asks for room for 32.
pub const POLICY_PARTS_MAX: usize = 256;

/// Why bytes are not a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("the policy has {0} bytes; at most {POLICY_BYTES_MAX} are read")]
    Size(usize),
    /// A line is wrong.
    #[error("line {line} of the policy: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        why: LineError,
    },
    /// There is no quorum line.
    #[error("the policy has no quorum line: add `quorum <name>`, or `quorum none`")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// A control character other than tab.
    #[error("it holds the control character {0:#04x}")]
    Character(u8),
    /// An unknown first word, or the wrong number of words.
    #[error(
        "it is not of a known form: log <vkey> [<url>], witness <name> <vkey> [<url>], \
         group <name> all|any|<k> <name>..., quorum <name>"
    )]
    Form,
    /// A key that cannot be read.
    #[error("its key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// A log's key where a witness's belongs, or the other way round.
    #[error("its key has the wrong type: a log signs with type 0x01, a witness with type 0x04")]
    Use,
    /// The public key is there already, perhaps under another name.
    #[error("its public key is already in the policy")]
    DuplicateKey,
    /// The name is there already, or is `none`.
    #[error("the name {0:?} is taken")]
    Name(String),
    /// The name is not defined on an earlier line.
    #[error("the name {0:?} is not defined on an earlier line")]
    Unknown(String),
    /// The name is a member already, of this or another group.
    #[error("the name {0:?} is a group member already; each may be one only once")]
    Member(String),
    /// k is not a number from 1 to the number of members.
    #[error("a group of {0} members needs a threshold from 1 to {0}, or all, or any")]
    Threshold(usize),
    /// A second quorum line.
    #[error("there is a quorum line already")]
    Quorum,
    /// More than [`POLICY_PARTS_MAX`].
    #[error("there are more than {POLICY_PARTS_MAX} lines of its kind")]
    Count,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyRefusal {
    /// The policy names no log of this origin.
    #[error("the policy does not know the log {0:?}")]
    UnknownLog(String),
    /// The log did not sign it.
    #[error("the log {origin} did not sign the checkpoint: {why}")]
    Log {
        /// The log.
        origin: String,
        /// What the check of the note said.
        why: NoteError,
    },
    /// A line of a witness does not hold.
    #[error("a cosignature does not hold: {0}")]
    Cosignature(NoteError),
    /// Size 0 with another root than the empty tree's.
    #[error("the checkpoint of an empty tree has another root than the empty tree")]
    EmptyRoot,
    /// Not enough witnesses.
    #[error("too few witnesses cosigned the checkpoint: the policy asks for {asked}; there {}", have(.cosigned))]
    Quorum {
        /// The rule, in words.
        asked: String,
        /// The names of the witnesses that did.
        cosigned: Vec<String>,
    },
}

fn have(names: &[String]) -> String {
    match names {
        [] => "is none".to_owned(),
        [one] => format!("is {one}"),
        more => format!("are {}", more.join(", ")),
    }
}

/// A log of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, whose name is its origin.
    pub key: VerifierKey,
    /// Where it is reached, if the policy says.
    pub url: Option<String>,
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name within the policy, opaque bytes.
    pub name: Vec<u8>,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is reached, if the policy says.
    pub url: Option<String>,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    /// The name `none`: nobody is asked. A quorum only, never a member.
    Nobody,
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: Vec<u8>,
    /// Invariant: from 1 to the number of members.
    threshold: usize,
    /// Invariant: groups among them come earlier in the policy.
    members: Vec<Party>,
}

/// A cosignature that counts towards a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigner {
    /// The witness's name within the policy.
    pub name: String,
    /// The name of its key.
    pub key_name: String,
    /// When it cosigned, in seconds since 1970, by its own clock; the latest, if there are several.
    pub time: u64,
}

/// A checkpoint that satisfies a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The key of the log.
    pub log: VerifierKey,
    /// The witnesses that cosigned, in the order of the policy; more than the quorum, if more did.
    ///
    /// How old a cosignature may be is the reader's to judge, who knows the time: nothing here reads a clock.
    pub cosigners: Vec<Cosigner>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Party,
}

impl Policy {
    /// Reads a policy file (tlog-policy, "Policy file syntax and structure").
    ///
    /// # Errors
    /// [`PolicyError`] names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::Size(bytes.len()));
        }
        let mut reader = Reader::default();
        for (ix, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            reader.line(line).map_err(|why| PolicyError::Line { line: ix + 1, why })?;
        }
        let quorum = reader.quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, groups: reader.groups, quorum })
    }

    /// The logs. Empty if the policy leaves them to the context; then [`Policy::check`] accepts nothing.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether the quorum is met if just those witnesses have cosigned for which `cosigned` is true, by their place in
    /// [`Policy::witnesses`].
    pub fn is_met(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        // Groups name earlier ones only, so one pass settles them all.
        let mut groups = Vec::with_capacity(self.groups.len());
        let holds = |party: Party, groups: &[bool]| match party {
            Party::Nobody => true,
            Party::Witness(ix) => cosigned(ix),
            Party::Group(ix) => groups[ix],
        };
        for group in &self.groups {
            let count = group.members.iter().filter(|member| holds(**member, &groups)).count();
            groups.push(count >= group.threshold);
        }
        holds(self.quorum, &groups)
    }

    /// Checks a checkpoint: signed by a log of the policy whose name is its origin, and cosigned by a quorum.
    ///
    /// # Errors
    /// [`PolicyRefusal`].
    pub fn check(&self, checkpoint: &SignedCheckpoint) -> Result<Accepted, PolicyRefusal> {
        let origin = checkpoint.checkpoint().origin();
        let keys: Vec<&VerifierKey> = self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin).collect();
        if keys.is_empty() {
            return Err(PolicyRefusal::UnknownLog(origin.to_owned()));
        }
        let by_log = checkpoint.verify(keys).map_err(|why| PolicyRefusal::Log { origin: origin.to_owned(), why })?;
        if !checkpoint.head().is_possible() {
            return Err(PolicyRefusal::EmptyRoot);
        }
        let by_witnesses = match checkpoint.verify(self.witnesses.iter().map(|witness| &witness.key)) {
            Ok(verified) => verified,
            Err(NoteError::Unsigned) => Vec::new(),
            Err(why) => return Err(PolicyRefusal::Cosignature(why)),
        };
        let time_of = |witness: &PolicyWitness| {
            by_witnesses.iter().filter(|by| *by.key == witness.key).filter_map(|by| by.time).max()
        };
        let times: Vec<Option<u64>> = self.witnesses.iter().map(time_of).collect();
        let cosigners: Vec<Cosigner> = self.witnesses.iter().zip(&times).filter_map(cosigner).collect();
        if !self.is_met(|ix| times[ix].is_some()) {
            let cosigned = cosigners.into_iter().map(|cosigner| cosigner.name).collect();
            return Err(PolicyRefusal::Quorum { asked: self.rule(), cosigned });
        }
        let log = by_log.first().expect("a note is verified by at least one key").key.clone();
        Ok(Accepted { log, cosigners })
    }

    /// The quorum in words, as "2 of (w1, w2, w3)".
    pub fn rule(&self) -> String {
        self.words(self.quorum, 0)
    }

    /// Nested deeper than a reader follows, a group is given by its name.
    fn words(&self, party: Party, depth: usize) -> String {
        match party {
            Party::Group(ix) if depth < 4 => {
                let group = &self.groups[ix];
                let members: Vec<_> = group.members.iter().map(|member| self.words(*member, depth + 1)).collect();
                format!("{} of ({})", group.threshold, members.join(", "))
            }
            Party::Group(ix) => lossy(&self.groups[ix].name),
            Party::Witness(ix) => lossy(&self.witnesses[ix].name),
            Party::Nobody => "none".to_owned(),
        }
    }
}

fn cosigner((witness, time): (&PolicyWitness, &Option<u64>)) -> Option<Cosigner> {
    let key_name = witness.key.name().to_owned();
    time.map(|time| Cosigner { name: lossy(&witness.name), key_name, time })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the lines so far have defined.
#[derive(Default)]
struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Party>,
    /// Each name, and whether it is a member of a group.
    names: BTreeMap<Vec<u8>, (Party, bool)>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), LineError> {
        if let Some(byte) = line.iter().find(|byte| (**byte < 0x20 && **byte != b'\t') || **byte == 0x7f) {
            return Err(LineError::Character(*byte));
        }
        let words: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] => self.log(vkey, None),
            [b"log", vkey, url] => self.log(vkey, Some(url)),
            [b"witness", name, vkey] => self.witness(name, vkey, None),
            [b"witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(LineError::Form),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&&[u8]>) -> Result<(), LineError> {
        let key = read_key(vkey, SignatureType::Ed25519)?;
        if self.logs.iter().any(|log| log.key.public() == key.public()) {
            return Err(LineError::DuplicateKey);
        }
        room(self.logs.len())?;
        self.logs.push(PolicyLog { key, url: url.map(|url| lossy(url)) });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8], url: Option<&&[u8]>) -> Result<(), LineError> {
        let key = read_key(vkey, SignatureType::CosignatureV1)?;
        if self.witnesses.iter().any(|witness| witness.key.public() == key.public()) {
            return Err(LineError::DuplicateKey);
        }
        room(self.witnesses.len())?;
        self.define(name, Party::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: name.to_vec(), key, url: url.map(|url| lossy(url)) });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), LineError> {
        room(self.groups.len())?;
        let mut parties = Vec::with_capacity(members.len());
        for member in members {
            let (party, is_member) = self.names.get_mut(*member).ok_or_else(|| LineError::Unknown(lossy(member)))?;
            if std::mem::replace(is_member, true) {
                return Err(LineError::Member(lossy(member)));
            }
            parties.push(*party);
        }
        let threshold = match threshold {
            b"all" => parties.len(),
            b"any" => 1,
            k => std::str::from_utf8(k)
                .ok()
                .and_then(decimal)
                .and_then(|k| usize::try_from(k).ok())
                .filter(|k| (1..=parties.len()).contains(k))
                .ok_or(LineError::Threshold(parties.len()))?,
        };
        self.define(name, Party::Group(self.groups.len()))?;
        self.groups.push(Group { name: name.to_vec(), threshold, members: parties });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), LineError> {
        if self.quorum.is_some() {
            return Err(LineError::Quorum);
        }
        let party = match name {
            b"none" => Party::Nobody,
            name => self.names.get(name).ok_or_else(|| LineError::Unknown(lossy(name)))?.0,
        };
        self.quorum = Some(party);
        Ok(())
    }

    fn define(&mut self, name: &[u8], party: Party) -> Result<(), LineError> {
        if name == b"none" || self.names.contains_key(name) {
            return Err(LineError::Name(lossy(name)));
        }
        self.names.insert(name.to_vec(), (party, false));
        Ok(())
    }
}

fn room(count: usize) -> Result<(), LineError> {
    if count < POLICY_PARTS_MAX { Ok(()) } else { Err(LineError::Count) }
}

fn read_key(vkey: &[u8], kind: SignatureType) -> Result<VerifierKey, LineError> {
    let key = VerifierKey::parse(std::str::from_utf8(vkey).map_err(|_| LineError::Key(KeyError::Form))?)?;
    if key.kind() == kind { Ok(key) } else { Err(LineError::Use) }
}

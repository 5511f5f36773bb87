//! What can happen to a mission, as a list that can be read, repeated and shortened.

use konbit_base::rng::{Seeded, seeded};

/// Sites, roads, contributions and texts that operations speak of; few, so that they meet.
pub const SITES: u64 = 8;
const ROADS: u64 = 4;
const CONTRIBUTIONS: u64 = 6;
const TEXTS: u64 = 3;
/// Commands of programs.
const COMMANDS: u64 = 5;
/// Each thing is known in so many versions; the same version again is no news.
const REVISIONS: u64 = 3;
/// Witnesses of the policy, two of whom have to cosign.
pub const WITNESSES: usize = 3;

/// Something that happens. Numbers name things by position, and are taken modulo what there is, so
/// that a list from which operations were left out still means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The clock goes on.
    AdvanceHours(u32),
    /// A table of sites is imported: `rows` of them from `first` on, and `dirty` rows that cannot be kept.
    ImportSites { first: u64, rows: u64, revision: u64, dirty: u64 },
    /// A table of contributions is imported.
    ImportContributions { first: u64, rows: u64, revision: u64 },
    /// The votes by member on a text are imported.
    ImportVotes { text: u64, in_favour: u64 },
    /// The last import once more: nothing is added.
    ImportSame,
    /// A usable and an unusable file together: nothing is added.
    ImportUnusable,
    /// A site is withdrawn.
    Withdraw { site: u64 },
    /// A program enters a site under a key of its own. The same key again adds nothing, whatever
    /// has happened in between.
    EnterOnce { command: u64 },
    /// A road is reported closed, slowed, dangerous or held.
    ReportRoad { road: u64, state: u64 },
    /// A report of a road ends now.
    EndRoad { road: u64 },
    /// A report of a road counts again from now on.
    RenewRoad { road: u64 },
    /// What an entry said is erased by order.
    Erase { entry: u64 },
    /// A copy is made while the mission is in use.
    Backup,
    /// The record is lost and a copy put in its place, which is refused if it is of the past; then
    /// the present files are found again.
    RestoreOld { copy: u64 },
    /// The record is lost, a copy of the past is put in its place, and a new epoch begins. With
    /// `cut` the power goes while it begins.
    GoOnFromOld { copy: u64, cut: Option<EpochCut> },
    /// A witness is asked to cosign the last signed head, and its answer is kept.
    Cosign { witness: usize },
    /// The mission signs another history with its own key, and a witness is asked to cosign it.
    Fork { witness: usize },
    /// The proof of an entry is written, read back and checked.
    ProofOf { entry: u64 },
    /// The power goes. The mission goes on from the files as they are at that moment.
    Crash(Crash),
    /// The program is stopped, the key that signs heads is not there at the next start, which is
    /// refused, and is put back.
    LoseKey,
    /// The program is stopped and started.
    CleanRestart,
    /// Two people withdraw at the same time; on one site exactly one of them does.
    TwoAtOnce { one: u64, other: u64 },
    /// Somebody decides upon a reading of the whole record that is no longer so.
    StaleDecision { site: u64 },
    /// Another process reads while sites are imported one by one.
    ReaderBeside { imports: u64 },
}

/// What a loss of power leaves besides the files of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Nothing else.
    Idle,
    /// The beginning of a next transaction, torn, at the end of the log.
    TornLog,
    /// The next signed head, torn, in the slot that is not the last one.
    TornHead,
    /// A withdrawal that is in the record, and whose signed head is not written yet.
    BeforeHead,
}

/// After which step of beginning an epoch the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochCut {
    /// The new key is made; the record is as it was.
    KeyMade,
    /// The record has the entry that begins the epoch; the signed head is the old one.
    EntryMade,
    /// The first head of the epoch is signed; the key in use is the old one.
    HeadSigned,
    /// The old key is set aside; the new one is not in its place.
    OldKeyAside,
    /// The new key is in its place; the public key beside it is the old one.
    NewKeyInPlace,
}

/// The list of `count` operations that `seed` stands for.
pub fn draw(seed: u64, count: usize) -> Vec<Operation> {
    let mut rng = seeded(seed, 0);
    (0..count).map(|_| one(&mut rng)).collect()
}

fn one(rng: &mut Seeded) -> Operation {
    use Operation as O;
    match rng.below(100) {
        0..=4 => O::AdvanceHours(1 + u32::try_from(rng.below(100)).expect("below 100")),
        5..=21 => O::ImportSites {
            first: rng.below(SITES),
            rows: 1 + rng.below(4),
            revision: rng.below(REVISIONS),
            dirty: rng.below(3).saturating_sub(1),
        },
        22..=27 => O::ImportContributions {
            first: rng.below(CONTRIBUTIONS),
            rows: 1 + rng.below(3),
            revision: rng.below(REVISIONS),
        },
        28..=31 => O::ImportVotes { text: rng.below(TEXTS), in_favour: rng.below(5) },
        32..=34 => O::ImportSame,
        35..=36 => O::ImportUnusable,
        37..=39 => O::Withdraw { site: rng.below(SITES) },
        40..=43 => O::EnterOnce { command: rng.below(COMMANDS) },
        44..=46 => O::ReportRoad { road: rng.below(ROADS), state: rng.below(4) },
        47..=48 => O::EndRoad { road: rng.below(ROADS) },
        49..=50 => O::RenewRoad { road: rng.below(ROADS) },
        51..=57 => O::Erase { entry: rng.below(1_000) },
        58..=61 => O::Backup,
        62..=64 => O::RestoreOld { copy: rng.below(10) },
        65..=68 => O::GoOnFromOld { copy: rng.below(10), cut: cut(rng) },
        69..=76 => O::Cosign { witness: which(rng) },
        77..=78 => O::Fork { witness: which(rng) },
        79..=82 => O::ProofOf { entry: rng.below(1_000) },
        83..=88 => O::Crash(match rng.below(4) {
            0 => Crash::Idle,
            1 => Crash::TornLog,
            2 => Crash::TornHead,
            _ => Crash::BeforeHead,
        }),
        89 => O::LoseKey,
        90..=91 => O::CleanRestart,
        92..=94 => O::TwoAtOnce { one: rng.below(SITES), other: rng.below(SITES) },
        95..=97 => O::StaleDecision { site: rng.below(SITES) },
        _ => O::ReaderBeside { imports: 1 + rng.below(3) },
    }
}

fn which(rng: &mut Seeded) -> usize {
    usize::try_from(rng.below(WITNESSES as u64)).expect("few witnesses")
}

fn cut(rng: &mut Seeded) -> Option<EpochCut> {
    Some(match rng.below(8) {
        0 => EpochCut::KeyMade,
        1 => EpochCut::EntryMade,
        2 => EpochCut::HeadSigned,
        3 => EpochCut::OldKeyAside,
        4 => EpochCut::NewKeyInPlace,
        _ => return None,
    })
}

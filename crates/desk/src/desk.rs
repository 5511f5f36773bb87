//! A mission that is open: its directory and its record.

use crate::entering::Entering;
use crate::keeping::{EPOCH_KIND, ERASURE_KIND, EpochBegun, ErasureOrder};
use crate::ledger::{Entropy, Ledger};
use crate::{Config, DeskError, Ground, MissionDir, Moment, RoadQuestion, Roads, Travel, verify};
use jiff::Timestamp;
use konbit_base::{Digest, LatLon};
use konbit_mission::place::LayerKind;
use konbit_mission::rules;
use konbit_mission::state::Change;
use konbit_mission::{Event, Mission};
use konbit_roster::Roster;
use konbit_store::{
    Attachment, Body, Entry, EntryFilter, Head, NewEntry, ProjectionRow, Reads, RowChange, RowRead, SaltSeed,
    Sequencer, Store, StoreError, Submission,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Who acts, and when. Times and entropy enter here and nowhere deeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant.
    pub now: Timestamp,
    /// Who acts, as it is to stand in the record. Accounts come later; until then it is the role
    /// that the caller names.
    pub actor: String,
    /// Where the salts of what is entered come from; fresh for each use.
    pub salts: SaltSeed,
}

impl Stamp {
    /// A stamp. `entropy` comes from a cryptographic source and is used once.
    pub fn new(now: Timestamp, actor: &str, entropy: Entropy) -> Self {
        Self { now, actor: actor.to_owned(), salts: SaltSeed(entropy) }
    }
}

/// The mission's state and the head of the record it was read at.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What stands.
    pub mission: Mission,
    /// How long the record was, and the root of its tree.
    pub head: Head,
}

/// An entry of the record as a reader sees it.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// The entry as it is kept.
    pub entry: Entry,
    /// What it says.
    pub said: Said,
}

/// What an entry says.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "almost all are events; a box in each would be met by every reader")]
pub enum Said {
    /// A change of the mission's state.
    Event(Event),
    /// An order to erase what entries said.
    Erasure(ErasureOrder),
    /// The beginning of a new epoch of the log, after entries were lost.
    Epoch(EpochBegun),
    /// Nothing any more: it was erased by the order that stands in another entry.
    Erased {
        /// Number of that entry.
        by: u64,
    },
    /// Something that this version does not know.
    Unknown,
}

impl Said {
    /// One line for a reader.
    pub fn title(&self) -> String {
        match self {
            Self::Event(event) => event.title(),
            Self::Erasure(order) => format!("Ordered to erase {} entries: {}", order.entries.len(), order.reason),
            Self::Epoch(epoch) => format!("Epoch {} of the record begins: {}", epoch.epoch, epoch.reason),
            Self::Erased { by } => format!("Erased by the order in entry {by}"),
            Self::Unknown => "not known to this version".to_owned(),
        }
    }

    /// The event, if it is one.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) => Some(event),
            _ => None,
        }
    }
}

/// A mission that is open. It can be shared between threads; they take turns.
pub struct Desk {
    /// What records that programs enter go through, once one does. First, so that it is dropped
    /// before the lock that lets this process write.
    pub(crate) entering: OnceLock<Entering>,
    dir: MissionDir,
    config: Config,
    ledger: Mutex<Ledger>,
    /// The network in use, made ready. A function of the file that its digest names.
    roads: Mutex<Option<Arc<Roads>>>,
    /// The base map in use. A function of its version.
    ground: Mutex<Option<Arc<Ground>>>,
    /// Rosters made, the latest first. Each is a function of its problem.
    rosters: Mutex<Vec<Arc<Roster>>>,
    /// The last verification of the whole mission, where one has run.
    verified: Mutex<Option<Verified>>,
}

/// A verification that ran beside the work.
#[derive(Debug, Clone)]
pub struct Verified {
    /// When it was done.
    pub at: Timestamp,
    /// What came of it; `None` if it could not run.
    pub report: Option<Arc<verify::VerifyReport>>,
}

impl Desk {
    /// Makes a mission directory with an empty record, which is signed with a key made from
    /// `entropy`.
    pub fn init(path: &Path, config: &Config, entropy: &Entropy) -> Result<Self, DeskError> {
        let dir = MissionDir::at(path);
        dir.create(config)?;
        let ledger = Ledger::create(&dir, &config.name, entropy)?;
        Ok(Self::over(dir, config.clone(), ledger))
    }

    /// Opens the mission in a directory, for reading and writing. One process has it so at a time.
    pub fn open(path: &Path) -> Result<Self, DeskError> {
        let dir = MissionDir::at(path);
        let config = dir.config()?;
        let ledger = Ledger::open(&dir)?;
        Ok(Self::over(dir, config, ledger))
    }

    /// Opens the mission in a directory for reading, also while another process writes it.
    pub fn open_to_read(path: &Path) -> Result<Self, DeskError> {
        let dir = MissionDir::at(path);
        let config = dir.config()?;
        let ledger = Ledger::read(&dir)?;
        Ok(Self::over(dir, config, ledger))
    }

    pub(crate) fn over(dir: MissionDir, config: Config, ledger: Ledger) -> Self {
        let (roads, ground, rosters, verified) =
            (Mutex::new(None), Mutex::new(None), Mutex::default(), Mutex::new(None));
        Self { dir, config, ledger: Mutex::new(ledger), roads, ground, rosters, verified, entering: OnceLock::new() }
    }

    /// Closes the record cleanly, so that its file can be checked byte by byte.
    pub fn close(self) -> Result<(), DeskError> {
        let ledger = self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The readers first: a file that nobody else reads can be sealed.
        drop((ledger.reader, self.entering));
        if let Some(writer) = ledger.writer.and_then(Arc::into_inner) {
            writer.close()?;
        }
        Ok(())
    }

    /// The configuration as it was when the mission was opened.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The directory.
    pub fn dir(&self) -> &MissionDir {
        &self.dir
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A thread that panicked held no transaction: it only read.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the record.
    pub(crate) fn reading<T>(&self, read: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, DeskError> {
        Ok(read(&self.ledger().reader)?)
    }

    /// Notes what a verification has come to, for whoever reads the record's page.
    pub fn note_verified(&self, verified: Verified) {
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(verified);
    }

    /// The last verification that was noted since the mission was opened.
    pub fn last_verified(&self) -> Option<Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one who writes.
    pub(crate) fn writer(&self) -> Result<Arc<Sequencer>, DeskError> {
        self.ledger().writer.clone().ok_or_else(|| DeskError::ReadOnly(self.dir.path().to_owned()))
    }

    /// The mission's state, read from the projections.
    pub fn snapshot(&self) -> Result<Snapshot, DeskError> {
        let kept = self.ledger().reader.snapshot()?;
        Ok(Snapshot { mission: restored(kept.projections)?, head: kept.head })
    }

    /// The mission's state, rebuilt from the entries alone.
    pub fn rebuild(&self) -> Result<Mission, DeskError> {
        let (mission, problems) = verify::rebuild(&self.ledger().reader, &[])?;
        match problems.into_iter().next() {
            None => Ok(mission),
            Some(problem) => Err(DeskError::Missing(problem.sentence)),
        }
    }

    /// Appends events to the record that `snapshot` was read from, with their projections and
    /// attachments, in one transaction. Refused if the record has grown since.
    pub fn append(
        &self,
        snapshot: &Snapshot,
        events: Vec<Event>,
        attachments: &[Attachment],
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        let reads = Reads::Record { size: snapshot.head.size };
        self.append_upon(reads, snapshot, events, attachments, stamp)
    }

    /// As [`Desk::append`], refused only if one of the records that the events concern has changed
    /// since: for decisions that rest on those alone.
    pub(crate) fn append_apart(
        &self,
        snapshot: &Snapshot,
        events: Vec<Event>,
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        let read = |event: &Event| {
            let (subject, id) = event.target();
            let entries = snapshot.mission.entries_behind(subject, id).to_vec();
            RowRead { subject: subject.to_owned(), id: id.to_owned(), entries }
        };
        let reads = Reads::Rows(events.iter().map(read).collect());
        self.append_upon(reads, snapshot, events, &[], stamp)
    }

    fn append_upon(
        &self,
        reads: Reads,
        snapshot: &Snapshot,
        events: Vec<Event>,
        attachments: &[Attachment],
        stamp: &Stamp,
    ) -> Result<Snapshot, DeskError> {
        if events.is_empty() {
            return Ok(snapshot.clone());
        }
        let size = snapshot.head.size;
        let mut mission = snapshot.mission.clone();
        let mut entries = Vec::with_capacity(events.len());
        let mut changes = Vec::with_capacity(events.len());
        for (ix, event) in (size..).zip(events) {
            let (kind, body) = (event.kind(), event.body());
            entries.push(NewEntry { at: stamp.now, actor: stamp.actor.clone(), kind, body });
            changes.push(row_change(mission.apply(ix, event), size));
        }
        let count = entries.len() as u64;
        let submission = Submission {
            reads,
            entries,
            salts: stamp.salts.clone(),
            changes,
            attachments: attachments.to_vec(),
            command: None,
        };
        let receipt = self.writer()?.submit(submission)?;
        if receipt.first == size && receipt.head.size == size + count {
            return Ok(Snapshot { mission, head: receipt.head });
        }
        // Others were appended before or with these.
        self.snapshot()
    }

    /// Withdraws a record: it stands no more.
    pub fn withdraw(&self, subject: &str, id: &str, reason: &str, stamp: &Stamp) -> Result<Snapshot, DeskError> {
        let snapshot = self.snapshot()?;
        let event = rules::withdraw(&snapshot.mission, subject, id, reason)?;
        self.append_apart(&snapshot, vec![event], stamp)
    }

    /// Entries of the record, as the filter asks for them.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<EntryView>, DeskError> {
        Ok(self.reading(|store| store.entries(filter))?.into_iter().map(view).collect())
    }

    /// One entry.
    pub fn entry(&self, ix: u64) -> Result<Option<EntryView>, DeskError> {
        Ok(self.reading(|store| store.entry(ix))?.map(view))
    }

    /// The hashes that prove that entry `ix` is in the tree over the first `size` entries.
    pub fn inclusion_proof(&self, ix: u64, size: u64) -> Result<Vec<Digest>, DeskError> {
        self.reading(|store| store.inclusion_proof(ix, size))
    }

    /// How many entries of each kind there are.
    pub fn kinds_count(&self) -> Result<BTreeMap<String, u64>, DeskError> {
        self.reading(Store::kinds_count)
    }

    /// The moment that answers are about: the day the mission's data describe, or else `now`.
    pub fn moment(&self, mission: &Mission, now: Timestamp) -> Moment {
        Moment::shown(mission, &self.config, now)
    }

    /// Where the base, site or town of this id is; `None` if there is none, or it has no position.
    pub fn position_of(&self, id: &str) -> Result<Option<LatLon>, DeskError> {
        let mission = self.snapshot()?.mission;
        let base = mission.bases.get(id).map(|base| base.value.position);
        let site = mission.sites.get(id).and_then(|site| site.value.position);
        Ok(base.or(site).or_else(|| mission.towns.get(id).map(|town| town.value.position)))
    }

    /// Travel times between bases and sites at a moment.
    pub fn travel(&self, mission: &Mission, moment: Moment) -> Result<Travel, DeskError> {
        self.travel_if(mission, &RoadQuestion::at(moment))
    }

    /// Travel times as they are, or would be.
    pub fn travel_if(&self, mission: &Mission, question: &RoadQuestion) -> Result<Travel, DeskError> {
        Ok(match self.roads_now(mission, question)? {
            Some(roads) => Travel::by_road(mission, &roads),
            None => Travel::great_circle(mission),
        })
    }

    pub(crate) fn rosters_held(&self) -> MutexGuard<'_, Vec<Arc<Roster>>> {
        // As with roads: complete or absent.
        self.rosters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ground_held(&self) -> MutexGuard<'_, Option<Arc<Ground>>> {
        // As with roads: complete or absent.
        self.ground.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn roads_held(&self) -> MutexGuard<'_, Option<Arc<Roads>>> {
        // What is held is complete or absent, whatever happened to the thread that put it there.
        self.roads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The GeoJSON of a map layer, if the mission has one.
    pub fn layer(&self, mission: &Mission, kind: LayerKind) -> Result<Option<Vec<u8>>, DeskError> {
        let Some(layer) = mission.layers.get(kind.name()) else { return Ok(None) };
        let digest = layer.value.digest;
        self.dir.reference(digest)?.map(Some).ok_or_else(|| {
            let path = self.dir.reference_path(digest);
            DeskError::Missing(format!(
                "the map layer {} is missing or altered: {}; import {} again",
                kind.name(),
                path.display(),
                layer.value.file
            ))
        })
    }
}

/// The state that projections hold.
pub(crate) fn restored(rows: Vec<ProjectionRow>) -> Result<Mission, DeskError> {
    let mut mission = Mission::default();
    for row in rows {
        mission.restore(&row.subject, row.entries, &row.body)?;
    }
    Ok(mission)
}

/// The row that a change makes: what it rested on before, and which of the new entries it rests on
/// besides.
pub(crate) fn row_change(change: Change, size: u64) -> RowChange {
    let (entries, own): (Vec<u64>, Vec<u64>) = change.entries.iter().partition(|ix| **ix < size);
    let position = |ix: u64| usize::try_from(ix - size).expect("an append has fewer entries than memory holds");
    RowChange {
        subject: change.subject.to_owned(),
        id: change.id,
        entries,
        own: own.into_iter().map(position).collect(),
        body: change.body,
    }
}

fn view(entry: Entry) -> EntryView {
    let said = match (&entry.body, entry.kind.as_str()) {
        (Body::Erased { by }, _) => Said::Erased { by: *by },
        (Body::Kept(body), ERASURE_KIND) => serde_json::from_slice(body).map_or(Said::Unknown, Said::Erasure),
        (Body::Kept(body), EPOCH_KIND) => serde_json::from_slice(body).map_or(Said::Unknown, Said::Epoch),
        (Body::Kept(body), kind) => Event::parse(kind, body).map_or(Said::Unknown, Said::Event),
    };
    EntryView { entry, said }
}

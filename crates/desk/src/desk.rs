//! A mission that is open: its directory and its record.

use crate::{Config, DeskError, Ground, MissionDir, Moment, RoadQuestion, Roads, Travel, verify};
use jiff::Timestamp;
use konbit_base::{Digest, LatLon};
use konbit_mission::place::LayerKind;
use konbit_mission::rules;
use konbit_mission::state::Change;
use konbit_mission::{Event, Mission};
use konbit_store::{Attachment, Entry, EntryFilter, Head, NewEntry, ProjectionChange, ProjectionRow, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who acts, and when. Times enter here and nowhere deeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant.
    pub now: Timestamp,
    /// Who acts, as it is to stand in the record. Accounts come later; until then it is the role
    /// that the caller names.
    pub actor: String,
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
    /// What it says; `None` if this version does not know its kind.
    pub event: Option<Event>,
}

/// A mission that is open. It can be shared between threads; they take turns.
pub struct Desk {
    dir: MissionDir,
    config: Config,
    store: Mutex<Store>,
    /// The network in use, made ready. A function of the file that its digest names.
    roads: Mutex<Option<Arc<Roads>>>,
    /// The base map in use. A function of its version.
    ground: Mutex<Option<Arc<Ground>>>,
}

impl Desk {
    /// Makes a mission directory with an empty record.
    pub fn init(path: &Path, config: &Config) -> Result<Self, DeskError> {
        let dir = MissionDir::at(path);
        dir.create(config)?;
        let store = Store::create(dir.record_path())?;
        Ok(Self {
            dir,
            config: config.clone(),
            store: Mutex::new(store),
            roads: Mutex::new(None),
            ground: Mutex::new(None),
        })
    }

    /// Opens the mission in a directory.
    pub fn open(path: &Path) -> Result<Self, DeskError> {
        let dir = MissionDir::at(path);
        let config = dir.config()?;
        let store = Store::open(dir.record_path())?;
        Ok(Self { dir, config, store: Mutex::new(store), roads: Mutex::new(None), ground: Mutex::new(None) })
    }

    /// Closes the record cleanly, so that its file can be checked byte by byte.
    pub fn close(self) -> Result<(), DeskError> {
        self.store.into_inner().unwrap_or_else(PoisonError::into_inner).close()?;
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

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        // A thread that panicked held no transaction: the store rolls back what was not committed.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mission's state, read from the projections.
    pub fn snapshot(&self) -> Result<Snapshot, DeskError> {
        let kept = self.store().snapshot()?;
        Ok(Snapshot { mission: restored(kept.projections)?, head: kept.head })
    }

    /// The mission's state, rebuilt from the entries alone.
    pub fn rebuild(&self) -> Result<Mission, DeskError> {
        let (mission, problems) = verify::rebuild(&self.store())?;
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
        if events.is_empty() {
            return Ok(snapshot.clone());
        }
        let mut mission = snapshot.mission.clone();
        let mut entries = Vec::with_capacity(events.len());
        let mut changes: Vec<Change> = Vec::with_capacity(events.len());
        for (ix, event) in (snapshot.head.size..).zip(events) {
            entries.push(NewEntry {
                at: stamp.now,
                actor: stamp.actor.clone(),
                kind: event.kind(),
                body: event.body(),
            });
            changes.push(mission.apply(ix, event));
        }
        let changes: Vec<ProjectionChange> = changes
            .into_iter()
            .map(|change| ProjectionChange {
                subject: change.subject.to_owned(),
                id: change.id,
                entries: change.entries,
                body: change.body,
            })
            .collect();
        let head = self.store().append(snapshot.head.size, &entries, &changes, attachments)?;
        Ok(Snapshot { mission, head })
    }

    /// Withdraws a record: it stands no more.
    pub fn withdraw(&self, subject: &str, id: &str, reason: &str, stamp: &Stamp) -> Result<Snapshot, DeskError> {
        let snapshot = self.snapshot()?;
        let event = rules::withdraw(&snapshot.mission, subject, id, reason)?;
        self.append(&snapshot, vec![event], &[], stamp)
    }

    /// Entries of the record, as the filter asks for them.
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<EntryView>, DeskError> {
        Ok(self.store().entries(filter)?.into_iter().map(view).collect())
    }

    /// One entry.
    pub fn entry(&self, ix: u64) -> Result<Option<EntryView>, DeskError> {
        Ok(self.store().entry(ix)?.map(view))
    }

    /// The hashes that prove that entry `ix` is in the tree over the first `size` entries.
    pub fn inclusion_proof(&self, ix: u64, size: u64) -> Result<Vec<Digest>, DeskError> {
        Ok(self.store().inclusion_proof(ix, size)?)
    }

    /// How many entries of each kind there are.
    pub fn kinds_count(&self) -> Result<BTreeMap<String, u64>, DeskError> {
        Ok(self.store().kinds_count()?)
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

fn view(entry: Entry) -> EntryView {
    let event = Event::parse(&entry.kind, &entry.body).ok();
    EntryView { entry, event }
}

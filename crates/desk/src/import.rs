//! Imports: files in, records and findings out, all or nothing.

use crate::{Desk, DeskError, Snapshot, Stamp, zone};
use jiff::tz::TimeZone;
use konbit_base::{Digest, Finding, Severity};
use konbit_exchange::import::{
    Boundaries, Context, ImportKind, Imported, InputFile, Reference, ReferenceKind, read, read_osm,
};
use konbit_mission::imports::{Import, ImportId};
use konbit_mission::place::LayerKind;
use konbit_mission::rules::compare;
use konbit_mission::{Event, Mission};
use konbit_roads::osm::Progress as RoadProgress;
use konbit_roads::profile;
use serde::Serialize;
use std::fs;
use std::io::{BufReader, Seek as _};
use std::ops::ControlFlow;
use std::path::Path;

/// A file as the user named it, without directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// File name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Kind of data.
    pub kind: String,
    /// Whether the file could be used. If not, nothing was changed.
    pub usable: bool,
    /// Records that are new.
    pub added: u64,
    /// Records that were there, word for word.
    pub unchanged: u64,
    /// Records that replaced another of the same id.
    pub updated: u64,
    /// What is wrong with the files.
    pub findings: Vec<Finding>,
}

impl ImportReport {
    fn new(kind: ImportKind) -> Self {
        Self { kind: kind.name().to_owned(), usable: true, added: 0, unchanged: 0, updated: 0, findings: Vec::new() }
    }

    /// Whether any finding is an error: a row that could not be kept, or a file that could not be read.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Kinds whose files only make sense together.
fn read_together(kind: ImportKind) -> bool {
    kind == ImportKind::Roads
}

impl Desk {
    /// Imports files of one kind, in one transaction: all that is usable, or nothing if any file
    /// as a whole is not. The same files twice add nothing.
    pub fn import(&self, kind: ImportKind, files: &[NamedFile], stamp: &Stamp) -> Result<ImportReport, DeskError> {
        self.import_all(&[(kind, files.to_vec())], stamp).map(|mut reports| reports.remove(0))
    }

    /// Imports several kinds in the order given, in one transaction. One report for each kind.
    pub fn import_all(
        &self,
        batches: &[(ImportKind, Vec<NamedFile>)],
        stamp: &Stamp,
    ) -> Result<Vec<ImportReport>, DeskError> {
        let snapshot = self.snapshot()?;
        let mut work = self.begin(&snapshot)?;
        let mut reports = Vec::new();
        for (kind, files) in batches {
            let mut report = ImportReport::new(*kind);
            let groups: Vec<&[NamedFile]> = if read_together(*kind) { vec![files] } else { files.chunks(1).collect() };
            for group in groups {
                work.read_group(*kind, group, &mut report);
            }
            reports.push(report);
        }
        if reports.iter().any(|report| !report.usable) {
            for report in &mut reports {
                (report.added, report.updated) = (0, 0);
            }
            return Ok(reports);
        }
        self.finish(&snapshot, work, stamp)?;
        Ok(reports)
    }

    /// Imports the road network from an OpenStreetMap extract, which is read several times and
    /// never held in memory as a whole. `report` is told how far it is, and may break off.
    pub fn import_roads(
        &self,
        path: &Path,
        report: &mut dyn FnMut(RoadProgress) -> ControlFlow<()>,
        stamp: &Stamp,
    ) -> Result<ImportReport, DeskError> {
        let failed = |source| DeskError::io("cannot read", path, source);
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut file = fs::File::open(path).map_err(failed)?;
        let (digest, bytes) = Digest::of_reader(&mut file).map_err(failed)?;
        file.rewind().map_err(failed)?;
        let mut done = ImportReport::new(ImportKind::Roads);
        let imported = match read_osm(BufReader::new(file), &name, report) {
            Ok(read) => Imported {
                records: vec![read.record.into()],
                references: vec![read.reference],
                findings: read.findings,
                usable: true,
            },
            Err(error) => Imported {
                records: Vec::new(),
                references: Vec::new(),
                findings: vec![Finding::in_file(Severity::Error, "roads-not-read", &name, error.to_string())],
                usable: false,
            },
        };
        let snapshot = self.snapshot()?;
        let mut work = self.begin(&snapshot)?;
        work.take(ImportKind::Roads, imported, &Taken { file: name, digest, bytes }, &mut done);
        if done.usable {
            self.finish(&snapshot, work, stamp)?;
        }
        Ok(done)
    }

    fn begin(&self, snapshot: &Snapshot) -> Result<Work, DeskError> {
        Ok(Work {
            zone: zone(&snapshot.mission, self.config()),
            boundaries: self.boundaries(&snapshot.mission)?,
            mission: snapshot.mission.clone(),
            next: snapshot.head.size,
            events: Vec::new(),
            references: Vec::new(),
        })
    }

    fn finish(&self, snapshot: &Snapshot, work: Work, stamp: &Stamp) -> Result<(), DeskError> {
        for reference in &work.references {
            match reference.kind {
                ReferenceKind::Layer => self.dir().keep_reference(reference.digest, &reference.bytes)?,
                ReferenceKind::Roads => self.dir().keep_network(reference.digest, &reference.bytes)?,
            }
        }
        self.append(snapshot, work.events, &[], stamp)?;
        Ok(())
    }

    /// The second-level boundaries, if they were imported.
    fn boundaries(&self, mission: &Mission) -> Result<Option<Boundaries>, DeskError> {
        Ok(self.layer(mission, LayerKind::BoundariesLevel2)?.and_then(|bytes| Boundaries::from_geojson(&bytes).ok()))
    }
}

/// Travel profiles that cannot be travelled by are not usable.
fn check_profiles(imported: &mut Imported) {
    for event in &imported.records {
        let Event::TravelProfiles(profiles) = event else { continue };
        if let Err(error) = profile::parse(&profiles.toml) {
            let finding = Finding::in_file(Severity::Error, "profiles-not-valid", &profiles.file, error.to_string());
            imported.findings.push(finding);
            imported.usable = false;
        }
    }
}

/// What an import was made from.
struct Taken {
    file: String,
    digest: Digest,
    bytes: u64,
}

/// An import under way: the state as it will be, and the events that make it so.
struct Work {
    zone: TimeZone,
    boundaries: Option<Boundaries>,
    mission: Mission,
    next: u64,
    events: Vec<Event>,
    references: Vec<Reference>,
}

impl Work {
    fn read_group(&mut self, kind: ImportKind, group: &[NamedFile], report: &mut ImportReport) {
        let files: Vec<InputFile<'_>> =
            group.iter().map(|file| InputFile { name: &file.name, bytes: &file.bytes }).collect();
        let context = Context {
            boundaries: self.boundaries.as_ref(),
            planning: self.mission.planning.values().next(),
            resolutions: Some(&self.mission.resolutions),
            zone: Some(&self.zone),
        };
        let mut imported = read(kind, &files, &context);
        check_profiles(&mut imported);
        let digest = if let [file] = group {
            Digest::of(&file.bytes)
        } else {
            Digest::of(&group.iter().flat_map(|file| Digest::of(&file.bytes).0).collect::<Vec<u8>>())
        };
        let names: Vec<&str> = group.iter().map(|file| file.name.as_str()).collect();
        let bytes = group.iter().map(|file| file.bytes.len() as u64).sum();
        self.take(kind, imported, &Taken { file: names.join(" + "), digest, bytes }, report);
    }

    /// Takes what files gave: events, findings, references.
    fn take(&mut self, kind: ImportKind, imported: Imported, taken: &Taken, report: &mut ImportReport) {
        report.findings.extend(imported.findings.iter().cloned());
        if !imported.usable {
            report.usable = false;
            return;
        }
        let comparison = compare(&self.mission, imported.records);
        report.added += comparison.added;
        report.updated += comparison.updated;
        report.unchanged += comparison.unchanged;
        let id =
            ImportId::new(format!("{}/{}", kind.name(), taken.digest.short())).expect("a kind and hexadecimal digits");
        // A file that gave nothing new and was read before leaves no trace a second time.
        let known = self.mission.imports.get(id.as_str()).is_some();
        if comparison.events.is_empty() && known {
            return;
        }
        let import = Import {
            id,
            kind: kind.name().to_owned(),
            file: taken.file.clone(),
            digest: taken.digest,
            bytes: taken.bytes,
            added: comparison.added,
            updated: comparison.updated,
            unchanged: comparison.unchanged,
            findings: imported.findings,
        };
        for event in comparison.events.into_iter().chain([import.into()]) {
            self.mission.apply(self.next, event.clone());
            self.next += 1;
            self.events.push(event);
        }
        self.references.extend(imported.references);
        if kind == ImportKind::Boundaries {
            self.refresh_boundaries();
        }
    }

    /// Boundaries that come in with this import serve the rows that follow them.
    fn refresh_boundaries(&mut self) {
        let Some(layer) = self.mission.layers.get(LayerKind::BoundariesLevel2.name()) else { return };
        if let Some(reference) = self.references.iter().find(|reference| reference.digest == layer.value.digest) {
            self.boundaries = Boundaries::from_geojson(&reference.bytes).ok();
        }
    }
}

//! Imports: files in, records and findings out, all or nothing.

use crate::{Desk, DeskError, Stamp};
use konbit_base::{Digest, Finding, Severity};
use konbit_exchange::import::{Boundaries, Context, ImportKind, InputFile, read};
use konbit_mission::imports::{Import, ImportId};
use konbit_mission::place::LayerKind;
use konbit_mission::rules::compare;
use konbit_mission::{Event, Mission};
use serde::Serialize;

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
        let mut work = Work {
            boundaries: self.boundaries(&snapshot.mission)?,
            mission: snapshot.mission.clone(),
            next: snapshot.head.size,
            events: Vec::new(),
            references: Vec::new(),
        };
        let mut reports = Vec::new();
        for (kind, files) in batches {
            let mut report = ImportReport {
                kind: kind.name().to_owned(),
                usable: true,
                added: 0,
                unchanged: 0,
                updated: 0,
                findings: Vec::new(),
            };
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
        for (digest, bytes) in &work.references {
            self.dir().keep_reference(*digest, bytes)?;
        }
        self.append(&snapshot, work.events, &[], stamp)?;
        Ok(reports)
    }

    /// The second-level boundaries, if they were imported.
    fn boundaries(&self, mission: &Mission) -> Result<Option<Boundaries>, DeskError> {
        Ok(self.layer(mission, LayerKind::BoundariesLevel2)?.and_then(|bytes| Boundaries::from_geojson(&bytes).ok()))
    }
}

/// An import under way: the state as it will be, and the events that make it so.
struct Work {
    boundaries: Option<Boundaries>,
    mission: Mission,
    next: u64,
    events: Vec<Event>,
    references: Vec<(Digest, Vec<u8>)>,
}

impl Work {
    fn read_group(&mut self, kind: ImportKind, group: &[NamedFile], report: &mut ImportReport) {
        let files: Vec<InputFile<'_>> =
            group.iter().map(|file| InputFile { name: &file.name, bytes: &file.bytes }).collect();
        let context = Context {
            boundaries: self.boundaries.as_ref(),
            planning: self.mission.planning.values().next(),
            resolutions: Some(&self.mission.resolutions),
        };
        let imported = read(kind, &files, &context);
        report.findings.extend(imported.findings.iter().cloned());
        if !imported.usable {
            report.usable = false;
            return;
        }
        let comparison = compare(&self.mission, imported.records);
        report.added += comparison.added;
        report.updated += comparison.updated;
        report.unchanged += comparison.unchanged;
        let digest = if let [file] = group {
            Digest::of(&file.bytes)
        } else {
            Digest::of(&group.iter().flat_map(|file| Digest::of(&file.bytes).0).collect::<Vec<u8>>())
        };
        let id = ImportId::new(format!("{}/{}", kind.name(), digest.short())).expect("a kind and hexadecimal digits");
        // A file that gave nothing new and was read before leaves no trace a second time.
        let known = self.mission.imports.get(id.as_str()).is_some();
        if comparison.events.is_empty() && known {
            return;
        }
        let names: Vec<&str> = group.iter().map(|file| file.name.as_str()).collect();
        let import = Import {
            id,
            kind: kind.name().to_owned(),
            file: names.join(" + "),
            digest,
            bytes: group.iter().map(|file| file.bytes.len() as u64).sum(),
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
        self.references.extend(imported.references.into_iter().map(|reference| (reference.digest, reference.bytes)));
        if kind == ImportKind::Boundaries {
            self.refresh_boundaries();
        }
    }

    /// Boundaries that come in with this import serve the rows that follow them.
    fn refresh_boundaries(&mut self) {
        let Some(layer) = self.mission.layers.get(LayerKind::BoundariesLevel2.name()) else { return };
        if let Some((_, bytes)) = self.references.iter().find(|(digest, _)| *digest == layer.value.digest) {
            self.boundaries = Boundaries::from_geojson(bytes).ok();
        }
    }
}

//! Events and the state they make.
//!
//! An event says that a record now stands as given (`site.recorded`), or that it stands no more
//! (`site.withdrawn`). The state of a mission is the fold of its events; nothing else changes it.

use crate::contributions::Contribution;
use crate::council::Resolution;
use crate::declaration::Declaration;
use crate::draws::{Draw, Override};
use crate::history::Step;
use crate::imports::Import;
use crate::mandate::Obligation;
use crate::place::{Layer, Town};
use crate::protection::{AdoptedPlan, Base, Planning, Site};
use crate::roads::{RoadNetwork, RoadReport, TravelProfiles};
use crate::situation::{Area, Incident, IncidentSource, Total};
use crate::table::{Record, Recorded, Table};
use crate::week::{AdoptedWeek, WeekFigures};
use konbit_base::canonical;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why stored bytes are not an event or a projection of this version.
#[derive(Debug, Error)]
pub enum StoredError {
    /// The kind of entry is not known.
    #[error("entries of kind {0:?} are not known to this version; use a newer konbit")]
    Kind(String),
    /// The subject of a projection is not known.
    #[error("projections of subject {0:?} are not known to this version; use a newer konbit")]
    Subject(String),
    /// The body does not have the form its kind promises.
    #[error("the body of a {kind} entry does not have the form its kind promises: {source}")]
    Body {
        /// Kind of entry.
        kind: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

/// A record that stands no more, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Id of the record.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// What an event did to one record: the new projection of it, or its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Subject of the record.
    pub subject: &'static str,
    /// Id of the record.
    pub id: String,
    /// Entries behind it, oldest first.
    pub entries: Vec<u64>,
    /// Canonical bytes of the record as it stands now; `None` when it was withdrawn.
    pub body: Option<Vec<u8>>,
}

macro_rules! mission_state {
    ($($(#[$meta:meta])* $table:ident: $record:ident),* $(,)?) => {
        /// A change of the mission's state: one record stands as given from now on.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(clippy::large_enum_variant, reason = "events live for one transaction; a box in each would be met by every reader")]
        pub enum Event {
            $($(#[$meta])* $record($record),)*
            /// A record stands no more.
            Withdrawn {
                /// Subject of the record, such as `site`.
                subject: &'static str,
                /// Which one, and why.
                withdrawal: Withdrawal,
            },
        }

        $(impl From<$record> for Event {
            fn from(record: $record) -> Self {
                Self::$record(record)
            }
        })*

        /// The state of a mission: what stands, by subject and id, each with the entries behind it.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Mission {
            $($(#[$meta])* pub $table: Table<$record>,)*
        }

        impl Event {
            /// Kind of the entry, such as `site.recorded`.
            pub fn kind(&self) -> String {
                match self {
                    $(Self::$record(_) => format!("{}.recorded", $record::SUBJECT),)*
                    Self::Withdrawn { subject, .. } => format!("{subject}.withdrawn"),
                }
            }

            /// Subject and id of the record it concerns.
            pub fn target(&self) -> (&'static str, &str) {
                match self {
                    $(Self::$record(record) => ($record::SUBJECT, record.id()),)*
                    Self::Withdrawn { subject, withdrawal } => (subject, &withdrawal.id),
                }
            }

            /// One line for a reader.
            pub fn title(&self) -> String {
                match self {
                    $(Self::$record(record) => record.title(),)*
                    Self::Withdrawn { subject, withdrawal } => format!("Withdrawn: {subject} {}: {}", withdrawal.id, withdrawal.reason),
                }
            }

            /// Canonical bytes of the body.
            pub fn body(&self) -> Vec<u8> {
                match self {
                    $(Self::$record(record) => canonical_bytes(record),)*
                    Self::Withdrawn { withdrawal, .. } => canonical_bytes(withdrawal),
                }
            }

            /// Reads an event back from the kind and body of its entry.
            pub fn parse(kind: &str, body: &[u8]) -> Result<Self, StoredError> {
                let (subject, verb) = kind.rsplit_once('.').ok_or_else(|| StoredError::Kind(kind.to_owned()))?;
                let failed = |source| StoredError::Body { kind: kind.to_owned(), source };
                match verb {
                    $("recorded" if subject == $record::SUBJECT => serde_json::from_slice(body).map(Self::$record).map_err(failed),)*
                    $("withdrawn" if subject == $record::SUBJECT => serde_json::from_slice(body)
                        .map(|withdrawal| Self::Withdrawn { subject: $record::SUBJECT, withdrawal }).map_err(failed),)*
                    _ => Err(StoredError::Kind(kind.to_owned())),
                }
            }
        }

        impl Mission {
            /// Applies the event that stands at `entry` in the record, and says what it changed.
            pub fn apply(&mut self, entry: u64, event: Event) -> Change {
                match event {
                    $(Event::$record(record) => {
                        let id = record.id().to_owned();
                        self.$table.put(record, entry);
                        let recorded = self.$table.get(&id).expect("just put");
                        Change { subject: $record::SUBJECT, id, entries: recorded.entries.clone(), body: Some(canonical_bytes(&recorded.value)) }
                    })*
                    $(Event::Withdrawn { subject, withdrawal } if subject == $record::SUBJECT => {
                        self.$table.remove(&withdrawal.id);
                        Change { subject, id: withdrawal.id, entries: vec![entry], body: None }
                    })*
                    Event::Withdrawn { subject, .. } => unreachable!("no record has the subject {subject}: parse checks it"),
                }
            }

            /// Puts back one record from its projection.
            pub fn restore(&mut self, subject: &str, entries: Vec<u64>, body: &[u8]) -> Result<(), StoredError> {
                match subject {
                    $(s if s == $record::SUBJECT => {
                        let value = serde_json::from_slice(body).map_err(|source| StoredError::Body { kind: subject.to_owned(), source })?;
                        self.$table.restore(Recorded { value, entries });
                    })*
                    _ => return Err(StoredError::Subject(subject.to_owned())),
                }
                Ok(())
            }

            /// All projections, ordered by subject as declared and then by id.
            pub fn projections(&self) -> Vec<Change> {
                let mut all = Vec::new();
                $(all.extend(self.$table.iter().map(|recorded| Change {
                    subject: $record::SUBJECT,
                    id: recorded.value.id().to_owned(),
                    entries: recorded.entries.clone(),
                    body: Some(canonical_bytes(&recorded.value)),
                }));)*
                all
            }

            /// Whether the record the event gives already stands, word for word.
            pub fn already_holds(&self, event: &Event) -> bool {
                match event {
                    $(Event::$record(record) => self.$table.get(record.id()).is_some_and(|held| held.value == *record),)*
                    Event::Withdrawn { .. } => false,
                }
            }

            /// The entries behind a record, oldest first; empty if there is no such record.
            pub fn entries_behind(&self, subject: &str, id: &str) -> &[u64] {
                match subject {
                    $(s if s == $record::SUBJECT => self.$table.get(id).map_or(&[], |held| held.entries.as_slice()),)*
                    _ => &[],
                }
            }
        }

        /// The subjects of all records, as declared.
        pub const SUBJECTS: &[&str] = &[$($record::SUBJECT,)*];
    };
}

mission_state! {
    /// What the mission is.
    declaration: Declaration,
    /// Files that were imported.
    imports: Import,
    /// Resolutions and drafts.
    resolutions: Resolution,
    /// How decisions came about.
    steps: Step,
    /// What the mandate asks.
    obligations: Obligation,
    /// What states promise and deliver.
    contributions: Contribution,
    /// Towns.
    towns: Town,
    /// Map layers.
    layers: Layer,
    /// Sites to protect.
    sites: Site,
    /// Bases and staging places.
    bases: Base,
    /// Incidents.
    incidents: Incident,
    /// Further sources of incidents.
    incident_sources: IncidentSource,
    /// Areas held or contested.
    areas: Area,
    /// Published totals.
    totals: Total,
    /// Judgements a plan rests on.
    planning: Planning,
    /// Plans that were adopted.
    plans: AdoptedPlan,
    /// The road network in force.
    road_network: RoadNetwork,
    /// How units travel.
    travel_profiles: TravelProfiles,
    /// What is reported of the state of roads.
    road_reports: RoadReport,
    /// What a plan of the week rests on.
    week_figures: WeekFigures,
    /// Plans of the week that were adopted.
    week_plans: AdoptedWeek,
    /// Draws of slots.
    draws: Draw,
    /// What commanders changed.
    overrides: Override,
}

fn canonical_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    canonical::to_bytes(value).expect("records hold no floats, and every map in them has text keys")
}

impl Mission {
    /// What the mission is, if it has been declared.
    pub fn declared(&self) -> Option<&Declaration> {
        self.declaration.values().next()
    }

    /// The resolution that authorises the mission.
    pub fn authorisation(&self) -> Option<&Recorded<Resolution>> {
        self.resolutions.get(&self.declared()?.resolution)
    }

    /// The plan in force: the one adopted last.
    pub fn plan_in_force(&self) -> Option<&Recorded<AdoptedPlan>> {
        self.plans.iter().max_by_key(|plan| plan.entries.last())
    }

    /// The plan of the week in force: the one adopted last.
    pub fn week_in_force(&self) -> Option<&Recorded<AdoptedWeek>> {
        self.week_plans.iter().max_by_key(|plan| plan.entries.last())
    }
}

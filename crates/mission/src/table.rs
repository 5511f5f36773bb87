//! What every part of the mission's state is made of: records by id, each with the entries behind it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Something the record holds under an id of its own.
///
/// The stored form is a promise: it is written once into an entry and never edited.
pub trait Record: Clone + Eq + Serialize + DeserializeOwned {
    /// What records of this kind are called in the record and in addresses, such as `site`.
    const SUBJECT: &'static str;

    /// The id, unique among records of this subject.
    fn id(&self) -> &str;

    /// One line that tells a reader what this is.
    fn title(&self) -> String;
}

/// A record as it stands now, and the entries that made it so, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<T> {
    /// The record.
    pub value: T,
    /// Indexes of the entries behind it; the last one holds the value.
    pub entries: Vec<u64>,
}

/// Records of one subject, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T>(BTreeMap<String, Recorded<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Record> Table<T> {
    /// The record of this id.
    pub fn get(&self, id: &str) -> Option<&Recorded<T>> {
        self.0.get(id)
    }

    /// The values, ordered by id.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|recorded| &recorded.value)
    }

    /// The records with the entries behind them, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Recorded<T>> {
        self.0.values()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn put(&mut self, value: T, entry: u64) {
        let slot = self.0.entry(value.id().to_owned());
        match slot {
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let recorded = slot.get_mut();
                recorded.value = value;
                recorded.entries.push(entry);
            }
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(Recorded { value, entries: vec![entry] });
            }
        }
    }

    pub(crate) fn restore(&mut self, recorded: Recorded<T>) {
        self.0.insert(recorded.value.id().to_owned(), recorded);
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }
}

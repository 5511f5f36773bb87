//! What ought to be there: the record and the state of a mission, kept in a few plain lists that
//! share no rule with the program.

use konbit_base::Digest;
use konbit_desk::{EntryView, Said};
use konbit_mission::roads::RoadReport;
use konbit_mission::{Event, Mission};
use konbit_record::{Frontier, Hash, consistency_proof, root_of};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// A record by subject and id.
pub type Key = (&'static str, String);

/// What an entry does to the state: a record stands as `mark` says, or (`None`) stands no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    pub key: Key,
    pub mark: Option<String>,
}

/// An entry that was acknowledged.
#[derive(Debug, Clone)]
pub struct Known {
    pub leaf: Digest,
    /// `None` for orders to erase and beginnings of epochs.
    pub effect: Option<Effect>,
    /// The entry that ordered its erasure.
    pub erased_by: Option<u64>,
}

/// The record as everybody was told.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub entries: Vec<Known>,
    /// The entry that each command of a program has made, by its key.
    pub commands: BTreeMap<String, u64>,
}

impl Model {
    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// What stands, with the entries behind it.
    pub fn standing(&self) -> BTreeMap<Key, (String, Vec<u64>)> {
        let mut standing: BTreeMap<Key, (String, Vec<u64>)> = BTreeMap::new();
        for (ix, known) in (0..).zip(&self.entries) {
            let Some(Effect { key, mark }) = known.effect.as_ref().filter(|_| known.erased_by.is_none()) else {
                continue;
            };
            match mark {
                None => drop(standing.remove(key)),
                Some(mark) => {
                    let held = standing.entry(key.clone()).or_default();
                    held.0.clone_from(mark);
                    held.1.push(ix);
                }
            }
        }
        standing
    }

    /// The mark of a record that stands.
    pub fn mark(&self, subject: &'static str, id: &str) -> Option<String> {
        self.standing().remove(&(subject, id.to_owned())).map(|(mark, _)| mark)
    }

    /// The root over each number of entries from the first.
    pub fn roots(&self) -> Vec<Hash> {
        let mut tree = Frontier::new();
        let mut roots = vec![tree.root()];
        for known in &self.entries {
            tree.append(known.leaf.0, |_, _| {});
            roots.push(tree.root());
        }
        roots
    }

    /// The proof that the record of all entries begins with the first `from` of them.
    pub fn consistency(&self, from: u64) -> Vec<Hash> {
        let leaves: Vec<Hash> = self.entries.iter().map(|known| known.leaf.0).collect();
        consistency(&leaves, from)
    }

    /// Texts that nothing says any more: names of sites in erased entries that no other entry repeats.
    pub fn gone(&self) -> Vec<&str> {
        let site = |known: &&Known| known.effect.as_ref().is_some_and(|effect| effect.key.0 == "site");
        let text = |known: &Known| known.effect.as_ref().and_then(|effect| effect.mark.clone());
        let kept: Vec<String> =
            self.entries.iter().filter(|known| known.erased_by.is_none()).filter_map(text).collect();
        self.entries
            .iter()
            .filter(site)
            .filter(|known| known.erased_by.is_some())
            .filter_map(|known| known.effect.as_ref()?.mark.as_deref())
            .filter(|mark| !kept.iter().any(|kept| kept == mark))
            .collect()
    }
}

/// The proof that the tree over `leaves` begins with the first `from` of them.
pub fn consistency(leaves: &[Hash], from: u64) -> Vec<Hash> {
    let proof = consistency_proof(from, leaves.len() as u64, |node| {
        let width = 1_usize << node.level;
        let start = usize::try_from(node.index).expect("a short record") * width;
        Ok::<_, Infallible>(root_of(&leaves[start..start + width]))
    });
    proof.unwrap_or_else(|never| match never {})
}

/// What an entry does, as the program reads it; `None` for orders, epochs and what was erased.
pub fn effect_of(view: &EntryView) -> Option<Effect> {
    let Said::Event(event) = &view.said else { return None };
    let (subject, id) = event.target();
    Some(Effect { key: (subject, id.to_owned()), mark: mark_of(event) })
}

fn mark_of(event: &Event) -> Option<String> {
    match event {
        Event::Withdrawn { .. } => None,
        Event::Site(site) => Some(site.name.clone()),
        Event::Contribution(contribution) => Some(contribution.detail.clone()),
        Event::Resolution(resolution) => Some(resolution.vote.cast.tally().in_favour.to_string()),
        Event::RoadReport(report) => Some(road_mark(report)),
        Event::Import(import) => Some(import.kind.clone()),
        other => panic!("no operation gives {}", other.kind()),
    }
}

/// What counts of a report of a road.
pub fn road_mark(report: &RoadReport) -> String {
    format!("{} {} {:?} {}", report.state.name(), report.from, report.until, report.expires)
}

/// What stands in the state of the program, in the words of the model.
pub fn standing_in(mission: &Mission) -> BTreeMap<Key, (String, Vec<u64>)> {
    let mut standing = BTreeMap::new();
    for change in mission.projections() {
        let body = change.body.expect("a projection has a body");
        let event = Event::parse(&format!("{}.recorded", change.subject), &body).expect("a body of the record's form");
        standing.insert((change.subject, change.id), (mark_of(&event).expect("a record"), change.entries));
    }
    standing
}

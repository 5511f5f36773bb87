//! What the simulation has found, as the shortest lists that show it.

use super::operation::{Crash, EpochCut, Operation as O};
use super::run;

/// A list that went wrong once.
struct Pinned {
    /// What was wrong, and why.
    about: &'static str,
    list: Vec<O>,
    /// FIXME: a part of what is said to be wrong, as long as it is.
    wrong: Option<&'static str>,
}

fn sites(first: u64) -> O {
    O::ImportSites { first, rows: 1, revision: 0, dirty: 0 }
}

fn on(cut: EpochCut) -> O {
    O::GoOnFromOld { copy: 0, cut: Some(cut) }
}

fn pinned() -> Vec<Pinned> {
    vec![
        Pinned {
            about: "A copy has another journal mode in its header than an open record. Opening it changed the file \
                    under its seal: verification failed, and after a clean close it could not be opened again.",
            list: vec![O::Backup, O::RestoreOld { copy: 0 }, O::CleanRestart],
            wrong: None,
        },
        Pinned {
            about: "If the power goes between the two renames that put the key of a new epoch in its place, there is \
                    no key, and the record was opened without one: entries were taken and no head was signed.",
            list: vec![O::Backup, sites(0), on(EpochCut::OldKeyAside)],
            wrong: None,
        },
        Pinned {
            about: "If it goes after them, the public key beside the new one stayed the old one for ever, and \
                    verification failed.",
            list: vec![O::Backup, sites(0), on(EpochCut::NewKeyInPlace)],
            wrong: None,
        },
        Pinned {
            about: "A signed record whose key is gone was opened and written without signatures.",
            list: vec![sites(0), O::LoseKey],
            wrong: None,
        },
        Pinned {
            about: "What a witness had cosigned of the log that was left was taken for the present log's: the request \
                    began at a size that the witness does not know.",
            list: vec![
                sites(0),
                O::Cosign { witness: 2 },
                O::Backup,
                sites(1),
                O::GoOnFromOld { copy: 0, cut: None },
                O::Cosign { witness: 2 },
            ],
            wrong: None,
        },
        Pinned {
            about: "The same, where the log that was left was longer: no request could be made.",
            list: vec![
                O::Backup,
                sites(0),
                O::Cosign { witness: 0 },
                O::GoOnFromOld { copy: 0, cut: None },
                O::Cosign { witness: 0 },
            ],
            wrong: None,
        },
        Pinned {
            about: "Proofs were given against the cosigned head of the log that was left, which the record no longer \
                    leads to.",
            list: vec![
                O::Backup,
                O::ReportRoad { road: 0, state: 0 },
                O::Cosign { witness: 2 },
                O::Cosign { witness: 0 },
                O::GoOnFromOld { copy: 0, cut: None },
            ],
            wrong: None,
        },
        Pinned {
            about: "A copy from an epoch that was left, with entries that the later epoch had already given up, was \
                    taken for the beginning of it: the citation said that more was kept than was.",
            list: vec![
                O::Backup,
                sites(0),
                O::Backup,
                O::GoOnFromOld { copy: 0, cut: None },
                sites(1),
                O::GoOnFromOld { copy: 1, cut: None },
            ],
            wrong: None,
        },
        Pinned {
            about: "Not found, but near to what was: each other step of beginning an epoch, and a crash after it.",
            list: vec![
                O::Backup,
                sites(0),
                on(EpochCut::KeyMade),
                on(EpochCut::EntryMade),
                on(EpochCut::HeadSigned),
                O::Crash(Crash::BeforeHead),
                O::Erase { entry: 1 },
                O::Crash(Crash::TornHead),
            ],
            wrong: None,
        },
    ]
}

#[test]
fn what_was_found_once_is_as_it_is_said_to_be() {
    let mut unexpected = Vec::new();
    for Pinned { about, list, wrong } in pinned() {
        match (run(&list, true), wrong) {
            (Ok(()), None) => {}
            (Err(failure), Some(wrong)) if failure.why.contains(wrong) => {}
            (Ok(()), Some(_)) => unexpected.push(format!("no longer so, remove `wrong`: {about}")),
            (Err(failure), _) => unexpected.push(format!("{about}\n    operation {}: {}", failure.at, failure.why)),
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

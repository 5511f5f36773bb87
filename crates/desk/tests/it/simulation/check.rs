//! What has to hold whatever has happened.

use super::model::standing_in;
use super::world::World;
use super::{hold, said};
use konbit_desk::{Said, verify};
use konbit_store::EntryFilter;
use std::fs;
use std::path::Path;

/// Everything that can be checked while the mission is open.
pub fn everything(world: &World) -> Result<(), String> {
    entries(world)?;
    state(world)?;
    heads(world)?;
    verified(world)
}

/// Every acknowledged entry is there with its leaf, and erased exactly if it was ordered.
fn entries(world: &World) -> Result<(), String> {
    let filter = EntryFilter { limit: usize::MAX, ..EntryFilter::default() };
    let views = said("the entries", world.desk().entries(&filter))?;
    hold!(views.len() as u64 == world.model.size(), "{} entries of {} are there", views.len(), world.model.size());
    for (view, known) in views.iter().zip(&world.model.entries) {
        hold!(view.entry.leaf == known.leaf, "entry {} has another leaf", view.entry.ix);
        let erased_by = match view.said {
            Said::Erased { by } => Some(by),
            _ => None,
        };
        hold!(
            erased_by == known.erased_by,
            "entry {} is erased by {erased_by:?}, not {:?}",
            view.entry.ix,
            known.erased_by
        );
    }
    Ok(())
}

/// What stands is what the entries make, by the program and by the model.
fn state(world: &World) -> Result<(), String> {
    let live = said("the state", world.desk().snapshot())?.mission;
    let rebuilt = said("the state rebuilt", world.desk().rebuild())?;
    hold!(rebuilt == live, "the state rebuilt from the entries is not the one that is kept");
    let (found, expected) = (standing_in(&live), world.model.standing());
    hold!(found == expected, "what stands is {found:?}, expected {expected:?}");
    Ok(())
}

/// The signed head covers every entry, and follows every head that anybody has seen.
fn heads(world: &World) -> Result<(), String> {
    let (signed, roots) = (world.signed()?, world.model.roots());
    let key = world.outsiders.logs.last().ok_or("no log is known")?;
    said("the signature", signed.verify([key]).map(drop))?;
    let head = signed.head();
    hold!(head.size == world.model.size(), "{} of {} entries are signed for", head.size, world.model.size());
    let root_of = |size: u64| usize::try_from(size).ok().and_then(|size| roots.get(size));
    hold!(root_of(head.size) == Some(&head.root), "the signed head has another root than the entries");
    for (size, root) in &world.heads {
        hold!(root_of(*size) == Some(root), "the head of {size} entries that was seen is not of this record");
    }
    // One proof by turns; all of them at the end.
    if let Some((size, root)) = world.heads.get(world.heads.len() / 2) {
        world.follows(*size, root)?;
    }
    Ok(())
}

/// The proofs from all heads that were seen, and of all entries.
pub fn at_the_end(world: &mut World) -> Result<(), String> {
    for (size, root) in &world.heads {
        world.follows(*size, root)?;
    }
    for ix in 0..world.model.size() {
        world.proof_of(ix)?;
    }
    world.close()
}

/// An open mission verifies; all that is not covered is what only a closed file can show.
fn verified(world: &World) -> Result<(), String> {
    let report = said("verification", verify(&world.path))?;
    hold!(report.ok, "it does not verify: {:?}", report.problems);
    hold!(report.entries == world.model.size(), "verification saw {} entries", report.entries);
    let missed = report.not_covered.iter().find(|line| !line.starts_with("unused bytes"));
    hold!(missed.is_none(), "verification does not cover: {missed:?}");
    Ok(())
}

/// A closed mission verifies to the last byte.
pub fn closed(path: &Path) -> Result<(), String> {
    let report = said("verification", verify(path))?;
    hold!(report.ok && report.not_covered.is_empty(), "closed, it does not verify: {report:?}");
    Ok(())
}

/// What was erased is in no file of the mission directory.
pub fn bytes_gone(world: &World) -> Result<(), String> {
    let gone = world.model.gone();
    if gone.is_empty() {
        return Ok(());
    }
    texts_gone(&world.path, &gone)
}

/// That none of the texts is in any file under a directory.
pub fn texts_gone(directory: &Path, texts: &[&str]) -> Result<(), String> {
    for entry in said("a directory", fs::read_dir(directory))? {
        let path = said("a directory", entry)?.path();
        if path.is_dir() {
            texts_gone(&path, texts)?;
            continue;
        }
        let bytes = said("a file", fs::read(&path))?;
        for text in texts {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            hold!(!found, "{text:?} was erased and is in {}", path.display());
        }
    }
    Ok(())
}

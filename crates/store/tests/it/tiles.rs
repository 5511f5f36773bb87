//! Tiles and bundles are those of the tree, and enough to check every entry.

use crate::help::{entries, order, place, submission};
use konbit_record::{Tile, TileKind, check_bundle, inclusion_proof, new_tiles, parse_bundle, verify_inclusion};
use konbit_store::{Store, StoreError, Submission};
use std::collections::BTreeMap;

const COUNT: u64 = 700;

fn record(path: &std::path::Path) -> Store {
    let mut store = Store::create(path).unwrap();
    store.append(0, &entries(0, 30), &[], &[]).unwrap();
    let many = Submission { entries: entries(30, COUNT), changes: vec![], ..submission(0) };
    store.submit(many).unwrap();
    store
}

#[test]
fn from_the_tiles_alone_every_entry_of_the_bundles_is_proven() {
    let (_keep, path) = place();
    let mut store = record(&path);
    store.erase(konbit_store::Erasure { changes: vec![], ..order(&[100, 600]) }).unwrap();
    let head = store.head().unwrap();
    let files: BTreeMap<Tile, Vec<u8>> =
        new_tiles(0, head.size).map(|tile| (tile, store.tile(tile).unwrap())).collect();
    let levels: Vec<_> = files.keys().filter(|tile| tile.kind() == TileKind::Hashes(1)).collect();
    assert_eq!((files.len(), levels.len()), (4, 1), "700 leaves are three tiles of leaves and one above");
    let source = |node| {
        let tile = Tile::holding(node, head.size).unwrap();
        Ok::<_, ()>(tile.hash_of(node, &files[&tile]).unwrap())
    };
    let mut ix = 0;
    for (tile, leaves) in files.iter().filter(|(tile, _)| tile.kind() == TileKind::Hashes(0)) {
        let bundle = store.tile(Tile::new(TileKind::Entries, tile.index(), tile.width()).unwrap()).unwrap();
        let bundle = parse_bundle(&bundle).unwrap();
        check_bundle(&bundle, leaves).unwrap();
        for entry in bundle {
            let proof = inclusion_proof(ix, head.size, source).unwrap();
            verify_inclusion(ix, head.size, &konbit_record::leaf_hash(entry), &proof, &head.root.0).unwrap();
            ix += 1;
        }
    }
    assert_eq!(ix, head.size);
}

#[test]
fn a_tile_that_is_not_whole_yet_is_not_given_and_a_partial_one_stays_what_it_was() {
    let (_keep, path) = place();
    let mut store = record(&path);
    let tile = |kind, index, width| Tile::new(kind, index, width).unwrap();
    for beyond in [tile(TileKind::Hashes(0), 2, 189), tile(TileKind::Entries, 2, 189), tile(TileKind::Hashes(2), 0, 1)]
    {
        assert!(matches!(store.tile(beyond), Err(StoreError::Beyond { size: COUNT, .. })), "{beyond}");
    }
    let partial = [tile(TileKind::Hashes(0), 2, 188), tile(TileKind::Entries, 2, 188), tile(TileKind::Hashes(1), 0, 2)];
    let before = partial.map(|tile| store.tile(tile).unwrap());
    store.submit(submission(1)).unwrap();
    assert_eq!(partial.map(|tile| store.tile(tile).unwrap()), before);
}

#[test]
fn an_entry_of_the_first_form_that_is_too_long_for_a_bundle_is_named() {
    let (_keep, path) = place();
    let mut store = Store::create(&path).unwrap();
    let mut long = entries(0, 2);
    long[1].body = format!("\"{}\"", "x".repeat(70_000)).into_bytes();
    store.append(0, &long, &[], &[]).unwrap();
    let error = store.tile(Tile::new(TileKind::Entries, 0, 2).unwrap()).unwrap_err().to_string();
    assert!(error.contains("entry 1 of the bundle"), "{error}");
    // In the second form the length of the body does not matter.
    store.submit(Submission { entries: vec![long[1].clone()], ..submission(2) }).unwrap();
    assert!(store.tile(Tile::new(TileKind::Hashes(0), 0, 3).unwrap()).is_ok());
}

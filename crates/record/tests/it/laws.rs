//! Laws for trees of any size, against the recursive definitions of RFC 6962, section 2.1,
//! written here a second time and as plainly as the text has them.

use konbit_record::{
    Frontier, Hash, Node, ProofError, consistency_proof, empty_root, frontier_nodes, inclusion_proof, leaf_hash,
    node_hash, root_at, root_of, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// MTH of RFC 6962, 2.1, over leaf hashes.
fn mth(d: &[Hash]) -> Hash {
    match d.len() {
        0 => empty_root(),
        1 => d[0],
        n => {
            let k = largest_power_below(n);
            node_hash(&mth(&d[..k]), &mth(&d[k..]))
        }
    }
}

/// PATH of RFC 6962, 2.1.1.
fn path(m: usize, d: &[Hash]) -> Vec<Hash> {
    if d.len() <= 1 {
        return Vec::new();
    }
    let k = largest_power_below(d.len());
    let (mut inner, sibling) =
        if m < k { (path(m, &d[..k]), mth(&d[k..])) } else { (path(m - k, &d[k..]), mth(&d[..k])) };
    inner.push(sibling);
    inner
}

/// SUBPROOF of RFC 6962, 2.1.2; PROOF(m, D[n]) is SUBPROOF(m, D[n], true).
fn subproof(m: usize, d: &[Hash], b: bool) -> Vec<Hash> {
    if m == d.len() {
        return if b { Vec::new() } else { vec![mth(d)] };
    }
    let k = largest_power_below(d.len());
    let (mut inner, sibling) =
        if m <= k { (subproof(m, &d[..k], b), mth(&d[k..])) } else { (subproof(m - k, &d[k..], false), mth(&d[..k])) };
    inner.push(sibling);
    inner
}

fn largest_power_below(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|ix| leaf_hash(&ix.to_be_bytes())).collect()
}

/// The complete nodes of a tree, as a store keeps them: gathered while appending.
fn nodes(leaves: &[Hash]) -> BTreeMap<Node, Hash> {
    let (mut frontier, mut nodes) = (Frontier::new(), BTreeMap::new());
    for leaf in leaves {
        frontier.append(*leaf, |node, hash| assert_eq!(nodes.insert(node, hash), None, "{node:?} told twice"));
    }
    nodes
}

fn source(nodes: &BTreeMap<Node, Hash>) -> impl FnMut(Node) -> Result<Hash, String> {
    |node| nodes.get(&node).copied().ok_or(format!("{node:?} is not a complete node"))
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap()
}

const SIZE_MAX: usize = 70;

#[test]
fn every_small_tree_and_every_proof_in_it_is_what_the_recursive_definition_says() {
    let all = leaves(SIZE_MAX);
    let nodes = nodes(&all);
    for to in 0..=SIZE_MAX {
        let root = mth(&all[..to]);
        assert_eq!(root_of(&all[..to]), root);
        assert_eq!(root_at(wide(to), source(&nodes)), Ok(root));
        for index in 0..to {
            let proof = inclusion_proof(wide(index), wide(to), source(&nodes)).unwrap();
            assert_eq!(proof, path(index, &all[..to]), "leaf {index} of {to}");
            assert_eq!(verify_inclusion(wide(index), wide(to), &all[index], &proof, &root), Ok(()));
        }
        for from in 1..=to {
            let proof = consistency_proof(wide(from), wide(to), source(&nodes)).unwrap();
            assert_eq!(proof, subproof(from, &all[..to], true), "{from} to {to}");
            assert_eq!(verify_consistency(wide(from), wide(to), &mth(&all[..from]), &root, &proof), Ok(()));
        }
    }
}

#[test]
fn a_loaded_frontier_goes_on_where_the_tree_stopped() {
    let all = leaves(SIZE_MAX);
    let nodes = nodes(&all);
    for size in 0..SIZE_MAX {
        let mut frontier = Frontier::load(wide(size), source(&nodes)).unwrap();
        assert_eq!((frontier.size(), frontier.root()), (wide(size), mth(&all[..size])));
        frontier.append(all[size], |node, hash| assert_eq!(nodes[&node], hash));
        assert_eq!(frontier.root(), mth(&all[..=size]));
    }
}

#[test]
fn a_source_that_fails_fails_the_proof() {
    let broken = |_: Node| Err::<Hash, _>("disk");
    assert_eq!(root_at(3, broken), Err("disk"));
    assert_eq!(inclusion_proof(0, 2, broken), Err("disk"));
    assert_eq!(consistency_proof(1, 2, broken), Err("disk"));
    // Nothing has to be read where the proof is empty.
    assert_eq!(inclusion_proof(0, 1, broken), Ok(vec![]));
    assert_eq!(consistency_proof(0, 2, broken), Ok(vec![]));
}

#[test]
fn a_proof_beyond_the_tree_is_refused() {
    let (leaf, empty) = (leaf_hash(b"x"), empty_root());
    assert_eq!(verify_inclusion(0, 0, &leaf, &[], &leaf), Err(ProofError::Range));
    assert_eq!(verify_inclusion(1, 1, &leaf, &[], &leaf), Err(ProofError::Range));
    assert_eq!(verify_consistency(2, 1, &leaf, &leaf, &[]), Err(ProofError::Range));
    assert_eq!(verify_consistency(0, 1, &leaf, &leaf, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &empty, &leaf, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &empty, &empty, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 1, &empty, &leaf, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 1, &empty, &leaf, &[leaf]), Err(ProofError::Length));
    assert_eq!(verify_consistency(3, 4, &leaf, &leaf, &[]), Err(ProofError::Length));
    // The largest sizes there are must not overflow.
    assert_eq!(verify_consistency(u64::MAX, u64::MAX, &leaf, &leaf, &[]), Ok(()));
    assert_eq!(verify_consistency(1 << 63, u64::MAX, &leaf, &leaf, &[]), Err(ProofError::Length));
    // 2^64 - 1 leaves are 64 complete trees; the last of them is one leaf, with 63 to its left.
    assert_eq!(verify_inclusion(u64::MAX - 1, u64::MAX, &leaf, &[leaf; 63], &leaf), Err(ProofError::Root));
    assert_eq!(verify_inclusion(u64::MAX - 1, u64::MAX, &leaf, &[leaf; 64], &leaf), Err(ProofError::Length));
    assert_eq!(frontier_nodes(u64::MAX).count(), 64);
}

/// A way to spoil a proof. Every one of them must be noticed.
#[derive(Debug, Clone)]
enum Spoil {
    FlipBit { at: prop::sample::Index, bit: u8 },
    Drop(prop::sample::Index),
    Add(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bit)| Spoil::FlipBit { at, bit }),
        at().prop_map(Spoil::Drop),
        at().prop_map(Spoil::Add),
        (at(), at()).prop_map(|(a, b)| Spoil::Swap(a, b)),
    ]
}

fn spoiled(proof: &[Hash], spoil: &Spoil) -> Option<Vec<Hash>> {
    let mut out = proof.to_vec();
    match spoil {
        Spoil::Add(at) => out.insert(at.index(proof.len() + 1), [7; 32]),
        _ if proof.is_empty() => return None,
        Spoil::FlipBit { at, bit } => out[at.index(proof.len())][usize::from(bit / 8)] ^= 1 << (bit % 8),
        Spoil::Drop(at) => drop(out.remove(at.index(proof.len()))),
        Spoil::Swap(a, b) => out.swap(a.index(proof.len()), b.index(proof.len())),
    }
    (out != proof).then_some(out)
}

proptest! {
    #[test]
    fn a_spoiled_inclusion_proof_is_refused(size in 1..200usize, at: prop::sample::Index, spoil in spoils()) {
        let (all, index) = (leaves(size), at.index(size));
        let nodes = nodes(&all);
        let root = mth(&all);
        let proof = inclusion_proof(wide(index), wide(size), source(&nodes)).unwrap();
        if let Some(bad) = spoiled(&proof, &spoil) {
            prop_assert!(verify_inclusion(wide(index), wide(size), &all[index], &bad, &root).is_err());
        }
        // The same proof does not hold for another leaf, another place or another root.
        prop_assert!(verify_inclusion(wide(index), wide(size), &leaf_hash(b"other"), &proof, &root).is_err());
        prop_assert!(verify_inclusion(wide(index), wide(size), &all[index], &proof, &[0; 32]).is_err());
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(verify_inclusion(wide(other), wide(size), &all[index], &proof, &root).is_err());
        }
    }

    #[test]
    fn a_spoiled_consistency_proof_is_refused(to in 1..200usize, at: prop::sample::Index, spoil in spoils()) {
        let (all, from) = (leaves(to), at.index(to) + 1);
        let nodes = nodes(&all);
        let (root_from, root_to) = (mth(&all[..from]), mth(&all));
        let proof = consistency_proof(wide(from), wide(to), source(&nodes)).unwrap();
        if let Some(bad) = spoiled(&proof, &spoil) {
            prop_assert!(verify_consistency(wide(from), wide(to), &root_from, &root_to, &bad).is_err());
        }
        prop_assert!(verify_consistency(wide(from), wide(to), &[0; 32], &root_to, &proof).is_err());
        prop_assert!(verify_consistency(wide(from), wide(to), &root_from, &[0; 32], &proof).is_err());
    }

    #[test]
    fn a_rewritten_history_has_no_consistency_proof(to in 2..120usize, at: prop::sample::Index, changed: prop::sample::Index) {
        let from = at.index(to - 1) + 1;
        let (before, mut after) = (leaves(from), leaves(to));
        after[changed.index(from)] = leaf_hash(b"rewritten");
        // The best a forger can do is to give the true proof of the forged tree.
        let proof = consistency_proof(wide(from), wide(to), source(&nodes(&after))).unwrap();
        prop_assert!(verify_consistency(wide(from), wide(to), &mth(&before), &mth(&after), &proof).is_err());
    }
}

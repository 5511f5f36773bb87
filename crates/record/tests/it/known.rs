//! Known answers: the eight leaves, roots and proofs that implementations of RFC 6962 share.

use konbit_record::{
    Frontier, Hash, consistency_proof, empty_root, inclusion_proof, leaf_hash, root_of, verify_consistency,
    verify_inclusion,
};

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// Root of the first 0, 1, ... 8 leaves.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hash(text: &str) -> Hash {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn leaves(count: usize) -> Vec<Hash> {
    LEAVES[..count].iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect()
}

fn source(leaves: &[Hash]) -> impl FnMut(konbit_record::Node) -> Result<Hash, std::convert::Infallible> {
    |node| {
        let width = 1usize << node.level;
        let begin = usize::try_from(node.index).unwrap() * width;
        Ok(root_of(&leaves[begin..begin + width]))
    }
}

#[test]
fn the_roots_of_the_reference_leaves_are_the_known_ones() {
    assert_eq!(empty_root(), hash(ROOTS[0]));
    let mut frontier = Frontier::new();
    for (count, root) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves(count)), hash(root), "{count} leaves");
        assert_eq!(frontier.root(), hash(root), "{count} leaves, appended");
        if let Some(leaf) = leaves(8).get(count) {
            frontier.append(*leaf, |_, _| {});
        }
    }
}

fn check_inclusion(index: u64, size: u64, expect: &[&str]) {
    let all = leaves(8);
    let Ok(proof) = inclusion_proof(index, size, source(&all));
    assert_eq!(proof.iter().map(hex::encode).collect::<Vec<_>>(), expect, "leaf {index} of {size}");
    let at = |ix: u64| usize::try_from(ix).unwrap();
    assert_eq!(verify_inclusion(index, size, &all[at(index)], &proof, &hash(ROOTS[at(size)])), Ok(()));
}

#[test]
fn the_inclusion_proofs_of_the_reference_leaves_are_the_known_ones() {
    check_inclusion(0, 1, &[]);
    check_inclusion(
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    );
    check_inclusion(
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    );
    check_inclusion(2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]);
    check_inclusion(
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    );
}

fn check_consistency(from: u64, to: u64, expect: &[&str]) {
    let Ok(proof) = consistency_proof(from, to, source(&leaves(8)));
    assert_eq!(proof.iter().map(hex::encode).collect::<Vec<_>>(), expect, "{from} to {to}");
    let root = |size: u64| hash(ROOTS[usize::try_from(size).unwrap()]);
    assert_eq!(verify_consistency(from, to, &root(from), &root(to), &proof), Ok(()));
}

#[test]
fn the_consistency_proofs_of_the_reference_leaves_are_the_known_ones() {
    check_consistency(1, 1, &[]);
    check_consistency(0, 8, &[]);
    check_consistency(
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    );
    check_consistency(
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    );
    check_consistency(
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    );
}

//! Whether a log can show two histories and have both believed: searched exhaustively.
//!
//! **The world.** A dishonest log, which signs any head and makes any proof that some tree gives; three witnesses, of
//! which some honest ones run [`Witness`] and the others cosign whatever they are sent; readers with a policy of k of
//! n. Histories are all sequences of up to three entries, each of one of two values, so that a history can be added to,
//! and rewritten anywhere. 15 histories in all.
//!
//! **How it is searched.** First, the real state machine: for every history a witness cosigned last, every history that
//! the log submits, and every proof between two such sizes that any tree gives, what `add_checkpoint` says. It turns
//! out to agree just where the one history begins the other (the tests of `laws` and `oracles` are about larger trees).
//! Then every sequence of submissions, in every order, to every witness, by way of the states that it leads to: what
//! each honest witness has cosigned so far. For each combination of those, [`Policy::is_met`] tells which heads a
//! reader would accept.
//!
//! **What is shown**, for SHA-256 without collisions and signatures that are not forged:
//! - 2 of 3, all honest: no two heads that contradict each other are ever both accepted.
//! - 2 of 3, one dishonest: they can be. The dishonest one signs both, and each of the honest ones another. It is then
//!   always visible at the witnesses: two honest ones have cosigned heads that contradict each other, and whoever
//!   compares their latest sees it.
//! - 2 of 3, two or three dishonest: they can be, and the witnesses need not show it. It is still seen as soon as two
//!   readers compare heads: no proof reconciles them.
//! - k of n with f dishonest: two heads can both be accepted just if 2k - n <= f. For one dishonest witness to be
//!   harmless, 3 of 4 are needed, or 2 of 2; for two, 4 of 5.

use crate::support::{ORIGIN, Tree, log_key, signed, witness_key};
use konbit_record::{
    AddCheckpoint, Comparison, Hash, Head, Policy, SignatureType, SignerKey, Witness, WitnessState, compare,
};
use std::collections::BTreeSet;

/// Entries of a history, each `a` or `b`; the histories are numbered in this order.
fn histories(length_max: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..length_max {
        let to = all.len();
        for ix in from..to {
            for entry in ["a", "b"] {
                all.push(all[ix].clone() + entry);
            }
        }
        from = to;
    }
    all
}

struct World {
    histories: Vec<String>,
    heads: Vec<Head>,
    trees: Vec<Tree>,
}

impl World {
    fn new(length_max: usize) -> Self {
        let histories = histories(length_max);
        let trees: Vec<_> = histories.iter().map(|history| Tree::of(history.as_bytes().chunks(1))).collect();
        let heads = trees.iter().map(|tree| tree.head(tree.size())).collect();
        Self { histories, heads, trees }
    }

    fn begins(&self, old: usize, new: usize) -> bool {
        self.histories[new].starts_with(&self.histories[old])
    }

    /// Neither begins the other.
    fn contradict(&self, a: usize, b: usize) -> bool {
        !self.begins(a, b) && !self.begins(b, a)
    }

    /// All that the log could send as a proof from one size to another: of any history that is long enough; and none.
    fn proofs(&self, from: u64, to: u64) -> BTreeSet<Vec<Hash>> {
        let long = self.trees.iter().filter(|tree| tree.size() >= to && from <= to);
        long.map(|tree| tree.consistency(from, to)).chain([vec![]]).collect()
    }

    /// Every set of histories that an honest witness may have cosigned, with the one it cosigned last.
    fn honest(&self, step: impl Fn(Option<usize>, usize) -> bool) -> BTreeSet<(u16, Option<usize>)> {
        let mut found = BTreeSet::from([(0, None)]);
        let mut open = vec![(0, None)];
        while let Some((signed, latest)) = open.pop() {
            for next in (0..self.heads.len()).filter(|next| step(latest, *next)) {
                let state = (signed | 1 << next, Some(next));
                if found.insert(state) {
                    open.push(state);
                }
            }
        }
        found
    }
}

/// The answers of the real state machine: `answers[latest][next]`, with the last row for none cosigned yet.
fn answers(world: &World) -> Vec<Vec<bool>> {
    let key = SignerKey::generate("witness.example", SignatureType::CosignatureV1, &[3; 32]).unwrap();
    let mut witness = Witness::new(key).unwrap();
    witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
    let ask = |state: &WitnessState, old_size: u64, next: usize| {
        let checkpoint = signed(world.heads[next]);
        let agrees = |proof: Vec<Hash>| {
            let body = AddCheckpoint { old_size, proof, checkpoint: checkpoint.clone() }.to_string();
            witness.add_checkpoint(state, body.as_bytes(), 1)
        };
        world.proofs(old_size, world.heads[next].size).into_iter().find_map(|proof| agrees(proof).ok())
    };
    let row = |state: &WitnessState| {
        let sizes = [0, 1, 2, 3];
        (0..world.heads.len()).map(|next| sizes.iter().any(|size| ask(state, *size, next).is_some())).collect()
    };
    let mut rows: Vec<Vec<bool>> = Vec::new();
    for latest in 0..world.heads.len() {
        let mut state = WitnessState::default();
        state.set(ask(&state, 0, latest).expect("any head is cosigned first").store);
        rows.push(row(&state));
    }
    rows.push(row(&WitnessState::default()));
    rows
}

#[test]
fn a_witness_agrees_just_where_one_history_begins_the_other() {
    let world = World::new(3);
    let answers = answers(&world);
    let (none, rows) = answers.split_last().unwrap();
    for (from, row) in world.histories.iter().zip(rows) {
        for (to, agrees) in world.histories.iter().zip(row) {
            assert_eq!(*agrees, to.starts_with(from), "{from:?} to {to:?}");
        }
    }
    assert!(none.iter().all(|agrees| *agrees), "the first is taken on trust");
}

/// What can happen with a policy of `k` of `n` and `dishonest` witnesses, over all reachable states.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Two heads that contradict each other are both accepted.
    split: bool,
    /// That, while the heads that the honest witnesses cosigned last do not contradict each other.
    hidden: bool,
    states: usize,
}

fn policy(k: usize, n: u8) -> Policy {
    let witness = |number| format!("witness w{number} {}\n", witness_key(number).verifier());
    let names: Vec<_> = (1..=n).map(|number| format!("w{number}")).collect();
    let witnesses: String = (1..=n).map(witness).collect();
    let text = format!("log {}\n{witnesses}group g {k} {}\nquorum g\n", log_key().verifier(), names.join(" "));
    Policy::parse(text.as_bytes()).unwrap()
}

/// The first witnesses are the dishonest ones: which of them are makes no difference to a policy of k of n.
fn explore(world: &World, step: impl Fn(Option<usize>, usize) -> bool, k: usize, n: u8, dishonest: u8) -> Outcome {
    let policy = policy(k, n);
    let n = usize::from(n);
    let met: Vec<bool> = (0..1usize << n).map(|set| policy.is_met(|ix| set >> ix & 1 == 1)).collect();
    let honest: Vec<_> = world.honest(step).into_iter().collect();
    let count = world.heads.len();
    let against: Vec<u16> =
        (0..count).map(|a| (0..count).filter(|b| world.contradict(a, *b)).map(|b| 1 << b).sum()).collect();
    let mut outcome = Outcome { split: false, hidden: false, states: 0 };
    let mut chosen = vec![0; n - usize::from(dishonest)];
    loop {
        let states: Vec<_> = chosen.iter().map(|ix| honest[*ix]).collect();
        let signers = |head: usize| {
            let honest = states.iter().enumerate().filter(|(_, (signed, _))| signed >> head & 1 == 1);
            (1 << dishonest) - 1 + honest.map(|(ix, _)| 1 << (ix + usize::from(dishonest))).sum::<usize>()
        };
        let accepted: u16 = (0..count).filter(|head| met[signers(*head)]).map(|head| 1 << head).sum();
        let split = (0..count).any(|head| accepted >> head & 1 == 1 && accepted & against[head] != 0);
        if split {
            let latest = || states.iter().filter_map(|(_, latest)| *latest);
            outcome.split = true;
            outcome.hidden |= !latest().any(|a| latest().any(|b| world.contradict(a, b)));
        }
        outcome.states += 1;
        // The next combination, as an odometer counts.
        let Some(wheel) = chosen.iter().position(|ix| *ix + 1 < honest.len()) else { return outcome };
        chosen[..wheel].fill(0);
        chosen[wheel] += 1;
    }
}

#[test]
fn two_of_three_is_split_only_with_a_dishonest_witness_and_then_seen() {
    let world = World::new(3);
    let answers = answers(&world);
    let step = |latest: Option<usize>, next: usize| answers[latest.unwrap_or(world.heads.len())][next];
    // 86 chains of histories, of which an honest witness has cosigned one: 86^3, 86^2, 86 and 1 combinations.
    let check = |dishonest, split, hidden, states| {
        assert_eq!(explore(&world, step, 2, 3, dishonest), Outcome { split, hidden, states }, "{dishonest} dishonest");
    };
    check(0, false, false, 86 * 86 * 86);
    check(1, true, false, 86 * 86);
    check(2, true, true, 86);
    check(3, true, true, 1);
}

#[test]
fn heads_that_contradict_each_other_are_seen_when_two_readers_compare() {
    let world = World::new(3);
    for a in 0..world.heads.len() {
        for b in 0..world.heads.len() {
            let (old, new) = (world.heads[a].size, world.heads[b].size);
            let proofs = world.proofs(old.min(new), old.max(new));
            let reconciled = proofs.iter().any(|proof| {
                let found = compare(&world.heads[a], &world.heads[b], Some(proof));
                matches!(found, Comparison::Same | Comparison::Consistent)
            });
            assert_eq!(reconciled, !world.contradict(a, b), "{:?} and {:?}", world.histories[a], world.histories[b]);
            if old == new && a != b {
                assert_eq!(compare(&world.heads[a], &world.heads[b], None), Comparison::Forked);
            }
        }
    }
}

#[test]
fn k_of_n_is_split_just_if_two_quorums_need_share_no_honest_witness() {
    // One entry is enough for two histories, and keeps the combinations few.
    let world = World::new(1);
    let begins = |latest: Option<usize>, next: usize| latest.is_none_or(|latest| world.begins(latest, next));
    for n in 1..=5u8 {
        for k in 1..=n {
            for dishonest in 0..=n {
                let outcome = explore(&world, begins, usize::from(k), n, dishonest);
                let expect = 2 * i32::from(k) - i32::from(n) <= i32::from(dishonest);
                assert_eq!(outcome.split, expect, "{k} of {n}, {dishonest} dishonest");
            }
        }
    }
}

//! A log that shows two histories to three witnesses never gets two of them to cosign both.

use crate::support::{History, Server, log_key};
use konbit_record::{Policy, SignatureType, SignerKey};
use konbit_witness::{Answer, add_checkpoint};
use std::fmt::Write as _;

const WITNESSES: u8 = 3;

fn policy() -> Policy {
    let mut text = format!("log {}\n", log_key().verifier());
    for number in 1..=WITNESSES {
        let key = witness(number);
        writeln!(text, "witness w{number} {}", key.verifier()).unwrap();
    }
    Policy::parse(format!("{text}group two 2 w1 w2 w3\nquorum two\n").as_bytes()).unwrap()
}

fn witness(number: u8) -> SignerKey {
    let name = format!("witness-{number}.example");
    SignerKey::generate(&name, SignatureType::CosignatureV1, &[100 + number; 32]).unwrap()
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

#[test]
fn a_forked_log_gets_no_quorum_on_both_sides() {
    // Both histories share their first 4 entries.
    let histories = [History::of(40, None), History::of(40, Some(4))];
    let policy = policy();
    let keys: Vec<_> = (1..=WITNESSES).map(|number| witness(number).verifier().clone()).collect();
    let mut decided = [0, 0];
    for seed in 0..8 {
        let mut state = seed;
        let dirs: Vec<_> = (0..WITNESSES).map(|_| tempfile::tempdir().unwrap()).collect();
        let servers: Vec<_> = dirs.iter().zip(1..).map(|(dir, number)| Server::witness(dir.path(), number)).collect();
        // What the log has of each head: its own signature and the cosignatures that it was given.
        let mut heads: Vec<_> =
            histories.iter().map(|history| (0..=40).map(|size| history.signed(size)).collect::<Vec<_>>()).collect();
        for _ in 0..60 {
            let (side, at) = (usize::from(draw(&mut state, 2) == 1), usize::try_from(draw(&mut state, 3)).unwrap());
            let size = 5 + draw(&mut state, 36);
            // The log knows what the witness cosigned last: it asks, and is told.
            let url = servers[at].url();
            let mut answer = add_checkpoint(&url, &histories[side].request(0, size)).unwrap();
            if let Answer::Conflict { latest } = answer
                && latest <= size
            {
                answer = add_checkpoint(&url, &histories[side].request(latest, size)).unwrap();
            }
            if let Answer::Cosigned { lines } = answer {
                heads[side][usize::try_from(size).unwrap()].add_cosignatures(&lines, &keys).unwrap();
            }
        }
        let accepted = |side: usize| heads[side].iter().any(|head| policy.check(head).is_ok());
        assert!(!(accepted(0) && accepted(1)), "seed {seed}: both histories have a quorum");
        (0..2).for_each(|side| decided[side] += u32::from(accepted(side)));
    }
    // Each side wins somewhere, so that the check above is not empty.
    assert!(decided[0] > 0 && decided[1] > 0, "{decided:?}");
}

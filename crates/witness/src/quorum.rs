//! How many dishonest witnesses a policy bears.

use konbit_record::Policy;

/// The most witnesses of a policy for which [`dishonest_max`] searches: 3^12 cases are done in well under a second.
pub const QUORUM_WITNESSES_MAX: usize = 12;

/// How many witnesses of a policy may be dishonest, any of them, without a log being able to have two contradicting
/// heads accepted. Of two quorums, each of a head of its own, the witnesses in both have cosigned both, which an honest
/// one does not; so the answer is the smallest number of witnesses that two quorums share, less one.
///
/// `None` if two quorums need share no witness at all (as in "1 of 2", or where nobody is asked), or if the policy has
/// more than [`QUORUM_WITNESSES_MAX`] witnesses.
pub fn dishonest_max(policy: &Policy) -> Option<usize> {
    let count = policy.witnesses().len();
    if count > QUORUM_WITNESSES_MAX {
        return None;
    }
    let all = (1u32 << count) - 1;
    let met: Vec<bool> = (0..=all).map(|set| policy.is_met(|ix| set >> ix & 1 == 1)).collect();
    let is_met = |set: u32| met[usize::try_from(set).expect("few witnesses")];
    // For each set of witnesses that cosign both heads: can the others be divided so that both heads have a quorum?
    let splits = |both: u32| {
        let others = all & !both;
        let mut one = others;
        loop {
            if is_met(both | one) && is_met(both | (others & !one)) {
                return true;
            }
            if one == 0 {
                return false;
            }
            one = (one - 1) & others;
        }
    };
    let fewest = (0..=all).filter(|both| splits(*both)).map(u32::count_ones).min()?;
    usize::try_from(fewest).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_record::{SignatureType, SignerKey};

    /// `groups` defines `q` out of witnesses `w1` to `w<count>`.
    fn check(count: u8, groups: &str, expect: Option<usize>) {
        let witness = |number: u8| {
            let key = SignerKey::generate("w", SignatureType::CosignatureV1, &[number; 32]).unwrap();
            format!("witness w{number} {}\n", key.verifier())
        };
        let text: String = (1..=count).map(witness).collect();
        let policy = Policy::parse(format!("{text}{groups}").as_bytes()).unwrap();
        assert_eq!(dishonest_max(&policy), expect, "{count}: {groups}");
    }

    #[test]
    fn a_policy_bears_one_dishonest_witness_fewer_than_two_quorums_share() {
        // 2k - n - 1.
        check(3, "group q 2 w1 w2 w3\nquorum q\n", Some(0));
        check(4, "group q 3 w1 w2 w3 w4\nquorum q\n", Some(1));
        check(5, "group q 4 w1 w2 w3 w4 w5\nquorum q\n", Some(2));
        check(2, "group q all w1 w2\nquorum q\n", Some(1));
        check(1, "quorum w1\n", Some(0));
        check(2, "group q any w1 w2\nquorum q\n", None);
        check(2, "quorum none\n", None);
        // Two groups that both have to agree: the larger overlap counts.
        check(5, "group a 2 w1 w2 w3\ngroup b all w4 w5\ngroup q all a b\nquorum q\n", Some(2));
        check(13, "quorum w1\n", None);
    }
}

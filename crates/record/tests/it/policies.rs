//! Policies are read as tlog-policy says, and met by just the sets of witnesses that their rule names.

use crate::support::{ORIGIN, Random, Tree, log_key, signed, witness_key};
use konbit_record::{
    AddCheckpoint, KeyError, LineError, Policy, PolicyError, PolicyRefusal, SignatureType, SignedCheckpoint, SignerKey,
    VerifierKey, Witness, WitnessState,
};
use std::fmt::Write as _;

/// `L` stands for the log's vkey, `W1`, `W2`, … for those of witnesses.
fn with_keys(text: &str) -> String {
    let mut text = text
        .replace(" L\n", &format!(" {}\n", log_key().verifier()))
        .replace(" L ", &format!(" {} ", log_key().verifier()));
    for number in 1..=6 {
        let vkey = witness_key(number).verifier().to_string();
        text = text.replace(&format!(" W{number}\n"), &format!(" {vkey}\n"));
        text = text.replace(&format!(" W{number} "), &format!(" {vkey} "));
    }
    text
}

fn check(text: &str, rule: &str) {
    assert_eq!(Policy::parse(with_keys(text).as_bytes()).unwrap().rule(), rule, "{text}");
}

fn check_refused(text: &str, line: usize, why: LineError) {
    assert_eq!(Policy::parse(with_keys(text).as_bytes()), Err(PolicyError::Line { line, why }), "{text}");
}

const EXAMPLE: &str = "\
log L

witness X1 W1
witness X2 W2
witness X3 W3
group X-witnesses 2 X1 X2 X3

witness Y1 W4
witness Y2 W5
witness Y3 W6
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
";

#[test]
fn policies_of_the_specification_and_of_other_implementations_are_read() {
    check(EXAMPLE, "2 of (2 of (X1, X2, X3), 1 of (Y1, Y2, Y3))");
    check("quorum none\n", "none");
    check("quorum none", "none");
    check("\n# comment\n\t # another\n\twitness \t w1  W1 \n\n  quorum\tw1", "w1");
    check("log L https://log.example/ \nwitness w1 W1 https://w.example/\nquorum w1\n", "w1");
    check("witness all W1\nwitness any W2\ngroup group 2 all any\nquorum group\n", "2 of (all, any)");
    check("quorum none\nwitness w1 W1\n", "none");
}

#[test]
fn what_other_implementations_refuse_is_refused() {
    use LineError::{Character, Form, Key, Member, Name, Quorum, Threshold, Unknown, Use};
    let name = |name: &str| name.to_owned();
    check_refused("quorum none\n\u{1}", 2, Character(1));
    check_refused("quorum none\r\n", 1, Character(13));
    check_refused("quorum none\u{7f}\n", 1, Character(0x7f));
    check_refused("quibble w1\nquorum none\n", 1, Form);
    check_refused("witness w1 W1 https://w.example/ # comment\nquorum w1\n", 1, Form);
    check_refused("log\nquorum none\n", 1, Form);
    check_refused("log garbage\nquorum none\n", 1, Key(KeyError::Form));
    check_refused("log \u{e9}+00000000+AQ==\nquorum none\n", 1, Key(KeyError::Form));
    check_refused("log L\nlog L https://log.example/\nquorum none\n", 2, LineError::DuplicateKey);
    check_refused("witness w1\nquorum none\n", 1, Form);
    check_refused("witness w1 L\nquorum w1\n", 1, Use);
    check_refused("log W1\nquorum none\n", 1, Use);
    check_refused("witness none W1\nquorum none\n", 1, Name(name("none")));
    check_refused("witness w1 W1\nwitness w1 W2\nquorum w1\n", 2, Name(name("w1")));
    check_refused("witness w1 W1\ngroup w1 any w1\nquorum w1\n", 2, Name(name("w1")));
    check_refused("witness w1 W1\ngroup g1 1\nquorum w1\n", 2, Form);
    check_refused("witness w1 W1\ngroup none any w1\nquorum none\n", 2, Name(name("none")));
    for k in ["0", "2", "-1", "01", "many", ""] {
        let text = format!("witness w1 W1\ngroup g1 {k} w1\nquorum g1\n");
        let why = if k.is_empty() { Form } else { Threshold(1) };
        check_refused(&text, 2, why);
    }
    check_refused("witness w1 W1\ngroup g1 any w2\nquorum g1\n", 2, Unknown(name("w2")));
    check_refused("group g1 any w1\nwitness w1 W1\nquorum g1\n", 1, Unknown(name("w1")));
    check_refused("witness w1 W1\ngroup g1 any none w1\nquorum g1\n", 2, Unknown(name("none")));
    check_refused("witness w1 W1\ngroup g1 all w1 w1\nquorum g1\n", 2, Member(name("w1")));
    check_refused(
        "witness w1 W1\nwitness w2 W2\ngroup g1 any w1 w2\ngroup g2 any w1\nquorum g1\n",
        4,
        Member(name("w1")),
    );
    check_refused("witness w1 W1\nquorum w1\nquorum w1\n", 3, Quorum);
    check_refused("quorum unknown\n", 1, Unknown(name("unknown")));
    check_refused("quorum w1\nwitness w1 W1\n", 1, Unknown(name("w1")));
    check_refused("quorum\n", 1, Form);
    assert_eq!(Policy::parse(with_keys("witness w1 W1\n").as_bytes()), Err(PolicyError::NoQuorum));
    assert_eq!(Policy::parse(&vec![b'#'; 300_000]), Err(PolicyError::Size(300_000)));
}

#[test]
fn one_public_key_under_two_names_counts_once() {
    let twin = VerifierKey::new("twin.example", SignatureType::CosignatureV1, &witness_key(1).verifier().public());
    let text = format!("witness w1 W1\nwitness w2 {}\nquorum w1\n", twin.unwrap());
    check_refused(&text, 2, LineError::DuplicateKey);
    let twin = VerifierKey::new("twin.example", SignatureType::Ed25519, &log_key().verifier().public());
    check_refused(&format!("log L\nlog {}\nquorum none\n", twin.unwrap()), 2, LineError::DuplicateKey);
}

#[test]
fn names_are_opaque_bytes() {
    let text = with_keys("witness K W1\nwitness \u{212a} W2\ngroup g 2 K \u{212a}\nquorum g\n");
    assert!(Policy::parse(text.as_bytes()).is_ok(), "the Kelvin sign is another name than K");
    let not_utf8 = [b"witness w\x80 ", with_keys(" W1\n").trim_start().as_bytes(), b"quorum w\x80\n"].concat();
    assert_eq!(Policy::parse(&not_utf8).unwrap().witnesses()[0].name, b"w\x80");
}

#[test]
fn a_policy_takes_at_least_what_the_specification_recommends() {
    // 32 logs, witnesses and groups; here 200 of each, and groups within groups.
    let mut text = String::new();
    for number in 0..200u8 {
        let key = |kind, seed: u8| {
            let mut entropy = [seed; 32];
            entropy[0] = number;
            SignerKey::generate("name", kind, &entropy).unwrap().verifier().to_string()
        };
        let (log, witness) = (key(SignatureType::Ed25519, 1), key(SignatureType::CosignatureV1, 2));
        writeln!(text, "log {log}\nwitness w{number} {witness}").unwrap();
        let inner = if number == 0 { String::new() } else { format!("g{} ", number - 1) };
        writeln!(text, "group g{number} all {inner}w{number}").unwrap();
    }
    let policy = Policy::parse(format!("{text}quorum g199\n").as_bytes()).unwrap();
    assert!(policy.is_met(|_| true));
    assert!(!policy.is_met(|ix| ix != 0), "the innermost witness counts through 200 groups");
}

/// Cosigned by these witnesses.
fn cosigned(witnesses: &[u8]) -> SignedCheckpoint {
    let mut checkpoint = signed(Tree::counted(9).head(9));
    for number in witnesses {
        let mut witness = Witness::new(witness_key(*number)).unwrap();
        witness.trust(ORIGIN, log_key().verifier().clone()).unwrap();
        let body = AddCheckpoint { old_size: 0, proof: vec![], checkpoint: checkpoint.clone() }.to_string();
        let line = witness.add_checkpoint(&WitnessState::default(), body.as_bytes(), u64::from(*number)).unwrap().body;
        checkpoint.add_cosignatures(line.as_bytes(), &[witness.verifier().clone()]).unwrap();
    }
    checkpoint
}

#[test]
fn the_example_policy_is_met_by_just_the_sets_that_its_rule_names() {
    let policy = Policy::parse(with_keys(EXAMPLE).as_bytes()).unwrap();
    for set in 0..64u32 {
        let has = |ix: usize| set >> ix & 1 == 1;
        let expect = (set & 0b111).count_ones() >= 2 && set >> 3 != 0;
        assert_eq!(policy.is_met(has), expect, "{set:06b}");
        let witnesses: Vec<u8> = (1..=6).filter(|number| has(usize::from(*number) - 1)).collect();
        let found = policy.check(&cosigned(&witnesses));
        let times = found.map(|accepted| accepted.cosigners.iter().map(|by| by.time).collect::<Vec<_>>());
        match times {
            Ok(times) => assert!(expect && times.iter().zip(&witnesses).all(|(time, by)| *time == u64::from(*by))),
            Err(refusal) => assert!(!expect && matches!(refusal, PolicyRefusal::Quorum { .. }), "{refusal}"),
        }
    }
}

#[test]
fn a_refusal_says_what_is_missing() {
    let policy = Policy::parse(with_keys(EXAMPLE).as_bytes()).unwrap();
    assert_eq!(
        policy.check(&cosigned(&[1, 4])).unwrap_err().to_string(),
        "too few witnesses cosigned the checkpoint: the policy asks for 2 of (2 of (X1, X2, X3), 1 of (Y1, Y2, Y3)); \
         there are X1, Y1"
    );
    let others = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(others.check(&cosigned(&[])), Err(PolicyRefusal::UnknownLog(ORIGIN.to_owned())));
}

/// Random trees of groups, met or not by random sets of witnesses, as `sigsum` says too.
#[test]
fn policies_are_met_as_in_sigsum() {
    let mut random = Random(5);
    let keys: Vec<_> = (1..=6).map(|number| witness_key(number).verifier().clone()).collect();
    let hash = |key: &VerifierKey| sigsum::Hash::new(key.public());
    for _ in 0..2000 {
        let (mut ours, mut theirs, mut free) = (String::new(), String::new(), Vec::new());
        for (ix, key) in keys.iter().enumerate() {
            writeln!(ours, "witness w{ix} {key}").unwrap();
            writeln!(theirs, "witness w{ix} {}", hex::encode(key.public())).unwrap();
            free.push(format!("w{ix}"));
        }
        for number in 0..=random.below(4) {
            let count = 1 + random.index(free.len());
            let members: Vec<_> = (0..count).map(|_| free.remove(random.index(free.len()))).collect();
            let k = match random.below(3) {
                0 => "all".to_owned(),
                1 => "any".to_owned(),
                _ => (1 + random.index(count)).to_string(),
            };
            let line = format!("group g{number} {k} {}\n", members.join(" "));
            ours += &line;
            theirs += &line;
            free.push(format!("g{number}"));
        }
        let quorum = format!("quorum {}\n", free[random.index(free.len())]);
        let policy = Policy::parse((ours.clone() + &quorum).as_bytes()).unwrap();
        let oracle = sigsum::Policy::parse(&(theirs + &quorum)).unwrap();
        for set in 0..64u32 {
            let has = |ix: usize| set >> ix & 1 == 1;
            let hashes: Vec<_> = (0..6).filter(|ix| has(*ix)).map(|ix| hash(&keys[ix])).collect();
            assert_eq!(policy.is_met(has), oracle.check_quorum(&hashes), "{ours}{quorum}{set:06b}");
        }
    }
}

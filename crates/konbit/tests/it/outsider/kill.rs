//! A witness that is killed at any moment never lets two heads out that contradict each other.

use super::log::{History, Random, Serving, log_key};
use crate::support::konbit;
use konbit_record::Head;
use konbit_witness::{Answer, add_checkpoint};
use std::time::{Duration, Instant};

/// The log's next head, in one of two forms that contradict each other.
fn extended(history: &History, round: u64, count: u64, choice: u64) -> History {
    let mut next = history.clone();
    (0..count).for_each(|ix| next.push(format!("round {round} entry {ix} choice {choice}").into_bytes()));
    next
}

#[derive(Debug, Default)]
struct Counts {
    /// Rounds in which a cosignature came before the kill.
    answered: u32,
    /// Rounds in which a head was stored and its cosignature never came: the kill fell between.
    stored_unanswered: u32,
    /// Rounds in which nothing was stored.
    nothing: u32,
}

struct Trial {
    dir: String,
    random: Random,
    /// The history that the witness has stored, as far as the log can find out.
    history: History,
    /// The heads of the last round, in the order in which they were shown, and whether each was cosigned.
    shown: Option<[(History, bool); 2]>,
    /// Heads whose cosignatures came.
    out: Vec<Head>,
    counts: Counts,
}

impl Trial {
    /// The log asks this life of the witness which of the last two heads it has stored: it shows both again.
    fn settle(&mut self, round: u64, url: &str) {
        let Some(shown) = self.shown.take() else { return };
        let old = self.history.size();
        let again = shown
            .each_ref()
            .map(|(head, _)| is_cosigned(url, &head.request(old)) || is_cosigned(url, &head.request(head.size())));
        // If nothing was stored, the first is cosigned now; in any case just one is.
        assert_eq!(again.iter().filter(|cosigned| **cosigned).count(), 1, "before round {round}: {again:?}");
        for ((_, was), is) in shown.iter().zip(again) {
            assert!(is || !was, "before round {round}: a cosigned head was forgotten");
        }
        let [one, other] = shown;
        self.history = if again[0] { one.0 } else { other.0 };
        self.out.push(self.history.head(self.history.size()));
    }

    /// The log shows two heads of one size, one after the other, to a witness that is killed meanwhile.
    fn round(&mut self, round: u64, patience: Duration) {
        let mut witness = Serving::start(&["witness", &self.dir, "--listen", "127.0.0.1:0"]);
        self.settle(round, &witness.url);
        let (old, count, first) = (self.history.size(), 1 + self.random.below(3), self.random.below(2));
        let heads = [first, 1 - first].map(|choice| extended(&self.history, round, count, choice));
        let wait = patience * u32::try_from(self.random.below(1000)).unwrap() / 1000;
        let (before, url) = (stored(&self.dir), witness.url.clone());
        let requests = heads.each_ref().map(|head| head.request(old));
        let client = std::thread::spawn(move || requests.map(|request| is_cosigned(&url, &request)));
        std::thread::sleep(wait);
        witness.kill();
        let [one, other] = client.join().unwrap();
        assert!(!(one && other), "round {round}: both heads of one size were cosigned");
        match (one || other, stored(&self.dir) == before) {
            (true, is_same) => {
                assert!(!is_same, "round {round}: a cosignature came, and its head is not stored");
                self.counts.answered += 1;
            }
            (false, false) => self.counts.stored_unanswered += 1,
            (false, true) => self.counts.nothing += 1,
        }
        let [first, second] = heads;
        self.shown = Some([(first, one), (second, other)]);
    }
}

fn is_cosigned(url: &str, request: &konbit_record::AddCheckpoint) -> bool {
    matches!(add_checkpoint(url, request), Ok(Answer::Cosigned { .. }))
}

/// The witness's file of the one log that it knows.
fn stored(dir: &str) -> Vec<u8> {
    let logs = std::path::Path::new(dir).join("logs");
    let mut files: Vec<_> = std::fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
    files.first().map(|path| std::fs::read(path).unwrap()).unwrap_or_default()
}

fn check_kills(seed: u64, rounds: u64) {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("witness").to_str().unwrap().to_owned();
    assert_eq!(konbit(&["witness", "init", &dir, "--name", "witness.example"]).code, 0);
    assert_eq!(konbit(&["witness", "add-log", &dir, &log_key().verifier().to_string()]).code, 0);
    let (random, history, counts) = (Random(seed), History::default(), Counts::default());
    let mut trial = Trial { dir, random, history, shown: None, out: vec![], counts };
    trial.history.push(b"the first entry".to_vec());
    let patience = usual_time(&trial);
    for round in 0..rounds {
        trial.round(round, patience);
    }
    let witness = Serving::start(&["witness", &trial.dir, "--listen", "127.0.0.1:0"]);
    trial.settle(rounds, &witness.url);
    // Everything that ever left is of one history.
    for head in &trial.out {
        assert_eq!(trial.history.head(head.size).root, head.root);
    }
    eprintln!("{rounds} kills within {patience:?}: {:?}", trial.counts);
    assert!(trial.counts.stored_unanswered + trial.counts.nothing > 0, "no kill came before an answer");
}

/// Twice the usual time from a request to its answer: the middle of nine, the first of which makes the first head known.
fn usual_time(trial: &Trial) -> Duration {
    let witness = Serving::start(&["witness", &trial.dir, "--listen", "127.0.0.1:0"]);
    let mut times: Vec<Duration> = [0, 1, 1, 1, 1, 1, 1, 1, 1]
        .map(|old| {
            let started = Instant::now();
            assert!(is_cosigned(&witness.url, &trial.history.request(old)));
            started.elapsed()
        })
        .into();
    times.sort();
    times[4] * 2
}

#[test]
fn a_witness_that_is_killed_200_times_cosigns_one_history() {
    check_kills(1, 200);
}

#[test]
#[ignore = "minutes long: cargo test -p konbit --test it -- --ignored --nocapture killed_1000_times"]
fn a_witness_that_is_killed_1000_times_cosigns_one_history() {
    check_kills(2, 1000);
}

#[test]
fn a_witness_stops_when_told_and_runs_once_in_a_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("witness").to_str().unwrap().to_owned();
    assert_eq!(konbit(&["witness", &dir]).code, 3, "there is none yet");
    assert_eq!(konbit(&["witness", "init", &dir, "--name", "witness.example"]).code, 0);
    let witness = Serving::start(&["witness", &dir, "--listen", "127.0.0.1:0"]);
    for args in [vec!["witness", &dir], vec!["witness", "show", &dir], vec!["witness", "init", &dir, "--name", "x"]] {
        let run = konbit(&args);
        assert_eq!(run.code, 3, "{args:?}");
        assert!(run.err.contains("a witness already runs in"), "{args:?}: {}", run.err);
    }
    assert_eq!(witness.stop(), Some(0));
    assert_eq!(konbit(&["witness", "show", &dir]).code, 0);
}

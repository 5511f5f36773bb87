//! Draws: which schedule of the plan stands in a slot, committed to before the slot and revealed
//! after it, and what commanders changed.
//!
//! Invariant: before the end of a slot the record says that a schedule was drawn and by which seed's
//! digest, and not which; after it, anyone can draw again and find the same.

use crate::table::Record;
use crate::week::WeekPlanId;
use jiff::Timestamp;
use konbit_base::{Digest, id};
use serde::{Deserialize, Serialize};

id!(
    /// A draw, named by the instant at which its slot begins.
    DrawId
);
id!(
    /// An override.
    OverrideId
);

/// What became known of a draw after its slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// The seed: 32 bytes, written as 64 hexadecimal digits.
    pub seed: Digest,
    /// The schedule that it draws: its place in the plan's list for the kind of slot, from 0.
    pub schedule: u32,
}

/// The draw of one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Identifier.
    pub id: DrawId,
    /// Plan of the week it is drawn from.
    pub plan: WeekPlanId,
    /// SHA-256 of that plan's file: it holds the schedules and their probabilities.
    pub document: Digest,
    /// Kind of slot.
    pub slot: String,
    /// When the slot begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// SHA-256 over plan, slot and seed; see [`Draw::commitment`].
    pub commitment: Digest,
    /// What became known after the slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed: Option<Revealed>,
}

impl Draw {
    /// What is committed to before the slot: SHA-256 of five lines of text, each ended by a line
    /// feed: `konbit-draw/1`, the plan file's SHA-256, the kind of slot, the instant at which it
    /// begins (RFC 3339, UTC), the seed in hexadecimal.
    pub fn commitment(document: Digest, slot: &str, start: Timestamp, seed: Digest) -> Digest {
        Digest::of(format!("konbit-draw/1\n{document}\n{slot}\n{start}\n{seed}\n").as_bytes())
    }

    /// The ticket of a seed: uniform in `0..tickets`. Numbers are the first sixteen hexadecimal digits
    /// of SHA-256 of three lines, each ended by a line feed: `konbit-draw/1 ticket`, the seed, a counter
    /// from 0. The first number below the largest multiple of `tickets` that 64 bits hold counts; the
    /// ticket is its remainder by `tickets`.
    ///
    /// # Panics
    /// When `tickets` is 0.
    pub fn ticket(seed: Digest, tickets: u64) -> u64 {
        assert!(tickets > 0, "a ticket needs something to be drawn from");
        let beyond = u64::MAX - u64::MAX % tickets;
        let number = |counter: u32| {
            let digest = Digest::of(format!("konbit-draw/1 ticket\n{seed}\n{counter}\n").as_bytes()).to_string();
            u64::from_str_radix(&digest[..16], 16).expect("a digest is written in hexadecimal digits")
        };
        (0..=u32::MAX).map(number).find(|number| *number < beyond).expect("more than half of all numbers are below")
            % tickets
    }

    /// The id of the draw of the slot that begins at an instant.
    pub fn id_of(start: Timestamp) -> DrawId {
        DrawId::new(start.strftime("%Y%m%dT%H%MZ").to_string()).expect("digits and letters")
    }
}

impl Record for Draw {
    const SUBJECT: &'static str = "draw";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        match &self.revealed {
            None => format!("Draw for the slot from {}: committed", self.start),
            Some(revealed) => format!("Draw for the slot from {}: schedule {}", self.start, revealed.schedule + 1),
        }
    }
}

/// What a unit does, by the ids of the mission's data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum UnitTask {
    /// A static post at a site.
    Post {
        /// The site.
        site: String,
    },
    /// A reaction force that waits at a base.
    Force {
        /// The base.
        base: String,
    },
    /// A patrol: its place in the schedule's list, from 0, and the patrol's id.
    Patrol {
        /// The patrol's id in the week's figures.
        patrol: String,
        /// Which of the schedule's patrols.
        number: u32,
    },
}

/// One change of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Move {
    /// Whose people.
    pub contingent: String,
    /// What they leave; `None` if they had no task.
    pub leave: Option<UnitTask>,
    /// What they do instead; `None` if they stand by.
    pub take: Option<UnitTask>,
}

/// A change that a commander made to what was drawn. What was moved is known to the record by a
/// digest until the slot has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Identifier.
    pub id: OverrideId,
    /// Draw that it changes.
    pub draw: DrawId,
    /// SHA-256 over the moves; see [`Override::digest_of`].
    pub digest: Digest,
    /// Persons harmed a week more (less where negative), if it were done each time this schedule is
    /// drawn, in millionths.
    pub value_more_micro: i64,
    /// The part of it that those who watch would add at their best choice, in millionths.
    pub worst_more_micro: i64,
    /// Floors and demands that are not met then, in words; empty if all are.
    pub unmet: Vec<String>,
    /// Why.
    pub reason: String,
    /// The moves, once the slot has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves: Option<Vec<Move>>,
    /// The secret part of the digest, once the slot has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Digest>,
}

impl Override {
    /// SHA-256 of `konbit-override/1`, a line feed, the draw's id, a line feed, the nonce, a line feed,
    /// and the canonical JSON of the moves.
    ///
    /// # Panics
    /// Never: moves hold texts and whole numbers only.
    pub fn digest_of(draw: &DrawId, nonce: Digest, moves: &[Move]) -> Digest {
        let mut bytes = format!("konbit-override/1\n{draw}\n{nonce}\n").into_bytes();
        bytes.extend(konbit_base::canonical::to_bytes(&moves).expect("texts and whole numbers only"));
        Digest::of(&bytes)
    }
}

impl Record for Override {
    const SUBJECT: &'static str = "override";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("Override of the slot {}: {}", self.draw, self.reason)
    }
}

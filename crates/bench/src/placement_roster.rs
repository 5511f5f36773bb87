//! Rosters of generated missions.

use crate::report::{Line, peak_mib};
use anyhow::{Context, Result};
use clap::Args;
use konbit_base::rng::seeded;
use konbit_roster::{Contingent, Options, Problem, RosterData, Rules, Section, Watch, check_roster, roster};
use serde_json::json;
use std::time::{Duration, Instant};

/// `bench roster --contingents 6 --sections 15`: a week of three-hour slots, sections of eleven,
/// nights wanted more, demand near what the rules leave. With `--kinds` its nights, its weekdays and
/// its weekends by day are kinds of slot that want the same in every slot.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Contingents.
    #[arg(long, default_value_t = 6)]
    contingents: u32,
    /// Sections in each.
    #[arg(long, default_value_t = 15)]
    sections: u32,
    /// Three kinds of slot, of which the leanest slot counts.
    #[arg(long)]
    kinds: bool,
    /// Seed of everything drawn at random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most seconds; the roster so far counts.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let problem = generate(self)?;
        let limit = Duration::try_from_secs_f64(self.seconds).context("--seconds is not a time; give 0 or more")?;
        let start = Instant::now();
        let options = Options { seed: self.seed, ..Options::default() };
        let found = roster(&problem, &options, &Watch { should_stop: &|| start.elapsed() > limit });
        let seconds = start.elapsed().as_secs_f64();
        let more = json!({
            "status": found.status, "persons": problem.data().sections.iter().map(|s| s.persons).sum::<u32>(),
            "uncovered_slots": found.uncovered.len(), "broken_rules": check_roster(&problem, &found).len(),
            "instance_hash": found.problem_hash,
        });
        let more = more.as_object().cloned().expect("an object was written");
        let line = Line {
            suite: "roster",
            instance: format!(
                "{} contingents of {} sections{}",
                self.contingents,
                self.sections,
                if self.kinds { ", three kinds of slot" } else { "" }
            ),
            value: Some(found.value as f64),
            bound: Some(found.bound as f64),
            gap: Some(found.gap),
            seconds,
            peak_mib: peak_mib(),
            seed: self.seed,
            more,
        };
        line.print()
    }
}

/// A seeded problem; it describes no real mission.
fn generate(arguments: &Arguments) -> Result<Problem> {
    let Arguments { contingents, sections, kinds, seed, .. } = *arguments;
    let mut rng = seeded(seed, 0);
    let mut below = |bound: u64| u32::try_from(rng.below(bound)).expect("small numbers");
    let mut list = Vec::new();
    for contingent in 0..contingents {
        for number in 0..sections {
            list.push(Section {
                id: format!("c{contingent}-s{number:02}"),
                contingent,
                base: format!("base-{contingent}"),
                persons: 11,
                travel_minutes: 20 + 20 * below(2),
                leave: if below(8) == 0 { vec![8 * below(7)] } else { Vec::new() },
            });
        }
    }
    // A fifth of the strength is on duty on average; nights are wanted by a third more.
    let mean = sections * 11 / 5;
    let is_night = |slot: u32| slot % 8 >= 6 || slot % 8 < 2;
    let kind = |slot: u32| if is_night(slot) { 0 } else { 1 + u32::from(slot / 8 >= 5) };
    let mut contingent = |ix: u32| {
        let more: Vec<u32> = (0..56).map(|_| below(4)).collect();
        let more = |slot: u32| more[if kinds { kind(slot) } else { slot } as usize];
        let wanted = |slot| more(slot) + if is_night(slot) { mean * 4 / 3 } else { mean };
        Contingent { id: format!("c{ix}"), demand: (0..56).map(wanted).collect() }
    };
    let data = RosterData {
        slot_minutes: 180,
        contingents: (0..contingents).map(&mut contingent).collect(),
        kinds: if kinds { (0..56).map(kind).collect() } else { Vec::new() },
        weights: (0..56).map(|slot| if is_night(slot) { 3 } else { 2 }).collect(),
        sections: list,
        rules: Rules::default(),
    };
    Ok(Problem::new(data)?)
}

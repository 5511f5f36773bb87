//! Measures the planner on generated problems of stated size, one line each.

use konbit_protect::generate::{Shape, generate, generate_week};
use konbit_protect::{Options, Outcome, Progress, Watch, WeekDocument, WeekOutcome, curve, plan, plan_week};
use std::time::Instant;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("week") => return measure_week(),
        Some("large") => return measure_large(),
        _ => {}
    }
    let example = Shape::example();
    let shapes = [
        ("ten sites", Shape { sites: 10, bases: 3, personnel: 120, ..example }),
        ("30 sites", Shape { sites: 30, bases: 6, personnel: 150, ..example }),
        ("60 sites", Shape { sites: 60, bases: 8, personnel: 200, ..example }),
        ("100 sites", Shape { sites: 100, bases: 12, personnel: 250, ..example }),
        ("200 sites", Shape { sites: 200, bases: 16, personnel: 500, ..example }),
        ("example", example),
        ("example, 50 people", Shape { personnel: 50, ..example }),
        ("example, 200 people", Shape { personnel: 200, ..example }),
        ("example, alpha 0", Shape { alpha_ppm: 0, ..example }),
        ("example, alpha 1", Shape { alpha_ppm: 1_000_000, ..example }),
        ("example, floors", Shape { floor_every: 10, mandatory_every: 60, ..example }),
        ("949 sites", Shape { sites: 949, ..example }),
        ("1,000 sites, 50 bases", Shape { sites: 1_000, bases: 50, personnel: 2_609, ..example }),
    ];
    println!(
        "{:24} {:>4} {:>10} {:>10} {:>8} {:>9} {:>7} {:>8}",
        "problem", "seed", "value", "bound", "gap %", "schedules", "plan s", "+-50 s"
    );
    for (name, shape) in shapes {
        for seed in 1..=3 {
            let problem = generate(shape, seed);
            let options = Options { seed, ..Options::default() };
            let start = Instant::now();
            let outcome = plan(&problem, &options, &Watch::none());
            let planned = start.elapsed().as_secs_f64();
            let Outcome::Planned(plan) = outcome else {
                println!("{name:24} {seed:>4} {outcome:?}");
                continue;
            };
            let people = [shape.personnel.saturating_sub(50), shape.personnel + 50];
            let start = Instant::now();
            let points = curve(&problem, Some(&plan), &people, &options, &Watch::none());
            let more = start.elapsed().as_secs_f64();
            println!(
                "{name:24} {seed:>4} {:>10.3} {:>10.3} {:>8.4} {:>9} {planned:>7.3} {more:>8.3}  {:?}",
                plan.value,
                plan.bound,
                100.0 * plan.gap,
                plan.schedules.len(),
                points.iter().map(|p| (p.value.unwrap_or(0.0), p.bound.unwrap_or(0.0))).collect::<Vec<_>>()
            );
        }
    }
    measure_curve(example);
}

/// Most memory that this process has held, MiB, where the system tells.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1_024
}

/// A thousand sites in a day and in a week of different slots.
fn measure_week() {
    let shape = Shape { sites: 1_000, bases: 50, personnel: 2_609, ..Shape::example() };
    let only = std::env::args().nth(2).map(|text| text.parse().expect("a number of slots"));
    for slots in only.map_or(vec![8, 56], |slots| vec![slots]) {
        let week = generate_week(shape, slots, 1);
        let start = Instant::now();
        let progress = |p: Progress| eprintln!("{:>8.2} s {p:?}", start.elapsed().as_secs_f64());
        let options = Options { gap_target: 0.01, ..Options::default() };
        let outcome = plan_week(&week, None, &options, &Watch { should_stop: &|| false, progress: &progress });
        let seconds = start.elapsed().as_secs_f64();
        let WeekOutcome::Planned(plan) = &outcome else {
            println!("{slots} slots: {outcome:?}");
            continue;
        };
        println!(
            "{slots} slots: value {:.3} bound {:.3} gap {:.4} % in {seconds:.2} s, peak {} MiB, file {} kB",
            plan.value,
            plan.bound,
            100.0 * plan.gap,
            peak_mib(),
            WeekDocument::new(&week, &outcome, 1, seconds).to_bytes().len() / 1_000
        );
    }
}

/// A hundred thousand sites, 300 bases, 555 seats, one slot.
fn measure_large() {
    let only = std::env::args().nth(2).map(|text| text.parse().expect("a number of sites"));
    for sites in only.map_or(vec![10_000, 100_000], |sites| vec![sites]) {
        let problem = generate(Shape { sites, bases: 300, personnel: 2_609, ..Shape::example() }, 1);
        let pairs = problem.data().reach.len();
        let start = Instant::now();
        let progress = |p: Progress| eprintln!("{:>8.2} s {p:?}", start.elapsed().as_secs_f64());
        let options = Options { gap_target: 0.01, ..Options::default() };
        let stop = || start.elapsed().as_secs_f64() > 120.0;
        let outcome = plan(&problem, &options, &Watch { should_stop: &stop, progress: &progress });
        let seconds = start.elapsed().as_secs_f64();
        match outcome {
            Outcome::Planned(plan) => println!(
                "{sites} sites, {pairs} pairs: value {:.3} bound {:.3} gap {:.4} % in {seconds:.2} s, peak {} MiB",
                plan.value,
                plan.bound,
                100.0 * plan.gap,
                peak_mib()
            ),
            other => println!("{sites} sites: {other:?}"),
        }
    }
}

/// Thirty strengths from 50 to 1,500 persons, one line each.
fn measure_curve(shape: Shape) {
    let problem = generate(shape, 1);
    let people: Vec<u32> = (1..=30).map(|step| 50 * step).collect();
    let start = Instant::now();
    let points = curve(&problem, None, &people, &Options::default(), &Watch::none());
    let seconds = start.elapsed().as_secs_f64();
    println!("curve of {} points: {seconds:.3} s, {:.3} s a point", people.len(), seconds / people.len() as f64);
    for point in points {
        if let (Some(value), Some(bound)) = (point.value, point.bound) {
            println!(
                "{:>6} people {value:>10.3} {bound:>10.3} {:>8.4} %",
                point.personnel,
                100.0 * (value - bound) / value
            );
        }
    }
}

//! Planning from the command line: a plan under the mission's figures or others, and the score of one made by hand.

use crate::Ended;
use crate::args::{Changing, Format, PlanFormat};
use crate::commands::stamp;
use crate::files::read_limited;
use crate::output;
use crate::stop::Stop;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use jiff::Timestamp;
use konbit_desk::{
    Assumptions, ChangeLine, Changes, Desk, HAND_BYTES_MAX, PlanRequest, Progress, Watch, breach_words, read_hand,
    score,
};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// Arguments of `konbit plan`.
pub struct PlanArgs<'a> {
    pub dir: &'a Path,
    pub personnel: Option<u32>,
    pub alpha: Option<f64>,
    pub changing: &'a Changing,
    pub seconds: Option<f64>,
    pub seed: u64,
    pub format: PlanFormat,
    pub output: Option<&'a Path>,
    pub adopt: Option<&'a str>,
    pub role: &'a str,
}

pub fn plan(args: &PlanArgs<'_>) -> Result<Ended> {
    ensure!(args.personnel != Some(0), "a force of 0 people guards nothing; give --personnel a number from 1");
    let changes = changes(args.changing)?;
    let of_week = changes.figures_set().find(|figure| figure.is_of_week());
    if let Some(figure) = of_week {
        bail!("{} is a figure of the week, on which this plan does not rest; ask: konbit week plan", figure.name());
    }
    let desk = if args.adopt.is_some() { Desk::open(args.dir)? } else { Desk::open_to_read(args.dir)? };
    let moment = desk.moment(&desk.snapshot()?.mission, Timestamp::now());
    let assumptions = Assumptions { personnel: args.personnel, alpha_ppm: args.alpha.map(alpha_ppm).transpose()? };
    let request = PlanRequest { assumptions, seed: args.seed, moment };
    let stop = Stop::after(args.seconds)?;
    let spinner = output::spinner("planning");
    let started = Instant::now();
    let should_stop = || stop.now();
    let progress = |at: Progress| {
        let gap = if at.value > 0.0 { 100.0 * (at.value - at.bound) / at.value } else { 0.0 };
        spinner.set_message(format!("planning: {:.3} persons a week, bound {:.3}, gap {gap:.2} %", at.value, at.bound));
    };
    let planned = desk.plan_if(&request, &changes, &Watch { should_stop: &should_stop, progress: &progress })?;
    let mut document = planned.document;
    document.seconds = started.elapsed().as_secs_f64();
    spinner.finish_and_clear();
    // Before the plan is adopted: after it, the record has the figures.
    let lines = changes.lines(&desk.snapshot()?.mission);
    if let Some(reason) = args.adopt {
        desk.adopt_with(&document, &changes, reason, moment, &stamp(args.role))?;
    }
    let mission = desk.snapshot()?.mission;
    desk.close()?;
    let json = || String::from_utf8(document.to_bytes()).expect("JSON is UTF-8");
    let rendered = match args.format {
        PlanFormat::Text => {
            let mut text = konbit_desk::plan_text(&mission, &document);
            text += &change_lines(&lines);
            if !planned.conflict.is_empty() {
                writeln!(text, "these demands conflict: {}", planned.conflict.join(", "))?;
            }
            text
        }
        PlanFormat::Json => json(),
        PlanFormat::Geojson => konbit_desk::plan_geojson(&mission, &document),
    };
    match args.output {
        None => output::text(&rendered)?,
        Some(path) => {
            let file = if args.format == PlanFormat::Text { json() } else { rendered.clone() };
            konbit_desk::write_durably(path, file.as_bytes())?;
            if args.format == PlanFormat::Text {
                output::text(&rendered)?;
            }
        }
    }
    Ok(if document.value.is_some() { Ended::Well } else { Ended::Badly })
}

/// What a question changes, a line each.
pub fn change_lines(lines: &[ChangeLine]) -> String {
    let line = |line: &ChangeLine| {
        let outside = if line.is_outside { " (outside its interval)" } else { "" };
        format!("with {}: {} instead of {}{outside}\n", line.label, line.after, line.before)
    };
    lines.iter().map(line).collect()
}

/// What the flags change of the planning figures.
pub fn changes(args: &Changing) -> Result<Changes> {
    let mut changes = Changes::default();
    for floor in &args.floor {
        let (kind, share) = pair("--floor", floor)?;
        changes.set(&format!("floor.{kind}"), share)?;
    }
    for figure in &args.set {
        let (name, value) = pair("--set", figure)?;
        changes.set(name, value)?;
    }
    for site in &args.post {
        changes.post(site, true)?;
    }
    for site in &args.no_post {
        changes.post(site, false)?;
    }
    Ok(changes)
}

fn pair<'a>(flag: &str, text: &'a str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').ok_or_else(|| anyhow!("{flag} is {text:?}; give a name, an equals sign and a value"))
}

/// A share between 0 and 1 in millionths, rounded to the nearest.
pub fn alpha_ppm(alpha: f64) -> Result<u32> {
    ensure!((0.0..=1.0).contains(&alpha), "--alpha is {alpha}; it is a share between 0 and 1");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000,000")]
    let ppm = (alpha * 1e6).round() as u32;
    Ok(ppm)
}

/// Scores a plan made by hand under the figures of the plan in force.
pub fn score_by_hand(dir: &Path, file: &Path, format: Format) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let mission = desk.snapshot()?.mission;
    let held = desk
        .plan_in_force(&mission)?
        .context("no plan is in force to score against; adopt one first: konbit plan DIR --adopt REASON")?;
    desk.close()?;
    let (problem, in_force) = konbit_desk::opened(&held.document).context("the plan in force cannot be opened")?;
    let file = read_limited(file, HAND_BYTES_MAX as u64)?;
    let plan = match read_hand(&mission, problem.data(), &file.bytes) {
        Ok(plan) => plan,
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {fault}", file.name)).collect();
            match format {
                Format::Json => output::json(&json!({ "ok": false, "file": file.name, "faults": lines }))?,
                Format::Text => output::text(&lines.join("\n"))?,
            }
            return Ok(Ended::Badly);
        }
    };
    let scored = score(&problem, &plan)?;
    let sites = &problem.data().sites;
    let breaches: Vec<String> =
        scored.breaches.iter().map(|breach| breach_words(&mission, problem.data(), breach)).collect();
    let short: Vec<String> = scored
        .evaluation
        .floors_short
        .iter()
        .map(|short| {
            let percent = |ppm: u32| f64::from(ppm) / 1e4;
            let (got, floor) = (percent(short.protection_ppm), percent(short.floor_ppm));
            format!("{}: {got:.1} % of attempts are stopped, at least {floor:.1} % are demanded", sites[short.site].id)
        })
        .collect();
    let usable = breaches.is_empty() && short.is_empty();
    let (value, worst) = (scored.evaluation.value, &sites[scored.evaluation.worst_site].id);
    match format {
        Format::Json => output::json(&json!({
            "ok": usable, "file": file.name, "value": value, "worst_site": worst, "breaches": breaches, "floors_short": short,
            "in_force": { "plan": held.adopted.value.id, "value": in_force.value, "bound": in_force.bound },
        }))?,
        Format::Text => {
            let mut text = format!(
                "{}: {value:.3} persons harmed a week; the plan in force leaves {:.3}, and no plan with its force goes \
                 below {:.3}\nthose who watch would choose {worst}\n",
                file.name, in_force.value, in_force.bound
            );
            for line in breaches.iter().chain(&short) {
                writeln!(text, "stands in its way: {line}")?;
            }
            output::text(&text)?;
        }
    }
    Ok(if usable { Ended::Well } else { Ended::Badly })
}

//! `konbit week`: plans of the week, rosters, draws, sheets, overrides.

use crate::Ended;
use crate::args::Format;
use crate::commands::{entropy, stamp};
use crate::output;
use crate::planning::{alpha_ppm, change_lines, changes};
use crate::stop::Stop;
use crate::week_args::{Asking, OverrideArgs, PlanArgs, RosterArgs, TableFormat, WeekCommand};
use crate::week_score;
use crate::week_study;
use anyhow::{Result, anyhow, bail, ensure};
use jiff::Timestamp;
use konbit_base::Finding;
use konbit_desk::{Desk, DrawState, PlannedWeek, Progress, Watch, WeekSummary, write_durably, zone};
use konbit_mission::Mission;
use konbit_mission::draws::Draw;
use konbit_mission::week::WeekAssumptions;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// `konbit week ...`.
pub fn run(command: WeekCommand) -> Result<Ended> {
    match command {
        WeekCommand::Plan(args) => plan(&args),
        WeekCommand::Roster(args) => roster(&args),
        WeekCommand::Draw { dir, slots, acting, output } => draw(&dir, slots, &acting.role, output.format),
        WeekCommand::Reveal { dir, acting, output } => reveal(&dir, &acting.role, output.format),
        WeekCommand::Draws { dir, files, output } => draws(&dir, files.as_deref(), output.format),
        WeekCommand::Sheet { dir, slot, section, format, output } => {
            sheet(&dir, &slot, section.as_deref(), format, output.as_deref())
        }
        WeekCommand::Override(args) => change(&args),
        WeekCommand::Curve(args) => week_study::curve(&args),
        WeekCommand::Alpha(args) => week_study::alpha(&args),
        WeekCommand::Sensitivity(args) => week_study::sensitivity(&args),
        WeekCommand::Compare(args) => week_study::compare(&args),
        WeekCommand::Score { dir, file, output } => week_score::score(&dir, &file, output.format),
    }
}

/// What to assume, checked against what the mission has.
pub fn assumptions(mission: &Mission, args: &Asking) -> Result<WeekAssumptions> {
    let figures = mission.week_figures.values().next();
    let Some(figures) = figures else { return Ok(WeekAssumptions::default()) };
    let known = |what: &str, id: &str, all: Vec<&str>| {
        ensure!(all.contains(&id), "there is no {what} {id:?}; the figures of the week have: {}", all.join(", "));
        Ok(())
    };
    let mut personnel = BTreeMap::new();
    for text in &args.personnel {
        let parts = text.split_once('=').and_then(|(id, people)| Some((id, people.parse::<u32>().ok()?)));
        let Some((id, people)) = parts else { bail!("--personnel is {text:?}; write it as CONTINGENT=N") };
        known("contingent", id, figures.contingents.iter().map(|crew| crew.id.as_str()).collect())?;
        personnel.insert(id.to_owned(), people);
    }
    let site = |id: &String| match mission.sites.get(id) {
        Some(site) => Ok(site.value.id.clone()),
        None => Err(anyhow!("there is no site {id:?}; konbit export DIR sites lists them")),
    };
    let base = |id: &String| match mission.bases.get(id) {
        Some(base) => Ok(base.value.id.clone()),
        None => Err(anyhow!("there is no base {id:?}; konbit export DIR bases lists them")),
    };
    let patrol = |id: &String| {
        known("patrol", id, figures.patrols.iter().map(|patrol| patrol.id.as_str()).collect())?;
        let held = figures.patrols.iter().find(|patrol| patrol.id.as_str() == id);
        Ok(held.expect("it is known").id.clone())
    };
    Ok(WeekAssumptions {
        alpha_ppm: args.alpha.map(alpha_ppm).transpose()?,
        personnel,
        lost_sites: args.lost_site.iter().map(site).collect::<Result<_>>()?,
        lost_bases: args.lost_base.iter().map(base).collect::<Result<_>>()?,
        lost_patrols: args.lost_patrol.iter().map(patrol).collect::<Result<_>>()?,
    })
}

fn plan(args: &PlanArgs) -> Result<Ended> {
    let desk = if args.adopt.is_some() { Desk::open(&args.dir)? } else { Desk::open_to_read(&args.dir)? };
    let mission = desk.snapshot()?.mission;
    let moment = desk.moment(&mission, Timestamp::now());
    let (assumptions, changes) =
        (assumptions(&mission, &args.asking)?, changes(&args.asking.changing)?.that_differ(&mission));
    // Before the plan is adopted: after it, the record has the figures.
    let lines = changes.lines(&mission);
    let spinner = output::spinner("making the roads and the roster ready");
    let prepared = desk.prepare_week_if(&mission, &assumptions, &changes, moment)?;
    let before = desk.week_in_force(&mission)?;
    let held = before.as_ref().filter(|_| !args.afresh);
    let held =
        held.map(|view| &view.document).filter(|held| konbit_desk::known_schedules(&prepared.week, held).is_some());
    spinner.set_message("planning the week");
    let (started, stop) = (Instant::now(), Stop::after(args.seconds)?);
    let should_stop = || stop.now();
    let progress = |at: Progress| {
        let gap = if at.value > 0.0 { 100.0 * (at.value - at.bound) / at.value } else { 0.0 };
        spinner.set_message(format!(
            "planning the week: {:.3} persons a week, bound {:.3}, gap {gap:.2} %; Ctrl-C keeps the best so far",
            at.value, at.bound
        ));
    };
    let watch = Watch { should_stop: &should_stop, progress: &progress };
    let PlannedWeek { mut document, conflict } =
        konbit_desk::planned_week_for(&prepared, held, args.asking.seed, &watch);
    document.seconds = started.elapsed().as_secs_f64();
    spinner.set_message("comparing and checking");
    let summary = konbit_desk::week_summary(&prepared.week, &document, before.as_ref());
    if let Some(path) = &args.output {
        write_durably(path, &document.to_bytes())?;
    }
    let mut adopted = None;
    if let (Some(reason), true) = (&args.adopt, document.value.is_some()) {
        let stamp = stamp(&args.acting.role);
        let after = desk.adopt_week_with(&document, &assumptions, &changes, reason, moment, &stamp)?;
        adopted = after.mission.week_in_force().map(|plan| plan.value.id.to_string());
    }
    spinner.finish_and_clear();
    let started_from =
        if held.is_some() { before.as_ref().map(|view| view.adopted.value.id.to_string()) } else { None };
    desk.close()?;
    let told = Told { summary, changed: change_lines(&lines), findings: prepared.left_out, started_from, adopted };
    match args.format.format {
        Format::Json => output::json(&json!({
            "summary": told.summary, "findings": told.findings, "started_from": told.started_from,
            "adopted": told.adopted,
            "conflict": conflict.map(|(slot, demands)| json!({
                "slot": slot,
                "demands": demands.iter().map(|(demand, site)| json!({ "demand": demand.word(), "site": site })).collect::<Vec<_>>(),
            })),
        }))?,
        Format::Text => output::text(&plan_text(&mission, &told, args))?,
    }
    Ok(if document.value.is_some() { Ended::Well } else { Ended::Badly })
}

/// What planning tells the user.
struct Told {
    summary: WeekSummary,
    changed: String,
    findings: Vec<Finding>,
    started_from: Option<String>,
    adopted: Option<String>,
}

fn plan_text(mission: &Mission, told: &Told, args: &PlanArgs) -> String {
    let mut out = konbit_desk::week_plan_text(mission, &told.summary) + &told.changed;
    match &told.started_from {
        Some(plan) => out += &format!("planning started from plan {plan} in force\n"),
        None if told.summary.before.is_some() => {
            out +=
                if args.afresh { "planned afresh\n" } else { "planned afresh: the plan in force is for other lists\n" };
        }
        None => {}
    }
    if !told.findings.is_empty() {
        out += &format!("\n{}", output::findings(&told.findings));
    }
    if let Some(path) = &args.output {
        out +=
            &format!("\nwritten to {}; anyone checks it with: konbit check-plan {}\n", path.display(), path.display());
    }
    match (&told.adopted, &args.adopt) {
        (Some(plan), _) => {
            out += &format!(
                "\nplan {plan} is in force; slots that were drawn for keep what was drawn; next: konbit week draw {}\n",
                args.dir.display()
            );
        }
        (None, Some(_)) => out += "\nthere is no plan, so none was adopted\n",
        (None, None) => {}
    }
    out
}

/// Writes to a file, or to standard output.
pub fn put(path: Option<&Path>, bytes: &[u8]) -> Result<()> {
    match path {
        Some(path) => write_durably(path, bytes)?,
        None => output::text(&String::from_utf8_lossy(bytes))?,
    }
    Ok(())
}

pub fn pretty<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| anyhow!("cannot make {}: {error}", folder.display()))
}

fn roster(args: &RosterArgs) -> Result<Ended> {
    let desk = Desk::open_to_read(&args.dir)?;
    let mission = desk.snapshot()?.mission;
    let view = desk.week_in_force(&mission)?;
    let zone = zone(&mission, desk.config());
    desk.close()?;
    let view = view.ok_or_else(|| {
        anyhow!(
            "no plan of the week is in force, and the roster comes with it; run: konbit week plan {} --adopt REASON",
            args.dir.display()
        )
    })?;
    let now = Timestamp::now();
    let day = args.start.unwrap_or_else(|| now.to_zoned_datetime(zone.clone()).date());
    let monday = konbit_desk::monday_of(day);
    let sheets = konbit_desk::roster_sheets(&view.roster, monday)?;
    if let Some(folder) = &args.all_calendars {
        make_folder(folder)?;
        for sheet in &sheets {
            let calendar = konbit_desk::section_calendar(sheet, &zone, now)?;
            write_durably(&folder.join(format!("{}.ics", file_name(&sheet.section))), calendar.as_bytes())?;
        }
        output::text(&format!("{} calendars of the week from {monday} in {}", sheets.len(), folder.display()))?;
        return Ok(Ended::Well);
    }
    let bytes = match &args.section {
        Some(id) => {
            let at = sheets.iter().position(|sheet| sheet.section == *id).ok_or_else(|| {
                let first = sheets.first().map_or("", |sheet| sheet.section.as_str());
                anyhow!("there is no section {id:?} in the roster; konbit week roster lists them, {first} first")
            })?;
            let one = view.roster.sections[at].clone();
            match (args.calendar, args.format) {
                (true, _) => konbit_desk::section_calendar(&sheets[at], &zone, now)?.into_bytes(),
                (false, TableFormat::Text) => konbit_desk::section_text(&mission, &sheets[at]).into_bytes(),
                (false, TableFormat::Csv) => konbit_desk::section_csv(&one, &sheets[at]),
                (false, TableFormat::Json) => pretty(&sheets[at])?,
            }
        }
        None => match args.format {
            TableFormat::Text => konbit_desk::roster_text(&mission, &view.roster, &sheets).into_bytes(),
            TableFormat::Csv => konbit_desk::roster_csv(&view.roster, &sheets),
            TableFormat::Json => pretty(&json!({
                "plan": view.adopted.value.id, "value": view.roster.value, "bound": view.roster.bound,
                "sections": sheets, "seats": view.roster.seats, "uncovered": view.roster.uncovered,
            }))?,
        },
    };
    put(args.output.as_deref(), &bytes)?;
    Ok(Ended::Well)
}

/// An id as the name of a file.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

fn draw(dir: &Path, slots: Option<usize>, role: &str, format: Format) -> Result<Ended> {
    let most = konbit_desk::DRAWS_MAX;
    ensure!(slots.is_none_or(|slots| (1..=most).contains(&slots)), "--slots takes 1 to {most}");
    let desk = Desk::open(dir)?;
    let mission = desk.snapshot()?.mission;
    let day = mission.week_figures.values().next().map_or(1, |figures| figures.slots_of_day() as usize);
    let count = slots.unwrap_or(day);
    let key = desk.dir().draw_key_path();
    let new_key = !key.exists();
    let draws = desk.commit_draws(count, &entropy(), &stamp(role))?;
    let zone = zone(&mission, desk.config());
    desk.close()?;
    match format {
        Format::Json => output::json(&json!({ "draws": draws }))?,
        Format::Text => {
            let line = |draw: &Draw| {
                let local = draw.start.to_zoned_datetime(zone.clone());
                format!("  {}  {:14} {}\n", local.strftime("%a %F %H:%M"), draw.slot, draw.commitment)
            };
            let mut text = if draws.is_empty() {
                format!("the next {count} slots were drawn for already\n")
            } else {
                format!("committed to {} draws; what they are becomes known after each slot\n", draws.len())
            };
            text += &draws.iter().map(line).collect::<String>();
            if new_key && !draws.is_empty() {
                text += &format!(
                    "the key of the draws was made: {}; whoever has it knows every draw in advance, and without it nothing can be revealed: keep one copy in a safe place\n",
                    key.display()
                );
            }
            output::text(&text)?;
        }
    }
    Ok(Ended::Well)
}

fn reveal(dir: &Path, role: &str, format: Format) -> Result<Ended> {
    let desk = Desk::open(dir)?;
    let done = desk.reveal_draws(&stamp(role))?;
    let zone = zone(&desk.snapshot()?.mission, desk.config());
    desk.close()?;
    match format {
        Format::Json => output::json(&json!({
            "draws": done.draws, "overrides": done.overrides, "kept": done.kept,
        }))?,
        Format::Text => {
            let mut text = format!("revealed {} draws and {} overrides\n", done.draws.len(), done.overrides);
            for draw in &done.draws {
                let schedule = draw.revealed.as_ref().map_or(0, |revealed| revealed.schedule + 1);
                let local = draw.start.to_zoned_datetime(zone.clone());
                text += &format!("  {}  {:14} schedule {schedule}\n", local.strftime("%a %F %H:%M"), draw.slot);
            }
            for why in &done.kept {
                text += &format!("not revealed: {why}\n");
            }
            output::text(&text)?;
        }
    }
    Ok(if done.kept.is_empty() { Ended::Well } else { Ended::Badly })
}

fn draws(dir: &Path, files: Option<&Path>, format: Format) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let mission = desk.snapshot()?.mission;
    let rows = konbit_desk::draw_rows(&mission, desk.check_draws(&mission)?, Timestamp::now());
    let zone = zone(&mission, desk.config());
    if let Some(folder) = files {
        make_folder(folder)?;
        write_durably(&folder.join("draws.csv"), &konbit_desk::draws_csv(&rows))?;
        let mut plans: Vec<&str> = rows.iter().map(|row| row.draw.plan.as_str()).collect();
        plans.sort_unstable();
        plans.dedup();
        for plan in plans {
            write_durably(&folder.join(format!("week-{plan}.json")), &desk.week_plan_file(&mission, plan)?)?;
        }
    }
    desk.close()?;
    let bad = rows.iter().filter(|row| row.state == DrawState::DoesNotHold).count();
    match format {
        Format::Json => output::json(&json!({ "draws": rows, "do_not_hold": bad }))?,
        Format::Text if rows.is_empty() => {
            output::text(&format!("nothing was drawn yet; run: konbit week draw {}", dir.display()))?;
        }
        Format::Text => {
            let count = |state| rows.iter().filter(|row| row.state == state).count();
            output::text(&format!(
                "{}{} draws: {} revealed and hold, {bad} do not hold, {} to be revealed\n",
                konbit_desk::draws_text(&rows, &zone),
                rows.len(),
                count(DrawState::Revealed),
                count(DrawState::Due)
            ))?;
        }
    }
    Ok(if bad == 0 { Ended::Well } else { Ended::Badly })
}

fn sheet(dir: &Path, slot: &str, section: Option<&str>, format: TableFormat, output: Option<&Path>) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let mission = desk.snapshot()?.mission;
    let now = Timestamp::now();
    let draw = desk.draw_named(&mission, slot, now).map_err(anyhow::Error::msg)?;
    let drawn = desk.drawn_slot(&mission, draw)?;
    let mut sheet = desk.sheet(&mission, &drawn);
    desk.close()?;
    if let Some(section) = section {
        let known = drawn.plan.roster.sections.iter().any(|held| held.id == section);
        ensure!(known, "there is no section {section:?} in the roster; konbit week roster lists them");
    }
    let ended = drawn.draw.end <= now;
    let bytes = match format {
        TableFormat::Text => konbit_desk::slot_sheet_text(&mission, &drawn, &sheet, section, ended).into_bytes(),
        TableFormat::Csv => konbit_desk::slot_sheet_csv(&mission, &sheet, section, ended),
        TableFormat::Json => {
            sheet.sections.retain(|duty| section.is_none_or(|section| section == duty.section));
            pretty(&json!({
                "not_for_publication_before": drawn.draw.end, "draw": drawn.draw.id, "plan": drawn.draw.plan,
                "schedule": drawn.number + 1, "sheet": sheet,
            }))?
        }
    };
    put(output, &bytes)?;
    Ok(Ended::Well)
}

fn change(args: &OverrideArgs) -> Result<Ended> {
    let desk = if args.price_only { Desk::open_to_read(&args.dir)? } else { Desk::open(&args.dir)? };
    let mission = desk.snapshot()?.mission;
    let now = Timestamp::now();
    let moves = args.moves.iter().map(|text| konbit_desk::parse_move(text)).collect::<Result<Vec<_>, _>>();
    let moves = moves.map_err(anyhow::Error::msg)?;
    let draw = desk.draw_named(&mission, &args.slot, now).map_err(anyhow::Error::msg)?;
    let drawn = desk.drawn_slot(&mission, draw)?;
    let priced = desk.price_moves(&drawn, &moves)?;
    let mut recorded = None;
    if let (false, Some(reason)) = (args.price_only, &args.reason) {
        let after = desk.override_slot(&drawn, moves.clone(), reason, &stamp(&args.acting.role))?;
        let held = after.mission.overrides.iter().filter(|change| change.value.draw == drawn.draw.id);
        recorded = held.max_by_key(|change| change.entries.first().copied()).map(|change| change.value.clone());
    }
    desk.close()?;
    match args.output.format {
        Format::Json => {
            let data = &drawn.plan.document.problem;
            let site = |&(at, site, change): &(usize, usize, f64)| {
                json!({
                    "slot": data.slots[at].id, "site": data.sites[site].id,
                    "before": priced.price.before.protection[at][site], "change": change,
                })
            };
            output::json(&json!({
                "recorded": recorded, "value_more": priced.price.value_more,
                "worst_more": priced.price.worst_more, "forecast_more": priced.price.forecast_more,
                "sites": priced.price.sites.iter().map(site).collect::<Vec<_>>(), "unmet": priced.unmet,
            }))?;
        }
        Format::Text => {
            let mut text = konbit_desk::price_text(&mission, &drawn, &moves, &priced);
            text += &match recorded {
                Some(held) => format!(
                    "recorded as override {}; its moves become known after the slot; new sheet: konbit week sheet {} --slot {}\n",
                    held.id,
                    args.dir.display(),
                    drawn.draw.id
                ),
                None => "only priced; nothing was recorded\n".to_owned(),
            };
            output::text(&text)?;
        }
    }
    Ok(Ended::Well)
}

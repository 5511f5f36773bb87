//! The commands, one function each: read what the user named, ask the desk, print.

use crate::Ended;
use crate::args::Format;
use crate::files::read_limited;
use crate::{output, roads};
use anyhow::{Result, anyhow, ensure};
use jiff::Timestamp;
use konbit_base::Severity;
use konbit_desk::{Config, Desk, Entropy, Example, Form, ImportReport, NamedFile, Stamp};
use konbit_exchange::import::ImportKind;
use konbit_plan_check::Report;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest plan file that is read, bytes.
pub const PLAN_FILE_BYTES_MAX: u64 = 256 << 20;
/// Largest file of votes or of one text that is read, bytes.
const COUNCIL_FILE_BYTES_MAX: u64 = 64 << 20;

pub fn stamp(role: &str) -> Stamp {
    Stamp::new(Timestamp::now(), role, entropy())
}

/// Thirty-two bytes from the operating system's generator.
pub fn entropy() -> Entropy {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives entropy");
    bytes
}

/// Makes a mission directory filled with an example.
pub fn init_example(path: &Path, example: &Example, stamp: &Stamp) -> Result<Desk> {
    let desk = Desk::init(path, &Config::named(example.name), &entropy())?;
    for report in desk.import_all(&example.batches(), stamp)? {
        ensure!(
            report.usable && !report.has_errors(),
            "the example's {} cannot be imported: {}",
            report.kind,
            output::findings(&report.findings)
        );
    }
    Ok(desk)
}

pub fn init(dir: &Path, example: Option<&str>, name: &str, format: Format) -> Result<Ended> {
    let desk = match example {
        Some(example) => {
            let example = konbit_desk::example(example).map_err(anyhow::Error::msg)?;
            init_example(dir, example, &stamp("operator"))?
        }
        None => Desk::init(dir, &Config::named(name), &entropy())?,
    };
    let head = desk.snapshot()?.head;
    desk.close()?;
    match format {
        Format::Json => output::json(&json!({ "dir": dir, "entries": head.size, "root": head.root }))?,
        Format::Text => output::text(&format!(
            "{} is ready, with {} entries; next: konbit import {} sites FILE, or konbit serve {}",
            dir.display(),
            head.size,
            dir.display(),
            dir.display()
        ))?,
    }
    Ok(Ended::Well)
}

pub fn import(dir: &Path, kind: &str, files: &[PathBuf], role: &str, format: Format) -> Result<Ended> {
    let kind = ImportKind::parse(kind).ok_or_else(|| {
        let kinds: Vec<&str> = ImportKind::ALL.iter().map(|kind| kind.name()).collect();
        anyhow!("{kind:?} is not a kind of data; kinds: {}", kinds.join(", "))
    })?;
    let desk = Desk::open(dir)?;
    let report = match files {
        [path] if kind == ImportKind::Roads && roads::is_extract(path) => roads::import(&desk, path, &stamp(role))?,
        _ => {
            let read = |path: &PathBuf| read_limited(path, kind.bytes_max());
            let files = files.iter().map(read).collect::<Result<Vec<NamedFile>>>()?;
            let spinner = output::spinner(&format!("importing {}", kind.name()));
            let report = desk.import(kind, &files, &stamp(role))?;
            spinner.finish_and_clear();
            report
        }
    };
    desk.close()?;
    match format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(&import_text(&report))?,
    }
    Ok(if report.usable && !report.has_errors() { Ended::Well } else { Ended::Badly })
}

fn import_text(report: &ImportReport) -> String {
    let outcome = if report.usable {
        format!("{}: {} added, {} updated, {} unchanged", report.kind, report.added, report.updated, report.unchanged)
    } else {
        format!("{}: nothing was imported", report.kind)
    };
    format!("{}{outcome}; {}\n", output::findings(&report.findings), output::count(&report.findings))
}

pub fn withdraw(dir: &Path, subject: &str, id: &str, reason: &str, role: &str, format: Format) -> Result<Ended> {
    let desk = Desk::open(dir)?;
    let head = desk.withdraw(subject, id, reason, &stamp(role))?.head;
    desk.close()?;
    let entry = head.size - 1;
    match format {
        Format::Json => output::json(&json!({ "subject": subject, "id": id, "entry": entry }))?,
        Format::Text => {
            output::text(&format!("{subject} {id} stands no more (entry {entry}); importing it again brings it back"))?;
        }
    }
    Ok(Ended::Well)
}

pub fn check(dir: &Path, format: Format) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let mission = desk.snapshot()?.mission;
    let moment = desk.moment(&mission, Timestamp::now());
    let mut findings = konbit_desk::check(&mission, &desk.travel(&mission, moment)?, moment);
    for finding in desk.check_week(&mission, moment)? {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    desk.close()?;
    match format {
        Format::Json => output::json(&json!({ "findings": findings }))?,
        Format::Text => output::text(&format!("{}{}\n", output::findings(&findings), output::count(&findings)))?,
    }
    let worst = findings.iter().map(|finding| finding.severity).max();
    Ok(if worst == Some(Severity::Error) { Ended::Badly } else { Ended::Well })
}

pub fn check_plan(file: &Path, format: Format) -> Result<Ended> {
    let file = read_limited(file, PLAN_FILE_BYTES_MAX)?;
    match konbit_plan_check::check(&file.bytes) {
        Ok(report) => {
            match format {
                Format::Json => output::json(&json!({
                    "ok": true,
                    "file": file.name,
                    "value": report.value(),
                    "bound": report.bound(),
                    "problem_hash": report.problem_hash,
                    "checked": report.checked,
                    "not_checked": report.not_checked,
                }))?,
                Format::Text => output::text(&check_plan_text(&file.name, &report))?,
            }
            Ok(Ended::Well)
        }
        Err(refusal) => {
            match format {
                Format::Json => {
                    output::json(&json!({ "ok": false, "file": file.name, "reason": refusal.to_string() }))?;
                }
                Format::Text => output::text(&format!("{}: does not hold: {refusal}", file.name))?,
            }
            Ok(Ended::Badly)
        }
    }
}

fn check_plan_text(name: &str, report: &Report) -> String {
    let headline = match (report.value(), report.bound()) {
        (Some(value), Some(bound)) => format!(
            "{name}: holds: the plan has {value:.6} persons harmed a week, and no plan with this force is below {bound:.6}"
        ),
        _ => format!("{name}: holds: it claims no plan"),
    };
    let checked = report.checked.iter().map(|line| format!("  checked: {line}"));
    let not_checked = report.not_checked.iter().map(|line| format!("  not checked: {line}"));
    [headline].into_iter().chain(checked).chain(not_checked).collect::<Vec<_>>().join("\n")
}

pub fn replay(files: &[PathBuf], format: Format) -> Result<Ended> {
    let files =
        files.iter().map(|path| read_limited(path, COUNCIL_FILE_BYTES_MAX)).collect::<Result<Vec<NamedFile>>>()?;
    let replay = konbit_exchange::unsc_votes::replay_files(
        &files.into_iter().map(|file| (file.name, file.bytes)).collect::<Vec<_>>(),
    );
    match format {
        Format::Json => output::json(&replay)?,
        Format::Text => output::text(&replay.to_string())?,
    }
    let unread = replay.findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if replay.disagreements.is_empty() && !unread { Ended::Well } else { Ended::Badly })
}

pub fn export(dir: &Path, kind: &str, geojson: bool, output: Option<&Path>) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let exported = desk.export_at(kind, if geojson { Form::GeoJson } else { Form::Table }, Timestamp::now())?;
    desk.close()?;
    match output {
        Some(path) => konbit_desk::write_durably(path, &exported)?,
        None => std::io::Write::write_all(&mut std::io::stdout().lock(), &exported)?,
    }
    Ok(Ended::Well)
}

pub fn verify(dir: &Path, format: Format) -> Result<Ended> {
    let spinner = output::spinner("verifying the record");
    let report = konbit_desk::verify(dir)?;
    spinner.finish_and_clear();
    match format {
        Format::Json => output::json(&report)?,
        Format::Text => {
            let problems = report.problems.iter().map(|problem| format!("does not match: {}", problem.sentence));
            let root = report.root.map_or_else(|| "unknown".to_owned(), |root| root.to_string());
            let outcome = match (report.ok, report.first_bad) {
                (true, _) => format!("the record holds: {} entries, root {root}", report.entries),
                (false, Some(ix)) => format!("the record does not hold; the first entry that does not match is {ix}"),
                (false, None) => "the record does not hold; no entry is to blame".to_owned(),
            };
            let covered = format!("covered: {}", report.covered.join("; "));
            let gaps = report.not_covered.iter().map(|gap| format!("not covered: {gap}"));
            let text = problems.chain([outcome, covered]).chain(gaps).collect::<Vec<_>>().join("\n");
            output::text(&text)?;
        }
    }
    Ok(if report.ok { Ended::Well } else { Ended::Badly })
}

//! `konbit cosign`: which witnesses have to cosign, asking them, keeping what they answered, how fresh they are.

use crate::args::{CosignCommand, Format};
use crate::cosigning::{Asked, ask_once};
use crate::files::read_limited;
use crate::outsider::{bears_text, hand_out};
use crate::{Ended, output};
use anyhow::{Result, bail};
use jiff::Timestamp;
use konbit_desk::{Desk, Published, WitnessView};
use serde_json::json;
use std::path::Path;

/// Largest answer of a witness or policy that is read, bytes.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// `konbit cosign ...`.
pub fn cosign(command: &CosignCommand) -> Result<Ended> {
    match command {
        CosignCommand::Policy { dir, file } => policy(dir, file),
        CosignCommand::Ask { dir, witnesses, output } => ask(dir, witnesses, output.format),
        CosignCommand::Request { dir, witness, old, output, qr } => {
            let desk = Desk::open_to_read(dir)?;
            let witness = witness.as_deref().map(|name| desk.witness_named(name)).transpose()?;
            let request = desk.cosign_request(witness.as_ref().map(|witness| &witness.key), *old)?;
            desk.close()?;
            hand_out(&request.to_string(), output.as_deref(), *qr)?;
            Ok(Ended::Well)
        }
        CosignCommand::Keep { dir, answers } => {
            let desk = Desk::open_to_read(dir)?;
            for path in answers {
                let (name, size) = desk.keep_answer(&read_limited(path, TEXT_BYTES_MAX)?.bytes)?;
                output::text(&format!("{name} has cosigned {size} entries"))?;
            }
            desk.close()?;
            Ok(Ended::Well)
        }
        CosignCommand::Status { dir, output } => {
            let desk = Desk::open_to_read(dir)?;
            let published = desk.published()?;
            desk.close()?;
            match output.format {
                Format::Json => output::json(&json!({
                    "key": published.key, "signed_size": published.signed_size, "rule": published.rule,
                    "vouched_size": published.vouched_size, "witnesses": published.witnesses,
                }))?,
                Format::Text => output::text(&status_text(&published))?,
            }
            Ok(Ended::Well)
        }
    }
}

fn policy(dir: &Path, file: &Path) -> Result<Ended> {
    let bytes = read_limited(file, TEXT_BYTES_MAX)?.bytes;
    let desk = Desk::open_to_read(dir)?;
    let policy = desk.set_policy(&bytes)?;
    desk.close()?;
    output::text(&format!("heads count as vouched for when cosigned by {}; {}", policy.rule(), bears_text(&policy)))?;
    Ok(Ended::Well)
}

fn ask(dir: &Path, names: &[String], format: Format) -> Result<Ended> {
    let desk = Desk::open_to_read(dir)?;
    let witnesses = if names.is_empty() {
        desk.witnesses()?.into_iter().filter(|witness| witness.url.is_some()).collect()
    } else {
        names.iter().map(|name| desk.witness_named(name)).collect::<Result<Vec<_>, _>>()?
    };
    if witnesses.is_empty() {
        bail!(
            "no witness has an address: put a policy in force that names one (konbit cosign policy), or carry a request \
             by hand (konbit cosign request)"
        );
    }
    let asked = ask_once(desk, &witnesses)?;
    match format {
        Format::Json => {
            let one = |(name, asked): &(String, Asked)| match asked {
                Asked::Cosigned(size) => json!({ "witness": name, "cosigned": size }),
                Asked::Not(why) => json!({ "witness": name, "cosigned": null, "why": why }),
            };
            output::json(&json!({ "asked": asked.iter().map(one).collect::<Vec<_>>() }))?;
        }
        Format::Text => {
            for (name, asked) in &asked {
                output::text(&match asked {
                    Asked::Cosigned(size) => format!("{name} has cosigned {size} entries"),
                    Asked::Not(why) => format!("{name} has not cosigned: {why}"),
                })?;
            }
        }
    }
    let all_cosigned = asked.iter().all(|(_, asked)| matches!(asked, Asked::Cosigned(_)));
    Ok(if all_cosigned { Ended::Well } else { Ended::Badly })
}

fn status_text(published: &Published) -> String {
    let known = |size: Option<u64>| size.map_or_else(|| "none".to_owned(), |size| format!("{size} entries"));
    let mut text = format!(
        "signed: {}; vouched for: {}; rule: {}\n",
        known(published.signed_size),
        known(published.vouched_size),
        published.rule.as_deref().unwrap_or("no policy yet"),
    );
    for witness in &published.witnesses {
        text += &format!("  {}: {}\n", witness.name, freshness(witness, published.signed_size));
    }
    text
}

fn freshness(witness: &WitnessView, signed: Option<u64>) -> String {
    let reached = witness.url.as_deref().map_or("by hand".to_owned(), |url| format!("at {url}"));
    let Some((size, time)) = witness.cosigned else { return format!("has not cosigned yet ({reached})") };
    let at = i64::try_from(time).ok().and_then(|time| Timestamp::from_second(time).ok());
    let when = at.map_or_else(|| "at an unknown time".to_owned(), |at| format!("on {at} by its clock"));
    let behind = match signed.map_or(0, |signed| signed.saturating_sub(size)) {
        0 => String::new(),
        behind => format!(", {behind} fewer than are signed"),
    };
    format!("cosigned {size} entries{behind}, {when} ({reached})")
}

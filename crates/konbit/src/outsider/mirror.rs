//! `konbit mirror`: copy a log, check the copy, serve it.

use super::args::MirrorArgs;
use super::words;
use crate::args::Format;
use crate::{Ended, output, serve};
use anyhow::Result;
use jiff::Timestamp;
use konbit_witness::{Copied, Mirror, MirrorError, mirror_router};
use serde_json::json;

/// `konbit mirror URL DIR`.
pub fn mirror(args: &MirrorArgs) -> Result<Ended> {
    let ended = match (copy(args), &args.serve) {
        (Ok(copied), _) => told(args, &copied)?,
        // When the log is away, or shows something else, is when a mirror is needed.
        (Err(error), Some(_)) if args.dir.join("checkpoint").exists() => {
            eprintln!("konbit: {error}; serving what was mirrored before");
            Ended::Badly
        }
        (Err(error @ (MirrorError::Forked { .. } | MirrorError::Tile { .. })), _) => refused(args, &error)?,
        (Err(error), _) => return Err(error.into()),
    };
    let Some(address) = &args.serve else { return Ok(ended) };
    let router = mirror_router(args.dir.clone());
    serve::listen(address, |listener, stop| konbit_witness::serve(listener, router, stop))?;
    Ok(ended)
}

fn copy(args: &MirrorArgs) -> Result<Copied, MirrorError> {
    let mirror = Mirror::open(&args.dir, &args.url, args.key.as_deref())?;
    let spinner = output::spinner("asking for the head of the record");
    let done = mirror.update(Timestamp::now(), &mut |step| {
        spinner.set_message(format!("copying and checking tile {} of {}", step.done, step.total));
    });
    spinner.finish_and_clear();
    done
}

fn told(args: &MirrorArgs, copied: &Copied) -> Result<Ended> {
    let Copied { head, size_before, tiles_fetched, bundles_fetched, older } = copied;
    match args.output.format {
        Format::Json => output::json(&json!({
            "entries": head.size, "root": words::hex(&head.root), "before": size_before,
            "tiles_fetched": tiles_fetched, "bundles_fetched": bundles_fetched, "older": older,
        }))?,
        Format::Text => {
            let mut text = format!(
                "{} has {}, {size_before} of them from before; {tiles_fetched} tiles and {bundles_fetched} bundles of \
                 entries were fetched, and all of it leads to the signed root {}",
                args.dir.display(),
                words::entries(head.size),
                words::hex(&head.root)
            );
            if let Some(older) = older {
                text += &format!(
                    "\nthe log shows an older head now, of {}: it belongs to the same history, so either an old copy \
                     is served on the way, or the log has lost entries; ask its keeper",
                    words::entries(*older)
                );
            }
            output::text(&text)?;
        }
    }
    Ok(if older.is_none() { Ended::Well } else { Ended::Badly })
}

fn refused(args: &MirrorArgs, error: &MirrorError) -> Result<Ended> {
    match args.output.format {
        Format::Json => {
            let evidence = match error {
                MirrorError::Forked { evidence, .. } => Some(evidence),
                _ => None,
            };
            output::json(&json!({ "refused": error.to_string(), "evidence": evidence }))?;
        }
        Format::Text => output::text(&format!("refused: {error}"))?,
    }
    Ok(Ended::Badly)
}

//! The page of a witness: who it is, what it cosigned last, and what evidence it keeps.

use crate::evidence::{Evidence, FILES};
use crate::witness_dir::{LogView, WitnessDir};
use jiff::Timestamp;
use konbit_base::Digest;
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}code{font-size:.85em;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ccc}\
td.number,th.number{text-align:right}.alarm{border-left:.3rem solid #a00;padding-left:.8rem}\
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}a{color:#9cf}}";

/// The page, as HTML.
pub fn page(witness: &WitnessDir, evidence: &[Evidence], now: Timestamp) -> String {
    let key = witness.verifier();
    let logs = witness.logs();
    let (proofs, unproven): (Vec<_>, Vec<_>) = evidence.iter().partition(|piece| piece.kind.is_proof());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Witness " (key.name()) }
                style { (STYLE) }
            }
            body {
                h1 { "Witness " (key.name()) }
                p {
                    "This witness cosigns the head of a record only if the record still begins with the entries it \
                    cosigned before. It reads no entry, and says nothing about whether an entry is true."
                }
                p { "Its public key, for policies: " br; code { (key) } }
                @if !proofs.is_empty() {
                    div.alarm {
                        h2 { "Two histories" }
                        p { "These files prove, to anyone, that a log showed two histories." }
                        (pieces(&proofs))
                    }
                }
                h2 { "Logs" }
                (table(&logs, now))
                @if !unproven.is_empty() {
                    h2 { "Heads that came without a proof that holds" }
                    p {
                        "Anyone can send a signed head with a wrong proof, so this alone shows nothing. A log that \
                        cannot give a proof that holds has two histories: ask it for one."
                    }
                    (pieces(&unproven))
                }
            }
        }
    }
    .into_string()
}

fn table(logs: &[LogView], now: Timestamp) -> Markup {
    html! {
        @if logs.is_empty() {
            p { "It knows no log yet. Whoever runs it adds one with " code { "konbit witness add-log DIR VKEY" } "." }
        } @else {
            table {
                thead { tr { th { "log" } th.number { "entries" } th { "root" } th { "cosigned" } } }
                tbody {
                    @for log in logs {
                        tr {
                            td { (log.origin) }
                            @match &log.latest {
                                Some((checkpoint, time)) => {
                                    td.number { (checkpoint.head().size) }
                                    td { a href={ "/logs/" (log.id) } { code { (Digest(checkpoint.head().root)) } } }
                                    td { (when(*time)) br; (age(*time, now)) }
                                }
                                None => { td.number { "none" } td {} td { "never" } }
                            }
                        }
                        @if let Some(why) = &log.stopped { tr { td colspan="4" { div.alarm { (why) } } } }
                    }
                }
            }
        }
    }
}

fn pieces(pieces: &[&Evidence]) -> Markup {
    html! {
        ul {
            @for piece in pieces {
                li {
                    (piece.origin) ", " (piece.kind.word()) ": "
                    @if let Some(first) = piece.sizes.0 { (first) " entries, then " }
                    (piece.sizes.1) " entries: "
                    @for (ix, file) in FILES.iter().filter(|file| **file != "first.txt" || piece.sizes.0.is_some()).enumerate() {
                        @if ix > 0 { ", " }
                        a href={ "/evidence/" (piece.name) "/" (file) } { (file) }
                    }
                }
            }
        }
    }
}

/// A time of a cosignature, in words.
fn when(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("second {seconds} since 1970"), |time| time.to_string())
}

fn age(seconds: u64, now: Timestamp) -> String {
    let Some(passed) = u64::try_from(now.as_second()).ok().and_then(|now| now.checked_sub(seconds)) else {
        return "by a clock ahead of this one".to_owned();
    };
    match passed {
        0..120 => format!("{passed} seconds ago"),
        120..7_200 => format!("{} minutes ago", passed / 60),
        7_200..172_800 => format!("{} hours ago", passed / 3_600),
        _ => format!("{} days ago", passed / 86_400),
    }
}

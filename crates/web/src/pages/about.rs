//! What this is, what it cannot do yet, where its facts and its parts come from.

use crate::assets::asset_url;
use crate::format;
use crate::layout::{View, entries_link, source};
use maud::{Markup, html};

/// `/about`.
pub fn about(view: &View<'_>) -> Markup {
    let mission = view.mission;
    html! {
        p.lead {
            "Konbit is the system of a multinational security mission that the Security Council has authorised and that Member States carry out: "
            "from the vote, through the people and the money, to the sites that are protected. "
            "Its name is Haitian Creole for people joining to do together what one alone cannot."
        }
        @if let Some(disclaimer) = mission.declared().and_then(|declared| declared.disclaimer.as_deref()) { p { strong { (disclaimer) } } }
        section {
            h2 { "How to read it" }
            ul {
                li { "Everything shown is derived from an append-only record. A figure that is underlined leads to the entries behind it." }
                li { "A row marked " span.mark { "unverified" } " rests on memory or on a source that is not stated; nobody has read a source for it." }
                li { "A dash means that something is not known. It never means zero." }
                li { "A plan comes with its value, a proven bound, its seed and the hash of the problem it solves, so that anyone can check it: " code { "konbit check-plan FILE" } "." }
            }
        }
        section {
            h2 { "What it cannot do yet" }
            ul {
                li { "Travel times are great-circle distances times a stated factor at a stated speed; a road network is not routed yet." }
                li { "A plan has one slot: it does not know hours of the day, shifts or rosters, and it has no patrols." }
                li { "There are no accounts: whoever reaches the address can read everything and adopt a plan. Keep the address on your own machine or network." }
                li { "Heads of the record are not signed and not witnessed by others." }
                li { "Complaints, vetting, joint operations, elections and reports to the Council are not there yet." }
                li { "Incidents are what was reported in public; places where nobody reports look calm. The plan inherits that." }
            }
        }
        section {
            h2 { "Sources and licences" }
            ul {
                @for layer in mission.layers.iter() {
                    li {
                        "Map layer " strong { (layer.value.kind.name()) } ": " (source(&layer.value.source)) " " (entries_link(&layer.entries, "layer", layer.value.kind.name())) "."
                        @if let Some(notice) = &layer.value.notice { " " (notice) }
                    }
                }
                @for import in mission.imports.iter() {
                    li { "File " code { (import.value.file) } ", " (format::count(import.value.added)) " records added, " (format::plural(import.value.findings.len(), "finding", "findings")) " " (entries_link(&import.entries, "import", import.value.id.as_str())) }
                }
                li { "Rows that derive from OpenStreetMap: © OpenStreetMap contributors, Open Database License 1.0, " a href="https://opendatacommons.org/licenses/odbl/1-0/" rel="noopener noreferrer external" { "opendatacommons.org" } "." }
                li { "Outlines from Natural Earth are in the public domain." }
                li { "The vector map is drawn by MapLibre GL JS: " a href=(asset_url("maplibre-gl-LICENSE.txt")) { "its licence and those of its parts" } "." }
                li { "Konbit itself is under the Apache License 2.0." }
            }
        }
        section {
            h2 { "Keyboard, paper, slow links" }
            ul {
                li { kbd { "Tab" } " moves through links and fields; the first one on each page skips to the content. Tables that are wider than the screen can be focused and scrolled with the arrow keys." }
                li { "On the map, arrow keys move, " kbd { "+" } " and " kbd { "−" } " zoom. Everything on a map also stands in the table below it." }
                li { "All pages work without JavaScript; the map is then a drawing made by the server. No page asks any other host for anything." }
                li { "Pages print without navigation; tables keep their heads on every sheet." }
                li { "Most pages are also JSON: add " code { "?format=json" } "." }
            }
        }
    }
}

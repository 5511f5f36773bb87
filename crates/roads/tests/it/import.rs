//! Importing roads: OpenStreetMap, node and arc files, Konbit's own tables; the encoded file.

mod encoded;
mod files;
mod hostile;
mod rules;
mod writer;

use konbit_roads::network::{Access, Network};
use konbit_roads::osm::{ImportError, Imported, import};
use std::fmt::Write as _;
use std::io::Cursor;
use std::ops::ControlFlow;

/// Imports bytes without looking at the progress.
pub fn read(bytes: &[u8]) -> Result<Imported, ImportError> {
    import(Cursor::new(bytes), "test.osm", &mut |_| ControlFlow::Continue(()))
}

/// A network in words; see [`writer`] for where the numbers of nodes come from.
///
/// `1-2-3 primary m> f=` is a link from node 1 over 2 to 3 that vehicles may use forward and
/// people on foot both ways (`<` backward, `.` not at all). `node 2 m. f=` is a node that does
/// not let vehicles pass, `turn 1-2 2-3` a turn that is forbidden.
pub fn describe(network: &Network) -> String {
    let mut parts = Vec::new();
    for link in &network.links {
        let mut text = format!("{} {}", path(network, link), word(&link.class));
        let signs = |pick: fn(Access) -> bool| match (pick(link.forward), pick(link.backward)) {
            (true, true) => '=',
            (true, false) => '>',
            (false, true) => '<',
            (false, false) => '.',
        };
        write!(text, " m{} f{}", signs(|it| it.motor), signs(|it| it.foot)).unwrap();
        let surface = word(&link.surface);
        if surface != "unknown" {
            write!(text, " {surface}").unwrap();
        }
        if let Some(speed) = link.speed_kmh_max {
            write!(text, " {speed}").unwrap();
        }
        if let Some([forward, backward]) = link.given_ms {
            write!(text, " {forward}/{backward}ms").unwrap();
        }
        if let Some(name) = link.name {
            let names = &network.names[name as usize];
            write!(text, " {}", names.local).unwrap();
            for (language, name) in &names.by_language {
                write!(text, " {language}:{name}").unwrap();
            }
        }
        parts.push(text);
    }
    for node in &network.nodes {
        if !(node.passable.motor && node.passable.foot) {
            let sign = |open: bool| if open { '=' } else { '.' };
            let number = writer::number(node.position);
            parts.push(format!("node {number} m{} f{}", sign(node.passable.motor), sign(node.passable.foot)));
        }
    }
    for turn in &network.forbidden_turns {
        let [from, to] = [turn.from, turn.to].map(|link| path(network, &network.links[link as usize]));
        parts.push(format!("turn {from} {to}"));
    }
    parts.join("; ")
}

fn path(network: &Network, link: &konbit_roads::network::Link) -> String {
    let end = |node: u32| writer::number(network.nodes[node as usize].position);
    let course = link.course.iter().map(|position| writer::number(*position));
    let all = std::iter::once(end(link.from)).chain(course).chain(std::iter::once(end(link.to)));
    all.map(|number| number.to_string()).collect::<Vec<_>>().join("-")
}

/// A value as its files have it, such as `living-street`.
fn word<T: serde::Serialize>(value: &T) -> String {
    toml::Value::try_from(value).unwrap().as_str().unwrap().to_owned()
}

//! The worked example imports without an error.

use crate::files::errors;
use konbit_exchange::import::{Context, ImportKind, InputFile, read};
use konbit_mission::Mission;
use konbit_mission::council::{Cast, Outcome};
use konbit_mission::mandate::mandate;
use std::path::PathBuf;

fn example(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/haiti-2023").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file that becomes records, in the order of the example's manifest.
const FILES: [(ImportKind, &[&str]); 14] = [
    (ImportKind::Mission, &["mission.toml"]),
    (ImportKind::Resolution, &["resolution-2699.toml"]),
    (ImportKind::Votes, &["council_votes.csv"]),
    (ImportKind::Council, &["council.csv"]),
    (ImportKind::Obligations, &["obligations.csv"]),
    (ImportKind::Contributions, &["contributions.csv"]),
    (ImportKind::Outline, &["outline.geojson"]),
    (ImportKind::Towns, &["towns.csv"]),
    (ImportKind::Roads, &["road_nodes.csv", "roads.csv"]),
    (ImportKind::Planning, &["planning.toml"]),
    (ImportKind::Sites, &["sites.csv"]),
    (ImportKind::Bases, &["bases.csv"]),
    (ImportKind::Areas, &["areas.csv"]),
    (ImportKind::Incidents, &["incidents.csv"]),
];

/// The mission that the example makes; findings worse than a note fail the test.
pub fn mission() -> Mission {
    let mut mission = Mission::default();
    let mut entry = 0;
    for (kind, names) in FILES.into_iter().chain([(ImportKind::Totals, ["totals.csv"].as_slice())]) {
        let bytes: Vec<Vec<u8>> = names.iter().map(|name| example(name)).collect();
        let files: Vec<InputFile<'_>> =
            names.iter().zip(&bytes).map(|(name, bytes)| InputFile { name, bytes }).collect();
        let context = Context {
            planning: mission.planning.values().next(),
            resolutions: Some(&mission.resolutions),
            boundaries: None,
            zone: None,
        };
        let imported = read(kind, &files, &context);
        assert!(imported.usable && errors(&imported.findings).is_empty(), "{}: {:#?}", kind.name(), imported.findings);
        for finding in &imported.findings {
            println!("{finding}");
        }
        for event in imported.records {
            mission.apply(entry, event);
            entry += 1;
        }
    }
    mission
}

#[test]
fn the_example_imports_without_an_error() {
    let mission = mission();
    let declared = mission.declared().unwrap();
    assert_eq!((declared.host_name.as_str(), declared.lead_name.as_deref()), ("Haiti", Some("Kenya")));
    assert_eq!(mission.sites.len(), 469);
    assert!(mission.sites.values().all(|site| site.position.is_some()));
    assert_eq!(mission.bases.len(), 24);
    assert!(mission.incidents.len() >= 100, "{}", mission.incidents.len());
    assert_eq!(mission.towns.len(), 140);
    assert_eq!(mission.layers.len(), 1);
    let network = mission.road_network.values().next().unwrap();
    assert_eq!((network.nodes, network.links), (357, 427));
    assert!(network.notice.as_deref().unwrap().contains("ODbL"));
    assert_eq!(mission.layers.get("outline").unwrap().value.notice, None);
    let planning = mission.planning.values().next().unwrap();
    assert!(mission.sites.values().all(|site| planning.kinds.contains_key(&site.kind)));
    assert_eq!(
        (planning.personnel, planning.relief_factor_milli.best, planning.reaction_forces_max(150)),
        (1000, 4_700, 2)
    );
}

#[test]
fn the_resolution_of_the_example_has_paragraphs_and_votes_by_member() {
    let mission = mission();
    let resolution = &mission.authorisation().unwrap().value;
    assert_eq!(resolution.paragraphs.len(), 23);
    assert_eq!(resolution.operative(14).unwrap().points.len(), 2);
    let Cast::Votes { named, unnamed } = &resolution.vote.cast else { panic!("votes were cast") };
    assert_eq!((named.len(), unnamed.total()), (15, 0));
    assert!(matches!(resolution.vote.decide().outcome, Outcome::Adopted), "{:?}", resolution.vote.decide());
    let mandate = mandate(&resolution.id, resolution.vote.date, mission.obligations.values());
    assert_eq!(mandate.expires.unwrap().0.to_string(), "2024-10-02");
    assert_eq!(mandate.review.unwrap().0.to_string(), "2024-07-02");
}

#[test]
fn votes_imported_again_change_nothing() {
    let mission = mission();
    for (kind, name) in [(ImportKind::Votes, "council_votes.csv"), (ImportKind::Resolution, "resolution-2699.toml")] {
        let bytes = example(name);
        let context = Context { resolutions: Some(&mission.resolutions), ..Context::default() };
        let imported = read(kind, &[InputFile { name, bytes: &bytes }], &context);
        assert!(imported.records.iter().all(|event| mission.already_holds(event)), "{name}");
    }
}

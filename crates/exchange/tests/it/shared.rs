//! The real files of the shared data folder, with the counts measured in them.

use crate::files::{codes, errors};
use konbit_base::PlacePrecision;
use konbit_exchange::import::{Boundaries, Context, ImportKind, Imported, InputFile, read};
use konbit_mission::Event;
use konbit_mission::protection::{Category, Site};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[cfg(shared_data)]
fn shared(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("KONBIT_DATA_DIR")).join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(not(shared_data))]
fn shared(_: &str) -> Vec<u8> {
    unreachable!("the tests that call this are ignored without the shared data folder")
}

fn import(kind: ImportKind, path: &str, boundaries: Option<&Boundaries>) -> Imported {
    let bytes = shared(path);
    let context = Context { boundaries, ..Context::default() };
    read(kind, &[InputFile { name: path.rsplit('/').next().unwrap(), bytes: &bytes }], &context)
}

/// The counts of the codes, without the notes about columns.
fn found(imported: &Imported) -> BTreeMap<&str, usize> {
    let mut counts = codes(&imported.findings);
    counts.remove("columns-not-used");
    counts
}

fn sites(imported: &Imported) -> Vec<&Site> {
    imported.records.iter().filter_map(|event| if let Event::Site(site) = event { Some(site) } else { None }).collect()
}

fn communes() -> Boundaries {
    Boundaries::from_geojson(&shared("haiti/boundaries/hti_admbnda_adm2_cnigs_20181129_dv.json")).unwrap()
}

const HEALTH: &str = "haiti/health/haiti-healthsites_hdx.xlsx";

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn the_health_workbook_is_read_with_its_columns_trusted_where_there_are_no_boundaries() {
    let imported = import(ImportKind::Sites, HEALTH, None);
    // 3,813 rows below the HXL row: 730 with a name, 3,083 with communal sections only.
    let expect = [
        ("code-twice", 5),
        ("id-derived", 29),
        ("position-missing", 250),
        ("positions-shared", 1),
        ("rows-without-subject", 1),
    ];
    assert_eq!(found(&imported), BTreeMap::from(expect));
    let all = sites(&imported);
    assert_eq!((all.len(), all.iter().filter(|site| site.position.is_some()).count()), (730, 480));
    assert_eq!(all.iter().filter(|site| site.precision == PlacePrecision::Town).count(), 146);
    assert_eq!(
        (all[0].id.as_str(), all[0].kind.as_str(), all[0].name.as_str()),
        ("hdx-111607", "health_centre", "Centre de Santé Snelak")
    );
    // 49 Hôpital, 27 HCR, 7 HU, 7 HD, 1 Hôpital spécial.
    assert_eq!(all.iter().filter(|site| site.kind == "hospital").count(), 91);
    assert!(all.iter().all(|site| site.category == Category::Hospital && site.area.is_some()));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn with_boundaries_the_shifted_communes_of_the_health_workbook_are_put_right() {
    let communes = communes();
    let imported = import(ImportKind::Sites, HEALTH, Some(&communes));
    let expect = [
        ("code-twice", 5),
        ("commune-column-not-trusted", 1),
        ("id-derived", 29),
        ("position-far-off", 1),
        ("position-missing", 250),
        ("position-outside", 1),
        ("positions-shared", 1),
        ("rows-without-subject", 1),
    ];
    assert_eq!(found(&imported), BTreeMap::from(expect));
    let message = |code: &str| imported.findings.iter().find(|finding| finding.code == code).unwrap().to_string();
    assert!(
        message("position-far-off").contains(":37 [lat]: HUEH lies 103 km from Port-au-Prince (HT0111)"),
        "{}",
        message("position-far-off")
    );
    assert!(message("position-outside").contains("18.07790, -72.92010"), "{}", message("position-outside"));
    assert!(
        message("commune-column-not-trusted").contains("454 of 479 placed rows"),
        "{}",
        message("commune-column-not-trusted")
    );
    for site in sites(&imported) {
        let Some(at) = site.position else { continue };
        assert!(
            site.area.is_none() || communes.locate_or_shore(at) == site.area || site.name == "HCR de Port Salut",
            "{}",
            site.id
        );
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn boundaries_are_kept_with_codes_and_names_only() {
    for (level, count) in [(1, 10), (2, 140)] {
        let imported = import(
            ImportKind::Boundaries,
            &format!("haiti/boundaries/hti_admbnda_adm{level}_cnigs_20181129_dv.json"),
            None,
        );
        assert!(imported.usable && imported.findings.is_empty(), "{:#?}", imported.findings);
        let [Event::Layer(layer)] = imported.records.as_slice() else { panic!() };
        assert_eq!((layer.features, layer.kind.name()), (count, format!("boundaries-level{level}").as_str()));
        let kept = Boundaries::from_geojson(&imported.references[0].bytes).unwrap();
        assert_eq!((kept.len() as u64, u64::from(kept.level())), (count, level));
        assert!(!String::from_utf8_lossy(&imported.references[0].bytes).contains("Shape_Leng"));
    }
    let imported = import(ImportKind::Boundaries, "haiti/boundaries/hti_admbnda_adm2_cnigs_20181129.shp", None);
    assert!(!imported.usable && imported.findings[0].message.contains("shapefiles are not read"));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn schools_of_openstreetmap_carry_its_licence() {
    let imported = import(ImportKind::Sites, "haiti/schools/osm_schools_port_au_prince_excerpt.csv", None);
    let all = sites(&imported);
    assert_eq!((all.len(), found(&imported)), (38, BTreeMap::new()));
    assert!(all.iter().all(|site| site.category == Category::School
        && site.source.name.contains("ODbL")
        && site.id.as_str().starts_with("osm-")));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn the_layout_of_ucdp_is_read_with_and_without_its_hxl_row() {
    for (path, records, placed, expect) in [
        (
            "conflict/hdx_conflict_data_BGD_hxl.csv",
            601,
            583,
            vec![("position-country-only", 18), ("range-not-ordered", 1)],
        ),
        ("conflict/ucdp_ged_haiti_1999_2020_excerpt.csv", 36, 36, vec![]),
    ] {
        let imported = import(ImportKind::Incidents, path, None);
        let incidents: Vec<_> = imported
            .records
            .iter()
            .map(|event| if let Event::Incident(incident) = event { incident } else { panic!() })
            .collect();
        assert_eq!((incidents.len(), found(&imported)), (records, expect.into_iter().collect()), "{path}");
        assert_eq!(incidents.iter().filter(|incident| incident.position.is_some()).count(), placed, "{path}");
        assert!(
            incidents
                .iter()
                .all(|incident| incident.id.as_str().starts_with("ucdp-") && incident.source.reading.is_verified())
        );
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn the_compiled_facts_are_read_under_their_own_headings() {
    for (kind, file, records, expect) in [
        (ImportKind::Sites, "sites.csv", 469, vec![("positions-shared", 1)]),
        (ImportKind::Bases, "bases.csv", 24, vec![]),
        (ImportKind::Towns, "towns.csv", 140, vec![]),
        (ImportKind::Incidents, "incidents.csv", 269, vec![]),
        (ImportKind::Totals, "aggregates.csv", 206, vec![]),
        (ImportKind::Areas, "areas.csv", 60, vec![]),
        // Three rows state a requirement and one a withdrawal: none is a contribution.
        (ImportKind::Contributions, "contributions.csv", 123, vec![("status-unknown", 4)]),
        (ImportKind::Council, "council.csv", 80, vec![]),
        (ImportKind::Votes, "council_votes.csv", 12, vec![]),
        (ImportKind::Obligations, "obligations_2699.csv", 54, vec![]),
        (ImportKind::Obligations, "obligations_other.csv", 27, vec![]),
    ] {
        for boundaries in [None, Some(communes())] {
            let imported = import(kind, &format!("haiti/facts/{file}"), boundaries.as_ref());
            assert_eq!(
                (imported.records.len(), found(&imported)),
                (records, expect.iter().copied().collect()),
                "{file}: {:#?}",
                errors(&imported.findings)
            );
        }
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn samples_of_hxl_that_are_about_something_else_are_refused_or_give_findings() {
    // Every file of the HXL test folder, valid and invalid on purpose, read as every kind of table.
    let folder =
        PathBuf::from(option_env!("KONBIT_DATA_DIR").unwrap_or_default()).join("formats/hxl/tests/files/test_io");
    let mut read_files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for kind in [ImportKind::Sites, ImportKind::Incidents, ImportKind::Bases, ImportKind::Boundaries] {
            let imported = read(kind, &[InputFile { name: "sample", bytes: &bytes }], &Context::default());
            assert!(!imported.usable && !errors(&imported.findings).is_empty());
        }
        read_files += 1;
    }
    assert!(read_files >= 30, "{read_files}");
}

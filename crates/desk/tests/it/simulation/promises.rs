//! The documents that promise something name the tests that show it, and the tests are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The tests that a document names as `` `crate/path/file.rs::name` ``, under `crates/`.
fn named(text: &str) -> BTreeSet<(&str, &str)> {
    text.split('`').filter_map(|word| word.split_once(".rs::")).collect()
}

/// The tests of `names` that are not in the file they are said to be in.
fn absent<'a>(crates: &Path, names: &BTreeSet<(&'a str, &'a str)>) -> Vec<String> {
    let is_absent = |(file, test): &&(&str, &str)| {
        let text = fs::read_to_string(crates.join(format!("{file}.rs"))).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((before, _)) = text.split_once(&format!(" fn {test}(")) else { return true };
        // The attributes of the test stand between it and the item before it.
        !before.rsplit(['}', ';']).next().is_some_and(|attributes| attributes.contains("test]"))
    };
    names.iter().filter(is_absent).map(|(file, test)| format!("{file}.rs::{test}")).collect()
}

#[test]
fn every_test_that_the_documents_name_is_there() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let documents = crates.parent().unwrap().join("docs");
    for (document, least) in [("threat-model.md", 50), ("assurance.md", 10)] {
        let text = fs::read_to_string(documents.join(document)).unwrap();
        let names = named(&text);
        assert!(names.len() >= least, "{document} names {} tests", names.len());
        assert_eq!(absent(crates, &names), Vec::<String>::new(), "{document}");
    }
}

#[test]
fn a_name_without_a_test_is_found() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let here = "desk/tests/it/simulation/promises";
    let text =
        format!("`{here}.rs::a_name_without_a_test_is_found`, `{here}.rs::named`, `{here}.rs::none`, `no.rs::x`");
    let expect = [format!("{here}.rs::named"), format!("{here}.rs::none"), "no.rs::x".to_owned()];
    assert_eq!(absent(crates, &named(&text)), expect);
}

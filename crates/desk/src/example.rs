//! The worked examples, embedded in the binary, so that a laptop with nothing but the binary can
//! show them.

use crate::NamedFile;
use konbit_base::Digest;
use konbit_exchange::import::ImportKind;
use serde::Deserialize;

/// A worked example: the files to import, in order.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its name, such as `haiti-2023`.
    pub name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($dir:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../examples/", $dir, "/", $file)))),*]
    };
}

const EXAMPLES: &[Example] = &[Example {
    name: "haiti-2023",
    files: files!("haiti-2023":
        "mission.toml",
        "resolution-2699.toml",
        "council_votes.csv",
        "council.csv",
        "obligations.csv",
        "contributions.csv",
        "outline.geojson",
        "towns.csv",
        "road_nodes.csv",
        "roads.csv",
        "travel_profiles.toml",
        "sites.csv",
        "bases.csv",
        "areas.csv",
        "incidents.csv",
        "incident_sources.csv",
        "totals.csv",
        "planning.toml",
        "week.toml",
    ),
}];

/// The example of this name; the error names those there are.
pub fn example(name: &str) -> Result<&'static Example, String> {
    EXAMPLES.iter().find(|example| example.name == name).ok_or_else(|| {
        let names: Vec<&str> = EXAMPLES.iter().map(|example| example.name).collect();
        format!("there is no example {name:?}; there is: {}", names.join(", "))
    })
}

#[derive(Deserialize)]
struct Manifest {
    file: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    kind: String,
    path: Vec<String>,
}

impl Example {
    /// What to import, in order: the mission itself first, then the files its manifest lists.
    pub fn batches(&self) -> Vec<(ImportKind, Vec<NamedFile>)> {
        let manifest: Manifest = toml::from_str(self.text("mission.toml")).expect("the example's manifest is tested");
        let listed = manifest.file.into_iter().map(|file| {
            let kind = ImportKind::parse(&file.kind).expect("the example's kinds are tested");
            (kind, file.path.iter().map(|path| self.file(path)).collect())
        });
        [(ImportKind::Mission, vec![self.file("mission.toml")])].into_iter().chain(listed).collect()
    }

    /// A digest over all files: another example, or another edition of it, has another one.
    pub fn digest(&self) -> Digest {
        let each: Vec<u8> = self
            .files
            .iter()
            .flat_map(|(name, text)| [Digest::of(name.as_bytes()).0, Digest::of(text.as_bytes()).0].concat())
            .collect();
        Digest::of(&each)
    }

    fn text(&self, name: &str) -> &'static str {
        self.files.iter().find(|(file, _)| *file == name).expect("the example's manifest is tested").1
    }

    fn file(&self, name: &str) -> NamedFile {
        NamedFile { name: name.to_owned(), bytes: self.text(name).as_bytes().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_a_manifest_whose_files_are_embedded() {
        for example in EXAMPLES {
            let batches = example.batches();
            assert!(batches.len() > 10);
            // Every embedded file is imported: one that is not is a file too many.
            let imported: usize = batches.iter().map(|(_, files)| files.len()).sum();
            assert_eq!(imported, example.files.len());
        }
    }

    #[test]
    fn an_unknown_example_is_answered_with_the_known_ones() {
        assert!(example("atlantis").unwrap_err().contains("haiti-2023"));
    }
}

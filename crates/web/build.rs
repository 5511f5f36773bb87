//! Collects the files that the pages need into the build: the project's own, the vector map from npm, and its licences.
//! Each is kept as it is and compressed, because missions work over slow links.
//!
//! The generated table is read by `src/assets.rs`; a new file is named here, once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The project's own files, in `assets/`.
const OWN: [&str; 2] = ["app.css", "map.js"];

/// The vector map's files, in its package; it starts its worker by relative address, so they stay together.
const MAP: [&str; 3] = ["maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"];

/// Packages that only check the browser code: nothing of them is embedded.
const NOT_EMBEDDED: [&str; 1] = ["typescript"];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets the manifest's directory"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets the output directory"));
    let assets = root.join("assets");
    let packages = assets.join("node_modules");
    let map = packages.join("maplibre-gl");
    assert!(map.is_dir(), "the browser packages are not in crates/web/assets/node_modules: run script/setup");

    let licences = out.join("maplibre-gl-LICENSE.txt");
    fs::write(&licences, licence_texts(&packages)).expect("the output directory can be written");

    let mut table = String::from("&[\n");
    let own = OWN.map(|name| (name.to_owned(), assets.join(name)));
    let from_map = MAP.map(|name| (format!("maplibre-gl/{name}"), map.join("dist").join(name)));
    let licences = [("maplibre-gl-LICENSE.txt".to_owned(), licences)];
    for (name, path) in own.into_iter().chain(from_map).chain(licences) {
        if !path.starts_with(&out) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let compressed = out.join(name.replace('/', "-") + ".gz");
        fs::write(&compressed, gzip(&path)).expect("the output directory can be written");
        let [path, compressed] = [path, compressed].map(|path| path.display().to_string());
        writeln!(table, "    ({name:?}, include_bytes!({path:?}), include_bytes!({compressed:?})),")
            .expect("writing to a string cannot fail");
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table).expect("the output directory can be written");
    println!("cargo::rerun-if-changed={}", assets.join("package-lock.json").display());
    println!("cargo::rerun-if-changed=build.rs");
}

/// `path` compressed by `gzip`, which every system that builds Konbit has; without name and time, so that the same
/// file gives the same bytes.
fn gzip(path: &Path) -> Vec<u8> {
    let output = Command::new("gzip").args(["-9", "-n", "-c"]).arg(path).output().expect("gzip is installed");
    assert!(output.status.success(), "gzip could not compress {}: is the file there?", path.display());
    output.stdout
}

/// The licence text of the vector map, then of the packages that are bundled into its files.
fn licence_texts(packages: &Path) -> String {
    let mut names = Vec::new();
    for name in folders(packages) {
        if name.starts_with('@') {
            names.extend(folders(&packages.join(&name)).into_iter().map(|part| format!("{name}/{part}")));
        } else if !name.starts_with('.') && !NOT_EMBEDDED.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name != "maplibre-gl", name.clone()));
    names.iter().map(|name| licence_text(&packages.join(name), name)).collect()
}

/// A heading and the licence file of the package in `folder`; where it has none, the `license` of its `package.json`.
fn licence_text(folder: &Path, name: &str) -> String {
    let files = fs::read_dir(folder).expect("a package's folder can be read");
    let licence = files
        .map(|file| file.expect("a package's folder can be read"))
        .find(|file| file.file_name().to_string_lossy().to_ascii_lowercase().starts_with("licen"));
    let text = match licence {
        Some(file) => fs::read_to_string(file.path()).expect("a licence is UTF-8 text"),
        None => fs::read_to_string(folder.join("package.json"))
            .expect("a package has a package.json")
            .lines()
            .find(|line| line.trim_start().starts_with("\"license\""))
            .unwrap_or_else(|| panic!("the npm package {name} states no licence: leave it out or find out"))
            .to_owned(),
    };
    format!("==== {name} ====\n\n{}\n\n", text.trim())
}

/// The names of what is in `folder`, sorted.
fn folders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the browser packages can be read: run script/setup");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("the browser packages can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

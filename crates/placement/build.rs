//! Says whether the shared data folder is there, so that tests on it run or are listed as ignored.

use std::path::PathBuf;

fn main() {
    println!("cargo:rustc-check-cfg=cfg(shared_data)");
    println!("cargo:rerun-if-env-changed=KONBIT_DATA");
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = std::env::var_os("KONBIT_DATA").map_or_else(|| manifest.join("../../../shared/data"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", folder.display());
    if folder.is_dir() {
        println!("cargo:rustc-cfg=shared_data");
        println!("cargo:rustc-env=KONBIT_DATA_DIR={}", folder.display());
    }
}

//! Which licences the parts that are shipped may have.

use crate::repository::Repository;
use crate::{Outcome, outcome, spdx};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// Permissive licences: use and redistribution ask for no more than notices.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

const BINARY: &str = "konbit";
const BROWSER_PACKAGES: &str = "crates/web/assets/package-lock.json";

/// Every crate in the shipped binary has a licence that is allowed.
pub fn of_crates(repository: &Repository) -> Result<Outcome> {
    let linked = repository.crates.linked_into(BINARY);
    let mut problems = Vec::new();
    for package in &linked {
        if let Some(complaint) = complaint(package.license.as_deref()) {
            let message = format!("crate {} {}: {complaint}", package.name, package.version);
            problems.push(repository.problem_at("Cargo.lock", &format!("name = \"{}\"", package.name), message)?);
        }
    }
    anyhow::ensure!(!linked.is_empty(), "the workspace has no crate {BINARY}: name the shipped binary in crates/xtask");
    Ok(outcome(format!("{} crates in {BINARY}", linked.len()), problems))
}

/// Every npm package of the lock file has a licence that is allowed, those that only check the code included.
pub fn of_browser_packages(repository: &Repository) -> Result<Outcome> {
    let text = repository.text(BROWSER_PACKAGES)?.context("the lock file of the browser packages is not text")?;
    let lock: Value = serde_json::from_str(&text).with_context(|| format!("{BROWSER_PACKAGES} is not JSON"))?;
    let packages = lock["packages"].as_object().with_context(|| format!("{BROWSER_PACKAGES} has no packages"))?;
    let mut problems = Vec::new();
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        if let Some(complaint) = complaint(package["license"].as_str()) {
            let message = format!("npm package {}: {complaint}", path.trim_start_matches("node_modules/"));
            problems.push(repository.problem_at(BROWSER_PACKAGES, &format!("\"{path}\""), message)?);
        }
    }
    Ok(outcome(format!("{} packages", packages.len() - 1), problems))
}

/// What is wrong with a licence, and what to do; none if it is allowed.
fn complaint(licence: Option<&str>) -> Option<String> {
    let advice = "take another package, or add the licence to crates/xtask/src/licences.rs if it is permissive";
    let Some(licence) = licence else { return Some(format!("states no licence: {advice}")) };
    match spdx::satisfiable(licence, |id| ALLOWED.contains(&id)) {
        Ok(true) => None,
        Ok(false) => Some(format!("licence {licence:?} is not on the list: {advice}")),
        Err(error) => Some(format!("licence {licence:?} cannot be read ({error}): {advice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::tiny;
    use serde_json::json;

    const LOCK: &str = "[[package]]\nname = \"konbit\"\n[[package]]\nname = \"part\"\n";

    fn check_crate(licence: &Value, kind: Option<&str>, expect: Option<&str>) {
        let (_folder, repository) = tiny::with_crates(
            &[("Cargo.lock", LOCK)],
            &json!([["part", licence]]),
            &json!([["konbit", ["part", kind]]]),
        );
        let found = of_crates(&repository).unwrap().err().map(|problems| problems[0].to_string());
        match expect {
            None => assert_eq!(found, None),
            Some(words) => assert!(found.as_ref().is_some_and(|text| text.starts_with(words)), "{found:?}"),
        }
    }

    #[test]
    fn a_crate_that_is_shipped_has_a_licence_that_is_allowed() {
        check_crate(&json!("MIT OR Apache-2.0"), None, None);
        check_crate(
            &json!("GPL-3.0-only"),
            None,
            Some("Cargo.lock:4: crate part 1.0.0: licence \"GPL-3.0-only\" is not"),
        );
        check_crate(&json!("MIT AND GPL-2.0"), Some("build"), Some("Cargo.lock:4: crate part"));
        check_crate(&json!(null), None, Some("Cargo.lock:4: crate part 1.0.0: states no licence"));
        check_crate(&json!("MIT OR"), None, Some("Cargo.lock:4: crate part 1.0.0: licence \"MIT OR\" cannot be read"));
        // Not shipped: only tests use it.
        check_crate(&json!("GPL-3.0-only"), Some("dev"), None);
    }

    #[test]
    fn a_workspace_without_the_binary_is_an_error_and_not_a_pass() {
        let (_folder, repository) = tiny::with_files(&[("Cargo.lock", "")]);
        assert!(of_crates(&repository).is_err());
    }

    fn check_npm(entry: &str, expect: &str) {
        let lock = format!("{{ \"packages\": {{\n\"\": {{}},\n\"node_modules/part\": {entry} }} }}");
        let (_folder, repository) = tiny::with_files(&[(BROWSER_PACKAGES, &lock)]);
        let found = match of_browser_packages(&repository).unwrap() {
            Ok(looked_at) => looked_at,
            Err(problems) => problems[0].to_string(),
        };
        assert!(found.starts_with(expect), "{found}");
    }

    #[test]
    fn an_npm_package_has_a_licence_that_is_allowed() {
        check_npm(r#"{ "license": "(MIT OR GPL-2.0)" }"#, "1 packages");
        check_npm(r#"{ "license": "LGPL-3.0" }"#, &format!("{BROWSER_PACKAGES}:3: npm package part: licence"));
        check_npm(r#"{ "dev": true }"#, &format!("{BROWSER_PACKAGES}:3: npm package part: states no licence"));
    }
}

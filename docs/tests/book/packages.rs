//! The table of packages in CONTRIBUTING: each that a crate of the workshop asks
//! for has a row there, and no other one has.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use checks::root;
use serde_json::Value;

/// The packages from elsewhere that the workshop's crates ask for.
fn asked_for() -> BTreeSet<String> {
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--format-version", "1", "--no-deps"]);
    metadata.args(["--locked", "--offline"]).current_dir(root());
    let printed = testbed::output(&mut metadata).expect("cargo starts");
    let known: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let crates = array(&known["packages"]);
    let all = crates.iter().flat_map(|one| array(&one["dependencies"]));
    let elsewhere = all.filter(|package| package["source"].is_string());
    let name = |package: Value| package["name"].as_str().map(str::to_string);
    elsewhere.filter_map(name).collect()
}

/// The names in the first column of the table below `## The packages`.
fn rows(contributing: &str) -> BTreeSet<String> {
    let section = contributing.split("\n## The packages\n").nth(1);
    let own = section.and_then(|text| text.split("\n## ").next());
    let lines = own.unwrap_or_default().lines();
    let names = lines.filter_map(|line| line.strip_prefix("| `"));
    names.filter_map(|row| row.split('`').next()).map(String::from).collect()
}

#[test]
fn every_package_from_elsewhere_has_a_row_and_no_other() {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let asked_for = asked_for();
    assert!(asked_for.contains("socket2"), "{asked_for:?}");
    assert_eq!(rows(&text), asked_for);
}

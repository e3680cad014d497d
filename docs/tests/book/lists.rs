//! What stands in a list and is repeated elsewhere: the workshop's ports, in
//! `common::ports`, which programs, READMEs and pages name; and the packages that
//! its crates ask for, each of which has a row in CONTRIBUTING.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use checks::markdown::pages;
use checks::root;
use common::ports;
use serde_json::Value;

/// The numbers from 3500 to 3599 in `text` that are no port of the workshop,
/// each with its line. A recorded run may have others, of processes, say.
fn strange(text: &str) -> Vec<(usize, u16)> {
    let mut found = Vec::new();
    let mut recorded = false;
    for (number, line) in (1..).zip(text.lines()) {
        recorded |= line.starts_with("<!-- output: ");
        recorded &= line != "<!-- end -->";
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = line.split(|c| !in_word(c));
        let numbers = words.filter_map(|word| word.parse().ok());
        let near = numbers.filter(|n| (3500..3600).contains(n) && !recorded);
        let others = near.filter(|n| !ports::ALL.contains(n));
        found.extend(others.map(|n| (number, n)));
    }
    found
}

#[test]
fn every_port_that_is_written_somewhere_is_one_of_common_s() {
    let mut wrong = Vec::new();
    let own = "book/lists.rs"; // It has a strange one on purpose.
    for ending in [".md", ".py", ".rs", ".lua", ".sh", ".c", "words.txt"] {
        let files = pages(ending);
        assert!(!files.is_empty(), "{ending}");
        // A mistake may be about the port.
        let others = files.iter().filter(|f| !f.ends_with("mistakes.md"));
        for file in others.filter(|file| !file.ends_with(own)) {
            let text = fs::read_to_string(file).unwrap();
            for (line, port) in strange(&text) {
                wrong.push(format!("{}:{line}: {port}", file.display()));
            }
        }
    }
    let ports = ports::ALL;
    assert!(wrong.is_empty(), "not {ports:?}:\n{}\n", wrong.join("\n"));
}

#[test]
fn a_port_of_nobody_is_seen_and_a_process_number_is_none() {
    let [echo, strangers] = [ports::ECHO, 3599];
    let text = format!("port {echo}\n`127.0.0.1:{strangers}`, 0x3598\n");
    assert_eq!(strange(&text), [(2, strangers)]);
    let run = format!("<!-- output: ps -->\n{strangers}\n<!-- end -->\n");
    assert_eq!(strange(&run), []);
    assert_eq!(strange(&format!("{run}{strangers}")), [(4, strangers)]);
}

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

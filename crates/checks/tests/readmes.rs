//! English and Spanish are of equal rank: each README has its partner, with
//! the same shape and the same commands; and what it names exists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use checks::root;

/// The files of the project whose name ends so, without the target folder's.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.') || name == "target";
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Headings by level and blocks of code by their text, in order. (Blocks of
/// `text` may hold words of the page's own language.)
fn shape(text: &str) -> Vec<String> {
    let (mut shape, mut block) = (Vec::new(), None::<String>);
    for line in text.lines() {
        let bare = line.trim_start();
        match (bare.starts_with("```"), &mut block) {
            (true, None) => block = Some(format!("{bare}\n")),
            (true, Some(_)) => shape.extend(block.take()),
            (false, Some(block)) => *block += &format!("{line}\n"),
            (false, None) if bare.starts_with('#') => {
                let level = bare.chars().take_while(|c| *c == '#').count();
                shape.push("#".repeat(level));
            }
            (false, None) => {}
        }
    }
    assert!(block.is_none(), "a block of code does not end");
    shape
}

/// The section of a Spanish README that English ones do not need: the
/// programs' messages, translated.
const MESSAGES: &str = "\n## Qué dicen los programas";

#[test]
fn each_readme_has_its_partner_in_the_other_language() {
    let english = files("README.md");
    assert!(english.len() >= 2, "{english:?}");
    assert_eq!(english.len(), files("README.es.md").len());
    for path in english {
        let partner = path.with_extension("es.md");
        let text = fs::read_to_string(&path).unwrap();
        let spanish = fs::read_to_string(&partner).unwrap_or_default();
        let spanish = spanish.split(MESSAGES).next().unwrap_or_default();
        assert_eq!(shape(&text), shape(spanish), "{}", partner.display());
        assert!(text.contains("[En español](README.es.md)"), "{path:?}");
        assert!(spanish.contains("[In English](README.md)"), "{path:?}");
    }
}

#[test]
fn the_shape_tells_headings_and_commands_apart() {
    let text = "# A\n\n```console\ncargo test\n```\n\n## B\n";
    assert_eq!(shape(text), ["#", "```console\ncargo test\n", "##"]);
    let other = text.replace("cargo test", "cargo run");
    assert_ne!(shape(text), shape(&other));
    assert_ne!(shape(text), shape(&text.replace("## B", "### B")));
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut links = 0;
    for path in files(".md") {
        let folder = path.parent().unwrap_or(Path::new(""));
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap_or_default();
            if link.contains("://") || link.is_empty() {
                continue;
            }
            links += 1;
            assert!(folder.join(link).exists(), "{}: {link}", path.display());
        }
    }
    assert!(links > 10, "{links}");
}

/// Where a package lies: `ex02-echo-server` in exercises/02-echo-server.
fn folder(package: &str) -> String {
    match package.strip_prefix("ex") {
        Some(exercise) if exercise.starts_with(char::is_numeric) => {
            format!("exercises/{exercise}")
        }
        _ if package == "examples" => package.to_string(),
        _ => format!("crates/{package}"),
    }
}

/// Each `cargo ... -p PACKAGE ... --bin NAME` (or `--example NAME`) and each
/// `python3 FILE`.
#[test]
fn every_command_names_what_exists() {
    let mut commands = 0;
    for path in files(".md") {
        let text = fs::read_to_string(&path).unwrap().replace('`', " ` ");
        let words: Vec<_> = text.split_whitespace().collect();
        for (i, word) in words.iter().enumerate() {
            let Some(next) = words.get(i + 1) else { break };
            let file = match *word {
                "-p" => format!("{}/Cargo.toml", folder(next)),
                "--example" => format!("examples/{next}.rs"),
                "python3" if next.ends_with(".py") => next.to_string(),
                "--bin" => {
                    let Some(p) = words[..i].iter().rposition(|w| *w == "-p")
                    else {
                        panic!("{}: --bin {next} without -p", path.display())
                    };
                    format!("crates/{}/src/bin/{next}.rs", words[p + 1])
                }
                _ => continue,
            };
            commands += 1;
            assert!(root().join(&file).exists(), "{}: {file}", path.display());
        }
    }
    assert!(commands > 10, "{commands}");
}

/// The figure in the root README: how many packages the echo needs, which it
/// names.
#[test]
fn the_readme_names_the_packages_that_the_echo_needs() {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--offline", "-p", "udp-echo"]);
    tree.args(["-e", "normal,build", "--prefix", "none", "--no-dedupe"]);
    let printed = tree.current_dir(root()).output().expect("cargo starts");
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    // Our own crates have a folder, in brackets.
    let lines = printed.lines().filter(|l| !l.contains('(') && !l.is_empty());
    let mut packages: Vec<_> =
        lines.filter_map(|l| l.split_whitespace().next()).collect();
    packages.sort();
    packages.dedup();
    let most = if cfg!(windows) { 4 } else { 3 };
    assert_eq!(packages.len(), most, "{packages:?}");
    for readme in ["README.md", "README.es.md"] {
        let text = fs::read_to_string(root().join(readme)).unwrap();
        for package in &packages {
            let named = text.contains(&format!("`{package}`"));
            assert!(named, "{readme} does not name {package}");
        }
    }
}

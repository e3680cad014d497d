//! English and Spanish are of equal rank: each README has its partner, with
//! the same shape and the same commands; and the links of all pages lead
//! somewhere.

use std::fs;
use std::path::Path;
use std::process::Command;

use checks::markdown::{anchors, pages, read};
use checks::root;
use lab::header;
use lab::input::Input;

/// Headings by level, and blocks of code, in order. A drawing has its labels
/// in the language of the page: only its lines count.
fn shape(text: &str) -> (Vec<usize>, Vec<(String, String)>) {
    let mut page = read(text);
    for (_, code) in page.blocks.iter_mut().filter(|b| b.0 == "drawing") {
        *code = code.lines().count().to_string();
    }
    (page.headings.iter().map(|h| h.0).collect(), page.blocks)
}

/// The section of a Spanish README that English ones do not need: the
/// programs' messages, translated.
const MESSAGES: &str = "\n## Qué dicen los programas";

#[test]
fn each_readme_has_its_partner_in_the_other_language() {
    let english = pages("README.md");
    assert!(english.len() >= 2, "{english:?}");
    assert_eq!(english.len(), pages("README.es.md").len());
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
    for (old, new) in [("test", "run"), ("console", "sh"), ("## B", "### B")] {
        assert_ne!(shape(text), shape(&text.replace(old, new)), "{old}");
    }
    let text = "```drawing\nclient\n```\n";
    assert_eq!(shape(text), shape(&text.replace("client", "cliente")));
    assert_ne!(shape(text), shape(&text.replace("client", "client\n|")));
}

/// Outside of the workshop, pages lead to standards and to the pages of who
/// made a thing or teaches it, and nowhere else.
const OUTSIDE: [&str; 11] = [
    "https://beej.us/guide/",
    "https://doc.rust-lang.org/",
    "https://docs.python.org/3/",
    "https://docs.rs/",
    "https://learn.microsoft.com/en-us/windows/",
    "https://rustup.rs",
    "https://www.rfc-editor.org/rfc/rfc",
    "https://www.wireshark.org/docs/",
    "https://zlib.net/",
    "http://tuprints.ulb.tu-darmstadt.de/6243/", // Two that the slides name.
    "http://www.taniquetil.com.ar/",
];

#[test]
fn every_link_leads_somewhere() {
    let (mut inside, mut outside) = (0, [0; OUTSIDE.len()]);
    let mut wrong = Vec::new();
    for path in pages(".md") {
        let folder = path.parent().unwrap_or(Path::new(""));
        let text = fs::read_to_string(&path).unwrap();
        for link in read(&text).links {
            if link.contains("://") {
                match OUTSIDE.iter().position(|o| link.starts_with(o)) {
                    Some(known) => outside[known] += 1,
                    None => wrong.push(format!("{}: {link}", path.display())),
                }
                continue;
            }
            inside += 1;
            if !leads(folder, &path, &link) {
                wrong.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(inside > 10, "{inside}");
    let unused = OUTSIDE.iter().zip(outside).filter(|(_, count)| *count == 0);
    assert_eq!(unused.count(), 0, "{OUTSIDE:?} {outside:?}");
}

/// Whether there is such a file, with such a heading, or such a run of a lab.
fn leads(folder: &Path, path: &Path, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => path.to_path_buf(),
        file => folder.join(file),
    };
    let page = || anchors(&read(&fs::read_to_string(&target).unwrap()));
    if file.is_empty() && anchor.contains('=') {
        return Input::read(anchor).is_ok() || header::answer(anchor).is_ok();
    }
    target.exists()
        && (anchor.is_empty() || page().contains(&anchor.to_string()))
}

#[test]
fn a_link_to_no_file_or_to_no_heading_leads_nowhere() {
    let path = root().join("README.md");
    let leads = |link| leads(&root(), &path, link);
    assert!(leads("Cargo.toml") && leads("#on-windows"));
    assert!(leads("CONTRIBUTING.md#the-stub"));
    assert!(leads("#seed=7&lose=30") && !leads("#seed=7&loose=30"));
    assert!(leads("#text=a&flip=70") && !leads("#text=a&flip=x"));
    assert!(!leads("Cargo.md") && !leads("#on-linux"));
    assert!(!leads("CONTRIBUTING.md#on-windows"));
}

/// The figure in the root README: how many packages the echo needs, which it
/// names.
#[test]
fn the_readme_names_the_packages_that_the_echo_needs() {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--offline", "-p", "udp-echo"]);
    tree.args(["-e", "normal,build", "--prefix", "none", "--no-dedupe"]);
    let printed =
        testbed::output(tree.current_dir(root())).expect("cargo starts");
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

//! Copies of an exercise, as packages of a workspace of their own: the stub, the
//! solution, and its variants: each wrong answer, each mutant. The student's
//! files are only read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use taller::exercise::{Exercise, files};

/// The folder of the variants.
pub const VARIANTS: &str = "variants";

/// The package of the variants. Cargo keeps what it builds by the package's name,
/// so each copy has its own.
pub fn package(copy: &Path) -> String {
    let parts = copy.iter().rev().take(2).map(|part| part.display());
    parts.fold(VARIANTS.to_string(), |all, part| format!("{all}-{part}"))
}

/// So many variants are one test program: one call of rustc and one of the
/// linker for all of them, and no more than these take in easily.
pub const TOGETHER: usize = 12;

/// A solution with something wrong in it.
pub struct Variant {
    /// What it is called: `no loop`.
    pub name: String,
    /// Its whole `src/lib.rs`.
    pub lib: String,
}

/// The files of a package, by their names in it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The module, and the folder, of variant `index`.
pub fn module(index: usize) -> String {
    format!("v{index:03}")
}

/// The folder of the copy `stub` or `solution`.
pub fn folder(exercise: &Exercise, kind: &str) -> String {
    format!("{}.{kind}", exercise.name)
}

/// `ex02_echo_server`
fn library(exercise: &Exercise) -> String {
    exercise.package().replace('-', "_")
}

/// Writes a workspace into `copy`, with the stub and the solution in it, and
/// room for the variants.
///
/// # Errors
/// Whatever keeps a file from being read or written.
pub fn write_workspace(exercise: &Exercise, copy: &Path) -> io::Result<()> {
    let manifest = fs::read_to_string(exercise.root.join("Cargo.toml"))?;
    let at = manifest.find("\n[workspace.package]").unwrap_or_default();
    // The crates are not copied.
    let crates = exercise.root.join("crates").display().to_string();
    let crates = format!("\"{}/", crates.replace('\\', "/"));
    let rest = manifest[at..].replace("\"crates/", &crates);
    let [stub, solution] = ["stub", "solution"].map(|k| folder(exercise, k));
    let members = [&stub, &solution, VARIANTS];
    let head = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}");
    write(&copy.join("Cargo.toml"), (head + "\n" + &rest).as_bytes())?;
    let lock = fs::read(exercise.root.join("Cargo.lock"))?;
    write(&copy.join("Cargo.lock"), &lock)?;
    for kind in ["stub", "solution"] {
        let own = parts(exercise, kind)?;
        let own = changed(own, |text| renamed(exercise, kind, text));
        fill(&copy.join(folder(exercise, kind)), &own)?;
    }
    write_variants(exercise, copy, &[])
}

/// The files of the exercise as a `stub` or as a `solution`.
fn parts(exercise: &Exercise, kind: &str) -> io::Result<Files> {
    let layers = [&exercise.folder, &exercise.folder.join("solution")];
    let count = if kind == "stub" { 1 } else { 2 };
    let mut parts = Files::new();
    for layer in layers.into_iter().take(count) {
        for path in files(layer) {
            let name = path.strip_prefix(layer).unwrap_or(&path);
            let left = ["solution", "mistakes.md"].iter();
            if !left.into_iter().any(|left| name.starts_with(left)) {
                parts.insert(name.to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(parts)
}

/// The same files, what is text changed.
fn changed(mut parts: Files, change: impl Fn(&str) -> String) -> Files {
    for bytes in parts.values_mut() {
        if let Ok(text) = str::from_utf8(bytes) {
            *bytes = change(text).into_bytes();
        }
    }
    parts
}

/// Packages and programs need names of their own; the library keeps its.
fn renamed(exercise: &Exercise, kind: &str, text: &str) -> String {
    let old = exercise.package();
    let new = format!("{old}-{kind}");
    let library = format!("[lib]\nname = {:?}\n", library(exercise));
    let text = text.replace("[lib]\n", &library);
    let name = |name| format!("name = {name:?}");
    let text = text.replace(&name(&old), &name(&new));
    text.replace(&format!("BIN_EXE_{old}"), &format!("BIN_EXE_{new}"))
}

/// Writes the package of the variants. Each is a module of a test program; there
/// the exercise's library is a module beside its tests.
///
/// # Errors
/// As [`write_workspace`].
pub fn write_variants(
    exercise: &Exercise,
    copy: &Path,
    variants: &[(usize, &Variant)],
) -> io::Result<()> {
    let (library, solution) =
        (&library(exercise), parts(exercise, "solution")?);
    let own = |name: &str| {
        let bytes = solution.get(Path::new(name)).cloned().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let binary = format!("BIN_EXE_{}", exercise.package());
    let needs_binary = own("tests/exercise.rs").contains(&binary);
    let mut manifest = format!(
        "[package]\nname = {:?}\nedition = \"2024\"\n\
         autobins = false\nautotests = false\n\n[lib]\npath = \"nothing.rs\"\n",
        package(copy)
    );
    let tables = own("Cargo.toml");
    for table in tables.split("\n[").filter(|t| t.contains("dependencies]\n")) {
        manifest += &format!("\n[{}\n", table.trim_end());
    }
    let mut all = Files::from([("nothing.rs".into(), Vec::new())]);
    for (number, part) in variants.chunks(TOGETHER).enumerate() {
        let mut root = "#![allow(warnings)]\n".to_string();
        for (index, variant) in part {
            let module = &module(*index);
            let here = format!("{library}::");
            let files = changed(solution.clone(), |text| {
                let text = text.replace(&here, &format!("super::{here}"));
                text.replace(&binary, &format!("BIN_EXE_{module}"))
            });
            let folder = Path::new(module);
            let inside = |(name, bytes)| (folder.join(name), bytes);
            all.extend(files.into_iter().map(inside));
            let itself = format!("crate::{module}::{here}");
            let lib = variant.lib.replace("crate::", &itself);
            all.insert(folder.join("src/lib.rs"), lib.into_bytes());
            all.remove(&folder.join("Cargo.toml"));
            root += &format!(
                "mod {module} {{\n#[path = \"src/lib.rs\"]\npub mod {library};\n\
                 #[path = \"tests/exercise.rs\"]\nmod exercise;\n}}\n"
            );
            if needs_binary {
                let main = own("src/main.rs");
                let main =
                    format!("{main}#[path = \"lib.rs\"]\nmod {library};\n");
                all.insert(folder.join("src/main.rs"), main.into_bytes());
                manifest += &format!(
                    "\n[[bin]]\nname = {module:?}\n\
                     path = \"{module}/src/main.rs\"\n"
                );
            }
        }
        all.insert(format!("part{number}.rs").into(), root.into_bytes());
        manifest += &format!(
            "\n[[test]]\nname = \"part{number}\"\npath = \"part{number}.rs\"\n"
        );
    }
    all.insert("Cargo.toml".into(), manifest.into_bytes());
    fill(&copy.join(VARIANTS), &all)
}

/// Makes the folder `to` hold these files, and no others.
fn fill(to: &Path, parts: &Files) -> io::Result<()> {
    for old in files(to) {
        if !parts.contains_key(old.strip_prefix(to).unwrap_or(&old)) {
            fs::remove_file(&old)?;
        }
    }
    parts.iter().try_for_each(|(name, bytes)| write(&to.join(name), bytes))
}

/// Writes a file. One that is there already is not written again, so that it
/// need not be built again.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}

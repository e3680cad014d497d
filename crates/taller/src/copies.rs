//! Copies of the exercises: of each stub, each solution and each mistake, as
//! packages of a workspace of their own. The student's files are only read.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::exercise::{Exercise, files};
use crate::mistakes::Mistake;

/// A copy of an exercise.
pub struct Variant<'a> {
    /// The exercise.
    pub exercise: &'a Exercise,
    /// `stub`, as the student finds it; `solution`, with that laid over it; or
    /// a mistake's name, and it made in the solution.
    pub name: String,
    /// The mistake, if it is one.
    pub mistake: Option<Mistake>,
}

impl Variant<'_> {
    /// `02-echo-server.no-loop`
    pub fn folder(&self) -> String {
        format!("{}.{}", self.exercise.name, self.name)
    }

    /// Writes it into `copy`. A file that is there already is not written
    /// again, so that it need not be built again.
    fn write(&self, copy: &Path) -> io::Result<()> {
        let (own, to) = (&self.exercise.folder, copy.join(self.folder()));
        let layers = ["", "solution"];
        let count = if self.name == "stub" { 1 } else { 2 };
        let mut wanted = BTreeMap::new();
        for layer in layers[..count].iter().map(|layer| own.join(layer)) {
            for path in files(&layer) {
                let name = path.strip_prefix(&layer).unwrap_or(&path);
                if !["solution", "mistakes.md"]
                    .iter()
                    .any(|p| name.starts_with(p))
                {
                    wanted.insert(name.to_path_buf(), path);
                }
            }
        }
        for old in files(&to) {
            if !wanted.contains_key(old.strip_prefix(&to).unwrap_or(&old)) {
                fs::remove_file(&old)?;
            }
        }
        for (name, from) in wanted {
            let mut bytes = fs::read(from)?;
            if let Ok(text) = str::from_utf8(&bytes) {
                let mut text = self.renamed(text);
                if let Some(mistake) = &self.mistake
                    && name == Path::new("src/lib.rs")
                {
                    text = mistake.made(&text).map_err(io::Error::other)?;
                }
                bytes = text.into_bytes();
            }
            write(&to.join(name), &bytes)?;
        }
        Ok(())
    }

    /// Packages and programs need names of their own; the library keeps its.
    fn renamed(&self, text: &str) -> String {
        let old = self.exercise.package();
        let new = format!("ex{}", self.folder().replace('.', "-"));
        let library = format!("[lib]\nname = {:?}\n", old.replace('-', "_"));
        let text = text.replace("[lib]\n", &library);
        let name = |name| format!("name = {name:?}");
        let text = text.replace(&name(&old), &name(&new));
        text.replace(&format!("BIN_EXE_{old}"), &format!("BIN_EXE_{new}"))
    }
}

/// Writes the workspace into `copy`.
///
/// # Errors
/// Whatever keeps a file from being read or written.
pub fn write_all(root: &Path, copy: &Path, all: &[Variant]) -> io::Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let at = manifest.find("\n[workspace.package]").unwrap_or_default();
    let folders: Vec<_> = all.iter().map(Variant::folder).collect();
    // The crates are not copied.
    let crates = root.join("crates").display().to_string().replace('\\', "/");
    let rest = manifest[at..].replace("\"crates/", &format!("\"{crates}/"));
    let head = format!("[workspace]\nresolver = \"3\"\nmembers = {folders:?}");
    write(&copy.join("Cargo.toml"), (head + "\n" + &rest).as_bytes())?;
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    all.iter().try_for_each(|variant| variant.write(copy))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}

//! Copies of the exercises: of each stub, each solution and each mistake, as
//! packages of a workspace of their own. The student's files are only read.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::exercise::{Exercise, files};

/// A copy of an exercise.
pub struct Variant<'a> {
    /// The exercise.
    pub exercise: &'a Exercise,
    /// Which copy of it.
    pub kind: Kind,
    /// `02-echo-server.no-loop`
    pub folder: String,
}

/// Which copy of an exercise it is.
pub enum Kind {
    /// As the student finds it.
    Stub,
    /// With `solution/` laid over it.
    Solution,
    /// With `solution/` and then a mistake laid over it; and the sentences of
    /// its `expect.txt`.
    Mistake([String; 2]),
}

impl<'a> Variant<'a> {
    /// A copy, not written yet.
    pub fn new(exercise: &'a Exercise, kind: Kind, name: &str) -> Variant<'a> {
        let folder = format!("{}.{name}", exercise.name);
        Variant { exercise, kind, folder }
    }

    /// Writes it into `copy`. A file that is there already is not written
    /// again, so that it need not be built again.
    fn write(&self, copy: &Path) -> io::Result<()> {
        let (own, to) = (&self.exercise.folder, copy.join(&self.folder));
        let (_, name) = self.folder.split_once('.').unwrap_or_default();
        let layers = ["", "solution", &format!("mistakes/{name}")];
        let count = if matches!(self.kind, Kind::Stub) { 1 } else { 3 };
        let mut wanted = BTreeMap::new();
        for layer in layers[..count].iter().map(|layer| own.join(layer)) {
            for path in files(&layer) {
                let name = path.strip_prefix(&layer).unwrap_or(&path);
                if !["solution", "mistakes"].iter().any(|p| name.starts_with(p))
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
                bytes = self.renamed(text).into_bytes();
            }
            write(&to.join(name), &bytes)?;
        }
        Ok(())
    }

    /// Packages and programs need names of their own; the library keeps its.
    fn renamed(&self, text: &str) -> String {
        let old = self.exercise.package();
        let new = format!("ex{}", self.folder.replace('.', "-"));
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
    let folders: Vec<_> = all.iter().map(|v| &v.folder).collect();
    // The crates are not copied.
    let crates = root.join("crates").display().to_string().replace('\\', "/");
    let rest = manifest[at..].replace("\"crates/", &format!("\"{crates}/"));
    let head =
        format!("workspace.resolver = \"3\"\nworkspace.members = {folders:?}");
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

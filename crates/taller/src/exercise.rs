//! An exercise's folder: its name, its files, its tests.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use crate::Result;
use crate::words::said;

/// One exercise.
pub struct Exercise {
    /// `02-echo-server`
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// The workspace's folder.
    pub root: PathBuf,
}

/// The workspace's folder: the nearest above that holds exercises; else that
/// of this program's own sources.
pub fn root() -> Result<PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = here.ancestors().chain(own.ancestors());
    let root = folders.find(|f| f.join("exercises").is_dir());
    root.map(Path::to_path_buf).ok_or_else(|| (1, said!("no workshop")))
}

impl Exercise {
    /// All, in order.
    pub fn all(root: &Path) -> Result<Vec<Exercise>> {
        let entries = fs::read_dir(root.join("exercises"));
        let entries = entries.map_err(|e| (1, format!("exercises: {e}")))?;
        let mut all = Vec::new();
        for folder in entries.flatten().map(|entry| entry.path()) {
            let name = folder.file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            let two =
                name.find('-') == Some(2) && name[..2].parse::<u8>().is_ok();
            if two && folder.join("Cargo.toml").is_file() {
                all.push(Exercise { name, folder, root: root.to_path_buf() });
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The one that `given` means: `2`, `02`, `echo-server`, or its package.
    pub fn find(root: &Path, given: &str) -> Result<Exercise> {
        let all = Exercise::all(root)?;
        let names = all.iter().map(Exercise::number).collect::<Vec<_>>();
        let names = names.join(" ");
        let meant = |e: &Exercise| {
            let same = [&e.number(), &e.name, &e.name[3..], &e.package()];
            same.contains(&given) || e.number() == format!("0{given}")
        };
        let found = all.into_iter().find(meant);
        found.ok_or_else(|| (2, said!("no exercise", given, names)))
    }

    /// `02`
    pub fn number(&self) -> String {
        self.name[..2].to_string()
    }

    /// `ex02-echo-server`
    pub fn package(&self) -> String {
        format!("ex{}", self.name)
    }

    /// A file's path for a person: from the workspace's folder.
    pub fn shown(&self, file: &str) -> String {
        format!("exercises/{}/{file}", self.name)
    }

    /// The tests' names, in the order of the file.
    pub fn tests(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("tests/exercise.rs"));
        let text = text.unwrap_or_default();
        let names = text.lines().filter_map(|l| l.strip_prefix("fn step_"));
        let names = names.filter_map(|l| l.split_once('('));
        names.map(|(name, _)| format!("step_{name}")).collect()
    }

    /// Its sources' paths and texts.
    fn sources(&self) -> impl Iterator<Item = (PathBuf, String)> {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let paths = files(&self.folder.join("src")).into_iter();
        paths.map(move |path| (path.clone(), read(&path)))
    }

    /// How many `todo!`s its sources still have.
    pub fn todos(&self) -> usize {
        let text: String = self.sources().map(|(_, text)| text).collect();
        let code = text.lines().filter(|l| !l.trim().starts_with("//"));
        code.map(|line| line.matches("todo!(").count()).sum()
    }

    /// The file and line of step `number`, to edit.
    pub fn place(&self, number: &str) -> String {
        let comment = format!("/// {number}. ");
        let place = self.sources().find_map(|(path, text)| {
            let at = text.lines().position(|l| l.starts_with(&comment))?;
            Some(format!("src/{}:{}", path.file_name()?.display(), at + 1))
        });
        self.shown(&place.unwrap_or("src/lib.rs".to_string()))
    }

    /// When its sources were last saved.
    pub fn saved(&self) -> Option<SystemTime> {
        let saved = |path| fs::metadata(path).ok()?.modified().ok();
        files(&self.folder.join("src")).into_iter().filter_map(saved).max()
    }
}

/// The files in `folder` and below, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

//! An exercise's folder: its name, its files, its tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::outcome::{Result, failed, misused};
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

/// The workspace's folder: the nearest above that holds exercises.
pub fn root() -> Result<PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|f| f.join("exercises").is_dir());
    root.map(Path::to_path_buf).ok_or_else(|| failed(said!("no workshop")))
}

impl Exercise {
    /// All, in order.
    pub fn all(root: &Path) -> Vec<Exercise> {
        let mut all = Vec::new();
        for (name, folder) in entries(&root.join("exercises")) {
            let two = name.find('-') == Some(2); // `02-`
            if two && folder.join("Cargo.toml").is_file() {
                all.push(Exercise { name, folder, root: root.to_path_buf() });
            }
        }
        all
    }

    /// The one that `given` means: `2`, `02`, `echo-server`, or its package.
    pub fn find(root: &Path, given: &str) -> Result<Exercise> {
        let all = Exercise::all(root);
        let names: Vec<_> = all.iter().map(Exercise::number).collect();
        let meant = |e: &Exercise| {
            let same = [&e.number(), &e.name, &e.name[3..], &e.package()];
            same.contains(&given) || e.number() == format!("0{given}")
        };
        let names_of = |e: &Exercise| [e.name.clone(), e.name[3..].to_string()];
        let near = nearest(given, all.iter().flat_map(names_of));
        let found = all.into_iter().find(meant);
        found.ok_or_else(|| {
            misused(said!("no exercise", given, near, names.join(" ")))
        })
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
        let text = read(&self.folder.join("tests/exercise.rs"));
        let names = text.lines().filter_map(|l| l.strip_prefix("fn step_"));
        let names = names.filter_map(|l| l.split_once('('));
        names.map(|(name, _)| format!("step_{name}")).collect()
    }

    /// The hints of a README: what is folded in its last section, each with the
    /// question that it answers above it.
    pub fn hints(&self, readme: &str) -> Vec<String> {
        let text = read(&self.folder.join(readme));
        let section = text.rsplit("\n## ").next().unwrap_or_default();
        let hints = section.split("<details><summary>").skip(1);
        let hints = hints.filter_map(|hint| hint.split("</details>").next());
        let plain = |hint: &str| hint.trim_end().replace("</summary>", "");
        hints.map(plain).collect()
    }

    /// How many `todo!`s `src/lib.rs` still has.
    pub fn todos(&self) -> usize {
        let text = read(&self.folder.join("src/lib.rs"));
        let code = text.lines().filter_map(|l| l.split("//").next());
        code.map(|line| line.matches("todo!(").count()).sum()
    }

    /// The file and line of step `number`, to edit.
    pub fn place(&self, number: &str) -> String {
        let text = read(&self.folder.join("src/lib.rs"));
        let comment = format!("/// {number}. ");
        let at = text.lines().position(|l| l.starts_with(&comment));
        let at = at.map(|at| format!(":{}", at + 1)).unwrap_or_default();
        self.shown("src/lib.rs") + &at
    }
}

/// What the runner understands beside an exercise's number.
const COMMANDS: [&str; 7] =
    ["hint", "solution", "watch", "demo", "probe", "doctor", "pack"];

/// `Did you mean ...?`, if a command or one of these names is nearly this word.
pub fn nearest(word: &str, names: impl IntoIterator<Item = String>) -> String {
    let known = COMMANDS.map(String::from).into_iter().chain(names);
    let near = known.min_by_key(|name| distance(word, name));
    let near = near.filter(|name| name.len() > 3 && distance(word, name) < 3);
    near.map(|name| said!("nearest", name)).unwrap_or_default()
}

/// How many letters must be typed, left out or replaced to make `one` of `two`
/// (Levenshtein's distance).
fn distance(one: &str, two: &str) -> usize {
    let mut row: Vec<_> = (0..=two.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let above = row.clone();
        row[0] = i + 1;
        for (j, b) in two.chars().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            row[j + 1] = replaced.min(row[j] + 1).min(above[j + 1] + 1);
        }
    }
    row[two.chars().count()]
}

/// What is in `folder`, by name, in order; nothing if it cannot be read.
pub fn entries(folder: &Path) -> BTreeMap<String, PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |e: &fs::DirEntry| e.file_name().to_string_lossy().into_owned();
    found.map(|entry| (name(&entry), entry.path())).collect()
}

/// The files in `folder` and below, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    // A link to a folder may lead round in a circle.
    let inside = |p: &PathBuf| p.is_dir() && !p.is_symlink();
    let all = |p: PathBuf| if inside(&p) { files(&p) } else { vec![p] };
    entries(folder).into_values().flat_map(all).collect()
}

/// A file's text; empty if it cannot be read.
pub fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

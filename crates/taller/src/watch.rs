//! Runs an exercise again whenever the student saves it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::exercise::{Exercise, files};
use crate::outcome::Result;
use crate::run;
use crate::words::tell;

/// Runs the exercise, and again whenever a file of its source is saved, until
/// Ctrl-C.
pub fn one(exercise: &Exercise) -> Result {
    until_saved(exercise, |_| false)
}

/// The same for each exercise that is not done, in order: when one is, the next.
pub fn all(all: &[Exercise]) -> Result {
    for exercise in all {
        let open = exercise.todos() > 0
            || !run::state(exercise)?.is_some_and(|state| state.is_done());
        if open {
            until_saved(exercise, |done| done)?;
        }
    }
    tell!("all done");
    Ok(true)
}

/// Runs the exercise whenever a file of its source is saved, until `over`.
fn until_saved(exercise: &Exercise, over: impl Fn(bool) -> bool) -> Result {
    let mut seen = Vec::new();
    loop {
        let now = sources(exercise);
        if now != seen {
            for saved in now.iter().filter(|saved| !seen.contains(saved)) {
                // An older version may come back with its time: cargo, which
                // looks at the time alone, would not build it.
                if !seen.is_empty() {
                    touch(&saved.0);
                }
            }
            seen = sources(exercise);
            if over(run::run(exercise)?) {
                return Ok(true);
            }
            tell!("waiting");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// The files of the exercise's source and tests, each with its time and its size.
/// What an editor keeps beside them does not count.
fn sources(exercise: &Exercise) -> Vec<(PathBuf, Option<SystemTime>, u64)> {
    let all = ["src", "tests"].map(|name| files(&exercise.folder.join(name)));
    // Emacs locks lib.rs with a file `.#lib.rs`.
    let its = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".rs") && !name.starts_with('.')
    };
    let all = all.into_iter().flatten().filter(its);
    let saved = |file: PathBuf| {
        let data = file.metadata().ok();
        let time = data.as_ref().and_then(|data| data.modified().ok());
        (file, time, data.map_or(0, |data| data.len()))
    };
    all.map(saved).collect()
}

/// Gives a file the present time. If that cannot be, nothing is lost.
fn touch(file: &Path) {
    if let Ok(file) = File::options().append(true).open(file) {
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn what_an_editor_keeps_beside_a_file_is_none_of_the_exercise_s() {
        let name = format!("taller-sources-{}", std::process::id());
        let folder = env::temp_dir().join(name);
        let its = ["src/lib.rs", "src/main.rs", "tests/exercise.rs"];
        let editors = ["src/.lib.rs.swp", "src/lib.rs~", "src/.#lib.rs"];
        for file in its.iter().chain(&editors) {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let (root, name) = (folder.clone(), "01-first-one".to_string());
        let exercise = Exercise { name, folder: folder.clone(), root };
        let seen: Vec<_> =
            sources(&exercise).into_iter().map(|f| f.0).collect();
        assert_eq!(seen, its.map(|file| folder.join(file)));
        fs::remove_dir_all(folder).unwrap();
    }
}

//! `cargo taller`: lists the exercises, runs one, gives hints. It stores nothing:
//! what counts is which tests pass. What is for authors alone is the crate
//! `author`, which a student does not build.

mod demo;
mod diff;
mod doctor;
pub mod exercise;
pub mod handed_out;
pub mod run;
mod words;

use std::env::{self, consts::EXE_SUFFIX};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, exit};
use std::thread;
use std::time::{Duration, SystemTime};

use exercise::{Exercise, files, read, root};
use run::cargo;
use testbed::error_words;
use words::{line, said, tell};

/// What went wrong, in a sentence; and the exit status: 1, or 2 for a command
/// that was not understood.
pub type Result<T = bool> = std::result::Result<T, (u8, String)>;

/// Does what the command line says.
pub fn taller() -> ExitCode {
    let all: Vec<_> = env::args_os().map(|w| w.display().to_string()).collect();
    ended(command(all[1..].iter().map(String::as_str).collect()))
}

/// The exit status that a result stands for; its sentence is written.
pub fn ended(result: Result) -> ExitCode {
    match result {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err((status, words)) => {
            line(words);
            ExitCode::from(status)
        }
    }
}

/// Does what these words say; gives whether all is well.
fn command(words: Vec<&str>) -> Result {
    if let ["probe", rest @ ..] = &words[..] {
        return start(&root()?, "probe", rest); // It has a help of its own.
    }
    if words.iter().any(|word| ["-h", "--help", "help"].contains(word)) {
        tell!("usage");
        return Ok(true);
    }
    let root = root()?;
    let find = |name| Exercise::find(&root, name);
    match words[..] {
        [] => list(&Exercise::all(&root)),
        ["hint", name] => hint(&find(name)?, "1"),
        ["hint", name, which] => hint(&find(name)?, which),
        ["solution", name] => diff::show(&find(name)?, false),
        ["solution", name, "--now"] | ["solution", "--now", name] => {
            diff::show(&find(name)?, true)
        }
        ["watch"] => watch_all(&Exercise::all(&root)),
        ["watch", name] => watch(&find(name)?),
        ["demo", package, ref options @ ..] if !package.starts_with('-') => {
            demo::run(&root, package, options)
        }
        ["demo", ref options @ ..] => demo::run(&root, "udp-echo", options),
        ["doctor"] => doctor::run(&root),
        ["pack"] => Err((2, said!("which folder"))),
        [word @ ("hint" | "solution")] => {
            Err((2, said!("which exercise", word, word)))
        }
        ["verify" | "mutants" | "new" | "pack", ..] => author(&root, &words),
        [name] if !name.starts_with('-') => run::run(&find(name)?),
        _ => Err((2, said!("no command", words.join(" "), said!("usage")))),
    }
}

/// The exercises, what passes, and what is next; gives whether all are done.
fn list(all: &[Exercise]) -> Result {
    tell!("intro");
    let (mut next, mut count) = (None, 0);
    for exercise in all {
        let (mut done, todos) = (false, exercise.todos());
        let said = if todos > 0 {
            said!("to write", todos) // It cannot pass: do not build it.
        } else if let Some(state) = run::state(exercise)? {
            done = state.is_done();
            let changed = !done && state.good() == state.results.len();
            let more = changed.then(|| said!("not its own", exercise.number()));
            state.said() + &more.unwrap_or_default()
        } else {
            said!("does not compile")
        };
        count += usize::from(done);
        next = next.or((!done).then_some(exercise));
        let mark = if done { "[x]" } else { "[ ]" };
        line(format!("  {mark} {:<20} {said}", exercise.name));
    }
    tell!("so far", count, all.len());
    match next {
        Some(e) => tell!("next", e.name, e.name, e.name, e.number()),
        None => tell!("all done"),
    }
    let set = if cfg!(windows) { "language windows" } else { "language" };
    tell!("outro", said!(set));
    Ok(next.is_none())
}

/// One of the three hints.
fn hint(exercise: &Exercise, which: &str) -> Result {
    let text = read(&exercise.folder.join(said!("hints")));
    let hints: Vec<_> = text.split("\n## ").collect();
    let (number, most) = (exercise.number(), hints.len() - 1);
    let at = which.parse().unwrap_or(0);
    if at < 1 || at > most {
        return Err((2, said!("no hint", which, number, most)));
    }
    line(hints[at].trim_end());
    if at < most {
        tell!("next hint", number, at + 1);
    }
    Ok(true)
}

/// Runs the exercise, and again whenever a file of its source is saved, until
/// Ctrl-C.
fn watch(exercise: &Exercise) -> Result {
    until_saved(exercise, |_| false)
}

/// The same for each exercise that is not done, in order: when one is, the next.
fn watch_all(all: &[Exercise]) -> Result {
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

/// Starts the authors' program, if it was handed out.
fn author(root: &Path, words: &[&str]) -> Result {
    if !root.join("crates/author").is_dir() {
        return Err((1, said!("no author")));
    }
    start(root, "author", words)
}

/// Starts the program of a crate of ours, here, and ends with its exit status.
fn start(root: &Path, package: &str, words: &[&str]) -> Result {
    let own = env::current_exe().unwrap_or_default();
    if !own.with_file_name(format!("{package}{EXE_SUFFIX}")).exists() {
        tell!("first build");
    }
    let mut program = Command::new(cargo());
    program.args(["run", "--quiet", "--package", package, "--manifest-path"]);
    program.arg(root.join("Cargo.toml")).arg("--").args(words);
    let ended = program.status();
    let ended =
        ended.map_err(|e| (2, format!("cargo: {}", error_words(&e))))?;
    exit(ended.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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

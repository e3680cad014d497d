//! `cargo taller`: lists the exercises, runs one, gives hints. It stores nothing:
//! what counts is which tests pass. What is for authors alone is the crate
//! `author`, which a student does not build.

pub mod build;
mod diff;
pub mod doctor;
pub mod exercise;
pub mod handed_out;
pub mod outcome;
pub mod run;
mod watch;
pub mod words;

use std::env::{self, consts::EXE_SUFFIX};
use std::path::Path;
use std::process::{Command, ExitCode, exit};

use testbed::{cargo, error_words};

use exercise::{Exercise, nearest, root};
use outcome::{Result, ended, failed, misused};
use words::{line, said, tell};

/// Does what the command line says.
pub fn taller() -> ExitCode {
    let all = env::args_os().skip(1);
    let all = all.map(|word| word.to_string_lossy().into_owned());
    let all: Vec<String> = all.collect();
    ended(command(all.iter().map(String::as_str).collect()))
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
        ["watch"] => watch::all(&Exercise::all(&root)),
        ["watch", name] => watch::one(&find(name)?),
        ["demo", ref rest @ ..] => start(&root, "demo", rest),
        ["doctor"] => doctor::run(&root),
        ["pack"] => Err(misused(said!("which folder"))),
        [word @ ("hint" | "solution")] => {
            Err(misused(said!("which exercise", word, word)))
        }
        ["verify" | "mutants" | "new" | "pack", ..] => author(&root, &words),
        [name] if !name.starts_with('-') => run::run(&find(name)?),
        [first, ..] => {
            let (all, near) = (words.join(" "), nearest(first, []));
            Err(misused(said!("no command", all, near, said!("usage"))))
        }
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
    let hints = exercise.hints(&said!("readme"));
    let (number, most) = (exercise.number(), hints.len());
    let at = which.parse().unwrap_or(0);
    if at < 1 || at > most {
        return Err(misused(said!("no hint", which, number, most)));
    }
    line(&hints[at - 1]);
    if at < most {
        tell!("next hint", number, at + 1);
    }
    Ok(true)
}

/// Starts the authors' program, if it was handed out.
fn author(root: &Path, words: &[&str]) -> Result {
    if !root.join("crates/author").is_dir() {
        return Err(failed(said!("no author")));
    }
    let solution = |e: &Exercise| e.folder.join("solution").is_dir();
    let judged = ["verify", "mutants"].contains(&words[0]);
    if judged && !Exercise::all(root).iter().any(solution) {
        return Err(failed(said!("no solution")));
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
    // Nobody here gives back a port meanwhile.
    #[allow(clippy::disallowed_methods)]
    let ended = program.status();
    let ended =
        ended.map_err(|e| failed(format!("cargo: {}", error_words(&e))))?;
    exit(ended.code().unwrap_or(1))
}

//! `cargo taller`: lists the exercises, runs one, gives hints, and for authors
//! checks them all. It stores nothing: what counts is which tests pass.

mod copies;
mod demo;
mod diff;
mod doctor;
mod exercise;
mod run;
mod verify;
mod words;

use std::process::ExitCode;
use std::time::Duration;
use std::{fs, thread};

use exercise::{Exercise, root};
use pico_args::Arguments;
use words::{line, said, tell};

/// What went wrong, in a sentence; and the exit status: 1, or 2 for a command
/// that was not understood.
type Result<T = bool> = std::result::Result<T, (u8, String)>;

fn main() -> ExitCode {
    let (status, words) = match taller(Arguments::from_env()) {
        Ok(good) => return ExitCode::from(u8::from(!good)),
        Err(why) => why,
    };
    line(words);
    ExitCode::from(status)
}

/// Does what the command line says; gives whether all is well.
fn taller(mut given: Arguments) -> Result {
    if given.contains(["-h", "--help"]) {
        tell!("usage");
        return Ok(true);
    }
    let now = given.contains("--now");
    let words = given.finish();
    let words: Vec<_> = words.iter().map(|w| w.to_string_lossy()).collect();
    if let Some(word) = words.iter().find(|word| word.starts_with('-')) {
        return Err((2, said!("unknown option", word, said!("usage"))));
    }
    let root = root()?;
    let find = |name| Exercise::find(&root, name);
    match words.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
        [] => list(&Exercise::all(&root)),
        ["hint", name] => hint(&find(name)?, "1"),
        ["hint", name, which] => hint(&find(name)?, which),
        ["solution", name] => diff::show(&find(name)?, now),
        ["watch", name] => watch(&find(name)?),
        ["demo"] => demo::run(&root, "udp-echo"),
        ["demo", package] => demo::run(&root, package),
        ["doctor"] => doctor::run(),
        ["verify"] => verify::run(&Exercise::all(&root)),
        ["verify", name] => verify::run(&[find(name)?]),
        [name] => run::run(&find(name)?),
        _ => Err((2, said!("usage"))),
    }
}

/// The exercises, what passes, and what is next.
fn list(all: &[Exercise]) -> Result {
    tell!("intro");
    let mut next = None;
    for exercise in all {
        let (mut done, todos) = (false, exercise.todos());
        let state = if todos > 0 {
            said!("to write", todos) // It cannot pass: do not build it.
        } else if let Some(results) = run::results(exercise)? {
            let good = results.iter().filter(|r| r.passed).count();
            done = good == results.len();
            said!("some tests", good, results.len())
        } else {
            said!("does not compile")
        };
        next = next.or((!done).then_some(exercise));
        let mark = if done { "[x]" } else { "[ ]" };
        line(format!("  {mark} {:<20} {state}", exercise.name));
    }
    if let Some(next) = next {
        tell!("next", next.name, next.name, next.name, next.number());
    } else {
        tell!("all done");
    }
    let set = if cfg!(windows) { "language windows" } else { "language" };
    tell!("outro", said!(set));
    Ok(true)
}

/// One of the three hints.
fn hint(exercise: &Exercise, which: &str) -> Result {
    let file = exercise.folder.join(said!("hints"));
    let text = fs::read_to_string(&file);
    let text = text.map_err(|e| (1, format!("{}: {e}", file.display())))?;
    let hints: Vec<_> = text.split("\n## ").collect();
    let (which, most) = (which.parse().unwrap_or(0), hints.len() - 1);
    if which < 1 || which > most {
        return Err((2, said!("no hint", most)));
    }
    line(hints[which].trim_end());
    if which < most {
        tell!("next hint", exercise.number(), which + 1);
    }
    Ok(true)
}

/// Runs the exercise, and again whenever one of its files changes, until
/// Ctrl-C.
fn watch(exercise: &Exercise) -> Result {
    let mut seen = None;
    loop {
        let saved = exercise.saved();
        if seen.replace(saved) != Some(saved) {
            run::run(exercise)?;
            tell!("waiting");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

//! Builds an exercise's tests and runs each as a process of its own: so none
//! can stop the others, and what does not end is ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use kit::{Ended, Program, patience};

use crate::Result;
use crate::exercise::Exercise;
use crate::words::{line, said, say_line};

/// What became of one test.
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// The words for the student; empty if it passed.
    pub told: String,
    /// The line of the student's that panicked, if one did: `FILE:LINE`.
    pub place: Option<String>,
}

/// Cargo, in a folder.
pub fn cargo(folder: &Path) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).env_remove("CARGO_BUILD_TARGET");
    command
}

/// The target folder for what the runner builds: apart from the student's,
/// where on Windows a running server's file cannot be replaced.
pub fn target(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR");
    target.map_or(root.join("target"), |t| root.join(t)).join("taller")
}

/// The string behind `"key":` in a line of JSON, as cargo writes it.
pub fn json(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
    let (mut value, mut rest) = (String::new(), rest.chars());
    loop {
        match rest.next()? {
            '"' => return Some(value),
            '\\' => match rest.next()? {
                'n' => value.push('\n'),
                't' => value.push(' '),
                'u' => rest.by_ref().take(4).for_each(|_| {}), // A colour.
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

/// The test programs that `cargo build --message-format=json` tells of, each
/// by the folder of its manifest.
pub fn programs(messages: &str) -> Vec<(String, PathBuf)> {
    let tests = messages.lines().filter(|l| l.contains("\"kind\":[\"test\"]"));
    let found = tests.filter_map(|line| {
        let manifest = PathBuf::from(json(line, "manifest_path")?);
        let folder = manifest.parent()?.file_name()?.to_string_lossy();
        let program = PathBuf::from(json(line, "executable")?);
        Some((folder.into_owned(), program))
    });
    found.collect()
}

/// Runs all tests of the exercise; `None` if it does not compile (rustc has
/// said why).
pub fn results(exercise: &Exercise) -> Result<Option<Vec<TestResult>>> {
    let mut build = cargo(&exercise.root);
    build.args(["test", "--quiet", "--no-run", "--test", "exercise", "-p"]);
    build.arg(exercise.package()).arg("--target-dir");
    build.arg(target(&exercise.root));
    build.arg("--message-format=json-render-diagnostics");
    let built = build.stderr(Stdio::inherit()).output();
    let built = built.map_err(|e| (1, format!("cargo: {e}")))?;
    if !built.status.success() {
        return Ok(None);
    }
    let programs = programs(&String::from_utf8_lossy(&built.stdout));
    let Some((_, program)) = programs.first() else {
        return Err((1, "cargo: no tests/exercise.rs".to_string()));
    };
    let running: Vec<_> = exercise
        .tests()
        .into_iter()
        .map(|name| {
            let mut command = Command::new(program);
            command.args(["--exact", &name, "--nocapture"]);
            (name, start(command, &exercise.root))
        })
        .collect();
    let ended = running.into_iter().map(|(name, program)| {
        let (in_time, ended) = program.end_within(patience() * 10);
        result(exercise, name, in_time, &ended)
    });
    Ok(Some(ended.collect()))
}

/// Starts a test program.
pub fn start(mut command: Command, root: &Path) -> Program {
    command.current_dir(root).env("RUST_BACKTRACE", "0");
    Program::start("test", command)
}

fn result(
    exercise: &Exercise,
    name: String,
    in_time: bool,
    ended: &Ended,
) -> TestResult {
    if in_time && ended.code == Some(0) {
        return TestResult {
            name,
            passed: true,
            told: String::new(),
            place: None,
        };
    }
    // The kit's words are the last lines that begin with two spaces.
    let lines: Vec<_> = ended.stderr.lines().collect();
    let last = lines.iter().rposition(|l| l.starts_with("  "));
    let mut told = Vec::new();
    for line in lines[..last.map_or(0, |last| last + 1)].iter().rev() {
        if !line.starts_with("  ") {
            break;
        }
        told.insert(0, *line);
    }
    let mut told = told.join("\n");
    if !in_time {
        let seconds = (patience() * 10).as_secs();
        told = said!(
            "  it did not end within {seconds} s, and was stopped: is there a loop that never ends?",
            "  no terminó en {seconds} s, y se detuvo: ¿hay un bucle que no termina?"
        );
    } else if told.is_empty() {
        let last = lines.len().saturating_sub(10);
        told = said!(
            "  it ended in an unusual way. Its last words:\n{}",
            "  terminó de un modo inusual. Sus últimas palabras:\n{}",
            lines[last..].join("\n")
        );
    }
    let place = lines.iter().find_map(|line| {
        let (_, place) = line.split_once("panicked at ")?;
        let place = place.replace('\\', "/");
        let source = place.starts_with(&exercise.shown("src/"));
        let (place, _column) = place.trim_end_matches(':').rsplit_once(':')?;
        source.then(|| place.to_string())
    });
    TestResult { name, passed: false, told, place }
}

/// Runs the exercise and tells what matters; gives whether it is done.
pub fn run(exercise: &Exercise) -> Result<bool> {
    let number = exercise.number();
    let again = || {
        let command = format!("cargo taller {number}");
        say_line!("again:  {command}", "otra vez: {command}");
    };
    let Some(results) = results(exercise)? else {
        say_line!(
            "\n{}: it does not compile; rustc's own words are above.",
            "\n{}: no compila; arriba está lo que dice rustc.",
            exercise.name
        );
        again();
        return Ok(false);
    };
    let good = results.iter().filter(|r| r.passed).count();
    let all = results.len();
    let name = &exercise.name;
    say_line!(
        "{name}: {good} of {all} tests pass",
        "{name}: pasan {good} de {all} pruebas"
    );
    for result in &results {
        let mark = if result.passed { "ok  " } else { "FAIL" };
        line!("  {mark}  {}", result.name);
    }
    line!();
    let Some(failed) = results.into_iter().find(|r| !r.passed) else {
        say_line!(
            "Done! See it talk: {}\nCompare: cargo taller solution {number}\nWhat is next: cargo taller",
            "¡Listo! Miralo conversar: {}\nCompará: cargo taller solution {number}\nLo que sigue: cargo taller",
            talk(exercise)
        );
        return Ok(true);
    };
    line!("{}:\n{}\n", failed.name, failed.told);
    let step = failed.name.split('_').nth(1).unwrap_or_default();
    let place = failed.place.unwrap_or_else(|| exercise.place(step));
    say_line!("edit:   {place}", "editá:    {place}");
    again();
    let hint = format!("cargo taller hint {number}");
    say_line!("hint:   {hint}", "pista:    {hint}");
    Ok(false)
}

/// How to see it talk: its program, or its README.
fn talk(exercise: &Exercise) -> String {
    let main = exercise.folder.join("src/main.rs");
    if fs::exists(main).unwrap_or(false) {
        return format!("cargo run -p {}", exercise.package());
    }
    exercise.shown(&said!("README.md", "README.es.md"))
}

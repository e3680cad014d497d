//! Builds an exercise's tests and runs each as a process of its own: so none
//! can stop the others, and what does not end is ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use kit::{Program, patience};

use crate::Result;
use crate::exercise::Exercise;
use crate::words::{line, said, tell};

/// What became of one test.
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// The words for the student, if it did not pass.
    told: String,
    /// The line of the student's that panicked, if one did: `FILE:LINE`.
    place: Option<String>,
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
    root.join(target.unwrap_or_else(|| "target".into())).join("taller")
}

/// The string behind `"key":` in a line of JSON, as cargo writes it.
pub fn json(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
    let (mut value, mut rest) = (String::new(), rest.chars());
    loop {
        value.push(match rest.next()? {
            '"' => return Some(value),
            '\\' => match rest.next()? {
                'n' => '\n',
                other => other,
            },
            other => other,
        });
    }
}

/// The test programs that `cargo build --message-format=json` tells of, each
/// by the folder of its manifest.
pub fn programs(messages: &str) -> Vec<(String, PathBuf)> {
    let of_test = |l: &&str| l.contains("\"kind\":[\"test\"]");
    let found = messages.lines().filter(of_test).filter_map(|line| {
        let manifest = PathBuf::from(json(line, "manifest_path")?);
        let folder = manifest.parent()?.file_name()?.to_string_lossy();
        Some((folder.into_owned(), json(line, "executable")?.into()))
    });
    found.collect()
}

/// Runs all tests of the exercise; `None` if it does not compile (rustc has
/// said why).
pub fn results(exercise: &Exercise) -> Result<Option<Vec<TestResult>>> {
    let mut build = cargo(&exercise.root);
    build.args(["build", "--quiet", "--test", "exercise", "-p"]);
    build.arg(exercise.package()).arg("--target-dir");
    build.arg(target(&exercise.root)).stderr(Stdio::inherit());
    build.arg("--message-format=json-render-diagnostics");
    let built = build.output().map_err(|e| (1, format!("cargo: {e}")))?;
    let programs = programs(&String::from_utf8_lossy(&built.stdout));
    let (true, Some((_, program))) = (built.status.success(), programs.first())
    else {
        return Ok(None);
    };
    let start = |name: String| {
        let mut command = Command::new(program);
        command.args(["--exact", &name, "--nocapture"]);
        (name, start(command, &exercise.folder))
    };
    // All at once; then wait for each.
    let running: Vec<_> = exercise.tests().into_iter().map(start).collect();
    let ended = running.into_iter().map(|(n, p)| result(exercise, n, p));
    Ok(Some(ended.collect()))
}

/// Starts a test program in `folder`.
pub fn start(mut command: Command, folder: &Path) -> Program {
    command.current_dir(folder).env("RUST_BACKTRACE", "0");
    Program::start("test", command)
}

fn result(e: &Exercise, name: String, program: Program) -> TestResult {
    let limit = patience() * 10;
    let (in_time, ended) = program.end_within(limit);
    let passed = in_time && ended.code == Some(0);
    // The kit's words are the last lines that begin with two spaces.
    let lines: Vec<_> = ended.stderr.lines().collect();
    let of_kit = |line: &&&str| line.starts_with("  ");
    let told = lines.iter().rev().skip_while(|line| !of_kit(line));
    let mut told: Vec<_> = told.take_while(of_kit).copied().collect();
    told.reverse();
    let mut told = told.join("\n");
    if !in_time {
        told = said!("no end", limit.as_secs());
    } else if told.is_empty() {
        let last = lines[lines.len().saturating_sub(10)..].join("\n");
        told = said!("odd end", last);
    }
    let place = lines.iter().find_map(|line| {
        let place = line.split_once("panicked at ")?.1.replace('\\', "/");
        let (place, _column) = place.trim_end_matches(':').rsplit_once(':')?;
        let own = place.starts_with(&e.shown("src/"));
        own.then(|| place.to_string())
    });
    TestResult { name, passed, told, place }
}

/// Runs the exercise and tells what matters; gives whether it is done.
pub fn run(exercise: &Exercise) -> Result {
    let (name, number) = (&exercise.name, exercise.number());
    let Some(results) = results(exercise)? else {
        tell!("no compile", name, number);
        return Ok(false);
    };
    let good = results.iter().filter(|r| r.passed).count();
    line(format!("{name}: {}", said!("some tests", good, results.len())));
    for result in &results {
        let mark = if result.passed { "ok  " } else { "FAIL" };
        line(format!("  {mark}  {}", result.name));
    }
    let Some(failed) = results.into_iter().find(|r| !r.passed) else {
        let talk = match fs::exists(exercise.folder.join("src/main.rs")) {
            Ok(true) => format!("cargo run -p {}", exercise.package()),
            _ => exercise.shown(&said!("readme")),
        };
        tell!("done", talk, number);
        return Ok(true);
    };
    let step = failed.name.split('_').nth(1).unwrap_or_default();
    let place = failed.place.unwrap_or_else(|| exercise.place(step));
    tell!("failed", failed.name, failed.told, place, number, number);
    Ok(false)
}

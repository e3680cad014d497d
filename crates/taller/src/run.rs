//! Builds an exercise's tests and runs each as a process of its own: so none
//! can stop the others, and what does not end is ended.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit::patience;
use testbed::{Program, json, programs};

use crate::Result;
use crate::exercise::{Exercise, read};
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
    /// What it could not do here, if something: a line each.
    skips: Vec<String>,
}

/// Cargo is quiet: so the first build in `target`, which is long, is announced.
pub fn announce(target: &Path) {
    if !target.is_dir() {
        tell!("first build");
    }
}

/// `cargo build` in `folder`, its target folder `target`.
pub fn build(folder: &Path, target: &Path) -> Command {
    announce(target);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--target-dir"]).arg(target).current_dir(folder);
    command
}

/// The target folder for what the runner builds: apart from the student's,
/// where on Windows a running server's file cannot be replaced.
pub fn target(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR");
    root.join(target.unwrap_or_else(|| "target".into())).join("taller")
}

/// The packages that have a server and a client.
pub const PROGRAMS: [&str; 4] =
    ["udp-echo", "daytime-rfc867", "rtt-rfc2681", "zchat"];

/// Builds the programs that the exercise's tests talk to, before any test's
/// time runs. What does not build, its test tells.
pub fn build_peers(exercise: &Exercise, target: &Path) {
    let tests = read(&exercise.folder.join("tests/exercise.rs"));
    let named = |package: &&str| tests.contains(&format!("{package:?}"));
    for package in PROGRAMS.into_iter().filter(named) {
        let _ = programs(&exercise.root, target, package);
    }
}

/// Of the messages of `cargo build --message-format=json`, one on a line, those
/// about the package in the folder called `name`.
pub fn about<'a>(built: &'a str, name: &str) -> Vec<&'a str> {
    let manifest = Path::new(name).join("Cargo.toml");
    let its = |path: String| Path::new(&path).ends_with(&manifest);
    let about = |line: &&str| json(line, "manifest_path").is_some_and(its);
    built.lines().filter(about).collect()
}

/// The test program that these messages tell of.
pub fn program(about: &[&str]) -> Option<String> {
    let mut tests = about.iter().filter(|l| l.contains("\"kind\":[\"test\"]"));
    tests.find_map(|line| json(line, "executable"))
}

/// Runs all tests of the exercise; `None` if it does not compile (rustc has
/// said why).
pub fn results(exercise: &Exercise) -> Result<Option<Vec<TestResult>>> {
    let mut build = build(&exercise.root, &target(&exercise.root));
    build.args(["--quiet", "--test", "exercise", "-p", &exercise.package()]);
    build.arg("--message-format=json-render-diagnostics");
    let built = build.stderr(Stdio::inherit()).output();
    let built = built.map_err(|e| (1, format!("cargo: {e}")))?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let Some(program) = program(&about(&messages, &exercise.name)) else {
        return Ok(None);
    };
    build_peers(exercise, &target(&exercise.root));
    let start = |name: String| {
        let mut command = Command::new(&program);
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
    command.env("COLUMNS", "100000"); // Its sentences are looked for.
    Program::start("test", command)
}

fn result(e: &Exercise, name: String, program: Program) -> TestResult {
    let limit = patience() * 15; // Thrice what a test gives itself.
    let (in_time, ended) = program.end_within(limit);
    // Not the status: a student's `exit(0)` is no test that passed.
    let passed = in_time && ended.stdout.contains("test result: ok. 1 passed");
    let lines: Vec<_> = ended.stderr.lines().collect();
    // The kit's words are the last lines that begin with two spaces.
    let of_kit = |line: &str| line.starts_with("  ");
    let mut parts = lines.chunk_by(|a, b| of_kit(a) == of_kit(b));
    let told = if !in_time {
        said!("no end", limit.as_secs())
    } else if let Some(told) = parts.rfind(|part| of_kit(part[0])) {
        told.join("\n")
    } else {
        let last = &lines[lines.len().saturating_sub(10)..];
        said!("odd end", last.join("\n"))
    };
    let place = lines.iter().find_map(|line| {
        let place = line.split_once("panicked at ")?.1.replace('\\', "/");
        let (place, _column) = place.trim_end_matches(':').rsplit_once(':')?;
        place.starts_with(&e.shown("src/")).then(|| place.to_string())
    });
    TestResult {
        name,
        passed,
        told,
        place,
        skips: testbed::skips(&ended.stderr),
    }
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
        tell!(if result.passed { "passes" } else { "fails" }, result.name);
        result.skips.iter().for_each(line);
    }
    let Some(failed) = results.into_iter().find(|r| !r.passed) else {
        let main = read(&exercise.folder.join("src/main.rs"));
        let at = |l: &str| l.find("cargo run ").or(l.find("sudo "));
        let run = main.lines().filter_map(|l| l.get(at(l)?..));
        let run = run.collect::<Vec<_>>().join("\n  ");
        let there = exercise.folder.join("solution").is_dir();
        let compare = there.then(|| said!("compare", number));
        tell!("done", name, run, compare.unwrap_or_default());
        return Ok(true);
    };
    let step = failed.name.split('_').nth(1).unwrap_or_default();
    let place = failed.place.unwrap_or_else(|| exercise.place(step));
    tell!("failed", failed.name, failed.told, place, number, number);
    Ok(false)
}

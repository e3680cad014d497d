//! Runs an exercise's tests, each as a process of its own: so none can stop the
//! others, and what does not end is ended.

use std::fmt::Display;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;
use std::{env, fs};

use testbed::{Failure, Program, READY, TOLD, cut, output, patience, width};

use crate::build::{build_peers, built_peers, target, test_program};
use crate::exercise::{Exercise, entries, read};
use crate::handed_out::changed;
use crate::outcome::Result;
use crate::words::{line, said, tell};

/// What became of one test.
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// Why not, if it did not pass.
    pub failure: Failure,
    /// What it could not do here, if something: a line each.
    pub skips: Vec<String>,
}

impl TestResult {
    /// The test's name without the modules that it stands in.
    pub fn test(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or_default()
    }

    /// The step whose function is to be edited.
    pub fn step(&self) -> &str {
        let own = self.test().split('_').nth(1).unwrap_or_default();
        self.failure.get("step").unwrap_or(own)
    }
}

/// Runs all tests of the exercise; `None` if it does not compile (rustc has
/// said why).
pub fn results(exercise: &Exercise) -> Result<Option<Vec<TestResult>>> {
    let Some(program) = test_program(exercise)? else {
        return Ok(None);
    };
    build_peers(exercise, &target(&exercise.root));
    let folder = &exercise.folder;
    let start =
        |name: &String| Test::start(&program, folder, name, patience(), None);
    // All at once, and waited for all at once: what a student's code has left
    // running may hold each of them up for a moment.
    let running: Vec<_> = exercise.tests().iter().map(start).collect();
    let all = thread::scope(|scope| {
        let wait = |test: Test| scope.spawn(move || test.end());
        let waiting: Vec<_> = running.into_iter().map(wait).collect();
        let end = |w: ScopedJoinHandle<_>| {
            w.join().unwrap_or_else(|e| resume_unwind(e))
        };
        waiting.into_iter().map(end).collect()
    });
    end_strays();
    Ok(Some(all))
}

/// Ends what the tests' code has started outside our process group (`setsid`).
/// It has a test's environment; Linux tells whose that is.
fn end_strays() {
    let of_ours = format!("{TOLD}={}", told_file("").display());
    for (id, folder) in entries(Path::new("/proc")) {
        let set = fs::read(folder.join("environ")).unwrap_or_default();
        let mut set = set.split(|byte| *byte == 0);
        if set.any(|pair| pair.starts_with(of_ours.as_bytes())) {
            let _ = output(Command::new("kill").args(["-KILL", &id]));
        }
    }
}

/// The file in which the test number `count` of ours tells how it went.
fn told_file(count: impl Display) -> PathBuf {
    env::temp_dir().join(format!("taller-{}-{count}", process::id()))
}

/// How far an exercise is: how many of its tests pass, of how many; and what
/// of it is not as it was handed out.
pub struct State {
    /// Its tests.
    pub results: Vec<TestResult>,
    /// Files, from the workshop's folder.
    pub changed: Vec<String>,
}

impl State {
    /// How many of its tests pass.
    pub fn good(&self) -> usize {
        self.results.iter().filter(|r| r.passed).count()
    }

    /// Whether all do, and they are the exercise's own.
    pub fn is_done(&self) -> bool {
        let all = self.good() == self.results.len() && self.good() > 0;
        all && self.changed.is_empty()
    }

    /// `4 of 4 tests passed`
    pub fn said(&self) -> String {
        said!("some tests", self.good(), self.results.len())
    }
}

/// Builds and runs the exercise; `None` if it does not compile.
pub fn state(exercise: &Exercise) -> Result<Option<State>> {
    let changed = changed(exercise);
    let state = |results| State { results, changed };
    Ok(results(exercise)?.map(state))
}

/// A test that runs, in a process of its own.
pub struct Test {
    name: String,
    /// Where it writes how it went.
    file: PathBuf,
    process: Program,
    limit: Duration,
}

impl Test {
    /// Starts a test of a test program, in the exercise's folder; in `language`
    /// (`es`), or in the student's.
    pub fn start(
        program: &str,
        folder: &Path,
        name: &str,
        patience: Duration,
        language: Option<&str>,
    ) -> Test {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = told_file(count);
        let mut command = Command::new(program);
        command.args(["--exact", name, "--nocapture"]).current_dir(folder);
        let language = language.unwrap_or(testbed::language().code());
        command.env("TALLER_LANG", language);
        command.env("RUST_BACKTRACE", "0").env(TOLD, &file);
        command.env("TALLER_SECONDS", patience.as_secs().to_string());
        command.env(READY, built_peers());
        let process = Program::start("test", command);
        let limit = patience * 15; // Thrice what a test gives itself.
        Test { name: name.to_string(), file, process, limit }
    }

    /// Waits for its end.
    pub fn end(self) -> TestResult {
        let (in_time, ended) = self.process.end_within(self.limit);
        let told = Failure::read(&self.file);
        let _ = fs::remove_file(&self.file);
        // Not the status: a student's `exit(0)` is no test that passed.
        let failure = match told {
            Some(told) if in_time || !told.is_pass() => told,
            _ if !in_time => sentence(said!("no end", self.limit.as_secs())),
            _ => sentence(said!("odd end", last_words(&ended.stderr))),
        };
        let passed = failure.is_pass();
        let skips = testbed::skips(&ended.stderr);
        TestResult { name: self.name, passed, failure, skips }
    }
}

fn sentence(text: String) -> Failure {
    Failure::default().with("sentence", &text)
}

/// The last lines that a program wrote, if it did, long ones cut.
fn last_words(stderr: &str) -> String {
    let lines: Vec<_> = stderr.lines().collect();
    let last = &lines[lines.len().saturating_sub(5)..];
    let last = last.iter().map(|line| "\n".to_string() + &cut(line, 150));
    let last: String = last.collect();
    if last.is_empty() { last } else { said!("last words", last) }
}

/// Names the files that are not as they were handed out, if there are any.
fn tell_changed(changed: &[String]) {
    if !changed.is_empty() {
        tell!("changed", changed.join("\n  "), changed.join(" "));
    }
}

/// Runs the exercise and tells what matters; gives whether it is done.
pub fn run(exercise: &Exercise) -> Result {
    let (name, number) = (&exercise.name, exercise.number());
    let Some(state) = state(exercise)? else {
        tell!("no compile", name, number);
        tell_changed(&changed(exercise));
        return Ok(false);
    };
    line(format!("{name}: {}", state.said()));
    for result in &state.results {
        tell!(if result.passed { "passes" } else { "fails" }, result.name);
        result.skips.iter().for_each(line);
    }
    if let Some(failed) = state.results.iter().find(|r| !r.passed) {
        let place = failed.failure.get("place").map(String::from);
        let place = place.unwrap_or_else(|| exercise.place(failed.step()));
        let told = failed.failure.told(width());
        tell!("failed", failed.name, told, place, number, number);
    }
    if state.results.is_empty() {
        let tests = exercise.shown("tests/exercise.rs");
        tell!("no tests", tests, tests);
    } else {
        tell_changed(&state.changed);
    }
    if !state.is_done() {
        return Ok(false);
    }
    let main = read(&exercise.folder.join("src/main.rs"));
    let at = |l: &str| l.find("cargo run ").or(l.find("sudo "));
    let run = main.lines().filter_map(|l| l.get(at(l)?..));
    let run = run.collect::<Vec<_>>().join("\n  ");
    let there = exercise.folder.join("solution").is_dir();
    let compare = there.then(|| said!("compare", number));
    tell!("done", name, run, compare.unwrap_or_default());
    Ok(true)
}

//! Are the exercises themselves right? CONTRIBUTING.md says what that means.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::{thread, time::Duration};

use crate::copies::{Variant, write_all};
use crate::exercise::{Exercise, files, read};
use testbed::json;

use crate::run::{about, build_peers, program, start, target};
use crate::words::{line, tell};
use crate::{Result, mistakes, run};

/// So many mistakes each exercise has, at least.
const MISTAKES: usize = 4;

/// Checks the exercises, one after the other; gives whether all are right.
pub fn run(exercises: &[Exercise]) -> Result {
    let mut good = true;
    for exercise in exercises {
        let (copies, wrong) = check(exercise)?;
        let state = if wrong.is_empty() { "ok" } else { "WRONG" };
        line(format!("{:<20} {copies} copies: {state}", exercise.name));
        for words in &wrong {
            line(format!("  {}", words.trim_end().replace('\n', "\n    ")));
        }
        good &= wrong.is_empty();
    }
    tell!(if good { "right" } else { "wrong" });
    Ok(good)
}

/// Checks one; gives how many copies that took, and what is wrong.
fn check(exercise: &Exercise) -> Result<(usize, Vec<String>)> {
    let mut wrong = Vec::new();
    let variants = of(exercise, &mut wrong);
    let target = target(&exercise.root).join("verify");
    let copy = target.join(&exercise.name);
    write_all(&exercise.root, &copy, &variants)
        .map_err(|e| (1, format!("{}: {e}", copy.display())))?;
    papers(exercise, &copy, &mut wrong);
    let (copy, built) = (&copy, &build(&copy, &target)?);
    build_peers(exercise, &target);
    thread::scope(|scope| {
        let judge = |v| scope.spawn(move || judge(v, copy, built));
        let running: Vec<_> = variants.iter().map(judge).collect();
        for (v, judged) in variants.iter().zip(running) {
            let words = judged.join().expect("no judge panics");
            wrong.extend(words.iter().map(|w| format!("{}: {w}", v.folder())));
        }
    });
    Ok((variants.len(), wrong))
}

/// Checks what can be seen without running the exercise.
fn papers(exercise: &Exercise, copy: &Path, wrong: &mut Vec<String>) {
    let package = exercise.package();
    for (name, needed, times) in [
        ("README.md", "minutes", 1),
        ("README.es.md", "minutos", 1),
        ("HINTS.md", "\n## ", 3),
        ("HINTS.es.md", "\n## ", 3),
        ("Cargo.toml", &format!("{package:?}"), 1),
        ("src/main.rs", &format!("cargo run -p {package}"), 1),
        ("../../Cargo.toml", &format!("\"exercises/{}\"", exercise.name), 1),
    ] {
        let text = read(&exercise.folder.join(name));
        if text.matches(needed).count() < times {
            wrong.push(format!("{name} lacks {needed:?} ({times} times)"));
        }
    }
    let solution = copy.join(format!("{}.solution", exercise.name));
    let mut rustfmt = Command::new("rustfmt"); // It only reads.
    rustfmt.args(["--check", "--edition", "2024", "--config-path"]);
    rustfmt.arg(&exercise.root).current_dir(&exercise.folder);
    // With each, the modules that it names.
    rustfmt.args(["src/lib.rs", "src/main.rs", "tests/exercise.rs"]);
    rustfmt.args(["src/lib.rs", "src/main.rs"].map(|name| solution.join(name)));
    if !rustfmt.output().is_ok_and(|ended| ended.status.success()) {
        wrong.push("rustfmt --check is not content".to_string());
    }
}

/// The mistakes, the stub, and the solution.
fn of<'a>(e: &'a Exercise, wrong: &mut Vec<String>) -> Vec<Variant<'a>> {
    let (mut all, mut sentences) = (Vec::new(), HashMap::new());
    let causes = mistakes::causes(&read(&e.folder.join("tests/words.txt")));
    for mut mistake in mistakes::read(&read(&e.folder.join("mistakes.md"))) {
        let name = mistake.name.clone();
        if let Some(told) = causes.get(&name) {
            mistake.told = told.clone();
        }
        if mistake.told.contains(&String::new()) {
            wrong.push(format!("{name} needs en: and es:"));
        }
        for sentence in mistake.told.clone() {
            if let Some(other) = sentences.insert(sentence, name.clone()) {
                wrong.push(format!("{other} and {name} expect the same"));
            }
        }
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        all.push(Variant { exercise: e, name, mistake: Some(mistake) });
    }
    if all.len() < MISTAKES {
        wrong.push(format!("{} mistakes, fewer than {MISTAKES}", all.len()));
    }
    for name in ["stub", "solution"].map(String::from) {
        all.push(Variant { exercise: e, name, mistake: None });
    }
    if files(&e.folder.join("solution")).is_empty() {
        wrong.push("solution/ is missing".to_string());
    }
    all
}

/// Builds the copies' tests, with clippy looking on, and whatever does not
/// compile; gives cargo's messages (JSON).
fn build(copy: &Path, target: &Path) -> Result<String> {
    let mut build = run::build(copy, target);
    build.args(["--workspace", "--test", "exercise", "--keep-going"]);
    build.arg("--message-format=json");
    // As cargo clippy does it; a mistake may have clippy's errors.
    build.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
    build.env("CLIPPY_ARGS", "-Wclippy::correctness__CLIPPY_HACKERY__");
    build.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    let built = build.output().map_err(|e| (1, format!("cargo: {e}")))?;
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    if !messages.contains("\"reason\":\"build-finished\"") {
        return Err((1, String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    Ok(messages)
}

/// Runs a copy's tests; gives what is wrong with it.
fn judge(v: &Variant, copy: &Path, built: &str) -> Vec<String> {
    let (about, mut wrong) = (about(built, &v.folder()), Vec::new());
    let rendered = about.iter().filter_map(|line| json(line, "rendered"));
    let words: String = rendered.collect(); // The compiler's.
    let Some(program) = program(&about) else { return vec![words] };
    if v.mistake.is_none() && !words.is_empty() {
        wrong.push(format!("it compiles with warnings:\n{words}"));
    }
    let test = |args: &[&str], language: &str, seconds: u64| {
        let mut command = Command::new(&program);
        command.args(["--nocapture", "--test-threads=64"]).args(args);
        command.env("TALLER_LANG", language);
        command.env("TALLER_SECONDS", seconds.to_string());
        let limit = Duration::from_secs(seconds * 15 + 60);
        start(command, &copy.join(v.folder())).end_within(limit).1
    };
    // These tests must fail, and say what they must in each language.
    let mut fail = |args: &[&str], told: &[String], [good, odd]: [&str; 2]| {
        for (language, told) in ["en", "es"].into_iter().zip(told) {
            let mut ended = test(args, language, 2);
            if !ended.stderr.contains(told) {
                ended = test(args, language, 10); // A busy machine?
            }
            if ended.code == Some(0) {
                wrong.push(good.to_string());
            } else if !ended.stderr.contains(told) {
                wrong.push(format!("{odd} {told:?} but:\n{}", ended.stderr));
            }
        }
    };
    match v.name.as_str() {
        "stub" => {
            let tests = v.exercise.tests();
            for name in &tests {
                // The kit says that a step is missing if its `todo!` did.
                let step = name.split('_').nth(1).unwrap_or_default();
                let told = ["step {} is missing", "falta el paso {}"];
                let told = told.map(|told| told.replace("{}", step));
                let passes = format!("{name} passes with nothing written");
                let lacks = format!("{name} does not meet its todo!: no");
                fail(&["--exact", name], &told, [&passes, &lacks]);
            }
            let all = test(&["--list"], "en", 2).stdout;
            if all.matches(": test").count() != tests.len() {
                wrong.push(format!("some are not called step_N_:\n{all}"));
            }
        }
        "solution" => {
            let e = test(&[], "en", 60);
            if e.code != Some(0) {
                wrong.push(format!("a test fails:\n{}{}", e.stdout, e.stderr));
            }
        }
        _ => {
            let told = v.mistake.as_ref().map_or(&[][..], |m| &m.told);
            fail(&[], told, ["it passes all tests", "nobody says"]);
        }
    }
    wrong
}

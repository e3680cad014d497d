//! Are the exercises themselves right? CONTRIBUTING.md says what that means.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use crate::Result;
use crate::copies::{Kind, Variant, write_all};
use crate::exercise::{Exercise, files};
use crate::run::{cargo, json, programs, start, target};
use crate::words::{line, tell};

/// So many mistakes each exercise has, at least.
const MISTAKES: usize = 4;

/// So many test programs run at once: mostly they wait.
const AT_ONCE: usize = 16;

/// Checks the exercises; gives whether all are right.
pub fn run(root: &Path, exercises: &[Exercise]) -> Result {
    let (mut wrong, mut variants) = (BTreeMap::new(), Vec::new());
    for exercise in exercises {
        let own: &mut Vec<String> = wrong.entry(&exercise.name).or_default();
        variants.extend(of(exercise, own));
    }
    let which = if exercises.len() == 1 { &exercises[0].name } else { "all" };
    let copy = target(root).join("verify").join(which);
    write_all(root, &copy, &variants)
        .map_err(|e| (1, format!("{}: {e}", copy.display())))?;
    for exercise in exercises {
        papers(exercise, &copy, wrong.entry(&exercise.name).or_default());
    }
    let built = build(&copy)?;
    let programs: HashMap<_, _> = programs(&built).into_iter().collect();
    for some in variants.chunks(AT_ONCE) {
        let judged: Vec<_> = thread::scope(|scope| {
            let judge = |v| judge(v, programs.get(&v.folder), &built);
            let start = |v| scope.spawn(move || judge(v));
            let running: Vec<_> = some.iter().map(start).collect();
            running.into_iter().map(|r| r.join().unwrap_or_default()).collect()
        });
        for (variant, words) in some.iter().zip(judged) {
            let words =
                words.iter().map(|w| format!("{}: {w}", variant.folder));
            wrong.entry(&variant.exercise.name).or_default().extend(words);
        }
    }
    for (name, words) in &wrong {
        let state = if words.is_empty() { "ok" } else { "WRONG" };
        let copies = variants.iter().filter(|v| v.exercise.name == **name);
        line(format!("{name:<20} {} copies: {state}", copies.count()));
        for words in words {
            line(format!("  {}", words.trim_end().replace('\n', "\n    ")));
        }
    }
    let good = wrong.values().all(Vec::is_empty);
    tell!(if good { "right" } else { "wrong" });
    Ok(good)
}

/// Checks what can be seen without running the exercise.
fn papers(exercise: &Exercise, copy: &Path, wrong: &mut Vec<String>) {
    let package = format!("{:?}", exercise.package());
    let member = format!("\"exercises/{}\"", exercise.name);
    for (name, needed, times) in [
        ("README.md", "minutes", 1),
        ("README.es.md", "minutos", 1),
        ("HINTS.md", "\n## ", 3),
        ("HINTS.es.md", "\n## ", 3),
        ("tests/exercise.rs", "\n#[test]\nfn step_", 1),
        ("Cargo.toml", &package, 1),
        ("../../Cargo.toml", &member, 1),
    ] {
        match fs::read_to_string(exercise.folder.join(name)) {
            Err(_) => wrong.push(format!("{name} is missing")),
            Ok(text) if text.matches(needed).count() < times => {
                wrong.push(format!("{name} lacks {needed:?} ({times} times)"));
            }
            Ok(_) => {}
        }
    }
    let solution = copy.join(format!("{}.solution", exercise.name));
    let own = &exercise.folder;
    let folders = [own.join("src"), own.join("tests"), solution.join("src")];
    let mut sources = folders.map(|folder| files(&folder)).concat();
    sources.retain(|path| path.extension().is_some_and(|e| e == "rs"));
    let mut rustfmt = Command::new("rustfmt"); // It only reads.
    rustfmt.args(["--check", "--edition", "2024", "--config-path"]);
    rustfmt.arg(&exercise.root).args(sources);
    rustfmt.stdout(Stdio::null()).stderr(Stdio::null());
    if !rustfmt.status().is_ok_and(|status| status.success()) {
        wrong.push("rustfmt --check is not content".to_string());
    }
}

/// The stub, the solution, and the mistakes.
fn of<'a>(e: &'a Exercise, wrong: &mut Vec<String>) -> Vec<Variant<'a>> {
    let mut all = vec![Variant::new(e, Kind::Stub, "stub")];
    if files(&e.folder.join("solution")).is_empty() {
        wrong.push("solution/ is missing".to_string());
    } else {
        all.push(Variant::new(e, Kind::Solution, "solution"));
    }
    let (mut sentences, mut count) = (HashMap::new(), 0);
    let entries = fs::read_dir(e.folder.join("mistakes"));
    for folder in entries.into_iter().flatten().flatten().map(|e| e.path()) {
        count += 1;
        let name = folder.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join("expect.txt"));
        let text = text.unwrap_or_default();
        let expected = ["en: ", "es: "].map(|language| {
            let found = text.lines().find_map(|l| l.strip_prefix(language));
            found.unwrap_or_default().trim().to_string()
        });
        if expected.contains(&String::new()) {
            wrong.push(format!("{name}/expect.txt needs en: and es:"));
        }
        for sentence in expected.clone() {
            if let Some(other) = sentences.insert(sentence, name.clone()) {
                wrong.push(format!("{other} and {name} expect the same"));
            }
        }
        all.push(Variant::new(e, Kind::Mistake(expected), &name));
    }
    if count < MISTAKES {
        wrong.push(format!("{count} mistakes, fewer than {MISTAKES}"));
    }
    all
}

/// Builds the copies' tests, with clippy looking on, and whatever does not
/// compile; gives cargo's messages (JSON).
fn build(copy: &Path) -> Result<String> {
    let mut build = cargo(copy);
    build.args(["build", "--workspace", "--test", "exercise", "--keep-going"]);
    build.arg("--message-format=json");
    // As cargo clippy does it; a mistake may have clippy's errors.
    build.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
    build.env("CLIPPY_ARGS", "-Wclippy::correctness__CLIPPY_HACKERY__");
    build.arg("--target-dir").arg(copy.join("target"));
    build.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    let built = build.output().map_err(|e| (1, format!("cargo: {e}")))?;
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    if !messages.contains("\"reason\":\"build-finished\"") {
        return Err((1, String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    Ok(messages)
}

/// The compiler's words about a variant.
fn diagnostics(messages: &str, variant: &Variant) -> String {
    let about = |line: &&str| {
        let manifest = json(line, "manifest_path").map(PathBuf::from);
        let folder = manifest.as_deref().and_then(Path::parent);
        let its = folder.is_some_and(|f| f.ends_with(&variant.folder));
        its && line.contains("\"reason\":\"compiler-message\"")
    };
    let lines = messages.lines().filter(about);
    lines.filter_map(|line| json(line, "rendered")).collect()
}

/// Runs a copy's tests; gives what is wrong with it.
fn judge(v: &Variant, program: Option<&PathBuf>, built: &str) -> Vec<String> {
    let (words, mut wrong) = (diagnostics(built, v), Vec::new());
    let Some(program) = program else { return vec![words] };
    if !matches!(v.kind, Kind::Mistake(_)) && !words.is_empty() {
        wrong.push(format!("it compiles with warnings:\n{words}"));
    }
    let copy = program.ancestors().nth(4).unwrap_or(program).join(&v.folder);
    let test = |args: &[&str], language: &str, seconds: u64| {
        let mut command = Command::new(program);
        command.args(["--nocapture", "--test-threads=64"]).args(args);
        command.env("TALLER_LANG", language);
        command.env("TALLER_SECONDS", seconds.to_string());
        let limit = Duration::from_secs(seconds * 5 + 30);
        start(command, &copy).end_within(limit).1
    };
    let languages = [("en", "step {} is missing"), ("es", "falta el paso {}")];
    match &v.kind {
        Kind::Stub => {
            let tests = v.exercise.tests();
            let all = test(&["--list"], "en", 2).stdout;
            if all.matches(": test").count() != tests.len() {
                wrong.push(format!("some are not called step_N_:\n{all}"));
            }
            for (name, (language, told)) in
                tests.iter().flat_map(|name| languages.map(|l| (name, l)))
            {
                let step = name.split('_').nth(1).unwrap_or_default();
                let told = told.replace("{}", step);
                let own = format!("not yet implemented: step {step}: ");
                let ended = test(&["--exact", name], language, 2);
                let said = ended.stderr;
                let fine = said.contains(&own) && said.contains(&told);
                if ended.code == Some(0) {
                    wrong.push(format!("{name} passes with nothing written"));
                } else if !fine {
                    wrong
                        .push(format!("{name}: no {own:?}, {told:?}:\n{said}"));
                }
            }
        }
        Kind::Solution => {
            let ended = test(&[], "en", 60);
            if ended.code != Some(0) {
                let words = ended.stdout + &ended.stderr;
                wrong.push(format!("a test fails:\n{words}"));
            }
        }
        Kind::Mistake(sentences) => {
            for ((language, _), told) in languages.into_iter().zip(sentences) {
                let mut ended = test(&[], language, 2);
                if !ended.stderr.contains(told) {
                    ended = test(&[], language, 10); // A busy machine?
                }
                if ended.code == Some(0) {
                    wrong.push("it passes all tests".to_string());
                } else if !ended.stderr.contains(told) {
                    let words = ended.stderr;
                    wrong.push(format!("nobody says {told:?} but:\n{words}"));
                }
            }
        }
    }
    wrong
}

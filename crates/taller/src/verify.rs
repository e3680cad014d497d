//! Are the exercises themselves right? CONTRIBUTING.md says what that means.
//! Works on copies in the target folder: of each stub, each solution, and
//! each mistake.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use std::{fs, thread};

use kit::Ended;

use crate::Result;
use crate::exercise::{Exercise, files};
use crate::run::{cargo, json, programs, start, target};
use crate::words::{line, say_line};

/// So many mistakes each exercise has, at least.
const MISTAKES: usize = 4;

/// So many test programs run at once: mostly they wait.
const AT_ONCE: usize = 8;

/// A copy of an exercise, as a package of its own.
struct Variant<'a> {
    exercise: &'a Exercise,
    kind: Kind,
    /// `02-echo-server.stub`
    folder: String,
}

enum Kind {
    Stub,
    Solution,
    /// The sentences of `expect.txt`.
    Mistake([String; 2]),
}

/// Checks the exercises; gives whether all are right.
pub fn run(root: &Path, exercises: &[Exercise]) -> Result<bool> {
    let mut wrong = BTreeMap::new();
    let mut variants = Vec::new();
    for exercise in exercises {
        let own: &mut Vec<String> = wrong.entry(&exercise.name).or_default();
        papers(exercise, own);
        variants.extend(variants_of(exercise, own));
    }
    let copy = match exercises {
        [one] => target(root).join(format!("verify-{}", one.number())),
        _ => target(root).join("verify"),
    };
    write_copies(root, &copy, &variants)
        .map_err(|e| (1, format!("{}: {e}", copy.display())))?;
    let built = build(&copy, &["build", "--test", "exercise", "--workspace"])?;
    let programs: HashMap<_, _> = programs(&built).into_iter().collect();

    let (work, told) = (Mutex::new(variants.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = work.lock().map(|mut work| work.next());
                    let Ok(Some(variant)) = next else { return };
                    let words = match programs.get(&variant.folder) {
                        Some(program) => judge(variant, program, &built),
                        None => vec![diagnostics(&built, &variant.folder)],
                    };
                    if let Ok(mut told) = told.lock() {
                        let name = &variant.exercise.name;
                        let what = &variant.folder;
                        told.extend(
                            words.into_iter().map(|words| {
                                (name, format!("{what}: {words}"))
                            }),
                        );
                    }
                }
            });
        }
    });
    for (name, words) in told.into_inner().unwrap_or_default() {
        wrong.entry(name).or_default().push(words);
    }
    clippy(&copy, &variants, &mut wrong)?;
    for exercise in exercises {
        let own = wrong.get(&exercise.name).map_or(&[][..], |own| own);
        let of = |v: &&Variant| v.exercise.name == exercise.name;
        let copies = variants.iter().filter(of).count();
        let (tests, mistakes) =
            (exercise.tests().len(), copies.saturating_sub(2));
        let state = if own.is_empty() { "ok" } else { "WRONG" };
        line!(
            "{:<20} {tests} tests, {mistakes} mistakes: {state}",
            exercise.name
        );
        for words in own {
            line!("  {}", words.replace('\n', "\n    "));
        }
    }
    let good = wrong.values().all(Vec::is_empty);
    if good {
        say_line!(
            "All exercises are right.",
            "Todos los ejercicios están bien."
        );
    }
    Ok(good)
}

/// What can be seen without running anything.
fn papers(exercise: &Exercise, wrong: &mut Vec<String>) {
    let read = |name: &str| {
        fs::read_to_string(exercise.folder.join(name)).unwrap_or_default()
    };
    for (name, needed, times) in [
        ("README.md", "minutes", 1),
        ("README.es.md", "minutos", 1),
        ("HINTS.md", "\n## ", 3),
        ("HINTS.es.md", "\n## ", 3),
        ("tests/exercise.rs", "\n#[test]\nfn step_", 1),
    ] {
        let text = read(name);
        if text.is_empty() {
            wrong.push(format!("{name} is missing"));
        } else if text.matches(needed).count() < times {
            wrong.push(format!("{name} lacks {needed:?}, {times} times"));
        }
    }
    let members = fs::read_to_string(exercise.root.join("Cargo.toml"));
    let member = format!("\"exercises/{}\"", exercise.name);
    if !members.unwrap_or_default().contains(&member) {
        wrong.push(format!(
            "{member} is no member of the workspace (Cargo.toml)"
        ));
    }
    if !read("Cargo.toml").contains(&format!("\"{}\"", exercise.package())) {
        wrong.push(format!("its package is not called {}", exercise.package()));
    }
    // Formatted; the files are only read.
    let mut sources = files(&exercise.folder.join("src"));
    sources.extend(files(&exercise.folder.join("solution")));
    sources.extend(files(&exercise.folder.join("tests")));
    sources.retain(|path| path.extension().is_some_and(|e| e == "rs"));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024"]).args(sources);
    match rustfmt.output() {
        Ok(ran) if ran.status.success() => {}
        Ok(ran) => wrong.push(format!(
            "not formatted (rustfmt):\n{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        )),
        Err(e) => wrong.push(format!("rustfmt does not start: {e}")),
    }
}

/// The stub, the solution, and the mistakes.
fn variants_of<'a>(
    exercise: &'a Exercise,
    wrong: &mut Vec<String>,
) -> Vec<Variant<'a>> {
    let variant = |kind, name: &str| {
        let folder = format!("{}.{name}", exercise.name);
        Variant { exercise, kind, folder }
    };
    let mut all = vec![variant(Kind::Stub, "stub")];
    if exercise.folder.join("solution").is_dir() {
        all.push(variant(Kind::Solution, "solution"));
    } else {
        wrong.push("solution/ is missing".to_string());
    }
    let (mut sentences, mut count) = (HashMap::new(), 0);
    let entries = fs::read_dir(exercise.folder.join("mistakes"));
    for entry in entries.into_iter().flatten().flatten() {
        count += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        let expect = fs::read_to_string(entry.path().join("expect.txt"));
        let expect = expect.unwrap_or_default();
        let sentence = |language| {
            let mut lines = expect.lines();
            let found = lines.find_map(|l| l.strip_prefix(language))?;
            (!found.trim().is_empty()).then(|| found.trim().to_string())
        };
        let (Some(en), Some(es)) = (sentence("en: "), sentence("es: ")) else {
            wrong.push(format!(
                "mistakes/{name}/expect.txt needs the lines en: and es:"
            ));
            continue;
        };
        for sentence in [&en, &es] {
            if let Some(other) =
                sentences.insert(sentence.clone(), name.clone())
            {
                wrong.push(format!(
                    "{other} and {name} expect the same sentence"
                ));
            }
        }
        all.push(variant(Kind::Mistake([en, es]), &name));
    }
    if count < MISTAKES {
        wrong.push(format!("{count} mistakes; it needs {MISTAKES}"));
    }
    all
}

/// Writes a workspace whose members are the variants. What is there already
/// is not written again, so that it need not be built again.
fn write_copies(
    root: &Path,
    copy: &Path,
    variants: &[Variant],
) -> std::io::Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let list = |text: &str, key: &str, new: &str| {
        let Some((before, rest)) = text.split_once(&format!("\n{key} = ["))
        else {
            return text.to_string();
        };
        let after = rest.split_once("\n]").map_or("", |(_, after)| after);
        format!("{before}\n{new}{after}")
    };
    let folders = variants.iter().map(|v| &v.folder).collect::<Vec<_>>();
    let manifest =
        list(&manifest, "members", &format!("members = {folders:?}"));
    let manifest = list(&manifest, "default-members", "");
    // The crates themselves are not copied; TOML takes \ as it is in '...'.
    let crates = root.join("crates").display().to_string();
    let mut text = String::new();
    for line in manifest.lines() {
        match line.split_once("path = \"crates/") {
            Some((before, rest)) => {
                let rest = rest.replacen('"', "'", 1);
                let _ = writeln!(text, "{before}path = '{crates}/{rest}");
            }
            None => text = text + line + "\n",
        }
    }
    write(&copy.join("Cargo.toml"), text.as_bytes())?;
    for name in ["Cargo.lock", "clippy.toml"] {
        if let (Ok(text), false) =
            (fs::read(root.join(name)), copy.join(name).exists())
        {
            write(&copy.join(name), &text)?;
        }
    }
    for variant in variants {
        let (exercise, to) = (variant.exercise, copy.join(&variant.folder));
        let mut wanted = BTreeMap::new();
        let mut lay = |folder: PathBuf, whole: bool| {
            for path in files(&folder) {
                let name =
                    path.strip_prefix(&folder).unwrap_or(&path).to_path_buf();
                let apart = ["solution", "mistakes", "target"];
                if whole || !apart.iter().any(|part| name.starts_with(part)) {
                    wanted.insert(name, path);
                }
            }
        };
        lay(exercise.folder.clone(), false);
        if !matches!(variant.kind, Kind::Stub) {
            lay(exercise.folder.join("solution"), true);
        }
        if let (Kind::Mistake(_), Some((_, name))) =
            (&variant.kind, variant.folder.split_once('.'))
        {
            lay(exercise.folder.join("mistakes").join(name), true);
        }
        for old in files(&to) {
            let name = old.strip_prefix(&to).unwrap_or(&old);
            if !wanted.contains_key(name) {
                fs::remove_file(&old)?;
            }
        }
        for (name, from) in wanted {
            let mut bytes = fs::read(from)?;
            if let Ok(text) = str::from_utf8(&bytes) {
                bytes = renamed(variant, &name, text).into_bytes();
            }
            write(&to.join(name), &bytes)?;
        }
    }
    Ok(())
}

/// Packages and programs need names of their own; the library keeps its own.
fn renamed(variant: &Variant, name: &Path, text: &str) -> String {
    let old = variant.exercise.package();
    let new = package(variant);
    if name == Path::new("Cargo.toml") {
        let library = format!("[lib]\nname = \"{}\"\n", old.replace('-', "_"));
        let text = text.replace(&format!("\"{old}\""), &format!("\"{new}\""));
        return text.replace("[lib]\n", &library);
    }
    let program = "CARGO_BIN_EXE_";
    text.replace(&format!("{program}{old}"), &format!("{program}{new}"))
}

fn package(variant: &Variant) -> String {
    format!("ex{}", variant.folder.replace('.', "-"))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}

/// Runs cargo in the copy, which goes on after what does not compile; gives
/// its messages (JSON).
fn build(copy: &Path, args: &[&str]) -> Result<String> {
    let mut build = cargo(copy);
    build.args(args).args(["--keep-going", "--message-format=json"]);
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
fn diagnostics(messages: &str, folder: &str) -> String {
    let about = |line: &&str| {
        let manifest = json(line, "manifest_path").unwrap_or_default();
        let its =
            Path::new(&manifest).parent().is_some_and(|f| f.ends_with(folder));
        its && line.contains("\"reason\":\"compiler-message\"")
    };
    let lines = messages.lines().filter(about);
    lines.filter_map(|line| json(line, "rendered")).collect()
}

/// Runs a variant's tests; gives what is wrong with it.
fn judge(variant: &Variant, program: &Path, built: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let tests = variant.exercise.tests();
    match &variant.kind {
        Kind::Stub => {
            let warnings = diagnostics(built, &variant.folder);
            if !warnings.is_empty() {
                wrong.push(format!("it compiles with warnings:\n{warnings}"));
            }
            let listed = test(variant, program, &["--list"], "en", 2);
            let listed =
                listed.map_or(0, |l| l.stdout.matches(": test\n").count());
            if listed != tests.len() {
                wrong.push(format!(
                    "{listed} tests, of which {} are called step_N_...",
                    tests.len()
                ));
            }
            for name in &tests {
                let number = name.split('_').nth(1).unwrap_or_default();
                for (language, told) in
                    [("en", "step {N} is missing"), ("es", "falta el paso {N}")]
                {
                    let ended =
                        test(variant, program, &["--exact", name], language, 2);
                    let Some(ended) = ended else {
                        wrong.push(format!("{name} does not end"));
                        continue;
                    };
                    let own = format!("not yet implemented: step {number}: ");
                    let told = told.replace("{N}", number);
                    if ended.code == Some(0) {
                        wrong.push(format!(
                            "{name} passes, and nothing is written yet"
                        ));
                    } else if !ended.stderr.contains(&own) {
                        wrong.push(format!("{name} does not fail by the todo! of step {number}:\n{}", ended.stderr));
                    } else if !ended.stderr.contains(&told) {
                        wrong.push(format!(
                            "{name} does not say {told:?}:\n{}",
                            ended.stderr
                        ));
                    }
                }
            }
        }
        Kind::Solution => match test(variant, program, &[], "en", 60) {
            Some(ended) if ended.code == Some(0) => {}
            Some(ended) => wrong.push(format!(
                "a test fails:\n{}{}",
                ended.stdout, ended.stderr
            )),
            None => wrong.push("it does not end".to_string()),
        },
        Kind::Mistake(sentences) => {
            for (language, sentence) in ["en", "es"].into_iter().zip(sentences)
            {
                // A busy machine may need the longer patience.
                let told = [2, 10].map(|seconds| {
                    move || test(variant, program, &[], language, seconds)
                });
                let mut last = None;
                for run in told {
                    last = run();
                    if last
                        .as_ref()
                        .is_some_and(|e| e.stderr.contains(sentence))
                    {
                        break;
                    }
                }
                match last {
                    None => wrong.push("its tests do not end".to_string()),
                    Some(e) if e.code == Some(0) => {
                        wrong.push("it passes all tests".to_string())
                    }
                    Some(e) if !e.stderr.contains(sentence) => {
                        wrong.push(format!(
                            "the tests do not say {sentence:?}, but:\n{}",
                            e.stderr
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    wrong
}

/// Runs a test program, with so many seconds of patience; `None` if it does
/// not end.
fn test(
    variant: &Variant,
    program: &Path,
    args: &[&str],
    language: &str,
    seconds: u64,
) -> Option<Ended> {
    let mut command = Command::new(program);
    command.args(["--nocapture", "--test-threads=64"]).args(args);
    command.env("TALLER_LANG", language);
    command.env("TALLER_SECONDS", seconds.to_string());
    let folder =
        program.ancestors().nth(4).unwrap_or(program).join(&variant.folder);
    let limit = Duration::from_secs(seconds * 5 + 60);
    let (in_time, ended) = start(command, &folder).end_within(limit);
    in_time.then_some(ended)
}

/// Clippy's words about the solutions.
fn clippy<'a>(
    copy: &Path,
    variants: &[Variant<'a>],
    wrong: &mut BTreeMap<&'a String, Vec<String>>,
) -> Result {
    let solutions =
        variants.iter().filter(|v| matches!(v.kind, Kind::Solution));
    let solutions: Vec<_> = solutions.map(|v| (v, package(v))).collect();
    if solutions.is_empty() {
        return Ok(());
    }
    let mut args = vec!["clippy", "--all-targets"];
    args.extend(solutions.iter().flat_map(|(_, package)| ["-p", package]));
    let messages = build(copy, &args)?;
    for (variant, _) in &solutions {
        let words = diagnostics(&messages, &variant.folder);
        if !words.is_empty() {
            let words = format!("{}: clippy:\n{words}", variant.folder);
            wrong.entry(&variant.exercise.name).or_default().push(words);
        }
    }
    Ok(())
}

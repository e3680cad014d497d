//! Are the exercises themselves right? CONTRIBUTING.md says what that means.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use taller::exercise::{Exercise, files, read};
use taller::handed_out::{self, SUMS};
use taller::outcome::{Result, failed};
use taller::run::{Test, TestResult};
use taller::words::line;
use testbed::lock;

use crate::mistakes::Mistake;
use crate::mutants::named;
use crate::new::UNWRITTEN;
use crate::source::{homes, items};
use crate::variants::{
    Outcome, PATIENCE, Variant, Workshop, first, folder, write_workspace,
};
use crate::words::Entry;
use crate::{mistakes, words};

/// So many mistakes each exercise has, at least.
const MISTAKES: usize = 4;

/// So many hints: which function, how, and nearly the code.
const HINTS: usize = 3;

/// So many exercises are checked at a time: while the tests of one wait, the
/// next is built.
const AT_A_TIME: usize = 4;

/// So long the tests of a solution may wait, which is right on any machine.
const LONG: Duration = Duration::from_secs(60);

/// Checks the exercises; gives whether all are right.
pub fn run(exercises: &[Exercise]) -> Result {
    // The last ones take longest, and would else be checked alone at the end.
    let next = Mutex::new(exercises.iter().rev());
    let all_good = Mutex::new(Ok(true));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = lock(&next).next();
                    let Some(exercise) = next else { return };
                    let checked = check(exercise);
                    let mut good = lock(&all_good);
                    match checked {
                        Ok(wrong) if wrong.is_empty() => {}
                        Ok(_) => *good = good.clone().map(|_| false),
                        Err(why) => *good = Err(why),
                    }
                }
            });
        }
    });
    let good = lock(&all_good).clone()?;
    if let (true, Some(first)) = (good, exercises.first()) {
        let alone = (exercises.len() == 1).then_some(first);
        let written = handed_out::write(&first.root, alone);
        if written.map_err(|e| failed(format!("{SUMS}: {e}")))? {
            line(format!("{SUMS} is written anew: commit it."));
        }
    }
    line(if good {
        "All exercises are right."
    } else {
        "Something is wrong with the exercises."
    });
    Ok(good)
}

/// Checks one, and says what is wrong with it, which it gives as well.
fn check(exercise: &Exercise) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let workshop = Workshop::new(exercise, "verify");
    let written = write_workspace(exercise, &workshop.copy);
    written.map_err(|e| failed(format!("{}: {e}", workshop.copy.display())))?;
    papers(exercise, &workshop.copy, &mut wrong);
    let own = |file: &str| read(&exercise.folder.join(file));
    let (table, odd) = words::read(&own("tests/words.txt"));
    wrong.extend(odd);
    // With exercise.rs, the modules that it names.
    let tests = files(&exercise.folder.join("tests")).into_iter();
    let tests = tests.filter(|file| file.extension() == Some("rs".as_ref()));
    let tests = tests.map(|file| read(&file)).collect::<Vec<_>>().concat();
    wrong.extend(words::check(&table, kit::OWN, &tests));
    wrong.extend(words::uncaptioned(&table, &own("src/lib.rs")));
    let (mistakes, variants) = made(exercise, &table, &mut wrong);
    // With another name nothing of it can be built.
    if named_right(exercise, &mut wrong) {
        wrong.extend(both(&workshop)?);
        wrong.extend(told(&workshop, &mistakes, &variants)?);
    }
    let state = if wrong.is_empty() { "ok" } else { "WRONG" };
    let (name, count) = (&exercise.name, mistakes.len());
    let mut said = format!("{name:<20} {count} mistakes: {state}");
    for words in &wrong {
        said += &format!("\n  {}", words.trim_end().replace('\n', "\n    "));
    }
    line(said);
    Ok(wrong)
}

/// Whether the package has the folder's name.
fn named_right(exercise: &Exercise, wrong: &mut Vec<String>) -> bool {
    let manifest = read(&exercise.folder.join("Cargo.toml"));
    let named = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    let package = format!("{:?}", exercise.package());
    let right = named == Some(&package);
    if !right {
        let named = named.unwrap_or("nothing");
        let words = format!("Cargo.toml names the package {named}");
        wrong.push(format!("{words}: it is {package}, as the folder"));
    }
    right
}

/// Checks the stub and the solution: what the compiler and clippy say, and what
/// the tests do.
fn both(workshop: &Workshop) -> Result<Vec<String>> {
    let exercise = workshop.exercise;
    let mut wrong = Vec::new();
    let built = workshop.build(&["--workspace", "--tests"], true)?;
    workshop.build_peers();
    for kind in ["stub", "solution"] {
        let folder = folder(exercise, kind);
        let its = |m: &&Value| {
            let id = m["package_id"].as_str();
            id.is_some_and(|id| id.contains(&folder))
        };
        let about: Vec<_> = built.iter().filter(its).collect();
        let said = about.iter().map(|m| &m["message"]["rendered"]);
        let said: String = said.filter_map(Value::as_str).collect();
        let program = about.iter().find_map(|message| {
            let is_test = message["target"]["kind"][0] == "test";
            message["executable"].as_str().filter(|_| is_test)
        });
        let mut add = |text: &str| {
            wrong.push(format!("{kind}: {}", text.trim_end()));
        };
        let Some(program) = program else {
            add(&said);
            continue;
        };
        if !said.is_empty() {
            add(&format!("it compiles with warnings:\n{said}"));
        }
        let copy = workshop.copy.join(&folder);
        if kind == "stub" {
            stub(exercise, program, &copy).iter().for_each(|w| add(w));
        } else if let Some(failed) =
            first(program, &copy, &exercise.tests(), LONG, "en")
        {
            let told = failed.failure.told(usize::MAX);
            add(&format!("a test fails: {}\n{told}", failed.test()));
        }
    }
    Ok(wrong)
}

/// The variants that the mistakes make; with what is wrong with them.
fn made(
    exercise: &Exercise,
    table: &[Entry],
    wrong: &mut Vec<String>,
) -> (Vec<Mistake>, Vec<Variant>) {
    let solution = read(&exercise.folder.join("solution/src/lib.rs"));
    if solution.is_empty() {
        wrong.push("solution/src/lib.rs is missing".to_string());
    }
    let (mut mistakes, mut variants) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    let (own, _) = words::read(kit::OWN);
    for mistake in mistakes::read(&read(&exercise.folder.join("mistakes.md"))) {
        let name = mistake.name.clone();
        let mut known = table.iter().chain(&own);
        if !known.any(|entry| entry.is_cause && entry.name == name) {
            wrong.push(format!("words.txt has no likely cause [{name}]"));
        }
        if !names.insert(name.clone()) {
            wrong.push(format!("mistakes.md has {name:?} twice"));
        }
        match mistake.made(&solution) {
            Ok(lib) => {
                variants.push(Variant { name, lib });
                mistakes.push(mistake);
            }
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    for Entry { name, .. } in table.iter().filter(|entry| entry.is_cause) {
        if !names.contains(name) {
            wrong.push(format!("mistakes.md has no {name:?}, a likely cause"));
        }
    }
    if names.len() < MISTAKES {
        let count = names.len();
        wrong.push(format!("{count} mistakes, fewer than {MISTAKES}"));
    }
    (mistakes, variants)
}

/// Each test of the stub must fail by the `todo!` of its step.
fn stub(exercise: &Exercise, program: &str, copy: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let tests = exercise.tests();
    for language in ["en", "es"] {
        let start = |name: &String| {
            Test::start(program, copy, name, PATIENCE[0], Some(language))
        };
        let running: Vec<_> = tests.iter().map(start).collect();
        for result in running.into_iter().map(Test::end) {
            let TestResult { name, passed, failure, .. } = &result;
            let own = name.split('_').nth(1);
            if *passed {
                wrong.push(format!("{name} passes with nothing written"));
            } else if failure.get("missing").is_none()
                || failure.get("step") != own
            {
                let told = failure.told(usize::MAX);
                wrong.push(format!("{name} does not meet its todo!:\n{told}"));
            }
        }
    }
    let mut list = Command::new(program);
    let listed = testbed::output(list.arg("--list"));
    let listed =
        listed.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let listed = listed.unwrap_or_default();
    if listed.matches(": test\n").count() != tests.len() {
        wrong.push(format!("some tests are not called step_N_:\n{listed}"));
    }
    wrong
}

/// Each mistake must be told its sentence by the first test that fails, in both
/// languages, and the place must be what is changed.
fn told(
    workshop: &Workshop,
    mistakes: &[Mistake],
    variants: &[Variant],
) -> Result<Vec<String>> {
    let solution = read(&workshop.exercise.folder.join("solution/src/lib.rs"));
    let expected = |index: usize, result: &TestResult| {
        result.failure.get("name") == Some(&mistakes[index].name)
    };
    let outcomes = workshop.outcomes(variants, Some(&expected))?;
    let mut wrong = Vec::new();
    for ((mistake, variant), outcome) in
        mistakes.iter().zip(variants).zip(outcomes)
    {
        let Mistake { name, named: exception, .. } = mistake;
        let (result, spanish) = match outcome {
            Outcome::NoBuild(words) => {
                wrong.push(format!("{name}: {words}"));
                continue;
            }
            Outcome::Passes => {
                wrong.push(format!("{name}: it passes all tests"));
                continue;
            }
            Outcome::Fails(result, spanish) => (result, spanish),
        };
        let said = result.failure.told(usize::MAX);
        if result.failure.get("name") != Some(name) {
            wrong.push(format!("{name}: the first test that fails, {}, says something else:\n{said}", result.test()));
            continue;
        }
        let spanish = spanish.as_ref().and_then(|r| r.failure.get("name"));
        if spanish != Some(name) {
            wrong.push(format!("{name}: in Spanish it is told something else"));
        }
        let named = named(&result, &variant.lib);
        let fits = match exception {
            Some(exception) => named == *exception,
            None => changed(&solution, &variant.lib).contains(&named),
        };
        if !fits {
            wrong.push(format!("{name}: the student is sent to {named:?}, which is not what is changed"));
        }
    }
    Ok(wrong)
}

/// The functions in which a fault may be looked for that makes the one text the
/// other.
fn changed(solution: &str, lib: &str) -> BTreeSet<String> {
    let (old, new) = (items(solution), items(lib));
    let text =
        |name: &str| new.iter().find(|i| i.name == name).map(|i| &i.text);
    let mut changed = BTreeSet::new();
    for item in old.iter().filter(|item| text(&item.name) != Some(&item.text)) {
        changed.extend(homes(&old, item));
    }
    changed
}

/// Checks what can be seen without running the exercise.
fn papers(exercise: &Exercise, copy: &Path, wrong: &mut Vec<String>) {
    let (package, name) = (exercise.package(), &exercise.name);
    let own = |file: &str| read(&exercise.folder.join(file));
    let link = format!("exercises/{name}/README");
    for (file, needed) in [
        ("README.md", "minutes"),
        ("README.es.md", "minutos"),
        ("README.md", "\n## Hints\n"),
        ("README.es.md", "\n## Pistas\n"),
        ("src/main.rs", &format!("cargo run -p {package}")),
        ("../../Cargo.toml", &format!("\"exercises/{name}\"")),
        ("../../docs/en/exercises.md", &link),
        ("../../docs/es/exercises.md", &link),
    ] {
        let text = own(file);
        if !text.contains(needed) {
            wrong.push(format!("{file} lacks {needed:?}"));
        }
        let line = text.lines().find(|line| line.contains(needed));
        let unwritten = |line: &str| UNWRITTEN.iter().any(|m| line.contains(m));
        if file.contains("docs/") && line.is_some_and(unwritten) {
            wrong.push(format!("{file}: its line is still to be written"));
        }
    }
    for file in
        ["README.md", "README.es.md", "Cargo.toml", "src/lib.rs", "src/main.rs"]
    {
        if UNWRITTEN.iter().any(|mark| own(file).contains(mark)) {
            wrong.push(format!("{file} is still to be written"));
        }
    }
    let readmes = ["README.md", "README.es.md"];
    for file in readmes {
        let count = exercise.hints(file).len();
        if count != HINTS {
            let words = format!("{file} has {count} hints in its last section");
            wrong.push(format!("{words}: {HINTS}, each in <details>"));
        }
    }
    let [one, two] = readmes.map(|file| headings(&own(file)));
    if one.iter().map(|h| level(h)).ne(two.iter().map(|h| level(h))) {
        let [english, spanish] = readmes;
        wrong.push(format!(
            "{spanish} has other headings than {english}:\n{}\n{}",
            one.join("\n"),
            two.join("\n")
        ));
    }
    let [stub, solution] =
        ["src/lib.rs", "solution/src/lib.rs"].map(|file| comments(&own(file)));
    let differ = stub.iter().find(|c| !solution.contains(c));
    let differ = differ.or_else(|| solution.iter().find(|c| !stub.contains(c)));
    if let Some(comment) = differ {
        wrong.push(format!(
            "a comment is not in both, the stub and the solution: {comment}"
        ));
    }
    for file in unformatted(exercise, copy) {
        wrong.push(format!("rustfmt --check is not content with {file}"));
    }
}

/// `## What to do`: the headings of a page, outside of its blocks of code.
fn headings(page: &str) -> Vec<String> {
    let parts = page.split("```").step_by(2);
    let lines = parts.flat_map(str::lines).filter(|l| l.starts_with('#'));
    lines.map(String::from).collect()
}

fn level(heading: &str) -> usize {
    heading.chars().take_while(|c| *c == '#').count()
}

/// The documentation of a source, a line each.
fn comments(source: &str) -> Vec<String> {
    let lines = source.lines().map(str::trim);
    let doc = |l: &&str| l.starts_with("///") || l.starts_with("//!");
    lines.filter(doc).map(String::from).collect()
}

/// The files that rustfmt would write in another way.
fn unformatted(exercise: &Exercise, copy: &Path) -> Vec<String> {
    let solution = copy.join(folder(exercise, "solution"));
    let mut rustfmt = Command::new("rustfmt"); // It only reads.
    rustfmt.args(["--check", "-l", "--edition", "2024", "--config-path"]);
    rustfmt.arg(&exercise.root).current_dir(&exercise.folder);
    // With each, the modules that it names.
    rustfmt.args(["src/lib.rs", "src/main.rs", "tests/exercise.rs"]);
    rustfmt.arg(solution.join("src/lib.rs"));
    match testbed::output(&mut rustfmt) {
        Ok(ended) if ended.status.success() => Vec::new(),
        Ok(ended) => {
            let both = [ended.stdout, ended.stderr].concat();
            let text = String::from_utf8_lossy(&both).into_owned();
            text.lines().map(String::from).collect()
        }
        Err(e) => vec![format!("anything: rustfmt does not start: {e}")],
    }
}

//! The solutions with one thing changed, by cargo-mutants and by our own
//! operators: what is each told? None of them is written by a person, so they
//! judge the tests' sentences as a fault does that nobody foresaw.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use taller::exercise::{Exercise, read};
use taller::outcome::{Result, failed};
use taller::run::TestResult;
use taller::words::line;

use crate::mistakes;
use crate::operators::changes;
use crate::source::{homes, item_at, items, step};
use crate::variants::{Outcome, Variant, Workshop, folder, write_workspace};

/// What cargo-mutants needs to be here.
const INSTALL: &str =
    "cargo-mutants is missing: cargo install cargo-mutants --locked";

/// How one mutant went.
#[derive(Default)]
struct Count {
    all: usize,
    broken: usize,
    right: usize,
    passed: usize,
    placed: usize,
    failed: usize,
}

/// A mutant, and the number of the line that is changed, from 0.
struct Mutant {
    variant: Variant,
    at: usize,
}

/// Judges the tests of these exercises; gives whether at most 2 % of the mutants
/// pass, and 95 % of the others are told the right place. With `all`, what each
/// is told.
pub fn run(exercises: &[Exercise], all: bool) -> Result {
    let (mut total, mut table) = (Count::default(), HEAD.to_string());
    for exercise in exercises {
        let (count, words) = judge(exercise, all)?;
        line(format!("{}\n{words}", exercise.name));
        table += &count.row(&exercise.name);
        total.add(&count);
    }
    if exercises.len() > 1 {
        table += &total.row("all");
    }
    line(table.trim_end());
    Ok(total.good())
}

/// The head of the table, as CONTRIBUTING.md has it.
const HEAD: &str = "\
| exercise | mutants | do not compile | right after all | pass | told | in the right place |
|---|---|---|---|---|---|---|
";

impl Count {
    fn row(&self, name: &str) -> String {
        let Count { all, broken, right, passed, placed, failed } = self;
        let percent =
            |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        let judged = passed + failed;
        let (pass, place) =
            (percent(*passed, judged), percent(*placed, *failed));
        format!(
            "| {name} | {all} | {broken} | {right} | {passed} ({pass:.1} %) | \
             {failed} | {placed} ({place:.1} %) |\n"
        )
    }

    fn add(&mut self, other: &Count) {
        self.all += other.all;
        self.broken += other.broken;
        self.right += other.right;
        self.passed += other.passed;
        self.placed += other.placed;
        self.failed += other.failed;
    }

    fn good(&self) -> bool {
        self.passed * 50 <= self.passed + self.failed
            && self.placed * 20 >= self.failed * 19
    }
}

/// Judges the tests of one; gives the counts, and what is to be looked at.
fn judge(exercise: &Exercise, all: bool) -> Result<(Count, String)> {
    let workshop = Workshop::new(exercise, "mutants");
    let written = write_workspace(exercise, &workshop.copy);
    written.map_err(|e| failed(format!("{}: {e}", workshop.copy.display())))?;
    let solution = read(&exercise.folder.join("solution/src/lib.rs"));
    let stub = read(&exercise.folder.join("src/lib.rs"));
    let mutants = mutants(&workshop, exercise, &solution, &stub)?;
    let right =
        mistakes::right_after_all(&read(&exercise.folder.join("mistakes.md")));
    let places = mutants.iter().map(|m| m.at).collect::<Vec<_>>();
    let variants: Vec<_> = mutants.into_iter().map(|m| m.variant).collect();
    workshop.build_peers();
    let outcomes = workshop.outcomes(&variants, None)?;
    let items = items(&solution);
    let (mut count, mut words) = (Count::default(), String::new());
    for ((variant, at), outcome) in variants.iter().zip(places).zip(outcomes) {
        count.all += 1;
        let mut tell = |what: &str, more: &str| {
            words += &format!("  {what}: {}\n", variant.name);
            words += &more
                .lines()
                .map(|l| format!("      {l}\n"))
                .collect::<String>();
        };
        match outcome {
            Outcome::NoBuild(_) => count.broken += 1,
            Outcome::Passes if right.contains_key(&variant.name) => {
                count.right += 1
            }
            Outcome::Passes => {
                count.passed += 1;
                tell("passes", &difference(&solution, &variant.lib));
            }
            Outcome::Fails(result, _) => {
                count.failed += 1;
                let meant = item_at(&items, at).map(|item| homes(&items, item));
                let named = named(&result, &variant.lib);
                let good = meant.is_some_and(|homes| homes.contains(&named));
                count.placed += usize::from(good);
                let told = format!(
                    "{}{}\n{}\nedit: {named}",
                    difference(&solution, &variant.lib),
                    result.test(),
                    result.failure.told(usize::MAX)
                );
                if !good {
                    tell("another place", &told);
                } else if all {
                    tell("told", &told);
                }
            }
        }
    }
    for name in right.keys() {
        if !variants.iter().any(|v| v.name == *name) {
            words += &format!("  mistakes.md: no mutant is called {name:?}\n");
        }
    }
    Ok((count, words))
}

/// The function that the runner would send the student to.
pub fn named(result: &TestResult, lib: &str) -> String {
    let items = items(lib);
    let line = result.failure.get("place").and_then(|p| p.rsplit(':').next());
    let line = line.and_then(|line| line.parse::<usize>().ok());
    let item = match line {
        Some(line) => item_at(&items, line.saturating_sub(1)),
        None => step(&items, result.step()),
    };
    item.map(|item| item.name.clone()).unwrap_or_default()
}

/// The lines in which two texts differ.
fn difference(one: &str, two: &str) -> String {
    let [a, b]: [Vec<_>; 2] = [one, two].map(|text| text.lines().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let ends = a[same..].iter().rev().zip(b[same..].iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let minus = a[same..a.len() - tail].iter().map(|l| format!("-{l}\n"));
    minus
        .chain(b[same..b.len() - tail].iter().map(|l| format!("+{l}\n")))
        .collect()
}

/// All mutants of what the student writes, each with a name of its own.
fn mutants(
    workshop: &Workshop,
    exercise: &Exercise,
    solution: &str,
    stub: &str,
) -> Result<Vec<Mutant>> {
    let mut found =
        listed(&workshop.copy.join(folder(exercise, "solution")), solution)?;
    found.extend(changes(solution).into_iter().map(|(name, at, line)| {
        let lines = solution.lines().enumerate();
        let lines = lines.map(|(n, old)| if n == at { &line } else { old });
        (name, at, lines.collect::<Vec<_>>().join("\n") + "\n")
    }));
    let items = items(solution);
    let (mut mutants, mut names) =
        (Vec::new(), BTreeMap::<String, usize>::new());
    let mut seen = std::collections::BTreeSet::new();
    for (name, at, lib) in found {
        let Some(item) = item_at(&items, at) else { continue };
        // What is given is not the student's.
        if stub.contains(&item.text) || !seen.insert(lib.clone()) {
            continue;
        }
        let name = match name.contains(&format!(" in {}", item.name))
            || name.contains(&format!("replace {} ", item.name))
        {
            true => name,
            false => format!("{}: {name}", item.name),
        };
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        mutants.push(Mutant { variant: Variant { name, lib }, at });
    }
    Ok(mutants)
}

/// What cargo-mutants makes of a package's `src/lib.rs`.
fn listed(
    package: &Path,
    solution: &str,
) -> Result<Vec<(String, usize, String)>> {
    let mut list = Command::new("cargo-mutants");
    list.args(["mutants", "--list", "--json", "--file", "**/src/lib.rs"]);
    let listed = testbed::output(list.current_dir(package));
    let listed = listed.map_err(|_| failed(INSTALL))?;
    let json: Value = serde_json::from_slice(&listed.stdout).map_err(|_| {
        let words = String::from_utf8_lossy(&listed.stderr);
        failed(format!("cargo-mutants: {words}"))
    })?;
    let one = |mutant: &Value| {
        let place = |end: &str| {
            let place = &mutant["span"][end];
            let at = |key: &str| place[key].as_u64().map(|n| n as usize - 1);
            offset(solution, at("line")?, at("column")?)
        };
        let (begin, end) = (place("start")?, place("end")?);
        let new = mutant["replacement"].as_str()?;
        let lib = format!("{}{new}{}", &solution[..begin], &solution[end..]);
        let name = mutant["name"].as_str()?.splitn(4, ':').nth(3)?.trim();
        let at = solution[..begin].matches('\n').count();
        Some((name.to_string(), at, lib))
    };
    Ok(json.as_array().into_iter().flatten().filter_map(one).collect())
}

/// Where a line and a column, in characters, are in a text.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let begin =
        text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let rest = &text[begin..];
    let at = rest.char_indices().map(|(at, _)| at).nth(column);
    Some(begin + at.unwrap_or(rest.len()))
}

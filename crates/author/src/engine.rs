//! Builds an exercise's variants, runs their tests, and tells of each what the
//! runner would show: the first test that fails.

use std::collections::BTreeMap;
use std::mem::take;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use taller::build::{self, build_peers, target};
use taller::exercise::Exercise;
use taller::outcome::{Result, failed};
use taller::run::{Test, TestResult};
use testbed::lock;

use crate::copies::{
    TOGETHER, VARIANTS, Variant, module, package, write_variants,
};

/// So many variants are tested side by side: their tests mostly wait.
const SIDE_BY_SIDE: usize = 8;

/// How long a test waits at first; and again, when it may have been the
/// machine that was slow.
pub const PATIENCE: [Duration; 2] =
    [Duration::from_secs(2), Duration::from_secs(10)];

/// What became of a variant.
pub enum Outcome {
    /// The compiler's words: it does not compile.
    NoBuild(String),
    /// All tests pass.
    Passes,
    /// The first test that fails, by the order of the file; and the same in
    /// Spanish, if the English is as expected.
    Fails(Box<TestResult>, Option<Box<TestResult>>),
}

/// Whether a variant, by its index, is told what it should be told.
pub type Expected<'a> = dyn Fn(usize, &TestResult) -> bool + Sync + 'a;

/// A workshop for one exercise: the folder with its copies, and what cargo makes
/// of them.
pub struct Workshop<'a> {
    /// The exercise.
    pub exercise: &'a Exercise,
    /// The folder of the copies.
    pub copy: PathBuf,
    target: PathBuf,
}

impl<'a> Workshop<'a> {
    /// The one for this exercise; `name` keeps it apart from others.
    pub fn new(exercise: &'a Exercise, name: &str) -> Workshop<'a> {
        let target = target(&exercise.root).join("authors");
        let copy = target.join(name).join(&exercise.name);
        Workshop { exercise, copy, target }
    }

    /// `cargo build` in the copies with these arguments; its messages, one a
    /// value. With clippy's, if `clippy`.
    pub fn build(&self, args: &[&str], clippy: bool) -> Result<Vec<Value>> {
        let mut build = build::build(&self.copy, &self.target);
        build.args(args).args(["--keep-going", "--message-format=json"]);
        build.env("CARGO_INCREMENTAL", "0");
        build.env("CARGO_PROFILE_DEV_DEBUG", "0");
        if clippy {
            // As cargo clippy does it.
            build.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
            build.env("CLIPPY_ARGS", "");
        }
        let built = testbed::output(&mut build);
        let built = built.map_err(|e| failed(format!("cargo: {e}")))?;
        let text = String::from_utf8_lossy(&built.stdout);
        let all = text.lines().filter_map(|l| serde_json::from_str(l).ok());
        let all: Vec<Value> = all.collect();
        match all.last() {
            Some(last) if last["reason"] == "build-finished" => Ok(all),
            _ => Err(failed(String::from_utf8_lossy(&built.stderr))),
        }
    }

    /// Builds the workshop's programs that the tests talk to: their time does
    /// not count it.
    pub fn build_peers(&self) {
        build_peers(self.exercise, &self.target);
    }

    /// What becomes of each of the variants. Where there is an `expected`, what
    /// is not as expected is tried again with more time, and what is, in
    /// Spanish.
    pub fn outcomes(
        &self,
        variants: &[Variant],
        expected: Option<&Expected>,
    ) -> Result<Vec<Outcome>> {
        let (programs, broken) = self.programs(variants)?;
        self.build_peers();
        let next = Mutex::new(0..variants.len());
        let outcomes = Mutex::new(BTreeMap::new());
        let work = || {
            loop {
                let next = lock(&next).next();
                let Some(index) = next else { return };
                let outcome = match (broken.get(&index), programs.get(&index)) {
                    (None, Some(program)) => {
                        self.outcome(index, program, expected)
                    }
                    (words, _) => {
                        Outcome::NoBuild(words.cloned().unwrap_or_default())
                    }
                };
                lock(&outcomes).insert(index, outcome);
            }
        };
        thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE {
                scope.spawn(work);
            }
        });
        let outcomes = take(&mut *lock(&outcomes));
        Ok(outcomes.into_values().collect())
    }

    /// What becomes of one, whose test program this is.
    fn outcome(
        &self,
        index: usize,
        program: &str,
        expected: Option<&Expected>,
    ) -> Outcome {
        let folder = &self.copy.join(VARIANTS).join(module(index));
        let prefix = format!("{}::exercise::", module(index));
        let tests: Vec<_> = self.exercise.tests();
        let tests: Vec<_> = tests.iter().map(|t| prefix.clone() + t).collect();
        let mut found = Outcome::Passes;
        for patience in PATIENCE {
            let Some(one) = first(program, folder, &tests, patience) else {
                return Outcome::Passes;
            };
            let mut good = expected.is_none_or(|e| e(index, &one));
            let mut spanish = None;
            if good && let Some(expected) = expected {
                let name = &one.name;
                let two =
                    Test::start(program, folder, name, patience, Some("es"));
                let two = two.end();
                good = expected(index, &two);
                spanish = Some(two);
            }
            found = Outcome::Fails(Box::new(one), spanish.map(Box::new));
            if good {
                break;
            }
        }
        found
    }

    /// The test programs of the variants that compile, and rustc's words on
    /// those that do not: they are left out until the others do.
    fn programs(
        &self,
        variants: &[Variant],
    ) -> Result<(BTreeMap<usize, String>, BTreeMap<usize, String>)> {
        let mut broken = BTreeMap::new();
        loop {
            let good = variants.iter().enumerate();
            let good = good.filter(|(index, _)| !broken.contains_key(index));
            let good: Vec<_> = good.collect();
            let written = write_variants(self.exercise, &self.copy, &good);
            written
                .map_err(|e| failed(format!("{}: {e}", self.copy.display())))?;
            let args = ["--package", &package(&self.copy), "--tests"];
            let messages = self.build(&args, false)?;
            let before = broken.len();
            for message in &messages {
                if message["message"]["level"] == "error"
                    && let Some(index) = variant_of(&message["message"])
                {
                    let words = message["message"]["rendered"].as_str();
                    let all: &mut String = broken.entry(index).or_default();
                    *all += words.unwrap_or_default();
                }
            }
            if broken.len() > before {
                continue;
            }
            let built = messages.last().is_some_and(|m| m["success"] == true);
            if !built {
                let words = messages
                    .iter()
                    .filter_map(|m| m["message"]["rendered"].as_str());
                return Err(failed(words.collect::<String>()));
            }
            let mut programs = BTreeMap::new();
            for (at, part) in good.chunks(TOGETHER).enumerate() {
                let named = |m: &&Value| {
                    m["target"]["name"] == format!("part{at}")
                        && m["executable"].is_string()
                };
                let program = messages.iter().find(named);
                let program = program.and_then(|m| m["executable"].as_str());
                for (index, _) in part {
                    programs.extend(program.map(|p| (*index, p.to_string())));
                }
            }
            return Ok((programs, broken));
        }
    }
}

/// The first test that fails of a program, all run side by side, in English.
pub fn first(
    program: &str,
    folder: &Path,
    tests: &[String],
    patience: Duration,
) -> Option<TestResult> {
    let start = |name: &String| {
        Test::start(program, folder, name, patience, Some("en"))
    };
    let running: Vec<_> = tests.iter().map(start).collect();
    let ended: Vec<_> = running.into_iter().map(Test::end).collect();
    ended.into_iter().find(|result| !result.passed)
}

/// The variant in whose files an error is, by its first place.
fn variant_of(error: &Value) -> Option<usize> {
    let spans = error["spans"].as_array()?;
    let names = spans.iter().filter_map(|span| span["file_name"].as_str());
    let folders = names.filter_map(|name| {
        let parts = name.split(['/', '\\']);
        let module = parts.skip_while(|part| *part != VARIANTS).nth(1)?;
        module.strip_prefix('v')?.parse().ok()
    });
    folders.into_iter().next()
}

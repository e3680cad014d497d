//! Copies of an exercise, as packages of a workspace of their own: the stub, the
//! solution, and its variants: each wrong answer, each mutant. The student's
//! files are only read. The variants are built, their tests run, and of each is
//! told what the runner would show: the first test that fails.

use std::collections::BTreeMap;
use std::mem::take;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{fs, io, thread};

use serde_json::Value;
use taller::build::{build, build_peers, target};
use taller::exercise::{Exercise, files};
use taller::outcome::{Result, failed};
use taller::run::{Test, TestResult};
use testbed::lock;

/// The folder of the variants.
pub const VARIANTS: &str = "variants";

/// The package of the variants. Cargo keeps what it builds by the package's name,
/// so each copy has its own.
pub fn package(copy: &Path) -> String {
    let parts = copy.iter().rev().take(2).map(|part| part.display());
    parts.fold(VARIANTS.to_string(), |all, part| format!("{all}-{part}"))
}

/// So many variants are one test program: one call of rustc and one of the
/// linker for all of them, and no more than these take in easily.
pub const TOGETHER: usize = 12;

/// A solution with something wrong in it.
pub struct Variant {
    /// What it is called: `no loop`.
    pub name: String,
    /// Its whole `src/lib.rs`.
    pub lib: String,
}

/// The files of a package, by their names in it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The module, and the folder, of variant `index`.
pub fn module(index: usize) -> String {
    format!("v{index:03}")
}

/// The folder of the copy `stub` or `solution`.
pub fn folder(exercise: &Exercise, kind: &str) -> String {
    format!("{}.{kind}", exercise.name)
}

/// `ex02_echo_server`
fn library(exercise: &Exercise) -> String {
    exercise.package().replace('-', "_")
}

/// Writes a workspace into `copy`, with the stub and the solution in it, and
/// room for the variants.
///
/// # Errors
/// Whatever keeps a file from being read or written.
pub fn write_workspace(exercise: &Exercise, copy: &Path) -> io::Result<()> {
    let manifest = fs::read_to_string(exercise.root.join("Cargo.toml"))?;
    let at = manifest.find("\n[workspace.package]").unwrap_or_default();
    // The crates are not copied.
    let crates = exercise.root.join("crates").display().to_string();
    let crates = format!("\"{}/", crates.replace('\\', "/"));
    let rest = manifest[at..].replace("\"crates/", &crates);
    let [stub, solution] = ["stub", "solution"].map(|k| folder(exercise, k));
    let members = [&stub, &solution, VARIANTS];
    let head = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}");
    write(&copy.join("Cargo.toml"), (head + "\n" + &rest).as_bytes())?;
    let lock = fs::read(exercise.root.join("Cargo.lock"))?;
    write(&copy.join("Cargo.lock"), &lock)?;
    for kind in ["stub", "solution"] {
        let own = parts(exercise, kind)?;
        let own = changed(own, |text| renamed(exercise, kind, text));
        fill(&copy.join(folder(exercise, kind)), &own)?;
    }
    write_variants(exercise, copy, &[])
}

/// The files of the exercise as a `stub` or as a `solution`.
fn parts(exercise: &Exercise, kind: &str) -> io::Result<Files> {
    let layers = [&exercise.folder, &exercise.folder.join("solution")];
    let count = if kind == "stub" { 1 } else { 2 };
    let mut parts = Files::new();
    for layer in layers.into_iter().take(count) {
        for path in files(layer) {
            let name = path.strip_prefix(layer).unwrap_or(&path);
            let left = ["solution", "mistakes.md"].iter();
            if !left.into_iter().any(|left| name.starts_with(left)) {
                parts.insert(name.to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(parts)
}

/// The same files, what is text changed.
fn changed(mut parts: Files, change: impl Fn(&str) -> String) -> Files {
    for bytes in parts.values_mut() {
        if let Ok(text) = str::from_utf8(bytes) {
            *bytes = change(text).into_bytes();
        }
    }
    parts
}

/// Packages and programs need names of their own; the library keeps its.
fn renamed(exercise: &Exercise, kind: &str, text: &str) -> String {
    let old = exercise.package();
    let new = format!("{old}-{kind}");
    let library = format!("[lib]\nname = {:?}\n", library(exercise));
    let text = text.replace("[lib]\n", &library);
    let name = |name| format!("name = {name:?}");
    let text = text.replace(&name(&old), &name(&new));
    text.replace(&format!("BIN_EXE_{old}"), &format!("BIN_EXE_{new}"))
}

/// Writes the package of the variants. Each is a module of a test program; there
/// the exercise's library is a module beside its tests.
///
/// # Errors
/// As [`write_workspace`].
pub fn write_variants(
    exercise: &Exercise,
    copy: &Path,
    variants: &[(usize, &Variant)],
) -> io::Result<()> {
    let (library, solution) =
        (&library(exercise), parts(exercise, "solution")?);
    let own = |name: &str| {
        let bytes = solution.get(Path::new(name)).cloned().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let binary = format!("BIN_EXE_{}", exercise.package());
    let needs_binary = own("tests/exercise.rs").contains(&binary);
    let mut manifest = format!(
        "[package]\nname = {:?}\nedition = \"2024\"\n\
         autobins = false\nautotests = false\n\n[lib]\npath = \"nothing.rs\"\n",
        package(copy)
    );
    let tables = own("Cargo.toml");
    for table in tables.split("\n[").filter(|t| t.contains("dependencies]\n")) {
        manifest += &format!("\n[{}\n", table.trim_end());
    }
    let mut all = Files::from([("nothing.rs".into(), Vec::new())]);
    for (number, part) in variants.chunks(TOGETHER).enumerate() {
        let mut root = "#![allow(warnings)]\n".to_string();
        for (index, variant) in part {
            let module = &module(*index);
            let here = format!("{library}::");
            let files = changed(solution.clone(), |text| {
                let text = text.replace(&here, &format!("super::{here}"));
                text.replace(&binary, &format!("BIN_EXE_{module}"))
            });
            let folder = Path::new(module);
            let inside = |(name, bytes)| (folder.join(name), bytes);
            all.extend(files.into_iter().map(inside));
            let itself = format!("crate::{module}::{here}");
            let lib = variant.lib.replace("crate::", &itself);
            all.insert(folder.join("src/lib.rs"), lib.into_bytes());
            all.remove(&folder.join("Cargo.toml"));
            root += &format!(
                "mod {module} {{\n#[path = \"src/lib.rs\"]\npub mod {library};\n\
                 #[path = \"tests/exercise.rs\"]\nmod exercise;\n}}\n"
            );
            if needs_binary {
                let main = own("src/main.rs");
                let main =
                    format!("{main}#[path = \"lib.rs\"]\nmod {library};\n");
                all.insert(folder.join("src/main.rs"), main.into_bytes());
                manifest += &format!(
                    "\n[[bin]]\nname = {module:?}\n\
                     path = \"{module}/src/main.rs\"\n"
                );
            }
        }
        all.insert(format!("part{number}.rs").into(), root.into_bytes());
        manifest += &format!(
            "\n[[test]]\nname = \"part{number}\"\npath = \"part{number}.rs\"\n"
        );
    }
    all.insert("Cargo.toml".into(), manifest.into_bytes());
    fill(&copy.join(VARIANTS), &all)
}

/// Makes the folder `to` hold these files, and no others.
fn fill(to: &Path, parts: &Files) -> io::Result<()> {
    for old in files(to) {
        if !parts.contains_key(old.strip_prefix(to).unwrap_or(&old)) {
            fs::remove_file(&old)?;
        }
    }
    parts.iter().try_for_each(|(name, bytes)| write(&to.join(name), bytes))
}

/// Writes a file. One that is there already is not written again, so that it
/// need not be built again.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}

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
        let mut build = build(&self.copy, &self.target);
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

    /// What becomes of each of the variants; the programs that their tests talk to
    /// are built already. Where there is an `expected`, what is not as expected is
    /// tried again with more time, and what is, in Spanish.
    pub fn outcomes(
        &self,
        variants: &[Variant],
        expected: Option<&Expected>,
    ) -> Result<Vec<Outcome>> {
        let (programs, broken) = self.programs(variants)?;
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
            let all =
                |language| first(program, folder, &tests, patience, language);
            let Some(one) = all("en") else { return Outcome::Passes };
            let mut good = expected.is_none_or(|e| e(index, &one));
            let mut spanish = None;
            if good && let Some(expected) = expected {
                let name = &one.name;
                let two =
                    Test::start(program, folder, name, patience, Some("es"));
                // Alone it may pass: nobody else has the port, say.
                let two = Some(two.end()).filter(|two| !two.passed);
                let two = two.or_else(|| all("es"));
                good = two.as_ref().is_some_and(|two| expected(index, two));
                spanish = two;
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

/// The first test that fails of a program, all run side by side.
pub fn first(
    program: &str,
    folder: &Path,
    tests: &[String],
    patience: Duration,
    language: &str,
) -> Option<TestResult> {
    let start = |name: &String| {
        Test::start(program, folder, name, patience, Some(language))
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

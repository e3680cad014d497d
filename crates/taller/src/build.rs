//! Builds: an exercise's test program, and the programs that it talks to.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use testbed::{cargo, error_words, json, lock, programs};

use crate::exercise::{Exercise, read};
use crate::outcome::{Result, failed};
use crate::words::tell;

/// Cargo is quiet: so the first build in `target`, which is long, is announced.
pub fn announce(target: &Path) {
    if !target.is_dir() {
        tell!("first build");
    }
}

/// `cargo build` in `folder`, its target folder `target`.
pub fn build(folder: &Path, target: &Path) -> Command {
    announce(target);
    let mut command = Command::new(cargo());
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

/// Those whose programs this process has built.
static BUILT_PEERS: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Builds the programs that the exercise's tests talk to, before any test's
/// time runs. What does not build, its test tells.
pub fn build_peers(exercise: &Exercise, target: &Path) {
    let tests = read(&exercise.folder.join("tests/exercise.rs"));
    let named = |package: &&str| tests.contains(&format!("{package:?}"));
    for package in PROGRAMS.into_iter().filter(named) {
        let builds = programs(&exercise.root, target, package).is_ok();
        let mut built = lock(&BUILT_PEERS);
        if builds {
            built.insert(package);
        } else {
            built.remove(package); // It was built before its last change.
        }
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

/// Those packages whose programs are built, with a blank between them.
pub fn built_peers() -> String {
    let built = lock(&BUILT_PEERS);
    built.iter().copied().collect::<Vec<_>>().join(" ")
}

/// Builds the exercise's test program; `None` if it does not compile (rustc has
/// said why).
pub fn test_program(exercise: &Exercise) -> Result<Option<String>> {
    let mut build = build(&exercise.root, &target(&exercise.root));
    build.args(["--quiet", "--test", "exercise", "-p", &exercise.package()]);
    build.arg("--message-format=json-render-diagnostics");
    // Nobody here gives back a port meanwhile.
    #[allow(clippy::disallowed_methods)]
    let built = build.stderr(Stdio::inherit()).output();
    let built =
        built.map_err(|e| failed(format!("cargo: {}", error_words(&e))))?;
    let messages = String::from_utf8_lossy(&built.stdout);
    Ok(program(&about(&messages, &exercise.name)))
}

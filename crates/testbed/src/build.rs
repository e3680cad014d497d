//! The teaching crates' programs: the Rust ones built, each under a name of its
//! own, and the Python ones.

use std::collections::HashMap;
use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind::AddrInUse;
use std::io::{Write, stderr};
use std::net::UdpSocket;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::words::own as said;
use crate::{PATIENCE, lock, output, say, skipped};

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/testbed is two deep").to_path_buf()
}

/// A variable by which whoever starts a test says which packages' programs it has
/// built, with a blank between them: so the test need not ask cargo, which may be
/// busy with other builds for longer than the test has time.
pub const READY: &str = "TESTBED_READY";

/// A package that is named beside the one whose programs are built, once this is
/// set: cargo then gives what both are built of the same features, and builds it
/// once for both.
pub static BESIDE: OnceLock<&str> = OnceLock::new();

/// The program `name` (`server`, say) of the crate `package`, built: see
/// [`programs`] and [`READY`].
///
/// # Panics
/// If it does not build; cargo's words are shown.
pub fn binary(package: &str, name: &str) -> PathBuf {
    let ready = env::var(READY).unwrap_or_default();
    if ready.split(' ').any(|other| other == package) {
        return own(&target(), package, name);
    }
    static BUILT: Mutex<Option<HashMap<String, Programs>>> = Mutex::new(None);
    let mut built = lock(&BUILT);
    let built = built.get_or_insert_default().entry(package.to_string());
    let built = built.or_insert_with(|| {
        let built = programs(&root(), &target(), package);
        built.unwrap_or_else(|words| panic!("{words}"))
    });
    built[name].clone()
}

/// The example `name`, built. Their names are unique, so they stay where cargo
/// puts them.
///
/// # Panics
/// If it does not build; cargo's words are shown.
pub fn example(name: &str) -> PathBuf {
    static BUILT: LazyLock<Programs> = LazyLock::new(|| {
        let built = build(&root(), &target(), "examples", "--examples");
        built.unwrap_or_else(|words| panic!("{words}"))
    });
    BUILT[name].clone()
}

/// The example `name` alone of the workspace at `root`, built with `target` as
/// cargo's folder.
///
/// # Errors
/// Cargo's words, if it does not build.
pub fn example_of(
    root: &Path,
    target: &Path,
    name: &str,
) -> Result<PathBuf, String> {
    let which = format!("--example={name}");
    let mut built = build(root, target, "examples", &which)?;
    built.remove(name).ok_or_else(|| format!("cargo built no {name}"))
}

/// The files of programs, by the programs' names.
type Programs = HashMap<String, PathBuf>;

/// Builds the programs of the crate `package` of the workspace at `root`, with
/// `target` as cargo's folder, and copies each to `target/checks/PACKAGE-NAME`.
///
/// Four crates have a `server`, and cargo writes them all to the same file. So
/// they are built one crate at a time and copied before the next is built, by
/// one process at a time.
///
/// # Errors
/// Cargo's words, if it does not build.
///
/// # Panics
/// If `target` cannot be written.
pub fn programs(
    root: &Path,
    target: &Path,
    package: &str,
) -> Result<Programs, String> {
    let copies = target.join("checks");
    fs::create_dir_all(&copies).expect("the target folder can be written");
    let _alone = alone(target); // Until the end of this call.
    let mut programs = build(root, target, package, "--bins")?;
    for (name, path) in &mut programs {
        let own = own(target, package, name);
        copy(path, &own);
        *path = own;
    }
    Ok(programs)
}

/// Waits until no other process builds programs in `target`, and keeps others
/// waiting while what it gives lives: a port, which the system takes back however
/// a process ends. (std locks files since Rust 1.89, which is more than a student
/// needs otherwise.) It waits for ten minutes at most, and says so.
fn alone(target: &Path) -> Option<UdpSocket> {
    let mut hasher = DefaultHasher::new();
    target.canonicalize().ok().hash(&mut hasher);
    let port = LOCKS.start + hasher.finish() % (LOCKS.end - LOCKS.start);
    let address = format!("127.0.0.1:{port}");
    let start = Instant::now();
    let mut told = false;
    loop {
        let waited = start.elapsed();
        match UdpSocket::bind(&address) {
            Err(e) if e.kind() == AddrInUse && waited < PATIENCE * 10 => {
                if !told && waited > PATIENCE / 20 {
                    told = true;
                    let words = said("another builds", &[&address]);
                    let _ = writeln!(stderr(), "{words}");
                }
                thread::sleep(Duration::from_millis(20));
            }
            bound => return bound.ok(),
        }
    }
}

/// The ports of [`alone`]: below those that [`free_port`](crate::free_port) gives.
const LOCKS: Range<u64> = 9_000..10_000;

/// The copy of a program: see [`programs`].
fn own(target: &Path, package: &str, name: &str) -> PathBuf {
    let file = format!("{package}-{name}{EXE_SUFFIX}");
    target.join("checks").join(file)
}

/// Python 3, with its output unbuffered: `PYTHON` where that is set.
pub fn python() -> Command {
    static PYTHON: LazyLock<OsString> = LazyLock::new(|| {
        let usual = if cfg!(windows) { "python" } else { "python3" };
        let named = env::var_os("PYTHON").unwrap_or_else(|| usual.into());
        itself(&named).unwrap_or(named)
    });
    let mut command = Command::new(&*PYTHON);
    command.env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The interpreter that `python` starts. A version manager's `python3` is a
/// script, which takes longer than most of our programs: so it runs once.
fn itself(python: &OsStr) -> Option<OsString> {
    let ask = ["-c", "import sys; print(sys.executable)"];
    let ended = output(Command::new(python).args(ask)).ok()?;
    let path = String::from_utf8(ended.stdout).ok()?;
    let path = Path::new(path.trim_end());
    path.is_file().then(|| path.into())
}

/// The program `name` of the crate `package` as commands, each with its
/// language: Rust, Python. One that this machine cannot run is missing, and
/// that is said aloud.
///
/// To be called before `kit::told_by`, whose deadline does not
/// count on a build.
///
/// # Panics
/// If it does not build, or if one is missing though `WORKSHOP_PEERS` is 1.
pub fn references(package: &str, name: &str) -> Vec<(&'static str, Command)> {
    let mut commands = Vec::new();
    if runs(Command::new(cargo())) {
        commands.push(("Rust", Command::new(binary(package, name))));
    } else {
        skipped(say("there is no cargo here", "acá no hay cargo"));
    }
    if runs(python()) {
        let file = format!("crates/{package}/python/{name}.py");
        let mut command = python();
        command.arg(root().join(file));
        commands.push(("Python", command));
    } else {
        skipped(say("there is no Python here", "acá no hay Python"));
    }
    commands
}

/// Whether a program can be started here.
fn runs(mut command: Command) -> bool {
    output(command.arg("--version")).is_ok_and(|ended| ended.status.success())
}

/// `cargo`, the one that runs this.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The target folder that this test program was built in.
fn target() -> PathBuf {
    let this = env::current_exe().expect("a test program has a path");
    this.ancestors().nth(3).expect("target/debug/deps/test").to_path_buf()
}

/// Builds these `targets` of a package. Cargo says where it has put them, which
/// its configuration may change.
fn build(
    root: &Path,
    target: &Path,
    package: &str,
    targets: &str,
) -> Result<Programs, String> {
    let mut build = Command::new(cargo());
    build.args(["build", "--quiet", "-p", package, targets]);
    build.args(BESIDE.get().iter().flat_map(|other| ["-p", other]));
    build.arg("--message-format=json-render-diagnostics");
    build.arg("--target-dir").arg(target).current_dir(root);
    let ended = output(&mut build).map_err(|e| format!("cargo: {e}"))?;
    if !ended.status.success() {
        let words = String::from_utf8_lossy(&ended.stderr);
        return Err(format!("{package} does not build:\n{words}"));
    }
    let messages = String::from_utf8_lossy(&ended.stdout);
    let files = messages.lines().filter_map(|line| json(line, "executable"));
    let named = |file: String| {
        let path = PathBuf::from(file);
        Some((path.file_stem()?.to_str()?.to_string(), path))
    };
    Ok(files.filter_map(named).collect())
}

/// The string behind `"key":` in a line of JSON, as cargo writes it.
pub fn json(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
    let (mut value, mut rest) = (String::new(), rest.chars());
    loop {
        value.push(match rest.next()? {
            '"' => return Some(value),
            '\\' => rest.next().map(|c| if c == 'n' { '\n' } else { c })?,
            other => other,
        });
    }
}

/// Copies by way of a rename: a running program's file cannot be written to.
fn copy(from: &Path, to: &Path) {
    let new = fs::read(from);
    let new = new.unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    if fs::read(to).is_ok_and(|old| old == new) {
        return;
    }
    let half = to.with_extension(format!("{}.part", id()));
    let copied = fs::copy(from, &half).and_then(|_| fs::rename(&half, to));
    copied.unwrap_or_else(|e| panic!("{}: {e}", to.display()));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn one_waits_until_the_other_has_built() {
        let first = alone(&env::temp_dir());
        assert!(first.is_some(), "the port of the lock is another program's");
        let built = AtomicBool::new(false);
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                let second = alone(&env::temp_dir().join("."));
                assert!(built.load(Ordering::SeqCst), "it did not wait");
                second
            });
            thread::sleep(Duration::from_millis(100));
            built.store(true, Ordering::SeqCst);
            drop(first);
            assert!(second.join().unwrap().is_some());
        });
    }
}

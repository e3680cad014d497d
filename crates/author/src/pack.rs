//! `cargo taller pack FOLDER`: a copy of the workshop for a class, as a folder and
//! as a zip file. It needs no network, and has neither solutions nor mistakes, not
//! even in git's history.

use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{fs, io};

use taller::doctor::room;
use taller::exercise::{Exercise, files, read};
use taller::handed_out;
use taller::outcome::{Result, failed, misused};
use taller::words::line;
use testbed::{cargo, output};

/// What students do not get, beside the exercises' solutions and mistakes.
const LEFT_OUT: [&str; 4] = [".ci", ".git", ".github", "crates/probe/tests"];

/// What a workshop without git may hold beside its own files.
const OTHERS: [&str; 4] = ["target", "docs/site", ".vendor", "__pycache__"];

/// The sentence `key` of pack.txt, its gaps filled.
fn said(key: &str, values: &[&dyn Display]) -> String {
    testbed::filled(include_str!("pack.txt"), key, values)
}

/// Why it cannot be, as an error.
fn cannot<T>(why: String) -> Result<T> {
    Err(failed(why))
}

/// Makes the copy of the workshop at `root` in `folder`, which must not be there
/// yet, and `folder.zip`.
pub fn run(root: &Path, folder: &str) -> Result {
    let copy = std::path::absolute(folder);
    let copy = copy.map_err(|e| misused(format!("{folder}: {e}")))?;
    // Without a `/` at its end: behind that, `.zip` would be a file in it.
    let copy: PathBuf = copy.components().collect();
    // A person reads it without `..`, which Windows has taken out already.
    let parent = copy.parent().and_then(|parent| parent.canonicalize().ok());
    let copy = match (parent, copy.file_name()) {
        (Some(parent), Some(name)) if cfg!(unix) => parent.join(name),
        _ => copy,
    };
    let mut zip = copy.clone().into_os_string();
    zip.push(".zip");
    let zip = PathBuf::from(zip);
    for path in [&copy, &zip] {
        if path.exists() {
            return cannot(said("there already", &[&path.display()]));
        }
    }
    if let Err(why) = make(root, &copy) {
        let full = room(&copy).is_some_and(|gigabytes| gigabytes < 0.01);
        let _ = fs::remove_dir_all(&copy); // It was made here.
        let words = said("full", &[&copy.display()]);
        return Err(if full { failed(words) } else { why });
    }
    if let Err(why) = archive(&copy, &zip) {
        let _ = fs::remove_file(&zip); // A half.
        line(said("no zip", &[&last(&why.to_string())]));
    }
    for path in [copy, zip].iter().filter(|path| path.exists()) {
        let all = if path.is_dir() { files(path) } else { vec![path.clone()] };
        let sizes = all.iter().filter_map(|file| file.metadata().ok());
        let bytes: u64 = sizes.map(|data| data.len()).sum();
        line(format!("{}: {} MB", path.display(), bytes / 1_000_000));
    }
    line(said("packed", &[]));
    Ok(true)
}

/// The copy itself, proved to build.
fn make(root: &Path, copy: &Path) -> Result<()> {
    let broken = |e: io::Error| failed(format!("{}: {e}", copy.display()));
    begin(root, copy)?;
    // A stub that somebody has filled in, say.
    let mut not_own = Vec::from_iter(handed_out::differing(copy));
    not_own.retain(|name| name.starts_with("exercises/"));
    if !not_own.is_empty() {
        return cannot(said("not as handed out", &[&not_own.join("\n  ")]));
    }
    prune(copy).map_err(broken)?;
    let config = copy.join(".cargo/config.toml");
    // A copy of a copy has its packages.
    if !read(&config).contains("[source.crates-io]") {
        line(said("vendoring", &[]));
        let mut vendor = Command::new(cargo());
        vendor.args(["vendor", ".vendor"]);
        let settings = done(&mut vendor, copy)?;
        let written = fs::create_dir_all(copy.join(".cargo"));
        let text = read(&config) + "\n" + &settings;
        written.and_then(|()| fs::write(&config, text)).map_err(broken)?;
    }
    handed_out::write(copy, None).map_err(broken)?;
    book(root, copy);
    prove(copy)?;
    commit(copy)
}

/// Copies what git has committed; without git, what is there.
fn begin(root: &Path, copy: &Path) -> Result<()> {
    let broken = |e: io::Error| failed(format!("{}: {e}", copy.display()));
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args);
        git
    };
    let mut clone =
        git(&["clone", "--quiet", "--depth=1", "--no-local", "--template="]);
    clone.arg("--").arg(root).arg(copy);
    let there = done(&mut git(&["--version"]), root).is_ok();
    if there && root.join(".git").exists() {
        let names = "core.quotePath=false"; // An ñ is an ñ.
        let mut status = git(&["-c", names, "status", "--porcelain"]);
        let changed = done(&mut status, root)?;
        done(&mut clone, root)?;
        if !changed.is_empty() {
            line(said("not committed", &[&changed.trim_end()]));
        }
        return fs::remove_dir_all(copy.join(".git")).map_err(broken);
    }
    line(said("without git", &[]));
    let other = |name: &Path| {
        let any = name.iter().any(|part| part == "__pycache__");
        any || LEFT_OUT.iter().chain(&OTHERS).any(|o| name.starts_with(o))
    };
    for file in files(root) {
        let name = file.strip_prefix(root).unwrap_or(&file);
        if !other(name) {
            let to = copy.join(name);
            let parent = to.parent().unwrap_or(copy);
            let copied = fs::create_dir_all(parent);
            copied.and_then(|()| fs::copy(&file, &to)).map_err(broken)?;
        }
    }
    Ok(())
}

/// Takes away what students do not get.
fn prune(copy: &Path) -> io::Result<()> {
    let mut out: Vec<_> = LEFT_OUT.iter().map(|name| copy.join(name)).collect();
    for exercise in Exercise::all(copy) {
        out.push(exercise.folder.join("solution"));
        out.push(exercise.folder.join("mistakes.md"));
    }
    for path in out {
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
    }
    let attributes = copy.join(".gitattributes");
    // Cargo compares each file of a package with its sum.
    let line = "/.vendor/** -text\n";
    fs::write(&attributes, read(&attributes).replace(line, "") + line)
}

/// Builds the book, where mdBook and Python are.
fn book(root: &Path, copy: &Path) {
    let mut build = testbed::python();
    build.arg("docs/build.py");
    // Its labs are built where they were before, and not in the copy.
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        build.env("CARGO_TARGET_DIR", root.join("target"));
    }
    if done(&mut build, copy).is_err() {
        line(said("no book", &[]));
    }
}

/// Builds all of the copy, without a network and with nothing that this machine
/// has from earlier. What that leaves lies in the copy, until it is built: so
/// whoever stops it has one folder to delete.
fn prove(copy: &Path) -> Result<()> {
    line(said("proving", &[]));
    let target = copy.join("target");
    let mut build = Command::new(cargo());
    build.args(["build", "--quiet", "--offline", "--locked"]);
    build.args(["--workspace", "--all-targets"]);
    build.env("CARGO_HOME", target.join("home"));
    build.env("CARGO_TARGET_DIR", &target);
    done(&mut build, copy)?;
    let removed = fs::remove_dir_all(&target);
    removed.map_err(|e| failed(format!("{}: {e}", target.display())))
}

/// Makes the copy a git repository with one commit, so that `git restore` brings
/// a stub back.
fn commit(copy: &Path) -> Result<()> {
    for args in [
        &["init", "--quiet", "--template="][..],
        &["symbolic-ref", "HEAD", "refs/heads/main"],
        &["config", "core.fileMode", "false"], // A zip file forgets the mode.
        &["add", "--all"],
        &[
            "commit",
            "--quiet",
            "--no-verify",
            "-m",
            "The workshop, as handed out",
        ],
    ] {
        let mut git = Command::new("git");
        // Whatever the teacher's git does otherwise.
        for set in [
            "user.name=workshop",
            "user.email=workshop@localhost",
            "commit.gpgSign=false",
            "core.autocrlf=false",
            "core.excludesFile=",
            "core.hooksPath=none",
        ] {
            git.args(["-c", set]);
        }
        if let Err(why) = done(git.args(args), copy) {
            let _ = fs::remove_dir_all(copy.join(".git"));
            line(said("no git", &[&last(&why.to_string())]));
            return Ok(());
        }
    }
    Ok(())
}

/// Writes all of the folder `copy` into the file `zip`, under the folder's name:
/// Python has what that takes.
fn archive(copy: &Path, zip: &Path) -> Result<String> {
    let folder = copy.file_name().unwrap_or_default();
    let mut python = testbed::python();
    python.args(["-m", "zipfile", "-c"]).arg(zip).arg(folder);
    for file in files(&copy.join(".vendor")) {
        // Some have no time of their own, which means 1970: too early for zip.
        let opened = File::options().append(true).open(&file);
        let _ = opened.and_then(|file| file.set_modified(SystemTime::now()));
    }
    done(&mut python, copy.parent().unwrap_or(copy))
}

/// The last line of what a program said.
fn last(words: &str) -> &str {
    words.lines().last().unwrap_or_default()
}

/// Runs a command in `folder`; gives what it wrote on stdout.
///
/// # Errors
/// What it wrote on stderr, if it fails.
fn done(command: &mut Command, folder: &Path) -> Result<String> {
    let name = Path::new(command.get_program()).file_stem();
    let name = name.unwrap_or_default().to_string_lossy().into_owned();
    let ended = output(command.current_dir(folder));
    let ended = ended.map_err(|e| failed(format!("{name}: {e}")))?;
    if !ended.status.success() {
        let words = String::from_utf8_lossy(&ended.stderr);
        return cannot(format!("{name}: {}", words.trim_end()));
    }
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}

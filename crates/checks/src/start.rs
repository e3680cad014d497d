//! Programs of either language, as processes.

use std::env;
use std::process::Command;

use kit::Program;

use crate::{binary, root};

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `src/bin/NAME.rs`
    Rust,
    /// `python/NAME.py`
    Python,
}

impl Language {
    /// Both.
    pub const BOTH: [Language; 2] = [Language::Rust, Language::Python];
}

/// Python 3, with its output unbuffered: `PYTHON` where that is set.
pub fn python() -> Command {
    let usual = if cfg!(windows) { "python" } else { "python3" };
    let python = env::var_os("PYTHON").unwrap_or_else(|| usual.into());
    let mut command = Command::new(python);
    command.env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The command that runs a crate's program, without its arguments.
pub fn command(language: Language, package: &str, name: &str) -> Command {
    if language == Language::Rust {
        return Command::new(binary(package, name));
    }
    let crates = root().join("crates");
    let mut command = python();
    command.arg(crates.join(package).join(format!("python/{name}.py")));
    command
}

/// A crate's program, running.
pub fn start(
    language: Language,
    package: &str,
    name: &str,
    args: &[&str],
) -> Program {
    let mut command = command(language, package, name);
    command.args(args);
    Program::start(&format!("{language:?} {package} {name}"), command)
}

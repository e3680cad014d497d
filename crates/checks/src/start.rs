//! Programs of either language, as processes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use testbed::{BESIDE, Program, output, skipped};

use crate::{python, root};

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `src/bin/NAME.rs`, or `examples/NAME.rs`
    Rust,
    /// `python/NAME.py`
    Python,
}

impl Language {
    /// Both.
    pub const BOTH: [Language; 2] = [Language::Rust, Language::Python];
}

/// What `cargo test` has built for this crate need not be built again.
fn share() {
    BESIDE.get_or_init(|| "checks");
}

/// The program `name` of the crate `package`, built.
pub fn binary(package: &str, name: &str) -> PathBuf {
    share();
    testbed::binary(package, name)
}

/// The example `name`, built.
pub fn example(name: &str) -> PathBuf {
    share();
    testbed::example(name)
}

/// The command that runs a crate's program (or one of `examples`), without
/// its arguments.
pub fn command(language: Language, package: &str, name: &str) -> Command {
    let an_example = package == "examples";
    if language == Language::Rust {
        let binary =
            if an_example { example(name) } else { binary(package, name) };
        return Command::new(binary);
    }
    let crates = if an_example { root() } else { root().join("crates") };
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

/// A crate's server, running on a port that the system chose.
pub fn server(language: Language, package: &str, args: &[&str]) -> Program {
    start(language, package, "server", &[&["--port", "0"], args].concat())
}

/// A crate's client, running, which talks to `to`.
pub fn client(
    language: Language,
    package: &str,
    to: SocketAddr,
    args: &[&str],
) -> Program {
    let (host, port) = (to.ip().to_string(), to.port().to_string());
    let to = ["--host", &host, "--port", &port];
    start(language, package, "client", &[&to[..], args].concat())
}

/// What a program printed, with `\n` at the end of each line: Python writes
/// `\r\n` on Windows.
pub fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// One of `examples`, running: the Rust program, where it alone is meant.
pub fn start_example(name: &str, args: &[&str]) -> Program {
    start(Language::Rust, "examples", name, args)
}

/// `examples/two_hosts.sh` with what hosts `b` and `a` do; `None`, said aloud,
/// where this is not Linux, or not root.
pub fn two_hosts(b: &str, a: &str) -> Option<Command> {
    let hosts = output(Command::new("ip").args(["netns", "list"]));
    let user = output(Command::new("id").arg("-u"));
    if hosts.is_err() || user.is_ok_and(|id| id.stdout != b"0\n") {
        skipped("two hosts need Linux, root, and ip");
        return None;
    }
    let mut script = Command::new("bash");
    script.arg(root().join("examples/two_hosts.sh")).args([b, a]);
    Some(script)
}

/// The rules that fail, in the JSON of the judge on the wire (`probe`).
///
/// # Panics
/// If `json` is none of its reports.
pub fn failed_rules(json: &str) -> Vec<String> {
    let read = |line| serde_json::from_str(line).expect("the judge's JSON");
    let rules = json.lines().map(read);
    let failed = rules.filter(|rule: &Value| rule["verdict"] == "failed");
    failed.filter_map(|r| Some(r["rule"].as_str()?.to_string())).collect()
}

/// What is wrong with what a Rust program's `--help` prints, in words, and its
/// table of options: each option of the usage line stands in the table, with
/// the same default in brackets.
pub fn explained(help: &str) -> (String, String) {
    let (usage, head) = help.split_once("\n\n").unwrap_or((help, ""));
    let table: String = head.lines().rev().map_while(in_table).collect();
    let mut wrong = String::new();
    for option in usage.split(" [").skip(2) {
        let option = option.split(']').next().unwrap_or_default();
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        let first = value.split('|').next().unwrap_or_default();
        let given = first.chars().any(|c| c.is_ascii_uppercase());
        let mut rows = head.lines().filter(|line| in_table(line).is_some());
        let said = rows.find(|row| row.split(' ').next() == Some(name));
        let named = said.is_some_and(|line| {
            let default = first.is_empty() || given;
            default || line.contains(&format!("({first}"))
        });
        if !named {
            wrong += &format!("{option}: {said:?}; ");
        }
    }
    (wrong, table)
}

fn in_table(line: &str) -> Option<String> {
    let row = ["--", "  ", "ADDRESS", "HOST", "server"];
    let is_row = row.iter().any(|start| line.starts_with(start));
    is_row.then(|| format!("{line}\n"))
}

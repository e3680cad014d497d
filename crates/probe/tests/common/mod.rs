//! The judge, as a process.

use std::process::Command;

use testbed::{PATIENCE, Program};

/// Its exit status, and what it said: on stdout, then on stderr.
pub fn judge(args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    command.args(args).env("TALLER_LANG", "en").env("TALLER_SECONDS", "4");
    command.env("TZ", "<-03>3"); // For those who forget the zone.
    let (by_itself, ended) =
        Program::start("the judge", command).end_within(PATIENCE * 5);
    assert!(by_itself, "{args:?} goes on: {ended:?}");
    (ended.code.unwrap_or(-1), ended.stdout + &ended.stderr)
}

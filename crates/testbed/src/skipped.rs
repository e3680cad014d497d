//! What a machine may lack.

use std::env;
use std::io::{Write, stderr};
use std::thread;

use crate::say;

/// Says aloud that this test could not run here, and why.
///
/// # Panics
/// With `WORKSHOP_PEERS=1`, which promises that nothing is missing.
pub fn skipped(why: &str) {
    let name = thread::current().name().unwrap_or("?").to_string();
    let peers = env::var("WORKSHOP_PEERS").is_ok_and(|value| value == "1");
    assert!(!peers, "WORKSHOP_PEERS=1, but {name} cannot run: {why}");
    // Not eprintln!: the test runner hides that when a test passes.
    let _ = writeln!(stderr(), "{}{name}: {why}", word());
}

/// What a line of [`skipped`] begins with.
fn word() -> &'static str {
    say("skipped: ", "salteada: ")
}

/// The lines of [`skipped`] in what a test wrote, without the test's name, and
/// set in to stand below it.
pub fn skips(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix(word()));
    let why = lines.filter_map(|line| line.split_once(": "));
    why.map(|(_name, why)| format!("        {}{why}", word())).collect()
}

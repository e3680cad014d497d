//! The program that is judged, as a process. `testbed` ends what it started, at
//! the latest when the judge ends.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{io, thread};

use kit::bytes;
use testbed::{Ended, Program};

use crate::words::said;

/// A program may take so long to start: `cargo run` builds it first.
pub const START: Duration = Duration::from_secs(60);

/// A running program.
pub struct Running(pub Program);

impl Running {
    /// Starts `command`, with `host` and `port` in the place of `{host}` and
    /// `{port}`.
    ///
    /// # Errors
    /// A sentence, if it cannot be started.
    pub fn start(
        command: &[String],
        host: &str,
        port: u16,
    ) -> Result<Running, String> {
        let program = Program::try_start("it", prepared(command, host, port));
        let wrong = |e: io::Error| said!("no start", command[0], e);
        program.map(Running).map_err(wrong)
    }

    /// How it has ended, if it has: a part of a sentence.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.0.status_within(Duration::ZERO)?;
        let words = self.0.stderr();
        let last = words.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.map(|line| said!("last words", bytes(line.as_bytes())));
        Some(said!("ended", status, last.unwrap_or_default()))
    }

    /// Waits up to `limit` for its end, then ends it; gives whether it had
    /// ended by itself.
    pub fn end_within(mut self, limit: Duration) -> (bool, Ended) {
        self.0.close_input();
        let by_itself = self.0.status_within(limit).is_some();
        end_tree(self.0.id());
        (by_itself, self.0.stop())
    }
}

/// On Windows, ends a process and what it started: nobody else does it there.
pub fn end_tree(id: u32) {
    if cfg!(windows) {
        let mut kill = Command::new("taskkill");
        kill.args(["/T", "/F", "/PID", &id.to_string()]);
        let _ = testbed::output(&mut kill); // It may have ended already.
    }
}

/// The command with its gaps filled, ready to be started.
pub fn prepared(command: &[String], host: &str, port: u16) -> Command {
    let port = port.to_string();
    let mut words = command
        .iter()
        .map(|word| word.replace("{host}", host).replace("{port}", &port));
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).env("PYTHONUNBUFFERED", "1");
    command
}

/// Looks again and again until `found` finds something, up to `limit`.
pub fn until<T>(
    limit: Duration,
    mut found: impl FnMut() -> Option<T>,
) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let it = found();
        if it.is_some() || Instant::now() > end {
            return it;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

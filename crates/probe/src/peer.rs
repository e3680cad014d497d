//! The program that is judged: it runs already, or is started here. `testbed`
//! ends what it started, at the latest when the judge ends.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use kit::bytes;
use testbed::{Ended, Program, free_port};

use crate::net::{Datagram, hear, socket};
use crate::words::said;

/// A program may take so long to start: `cargo run` builds it first.
pub const START: Duration = Duration::from_secs(60);
/// Between two datagrams to another machine: so at most 50 a second.
const GAP: Duration = Duration::from_millis(20);

/// The program, and our socket to speak with it.
pub struct Peer<'a> {
    /// Our socket.
    pub s: UdpSocket,
    /// Where the program is.
    pub to: SocketAddr,
    /// The program, if we have started it,
    pub program: Option<Program>,
    /// with this command. Empty: we do not start it.
    pub command: &'a [String],
    /// So many datagrams were sent.
    pub sent: Cell<usize>,
    /// What could not be sent, and why.
    pub trouble: RefCell<Option<String>>,
}

impl<'a> Peer<'a> {
    /// A program at `to`; or one of this machine, if there is a `command`.
    pub fn new(to: SocketAddr, command: &'a [String]) -> Peer<'a> {
        let (sent, trouble) = Default::default();
        Peer { s: socket(to), to, program: None, command, sent, trouble }
    }

    /// One that calls us.
    pub fn caller(command: &'a [String]) -> Peer<'a> {
        Peer::new((Ipv4Addr::LOCALHOST, 0).into(), command)
    }

    /// Another machine's?
    pub fn far(&self) -> bool {
        !self.to.ip().is_loopback()
    }

    /// Starts it, if that is ours to do. It `calls`, or else listens.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn start(&mut self, calls: bool) -> Result<(), String> {
        if self.command.is_empty() {
            self.s = socket(self.to); // What was late comes to nobody.
        } else {
            let program = Program::try_start("it", self.prepared(calls));
            let wrong = |e| said!("no start", self.command[0], e);
            self.program = Some(program.map_err(wrong)?);
        }
        Ok(())
    }

    /// The command, its gaps filled, to start it anew at another port.
    pub fn prepared(&mut self, calls: bool) -> Command {
        self.program = None; // This ends it.
        self.s = socket(self.to);
        if !calls {
            self.to.set_port(free_port());
        }
        let own = self.s.local_addr().unwrap_or(self.to);
        let to = if calls { own } else { self.to };
        let (host, port) = (to.ip().to_string(), to.port().to_string());
        let fill =
            |w: &String| w.replace("{host}", &host).replace("{port}", &port);
        let mut command = Command::new(fill(&self.command[0]));
        command.args(self.command[1..].iter().map(fill));
        command.env("PYTHONUNBUFFERED", "1");
        command
    }

    /// Its first datagram, up to `limit`; before each `wait`, `ask`s it.
    ///
    /// # Errors
    /// That nothing came, and how it has ended if it has.
    pub fn first(
        &mut self,
        limit: Duration,
        wait: Duration,
        mut ask: impl FnMut(&Self, Duration),
    ) -> Result<Datagram, String> {
        let start = Instant::now();
        loop {
            let ended = self.ended(); // Before: it may have sent, and ended.
            ask(self, start.elapsed());
            if let Some(came) = hear(&self.s, wait) {
                return Ok(came);
            } else if ended.is_some() || start.elapsed() > limit {
                let came = said!("nothing for", start.elapsed().as_secs());
                return Err(came + &ended.unwrap_or_default());
            }
        }
    }

    /// Sends `data` from `s`, slowly enough.
    pub fn send(&self, s: &UdpSocket, data: &[u8]) {
        if self.far() {
            thread::sleep(GAP);
        }
        self.sent.set(self.sent.get() + 1);
        if let Err(e) = s.send_to(data, self.to) {
            let words = said!("not sent", data.len(), e);
            self.trouble.borrow_mut().get_or_insert(words);
        }
    }

    /// How it has ended, if it has: a part of a sentence.
    pub fn ended(&mut self) -> Option<String> {
        let program = self.program.as_mut()?;
        let status = program.status_within(Duration::ZERO)?;
        let words = program.stderr();
        let last = words.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.map(|line| said!("last words", bytes(line.as_bytes())));
        Some(said!("ended", status, last.unwrap_or_default()))
    }

    /// Waits up to `limit` for its end, then ends it; gives whether it had
    /// ended by itself.
    ///
    /// # Panics
    /// If we have not started it, or this is the second time.
    pub fn end_within(&mut self, limit: Duration) -> (bool, Ended) {
        let mut program = self.program.take().expect("it runs");
        program.close_input();
        let by_itself = program.status_within(limit).is_some();
        end_tree(program.id());
        (by_itself, program.stop())
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

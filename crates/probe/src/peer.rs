//! The program that is judged: it runs already, or is started here. `testbed`
//! ends what it started, at the latest when the judge ends.

use std::cell::RefCell;
use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use testbed::{Program, bytes, error_words, free_port, patience};

use crate::chat::Talk;
use crate::net::{Datagram, hear, socket};
use crate::report::{Look, tell};

/// A program may take so long to start: `cargo run` builds it first.
pub const START: Duration = Duration::from_secs(60);
/// At most so many datagrams to another machine,
pub const MOST: usize = 1000;
/// and so much time between two: so at most 50 a second.
const GAP: Duration = Duration::from_millis(20);

/// A rule: its name and its source's, both of the table of words, and how to
/// look. If no source is named, it is the protocol's.
pub type Rule = (&'static str, &'static str, fn(&mut Peer) -> Look);

/// A protocol, and its rules.
pub struct Protocol {
    /// Its name on the command line.
    pub name: &'static str,
    /// The name of its source.
    pub source: &'static str,
    /// The question number n, from 1.
    pub question: fn(u32) -> Vec<u8>,
    /// Whether the second belongs to the first, right or wrong.
    pub answers: fn(&[u8], &[u8]) -> bool,
    /// Rules about a server, one after the other.
    pub server: &'static [Rule],
    /// Rules about a client.
    pub client: &'static [Rule],
}

/// The program, and what we know of it.
pub struct Peer {
    /// What it should speak.
    pub protocol: &'static Protocol,
    /// Where it is.
    pub to: SocketAddr,
    /// Our socket: that of most rules, for a server may know only its first
    /// client.
    pub s: UdpSocket,
    /// What starts it. Empty: it runs already.
    pub command: Vec<String>,
    /// Whether it calls us, or else listens.
    pub calls: bool,
    /// It, if we have started it.
    pub program: Option<Program>,
    /// How far our chat with it is.
    pub talk: Talk,
    /// The first datagram of one that calls.
    pub first: Vec<u8>,
    /// What could not be sent, and why.
    pub trouble: RefCell<Option<String>>,
}

impl Peer {
    /// A program at `to`, or one that `command` starts.
    pub fn new(
        protocol: &'static Protocol,
        to: SocketAddr,
        command: &[String],
        calls: bool,
    ) -> Peer {
        let (s, command) = (socket(to), command.to_vec());
        let (program, talk, first, trouble) = Default::default();
        Peer { protocol, to, s, command, calls, program, talk, first, trouble }
    }

    /// The same program, to be started once more.
    pub fn another(&self) -> Peer {
        Peer::new(self.protocol, self.to, &self.command, self.calls)
    }

    /// Another machine's?
    pub fn far(&self) -> bool {
        !self.to.ip().is_loopback()
    }

    /// Starts it, or starts it again at another port, if that is ours to do.
    /// What was late comes to nobody.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn start(&mut self) -> Result<(), String> {
        self.program = None; // This ends it.
        self.s = socket(self.to);
        let Some(first) = self.command.first() else { return Ok(()) };
        if !self.calls {
            self.to.set_port(free_port());
        }
        let own = self.s.local_addr().unwrap_or(self.to);
        let to = if self.calls { own } else { self.to };
        let [host, port] = [to.ip().to_string(), to.port().to_string()];
        let fill = |word: &String| {
            word.replace("{host}", &host).replace("{port}", &port)
        };
        let mut command = Command::new(fill(first));
        command.args(self.command[1..].iter().map(fill));
        command.env("PYTHONUNBUFFERED", "1");
        let program = Program::try_start("it", command).map_err(|e| {
            said!("no start", format!("{first:?}"), error_words(&e))
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Waits for its first datagram; until that comes, a server is asked again
    /// and again.
    ///
    /// # Errors
    /// That nothing came.
    pub fn hear_first(&mut self) -> Result<Datagram, String> {
        static WAITING: Once = Once::new();
        let limit = if self.program.is_some() { START } else { patience() * 2 };
        let start = Instant::now();
        loop {
            let ended = self.ended().is_some(); // Before: it may have sent, and ended.
            if !self.calls {
                self.send(&self.question());
            }
            if let Some(came) = hear(&self.s, self.moment()) {
                return Ok(came);
            }
            let waited = start.elapsed();
            if ended {
                return Err(said!("nothing"));
            } else if waited > limit {
                return Err(said!("nothing for", waited.as_secs()));
            } else if waited > patience() {
                WAITING.call_once(|| tell(said!("waiting")));
            }
        }
    }

    /// A question that was not asked before.
    pub fn question(&self) -> Vec<u8> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        (self.protocol.question)(NUMBER.fetch_add(1, Relaxed))
    }

    /// What an answer may take on its way.
    pub fn moment(&self) -> Duration {
        Duration::from_millis(if self.far() { 1000 } else { 250 })
    }

    /// Sends `data`.
    pub fn send(&self, data: &[u8]) {
        self.send_from(&self.s, data);
    }

    /// Sends `data` from `s`; slowly and not too often, to another machine.
    pub fn send_from(&self, s: &UdpSocket, data: &[u8]) {
        static SENT: AtomicUsize = AtomicUsize::new(0);
        let wrong = if self.far() && SENT.fetch_add(1, Relaxed) >= MOST {
            Some(said!("enough", MOST))
        } else {
            thread::sleep(if self.far() { GAP } else { Duration::ZERO });
            let sent = s.send_to(data, self.to).err();
            sent.map(|e| said!("not sent", data.len(), error_words(&e)))
        };
        let first = self.trouble.take();
        self.trouble.replace(first.or(wrong));
    }

    /// How it has ended, if it has: a part of a sentence.
    pub fn ended(&mut self) -> Option<String> {
        let program = self.program.as_mut()?;
        let ended = program.status_within(Duration::ZERO)?;
        let last = last_line(&program.stderr());
        let last = last.map(|line| said!("last words", line));
        Some(said!("ended", status(ended.code()), last.unwrap_or_default()))
    }
}

/// How a program has ended, in words.
pub fn status(code: Option<i32>) -> String {
    code.map_or_else(|| said!("a signal"), |code| said!("status", code))
}

/// The last line in which there is something, for a person to read.
pub fn last_line(text: &str) -> Option<String> {
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.map(|line| bytes(line.as_bytes()))
}

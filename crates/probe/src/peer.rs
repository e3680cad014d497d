//! The program that is judged: it runs already, or is started here. `testbed`
//! ends what it started, at the latest when the judge ends.

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use common::note;
use testbed::{
    Datagram, Ended, Program, bytes, error_words, free_port, hear, heard,
    patience, socket_to,
};

use crate::chat::Talk;
use crate::judge::{Done, Look, Seen, Skipped, failed, judged};

/// A program may take so long to start: `cargo run` builds it first.
pub const START: Duration = Duration::from_secs(60);
/// What a client may take to print what it has, and end: so many seconds.
pub const MOMENT: u64 = 10;
/// At most so many datagrams to another machine,
pub const MOST: usize = 1000;
/// and so much time between two: so at most 50 a second.
const GAP: Duration = Duration::from_millis(20);

/// A rule: its name and its source's, both of the table of words, and how to
/// look. If no source is named, it is that of the others.
pub type Rule = (&'static str, &'static str, fn(&mut Peer) -> Look);

/// A protocol, and its rules.
pub struct Protocol {
    /// Its name on the command line.
    pub name: &'static str,
    /// The names of its sources: of the rules about a server, and a client.
    pub sources: [&'static str; 2],
    /// The question number n, from 1.
    pub question: fn(u32) -> Vec<u8>,
    /// Whether the second belongs to the first, right or wrong.
    pub answers: fn(&[u8], &[u8]) -> bool,
    /// How a conversation begins.
    pub meet: fn(&mut Peer) -> Look,
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
    /// Its first datagram.
    pub first: Datagram,
}

impl Peer {
    /// A program at `to`, or one that `command` starts.
    pub fn new(
        protocol: &'static Protocol,
        to: SocketAddr,
        command: &[String],
        calls: bool,
    ) -> Peer {
        let (s, command, first) =
            (socket_to(to), command.to_vec(), (vec![], to));
        let (program, talk) = Default::default();
        Peer { protocol, to, s, command, calls, program, talk, first }
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
    pub fn start(&mut self) -> Done {
        self.program = None; // This ends it.
        self.s = socket_to(self.to);
        let Some((name, words)) = self.command.split_first() else {
            return Ok(());
        };
        // What we start is on this machine, and talks to this one.
        let own = self.s.local_addr().map_or(0, |own| own.port());
        self.to.set_port(if self.calls { own } else { free_port() });
        let port = self.to.port().to_string();
        let fill = |word: &String| {
            word.replace("{host}", "127.0.0.1").replace("{port}", &port)
        };
        let mut command = Command::new(fill(name));
        command.args(words.iter().map(fill)).env("PYTHONUNBUFFERED", "1");
        let started = Program::try_start("it", command);
        let why = |e| said!("no start", format!("{name:?}"), error_words(&e));
        self.program = Some(started.map_err(why)?);
        Ok(())
    }

    /// Starts it once more, and meets it as its protocol has it.
    ///
    /// # Errors
    /// Why it does not start, or that nothing came.
    pub fn again(&mut self) -> Look {
        self.start().or_else(failed)?;
        (self.protocol.meet)(self)
    }

    /// Waits for its first datagram; until that comes, a server is asked again
    /// and again.
    ///
    /// # Errors
    /// That nothing came.
    pub fn meet(&mut self) -> Look {
        static WAITING: Once = Once::new();
        let limit = if self.program.is_some() { START } else { patience() * 2 };
        let start = Instant::now();
        loop {
            let ended = self.has_ended(); // Before: it may have sent, and ended.
            if !self.calls {
                self.send(self.question())?;
            }
            if let Some((data, from)) = hear(&self.s, self.moment()) {
                if self.calls {
                    self.to = from;
                } else {
                    // If it was slow to start, it answers earlier questions, too.
                    heard(&self.s, self.moment()).for_each(drop);
                }
                self.first = (data, from);
                return Ok(bytes(&self.first.0));
            }
            if ended || start.elapsed() > limit {
                return failed(said!("nothing") + &self.ended());
            } else if start.elapsed() > patience() {
                WAITING.call_once(|| note(said!("waiting")));
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
    ///
    /// # Errors
    /// As [`Peer::send_from`].
    pub fn send(&self, data: impl AsRef<[u8]>) -> Seen<()> {
        self.send_from(&self.s, data.as_ref())
    }

    /// Sends `data` from `s`; slowly and not too often, to another machine.
    ///
    /// # Errors
    /// What could not be sent, and why.
    pub fn send_from(&self, s: &UdpSocket, data: &[u8]) -> Seen<()> {
        static SENT: AtomicUsize = AtomicUsize::new(0);
        if self.far() {
            thread::sleep(GAP);
            if SENT.fetch_add(1, Relaxed) >= MOST {
                return Err((Skipped, said!("enough", MOST)));
            }
        }
        let why = |e| (Skipped, said!("not sent", data.len(), error_words(&e)));
        s.send_to(data, self.to).map(drop).map_err(why)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        let program = self.program.as_mut();
        program.is_some_and(|p| p.status_within(Duration::ZERO).is_some())
    }

    /// How it has ended, if it has: to be added to a sentence.
    pub fn ended(&mut self) -> String {
        let ended = self.has_ended();
        if ended { "; ".to_string() + &self.end(0).2 } else { String::new() }
    }

    /// Waits for its end; whether that came by itself, and not by a signal,
    /// what it was, and the same in words.
    ///
    /// # Panics
    /// If we have not started it, or this is the second time.
    pub fn end(&mut self, seconds: u64) -> (bool, Ended, String) {
        let program = self.program.take().expect("it runs");
        let (by_itself, ended) =
            program.end_within(Duration::from_secs(seconds));
        let mut how = match ended.code {
            _ if !by_itself => said!("it waited"),
            Some(status) => said!("it ended", status),
            None => said!("a signal"),
        };
        let printed = last(&ended.stdout).unwrap_or_else(|| said!("nothing"));
        how += &said!("on stdout", printed);
        if let Some(line) = last(&ended.stderr) {
            how += &said!("on stderr", line);
        }
        (by_itself && ended.code.is_some(), ended, how)
    }

    /// It must end by itself, and what it has printed must be `good`.
    ///
    /// # Errors
    /// What it does instead.
    pub fn ends(&mut self, seconds: u64, good: fn(&Ended) -> bool) -> Look {
        let (well, ended, how) = self.end(seconds);
        judged(well && good(&ended), how)
    }

    /// A client is answered, prints `words` (but for their end), and ends.
    ///
    /// # Errors
    /// What it does instead.
    pub fn prints(&mut self, answer: impl AsRef<[u8]>, words: &str) -> Look {
        let words = words.trim_end();
        self.send(answer)?;
        let (well, ended, how) = self.end(MOMENT);
        // So Python shows bytes, and not the text that they are.
        let bytes = ["b'", "b\""].map(|quote| format!("{quote}{words}"));
        if !words.is_empty() && bytes.iter().any(|b| ended.stdout.contains(b)) {
            return failed(said!("bytes shown", how));
        }
        judged(well && ended.stdout.contains(words), how)
    }

    /// A client has sent one datagram, is answered, and sends no other.
    ///
    /// # Errors
    /// What it sends.
    pub fn sends_once(&mut self, answer: &str) -> Look {
        self.send(answer)?;
        self.end(MOMENT);
        match hear(&self.s, Duration::ZERO) {
            Some((data, _)) => failed(said!("sent more", bytes(&data))),
            None => Ok(said!("sent one", bytes(&self.first.0))),
        }
    }
}

/// The last line in which there is something, with its end, if it has one.
fn last(text: &str) -> Option<String> {
    let mut lines = text.split_inclusive('\n').rev();
    let last = lines.find(|line| !line.trim().is_empty())?;
    Some(bytes(last.as_bytes()))
}

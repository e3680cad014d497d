//! A session in either language, without a clock: what happens, and at which
//! time, a test tells it. And a peer of it that does what a test says.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use checks::zchat::{ACK, BYE, Frame, HELLO, TEXT};
use checks::{Language, python, root};
use testbed::{output, spawn};
use zchat::session::{Action, Session};

use super::world::port;
use super::{ME, Role};

/// One side of a chat.
pub struct Side {
    session: Either,
    deadline: Option<Duration>,
}

enum Either {
    Rust(Box<Session>),
    /// Its number.
    Python(usize),
}

impl Side {
    /// As [`Session::new`].
    pub fn new(language: Language, dial: &[SocketAddr], now: Duration) -> Side {
        let session = match language {
            Language::Rust => {
                Either::Rust(Box::new(Session::new(dial.to_vec(), now)))
            }
            Language::Python => {
                let dial = dial.iter().map(|to| format!(" {to}"));
                let dial = dial.collect::<String>();
                Either::Python(DRIVER.with_borrow_mut(|driver| {
                    driver.count += 1;
                    driver.tell(driver.count, "new", now, &dial);
                    driver.count
                }))
            }
        };
        Side { session, deadline: Some(now) }
    }

    /// As [`Session::set_window`].
    pub fn set_window(&mut self, window: u16) {
        match &mut self.session {
            Either::Rust(session) => session.set_window(window),
            Either::Python(number) => {
                tell(*number, "set_window", &format!(" {window}"));
            }
        }
    }

    /// As [`Session::say`].
    pub fn say(&mut self, text: &[u8]) {
        match &mut self.session {
            Either::Rust(session) => session.say(text),
            Either::Python(number) => tell(*number, "say", &hex(text)),
        }
    }

    /// As [`Session::no_more`].
    pub fn no_more(&mut self) {
        match &mut self.session {
            Either::Rust(session) => session.no_more(),
            Either::Python(number) => tell(*number, "no_more", ""),
        }
    }

    /// As [`Session::leave`].
    pub fn leave(&mut self) {
        match &mut self.session {
            Either::Rust(session) => session.leave(),
            Either::Python(number) => tell(*number, "leave", ""),
        }
    }

    /// As [`Session::abort`].
    pub fn abort(&mut self) {
        match &mut self.session {
            Either::Rust(session) => session.abort(),
            Either::Python(number) => tell(*number, "abort", ""),
        }
    }

    /// As [`Session::receive`].
    pub fn receive(&mut self, now: Duration, from: SocketAddr, data: &[u8]) {
        match &mut self.session {
            Either::Rust(session) => session.receive(now, from, data),
            Either::Python(number) => {
                let rest = format!(" {from}{}", hex(data));
                let number = *number;
                DRIVER.with_borrow_mut(|driver| {
                    driver.tell(number, "receive", now, &rest);
                });
            }
        }
    }

    /// [`Session::tick`], and what [`Session::actions`] gives then.
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        match &mut self.session {
            Either::Rust(session) => {
                session.tick(now);
                self.deadline = session.deadline();
                session.actions()
            }
            Either::Python(number) => {
                let number = *number;
                let line = DRIVER.with_borrow_mut(|driver| {
                    driver.tell(number, "tick", now, "");
                    driver.answer()
                });
                let mut words = line.split_whitespace();
                let due = words.next().expect("when it is due");
                self.deadline = due.parse().ok().map(Duration::from_nanos);
                read(words)
            }
        }
    }

    /// As [`Session::deadline`], after the last tick.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }
}

/// What a line of the driver says is to be done.
fn read<'a>(mut words: impl Iterator<Item = &'a str>) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some(kind) = words.next() {
        let mut next = || words.next().expect("a line is whole");
        let text = |word: &str| String::from_utf8(bytes(word)).unwrap();
        actions.push(match kind {
            "SEND" => Action::Send(next().parse().unwrap(), bytes(next())),
            "SHOW" => Action::Show(bytes(next())),
            "NOTE" => Action::Note(text(next())),
            "END" => {
                Action::End(Some(next()).filter(|w| *w != "none").map(text))
            }
            other => panic!("{other:?}"),
        });
    }
    actions
}

fn bytes(word: &str) -> Vec<u8> {
    checks::zchat::bytes(word.strip_prefix('x').expect("an x"))
}

fn hex(data: &[u8]) -> String {
    let mut text = " x".to_string();
    data.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
    text
}

/// What needs no time.
fn tell(number: usize, what: &str, rest: &str) {
    DRIVER.with_borrow_mut(|driver| {
        driver.tell(number, what, Duration::ZERO, rest);
    });
}

thread_local! {
    /// Each test has its own, and so no test waits for another one.
    static DRIVER: RefCell<Driver> = RefCell::new(Driver::start());
}

/// A Python process that holds the sessions of one test; see `side.py`.
struct Driver {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    count: usize,
}

impl Driver {
    fn start() -> Driver {
        let mut command = python();
        command.args(["-c", include_str!("side.py")]);
        command.env("PYTHONPATH", root().join("crates/zchat/python"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = spawn(&mut command).expect("Python starts");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Driver { child, input, output, count: 0 }
    }

    fn tell(&mut self, number: usize, what: &str, now: Duration, rest: &str) {
        let line = format!("{number} {what} {}{rest}\n", now.as_nanos());
        self.input.write_all(line.as_bytes()).expect("Python has ended");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it is UTF-8");
        assert!(line.ends_with('\n'), "Python has ended: {line:?}");
        line
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A session, and the peer that a test plays.
pub struct Script {
    pub side: Side,
    pub now: Duration,
    pub him: u32,
    /// The number of the peer's next message, and of the session's.
    pub next: u32,
    pub expect: u32,
    /// What the session sent: when, what.
    pub sent: Vec<(Duration, Frame)>,
    pub shown: Vec<Vec<u8>>,
    pub notes: Vec<String>,
    /// Where it sent to last.
    pub to: Option<SocketAddr>,
    /// How it ended.
    pub end: Option<Option<String>>,
}

impl Script {
    /// One that calls the peer, or listens.
    pub fn new(language: Language, role: Role) -> Script {
        let dial = [port(0)];
        let dial = if role == Role::Client { &dial[..] } else { &[] };
        let side = Side::new(language, dial, Duration::ZERO);
        let (sent, shown, notes) = (vec![], vec![], vec![]);
        let (now, to, end) = (Duration::ZERO, None, None);
        let (him, next, expect) = (0, 1, 1);
        Script { side, now, him, next, expect, sent, shown, notes, to, end }
    }

    /// One that is connected with the peer; it knows the round-trip time, 0.
    pub fn up(language: Language, role: Role) -> Script {
        Script::up_within(language, role, 16)
    }

    /// The same with a window of so many frames.
    pub fn up_within(language: Language, role: Role, window: u16) -> Script {
        let mut s = Script::new(language, role);
        s.side.set_window(window);
        match role {
            Role::Server => {
                s.call(ME);
                s.say(b"sample");
                s.confirm(b"sample");
            }
            Role::Client => {
                s.tick();
                let hello = s.one();
                assert_eq!((hello.kind, hello.dst), (HELLO, 0));
                s.him = hello.src;
                s.give(HELLO, 0, 0, b"");
                s.confirm(b"");
            }
        }
        s
    }

    /// A caller with the id `me`, up to the acknowledgement of TEXT #1.
    pub fn call(&mut self, me: u32) {
        let frame = Frame { src: me, dst: 0, ..self.frame(HELLO, 0, 0, b"") };
        self.give_from(port(0), &frame);
        let hello = self.one();
        assert_eq!((hello.kind, hello.dst), (HELLO, me));
        (self.him, self.next, self.expect) = (hello.src, 2, 1);
        let up = Frame { src: me, ..self.frame(TEXT, 0, 1, b"") };
        self.give_from(port(0), &up);
        let ack = self.one();
        assert_eq!((ack.kind, ack.seq, ack.dst), (ACK, 1, me));
    }

    /// What the session wants done now.
    pub fn tick(&mut self) {
        for action in self.side.tick(self.now) {
            assert_eq!(self.end, None, "after its end: {action:?}");
            match action {
                Action::Send(to, data) => {
                    self.to = Some(to);
                    let frame = Frame::unpack(&data).expect("a sound frame");
                    self.sent.push((self.now, frame));
                }
                Action::Show(text) => self.shown.push(text),
                Action::Note(note) => self.notes.push(note),
                Action::End(why) => self.end = Some(why),
            }
        }
    }

    /// Its user says something.
    pub fn say(&mut self, text: &[u8]) {
        self.side.say(text);
        self.tick();
    }

    /// A frame of the session, from the peer.
    pub fn frame(
        &self,
        kind: u8,
        tried: u8,
        seq: u32,
        payload: &[u8],
    ) -> Frame {
        let (src, dst, payload) = (ME, self.him, payload.to_vec());
        Frame { kind, tried, src, dst, seq, payload }
    }

    pub fn give(&mut self, kind: u8, tried: u8, seq: u32, payload: &[u8]) {
        self.give_from(port(0), &self.frame(kind, tried, seq, payload));
    }

    pub fn give_from(&mut self, from: SocketAddr, frame: &Frame) {
        self.side.receive(self.now, from, &frame.pack());
        self.tick();
    }

    /// The peer says a message, which is acknowledged and shown.
    pub fn peer_says(&mut self, text: &[u8]) {
        self.give(TEXT, 0, self.next, text);
        let ack = self.one();
        assert_eq!((ack.kind, ack.seq), (ACK, self.next), "{ack:?}");
        assert_eq!(self.shown.pop().as_deref(), Some(text));
        self.next += 1;
    }

    /// The one frame that it has sent since this was asked before.
    pub fn one(&mut self) -> Frame {
        assert_eq!(self.sent.len(), 1, "{:?}, {:?}", self.sent, self.notes);
        self.sent.remove(0).1
    }

    /// It has sent this message, which the peer acknowledges.
    pub fn confirm(&mut self, text: &[u8]) {
        let frame = self.one();
        assert_eq!((frame.seq, frame.message()), (self.expect, text.to_vec()));
        self.expect += 1;
        self.give(ACK, frame.tried, frame.seq, b"");
    }

    /// It has said BYE, which the peer acknowledges.
    pub fn confirm_bye(&mut self) {
        let bye = self.one();
        assert_eq!((bye.kind, bye.seq), (BYE, self.expect));
        self.give(ACK, bye.tried, bye.seq, b"");
    }

    /// Lets this time pass; what the session sends meanwhile, and after how
    /// many ms.
    pub fn wait(&mut self, time: Duration) -> Vec<(u128, Frame)> {
        let (start, end) = (self.now, self.now + time);
        self.tick();
        for _ in 0..1000 {
            let due = self.side.deadline().filter(|due| *due <= end);
            let Some(due) = due.filter(|_| self.end.is_none()) else { break };
            self.now = self.now.max(due);
            self.tick();
        }
        self.now = end;
        let sent = self.sent.drain(..);
        sent.map(|(at, frame)| ((at - start).as_millis(), frame)).collect()
    }

    /// Whether a note says so.
    pub fn told(&self, words: &str) -> bool {
        self.notes.iter().any(|note| note.contains(words))
    }
}

const SCRIPT: &str = r#"
from frame import Frame, Kind
from session import Action, Session
from window import Window

LAST = 2**32 - 1
window = Window(16, 0.0)
window.read = LAST - 2
assert window.is_new(LAST) and not window.is_too_early(LAST)
assert window.arrived(LAST, b"last") == []
both = window.arrived(LAST - 1, b"last but one")
assert both == [b"last but one", b"last"], both
for seq in 0, 1, 15, LAST - 1, LAST:
    assert not window.is_new(seq), seq

peer = "10.0.0.1", 3502
session = Session([peer], 0.0)
session._up(0.0, peer, Frame.new(Kind.TEXT, (7, 8), 1))
session._state.window.sent = LAST - 1
session.say(b"last")
session.say(b"one more")
session.actions()
session.tick(0.0)
[(_, _, data)] = session.actions()
assert Frame.unpack(data).seq == LAST
session.receive(0.0, peer, Frame.new(Kind.ACK, (7, 8), LAST).pack())
session.tick(0.0)
expected = [
    (Action.NOTE, "no numbers are left in this session"),
    (Action.NOTE, "not sent: one more"),
    (Action.END, "0 not confirmed, 1 not sent"),
]
assert session.actions() == expected
"#;

#[test]
fn after_the_last_number_python_has_none() {
    let mut command = python();
    command.args(["-c", SCRIPT]);
    command.env("PYTHONPATH", root().join("crates/zchat/python"));
    let ended = output(&mut command).unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

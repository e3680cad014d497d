//! A session of either language, without a clock: what happens, and at which
//! time, a test tells it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use checks::{Language, python, root};
use testbed::spawn;
use zchat::session::{Action, Session};

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

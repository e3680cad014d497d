//! A server that is asked: one that runs already, or one that is started here
//! and started again when it has failed.

use std::cell::{Cell, RefCell};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use kit::{bytes, nothing, patience};
use testbed::free_port;

use crate::net::{Datagram, drain, find, hear, shown, socket};
use crate::report::Verdict::{Failed, Noted, Passed};
use crate::report::{Look, Report, Verdict, judged};
use crate::running::{Running, START};
use crate::words::said;

/// Between two datagrams to another machine: so at most 50 a second.
pub const GAP: Duration = Duration::from_millis(20);
/// At most so many to another machine.
pub const MOST: usize = 1000;
/// A rule sends fewer than so many.
const ROUND: usize = 80;
/// How many questions come at once.
const MANY: usize = 200;

/// What is sent, and what answers it.
pub struct Protocol {
    /// The question number n.
    pub question: fn(u32) -> Vec<u8>,
    /// Whether the second belongs to the first, right or wrong.
    pub answers: fn(&[u8], &[u8]) -> bool,
    /// The name of the rules' source.
    pub source: &'static str,
}

/// The server, and what was sent to it.
pub struct Asked<'a> {
    /// Where it is.
    pub to: SocketAddr,
    /// The socket of most rules: a server may know only its first client.
    pub s: UdpSocket,
    running: Option<Running>,
    report: &'a mut Report,
    protocol: &'a Protocol,
    command: &'a [String], // Empty: we do not start it.
    number: Cell<u32>,
    sent: Cell<usize>,
    last: Cell<Option<Instant>>,
    trouble: RefCell<Option<String>>, // What could not be sent, and why.
    early: Vec<Vec<u8>>, // Before it answered; they may be answered late.
    gone: bool,
}

impl<'a> Asked<'a> {
    /// A server at `to`; or, if `command` is not empty, at a port of its own.
    ///
    /// # Errors
    /// A sentence, if the command does not start.
    pub fn new(
        report: &'a mut Report,
        protocol: &'a Protocol,
        to: SocketAddr,
        command: &'a [String],
    ) -> Result<Asked<'a>, String> {
        let mut asked = Asked {
            to,
            s: socket(to),
            running: None,
            report,
            protocol,
            command,
            number: Cell::new(0),
            sent: Cell::new(0),
            last: Cell::new(None),
            trouble: RefCell::new(None),
            early: Vec::new(),
            gone: false,
        };
        let look = asked.begin()?;
        asked.gone = look.0 == Failed;
        asked.report.rule("answers", protocol.source, look);
        Ok(asked)
    }

    fn far(&self) -> bool {
        !self.to.ip().is_loopback()
    }

    /// Starts the server, if that is ours to do, and waits for an answer.
    fn begin(&mut self) -> Result<Look, String> {
        self.early.clear();
        let (mut limit, mut told) = (patience() * 2, true);
        if !self.command.is_empty() {
            (limit, told) = (START, false);
            self.to.set_port(free_port());
            let (host, port) = (self.to.ip().to_string(), self.to.port());
            self.running = Some(Running::start(self.command, &host, port)?);
        }
        self.s = socket(self.to);
        let wait = Duration::from_millis(if self.far() { 1000 } else { 250 });
        let start = Instant::now();
        loop {
            let question = self.question();
            self.early.push(question.clone());
            self.send(&self.s, &question);
            if let Some((data, _)) = hear(&self.s, wait) {
                let answers = self.protocol.answers;
                self.early.retain(|early| !answers(early, &data));
                if self.early.len() > 1 {
                    find(&self.s, wait, |_, _| None::<()>); // The late ones.
                }
                return Ok((Passed, bytes(&data)));
            }
            let ended = self.running.as_mut().and_then(Running::ended);
            let waited = start.elapsed();
            if ended.is_some() || waited > limit {
                let came = said!("nothing for", waited.as_secs());
                return Ok((Failed, came + &ended.unwrap_or_default()));
            } else if waited > patience() && !told {
                self.report.tell(said!("waiting"));
                told = true;
            }
        }
    }

    /// A question that was not asked before.
    pub fn question(&self) -> Vec<u8> {
        self.number.set(self.number.get() + 1);
        (self.protocol.question)(self.number.get())
    }

    /// Sends `data` from `s`, slowly enough.
    pub fn send(&self, s: &UdpSocket, data: &[u8]) {
        if let Some(last) = self.last.get().filter(|_| self.far()) {
            thread::sleep(GAP.saturating_sub(last.elapsed()));
        }
        self.last.set(Some(Instant::now()));
        self.sent.set(self.sent.get() + 1);
        if let Err(e) = s.send_to(data, self.to) {
            let words = said!("not sent", data.len(), e);
            self.trouble.borrow_mut().get_or_insert(words);
        }
    }

    /// The next datagram that is no late answer to an early question.
    pub fn hear(&self, s: &UdpSocket) -> Option<Datagram> {
        find(s, patience(), |data, from| {
            let late = self.early.iter().any(|early| early == data);
            (!late).then(|| (data.to_vec(), from))
        })
    }

    /// Asks `data` from `s`; gives the first answer. On the way to another
    /// machine a datagram may be lost: then it is asked again.
    pub fn ask(&self, s: &UdpSocket, data: &[u8]) -> Option<Datagram> {
        drain(s);
        (0..if self.far() { 3 } else { 1 }).find_map(|_| {
            self.send(s, data);
            self.hear(s)
        })
    }

    /// Judges a rule. After a failure the server is started again, or asked
    /// whether it is still there.
    pub fn rule(
        &mut self,
        name: &str,
        source: &str,
        look: impl FnOnce(&Self) -> Look,
    ) {
        if self.gone {
            return self.report.skip(name, source, said!("gone"));
        } else if self.far() && self.sent.get() + ROUND > MOST {
            let why = said!("enough", self.sent.get());
            return self.report.skip(name, source, why);
        }
        let (verdict, mut came) = look(self);
        if let Some(trouble) = self.trouble.take() {
            return self.report.skip(name, source, trouble);
        }
        if verdict == Failed {
            let ended = self.running.as_mut().and_then(Running::ended);
            came += &ended.unwrap_or_default();
            self.gone = !matches!(self.begin(), Ok((Passed, _)));
        }
        self.report.rule(name, source, (verdict, came));
    }

    /// A question of its own from `s`, answered or not.
    pub fn still_there(&self, s: &UdpSocket) -> Look {
        let question = self.question();
        match self.ask(s, &question) {
            Some((data, _)) if (self.protocol.answers)(&question, &data) => {
                (Passed, said!("answered"))
            }
            came => (Failed, shown(came)),
        }
    }

    /// Sends `odd`, and a question behind it. What comes first says what became
    /// of `odd`: `named` puts it into words. The question must be answered.
    pub fn odd(
        &self,
        odd: &[u8],
        good: Verdict,
        named: impl Fn(&[u8], &[u8]) -> Option<&'static str>,
    ) -> Look {
        let last = self.question();
        self.send(&self.s, odd);
        self.send(&self.s, &last);
        let came = self.hear(&self.s);
        let first = came.clone().map(|(data, _)| data).unwrap_or_default();
        let name = came.is_some().then(|| named(&first, &last)).flatten();
        let what = name.map_or_else(|| shown(came), |name| said!(name));
        match self.still_there(&self.s) {
            (Passed, _) => (good, what),
            (_, came) => (Failed, said!("and then", what, came)),
        }
    }

    /// What every server of the slides' protocols does for its clients.
    pub fn clients(&mut self) {
        let source = self.protocol.source;
        self.rule("address", "asked address", |t| {
            let from = t.ask(&t.s, &t.question()).map(|(_, from)| from);
            let came = from.map_or(nothing(), |from| from.to_string());
            judged(from == Some(t.to), came)
        });
        self.rule("in turn", source, |t| {
            let (a, b) = (socket(t.to), socket(t.to));
            for (s, who) in [(&t.s, 1), (&a, 2), (&b, 3), (&a, 2)] {
                if let (Failed, came) = t.still_there(s) {
                    return (Failed, said!("client got", who, came));
                }
            }
            (Passed, said!("each its own"))
        });
        self.rule("at once", source, |t| {
            let both = [1, 2].map(|who| (who, socket(t.to), t.question()));
            both.iter().for_each(|(_, s, question)| t.send(s, question));
            for (who, s, question) in &both {
                match t.hear(s) {
                    Some((data, _))
                        if (t.protocol.answers)(question, &data) => {}
                    None if t.far() => {} // It may be lost.
                    came => {
                        return (Failed, said!("client got", who, shown(came)));
                    }
                }
            }
            (Passed, said!("each its own"))
        });
        self.rule("vanished", source, |t| {
            t.send(&socket(t.to), &t.question());
            t.still_there(&t.s)
        });
        match self.far() {
            true => self.report.skip("many", source, said!("far")),
            false => self.rule("many", source, Self::many),
        }
        self.rule("noise", source, |t| {
            let (s, mut state) = (socket(t.to), 2026_u64);
            for _ in 0..50 {
                // Knuth's generator: the same noise each time.
                let mut random = || {
                    state = state.wrapping_mul(6364136223846793005);
                    state = state.wrapping_add(1442695040888963407);
                    (state >> 33) as u8
                };
                let length = 6 * usize::from(random());
                let data: Vec<u8> = (0..length).map(|_| random()).collect();
                t.send(&s, &data);
            }
            // The noise may have filled the system's queue: so ask thrice.
            let looks = (0..3).map(|_| t.still_there(&t.s));
            let best = looks.reduce(|a, b| if a.0 == Passed { a } else { b });
            best.unwrap_or((Failed, nothing()))
        });
    }

    /// Many questions at once. Of each, one answer: a second one is a fault;
    /// that some are missing may be the system's doing.
    fn many(&self) -> Look {
        let s = socket(self.to);
        let mut open: Vec<_> = (0..MANY).map(|_| self.question()).collect();
        open.iter().for_each(|question| self.send(&s, question));
        let (end, moment) = (Instant::now() + patience() * 5, patience() / 5);
        while Instant::now() < end {
            let wait = if open.is_empty() { moment } else { patience() };
            let Some((data, _)) = hear(&s, wait) else { break };
            let its = |q: &Vec<u8>| (self.protocol.answers)(q, &data);
            match open.iter().position(its) {
                Some(at) => drop(open.swap_remove(at)),
                None => return (Failed, said!("too many", bytes(&data))),
            }
        }
        match MANY - open.len() {
            0 => (Failed, nothing()),
            MANY => (Passed, said!("many came", MANY)),
            some => (Noted, said!("some came", some)),
        }
    }
}

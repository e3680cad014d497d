//! A server that is asked: one that runs already, or one that is started here
//! and started again when it has failed.

use std::cell::Cell;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use kit::{bytes, nothing, patience};

use crate::net::{Datagram, drain, find, hear, shown, socket};
use crate::peer::{Peer, START};
use crate::report::Verdict::{Failed, Noted, Skipped};
use crate::report::{Look, Report, failed, judged};
use crate::words::said;

/// At most so many to another machine.
pub const MOST: usize = 1000;
/// A rule sends fewer than so many.
const ROUND: usize = 80;
/// How many questions come at once.
const MANY: usize = 200;

/// A protocol of questions and answers.
pub struct Protocol {
    /// Its name on the command line.
    pub name: &'static str,
    /// The question number n.
    pub question: fn(u32) -> Vec<u8>,
    /// Whether the second belongs to the first, right or wrong.
    pub answers: fn(&[u8], &[u8]) -> bool,
    /// The name of the rules' source.
    pub source: &'static str,
    /// Judges a server.
    pub server: fn(&mut Asked),
    /// Judges a client. The error is a sentence, if it does not start.
    pub client: fn(&mut Report, &[String]) -> Result<(), String>,
}

/// The next number, from 1.
fn next(number: &Cell<u32>) -> u32 {
    number.set(number.get() + 1);
    number.get()
}

/// The server that is asked.
pub struct Asked<'a> {
    /// Where it is, and the socket of most rules: a server may know only its
    /// first client.
    pub peer: Peer<'a>,
    report: &'a mut Report,
    protocol: &'a Protocol,
    number: Cell<u32>,
    early: Vec<Vec<u8>>, // Before it answered; they may be answered late.
    gone: bool,
}

impl<'a> Asked<'a> {
    /// Judges a server.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn judge(
        report: &'a mut Report,
        protocol: &'a Protocol,
        peer: Peer<'a>,
    ) -> Result<(), String> {
        let (number, early) = Default::default();
        let mut asked =
            Asked { peer, report, protocol, number, early, gone: false };
        let look = asked.begin()?;
        asked.gone = look.is_err();
        asked.report.rule("answers", protocol.source, look);
        (protocol.server)(&mut asked);
        Ok(())
    }

    /// Starts the server, if that is ours to do, and waits for an answer.
    fn begin(&mut self) -> Result<Look, String> {
        self.peer.start(false)?;
        let (mut early, mut told) = (Vec::new(), self.peer.program.is_none());
        let limit = if told { patience() * 2 } else { START };
        let wait = if self.peer.far() { 1000 } else { 250 };
        let wait = Duration::from_millis(wait);
        let Protocol { question, answers, .. } = self.protocol;
        let came = self.peer.first(limit, wait, |peer, waited| {
            if waited > patience() && !told {
                self.report.tell(said!("waiting"));
                told = true;
            }
            early.push(question(next(&self.number)));
            peer.send(&peer.s, &early[early.len() - 1]);
        });
        let data = match came {
            Ok((data, _)) => data,
            Err(came) => return Ok(failed(came)),
        };
        early.retain(|early| !answers(early, &data));
        if early.len() > 1 {
            find(&self.peer.s, wait, |_, _| None::<()>); // The late ones.
        }
        self.early = early;
        Ok(Ok(bytes(&data)))
    }

    /// A question that was not asked before.
    pub fn question(&self) -> Vec<u8> {
        (self.protocol.question)(next(&self.number))
    }

    /// Sends `data` from `s`.
    fn send(&self, s: &UdpSocket, data: &[u8]) {
        self.peer.send(s, data);
    }

    /// The next datagram that is no late answer to an early question.
    pub fn hear(&self, s: &UdpSocket) -> Option<Datagram> {
        find(s, patience(), |data, from| {
            let late = self.early.iter().any(|early| early == data);
            (!late).then(|| (data.to_vec(), from))
        })
    }

    /// Asks `data`; gives the first answer. On the way to another
    /// machine a datagram may be lost: then it is asked again.
    pub fn ask(&self, data: &[u8]) -> Option<Datagram> {
        self.ask_from(&self.peer.s, data)
    }

    fn ask_from(&self, s: &UdpSocket, data: &[u8]) -> Option<Datagram> {
        drain(s);
        (0..if self.peer.far() { 3 } else { 1 }).find_map(|_| {
            self.peer.send(s, data);
            self.hear(s)
        })
    }

    /// `data` must come back as it is.
    ///
    /// # Errors
    /// What came, if that is not the same.
    pub fn echoes(&self, data: &[u8]) -> Look {
        let came = self.ask(data);
        let same = came.as_ref().is_some_and(|(came, _)| came == data);
        judged(same, if same { said!("the same") } else { shown(came) })
    }

    /// Judges a rule. After a failure the server is started again, or asked
    /// whether it is still there.
    pub fn rule(
        &mut self,
        name: &str,
        source: &str,
        look: impl FnOnce(&Self) -> Look,
    ) {
        let sent = self.peer.sent.get();
        let mut look = if self.gone {
            Err((Skipped, said!("gone")))
        } else if self.peer.far() && sent + ROUND > MOST {
            Err((Skipped, said!("enough", sent)))
        } else {
            look(self)
        };
        if let Some(trouble) = self.peer.trouble.take() {
            look = Err((Skipped, trouble));
        }
        if let Err((Failed, came)) = &mut look {
            *came += &self.peer.ended().unwrap_or_default();
            self.gone = !matches!(self.begin(), Ok(Ok(_)));
        }
        self.report.rule(name, source, look);
    }

    /// Whether what came answers the question.
    fn answered(&self, question: &[u8], came: Option<Datagram>) -> Look {
        match came {
            Some((data, _)) if (self.protocol.answers)(question, &data) => {
                Ok(said!("answered"))
            }
            came => failed(shown(came)),
        }
    }

    /// A question of its own from `s`, which must be answered.
    fn still_there(&self, s: &UdpSocket) -> Look {
        let question = self.question();
        self.answered(&question, self.ask_from(s, &question))
    }

    /// Sends `odd`, and a question behind it. What comes first says what became
    /// of `odd`: `named` puts it into words. The question must be answered.
    pub fn odd(
        &self,
        odd: &[u8],
        named: impl Fn(&[u8], &[u8]) -> Option<&'static str>,
    ) -> Look {
        let last = self.question();
        self.peer.send(&self.peer.s, odd);
        self.peer.send(&self.peer.s, &last);
        let came = self.hear(&self.peer.s);
        let name = came.as_ref().and_then(|(came, _)| named(came, &last));
        let what = name.map_or_else(|| shown(came), |name| said!(name));
        match self.still_there(&self.peer.s) {
            Ok(_) => Ok(what),
            Err((_, came)) => failed(said!("and then", what, came)),
        }
    }

    /// What every server of the slides' protocols does for its clients.
    pub fn clients(&mut self) {
        let source = self.protocol.source;
        let each = |i, look: Look| match look {
            Ok(_) => Ok(()),
            Err((_, came)) => failed(said!("client got", i, came)),
        };
        self.rule("address", "asked address", |t| {
            let from = t.ask(&t.question()).map(|(_, from)| from);
            let came = from.map_or(nothing(), |from| from.to_string());
            judged(from == Some(t.peer.to), came)
        });
        self.rule("in turn", source, |t| {
            let (a, b) = (socket(t.peer.to), socket(t.peer.to));
            for (s, who) in [(&t.peer.s, 1), (&a, 2), (&b, 3), (&a, 2)] {
                each(who, t.still_there(s))?;
            }
            Ok(said!("each its own"))
        });
        self.rule("at once", source, |t| {
            let both = [1, 2].map(|who| (who, socket(t.peer.to), t.question()));
            both.iter().for_each(|(_, s, question)| t.send(s, question));
            for (who, s, question) in &both {
                let came = t.hear(s);
                if came.is_some() || !t.peer.far() {
                    each(*who, t.answered(question, came))?;
                } // From far away it may be lost.
            }
            Ok(said!("each its own"))
        });
        self.rule("vanished", source, |t| {
            t.send(&socket(t.peer.to), &t.question());
            t.still_there(&t.peer.s)
        });
        self.rule("many", source, Self::many);
        self.rule("noise", source, |t| {
            let (s, mut state) = (socket(t.peer.to), 2026_u64);
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
            let again = |_| t.still_there(&t.peer.s);
            t.still_there(&t.peer.s).or_else(again).or_else(again)
        });
    }

    /// Many questions at once. Of each, one answer: a second one is a fault;
    /// that some are missing may be the system's doing.
    fn many(&self) -> Look {
        if self.peer.far() {
            return Err((Skipped, said!("far")));
        }
        let s = socket(self.peer.to);
        let mut open: Vec<_> = (0..MANY).map(|_| self.question()).collect();
        open.iter().for_each(|question| self.peer.send(&s, question));
        let (end, moment) = (Instant::now() + patience() * 5, patience() / 5);
        while Instant::now() < end {
            let wait = if open.is_empty() { moment } else { patience() };
            let Some((data, _)) = hear(&s, wait) else { break };
            let its = |q: &Vec<u8>| (self.protocol.answers)(q, &data);
            match open.iter().position(its) {
                Some(at) => drop(open.swap_remove(at)),
                None => return failed(said!("too many", bytes(&data))),
            }
        }
        match MANY - open.len() {
            0 => failed(nothing()),
            MANY => Ok(said!("many came", MANY)),
            some => Err((Noted, said!("some came", some))),
        }
    }
}
